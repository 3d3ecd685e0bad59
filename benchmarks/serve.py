"""Requests a second of ``inforce serve`` beside ``oxigraph serve`` and rdflib-endpoint, on the same graph and queries.

    python benchmarks/serve.py [--seconds 4] [--peers FOLDER_WITH_THEIR_PROGRAMS]

Two questions: a saved query, and all that is said of one provision. Every endpoint's rows are compared before any is
measured; "again" is the same question once more, which a server may have kept. ``fence`` is what a process of its own
costs a question: the same question through the endpoint, and put to the engine in this process. Prints one JSON line.
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
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

import inforce
from inforce.vocab import BASE, PREFIXES

SAVED = "changes-between"
PROVISION = BASE + "irpr/198/2/a"
CLIENTS = (1, 4, 16)


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


def rows(data: bytes) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in json.loads(data)["results"]["bindings"])


def measured(port: int, path: str, query: str, clients: int, seconds: float, *, new: bool) -> dict[str, float]:
    times: list[float] = []
    stop = time.perf_counter() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        mine = []
        while time.perf_counter() < stop:
            begun = time.perf_counter()
            # With a remark of its own each question is new: no answer that is kept will do.
            status, _ = ask(connection, path, f"{query} # {time.perf_counter_ns()}" if new else query)
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
        "per_s": round(len(times) / took, 1),
        "p50_ms": round(times[len(times) // 2] * 1000, 2),
        "p99_ms": round(times[min(len(times) - 1, int(len(times) * 0.99))] * 1000, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--peers", type=Path, help="folder with oxigraph and a python that has rdflib_endpoint")
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
        commands = {"inforce": ([sys.executable, "-m", "inforce_cli", "serve", "--quiet", "--port", "PORT"], "/sparql")}
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
        running, expected = {}, {}
        try:
            for name, (command, path) in commands.items():
                port = free()
                line = [part.replace("PORT", str(port)) for part in command]
                env = os.environ | {"PYTHONPATH": f"{root / 'kg'}:{root / 'cli'}"} if name == "inforce" else None
                process, took = started(line, port, path, env)
                running[name] = process
                figures: dict[str, Any] = {"start_s": round(took, 2)}
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
                for question, query in asked.items():
                    status, body = ask(connection, path, query)
                    if status != 200:
                        raise SystemExit(f"{name}: {status} {body[:300]!r}")
                    there = rows(body)
                    figures.setdefault("rows", {})[question] = len(there)
                    figures.setdefault("same_rows", {})[question] = there == expected.setdefault(question, there)
                for question, query in asked.items():
                    for kind, new in (("", True), (", again", False)):
                        figures[question + kind] = {
                            str(clients): measured(port, path, query, clients, options.seconds, new=new)
                            for clients in CLIENTS
                        }
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
