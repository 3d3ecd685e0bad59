"""Many cases of one action over time, each class of cases decided once.

Between two instants at which nothing that bears on the action changes, two values of a fact that pass the same tests
have the same outcome for the same reason. So a table of all nationalities over all of history takes as many decisions
as there are such classes, some five a stretch of time, and is exact: nothing is sampled.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from inforce.dates import When
from inforce.errors import FactsError
from inforce.rules.conditions import Truth, Variable, test, variables
from inforce.rules.decide import DEPENDS, NOT_COVERED, Question, Situation, World, boundaries
from inforce.rules.era import Era
from inforce.rules.grounds import deciding
from inforce.rules.model import Rulebook, RuleVersion

__all__ = ["EXCLUDED", "Cell", "Cells"]


@dataclass(frozen=True, slots=True)
class Cell:
    """The outcome of one case: strict, ordinarily, and the rule version that the headline rests on first.

    The outcomes are ``None`` where the facts exclude each other.
    """

    outcome: str | None
    ordinarily: str | None
    rule: RuleVersion | None


EXCLUDED = Cell(None, None, None)


class Cells:
    """The outcomes of one action for cases that differ in one fact, over a stretch of time."""

    def __init__(
        self,
        book: Rulebook,
        action: str,
        fact: str,
        *,
        known_on: str | None = None,
        readings: frozenset[str] = frozenset(),
        ordinarily: bool = False,
    ) -> None:
        """Take what all cases share.

        Args:
            fact: the name of the fact in which cases differ.
            known_on: the day whose knowledge counts.
            readings: contested rules whose reading is switched.
            ordinarily: whether the ordinary case is the headline, whose rule is named.
        """
        self.book, self.action, self.fact = book, action, fact
        self.known_on, self.readings, self.ordinarily = known_on, readings, ordinarily
        self.ticks = boundaries(book, action)
        expressions = [rule.when for rule in book.rules_of(action)] + [item.expr for item in book.constraints]
        found = (variable for expr in expressions for variable in variables(expr, book))
        tests = dict.fromkeys(v for v in found if v[0] not in ("rule", "condition") and v[1] == fact)
        # A list is read as it stands at an instant, all other tests are the same on every day.
        self.lists = [variable for variable in tests if variable[0] == "list"]
        self.others = [variable for variable in tests if variable[0] != "list"]
        self._classes: dict[tuple[int, Any], tuple[Truth, ...]] = {}
        self._timeless: dict[Any, tuple[Any, ...]] = {}
        self._decided: dict[Any, Cell] = {}

    def instants(self, low: str, high: str) -> list[str]:
        """Return the first instant of each stretch between two instants in which nothing changes, oldest first."""
        return [low, *(tick for tick in self.ticks if low < tick < high)]

    def over(self, facts: Mapping[str, Any], unknown: frozenset[str], span: When) -> list[Cell]:
        """Return the cell of each of the stretches of ``span``, as ``kb.history`` has them: of no day of the week.

        Args:
            facts: as ``inforce.rules.case`` reads them.
            unknown: those that are never assumed ordinary.
        """
        low, high = f"{span.first}T00:00:00", f"{span.until}T00:00:00"
        # Of a single day too, nothing follows from its weekday.
        wide = replace(span, until=span.first + timedelta(days=2)) if span.single_day else span
        return [self._cell(facts, unknown, wide, (instant,)) for instant in self.instants(low, high)]

    def on(self, facts: Mapping[str, Any], unknown: frozenset[str], day: When) -> Cell:
        """Return the cell of one day, as ``kb.check`` answers it: its state at the end of the day."""
        instants = self.instants(f"{day.first}T00:00:00", f"{day.until}T00:00:00")
        return self._cell(facts, unknown, day, tuple(instants))

    def _cell(self, facts: Mapping[str, Any], unknown: frozenset[str], when: When, instants: tuple[str, ...]) -> Cell:
        value = facts.get(self.fact)
        others = tuple(item for item in facts.items() if item[0] != self.fact)
        weekday = when.weekday if when.single_day and self.book.following_day else None
        eras = tuple(bisect_right(self.ticks, instant) for instant in instants)
        alike = tuple(self._class(era, instant, value) for era, instant in zip(eras, instants, strict=True))
        key = (others, unknown, eras, alike, weekday, self.fact in facts)
        found = self._decided.get(key)
        if found is None:
            found = self._decided[key] = self._decide(facts, unknown, when, instants)
        return found

    def _class(self, era: int, instant: str, value: Any) -> tuple[Any, ...]:
        # What the rules can tell about a value in an era: the truth of every test of it, and what it entails.
        key = (era, value)
        found = self._classes.get(key)
        if found is None:
            if value not in self._timeless:
                tokens = value if isinstance(value, tuple) else (value,)
                keys = [f"{self.fact}={token}" for token in tokens if f"{self.fact}={token}" in self.book.entailments]
                self._timeless[value] = (*self._truths(self.others, value, instant), *keys)
            found = self._classes[key] = (*self._timeless[value], *self._truths(self.lists, value, instant))
        return found

    def _truths(self, tests: Iterable[Variable], value: Any, instant: str) -> list[Truth]:
        facts = {} if value is None else {self.fact: value}
        return [test(variable, facts, self.book, instant, known_on=self.known_on) for variable in tests]

    def _decide(self, facts: Mapping[str, Any], unknown: frozenset[str], when: When, instants: tuple[str, ...]) -> Cell:
        question = Question(
            self.book,
            self.action,
            dict(facts),
            when,
            known_on=self.known_on,
            readings=self.readings,
            unknown=unknown,
            # First without what follows from the day or a concept: its constraints are checked below.
            moments=[Situation(instant, {}) for instant in instants],
        )
        try:
            question.moments = [question.situation(instant) for instant in instants]
            for moment in question.moments:
                question._check(moment)
            return self._outcomes(question)
        except FactsError:
            return EXCLUDED

    def _outcomes(self, question: Question) -> Cell:
        world = World(len(question.moments) - 1, question.widest)
        assumed, skipped = question.ordinary_facts(())
        if skipped:
            # Which ordinary values give way depends on what is asked first, as in an answer.
            worlds = [World(moment, question.widest) for moment in range(len(question.moments))]
            missing = question.missing() if DEPENDS in question.outcomes(worlds) else []
            assumed, _ = question.ordinary_facts([item.fact for item in missing])
        strict, ordinary = question.outcome(world), question.outcome(world, assumed)
        given = question.moments[-1].facts
        rule = (
            deciding(question, world, {**given, **assumed}, ordinary)
            if self.ordinarily
            else deciding(question, world, given, strict)
        )
        return Cell(_told(question, world, strict, {}), _told(question, world, ordinary, assumed), rule)


def _told(question: Question, world: World, word: str, assumed: Mapping[str, Any]) -> str:
    # Where no open fact decides, a start that nobody knows does: that is not covered.
    if word == DEPENDS and _doubtful(question.era(world)) and not question.missing(assumed):
        return NOT_COVERED
    return word


def _doubtful(era: Era) -> bool:
    # Whether anything but facts is open: what is in force, or who is on a list.
    return (
        any(truth is None for _, truth in era.counted)
        or any(variable[0] in ("rule", "condition") for variable in era.diagram.variables)
        or any(perhaps for *_, perhaps in era.tests)
    )
