"""The answer to a question: its outcome, the grounds for it with their sources, and what is still missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from inforce.rules.case import shown
from inforce.rules.conditions import Truth, conjunction, disjunction, kleene, leaf_variables
from inforce.rules.decide import DEPENDS, NOT_COVERED, Missing, Ordinary, Question, Segment, World
from inforce.rules.model import Condition, RuleVersion

__all__ = ["Answer", "Caution", "Ground", "Obligation", "ask"]

STATES: dict[Truth, str] = {True: "holds", False: "fails", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the reader should know: a stable ``code``, a sentence, and what it refers to."""

    code: str
    message: str
    refs: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be cited and replayed; ``to_json`` is its receipt.

    ``outcome`` is always strict; ``headline`` says which reading the states, layers and segments follow,
    and ``verdict`` is the outcome of that reading.
    """

    id: str
    action: str
    question: Mapping[str, Any]
    on: Mapping[str, str]
    known_on: str | None
    facts: Mapping[str, Any]
    outcome: str
    ordinarily: Ordinary
    segments: tuple[Segment, ...]
    by_layer: Mapping[str, str]
    grounds: tuple[Ground, ...]
    missing: tuple[dict[str, Any], ...]
    inferred: tuple[dict[str, Any], ...]
    obligations: tuple[Obligation, ...]
    cautions: tuple[Caution, ...]
    data: Mapping[str, str]
    headline: str = "strict"

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as the JSON form ``inforce/answer/1``."""
        return {
            "schema": "inforce/answer/1",
            "id": self.id,
            "action": self.action,
            "on": dict(self.on),
            "known_on": self.known_on,
            "facts": {name: plain(value) for name, value in self.facts.items()},
            "question": dict(self.question),
            "headline": self.headline,
            "outcome": self.outcome,
            "exact": True,
            "ordinarily": {
                "outcome": self.ordinarily.outcome,
                "assuming": {name: plain(value) for name, value in self.ordinarily.assuming.items()},
                "skipped": list(self.ordinarily.skipped),
            },
            "segments": [{"from": s.first, "until": s.until, "outcome": s.outcome} for s in self.segments],
            "by_layer": dict(self.by_layer),
            "grounds": [self._ground(ground) for ground in self.grounds],
            "missing": list(self.missing),
            "inferred": list(self.inferred),
            "obligations": [
                {
                    "label": o.label.get("en", ""),
                    "label_fr": o.label.get("fr", ""),
                    "evidence": o.evidence,
                    "fact": o.fact,
                    "rule": o.rule,
                    "provisions": list(o.provisions),
                }
                for o in self.obligations
            ],
            "cautions": [{"code": c.code, "message": c.message, "refs": list(c.refs)} for c in self.cautions],
            "data": dict(self.data),
        }

    @staticmethod
    def _ground(ground: Ground) -> dict[str, Any]:
        return {
            "rule": ground.rule,
            "version": ground.version,
            "entry": ground.entry,
            "label": ground.label.get("en", ""),
            "label_fr": ground.label.get("fr", ""),
            "layer": ground.layer,
            "effect": ground.effect,
            "state": ground.state,
            "stands": STATES[ground.stands],
            "decisive": ground.decisive,
            "defeated_by": list(ground.defeated_by),
            "contested": ground.contested,
            "confidence": ground.confidence,
            "in_force_from": ground.in_force_from,
            "in_force_until": ground.in_force_until,
            "starts_at": ground.starts_at,
            "instrument": ground.instrument,
            "provisions": list(ground.provisions),
            "sources": list(ground.sources),
            "conflicts": list(ground.conflicts),
            "note": ground.note,
            "condition": ground.condition,
        }

    def to_json(self) -> str:
        """Return the receipt: JSON text, the same bytes for the same question and data."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1) + "\n"

    @property
    def verdict(self) -> str:
        """The outcome of the headline: the ordinary one where the question was put so."""
        return self.ordinarily.outcome if self.headline == "ordinarily" else self.outcome

    @property
    def decisive(self) -> tuple[Ground, ...]:
        """The grounds the outcome rests on."""
        return tuple(ground for ground in self.grounds if ground.decisive)


def plain(value: Any) -> Any:
    """Return a fact's value as JSON writes it: truth as ``yes``/``no``, a set as a list."""
    if isinstance(value, tuple):
        return list(value)
    return shown(value) if isinstance(value, bool) else value


