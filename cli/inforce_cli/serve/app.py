"""The server put together.

A part of it is a module in ``PARTS`` with ``routes``: a list of starlette routes, in the order in which they are
tried, and perhaps ``install``, called with the context once. An endpoint takes a request, finds what it needs in
``context(request)``, and raises errors of ``inforce.errors``: they become problem documents, or a page in a browser.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from inforce.errors import InForceError
from inforce_cli.serve.context import Context, web_folder
from inforce_cli.serve.gate import Gate
from inforce_cli.serve.problems import handlers
from inforce_cli.serve.settings import Settings
from inforce_cli.serve.workers import Workers

if TYPE_CHECKING:
    from inforce import KnowledgeBase

__all__ = ["PARTS", "Served", "make_app", "swap", "write_log"]

PARTS = ("service", "protocol", "graphs", "api", "pages.editor", "pages")
"""The modules of this package that have routes, in the order in which these are tried."""


class Served:
    """The application with its gate: what an ASGI server runs."""

    def __init__(self, app: Starlette, here: Context) -> None:
        """Take an application and its context."""
        self.app, self.context = app, here
        self._gate = Gate(app, here)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        await self._gate(scope, receive, send)


def make_app(
    kb: KnowledgeBase,
    settings: Settings,
    *,
    log: Callable[[dict[str, Any]], None] | None = None,
    ready: Callable[[Context], None] | None = None,
    failed: Callable[[Context], None] | None = None,
) -> Served:
    """Return the server of a graph; the process that answers queries is started here, and waited for when it starts.

    Args:
        log: called with each request's line.
        ready: called when pages are answered, and queries as soon as the graph is loaded.
        failed: called when the graph turns out not to be good after that; ``context.fault`` says why.
    """
    here = Context(kb, settings, _workers(kb, settings), _templates(), log=log, started=monotonic())

    def loaded(starting: asyncio.Future[None]) -> None:
        error = None if starting.cancelled() else starting.exception()
        if isinstance(error, InForceError):
            here.fault = error
            if failed is not None:
                failed(here)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        starting = asyncio.ensure_future(here.workers.start())
        await asyncio.wait({starting}, timeout=settings.start_s)
        if starting.done() and (error := starting.exception()) is not None:
            here.fault = error if isinstance(error, InForceError) else None
            here.workers.close()
            raise error
        starting.add_done_callback(loaded)
        if ready is not None:
            ready(here)
        # The rules take a moment to load, which is nobody's first question's.
        loading = asyncio.create_task(asyncio.to_thread(_load_rules, kb))
        try:
            yield
        finally:
            loading.cancel()
            starting.cancel()
            here.workers.close()

    routes: list[BaseRoute] = []
    for part in PARTS:
        module = import_module(f"inforce_cli.serve.{part}")
        routes += module.routes
        if hasattr(module, "install"):
            module.install(here)
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.state.context = here
    return Served(app, here)


def _workers(kb: KnowledgeBase, settings: Settings) -> Workers:
    held = kb.held
    return Workers(kb.built.folder, held.folder if held is not None else None, settings)


async def swap(here: Context, kb: KnowledgeBase) -> None:
    """Answer from another graph from now on; what runs is answered by the graph it was put to.

    Raises:
        InForceError: the other graph is not good; nothing has changed then.
    """
    workers = _workers(kb, here.settings)
    ready = False
    try:
        await workers.start()
        await asyncio.to_thread(_load_rules, kb)
        ready = True
    finally:
        if not ready:
            workers.close()
    before, here.kb, here.workers = here.workers, kb, workers
    here.state["retiring"] = asyncio.create_task(before.retire())


def _load_rules(kb: KnowledgeBase) -> Any:
    with suppress(InForceError):
        return kb.book


def _templates() -> Any:
    folder = web_folder()
    if folder is None:
        return None
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def write_log(line: dict[str, Any]) -> None:
    """Write one line of the log on standard error, as JSON: control characters are escaped there."""
    if sys.stderr is not None:
        sys.stderr.write(json.dumps(line) + "\n")
