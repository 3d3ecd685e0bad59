"""The decisive rule of each row: the rule that leads the grounds of the one-case answer (``inforce.rules.grounds``).

States and standing are Kleene's, as there, with planes for truth values; which of several rules is told first is
settled by what does not depend on a row: specific before the default, then authority, then name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from inforce.cohort.known import Known
from inforce.cohort.planes import EMPTY, FULL, Pair, Plane, both, either, inverse, unpack
from inforce.cohort.stretches import Stretch
from inforce.rules.conditions import Truth, leaf_variables
from inforce.rules.decide import DEPENDS
from inforce.rules.model import Condition, Rulebook

__all__ = ["CONSTANT", "Reasons", "States"]

CONSTANT: dict[Truth, Pair] = {True: (FULL, EMPTY), False: (EMPTY, FULL), None: (FULL, FULL)}


class Reasons:
    """The rules that count in some stretches of time, in the orders in which a reason is looked for."""

    def __init__(self, book: Rulebook, stretches: Sequence[Stretch]) -> None:
        """Take the stretches."""
        self.book, self.stretches = book, tuple(stretches)
        # Numbers of rules as they are found; which name and layer a number stands for.
        self.rules = rules = list({rule.id: rule for stretch in stretches for rule in stretch.rules}.values())
        # Of each rule, by stretch, whether it is in force.
        self.in_force = [[stretch.counted.get(rule.id, False) for stretch in stretches] for rule in rules]
        layers = book.layers
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
        self._settled: dict[str, list[Truth]] = {}

    def settled(self, condition: str) -> list[Truth]:
        """Return by stretch whether a dated condition holds."""
        found = self._settled.get(condition)
        if found is None:
            found = [stretch.settled(("condition", condition)) for stretch in self.stretches]
            self._settled[condition] = found
        return found

    def outcome(self, known: Known, at: Sequence[Plane], answers: str) -> Pair:
        """Return where the outcome may hold, and may fail, by the fold of standing rules.

        Exact where every fact that a rule reads is known, and many times as fast as the diagram. ``at`` are the rows
        of each stretch.
        """
        states = States(self, known, at)

        def some(effect: str) -> Pair:
            return _any([states.standing(n) for n, rule in enumerate(self.rules) if rule.effect == effect])

        return some("require") if answers == "required" else _all([some("permit"), some("bar")[::-1]])

    def decisive(self, known: Known, at: Sequence[Plane], outcomes: dict[str, Plane], length: int) -> NDArray[np.int16]:
        """Return for each row the number of its decisive rule, -1 where there is none.

        ``outcomes`` has the rows of each outcome; they do not overlap. ``at`` are the rows of each stretch.
        """
        states = States(self, known, at)
        found = _Found()
        for word, rows in outcomes.items():
            if rows is EMPTY or not rows.any():
                continue
            found.left = rows
            if word in ("may", "required"):
                self._settling(states, found, "permit" if word == "may" else "require")
            elif word == "may-not":
                self._settling(states, found, "bar")
                self._best(states, found, ("permit", "bar"))
            elif word == "not-required":
                self._lifted(states, found)
                self._best(states, found, ("require",))
            elif word == DEPENDS:
                self._open(states, found, [n for n, rule in enumerate(self.rules) if rule.effect != "exempt"])
        return found.numbers(length)

    def _best(self, states: States, found: _Found, effects: Iterable[str]) -> None:
        # All rows that are left go to the first rule that counts when they ask.
        for number in self.weight:
            if self.rules[number].effect in effects:
                found.take(number, states.in_force(number)[0])

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
                standing = states.standing(number) if number in among else CONSTANT[False]
                if standing[0] is not EMPTY:
                    certain = inverse(states.state(number)[1])
                    found.take(number, both(*standing, certain if holding else inverse(certain)))

    def _lifted(self, states: States, found: _Found) -> None:
        for number in self.weight:
            if self.rules[number].effect == "require":
                possible = both(states.in_force(number)[0], states.state(number)[0])
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

    def __init__(self, reasons: Reasons, known: Known, at: Sequence[Plane]) -> None:
        """Take the rules, what is known of the rows, and the rows of each stretch of time."""
        self.reasons, self.known, self.at = reasons, known, at
        self._states: dict[int, Pair] = {}
        self._stands: dict[int, Pair] = {}
        self._named: dict[str, Pair] = {}

    def _during(self, truths: Sequence[Truth]) -> Pair:
        # By stretch the truth of something; in rows. Of rows of no stretch nothing is asked.
        present = {truth for truth, rows in zip(truths, self.at, strict=True) if rows is not EMPTY}
        if len(present) == 1:
            return CONSTANT[present.pop()]
        pairs = [(CONSTANT[truth], rows) for truth, rows in zip(truths, self.at, strict=True)]
        return either(both(pair[0], rows) for pair, rows in pairs), either(both(pair[1], rows) for pair, rows in pairs)

    def in_force(self, number: int) -> Pair:
        """Return where a rule may be in force, and may not."""
        return self._during(self.reasons.in_force[number])

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
            found = self.in_force(number)
            if found[0] is not EMPTY:
                found = _all([found, self.state(number)])
                found = _all([found, *(self.standing(other)[::-1] for other in self.reasons.beaten_by[number])])
            self._stands[number] = found
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
                found = _all([self._during(self.reasons.settled(name)), found])
            self._named[name] = found
        return found


def _all(parts: Sequence[Pair]) -> Pair:
    return both(*(true for true, _ in parts)), either(false for _, false in parts)


def _any(parts: Sequence[Pair]) -> Pair:
    return either(true for true, _ in parts), both(*(false for _, false in parts))
