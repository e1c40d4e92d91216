"""Where the app's code writes files, as far as literals tell."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from buttress.project.model import Framework, Role, Service
from buttress.source import Module, Tree
from buttress.source.patterns import lazy_pattern

HERE = "."
"""The folder of the code itself: where something is written that no literal names."""

_FOLDER = lazy_pattern(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z")
_MAKES_FOLDER = frozenset({"os.makedirs", "os.mkdir"})
_MAKES_FILE = frozenset(
    {
        "sqlite3.connect",
        "aiosqlite.connect",
        "logging.FileHandler",
        "logging.handlers.RotatingFileHandler",
        "logging.handlers.TimedRotatingFileHandler",
        "shelve.open",
    }
)
_DJANGO_SQLITE = "django.db.backends.sqlite3"
_SQLITE = lazy_pattern(r"sqlite(?:\+\w+)?:///(?P<path>[^?]*)")


def written_folders(tree: Tree, service: Service) -> list[str]:
    """Return the folders that the app's code writes to, relative to the service, sorted.

    ``HERE`` stands for a place that is not known, and for files beside the code.
    """
    found: set[str] = set()
    for path in service.files(Role.APP):
        if tree.text(path) is None:
            continue
        module = tree.module(path)
        if module.problem is None:
            found |= set(_folders(module, service))
            if service.framework is Framework.DJANGO:
                found |= set(_of_django_settings(module, service))
    return sorted(found)


def _folders(module: Module, service: Service) -> Iterator[str]:
    for call in module.nodes(ast.Call):
        yield from _of_call(module, call)
    for constant in module.nodes(ast.Constant):
        if isinstance(constant.value, str) and (match := _SQLITE.match(constant.value)):
            yield from _of_sqlite(match.group("path"), service)


def _of_django_settings(module: Module, service: Service) -> Iterator[str]:
    """Yield where Django itself writes: its SQLite file, and the files that are uploaded."""
    first = next((fact.value for fact in service.databases), "")
    if first == "sqlite" and any(
        constant.value == _DJANGO_SQLITE for constant in module.nodes(ast.Constant)
    ):
        yield HERE
    for statement in module.tree.body:
        if not isinstance(statement, ast.Assign) or not any(
            isinstance(target, ast.Name) and target.id == "MEDIA_ROOT"
            for target in statement.targets
        ):
            continue
        names = _below_base(module, statement.value)
        if names:
            # settings count from the folder of manage.py
            base = posixpath.relpath(service.import_root or ".", service.root or ".")
            yield from _literal(posixpath.join(base, *names), is_folder=True)


def _below_base(module: Module, node: ast.expr) -> list[str]:
    """Return the parts of ``BASE_DIR / "a" / "b"`` and ``join(BASE_DIR, "a/b")`` behind the base."""
    parts: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        parts.insert(0, node.right)
        node = node.left
    if isinstance(node, ast.Call) and (module.resolve(node.func) or "") == "os.path.join":
        parts = [*node.args[1:], *parts]
    names = [str(part.value).strip("/") if isinstance(part, ast.Constant) else "" for part in parts]
    return names if all(map(_FOLDER.match, names)) else []


def _of_call(module: Module, call: ast.Call) -> Iterator[str]:
    name = module.resolve(call.func) or ""
    first = call.args[0] if call.args else None
    attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in _MAKES_FOLDER and first is not None:
        yield from _place(first, is_folder=True)
    elif (name in _MAKES_FILE and first is not None) or (
        name in ("open", "builtins.open", "io.open") and first is not None and _writes(call)
    ):
        yield from _place(first, is_folder=False)
    elif attribute == "mkdir":
        of = call.func.value if isinstance(call.func, ast.Attribute) else None
        inner = of.args[0] if isinstance(of, ast.Call) and len(of.args) == 1 else None
        yield from _place(inner, is_folder=True) if inner is not None else iter([HERE])
    elif attribute in ("write_text", "write_bytes", "save") and first is not None:
        yield from _place(first, is_folder=False) if attribute == "save" else iter([HERE])


def _writes(call: ast.Call) -> bool:
    given = [k.value for k in call.keywords if k.arg == "mode"] + call.args[1:2]
    if not given:
        return False
    mode = given[0]
    if isinstance(mode, ast.Constant) and isinstance(mode.value, str):
        return bool(set(mode.value) & set("wax+"))
    return True


def _of_sqlite(path: str, service: Service) -> Iterator[str]:
    if path in ("", ":memory:") or path.startswith("/"):
        return
    if service.framework is Framework.FLASK and any(
        fact.value == "flask_sqlalchemy" for fact in service.drivers
    ):
        yield "instance"
    yield from _literal(path, is_folder=False)


def _place(node: ast.expr, *, is_folder: bool) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _literal(node.value, is_folder=is_folder)
    if isinstance(node, ast.Constant):
        return iter(())
    return iter([HERE])


def _literal(path: str, *, is_folder: bool) -> Iterator[str]:
    if path == ":memory:" or path.startswith("/"):
        return
    folder = posixpath.normpath(path if is_folder else posixpath.dirname(path) or ".")
    yield folder if _FOLDER.match(folder) else HERE
