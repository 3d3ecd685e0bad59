"""Where things come from: ``inforce trace``.

Examples:
  inforce trace R-WP-FLAG-2024
  inforce trace "IRPR 26.1(2)" --format dot
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
    on: Annotated[str | None, typer.Option("--on", help="Only versions in force then.", metavar="DATE")] = None,
) -> int:
    """Trace a thing to provisions, instruments, passages and sources: tree, dot, svg, mermaid, turtle, json."""
    from inforce_cli.receipt import saved_answer
    from inforce_cli.render.text import safe_text

    answer = saved_answer(name)
    found = run.kb.trace(name, on=on) if answer is None else run.kb.trace_answer(answer)

    def tree() -> str:
        return safe_text(found.render("tree", lang=run.lang, width=run.width))

    drawn = {
        form: (lambda form=form: found.render(form, lang=run.lang)) for form in ("dot", "svg", "mermaid", "turtle")
    }
    return run.show(text=tree, json=found.to_dict(), others={"tree": tree, **drawn})
