"""Buttress hardens an existing Python web prototype in place."""
