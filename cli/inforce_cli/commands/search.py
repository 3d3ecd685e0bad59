"""Words in labels, paraphrases and the law's text: ``inforce search``.

Examples:
  inforce search flagpoling
  inforce search visa mexique --lang fr --limit 10
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce_cli.output import Run

__all__ = ["main"]


def main(
    run: Run,
    words: Annotated[list[str], typer.Argument(help="Words, all of which must occur.", metavar="WORD …")],
) -> int:
    """Find what matches all words, in ids, names, labels and the text of imported law, English and French."""
    from inforce_cli.render.reading import listing
    from inforce_cli.render.text import safe_text

    text = " ".join(words)
    found = run.kb.search_all(text)
    if not found.rows:
        near = run.kb.nearest(text)
        run.note(f'note: nothing matches "{text}"' + (f"; did you mean {' or '.join(near)}?" if near else ""))
    rows = found.limited(run.options.limit).rows
    others = {"table": lambda: safe_text(listing(found.columns, rows, width=run.width, lang=run.lang))}
    return run.show(table=found, others=others)
