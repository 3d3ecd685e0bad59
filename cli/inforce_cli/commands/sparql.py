r"""``inforce sparql``: a query over the graph.

Examples:
  inforce sparql -q 'SELECT ?rule WHERE { ?rule a inf:Rule } ORDER BY ?rule'
  inforce sparql question.rq --on 2024-12-24 --format csv
  inforce sparql - < question.rq
\b
Every prefix of the project is declared. The default graph is all graphs.
Formats: SELECT table, tsv, csv, json, jsonl; ASK text, json; CONSTRUCT
and DESCRIBE turtle, nt, jsonld, json. Nothing outside is ever asked.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from inforce import Table
from inforce.errors import EnvironmentFault, InputError, UsageError
from inforce_cli.options import QueryDay
from inforce_cli.output import Run
from inforce_cli.render.query import no_rows

LARGEST = 1_000_000  # bytes read; the library refuses what is too long to be a question


def main(
    run: Run,
    file: Annotated[
        str | None, typer.Argument(help="A file with the query; - is standard input.", metavar="[FILE|-]")
    ] = None,
    text: Annotated[str | None, typer.Option("-q", "--query", help="The query itself.", metavar="TEXT")] = None,
    on: QueryDay = None,
    timeout: Annotated[str, typer.Option("--timeout", help="Seconds until it is stopped.", metavar="S")] = "60",
) -> int:
    """Run a read-only SPARQL 1.1 query over the whole graph: ontology, data and what was inferred."""
    query = _query(file, text)
    limit = run.options.limit
    # One more than asked for: that is how a cut graph is known from a whole one.
    asked: dict[str, Any] = {"on": on, "limit": None if limit is None else limit + 1}
    elsewhere = run.options.endpoint
    if elsewhere is not None:
        found = run.kb.sparql_at(elsewhere, query, **asked, timeout_s=_seconds(timeout))
    else:
        found = run.kb.sparql(query, **asked, timeout_s=_seconds(timeout))
    if isinstance(found, Table):
        if not found.rows and elsewhere is None:
            run.note(no_rows(run.kb.unused_terms(query), lang=run.lang))
        return run.show(table=found)
    if isinstance(found, bool):
        return run.show(json={"boolean": found}, text="yes\n" if found else "no\n")
    if limit is not None and len(found) > limit:
        found.remove(max(found))
        run.cut()
    return run.show(others=_graph(found))


def _graph(graph: Any) -> dict[str, Any]:
    def written(form: str) -> Any:
        return lambda: graph.serialize(format=form, encoding="utf-8")

    return {
        "turtle": written("turtle"),
        "nt": lambda: b"".join(sorted(graph.serialize(format="nt", encoding="utf-8").splitlines(keepends=True))),
        "jsonld": written("json-ld"),
        "json": written("json-ld"),
    }


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 3600:
        raise UsageError(f"--timeout {text}: not a time", hint="give seconds, more than 0 and at most 3600")
    return found


def _query(file: str | None, text: str | None) -> str:
    if (file is None) == (text is None):
        raise UsageError(
            "no query" if file is None else "a file and -q are two queries",
            hint="give one: a FILE, - for standard input, or -q TEXT",
        )
    if file is None:
        return text or ""
    if file != "-" and not Path(file).is_file():
        what = "a folder" if Path(file).is_dir() else "no such file"
        hint = f"a query itself goes with -q: inforce sparql -q '{file[:40]}…'" if " " in file else "name a .rq file"
        raise UsageError(f"{file[:60]}: {what}", hint=hint)
    try:
        content = sys.stdin.buffer.read(LARGEST) if file == "-" else Path(file).read_bytes()[:LARGEST]
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("the query is not UTF-8 text", code="E_QUERY", source=file, hint="save it as UTF-8") from None
    except OSError as error:
        raise EnvironmentFault(
            f"cannot be read: {(error.strerror or str(error)).lower()}", source=file, hint="check its permissions"
        ) from None
