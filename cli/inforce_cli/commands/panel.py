r"""Outcomes as one table: ``inforce panel``.

Examples:
  inforce panel --action apply-work-permit-poe -o panel.parquet
  inforce panel --nationality MEX,IND,FRA+IND --action eta-needed --ordinarily
  inforce panel --days 2024-02-28,2024-03-01 --nationality MEX
  inforce panel --days changes --from 2015-01-01 --wide -o panel.csv
  inforce panel --fact lmia_required=yes,no --action apply-work-permit-poe
\b
A row is a nationality, an action and a stretch of time in which its outcome
and the rule behind it stay the same; with --days, a row a day. The columns
outcome and ordinarily are always there: strictly, and if all open facts are
as they ordinarily are. All nationalities, actions and years: some seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any

import typer

from inforce import Panel, Table
from inforce.errors import UsageError
from inforce_cli import completion
from inforce_cli.options import Actions, From, KnownOn, Reading, To
from inforce_cli.output import Run

__all__ = ["main"]

# What the name of the output file says, where --format does not.
ENDINGS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}
COLUMNAR = ("parquet", "arrow")
# What a person at a terminal can do without: the version tells the layer, and the rule its instrument.
FOR_PROGRAMS = ("decisive_layer", "instrument", "version")
TITLES = {"decisive_rule": "RULE", "changed_by_instrument": "BY"}
CHANGES = "changes"


def main(
    run: Run,
    action: Actions = None,
    nationality: Annotated[
        list[str] | None,
        typer.Option("--nationality", help="Codes or names, A,B; of several at once, A+B. All.", metavar="A,B"),
    ] = None,
    fact: Annotated[
        list[str] | None,
        typer.Option(
            "--fact",
            help="What else all cases have; several values give rows for each.",
            metavar="NAME=V,W",
            autocompletion=completion.facts,
        ),
    ] = None,
    days: Annotated[
        list[str] | None,
        typer.Option(
            "--days", help="A row for each of these days; changes: each day on which any rule changes.", metavar="A,B"
        ),
    ] = None,
    from_: From = None,
    to: To = None,
    known_on: KnownOn = None,
    reading: Reading = None,
    ordinarily: Annotated[
        bool, typer.Option("--ordinarily", help="Name the rule behind the ordinary outcome, not the strict one.")
    ] = False,
    wide: Annotated[bool, typer.Option("--wide", help="One column an action, with its outcome.")] = False,
) -> int:
    """Tabulate outcomes: nationality x action x time (and other facts), each with its rule and instrument."""
    wanted = run.format or (ENDINGS.get(run.options.output.suffix.lower()) if run.options.output else None)
    if wanted in COLUMNAR:
        if run.on_terminal:
            raise UsageError(f"{wanted} is not for a terminal", hint=f"write to a file: -o panel.{wanted}")
        # A library that is missing is told before anything is worked out.
        Panel((), ()).to_bytes(wanted)
    found = run.kb.panel(
        "all" if not nationality else [one.split("+") if "+" in one else one for one in _split(nationality)],
        days=_days(run, days, from_, to),
        actions=action or "all",
        facts=_facts(run, fact or []),
        from_=None if days else from_,
        to=None if days else to,
        known_on=known_on,
        readings=reading or (),
        ordinarily=ordinarily,
        progress=run.progress,
    )
    if wide:
        found = found.wide("ordinarily" if ordinarily else "outcome")
    return _shown(run, found, wanted)


def _shown(run: Run, found: Panel, wanted: str | None) -> int:
    # A columnar file is all or nothing too: --limit cuts its rows as it does those of the other forms.
    cut = found.limited(run.options.limit)
    if cut.truncated:
        run.cut()
    others = {name: partial(cut.to_bytes, name) for name in COLUMNAR}
    if wanted == "table" or (wanted is None and run.on_terminal):
        kept = [name for name in cut.columns if name not in FOR_PROGRAMS]
        return run.show(table=Table.of(kept, cut.to_dicts()), titles=TITLES)
    return run.show(table=cut, others=others, form=wanted)


def _split(words: Iterable[str]) -> list[str]:
    return [part.strip() for word in words for part in word.split(",") if part.strip()]


def _days(run: Run, days: list[str] | None, from_: str | None, to: str | None) -> list[str] | None:
    if not days:
        return None
    named = _split(days)
    found = [day for day in named if day != CHANGES]
    if len(found) == len(named):
        if from_ is not None or to is not None:
            raise UsageError("--from and --to go with stretches of time", hint=f"leave --days out, or --days {CHANGES}")
        return found
    first = str(run.kb.when(from_ or run.kb.book.covers_from).first)
    last = str(run.kb.when(to or run.kb.book.verified_through).last)
    if first > last:
        raise UsageError(f"--from {first} is after --to {last}", hint="give the earlier day first")
    return [*found, first, *(day for day in run.kb.change_days() if first < day <= last)]


def _facts(run: Run, words: Iterable[str]) -> Mapping[str, Any]:
    from inforce_cli.case import assignments

    found: dict[str, Any] = {}
    for name, value in assignments(words).items():
        parts = [part.strip() for part in value.split(",")]
        known = run.kb.book.facts.get(name.replace("-", "_"))
        # A set of values is written A+B: the comma stands between cases.
        found[name] = [part.split("+") for part in parts] if known is not None and known.multiple else parts
    return found
