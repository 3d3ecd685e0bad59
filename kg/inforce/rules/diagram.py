"""Decision diagrams at question time: which outcomes remain possible, and what known truths leave of a diagram.

The diagrams are compiled by ``inforce.rules.compile``; here they are flat tuples. Truth is a pair of bit planes,
one bit a *world* (an instant, a cut of layers, a reading, a value tried): ``may be true`` and ``may be false``.

Source: R. E. Bryant, Graph-Based Algorithms for Boolean Function Manipulation, IEEE Trans. Computers C-35 (1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inforce.rules.model import Diagram

__all__ = ["Remainder", "possible"]

IMPOSSIBLE, HOLDS, FAILS = 0, 1, 2


def possible(
    diagram: Diagram, may_be_true: Sequence[int], may_be_false: Sequence[int], everywhere: int
) -> tuple[int, int]:
    """Return the planes of worlds in which the outcome can hold and in which it can fail.

    Exact for partial facts, since a path tests a variable once. ``everywhere`` has a bit for each world.
    """
    nodes = diagram.nodes
    hold: dict[int, int] = {IMPOSSIBLE: 0, HOLDS: everywhere, FAILS: 0}
    fail: dict[int, int] = {IMPOSSIBLE: 0, HOLDS: 0, FAILS: everywhere}
    pending = [diagram.root]
    while pending:
        node = pending[-1]
        if node in hold:
            pending.pop()
            continue
        variable, high, low = nodes[node - 3]
        true, false = may_be_true[variable], may_be_false[variable]
        # A branch no world takes is never entered: on one day most of history is such a branch.
        ready = True
        if true and high not in hold:
            pending.append(high)
            ready = False
        if false and low not in hold:
            pending.append(low)
            ready = False
        if ready:
            pending.pop()
            hold[node] = (true & hold[high] if true else 0) | (false & hold[low] if false else 0)
            fail[node] = (true & fail[high] if true else 0) | (false & fail[low] if false else 0)
    return hold[diagram.root], fail[diagram.root]


@dataclass(slots=True)
class Remainder:
    """What is left of a diagram once the known variables are put in: over open variables only.

    Node ids are those of this object, children before parents; the first three are the terminals.
    """

    diagram: Diagram
    nodes: list[tuple[int, int, int]] = field(default_factory=lambda: [(1 << 30, i, i) for i in range(3)])
    _unique: dict[tuple[int, int, int], int] = field(default_factory=dict)

    def put_in(self, truths: Sequence[bool | None]) -> int:
        """Add the root of the diagram restricted to ``truths`` (by variable, ``None`` open); return it."""
        nodes, top = self.diagram.nodes, self.diagram.root
        # Children come before parents: one pass down marks what is reached, one pass up rebuilds it.
        reached = bytearray(top + 1)
        reached[top] = 1
        for number in range(top, 2, -1):
            if reached[number]:
                variable, high, low = nodes[number - 3]
                truth = truths[variable]
                if truth is not False:
                    reached[high] = 1
                if truth is not True:
                    reached[low] = 1
        memo = list(range(top + 1)) if top > 2 else [0, 1, 2]
        for number in range(3, top + 1):
            if reached[number]:
                variable, high, low = nodes[number - 3]
                truth = truths[variable]
                if truth is None:
                    high, low = memo[high], memo[low]
                    memo[number] = high if high == low else self._node(variable, high, low)
                else:
                    memo[number] = memo[high if truth else low]
        return memo[top]

    def _node(self, variable: int, high: int, low: int) -> int:
        key = (variable, high, low)
        found = self._unique.get(key)
        if found is None:
            found = self._unique[key] = len(self.nodes)
            self.nodes.append(key)
        return found
