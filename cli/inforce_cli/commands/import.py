r"""``inforce import``: the law's own text, from files that you have.

Examples:
  inforce import laws                        folders of dated snapshots
  inforce import 2024-01-31.xml.xz           one file, the day in its name
  inforce import law.xml --published 2024-01-31
  inforce import laws-checkout               the history of a git checkout
  inforce import --list
\b
Nothing is fetched. The text stays in your data folder,
$XDG_DATA_HOME/inforce/law; what was held before stays as it is
until the new law is written whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

import inforce
from inforce.errors import DateError, UsageError
from inforce_cli.output import Run
from inforce_cli.render.imports import held_text, report_text
from inforce_cli.render.progress import Bar

if TYPE_CHECKING:
    from datetime import date


def main(
    run: Run,
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="XML files, plain or .xz; folders of snapshots; a git checkout.", metavar="[PATH]..."),
    ] = None,
    published: Annotated[
        str | None,
        typer.Option("--published", help="The day that files without one in their name appeared.", metavar="DAY"),
    ] = None,
    laws: Annotated[
        list[str] | None,
        typer.Option("--law", help="Of a git checkout only this law; repeatable; all for all.", metavar="LAW"),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Drop what is held: hold only these files.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List what is held; read nothing.")] = False,
) -> int:
    """Read the publisher's XML of laws into versions of every provision, in both languages.

    A file is taken whole or refused with its line, and then nothing changes. What was read once is not read again.
    """
    if listed or not paths:
        return _list(run, listed=listed, given=bool(paths))
    with Bar(shown=not run.options.quiet) as bar:
        report = inforce.import_law(paths, published=_day(run, published), laws=laws, replace=replace, progress=bar)
        if report.changed:
            # So that the first question does not wait for it.
            run.kb.prepare_text(bar)
    return run.show(json=report.to_dict(), text=report_text(report.to_dict(), run.lang))


def _list(run: Run, *, listed: bool, given: bool) -> int:
    if not listed or given:
        raise UsageError(
            "--list takes no PATH" if given else "no PATH: what is to be imported?",
            hint="inforce import PATH..., or inforce import --list",
        )
    held = run.kb.held
    if held is None:
        return run.show(json=[], text=held_text(run.lang))
    return run.show(table=held.table())


def _day(run: Run, text: str | None) -> date | None:
    if text is None:
        return None
    when = run.kb.when(text)
    if not when.single_day:
        raise DateError(f"--published {text} is more than one day", hint="give the day")
    return when.first
