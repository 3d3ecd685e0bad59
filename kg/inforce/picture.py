"""A trace as a picture: boxes in columns, from what was asked about to what it leads to, as SVG without any tool.

Columns by the longest way from the root; in a column the order with few crossings, and each box near those it is
joined to. Every box says by which relation it was reached, so that no label lies on a line. The same trace gives the
same bytes.

Source: K. Sugiyama, S. Tagawa, M. Toda, Methods for visual understanding of hierarchical system structures, IEEE
Trans. SMC-11 (1981); for the heights, pool-adjacent-violators (isotonic regression).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from inforce.vocab import BASE

if TYPE_CHECKING:
    from inforce.catalogue import Provenance

__all__ = ["to_svg"]

# Sizes in pixels. A box is as wide as its text needs, within these.
NARROW, WIDE = 120, 260
MARGIN, PAD, GAP, THREAD = 16, 8, 10, 6
BETWEEN = 72
NAME, TEXT, SMALL = 12, 11, 10
LINES = 3
SWEEPS = 12

# Light fill and strong border by kind; everything else is grey.
_PAINT = {
    "instrument": ("#fff4d6", "#9a6b00"),
    "provision": ("#e6f0fb", "#2b5f9e"),
    "provision-version": ("#e6f0fb", "#2b5f9e"),
    "wording": ("#e6f0fb", "#2b5f9e"),
    "rule": ("#e9f5e9", "#2f6f35"),
    "rule-version": ("#e9f5e9", "#2f6f35"),
    "action": ("#fbe9e7", "#9c2f1f"),
    "membership": ("#f1eafa", "#5d3f92"),
    "list": ("#f1eafa", "#5d3f92"),
}
_PLAIN = ("#f4f4f4", "#666666")
_LINE = {"moves": ("#9c2f1f", 2.0, ""), "ended": ("#777777", 1.2, "5 4")}
_THIN = ("#8a8a8a", 1.0, "")
# Widths of letters in em, on the generous side: a font that is not at hand gives way to a wider one.
_LETTERS = {**dict.fromkeys("ijl.,:;'|!()[]", 0.36), **dict.fromkeys("frtI -/", 0.42), **dict.fromkeys("mwMW@%", 0.98)}


@dataclass(slots=True)
class _Box:
    """One box, or one bend of a line that passes a column (``node`` is then empty)."""

    node: str
    column: int
    lines: list[tuple[str, str]] = field(default_factory=list)
    width: float = 0
    height: float = THREAD
    x: float = 0
    y: float = 0
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)


def to_svg(trace: Provenance, *, lang: str = "en") -> str:
    """Return the trace as an SVG picture; every box is a link to its thing.

    Args:
        lang: ``en`` or ``fr``.
    """
    columns = _columns(trace)
    boxes, places, routes = _boxes(trace, columns, lang)
    order = _ordered(boxes)
    _place(boxes, order)
    width = max(box.x + box.width for box in boxes) + MARGIN
    height = max(box.y + box.height for box in boxes) + MARGIN
    root = trace.nodes[trace.root]
    title = _said(root, lang) or root["id"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" role="img" lang="{lang}" '
        "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">",
        f"<title>{escape(root['id'])}: {escape(title)}</title>",
        f'<rect width="{_n(width)}" height="{_n(height)}" fill="#ffffff"/>',
    ]
    parts += [_line(boxes, route, relation, lang) for relation, route in routes]
    parts += [_drawn(trace, boxes[place], lang) for place in places.values()]
    return "\n".join([*parts, "</svg>"]) + "\n"


# ---- columns ----------------------------------------------------------------------------------------


def _columns(trace: Provenance) -> dict[str, int]:
    """The column of each node: the longest way from the root, edges that close a circle left out."""
    after: dict[str, list[str]] = {node: [] for node in trace.nodes}
    for one, _, other in trace.edges:
        after[one].append(other)
    finished: list[str] = []
    state: dict[str, int] = {}
    forward: list[tuple[str, str]] = []
    for start in trace.nodes:
        # A stack, not recursion: a chain of any length is drawn. 1 is on the way, 2 is done.
        pending = [] if start in state else [(start, iter(after[start]))]
        if pending:
            state[start] = 1
        while pending:
            node, others = pending[-1]
            other = next(others, "")
            if not other:
                state[node] = 2
                finished.append(node)
                pending.pop()
            elif state.get(other) != 1:
                forward.append((node, other))
                if other not in state:
                    state[other] = 1
                    pending.append((other, iter(after[other])))
    column = dict.fromkeys(trace.nodes, 0)
    onward: dict[str, list[str]] = {}
    for one, other in forward:
        onward.setdefault(one, []).append(other)
    for node in reversed(finished):
        for other in onward.get(node, ()):
            column[other] = max(column[other], column[node] + 1)
    return column


def _boxes(
    trace: Provenance, columns: Mapping[str, int], lang: str
) -> tuple[list[_Box], dict[str, int], list[tuple[str, list[int]]]]:
    """The boxes with their text, the place of each node's box, and what each edge runs through."""
    reached: dict[str, dict[str, None]] = {}
    for _, relation, other in trace.edges:
        reached.setdefault(other, {})[relation] = None
    moved = {f"action/{row['action']}": row for row in trace.outcomes}
    boxes: list[_Box] = []
    places: dict[str, int] = {}
    for node, data in trace.nodes.items():
        box = _Box(node, columns[node])
        box.lines = list(_text(data, reached.get(node, {}), moved.get(node), lang))
        box.width = min(WIDE, max([NARROW, *(_width(text, style) + 2 * PAD for style, text in box.lines)]))
        box.height = 2 * PAD + sum(_leading(style) for style, _ in box.lines)
        places[node] = len(boxes)
        boxes.append(box)
    routes = []
    for one, relation, other in trace.edges:
        low, high = sorted((columns[one], columns[other]))
        route = [places[one]]
        for column in range(low + 1, high):
            route.append(len(boxes))
            boxes.append(_Box("", column))
        route.append(places[other])
        if columns[one] > columns[other]:
            route[1:-1] = reversed(route[1:-1])
        for a, b in pairwise(route):
            left, right = (a, b) if boxes[a].column < boxes[b].column else (b, a)
            boxes[left].after.append(right)
            boxes[right].before.append(left)
        routes.append((relation, route))
    return boxes, places, routes


