"""What changed when: ``inforce changes``.

Examples:
  inforce changes --from 2024-11-01 --to 2025-02-28
  inforce changes --about Mexico
  inforce changes --about "IRPR 26.1" --kind added
  inforce changes --affects outcomes --layer designation --json
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce.errors import UnknownIdError
from inforce_cli.options import From, KnownOn, To
from inforce_cli.output import Run

__all__ = ["main"]


def main(
    run: Run,
    from_: From = None,
    to: To = None,
    about: Annotated[
        str | None,
        typer.Option("--about", help="A rule, law, provision, instrument, country, action or word.", metavar="TERM"),
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="One layer of authority.", metavar="NAME")] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="added, changed, ended, amended, renumbered, …", metavar="NAME")
    ] = None,
    affects: Annotated[
        str | None, typer.Option("--affects", help="outcomes: only what an outcome rests on.", metavar="outcomes")
    ] = None,
    known_on: KnownOn = None,
) -> int:
    """Show what changed between two days, both included, oldest first; clause by clause where text is imported."""
    from inforce_cli.render.reading import change_table
    from inforce_cli.render.text import safe_text

    if affects not in (None, "outcomes"):
        raise UnknownIdError(f'--affects "{affects}" is not known', hint="write --affects outcomes")
    found = run.kb.changes(
        from_, to, about=about, layer=layer, kind=kind, affects_outcomes=affects is not None, known_on=known_on
    )
    if not found.rows:
        nothing = "note: nothing changed that fits; inforce changes without options lists all"
        french = "note : rien de tel n'a changé ; inforce changes sans option donne tout"
        run.note(french if run.lang == "fr" else nothing)
    cut = found.limited(run.options.limit)

    def table() -> str:
        layers = {row["id"]: row["label_fr"].lower() for row in run.kb.list("layers")} if run.lang == "fr" else None
        return safe_text(change_table(cut, width=run.width, lang=run.lang, layers=layers))

    return run.show(table=found, others={"table": table})
