"""Who wrote each clause: ``inforce blame``.

Examples:
  inforce blame "IRPR 26.1" --on 2025-03-01
  inforce blame "IRPR 198(2)" --lang fr --format csv
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce_cli.options import KnownOn, Name
from inforce_cli.output import Run

__all__ = ["main"]


def main(
    run: Run,
    name: Name,
    on: Annotated[str | None, typer.Option("--on", help="As it read on that day; else today.", metavar="DAY")] = None,
    known_on: KnownOn = None,
) -> int:
    """Show every clause of a provision with the instrument that last wrote its words, and since when."""
    from inforce_cli.render.text_reading import blame_text

    found = run.kb.law.blame(name, on=on, language=run.lang, known_on=known_on)
    rows = found.limited(run.options.limit).to_dicts()
    if on is None:
        run.note(f"note: as it reads today, {run.today}")
    day = on or run.today
    people = {"table": lambda: blame_text(rows, on=day, width=run.width, lang=run.lang)}
    return run.show(table=found, others=people)
