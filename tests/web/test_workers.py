"""The fence: whatever is asked, the answer comes in time, whole or refused, and nothing is left behind."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from hostile_queries import BOMBS, MARGIN, RUNAWAYS, SLACK
from live_server import LiveServer, children, small_graph

LIMIT = 0.6


@pytest.fixture(scope="module")
def fenced(kb: Any) -> Iterator[LiveServer]:
    """A server with little time for a query."""
    found = LiveServer(kb, timeout_s=LIMIT, workers=2, patience_s=30, queue=64)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def narrow(kb: Any) -> Iterator[LiveServer]:
    """A server with little memory for a query."""
    found = LiveServer(kb, timeout_s=2, memory=64 << 20, workers=2)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def unguarded(kb: Any) -> Iterator[LiveServer]:
    """A server that does not look at queries: the fence alone stands."""
    found = LiveServer(kb, timeout_s=LIMIT, memory=96 << 20, workers=2, patience_s=30, queue=64, scan=False)
    yield found
    found.stop()


def ask(server: LiveServer, query: str, **more: Any) -> httpx.Response:
    return server.client.post("/sparql", data={"query": query}, **more)


def settled(server: LiveServer, within: float = 3.0) -> int:
    """Wait until only the children that wait for a question are there; return how many there are."""
    idle = server.app.context.settings.at_a_time * 2
    until = time.monotonic() + within
    while len(found := children(server.zygote)) > idle and time.monotonic() < until:
        time.sleep(0.02)
    return len(found) - idle


def healthy(server: LiveServer) -> None:
    answer = ask(server, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert answer.status_code == 200, answer.text
    assert int(answer.json()["results"]["bindings"][0]["n"]["value"]) > 0


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


# ---- time and memory ---------------------------------------------------------------------------------------


def test_a_query_that_would_run_for_ever_is_stopped_in_time(fenced: LiveServer) -> None:
    healthy(fenced)
    took: dict[str, float] = {}
    before = descriptors()
    for query in RUNAWAYS:
        begun = time.monotonic()
        answer = ask(fenced, query)
        took[query] = time.monotonic() - begun
        # Some end sooner, by their memory or because the engine is cleverer than the query.
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()["code"]) in {(503, "E_TIMEOUT"), (503, "E_MEMORY")}, query
            assert int(answer.headers["retry-after"]) > 0
    assert max(took.values()) <= LIMIT + MARGIN + SLACK, max(took, key=lambda one: took[one])
    assert sum(LIMIT <= one for one in took.values()) >= 24
    assert settled(fenced) <= 0
    assert descriptors() <= before + 2
    healthy(fenced)


def test_a_query_that_takes_all_memory_ends_alone(narrow: LiveServer) -> None:
    size = Path(f"/proc/{narrow.zygote}/statm").read_text().split()[1]
    codes = []
    for query in BOMBS * 2:
        answer = ask(narrow, query)
        assert answer.status_code in (503, 422), answer.text[:300]
        codes.append(answer.json()["code"])
    assert set(codes) <= {"E_MEMORY", "E_TIMEOUT"}
    assert codes.count("E_MEMORY") >= 4
    assert settled(narrow) <= 0
    assert int(Path(f"/proc/{narrow.zygote}/statm").read_text().split()[1]) - int(size) < 20 << 8
    healthy(narrow)


def nested(depth: int) -> list[str]:
    return [
        "SELECT * { " + "{ " * depth + "?s ?p ?o" + " }" * depth + " }",
        "SELECT * { ?s ?p ?o " + "OPTIONAL { ?s ?p ?o " * depth + "}" * depth + " }",
        "SELECT * { ?s ?p ?o FILTER" + " EXISTS { ?s ?p ?o FILTER" * depth + "(true)" + "}" * depth + " }",
        "SELECT * { ?s ?p ?o FILTER(" + "(" * depth + "1" + ")" * depth + ") }",
        "SELECT * { ?s ?p ?o FILTER(" + "!" * depth + "true) }",
        "SELECT * { ?s ?p ?o FILTER(" + "-" * depth + "1 = 1) }",
        "SELECT * { ?s " + "(" * depth + "rdf:type" + ")*" * depth + " ?o }",
        "SELECT * { { ?s ?p ?o }" + " UNION { ?s ?p ?o }" * depth + " }",
        "SELECT * { ?s ?p ?o " + "MINUS { ?s ?p ?o " * depth + "}" * depth + " }",
        "SELECT * { " + "{ SELECT * { " * depth + "?s ?p ?o" + " } }" * depth + " }",
        "SELECT * { ?s ?p " + "[ ?p " * depth + "?o" + " ]" * depth + " }",
    ]


def test_a_query_too_deep_is_refused_before_the_engine_reads_it(fenced: LiveServer) -> None:
    for query in nested(1200):
        answer = ask(fenced, query)
        assert (answer.status_code, answer.json()["code"]) == (413, "E_QUERY_SIZE"), query[:60]
    long = ask(fenced, "ASK { ?s ?p '" + "x" * (64 << 10) + "' }")
    assert (long.status_code, long.json()["code"]) == (413, "E_QUERY_SIZE")
    healthy(fenced)


def test_a_query_too_deep_for_the_engine_ends_alone_where_nobody_looked(unguarded: LiveServer) -> None:
    crashed = 0
    for query in nested(2000):
        if len(query) > 60_000:
            continue
        answer = ask(unguarded, query)
        crashed += answer.status_code == 503 and answer.json()["code"] == "E_MEMORY"
        assert answer.status_code in (200, 400, 503, 422), answer.text[:300]
    assert crashed >= 1
    assert settled(unguarded) <= 0
    healthy(unguarded)


# ---- nothing outside is reached ------------------------------------------------------------------------------


class Canary:
    """A server on this machine that counts who comes."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.hits = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.hits += 1
            connection.close()


