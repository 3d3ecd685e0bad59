"""What is known of a block's rows at one moment: given by columns, following from the day, entailed by concepts.

The same as ``inforce.rules.decide.Situation`` is for one case, a plane wherever that has a value.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from inforce.cohort.columns import Given
from inforce.cohort.planes import EMPTY, FULL, Pair, Plane, both, either, inverse
from inforce.rules.conditions import Truth, Variable, listed, test
from inforce.rules.model import Rulebook

__all__ = ["Entailed", "Known", "Moment"]

# Tests of single values that are remembered; sets of many values have no end.
REMEMBERED = 500_000

Entailed = tuple[str | None, str, str, Any]
"""A fact and a token it is given, or ``None`` for every row; the fact that follows and its value."""
Members = tuple[tuple[str, Truth], ...]
"""The entries of a list, each with whether it is certain to be on it."""
Sources = dict[tuple[str, Any], dict[tuple[str | None, tuple[int, ...]], set[str]]]
"""By the fact and value that follow: the fact they follow from with its tokens, and the moments at which they do."""


class Moment:
    """An instant, what entails what at it, and the truth of tests of single values, remembered."""

    def __init__(self, book: Rulebook, instant: str, known_on: str | None, entailed: Iterable[Entailed]) -> None:
        """Take the instant and what follows from what."""
        self.book, self.instant, self.known_on = book, instant, known_on
        self.entailed = tuple(entailed)
        self._truths: dict[tuple[Variable, Any], Truth] = {}
        self._members: dict[str, Members] = {}
        self._sources: dict[tuple[Moment, ...], Sources] = {}

    def truth(self, variable: Variable, value: Any) -> Truth:
        """Return the truth of a test for one value of its fact."""
        key = (variable, value)
        if key not in self._truths:
            if len(self._truths) > REMEMBERED:
                self._truths.clear()
            facts = {variable[1]: value}
            self._truths[key] = test(variable, facts, self.book, self.instant, known_on=self.known_on)
        return self._truths[key]

    def members(self, name: str) -> Members:
        """Return what is on a list at the instant; of moments with the same, its tests have the same truth."""
        found = self._members.get(name)
        if found is None:
            states = (
                (token, listed(token, name, self.book, self.instant, known_on=self.known_on))
                for token in self.book.lists.get(name, {})
            )
            found = self._members[name] = tuple(state for state in states if state[1] is not False)
        return found

    def sources(self, moments: tuple[Moment, ...]) -> Sources:
        """Return for each fact and value that follows from something, from what it does at which of the moments."""
        found = self._sources.get(moments)
        if found is None:
            during: dict[Entailed, list[int]] = {}
            for number, moment in enumerate(moments):
                for item in moment.entailed:
                    during.setdefault(item, []).append(number)
            found = self._sources[moments] = {}
            for (name, token, fact, value), numbers in during.items():
                origin = (name, tuple(numbers))
                found.setdefault((fact, value), {}).setdefault(origin, set()).add(token)
        return found


class Known:
    """The facts of a block's rows, each at its moment; ``conflict`` are those in which they contradict each other."""

    def __init__(
        self,
        at: Sequence[tuple[Moment, Plane]],
        given: Mapping[str, Given],
        days: Iterable[tuple[str, str, Plane]] = (),
    ) -> None:
        """Take the rows of each moment, what the columns say, and what follows from each row's day (fact, value, rows).

        What is entailed is added.
        """
        self.at, self.given = tuple(at), given
        self.conflict = EMPTY
        self._added: dict[str, list[tuple[Any, Plane]]] = {}
        self._open: dict[str, Plane] = {}
        self._pairs: dict[tuple[Variable, bool], Pair] = {}
        self._entail(days)

    def _entail(self, days: Iterable[tuple[str, str, Plane]]) -> None:
        follows: dict[str, list[tuple[Any, Plane]]] = {}
        for fact, value, plane in days:
            follows.setdefault(fact, []).append((value, plane))
        moments = tuple(moment for moment, _ in self.at)
        sources = moments[0].sources(moments) if moments else {}
        for (fact, value), origins in sources.items():
            # A token of some fact, or the action, for which no fact need be given.
            plane = either(
                both(self._during(numbers), FULL if name is None else self._naming(name, tokens))
                for (name, numbers), tokens in origins.items()
                if name is None or name in self.given
            )
            if plane is not EMPTY:
                follows.setdefault(fact, []).append((value, plane))
        for fact, parts in follows.items():
            self._follow(fact, parts)

    def _during(self, numbers: tuple[int, ...]) -> Plane:
        return FULL if len(numbers) == len(self.at) else either(self.at[number][1] for number in numbers)

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
        other.at, other.given, other.conflict = self.at, self.given, self.conflict
        other._added, other._open, other._pairs = dict(self._added), dict(self._open), {}
        for fact, (value, plane) in values.items():
            if plane is not EMPTY:
                other._added[fact] = [*self._added.get(fact, ()), (value, plane)]
                other._open[fact] = both(self.open(fact), inverse(plane))
        other._pairs = {key: pair for key, pair in self._pairs.items() if key[0][1] not in values}
        return other

    def pair(self, variable: Variable, at: Moment | None = None) -> Pair:
        """Return the rows in which a test may be true, and those in which it may be false.

        Lists are as they are at each row's own moment, or ``at`` one for all.
        """
        elsewhere = at is not None and variable[0] == "list"
        key = (variable, elsewhere)
        found = self._pairs.get(key)
        if found is None:
            found = self._pairs[key] = self._pair(variable, [(at, FULL)] if at and elsewhere else self.at)
        return found

    def _pair(self, variable: Variable, at: Sequence[tuple[Moment, Plane]]) -> Pair:
        fact, listed = variable[1], variable[0] == "list"
        yes, perhaps = [], [self.open(fact)]
        given = self.given.get(fact)
        for key, (moment, during) in _alike(variable, at).items():
            truth = moment.truth
            if given is not None:
                true = given.where((True, key), lambda value, truth=truth: truth(variable, value) is True)  # type: ignore[misc]
                yes.append(both(during, true))
                if listed:
                    open_ = given.where((None, key), lambda value, truth=truth: truth(variable, value) is None)  # type: ignore[misc]
                    perhaps.append(both(during, open_))
            for value, plane in self._added.get(fact, ()):
                found = truth(variable, value)
                if found is not False:
                    (yes if found else perhaps).append(both(during, plane))
        true = either(yes)
        return either([true, *perhaps]), inverse(true)

    def doubtful(self, variable: Variable) -> Plane:
        """Return the rows in which a test is open though its fact is known: nobody knows since when it holds."""
        return both(*self.pair(variable), inverse(self.open(variable[1]))) if variable[0] == "list" else EMPTY


def _alike(variable: Variable, at: Sequence[tuple[Moment, Plane]]) -> dict[Hashable, tuple[Moment, Plane]]:
    # What is on a list changes over time; any other test of a value has the same truth at all moments.
    if variable[0] != "list":
        return {variable: (at[0][0], FULL)}
    found: dict[Hashable, tuple[Moment, Plane]] = {}
    for moment, during in at:
        key = (variable, moment.members(variable[2]))
        one, plane = found.get(key, (moment, EMPTY))
        found[key] = (one, either([plane, during]))
    # Also of rows of no moment something is told, which nobody looks at.
    return {key: (one, FULL) for key, (one, _) in found.items()} if len(found) == 1 else found
