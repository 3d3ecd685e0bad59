"""A provision, a rule or an outcome over time: ``inforce timeline``.

Examples:
  inforce timeline "IRPR 26.1"
  inforce timeline "IRPR 26.1" --format svg -o t.svg
  inforce timeline R-WP-198-2A --format html -o t.html
  inforce timeline citizenships=MEX --action trv-needed
  inforce timeline citizenships=MEX --format svg -o mex.svg
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from inforce.errors import UsageError
from inforce_cli import completion
from inforce_cli.options import KnownOn
from inforce_cli.output import Run

__all__ = ["main"]


def main(
    run: Run,
    name: Annotated[
        list[str],
        typer.Argument(
            help="A provision or a rule; or facts, for the outcome over time.",
            metavar="NAME|FACT=VALUE...",
            autocompletion=completion.ids,
        ),
    ],
    known_on: KnownOn = None,
    action: Annotated[
        str | None,
        typer.Option(
            "--action", help="Of an outcome: what is asked.", metavar="NAME", autocompletion=completion.actions
        ),
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First day of an outcome.", metavar="DAY")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last day of an outcome, included.", metavar="DAY")] = None,
) -> int:
    """Show the stretches of each wording, version or outcome, and what began and ended it.

    Writes text, svg, html, png, csv or json. Facts give the outcome over time, as check --history does.
    """
    from inforce_cli.render.picture import png
    from inforce_cli.render.text_timeline import timeline_html, timeline_text

    if any("=" in word for word in name):
        return _outcome(run, name, known_on=known_on, action=action, from_=from_, to=to)
    if len(name) > 1:
        raise UsageError(f"{len(name)} names at once", hint=f'one with a space in it is quoted: "{" ".join(name)}"')
    if action is not None or from_ is not None or to is not None:
        raise UsageError("--action, --from and --to go with an outcome", hint="give facts: inforce timeline FACT=VALUE")
    found = run.kb.timeline(name[0], lang=run.lang, known_on=known_on)
    pictures: dict[str, Callable[[], str | bytes]] = {
        "svg": lambda: found.to_svg(lang=run.lang),
        "html": lambda: timeline_html(found, lang=run.lang),
        "png": lambda: png(found.to_svg(lang=run.lang)),
    }
    text = timeline_text(found, width=run.width, lang=run.lang)
    return run.show(text=text, table=found.table(), json=found.to_dict(), others=pictures)


def _outcome(
    run: Run, words: list[str], *, known_on: str | None, action: str | None, from_: str | None, to: str | None
) -> int:
    from inforce_cli.case import assignments
    from inforce_cli.commands.check import pictures
    from inforce_cli.render.answer import Page

    found = run.kb.history(assignments(words), action=action, from_=from_, to=to, known_on=known_on)
    others = pictures(found, Page(run.kb.book, lang=run.lang, width=run.width, color=run.color))
    strips = others.pop("table")
    return run.show(text=lambda: str(strips()), table=found.table, json=found.to_dict(), others=others)
