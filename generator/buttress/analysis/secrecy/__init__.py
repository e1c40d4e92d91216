"""Secrets and the arithmetic that guards them."""
