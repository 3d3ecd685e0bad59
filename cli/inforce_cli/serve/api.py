"""``/api/COMMAND``: the commands that only read, over HTTP; each answers the very bytes of its ``--json``.

A request runs the command's own function with the server's knowledge base. No file is read or written, whatever the
request names; what it says wrong is told as a problem document with the code that the command line has for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inforce.errors import ExitCode, InForceError, InputError, LimitError, UnknownIdError, UsageError, nearest
from inforce_cli import given
from inforce_cli.options import LANGUAGES, Globals, count
from inforce_cli.output import Run
from inforce_cli.serve.context import Context, context
from inforce_cli.serve.operations import OPERATIONS, SHARED, Operation, arguments, operation
from inforce_cli.serve.problems import problem

if TYPE_CHECKING:
    from inforce import KnowledgeBase

__all__ = ["Served", "answered", "routes"]

JSON = "application/json"
LARGEST_BODY = 1_000_000
"""Bytes of a case or a saved answer, as on the command line."""
MOST_PARAMETERS = 200
LONGEST = 2_000
"""Characters of one value."""


class Served(Run):
    """One run of one command for a request: the server's knowledge base, JSON, and nothing written anywhere."""

    def __init__(self, options: Globals, *, command: str, kb: KnowledgeBase, timeout_s: float | None = None) -> None:
        """Take the options of the request, the knowledge base of the server, and how long it may take."""
        super().__init__(options, command=command)
        self.__dict__["kb"] = kb
        self.notes: list[str] = []
        self._time = (timeout_s, monotonic())

    @property
    def on_terminal(self) -> bool:
        """Nobody sits at a terminal here."""
        return False

    def note(self, text: str) -> None:
        """Keep what would be said beside the result."""
        self.notes.append(text)

    def progress(self, step: str, number: int, of: int) -> None:
        """Draw nothing; end what takes too long.

        Raises:
            LimitError: its time is up.
        """
        timeout_s, begun = self._time
        if timeout_s is not None and monotonic() - begun > timeout_s:
            raise LimitError(
                f"the question was stopped after {timeout_s:g} s",
                code="E_TIMEOUT",
                hint="ask for less, or on the command line",
            )

    @property
    def body(self) -> bytes:
        """What the command showed, as it would be written."""
        return b"".join(s if isinstance(s, bytes) else s.encode("utf-8", "surrogatepass") for _, s in self._shown)

    @property
    def truncated(self) -> bool:
        """Whether a limit cut what is shown."""
        return self._truncated


def answered(
    kb: KnowledgeBase,
    name: str,
    asked: Iterable[tuple[str, str]],
    *,
    body: bytes | None = None,
    rows: int | None = None,
    timeout_s: float | None = None,
) -> Served:
    """Run a command that reads and return the run: its bytes are those of the command line with ``--json``.

    Args:
        name: one of ``OPERATIONS``.
        asked: the parameters of the request; see ``operations.arguments``.
        body: the facts of a case, or a saved answer, as JSON.
        rows: how many rows it may ask for, where a command can make very many.
        timeout_s: seconds after which what goes step by step is ended.

    Raises:
        InForceError: whatever the command refuses; a parameter that is unknown or only for the command line.
    """
    asking = operation(name)
    pairs = list(asked)
    if len(pairs) > MOST_PARAMETERS or any(len(value) > LONGEST for _, value in pairs):
        raise UsageError(
            f"more than {MOST_PARAMETERS} parameters, or one of more than {LONGEST} characters",
            code="E_QUERY_SIZE",
            hint="ask for less, or send facts as the JSON body of a POST",
        )
    keywords = arguments(asking, pairs, body=body is not None)
    options = _options({one.name: keywords.pop(one.keyword, None) for one in SHARED})
    if rows is not None and asking.offer.size is not None and (size := asking.offer.size(kb, keywords)) > rows:
        raise LimitError(
            f"that is about {size} rows; at most {rows} are made here",
            code="E_TOO_MUCH",
            hint="ask for less, or on the command line",
        )
    run = Served(options, command=f"inforce {name}", kb=kb, timeout_s=timeout_s)
    try:
        with given.only(body):
            code = asking.main(run, **keywords)
    except RecursionError:
        raise UsageError("the input is nested too deeply", hint="give it in fewer levels") from None
    if code == ExitCode.LIMIT:
        run.cut()
    return run


