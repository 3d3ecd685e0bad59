"""Dates as people type them, read strictly: one certain day, month, year or instant, or a refusal that says why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from inforce.errors import DateError, nearest

__all__ = ["Kind", "When", "parse_day", "parse_when", "recorded"]

Kind = Literal["day", "month", "year", "instant"]

# The years that the law and its sources can speak of; outside them a typing error is likelier.
FIRST_YEAR, LAST_YEAR = 1867, 2199

_MONTHS = {
    "en": "january february march april may june july august september october november december".split(),
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
}
_MONTH_NUMBER = {
    **{word: number for words in _MONTHS.values() for number, word in enumerate(words, 1)},
    **{"fevrier": 2, "aout": 8, "decembre": 12},
}
_ENGLISH = frozenset(_MONTHS["en"])

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})\Z")
_YEAR = re.compile(r"[0-9]{4}\Z")
_DAY_FIRST = re.compile(r"([0-9]{1,2})(er)? ([^\W\d_]+) ([0-9]{4})\Z")
_MONTH_FIRST = re.compile(r"([^\W\d_]+) ([0-9]{1,2}),? ([0-9]{4})\Z")
_INSTANT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})\Z"
)
_SLASHES = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})\Z")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})\Z")
_UNPADDED = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})\Z")
_FORMS = "YYYY-MM-DD, YYYY-MM, YYYY, an instant such as YYYY-MM-DDThh:mm-05:00, 24 December YYYY, or today"


@dataclass(frozen=True, slots=True)
class When:
    """A stretch of time somebody asked about: whole days, half-open, and the instant if one was given.

    Attributes:
        first: the first day.
        until: the day after the last one.
        instant: the local wall clock in the zone of the law, ``YYYY-MM-DDThh:mm:ss``, if an instant was asked about.
        text: what was typed.
        kind: how much of the calendar ``text`` names.
    """

    first: date
    until: date
    instant: str | None
    text: str
    kind: Kind

    @property
    def last(self) -> date:
        """The last day that belongs to it."""
        return self.until - timedelta(days=1)

    @property
    def single_day(self) -> bool:
        """Whether it lies within one day."""
        return self.last == self.first

    @property
    def weekday(self) -> int:
        """The day of the week of the first day, Monday is 0."""
        return self.first.weekday()


def parse_day(text: str) -> date:
    """Return the calendar day written ``YYYY-MM-DD``, the only form that data may use.

    Raises:
        DateError: anything else, with what would be right.

    Source:
        ISO 8601-1:2019, 5.2.2.1, extended format; W3C XML Schema 1.1 part 2, 3.3.9, without a zone.

    >>> parse_day("2024-12-24")
    datetime.date(2024, 12, 24)
    """
    found = _DAY.match(text)
    if found is None:
        raise _refusal(text, "YYYY-MM-DD")
    return _day(text, *(int(part) for part in found.groups()))


def parse_when(
    text: str,
    *,
    today: date | str | None = None,
    zone: str | None = None,
    instruments: Mapping[str, str] | None = None,
) -> When:
    """Return the day, month, year or instant that ``text`` names.

    Args:
        text: a date in one of the forms of the guide; never one that could be read in two ways.
        today: the day that ``today`` means; the caller's clock decides.
        zone: the name of the time zone whose wall clock the law goes by; an instant is turned into it.
        instruments: the day each instrument came into force, by its number; its number is then a date.

    Raises:
        DateError: not one certain date, with what was found and what would be right.

    Source:
        Interpretation Act, R.S.C. 1985, c. I-21, s. 6(1): in force from the beginning of the day.

    >>> parse_when("2024-12").until
    datetime.date(2025, 1, 1)
    >>> parse_when("24 décembre 2024").first
    datetime.date(2024, 12, 24)
    >>> parse_when("2024-12-24T05:01Z", zone="America/Toronto").instant
    '2024-12-24T00:01:00'
    """
    if text.lower() == "today":
        if today is None:
            raise DateError('"today" is not known here', hint="name the day, YYYY-MM-DD")
        return _whole_day(text, today if type(today) is date else parse_day(str(today)[:10]))
    if found := _DAY.match(text):
        return _whole_day(text, _day(text, *(int(part) for part in found.groups())))
    if found := _MONTH.match(text):
        first = _day(text, int(found[1]), int(found[2]), 1)
        return When(first, _next_month(first), None, text, "month")
    if _YEAR.match(text):
        first = _day(text, int(text), 1, 1)
        return When(first, date(first.year + 1, 1, 1), None, text, "year")
    if found := _INSTANT.match(text):
        return _instant(text, found, zone)
    if day := _written(text):
        return _whole_day(text, day)
    for number, day_in_force in (instruments or {}).items():
        if number.casefold() == text.casefold():
            return _whole_day(text, parse_day(day_in_force))
    if "/" in text and text[:1].isalpha() and instruments is not None:
        near = nearest(text, instruments)
        raise DateError(
            f'"{text}" is not an instrument with a known day of coming into force',
            hint=f"did you mean {' or '.join(near)}?" if near else "all of them: inforce list instruments",
        )
    raise _refusal(text, _FORMS)


def recorded(low: str, high: str) -> When:
    """Return the time that the ``on`` of an answer records: days from ``low`` to before ``high``, or one instant.

    An instant is written there by the wall clock of the law's zone, twice.

    Raises:
        DateError: not what an answer records.

    >>> recorded("2024-12-24T00:01:00", "2024-12-24T00:01:00").instant
    '2024-12-24T00:01:00'
    """
    if "T" in low and low == high:
        try:
            first = datetime.fromisoformat(low)
        except ValueError:
            raise _refusal(low, "YYYY-MM-DDThh:mm:ss") from None
        if first.tzinfo is not None:
            raise _refusal(low, "the wall clock, without an offset")
        return When(first.date(), first.date() + timedelta(days=1), first.isoformat(), low, "instant")
    first_day, until = parse_day(low), parse_day(high)
    if first_day >= until:
        raise DateError(f"{low} is not before {high}", hint="the day after the last one stands second")
    return When(first_day, until, None, f"{low} to {high}", "day")


def _whole_day(text: str, day: date) -> When:
    return When(day, day + timedelta(days=1), None, text, "day")


def _day(text: str, year: int, month: int, day: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise DateError(f'"{text}": the year {year:04d} is outside {FIRST_YEAR} to {LAST_YEAR}', hint="check the year")
    if not 1 <= month <= 12:
        raise DateError(f'"{text}": there is no month {month:02d}', hint="months are 01 to 12")
    last = (_next_month(date(year, month, 1)) - timedelta(days=1)).day
    if not 1 <= day <= last:
        raise DateError(
            f'"{text}" is not a real day', hint=f"the last day of that month is {date(year, month, last).isoformat()}"
        )
    return date(year, month, day)


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _written(text: str) -> date | None:
    """The day in words, English or French; ``None`` if it is not in words."""
    if found := _DAY_FIRST.match(text):
        day, ordinal, word, year = found.groups()
        wrong_ordinal = ordinal and (day != "1" or word.lower() in _ENGLISH)
    elif found := _MONTH_FIRST.match(text):
        word, day, year = found.groups()
        wrong_ordinal = word.lower() not in _ENGLISH
    else:
        return None
    month = _MONTH_NUMBER.get(word.lower())
    if month is None:
        near = nearest(word, _MONTH_NUMBER, 1)
        hint = f"did you mean {near[0].title() if near[0] in _ENGLISH else near[0]}? " if near else ""
        raise DateError(
            f'"{text}": "{word}" is not a month', hint=hint + "write the month in full, in English or French"
        )
    found_day = _day(text, int(year), month, int(day))
    if wrong_ordinal:
        raise DateError(f'"{text}" is not how a date is written', hint=f"did you mean {found_day.isoformat()}?")
    return found_day


def _instant(text: str, found: re.Match[str], zone: str | None) -> When:
    day = parse_day(found["day"])
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise DateError(f'"{text}": there is no such time of day', hint="00:00 to 23:59; midnight is 00:00")
    if found["offset"] != "Z" and (int(found["offset"][1:3]) > 14 or int(found["offset"][4:]) > 59):
        raise DateError(f'"{text}": there is no such offset', hint="for example Z, -05:00 or -04:00")
    if zone is None:
        raise DateError(f'"{text}": an instant needs the time zone of the law', hint=f"ask about {day.isoformat()}")
    from zoneinfo import ZoneInfo

    moment = datetime.fromisoformat(f"{day.isoformat()}T{hour:02d}:{minute:02d}:{second:02d}{found['offset']}")
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    first = _day(text, local.year, local.month, local.day)
    return When(first, first + timedelta(days=1), local.isoformat(), text, "instant")


def _refusal(text: str, right: str) -> DateError:
    """The error for text that is no date, with the likeliest meaning where there is one."""
    shown = text if len(text) <= 40 else text[:40] + "…"
    what = f'"{shown}" is not a date we read'
    if not text:
        return DateError("the date is empty", hint=f"write {right}")
    if text != text.strip():
        return DateError(f"{what}: spaces around it", hint=_perhaps(text.strip()) or f"write {right}")
    if any(c.isdigit() and not c.isascii() for c in text):
        return DateError(f"{what}: digits other than 0 to 9", hint=f"write {right}")
    if found := _SLASHES.match(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        readings = [r for r in (_real(year, second, first), _real(year, first, second)) if r]
        if len(set(readings)) == 2:
            return DateError(f'"{text}" can be read in two ways', hint=f"write {readings[0]} or {readings[1]}")
        if readings:
            return DateError(what, hint=f"did you mean {readings[0]}?")
    if found := _COMPACT.match(text) or _UNPADDED.match(text):
        real = _real(*(int(part) for part in found.groups()))
        return DateError(what, hint=f"did you mean {real}?" if real else f"write {right}")
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:?[0-9]{2})\Z", text):
        return DateError(f"{what}: a day has no zone", hint=f"write {text[:10]}")
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", text):
        right = "YYYY-MM-DDThh:mm-05:00, with the offset, or the day alone" if right == _FORMS else right
        return DateError(what, hint=f"write {right}")
    return DateError(what, hint=f"write {right}")


def _perhaps(text: str) -> str | None:
    return f"did you mean {text}?" if _DAY.match(text) or _MONTH.match(text) or _YEAR.match(text) else None


def _real(year: int, month: int, day: int) -> str | None:
    try:
        return _day("", year, month, day).isoformat()
    except DateError:
        return None
