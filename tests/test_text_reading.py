"""The imported text as it is read: on a day, as known on another, who wrote it, what differs, by its words."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import lamp_law
import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inforce.errors import LawNotHeldError, UnknownIdError, UsageError
from inforce.text import LawText
from inforce.text_diff import Difference, word_edits
from inforce.text_search import folded_pattern
from inforce.text_timeline import Boundary, widths

BEFORE, AFTER = "2024-12-17", "2024-12-18"


@pytest.fixture(scope="module")
def law(kb: Any) -> LawText:
    """The invented provisions beside the packaged rules."""
    store = ox.Store()
    store.bulk_load(path=str(kb.built.path("graph.nq")), format=ox.RdfFormat.N_QUADS)
    store.extend(lamp_law.quads())
    return LawText(store, kb)


# ---- on a day --------------------------------------------------------------------------------------


def test_a_section_is_put_together_from_what_is_in_force_in_the_order_of_the_law(law: LawText) -> None:
    assert law.provision("IRPR 901", on=BEFORE).lines() == [
        "Lamps on boats",
        "901 The keeper may name the lamps that a boat carries, among them",
        "  (a) a lantern at the bow;",
        "  (b) a lantern at the stern; and",
        "  (c) a torch.",
    ]
    assert law.provision("R901", on=AFTER, language="fr").lines() == [
        "Lampes à bord",
        "901",
        "  (1) Le gardien peut désigner les lampes qu’un bateau porte, dont :",
        "    a) une lanterne à la proue;",
        "    b) une lanterne rouge à la poupe.",
        "  Catégorie de bateaux",
        "  (2) Le gardien peut désigner une catégorie de bateaux sans lampe.",
    ]


def test_rows_of_a_table_and_what_goes_on_after_it_stand_where_they_are_printed(law: LawText) -> None:
    lines = law.provision("irpr/902", on=AFTER).lines()
    assert lines[-3:] == [
        "  (1) A boat on a river of the table carries a lamp of its colour.",
        "    Green",
        "    by day and by night.",
    ]


def test_a_day_before_publication_knows_the_old_text_as_open(law: LawText) -> None:
    known = law.provision("IRPR 901", on="2025-01-01", known_on="2025-01-01")
    assert known.lines() == law.provision("IRPR 901", on=BEFORE).lines()
    assert law.provision("IRPR 901", on="2025-01-01", known_on="2025-02-06").lines()[1] == "901"


def test_a_text_put_right_reads_wrong_only_to_those_who_could_not_know(law: LawText) -> None:
    assert law.provision("IRPR 903", on="2021-06-01").wordings[0].text == "A lamp burns oil."
    early = law.provision("IRPR 903", on="2021-06-01", known_on="2025-05-14").wordings
    assert [one.text for one in early] == ["A lamp burns oill."]


@pytest.mark.parametrize(
    ("name", "on", "kind", "words"),
    [
        ("IRPR 901(2)", BEFORE, LawNotHeldError, "was not in force on 2024-12-17; it was in force from 2024-12-18"),
        ("IRPR 901(c)", AFTER, LawNotHeldError, "it was in force from 2020-03-21 to 2024-12-17"),
        ("IRPR 901(9)", AFTER, UnknownIdError, "no text is held of"),
        ("IRPR 901(2)", "2024-12", UsageError, "more than one day"),
        ("a lamp", AFTER, UnknownIdError, "not a citation"),
    ],
)
def test_what_cannot_be_read_is_refused_and_says_why(
    law: LawText, name: str, on: str, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=re.escape(words)) as caught:
        law.provision(name, on=on)
    assert caught.value.exit_code == 2  # type: ignore[attr-defined]


def test_a_paragraph_is_read_alone(law: LawText) -> None:
    (one,) = law.provision("RIPR 901(1)b)", on=AFTER).wordings
    assert (one.depth, one.label, one.text, one.since, one.instrument, one.known_from) == (
        0, "(b)", "a red lantern at the stern.", AFTER, "SOR/2024-902", "2025-02-06",
    )  # fmt: skip


# ---- who wrote it ----------------------------------------------------------------------------------


def test_every_clause_has_who_wrote_it_and_a_renumbered_one_who_wrote_its_words(law: LawText) -> None:
    rows = {row["citation"]: row for row in law.blame("IRPR 901", on="2025-03-01")}
    assert list(rows) == ["IRPR 901", "IRPR 901(1)", "IRPR 901(1)(a)", "IRPR 901(1)(b)", "IRPR 901(2)"]
    moved = rows["IRPR 901(1)(a)"]
    assert (moved["decided_by"], moved["since"], moved["instrument"]) == ("renumbered", AFTER, "SOR/2024-902")
    assert (moved["written_as"], moved["written_since"], moved["written_by"]) == (
        "IRPR 901(a)", "2020-03-21", "SOR/2020-901",
    )  # fmt: skip
    reworded = rows["IRPR 901(1)(b)"]
    assert (reworded["instrument"], reworded["written_by"]) == ("SOR/2024-902", None)


# ---- what differs ----------------------------------------------------------------------------------


def test_a_renumbered_paragraph_is_one_change_that_changes_no_word(law: LawText) -> None:
    found = law.difference("IRPR 901", BEFORE, AFTER)
    kinds = {one.shown.path: one.kind for one in found.changes}
    assert kinds == {
        "irpr/901": "amended",
        "irpr/901/1": "added",
        "irpr/901/1/a": "renumbered",
        "irpr/901/1/b": "added",
        "irpr/901/2": "added",
        "irpr/901/b": "repealed",
        "irpr/901/c": "repealed",
    }
    (moved,) = [one for one in found.changes if one.kind == "renumbered"]
    assert moved.before is not None and moved.before.path == "irpr/901/a"
    assert {edit.op for edit in moved.text} == {"equal"}


def test_the_first_day_is_no_difference_the_last_is(law: LawText) -> None:
    assert not law.difference("IRPR 901", AFTER, "2025-01-01")
    assert law.difference("IRPR 901", BEFORE, AFTER)
    with pytest.raises(UsageError, match="is after"):
        law.difference("IRPR 901", AFTER, BEFORE)


def test_what_was_added_differs_from_nothing_and_what_never_was_is_refused(law: LawText) -> None:
    assert [one.kind for one in law.difference("IRPR 901(2)", BEFORE, AFTER).changes] == ["added"]
    assert [one.kind for one in law.difference("IRPR 901(c)", BEFORE, AFTER).changes] == ["repealed"]
    with pytest.raises(LawNotHeldError):
        law.difference("IRPR 901(2)", "2021-01-01", "2022-01-01")


def test_a_difference_applied_gives_the_later_text_and_two_make_one(law: LawText) -> None:
    days = ["2019-01-01", "2020-03-21", BEFORE, AFTER, "2025-06-01", "2026-01-01"]
    for language in ("en", "fr"):
        for first in range(1, len(days)):
            for middle in range(first, len(days)):
                for last in range(middle, len(days)):
                    a, b, c = days[first], days[middle], days[last]
                    one = law.difference("irpr/part-90", a, b, language=language)
                    two = law.difference("irpr/part-90", b, c, language=language)
                    whole = law.difference("irpr/part-90", a, c, language=language)
                    assert one.then(two).to_dict() == whole.to_dict()
                    begin = {w.path: w.content for w in law.provision("irpr/part-90", on=a, language=language).wordings}
                    end = {w.path: w.content for w in law.provision("irpr/part-90", on=c, language=language).wordings}
                    assert whole.applied(begin) == end == two.applied(one.applied(begin))


def test_a_difference_is_not_applied_to_another_text(law: LawText) -> None:
    found: Difference = law.difference("IRPR 901", BEFORE, AFTER)
    with pytest.raises(UsageError, match="does not read as the difference begins"):
        found.applied({})
    with pytest.raises(UsageError, match="does not begin"):
        found.then(found)


def test_a_unified_difference_has_a_line_a_unit(law: LawText) -> None:
    lines = law.difference("IRPR 901", BEFORE, AFTER).unified().splitlines()
    assert lines[:2] == ["--- IRPR 901\t2024-12-17", "+++ IRPR 901\t2024-12-18"]
    assert "-  (c) a torch." in lines and "+    (b) a red lantern at the stern." in lines


WORDS = st.text(alphabet="ab, .;’-é\n", max_size=60)


@given(WORDS, WORDS)
def test_edits_joined_give_both_texts_back(before: str, after: str) -> None:
    edits = word_edits(before, after)
    assert "".join(edit.before for edit in edits) == before
    assert "".join(edit.after for edit in edits) == after
    assert all((edit.op == "equal") == (edit.before == edit.after) for edit in edits)
    assert (before == after) == all(edit.op == "equal" for edit in edits)


def test_changed_words_are_told_as_phrases_not_as_scattered_letters() -> None:
    edits = word_edits("carries a lantern at the bow;", "carries two red lamps at the bow.")
    assert [(e.op, e.before, e.after) for e in edits] == [
        ("equal", "carries ", "carries "),
        ("replace", "a lantern", "two red lamps"),
        ("equal", " at the bow", " at the bow"),
        ("replace", ";", "."),
    ]


# ---- what changed ----------------------------------------------------------------------------------


def test_changes_name_kind_instrument_languages_and_when_they_could_be_read(law: LawText) -> None:
    rows = law.changes("2024-12-17", "2025-12-31").to_dicts()
    told = {(row["date"], row["citation"]): (row["kind"], row["languages"], row["instrument"]) for row in rows}
    assert told["2024-12-18", "IRPR 901(2)"] == ("added", ["en", "fr"], "SOR/2024-902")
    assert told["2024-12-18", "IRPR 901(1)(a)"][0] == "renumbered"
    assert told["2024-12-18", "IRPR 902(1)[amber]"] == ("repealed", ["en"], "SOR/2024-902")
    assert told["2025-06-01", "IRPR 903"] == ("language-only", ["fr"], "SOR/2025-903")
    assert {row["known_from"] for row in rows if row["date"] == AFTER} == {"2025-02-06"}
    assert [row["citation"] for row in law.changes(BEFORE, AFTER, about="IRPR 902")] == [
        "IRPR 902(1)[amber]", "IRPR 902(1)[ambre]", "IRPR 902(1)[green]", "IRPR 902(1)[vert]",
    ]  # fmt: skip
    assert not law.changes(BEFORE, AFTER, known_on="2025-02-05").rows
    assert not law.changes(AFTER, "2025-01-01").rows


def test_changes_of_rules_are_not_changes_of_text(law: LawText) -> None:
    assert all("/rule/" not in row["iri"] for row in law.changes("2024-12-23", "2024-12-24"))


# ---- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lantern bow", ["IRPR 901(a)", "IRPR 901(1)(a)"]),
        ("lampe d'oeillette brule", ["IRPR 903"]),
        ("d'oeillette", ["IRPR 903"]),
        ("OEILLETTE", ["IRPR 903", "IRPR 903"]),
        ("désigner categorie", ["IRPR 901(2)"]),
        ("Lamps on boats", ["IRPR 901", "IRPR 901"]),
        ("oill", []),
    ],
)
def test_words_are_found_whatever_their_accents_and_marks(law: LawText, words: str, found: list[str]) -> None:
    assert sorted(hit["citation"] for hit in law.search(words)) == sorted(found)


def test_a_hit_says_where_when_and_around_what(law: LawText) -> None:
    (hit,) = law.search("torch.", on="2021-01-01")
    assert (hit["from"], hit["until"], hit["snippet"]) == ("2020-03-21", AFTER, "a ‹torch.›")
    assert not law.search("torch.", on=AFTER).rows and not law.search("torch.", language="fr").rows
    with pytest.raises(UsageError):
        law.search("  ")


@given(st.text(max_size=20))
def test_a_pattern_means_its_own_letters_and_no_more(word: str) -> None:
    assert re.search(folded_pattern(word), word, re.IGNORECASE)
    assert re.search(folded_pattern(".*"), "lamp") is None


@pytest.mark.parametrize(
    "typed", ['"} ?s ?p ?o {"', "\x00language\x00", "https://w3id.org/inforce/irpr", "(", "[", "\\"]
)
def test_what_is_typed_never_becomes_query_text(law: LawText, typed: str) -> None:
    assert not law.search(typed).rows


# ---- over time -------------------------------------------------------------------------------------


def test_a_timeline_has_a_strip_a_provision_and_a_mark_a_day(law: LawText) -> None:
    found = law.timeline("IRPR 901")
    marks = [(one.mark, one.day, one.made_by) for one in found.boundaries]
    assert marks == [("a", "2020-03-21", ("SOR/2020-901, s. 1",)), ("b", "2024-12-18", ("SOR/2024-902, s. 1",))]
    assert [strip.name for strip in found.boundaries[1].ends] == ["IRPR 901(a)", "IRPR 901(b)", "IRPR 901(c)"]
    assert len(law.timeline("IRPR 901", known_on="2025-01-01").strips) == 4
    # What was put right was in force on no day: one strip, one stretch.
    assert [len(strip.stretches) for strip in law.timeline("IRPR 903").strips] == [1]


def test_a_picture_holds_every_stretch_and_nothing_from_elsewhere(law: LawText) -> None:
    for lang in ("en", "fr"):
        found = law.timeline("irpr/part-90", language=lang)
        picture = found.to_svg(lang=lang)
        root = ET.fromstring(picture)  # noqa: S314 - our own text
        bars = [one for one in root.iter("{http://www.w3.org/2000/svg}rect") if one.find("{*}title") is not None]
        assert len(bars) == len(found.table())
        assert "href" not in picture and "script" not in picture and picture == found.to_svg(lang=lang)
        width = float(root.attrib["width"])
        assert all(
            0 <= float(bar.attrib["x"]) and float(bar.attrib["x"]) + float(bar.attrib["width"]) <= width for bar in bars
        )


@given(st.lists(st.dates(), min_size=1, max_size=40, unique=True), st.integers(1, 900), st.integers(1, 70))
def test_stretches_fill_their_room_and_none_is_lost(days: list[Any], room: int, least: int) -> None:
    marks = [Boundary("x", str(day), (), (), ()) for day in sorted(days)]
    found = widths(marks, room, least)
    assert len(found) == len(marks) and min(found) >= 1
    assert sum(found) == max(room, len(marks))


def test_rules_and_provisions_of_the_package_have_timelines_without_any_import(kb: Any) -> None:
    found = kb.timeline("R-WP-198-2A")
    assert [one.day for one in found.boundaries] == ["2002-06-28", "2004-07-22", "2017-05-05"]
    assert found.label and found.label_fr and not found.from_text
    assert json.loads(json.dumps(found.to_dict()))["stretches"][2]["until"] is None
    split = kb.timeline("IRPR 26.1")
    assert {strip.name for strip in split.boundaries[-1].begins} >= {"IRPR 26.1", "IRPR 26.1(2)"}
    with pytest.raises(UsageError, match="no versions"):
        kb.timeline("SOR/2024-258")
