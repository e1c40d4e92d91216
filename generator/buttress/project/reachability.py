"""The import graph: what a module pulls in when it is imported, and the import root it implies."""

from __future__ import annotations

import ast
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from buttress.project.folders import folder_of, is_inside, join, upwards
from buttress.project.literals import known_string, strings_in
from buttress.project.modules import OwnModules, called_name
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_DOTTED = lazy_pattern(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::[A-Za-z_][\w.]*)?\Z")
_NAMING_CALLS = frozenset(
    [
        "import_module",
        "__import__",
        "import_string",
        "load_module",
        "spec_from_file_location",
        "run",
        "run_module",
        "Celery",
        "autodiscover_tasks",
        "include",
        "register_blueprints",
        "find_modules",
        "Config",
        "from_object",
        "config_from_object",
        "task_routes",
        "wire",
        "init_models",
        "register_tortoise",
        "enqueue",
        "enqueue_in",
        "enqueue_at",
        "enqueue_call",
        "send_task",
    ]
)
_TEST = lazy_pattern(r"(?:\A|/)(?:tests?/|test_[^/]*\.py\Z|conftest\.py\Z)")
"""What a call that names modules by a pattern does not mean, although it stands below the folder."""

_ENOUGH_VOTERS = 200
_LISTING_CALLS = frozenset(["iter_modules", "walk_packages", "find_modules"])
_LOADING_CALLS = frozenset(["import_module", "__import__", "spec_from_file_location"])
_FOLDER_CALLS = frozenset(["listdir", "scandir", "iterdir", "walk", "glob", "iglob", "rglob"])
"""What tells in which folder the modules lie that a computed name loads."""


class ImportGraphs:
    """The import graphs of a tree by import root, each made once.

    Args:
        modules: The project's own modules.
    """

    def __init__(self, modules: OwnModules) -> None:
        self.modules = modules
        self._graphs: dict[str | None, ImportGraph] = {}
        self._votes: dict[str, tuple[Counter[str], frozenset[str]]] = {}

    def of(self, root: str | None) -> ImportGraph:
        """Return the graph for one import root."""
        if root not in self._graphs:
            self._graphs[root] = ImportGraph(self.modules, root)
        return self._graphs[root]

    def import_root(self, start: str, hint: str | None = None) -> str:
        """Return the folder that makes the imports of a module, and of what it imports, work.

        Every import of an own module votes for the folders above ``start`` that it works from.
        The most votes win; between equals the ``hint`` (what a command that starts the server
        implies) wins, then the nearest folder that is no package itself. Relative imports that
        leave a folder rule it out.

        Args:
            start: The file that makes the app object.
            hint: The folder that an entry command implies.
        """
        candidates = list(upwards(folder_of(start)))
        if start not in self._votes:
            self._votes[start] = _votes(self.of(None), start, candidates)
        votes, too_deep = self._votes[start]
        allowed = [folder for folder in candidates if folder not in too_deep] or [""]
        best = max(votes[folder] for folder in allowed)
        equal = [folder for folder in allowed if votes[folder] == best]
        if hint in equal:
            return hint or ""
        plain = [f for f in equal if join(f, "__init__.py") not in self.modules]
        return (plain or equal)[0]


