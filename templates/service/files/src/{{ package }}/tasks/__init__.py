"""Tasks, the example resource: from the HTTP routes down to the table."""
