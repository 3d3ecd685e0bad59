"""Steps of a path: the structural label of a unit, spelled the same over time and in both languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from inforce.law.notes import read_note

__all__ = ["heading_step", "label_step", "related_step", "slug", "word_step"]

_BRACKETS = re.compile(r"[()\[\]]")
_NUMBERED = re.compile(r"[0-9]+(?:\.[0-9]+)*[A-Za-z]?")
# What joins the ends of a range of repealed units, in both languages.
_JOINTS = {"et": "and", "à": "to", "a": "to", "ou": "or", "and": "and", "to": "to", "or": "or"}
_DIVISIONS = {
    "part": "part",
    "partie": "part",
    "division": "division",
    "section": "division",
    "subdivision": "subdivision",
    "sous-section": "subdivision",
    "schedule": "schedule",
    "annexe": "schedule",
    "appendix": "appendix",
    "appendice": "appendix",
    "title": "title",
    "titre": "title",
    "chapter": "chapter",
    "chapitre": "chapter",
}
_PINPOINT = re.compile(r"[0-9]+(?:\.[0-9]+)*[A-Z]?(?:\([0-9a-zA-Z.]+\))*")
LONGEST = 60


@lru_cache(maxsize=2048)
def slug(text: str) -> str:
    """Return words as one step: lower case, no accents, dashes between.

    >>> slug("Côte d’Ivoire")
    'cote-d-ivoire'
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    bare = bare.replace("œ", "oe").replace("Œ", "Oe")
    # A point stays within a number.
    found = re.sub(r"(?:[^0-9A-Za-z.]|\.(?![0-9])|(?<![0-9])\.)+", "-", bare).strip("-").lower()
    return found[:LONGEST].rstrip("-.")


@lru_cache(maxsize=2048)
def label_step(label: str) -> str:
    """Return a printed label as one step; empty if it holds nothing.

    >>> [label_step(one) for one in ("(a)", "a)", "26.1", "(II)", "(3 et 4)", "204 and 205", "d) à g)")]
    ['a', 'a', '26.1', 'II', '3-and-4', '204-and-205', 'd-to-g']
    """
    words = _BRACKETS.sub(" ", label).replace("\N{EN DASH}", " to ").split()
    if len(words) == 1:
        word = words[0].rstrip(".,;:*")
        if word.isascii() and word.replace(".", "").replace("-", "").isalnum():
            return word
    joined = [_JOINTS.get(word, word) if 0 < at < len(words) - 1 else word for at, word in enumerate(words)]
    return "-".join(step for word in joined if (step := re.sub(r"[^0-9A-Za-z.]+", "-", _ascii(word)).strip("-.")))


def heading_step(label: str) -> str:
    """Return the step of a labelled part of the law, from either language; empty where the label is of no known kind.

    >>> heading_step("PARTIE 11"), heading_step("SECTION 1.1"), heading_step("SCHEDULE 1.01"), heading_step("ANNEXE")
    ('part-11', 'division-1.1', 'schedule-1.01', 'schedule')
    """
    words = label.split()
    if not words:
        return ""
    kind = _DIVISIONS.get(words[0].lower())
    if kind is None:
        return label_step(label).lower()
    rest = label_step(" ".join(words[1:]))
    return f"{kind}-{rest}" if rest else kind


def related_step(title: str) -> str:
    """Return the step of an amendment not in force or a related provision, named by what enacts it; else empty.

    >>> related_step("— SOR/2003-11, s. 4(2)") == related_step("— DORS/2003-11, par. 4(2)")
    True
    """
    references = read_note(title.lstrip("—– "))
    if not references:
        return ""
    first = references[0]
    pinpoint = _PINPOINT.match(first.sections)
    return slug(f"{first.instrument} {pinpoint[0] if pinpoint else ''}")


def word_step(text: str) -> str:
    """Return the step of a row or an item: its first words, or its number."""
    bare = text.strip()
    return bare if _NUMBERED.fullmatch(bare) else slug(bare)


def _ascii(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
