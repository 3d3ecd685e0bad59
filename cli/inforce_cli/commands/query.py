"""``inforce query``: a saved query with named parameters.

Examples:
  inforce query                        all saved queries
  inforce query members-of-list --explain
  inforce query members-of-list list=visa-exempt on=2024-12-24
  inforce query eligibility citizenships=IND on=2024-12-24 --json
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce.errors import UnknownIdError, nearest
from inforce_cli import completion
from inforce_cli.case import assignments
from inforce_cli.output import Run


def main(
    run: Run,
    name: Annotated[
        str | None,
        typer.Argument(
            help="A saved query; all are listed if left out.", metavar="[NAME]", autocompletion=completion.queries
        ),
    ] = None,
    parameters: Annotated[list[str] | None, typer.Argument(help="Its parameters.", metavar="[KEY=VALUE]...")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="What it asks, and its parameters.")] = False,
) -> int:
    """Run a saved query. Its parameters are bound as terms: nothing you type becomes part of the query's text."""
    from inforce_cli.render.query import described

    catalogue = run.kb.list("queries")
    if name is None:
        return run.show(table=catalogue)
    if explain:
        rows = {row["id"]: row for row in catalogue}
        if name not in rows:
            near = nearest(name, rows)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise UnknownIdError(f'no saved query is called "{name}"', hint=hint + "all queries: inforce query")
        return run.show(json=rows[name], text=lambda: described(rows[name], width=run.width))
    found = run.kb.query(name, assignments(parameters or [], of="KEY", known=f"inforce query {name} --explain"))
    if not found.rows:
        run.note("note: no rows")
    return run.show(table=found)
