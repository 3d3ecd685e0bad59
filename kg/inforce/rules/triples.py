"""Triples as plain nested mappings: what the rest of the package reads of the graph, with no engine behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from inforce.vocab import BASE, PREFIXES

__all__ = ["Node", "Triples", "local", "name_of"]

INF = PREFIXES["inf"]
RDF, RDFS, SKOS = PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["skos"]
TYPE, NIL = RDF + "type", RDF + "nil"


class Node(NamedTuple):
    """One RDF term: ``kind`` is ``iri``, ``blank`` or ``literal``; ``datatype`` and ``lang`` of literals only."""

    value: str
    kind: str = "iri"
    datatype: str = ""
    lang: str = ""


class Triples:
    """Triples by subject and predicate, in a stable order."""

    def __init__(self, by_subject: Mapping[str, Mapping[str, list[Node]]]) -> None:
        """Take ``{subject: {predicate: [objects]}}``; objects sorted by the caller."""
        self.by_subject = by_subject
        self._by_type: dict[str, list[str]] = {}
        for subject in sorted(by_subject):
            for node in by_subject[subject].get(TYPE, ()):
                self._by_type.setdefault(node.value, []).append(subject)

    def instances(self, name: str) -> list[str]:
        """Return the subjects of a class, sorted: one of ours by its name, another by its IRI."""
        return self._by_type.get(name if ":" in name else INF + name, [])

    def all(self, subject: str, predicate: str) -> list[Node]:
        """Return the objects of a predicate."""
        return self.by_subject.get(subject, {}).get(predicate, [])

    def value(self, subject: str, predicate: str) -> str | None:
        """Return one object's text, ``None`` where there is none."""
        nodes = self.all(subject, predicate)
        return nodes[0].value if nodes else None

    def text(self, subject: str, predicate: str = RDFS + "label") -> dict[str, str]:
        """Return the texts of a predicate by language."""
        return {n.lang: n.value for n in self.all(subject, predicate) if n.lang}

    def items(self, head: str) -> list[Node]:
        """Return the members of an RDF list."""
        found: list[Node] = []
        while head != NIL:
            found.extend(self.all(head, RDF + "first")[:1])
            head = self.value(head, RDF + "rest") or NIL
        return found

    def token(self, iri: str) -> str:
        """Return what a user types for a value: the shortest notation without a colon, else the last path part."""
        notations = sorted((n.value for n in self.all(iri, SKOS + "notation") if ":" not in n.value), key=_plainness)
        return notations[0] if notations else iri.rsplit("/", 1)[-1]


def _plainness(notation: str) -> tuple[int, str]:
    # Three-letter country codes before two-letter ones; the data gives both.
    return (len(notation) == 2, notation)


def local(iri: str) -> str:
    """Return an IRI relative to our base: ``rule/R-WP-198-1``; others whole."""
    return iri.removeprefix(BASE)


def name_of(iri: str) -> str:
    """Return the last part of one of our IRIs: its name."""
    return iri.rsplit("/", 1)[-1]
