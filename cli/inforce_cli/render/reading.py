"""What was read, as text: changes as a table, conflicts, and one thing with its versions. Pure functions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inforce_cli.render.reading_words import FRENCH, KINDS_FRENCH
from inforce_cli.render.words import cited, colon

__all__ = ["answer_text", "change_table", "conflict_text", "listing", "said", "thing_text"]


# Columns that a label needs in a table to be worth reading there.
LEAST = 20


def _word(text: str, lang: str) -> str:
    return FRENCH.get(text, text) if lang == "fr" else text.replace("-", " ")


def said(item: Mapping[str, Any], key: str = "label", *, lang: str = "en") -> str:
    """Return a text in the language asked for, in English where there is no other.

    >>> said({"label": "Mexico", "label_fr": "Mexique"}, lang="fr")
    'Mexique'
    """
    return str((item.get(f"{key}_fr") if lang == "fr" else None) or item.get(key) or "")


def change_table(
    rows: Iterable[Mapping[str, Any]], *, width: int = 80, lang: str = "en", layers: Mapping[str, str] | None = None
) -> str:
    """Return changes as a table of four columns that fits ``width``; what does not fit ends in an ellipsis.

    Ids are never cut. Where the columns find no room, a change is a few lines.

    Args:
        layers: what to call the layers of authority; their ids where nothing is given.
    """
    names = layers or {}
    lines = [[_word(head, lang) for head in ("IN FORCE", "LAYER", "WHAT", "BY")]]
    for row in rows:
        lines.append(
            [
                row["date"],
                names.get(row["layer"], row["layer"] or ""),
                _what(row, lang),
                cited(row["instrument"] or "", lang),
            ]
        )
    sizes = [max(len(line[column]) for line in lines) for column in range(4)]
    # What changed is what people read: the name of the layer gives way first.
    spare = width - sizes[0] - sizes[2] - sizes[3] - 6
    if sizes[1] > spare:
        sizes[1] = min(sizes[1], max(11, spare))
    room = width - sizes[0] - sizes[1] - sizes[3] - 6
    if room < min(sizes[2], LEAST):
        return "".join(_stacked((f"{day}  {layer}", what, by), width) for day, layer, what, by in lines[1:])
    sizes[2] = min(sizes[2], room)
    out = []
    for line in lines:
        cells = [_fit(cell, size) for cell, size in zip(line, sizes, strict=True)]
        out.append("  ".join(cell.ljust(size) for cell, size in zip(cells, sizes, strict=True)).rstrip())
    return "\n".join(out) + "\n"


def _stacked(cells: Iterable[str], width: int) -> str:
    """A row whose columns find no room beside each other: what names it, then the rest, indented."""
    first, *rest = cells
    lines = [first.rstrip(), *(line for cell in rest if cell for line in _fold(cell, "  ", "  ", width))]
    return "\n".join(lines) + "\n"


def _what(row: Mapping[str, Any], lang: str) -> str:
    label, kind = said(row, lang=lang), row["kind"]
    hour = row["time"][11:16] + " " if row["time"] else ""
    if row["thing"] == row["citation"]:
        return f"{hour}{said(row, 'citation', lang=lang)} {_word(kind, lang)}{colon(lang)} {label}"
    # A list entry's label says its move; a rule's label says what it does while it is in force.
    ended = f"{_word(kind, lang)}{colon(lang)} " if kind == "ended" and "→" not in label else ""
    return f"{hour}{ended}{label}"


def _fit(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def conflict_text(conflicts: Iterable[Mapping[str, Any]], *, width: int = 80, lang: str = "en") -> str:
    """Return conflicts between sources: each with its claims, the adopted first, and how it is resolved."""
    blocks = []
    for one in conflicts:
        lines = _fold(f"{one['conflict']}  {said(one, lang=lang)}", "", "      ", width)
        for claim in one["claims"]:
            mark = _word("adopted" if claim["adopted"] else "not adopted", lang)
            where = f"{claim['source']}, {_word('rank', lang)} {claim['rank']}"
            if claim["locator"]:
                where += f", {claim['locator']}"
            lines += _fold(f"{mark}{colon(lang)} {said(claim, lang=lang)} ({where})", "  - ", "    ", width)
        if one["resolution"]:
            resolved = f"{_word('resolution', lang)}{colon(lang)} {said(one, 'resolution', lang=lang)}"
            lines += _fold(resolved, "  ", "    ", width)
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _fold(text: str, first: str, later: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    ) or [first.rstrip()]


class _Page:
    """Lines of ``name  text`` pairs, folded to the width."""

    def __init__(self, width: int, lang: str) -> None:
        self.width, self.lang = width, lang
        self.lines: list[str] = []

    def add(self, name: str, text: str, *, indent: int = 2) -> None:
        """Add one pair; nothing where there is no text."""
        if text:
            head = " " * indent + _word(name, self.lang).ljust(12)
            self.lines += _fold(text, head + " ", " " * (indent + 13), self.width)

    def each(self, name: str, texts: Sequence[str], *, most: int = 12, indent: int = 2) -> None:
        """Add several under one name, one a line; after ``most`` only how many more there are."""
        for number, text in enumerate(texts[:most]):
            self.add(name if number == 0 else "", text, indent=indent)
        if len(texts) > most:
            self.add("", _word("and {} more", self.lang).format(len(texts) - most), indent=indent)


def thing_text(
    thing: Mapping[str, Any],
    *,
    width: int = 80,
    lang: str = "en",
    whole: bool = False,
    layers: Mapping[str, str] | None = None,
) -> str:
    """Return one thing as text: what it is, how it stood, what it rests on and what cites it.

    Args:
        whole: leave nothing out of long lists.
        layers: what to call the layers of authority; their ids where nothing is given.
    """
    page = _Page(width, lang)
    most = 10**6 if whole else 12
    label = said(thing, lang=lang)
    kind = KINDS_FRENCH.get(thing["kind"], thing["kind"]) if lang == "fr" else thing["kind"].replace("-", " ")
    name = thing["label_fr"] if lang == "fr" and thing["kind"] == "provision" and thing["label_fr"] else thing["id"]
    page.lines += _fold(
        f"{name}  ({kind})" + (f"  {label}" if label not in (name, thing["id"]) else ""), "", "  ", width
    )
    if thing.get("law") and thing["kind"] == "provision":
        law = thing["law"]
        page.lines += _fold(
            f"{said(law, lang=lang)}, {law['number_fr' if lang == 'fr' else 'number']}", "  ", "  ", width
        )
    if thing.get("on"):
        page.lines.append(f"  {_word('as it stood on', lang)} {thing['on']}")
    if thing.get("known_on"):
        page.lines.append(f"  {_word('as known on', lang)} {thing['known_on']}")
    page.lines.append("")
    page.add("same name", ", ".join(thing.get("same_name", ())))
    _facts_of(page, thing)
    for version in thing.get("versions", ()):
        _version(page, version, of=label, layers=layers or {})
    _lists(page, thing, most)
    page.add("url", thing.get("url", ""))
    return "\n".join(page.lines).rstrip() + "\n"


def _facts_of(page: _Page, thing: Mapping[str, Any]) -> None:
    lang = page.lang
    if not thing.get("versions") and (thing.get("from") or thing.get("until")):
        page.add("in force", _span(thing, lang))
    for name, key in (
        ("date", "date"),
        ("type", "type"),
        ("registered", "registered"),
        ("published", "published"),
        ("in force", "in_force"),
        ("publisher", "publisher"),
        ("layer", "authority"),
        ("property", "property"),
        ("says", "claims"),
    ):
        if isinstance(thing.get(key), str):
            page.add(name, thing[key])
    if thing["kind"] == "policy-change":
        page.add("published", thing.get("issued", ""))
        page.add("known from", thing.get("known_from", ""))
    for name, key in (
        ("question", "question"),
        ("", "paraphrase"),
        ("", "definition"),
        ("", "scope"),
        ("resolution", "resolution"),
    ):
        page.add(name, said(thing, key, lang=lang))
    if thing.get("values"):
        page.add("values", ", ".join(thing["values"]))
    ordinary = thing.get("ordinarily")
    if ordinary or thing.get("ordinarily_none"):
        shown = ", ".join(ordinary) if isinstance(ordinary, list) else ordinary or "none"
        page.add("ordinarily", _word(shown, lang))
    if thing["kind"] == "action":
        page.add("answers", f"{thing['answers']}; {_word('otherwise', lang)} {thing['default']}")
    if thing.get("condition_in_words"):
        page.add("in words", said(thing, "condition_in_words", lang=lang))
    if "adopted" in thing:
        page.add("", _word("adopted" if thing["adopted"] else "not adopted", lang))
    page.add("note", said(thing, "note", lang=lang))
    names = [n for n in thing.get("names", ()) if ":" not in n]
    page.add("names", ", ".join(names))


def _span(item: Mapping[str, Any], lang: str) -> str:
    start = item.get("starts_at") or item.get("from")
    text = f"{_word('from', lang)} {_hour(start) if start else _word('an unknown day', lang)}"
    end = item.get("ends_at") or item.get("until")
    return text + (f" {_word('until', lang)} {_hour(end)}" if end else "")


def _hour(instant: str) -> str:
    return instant.replace("T", " ")[:16]


def _version(page: _Page, version: Mapping[str, Any], *, of: str, layers: Mapping[str, str]) -> None:
    lang = page.lang
    known = (
        f"{_semicolon(lang)}{_word('known from', lang)} {version['known_from']}" if version.get("known_from") else ""
    )
    page.add("version", _span(version, lang) + known)
    own = said(version, "paraphrase", lang=lang) or said(version, lang=lang)
    page.add("", own if own != of else "")
    if version.get("effect"):
        page.add("effect", f"{_word(version['effect'], lang)} {_word('on', lang)} {', '.join(version['actions'])}")
        page.add("layer", layers.get(version["layer"], version["layer"]))
        page.add("for", said(version, "condition_in_words", lang=lang))
        page.add("lifts", ", ".join(version.get("defeats", ())))
        rests = [
            f"{cited(one['citation'], lang)} ({_word(one['role'], lang)}"
            + (f", {_word('from', lang)} {one['in_force_from']}" if one["in_force_from"] else "")
            + (f", {cited(one['instrument'], lang)}" if one["instrument"] else "")
            + ")"
            for one in version.get("provisions", ())
        ]
        page.each("rests on", rests)
    if version.get("contested"):
        asked = f"{_semicolon(lang)}{_word('off unless asked for', lang)}"
        off = "" if version.get("applies_by_default", True) else asked
        page.add("contested", _word("yes", lang) + off)
    page.add("made by", cited(version.get("amending_note") or version.get("instrument") or "", lang))
    page.each("source", [_source(one, lang) for one in version.get("sources", ())])
    page.add("note", said(version, "note", lang=lang))
    page.lines.append("")


def _semicolon(lang: str) -> str:
    return " ; " if lang == "fr" else "; "


def _source(one: Mapping[str, Any], lang: str) -> str:
    return f"{one['id']}{', ' + one['locator'] if one['locator'] else ''}{colon(lang)} {one['title']}"


def _linked(page: _Page, links: Iterable[Mapping[str, Any]], *, role: bool = False) -> list[str]:
    texts = []
    for link in links:
        label = said(link, lang=page.lang)
        name = said(link, "id", lang=page.lang)
        text = name + (f"  {label}" if label and label != name else "")
        texts.append(f"{_word(link['role'], page.lang)} {text}" if role else text)
    return texts


def _lists(page: _Page, thing: Mapping[str, Any], most: int) -> None:
    lang = page.lang

    def within(name: str, one: Mapping[str, Any]) -> str:
        by = f"{cited(one['instrument'] or '', lang)} {cited(one.get('provision') or '', lang)}"
        return f"{name}  {_span(one, lang)}  {by}".rstrip()

    members = [within(one["list"], one) for one in thing.get("memberships", ()) if "list" in one]
    page.each("lists", members, most=most)
    made = [one for one in thing.get("memberships", ()) if "list" not in one]
    page.each("lists", _linked(page, made), most=most)
    entries = [within(f"{one['entry']}  {said(one, lang=lang)}", one) for one in thing.get("members", ())]
    page.each("members", entries, most=most)
    page.each(
        "entails",
        [
            f"{one['fact']}={one['value']}  {_span(one, lang)}"
            + (f" ({_word('inherited', lang)})" if one["inherited"] else "")
            for one in thing.get("entails", ())
        ],
        most=most,
    )
    for name, key in (
        ("broader", "broader"),
        ("narrower", "narrower"),
        ("part of", "part_of"),
        ("parts", "parts"),
        ("about", "about"),
        ("affects", "affects"),
        ("amends", "amends"),
        ("made by", "instruments"),
        ("refers to", "refers_to"),
        ("evidence for", "evidence_for"),
        ("documents", "documents"),
        ("rules", "rules"),
        ("tested by", "tested_by"),
        ("claims", "claims"),
        ("passages", "passages"),
    ):
        if isinstance(thing.get(key), list):
            page.each(name, _linked(page, thing[key]), most=most)
    page.each("source", [_source(one, lang) for one in thing.get("sources", ())], most=most)
    page.each("conflicts", _linked(page, thing.get("conflicts", ())), most=most)
    page.each("cited by", _linked(page, thing.get("cited_by", ()), role=True), most=most)


def _heading(column: str) -> str:
    return column.replace("_fr", "").replace("_", " ").upper()


def listing(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, width: int = 80, lang: str = "en") -> str:
    """Return rows as a table for people: labels in one language, clipped so that a row is a line."""
    hidden = {"label" if lang == "fr" else "label_fr"} if {"label", "label_fr"} <= set(columns) else set()
    kept = [number for number, name in enumerate(columns) if name not in hidden]
    other = columns.index("label") if "label" in hidden else None

    def shown(row: Sequence[Any], number: int) -> str:
        value = row[number]
        if other is not None and columns[number] == "label_fr" and not value:
            value = row[other]
        words = {None: "", True: _word("yes", lang), False: _word("no", lang)}
        return words[value] if value is None or isinstance(value, bool) else str(value)

    lines = [[FRENCH.get(head, head) if lang == "fr" else head for head in map(_heading, (columns[n] for n in kept))]]
    lines += [[shown(row, n) for n in kept] for row in rows]
    sizes = [max(len(line[n]) for line in lines) for n in range(len(kept))]
    # The longest column, the label as a rule, gives way; then the last ones go.
    widest = max(range(len(sizes)), key=lambda n: (columns[kept[n]].startswith("label"), sizes[n]))
    wanted = min(sizes[widest], 30)

    def room() -> int:
        return width - sum(sizes) + sizes[widest] - 2 * (len(sizes) - 1)

    while room() < wanted and len(sizes) > widest + 1:
        sizes.pop()
    if room() < min(sizes[widest], LEAST) and widest:
        return "".join(_stacked(line, width) for line in lines[1:])
    sizes[widest] = max(LEAST, min(sizes[widest], room()))
    out = []
    for line in lines:
        cells = [_fit(cell, size).ljust(size) for cell, size in zip(line, sizes, strict=False)]
        out.append("  ".join(cells).rstrip())
    return "\n".join(out) + "\n"


def answer_text(answer: Mapping[str, Any], *, lang: str = "en") -> str:
    """Return a saved answer in a few lines: its outcome, its day, its facts, the rules it rests on."""
    headline = answer["ordinarily"]["outcome"] if answer["headline"] == "ordinarily" else answer["outcome"]
    facts = " ".join(f"{n}={','.join(v) or 'none' if isinstance(v, list) else v}" for n, v in answer["facts"].items())
    lines = [f"{headline}: {answer['action']}, {answer['on']['from']}", f"  {facts}".rstrip()]
    for ground in answer["grounds"]:
        if ground["decisive"]:
            lines.append(f"  {ground['rule']}  {said(ground, lang=lang)}")
    return "\n".join([*lines, f"  {answer['id']}"]) + "\n"
