"""Floor 2: what the code does; checks and rewrites read the same, so a recipe fixes what a check found."""
