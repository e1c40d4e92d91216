"""Compare what a manifest declares with what a recipe's code works with."""

from __future__ import annotations

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from buttress.project.model import Dependency, Manifest
from buttress.source.patterns import lazy_pattern

EXACT = lazy_pattern(r"(?:===?\s*)?[0-9][0-9A-Za-z.+-]*\Z")
"""One version alone; without an operator it is Poetry's way to pin."""

_CARET = lazy_pattern(r"\^\s*([0-9]+(?:\.[0-9]+)*)\Z")


def conflict(manifest: Manifest | None, name: str, wanted: str) -> Dependency | None:
    """Return what declares a package in versions of which none is wanted, if anything does."""
    for item in manifest.dependencies if manifest else ():
        if item.name == canonicalize_name(name) and excludes(item.specifier, wanted):
            return item
    return None


def excludes(declared: str, wanted: str) -> bool:
    """Whether a declared specifier surely leaves no version that is wanted.

    Args:
        declared: As a manifest writes it: PEP 440, a caret of Poetry, one version alone.
        wanted: PEP 440.
    """
    caret = _CARET.match(declared)
    if caret:
        parts = [int(part) for part in caret[1].split(".")]
        fixed = next((i for i, part in enumerate(parts) if part), len(parts) - 1)
        above = ".".join(str(part) for part in [*parts[:fixed], parts[fixed] + 1])
        declared = f">={caret[1]},<{above}"
    elif EXACT.match(declared):
        declared = "==" + declared.lstrip("= ")
    try:
        have, need = SpecifierSet(declared), SpecifierSet(wanted)
    except InvalidSpecifier:
        return False
    exact = [item.version for item in have if item.operator in {"==", "==="}]
    if exact and not exact[0].endswith("*"):
        return not need.contains(exact[0], prereleases=True)
    lowest = [item.version for item in need if item.operator in {">=", "~=", "=="}]
    ceilings = [item for item in have if item.operator in {"<", "<=", "~="} or "*" in item.version]
    return bool(lowest) and any(
        not item.contains(lowest[0], prereleases=True) and not _is_below(lowest[0], item.version)
        for item in ceilings
    )


def _is_below(version: str, other: str) -> bool:
    return SpecifierSet(f"<{other.removesuffix('.*')}").contains(version, prereleases=True)
