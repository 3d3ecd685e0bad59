"""One server from its start to its end, for the command."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from inforce_cli.serve.app import make_app, write_log
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

    def ready(_: Context) -> None:
        run.note(f"serving {run.kb.version} at http://{settings.host}:{port}/ (Ctrl-C ends)")

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
