"""A query to a store elsewhere: oxigraph's own server gives the rows of ours; one that lies or dawdles is told."""

from __future__ import annotations

import io
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from command_line import Ran

from inforce import remote
from inforce.errors import EnvironmentFault, InForceError, InputError, LimitError, RefusedError, UsageError

RESULTS = b"application/sparql-results+json"
SELECT = "SELECT ?s ?p { ?s ?p ?o }"

# ---- oxigraph's own server -------------------------------------------------------------------------


def _oxigraph() -> str:
    beside = Path(sys.executable).parent / "oxigraph"
    found = str(beside) if beside.exists() else shutil.which("oxigraph")
    if not found:
        pytest.skip("the PyPI package oxigraph is not installed")
    return found


@pytest.fixture(scope="module")
def endpoint(kb: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = _oxigraph()
    folder = tmp_path_factory.mktemp("oxigraph") / "store"
    store = ox.Store(str(folder))
    store.bulk_load(path=str(kb.built.path("graph.nq")), format=ox.RdfFormat.N_QUADS)
    store.flush()
    del store
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "serve-read-only", "-l", str(folder), "-b", f"127.0.0.1:{port}", "--union-default-graph"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/query"
        finally:
            server.kill()


@pytest.mark.parametrize(
    "line",
    [
        "query members-of-list list=visa-exempt on=2024-12-24",
        "query coverage",
        "query eligibility citizenships=IND lmia_required=yes on=2024-12-24",
        "query rule-states citizenships=FRA on=2010-05-01",
        "query versions-of thing=R-WP-198-2A",
        "sparql -q 'SELECT ?rule { ?rule a inf:Rule } ORDER BY ?rule'",
        "sparql -q 'SELECT ?v ?on { ?v inf:from ?on } ORDER BY ?v' --on 2024-12-24",
        "sparql -q 'ASK { rule:R-WP-198-2A a inf:Rule }'",
        "sparql -q 'CONSTRUCT { ?r a inf:Rule } { ?r a inf:Rule }' --format nt",
        "sparql -q 'SELECT ?rule { ?rule a inf:Rule } ORDER BY ?rule' --limit 3",
    ],
)
def test_an_endpoint_gives_the_rows_of_the_embedded_store(run: Callable[..., Ran], endpoint: str, line: str) -> None:
    here, there = run(line), run(f"{line} --endpoint {endpoint}")
    assert (there.code, there.out) == (here.code, here.out), there.err
    assert here.out


def test_every_saved_query_runs_elsewhere_as_here(kb: Any, endpoint: str) -> None:
    from inforce import queries

    for path in (one for one in queries.saved().values() if one.path.parent.name != "text"):
        words = dict(word.split("=", 1) for word in path.example.split()[3:])
        assert kb.query_at(endpoint, path.name, words) == kb.query(path.name, words), path.name


def test_what_the_endpoint_refuses_is_told(run: Callable[..., Ran], endpoint: str) -> None:
    ran = run(f"sparql -q 'SELECT ?x {{ ?x ?y }}' --endpoint {endpoint}")
    assert ran.code == 3 and "error[E_ENDPOINT]" in ran.err and "400" in ran.err
    ran = run(f"sparql -q 'SELECT ?x {{ ?x ?y ?z }}' --endpoint {endpoint.replace('/query', '/nothing')}")
    assert ran.code == 3 and "404" in ran.err


def test_a_shell_asks_the_endpoint_too_and_goes_on_after_its_errors(
    run: Callable[..., Ran], endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "ASK { ?s a inf:Rule };\n.run coverage\nSELECT ?x { ?x ?y };\nASK {};\n.prefixes\n"

    def typed(options: str) -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(asked))
        return run(f"shell {options}")

    here, there = typed(""), typed(f"--endpoint {endpoint}")
    assert (there.code, there.out) == (here.code, here.out) == (0, here.out)
    assert there.err.count("error[") == 1 and "400" in there.err
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    asked = "ASK {};\n.quit\n"
    down = typed(f"--endpoint http://127.0.0.1:{port}/query")
    assert down.code == 6 and "error[E_ENDPOINT]" in down.err and "is it running" in down.err


# ---- guarded as here -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["INSERT DATA { <a> <b> <c> }", "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }", "DROP ALL"]
)
def test_updates_and_services_are_refused_before_anything_is_sent(kb: Any, text: str) -> None:
    with pytest.raises(RefusedError):
        kb.sparql_at("http://127.0.0.1:1/", text)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "127.0.0.1:7878",
        "http://",
        "http://u:p@127.0.0.1/",
        "http://127.0.0.1/#x",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/ x",
        "http://é/",
        "",
    ],
)
def test_only_plain_web_addresses_are_asked(kb: Any, address: str) -> None:
    with pytest.raises(UsageError):
        kb.sparql_at(address, SELECT)


