"""A block's columns as bit planes: what each row says of a fact, whatever the column is made of.

Text is read as the command line reads it, each different text once. An empty cell is not given; ``unknown`` is
given as unknown, and is never assumed to be ordinary.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inforce.cohort.planes import EMPTY, Plane, both, either, inverse, pack
from inforce.errors import InForceError, UsageError

__all__ = ["ABSENT", "BAD", "LONGEST", "UNKNOWN", "Given", "Marker", "Reader", "Tokens", "Truths", "Values"]

# A cell longer than this is no value of any fact; it is not looked up and not repeated in a message.
LONGEST = 2_000
# So many wrong texts of a fact get a hint of what was meant; finding one takes half a millisecond.
HINTED = 200
# Up to so many values, comparing with each is faster than looking every row up.
FEW = 8
SEPARATOR = "\x1f"
# Dictionaries of columns, and different texts, that are remembered.
KEPT = 500
REMEMBERED = 200_000

Key = tuple[str, str, bool]
"""Of a cell: its column, its text, whether the text is of a list."""


class Marker:
    """What a cell says that is no value."""

    def __init__(self, name: str) -> None:
        """Take what it is called."""
        self.name = name

    def __repr__(self) -> str:
        return self.name


ABSENT, UNKNOWN, BAD = Marker("ABSENT"), Marker("UNKNOWN"), Marker("BAD")


class Given:
    """What the rows of a block say of one fact: ``open`` rows say nothing, of which ``unknown`` say so in words."""

    open: Plane
    unknown: Plane

    def where(self, key: Hashable, holds: Callable[[Any], bool]) -> Plane:
        """Return the rows that give a value of which ``holds`` is true; equal keys say the same of every value."""
        raise NotImplementedError

    def values_of(self, rows: NDArray[np.intp]) -> list[Any]:
        """Return the value that each of some rows gives, or a marker."""
        raise NotImplementedError


class Truths(Given):
    """A column of truth values: Arrow's own bitmap with its validity is such a pair of planes."""

    def __init__(self, column: pa.BooleanArray) -> None:
        """Take the column."""
        if column.offset % 8:
            column = pa.concat_arrays([column, pa.array([], pa.bool_())])
        self.length = len(column)
        self.yes = _bitmap(column, 1)
        self.open: Plane = EMPTY
        if column.null_count:
            valid = _bitmap(column, 0)
            self.yes = self.yes & valid
            self.open = ~valid
        self.unknown = EMPTY

    @property
    def no(self) -> Plane:
        """The rows that say no."""
        return ~self.yes if self.open is EMPTY else ~(self.yes | self.open)

    def where(self, key: Hashable, holds: Callable[[Any], bool]) -> Plane:
        """Return the rows that give a value of which ``holds`` is true; equal keys say the same of every value."""
        return either([self.yes if holds(True) else EMPTY, self.no if holds(False) else EMPTY])

    def values_of(self, rows: NDArray[np.intp]) -> list[Any]:
        """Return the value that each of some rows gives, or a marker."""
        said = [False, True, ABSENT]
        return [said[code] for code in (_bits(self.yes, rows) | _bits(self.open, rows) << np.uint64(1)).tolist()]


