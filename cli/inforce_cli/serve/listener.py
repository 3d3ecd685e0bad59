"""The HTTP server itself: its socket, and connections that must say what they want in time."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from inforce.errors import EnvironmentFault, LimitError, UsageError
from inforce_cli.serve.app import Served
from inforce_cli.serve.problems import document
from inforce_cli.serve.settings import Settings

__all__ = ["listen", "server"]


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens where the settings say; a port of 0 is any that is free.

    Raises:
        EnvironmentFault: the port is taken, or may not be had.
    """
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, or the event loop does not see that it is TCP, and small answers wait for one another.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, settings.port))
        found.listen(256)
    except OSError as error:
        found.close()
        raise EnvironmentFault(
            f"{settings.host}:{settings.port} cannot be listened on: {(error.strerror or str(error)).lower()}",
            code="E_PORT",
            hint="another server may run there; choose a port with --port",
        ) from None
    return found


def server(app: Served) -> uvicorn.Server:
    """Return the HTTP server of an application, to be run with ``serve(sockets=[…])``."""
    settings = app.context.settings

    class Connection(_Connection):
        limits = settings

    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=settings.header_bytes,
            timeout_keep_alive=5,
            # What is being answered when it ends may take as long as a query may, but not for ever.
            timeout_graceful_shutdown=int(min(settings.timeout_s, 5)) + 1,
        )
    )


class _Connection(H11Protocol):
    """A connection whose requests arrive in time, or not at all."""

    limits: Settings
    _arrival: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse(LimitError("too many connections", code="E_BUSY"), 503)
            return
        self._wait()

    def _wait(self) -> None:
        self._arrival = self.loop.call_later(self.limits.arrival_s, self._late)

    def _stop(self) -> None:
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Their side is idle until a whole head has come.
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._arrival is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self.conn.their_state is not h11.IDLE:
            self._stop()

    def _late(self) -> None:
        self._arrival = None
        self._refuse(UsageError("the request did not arrive in time", code="E_SLOW"), 408)

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with a head that cannot be read; called where the error is handled."""
        status = int(getattr(sys.exc_info()[1], "error_status_hint", 400))
        code = "E_HEADER_SIZE" if status == 431 else "E_HTTP"
        self._refuse(UsageError(msg.rstrip(".").lower(), code=code), status)

    def _refuse(self, error: Any, status: int) -> None:
        body = json.dumps(document(error)).encode() + b"\n"
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nx-content-type-options: nosniff\r\n"
            + ("retry-after: 5\r\n" if status == 503 else "")
            + "connection: close\r\n\r\n"
        )
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(head.encode("ascii") + body)
        self.transport.close()
