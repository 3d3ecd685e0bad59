"""The rules of one action at each instant, as Boolean functions of facts that can be together; and cases that show it.

A *world* is what is in force between two instants at which something changes. All worlds of an action share one set of
variables, so that what does not change between them is worked out once.

Source: the fold of ``inforce.rules.compile``; R. E. Bryant (1986) for the functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from inforce.check.finding import Example
from inforce.rules.case import WEEKDAYS, shown
from inforce.rules.conditions import Variable, leaf_variables, reachable, test, variables
from inforce.rules.functions import ALWAYS, NEVER, Functions
from inforce.rules.model import ALWAYS as NO_DAY
from inforce.rules.model import Condition, Fact, Interval, Rulebook, RuleVersion

__all__ = ["Space", "World"]

LARGEST = 40  # values of which pairs are tried for an example


class Space:
    """The variables of one action's rules, and what holds of them on every day."""

    def __init__(self, book: Rulebook, action: str) -> None:
        """Take the rules of ``action``, whenever in force, and the constraints between facts."""
        self.book, self.action = book, action
        self.rules = list(book.rules_of(action))
        self.functions = Functions()
        expressions = [rule.when for rule in self.rules] + [item.expr for item in book.constraints]
        read = dict.fromkeys(v for expr in expressions for v in variables(expr, book))
        self.dated = [variable for variable in read if variable[0] == "condition"]
        self.tests: dict[str, list[Variable]] = {}
        for variable in read:
            if variable[0] != "condition":
                self.tests.setdefault(variable[1], []).append(variable)
        # A contested reading counts or not: a variable of its own, for what is said here is said of both.
        readings = dict.fromkeys(("reading", rule.rule) for rule in self.rules if rule.contested or not rule.by_default)
        order = [*readings, *(variable for tests in self.tests.values() for variable in tests)]
        self.place = {variable: place for place, variable in enumerate(order)}
        self.kinds = self._kinds()
        self._conditions: dict[Any, int] = {}

    def _kinds(self) -> int:
        # What the kinds of facts bring: values of one choice exclude each other, bounds lie in a row.
        f, found = self.functions, ALWAYS
        for name, tests in self.tests.items():
            fact = self.book.facts[name]
            tokens = [self.place[variable] for variable in tests if variable[0] == "is"]
            if not fact.multiple:
                for one, other in combinations(tokens, 2):
                    found = f.both(found, f.negation(f.cube([(one, True), (other, True)])))
                if tokens and {v[2] for v in tests if v[0] == "is"} == set(fact.values or ()):
                    found = f.both(found, f.either(*(f.variable(place) for place in tokens)))
            bounds = sorted((v for v in tests if v[0] == "at-least"), key=lambda v: self._bound(v))
            for lower, higher in zip(bounds, bounds[1:], strict=False):
                found = f.both(found, f.negation(f.cube([(self.place[higher], True), (self.place[lower], False)])))
        return found

    def _bound(self, variable: Variable) -> Any:
        return float(variable[2]) if self.book.facts[variable[1]].kind == "number" else variable[2]

    def condition(self, expr: Condition, standing: frozenset[str]) -> int:
        """Return when a condition holds, while the named conditions of ``standing`` are in force."""
        if expr.fact:
            f = self.functions
            return f.either(*(f.variable(self.place[v], truth) for v, truth in leaf_variables(expr)))
        key = (expr, standing)
        found = self._conditions.get(key)
        if found is None:
            found = self._conditions[key] = self._made(expr, standing)
        return found

    def _made(self, expr: Condition, standing: frozenset[str]) -> int:
        if expr.op == "ref":
            named = self.book.conditions[expr.target]
            return NEVER if named.dated and named.id not in standing else self.condition(named.expr, standing)
        members = [self.condition(member, standing) for member in expr.members]
        if expr.op == "not":
            return self.functions.negation(members[0])
        return self.functions.both(*members) if expr.op == "all" else self.functions.either(*members)

    def worlds(self) -> Iterator[World]:
        """Yield each different world, oldest first."""
        seen = set()
        for instant in self._instants():
            rules, standing, reach = self._in_force(instant)
            key = (tuple(rule.id for rule in rules), standing, reach)
            if rules and key not in seen:
                seen.add(key)
                yield World(self, rules, instant, standing, reach)

    def at(self, instant: str) -> World:
        """Return the world at an instant."""
        rules, standing, reach = self._in_force(instant)
        return World(self, rules, instant, standing, reach)

    def _in_force(self, instant: str) -> tuple[list[RuleVersion], frozenset[str], int]:
        rules = [rule for rule in self.rules if rule.interval.holds_at(instant)]
        standing = frozenset(v[1] for v in self.dated if self.book.conditions[v[1]].interval.holds_at(instant))
        return rules, standing, self._reach(instant)

    def _instants(self) -> list[str]:
        intervals: list[Interval] = [rule.interval for rule in self.rules]
        intervals += [self.book.conditions[variable[1]].interval for variable in self.dated]
        for tests in self.tests.values():
            for variable in tests:
                if variable[0] == "list":
                    intervals += [one for entry in self.book.lists.get(variable[2], {}).values() for one in entry]
        intervals += [one.interval for one in self.book.entailments.get(f"action={self.action}", ())]
        found = {instant for interval in intervals for instant in interval.instants()}
        return sorted(found | {interval.starts for interval in intervals})

    def _reach(self, instant: str) -> int:
        # The combinations of truths that some value, or some set of values, has; and what the action itself implies.
        f, found = self.functions, self.kinds
        for name, tests in self.tests.items():
            if self.book.facts[name].multiple or any(v[0] in ("list", "scheme") for v in tests):
                rows = reachable(name, tests, self.book, instant)
                cubes = (f.cube((self.place[v], truth) for v, truth in row.items()) for row in rows)
                found = f.both(found, f.either(*cubes))
        for implied in self.book.entailments.get(f"action={self.action}", ()):
            if implied.interval.holds_at(instant):
                for v in self.tests.get(implied.fact, ()):
                    truth = test(v, {implied.fact: implied.value}, self.book, instant)
                    found = f.both(found, ALWAYS if truth is None else f.variable(self.place[v], truth))
        return found


