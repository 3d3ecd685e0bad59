"""What is known of a block's rows at one moment: given by columns, following from the day, entailed by concepts.

The same as ``inforce.rules.decide.Situation`` is for one case, a plane wherever that has a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from inforce.cohort.columns import Given
from inforce.cohort.planes import EMPTY, FULL, Pair, Plane, both, either, inverse
from inforce.rules.conditions import Truth, Variable, test
from inforce.rules.model import Rulebook

__all__ = ["Entailed", "Known", "Moment"]

# Tests of single values that are remembered; sets of many values have no end.
REMEMBERED = 500_000

Entailed = tuple[str | None, str, str, Any]
"""A fact and a token it is given, or ``None`` for every row; the fact that follows and its value."""


class Moment:
    """An instant, what entails what at it, and the truth of tests of single values, remembered."""

    def __init__(self, book: Rulebook, instant: str, known_on: str | None, entailed: Iterable[Entailed]) -> None:
        """Take the instant and what follows from what."""
        self.book, self.instant, self.known_on = book, instant, known_on
        self.entailed = tuple(entailed)
        self._truths: dict[tuple[Variable, Any], Truth] = {}

    def truth(self, variable: Variable, value: Any) -> Truth:
        """Return the truth of a test for one value of its fact."""
        key = (variable, value)
        if key not in self._truths:
            if len(self._truths) > REMEMBERED:
                self._truths.clear()
            facts = {variable[1]: value}
            self._truths[key] = test(variable, facts, self.book, self.instant, known_on=self.known_on)
        return self._truths[key]


class Known:
    """The facts of a block's rows at a moment; ``conflict`` are the rows in which they contradict each other."""

    def __init__(self, moment: Moment, given: Mapping[str, Given], days: Iterable[tuple[str, str, Plane]] = ()) -> None:
        """Take what the columns say and what follows from each row's day (fact, value, rows); add what is entailed."""
        self.moment, self.given = moment, given
        self._days = list(days)
        self.conflict = EMPTY
        self._added: dict[str, list[tuple[Any, Plane]]] = {}
        self._open: dict[str, Plane] = {}
        self._pairs: dict[Variable, Pair] = {}
        self._entail()

    def _entail(self) -> None:
        # By fact and value, which tokens of which facts it follows from; None: from the day or the action.
        sources: dict[tuple[str, Any], dict[str | None, set[str]]] = {}
        for name, token, fact, value in self.moment.entailed:
            if name is None or name in self.given:
                sources.setdefault((fact, value), {}).setdefault(name, set()).add(token)
        follows: dict[str, list[tuple[Any, Plane]]] = {}
        for fact, value, plane in self._days:
            follows.setdefault(fact, []).append((value, plane))
        for (fact, value), origins in sources.items():
            planes = [FULL if name is None else self._naming(name, tokens) for name, tokens in origins.items()]
            plane = either(planes)
            if plane is not EMPTY:
                follows.setdefault(fact, []).append((value, plane))
        for fact, parts in follows.items():
            self._follow(fact, parts)

    def _naming(self, name: str, tokens: set[str]) -> Plane:
        key = ("naming", frozenset(tokens))
        return self.given[name].where(
            key, lambda value: not tokens.isdisjoint(value if isinstance(value, tuple) else (value,))
        )

    def _follow(self, fact: str, parts: list[tuple[Any, Plane]]) -> None:
        given = self.given.get(fact)
        silent = FULL if given is None else both(given.open, inverse(given.unknown))
        open_ = FULL if given is None else given.open
        added: list[tuple[Any, Plane]] = []
        taken = EMPTY
        for value, plane in parts:
            if given is not None:
                equal = given.where(("equal", value), lambda one, value=value: one == value)  # type: ignore[misc]
                self.conflict = either([self.conflict, both(plane, inverse(given.open), inverse(equal))])
            here = both(plane, silent)
            self.conflict = either([self.conflict, both(here, taken)])
            taken = either([taken, here])
            added.append((value, here))
        self._added[fact] = added
        self._open[fact] = both(open_, inverse(taken))

    def follows(self, fact: str, value: Any) -> Plane:
        """Return the rows whose day makes ``fact`` this value."""
        return either(plane for name, one, plane in self._days if (name, one) == (fact, value))

    # ---- asking ----------------------------------------------------------------------------------

    def open(self, fact: str) -> Plane:
        """Return the rows in which nothing says what ``fact`` is."""
        found = self._open.get(fact)
        if found is None:
            given = self.given.get(fact)
            found = FULL if given is None else given.open
        return found

    def assumable(self, fact: str) -> Plane:
        """Return the rows in which ``fact`` is open and not said to be unknown."""
        given = self.given.get(fact)
        return self.open(fact) if given is None else both(self.open(fact), inverse(given.unknown))

    def assuming(self, values: Mapping[str, tuple[Any, Plane]]) -> Known:
        """Return the same with further facts, each with its value and the rows in which it is taken for granted."""
        other = object.__new__(Known)
        other.moment, other.given, other.conflict, other._days = self.moment, self.given, self.conflict, self._days
        other._added, other._open, other._pairs = dict(self._added), dict(self._open), {}
        for fact, (value, plane) in values.items():
            if plane is not EMPTY:
                other._added[fact] = [*self._added.get(fact, ()), (value, plane)]
                other._open[fact] = both(self.open(fact), inverse(plane))
        other._pairs = {variable: pair for variable, pair in self._pairs.items() if variable[1] not in values}
        return other

    def pair(self, variable: Variable, at: Moment | None = None) -> Pair:
        """Return the rows in which a test may be true, and those in which it may be false; lists as they are ``at``."""
        moment = self.moment if at is None or variable[0] != "list" else at
        key = (*variable, moment.instant)
        found = self._pairs.get(key)
        if found is None:
            found = self._pairs[key] = self._pair(variable, moment)
        return found

    def _pair(self, variable: Variable, moment: Moment) -> Pair:
        fact, truth = variable[1], moment.truth
        yes, perhaps = [], [self.open(fact)]
        given = self.given.get(fact)
        if given is not None:
            key = (variable, moment.instant, moment.known_on)
            yes.append(given.where(("true", key), lambda value: truth(variable, value) is True))
            if variable[0] == "list":
                perhaps.append(given.where(("open", key), lambda value: truth(variable, value) is None))
        for value, plane in self._added.get(fact, ()):
            found = truth(variable, value)
            if found is not False:
                (yes if found else perhaps).append(plane)
        true = either(yes)
        return either([true, *perhaps]), inverse(true)

    def doubtful(self, variable: Variable) -> Plane:
        """Return the rows in which a test is open though its fact is known: nobody knows since when it holds."""
        return both(*self.pair(variable), inverse(self.open(variable[1]))) if variable[0] == "list" else EMPTY
