"""The project's own modules: which file an import names, and where a name is really defined."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cached_property

from buttress.project.folders import folder_of, join, normalized, upwards
from buttress.project.literals import written
from buttress.source import Module, Tree

_LONGEST_CHAIN = 12


class OwnModules:
    """All Python files of a tree by the dotted names under which code may import them.

    Args:
        tree: The files.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.paths = tuple(path for path in tree.python_paths() if path.endswith(".py"))
        self._known = frozenset(self.paths)
        self._bindings: dict[str, dict[str, str]] = {}
        self._at: dict[tuple[str, str], str | None] = {}
        self._symbols: dict[tuple[str, str, str | None], tuple[str, str] | None] = {}
        self._extra_roots: dict[str, tuple[str, ...]] = {}

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders that hold Python files, at any depth."""
        return frozenset(above for path in self.paths for above in upwards(folder_of(path)))

    @cached_property
    def _first_names(self) -> frozenset[str]:
        names = {path.rpartition("/")[2].removesuffix(".py") for path in self.paths}
        return frozenset(names | {folder.rpartition("/")[2] for folder in self.folders})

    def __contains__(self, path: object) -> bool:
        return path in self._known

    def at(self, root: str, dotted: str) -> str | None:
        """Return the file that ``import dotted`` names when ``root`` is on ``sys.path``."""
        key = (root, dotted)
        if key not in self._at:
            self._at[key] = self.file_at(join(root, dotted.replace(".", "/")))
        return self._at[key]

    def file_at(self, base: str) -> str | None:
        """Return ``base/__init__.py`` or ``base.py``, in the order in which Python looks."""
        for path in (join(base, "__init__.py"), base + ".py"):
            if path in self._known:
                return path
        return None

    def is_own(self, root: str, dotted: str) -> bool:
        """Whether a dotted name is a module or folder of the project, seen from ``root``."""
        first = dotted.partition(".")[0]
        return self.at(root, first) is not None or join(root, first) in self.folders

    def may_hold(self, dotted: str) -> bool:
        """Whether some folder of the project holds what an absolute import could mean by a name."""
        return dotted.partition(".")[0] in self._first_names

    def search_folders(self, importer: str, root: str | None) -> Iterator[str]:
        """Yield the folders that an absolute import of a file may be relative to, likeliest first."""
        if root is not None:
            yield root
        yield from self.extra_roots(importer)
        yield from upwards(folder_of(importer))

    def extra_roots(self, path: str) -> tuple[str, ...]:
        """Return the folders that a file itself puts on ``sys.path``, as far as it names them."""
        if path not in self._extra_roots:
            self._extra_roots[path] = tuple(self._read_extra_roots(path))
        return self._extra_roots[path]

    def _read_extra_roots(self, path: str) -> Iterator[str]:
        text = self.tree.text(path)
        if text is None or "sys.path" not in text.content:
            return
        module = self.tree.module(path)
        for call in module.nodes(ast.Call):
            if module.resolve(call.func) in {"sys.path.insert", "sys.path.append"}:
                words = [
                    node.value
                    for node in ast.walk(call)
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)
                ]
                for above in upwards(folder_of(path)):
                    folder = normalized(above, "/".join(word.strip("/") for word in words))
                    if words and folder and folder in self.folders:
                        yield folder

    def locate(self, dotted: str, importer: str, root: str | None = None) -> str | None:
        """Return the own file that an absolute import in ``importer`` names, if it names one.

        Where the import root is known, a name of the standard library that is not found below
        it is not looked for elsewhere: ``import logging`` beside ``logging.py`` means Python's. Neither
        is ``import openai`` beside an ``openai.py`` that imports ``openai`` itself.
        """
        if not self.may_hold(dotted):
            return None
        if dotted.partition(".")[0] in sys.stdlib_module_names:
            return self.at(root, dotted) if root is not None else None
        for folder in self.search_folders(importer, root):
            found = self.at(folder, dotted)
            if found is not None and (folder == root or not self._means_another(found, dotted)):
                return found
        return None

    def _means_another(self, path: str, dotted: str) -> bool:
        """Whether a file imports its own name, and so shows that a library goes by it."""
        if "." in dotted or path.endswith("/__init__.py"):
            return False
        return any(t.partition(".")[0] == dotted for t in self.bindings(path).values())

    def base_of(self, importer: str, level: int) -> str | None:
        """Return the folder that a relative import with ``level`` dots starts from."""
        folder = folder_of(importer)
        for _ in range(level - 1):
            if folder == "":
                return None
            folder = folder_of(folder)
        return folder

    def defined_at(
        self, module: Module, node: ast.AST | None, root: str | None = None
    ) -> tuple[str, str] | None:
        """Return where the project defines what an expression names: the file, and the name inside it.

        A name that neither an import nor Python explains is one of the file itself. Followed
        through modules that only pass the name on; ``None`` for what is not the project's.
        """
        dotted = module.resolve(node)
        if dotted is None:
            name = written(node)
            return (module.path, name) if name else None
        return None if dotted.startswith("builtins.") else self.symbol(dotted, module.path, root)

    def symbol(self, dotted: str, importer: str, root: str | None = None) -> tuple[str, str] | None:
        """Return where a dotted name as ``Module.resolve`` gives it is defined.

        The result is the file and the name inside it (``""`` for the module itself), followed
        through modules that only pass the name on.
        """
        key = (dotted, importer, root)
        if key not in self._symbols:
            self._symbols[key] = self._followed(dotted, importer, root)
        return self._symbols[key]

    def _followed(self, dotted: str, importer: str, root: str | None) -> tuple[str, str] | None:
        found = self._split(dotted, importer, root)
        for _ in range(_LONGEST_CHAIN):
            if found is None or not found[1]:
                return found
            path, rest = found
            first, _, last = rest.partition(".")
            target = self.bindings(path).get(first) or self._starred(path, first)
            if target is None:
                return found
            onward = self._split(f"{target}.{last}" if last else target, path, root)
            if onward is None or onward == found:
                return found
            found = onward
        return found

    def _split(self, dotted: str, importer: str, root: str | None) -> tuple[str, str] | None:
        names = dotted.lstrip(".")
        level = len(dotted) - len(names)
        parts = names.split(".") if names else []
        if level:
            base = self.base_of(importer, level)
            if base is None:
                return None
            for count in range(len(parts), -1, -1):
                found = self.at(base, ".".join(parts[:count])) if count else self._package(base)
                if found is not None:
                    return found, ".".join(parts[count:])
            return None
        for count in range(len(parts), 0, -1):
            found = self.locate(".".join(parts[:count]), importer, root)
            if found is not None:
                package = self._renaming(found, parts[:count], importer)
                return (package or found), ".".join(parts[count - bool(package) :])
        return None

    def _renaming(self, path: str, parts: list[str], importer: str) -> str | None:
        """Return the package that gives the name of a module in it to something else.

        After ``from .User.user import User`` in ``models/__init__.py``, ``models.User`` is the class.
        """
        base = path.removesuffix("/__init__.py").removesuffix(".py")
        package = self._package(folder_of(base))
        if package is None or package == importer or len(parts) < 2:
            return None
        target = self.bindings(package).get(parts[-1])
        is_itself = target is None or target in {f".{parts[-1]}", ".".join(parts)}
        return None if is_itself else package

    def _package(self, folder: str) -> str | None:
        path = join(folder, "__init__.py")
        return path if path in self._known else None

    def bindings(self, path: str) -> dict[str, str]:
        """Return what the top level of a file binds by imports: local name to dotted target."""
        if path not in self._bindings:
            module = self.tree.module(path)
            self._bindings[path] = {
                binding.local: binding.target
                for binding in module.imports
                if binding.scope is module.tree
            }
        return self._bindings[path]

    def _starred(self, path: str, name: str) -> str | None:
        """Return what a file passes on under a name that it does not bind itself."""
        module = self.tree.module(path)
        return module.starred(name) if module.star_imports and not module.binds(name) else None

    def having(self, *texts: str) -> tuple[str, ...]:
        """Return the files in which one of some texts stands anywhere; none is parsed for it."""
        found = self.tree.words.containing(texts)
        return tuple(path for path in self.paths if path in found) if found else ()

    def mentions(self, path: str, *texts: str) -> bool:
        """Whether one of some texts stands anywhere in a file, which is not parsed for it."""
        return path in self.tree.words.containing(texts)


def own_modules(tree: Tree) -> OwnModules:
    """Return the modules of a tree, worked out once."""
    known: OwnModules | None = tree.kept.get(OwnModules)
    if known is None:
        known = tree.kept[OwnModules] = OwnModules(tree)
    return known


def dotted_name(path: str, root: str) -> str:
    """Return the name under which ``root`` on ``sys.path`` makes a file importable."""
    inside = path.removeprefix(root + "/") if root else path
    inside = inside.removesuffix(".py")
    return inside.removesuffix("/__init__").replace("/", ".")


def calls_of(module: Module, *names: str) -> list[ast.Call]:
    """Return the calls whose last part is one of some names, without resolving it, in source order."""
    return sorted(module.called(*names), key=lambda call: (call.lineno, call.col_offset))


def called_name(call: ast.Call) -> str:
    """Return the last part of what is called, without resolving it."""
    node = call.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
