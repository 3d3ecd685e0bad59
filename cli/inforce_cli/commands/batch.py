r"""Many applicants at once: ``inforce batch``.

Examples:
  inforce batch cases.csv --on 2024-12-24 -o answered.csv
  inforce batch in.parquet --on 2024-12-23 --against 2024-12-24 -o out.parquet
  inforce batch cases.csv --date-column arrived --map columns.yaml -o out.csv
  inforce batch cases.jsonl arrival_mode=land --action eta-needed -o out.jsonl
\b
Each row keeps its columns and gets: outcome, ordinarily, decisive_rule,
decisive_layer, error; with --against all of them twice, and flip. An empty
cell is not given; the word unknown is never taken as ordinary. What cannot
be answered stands in FILE.errors.csv with its line; the command then ends
with code 3, and FILE is whole all the same.
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce.errors import ExitCode, UsageError
from inforce_cli import completion
from inforce_cli.case import assignments
from inforce_cli.map_file import ColumnMap, read_map
from inforce_cli.options import Action, KnownOn, On, Reading
from inforce_cli.output import Run
from inforce_cli.render.batch import report_text
from inforce_cli.render.progress import Bar

__all__ = ["main"]

TOLD = ("outcome", "ordinarily", "decisive", "missing")


def main(
    run: Run,
    source: Annotated[str, typer.Argument(help="CSV, JSONL, Parquet or Arrow.", metavar="IN")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="What all rows have in common.", metavar="[FACT=VALUE]...", autocompletion=completion.facts
        ),
    ] = None,
    on: On = None,
    against: Annotated[
        str | None, typer.Option("--against", help="A second day: both answers, and what flips.", metavar="DAY")
    ] = None,
    date_column: Annotated[
        str | None, typer.Option("--date-column", help="The column with each row's own day.", metavar="NAME")
    ] = None,
    action: Action = None,
    map_: Annotated[
        str | None, typer.Option("--map", help="Which column holds which fact: YAML or JSON.", metavar="FILE")
    ] = None,
    tell: Annotated[
        str, typer.Option("--tell", help="Of outcome, ordinarily, decisive, missing.", metavar="A,B")
    ] = "outcome,ordinarily,decisive",
    known_on: KnownOn = None,
    reading: Reading = None,
    prefix: Annotated[str, typer.Option("--prefix", help="Before the names of new columns.", metavar="TEXT")] = "",
    from_format: Annotated[
        str | None, typer.Option("--from-format", help="csv, jsonl, parquet or arrow, if not the ending.", metavar="F")
    ] = None,
    to_format: Annotated[str | None, typer.Option("--to-format", help="The same, or csv-excel.", metavar="F")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Keep what is done; go on from there.")] = False,
) -> int:
    """Answer every row of a file: outcome, decisive rule and layer beside its own columns."""
    target = run.options.output
    if target is None or str(target) == "-":
        raise UsageError("batch writes a file", hint="name it: -o OUT.csv, OUT.parquet, OUT.jsonl or OUT.arrow")
    map_file = read_map(map_) if map_ is not None else ColumnMap({}, "")
    with Bar(shown=not run.options.quiet) as bar:
        report = run.kb.batch_file(
            source,
            target,
            from_format=from_format,
            to_format=to_format,
            force=force,
            resume=resume,
            progress=bar,
            on=on if date_column is not None else on or "today",
            against=against,
            date_column=date_column,
            action=action,
            known_on=known_on,
            readings=reading or (),
            columns=map_file.columns,
            values=map_file.values,
            facts=assignments(words or ()),
            tell=_told(tell),
            prefix=prefix,
        )
    # The file is written; what is shown is about it, and goes to standard output.
    run.options.output = None
    found = report.to_dict()
    if strange := [name for name in report.carried if name not in map_file.columns]:
        run.note("note: no fact, only carried along: " + ", ".join(strange))
    run.show(json={"schema": "inforce/batch/1", "output": str(target), **found}, text=report_text(found, str(target)))
    return int(ExitCode.INPUT if report.unanswered or report.unreadable else ExitCode.ANSWERED)


def _told(text: str) -> list[str]:
    found = [word.strip() for word in text.split(",") if word.strip()]
    for word in found or [""]:
        if word not in TOLD:
            raise UsageError(f'--tell "{word}" is nothing that batch tells', hint="it tells " + ", ".join(TOLD))
    return found
