"""Runs inside the project's own Python, in a process of its own: its tests, where it has no pytest.

Started by ``verification`` as a copy in a scratch folder, with a place for results; it imports nothing
of this package, and runs on every Python that a project may have.
"""

from __future__ import annotations

import json
import os
import sys
import unittest
from pathlib import Path
from typing import IO, Any


class Recorder(unittest.TestResult):
    """Writes the outcome of each test as a line of JSON, as soon as it is known."""

    def __init__(self, results: IO[str]) -> None:
        super().__init__()
        self._results = results

    def _say(self, test: unittest.TestCase, outcome: str) -> None:
        self._results.write(json.dumps({"test": test.id(), "outcome": outcome}) + "\n")
        self._results.flush()

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802 - as unittest calls it
        """Record a test that passed."""
        super().addSuccess(test)
        self._say(test, "passed")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """Record a test that failed."""
        super().addFailure(test, err)
        self._say(test, "failed")

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """Record a test, or a file of tests, that broke."""
        super().addError(test, err)
        self._say(test, "error")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        """Record a test that was not run."""
        super().addSkip(test, reason)
        self._say(test, "skipped")

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """Record a test that failed as it should."""
        super().addExpectedFailure(test, err)
        self._say(test, "passed")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        """Record a test that should have failed."""
        super().addUnexpectedSuccess(test)
        self._say(test, "failed")

    def addSubTest(  # noqa: N802
        self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any
    ) -> None:
        """Record the part of a test that failed; those that passed count with the whole."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._say(subtest, "failed")


def main(result_path: str, files: list[str]) -> None:
    """Run the tests of each file, as ``python -m unittest discover`` does."""
    here = os.fspath(Path.cwd())
    sys.path.insert(0, here)
    with Path(result_path).open("a", encoding="utf-8") as results:
        recorder = Recorder(results)
        for file in map(Path, files):
            top = here if (file.parent / "__init__.py").exists() else None
            found = unittest.TestLoader().discover(os.fspath(file.parent), file.name, top)
            found.run(recorder)
    # threads that the tests started must not keep this process
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
