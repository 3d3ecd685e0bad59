"""The graph in memory: opened, indexed, handed to rdflib; its answers as Python values."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from inforce.errors import InputError, IntegrityError, nearest
from inforce.fence import fenced
from inforce.sparql_guard import bind, guard, names, place, position, tokens
from inforce.table import Table
from inforce.vocab import BASE, PREFIXES, shrink

if TYPE_CHECKING:
    from inforce.rules.triples import Triples

__all__ = [
    "ENGINE",
    "OnDisk",
    "ask_store",
    "cell",
    "fill",
    "graph_files",
    "index",
    "open_graph",
    "open_on_disk",
    "plain",
    "read_triples",
    "syntax_error",
    "to_rdflib",
    "to_table",
    "unused_terms",
]

ENGINE = f"pyoxigraph {ox.__version__}"
"""What wrote a store on disk; another version may not read it."""

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


def open_graph(path: Path, more: bytes = b"") -> ox.Store:
    """Return a store in memory that holds all quads of an N-Quads file, and ``more`` of them."""
    store = ox.Store()
    store.bulk_load(path=str(path), format=ox.RdfFormat.N_QUADS)
    if more:
        store.bulk_load(input=more, format=ox.RdfFormat.N_QUADS)
    return store


def fill(folder: Path, quads: Path) -> tuple[int, list[str]]:
    """Write the quads of an N-Quads file into a new store on disk; return how many it has, and its graphs' names.

    Raises:
        OSError: the disk is full or cannot be written; what is there then is no store.
    """
    store = ox.Store(str(folder))
    # One load: it is all there or nothing is. Several would leave a part of it that opens like a whole.
    store.bulk_load(path=str(quads), format=ox.RdfFormat.N_QUADS)
    store.flush()
    found = len(store), sorted(g.value for g in store.named_graphs() if isinstance(g, ox.NamedNode))
    del store
    for name in os.listdir(folder):
        descriptor = os.open(folder / name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return found


def open_on_disk(folder: Path, quads: int) -> ox.Store:
    """Open a store on disk read-only and count its quads: one that was cut opens, and answers that there is nothing.

    Raises:
        IntegrityError: it cannot be opened, or has another number of quads.
    """
    try:
        store = ox.Store.read_only(str(folder))
        there = len(store)
    except (OSError, RuntimeError, ValueError) as error:
        raise IntegrityError(f"the store cannot be opened: {error}", source=str(folder)) from None
    if there != quads:
        raise IntegrityError(f"the store has {there} quads, not {quads}", source=str(folder))
    return store


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A store on disk that is not open yet: to be opened in the child that asks it."""

    folder: Path
    quads: int
    graphs: Sequence[str]

    def open(self) -> ox.Store:
        """Open it; see ``open_on_disk``."""
        return open_on_disk(self.folder, self.quads)


def index(store: ox.Store) -> Triples:
    """Return the triples of all graphs as plain nested mappings."""
    from inforce.reasoning.terms import nodes

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


# ---- questions from outside ---------------------------------------------------------------------------


