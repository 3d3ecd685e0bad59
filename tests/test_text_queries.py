"""The saved queries of text over invented provisions: rows checked by hand, and the same on another engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import lamp_law
import pyoxigraph as ox
import pytest
from test_queries import as_graph, on_both

from inforce import queries
from inforce.vocab import BASE

FOLDER = Path(__file__).resolve().parent.parent / "queries" / "text"
DAY, FOREVER = date(2024, 12, 18), date.max
LAMPS = BASE + "irpr/901"
ASKED: dict[str, dict[str, Any]] = {
    "provision-on": {"provision": LAMPS, "on": DAY, "language": "en"},
    "provision-known-on": {"provision": LAMPS, "on": DAY, "language": "fr", "known": date(2025, 1, 1)},
    "provision-versions": {"provision": BASE + "irpr/903", "language": None},
    "parts-versions": {"provision": LAMPS, "language": "en"},
    "changes-in-text": {"after": date(2024, 12, 17), "to": date(2025, 6, 1)},
    "changes-known": {"after": date(2024, 12, 17), "to": date(2025, 6, 1)},
    "blame": {"provision": LAMPS, "on": DAY, "language": "en", "known": FOREVER},
    "wording": {"wording": BASE + "irpr/901/1/a/2024-12-18/en"},
    "search-text": {"pattern": "lantern|lampes à"},
}


@pytest.fixture(scope="module")
def store() -> ox.Store:
    found = ox.Store()
    found.extend(lamp_law.quads())
    return found


@pytest.fixture(scope="module")
def in_rdflib(store: ox.Store) -> Any:
    return as_graph(store)


def rows(store: ox.Store, name: str, *columns: str, **changed: Any) -> list[tuple[Any, ...]]:
    """Rows of a query as ``ASKED`` asks it, some columns, paths without the base."""
    found = queries.run_filled(store, name, {**ASKED[name], **changed})

    def short(value: Any) -> Any:
        return str(value).removeprefix(BASE) if value is not None and not isinstance(value, int) else value

    return [tuple(short(row[column]) for column in columns) for row in found]


def test_how_a_provision_reads_on_a_day(store: ox.Store) -> None:
    assert rows(store, "provision-on", "unit", "order", "title", "text", "from", "until") == [
        ("irpr/901", 20, "Lamps on boats", None, "2024-12-18", None),
        ("irpr/901/1", 21, None, lamp_law.LEAD_EN, "2024-12-18", None),
        ("irpr/901/1/a", 23, None, "a lantern at the bow;", "2024-12-18", None),
        ("irpr/901/1/b", 25, None, "a red lantern at the stern.", "2024-12-18", None),
        (
            "irpr/901/2",
            27,
            "Class of boats",
            "The keeper may name a class of boats that carry no lamp.",
            "2024-12-18",
            None,
        ),
    ]
    before = rows(store, "provision-on", "unit", "until", on=date(2024, 12, 17))
    assert before == [(f"irpr/901{below}", "2024-12-18") for below in ("", "/a", "/b", "/c")]
    assert rows(store, "provision-on", "unit", on=date(2020, 3, 20)) == []


def test_how_it_read_by_what_could_be_known(store: ox.Store) -> None:
    assert rows(store, "provision-known-on", "unit", "knownFrom", "endKnown", "instrument") == [
        (f"irpr/901{below}", "2021-02-26", "2025-02-06", "instrument/SOR/2020-901") for below in ("", "/a", "/b", "/c")
    ]
    later = rows(store, "provision-known-on", "unit", "decidedBy", "replaces", known=date(2025, 2, 6))
    assert later[2] == ("irpr/901/1/a", "renumbered", "irpr/901/a/2020-03-21/fr")
    assert rows(store, "provision-known-on", "unit", known=date(2021, 2, 25)) == []


def test_all_wordings_of_one_provision(store: ox.Store) -> None:
    assert rows(store, "provision-versions", "language", "from", "until", "decidedBy", "text") == [
        ("en", "2020-03-21", "2020-03-21", "exact", "A lamp burns oill."),
        ("en", "2020-03-21", None, "correction", "A lamp burns oil."),
        ("fr", "2020-03-21", "2025-06-01", "exact", "La lampe brûle de l’œillette."),
        ("fr", "2025-06-01", None, "language-only", "La lampe brûle l’huile d’œillette."),
    ]


def test_wordings_of_all_parts(store: ox.Store) -> None:
    assert [(unit, start) for unit, start in rows(store, "parts-versions", "unit", "from")] == [
        ("irpr/901", "2020-03-21"),
        ("irpr/901", "2024-12-18"),
        ("irpr/901/1", "2024-12-18"),
        ("irpr/901/a", "2020-03-21"),
        ("irpr/901/1/a", "2024-12-18"),
        ("irpr/901/b", "2020-03-21"),
        ("irpr/901/1/b", "2024-12-18"),
        ("irpr/901/c", "2020-03-21"),
        ("irpr/901/2", "2024-12-18"),
    ]


def test_what_changed_between_two_days(store: ox.Store) -> None:
    found = rows(store, "changes-in-text", "day", "change", "kind", "instrument", "before", "begun")
    assert len(found) == 2 * 8 + 4 + 1
    assert found[-1] == (
        "2025-06-01",
        "change/irpr/903/2025-06-01/fr",
        "language-only",
        "instrument/SOR/2025-903",
        "irpr/903/2020-03-21/fr",
        "irpr/903/2025-06-01/fr",
    )
    gone = [row[2:] for row in found if row[1] == "change/irpr/901/c/2024-12-18/en"]
    assert gone == [("repealed", "instrument/SOR/2024-902", "irpr/901/c/2020-03-21/en", None)]
    assert rows(store, "changes-in-text", "day", after=DAY, to=date(2025, 5, 31)) == []


def test_when_a_change_could_be_read(store: ox.Store) -> None:
    known = {
        change: (started, ended)
        for change, started, ended in rows(store, "changes-known", "change", "started", "ended")
    }
    assert known["change/irpr/901/2/2024-12-18/en"] == ("2025-02-06", None)
    assert known["change/irpr/901/c/2024-12-18/en"] == (None, "2025-02-06")
    assert known["change/irpr/903/2025-06-01/fr"] == ("2025-06-10", "2025-06-10")


def test_who_wrote_each_clause(store: ox.Store) -> None:
    assert rows(store, "blame", "unit", "from", "decidedBy", "note", "replaces") == [
        ("irpr/901", "2024-12-18", "exact", "SOR/2024-902, s. 1", None),
        ("irpr/901/1", "2024-12-18", "exact", "SOR/2024-902, s. 1", None),
        ("irpr/901/1/a", "2024-12-18", "renumbered", "SOR/2024-902, s. 1", "irpr/901/a/2020-03-21/en"),
        ("irpr/901/1/b", "2024-12-18", "exact", "SOR/2024-902, s. 1", None),
        ("irpr/901/2", "2024-12-18", "exact", "SOR/2024-902, s. 1", None),
    ]


def test_one_wording(store: ox.Store) -> None:
    assert rows(store, "wording", "unit", "from", "replaces") == [
        ("irpr/901/1/a", "2024-12-18", "irpr/901/a/2020-03-21/en")
    ]


def test_words_in_text_and_marginal_notes(store: ox.Store) -> None:
    found = rows(store, "search-text", "unit", "language", "from")
    assert len(found) == 10 and found[0] == ("irpr/901", "fr", "2020-03-21")
    assert ("irpr/901/1/b", "en", "2024-12-18") in found
    everywhere = queries.run_filled(store, "search-text", ASKED["search-text"], constant="pattern")
    assert everywhere == queries.run_filled(store, "search-text", ASKED["search-text"])


@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_query_of_text_has_the_same_rows_in_rdflib(store: ox.Store, in_rdflib: Any, name: str) -> None:
    assert queries.find_query(name).engines == queries.ENGINES
    ours, theirs = on_both(store, in_rdflib, queries.filled(name, ASKED[name]))
    assert len(ours) > 0 and ours == theirs


def test_every_query_of_reading_is_tested_here_and_its_example_is_of_its_name() -> None:
    reading = {path.stem for path in FOLDER.glob("*.rq") if path.stem in ASKED}
    assert reading == set(ASKED)
    for name in ASKED:
        assert queries.find_query(name).example.startswith(f"inforce query {name} ")
