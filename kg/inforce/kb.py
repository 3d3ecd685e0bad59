"""The knowledge base: one object through which every question is asked, from Python and from the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from inforce.dates import When, parse_when
from inforce.errors import InputError, UnknownIdError, UsageError, nearest
from inforce.resources import Built, built_graph
from inforce.rules.answer import Answer, ask
from inforce.rules.case import fold, read_facts
from inforce.rules.decide import Question
from inforce.rules.load import rulebook
from inforce.rules.model import Rulebook
from inforce.table import Table
from inforce.tables import CHANGE_COLUMNS, KINDS

__all__ = ["History", "KnowledgeBase", "Provenance", "open_kb"]

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """An outcome over time: stretches of equal outcome, each with what began it."""

    action: str
    facts: Mapping[str, Any]
    table: Table

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form ``inforce/history/1``."""
        return {
            "schema": "inforce/history/1",
            "action": self.action,
            "facts": dict(self.facts),
            "intervals": self.table.to_dicts(),
        }


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a thing comes from: nodes and edges of the W3C provenance model, from the thing outward."""

    root: str
    nodes: Mapping[str, Mapping[str, Any]]
    edges: tuple[tuple[str, str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form ``inforce/trace/1``."""
        return {
            "schema": "inforce/trace/1",
            "root": self.root,
            "nodes": [{"id": key, **node} for key, node in self.nodes.items()],
            "edges": [{"from": a, "relation": r, "to": b} for a, r, b in self.edges],
        }


def open_kb(data: Any = (), *, store: Any = None, today: Any = None, progress: Any = None) -> KnowledgeBase:
    """Open a knowledge base; see ``inforce.open``."""
    paths = [data] if isinstance(data, (str, Path)) else list(data or ())
    built = built_graph([Path(p) for p in paths], Path(store) if store else None, progress=progress)
    return KnowledgeBase(built, today=None if today is None else str(today))