def _text(data: Mapping[str, Any], relations: Iterable[str], moved: Mapping[str, Any] | None, lang: str) -> Any:
    from inforce.drawing import change_word, word

    told = [word(relation, lang) for relation in relations]
    said = ", ".join([*told, *([change_word(data["change"], lang)] if data.get("change") else [])])
    if said:
        yield from (("small", line) for line in _wrapped(said, "small", 1))
    name = (data.get("id_fr") if lang == "fr" else "") or data["id"]
    yield from (("name", line) for line in _wrapped(name, "name", 2))
    label = _said(data, lang)
    if label and label != name:
        yield from (("text", line) for line in _wrapped(label, "text", LINES))
    days = [
        f"{word(what, lang)} {str(data.get(hour) or data[day]).replace('T', ' ')[:16]}"
        for what, hour, day in (("from", "starts_at", "from"), ("until", "ends_at", "until"))
        if data.get(hour) or data.get(day)
    ]
    if moved is not None:
        days = [word("moved" if moved["moved"] else "not moved", lang)]
        on = dict.fromkeys(one["on"].replace("T", " ")[:16] for one in moved["by"])
        days[0] = f"{days[0]} {', '.join(on)}".strip()
    for one in days:
        yield from (("small", line) for line in _wrapped(one, "small", 2))


def _said(data: Mapping[str, Any], lang: str) -> str:
    return str((data.get("label_fr") if lang == "fr" else "") or data["label"] or "")


