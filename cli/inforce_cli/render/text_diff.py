"""Differences of the law's text: inline, side by side, as a page, and the list of provisions that changed."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from inforce_cli.render.text import safe_text
from inforce_cli.render.text_page import page
from inforce_cli.render.text_words import inline, lines, painted, side

__all__ = ["SIDE_BY_SIDE", "change_list", "difference_html", "difference_text", "kind_of"]

SIDE_BY_SIDE = 120
_KINDS_FRENCH = {
    "added": "ajouté",
    "amended": "modifié",
    "repealed": "abrogé",
    "renumbered": "renuméroté",
    "corrected": "corrigé",
    "language-only": "une seule langue",
    "moved": "déplacé",
}
_FRENCH = {
    "from": "du",
    "to": "au",
    "nothing": "se lit pareil les deux jours",
    "renumbered from": "renuméroté, auparavant",
    "in force from": "en vigueur depuis le",
    "until": "jusqu'au",
    "as known on": "tel que connu le",
    "first seen": "vu dès le",
    "IN FORCE": "EN VIGUEUR",
    "PROVISION": "DISPOSITION",
    "HOW": "COMMENT",
    "BY": "PAR",
    "marginal note": "note marginale",
}
Change = Mapping[str, Any]


def _word(text: str, lang: str) -> str:
    return _FRENCH.get(text, text) if lang == "fr" else text.replace("nothing", "reads the same on both days")


def kind_of(kind: str, lang: str) -> str:
    """Return the kind of a change in one language."""
    return _KINDS_FRENCH.get(kind, kind) if lang == "fr" else kind.replace("-", " ")


def _cited(side_: Mapping[str, Any], lang: str) -> str:
    return safe_text(side_["citation_fr"] if lang == "fr" else side_["citation"])


def _heading(found: Mapping[str, Any], lang: str) -> str:
    name = found["citation_fr"] if lang == "fr" else found["citation"]
    known = f", {_word('as known on', lang)} {found['known_on']}" if found["known_on"] else ""
    return safe_text(f"{name}  {_word('from', lang)} {found['from']} {_word('to', lang)} {found['to']}{known}")


def _about(change: Change, lang: str, *, hold: str = " ") -> str:
    """What happened to a unit, in one line: its citation, how, since when, by what."""
    before, after = change["before"], change["after"]
    said = f"{_cited(after or before, lang)}  {kind_of(change['kind'], lang)}"
    if change["kind"] == "renumbered":
        said = f"{_cited(after, lang)}  {_word('renumbered from', lang)} {_cited(before, lang)}"
    if after is None:
        return f"{said}, {_word('until', lang)} {before['until'] or '?'}"
    by = after["note"] or after["instrument"]
    said += f", {_word('in force from', lang)} {after['from']}"
    if after["decided_by"] in ("correction", "language-only"):
        said += f", {kind_of({'correction': 'corrected'}.get(after['decided_by'], after['decided_by']), lang)}"
    items = [safe_text(item).replace(" ", hold) for item in (by or "").split("; ")]
    return said + (f", {'; '.join(items)}" if by else "")


def _of_law(found: Mapping[str, Any]) -> list[Change]:
    """The changes of the law itself: a historical note that grew is no change of it, and says what each line says."""
    return [one for one in found["changes"] if (one["after"] or one["before"])["type"] not in ("note", "footnote")]


def difference_text(found: Mapping[str, Any], *, width: int = 80, lang: str = "en", color: bool = False) -> str:
    """Return a difference for people: side by side where ``width`` allows, else inline.

    Args:
        found: the JSON form ``inforce/text-difference/1``.
    """
    out = [_heading(found, lang), ""]
    if not _of_law(found):
        return "\n".join([*out[:1], f"  {_word('nothing', lang)}"]) + "\n"
    for change in _of_law(found):
        # An item of a note is never broken: its spaces hold.
        about = textwrap.wrap(_about(change, lang, hold="\xa0"), width, subsequent_indent="  ")
        out += [line.replace("\xa0", " ") for line in about]
        parts = [change["title_edits"], change["text_edits"]]
        for edits in filter(None, parts):
            out += _aside(edits, width, color) if width >= SIDE_BY_SIDE else _inline(edits, width, color)
        out.append("")
    return "\n".join(out).rstrip() + "\n"


def _inline(edits: Sequence[Change], width: int, color: bool) -> list[str]:
    return ["    " + painted(line, color=color) for line in lines(inline(edits), width - 4)]


def _aside(edits: Sequence[Change], width: int, color: bool) -> list[str]:
    half = (width - 4 - 3) // 2
    left, right = lines(side(edits, "before"), half), lines(side(edits, "after"), half)
    out = []
    for number in range(max(len(left), len(right))):
        one = left[number] if number < len(left) else []
        other = right[number] if number < len(right) else []
        row = f"    {painted(one, color=color, width=half)} | {painted(other, color=color)}"
        out.append(row.rstrip())
    return out


def difference_html(found: Mapping[str, Any], *, lang: str = "en") -> str:
    """Return a difference as a page of its own, both texts side by side, with ``del`` and ``ins``."""
    out = [f"<h1>{escape(_heading(found, lang))}</h1>"]
    if not _of_law(found):
        out.append(f"<p>{_word('nothing', lang)}</p>")
    for change in _of_law(found):
        out.append(f'<section class="{escape(change["kind"])}"><h2>{escape(_about(change, lang))}</h2>')
        out.append(f'<table lang="{escape(found["language"])}"><tr>')
        for which, tag in (("before", "del"), ("after", "ins")):
            cells = [_marked(change[key], which, tag) for key in ("title_edits", "text_edits") if change[key]]
            out.append("<td>" + "".join(f"<p>{cell}</p>" for cell in cells if cell) + "</td>")
        out.append("</tr></table></section>")
    return page(_heading(found, lang), "\n".join(out), lang=lang)


def _marked(edits: Sequence[Change], which: str, tag: str) -> str:
    pieces = []
    for edit in edits:
        said = escape(safe_text(edit[which]))
        pieces.append(said if edit["op"] == "equal" or not said.strip() else f"<{tag}>{said}</{tag}>")
    return "".join(pieces)


def change_list(rows: Sequence[Mapping[str, Any]], *, width: int = 80, lang: str = "en") -> str:
    """Return the provisions that changed as a table for people, one line each."""
    head = [_word(name, lang) for name in ("IN FORCE", "PROVISION", "HOW", "BY")]
    table = [head]
    for row in rows:
        how = kind_of(row["kind"], lang)
        if len(row["languages"]) == 1:
            how += f" ({row['languages'][0]})"
        citation = row["citation_fr"] if lang == "fr" else row["citation"]
        table.append([row["date"], safe_text(citation), how, safe_text(row["instrument"] or "")])
    sizes = [max(len(line[n]) for line in table) for n in range(4)]
    sizes[1] = max(16, min(sizes[1], width - sizes[0] - sizes[2] - sizes[3] - 6))
    out = []
    for line in table:
        cells = [cell if len(cell) <= size else cell[: size - 1] + "…" for cell, size in zip(line, sizes, strict=True)]
        out.append("  ".join(cell.ljust(size) for cell, size in zip(cells, sizes, strict=True)).rstrip())
    return "\n".join(out) + "\n"
