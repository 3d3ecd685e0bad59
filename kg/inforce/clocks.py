"""The two clocks a thing is read by: when it was in force, and when the public could know of it.

Source: R. T. Snodgrass, Developing Time-Oriented Database Applications in SQL (1999), chapter 10: valid time and
transaction time; here the second is the day of publication.
"""

from __future__ import annotations

from typing import Any

from inforce.dates import When
from inforce.errors import UnknownIdError
from inforce.rules.triples import Triples
from inforce.versions import hours, moment, require_standing, span, stands
from inforce.vocab import PREFIXES

__all__ = ["Clocks"]

INF, DCT, ELI = PREFIXES["inf"], PREFIXES["dct"], PREFIXES["eli"]
# From the first of these days on, a change or an instrument was there to be read.
_PUBLIC = (DCT + "date", ELI + "date_document", ELI + "date_publication")


class Clocks:
    """A time asked about, and a day by which things must have been known; either may be left open."""

    def __init__(self, t: Triples, when: When | None = None, known_on: str | None = None) -> None:
        """Take the graph, the time at which things are looked at, and the day of what was known."""
        self.t, self.when, self.known_on = t, when, known_on
        self.instant = moment(when)

    def counts(self, subject: str, instant: str | None = None) -> bool:
        """Tell whether a dated node was known by then, and stands at ``instant``, else at the time asked about."""
        at = instant or self.instant
        if not self._known(subject):
            return False
        if at is None or stands(self.t, subject, at):
            return True
        start = span(self.t, subject)[0]
        return not self.end_known(subject) and (start is None or start <= at)

    def standing(self, name: str, nodes: list[str]) -> list[str]:
        """Return those of ``nodes``, versions of one thing, that count.

        Raises:
            UnknownIdError: none does; the hint says when one did.
        """
        known = [node for node in nodes if self._known(node)]
        if not known:
            hint = f"it was from {min(self._known_from(node) for node in nodes)}"
            raise UnknownIdError(f"{name} was not known on {self.known_on}", code="E_NOT_HELD", hint=hint)
        if self.when is None:
            return known
        return [node for node in known if self.counts(node)] or require_standing(self.t, name, known, self.when)

    def hours(self, subject: str) -> dict[str, Any]:
        """Return the days and hours of a dated node, an end that was not known left out (``until`` is ``None``)."""
        found = hours(self.t, subject)
        if self.end_known(subject):
            return found
        return {key: value for key, value in found.items() if key not in ("ends_at", "end_known_from")} | {
            "until": None
        }

    def end_known(self, subject: str) -> bool:
        """Tell whether it was known by then that a node has an end, or it has none."""
        day = self.t.value(subject, INF + "endKnownFrom") or self.t.value(subject, INF + "until")
        return self.known_on is None or day is None or day <= self.known_on

    def public(self, subject: str) -> bool:
        """Tell whether a change or an instrument could be read by then."""
        days = [self.t.value(subject, term) for term in _PUBLIC]
        return self.known_on is None or min(filter(None, days), default="") <= self.known_on

    def _known(self, subject: str) -> bool:
        return self.known_on is None or self._known_from(subject) <= self.known_on

    def _known_from(self, subject: str) -> str:
        # Where nothing else is said, its first day; one that begins on an unknown day has long been known.
        return self.t.value(subject, INF + "startKnownFrom") or self.t.value(subject, INF + "from") or ""
