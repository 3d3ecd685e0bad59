"""Between the engine's terms and the plain nodes that the rest of the package reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from inforce.reasoning.names import XSD
from inforce.rules.triples import Node, Triples

__all__ = ["nodes", "to_node", "to_term"]


def nodes(store: Iterable[Any]) -> Triples:
    """Return the quads, whatever their graph, as plain nested mappings with sorted objects."""
    by_subject: dict[str, dict[str, list[Node]]] = {}
    for quad in store:
        found = by_subject.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value, [])
        found.append(to_node(quad.object))
    for terms in by_subject.values():
        for objects in terms.values():
            objects.sort()
    return Triples(by_subject)


def to_node(term: Any) -> Node:
    """Return an engine's term as a plain node."""
    if isinstance(term, ox.Literal):
        return Node(term.value, "literal", term.datatype.value, term.language or "")
    return Node(term.value)


def to_term(node: Node) -> ox.NamedNode | ox.Literal:
    """Return a plain node as the engine's term."""
    if node.kind == "iri":
        return ox.NamedNode(node.value)
    if node.lang:
        return ox.Literal(node.value, language=node.lang)
    return ox.Literal(node.value, datatype=ox.NamedNode(node.datatype or XSD + "string"))
