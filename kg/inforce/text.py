"""The law's own text, where it is imported: read on a day, over time, clause by clause, word by word.

Every method reads the rows of one saved query (``queries/text/``). Days are calendar days in force; ``known_on`` is
the other clock: only what the public could read on that day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from inforce.cites import parse_citation
from inforce.errors import LawNotHeldError, UnknownIdError, UsageError, nearest
from inforce.table import Table
from inforce.text_search import folded_pattern, snippet
from inforce.text_units import Reading, cited, natural, one_each, path_of, wordings
from inforce.vocab import BASE

if TYPE_CHECKING:
    from inforce.text_diff import Difference
    from inforce.text_timeline import Timeline

__all__ = ["LawText"]

FOREVER = date.max
ASIDE = ("note", "footnote")
"""Types of units that are no law: the notes of what made it."""
# The address of a wording says its provision, first day and language.
_WORDING = re.compile(r"(.+)/\d{4}-\d\d-\d\d/(en|fr)(?:-\d+)?")
_CHANGES = (
    "date",
    "citation",
    "citation_fr",
    "iri",
    "kind",
    "languages",
    "instrument",
    "known_from",
    "before",
    "after",
)
_BLAME = (
    "citation",
    "citation_fr",
    "iri",
    "type",
    "since",
    "decided_by",
    "instrument",
    "note",
    "written_as",
    "written_as_fr",
    "written_since",
    "written_by",
    "written_note",
    "text",
)
_HITS = ("citation", "citation_fr", "iri", "language", "from", "until", "title", "snippet")


class LawText:
    """Imported text; asked through ``kb.law``.

    Every method takes a provision by its citation, path or IRI, and ``language`` ``en`` or ``fr``.
    """

    def __init__(self, store: Any, kb: Any) -> None:
        """Take an open store that holds the text, and what reads days: the knowledge base."""
        self._store = store
        self._kb = kb

    def _rows(self, query: str, *, constant: str = "", **values: str | date | None) -> list[dict[str, Any]]:
        from inforce.queries import run_filled

        return list(run_filled(self._store, query, values, constant=constant))

    def _day(self, text: str | None, what: str) -> date:
        when = self._kb.when(text)
        if not when.single_day:
            raise UsageError(f"{what} {text} is more than one day", code="E_USAGE", hint=f"{what} {when.first}")
        found: date = when.first
        return found

    def _known(self, text: str | None) -> date:
        return FOREVER if text is None else self._kb.when(text).last

    def path(self, name: str) -> str:
        """Return the path that a citation, path or IRI means.

        Raises:
            UnknownIdError: it is none of these.
        """
        path = path_of(name)
        if path is None:
            parse_citation(name)
            raise UnknownIdError(f'"{name}" is not a provision', hint='words: inforce search "…"')
        return path

    # ---- reading -------------------------------------------------------------------------------

    def provision(
        self, name: str, *, on: str | None = None, language: str = "en", known_on: str | None = None
    ) -> Reading:
        """Return a provision as it read on a day.

        Args:
            name: a citation, path or IRI.
            on: one day; today where none is given.
            known_on: as the public could know it on that day.

        Raises:
            UnknownIdError: nothing of that name is held.
            LawNotHeldError: it did not exist on that day, or was not known; the hint says when it was in force.
        """
        path, day, known = self.path(name), self._day(on, "--on"), self._known(known_on)
        rows = self._rows("provision-known-on", provision=BASE + path, on=day, language=language, known=known)
        if not any(row["unit"] == BASE + path for row in rows) and not (rows and "/" not in path):
            raise self._not_held(path, name, day, known_on, rows)
        return Reading(path, language, str(day), known_on and str(known), tuple(wordings(rows, language, known=known)))

    def _not_held(
        self, path: str, name: str, day: date, known_on: str | None, rows: Sequence[Mapping[str, Any]]
    ) -> LawNotHeldError | UnknownIdError:
        versions = [row for row in self._rows("provision-versions", provision=BASE + path, language=None)]
        versions = [row for row in versions if row["from"] != row["until"]]
        if not versions:
            below = [row["unit"] for row in rows] or self._near(path)
            near = nearest(cited(path), [cited(one.removeprefix(BASE)) for one in below])
            return UnknownIdError(
                f'no text is held of "{name}"',
                code="E_UNKNOWN_ID",
                hint=(f"did you mean {' or '.join(near)}? " if near else "") + 'words: inforce search "…"',
            )
        known = f" as known on {known_on}" if known_on else ""
        return LawNotHeldError(
            f"{cited(path)} was not in force on {day}{known}",
            code="E_NOT_HELD",
            hint="it was in force " + _stretches(versions, self._language_of(versions)),
        )

    @staticmethod
    def _language_of(rows: Sequence[Mapping[str, Any]]) -> str:
        return "en" if any(row["language"] == "en" for row in rows) else str(rows[0]["language"])

    def _near(self, path: str) -> list[str]:
        above = path.rpartition("/")[0]
        if not above:
            return []
        rows = self._rows("parts-versions", provision=BASE + above, language="en")
        return list(dict.fromkeys(str(row["unit"]) for row in rows))

    def versions(self, name: str, *, language: str | None = None) -> Table:
        """Return all wordings of one provision, oldest first; of both languages where none is given."""
        return Table.of(
            ("wording", "language", "from", "until", "known_from", "decided_by", "instrument", "text"),
            [
                {
                    **row,
                    **_days(row),
                    "known_from": str(row["knownFrom"]),
                    "decided_by": row["decidedBy"],
                }
                for row in one_each(
                    self._rows("provision-versions", provision=BASE + self.path(name), language=language)
                )
            ],
        )

    def blame(self, name: str, *, on: str | None = None, language: str = "en", known_on: str | None = None) -> Table:
        """Return each clause of a provision on a day with the instrument that last wrote its words, and since when.

        A renumbered clause has in ``written_…`` what wrote its words under the number it had before.

        Raises:
            UnknownIdError: nothing of that name is held.
            LawNotHeldError: it did not exist on that day; the hint says when it did.
        """
        path, day, known = self.path(name), self._day(on, "--on"), self._known(known_on)
        rows = self._rows("blame", provision=BASE + path, on=day, language=language, known=known)
        if not any(row["unit"] == BASE + path for row in rows) and not (rows and "/" not in path):
            raise self._not_held(path, name, day, known_on, rows)
        found = []
        for row in one_each(rows):
            if row["type"] in ASIDE:
                continue
            unit, first = row["unit"].removeprefix(BASE), self._first(row["replaces"])
            written = first and first["unit"].removeprefix(BASE)
            found.append(
                {
                    "citation": cited(unit, "en"),
                    "citation_fr": cited(unit, "fr"),
                    "iri": row["unit"],
                    "type": row["type"],
                    "since": str(row["from"]),
                    "decided_by": row["decidedBy"],
                    "instrument": row["instrument"],
                    "note": row["note"],
                    "written_as": written and cited(written, "en"),
                    "written_as_fr": written and cited(written, "fr"),
                    "written_since": first and str(first["from"]),
                    "written_by": first and first["instrument"],
                    "written_note": first and first["note"],
                    "text": row["text"],
                }
            )
        return Table.of(_BLAME, found)

    def _first(self, wording: str | None) -> dict[str, Any] | None:
        """The wording that first had the words of a renumbered one: the end of what it replaces."""
        found = None
        while wording is not None:
            found = one_each([{"wording": wording, **row} for row in self._rows("wording", wording=wording)])[0]
            wording = found["replaces"]
        return found

    # ---- over time -----------------------------------------------------------------------------

    def difference(
        self, name: str, after: str, to: str, *, language: str = "en", known_on: str | None = None
    ) -> Difference:
        """Return how a provision that read one way on one day came to read on a later one, word by word.

        Args:
            after: the earlier day; what began on it is not a difference.
            to: the later day; what began on it is.

        Raises:
            UnknownIdError: nothing of that name is held.
            LawNotHeldError: it existed on neither day.
            UsageError: the earlier day is not the earlier one.
        """
        from inforce.text_diff import between

        first, last = self._ordered(after, to)
        readings = []
        for day in (first, last):
            try:
                readings.append(self.provision(name, on=str(day), language=language, known_on=known_on))
            except LawNotHeldError as error:
                missing = error
                readings.append(Reading(self.path(name), language, str(day), known_on, ()))
        if not any(reading.wordings for reading in readings):
            raise missing
        return between(*readings)

    def _ordered(self, after: str, to: str) -> tuple[date, date]:
        first, last = self._day(after, "from"), self._day(to, "to")
        if last < first:
            raise UsageError(f"{after} is after {to}", code="E_USAGE", hint="give the earlier day first")
        return first, last

    def changes(self, after: str, to: str, *, about: str | None = None, known_on: str | None = None) -> Table:
        """Return the provisions whose text changed after one day and up to another, oldest first.

        One row a provision and day, both languages together: ``languages`` names those that changed.

        Args:
            about: only this law, heading or provision, and what is below it.
            known_on: only changes the public could know on that day.

        Raises:
            UsageError: the earlier day is not the earlier one.
        """
        first, last = self._ordered(after, to)
        known = str(self._known(known_on))
        below = None if about is None else self.path(about)
        within = None if below is None else self._below(below)
        read: dict[str, str] = {}
        for row in self._rows("changes-known", after=first, to=last):
            read[row["change"]] = str(row["started"] or row["ended"])
        merged: dict[tuple[str, str, str], dict[str, Any]] = {}
        for row in one_each(self._rows("changes-in-text", after=first, to=last), "change"):
            where = _WORDING.fullmatch((row["begun"] or row["before"]).removeprefix(BASE))
            if where is None or (within is not None and where[1] not in within) or read[row["change"]] > known:
                continue
            unit, language = where[1], where[2]
            one = merged.setdefault(
                (str(row["day"]), unit, row["kind"]),
                {
                    "date": str(row["day"]),
                    "citation": cited(unit, "en"),
                    "citation_fr": cited(unit, "fr"),
                    "iri": BASE + unit,
                    "kind": row["kind"],
                    "languages": [],
                    "instrument": row["instrument"],
                    "known_from": read[row["change"]],
                    "before": {},
                    "after": {},
                },
            )
            one["languages"].append(language)
            for key, wording in (("before", row["before"]), ("after", row["begun"])):
                if wording:
                    one[key][language] = wording
        return Table.of(_CHANGES, sorted(merged.values(), key=lambda one: (one["date"], natural(one["iri"]))))

    def _below(self, path: str) -> set[str]:
        found = {path}
        for language in ("en", "fr"):
            rows = self._rows("parts-versions", provision=BASE + path, language=language)
            found |= {str(row["unit"]).removeprefix(BASE) for row in rows}
        return found

    def timeline(self, name: str, *, language: str = "en", known_on: str | None = None) -> Timeline:
        """Return the wordings of a provision and of what is below it as stretches of time.

        Raises:
            UnknownIdError: nothing of that name is held.
        """
        from inforce.text_timeline import of_text

        path = self.path(name)
        rows = self._rows("parts-versions", provision=BASE + path, language=language)
        if known_on is not None:
            known = self._known(known_on)
            rows = [row for row in rows if row["knownFrom"] <= known]
        rows = [row for row in one_each(rows) if row["type"] not in ASIDE]
        if not rows:
            raise self._not_held(path, name, date.min, None, ())
        return of_text(path, rows, language)

    # ---- words ---------------------------------------------------------------------------------

    def search(self, words: str, *, language: str | None = None, on: str | None = None) -> Table:
        """Return the wordings whose text or marginal note holds all words, each with a snippet.

        Accents, capitals, and the kinds of quotation marks, apostrophes and dashes make no difference.

        Args:
            on: only wordings in force on that day.
        """
        wanted = words.split()
        if not wanted:
            raise UsageError("nothing to search for", code="E_USAGE", hint="inforce search WORD …")
        day = None if on is None else self._day(on, "--on")
        patterns = [folded_pattern(word) for word in wanted]
        longest = max(range(len(wanted)), key=lambda n: len(wanted[n]))
        found = []
        rows = self._rows("search-text", constant="pattern", pattern=patterns[longest])
        for row in rows:
            if language is not None and row["language"] != language:
                continue
            everything = f"{row['title'] or ''} {row['text'] or ''}"
            hits = [re.search(pattern, everything, re.IGNORECASE) for pattern in patterns]
            gone = row["until"] is not None and (
                row["until"] <= row["from"] or (day is not None and row["until"] <= day)
            )
            if not all(hits) or gone or (day is not None and day < row["from"]):
                continue
            unit = row["unit"].removeprefix(BASE)
            found.append(
                {
                    "citation": cited(unit, "en"),
                    "citation_fr": cited(unit, "fr"),
                    "iri": row["unit"],
                    "language": row["language"],
                    **_days(row),
                    "title": row["title"],
                    "snippet": snippet(everything, [hit.span() for hit in hits if hit]),
                }
            )
        found.sort(key=lambda one: (natural(one["iri"]), one["language"], one["from"]))
        return Table.of(_HITS, found)


def _days(row: Mapping[str, Any]) -> dict[str, str | None]:
    return {"from": str(row["from"]), "until": None if row["until"] is None else str(row["until"])}


def _stretches(rows: Sequence[Mapping[str, Any]], language: str) -> str:
    """The days on which wordings of one provision stand, joined where one follows the other."""
    joined: list[tuple[date, date | None]] = []
    for row in sorted((r for r in rows if r["language"] == language), key=lambda r: r["from"]):
        if joined and joined[-1][1] is not None and row["from"] <= joined[-1][1]:
            joined[-1] = (joined[-1][0], row["until"])
        else:
            joined.append((row["from"], row["until"]))
    last = [
        f"from {first}" + (f" to {until - timedelta(days=1)}" if until is not None else "") for first, until in joined
    ]
    return ", ".join(last)
