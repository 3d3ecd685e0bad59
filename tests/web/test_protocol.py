"""SPARQL 1.1 Protocol and Graph Store Protocol: the W3C's own conversations, and what they leave open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
import rdflib
from live_server import LiveServer, small_graph
from rdflib.collection import Collection
from rdflib.compare import isomorphic

HT = rdflib.Namespace("http://www.w3.org/2011/http#")
MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
CNT = rdflib.Namespace("http://www.w3.org/2011/content#")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

DATA = "http://kasei.us/2009/09/sparql/data/data{}.rdf"
SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")

UPDATES = {
    "update_dataset_default_graph",
    "update_dataset_default_graphs",
    "update_dataset_named_graphs",
    "update_dataset_full",
    "update_post_form",
    "update_post_direct",
    "update_base_uri",
}
"""What a server that only reads refuses, with 403, instead of the success that is expected of one that writes."""


@dataclass
class Said:
    """One request of a conversation, and what the answer must be."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None
    statuses: list[str]
    boolean: bool | None = None
    format: str | None = None
    answer_type: str | None = None
    answer: str | None = None


@dataclass
class Conversation:
    name: str
    said: list[Said] = field(default_factory=list)


def read(path: Path) -> list[Conversation]:
    graph = rdflib.Graph().parse(path, publicID=path.as_uri())
    entries = Collection(graph, next(graph.objects(None, MF.entries)))

    def headers(node: Any) -> dict[str, str]:
        listed = graph.value(node, HT.headers)
        return {
            str(graph.value(one, HT.fieldName)): str(graph.value(one, HT.fieldValue))
            for one in (Collection(graph, listed) if listed else [])
        }

    found = []
    for entry in entries:
        conversation = Conversation(str(entry).rpartition("#")[2])
        for request in Collection(graph, graph.value(graph.value(entry, MF.action), HT.requests)):
            body, answer = graph.value(request, HT.body), graph.value(request, HT.resp)
            content = graph.value(answer, HT.body)
            boolean, form = graph.value(answer, MF.expectedBoolean), graph.value(answer, MF.expectedFormat)
            conversation.said.append(
                Said(
                    str(graph.value(request, HT.methodName)),
                    str(graph.value(request, HT.absolutePath)),
                    headers(request),
                    str(graph.value(body, CNT.chars)).encode(str(graph.value(body, CNT.characterEncoding)))
                    if body
                    else None,
                    [str(one).rpartition("#")[2] for one in graph.objects(answer, MF.expectedStatus)],
                    None if boolean is None else bool(boolean),
                    str(form) if form else None,
                    headers(answer).get("content-type"),
                    str(graph.value(content, CNT.chars)) if content else None,
                )
            )
        found.append(conversation)
    return found


def fits(status: int, wanted: list[str]) -> bool:
    names = {200: "OK", 201: "Created", 204: "NoContent", 404: "NotFound"}
    return names.get(status) in wanted or f"StatusCode{status // 100}xx" in wanted


def boolean(answer: httpx.Response) -> bool:
    if "json" in answer.headers["content-type"]:
        return bool(answer.json()["boolean"])
    found = ElementTree.fromstring(answer.content).find("{http://www.w3.org/2005/sparql-results#}boolean")
    assert found is not None
    return found.text == "true"


TYPES = {
    "boolean": {"application/sparql-results+json", "application/sparql-results+xml"},
    "tabular": {
        "application/sparql-results+json",
        "application/sparql-results+xml",
        "text/csv",
        "text/tab-separated-values",
    },
    "RDF": {"text/turtle", "application/n-triples", "application/rdf+xml"},
}


