"""Historical notes: which instrument amended a section, by which of its sections, in which language only."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Reference", "read_note"]

_REGISTERED = re.compile(r"(SOR|DORS|SI|TR)/([0-9]{2,4}-[0-9]+)", re.IGNORECASE)
_CHAPTER = re.compile(
    r"(?:(?P<year>[0-9]{4})\s*,\s*)?(?:(?:ch|c)\.\s*(?P<chapter>[0-9]+)|(?P<bare>[0-9]+)(?=\s*,\s*s\.))"
)
_SECTIONS = re.compile(r"(?:ss?|art|par|sch|ann)\.\s*(?P<list>[^;]*?)\s*\Z", re.IGNORECASE)
_FLAG = re.compile(r"\(([EFA])\)")
_LETTERS = {"DORS": "SOR", "TR": "SI"}


@dataclass(frozen=True, slots=True)
class Reference:
    """One instrument that a note names.

    >>> read_note("SOR/2001-50, s. 3(F)")
    (Reference(instrument='SOR/2001-50', sections='3', only='fr'),)
    """

    instrument: str  # Path under instrument/, SOR/2001-50 or SC/2001/c27.
    sections: str  # As the note numbers them, without "s." or "art.", and flags.
    only: str  # "en" or "fr" where the amendment is of that language alone, else "".


def read_note(text: str) -> tuple[Reference, ...]:
    """Return the instruments that a historical note or a part of it names, in its order; English or French.

    >>> [one.instrument for one in read_note("DORS/2001-50, art. 1; 2012, ch. 17, art. 2, ch. 19, art. 700")]
    ['SOR/2001-50', 'SC/2012/c17', 'SC/2012/c19']
    """
    found: list[Reference] = []
    for part in text.split(";"):
        if registered := _REGISTERED.search(part):
            kind = registered[1].upper()
            rest = part[registered.end() :]
            found.append(_reference(f"{_LETTERS.get(kind, kind)}/{registered[2]}", rest))
            continue
        found += _chapters(part)
    return tuple(found)


def _chapters(part: str) -> list[Reference]:
    """Chapters of acts; the year is said once for those that follow: ``2012, c. 17, s. 2, c. 19, s. 700``."""
    found, year = [], ""
    hits = list(_CHAPTER.finditer(part))
    for hit, following in zip(hits, [*hits[1:], None], strict=False):
        year = hit["year"] or year
        if not year:
            continue
        rest = part[hit.end() : following.start() if following else len(part)].rstrip(" ,")
        found.append(_reference(f"SC/{year}/c{hit['chapter'] or hit['bare']}", rest))
    return found


def _reference(instrument: str, rest: str) -> Reference:
    flags = set(_FLAG.findall(rest))
    plain = _FLAG.sub("", rest)
    sections = _SECTIONS.search(plain.lstrip(" ,"))
    listed = sections["list"].rstrip(" .") if sections else ""
    only = ""
    # A list of sections of which one alone is flagged amends both languages.
    if len(flags) == 1 and len(_FLAG.findall(rest)) == len(re.split(r",| et | and ", listed)):
        only = "fr" if flags == {"F"} else "en"
    return Reference(instrument, re.sub(r"\s+et\s+", ", ", listed), only)
