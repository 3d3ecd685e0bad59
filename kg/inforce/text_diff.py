"""What differs between two readings of a provision: which units, and in each which words.

A difference is exact: applied to the earlier reading it gives the later one, and two that follow each other make one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from inforce.errors import UsageError
from inforce.text_units import Reading, Wording, cited, in_tree

__all__ = ["Difference", "Edit", "UnitChange", "between", "word_edits"]

Content = tuple[int, str, str]
_PIECES = re.compile(r"[\w'’.-]*\w|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of words: ``equal``, ``delete`` (``after`` is empty), ``insert`` (``before`` is empty), ``replace``."""

    op: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class UnitChange:
    """One unit that reads otherwise: ``added``, ``amended``, ``repealed``, ``renumbered`` or ``moved``.

    ``before`` is ``None`` for what was not there on the earlier day, ``after`` for what is gone on the later one.
    """

    kind: str
    before: Wording | None
    after: Wording | None
    title: tuple[Edit, ...]
    text: tuple[Edit, ...]

    @property
    def shown(self) -> Wording:
        """The wording that names the unit: the later one where there is one."""
        # A change has at least one side.
        return cast(Wording, self.after or self.before)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""

        def side(one: Wording | None) -> dict[str, Any] | None:
            if one is None:
                return None
            return {
                "citation": cited(one.path, "en"),
                "citation_fr": cited(one.path, "fr"),
                "iri": one.iri,
                "type": one.type,
                "from": one.since,
                "until": one.until,
                "known_from": one.known_from,
                "instrument": one.instrument,
                "note": one.note,
                "decided_by": one.decided_by,
                "title": one.title,
                "text": one.text,
            }

        edits = {
            key: [{"op": e.op, "before": e.before, "after": e.after} for e in found]
            for key, found in (("title_edits", self.title), ("text_edits", self.text))
        }
        return {"kind": self.kind, "before": side(self.before), "after": side(self.after), **edits}


