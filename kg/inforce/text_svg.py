"""A timeline as a picture: one bar a provision, a line at every day on which something changed. No font, no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inforce.text_timeline import Boundary, Stretch, Strip, Timeline

__all__ = ["drawn"]

WIDTH = 960
EDGE = 16
BAR = 18
ROW = 26
LINE = 17
DATE = 68  # what a day needs beside the next one
MARK = 14
LETTER = 6.1  # how wide a letter of 11 pixels is, roughly
_TINTS = ("#9ec5e8", "#cfe2f3")
_KINDS = {"correction": "#f3c969", "renumbered": "#b7ddb0", "language-only": "#d9c2ea"}
# Green, red, yellow, grey; the word stands on the bar too, where it fits.
_OUTCOMES = {
    "may": "#a9d8a9",
    "not-required": "#a9d8a9",
    "may-not": "#f2b0a8",
    "required": "#f2b0a8",
    "depends": "#f7e3a1",
    "not-covered": "#dcdcdc",
}
_WORDS = {
    "en": {
        "may": "may",
        "not-required": "not required",
        "may-not": "may not",
        "required": "required",
        "depends": "depends: facts are open",
        "not-covered": "not covered by any rule here",
        "known": "Public from",
        "in force": "in force",
        "by": "by",
        "gives": "what it gives",
        "goes on": "goes on",
        "begins": "where what was asked about begins",
        "layers": "Each layer is shown as things ordinarily are, with all that weigh more.",
        "title": "{} over time",
        "renumbered": "renumbered, not reworded",
        "correction": "put right, on no day of its own",
        "language-only": "changed in one language only",
        "ends": "ends: {}",
        "open": "still in force",
        "from": "from {}",
        "until": "until {}",
        "scale": "Widths follow the days, but no stretch is narrower than its mark.",
        "more": "{} and {} more",
        "unknown": "from an unknown day",
    },
    "fr": {
        "may": "peut",
        "not-required": "non requis",
        "may-not": "ne peut pas",
        "required": "requis",
        "depends": "cela dépend : des faits sont ouverts",
        "not-covered": "couvert par aucune règle ici",
        "known": "Public depuis",
        "in force": "en vigueur",
        "by": "par",
        "gives": "ce que cela donne",
        "goes on": "se poursuit",
        "begins": "où commence la période demandée",
        "layers": "Chaque niveau est montré d'ordinaire, avec tous ceux qui pèsent plus.",
        "title": "{} dans le temps",
        "renumbered": "renuméroté, non réécrit",
        "correction": "corrigé, sans jour propre",
        "language-only": "modifié dans une seule langue",
        "ends": "prend fin : {}",
        "open": "en vigueur",
        "from": "du {}",
        "until": "au {} exclu",
        "scale": "Les largeurs suivent les jours, sans descendre sous celle d'un repère.",
        "more": "{} et {} de plus",
        "unknown": "d'un jour inconnu",
    },
}


def drawn(timeline: Timeline, lang: str = "en") -> str:
    """Return a timeline as SVG of a fixed width; the same timeline gives the same bytes."""
    from inforce.text_timeline import widths

    boundaries = timeline.boundaries
    names = [strip.called(lang) for strip in timeline.strips]
    left = EDGE + min(300, max(90, round(max((len(n) for n in names), default=0) * LETTER * 1.1) + 12))
    room = WIDTH - left - EDGE
    dated = len(boundaries) * DATE <= room
    sizes = widths(boundaries, room, DATE if dated else MARK)
    places = {one.day: left + sum(sizes[:n]) for n, one in enumerate(boundaries)}
    right = left + sum(sizes)
    top = EDGE + 24 + (20 if _label(timeline, lang) else 0) + 40
    bottom = top + ROW * (len(timeline.strips) + timeline.of_outcomes)
    out = _head(timeline, boundaries, places, top, bottom, dated=dated, lang=lang)
    for number, strip in enumerate(timeline.strips):
        out += _strip(strip, places, (left, right, top + ROW * number), lang)
    if timeline.of_outcomes:
        out += _known(timeline, places, (left, right, bottom - ROW), lang)
        legend, height = _outcomes(timeline, bottom + 30, lang)
    else:
        legend, height = _legend(timeline, bottom + 30, lang)
    out += legend
    words = _WORDS[lang]
    title = escape(words["title"].format(timeline.name_fr if lang == "fr" else timeline.name))
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" xml:lang="{lang}" font-family="sans-serif" font-size="11" fill="#1b1b1b">\n'
        f"<title>{title}</title>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
    )
    return start + "\n".join(out) + "\n</svg>\n"


def _label(timeline: Timeline, lang: str) -> str:
    return timeline.label_fr if lang == "fr" else timeline.label


def _text(x: float, y: float, said: str, more: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}"{" " + more if more else ""}>{escape(said)}</text>'


def _head(
    timeline: Timeline,
    boundaries: Sequence[Boundary],
    places: dict[str, int],
    top: int,
    bottom: int,
    *,
    dated: bool,
    lang: str,
) -> list[str]:
    """The title, and for every boundary its mark, its day where there is room, and a line through all strips."""
    name = timeline.name_fr if lang == "fr" else timeline.name
    out = [_text(EDGE, EDGE + 14, name, 'font-size="16" font-weight="bold"')]
    if _label(timeline, lang):
        out.append(_text(EDGE, EDGE + 34, _short(_label(timeline, lang), 132), 'font-size="12"'))
    for one in boundaries:
        x = places[one.day]
        out.append(f'<line x1="{x}" y1="{top - 12}" x2="{x}" y2="{bottom}" stroke="#8a8a8a" stroke-dasharray="2 3"/>')
        out.append(_text(x, top - 16, one.mark, 'font-weight="bold"'))
        if dated:
            out.append(_text(x, top - 30, one.day))
    return out


def _strip(strip: Strip, places: dict[str, int], frame: tuple[int, int, int], lang: str) -> list[str]:
    left, right, y = frame
    words = _WORDS[lang]
    out = [_text(EDGE + 8 * strip.depth, y + 13, _short(strip.called(lang), 44 - strip.depth))]
    for number, one in enumerate(strip.stretches):
        x = places[one.start] if one.start else left
        end = places[one.until] if one.until else right
        width = max(2, end - x)
        color = (_KINDS | _OUTCOMES).get(one.kind or "", _TINTS[number % 2])
        first = words["from"].format(one.start) if one.start else words["unknown"]
        last = words["until"].format(one.until) if one.until else words["goes on" if one.kind in _OUTCOMES else "open"]
        said = f"{words[one.kind]}, " if one.kind in _OUTCOMES else ""
        about = f"{strip.called(lang)}: {said}{first}, {last}" + (f", {one.made_by}" if one.made_by else "")
        out.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{BAR}" fill="{color}" stroke="#5b7f9e">'
            f"<title>{escape(about)}</title></rect>"
        )
        out += _inside(one, x, y, width, lang)
        if one.until is None:
            out.append(f'<path d="M{end} {y} l8 {BAR // 2} l-8 {BAR // 2} z" fill="{color}" stroke="#5b7f9e"/>')
    return out


def _inside(one: Stretch, x: int, y: int, width: int, lang: str) -> list[str]:
    """What made a stretch, or the outcome it is, written on it where that fits."""
    outcome = _WORDS[lang][one.kind].partition(" :")[0].partition(":")[0] if one.kind in _OUTCOMES else ""
    for said in (outcome,) if outcome else (one.made_by, one.instrument or ""):
        if said and len(said) * LETTER + 10 <= width:
            return [_text(x + 5, y + 13, said)]
    return []


def _legend(timeline: Timeline, y: int, lang: str) -> tuple[list[str], int]:
    words, out = _WORDS[lang], []
    for one in timeline.boundaries:
        out.append(_text(EDGE, y, one.mark, 'font-weight="bold"'))
        out.append(_text(EDGE + 26, y, one.day))
        out.append(_text(EDGE + 100, y, _short("; ".join(one.made_by), 50)))
        said = _named([strip.called(lang) for strip in one.begins], lang)
        ended = _named([strip.called(lang) for strip in one.ends], lang)
        said += ("; " if said else "") + words["ends"].format(ended) if ended else ""
        out.append(_text(EDGE + 400, y, _short(said, 86)))
        y += LINE
    kinds = {s.kind for strip in timeline.strips for s in strip.stretches}
    y += 6
    for kind, color in _KINDS.items():
        if kind in kinds:
            out.append(f'<rect x="{EDGE}" y="{y - 10}" width="14" height="12" fill="{color}" stroke="#5b7f9e"/>')
            out.append(_text(EDGE + 26, y, words[kind]))
            y += LINE
    out.append(_text(EDGE, y, words["scale"], 'fill="#555555"'))
    return out, y + EDGE


def _known(timeline: Timeline, places: dict[str, int], frame: tuple[int, int, int], lang: str) -> list[str]:
    """The other clock: the mark of each boundary at the day the public could first know of it."""
    from inforce.text_timeline import placed

    left, right, y = frame
    out = [
        _text(EDGE, y + 13, _WORDS[lang]["known"], 'fill="#555555"'),
        f'<line x1="{left}" y1="{y + 4}" x2="{right}" y2="{y + 4}" stroke="#8a8a8a"/>',
    ]
    last = left - MARK
    for mark, day in sorted(timeline.known, key=lambda item: item[1]):
        x = placed(day, list(places), list(places.values()), right)
        # Marks that would lie on each other stand side by side; the line stays where the day is.
        at = max(x - 3, last + MARK // 2 + 2)
        last = at
        out.append(f'<line x1="{x}" y1="{y}" x2="{x}" y2="{y + 8}" stroke="#1b1b1b" stroke-width="2"/>')
        out.append(_text(at, y + 19, mark, 'font-weight="bold"'))
    return out


def _outcomes(timeline: Timeline, y: int, lang: str) -> tuple[list[str], int]:
    """For every boundary of outcomes both its days, what made it and what it gives; then what the colours mean."""
    words, known = _WORDS[lang], dict(timeline.known)
    colon = " :" if lang == "fr" else ":"
    columns = (EDGE, EDGE + 22, EDGE + 98, EDGE + 184, EDGE + 510)
    heads = ("", words["in force"], words["known"].lower(), words["by"], words["gives"])
    out = [_text(x, y, head, 'fill="#555555"') for x, head in zip(columns, heads, strict=True) if head]
    y += LINE
    for number, one in enumerate(timeline.boundaries):
        moved = [(s, kind) for kind, strips in timeline.given(one).items() for s in strips]
        # The strips that count all layers say it; a layer only where nothing else moves.
        told = [item for item in moved if item[0].depth == 0] or moved[:2]
        given = "; ".join(f"{s.called(lang)}{colon} {words[kind].partition(':')[0].strip()}" for s, kind in told)
        made = "; ".join(one.made_by) or (words["begins"] if number == 0 else "")
        cells = (one.mark, one.day, known.get(one.mark, ""), _short(made, 52), _short(given, 72))
        for x, cell in zip(columns, cells, strict=True):
            if cell:
                out.append(_text(x, y, cell, 'font-weight="bold"' if x == EDGE else ""))
        y += LINE
    y += 8
    here = {s.kind for strip in timeline.strips for s in strip.stretches}
    x = EDGE
    for kind, color in _OUTCOMES.items():
        if kind in here:
            out.append(f'<rect x="{x}" y="{y - 10}" width="14" height="12" fill="{color}" stroke="#5b7f9e"/>')
            out.append(_text(x + 20, y, words[kind]))
            x += round(len(words[kind]) * LETTER) + 48
    y += 4
    for note in ("layers", "scale") if any(strip.depth for strip in timeline.strips) else ("scale",):
        y += LINE
        out.append(_text(EDGE, y, words[note], 'fill="#555555"'))
    return out, y + EDGE


def _named(names: Sequence[str], lang: str, most: int = 3) -> str:
    if len(names) <= most + 1:
        return ", ".join(names)
    return _WORDS[lang]["more"].format(", ".join(names[:most]), len(names) - most)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
