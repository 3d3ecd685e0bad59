"""The server that the tests of this folder speak with: the packaged graph, in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from live_server import LiveServer


@pytest.fixture(scope="session")
def server(kb: Any) -> Iterator[LiveServer]:
    """One server of the packaged graph for the whole run, as ``inforce serve`` starts it."""
    found = LiveServer(kb)
    yield found
    found.stop()
