"""Decision diagrams at question time: which outcomes remain possible, and what known truths leave of a diagram.

The diagrams are compiled by ``inforce.rules.compile``; here they are flat tuples. Truth is a pair of bit planes,
one bit a *world* (an instant, a cut of layers, a reading, a value tried): ``may be true`` and ``may be false``.

Source: R. E. Bryant, Graph-Based Algorithms for Boolean Function Manipulation, IEEE Trans. Computers C-35 (1986).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inforce.rules.model import Diagram

__all__ = ["ENDS", "Node", "Remainder", "possible"]

IMPOSSIBLE, HOLDS, FAILS = 0, 1, 2
Node = tuple[int, int, int]
"""A variable and the nodes where it is true and where it is false."""
# Which terminals a node leads to, a bit each.
ENDS = (1 << IMPOSSIBLE, 1 << HOLDS, 1 << FAILS)
# The terminals read nothing: their variable comes after all others.
TERMINALS: tuple[Node, ...] = tuple((1 << 30, end, end) for end in (IMPOSSIBLE, HOLDS, FAILS))


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


class Remainder:
    """What is left of a diagram once known variables are put in: equal nodes once, beside the diagram's own.

    What is in force put in makes an era of all history; a case put in makes what its open facts decide. Children have
    smaller numbers than parents; the first three nodes are the terminals.
    """

    __slots__ = ("ends", "nodes", "numbers", "root", "support")

    def __init__(self, diagram: Diagram) -> None:
        """Take the nodes of ``diagram``, numbered as there."""
        self.root = diagram.root
        self.nodes: list[Node] = [*TERMINALS, *diagram.nodes]
        # The variables a node reads, and the terminals it leads to, a bit each.
        self.support, self.ends = [0, 0, 0], list(ENDS)
        for variable, high, low in diagram.nodes:
            self.support.append(self.support[high] | self.support[low] | 1 << variable)
            self.ends.append(self.ends[high] | self.ends[low])
        self.numbers = {node: number for number, node in enumerate(self.nodes)}

    def copy(self) -> Remainder:
        """Return the same nodes, to be added to."""
        other = object.__new__(Remainder)
        other.root, other.nodes, other.numbers = self.root, self.nodes[:], self.numbers.copy()
        other.support, other.ends = self.support[:], self.ends[:]
        return other

    def put_in(self, truths: Sequence[bool | None], root: int | None = None) -> int:
        """Return the node that is left of ``root`` under ``truths`` (by variable, ``None`` open).

        ``root`` is the diagram's where none is given; a node that reads nothing known stays as it is.
        """
        nodes, support, ends, numbers = self.nodes, self.support, self.ends, self.numbers
        touched = sum(1 << variable for variable, truth in enumerate(truths) if truth is not None)
        memo: dict[int, int] = {}

        def left(node: int) -> int:
            found = memo.get(node)
            if found is None:
                variable, high, low = nodes[node]
                truth = truths[variable]
                if truth is not None:
                    found = high if truth else low
                    if support[found] & touched:
                        found = left(found)
                else:
                    if support[high] & touched:
                        high = left(high)
                    if support[low] & touched:
                        low = left(low)
                    if high == low:
                        found = high
                    else:
                        key = (variable, high, low)
                        found = numbers.get(key)
                        if found is None:
                            found = numbers[key] = len(nodes)
                            nodes.append(key)
                            support.append(support[high] | support[low] | 1 << variable)
                            ends.append(ends[high] | ends[low])
                memo[node] = found
            return found

        top = self.root if root is None else root
        return left(top) if support[top] & touched else top

    def below(self, roots: Iterable[int]) -> list[int]:
        """Return the nodes reached from ``roots``, without the terminals, children before parents."""
        reached = {0, 1, 2}
        pending = list(roots)
        while pending:
            node = pending.pop()
            if node not in reached:
                reached.add(node)
                pending += self.nodes[node][1:]
        return sorted(reached)[3:]
