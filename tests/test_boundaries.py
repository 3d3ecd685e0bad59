"""Every interval of the graph, on the day before it starts, its first day, its last day and the day after."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyoxigraph as ox
import pytest

from inforce.errors import UnknownIdError
from inforce.rules.conditions import listed

BASE = "https://w3id.org/inforce/"
INF = BASE + "ns#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
ISVERSIONOF = "http://purl.org/dc/terms/isVersionOf"


@pytest.fixture(scope="module")
def written(repo: Path) -> dict[str, dict[str, list[str]]]:
    """The data as they are written, straight from the Turtle files."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for folder in ("ontology", "data"):
        for path in sorted((repo / folder).rglob("*.ttl")):
            for triple in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=BASE):
                if isinstance(triple.subject, ox.NamedNode) and not isinstance(triple.object, ox.BlankNode):
                    found[triple.subject.value][triple.predicate.value].append(triple.object.value)
    return found


def _of(written: Any, kind: str) -> list[str]:
    return sorted(s for s, terms in written.items() if INF + kind in terms[TYPE])


def _days(terms: Any) -> dict[date, bool]:
    """The four days and whether the interval holds at the end of each."""
    found: dict[date, bool] = {}
    start, until = terms[INF + "from"], terms[INF + "until"]
    if until:
        last = date.fromisoformat(until[0])
        found |= {last - timedelta(days=1): True, last: False}
    if start:
        first = date.fromisoformat(start[0])
        found |= {first: not until or start[0] != until[0], first - timedelta(days=1): False}
    return {day: holds for day, holds in found.items() if day.year > 1900}


def test_rule_versions_are_grounds_on_their_days_only(kb: Any, written: Any) -> None:
    asked: dict[tuple[str, date, tuple[str, ...]], set[str]] = {}
    versions = _of(written, "RuleVersion")
    assert len(versions) >= 53
    for version in versions:
        terms = written[version]
        action = terms[INF + "action"][0].rsplit("/", 1)[-1]
        readings = (
            () if "false" not in terms[INF + "appliesByDefault"] else (terms[INF + "versionOf"][0].rsplit("/", 1)[-1],)
        )
        for day, holds in _days(terms).items():
            key = (action, day, readings)
            if key not in asked:
                answer = kb.check({}, on=day.isoformat(), action=action, readings=readings)
                asked[key] = {BASE + ground.version for ground in answer.grounds}
            assert (version in asked[key]) is holds, (version, day)


def test_list_entries_hold_on_their_days_only(kb: Any, written: Any) -> None:
    tokens = {}
    zone = ZoneInfo(kb.book.zone)
    others = defaultdict(list)
    memberships = _of(written, "ListMembership")
    assert len(memberships) > 300
    for node in memberships:
        terms = written[node]
        others[terms[INF + "list"][0], terms[INF + "entry"][0]].append(terms)
    for node in memberships:
        terms = written[node]
        name, entry = terms[INF + "list"][0], terms[INF + "entry"][0]
        token = tokens.setdefault(entry, kb.find(entry)[1]["token"] if "token" in kb.find(entry)[1] else None)
        token = token or entry.rsplit("/", 1)[-1]
        for day, holds in _days(terms).items():
            end = datetime.combine(day, datetime.max.time(), zone).strftime("%Y-%m-%dT%H:%M:%S")
            wanted = holds or any(_holds(other, day) for other in others[name, entry])
            assert bool(listed(token, name.rsplit("/", 1)[-1], kb.book, end)) is wanted, (node, day)


def _holds(terms: Any, day: date) -> bool:
    start, until = terms[INF + "from"], terms[INF + "until"]
    known = start or terms[INF + "startKnownFrom"]
    return (not known or known[0] <= day.isoformat()) and (not until or day.isoformat() < until[0])


def test_provision_versions_are_shown_on_their_days_only(kb: Any, written: Any) -> None:
    versions = _of(written, "ProvisionVersion")
    assert len(versions) > 450
    for version in versions:
        terms = written[version]
        provision = terms[ISVERSIONOF][0].removeprefix(BASE)
        for day, holds in _days(terms).items():
            try:
                shown = {v["iri"].removeprefix(BASE) for v in kb.show(provision, on=day.isoformat())["versions"]}
            except UnknownIdError as error:
                shown = set()
                assert "20" in str(error)  # it says when it did exist
            assert (version.removeprefix(BASE) in shown) is holds, (version, day)


def test_conditions_and_entailments_hold_on_their_days_only(kb: Any, written: Any) -> None:
    dated = [s for s in _of(written, "Condition") if _days(written[s])]
    entailments = [s for s in _of(written, "Entailment") if _days(written[s])]
    assert dated and entailments
    by_id = defaultdict(list)
    for items in kb.book.entailments.values():
        for item in items:
            by_id[item.id].append(item.interval)
    for node in [*dated, *entailments]:
        name = node.removeprefix(BASE)
        if name not in by_id and not name.startswith("condition/"):
            continue  # entails something of a concept no case can name: of a scheme that no fact takes values from
        # What narrower concepts inherit holds no longer than what is stated.
        intervals = by_id[name] if name in by_id else [kb.book.conditions[name.removeprefix("condition/")].interval]
        for day, holds in _days(written[node]).items():
            assert any(i.holds_at(f"{day.isoformat()}T23:59:59") for i in intervals) is holds, (node, day)
