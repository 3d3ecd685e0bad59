"""Changes as a feed: Atom for readers, iCalendar for calendars. The same changes give the same bytes.

Source: RFC 4287, The Atom Syndication Format; RFC 5545, iCalendar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from inforce.errors import UsageError, nearest
from inforce.vocab import BASE
from inforce.wording import instrument_words

__all__ = ["FORMS", "atom", "feed", "icalendar"]

FORMS = {"atom": "application/atom+xml", "ics": "text/calendar"}
"""The forms of a feed, with their media types."""

Row = Mapping[str, Any]
Link = Callable[[Row], str | None]
NO_LABELS: Mapping[str, str] = MappingProxyType({})

_TITLE = {"en": "inforce: what changed when", "fr": "inforce : ce qui a changé, et quand"}
_NOTE = {"en": "Not legal advice.", "fr": "Ceci n'est pas un avis juridique."}
_WORDS = {
    "en": {"by": "by", "before": "before", "known": "known from", "hour": "from", "sources": "sources", "colon": ":"},
    "fr": {
        "by": "par",
        "before": "avant",
        "known": "connu dès le",
        "hour": "à partir du",
        "sources": "sources",
        "colon": " :",
    },
}
_KINDS_FR = {
    "added": "ajout",
    "amended": "modification",
    "announced": "annonce",
    "changed": "modification",
    "clarified": "précision",
    "effective": "prise d'effet",
    "enacted": "édiction",
    "ended": "fin",
    "expired": "expiration",
    "repealed": "abrogation",
    "restated": "reprise",
}
"""What a change is, for readers of French; a kind of a user's own stays as it is."""
# What XML 1.0 cannot hold, whatever is written for it.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feed(
    rows: Iterable[Row],
    form: str,
    *,
    lang: str = "en",
    link: Link | None = None,
    address: str = "",
    layers: Mapping[str, str] = NO_LABELS,
) -> str:
    """Return changes as a feed.

    Args:
        rows: changes as ``kb.changes`` has them; in any order.
        form: one of ``FORMS``.
        lang: the language of words, ``en`` or ``fr``.
        link: gives the address of a change's page; ``None`` where it has none.
        address: where the feed itself is, if anywhere.
        layers: what each layer of authority is called in that language.

    Raises:
        UsageError: no such form.
    """
    if form not in FORMS:
        near = nearest(form, FORMS)
        raise UsageError(
            f'a feed cannot be written as "{form}"',
            hint=(f"did you mean {near[0]}? " if near else "") + f"forms: {', '.join(FORMS)}",
        )
    dated = _identified(rows)
    if form == "atom":
        return atom(dated, lang=lang, link=link, address=address, layers=layers)
    return icalendar(dated, lang=lang, link=link, layers=layers)


def _identified(rows: Iterable[Row]) -> list[tuple[str, Row]]:
    """Each change with an id that stays when its words are put otherwise; the newest first."""
    found: list[tuple[str, Row]] = []
    seen: dict[str, int] = {}
    for row in rows:
        key = "\n".join(
            str(row.get(name) or "") for name in ("date", "kind", "layer", "thing", "citation", "instrument")
        )
        number = seen[key] = seen.get(key, 0) + 1
        name = f"{BASE}change\n{key}" + (f"\n{number}" if number > 1 else "")
        found.append((f"urn:uuid:{uuid5(NAMESPACE_URL, name)}", row))
    return sorted(found, key=lambda item: (_instant(item[1]), item[0]), reverse=True)


def _first_day(text: str) -> date:
    # A change may be known to the month or the year only: its first day stands for it.
    return date.fromisoformat((text + "-01-01")[:10])


