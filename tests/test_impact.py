"""Traces with imported text: what an instrument wrote, what refers to what, what depends on a provision."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import rdflib
from command_line import Ran, schema
from in_memory import holding, lighthouse, wording

from inforce.errors import UnknownIdError, UsageError
from inforce.kb import KnowledgeBase
from inforce.vocab import BASE

TEXT = [
    # Invented words that refer as provisions of these numbers might.
    *wording("irpr/198/1", "2017-05-05", "Lamps of subsection (2) burn by night."),
    *wording("irpr/198/2", "2017-05-05", "Lamps burn."),
    *wording("irpr/198/2/a", "2017-05-05", "Lamps of section 203 burn."),
    *wording("irpr/203", "2002-06-28", "Lamps of the harbour.", until="2019-01-01"),
    *wording("irpr/203", "2019-01-01", "Lamps of section 77."),
    *wording("irpr/77", "2002-06-28", "Lamps under subsection 11(1) of the Act."),
    *wording("irpr/78", "2002-06-28", "A lamp is a lamp."),
    *wording("irpa/11/1", "2002-06-28", "Whoever carries a lamp."),
]


@pytest.fixture(scope="module")
def lit(kb: Any) -> KnowledgeBase:
    """The packaged rules with the invented words and the Lighthouse Regulations."""
    return holding(kb, [*TEXT, *lighthouse()])


def edges(found: Any, relation: str) -> set[tuple[str, str]]:
    return {(a, b) for a, told, b in found.edges if told == relation}


def rules(found: Any) -> dict[str, list[str]]:
    return {row["rule"]: row["through"] for row in found.impact}


# ---- references --------------------------------------------------------------------------------------


def test_a_provision_says_what_it_refers_to_and_what_refers_to_it(lit: KnowledgeBase) -> None:
    found = lit.trace("IRPR 203")
    assert ("irpr/203", "irpr/198/2/a") in edges(found, "referred-to-by")
    assert ("irpr/203", "irpr/77") in edges(found, "refers-to")
    # What its own parts refer to is what a section refers to; between its parts is nobody else's matter.
    section = lit.trace("IRPR 198")
    assert ("irpr/198", "irpr/203") in edges(section, "refers-to")
    assert not any(b.startswith("irpr/198") for _, b in edges(section, "refers-to") | edges(section, "referred-to-by"))


def test_references_are_those_of_the_day(lit: KnowledgeBase) -> None:
    assert ("irpr/203", "irpr/77") not in edges(lit.trace("IRPR 203", on="2018-12-31"), "refers-to")
    assert ("irpr/203", "irpr/77") in edges(lit.trace("IRPR 203", on="2019-01-01"), "refers-to")


def test_a_provision_that_only_the_text_has_can_be_traced(lit: KnowledgeBase) -> None:
    found = lit.trace("IRPR 77")
    assert found.root == "irpr/77" and found.nodes["irpr/77"]["id_fr"] == "RIPR 77"
    assert edges(found, "refers-to") == {("irpr/77", "irpa/11/1")}
    with pytest.raises(UnknownIdError, match="IRPR 79"):
        lit.trace("IRPR 79")


def test_without_text_there_are_no_references(kb: Any) -> None:
    assert not edges(kb.trace("IRPR 203"), "referred-to-by") & {("irpr/203", "irpr/198/2/a")}
    with pytest.raises(UnknownIdError):
        kb.trace("IRPR 77")


# ---- impact --------------------------------------------------------------------------------------------


def test_the_impact_of_a_provision_is_what_depends_on_it_directly_or_by_references(lit: KnowledgeBase) -> None:
    found = lit.trace("IRPR 203", impact=True)
    told = rules(found)
    assert told["R-ISSUE-203"] == []
    assert told["R-WP-198-2A"] == ["IRPR 198(2)(a)"]
    # 198(1) refers to 198(2), of which (a) is a part: two references away.
    assert told["R-WP-198-1"] == ["IRPR 198(2)(a)", "IRPR 198(1)"]
    assert ("rule/R-WP-198-2A/2017-05-05", "action/apply-work-permit-poe") in edges(found, "bears-on")
    assert {len(one) for one in told.values()} == {0, 1, 2}
    assert all(node["kind"] in ("provision", "rule-version", "action") for node in found.nodes.values())
    assert list(found.impact) == sorted(found.impact, key=lambda row: len(row["through"]))


def test_a_reference_farther_off_is_not_followed(lit: KnowledgeBase) -> None:
    # 11(1) of the Act <- 77 <- 203: what refers to 203 is three references away.
    told = rules(lit.trace("IRPA 11(1)", impact=True))
    assert told["R-WP-DEFAULT"] == [] and told["R-ISSUE-203"] == ["IRPR 77", "IRPR 203"]
    assert "R-WP-198-2A" not in told


def test_each_rule_is_told_once_and_only_what_is_in_force(lit: KnowledgeBase) -> None:
    found = lit.trace("IRPR 203", impact=True)
    versions = [row["version"] for row in found.impact]
    assert len(versions) == len(set(versions))
    assert "rule/R-WP-198-2A/2004-07-22" not in versions
    earlier = lit.trace("IRPR 198(2)(a)", impact=True, on="2010-01-01")
    assert {row["version"] for row in earlier.impact if row["rule"] == "R-WP-198-2A"} == {"rule/R-WP-198-2A/2004-07-22"}


def test_impact_without_text_is_what_rests_on_it_directly(kb: Any) -> None:
    found = kb.trace("IRPR 203", impact=True)
    assert {len(row["through"]) for row in found.impact} == {0}
    assert kb.trace("IRPR 26.1(2)", impact=True).to_dict()["impact"]


def test_what_is_no_provision_has_no_impact(kb: Any) -> None:
    with pytest.raises(UsageError, match="no provision"):
        kb.trace("R-WP-198-1", impact=True)


def test_impact_is_told_in_every_form(lit: KnowledgeBase) -> None:
    found = lit.trace("IRPR 203", impact=True)
    assert "R-WP-198-2A: through IRPR 198(2)(a); apply-work-permit-poe" in found.render("tree")
    assert "R-WP-198-2A : par RIPR 198(2)a) ; " in found.render("tree", lang="fr").replace("; ", " ; ")
    graph = rdflib.Graph().parse(data=found.render("turtle"), format="turtle")
    assert (rdflib.URIRef(BASE + "irpr/198/2/a"), None, rdflib.URIRef(BASE + "irpr/203")) in graph
    assert found.render("svg").startswith("<svg ") and "flowchart" in found.render("mermaid")


# ---- instruments ---------------------------------------------------------------------------------------


def test_an_instrument_that_only_the_text_has_is_traced_to_its_clauses(lit: KnowledgeBase) -> None:
    found = lit.trace("SOR/2001-90")
    base = "sor-1901-7"
    made = {b for _, b in edges(found, "made")}
    assert {f"{base}/3/1/2001-12-01/en", f"{base}/3/2/2001-12-01/en"} <= made
    # 3(1)(a)-(c) came with 3(1), so they are counted and not drawn.
    assert not any(b.startswith(f"{base}/3/1/a") for b in made)
    node = found.nodes[f"{base}/3/1/2001-12-01/en"]
    assert node["label"].endswith("(+3)") and node["change"] == "added" and node["label_fr"]
    assert lit.trace("DORS/2001-90").to_dict() == found.to_dict()
    assert found.root == "instrument/SOR/2001-90" and found.render("svg") and found.render("turtle")


def test_what_the_text_says_of_recorded_versions_is_told(kb: Any) -> None:
    from inforce.amendments import Amendments

    amendments = Amendments(kb.graph_index, kb.book)
    row = {
        "day": "2024-12-18",
        "unit": f"{BASE}irpr/26.1/1/a",
        "kind": "renumbered",
        "side": "after",
        "wording": f"{BASE}irpr/26.1/1/a/2024-12-18/en",
        "from": "2024-12-18",
        "until": None,
        "text": "lamps",
    }
    assert list(amendments.of_clauses(f"{BASE}instrument/SOR/2024-258", [row])) == []
    assert amendments.told == {f"{BASE}irpr/26.1/1/a/2024-12-18": {"change": "renumbered"}}


# ---- saved queries -------------------------------------------------------------------------------------


def asked(kb: KnowledgeBase, name: str, **more: str) -> list[tuple[Any, ...]]:
    return [
        tuple(value.removeprefix(BASE) if isinstance(value, str) else value for value in row)
        for row in kb.query(name, more).rows
    ]


def test_references_of_a_day_row_for_row(lit: KnowledgeBase) -> None:
    told = [row for row in asked(lit, "references-on", on="2018-06-01") if row[0].startswith("ir")]
    assert told == [("irpr/198/1", "irpr/198/2"), ("irpr/198/2/a", "irpr/203"), ("irpr/77", "irpa/11/1")]
    assert ("irpr/203", "irpr/77") in asked(lit, "references-on", on="2019-01-01")
    assert asked(lit, "refers-to", provision="IRPR 198", on="2018-06-01") == told[:2]
    assert asked(lit, "referred-to-by", provision="RIPR 203", on="2018-06-01") == told[1:2]
    assert asked(lit, "referred-to-by", provision="IRPR 198", on="2017-05-04") == []


def test_clauses_of_an_instrument_row_for_row(lit: KnowledgeBase) -> None:
    # SOR/2002-60 takes Gull Island off Schedule 1; in French its row has another name.
    rows = asked(lit, "instrument-clauses", instrument=f"<{BASE}instrument/SOR/2002-60>", language="en")
    told = [(str(row[0]), row[1], row[2], row[3]) for row in rows]
    assert ("2002-08-01", "sor-1901-7/schedule-1/gull-island", "repealed", "before") in told
    assert {row[0] for row in told} == {"2002-08-01"} and {row[3] for row in told} == {"before", "after"}
    french = asked(lit, "instrument-clauses", instrument=f"<{BASE}instrument/SOR/2002-60>", language="fr")
    assert "sor-1901-7/schedule-1/ile-gull" in {row[1] for row in french}


def test_changes_with_their_words_row_for_row(lit: KnowledgeBase) -> None:
    rows = lit.query("clause-changes", {"from": "2002-08-01", "to": "2002-08-01"}).to_dicts()
    told = {(row["unit"].removeprefix(BASE), row["language"], row["side"], row["kind"]) for row in rows}
    assert ("sor-1901-7/schedule-1/gull-island", "en", "before", "repealed") in told
    assert ("sor-1901-7/schedule-1/ile-gull", "fr", "before", "repealed") in told
    (row,) = [row for row in rows if row["unit"].endswith("gull-island")]
    assert (str(row["day"]), str(row["endKnown"]), row["text"]) == ("2002-08-01", "2002-09-01", "Gull Island")
    assert row["instrument"] == f"{BASE}instrument/SOR/2002-60" and row["was"] is None


def test_wordings_that_rules_cite_row_for_row(lit: KnowledgeBase) -> None:
    rows = [row[:3] for row in asked(lit, "wordings-cited", language="en")]
    told = [(path, wording, str(day)) for path, wording, day in rows]
    assert told == [
        ("irpa/11/1", "irpa/11/1/2002-06-28/en", "2002-06-28"),
        ("irpr/198/1", "irpr/198/1/2017-05-05/en", "2017-05-05"),
        ("irpr/198/2/a", "irpr/198/2/a/2017-05-05/en", "2017-05-05"),
    ]
    assert asked(lit, "wordings-cited", language="fr") == []


def test_wordings_first_known_after_a_day_row_for_row(lit: KnowledgeBase) -> None:
    rows = asked(lit, "wordings-since", known="2017-06-01", language="en")
    assert [(row[0], row[1], row[2], str(row[3])) for row in rows] == [
        ("irpr/203", "irpr/203/2019-01-01/en", "started", "2019-01-01")
    ]


def test_what_a_rule_was_read_from_row_for_row(kb: Any) -> None:
    rows = asked(kb, "readings", rule="R-WP-198-2A")
    told = {(row[0], row[1], row[2], row[5]) for row in rows}
    days = ("2002-06-28", "2004-07-22", "2017-05-05")
    assert told == {
        (f"rule/R-WP-198-2A/{version}", "expresses", "irpr/198/2/a", f"irpr/198/2/a/{read}")
        for version in days
        for read in days
    }
    assert len(asked(kb, "readings")) > len(rows)


# ---- commands ------------------------------------------------------------------------------------------


def test_impact_at_the_command_line(run: Callable[..., Ran]) -> None:
    ran = run('trace "IRPR 198(2)(a)" --impact')
    assert ran.code == 0 and "R-WP-198-2A: directly; apply-work-permit-poe" in ran.out and not ran.err
    assert "en dépendent :" in run('trace "RIPR 198(2)a)" --impact --lang fr').out
    found = json.loads(run('trace "IRPR 198(2)(a)" --impact --json').out)
    schema("trace").validate(found)
    assert {row["rule"] for row in found["impact"]} >= {"R-WP-198-2A", "X-198-2A-I"}
    schema("trace").validate(json.loads(run("trace SOR/2024-258 --json").out))
    ran = run('trace "IRPR 209" --impact')
    assert ran.code == 0 and "no rule here depends on it" in ran.err
    assert run("trace R-WP-198-1 --impact").code == 2
