"""Cohort files read in pieces: CSV, JSON Lines, Parquet and Arrow; what cannot be read is told with its line.

Text formats give columns of text. Order and pieces are the same each time a file is read.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from inforce.errors import EnvironmentFault, InputError, UsageError

__all__ = ["LINE", "READERS", "Piece", "Source", "Unreadable", "open_source"]

# Rows of a piece: what is in memory at a time, whatever the length of the file.
ROWS = 1 << 17
# Of text a piece holds fewer: Python's texts are large.
TEXT_ROWS = 1 << 15
# Longer than any line of people's facts; a file without line ends is not read into memory.
LONGEST_LINE = 8_000_000
LONGEST_CELL = 100_000
# In a piece of JSON Lines, the line itself: what is not a fact goes out as it came in.
LINE = "\0line"

Needed = Callable[[pa.Schema], Sequence[str]]
"""By the schema of a file, the columns that are needed."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no row; it has no place in the output."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows in a batch, the line (or number) each came from, and lines that are no rows."""

    batch: pa.RecordBatch
    lines: NDArray[np.int64]
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(slots=True)
class Source:
    """A file open for reading.

    ``pieces`` reads it from its beginning, in batches of ``schema``; ``original`` are all its columns with their own
    types. ``place`` says how far of ``total`` it is, in rows or bytes.
    """

    path: Path
    form: str
    schema: pa.Schema
    original: pa.Schema
    pieces: Callable[[], Iterator[Piece]]
    total: int
    place: Callable[[], int] = field(default=lambda: 0)


def open_source(path: Path, form: str, needed: Needed, *, alone: bool = False) -> Source:
    """Return a file ready to be read in pieces.

    Args:
        path: the file.
        form: one of ``READERS``.
        needed: by its schema, the columns that are needed: their texts are read as dictionaries where the format has
            them.
        alone: read no other columns; of Parquet only.

    Raises:
        UsageError: no such file, or it is a folder.
        InputError: not a file of this format, or it has no header.
        EnvironmentFault: it cannot be read.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name one file in it")
    if not path.exists():
        raise UsageError(f"{path}: no such file", hint="name a CSV, JSONL, Parquet or Arrow file")
    try:
        if path.stat().st_size == 0:
            raise InputError("the file is empty", code="E_FILE", source=str(path), hint="give a header and rows")
        return _parquet(path, needed, alone=True) if alone else READERS[form](path, needed)
    except pa.ArrowException as error:
        raise _broken(path, form, error) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def _broken(path: Path, form: str, error: Exception) -> InputError:
    what = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return InputError(
        f"this is not a whole {form} file: {what}", code="E_FILE", source=str(path), hint="write the file again"
    )


def _unreadable(path: Path, error: OSError) -> EnvironmentFault:
    reason = (error.strerror or str(error)).splitlines()[0].lower()
    return EnvironmentFault(f"cannot be read: {reason}", source=str(path), hint="check its permissions")


# ---- columns -------------------------------------------------------------------------------------


def _parquet(path: Path, needed: Needed, *, alone: bool = False) -> Source:
    first = pq.ParquetFile(path)
    names = needed(first.schema_arrow)
    flat = {name for name in names if pa.types.is_string(first.schema_arrow.field(name).type)}
    file = pq.ParquetFile(path, read_dictionary=sorted(flat), memory_map=True) if flat else first
    schema = file.schema_arrow
    # Which columns a name with a dot means, Parquet's readers do not agree.
    columns = None
    if alone and names:
        schema = pa.schema([schema.field(name) for name in names])
        columns = None if any("." in name for name in names) else list(names)
    done = 0

    def pieces() -> Iterator[Piece]:
        nonlocal done
        done = 0
        try:
            for batch in file.iter_batches(batch_size=ROWS, columns=columns):
                yield Piece(_as(batch, schema), np.arange(done + 1, done + batch.num_rows + 1))
                done += batch.num_rows
        except pa.ArrowException as error:
            raise _broken(path, "Parquet", error) from None
        except OSError as error:
            raise _broken(path, "Parquet", error) from None

    return Source(path, "parquet", schema, first.schema_arrow, pieces, file.metadata.num_rows, lambda: done)


