"""``python -m buttress``."""

from buttress.cli import main

if __name__ == "__main__":
    main()