def spellings(port: int) -> list[str]:
    urls = [
        f"http://127.0.0.1:{port}/x",
        f"http://localhost:{port}/",
        f"HTTP://127.0.0.1:{port}",
        f"http://[::1]:{port}/",
    ]
    words = ["SERVICE", "service", "Service", "sErViCe", "SERVICE SILENT", "service\n#x\nsilent"]
    shapes: list[Callable[[str, str], str]] = [
        lambda word, iri: f"SELECT * {{ {word} <{iri}> {{ ?s ?p ?o }} }}",
        lambda word, iri: f"SELECT * {{ ?s ?p ?o . {word}<{iri}>{{ ?s ?p ?o }} }} LIMIT 1",
        lambda word, iri: f"ASK {{ ?s ?p ?o FILTER EXISTS {{ {word} <{iri}> {{ ?s ?p ?o }} }} }}",
        lambda word, iri: f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {word} <{iri}> {{ ?s ?p ?o }} }}",
        lambda word, iri: f"PREFIX e: <{iri}> SELECT * {{ {word} e: {{ ?s ?p ?o }} }}",
        lambda word, iri: f"SELECT * {{ BIND(<{iri}> AS ?e) {word} ?e {{ ?s ?p ?o }} }}",
        lambda word, iri: f"SELECT * {{ VALUES ?e {{ <{iri}> }} {word} ?e {{ ?s ?p ?o }} }}",
        lambda word, iri: f"DESCRIBE ?s {{ {{ SELECT ?s {{ {word} <{iri}> {{ ?s ?p ?o }} }} }} }}",
        lambda word, iri: f"SELECT * {{ OPTIONAL {{ {word} <{iri}> {{ ?s ?p ?o }} }} }}",
    ]
    found = [shape(word, iri) for shape, word, iri in product(shapes, words, urls)]
    others = [f"LOAD <{iri}>" for iri in urls] + [f"SELECT * FROM <{iri}> {{ ?s ?p ?o }}" for iri in urls]
    return found + others


@pytest.mark.parametrize("scan", [True, False])
def test_no_query_reaches_the_network(fenced: LiveServer, unguarded: LiveServer, scan: bool) -> None:
    server = fenced if scan else unguarded
    canary = Canary()
    try:
        with socket.create_connection(("127.0.0.1", canary.port)):
            pass
        time.sleep(0.05)
        assert canary.hits == 1, "the canary sees whoever comes"
        queries = spellings(canary.port)
        assert len(queries) >= 200
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda query: ask(server, query), queries))
        if scan:
            assert {answer.status_code for answer in answers} == {403}
        else:
            assert any("network" in answer.text.lower() or answer.status_code == 200 for answer in answers)
        assert {answer.status_code for answer in answers} <= {200, 400, 403, 503}
        assert canary.hits == 1
    finally:
        canary.socket.close()
    healthy(server)


