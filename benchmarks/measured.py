"""How the benchmarks of one case measure: processor time of one call, and one JSON line for many."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any


def taken(ask: Callable[[], Any]) -> float:
    """Return the processor time of a call in milliseconds."""
    before = time.process_time_ns()
    ask()
    return (time.process_time_ns() - before) / 1e6


def line(benchmark: str, name: str, engine: str, times: list[float], **more: Any) -> None:
    """Print what many times come to, with the load of the machine."""
    times = sorted(times)
    shown = {
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(times[int(0.95 * (len(times) - 1))], 2),
        "worst_ms": round(times[-1], 2),
    }
    found = {"benchmark": benchmark, "set": name, "engine": engine, "asked": len(times), **shown, **more}
    print(json.dumps({**found, "load": os.getloadavg()[0]}), flush=True)
