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
    "en": {
        "changes": "what changed when, in rules, lists and provisions",
        "claims": "what each source says where sources disagree",
        "list-entries": "who is on which dated list, from when until when",
        "rule-versions": "each version of each rule, by the action it bears on",
    },
    "fr": {
        "changes": "ce qui a changé, et quand, dans les règles, les listes et les dispositions",
        "claims": "ce que dit chaque source là où les sources divergent",
        "list-entries": "qui figure sur quelle liste datée, depuis quand et jusqu'à quand",
        "rule-versions": "chaque version de chaque règle, par démarche concernée",
    },
}
_THINGS_FR = {
    "actions": "démarche",
    "categories": "catégorie",
    "classes": "classe",
    "conditions": "condition",
    "conflicts": "divergence",
    "exemptions": "dispense",
    "facts": "fait",
    "instruments": "instrument",
    "layers": "niveau d'autorité",
    "lists": "liste",
    "nationalities": "nationalité",
    "policy-changes": "changement de politique",
    "ports": "point d'entrée",
    "programs": "programme",
    "provisions": "disposition",
    "rules": "règle",
    "sources": "source",
}


@dataclass(frozen=True, slots=True)
class Export:
    """Files by name, with what each is; ``SHA256SUMS`` and the card are among them."""

    what: str
    form: str
    files: Mapping[str, bytes]
    rows: Mapping[str, int]


def export(kb: Any, what: str, form: str, *, lang: str = "en") -> Export:
    """Return the files of an export.

    Args:
        what: ``graph`` or ``tables``.
        form: one of ``FORMS[what]``.
        lang: the language of the data card, ``en`` or ``fr``; the data are the same.

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
        files, counts, about = _graph(kb, form, lang)
    else:
        files, counts, about = _tables(kb, form, lang)
    card = _card(kb, what, counts, about, lang, f"inforce export --what {what} --format {form}")
    files = {**files, "README.md": card.encode()}
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return Export(what, form, {**files, "SHA256SUMS": sums.encode()}, counts)


Parts = tuple[dict[str, bytes], dict[str, int], dict[str, str]]


def _graph(kb: Any, form: str, lang: str) -> Parts:
    from inforce.stores import graph_files

    found = graph_files(kb.built.read("graph.nq"), form)
    one, every = ("the graph <{}>", "all graphs, by name")
    if lang == "fr":
        one, every = ("le graphe <{}>", "tous les graphes, par nom")
    about = {name: one.format(graph) if graph else every for name, (_, _, graph) in found.items()}
    return {name: c for name, (c, _, _) in found.items()}, {name: n for name, (_, n, _) in found.items()}, about


def _tables(kb: Any, form: str, lang: str) -> Parts:
    write = {"csv": _csv, "parquet": _parquet}[form]
    columns = " ; colonnes : " if lang == "fr" else "; columns: "
    files, counts, about = {}, {}, {}
    for name, table in _every_table(kb):
        file = f"{name}.{form}"
        files[file], counts[file] = write(table), len(table)
        about[file] = f"{_about(name, lang)}{columns}{', '.join(table.columns)}"
    return files, counts, about


def _about(name: str, lang: str) -> str:
    if name in _ABOUT[lang]:
        return _ABOUT[lang][name]
    return f"une ligne par {_THINGS_FR[name]}" if lang == "fr" else f"one row each of the {name.replace('-', ' ')}"


def _every_table(kb: Any) -> Iterator[tuple[str, Table]]:
    for kind in KINDS:
        yield kind, kb.list(kind)
    yield "claims", kb.list("claims")
    yield "changes", kb.changes()
    for name in QUERIES:
        table = kb.query(name)
        rows = tuple(tuple(_short(value) for value in row) for row in table.rows)
        yield name, Table(table.columns, rows)


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
            hint='pip install "inforce[batch]" (in a checkout: make install), or write csv',
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


_CARD = {
    "en": """\
# inforce: {title}

Dated, sourced rules of Canadian temporary residence: who may do what on a given day, what changed when, and
what each statement rests on. Not legal advice.

- Data version: `{version}`
- Covers: from {first}; the law was checked through {through}
- Made by: `{command}`
- Checksums: `SHA256SUMS` (`sha256sum -c SHA256SUMS`)
- Licence: Creative Commons Attribution 4.0 International (CC-BY-4.0). The wording of Acts and Regulations is
  not here, nor is what you imported of it.
- Cite as: inforce, <{base}>, CC-BY-4.0, data version `{version}`, verified through {through}

Intervals are half-open: `from` is the first day, `until` the first day after the last, and empty while it
lasts. An empty `from` means that it is not known since when. Days are those of Ottawa.
""",
    "fr": """\
# inforce : {title}

Règles datées et sourcées de la résidence temporaire au Canada : qui peut faire quoi un jour donné, ce qui a changé
et quand, et sur quoi repose chaque énoncé. Ceci n'est pas un avis juridique.

- Version des données : `{version}`
- Période : depuis le {first} ; droit vérifié au {through}
- Produit par : `{command} --lang fr`
- Sommes de contrôle : `SHA256SUMS` (`sha256sum -c SHA256SUMS`)
- Licence : Creative Commons Attribution 4.0 International (CC-BY-4.0). Le libellé des lois et des règlements n'y est
  pas, ni ce que vous en avez importé.
- Pour citer : inforce, <{base}>, CC-BY-4.0, version des données `{version}`, vérifiées au {through}

Les intervalles sont semi-ouverts : `from` est le premier jour, `until` le premier jour après le dernier, vide tant que
cela dure. Un `from` vide signifie que le début n'est pas connu. Les jours sont ceux d'Ottawa.
""",
}
_TITLES = {
    "en": {"graph": "the knowledge graph", "tables": "tables of the knowledge graph"},
    "fr": {"graph": "le graphe de connaissances", "tables": "tables du graphe de connaissances"},
}
_IRIS = {
    "en": "\nIRIs start with <{base}>; our terms with <{base}ns#>. What was inferred is in a graph of its own.\n",
    "fr": "\nLes IRI commencent par <{base}> ; nos termes par <{base}ns#>. Ce qui est inféré a un graphe à part.\n",
}
_HEAD = {
    "en": {"graph": "| file | quads | what |", "tables": "| file | rows | what |"},
    "fr": {"graph": "| fichier | quads | contenu |", "tables": "| fichier | lignes | contenu |"},
}


def _card(kb: Any, what: str, counts: Mapping[str, int], about: Mapping[str, str], lang: str, command: str) -> str:
    text = _CARD[lang].format(
        title=_TITLES[lang][what],
        version=kb.version,
        first=kb.book.covers_from,
        through=kb.book.verified_through,
        command=command,
        base=BASE,
    )
    text += _IRIS[lang].format(base=BASE) if what == "graph" else ""
    rows = [f"| `{name}` | {count} | {about[name]} |" for name, count in counts.items()]
    return "\n".join([text, _HEAD[lang][what], "|---|---:|---|", *rows]) + "\n"
