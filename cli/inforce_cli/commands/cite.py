"""Citations: ``inforce cite``.

Examples:
  inforce cite "IRPR 198(2)(a)" --on 2010-01-01
  inforce cite R-WP-FLAG-2024 --format bibtex
  inforce cite answer.json --style csl-json
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce.errors import UsageError
from inforce_cli.options import Name
from inforce_cli.output import Run

__all__ = ["main"]

STYLES = ("bibtex", "csl-json", "turtle")


def main(
    run: Run,
    name: Name,
    on: Annotated[str | None, typer.Option("--on", help="The version of that day.", metavar="DAY")] = None,
    style: Annotated[
        str | None, typer.Option("--style", help="text, bibtex, csl-json or turtle.", metavar="NAME")
    ] = None,
) -> int:
    """Cite a version of a provision or rule, an instrument, a source or a saved answer."""
    from inforce_cli.receipt import saved_answer
    from inforce_cli.render.text import safe_text

    if style is not None and run.format not in (None, style):
        raise UsageError(f"--style {style} and --format {run.format} exclude each other", hint="give one of them")
    answer = saved_answer(name)
    cited = name if answer is None else answer

    def written(form: str) -> str:
        return run.kb.cite(cited, on=on, style=form, lang=run.lang)

    others = {form: (lambda form=form: written(form)) for form in STYLES}
    others["json"] = others["csl-json"]
    return run.show(text=lambda: safe_text(written(style or "text")), others=others)
