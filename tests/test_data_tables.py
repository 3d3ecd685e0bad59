"""The tables kept as Turtle in data/: how many, which ids, which dates, and row by row against the fact tables."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox
import pytest
import rdflib
import yaml

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
FACTS = ROOT.parent / "shared" / "domain" / "facts"
REPO = Path(__file__).resolve().parent.parent
BASE = "https://w3id.org/inforce/"
INF = BASE + "ns#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCT = "http://purl.org/dc/terms/"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
OA = "http://www.w3.org/ns/oa#"
ELI = "http://data.europa.eu/eli/ontology#"

# The files of these tables; the other files of data/ have tests of their own.
FILES = sorted(
    [DATA / f"{stem}.ttl" for stem in "classes dataset instruments passages-anchors places snapshots sources".split()]
    + list((DATA / "lists").glob("*.ttl"))
    + list((DATA / "provisions").glob("*.ttl"))
)

needs_facts = pytest.mark.skipif(not FACTS.is_dir(), reason=f"allowed: the fact tables are not here: {FACTS}")


class Thing(NamedTuple):
    """One subject with its literals and IRIs by property; a literal as its lexical form."""

    iri: str
    values: dict[str, list[str]]

    def one(self, name: str) -> str | None:
        """The only value of a property, or None."""
        found = self.values.get(name, [])
        assert len(found) <= 1, (self.iri, name, found)
        return found[0] if found else None

    def day(self, name: str) -> date | None:
        """The only value as a day."""
        found = self.one(name)
        return date.fromisoformat(found) if found else None


@pytest.fixture(scope="module")
def store() -> ox.Store:
    """All the tables in one store."""
    store = ox.Store()
    for path in FILES:
        store.load(path=str(path), format=ox.RdfFormat.TURTLE)
    return store


@pytest.fixture(scope="module")
def things(store: ox.Store) -> dict[str, list[Thing]]:
    """Every typed subject, by type."""
    values: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for quad in store:
        if isinstance(quad.subject, ox.NamedNode):
            values[quad.subject.value][quad.predicate.value].append(getattr(quad.object, "value", ""))
    found = defaultdict(list)
    for iri, properties in sorted(values.items()):
        for kind in properties[TYPE]:
            found[kind].append(Thing(iri, dict(properties)))
    return dict(found)


def rows(name: str) -> list[dict[str, str]]:
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def documents(name: str) -> Any:
    return yaml.safe_load((FACTS / name).read_text(encoding="utf-8"))


def next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(1)).isoformat()


def by_identifier(found: list[Thing]) -> dict[str, Thing]:
    table = {thing.one(DCT + "identifier") or "": thing for thing in found}
    assert len(table) == len(found), "an identifier is given twice"
    return table


def provision_path(key: str) -> str:
    law, rest = key.split(":", 1)
    labels = re.findall(r"^[\d.]+|\([^)]*\)|\[[^\]]*\]", rest)
    return "/".join([law, *(label.strip("()[]").replace(" ", "-") for label in labels)])


def instrument_path(key: str) -> str:
    statute = re.fullmatch(r"(\d{4}), c\. (\d+)(?:, s\. (\d+))?", key)
    if not statute:
        return BASE + "instrument/" + key
    year, chapter, section = statute.groups()
    return f"{BASE}instrument/SC/{year}/c{chapter}" + (f"/s{section}" if section else "")


# ---- what is there ---------------------------------------------------------------------------


def test_there_are_as_many_of_each_kind_as_the_tables_have(things: dict[str, list[Thing]]) -> None:
    counts = {kind.removeprefix(INF): len(found) for kind, found in things.items() if kind.startswith(INF)}
    assert counts == {
        "DatedList": 8,
        "Instrument": 105,
        "ListMembership": 312,
        "ProvisionVersion": 509,
    }
    assert len(things[ELI + "LegalExpression"]) == 126
    assert len(things[DCT + "BibliographicResource"]) == 121
    assert len(things[ELI + "LegalResourceSubdivision"]) == 466
    concepts = [thing.one(SKOS + "inScheme") for thing in things[SKOS + "Concept"]]
    assert concepts.count(BASE + "place/scheme") == 251  # 249 ISO codes, Kosovo, "another place"
    assert concepts.count(BASE + "class/scheme") == 18


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
def test_a_file_says_what_it_is_what_it_reads_and_what_is_not_in_it(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line[:2] for line in lines[:4]] == ["# ", "# ", "# ", "@b"]
    assert lines[1].startswith("# Reads: ") and lines[2].startswith("# Not here: ")
    prefixes = [line.split()[1] for line in lines if line.startswith("@prefix")]
    assert prefixes == sorted(prefixes)
    if path.parent.name == "provisions":
        assert len(lines) <= 600


def test_both_engines_read_the_same_and_every_literal_is_well_formed(store: ox.Store) -> None:
    graph = rdflib.Graph()
    for path in FILES:
        graph.parse(path)
    assert len(graph) == len(store)
    assert [term for term in graph.objects() if isinstance(term, rdflib.Literal) and term.ill_typed] == []


def test_every_date_is_a_real_calendar_day_and_every_instant_has_an_offset(store: ox.Store) -> None:
    for quad in store:
        if isinstance(quad.object, ox.Literal):
            kind = quad.object.datatype.value
            if kind == XSD + "date":
                assert date.fromisoformat(quad.object.value).isoformat() == quad.object.value, quad
            elif kind == XSD + "dateTime":
                assert datetime.fromisoformat(quad.object.value).utcoffset() is not None, quad


def test_nothing_points_to_something_that_is_not_there(store: ox.Store) -> None:
    subjects = {quad.subject for quad in store}
    for path in (REPO / "ontology").rglob("*.ttl"):
        subjects |= {t.subject for t in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=BASE)}
    here = (BASE, INF)
    missing = {
        quad.object.value
        for quad in store
        if isinstance(quad.object, ox.NamedNode)
        and quad.object.value.startswith(here[0])
        and not quad.object.value.startswith(here[1])
        and quad.object not in subjects
    }
    assert missing == set()


def test_what_people_read_has_a_label_in_both_languages(store: ox.Store) -> None:
    labels = defaultdict(set)
    for quad in store.quads_for_pattern(None, ox.NamedNode(RDFS + "label"), None):
        labels[quad.subject].add(getattr(quad.object, "language", None))
    for kind in (SKOS + "Concept", INF + "DatedList", INF + "Instrument", ELI + "LegalResourceSubdivision"):
        for quad in store.quads_for_pattern(None, ox.NamedNode(TYPE), ox.NamedNode(kind)):
            assert labels[quad.subject] == {"en", "fr"}, quad.subject


# ---- names -----------------------------------------------------------------------------------


def test_no_name_or_code_means_two_places(things: dict[str, list[Thing]]) -> None:
    meanings = defaultdict(set)
    for place in things[SKOS + "Concept"]:
        if place.one(SKOS + "inScheme") == BASE + "place/scheme":
            for name in (RDFS + "label", SKOS + "altLabel", SKOS + "notation"):
                for value in place.values.get(name, []):
                    meanings[value.casefold()].add(place.iri)
    assert {name: iris for name, iris in meanings.items() if len(iris) > 1} == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Mexico", "MEX"),
        ("Mexique", "MEX"),
        ("MX", "MEX"),
        ("nat:MEX", "MEX"),
        ("South Korea", "KOR"),
        ("Republic of Korea", "KOR"),
        ("Ivory Coast", "CIV"),
        ("Holy See", "VAT"),
        ("Saint-Siège", "VAT"),
        ("Czech Republic", "CZE"),
        ("République tchèque", "CZE"),
        ("UK", "GBR"),
        ("United States", "USA"),
        ("États-Unis", "USA"),
        ("US", "USA"),
        ("Swaziland", "SWZ"),
        ("Western Samoa", "WSM"),
        ("St. Pierre and Miquelon", "SPM"),
        ("res:GRL", "GRL"),
        ("XK", "XKX"),
        ("OTHER", "OTHER"),
    ],
)
def test_a_place_is_found_by_the_name_people_use(things: dict[str, list[Thing]], name: str, code: str) -> None:
    found = {
        thing.iri
        for thing in things[SKOS + "Concept"]
        for values in (
            thing.values.get(RDFS + "label", []),
            thing.values.get(SKOS + "altLabel", []),
            thing.values[SKOS + "notation"],
        )
        if name in values
    }
    assert found == {BASE + "place/" + code}


def test_a_notation_is_used_once_in_its_scheme(things: dict[str, list[Thing]]) -> None:
    for kind in (INF + "Instrument", DCT + "BibliographicResource", ELI + "LegalResourceSubdivision"):
        notations = [value for thing in things[kind] for value in thing.values[SKOS + "notation"]]
        assert len(notations) == len(set(notations)), kind


# ---- time ------------------------------------------------------------------------------------


def intervals(found: list[Thing]) -> list[tuple[str, str, date | None, date | None, Thing]]:
    """The instants (as sortable text in UTC), the days and the thing, for those with a known start."""
    result = []
    for thing in found:
        start, end = thing.day(INF + "from"), thing.day(INF + "until")
        if start is None:
            continue
        result.append(
            (_instant(thing, "startsAt", start), _instant(thing, "endsAt", end or date.max), start, end, thing)
        )
    return sorted(result, key=lambda item: (item[0], item[1]))


def _instant(thing: Thing, name: str, day: date) -> str:
    stated = thing.one(INF + name)
    # Only the order within one place matters, and its instants share one offset or lie months apart.
    return stated[:19] if stated else f"{day.isoformat()}T00:00:00"


@pytest.mark.parametrize("kind", ["ListMembership", "ProvisionVersion"])
def test_intervals_are_ordered_and_hours_lie_on_their_days(things: dict[str, list[Thing]], kind: str) -> None:
    for starts, ends, start, end, thing in intervals(things[INF + kind]):
        assert starts < ends, thing.iri
        assert thing.day(INF + "startKnownFrom"), thing.iri
        assert (end is None) == (thing.one(INF + "endKnownFrom") is None), thing.iri
        assert end is not None or thing.one(INF + "endsAt") is None, thing.iri
        for name, day in (("startsAt", start), ("endsAt", end)):
            stated = thing.one(INF + name)
            assert stated is None or stated[:10] == str(day), thing.iri


@pytest.mark.parametrize(
    ("kind", "keys"), [("ListMembership", ("list", "entry")), ("ProvisionVersion", (DCT + "isVersionOf",))]
)
def test_no_two_intervals_of_one_thing_overlap(
    things: dict[str, list[Thing]], kind: str, keys: tuple[str, ...]
) -> None:
    groups = defaultdict(list)
    for thing in things[INF + kind]:
        groups[tuple(thing.one(key if ":" in key else INF + key) for key in keys)].append(thing)
    for group in groups.values():
        ordered = intervals(group)
        for earlier, later in zip(ordered, ordered[1:], strict=False):
            assert earlier[1] <= later[0], (earlier[4].iri, later[4].iri)
            if earlier[3] == later[2]:  # they touch: the same instant, known on the same day
                assert earlier[4].one(INF + "endsAt") == later[4].one(INF + "startsAt"), later[4].iri
                assert earlier[4].one(INF + "endKnownFrom") == later[4].one(INF + "startKnownFrom"), later[4].iri


def test_one_status_at_a_time_for_each_country(things: dict[str, list[Thing]]) -> None:
    statuses = {BASE + "list/" + name for name in ("visa-exempt", "visa-required", "eta-conditional", "us-national")}
    countries = defaultdict(list)
    for thing in things[INF + "ListMembership"]:
        entry = thing.one(INF + "entry") or ""
        if thing.one(INF + "list") in statuses and entry.startswith(BASE + "place/"):
            countries[entry].append(thing)
    for entry, group in countries.items():
        ordered = intervals(group)
        assert ordered[0][2] == (date(2008, 2, 17) if entry.endswith("XKX") else date(2002, 6, 28)), entry
        for earlier, later in zip(ordered, ordered[1:], strict=False):
            assert earlier[1] == later[0], (earlier[4].iri, later[4].iri)
        assert ordered[-1][3] is None, entry


@pytest.mark.parametrize(
    ("membership", "starts_at", "ends_at"),
    [
        ("visa-exempt/MEX/2002-06-28", None, "2009-07-14T00:01:00-04:00"),
        ("visa-exempt/MEX/2016-12-01", "2016-12-01T00:00:01-05:00", "2017-12-01T09:00:00-05:00"),
        ("visa-exempt/MEX/2017-12-01", "2017-12-01T09:00:00-05:00", "2024-02-29T23:30:00-05:00"),
        ("eta-conditional/MEX/2024-02-29", "2024-02-29T23:30:00-05:00", None),
        ("visa-required/CHL/2002-06-28", None, "2014-11-22T12:00:00-05:00"),
        ("visa-exempt/EST/2006-09-27", None, "2017-12-01T09:00:00-05:00"),
    ],
)
def test_an_hour_that_is_known_is_kept(
    things: dict[str, list[Thing]], membership: str, starts_at: str | None, ends_at: str | None
) -> None:
    (thing,) = [thing for thing in things[INF + "ListMembership"] if thing.iri == f"{BASE}list/{membership}"]
    assert (thing.one(INF + "startsAt"), thing.one(INF + "endsAt")) == (starts_at, ends_at)


def test_the_second_subsection_of_section_26_1_was_known_weeks_after_it_was_law(things: dict[str, list[Thing]]) -> None:
    versions = {thing.iri: thing for thing in things[INF + "ProvisionVersion"]}
    new, old = versions[BASE + "irpr/26.1/2/2024-12-18"], versions[BASE + "irpr/26.1/2020-03-21"]
    assert new.one(INF + "startKnownFrom") == old.one(INF + "endKnownFrom") == "2025-02-06"
    assert old.one(INF + "until") == "2024-12-18"


def test_an_unknown_start_is_said(things: dict[str, list[Thing]]) -> None:
    unknown = [thing.iri for thing in things[INF + "ListMembership"] if not thing.one(INF + "from")]
    assert unknown == [BASE + "list/visa-exempt/GBS-ROA/unknown"]
    assert [thing.iri for thing in things[INF + "ListMembership"] if thing.one(INF + "unknownStart")] == unknown


def test_a_provision_is_part_of_another_up_to_its_law(things: dict[str, list[Thing]]) -> None:
    parents = {thing.iri: thing.one(ELI + "is_part_of") for thing in things[ELI + "LegalResourceSubdivision"]}
    laws = {thing.iri for thing in things[ELI + "LegalResource"]}
    for iri in parents:
        while iri in parents:
            parent = parents[iri]
            assert parent and iri.startswith(parent + "/"), iri
            iri = parent
        assert iri in {BASE + "irpr", BASE + "irpa"} & laws


def test_a_digest_has_a_length_and_only_a_heading_has_none(things: dict[str, list[Thing]]) -> None:
    for thing in things[INF + "ProvisionVersion"]:
        digest = thing.one(INF + "textDigest")
        assert digest is None or re.fullmatch(r"[0-9a-f]{64}", digest), thing.iri


# ---- row by row against the fact tables ------------------------------------------------------


@needs_facts
def test_every_status_row_is_a_membership(things: dict[str, list[Thing]]) -> None:
    found = by_identifier(things[INF + "ListMembership"])
    table = rows("nationality_status.csv")
    assert found.keys() == {row["status_id"] for row in table}
    named = {name: thing.iri for thing in things[SKOS + "Concept"] for name in thing.values.get(SKOS + "notation", [])}
    for row in table:
        thing, name = found[row["status_id"]], row["status"].split(" ")[0]
        until = row["valid_to"] and next_day(row["valid_to"])
        if row["valid_to_time"] and "T" not in row["valid_to_time"]:
            until = row["valid_to"]  # an hour on the last day itself
        expected = {
            INF + "list": f"{BASE}list/{name}",
            INF + "entry": named[row["entity_id"]],
            INF + "from": row["valid_from"],
            INF + "until": until,
            INF + "startsAt": row["valid_from_time"] and f"{row['valid_from']}T{row['valid_from_time']}",
            INF + "instrument": row["instrument"] and instrument_path(row["instrument"]),
            DCT + "bibliographicCitation": row["paragraph"],
            INF + "confidence": row["confidence"],
            DCT + "source": f"{BASE}source/{row['source']}",
            SKOS + "editorialNote": row["note"],
        }
        assert {key: thing.one(key) or "" for key in expected} == expected, row["status_id"]
        entity = named[row["entity_id"]].rsplit("/", 1)[1]
        assert thing.iri == f"{BASE}list/{name}/{entity}/{row['valid_from'] or 'unknown'}"
        if row["valid_to_time"]:
            assert thing.one(INF + "endsAt"), row["status_id"]
        cited = [part.strip() for part in re.split("[;+]", row["paragraph"]) if part.strip().startswith("R")]
        keys = ["irpr:" + part.removesuffix(" (former)")[1:] for part in cited]
        assert sorted(thing.values[INF + "expresses"]) == sorted(BASE + provision_path(key) for key in keys)


@needs_facts
def test_every_provision_row_is_a_version(things: dict[str, list[Thing]]) -> None:
    found = by_identifier(things[INF + "ProvisionVersion"])
    table = rows("provisions.csv")
    instruments = {row["instrument"] for row in rows("instruments.csv")}
    snapshots = {thing.iri: thing for thing in things[ELI + "LegalExpression"]}
    assert found.keys() == {row["version_id"] for row in table}
    for row in table:
        thing = found[row["version_id"]]
        path = BASE + provision_path(row["prov_id"])
        key = row["instrument_key"]
        assert thing.iri == f"{path}/{row['in_force_from']}"
        expected = {
            DCT + "isVersionOf": path,
            INF + "from": row["in_force_from"],
            INF + "until": row["in_force_to"] and next_day(row["in_force_to"]),
            SKOS + "historyNote": row["amending_instrument"],
            INF + "instrument": instrument_path(key) if key in instruments else "",
            INF + "startDecidedBy": row["from_kind"],
            INF + "confidence": row["confidence"],
            INF + "textDigest": row["text_sha256"],
            ELI + "id_local": row["lims_fid"],
            DCT + "source": f"{BASE}source/{row['source']}",
        }
        assert {name: thing.one(name) or "" for name in expected} == expected, row["version_id"]
        assert row["paraphrase"] in thing.values[DCT + "description"]
        assert not row["label"] or row["label"] in thing.values[DCT + "title"]
        first, last = thing.one(INF + "firstSeenIn"), thing.one(INF + "lastSeenIn")
        assert (snapshots[first].one(INF + "commit") if first else "") == row["seen_first_commit"]
        assert (snapshots[last].one(ELI + "version_date") if last else "") == row["seen_last_pit"]


@needs_facts
def test_every_instrument_row_is_an_instrument(things: dict[str, list[Thing]]) -> None:
    found = {thing.iri: thing for thing in things[INF + "Instrument"]}
    table = rows("instruments.csv")
    assert found.keys() == {instrument_path(row["instrument"]) for row in table}
    for row in table:
        thing = found[instrument_path(row["instrument"])]
        expected = {
            SKOS + "notation": row["instrument"],
            DCT + "type": row["kind"].replace("_", "-"),
            ELI + "date_document": row["registered_or_signed"],
            ELI + "date_publication": row["published"],
            ELI + "first_date_entry_in_force": row["in_force"],
            SKOS + "historyNote": row["irpr_sections"],
            RDFS + "seeAlso": row["url"],
            INF + "confidence": row["confidence"],
            DCT + "source": f"{BASE}source/{row['source']}",
            SKOS + "editorialNote": row["note"],
        }
        assert {name: thing.one(name) or "" for name in expected} == expected, row["instrument"]
        assert row["title"] in thing.values[RDFS + "label"]


@needs_facts
def test_every_snapshot_row_is_a_snapshot(things: dict[str, list[Thing]]) -> None:
    laws = {"SOR/2002-227": "irpr", "I-2.5": "irpa"}
    names = (DCT + "issued", ELI + "version_date", DCT + "valid", DCT + "modified", INF + "commit")
    found = {(thing.iri, *(thing.one(name) for name in names)) for thing in things[ELI + "LegalExpression"]}
    columns = ("snapshot", "pit_date", "current_to", "last_amended", "commit")
    expected = {
        (
            f"{BASE}snapshot/{laws[row['law']]}/{row['language']}/{row['snapshot']}",
            *(row[column] for column in columns),
        )
        for row in rows("snapshots.csv")
    }
    assert found == expected


@needs_facts
def test_every_source_is_there_with_its_rank_and_dates(things: dict[str, list[Thing]]) -> None:
    found = {thing.one(SKOS + "notation"): thing for thing in things[DCT + "BibliographicResource"]}
    table = documents("sources.yaml")["sources"]
    assert found.keys() == {row["id"] for row in table}
    for row in table:
        thing = found[row["id"]]
        address = " ".join(filter(None, (thing.one(RDFS + "seeAlso"), thing.one(SKOS + "scopeNote"))))
        assert row["title"] == (thing.one(DCT + "alternative") or thing.one(DCT + "title")), row["id"]
        expected = {
            DCT + "type": row["authority"],
            DCT + "publisher": row["publisher"],
            INF + "rank": str(row["authority_rank"]),
            DCT + "issued": row["date_published"],
            DCT + "modified": row["date_modified"],
            INF + "howSeen": row["how_seen"],
        }
        assert {name: thing.one(name) or "" for name in expected} == expected, row["id"]
        assert address == row["url"], row["id"]


@needs_facts
def test_every_anchor_is_a_passage_here_or_one_that_a_rule_cites(things: dict[str, list[Thing]]) -> None:
    def slug(anchor: str) -> str:
        return re.sub("[^a-z0-9]+", "-", anchor.lower()).strip("-")[:60].strip("-")

    def cited(node: Any) -> set[tuple[str, str]]:
        if isinstance(node, dict):
            own = {(node["source"], slug(str(node["anchor"])))} if {"source", "anchor"} <= node.keys() else set()
            return own.union(*(cited(value) for value in node.values()))
        return set().union(*(cited(value) for value in node)) if isinstance(node, list) else set()

    by_rules = cited(documents("rules.yaml"))
    pairs = {
        (row["id"], slug(str(anchor))) for row in documents("sources.yaml")["sources"] for anchor in row["anchors"]
    }
    found = {tuple(thing.iri.removeprefix(BASE + "source/").split("/")) for thing in things[OA + "SpecificResource"]}
    assert found == pairs - by_rules


@needs_facts
def test_every_country_of_the_status_table_is_a_place_with_its_codes(things: dict[str, list[Thing]]) -> None:
    places = {thing.iri: thing for thing in things[SKOS + "Concept"]}
    for row in rows("nationality_status.csv"):
        if row["entity_id"].startswith(("nat:", "res:")):
            thing = places[f"{BASE}place/{row['iso3']}"]
            assert {row["iso2"], row["iso3"], row["entity_id"]} <= set(thing.values[SKOS + "notation"])
        else:
            (thing,) = (one for one in places.values() if row["entity_id"] in one.values.get(SKOS + "notation", []))
            assert thing.iri.startswith(f"{BASE}class/")
