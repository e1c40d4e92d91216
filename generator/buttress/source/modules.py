"""Several Python files together: which of them hold a word, name a library, make a call."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import overload

from buttress.source.module import Module
from buttress.source.words import Paths, Words

_MANY = 4
"""Where fewer than one file in so many is asked for, looking each up is less work."""


class Modules(Sequence[Module]):
    """Python files in a fixed order, with one index of the words in them.

    What looks for something rare asks for the few files that can hold it and loops over these: its
    cost then depends on what there is to find and hardly on how much code there is. What is asked
    for gives views in the same order that share the index, so that questions can be chained:
    ``modules.having("jwt").having("decode")``.

    Args:
        modules: The files.
        words: The index of a tree that these are files of; one of these alone by default.
    """

    def __init__(self, modules: Iterable[Module], words: Words | None = None) -> None:
        self._files = tuple(modules)
        self._words = words or Words({module.path: module.text for module in self._files})
        self._views: dict[object, Modules] = {}

    @classmethod
    def of(cls, modules: Iterable[Module]) -> Modules:
        """Return the same object where it is one already, so that its index is kept."""
        return modules if isinstance(modules, Modules) else cls(modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Module]: ...
    def __getitem__(self, index: int | slice) -> Module | Sequence[Module]:
        return self._files[index]

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, module: object) -> bool:
        return module in self._set

    @cached_property
    def _set(self) -> frozenset[Module]:
        return frozenset(self._files)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._files)

    def where(self, matches: Callable[[Module], bool]) -> Modules:
        """Return the files for which a test holds."""
        return Modules(filter(matches, self._files), self._words)

    def having(self, *texts: str) -> Modules:
        """Return the files whose text contains one of ``texts`` anywhere, upper and lower case apart."""
        return self._kept(("having", texts), lambda: self._words.containing(texts))

    def spelling(self, pattern: re.Pattern[str]) -> Modules:
        r"""Return the files in which some single word matches a pattern anywhere.

        A word is what ``\w+`` matches. A pattern that ignores case is slow on its own and fast here:
        each word of the project is looked at once, in lower case.

        Args:
            pattern: What no space, quote or point can be part of.
        """
        return self._kept(("spelling", pattern), lambda: self._words.spelling(pattern))

    def naming(self, *names: str) -> Modules:
        """Return the files in which an expression may resolve to one of these dotted names.

        All parts of the name are words of the file then; only ``Module.resolve`` tells the rest.

        Args:
            names: ``flask.Flask`` stands for itself, ``sentry_sdk.`` for everything in a package,
                ``logfire.instrument*`` and ``*.CORSMiddleware`` for what begins or ends so.
        """
        return self._kept(("naming", names), lambda: self._words.naming(names))

    def calls(self, *names: str) -> Iterator[tuple[Module, ast.Call]]:
        """Yield the calls of dotted names, written as for ``naming``, file by file."""
        exact = frozenset(names)
        begins = tuple(name.rstrip("*") for name in names if name.endswith((".", "*")))
        ends = tuple(name[1:] for name in names if name.startswith("*"))
        for module in self.naming(*names):
            if not begins and not ends:
                yield from ((module, call) for call in module.calls_to(exact))
                continue
            for call in module.nodes(ast.Call):
                target = module.resolve(call.func)
                if target is not None and (
                    target in exact or target.startswith(begins) or target.endswith(ends)
                ):
                    yield module, call

    def called(self, *names: str) -> Iterator[tuple[Module, ast.Call]]:
        """Yield the calls whose last name is one of these (``execute``), whatever it belongs to."""
        for module in self._kept(("called", names), lambda: self._words.holding(names)):
            for call in module.called(*names):
                yield module, call

    def _kept(self, key: object, find: Callable[[], Paths]) -> Modules:
        view = self._views.get(key)
        if view is None:
            found = find()
            kept = self._among(found)
            is_all = len(kept) == len(self._files)
            view = self._views[key] = self if is_all else Modules(kept, self._words)
        return view

    def _among(self, paths: Paths) -> list[Module]:
        if len(paths) > len(self._files) // _MANY:
            return [module for module in self._files if module.path in paths]
        places = self._places
        return [self._files[n] for n in sorted(places[path] for path in paths if path in places)]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {module.path: number for number, module in enumerate(self._files)}
