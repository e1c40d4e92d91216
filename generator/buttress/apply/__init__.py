"""Floor 5: review, transaction, journal and undo, branch and patch."""
