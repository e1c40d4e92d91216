"""Imports: one place that adds a name to a module, and takes one away that nothing uses any more."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise, takewhile

from buttress.source.edit import Edit
from buttress.source.module import Module
from buttress.source.tree import Tree


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """A name that new code needs.

    Attributes:
        module: The module to import (``structlog``) or to import from (``app.settings``).
        name: The name to take from it; ``None`` imports the module itself.
        alias: The name to bind instead.
    """

    module: str
    name: str | None = None
    alias: str | None = None

    @property
    def local(self) -> str:
        """The name that new code uses."""
        return self.alias or self.name or self.module.split(".", maxsplit=1)[0]

    @property
    def target(self) -> str:
        """The dotted name that ``Module.resolve`` gives for the bound name."""
        return f"{self.module}.{self.name}" if self.name else self.module

    @property
    def statement(self) -> str:
        """The statement that binds the name."""
        alias = f" as {self.alias}" if self.alias else ""
        if self.name is None:
            return f"import {self.module}{alias}"
        return f"from {self.module} import {self.name}{alias}"


def local_name(module: Module, wanted: Import) -> str | None:
    """Return the name under which new code may use ``wanted`` anywhere in ``module``.

    An import that stands at the top already is used as it is. ``None`` means that the name is
    taken by something else somewhere in the file, or may be, because of a star import.
    """
    for binding in module.imports:
        if (
            binding.target == wanted.target
            and module.parent(binding.node) is module.tree
            and _bound_once(module, binding.local)
        ):
            return binding.local
    if module.uses(wanted.local):
        return None
    # an explicit import may hide what a star import brought under the same name
    return None if any(map(_has_star, module.nodes(ast.ImportFrom))) else wanted.local


def add_imports(
    module: Module, wanted: Iterable[Import], own: frozenset[str] = frozenset()
) -> list[Edit]:
    """Return the edits that import everything that is not imported yet.

    New statements join the group they belong to (standard library, third party, the project's
    own), behind ``from __future__`` and the docstring and outside ``TYPE_CHECKING`` blocks.

    Args:
        module: The file that needs them.
        wanted: What it needs.
        own: First names of the project's own modules, as absolute imports in the file write them.
    """
    present = {
        (binding.target, binding.local)
        for binding in module.imports
        if module.parent(binding.node) is module.tree
    }
    missing = sorted({item for item in wanted if (item.target, item.local) not in present})
    placed: dict[int, list[tuple[int, str]]] = {}
    extended: dict[ast.ImportFrom, list[str]] = {}
    together: dict[str, list[Import]] = {}
    for item in missing:
        statement = _extendable(module, item)
        if statement is not None:
            extended.setdefault(statement, []).append(_spelled(item))
        else:
            together.setdefault(item.module if item.name else item.statement, []).append(item)
    for items in together.values():
        offset, blank_before, blank_after = _place(module, items[0], own)
        text = _statement(items) + module.newline
        placed.setdefault(offset, []).append((blank_before * 2 + blank_after, text))
    edits = [_extend(module, node, names) for node, names in extended.items()]
    for offset, lines in placed.items():
        edits.append(Edit(offset, offset, _block(module, offset, lines)))
    return edits


def own_names(tree: Tree, path: str) -> frozenset[str]:
    """Return the first names of modules that a file may import from the project itself.

    These are the Python files and folders beside it and beside every folder above it.
    """
    folders = {""}
    for position, letter in enumerate(path):
        if letter == "/":
            folders.add(path[: position + 1])
    names = set()
    for other in tree.python_paths():
        for folder in folders:
            if other.startswith(folder):
                names.add(other[len(folder) :].partition("/")[0].removesuffix(".py"))
    return frozenset(names)


def unused_after(before: Module, after: Module) -> list[Edit]:
    """Return the edits of ``after`` that drop the top-level imports whose last use went away.

    Only a name that ``before`` used and ``after`` does not is dropped; the project's own modules
    stay, for importing them may be what registers a model or a route. A package may offer what it
    imports, so that of its imports only modules of the standard library go.
    """
    if _exports(after):
        return []
    is_package = after.path.endswith("__init__.py")
    used_before, used_after = _loaded_names(before), _loaded_names(after)
    edits: list[Edit] = []
    for node in after.tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom) or _is_own(node):
            continue
        is_standard = isinstance(node, ast.Import) and _group_of(node.names[0].name) == _STANDARD
        if is_package and not is_standard:
            continue
        start, end = after.line_span(node.lineno)
        last = after.line_span(node.end_lineno or node.lineno)[1]
        if "noqa" in after.text[start:last] or ";" in after.text[start:last]:
            continue
        locals_ = [alias.asname or alias.name.split(".")[0] for alias in node.names]
        gone = [name for name in locals_ if name in used_before and name not in used_after]
        if not gone or "*" in locals_:
            continue
        if len(gone) == len(locals_):
            edits.append(Edit(start, _behind_group(after, start, last), ""))
        elif end == last:
            edits.append(_without(after, node, set(gone)))
    return edits


def _behind_group(module: Module, start: int, end: int) -> int:
    """Return the offset behind an import and, if it was a group of its own, behind its blank line."""
    above, below = module.text[:start], module.text[end:]
    is_alone = not above.strip() or above.endswith((module.newline * 2, '"""' + module.newline))
    if is_alone and below.startswith(module.newline) and below.strip():
        return end + len(module.newline)
    return end


