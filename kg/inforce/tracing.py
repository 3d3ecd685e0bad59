"""A trace with what the imported text adds: clauses an instrument wrote, references, what depends on a provision."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any

from inforce.amendments import Amendments, Edge
from inforce.clauses import cited
from inforce.dates import When
from inforce.errors import UnknownIdError, UsageError
from inforce.impact import Impact
from inforce.provenance import trace
from inforce.rules.triples import local
from inforce.text_units import path_of
from inforce.versions import moment
from inforce.vocab import BASE

if TYPE_CHECKING:
    from inforce.catalogue import Catalogue, Provenance

__all__ = ["traced"]

_LANGUAGES = ("en", "fr")
# How the French text numbers instruments.
_NUMBERS = {"DORS/": "SOR/", "TR/": "SI/"}
Rows = Callable[..., Iterable[Mapping[str, Any]]]
Found = tuple[str, dict[str, Any], When | None]


def traced(kb: Catalogue, name: str, *, on: str | None = None, impact: bool = False) -> Provenance:
    """Return where a thing comes from and what rests on it; see ``Catalogue.trace``.

    Args:
        kb: the knowledge base.
        name: an id, a citation or an instrument's number.
        on: a day; only what was in force then.
        impact: only what depends on a provision, directly and by references to it.

    Raises:
        UnknownIdError: nothing by that name, or nothing of it is held on that day.
        UsageError: the impact of what is no provision.
    """
    from inforce.queries import run_filled

    def rows(query: str, **values: Any) -> Iterable[Mapping[str, Any]]:
        return run_filled(kb._store, query, values) if kb.law_version is not None else ()

    try:
        kind, entry, when = kb._at(name, on)
    except UnknownIdError as error:
        kind, entry, when = _of_text(kb, name, on, rows, error)
    root, day = BASE + str(entry["iri"]), date.max if when is None else when.last
    amendments = Amendments(kb.graph_index, kb.book)
    if impact:
        if kind != "provisions":
            raise UsageError(f"{name} is no provision", code="E_USAGE", hint="inforce trace PROVISION --impact")
        found = Impact(kb.graph_index, amendments, rows("references-on", on=day), moment(when))
        edges = list(found.of(root))
        _tell(amendments, entry, edges)
        drawn = trace(kb.graph_index, kind, entry, None, further=edges, amendments=amendments, upward=False)
        return drawn.with_impact(found.rows)
    edges = []
    if kind == "instruments":
        english, french = (list(rows("instrument-clauses", instrument=root, language=one)) for one in _LANGUAGES)
        # What amends the French text alone began no English wording.
        clauses = amendments.of_clauses(root, english or french, french)
        edges = list(chain(amendments.of_instrument(root), clauses))
    elif kind == "provisions":
        edges = _references(root, day, rows)
    _tell(amendments, entry, edges)
    return trace(kb.graph_index, kind, entry, when, further=edges, amendments=amendments)


def _of_text(kb: Catalogue, name: str, on: str | None, rows: Rows, error: UnknownIdError) -> Found:
    """What only the imported text knows: a provision no rule cites, an instrument that touched no such provision."""
    when = None if on is None else kb.when(on)
    number = name.strip().removeprefix("instrument/")
    for french, english in _NUMBERS.items():
        number = english + number.removeprefix(french) if number.startswith(french) else number
    if re.fullmatch(r"[\w/.-]+", number):
        iri = f"{BASE}instrument/{number}"
        if any(any(rows("instrument-clauses", instrument=iri, language=one)) for one in _LANGUAGES):
            return "instruments", {"id": number, "iri": f"instrument/{number}"}, when
    path = path_of(name)
    if path and any(rows("provision-versions", provision=BASE + path, language=None)):
        return "provisions", {"id": cited(path), "iri": path}, when
    raise error


def _references(root: str, day: date, rows: Rows) -> list[Edge]:
    """The edges from a provision to what it and its parts refer to, and to what refers to any of it from outside."""
    inside = (root, root + "/")
    found: dict[Edge, None] = {}
    for row in rows("refers-to", provision=root, on=day):
        if not _is_in(row["target"], inside):
            found[root, "refers-to", row["target"]] = None
    for row in rows("referred-to-by", provision=root, on=day):
        if not _is_in(row["unit"], inside):
            found[root, "referred-to-by", row["unit"]] = None
    return list(found)


def _is_in(iri: str, inside: tuple[str, str]) -> bool:
    return iri == inside[0] or iri.startswith(inside[1])


def _tell(amendments: Amendments, entry: Mapping[str, Any], edges: Iterable[Edge]) -> None:
    """Say of nodes that the packaged graph does not have what they are called."""
    known = amendments.t.by_subject
    root = BASE + str(entry["iri"])
    nodes = {root, *(node for one, _, other in edges for node in (one, other))}
    for iri in nodes - known.keys() - amendments.told.keys():
        path = local(iri)
        if path.startswith("instrument/"):
            names = (path.removeprefix("instrument/"),) * 2
            kind = "instrument"
        else:
            names, kind = (cited(path), cited(path, french=True)), "provision"
        amendments.told[iri] = {
            "id": names[0],
            "id_fr": names[1],
            "iri": iri,
            "kind": kind,
            "label": "",
            "label_fr": "",
        }
