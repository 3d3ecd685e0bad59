"""An outcome over time as text: a strip of signs for each layer, then each stretch with what began it; as a page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from inforce_cli.render.answer import Page
from inforce_cli.render.text_page import page as html_page
from inforce_cli.render.text_timeline import SIGNS, strip_lines
from inforce_cli.render.words import cited, instant, labelled, one_day_before, outcome, paragraph

if TYPE_CHECKING:
    from inforce import History

__all__ = ["history_html", "history_text"]

HEADS = {
    False: ("FROM", "TO", "OUTCOME", "ORDINARILY", "BY", "PUBLIC FROM"),
    True: ("DU", "AU", "RÉSULTAT", "D'ORDINAIRE", "PAR", "PUBLIC LE"),
}


def history_text(history: History, page: Page) -> str:
    """Return strips over one scale of days, then one line a stretch.

    A line has from, to, the outcome and the ordinary outcome; below it what began it, and since when that was public.
    """
    french = page.lang == "fr"
    timeline = history.timeline(lang=page.lang)
    kinds = dict.fromkeys(one.kind for strip in timeline.strips for one in strip.stretches)
    signs = [f"{SIGNS[kind]} {outcome(kind, page.lang)}" for kind in kinds if kind in SIGNS]
    legend = "   ".join([*signs, "> se poursuit" if french else "> goes on"])
    marks = {one.day: one.mark for one in timeline.boundaries}
    rows = [("", *HEADS[french][:4])]
    began = [""]
    for stretch in history.table:
        cells = _cells(stretch, page)
        rows.append((marks.get(stretch["from"][:10], ""), *cells[:4]))
        by, known = cells[4:]
        words = ("public le" if french else "public from") if by else ""
        began.append(f"{by}, {words} {known}" if by and known else by)
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for row, by in zip(rows, began, strict=True):
        lines.append("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
        lines += [paragraph(by, width=page.width, indent=widths[0] + 4).rstrip("\n")] if by else []
    title = labelled(page.book.actions[history.action].label, page.lang)
    strips = strip_lines(timeline, width=page.width, lang=page.lang)
    return "\n".join([paragraph(title, width=page.width).rstrip("\n"), "", *strips, "", legend, "", *lines]) + "\n"


def _cells(stretch: Mapping[str, Any], page: Page) -> tuple[str, str, str, str, str, str]:
    until = stretch["until"]
    last = instant(until, page.lang) if "T" in until else one_day_before(until)
    by = " · ".join(cited(part, page.lang) for part in (stretch["rule"], stretch["instrument"]) if part)
    if stretch["moved"] == "ends":
        by = f"fin de {by}" if page.lang == "fr" else f"end of {by}"
    strict, usual = (outcome(stretch[key], page.lang) for key in ("outcome", "ordinarily"))
    return instant(stretch["from"], page.lang), last, strict, usual, by, stretch["known_from"] or ""


def history_html(history: History, page: Page) -> str:
    """Return a page of its own: the picture, and the same stretches as a table."""
    french = page.lang == "fr"
    title = labelled(page.book.actions[history.action].label, page.lang)
    head = "".join(f"<th>{escape(name)}</th>" for name in HEADS[french])
    rows = []
    for stretch in history.table:
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(stretch, page)) + "</tr>")
    picture = history.timeline(lang=page.lang).to_svg(lang=page.lang)
    body = f"<h1>{escape(title)}</h1>\n{picture}<table><tr>{head}</tr>{''.join(rows)}</table>"
    return html_page(title, body, lang=page.lang)
