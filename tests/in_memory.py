"""Imported text beside the packaged rules without a file written: stores in memory for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyoxigraph as ox

from inforce.kb import KnowledgeBase
from inforce.law import law_quads, parse_snapshot
from inforce.references import reference_links
from inforce.stale import links
from inforce.vocab import BASE, PREFIXES

FIXTURES = Path(__file__).parent / "law_fixtures" / "SOR-1901-7"


def holding(kb: Any, lines: Iterable[str]) -> KnowledgeBase:
    """The packaged rules with some imported text: what the combined store holds."""
    packaged, text = kb.built.read("graph.nq").splitlines(), [line.encode() for line in lines]
    store = ox.Store()
    every = [*packaged, *text, *links(packaged, text), *reference_links(packaged, text)]
    store.bulk_load(input=b"\n".join(every), format=ox.RdfFormat.N_QUADS)
    found = KnowledgeBase(kb.built, today="2026-06-12")
    found.__dict__.update(held=SimpleNamespace(version="sha256:0"), _store=store)
    return found


def lighthouse() -> list[str]:
    """The quads of the Lighthouse Regulations, which ``invented_law`` tells."""
    files = sorted(FIXTURES.rglob("*.xml"))
    assert len(files) == 12
    return list(
        law_quads(
            parse_snapshot(path.read_bytes(), source=str(path), day=date.fromisoformat(path.stem)) for path in files
        )
    )


def wording(path: str, start: str, words: str, *, until: str | None = None, language: str = "en") -> list[str]:
    """The quads of one wording of a provision, with words of one's own."""
    node, found = ox.NamedNode(f"{BASE}{path}/{start}/{language}"), []
    told: list[tuple[str, str, Any]] = [
        ("rdf", "type", ox.NamedNode(PREFIXES["inf"] + "Wording")),
        ("dct", "isVersionOf", ox.NamedNode(BASE + path)),
        ("dct", "language", ox.Literal(language)),
        ("inf", "from", _day(start)),
        ("inf", "startKnownFrom", _day(start)),
        ("inf", "startDecidedBy", ox.Literal("exact")),
        ("inf", "text", ox.Literal(words)),
    ]
    told += [("inf", "until", _day(until))] if until else []
    for prefix, term, value in told:
        quad = ox.Quad(node, ox.NamedNode(PREFIXES[prefix] + term), value, ox.NamedNode(BASE + "graph/law"))
        found.append(f"{quad} .")
    return found


def _day(text: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(PREFIXES["xsd"] + "date"))
