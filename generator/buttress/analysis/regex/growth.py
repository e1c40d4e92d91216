"""How the time of a regular expression grows with a text that does not match.

A matcher that goes back tries all ways to read a text before it gives up. There are exponentially many where
a state is left and reached again by the same characters in two ways, and a power of the length
where several loops in a row may each take the same characters (Weber and Seidl, *On the degree
of ambiguity of finite automata*, 1991). What follows has to be able to fail: where the expression
has matched anyway, no second way is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache

from buttress.analysis.regex.automaton import Automaton, Unreadable, read

_MOST_STEPS = 60_000
_HIGH = 3
"""The power of the length from which a few thousand characters are enough."""


class Growth(StrEnum):
    """How the time grows with the length of the text."""

    EXPONENTIAL = "exponential"
    POLYNOMIAL = "polynomial"


class _Enough(Exception):  # noqa: N818 - a limit, not an error
    pass


@lru_cache(maxsize=512)
def growth(pattern: str, flags: int = 0, *, is_search: bool, is_whole: bool) -> Growth | None:
    """Return how the time of an expression grows, where that is more than the square of the length.

    Args:
        pattern: As for ``re.compile``.
        flags: As for ``re.compile``.
        is_search: Whether a match may begin anywhere.
        is_whole: Whether all of the text has to match.

    Returns:
        ``None`` where it grows less, or where that cannot be told in reasonable time.
    """
    try:
        return _Ambiguity(read(pattern, flags, is_search=is_search, is_whole=is_whole)).growth()
    except (Unreadable, _Enough):
        return None


class _Ambiguity:
    """Looks for loops that take the same characters in more than one way."""

    def __init__(self, automaton: Automaton) -> None:
        self._takes = automaton.takes
        self._follows = automaton.follows
        self._final = automaton.final
        self._steps = 0
        self._loops = self._find_loops()

    def growth(self) -> Growth | None:
        """Return what there is of it."""
        loops = [loop for loop in self._loops if not loop & self._final]
        if any(self._is_exponential(loop) for loop in loops):
            return Growth.EXPONENTIAL
        return Growth.POLYNOMIAL if self._degree(loops) >= _HIGH else None

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise _Enough

    # -- loops ------------------------------------------------------------------------------------

    def _find_loops(self) -> list[frozenset[int]]:
        """Return the sets of states that each lead to all of the set."""
        reached = [self._from(state) for state in range(len(self._takes))]
        found: dict[frozenset[int], None] = {}
        for state, targets in enumerate(reached):
            if state in targets:
                found[frozenset(t for t in targets if state in reached[t])] = None
        return list(found)

    def _from(self, start: int) -> frozenset[int]:
        seen: set[int] = set()
        waiting = list(self._follows[start])
        while waiting:
            state = waiting.pop()
            if state not in seen:
                self._step()
                seen.add(state)
                waiting += self._follows[state]
        return frozenset(seen)

    def _is_exponential(self, loop: frozenset[int]) -> bool:
        """Whether a text leads around a loop in two ways."""
        if any(n > 1 for s in loop for t, n in self._follows[s].items() if t in loop):
            return True
        if len(loop) == 1:
            return False
        before: dict[int, list[int]] = {state: [] for state in loop}
        for state in loop:
            for target in self._follows[state]:
                if target in loop:
                    before[target].append(state)
        same = [(state, state) for state in loop]

        def onward(pair: tuple[int, int]) -> Iterator[tuple[int, int]]:
            for one in self._follows[pair[0]]:
                for two in self._follows[pair[1]]:
                    if one in loop and two in loop and self._takes[one] & self._takes[two]:
                        yield one, two

        def backward(pair: tuple[int, int]) -> Iterator[tuple[int, int]]:
            if self._takes[pair[0]] & self._takes[pair[1]]:
                yield from ((one, two) for one in before[pair[0]] for two in before[pair[1]])

        apart = {pair for pair in self._reach(same, onward) if pair[0] != pair[1]}
        return bool(apart) and not apart.isdisjoint(self._reach(same, backward))

    def _reach(
        self,
        start: list[tuple[int, int]],
        steps: Callable[[tuple[int, int]], Iterator[tuple[int, int]]],
    ) -> set[tuple[int, int]]:
        seen = set(start)
        waiting = list(start)
        while waiting:
            for pair in steps(waiting.pop()):
                self._step()
                if pair not in seen:
                    seen.add(pair)
                    waiting.append(pair)
        return seen

    # -- loops in a row ---------------------------------------------------------------------------

    def _degree(self, loops: list[frozenset[int]]) -> int:
        """Return the largest number of loops in a row that each may take the same characters."""
        after: dict[int, list[int]] = {}
        for one, first in enumerate(loops):
            after[one] = [
                two for two, second in enumerate(loops) if one != two and self._lead(first, second)
            ]
        lengths: dict[int, int] = {}
        # each leads only to loops that lead to fewer: the last ones first
        for number in sorted(after, key=lambda one: len(self._from(min(loops[one])))):
            lengths[number] = 1 + max((lengths.get(two, 0) for two in after[number]), default=0)
        return max(lengths.values(), default=0)

    def _lead(self, first: frozenset[int], second: frozenset[int]) -> bool:
        """Whether some text stays in one loop, goes from it to the other, and stays in that."""
        return any(
            self._shares(one, two) for one in first for two in second if self._meet(one, two)
        )

    def _meet(self, one: int, two: int) -> bool:
        return bool(self._takes[one] & self._takes[two]) and two in self._from(one)

    def _shares(self, one: int, two: int) -> bool:
        start, goal = (one, one, two), (one, two, two)
        seen = {start}
        waiting = [start]
        while waiting:
            left, middle, right = waiting.pop()
            for a in self._follows[left]:
                for b in self._follows[middle]:
                    common = self._takes[a] & self._takes[b]
                    for c in self._follows[right] if common else ():
                        self._step()
                        triple = (a, b, c)
                        if common & self._takes[c] and triple not in seen:
                            if triple == goal:
                                return True
                            seen.add(triple)
                            waiting.append(triple)
        return False
