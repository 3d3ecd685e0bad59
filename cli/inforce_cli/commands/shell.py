r"""A SPARQL shell: ``inforce shell``.

Examples:
  inforce shell
  inforce shell --on 2024-12-24
  inforce shell --endpoint http://127.0.0.1:7878/query
\b
A query ends with a line that ends in ; outside all braces, or with an empty
line. .help says the rest.
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce.errors import UsageError
from inforce_cli.options import QueryDay
from inforce_cli.output import Run

__all__ = ["main"]


def main(
    run: Run,
    on: QueryDay = None,
    timeout: Annotated[str, typer.Option("--timeout", help="Seconds until a query is stopped.", metavar="S")] = "60",
) -> int:
    """Ask queries one after the other, with completion and history, as the command sparql asks one."""
    from inforce_cli.shell import Shell, lines

    if run.options.output is not None:
        raise UsageError("a shell writes no file", hint="inforce sparql question.rq -o FILE")
    shell = Shell(run, on=on, timeout=timeout)
    return shell.read(lines(shell))
