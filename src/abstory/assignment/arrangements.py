"""Arrangements of one block of a calendar, where no variant comes again too soon: counted, and found by number."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

# How often each recent variant is still due, earliest first; then how many of the others are due 0, 1, 2 ... times.
_State = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Slots in time order that hold each variant equally often, any `no_repeat` neighbours different ones.

    Attributes:
        names: of the variants, sorted, at least `no_repeat`.
        each: slots of each, >= 1.
        no_repeat: >= 1, which asks for nothing.
        before: variants of the no_repeat − 1 slots before the block, earliest first, all different; none where the
            account begins with it.
    """

    names: tuple[str, ...]
    each: int
    no_repeat: int
    before: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many there are: the same after whichever variants."""
        if self.no_repeat > 1:
            return self._ways(dict.fromkeys(self.names, self.each), self.before)
        alike: int = math.factorial(self.each) ** len(self.names)
        return math.factorial(len(self.names) * self.each) // alike

    def at(self, number: int) -> tuple[str, ...]:
        """The arrangement with this number, from 0 below `count`, in lexicographic order."""
        due, order, ways = dict.fromkeys(self.names, self.each), self.before, self.count
        for _ in range(self.each * len(self.names)):
            name, number, ways = self._next(number, ways, due, _last(order, self.no_repeat - 1))
            due[name] -= 1
            order = (*order, name)
        return order[len(self.before) :]

    def _next(self, number: int, ways: int, due: Mapping[str, int], recent: tuple[str, ...]) -> tuple[str, int, int]:
        """The variant of the next slot, the number among the arrangements that go on with it, and how many those are.

        Variants that are due equally often have equally many. With no rule these are a share due/slots of all.
        """
        known: dict[int, int] = {}
        slots = sum(due.values())
        for name in (name for name in self.names if due[name] and name not in recent):
            if (own := due[name]) not in known:
                after = _last((*recent, name), self.no_repeat - 1)
                known[own] = self._ways({**due, name: own - 1}, after) if after else ways * own // slots
            if number < known[own]:
                return name, number, known[own]
            number -= known[own]
        raise IndexError("a block has fewer arrangements")

    def _ways(self, due: Mapping[str, int], recent: Sequence[str]) -> int:
        """How many arrangements go on from here: by how often the recent ones and the others are due, not by name."""
        others = Counter(own for name, own in due.items() if name not in recent)
        state = (*(due[name] for name in recent), *(others[own] for own in range(self.each + 1)))
        return _counted(len(self.names), self.each, self.no_repeat - 1)[state]


@lru_cache(maxsize=8)
def _counted(variants: int, each: int, keep: int) -> Mapping[_State, int]:
    """Ways to go on from every state of a block, whether slots come before it or not, from its last slot to its first.

    Args:
        variants: how many.
        each: how often each of them.
        keep: how many slots a variant must wait, >= 1.
    """
    starts = [(*[each] * before, *[0] * each, variants - before) for before in (0, keep)]
    led = {state: _led(state, each, keep) for state in starts}
    new = [*led]
    while new:
        new = [*dict.fromkeys(to for state in new for to, _ in led[state])]
        led |= {state: _led(state, each, keep) for state in new}
    ways: dict[_State, int] = {}
    for state, after in reversed(led.items()):
        ways[state] = sum([many * ways[to] for to, many in after]) if after else int(_done(state, each))
    return ways


def _done(state: _State, each: int) -> bool:
    """Whether nothing is due any more; else the recent ones are, too soon."""
    return not any(state[: -each - 1]) and not any(state[-each:])


def _led(state: _State, each: int, keep: int) -> list[tuple[_State, int]]:
    """The states after one slot more, with how many variants lead there: the earliest recent one is free again."""
    split = len(state) - each - 1
    recent, others, after = state[:split], state[split:], []
    for due in range(1, each + 1):
        if others[due]:
            counts, seen = list(others), (*recent, due - 1)
            counts[due] -= 1
            if split == keep:
                counts[seen[0]] += 1
                seen = seen[1:]
            after.append(((*seen, *counts), others[due]))
    return after


def _last(items: tuple[str, ...], keep: int) -> tuple[str, ...]:
    return items[max(0, len(items) - keep) :]
