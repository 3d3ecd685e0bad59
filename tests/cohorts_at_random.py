"""Random cohorts: rows with unknowns, contradictions and concepts, as Arrow tables and as the facts of each row."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
from cases_at_random import random_value

from inforce.errors import FactsError
from inforce.rules.answer import ask
from inforce.rules.case import shown

# Days on both sides of changes, one with an hour, one on which a list entry of unknown start counts.
DAYS = ("2024-12-24", "2024-12-23", "2010-05-01", "2018-03-03", "2021-01-05", "2003-01-01", "2024-03-01", "2001-01-01")
CONCEPTS = ("program", "permit_category", "exemption_code")


def random_rows(kb: Any, seed: int, count: int) -> list[dict[str, Any]]:
    """Return the facts of ``count`` rows: some know little, some nearly all; most things are as they ordinarily are."""
    rng, facts = random.Random(seed), kb.book.facts
    concepts = {name: [key.split("=")[1] for key in kb.book.entailments if key.startswith(name)] for name in CONCEPTS}
    rows = []
    for _ in range(count):
        share, usual = rng.choice((0.1, 0.4, 0.8, 0.95)), rng.choice((0.6, 0.9, 0.97))
        row: dict[str, Any] = {}
        for name, fact in facts.items():
            if name in CONCEPTS:
                if rng.random() < 0.06:
                    row[name] = (rng.choice(concepts[name]),)
            elif fact.follows_day:
                if rng.random() < 0.04:
                    row[name] = rng.choice(("unknown", "Tue", "Wed"))
            elif rng.random() < share:
                ordinary = fact.has_ordinary and rng.random() < usual
                row[name] = (
                    "unknown" if rng.random() < 0.03 else fact.ordinarily if ordinary else random_value(rng, kb, name)
                )
        rows.append(row)
    return rows


def as_table(kb: Any, rows: list[dict[str, Any]], *, columns: random.Random | None = None) -> pa.Table:
    """Return rows as a table, a column a fact: truth values where no row says unknown, else text or dictionaries."""
    arrays = {}
    for name, fact in kb.book.facts.items():
        values = [row.get(name) for row in rows]
        if fact.kind == "boolean" and "unknown" not in values:
            arrays[name] = pa.array(values, pa.bool_())
            continue
        lists = fact.multiple and "unknown" not in values and (columns is None or columns.random() < 0.5)
        if lists:
            arrays[name] = pa.array([None if v is None else list(v) for v in values], pa.list_(pa.string()))
        else:
            column = pa.array([None if v is None else shown(v) for v in values], pa.string())
            arrays[name] = column if columns is None or columns.random() < 0.5 else column.dictionary_encode()
    return pa.table(arrays)


def one_case(kb: Any, facts: dict[str, Any], **asked: Any) -> tuple[Any, ...]:
    """Return outcome, ordinarily, decisive rule and layer by the one-case answer; or ``error``."""
    try:
        answer = ask(kb.question(facts, **asked))
    except FactsError:
        return ("error",)
    first = answer.grounds[0] if answer.grounds and answer.grounds[0].decisive else None
    reason = (first.rule, first.layer) if first else (None, None)
    return (answer.outcome, answer.ordinarily.outcome, *reason)


def told(row: dict[str, Any], ending: str = "") -> tuple[Any, ...]:
    """Return the same of a row of an answered table."""
    if row["error"] is not None:
        return ("error",)
    return tuple(row[name + ending] for name in ("outcome", "ordinarily", "decisive_rule", "decisive_layer"))
