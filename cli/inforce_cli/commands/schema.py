"""What the graph is made of: ``inforce schema``.

Examples:
  inforce schema
  inforce schema properties --format table
  inforce schema prefixes --format csv
  inforce schema --json
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce import Table
from inforce.errors import UnknownIdError, nearest
from inforce_cli.output import Run

__all__ = ["main"]

PARTS = {
    "classes": ("name", "things", "example", "label"),
    "properties": ("name", "triples", "subjects", "example", "label"),
    "prefixes": ("prefix", "iri"),
}


def main(
    run: Run,
    part: Annotated[
        str | None, typer.Argument(help="classes, properties or prefixes; all if left out.", metavar="[PART]")
    ] = None,
) -> int:
    """Show classes, properties and prefixes of the graph, with counts and an example of each."""
    from inforce_cli.render.schema import schema_text

    if part is not None and part not in PARTS:
        near = nearest(part, PARTS)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UnknownIdError(f'the schema has no "{part}"', hint=hint + f"parts: {', '.join(PARTS)}")
    found = run.kb.schema()
    rows = {
        "prefixes": [{"prefix": prefix, "iri": iri} for prefix, iri in found["prefixes"].items()],
        "classes": found["classes"],
        "properties": [{**one, "example": " ".join(one["example"])} for one in found["properties"]],
    }
    if part is None:
        told = {name: rows[name][: run.options.limit] for name in PARTS}
        if any(len(told[name]) < len(rows[name]) for name in PARTS):
            run.cut()
        return run.show(json=found, text=lambda: schema_text(told, width=run.columns))
    columns = PARTS[part]
    table = Table.of(columns, [{name: one.get(name) for name in columns} for one in rows[part]])
    return run.show(table=table, json=found[part] if part == "prefixes" else None)
