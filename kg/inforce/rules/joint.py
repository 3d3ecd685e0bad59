"""Two days in one: the diagrams of an action on either day, over one set of variables.

What facts cannot be together is left out on both sides, so that what differs between the days differs for real cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from inforce.rules.conditions import Variable, test
from inforce.rules.decide import Question, World
from inforce.rules.era import Era
from inforce.rules.functions import ALWAYS, NEVER, Functions
from inforce.rules.model import Fact, Rulebook

__all__ = ["UNNAMED", "Joint", "Side"]

# A variable is a test with the values that pass it.
Key = tuple[Variable, frozenset[str]]

# The cell of a choice that stands for every value no test names.
UNNAMED = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two days: its question, its diagram, the facts of all cases asked about, and what the day implies."""

    question: Question
    era: Era
    facts: Mapping[str, Any]
    following: Mapping[str, Any]

    @classmethod
    def of(cls, question: Question) -> Side:
        """Return the side of a question, at the end of its day."""
        moment = len(question.moments) - 1
        facts = question.moments[moment].facts
        # Who lost by the law, not by the day of the week: what follows from the day is the same on both days.
        following = {fact.name for fact in question.book.following_day if fact.name not in question.facts}
        kept = {name: value for name, value in facts.items() if name not in following}
        return cls(
            question, question.era(World(moment, question.widest)), kept, {n: facts[n] for n in following & {*facts}}
        )


