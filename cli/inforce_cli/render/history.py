"""An outcome over time as text: each stretch with the rule that began it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inforce_cli.render.answer import Page
from inforce_cli.render.words import cited, instant, labelled, one_day_before, outcome

if TYPE_CHECKING:
    from inforce import History

__all__ = ["history_text"]


def history_text(history: History, page: Page) -> str:
    """Return one line a stretch, oldest first: from, to, outcome, the ordinary outcome, and what began it."""
    french = page.lang == "fr"
    heads = ("DU", "AU", "RÉSULTAT", "D'ORDINAIRE", "PAR") if french else ("FROM", "TO", "OUTCOME", "ORDINARILY", "BY")
    rows = [heads]
    for stretch in history.table:
        until = stretch["until"]
        last = instant(until, page.lang) if "T" in until else one_day_before(until)
        by = " · ".join(cited(part, page.lang) for part in (stretch["rule"], stretch["instrument"]) if part)
        words = [outcome(stretch[key], page.lang) for key in ("outcome", "ordinarily")]
        rows.append((instant(stretch["from"], page.lang), last, words[0], words[1], by))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    title = labelled(page.book.actions[history.action].label, page.lang)
    return "\n".join([title, "", *lines]) + "\n"
