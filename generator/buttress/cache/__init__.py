"""Floor 5: what an inspection of the same files found before.

The cache holds raw facts and findings; configuration, comments and baselines are applied afterwards. What it
holds of a project can be read only with that project's files at hand (``sealed``).
"""
