"""What a request brings along: bodies, their fields, and limits."""
