"""Tests of the rewrites; ``cases`` holds what they share."""
