"""Classes, properties and prefixes of the graph as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inforce_cli.render.text import safe_text

__all__ = ["schema_text"]

_HEADS = {
    "classes": ("CLASSES", ("name", "things", "example")),
    "properties": ("PROPERTIES", ("name", "triples", "example")),
    "prefixes": ("PREFIXES", ("prefix", "iri")),
}


def schema_text(parts: Mapping[str, Sequence[Mapping[str, Any]]], *, width: int = 80) -> str:
    """Return the parts one after the other, a line each, cut to the width."""
    blocks = []
    for name, rows in parts.items():
        title, columns = _HEADS[name]
        cells = [[safe_text(str(row[column])).replace("\n", " ") for column in columns] for row in rows]
        wide = [min(34, max((len(line[at]) for line in cells), default=0)) for at in range(len(columns) - 1)]
        lines = [f"{title} ({len(rows)})"]
        for line in cells:
            fields = [
                part.rjust(size) if columns[at] in ("things", "triples") else part.ljust(size)
                for at, (part, size) in enumerate(zip(line, wide, strict=False))
            ]
            told = "  ".join(["", *fields, line[-1]])
            lines.append(told if len(told) <= width else told[: width - 1] + "…")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n\nas JSON, whole: inforce schema --json\n"
