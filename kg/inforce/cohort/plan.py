"""One action on one day, compiled for blocks of rows: outcome, what it is ordinarily, and the decisive rule.

What planes cannot tell exactly as the one-case answer does is left to that answer, row by row, each different row
once: rows that turn on a start that nobody knows, and rows in which what is assumed ordinary depends on the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inforce.cohort.columns import ABSENT, UNKNOWN, Given
from inforce.cohort.days import Days
from inforce.cohort.diagrams import Constraints, Part, Ready, ready
from inforce.cohort.known import Entailed, Known, Moment
from inforce.cohort.planes import EMPTY, FULL, Pair, Plane, both, either, inverse, pack, rows, unpack
from inforce.cohort.reasons import CONSTANT, Reasons, States
from inforce.dates import When
from inforce.errors import FactsError
from inforce.rules.answer import ask
from inforce.rules.case import WEEKDAYS
from inforce.rules.conditions import Truth, Variable, variables
from inforce.rules.decide import DEPENDS, NOT_COVERED, OUTCOMES, Question, World
from inforce.rules.model import ALWAYS, Interval, Rulebook

if TYPE_CHECKING:
    from inforce.kb import KnowledgeBase

__all__ = ["Asked", "OneCase", "Plan", "Results", "Words"]

# Different rows whose one-case answer is remembered.
REMEMBERED = 50_000
# Rows that exclude themselves whose reason is told in full, of a block.
TOLD = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is told of each row."""

    outcome: bool = True
    ordinarily: bool = True
    decisive: bool = True
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What the numbers of results stand for: outcomes, rules and their layers."""

    outcomes: tuple[str, ...]
    rules: tuple[str, ...]
    layers: tuple[str, ...]

    @classmethod
    def of(cls, book: Rulebook, action: str) -> Words:
        """Return those of an action, the same on all days."""
        answers = book.actions[action].answers
        outcomes = (OUTCOMES[answers, True], OUTCOMES[answers, False], DEPENDS, NOT_COVERED)
        found = {rule.rule: rule.layer for rule in book.rules_of(action)}
        return cls(outcomes, tuple(sorted(found)), tuple(sorted({rule.layer for rule in book.rules_of(action)})))


OneCase = tuple[str, str, str | None, str | None, tuple[str, ...]]
"""Outcome, ordinarily, decisive rule and its layer, missing facts."""


@dataclass(slots=True)
class Results:
    """Numbers by row, -1 for none: outcomes, rules and layers as in ``Words``; what is wrong with a row, by row."""

    outcome: NDArray[np.int8]
    ordinarily: NDArray[np.int8]
    rule: NDArray[np.int16]
    layer: NDArray[np.int16]
    missing: dict[int, tuple[str, ...]] = field(default_factory=dict)
    errors: dict[int, FactsError] = field(default_factory=dict)


class Plan:
    """One action on one day (or at an instant), ready for any number of blocks; made once and only read."""

    def __init__(
        self,
        kb: KnowledgeBase,
        action: str,
        when: When,
        constraints: Constraints,
        *,
        known_on: str | None,
        readings: Any,
    ) -> None:
        """Compile what is in force; the day must be one."""
        self.kb, self.when, self.readings, self.known_text = kb, when, tuple(readings), known_on
        self.question = question = kb.question({}, on=when, action=action, known_on=known_on, readings=readings)
        self.book, self.action, self.constraints = question.book, action, constraints
        self.words = Words.of(self.book, action)
        self.world = World(len(question.moments) - 1, question.widest)
        self.era = question.era(self.world)
        self.moments = [
            Moment(self.book, moment.instant, question.known_on, self._entailed(moment.instant))
            for moment in question.moments
        ]
        self.anytime = Moment(self.book, ALWAYS, None, ())
        self.general = ready(self.era)
        days = {fact.name for fact in self.book.following_day}
        settled = self.era._truths({name: WEEKDAYS[when.weekday] for name in days})
        # With the day of the week put in the diagram is a fraction; some rows may say that theirs is unknown.
        self.usual, self.days = ready(self.era, settled), days
        self.reasons = Reasons(self.book, self.era.counted, self._settled)
        # Tests of lists that may be open though their fact is known: nobody knows since when an entry is on them.
        self.lists = self._lists()
        read = (v[1] for rule, _ in self.era.counted for v in variables(rule.when, self.book) if v[0] != "condition")
        self.read = tuple(dict.fromkeys(read))
        self.unsettled = any(v[0] in ("rule", "condition") for v in self.era.diagram.variables)
        self.remembered: dict[Any, OneCase | FactsError] = {}

    def _entailed(self, instant: str) -> list[Entailed]:
        found: list[Entailed] = []
        for key, entailments in self.book.entailments.items():
            name, _, token = key.partition("=")
            if name == "action" and token != self.action:
                continue
            for entailment in entailments:
                if entailment.interval.holds_at(instant, known_on=self.question.known_on):
                    origin = None if name == "action" else name
                    found.append((origin, token, entailment.fact, entailment.value))
        return found

    def _settled(self, variable: Variable) -> Truth:
        return self.question.truth(variable, self.world, {})

    def _lists(self) -> list[Variable]:
        read = [v for rule, _ in self.era.counted for v in variables(rule.when, self.book)]
        listed = dict.fromkeys(v for v in (*self.era.diagram.variables, *read) if v[0] == "list")
        instant = self.question.moments[-1].instant
        return [v for v in listed if any(_uncertain(i, instant) for i in self.book.lists.get(v[2], {}).values())]

    # ---- a block -----------------------------------------------------------------------------------

    def results(
        self,
        given: Mapping[str, Given],
        length: int,
        asked: Asked,
        *,
        skipped: Plane = EMPTY,
        days: Days | None = None,
    ) -> Results:
        """Return what is to be told of each of ``length`` rows.

        ``skipped`` are rows of which nothing is told; ``days`` those of the rows, if not all are the plan's own: days
        on which the same is in force.
        """
        words = -(-length // 64)
        of_days = self._of_days(days)
        wrong, known = skipped, Known(self.moments[-1], given, of_days)
        for number, moment in enumerate(self.moments):
            # Most moments of a day differ in rules only: what follows from what is the same.
            if number and moment.entailed == self.moments[number - 1].entailed:
                continue
            here = known if moment.entailed == self.moments[-1].entailed else Known(moment, given, of_days)
            wrong = either([wrong, here.conflict, inverse(self._holds(self.constraints.whole, here, words))])
        hold, fail = self._possible(known, words)
        wrong = either([wrong, inverse(either([hold, fail]))]) if self.era.covered else wrong
        fine = inverse(wrong)
        doubtful = either(known.doubtful(variable) for variable in self.lists)
        if self.unsettled:
            doubtful = either([doubtful, both(hold, fail)])
        strict = self._told(hold, fail, fine, length)
        ordinary = strict
        if asked.ordinarily:
            usual, ordered = self._ordinary(known, words, fine)
            hold_then, fail_then = self._possible(usual, words)
            ordinary = self._told(hold_then, fail_then, fine, length)
            doubtful = either([doubtful, ordered, *(usual.doubtful(variable) for variable in self.lists)])
            if self.unsettled:
                doubtful = either([doubtful, both(hold_then, fail_then)])
        none = np.full(length, -1, np.int16)
        found = Results(strict, ordinary, none, none.copy())
        if asked.decisive and self.era.covered:
            self._reason(found, known, (hold, fail, fine), length)
        wrong = both(wrong, inverse(skipped))
        if wrong is not EMPTY and wrong.any():
            told = self._excluded(found, known, wrong, length)
            wrong = both(wrong, inverse(told))
        self._one_by_one(found, _Rows(self, given, days), length, asked, (both(doubtful, fine), wrong))
        return found

    def _excluded(self, found: Results, known: Known, wrong: Plane, length: int) -> Plane:
        # The rows whose facts meet what a constraint excludes: the error is the same for all of one constraint.
        left, told = both(wrong, inverse(known.conflict)), EMPTY
        if any(moment.entailed != self.moments[-1].entailed for moment in self.moments):
            return told
        states = States(self.reasons, known)
        for item in self.book.constraints:
            here = both(left, inverse(states.truth(item.expr)[1]))
            if here is not EMPTY and here.any():
                error = FactsError("these facts exclude each other", code="E_FACTS", hint=item.label["en"])
                found.errors.update(dict.fromkeys(rows(here, length).tolist(), error))
                told, left = either([told, here]), both(left, inverse(here))
        return told

    def _of_days(self, days: Days | None) -> list[tuple[str, str, Plane]]:
        if not self.when.single_day:
            return []
        if days is None:
            weekdays = {WEEKDAYS[self.when.weekday]: FULL}
        else:
            numbers = days.weekdays()
            found = np.unique(numbers).tolist()
            weekdays = {WEEKDAYS[n]: pack(numbers == n) if len(found) > 1 else FULL for n in found}
        return [(name, day, plane) for name in self.days for day, plane in weekdays.items()]

    def _possible(self, known: Known, words: int) -> Pair:
        if not self.unsettled and not self.lists and not any(known.open(name).any() for name in self.read):
            hold, fail = self.reasons.outcome(known, self.book.actions[self.action].answers)
            return tuple(np.broadcast_to(plane, words) for plane in (hold, fail))  # type: ignore[return-value]
        return self._diagram(known, words)

    def _diagram(self, known: Known, words: int) -> Pair:
        # Where all rows have the plan's own day of the week, the smaller diagram does.
        usual = all(
            known.open(name) is EMPTY and known.follows(name, WEEKDAYS[self.when.weekday]) is FULL for name in self.days
        )
        plan = self.usual if usual else self.general
        pairs: list[Pair | None] = [None] * len(plan.variables)
        for position in plan.program.variables:
            variable = plan.variables[position]
            fixed = variable[0] in ("rule", "condition")
            pairs[position] = CONSTANT[None] if fixed else known.pair(variable)
        return plan.program.run(pairs, words)

    def _holds(self, what: Ready, known: Known, words: int) -> Plane:
        pairs: list[Pair | None] = [None] * len(what.variables)
        for position in what.program.variables:
            pairs[position] = known.pair(what.variables[position], self.anytime)
        return what.program.run(pairs, words)[0]

    def _told(self, hold: Plane, fail: Plane, fine: Plane, length: int) -> NDArray[np.int8]:
        # 0 it holds, 1 it fails, 2 depends, 3 not covered; -1 where something is wrong.
        if self.era.covered:
            found = (unpack(hold, length) | unpack(fail, length) << 1).view(np.int8) - 1
        else:
            found = np.full(length, 3, np.int8)
        if fine is not FULL:
            found[unpack(fine, length) == 0] = -1
        return found

    def _reason(self, found: Results, known: Known, planes: tuple[Plane, Plane, Plane], length: int) -> None:
        hold, fail, fine = planes
        yes, no, depends, _ = self.words.outcomes
        outcomes = {
            yes: both(hold, inverse(fail), fine),
            no: both(fail, inverse(hold), fine),
            depends: both(hold, fail, fine),
        }
        numbers = self.reasons.decisive(known, outcomes, length)
        rules = self.reasons.rules
        names = np.array([*(self.words.rules.index(rule.rule) for rule in rules), -1], np.int16)
        layers = np.array([*(self.words.layers.index(rule.layer) for rule in rules), -1], np.int16)
        found.rule, found.layer = names.take(numbers), layers.take(numbers)

    # ---- ordinarily ----------------------------------------------------------------------------------

    def _ordinary(self, known: Known, words: int, fine: Plane) -> tuple[Known, Plane]:
        """The rows with open facts taken as they ordinarily are; and those in which it matters which goes first."""
        assumed = {
            name: (fact.ordinarily, known.assumable(name))
            for name, fact in self.book.facts.items()
            if fact.has_ordinary
        }
        usual, ordered = known.assuming(assumed), EMPTY
        changed = False
        for part in self.constraints.parts:
            against = both(inverse(self._holds(part.whole, usual, words)), fine)
            if against is EMPTY or not against.any():
                continue
            for name in part.ordinary:
                ordinarily, plane = assumed[name]
                possible = self._holds(part.ordinary[name], known, words)
                assumed[name] = (ordinarily, both(plane, either([inverse(against), possible])))
            changed = True
            ordered = either([ordered, self._still_against(part, known, assumed, words)])
        return (known.assuming(assumed) if changed else usual), both(ordered, fine)

    def _still_against(self, part: Part, known: Known, assumed: Mapping[str, tuple[Any, Plane]], words: int) -> Plane:
        some = known.assuming({name: assumed[name] for name in part.ordinary})
        return inverse(self._holds(part.whole, some, words))

    # ---- row by row ----------------------------------------------------------------------------------

    def _one_by_one(
        self, found: Results, rowwise: _Rows, length: int, asked: Asked, planes: tuple[Plane, Plane]
    ) -> None:
        doubtful, wrong = planes
        words = self.words
        for row in rows(doubtful, length).tolist():
            outcome, ordinarily, rule, layer, _ = rowwise.answer(row)
            found.outcome[row] = words.outcomes.index(outcome)
            found.ordinarily[row] = words.outcomes.index(ordinarily)
            found.rule[row] = words.rules.index(rule) if rule else -1
            found.layer[row] = words.layers.index(layer) if layer else -1
        for number, row in enumerate(rows(wrong, length).tolist()):
            found.errors[row] = rowwise.error(row) if number < TOLD else FactsError("these facts exclude each other")
        if asked.missing:
            for row in np.flatnonzero(found.outcome == words.outcomes.index(DEPENDS)).tolist():
                found.missing[row] = rowwise.answer(row)[4]

    def one(self, facts: Mapping[str, Any], when: When | None = None) -> OneCase:
        """Return what is told of one case, by the one-case answer.

        Raises:
            FactsError: facts that exclude each other.
        """
        question: Question = self.kb.question(
            facts, on=when or self.when, action=self.action, known_on=self.known_text, readings=self.readings
        )
        answer = ask(question)
        first = answer.grounds[0] if answer.grounds and answer.grounds[0].decisive else None
        return (
            answer.outcome,
            answer.ordinarily.outcome,
            first.rule if first else None,
            first.layer if first else None,
            tuple(item["fact"] for item in answer.missing),
        )


def _uncertain(intervals: Sequence[Interval], instant: str) -> bool:
    return any(interval.uncertain_at(instant) for interval in intervals)


class _Rows:
    """The rows of a block one by one."""

    def __init__(self, plan: Plan, given: Mapping[str, Given], days: Days | None) -> None:
        self.plan, self.given, self.days = plan, given, days

    def facts(self, row: int) -> dict[str, Any]:
        values = ((name, column.value(row)) for name, column in self.given.items())
        return {name: "unknown" if value is UNKNOWN else value for name, value in values if value is not ABSENT}

    def answer(self, row: int) -> OneCase:
        found = self._remembered(row)
        if isinstance(found, FactsError):
            raise found
        return found

    def error(self, row: int) -> FactsError:
        found = self._remembered(row)
        if not isinstance(found, FactsError):
            raise AssertionError("the one-case answer finds nothing wrong")
        return found

    def _remembered(self, row: int) -> OneCase | FactsError:
        plan, facts = self.plan, self.facts(row)
        when = None if self.days is None else self.days.when(row)
        key = (*facts.items(), when)
        found = plan.remembered.get(key)
        if found is None:
            if len(plan.remembered) > REMEMBERED:
                plan.remembered.clear()
            try:
                found = plan.one(facts, when)
            except FactsError as error:
                found = error
            plan.remembered[key] = found
        return found
