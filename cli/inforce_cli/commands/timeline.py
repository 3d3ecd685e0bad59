"""A provision or a rule over time: ``inforce timeline``.

Examples:
  inforce timeline "IRPR 26.1"
  inforce timeline "IRPR 26.1" --format svg -o t.svg
  inforce timeline R-WP-198-2A --format html -o t.html
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce_cli.options import Name
from inforce_cli.output import Run

__all__ = ["main"]


def main(
    run: Run,
    name: Name,
    known_on: Annotated[
        str | None, typer.Option("--known-on", help="With what the public could read that day.", metavar="DATE")
    ] = None,
) -> int:
    """Show the stretches of each wording or version, and what began and ended it: text, svg, html, csv or json."""
    from inforce_cli.render.text_timeline import timeline_html, timeline_text

    found = run.kb.timeline(name, lang=run.lang, known_on=known_on)
    pictures = {
        "svg": lambda: found.to_svg(lang=run.lang),
        "html": lambda: timeline_html(found, lang=run.lang),
    }
    text = timeline_text(found, width=run.width, lang=run.lang)
    return run.show(text=text, table=found.table(), json=found.to_dict(), others=pictures)
