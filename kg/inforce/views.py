"""The picture that the header of a query asks for: its rows as stretches on one scale of days, or as bars.

``# view: timeline row=?list from=?from until=?until by=?instrument`` draws one bar a row of the result, in the line of
its ``row``; ``# view: chart of=?day by=?kind`` one bar for each ``of``, as long as its rows or the sum of a ``value``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from inforce.errors import InputError
from inforce.table import Table
from inforce.text_units import cited
from inforce.vocab import BASE, shrink

__all__ = ["PARTS", "View", "drawn", "read_view"]

PARTS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "timeline": (frozenset(("from",)), frozenset(("row", "until", "by"))),
    "chart": (frozenset(("of",)), frozenset(("by", "value"))),
}
"""What a view can be, and for each the columns that it needs and those that it may have."""

MOST = 40  # lines of a timeline, bars of a chart: the table below has the rest
WIDTH = 960
EDGE = 12
ROW = 24
BAR = 16
LETTER = 6.1  # how wide a letter of 11 pixels is, roughly
TICKS = 10
# Light enough for dark words on them, on white and on black; the order is that of the legend, never the only sign.
_TINTS = ("#9ec5e8", "#f3c969", "#b7ddb0", "#f2b0a8", "#d9c2ea", "#cfd4d8")
_LINE = re.compile(r"^[ \t]*#[ \t]*view:[ \t]*(?P<said>[^\r\n]*)$", re.MULTILINE)
_PART = re.compile(r"(?P<part>[a-z]+)=\?(?P<column>\w+)\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# A version is its thing and its first day, a wording of the law's text its language too.
_VERSION = re.compile(r"/(?P<day>\d{4}-\d\d-\d\d)(?:/(?:en|fr))?\Z")
# What XML may not hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Heads of our IRIs that say only what kind of thing it is.
_SAID = frozenset(
    "rule condition fact action layer list place class program category exemption port value source claim conflict "
    "change instrument".split()
)
_WORDS = {
    "en": {
        "timeline": "{} stretches of time in {} lines, from {} to {}. The rows of the result say the same.",
        "chart": "{} bars, the longest for {}: {}. The rows of the result say the same.",
        "more": "The first {} of {} are drawn; the rows have them all.",
        "open": "no end",
        "unknown": "from an unknown day",
        "from": "from {}",
        "until": "up to {}, itself left out",
        "other": "other",
    },
    "fr": {
        "timeline": "{} périodes sur {} lignes, du {} au {}. Les lignes du résultat disent la même chose.",
        "chart": "{} barres, la plus longue pour {} : {}. Les lignes du résultat disent la même chose.",
        "more": "Les {} premières sur {} sont dessinées ; les lignes les ont toutes.",
        "open": "sans fin",
        "unknown": "d'un jour inconnu",
        "from": "du {}",
        "until": "au {} exclu",
        "other": "autres",
    },
}


@dataclass(frozen=True, slots=True)
class View:
    """What a header asks for: a kind of picture, and for each part of it the column that it shows."""

    kind: str
    columns: Mapping[str, str]


def read_view(text: str) -> View | None:
    """Return the view that the text of a query asks for, ``None`` where it asks for none.

    Raises:
        InputError: no such view, or a part that is not one of its own.

    >>> read_view("# view: chart of=?day by=?kind").columns
    {'of': 'day', 'by': 'kind'}
    """
    found = _LINE.search(text)
    if found is None:
        return None
    kind, *words = found["said"].split() or [""]
    parts = {match["part"]: match["column"] for word in words if (match := _PART.match(word))}
    needs, may = PARTS.get(kind, (frozenset(), frozenset()))
    if not needs or len(parts) != len(words) or not needs <= set(parts) <= needs | may:
        raise InputError(
            f'cannot read the view "{found["said"][:200]}"',
            code="E_QUERY",
            hint="# view: timeline row=?x from=?x until=?x by=?x (all but from= may be left out), "
            "or: # view: chart of=?x by=?x value=?x (all but of= may be left out)",
        )
    return View(kind, parts)


def drawn(view: View, table: Table, *, title: str = "", lang: str = "en") -> str | None:
    """Return the rows of a query as SVG that needs nothing from elsewhere; ``None`` where no row can be drawn.

    Args:
        view: what is drawn.
        table: the rows.
        title: what the picture is called.
        lang: ``en`` or ``fr``.

    Raises:
        InputError: the view names a column that the query has not.
    """
    for column in view.columns.values():
        if column not in table.columns:
            raise InputError(
                f"the view names ?{column}, which is no column of the query",
                code="E_QUERY",
                hint="columns: " + ", ".join(f"?{name}" for name in table.columns),
            )
    rows = [{part: row[column] for part, column in view.columns.items()} for row in table]
    return (_timeline if view.kind == "timeline" else _chart)(rows, title, lang)


def _called(value: Any, lang: str) -> str:
    """A value as people write it: a citation, an id, or the value itself."""
    text = " ".join(_CONTROL.sub("\ufffd", "" if value is None else str(value)).split())
    if not text.startswith(BASE):
        return shrink(text).strip("<>") if re.match(r"https?://\S+\Z", text) else text
    head, _, rest = text.removeprefix(BASE).partition("/")
    if head in _SAID and rest:
        return rest
    path, day = text.removeprefix(BASE), ""
    if version := _VERSION.search(path):
        path, day = path[: version.start()], f", {version['day']}"
    found = cited(path, lang)
    return found + day if found != path else shrink(text).strip("<>")


# ---- stretches on one scale of days ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stretch:
    start: str
    until: str
    by: tuple[str, ...]


def _day(value: Any) -> str:
    found = _DAY.match("" if value is None else str(value))
    try:
        return str(date.fromisoformat(found[0])) if found else ""
    except ValueError:
        return ""


def _lines(rows: Iterable[Mapping[str, Any]], lang: str) -> list[tuple[str, list[_Stretch]]]:
    """Each name with its stretches; those that overlap stand on lines of their own below it, without the name."""
    told: dict[str, dict[tuple[str, str], list[str]]] = {}
    for row in rows:
        by = _called(row.get("by"), lang)
        bys = told.setdefault(_called(row.get("row"), lang), {}).setdefault(
            (_day(row["from"]), _day(row.get("until"))), []
        )
        bys += [by] if by and by not in bys else []
    found: list[tuple[str, list[_Stretch]]] = []
    for name, stretches in told.items():
        lanes: list[list[_Stretch]] = []
        for (start, until), bys in sorted(stretches.items()):
            one = _Stretch(start, until, tuple(bys))
            lane = next((lane for lane in lanes if lane[-1].until and lane[-1].until <= start), None)
            if lane is None:
                lanes.append([one])
            else:
                lane.append(one)
        found += [("" if number else name, lane) for number, lane in enumerate(lanes)]
    return found


class _Scale:
    """Days in pixels: what is open goes on past the last day, what began on an unknown day begins before the first."""

    def __init__(self, days: Sequence[str], left: float, right: float, *, before: bool, after: bool) -> None:
        self.first, self.last = min(days), max(days)
        self._low = _number(self.first)
        self._days = max(1, _number(self.last) - self._low)
        self.begin, self.end = left, right
        self._left, self._right = left + (24 if before else 0), right - (36 if after else 0)

    def at(self, day: str) -> float:
        return round(self._left + (self._right - self._left) * (_number(day) - self._low) / self._days, 1)

    def ticks(self) -> list[tuple[float, str]]:
        """The places of round days with their labels: months or years, at most ``TICKS``."""
        low, high = (int(day[:4]) * 12 + int(day[5:7]) - 1 for day in (self.first, self.last))
        for step in (1, 3, 6, 12, 24, 60, 120, 240, 600):
            months = [month for month in range(low + 1, high + 1) if month % step == 0]
            if len(months) <= TICKS:
                break
        if len(months) < 2:
            return [(self.at(day), day) for day in dict.fromkeys((self.first, self.last))]
        return [
            (self.at(f"{month // 12:04}-{month % 12 + 1:02}-01"), f"{month // 12:04}{_month(month, step)}")
            for month in months
        ]


def _month(month: int, step: int) -> str:
    return "" if step >= 12 else f"-{month % 12 + 1:02}"


def _number(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _timeline(rows: Sequence[Mapping[str, Any]], title: str, lang: str) -> str | None:
    words, every = _WORDS[lang], _lines(rows, lang)
    lines = every[:MOST]
    stretches = [one for _, line in lines for one in line]
    days = [day for one in stretches for day in (one.start, one.until) if day]
    if not days:
        return None
    left = EDGE + _room(name for name, _ in lines)
    before, after = any(not one.start for one in stretches), any(not one.until for one in stretches)
    scale = _Scale(days, left, WIDTH - EDGE - (10 if after else 0), before=before, after=after)
    bottom = EDGE + ROW * len(lines) + 4
    out = []
    for x, label in scale.ticks():
        out.append(f'<path class="axis" d="M{x} {EDGE}V{bottom}" stroke="#c9ced2" fill="none"/>')
        out.append(_text(x, bottom + 14, label, "quiet", anchor="middle"))
    for number, (name, line) in enumerate(lines):
        y = EDGE + ROW * number
        if name:
            out.append(_text(EDGE, y + 12, _short(name, 44)))
        for place, one in enumerate(line):
            out += _bar(one, name, scale, y, place, words)
    height = bottom + 24
    if len(every) > len(lines):
        height += 16
        out.append(_text(EDGE, height - 8, words["more"].format(len(lines), len(every)), "quiet"))
    desc = words["timeline"].format(len(stretches), len(lines), scale.first, scale.last)
    return _svg(out, height, title, desc, lang)


def _bar(one: _Stretch, name: str, scale: _Scale, y: int, place: int, words: Mapping[str, str]) -> Iterator[str]:
    x = scale.at(one.start) if one.start else scale.begin
    end = scale.at(one.until) if one.until else scale.end
    width = max(2.0, round(end - x, 1))
    fill = _TINTS[0] if place % 2 == 0 else "#cfe2f3"
    by = ", ".join(one.by)
    first = words["from"].format(one.start) if one.start else words["unknown"]
    last = words["until"].format(one.until) if one.until else words["open"]
    about = ", ".join(part for part in (name, first, last, by) if part)
    title = f"<title>{escape(about)}</title>"
    if one.until:
        place_of = f'x="{x}" y="{y}" width="{width}" height="{BAR}"'
        yield f'<rect class="bar" {place_of} fill="{fill}" stroke="#5b7f9e">{title}</rect>'
    else:
        shape = f"M{x} {y}H{end}l8 {BAR // 2}l-8 {BAR // 2}H{x}z"
        yield f'<path class="bar" d="{shape}" fill="{fill}" stroke="#5b7f9e">{title}</path>'
    for said in (f"{one.start} · {by}" if by and one.start else "", by, one.start):
        if said and len(said) * LETTER + 8 <= width:
            yield _text(x + 4, y + 12, said, "on")
            return


# ---- bars ------------------------------------------------------------------------------------------------


def _chart(rows: Sequence[Mapping[str, Any]], title: str, lang: str) -> str | None:
    words = _WORDS[lang]
    names = _grouped([_called(row["of"], lang) for row in rows])
    sums: dict[str, dict[str, float]] = {}
    for name, row in zip(names, rows, strict=True):
        kinds = sums.setdefault(name, {})
        kind = _called(row.get("by"), lang)
        kinds[kind] = kinds.get(kind, 0) + (_amount(row["value"]) if "value" in row else 1)
    every = [(name, kinds) for name, kinds in sums.items() if sum(kinds.values()) > 0]
    if not every:
        return None
    bars = every[:MOST]
    legend = list(dict.fromkeys(kind for _, kinds in bars for kind in kinds if kind))
    tints = {kind: min(number, len(_TINTS) - 1) for number, kind in enumerate(legend)}
    longest, most = max(((name, sum(kinds.values())) for name, kinds in bars), key=lambda bar: bar[1])
    left = EDGE + _room(name for name, _ in bars)
    room = WIDTH - left - EDGE - 60
    out, y = _legend(legend, words)
    for name, kinds in bars:
        out.append(_text(EDGE, y + 12, _short(name, 44)))
        x = float(left)
        for kind, amount in sorted(kinds.items(), key=lambda item: tints.get(item[0], 0)):
            width = max(1.0, round(room * amount / most, 1))
            about = escape(f"{name}, {kind}" if kind else name)
            out.append(
                f'<rect class="bar" x="{x:.1f}" y="{y}" width="{width}" height="{BAR}" '
                f'fill="{_TINTS[tints.get(kind, 0)]}" stroke="#5b7f9e"><title>{about}: {_said(amount)}</title></rect>'
            )
            if len(kinds) > 1 and len(_said(amount)) * LETTER + 6 <= width:
                out.append(_text(x + 4, y + 12, _said(amount), "on"))
            x += width
        out.append(_text(x + 6, y + 12, _said(sum(kinds.values()))))
        y += ROW
    if len(every) > len(bars):
        y += 16
        out.append(_text(EDGE, y, words["more"].format(len(bars), len(every)), "quiet"))
    return _svg(out, y + 8, title, words["chart"].format(len(bars), longest, _said(most)), lang)


def _grouped(names: Sequence[str]) -> list[str]:
    """Days as they are; as months, or years, where there are too many to draw each."""
    if all(_DAY.fullmatch(name) for name in names):
        for length in (10, 7):
            if len({name[:length] for name in names}) <= MOST:
                return [name[:length] for name in names]
        return [name[:4] for name in names]
    return list(names)


def _legend(kinds: Sequence[str], words: Mapping[str, str]) -> tuple[list[str], int]:
    """One mark for each tint; kinds past the tints share the last. Returns it and where it ends."""
    shown = [*kinds[: len(_TINTS) - 1], words["other"]] if len(kinds) > len(_TINTS) else list(kinds)
    out, x, y = [], EDGE, EDGE
    for number, kind in enumerate(shown):
        kind = _short(kind, 44)
        width = round(len(kind) * LETTER) + 42
        if x + width > WIDTH - EDGE:
            x, y = EDGE, y + 18
        mark = f'x="{x}" y="{y}" width="13" height="11" fill="{_TINTS[number]}"'
        out.append(f'<rect class="bar" {mark} stroke="#5b7f9e"/>')
        out.append(_text(x + 18, y + 10, kind))
        x += width
    return out, y + (24 if shown else 0)


def _amount(value: Any) -> float:
    try:
        return max(0.0, float(str(value)))
    except ValueError:
        return 0.0


def _said(amount: float) -> str:
    return str(int(amount)) if amount == int(amount) else f"{amount:g}"


# ---- what both need ----------------------------------------------------------------------------------------


def _room(names: Iterable[str]) -> int:
    longest = max((min(44, len(name)) for name in names), default=0)
    return round(longest * LETTER * 1.08) + 12 if longest else 0


def _text(x: float, y: float, said: str, kind: str = "", *, anchor: str = "") -> str:
    color = ' fill="#555b60"' if kind == "quiet" else ' fill="#1b1b1b"' if kind == "on" else ""
    more = (f' class="{kind}"' if kind else "") + color + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:.1f}" y="{y:.0f}"{more}>{escape(said)}</text>'


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _svg(out: Sequence[str], height: int, title: str, desc: str, lang: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" xml:lang="{lang}" font-family="sans-serif" font-size="11" fill="#1b1b1b">\n'
        f"<title>{escape(': '.join(part for part in (title, desc) if part))}</title>\n"
        f'<rect class="paper" width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(out) + "\n</svg>\n"
    )
