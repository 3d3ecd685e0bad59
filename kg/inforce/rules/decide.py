"""The fold: what a person may do, or needs, on a day, given what is known of the facts.

Nothing here reads a clock, a file or a graph. The outcome is exact: ``depends`` only if some completion of the
open facts, within the constraints between facts, changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from inforce.dates import When
from inforce.errors import FactsError
from inforce.rules.case import WEEKDAYS, shown
from inforce.rules.conditions import Truth, Variable, reachable, test
from inforce.rules.diagram import Remainder, possible
from inforce.rules.model import Condition, Constraint, Diagram, Rulebook, RuleVersion

__all__ = ["Missing", "Ordinary", "Question", "Segment", "Situation"]

Facts = Mapping[str, Any]

OUTCOMES = {
    ("may", True): "may",
    ("may", False): "may-not",
    ("required", True): "required",
    ("required", False): "not-required",
}
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
    dropped: str = ""


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
    assumed ordinary.
    """

    book: Rulebook
    action: str
    facts: dict[str, Any]
    when: When
    known_on: str | None = None
    readings: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    moments: list[Situation] = field(default_factory=list)
    _rules: list[RuleVersion] = field(default_factory=list)
    _force: dict[tuple[str, int], Truth] = field(default_factory=dict)
    _ordinary: dict[Any, tuple[dict[str, Any], list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Cut the time asked about into moments at which nothing changes, and infer facts at each."""
        self._rules = list(self.book.rules_of(self.action))
        if not self.moments:
            self.moments = [self.situation(instant) for instant in self.instants()]

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
            for fact in self.book.facts.values():
                if fact.follows_day:
                    self._infer(fact.name, WEEKDAYS[self.when.weekday], instant[:10], facts, inferred)
        for name in self.book.facts:
            values = facts.get(name)
            for token in values if isinstance(values, tuple) else (values,):
                for entailment in self.book.entailments.get(f"{name}={token}", ()):
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
        if interval.disputed_at(instant):
            return None
        if not interval.holds_at(instant, known_on=self.known_on):
            return False
        return None if interval.uncertain_at(instant) else True

    def disputed(self) -> bool:
        """Tell whether sources disagree if some rule of the action is in force at the last moment."""
        instant = self.moments[-1].instant
        return any(rule.interval.disputed_at(instant) for rule in self._rules)

    def counted(self, rule: RuleVersion, world: World) -> Truth:
        """Tell whether ``rule`` counts in ``world``: in force, within the layers, by its reading."""
        if self.book.layers[rule.layer].rank > world.cut or world.dropped == rule.id:
            return False
        switched = (rule.rule in self.readings) != (world.switched == rule.rule)
        if rule.by_default == switched:
            return False
        return self.in_force(rule, world.moment)

    def covered(self, world: World) -> bool:
        """Tell whether some rule speaks to the action at all in ``world``."""
        return any(rule.effect != "exempt" and self.counted(rule, world) is not False for rule in self._rules)

    @property
    def widest(self) -> int:
        """The rank that counts every layer."""
        return max(layer.rank for layer in self.book.layers.values())

    # ---- the diagram ------------------------------------------------------------------------

    def outcomes(self, worlds: Sequence[World], extra: Facts | Sequence[Facts] = ()) -> list[str]:
        """Return the outcome in each world; ``extra`` adds facts (one mapping for all, or one a world)."""
        added = [extra] * len(worlds) if isinstance(extra, Mapping) else list(extra) or [{}] * len(worlds)
        return [
            NOT_COVERED if not self.covered(world) else self._word(can_hold, can_fail)
            for world, (can_hold, can_fail) in zip(worlds, self.possibilities(worlds, added), strict=True)
        ]

    def _word(self, can_hold: bool, can_fail: bool) -> str:
        if can_hold and can_fail:
            return DEPENDS
        if not can_hold and not can_fail:
            raise FactsError("these facts exclude each other", code="E_FACTS", hint=self._excluded())
        return OUTCOMES[self.book.actions[self.action].answers, can_hold]

    def _excluded(self) -> str:
        from inforce.rules.conditions import kleene

        facts = self.moments[-1].facts
        for item in self.book.constraints:
            if kleene(item.expr, lambda v: test(v, facts, self.book, self.moments[-1].instant), self.book):
                return item.label["en"]
        return "; ".join(item.label["en"] for item in self.book.constraints if self._touches(item.expr))

    def _touches(self, expr: Any) -> bool:
        names = {expr.fact} if expr.fact else set()
        return bool(names & set(self.facts)) or any(self._touches(member) for member in expr.members)

    def possibilities(self, worlds: Sequence[World], added: Sequence[Facts]) -> list[tuple[bool, bool]]:
        """Return for each world whether the positive and the negative outcome are possible."""
        rows: list[tuple[World, Facts, Mapping[Variable, bool]]] = []
        spans: list[tuple[int, int]] = []
        for world, more in zip(worlds, added, strict=True):
            start = len(rows)
            known = self.moments[world.moment].facts
            facts = {**more, **known} if more else known
            for combination in self.combinations(facts, world.moment):
                rows.append((world, facts, combination))
            spans.append((start, len(rows)))
        true, false = self._planes(rows)
        hold, fail = possible(self.diagram, true, false, (1 << len(rows)) - 1)
        answers = []
        for start, end in spans:
            mask = (1 << end) - (1 << start)
            answers.append((bool(hold & mask), bool(fail & mask)))
        return answers

    def _planes(self, rows: Sequence[tuple[World, Facts, Mapping[Variable, bool]]]) -> tuple[list[int], list[int]]:
        true, false = [], []
        for variable in self.diagram.variables:
            may, may_not = 0, 0
            bit = 1
            for world, facts, combination in rows:
                truth = self.truth(variable, world, facts, combination)
                if truth is not False:
                    may |= bit
                if truth is not True:
                    may_not |= bit
                bit <<= 1
            true.append(may)
            false.append(may_not)
        return true, false

    def truth(self, variable: Variable, world: World, facts: Facts, combination: Mapping[Variable, bool] = {}) -> Truth:
        """Return the truth of a variable in a world."""
        if variable[0] == "rule":
            return self.counted(rules_by_id(self.book)[variable[1]], world)
        if variable[0] == "condition":
            return self._holds(self.book.conditions[variable[1]].interval, self.moments[world.moment].instant)
        if variable in combination:
            return combination[variable]
        return test(variable, facts, self.book, self.moments[world.moment].instant, known_on=self.known_on)

    def combinations(self, facts: Facts, moment: int) -> list[dict[Variable, bool]]:
        """Return the reachable combinations of the list tests of facts that are open, jointly."""
        parts = [
            reachable(name, tests, self.book, self.moments[moment].instant, known_on=self.known_on)
            for name, tests in listed_tests(self.diagram, self.book).items()
            if name not in facts
        ]
        return [{k: v for part in row for k, v in part.items()} for row in product(*parts)]

    # ---- what is missing ---------------------------------------------------------------------

    def missing(self, extra: Facts | None = None) -> list[Missing]:
        """Return the open facts that can still change the outcome, the most informative first; exact."""
        found: dict[str, float] = {}
        for moment in range(len(self.moments)):
            for name, gain in self._missing_at(moment, extra or {}).items():
                found[name] = max(gain, found.get(name, 0.0))
        names = sorted(found, key=lambda name: (-round(found[name], 9), name))
        last = World(len(self.moments) - 1, self.widest)
        tries: list[tuple[str, str, dict[str, Any]]] = []
        for name in names:
            for text, value in self._trials(name):
                tries.append((name, text, {**(extra or {}), name: value}))
        results = self.possibilities([last] * len(tries), [more for _, _, more in tries]) if tries else []
        settles: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
        for (name, text, _), (can_hold, can_fail) in zip(tries, results, strict=True):
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

    def _missing_at(self, moment: int, extra: Facts) -> dict[str, float]:
        facts = {**self.moments[moment].facts, **extra}
        world = World(moment, self.widest)
        remainder = Remainder(self.diagram)
        base = [self.truth(variable, world, facts) for variable in self.diagram.variables]
        for combination in self.combinations(facts, moment):
            truths = list(base)
            for position, variable in enumerate(self.diagram.variables):
                if variable in combination:
                    truths[position] = combination[variable]
            remainder.put_in(truths)
        gains = remainder.gains()
        found: dict[str, float] = {}
        listed = listed_tests(self.diagram, self.book)
        for name, group in fact_groups(self.diagram).items():
            if name in facts:
                continue
            if name in listed:
                if remainder.roots_differ():
                    found[name] = remainder.roots_gain()
            elif self._matters(remainder, group):
                found[name] = sum(gains.get(position, 0.0) for position in bits(group))
        return found

    def _matters(self, remainder: Remainder, group: int) -> bool:
        read = group & remainder.open_variables()
        if not read:
            return False
        if not any(position in self.diagram.constrained for position in bits(group)):
            return True  # no constraint reads it: what the reduced diagram reads, it needs
        return remainder.matters(group)

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
            found = self._ordinary[key] = self._assume(facts, leading, self.moments[moment].instant)
        return found

    def _assume(self, facts: Facts, first: list[str], instant: str) -> tuple[dict[str, Any], list[str]]:
        open_ = [
            name
            for name in dict.fromkeys([*first, *self.book.facts])
            if name not in facts and name not in self.unknown and self.book.facts[name].has_ordinary
        ]
        bound = constrained_facts(self.book)
        assumed = {name: self.book.facts[name].ordinarily for name in open_ if name not in bound}
        skipped: list[str] = []
        for name in open_:
            if name in bound:
                value = self.book.facts[name].ordinarily
                if self._agrees({**facts, **assumed, name: value}, name, instant):
                    assumed[name] = value
                else:
                    skipped.append(name)
        return assumed, skipped

    def _agrees(self, facts: Facts, name: str, instant: str) -> bool:
        # A value contradicts if a constraint that reads it is then certainly violated; what a constraint
        # forces among open facts is respected by the diagram itself.
        from inforce.rules.conditions import kleene

        return not any(
            kleene(item.expr, lambda v: test(v, facts, self.book, instant), self.book)
            for item in constraints_of(self.book).get(name, ())
        )


def bits(mask: int) -> list[int]:
    """Return the positions of the bits set in ``mask``.

    >>> bits(0b101)
    [0, 2]
    """
    return [position for position in range(mask.bit_length()) if mask >> position & 1]


_CACHE: dict[tuple[str, int, str], Any] = {}


def _cached(kind: str, owner: object, key: str, make: Any) -> Any:
    # Pure functions of immutable data, keyed by identity of an object that the entry keeps alive.
    found = _CACHE.get((kind, id(owner), key))
    if found is None or found[0] is not owner:
        found = _CACHE[kind, id(owner), key] = (owner, make())
    return found[1]


def rules_by_id(book: Rulebook) -> dict[str, RuleVersion]:
    """Return the rule versions by id."""
    found: dict[str, RuleVersion] = _cached("rules", book, "", lambda: {rule.id: rule for rule in book.rules})
    return found


def fact_groups(diagram: Diagram) -> dict[str, int]:
    """Return for each fact the bits of its variables in ``diagram``."""

    def make() -> dict[str, int]:
        found: dict[str, int] = {}
        for position, variable in enumerate(diagram.variables):
            if variable[0] not in ("rule", "condition"):
                found[variable[1]] = found.get(variable[1], 0) | 1 << position
        return found

    groups: dict[str, int] = _cached("groups", diagram, "", make)
    return groups


def listed_tests(diagram: Diagram, book: Rulebook) -> dict[str, list[Variable]]:
    """Return the tests of facts whose open values are tried by combination: sets, and members of lists or schemes."""

    def make() -> dict[str, list[Variable]]:
        found: dict[str, list[Variable]] = {}
        for variable in diagram.variables:
            if variable[0] not in ("rule", "condition"):
                found.setdefault(variable[1], []).append(variable)
        return {
            name: tests
            for name, tests in found.items()
            if book.facts[name].multiple or any(v[0] in ("list", "scheme") for v in tests)
        }

    tests: dict[str, list[Variable]] = _cached("listed", diagram, "", make)
    return tests


def boundaries(book: Rulebook, action: str) -> list[str]:
    """Return every instant at which what bears on ``action`` may change, oldest first."""

    def make() -> list[str]:
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
        return sorted(found)

    ticks: list[str] = _cached("boundaries", book, action, make)
    return ticks


def constraints_of(book: Rulebook) -> dict[str, list[Constraint]]:
    """Return for each fact the constraints that read it."""

    def names(expr: Condition) -> set[str]:
        return {expr.fact} - {""} | {name for member in expr.members for name in names(member)}

    def make() -> dict[str, list[Constraint]]:
        found: dict[str, list[Constraint]] = {}
        for item in book.constraints:
            for name in sorted(names(item.expr)):
                found.setdefault(name, []).append(item)
        return found

    found: dict[str, list[Constraint]] = _cached("constrained", book, "", make)
    return found


def constrained_facts(book: Rulebook) -> set[str]:
    """Return the facts that some constraint reads."""
    return set(constraints_of(book))
