"""The grounds of an answer: each rule version in force, its state for the case, what it rests on, what is decisive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inforce.rules.case import plain
from inforce.rules.conditions import Truth, Variable, conjunction, disjunction, kleene
from inforce.rules.decide import DEPENDS, Question, World
from inforce.rules.model import Condition, RuleVersion

__all__ = ["STATES", "Ground", "Obligation", "deciding", "grounds_of", "obligations_of"]

STATES: dict[Truth, str] = {True: "holds", False: "fails", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Ground:
    """One rule version in force, its state for this case, and what it rests on."""

    rule: str
    version: str
    entry: str
    label: Mapping[str, str]
    layer: str
    effect: str
    state: str
    stands: bool | None
    decisive: bool
    defeated_by: tuple[str, ...]
    contested: bool
    confidence: str
    in_force_from: str
    in_force_until: str | None
    starts_at: str
    instrument: str | None
    provisions: tuple[dict[str, Any], ...]
    sources: tuple[dict[str, Any], ...]
    conflicts: tuple[str, ...]
    note: str
    condition: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Obligation:
    """A document to carry for what the answer relies on."""

    label: Mapping[str, str]
    evidence: str
    fact: str
    rule: str
    provisions: tuple[str, ...]


def grounds_of(question: Question, world: World, facts: Mapping[str, Any], outcome: str) -> tuple[Ground, ...]:
    """Return the rule versions in force in ``world``, the decisive first, each with its state for ``facts``."""
    counted = question.era(world).counted
    rules = [rule for rule, _ in counted]
    book = question.book
    trees = _Trees(question, world, facts)
    conditions = {rule.id: trees.tree(rule.when) for rule in rules}
    states = {name: truth for name, (_, truth) in conditions.items()}
    stands, defeating = _standing(counted, states)
    decisive = _decisive(question, rules, states, stands, outcome)
    found = [
        Ground(
            rule=rule.rule,
            version=rule.id,
            entry=rule.entry,
            label=rule.label,
            layer=rule.layer,
            effect=rule.effect,
            state=STATES[states[rule.id]],
            stands=stands[rule.id],
            decisive=rule.id in decisive,
            defeated_by=tuple(sorted(other.rule for other in defeating.get(rule.rule, ()) if stands[other.id] is True)),
            contested=rule.contested,
            confidence=rule.confidence,
            in_force_from=rule.interval.first_day,
            in_force_until=rule.interval.until_day,
            starts_at=rule.interval.starts,
            instrument=rule.instrument,
            provisions=tuple(_provision(question, citation) for citation in rule.citations),
            sources=tuple(_source(question, source, locator) for source, locator in rule.passages),
            conflicts=rule.conflicts,
            note=rule.note,
            condition=conditions[rule.id][0],
        )
        for rule in rules
    ]
    order = {"holds": 0, "unknown": 1, "fails": 2}
    found.sort(
        key=lambda g: (
            not g.decisive,
            order[STATES[g.stands]],
            order[g.state],
            -book.layers[g.layer].rank,
            g.rule,
            g.version,
        )
    )
    return tuple(found)


def deciding(question: Question, world: World, facts: Mapping[str, Any], outcome: str) -> RuleVersion | None:
    """Return the rule version that ``grounds_of`` names first where it is decisive, ``None`` where none is.

    For many cases: no tree of a condition is made.
    """
    counted = question.era(world).counted
    truths: dict[Variable, Truth] = {}

    def truth(variable: Variable) -> Truth:
        if variable not in truths:
            truths[variable] = question.truth(variable, world, facts)
        return truths[variable]

    rules = [rule for rule, _ in counted]
    states = {rule.id: kleene(rule.when, truth, question.book) for rule in rules}
    stands, _ = _standing(counted, states)
    decisive = _decisive(question, rules, states, stands, outcome)
    order = {True: 0, None: 1, False: 2}
    layers = question.book.layers
    return min(
        (rule for rule in rules if rule.id in decisive),
        key=lambda r: (order[stands[r.id]], order[states[r.id]], -layers[r.layer].rank, r.rule, r.id),
        default=None,
    )


def _standing(
    counted: Sequence[tuple[RuleVersion, Truth]], states: Mapping[str, Truth]
) -> tuple[dict[str, Truth], dict[str, list[RuleVersion]]]:
    # Whether each rule stands, and by the name of a rule those that defeat it.
    in_force = {rule.id: truth for rule, truth in counted}
    defeating: dict[str, list[RuleVersion]] = {}
    for rule, _ in counted:
        for name in rule.defeats:
            defeating.setdefault(name, []).append(rule)
    stands: dict[str, Truth] = {}

    def standing(rule: RuleVersion) -> Truth:
        if rule.id not in stands:
            beaten = disjunction([standing(other) for other in defeating.get(rule.rule, ())])
            stands[rule.id] = conjunction([in_force[rule.id], states[rule.id], None if beaten is None else not beaten])
        return stands[rule.id]

    for rule, _ in counted:
        standing(rule)
    return stands, defeating


def _decisive(
    question: Question,
    rules: list[RuleVersion],
    states: Mapping[str, Truth],
    stands: Mapping[str, Truth],
    outcome: str,
) -> set[str]:
    # A minimal set: from these rules alone the same outcome follows, without any of them it does not.
    layers = question.book.layers

    def weight(rule: RuleVersion) -> tuple[int, int, str]:
        # Specific rules before the closed-world default, then by authority.
        return (rule.when.op == "all" and not rule.when.members, layers[rule.layer].rank, rule.rule)

    def best(candidates: Iterable[RuleVersion]) -> set[str]:
        chosen = min(candidates, key=weight, default=None)
        return set() if chosen is None else {chosen.id}

    def of(effect: str, truth: Truth = True) -> list[RuleVersion]:
        return [rule for rule in rules if rule.effect == effect and stands[rule.id] is truth]

    def settling(effect: str) -> set[str]:
        # Where no rule stands for certain, the outcome follows from all that may: one or the other does,
        # or a constraint between facts makes it.
        return best(of(effect)) or {rule.id for rule in of(effect, None)}

    if outcome == "may":
        return settling("permit")
    if outcome == "may-not":
        return settling("bar") or best(rule for rule in rules if rule.effect in ("permit", "bar"))
    if outcome == "required":
        return settling("require")
    if outcome == "not-required":
        lifted = [rule for rule in rules if rule.effect == "require" and states[rule.id] is not False]
        for rule in sorted(lifted, key=weight):
            by = best(o for o in rules if rule.rule in o.defeats and stands[o.id] is True)
            if by:
                return {rule.id} | by
        return best(rule for rule in rules if rule.effect == "require")
    if outcome == DEPENDS:
        open_ = [r for r in rules if r.effect != "exempt" and stands[r.id] is None]
        return {r.id for r in open_ if states[r.id] is True} or {r.id for r in open_}
    return set()


def _provision(question: Question, citation: Any) -> dict[str, Any]:
    entry = question.book.provisions[citation.provision]
    instant = question.moments[-1].instant
    found: dict[str, Any] = {"citation": entry["citation"], "version": None, "role": citation.role}
    found |= {"in_force_from": None, "in_force_until": None, "instrument": None}
    for version in entry["versions"]:
        if version["interval"].holds_at(instant, known_on=question.known_on):
            found |= {
                "version": version["id"],
                "in_force_from": version["interval"].first_day,
                "in_force_until": version["interval"].until_day,
                "instrument": version["instrument"],
            }
            break
    else:
        later = [v["interval"].first_day for v in entry["versions"] if v["interval"].starts > instant]
        found["text_held_from"] = min(later, default=None)
    return found


def _source(question: Question, source: str, locator: str) -> dict[str, Any]:
    entry = question.book.sources[source]
    return {
        "id": source,
        "title": entry["title"],
        "url": entry["url"],
        "locator": locator,
        "rank": entry["rank"],
    }


class _Trees:
    """The conditions of one case as trees, each node with its state; a test or named condition is read once."""

    def __init__(self, question: Question, world: World, facts: Mapping[str, Any]) -> None:
        self.question, self.world, self.facts = question, world, facts
        self._made: dict[tuple[str, str, Any], tuple[dict[str, Any], Truth]] = {}

    def tree(self, expr: Condition) -> tuple[dict[str, Any], Truth]:
        """Return the tree of ``expr`` and its strong Kleene truth."""
        if not expr.fact and expr.op != "ref":
            members = [self.tree(member) for member in expr.members]
            truths = [truth for _, truth in members]
            truth = (
                conjunction(truths)
                if expr.op == "all"
                else disjunction(truths)
                if expr.op == "any"
                else None
                if truths[0] is None
                else not truths[0]
            )
            return {"op": expr.op, "state": STATES[truth], "members": [node for node, _ in members]}, truth
        key = (expr.op, expr.fact, expr.target)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._test(expr) if expr.fact else self._named(expr)
        return found

    def _named(self, expr: Condition) -> tuple[dict[str, Any], Truth]:
        named = self.question.book.conditions[expr.target]
        inside, truth = self.tree(named.expr)
        if named.dated:
            truth = conjunction([self.question.truth(("condition", named.id), self.world, self.facts), truth])
        node: dict[str, Any] = {
            "op": "named",
            "id": named.id,
            "label": named.label.get("en", ""),
            "label_fr": named.label.get("fr", ""),
            "state": STATES[truth],
        }
        if named.dated:
            node["in_force_from"] = named.interval.first_day
            node["in_force_until"] = named.interval.until_day
        return {**node, "members": [inside]}, truth

    def _test(self, expr: Condition) -> tuple[dict[str, Any], Truth]:
        question, facts = self.question, self.facts
        truth = kleene(expr, lambda variable: question.truth(variable, self.world, facts), question.book)
        node: dict[str, Any] = {"op": "fact", "fact": expr.fact, "state": STATES[truth], "test": expr.op}
        if expr.op not in ("true", "false"):
            node["target"] = list(expr.target) if isinstance(expr.target, tuple) else expr.target
        node["value"] = plain(facts[expr.fact]) if expr.fact in facts else None
        if expr.op == "list":
            node["members_on"] = _memberships(expr, question, facts)
        return node, truth


def _memberships(expr: Condition, question: Question, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    value = facts.get(expr.fact)
    tokens = value if isinstance(value, tuple) else (value,)
    found = []
    for token in tokens:
        for interval in question.book.lists.get(str(expr.target), {}).get(str(token), ()):
            if interval.holds_at(question.moments[-1].instant, known_on=question.known_on):
                found.append(
                    {
                        "list": expr.target,
                        "entry": token,
                        "in_force_from": interval.first_day,
                        "in_force_until": interval.until_day,
                    }
                )
    return found


def obligations_of(question: Question, grounds: Iterable[Ground], facts: Mapping[str, Any]) -> tuple[Obligation, ...]:
    """Return the documents to carry for the facts that standing permits and exemptions rely on."""
    found: dict[str, Obligation] = {}
    for ground in grounds:
        if ground.stands is not True or ground.effect not in ("permit", "exempt"):
            continue
        for name in _relied_on(ground.condition):
            for evidence in question.book.evidence.get(name, ()):
                if name in facts:
                    citations = tuple(p["citation"] for p in ground.provisions)
                    found.setdefault(
                        evidence["id"], Obligation(evidence["label"], evidence["id"], name, ground.rule, citations)
                    )
    return tuple(found[key] for key in sorted(found))


def _relied_on(node: Mapping[str, Any]) -> Iterable[str]:
    if node["state"] != "holds":
        return
    if node["op"] == "fact":
        yield node["fact"]
    for member in node.get("members", ()):
        yield from _relied_on(member)
