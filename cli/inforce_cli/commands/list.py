"""What there is: ``inforce list``.

Examples:
  inforce list rules
  inforce list nationalities --lang fr
  inforce list facts --format csv
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce_cli import completion
from inforce_cli.output import Run

__all__ = ["main"]


def main(
    run: Run,
    kind: Annotated[
        str,
        typer.Argument(
            help="rules, provisions, instruments, programs, categories, exemptions, nationalities, facts, actions, "
            "sources, claims, changes, queries and more.",
            autocompletion=completion.kinds,
            metavar="KIND",
        ),
    ],
) -> int:
    """List everything of one kind by its id."""
    from inforce_cli.render.reading import listing
    from inforce_cli.render.text import safe_text

    found = run.kb.list(kind)
    rows = found.limited(run.options.limit).rows
    others = {"table": lambda: safe_text(listing(found.columns, rows, width=run.width, lang=run.lang))}
    return run.show(table=found, others=others)
