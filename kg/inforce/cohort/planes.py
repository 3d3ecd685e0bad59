"""Bit planes: a bit for each row of a block, in words of sixty-four; what is the same for all rows takes one word.

A plane is an array of words, or one of the constants ``FULL`` and ``EMPTY``, which numpy stretches to any length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["EMPTY", "FULL", "Pair", "Plane", "Program", "both", "count", "either", "inverse", "pack", "rows", "unpack"]

Plane = NDArray[np.uint64]
Pair = tuple[Plane, Plane]
"""May be true, may be false."""

EMPTY: Plane = np.zeros(1, np.uint64)
FULL: Plane = ~EMPTY
for constant in (EMPTY, FULL):
    constant.setflags(write=False)


def pack(flags: NDArray[Any]) -> Plane:
    """Return the plane of ``flags``, one a row; the bits beyond the last row are clear.

    >>> pack(np.array([True, False, True]))
    array([5], dtype=uint64)
    """
    packed = np.packbits(flags, bitorder="little")
    words = np.zeros(-(-len(flags) // 64), np.uint64)
    words.view(np.uint8)[: len(packed)] = packed
    return words


def unpack(plane: Plane, length: int) -> NDArray[np.uint8]:
    """Return the first ``length`` bits of a plane, one a byte."""
    # A plane that is the same in every word may be one word seen many times.
    whole = np.ascontiguousarray(np.broadcast_to(plane, -(-length // 64)))
    return np.unpackbits(whole.view(np.uint8), bitorder="little", count=length)


def rows(plane: Plane, length: int) -> NDArray[np.intp]:
    """Return the rows whose bit is set, in order."""
    return np.flatnonzero(unpack(plane, length)) if plane.any() else np.empty(0, np.intp)


def count(plane: Plane, length: int) -> int:
    """Return how many of the first ``length`` rows have their bit set."""
    return len(rows(plane, length))


def both(*planes: Plane) -> Plane:
    """Return the rows in all of the planes."""
    found = FULL
    for plane in planes:
        if plane is EMPTY:
            return EMPTY
        if plane is not FULL:
            found = plane if found is FULL else found & plane
    return found


def either(planes: Iterable[Plane]) -> Plane:
    """Return the rows in any of the planes."""
    found = EMPTY
    for plane in planes:
        if plane is FULL:
            return FULL
        if plane is not EMPTY:
            found = plane if found is EMPTY else found | plane
    return found


def inverse(plane: Plane) -> Plane:
    """Return the rows that are not in the plane."""
    return FULL if plane is EMPTY else EMPTY if plane is FULL else ~plane


class Program:
    """Decision diagrams as the list of steps that lead all rows of a block through them, from the roots down.

    Each node has the plane of rows that may reach it; a row reaches both sides of a test that is open for it. Exact
    for partial facts, since a path tests a variable once. What diagrams have in common is gone through once.
    """

    def __init__(self, nodes: Sequence[tuple[int, int, int]], roots: Iterable[int]) -> None:
        """Take nodes ``(variable, high, low)``, by number; children have smaller numbers, 0 to 2 are the terminals."""
        reached, pending = {0, 1, 2}, list(roots)
        while pending:
            node = pending.pop()
            if node not in reached:
                reached.add(node)
                pending += nodes[node][1:]
        self.steps = [(node, *nodes[node]) for node in sorted(reached - {0, 1, 2}, reverse=True)]
        self.variables = sorted({variable for _, variable, _, _ in self.steps})

    def run(self, pairs: Sequence[Pair | None], starts: Mapping[int, Plane], words: int) -> Pair:
        """Return the planes of rows that may reach terminal 1 (it holds) and terminal 2 (it fails).

        ``pairs`` are the truths of the variables; those that no step reads may be ``None``. ``starts`` are the rows
        that begin at each root.
        """
        reach: dict[int, Plane] = {}
        for root, rows in starts.items():
            reach[root] = np.empty(words, np.uint64)
            reach[root][:] = rows
        spare: list[Plane] = []
        scratch = np.empty(words, np.uint64)
        for node, variable, high, low in self.steps:
            here = reach.pop(node, None)
            if here is None:
                continue
            pair = pairs[variable]
            if pair is None:
                raise AssertionError("a step reads a variable that was not prepared")
            for child, side in ((high, pair[0]), (low, pair[1])):
                # Nothing is asked of rows whose facts exclude each other: terminal 0.
                if not child or side is EMPTY:
                    continue
                there = reach.get(child)
                if there is None:
                    there = reach[child] = spare.pop() if spare else np.empty(words, np.uint64)
                    np.bitwise_and(here, side, out=there)
                elif side is FULL:
                    np.bitwise_or(there, here, out=there)
                else:
                    np.bitwise_and(here, side, out=scratch)
                    np.bitwise_or(there, scratch, out=there)
            spare.append(here)
        return reach.get(1, EMPTY), reach.get(2, EMPTY)
