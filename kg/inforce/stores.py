"""The graph in memory: opened, indexed, handed to rdflib; its answers as Python values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from inforce.table import Table
from inforce.vocab import PREFIXES

if TYPE_CHECKING:
    from inforce.rules.load import Triples

__all__ = ["cell", "index", "open_graph", "to_rdflib", "to_table"]

XSD = PREFIXES["xsd"]
_WHOLE = {
    XSD + name
    for name in (
        "integer",
        "int",
        "long",
        "short",
        "byte",
        "nonNegativeInteger",
        "positiveInteger",
        "negativeInteger",
        "nonPositiveInteger",
        "unsignedInt",
        "unsignedLong",
    )
}


def open_graph(path: Path) -> ox.Store:
    """Return a store in memory that holds all quads of an N-Quads file."""
    store = ox.Store()
    store.bulk_load(path=str(path), format=ox.RdfFormat.N_QUADS)
    return store


def index(store: ox.Store) -> Triples:
    """Return the triples of all graphs as plain nested mappings."""
    from inforce.build import nodes

    return nodes(store)


def to_rdflib(path: Path) -> Any:
    """Return the quads of an N-Quads file as an ``rdflib.Dataset`` whose default graph is the union."""
    import rdflib

    dataset = rdflib.Dataset(default_union=True)
    for prefix, iri in PREFIXES.items():
        dataset.bind(prefix, iri, replace=True)
    dataset.parse(path, format="nquads")
    return dataset


def cell(term: Any) -> Any:
    """Return a term as a Python value: text for IRIs and strings, numbers, truth values and days as such.

    A literal that is not what its datatype says stays text.

    >>> cell(ox.Literal("2024-12-24", datatype=ox.NamedNode(XSD + "date")))
    datetime.date(2024, 12, 24)
    """
    if term is None:
        return None
    if isinstance(term, ox.BlankNode):
        return f"_:{term.value}"
    if not isinstance(term, ox.Literal):
        return str(term.value) if isinstance(term, ox.NamedNode) else str(term)
    return plain(term.value, term.datatype.value)


def plain(text: str, datatype: str) -> Any:
    """Return a literal's text as the Python value its datatype says, or as it is."""
    try:
        if datatype in _WHOLE:
            return int(text)
        if datatype == XSD + "decimal":
            return Decimal(text)
        if datatype in (XSD + "double", XSD + "float"):
            return float(text)
        if datatype == XSD + "date":
            return date.fromisoformat(text) if len(text) == 10 else text
    except (ValueError, InvalidOperation):
        return text
    if datatype == XSD + "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text, text)
    return text


def to_table(solutions: Any) -> Table:
    """Return the rows of a SELECT as a table."""
    columns = tuple(variable.value for variable in solutions.variables)
    return Table(columns, tuple(tuple(cell(term) for term in row) for row in solutions))
