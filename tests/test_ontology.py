"""The vocabulary: every term declared and explained in two languages, and equal to the tables it was made from.

Over 500 lines because every part reads the same parsed graph: terms, facts, actions, constraints, documents.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import product
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib.namespace as closed
import yaml

ROOT = Path(__file__).resolve().parents[1]
BASE = "https://w3id.org/inforce/"
INF = BASE + "ns#"
CV = "http://data.europa.eu/m8g/"
DCT = "http://purl.org/dc/terms/"
OWL = "http://www.w3.org/2002/07/owl#"
PROV = "http://www.w3.org/ns/prov#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SH = "http://www.w3.org/ns/shacl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"

DECLARED_IN = [ROOT / "ontology" / name for name in ("core.ttl", "provenance.ttl", "derived.ttl")]
FACTS_THAT_TAKE_CONCEPTS = {
    "program": "program/scheme",
    "permit_category": "category/scheme",
    "exemption_code": "exemption/scheme",
}
LAYERS_BESIDE_THE_TABLE = {"act", "secondary"}  # named by changes and sources, not by a rule of the table

Triple = tuple[Any, str, Any]


def read(path: Path) -> list[Triple]:
    """Return the triples of one Turtle file; blank nodes are told apart by file."""
    triples = ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=BASE)
    return [
        (t.subject.value if isinstance(t.subject, ox.NamedNode) else t.subject, t.predicate.value, t.object)
        for t in triples
    ]


class Graph:
    """All triples of ``ontology`` and ``data``, by subject and predicate."""

    def __init__(self, paths: list[Path]) -> None:
        self.files = {path: read(path) for path in paths}
        self.by: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for subject, predicate, node in (t for triples in self.files.values() for t in triples):
            self.by[subject][predicate].append(node)

    def all(self, subject: Any, predicate: str) -> list[Any]:
        return self.by[subject][predicate] if subject in self.by else []

    def values(self, subject: Any, predicate: str) -> list[str]:
        return [node.value for node in self.all(subject, predicate)]

    def one(self, subject: Any, predicate: str) -> str | None:
        found = self.values(subject, predicate)
        assert len(found) <= 1, (subject, predicate, found)
        return found[0] if found else None

    def instances(self, kind: str) -> list[str]:
        return sorted(s for s in self.by if isinstance(s, str) and kind in self.values(s, RDF + "type"))

    def languages(self, subject: Any, predicate: str) -> list[str | None]:
        return sorted(node.language or "" for node in self.all(subject, predicate))

    def items(self, head: Any) -> list[Any]:
        found = []
        while head.value != RDF + "nil":
            key = head if isinstance(head, ox.BlankNode) else head.value
            found += self.all(key, RDF + "first")
            head = self.all(key, RDF + "rest")[0]
        return found

    def token(self, iri: str) -> str:
        """What a user types: the notation without a colon, the longest of the codes of a country."""
        return sorted((v for v in self.values(iri, SKOS + "notation") if ":" not in v), key=lambda v: (len(v) == 2, v))[
            0
        ]


@pytest.fixture(scope="module")
def graph() -> Graph:
    folders = ("ontology", "data")
    paths = [
        path for folder in folders for path in sorted((ROOT / folder).rglob("*.ttl")) if "shapes" not in path.parts
    ]
    return Graph(paths)


@pytest.fixture(scope="module")
def attributes(shared: Path) -> list[dict[str, Any]]:
    text = (shared / "domain" / "facts" / "case_attributes.yaml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.safe_load(text)["attributes"]
    return found


@pytest.fixture(scope="module")
def rule_table(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((shared / "domain" / "facts" / "rules.yaml").read_text(encoding="utf-8"))
    return found


# ---- terms -------------------------------------------------------------------------------------------


def declarations() -> Counter[str]:
    """Return how often each of our terms is declared: given a type in a file of the vocabulary."""
    found: Counter[str] = Counter()
    for path in DECLARED_IN:
        typed = {s for s, p, _ in read(path) if p == RDF + "type" and isinstance(s, str) and s.startswith(INF)}
        found.update(typed)
    return found


def test_every_term_used_is_declared_exactly_once(graph: Graph) -> None:
    declared = declarations()
    assert len(declared) > 100
    assert {term for term, times in declared.items() if times > 1} == set()
    used: dict[str, Path] = {}
    for path, triples in graph.files.items():
        for subject, predicate, node in triples:
            terms = [subject, predicate, node.value if isinstance(node, ox.NamedNode) else ""]
            used.update({term: path for term in terms if isinstance(term, str) and term.startswith(INF)})
    assert {term: path for term, path in used.items() if term not in declared} == {}


def test_every_term_declared_is_used(graph: Graph) -> None:
    """Used: in data, in the range of another term, in a shape, in a query, or by the package."""
    used = {
        term.removeprefix(INF)
        for triples in graph.files.values()
        for s, p, o in triples
        for term in (p, o.value if isinstance(o, ox.NamedNode) and o.value != s else "")
        if term.startswith(INF)
    }
    for path in (*(ROOT / "queries").rglob("*.rq"), *(ROOT / "ontology" / "shapes").rglob("*.ttl")):
        used |= set(re.findall(r"\binf:([A-Za-z]\w*)", path.read_text(encoding="utf-8")))
    for path in (ROOT / "kg").rglob("*.py"):
        used |= set(re.findall(r"\b_?INF \+ \"(\w+)\"", path.read_text(encoding="utf-8")))
    assert {term.removeprefix(INF) for term in declarations()} - used == set()


def test_every_term_in_a_query_or_a_shape_is_declared() -> None:
    declared = {term.removeprefix(INF) for term in declarations()}
    paths = [*sorted((ROOT / "queries").rglob("*.rq")), *sorted((ROOT / "ontology" / "shapes").rglob("*.ttl"))]
    assert paths
    for path in paths:
        used = set(re.findall(r"\binf:([A-Za-z]\w*)", path.read_text(encoding="utf-8")))
        assert used <= declared, f"{path.name}: {sorted(used - declared)}"


def test_every_term_the_package_reads_or_writes_is_declared() -> None:
    declared = {term.removeprefix(INF) for term in declarations()}
    used: dict[str, str] = {}
    for path in sorted((ROOT / "kg").rglob("*.py")):
        used.update(dict.fromkeys(re.findall(r"\b_?INF \+ \"(\w+)\"", path.read_text(encoding="utf-8")), path.name))
    assert len(used) > 50
    assert {term: name for term, name in used.items() if term not in declared} == {}


def test_every_term_has_label_and_comment_in_english_and_french(graph: Graph) -> None:
    wanting = {
        (term, predicate)
        for term, predicate in product(declarations(), (RDFS + "label", RDFS + "comment"))
        if graph.languages(term, predicate) != ["en", "fr"]
    }
    assert wanting == set()


def test_no_term_of_the_build_is_stated_by_hand(graph: Graph) -> None:
    built = {s for s, p, _ in read(ROOT / "ontology" / "derived.ttl") if p == RDF + "type"}
    assert INF + "holdsWhen" in built
    by_hand = {p for triples in graph.files.values() for _, p, _ in triples}
    kinds = {n.value for triples in graph.files.values() for _, p, n in triples if p == RDF + "type"}
    assert built & (by_hand | kinds) == set()


def test_domains_and_ranges_agree_with_what_is_stated(graph: Graph) -> None:
    """Reasoning may only add types that are true: each stated subject and object already has the type, or one below."""
    below: dict[str, set[str]] = defaultdict(set)
    for subject in [s for s in graph.by if isinstance(s, str)]:
        for above in graph.values(subject, RDFS + "subClassOf"):
            below[above].add(subject)
    checked = 0
    for triples in graph.files.values():
        for subject, predicate, node in triples:
            for term, thing in ((RDFS + "domain", subject), (RDFS + "range", node)):
                for kind in graph.values(predicate, term) if predicate.startswith(INF) else []:
                    if kind.startswith(XSD):
                        assert thing.datatype.value == kind, (subject, predicate, node)
                    elif kind == RDF + "List":
                        assert isinstance(thing, ox.BlankNode) or thing.value == RDF + "nil", (subject, predicate)
                    else:
                        name = thing.value if isinstance(thing, ox.NamedNode) else thing
                        types = set(graph.values(name, RDF + "type"))
                        assert types & {kind, *below[kind]}, (subject, predicate, node, kind)
                    checked += 1
    assert checked > 5000


OWL_RL_USED = {
    "Class",
    "DatatypeProperty",
    "ObjectProperty",
    "Ontology",
    "TransitiveProperty",
    "inverseOf",
    "propertyChainAxiom",
}
OWL_RL_DATATYPES = {"boolean", "integer", "string", "dateTime", "decimal"}


def test_the_core_stays_in_owl_2_rl(graph: Graph) -> None:
    """Source: W3C, OWL 2 Profiles, section 4.2."""
    core = graph.files[ROOT / "ontology" / "core.ttl"]
    names = {term for s, p, o in core for term in (s, p, getattr(o, "value", "")) if isinstance(term, str)}
    used = {name.removeprefix(OWL) for name in names if name.startswith(OWL)}
    assert used <= OWL_RL_USED
    everywhere = {
        term.removeprefix(OWL)
        for triples in graph.files.values()
        for s, p, o in triples
        for term in (s, p, o.value if isinstance(o, ox.NamedNode) else "")
        if isinstance(term, str) and term.startswith(OWL)
    }
    assert everywhere <= OWL_RL_USED and all(name in closed.OWL for name in everywhere)
    assert {name.removeprefix(XSD) for name in names if name.startswith(XSD)} <= OWL_RL_DATATYPES
    kinds = {(s, o.value) for s, p, o in core if p == RDF + "type" and s.startswith(INF)}
    both = {s for s, k in kinds if k == OWL + "ObjectProperty"} & {s for s, k in kinds if k == OWL + "DatatypeProperty"}
    assert both == set()


def test_transitive_part_of_leaves_the_stated_step_alone(graph: Graph) -> None:
    """Readers walk eli:is_part_of one step at a time; only what lies above it may be transitive."""
    eli = "http://data.europa.eu/eli/ontology#"
    assert OWL + "TransitiveProperty" in graph.values(INF + "within", RDF + "type")
    assert graph.values(eli + "is_part_of", RDFS + "subPropertyOf") == [INF + "within"]
    assert OWL + "TransitiveProperty" not in graph.values(eli + "is_part_of", RDF + "type")
    assert OWL + "TransitiveProperty" not in graph.values(SKOS + "broader", RDF + "type")


def test_the_closure_finds_a_subparagraph_within_its_law() -> None:
    from inforce.reasoning.closure import closure
    from inforce.rules.triples import Node

    part, within, rests = "http://data.europa.eu/eli/ontology#is_part_of", INF + "within", INF + "restsOn"
    schema = [
        (subject, predicate, Node(node.value))
        for name in ("core.ttl", "alignments.ttl")
        for subject, predicate, node in skolem(read(ROOT / "ontology" / name))
        if isinstance(node, ox.NamedNode) and predicate != RDFS + "seeAlso"
    ]
    law, section, paragraph = BASE + "irpr", BASE + "irpr/198", BASE + "irpr/198/2"
    stated = [
        (paragraph, part, Node(section)),
        (section, part, Node(law)),
        (BASE + "rule/A/2020-01-01", INF + "expresses", Node(paragraph)),
    ]
    found = {item.triple: item for item in closure([*schema, *stated])}
    assert found[paragraph, within, Node(law)].rule == "prp-trp"
    assert found[law, "http://data.europa.eu/eli/ontology#has_part", Node(section)].rule == "prp-inv"
    assert {o.value for s, p, o in found if s.endswith("/2020-01-01") and p == rests} == {paragraph, section, law}
    assert (paragraph, part, Node(law)) not in found


def skolem(triples: list[Triple]) -> list[Triple]:
    def name(term: Any) -> Any:
        return ox.NamedNode(f"{BASE}.well-known/genid/{term.value}") if isinstance(term, ox.BlankNode) else term

    return [(name(s).value if isinstance(s, ox.BlankNode) else s, p, name(o)) for s, p, o in triples]


# ---- reused vocabularies -----------------------------------------------------------------------------


def names_in_use(graph: Graph, namespace: str) -> set[str]:
    """Return the names of a foreign namespace in use, the list of names in ``alignments.ttl`` left aside."""
    return {
        term.removeprefix(namespace)
        for triples in graph.files.values()
        for s, p, o in triples
        if p != DCT + "hasPart"
        for term in (s, p, o.value if isinstance(o, ox.NamedNode) else "")
        if isinstance(term, str) and term.startswith(namespace) and term != namespace
    }


def vocabularies(graph: Graph) -> dict[str, str]:
    return {graph.one(s, DCT + "identifier") or "": s for s in graph.instances(DCT + "Standard")}


def test_each_reused_vocabulary_is_listed_with_the_names_in_use(graph: Graph) -> None:
    listed = vocabularies(graph)
    foreign = {
        term
        for triples in graph.files.values()
        for s, p, o in triples
        for term in (s, p, o.value if isinstance(o, ox.NamedNode) else "")
        if isinstance(term, str)
        and term
        and not term.startswith((BASE, RDF, RDFS, OWL, XSD, "https://creativecommons.org/"))
    }
    assert {term for term in foreign if not term.startswith(tuple(listed))} == set()
    for namespace, vocabulary in listed.items():
        parts = {part.removeprefix(namespace) for part in graph.values(vocabulary, DCT + "hasPart")}
        extra = {"hasPart"} if namespace == DCT else set()
        assert parts == names_in_use(graph, namespace) | extra, namespace
        assert (
            graph.languages(vocabulary, RDFS + "label") == graph.languages(vocabulary, RDFS + "comment") == ["en", "fr"]
        )


@pytest.mark.parametrize("name", ["PROV", "SKOS", "DCTERMS", "TIME", "DCAT", "SH"])
def test_names_checked_against_a_closed_list_are_in_it(graph: Graph, name: str) -> None:
    space = getattr(closed, name)
    namespace = str(space)
    assert namespace in vocabularies(graph)
    used = names_in_use(graph, namespace)
    assert used and [one for one in sorted(used) if one not in space] == []


def test_each_name_of_cccev_is_in_its_published_file(graph: Graph, shared: Path) -> None:
    published: set[str] = set()
    for path in sorted((shared / "vocab").glob("cccev-*.ttl")):
        published |= {s for s, p, _ in read(path) if p == RDF + "type" and isinstance(s, str)}
    used = {CV + one for one in names_in_use(graph, CV)}
    assert CV + "InformationConcept" in used and used <= published


# ---- labels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [SKOS + "Concept", SKOS + "ConceptScheme", SKOS + "Collection"]
    + [
        INF + name
        for name in (
            "Fact",
            "Action",
            "Layer",
            "Constraint",
            "Condition",
            "DatedList",
            "Rule",
            "RuleVersion",
            "Entailment",
        )
    ]
    + [CV + "EvidenceType"],
)
def test_each_is_labelled_in_english_and_french(graph: Graph, kind: str) -> None:
    found = graph.instances(kind)
    assert found
    wanting = [one for one in found if not {"en", "fr"} <= set(graph.languages(one, RDFS + "label"))]
    assert wanting == []


def test_no_file_of_the_ontology_is_too_long_to_read() -> None:
    long = {
        p.name: n for p in (ROOT / "ontology").rglob("*.ttl") if (n := len(p.read_text("utf-8").splitlines())) > 300
    }
    assert long == {}


# ---- facts -------------------------------------------------------------------------------------------


def facts(graph: Graph) -> dict[str, str]:
    return {graph.one(s, SKOS + "notation") or "": s for s in graph.instances(INF + "Fact")}


def test_facts_are_those_of_the_table_and_three_that_take_concepts(
    graph: Graph, attributes: list[dict[str, Any]]
) -> None:
    found = facts(graph)
    assert set(found) == {item["id"] for item in attributes} | set(FACTS_THAT_TAKE_CONCEPTS)
    assert all(iri == f"{BASE}fact/{name}" for name, iri in found.items())
    order = sorted(found, key=lambda name: int(graph.one(found[name], SH + "order") or 0))
    assert order == [item["id"] for item in attributes] + list(FACTS_THAT_TAKE_CONCEPTS)
    for name, scheme in FACTS_THAT_TAKE_CONCEPTS.items():
        assert graph.one(found[name], INF + "valuesFrom") == BASE + scheme
        assert graph.one(found[name], INF + "multiple") == "true"
        assert graph.all(found[name], INF + "ordinarily") == []


def test_each_fact_has_the_kind_question_and_values_of_the_table(
    graph: Graph, attributes: list[dict[str, Any]]
) -> None:
    found = facts(graph)
    for item in attributes:
        fact, name = found[item["id"]], item["id"]
        english = next(n.value for n in graph.all(fact, INF + "question") if n.language == "en")
        assert english == item["question"], name
        assert graph.languages(fact, INF + "question") == ["en", "fr"], name
        taken = (graph.one(fact, SH + "datatype"), graph.one(fact, SH + "class"))
        assert taken == ((XSD + "boolean", None) if item["type"] == "bool" else (None, SKOS + "Concept")), name
        assert (graph.one(fact, INF + "multiple") == "true") == item["type"].startswith("list"), name
        allowed = [graph.token(iri) for iri in graph.values(fact, INF + "allowedValue")]
        expected = item["allowed_values"] if isinstance(item["allowed_values"], list) else []
        assert sorted(allowed) == sorted(expected), name
        scheme = graph.one(fact, INF + "valuesFrom")
        assert (scheme is not None) == (isinstance(item["allowed_values"], str)), name


def test_the_schemes_that_facts_take_hold_the_values_of_the_table(graph: Graph, shared: Path) -> None:
    import csv

    with (shared / "domain" / "facts" / "nationality_status.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    members = defaultdict(set)
    for concept in graph.instances(SKOS + "Concept"):
        for scheme in graph.values(concept, SKOS + "inScheme"):
            members[scheme.removeprefix(BASE)] |= set(graph.values(concept, SKOS + "notation"))
    classes = {row["entity_id"] for row in rows if row["entity_class"] in ("travel_document", "status")}
    assert classes and classes <= members["class/scheme"]
    ports = yaml.safe_load((shared / "domain" / "facts" / "exemptions.yaml").read_text(encoding="utf-8"))["ports"]
    assert {port["id"] for port in ports if "members" not in port} | {"OTHER"} <= members["port/scheme"]
    assert {"FRA", "SPM", "USA", "OTHER"} <= members["place/scheme"]


def test_what_is_ordinary_is_what_the_table_says(graph: Graph, attributes: list[dict[str, Any]]) -> None:
    found = facts(graph)
    for item in attributes:
        stated = graph.all(found[item["id"]], INF + "ordinarily")
        if item["ordinarily"] is None:
            assert stated == [], item["id"]
            continue
        (node,) = stated
        if isinstance(item["ordinarily"], bool):
            assert node == ox.Literal(item["ordinarily"]), item["id"]
        elif item["ordinarily"] == []:
            assert node.value == RDF + "nil", item["id"]
        else:
            assert graph.token(node.value) == item["ordinarily"], item["id"]


def test_each_fact_says_whether_and_how_hard_it_can_be_changed(graph: Graph) -> None:
    for name, fact in facts(graph).items():
        cost = graph.one(fact, INF + "cost")
        if graph.one(fact, INF + "changeable") == "true":
            assert cost is not None and 1 <= int(cost) <= 9, name
        else:
            assert graph.one(fact, INF + "changeable") == "false" and cost is None, name
    assert [n for n, f in facts(graph).items() if graph.one(f, INF + "followsDay") == "true"] == ["arrival_weekday"]


def test_a_citizenship_cannot_be_changed_and_a_port_easily(graph: Graph) -> None:
    found = facts(graph)
    assert graph.one(found["citizenships"], INF + "changeable") == "false"
    assert int(graph.one(found["port_of_entry"], INF + "cost") or 9) < int(
        graph.one(found["lmia_required"], INF + "cost") or 0
    )


def takes(graph: Graph, fact: str, value: Any) -> bool:
    """Tell whether a fact can have a value, by its kind, its list or its scheme."""
    if graph.one(fact, SH + "datatype") == XSD + "boolean":
        return isinstance(value, ox.Literal) and value.datatype.value == XSD + "boolean"
    scheme = graph.one(fact, INF + "valuesFrom")
    if scheme:
        return scheme in graph.values(value.value, SKOS + "inScheme")
    return value.value in graph.values(fact, INF + "allowedValue")


def test_every_value_that_a_test_or_an_entailment_names_is_one_its_fact_takes(graph: Graph) -> None:
    checked = 0
    for subject in list(graph.by):
        for fact in graph.values(subject, INF + "fact"):
            named = [
                *graph.all(subject, INF + "is"),
                *graph.all(subject, INF + "isTrue"),
                *graph.all(subject, RDF + "value"),
            ]
            for head in graph.all(subject, INF + "in"):
                named += graph.items(head)
            for value in named:
                assert takes(graph, fact, value), (fact, value)
                checked += 1
    assert checked > 150


def test_what_is_ordinary_is_a_value_the_fact_takes(graph: Graph) -> None:
    for name, fact in facts(graph).items():
        for value in graph.all(fact, INF + "ordinarily"):
            assert getattr(value, "value", "") == RDF + "nil" or takes(graph, fact, value), name


# ---- actions and layers ------------------------------------------------------------------------------


def test_actions_are_those_of_the_rule_table(graph: Graph, rule_table: dict[str, Any]) -> None:
    found = sorted(graph.instances(INF + "Action"), key=lambda s: int(graph.one(s, SH + "order") or 0))
    assert [one.removeprefix(BASE + "action/") for one in found] == [item["id"] for item in rule_table["actions"]]
    for iri, item in zip(found, rule_table["actions"], strict=True):
        assert item["label"] in graph.values(iri, RDFS + "label")
        answers, default = graph.one(iri, INF + "answers"), graph.one(iri, INF + "default")
        # The table has only obligations for issue: nothing there permits it, so it asks what is required.
        needed = item["id"] in ("eta-needed", "trv-needed", "issue-work-permit")
        expected = ("Required", "NotRequired") if needed else ("May", "MayNot")
        assert (answers, default) == (INF + expected[0], INF + expected[1]), item["id"]


def test_layers_are_those_of_the_rule_table(graph: Graph, rule_table: dict[str, Any]) -> None:
    spelled = {"cbsa_notice": "notice"}
    named = {spelled.get(item["layer"], item["layer"].replace("_", "-")) for item in rule_table["rules"]}
    found = {one.removeprefix(BASE + "layer/") for one in graph.instances(INF + "Layer")}
    assert found == named | LAYERS_BESIDE_THE_TABLE


def test_the_order_of_authority_runs_from_the_act_to_secondary_sources(graph: Graph) -> None:
    rank = {
        one.removeprefix(BASE + "layer/"): int(graph.one(one, INF + "rank") or -1)
        for one in graph.instances(INF + "Layer")
    }
    ladder = ["default", "act", "regulation", "designation", "operational-bulletin", "notice", "secondary"]
    assert [rank[name] for name in ladder] == list(range(7))
    assert rank["designation"] == rank["ministerial-instruction"] == rank["public-policy"] == rank["order-in-council"]
    assert rank["delivery-instruction"] == rank["operational-bulletin"]


# ---- constraints -------------------------------------------------------------------------------------

EXCLUDED: dict[str, dict[str, Any]] = {
    "us-citizen-or-permanent-resident": {"us_permanent_resident": True, "citizenships": ["MEX", "USA"]},
    "direct-from-spm-arrives-from-spm": {"arriving_direct_from_spm": True, "arriving_from": "USA"},
    "arrives-from-spm-is-direct": {"arriving_direct_from_spm": False, "arriving_from": "SPM"},
    "by-land-from-us": {"arrival_mode": "land", "arriving_from": "FRA"},
    "direct-from-spm-not-by-land": {"arriving_direct_from_spm": True, "arrival_mode": "land"},
    "vessel-with-berths-is-a-vessel": {"vessel_100_plus_berths": True, "arrival_mode": "air"},
    "land-port-not-by-air": {"arrival_mode": "air", "port_of_entry": "POE-LACOLLE"},
    "trip-only-us-or-spm-arrives-from-there": {"trip_only_us_or_spm": True, "arriving_from": "FRA"},
    "maintained-status-is-status": {
        "renewal_applied_before_departure": True,
        "held_temporary_status_in_canada_on_departure": False,
    },
    "status-is-authorized-stay": {
        "held_temporary_status_in_canada_on_departure": True,
        "held_permit_or_tr_authorization_before_trip": False,
    },
    "sawp-needs-lmia": {"sawp_application": True, "lmia_required": False},
    "sawp-is-seasonal-agriculture": {"sawp_application": True, "seasonal_agricultural_employment": False},
    "seafood-needs-lmia": {"cap_exempt_seafood_application": True, "lmia_required": False},
    "sawp-or-seafood": {"sawp_application": True, "cap_exempt_seafood_application": True},
    "farm-work-or-care": {"seasonal_agricultural_employment": True, "caregiver_noc_44100_44101": True},
    "pgwp-without-lmia": {"pgwp_application": True, "lmia_required": True},
    "bridging-without-lmia": {"bridging_open_work_permit_application": True, "lmia_required": True},
    "exempt-offer-without-lmia": {"employer_specific_lmia_exempt_offer": True, "lmia_required": True},
    "pgwp-or-bridging": {"pgwp_application": True, "bridging_open_work_permit_application": True},
    "pgwp-or-youth-exchange": {"pgwp_application": True, "youth_exchange_participant": True},
    "youth-exchange-approval-is-of-a-participant": {
        "youth_exchange_approved_before_entry": True,
        "youth_exchange_participant": False,
    },
    "trv-held-is-held-within-ten-years": {"holds_trv": True, "held_canadian_trv_last_10_years": False},
}
POSSIBLE: list[dict[str, Any]] = [
    {"us_permanent_resident": True, "citizenships": ["IND"]},
    {"us_permanent_resident": False, "citizenships": ["USA"]},
    {"arriving_direct_from_spm": True, "arriving_from": "SPM", "arrival_mode": "vessel", "trip_only_us_or_spm": True},
    {"arrival_mode": "land", "arriving_from": "USA", "port_of_entry": "POE-LACOLLE", "trip_only_us_or_spm": True},
    {"arrival_mode": "air", "arriving_from": "FRA", "port_of_entry": "OTHER", "trip_only_us_or_spm": False},
    {"vessel_100_plus_berths": True, "arrival_mode": "vessel", "arriving_from": "FRA"},
    {"held_temporary_status_in_canada_on_departure": False, "held_permit_or_tr_authorization_before_trip": True},
    {"sawp_application": True, "lmia_required": True, "seasonal_agricultural_employment": True},
    {"seasonal_agricultural_employment": True, "sawp_application": False, "lmia_required": False},
    {"youth_exchange_participant": True, "youth_exchange_approved_before_entry": False, "lmia_required": False},
    {"held_canadian_trv_last_10_years": True, "holds_trv": False},
]


def truth(graph: Graph, node: Any, case: dict[str, Any]) -> bool | None:
    """Return the strong Kleene truth of an expression for a case; a fact it does not give is unknown."""
    for term, whole in ((INF + "allOf", False), (INF + "anyOf", True)):
        for head in graph.all(node, term):
            parts = [truth(graph, member, case) for member in graph.items(head)]
            return whole if whole in parts else (None if None in parts else not whole)
    for inner in graph.all(node, INF + "not"):
        found = truth(graph, inner, case)
        return None if found is None else not found
    name = (graph.one(node, INF + "fact") or "").removeprefix(BASE + "fact/")
    if name not in case:
        return None
    for wanted in graph.all(node, INF + "isTrue"):
        return bool(case[name] is (wanted.value == "true"))
    given = case[name] if isinstance(case[name], list) else [case[name]]
    tested = [*graph.all(node, INF + "is"), *(one for head in graph.all(node, INF + "in") for one in graph.items(head))]
    assert tested
    return any(graph.token(one.value) in given for one in tested)


def violated(graph: Graph, case: dict[str, Any]) -> set[str]:
    """Return the names of the constraints that a case certainly breaks."""
    return {
        one.removeprefix(BASE + "constraint/")
        for one in graph.instances(INF + "Constraint")
        for expression in graph.all(one, INF + "excludes")
        if truth(graph, expression, case) is True
    }


def test_every_constraint_has_a_case_here(graph: Graph) -> None:
    assert {one.removeprefix(BASE + "constraint/") for one in graph.instances(INF + "Constraint")} == set(EXCLUDED)


@pytest.mark.parametrize("name", EXCLUDED)
def test_a_constraint_excludes_its_case_and_half_of_it_is_possible(graph: Graph, name: str) -> None:
    case = EXCLUDED[name]
    assert violated(graph, case) == {name}
    for fact in case:
        assert violated(graph, {key: value for key, value in case.items() if key != fact}) == set()


@pytest.mark.parametrize("case", POSSIBLE, ids=lambda case: ",".join(case))
def test_what_can_hold_together_is_not_excluded(graph: Graph, case: dict[str, Any]) -> None:
    assert violated(graph, case) == set()


def test_the_ordinary_case_breaks_no_constraint(graph: Graph, attributes: list[dict[str, Any]]) -> None:
    ordinary = {item["id"]: item["ordinarily"] for item in attributes if item["ordinarily"] is not None}
    assert violated(graph, ordinary) == set()


def test_no_scenario_of_the_tables_breaks_a_constraint(graph: Graph, shared: Path) -> None:
    scenarios = yaml.safe_load((shared / "domain" / "check" / "scenarios.yaml").read_text(encoding="utf-8"))
    assert len(scenarios) > 30
    assert {item["id"]: broken for item in scenarios if (broken := violated(graph, item["case"]))} == {}


def test_the_land_ports_are_all_the_ports_with_limited_hours(graph: Graph) -> None:
    (expression,) = graph.all(BASE + "constraint/land-port-not-by-air", INF + "excludes")
    members = [one for head in graph.all(expression, INF + "allOf") for one in graph.items(head)]
    named = {port.value for member in members for head in graph.all(member, INF + "in") for port in graph.items(head)}
    assert named == set(graph.values(BASE + "port/HOURS-12", SKOS + "member"))


# ---- evidence ----------------------------------------------------------------------------------------


def test_each_document_shows_a_fact_and_says_which_line_asks_for_it(graph: Graph) -> None:
    found = graph.instances(CV + "EvidenceType")
    assert len(found) >= 15
    known = set(facts(graph).values())
    passages = set(graph.instances("http://www.w3.org/ns/oa#SpecificResource"))
    for one in found:
        shown = set(graph.values(one, CV + "supportsConcept"))
        assert shown and shown <= known, one
        derived, sources = graph.values(one, PROV + "wasDerivedFrom"), graph.values(one, DCT + "source")
        assert derived and set(derived) <= passages, one
        assert {BASE + "source/" + line.split("/")[-2] for line in derived} == set(sources), one
