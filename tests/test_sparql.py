"""Queries from outside: what is refused, how an error reads, and that nothing takes the process with it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import pyoxigraph as ox
import pytest

from inforce import fence, sparql_guard, stores
from inforce.errors import InForceError, InputError, LimitError, RefusedError
from inforce.table import Table

DATA = """
@prefix inf: <https://w3id.org/inforce/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix e: <http://e/> .
<https://w3id.org/inforce/graph/data> {
  e:a inf:from "2020-01-01"^^xsd:date ; e:n 1 ; e:d 1.50 ; e:f 1.5e0 ; e:t true ;
    e:s "two\\nlines\\u2028" ; e:l "le"@fr .
  e:b inf:from "2024-12-24"^^xsd:date ; e:n 2 .
}
<https://w3id.org/inforce/graph/inferred> { e:a e:p e:b . }
"""
HERE = Path("graph.nq")


@pytest.fixture(scope="module")
def store() -> ox.Store:
    found = ox.Store()
    found.load(DATA.encode(), format=ox.RdfFormat.TRIG)
    return found


@pytest.fixture(scope="module")
def crowd() -> ox.Store:
    """Enough triples for a product of three to take for ever."""
    found = ox.Store()
    p = ox.NamedNode("http://e/p")
    graph = ox.NamedNode("https://w3id.org/inforce/graph/data")
    found.extend(
        ox.Quad(ox.NamedNode(f"http://e/{n}"), p, ox.NamedNode(f"http://e/{n + 1}"), graph) for n in range(3000)
    )
    return found


def ask(store: ox.Store, text: str, **options: Any) -> Any:
    return stores.ask_store(store, HERE, text, **options)


# ---- what comes back -------------------------------------------------------------------------


def test_cells_have_the_types_of_their_literals(store: ox.Store) -> None:
    text = """PREFIX e: <http://e/>
    SELECT ?f ?n ?d ?x ?t ?s ?l ?no { e:a inf:from ?f ; e:n ?n ; e:d ?d ; e:f ?x ; e:t ?t ; e:s ?s ; e:l ?l }"""
    found = ask(store, text)
    assert isinstance(found, Table)
    assert found.columns == ("f", "n", "d", "x", "t", "s", "l", "no")
    assert found.rows == ((date(2020, 1, 1), 1, Decimal("1.50"), 1.5, True, "two\nlines\u2028", "le", None),)
    assert [type(value) for value in found.rows[0][1:5]] == [int, Decimal, float, bool]


def test_ask_and_construct_and_describe(store: ox.Store) -> None:
    import rdflib

    assert ask(store, "ASK { ?s inf:from ?f }") is True
    assert ask(store, "ASK { ?s inf:until ?f }") is False
    made = ask(store, "CONSTRUCT { ?s a inf:Rule } WHERE { ?s inf:from ?f }")
    assert isinstance(made, rdflib.Graph) and len(made) == 2
    assert len(ask(store, "DESCRIBE <http://e/b>")) == 2


def test_the_default_graph_is_the_union_unless_from_says_otherwise(store: ox.Store) -> None:
    count = "SELECT (COUNT(*) AS ?n) {} WHERE {{ ?s ?p ?o }}"
    assert ask(store, count.format("")).rows == ((10,),)
    assert ask(store, count.format("FROM <graph/inferred>")).rows == ((1,),)
    named = "SELECT ?s FROM NAMED <https://w3id.org/inforce/graph/inferred> { GRAPH ?g { ?s ?p ?o } }"
    assert ask(store, named).rows == (("http://e/a",),)


def test_a_table_that_was_cut_says_so(store: ox.Store) -> None:
    assert ask(store, "SELECT * { ?s ?p ?o }", limit=3).truncated
    assert len(ask(store, "SELECT * { ?s ?p ?o }", limit=3)) == 3
    assert not ask(store, "SELECT * { ?s ?p ?o }", limit=10).truncated


ON_EVERYWHERE = [
    "SELECT ?s { ?s inf:from ?f FILTER (?f <= ?on) }",
    "SELECT ?s { ?s inf:from ?f FILTER (?f <= $on) }",
    "SELECT * { ?s inf:from ?f FILTER (?f <= ?on) }",
    "SELECT DISTINCT ?s { { ?s inf:from ?f FILTER (?f <= ?on) } UNION { ?s inf:from ?f FILTER (?f < ?on) } }",
    "SELECT ?s { { SELECT ?s { ?s inf:from ?f FILTER (?f <= ?on) } } }",
    "SELECT ?s { { SELECT ?s (MAX(?f) AS ?m) { ?s inf:from ?f } GROUP BY ?s HAVING (MAX(?f) <= ?on) } }",
    "SELECT ?s { ?s inf:from ?g OPTIONAL { ?s inf:from ?f FILTER (?f <= ?on) } FILTER (BOUND(?f)) }",
    "SELECT ?s { ?s inf:from ?g FILTER EXISTS { ?s inf:from ?f FILTER (?f <= ?on) } }",
    "SELECT ?s { ?s inf:from ?g MINUS { ?s inf:from ?f FILTER (?f > ?on) } }",
    "SELECT ?s { ?s inf:from ?g BIND (?on AS ?day) FILTER (?g <= ?day) } ORDER BY ?on",
    "SELECT ?s ?on { ?s inf:from ?g FILTER (?g <= ?on) }",
    "SELECT ?s ?on { { SELECT ?s ?on { ?s inf:from ?f FILTER (?f <= ?on) } GROUP BY ?s ?on } }",
]


@pytest.mark.parametrize("text", ON_EVERYWHERE)
def test_on_is_seen_in_every_part_of_a_query(store: ox.Store, text: str) -> None:
    found = ask(store, text, on="2022-06-01")
    assert [row["s"] for row in found] == ["http://e/a"]
    if "?s ?on" in text:
        assert [row["on"] for row in found] == [date(2022, 6, 1)]


def test_on_is_seen_by_construct_and_ask(store: ox.Store) -> None:
    assert (
        len(ask(store, "CONSTRUCT { ?s inf:on ?on } WHERE { ?s inf:from ?f FILTER (?f <= ?on) }", on="2022-06-01")) == 1
    )
    assert ask(store, "ASK { ?s inf:from ?on }", on="2024-12-24") is True


def test_on_leaves_strings_comments_and_iris_alone(store: ox.Store) -> None:
    text = 'SELECT ("?on" AS ?x) (<http://e/?on> AS ?y) { } # ?on'
    assert ask(store, text, on="2022-06-01").rows == (("?on", "http://e/?on"),)


@pytest.mark.parametrize(
    "text", ["SELECT (1 AS ?on) {}", "SELECT * { VALUES ?on { 1 } }", "SELECT * { VALUES (?x ?on) { (1 2) } }"]
)
def test_a_query_that_sets_on_itself_is_not_bound_again(store: ox.Store, text: str) -> None:
    with pytest.raises(InputError, match="value of its own"):
        ask(store, text, on="2022-06-01")
    assert len(ask(store, text)) == 1


def test_terms_that_no_triple_uses_are_named_with_the_nearest(store: ox.Store) -> None:
    text = 'SELECT * { ?s inf:form ?o ; <http://e/n> "inf:none"^^xsd:string } # inf:never'
    assert stores.unused_terms(text, store) == [("inf:form", ["inf:from"])]
    assert stores.unused_terms("SELECT * { ?s inf:from ?o }", store) == []


# ---- what is refused -------------------------------------------------------------------------

NEST = 40
BAD: list[tuple[str, str, type[InForceError], str, int]] = [
    # name, text, kind, code, exit
    ("empty", "", InputError, "E_QUERY", 3),
    ("spaces and a comment", "  \n# SELECT * { ?s ?p ?o }", InputError, "E_QUERY", 3),
    ("misspelt", "SELCT * { ?s ?p ?o }", InputError, "E_QUERY", 3),
    ("no end", "SELECT * { ?s ?p ?o", InputError, "E_QUERY", 3),
    ("half a triple", "SELECT *\nWHERE {\n  ?s ?p\n}", InputError, "E_QUERY", 3),
    ("unknown prefix", "SELECT * { ?s foo:bar ?o }", InputError, "E_QUERY", 3),
    ("unknown function", "SELECT * { ?s ?p ?o FILTER (NEARLY(?o)) }", InputError, "E_QUERY", 3),
    ("string without end", 'SELECT * { ?s ?p "open }', InputError, "E_QUERY", 3),
    ("bare variable in an aggregate", "SELECT ?s (COUNT(?o) AS ?n) { ?s ?p ?o }", InputError, "E_QUERY", 3),
    ("SQL", "SELECT * FROM rules WHERE day = 1", RefusedError, "E_REMOTE", 4),
    ("NUL", "SELECT * { ?s ?p ?o }\0", InputError, "E_QUERY", 3),
    ("lone surrogate", "SELECT * { ?s ?p '\ud800' }", InputError, "E_QUERY", 3),
    ("insert data", "INSERT DATA { <http://e/x> <http://e/p> 1 }", RefusedError, "E_READONLY", 4),
    ("delete where", "DELETE WHERE { ?s ?p ?o }", RefusedError, "E_READONLY", 4),
    (
        "modify",
        "WITH <http://e/g> DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }",
        RefusedError,
        "E_READONLY",
        4,
    ),
    ("clear", "CLEAR ALL", RefusedError, "E_READONLY", 4),
    ("drop in odd case", "dRoP SILENT DEFAULT", RefusedError, "E_READONLY", 4),
    ("create", "CREATE GRAPH <http://e/g>", RefusedError, "E_READONLY", 4),
    ("copy", "COPY DEFAULT TO <http://e/g>", RefusedError, "E_READONLY", 4),
    ("query, then update", "SELECT * { ?s ?p ?o } ; DROP ALL", RefusedError, "E_READONLY", 4),
    ("load http", "LOAD <http://127.0.0.1:{port}/x.ttl>", RefusedError, "E_READONLY", 4),
    ("load file", "LOAD <file:///etc/passwd> INTO GRAPH <http://e/g>", RefusedError, "E_READONLY", 4),
    ("service", "SELECT * { SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }", RefusedError, "E_SERVICE", 4),
    (
        "service in odd case",
        "SELECT * { sErViCe <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
        RefusedError,
        "E_SERVICE",
        4,
    ),
    (
        "service silent",
        "SELECT * { SERVICE SILENT <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
        RefusedError,
        "E_SERVICE",
        4,
    ),
    ("service without spaces", "SELECT*{SERVICE<http://127.0.0.1:{port}/>{?s ?p ?o}}", RefusedError, "E_SERVICE", 4),
    (
        "service after a comment",
        "SELECT * { #x\rSERVICE#y\n<http://127.0.0.1:{port}/> {} }",
        RefusedError,
        "E_SERVICE",
        4,
    ),
    ("service by a variable", "SELECT * { ?s ?p ?o SERVICE ?o { ?a ?b ?c } }", RefusedError, "E_SERVICE", 4),
    (
        "service by a prefix",
        "PREFIX l: <http://127.0.0.1:{port}/> SELECT * { SERVICE l:x {} }",
        RefusedError,
        "E_SERVICE",
        4,
    ),
    ("service escaped", "SELECT * { \\u0053ERVICE <http://127.0.0.1:{port}/> {} }", RefusedError, "E_SERVICE", 4),
    (
        "service all escaped",
        "SELECT * { SERV\\U00000049CE <http://127.0.0.1:{port}/> {} }",
        RefusedError,
        "E_SERVICE",
        4,
    ),
    (
        "service in exists",
        "ASK { FILTER EXISTS { SERVICE <http://127.0.0.1:{port}/> {} } }",
        RefusedError,
        "E_SERVICE",
        4,
    ),
    (
        "service in a subselect",
        "SELECT * { { SELECT * { SERVICE <http://127.0.0.1:{port}/> {} } } }",
        RefusedError,
        "E_SERVICE",
        4,
    ),
    (
        "service in construct",
        "CONSTRUCT {} WHERE { SERVICE <http://127.0.0.1:{port}/> {} }",
        RefusedError,
        "E_SERVICE",
        4,
    ),
    (
        "service behind a comparison",
        "SELECT * { FILTER(1<2) SERVICE <http://127.0.0.1:{port}/> {} }",
        RefusedError,
        "E_SERVICE",
        4,
    ),
    ("from http", "SELECT * FROM <http://127.0.0.1:{port}/> { ?s ?p ?o }", RefusedError, "E_REMOTE", 4),
    ("from named http", "SELECT * FROM NAMED <http://127.0.0.1:{port}/> {}", RefusedError, "E_REMOTE", 4),
    ("from file", "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", RefusedError, "E_REMOTE", 4),
    ("from by a prefix", "PREFIX f: <file:///etc/> SELECT * FROM f:passwd { ?s ?p ?o }", RefusedError, "E_REMOTE", 4),
    (
        "from by another base",
        "BASE <http://127.0.0.1:{port}/> SELECT * FROM <graph/data> {}",
        RefusedError,
        "E_REMOTE",
        4,
    ),
    ("from escaped", "SELECT * FRO\\u004D <file:///etc/passwd> { ?s ?p ?o }", RefusedError, "E_REMOTE", 4),
    ("too long", "SELECT * { ?s ?p ?o } #" + "x" * 70_000, RefusedError, "E_QUERY_SIZE", 4),
    ("groups", "SELECT * " + "{ " * NEST + "} " * NEST, RefusedError, "E_QUERY_SIZE", 4),
    ("exists 843 deep", "ASK { " + "FILTER EXISTS { " * 843 + "}" * 844, RefusedError, "E_QUERY_SIZE", 4),
    ("brackets", "SELECT * { FILTER (" + "(" * 4750 + "1" + ")" * 4751 + "}", RefusedError, "E_QUERY_SIZE", 4),
    ("optionals", "SELECT * { " + "OPTIONAL { " * 2937 + "}" * 2938, RefusedError, "E_QUERY_SIZE", 4),
    ("unions", "SELECT * { {}" + " UNION {}" * 6625 + "}", RefusedError, "E_QUERY_SIZE", 4),
    ("not not not", "SELECT * { FILTER (" + "!" * 9500 + "true) }", RefusedError, "E_QUERY_SIZE", 4),
    ("minus minus", "SELECT (" + "- " * 9500 + "1 AS ?x) {}", RefusedError, "E_QUERY_SIZE", 4),
    ("sums", "SELECT (" + "1+" * 9500 + "1 AS ?x) {}", RefusedError, "E_QUERY_SIZE", 4),
    ("inverse paths", "SELECT * { ?s " + "^" * 9500 + "<http://e/p> ?o }", RefusedError, "E_QUERY_SIZE", 4),
    ("path steps", "SELECT * { ?s " + "<p>/" * 9500 + "<http://e/p> ?o }", RefusedError, "E_QUERY_SIZE", 4),
    ("lists", "SELECT * { ?s ?p " + "( " * NEST + ") " * NEST + "}", RefusedError, "E_QUERY_SIZE", 4),
    ("blank nodes", "SELECT * { ?s ?p " + "[ ?p " * NEST + "] " * NEST + "}", RefusedError, "E_QUERY_SIZE", 4),
]


@pytest.fixture(scope="module")
def canary() -> Iterator[tuple[int, list[bytes]]]:
    """A server on this machine that notes whoever calls."""
    hits: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    going = threading.Event()

    def serve() -> None:
        while not going.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            hits.append(connection.recv(100))
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1], hits
    going.set()
    thread.join()
    server.close()


@pytest.mark.parametrize(("name", "text", "kind", "code", "exit_code"), BAD, ids=[case[0] for case in BAD])
def test_a_bad_query_is_refused_with_its_code(
    store: ox.Store,
    canary: tuple[int, list[bytes]],
    name: str,
    text: str,
    kind: type[InForceError],
    code: str,
    exit_code: int,
) -> None:
    before = len(store)
    with pytest.raises(InForceError) as caught:
        ask(store, text.replace("{port}", str(canary[0])), timeout_s=10)
    error = caught.value
    assert (type(error), error.code, int(error.exit_code)) == (kind, code, exit_code), str(error)
    assert len(str(error)) < 700 and "panick" not in str(error)
    assert len(store) == before and canary[1] == []


def test_a_word_that_only_looks_like_service_passes(store: ox.Store) -> None:
    text = """PREFIX service: <http://service/> # SERVICE
    SELECT ?service {
      ?service inf:from ?load . OPTIONAL { ?service service:LOAD "SERVICE <http://x> {}" , '''DROP "ALL"''' }
    }"""
    assert len(ask(store, text)) == 2


PLACES = [
    ("SELECT ?s WHERE {\n  ?s inf:from ?day .\n  FILTER (?day < ?on }", "query:3:22", '"}" closes nothing', 21),
    ("SELECT ?s WHERE {\n  ?s infor:from ?day }", "query:2:6", 'prefix "infor:"; did you mean inf:?', 5),
    ("SELECT ?s WHERE {\n  { ?s ?p ?o ", "query:2:3", 'this "{" is never closed', 2),
    ("SELCT * { ?s ?p ?o }", "query:1:1", "did you mean SELECT?", 0),
    ("SELECT ?s WHERE {\n  ?s ?p ?o .\n  ?x ?y\n}", "query:4:1", "not SPARQL at the place marked", 0),
]


@pytest.mark.parametrize(("text", "source", "words", "caret"), PLACES)
def test_an_error_shows_the_place(store: ox.Store, text: str, source: str, words: str, caret: int) -> None:
    with pytest.raises(InputError) as caught:
        ask(store, text)
    message, line, mark = str(caught.value).splitlines()
    assert caught.value.source == source and words in message
    assert line == text.splitlines()[int(source.split(":")[1]) - 1]
    assert mark == " " * caret + "^"


def test_the_place_of_an_error_is_that_of_the_text_typed_not_of_the_text_bound(store: ox.Store) -> None:
    with pytest.raises(InputError) as caught:
        ask(store, "SELECT ?s { ?s inf:from ?on .\n?s ?p }", on="2024-12-24")
    assert caught.value.source == "query:2:7"
    assert str(caught.value).splitlines()[1] == "?s ?p }"


# ---- the fence -------------------------------------------------------------------------------

RUNAWAY = [
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "SELECT (COUNT(*) AS ?n) { ?a <http://e/p>* ?b . ?c <http://e/p>+ ?d }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY DESC(?i) LIMIT 1",
    "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER (STRLEN(CONCAT(STR(?a), STR(?e), STR(?i))) > 999) }",
]


@pytest.mark.parametrize("text", RUNAWAY)
def test_a_runaway_query_is_stopped_in_time(crowd: ox.Store, text: str) -> None:
    started = monotonic()
    with pytest.raises(LimitError) as caught:
        ask(crowd, text, timeout_s=1)
    assert monotonic() - started < 1.5 + 0.5
    assert caught.value.code in ("E_TIMEOUT", "E_MEMORY") and int(caught.value.exit_code) == 8
    assert ask(crowd, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").rows == ((3000,),)


def test_a_query_that_eats_memory_ends_alone(crowd: ox.Store) -> None:
    with pytest.raises(LimitError) as caught:
        ask(crowd, "SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?c))) AS ?n) { ?a ?b ?c . ?d ?e ?f }", timeout_s=30)
    assert caught.value.code == "E_MEMORY"


def test_a_regex_bomb_answers_or_ends(store: ox.Store) -> None:
    text = 'SELECT (REGEX("' + "a" * 40 + '!", "^(a+)+$") AS ?x) {}'
    assert ask(store, text, timeout_s=5).rows == ((False,),)


def test_an_answer_that_is_too_large_is_not_cut_silently(store: ox.Store) -> None:
    def much(write: Any) -> None:
        write(b"x" * 5000)

    with pytest.raises(LimitError) as caught:
        fence.fenced(much, timeout_s=5, output=1000)
    assert caught.value.code == "E_TOO_MUCH"


def test_without_the_scan_the_fence_still_holds(
    store: ox.Store, canary: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "guard", lambda text, known: sparql_guard.tokens(text))
    text = f"SELECT * {{ SERVICE <http://127.0.0.1:{canary[0]}/> {{ ?s ?p ?o }} }}"
    with pytest.raises(InForceError):
        ask(store, text, timeout_s=3)
    assert canary[1] == []


def test_without_the_scan_a_deep_query_takes_only_the_child(store: ox.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "guard", lambda text, known: sparql_guard.tokens(text))
    with pytest.raises(LimitError) as caught:
        ask(store, "ASK { " + "FILTER EXISTS { " * 3000 + "}" * 3001, timeout_s=20)
    assert caught.value.code in ("E_MEMORY", "E_TIMEOUT")


def test_the_child_opens_no_file_and_leaves_nothing_behind(store: ox.Store) -> None:
    def read_a_file(write: Any) -> None:
        try:
            with open("/etc/passwd", "rb") as handle:
                write(handle.read())
        except OSError as error:
            write(str(error.errno).encode())

    before = sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []
    others = children()
    assert int(fence.fenced(read_a_file, timeout_s=5)) == 24  # EMFILE: too many open files
    for _ in range(20):
        ask(store, "ASK {}")
    after = sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []
    assert len(after) == len(before)
    assert children() <= others


def children() -> set[str]:
    """The processes this one has begun and not yet buried; other tests may have some."""
    lists = Path("/proc/self/task").glob("*/children")
    return {number for path in lists for number in path.read_text().split()}


def test_an_answer_cut_in_the_middle_is_no_answer() -> None:
    def half(write: Any) -> None:
        write(b'{"kind":"ask","value":true}\n')
        os.kill(os.getpid(), 9)

    with pytest.raises(LimitError, match="ended before its answer"):
        fence.fenced(half, timeout_s=5)


def test_the_tokens_of_a_text_are_the_whole_text() -> None:
    for _, text, *_ in BAD:
        pieces = sparql_guard.tokens(text, all_=True)
        assert "".join(piece.text for piece in pieces) == text
