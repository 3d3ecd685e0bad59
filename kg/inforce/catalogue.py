"""What can be read besides answers: what changed, what there is, where sources disagree, one thing and its origin."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from inforce.clauses import CLAUSE_KINDS
from inforce.errors import UnknownIdError, UsageError, nearest
from inforce.rules.case import fold
from inforce.table import Table
from inforce.tables import CHANGE_COLUMNS, KINDS
from inforce.vocab import BASE

if TYPE_CHECKING:
    from inforce.dates import When
    from inforce.kb import KnowledgeBase
    from inforce.rules.model import Rulebook

__all__ = ["Catalogue", "Provenance"]

LISTS = (*KINDS, "changes", "queries")
_VERSION = re.compile(r"(.+?)[@/](\d{4}-\d{2}-\d{2})\Z")
_COLUMNS = (
    "in_force",
    "date",
    "layer",
    "effect",
    "answers",
    "kind",
    "rank",
    "adopted",
    "conflict",
    "from",
    "until",
    "versions",
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a thing comes from: nodes and edges of the W3C provenance model, from the thing outward."""

    root: str
    nodes: Mapping[str, Mapping[str, Any]]
    edges: tuple[tuple[str, str, str], ...]
    outcomes: tuple[Mapping[str, Any], ...] = ()
    """The actions an instrument bears on, with what moved their outcome and when."""
    impact: tuple[Mapping[str, Any], ...] = ()
    """The rules that depend on a provision, each with what leads there and the actions it speaks to."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form ``inforce/trace/1``; ``name`` is what a person types for a node."""
        found: dict[str, Any] = {
            "schema": "inforce/trace/1",
            "root": self.root,
            "nodes": [{**node, "id": key, "name": node["id"]} for key, node in self.nodes.items()],
            "edges": [{"from": a, "relation": r, "to": b} for a, r, b in self.edges],
        }
        for key, rows in (("outcomes", self.outcomes), ("impact", self.impact)):
            if rows:
                found[key] = [dict(row) for row in rows]
        return found

    def with_impact(self, rows: Sequence[Mapping[str, Any]]) -> Provenance:
        """Return the same trace with the rules that depend on its root."""
        return replace(self, impact=tuple(rows))

    def render(self, form: str = "tree", *, lang: str = "en", width: int | None = None) -> str:
        """Return the trace as text: ``tree``, ``dot``, ``svg``, ``mermaid`` or ``turtle`` (PROV-O).

        Raises:
            UnknownIdError: no such form.
        """
        from inforce.drawing import drawn

        return drawn(self, form, lang=lang, width=width)


