"""One action while nothing changes: what is in force put into its diagram, which then reads facts only.

Between two instants at which something starts or ends, the diagram of all history shrinks to a few dozen nodes.
Eras are made when first needed and kept with the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from inforce.rules.conditions import Truth, Variable, reachable
from inforce.rules.diagram import FAILS, HOLDS, Remainder
from inforce.rules.model import Diagram, Rulebook

__all__ = ["Era", "bits"]

Facts = Mapping[str, Any]
Fixed = dict[int, bool]
Left = tuple[Remainder, dict[tuple[int, ...], int]]

TRUE, MEMBER, BOUND = range(3)
UNSET = object()


class Era:
    """The diagram of one action at an instant, with its tests of facts made ready.

    Sets, and facts tested against lists or schemes, are *listed*: their open values are tried by the
    combinations of truths that some value can reach. All other tests of open facts are settled in the diagram.
    """

    __slots__ = ("_combined", "combinations", "covered", "diagram", "groups", "tests")

    def __init__(
        self, book: Rulebook, whole: Diagram, truths: Sequence[Truth], covered: bool, instant: str, known_on: str | None
    ) -> None:
        """Restrict ``whole`` to ``truths``: of what is in force; ``None`` for tests of facts and what is disputed."""
        rest = Remainder(whole)
        root = rest.put_in(truths)
        used = sorted({node[0] for node in rest.nodes[3:]})
        renumbered = {old: new for new, old in enumerate(used)}
        self.covered = covered
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
        self._combined: dict[tuple[str, ...], list[Fixed]] = {}

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
        tokens = value if type(value) is tuple else (value,)
        if any(token in yes for token in tokens):
            return True
        return None if perhaps and any(token in perhaps for token in tokens) else False

    def open_listed(self, facts: Facts) -> tuple[str, ...]:
        """Return the listed facts that are open."""
        return tuple(name for name in self.combinations if name not in facts)

    def combined(self, names: tuple[str, ...]) -> list[Fixed]:
        """Return the joint combinations of truths of some listed facts."""
        found = self._combined.get(names)
        if found is None:
            rows = product(*(self.combinations[name] for name in names))
            found = self._combined[names] = [{k: v for part in row for k, v in part.items()} for row in rows]
        return found

    def possible(self, facts: Facts) -> tuple[bool, bool]:
        """Return whether the outcome can hold and whether it can fail, for some completion of ``facts``.

        Exact: a path tests a variable once, so every path that no known truth closes is some completion.
        """
        nodes, root, truth = self.diagram.nodes, self.diagram.root, self.truth
        shared: dict[int, Any] = {}
        hold = fail = False
        for fixed in self.combined(self.open_listed(facts)):
            seen: set[int] = set()
            pending = [root]
            while pending:
                node = pending.pop()
                if node < 3:
                    hold |= node == HOLDS
                    fail |= node == FAILS
                    if hold and fail:
                        return True, True
                    continue
                if node in seen:
                    continue
                seen.add(node)
                position, high, low = nodes[node - 3]
                if position in fixed:
                    pending.append(high if fixed[position] else low)
                    continue
                value = shared.get(position, UNSET)
                if value is UNSET:
                    value = shared[position] = truth(position, facts)
                if value is not False:
                    pending.append(high)
                if value is not True:
                    pending.append(low)
        return hold, fail

    def remainder(self, facts: Facts) -> Left:
        """Return the diagram with ``facts`` put in, and its root for each combination of the open listed facts."""
        names = self.open_listed(facts)
        rest = Remainder(self.diagram)
        base = [self.truth(position, facts) for position in range(len(self.tests))]
        roots: dict[tuple[int, ...], int] = {}
        for choice in product(*(range(len(self.combinations[name])) for name in names)):
            truths = list(base)
            for name, number in zip(names, choice, strict=True):
                for position, truth in self.combinations[name][number].items():
                    truths[position] = truth
            roots[choice] = rest.put_in(truths)
        return rest, roots

    def missing(self, facts: Facts, left: Left) -> dict[str, float]:
        """Return the open facts that can decide, all else equal, with the bits of information each gives; exact.

        ``left`` is what ``remainder`` returned for ``facts``.
        """
        return dict(self._missing(facts, *left))

    def _missing(
        self, facts: Facts, rest: Remainder, roots: Mapping[tuple[int, ...], int]
    ) -> Iterator[tuple[str, float]]:
        listed = self.open_listed(facts)
        read = rest.open_variables()
        gains = rest.gains()
        for name, positions in self.groups.items():
            if name in listed:
                place = listed.index(name)
                others: dict[tuple[int, ...], list[int]] = {}
                for choice, root in roots.items():
                    others.setdefault((*choice[:place], *choice[place + 1 :]), []).append(root)
                if any(rest.differ(group) for group in others.values()):
                    yield name, sum(rest.gain_of(group) for group in others.values()) / len(others)
            elif name not in facts and any(read >> position & 1 for position in positions):
                # What the reduced diagram reads, it needs, unless a constraint reads it too.
                mask = sum(1 << position for position in positions)
                if not self.diagram.constrained.intersection(positions) or rest.matters(mask):
                    yield name, sum(gains.get(position, 0.0) for position in positions)

    def tried(self, trials: Sequence[tuple[str, Any]], left: Left) -> list[tuple[bool, bool]]:
        """Return for each trial ``(fact, value)`` of an open fact whether the outcome can then hold, and fail."""
        rest, roots = left
        everywhere = (1 << len(trials)) - 1
        true = dict.fromkeys(range(len(self.tests)), everywhere)
        false = dict(true)
        for row, (name, value) in enumerate(trials):
            for position in self.groups.get(name, ()):
                (false if self.truth(position, {name: value}) else true)[position] &= ~(1 << row)
        hold, fail = rest.planes(true, false, everywhere)
        can_hold = can_fail = 0
        for root in set(roots.values()):
            can_hold |= hold[root]
            can_fail |= fail[root]
        return [(bool(can_hold >> row & 1), bool(can_fail >> row & 1)) for row in range(len(trials))]


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