def ask_store(
    store: ox.Store | OnDisk,
    path: Path,
    text: str,
    on: str | None = None,
    limit: int | None = None,
    timeout_s: float = 60,
) -> Any:
    """Run a query from outside in a fenced child and return what it answers.

    All our prefixes are declared; the default graph is the union of all graphs unless the query says ``FROM``.

    Args:
        store: one in memory; or one on disk, which is opened in the child.
        path: the file the store was opened from; names the place in messages.
        on: a day that stands for ``?on`` everywhere in the query.
        limit: the most rows (or triples) to return; a table that was cut says so.
        timeout_s: seconds until the query is stopped.

    Returns:
        A ``Table`` for SELECT, a truth value for ASK, an ``rdflib.Graph`` for CONSTRUCT and DESCRIBE.

    Raises:
        InputError: a syntax error, with line, column and a caret.
        RefusedError: an update, SERVICE, a graph that is not here, too long or too deep.
        LimitError: too long, too much memory, or an answer that is too large.
        IntegrityError: a store on disk that is not as it was.
    """
    known = (
        list(store.graphs)
        if isinstance(store, OnDisk)
        else [graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode)]
    )
    found = guard(text, known)
    asked = text
    if on is not None:
        asked = bind(text, {"on": str(ox.Literal(on, datatype=ox.NamedNode(XSD + "date")))})
    union = not any(token.word == "FROM" for token in found)
    opened: list[ox.Store | IntegrityError] = []

    def before() -> None:
        try:
            opened.append(store.open() if isinstance(store, OnDisk) else store)
        except IntegrityError as error:
            opened.append(error)

    def work(write: Callable[[bytes], object]) -> None:
        if isinstance(opened[0], IntegrityError):
            write(json.dumps({"kind": "damaged", "message": opened[0].message}).encode() + b"\n")
        else:
            _answer(opened[0], asked, text, union, limit, write)

    answer = fenced(work, timeout_s=timeout_s, before=before)
    head, _, body = answer.partition(b"\n")
    facts = json.loads(head)
    if facts["kind"] == "damaged":
        raise IntegrityError(str(facts["message"]), source=str(path))
    if facts["kind"] == "error":
        raise syntax_error(text, str(facts["message"]))
    if facts["kind"] == "ask":
        return bool(facts["value"])
    if facts["kind"] == "construct":
        return _graph(body)
    lines = body.rstrip(b"\n").split(b"\n")
    tail = json.loads(lines.pop())
    rows = tuple(tuple(_decoded(one) for one in json.loads(line)) for line in lines)
    return Table(tuple(facts["columns"]), rows, truncated=bool(tail["truncated"]))


