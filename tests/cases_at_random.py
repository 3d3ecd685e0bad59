"""Random cases and days, where it matters: near change days, with the facts that rules read; from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from inforce.rules.model import Rulebook

FIRST, LAST = date(2001, 6, 1), date(2026, 12, 31)


@dataclass(frozen=True)
class RandomCase:
    action: str
    day: date
    facts: dict[str, Any]
    known_on: date | None = None
    readings: frozenset[str] = field(default_factory=frozenset)


def cases(kb: Any, seed: int, count: int) -> Iterator[RandomCase]:
    """Yield ``count`` cases; half of the days lie on either side of a change."""
    rng, book, days = random.Random(seed), kb.book, kb.change_days()
    concepts: dict[str, list[str]] = {}
    for key in book.entailments:
        name, token = key.split("=")
        if name in book.facts:
            concepts.setdefault(name, []).append(token)
    contested = sorted({rule.rule for rule in book.rules if rule.contested})
    for _ in range(count):
        action = rng.choice(sorted(book.actions))
        read = [name for name in book.facts if name in _read_by(book, action)]
        share = rng.choice((0.1, 0.4, 0.8, 1.0))
        facts: dict[str, Any] = {}
        for name in read:
            if rng.random() < share:
                facts[name] = random_value(rng, kb, name)
        for name, tokens in concepts.items():
            if rng.random() < 0.06:
                facts[name] = (rng.choice(tokens),)
        for name, fact in book.facts.items():
            if fact.follows_day:
                facts.pop(name, None)
        if rng.random() < 0.5:
            day = date.fromisoformat(rng.choice(days)) + timedelta(days=rng.choice((-1, 0, 0, 1)))
        else:
            day = FIRST + timedelta(days=rng.randrange((LAST - FIRST).days))
        known = day + timedelta(days=rng.randrange(-400, 400)) if rng.random() < 0.15 else None
        readings = frozenset(c for c in contested if rng.random() < 0.1)
        yield RandomCase(action, max(FIRST, day), facts, known, readings)


def _read_by(book: Rulebook, action: str) -> set[str]:
    return {v[1] for v in book.diagrams[action].variables if v[0] not in ("rule", "condition")}


def random_value(rng: random.Random, kb: Any, name: str) -> Any:
    """Return some value of a fact; of a set, only tokens that some list holds: no test tells the others apart."""
    listed = {entry for entries in kb.book.lists.values() for entry in entries}
    fact = kb.book.facts[name]
    if fact.kind == "boolean":
        return rng.random() < 0.5
    pool = list(fact.values or sorted(set(kb.built.json("names.json")[fact.scheme].values())))
    if fact.multiple:
        pool = [token for token in pool if token in listed]
        return tuple(sorted(set(rng.choices(pool, k=rng.choice((0, 1, 1, 1, 2))))))
    return rng.choice(pool)
