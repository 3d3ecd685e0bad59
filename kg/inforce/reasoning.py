"""Inference at build time: the OWL 2 RL closure of ontology and schemes, dated entailment, clauses of conditions.

Every inferred triple comes with an ``Inference``: the rule that made it, its premises and, where they are
dated, the interval in which it holds. Nothing here runs when a question is asked.

Source: W3C, OWL 2 Web Ontology Language Profiles, section 4.3; A. Polleres et al., temporal RDF annotation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from inforce.rules.load import Node, Triples
from inforce.vocab import BASE, PREFIXES

__all__ = ["Dated", "Inference", "close", "closure", "clauses"]

INF, RDF, RDFS = PREFIXES["inf"], PREFIXES["rdf"], PREFIXES["rdfs"]
OWL, SKOS, XSD = PREFIXES["owl"], PREFIXES["skos"], PREFIXES["xsd"]
TYPE = RDF + "type"

Triple = tuple[str, str, Node]


@dataclass(frozen=True, slots=True)
class Inference:
    """One inferred triple, the name of the rule that made it and the triples it was made from."""

    triple: Triple
    rule: str
    premises: tuple[Triple, ...] = ()


# ---- dated inference --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dated:
    """A fact that holds in the eras whose bits are set in ``eras``, and the facts it was first made from."""

    key: tuple[str, ...]
    eras: int
    premises: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class HornRule:
    """``head`` follows from ``body``; terms that start with ``?`` are variables."""

    name: str
    head: tuple[str, ...]
    body: tuple[tuple[str, ...], ...]


def close(facts: Iterable[Dated], rules: Iterable[HornRule]) -> dict[tuple[str, ...], Dated]:
    """Return all facts that follow, each with the eras in which it does; semi-naive, AND over premises, OR over ways.

    >>> rule = HornRule("trans", ("p", "?x", "?z"), (("p", "?x", "?y"), ("p", "?y", "?z")))
    >>> facts = [Dated(("p", "a", "b"), 0b110), Dated(("p", "b", "c"), 0b011)]
    >>> close(facts, [rule])[("p", "a", "c")].eras
    2
    """
    known: dict[tuple[str, ...], Dated] = {}
    index: dict[tuple[str, int, str], dict[tuple[str, ...], None]] = {}
    fresh: dict[tuple[str, ...], int] = {}

    def add(key: tuple[str, ...], eras: int, premises: tuple[tuple[str, ...], ...]) -> None:
        old = known.get(key)
        new = eras & ~(old.eras if old else 0)
        if not new:
            return
        known[key] = Dated(key, (old.eras if old else 0) | new, old.premises if old else premises)
        for place, term in enumerate(key):
            index.setdefault((key[0], place, term), {})[key] = None
        fresh[key] = fresh.get(key, 0) | new

    for fact in facts:
        add(fact.key, fact.eras, fact.premises)
    rules = list(rules)
    while fresh:
        batch, fresh = fresh, {}
        for rule in rules:
            for position in range(len(rule.body)):
                for key, eras in batch.items():
                    binding = _match(rule.body[position], key, {})
                    if binding is not None:
                        rest = rule.body[:position] + rule.body[position + 1 :]
                        for found, mask, used in list(_join(rest, binding, eras, (key,), known, index)):
                            add(tuple(found.get(t, t) for t in rule.head), mask, used)
    return known


def _match(pattern: tuple[str, ...], key: tuple[str, ...], binding: Mapping[str, str]) -> dict[str, str] | None:
    if len(pattern) != len(key):
        return None
    found = dict(binding)
    for term, value in zip(pattern, key, strict=True):
        if term.startswith("?"):
            if found.setdefault(term, value) != value:
                return None
        elif term != value:
            return None
    return found


def _join(
    body: tuple[tuple[str, ...], ...],
    binding: dict[str, str],
    eras: int,
    used: tuple[tuple[str, ...], ...],
    known: Mapping[tuple[str, ...], Dated],
    index: Mapping[tuple[str, int, str], Mapping[tuple[str, ...], None]],
) -> Iterator[tuple[dict[str, str], int, tuple[tuple[str, ...], ...]]]:
    if not body:
        yield binding, eras, used
        return
    pattern = tuple(binding.get(term, term) for term in body[0])
    bound = [(pattern[0], place, term) for place, term in enumerate(pattern) if not term.startswith("?")]
    pools = [index.get(key, {}) for key in bound]
    for key in list(min(pools, key=len)):
        found = _match(pattern, key, binding)
        mask = eras & known[key].eras
        if found is not None and mask:
            yield from _join(body[1:], found, mask, (*used, key), known, index)


ENTAILMENT = (
    HornRule("broader-transitive", ("broader", "?a", "?c"), (("broader", "?a", "?b"), ("broader", "?b", "?c"))),
    HornRule(
        "entails-through-broader",
        ("entails", "?a", "?fact", "?value"),
        (("broader", "?a", "?b"), ("entails", "?b", "?fact", "?value")),
    ),
)
"""What a concept entails, all concepts narrower than it entail while both hold."""


# ---- OWL 2 RL ----------------------------------------------------------------------------------------


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


# ---- clauses of conditions ---------------------------------------------------------------------------

Literal = tuple[tuple[str, ...], bool]
"""A test of a fact, or the dates of a condition, and whether it is negated."""


def clauses(triples: Triples, node: Node, *, negated: bool = False, top: bool = False) -> list[frozenset[Literal]]:
    """Return the condition (or its negation) as alternatives, each a set of literals that hold together.

    Distribution keeps strong Kleene truth: the condition holds iff all literals of some alternative do.
    """
    subject = node.value
    named = INF + "Condition" in {n.value for n in triples.all(subject, TYPE)}
    if named and not top:
        dated = triples.value(subject, INF + "from") or triples.value(subject, INF + "until")
        inside = clauses(triples, node, negated=negated, top=True)
        if not dated:
            return inside
        literal = frozenset({(("inForce", subject), negated)})
        return [literal, *inside] if negated else [literal | one for one in inside]
    for term, every in ((INF + "allOf", True), (INF + "anyOf", False)):
        heads = triples.all(subject, term)
        if heads:
            parts = [clauses(triples, member, negated=negated) for member in triples.items(heads[0].value)]
            return _product(parts) if every is not negated else [one for part in parts for one in part]
    inner = triples.all(subject, INF + "not")
    if inner:
        return clauses(triples, inner[0], negated=not negated)
    fact = triples.value(subject, INF + "fact") or ""
    truth = triples.value(subject, INF + "isTrue")
    if truth is not None:
        return [frozenset({(("isTrue", fact, "true"), (truth != "true") is not negated)})]
    within = triples.all(subject, INF + "in")
    if within:
        tests = [("is", fact, member.value) for member in triples.items(within[0].value)]
        if negated:
            return [frozenset((test, True) for test in tests)]
        return [frozenset({(test, False)}) for test in tests]
    for term in ("is", "inList", "inScheme", "atLeast", "below"):
        found = triples.value(subject, INF + term)
        if found is not None:
            return [frozenset({((term, fact, found), negated)})]
    raise KeyError(f"condition {subject} has no operator")


def _product(parts: list[list[frozenset[Literal]]]) -> list[frozenset[Literal]]:
    found: list[frozenset[Literal]] = [frozenset()]
    for part in parts:
        found = [one | other for one in found for other in part]
    return list(dict.fromkeys(found))


def digest(*parts: str) -> str:
    """Return a short, stable name for what ``parts`` say together."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
