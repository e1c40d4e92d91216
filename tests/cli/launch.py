"""Start the command line with the recipes of another folder: ``launch.py FOLDER ARGUMENT...``."""

import sys
from pathlib import Path

from buttress.cli import main
from buttress.planning import location

if __name__ == "__main__":
    root = Path(sys.argv.pop(1))
    location.find_root = lambda: root
    main()
