"""One server from its start to its end, for the command."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import TYPE_CHECKING

from inforce.errors import InForceError
from inforce_cli.serve.app import make_app, swap, write_log
from inforce_cli.serve.context import Context
from inforce_cli.serve.listener import listen, server

if TYPE_CHECKING:
    from inforce_cli.output import Run
    from inforce_cli.serve.settings import Settings

__all__ = ["run_server"]


def run_server(run: Run, settings: Settings) -> None:
    """Serve until interrupted.

    Raises:
        EnvironmentFault: the port is taken.
        InForceError: the graph is not good.
    """
    listening = listen(settings)
    port = listening.getsockname()[1]

    def ready(here: Context) -> None:
        if hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, again, here)
        run.note(f"serving {run.kb.version} at http://{settings.host}:{port}/ (Ctrl-C ends)")

    def again(here: Context) -> None:
        here.state["swapping"] = asyncio.ensure_future(_swap(run, here))

    app = make_app(run.kb, settings, log=None if run.options.quiet else write_log, ready=ready)
    # What the HTTP server has to say about clients is in the log already.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    http = server(app)
    try:
        asyncio.run(http.serve(sockets=[listening]))
    except KeyboardInterrupt:
        pass
    finally:
        listening.close()
    if not http.started and app.context.fault is not None:
        raise app.context.fault


async def _swap(run: Run, here: Context) -> None:
    """Open again what the command names, and answer from that; where it is not good all stays as it is."""
    other = type(run)(run.options, command=run.command)
    try:
        await asyncio.to_thread(lambda: other.kb.held)
        await swap(here, other.kb)
    except InForceError as error:
        run.note(f"error[{error.code}]: {error}; still serving {here.version}")
    else:
        run.note(f"serving {here.version}")
