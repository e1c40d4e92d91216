"""Floor 6: scorecard and change set as terminal output, JSON and more."""
