"""The real law: what instruments did to it, what was renumbered, whether what we recorded is what it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran, schema

from inforce.stale import STALE
from inforce.vocab import PREFIXES

INF = PREFIXES["inf"]


def rows(kb: Any, *days: str, **more: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["thing"], row["date"]): row for row in kb.changes(*days, **more)}


def edges(found: Any, relation: str) -> set[tuple[str, str]]:
    return {(a, b) for a, told, b in found.edges if told == relation}


# ---- changes -------------------------------------------------------------------------------------------


def test_section_26_1_was_split_and_only_its_second_part_is_new(kb_law: Any) -> None:
    # SOR/2024-258, in force 2024-12-18, in the public consolidation on 2025-02-06.
    found = rows(kb_law, "2024-11-01", "2025-02-28", about="IRPR")
    row = found["IRPR 26.1(2)", "2024-12-18"]
    assert (row["kind"], row["instrument"], row["recorded"]) == ("added", "SOR/2024-258", "2025-02-06")
    assert row["label"].startswith("Minister may specify") and "S-SOR2024-258" in row["sources"]
    for letter in "abcdefgh":
        row = found[f"IRPR 26.1(1)({letter})", "2024-12-18"]
        assert (row["kind"], row["instrument"], row["recorded"]) == ("renumbered", "SOR/2024-258", "2025-02-06")
        assert row["label"].startswith(f"formerly IRPR 26.1({letter}): ") and row["languages"] == ["en", "fr"]
        assert (f"IRPR 26.1({letter})", "2024-12-18") not in found
    assert found["IRPR 26.1(1)", "2024-12-18"]["kind"] == "renumbered"
    schema("changes").validate([dict(row) for row in kb_law.changes("2024-11-01", "2025-02-28", about="IRPR")])
    # The designation made under it is in the same table, and affects outcomes; the power alone does not.
    assert found["R-WP-FLAG-2024", "2024-12-24"]["affects_outcomes"]
    assert not found["IRPR 26.1(2)", "2024-12-18"]["affects_outcomes"]


def test_what_was_not_yet_public_is_not_known(kb_law: Any) -> None:
    assert not rows(kb_law, "2024-12-18", "2024-12-18", about="IRPR 26.1", known_on="2025-02-05")
    assert rows(kb_law, "2024-12-18", "2024-12-18", about="IRPR 26.1", known_on="2025-02-06")


@pytest.mark.parametrize(
    ("day", "instrument", "countries"),
    [
        ("2023-06-06", "SOR/2023-106", ("costa-rica", "panama", "philippines", "thailand")),
        ("2024-02-29", "SOR/2024-34", ("mexico",)),
        ("2026-05-26", "SOR/2026-87", ("indonesia", "malaysia")),
    ],
)
def test_countries_joined_the_table_of_7_01_one_row_each(
    kb_law: Any, day: str, instrument: str, countries: tuple[str, ...]
) -> None:
    found = [row for row in kb_law.changes(day, day, about="IRPR 7.01") if row["kind"] == "added"]
    told = {row["sources"] and row["label"].casefold(): row["instrument"] for row in found}
    for country in countries:
        near = [by for label, by in told.items() if country.replace("-", " ") in label]
        assert near and set(near) == {instrument}, country


def test_every_change_names_its_kind_and_most_their_instrument(kb_law: Any) -> None:
    clauses = [row for row in kb_law.changes() if row["languages"]]
    number = len(clauses)
    assert number > 800
    kinds = Counter(row["kind"] for row in clauses)
    assert set(kinds) >= {"added", "amended", "repealed", "renumbered", "corrected", "language-only"}
    # A correction is of no instrument; some repeals leave no note of theirs.
    told = sum(1 for row in clauses if row["instrument"])
    assert told / number > 0.95
    assert {(row["date"], row["citation"]) for row in clauses if row["kind"] == "corrected"} >= {
        ("2025-03-28", "IRPR 269(8)"),
        ("2025-05-15", "IRPR 255(3)(a)"),
    }


def test_what_both_record_agrees_and_is_one_row(kb: Any, kb_law: Any) -> None:
    merged = {(row["thing"], row["date"]): row for row in kb_law.changes("2021-03-01")}
    ours = [row for row in kb.changes("2021-03-01") if row["thing"] == row["citation"]]
    assert len(ours) > 50
    for row in ours:
        other = merged[row["thing"], row["date"]]
        assert other["languages"], row["thing"]
        assert (other["recorded"], other["instrument"]) == (row["recorded"], row["instrument"]), row["thing"]


def test_one_provision_and_day_is_one_row(kb_law: Any) -> None:
    seen = Counter(
        (row["date"], row["citation"], row["kind"]) for row in kb_law.changes() if row["thing"] == row["citation"]
    )
    assert [key for key, count in seen.items() if count > 1] == []


# ---- what we recorded ----------------------------------------------------------------------------------


def test_every_wording_we_read_rules_from_is_the_one_in_the_text(kb_law: Any) -> None:
    found = list(kb_law.readings())
    states = Counter(row["state"] for row in found)
    assert states["stands"] > 60 and not any(states[state] for state in STALE)
    # The stored text begins in 2021: what ended before is not in it.
    assert {row["version"] for row in found if row["state"] == "not-held"} <= {"2002-06-28", "2004-07-22"}
    assert len(kb_law.stale_readings()) == 0


def test_every_version_of_the_time_of_the_text_is_realized_by_a_wording_of_its_days(kb_law: Any) -> None:
    t = kb_law.graph_index
    linked: dict[str, set[str]] = {}
    for row in kb_law.sparql("SELECT ?v ?w { ?v eli:is_realized_by ?w . ?w dct:language 'en' }"):
        linked.setdefault(row["v"], set()).add(row["w"])
    recorded = [one for one in t.instances("ProvisionVersion") if (t.value(one, INF + "until") or "9") > "2021-02-26"]
    assert len(recorded) > 450
    assert [one for one in recorded if one not in linked] == []
    starts = {one: {wording.split("/")[-2] for wording in linked[one]} for one in recorded}
    assert [one for one in recorded if t.value(one, INF + "from") not in starts[one]] == []


# ---- traces --------------------------------------------------------------------------------------------


def test_the_instrument_of_2024_is_followed_from_its_clauses_to_outcomes(kb_law: Any) -> None:
    found = kb_law.trace("SOR/2024-258")
    made = {b for _, b in edges(found, "made")}
    assert {"irpr/26.1/1/2024-12-18", "irpr/26.1/2/2024-12-18"} <= made
    assert found.nodes["irpr/26.1/1/a/2024-12-18"]["change"] == "renumbered"
    assert ("irpr/26.1/2/2024-12-18", "rule/R-WP-FLAG-2024/2024-12-24") in edges(found, "enables")
    moved = {row["action"] for row in found.outcomes if row["moved"]}
    assert "apply-work-permit-poe" in moved
    assert found.render("svg").startswith("<svg ")


def test_198_refers_to_what_it_refers_to(kb_law: Any) -> None:
    found = kb_law.trace("IRPR 198", on="2024-12-24")
    assert {("irpr/198", "irpr/203"), ("irpr/198", "irpr/203/2/a"), ("irpr/198", "irpr/30/3")} <= edges(
        found, "refers-to"
    )
    assert {("irpr/198", "irpr/12.001"), ("irpr/198", "irpr/26.1/1/e")} <= edges(found, "referred-to-by")
    # Before the section was split its paragraph had another number.
    earlier = kb_law.trace("IRPR 198", on="2024-12-17")
    assert ("irpr/198", "irpr/26.1/e") in edges(earlier, "referred-to-by")


def test_a_change_of_203_reaches_198_by_what_refers_to_it(kb_law: Any) -> None:
    told = {row["rule"]: row["through"] for row in kb_law.trace("IRPR 203", impact=True).impact}
    assert told["R-ISSUE-203"] == [] and told["R-WP-198-2A"] == ["IRPR 198(2)(a)"]


def test_an_instrument_that_touched_no_modelled_provision_is_traced(kb_law: Any) -> None:
    found = kb_law.trace("SOR/2024-219")
    wordings = [node for node in found.nodes.values() if node["kind"] == "wording"]
    assert len(wordings) > 10 and {"IRPR 189.1@2024-11-08", "IRPR 217.1@2024-11-08"} <= {n["id"] for n in wordings}
    assert all(node["label_fr"] for node in wordings if node["label"] and node["from"] == "2024-11-08")


# ---- commands ------------------------------------------------------------------------------------------


def test_doctor_and_validate_compare_with_the_text(
    run: Callable[..., Ran], imported_law: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(imported_law))
    ran = run("doctor --format tsv")
    (line,) = [one for one in ran.out.splitlines() if one.startswith("readings\t")]
    assert "\tgood\t" in line and "stands" in line
    assert "W_STALE" not in run("validate --rules").out
    ran = run('changes --about "IRPR 26.1" --kind renumbered --format table --lang fr')
    assert ran.code == 0 and "RIPR 26.1(1)a) renuméroté" in ran.out
