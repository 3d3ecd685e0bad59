"""What whoever runs a server counts on: its log, its names behind a proxy, its limits for one client, its end."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_server import LiveServer, children, small_graph

GRAPH = {"http://example.org/g": "<x:s> <x:p> 1 ."}
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(?a != ?d) }"


@pytest.fixture(scope="module")
def behind(kb: Any) -> Iterator[LiveServer]:
    """A server that a proxy with encryption stands before."""
    names = ("127.0.0.1", "localhost", "[::1]", "rules.example.org")
    found = LiveServer(kb, root_url="https://rules.example.org", allowed_hosts=names)
    yield found
    found.stop()


# ---- what every answer says ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/", "/rule/R-WP-198-2A", "/changes", "/live", "/health", "/sparql?query=ASK%7B%7D", "/api/list?kind=layers",
     "/openapi.json", "/graphs/data", "/changes.atom", "/nothing", "/static/nothing.js", "/sparql?query=SELCT"],
)  # fmt: skip
def test_every_answer_says_which_data_and_to_which_day(server: LiveServer, kb: Any, path: str) -> None:
    answer = server.client.get(path)
    assert answer.headers["x-data-version"].startswith(kb.version)
    assert answer.headers["x-data-cutoff"] == kb.book.verified_through
    assert re.fullmatch(r"[0-9a-f]{12}", answer.headers["x-request-id"])


def test_a_graph_without_rules_has_no_such_day(tmp_path: Path) -> None:
    server = LiveServer(small_graph(tmp_path, GRAPH))
    try:
        answer = server.client.get("/live")
        assert "x-data-cutoff" not in answer.headers
        assert server.client.get("/health").json()["verified_through"] is None
    finally:
        server.stop()


# ---- behind a proxy ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["rules.example.org", "127.0.0.1", "rules.example.org:443"])
def test_links_are_spelled_as_clients_of_the_proxy_spell_them(behind: LiveServer, host: str) -> None:
    root, client = "https://rules.example.org", behind.client
    described = client.get("/sparql", headers={"Host": host, "Accept": "application/n-triples"}).text
    assert f"<{root}/sparql>" in described
    feed = client.get("/changes.atom", headers={"Host": host}).text
    links = re.findall(r'href="([^"]+)"', feed)
    assert links and all(link.startswith(root) for link in links if "127.0.0.1" in link or "example" in link)
    for text in (described, feed, client.get("/check?citizenships=MEX", headers={"Host": host}).text):
        assert "http://rules" not in text and "127.0.0.1" not in text and str(behind.port) not in text


def test_a_form_of_the_proxys_page_may_be_sent(behind: LiveServer) -> None:
    ask = {"query": "ASK {}"}
    for host in ("rules.example.org", "127.0.0.1"):
        sent = behind.client.post("/sparql", data=ask, headers={"Host": host, "Origin": "https://rules.example.org"})
        assert sent.status_code == 200
    other = behind.client.post(
        "/sparql", data=ask, headers={"Host": "rules.example.org", "Origin": "https://evil.example"}
    )
    assert other.status_code == 403
    assert behind.client.get("/live", headers={"Host": "evil.example"}).status_code == 421


def test_what_a_request_says_of_a_proxy_is_not_believed(behind: LiveServer, server: LiveServer) -> None:
    said = {"X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    for one in (behind, server):
        described = one.client.get("/sparql", headers={**said, "Accept": "application/n-triples"}).text
        assert "evil" not in described and "gopher" not in described


# ---- how often -----------------------------------------------------------------------------------------------


def test_a_client_in_a_hurry_is_told_when_to_come_back(tmp_path: Path) -> None:
    server = LiveServer(small_graph(tmp_path, GRAPH), rate=5)
    try:
        codes = [server.client.get("/sparql?query=ASK%7B%7D").status_code for _ in range(40)]
        assert codes[:15] == [200] * 15
        assert codes.count(429) >= 15
        told = next(one for one in (server.client.get("/sparql?query=ASK%7B%7D") for _ in range(9)) if one.is_error)
        assert (told.status_code, told.json()["code"], told.json()["status"]) == (429, "E_RATE", 429)
        assert told.headers["content-type"] == "application/problem+json"
        # Whoever watches the server is not kept out.
        assert {server.client.get("/live").status_code for _ in range(40)} == {200}
        time.sleep(float(told.headers["retry-after"]))
        assert server.client.get("/sparql?query=ASK%7B%7D").status_code == 200
    finally:
        server.stop()


def test_nobody_is_kept_out_where_no_rate_is_set(server: LiveServer) -> None:
    assert {server.client.get("/sparql?query=ASK%7B%7D").status_code for _ in range(100)} == {200}


def test_each_client_has_a_bucket_of_its_own_and_few_are_remembered() -> None:
    from inforce_cli.serve.rates import RateError, Rates

    rates = Rates(1)

    def often(address: str, now: float) -> int:
        passed = 0
        try:
            for _ in range(100):
                rates.count(address, now)
                passed += 1
        except RateError as error:
            assert error.wait_s >= 1
        return passed

    assert [often("192.0.2.1", 0), often("192.0.2.1", 0), often("192.0.2.2", 0)] == [3, 0, 3]
    # One network of a provider's customer is one client; the same address written otherwise is itself.
    assert [often("2001:db8::1", 0), often("2001:db8::ffff:2", 0), often("2001:db8:0:1::1", 0)] == [3, 0, 3]
    assert often("::ffff:192.0.2.2", 0) in (0, 3)
    assert [often("192.0.2.1", 1.5), often("192.0.2.1", 1000)] == [1, 3]
    for number in range(30_000):
        rates.count(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 2000)
    assert len(rates._left) <= 10_000


# ---- the log -------------------------------------------------------------------------------------------------


def test_the_log_says_what_became_of_a_request_and_not_what_it_was(server: LiveServer) -> None:
    query = "SELECT ?x { <x:a-person> ?x ?y }"
    asked = server.client.get("/sparql", params={"query": query})
    wrong = server.client.get("/api/check", params={"citizenships": "a-person"})
    server.client.get("/rule/a-person")
    lines = {line["id"]: line for line in server.lines}
    line = lines[asked.headers["x-request-id"]]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/sparql", 200)
    assert line["query"] == hashlib.sha256(query.encode()).hexdigest()
    assert line["bytes"] == len(asked.content)
    assert lines[wrong.headers["x-request-id"]]["code"] == wrong.json()["code"] == "E_UNKNOWN_ID"
    told = json.dumps(server.lines)
    assert "a-person" not in told and "127.0.0.1" not in told


def test_the_log_says_more_only_where_that_was_asked_for(tmp_path: Path) -> None:
    server = LiveServer(small_graph(tmp_path, GRAPH), log_queries=True)
    try:
        query = "SELECT ?x { <x:s> ?x ?y }\n# \x1b[31m\u202e"
        server.client.post("/sparql", data={"query": query})
        server.client.get("/api/check?citizenships=MEX")
        # A line is written once its answer is out.
        for _ in range(500):
            if len(server.lines) == 2:
                break
            time.sleep(0.01)
        first, second = server.lines
        assert (first["text"], first["client"]) == (query, "127.0.0.1")
        assert second["target"] == "/api/check?citizenships=MEX"
        # One line each, and nothing in it steers a terminal.
        assert all(" " <= sign <= "~" for sign in json.dumps(server.lines))
    finally:
        server.stop()


# ---- the command ---------------------------------------------------------------------------------------------


class Command:
    """``inforce serve`` as a process of its own; the lines it writes come by ``line``."""

    def __init__(self, repo: Path, *arguments: str, **env: str) -> None:
        paths = {"PYTHONPATH": os.pathsep.join([str(repo / "kg"), str(repo / "cli")])}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inforce_cli", "serve", "--port", "0", *arguments],
            env=os.environ | paths | env,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.first = self.line("serving")
        found = re.search(r"http://127\.0\.0\.1:\d+", self.first)
        assert found, self.first
        self.url = found[0]

    def line(self, word: str) -> str:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if word in line:
                return line
        raise AssertionError(f"it ended without a line with {word!r}")

    def processes(self) -> list[int]:
        own = children(self.process.pid)
        return [self.process.pid, *own, *(kid for one in own for kid in children(one))]

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()


def gone(pids: list[int]) -> bool:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_asked_to_end_it_answers_first_what_it_was_asked(repo: Path) -> None:
    served = Command(repo, "--timeout", "4")
    try:
        httpx.get(served.url + "/sparql?query=ASK%7B%7D")
        pids = served.processes()
        assert len(pids) > 3
        answers: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(httpx.post(served.url + "/sparql", data={"query": SLOW}, timeout=20))
        )
        asking.start()
        time.sleep(0.5)
        # As a supervisor does: all its processes are told.
        for pid in pids:
            # One that was waiting may have answered and gone since.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        asking.join(20)
        assert answers and answers[0].status_code in (200, 503)
        assert answers[0].status_code == 200 or answers[0].json()["code"] == "E_TIMEOUT"
        assert served.process.wait(10) == 0
        assert gone(pids)
        with pytest.raises(httpx.ConnectError):
            httpx.get(served.url + "/live")
    finally:
        served.end()


def test_killed_it_leaves_no_process(repo: Path) -> None:
    served = Command(repo)
    try:
        httpx.get(served.url + "/sparql?query=ASK%7B%7D")
        pids = served.processes()
        served.process.kill()
        served.process.wait(10)
        assert gone(pids[1:])
    finally:
        served.end()


def test_what_is_imported_meanwhile_is_taken_up(repo: Path, small_law: Path, tmp_path: Path) -> None:
    home = tmp_path / "inforce" / "law"
    served = Command(repo, XDG_DATA_HOME=str(tmp_path))
    try:
        before = httpx.get(served.url + "/live").headers["x-data-version"]
        assert "+" not in before
        shutil.copytree(small_law / "inforce" / "law", home.with_name("aside"), symlinks=True)
        os.replace(home.with_name("aside"), home)
        assert "+" in served.line("serving sha256")
        after = httpx.get(served.url + "/health").json()
        assert after["data"].startswith(before + "+") and len(after["graphs"]) > 3
        # A law that is not good does not take the place of one that is.
        current = Path(os.path.realpath(home / "current"))
        shutil.copytree(current, home / "v-bad")
        (home / "v-bad" / "manifest.json").write_text("{}")
        (home / "other").symlink_to("v-bad")
        os.replace(home / "other", home / "current")
        time.sleep(3)
        assert httpx.get(served.url + "/health").json()["data"] == after["data"]
    finally:
        served.end()


def test_a_terminal_that_goes_takes_the_server_with_it(repo: Path) -> None:
    ours, theirs = os.openpty()
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(repo / "kg"), str(repo / "cli")])}
    process = subprocess.Popen(
        [sys.executable, "-m", "inforce_cli", "serve", "--port", "0"],
        env=env, stdin=theirs, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        os.close(theirs)
        assert process.stderr is not None
        assert "serving" in process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        assert "serving" in process.stderr.readline()
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()  # type: ignore[union-attr]


def test_pages_are_answered_before_a_large_graph_is_read_and_queries_wait_for_it(kb: Any) -> None:
    server = LiveServer(kb, start_s=0)
    try:
        assert server.client.get("/live").status_code == 200
        assert server.client.get("/api/list?kind=layers").status_code == 200
        asked = server.client.get("/sparql", params={"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"})
        assert int(asked.json()["results"]["bindings"][0]["n"]["value"]) > 10_000
        assert server.client.get("/graphs/data").status_code == 200
    finally:
        server.stop()


def test_a_graph_that_turns_out_not_to_be_good_ends_the_server(repo: Path, kb: Any, tmp_path: Path) -> None:
    """It is found out by the process that reads it whole, whether the server already answers or not."""
    store = tmp_path / "store"
    shutil.copytree(kb.built.folder, store)
    lines = (store / "graph.nq").read_bytes().splitlines(keepends=True)
    (store / "graph.nq").write_bytes(b"".join(lines[1:]))
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(repo / "kg"), str(repo / "cli")])}
    done = subprocess.run(
        [sys.executable, "-m", "inforce_cli", "serve", "--port", "0", "--store", str(store)],
        env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, "E_INTEGRITY" in done.stderr, "Traceback" in done.stderr) == (5, True, False), done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--root-url", "rules.example.org"), "--root-url"),
        (("--root-url", "https://example.org/inforce"), "without a path"),
        (("--rate", "-1"), "--rate"),
        (("--log-queries", "--quiet"), "one of them"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(repo: Path, arguments: tuple[str, ...], said: str) -> None:
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(repo / "kg"), str(repo / "cli")])}
    done = subprocess.run(
        [sys.executable, "-m", "inforce_cli", "serve", *arguments], env=env, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_the_command_says_how_it_is_called_and_that_it_logs(repo: Path) -> None:
    served = Command(repo, "--root-url", "https://rules.example.org/", "--log-queries")
    try:
        assert "https://rules.example.org/, that is http://127.0.0.1" in served.first
        found = httpx.get(served.url + "/sparql", headers={"Host": "rules.example.org"})
        assert "<https://rules.example.org/sparql>" in found.text
        assert "/sparql" in json.loads(served.line("target"))["target"]
    finally:
        served.end()