class KnowledgeBase:
    """All dated rules with their sources, ready to answer. Immutable; safe to share between threads."""

    def __init__(self, built: Built, *, today: str | None = None) -> None:
        """Take a built graph; ``today`` is what a question without a day means."""
        self.built = built
        self._today = today

    @cached_property
    def book(self) -> Rulebook:
        """The compiled rules."""
        return rulebook(self.built.json("rulebook.json"), self.built.json("diagrams.json"))

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = self.built.json("names.json")
        return found

    @cached_property
    def _tables(self) -> dict[str, Any]:
        found: dict[str, Any] = self.built.json("tables.json")
        return found

    @property
    def version(self) -> str:
        """The digest of the data, which every answer carries."""
        return self.built.version

    # ---- days ----------------------------------------------------------------------------------

    def when(self, text: str | None) -> When:
        """Return the time meant by ``text``; ``None`` and ``today`` mean the day given to ``open``.

        Raises:
            DateError: not a date, or none was given and the caller set no today.
        """
        return parse_when(
            "today" if text is None else str(text),
            today=self._today,
            zone=self.book.zone,
            instruments=self.commencements,
        )

    @cached_property
    def commencements(self) -> dict[str, str]:
        """The day each instrument came into force, by its number."""
        return {e["id"]: e["in_force"] for e in self._tables["entities"]["instruments"] if e.get("in_force")}

    def change_days(self, action: str | None = None) -> list[str]:
        """Return the days on which something that bears on an action changes, oldest first."""
        from inforce.rules.decide import boundaries

        actions = [action] if action else list(self.book.actions)
        return sorted({instant[:10] for name in actions for instant in boundaries(self.book, name)})

    # ---- asking ----------------------------------------------------------------------------------

    def question(
        self,
        facts: Facts | None = None,
        *,
        on: str | When | None = None,
        known_on: str | None = None,
        action: str | None = None,
        readings: Iterable[str] = (),
    ) -> Question:
        """Return a question, checked: facts, day, action and readings exist.

        Raises:
            UnknownIdError: no such fact, value, action or reading.
            DateError: not a date.
            FactsError: facts that contradict each other.
        """
        given, unknown = read_facts(facts or {}, self.book, lambda scheme: self._names.get(scheme, {}))
        contested = sorted({rule.rule for rule in self.book.rules if rule.contested})
        for reading in readings:
            if reading not in contested:
                raise UnknownIdError(
                    f'"{reading}" is not a contested reading',
                    code="E_UNKNOWN_ID",
                    hint="contested readings: " + ", ".join(contested),
                )
        known = str(self.when(known_on).last) if known_on is not None else None
        return Question(
            self.book,
            self.action(action),
            given,
            on if isinstance(on, When) else self.when(on),
            known_on=known,
            readings=frozenset(readings),
            unknown=unknown,
        )

    def action(self, name: str | None) -> str:
        """Return the action meant; the first of the data where none is named.

        Raises:
            UnknownIdError: no such action, with the nearest.
        """
        if name is None:
            return self.default_action
        if name not in self.book.actions:
            near = nearest(name, list(self.book.actions))
            raise UnknownIdError(
                f'unknown action "{name}"',
                code="E_UNKNOWN_ID",
                hint=(f"did you mean {near[0]}? " if near else "") + "actions: " + ", ".join(self.book.actions),
            )
        return name

    @property
    def default_action(self) -> str:
        """The action that is asked about where none is named."""
        return self.book.default_action

    def check(
        self,
        facts: Facts | None = None,
        *,
        on: str | None = None,
        known_on: str | None = None,
        action: str | None = None,
        readings: Iterable[str] = (),
        ordinarily: bool = False,
    ) -> Answer:
        """Return whether a person with these facts may do the action, or needs it, on a day.

        Args:
            facts: by name; ``True``/``False`` or ``"yes"``/``"no"``, codes, lists of codes; absent is unknown.
            on: a day, an instant with its offset, a month or a year; see ``inforce.dates``.
            known_on: answer with what the public could know on that day.
            readings: contested rules whose reading is switched.
            ordinarily: let layers, states and segments take the ordinary case.

        Raises:
            UnknownIdError: no such fact, value, action or reading.
            FactsError: facts that exclude each other.
            DateError: not a date.

        >>> import inforce
        >>> inforce.open().check({"citizenships": "FRA"}, on="2010-05-01", ordinarily=True).verdict
        'may'
        """
        asked = self.question(facts, on=on, known_on=known_on, action=action, readings=readings)
        return ask(asked, ordinarily=ordinarily)

    def history(
        self,
        facts: Facts | None = None,
        *,
        action: str | None = None,
        from_: str | None = None,
        to: str | None = None,
        known_on: str | None = None,
        readings: Iterable[str] = (),
    ) -> History:
        """Return the outcome over time, strict and ordinary, from the first day to the last, both included.

        Raises:
            UsageError: the first day is after the last.
        """
        from inforce.rules.timeline import timeline

        first = self.when(from_ or self.book.covers_from).first
        last = self.when(to).last
        if first > last:
            raise UsageError(f"--from {first} is after --to {last}", code="E_USAGE", hint="give the earlier day first")
        span = When(first, last + timedelta(days=1), None, f"{first} to {last}", "year")
        asked = self.question(facts, on=span, known_on=known_on, action=action, readings=readings)
        rows = timeline(asked)
        return History(
            asked.action,
            asked.facts,
            Table.of(("from", "until", "outcome", "ordinarily", "rule", "instrument", "starts_at"), rows),
        )

    def why_not(self, answer: Answer) -> list[dict[str, Any]]:
        """Return what stands in the way, each with the exceptions that would lift it and what they lack."""
        from inforce.rules.explain import obstacles

        return obstacles(answer, self.book)

    def compare(self, one: Answer, other: Answer) -> dict[str, Any]:
        """Return what differs between two answers: outcomes, layers, and rules whose state or standing differs."""
        from inforce.rules.explain import differences

        return differences(one, other)

    def replay(self, receipt: Mapping[str, Any]) -> tuple[Answer, list[str]]:
        """Answer a saved question again; return the answer and what differs from the receipt (nothing: same bytes).

        Raises:
            InputError: not a receipt.
        """
        import json

        try:
            if receipt["schema"] != "inforce/answer/1":
                raise InputError(
                    f'this is "{receipt["schema"]}", not an answer',
                    code="E_CASE",
                    hint="save one: inforce check … --json",
                )
            asked = receipt["question"]
            facts = {**asked["facts"], **dict.fromkeys(asked["unknown"], "unknown")}
            low, high = asked["on"]["from"], asked["on"]["until"]
        except (KeyError, TypeError):
            raise InputError(
                "this JSON is not an answer of inforce check", code="E_CASE", hint="save one: inforce check … --json"
            ) from None
        question = self.question(
            facts,
            on=self._span(low, high),
            action=asked["action"],
            readings=asked["readings"],
            known_on=asked["known_on"],
        )
        answer = ask(question, ordinarily=asked["ordinarily"])
        now = json.loads(answer.to_json())
        return answer, [key for key in now if now[key] != receipt.get(key)]

    def _span(self, low: str, high: str) -> str:
        if "T" in low:
            return low
        first, until = self.when(low), high
        for text in (low, low[:7], low[:4]):
            found = self.when(text)
            if str(found.until) == until and str(found.first) == str(first.first):
                return text
        return low

    # ---- reading ---------------------------------------------------------------------------------

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
            about: only rows that name this rule, provision, instrument, country, action or word.
            layer: only this layer of authority.
            kind: ``added``, ``changed``, ``ended``, ``restated``, or a kind of announcement.

        Raises:
            UnknownIdError: no such layer or kind.
            DateError: not a date.
        """
        first = str(self.when(from_).first) if from_ else ""
        last = str(self.when(to).last) if to else "9999-12-31"
        known = str(self.when(known_on).last) if known_on else None
        if first > last:
            raise UsageError(f"--from {first} is after --to {last}", code="E_USAGE", hint="give the earlier day first")
        rows = [dict(zip(CHANGE_COLUMNS, row, strict=True)) for row in self._tables["changes"]]
        self._one_of("layer", layer, {r["layer"] for r in rows if r["layer"]})
        self._one_of("kind", kind, {r["kind"] for r in rows})
        word = fold(about) if about else None
        kept = [
            row
            for row in rows
            if first <= row["date"] <= last
            and (layer is None or row["layer"] == layer)
            and (kind is None or row["kind"] == kind)
            and (not affects_outcomes or row["affects_outcomes"])
            and (known is None or (row["recorded"] or row["date"]) <= known)
            and (word is None or self._mentions(row, word))
        ]
        return Table.of(CHANGE_COLUMNS, kept)

    @staticmethod
    def _one_of(what: str, value: str | None, known: set[str]) -> None:
        if value is not None and value not in known:
            raise UnknownIdError(
                f'unknown {what} "{value}"', code="E_UNKNOWN_ID", hint=f"{what}s: " + ", ".join(sorted(known))
            )

    def _mentions(self, row: Mapping[str, Any], word: str) -> bool:
        exact = {
            fold(str(v))
            for v in (
                row["thing"],
                row["citation"],
                row["instrument"],
                row["layer"],
                row["id"],
                *row["affects"],
                *row["sources"],
            )
            if v
        }
        token = self._names.get("place/scheme", {}).get(word)
        return (
            word in exact
            or (token is not None and fold(token) in exact)
            or word in fold(row["label"] + " " + (row["label_fr"] or ""))
        )

    def conflicts(self) -> list[dict[str, Any]]:
        """Return where sources disagree: each conflict, how it is resolved, and the claims with their sources."""
        found: list[dict[str, Any]] = self._tables["conflicts"]
        return found

    def list(self, kind: str) -> Table:
        """Return everything of one kind, sorted by id.

        Raises:
            UnknownIdError: no such kind, with the nearest.
        """
        if kind == "changes":
            return self.changes()
        if kind == "queries":
            from inforce.queries import catalogue

            return Table.of(("id", "label", "question", "parameters"), catalogue())
        if kind not in KINDS:
            near = nearest(kind, [*KINDS, "changes", "queries"])
            raise UnknownIdError(
                f'"{kind}" cannot be listed',
                code="E_UNKNOWN_ID",
                hint=(f"did you mean {near[0]}? " if near else "")
                + "kinds: "
                + ", ".join([*KINDS, "changes", "queries"]),
            )
        rows = sorted(self._tables["entities"][kind], key=lambda e: _natural(e["id"]))
        columns = ["id", "label", "label_fr"]
        columns += [
            c for c in ("layer", "effect", "rank", "from", "until", "versions") if any(c in row for row in rows)
        ]
        return Table.of(columns, rows)

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
                    found.append((-score, kind, entry["id"], entry["label"]))
        found.sort(key=lambda f: (f[0], f[1], _natural(f[2])))
        return Table(("kind", "id", "label"), tuple(f[1:] for f in found)).limited(limit)

    def find(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the kind and the entry of anything by its id, another of its names, or its citation.

        Raises:
            UnknownIdError: nothing by that name, with the nearest.
        """
        from inforce.cites import same

        wanted = same(name)
        for kind, entries in self._tables["entities"].items():
            for entry in entries:
                if wanted & {
                    same_name for one in (entry["id"], entry["iri"], *entry["names"]) for same_name in same(one)
                }:
                    return kind, entry
        every = [n for entries in self._tables["entities"].values() for e in entries for n in (e["id"], *e["names"])]
        near = nearest(name, every)
        raise UnknownIdError(
            f'nothing is called "{name}"',
            code="E_UNKNOWN_ID",
            hint=(f"did you mean {' or '.join(near)}? " if near else "") + f"inforce search {name!r}",
        )

    def show(self, name: str, *, on: str | None = None, known_on: str | None = None) -> dict[str, Any]:
        """Return a thing by its id or citation, as it stood on a day (all its versions where none is given).

        Raises:
            UnknownIdError: nothing by that name.
        """
        from inforce.reading import shown_thing

        kind, entry = self.find(name)
        day = self.when(on) if on is not None else None
        return shown_thing(self.graph_index, self.book, kind, entry, day, asked=name)

    def cite(self, name: str, *, on: str | None = None, style: str = "text") -> str:
        """Return the citation of a rule version, a provision version, an instrument, a source or an answer's id.

        Args:
            style: ``text``, ``bibtex``, ``csl-json`` or ``turtle``.
        """
        from inforce.reading import citation

        return citation(self.show(name, on=on), style, self)

    def trace(self, name: str, *, on: str | None = None) -> Provenance:
        """Return where a rule, provision, instrument, source or conflict comes from, and what rests on it."""
        from inforce.provenance import trace

        kind, entry = self.find(name)
        return trace(self.graph_index, kind, entry, self.when(on) if on is not None else None)

    def trace_answer(self, answer: Mapping[str, Any]) -> Provenance:
        """Return the provenance of a saved answer (its JSON form)."""
        from inforce.provenance import trace_answer

        return trace_answer(self.graph_index, answer)

    # ---- SPARQL ------------------------------------------------------------------------------------

    @cached_property
    def _store(self) -> Any:
        from inforce.stores import open_graph

        self.built.read("graph.nq")
        return open_graph(self.built.path("graph.nq"))

    @cached_property
    def graph_index(self) -> Any:
        """The triples as plain nested mappings."""
        from inforce.stores import index

        return index(self._store)

    @cached_property
    def graph(self) -> Any:
        """The graph as an ``rdflib.Dataset``."""
        from inforce.stores import to_rdflib

        return to_rdflib(self.built.path("graph.nq"))

    def sparql(self, text: str, *, on: str | None = None, limit: int | None = None, timeout_s: float = 60) -> Any:
        """Run a read-only SPARQL query; ``on`` binds ``?on``.

        Returns a ``Table`` for SELECT, a truth value for ASK, an ``rdflib.Graph`` for CONSTRUCT and DESCRIBE.

        Raises:
            InputError: a syntax error, with line and column.
            RefusedError: an update, SERVICE, or a graph that is not here.
            LimitError: too long, too much memory, or too deep.
        """
        from inforce.stores import ask_store

        day = str(self.when(on).first) if on is not None else None
        return ask_store(self._store, self.built.path("graph.nq"), text, on=day, limit=limit, timeout_s=timeout_s)

    def query(self, name: str, parameters: Mapping[str, str] | None = None) -> Table:
        """Run a saved query with its parameters as text; see ``list("queries")``.

        Raises:
            UnknownIdError: no such query.
            UsageError: a parameter is missing, unknown or of the wrong type.
        """
        from inforce.queries import run_named

        return run_named(self._store, name, dict(parameters or {}), self)


def _natural(text: str) -> tuple[Any, ...]:
    import re

    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text) if part)


def sequence(items: Sequence[str]) -> str:
    """Return words joined for a sentence."""
    return ", ".join(items)
