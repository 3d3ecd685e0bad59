"""Tables: named columns and rows of plain values, handed to whatever the caller works with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Table"]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain Python values under named columns; ``truncated`` says that rows were left out.

    >>> Table(("day", "what"), (("2024-12-24", "added"),)).to_dicts()
    [{'day': '2024-12-24', 'what': 'added'}]
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each row as a mapping."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as mappings."""
        return list(self)

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame``.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas

        return pandas.DataFrame(self.to_dicts(), columns=list(self.columns))

    def to_polars(self) -> Any:
        """Return a ``polars.DataFrame``.

        Raises:
            ImportError: polars is not installed.
        """
        import polars

        return polars.DataFrame(self.to_dicts(), schema=list(self.columns))

    def limited(self, limit: int | None) -> Table:
        """Return at most ``limit`` rows, marked if rows were left out."""
        if limit is None or len(self.rows) <= limit:
            return self
        return Table(self.columns, self.rows[:limit], truncated=True)

    @classmethod
    def of(cls, columns: Sequence[str], dicts: Sequence[dict[str, Any]]) -> Table:
        """Return a table of mappings; a missing key is ``None``."""
        return cls(tuple(columns), tuple(tuple(item.get(c) for c in columns) for item in dicts))

    def _repr_html_(self) -> str:
        from inforce.notebook import table_html

        return table_html(self)
