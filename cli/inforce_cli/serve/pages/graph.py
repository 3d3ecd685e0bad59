"""The statements of a node of the graph, as Turtle and JSON-LD: its own, its versions' and those of nodes in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

__all__ = ["described"]

_GENID = "/.well-known/genid/"
_MOST = 2000
"""Nodes in one description."""
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_STRING = "http://www.w3.org/2001/XMLSchema#string"


def described(index: Any, iri: str, form: str) -> Response:
    """Return what the graph says of a node, as ``ttl`` or ``jsonld``.

    Args:
        index: the graph's statements, as ``KnowledgeBase.graph_index`` has them.
        iri: the node.
        form: the format.
    """
    nodes = {subject: index.by_subject[subject] for subject in _around(index, iri)}
    if form == "jsonld":
        body, media = json.dumps([_object(s, nodes[s]) for s in nodes], ensure_ascii=False, indent=1) + "\n", "ld+json"
        return Response(body, media_type=f"application/{media}", headers={"Vary": "Accept"})
    lines = [line for subject, said in nodes.items() for line in _lines(subject, said)]
    return Response("\n".join(lines) + "\n", media_type="text/turtle", headers={"Vary": "Accept"})


def _around(index: Any, iri: str) -> Iterator[str]:
    """The node, its versions (below it in the path, with a day), and nodes without a name of their own in these."""
    waiting, seen = [iri], {iri}
    parts = [s for s in index.by_subject if s.startswith(iri + "/") and s[len(iri) + 1 :].replace("-", "").isdigit()]
    waiting += sorted(parts)
    seen |= set(parts)
    count = 0
    while waiting and count < _MOST:
        subject = waiting.pop(0)
        if subject not in index.by_subject:
            continue
        count += 1
        yield subject
        for nodes in index.by_subject[subject].values():
            for node in nodes:
                if node.kind != "literal" and _GENID in node.value and node.value not in seen:
                    seen.add(node.value)
                    waiting.append(node.value)


def _lines(subject: str, said: Any) -> Iterator[str]:
    yield f"{_iri(subject)}"
    pairs = [(predicate, node) for predicate, nodes in said.items() for node in nodes]
    for number, (predicate, node) in enumerate(pairs):
        yield f"    {_iri(predicate)} {_term(node)} {'.' if number == len(pairs) - 1 else ';'}"


def _iri(text: str) -> str:
    # What may not stand in an IRI is written as its number, so that a name never ends the IRI early.
    return "<" + "".join(f"\\u{ord(c):04X}" if c in '<>"{}|^`\\' or ord(c) <= 32 else c for c in text) + ">"


def _term(node: Any) -> str:
    if node.kind != "literal":
        return _iri(node.value) if "://" in node.value else f"_:{node.value}"
    text = '"' + "".join(_ESCAPES.get(c) or (f"\\u{ord(c):04X}" if ord(c) < 32 else c) for c in node.value) + '"'
    if node.lang:
        return f"{text}@{node.lang}"
    return text if node.datatype in ("", _STRING) else f"{text}^^{_iri(node.datatype)}"


def _object(subject: str, said: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"@id": subject}
    for predicate, nodes in said.items():
        found[predicate] = [_value(node) for node in nodes]
    return found


def _value(node: Any) -> dict[str, str]:
    if node.kind != "literal":
        return {"@id": node.value}
    if node.lang:
        return {"@value": node.value, "@language": node.lang}
    return {"@value": node.value} if node.datatype in ("", _STRING) else {"@value": node.value, "@type": node.datatype}
