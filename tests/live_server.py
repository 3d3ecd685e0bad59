"""A server for tests: the real one, in a thread, on a free port of this machine; and a graph made for it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox

from inforce_cli.serve.app import make_app
from inforce_cli.serve.listener import listen, server
from inforce_cli.serve.settings import Settings


class LiveServer:
    """Started when made; ``client`` speaks with it over a socket, ``inside`` without one."""

    def __init__(self, kb: Any, **settings: Any) -> None:
        # A test asks when the graph is there.
        self.settings = Settings(**{"port": 0, "start_s": 60, **settings})
        self.lines: list[dict[str, Any]] = []
        self.socket = listen(self.settings)
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.app = make_app(kb, self.settings, log=self.lines.append)
        self.http = server(self.app)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.client = httpx.Client(base_url=self.url, timeout=30)
        for _ in range(600):
            if self.http.started or not self._thread.is_alive():
                break
            self._thread.join(0.05)
        assert self.http.started, "the server did not start"

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.http.serve(sockets=[self.socket]))

    def inside(self, method: str, target: str, **more: Any) -> httpx.Response:
        """Put a request to the application itself, in its own loop."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=self.url) as client:
                return await client.request(method, target, **more)

        return asyncio.run_coroutine_threadsafe(ask(), self.loop).result(30)

    @property
    def zygote(self) -> int:
        """The process that forks."""
        return self.app.context.workers.process.process.pid

    def stop(self) -> None:
        self.client.close()
        self.http.should_exit = True
        self._thread.join(15)
        self.loop.close()
        self.socket.close()


def small_graph(folder: Path, graphs: dict[str, str]) -> Any:
    """Return a knowledge base over graphs given as Turtle by name; it has no rules, so only queries can be asked."""
    from inforce.kb import KnowledgeBase
    from inforce.resources import Built

    store = ox.Store()
    for name, text in graphs.items():
        store.load(text.encode(), format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(name), base_iri=name)
    lines = sorted(f"{quad} .\n" for quad in store)
    content = "".join(lines).encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "graph.nq").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    manifest = {
        "format": 1,
        "version": f"sha256:{digest}",
        "counts": {"quads": len(lines)},
        "outputs": {"graph.nq": {"sha256": digest, "bytes": len(content)}},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return KnowledgeBase(Built(folder), today="2026-06-12")


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that have not ended."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(one) for one in path.read_text().split()]
    return found