@pytest.fixture(scope="module")
def w3c(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    if not (shared / "w3c").is_dir():
        pytest.skip("allowed: ../shared/w3c is not here")
    graphs = {DATA.format(n): (shared / f"w3c/protocol/data{n}.nt").read_text() for n in (1, 2, 3)}
    found = LiveServer(small_graph(tmp_path_factory.mktemp("w3c"), graphs))
    yield found
    found.stop()


@pytest.mark.parametrize("way", ["socket", "inside"])
def test_the_protocol_conversations_of_the_w3c(w3c: LiveServer, shared: Path, way: str) -> None:
    played, wrong = [], []
    for conversation in read(shared / "w3c/protocol/manifest.ttl"):
        refused = conversation.name in UPDATES
        for number, said in enumerate(conversation.said):
            ask: Any = w3c.client.request if way == "socket" else w3c.inside
            target = said.target.replace("/sparql/", "/sparql")
            answer = ask(said.method, target, headers=said.headers, content=said.body)
            good = (
                answer.status_code == (403 if number == 0 else 200)
                if refused
                else fits(answer.status_code, said.statuses)
            )
            if good and answer.status_code == 200:
                media = answer.headers["content-type"].partition(";")[0]
                good = media in TYPES[said.format or ""]
                # What an update was to have changed is as it was.
                wanted = False if refused else said.boolean
                good = good and (wanted is None or boolean(answer) is wanted)
            if not good:
                wrong.append((conversation.name, number, answer.status_code, answer.text[:200]))
        played.append(conversation.name)
    assert wrong == []
    assert len(played) == 34
    assert set(played) >= UPDATES


def _written(held: rdflib.Graph | None, said: Said, base: str) -> rdflib.Graph | None:
    """Return what a graph is after a write, were it allowed."""
    if said.method == "DELETE":
        return None
    found = rdflib.Graph() if held is None or said.method == "PUT" else held
    kind = said.headers["content-type"]
    body = said.body or b""
    parts = [body]
    if kind.startswith("multipart/"):
        message = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        parts = [part.get_payload(decode=True) for part in message.get_payload()]  # type: ignore[union-attr]
    for part in parts:
        found.parse(data=part, format="turtle", publicID=base)
    return found


def test_the_graph_store_conversations_of_the_w3c(shared: Path, tmp_path: Path) -> None:
    """Every state of a conversation is a host of its own, so that one server holds them all.

    What is read must be as expected of a server that had taken the writes; the writes themselves are refused.
    """
    if not (shared / "w3c").is_dir():
        pytest.skip("allowed: ../shared/w3c is not here")
    conversations = [
        one
        for name in ("manifest-direct.ttl", "manifest-indirect.ttl")
        for one in read(shared / "w3c/graph-store-protocol" / name)
    ]
    stores: dict[str, dict[str, str]] = {"named": {}, "default": {}}
    questions: list[tuple[str, str, Said, str, str]] = []
    hosts = []
    for number, conversation in enumerate(conversations):
        held: dict[str, rdflib.Graph | None] = {}
        place = "default" if "default" in conversation.name else "named"
        for step, said in enumerate(conversation.said):
            host = f"s{number}x{step}.example"
            hosts.append(host)
            target = re.sub(r"^/gsp", "/graphs", said.target).replace("$LOCATION$", "http://www.example/new")
            url = httpx.URL(f"http://www.example{target}")
            name = (
                "http://www.example/default"
                if "default" in url.params
                else url.params.get("graph") or ("http://www.example/new" if target == "/graphs" else str(url))
            )
            if said.method in ("PUT", "POST", "DELETE"):
                held[name] = _written(held.get(name), said, name)
            else:
                for graph, content in held.items():
                    if content is not None:
                        text = content.serialize(format="nt")
                        stores[place][graph.replace("www.example", host)] = text.replace("www.example", host)
            questions.append((conversation.name, place, said, target.replace("www.example", host), host))
    wrong, reads, writes = [], 0, 0
    for place, graphs in stores.items():
        server = LiveServer(small_graph(tmp_path / place, graphs), allowed_hosts=(*hosts, "127.0.0.1"))
        try:
            for name, where, said, target, host in questions:
                if where != place:
                    continue
                body = said.body.replace(b"www.example", host.encode()) if said.body else None
                answer = server.client.request(
                    said.method, target, headers={"host": host, **said.headers}, content=body
                )
                if said.method not in ("GET", "HEAD"):
                    writes += 1
                    if answer.status_code != 405 or answer.headers["allow"] != "GET, HEAD, OPTIONS":
                        wrong.append((name, said.method, answer.status_code, answer.text[:200]))
                    continue
                reads += 1
                good = fits(answer.status_code, said.statuses)
                if good and said.answer_type:
                    good = answer.headers["content-type"] == said.answer_type
                if good and said.answer is not None:
                    expected = rdflib.Graph().parse(
                        data=said.answer.replace("www.example", host), format="turtle", publicID="http://x/"
                    )
                    good = isomorphic(rdflib.Graph().parse(data=answer.text, format="turtle"), expected)
                if not good:
                    wrong.append((name, said.method, answer.status_code, answer.text[:300]))
        finally:
            server.stop()
    assert wrong == []
    assert (len(conversations), reads, writes) == (13, 18, 21)


def test_the_service_is_described(server: LiveServer) -> None:
    for kind, form in (("text/turtle", "turtle"), ("application/rdf+xml", "xml"), ("application/ld+json", "json-ld")):
        answer = server.client.get("/sparql", headers={"Accept": kind})
        assert answer.headers["content-type"].partition(";")[0] == kind
        graph = rdflib.Graph().parse(data=answer.text, format=form)
        endpoint = rdflib.URIRef(f"{server.url}/sparql")
        assert (endpoint, SD.endpoint, endpoint) in graph
        assert (endpoint, rdflib.RDF.type, SD.Service) in graph
        assert (endpoint, SD.supportedLanguage, SD.SPARQL11Query) in graph
        assert (None, SD.supportedLanguage, SD.SPARQL11Update) not in graph
        names = {str(one) for one in graph.objects(None, SD.name)}
        assert {"https://w3id.org/inforce/graph/data", "https://w3id.org/inforce/graph/inferred"} <= names


# ---- formats -------------------------------------------------------------------------------------------

ROWS = "SELECT ?s ?l WHERE { ?s a inf:Rule ; rdfs:label ?l } ORDER BY ?s ?l LIMIT 7"
TRIPLES = "CONSTRUCT { ?s rdfs:label ?l } WHERE { ?s a inf:Rule ; rdfs:label ?l }"


def ask(server: LiveServer, query: str, accept: str | None = None, **more: str) -> httpx.Response:
    headers = {"Accept": accept} if accept is not None else {}
    return server.client.get("/sparql", params={"query": query, **more}, headers=headers)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("application/sparql-results+json", "application/sparql-results+json"),
        ("application/json", "application/sparql-results+json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv"),
        ("text/tab-separated-values", "text/tab-separated-values"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.5, text/tab-separated-values;q=0.6", "text/tab-separated-values"),
        ("text/csv; charset=utf-8", "text/csv"),
        ("application/sparql-results+json;q=0, */*;q=0.1", "application/sparql-results+xml"),
        ("text/turtle, application/sparql-results+xml;q=0.2", "application/sparql-results+xml"),
        ("TEXT/CSV", "text/csv"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/sparql-results+xml"),
    ],
)
def test_rows_come_in_the_format_that_is_liked_best(server: LiveServer, accept: str, media: str) -> None:
    if "html" in accept and server.app.context.sparql_page is not None:
        pytest.skip("allowed: a browser gets a page")
    answer = ask(server, ROWS, accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("accept", "media", "form"),
    [
        ("", "text/turtle", "turtle"),
        ("text/turtle", "text/turtle", "turtle"),
        ("application/n-triples", "application/n-triples", "nt"),
        ("application/ld+json", "application/ld+json", "json-ld"),
        ("application/json", "application/ld+json", "json-ld"),
        ("application/rdf+xml", "application/rdf+xml", "xml"),
        ("application/n-quads", "application/n-quads", "nquads"),
        ("application/trig", "application/trig", "trig"),
        ("text/csv, application/rdf+xml;q=0.1", "application/rdf+xml", "xml"),
    ],
)
def test_triples_are_the_same_in_every_format(server: LiveServer, accept: str, media: str, form: str) -> None:
    answer = ask(server, TRIPLES, accept)
    assert answer.headers["content-type"].partition(";")[0] == media
    found = rdflib.Dataset() if form in ("nquads", "trig") else rdflib.Graph()
    found.parse(data=answer.content, format=form)
    plain = rdflib.Graph().parse(data=ask(server, TRIPLES, "application/n-triples").text, format="nt")
    assert len(plain) > 50
    assert {(s, p, o) for s, p, o, *_ in found} == set(plain)


def test_rows_are_the_same_in_every_format(server: LiveServer) -> None:
    import csv
    import io

    rows = [(row["s"]["value"], row["l"]["value"]) for row in ask(server, ROWS).json()["results"]["bindings"]]
    assert len(rows) == 7
    space = "{http://www.w3.org/2005/sparql-results#}"
    tree = ElementTree.fromstring(ask(server, ROWS, format="xml").content)
    in_xml = [
        tuple(
            next(iter(one)).text
            for name in ("s", "l")
            for one in result.findall(f"{space}binding")
            if one.get("name") == name
        )
        for result in tree.iter(f"{space}result")
    ]
    in_csv = [tuple(row) for row in csv.reader(io.StringIO(ask(server, ROWS, format="csv").text))]
    in_tsv = [line.split("\t") for line in ask(server, ROWS, format="tsv").text.splitlines()]
    assert in_xml == rows
    assert in_csv == [("s", "l"), *rows]
    assert [line[0] for line in in_tsv] == ["?s", *(f"<{row[0]}>" for row in rows)]


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["status"], found["code"]) == (status, status, code), found
    assert answer.headers["content-type"] == "application/problem+json"
    return found


