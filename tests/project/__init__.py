"""What a project is read from its files."""