def _answer(
    store: ox.Store, asked: str, text: str, union: bool, limit: int | None, write: Callable[[bytes], object]
) -> None:
    """Write the answer as lines: what it is, then one row a line, then whether rows were left out."""

    def line(value: Any) -> None:
        write(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n")

    try:
        found = store.query(asked, base_iri=BASE, prefixes=PREFIXES, use_default_graph_as_union=union)
        if isinstance(found, ox.QueryBoolean):
            line({"kind": "ask", "value": bool(found)})
        elif isinstance(found, ox.QueryTriples):
            buffer = [b'{"kind":"construct"}\n']
            buffer += [f"{triple} .\n".encode() for triple in islice(found, limit)]
            write(b"".join(buffer))
        else:
            _write_rows(found, limit, line, write)
    except SyntaxError as error:
        line({"kind": "error", "message": _as_typed(store, text, error.msg)})
    except (ValueError, RuntimeError, OSError) as error:
        line({"kind": "error", "message": str(error)})


def _as_typed(store: ox.Store, text: str, message: str) -> str:
    # A term that took the place of ?on moved what follows it: the text as it was typed gives the place.
    try:
        store.query(text, base_iri=BASE, prefixes=PREFIXES)
    except SyntaxError as error:
        return error.msg
    return message


def _write_rows(found: Any, limit: int | None, line: Callable[[Any], None], write: Callable[[bytes], object]) -> None:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    buffer: list[str] = [encode({"kind": "select", "columns": [v.value for v in found.variables]})]
    truncated = False
    for number, row in enumerate(found):
        if limit is not None and number >= limit:
            truncated = True
            break
        buffer.append(encode([_encoded(term) for term in row]))
        if len(buffer) >= 5000:
            write(("\n".join(buffer) + "\n").encode("utf-8", "replace"))
            buffer = []
    buffer.append(encode({"truncated": truncated}))
    write(("\n".join(buffer) + "\n").encode("utf-8", "replace"))


def _encoded(term: Any) -> Any:
    if term is None:
        return None
    if isinstance(term, ox.Literal):
        return [term.value, term.datatype.value]
    return cell(term)


def _decoded(item: Any) -> Any:
    if isinstance(item, list):
        return plain(item[0], item[1])
    return item


def _graph(body: bytes) -> Any:
    import rdflib

    graph = rdflib.Graph()
    for prefix, iri in PREFIXES.items():
        graph.bind(prefix, iri, replace=True)
    graph.parse(data=body, format="nt")
    return graph


_EXPECTED = re.compile(r"error at (\d+):(\d+): expected (?:one of )?(.*)", re.DOTALL)


def read_triples(content: bytes, limit: int | None = None) -> Any:
    """Return N-Triples of a stranger as an ``rdflib.Graph``, at most ``limit`` of them.

    Raises:
        ValueError: these are no N-Triples.
    """
    try:
        found = list(islice(ox.parse(content, format=ox.RdfFormat.N_TRIPLES), limit))
    except SyntaxError as error:
        raise ValueError(error.msg) from None
    return _graph("".join(f"{quad.triple} .\n" for quad in found).encode())


def syntax_error(text: str, message: str) -> InputError:
    """Return the engine's message as ours: the place, the line with a caret, and what it says in a sentence."""
    found = _EXPECTED.search(message)
    if not found:
        return InputError(message.splitlines()[0], code="E_QUERY", source="query")
    # The engine lists whatever it could have taken, often thirty things; a person wants the sentence, or nothing.
    sentences = [w for w in re.split(r", | or ", found[3]) if re.fullmatch(r"[A-Z][a-z]* [\w ]{3,80}", w)]
    said = sentences[0] if sentences else "this is not SPARQL at the place marked"
    # It names the place up to which it read, which is where the token that it could not take ends.
    lines = text.splitlines(keepends=True)
    offset = sum(map(len, lines[: int(found[1]) - 1])) + int(found[2]) - 1
    read = [token for token in tokens(text) if token.end <= offset]
    line, column = position(text, read[-1].start) if read else (1, 1)
    return InputError(f"{said}\n{place(text, line, column)}", code="E_QUERY", source=f"query:{line}:{column}")


def unused_terms(text: str, store: ox.Store, leave: Container[str] = ()) -> list[tuple[str, list[str]]]:
    """Return the terms of a query that no quad uses, each with the nearest ones that some quad does.

    For an answer of no rows: a term that nobody uses is the likely reason. IRIs in ``leave`` are not looked at.

    >>> unused_terms("SELECT * { ?s inf:vrom ?o }", ox.Store())
    [('inf:vrom', [])]
    """
    found = []
    for iri in names(tokens(text)):
        if iri in leave:
            continue
        try:
            node = ox.NamedNode(iri)
        except ValueError:
            continue
        patterns = (
            (node, None, None, None),
            (None, node, None, None),
            (None, None, node, None),
            (None, None, None, node),
        )
        if all(next(iter(store.quads_for_pattern(*pattern)), None) is None for pattern in patterns):
            found.append((shrink(iri), _near(iri, store)))
    return found


def _near(iri: str, store: ox.Store) -> list[str]:
    # Terms of the same vocabulary only: "inf:vrom" is never meant to be somebody's rule.
    start = iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]
    same: dict[str, None] = {}
    for quad in store:
        for term in (quad.predicate, quad.subject, quad.object):
            # A name below another, a version of a rule, is not what one misspells: it would cost seconds to compare.
            if isinstance(term, ox.NamedNode) and term.value.startswith(start) and "/" not in term.value[len(start) :]:
                same.setdefault(shrink(term.value))
    return nearest(shrink(iri), same)


# ---- files to pass on -----------------------------------------------------------------------------------


def graph_files(quads: bytes, form: str) -> dict[str, tuple[bytes, int, str]]:
    """Return the graph as files: name, bytes, how many quads, and the one graph it holds, empty where it holds all.

    Args:
        quads: the graph as N-Quads.
        form: ``nq`` or ``jsonld``, one file; ``ttl``, a file for each named graph. In the order of the names.
    """
    found = sorted(ox.parse(quads, format=ox.RdfFormat.N_QUADS), key=str)
    if form == "nq":
        lines = "".join(f"{quad} .\n" for quad in found)
        return {"graph.nq": (lines.encode(), len(found), "")}
    if form == "jsonld":
        written = ox.serialize(found, format=ox.RdfFormat.JSON_LD, prefixes=PREFIXES)
        return {"graph.jsonld": (bytes(written or b""), len(found), "")}
    files = {}
    for name in sorted({quad.graph_name.value for quad in found if isinstance(quad.graph_name, ox.NamedNode)}):
        triples = [quad.triple for quad in found if getattr(quad.graph_name, "value", None) == name]
        written = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
        files[f"{name.rsplit('/', 1)[-1]}.ttl"] = (bytes(written or b""), len(triples), name)
    return files
