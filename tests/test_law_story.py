"""The invented law, read whole: what became of each clause, by which instrument, known since when.

The story is told in `invented_law`; every date and number here is of that story.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import invented_law
import pytest
from law_files import FIXTURES, Graph, Row, content, extracted, files, quads, snapshots

from inforce.law import law_quads

LAW = FIXTURES / "SOR-1901-7"
LANGUAGES = ("en", "fr")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Graph(quads(LAW))


def wordings(graph: Graph, path: str, language: str = "en") -> list[Row]:
    found = [row for row in graph.wordings if row.path == path and row.one("language") == language]
    return sorted(found, key=lambda row: (row.one("from"), row.one("startKnownFrom")))


def told(row: Row) -> tuple[str, str, str, str, str]:
    """From, until, known from, how, instrument."""
    return (
        row.one("from"),
        row.one("until"),
        row.one("startKnownFrom"),
        row.one("startDecidedBy"),
        row.one("instrument").removeprefix("instrument/"),
    )


def changes(graph: Graph, path: str, language: str = "en") -> list[tuple[str, str, str]]:
    """Day, kind, instrument of each change of a path."""
    found = [
        (values["date"][0], next(one for one in values["type"] if "#" not in one), values.get("instrument", [""])[0])
        for iri, values in graph.changes.items()
        if iri.rpartition("/")[2] == language and iri.split("/", 2)[2].rsplit("/", 2)[0] == path
    ]
    return sorted(found)


def test_the_files_are_those_that_are_written_here() -> None:
    assert {path: path.read_text(encoding="utf-8") for path in invented_law.files()} == invented_law.files()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_snapshot_is_rebuilt_from_the_quads_alone(graph: Graph, language: str) -> None:
    for path in files(LAW, language):
        assert without_marks(graph.rebuilt(language, path.name[:10])) == without_marks(extracted(content(path)))


def without_marks(parts: list) -> list:  # type: ignore[type-arg]
    """The items of a note stand apart in the file, and are joined by a mark in the graph."""
    return [one._replace(text=one.text.replace(";", "")) if one.kind == "note" else one for one in parts]


def test_a_reworded_paragraph_starts_on_the_day_of_its_instrument(graph: Graph) -> None:
    assert [told(row) for row in wordings(graph, "2/1/b")] == [
        ("2000-01-01", "2001-05-01", "2001-02-01", "first-held", "SOR/1999-3"),
        ("2001-05-01", "", "2001-06-15", "exact", "SOR/2001-50"),
    ]
    assert changes(graph, "2/1/b") == [("2001-05-01", "amended", "instrument/SOR/2001-50")]


def test_a_new_row_is_a_provision_and_a_change_of_the_clause_it_is_folded_into(graph: Graph) -> None:
    assert [told(row) for row in wordings(graph, "4/1/north-coast")] == [
        ("2001-05-01", "", "2001-06-15", "exact", "SOR/2001-50")
    ]
    before, after = wordings(graph, "4/1")
    assert before.one("textDigest") != after.one("textDigest") and before.one("text") == after.one("text")
    assert told(after) == ("2001-05-01", "", "2001-06-15", "exact", "SOR/2001-50")
    assert [row.path for row in graph.known("en", "2001-06-15") if row.kind == "row"] == [
        "4/1/east-coast",
        "4/1/north-coast",
        "4/1/west-coast",
    ]


def test_a_repealed_section_says_so_from_its_day(graph: Graph) -> None:
    _, repealed = wordings(graph, "5")
    assert told(repealed)[:4] == ("2001-05-01", "", "2001-06-15", "exact")
    assert repealed.one("text").startswith("[Repealed")
    assert [kind for _, kind, _ in changes(graph, "5")] == ["repealed"]


def test_a_snapshot_without_a_change_adds_nothing(graph: Graph) -> None:
    assert not [row for row in graph.wordings if row.one("startKnownFrom") == "2001-12-20"]


def test_a_clause_renumbered_word_for_word_replaces_its_old_self(graph: Graph) -> None:
    for letter in "abc":
        (old,), (new,) = wordings(graph, f"3/{letter}"), wordings(graph, f"3/1/{letter}")
        assert told(old) == ("2000-01-01", "2001-12-01", "2001-02-01", "first-held", "SOR/1999-3")
        assert told(new) == ("2001-12-01", "", "2002-01-10", "renumbered", "SOR/2001-90")
        assert new.values["replaces"] == [old.iri]
        assert new.one("textDigest") == old.one("textDigest")
        assert [kind for _, kind, _ in changes(graph, f"3/{letter}")] == ["renumbered"]
    assert changes(graph, "3/2") == [("2001-12-01", "added", "instrument/SOR/2001-90")]


def test_a_back_dated_amendment_is_in_force_before_it_is_known(graph: Graph) -> None:
    assert [row.one("from") for row in graph.in_force("3/2", "en", "2001-12-15")] == ["2001-12-01"]
    assert graph.in_force("3/2", "en", "2001-12-15", known_on="2001-12-25") == []
    assert [row.path for row in graph.in_force("3/a", "en", "2001-12-15", known_on="2001-12-25")] == ["3/a"]
    assert graph.in_force("3/a", "en", "2001-12-15") == []


def test_a_renumbering_in_place_follows_the_words_not_the_number(graph: Graph) -> None:
    (four,) = wordings(graph, "2/4")
    old, new = wordings(graph, "2/3")
    assert four.values["replaces"] == [old.iri] and four.one("startDecidedBy") == "renumbered"
    assert told(new)[0] == "2003-02-02" and "replaces" not in new.values
    assert changes(graph, "2/3") == [("2003-02-02", "amended", "instrument/SOR/2003-10")]


def test_what_leaves_a_schedule_ends_on_the_day_of_the_new_note(graph: Graph) -> None:
    (gull,) = wordings(graph, "schedule-1/gull-island")
    assert gull.one("until") == "2002-08-01" and gull.one("endKnownFrom") == "2002-09-01"
    assert gull.one("endDecidedBy") == "exact"
    assert changes(graph, "schedule-1/gull-island") == [("2002-08-01", "repealed", "instrument/SOR/2002-60")]


def test_a_correction_without_a_date_was_always_the_law_but_known_later(graph: Graph) -> None:
    wrong, right = wordings(graph, "2/2")
    assert told(wrong)[:4] == ("2000-01-01", "2000-01-01", "2001-02-01", "first-held")
    assert told(right) == ("2000-01-01", "", "2002-09-01", "correction", "SOR/1999-3")
    assert right.iri == "sor-1901-7/2/2/2000-01-01-2/en" and right.values["wasRevisionOf"] == [wrong.iri]
    assert changes(graph, "2/2") == [("2002-09-01", "corrected", "")]
    assert [row.iri for row in graph.in_force("2/2", "en", "2001-07-01", known_on="2002-08-31")] == [wrong.iri]
    assert [row.iri for row in graph.in_force("2/2", "en", "2001-07-01")] == [right.iri]
    assert len(wordings(graph, "2/2", "fr")) == 1


def test_a_change_of_the_french_alone_says_so(graph: Graph) -> None:
    assert [told(row)[3] for row in wordings(graph, "2/1/a", "fr")] == ["first-held", "language-only"]
    assert changes(graph, "2/1/a", "fr") == [("2003-02-02", "language-only", "instrument/SOR/2003-10")]
    assert len(wordings(graph, "2/1/a", "en")) == 1


def test_definitions_go_by_their_english_term_in_both_languages(graph: Graph) -> None:
    for language in LANGUAGES:
        assert [row.path for row in graph.known(language, "2003-03-03") if row.kind == "definition"] == (
            ["1/buoy", "1/keeper", "1/lamp", "1/tower"]
            if language == "en"
            else ["1/tower", "1/lamp", "1/keeper", "1/buoy"]
        )


def test_both_languages_have_the_same_structure_but_for_the_names_of_rows(graph: Graph) -> None:
    def structure(language: str) -> set[str]:
        named = {"row", "item"}
        return {row.path for row in graph.known(language, "2003-03-03") if row.kind not in named}

    assert structure("en") == structure("fr")


def test_an_amendment_not_in_force_is_announced_as_one_thing(graph: Graph) -> None:
    entry = "not-in-force/sor-2003-11-4"
    assert changes(graph, entry) == [("2003-02-02", "announced", "instrument/SOR/2003-11")]
    inner = [iri for iri in graph.changes if entry in iri and "amended" in iri]
    assert inner == []
    assert [row.path for row in graph.known("en", "2003-03-03") if row.path.startswith(entry)] == [
        entry,
        f"{entry}/4",
        f"{entry}/4/amended",
        f"{entry}/4/amended/2",
    ]


def test_unnumbered_headings_keep_their_path(graph: Graph) -> None:
    (lamps,) = wordings(graph, "part-1/before-2")
    assert lamps.one("title") == "Lamps" and told(lamps)[1] == ""


def test_markup_is_kept_where_there_is_some(graph: Graph) -> None:
    row = wordings(graph, "4/1")[0]
    assert '<XRefExternal reference-type="act" link="H-1">Harbour Act</XRefExternal>' in row.one("markup")
    assert row.one("text") == "Under Harbour Act and section 2, a coast has"


def test_the_same_snapshots_give_the_same_bytes_in_any_order() -> None:
    held = [*snapshots(LAW, "en"), *snapshots(LAW, "fr")]
    want = law_quads(held)
    assert law_quads(reversed(held)) == want
    for order in itertools.islice(itertools.permutations(held), 0, 40_000, 4001):
        assert law_quads(order) == want
    assert law_quads([*held, *held]) == want


def test_what_was_known_never_changes_when_later_snapshots_come() -> None:
    held = [*snapshots(LAW, "en"), *snapshots(LAW, "fr")]
    for last in invented_law.DAYS:
        early = Graph(law_quads([one for one in held if one.day.isoformat() <= last]))
        late = Graph(law_quads(held))
        for day in (one for one in invented_law.DAYS if one <= last):
            for language in LANGUAGES:
                assert seen(early, language, day) == seen(late, language, day)


def seen(graph: Graph, language: str, day: str) -> list[tuple[str, str, str, str]]:
    """What stands on every day of interest, as known on one: all that a reader could have asked then."""
    asked = ("2000-06-01", "2001-05-01", "2001-12-01", "2001-12-31", "2002-08-01", "2003-02-02", "2004-01-01")
    paths = sorted({row.path for row in graph.known(language, day)})
    return [
        (path, on, row.iri, row.one("startDecidedBy"))
        for path in paths
        for on in asked
        for row in graph.in_force(path, language, on, known_on=day)
    ]


def test_a_law_goes_by_the_slug_of_its_number(tmp_path: Path) -> None:
    assert {one.law for one in (*snapshots(LAW, "en"), *snapshots(LAW, "fr"))} == {"sor-1901-7"}
    assert any('sor-1901-7> <http://purl.org/dc/terms/identifier> "SOR/1901-7"' in line for line in quads(LAW))
    with pytest.raises(ValueError, match="several laws"):
        from dataclasses import replace

        law_quads([snapshots(LAW, "en")[0], replace(snapshots(LAW, "en")[0], law="other")])
