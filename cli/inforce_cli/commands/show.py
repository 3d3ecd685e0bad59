"""Anything by its id or citation: ``inforce show``.

Examples:
  inforce show "IRPR 198(2)(a)" --on 2010-01-01
  inforce show "IRPR 198" --on 2024-12-24 --lang fr
  inforce show R-WP-FLAG-2024
  inforce show Mexico
  inforce show SOR/2024-258 --lang fr
  inforce show R-WP-198-2A --known-on 2017-05-16
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce_cli.options import KnownOn, Name
from inforce_cli.output import Run

__all__ = ["main"]


def main(
    run: Run,
    name: Name,
    on: Annotated[str | None, typer.Option("--on", help="As it stood then; else all versions.", metavar="DAY")] = None,
    known_on: KnownOn = None,
) -> int:
    """Show a rule, provision, instrument, program, nationality, fact, source … as it stood on a day."""
    from inforce_cli.receipt import saved_answer
    from inforce_cli.render.reading import answer_text
    from inforce_cli.render.text import safe_text
    from inforce_cli.render.text_reading import page_text, reading_html, reading_markdown

    answer = saved_answer(name)
    if answer is not None:
        run.kb.trace_answer(answer)
        return run.show(json=answer, text=lambda: safe_text(answer_text(answer, lang=run.lang)))
    thing = run.kb.read(name, on=on, known_on=known_on, lang=run.lang)
    text, forms = thing.get("wording"), {}
    if text:
        forms = {"md": lambda: reading_markdown(text, lang=run.lang), "html": lambda: reading_html(text, lang=run.lang)}
    elif "wording" in thing:
        run.note("note: " + thing["wording_note"])
    layers = {name: layer.label.get(run.lang) or name for name, layer in run.kb.book.layers.items()}
    layers = {name: label[:1].lower() + label[1:] for name, label in layers.items()}

    def shown() -> str:
        return page_text(thing, width=run.width, lang=run.lang, layers=layers)

    return run.show(json=thing, text=shown, others=forms)