@dataclass(frozen=True, slots=True)
class Difference:
    """How one reading of a provision became another: the units that read otherwise, in the order of the law."""

    before: Reading
    after: Reading
    changes: tuple[UnitChange, ...]

    def __bool__(self) -> bool:
        """Tell whether anything differs."""
        return bool(self.changes)

    @property
    def states(self) -> Mapping[str, tuple[Content | None, Content | None]]:
        """What each provision that differs said before and says after, by path; ``None`` where it was not there."""
        return _states(_contents(self.before), _contents(self.after))

    def applied(self, contents: Mapping[str, Content]) -> dict[str, Content]:
        """Return what a text becomes by this difference.

        Args:
            contents: order, marginal note and text by path, as ``Wording.content`` gives them.

        Raises:
            UsageError: the text does not read as the difference begins.
        """
        found = dict(contents)
        for path, (before, after) in self.states.items():
            if found.pop(path, None) != before:
                raise UsageError(f"{cited(path)} does not read as the difference begins", code="E_USAGE")
            if after is not None:
                found[path] = after
        return found

    def then(self, later: Difference) -> Difference:
        """Return this difference and a later one, which begins as this one ends, as one.

        Raises:
            UsageError: the later one does not begin as this one ends.
        """
        if _contents(later.before) != _contents(self.after):
            raise UsageError("the second difference does not begin as the first ends", code="E_USAGE")
        return between(self.before, later.after)

    def unified(self, *, context: int = 1) -> str:
        """Return the difference as a unified diff over units, one line each; nothing where nothing differs."""
        one, other = (f"{reading.citation}\t{reading.on}" for reading in (self.before, self.after))
        lines = difflib.unified_diff(self.before.lines(), self.after.lines(), one, other, n=context, lineterm="")
        return "".join(line + "\n" for line in lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form ``inforce/text-difference/1``."""
        return {
            "schema": "inforce/text-difference/1",
            "citation": cited(self.before.path, "en"),
            "citation_fr": cited(self.before.path, "fr"),
            "language": self.before.language,
            "from": self.before.on,
            "to": self.after.on,
            "known_on": self.after.known_on,
            "changes": [one.to_dict() for one in self.changes],
        }


def _contents(reading: Reading) -> dict[str, Content]:
    return {one.path: one.content for one in reading.wordings}


def _states(
    before: Mapping[str, Content], after: Mapping[str, Content]
) -> dict[str, tuple[Content | None, Content | None]]:
    every = [*before, *(path for path in after if path not in before)]
    return {path: (before.get(path), after.get(path)) for path in every if before.get(path) != after.get(path)}


def between(before: Reading, after: Reading) -> Difference:
    """Return how one reading became another; a unit that was renumbered is one change, not two."""
    old = {one.path: one for one in before.wordings}
    new = {one.path: one for one in after.wordings}
    differing = _states(_contents(before), _contents(after))
    by_iri = {one.iri: one for one in before.wordings if one.path in differing}
    taken: set[str] = set()
    changes = []
    for path in differing:
        late = new.get(path)
        # A wording that replaces one of the earlier reading is the same clause under another number.
        moved = by_iri.get(late.replaces or "") if late is not None else None
        if late is not None and moved is not None and moved.path != path and path not in old:
            taken.add(moved.path)
            changes.append(_change("renumbered", moved, late))
        elif late is not None and path in old:
            same = old[path].content[1:] == late.content[1:]
            changes.append(_change("moved" if same else "amended", old[path], late))
        elif late is not None:
            changes.append(_change("added", None, late))
    gone = [_change("repealed", old[path], None) for path in differing if path not in new and path not in taken]
    changes += gone
    places = {path: place for place, path in enumerate(in_tree({p: w.order for p, w in {**old, **new}.items()}))}
    changes.sort(key=lambda one: places[one.shown.path])
    return Difference(before, after, tuple(changes))


def _change(kind: str, before: Wording | None, after: Wording | None) -> UnitChange:
    def edits(key: str) -> tuple[Edit, ...]:
        return word_edits(*(getattr(one, key) or "" if one is not None else "" for one in (before, after)))

    return UnitChange(kind, before, after, edits("title"), edits("text"))


def word_edits(before: str, after: str) -> tuple[Edit, ...]:
    """Return how one text became another, word by word; joined, the edits give both texts back to the letter.

    >>> [(e.op, e.before, e.after) for e in word_edits("a red lamp", "a green lamp")]
    [('equal', 'a ', 'a '), ('replace', 'red', 'green'), ('equal', ' lamp', ' lamp')]
    """
    one, other = _PIECES.findall(before), _PIECES.findall(after)
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    found: list[Edit] = []
    for op, a, b, c, d in matcher.get_opcodes():
        found.append(Edit(op, "".join(one[a:b]), "".join(other[c:d])))
    return tuple(_joined(found))


def _joined(edits: Sequence[Edit]) -> list[Edit]:
    """Edits with nothing small left standing between two that change more: people read phrases, not lone words.

    Source:
        N. Fraser, Writing: Diff Strategies (2006), semantic cleanup: what stays equal goes where the changes on both
        sides of it are at least as long.
    """
    found = list(edits)
    number = 1
    while number < len(found) - 1:
        before, edit, after = found[number - 1 : number + 2]
        lone = edit.op == "equal" and len(edit.after) <= min(_size(before), _size(after))
        if before.op != "equal" and after.op != "equal" and (lone or not re.search(r"\w", edit.after)):
            found[number - 1 : number + 2] = [_both(before, edit, after)]
            # What grew may now be longer than what stands before it.
            number = max(1, number - 2)
        else:
            number += 1
    return found


def _size(edit: Edit) -> int:
    return max(len(edit.before), len(edit.after))


def _both(*edits: Edit) -> Edit:
    return Edit("replace", "".join(edit.before for edit in edits), "".join(edit.after for edit in edits))
