"""What one child of the zygote does: refuse, evaluate and write one answer, whole or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from itertools import islice
from typing import Any

import pyoxigraph as ox

from inforce.errors import InForceError, LimitError, UsageError
from inforce.sparql_guard import graphs, guard, tokens
from inforce.stores import syntax_error
from inforce.vocab import BASE, PREFIXES

__all__ = ["GRAPHS", "RESULTS", "answer", "ready", "warm"]

RESULTS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
"""How rows and truth values are written, by the short name of the format."""
GRAPHS = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "rdf": ox.RdfFormat.RDF_XML,
}
"""How triples are written."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_RECORD = re.compile(rb'(?:[^"\n]|"[^"]*")*\n')


class _Sink(BytesIO):
    """Takes bytes up to a limit."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self.most:
            raise _too_much(f"{self.most >> 10} kB")
        return super().write(data)


def answer(store: ox.Store, names: Sequence[str], asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return what an answer is and its bytes; an error that we know is an answer too.

    Args:
        names: the graphs that are here.
        asked: ``text`` (a query) or ``of`` (the name of a graph, ``None`` for all); ``results`` and ``graph`` (the
            formats that would do, ``None`` where none would); ``default`` and ``named`` (the graphs to ask, ``None``
            where the query says which); ``rows``, ``bytes`` (limits); ``cut`` (whether the first rows will do);
            ``scan`` (whether the text is looked at before the engine reads it: always, but in a test of the fence).
    """
    try:
        return _graph(store, asked) if "of" in asked else _query(store, names, asked)
    except InForceError as error:
        return _failure(error), b""
    except SyntaxError as error:
        return _failure(syntax_error(str(asked.get("text", "")), error.msg)), b""
    except (ValueError, RuntimeError, OSError) as error:
        return _failure(syntax_error(str(asked.get("text", "")), str(error))), b""


def _failure(error: InForceError) -> dict[str, Any]:
    return {
        "kind": "error",
        "class": type(error).__name__,
        "message": error.message,
        "code": error.code,
        "hint": error.hint,
        "source": error.source,
    }


