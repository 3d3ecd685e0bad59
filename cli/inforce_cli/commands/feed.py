"""Changes as a feed: ``inforce feed``.

Examples:
  inforce feed > changes.atom
  inforce feed --format ics --about Mexico -o mexico.ics
  inforce feed --since 2024-01-01 --affects outcomes --lang fr
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from inforce.errors import UnknownIdError
from inforce_cli.output import Run

__all__ = ["main"]

ENDINGS = {".ics": "ics", ".ical": "ics"}


def main(
    run: Run,
    about: Annotated[
        str | None,
        typer.Option("--about", help="A rule, law, provision, instrument, country, action or word.", metavar="TERM"),
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="The first day; else all.", metavar="DAY")] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="One layer of authority.", metavar="NAME")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="added, changed, ended, …", metavar="NAME")] = None,
    affects: Annotated[
        str | None, typer.Option("--affects", help="outcomes: only what an outcome rests on.", metavar="outcomes")
    ] = None,
) -> int:
    """Write what changed when as Atom (atom) for feed readers or as iCalendar (ics), the newest first."""
    if affects not in (None, "outcomes"):
        raise UnknownIdError(f'--affects "{affects}" is not known', hint="write --affects outcomes")
    which: dict[str, Any] = {"about": about, "layer": layer, "kind": kind, "affects_outcomes": affects is not None}
    forms = {form: partial(run.kb.feed, form, since=since, lang=run.lang, **which) for form in ("atom", "ics")}
    target = run.options.output
    return run.show(others=forms, form=ENDINGS.get(target.suffix.lower()) if target is not None else None)