def test_what_cannot_be_had_in_a_format_is_406(server: LiveServer) -> None:
    problem(ask(server, ROWS, "text/turtle"), 406, "E_ACCEPT")
    problem(ask(server, TRIPLES, "text/csv"), 406, "E_ACCEPT")
    problem(ask(server, ROWS, "image/png"), 406, "E_ACCEPT")
    problem(server.client.get("/graphs?default", headers={"Accept": "image/png"}), 406, "E_ACCEPT")


# ---- what is wrong, and what is refused ------------------------------------------------------------------


def test_a_mistake_in_a_query_has_its_place(server: LiveServer) -> None:
    found = problem(ask(server, "SELECT *\nWHERE { ?s a inf:Rule ; }}"), 400, "E_QUERY")
    assert (found["line"], found["column"]) == (2, 26)
    found = problem(ask(server, "SELECT ?s { ?s zz:p ?o }"), 400, "E_QUERY")
    assert "zz" in found["detail"]
    assert (found["line"], found["column"]) == (1, 16)


@pytest.mark.parametrize(
    "update", ["INSERT DATA { <x:a> <x:b> <x:c> }", "CLEAR ALL", "LOAD <http://127.0.0.1/x>", "DROP GRAPH <x:g>"]
)
def test_updates_are_refused_however_they_come(server: LiveServer, update: str) -> None:
    client = server.client
    before = client.get("/health").json()["quads"]
    direct = {"Content-Type": "application/sparql-update"}
    problem(client.post("/sparql", content=update, headers=direct), 403, "E_READONLY")
    problem(client.post("/sparql", data={"update": update}), 403, "E_READONLY")
    problem(client.get("/sparql", params={"update": update}), 403, "E_READONLY")
    problem(client.get("/sparql", params={"query": update}), 403, "E_READONLY")
    as_query = {"Content-Type": "application/sparql-query"}
    problem(client.post("/sparql", content=update, headers=as_query), 403, "E_READONLY")
    assert client.get("/health").json()["quads"] == before