def _options(asked: dict[str, Any]) -> Globals:
    lang = asked["lang"]
    if lang is not None and lang not in LANGUAGES:
        raise UsageError(f'lang "{lang}" is not a language we speak', hint="en or fr")
    return Globals(json=True, lang=lang, limit=None if asked["limit"] is None else count(asked["limit"]))


@dataclass(slots=True)
class _Turns:
    """How many commands run, and how many wait."""

    limiter: anyio.CapacityLimiter
    inside: int = 0


async def index(request: Request) -> Response:
    """Answer the list of commands."""
    kb = context(request).kb
    found = [{"command": name, "path": f"/api/{name}", "summary": operation(name).summary} for name in OPERATIONS]
    data = {"version": kb.version, "verified_through": kb.book.verified_through}
    shown = {"commands": found, "openapi": "/openapi.json", "data": data}
    return _whole(request, kb, json.dumps(shown, ensure_ascii=False, indent=1).encode() + b"\n")


async def description(request: Request) -> Response:
    """Answer the OpenAPI document."""
    kb = context(request).kb
    return _whole(request, kb, _description(kb))


async def command(request: Request) -> Response:
    """Answer one command."""
    name = request.path_params["command"]
    # Taken once: another graph may take its place meanwhile.
    kb = context(request).kb
    try:
        if name not in OPERATIONS:
            near = nearest(name, OPERATIONS)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UnknownIdError(f'no command "{name}" is offered here', hint=hint + "all: /api")
        body = await _body(request, operation(name)) if request.method == "POST" else None
        run = await _turn(context(request), kb, name, request.query_params.multi_items(), body)
    except InForceError as error:
        request.scope.get("inforce.log", {})["code"] = error.code
        return problem(error, None, _headers(kb))
    return _whole(request, kb, run.body, {"X-Truncated": "rows"} if run.truncated else {})


async def _turn(
    here: Context, kb: KnowledgeBase, name: str, asked: list[tuple[str, str]], body: bytes | None
) -> Served:
    settings = here.settings
    turns: _Turns = here.state.setdefault("api", None) or _Turns(anyio.CapacityLimiter(settings.at_a_time))
    here.state["api"] = turns
    if turns.inside >= settings.at_a_time + settings.queue:
        raise LimitError("too many questions at once", code="E_BUSY", hint="ask again in a second")
    turns.inside += 1
    try:
        work = partial(answered, kb, name, asked, body=body, rows=settings.rows, timeout_s=settings.timeout_s)
        return await anyio.to_thread.run_sync(work, limiter=turns.limiter)
    finally:
        turns.inside -= 1


def _headers(kb: KnowledgeBase) -> dict[str, str]:
    return {
        "X-Data-Version": kb.version,
        "X-Data-Cutoff": kb.book.verified_through,
        "Cache-Control": "no-cache",
    }


def _whole(request: Request, kb: KnowledgeBase, content: bytes, more: dict[str, str] | None = None) -> Response:
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {**_headers(kb), "ETag": tag, **(more or {})}
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if request.method in ("GET", "HEAD") and (tag in known or "*" in known):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=JSON, headers=headers)


async def _body(request: Request, command: Operation) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not command.offer.body[0]:
        raise UsageError(f"{command.name} takes no body", code="E_METHOD", hint="ask with GET")
    if kind != JSON:
        raise UsageError(f'the body is "{kind[:80]}", not {JSON}', code="E_MEDIA_TYPE", hint=f"Content-Type: {JSON}")
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > LARGEST_BODY:
            raise UsageError(f"the body has more than {LARGEST_BODY} bytes", code="E_BODY_SIZE", hint="send less")
    if content.lstrip()[:1] not in (b"{", b"["):
        raise InputError("the body is not a JSON object", code="E_CASE", hint='send one, say {"name": "value"}')
    return content


@lru_cache(maxsize=2)
def _description(kb: KnowledgeBase) -> bytes:
    from inforce_cli.serve.openapi import document

    return json.dumps(document(kb), ensure_ascii=False, indent=1).encode() + b"\n"


routes = [
    Route("/api", index, methods=["GET"]),
    Route("/openapi.json", description, methods=["GET"]),
    Route("/api/{command}", command, methods=["GET", "POST"]),
]
"""The JSON API and its description; what they answer with is the context of the application."""
