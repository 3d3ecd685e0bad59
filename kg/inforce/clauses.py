"""Changes clause by clause, from imported text, in one table with those of rules, lists and designations.

The package records some provisions with a paraphrase; the text has every clause with its words. Where both speak of
one provision and day they are one row: the text says what kind of change it was and when it could first be read,
the package what it means and which event it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inforce import text_units
from inforce.rules.model import Rulebook
from inforce.rules.triples import local
from inforce.vocab import PREFIXES

__all__ = ["CLAUSE_KINDS", "Resting", "clause_rows", "merged"]

CLAUSE_KINDS = ("added", "amended", "corrected", "language-only", "moved", "renumbered", "repealed")
"""The kinds of change of a clause, as the imported text has them."""

_ELSEWHERE = ("moved", "renumbered")
_LABEL = 100
_LANGUAGES = ("en", "fr")
# What a consolidation prints beside the law in force: what amends it later, and what went with an amendment.
_BESIDE = ("not-in-force", "related")


@dataclass(frozen=True, slots=True)
class Resting:
    """The days on which rule versions that rest on a provision start or end, by the provision's path."""

    days: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, book: Rulebook) -> Resting:
        """Return those of all rule versions that count by default."""
        found: dict[str, set[str]] = {}
        for rule in book.rules:
            days = {day for day in (rule.interval.first_day, rule.interval.until_day) if day}
            for citation in rule.citations if rule.by_default else ():
                found.setdefault(local(citation.provision), set()).update(days)
        return cls({path: frozenset(days) for path, days in found.items()})

    def moved(self, path: str, day: str) -> bool:
        """Tell whether a rule that cites a provision, or what it is part of, starts or ends on a day."""
        while path:
            if day in self.days.get(path, ()):
                return True
            path = path.rpartition("/")[0]
        return False


class _Change:
    """Both sides of a change of one provision in one language."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.before: Mapping[str, Any] | None = None
        self.after: Mapping[str, Any] | None = None
        self.instrument: str | None = None

    def add(self, row: Mapping[str, Any]) -> None:
        """Take one side; of several on one day the last in order stays."""
        if row["side"] == "after":
            self.after = row
        else:
            self.before = row
        self.instrument = row["instrument"] or self.instrument

    @property
    def known(self) -> str | None:
        """The first day on which the public could read of it."""
        day = self.after["startKnown"] if self.after else self.before["endKnown"] if self.before else None
        return None if day is None else str(day)

    def label(self, *, french: bool) -> str:
        """Return the words in short; of a renumbered clause with what it was called before."""
        sides = [one for one in (self.after, self.before) if one is not None]
        said = " ".join(next((str(one[key]) for key in ("text", "title") for one in sides if one[key]), "").split())
        said = said if len(said) <= _LABEL else said[: said.rfind(" ", 0, _LABEL)] + "…"
        was = self.after and self.after["was"]
        if not was:
            return said
        name = cited(local(was), french=french)
        return f"auparavant {name} : {said}" if french else f"formerly {name}: {said}"


def clause_rows(
    rows: Iterable[Mapping[str, Any]],
    layers: Mapping[str, str],
    resting: Resting,
    instruments: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return one row for each provision, day and kind of change, both languages together.

    Args:
        rows: of the saved query ``clause-changes``.
        layers: the layer of authority of each law, by its path; of other laws ``regulation``.
        resting: when rules that rest on provisions start and end.
        instruments: what the package calls instruments, by their path; others go by the number in their address.
    """
    named = instruments or {}
    grouped: dict[tuple[str, str, str], dict[str, _Change]] = {}
    for row in rows:
        if local(row["unit"]).partition("/")[2].startswith(_BESIDE):
            continue
        key = (str(row["day"]), row["unit"], row["kind"])
        grouped.setdefault(key, {}).setdefault(row["language"], _Change(row["kind"])).add(row)
    found = []
    for (day, unit, kind), told in grouped.items():
        # The other half of a new number, or place, has no row: what is there now has one.
        if kind in _ELSEWHERE and all(one.after is None for one in told.values()):
            continue
        path, languages = local(unit), [language for language in _LANGUAGES if language in told]
        main = told[languages[0]]
        law = path.partition("/")[0]
        instrument = next((one.instrument for one in told.values() if one.instrument), None)
        sources = [f"snapshot/{law}/{language}/{one.known}" for language, one in told.items() if one.known]
        found.append(
            {
                "date": day,
                "time": None,
                "kind": kind,
                "layer": layers.get(law, "regulation"),
                "thing": cited(path),
                "citation": cited(path),
                "citation_fr": cited(path, french=True),
                "instrument": named.get(local(instrument), instrument.removeprefix(PREFIXES["instrument"]))
                if instrument
                else None,
                "recorded": min((one.known for one in told.values() if one.known), default=None),
                "label": told.get("en", main).label(french=False) or cited(path),
                "label_fr": told["fr"].label(french=True) if "fr" in told else "",
                "before": main.before and (main.before["text"] or None),
                "after": main.after and (main.after["text"] or None),
                "sources": sorted(sources) or [law],
                "affects_outcomes": resting.moved(path, day),
                "affects": [],
                "id": None,
                "event": None,
                "event_fr": None,
                "languages": languages,
                "iri": path,
            }
        )
    return found


def cited(path: str, *, french: bool = False) -> str:
    """Return the citation of a path; the path itself where it is of no form that is cited."""
    return text_units.cited(path, "fr" if french else "en")


def merged(
    packaged: Sequence[Mapping[str, Any]], clauses: Sequence[Mapping[str, Any]], resting: Resting
) -> list[dict[str, Any]]:
    """Return the rows of both, not in order: one for a provision and day of which both speak.

    Args:
        packaged: the rows of the built tables.
        clauses: the rows of ``clause_rows``.
        resting: when rules that rest on provisions start and end.
    """
    by_place: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in clauses:
        by_place.setdefault((row["date"], row["citation"]), []).append(row)
    found: list[dict[str, Any]] = []
    taken: set[int] = set()
    for row in packaged:
        if row["thing"] != row["citation"]:
            found.append(dict(row))  # A rule, a list entry or an event: it cites a provision and is none.
            continue
        same = by_place.get((row["date"], row["citation"]), [])
        below = [_path(one) for one in (row["citation"], *row["affects"])]
        moved = any(resting.moved(path, row["date"]) for path in below)
        if not same:
            found.append({**row, "affects_outcomes": row["affects_outcomes"] or moved})
            continue
        for one in same:
            taken.add(id(one))
            found.append(_enriched(row, one, moved))
    found += [dict(row) for row in clauses if id(row) not in taken]
    return found


def _enriched(row: Mapping[str, Any], clause: Mapping[str, Any], moved: bool) -> dict[str, Any]:
    # Words that the package knows were taken over whole are not new, though the place is.
    carried = row["kind"] == "restated" and clause["kind"] == "added"
    return {
        **row,
        "kind": "renumbered" if carried else clause["kind"],
        "instrument": clause["instrument"] or row["instrument"],
        "recorded": clause["recorded"] or row["recorded"],
        "sources": sorted({*row["sources"], *clause["sources"]}),
        "affects_outcomes": row["affects_outcomes"] or clause["affects_outcomes"] or moved,
        "languages": clause["languages"],
        "iri": clause["iri"],
    }


def _path(citation: str) -> str:
    return text_units.path_of(citation) or citation
