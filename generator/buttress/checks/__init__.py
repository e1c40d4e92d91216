"""Floor 3: one module per pillar; a check is one small decorated function, its docstring its page."""
