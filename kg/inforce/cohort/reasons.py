"""The decisive rule of each row: the rule that leads the grounds of the one-case answer (``inforce.rules.grounds``).

States and standing are Kleene's, as there, with planes for truth values; which of several rules is told first is
settled by what does not depend on a row: specific before the default, then authority, then name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from inforce.cohort.known import Known
from inforce.cohort.planes import EMPTY, FULL, Pair, Plane, both, either, inverse, unpack
from inforce.rules.conditions import Truth, Variable, leaf_variables
from inforce.rules.decide import DEPENDS
from inforce.rules.model import Condition, Rulebook, RuleVersion

__all__ = ["CONSTANT", "Reasons", "States"]

CONSTANT: dict[Truth, Pair] = {True: (FULL, EMPTY), False: (EMPTY, FULL), None: (FULL, FULL)}


class Reasons:
    """The rules that count on a day, in the orders in which a reason is looked for."""

    def __init__(
        self, book: Rulebook, counted: Sequence[tuple[RuleVersion, Truth]], settled: Callable[[Variable], Truth]
    ) -> None:
        """Take the rules, each with whether it is in force, and the truth of what no fact decides."""
        self.book, self.settled = book, settled
        self.in_force = {rule.id: truth for rule, truth in counted}
        rules = [rule for rule, _ in counted]
        layers = book.layers
        # Numbers of rules as they are found; which name and layer a number stands for.
        self.rules = rules
        self.weight = sorted(
            range(len(rules)),
            key=lambda n: (
                rules[n].when.op == "all" and not rules[n].when.members,
                layers[rules[n].layer].rank,
                rules[n].rule,
            ),
        )
        self.told = sorted(range(len(rules)), key=lambda n: (-layers[rules[n].layer].rank, rules[n].rule, rules[n].id))
        self.beaten_by = [[o for o, other in enumerate(rules) if rule.rule in other.defeats] for rule in rules]

    def outcome(self, known: Known, answers: str) -> Pair:
        """Return where the outcome may hold, and may fail, by the fold of standing rules.

        Exact where every fact that a rule reads is known, and many times as fast as the diagram.
        """
        states = States(self, known)

        def some(effect: str) -> Pair:
            return _any([states.standing(n) for n, rule in enumerate(self.rules) if rule.effect == effect])

        return some("require") if answers == "required" else _all([some("permit"), some("bar")[::-1]])

    def decisive(self, known: Known, outcomes: dict[str, Plane], length: int) -> NDArray[np.int16]:
        """Return for each row the number of its decisive rule, -1 where there is none.

        ``outcomes`` has the rows of each outcome; they do not overlap.
        """
        states = States(self, known)
        found = _Found()
        for word, rows in outcomes.items():
            if rows is EMPTY or not rows.any():
                continue
            found.left = rows
            if word in ("may", "required"):
                self._settling(states, found, "permit" if word == "may" else "require")
            elif word == "may-not":
                self._settling(states, found, "bar")
                found.rest(self._best(("permit", "bar")))
            elif word == "not-required":
                self._lifted(states, found)
                found.rest(self._best(("require",)))
            elif word == DEPENDS:
                self._open(states, found, [n for n, rule in enumerate(self.rules) if rule.effect != "exempt"])
        return found.numbers(length)

    def _best(self, effects: Iterable[str]) -> int | None:
        return next((n for n in self.weight if self.rules[n].effect in effects), None)

    def _settling(self, states: States, found: _Found, effect: str) -> None:
        for number in self.weight:
            if self.rules[number].effect == effect:
                found.take(number, states.certain(number))
        # Where none stands for certain, all that may stand are decisive.
        self._open(states, found, [n for n, rule in enumerate(self.rules) if rule.effect == effect])

    def _open(self, states: States, found: _Found, numbers: Sequence[int]) -> None:
        among = set(numbers)
        for holding in (True, False):
            for number in self.told:
                if number in among:
                    state = states.state(number)
                    certain = inverse(state[1])
                    found.take(number, both(*states.standing(number), certain if holding else inverse(certain)))

    def _lifted(self, states: States, found: _Found) -> None:
        for number in self.weight:
            if self.rules[number].effect == "require":
                possible = states.state(number)[0]
                for other in self.weight:
                    if other in self.beaten_by[number]:
                        found.take(other, both(possible, states.certain(other)))


class _Found:
    """Rows given to rules, each once."""

    def __init__(self) -> None:
        self.left: Plane = EMPTY
        self.taken: dict[int, Plane] = {}

    def take(self, number: int, rows: Plane) -> None:
        """Give those of ``rows`` that are left to a rule."""
        here = both(self.left, rows)
        if here is not EMPTY:
            self.left = both(self.left, inverse(rows))
            self.taken[number] = either([self.taken.get(number, EMPTY), here])

    def rest(self, number: int | None) -> None:
        """Give all that is left to a rule, if there is one."""
        if number is not None:
            self.take(number, FULL)

    def numbers(self, length: int) -> NDArray[np.int16]:
        """Return the number of the rule of each row, -1 for none."""
        found = np.zeros(length, np.uint8)
        for bit in range(max(self.taken, default=-1).bit_length() + 1):
            plane = either(rows for number, rows in self.taken.items() if number + 1 >> bit & 1)
            if plane is not EMPTY:
                found |= unpack(plane, length) << bit
        return found.astype(np.int16) - 1


class States:
    """The states of the rules of one block: whether each holds, and whether it stands."""

    def __init__(self, reasons: Reasons, known: Known) -> None:
        self.reasons, self.known = reasons, known
        self._states: dict[int, Pair] = {}
        self._stands: dict[int, Pair] = {}
        self._named: dict[str, Pair] = {}

    def state(self, number: int) -> Pair:
        """Return where the condition of a rule may hold, and may fail."""
        found = self._states.get(number)
        if found is None:
            found = self._states[number] = self.truth(self.reasons.rules[number].when)
        return found

    def standing(self, number: int) -> Pair:
        """Return where a rule may stand, and may not: its condition holds, and none that stands defeats it."""
        found = self._stands.get(number)
        if found is None:
            reasons = self.reasons
            parts = [CONSTANT[reasons.in_force[reasons.rules[number].id]], self.state(number)]
            parts += [self.standing(other)[::-1] for other in reasons.beaten_by[number]]
            found = self._stands[number] = _all(parts)
        return found

    def certain(self, number: int) -> Plane:
        """Return where a rule stands for certain."""
        return inverse(self.standing(number)[1])

    def truth(self, expr: Condition) -> Pair:
        """Return where an expression may hold, and may fail."""
        if expr.op in ("all", "any"):
            parts = [self.truth(member) for member in expr.members]
            return _all(parts) if expr.op == "all" else _any(parts)
        if expr.op == "not":
            return self.truth(expr.members[0])[::-1]
        if expr.op == "ref":
            return self._reference(str(expr.target))
        pairs = ((self.known.pair(variable), wanted) for variable, wanted in leaf_variables(expr))
        return _any([pair if wanted else pair[::-1] for pair, wanted in pairs])

    def _reference(self, name: str) -> Pair:
        found = self._named.get(name)
        if found is None:
            named = self.reasons.book.conditions[name]
            found = self.truth(named.expr)
            if named.dated:
                found = _all([CONSTANT[self.reasons.settled(("condition", name))], found])
            self._named[name] = found
        return found


def _all(parts: Sequence[Pair]) -> Pair:
    return both(*(true for true, _ in parts)), either(false for _, false in parts)


def _any(parts: Sequence[Pair]) -> Pair:
    return either(true for true, _ in parts), both(*(false for _, false in parts))
