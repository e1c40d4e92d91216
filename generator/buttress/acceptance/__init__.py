"""Floor 5: living with findings: configuration, comments, attestations, baselines, pull requests."""
