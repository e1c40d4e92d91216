"""What the code does with errors: what it catches, hides, and tells clients."""
