"""One action while nothing changes: what is in force put into its diagram, which then reads facts only.

Between two instants at which something starts or ends, the diagram of all history shrinks to a few dozen nodes.
Eras are made when first needed and kept with the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from math import log2
from typing import Any

from inforce.rules.conditions import Truth, Variable, reachable
from inforce.rules.diagram import FAILS, HOLDS, IMPOSSIBLE, Remainder
from inforce.rules.model import Diagram, Rulebook, RuleVersion

__all__ = ["Era", "Left", "bits"]

Facts = Mapping[str, Any]
Fixed = dict[int, bool]
Counted = tuple[tuple[RuleVersion, Truth], ...]

TRUE, MEMBER, BOUND = range(3)
# Which terminals a node leads to, a bit each: impossible, holds, fails.
ENDS = (1, 2, 4)
EITHER = 6


class Era:
    """The diagram of one action at an instant, with its tests of facts made ready.

    Sets, and facts tested against lists or schemes, are *listed*: their open values are tried by the
    combinations of truths that some value can reach. All other tests of open facts are settled in the diagram.
    """

    __slots__ = (
        "_combined",
        "_nodes",
        "combinations",
        "constrained",
        "counted",
        "covered",
        "diagram",
        "groups",
        "tests",
    )

    def __init__(
        self,
        book: Rulebook,
        whole: Diagram,
        truths: Sequence[Truth],
        *,
        counted: Counted,
        covered: bool,
        instant: str,
        known_on: str | None,
    ) -> None:
        """Restrict ``whole`` to ``truths``: of what is in force; ``None`` for tests of facts and what is disputed.

        ``counted`` are the rules that count, each with whether it is in force (``None``: disputed); ``covered``
        says whether some of them speaks to the action.
        """
        rest = Remainder(whole)
        root = rest.put_in(truths)
        used = sorted({node[0] for node in rest.nodes[3:]})
        renumbered = {old: new for new, old in enumerate(used)}
        self.counted, self.covered = counted, covered
        self.diagram = Diagram(
            variables=tuple(whole.variables[position] for position in used),
            nodes=tuple((renumbered[v], high, low) for v, high, low in rest.nodes[3:]),
            root=root,
            constrained=frozenset(renumbered[v] for v in whole.constrained if v in renumbered),
        )
        self.tests = [_test(v, book, instant, known_on) for v in self.diagram.variables]
        self.groups: dict[str, list[int]] = {}
        for position, variable in enumerate(self.diagram.variables):
            if variable[0] not in ("rule", "condition"):
                self.groups.setdefault(variable[1], []).append(position)
        self.combinations: dict[str, list[Fixed]] = {}
        for name, positions in self.groups.items():
            tests = [self.diagram.variables[position] for position in positions]
            if book.facts[name].multiple or any(v[0] in ("list", "scheme") for v in tests):
                found = reachable(name, tests, book, instant, known_on=known_on)
                self.combinations[name] = [dict(zip(positions, row.values(), strict=True)) for row in found]
        constrained = self.diagram.constrained
        self.constrained = {name for name, positions in self.groups.items() if constrained.intersection(positions)}
        self._nodes = _Nodes(self.diagram)
        self._combined: dict[tuple[str, ...], tuple[int, dict[int, int]]] = {}

    def truth(self, position: int, facts: Facts) -> Truth:
        """Return the truth of one test for a case; a set that is given is complete."""
        kind, fact, yes, perhaps = self.tests[position]
        if fact not in facts:
            return None
        value = facts[fact]
        if kind == TRUE:
            return bool(value)
        if kind == BOUND:
            return bool(value >= yes)
        if type(value) is not tuple:
            return True if value in yes else None if perhaps and value in perhaps else False
        if not yes.isdisjoint(value):
            return True
        return None if perhaps and not perhaps.isdisjoint(value) else False

    def open_listed(self, facts: Facts) -> tuple[str, ...]:
        """Return the listed facts that are open."""
        return tuple(name for name in self.combinations if name not in facts)

    def possible(self, facts: Facts) -> tuple[bool, bool]:
        """Return whether the outcome can hold and whether it can fail, for some completion of ``facts``.

        Exact: a path tests a variable once, so every path that no known truth closes is some completion.
        The combinations of open listed facts go down together, one bit each.
        """
        nodes, truth, ends = self.diagram.nodes, self.truth, self._nodes.ends
        everywhere, planes = self._planes(self.open_listed(facts))
        shared: dict[int, Truth] = {}
        seen: dict[int, int] = {}
        # What is not found yet; a node that leads to none of it need not be entered.
        wanted = ends[self.diagram.root] & EITHER
        pending = [(self.diagram.root, everywhere)]
        while pending and wanted:
            node, mask = pending.pop()
            if not ends[node] & wanted:
                continue
            if node < 3:
                wanted &= ~ends[node]
                continue
            if node in seen:
                mask &= ~seen[node]
                if not mask:
                    continue
                seen[node] |= mask
            else:
                seen[node] = mask
            position, high, low = nodes[node - 3]
            plane = planes.get(position)
            if plane is not None:
                if mask & plane:
                    pending.append((high, mask & plane))
                if mask & ~plane:
                    pending.append((low, mask & ~plane))
                continue
            value = shared[position] if position in shared else shared.setdefault(position, truth(position, facts))
            if value is not False:
                pending.append((high, mask))
            if value is not True:
                pending.append((low, mask))
        found = ends[self.diagram.root] & ~wanted
        return bool(found & ENDS[HOLDS]), bool(found & ENDS[FAILS])

    def _planes(self, names: tuple[str, ...]) -> tuple[int, dict[int, int]]:
        # For some listed facts: a bit for each joint combination, and by test those in which it holds.
        found = self._combined.get(names)
        if found is None:
            rows = [
                {position: truth for part in row for position, truth in part.items()}
                for row in product(*(self.combinations[name] for name in names))
            ]
            planes = {p: sum(1 << number for number, row in enumerate(rows) if row[p]) for p in rows[0]}
            found = self._combined[names] = (1 << len(rows)) - 1, planes
        return found

    def remainder(self, facts: Facts) -> Left:
        """Return the diagram with ``facts`` put in, and its root for each combination of the open listed facts."""
        names = self.open_listed(facts)
        left = self._nodes.copy()
        given = [(p, self.truth(p, facts)) for name in facts for p in self.groups.get(name, ())]
        known = {position: truth for position, truth in given if truth is not None}
        root = left.put_in(self.diagram.root, known)
        choices = product(*(range(len(self.combinations[name])) for name in names))
        roots = {
            choice: left.put_in(
                root,
                {p: t for name, n in zip(names, choice, strict=True) for p, t in self.combinations[name][n].items()},
            )
            for choice in choices
        }
        return Left(left, roots)

    def missing(self, facts: Facts, left: Left) -> dict[str, float]:
        """Return the open facts that can decide, all else equal, with the bits of information each gives; exact.

        ``left`` is what ``remainder`` returned for ``facts``.
        """
        return dict(self._missing(facts, left))

    def _missing(self, facts: Facts, left: Left) -> Iterator[tuple[str, float]]:
        listed = self.open_listed(facts)
        gains = left.gains()
        for name, positions in self.groups.items():
            if name in listed:
                place = listed.index(name)
                others: dict[tuple[int, ...], list[int]] = {}
                for choice, root in left.roots.items():
                    others.setdefault((*choice[:place], *choice[place + 1 :]), []).append(root)
                if any(
                    left.differ(one, other) for group in others.values() for one, other in combinations(set(group), 2)
                ):
                    yield name, sum(left.gain_of(group) for group in others.values()) / len(others)
            elif name not in facts and any(position in gains for position in positions):
                # What the reduced diagram reads, it needs, unless a constraint reads it too.
                if name not in self.constrained or left.decided_by(positions):
                    yield name, sum(gains.get(position, 0.0) for position in positions)

    def tried(self, trials: Sequence[tuple[str, Any]], left: Left) -> list[tuple[bool, bool]]:
        """Return for each trial ``(fact, value)`` of an open fact whether the outcome can then hold, and fail."""
        everywhere = (1 << len(trials)) - 1
        false_in: dict[int, int] = {}
        true_in: dict[int, int] = {}
        for row, (name, value) in enumerate(trials):
            for position in self.groups.get(name, ()):
                settled = true_in if self.truth(position, {name: value}) else false_in
                settled[position] = settled.get(position, 0) | 1 << row
        can_hold, can_fail = left.planes(true_in, false_in, everywhere)
        return [(bool(can_hold >> row & 1), bool(can_fail >> row & 1)) for row in range(len(trials))]


class _Nodes:
    """Nodes of one diagram and of what is left of it under several assignments; what is equal is one node."""

    def __init__(self, diagram: Diagram) -> None:
        self.nodes: list[tuple[int, int, int]] = [(1 << 30, i, i) for i in range(3)]
        # The variables a node reads, and the terminals it leads to, a bit each.
        self.support, self.ends = [0, 0, 0], list(ENDS)
        self.numbers: dict[tuple[int, int, int], int] = {}
        for node in diagram.nodes:
            self.number(node)

    def copy(self) -> _Nodes:
        """Return the same nodes, to be added to."""
        other = object.__new__(_Nodes)
        other.nodes, other.support, other.ends = self.nodes[:], self.support[:], self.ends[:]
        other.numbers = self.numbers.copy()
        return other

    def number(self, node: tuple[int, int, int]) -> int:
        """Return the number of a node, a new one where there is none like it."""
        found = self.numbers.setdefault(node, len(self.nodes))
        if found == len(self.nodes):
            variable, high, low = node
            self.nodes.append(node)
            self.support.append(self.support[high] | self.support[low] | 1 << variable)
            self.ends.append(self.ends[high] | self.ends[low])
        return found

    def put_in(self, root: int, truths: Fixed) -> int:
        """Return the node that is left of ``root`` under ``truths``, by variable; untouched nodes stay as they are."""
        nodes, support = self.nodes, self.support
        touched = sum(1 << position for position in truths)
        memo: dict[int, int] = {}

        def left(node: int) -> int:
            found = memo.get(node)
            if found is None:
                variable, high, low = nodes[node]
                if variable in truths:
                    found = high if truths[variable] else low
                    if support[found] & touched:
                        found = left(found)
                else:
                    if support[high] & touched:
                        high = left(high)
                    if support[low] & touched:
                        low = left(low)
                    found = high if high == low else self.number((variable, high, low))
                memo[node] = found
            return found

        return left(root) if support[root] & touched else root


class Left:
    """What a case leaves of a diagram: ``roots`` by the combination of truths of the open listed facts."""

    def __init__(self, nodes: _Nodes, roots: Mapping[tuple[int, ...], int]) -> None:
        """Find what is reached from ``roots``."""
        self.roots = roots
        self.nodes, self.support, self.ends = nodes.nodes, nodes.support, nodes.ends
        reached = {0, 1, 2}
        pending = list(roots.values())
        while pending:
            node = pending.pop()
            if node not in reached:
                reached.add(node)
                pending += self.nodes[node][1:]
        # Children are made before parents, hence have smaller numbers.
        self.order = sorted(reached)[3:]
        self.reading: dict[int, list[tuple[int, int]]] = {}
        self.holds, self.fails = [0.0] * len(self.nodes), [0.0] * len(self.nodes)
        self.holds[HOLDS] = self.fails[FAILS] = 1.0
        holds, fails = self.holds, self.fails
        for node in self.order:
            variable, high, low = self.nodes[node]
            self.reading.setdefault(variable, []).append((high, low))
            # The share of the completions below that hold, and that fail.
            holds[node] = (holds[high] + holds[low]) / 2
            fails[node] = (fails[high] + fails[low]) / 2
        self._differ: dict[tuple[int, int], bool] = {}

    def gains(self) -> dict[int, float]:
        """Return, for each variable read, the bits of information about the outcome its truth gives on average.

        Completions weigh the same, impossible ones nothing.
        """
        holds, fails = self.holds, self.fails
        reach = [0.0] * len(self.nodes)
        roots = dict.fromkeys(self.roots.values())
        for root in roots:
            reach[root] = 1 / len(roots)
        all_holds = sum(reach[root] * holds[root] for root in roots)
        all_fails = sum(reach[root] * fails[root] for root in roots)
        through: dict[int, list[float]] = {}
        for node in reversed(self.order):
            variable, high, low = self.nodes[node]
            half = reach[node] / 2
            reach[high] += half
            reach[low] += half
            sums = through.get(variable)
            if sums is None:
                sums = through[variable] = [0.0, 0.0, 0.0, 0.0]
            sums[0] += half * holds[high]
            sums[1] += half * fails[high]
            sums[2] += half * holds[low]
            sums[3] += half * fails[low]
        before = _spread(all_holds, all_fails)
        found: dict[int, float] = {}
        for variable, (hh, hf, lh, lf) in through.items():
            # Paths that do not read the variable count half for each of its truths.
            rest_h, rest_f = (all_holds - hh - lh) / 2, (all_fails - hf - lf) / 2
            after = _spread(hh + rest_h, hf + rest_f) + _spread(lh + rest_h, lf + rest_f)
            found[variable] = max(0.0, before - after)
        return found

    def gain_of(self, roots: Sequence[int]) -> float:
        """Return the bits of information about the outcome that knowing which of ``roots`` it is gives on average."""
        pairs = [(self.holds[root], self.fails[root]) for root in roots]
        whole = _spread(sum(holds for holds, _ in pairs), sum(fails for _, fails in pairs))
        return max(0.0, (whole - sum(_spread(*pair) for pair in pairs)) / len(pairs))

    def planes(self, true_in: Mapping[int, int], false_in: Mapping[int, int], everywhere: int) -> tuple[int, int]:
        """Return the worlds in which the outcome can hold and can fail; the mappings say in which a test is settled."""
        hold, fail = [0] * len(self.nodes), [0] * len(self.nodes)
        hold[HOLDS] = fail[FAILS] = everywhere
        sides = {v: (everywhere & ~false_in.get(v, 0), everywhere & ~true_in.get(v, 0)) for v in (*true_in, *false_in)}
        for node in self.order:
            variable, high, low = self.nodes[node]
            if variable in sides:
                true, false = sides[variable]
                hold[node] = true & hold[high] | false & hold[low]
                fail[node] = true & fail[high] | false & fail[low]
            else:
                hold[node], fail[node] = hold[high] | hold[low], fail[high] | fail[low]
        can_hold = can_fail = 0
        for root in self.roots.values():
            can_hold |= hold[root]
            can_fail |= fail[root]
        return can_hold, can_fail

    def differ(self, one: int, other: int) -> bool:
        """Tell whether some completion has one definite outcome from ``one`` and the opposite one from ``other``."""
        if one == other:
            return False
        first, second = self.ends[one], self.ends[other]
        if (first | second) & EITHER != EITHER or IMPOSSIBLE in (one, other):
            return False
        if not (first | second) & ENDS[IMPOSSIBLE]:
            return True  # reduced, and everything possible: different nodes are different functions
        key = (one, other) if one < other else (other, one)
        found = self._differ.get(key)
        if found is None:
            a, b = self.nodes[one], self.nodes[other]
            high, low = a[1:] if a[0] <= b[0] else (one, one)
            up, down = b[1:] if b[0] <= a[0] else (other, other)
            found = self._differ[key] = self.differ(low, down) or self.differ(high, up)
        return found

    def decided_by(self, tests: Sequence[int]) -> bool:
        """Tell whether two ways to settle some ``tests`` lead, all else equal, to different outcomes."""
        # Down to the first of the tests that is answered differently the two ways are the same.
        if len(tests) == 1:
            for high, low in self.reading.get(tests[0], ()):
                if self.differ(high, low):
                    return True
            return False
        group = sum(1 << position for position in tests)
        memo: dict[tuple[int, int], bool] = {}
        return any(
            self._across(high, low, group, memo) for position in tests for high, low in self.reading.get(position, ())
        )

    def _across(self, one: int, other: int, group: int, memo: dict[tuple[int, int], bool]) -> bool:
        if not (self.support[one] | self.support[other]) & group:
            return self.differ(one, other)
        ends = self.ends[one] | self.ends[other]
        if one == other or ends & EITHER != EITHER or IMPOSSIBLE in (one, other):
            return False
        if not ends & ENDS[IMPOSSIBLE]:
            return True
        key = (one, other) if one < other else (other, one)
        found = memo.get(key)
        if found is None:
            a, b = self.nodes[one], self.nodes[other]
            high, low = a[1:] if a[0] <= b[0] else (one, one)
            up, down = b[1:] if b[0] <= a[0] else (other, other)
            found = self._across(low, down, group, memo) or self._across(high, up, group, memo)
            if not found and group >> min(a[0], b[0]) & 1:
                found = self._across(high, down, group, memo) or self._across(low, up, group, memo)
            memo[key] = found
        return found


def _spread(holds: float, fails: float) -> float:
    # The entropy of the outcome in bits, times its weight.
    if holds <= 0 or fails <= 0:
        return 0.0
    whole = holds + fails
    return -(holds * log2(holds / whole) + fails * log2(fails / whole))


def _test(variable: Variable, book: Rulebook, instant: str, known_on: str | None) -> tuple[int, str, Any, Any]:
    op = variable[0]
    if op in ("rule", "condition"):
        return TRUE, "", None, None  # disputed: no fact settles it
    if op == "true":
        return TRUE, variable[1], None, None
    if op == "at-least":
        number = book.facts[variable[1]].kind == "number"
        return BOUND, variable[1], float(variable[2]) if number else variable[2], None
    if op == "is":
        return MEMBER, variable[1], frozenset((variable[2],)), None
    if op == "scheme":
        narrower = (token for token, above in book.ancestors.items() if variable[2] in above)
        return MEMBER, variable[1], frozenset((variable[2], *narrower)), None
    certain: set[str] = set()
    perhaps: set[str] = set()
    for entry, intervals in book.lists.get(variable[2], {}).items():
        for interval in intervals:
            if interval.holds_at(instant, known_on=known_on):
                (perhaps if interval.uncertain_at(instant) else certain).add(entry)
    return MEMBER, variable[1], frozenset(certain), frozenset(perhaps - certain)


def bits(mask: int) -> list[int]:
    """Return the positions of the bits set in ``mask``.

    >>> bits(0b101)
    [0, 2]
    """
    return [position for position in range(mask.bit_length()) if mask >> position & 1]
