"""Who may do what: who is asked, with which session or token, and what stands open."""
