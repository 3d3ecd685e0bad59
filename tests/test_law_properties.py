"""Generated histories of invented laws: what holds for any, whatever happens in it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from law_files import Graph, Part

from inforce.law import Snapshot, law_quads
from inforce.law.model import Anchor, NoteItem, Unit
from inforce.law.order import place

FIRST = date(2001, 1, 1)
WORDS = (
    "a keeper lights the lamp",
    "a keeper rings the bell",
    "no ship may pass the rock",
    "oil is kept below",
    "short",
)


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


@st.composite
def states(draw: st.DrawFn) -> list[dict[str, tuple[str, int]]]:
    """A few states of a law: path -> (words, number of the day on which they came), order included."""
    steps = draw(st.integers(2, 5))
    labels = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5, unique=True))
    state = {label: (draw(st.sampled_from(WORDS)), 0) for label in labels}
    found = [state]
    for step in range(1, steps):
        items = list(state.items())
        for _ in range(draw(st.integers(0, 3))):
            what = draw(
                st.sampled_from(["add", "again", "drop", "drop", "change", "rename", "swap", "correct", "back"])
            )
            at = draw(st.integers(0, max(0, len(items) - 1)))
            dated = step * 10 - draw(st.integers(0, 25)) if what == "back" else step * 10
            if what == "add" or not items:
                items.insert(at, (draw(st.sampled_from("abcdefgh")), (draw(st.sampled_from(WORDS)), dated)))
            elif what == "again":
                gone = sorted({label for earlier in found for label in earlier} - {label for label, _ in items})
                old = draw(st.integers(0, step * 10))
                items.insert(at, (draw(st.sampled_from(gone or ["z"])), (draw(st.sampled_from(WORDS)), old)))
            elif what == "drop":
                items.pop(at)
            elif what in ("change", "back"):
                items[at] = (items[at][0], (draw(st.sampled_from(WORDS)), max(0, dated)))
            elif what == "correct":
                items[at] = (items[at][0], (draw(st.sampled_from(WORDS)), items[at][1][1]))
            elif what == "rename":
                items[at] = (draw(st.sampled_from("abcdefgh")), (items[at][1][0], dated))
            elif what == "swap":
                items.append(items.pop(at))
        state = dict(items)
        found.append(state)
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[Snapshot]:
    """The states as snapshots in both languages, with or without notes that date what happened."""
    found = []
    for step, state in enumerate(draw(states())):
        noted = [NoteItem(day(0), "SOR/1999-3, s. 1")]
        if draw(st.booleans()):
            noted += [NoteItem(day(one * 10), f"SOR/2001-{one}, s. 1") for one in range(1, step + 1)]
        for language in ("en", "fr"):
            if language == "fr" and draw(st.booleans()):
                continue
            units = [Unit("1", "", "section", "1", "", "", "", "", (day(0),), day(0), "1", "1", False, "")]
            for label, (words, dated) in state.items():
                marked = (day(dated),) if draw(st.integers(0, 5)) else ()
                own = day(dated) if marked else ""
                units.append(
                    Unit(
                        f"1/{label}",
                        "1",
                        "paragraph",
                        f"({label})",
                        "",
                        words,
                        "",
                        "",
                        marked,
                        own,
                        "2",
                        "1",
                        False,
                        "",
                    )
                )
            found.append(
                Snapshot(
                    law="sor-1901-9",
                    language=language,
                    day=FIRST + timedelta(days=step * 10 + 7),
                    point_in_time=FIRST + timedelta(days=step * 10),
                    current_to=FIRST + timedelta(days=step * 10 + 3),
                    last_amended=FIRST + timedelta(days=step * 10),
                    number="SOR/1901-9",
                    title="Bells Regulations",
                    digest=f"{step}{language}",
                    units=tuple(units),
                    anchors=(Anchor("1", noted[-1].date, tuple(noted)),),
                )
            )
    return found


def parts(snapshot: Snapshot) -> list[Part]:
    return [Part(unit.kind, unit.label, unit.title, unit.text) for unit in snapshot.units]


def standing(graph: Graph, known_on: str | None = None) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
    """Path and language -> the intervals a reader of a day sees, empty ones left out."""
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for row in graph.wordings:
        if known_on is not None and row.one("startKnownFrom") > known_on:
            continue
        ended = row.one("until")
        if known_on is not None and row.one("endKnownFrom") > known_on:
            ended = ""
        if row.one("from") != ended:
            held = found.setdefault((row.path, row.one("language")), [])
            held.append((row.one("from"), ended or "9999-12-31", row.iri))
    return {key: sorted(rows) for key, rows in found.items()}


@given(histories())
def test_every_snapshot_is_rebuilt(history: list[Snapshot]) -> None:
    graph = Graph(law_quads(history))
    for one in history:
        assert graph.rebuilt(one.language, one.day.isoformat()) == parts(one)


@given(histories())
def test_one_wording_at_most_on_any_day_whenever_one_asks(history: list[Snapshot]) -> None:
    graph = Graph(law_quads(history))
    for known_on in (None, *sorted({one.day.isoformat() for one in history})):
        for spans in standing(graph, known_on).values():
            assert all(first < until for first, until, _ in spans)
            assert all(later[0] >= earlier[1] for earlier, later in pairwise(spans)), spans


@given(histories())
def test_later_snapshots_never_change_what_was_known(history: list[Snapshot]) -> None:
    whole = Graph(law_quads(history))
    for last in sorted({one.day.isoformat() for one in history}):
        early = Graph(law_quads([one for one in history if one.day.isoformat() <= last]))
        assert standing(early, last) == standing(whole, last)
        how = {row.iri: row.one("startDecidedBy") for row in early.wordings}
        assert how == {row.iri: row.one("startDecidedBy") for row in whole.wordings if row.iri in how}
        assert set(early.changes) <= set(whole.changes)


@given(histories(), st.randoms())
def test_any_order_of_import_gives_the_same_bytes(history: list[Snapshot], chance: object) -> None:
    want = law_quads(history)
    shuffled = list(history)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert law_quads(shuffled) == want
    assert law_quads([Snapshot.from_json(one.to_json()) for one in shuffled]) == want


@given(histories())
def test_every_difference_between_publications_has_a_change(history: list[Snapshot]) -> None:
    graph = Graph(law_quads(history))
    told = {iri for values in graph.changes.values() for key in ("starts", "ends") for iri in values.get(key, [])}
    for language in ("en", "fr"):
        days = sorted(one.day.isoformat() for one in history if one.language == language)
        for before, after in pairwise(days):
            old = {row.iri for row in graph.known(language, before)}
            new = {row.iri for row in graph.known(language, after)}
            assert old ^ new <= told


@given(st.lists(st.one_of(st.none(), st.integers(1, 40)), max_size=12))
def test_places_rise_and_those_that_can_stay_do(held: list[int | None]) -> None:
    seen: set[int] = set()
    unique = [None if one in seen or (one is not None and seen.add(one)) else one for one in held]  # type: ignore[func-returns-value]
    places, moved = place(unique)
    assert all(one < other for one, other in pairwise(places))
    assert all(one > 0 for one in places)
    assert all(places[at] == one for at, one in enumerate(unique) if one is not None and at not in moved)


def test_a_thousand_insertions_at_one_place_find_room() -> None:
    """Each goes in after the one before: numbers run out in the end, and only then does something move."""
    numbers, _ = place([None] * 3)
    moves = 0
    for _ in range(1000):
        numbers, moved = place([*numbers[:-1], None, numbers[-1]])
        moves += len(moved)
        assert numbers == sorted(set(numbers))
    assert moves < 100