def test_other_commands_have_no_endpoint(run: Callable[..., Ran]) -> None:
    ran = run("check citizenships=FRA --endpoint http://127.0.0.1:1/")
    assert ran.code == 2 and "--endpoint" in ran.err


def test_prefixes_are_declared_once_and_only_where_used() -> None:
    text = "PREFIX inf: <http://else/>\nSELECT * { ?s a inf:Rule ; rdfs:label 'skos:x' }"
    assert remote.whole_query(text) == (
        "BASE <https://w3id.org/inforce/> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> " + text
    )


# ---- a server that is not what it should be ---------------------------------------------------------


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request's head and then says whatever it likes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                with client:
                    client.settimeout(10)
                    try:
                        client.recv(65536)
                        talk(client)
                        # Closed with something unread, the connection is reset.
                        client.shutdown(socket.SHUT_WR)
                        while client.recv(65536):
                            pass
                    except OSError:
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/query"
        finally:
            done.set()
            listening.shutdown(socket.SHUT_RDWR)


def says(
    body: bytes, *, status: str = "200 OK", media: bytes = RESULTS, more: bytes = b""
) -> Callable[[socket.socket], None]:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nContent-Type: ".encode() + media + b"\r\n"
    return lambda client: client.sendall(head + more + b"\r\n" + body)


def rows(*bindings: Any, columns: Any = ("s", "p")) -> bytes:
    return json.dumps({"head": {"vars": list(columns)}, "results": {"bindings": list(bindings)}}).encode()


