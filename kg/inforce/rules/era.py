"""One action while nothing changes: what is in force put into its diagram, which then reads facts only.

Between two instants at which something starts or ends, the diagram of all history shrinks to a few dozen nodes.
Eras are made when first needed and kept with the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise, product
from math import log2
from typing import Any

from inforce.rules.conditions import Truth, Variable, reachable
from inforce.rules.diagram import ENDS, FAILS, HOLDS, IMPOSSIBLE, Remainder
from inforce.rules.model import Diagram, Fact, Rulebook, RuleVersion

__all__ = ["Era", "Left", "bits"]

Facts = Mapping[str, Any]
Fixed = dict[int, bool]
Share = tuple[float, float]
"""The weight of completions in which the outcome holds, and of those in which it fails."""
Counted = tuple[tuple[RuleVersion, Truth], ...]

TRUE, MEMBER, BOUND = range(3)
EITHER = ENDS[HOLDS] | ENDS[FAILS]

# How likely an open fact has its ordinary value, when we choose what to ask first; all other values share the rest.
# No statistics stand behind it: a short question leaves some twenty facts open, and most applicants depart from the
# ordinary in about one of them. With one half, exceptions that hardly anyone meets would come first (decision 0010).
ORDINARY = 0.95


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
        "ends",
        "groups",
        "likely",
        "shares",
        "tests",
    )

    def __init__(
        self,
        book: Rulebook,
        diagram: Diagram,
        truths: Sequence[Truth],
        *,
        counted: Counted,
        covered: bool,
        instant: str,
        known_on: str | None,
    ) -> None:
        """Restrict ``diagram`` to ``truths``: of what is in force; ``None`` for tests of facts and what is disputed.

        ``counted`` are the rules that count, each with whether it is in force (``None``: disputed); ``covered``
        says whether some of them speaks to the action.
        """
        whole: Remainder | None = book.cache.get(id(diagram))
        if whole is None:
            whole = book.cache[id(diagram)] = Remainder(diagram)
        rest = whole.copy()
        root = rest.put_in(truths)
        kept = rest.below([root])
        used = sorted({rest.nodes[node][0] for node in kept})
        renumbered = {old: new for new, old in enumerate(used)}
        place = {node: number for number, node in enumerate((0, 1, 2, *kept))}
        nodes = (rest.nodes[node] for node in kept)
        self.counted, self.covered = counted, covered
        self.diagram = Diagram(
            variables=tuple(diagram.variables[position] for position in used),
            nodes=tuple((renumbered[variable], place[high], place[low]) for variable, high, low in nodes),
            root=place[root],
            constrained=frozenset(renumbered[v] for v in diagram.constrained if v in renumbered),
        )
        self.ends = [rest.ends[node] for node in (0, 1, 2, *kept)]
        self._nodes: Remainder | None = None
        self.tests = [_test(v, book, instant, known_on) for v in self.diagram.variables]
        self.groups: dict[str, list[int]] = {}
        for position, variable in enumerate(self.diagram.variables):
            if variable[0] not in ("rule", "condition"):
                self.groups.setdefault(variable[1], []).append(position)
        self.combinations: dict[str, list[Fixed]] = {}
        # By test, how likely it holds where it is open; by listed fact, how likely each combination is.
        self.likely = [0.5] * len(self.diagram.variables)
        self.shares: dict[str, list[float]] = {}
        for name, positions in self.groups.items():
            fact, tests = book.facts[name], [self.diagram.variables[position] for position in positions]
            if fact.multiple or any(v[0] in ("list", "scheme") for v in tests):
                found = reachable(name, tests, book, instant, known_on=known_on)
                self.combinations[name] = [dict(zip(positions, row.values(), strict=True)) for row in found]
                self.shares[name] = self._shares(fact)
            else:
                positions.sort(key=lambda position: self._bound(position))
                self._weigh(fact, positions)
        constrained = self.diagram.constrained
        self.constrained = {name for name, positions in self.groups.items() if constrained.intersection(positions)}
        self._combined: dict[tuple[str, ...], tuple[int, dict[int, int]]] = {}

    def _bound(self, position: int) -> Any:
        # Where a test of a number or day stands among those of its fact; other tests keep their order.
        return self.tests[position][2] if self.tests[position][0] == BOUND else position

    def _shares(self, fact: Fact) -> list[float]:
        rows = self.combinations[fact.name]
        usual = {fact.name: fact.ordinarily}
        ordinary = [fact.has_ordinary and all(self.truth(p, usual) is t for p, t in row.items()) for row in rows]
        if not any(ordinary) or len(rows) == 1:
            return [1 / len(rows)] * len(rows)
        return [ORDINARY if usual else (1 - ORDINARY) / (len(rows) - 1) for usual in ordinary]

    def _weigh(self, fact: Fact, positions: Sequence[int]) -> None:
        # The likelihood of a test by itself, such that impossible combinations left out each value weighs its share.
        usual = {fact.name: fact.ordinarily} if fact.has_ordinary else {}
        if self.tests[positions[0]][0] == BOUND:
            # Classes in a row: each test decides between the class below its bound and the one above.
            ordinary = sum(self.truth(p, usual) is True for p in positions) if usual else None
            weights = _weights(len(positions) + 1, ordinary)
            for place, position in enumerate(positions):
                self.likely[position] = weights[place + 1] / (weights[place] + weights[place + 1])
        elif fact.kind == "boolean":
            self.likely[positions[0]] = _weights(2, bool(fact.ordinarily) if usual else None)[1]
        else:
            named = [self.diagram.variables[position][2] for position in positions]
            # Of a scheme, all that is not tested counts as one value more.
            tokens = list(dict.fromkeys((*(fact.values or (*named, "")), *usual.values())))
            weights = _weights(len(tokens), tokens.index(fact.ordinarily) if usual else None)
            tested = {position: weights[tokens.index(token)] for position, token in zip(positions, named, strict=True)}
            # Where every value has its test, one of them holds: any scale will do.
            others = sum(weights) - sum(tested.values()) if len(tested) < len(tokens) else 1.0
            for position, weight in tested.items():
                self.likely[position] = weight / (weight + others)

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
        nodes, ends, root = self.diagram.nodes, self.ends, self.diagram.root
        everywhere, planes = self._planes(self.open_listed(facts))
        # By test the masks that go each way; those of facts are made when first met.
        ways: list[tuple[int, int] | None] = [None] * len(self.tests)
        for position, plane in planes.items():
            ways[position] = plane, everywhere & ~plane
        seen = [0] * (root + 1)
        # What is not found yet; a node that leads to none of it need not be entered.
        wanted = ends[root] & EITHER
        pending = [(root, everywhere)]
        while pending and wanted:
            node, mask = pending.pop()
            if not ends[node] & wanted:
                continue
            if node < 3:
                wanted &= ~ends[node]
                continue
            mask &= ~seen[node]
            if not mask:
                continue
            seen[node] |= mask
            position, high, low = nodes[node - 3]
            way = ways[position]
            if way is None:
                truth = self.truth(position, facts)
                way = ways[position] = 0 if truth is False else everywhere, 0 if truth is True else everywhere
            up, down = mask & way[0], mask & way[1]
            if up:
                pending.append((high, up))
            if down:
                pending.append((low, down))
        found = ends[root] & ~wanted
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
        if self._nodes is None:
            self._nodes = Remainder(self.diagram)
        names, left = self.open_listed(facts), self._nodes.copy()
        root = left.put_in(self._truths(facts))
        roots, weights = {}, {}
        for choice in product(*(range(len(self.combinations[name])) for name in names)):
            truths: list[Truth] = [None] * len(self.tests)
            weight = 1.0
            for name, number in zip(names, choice, strict=True):
                weight *= self.shares[name][number]
                for position, truth in self.combinations[name][number].items():
                    truths[position] = truth
            roots[choice] = left.put_in(truths, root)
            weights[choice] = weight
        return Left(left, roots, weights, self.likely)

    def _truths(self, facts: Facts) -> list[Truth]:
        truths: list[Truth] = [None] * len(self.tests)
        for name, positions in self.groups.items():
            if name in facts:
                for position in positions:
                    truths[position] = self.truth(position, facts)
        return truths

    def missing(self, facts: Facts, left: Left) -> dict[str, float]:
        """Return the open facts that can decide, all else equal, with the bits of information each gives; exact.

        The bits are what the outcome's entropy falls by on average once the fact is known, where each completion
        weighs as likely as it is. ``left`` is what ``remainder`` returned for ``facts``.
        """
        listed = self.open_listed(facts)
        found = {}
        for name, positions in self.groups.items():
            if name in listed:
                place = listed.index(name)
                others: dict[tuple[int, ...], list[int]] = {}
                for choice, root in left.roots.items():
                    others.setdefault((*choice[:place], *choice[place + 1 :]), []).append(root)
                if any(
                    left.differ(one, other) for group in others.values() for one, other in combinations(set(group), 2)
                ):
                    found[name] = left.gain(left.by_choice(place))
            elif name not in facts and any(position in left.reading for position in positions):
                # What the reduced diagram reads, it needs, unless a constraint reads it too.
                if name not in self.constrained or left.decided_by(positions):
                    found[name] = left.gain(left.by_value(positions, nested=self.tests[positions[0]][0] == BOUND))
        return found

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


class Left:
    """What a case leaves of a diagram: ``roots`` by the combination of truths of the open listed facts."""

    def __init__(
        self,
        rest: Remainder,
        roots: Mapping[tuple[int, ...], int],
        weights: Mapping[tuple[int, ...], float],
        likely: Sequence[float],
    ) -> None:
        """Weigh what is reached from each node: ``weights`` are those of the roots, ``likely`` those of tests."""
        self.nodes, self.support, self.ends = rest.nodes, rest.support, rest.ends
        self.roots, self.weights, self.likely = roots, weights, likely
        self.order = rest.below(roots.values())
        self.reading: dict[int, list[tuple[int, int]]] = {}
        # How likely the outcome holds below a node, and fails; what is impossible is neither.
        self.holds, self.fails = [0.0] * len(self.nodes), [0.0] * len(self.nodes)
        self.holds[HOLDS] = self.fails[FAILS] = 1.0
        nodes, holds, fails, reading = self.nodes, self.holds, self.fails, self.reading
        for node in self.order:
            variable, high, low = nodes[node]
            pairs = reading.get(variable)
            if pairs is None:
                reading[variable] = [(high, low)]
            else:
                pairs.append((high, low))
            p = likely[variable]
            holds[node] = p * holds[high] + (1 - p) * holds[low]
            fails[node] = p * fails[high] + (1 - p) * fails[low]
        self.whole = self._sum(roots)
        self._differ: dict[tuple[int, int], bool] = {}
        self._true: dict[int, Share] | None = None

    def _sum(self, choices: Iterable[tuple[int, ...]]) -> Share:
        held = failed = 0.0
        for choice in choices:
            root, weight = self.roots[choice], self.weights[choice]
            held += weight * self.holds[root]
            failed += weight * self.fails[root]
        return held, failed

    def gain(self, parts: Iterable[Share]) -> float:
        """Return the bits by which the outcome's entropy falls once it is known in which of ``parts`` one is."""
        total = sum(self.whole)
        return max(0.0, (_spread(*self.whole) - sum(_spread(*part) for part in parts)) / total) if total else 0.0

    def by_choice(self, place: int) -> list[Share]:
        """Return the weights by the combination of truths of one listed fact."""
        groups: dict[int, list[tuple[int, ...]]] = {}
        for choice in self.roots:
            groups.setdefault(choice[place], []).append(choice)
        return [self._sum(group) for group in groups.values()]

    def by_value(self, positions: Sequence[int], *, nested: bool) -> list[Share]:
        """Return the weights by value of a fact with these tests, which exclude each other or are ``nested``."""
        true = self._weights_where_true()
        held, failed = self.whole
        shares = [true.get(p) or (held * self.likely[p], failed * self.likely[p]) for p in positions]
        if nested:
            steps = [self.whole, *shares, (0.0, 0.0)]
            return [(one[0] - two[0], one[1] - two[1]) for one, two in pairwise(steps)]
        return [*shares, (held - sum(h for h, _ in shares), failed - sum(f for _, f in shares))]

    def _weights_where_true(self) -> dict[int, Share]:
        """The weights, by variable read, of the completions in which it is true; one pass for all."""
        if self._true is None:
            nodes, holds, fails, likely = self.nodes, self.holds, self.fails, self.likely
            reach = [0.0] * len(nodes)
            for choice, root in self.roots.items():
                reach[root] += self.weights[choice]
            through: dict[int, list[float]] = {variable: [0.0, 0.0, 0.0, 0.0] for variable in self.reading}
            for number in reversed(self.order):
                variable, high, low = nodes[number]
                here = reach[number]
                up = here * likely[variable]
                reach[high] += up
                reach[low] += here - up
                sums = through[variable]
                sums[0] += up * holds[high]
                sums[1] += up * fails[high]
                sums[2] += here * holds[number]
                sums[3] += here * fails[number]
            held, failed = self.whole
            # On paths that do not read the variable it is true as often as anywhere.
            self._true = {
                v: (h + likely[v] * (held - read_h), f + likely[v] * (failed - read_f))
                for v, (h, f, read_h, read_f) in through.items()
            }
        return self._true

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


def _weights(count: int, ordinary: int | None) -> list[float]:
    # How likely each of ``count`` values is, one of which may be ordinary.
    if ordinary is None or count == 1:
        return [1 / count] * count
    return [ORDINARY if number == ordinary else (1 - ORDINARY) / (count - 1) for number in range(count)]


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
        return MEMBER, variable[1], frozenset(book.within(variable[2])), None
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
