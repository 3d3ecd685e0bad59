"""The fold: from snapshots, oldest first, to dated wordings of each unit, in one language.

Forward only. What a snapshot shows changes the end of earlier wordings and adds later ones, and says since when each
was known; nothing that was visible as known on an earlier day ever changes. How a start is decided is told in
docs/decisions/0013-starts-of-wordings.md.

Source:
    The publisher's attributes do not move with the words of a unit: in 102 of 123 changed sections of the Regulations
    the in-force date stayed; historical notes and inner dates tell the rest.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from inforce.law.model import Anchor, Snapshot, Unit
from inforce.law.notes import Reference, read_note
from inforce.law.order import SPACE, place

__all__ = ["Change", "History", "Wording", "fold"]


@dataclass(slots=True, eq=False)
class Wording:
    """What one unit reads in one language, from one day until another."""

    unit: Unit
    path: str
    start: str
    known: str
    how: str
    order: int = 0
    number: int = 1
    """Which of those of the same path and first day."""
    until: str = ""
    end_known: str = ""
    end_how: str = ""
    """How the end was decided where nothing follows; else the start of what follows tells."""
    note: str = ""
    instruments: tuple[str, ...] = ()
    replaces: Wording | None = None
    """The wording it was under another path."""
    corrects: Wording | None = None
    corrected: bool = False
    """Whether it came without any date moving."""

    @property
    def digest(self) -> str:
        """SHA-256 of its words by the recipe of the packaged digests; empty where it has none."""
        words = self.unit.folded or self.unit.text
        return hashlib.sha256(words.encode()).hexdigest() if words else ""


@dataclass(slots=True, eq=False)
class Change:
    """What happened to the wording of one path on one day."""

    path: str
    day: str
    kind: str
    seen: str
    """The publication that first showed it."""
    anchor: str
    starts: Wording | None = None
    ends: Wording | None = None
    instruments: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class History:
    """All that the snapshots of a law in one language say."""

    language: str
    snapshots: list[Snapshot] = field(default_factory=list)
    wordings: list[Wording] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    touched: dict[str, set[str]] = field(default_factory=dict)
    """Publication day -> the anchors within which text changed then."""
    changed: dict[str, set[str]] = field(default_factory=dict)
    """Publication day -> the paths whose text changed then."""


def fold(snapshots: Iterable[Snapshot]) -> History:
    """Return the history of one law in one language.

    Args:
        snapshots: of one law and language, in any order; of several published on a day the most current counts.
    """
    latest: dict[str, Snapshot] = {}
    for one in snapshots:
        held = latest.get(one.day.isoformat())
        if held is None or _currency(held) < _currency(one):
            latest[one.day.isoformat()] = one
    ordered = [latest[day] for day in sorted(latest)]
    folding = _Fold(ordered[0].language if ordered else "en")
    for one in ordered:
        folding.take(one)
    return folding.history


def _currency(one: Snapshot) -> tuple[str, ...]:
    return one.current_to.isoformat(), one.point_in_time.isoformat(), one.last_amended.isoformat(), one.digest


class _Fold:
    def __init__(self, language: str) -> None:
        self.history = History(language)
        self.open: dict[str, Wording] = {}
        self.closed: dict[str, str] = {}
        self.used: Counter[tuple[str, str]] = Counter()
        self.anchors: dict[str, Anchor] = {}
        self.terms: dict[tuple[str, str], str] = {}
        self.last_amended = ""

    # ---- one snapshot ------------------------------------------------------------------------

    def take(self, snapshot: Snapshot) -> None:
        """Take the next snapshot in."""
        first = not self.history.snapshots
        units = self.named(snapshot.units)
        self.history.snapshots.append(snapshot)
        anchors = {one.path: one for one in snapshot.anchors}
        step = _Step(snapshot, self.anchors, anchors, self.history.language)
        if first:
            self.begin(units, step)
        else:
            self.advance(units, step)
        self.anchors = anchors

    def named(self, units: tuple[Unit, ...]) -> list[Unit]:
        """Keep the path of what its label no longer tells: a term in one language, a heading without a number."""
        computed = {unit.path for unit in units}
        headings = {
            (one.unit.parent, one.unit.title): path
            for path, one in self.open.items()
            if one.unit.alias and one.unit.kind == "heading" and path not in computed
        }
        moved: dict[str, str] = {}
        found = []
        for unit in units:
            parent = moved.get(unit.parent, unit.parent)
            path = parent + unit.path[len(unit.parent) :]
            if unit.alias and unit.kind == "heading":
                if path not in self.open:
                    path = headings.pop((parent, unit.title), path)
            elif unit.alias:
                # The last step is the local term itself where the text does not give the English one.
                if path.rpartition("/")[2] == unit.alias:
                    known = self.terms.get((parent, unit.alias), path)
                    path = known if known not in computed else path
                else:
                    self.terms.setdefault((parent, unit.alias), path)
            if path != unit.path:
                moved[unit.path] = path
                computed.add(path)
                unit = unit._replace(path=path, parent=parent)
            found.append(unit)
        return found

    def begin(self, units: list[Unit], step: _Step) -> None:
        """The first snapshot: its wordings start at their own dates."""
        dates: dict[str, str] = {}
        for position, unit in enumerate(units):
            own = unit.dates[-1] if unit.dates else ""
            start = own or dates.get(unit.parent, "") or step.point
            dates[unit.path] = unit.own_date or dates.get(unit.parent, "")
            wording = self.start(unit, start, "first-held", step)
            wording.order = (position + 1) * SPACE

    def advance(self, units: list[Unit], step: _Step) -> None:
        """A later snapshot: what is gone, what is new, what reads otherwise, what stands elsewhere."""
        by_path = {unit.path: unit for unit in units}
        gone = [one for path, one in self.open.items() if path not in by_path]
        fresh = [unit for unit in units if unit.path not in self.open]
        altered = [unit for unit in units if unit.path in self.open and not _same(self.open[unit.path].unit, unit)]
        changed = {unit.path for unit in (*fresh, *altered)}
        held = [self.open[unit.path].order if unit.path in self.open else None for unit in units]
        orders, moved = place(held)
        origins = self.renumbered(gone, fresh, altered)
        heirs = {id(one): path for path, one in origins.items()}
        for at, unit in enumerate(units):
            if unit.path in changed or at in moved:
                self.replace(unit, orders[at], origins.get(unit.path), step)
        for wording in gone:
            self.vanish(wording, step, heir=self.open.get(heirs.get(id(wording), "")))

    def renumbered(self, gone: list[Wording], fresh: list[Unit], altered: list[Unit]) -> dict[str, Wording]:
        """New path -> the wording that stood under another path of the same section, word for word."""
        pool: dict[tuple[str, str, str], list[Wording]] = {}
        for wording in [*gone, *(self.open[unit.path] for unit in altered)]:
            unit = wording.unit
            if _distinct(unit):
                pool.setdefault((unit.anchor, unit.folded or unit.text, unit.title), []).append(wording)
        found: dict[str, Wording] = {}
        for unit in (*fresh, *altered):
            if _distinct(unit):
                held = pool.get((unit.anchor, unit.folded or unit.text, unit.title), [])
                held = [one for one in held if one.path != unit.path]
                if held:
                    found[unit.path] = held[0]
                    pool[unit.anchor, unit.folded or unit.text, unit.title].remove(held[0])
        return found

    # ---- one wording -------------------------------------------------------------------------

    def replace(self, unit: Unit, order: int, origin: Wording | None, step: _Step) -> None:
        """Start a new wording of a path, and end the one before it."""
        before = self.open.get(unit.path)
        floor = before.start if before else self.closed.get(unit.path, "")
        day, how = step.decide(unit, before, floor, origin)
        wording = self.start(unit, day, how, step)
        wording.order = order
        kind = "amended" if before else "added"
        if how == "correction":
            kind = "corrected"
            wording.corrects, wording.corrected = before, True
            if before is not None:
                wording.note, wording.instruments = before.note, before.instruments
        if before is not None and _same(before.unit, unit):
            kind = "moved"
        elif unit.repealed and not (before and before.unit.repealed):
            kind = "repealed"
        if origin is not None:
            kind = wording.how = "renumbered"
            wording.replaces = origin
        if before is not None:
            before.until, before.end_known = day, step.day
        self.change(unit, step.day if how == "correction" else day, kind, step, wording, before)

    def vanish(self, wording: Wording, step: _Step, *, heir: Wording | None) -> None:
        """End the wording of a path that is no longer there; its words may go on under another path."""
        if heir is not None:
            day, how = max(heir.start, wording.start), ""
        else:
            day, how = step.end(wording)
        wording.until, wording.end_known, wording.end_how = day, step.day, how
        del self.open[wording.path]
        self.closed[wording.path] = day
        if how == "correction" or (heir is not None and heir.corrected):
            self.change(wording.unit, step.day, "renumbered" if heir else "corrected", step, None, wording)
        else:
            self.change(wording.unit, day, "renumbered" if heir else "repealed", step, None, wording)

    def start(self, unit: Unit, day: str, how: str, step: _Step) -> Wording:
        wording = Wording(unit, unit.path, day, step.day, how)
        self.used[unit.path, day] += 1
        wording.number = self.used[unit.path, day]
        if how != "correction":
            wording.note, wording.instruments = step.authority(unit, day, first=how == "first-held")
        if unit.kind == "heading" and _beside(unit):
            wording.instruments = tuple(one.instrument for one in read_note(unit.title))[:1]
        self.open[unit.path] = wording
        self.history.wordings.append(wording)
        return wording

    def change(
        self, unit: Unit, day: str, kind: str, step: _Step, starts: Wording | None, ends: Wording | None
    ) -> None:
        if unit.kind == "note":
            return  # The publisher's note on the law is not the law.
        self.history.touched.setdefault(step.day, set()).add(unit.anchor)
        self.history.changed.setdefault(step.day, set()).add(unit.path)
        if _beside(unit) and kind in ("added", "repealed"):
            # What stands beside the law comes and goes as a whole.
            if unit.kind != "heading":
                return
            kind = "announced" if kind == "added" else "withdrawn"
        instruments = starts.instruments if starts else step.authority(unit, day)[1]
        if kind == "withdrawn" and ends is not None:
            instruments = ends.instruments
        if kind == "corrected":
            instruments = ()
        self.history.changes.append(Change(unit.path, day, kind, step.day, unit.anchor, starts, ends, instruments))


class _Step:
    """One snapshot beside the one before it: what dates moved, and what they say of a change."""

    def __init__(self, snapshot: Snapshot, old: dict[str, Anchor], new: dict[str, Anchor], language: str) -> None:
        self.day = snapshot.day.isoformat()
        self.point = snapshot.point_in_time.isoformat()
        self.old, self.new, self.language = old, new, language
        self.recent = snapshot.recent
        self.notes: dict[str, list[str]] = {}

    def fresh(self, anchor: str) -> list[str]:
        """The dates that newly appeared in what speaks for an anchor, sorted: note items, then last amended."""
        if anchor in self.notes:
            return self.notes[anchor]
        now, before = self.new.get(anchor), self.old.get(anchor)
        found: set[str] = set()
        if now is not None:
            items = Counter(now.notes) - Counter(before.notes if before else ())
            found = {item.date for item in items if item.date}
            if not found and now.last_amended and (before is None or now.last_amended != before.last_amended):
                found = {now.last_amended}
        self.notes[anchor] = sorted(found)
        return self.notes[anchor]

    def decide(self, unit: Unit, before: Wording | None, floor: str, origin: Wording | None) -> tuple[str, str]:
        """Return the first day of a new wording, and how it is known."""
        shown = set(before.unit.dates) if before else set(origin.unit.dates) if origin else set()
        own = [day for day in unit.dates if day not in shown]
        noted = self.fresh(unit.anchor)
        if both := [day for day in own if day in noted]:
            return _not_before(both[-1], floor)
        if before or (unit.anchor in self.new and unit.anchor not in self.old):
            if later := [day for day in own if day >= floor]:
                return later[-1], "exact"
        if later := [day for day in noted if day > floor]:
            return later[-1], "exact" if len(later) == 1 else "bounded"
        if noted:
            return _not_before(noted[-1], floor)
        if before is not None:
            return before.start, "correction"
        if unit.own_date and (unit.anchor in self.old or not unit.anchor):
            return max(unit.own_date, floor), "correction"
        return max(self.point, floor), "bounded"

    def end(self, wording: Wording) -> tuple[str, str]:
        """Return the day on which a wording that left no mark ended, and how it is known."""
        noted = [day for day in self.fresh(wording.unit.anchor) if day >= wording.start]
        if noted:
            return noted[-1], "exact" if len(noted) == 1 else "bounded"
        if wording.unit.dates and (wording.unit.anchor in self.new or not wording.unit.anchor):
            return wording.start, "correction"
        return max(self.point, wording.start), "bounded"

    def amending(self, references: tuple[Reference, ...], day: str) -> tuple[Reference, ...]:
        """Of the instruments of one new item those that amended the law that day; else the last, which dates it."""
        lately = {ref.instrument for item in self.recent if item.date == day for ref in read_note(item.text)}
        return tuple(ref for ref in references if ref.instrument in lately) or references[-1:]

    def authority(self, unit: Unit, day: str, *, first: bool = False) -> tuple[str, tuple[str, ...]]:
        """Return the note items that explain a start on a day, and the instruments they name."""
        anchor = self.new.get(unit.anchor) or self.old.get(unit.anchor)
        items = [item for item in anchor.notes if item.date == day] if anchor else []
        # Where the note was left as it was, the list of what lately amended the law may still tell.
        items = items or [item for item in self.recent if item.date == day and not first]
        read = [(item, read_note(item.text)) for item in items]
        here = [(item, refs) for item, refs in read if not _only_other(refs, self.language)]
        read = here or read
        text = "; ".join(item.text for item, _ in read)
        named: list[Reference] = [ref for _, refs in read for ref in (refs if first else self.amending(refs, day))]
        if not read and unit.repealed:
            text, named = unit.text, list(read_note(unit.text)[-1:])
        found = tuple(dict.fromkeys(ref.instrument for ref in named))
        # A note as first held lists all that ever amended the section under one day: none of them can be singled out.
        return text, found if len(found) < 2 or not first else ()


def _beside(unit: Unit) -> bool:
    """Whether a unit is of the amendments not in force or the related provisions, printed beside the law."""
    return unit.path.partition("/")[0] in ("not-in-force", "related")


def _not_before(day: str, floor: str) -> tuple[str, str]:
    """An amendment that came in late cannot start before the wording it was worked into."""
    return (day, "exact") if day >= floor else (floor, "bounded")


def _only_other(references: tuple[Reference, ...], language: str) -> bool:
    return bool(references) and all(one.only and one.only != language for one in references)


def _same(one: Unit, other: Unit) -> bool:
    return (one.text, one.folded, one.title, one.label, one.kind) == (
        other.text,
        other.folded,
        other.title,
        other.label,
        other.kind,
    )


def _distinct(unit: Unit) -> bool:
    """Whether words are enough to know a unit by: a repeal or a bare conjunction is not."""
    return not unit.repealed and unit.kind not in ("note", "row", "item", "table") and len(unit.text) >= 12
