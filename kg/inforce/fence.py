"""A fence for what comes from outside: work runs in a forked child that can be stopped and can reach nothing.

The engine has no deadline of its own, a deep query can end its process, and its HTTP client cannot be switched off.
In the child there is a deadline (the parent ends it), a memory limit, no descriptor but the pipe, no new one and,
where the system allows it, no network at all. Whatever happens there, the parent goes on.
"""

from __future__ import annotations

import ctypes
import gc
import os
import select
import signal
import sys
from collections.abc import Callable
from functools import cache
from time import monotonic
from typing import Any

from inforce.errors import EnvironmentFault, LimitError

__all__ = [
    "MEMORY",
    "OUTPUT",
    "OUT_OF_MEMORY",
    "close_everything_but",
    "explained",
    "fenced",
    "limit",
    "limit_memory",
    "no_network",
]

MEMORY = 1 << 30
"""How many bytes the child may use beyond what the parent already has."""
OUTPUT = 256 << 20
"""How many bytes of answer the parent takes."""
DONE = b"\x04inforce\n"
"""What a whole answer ends with."""
OUT_OF_MEMORY = 71
"""How a child exits that ran out of memory in Python; the engine aborts."""

_CLONE_NEWNET, _CLONE_NEWUSER, _PR_SET_PDEATHSIG = 0x40000000, 0x10000000, 1


def fenced(
    work: Callable[[Callable[[bytes], object]], None],
    *,
    timeout_s: float,
    memory: int = MEMORY,
    output: int = OUTPUT,
    before: Callable[[], None] | None = None,
) -> bytes:
    """Return what ``work`` wrote in a forked child, whole or not at all.

    Args:
        work: called in the child with a function that takes bytes; it catches its own expected errors.
        timeout_s: seconds until the child is ended.
        memory: bytes the child may use beyond what this process has.
        output: bytes of answer that are taken.
        before: called in the child while it can still open files; a store on disk starts threads, so it is opened
            there and not before the fork.

    Raises:
        LimitError: the deadline, the memory or the size was reached, or the child died.
        EnvironmentFault: this system cannot fork.
    """
    if not hasattr(os, "fork"):
        raise EnvironmentFault(
            "queries from outside need a system that can fork a process",
            code="E_FENCE",
            hint="saved queries run everywhere: inforce list queries",
        )
    read_end, write_end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        child = os.fork()
    except OSError as error:
        os.close(read_end)
        os.close(write_end)
        raise EnvironmentFault(
            f"no process for the query: {error.strerror}", code="E_FENCE", hint="try again"
        ) from None
    if child == 0:
        _in_child(work, write_end, memory, timeout_s, before)
    os.close(write_end)
    return _gather(child, read_end, timeout_s, output)


def _in_child(
    work: Callable[[Callable[[bytes], object]], None],
    pipe: int,
    memory: int,
    timeout_s: float,
    before: Callable[[], None] | None,
) -> None:
    # The child never returns into the parent's code: every way out is an exit.
    status = 70
    try:
        gc.disable()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        close_everything_but(pipe)
        if before is not None:
            before()
        # Refused in some containers; the limit on descriptors then stands alone.
        no_network()
        limit(memory, timeout_s)
        write_all = _writer(pipe)
        try:
            work(write_all)
            write_all(DONE)
            status = 0
        except MemoryError:
            status = OUT_OF_MEMORY
    finally:
        os._exit(status)


def _writer(pipe: int) -> Callable[[bytes], None]:
    def write_all(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(pipe, view) :]

    return write_all


def close_everything_but(kept: int) -> None:
    """Close every descriptor of this process but one; the three standard ones then lead nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.closerange(3, kept)
    os.closerange(kept + 1, max(os.sysconf("SC_OPEN_MAX"), 256) if os.sysconf("SC_OPEN_MAX") < 1 << 16 else 1 << 16)


def limit(memory: int, timeout_s: float) -> None:
    """Let this process, a child of the one that asks, use ``memory`` bytes more, its time, and nothing new to open.

    It ends when its parent does.
    """
    import resource

    limit_memory(memory)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CPU, int(timeout_s) + 2)
    libc = _libc()
    if libc is not None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # No descriptor can be opened any more: no socket, no file.
    _lower(resource.RLIMIT_NOFILE, 0)


def no_network() -> bool:
    """Leave the network for good, and so will all children of this process; return whether the system allowed it."""
    libc = _libc()
    if libc is None:
        return False
    return bool(libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


@cache
def _libc() -> Any:
    try:
        return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    except OSError:
        return None


def limit_memory(memory: int) -> None:
    """Let this process use ``memory`` bytes more than it has, and leave no image of itself when it dies."""
    import resource

    used = _address_space()
    if used:
        _lower(resource.RLIMIT_AS, used + memory)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(which: int, value: int) -> None:
    import resource

    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def _address_space() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as handle:
            return int(handle.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _gather(child: int, pipe: int, timeout_s: float, output: int) -> bytes:
    deadline = monotonic() + timeout_s
    parts: list[bytes] = []
    size = 0
    late = big = False
    poller = select.poll()
    poller.register(pipe, select.POLLIN)
    status = 0
    try:
        while True:
            left = deadline - monotonic()
            if left <= 0 or not poller.poll(left * 1000):
                late = monotonic() >= deadline
                if late:
                    break
                continue
            part = os.read(pipe, 1 << 20)
            if not part:
                break
            parts.append(part)
            size += len(part)
            if size > output:
                big = True
                break
    finally:
        os.close(pipe)
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        status = os.waitpid(child, 0)[1]
    if late:
        raise LimitError(
            f"the query was stopped after {timeout_s:g} s",
            code="E_TIMEOUT",
            hint="ask for less, or raise the time limit",
        )
    if big:
        raise LimitError(
            f"the answer has more than {output >> 20} MiB",
            code="E_TOO_MUCH",
            hint="ask for less, or put LIMIT in the query",
        )
    found = b"".join(parts)
    if found.endswith(DONE):
        return found[: -len(DONE)]
    raise explained(status)


def explained(status: int) -> LimitError:
    """Return what the end of a child that gave no whole answer says of its query; ``status`` as ``waitpid`` has it."""
    ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if ended == signal.SIGXCPU:
        return LimitError("the query used up its time", code="E_TIMEOUT", hint="ask for less")
    if ended in (signal.SIGSEGV, signal.SIGBUS):
        return LimitError("the query is too deep for the engine", code="E_MEMORY", hint="ask in several queries")
    if ended == signal.SIGABRT or (os.WIFEXITED(status) and os.WEXITSTATUS(status) == OUT_OF_MEMORY):
        return LimitError(
            "the query needs more memory than it may use",
            code="E_MEMORY",
            hint="ask for less, or put LIMIT in the query",
        )
    return LimitError("the query ended before its answer did", code="E_MEMORY", hint="ask for less")
