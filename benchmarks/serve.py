"""Requests a second of ``inforce serve`` beside ``oxigraph serve`` and rdflib-endpoint, on the same graph and queries.

    python benchmarks/serve.py [--seconds 4] [--peers FOLDER_WITH_THEIR_PROGRAMS] [--law FOLDER]

Two questions: a saved query, and all that is said of one provision. Every endpoint's rows are compared before any is
measured; "again" is the same question once more, which a server may have kept. ``fence`` is what a process of its own
costs a question: the same question through the endpoint, and put to the engine in this process. Then what only we have:
``/api/check``, each time for another day, and the page of a provision. ``--law`` is a data folder (as in XDG_DATA_HOME)
with imported law: the server is measured over it once more. Memory is what each process has to itself, and shares of
what several have; ``cpu_ms`` is the work of all its processes a request, which a busy machine does not stretch. Prints
one JSON line.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

import inforce
from inforce.vocab import BASE, PREFIXES

SAVED = "changes-between"
PROVISION = BASE + "irpr/198/2/a"
CLIENTS = (1, 4, 16)
TURN = count()


def questions(root: Path) -> dict[str, str]:
    """The queries, with all their prefixes, so that any endpoint takes them."""
    found = sorted((root / "queries").rglob("*.rq"))
    path = next(one for one in found if one.stem == SAVED)
    head = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
    text = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("#"))
    used = {name for name in PREFIXES if re.search(rf"\b{name}:", text)}
    own = "".join(line + "\n" for line in head.splitlines() if line.split()[1][:-1] in used)
    if "PREFIX" in text.upper():
        own = ""
    return {"saved query": own + text, "provision read": f"SELECT ?p ?o WHERE {{ <{PROVISION}> ?p ?o }}"}


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def started(command: list[str], port: int, path: str, env: dict[str, str] | None = None) -> tuple[Any, float]:
    """Start a server; return it and the seconds until it answers a query."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while time.perf_counter() - begun < 120:
        try:
            if ask(http.client.HTTPConnection("127.0.0.1", port, timeout=60), path, "ASK { ?s ?p ?o }")[0] == 200:
                return process, time.perf_counter() - begun
        except OSError:
            time.sleep(0.01)
        if process.poll() is not None:
            raise SystemExit(f"{command[0]} ended with {process.returncode}")
    raise SystemExit(f"{command[0]} does not answer")