LIES = {
    "html": says(b"<html>", media=b"text/html"),
    "no type": says(rows(), media=b""),
    "xml": says(b"<sparql/>", media=b"application/sparql-results+xml"),
    "no json": says(b"{"),
    "not utf-8": says(b'{"head": "\xff"}'),
    "deep": says(b"[" * 200_000),
    "NaN": says(b'{"head": {"vars": []}, "results": {"bindings": [NaN]}}'),
    "a list": says(b"[]"),
    "a truth value": says(b'{"head": {}, "boolean": true}'),
    "vars of numbers": says(rows(columns=[1, 2])),
    "a var that is markup": says(rows(columns=["<b>"])),
    "a var twice": says(rows(columns=["s", "s"])),
    "2000 vars": says(rows(columns=[f"v{n}" for n in range(2000)])),
    "a row of another": says(rows({"x": {"type": "uri", "value": "u"}})),
    "a row that is text": says(rows("row")),
    "a term without value": says(rows({"s": {"type": "uri"}})),
    "a term of no kind": says(rows({"s": {"type": "triple", "value": "x"}})),
    "a term that is text": says(rows({"s": "x"})),
    "a datatype of numbers": says(rows({"s": {"type": "literal", "value": "x", "datatype": 3}})),
    "compressed": says(rows(), more=b"Content-Encoding: gzip\r\n"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_no_result_is_refused(kb: Any, lie: str) -> None:
    with server(LIES[lie]) as address, pytest.raises(InputError, match="no result") as told:
        kb.sparql_at(address, SELECT)
    assert told.value.code == "E_ENDPOINT"


def test_triples_are_read_strictly_too(kb: Any) -> None:
    good = says(b'<http://a> <http://b> "c"@en .\n' * 2, media=b"application/n-triples")
    with server(good) as address:
        assert len(kb.sparql_at(address, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }")) == 1
    bad = says(b"<http://a> <http://b> .\n", media=b"application/n-triples")
    with server(bad) as address, pytest.raises(InputError, match="no N-Triples"):
        kb.sparql_at(address, "DESCRIBE <http://a>")


def test_no_redirect_is_followed(kb: Any) -> None:
    for status in ("301 Moved", "302 Found", "307 Temporary", "308 Permanent"):
        away = says(b"", status=status, more=b"Location: http://192.0.2.1/\r\n")
        with server(away) as address, pytest.raises(RefusedError, match=r"192\.0\.2\.1") as told:
            kb.sparql_at(address, SELECT)
        assert told.value.code == "E_REDIRECT"


def test_words_of_the_server_move_no_cursor(kb: Any) -> None:
    with server(says(b"\x1b[2J\x07no\r\nsuch \xff", status="418 Teapot")) as address, pytest.raises(InputError) as told:
        kb.sparql_at(address, SELECT)
    assert "\x1b" not in str(told.value) and "\n" not in str(told.value) and "418" in str(told.value)


def test_a_fault_of_the_server_is_not_ours(kb: Any) -> None:
    for talk in (says(b"", status="503 Busy"), lambda client: client.sendall(b"SSH-2.0\r\n"), lambda client: None):
        with server(talk) as address, pytest.raises(EnvironmentFault) as told:
            kb.sparql_at(address, SELECT)
        assert told.value.code == "E_ENDPOINT"
    with pytest.raises(EnvironmentFault, match="does not answer"):
        kb.sparql_at("http://127.0.0.1:1/", SELECT)


def test_an_answer_that_ends_early_is_no_answer(kb: Any) -> None:
    def cut(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Type: " + RESULTS + b"\r\n\r\n" + rows())

    with server(cut) as address, pytest.raises(EnvironmentFault):
        kb.sparql_at(address, SELECT)


def _dribble(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: " + RESULTS + b"\r\n\r\n")
    while True:
        client.sendall(b" ")
        time.sleep(0.05)


def _dribble_head(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        client.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize(
    "slow", [_dribble, _dribble_head, lambda client: time.sleep(3)], ids=["body", "head", "silent"]
)
def test_a_slow_server_is_left_at_the_deadline(kb: Any, slow: Callable[[socket.socket], None]) -> None:
    with server(slow) as address:
        begun = time.monotonic()
        with pytest.raises(LimitError) as told:
            kb.sparql_at(address, SELECT, timeout_s=0.5)
        assert time.monotonic() - begun < 2 and told.value.code == "E_TIMEOUT"


def test_an_endless_answer_is_left_at_the_limit() -> None:
    def endless(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: " + RESULTS + b"\r\n\r\n")
        while True:
            client.sendall(b" " * 65536)

    with server(endless) as address, pytest.raises(LimitError) as told:
        remote.ask_endpoint(address, SELECT, timeout_s=20, largest=1 << 20)
    assert told.value.code == "E_TOO_MUCH"


def test_endless_headers_are_left(kb: Any) -> None:
    def endless(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            client.sendall(b"X-A: " + b"b" * 1000 + b"\r\n")

    with server(endless) as address, pytest.raises(InForceError):
        kb.sparql_at(address, SELECT, timeout_s=5)


def test_terms_become_plain_values(kb: Any) -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    body = rows(
        {
            "s": {"type": "uri", "value": "http://a"},
            "p": {"type": "literal", "value": "7", "datatype": xsd + "integer"},
        },
        {"s": {"type": "bnode", "value": "b"}, "p": {"type": "literal", "value": "x", "datatype": xsd + "integer"}},
        {"p": {"type": "literal", "value": "é", "xml:lang": "fr"}},
    )
    with server(says(body)) as address:
        found = kb.sparql_at(address, SELECT, limit=2)
    assert found.rows == (("http://a", 7), ("_:b", "x")) and found.truncated
