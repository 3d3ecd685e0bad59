"""What a file of a law says: a snapshot, its units in document order, and what its historical notes date."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from inforce.errors import InputError

__all__ = ["Anchor", "NoteItem", "Snapshot", "Unit"]

# Raised when what is stored of a snapshot changes its form: a cache of another form is not read.
FORM = 6


class NoteItem(NamedTuple):
    """One dated item of a historical note."""

    date: str
    """The day the amendments it names came into force; ISO, or empty."""
    text: str
    """``SOR/2001-50, s. 1``, as written."""


class Anchor(NamedTuple):
    """What carries a historical note for all within it: a section, a schedule, a heading."""

    path: str
    last_amended: str
    notes: tuple[NoteItem, ...]


class Unit(NamedTuple):
    """One element of a law that has words of its own; its children are units of their own."""

    path: str
    """Structural labels from the law down, ``2/1/b``: the same over time and in both languages."""
    parent: str
    """The path it is part of; empty for the law."""
    kind: str
    """section, subsection, paragraph, definition, row, heading, ... (`inforce.law.elements.KINDS`)."""
    label: str
    """As printed: ``(b)``."""
    title: str
    """Its marginal note or title."""
    text: str
    """Its own words, spaces collapsed; without those of its children."""
    folded: str
    """The words that its digest is of, where they differ from ``text``: rows, list and continuation folded in."""
    markup: str
    """Its own words with their inline elements, if it has any."""
    dates: tuple[str, ...]
    """In-force attributes of itself and of what is folded into it; ISO, sorted."""
    own_date: str
    """Its own in-force attribute, or empty."""
    lims_id: str
    anchor: str
    """The path of the section, schedule or heading whose historical note speaks for it."""
    repealed: bool
    """Whether its words are those of a repeal."""
    alias: str
    """What it goes by in this file alone: the local term of a definition, the place of an unnumbered heading."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of one law in one language, as published on a day."""

    law: str
    """First step of its paths."""
    language: str
    """``en`` or ``fr``."""
    day: date
    """The day it was published."""
    point_in_time: date
    current_to: date
    last_amended: date
    number: str
    title: str
    digest: str
    """SHA-256 of the file, unpacked."""
    units: tuple[Unit, ...]
    anchors: tuple[Anchor, ...]
    recent: tuple[NoteItem, ...] = ()
    """What amended the law lately, by day: it names an instrument where a historical note was left as it was."""

    def to_json(self) -> bytes:
        """Return the snapshot as canonical JSON: the same snapshot gives the same bytes."""
        data = {
            "form": FORM,
            "law": self.law,
            "language": self.language,
            "day": self.day.isoformat(),
            "point_in_time": self.point_in_time.isoformat(),
            "current_to": self.current_to.isoformat(),
            "last_amended": self.last_amended.isoformat(),
            "number": self.number,
            "title": self.title,
            "digest": self.digest,
            "units": self.units,
            "anchors": self.anchors,
            "recent": self.recent,
        }
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Snapshot:
        """Return the snapshot that `to_json` wrote.

        Raises:
            InputError: not such JSON, or of another version of the program (``E_FORM``).
        """
        try:
            data: dict[str, Any] = json.loads(content)
            if data["form"] != FORM:
                raise InputError("a parsed file of another version of the program", code="E_FORM")
            units = tuple(Unit._make([*one[:8], tuple(one[8]), *one[9:]]) for one in data["units"])
            anchors = tuple(
                Anchor(path, last, tuple(NoteItem(*item) for item in notes)) for path, last, notes in data["anchors"]
            )
            return cls(
                law=data["law"],
                language=data["language"],
                day=date.fromisoformat(data["day"]),
                point_in_time=date.fromisoformat(data["point_in_time"]),
                current_to=date.fromisoformat(data["current_to"]),
                last_amended=date.fromisoformat(data["last_amended"]),
                number=data["number"],
                title=data["title"],
                digest=data["digest"],
                units=units,
                anchors=anchors,
                recent=tuple(NoteItem(*item) for item in data["recent"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"not a parsed file: {error}", code="E_FORM") from None
