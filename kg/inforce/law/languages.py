"""The two languages beside each other: which changes are of one alone.

Only what was published on the same day is compared, so that no later publication changes what an earlier one showed.
"""

from __future__ import annotations

from inforce.law.notes import read_note
from inforce.law.versions import History

__all__ = ["mark_single_language"]


def mark_single_language(histories: dict[str, History]) -> None:
    """Mark changes of one language as ``language-only``: by the note's own mark, or as the other stood still.

    Args:
        histories: by language; changed in place.
    """
    for language, history in histories.items():
        other = histories.get("fr" if language == "en" else "en")
        days = [one.day.isoformat() for one in history.snapshots]
        previous = dict(zip(days[1:], days, strict=False))
        other_days = [one.day.isoformat() for one in other.snapshots] if other else []
        other_previous = dict(zip(other_days[1:], other_days, strict=False))
        held = (
            {one.day.isoformat(): {anchor.path for anchor in one.anchors} for one in other.snapshots} if other else {}
        )
        for change in history.changes:
            if change.kind not in ("added", "amended", "repealed"):
                continue
            wording = change.starts
            if wording is not None and wording.how not in ("exact", "bounded"):
                continue
            marked = wording is not None and _marked(wording.note, language)
            still = (
                other is not None
                and change.seen in previous
                and other_previous.get(change.seen) == previous[change.seen]
                and change.anchor in held[change.seen]
                and change.anchor in held[previous[change.seen]]
                and change.anchor not in other.touched.get(change.seen, set())
            )
            if marked or still:
                change.kind = "language-only"
                if wording is not None:
                    wording.how = "language-only"


def _marked(note: str, language: str) -> bool:
    references = read_note(note)
    return bool(references) and all(one.only == language for one in references)
