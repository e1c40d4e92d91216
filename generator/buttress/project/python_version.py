"""The Python version that a service is made for: declared, deployed, or implied by its syntax."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from buttress.project.deployment import Deployment
from buttress.project.documents import line_of, read_toml, table, text_of
from buttress.project.folders import join
from buttress.project.model import Fact, Place
from buttress.source import Module, Tree
from buttress.source.patterns import lazy_pattern

_VERSION = lazy_pattern(r"(\d+)\.(\d+)")
_IMAGE = lazy_pattern(r"(?:.*/)?(?:python|pypy):v?(\d+\.\d+)")
_UV_IMAGE = lazy_pattern(r"(?:.*/)?uv:.*python(\d+\.\d+)")
_OTHER_IMAGE = lazy_pattern(r".*[:-]python(\d+\.\d+)")
_PINS = {
    ".python-version": re.compile(r"\s*(?:cpython-|python-?)?(\d+\.\d+)"),
    "runtime.txt": re.compile(r"\s*python-(\d+\.\d+)"),
    ".tool-versions": re.compile(r"python\s+(\d+\.\d+)"),
    ".replit": re.compile(r"modules\s*=\s*\[[^\]]*?python-(\d+\.\d+)"),
}
_CLASSIFIER = lazy_pattern(r"Programming Language :: Python :: (3\.\d+)")


def python_evidence(
    tree: Tree, folders: Iterable[str], deployment: Deployment, dockerfiles: Iterable[str]
) -> list[Fact]:
    """Return everything that speaks of a Python version, the strongest evidence first.

    An exact declaration comes first, then what the service's own image runs, then files that
    version managers and platforms read, then lower bounds.

    Args:
        tree: The files.
        folders: Folders that may hold such files, the service's own first.
        deployment: Images.
        dockerfiles: Paths of the Dockerfiles that start this service.
    """
    folders = list(dict.fromkeys(folders))
    declared = [fact for folder in folders for fact in _declared(tree, folder)]
    exact = [fact for fact in declared if fact.reason.endswith("(exact)")]
    bounds = [fact for fact in declared if not fact.reason.endswith("(exact)")]
    images = [fact for path in dockerfiles for fact in _image(deployment, path)]
    return [*exact, *images, *(f for folder in folders for f in _pinned(tree, folder)), *bounds]


def choose_python(evidence: list[Fact]) -> Fact | None:
    """Return the first piece of evidence that no declared lower bound contradicts."""
    least = max(
        (_pair(fact.value) for fact in evidence if fact.reason == "requires-python"),
        default=(0, 0),
    )
    fitting = [fact for fact in evidence if _pair(fact.value) >= least]
    return fitting[0] if fitting else None


def _pair(version: str) -> tuple[int, int]:
    match = _VERSION.match(version)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _declared(tree: Tree, folder: str) -> Iterator[Fact]:
    path = join(folder, "pyproject.toml")
    if path in tree:
        data, text = read_toml(tree, path), text_of(tree, path)
        requires = table(data, "project").get("requires-python")
        if isinstance(requires, str):
            place = Place(path, line_of(text, "requires-python"))
            yield from _bound(requires, place, "requires-python")
        poetry = table(data, "tool", "poetry", "dependencies").get("python")
        if isinstance(poetry, str):
            place = Place(path, line_of(text, "[tool.poetry.dependencies]", "python"))
            yield from _bound(poetry, place, "requires-python")
        versions = _CLASSIFIER.findall(text)
        if versions:
            newest = max(versions, key=_pair)
            place = Place(path, line_of(text, f"Python :: {newest}"))
            yield Fact(newest, place, "classifier")
    path = join(folder, "Pipfile")
    if path in tree:
        asked = table(read_toml(tree, path), "requires")
        version = asked.get("python_version") or asked.get("python_full_version")
        if isinstance(version, str):
            place = Place(path, line_of(text_of(tree, path), "[requires]", "python"))
            yield from _bound(f"=={version}", place, "Pipfile python_version")


def _bound(text: str, place: Place, reason: str) -> Iterator[Fact]:
    exact = re.search(r"(?:==|~=|~)\s*(\d+\.\d+)", text)
    if exact and not (text.startswith("~=") and text.count(".") == 1):
        yield Fact(exact[1], place, f"{reason} (exact)")
        return
    lower = re.search(r"(?:>=|\^|>)\s*(\d+)(?:\.(\d+))?", text) or re.match(
        r"\s*(\d+)\.(\d+)(?:\.[\d*]+)?\s*\Z", text
    )
    if lower and lower[2]:
        yield Fact(f"{lower[1]}.{lower[2]}", place, reason)


def _image(deployment: Deployment, path: str) -> Iterator[Fact]:
    dockerfile = deployment.images.dockerfiles[path]
    targets = [build.target for build in deployment.images.builds.get(path, ()) if build.target]
    stages = [dockerfile.stage(), *(dockerfile.stage(target) for target in targets)]
    for stage in stages:
        for item in stage.chain() if stage is not None else ():
            for pattern in (_IMAGE, _UV_IMAGE, _OTHER_IMAGE):
                match = pattern.match(item.image)
                if match:
                    yield Fact(match[1], Place(path, item.line), "Dockerfile FROM")
                    break
            else:
                continue
            break


def _pinned(tree: Tree, folder: str) -> Iterator[Fact]:
    for name, pattern in _PINS.items():
        path = join(folder, name)
        if path not in tree:
            continue
        for number, line in enumerate(text_of(tree, path).splitlines(), 1):
            match = pattern.match(line)
            if match:
                yield Fact(match[1], Place(path, number), name)
                break


def syntax_evidence(modules: Iterable[Module]) -> Fact | None:
    """Return the oldest Python 3 that accepts the syntax in use, if it is newer than 3.8."""
    best: Fact | None = None
    for module in modules:
        for version, node, what in _newer_syntax(module):
            if best is None or _pair(version) > _pair(best.value):
                place = Place(module.path, node.lineno, node.col_offset + 1)
                best = Fact(version, place, f"at least: {what}")
    return best


def _newer_syntax(module: Module) -> Iterator[tuple[str, ast.stmt | ast.expr, str]]:
    kinds: list[tuple[str, str, str]] = [
        ("TypeAlias", "3.12", "type statement"),
        ("TryStar", "3.11", "except*"),
        ("Match", "3.10", "match statement"),
    ]
    for name, version, what in kinds:
        kind = getattr(ast, name, None)
        for node in module.nodes(kind) if kind is not None else ():
            yield version, node, what
            break
    if not any(node.module == "__future__" for node in module.nodes(ast.ImportFrom)):
        for argument in module.nodes(ast.arg):
            note = argument.annotation
            if isinstance(note, ast.BinOp) and isinstance(note.op, ast.BitOr):
                yield "3.10", note, "X | Y in an annotation"
                return
