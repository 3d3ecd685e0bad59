"""An outcome over time as one strip: stretches with their place in percent, days of change, and where it is now."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inforce import History
    from inforce_cli.serve.pages.site import View

__all__ = ["Strip"]

YEARS = 4  # between two labels of the axis


class Strip:
    """A history placed on a linear axis of days; all places are percent of its width."""

    def __init__(self, view: View, history: History, headline: str, day: str) -> None:
        """Take a history, the reading whose outcomes are shown, and the day that is looked at."""
        self.view = view
        rows = list(history.table)
        self.first, self.end = rows[0]["from"][:10], rows[-1]["until"][:10]
        self.day = min(max(day[:10], self.first), view.day_before(self.end))
        self.outside = self.day != day[:10]
        self._low, self._width = _number(self.first), max(1, _number(self.end) - _number(self.first))
        self.stretches = self._stretches(rows, "ordinarily" if headline == "ordinarily" else "outcome")
        self.days = [d for d in view.kb.change_days(history.action) if self.first < d < self.end]
        self.turns = {one["from"][:10] for one in self.stretches[1:]}

    def place(self, day: str) -> float:
        """Return where a day is, in percent."""
        return round(100 * (_number(day) - self._low) / self._width, 3)

    def _stretches(self, rows: list[Any], key: str) -> list[dict[str, Any]]:
        merged = [next(iter(group)) for _, group in groupby(rows, key=lambda row: row[key])]
        ends = [row["from"] for row in merged[1:]]
        found = []
        for row, until in zip(merged, [*ends, None], strict=True):
            left, right = self.place(row["from"]), self.place(until or self.end)
            start, end = row["from"], until or rows[-1]["until"]
            found.append(
                {
                    "outcome": row[key],
                    "from": start,
                    "last": self.view.day_before(end) if "T" not in end else self.view.instant(end),
                    "open": until is None,
                    "x": left,
                    "width": max(0.3, round(right - left, 3)),
                    "rule": row["rule"],
                    "instrument": row["instrument"],
                    "ends": row["moved"] == "ends",
                    "here": start[:10] <= self.day and (until is None or self.day < until[:10]),
                    "url": self.view.here(on=start[:10]),
                }
            )
        return found

    @property
    def years(self) -> list[tuple[int, float, bool]]:
        """The labels of the axis: the year, its place, and whether a narrow screen leaves it out."""
        first = date.fromisoformat(self.first).year + 1
        last = date.fromisoformat(self.end).year
        marked = [year for year in range(first, last + 1) if year % YEARS == 0]
        return [(year, self.place(f"{year}-01-01"), bool(number % 2)) for number, year in enumerate(marked)]

    @property
    def ticks(self) -> list[tuple[str, float, bool]]:
        """The days of change: the day, its place, whether the outcome turns on it."""
        return [(day, self.place(day), day in self.turns) for day in self.days]

    @property
    def previous(self) -> str | None:
        """The last day of change before the day that is looked at; the first day of all if there is none."""
        found = bisect_left(self.days, self.day)
        return self.days[found - 1] if found else (self.first if self.day > self.first else None)

    @property
    def following(self) -> str | None:
        """The next day of change."""
        found = bisect_right(self.days, self.day)
        return self.days[found] if found < len(self.days) else None

    @property
    def numbers(self) -> dict[str, int]:
        """The slider's range and value in days."""
        low = _number(self.first)
        return {"max": self._width - 1, "value": _number(self.day) - low}


def _number(day: str) -> int:
    return date.fromisoformat(day[:10]).toordinal()
