"""``python -m buttress``."""

from buttress.cli import command

if __name__ == "__main__":
    command()
