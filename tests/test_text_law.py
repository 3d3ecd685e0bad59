"""The reading of the real law: invariants of text over time, and the provisions whose days must come out right."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from law_files import content, files

from inforce.law import Snapshot, parse_snapshot
from inforce.text import LawText

FOLDERS = {"irpr": "SOR-2002-227", "irpa": "I-2.5"}


@pytest.fixture(scope="module")
def law(kb_law: Any) -> LawText:
    """The real law's text."""
    found: LawText = kb_law.law
    return found


def snapshot(shared: Path, law: str, language: str, number: int) -> Snapshot:
    path = files(shared / "laws" / FOLDERS[law], language)[number]
    return parse_snapshot(content(path), source=path.name, day=date.fromisoformat(path.name[:10]))


# ---- what was published is what is put together ------------------------------------------------


@pytest.mark.parametrize(("name", "language", "number"), [("irpr", "en", -1), ("irpr", "fr", 20), ("irpa", "fr", 0)])
def test_every_section_put_together_is_the_one_that_was_published(
    law: LawText, shared: Path, name: str, language: str, number: int
) -> None:
    published = snapshot(shared, name, language, number)
    sections = [unit.path for unit in published.units if unit.kind == "section" and "/" not in unit.path]
    assert len(sections) > 150
    day = published.day.isoformat()
    wrong = []
    for section in sections:
        units = [one for one in published.units if one.path == section or one.path.startswith(section + "/")]
        read = law.provision(f"{name}/{section}", on=day, language=language, known_on=day)
        ours = [(one.label, one.title or "", one.text or "") for one in read.wordings]
        if ours != [(one.label, one.title, one.text) for one in units]:
            wrong.append(section)
    assert wrong == []


# ---- differences add up ------------------------------------------------------------------------

DAYS = ["2021-03-01", "2022-09-26", "2023-06-06", "2024-12-17", "2024-12-18", "2026-05-26", "2026-06-12"]
PROVISIONS = ["IRPR 26.1", "IRPR 7.01", "IRPR 203", "IRPR 12.06", "IRPR 200", "IRPR 190", "IRPR 222", "IRPA 20.2"]


@pytest.mark.parametrize("name", PROVISIONS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_differences_add_up_and_applied_give_the_later_text(law: LawText, name: str, language: str) -> None:
    readings = {}
    for day in DAYS:
        try:
            readings[day] = law.provision(name, on=day, language=language)
        except LookupError:
            continue
    days = list(readings)
    assert len(days) > 2
    moved = 0
    for first, middle, last in zip(days, days[1:], days[2:], strict=False):
        one = law.difference(name, first, middle, language=language)
        two = law.difference(name, middle, last, language=language)
        whole = law.difference(name, first, last, language=language)
        assert one.then(two).to_dict() == whole.to_dict()
        begin = {w.path: w.content for w in readings[first].wordings}
        end = {w.path: w.content for w in readings[last].wordings}
        assert whole.applied(begin) == end == two.applied(one.applied(begin))
        moved += bool(whole)
    assert moved or name in ("IRPR 190", "IRPA 20.2")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_changes_of_a_time_are_those_between_two_readings_of_the_whole(law: LawText, language: str) -> None:
    after, to = "2024-11-30", "2025-02-28"
    differing = law.difference("irpr", after, to, language=language)
    moved = {f"https://w3id.org/inforce/{path}" for path in differing.states}
    changed = {row["iri"] for row in law.changes(after, to, about="IRPR") if language in row["languages"]}
    # What is beside the law, and what only moved on the page, are no events.
    aside = ("/not-in-force", "/related", "/note", "/footnote")
    assert {one for one in moved if not any(word in one for word in aside)} <= changed
    assert len(changed & moved) > 50


# ---- days that must come out right ---------------------------------------------------------------


def test_the_power_over_services_was_added_and_the_list_renumbered_not_reworded(law: LawText) -> None:
    rows = {row["citation"]: row for row in law.blame("IRPR 26.1", on="2025-03-01")}
    added = rows["IRPR 26.1(2)"]
    assert (added["instrument"], added["since"], added["written_by"]) == ("SOR/2024-258", "2024-12-18", None)
    for letter in "abcdefgh":
        row = rows[f"IRPR 26.1(1)({letter})"]
        assert (row["decided_by"], row["instrument"], row["since"]) == ("renumbered", "SOR/2024-258", "2024-12-18")
        assert (row["written_as"], row["written_by"], row["written_since"]) == (
            f"IRPR 26.1({letter})", "SOR/2020-55", "2020-03-21",
        )  # fmt: skip
    found = law.difference("IRPR 26.1", "2024-12-17", "2024-12-18")
    renumbered = [one for one in found.changes if one.kind == "renumbered"]
    assert len(renumbered) == 8 and all(edit.op == "equal" for one in renumbered for edit in one.text)


def test_the_power_was_not_known_before_it_was_published(law: LawText) -> None:
    known = {one.path for one in law.provision("IRPR 26.1", on="2025-01-01", known_on="2025-01-01").wordings}
    now = {one.path for one in law.provision("IRPR 26.1", on="2025-01-01").wordings}
    assert "irpr/26.1/2" in now - known and "irpr/26.1/a" in known - now
    with pytest.raises(LookupError, match="it was in force from 2024-12-18"):
        law.provision("IRPR 26.1(2)", on="2024-12-17")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_countries_joined_the_table_on_their_days(law: LawText, language: str) -> None:
    found = law.difference("IRPR 7.01", "2023-01-01", "2026-06-12", language=language)
    rows = {one.after.path: one.after for one in found.changes if one.after is not None and one.after.type == "row"}
    joined = {path.rpartition("/")[2]: (one.since, one.instrument) for path, one in rows.items()}
    mexico, indonesia, malaysia = {
        "en": ("mexico", "indonesia", "malaysia"),
        "fr": ("mexique", "indonesie", "malaisie"),
    }[language]
    assert joined["costa-rica"] == ("2023-06-06", "SOR/2023-106")
    assert joined[mexico] == ("2024-02-29", "SOR/2024-34")
    assert joined[indonesia] == joined[malaysia] == ("2026-05-26", "SOR/2026-87")


def test_what_is_known_at_a_day_reads_as_its_consolidation(law: LawText, kb_law: Any) -> None:
    text = law.provision("IRPR 198", on="2024-12-24", language="fr").lines()
    assert text[1].startswith("198") and len(text) > 8
    found = law.timeline("IRPR 26.1")
    (split,) = [one for one in found.boundaries if one.day == "2024-12-18"]
    assert split.made_by == ("SOR/2024-258, s. 1",) and len(split.ends) == 8
    assert kb_law.cite("IRPR 26.1(2)", on="2025-03-01").count("2025-02-06") == 1


def test_words_are_found_in_both_languages(law: LawText) -> None:
    assert any(hit["citation"] == "IRPR 26.1(2)" for hit in law.search("class of foreign nationals", language="en"))
    folded = law.search("point d'entree", language="fr")
    assert folded.rows == law.search("point d’entrée", language="fr").rows and len(folded) > 20