def _wrapped(text: str, style: str, most: int) -> list[str]:
    """Text in at most so many lines that fit the widest box; what does not fit ends in an ellipsis."""
    room = WIDE - 2 * PAD
    lines = [""]
    for part in text.split():
        joined = f"{lines[-1]} {part}".strip()
        if _width(joined, style) <= room:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        while _width(part, style) > room:
            fits = next(n for n in range(len(part), 0, -1) if n == 1 or _width(part[:n], style) <= room)
            # Rather after a mark than within a word.
            cut = next((n for n in range(fits, fits // 2, -1) if part[n - 1] in "/@])"), fits)
            lines[-1], part = part[:cut], part[cut:]
            lines.append("")
        lines[-1] = part
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and _width(last + "…", style) > room:
        last = last[:-1]
    return [*lines[: most - 1], last.rstrip() + "…"]


def _width(text: str, style: str) -> float:
    size = {"name": NAME * 1.08, "text": TEXT, "small": SMALL}[style]
    return size * sum(_LETTERS.get(c, 0.74 if c.isupper() or ord(c) > 0x2FF else 0.62) for c in text)


def _leading(style: str) -> float:
    return {"name": 16, "text": 14, "small": 14}[style]


# ---- order and heights -------------------------------------------------------------------------------


def _ordered(boxes: Sequence[_Box]) -> list[list[int]]:
    """The boxes of each column from top to bottom, swept to and fro so that few lines cross."""
    order: list[list[int]] = [[] for _ in range(max(box.column for box in boxes) + 1)]
    for number, box in enumerate(boxes):
        order[box.column].append(number)
    place = {number: at for column in order for at, number in enumerate(column)}

    def sweep(numbers: list[int], side: str) -> None:
        centre = {}
        for number in numbers:
            near = [place[n] for n in getattr(boxes[number], side)]
            centre[number] = sum(near) / len(near) if near else float(place[number])
        numbers.sort(key=lambda number: (centre[number], place[number]))
        place.update({number: at for at, number in enumerate(numbers)})

    best, least = [list(column) for column in order], _crossings(boxes, order, place)
    for turn in range(SWEEPS):
        forth = turn % 2 == 0
        for column in order[1:] if forth else order[-2::-1]:
            sweep(column, "before" if forth else "after")
        crossed = _crossings(boxes, order, place)
        if crossed < least:
            best, least = [list(column) for column in order], crossed
    return best


def _crossings(boxes: Sequence[_Box], order: Sequence[Sequence[int]], place: Mapping[int, int]) -> int:
    # Between two columns: inversions of the ends, counted by insertion into a sorted list.
    from bisect import bisect_right, insort

    found = 0
    for column in order:
        seen: list[int] = []
        for number in column:
            ends = sorted(place[n] for n in boxes[number].after)
            found += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return found


def _place(boxes: Sequence[_Box], order: Sequence[Sequence[int]]) -> None:
    """Give every box its place: columns side by side, each box as near as can be to the middle of its neighbours."""
    x = float(MARGIN)
    for column in order:
        wide = max(boxes[number].width for number in column)
        for number in column:
            boxes[number].x = x
            boxes[number].width = wide
        x += wide + BETWEEN
    for column in order:
        y = float(MARGIN)
        for number in column:
            boxes[number].y = y
            y += boxes[number].height + _gap(boxes[number])
    for turn in range(SWEEPS):
        forth = turn % 2 == 0
        for column in order[1:] if forth else order[-2::-1]:
            _settle(boxes, column, "before" if forth else "after")
    top = min(box.y for box in boxes)
    for box in boxes:
        box.y += MARGIN - top


def _gap(box: _Box) -> float:
    return GAP if box.node else 2


def _settle(boxes: Sequence[_Box], column: Sequence[int], side: str) -> None:
    # Wanted tops, less the room the boxes above take: then order alone is left to keep, and pooling keeps it.
    taken, offset = [], 0.0
    for number in column:
        taken.append(offset)
        offset += boxes[number].height + _gap(boxes[number])
    pools: list[tuple[float, int]] = []
    for number, above in zip(column, taken, strict=True):
        box = boxes[number]
        near = [boxes[n].y + boxes[n].height / 2 for n in getattr(box, side)]
        wanted = (sum(near) / len(near) - box.height / 2 if near else box.y) - above
        total, count = wanted, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            more, others = pools.pop()
            total, count = total + more, count + others
        pools.append((total, count))
    tops = [total / count for total, count in pools for _ in range(count)]
    for number, top, above in zip(column, tops, taken, strict=True):
        boxes[number].y = top + above


# ---- drawing -----------------------------------------------------------------------------------------


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _line(boxes: Sequence[_Box], route: Sequence[int], relation: str, lang: str) -> str:
    from inforce.drawing import word

    colour, thick, dashes = _LINE.get(relation, _THIN)
    one, other = boxes[route[0]], boxes[route[-1]]
    back = one.column >= other.column
    path = ""
    for a, b in pairwise(route):
        left, right = boxes[a], boxes[b]
        x1, x2 = (left.x, right.x + right.width) if back else (left.x + left.width, right.x)
        if back and one.column == other.column:
            x2 = right.x
        y1, y2 = left.y + left.height / 2, right.y + right.height / 2
        path += f"M{_n(x1)},{_n(y1)}" if not path else f"L{_n(x1)},{_n(y1)}"
        bend = (x1 + x2) / 2 if x1 != x2 else x1 - BETWEEN / 2
        path += f"C{_n(bend)},{_n(y1)} {_n(bend)},{_n(y2)} {_n(x2)},{_n(y2)}"
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{thick}"{dashed}>'
        f"<title>{escape(one.node.rsplit('/', 1)[-1])} {escape(word(relation, lang))} "
        f"{escape(other.node.rsplit('/', 1)[-1])}</title></path>"
    )


def _drawn(trace: Provenance, box: _Box, lang: str) -> str:
    data = trace.nodes[box.node]
    fill, stroke = _PAINT.get(data["kind"], _PLAIN)
    strong = 2.4 if box.node == trace.root else 1.2
    whole = box.node if ":" in box.node.split("/", 1)[0] else BASE + box.node
    parts = [
        f"<a href={quoteattr(whole)}>",
        f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="4" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{strong}">',
        f"<title>{escape(_said(data, lang) or data['id'])}</title></rect>",
    ]
    y = box.y + PAD - 3
    for style, text in box.lines:
        y += _leading(style)
        look = {
            "name": f'font-size="{NAME}" font-weight="bold" fill="#111111"',
            "text": f'font-size="{TEXT}" fill="#222222"',
            "small": f'font-size="{SMALL}" fill="{stroke}"',
        }[style]
        parts.append(f'<text x="{_n(box.x + PAD)}" y="{_n(y)}" {look}>{escape(text)}</text>')
    return "".join([*parts, "</a>"])