def ask(connection: http.client.HTTPConnection, path: str, query: str) -> tuple[int, bytes]:
    connection.request("GET", f"{path}?query={quote(query)}", headers={"Accept": "application/sparql-results+json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def tree(pid: int) -> list[int]:
    """A process and all that it has started."""
    try:
        kids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(below for kid in kids for below in tree(int(kid)))]


def memory(pid: int) -> float:
    """MiB of a process and its children; what several have is counted once."""
    time.sleep(0.5)
    total = 0
    for one in tree(pid):
        with suppress(OSError):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return round(total / 1024, 1)


def worked(pid: int) -> float:
    """Seconds of work of a process, its children, and those of them that have ended."""
    found = 0
    for one in tree(pid):
        with suppress(OSError):
            found += sum(map(int, Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return found / os.sysconf("SC_CLK_TCK")


def check_target(number: int) -> str:
    day = date(2018, 1, 1) + timedelta(days=number * 7 % 2900)
    return f"/api/check?citizenships=MEX&trip_only_us_or_spm=yes&on={day}"


def page_target(number: int) -> str:
    return f"/provision/irpr/198/2@{date(2018, 1, 1) + timedelta(days=number * 7 % 2900)}"


def rows(data: bytes) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in json.loads(data)["results"]["bindings"])


def measured(
    pid: int, port: int, clients: int, seconds: float, request: Callable[[http.client.HTTPConnection, int], int]
) -> dict[str, float]:
    times: list[float] = []
    before = worked(pid)
    stop = time.perf_counter() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        mine = []
        while time.perf_counter() < stop:
            begun = time.perf_counter()
            status = request(connection, next(TURN))
            if status != 200:
                raise SystemExit(f"status {status}")
            mine.append(time.perf_counter() - begun)
        times.extend(mine)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    times.sort()
    return {
        "cpu_ms": round((worked(pid) - before) / len(times) * 1000, 2),
        "per_s": round(len(times) / took, 1),
        "p50_ms": round(times[len(times) // 2] * 1000, 2),
        "p99_ms": round(times[min(len(times) - 1, int(len(times) * 0.99))] * 1000, 2),
    }


def sparql(path: str, query: str, *, new: bool) -> Callable[[http.client.HTTPConnection, int], int]:
    # With a remark of its own each question is new: no answer that is kept will do.
    return lambda connection, number: ask(connection, path, f"{query} # {os.getpid()} {number}" if new else query)[0]


def page(target: Callable[[int], str]) -> Callable[[http.client.HTTPConnection, int], int]:
    def request(connection: http.client.HTTPConnection, number: int) -> int:
        connection.request("GET", target(number))
        answer = connection.getresponse()
        answer.read()
        return answer.status

    return request


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--peers", type=Path, help="folder with oxigraph and a python that has rdflib_endpoint")
    parser.add_argument("--law", type=Path, help="data folder with imported law")
    options = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    kb = inforce.open()
    quads = kb.built.path("graph.nq")
    asked = questions(root)
    store = ox.Store()
    store.bulk_load(path=str(quads), format=ox.RdfFormat.N_QUADS)
    direct = {}
    for name, query in asked.items():
        begun = time.perf_counter()
        for _ in range(50):
            data = store.query(query, use_default_graph_as_union=True).serialize(format=ox.QueryResultsFormat.JSON)
        direct[name] = (time.perf_counter() - begun) / 50 * 1000
    assert data is not None
    result: dict[str, Any] = {"benchmark": "serve", "cores": os.cpu_count(), "quads": len(store), "servers": {}}
    peers = options.peers
    with tempfile.TemporaryDirectory() as folder:
        ours = [sys.executable, "-m", "inforce_cli", "serve", "--quiet", "--port", "PORT"]
        homes = {"inforce": Path(folder) / "nothing"} | ({"inforce, law": options.law} if options.law else {})
        commands = {name: (ours, "/sparql") for name in homes}
        programs = {one: shutil.which(one, path=str(peers)) for one in ("oxigraph", "python")} if peers else {}
        # Peers get the triples in one graph: their default graph is not the union of all.
        flat = Path(folder) / "graph.nt"
        triples = {str(quad.triple) for quad in store}
        flat.write_text("".join(f"{one} .\n" for one in sorted(triples)), encoding="utf-8")
        if programs.get("oxigraph"):
            place = str(Path(folder) / "store")
            subprocess.run(
                [programs["oxigraph"], "load", "-l", place, "-f", str(flat)], check=True, capture_output=True
            )
            served = [programs["oxigraph"], "serve-read-only", "-l", place, "-b", "127.0.0.1:PORT"]
            commands["oxigraph serve"] = (served, "/query")
        if programs.get("python"):
            script = Path(folder) / "endpoint.py"
            script.write_text(
                "import sys, uvicorn\nfrom rdflib import Dataset\nfrom rdflib_endpoint import SparqlEndpoint\n"
                "graph = Dataset(default_union=True)\ngraph.parse(sys.argv[1], format='nt')\n"
                "uvicorn.run(SparqlEndpoint(graph=graph, path='/sparql'), port=int(sys.argv[2]), log_level='error')\n"
            )
            commands["rdflib-endpoint"] = ([programs["python"], str(script), str(flat), "PORT"], "/sparql")
        running: dict[str, Any] = {}
        expected: dict[Any, list[str]] = {}
        try:
            for name, (command, path) in commands.items():
                port = free()
                line = [part.replace("PORT", str(port)) for part in command]
                env = None
                if name in homes:
                    paths = f"{root / 'kg'}:{root / 'cli'}"
                    env = os.environ | {"PYTHONPATH": paths, "XDG_DATA_HOME": str(homes[name].resolve())}
                process, took = started(line, port, path, env)
                running[name] = process
                figures: dict[str, Any] = {
                    "start_s": round(took, 2), "start_cpu_s": round(worked(process.pid), 2), "mib": memory(process.pid)
                }  # fmt: skip
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
                for question, query in asked.items():
                    status, body = ask(connection, path, query)
                    if status != 200:
                        raise SystemExit(f"{name}: {status} {body[:300]!r}")
                    there = rows(body)
                    figures.setdefault("rows", {})[question] = len(there)
                    first = expected.setdefault((question, "law" in name), there)
                    figures.setdefault("same_rows", {})[question] = there == first
                for question, query in asked.items():
                    for kind, new in (("", True), (", again", False)):
                        figures[question + kind] = {
                            str(n): measured(process.pid, port, n, options.seconds, sparql(path, query, new=new))
                            for n in CLIENTS
                        }
                if name in homes:
                    for what, target in (("check", check_target), ("provision page", page_target)):
                        figures[what] = {
                            str(n): measured(process.pid, port, n, options.seconds, page(target)) for n in CLIENTS
                        }
                    figures["mib after"] = memory(process.pid)
                result["servers"][name] = figures
                process.terminate()
                process.wait(20)
        finally:
            for process in running.values():
                if process.poll() is None:
                    process.kill()
    mine = result["servers"]["inforce"]
    result["fence"] = {
        name: {"engine_ms": round(direct[name], 2), "endpoint_ms": mine[name]["1"]["p50_ms"]} for name in asked
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