@dataclass(slots=True)
class World:
    """The rules of one action in force from ``instant`` on: when each holds and stands, and what follows."""

    space: Space
    rules: Sequence[RuleVersion]
    instant: str
    standing: frozenset[str]
    reach: int
    given: int = field(init=False)
    stands: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        """Put the constraints between facts to what can be reached."""
        f = self.space.functions
        excluded = (self.space.condition(item.expr, self.standing) for item in self.space.book.constraints)
        self.given = f.both(self.reach, *(f.negation(one) for one in excluded))
        self.stands = self.fold({})

    @property
    def day(self) -> str:
        """The day on which it begins."""
        return self.instant[:10]

    def holds(self, rule: RuleVersion) -> int:
        """Return when a rule's condition holds and its reading, if contested, counts."""
        return self._counted(rule, self.space.condition(rule.when, self.standing))

    def _counted(self, rule: RuleVersion, condition: int) -> int:
        place = self.space.place.get(("reading", rule.rule))
        return (
            condition if place is None else self.space.functions.both(self.space.functions.variable(place), condition)
        )

    def defeating(self, rule: RuleVersion) -> list[RuleVersion]:
        """Return the rules in force that say they defeat ``rule``."""
        return [other for other in self.rules if rule.rule in other.defeats]

    def fold(self, instead: Mapping[str, Condition]) -> dict[str, int]:
        """Return by version when each rule stands: it holds, and none that defeats it stands.

        ``instead`` gives some of them another condition.
        """
        f = self.space.functions
        found: dict[str, int] = {}

        def stands(rule: RuleVersion) -> int:
            if rule.id not in found:
                when = instead.get(rule.id, rule.when)
                beaten = (f.negation(stands(other)) for other in self.defeating(rule))
                found[rule.id] = f.both(self._counted(rule, self.space.condition(when, self.standing)), *beaten)
            return found[rule.id]

        for rule in self.rules:
            stands(rule)
        return found

    def outcome(self, stands: Mapping[str, int]) -> int:
        """Return when the action's outcome is the positive one: may, or required."""
        f = self.space.functions
        by = {effect: f.either(*(stands[r.id] for r in self.rules if r.effect == effect)) for effect in EFFECTS}
        if self.space.book.actions[self.space.action].answers == "required":
            return by["require"]
        return f.both(by["permit"], f.negation(by["bar"]))

    def differs(self, stands: Mapping[str, int]) -> int:
        """Return the cases whose outcome is another where rules stand so."""
        f = self.space.functions
        one, other = self.outcome(self.stands), self.outcome(stands)
        return f.both(self.given, f.either(f.both(one, f.negation(other)), f.both(other, f.negation(one))))

    def together(self, *functions: int) -> int:
        """Return the cases that can be in which all functions hold; ``NEVER`` if there are none."""
        return self.space.functions.both(self.given, *functions)

    # ---- a case that shows it -----------------------------------------------------------------------

    def example(self, cases: int) -> Example | None:
        """Return one of some cases, as ordinary as may be.

        ``None`` where no day is known, or no value is found for a fact among those that rules and lists name.
        """
        if self.instant == NO_DAY or cases == NEVER:
            return None
        space, day, left = self.space, date.fromisoformat(self.day), cases
        readings = []
        for name, place in ((v[1], p) for v, p in space.place.items() if v[0] == "reading"):
            usual = next(rule.by_default for rule in space.rules if rule.rule == name)
            left, kept = self._with(left, [(place, usual)])
            if not kept:
                left, _ = self._with(left, [(place, not usual)])
                readings.append(name)
        open_ = [fact for fact in space.book.facts.values() if fact.name in space.tests]
        given: dict[str, Any] = {}
        for fact in [fact for fact in open_ if fact.has_ordinary and not fact.follows_day]:
            left, ordinary = self._taken(left, fact, [fact.ordinarily])
            if ordinary:
                open_.remove(fact)
        for fact in open_:
            left, taken = self._taken(left, fact, self._values(fact, day))
            if not taken:
                return None
            if fact.follows_day:
                day += timedelta(days=(WEEKDAYS.index(taken[0]) - day.weekday()) % 7)
            else:
                given[fact.name] = taken[0]
        facts = tuple((name, shown(value)) for name, value in given.items())
        return Example(space.action, day.isoformat(), facts, tuple(readings))

    def _with(self, cases: int, truths: Iterable[tuple[int, bool]]) -> tuple[int, bool]:
        tried = self.space.functions.both(cases, self.space.functions.cube(truths))
        return (cases, False) if tried == NEVER else (tried, True)

    def _taken(self, cases: int, fact: Fact, values: Iterable[Any]) -> tuple[int, list[Any]]:
        # The first value that some of the cases have, and those cases.
        space = self.space
        for value in values:
            truths = {v: test(v, {fact.name: value}, space.book, self.instant) for v in space.tests[fact.name]}
            if None not in truths.values():
                tried, taken = self._with(cases, [(space.place[v], bool(truth)) for v, truth in truths.items()])
                if taken:
                    return tried, [value]
        return cases, []

    def _values(self, fact: Fact, day: date) -> Iterator[Any]:
        tests = self.space.tests[fact.name]
        if fact.kind == "boolean":
            yield from (True, False)
        elif fact.follows_day:
            yield from (WEEKDAYS[(day.weekday() + later) % 7] for later in range(7))
        elif fact.kind == "choice":
            book = self.space.book
            targets = [variable[2] for variable in tests if variable[0] != "list"]
            listed = book.listed.get(fact.scheme or "", frozenset())
            tokens = list(dict.fromkeys([*(fact.values or ()), *targets, *sorted(listed)]))
            # No value, one, two: what takes three different lists at once has no example.
            sizes: Iterable[int] = range(3) if fact.multiple else (1,)
            for size in sizes:
                for some in combinations(tokens[:LARGEST] if size > 1 else tokens, size):
                    yield some if fact.multiple else some[0]
        elif fact.kind == "number":
            yield from sorted({0.0, *(float(variable[2]) for variable in tests)})
        else:
            yield from sorted({date.min.isoformat(), *(variable[2] for variable in tests)})


EFFECTS = ("permit", "bar", "exempt", "require")