class ImportGraph:
    """Which files a file imports, for one import root.

    Args:
        modules: The project's own modules.
        root: The folder on ``sys.path``; ``None`` where it is not known yet.
    """

    def __init__(self, modules: OwnModules, root: str | None) -> None:
        self.modules = modules
        self.root = root
        self._edges: dict[str, frozenset[str]] = {}
        self._above: dict[str, tuple[str, ...]] = {}

    def reachable(self, starts: Iterable[str], at_most: int | None = None) -> frozenset[str]:
        """Return the files that are imported from ``starts``, these included.

        Args:
            starts: Files; those that are no Python files of the tree are left out.
            at_most: How many files are enough, the nearest first.
        """
        seen = dict.fromkeys(path for path in starts if path in self.modules)
        queue = deque(seen)
        while queue and (at_most is None or len(seen) < at_most):
            new = [path for path in sorted(self.edges(queue.popleft())) if path not in seen]
            seen.update(dict.fromkeys(new))
            queue.extend(new)
        return frozenset(seen)

    def edges(self, path: str) -> frozenset[str]:
        """Return the own files that importing one file may import, packages above them included."""
        if path not in self._edges:
            module = self.modules.tree.module(path)
            found = frozenset([*self._imported(module), *self._named(module)]) - {path}
            folders = {folder_of(target) for target in (path, *found)}
            self._edges[path] = found.union(*map(self._packages, folders)) - {path}
        return self._edges[path]

    def _packages(self, folder: str) -> tuple[str, ...]:
        """Return what importing a module of a folder runs first: ``__init__.py``, and those above."""
        if folder not in self._above:
            package = join(folder, "__init__.py")
            is_package = folder != (self.root or "") and package in self.modules
            above = self._packages(folder_of(folder)) if is_package and folder else ()
            self._above[folder] = (package, *above) if is_package else ()
        return self._above[folder]

    def _imported(self, module: Module) -> Iterator[str]:
        for node in module.nodes(ast.Import):
            for alias in node.names:
                yield from self._longest(alias.name, module.path)
        for statement in module.nodes(ast.ImportFrom):
            names = [alias.name for alias in statement.names]
            if statement.level:
                yield from self._relative(module.path, statement.level, statement.module, names)
            elif self.modules.may_hold(source := statement.module or ""):
                yield from self._longest(source, module.path)
                for name in names:
                    found = self.modules.locate(f"{source}.{name}", module.path, self.root)
                    if found is not None:
                        yield found

    def _longest(self, dotted: str, importer: str) -> Iterator[str]:
        parts = dotted.split(".")
        for count in range(len(parts), 0, -1):
            found = self.modules.locate(".".join(parts[:count]), importer, self.root)
            if found is not None:
                yield found
                return

    def _relative(
        self, importer: str, level: int, source: str | None, names: list[str]
    ) -> Iterator[str]:
        base = self.modules.base_of(importer, level)
        if base is None:
            return
        base = join(base, (source or "").replace(".", "/"))
        own = self.modules.file_at(base)
        if own is not None:
            yield own
        for name in names:
            found = self.modules.at(base, name)
            if found is not None:
                yield found

    def _named(self, module: Module) -> Iterator[str]:
        """Yield files that strings name: ``uvicorn.run("app.main:app")``, ``import_module``."""
        if module.called(*_LISTING_CALLS):
            yield from self._below(folder_of(module.path), module.path)
        for name in _NAMING_CALLS:
            for call in module.called(name):
                values = [*call.args, *(keyword.value for keyword in call.keywords)]
                for value in values:
                    yield from self._by_text(module, value)
                listed = set(self._by_folder(module, call)) if name in _LOADING_CALLS else set()
                yield from listed
                if name == "import_module" and call.args and not listed:
                    yield from self._by_pattern(module, call.args[0])

    def _by_text(self, module: Module, value: ast.expr) -> Iterator[str]:
        for text in strings_in(value):
            if _DOTTED.match(text):
                dotted = text.partition(":")[0]
                if ":" in text or "." in text or _called_name_is_import(value, module):
                    yield from self._longest(dotted, module.path)
        if isinstance(value, ast.JoinedStr) and value.values:
            # `queue.enqueue(f"app.tasks.{name}")`
            prefix = known_string(module, value.values[0]) or ""
            if prefix.endswith(".") and _DOTTED.match(prefix[:-1]):
                yield from self._longest(prefix[:-1], module.path)

    def _by_pattern(self, module: Module, value: ast.expr) -> Iterator[str]:
        text = known_string(module, value)
        if text is not None:
            name = text.lstrip(".")
            if text.startswith("."):
                source, _, last = name.rpartition(".")
                yield from self._relative(module.path, len(text) - len(name), source, [last])
            elif _DOTTED.match(text):
                yield from self._longest(text, module.path)
            return
        prefix = ""
        if isinstance(value, ast.JoinedStr) and value.values:
            prefix = known_string(module, value.values[0]) or ""
        base = folder_of(module.path)
        if prefix.endswith(".") and not prefix.startswith("."):
            package = self.modules.locate(prefix.rstrip("."), module.path, self.root)
            if package is not None:
                base = folder_of(package)
        yield from self._below(base, module.path)

    def _by_folder(self, module: Module, call: ast.Call) -> Iterator[str]:
        """Yield the files of folders that are listed where a computed name is loaded.

        ``for name in os.listdir("plugins"): import_module(f"plugins.{name[:-3]}")``
        """
        if all(known_string(module, value) is not None for value in call.args):
            return
        texts = [
            known_string(module, text.values[0]) or ""
            for text in module.nodes(ast.JoinedStr)
            if text.values
        ]
        named = [text.rstrip(".").replace(".", "/") for text in texts if text.endswith(".")]
        for listing in module.nodes(ast.Call):
            if called_name(listing) in _FOLDER_CALLS:
                owner = listing.func.value if isinstance(listing.func, ast.Attribute) else None
                paths = [*listing.args, *(owner.args if isinstance(owner, ast.Call) else [])]
                texts = [text for path in paths for text in strings_in(path)]
                named += [text.partition("*")[0] for text in texts]
        own = folder_of(module.path)
        for name in dict.fromkeys(text.strip("./") for text in named):
            for base in dict.fromkeys((own, self.root or "")):
                if name:
                    yield from self._below(join(base, name), module.path)

    def _below(self, folder: str, importer: str) -> Iterator[str]:
        if folder != "":
            yield from (
                path
                for path in self.modules.paths
                if is_inside(path, folder) and path != importer and not _TEST.search(path)
            )


def _called_name_is_import(value: ast.expr, module: Module) -> bool:
    """Whether a plain word is an argument of ``import_module`` or ``__import__``."""
    call = module.parent(value)
    return isinstance(call, ast.Call) and called_name(call) in {"import_module", "__import__"}


def _votes(
    graph: ImportGraph, start: str, candidates: list[str]
) -> tuple[Counter[str], frozenset[str]]:
    modules = graph.modules
    votes: Counter[str] = Counter()
    too_deep: set[str] = set()
    for path in graph.reachable([start], _ENOUGH_VOTERS):
        module = modules.tree.module(path)
        for dotted in _absolute_imports(module):
            if modules.may_hold(dotted) and dotted.partition(".")[0] not in sys.stdlib_module_names:
                votes.update(
                    folder
                    for folder in candidates
                    if modules.at(folder, dotted) is not None and is_inside(path, folder)
                )
        level = max(_certain_levels(module), default=0)
        folder = folder_of(path)
        for _ in range(level):
            too_deep.add(folder)
            folder = folder_of(folder)
    return votes, frozenset(too_deep)


def _certain_levels(module: Module) -> Iterator[int]:
    """Yield the dots of relative imports that have no fallback (``try: ... except ImportError``)."""
    for node in module.nodes(ast.ImportFrom):
        if node.level and not any(isinstance(above, ast.Try) for above in module.ancestors(node)):
            yield node.level


def _absolute_imports(module: Module) -> Iterator[str]:
    for node in module.nodes(ast.Import):
        yield from (alias.name for alias in node.names)
    for statement in module.nodes(ast.ImportFrom):
        if statement.level == 0 and statement.module:
            yield statement.module
            # `from app import db`, where `app` is a folder without `__init__.py`
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)