def test_other_mistakes_have_their_own_codes(server: LiveServer) -> None:
    client = server.client
    problem(ask(server, "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"), 403, "E_SERVICE")
    problem(ask(server, "SELECT * FROM <http://127.0.0.1:1/> { ?s ?p ?o }"), 403, "E_REMOTE")
    problem(client.post("/sparql", content=b"ASK {}", headers={"Content-Type": "text/plain"}), 415, "E_MEDIA_TYPE")
    problem(client.post("/sparql", data={"x": "y"}), 400, "E_HTTP")
    problem(client.get("/sparql?query=ASK%7B%7D&query=ASK%7B%7D"), 400, "E_HTTP")
    problem(client.get("/sparql?query=%FF"), 400, "E_HTTP")
    problem(client.get("/sparql", params={"query": "ASK {}", "format": "pdf"}), 400, "E_HTTP")
    problem(client.get("/sparql", params={"query": "ASK {}", "default-graph-uri": "not an iri"}), 400, "E_HTTP")
    problem(client.put("/sparql", params={"query": "ASK {}"}), 405, "E_METHOD")
    problem(client.get("/nothing/here"), 404, "E_NOT_FOUND")
    problem(client.get("/graphs"), 400, "E_HTTP")
    problem(client.get("/graphs?graph=http://example.org/none"), 404, "E_NOT_FOUND")
    problem(client.get("/graphs/none"), 404, "E_NOT_FOUND")
    problem(client.post("/graphs?default", content=b""), 405, "E_METHOD")


def test_head_and_options(server: LiveServer) -> None:
    head = server.client.head("/sparql", params={"query": "ASK {}"})
    get = ask(server, "ASK {}")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers[name] == get.headers[name]
    for path, methods in (("/sparql", "GET, HEAD, OPTIONS, POST"), ("/graphs", "GET, HEAD, OPTIONS")):
        answer = server.client.options(path)
        assert (answer.status_code, answer.headers["allow"]) == (204, methods)


