"""What is shown, listed, searched, cited and said to have changed, against the tables that a person made."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
import yaml

from inforce.errors import DateError, InputError, UnknownIdError, UsageError

BASE = "https://w3id.org/inforce/"


def rows(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / "domain" / "facts" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("R198(2)(a)", "provisions", "IRPR 198(2)(a)"),
        ("IRPR 198(2)(a)", "provisions", "IRPR 198(2)(a)"),
        ("RIPR 198(2)a)", "provisions", "IRPR 198(2)(a)"),
        ("irpr/198/2/a", "provisions", "IRPR 198(2)(a)"),
        (BASE + "irpr/198/2/a", "provisions", "IRPR 198(2)(a)"),
        ("SOR/2024-258", "instruments", "SOR/2024-258"),
        ("DORS/2024-258", "instruments", "SOR/2024-258"),
        ("sor/2024-258", "instruments", "SOR/2024-258"),
        ("Mexico", "nationalities", "MEX"),
        ("Mexique", "nationalities", "MEX"),
        ("mexique", "nationalities", "MEX"),
        ("MX", "nationalities", "MEX"),
        ("Côte d’Ivoire", "nationalities", "CIV"),
        ("R-WP-FLAG-2024", "rules", "R-WP-FLAG-2024"),
        ("R-WP-198-2A-2004", "rules", "R-WP-198-2A"),
        ("SAWP", "programs", "SAWP"),
        ("PTAS", "programs", "SAWP"),
        ("lmia_required", "facts", "lmia_required"),
        ("C-01", "conflicts", "C-01"),
        ("IRPR", "laws", "IRPR"),
    ],
)
def test_a_thing_is_found_by_each_of_its_names(kb: Any, name: str, kind: str, found: str) -> None:
    got, entry = kb.find(name)
    assert (got, entry["id"]) == (kind, found)


def test_every_entry_of_the_rule_table_is_still_a_name(kb: Any, shared: Path) -> None:
    table = yaml.safe_load((shared / "domain" / "facts" / "rules.yaml").read_text(encoding="utf-8"))
    entries = [one for one in table["rules"] if "effect" in one]
    assert len(entries) > 40
    for entry in entries:
        kind, _ = kb.find(entry["id"])
        assert kind == "rules", entry["id"]


@pytest.mark.parametrize(
    ("name", "near"), [("R-WP-FLAG-2025", "R-WP-FLAG-2024"), ("Mexcio", "Mexico"), ("SOR/2024-25", "SOR/2024-258")]
)
def test_an_unknown_name_is_refused_with_the_nearest(kb: Any, name: str, near: str) -> None:
    with pytest.raises(UnknownIdError) as caught:
        kb.show(name)
    assert caught.value.code == "E_UNKNOWN_ID" and caught.value.exit_code == 2
    assert near in (caught.value.hint or "")


# ---- one thing -------------------------------------------------------------------------------------


def test_everything_that_is_listed_can_be_shown(kb: Any) -> None:
    shown = 0
    for kind, entries in kb._tables["entities"].items():
        for entry in entries:
            thing = kb.show(entry["iri"])
            assert thing["schema"] == "inforce/thing/1" and thing["iri"] == BASE + entry["iri"]
            assert thing["id"] == entry["id"] and thing["list"] == kind and thing["label"], entry["id"]
            assert thing["kind"] not in ("thing", "passage"), entry["id"]
            json.dumps(thing)
            shown += 1
    assert shown > 1400


def test_a_provision_is_shown_as_it_stood(kb: Any) -> None:
    # Provision table: 198(2)(a)(i) from 2004-07-22 by SOR/2004-167, reworded on 2017-05-05 by SOR/2017-78 (caregivers).
    old = kb.show("IRPR 198(2)(a)(i)", on="2010-01-01")["versions"]
    new = kb.show("IRPR 198(2)(a)(i)", on="2017-05-05")["versions"]
    assert [(v["from"], v["until"], v["instrument"]) for v in old] == [("2004-07-22", "2017-05-05", "SOR/2004-167")]
    assert [(v["from"], v["until"], v["instrument"]) for v in new] == [("2017-05-05", None, "SOR/2017-78")]
    assert "live-in caregiver" in old[0]["paraphrase"] and "live-in caregiver" not in new[0]["paraphrase"]
    every = kb.show("IRPR 198(2)(a)(i)")["versions"]
    assert [v["from"] for v in every] == ["2004-07-22", "2017-05-05"]


def test_a_provision_that_was_not_there_says_when_it_was(kb: Any) -> None:
    # SOR/2024-258 added 26.1(2); in force on 2024-12-18.
    with pytest.raises(UnknownIdError, match="2024-12-18") as caught:
        kb.show("IRPR 26.1(2)", on="2024-12-17")
    assert caught.value.code == "E_NOT_HELD" and caught.value.exit_code == 2
    assert kb.show("IRPR 26.1(2)", on="2024-12-18")["versions"]
    with pytest.raises(UnknownIdError, match="2017-06-16"):
        kb.show("R-HOURS-NIAGARA", on="2010-01-01")


def test_a_version_can_be_named_by_its_day(kb: Any) -> None:
    for name in ("IRPR 198(2)(a)(i)@2004-07-22", "irpr/198/2/a/i/2004-07-22", BASE + "irpr/198/2/a/i/2004-07-22"):
        (version,) = kb.show(name)["versions"]
        assert version["iri"] == BASE + "irpr/198/2/a/i/2004-07-22"
    (rule,) = kb.show("R-WP-198-2A@2004-07-22")["versions"]
    assert rule["entry"] == "R-WP-198-2A-2004"


def test_a_thing_stands_from_its_hour(kb: Any) -> None:
    # Bulletin 686: the designation from 00:01 ET on 2024-12-24 (the adopted claim of C-01).
    with pytest.raises(UnknownIdError):
        kb.show("R-WP-FLAG-2024", on="2024-12-24T00:00-05:00")
    (version,) = kb.show("R-WP-FLAG-2024", on="2024-12-24T00:01-05:00")["versions"]
    assert version["starts_at"] == "2024-12-24T00:01:00-05:00"


def test_nationalities_have_the_lists_of_the_status_table(kb: Any, shared: Path) -> None:
    table = [row for row in rows(shared, "nationality_status.csv") if row["entity_id"].startswith("nat:")]
    wanted: dict[str, Counter[tuple[str, str]]] = {}
    for row in table:
        wanted.setdefault(row["iso3"] or row["iso2"], Counter())[row["status"], row["valid_from"]] += 1
    assert len(wanted) > 50
    for code, expected in wanted.items():
        found = Counter((one["list"], one["from"]) for one in kb.show(f"nat:{code}")["memberships"])
        assert found == expected, code


def test_mexico_over_time(kb: Any) -> None:
    # Status table, ns0110 to ns0114; SOR/2024-34 at 23:30 EST on 2024-02-29.
    lists = [(m["list"], m["from"], m["until"]) for m in kb.show("Mexico")["memberships"]]
    assert lists == [
        ("visa-exempt", "2002-06-28", "2009-07-14"),
        ("visa-required", "2009-07-14", "2016-12-01"),
        ("visa-exempt", "2016-12-01", "2017-12-01"),
        ("visa-exempt", "2017-12-01", "2024-02-29"),
        ("eta-conditional", "2024-02-29", None),
    ]
    on_the_hour = [
        [m["list"] for m in kb.show("Mexico", on=f"2024-02-29T23:{minute}-05:00")["memberships"]]
        for minute in ("29", "30")
    ]
    assert on_the_hour == [["visa-exempt"], ["eta-conditional"]]


def test_a_list_on_a_day_has_its_members(kb: Any) -> None:
    before = {m["entry"] for m in kb.show("visa-exempt", on="2024-02-28")["members"]}
    after = {m["entry"] for m in kb.show("visa-exempt", on="2024-03-01")["members"]}
    assert before - after == {"MEX"} and not after - before


def test_a_program_shows_what_it_entails_and_from_where(kb: Any) -> None:
    found = {(e["fact"], e["value"], e["inherited"]) for e in kb.show("SAWP")["entails"]}
    assert found >= {("seasonal_agricultural_employment", "yes", False), ("lmia_required", "yes", True)}


def test_rules_rest_on_what_the_rule_table_names(kb: Any, shared: Path) -> None:
    table = yaml.safe_load((shared / "domain" / "facts" / "rules.yaml").read_text(encoding="utf-8"))
    compared = 0
    for entry in table["rules"]:
        if "effect" not in entry or not entry.get("provenance"):
            continue
        versions = kb.show(entry["id"])["versions"]
        own = [v for v in versions if v["entry"] == entry["id"]]
        assert own, entry["id"]
        assert own[0]["from"] == (str(entry["valid_from"]) if entry["valid_from"] else None), entry["id"]
        sources = {one["id"] for one in own[0]["sources"]}
        assert sources == {one["source"] for one in entry["provenance"]["passages"]}, entry["id"]
        compared += 1
    assert compared > 40


def test_conditions_are_told_in_both_languages(kb: Any) -> None:
    for entry in kb._tables["entities"]["rules"]:
        for version in kb.show(entry["iri"])["versions"]:
            assert version["condition_in_words"] and version["condition_in_words_fr"], version["id"]
            assert version["condition"]["op"] in ("all", "any", "not", "named", "fact")


def test_conflicts_stand_beside_what_they_touch(kb: Any) -> None:
    # CONFLICTS.md C-01: the start of the designation; C-02: the bulletin against R198.
    found = {c["id"] for c in kb.show("R-WP-FLAG-2024")["conflicts"]}
    assert {"C-01", "C-02"} <= found
    claims = kb.show("C-01")["claims"]
    assert [(c["value"], c["adopted"]) for c in claims][:2] == [
        ("2024-12-24T00:01:00-05:00", True),
        ("2024-12-23T23:59:00-05:00", False),
    ]


# ---- changes ---------------------------------------------------------------------------------------


def test_changes_around_the_designation(kb: Any) -> None:
    found = list(kb.changes("2024-06-01", "2025-03-01"))
    (power,) = [
        row
        for row in found
        if row["citation"] == "IRPR 26.1(2)"
        and row["kind"] == "added"
        and not row["time"]
        and row["thing"] == "IRPR 26.1(2)"
    ]
    # Instrument table: SOR/2024-258 in force on 2024-12-18; first consolidation that shows it 2025-02-06.
    assert (power["date"], power["instrument"], power["recorded"]) == ("2024-12-18", "SOR/2024-258", "2025-02-06")
    (ban,) = [row for row in found if row["thing"] == "R-WP-FLAG-2024"]
    assert (ban["date"], ban["time"]) == ("2024-12-24", "2024-12-24T00:01:00-05:00")
    assert (ban["layer"], ban["instrument"], ban["citation"]) == (
        "designation",
        "CBSA-DESIG-2024-12-23",
        "IRPR 26.1(2)",
    )
    assert ban["affects_outcomes"] and "apply-work-permit-poe" in ban["affects"]


def test_every_change_has_its_day_layer_words_and_sources(kb: Any) -> None:
    layers, sources = {r["id"] for r in kb.list("layers")}, {r["id"] for r in kb.list("sources")}
    found = list(kb.changes())
    assert len(found) > 400
    for row in found:
        assert row["date"][:2] in ("19", "20") and row["layer"] in layers, row
        assert row["label"] and row["label_fr"] and row["sources"], row
        assert set(row["sources"]) <= sources, row
        assert row["time"] is None or row["time"][:10] == row["date"], row
    assert [row["date"] for row in found] == sorted(row["date"] for row in found)


def test_every_status_of_the_table_begins_in_a_change(kb: Any, shared: Path) -> None:
    told = {(row["thing"], row["date"]) for row in kb.changes()}
    for row in rows(shared, "nationality_status.csv"):
        if row["entity_id"].startswith("nat:"):
            assert (row["iso3"], row["valid_from"]) in told, row["status_id"]


def test_a_clause_that_only_got_another_number_is_not_a_change_of_it(kb: Any) -> None:
    # SOR/2024-258 moved 26.1(a)-(h) to 26.1(1)(a)-(h), word for word.
    things = {row["thing"]: row["kind"] for row in kb.changes("2024-12-18", "2024-12-18")}
    assert things == {"IRPR 26.1(1)": "restated", "IRPR 26.1(2)": "added"}


def test_changes_can_be_narrowed(kb: Any) -> None:
    mexico = list(kb.changes("2024", "2024", about="Mexique"))
    assert {row["thing"] for row in mexico} >= {"MEX"}
    (moved,) = [row for row in mexico if row["thing"] == "MEX"]
    assert (moved["before"], moved["after"], moved["instrument"]) == ("visa-exempt", "eta-conditional", "SOR/2024-34")
    assert moved["affects_outcomes"] and moved["time"] == "2024-02-29T23:30:00-05:00"
    assert {row["citation"] for row in kb.changes(about="DORS/2024-258")} == {"IRPR 26.1(1)", "IRPR 26.1(2)"}
    assert {row["layer"] for row in kb.changes(layer="notice")} == {"notice"}
    assert {row["kind"] for row in kb.changes(kind="ended")} == {"ended"}
    assert all(row["affects_outcomes"] for row in kb.changes(affects_outcomes=True))


def test_what_was_not_public_is_not_told(kb: Any) -> None:
    # 26.1(2) was in force on 2024-12-18 and in the public consolidation on 2025-02-06.
    asked = {"from_": "2024-12-18", "to": "2024-12-18"}
    assert not kb.changes(**asked, known_on="2025-02-05").rows
    assert len(kb.changes(**asked, known_on="2025-02-06")) == 2


def test_changes_refuse_what_is_not_there(kb: Any) -> None:
    with pytest.raises(UnknownIdError, match="regulation"):
        kb.changes(layer="regulations")
    with pytest.raises(UnknownIdError, match="added"):
        kb.changes(kind="add")
    with pytest.raises(UnknownIdError, match="nothing is called"):
        kb.changes(about="no such thing at all")
    with pytest.raises(UsageError, match="after"):
        kb.changes("2025-01-01", "2024-01-01")
    with pytest.raises(DateError):
        kb.changes("03/04/2024")


# ---- lists and words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["rules", "provisions", "instruments", "programs", "categories", "exemptions", "nationalities", "facts",
     "actions", "sources", "claims", "changes", "queries"],
)  # fmt: skip
def test_each_kind_of_the_interface_can_be_listed(kb: Any, kind: str) -> None:
    assert len(kb.list(kind)) > 0


def test_instruments_came_into_force_as_the_table_says(kb: Any, shared: Path) -> None:
    wanted = {
        row["instrument_id"] if "instrument_id" in row else next(iter(row.values())): row
        for row in rows(shared, "instruments.csv")
    }
    listed = {row["id"]: row for row in kb.list("instruments")}
    assert set(listed) >= {name for name in wanted if name.startswith("SOR/")}
    assert listed["SOR/2024-258"]["in_force"] == "2024-12-18"
    assert kb.when("DORS/2024-258").first.isoformat() == kb.when("SOR/2024-258").first.isoformat() == "2024-12-18"


def test_search_finds_paraphrases_in_both_languages(kb: Any) -> None:
    assert ("provisions", "IRPR 26.1(2)") in {row[:2] for row in kb.search("class of foreign nationals").rows}
    assert ("provisions", "IRPR 26.1(2)") in {row[:2] for row in kb.search("catégorie d'étrangers").rows}
    assert kb.search("R-WP-FLAG-2024").rows[0][:2] == ("rules", "R-WP-FLAG-2024")
    assert kb.search("mexico visa", limit=1).truncated
    assert not kb.search("xyzzy").rows
    with pytest.raises(UsageError):
        kb.search("  ")


# ---- citations -------------------------------------------------------------------------------------


def test_a_version_is_cited_with_law_days_and_instrument(kb: Any) -> None:
    text = kb.cite("R198(2)(a)(i)", on="2010-01-01")
    assert text.startswith(
        "Immigration and Refugee Protection Regulations, SOR/2002-227, s. 198(2)(a)(i), in force from "
    )
    assert "2004-07-22 until 2017-05-05 (SOR/2004-167, s. 54)" in text and kb.version[:19] in text
    french = kb.cite("R198(2)(a)(i)", on="2010-01-01", lang="fr")
    assert "DORS/2002-227, art. 198(2)a)(i), en vigueur depuis le 2004-07-22" in french
    assert "(DORS/2004-167, art. 54)" in french


@pytest.mark.parametrize("name", ["IRPR 198(1)", "R-WP-FLAG-2024", "SOR/2024-258", "S-OB686", "IRPR"])
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_style_is_well_formed(kb: Any, name: str, lang: str) -> None:
    (item,) = json.loads(kb.cite(name, style="csl-json", lang=lang))
    assert item["title"] and item["type"] in ("legislation", "dataset", "webpage") and item["id"].startswith(BASE)
    bibtex = kb.cite(name, style="bibtex", lang=lang)
    assert bibtex.startswith("@misc{") and bibtex.endswith("}\n") and bibtex.count("{") == bibtex.count("}")
    (triple,) = list(
        pyoxigraph.parse(input=kb.cite(name, style="turtle", lang=lang).encode(), format=pyoxigraph.RdfFormat.TURTLE)
    )
    assert triple.subject.value == item["id"] and triple.object.language == lang
    assert triple.object.value == kb.cite(name, lang=lang).strip()


def test_an_answer_is_cited_by_its_id(kb: Any) -> None:
    answer = kb.check({"citizenships": ["IND"], "lmia_required": "no"}, on="2024-12-24", ordinarily=True)
    text = kb.cite(json.loads(answer.to_json()))
    assert answer.id[:12] in text and "citizenships=IND lmia_required=no" in text and "2024-12-24" in text
    assert answer.verdict in text


def test_what_cannot_be_cited_says_so(kb: Any) -> None:
    with pytest.raises(UnknownIdError, match="bibtex"):
        kb.cite("IRPR 198(1)", style="bibtext")
    with pytest.raises(UnknownIdError, match="not cited"):
        kb.cite("lmia_required")
    with pytest.raises(InputError):
        kb.cite({"schema": "other"})


def test_a_thing_whose_id_another_shares_names_the_other(kb: Any) -> None:
    shown = kb.show("PGWP")
    assert (shown["kind"], shown["same_name"]) == ("category", ["program/PGWP"])
    assert kb.show("program/PGWP")["kind"] == "program"
    assert "same_name" not in kb.show("SAWP")
