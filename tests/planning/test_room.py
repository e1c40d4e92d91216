"""The room is quick to enter: what is slow to import is imported where it is used."""

import subprocess
import sys


def test_no_module_of_the_room_imports_a_slow_library() -> None:
    script = """
import importlib, pkgutil, sys
import buttress.planning
for found in pkgutil.iter_modules(buttress.planning.__path__):
    importlib.import_module(f"buttress.planning.{found.name}")
print(sorted({"copier", "black", "questionary", "ruamel", "jinja2", "plumbum"} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
