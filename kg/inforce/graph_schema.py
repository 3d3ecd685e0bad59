"""What the graph is made of: its prefixes, classes and properties, with counts and an example of each."""

from __future__ import annotations

from typing import Any

from inforce.vocab import PREFIXES, shrink

__all__ = ["graph_schema"]


def graph_schema(kb: Any) -> dict[str, Any]:
    """Return prefixes, classes and properties as the saved queries ``classes`` and ``properties`` find them.

    Names are short where a prefix allows it. A class has ``name``, ``iri``, ``label``, ``things`` and an ``example``;
    a property has ``name``, ``iri``, ``label``, ``triples``, ``subjects`` and an ``example``, one triple of it.
    """
    classes = [
        {
            "name": shrink(row["class"]),
            "iri": row["class"],
            "label": row["label"],
            "things": row["things"],
            "example": shrink(row["example"]),
        }
        for row in kb.query("classes")
    ]
    properties = [
        {
            "name": shrink(row["property"]),
            "iri": row["property"],
            "label": row["label"],
            "triples": row["triples"],
            "subjects": row["subjects"],
            "example": [shrink(row["example"]), shrink(row["property"]), _value(str(row["value"]))],
        }
        for row in kb.query("properties")
    ]
    return {
        "schema": "inforce/graph-schema/1",
        "data": {"version": kb.version, "verified_through": kb.book.verified_through},
        "prefixes": dict(sorted(PREFIXES.items())),
        "classes": classes,
        "properties": properties,
    }


def _value(text: str) -> str:
    # What was an IRI is one still; anything else is text.
    return shrink(text) if text.startswith(("http://", "https://", "urn:")) and " " not in text else text
