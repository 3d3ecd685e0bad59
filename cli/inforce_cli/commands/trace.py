"""Where things come from: ``inforce trace``.

Examples:
  inforce trace R-WP-FLAG-2024
  inforce trace SOR/2024-258 --format svg -o p.svg
  inforce trace "IRPR 203" --impact
  inforce trace answer.json --format turtle
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
    on: Annotated[str | None, typer.Option("--on", help="Only versions in force then.", metavar="DAY")] = None,
    impact: Annotated[
        bool, typer.Option("--impact", help="Only what depends on a provision: rules and actions.")
    ] = False,
) -> int:
    """Trace a thing to where it comes from, an instrument to the outcomes it moved: tree, dot, svg, mermaid, turtle."""
    from inforce_cli.receipt import saved_answer
    from inforce_cli.render.text import safe_text

    answer = saved_answer(name)
    found = run.kb.trace(name, on=on, impact=impact) if answer is None else run.kb.trace_answer(answer)
    if impact and not found.impact:
        run.note("note: no rule here depends on it")

    def tree() -> str:
        return safe_text(found.render("tree", lang=run.lang, width=run.width))

    drawn = {
        form: (lambda form=form: found.render(form, lang=run.lang)) for form in ("dot", "svg", "mermaid", "turtle")
    }
    return run.show(text=tree, json=found.to_dict(), others={"tree": tree, **drawn})
