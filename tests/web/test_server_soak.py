"""The server for a while: many clients, some of them hostile, graphs that change; no wrong answer, nothing left over.

A short form of each drill runs with the tests, the long one (``slow``) before a release.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hostile_queries import BOMBS, MARGIN, RUNAWAYS, SLACK
from live_server import LiveServer, children, small_graph

from inforce_cli.serve.app import swap

SHORT, LONG = pytest.param(False, id="short"), pytest.param(True, id="long", marks=pytest.mark.slow)
HOSTILE = [RUNAWAYS[0], BOMBS[2], "SELECT * { " + "{ " * 40 + "} " * 40 + "}", "SERVICE", "\x00"]


def resident(pid: int) -> int:
    """MiB that a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def left_over(server: LiveServer) -> int:
    """Children of the process that forks, beyond those that wait for a question; it is given time to bury them."""
    idle = server.app.context.settings.at_a_time * 2
    until = time.monotonic() + 8
    while len(children(server.zygote)) > idle and time.monotonic() < until:
        time.sleep(0.05)
    return max(len(children(server.zygote)) - idle, 0)


def graph_of(folder: Path, number: int) -> Any:
    lines = " ".join(f"<x:s{n}> <x:is> {number} ; <x:n> {n * number} ." for n in range(50))
    return small_graph(folder / str(number), {"http://example.org/g": lines})


@pytest.mark.parametrize("long", [SHORT, LONG])
def test_every_answer_is_right_while_others_attack_and_graphs_change(tmp_path: Path, long: bool) -> None:
    """Each answer is of the graph that it names; a twentieth of the questions want to crash or never end."""
    clients, each_s, swaps = (64, 90.0, 20) if long else (16, 4.0, 3)
    graphs = [graph_of(tmp_path, number) for number in range(1, swaps + 2)]
    number_of = {graph.version: number for number, graph in enumerate(graphs, 1)}
    server = LiveServer(graphs[0], timeout_s=0.5, memory=64 << 20, workers=2, queue=256, patience_s=30)
    stop = threading.Event()
    wrong: list[str] = []
    codes: Counter[str] = Counter()
    times: list[float] = []

    def client(seed: int) -> None:
        chance = random.Random(seed)
        with httpx.Client(base_url=server.url, timeout=60) as session:
            while not stop.is_set():
                if chance.random() < 0.05:
                    answer = session.post("/sparql", data={"query": chance.choice(HOSTILE)})
                    codes[f"hostile {answer.status_code}"] += 1
                    if answer.status_code not in (200, 400, 403, 413, 422, 503):
                        wrong.append(f"{answer.status_code} for a hostile question")
                    continue
                n = chance.randrange(50)
                query = f"SELECT ?i ?n {{ <x:s{n}> <x:is> ?i ; <x:n> ?n }} # {chance.random()}"
                begun = time.monotonic()
                answer = session.get("/sparql", params={"query": query})
                times.append(time.monotonic() - begun)
                codes[str(answer.status_code)] += 1
                if answer.status_code == 503 and answer.json()["code"] == "E_BUSY":
                    continue
                if answer.status_code != 200:
                    wrong.append(answer.text[:300])
                    continue
                [row] = answer.json()["results"]["bindings"]
                number = number_of[answer.headers["x-data-version"]]
                if (int(row["i"]["value"]), int(row["n"]["value"])) != (number, n * number):
                    wrong.append(f"{row} as of graph {number}")

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(clients)]
    try:
        server.client.get("/health")
        before = descriptors(os.getpid())
        for thread in threads:
            thread.start()
        for graph in graphs[1:]:
            time.sleep(each_s / (swaps + 1))
            asyncio.run_coroutine_threadsafe(swap(server.app.context, graph), server.loop).result(60)
        time.sleep(each_s / (swaps + 1))
        stop.set()
        for thread in threads:
            thread.join(60)
        times.sort()
        print(f"\n{dict(codes)}; p50 {times[len(times) // 2] * 1000:.0f} ms, "
              f"p99 {times[len(times) * 99 // 100] * 1000:.0f} ms")  # fmt: skip
        assert wrong == []
        assert codes["200"] > clients
        assert sum(codes[one] for one in codes if one.startswith("hostile")) > (50 if long else 0)
        assert left_over(server) == 0
        assert descriptors(os.getpid()) <= before + 4
    finally:
        stop.set()
        server.stop()


@pytest.mark.parametrize("long", [SHORT, LONG])
def test_bombs_leave_the_server_as_it_was(kb: Any, long: bool) -> None:
    count, limit = (1000, 0.5) if long else (30, 1.0)
    server = LiveServer(kb, timeout_s=limit, memory=48 << 20, workers=2, queue=64, patience_s=60)
    try:
        for bomb in BOMBS:
            server.client.post("/sparql", data={"query": bomb})
        assert left_over(server) == 0
        size, open_ = resident(server.zygote), descriptors(server.zygote)
        own, own_open = resident(os.getpid()), descriptors(os.getpid())

        def throw(number: int) -> tuple[float, str]:
            begun = time.monotonic()
            answer = httpx.post(server.url + "/sparql", data={"query": BOMBS[number % len(BOMBS)]}, timeout=90)
            return time.monotonic() - begun, answer.json().get("code", "answered")

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(throw, range(count)))
        print(f"\n{dict(Counter(code for _, code in found))}; slowest {max(took for took, _ in found):.2f} s; "
              f"grew {resident(server.zygote) - size} and {resident(os.getpid()) - own} MiB")  # fmt: skip
        assert {code for _, code in found} <= {"E_MEMORY", "E_TIMEOUT", "E_TOO_MUCH"}
        assert max(took for took, _ in found) <= limit + MARGIN + SLACK
        assert left_over(server) == 0
        assert resident(server.zygote) - size < 20 and resident(os.getpid()) - own < 20
        assert descriptors(server.zygote) <= open_ + 1 and descriptors(os.getpid()) <= own_open + 2
        assert server.client.get("/health").status_code == 200
    finally:
        server.stop()


@pytest.mark.slow
def test_thirty_shapes_that_would_run_for_ever_each_thirty_times(kb: Any) -> None:
    limit = 0.3
    server = LiveServer(kb, timeout_s=limit, workers=2, queue=64, patience_s=60)
    try:
        server.client.get("/health")
        size, open_ = resident(server.zygote), descriptors(server.zygote)

        def ask(query: str) -> float:
            begun = time.monotonic()
            answer = httpx.post(server.url + "/sparql", data={"query": query}, timeout=60)
            assert answer.status_code in (200, 503), answer.text[:200]
            return time.monotonic() - begun

        with ThreadPoolExecutor(2) as pool:
            took = list(pool.map(ask, RUNAWAYS * 30))
        print(f"\n{len(took)} questions, slowest {max(took):.2f} s")
        assert max(took) <= limit + MARGIN + SLACK
        assert left_over(server) == 0
        assert resident(server.zygote) - size < 20 and descriptors(server.zygote) <= open_ + 1
    finally:
        server.stop()
