"""What was found for the rows of a batch on one day, and the columns it is told in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inforce.cohort.plan import Asked, Results, Words
from inforce.errors import InForceError

__all__ = ["RowError", "Side", "worded"]


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row of a batch, and in which column; without one the row as a whole is wrong."""

    row: int
    column: str
    error: InForceError


class Side:
    """The results of a whole batch on one day, filled block by block; -1 where there is none."""

    def __init__(self, length: int, asked: Asked) -> None:
        """Make room for ``length`` rows."""
        self.asked = asked
        self.outcome = np.full(length, -1, np.int8)
        self.ordinarily = np.full(length, -1, np.int8)
        self.rule = np.full(length, -1, np.int16)
        self.layer = np.full(length, -1, np.int16)
        self.missing: dict[int, tuple[str, ...]] = {}

    def put(self, start: int, found: Results, errors: dict[int, RowError]) -> None:
        """Put the results of a block where they belong: from row ``start`` on."""
        where = slice(start, start + len(found.outcome))
        self.outcome[where], self.ordinarily[where] = found.outcome, found.ordinarily
        self.rule[where], self.layer[where] = found.rule, found.layer
        for row, names in found.missing.items():
            self.missing[start + row] = names
        for row, error in found.errors.items():
            errors.setdefault(start + row, RowError(start + row, "", error))

    def arrays(self, words: Words, *, plain: bool) -> Iterator[pa.Array]:
        """Yield the columns asked for, in their order."""
        if self.asked.outcome:
            yield worded(self.outcome, words.outcomes, plain=plain)
        if self.asked.ordinarily:
            yield worded(self.ordinarily, words.outcomes, plain=plain)
        if self.asked.decisive:
            yield worded(self.rule, words.rules, plain=plain)
            yield worded(self.layer.astype(np.int8), words.layers, plain=plain)
        if self.asked.missing:
            rows: list[list[str] | None] = [None if code < 0 else [] for code in self.outcome.tolist()]
            for row, names in self.missing.items():
                rows[row] = list(names)
            yield pa.array(rows, pa.list_(pa.string()))


def worded(codes: NDArray[Any], words: Sequence[str], *, plain: bool) -> pa.Array:
    """Return a column of the words that numbers stand for; nothing for -1."""
    # By its buffers: from lists and numpy pyarrow makes arrays only after it has loaded pandas, where that is.
    none = codes < 0
    count = int(none.sum())
    valid = pa.py_buffer(np.packbits(~none, bitorder="little")) if count else None
    held = pa.py_buffer(np.ascontiguousarray(codes))
    numbers = pa.Array.from_buffers(pa.from_numpy_dtype(codes.dtype), len(codes), [valid, held], count)
    found = pa.DictionaryArray.from_arrays(numbers, _texts(words))
    return found.cast(pa.string()) if plain else found


def _texts(words: Sequence[str]) -> pa.Array:
    encoded = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(words), buffers)