def _loaded_names(module: Module) -> set[str]:
    names = {name.id for name in module.nodes(ast.Name) if isinstance(name.ctx, ast.Load | ast.Del)}
    for constant in module.nodes(ast.Constant):
        # a quoted annotation uses names too
        if isinstance(constant.value, str) and constant.value.replace(".", "").isidentifier():
            names.add(constant.value.split(".")[0])
    return names


def _exports(module: Module) -> bool:
    return any(
        isinstance(target, ast.Name) and target.id == "__all__"
        for node in module.nodes(ast.Assign)
        for target in node.targets
    )


def _is_own(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.level > 0 or node.module == "__future__")


def _without(module: Module, node: ast.Import | ast.ImportFrom, gone: set[str]) -> Edit:
    kept = [
        f"{alias.name} as {alias.asname}" if alias.asname else alias.name
        for alias in node.names
        if (alias.asname or alias.name.split(".")[0]) not in gone
    ]
    first, last = module.span(node.names[0])[0], module.span(node.names[-1])[1]
    return Edit(first, last, ", ".join(kept))


def _bound_once(module: Module, name: str) -> bool:
    others = [binding for binding in module.imports if binding.local == name]
    stored = [
        node
        for node in module.nodes(ast.Name)
        if node.id == name and not isinstance(node.ctx, ast.Load)
    ]
    arguments = [node for node in module.nodes(ast.arg) if node.arg == name]
    named = [
        node
        for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        if node.name == name
    ]
    return len(others) == 1 and not stored and not arguments and not named


def _has_star(node: ast.ImportFrom) -> bool:
    return any(alias.name == "*" for alias in node.names)


def _spelled(item: Import) -> str:
    return f"{item.name} as {item.alias}" if item.alias else str(item.name)


def _statement(items: list[Import]) -> str:
    if items[0].name is None:
        return items[0].statement
    names = sorted((_spelled(item) for item in items), key=_by_case)
    return f"from {items[0].module} import {', '.join(names)}"


def _extendable(module: Module, item: Import) -> ast.ImportFrom | None:
    if item.name is None:
        return None
    for node in _top_imports(module):
        if (
            isinstance(node, ast.ImportFrom)
            and node.level == 0
            and node.module == item.module
            and not _has_star(node)
            and node.lineno == node.end_lineno
            and "#" not in module.source_line(node.lineno)
            and "(" not in module.source(node)
            and "\\" not in module.source(node)
            and len(module.source(node)) + len(_spelled(item)) < 86
        ):
            return node
    return None


def _extend(module: Module, node: ast.ImportFrom, names: list[str]) -> Edit:
    have = [f"{a.name} as {a.asname}" if a.asname else a.name for a in node.names]
    everything = have + names
    if have == sorted(have, key=_by_case):
        everything.sort(key=_by_case)
    first, last = module.span(node.names[0])[0], module.span(node.names[-1])[1]
    return Edit(first, last, ", ".join(everything))


def _by_case(name: str) -> tuple[int, str]:
    """Order names as isort does by default: CONSTANTS, Classes, functions."""
    plain = name.split(" ", maxsplit=1)[0]
    kind = 0 if plain.isupper() and len(plain) > 1 else 1 if plain[:1].isupper() else 2
    return kind, name


def _top_imports(module: Module) -> list[ast.Import | ast.ImportFrom]:
    """Return the imports of the first block at the top, which other statements may interrupt.

    The block ends at the first class or function: what is imported behind it has its reasons.
    """
    body = takewhile(
        lambda node: not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef),
        module.tree.body,
    )
    return [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]


