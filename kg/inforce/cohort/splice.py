"""A Parquet file with columns added, its own bytes carried over as they are: nothing of them is decoded or encoded.

The data of the source are copied, those of a side file with the added columns follow, and the two footers become
one. A footer is read as what it is, a tree of numbered fields; of what we do not know, nothing is changed.

Source: Apache Parquet format, parquet.thrift; Apache Thrift compact protocol.
"""

from __future__ import annotations

import base64
import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from inforce.cohort.writing import parquet_writer

__all__ = ["Footer", "Spliced", "spliceable"]

MAGIC = b"PAR1"
# Kinds of the compact protocol.
YES, NO, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
# Fields of a footer that we read or change, by the numbers of parquet.thrift.
SCHEMA, ROWS, GROUPS, PAIRS, ORDERS, ENCRYPTED = 2, 3, 4, 5, 7, 8
CHILDREN = 5
CHUNKS, GROUP_BYTES, GROUP_ROWS, GROUP_PACKED = 1, 2, 3, 6
CHUNK_PATH, CHUNK_AT, CHUNK_DATA, OFFSET_INDEX, COLUMN_INDEX = 1, 2, 3, 4, 6
DATA_BYTES, DATA_PACKED, DATA_PAGE, INDEX_PAGE, DICTIONARY_PAGE, BLOOM = 6, 7, 9, 10, 11, 14
# What was said of the columns there were, by writers whose readers believe it rather than the file.
STALE = (b"org.apache.spark.sql.parquet.row.metadata",)
ARROW_SCHEMA = b"ARROW:schema"
PIECE = 1 << 20
# Rows of a row group above which it is not held in memory, but the file written anew.
LARGEST = 1 << 22


class Typed(NamedTuple):
    """A value of the compact protocol with its kind; of a list, ``of`` is the kind of its members."""

    kind: int
    value: Any
    of: int = 0


Struct = dict[int, Typed]


class Footer:
    """The footer of a Parquet file.

    Attributes:
        fields: by number.
        begin: where the footer begins: the end of all data.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Read the footer of a whole file.

        Raises:
            ValueError: it is not one.
        """
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8))
        length, magic = struct.unpack("<I4s", file.read(8).rjust(8, b"\0"))
        self.begin = size - 8 - length
        if magic != MAGIC or self.begin < len(MAGIC):
            raise ValueError("no footer of Parquet")
        file.seek(self.begin)
        self.fields: Struct = _Reading(file.read(length)).struct()

    def rows(self) -> list[int]:
        """Return the number of rows of each row group."""
        return [group[GROUP_ROWS].value for group in self.fields[GROUPS].value]

    def plain(self) -> bool:
        """Tell whether all data are in the file itself, and in the clear."""
        chunks = (chunk for group in self.fields[GROUPS].value for chunk in group[CHUNKS].value)
        return ENCRYPTED not in self.fields and all(CHUNK_PATH not in c and CHUNK_DATA in c for c in chunks)


def spliceable(path: Path) -> Footer | None:
    """Return the footer of a Parquet file to which columns can be added; ``None`` where it must be written anew."""
    try:
        with path.open("rb") as file:
            found = Footer(file)
        # A row group is held until it is whole.
        return found if found.plain() and all(0 < rows <= LARGEST for rows in found.rows()) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # not of the shape of a footer; what is wrong with it, its reader tells