def _query(store: ox.Store, names: Sequence[str], asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    text = asked["text"]
    default, named = asked.get("default"), asked.get("named")
    chosen = default is not None or named is not None
    found = tokens(text)
    if asked.get("scan", True):
        # Where the request names the graphs, what the query says of them does not count.
        known = [*names, *(iri for _, iri in graphs(found) if iri)] if chosen else names
        found = guard(text, known)
    options: dict[str, Any] = {}
    if chosen:
        options["default_graph"] = [_node(name) for name in default or ()]
        options["named_graphs"] = [_node(name) for name in named or ()]
    else:
        options["use_default_graph_as_union"] = not any(token.word == "FROM" for token in found)
    solutions: Any = store.query(text, base_iri=BASE, prefixes=PREFIXES, **options)
    if isinstance(solutions, ox.QueryTriples):
        return _triples(solutions, asked)
    return _results(solutions, asked)


def _node(name: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(name)
    except ValueError:
        raise UsageError(f"a graph's name is an absolute IRI, not {name[:100]!r}", code="E_HTTP") from None


def _results(found: Any, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    name = asked.get("results")
    if name is None:
        raise _not_acceptable("rows and truth values", RESULTS)
    if isinstance(found, ox.QueryBoolean):
        return {"kind": "boolean", "format": name}, bytes(found.serialize(format=RESULTS[name]) or b"")
    sink = _Sink(asked["bytes"])
    found.serialize(sink, format=RESULTS[name])
    data, most, cut = sink.getvalue(), asked["rows"], False
    # A row has two bytes at least: counting is for answers that may have too many.
    if len(data) > 2 * most and _COUNT[name](data) > most:
        if not asked.get("cut"):
            raise _too_much(f"{most} rows")
        data, cut = _CUT[name](data, most), True
    return {"kind": "rows", "format": name, "truncated": cut}, data


def _triples(found: Any, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    name = asked.get("graph")
    if name is None:
        raise _not_acceptable("triples", GRAPHS)
    most = asked["rows"]
    kept = list(islice(found, most + 1))
    cut = len(kept) > most
    if cut and not asked.get("cut"):
        raise _too_much(f"{most} triples")
    sink = _Sink(asked["bytes"])
    ox.serialize(kept[:most], sink, format=GRAPHS[name], prefixes=PREFIXES)
    return {"kind": "graph", "format": name, "truncated": cut}, sink.getvalue()


def _graph(store: ox.Store, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    name = asked.get("graph")
    if name is None:
        raise _not_acceptable("a graph", GRAPHS)
    sink = _Sink(asked["bytes"])
    if asked["of"] is None:
        union: Any = store.query("CONSTRUCT WHERE { ?s ?p ?o }", use_default_graph_as_union=True)
        ox.serialize(union, sink, format=GRAPHS[name], prefixes=PREFIXES)
    else:
        triples = (quad.triple for quad in store.quads_for_pattern(None, None, None, _node(asked["of"])))
        ox.serialize(triples, sink, format=GRAPHS[name], prefixes=PREFIXES)
    return {"kind": "graph", "format": name, "truncated": False}, sink.getvalue()


def _not_acceptable(what: str, formats: Mapping[str, Any]) -> UsageError:
    return UsageError(
        f"{what} cannot be had in any format that was asked for", code="E_ACCEPT", hint=", ".join(formats)
    )


def _too_much(limit: str) -> LimitError:
    return LimitError(
        f"the answer has more than {limit}", code="E_TOO_MUCH", hint="ask for less, or put LIMIT in the query"
    )


# ---- how many rows, and the first of them, read off what the engine wrote --------------------------------


def _json_rows(data: bytes) -> int:
    # Without strings a row is an object in a list; a term follows a colon.
    bare = _STRING.sub(b"", data)
    return bare.count(b"[{") + bare.count(b",{")


def _csv_rows(data: bytes) -> int:
    return sum(part.count(b"\n") for part in data.split(b'"')[::2]) - 1


_COUNT: dict[str, Callable[[bytes], int]] = {
    "json": _json_rows,
    "xml": lambda data: data.count(b"<result>"),
    "csv": _csv_rows,
    "tsv": lambda data: data.count(b"\n") - 1,
}


def _cut_json(data: bytes, rows: int) -> bytes:
    found = json.loads(data)
    del found["results"]["bindings"][rows:]
    found["truncated"] = True
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _cut_records(data: bytes, rows: int) -> bytes:
    return b"".join(match[0] for match in islice(_RECORD.finditer(data), rows + 1))


_CUT: dict[str, Callable[[bytes, int], bytes]] = {
    "json": _cut_json,
    "xml": lambda data, rows: (
        b"</result>".join(data.split(b"</result>", rows)[:rows]) + b"</result></results></sparql>"
    ),
    "csv": _cut_records,
    "tsv": lambda data, rows: b"\n".join(data.split(b"\n", rows + 1)[: rows + 1]) + b"\n",
}


def ready(store: ox.Store, names: Sequence[str]) -> None:
    """Answer a small question of every part: a child does so before it waits for its own."""
    text = "SELECT ?s ?o WHERE { ?s ?p ?o FILTER(?s != ?o) } LIMIT 2"
    answer(store, names, {"text": text, "results": "json", "graph": "ttl", "rows": 10, "bytes": 1 << 16})


def warm(store: ox.Store, names: Sequence[str]) -> None:
    """Load whatever an answer needs: a child can open no file any more, not even of the interpreter's own."""
    limits = {"rows": 10, "bytes": 1 << 20, "cut": True}
    for results in RESULTS:
        answer(
            store, names, {"text": "SELECT ?s WHERE { ?s ?p ?o } LIMIT 20", "results": results, "graph": None} | limits
        )
        answer(store, names, {"text": "ASK { ?s ?p ?o }", "results": results, "graph": None} | limits)
    for graph in GRAPHS:
        text = "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 5"
        answer(store, names, {"text": text, "results": None, "graph": graph} | limits)
    for wrong in ("SELCT", "SELECT ?s {", "SELECT * { ?s zz:a ?o }", "SELECT ?s { ?s ?p }", "SERVICE", "INSERT"):
        answer(store, names, {"text": wrong, "results": "json", "graph": "ttl"} | limits)