def ask(question: Question, *, ordinarily: bool = False) -> Answer:
    """Return the answer to ``question``; with ``ordinarily`` its states, layers and segments take the ordinary case.

    Raises:
        FactsError: facts that exclude each other.
    """
    book = question.book
    last = len(question.moments) - 1
    final = World(last, question.widest)
    ranks = _ranks(question, last)
    readings = [World(last, question.widest, switched=rule.rule) for rule in _contested(question, last)]
    plan = [World(moment, question.widest) for moment in range(last + 1)]
    layered = [World(last, rank) for rank in ranks]
    strict = question.outcomes([*plan, *layered, *readings])
    strict_segments = _segments(question, strict[: last + 1])
    missing = question.missing() if any(word == DEPENDS for word in strict[: last + 1]) else []
    first = [item.fact for item in missing]
    assumed, skipped = question.ordinary_facts(first)
    worlds = [*plan, *layered, *readings]
    ordinary = question.outcomes(worlds, [question.ordinary_facts(first, world.moment)[0] for world in worlds])
    ordinary_segments = _segments(question, ordinary[: last + 1])
    strict_word = _headline(question, strict_segments, strict[last], {})
    ordinary_word = _headline(question, ordinary_segments, ordinary[last], assumed)
    used = ordinary if ordinarily else strict
    facts = {**question.moments[last].facts, **assumed} if ordinarily else question.moments[last].facts
    grounds = _grounds(question, final, facts, used[last])
    by_layer = {
        layer.id: word
        for layer, word in zip(_layers(question, last), _by_layer(question, last, ranks, used), strict=True)
    }
    relevant = {item.fact for item in missing}
    assuming = {name: value for name, value in assumed.items() if name in relevant}
    cautions = _cautions(question, grounds, used, last, ordinary_segments if ordinarily else strict_segments, readings)
    low, high = question.window
    on = {"from": str(question.when.first), "until": str(question.when.until)}
    if question.when.instant is not None:
        on = {"from": low, "until": high}
    asked = {
        "action": question.action,
        "facts": {name: plain(value) for name, value in question.facts.items()},
        "unknown": sorted(question.unknown),
        "on": on,
        "known_on": question.known_on,
        "readings": sorted(question.readings),
        "ordinarily": ordinarily,
    }
    canonical = json.dumps([asked, book.version], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Answer(
        id=hashlib.sha256(canonical.encode()).hexdigest(),
        action=question.action,
        question=asked,
        on=on,
        known_on=question.known_on,
        facts=question.facts,
        outcome=strict_word,
        ordinarily=Ordinary(ordinary_word, assuming, tuple(skipped)),
        segments=ordinary_segments if ordinarily else strict_segments,
        by_layer=by_layer,
        grounds=grounds,
        missing=tuple(_asked(question, item) for item in missing),
        inferred=tuple(
            {"fact": name, "value": plain(value), "from": why}
            for name, (value, why) in question.moments[last].inferred.items()
        ),
        obligations=_obligations(question, grounds, facts),
        cautions=cautions,
        data={"version": book.version, "verified_through": book.verified_through},
        headline="ordinarily" if ordinarily else "strict",
    )


def _ranks(question: Question, moment: int) -> list[int]:
    return sorted({layer.rank for layer in _layers(question, moment)})


def _layers(question: Question, moment: int) -> list[Any]:
    found = {
        rule.layer for rule in question._rules if question.counted(rule, World(moment, question.widest)) is not False
    }
    return sorted((question.book.layers[name] for name in found), key=lambda layer: (layer.rank, layer.id))


def _by_layer(question: Question, last: int, ranks: list[int], words: list[str]) -> list[str]:
    by_rank = dict(zip(ranks, words[last + 1 : last + 1 + len(ranks)], strict=True))
    return [by_rank[layer.rank] for layer in _layers(question, last)]


def _contested(question: Question, moment: int) -> list[RuleVersion]:
    return [rule for rule in question._rules if rule.contested and question.in_force(rule, moment) is not False]


def _segments(question: Question, words: list[str]) -> tuple[Segment, ...]:
    low, high = question.window
    ends = [*(moment.instant for moment in question.moments[1:]), high]
    merged: list[Segment] = []
    for moment, until, word in zip(question.moments, ends, words, strict=True):
        if merged and merged[-1].outcome == word:
            merged[-1] = Segment(merged[-1].first, until, word)
        else:
            merged.append(Segment(moment.instant, until, word))
    return tuple(Segment(_day(s.first), _day(s.until), s.outcome) for s in merged)


def _day(instant: str) -> str:
    return instant[:10] if instant.endswith("T00:00:00") else instant


def _headline(question: Question, segments: tuple[Segment, ...], last: str, assumed: Mapping[str, Any]) -> str:
    # A day's headline is its state at the end; a month or year that is not constant depends on the day.
    if not question.when.single_day and len(segments) > 1:
        return DEPENDS
    if last == DEPENDS and not question.missing(assumed) and not question.disputed():
        return NOT_COVERED  # no fact is open that decides: a start that nobody knows does
    return last


def _asked(question: Question, item: Missing) -> dict[str, Any]:
    fact = question.book.facts[item.fact]
    values = ["yes", "no"] if fact.kind == "boolean" else list(fact.values or ())
    settled = dict.fromkeys(word for _, word in item.settles if word != DEPENDS)
    return {
        "fact": item.fact,
        "question": fact.question.get("en", ""),
        "question_fr": fact.question.get("fr", ""),
        "values": values,
        "settles": " | ".join(settled),
        "by_value": dict(item.settles),
        "gain": round(item.gain, 6),
    }


# ---- grounds -----------------------------------------------------------------------------------


def _grounds(question: Question, world: World, facts: Mapping[str, Any], outcome: str) -> tuple[Ground, ...]:
    rules = [rule for rule in question._rules if question.counted(rule, world) is not False]
    book = question.book

    def truth(variable: tuple[str, ...]) -> Truth:
        return question.truth(variable, world, facts)

    states = {rule.id: kleene(rule.when, truth, book) for rule in rules}
    stands: dict[str, Truth] = {}

    def standing(rule: RuleVersion) -> Truth:
        if rule.id not in stands:
            beaten = disjunction([standing(other) for other in rules if rule.rule in other.defeats])
            stands[rule.id] = conjunction(
                [question.counted(rule, world), states[rule.id], None if beaten is None else not beaten]
            )
        return stands[rule.id]

    for rule in rules:
        standing(rule)
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
            defeated_by=tuple(
                sorted(other.rule for other in rules if rule.rule in other.defeats and stands[other.id] is True)
            ),
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
            condition=_tree(rule.when, truth, question, facts),
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

    if outcome == "may":
        return best(of("permit"))
    if outcome == "may-not":
        return best(of("bar")) or best(rule for rule in rules if rule.effect in ("permit", "bar"))
    if outcome == "required":
        return best(of("require"))
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


def _tree(expr: Condition, truth: Any, question: Question, facts: Mapping[str, Any]) -> dict[str, Any]:
    state = STATES[kleene(expr, truth, question.book)]
    if expr.op == "ref":
        named = question.book.conditions[expr.target]
        node = {"op": "named", "id": named.id, "label": named.label.get("en", ""), "state": state}
        if named.dated:
            node["in_force_from"] = named.interval.first_day
            node["in_force_until"] = named.interval.until_day
        return {**node, "members": [_tree(named.expr, truth, question, facts)]}
    if expr.fact:
        node = {"op": "fact", "fact": expr.fact, "state": state, "test": expr.op}
        if expr.op not in ("true", "false"):
            node["target"] = list(expr.target) if isinstance(expr.target, tuple) else expr.target
        node["value"] = plain(facts[expr.fact]) if expr.fact in facts else None
        if expr.op == "list":
            node["members_on"] = _memberships(expr, question, facts)
        return node
    members = [_tree(member, truth, question, facts) for member in expr.members]
    return {"op": expr.op, "state": state, "members": members}


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


# ---- what else the reader should know -------------------------------------------------------------


def _obligations(question: Question, grounds: Iterable[Ground], facts: Mapping[str, Any]) -> tuple[Obligation, ...]:
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


def _cautions(
    question: Question,
    grounds: tuple[Ground, ...],
    words: list[str],
    last: int,
    segments: tuple[Segment, ...],
    readings: list[World],
) -> tuple[Caution, ...]:
    book, found = question.book, []
    if not question.when.single_day and len(segments) > 1:
        days = ", ".join(segment.first for segment in segments[1:])
        found.append(Caution("changes-within", f"the outcome changes within the time asked about: {days}"))
    disputed = _disputed(question)
    if disputed:
        found.append(
            Caution(
                "sources-disagree",
                "sources disagree about when this took effect: " + "; ".join(book.claims[c]["label"] for c in disputed),
                tuple(disputed),
            )
        )
    unheld = sorted(
        {
            f"{p['citation']} (held from {p['text_held_from']})" if p.get("text_held_from") else p["citation"]
            for ground in grounds
            if ground.decisive or ground.stands
            for p in ground.provisions
            if p["version"] is None
        }
    )
    if unheld:
        found.append(
            Caution("text-not-held", "the wording of that day is not held: " + ", ".join(unheld), tuple(unheld))
        )
    if str(question.when.last) > book.verified_through:
        found.append(
            Caution("beyond-verified", f"the law was checked to {book.verified_through}; later changes are not known")
        )
    for world, word in zip(readings, words[len(words) - len(readings) :], strict=True):
        if word != words[last]:
            found.append(
                Caution(
                    "reading-would-change",
                    f"a contested reading decides: with --reading {world.switched} the outcome is {word}",
                    (world.switched,),
                )
            )
    if words[last] == NOT_COVERED:
        found.append(_not_covered(question))
    return tuple(found)


def _disputed(question: Question) -> list[str]:
    # Windows that touch the time asked about, of rules and conditions that bear on the action.
    low, high = question.window
    found: dict[str, None] = {}
    for rule in question._rules:
        for start, end, claims in rule.interval.disputed:
            if start < high and low < end or low == high and start <= low < end:
                found.update(dict.fromkeys(claims))
            elif end[:10] == str(question.when.first) and low != high:
                found.update(dict.fromkeys(claims))
    return list(found)


def _not_covered(question: Question) -> Caution:
    firsts = sorted(rule.interval.first_day for rule in question._rules if rule.effect != "exempt")
    if not firsts:
        return Caution("no-rule", "no rule modelled here speaks to this action")
    if str(question.when.first) < firsts[0]:
        return Caution("before-first-rule", f"the first rule that speaks to this action starts on {firsts[0]}")
    return Caution("no-rule", "no rule that speaks to this action is in force at that time")
