"""Schemes, policy changes, conflicts and the two articles as Turtle, against the tables they were made from."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
BASE = "https://w3id.org/inforce/"
INF = BASE + "ns#"
DCT = "http://purl.org/dc/terms/"
OA = "http://www.w3.org/ns/oa#"
PROV = "http://www.w3.org/ns/prov#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
ELI = "http://data.europa.eu/eli/ontology#"
SKOS = "http://www.w3.org/2004/02/skos/core#"

TTL = sorted([*(ROOT / "data").rglob("*.ttl"), *(ROOT / "ontology").rglob("*.ttl")])
CLAIM_FILES = [ROOT / "data" / name for name in ("conflicts-1.ttl", "conflicts-2.ttl", "seeds.ttl")]
SCHEME_FILES = [
    ROOT / "ontology" / "schemes" / f"{stem}.ttl"
    for stem in "programs permit-categories exemptions exemption-codes-agreements exemption-codes-interests ports "
    "entailments entailments-codes".split()
]
CHANGE_FILES = sorted((ROOT / "data").glob("changes*.ttl"))
PASSAGE_FILES = sorted((ROOT / "data").glob("passages*.ttl"))

# Entries of the rule table that are versions of one rule here.
MERGED = {
    "R-WP-198-2A-2002": "R-WP-198-2A",
    "R-WP-198-2A-2004": "R-WP-198-2A",
    "X-198-2A-I-2004": "X-198-2A-I",
    "R-WP-MI52": "R-WP-MI-CG",
    "R-WP-MI-CG-2024": "R-WP-MI-CG",
    "R-WP-CUAET-1": "R-WP-CUAET",
    "R-WP-CUAET-2": "R-WP-CUAET",
}
# How the tables say the kind of authority, and how the graph does.
AUTHORITY = {
    "regulation": "regulation",
    "statute": "act",
    "designation": "designation",
    "ministerial_instruction": "ministerial-instruction",
    "public_policy": "public-policy",
    "order-in-council+PDI": "order-in-council",
    "operational_bulletin": "operational-bulletin",
    "treaty+bulletin": "operational-bulletin",
    "PDI": "delivery-instruction",
    "CBSA notice": "notice",
    "announcement": "notice",
    "program": "notice",
    "secondary": "secondary",
}
DAYS = {
    "announced": INF + "startKnownFrom",
    "published": DCT + "issued",
    "ceased": DCT + "valid",
    "page_modified": DCT + "modified",
}
DAYS_OF_ITS_INSTRUMENT = {
    "registered_or_signed": ELI + "date_document",
    "in_force": ELI + "first_date_entry_in_force",
}


class Graph:
    """Triples by subject and property, read by tests without a query."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.table: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for path in paths:
            for triple in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
                self.table[getattr(triple.subject, "value", "")][triple.predicate.value].append(triple.object)

    def all(self, subject: str, term: str) -> list[str]:
        """Every value of a property, as text."""
        return (
            [str(getattr(value, "value", "")) for value in self.table[subject][term]] if subject in self.table else []
        )

    def one(self, subject: str, term: str) -> str | None:
        """The only value of a property, or None."""
        found = self.all(subject, term)
        assert len(found) <= 1, (subject, term, found)
        return found[0] if found else None

    def text(self, subject: str, term: str = RDFS + "label") -> dict[str, str]:
        """The texts of a property by language; each language once."""
        found = [(value.language or "", value.value) for value in self.table[subject][term]]
        assert len(dict(found)) == len(found), (subject, term)
        return dict(found)

    def instances(self, kind: str) -> list[str]:
        """Every subject of a class."""
        return sorted(s for s in list(self.table) if kind in self.all(s, RDF + "type"))

    def names(self, subject: str, term: str, folder: str) -> set[str]:
        """The short names of the values in one folder under the base."""
        start = BASE + folder + "/"
        return {value.removeprefix(start) for value in self.all(subject, term) if value.startswith(start)}


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Every Turtle file of data/ and ontology/."""
    return Graph(TTL)


@pytest.fixture(scope="module")
def subjects(graph: Graph) -> set[str]:
    """Everything that is said something about."""
    return {name for name, terms in graph.table.items() if terms}


def table(shared: Path, name: str, key: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load((shared / "domain/facts" / name).read_text(encoding="utf-8"))[key]
    return rows


def short(identifier: str) -> str:
    return identifier.split(":", 1)[-1]


def merged(rules: Iterable[str]) -> set[str]:
    return {MERGED.get(rule, rule) for rule in rules}


def until(day: str | None) -> str | None:
    """The tables close their intervals; the graph leaves the end out."""
    return None if day is None else (date.fromisoformat(day) + timedelta(1)).isoformat()


def provision(key: str) -> str:
    law, rest = key.split(":", 1)
    return BASE + "/".join([law, *(label.strip("()") for label in re.findall(r"^[\d.]+|\([^)]*\)", rest))])


def is_a_sentence_of_ours(subject: str, graph: Graph, term: str = RDFS + "label") -> None:
    text = graph.text(subject, term)
    assert set(text) == {"en", "fr"}, (subject, text)
    assert all(text.values()), subject


def same_concept(graph: Graph, concept: str, row: dict[str, Any]) -> None:
    """Name, interval, parent, sources, note: what the three tables of concepts share."""
    is_a_sentence_of_ours(concept, graph)
    label = graph.text(concept)["en"]
    # An agreement the table knows by its short name alone is spelled out, the short name in brackets.
    assert label == row["prefLabel"] or label.endswith(f"({row['prefLabel']})"), concept
    assert row["id"] in graph.all(concept, SKOS + "notation"), concept
    assert graph.one(concept, INF + "from") == row["valid_from"], concept
    assert graph.one(concept, INF + "until") == until(row["valid_to"]), concept
    assert graph.names(concept, DCT + "source", "source") == set(row["sources"]), concept
    if row["note"]:
        assert row["note"] in graph.text(concept, SKOS + "editorialNote").values(), concept


def concepts(graph: Graph, folder: str) -> set[str]:
    scheme = f"{BASE}{folder}/scheme"
    return {s for s in graph.instances(SKOS + "Concept") if scheme in graph.all(s, SKOS + "inScheme")}


# ---- schemes ---------------------------------------------------------------------------------


def test_the_programs_are_those_of_the_table_field_by_field(graph: Graph, shared: Path) -> None:
    rows = table(shared, "programs.yaml", "programs")
    extra = {BASE + "program/NONE", BASE + "program/OTHER"}
    assert concepts(graph, "program") - extra == {f"{BASE}program/{short(row['id'])}" for row in rows}
    assert len(rows) == 22
    for row in rows:
        concept = f"{BASE}program/{short(row['id'])}"
        same_concept(graph, concept, row)
        parents = {short(row["parent"])} if row["parent"] else set()
        assert graph.names(concept, SKOS + "broader", "program") == parents, concept
        assert set(graph.all(concept, DCT + "references")) == {provision(p) for p in row["provisions"]}, concept
        if row["poe_rule_summary"].startswith("see "):  # a pointer to rules is a link here
            named = set(re.findall(r"[XR]-[A-Z0-9-]+", row["poe_rule_summary"]))
            assert graph.names(concept, SKOS + "related", "rule") == named, concept
        else:
            is_a_sentence_of_ours(concept, graph, DCT + "description")
            assert graph.text(concept, DCT + "description")["en"] == row["poe_rule_summary"], concept


def test_the_permit_categories_are_those_of_the_table_field_by_field(graph: Graph, shared: Path) -> None:
    rows = table(shared, "permit_categories.yaml", "categories")
    assert concepts(graph, "category") == {f"{BASE}category/{short(row['id'])}" for row in rows}
    for row in rows:
        concept = f"{BASE}category/{short(row['id'])}"
        same_concept(graph, concept, row)
        parents = {short(row["parent"])} if row["parent"] else set()
        assert graph.names(concept, SKOS + "broader", "category") == parents, concept
        assert graph.names(concept, SKOS + "related", "program") == {short(p) for p in row["programs"]}, concept
        assert graph.names(concept, SKOS + "related", "exemption") == set(row["codes"]), concept
        assert graph.names(concept, SKOS + "related", "rule") == merged(row["rules"]), concept


def test_the_exemptions_of_every_kind_are_those_of_the_table_field_by_field(graph: Graph, shared: Path) -> None:
    rows = table(shared, "exemptions.yaml", "exemptions")
    added = {BASE + "exemption/LMIA-EXEMPT"}  # our own node above every code
    assert concepts(graph, "exemption") - added == {f"{BASE}exemption/{short(row['id'])}" for row in rows}
    for row in rows:
        concept = f"{BASE}exemption/{short(row['id'])}"
        same_concept(graph, concept, row)
        assert graph.all(concept, DCT + "type") == [row["kind"]], concept
        above = {short(row["parent"])} if row["parent"] else set()
        if row["kind"] == "lmia-exemption-group":
            above = {"LMIA-EXEMPT"}
        assert graph.names(concept, SKOS + "broader", "exemption") == above, concept
        assert graph.names(concept, SKOS + "related", "rule") == merged(row["rules"]), concept
        cited = {provision(p) for p in row.get("provisions") or []}
        assert cited <= set(graph.all(concept, DCT + "references")), concept
        if "confidence" in row:
            assert graph.one(concept, INF + "confidence") == row["confidence"], concept
        codes = set(re.findall(r"[A-Z]\d\d", row.get("replaces") or ""))
        assert codes <= graph.names(concept, DCT + "replaces", "exemption"), (concept, row.get("replaces"))
    kinds = Counter(
        kind for concept in concepts(graph, "exemption") - added for kind in graph.all(concept, DCT + "type")
    )
    assert kinds == Counter(row["kind"] for row in rows)


def test_the_ports_and_their_groups_are_those_of_the_table(graph: Graph, shared: Path) -> None:
    rows = table(shared, "exemptions.yaml", "ports")
    assert concepts(graph, "port") == {f"{BASE}port/{name}" for name in [*(row["id"] for row in rows), "OTHER"]}
    for row in rows:
        port = f"{BASE}port/{row['id']}"
        is_a_sentence_of_ours(port, graph)
        assert graph.text(port)["en"] == row["prefLabel"]
        assert graph.text(port, DCT + "spatial")["en"] == row["region"]
        assert graph.one(port, DCT + "temporal") == f"{row['days']} {row['flagpole_hours_2024_05_30']}"
        assert graph.one(port, INF + "from") == row["valid_from"]
        assert graph.one(port, INF + "until") == until(row["valid_to"])
        assert graph.names(port, DCT + "source", "source") == set(row["sources"])
        notes = graph.text(port, SKOS + "editorialNote").values() if row["limits"] else []
        assert (row["limits"] in notes) == bool(row["limits"]), port
    for group in table(shared, "exemptions.yaml", "port_groups"):
        name = f"{BASE}port/{short(group['id'])}"
        is_a_sentence_of_ours(name, graph)
        assert graph.names(name, SKOS + "member", "port") == set(group["members"])


def test_an_entailment_names_a_fact_and_is_held_by_a_concept(graph: Graph, subjects: set[str]) -> None:
    held = [value for subject in list(graph.table) for value in graph.all(subject, INF + "entails")]
    entailments = graph.instances(INF + "Entailment")
    assert Counter(held) == dict.fromkeys(entailments, 1)  # each by exactly one concept
    assert len(entailments) >= 50
    for entailment in entailments:
        is_a_sentence_of_ours(entailment, graph)
        assert graph.one(entailment, INF + "fact") in subjects, entailment
        assert graph.one(entailment, RDF + "value") is not None, entailment
        start, end = graph.one(entailment, INF + "from"), graph.one(entailment, INF + "until")
        assert end is None or start is None or start < end, entailment


# ---- policy changes --------------------------------------------------------------------------


def change_rows(shared: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in table(shared, "policy_changes.yaml", "changes"):
        yield f"{BASE}change/{row['id']}", row


def test_every_policy_change_of_the_table_is_there_once(graph: Graph, shared: Path) -> None:
    expected = [iri for iri, _ in change_rows(shared)]
    assert graph.instances(INF + "PolicyChange") == sorted(expected)
    files = Counter(subject for path in CHANGE_FILES for subject in Graph([path]).instances(INF + "PolicyChange"))
    assert set(files.values()) == {1}


def test_a_policy_change_says_what_the_table_says(graph: Graph, shared: Path) -> None:
    for change, row in change_rows(shared):
        is_a_sentence_of_ours(change, graph)
        assert graph.text(change)["en"] == row["paraphrase"], change
        assert graph.one(change, DCT + "date") == row["date"], change
        assert graph.one(change, DCT + "type") == row["kind"], change
        assert graph.names(change, INF + "layer", "layer") == {AUTHORITY[row["authority"]]}, change
        assert graph.one(change, INF + "confidence") == row["confidence"], change
        assert graph.names(change, DCT + "source", "source") == set(row["sources"]), change
        assert graph.names(change, DCT + "replaces", "change") == set(row["supersedes"]), change
        assert bool(graph.all(change, INF + "instrument")) == bool(row["instrument"]), change
        assert graph.one(change, INF + "startsAt") == (row["time"] and f"{row['date']}T{row['time']}"), change
        for column, term in DAYS.items():
            said = row["bitemporal"][column]
            if said is None or len(said) == 10:  # a bare year stands in dct:date alone
                assert graph.one(change, term) == said, (change, column)
        for column, term in DAYS_OF_ITS_INSTRUMENT.items():
            said = row["bitemporal"][column]
            if said is not None and len(said) == 10 and said != row["date"]:
                made = graph.all(change, INF + "instrument")
                assert said in {day for one in made for day in graph.all(one, term)}, change
        if row["note"]:
            assert row["note"] in graph.text(change, SKOS + "editorialNote").values(), change


def test_a_policy_change_touches_what_the_table_says(graph: Graph, shared: Path) -> None:
    folders = {"fta": "program", "stream": "program", "nat": "place", "doc": "class", "ports": "port"}
    for change, row in change_rows(shared):
        affects = set(graph.all(change, INF + "affects"))
        reached = row["affects"]
        assert {f"{BASE}action/{name}" for name in reached["actions"]} <= affects, change
        assert {f"{BASE}rule/{name}" for name in merged(reached["rules"])} <= affects, change
        for group in reached["groups"]:
            kind, colon, name = group.partition(":")
            if colon:
                assert f"{BASE}{folders.get(kind, kind)}/{name}" in affects, (change, group)
        if "nationality_status" in reached.get("tables", []):
            assert any(value.startswith(BASE + "list/") for value in affects), change


def test_what_a_change_affects_exists(graph: Graph, subjects: set[str]) -> None:
    missing = {
        value
        for change in graph.instances(INF + "PolicyChange")
        for term in (INF + "affects", DCT + "replaces", INF + "instrument")
        for value in graph.all(change, term)
        if value not in subjects
    }
    assert missing == set()


# ---- conflicts -------------------------------------------------------------------------------


def claims_of(graph: Graph, conflict: str) -> list[str]:
    return [claim for claim in graph.instances(INF + "Claim") if graph.one(claim, DCT + "isPartOf") == conflict]


def test_every_conflict_of_the_list_is_there_with_how_it_was_decided(graph: Graph, shared: Path) -> None:
    listed = re.findall(r"^## (C-\d\d) ", (shared / "domain/CONFLICTS.md").read_text(encoding="utf-8"), re.M)
    assert len(listed) == 26
    assert graph.instances(INF + "Conflict") == [f"{BASE}conflict/{name}" for name in listed]
    for conflict in graph.instances(INF + "Conflict"):
        assert graph.one(conflict, SKOS + "notation") == conflict.rsplit("/", 1)[1]
        is_a_sentence_of_ours(conflict, graph)
        is_a_sentence_of_ours(conflict, graph, INF + "resolution")


def test_a_conflict_sets_claims_of_two_passages_against_each_other(graph: Graph) -> None:
    for conflict in graph.instances(INF + "Conflict"):
        claims = claims_of(graph, conflict)
        passages = {graph.one(claim, PROV + "wasQuotedFrom") for claim in claims}
        assert len(claims) >= 2 and len(passages) >= 2, conflict
        said = {(graph.one(claim, INF + "claims"), graph.one(claim, INF + "property")) for claim in claims}
        assert len(said) >= 2, f"all claims of {conflict} say the same"


def test_a_conflict_adopts_one_claim_at_a_time(graph: Graph) -> None:
    for conflict in graph.instances(INF + "Conflict"):
        adopted = [c for c in claims_of(graph, conflict) if graph.one(c, INF + "adopted") == "true"]
        assert adopted, f"{conflict} is left open and does not say so"
        about: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for claim in adopted:
            span = (graph.one(claim, INF + "from") or "", graph.one(claim, INF + "until") or "9999")
            for thing in graph.all(claim, DCT + "subject"):
                about[thing].append(span)
        for thing, spans in about.items():
            spans.sort()
            assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False)), (conflict, thing, spans)


def test_a_claim_in_a_conflict_says_of_what_it_speaks_and_what_it_says(graph: Graph) -> None:
    for conflict in graph.instances(INF + "Conflict"):
        for claim in claims_of(graph, conflict):
            assert claim.startswith(conflict.replace("/conflict/", "/claim/") + "-"), claim
            assert graph.all(claim, DCT + "subject"), claim
            assert graph.one(claim, INF + "property"), claim
            assert graph.one(claim, INF + "claims"), claim
            assert graph.one(claim, INF + "adopted") in {"true", "false"}, claim


def test_the_start_of_the_ban_is_claimed_for_two_instants(graph: Graph) -> None:
    ban = BASE + "rule/R-WP-FLAG-2024/2024-12-24"
    said = {
        graph.one(claim, INF + "claims"): graph.one(claim, INF + "adopted")
        for claim in claims_of(graph, BASE + "conflict/C-01")
        if graph.one(claim, INF + "property") == INF + "startsAt" and ban in graph.all(claim, DCT + "subject")
    }
    assert said == {"2024-12-24T00:01:00-05:00": "true", "2024-12-23T23:59:00-05:00": "false"}


def test_only_the_start_of_the_ban_is_disputed_as_an_instant(graph: Graph) -> None:
    # Any other claim of an instant would open a window in which every answer says that sources disagree.
    instants = {INF + "startsAt", INF + "endsAt"}
    found = {c for c in graph.instances(INF + "Claim") if graph.one(c, INF + "property") in instants}
    assert found == {BASE + "claim/C-01-OB686", BASE + "claim/C-01-CBSA-NR"}


def test_an_adopted_claim_agrees_with_what_is_modelled(graph: Graph) -> None:
    checked = 0
    for claim in graph.instances(INF + "Claim"):
        term = graph.one(claim, INF + "property")
        if graph.one(claim, INF + "adopted") != "true" or term not in {
            *(INF + t for t in ("startsAt", "effect", "from", "defeats")),
            ELI + "first_date_entry_in_force",
            ELI + "date_document",
        }:
            continue
        for thing in graph.all(claim, DCT + "subject"):
            versions = [
                v for v in graph.instances(INF + "RuleVersion") if graph.one(v, INF + "versionOf") == thing
            ] or [thing]
            said, modelled = graph.one(claim, INF + "claims"), [graph.all(v, term) for v in versions]
            if claim.endswith(("C-15-ELT2004",)):
                continue  # says who is left out of an exception, which stands in its condition
            assert modelled and all(said in values for values in modelled if values), (claim, thing, said, modelled)
            checked += any(modelled)
    assert checked >= 10


# ---- the two articles ------------------------------------------------------------------------


def statements(graph: Graph) -> list[str]:
    return [claim for claim in graph.instances(INF + "Claim") if graph.all(claim, DCT + "type")]


def test_a_claim_belongs_to_a_conflict_or_is_a_statement_of_an_article(graph: Graph) -> None:
    for claim in graph.instances(INF + "Claim"):
        is_a_sentence_of_ours(claim, graph)
        assert bool(graph.all(claim, DCT + "isPartOf")) != bool(graph.all(claim, DCT + "type")), claim
        start, end = graph.one(claim, INF + "from"), graph.one(claim, INF + "until")
        assert start is None or end is None or start < end, claim


def test_a_claim_is_quoted_from_a_passage_of_a_source(graph: Graph) -> None:
    sources = set(graph.instances(DCT + "BibliographicResource"))
    for claim in graph.instances(INF + "Claim"):
        passage = graph.one(claim, PROV + "wasQuotedFrom")
        assert passage, claim
        assert graph.one(passage, OA + "hasSource") in sources, (claim, passage)
        assert graph.one(passage, OA + "hasSelector") is not None, (claim, passage)


def test_no_line_of_the_articles_that_the_source_table_names_is_left_out(graph: Graph, shared: Path) -> None:
    quoted: dict[str, set[str]] = defaultdict(set)
    for claim in statements(graph):
        match = re.match(
            r"source/(S-SEED\d)/l(\d+)", (graph.one(claim, PROV + "wasQuotedFrom") or "").removeprefix(BASE)
        )
        assert match, claim
        quoted[match[1]].add(match[2])
        assert claim.startswith(f"{BASE}claim/{match[1].removeprefix('S-')}-L{match[2]}"), claim
    for source in table(shared, "sources.yaml", "sources"):
        if source["id"] in ("S-SEED0", "S-SEED1"):
            assert {re.match(r"L(\d+)", anchor)[1] for anchor in source["anchors"]} <= quoted[source["id"]]  # type: ignore[index]
    for name, start in (("S-SEED0", "000_*.txt"), ("S-SEED1", "001_*.txt")):
        lines = next((shared / "seeds").glob(start)).read_text(encoding="utf-8").splitlines()
        assert all(lines[int(number) - 1].strip() for number in quoted[name]), name


def test_a_statement_says_how_it_stands_to_the_law(graph: Graph) -> None:
    stances = {s for s in graph.instances(SKOS + "Concept") if BASE + "value/stance" in graph.all(s, SKOS + "inScheme")}
    found = Counter(graph.one(claim, DCT + "type") for claim in statements(graph))
    assert set(found) == stances and sum(found.values()) == 58
    for stance in stances:
        is_a_sentence_of_ours(stance, graph)
        is_a_sentence_of_ours(stance, graph, SKOS + "scopeNote")
    for claim in statements(graph):
        stance = (graph.one(claim, DCT + "type") or "").removeprefix(BASE + "value/")
        modelled, against = graph.all(claim, INF + "modelledAs"), graph.all(claim, INF + "contradictedBy")
        assert bool(modelled) == (stance != "not-modelled"), claim
        assert against or stance not in {"contradicted", "outdated"}, claim
        assert not against or stance in {"contradicted", "outdated", "imprecise"}, claim
        assert graph.one(claim, INF + "until") or stance != "outdated", claim


def test_a_document_to_carry_is_linked_from_the_statement_that_asks_for_it(graph: Graph) -> None:
    documents = set(graph.instances("http://data.europa.eu/m8g/EvidenceType"))
    asked: dict[str, set[str | None]] = defaultdict(set)
    for claim in statements(graph):
        for thing in graph.all(claim, INF + "modelledAs"):
            if thing in documents:
                asked[thing].add(graph.one(claim, PROV + "wasQuotedFrom"))
    assert set(asked) == {d for d in documents if graph.names(d, DCT + "source", "source") & {"S-SEED0", "S-SEED1"}}
    for document, passages in asked.items():
        assert passages <= set(graph.all(document, PROV + "wasDerivedFrom")), document


def test_the_older_article_holds_no_longer_where_it_tells_people_to_flagpole(graph: Graph) -> None:
    ban = BASE + "rule/R-WP-FLAG-2024"
    ended = [c for c in statements(graph) if "SEED1" in c and ban in graph.all(c, INF + "contradictedBy")]
    assert len(ended) >= 5
    assert all((graph.one(claim, INF + "until") or "9999") <= "2024-12-24" for claim in ended)


def test_no_sentence_of_the_articles_is_repeated(graph: Graph, shared: Path) -> None:
    def runs(text: str, size: int) -> set[tuple[str, ...]]:
        words = re.findall(r"[a-z0-9]+", text.casefold())
        return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}

    articles = "\n".join(path.read_text(encoding="utf-8") for path in sorted((shared / "seeds").glob("*.txt")))
    taken = runs(articles, 9)
    labels = [graph.text(claim)["en"] for claim in graph.instances(INF + "Claim")]
    assert [label for label in labels if not runs(label, 9).isdisjoint(taken)] == []


# ---- nothing dangles -------------------------------------------------------------------------


def test_no_passage_is_defined_twice() -> None:
    found = Counter(passage for path in PASSAGE_FILES for passage in Graph([path]).instances(OA + "SpecificResource"))
    assert [passage for passage, times in found.items() if times > 1] == []
    assert len(PASSAGE_FILES) >= 3 and len(found) > 200


def test_a_passage_names_its_source_and_its_place(graph: Graph) -> None:
    for passage in graph.instances(OA + "SpecificResource"):
        source = (graph.one(passage, OA + "hasSource") or "").removeprefix(BASE + "source/")
        assert passage.startswith(f"{BASE}source/{source}/"), passage


@pytest.mark.parametrize("path", [*CLAIM_FILES, *CHANGE_FILES, *SCHEME_FILES, *PASSAGE_FILES], ids=lambda p: p.name)
def test_nothing_in_a_file_points_to_something_that_is_not_there(path: Path, subjects: set[str]) -> None:
    missing = {
        triple.object.value
        for triple in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
        if isinstance(triple.object, ox.NamedNode)
        and triple.object.value.startswith(BASE)
        and not triple.object.value.startswith(INF)
        and triple.object.value not in subjects
    }
    assert missing == set()


@pytest.mark.parametrize("path", [*CLAIM_FILES, *CHANGE_FILES, *SCHEME_FILES, *PASSAGE_FILES], ids=lambda p: p.name)
def test_a_file_says_what_it_is_what_it_reads_and_what_is_not_in_it(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line[:2] for line in lines[:4]] == ["# ", "# ", "# ", "@b"]
    assert lines[1].startswith("# Reads: ") and lines[2].startswith("# Not here: ")
    prefixes = [line.split()[1] for line in lines if line.startswith("@prefix")]
    assert prefixes == sorted(prefixes)
    body = "\n".join(line for line in lines if not line.startswith("@prefix"))
    assert [prefix for prefix in prefixes if prefix not in body] == []
