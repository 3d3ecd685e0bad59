"""The OWL 2 RL closure of ontology and schemes, each triple with a one-step justification.

Source: W3C, OWL 2 Web Ontology Language Profiles, section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from inforce.reasoning.names import INF, OWL, RDF, RDFS, TYPE, XSD, Inference, Triple
from inforce.rules.triples import Node
from inforce.vocab import BASE

__all__ = ["closure"]


def closure(triples: Iterable[Triple]) -> list[Inference]:
    """Return what OWL 2 RL adds to ``triples`` about our own terms, each with a one-step justification.

    Axiomatic and reflexive triples are dropped, and so is what only restates the vocabularies.

    Raises:
        ValueError: an inferred triple has no one-step justification; the rule set here is then incomplete.
    """
    import owlrl
    import rdflib

    given = set(triples)
    graph = rdflib.Graph()
    for subject, predicate, node in given:
        graph.add((rdflib.URIRef(subject), rdflib.URIRef(predicate), _to_rdflib(node)))
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(graph)
    everything: set[Triple] = set()
    for s, p, o in graph:
        if isinstance(s, rdflib.URIRef) and isinstance(p, rdflib.URIRef) and isinstance(o, rdflib.URIRef):
            everything.add((str(s), str(p), Node(str(o))))
    everything |= given
    new = sorted(t for t in everything - given if _worth(t))
    by_pair = _Closure(everything)
    return [by_pair.justify(triple) for triple in new]


def _to_rdflib(node: Node) -> Any:
    import rdflib

    if node.kind == "iri":
        return rdflib.URIRef(node.value)
    if node.lang:
        return rdflib.Literal(node.value, lang=node.lang)
    return rdflib.Literal(node.value, datatype=rdflib.URIRef(node.datatype or XSD + "string"))


SCAFFOLD = {OWL + name for name in ("sameAs", "equivalentClass", "equivalentProperty", "disjointWith", "differentFrom")}
TRIVIAL = {OWL + "Thing", OWL + "Nothing", RDFS + "Resource", RDFS + "Class", RDFS + "Datatype", RDF + "Property"}


def _worth(triple: Triple) -> bool:
    subject, predicate, node = triple
    if not subject.startswith(BASE) or subject == node.value or predicate in SCAFFOLD:
        return False
    return node.value not in TRIVIAL and not node.value.startswith(XSD) and not predicate.startswith(INF + "not")


class _Closure:
    """Finds one-step justifications among the triples of a closed set."""

    def __init__(self, triples: set[Triple]) -> None:
        self.triples = triples
        self.by_sp: dict[tuple[str, str], list[str]] = {}
        self.by_po: dict[tuple[str, str], list[str]] = {}
        for s, p, o in sorted(triples):
            self.by_sp.setdefault((s, p), []).append(o.value)
            self.by_po.setdefault((p, o.value), []).append(s)
        self.by_so: dict[tuple[str, str], list[str]] = {}
        for s, p, o in sorted(triples):
            self.by_so.setdefault((s, o.value), []).append(p)

    def has(self, s: str, p: str, o: str) -> bool:
        return (s, p, Node(o)) in self.triples

    def justify(self, triple: Triple) -> Inference:
        s, p, node = triple
        o = node.value
        ways = (self._typed, self._property, self._inverse, self._transitive, self._chain, self._schema)
        for way in ways:
            found = way(s, p, o)
            if found is not None:
                rule, premises = found
                return Inference(triple, rule, tuple((a, b, Node(c)) for a, b, c in premises))
        return Inference(triple, "owl-rl")

    def _typed(self, s: str, p: str, o: str) -> tuple[str, list[tuple[str, str, str]]] | None:
        if p != TYPE:
            return None
        for narrower in self.by_po.get((RDFS + "subClassOf", o), ()):
            if narrower != o and self.has(s, TYPE, narrower):
                return "cax-sco", [(s, TYPE, narrower), (narrower, RDFS + "subClassOf", o)]
        for term, rule in ((RDFS + "domain", "prp-dom"), (RDFS + "range", "prp-rng")):
            for prop in self.by_po.get((term, o), ()):
                others = self.by_sp.get((s, prop)) if rule == "prp-dom" else self.by_po.get((prop, s))
                if others:
                    used = (s, prop, others[0]) if rule == "prp-dom" else (others[0], prop, s)
                    return rule, [used, (prop, term, o)]
        return None

    def _property(self, s: str, p: str, o: str) -> tuple[str, list[tuple[str, str, str]]] | None:
        for narrower in self.by_so.get((s, o), ()):
            if narrower != p and self.has(narrower, RDFS + "subPropertyOf", p):
                return "prp-spo1", [(s, narrower, o), (narrower, RDFS + "subPropertyOf", p)]
        return None

    def _inverse(self, s: str, p: str, o: str) -> tuple[str, list[tuple[str, str, str]]] | None:
        for q in self.by_so.get((o, s), ()):
            if self.has(p, OWL + "inverseOf", q) or self.has(q, OWL + "inverseOf", p):
                pair = (p, OWL + "inverseOf", q) if self.has(p, OWL + "inverseOf", q) else (q, OWL + "inverseOf", p)
                return "prp-inv", [(o, q, s), pair]
            if q == p and self.has(p, TYPE, OWL + "SymmetricProperty"):
                return "prp-symp", [(o, p, s), (p, TYPE, OWL + "SymmetricProperty")]
        return None

    def _transitive(self, s: str, p: str, o: str) -> tuple[str, list[tuple[str, str, str]]] | None:
        if not self.has(p, TYPE, OWL + "TransitiveProperty"):
            return None
        for middle in self.by_sp.get((s, p), ()):
            if middle not in (s, o) and self.has(middle, p, o):
                return "prp-trp", [(s, p, middle), (middle, p, o)]
        return None

    def _chain(self, s: str, p: str, o: str) -> tuple[str, list[tuple[str, str, str]]] | None:
        for head in self.by_sp.get((p, OWL + "propertyChainAxiom"), ()):
            first = (self.by_sp.get((head, RDF + "first")) or [""])[0]
            rest = (self.by_sp.get((head, RDF + "rest")) or [""])[0]
            second = (self.by_sp.get((rest, RDF + "first")) or [""])[0]
            for middle in self.by_sp.get((s, first), ()):
                if self.has(middle, second, o):
                    return "prp-spo2", [(s, first, middle), (middle, second, o), (p, OWL + "propertyChainAxiom", head)]
        return None

    def _schema(self, s: str, p: str, o: str) -> tuple[str, list[tuple[str, str, str]]] | None:
        if p in (RDFS + "subClassOf", RDFS + "subPropertyOf"):
            for middle in self.by_sp.get((s, p), ()):
                if middle not in (s, o) and self.has(middle, p, o):
                    return "scm-sco", [(s, p, middle), (middle, p, o)]
        if p in (RDFS + "domain", RDFS + "range"):
            for narrower in self.by_sp.get((s, p), ()):
                if narrower != o and self.has(narrower, RDFS + "subClassOf", o):
                    return "scm-dom1", [(s, p, narrower), (narrower, RDFS + "subClassOf", o)]
            for parent in self.by_sp.get((s, RDFS + "subPropertyOf"), ()):
                if parent != s and self.has(parent, p, o):
                    return "scm-dom2", [(s, RDFS + "subPropertyOf", parent), (parent, p, o)]
        return None