def test_an_answer_is_not_sent_again(server: LiveServer) -> None:
    first = ask(server, ROWS)
    again = server.client.get("/sparql", params={"query": ROWS}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = server.client.get(
        "/sparql", params={"query": ROWS}, headers={"If-None-Match": first.headers["etag"], "Accept": "text/csv"}
    )
    assert other.status_code == 200
    changing = ask(server, "SELECT (NOW() AS ?now) {}")
    assert "etag" not in changing.headers
    assert changing.headers["cache-control"] == "no-store"


# ---- graphs ---------------------------------------------------------------------------------------------


def count(server: LiveServer, **dataset: Any) -> int:
    answer = server.client.get("/sparql", params={"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", **dataset})
    return int(answer.json()["results"]["bindings"][0]["n"]["value"])


def test_the_graphs_of_a_request_are_those_that_are_asked(server: LiveServer) -> None:
    names = server.client.get("/health").json()["graphs"]
    each = [count(server, **{"default-graph-uri": name}) for name in names]
    assert all(each)
    assert count(server, **{"default-graph-uri": names}) == count(server)
    assert count(server) <= sum(each)
    # Only named ones: the default graph is empty then.
    assert count(server, **{"named-graph-uri": names[0]}) == 0
    inside = {"query": "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", "named-graph-uri": names[0]}
    rows = server.client.get("/sparql", params=inside).json()["results"]["bindings"]
    assert [row["g"]["value"] for row in rows] == [names[0]]


def test_a_graph_that_is_not_here_is_empty_and_said_to_be_unknown(server: LiveServer) -> None:
    unknown = "http://example.org/none\r\nX-Evil: 1"
    answer = ask(server, "ASK { ?s ?p ?o }", **{"default-graph-uri": "http://example.org/none"})
    assert answer.json()["boolean"] is False
    assert answer.headers["x-unknown-graph"] == "http://example.org/none"
    assert "x-evil" not in ask(server, "ASK {}", **{"default-graph-uri": unknown}).headers


def test_a_whole_graph_can_be_read(server: LiveServer) -> None:
    name = "https://w3id.org/inforce/graph/ontology"
    by_name = server.client.get("/graphs", params={"graph": name}, headers={"Accept": "application/n-triples"})
    direct = server.client.get("/graphs/ontology", headers={"Accept": "application/n-triples"})
    assert sorted(by_name.text.splitlines()) == sorted(direct.text.splitlines())
    asked = count(server, **{"default-graph-uri": name})
    assert len(set(by_name.text.splitlines())) == asked > 1000
    everything = server.client.get("/graphs?default", headers={"Accept": "application/n-triples"})
    assert len(everything.text.splitlines()) == count(server)


def test_a_browser_gets_a_form_that_needs_no_script(server: LiveServer) -> None:
    answer = server.client.get("/sparql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert answer.headers["content-type"].startswith("text/html")
    assert re.search(r"<textarea[^>]* name=\"query\"", answer.text)
    assert "style=" not in answer.text
    assert "//" not in re.sub(
        r"https?://w3id\.org|xmlns=\"[^\"]*\"", "", re.sub(r"(?s)<textarea.*?</textarea>", "", answer.text)
    )


def test_the_engine_and_the_endpoint_agree_on_saved_queries(server: LiveServer, kb: Any, repo: Path) -> None:
    """Query language and results are the engine's own: every saved query that is a file, row by row."""
    compared = 0
    for path in sorted((repo / "queries").rglob("*.rq")):
        text = path.read_text(encoding="utf-8")
        if path.parts[-2] == "text" or not re.search(r"^\s*(SELECT|ASK)", text, re.MULTILINE):
            continue
        answer = ask(server, text)
        if answer.status_code != 200:
            # A check over everything may have more rows than are given out.
            assert answer.json()["code"] in ("E_TOO_MUCH", "E_TIMEOUT"), (path.name, answer.text)
            continue
        found = answer.json()
        there = kb.sparql(text)
        if "boolean" in found:
            assert found["boolean"] is there
        else:
            assert len(found["results"]["bindings"]) == len(there.rows), path.name
            assert found["head"]["vars"] == list(there.columns)
        compared += 1
    assert compared >= 20


def test_the_log_says_nothing_of_what_was_asked(server: LiveServer) -> None:
    ask(server, 'SELECT * { ?s ?p "a very private matter" }')
    assert "private" not in json.dumps(server.lines)
    assert {"time", "id", "method", "route", "status", "ms"} <= set(server.lines[-1])
