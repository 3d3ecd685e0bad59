"""Conditions in words, English and French: as a tree whose leaves carry labels, and as one line; instruments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from inforce.cites import parse_citation
from inforce.errors import UnknownIdError
from inforce.phrases import words_of
from inforce.rules.model import Condition, Rulebook

__all__ = ["condition_tree", "in_words", "instrument_words", "mentions", "provision_words"]

# How the numbers of instruments begin, and what stands before a section or a chapter, in English and in French.
_NUMBERED = (("SOR/", "DORS/"), ("SI/", "TR/"))
_PARTS = {"s.": "art.", "ss.": "art.", "c.": "ch."}


def condition_tree(condition: Condition, book: Rulebook) -> dict[str, Any]:
    """Return a condition as nested mappings; every leaf and every named condition carries its words.

    ``phrase`` is a verb phrase; ``label`` the name of a named condition, and of a leaf its phrase again.
    """
    if condition.op in ("all", "any", "not"):
        return {"op": condition.op, "members": [condition_tree(member, book) for member in condition.members]}
    english, french = (words_of(book, lang).condition(condition) for lang in ("en", "fr"))
    phrases = {"phrase": english, "phrase_fr": french}
    if condition.op == "ref":
        label = book.conditions[condition.target].label
        words = {"label": label.get("en") or condition.target, "label_fr": label.get("fr") or condition.target}
        inner = condition_tree(book.conditions[condition.target].expr, book)
        return {"op": "named", "id": condition.target, **words, **phrases, "members": [inner]}
    words = {"label": english, "label_fr": french}
    found: dict[str, Any] = {"op": "fact", "fact": condition.fact, "test": condition.op, **words, **phrases}
    if condition.target is not None:
        found["target"] = list(condition.target) if isinstance(condition.target, tuple) else condition.target
    return found


def in_words(condition: Condition, book: Rulebook, *, lang: str = "en") -> str:
    """Return for whom a condition holds, as one line; brackets show what belongs together."""
    return words_of(book, lang).people(condition)


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


def instrument_words(text: str, lang: str) -> str:
    """Return the number or the id of an instrument as a language writes it.

    >>> instrument_words("SOR/2024-258, s. 2; SI/2002-97", "fr"), instrument_words("2012, c. 17", "fr")
    ('DORS/2024-258, art. 2; TR/2002-97', '2012, ch. 17')
    """
    if lang != "fr":
        return text
    for english, french in _NUMBERED:
        text = re.sub(rf"\b{english}(?=\d)", french, text)
    return re.sub(r"(?<=, )(?:ss?|c)\.(?= )", lambda part: _PARTS[part[0]], text)


def provision_words(text: str, lang: str) -> str:
    """Return a citation as a language writes it; what is no citation of ours stays as it is.

    >>> provision_words("IRPR 198(2)(a)", "fr"), provision_words("Lamp Rule 7", "fr")
    ('RIPR 198(2)a)', 'Lamp Rule 7')
    """
    if lang != "fr":
        return text
    try:
        return parse_citation(text).french
    except UnknownIdError:
        return text
