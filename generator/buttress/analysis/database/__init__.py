"""What the code does with its database."""
