"""The graph or its tables as files to pass on, with their checksums and a data card; nothing is written here.

The same data give the same bytes. The law's own text that a user imported is left out: it has a licence of its own.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from inforce.errors import EnvironmentFault, UsageError, nearest
from inforce.table import Table
from inforce.vocab import BASE

__all__ = ["FORMS", "Export", "export"]

FORMS: dict[str, tuple[str, ...]] = {"graph": ("ttl", "nq", "jsonld"), "tables": ("csv", "parquet")}
"""What can be exported, and in which forms."""

KINDS = (
    "actions",
    "categories",
    "classes",
    "conditions",
    "conflicts",
    "exemptions",
    "facts",
    "instruments",
    "layers",
    "lists",
    "nationalities",
    "policy-changes",
    "ports",
    "programs",
    "provisions",
    "rules",
    "sources",
)
"""Each a table with a row a thing."""
QUERIES = ("list-entries", "rule-versions")
"""Saved queries whose rows are a table."""
_ABOUT = {
    "changes": "what changed when, in rules, lists and provisions",
    "claims": "what each source says where sources disagree",
    "list-entries": "who is on which dated list, from when until when",
    "rule-versions": "each version of each rule, by the action it bears on",
}


@dataclass(frozen=True, slots=True)
class Export:
    """Files by name, with what each is; ``SHA256SUMS`` and the card are among them."""

    what: str
    form: str
    files: Mapping[str, bytes]
    rows: Mapping[str, int]


def export(kb: Any, what: str, form: str) -> Export:
    """Return the files of an export.

    Args:
        what: ``graph`` or ``tables``.
        form: one of ``FORMS[what]``.

    Raises:
        UsageError: no such form.
        EnvironmentFault: Parquet without the library that writes it.
    """
    if what not in FORMS:
        near = nearest(what, FORMS)
        raise UsageError(
            f'"{what}" cannot be exported', hint=(near and f"did you mean {near[0]}?") or "graph or tables"
        )
    if form not in FORMS[what]:
        raise UsageError(f'{what} cannot be written as "{form}"', hint=f"forms: {', '.join(FORMS[what])}")
    from inforce.kb import KnowledgeBase

    # Of the same graph, with no imported law beside it.
    kb = KnowledgeBase(kb.built, today=kb.book.verified_through, law=kb.built.folder / "no-law")
    if what == "graph":
        files, counts, about = _graph(kb, form)
    else:
        files, counts, about = _tables(kb, form)
    files = {**files, "README.md": _card(kb, what, form, counts, about).encode()}
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return Export(what, form, {**files, "SHA256SUMS": sums.encode()}, counts)


Parts = tuple[dict[str, bytes], dict[str, int], dict[str, str]]


def _graph(kb: Any, form: str) -> Parts:
    from inforce.stores import graph_files

    found = graph_files(kb.built.read("graph.nq"), form)
    about = {name: f"the graph <{graph}>" if graph else "all graphs, by name" for name, (_, _, graph) in found.items()}
    return {name: c for name, (c, _, _) in found.items()}, {name: n for name, (_, n, _) in found.items()}, about


def _tables(kb: Any, form: str) -> Parts:
    write = {"csv": _csv, "parquet": _parquet}[form]
    files, counts, about = {}, {}, {}
    for name, table, text in _every_table(kb):
        file = f"{name}.{form}"
        files[file], counts[file] = write(table), len(table)
        about[file] = f"{text}; columns: {', '.join(table.columns)}"
    return files, counts, about


def _every_table(kb: Any) -> Iterator[tuple[str, Table, str]]:
    for kind in KINDS:
        yield kind, kb.list(kind), f"one row each of the {kind.replace('-', ' ')}"
    yield "claims", kb.list("claims"), _ABOUT["claims"]
    yield "changes", kb.changes(), _ABOUT["changes"]
    for name in QUERIES:
        table = kb.query(name)
        rows = tuple(tuple(_short(value) for value in row) for row in table.rows)
        yield name, Table(table.columns, rows), _ABOUT[name]


def _short(value: Any) -> Any:
    return value.removeprefix(BASE) if isinstance(value, str) else value


def _csv(table: Table) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_field(value) for value in row] for row in table.rows)
    return buffer.getvalue().encode()


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_field(one) for one in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _parquet(table: Table) -> bytes:
    try:
        import pyarrow as pa
        import pyarrow.parquet as parquet
    except ImportError:
        raise EnvironmentFault(
            "Parquet files need pyarrow, which is not installed",
            code="E_EXTRA",
            hint='pip install "inforce[batch]", or write csv',
        ) from None
    columns = list(zip(*table.rows, strict=True)) if table.rows else [()] * len(table.columns)
    made = [_column(pa, values) for values in columns]
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(made, names=list(table.columns)), sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _column(pa: Any, values: tuple[Any, ...]) -> Any:
    kinds = {type(value) for value in values} - {type(None)}
    plain: dict[type, Callable[[], Any]] = {bool: pa.bool_, int: pa.int64, float: pa.float64, date: pa.date32}
    if len(kinds) == 1 and (kind := next(iter(kinds))) in plain:
        return pa.array(values, plain[kind]())
    if kinds and kinds <= {list, tuple}:
        return pa.array([None if v is None else [_field(one) for one in v] for v in values], pa.list_(pa.string()))
    return pa.array([None if value is None else _field(value) for value in values], pa.string())


def _card(kb: Any, what: str, form: str, counts: Mapping[str, int], about: Mapping[str, str]) -> str:
    first, through = kb.book.covers_from, kb.book.verified_through
    unit = "quads" if what == "graph" else "rows"
    lines = [
        f"# inforce: {'the knowledge graph' if what == 'graph' else 'tables of the knowledge graph'}",
        "",
        "Dated, sourced rules of Canadian temporary residence: who may do what on a given day, what changed when, and",
        "what each statement rests on. Not legal advice.",
        "",
        f"- Data version: `{kb.version}`",
        f"- Covers: from {first}; the law was checked through {through}",
        f"- Made by: `inforce export --what {what} --format {form}`",
        "- Checksums: `SHA256SUMS` (`sha256sum -c SHA256SUMS`)",
        "- Licence: Creative Commons Attribution 4.0 International (CC-BY-4.0). The wording of Acts and Regulations is",
        "  not here, nor is what you imported of it.",
        f"- Cite as: inforce, <{BASE}>, CC-BY-4.0, data version `{kb.version}`, verified through {through}",
        "",
        "Intervals are half-open: `from` is the first day, `until` the first day after the last, and empty while it",
        "lasts. An empty `from` means that it is not known since when. Days are those of Ottawa.",
    ]
    if what == "graph":
        lines += [
            "",
            f"IRIs start with <{BASE}>; our terms with <{BASE}ns#>. What was inferred is in a graph of its own.",
        ]
    lines += ["", f"| file | {unit} | what |", "|---|---:|---|"]
    lines += [f"| `{name}` | {count} | {about[name]} |" for name, count in counts.items()]
    return "\n".join(lines) + "\n"
