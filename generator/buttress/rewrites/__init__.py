"""Floor 3: one module per code transformation; ``engine`` runs them and proves what they did."""
