"""Where sources disagree: ``inforce conflicts``.

Examples:
  inforce conflicts
  inforce conflicts R-WP-FLAG-2024
  inforce conflicts --lang fr --json
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce import Table
from inforce_cli import completion
from inforce_cli.output import Run

__all__ = ["main"]


def main(
    run: Run,
    name: Annotated[
        str | None,
        typer.Argument(
            help="Only those that touch this rule, provision, or conflict.",
            autocompletion=completion.ids,
            metavar="[NAME]",
        ),
    ] = None,
) -> int:
    """Show where sources disagree: the claims with the ranks of their sources, and how each is resolved."""
    from inforce_cli.render.reading import conflict_text
    from inforce_cli.render.text import safe_text

    found = run.kb.conflicts()
    if name is not None:
        thing = run.kb.show(name)
        touched = {thing["id"], *(one["id"] for one in thing.get("conflicts", ()))}
        found = [one for one in found if one["conflict"] in touched]
    if not found:
        run.note("note : aucune source n'en disconvient" if run.lang == "fr" else "note: no sources disagree about it")
    cut = found[: run.options.limit]
    table = Table.of(("conflict", "label", "label_fr", "resolution", "resolution_fr"), list(found))
    return run.show(json=cut, table=table, text=lambda: safe_text(conflict_text(cut, width=run.width, lang=run.lang)))