class Catalogue:
    """The reading half of a knowledge base; what it reads is supplied by ``KnowledgeBase``."""

    if TYPE_CHECKING:

        @property
        def _tables(self) -> dict[str, Any]:
            """The tables that the build made."""

        @property
        def graph_index(self) -> Any:
            """The triples as plain nested mappings."""

        @property
        def version(self) -> str:
            """The digest of the data."""

        @property
        def book(self) -> Rulebook:
            """The compiled rules."""

        @property
        def _store(self) -> Any:
            """The open store: the built graph, and the imported text where there is any."""

        @property
        def law_version(self) -> str | None:
            """The digest of the imported law text, ``None`` where none is imported; opens nothing."""

        def when(self, text: str | None) -> When:
            """Return the time meant by ``text``."""

    def changes(
        self,
        from_: str | None = None,
        to: str | None = None,
        *,
        about: str | None = None,
        layer: str | None = None,
        kind: str | None = None,
        affects_outcomes: bool = False,
        known_on: str | None = None,
    ) -> Table:
        """Return what changed from one day to another, both included, oldest first.

        Args:
            about: only rows that name this rule, provision or what is below it, instrument, country, action or word.
            layer: only this layer of authority.
            kind: ``added``, ``changed``, ``ended``, ``restated``, or a kind of announcement.
            affects_outcomes: only rows that a rule or list of an outcome rests on.
            known_on: only what the public could know on that day.

        Raises:
            UnknownIdError: no such layer or kind, or nothing that ever changed is about that.
            DateError: not a date.
            UsageError: the first day is after the last.
        """
        first = str(self.when(from_).first) if from_ else ""
        last = str(self.when(to).last) if to else "9999-12-31"
        known = str(self.when(known_on).last) if known_on else None
        if first > last:
            raise UsageError(f"--from {first} is after --to {last}", code="E_USAGE", hint="give the earlier day first")
        rows, columns = self._every_change(first, last)
        self._one_of("layer", layer, {row["layer"] for row in rows if row["layer"]})
        kinds = {*(row["kind"] for row in rows), *CLAUSE_KINDS}
        self._one_of("kind", kind, kinds)
        if self.law_version is None and kind in CLAUSE_KINDS and all(row["kind"] != kind for row in rows):
            raise UsageError(
                f'only clauses of a text are "{kind}", and none is held', code="E_NO_TEXT", hint="inforce import PATH"
            )
        if about is not None:
            rows = self._about(rows, about)
        kept = [
            row
            for row in rows
            if row["date"] <= last
            # A day known only to its year or month counts wherever that touches the time asked about.
            and first <= row["date"] + "~"
            and layer in (None, row["layer"])
            and kind in (None, row["kind"])
            and (not affects_outcomes or row["affects_outcomes"])
            and (known is None or (row["recorded"] or row["date"]) <= known)
        ]
        return Table.of(columns, kept)

    def _every_change(self, first: str, last: str) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        """All rows of the build; where the text is imported, also those of its clauses from one day to another."""
        rows = [dict(zip(CHANGE_COLUMNS, row, strict=True)) for row in self._tables["changes"]]
        if self.law_version is None:
            return rows, CHANGE_COLUMNS
        from inforce.clauses import Resting, clause_rows, merged
        from inforce.queries import run_filled

        days = {"from": _as_date(first or "0001-01-01"), "to": _as_date(last)}
        resting = Resting.of(self.book)
        named = {entry["iri"]: entry["id"] for entry in self._tables["entities"]["instruments"]}
        clauses = clause_rows(run_filled(self._store, "clause-changes", days), self._layers, resting, named)
        found = merged(rows, clauses, resting)
        ranks = {layer.id: layer.rank for layer in self.book.layers.values()}
        found.sort(
            key=lambda row: (
                row["date"],
                row["time"] or "",
                ranks.get(row["layer"], 9),
                _natural(row["thing"]),
                row["kind"],
            )
        )
        return found, (*CHANGE_COLUMNS, "languages")

    @cached_property
    def _layers(self) -> dict[str, str]:
        """The layer of authority of each law by its path: what has the number of a regulation is one."""
        laws = self._tables["entities"]["laws"]
        numbers = {law["iri"]: [law["id"], *law["names"]] for law in laws}
        return {
            law: "regulation" if any(re.match(r"[A-Z]+/", number) for number in found) else "act"
            for law, found in numbers.items()
        }

    @staticmethod
    def _one_of(what: str, value: str | None, known: set[str]) -> None:
        if value is not None and value not in known:
            near = nearest(value, sorted(known), 1)
            raise UnknownIdError(
                f'unknown {what} "{value}"',
                code="E_UNKNOWN_ID",
                hint=(f"did you mean {near[0]}? " if near else "") + f"{what}s: " + ", ".join(sorted(known)),
            )

    def _about(self, rows: list[dict[str, Any]], about: str) -> list[dict[str, Any]]:
        """The rows that name something, by any of its names, or whose label holds the word."""
        from inforce.text_units import path_of

        word = fold(about)
        entry = self._by_name.get(word, (None, None))[1] or self._cited(about)
        names = {word} if entry is None else {word, *(fold(n) for n in (entry["id"], entry["iri"], *entry["names"]))}
        # A law without a short name goes by its number: its path is the number in small letters.
        paths = {path_of(about) or about.strip().lower().replace("/", "-", 1)}
        paths |= {entry["iri"]} if entry is not None else set()
        # A provision is meant with all its parts, a law too: what follows its citation opens with a bracket or a space.
        parts = () if entry is None else tuple(f"{fold(entry['id'])}{mark}" for mark in "([ ")

        def named(row: Mapping[str, Any]) -> bool:
            iri = row.get("iri")
            if iri and any(iri == path or iri.startswith(path + "/") for path in paths):
                return True
            words = [row["thing"], row["citation"], row["instrument"], row["layer"], row["id"]]
            exact = [fold(str(one)) for one in (*words, *row["affects"], *row["sources"]) if one]
            return any(one in names or (parts and one.startswith(parts)) for one in exact)

        def said(row: Mapping[str, Any]) -> str:
            return fold(" ".join(row[key] or "" for key in ("label", "label_fr", "event", "event_fr")))

        found = [row for row in rows if named(row) or word in said(row)]
        if not found and entry is None:
            raise self._nothing(about)
        return found

    def conflicts(self) -> Sequence[dict[str, Any]]:
        """Return where sources disagree: each conflict, how it is resolved, and the claims with their sources."""
        found: Sequence[dict[str, Any]] = self._tables["conflicts"]
        return found

    @property
    def prefixes(self) -> dict[str, str]:
        """The prefixes that a query may use without a declaration, by name."""
        from inforce.vocab import PREFIXES

        return dict(sorted(PREFIXES.items()))

    def query_text(self, name: str) -> str:
        """Return the text of a saved query, which any SPARQL 1.1 store runs as it is.

        Raises:
            UnknownIdError: no such query, with the nearest.
        """
        from inforce.queries import find_query

        return find_query(name).text

    def list(self, kind: str) -> Table:
        """Return everything of one kind, sorted by id.

        Raises:
            UnknownIdError: no such kind, with the nearest.
        """
        if kind == "changes":
            return self.changes()
        if kind == "queries":
            from inforce.queries import catalogue

            return Table.of(("id", "label", "question", "parameters", "takes"), catalogue())
        if kind not in KINDS:
            near = nearest(kind, LISTS)
            raise UnknownIdError(
                f'"{kind}" cannot be listed',
                code="E_UNKNOWN_ID",
                hint=(f"did you mean {near[0]}? " if near else "") + "kinds: " + ", ".join(LISTS),
            )
        rows = sorted(self._tables["entities"][kind], key=lambda entry: _natural(entry["id"]))
        told = [column for column in _COLUMNS if any(column in row for row in rows)]
        return Table.of(("id", "label", "label_fr", *told), rows)

    def search(self, text: str, *, limit: int | None = None) -> Table:
        """Return what matches all words of ``text``, in ids, labels, other names and paraphrases, en and fr."""
        words = fold(text).split()
        if not words:
            raise UsageError("nothing to search for", code="E_USAGE", hint="inforce search WORD …")
        found = []
        for kind, entries in self._tables["entities"].items():
            for entry in entries:
                names = fold(" ".join([entry["id"], *entry["names"]]))
                label = fold(f"{entry['label']} {entry['label_fr']}")
                everything = f"{names} {label} {fold(entry.get('words', ''))}"
                if all(word in everything for word in words):
                    score = (fold(text) in (fold(entry["id"]), *map(fold, entry["names"]))) * 4
                    score += all(word in names for word in words) * 2 + all(word in label for word in words)
                    found.append((-score, kind, entry["id"], entry["label"], entry["label_fr"]))
        found.sort(key=lambda f: (f[0], f[1], _natural(f[2])))
        return Table(("kind", "id", "label", "label_fr"), tuple(f[1:] for f in found)).limited(limit)

    @cached_property
    def _by_name(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Every thing by its ids and names, folded; then by its labels, where no thing has them as its name."""
        from inforce.cites import same

        found: dict[str, tuple[str, dict[str, Any]]] = {}
        every = [(kind, entry) for kind, entries in self._tables["entities"].items() for entry in entries]
        for key in ("id", "iri"):
            for kind, entry in every:
                found.setdefault(fold(entry[key]), (kind, entry))
        for kind, entry in every:
            for name in entry["names"]:
                for spelling in {name, *same(name)}:
                    found.setdefault(fold(spelling), (kind, entry))
        for kind, entry in every:
            for label in filter(None, (entry["label"], entry["label_fr"])):
                found.setdefault(fold(label), (kind, entry))
        return found

    def _cited(self, name: str) -> dict[str, Any] | None:
        from inforce.cites import same

        hits = [self._by_name[fold(one)] for one in sorted(same(name)) if fold(one) in self._by_name]
        return hits[0][1] if hits else None

    def find(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the kind and the entry of anything by its id, another of its names, its label or its citation.

        Raises:
            UnknownIdError: nothing by that name, with the nearest.
        """
        found = self.known(name)
        if found is None:
            raise self._nothing(name)
        return found

    def known(self, name: str) -> tuple[str, dict[str, Any]] | None:
        """Return what ``find`` does; ``None`` where nothing has that name, without a search for what is like it."""
        from inforce.cites import same

        spellings = (fold(one) for one in (name, *sorted(same(name))))
        return next((self._by_name[one] for one in spellings if one in self._by_name), None)

    def _namesakes(self, name: str, entry: Mapping[str, Any]) -> Sequence[str]:
        """Return the addresses of the other things that have the id ``name``: a program and a category may share it."""
        return sorted(self._by_id.get(fold(name), set()) - {entry["iri"]})

    @cached_property
    def _by_id(self) -> Mapping[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for entries in self._tables["entities"].values():
            for one in entries:
                found[fold(one["id"])].add(one["iri"])
        return found

    def _nothing(self, name: str) -> UnknownIdError:
        near = self.nearest(name)
        return UnknownIdError(
            f'nothing is called "{name}"',
            code="E_UNKNOWN_ID",
            hint=(f"did you mean {' or '.join(near)}? " if near else "") + f'search: inforce search "{name}"',
        )

    def nearest(self, name: str) -> Sequence[str]:
        """Return up to three names that look like ``name``."""
        every = [n for entries in self._tables["entities"].values() for e in entries for n in self._called(e)]
        return nearest(name, every)

    @staticmethod
    def _called(entry: Mapping[str, Any]) -> Iterable[str]:
        return [n for n in (entry["id"], *entry["names"], entry["label"], entry["label_fr"]) if n]

    def _at(self, name: str, on: str | None) -> tuple[str, dict[str, Any], When | None]:
        """What a name means, and when: a version is its thing, on the version's first day."""
        path = name.strip("<> ").removeprefix(BASE)
        dated = _VERSION.match(path)
        when = self.when(on) if on is not None else None
        try:
            kind, entry = self.find(name)
            return kind, {**entry, "same_name": self._namesakes(name, entry)}, when
        except UnknownIdError:
            if "/" not in path and dated is None:
                raise
        if BASE + path in self.graph_index.by_subject:
            from inforce.versions import kind_of

            # Anything else that has an address of its own: a passage, an entry of a list, an entailment.
            kind = kind_of(self.graph_index, BASE + path)
            if kind != "thing" and not kind.endswith("-version"):
                return kind, {"id": path, "iri": path, "names": []}, when
        if dated is None:
            raise self._nothing(name)
        return *self.find(dated[1]), when or self.when(dated[2])

    def show(self, name: str, *, on: str | None = None, known_on: str | None = None) -> dict[str, Any]:
        """Return a thing by its id or citation, as it stood on a day (all its versions where none is given).

        Args:
            known_on: with what the public could know on that day.

        Raises:
            UnknownIdError: nothing by that name, or nothing of it is held on that day; the hint says when it is.
        """
        from inforce.reading import shown_thing

        kind, entry, when = self._at(name, on)
        known = str(self.when(known_on).last) if known_on is not None else None
        return shown_thing(self.graph_index, self.book, kind, entry, when, asked=name, known_on=known)

    def cite(
        self, name: str | Mapping[str, Any], *, on: str | None = None, style: str = "text", lang: str = "en"
    ) -> str:
        """Return the citation of a rule version, a provision version, an instrument, a source or a saved answer.

        Args:
            name: what to cite, or the JSON form of an answer.
            style: ``text``, ``bibtex``, ``csl-json`` or ``turtle``.

        Raises:
            UnknownIdError: nothing by that name, no such style, or a kind of thing that is not cited.
            InputError: a mapping that is not an answer.
        """
        from inforce.citing import answer_citation, citation
        from inforce.text_show import citable

        if isinstance(name, Mapping):
            return answer_citation(name, style, lang=lang)
        thing, version = citable(cast("KnowledgeBase", self), name, on=on, lang=lang)
        return citation(thing, style, version, lang=lang)

    def trace(self, name: str, *, on: str | None = None, impact: bool = False) -> Provenance:
        """Return where a rule, provision, instrument, source or conflict comes from, and what rests on it.

        Of an instrument the trace goes on to rules and outcomes. Where the text is imported, it has every clause the
        instrument wrote, and of a provision what it refers to and what refers to it.

        Args:
            on: only what was in force on that day.
            impact: of a provision, only the rules and actions that depend on it, directly or by references to it.

        Raises:
            UnknownIdError: nothing by that name, or nothing of it is held on that day.
            UsageError: the impact of what is no provision.
        """
        from inforce.tracing import traced

        return traced(self, name, on=on, impact=impact)

    def readings(self, rule: str | None = None) -> Table:
        """Return for each rule version and each provision it cites whether the wording it was read from stands.

        Needs the imported text; without it every reading is ``not-held``. The states: ``inforce.stale.readings``.

        Raises:
            UnknownIdError: no rule is called that.
        """
        from inforce.queries import run_filled
        from inforce.stale import readings

        iri = None if rule is None else BASE + str(self.find(rule)[1]["iri"])
        return readings(lambda query, **values: run_filled(self._store, query, values), rule=iri)

    def stale_readings(self) -> Table:
        """Return the readings that somebody has to look at again: the text changed since, or is not as recorded.

        No rows where no text is imported.
        """
        from inforce.stale import COLUMNS, STALE

        if self.law_version is None:
            return Table(COLUMNS, ())
        found = self.readings()
        return Table.of(found.columns, [row for row in found if row["state"] in STALE])

    def trace_answer(self, answer: Mapping[str, Any]) -> Provenance:
        """Return the provenance of a saved answer (its JSON form).

        Raises:
            InputError: not an answer, or one of other data.
        """
        from inforce.provenance import trace_answer

        return trace_answer(self.graph_index, answer)


def _as_date(text: str) -> date:
    return date.fromisoformat(text)


def _natural(text: str) -> tuple[Any, ...]:
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text) if part)
