"""A timeline on a terminal, in signs that every terminal has, and as a page with its picture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from inforce_cli.render.text import safe_text
from inforce_cli.render.text_page import page

if TYPE_CHECKING:
    from inforce import Timeline

__all__ = ["SIGNS", "strip_lines", "timeline_html", "timeline_text"]

# How an outcome is drawn on a strip.
SIGNS = {"may": "=", "not-required": "=", "may-not": "x", "required": "x", "depends": "?", "not-covered": "."}
_FRENCH = {
    "ends": "prend fin",
    "begins": "commence",
    "still in force": "en vigueur",
    "no text held: days of the package": "texte non détenu : jours du paquet",
    "NAME": "NOM",
    "FROM": "DU",
    "UNTIL": "AU (EXCLU)",
    "BY": "PAR",
    "and {} more": "et {} de plus",
}


def _word(text: str, lang: str) -> str:
    return _FRENCH.get(text, text) if lang == "fr" else text


def timeline_text(timeline: Timeline, *, width: int = 80, lang: str = "en") -> str:
    """Return a timeline as text: a line of marks, a strip for each part, and what each mark stands for.

    In a strip ``=`` and ``-`` take turns from one wording to the next, ``>`` is still in force, ``|`` is an end.
    """
    boundaries = timeline.boundaries
    label = timeline.label_fr if lang == "fr" else timeline.label
    title = safe_text((timeline.name_fr if lang == "fr" else timeline.name) + (f"  {label}" if label else ""))
    out = [*textwrap.wrap(title, width, subsequent_indent="  "), "", *strip_lines(timeline, width=width, lang=lang)]
    out.append("")
    for boundary in boundaries:
        said = "; ".join(boundary.made_by)
        moved = _list([strip.called(lang) for strip in boundary.begins], lang)
        ended = _list([strip.called(lang) for strip in boundary.ends], lang)
        parts = [said, moved, f"{_word('ends', lang)} {ended}" if ended else ""]
        line = f"{boundary.mark:<2} {boundary.day}  " + "; ".join(safe_text(part) for part in parts if part)
        # A citation is never broken: its space is one that holds.
        out += [one.replace("\xa0", " ") for one in textwrap.wrap(line, width, subsequent_indent=" " * 15)]
    return "\n".join(out) + "\n"


def strip_lines(timeline: Timeline, *, width: int = 80, lang: str = "en") -> list[str]:
    """Return the line of marks and a strip for each part; where the stretches are outcomes each has its sign."""
    boundaries = timeline.boundaries
    names = ["  " * strip.depth + safe_text(strip.called(lang)) for strip in timeline.strips]
    left = min(max((len(name) for name in names), default=0), width * 2 // 5) + 1
    sizes = timeline.widths(width - left - 1, max(len(one.mark) for one in boundaries) + 1)
    places = {one.day: sum(sizes[:n]) for n, one in enumerate(boundaries)}
    end = sum(sizes)
    out = [" " * left + _marked([(one.mark, places[one.day]) for one in boundaries], end)]
    for strip, name in zip(timeline.strips, names, strict=True):
        row = [" "] * (end + 1)
        for number, stretch in enumerate(strip.stretches):
            first = places[stretch.start] if stretch.start else 0
            last = places[stretch.until] if stretch.until else end
            row[first:last] = SIGNS.get(stretch.kind or "", "=-"[number % 2]) * (last - first)
            row[last] = "|" if stretch.until else ">"
        for stretch in strip.stretches:
            # The mark of its boundary stands where a wording begins, on top of the end of the one before.
            mark = next((b.mark for b in boundaries if b.day == stretch.start), "")
            for offset, letter in enumerate(mark):
                row[places[stretch.start] + offset] = letter
        out.append(f"{_fit(name, left - 1).ljust(left)}{''.join(row).rstrip()}")
    return out


def _marked(marks: Sequence[tuple[str, int]], end: int) -> str:
    line = [" "] * end
    for mark, place in marks:
        for offset, letter in enumerate(mark):
            if place + offset < end:
                line[place + offset] = letter
    return "".join(line).rstrip()


def _fit(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def _list(names: Sequence[str], lang: str, most: int = 6) -> str:
    more = f" {_word('and {} more', lang).format(len(names) - most)}" if len(names) > most + 1 else ""
    return ", ".join(name.replace(" ", "\xa0") for name in (names[:most] if more else names)) + more


def timeline_html(timeline: Timeline, *, lang: str = "en") -> str:
    """Return a timeline as a page of its own: the picture, and the same stretches as a table."""
    name = timeline.name_fr if lang == "fr" else timeline.name
    head = "".join(f"<th>{_word(title, lang)}</th>" for title in ("NAME", "FROM", "UNTIL", "BY"))
    rows = []
    for strip in timeline.strips:
        for one in strip.stretches:
            cells = (strip.called(lang), one.start, one.until or _word("still in force", lang), one.made_by)
            rows.append("<tr>" + "".join(f"<td>{escape(safe_text(cell))}</td>" for cell in cells) + "</tr>")
    body = (
        f"<h1>{escape(safe_text(name))}</h1>\n{timeline.to_svg(lang=lang)}<table><tr>{head}</tr>{''.join(rows)}</table>"
    )
    return page(name, body, lang=lang)
