"""What the code says while it runs: loggers, messages, and what must not stand in them."""
