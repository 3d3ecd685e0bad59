"""``inforce query``: a saved query with named parameters.

Examples:
  inforce query                        all saved queries
  inforce query members-of-list --explain
  inforce query members-of-list list=visa-exempt on=2024-12-24
  inforce query eligibility citizenships=IND on=2024-12-24 --json
  inforce query list-history entry=MEX --format svg -o mex.svg
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
    """Run a saved query. Its parameters are bound as terms: nothing you type becomes part of the query's text.

    A query whose header asks for a view writes svg and html too.
    """
    from inforce import Table
    from inforce_cli.render.query import described, no_rows, pictures

    catalogue = run.kb.list("queries")
    if name is None:
        # What each parameter is fills no line of a table: it is in the JSON, and --explain says it.
        shown = [{key: row[key] for key in catalogue.columns[:-1]} for row in catalogue]
        rows = catalogue.limited(run.options.limit).to_dicts()
        return run.show(table=Table.of(catalogue.columns[:-1], shown), json=rows)
    known = {row["id"]: row for row in catalogue}
    if explain:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise UnknownIdError(f'no saved query is called "{name}"', hint=hint + "all queries: inforce query")
        return run.show(json=known[name], text=lambda: described(known[name], width=run.width))
    given = assignments(parameters or [], of="KEY", known=f"inforce query {name} --explain")
    elsewhere = run.options.endpoint
    found = run.kb.query(name, given) if elsewhere is None else run.kb.query_at(elsewhere, name, given)
    if not found.rows and elsewhere is None:
        run.note(no_rows(run.kb.unused_terms(name, given), lang=run.lang))
    cut = found.limited(run.options.limit)
    saved = known[name.rsplit("/", 1)[-1].removesuffix(".rq").replace("_", "-")]
    return run.show(table=found, others=pictures(run.kb, saved, cut, lang=run.lang))
