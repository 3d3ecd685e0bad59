"""Families of sets as zero-suppressed diagrams: thousands of small sets in a few hundred nodes.

A family is a number; 0 has no set, 1 has the empty set alone. Items are numbers, smaller ones first.

Source: S. Minato, Zero-Suppressed BDDs for Set Manipulation in Combinatorial Problems, DAC (1993).
"""

from __future__ import annotations

from collections.abc import Sequence
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
