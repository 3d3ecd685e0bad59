"""Answered cohorts written piece by piece: CSV, JSON Lines, Parquet and Arrow."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from inforce.cohort.reading import LINE

__all__ = ["WRITERS", "ErrorLines", "Writer", "guarded", "parquet_writer", "plain_schema"]

# What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


class Writer(Protocol):
    """Writes batches of one schema to a file."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch."""

    def close(self) -> None:
        """Write what ends the file."""


def guarded(text: str) -> str:
    """Return a cell's text such that a spreadsheet takes it for text.

    >>> guarded("=1+1"), guarded("1+1")
    ("'=1+1", '1+1')
    """
    return "'" + text if text.startswith(_FORMULA) else text


def _shown(schema: pa.Schema) -> list[int]:
    return [number for number, name in enumerate(schema.names) if name != LINE]


class _Parquet:
    def __init__(self, path: Path, schema: pa.Schema, told: pa.Schema) -> None:
        self.places = _shown(schema)
        whole = len(self.places) == len(schema.names)
        schema = schema if whole else pa.schema([schema.field(n) for n in self.places], schema.metadata)
        told = told if whole else pa.schema([told.field(n) for n in self.places], told.metadata)
        self.whole = whole
        self.file = parquet_writer(path, schema)
        # Columns that we read as dictionaries, to read and write them fast, keep the type they had.
        self.file.add_key_value_metadata({"ARROW:schema": base64.b64encode(told.serialize().to_pybytes()).decode()})

    def write(self, batch: pa.RecordBatch) -> None:
        self.file.write_batch(batch if self.whole else batch.select(self.places))

    def close(self) -> None:
        self.file.close()


def parquet_writer(where: Any, schema: pa.Schema, *, measured: bool = True) -> Any:
    """Return a writer of Parquet to a path or an open file, made for speed.

    ``measured``: with the least and greatest value of each piece, by which readers skip some.
    """
    # Of two truth values they help no reader, and take a quarter of the time.
    columns = [f.name for f in schema if not pa.types.is_boolean(f.type)] if measured else False
    return pq.ParquetWriter(
        where, schema, compression="zstd", compression_level=1, store_schema=False, write_statistics=columns
    )


class _Arrow:
    def __init__(self, path: Path, schema: pa.Schema, told: pa.Schema) -> None:
        self.places = _shown(schema)
        # The file format holds one dictionary a column: those of the input, which differ by batch, become text.
        self.schema = plain_schema(pa.schema([schema.field(n) for n in self.places], schema.metadata))
        self.file = pa.ipc.new_file(str(path), self.schema)

    def write(self, batch: pa.RecordBatch) -> None:
        self.file.write_batch(batch.select(self.places).cast(self.schema))

    def close(self) -> None:
        self.file.close()


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return a schema with texts where it has dictionaries of them."""
    return pa.schema(
        [f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f for f in schema], schema.metadata
    )


class _Csv:
    def __init__(self, path: Path, schema: pa.Schema, told: pa.Schema, *, excel: bool = False) -> None:
        self.places, self.excel = _shown(schema), excel
        self.file: IO[str] = path.open("w", encoding="utf-8", newline="")
        self.rows = csv.writer(self.file, lineterminator="\n")
        self.rows.writerow([self._cell(schema.names[n]) for n in self.places])

    def _cell(self, text: str) -> str:
        return guarded(text) if self.excel else text

    def write(self, batch: pa.RecordBatch) -> None:
        columns = [_cells(batch.column(number)) for number in self.places]
        if self.excel:
            columns = [[guarded(text) for text in column] for column in columns]
        self.rows.writerows(zip(*columns, strict=True))

    def close(self) -> None:
        self.file.close()


class _CsvExcel(_Csv):
    def __init__(self, path: Path, schema: pa.Schema, told: pa.Schema) -> None:
        super().__init__(path, schema, told, excel=True)


def _cells(column: pa.Array) -> list[str]:
    kind = column.type
    if pa.types.is_boolean(kind):
        return ["" if value is None else "yes" if value else "no" for value in column.to_pylist()]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return ["" if value is None else ",".join(map(str, value)) for value in column.to_pylist()]
    if pa.types.is_dictionary(kind):
        words = [str(word) for word in column.dictionary.to_pylist()]
        return ["" if code is None else words[code] for code in column.indices.to_pylist()]
    return ["" if value is None else str(value) for value in column.to_pylist()]


class _Jsonl:
    def __init__(self, path: Path, schema: pa.Schema, told: pa.Schema) -> None:
        self.file: IO[str] = path.open("w", encoding="utf-8", newline="\n")

    def write(self, batch: pa.RecordBatch) -> None:
        names = batch.schema.names
        added = names[names.index(LINE) + 1 :] if LINE in names else names
        rows: Iterable[dict[str, Any]] = batch.select(added).to_pylist()
        if LINE in names:
            lines = batch.column(names.index(LINE)).to_pylist()
            rows = ({**json.loads(line), **row} for line, row in zip(lines, rows, strict=True))
        self.file.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)

    def close(self) -> None:
        self.file.close()


class ErrorLines:
    """The side file of rows that cannot be answered; made when there is one."""

    COLUMNS = ("line", "row", "column", "code", "message")

    def __init__(self, path: Path, *, excel: bool) -> None:
        """Take where it is to be, and whether a spreadsheet will read it."""
        self.path, self.excel = path, excel
        self._file: IO[str] | None = None
        self._rows: Any = None

    def write(self, line: int, row: int | None, column: str, code: str, message: str) -> None:
        """Write one row's: ``row`` counts in the output from 1, ``None`` for what is left out there."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="", errors="backslashreplace")
            self._rows = csv.writer(self._file, lineterminator="\n")
            self._rows.writerow(self.COLUMNS)
        texts = [column, code, message]
        self._rows.writerow([line, "" if row is None else row, *(map(guarded, texts) if self.excel else texts)])

    def close(self) -> bool:
        """End the file; tell whether there is one."""
        if self._file is None:
            return False
        self._file.close()
        return True


WRITERS: Mapping[str, Callable[[Path, pa.Schema, pa.Schema], Writer]] = {
    "csv": _Csv,
    "csv-excel": _CsvExcel,
    "jsonl": _Jsonl,
    "parquet": _Parquet,
    "arrow": _Arrow,
}
