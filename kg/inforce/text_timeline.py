"""A provision or a rule over time: for each of its parts the stretches of one wording, and what began each.

Text where it is imported; else the versions of the package, which know the days and not the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from inforce.errors import UnknownIdError, UsageError
from inforce.table import Table
from inforce.text_units import cited, in_tree, natural
from inforce.vocab import BASE

if TYPE_CHECKING:
    from inforce.kb import KnowledgeBase
    from inforce.text import LawText

__all__ = ["Boundary", "Stretch", "Strip", "Timeline", "of_text", "placed", "timeline", "widths"]

_COLUMNS = ("name", "name_fr", "iri", "version", "from", "until", "kind", "instrument", "note", "known_from")


@dataclass(frozen=True, slots=True)
class Stretch:
    """One version and its days, ``start`` in, ``until`` out (``None``: still in force); an empty start is not known."""

    version: str
    start: str
    until: str | None
    kind: str | None
    instrument: str | None
    note: str | None
    known_from: str | None

    @property
    def made_by(self) -> str:
        """The instrument as people cite it here; empty where none is known."""
        return self.note or self.instrument or ""


@dataclass(frozen=True, slots=True)
class Strip:
    """One provision or rule with its stretches, oldest first."""

    name: str
    name_fr: str
    iri: str
    depth: int
    stretches: tuple[Stretch, ...]

    def called(self, lang: str) -> str:
        """The name in one language."""
        return self.name_fr if lang == "fr" else self.name


@dataclass(frozen=True, slots=True)
class Boundary:
    """A day on which something begins or ends: its mark, what made it, and the strips it moves."""

    mark: str
    day: str
    made_by: tuple[str, ...]
    begins: tuple[Strip, ...]
    ends: tuple[Strip, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Strips that share one scale of days."""

    name: str
    name_fr: str
    label: str
    label_fr: str
    language: str
    from_text: bool
    strips: tuple[Strip, ...]
    # The stretches are outcomes: their kinds are, and each says when it could first be known.
    of_outcomes: bool = False

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        """The days on which anything begins or ends, oldest first, each with a mark of its own."""
        days = {s.start for strip in self.strips for s in strip.stretches if s.start}
        days |= {s.until for strip in self.strips for s in strip.stretches if s.until}
        found = []
        for number, day in enumerate(sorted(days)):
            begins, ends, made = [], [], []
            for strip in self.strips:
                starting = [s for s in strip.stretches if s.start == day]
                made += [s.made_by for s in starting if s.made_by]
                if starting:
                    begins.append(strip)
                elif any(s.until == day for s in strip.stretches):
                    ends.append(strip)
            found.append(Boundary(_mark(number), day, tuple(dict.fromkeys(made)), tuple(begins), tuple(ends)))
        return tuple(found)

    @property
    def known(self) -> tuple[tuple[str, str], ...]:
        """The mark of each boundary with the day the public could first know of it, where that is told."""
        found = []
        for one in self.boundaries:
            days = {s.known_from for strip in one.begins for s in strip.stretches if s.start == one.day}
            first = min((day for day in days if day), default=None)
            if first is not None:
                found.append((one.mark, first))
        return tuple(found)

    def given(self, boundary: Boundary) -> dict[str, list[Strip]]:
        """Return what a day brings, by outcome (or kind of stretch), with the strips it brings it to."""
        found: dict[str, list[Strip]] = {}
        for strip in boundary.begins:
            for one in strip.stretches:
                if one.start == boundary.day:
                    found.setdefault(one.kind or "", []).append(strip)
        return found

    def widths(self, room: int, least: int) -> list[int]:
        """Return how wide the stretch after each boundary is drawn, in ``room`` columns or pixels; see ``widths``."""
        return widths(self.boundaries, room, least)

    def table(self) -> Table:
        """Return one row a stretch, in the order of the strips."""
        rows = [
            {"name": strip.name, "name_fr": strip.name_fr, "iri": strip.iri, **asdict(s), "from": s.start or None}
            for strip in self.strips
            for s in strip.stretches
        ]
        return Table.of(_COLUMNS, rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form ``inforce/timeline/1``."""
        return {
            "schema": "inforce/timeline/1",
            "name": self.name,
            "name_fr": self.name_fr,
            "label": self.label,
            "label_fr": self.label_fr,
            "language": self.language,
            "from_text": self.from_text,
            "stretches": self.table().to_dicts(),
            "boundaries": [
                {
                    "mark": one.mark,
                    "day": one.day,
                    "made_by": list(one.made_by),
                    "begins": [strip.name for strip in one.begins],
                    "ends": [strip.name for strip in one.ends],
                }
                for one in self.boundaries
            ],
        }

    def to_svg(self, *, lang: str = "en") -> str:
        """Return the timeline as a picture that needs nothing from elsewhere."""
        from inforce.text_svg import drawn

        return drawn(self, lang)

    def _repr_svg_(self) -> str:
        return self.to_svg(lang=self.language)


def _mark(number: int) -> str:
    """``a`` to ``z``, then ``aa``, ``ab`` …."""
    high, low = divmod(number, len(ascii_lowercase))
    return (_mark(high - 1) if high else "") + ascii_lowercase[low]


def widths(boundaries: Sequence[Boundary], room: int, least: int) -> list[int]:
    """Return how wide the stretch after each boundary is drawn: by its days, but never narrower than ``least``.

    The last stretch is open: it has a tenth of the whole. Nothing is narrower than 1; the sum is ``room`` wherever
    that leaves space enough.

    >>> widths([Boundary("a", "2020-01-01", (), (), ()), Boundary("b", "2020-01-02", (), (), ())], 20, 4)
    [10, 10]
    """
    if not boundaries:
        return []
    days = [date.fromisoformat(one.day).toordinal() for one in boundaries]
    lasts = [b - a for a, b in zip(days, days[1:], strict=False)]
    lasts.append(max(1, (days[-1] - days[0]) // 10))
    least = max(1, min(least, room // len(lasts)))
    spare = max(0, room - least * len(lasts))
    ends, done = [], 0
    for length in lasts:
        done += length
        ends.append(spare * done // sum(lasts))
    return [least + end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def placed(day: str, days: Sequence[str], places: Sequence[int], end: int) -> int:
    """Return where a day is drawn between boundaries that are drawn at ``places``; before the first, at the first.

    >>> placed("2020-01-06", ["2020-01-01", "2020-01-11"], [0, 100], 120)
    50
    """
    at = date.fromisoformat(day).toordinal()
    numbers = [date.fromisoformat(one).toordinal() for one in days]
    after = next((n for n, one in enumerate(numbers) if one > at), None)
    if after == 0:
        return places[0]
    if after is None:
        # The last stretch is open, and drawn as a tenth of the whole.
        span = max(1, (numbers[-1] - numbers[0]) // 10)
        return min(end, places[-1] + (end - places[-1]) * (at - numbers[-1]) // span)
    low, high = numbers[after - 1], numbers[after]
    return places[after - 1] + (places[after] - places[after - 1]) * (at - low) // (high - low)


def of_text(path: str, rows: Iterable[Mapping[str, Any]], language: str) -> Timeline:
    """Return the timeline of a provision from the rows of the query ``parts-versions``.

    A wording that was in force on no day, its text put right later, is left out.
    """
    strips: dict[str, tuple[int, list[Stretch]]] = {}
    rows = list(rows)
    tree = in_tree({row["unit"].removeprefix(BASE): row["order"] for row in rows})
    places = {path: place for place, path in enumerate(tree)}
    for row in sorted(rows, key=lambda row: places[row["unit"].removeprefix(BASE)]):
        unit = row["unit"].removeprefix(BASE)
        if row["until"] is not None and row["until"] <= row["from"]:
            continue
        above = unit
        while above and above != path and above not in strips:
            above = above.rpartition("/")[0]
        depth = strips[above][0] + 1 if above in strips and above != unit else 0
        strips.setdefault(unit, (depth, []))[1].append(
            Stretch(
                version=row["wording"],
                start=str(row["from"]),
                until=None if row["until"] is None else str(row["until"]),
                kind=row["decidedBy"],
                instrument=row["instrument"],
                note=row["note"],
                known_from=str(row["knownFrom"]),
            )
        )
    drawn = tuple(
        Strip(cited(unit, "en"), cited(unit, "fr"), BASE + unit, depth, tuple(sorted(found, key=lambda s: s.start)))
        for unit, (depth, found) in strips.items()
    )
    return Timeline(cited(path, "en"), cited(path, "fr"), "", "", language, True, drawn)


def timeline(kb: KnowledgeBase, name: str, *, lang: str = "en", known_on: str | None = None) -> Timeline:
    """Return the timeline of a rule or a provision; of the imported text where that is held.

    Raises:
        UnknownIdError: nothing by that name.
        UsageError: a thing that has no versions.
    """
    try:
        kind, entry = kb.find(name)
    except UnknownIdError:
        if kb.law_version is None:
            raise
        law: LawText = kb.law
        return law.timeline(name, language=lang, known_on=known_on)
    if kind == "provisions" and kb.law_version is not None:
        law = kb.law
        return law.timeline(str(entry["iri"]), language=lang, known_on=known_on)
    return _of_graph(kb, kind, entry, lang, known_on)


def _of_graph(kb: KnowledgeBase, kind: str, entry: Mapping[str, Any], lang: str, known_on: str | None) -> Timeline:
    from inforce.versions import hours, incoming, versions
    from inforce.vocab import PREFIXES

    t, iri = kb.graph_index, BASE + str(entry["iri"])
    known = "9999" if known_on is None else str(kb.when(known_on).last)
    part_of = PREFIXES["eli"] + "is_part_of"
    below = [s for p, s in incoming(t).get(iri, ()) if p == part_of] if kind == "provisions" else []
    strips = []
    for subject in sorted({iri, *below}, key=natural):
        stretches = []
        for version in versions(t, subject):
            days, instrument = hours(t, version), t.value(version, PREFIXES["inf"] + "instrument")
            if (days.get("known_from") or "") > known:
                continue
            stretches.append(
                Stretch(
                    version=version,
                    start=days["from"] or "",
                    until=days["until"] if (days.get("end_known_from") or "") <= known else None,
                    kind=t.value(version, PREFIXES["inf"] + "startDecidedBy"),
                    instrument=None if instrument is None else t.token(instrument),
                    note=t.value(version, PREFIXES["skos"] + "historyNote"),
                    known_from=days.get("known_from"),
                )
            )
        if stretches:
            path = subject.removeprefix(BASE)
            names = (str(entry["id"]),) * 2 if kind != "provisions" else (cited(path, "en"), cited(path, "fr"))
            strips.append(Strip(*names, subject, path.count("/") - str(entry["iri"]).count("/"), tuple(stretches)))
    if not strips:
        raise UsageError(
            f"{entry['id']} has no versions over time",
            code="E_USAGE",
            hint='ask about a rule or a provision: inforce timeline "IRPR 198"',
        )
    label = "" if kind == "provisions" else str(entry["label"])
    label_fr = "" if kind == "provisions" else str(entry["label_fr"] or label)
    return Timeline(strips[0].name, strips[0].name_fr, label, label_fr, lang, False, tuple(strips))
