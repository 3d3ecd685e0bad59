"""Conditions in words, English and French: as a tree whose leaves carry labels, and as one line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from inforce.phrases import Words, phrases
from inforce.rules.model import Condition, Rulebook
from inforce.rules.triples import Triples

__all__ = ["condition_tree", "in_words", "mentions"]


# What was gathered from the last few graphs: they do not change.
_gathered = lru_cache(maxsize=4)(lambda t, of: phrases(t, of.book))


class _Of:
    """A rulebook as a key: by what it is, not by what it holds."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Of) and other.book is self.book

    def __hash__(self) -> int:
        return id(self.book)


def condition_tree(condition: Condition, book: Rulebook, t: Triples) -> dict[str, Any]:
    """Return a condition as nested mappings; every leaf and every named condition carries its labels."""
    if condition.op in ("all", "any", "not"):
        return {"op": condition.op, "members": [condition_tree(member, book, t) for member in condition.members]}
    said = {lang: _words(book, t, lang) for lang in ("en", "fr")}
    if condition.op == "ref":
        label = book.conditions[condition.target].label
        words = {"label": label.get("en") or condition.target, "label_fr": label.get("fr") or condition.target}
        inner = condition_tree(book.conditions[condition.target].expr, book, t)
        return {"op": "named", "id": condition.target, **words, "members": [inner]}
    words = {"label": said["en"].condition(condition), "label_fr": said["fr"].condition(condition)}
    found: dict[str, Any] = {"op": "fact", "fact": condition.fact, "test": condition.op, **words}
    if condition.target is not None:
        found["target"] = list(condition.target) if isinstance(condition.target, tuple) else condition.target
    return found


def in_words(condition: Condition, book: Rulebook, t: Triples, *, lang: str = "en") -> str:
    """Return for whom a condition holds, as one line; brackets show what belongs together."""
    return _words(book, t, lang).people(condition)


def _words(book: Rulebook, t: Triples, lang: str) -> Words:
    return Words(_gathered(t, _Of(book)), book, lang)


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
