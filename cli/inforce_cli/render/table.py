"""Tables: aligned on a terminal, tab-separated elsewhere, CSV and JSON for programs."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inforce_cli.render.text import safe_text

if TYPE_CHECKING:
    from inforce import Table

__all__ = ["as_json", "cell", "write"]

# A person reads the short name of what is ours.
BASE = "https://w3id.org/inforce/"
# What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


def as_json(value: Any) -> str:
    """Return ``value`` as JSON text: the same bytes for the same value."""
    return json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n"


def cell(value: Any) -> str:
    """Return one value as text: nothing for ``None``, ``yes`` and ``no`` for truth, members of a list with commas.

    >>> cell(None), cell(True), cell(["a", "b"])
    ('', 'yes', 'a, b')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(cell(part) for part in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def write(table: Table, name: str, titles: Mapping[str, str], *, on_terminal: bool = False, color: bool = False) -> str:
    """Return ``table`` in the format ``name``: table, tsv, csv, csv-excel or jsonl."""
    if name == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in table)
    if name in ("csv", "csv-excel"):
        return _csv(table, guarded=name == "csv-excel")
    if name == "tsv":
        return tsv(table)
    heads = [titles.get(column, column.replace("_", " ").upper()) for column in table.columns]
    rows = [[safe_text(cell(value)).replace("\n", " ").removeprefix(BASE) for value in row] for row in table.rows]
    return _rich(heads, rows, color=color) if on_terminal else _aligned(heads, rows)


def tsv(table: Table) -> str:
    r"""Return tab-separated rows under a header; a tab or a line's end inside a value is written ``\t``, ``\n``."""

    def field(value: Any) -> str:
        return safe_text(cell(value)).replace("\t", "\\t").replace("\n", "\\n")

    rows = [table.columns, *table.rows]
    return "".join("\t".join(field(value) for value in row) + "\n" for row in rows)


def _csv(table: Table, *, guarded: bool) -> str:
    import csv

    def field(value: Any) -> str:
        text = cell(value)
        return "'" + text if guarded and text.startswith(_FORMULA) else text

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([[field(value) for value in row] for row in table.rows])
    return out.getvalue()


def _aligned(heads: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in [heads, *rows]]
    return "".join(line.rstrip() + "\n" for line in lines)


def _rich(heads: list[str], rows: list[list[str]], *, color: bool) -> str:
    # Only for a person at a terminal; everything is Text, so that a bracket in a citation stays a bracket.
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    drawn = Drawn(box=None, pad_edge=False, header_style="bold" if color else "", padding=(0, 2, 0, 0))
    for head in heads:
        drawn.add_column(Text(head), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(value) for value in row))
    console = Console(no_color=not color, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(drawn)
    return captured.get()
