"""One action, compiled for blocks of rows: outcome, what it is ordinarily, and the decisive rule, on each row's day.

What planes cannot tell exactly as the one-case answer does is left to that answer, row by row, each different row
once: rows that turn on a start that nobody knows, and rows in which what is assumed ordinary depends on the order.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inforce.cohort.columns import ABSENT, UNKNOWN, Given
from inforce.cohort.days import Days
from inforce.cohort.diagrams import Constraints, Joint, Part, Ready
from inforce.cohort.known import Known, Moment
from inforce.cohort.planes import EMPTY, FULL, Pair, Plane, both, either, inverse, pack, rows, unpack
from inforce.cohort.reasons import CONSTANT, Reasons, States
from inforce.cohort.stretches import Stretch
from inforce.dates import When
from inforce.errors import FactsError
from inforce.rules.answer import ask
from inforce.rules.case import WEEKDAYS
from inforce.rules.decide import DEPENDS, NOT_COVERED, OUTCOMES, Question, boundaries
from inforce.rules.model import ALWAYS, Rulebook

if TYPE_CHECKING:
    from inforce.kb import KnowledgeBase

__all__ = ["Asked", "OneCase", "Plan", "Results", "Words"]

# Different rows whose one-case answer is remembered.
REMEMBERED = 50_000
# Rows that exclude themselves whose reason is told in full, of a block.
TOLD = 1_000
# Rows whose values are taken out of the columns at a time.
TAKEN = 4_096


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
    """One action, ready for any number of blocks, on the days that were asked about so far."""

    def __init__(self, kb: KnowledgeBase, action: str, *, known_on: str | None, readings: Any) -> None:
        """Take what is the same on all days."""
        self.kb, self.book, self.action = kb, kb.book, action
        self.known_text, self.readings = known_on, tuple(readings)
        self.words, self.constraints = Words.of(self.book, action), Constraints(self.book)
        self.joint = Joint(self.book.diagrams[action])
        self.stretches: list[Stretch] = []
        self.reasons = Reasons(self.book, ())
        self.anytime = Moment(self.book, ALWAYS, None, ())
        self.remembered: dict[Any, OneCase | FactsError] = {}
        self._numbers: dict[Any, int] = {}

    def stretch(self, when: When) -> int:
        """Return the number of the stretch of time that a day, or an instant, lies in; the same is in force in it.

        Days on which something changes are stretches of their own.
        """
        ticks = boundaries(self.book, self.action)
        low, high = f"{when.first}T00:00:00", f"{when.until}T00:00:00"
        era = bisect_right(ticks, low)
        alone = when.instant is not None or (era < len(ticks) and ticks[era] < high)
        key = (when.instant or low) if alone else era
        found = self._numbers.get(key)
        if found is None:
            question = self.kb.question(
                {}, on=when, action=self.action, known_on=self.known_text, readings=self.readings
            )
            found = self._numbers[key] = len(self.stretches)
            self.stretches.append(Stretch(question))
            self.joint.add(self.stretches[-1].era)
            self.reasons = Reasons(self.book, self.stretches)
        return found

    # ---- a block -----------------------------------------------------------------------------------

    def results(
        self,
        given: Mapping[str, Given],
        length: int,
        asked: Asked,
        *,
        at: Mapping[int, Plane],
        days: Days | When,
        skipped: Plane = EMPTY,
    ) -> Results:
        """Return what is to be told of each of ``length`` rows.

        Args:
            given: what the columns say, by fact.
            length: the number of rows.
            asked: what is told.
            at: by the number of a stretch its rows; together all that are not skipped.
            days: the day of each row, or of all.
            skipped: rows of which nothing is told.
        """
        block = _Block(self, at, -(-length // 64))
        of_days = self._of_days(days)
        wrong, known = skipped, Known(block.moments(), given, of_days)
        for number, during in at.items():
            for moment in self.stretches[number].other_moments:
                here = Known([(moment, FULL)], given, of_days)
                wrong = either([wrong, both(during, either([here.conflict, inverse(self._holds(here, block.words))]))])
        wrong = either([wrong, known.conflict, inverse(self._holds(known, block.words))])
        hold, fail = block.possible(known)
        wrong = either([wrong, both(block.covered, inverse(either([hold, fail])))])
        fine = inverse(wrong)
        doubtful = block.doubtful(known, hold, fail)
        strict = _told(hold, fail, fine, block.covered, length)
        ordinary = strict
        if asked.ordinarily:
            usual, ordered = self._ordinary(known, block.words, fine)
            hold_then, fail_then = block.possible(usual)
            ordinary = _told(hold_then, fail_then, fine, block.covered, length)
            doubtful = either([doubtful, ordered, block.doubtful(usual, hold_then, fail_then)])
        none = np.full(length, -1, np.int16)
        found = Results(strict, ordinary, none, none.copy())
        if asked.decisive and block.covered is not EMPTY:
            self._reason(found, known, block.at, (hold, fail, fine), length)
        wrong = both(wrong, inverse(skipped))
        if wrong is not EMPTY and wrong.any():
            told = self._excluded(found, known, block, wrong, length)
            wrong = both(wrong, inverse(told))
        self._one_by_one(found, _Rows(self, given, days), length, asked, (both(doubtful, fine), wrong))
        return found

    def _excluded(self, found: Results, known: Known, block: _Block, wrong: Plane, length: int) -> Plane:
        # The rows whose facts meet what a constraint excludes: the error is the same for all of one constraint.
        left, told = both(wrong, inverse(known.conflict)), EMPTY
        if any(stretch.other_moments for stretch in block.stretches):
            return told
        states = States(self.reasons, known, block.at)
        for item in self.book.constraints:
            here = both(left, inverse(states.truth(item.expr)[1]))
            if here is not EMPTY and here.any():
                error = FactsError("these facts exclude each other", code="E_FACTS", hint=item.label["en"])
                found.errors.update(dict.fromkeys(rows(here, length).tolist(), error))
                told, left = either([told, here]), both(left, inverse(here))
        return told

    def _of_days(self, days: Days | When) -> list[tuple[str, str, Plane]]:
        if isinstance(days, Days):
            numbers = days.weekdays()
            weekdays = {WEEKDAYS[n]: pack(numbers == n) for n in range(7)}
        else:
            weekdays = {WEEKDAYS[days.weekday]: FULL}
        return [(fact.name, day, plane) for fact in self.book.following_day for day, plane in weekdays.items()]

    def _holds(self, known: Known, words: int, what: Ready | None = None) -> Plane:
        # Where the facts exclude nothing, or one part of the constraints does not.
        what = what or self.constraints.whole
        pairs: list[Pair | None] = [None] * len(what.variables)
        for position in what.program.variables:
            pairs[position] = known.pair(what.variables[position], self.anytime)
        return what.program.run(pairs, {what.root: FULL}, words)[0]

    def _reason(
        self,
        found: Results,
        known: Known,
        at: Sequence[Plane],
        planes: tuple[Plane, Plane, Plane],
        length: int,
    ) -> None:
        hold, fail, fine = planes
        yes, no, depends, _ = self.words.outcomes
        outcomes = {
            yes: both(hold, inverse(fail), fine),
            no: both(fail, inverse(hold), fine),
            depends: both(hold, fail, fine),
        }
        numbers = self.reasons.decisive(known, at, outcomes, length)
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
            against = both(inverse(self._holds(usual, words, part.whole)), fine)
            if against is EMPTY or not against.any():
                continue
            for name in part.ordinary:
                ordinarily, plane = assumed[name]
                possible = self._holds(known, words, part.ordinary[name])
                assumed[name] = (ordinarily, both(plane, either([inverse(against), possible])))
            changed = True
            ordered = either([ordered, self._still_against(part, known, assumed, words)])
        return (known.assuming(assumed) if changed else usual), both(ordered, fine)

    def _still_against(self, part: Part, known: Known, assumed: Mapping[str, tuple[Any, Plane]], words: int) -> Plane:
        some = known.assuming({name: assumed[name] for name in part.ordinary})
        return inverse(self._holds(some, words, part.whole))

    # ---- row by row ----------------------------------------------------------------------------------

    def _one_by_one(
        self, found: Results, rowwise: _Rows, length: int, asked: Asked, planes: tuple[Plane, Plane]
    ) -> None:
        doubtful, wrong = planes
        words = self.words
        for row, case in rowwise.cases(rows(doubtful, length)):
            if isinstance(case, FactsError):
                raise case
            outcome, ordinarily, rule, layer, _ = case
            found.outcome[row] = words.outcomes.index(outcome)
            found.ordinarily[row] = words.outcomes.index(ordinarily)
            found.rule[row] = words.rules.index(rule) if rule else -1
            found.layer[row] = words.layers.index(layer) if layer else -1
        excluded = rows(wrong, length)
        for row, case in rowwise.cases(excluded[:TOLD]):
            if not isinstance(case, FactsError):
                raise AssertionError("the one-case answer finds nothing wrong")
            found.errors[row] = case
        for row in excluded[TOLD:].tolist():
            found.errors[row] = FactsError("these facts exclude each other")
        if asked.missing:
            for row, case in rowwise.cases(np.flatnonzero(found.outcome == words.outcomes.index(DEPENDS))):
                found.missing[row] = () if isinstance(case, FactsError) else case[4]

    def one(self, facts: Mapping[str, Any], when: When) -> OneCase:
        """Return what is told of one case, by the one-case answer.

        Raises:
            FactsError: facts that exclude each other.
        """
        question: Question = self.kb.question(
            facts, on=when, action=self.action, known_on=self.known_text, readings=self.readings
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


class _Block:
    """Which stretches of time the rows of a block lie in."""

    def __init__(self, plan: Plan, at: Mapping[int, Plane], words: int) -> None:
        self.plan, self.words = plan, words
        self.at = [at.get(number, EMPTY) for number in range(len(plan.stretches))]
        self.stretches = [plan.stretches[number] for number in at]
        self.rows = list(at.values())
        self.covered = self._where(stretch.era.covered for stretch in self.stretches)
        self.unsettled = self._where(stretch.unsettled for stretch in self.stretches)
        self.lists = list(dict.fromkeys(v for stretch in self.stretches for v in stretch.lists))
        self.read = list(dict.fromkeys(name for stretch in self.stretches for name in stretch.read))

    def _where(self, flags: Iterable[bool]) -> Plane:
        chosen = list(flags)
        return FULL if all(chosen) else either(rows for rows, flag in zip(self.rows, chosen, strict=True) if flag)

    def moments(self) -> list[tuple[Moment, Plane]]:
        """Return the moment that decides, of each stretch, and its rows."""
        return [(stretch.moments[-1], rows) for stretch, rows in zip(self.stretches, self.rows, strict=True)]

    def possible(self, known: Known) -> Pair:
        """Return where the outcome may hold, and may fail."""
        plan = self.plan
        if self.unsettled is EMPTY and not self.lists and not any(known.open(name).any() for name in self.read):
            hold, fail = plan.reasons.outcome(known, self.at, plan.book.actions[plan.action].answers)
            hold, fail = both(hold, self.covered), both(fail, self.covered)
            return np.broadcast_to(hold, self.words), np.broadcast_to(fail, self.words)
        return self.by_diagram(known)

    def by_diagram(self, known: Known) -> Pair:
        """Return the same where facts are open; exact then too."""
        joint = self.plan.joint
        pairs: list[Pair | None] = [None] * len(joint.variables)
        for position in joint.program.variables:
            variable = joint.variables[position]
            fixed = variable[0] in ("rule", "condition")
            pairs[position] = CONSTANT[None] if fixed else known.pair(variable)
        starts: dict[int, Plane] = {}
        for root, stretch, during in zip(joint.roots, self.plan.stretches, self.at, strict=True):
            if stretch.era.covered and during is not EMPTY:
                starts[root] = either([starts.get(root, EMPTY), during])
        return joint.program.run(pairs, starts, self.words)

    def doubtful(self, known: Known, hold: Plane, fail: Plane) -> Plane:
        """Return the rows that may turn on what nobody knows, other than a fact."""
        return either([both(self.unsettled, hold, fail), *(known.doubtful(variable) for variable in self.lists)])


def _told(hold: Plane, fail: Plane, fine: Plane, covered: Plane, length: int) -> NDArray[np.int8]:
    # 0 it holds, 1 it fails, 2 depends, 3 not covered; -1 where something is wrong.
    if covered is EMPTY:
        found = np.full(length, 3, np.int8)
    else:
        found = (unpack(hold, length) | unpack(fail, length) << 1).view(np.int8) - 1
        if covered is not FULL:
            found[unpack(covered, length) == 0] = 3
    if fine is not FULL:
        found[unpack(fine, length) == 0] = -1
    return found


class _Rows:
    """The rows of a block one by one."""

    def __init__(self, plan: Plan, given: Mapping[str, Given], days: Days | When) -> None:
        self.plan, self.given, self.days = plan, given, days

    def cases(self, numbers: NDArray[np.intp]) -> Iterator[tuple[int, OneCase | FactsError]]:
        """Yield some rows, each with its one-case answer, or what is wrong with it."""
        for start in range(0, len(numbers), TAKEN):
            some = numbers[start : start + TAKEN]
            columns = (column.values_of(some) for column in self.given.values())
            for row, values in zip(some.tolist(), zip(*columns, strict=True), strict=True):
                when = self.days.when(row) if isinstance(self.days, Days) else self.days
                yield row, self._remembered(values, when)

    def _remembered(self, values: tuple[Any, ...], when: When) -> OneCase | FactsError:
        plan, key = self.plan, (tuple(self.given), values, when)
        found = plan.remembered.get(key)
        if found is None:
            if len(plan.remembered) > REMEMBERED:
                plan.remembered.clear()
            given = zip(self.given, values, strict=True)
            facts = {name: "unknown" if value is UNKNOWN else value for name, value in given if value is not ABSENT}
            try:
                found = plan.one(facts, when)
            except FactsError as error:
                found = error
            plan.remembered[key] = found
        return found
