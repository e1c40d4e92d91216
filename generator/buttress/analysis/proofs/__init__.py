"""Tests: which there are, and what they reach."""