def test_what_only_looks_like_a_call_is_answered(fenced: LiveServer) -> None:
    for query in (
        'ASK { ?s ?p "SERVICE <http://127.0.0.1/> {}" }',
        "ASK { ?service ?p ?o } # SERVICE",
        "PREFIX service: <http://127.0.0.1/> ASK { ?s service:LOAD ?o }",
        "ASK { ?s <http://127.0.0.1/SERVICE> ?INSERT }",
    ):
        assert ask(fenced, query).status_code == 200, query


def test_a_child_can_open_nothing(unguarded: LiveServer) -> None:
    """Read off a child that waits: no descriptor but its channel, none to be had, and no network to be in."""
    settled(unguarded)
    for pid in children(unguarded.zygote)[:2]:
        limits = Path(f"/proc/{pid}/limits").read_text()
        limit = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
        assert limit["Max open files"] == ["0", "0"]
        assert limit["Max core file size"] == ["0", "0"]
        assert limit["Max file size"] == ["0", "0"]
        assert int(limit["Max cpu time"][0]) <= LIMIT + 3
        there = {number: os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
        assert sorted(there[number] for number in ("0", "1", "2")) == ["/dev/null"] * 3
        assert [link[:7] for number, link in there.items() if int(number) > 2] == ["socket:"]
        if unguarded.app.context.workers.no_network:
            assert os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")


# ---- clients that go, and many that come -----------------------------------------------------------------------


def test_a_client_that_hangs_up_takes_its_query_with_it(kb: Any) -> None:
    server = LiveServer(kb, timeout_s=20, workers=2)
    try:
        healthy(server)
        for _ in range(5):
            with pytest.raises(httpx.ReadTimeout):
                ask(server, RUNAWAYS[0], timeout=0.3)
        assert settled(server) <= 0
        until = time.monotonic() + 3
        while server.app.context.workers.busy and time.monotonic() < until:
            time.sleep(0.02)
        assert server.app.context.workers.busy == 0
        healthy(server)
    finally:
        server.stop()


def test_sixteen_clients_get_their_own_answers(server: LiveServer, kb: Any) -> None:
    """Each answer is compared with the engine's own, while others crash and run out of time beside it."""
    rules = [row["s"] for row in kb.sparql("SELECT ?s { ?s a inf:Rule } ORDER BY ?s LIMIT 40").to_dicts()]
    query = "SELECT ?p ?o {{ <{}> ?p ?o }} ORDER BY ?p ?o"
    expected = {rule: sorted(map(str, kb.sparql(query.format(rule)).to_dicts())) for rule in rules[:12]}
    wrong: list[str] = []
    hostile = "SELECT (GROUP_CONCAT(STR(?c)) AS ?x) { ?a ?b ?c } GROUP BY ?nothing"

    def client(number: int) -> None:
        chance = random.Random(number)
        with httpx.Client(base_url=server.url, timeout=60) as session:
            for _ in range(8):
                if chance.random() < 0.05:
                    session.post("/sparql", data={"query": hostile})
                    continue
                rule = chance.choice(list(expected))
                answer = session.get("/sparql", params={"query": query.format(rule), "format": "tsv"})
                if answer.status_code == 503:
                    assert answer.json()["code"] == "E_BUSY"
                    continue
                rows = len(answer.text.splitlines()) - 1
                if answer.status_code != 200 or rows != len(expected[rule]):
                    wrong.append(f"{rule}: {answer.status_code} {rows}")
                # A remark makes it another question: this one is worked out, the one above perhaps only once.
                other = query.format(rule) + f" # {chance.random()}"
                found = session.get("/sparql", params={"query": other})
                if found.status_code == 200:
                    values = [
                        {name: cell["value"] for name, cell in row.items()}
                        for row in found.json()["results"]["bindings"]
                    ]
                    # Dates and numbers are the engine's text on one side and values on the other.
                    if sorted(str(one["p"]) for one in values) != sorted(line.split("'")[3] for line in expected[rule]):
                        wrong.append(rule)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert wrong == []
    assert settled(server) <= 0


def test_too_many_at_a_time_are_told_to_come_again(kb: Any) -> None:
    server = LiveServer(kb, timeout_s=1, workers=1, queue=2)
    try:
        healthy(server)
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: ask(server, RUNAWAYS[0]), range(10)))
        codes = sorted(answer.json()["code"] for answer in answers)
        assert codes.count("E_TIMEOUT") == 3
        assert codes.count("E_BUSY") == 7
        for answer in answers:
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
        healthy(server)
    finally:
        server.stop()


