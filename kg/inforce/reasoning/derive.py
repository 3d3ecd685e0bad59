"""All that follows from what was written: instants, closure, dated entailment, events and links, clauses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyoxigraph as ox

from inforce.queries import read_query
from inforce.reasoning.clauses import condition_clauses
from inforce.reasoning.closure import closure
from inforce.reasoning.dated import entailed
from inforce.reasoning.names import DCT, ELI, INF, OWL, RDF, RDFS, SKOS, TYPE, XSD, Inference, Triple, digest
from inforce.reasoning.terms import nodes, to_node, to_term
from inforce.rules.triples import Node, Triples
from inforce.vocab import BASE, PREFIXES

__all__ = ["INFERRED", "infer"]

INFERRED = BASE + "graph/inferred"


def infer(store: ox.Store, queries: Path) -> None:
    """Add to the store's inferred graph all that follows: closure, instants, dated entailment, events, clauses."""
    graph = ox.NamedNode(INFERRED)

    def add(triples: Iterable[Triple]) -> None:
        for subject, predicate, node in triples:
            s, p, o = ox.NamedNode(subject), ox.NamedNode(predicate), to_term(node)
            if next(iter(store.quads_for_pattern(s, p, o)), None) is None:
                store.add(ox.Quad(s, p, o, graph))

    add(instants(nodes(store)))
    add(proofs(closure(_schema(store))))
    add(entailed(nodes(store)))
    for path in sorted(queries.glob("*.rq")):
        rule = read_query(path)
        made: Any = store.query(rule.text, use_default_graph_as_union=True, prefixes=PREFIXES)
        add((t.subject.value, t.predicate.value, to_node(t.object)) for t in made)
    add(condition_clauses(nodes(store)))


def _schema(store: ox.Store) -> list[Triple]:
    """What is closed: classes, properties, axioms, hierarchies of concepts and provisions, and what expresses them."""
    wanted = {
        *(RDFS + n for n in ("subClassOf", "subPropertyOf", "domain", "range")),
        *(
            OWL + n
            for n in (
                "inverseOf",
                "propertyChainAxiom",
                "equivalentClass",
                "equivalentProperty",
                "onProperty",
                "hasValue",
                "someValuesFrom",
                "intersectionOf",
                "unionOf",
                "oneOf",
            )
        ),
        *(SKOS + n for n in ("broader", "narrower", "broaderTransitive", "narrowerTransitive")),
        RDF + "first",
        RDF + "rest",
        ELI + "is_part_of",
        ELI + "has_part",
        INF + "expresses",
    }
    kinds = {
        OWL + n
        for n in (
            "Class",
            "ObjectProperty",
            "DatatypeProperty",
            "TransitiveProperty",
            "SymmetricProperty",
            "FunctionalProperty",
            "Restriction",
        )
    }
    ontology = {q.subject for q in store if q.predicate.value == TYPE and q.object.value in kinds}
    found: list[Triple] = []
    for quad in store:
        predicate, node = quad.predicate.value, to_node(quad.object)
        lists = predicate in (RDF + "first", RDF + "rest")
        if predicate in wanted and (not lists or quad.subject in ontology or _in_axiom(store, quad.subject)):
            found.append((quad.subject.value, predicate, node))
        elif predicate == TYPE and node.value in kinds:
            found.append((quad.subject.value, predicate, node))
    return found


def _in_axiom(store: ox.Store, head: Any) -> bool:
    axioms = {OWL + n for n in ("propertyChainAxiom", "intersectionOf", "unionOf", "oneOf")}
    while True:
        above = next(iter(store.quads_for_pattern(None, None, head)), None)
        if above is None:
            return False
        if above.predicate.value in axioms:
            return True
        if above.predicate.value != RDF + "rest":
            return False
        head = above.subject


def proofs(inferences: Iterable[Inference]) -> list[Triple]:
    """Return inferred triples together with the nodes that say what each came from."""
    found: list[Triple] = []
    for item in inferences:
        subject, predicate, node = item.triple
        found.append(item.triple)
        name = f"{BASE}inference/{digest(subject, predicate, *node)}"
        found += [
            (name, TYPE, Node(RDF + "Statement")),
            (name, RDF + "subject", Node(subject)),
            (name, RDF + "predicate", Node(predicate)),
            (name, RDF + "object", node),
            (name, INF + "derivedBy", Node(item.rule, "literal", XSD + "string")),
        ]
        for s, p, o in item.premises:
            text = f"<{s}> <{p}> <{o.value}>"
            found.append((name, INF + "premise", Node(text, "literal", XSD + "string")))
    return found


def instants(triples: Triples) -> list[Triple]:
    """Return ``startsAt`` and ``endsAt`` of every version that has none: midnight, or where its successor starts."""
    dataset = next((s for s in triples.by_subject if triples.value(s, INF + "timeZone")), None)
    zone = ZoneInfo(triples.value(dataset, INF + "timeZone") or "UTC") if dataset else ZoneInfo("UTC")
    starts: dict[tuple[str, str], str] = {}
    dated = [s for s in sorted(triples.by_subject) if triples.value(s, INF + "from") or triples.value(s, INF + "until")]
    for subject in dated:
        start, hour = triples.value(subject, INF + "from"), triples.value(subject, INF + "startsAt")
        if start and hour:
            starts[_line(triples, subject), start] = hour
    found: list[Triple] = []
    for subject in dated:
        start, until = triples.value(subject, INF + "from"), triples.value(subject, INF + "until")
        if start and not triples.value(subject, INF + "startsAt"):
            found.append((subject, INF + "startsAt", _midnight(start, zone)))
        if until and not triples.value(subject, INF + "endsAt"):
            hour = starts.get((_line(triples, subject), until))
            node = Node(hour, "literal", XSD + "dateTime") if hour else _midnight(until, zone)
            found.append((subject, INF + "endsAt", node))
    return found


def _line(triples: Triples, subject: str) -> str:
    """What the versions of one thing share: their rule, provision, or list entry."""
    entry = triples.value(subject, INF + "entry")
    of = triples.value(subject, INF + "versionOf") or triples.value(subject, DCT + "isVersionOf")
    # An entry moves between lists: leaving one and joining another happens at one instant.
    return of or entry or subject


def _midnight(day: str, zone: ZoneInfo) -> Node:
    moment = datetime.combine(date.fromisoformat(day), datetime.min.time(), zone)
    return Node(moment.isoformat(), "literal", XSD + "dateTime")
