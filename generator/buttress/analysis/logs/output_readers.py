"""The tests that look at what the code prints or logs, and so would notice if that changed."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from buttress.analysis.logs.printing import HINT
from buttress.project.model import Project, Role
from buttress.project.modules import OwnModules
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

PRINTED = lazy_pattern(
    r"\b(?:capsys|capfd|redirect_stdout|redirect_stderr)\b|[\"']builtins\.print[\"']"
)
LOGGED = lazy_pattern(r"\b(?:caplog|assertLogs|assertNoLogs|LogCapture)\b")
_SHORTEST_TEXT = 6


@dataclass(frozen=True, slots=True)
class _Test:
    path: str
    imports: frozenset[str]
    texts: frozenset[str]


class OutputReaders:
    """Finds the tests that read what modules of the app write.

    A test reads what a module writes if it imports that module itself, or if it holds a text that
    the module writes.

    Args:
        pattern: What gives such tests away: ``PRINTED`` or ``LOGGED``.
        project: The project.
        modules: Its own modules.
        root: The folder on ``sys.path``.
    """

    def __init__(
        self, pattern: re.Pattern[str], project: Project, modules: OwnModules, root: str
    ) -> None:
        self.modules = modules
        self.root = root
        self._tests = [
            self._read(modules.tree.module(path))
            for path, role in sorted(project.roles.items())
            if role is Role.TEST and _holds(modules, path, pattern)
        ]
        self._known: dict[str, str] = {}

    def of(self, module: Module) -> str:
        """Return the path of a test that reads what a module writes; empty if there is none."""
        if module.path not in self._known:
            written = _written_texts(module) if self._tests else frozenset()
            self._known[module.path] = next(
                (test.path for test in self._tests if _reads(test, module.path, written)), ""
            )
        return self._known[module.path]

    def _read(self, test: Module) -> _Test:
        found = set()
        for binding in test.imports:
            origin = self.modules.symbol(binding.target, test.path, self.root)
            if origin is not None:
                found.add(origin[0])
        texts = {
            node.value
            for node in test.nodes(ast.Constant)
            if isinstance(node.value, str) and len(node.value) >= _SHORTEST_TEXT
        }
        return _Test(test.path, frozenset(found), frozenset(texts))


def _holds(modules: OwnModules, path: str, pattern: re.Pattern[str]) -> bool:
    text = modules.tree.text(path)
    return text is not None and bool(pattern.search(text.content))


def _reads(test: _Test, path: str, written: frozenset[str]) -> bool:
    if path in test.imports:
        return True
    return any(text in piece or piece in text for text in test.texts for piece in written)


def _written_texts(module: Module) -> frozenset[str]:
    """Return the literal texts inside the arguments of prints and method calls."""
    found: set[str] = set()
    if not any(word in module.text for word in (HINT, "log")):
        return frozenset()
    for call in module.nodes(ast.Call):
        if isinstance(call.func, ast.Attribute | ast.Name) and call.args:
            for part in ast.walk(call.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    text = part.value.strip()
                    if len(text) >= _SHORTEST_TEXT and " " in text:
                        found.add(text)
    return frozenset(found)