_FUTURE, _STANDARD, _THIRD, _OWN = range(4)


def _group(node: ast.Import | ast.ImportFrom, own: frozenset[str]) -> int:
    if isinstance(node, ast.ImportFrom) and node.level:
        return _OWN
    name = node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
    return _group_of(name, own)


def _group_of(name: str, own: frozenset[str] = frozenset()) -> int:
    """Return the import group of a dotted module name: 0 future, 1 standard, 2 third party, 3 own."""
    root = name.split(".", maxsplit=1)[0]
    if not root:
        return _OWN
    if root == "__future__":
        return _FUTURE
    if root in sys.stdlib_module_names:
        return _STANDARD
    return _OWN if root in own else _THIRD


def _place(module: Module, item: Import, own: frozenset[str]) -> tuple[int, bool, bool]:
    """Return where a new statement goes, and whether it needs a blank line before and after."""
    imports = _top_imports(module)
    wanted = _group_of(item.module, own)
    if not imports:
        return _top(module), False, False
    groups = [_group(node, own) for node in imports]
    same = [node for node, group in zip(imports, groups, strict=True) if group == wanted]
    if same:
        return _within(module, same, item), False, False
    before = [n for n, group in zip(imports, groups, strict=True) if group < wanted]
    if before:
        separate = len(set(groups)) == 1 or _groups_are_separated(imports)
        return _end_of_line(module, before[-1]), separate, False
    return module.line_span(imports[0].lineno)[0], False, True


def _within(module: Module, same: list[ast.Import | ast.ImportFrom], item: Import) -> int:
    keys = [_sort_key(node) for node in same]
    key = (0 if item.name is None else 1, item.module.lower())
    if keys == sorted(keys):
        later = [node for node, have in zip(same, keys, strict=True) if have > key]
        if later:
            return module.line_span(later[0].lineno)[0]
    return _end_of_line(module, same[-1])


def _sort_key(node: ast.Import | ast.ImportFrom) -> tuple[int, str]:
    if isinstance(node, ast.ImportFrom):
        return 1, ("." * node.level + (node.module or "")).lower()
    return 0, node.names[0].name.lower()


def _groups_are_separated(imports: list[ast.Import | ast.ImportFrom]) -> bool:
    return any(
        after.lineno - (before.end_lineno or before.lineno) > 1
        for before, after in pairwise(imports)
    )


def _end_of_line(module: Module, node: ast.stmt) -> int:
    return module.line_span(node.end_lineno or node.lineno)[1]


def after_imports(module: Module) -> int:
    """Return the offset behind the imports at the top, where module-level names are defined.

    Statements between the imports (``load_dotenv()``, ``sys.path.append``) stay in front of it.
    """
    imports = _top_imports(module)
    guarded = [
        node
        for node in module.tree.body
        if isinstance(node, ast.If | ast.Try)
        and node.lineno < (imports[-1].lineno if imports else 0) + 30
        and all(isinstance(inner, ast.Import | ast.ImportFrom) for inner in node.body)
    ]
    nodes = [*imports, *guarded]
    if not nodes:
        return _top(module)
    return max(_end_of_line(module, node) for node in nodes)


def _top(module: Module) -> int:
    """Return the offset behind docstring, comments in front of the code, and the cookie line."""
    body = module.tree.body
    if body and ast.get_docstring(module.tree, clean=False) is not None:
        return _end_of_line(module, body[0])
    line = 1
    total = len(module.line_starts)
    while line < total and module.source_line(line).lstrip().startswith("#"):
        line += 1
    return module.line_span(line)[0] if line <= total else len(module.text)


def _block(module: Module, offset: int, lines: list[tuple[int, str]]) -> str:
    newline = module.newline
    flags = max(flag for flag, _ in lines)
    text = "".join(line for _, line in lines)
    before = newline if flags & 2 else ""
    after = newline if flags & 1 else ""
    if offset == len(module.text) and module.text and not module.text.endswith(("\n", "\r")):
        before = newline + before
    if not _top_imports(module):
        docstring_above = (
            offset > 0 and bool(module.tree.body) and offset > module.span(module.tree.body[0])[0]
        )
        before = newline if docstring_above else before
        rest = module.text[offset : offset + 2]
        after = newline if rest and not rest.startswith(("\n", "\r")) else after
    return before + text + after
