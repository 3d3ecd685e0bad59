"""What a server holds of the zygote: it starts it, asks it for children and hears how they ended."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import inforce
from inforce.errors import EnvironmentFault, LimitError, error_from
from inforce.fence import explained

__all__ = ["Listener", "QueryProcess"]


class Listener(Protocol):
    """Who hears what the process says."""

    def ready(self, quads: int, graphs: tuple[str, ...], no_network: bool) -> None:
        """The graph is loaded: its size, the names of its graphs, whether the system took the network away."""

    def child(self, number: int, channel: socket.socket) -> None:
        """A child waits for one question on its channel; whoever takes it closes it."""

    def ended(self, number: int, reason: LimitError) -> None:
        """A child has ended, or could not be made: the reason, where it gave no whole answer."""


class QueryProcess:
    """A process that holds the graph and answers each query from outside in a limited child of its own.

    Not for several threads: one, that of an event loop, sends and receives.
    """

    def __init__(self, graph: Path, law: Path | None = None, *, memory: int = 1 << 30, timeout_s: float = 5) -> None:
        """Start it; ``receive`` says when the graph is loaded.

        Args:
            graph: the folder of a built graph.
            law: the folder of a version of the imported law.
            memory: bytes a child may use beyond those of the graph.
            timeout_s: seconds of work after which a child ends by itself, should nobody end it.

        Raises:
            EnvironmentFault: this system cannot fork.
        """
        if not hasattr(os, "fork"):
            raise EnvironmentFault("queries from outside need a system that can fork a process", code="E_FENCE")
        self.control, theirs = socket.socketpair()
        settings = {
            "control": theirs.fileno(),
            "graph": str(graph.resolve()),
            "law": str(law.resolve()) if law is not None else None,
            "memory": memory,
            "timeout_s": timeout_s,
        }
        # The same library as here, however it was found.
        home = str(Path(inforce.__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inforce.endpoint.zygote", json.dumps(settings)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # The graph in large pages: each fork copies the table of pages, and each end of a child tears it down.
            env=os.environ | {"PYTHONPATH": path, "GLIBC_TUNABLES": _with_large_pages()},
        )
        theirs.close()
        self._pending = b""
        self._channels: list[socket.socket] = []

    def fork(self, number: int) -> None:
        """Ask for a child; ``receive`` gives it."""
        self._send({"fork": number})

    def kill(self, number: int) -> None:
        """End a child, if it has not ended; ``receive`` says when it has."""
        self._send({"kill": number})

    def _send(self, order: dict[str, int]) -> None:
        try:
            self.control.sendall(json.dumps(order).encode() + b"\n")
        except OSError:
            raise _gone() from None

    def receive(self, listener: Listener) -> None:
        """Tell ``listener`` what there is to hear, waiting for it where the socket waits.

        Raises:
            InForceError: the graph could not be loaded, or the process is gone.
        """
        flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        try:
            data, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, 16, flags)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            raise _gone() from None
        self._channels += [socket.socket(fileno=one) for one in descriptors]
        if not data:
            raise _gone()
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            self._tell(listener, json.loads(line))

    def _tell(self, listener: Listener, message: dict[str, Any]) -> None:
        if "child" in message:
            listener.child(message["child"], self._channels.pop(0))
        elif "ended" in message:
            status = message.get("status")
            refused = LimitError("no process for the query", code="E_BUSY", hint="try again")
            listener.ended(message["ended"], refused if status is None else explained(status))
        elif "failed" in message:
            raise error_from(message["failed"])
        else:
            found = message["ready"]
            listener.ready(found["quads"], tuple(found["graphs"]), found["no_network"])

    def close(self) -> None:
        """End it and all its children."""
        self.control.close()
        for channel in self._channels:
            channel.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _with_large_pages() -> str:
    said = os.environ.get("GLIBC_TUNABLES", "")
    return said if "glibc.malloc.hugetlb" in said else ":".join(filter(None, [said, "glibc.malloc.hugetlb=1"]))


def _gone() -> EnvironmentFault:
    return EnvironmentFault("the process that answers queries is gone", code="E_FENCE", hint="try again")
