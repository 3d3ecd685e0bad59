"""What a server may use and to whom it answers; every limit is here and shown at ``/health``."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["LOOPBACK", "Settings"]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server runs; times in seconds, sizes in bytes."""

    host: str = "127.0.0.1"
    port: int = 8390
    allowed_hosts: tuple[str, ...] = LOOPBACK
    """The names by which a client may call this server, without ports."""
    cors: tuple[str, ...] = ()
    """Origins whose pages may read the answers, exactly as a browser sends them."""
    root_url: str | None = None
    """How clients outside spell this server where a proxy stands before it: scheme, name and port, no path."""
    rate: int = 0
    """Requests a second of one client; as many as it likes where it is 0."""
    lang: str = "en"
    timeout_s: float = 5
    memory: int = 1 << 30
    """What a query may use beyond what the graph needs."""
    rows: int = 10_000
    answer_bytes: int = 32 << 20
    query_bytes: int = 64 << 10
    kept_bytes: int = 32 << 20
    """Room for answers that need not be worked out again; none are kept where it is 0."""
    workers: int = 0
    """Queries that run at a time; as many as there are cores where it is 0."""
    queue: int = 32
    """Queries that may wait for their turn."""
    patience_s: float = 10
    """How long one waits for its turn."""
    start_s: float = 0.3
    """How long the first request waits for the graph; after that pages are answered, and queries wait for it."""
    body_bytes: int = 1_000_000
    header_bytes: int = 16 << 10
    arrival_s: float = 10
    """How long a request may take to arrive: its head, and then its body."""
    connections: int = 256
    log_queries: bool = False
    """Whether what was asked, and from where, goes to the log: it can hold a person's case."""
    scan: bool = True
    """Whether a query's text is looked at before the engine reads it; off only in a test of the fence."""

    @property
    def at_a_time(self) -> int:
        """How many queries run at a time."""
        return self.workers or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else self.workers or 2

    def limits(self) -> dict[str, Any]:
        """Return the limits by name, as ``/health`` shows them."""
        left_out = {
            "host",
            "port",
            "allowed_hosts",
            "cors",
            "root_url",
            "lang",
            "workers",
            "log_queries",
            "scan",
            "start_s",
        }
        found = {name: value for name, value in asdict(self).items() if name not in left_out}
        return found | {"workers": self.at_a_time}
