"""Floor 4: load recipes, order a plan, ask questions, render through Copier, merge into a change set."""
