"""The fold: what a person may do, or needs, on a day, given what is known of the facts.

Nothing here reads a clock, a file or a graph. The outcome is exact: ``depends`` only if some completion of the
open facts, within the constraints between facts, changes it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from inforce.dates import When
from inforce.errors import FactsError
from inforce.rules.case import WEEKDAYS, shown
from inforce.rules.conditions import Truth, Variable, kleene, test
from inforce.rules.era import Era
from inforce.rules.model import ALWAYS, CONSTRAINTS, Diagram, Rulebook, RuleVersion

__all__ = ["Missing", "Ordinary", "Question", "Segment", "Situation"]

Facts = Mapping[str, Any]

OUTCOMES = {
    ("may", True): "may",
    ("may", False): "may-not",
    ("required", True): "required",
    ("required", False): "not-required",
}
# Eras kept with a rulebook before they are made anew: all of history for every action and layer fits.
CACHED = 20_000

DEPENDS, NOT_COVERED = "depends", "not-covered"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time with one outcome; ``first`` and ``until`` are instants."""

    first: str
    until: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Missing:
    """An open fact that can still change the outcome, with what it gives on average (bits) and where it may lead."""

    fact: str
    gain: float
    settles: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Ordinary:
    """The outcome if all open facts are as they ordinarily are; ``skipped`` contradict what was given."""

    outcome: str
    assuming: Mapping[str, Any]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """One way the question is put to the diagram: a moment, the layers counted, a reading switched."""

    moment: int
    cut: int
    switched: str = ""


