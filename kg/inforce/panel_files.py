"""A panel as a columnar file: Parquet or Arrow. The library that writes them is loaded here only."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from inforce.errors import EnvironmentFault

if TYPE_CHECKING:
    from inforce.panel import Panel

__all__ = ["arrow", "as_bytes"]


def arrow(panel: Panel) -> Any:
    """Return a ``pyarrow.Table`` of a panel; its schema's metadata says which rules it was made of.

    Raises:
        EnvironmentFault: pyarrow is not installed.
    """
    pa = _library("pyarrow")
    columns = list(zip(*panel.rows, strict=True)) if panel.rows else [()] * len(panel.columns)
    made = [_column(pa, name, values) for name, values in zip(panel.columns, columns, strict=True)]
    about = {"schema": "inforce/panel/1", **panel.about}
    return pa.table(made, names=list(panel.columns)).replace_schema_metadata(about)


def _column(pa: Any, name: str, values: tuple[Any, ...]) -> Any:
    if name == "day":
        return pa.array([date.fromisoformat(value) for value in values], pa.date32())
    if name in ("from", "until"):
        return pa.array([datetime.fromisoformat(value) for value in values], pa.timestamp("s"))
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {str}:
        return pa.array(values, pa.string()).dictionary_encode()
    if kinds <= {int, float}:
        return pa.array(values, pa.float64())
    return pa.array([None if value is None else str(value) for value in values], pa.string()).dictionary_encode()


def as_bytes(panel: Panel, form: str) -> bytes:
    """Return a panel as the bytes of a Parquet or an Arrow IPC file.

    Raises:
        EnvironmentFault: pyarrow is not installed.
    """
    pa, table = _library("pyarrow"), arrow(panel)
    sink = pa.BufferOutputStream()
    if form == "parquet":
        _library("pyarrow.parquet").write_table(table, sink, compression="zstd")
    else:
        with _library("pyarrow.ipc").new_file(sink, table.schema) as writer:
            writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise EnvironmentFault(
            "Parquet and Arrow files need pyarrow, which is not installed",
            code="E_EXTRA",
            hint='pip install "inforce[batch]" (in a checkout: make install), or write csv or jsonl',
        ) from error
