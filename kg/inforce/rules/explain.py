"""Why not, and what differs: what stands in the way of an answer, and what sets two answers apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from inforce.phrases import said
from inforce.rules.answer import Answer, Ground, in_language
from inforce.rules.case import plain
from inforce.rules.model import Rulebook
from inforce.wording import instrument_words, provision_words

__all__ = ["differences", "explained", "obstacles"]


def obstacles(answer: Answer, book: Rulebook) -> list[dict[str, Any]]:
    """Return what stands in the way, the decisive first.

    Each has ``rule``, ``label``, ``layer``, ``state`` (does it stand), ``citations``, ``falls_away_with`` and ``ways``:
    the rules that would lift it (or, where nothing permits, the permits), each with its ``state`` and what it
    ``lacks``, every test of a fact alike: ``{"fact", "test", "target", "state", "negated", "phrase", "phrase_fr"}``,
    the phrases saying what is wanted. What ``would_hold_with`` says the same as a tree:
    ``{"op": "all" or "any", "members"}``, or such a test with ``"op": "fact"``; ``None`` where nothing is lacking that
    a person could say. ``falls_away_with`` is the tree of what would make the rule fail.
    """
    answers = book.actions[answer.action].answers
    wanted = ("bar",) if answers == "may" else ("require",)
    found = []
    for ground in answer.grounds:
        if ground.effect in wanted and ground.stands is not False:
            lifting = [g for g in answer.grounds if ground.rule in book.rule(g.version).defeats]
            found.append(_obstacle(ground, lifting, book))
    if answers == "may" and not any(g.effect == "permit" and g.state == "holds" for g in answer.grounds):
        permits = [g for g in answer.grounds if g.effect == "permit"]
        named = {way["rule"] for item in found for way in item["ways"]}
        left = [g for g in permits if g.rule not in named]
        if left and not found:
            found.append(
                {
                    "rule": None,
                    "label": None,
                    "label_fr": None,
                    "layer": None,
                    "state": "holds",
                    "citations": [],
                    "falls_away_with": None,
                    "ways": [_way(g, book) for g in left],
                }
            )
    return found


def _obstacle(ground: Ground, lifting: list[Ground], book: Rulebook) -> dict[str, Any]:
    order = {"unknown": 0, "fails": 1, "holds": 2}
    return {
        "rule": ground.rule,
        "label": ground.label.get("en", ""),
        "label_fr": ground.label.get("fr", ""),
        "layer": ground.layer,
        "state": {True: "holds", None: "unknown", False: "fails"}[ground.stands],
        "citations": [p["citation"] for p in ground.provisions],
        "falls_away_with": _tree(ground.condition, book, wanted="fails"),
        "ways": [_way(g, book) for g in sorted(lifting, key=lambda g: (order[g.state], g.rule))],
    }


def _way(ground: Ground, book: Rulebook) -> dict[str, Any]:
    return {
        "rule": ground.rule,
        "label": ground.label.get("en", ""),
        "label_fr": ground.label.get("fr", ""),
        "state": ground.state,
        "citations": [p["citation"] for p in ground.provisions],
        "lacks": list(_lacking(ground.condition, book, wanted="holds")),
        "would_hold_with": _tree(ground.condition, book, wanted="holds"),
    }


def _lacking(node: Mapping[str, Any], book: Rulebook, wanted: str) -> Iterator[dict[str, Any]]:
    # The tests of facts that keep the condition from its wanted state; of alternatives, those of each.
    if node["state"] == wanted:
        return
    if node["op"] == "fact":
        yield _wanted(node, book, wanted)
        return
    for member in node.get("members", ()):
        yield from _lacking(member, book, _within(node, wanted))


def _tree(node: Mapping[str, Any], book: Rulebook, wanted: str) -> dict[str, Any] | None:
    # What would bring the condition to its wanted state; the day asked about, which nobody can change, is left out.
    if node["state"] == wanted or (node["op"] == "fact" and book.facts[node["fact"]].follows_day):
        return None
    if node["op"] == "fact":
        return {"op": "fact", **_wanted(node, book, wanted)}
    members = node.get("members", ())
    found: list[dict[str, Any]] = []
    for member in members:
        part = _tree(member, book, _within(node, wanted))
        if part is not None and part not in found:
            found.append(part)
    # For all of them to hold each must; for one of them to fail any may.
    op = "any" if (node["op"] == "any") == (wanted == "holds") else "all"
    if len(found) < 2:
        return found[0] if found else None
    return {"op": op, "members": found}


def _wanted(node: Mapping[str, Any], book: Rulebook, wanted: str) -> dict[str, Any]:
    test = {"fact": node["fact"], "test": node["test"], "target": node.get("target"), "state": node["state"]}
    found = {**test, "negated": wanted == "fails"}
    return {**found, **said({"op": "fact", **found}, book)}


def _within(node: Mapping[str, Any], wanted: str) -> str:
    return {"holds": "fails", "fails": "holds"}[wanted] if node["op"] == "not" else wanted


def differences(one: Answer, other: Answer) -> dict[str, Any]:
    """Return what sets two answers to one question apart: facts, outcomes, layers, and rules whose state differs."""
    before = {g.rule: g for g in one.grounds}
    after = {g.rule: g for g in other.grounds}
    rules = []
    for name in sorted({**before, **after}):
        a, b = before.get(name), after.get(name)
        if a is None or b is None or (a.state, a.stands, a.version) != (b.state, b.stands, b.version):
            rules.append(
                {
                    "rule": name,
                    "label": (b or a).label.get("en", ""),  # type: ignore[union-attr]
                    "label_fr": (b or a).label.get("fr", ""),  # type: ignore[union-attr]
                    "before": _side(a),
                    "after": _side(b),
                }
            )
    return {
        "schema": "inforce/comparison/1",
        "action": one.action,
        "before": {"on": dict(one.on), "outcome": one.outcome, "ordinarily": one.ordinarily.outcome},
        "after": {"on": dict(other.on), "outcome": other.outcome, "ordinarily": other.ordinarily.outcome},
        "by_layer": {
            layer: {"before": one.by_layer.get(layer), "after": other.by_layer.get(layer)}
            for layer in dict.fromkeys([*one.by_layer, *other.by_layer])
            if one.by_layer.get(layer) != other.by_layer.get(layer)
        },
        "rules": rules,
        "facts": list(_changed(one, other)),
    }


def _changed(one: Answer, other: Answer) -> Iterator[dict[str, Any]]:
    # The facts that were given otherwise, each with what is so the second time.
    before, after = ({name: plain(value) for name, value in answer.facts.items()} for answer in (one, other))
    for name in sorted({**before, **after}):
        a, b = before.get(name), after.get(name)
        if a != b:
            # Of two sets of rules one may not know the fact.
            told = other if other.book is None or name in other.book.facts else one
            yield {"fact": name, "before": a, "after": b, **told.given(name, b)}


def _side(ground: Ground | None) -> dict[str, Any] | None:
    if ground is None:
        return None
    return {
        "version": ground.version,
        "state": ground.state,
        "stands": {True: "holds", None: "unknown", False: "fails"}[ground.stands],
        "decisive": ground.decisive,
        "in_force_from": ground.in_force_from,
        "in_force_until": ground.in_force_until,
        "instrument": ground.instrument,
    }


_FRENCH = {
    "holds": "vrai",
    "fails": "faux",
    "unknown": "inconnu",
    "all": "toutes ces conditions",
    "any": "au moins une de ces conditions",
    "not": "aucune de ces conditions",
    "permit": "permet",
    "bar": "interdit",
    "exempt": "dispense",
    "require": "exige",
}


def explained(answer: Answer, *, lang: str = "en") -> str:
    """Return the answer as an indented text: the outcome, each rule in force, and its conditions with their states."""
    lines = [f"{answer.verdict} ({answer.headline}) {answer.action} {answer.on['from']}"]
    for ground in answer.grounds:
        mark = "*" if ground.decisive else " "
        named = ", ".join(provision_words(p["citation"], lang) for p in ground.provisions)
        cited = named or instrument_words(ground.instrument or "", lang) or ground.layer
        effect, state = (_FRENCH[word] if lang == "fr" else word for word in (ground.effect, ground.state))
        label = ground.label.get(lang) or ground.label.get("en", "")
        lines.append(f"{mark} {ground.rule} [{effect}, {state}] {label} ({cited})")
        lines += _indented(in_language(answer.told(ground.condition), lang), "    ", lang)
    return "\n".join(lines) + "\n"


def _indented(node: Mapping[str, Any], margin: str, lang: str) -> Iterator[str]:
    state, op = (_FRENCH.get(word, word) if lang == "fr" else word for word in (node["state"], node["op"]))
    if node["op"] == "fact":
        yield f"{margin}{state}: {node.get('phrase', '')} ({node['fact']}: {_value(node['value'])})"
    elif node["op"] == "named":
        yield f"{margin}{state}: {node.get('phrase', '')} ({node['id']})"
    else:
        yield f"{margin}{state}: {op}"
    for member in node.get("members", ()):
        yield from _indented(member, margin + "  ", lang)


def _value(value: Any) -> str:
    if value is None:
        return "?"
    return (", ".join(map(str, value)) or "none") if isinstance(value, list | tuple) else str(value)
