"""The law's text for people: a provision as it read on a day as text, Markdown or a page; who wrote each clause."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from inforce_cli.render.reading import thing_text
from inforce_cli.render.text import safe_text
from inforce_cli.render.text_page import page

__all__ = ["blame_text", "page_text", "reading_html", "reading_markdown", "reading_text"]

_FRENCH = {
    "as it read on": "dans sa rédaction du",
    "as known on": "tel que connu le",
    "in force from": "en vigueur depuis le",
    "in force no later than": "en vigueur au plus tard le",
    "to": "jusqu'au",
    "first seen": "vu dès le",
    "by": "par",
    "exact": "jour exact",
    "bounded": "jour au plus tard",
    "correction": "corrigé, sans jour propre",
    "renumbered": "renuméroté",
    "renumbered from": "renuméroté, auparavant",
    "language-only": "modifié dans cette langue seulement",
    "first-held": "première rédaction détenue",
    "CLAUSE": "DISPOSITION",
    "SINCE": "DEPUIS",
    "BY": "PAR",
    "WORDS": "TEXTE",
    "words of": "mots du",
    "on": "le",
    "(marginal note only)": "(note marginale seulement)",
}
_ENGLISH = {
    "exact": "start exact",
    "bounded": "start no later than that day",
    "correction": "put right, on no day of its own",
    "language-only": "changed in this language only",
    "first-held": "the first wording held",
}
# Notes of what made the law: printed with it, no part of it.
_ASIDE = ("note", "footnote")
Unit = Mapping[str, Any]


def _word(text: str, lang: str) -> str:
    return _FRENCH.get(text, text) if lang == "fr" else _ENGLISH.get(text, text)


def _cited(item: Mapping[str, Any], lang: str, key: str = "citation") -> str:
    return safe_text((item.get(f"{key}_fr") if lang == "fr" else None) or item[key] or "")


def _heading(reading: Mapping[str, Any], lang: str) -> str:
    known = f", {_word('as known on', lang)} {reading['known_on']}" if reading["known_on"] else ""
    return f"{_cited(reading, lang)}  {_word('as it read on', lang)} {reading['on']}{known}"


def page_text(
    thing: Mapping[str, Any], *, width: int = 80, lang: str = "en", layers: Mapping[str, str] | None = None
) -> str:
    """Return a thing as text: the words of a provision where they are held, then what the rules know of it.

    ``layers`` is what to call the layers of authority.
    """
    reading = thing.get("wording")
    text = reading_text(reading, width=width, lang=lang) if reading else ""
    # A provision that only the text knows has nothing more to say.
    known = bool(thing.get("part_of") or not reading)
    more = safe_text(thing_text(thing, width=width, lang=lang, layers=layers)) if known else ""
    return text + ("\n" if text and more else "") + more


# ---- text --------------------------------------------------------------------------------------------


def reading_text(reading: Mapping[str, Any], *, width: int = 80, lang: str = "en") -> str:
    """Return a provision as text: its words, then since when each stands and by what.

    Args:
        reading: the JSON form ``inforce/text/1``.
    """
    out = [_heading(reading, lang), ""]
    for unit in reading["units"]:
        indent = "  " + "    " * unit["depth"]
        if unit["type"] in _ASIDE:
            out += textwrap.wrap(
                f"[{safe_text(unit['text'] or '')}]", width, initial_indent=indent, subsequent_indent=indent
            )
            continue
        if unit["title"]:
            if unit["depth"] == 0 or unit["label"]:
                out += [""] if out[-1] else []
            out += textwrap.wrap(safe_text(unit["title"]), width, initial_indent=indent, subsequent_indent=indent)
        said = " ".join(part for part in (unit["label"], safe_text(unit["text"] or "")) if part)
        hang = indent + " " * (len(unit["label"]) + 1 if unit["label"] else 0)
        out += textwrap.wrap(
            said, width, initial_indent=indent, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
        )
    return "\n".join([*out, "", *_origins(reading, width, lang)]) + "\n"


def _origins(reading: Mapping[str, Any], width: int, lang: str) -> list[str]:
    """Since when, by what and how that is known: one entry for all the units it is the same of."""
    groups: dict[tuple[Any, ...], list[Unit]] = {}
    for unit in reading["units"]:
        if unit["type"] in _ASIDE:
            continue
        key = (unit["since"], unit["until"], unit["note"] or unit["instrument"], unit["known_from"], unit["decided_by"])
        groups.setdefault(key, []).append(unit)
    out = []
    for (since, until, by, known, decided), units in sorted(groups.items(), key=lambda item: str(item[0])):
        first = _word("in force no later than" if decided in ("first-held", "bounded") else "in force from", lang)
        said = f"{first} {since}" + (f" {_word('to', lang)} {until}" if until else "")
        said += f" {_word('by', lang)} {safe_text(by)}" if by else ""
        said += f"; {_word(decided, lang)}" if decided else ""
        said += f"; {_word('first seen', lang)} {known}"
        names = _named(units, reading, lang)
        out += textwrap.wrap(f"{said}: {names}", width, initial_indent="  ", subsequent_indent="    ")
    return out


def _named(units: Sequence[Unit], reading: Mapping[str, Any], lang: str) -> str:
    whole = _cited(reading, lang)
    names = []
    for unit in units:
        name = _cited(unit, lang)
        names.append(name.removeprefix(whole) or name)
    return ", ".join(names)


def blame_text(rows: Sequence[Mapping[str, Any]], *, on: str, width: int = 80, lang: str = "en") -> str:
    """Return clauses with the instrument that wrote each, since when, and its first words; one line each.

    A renumbered clause has a second line: when, by what, and the number it had before.
    """
    table = [[_word(title, lang) for title in ("CLAUSE", "SINCE", "BY", "WORDS")]]
    notes: dict[int, str] = {}
    for row in rows:
        by, since = row["note"] or row["instrument"], row["since"]
        if row["written_as"]:
            before = _cited(row, lang, "written_as")
            notes[len(table)] = f"{_word('renumbered from', lang)} {before} {_word('on', lang)} {since}" + (
                f" {_word('by', lang)} {by}" if by else ""
            )
            by, since = row["written_note"] or row["written_by"], row["written_since"]
        words = safe_text(row["text"] or "") or _word("(marginal note only)", lang)
        mark = "≤ " if row["decided_by"] in ("first-held", "bounded") and not row["written_as"] else ""
        table.append([_cited(row, lang), mark + since, safe_text(by or ""), words])
    sizes = [max(len(line[n]) for line in table) for n in range(3)]
    sizes[2] = min(sizes[2], 24)
    sizes[0] = max(12, min(sizes[0], width - sizes[1] - sizes[2] - 20 - 6))
    room = max(20, width - sum(sizes) - 6)
    name = f"{_cited(rows[0], lang)}  " if rows else ""
    out = [f"{name}{_word('as it read on', lang)} {on}", ""]
    for number, line in enumerate(table):
        cells = [_fit(cell, size).ljust(size) for cell, size in zip(line, [*sizes, room], strict=True)]
        out.append("  ".join(cells).rstrip())
        if number in notes:
            indent = " " * (sizes[0] + 2)
            folded = textwrap.wrap(safe_text(notes[number]), width, initial_indent=indent, subsequent_indent=indent)
            out += [one.replace("\xa0", " ") for one in folded]
    return "\n".join(out) + "\n"


def _whole(text: str) -> str:
    """A note whose items are not broken: their spaces hold."""
    return "; ".join(item.replace(" ", "\xa0") for item in text.split("; "))


def _fit(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


# ---- Markdown and HTML -------------------------------------------------------------------------------


def reading_markdown(reading: Mapping[str, Any], *, lang: str = "en") -> str:
    """Return a provision as Markdown: marginal notes in bold, each level of the text a list in the one above."""
    out = [f"# {_escaped(_heading(reading, lang))}", ""]
    for unit in reading["units"]:
        indent = "  " * max(0, unit["depth"] - 1)
        bullet = "- " if unit["depth"] else ""
        if unit["title"]:
            out += [f"{indent if bullet else ''}**{_escaped(unit['title'])}**", ""]
        said = " ".join(_escaped(part) for part in (unit["label"], unit["text"]) if part)
        if unit["type"] in _ASIDE:
            said = f"*{said}*"
        if said:
            out += [f"{indent}{bullet}{said}", ""]
    out += [f"- {_escaped(line.strip())}" for line in _origins(reading, 10**6, lang)]
    return "\n".join(out) + "\n"


def _escaped(text: str) -> str:
    # A number at the start of a line, "1." or "1)", would open a list.
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", safe_text(text))


def reading_html(reading: Mapping[str, Any], *, lang: str = "en") -> str:
    """Return a provision as a page of its own; each unit has its path as id and its days as data."""
    out = [f"<h1>{escape(_heading(reading, lang))}</h1>", f'<article lang="{escape(reading["language"])}">']
    for unit in reading["units"]:
        left = f"{1.6 * unit['depth']:.1f}rem"
        if unit["title"]:
            out.append(f'<p class="note" style="margin-left:{left}">{escape(safe_text(unit["title"]))}</p>')
        label = f"<b>{escape(unit['label'])}</b> " if unit["label"] else ""
        said = label + escape(safe_text(unit["text"] or ""))
        days = f'data-from="{unit["since"]}"' + (f' data-until="{unit["until"]}"' if unit["until"] else "")
        by = escape(safe_text(unit["note"] or unit["instrument"] or ""), quote=True)
        out.append(
            f'<p class="unit" id="{escape(unit["path"], quote=True)}" {days} title="{unit["since"]} {by}" '
            f'style="margin-left:{left}">{said}</p>'
        )
    out.append("</article>")
    out += [f'<p class="by">{escape(line.strip())}</p>' for line in _origins(reading, 10**6, lang)]
    return page(_heading(reading, lang), "\n".join(out), lang=lang)
