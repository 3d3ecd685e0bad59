"""The Python interface as a notebook uses it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import inforce
from inforce.errors import DateError, UnknownIdError, UsageError

FLAGPOLER = {
    "citizenships": ["IND"],
    "trip_only_us_or_spm": True,
    "held_temporary_status_in_canada_on_departure": True,
    "held_permit_or_tr_authorization_before_trip": True,
    "returns_within_authorized_stay": True,
    "purpose_is_immigration_service": True,
}


def test_the_ban_on_flagpoling_takes_the_service_and_leaves_the_entitlement(kb: Any) -> None:
    # CBSA designation of 2024-12-23 under IRPR 26.1(2) (SOR/2024-258, in force 2024-12-18); R198(1) stands.
    answer = kb.check(FLAGPOLER, on="2024-12-24", ordinarily=True)
    assert (answer.outcome, answer.verdict) == ("depends", "may-not")
    assert answer.by_layer["regulation"] == "may"
    assert answer.by_layer["designation"] == "may-not"
    ground = answer.decisive[0]
    assert ground.rule == "R-WP-FLAG-2024"
    power = next(p for p in ground.provisions if p["citation"] == "IRPR 26.1(2)")
    assert (power["role"], power["in_force_from"], power["instrument"]) == ("enabled-by", "2024-12-18", "SOR/2024-258")
    assert kb.check(FLAGPOLER, on="2024-12-22", ordinarily=True).verdict == "may"


def test_an_answer_explains_and_cites_itself(kb: Any) -> None:
    answer = kb.check(FLAGPOLER, on="2024-12-24", ordinarily=True)
    text = answer.explain()
    assert text.startswith("may-not (ordinarily) apply-work-permit-poe 2024-12-24\n* R-WP-FLAG-2024 [bar, holds]")
    assert "holds: come back to get an immigration service at the border (purpose_is_immigration_service: yes)" in text
    french = answer.explain(lang="fr")
    assert "* R-WP-FLAG-2024 [interdit, vrai]" in french and "vrai: reviennent pour obtenir un service" in french
    assert not any(word in french for word in ("holds:", "fails:", "IRPR", "SOR/"))
    assert answer.id[:12] in answer.cite("bibtex")
    assert answer._repr_markdown_().startswith("```text\n")
    with pytest.raises(UnknownIdError):
        answer.cite("apa7")


def test_an_answer_in_french_has_the_same_id_and_is_replayed(kb: Any) -> None:
    answer = kb.check(FLAGPOLER, on="2030-01-01")
    english, french = answer.to_dict(), answer.to_dict("fr")
    assert (english["lang"], french["lang"], french["id"]) == ("en", "fr", answer.id)
    assert [c["code"] for c in french["cautions"]] == [c.code for c in answer.cautions]
    assert "le droit a été vérifié jusqu'au " in " ".join(c["message"] for c in french["cautions"])
    assert "Canada" in french["missing"][0]["question"] or french["missing"][0]["question"].endswith(" ?")
    again, differs = kb.replay(json.loads(answer.to_json("fr")))
    assert (again.id, differs) == (answer.id, [])
    assert all(row["label"] == row["label_fr"] for row in kb.why_not(answer, lang="fr"))
    changed = {**french, "outcome": "may"}
    assert kb.replay(changed)[1] == ["outcome"]


def test_a_history_writes_the_facts_as_an_answer_does(kb: Any) -> None:
    facts = kb.history(FLAGPOLER, to="2025-12-31").to_dict()["facts"]
    assert facts == kb.check(FLAGPOLER, on="2024-12-24").to_dict()["facts"]
    assert facts["trip_only_us_or_spm"] == "yes" and facts["citizenships"] == ["IND"]


def test_tables_are_rows_and_frames(kb: Any) -> None:
    rows = kb.changes("2024-12", "2024-12", layer="designation").to_dicts()
    assert {row["date"] for row in rows} <= {"2024-12-23", "2024-12-24"}
    assert {row["thing"] for row in rows} >= {"R-WP-FLAG-2024", "X-FP-US"}


def test_sparql_binds_the_day_and_gives_python_values(kb: Any) -> None:
    import datetime

    table = kb.sparql(
        "SELECT ?from WHERE { ?v inf:versionOf rule:R-WP-198-2A ; inf:from ?from OPTIONAL { ?v inf:until ?until }"
        " FILTER (?from <= ?on && (!BOUND(?until) || ?on < ?until)) }",
        on="2010-01-01",
    )
    assert table.to_dicts() == [{"from": datetime.date(2004, 7, 22)}]


def test_the_graph_is_an_rdflib_dataset(kb: Any) -> None:
    import rdflib

    assert isinstance(kb.graph, rdflib.Dataset)
    rule = rdflib.URIRef("https://w3id.org/inforce/rule/R-WP-198-1")
    assert any(kb.graph.quads((rule, None, None, None)))


def test_today_is_the_callers() -> None:
    kb = inforce.open(today=lambda zone: "2024-12-24" if zone == "America/Toronto" else "1999-01-01")
    assert kb.check(FLAGPOLER, ordinarily=True).on["from"] == "2024-12-24"
    with pytest.raises(DateError):
        inforce.open().check(FLAGPOLER)


def test_a_window_that_ends_before_it_starts_is_refused(kb: Any) -> None:
    with pytest.raises(UsageError, match="after"):
        kb.history(FLAGPOLER, from_="2025-01-01", to="2024-01-01")


def test_ones_own_rules_change_the_answer_and_nothing_else(kb: Any, tmp_path: Any, plain_environment: Any) -> None:
    rule = tmp_path / "mine" / "rule.ttl"
    rule.parent.mkdir()
    rule.write_text(
        """@base <https://w3id.org/inforce/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix inf: <https://w3id.org/inforce/ns#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<rule/MY-BAR> a inf:Rule ; rdfs:label "My bar"@en , "Mon obstacle"@fr ; skos:notation "MY-BAR" .
<rule/MY-BAR/2025-01-01> a inf:RuleVersion ; inf:versionOf <rule/MY-BAR> ; dct:identifier "MY-BAR" ;
    rdfs:label "My bar"@en , "Mon obstacle"@fr ;
    inf:effect inf:Bar ; inf:action <action/apply-work-permit-poe> ; inf:layer <layer/regulation> ;
    inf:when [ inf:fact <fact/citizenships> ; inf:is <place/FRA> ] ;
    inf:from "2025-01-01"^^xsd:date ; inf:startKnownFrom "2025-01-01"^^xsd:date ;
    inf:expresses <irpr/198/1> ; prov:wasDerivedFrom <source/S-IRPR-XML/r198> ;
    inf:confidence "low" ; inf:contested false .
""",
        encoding="utf-8",
    )
    assert kb.validate([rule]) == []
    mine = inforce.open(rule.parent, today="2026-06-12")
    asked = {"citizenships": "FRA"}
    assert mine.check(asked, on="2024-12-31", ordinarily=True).verdict == "may"
    answer = mine.check(asked, on="2025-01-01", ordinarily=True)
    assert (answer.verdict, answer.decisive[0].rule) == ("may-not", "MY-BAR")
    assert kb.check(asked, on="2025-01-01", ordinarily=True).verdict == "may"
    assert mine.version != kb.version
