"""Floor 1: what the project is: services, frameworks, manifests, runtime, CI and containers."""
