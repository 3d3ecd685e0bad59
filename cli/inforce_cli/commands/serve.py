r"""``inforce serve``: the explorer and the SPARQL endpoint, on this machine.

Examples:
  inforce serve
  inforce serve --port 9000 --data my-rules
  inforce serve --root-url https://rules.example.org
  inforce serve --host 0.0.0.0 --allow-host rules.example.org --quiet
\b
It answers only requests that call it by one of its names: 127.0.0.1,
localhost, [::1], those of --allow-host and --root-url. Nothing can be
changed through it, and nothing outside is asked. Ctrl-C ends it.
"""

from __future__ import annotations

import re
from typing import Annotated

import typer

from inforce.errors import EnvironmentFault, ExitCode, UsageError
from inforce_cli.output import Run

_LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
_NAME = re.compile(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+")
_ROOT = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?/?")
_ORIGIN = re.compile(r"https?://[^\s/?#]+")


def main(
    run: Run,
    port: Annotated[str, typer.Option("--port", help="0 is any that is free.", metavar="N")] = "8390",
    host: Annotated[str, typer.Option("--host", help="The address to listen on.", metavar="ADDRESS")] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="A further name of this server; repeatable.", metavar="NAME"),
    ] = None,
    root_url: Annotated[
        str | None,
        typer.Option("--root-url", help="Its address as clients of a proxy before it spell it.", metavar="URL"),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            "--rate", help="Requests a second of one client; 0: any. 10 if others reach it directly.", metavar="N"
        ),
    ] = None,
    log_queries: Annotated[
        bool, typer.Option("--log-queries", help="Log what is asked and from where: it can be a person's case.")
    ] = False,
    cors: Annotated[
        list[str] | None,
        typer.Option("--cors", help="An origin whose pages may read answers; repeatable.", metavar="ORIGIN"),
    ] = None,
    timeout: Annotated[str, typer.Option("--timeout", help="Seconds a query may take.", metavar="S")] = "5",
    memory: Annotated[str, typer.Option("--memory", help="MiB a query may use.", metavar="MIB")] = "1024",
    rows: Annotated[str, typer.Option("--rows", help="Rows an answer may have.", metavar="N")] = "10000",
    workers: Annotated[str, typer.Option("--workers", help="Queries at a time; 0: one a core.", metavar="N")] = "0",
    queue: Annotated[str, typer.Option("--queue", help="Queries that may wait.", metavar="N")] = "32",
) -> int:
    """Serve the explorer and the SPARQL endpoint; read-only, on this machine only unless asked."""
    try:
        from inforce_cli.serve.run import run_server
    except ModuleNotFoundError as error:
        raise EnvironmentFault(
            f"{error.name} is not installed",
            code="E_EXTRA",
            hint="pip install 'inforce[web]' (in a checkout: make install)",
        ) from None
    from inforce_cli.serve.settings import LOOPBACK, Settings

    names = [name.lower() for name in allow_host or []]
    if root_url is not None:
        names.append(_name_in(root_url))
    for name in names:
        if not _NAME.fullmatch(name):
            raise UsageError(f"--allow-host {name}: not a host's name", hint="without http:// and without a port")
    for origin in cors or []:
        if not _ORIGIN.fullmatch(origin):
            raise UsageError(f"--cors {origin}: not an origin", hint="as in https://example.org, without a path")
    if host not in _LOOPBACK and not names:
        raise UsageError(
            f"--host {host} can be reached from other machines",
            hint="name what they call it with --allow-host NAME, or --root-url URL; see docs/serve.md",
        )
    # Behind a proxy all come from one address, and the proxy knows them apart.
    most = "10" if host not in _LOOPBACK and root_url is None else "0"
    if log_queries and run.options.quiet:
        raise UsageError("--log-queries and --quiet: one of them", hint="--quiet leaves the log out")
    settings = Settings(
        host=host,
        port=_number("--port", port, 0, 65535),
        allowed_hosts=(*LOOPBACK, *names),
        cors=tuple(cors or ()),
        root_url=root_url.rstrip("/") if root_url is not None else None,
        rate=_number("--rate", most if rate is None else rate, 0, 10_000),
        log_queries=log_queries,
        lang=run.lang,
        timeout_s=_seconds(timeout),
        memory=_number("--memory", memory, 16, 1 << 20) << 20,
        rows=_number("--rows", rows, 1, 10_000_000),
        workers=_number("--workers", workers, 0, 256),
        queue=_number("--queue", queue, 0, 10_000),
    )
    run_server(run, settings)
    return int(ExitCode.ANSWERED)


def _name_in(root_url: str) -> str:
    found = _ROOT.fullmatch(root_url)
    if found is None:
        raise UsageError(
            f"--root-url {root_url}: not an address that will do",
            hint="as in https://rules.example.org, without a path: the proxy gives this server a name of its own",
        )
    return found[1]


def _number(option: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise UsageError(f"{option} {text}: not a number that will do", hint=f"give {least} to {most}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 3600:
        raise UsageError(f"--timeout {text}: not a time", hint="give seconds, more than 0 and at most 3600")
    return found
