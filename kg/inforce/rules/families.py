"""Families of sets as zero-suppressed diagrams: thousands of small sets in a few hundred nodes.

A family is a number; 0 has no set, 1 has the empty set alone. Items are numbers, smaller ones first.

Source: S. Minato, Zero-Suppressed BDDs for Set Manipulation in Combinatorial Problems, DAC (1993).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from heapq import merge
from itertools import islice

__all__ = ["EMPTY", "UNIT", "Families"]

EMPTY, UNIT = 0, 1
END = 1 << 30


class Families:
    """Families over items ``0 … n-1``."""

    def __init__(self) -> None:
        self._nodes: list[tuple[int, int, int]] = [(END, 0, 0), (END, 0, 0)]
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._apart: dict[tuple[int, int], int] = {}
        self._counts: dict[int, int] = {EMPTY: 0, UNIT: 1}
        self._both: dict[tuple[int, int], int] = {}

    def node(self, item: int, inside: int, without: int) -> int:
        """Return the sets of ``inside`` with ``item`` added, and those of ``without``; both have later items only."""
        if inside == EMPTY:
            return without
        key = (item, inside, without)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._nodes)
            self._nodes.append(key)
        return found

    def not_above(self, family: int, other: int) -> int:
        """Return the sets of ``family`` that contain no set of ``other``.

        >>> f = Families()
        >>> a, b = f.node(0, UNIT, EMPTY), f.node(1, UNIT, EMPTY)
        >>> f.sets(f.not_above(f.node(0, b, b), a))
        [(1,)]
        """
        if other == EMPTY or family == EMPTY:
            return family
        if other == UNIT or family == other:
            return EMPTY
        if family == UNIT:
            return EMPTY if self._has_empty(other) else UNIT
        key = (family, other)
        found = self._apart.get(key)
        if found is None:
            item, inside, without = self._nodes[family]
            at, there, beside = self._nodes[other]
            if item > at:
                found = self.not_above(family, beside)
            elif item < at:
                found = self.node(item, self.not_above(inside, other), self.not_above(without, other))
            else:
                left = self.not_above(self.not_above(inside, beside), there)
                found = self.node(item, left, self.not_above(without, beside))
            self._apart[key] = found
        return found

    def _has_empty(self, family: int) -> bool:
        while family > UNIT:
            family = self._nodes[family][2]
        return family == UNIT

    def least(self, family: int, other: int) -> int:
        """Return the sets of two families that contain no other of them; in each alone none contains another."""
        if family == UNIT or other == UNIT:
            return UNIT
        if EMPTY in (family, other) or family == other:
            return family or other
        key = (min(family, other), max(family, other))
        found = self._both.get(key)
        if found is None:
            item = min(self._nodes[family][0], self._nodes[other][0])
            (inside, without), (there, beside) = self._cut(family, item), self._cut(other, item)
            rest = self.least(without, beside)
            found = self._both[key] = self.node(item, self.not_above(self.least(inside, there), rest), rest)
        return found

    def _cut(self, family: int, item: int) -> tuple[int, int]:
        at, inside, without = self._nodes[family]
        return (inside, without) if at == item else (EMPTY, family)

    def dropped(self, family: int, items: Collection[int]) -> int:
        """Return the sets without some items; of these, the ones that contain no other.

        >>> f = Families()
        >>> b = f.node(1, UNIT, EMPTY)
        >>> f.sets(f.dropped(f.node(0, b, f.node(2, UNIT, EMPTY)), {0}))
        [(1,), (2,)]
        """
        known = {EMPTY: EMPTY, UNIT: UNIT}

        def of(at: int) -> int:
            found = known.get(at)
            if found is None:
                item, inside, without = self._nodes[at]
                rest, more = of(without), of(inside)
                joined = self.least(more, rest) if item in items else self.node(item, self.not_above(more, rest), rest)
                found = known[at] = joined
            return found

        return of(family)

    def with_only(self, family: int, kept: Sequence[int], items: Collection[int]) -> int:
        """Return the sets that have all of ``kept``, in order, and besides them only some of ``items``."""
        item, inside, without = self._nodes[family]
        if item == END:
            return EMPTY if kept else family
        if kept and item >= kept[0]:
            return self.node(item, self.with_only(inside, kept[1:], items), EMPTY) if item == kept[0] else EMPTY
        rest = self.with_only(without, kept, items)
        return self.node(item, self.with_only(inside, kept, items), rest) if item in items else rest

    def count(self, family: int) -> int:
        """Return how many sets there are."""
        found = self._counts.get(family)
        if found is None:
            _, inside, without = self._nodes[family]
            found = self._counts[family] = self.count(inside) + self.count(without)
        return found

    def sets(self, family: int) -> list[tuple[int, ...]]:
        """Return all sets, each with its items in order."""
        if family <= UNIT:
            return [()] if family else []
        item, inside, without = self._nodes[family]
        return [*((item, *rest) for rest in self.sets(inside)), *self.sets(without)]

    def lightest(self, family: int, weights: Sequence[int], most: int) -> list[tuple[int, tuple[int, ...]]]:
        """Return the ``most`` lightest sets with their weight, lightest first; equal ones in the order of their items.

        Args:
            weights: by item, none below 0; a set weighs the sum of its items.
        """
        known: dict[int, list[tuple[int, tuple[int, ...]]]] = {EMPTY: [], UNIT: [(0, ())]}

        def of(at: int) -> list[tuple[int, tuple[int, ...]]]:
            found = known.get(at)
            if found is None:
                item, inside, without = self._nodes[at]
                more = ((weight + weights[item], (item, *rest)) for weight, rest in of(inside))
                found = known[at] = list(islice(merge(more, of(without)), most))
            return found

        return of(family)