def _as(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.names != schema.names:
        batch = batch.select(schema.names)
    return batch if batch.schema.equals(schema) else pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def _arrow(path: Path, _: Needed) -> Source:
    def opened() -> tuple[Any, Iterator[pa.RecordBatch]]:
        held = pa.memory_map(str(path))
        try:
            file = pa.ipc.open_file(held)
        except pa.ArrowInvalid:
            held.seek(0)
            stream = pa.ipc.open_stream(held)
            return stream.schema, iter(stream)
        return file.schema, (file.get_batch(number) for number in range(file.num_record_batches))

    schema = opened()[0]
    done = 0

    def pieces() -> Iterator[Piece]:
        nonlocal done
        done = 0
        try:
            for whole in opened()[1]:
                for start in range(0, whole.num_rows, ROWS):
                    batch = whole.slice(start, ROWS)
                    yield Piece(batch, np.arange(done + 1, done + batch.num_rows + 1))
                    done += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise _broken(path, "Arrow", error) from None

    return Source(path, "arrow", schema, schema, pieces, 0, lambda: done)


# ---- text ----------------------------------------------------------------------------------------


class _Lines:
    """The lines of a text file with their numbers, each of bounded length; bytes that are no UTF-8 stay marked."""

    def __init__(self, path: Path) -> None:
        self.path, self.number, self.read = path, 0, 0

    def __iter__(self) -> Iterator[str]:
        with self.path.open("rb") as file:
            _refuse_marks(self.path, file)
            while line := file.readline(LONGEST_LINE):
                self.number += 1
                self.read += len(line)
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    raise InputError(
                        f"a line of more than {LONGEST_LINE} bytes",
                        code="E_FILE",
                        source=f"{self.path}:{self.number}",
                        hint="is this a text file?",
                    )
                yield line.decode("utf-8", "surrogateescape")


def _refuse_marks(path: Path, file: IO[bytes]) -> None:
    start = file.read(4)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or start[1:2] == b"\0":
        raise InputError("this is UTF-16, not UTF-8 text", code="E_FILE", source=str(path), hint="save it as UTF-8")
    # Spreadsheets write a byte order mark before UTF-8; it means nothing.
    file.seek(3 if start.startswith(b"\xef\xbb\xbf") else 0)


def _marked(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _csv(path: Path, _: Needed) -> Source:
    lines = _Lines(path)
    separator = _separator(path)
    header = next(csv.reader(lines, delimiter=separator, strict=True), None)
    if not header or not any(cell.strip() for cell in header):
        raise InputError("there is no header line", code="E_FILE", source=f"{path}:1", hint="name the columns in it")
    if any(_marked(cell) for cell in header):
        raise InputError("the header is not UTF-8 text", code="E_FILE", source=f"{path}:1", hint="save it as UTF-8")
    names = [cell.strip() for cell in header]
    schema = pa.schema([(name, pa.string()) for name in names])
    counted = [lines]

    def pieces() -> Iterator[Piece]:
        counted[0] = _Lines(path)
        reader = csv.reader(iter(counted[0]), delimiter=separator, strict=True)
        next(reader)
        kept: list[list[str]] = []
        numbers: list[int] = []
        bad: list[Unreadable] = []
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader, None)
            except csv.Error as error:
                # An unclosed quote takes what follows with it: say how far.
                upto = f" (up to line {reader.line_num})" if reader.line_num > line else ""
                bad.append(Unreadable(line, "E_ROW", f"not a row of CSV{upto}: {str(error)[:80]}"))
                continue
            if row is not None and row:
                wrong = _wrong_row(row, len(names))
                if wrong:
                    bad.append(Unreadable(line, *wrong))
                else:
                    kept.append(row)
                    numbers.append(line)
            if row is None or len(kept) + len(bad) >= TEXT_ROWS:
                columns = list(zip(*kept, strict=True)) if kept else [()] * len(names)
                arrays = [_texts(column) for column in columns]
                yield Piece(pa.RecordBatch.from_arrays(arrays, schema=schema), np.array(numbers, np.int64), tuple(bad))
                kept, numbers, bad = [], [], []
            if row is None:
                return

    size = path.stat().st_size
    return Source(path, "csv", schema, schema, _guarded(path, pieces), size, lambda: counted[0].read)


def _separator(path: Path) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    first = next(iter(_Lines(path)), "")
    found = [sign for sign in (",", ";", "\t") if sign in first]
    return found[0] if found else ","


def _wrong_row(row: list[str], width: int) -> tuple[str, str] | None:
    if len(row) != width:
        return "E_ROW", f"{len(row)} cells, the header has {width}"
    longest = max(map(len, row))
    if longest > LONGEST_CELL:
        return "E_ROW", f"a cell of {longest} characters"
    if any(_marked(cell) for cell in row):
        return "E_ENCODING", "not UTF-8 text"
    return None


def _texts(cells: Iterable[str]) -> pa.Array:
    return pa.array([cell or None for cell in cells], pa.string())


def _guarded(path: Path, pieces: Callable[[], Iterator[Piece]]) -> Callable[[], Iterator[Piece]]:
    def guarded() -> Iterator[Piece]:
        try:
            yield from pieces()
        except OSError as error:
            raise _unreadable(path, error) from None

    return guarded


def _jsonl(path: Path, _: Needed) -> Source:
    lines = _Lines(path)
    names: dict[str, None] = {}
    # The columns are those of the first rows; a later row with another one is told, not cut.
    for line, _number in zip(lines, range(TEXT_ROWS), strict=False):
        found = _row(line)
        if isinstance(found, dict):
            names |= dict.fromkeys(found)
    if not names:
        raise InputError(
            "no line is a JSON object", code="E_FILE", source=str(path), hint='a row is one line, {"fact": "value"}'
        )
    schema = pa.schema([*((name, pa.string()) for name in names), (LINE, pa.string())])
    counted = [lines]

    def pieces() -> Iterator[Piece]:
        counted[0] = _Lines(path)
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        bad: list[Unreadable] = []
        for line in counted[0]:
            if not line.strip():
                continue
            row = _row(line)
            if isinstance(row, str):
                bad.append(Unreadable(counted[0].number, "E_ENCODING" if _marked(line) else "E_ROW", row))
            elif strange := next((name for name in row if name not in names), None):
                bad.append(Unreadable(counted[0].number, "E_ROW", f'"{strange[:80]}" is in none of the first rows'))
            else:
                rows.append({**row, LINE: line.strip()})
                numbers.append(counted[0].number)
            if len(rows) + len(bad) >= TEXT_ROWS:
                yield _rows(rows, numbers, bad, schema)
                rows, numbers, bad = [], [], []
        yield _rows(rows, numbers, bad, schema)

    size = path.stat().st_size
    return Source(path, "jsonl", schema, schema, _guarded(path, pieces), size, lambda: counted[0].read)


def _row(line: str) -> dict[str, Any] | str:
    if _marked(line):
        return "not UTF-8 text"
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {str(error)[:80]}"
    if not isinstance(found, dict):
        return "not a JSON object"
    return found


def _rows(rows: list[dict[str, Any]], numbers: list[int], bad: list[Unreadable], schema: pa.Schema) -> Piece:
    arrays = [pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in schema.names]
    return Piece(pa.RecordBatch.from_arrays(arrays, schema=schema), np.array(numbers, np.int64), tuple(bad))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value) or "none"
    return json.dumps(value, ensure_ascii=False)


READERS: dict[str, Callable[[Path, Needed], Source]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "arrow": _arrow,
}
