"""What rules say against each other: bars and permits that can both stand, rules that never can, gaps between versions.

Exact: for each instant at which something changes, the conditions, the constraints between facts and the reach of the
dated lists become one Boolean function. These are readings to think about, not faults: a Bar prevails over a Permit.

Source: the fold of ``inforce.rules.compile``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from inforce.check.files import plain, read, turtle_files
from inforce.check.finding import Example, Finding, in_order
from inforce.check.lines import LineIndex
from inforce.rules.case import WEEKDAYS, shown
from inforce.rules.compile import Builder
from inforce.rules.conditions import Variable, reachable, test, variables
from inforce.rules.model import ALWAYS, Fact, Rulebook, RuleVersion
from inforce.vocab import BASE, shrink

__all__ = ["rule_findings"]

LARGEST = 40  # values of which pairs are tried for an example


def rule_findings(paths: Sequence[Path], root: Path) -> list[Finding]:
    """Return what the rules of ``paths`` say against each other and against the package's, sorted by file and line.

    Args:
        paths: Turtle files or folders that ``validate`` finds no fault with; none: the package's own rules.
        root: the folder that holds ``ontology``, ``data`` and ``queries``.

    Raises:
        UsageError: a path is not there, or a folder holds no Turtle file.
    """
    from inforce.build import inputs, parse, skolemised
    from inforce.reasoning.terms import nodes
    from inforce.rules.extract import compiled
    from inforce.rules.load import rulebook

    sources = inputs(root)
    quads = parse(sources)
    if paths:
        index = LineIndex()
        for path in turtle_files(paths):
            parsed = read(path)
            index.add(parsed.file, parsed.scan)
            quads += [ox.Quad(t.subject, t.predicate, t.object) for t in skolemised(plain(parsed))]
    else:
        index = LineIndex.of([item.path for item in sources], BASE, root)
    book = rulebook(compiled(nodes(set(quads)), version=""), {})
    judged = {rule.id for rule in book.rules if BASE + rule.id in index}
    concerned = sorted({action for rule in book.rules if rule.id in judged for action in rule.actions})
    found: dict[tuple[str, str, str], Example | None] = {}
    for action in concerned:
        for code, message, version, example in _of_action(book, action, judged):
            # Two rules that meet for several actions are told once, with the example of the first.
            found.setdefault((code, message, version), example)
    return in_order(
        Finding(code, message, shrink(BASE + version), *index.place(BASE + version), example=example)
        for (code, message, version), example in found.items()
        if version in judged
    )


Row = tuple[str, str, str, Example | None]
"""Code, message, the version it is about, and a case that shows it."""


def _of_action(book: Rulebook, action: str, judged: set[str]) -> Iterator[Row]:
    rules = list(book.rules_of(action))
    standing: set[str] = set()
    holding: dict[str, _World] = {}
    met: set[tuple[str, str]] = set()
    for world in _worlds(book, rules):
        for rule in world.rules:
            if rule.id in judged and rule.id not in holding and world.possible(world.condition(rule)):
                holding[rule.id] = world
        standing |= {r.id for r in world.rules if r.id in judged - standing and world.possible(world.stands(r))}
        bars = [rule for rule in world.rules if rule.effect == "bar"]
        permits = [rule for rule in world.rules if rule.effect == "permit"]
        for bar, permit in product(bars, permits):
            pair = (bar.id, permit.id)
            if pair not in met and judged & set(pair) and world.possible(world.stands(bar), world.stands(permit)):
                met.add(pair)
                yield *_against(bar, permit, world.instant, at_bar=bar.id in judged), world.shown(action, bar, permit)
    for rule in rules:
        if rule.id not in holding:
            yield "W_DEAD", f"can never hold for {action}: correct inf:when, or leave the version out", rule.id, None
        elif rule.id not in standing:
            by = ", ".join(f"rule:{one}" for one in sorted({r.rule for r in rules if rule.rule in r.defeats}))
            message = f"never stands for {action}, always defeated by {by}: narrow what defeats it"
            yield "W_DEAD", message, rule.id, holding[rule.id].shown(action, rule, standing=False)
        if rule.effect == "exempt" and not rule.defeats:
            yield "W_DEAD", "exempts from nothing: name the rule it lifts with inf:defeats", rule.id, None
        yield from _gap(rule, rules)


def _against(bar: RuleVersion, permit: RuleVersion, instant: str, *, at_bar: bool) -> tuple[str, str, str]:
    one, other, what = (bar, permit, "a Permit") if at_bar else (permit, bar, "a Bar")
    right = "the Bar prevails; if the Permit should, let it name the Bar's rule with inf:defeats"
    message = f"can stand together with {shrink(BASE + other.id)}, {what}, from {instant[:10]} on: {right}"
    return "W_CONFLICT", message, one.id


def _worlds(book: Rulebook, rules: list[RuleVersion]) -> Iterator[_World]:
    """Yield each different world of an action's rules, oldest first."""
    seen = set()
    for instant in sorted({i for rule in rules for i in _instants(book, rule)}):
        in_force = [rule for rule in rules if rule.interval.holds_at(instant)]
        expressions = [rule.when for rule in in_force] + [item.expr for item in book.constraints]
        order = list(dict.fromkeys(v for expr in expressions for v in variables(expr, book)))
        dated = {v: book.conditions[v[1]].interval.holds_at(instant) for v in order if v[0] == "condition"}
        listed = sorted({v[1] for v in order if v[0] == "list"})
        ways = []
        for name in listed:
            tests = [v for v in order if v[0] in ("is", "list", "scheme") and v[1] == name]
            ways.append(reachable(name, tests, book, instant))
        key = repr(([rule.id for rule in in_force], dated, [sorted(map(repr, one)) for one in ways]))
        if key not in seen:
            seen.add(key)
            yield _World(book, in_force, instant, order, dated, ways)


