"""Questions to the process that holds the graph: one child each, a deadline, a queue with an end, nothing left behind.

Two children a place wait beside those at work: making one costs milliseconds, and nobody waits for that. The one that
takes the place of a child is made when that child's answer is out, for on a busy machine it would compete with it.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inforce import QueryProcess
from inforce.errors import EnvironmentFault, InForceError, LimitError, error_from
from inforce_cli.serve.settings import Settings

__all__ = ["Answer", "BusyError", "Workers"]

_LONGEST_HEAD = 1 << 16
_AFTER_S = 0.001
"""How long after an answer the next child is asked for."""


class BusyError(LimitError):
    """Too many questions wait already."""

    default_code = "E_BUSY"
    title = "The server is busy"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: ``rows``, ``boolean`` or ``graph``, the short name of its format, its bytes."""

    kind: str
    format: str
    body: bytes
    truncated: bool = False


class Workers:
    """Asks; for one event loop, in which it is also started."""

    def __init__(self, graph: Path, law: Path | None, settings: Settings) -> None:
        """Start the process; ``start`` waits until it has loaded the graph."""
        self.settings = settings
        self._where = (graph, law)
        self.process = self._process()
        self.quads = 0
        self.graphs: tuple[str, ...] = ()
        self.no_network = False
        self.busy = 0
        self.waiting = 0
        self.ended_badly = 0
        self._places: asyncio.Semaphore | None = None
        self._idle: deque[tuple[int, socket.socket]] = deque()
        self._wanted: deque[asyncio.Future[tuple[int, socket.socket]]] = deque()
        self._ends: dict[int, asyncio.Future[LimitError]] = {}
        self._number = 0
        self._owed = 0
        self._loaded: asyncio.Future[None] | None = None
        self._fault: InForceError | None = None

    def _process(self) -> QueryProcess:
        # The limit in the child is only for a server that has stopped looking at its clock.
        graph, law = self._where
        return QueryProcess(graph, law, memory=self.settings.memory, timeout_s=self.settings.timeout_s)

    # ---- the process -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Wait until the graph is loaded and the first children are asked for.

        Raises:
            InForceError: the graph is not good, or the process cannot run.
        """
        loop = asyncio.get_running_loop()
        self._places = self._places or asyncio.Semaphore(self.settings.at_a_time)
        self._loaded = loop.create_future()
        self.process.control.setblocking(False)
        loop.add_reader(self.process.control, self._hear)
        await self._loaded
        self._fault = None
        for _ in range(self.settings.at_a_time * 2):
            self._fork()

    async def loaded(self) -> None:
        """Wait until the graph is there, as long as one waits for one's turn.

        Raises:
            BusyError: it is still being read.
            InForceError: it is not good.
        """
        if self._loaded is None:
            raise EnvironmentFault("the server has not started", code="E_FENCE", hint="try again")
        if not self._loaded.done():
            try:
                await asyncio.wait_for(asyncio.shield(self._loaded), self.settings.patience_s)
            except TimeoutError:
                raise BusyError("the graph is still being read", hint="try again in a few seconds") from None

    async def retire(self) -> None:
        """End when the last question has its answer: another graph has taken the place of this one."""
        while self.busy or self.waiting:
            await asyncio.sleep(0.05)
        self.close()

    def close(self) -> None:
        """End the process, its children and whoever still waits."""
        try:
            asyncio.get_running_loop().remove_reader(self.process.control)
        except RuntimeError:
            pass
        self._drop(EnvironmentFault("the server is stopping", code="E_FENCE", hint="try again"))
        self.process.close()

    def _drop(self, fault: InForceError) -> None:
        self._fault = fault
        self._owed = 0
        for _, channel in self._idle:
            channel.close()
        self._idle.clear()
        for waiting in self._wanted:
            if not waiting.done():
                waiting.set_exception(fault)
        self._wanted.clear()

    def _hear(self) -> None:
        try:
            self.process.receive(self)
        except InForceError as error:
            asyncio.get_running_loop().remove_reader(self.process.control)
            self._drop(error)
            if self._loaded is not None and not self._loaded.done():
                self._loaded.set_exception(error)
            else:
                asyncio.get_running_loop().call_soon(self._revive)

    def _revive(self) -> None:
        self.process.close()
        self.process = self._process()
        self._reviving = asyncio.ensure_future(self.start())

    def ready(self, quads: int, graphs: tuple[str, ...], no_network: bool) -> None:
        """The graph is loaded."""
        self.quads, self.graphs, self.no_network = quads, graphs, no_network
        if self._loaded is not None and not self._loaded.done():
            self._loaded.set_result(None)

    def child(self, number: int, channel: socket.socket) -> None:
        """A child waits: give it to whoever waited longest for one, or keep it."""
        channel.setblocking(False)
        while self._wanted:
            waiting = self._wanted.popleft()
            if not waiting.done():
                waiting.set_result((number, channel))
                return
        if len(self._idle) < self.settings.at_a_time * 2:
            self._idle.append((number, channel))
        else:
            # Asked for by somebody who has gone: it reads that there is no question, and ends.
            channel.close()

    def ended(self, number: int, reason: LimitError) -> None:
        """A child has ended: tell whoever asked it; one that nobody had asked yet is replaced."""
        told = self._ends.pop(number, None)
        if told is not None and not told.done():
            told.set_result(reason)
        for one in list(self._idle):
            if one[0] == number:
                self._idle.remove(one)
                one[1].close()
                self._fork()

    def _fork(self) -> None:
        self._number += 1
        self.process.fork(self._number)

    def _repay(self) -> None:
        """Ask for a child in the place of one that was taken."""
        if self._owed and self._fault is None:
            self._owed -= 1
            # Where the process is gone its end is heard elsewhere.
            with suppress(InForceError):
                self._fork()

    async def _child(self) -> tuple[int, socket.socket]:
        if self._fault is not None:
            raise self._fault
        if self._idle:
            self._owed += 1
            return self._idle.popleft()
        self._fork()
        waiting: asyncio.Future[tuple[int, socket.socket]] = asyncio.get_running_loop().create_future()
        self._wanted.append(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self._idle.append(waiting.result())
            raise

    # ---- asking ------------------------------------------------------------------------------------

    async def ask(self, question: Mapping[str, Any], *, timeout_s: float | None = None) -> Answer:
        """Return the answer to one question, whole or not at all.

        Args:
            question: as a child reads it: ``text`` or ``of``, ``results``, ``graph``, ``default``, ``named``, ``cut``.
            timeout_s: seconds it may take, at most those of the settings.

        Raises:
            BusyError: too many wait already, or its turn did not come.
            LimitError: a limit of time, memory or size.
            InForceError: what is wrong with the question.
        """
        await self.loaded()
        assert self._places is not None  # noqa: S101 - made before the graph is loaded
        if self._places.locked() and self.waiting >= self.settings.queue:
            raise BusyError(f"{self.waiting} queries wait already", hint="try again in a few seconds")
        self.waiting += 1
        try:
            async with asyncio.timeout(self.settings.patience_s):
                await self._places.acquire()
        except TimeoutError:
            raise BusyError("its turn did not come in time", hint="try again in a few seconds") from None
        finally:
            self.waiting -= 1
        self.busy += 1
        try:
            return await self._ask(question, min(timeout_s or self.settings.timeout_s, self.settings.timeout_s))
        finally:
            self.busy -= 1
            self._places.release()

    async def _ask(self, question: Mapping[str, Any], timeout_s: float) -> Answer:
        settings = self.settings
        given = {"rows": settings.rows, "bytes": settings.answer_bytes, "scan": settings.scan, **question}
        text = json.dumps(given, ensure_ascii=False).encode("utf-8", "replace")
        try:
            number, channel = await asyncio.wait_for(self._child(), timeout_s)
        except TimeoutError:
            raise BusyError("no process for the query", hint="try again in a few seconds") from None
        end: asyncio.Future[LimitError] = asyncio.get_running_loop().create_future()
        self._ends[number] = end
        whole = False
        try:
            async with asyncio.timeout(timeout_s):
                head, body = await self._talk(channel, text)
            whole = True
        except TimeoutError:
            raise LimitError(
                f"the query was stopped after {timeout_s:g} s",
                code="E_TIMEOUT",
                hint="ask for less, or raise the time limit",
            ) from None
        except ConnectionError:
            raise await self._reason(end) from None
        finally:
            channel.close()
            if not whole:
                self.ended_badly += 1
                self._kill(number)
            asyncio.get_running_loop().call_later(_AFTER_S, self._repay)
        if head["kind"] == "error":
            raise error_from(head)
        return Answer(head["kind"], head["format"], body, bool(head.get("truncated")))

    async def _talk(self, channel: socket.socket, text: bytes) -> tuple[dict[str, Any], bytes]:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(channel, text)
        channel.shutdown(socket.SHUT_WR)
        head: dict[str, Any] | None = None
        data = bytearray()
        while True:
            part = await loop.sock_recv(channel, 1 << 18)
            if not part:
                break
            data += part
            if head is None:
                line, found, rest = bytes(data).partition(b"\n")
                if found:
                    head = json.loads(line)
                    data = bytearray(rest)
            # What a child sends is limited there; a child that is not itself any more is not believed.
            if len(data) > (_LONGEST_HEAD if head is None else int(head["size"])):
                raise ConnectionError
            if head is not None and len(data) == int(head["size"]):
                # Whole; the end of the process, which takes as long again, is not waited for.
                return head, bytes(data)
        if head is None or len(data) != int(head["size"]):
            raise ConnectionError
        return head, bytes(data)

    async def _reason(self, end: asyncio.Future[LimitError]) -> LimitError:
        try:
            return await asyncio.wait_for(end, 0.3)
        except TimeoutError:
            return LimitError("the query ended before its answer did", code="E_MEMORY", hint="ask for less")

    def _kill(self, number: int) -> None:
        try:
            self.process.kill(number)
        except InForceError:
            pass
