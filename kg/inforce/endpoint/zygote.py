"""The process that holds the graph in memory and forks: it has one thread, no network, and runs no query itself.

Started as a program: ``python -m inforce.endpoint.zygote SETTINGS``, with a socket to the server as its only open
descriptor beside the standard ones. What is said on it, one JSON object a line:

- to the server: ``{"ready": {...}}`` or ``{"failed": {...}}`` once; ``{"child": N}`` with a socket on which the
  child reads one question (a JSON object, until end of file) and writes one answer; ``{"ended": N, "status": S}``.
- from the server: ``{"fork": N}``, ``{"kill": N}``. When its end closes, the zygote and all children end.

A child waits with its limits already in force and one small question behind it, takes one question, and is gone.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inforce.errors import InForceError, IntegrityError
from inforce.fence import OUT_OF_MEMORY, close_everything_but, limit, no_network

__all__ = ["main"]

MOST = 2 << 20
"""The most bytes of a question that a child reads."""


def main(argv: list[str]) -> None:
    """Load the graph, say so, and fork whenever asked; return when the server has gone."""
    settings = json.loads(argv[0])
    control = socket.socket(fileno=int(settings["control"]))
    # What ends or reloads the server comes to its whole group: it ends first, and this process with it.
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    try:
        store, names = _load(settings)
    except InForceError as error:
        _say(control, {"failed": {"class": type(error).__name__, **_parts(error)}})
        return
    apart = no_network()
    # Loaded once here, and not in each child anew.
    import resource  # noqa: F401

    gc.collect()
    gc.freeze()
    try:
        _say(control, {"ready": {"quads": len(store), "graphs": names, "no_network": apart}})
        _loop(control, store, names, settings)
    except ConnectionError:
        pass


def _parts(error: InForceError) -> dict[str, Any]:
    return {"message": error.message, "code": error.code, "hint": error.hint, "source": error.source}


def _load(settings: Mapping[str, Any]) -> tuple[Any, list[str]]:
    from inforce.combined import in_memory
    from inforce.endpoint.answers import warm
    from inforce.held import HeldLaw
    from inforce.resources import Built

    built = Built(Path(settings["graph"]))
    law = None
    if settings.get("law"):
        # The very version the server reads, whatever has been imported since.
        folder = Path(settings["law"])
        law = HeldLaw(folder, json.loads((folder / "manifest.json").read_bytes()))
    store = in_memory(built, law)
    counted = int(built.manifest["counts"]["quads"])
    if len(store) < counted if law else len(store) != counted:
        raise IntegrityError(f"the graph has {len(store)} quads, not {counted}", source=str(built.folder))
    names = sorted(str(graph.value) for graph in store.named_graphs())
    warm(store, names)
    return store, names


def _say(control: socket.socket, message: Mapping[str, Any], *passed: socket.socket) -> None:
    line = json.dumps(message).encode() + b"\n"
    if passed:
        socket.send_fds(control, [line], [one.fileno() for one in passed])
    else:
        control.sendall(line)


def _loop(control: socket.socket, store: Any, names: list[str], settings: Mapping[str, Any]) -> None:
    wake_end, signal_end = os.pipe()
    os.set_blocking(wake_end, False)
    os.set_blocking(signal_end, False)
    signal.set_wakeup_fd(signal_end)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, int] = {}
    poller = select.poll()
    poller.register(control, select.POLLIN)
    poller.register(wake_end, select.POLLIN)
    pending = b""
    while True:
        for descriptor, _ in poller.poll():
            if descriptor == wake_end:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_end, 4096)
                continue
            data = control.recv(65536)
            if not data:
                for child in children.values():
                    os.kill(child, signal.SIGKILL)
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                order = json.loads(line)
                if "fork" in order:
                    try:
                        children[order["fork"]] = _fork(control, order["fork"], store, names, settings)
                    except OSError as error:
                        _say(control, {"ended": order["fork"], "refused": error.strerror})
                elif order["kill"] in children:
                    os.kill(children[order["kill"]], signal.SIGKILL)
        _reap(control, children)


def _reap(control: socket.socket, children: dict[int, int]) -> None:
    numbers = {child: number for number, child in children.items()}
    while children:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        number = numbers[child]
        del children[number]
        _say(control, {"ended": number, "status": status})


def _fork(control: socket.socket, number: int, store: Any, names: list[str], settings: Mapping[str, Any]) -> int:
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _in_child(theirs, store, names, settings, parent)
    theirs.close()
    _say(control, {"child": number}, ours)
    ours.close()
    return child


def _in_child(channel: socket.socket, store: Any, names: list[str], settings: Mapping[str, Any], parent: int) -> None:
    from inforce.endpoint.answers import ready

    # The child never returns into the loop: every way out is an exit.
    status = 70
    try:
        gc.disable()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        close_everything_but(channel.fileno())
        limit(int(settings["memory"]), float(settings["timeout_s"]))
        # What any question writes to is copied for this process on the first write: better while nobody waits.
        ready(store, names)
        # A parent that ended before the limit was set cannot end us any more.
        if os.getppid() == parent:
            status = _answered(channel, store, names)
    except MemoryError:
        status = OUT_OF_MEMORY
    finally:
        os._exit(status)


def _answered(channel: socket.socket, store: Any, names: list[str]) -> int:
    from inforce.endpoint.answers import answer

    parts: list[bytes] = []
    size = 0
    while part := channel.recv(1 << 16):
        parts.append(part)
        size += len(part)
        if size > MOST:
            return 70
    if not parts:
        return 0
    head, body = answer(store, names, json.loads(b"".join(parts)))
    head["size"] = len(body)
    channel.sendall(json.dumps(head).encode() + b"\n")
    channel.sendall(body)
    return 0


if __name__ == "__main__":
    main(sys.argv[1:])
