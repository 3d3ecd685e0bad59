"""Whether the wordings our rules were read from still stand in imported text; the text here is invented."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from inforce.kb import KnowledgeBase
from inforce.queries import run_filled
from inforce.stale import COLUMNS, STALE, links, readings
from inforce.table import Table
from inforce.vocab import BASE, PREFIXES

INF, DCT = PREFIXES["inf"], PREFIXES["dct"]


@dataclass(frozen=True)
class Held:
    """One wording of a stand-in for imported text."""

    provision: str
    start: str
    until: str | None
    digest: str | None
    text: str | None
    known: str = "2020-01-01"
    by: str | None = None
    language: str = "en"

    @property
    def quads(self) -> list[ox.Quad]:
        """The wording as the graph of imported text holds it."""
        node, day = ox.NamedNode(f"{self.provision}/{self.start}/{self.language}"), PREFIXES["xsd"] + "date"

        def date(text: str) -> ox.Literal:
            return ox.Literal(text, datatype=ox.NamedNode(day))

        said: list[tuple[str, Any]] = [
            (PREFIXES["rdf"] + "type", ox.NamedNode(INF + "Wording")),
            (DCT + "isVersionOf", ox.NamedNode(self.provision)),
            (DCT + "language", ox.Literal(self.language)),
            (INF + "from", date(self.start)),
            (INF + "startKnownFrom", date(self.known)),
        ]
        said += [(INF + "until", date(self.until))] if self.until else []
        said += [(INF + "textDigest", ox.Literal(self.digest))] if self.digest else []
        said += [(INF + "text", ox.Literal(self.text))] if self.text else []
        said += [(INF + "instrument", ox.NamedNode(f"{BASE}instrument/{self.by}"))] if self.by else []
        return [ox.Quad(node, ox.NamedNode(p), o, ox.NamedNode(BASE + "graph/law")) for p, o in said]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def recorded(kb: Any) -> list[Held]:
    """A text that reads as the package records it: each recorded version, its digest, its days and some words."""
    t, found = kb.graph_index, []
    for one in t.instances("ProvisionVersion"):
        start = t.value(one, INF + "from")
        if start:
            own = t.value(one, INF + "textDigest")
            words = f"the lamps of {one.rsplit('/', 1)[0][-9:]} burn from {start} by day" if own else None
            found.append(Held(t.value(one, DCT + "isVersionOf"), start, t.value(one, INF + "until"), own, words))
    return found


Asked = Callable[[list[Held]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def asked(kb: Any) -> Asked:
    """Ask for the readings over the packaged graph and some wordings."""

    def ask(held: list[Held], rule: str | None = None) -> list[dict[str, Any]]:
        store = ox.Store()
        store.bulk_load(path=str(kb.built.path("graph.nq")), format=ox.RdfFormat.N_QUADS)
        store.extend(quad for one in held for quad in one.quads)
        return list(readings(lambda query, **values: run_filled(store, query, values), rule=rule))

    return ask


A = f"{BASE}irpr/198/2/a"
RULE = "R-WP-198-2A"


def of(rows: list[dict[str, Any]], rule: str, citation: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["rule"] == rule and row["citation"] == citation]


def amended(recorded: list[Held], provision: str, day: str, text: str | None, **more: Any) -> list[Held]:
    """The text as it would read after a later amendment of one provision; no words: it was repealed."""
    found = []
    for one in recorded:
        last = one.provision == provision and one.until is None
        found.append(replace(one, until=day) if last else one)
    added = (
        Held(provision, day, None, digest(text), text, known="2027-02-01", by="SOR/2027-1", **more) if text else None
    )
    return found + ([added] if added else [])


def test_where_the_text_reads_as_recorded_every_reading_stands(asked: Asked, recorded: list[Held]) -> None:
    rows = asked(recorded)
    assert len(rows) > 60
    assert {row["state"] for row in rows} <= {"stands", "not-held"}
    # What is not recorded cannot be held here; every provision with a version is.
    assert all(row["read"] is None for row in rows if row["state"] == "not-held")
    assert {row["state"] for row in of(rows, RULE, "IRPR 198(2)(a)")} == {"stands"}


def test_without_text_nothing_is_stale_and_nothing_stands(asked: Asked) -> None:
    assert {row["state"] for row in asked([])} == {"not-held"}


def test_a_later_amendment_makes_stale_what_was_read_before_it_and_only_that(
    asked: Asked, recorded: list[Held]
) -> None:
    rows = asked(amended(recorded, A, "2027-01-01", "the lamps of 198/2/a burn from 2017-05-05 by night"))
    stale = [row for row in rows if row["state"] in STALE]
    assert {row["citation"] for row in stale} == {"IRPR 198(2)(a)"}
    # The versions of the rule that ended in 2004 and 2017 were read from wordings that had their day.
    (row,) = of(stale, RULE, "IRPR 198(2)(a)")
    assert (row["version"], row["read"], row["state"]) == ("2017-05-05", "2017-05-05", "changed")
    assert (row["since"], row["known_from"], row["instrument"]) == ("2027-01-01", "2027-02-01", "SOR/2027-1")
    assert row["words"].endswith("burn from 2017-05-05 by [-day-]{+night+}") and row["role"] == "expresses"


def test_a_repeal_is_a_stale_reading(asked: Asked, recorded: list[Held]) -> None:
    rows = of(asked(amended(recorded, A, "2027-01-01", None)), RULE, "IRPR 198(2)(a)")
    (row,) = [one for one in rows if one["state"] in STALE]
    assert (row["state"], row["since"]) == ("repealed", "2027-01-01") and row["words"].startswith("[-")


def test_another_text_of_the_days_that_were_read_differs(asked: Asked, recorded: list[Held]) -> None:
    other = [
        replace(one, digest=digest("lamps"), text="lamps") if one.provision == A and one.until is None else one
        for one in recorded
    ]
    (row,) = [one for one in of(asked(other), RULE, "IRPR 198(2)(a)") if one["state"] in STALE]
    assert (row["state"], row["since"], row["words"]) == ("differs", "2017-05-05", None)


def test_a_new_part_below_what_was_read_is_seen(asked: Asked, recorded: list[Held]) -> None:
    new = Held(f"{A}/iii", "2027-01-01", None, digest("torches"), "torches", known="2027-02-01", by="SOR/2027-1")
    (row,) = [one for one in of(asked([*recorded, new]), RULE, "IRPR 198(2)(a)") if one["state"] in STALE]
    assert (row["state"], row["wording"]) == ("changed-below", "irpr/198/2/a/iii/2027-01-01/en")
    # A part that was there all along is part of what was read.
    old = replace(new, start="2017-05-05", known="2020-04-30")
    assert not [one for one in of(asked([*recorded, old]), RULE, "IRPR 198(2)(a)") if one["state"] in STALE]


def test_one_rule_can_be_asked_about(asked: Callable[..., Any], recorded: list[Held]) -> None:
    rows = asked(recorded, f"{BASE}rule/{RULE}")
    assert {row["rule"] for row in rows} == {RULE} and len({row["version"] for row in rows}) == 3


# ---- links -------------------------------------------------------------------------------------------


def lines(held: list[Held]) -> list[bytes]:
    return [f"{q.subject} {q.predicate} {q.object} {q.graph_name} .".encode() for one in held for q in one.quads]


def test_versions_are_linked_to_the_wordings_that_realize_them(kb: Any, recorded: list[Held]) -> None:
    french = [replace(one, language="fr", digest=None) for one in recorded]
    packaged = Path(kb.built.path("graph.nq")).read_bytes().splitlines()
    found = links(packaged, lines(recorded + french))
    assert found == sorted(set(found)) == links(packaged, lines(french + recorded[::-1]))
    realized = f"<{PREFIXES['eli']}is_realized_by>".encode()
    assert all(
        line.split(b" ")[1] == realized and line.endswith(f"<{BASE}graph/inferred> .".encode()) for line in found
    )
    pairs = {tuple(line.decode().split(" ")[0:3:2]) for line in found}
    assert (f"<{A}/2017-05-05>", f"<{A}/2017-05-05/en>") in pairs and (
        f"<{A}/2017-05-05>",
        f"<{A}/2017-05-05/fr>",
    ) in pairs
    assert (f"<{A}/2004-07-22>", f"<{A}/2017-05-05/en>") not in pairs
    assert len(pairs) >= 2 * len(recorded)
    store = ox.Store()
    store.bulk_load(input=b"\n".join(found), format=ox.RdfFormat.N_QUADS)
    assert len(store) == len(found)


def test_a_wording_with_another_digest_realizes_nothing(kb: Any, recorded: list[Held]) -> None:
    packaged = Path(kb.built.path("graph.nq")).read_bytes().splitlines()
    other = [replace(one, digest=digest("lamps")) for one in recorded if one.digest]
    assert links(packaged, lines(other)) == []


# ---- commands ----------------------------------------------------------------------------------------


def test_doctor_and_validate_name_what_is_stale(
    run: Callable[..., Any], asked: Asked, recorded: list[Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = asked(amended(recorded, A, "2027-01-01", "the lamps: they burn from 2017-05-05 by night"))
    monkeypatch.setattr(KnowledgeBase, "law_version", "sha256:0")
    monkeypatch.setattr(KnowledgeBase, "readings", lambda _: Table.of(COLUMNS, found))
    ran = run("doctor --format tsv")
    lines = [line.split("\t") for line in ran.out.splitlines() if line.startswith("reading")]
    assert [line[:2] for line in lines] == [["readings", "stale"], ["reading", "stale"]]
    assert "changed 1" in lines[0][2]
    said = "IRPR 198(2)(a) was amended on 2027-01-01 by SOR/2027-1, first readable on 2027-02-01: "
    assert lines[1][2].startswith(f"R-WP-198-2A of 2017-05-05: {said}")
    assert "{+night+}" in lines[1][2]
    noted = run("validate --rules")
    assert noted.code == 0 and "W_STALE: IRPR 198(2)(a) was amended on 2027-01-01" in noted.out
    assert "W_STALE: read the rule again by the text as it is now" in noted.out
    (row,) = [row for row in json.loads(run("validate --rules --json").out) if row["code"] == "W_STALE"]
    assert row["level"] == "note" and row["subject"] == "<rule/R-WP-198-2A/2017-05-05>"
    said = "RIPR 198(2)a) a été modifié le 2027-01-01 par DORS/2027-1, lisible dès le 2027-02-01, "
    assert row["message_fr"].startswith(said) and row["message_fr"].endswith("d'après le texte actuel")
    french = " ".join(run("validate --rules --lang fr").out.split())
    assert f"W_STALE : {said.rstrip(' ,')}" in french and "W_STALE : relisez la règle d'après le texte actuel" in french
