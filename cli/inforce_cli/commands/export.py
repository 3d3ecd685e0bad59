"""The graph or its tables as files to pass on: ``inforce export``.

Examples:
  inforce export --format ttl -o inforce-graph
  inforce export --what tables --format parquet -o inforce-tables
  inforce export --format nq -o graph.nq
  inforce export --what tables --format csv -o inforce-tables --force
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce.errors import UsageError
from inforce_cli.output import Run

__all__ = ["main"]

DEFAULTS = {"graph": "ttl", "tables": "csv"}


def main(
    run: Run,
    what: Annotated[str, typer.Option("--what", help="graph or tables.", metavar="NAME")] = "graph",
    force: Annotated[bool, typer.Option("--force", help="Replace a folder that is an export.")] = False,
) -> int:
    """Write the graph (ttl, nq, jsonld) or its tables (csv, parquet) into a folder, with checksums and a data card.

    With -o FILE.nq or FILE.jsonld only that file is written. The text of imported law is left out.
    """
    from inforce_cli.folder import write_folder
    from inforce_cli.render.text import safe_text

    target = run.options.output
    if target is None or str(target) == "-":
        raise UsageError("an export is a folder of files", hint=f"name it: inforce export --what {what} -o DIR")
    ending = target.suffix.removeprefix(".")
    single = what == "graph" and ending in ("nq", "jsonld") and run.format in (None, ending) and not target.is_dir()
    form = ending if single else run.format or DEFAULTS.get(what, "")
    found = run.kb.export(what, form, lang=run.lang)
    if single:
        (content,) = (content for name, content in found.files.items() if name.startswith("graph."))
        return run.show(others={ending: lambda: content})
    write_folder(target, found.files, force=force)
    rows = sum(found.rows.values())
    french = run.lang == "fr"
    unit = "quads" if what == "graph" else "lignes" if french else "rows"
    said = f"{target} : {len(found.rows)} fichiers" if french else f"{target}: {len(found.rows)} files"
    run.note(safe_text(f"{said}, {rows} {unit}, README.md, SHA256SUMS"))
    return 0
