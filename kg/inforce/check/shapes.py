"""SHACL core: the shapes of ``ontology/shapes`` against a graph, by pyshacl, without inference, imports or scripts.

Source: W3C, Shapes Constraint Language (SHACL), sections 2 to 4.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from inforce.vocab import BASE, PREFIXES, shrink

__all__ = ["Violation", "name", "violations", "written"]

SH, DCT = PREFIXES["sh"], PREFIXES["dct"]
TYPE = PREFIXES["rdf"] + "type"


@dataclass(frozen=True, slots=True)
class Violation:
    """A node that breaks a shape, a query or another rule; ``subject`` is its IRI, blank nodes named by the build.

    ``path`` is the property concerned and ``value`` what it wrongly has, '' where there is none; ``others`` are
    further nodes the fault is about, any of which may be the one to correct. ``message_fr`` says it in French.
    """

    code: str
    message: str
    subject: str
    path: str = ""
    value: str = ""
    others: tuple[str, ...] = ()
    message_fr: str = ""


def violations(shapes: Path, quads: Iterable[ox.Quad], focus: Collection[str] | None = None) -> list[Violation]:
    """Return what breaks the shapes of a folder; ``focus``: only these nodes are judged, the rest is context."""
    with _quiet():
        return _violations(shapes, quads, focus)


@contextmanager
def _quiet() -> Iterator[None]:
    # The engine writes a traceback to the log for each literal it cannot read; the finding says it better.
    log = logging.getLogger("rdflib.term")
    before = log.disabled
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = before


def _violations(shapes: Path, quads: Iterable[ox.Quad], focus: Collection[str] | None) -> list[Violation]:
    import rdflib
    from pyshacl import validate

    shape_graph = rdflib.Graph()
    for path in sorted(shapes.glob("*.ttl")):
        _fill(shape_graph, ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=BASE))
    data = rdflib.Graph()
    _fill(data, quads if focus is None else _within(list(quads), focus))
    _, report, _ = validate(
        data,
        shacl_graph=shape_graph,
        inference="none",
        inplace=True,
        advanced=False,
        js=False,
        meta_shacl=False,
        do_owl_imports=False,
    )
    results = report.subjects(rdflib.RDF.type, rdflib.URIRef(SH + "ValidationResult"))
    found = [_violation(report, shape_graph, result) for result in results]
    return [one for one in found if focus is None or one.subject in focus]


def _within(quads: list[ox.Quad], focus: Collection[str]) -> list[ox.Quad]:
    # Judging a few nodes needs their own triples and the kinds of what they point at. (The engine's own choice of
    # nodes would also leave out the values of nested shapes, and find nothing there.)
    own = [q for q in quads if name(q.subject) in focus]
    near = {q.object.value for q in own if isinstance(q.object, ox.NamedNode)} - set(focus)
    return own + [q for q in quads if q.predicate.value == TYPE and name(q.subject) in near]


def _violation(report: Any, shapes: Any, result: Any) -> Violation:
    import rdflib

    def one(graph: Any, node: Any, term: str) -> Any:
        return graph.value(node, rdflib.URIRef(term))

    shape = one(report, result, SH + "sourceShape")
    said = {m.language: str(m) for m in report.objects(result, rdflib.URIRef(SH + "resultMessage"))}
    message = said.get("en") or next(iter(said.values()), "breaks a shape")
    french = said.get("fr") or message
    value = one(report, result, SH + "value")
    subject = one(report, result, SH + "focusNode")
    if value is not None and value != subject and "genid" not in str(value):
        message += f"; found {written(value)}"
        french += f" ; trouvé : {written(value)}"
    code = str(one(shapes, shape, DCT + "identifier") or "E_SHAPE")
    path = one(report, result, SH + "resultPath")
    wrong = str(value) if value is not None else ""
    return Violation(code, message, str(subject), str(path or ""), wrong, message_fr=french)


def name(term: Any) -> str:
    """Return the IRI of an engine's term; blank nodes have one since the build named them."""
    return str(term.value)


def written(term: Any) -> str:
    """Return a term of either engine as a person would write it, a long text cut."""
    text = str(getattr(term, "value", term) if isinstance(term, ox.NamedNode | ox.Literal) else term)
    if isinstance(term, ox.NamedNode) or type(term).__name__ == "URIRef":
        return shrink(text)
    text = text if len(text) <= 60 else text[:59] + "…"
    language = f"@{term.language}" if getattr(term, "language", None) else ""
    return f'"{text}"{language}'


def _fill(graph: Any, triples: Iterable[Any]) -> None:
    import rdflib

    def term(node: Any) -> Any:
        if isinstance(node, ox.NamedNode):
            return rdflib.URIRef(node.value)
        if isinstance(node, ox.BlankNode):
            return rdflib.BNode(node.value)
        if node.language:
            return rdflib.Literal(node.value, lang=node.language)
        # The spelling stays as it is: a wrong one is what we look for.
        return rdflib.Literal(node.value, datatype=rdflib.URIRef(node.datatype.value), normalize=False)

    for triple in triples:
        graph.add((term(triple.subject), term(triple.predicate), term(triple.object)))
