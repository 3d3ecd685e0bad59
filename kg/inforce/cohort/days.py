"""The day of each row: a column of dates, or of days written as the data write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inforce.dates import FIRST_YEAR, LAST_YEAR, When, parse_day, parse_when
from inforce.errors import DateError, UsageError

__all__ = ["NO_DAY", "Days", "read_days"]

_EPOCH = date(1970, 1, 1).toordinal()
_FIRST, _LAST = date(FIRST_YEAR, 1, 1).toordinal() - _EPOCH, date(LAST_YEAR, 12, 31).toordinal() - _EPOCH
NO_DAY = np.iinfo(np.int32).min
# The longest text that is looked at as a day.
LONGEST = 40


@dataclass(frozen=True, slots=True)
class Days:
    """The day of each row as days since the epoch of Arrow and Unix; ``NO_DAY`` where there is none."""

    numbers: NDArray[np.int32]

    @staticmethod
    @cache
    def day(number: int) -> When:
        """Return one day by its number.

        >>> Days.day(0).weekday
        3
        """
        return parse_when(str(date.fromordinal(number + _EPOCH)))

    def when(self, row: int) -> When:
        """Return the day of one row."""
        return self.day(int(self.numbers[row]))

    def weekdays(self) -> NDArray[np.int8]:
        """Return the day of the week of each row, Monday is 0; the epoch was a Thursday."""
        return ((self.numbers + 3) % 7).astype(np.int8)


def read_days(name: str, column: pa.Array) -> tuple[Days, Callable[[int], DateError]]:
    """Return the days of a column, and what is wrong with a row that has none.

    Raises:
        UsageError: a column of a type that holds no days.
    """
    kind = column.type
    if pa.types.is_date(kind):
        whole = column.cast(pa.date32()).cast(pa.int32())
        found = (whole.fill_null(NO_DAY) if whole.null_count else whole).to_numpy(zero_copy_only=False)
        if len(found) and (found.min() < _FIRST or found.max() > _LAST):
            found = np.where((found < _FIRST) | (found > _LAST), np.int32(NO_DAY), found)
        return Days(found), lambda _: DateError(f"{name}: no day, or one outside {FIRST_YEAR} to {LAST_YEAR}")
    if pa.types.is_dictionary(kind) or pa.types.is_null(kind):
        column = column.cast(pa.string())
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise UsageError(
            f'column "{name}" has the type {kind}, not days', code="E_COLUMN", hint="give dates, or YYYY-MM-DD as text"
        )
    encoded = column.dictionary_encode()
    texts: list[Any] = encoded.dictionary.to_pylist()
    read = [_number(text) for text in texts]
    codes = encoded.indices.fill_null(len(read)).to_numpy(zero_copy_only=False)
    numbers = np.array([*(n if isinstance(n, int) else NO_DAY for n in read), NO_DAY], np.int32).take(codes)

    def wrong(row: int) -> DateError:
        code = int(codes[row])
        error = read[code] if code < len(read) else None
        return error if isinstance(error, DateError) else DateError(f"{name}: no day is given")

    return Days(numbers), wrong


def _number(text: str) -> int | DateError:
    try:
        return parse_day(text.strip()[:LONGEST]).toordinal() - _EPOCH
    except DateError as error:
        return error
