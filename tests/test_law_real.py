"""The real law files: every snapshot rebuilt, every change explained, both languages alike, facts that are known."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import pyoxigraph
import pytest
from law_files import Graph, Part, content, extracted, files, quads, snapshots

from inforce.law import law_quads, parse_snapshot
from inforce.vocab import BASE

FOLDERS = {"irpr": "SOR-2002-227", "irpa": "I-2.5"}
LANGUAGES = ("en", "fr")
COUNTS = {"irpr": 47, "irpa": 16}

# Texts that changed with no date moving, and no note: (law, language, publication, path).
CORRECTIONS = {
    ("irpr", "en", "2025-03-28", "269/8"),
    ("irpr", "en", "2025-05-15", "255/3/a"),
    ("irpr", "fr", "2021-12-23", "1.1/2"),
    ("irpr", "fr", "2024-09-10", "98.11/2"),
    ("irpr", "fr", "2025-03-28", "269/8"),
    # A space before a semicolon; a definition without words of its own, around paragraphs that stayed.
    ("irpr", "fr", "2021-03-08", "203/1.1/b"),
    ("irpr", "en", "2021-10-14", "211.1/definition-1"),
    ("irpa", "en", "2025-12-10", "111/2/b"),
    ("irpa", "fr", "2024-04-12", "108/2"),
    # The English preamble became an enacting clause, as the French one was.
    ("irpa", "en", "2021-12-23", "preamble"),
    ("irpa", "en", "2021-12-23", "enacts"),
}


@pytest.fixture(scope="module")
def laws(shared: Path) -> Path:
    return shared / "laws"


@cache
def graph_of(folder: Path) -> Graph:
    return Graph(quads(folder))


def plain(parts: list[Part]) -> list[Part]:
    """The items of a note stand apart in the file, and are joined by a mark in the graph."""
    return [one._replace(text=one.text.replace(";", "")) if one.kind == "note" else one for one in parts]


@pytest.mark.parametrize("law", FOLDERS)
def test_the_two_laws_go_by_their_short_names(laws: Path, law: str) -> None:
    for language in LANGUAGES:
        path = files(laws / FOLDERS[law], language)[-1]
        snapshot = parse_snapshot(content(path), source=path.name, day=date.fromisoformat(path.name[:10]))
        assert (snapshot.law, snapshot.language) == (law, language)
        assert snapshot.point_in_time <= snapshot.current_to <= snapshot.day


@pytest.mark.parametrize(
    ("law", "language"),
    [
        ("irpa", "en"),
        ("irpa", "fr"),
        ("irpr", "en"),
        pytest.param("irpr", "fr", marks=pytest.mark.slow),
    ],
)
def test_every_snapshot_is_rebuilt_exactly_from_the_quads_alone(laws: Path, law: str, language: str) -> None:
    folder = laws / FOLDERS[law]
    graph = Graph(law_quads(snapshots(folder, language)))
    found = files(folder, language)
    assert len(found) == COUNTS[law]
    wrong = [
        path.name for path in found if plain(graph.rebuilt(language, path.name[:10])) != plain(extracted(content(path)))
    ]
    assert wrong == []


def kind_of(values: dict[str, list[str]]) -> str:
    return next(one for one in values["type"] if "#" not in one)


def beside(path: str) -> bool:
    """Whether a path is of what is printed beside the law: amendments not in force, related provisions."""
    return path.startswith(("not-in-force", "related"))


@pytest.mark.slow
@pytest.mark.parametrize("law", FOLDERS)
def test_every_change_of_text_is_explained(laws: Path, law: str) -> None:
    """Between each two publications: every path whose words differ has a change, with a day and what made it."""
    folder = laws / FOLDERS[law]
    graph = graph_of(folder)
    starts = {values["starts"][0]: (iri, values) for iri, values in graph.changes.items() if "starts" in values}
    ends = {values["ends"][0]: (iri, values) for iri, values in graph.changes.items() if "ends" in values}
    unexplained: list[object] = []
    corrections: set[tuple[str, str, str, str]] = set()
    for language in LANGUAGES:
        by_day = {
            one.day.isoformat(): {row.path: row for row in graph.known(language, one.day.isoformat())}
            for one in snapshots(folder, language)
        }
        for (_, old), (day, new) in pairwise(sorted(by_day.items())):
            for path in sorted(old.keys() | new.keys()):
                before, after = old.get(path), new.get(path)
                if (before and before.iri) == (after and after.iri) or beside(path):
                    continue
                row = after or before
                if row is None or row.kind == "note":
                    continue
                iri, values = (
                    starts.get(after.iri, ("", {})) if after else ends.get(before.iri if before else "", ("", {}))
                )
                if not iri:
                    unexplained.append((language, day, path, "no change"))
                elif kind_of(values) == "corrected":
                    corrections.add((law, language, day, path))
                elif kind_of(values) == "renumbered" or "instrument" in values:
                    assert values["date"][0] <= day
                elif row.kind != "heading":
                    unexplained.append((language, day, path, kind_of(values), values["date"][0]))
    assert unexplained == []
    assert corrections == {one for one in CORRECTIONS if one[0] == law}


@pytest.mark.slow
@pytest.mark.parametrize("law", FOLDERS)
def test_no_start_but_of_texts_beside_the_law_is_only_bounded(laws: Path, law: str) -> None:
    graph = graph_of(laws / FOLDERS[law])
    hows = Counter(row.one("startDecidedBy") for row in graph.wordings if not beside(row.path))
    assert hows["bounded"] == 0
    assert set(hows) <= {"first-held", "exact", "renumbered", "correction", "language-only"}
    ends = [row.path for row in graph.wordings if row.one("endDecidedBy") == "bounded" and not beside(row.path)]
    assert ends == []


@pytest.mark.slow
@pytest.mark.parametrize("law", FOLDERS)
def test_one_wording_at_most_on_any_day(laws: Path, law: str) -> None:
    graph = graph_of(laws / FOLDERS[law])
    held: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for row in graph.wordings:
        span = row.one("from"), row.one("until") or "9999-12-31"
        assert span[0] <= span[1], row.iri
        if span[0] < span[1]:
            held.setdefault((row.path, row.one("language")), []).append((*span, row.iri))
    overlaps = [
        (first, second) for spans in held.values() for first, second in pairwise(sorted(spans)) if second[0] < first[1]
    ]
    assert overlaps == []


@pytest.mark.slow
@pytest.mark.parametrize("law", FOLDERS)
def test_both_languages_have_the_same_sections_headings_and_schedules(laws: Path, law: str) -> None:
    graph = graph_of(laws / FOLDERS[law])
    days = [one.day.isoformat() for one in snapshots(laws / FOLDERS[law], "en")]
    assert days == [one.day.isoformat() for one in snapshots(laws / FOLDERS[law], "fr")]
    for day in days:
        english, french = (
            {
                row.path
                for row in graph.known(language, day)
                if row.kind in ("section", "subsection", "schedule", "heading", "table") and not beside(row.path)
            }
            for language in LANGUAGES
        )
        assert english == french, day


@pytest.mark.slow
@pytest.mark.parametrize("law", FOLDERS)
def test_both_languages_tell_the_same_days_and_instruments(laws: Path, law: str) -> None:
    graph = graph_of(laws / FOLDERS[law])
    told: dict[str, dict[tuple[str, str], tuple[str, list[str]]]] = {language: {} for language in LANGUAGES}
    seen = {row.iri: row.one("startKnownFrom") for row in graph.wordings}
    for iri, values in graph.changes.items():
        path, _, language = iri.rpartition("/")
        for started in values.get("starts", []):
            told[language][path.rsplit("/", 1)[0], seen[started]] = (
                values["date"][0],
                sorted(values.get("instrument", [])),
            )
    both = told["en"].keys() & told["fr"].keys()
    assert len(both) > (150 if law == "irpa" else 500)
    assert {key: told["en"][key] for key in both} == {key: told["fr"][key] for key in both}


@pytest.mark.slow
def test_the_size_of_the_graph_is_bounded(laws: Path) -> None:
    lines = quads(laws / FOLDERS["irpr"])
    assert len(lines) / 2 <= 100_000, len(lines)


@pytest.mark.slow
def test_the_designation_power_of_2024(laws: Path) -> None:
    """IRPR 26.1: a subsection added, paragraphs renumbered word for word; seen seven weeks after it was in force."""
    graph = graph_of(laws / FOLDERS["irpr"])
    for language in LANGUAGES:
        (added,) = [row for row in graph.wordings if row.path == "26.1/2" and row.one("language") == language]
        assert (added.one("from"), added.one("startKnownFrom")) == ("2024-12-18", "2025-02-06")
        assert added.values["instrument"] == ["instrument/SOR/2024-258"]
        assert added.one("startDecidedBy") == "exact"
        for letter in "abcdefgh":
            rows = [
                row
                for row in graph.wordings
                if row.path in (f"26.1/{letter}", f"26.1/1/{letter}") and row.one("language") == language
            ]
            old, new = sorted(rows, key=lambda row: row.one("from"))
            assert (old.one("until"), new.one("from")) == ("2024-12-18", "2024-12-18")
            if old.one("textDigest") == new.one("textDigest"):
                assert new.one("startDecidedBy") == "renumbered" and new.values["replaces"] == [old.iri]
            else:
                assert new.one("startDecidedBy") == "exact"


@pytest.mark.slow
def test_the_table_of_countries_of_the_travel_authorization(laws: Path) -> None:
    """IRPR 7.01(1): which countries came by which instrument, and what the clause they are folded into says."""
    graph = graph_of(laws / FOLDERS["irpr"])

    def came(path: str) -> tuple[str, str]:
        row = next(row for row in graph.wordings if row.path == f"7.01/1/{path}" and row.one("language") == "en")
        return row.one("from"), row.one("instrument").removeprefix("instrument/")

    assert came("costa-rica") == ("2023-06-06", "SOR/2023-106")
    assert came("mexico") == ("2024-02-29", "SOR/2024-34")
    assert came("indonesia") == came("malaysia") == ("2026-05-26", "SOR/2026-87")
    clause = sorted(
        (row.one("from"), row.one("instrument").removeprefix("instrument/"))
        for row in graph.wordings
        if row.path == "7.01/1" and row.one("language") == "en"
    )
    assert clause[1:] == [
        ("2023-06-06", "SOR/2023-106"),
        ("2024-02-29", "SOR/2024-34"),
        ("2026-05-26", "SOR/2026-87"),
    ]


@pytest.mark.slow
def test_mexico_leaves_the_schedule_by_the_note_alone(laws: Path) -> None:
    graph = graph_of(laws / FOLDERS["irpr"])
    ends = {
        (row.one("until"), row.one("endKnownFrom"), row.one("endDecidedBy"))
        for row in graph.wordings
        if row.path in ("schedule-1.1/mexico", "schedule-1.1/mexique")
    }
    assert ends == {("2024-02-29", "2024-03-15", "exact")}


@pytest.mark.slow
def test_the_packaged_snapshots_are_those_of_the_files(laws: Path, repo: Path) -> None:
    path = repo / "data" / "snapshots.ttl"
    packaged = {
        (str(one.subject), str(one.predicate), str(one.object))
        for one in pyoxigraph.parse(path=str(path), format=pyoxigraph.RdfFormat.TURTLE, base_iri=BASE)
        if not one.predicate.value.endswith("#commit")
    }
    lines = [line for law in FOLDERS.values() for line in quads(laws / law) if line.startswith(f"<{BASE}snapshot/")]
    held = pyoxigraph.parse("\n".join(lines).encode(), format=pyoxigraph.RdfFormat.N_QUADS)
    assert {(str(one.subject), str(one.predicate), str(one.object)) for one in held} == packaged


@pytest.mark.slow
def test_packaged_provisions_have_the_same_place_and_citation(laws: Path, repo: Path) -> None:
    """The nodes the text shares with the package say the same of what they are part of and how they are cited."""
    said: dict[tuple[str, str], set[str]] = {}
    for path in sorted((repo / "data" / "provisions").glob("*.ttl")):
        for triple in pyoxigraph.parse(path=str(path), format=pyoxigraph.RdfFormat.TURTLE, base_iri=BASE):
            if triple.predicate.value.endswith(("#is_part_of", "#notation")):
                key = getattr(triple.subject, "value", ""), triple.predicate.value
                said.setdefault(key, set()).add(str(triple.object))
    checked = 0
    for law in FOLDERS.values():
        for quad in pyoxigraph.parse("\n".join(quads(laws / law)).encode(), format=pyoxigraph.RdfFormat.N_QUADS):
            key = getattr(quad.subject, "value", ""), quad.predicate.value
            if key in said:
                assert str(quad.object) in said[key], key
                checked += 1
    assert checked > 600
