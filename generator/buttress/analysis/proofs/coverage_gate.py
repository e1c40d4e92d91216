"""Whether too little coverage fails a run."""

from __future__ import annotations

import re

from buttress.project.documents import read_toml, table, text_of
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_GATE = lazy_pattern(
    r"--cov-fail-under[= ]\s*([1-9]\d*)|^\s*fail_under\s*=\s*([1-9]\d*)|coverage report .*--fail-under[= ]([1-9]\d*)",
    re.MULTILINE,
)
_MEASURES = lazy_pattern(r"--cov\b|coverage\s+run|pytest-cov|\bcoverage report\b")
_CODECOV = lazy_pattern(r"^\s*(?:target|threshold)\s*:", re.MULTILINE)
_CONFIGURATION = (
    "setup.cfg",
    "tox.ini",
    ".coveragerc",
    "pytest.ini",
    "Makefile",
    "noxfile.py",
    "justfile",
)


def coverage_gate(tree: Tree, folders: tuple[str, ...], commands: str) -> bool:
    """Whether too little coverage fails a run that measures it.

    Args:
        tree: The project.
        folders: Where configuration may stand: the service's root and that of the repository.
        commands: The commands of the pipelines.
    """
    texts = [commands]
    for folder in folders:
        prefix = folder + "/" if folder else ""
        texts += [text_of(tree, prefix + name) for name in _CONFIGURATION]
        data = read_toml(tree, f"{prefix}pyproject.toml")
        least = table(data, "tool", "coverage", "report").get("fail_under")
        if isinstance(least, int | float) and least > 0:
            texts.append(f"fail_under = {int(least)}")
        options = table(data, "tool", "pytest", "ini_options").get("addopts", "")
        texts.append(" ".join(options) if isinstance(options, list) else str(options))
        for codecov in ("codecov.yml", ".codecov.yml", ".github/codecov.yml"):
            text = text_of(tree, prefix + codecov)
            if "status" in text and _CODECOV.search(text):
                texts.append("fail_under = 1")
    everything = "\n".join(re.sub(r"^\s*[#;].*$", "", text, flags=re.MULTILINE) for text in texts)
    return bool(_GATE.search(everything) and _MEASURES.search(everything))
