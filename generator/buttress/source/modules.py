"""Several Python files together: which of them hold a word, name a library, make a call."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import overload

from buttress.source.module import Module, in_lower_case
from buttress.source.patterns import lazy_pattern

_BETWEEN_WORDS = "".join(
    chr(code) if chr(code).isalnum() or chr(code) == "_" else " " for code in range(128)
)
_WORD = lazy_pattern(r"\w+")
_FEW = 9
_Files = frozenset[Module]


class Modules(Sequence[Module]):
    """Python files in a fixed order, with one index of the words in them.

    What looks for something rare asks for the few files that can hold it and loops over these: its
    cost then depends on what there is to find and hardly on how much code there is. What is asked
    for gives views in the same order that share the index, so that questions can be chained:
    ``modules.having("jwt").having("decode")``.

    Args:
        modules: The files.
        words: The index of files that these are among; a new one by default.
    """

    def __init__(self, modules: Iterable[Module], words: Words | None = None) -> None:
        self._files = tuple(modules)
        self._words = words if words is not None else Words(self._files)
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

    def _kept(self, key: object, find: Callable[[], _Files]) -> Modules:
        view = self._views.get(key)
        if view is None:
            found = find()
            kept = [module for module in self._files if module in found] if found else []
            is_all = len(kept) == len(self._files)
            view = self._views[key] = self if is_all else Modules(kept, self._words)
        return view


class Words:
    """All words of some files, each with the files that it stands in."""

    def __init__(self, modules: tuple[Module, ...]) -> None:
        self._modules = modules
        self._known: dict[object, _Files] = {}

    @cached_property
    def _holders(self) -> dict[str, list[Module]]:
        holders: dict[str, list[Module]] = {}
        for module in self._modules:
            for word in set(module.text.translate(_BETWEEN_WORDS).split()):
                known = holders.get(word)
                if known is None:
                    holders[word] = [module]
                else:
                    known.append(module)
        return holders

    @cached_property
    def _list(self) -> _WordList:
        return _WordList(self._holders)

    @cached_property
    def _lowered(self) -> _WordList:
        holders: dict[str, list[Module]] = {}
        for word, modules in self._holders.items():
            holders.setdefault(word.lower(), []).extend(modules)
        return _WordList(holders)

    def holding(self, words: Iterable[str]) -> _Files:
        """Return where one of some whole words stands."""
        return frozenset(module for word in words for module in self._holders.get(word, ()))

    def containing(self, texts: Iterable[str]) -> _Files:
        """Return where one of some texts stands."""
        return frozenset().union(*(self._containing(text) for text in texts))

    def _containing(self, text: str) -> _Files:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._search(text)
        return found

    def _search(self, text: str) -> _Files:
        pieces = _WORD.findall(text)
        if pieces == [text]:
            return self._list.having(text)
        found = frozenset(self._modules)
        for piece in sorted(pieces, key=len, reverse=True):
            if len(found) <= _FEW:
                break
            found &= self._list.having(piece)
        return frozenset(module for module in found if text in module.text)

    def spelling(self, pattern: re.Pattern[str]) -> _Files:
        """Return where a pattern matches in a single word."""
        found = self._known.get(pattern)
        if found is None:
            ignores_case = pattern.flags & re.IGNORECASE
            found = (
                self._lowered.matching(in_lower_case(pattern))
                if ignores_case
                else self._list.matching(pattern)
            )
            self._known[pattern] = found
        return found

    def naming(self, names: Iterable[str]) -> _Files:
        """Return where all parts of one of some dotted names stand."""
        return frozenset().union(*(self._naming(name) for name in names))

    def _naming(self, name: str) -> _Files:
        parts = name.removeprefix("builtins.").split(".")
        holders = [self._holders.get(part, []) for part in parts if part and "*" not in part]
        if not holders:
            return frozenset(self._modules)
        holders.sort(key=len)
        return frozenset(holders[0]).intersection(*holders[1:])


class _WordList:
    """Words one below the other in one text, which is searched as a whole."""

    def __init__(self, holders: dict[str, list[Module]]) -> None:
        self._holders = list(holders.values())
        self._text = "\n".join(holders)
        self._starts = [0, *accumulate(len(word) + 1 for word in holders)]

    def having(self, piece: str) -> _Files:
        found: set[Module] = set()
        at = self._text.find(piece)
        while at >= 0:
            line = bisect_right(self._starts, at) - 1
            found.update(self._holders[line])
            at = self._text.find(piece, self._starts[line + 1])
        return frozenset(found)

    def matching(self, pattern: re.Pattern[str]) -> _Files:
        found: set[Module] = set()
        match = pattern.search(self._text)
        while match is not None:
            line = bisect_right(self._starts, match.start()) - 1
            if line >= len(self._holders):
                break
            found.update(self._holders[line])
            match = pattern.search(self._text, self._starts[line + 1])
        return frozenset(found)