@dataclass(slots=True)
class Situation:
    """A case's facts at one moment: what was given and what the concepts among them entail there."""

    instant: str
    facts: dict[str, Any]
    inferred: dict[str, tuple[Any, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Question:
    """One question put to the rules: an action, facts, a stretch of time, what was known, which readings.

    ``facts`` maps names to values as ``inforce.rules.case`` reads them; names in ``unknown`` are never
    assumed ordinary. ``widest`` is the rank that counts every layer.
    """

    book: Rulebook
    action: str
    facts: dict[str, Any]
    when: When
    known_on: str | None = None
    readings: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    moments: list[Situation] = field(default_factory=list)
    widest: int = field(init=False)
    _rules: list[RuleVersion] = field(default_factory=list)
    _force: dict[tuple[str, int], Truth] = field(default_factory=dict)
    _ordinary: dict[Any, tuple[dict[str, Any], list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Cut the time asked about into moments at which nothing changes, and infer facts at each."""
        self._rules = list(self.book.rules_of(self.action))
        self.widest = max(layer.rank for layer in self.book.layers.values())
        if not self.moments:
            self.moments = [self.situation(instant) for instant in self.instants()]
        before: dict[str, Any] | None = None
        for moment in self.moments:
            if moment.facts != before:
                before = moment.facts
                self._check(moment)

    def _check(self, moment: Situation) -> None:
        if not self._consistent(moment.facts):
            raise FactsError("these facts exclude each other", code="E_FACTS", hint=self._excluded(moment))

    def _consistent(self, facts: Facts) -> bool:
        # All constraints together, also those on facts that no rule of the action reads.
        era: Era | None = self.book.cache.get(CONSTRAINTS)
        if era is None:
            whole = self.book.diagrams[CONSTRAINTS]
            open_: list[Truth] = [None] * len(whole.variables)
            era = Era(self.book, whole, open_, counted=(), covered=True, instant=ALWAYS, known_on=None)
            self.book.cache[CONSTRAINTS] = era
        return era.possible(facts)[0]

    @property
    def diagram(self) -> Diagram:
        """The compiled fold of the action."""
        return self.book.diagrams[self.action]

    @property
    def window(self) -> tuple[str, str]:
        """The time asked about as instants, the second excluded."""
        if self.when.instant is not None:
            return self.when.instant, self.when.instant
        return f"{self.when.first}T00:00:00", f"{self.when.until}T00:00:00"

    def instants(self) -> list[str]:
        """Return the first instant of each moment in the window, oldest first."""
        low, high = self.window
        return [low, *(instant for instant in boundaries(self.book, self.action) if low < instant < high)]

    def situation(self, instant: str) -> Situation:
        """Return the facts at ``instant``: given, following from the day, and entailed by concepts.

        Raises:
            FactsError: a given fact contradicts what the day or a given concept says.
        """
        facts = dict(self.facts)
        inferred: dict[str, tuple[Any, str]] = {}
        if self.when.single_day:
            for fact in self.book.following_day:
                self._infer(fact.name, WEEKDAYS[self.when.weekday], instant[:10], facts, inferred)
        keys = [f"action={self.action}"]
        for name in [name for name in facts if name in self.book.entailing]:
            values = facts[name]
            keys += [f"{name}={token}" for token in (values if isinstance(values, tuple) else (values,))]
        for key in keys:
            for entailment in self.book.entailments.get(key, ()):
                if entailment.interval.holds_at(instant, known_on=self.known_on):
                    self._infer(entailment.fact, entailment.value, entailment.id, facts, inferred)
        return Situation(instant, facts, inferred)

    def _infer(
        self, name: str, value: Any, why: str, facts: dict[str, Any], inferred: dict[str, tuple[Any, str]]
    ) -> None:
        if name in facts and facts[name] != value:
            given = name in self.facts
            message = (
                f"{name}={shown(facts[name])} contradicts {name}={shown(value)}, which follows from {why}"
                if given
                else f"{inferred[name][1]} and {why} give {name} different values"
            )
            raise FactsError(message, code="E_FACTS", hint=f"leave {name} out, or correct it")
        if name not in self.unknown and name not in facts:
            facts[name] = value
            inferred[name] = (value, why)

    # ---- what is in force ------------------------------------------------------------------

    def in_force(self, rule: RuleVersion, moment: int) -> Truth:
        """Tell whether ``rule`` is in force at a moment; ``None`` where sources disagree about that instant."""
        key = (rule.id, moment)
        if key not in self._force:
            instant = self.moments[moment].instant
            self._force[key] = self._holds(rule.interval, instant)
        return self._force[key]

    def _holds(self, interval: Any, instant: str) -> Truth:
        # A day goes by the claim we adopt, and carries a caution; an instant inside the window is open.
        if self.when.instant is not None and interval.disputed_at(instant):
            return None
        if not interval.holds_at(instant, known_on=self.known_on):
            return False
        return None if interval.uncertain_at(instant) else True

    def disputed(self) -> bool:
        """Tell whether sources disagree if some rule of the action is in force at the instant asked about."""
        instant = self.when.instant
        return instant is not None and any(rule.interval.disputed_at(instant) for rule in self._rules)

    def counted(self, rule: RuleVersion, world: World) -> Truth:
        """Tell whether ``rule`` counts in ``world``: in force, within the layers, by its reading."""
        if self.book.layers[rule.layer].rank > world.cut:
            return False
        switched = (rule.rule in self.readings) != (world.switched == rule.rule)
        if rule.by_default == switched:
            return False
        return self.in_force(rule, world.moment)

    # ---- the diagram ------------------------------------------------------------------------

    def speaks(self, rule: RuleVersion) -> bool:
        """Tell whether ``rule`` by itself covers the action: an exemption alone says only "not required"."""
        return rule.effect != "exempt" or self.book.actions[self.action].answers == "required"

    def era(self, world: World) -> Era:
        """Return the diagram of ``world`` with what is in force put in."""
        book, ticks = self.book, boundaries(self.book, self.action)
        instant = self.moments[world.moment].instant
        readings = self.readings ^ {world.switched} if world.switched else self.readings
        open_ = self.when.instant is not None
        key = ("era", self.action, bisect_right(ticks, instant), self.known_on, world.cut, readings, open_)
        found: Era | None = book.cache.get(key)
        if found is None:
            truths = [
                self.truth(variable, world, {}) if variable[0] in ("rule", "condition") else None
                for variable in self.diagram.variables
            ]
            states = ((rule, self.counted(rule, world)) for rule in self._rules)
            counted = tuple((rule, state) for rule, state in states if state is not False)
            found = Era(
                book,
                self.diagram,
                truths,
                counted=counted,
                covered=any(self.speaks(rule) for rule, _ in counted),
                instant=instant,
                known_on=self.known_on,
            )
            if len(book.cache) > CACHED:
                book.cache.clear()
            book.cache[key] = found
        return found

    def outcomes(self, worlds: Sequence[World], extra: Facts | Sequence[Facts] = ()) -> list[str]:
        """Return the outcome in each world; ``extra`` adds facts (one mapping for all, or one a world)."""
        added = [extra] * len(worlds) if isinstance(extra, Mapping) else list(extra) or [{}] * len(worlds)
        return [self.outcome(world, more) for world, more in zip(worlds, added, strict=True)]

    def outcome(self, world: World, extra: Facts = MappingProxyType({})) -> str:
        """Return the outcome in one world; facts of the moment win over ``extra``."""
        era = self.era(world)
        if not era.covered:
            return NOT_COVERED
        known = self.moments[world.moment].facts
        return self._word(*era.possible({**extra, **known} if extra else known))

    def _word(self, can_hold: bool, can_fail: bool) -> str:
        if can_hold and can_fail:
            return DEPENDS
        if not can_hold and not can_fail:
            raise FactsError("these facts exclude each other", code="E_FACTS", hint=self._excluded(self.moments[-1]))
        return OUTCOMES[self.book.actions[self.action].answers, can_hold]

    def _excluded(self, moment: Situation) -> str:
        for item in self.book.constraints:
            if kleene(item.expr, lambda v: test(v, moment.facts, self.book, moment.instant), self.book):
                return item.label["en"]
        return "; ".join(item.label["en"] for item in self.book.constraints if self._touches(item.expr))

    def _touches(self, expr: Any) -> bool:
        names = {expr.fact} if expr.fact else set()
        return bool(names & set(self.facts)) or any(self._touches(member) for member in expr.members)

    def truth(self, variable: Variable, world: World, facts: Facts) -> Truth:
        """Return the truth of a variable in a world."""
        if variable[0] == "rule":
            return self.counted(self.book.rule(variable[1]), world)
        if variable[0] == "condition":
            return self._holds(self.book.conditions[variable[1]].interval, self.moments[world.moment].instant)
        return test(variable, facts, self.book, self.moments[world.moment].instant, known_on=self.known_on)

    # ---- what is missing ---------------------------------------------------------------------

    def missing(self, extra: Facts = MappingProxyType({})) -> list[Missing]:
        """Return the open facts that can still change the outcome, exactly these, the most informative first.

        How much a fact tells is weighed by how likely its values are (``inforce.rules.era``), ties by fact order.
        """
        found: dict[str, float] = {}
        for moment in range(len(self.moments)):
            era = self.era(World(moment, self.widest))
            facts = {**extra, **self.moments[moment].facts}
            left = era.remainder(facts)
            for name, gain in era.missing(facts, left).items():
                found[name] = max(gain, found.get(name, 0.0))
        order = {name: number for number, name in enumerate(self.book.facts)}
        names = sorted(found, key=lambda name: (-round(found[name], 12), order[name]))
        trials = [(name, text, value) for name in names for text, value in self._trials(name)]
        results = era.tried([(name, value) for name, _, value in trials], left)
        settles: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
        for (name, text, _), (can_hold, can_fail) in zip(trials, results, strict=True):
            if can_hold or can_fail:
                settles[name].append((text, self._word(can_hold, can_fail)))
        return [Missing(name, found[name], tuple(settles[name])) for name in names]

    def _trials(self, name: str) -> list[tuple[str, Any]]:
        fact = self.book.facts[name]
        if fact.kind == "boolean":
            return [("yes", True), ("no", False)]
        if fact.values is not None and not fact.multiple:
            return [(token, token) for token in fact.values]
        return []

    # ---- ordinarily ----------------------------------------------------------------------------

    def ordinary_facts(self, first: Iterable[str], moment: int = -1) -> tuple[dict[str, Any], list[str]]:
        """Return the ordinary values of facts open at a moment, those of ``first`` first, and the names skipped.

        A value that contradicts what is given, or was assumed before it, is skipped.
        """
        facts = self.moments[moment].facts
        leading = list(first)
        key = (tuple(facts.items()), tuple(leading))
        found = self._ordinary.get(key)
        if found is None:
            found = self._ordinary[key] = self._assume(facts, leading)
        return found

    def _assume(self, facts: Facts, first: list[str]) -> tuple[dict[str, Any], list[str]]:
        open_ = [
            name
            for name in dict.fromkeys([*first, *self.book.facts])
            if name not in facts and name not in self.unknown and self.book.facts[name].has_ordinary
        ]
        whole = {name: self.book.facts[name].ordinarily for name in open_}
        if self._consistent({**whole, **facts}):
            return whole, []
        bound = self.book.constraints_of
        assumed = {name: value for name, value in whole.items() if name not in bound}
        skipped: list[str] = []
        for name in open_:
            if name in bound:
                if self._consistent({**facts, **assumed, name: whole[name]}):
                    assumed[name] = whole[name]
                else:
                    skipped.append(name)
        return assumed, skipped


def boundaries(book: Rulebook, action: str) -> list[str]:
    """Return every instant at which what bears on ``action`` may change, oldest first."""
    ticks: list[str] | None = book.cache.get(("boundaries", action))
    if ticks is not None:
        return ticks
    found: set[str] = set()
    for rule in book.rules_of(action):
        found.update(rule.interval.instants())
    for variable in book.diagrams[action].variables:
        if variable[0] == "condition":
            found.update(book.conditions[variable[1]].interval.instants())
        elif variable[0] == "list":
            for intervals in book.lists.get(variable[2], {}).values():
                for interval in intervals:
                    found.update(interval.instants())
    for entailments in book.entailments.values():
        for entailment in entailments:
            found.update(entailment.interval.instants())
    ticks = book.cache["boundaries", action] = sorted(found)
    return ticks