class Spliced:
    """Writes the columns added to a Parquet file, in row groups like its own, and at the end both together."""

    def __init__(self, target: Path, schema: pa.Schema, told: pa.Schema, source: Path, footer: Footer) -> None:
        """Take the file to write, the columns added, the types of all columns, and what they are added to."""
        self.target, self.told, self.source, self.footer = target, told, source, footer
        # Without a name, it goes away by itself whatever happens.
        self.side = tempfile.TemporaryFile(dir=target.parent)
        # Of a handful of words each piece has nearly all: nobody can skip any.
        self.file = parquet_writer(self.side, schema, measured=False)
        self.rest: list[pa.RecordBatch] = []
        self.held = 0
        self.groups = iter(footer.rows())
        self.wanted = next(self.groups, 0)

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch."""
        self.rest.append(batch)
        self.held += batch.num_rows
        while 0 < self.wanted <= self.held:
            whole = pa.Table.from_batches(self.rest)
            self.file.write_table(whole.slice(0, self.wanted), row_group_size=self.wanted)
            self.rest = whole.slice(self.wanted).to_batches()
            self.held -= self.wanted
            self.wanted = next(self.groups, 0)

    def close(self) -> None:
        """Write what ends the side file, then the whole.

        Raises:
            OSError: the source is not as it was when it was opened.
        """
        self.file.close()
        with self.side, self.source.open("rb") as data, self.target.open("wb") as out:
            one, other = Footer(data), Footer(self.side)
            if one.fields != self.footer.fields or one.rows() != other.rows():
                raise OSError(f"{self.source} was changed while it was read")
            _copy(data, 0, one.begin, out)
            _copy(self.side, len(MAGIC), other.begin, out)
            told = base64.b64encode(self.told.serialize().to_pybytes())
            footer = _struct(_merged(one.fields, other.fields, one.begin - len(MAGIC), told))
            out.write(footer + struct.pack("<I", len(footer)) + MAGIC)
        # Nothing gets its name that the library does not read as what it was to be.
        with pq.ParquetFile(self.target) as whole:
            if whole.metadata.num_rows != sum(one.rows()) or whole.schema_arrow.names != self.told.names:
                raise OSError(f"{self.target} did not become what it was to be")


def _copy(data: IO[bytes], first: int, last: int, out: IO[bytes]) -> None:
    data.seek(first)
    while first < last:
        piece = data.read(min(PIECE, last - first))
        if not piece:
            raise OSError("a file was cut short while it was read")
        out.write(piece)
        first += len(piece)


def _merged(one: Struct, other: Struct, shift: int, told: bytes) -> Struct:
    (root, *own), (also, *added) = one[SCHEMA].value, other[SCHEMA].value
    root = {**root, CHILDREN: _plus(root[CHILDREN], also[CHILDREN].value)}
    found = {**one, SCHEMA: one[SCHEMA]._replace(value=[root, *own, *added])}
    groups = []
    for group, more in zip(one[GROUPS].value, other[GROUPS].value, strict=True):
        chunks = [*group[CHUNKS].value, *(_moved(chunk, shift) for chunk in more[CHUNKS].value)]
        packed = sum(chunk[CHUNK_DATA].value[DATA_PACKED].value for chunk in more[CHUNKS].value)
        group = {**group, CHUNKS: group[CHUNKS]._replace(value=chunks)}
        group[GROUP_BYTES] = _plus(group[GROUP_BYTES], more[GROUP_BYTES].value)
        if GROUP_PACKED in group:
            group[GROUP_PACKED] = _plus(group[GROUP_PACKED], packed)
        groups.append(group)
    # A list without members has whatever kind its writer gave it.
    found[GROUPS] = Typed(LIST, groups, STRUCT)
    if PAIRS in one:
        pairs = [pair for pair in one[PAIRS].value if pair[1].value not in STALE]
        pairs = [{**pair, 2: Typed(BINARY, told)} if pair[1].value == ARROW_SCHEMA else pair for pair in pairs]
        found[PAIRS] = one[PAIRS]._replace(value=pairs)
    if ORDERS in one:
        found[ORDERS] = one[ORDERS]._replace(value=[*one[ORDERS].value, *other[ORDERS].value])
    return dict(sorted(found.items()))


def _plus(number: Typed, more: int) -> Typed:
    return number._replace(value=number.value + more)


def _moved(chunk: Struct, shift: int) -> Struct:
    def moved(fields: Struct, numbers: tuple[int, ...]) -> Struct:
        # Where there is nothing, some writers say 0.
        return {n: _plus(t, shift) if n in numbers and t.value else t for n, t in fields.items()}

    found = moved(chunk, (CHUNK_AT, OFFSET_INDEX, COLUMN_INDEX))
    data = moved(chunk[CHUNK_DATA].value, (DATA_PAGE, INDEX_PAGE, DICTIONARY_PAGE, BLOOM))
    found[CHUNK_DATA] = Typed(STRUCT, data)
    return found


# ---- the compact protocol ------------------------------------------------------------------------------


class _Reading:
    """Bytes of the compact protocol, read from their beginning."""

    def __init__(self, held: bytes) -> None:
        self.held, self.place = held, 0

    def struct(self) -> Struct:
        found: Struct = {}
        number = 0
        while head := self._byte():
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self._signed()
            found[number] = Typed(kind, None) if kind in (YES, NO) else self._typed(kind)
        return found

    def _typed(self, kind: int) -> Typed:
        if kind not in (LIST, SET):
            return Typed(kind, self._value(kind))
        head = self._byte()
        length = head >> 4 if head >> 4 < 15 else self._number()
        return Typed(kind, [self._value(head & 15) for _ in range(length)], head & 15)

    def _value(self, kind: int) -> Any:
        if kind in (I16, I32, I64):
            return self._signed()
        if kind == BINARY:
            return self._bytes(self._number())
        if kind == STRUCT:
            return self.struct()
        if kind in (YES, NO, BYTE):
            return self._byte()
        if kind == DOUBLE:
            return self._bytes(8)
        if kind in (LIST, SET):
            return self._typed(kind)
        raise ValueError(f"a footer with a field of kind {kind}")

    def _byte(self) -> int:
        self.place += 1
        if self.place > len(self.held):
            raise ValueError("a footer that ends too soon")
        return self.held[self.place - 1]

    def _bytes(self, length: int) -> bytes:
        self.place += length
        return self.held[self.place - length : self.place]

    def _number(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7

    def _signed(self) -> int:
        found = self._number()
        return found >> 1 ^ -(found & 1)


def _struct(fields: Struct) -> bytes:
    return b"".join(_fields(fields))


def _fields(fields: Struct) -> Iterator[bytes]:
    before = 0
    for number, typed in fields.items():
        step = number - before
        yield bytes((step << 4 | typed.kind,)) if 0 < step < 16 else bytes((typed.kind,)) + _signed(number)
        before = number
        if typed.kind not in (YES, NO):
            yield _typed(typed)
    yield b"\0"


def _typed(typed: Typed) -> bytes:
    if typed.kind not in (LIST, SET):
        return _value(typed.kind, typed.value)
    count = len(typed.value)
    head = bytes((count << 4 | typed.of,)) if count < 15 else bytes((15 << 4 | typed.of,)) + _number(count)
    return head + b"".join(_value(typed.of, value) for value in typed.value)


def _value(kind: int, value: Any) -> bytes:
    if kind in (I16, I32, I64):
        return _signed(value)
    if kind == BINARY:
        return _number(len(value)) + bytes(value)
    if kind == STRUCT:
        return _struct(value)
    if kind in (LIST, SET):
        return _typed(value)
    return bytes((value,)) if kind in (YES, NO, BYTE) else bytes(value)


def _number(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def _signed(value: int) -> bytes:
    return _number(value << 1 if value >= 0 else (-value << 1) - 1)
