"""What every request passes before a route sees it: who is called, how much comes in, what every answer carries."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from os import urandom
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from inforce.errors import InForceError, LimitError, RefusedError, UsageError
from inforce_cli.serve.context import Context
from inforce_cli.serve.problems import problem
from inforce_cli.serve.rates import RateError, Rates

__all__ = ["Gate"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_EXPOSED = "ETag, X-Truncated, X-Unknown-Graph, X-Data-Version, X-Data-Cutoff, X-Request-Id, Retry-After"
# What a page is made of, and whoever looks whether the server is up: neither is work.
_UNCOUNTED = re.compile(r"/(?:static/|live\Z|favicon)")
_LONGEST = 2_000
"""Characters of an address in the log."""
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?\Z")


class Gate:
    """Wraps the application; the order of its checks is that of its methods."""

    def __init__(self, app: Any, here: Context) -> None:
        """Take what it stands before."""
        self.app = app
        self.here = here
        self.running = 0
        self.rates = Rates(here.settings.rate)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        begun, seen = monotonic(), {"status": 0}
        # What the log says of this request: each part may add to it.
        line: dict[str, Any] = {"id": urandom(6).hex()}
        scope["inforce.log"] = line
        # Of the graph that is asked: another may take its place before the answer goes out.
        carried = self._carried(line["id"])

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                self._sign(MutableHeaders(raw=message["headers"]), headers, carried)
                message["headers"] = [one for one in message["headers"] if one[0].lower() != b"server"]
            await send(message)

        self.running += 1
        try:
            answer = self._refused(scope, headers)
            if answer is None:
                await self.app(self._as_called(scope), self._limited(receive, headers), sent)
            else:
                await answer(scope, receive, sent)
        finally:
            self.running -= 1
            self._write(scope, line, seen["status"], begun)

    def _as_called(self, scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Return the request as clients outside spell it: a proxy spells it otherwise, and takes the encryption off."""
        root = self.here.settings.root_url
        if root is not None:
            parts = urlsplit(root)
            scope["scheme"] = parts.scheme
            others = [one for one in scope["headers"] if one[0] != b"host"]
            scope["headers"] = [*others, (b"host", parts.netloc.encode("ascii"))]
        return scope

    # ---- who, and how much -----------------------------------------------------------------------

    def _refused(self, scope: MutableMapping[str, Any], headers: Headers) -> Response | None:
        """Return the answer to a request that goes no further."""
        try:
            self._check_host(scope, headers)
            self._check_rate(scope)
            self._check_size(scope, headers)
            self._check_origin(scope, headers)
        except InForceError as error:
            scope["inforce.log"]["code"] = error.code
            more = {"Connection": "close"} if error.code in ("E_HOST", "E_BODY_SIZE", "E_HTTP") else {}
            if isinstance(error, RateError):
                more["Retry-After"] = str(error.wait_s)
            return problem(error, None, more)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            return Response(None, 204)
        return None

    def _check_host(self, scope: MutableMapping[str, Any], headers: Headers) -> None:
        # A page of another site reaches a server on this machine by a name that it makes point here.
        hosts = headers.getlist("host")
        found = _HOST.match(hosts[0]) if len(hosts) == 1 else None
        if found is None or found[1].lower() not in self.here.settings.allowed_hosts:
            raise RefusedError(
                "this server is not called that",
                code="E_HOST",
                hint="it is called " + ", ".join(self.here.settings.allowed_hosts) + "; add a name with --allow-host",
            )
        if not scope.get("raw_path", b"/").startswith(b"/") or "\x00" in scope["path"]:
            raise UsageError("the target of a request is a path", code="E_HTTP")

    def _check_rate(self, scope: MutableMapping[str, Any]) -> None:
        if self.rates.per_s and not _UNCOUNTED.match(scope["path"]):
            self.rates.count((scope.get("client") or ("",))[0], monotonic())

    def _check_size(self, scope: MutableMapping[str, Any], headers: Headers) -> None:
        settings = self.here.settings
        target = len(scope.get("raw_path", b"")) + len(scope["query_string"])
        if target + sum(len(name) + len(value) + 4 for name, value in headers.raw) > settings.header_bytes:
            raise UsageError("the head of the request is too long", code="E_HEADER_SIZE")
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers and "content-length" in headers:
            raise UsageError("a body has one length, or comes in chunks", code="E_HTTP")
        if not length.isascii() or not length.isdigit():
            raise UsageError("Content-Length is a number", code="E_HTTP")
        if int(length) > settings.body_bytes:
            raise _too_big(settings.body_bytes)
        if self.running > settings.connections:
            raise LimitError("too many requests at a time", code="E_BUSY", hint="try again in a few seconds")

    def _check_origin(self, scope: MutableMapping[str, Any], headers: Headers) -> None:
        # Reading is harmless, but what a stranger's page sends in somebody's name need not be worked on.
        origin = headers.get("origin")
        if origin is None or scope["method"] in ("GET", "HEAD", "OPTIONS") or origin in self.here.settings.cors:
            return
        if origin != self.here.settings.root_url and urlsplit(origin).netloc.lower() != headers["host"].lower():
            raise RefusedError("a page of another site asked", code="E_ORIGIN", hint="allow it with --cors ORIGIN")

    def _limited(self, receive: Receive, headers: Headers) -> Receive:
        """Return ``receive`` with an end to how long a body may take, and how long it may be."""
        settings = self.here.settings
        left, until, whole = settings.body_bytes, monotonic() + settings.arrival_s, False

        async def limited() -> Message:
            nonlocal left, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout(max(until - monotonic(), 0)):
                    message = await receive()
            except TimeoutError:
                raise UsageError("the body did not arrive in time", code="E_SLOW") from None
            left -= len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if left < 0:
                raise _too_big(settings.body_bytes)
            return message

        return limited

    # ---- what every answer carries -----------------------------------------------------------------

    def _carried(self, number: str) -> dict[str, str]:
        cutoff = self.here.cutoff
        found = {"X-Data-Version": self.here.version, "X-Request-Id": number}
        return found if cutoff is None else found | {"X-Data-Cutoff": cutoff}

    def _sign(self, answer: MutableHeaders, request: Headers, carried: dict[str, str]) -> None:
        for name, value in _SECURITY.items():
            answer.setdefault(name, value)
        for name, value in carried.items():
            answer[name] = value
        if not self.here.settings.cors:
            return
        answer.add_vary_header("Origin")
        if request.get("origin") in self.here.settings.cors:
            answer["Access-Control-Allow-Origin"] = request["origin"]
            answer["Access-Control-Expose-Headers"] = _EXPOSED
            answer["Cross-Origin-Resource-Policy"] = "cross-origin"
            if "access-control-request-method" in request:
                answer["Access-Control-Allow-Methods"] = "GET, HEAD, POST"
                answer["Access-Control-Allow-Headers"] = "Accept, Content-Type, If-None-Match"
                answer["Access-Control-Max-Age"] = "600"

    def _write(self, scope: MutableMapping[str, Any], line: dict[str, Any], status: int, begun: float) -> None:
        if self.here.log is None:
            return
        route = scope.get("route")
        found = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "id": line["id"],
            "method": scope["method"][:10],
            # The route and not the path: what is asked about can be a person's case.
            "route": getattr(route, "path", None),
            "status": status,
            "ms": round((monotonic() - begun) * 1000, 1),
        }
        if self.here.settings.log_queries:
            target = scope.get("raw_path", b"") + (b"?" + scope["query_string"] if scope["query_string"] else b"")
            found |= {"client": (scope.get("client") or (None,))[0], "target": target.decode("latin-1")[:_LONGEST]}
        self.here.log(found | line)


def _too_big(most: int) -> UsageError:
    return UsageError(f"the body is longer than {most} bytes", code="E_BODY_SIZE")
