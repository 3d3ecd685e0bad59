"""Draws the classes and properties of ``ontology/core.ttl`` into ``docs/model.md``: ``python docs/draw_model.py``."""

from __future__ import annotations

from pathlib import Path

from rdflib import OWL, RDF, RDFS, Graph, Namespace, URIRef
from rdflib.namespace import split_uri

DOCS = Path(__file__).resolve().parent
MODEL = DOCS / "model.md"
CORE = DOCS.parent / "ontology" / "core.ttl"
BEGIN = "<!-- drawn by docs/draw_model.py from ontology/core.ttl -->"
INF = Namespace("https://w3id.org/inforce/ns#")
END = "<!-- end of the drawing -->"
DOMAINLESS = "Anything"
"""Stands for the subject of the properties that say no domain."""


def name(term: object) -> str:
    """Return the local name of an IRI."""
    return str(split_uri(str(term))[1])


def drawing(core: Path = CORE) -> str:
    """Return the mermaid class diagram of the ontology: a class a box, a property an arrow or a line in its box."""
    graph = Graph().parse(core)
    classes = sorted(name(term) for term in graph.subjects(RDF.type, OWL.Class))
    inside: list[str] = []
    arrows: list[str] = []
    for kind in (OWL.ObjectProperty, OWL.DatatypeProperty, RDF.Property):
        for term in sorted(graph.subjects(RDF.type, kind), key=str):
            domain, target = graph.value(term, RDFS.domain), graph.value(term, RDFS.range)
            owner = name(domain) if domain else DOMAINLESS
            if kind == OWL.ObjectProperty and isinstance(target, URIRef) and name(target) in classes:
                arrows.append(f"  {owner} --> {name(target)} : {name(term)}")
            else:
                inside.append(f"  {owner} : {name(term)}{' ' + name(target) if target else ''}")
    parents = sorted(
        f"  {name(parent)} <|-- {name(child)}"
        for child, parent in graph.subject_objects(RDFS.subClassOf)
        if name(child) in classes
    )
    for owner in classes:
        inside.extend(f"  {owner} : {name(one)}" for one in graph.subjects(RDF.type, INF[owner]))
    boxes = [f"  class {own}" for own in [*classes, DOMAINLESS]]
    return "\n".join(["```mermaid", "classDiagram", *boxes, *parents, *sorted(arrows), *sorted(inside), "```"])


def drawn(text: str) -> str:
    """Return the page ``text`` with the drawing between its markers made anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{drawing()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    MODEL.write_text(drawn(MODEL.read_text(encoding="utf-8")), encoding="utf-8")
