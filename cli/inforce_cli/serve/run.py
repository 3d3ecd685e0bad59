"""One server from its start to its end, for the command."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import TYPE_CHECKING

from inforce import KnowledgeBase
from inforce.errors import InForceError
from inforce_cli.serve.app import make_app, swap, write_log
from inforce_cli.serve.context import Context
from inforce_cli.serve.listener import listen, server

if TYPE_CHECKING:
    from inforce_cli.output import Run
    from inforce_cli.serve.settings import Settings

__all__ = ["run_server"]

_LOOKS_S = 2.0
"""How often it looks whether another law has been imported."""


def run_server(run: Run, settings: Settings) -> None:
    """Serve until interrupted, or asked to end: what is being answered then is answered first.

    Raises:
        EnvironmentFault: the port is taken.
        InForceError: the graph is not good.
    """
    listening = listen(settings)
    port = listening.getsockname()[1]
    terminal = _terminal()

    def ready(here: Context) -> None:
        if hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, again, here)
        here.state["watching"] = asyncio.ensure_future(_watched(run, here))
        if settings.log_queries:
            run.note("what is asked, and from which address, goes to the log: a question can be a person's case")
        where = f"{settings.root_url}/, that is " if settings.root_url else ""
        run.note(f"serving {run.kb.version} at {where}http://{settings.host}:{port}/ (Ctrl-C ends)")

    def again(here: Context) -> None:
        # The same signal says that the terminal is gone: nobody could end the server there any more.
        if terminal and not _terminal():
            http.should_exit = True
        else:
            here.state["swapping"] = asyncio.ensure_future(_swap(run, here))

    def failed(_: Context) -> None:
        http.should_exit = True

    app = make_app(run.kb, settings, log=None if run.options.quiet else write_log, ready=ready, failed=failed)
    # What the HTTP server has to say about clients is in the log already.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    http = server(app)
    # The HTTP server ends by it, and then sends it again.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        asyncio.run(http.serve(sockets=[listening]))
    except KeyboardInterrupt:
        pass
    except SystemExit:
        # How the HTTP server ends when the application does not start: the reason is ours to tell.
        if app.context.fault is None:
            raise
    finally:
        listening.close()
    if app.context.fault is not None:
        raise app.context.fault


def _terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False


async def _watched(run: Run, here: Context) -> None:
    """Take up what is imported while it serves; one that is not good is tried once."""
    tried = here.kb.law_version
    while True:
        await asyncio.sleep(_LOOKS_S)
        try:
            law = await asyncio.to_thread(_law, here.kb)
        except InForceError:
            continue
        if law not in (tried, here.kb.law_version):
            await _swap(run, here)
        tried = law


def _law(kb: KnowledgeBase) -> str | None:
    return KnowledgeBase(kb.built).law_version


async def _swap(run: Run, here: Context) -> None:
    """Open again what the command names, and answer from that; where it is not good all stays as it is."""
    async with here.state.setdefault("one at a time", asyncio.Lock()):
        other = type(run)(run.options, command=run.command)
        try:
            await asyncio.to_thread(lambda: other.kb.held)
            await swap(here, other.kb)
        except InForceError as error:
            run.note(f"error[{error.code}]: {error}; still serving {here.version}")
        else:
            run.note(f"serving {here.version}")