def _instant(row: Row) -> str:
    """The moment of a change as RFC 3339 has it, in universal time."""
    if row.get("time"):
        moment = datetime.fromisoformat(row["time"]).astimezone(UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{_first_day(row['date'])}T00:00:00Z"


def _word(row: Row, name: str, lang: str) -> str:
    return str((row.get(f"{name}_fr") if lang == "fr" else None) or row.get(name) or "")


def _summary(row: Row, lang: str) -> str:
    name = _word(row, "citation", lang) or str(row.get("thing") or "")
    colon = _WORDS[lang]["colon"]
    return f"{name}{colon} {_word(row, 'label', lang)} ({_kind(row, lang)})" if name else _word(row, "label", lang)


def _kind(row: Row, lang: str) -> str:
    kind = str(row["kind"])
    return _KINDS_FR.get(kind, kind) if lang == "fr" else kind


def _details(row: Row, lang: str) -> list[str]:
    words = _WORDS[lang]
    lines = [_word(row, "label", lang)]
    if row.get("event"):
        lines.append(_word(row, "event", lang))
    if row.get("time"):
        day, clock, offset = row["time"][:10], row["time"][11:16], row["time"][19:]
        lines.append(f"{words['hour']} {day} {clock} (UTC{offset})")
    if row.get("instrument"):
        lines.append(f"{words['by']} {instrument_words(row['instrument'], lang)}")
    if row.get("before"):
        lines.append(f"{words['before']}{words['colon']} {_word(row, 'before', lang)}")
    if row.get("recorded") and row["recorded"] != row["date"]:
        lines.append(f"{words['known']} {row['recorded']}")
    if row.get("sources"):
        lines.append(f"{words['sources']}{words['colon']} {', '.join(row['sources'])}")
    return lines


# ---- Atom ---------------------------------------------------------------------------------------------


def atom(
    dated: Sequence[tuple[str, Row]],
    *,
    lang: str = "en",
    link: Link | None = None,
    address: str = "",
    layers: Mapping[str, str] = NO_LABELS,
) -> str:
    """Return changes, each with its id, as an Atom feed; a category has a term that stays and a label to read."""
    # An empty feed was last changed when the era of computers began: no clock is read here.
    updated = max((_instant(row) for _, row in dated), default=datetime.fromtimestamp(0, UTC).isoformat())
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{lang}">',
        f"  <id>{_xml(address or BASE + 'changes')}</id>",
        f"  <title>{_xml(_TITLE[lang])}</title>",
        f"  <subtitle>{_xml(_NOTE[lang])}</subtitle>",
        f"  <updated>{updated}</updated>",
        "  <author><name>inforce</name></author>",
        "  <rights>CC-BY-4.0</rights>",
    ]
    if address:
        lines.append(f'  <link rel="self" type="application/atom+xml" href="{_xml(address)}"/>')
    for name, row in dated:
        lines += _entry(name, row, lang, link, layers)
    return "\n".join([*lines, "</feed>"]) + "\n"


def _entry(name: str, row: Row, lang: str, link: Link | None, layers: Mapping[str, str]) -> list[str]:
    there = link(row) if link is not None else None
    return [
        "  <entry>",
        f"    <id>{name}</id>",
        f"    <title>{_xml(_summary(row, lang))}</title>",
        f"    <updated>{_instant(row)}</updated>",
        *([f'    <link rel="alternate" href="{_xml(there)}"/>'] if there else []),
        _category(row["kind"], _kind(row, lang)),
        *([_category(row["layer"], layers.get(row["layer"]))] if row.get("layer") else []),
        f'    <content type="text">{_xml(chr(10).join(_details(row, lang)))}</content>',
        "  </entry>",
    ]


def _category(term: str, label: str | None) -> str:
    said = f' label="{_xml(label)}"' if label and label != term else ""
    return f'    <category term="{_xml(term)}"{said}/>'


def _xml(text: Any) -> str:
    return escape(_NOT_XML.sub("\ufffd", str(text)), quote=True)


# ---- iCalendar ----------------------------------------------------------------------------------------


def icalendar(
    dated: Sequence[tuple[str, Row]],
    *,
    lang: str = "en",
    link: Link | None = None,
    layers: Mapping[str, str] = NO_LABELS,
) -> str:
    """Return changes, each with its id, as a calendar of whole days."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//inforce//changes//{lang.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(_TITLE[lang])}",
    ]
    for name, row in dated:
        lines += _event(name, row, lang, link, layers)
    return "".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _event(name: str, row: Row, lang: str, link: Link | None, layers: Mapping[str, str]) -> list[str]:
    day = _first_day(row["date"])
    there = link(row) if link is not None else None
    layer = row.get("layer")
    categories = ",".join(_text(one) for one in (_kind(row, lang), layers.get(layer or "", layer)) if one)
    return [
        "BEGIN:VEVENT",
        f"UID:{name.removeprefix('urn:uuid:')}",
        # When this was written down is not known here: the same data give the same bytes.
        f"DTSTAMP:{day:%Y%m%d}T000000Z",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY;LANGUAGE={lang}:{_text(_summary(row, lang))}",
        f"DESCRIPTION;LANGUAGE={lang}:{_text(chr(10).join([*_details(row, lang), _NOTE[lang]]))}",
        f"CATEGORIES:{categories}",
        *([f"URL:{_NOT_XML.sub('', there)}"] if there and not re.search(r"\s", there) else []),
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _text(value: Any) -> str:
    text = _NOT_XML.sub("\ufffd", str(value)).replace("\r\n", "\n").replace("\r", "\n")
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    return escaped.replace("\t", " ")


def _folded(line: str) -> str:
    """A content line in pieces of at most 75 octets, none of which cuts a character."""
    pieces, size, piece = [], 0, ""
    for character in line:
        width = len(character.encode())
        if size + width > 75:
            pieces.append(piece)
            # The space that goes before a piece counts too.
            piece, size = "", 1
        piece += character
        size += width
    return "\r\n ".join([*pieces, piece]) + "\r\n"
