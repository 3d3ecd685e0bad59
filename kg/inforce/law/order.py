"""Places in a document: numbers that stay when something is put between, so that a wording keeps its own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

__all__ = ["SPACE", "place"]

SPACE = 1 << 32


def place(held: Sequence[int | None]) -> tuple[list[int], set[int]]:
    """Return a number for every position, rising, and the positions whose old number could not stay.

    Args:
        held: the numbers that units have in the new order of the document; ``None`` for new ones.

    >>> place([10, None, 20, 5])
    ([10, 15, 20, 4294967316], {3})
    """
    fixed = _longest_rising(held)
    moved = {at for at, one in enumerate(held) if one is not None and at not in fixed}
    found: list[int] = [0] * len(held)
    at, low = 0, 0
    while at < len(held):
        if at in fixed:
            found[at] = low = held[at] or 0
            at += 1
            continue
        end = at
        while end < len(held) and (end not in fixed or (held[end] or 0) - low <= end - at):
            if end in fixed:
                fixed.discard(end)
                moved.add(end)
            end += 1
        high = held[end] if end < len(held) else None
        step = SPACE if high is None else (high - low) // (end - at + 1)
        for count, position in enumerate(range(at, end), 1):
            found[position] = low + count * step
        low, at = found[end - 1], end
    return found, moved


def _longest_rising(held: Sequence[int | None]) -> set[int]:
    """The positions of a longest rising run: as many units as can keep their number do."""
    tails: list[int] = []
    ends: list[int] = []
    before: dict[int, int] = {}
    for at, one in enumerate(held):
        if one is None:
            continue
        where = bisect_left(tails, one)
        if where:
            before[at] = ends[where - 1]
        if where == len(tails):
            tails.append(one)
            ends.append(at)
        else:
            tails[where] = one
            ends[where] = at
    found: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        found.add(at)
        at = before.get(at, -1)
    return found
