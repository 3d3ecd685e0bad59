"""Conditions in words, English and French: as a tree whose leaves carry labels, and as one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from inforce.rules.model import Condition, Rulebook
from inforce.rules.triples import Triples, local
from inforce.vocab import PREFIXES

__all__ = ["condition_tree", "in_words", "mentions", "values_by_token"]

SKOS, INF = PREFIXES["skos"], PREFIXES["inf"]
_JOIN = {"en": {"all": " and ", "any": " or "}, "fr": {"all": " et ", "any": " ou "}}
_WORDS = {
    "en": {
        "not": "not",
        "always": "always",
        "never": "never",
        "colon": ": ",
        "at-least": "at least",
        "below": "below",
        "list": "on the list “{}”",
        "scheme": "{} or part of it",
    },
    "fr": {
        "not": "sauf",
        "always": "toujours",
        "never": "jamais",
        "colon": " : ",
        "at-least": "au moins",
        "below": "moins de",
        "list": "sur la liste « {} »",
        "scheme": "{} ou ce qui en relève",
    },
}


@lru_cache(maxsize=4)
def values_by_token(t: Triples) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Return the labels of every value by its scheme and the token a user types; kept, the graph does not change."""
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    for subject in sorted(t.by_subject):
        for scheme in t.all(subject, SKOS + "inScheme"):
            found[local(scheme.value), t.token(subject)] = t.text(subject)
    for subject in t.instances("DatedList"):
        found["list", t.token(subject)] = t.text(subject)
    for fact in t.instances("Fact"):
        for node in t.all(fact, INF + "allowedValue"):
            found[t.token(fact), t.token(node.value)] = t.text(node.value)
    return found


def condition_tree(condition: Condition, book: Rulebook, t: Triples) -> dict[str, Any]:
    """Return a condition as nested mappings; every leaf and every named condition carries its labels."""
    if condition.op in ("all", "any", "not"):
        return {"op": condition.op, "members": [condition_tree(member, book, t) for member in condition.members]}
    words = {"label": in_words(condition, book, t), "label_fr": in_words(condition, book, t, lang="fr")}
    if condition.op == "ref":
        inner = condition_tree(book.conditions[condition.target].expr, book, t)
        return {"op": "named", "id": condition.target, **words, "members": [inner]}
    found: dict[str, Any] = {"op": "fact", "fact": condition.fact, "test": condition.op, **words}
    if condition.target is not None:
        found["target"] = list(condition.target) if isinstance(condition.target, tuple) else condition.target
    return found


def in_words(condition: Condition, book: Rulebook, t: Triples, *, lang: str = "en") -> str:
    """Return a condition as one line; brackets show what belongs together."""
    words = _WORDS[lang]
    if condition.op in ("all", "any"):
        if not condition.members:
            return words["always" if condition.op == "all" else "never"]
        parts = []
        for member in condition.members:
            part = in_words(member, book, t, lang=lang)
            nested = member.op in ("all", "any") and len(member.members) > 1 and len(condition.members) > 1
            parts.append(f"({part})" if nested else part)
        return _JOIN[lang][condition.op].join(parts)
    if condition.op == "not":
        return f"{words['not']} ({in_words(condition.members[0], book, t, lang=lang)})"
    if condition.op == "ref":
        named = book.conditions[condition.target].label
        return named.get(lang) or named.get("en") or str(condition.target)
    return _leaf(condition, book, t, lang)


def _leaf(condition: Condition, book: Rulebook, t: Triples, lang: str) -> str:
    words, fact = _WORDS[lang], book.facts[condition.fact]
    label = fact.label.get(lang) or fact.label.get("en") or fact.name
    if condition.op == "true":
        return label
    if condition.op == "false":
        return f"{words['not']} ({label})"
    known = values_by_token(t)

    def shown(token: Any) -> str:
        scheme = "list" if condition.op == "list" else fact.scheme or fact.name
        named = known.get((scheme, str(token)), {})
        return named.get(lang) or named.get("en") or str(token)

    if condition.op == "in":
        said = _JOIN[lang]["any"].join(shown(token) for token in condition.target)
    elif condition.op in ("list", "scheme"):
        said = words[condition.op].format(shown(condition.target))
    elif condition.op in ("at-least", "below"):
        said = f"{words[condition.op]} {condition.target}"
    else:
        said = shown(condition.target)
    return f"{label}{words['colon']}{said}"


def mentions(condition: Condition, book: Rulebook, *, through: bool = True) -> Iterator[tuple[str, str]]:
    """Yield what a condition mentions: fact, list, condition or value, with its name.

    Args:
        through: also what the named conditions it refers to mention.
    """
    if condition.op == "ref":
        yield "condition", condition.target
        if through:
            yield from mentions(book.conditions[condition.target].expr, book)
    elif condition.fact:
        yield "fact", condition.fact
        if condition.op == "list":
            yield "list", condition.target
        elif condition.op in ("is", "in", "scheme"):
            targets = condition.target if isinstance(condition.target, tuple) else (condition.target,)
            for token in targets:
                yield "value", f"{condition.fact}={token}"
    for member in condition.members:
        yield from mentions(member, book, through=through)
