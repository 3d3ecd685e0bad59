"""A case as people write it: facts by name, values as tokens, names or truth words; checked against the data."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from inforce.errors import FactsError, UnknownIdError, nearest
from inforce.rules.model import Fact, Rulebook

__all__ = ["WEEKDAYS", "fold", "plain", "read_facts", "shown"]

# Tokens of the days of the week, as in ISO 8601 order (calendar.day_abbr follows the locale, tokens must not).
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
YES, NO = ("yes", "true", "oui", "y"), ("no", "false", "non", "n")
UNKNOWN = ("unknown", "inconnu", "?")
NONE = ("none", "aucun", "aucune", "")
# What is called otherwise where it is listed.
KINDS = {"place": "nationalities", "class": "classes", "category": "categories"}

Names = Callable[[str], Mapping[str, str]]


def fold(text: str) -> str:
    """Return ``text`` as search compares it: NFKC, no accents, no case, one kind of dash, quote and space.

    >>> fold("Côte  d’Ivoire")
    "cote d'ivoire"
    """
    text = unicodedata.normalize("NFKC", text).translate(
        {0x2019: "'", 0x2018: "'", 0x2010: "-", 0x2011: "-", 0x2013: "-", 0x2014: "-"}
    )
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return " ".join(text.casefold().split())


def shown(value: Any) -> str:
    """Return a fact's value as a user would type it.

    >>> shown(True), shown(("IND", "MEX")), shown(())
    ('yes', 'IND,MEX', 'none')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(value) or "none"
    return str(value)


def plain(value: Any) -> Any:
    """Return a fact's value as JSON writes it: truth as ``yes``/``no``, a set as a list."""
    if isinstance(value, tuple):
        return list(value)
    return shown(value) if isinstance(value, bool) else value


def read_facts(given: Mapping[str, Any], book: Rulebook, names: Names) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the facts given, by name in the data's order, and the names said to be unknown.

    Args:
        given: values as text (``"yes"``, ``"IND,MEX"``), truth values, numbers, or lists of tokens or names.
        names: for a scheme, its folded names and the token each stands for (loaded only when needed).

    Raises:
        UnknownIdError: no such fact, or no such value; with the nearest.
        FactsError: a value of the wrong kind, or one fact given twice.
    """
    read: dict[str, Any] = {}
    unknown: set[str] = set()
    for written, value in given.items():
        name = written.replace("-", "_")
        fact = book.facts.get(name)
        if fact is None:
            _odd_characters(written)
            raise UnknownIdError(
                f'unknown fact "{written}"',
                code="E_UNKNOWN_ID",
                hint=_suggest(nearest(name, list(book.facts))) + "all facts: inforce list facts",
            )
        if name in read or name in unknown:
            raise FactsError(f"{name} is given twice", code="E_FACTS", hint="give it once; values of a set as A,B")
        if isinstance(value, str) and value.strip().casefold() in UNKNOWN:
            unknown.add(name)
        elif value is None:
            unknown.add(name)
        else:
            read[name] = _value(fact, value, book, names)
    return {name: read[name] for name in book.facts if name in read}, frozenset(unknown)


def _value(fact: Fact, value: Any, book: Rulebook, names: Names) -> Any:
    if fact.kind == "boolean":
        return _truth(fact, value)
    if fact.kind in ("number", "date"):
        return _measure(fact, value)
    parts: Iterable[Any]
    if isinstance(value, str):
        parts = () if fact.multiple and value.strip().casefold() in NONE else value.split(",")
        whole = _token(fact, value, book, names, strict=False) if "," in value else None
        if whole is not None:
            parts = [value]
    elif isinstance(value, (list, tuple, set, frozenset)):
        parts = value
    else:
        parts = [value]
    tokens = [_token(fact, part, book, names) for part in parts]
    kept = [token for token in tokens if token is not None]
    if fact.multiple:
        return tuple(sorted(set(kept)))
    if len(kept) != 1:
        raise FactsError(f"{fact.name} takes one value, not {len(kept)}", code="E_FACTS", hint=f"{fact.name}=VALUE")
    return kept[0]


def _truth(fact: Fact, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().casefold() if isinstance(value, str) else None
    if word in YES:
        return True
    if word in NO:
        return False
    raise FactsError(
        f'{fact.name}="{value}" is not an answer to a yes-or-no question',
        code="E_FACTS",
        hint=f"{fact.name}=yes, {fact.name}=no or {fact.name}=unknown",
    )


def _measure(fact: Fact, value: Any) -> Any:
    if fact.kind == "date":
        from inforce.dates import parse_day

        return parse_day(str(value)).isoformat()
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except (TypeError, ValueError):
        raise FactsError(
            f'{fact.name}="{value}" is not a number', code="E_FACTS", hint=f"{fact.name}=12 or {fact.name}=12.5"
        ) from None


def _token(fact: Fact, value: Any, book: Rulebook, names: Names, *, strict: bool = True) -> str | None:
    if not isinstance(value, str):
        raise FactsError(f"{fact.name}={value!r} is not a name or code", code="E_FACTS", hint=_examples(fact))
    text = value.strip()
    if fact.values is not None and text in fact.values:
        return text
    scheme = fact.scheme or fact.name
    known = names(scheme)
    found = known.get(fold(text))
    if found is not None and (fact.values is None or found in fact.values):
        return found
    if not strict:
        return None
    _odd_characters(text)
    # Names that mean the same are suggested once, by the nearest of them.
    near = {known[word]: word for word in reversed(nearest(fold(text), list(known)))}
    hint = _suggest(
        [token + (f" ({word})" if token.casefold() != word else "") for token, word in [*near.items()][::-1]]
    )
    raise UnknownIdError(f'{fact.name}: unknown value "{value}"', code="E_UNKNOWN_ID", hint=hint + _examples(fact))


def _examples(fact: Fact) -> str:
    if fact.values is not None:
        return f"{fact.name} takes " + ", ".join(fact.values)
    kind = (fact.scheme or "").partition("/")[0]
    return f"values: inforce list {KINDS.get(kind, kind + 's')}" if kind else ""


def _suggest(words: list[str]) -> str:
    return f"did you mean {' or '.join(words)}? " if words else ""


def _odd_characters(text: str) -> None:
    for character in text:
        if ord(character) > 0x7E and unicodedata.category(character) in ("Cf", "Cc", "Co", "Cn"):
            name = unicodedata.name(character, "unnamed")
            raise UnknownIdError(
                f"{text!r} holds the invisible character U+{ord(character):04X} ({name})",
                code="E_UNKNOWN_ID",
                hint="type the word again without it",
            )
