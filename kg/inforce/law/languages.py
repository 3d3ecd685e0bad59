"""The two languages beside each other: which changes are of one alone.

Only what was published on the same days is compared, so that no later publication changes what an earlier one showed.
"""

from __future__ import annotations

from inforce.law.notes import read_note
from inforce.law.versions import Change, History

__all__ = ["mark_single_language"]

_OTHER = {"en": "fr", "fr": "en"}
_KINDS = {"added", "amended", "repealed"}
_DATED = {"exact", "bounded"}


def mark_single_language(histories: dict[str, History]) -> None:
    """Mark changes of one language as ``language-only``: by the note's own mark, or as the other stood still.

    Args:
        histories: by language; changed in place.
    """
    for language, history in histories.items():
        beside = _Beside(history, histories.get(_OTHER[language]))
        for change in history.changes:
            wording = change.starts
            if change.kind not in _KINDS or (wording is not None and wording.how not in _DATED):
                continue
            note = wording.note if wording is not None else ""
            only = [one.only == language for one in read_note(note)]
            if (only and all(only)) or beside.still(change) or (any(only) and beside.unmoved(change)):
                change.kind = "language-only"
                if wording is not None:
                    wording.how = "language-only"


class _Beside:
    """What the other language showed between the same two publications."""

    def __init__(self, own: History, other: History | None) -> None:
        self.other = other or History("")
        self.anchors = {one.day.isoformat(): {a.path for a in one.anchors} for one in self.other.snapshots}
        self.previous = _previous(own)
        self.their_previous = _previous(self.other)

    def compared(self, change: Change) -> bool:
        """Whether the other language has the same two publications."""
        before = self.previous.get(change.seen)
        return before is not None and self.their_previous.get(change.seen) == before

    def still(self, change: Change) -> bool:
        """Whether the whole section stood still in the other language."""
        return (
            self.compared(change)
            and change.anchor in self.anchors[change.seen]
            and change.anchor in self.anchors[self.previous[change.seen]]
            and change.anchor not in self.other.touched.get(change.seen, set())
        )

    def unmoved(self, change: Change) -> bool:
        """Whether this one provision stood still in the other language."""
        return self.compared(change) and change.path not in self.other.changed.get(change.seen, set())


def _previous(history: History) -> dict[str, str]:
    days = [one.day.isoformat() for one in history.snapshots]
    return dict(zip(days[1:], days, strict=False))
