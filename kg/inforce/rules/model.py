"""The dated rules as the engine reads them: plain records, filled from the compiled file the build writes.

Instants are wall-clock strings of the jurisdiction's zone, ``YYYY-MM-DDTHH:MM:SS``; they compare as text.
Days are ``YYYY-MM-DD``. Intervals are half-open; an end of ``None`` is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Action",
    "Condition",
    "ConditionDef",
    "Constraint",
    "Diagram",
    "Entailment",
    "Fact",
    "Interval",
    "Layer",
    "Rulebook",
    "RuleVersion",
]

NEVER = "9999-12-31T00:00:00"
ALWAYS = "0000-01-01T00:00:00"
# Beside the diagrams of the actions: that of the constraints alone, over all facts.
CONSTRAINTS = "constraints"


@dataclass(frozen=True, slots=True)
class Interval:
    """When something is in force, and when the public could first know of its start and of its end.

    ``starts`` and ``ends`` are instants. ``disputed`` lists ``(low, high, claims)`` windows in which
    sources disagree whether it is in force. ``certain_from`` is set where the start is not known:
    before it nobody can say whether the thing was in force. ``by`` is the instrument that made it.
    """

    starts: str
    ends: str | None
    start_known: str
    end_known: str | None
    disputed: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    certain_from: str | None = None
    by: str | None = None

    def holds_at(self, instant: str, *, known_on: str | None = None) -> bool:
        """Tell whether the interval holds at ``instant``, as known at the end of the day ``known_on``.

        >>> Interval("2017-05-05T00:00:00", None, "2017-05-17", None).holds_at("2020-01-01T00:00:00")
        True
        """
        if known_on is not None and self.start_known > known_on:
            return False
        if instant < self.starts:
            return False
        if self.ends is None or instant < self.ends:
            return True
        return known_on is not None and (self.end_known or self.ends[:10]) > known_on

    def uncertain_at(self, instant: str) -> bool:
        """Tell whether nobody can say if the interval holds at ``instant`` (its start is not known)."""
        return self.certain_from is not None and instant < self.certain_from

    def disputed_at(self, instant: str) -> tuple[str, ...]:
        """Return the claims that disagree about ``instant``, none where all agree."""
        for low, high, claims in self.disputed:
            if low <= instant < high:
                return claims
        return ()

    @property
    def first_day(self) -> str:
        """The first day on which it is in force at the end of the day."""
        return self.starts[:10]

    @property
    def until_day(self) -> str | None:
        """The day on whose end it is no longer in force, ``None`` while open."""
        return None if self.ends is None else self.ends[:10]

    def instants(self) -> Iterator[str]:
        """Yield every instant at which something about this interval changes."""
        if self.starts != ALWAYS:
            yield self.starts
        if self.ends is not None:
            yield self.ends
        if self.certain_from is not None:
            yield self.certain_from
        for low, high, _ in self.disputed:
            yield low
            yield high


@dataclass(frozen=True, slots=True)
class Condition:
    """One node of a condition: ``all``, ``any``, ``not``, ``ref`` or a test of one fact.

    Tests: ``true``, ``false`` (boolean facts), ``is``, ``in`` (a value, or any value of a set),
    ``list`` (member of a dated list), ``scheme`` (a concept or what is narrower), ``at-least``, ``below``.
    """

    op: str
    members: tuple[Condition, ...] = ()
    fact: str = ""
    target: Any = None


@dataclass(frozen=True, slots=True)
class ConditionDef:
    """A named, dated condition that rules share."""

    id: str
    label: Mapping[str, str]
    expr: Condition
    interval: Interval
    dated: bool


@dataclass(frozen=True, slots=True)
class Citation:
    """One provision a rule version rests on: ``role`` is ``expresses``, ``enabled-by`` or ``refers-to``."""

    provision: str
    role: str


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a rule: an effect on actions while its condition holds, in force in its interval."""

    id: str
    rule: str
    entry: str
    label: Mapping[str, str]
    effect: str
    actions: tuple[str, ...]
    layer: str
    interval: Interval
    when: Condition
    defeats: tuple[str, ...]
    citations: tuple[Citation, ...]
    passages: tuple[tuple[str, str], ...]
    instrument: str | None = None
    confidence: str = ""
    contested: bool = False
    by_default: bool = True
    note: str = ""
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that may be asked about an applicant.

    ``kind`` is ``boolean``, ``choice``, ``number`` or ``date``; ``values`` are the tokens a choice takes
    (``None``: any token of ``scheme``). ``ordinarily`` is the value of the ordinary case, ``None`` where there is none.
    """

    name: str
    kind: str
    multiple: bool
    values: tuple[str, ...] | None
    scheme: str | None
    question: Mapping[str, str]
    label: Mapping[str, str]
    ordinarily: Any
    has_ordinary: bool
    changeable: bool = True
    cost: int = 1
    follows_day: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person may do or needs: ``answers`` is ``may`` or ``required``, ``default`` if nothing stands."""

    id: str
    label: Mapping[str, str]
    answers: str
    default: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of authority; a lower rank weighs more."""

    id: str
    label: Mapping[str, str]
    rank: int


@dataclass(frozen=True, slots=True)
class Constraint:
    """Facts that cannot hold together."""

    id: str
    label: Mapping[str, str]
    expr: Condition


@dataclass(frozen=True, slots=True)
class Entailment:
    """A concept, or the action asked about, decides a fact while the interval lasts; ``id`` says where it is stated."""

    fact: str
    value: Any
    interval: Interval
    id: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """A decision diagram over all of history for one action.

    Terminals: 0 the facts exclude each other, 1 the action's positive outcome, 2 its negative one.
    ``nodes[i]`` is ``(variable, high, low)`` of node ``i + 3``; children come before parents.
    """

    variables: tuple[tuple[str, ...], ...]
    nodes: tuple[tuple[int, int, int], ...]
    root: int
    constrained: frozenset[int] = frozenset()


@dataclass(slots=True)
class Rulebook:
    """Everything the engine needs to answer, for all days."""

    version: str
    default_action: str
    zone: str
    verified_through: str
    covers_from: str
    facts: dict[str, Fact]
    actions: dict[str, Action]
    layers: dict[str, Layer]
    conditions: dict[str, ConditionDef]
    rules: list[RuleVersion]
    lists: dict[str, dict[str, tuple[Interval, ...]]]
    constraints: list[Constraint]
    entailments: dict[str, tuple[Entailment, ...]]
    ancestors: dict[str, frozenset[str]]
    provisions: dict[str, dict[str, Any]]
    sources: dict[str, dict[str, Any]]
    evidence: dict[str, tuple[dict[str, Any], ...]]
    claims: dict[str, dict[str, Any]]
    # By scheme the values on some list: a list may hold values of several schemes, a fact takes those of one.
    listed: dict[str, frozenset[str]] = field(default_factory=dict)
    diagrams: dict[str, Diagram] = field(default_factory=dict)
    by_action: dict[str, tuple[int, ...]] = field(default_factory=dict)
    constraints_of: dict[str, list[Constraint]] = field(default_factory=dict)
    entailing: frozenset[str] = frozenset()
    following_day: tuple[Fact, ...] = ()
    # Gives the words of facts, conditions, values and lists, which are read only where something is said.
    words: Callable[[], Mapping[str, Any]] = field(default=dict, repr=False, compare=False)
    cache: dict[Any, Any] = field(default_factory=dict, repr=False)
    _by_id: dict[str, RuleVersion] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Index rules by action and id, constraints by fact."""
        found: dict[str, list[int]] = {name: [] for name in self.actions}
        for number, rule in enumerate(self.rules):
            self._by_id[rule.id] = rule
            for action in rule.actions:
                found.setdefault(action, []).append(number)
        self.by_action = {name: tuple(numbers) for name, numbers in found.items()}
        for item in self.constraints:
            for name in sorted(facts_in(item.expr)):
                self.constraints_of.setdefault(name, []).append(item)
        self.entailing = frozenset(key.split("=")[0] for key in self.entailments)
        self.following_day = tuple(fact for fact in self.facts.values() if fact.follows_day)

    def rules_of(self, action: str) -> Iterator[RuleVersion]:
        """Yield the rule versions that speak to ``action``, of every day."""
        for number in self.by_action.get(action, ()):
            yield self.rules[number]

    def within(self, concept: str) -> tuple[str, ...]:
        """Return a concept and all that is narrower, in the order of the data."""
        return (concept, *(token for token, above in self.ancestors.items() if concept in above))

    def named(self, fact: Fact, tests: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
        """Return the values that tests of a choice tell apart, in their order: named, on a list or within a concept.

        Of a list only those the fact can take: a list may hold countries and classes of documents.
        """
        mine = self.listed.get(fact.scheme or "") if fact.values is None else frozenset(fact.values)
        found: dict[str, None] = {}
        for op, _, target in tests:
            if op == "list":
                found.update(dict.fromkeys(t for t in self.lists.get(target, {}) if mine is None or t in mine))
            else:
                found.update(dict.fromkeys(self.within(target) if op == "scheme" else (target,)))
        return tuple(found)

    def rule(self, version: str) -> RuleVersion:
        """Return one rule version by its id."""
        return self._by_id[version]


def facts_in(expr: Condition) -> set[str]:
    """Return the facts an expression tests, without those of conditions it refers to."""
    return {expr.fact} - {""} | {name for member in expr.members for name in facts_in(member)}