def _gap(rule: RuleVersion, rules: list[RuleVersion]) -> Iterator[Row]:
    end = rule.interval.ends
    later = [r.interval.starts for r in rules if r.rule == rule.rule and end and r.interval.starts >= end]
    if end and later and min(later) > end:
        message = f"ends on {end[:10]} and the next version of rule:{rule.rule} starts on {min(later)[:10]}"
        yield "W_GAP", f"{message}: give the version between, if there was one", rule.id, None


def _instants(book: Rulebook, rule: RuleVersion) -> Iterator[str]:
    """Yield the instants within a version's life at which it, a condition or a list it reads changes."""
    yield rule.interval.starts
    seen = {("rule", rule.id), *variables(rule.when, book)}
    for variable in seen:
        intervals = []
        if variable[0] == "condition":
            intervals = [book.conditions[variable[1]].interval]
        elif variable[0] == "list":
            intervals = [one for entry in book.lists.get(variable[2], {}).values() for one in entry]
        for interval in intervals:
            for instant in interval.instants():
                if rule.interval.holds_at(instant):
                    yield instant


class _World:
    """The rules of one action in force at one instant, as Boolean functions of facts that can be together."""

    def __init__(
        self,
        book: Rulebook,
        rules: list[RuleVersion],
        instant: str,
        order: list[Variable],
        dated: dict[Variable, bool],
        ways: list[list[dict[Variable, bool]]],
    ) -> None:
        """Take the rules in force, the variables they read, which conditions are in force and what lists allow."""
        from dd import bdd

        self.book, self.rules, self.instant = book, rules, instant
        self.tests: dict[str, list[Variable]] = {}
        for variable in order:
            if variable[0] != "condition":
                self.tests.setdefault(variable[1], []).append(variable)
        self.manager: Any = bdd.BDD()  # type: ignore[abstract]  # its own base class leaves == open
        for position in range(len(order)):
            self.manager.add_var(f"v{position}", position)
        self.builder = Builder(book, self.manager, {variable: place for place, variable in enumerate(order)})
        self.memo: dict[str, int] = {}
        self.given = self.every(dated)
        for alternatives in ways:
            some = self.manager.false
            for way in alternatives:
                some = self.manager.apply("or", some, self.every(way))
            self.given = self.both(self.given, some)
        self.given = self.both(self.given, self.builder.allowed([item.expr for item in book.constraints]))

    def every(self, truths: dict[Variable, bool]) -> int:
        """Return that each variable has its truth."""
        result = int(self.manager.true)
        for variable, truth in truths.items():
            result = self.both(result, self.literal(variable, truth))
        return result

    def literal(self, variable: Variable, truth: bool) -> int:
        """Return a variable, or its negation."""
        node = self.builder.variable(variable)
        return node if truth else int(self.manager.apply("not", node))

    def both(self, one: int, other: int) -> int:
        """Return the conjunction."""
        return int(self.manager.apply("and", one, other))

    def condition(self, rule: RuleVersion) -> int:
        """Return when a rule's condition holds."""
        return self.builder.condition(rule.when)

    def stands(self, rule: RuleVersion) -> int:
        """Return when a rule stands: its condition holds and no standing rule defeats it."""
        if rule.id not in self.memo:
            result = self.condition(rule)
            for other in self.rules:
                if rule.rule in other.defeats:
                    result = self.both(result, int(self.manager.apply("not", self.stands(other))))
            self.memo[rule.id] = result
        return self.memo[rule.id]

    def possible(self, *functions: int) -> bool:
        """Tell whether some facts that can be together make all of the functions hold."""
        result = self.given
        for one in functions:
            result = self.both(result, one)
        return bool(result != self.manager.false)

    # ---- a case that shows it -----------------------------------------------------------------------

    def shown(self, action: str, *rules: RuleVersion, standing: bool = True) -> Example | None:
        """Return a case in which all of ``rules`` stand (or hold, if not ``standing``), as ordinary as may be.

        ``None`` where no day is known, or no value is found for a fact among those that rules and lists name.
        """
        if self.instant == ALWAYS:
            return None
        left = self.given
        for rule in rules:
            left = self.both(left, self.stands(rule) if standing else self.condition(rule))
        day = date.fromisoformat(self.instant[:10])
        open_ = [fact for fact in self.book.facts.values() if fact.name in self.tests]
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
        return Example(action, day.isoformat(), facts, tuple(rule.rule for rule in rules if not rule.by_default))

    def _taken(self, node: int, fact: Fact, values: Iterable[Any]) -> tuple[int, list[Any]]:
        # The first value that ``node`` allows, and ``node`` with it.
        for value in values:
            truths = {one: test(one, {fact.name: value}, self.book, self.instant) for one in self.tests[fact.name]}
            tried = self.both(node, self.every({one: bool(truth) for one, truth in truths.items()}))
            if None not in truths.values() and tried != self.manager.false:
                return tried, [value]
        return node, []

    def _values(self, fact: Fact, day: date) -> Iterator[Any]:
        if fact.kind == "boolean":
            yield from (True, False)
        elif fact.follows_day:
            yield from (WEEKDAYS[(day.weekday() + later) % 7] for later in range(7))
        elif fact.kind == "number":
            yield from sorted({0.0, *(float(variable[2]) for variable in self.tests[fact.name])})
        elif fact.kind == "choice":
            targets = [variable[2] for variable in self.tests[fact.name] if variable[0] != "list"]
            listed = {token for entries in self.book.lists.values() for token in entries} if fact.scheme else set()
            tokens = list(dict.fromkeys([*(fact.values or ()), *targets, *sorted(listed)]))
            # No value, one, two: what takes three different lists at once has no example.
            sizes: Iterable[int] = range(3) if fact.multiple else (1,)
            for size in sizes:
                for some in combinations(tokens[:LARGEST] if size > 1 else tokens, size):
                    yield some if fact.multiple else some[0]
