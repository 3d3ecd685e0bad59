"""Dates are read strictly: what is certain is read right, everything else is refused with E_DATE."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inforce.dates import When, parse_day, parse_when
from inforce.errors import DateError

ZONE = "America/Toronto"
INSTRUMENTS = {"SOR/2024-258": "2024-12-18", "2013, c. 40, s. 237": "2013-12-12"}
ENGLISH = "January February March April May June July August September October November December".split()
FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
DAYS = st.dates(date(1867, 1, 1), date(2199, 12, 31))

# Bad as a day in data; most are bad as a question too (WHEN_ONLY are the forms a question may use).
BAD_DAYS = [
    "",
    " ",
    "2023-02-29",
    "1900-02-29",
    "2024-02-30",
    "2024-04-31",
    "2024-13-01",
    "2024-00-10",
    "2024-12-00",
    "2024-12-32",
    "2024-1-1",
    "2024-01-1",
    "24-12-24",
    "20241224",
    "2024/12/24",
    "2024.12.24",
    "24/12/2024",
    "12/24/2024",
    "03/04/2024",
    "03-04-2024",
    "2024-W52-2",
    "2024-W52",
    "2024-359",
    "--12-24",
    "２０２４-12-24",
    "٢٠٢٤-12-24",
    "2024−12−24",
    "2024‐12‐24",
    " 2024-12-24",
    "2024-12-24 ",
    "2024-12-24\n",
    "2024 -12-24",
    "2024-12-24Z",
    "2024-12-24-05:00",
    "2024-12-24+00:00",
    "2024-12-24T00:00:00",
    "2024-12-24T00:01",
    "2024-12-24 00:01",
    "2024-12-24T24:00:00Z",
    "2024-12-24T12:60Z",
    "2024-12-24T12:00:60Z",
    "2024-12-24T12:00:00.5Z",
    "2024-12-24T12Z",
    "2024-12-24T12:00-0500",
    "2024-12-24T12:00-25:00",
    "2024-12-24t12:00z",
    "0000-01-01",
    "-0001-01-01",
    "1866-12-31",
    "2200-01-01",
    "10000-01-01",
    "+2024-12-24",
    "2024-12-2O",
    "\u202e2024-12-24",
    "2024-12-24\u200b",
    "2024-12-24\x00",
    "Dec 2024",
    "December 2024",
    "24 Dec 2024",
    "24 Foo 2024",
    "31 June 2024",
    "1er December 2024",
    "2er mars 2024",
    "décembre 24 2024",
    "24th December 2024",
    "24  December 2024",
    "yesterday",
    "now",
    "1735016460",
    "2024e0",
]


@pytest.mark.parametrize("text", BAD_DAYS)
def test_a_bad_date_is_refused_by_name(text: str) -> None:
    for read in (parse_day, lambda t: parse_when(t, zone=ZONE, instruments=INSTRUMENTS, today="2024-12-24")):
        with pytest.raises(DateError) as caught:
            read(text)
        assert caught.value.code == "E_DATE"
        assert caught.value.exit_code == 2
        assert caught.value.hint, "says what would be right"


@pytest.mark.parametrize(
    "text", ["2024", "2024-12", "today", "24 December 2024", "2024-12-24T00:01-05:00", "SOR/2024-258"]
)
def test_data_may_use_only_whole_days(text: str) -> None:
    with pytest.raises(DateError):
        parse_day(text)


def test_an_ambiguous_date_is_refused_with_both_readings() -> None:
    with pytest.raises(DateError, match="two ways") as caught:
        parse_when("03/04/2024")
    assert caught.value.hint == "write 2024-04-03 or 2024-03-04"


def test_a_slashed_date_with_one_reading_is_refused_with_that_reading() -> None:
    with pytest.raises(DateError) as caught:
        parse_when("24/12/2024")
    assert caught.value.hint == "did you mean 2024-12-24?"


def test_an_unreal_day_is_told_the_last_one_of_its_month() -> None:
    with pytest.raises(DateError, match="2023-02-28"):
        parse_when("2023-02-29")


@given(DAYS)
def test_every_day_is_read_back_in_every_form(day: date) -> None:
    written = [
        day.isoformat(),
        f"{day.day} {ENGLISH[day.month - 1]} {day.year}",
        f"{ENGLISH[day.month - 1]} {day.day}, {day.year}",
        f"{day.day} {FRENCH[day.month - 1]} {day.year}",
        f"{day.day:02d} {FRENCH[day.month - 1].upper()} {day.year}",
    ]
    if day.day == 1:
        written.append(f"1er {FRENCH[day.month - 1]} {day.year}")
    for text in written:
        assert parse_when(text) == When(day, day + timedelta(days=1), None, text, "day")
    assert parse_day(day.isoformat()) == day
    assert parse_when("today", today=day).first == parse_when("Today", today=day.isoformat()).first == day


@given(st.integers(1867, 2199), st.integers(1, 12))
def test_a_month_and_a_year_are_whole(year: int, month: int) -> None:
    whole = parse_when(f"{year}")
    assert (whole.first, whole.last, whole.kind) == (date(year, 1, 1), date(year, 12, 31), "year")
    part = parse_when(f"{year}-{month:02d}")
    assert part.kind == "month"
    assert part.first == date(year, month, 1)
    assert part.until.day == 1
    assert 28 <= (part.until - part.first).days <= 31


@given(
    st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from([ZONE, "UTC", "Asia/Tokyo", "America/St_Johns"]),
)
def test_an_instant_is_turned_into_the_clock_of_the_law(moment: datetime, minutes: int, zone: str) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    sign, away = ("-" if minutes < 0 else "+"), abs(minutes)
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{sign}{away // 60:02d}:{away % 60:02d}"
    found = parse_when(text, zone=zone)
    local = moment.astimezone(ZoneInfo(zone))
    assert found.instant == f"{local:%Y-%m-%dT%H:%M:%S}"
    assert (found.first, found.until) == (local.date(), local.date() + timedelta(days=1))
    assert found.kind == "instant"


def test_an_instant_near_midnight_lies_on_the_day_of_the_law() -> None:
    found = parse_when("2024-12-24T04:59Z", zone=ZONE)
    assert (found.first, found.instant) == (date(2024, 12, 23), "2024-12-23T23:59:00")
    again = datetime(2024, 12, 24, 4, 59, tzinfo=UTC).astimezone(ZoneInfo(ZONE))
    assert again.date() == found.first


def test_an_instant_without_a_zone_of_the_law_is_refused() -> None:
    with pytest.raises(DateError, match="time zone"):
        parse_when("2024-12-24T04:59Z")


def test_an_instrument_is_the_day_it_came_into_force() -> None:
    found = parse_when("sor/2024-258", instruments=INSTRUMENTS)
    assert (found.first, found.kind) == (date(2024, 12, 18), "day")
    assert parse_when("2013, c. 40, s. 237", instruments=INSTRUMENTS).first == date(2013, 12, 12)
    with pytest.raises(DateError, match=r"did you mean SOR/2024-258\?"):
        parse_when("SOR/2024-259", instruments=INSTRUMENTS)


def test_today_is_never_guessed() -> None:
    with pytest.raises(DateError):
        parse_when("today")


ALPHABET = st.sampled_from(list("0123456789-/T:Z+ .,WwerDdécembJuin\u202e２٣\n"))


@given(st.text(ALPHABET, max_size=24) | st.text(max_size=24))
@example("2024-12-24T00:01-05:00")
@example("9999-99-99T99:99+99:99")
@example("1867-01-01T00:00Z")
def test_any_text_is_a_certain_date_or_a_refusal(text: str) -> None:
    try:
        found = parse_when(text, zone=ZONE, today="2024-12-24", instruments=INSTRUMENTS)
    except DateError as error:
        assert error.code == "E_DATE"
        assert error.hint
    else:
        assert found.first < found.until
        assert found.text == text
        assert text.lower() == "today" or all(c.isascii() for c in text if c.isdigit())


@given(DAYS, st.integers(0, 9), st.sampled_from(list(" -/0T\u200b٣Zx")))
def test_one_wrong_character_in_a_day_is_never_read_as_another_day(day: date, place: int, wrong: str) -> None:
    text = day.isoformat()
    spoilt = text[:place] + wrong + text[place + 1 :]
    try:
        found = parse_day(spoilt)
    except DateError:
        return
    assert found.isoformat() == spoilt
