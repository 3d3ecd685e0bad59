"""Decision diagrams at question time: which outcomes remain possible, which facts still matter, and how much.

The diagrams are compiled by ``inforce.rules.compile``; here they are flat tuples. Truth is a pair of bit planes,
one bit a *world* (an instant, a cut of layers, a reading, a value tried): ``may be true`` and ``may be false``.

Source: R. E. Bryant, Graph-Based Algorithms for Boolean Function Manipulation, IEEE Trans. Computers C-35 (1986).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2

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

    Node ids are those of this object; ``roots`` has one for each reachable combination of the list tests.
    """

    diagram: Diagram
    nodes: list[tuple[int, int, int]] = field(default_factory=lambda: [(1 << 30, i, i) for i in range(3)])
    support: list[int] = field(default_factory=lambda: [0, 0, 0])
    roots: list[int] = field(default_factory=list)
    _unique: dict[tuple[int, int, int], int] = field(default_factory=dict)
    _sums: tuple[list[float], list[float]] | None = None

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
        root = memo[top]
        if root not in self.roots:
            self.roots.append(root)
        return root

    def _node(self, variable: int, high: int, low: int) -> int:
        key = (variable, high, low)
        found = self._unique.get(key)
        if found is None:
            found = self._unique[key] = len(self.nodes)
            self.nodes.append(key)
            self.support.append(self.support[high] | self.support[low] | 1 << variable)
        return found

    def open_variables(self) -> int:
        """Return the bits of the variables that some root still reads."""
        bits = 0
        for root in self.roots:
            bits |= self.support[root]
        return bits

    def matters(self, group: int) -> bool:
        """Tell whether two ways to settle the variables of ``group`` lead, all else equal, to different outcomes."""
        if not group & self.open_variables():
            return False
        memo: dict[tuple[int, int], bool] = {}
        return any(self._parts(root, root, group, memo) for root in self.roots)

    def differ(self, roots: Sequence[int]) -> bool:
        """Tell whether, all else equal, two of ``roots`` lead to different outcomes."""
        memo: dict[tuple[int, int], bool] = {}
        kinds = set(roots)
        return any(one != other and self._parts(one, other, 0, memo) for one in kinds for other in kinds)

    def gain_of(self, roots: Sequence[int]) -> float:
        """Return the bits of information about the outcome that knowing which of ``roots`` it is gives on average."""
        holds, fails = self._shares()
        pairs = [(holds[root], fails[root]) for root in roots]
        whole = [sum(pair[side] for pair in pairs) for side in (0, 1)]
        inside = sum(entropy(pair) * sum(pair) for pair in pairs)
        return max(0.0, (entropy(whole) * sum(whole) - inside) / len(pairs))

    def _shares(self) -> tuple[list[float], list[float]]:
        # For each node the share of its completions that hold and that fail; made once all roots are put in.
        if self._sums is None or len(self._sums[0]) != len(self.nodes):
            holds, fails = [0.0] * len(self.nodes), [0.0] * len(self.nodes)
            holds[HOLDS] = fails[FAILS] = 1.0
            for node in range(3, len(self.nodes)):
                _, high, low = self.nodes[node]
                holds[node] = (holds[high] + holds[low]) / 2
                fails[node] = (fails[high] + fails[low]) / 2
            self._sums = holds, fails
        return self._sums

    def planes(
        self, may_be_true: Mapping[int, int], may_be_false: Mapping[int, int], everywhere: int
    ) -> tuple[list[int], list[int]]:
        """Return for each node the planes of worlds in which the outcome can hold and in which it can fail."""
        hold, fail = [0, everywhere, 0], [0, 0, everywhere]
        for variable, high, low in self.nodes[3:]:
            true, false = may_be_true[variable], may_be_false[variable]
            hold.append(true & hold[high] | false & hold[low])
            fail.append(true & fail[high] | false & fail[low])
        return hold, fail

    def _parts(self, one: int, other: int, group: int, memo: dict[tuple[int, int], bool]) -> bool:
        # Is there a completion, equal outside ``group``, that takes ``one`` to HOLDS and ``other`` to FAILS?
        if one == HOLDS and other == FAILS:
            return True
        if one == IMPOSSIBLE or one == FAILS or other == IMPOSSIBLE or other == HOLDS:
            return False
        if one == other and not self.support[one] & group:
            return False
        key = (one, other)
        found = memo.get(key)
        if found is None:
            first, second = self.nodes[one], self.nodes[other]
            variable = first[0] if first[0] < second[0] else second[0]
            a, b = first[1:] if first[0] == variable else (one, one)
            c, d = second[1:] if second[0] == variable else (other, other)
            parts = self._parts
            found = parts(a, c, group, memo) or parts(b, d, group, memo)
            if not found and group >> variable & 1:
                found = parts(a, d, group, memo) or parts(b, c, group, memo)
            memo[key] = found
        return found

    def gains(self) -> dict[int, float]:
        """Return, for each open variable, the bits of information about the outcome its truth gives on average.

        Completions weigh the same, impossible ones nothing.
        """
        order = range(3, len(self.nodes))
        holds, fails = self._shares()
        reach = [0.0] * len(self.nodes)
        for root in self.roots:
            reach[root] += 1 / len(self.roots)
        all_holds = sum(reach[root] * holds[root] for root in self.roots)
        all_fails = sum(reach[root] * fails[root] for root in self.roots)
        through: dict[int, list[float]] = {}
        for node in reversed(order):
            if reach[node]:
                variable, high, low = self.nodes[node]
                half = reach[node] / 2
                reach[high] += half
                reach[low] += half
                sums = through.setdefault(variable, [0.0, 0.0, 0.0, 0.0])
                for position, child in enumerate((high, low)):
                    sums[2 * position] += half * holds[child]
                    sums[2 * position + 1] += half * fails[child]
        before = entropy((all_holds, all_fails)) * (all_holds + all_fails)
        found: dict[int, float] = {}
        for variable, (hh, hf, lh, lf) in through.items():
            # Paths that do not read the variable count half for each of its truths.
            rest_h, rest_f = (all_holds - hh - lh) / 2, (all_fails - hf - lf) / 2
            yes, no = (hh + rest_h, hf + rest_f), (lh + rest_h, lf + rest_f)
            after = entropy(yes) * sum(yes) + entropy(no) * sum(no)
            found[variable] = max(0.0, before - after)
        return found


def entropy(weights: Iterable[float]) -> float:
    """Return the entropy in bits of a distribution given by ``weights``.

    >>> entropy((1, 1))
    1.0
    """
    known = [weight for weight in weights if weight > 0]
    total = sum(known)
    return -sum(weight / total * log2(weight / total) for weight in known) if total else 0.0