# ---- answers are whole -----------------------------------------------------------------------------------------


def test_a_child_that_is_killed_never_gives_what_looks_whole(server: LiveServer) -> None:
    query = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 9000"
    whole = ask(server, query).content
    assert len(json.loads(whole)["results"]["bindings"]) == 9000
    stop = threading.Event()
    killed = 0

    def killer() -> None:
        nonlocal killed
        chance = random.Random(7)
        while not stop.is_set():
            time.sleep(chance.uniform(0.0, 0.12))
            found = children(server.zygote)
            if found:
                try:
                    os.kill(chance.choice(found), signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    pass

    thread = threading.Thread(target=killer)
    thread.start()
    refused = 0
    try:
        for _ in range(16):
            answer = ask(server, query)
            if answer.status_code == 200:
                assert answer.content == whole
            else:
                refused += 1
                assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    finally:
        stop.set()
        thread.join()
    assert killed > 5
    assert refused > 0
    healthy(server)


def test_a_process_that_is_killed_is_replaced(kb: Any) -> None:
    server = LiveServer(kb, workers=2)
    try:
        healthy(server)
        first = server.zygote
        kids = children(first)
        os.kill(first, signal.SIGKILL)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            answer = ask(server, "ASK { ?s ?p ?o }")
            if answer.status_code == 200 and server.zygote != first:
                break
            assert answer.status_code in (200, 503)
            time.sleep(0.05)
        healthy(server)
        assert not any(Path(f"/proc/{pid}").exists() and _alive(pid) for pid in kids)
    finally:
        server.stop()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_more_rows_than_are_given_out_are_no_answer(kb: Any, tmp_path: Path) -> None:
    text = "\n".join(
        f'<x:s{n}> <x:p> "}},{{\\"s\\": {{}},{{}} <result> line\\nline , \\"\\" {n}" .' for n in range(120)
    )
    server = LiveServer(small_graph(tmp_path, {"http://example.org/g": text}), rows=100, answer_bytes=40_000)
    try:
        for form in ("json", "xml", "csv", "tsv"):
            for limit, status in ((99, 200), (100, 200), (101, 422), (120, 422)):
                query = f"SELECT ?s ?o {{ ?s ?p ?o }} ORDER BY ?s LIMIT {limit}"
                answer = ask(server, query, params={"format": form})
                assert answer.status_code == status, (form, limit)
                assert ("E_TOO_MUCH" in answer.text) == (status == 422)
                cut = ask(server, query, params={"format": form, "cut": "yes"})
                assert cut.status_code == 200
                assert cut.headers.get("x-truncated") == ("rows" if limit > 100 else None)
                assert cut.content.replace(b',"truncated":true', b"").count(b"x:s") == min(limit, 100)
                if form == "json":
                    assert len(cut.json()["results"]["bindings"]) == min(limit, 100)
                    assert cut.json().get("truncated", False) is (limit > 100)
        triples = ask(server, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }")
        assert (triples.status_code, triples.json()["code"]) == (422, "E_TOO_MUCH")
        big = ask(server, "SELECT * { ?s ?p ?o . BIND(CONCAT(?o, ?o, ?o, ?o, ?o, ?o, ?o, ?o) AS ?x) } LIMIT 99")
        assert (big.status_code, big.json()["code"]) == (422, "E_TOO_MUCH")
    finally:
        server.stop()


def test_another_graph_takes_the_place_of_one_that_is_asked(tmp_path: Path) -> None:
    """Every answer is of one graph, and says which; none is lost."""
    import asyncio

    from inforce_cli.serve.app import swap

    graphs = [
        small_graph(tmp_path / str(n), {"http://example.org/g": f"<x:s> <x:is> {n} . " + f"<x:s> <x:p> {n} ." * 3})
        for n in range(4)
    ]
    number = {graph.version: n for n, graph in enumerate(graphs)}
    server = LiveServer(graphs[0], workers=2)
    seen: set[int] = set()
    wrong: list[str] = []
    stop = threading.Event()

    def client() -> None:
        with httpx.Client(base_url=server.url, timeout=30) as session:
            while not stop.is_set():
                answer = session.get("/sparql", params={"query": "SELECT ?n { <x:s> <x:is> ?n }"})
                if answer.status_code != 200:
                    wrong.append(answer.text)
                    continue
                [row] = answer.json()["results"]["bindings"]
                found = int(row["n"]["value"])
                seen.add(found)
                if number[answer.headers["x-data-version"]] != found:
                    wrong.append(f"{found} as {answer.headers['x-data-version']}")

    threads = [threading.Thread(target=client) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for graph in graphs[1:]:
            time.sleep(0.4)
            asyncio.run_coroutine_threadsafe(swap(server.app.context, graph), server.loop).result(20)
        time.sleep(0.4)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
        server.stop()
    assert wrong == []
    assert seen == {0, 1, 2, 3}


def test_the_imported_law_is_asked_too(kb: Any, small_law: Path) -> None:
    from inforce.kb import KnowledgeBase

    both = KnowledgeBase(kb.built, today="2026-06-12", law=small_law / "inforce" / "law")
    assert both.held is not None
    server = LiveServer(both)
    try:
        there = server.app.context.workers
        assert there.quads > int(kb.built.manifest["counts"]["quads"])
        count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        found = int(ask(server, count).json()["results"]["bindings"][0]["n"]["value"])
        assert found == both.sparql(count).to_dicts()[0]["n"]
        assert both.law_version in server.client.get("/live").headers["x-data-version"]
    finally:
        server.stop()


def test_an_answer_is_kept_for_whoever_asks_the_same(kb: Any) -> None:
    from inforce_cli.serve.kept import Kept
    from inforce_cli.serve.workers import Answer

    server = LiveServer(kb, kept_bytes=1 << 20)
    try:
        kept = server.app.context.state
        query = {"query": "SELECT ?s { ?s a inf:Rule } ORDER BY ?s"}
        first = server.client.get("/sparql", params=query)
        assert server.client.get("/sparql", params=query).content == first.content
        other = server.client.get("/sparql", params=query | {"format": "csv"})
        assert other.content != first.content
        assert kept["protocol"].get(first.headers["etag"]).body == first.content
        changing = [server.client.get("/sparql", params={"query": "SELECT (UUID() AS ?x) {}"}).text for _ in range(2)]
        assert changing[0] != changing[1]
    finally:
        server.stop()
    few = Kept(100_000)
    for number in range(50):
        few.put(str(number), Answer("rows", "json", b"x" * 20_000))
    assert few.size <= 100_000
    assert few.get("49") is not None
    assert few.get("0") is None
    few.put("big", Answer("rows", "json", b"x" * 60_000))
    assert few.get("big") is None
    none = Kept(0)
    none.put("a", Answer("rows", "json", b"x"))
    assert none.get("a") is None


def test_nothing_is_left_when_the_server_stops(kb: Any) -> None:
    before = descriptors()
    server = LiveServer(kb, timeout_s=30)
    healthy(server)
    running = threading.Thread(target=lambda: _quietly(server))
    running.start()
    time.sleep(0.3)
    zygote, kids = server.zygote, children(server.zygote)
    assert kids
    server.stop()
    running.join(10)
    until = time.monotonic() + 5
    while any(_alive(pid) for pid in [zygote, *kids]) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(_alive(pid) for pid in [zygote, *kids])
    assert descriptors() <= before


def _quietly(server: LiveServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request("POST", "/sparql", RUNAWAYS[0], {"Content-Type": "application/sparql-query"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()
