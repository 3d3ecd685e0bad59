"""What passes the gate and what does not: names, sizes, times, broken requests; and the command that starts it all."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from live_server import LiveServer, small_graph

from inforce_cli.serve.settings import Settings

GRAPH = {"http://example.org/g": "<x:s> <x:p> 1 ."}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server in a hurry, with one more name and one friend."""
    found = LiveServer(
        small_graph(tmp_path_factory.mktemp("graph"), GRAPH),
        arrival_s=0.5,
        connections=40,
        allowed_hosts=("127.0.0.1", "localhost", "[::1]", "rules.example.org"),
        cors=("https://friend.example",),
    )
    yield found
    found.stop()


def raw(server: LiveServer, data: bytes, *, wait: float = 5.0) -> tuple[int, bytes]:
    """Send bytes as they are; return the status, 0 where the connection ends without one, and all that came."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as connection:
        received = b""
        try:
            connection.sendall(data)
            while part := connection.recv(65536):
                received += part
                head, found, body = received.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                if found and length and len(body) >= int(length[1]):
                    break
                if found and re.match(rb"HTTP/1.1 (?:204|304)", head):
                    break
        except (TimeoutError, ConnectionError):
            pass
    status = re.match(rb"HTTP/1.1 (\d{3})", received)
    return (int(status[1]) if status else 0), received


def get(path: str, *headers: str, host: str = "Host: 127.0.0.1") -> bytes:
    lines = [f"GET {path} HTTP/1.1", *([host] if host else []), *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


# ---- by what name it is called -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8390", 200),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("[::1]:8390", 200),
        ("rules.example.org", 200),
        ("rules.example.org:443", 200),
        ("evil.example", 421),
        ("evil.example:8390", 421),
        ("", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("evil.example#127.0.0.1", 421),
        ("127.0.0.1:8390:80", 421),
        ("127.0.0.1:abc", 421),
        ("127.0.0.1, evil.example", 421),
        ("127.1", 421),
        ("0.0.0.0", 421),
        ("2130706433", 421),
        ("[::ffff:127.0.0.1]", 421),
        ("::1", 421),
        ("localhost.", 421),
        ("http://127.0.0.1", 421),
    ],
)
def test_only_a_request_that_calls_it_by_name_is_answered(strict: LiveServer, host: str, status: int) -> None:
    for path in ("/live", "/sparql?query=ASK%7B%7D", "/nothing"):
        found, received = raw(strict, get(path, host=f"Host: {host}"))
        assert found in ((status,) if path != "/nothing" or status == 421 else (404,)), received
        if status == 421:
            assert b'"code": "E_HOST"' in received
            assert b"boolean" not in received
            assert b"Access-Control" not in received


@pytest.mark.parametrize(
    "request_",
    [
        "GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        "GET /live HTTP/1.1\r\n\r\n",
        "GET /live HTTP/1.0\r\n\r\n",
        "GET http://evil.example/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET http://127.0.0.1/live HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Host: localhost\r\nHost : evil.example\r\n\r\n",
        "GET  /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET /li\x00ve HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\r\n folded\r\nY\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not TLS here\r\n\r\n",
        "POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        "POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nContent-Length: 6\r\n\r\nabcdef",
        "POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0x4\r\n\r\nabcd",
        "POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\nabcd",
        "POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        "POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/sparql-query\r\n"
        "Transfer-Encoding: chunked\r\n\r\nZZ\r\nASK {}\r\n0\r\n\r\n",
    ],
)
def test_a_broken_request_is_refused_and_nothing_else_happens(strict: LiveServer, request_: str) -> None:
    status, received = raw(strict, request_.encode("latin-1"))
    assert status in (0, 400, 404, 405, 408, 421, 501, 505), received
    assert b"Traceback" not in received
    assert b".py" not in received
    assert raw(strict, get("/live"))[0] == 200


def test_names_of_programs_and_paths_are_not_told(strict: LiveServer) -> None:
    for path in ("/live", "/nothing", "/graphs/..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/static/../x"):
        _, received = raw(strict, get(path))
        assert b"\r\nserver:" not in received.lower()
        for secret in (b"uvicorn", b"starlette", b"root:", b"/home", b"site-packages", b"Traceback"):
            assert secret not in received.lower()


# ---- how much, and how fast ----------------------------------------------------------------------------------


def test_too_long_a_head_and_too_long_a_body_are_refused(strict: LiveServer) -> None:
    status, received = raw(strict, get("/live", "X-Long: " + "a" * 20_000))
    assert (status, b"E_HEADER_SIZE" in received) == (431, True)
    status, received = raw(strict, get("/live", "X-Long: " + "a" * 1_000_000))
    assert status in (0, 431)
    status, received = raw(strict, get("/live", *(f"X-{n}: {n}" for n in range(2_000))))
    assert status in (0, 431)
    status, _ = raw(strict, get("/sparql?query=" + "a" * 30_000))
    assert status in (0, 431)
    head = "POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/sparql-query\r\n"
    status, received = raw(strict, (head + "Content-Length: 1000001\r\n\r\n").encode() + b"x" * 1000)
    assert (status, b"E_BODY_SIZE" in received) == (413, True)
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    status, received = raw(strict, (head + "Transfer-Encoding: chunked\r\n\r\n").encode() + chunk * 20)
    assert status in (0, 413), received
    whole = (head + "Transfer-Encoding: chunked\r\n\r\n").encode() + b"6\r\nASK {}\r\n0\r\n\r\n"
    assert raw(strict, whole)[0] == 200


def test_a_request_that_does_not_arrive_is_not_waited_for(strict: LiveServer) -> None:
    for begun in (
        b"",
        b"GET /live HTTP/1.1\r\nHost: 127.",
        b"POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/sparql-query\r\n"
        b"Content-Length: 9\r\n\r\nASK",
    ):
        start = time.monotonic()
        status, received = raw(strict, begun)
        assert status == 408, received
        assert 0.3 <= time.monotonic() - start < 3


def test_a_head_that_trickles_in_is_not_waited_for(strict: LiveServer) -> None:
    with socket.create_connection(("127.0.0.1", strict.port), timeout=5) as connection:
        start, ended = time.monotonic(), False
        try:
            connection.sendall(b"GET /live HTTP/1.1\r\n")
            while time.monotonic() - start < 4 and not ended:
                connection.sendall(b"X: y\r\n")
                time.sleep(0.1)
        except OSError:
            ended = True
    assert ended
    assert time.monotonic() - start < 3


def test_slow_clients_do_not_keep_others_out(strict: LiveServer) -> None:
    """More connections than there may be, each silent: some are told to come again, and soon all is well."""
    silent = [socket.create_connection(("127.0.0.1", strict.port)) for _ in range(60)]
    try:
        time.sleep(0.2)
        status, received = raw(strict, get("/live"))
        assert status == 503
        assert b"retry-after" in received.lower()
        until = time.monotonic() + 5
        while raw(strict, get("/live"))[0] != 200 and time.monotonic() < until:
            time.sleep(0.1)
        assert raw(strict, get("/live"))[0] == 200
    finally:
        for connection in silent:
            connection.close()


def test_requests_one_after_another_on_one_connection(strict: LiveServer) -> None:
    for _ in range(3):
        assert strict.client.get("/live").status_code == 200
    two = get("/live") + get("/sparql?query=ASK%7B%7D", "Connection: close")
    with socket.create_connection(("127.0.0.1", strict.port), timeout=5) as connection:
        connection.sendall(two)
        received = b""
        while part := connection.recv(65536):
            received += part
    assert received.count(b"HTTP/1.1 200") == 2
    assert received.endswith(b'"boolean":true}')


# ---- browsers --------------------------------------------------------------------------------------------------


def test_every_answer_carries_what_keeps_a_browser_safe(strict: LiveServer) -> None:
    for path, accept in (("/sparql", "text/html"), ("/sparql?query=ASK%7B%7D", "*/*"), ("/nothing", "text/html")):
        answer = strict.client.get(path, headers={"Accept": accept})
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-data-version"].startswith("sha256:")
        assert "set-cookie" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers


def test_an_error_in_a_browser_is_a_page_that_shows_no_markup_of_others(server: LiveServer) -> None:
    evil = "<script>alert(1)</script>"
    answer = server.client.get("/sparql", params={"query": f"SELECT {evil}"}, headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert evil not in answer.text


def test_only_pages_of_friends_may_read(strict: LiveServer, server: LiveServer) -> None:
    ask = {"query": "ASK {}"}
    friend = strict.client.get("/sparql", params=ask, headers={"Origin": "https://friend.example"})
    assert friend.headers["access-control-allow-origin"] == "https://friend.example"
    assert "Origin" in friend.headers["vary"]
    for origin in ("https://evil.example", "null", "https://friend.example.evil", "http://friend.example"):
        other = strict.client.get("/sparql", params=ask, headers={"Origin": origin})
        assert "access-control-allow-origin" not in other.headers
        posted = strict.client.post("/sparql", data=ask, headers={"Origin": origin})
        assert (posted.status_code, posted.json()["code"]) == (403, "E_ORIGIN")
    flight = {"Origin": "https://friend.example", "Access-Control-Request-Method": "POST"}
    before = strict.client.options("/sparql", headers=flight)
    assert (before.status_code, before.headers["access-control-allow-methods"]) == (204, "GET, HEAD, POST")
    assert strict.client.post("/sparql", data=ask, headers={"Origin": "https://friend.example"}).status_code == 200
    own = strict.client.post("/sparql", data=ask, headers={"Origin": strict.url})
    assert own.status_code == 200
    assert (
        "access-control-allow-origin"
        not in server.client.get("/sparql", params=ask, headers={"Origin": "https://friend.example"}).headers
    )


def test_health_tells_the_limits_and_live_tells_nothing(server: LiveServer) -> None:
    assert server.client.get("/live").text == "ok\n"
    found = server.client.get("/health").json()
    assert found["status"] == "ok"
    assert found["limits"] == Settings().limits()
    assert found["quads"] > 10_000
    assert len(found["graphs"]) == 3
    assert found["workers"]["waiting"] == 0
    assert "/" not in json.dumps(found["limits"])


def test_many_kinds_of_nonsense_are_never_an_internal_error(strict: LiveServer) -> None:
    nonsense = [
        "%00", "%", "%zz", "%ed%a0%80", "\u202e", "'\"<>", "../../etc/passwd", "{{7*7}}", "${jndi:x}", "a" * 3000,
        "\r\nX: y", "-1", "1e999", "[]", "null", "\x7f", "🦀", "%F0%9F", "&&&", ";;;", "=",
    ]  # fmt: skip
    methods = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW")
    keys = ("query", "format", "default-graph-uri", "named-graph-uri", "graph", "default", "cut", "timeout", "")

    def one(number: int) -> tuple[int, str, str]:
        text = nonsense[number % len(nonsense)]
        method, key = methods[number % len(methods)], keys[(number // 3) % len(keys)]
        path = ("/sparql", "/graphs", "/graphs/x", "/health", "/live")[number % 5]
        target = f"{path}?{key}={text}" if number % 2 else path
        line = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {text[:100]}\r\nConnection: close\r\n"
        body = text if method in ("POST", "PUT", "PATCH") else ""
        media = ("application/sparql-query", "application/x-www-form-urlencoded", "text/turtle", text[:20])[number % 4]
        data = (line + f"Content-Type: {media}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}").encode()
        status, received = raw(strict, data)
        return status, repr(data[:200]), received.decode("latin-1")

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, range(600)))
    bad = [line for line in found if line[0] in (500, 502) or "Traceback" in line[2] or "E_INTERNAL" in line[2]]
    assert bad == []
    assert {status for status, _, _ in found} >= {200, 400, 405}


# ---- the command -------------------------------------------------------------------------------------------------


def command(repo: Path, *arguments: str) -> subprocess.Popen[str]:
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(repo / "kg"), str(repo / "cli")])}
    return subprocess.Popen(
        [sys.executable, "-m", "inforce_cli", "serve", *arguments], env=env, stderr=subprocess.PIPE, text=True
    )


def test_the_command_starts_says_where_and_ends_when_asked(repo: Path, kb: Any) -> None:
    process = command(repo, "--port", "0")
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
    assert found, line
    assert kb.version in line
    with socket.create_connection(("127.0.0.1", int(found[1])), timeout=10) as connection:
        connection.sendall(get("/sparql?query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D"))
        assert b'"boolean":true' in connection.recv(65536) + connection.recv(65536)
    logged = json.loads(process.stderr.readline())
    assert (logged["method"], logged["route"], logged["status"]) == ("GET", "/sparql", 200)
    # Another graph is looked for, and the same is found.
    process.send_signal(signal.SIGHUP)
    assert kb.version in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) in (0, 130)
    assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "x"), "--port x"),
        (("--port", "70000"), "--port 70000"),
        (("--timeout", "0"), "--timeout 0"),
        (("--host", "0.0.0.0"), "--allow-host"),
        (("--allow-host", "http://x"), "not a host's name"),
        (("--cors", "friend.example"), "not an origin"),
        (("--cors", "*"), "not an origin"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(repo: Path, arguments: tuple[str, ...], said: str) -> None:
    process = command(repo, *arguments)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said in error


def test_a_port_that_is_taken_is_said_to_be(repo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = command(repo, "--port", str(taken.getsockname()[1]))
        _, error = process.communicate(timeout=30)
    assert process.returncode == 6
    assert "E_PORT" in error