def _bits(plane: Plane, rows: NDArray[np.intp]) -> NDArray[np.uint64]:
    # A plane that is one word is the same in every word.
    bits: NDArray[np.uint64] = plane.take(rows // 64, mode="clip")
    return bits >> (rows % 64).astype(np.uint64) & np.uint64(1)


def _bitmap(column: pa.Array, number: int) -> Plane:
    # The column's own memory where it begins and ends with a word; what lies beyond the last row is never looked at.
    words = -(-len(column) // 64)
    buffer = column.buffers()[number]
    if column.offset % 64 == 0 and buffer.size >= column.offset // 8 + words * 8:
        return np.frombuffer(buffer, np.uint64, words, column.offset // 8)
    found = np.zeros(words, np.uint64)
    size = -(-len(column) // 8)
    found.view(np.uint8)[:size] = np.frombuffer(buffer, np.uint8, size, column.offset // 8)
    return found


class Values:
    """The different values of a column, each of which may be a marker; remembers what was asked of them."""

    def __init__(self, values: Sequence[Any], keys: Sequence[Key] = ()) -> None:
        """Take the values, and the text that each was read from."""
        self.values, self.keys = tuple(values), tuple(keys)
        self._flags: dict[Hashable, tuple[bool, ...]] = {}

    def flags(self, key: Hashable, holds: Callable[[Any], bool]) -> tuple[bool, ...]:
        """Return for each value whether ``holds`` is true of it; of a marker it is not."""
        found = self._flags.get(key)
        if found is None:
            found = tuple(not isinstance(value, Marker) and holds(value) for value in self.values)
            self._flags[key] = found
        return found

    def marked(self, *markers: Marker) -> tuple[bool, ...]:
        """Return for each value whether it is one of the markers."""
        found = self._flags.get(markers)
        if found is None:
            found = tuple(isinstance(value, Marker) and value in markers for value in self.values)
            self._flags[markers] = found
        return found


class Tokens(Given):
    """A column of anything else: a number for each row, and the value each number stands for."""

    def __init__(self, codes: NDArray[Any], values: Values, null: Plane = EMPTY) -> None:
        """Take the numbers of the rows, or one that stands for all, and the values; rows in ``null`` have none."""
        self.codes, self.values, self.null = codes, values, null
        self._filled = inverse(null)
        self._known: dict[tuple[bool, ...], Plane] = {}
        self._bytes: bytes | None = None
        self.unknown = self._of(values.marked(UNKNOWN))
        self.bad = self._of(values.marked(BAD))
        self.open = either([null, self._of(values.marked(UNKNOWN, BAD, ABSENT))])

    def where(self, key: Hashable, holds: Callable[[Any], bool]) -> Plane:
        """Return the rows that give a value of which ``holds`` is true; equal keys say the same of every value."""
        return self._of(self.values.flags(key, holds))

    def _of(self, flags: tuple[bool, ...]) -> Plane:
        if True not in flags:
            return EMPTY
        if False not in flags:
            return self._filled
        found = self._known.get(flags)
        if found is None:
            chosen = [number for number, flag in enumerate(flags) if flag]
            if len(chosen) <= FEW:
                found = pack(self._equal(chosen))
            elif len(flags) - len(chosen) <= FEW:
                found = inverse(pack(self._equal([n for n, flag in enumerate(flags) if not flag])))
            else:
                found = pack(self._looked_up(flags))
            found = self._known[flags] = both(found, self._filled)
        return found

    def _looked_up(self, flags: tuple[bool, ...]) -> NDArray[Any]:
        if self.codes.dtype != np.uint8:
            # Under a null lies any number.
            return np.array(flags, bool).take(self.codes, mode="clip")
        # Four times as fast as taking from a table.
        if self._bytes is None:
            self._bytes = self.codes.tobytes()
        return np.frombuffer(self._bytes.translate(bytes(flags).ljust(256, b"\0")), np.uint8)

    def _equal(self, numbers: Sequence[int]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.codes == numbers[0]
        for number in numbers[1:]:
            found |= self.codes == number
        return found

    def values_of(self, rows: NDArray[np.intp]) -> list[Any]:
        """Return the value that each of some rows gives, or a marker."""
        codes = self.codes.take(rows) if len(self.codes) > 1 else np.broadcast_to(self.codes, len(rows))
        nulls = _bits(self.null, rows).tolist()
        values = self.values.values
        return [ABSENT if null else values[code] for code, null in zip(codes.tolist(), nulls, strict=True)]


class Reader:
    """Reads columns of one fact each; keeps what every text means, and what is wrong with it."""

    def __init__(
        self,
        interpret: Callable[[str, Any, bool], Any],
        replaced: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """Take how the text of a fact is read (the fact, the text, whether with hints), and the texts a user replaces.

        ``replaced`` has for each column its own texts and what they stand for.
        """
        self.interpret, self.replaced = interpret, replaced
        self._read: dict[Key, Any] = {}
        self._seen: dict[Hashable, Values] = {}
        self.wrong: dict[Key, InForceError] = {}

    def column(self, fact: str, name: str, column: pa.Array) -> tuple[Given, Callable[[int], InForceError | None]]:
        """Return what a column says of ``fact``, and what is wrong with a row's cell, if anything.

        Raises:
            UsageError: no fact is written in columns of this type.
        """
        kind = column.type
        own = self.replaced.get(name, {})
        if pa.types.is_boolean(kind) and not own:
            return Truths(column), _nothing
        listed = _is_list(kind)
        encoded = _encoded(name, column)
        texts = encoded.dictionary.to_pylist()
        values = self._values(fact, name, texts, listed=listed)
        given = Tokens(_codes(encoded.indices, len(texts)), values, _nulls(encoded.indices))

        def wrong(row: int) -> InForceError | None:
            return self.wrong.get(values.keys[int(given.codes[row])])

        return given, wrong

    def _values(self, fact: str, name: str, texts: Sequence[Any], *, listed: bool) -> Values:
        # Batches of one file often have the same dictionary.
        same = (name, listed, tuple(texts))
        found = self._seen.get(same)
        if found is None:
            keys = [(name, str(text), listed) for text in texts]
            own = self.replaced.get(name, {})
            if len(self._seen) > KEPT:
                self._seen.clear()
            found = self._seen[same] = Values([self._value(fact, key, own) for key in keys], keys)
        return found

    def _value(self, fact: str, key: Key, own: Mapping[str, Any]) -> Any:
        if len(self._read) > REMEMBERED:
            self._read.clear()
            self.wrong.clear()
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = self._interpreted(fact, key, own)
        return found

    def _interpreted(self, fact: str, key: Key, own: Mapping[str, Any]) -> Any:
        _, text, listed = key
        parts = [part.strip() for part in text.split(SEPARATOR)] if listed and text else []
        bare: Any = [own.get(part, part) for part in parts] if listed else own.get(text.strip(), text.strip())
        if bare is None or (not listed and bare == ""):
            return ABSENT
        try:
            if len(text) > LONGEST:
                raise UsageError(f"{fact}: a cell of {len(text)} characters", code="E_FACTS", hint="give one value")
            return self.interpret(fact, bare, len(self.wrong) < HINTED)
        except InForceError as error:
            self.wrong[key] = error
            return BAD


def _codes(indices: pa.Array, count: int) -> NDArray[Any]:
    # The numbers as they lie in memory; under a null lies any number, and nothing is made of it.
    kind = indices.type.to_pandas_dtype()
    size = np.dtype(kind).itemsize
    small = np.uint8 if count <= 256 else np.int32
    if not len(indices):
        return np.empty(0, small)
    return np.asarray(np.frombuffer(indices.buffers()[1], kind, len(indices), indices.offset * size), small)


def _nulls(indices: pa.Array) -> Plane:
    if not indices.null_count:
        return EMPTY
    if indices.offset % 8:
        indices = pa.concat_arrays([indices, pa.array([], indices.type)])
    return inverse(_bitmap(indices, 0))


def _nothing(_: int) -> None:
    return None


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _encoded(name: str, column: pa.Array) -> pa.DictionaryArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        if not _is_text(kind.value_type):
            column = column.dictionary_decode()
            return _encoded(name, column)
        # Nulls may hide in the dictionary, and texts may stand there twice: neither does harm.
        return column if not column.dictionary.null_count else _encoded(name, column.dictionary_decode())
    if _is_list(kind):
        return _joined(name, column).dictionary_encode()
    if _is_text(kind):
        return (
            column if kind in (pa.string(), pa.large_string()) else column.cast(pa.large_string())
        ).dictionary_encode()
    if pa.types.is_boolean(kind):
        words = pa.array(["no", "yes"])
        return pa.DictionaryArray.from_arrays(column.cast(pa.int8()), words)
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string()).dictionary_encode()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_date(kind):
        distinct = column.dictionary_encode()
        return pa.DictionaryArray.from_arrays(distinct.indices, distinct.dictionary.cast(pa.string()))
    raise UsageError(
        f'column "{name}" has the type {kind}, in which no fact is written',
        code="E_COLUMN",
        hint="give text, truth values, numbers, days or lists of text; or leave it out: --map",
    )


def _is_text(kind: pa.DataType) -> bool:
    view = getattr(pa.types, "is_string_view", None)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or (view is not None and view(kind)))


def _joined(name: str, column: pa.Array) -> pa.Array:
    if not _is_text(column.type.value_type):
        if not pa.types.is_null(column.type.value_type):
            raise UsageError(
                f'column "{name}" is a list of {column.type.value_type}, not of text',
                code="E_COLUMN",
                hint="give a list of codes or names",
            )
        column = column.cast(pa.list_(pa.string()))
    if pa.types.is_fixed_size_list(column.type):
        column = column.cast(pa.list_(column.type.value_type))
    if column.flatten().null_count:
        # A null among the members is no value: it is refused like any other wrong text.
        column = pa.array([None if row is None else [m or "?null" for m in row] for row in column.to_pylist()])
    return pc.binary_join(column.cast(pa.list_(pa.string())), SEPARATOR)