class Joint:
    """The outcomes of two sides as functions, how they ``turned``, and what is ``allowed`` at all.

    Who ``lost`` held for sure and now fails for sure; who is ``unsettled`` was sure, either way, and no longer is.
    """

    def __init__(self, before: Side, after: Side, tokens: Callable[[str], Iterable[str]]) -> None:
        """Join two sides of one action; ``tokens`` gives the values of a fact that is a choice, by name."""
        self.sides = (before, after)
        self.tokens = tokens
        # A draft may have facts, and values of them, that the rules it is compared with do not have.
        self.facts: dict[str, Fact] = dict(before.question.book.facts)
        for name, fact in after.question.book.facts.items():
            if len(fact.values or ()) >= len(self.facts[name].values or () if name in self.facts else ()):
                self.facts[name] = fact
        self.functions = f = Functions()
        self._values_of: dict[str, frozenset[str]] = {}
        self._known: dict[tuple[Variable, int], dict[str, bool]] = {}
        self._places = [{v: place for place, v in enumerate(side.question.diagram.variables)} for side in self.sides]
        self._variables = self._tests()
        self.keys: list[Key] = [*self._ordered(), *self._doubts()]
        self.place = {key: number for number, key in enumerate(self.keys)}
        # The variables of values that pass a list on one of the days only.
        self.moved = frozenset(
            number
            for number, (variable, part) in enumerate(self.keys)
            if any(not self._passing(variable, side).get(token) for token in part for side in range(2))
        )
        self.of_fact: dict[str, list[int]] = {}
        # Facts do not settle whether something disputed is in force.
        disputed: list[int] = []
        for number, (variable, _) in enumerate(self.keys):
            if variable[0] in ("rule", "condition"):
                disputed.append(number)
            else:
                self.of_fact.setdefault(variable[1], []).append(number)
        self.holders: dict[str, dict[int, tuple[str, ...]]] = {}
        # Each fact reads variables of its own: the last first, so that each conjunction only adds on top.
        reach = f.both(*(self._possible(name) for name in reversed(self.of_fact)))
        outcomes = [self._outcome(number) for number in range(2)]
        allowed = f.both(reach, *(f.either(hold, fail) for hold, fail in outcomes))
        self.allowed = f.some(allowed, disputed)
        sure = []
        for hold, fail in outcomes:
            can_hold, can_fail = (f.some(f.both(side, allowed), disputed) for side in (hold, fail))
            sure.append((f.both(can_hold, f.negation(can_fail)), f.both(can_fail, f.negation(can_hold))))
        self._sure = tuple(
            pair if side.era.covered else (NEVER, NEVER) for pair, side in zip(sure, self.sides, strict=True)
        )
        (held, failed), (holds, fails) = self._sure
        open_ = f.negation(f.either(holds, fails))
        # What a case had to be on the first day and what on the second to be in each; always one outcome on the first.
        self.turned = {
            "lost": [(held, fails)],
            "gained": [(failed, holds)],
            "unsettled": [(held, open_), (failed, open_)],
        }
        # A choice of one value, as what its tests tell apart: each value named, and any other.
        self.cells = {name: self._cells(places) for name, places in self.of_fact.items() if self._one_of(name)}
        # Values that a condition names together.
        self.named = frozenset(value for side in self.sides for value in _named(side.question.book))

    def _one_of(self, name: str) -> bool:
        return not self.facts[name].multiple and all(self.keys[p][0][0] == "is" for p in self.of_fact[name])

    def _cells(self, places: list[int]) -> dict[str, int]:
        f = self.functions
        found = {self.keys[one][0][2]: f.cube((place, place == one) for place in places) for one in places}
        none = f.cube((place, False) for place in places)
        return {**found, UNNAMED: none} if f.meets(self.allowed, none) else found

    def _tokens(self, name: str) -> frozenset[str]:
        found = self._values_of.get(name)
        if found is None:
            found = self._values_of[name] = frozenset(self.facts[name].values or self.tokens(name))
        return found

    def _tests(self) -> dict[tuple[int, Variable], dict[Key, bool]]:
        # By side and test the variables any of which makes it hold, and whether for sure. Where other values pass a
        # list on either day, those that pass on both, only before and only after are a variable each: who was moved
        # can then be told. So are those of whom nobody can say whether they pass.
        found: dict[tuple[int, Variable], dict[Key, bool]] = {}
        for number, side in enumerate(self.sides):
            for variable in side.era.diagram.variables:
                mine, other = self._passing(variable, number), self._passing(variable, 1 - number)
                alike: dict[tuple[bool, bool | None], set[str]] = {}
                for token, certain in mine.items():
                    alike.setdefault((certain, other.get(token)), set()).add(token)
                keys = {(variable, frozenset(tokens)): certain for (certain, _), tokens in alike.items()}
                found[number, variable] = keys or ({} if other else {(variable, frozenset()): True})
        return found

    def _passing(self, variable: Variable, number: int) -> dict[str, bool]:
        # The values that pass a list or scheme on a side, each with whether that is certain.
        if variable[0] not in ("list", "scheme"):
            return {}
        found = self._known.get((variable, number))
        if found is None:
            asked, name = self.sides[number].question, variable[1]
            at, known = asked.moments[-1].instant, asked.known_on
            truths = {
                token: test(variable, {name: (token,)}, asked.book, at, known_on=known)
                for token in sorted(self._tokens(name))
            }
            found = {token: truth is True for token, truth in truths.items() if truth is not False}
            self._known[variable, number] = found
        return found

    def _doubts(self) -> list[Key]:
        # One variable for each test of a side whose outcome nobody can say for some value.
        return [
            (("rule", str(number), *variable), frozenset())
            for number, variable in self._variables
            if variable[0] in ("list", "scheme") and not all(self._passing(variable, number).values())
        ]

    def _ordered(self) -> list[Key]:
        found: dict[Key, tuple[int, int]] = {}
        for (number, variable), keys in self._variables.items():
            whole = self._places[number]
            for key in keys:
                found.setdefault(key, (whole[variable], number))
        first: dict[str, tuple[int, int]] = {}
        for (variable, _), place in found.items():
            first[variable[1]] = min(place, first.get(variable[1], place))
        return sorted(found, key=lambda key: (first[key[0][1]], found[key], sorted(key[1])))

    def _possible(self, name: str) -> int:
        # What the tests of one fact can be together, those of the one day with those of the other.
        f, fact = self.functions, self.facts[name]
        if any(name in side.facts for side in self.sides) or fact.kind == "boolean":
            return ALWAYS
        if fact.kind == "choice":
            return self._reachable(name)
        # Who is not of one age is not of a higher one.
        bounds = sorted(self.of_fact[name], key=lambda place: _bound(self.keys[place][0][2], fact))
        return f.both(*(f.either(f.variable(low), f.variable(high, False)) for low, high in pairwise(bounds)))  # noqa: FBT003

    def _reachable(self, name: str) -> int:
        # The joint combinations of truths that values of one fact can have on both days, with who has them.
        places = self.of_fact[name]
        holders: dict[int, tuple[str, ...]] = {}
        named = {token for place in places for token in self.passing(place)}
        if self.facts[name].multiple or not self._tokens(name) <= named:
            holders[0] = ()
        for token in sorted(named):
            signature = sum((token in self.passing(place)) << bit for bit, place in enumerate(places))
            holders.setdefault(signature, (token,))
        if self.facts[name].multiple:
            size = 0
            while size != len(holders):
                size = len(holders)
                for (one, first), (other, second) in combinations(sorted(holders.items()), 2):
                    together = tuple(sorted({*first, *second}))
                    if one | other not in holders or len(holders[one | other]) > len(together):
                        holders[one | other] = together
        self.holders[name] = holders
        f = self.functions
        cubes = (f.cube((place, bool(s >> bit & 1)) for bit, place in enumerate(places)) for s in sorted(holders))
        return f.either(*cubes)

    def passing(self, place: int) -> frozenset[str]:
        """Return the values that pass the test of a variable."""
        variable, yes = self.keys[place]
        return frozenset((variable[2],)) if variable[0] == "is" else yes

    def _outcome(self, number: int) -> tuple[int, int]:
        side, f = self.sides[number], self.functions
        tests: list[int] = []
        for position, variable in enumerate(side.era.diagram.variables):
            truth = side.era.truth(position, side.facts)
            if truth is not None:
                tests.append(ALWAYS if truth else NEVER)
                continue
            doubt = (("rule", str(number), *variable), frozenset[str]())
            given = variable[0] in ("list", "scheme") and variable[1] in side.facts
            parts = [f.variable(self.place[doubt])] if given else []
            for key, certain in self._variables[number, variable].items() if not given else ():
                passes = f.variable(self.place[key])
                parts.append(passes if certain else f.both(passes, f.variable(self.place[doubt])))
            tests.append(f.either(*parts))
        return f.of_diagram(side.era.diagram, tests)

    # ---- an example --------------------------------------------------------------------------

    def example(self, on: int) -> dict[str, Any]:
        """Return facts under which a function holds whatever else is the case, as ordinary as can be.

        They are facts that differ on the two days themselves, where there are such, so that they can be asked about.
        """
        on = self._on_the_days(on) or on
        wanted: dict[int, bool] = {}
        for name, places in self.of_fact.items():
            usual = self._usual(name)
            if usual is None:
                continue
            for place in places:
                if self.keys[place][0][0] == "true":
                    wanted[place] = bool(usual)
                else:
                    wanted[place] = self._passes(place, usual)
        path = self.functions.path(on, wanted)
        found: dict[str, Any] = {}
        for name, places in self.of_fact.items():
            truths = {place: path[place] for place in places if place in path}
            if truths and not any(name in side.facts for side in self.sides):
                found[name] = next(
                    value
                    for value in self._values(name, truths)
                    if all(self._passes(place, value) is truth for place, truth in truths.items())
                )
        return {**self.sides[0].question.facts, **self.sides[1].question.facts, **found}

    def _on_the_days(self, on: int) -> int:
        # Those of a function whose outcomes differ also with what either day implies, whatever that is.
        f = self.functions
        implied = [place for name in self.sides[0].following for place in self.of_fact.get(name, ())]
        if not implied:
            return on
        (held, failed), (holds, fails) = (
            [self._with(function, side.following) for function in pair]
            for pair, side in zip(self._sure, self.sides, strict=True)
        )
        differs = f.either(f.both(held, f.negation(holds)), f.both(failed, f.negation(fails)))
        return f.both(f.some(on, implied), differs)

    def _with(self, function: int, facts: Mapping[str, Any]) -> int:
        places = ((place, value) for name, value in facts.items() for place in self.of_fact.get(name, ()))
        return self.functions.put_in(function, {place: self._passes(place, value) for place, value in places})

    def _usual(self, name: str) -> Any:
        fact = self.facts[name]
        return fact.ordinarily if fact.has_ordinary else None

    def _passes(self, place: int, value: Any) -> bool:
        op, name, *bound = self.keys[place][0]
        if op == "true":
            return bool(value)
        if op == "at-least":
            return bool(value >= _bound(bound[0], self.facts[name]))
        return not self.passing(place).isdisjoint(value if isinstance(value, tuple) else (value,))

    def _values(self, name: str, truths: Mapping[int, bool]) -> Iterator[Any]:
        fact = self.facts[name]
        if fact.kind == "boolean":
            yield from (True, False)
        elif fact.kind != "choice":
            bounds = [self.keys[place][0][2] for place in truths]
            yield from map(float, bounds) if fact.kind == "number" else bounds
            yield 0.0 if fact.kind == "number" else "0001-01-01"
        else:
            usual = self._usual(name)
            if usual is not None:
                yield usual
            for tokens in sorted(self.holders.get(name, {}).values(), key=lambda tokens: (len(tokens), tokens)):
                if tokens:
                    yield tokens if fact.multiple else tokens[0]
            for token in fact.values or self.tokens(name):
                yield (token,) if fact.multiple else token
            if fact.multiple:
                yield ()


def _bound(text: str, fact: Fact) -> Any:
    return float(text) if fact.kind == "number" else text


def _named(book: Rulebook) -> frozenset[frozenset[str]]:
    found: frozenset[frozenset[str]] | None = book.cache.get("named together")
    if found is None:
        pending = [rule.when for rule in book.rules] + [named.expr for named in book.conditions.values()]
        sets: set[frozenset[str]] = set()
        while pending:
            condition = pending.pop()
            pending += condition.members
            if condition.op == "in":
                sets.add(frozenset(condition.target))
        found = book.cache["named together"] = frozenset(sets)
    return found
