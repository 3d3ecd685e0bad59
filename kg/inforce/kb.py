"""The knowledge base: one object through which every question is asked, from Python and from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inforce.affected import Affected
from inforce.catalogue import Catalogue, Provenance
from inforce.cohort.cohorts import Cohorts
from inforce.dates import When, parse_when
from inforce.errors import InputError, IntegrityError, UnknownIdError, UsageError, nearest
from inforce.history import History, history_of
from inforce.panel import Panels
from inforce.publishing import Publishing
from inforce.resources import Built, built_graph
from inforce.rules.answer import Answer, ask, in_language
from inforce.rules.case import read_facts
from inforce.rules.decide import Question
from inforce.rules.load import rulebook
from inforce.rules.model import Rulebook
from inforce.rules_difference import RuleDifferences
from inforce.table import Table
from inforce.text_show import Readings
from inforce.turns import Turning

if TYPE_CHECKING:
    from inforce.held import HeldLaw

__all__ = ["History", "KnowledgeBase", "Provenance", "open_kb"]

Facts = Mapping[str, Any]


def open_kb(data: Any = (), *, store: Any = None, today: Any = None, progress: Any = None) -> KnowledgeBase:
    """Open a knowledge base; see ``inforce.open``."""
    paths = [data] if isinstance(data, (str, Path)) else list(data or ())
    built = built_graph([Path(p) for p in paths], Path(store) if store else None, progress=progress)
    return KnowledgeBase(built, today=today if today is None or callable(today) else str(today))


class KnowledgeBase(Catalogue, Readings, Panels, RuleDifferences, Turning, Affected, Cohorts, Publishing):
    """All dated rules with their sources, ready to answer. Immutable; safe to share between threads."""

    def __init__(
        self, built: Built, *, today: str | Callable[[str], str] | None = None, law: Path | None = None
    ) -> None:
        """Take a built graph, and the folder of imported law, the user's own if not given.

        ``today`` is what a question without a day means, or gives it for a time zone's name.
        """
        self.built = built
        self._today = today
        self._law_home = law

    @cached_property
    def book(self) -> Rulebook:
        """The compiled rules."""
        built = self.built  # what says its words keeps no knowledge base alive
        words = lru_cache(maxsize=1)(lambda: built.json("words.json"))
        return rulebook(built.json("rulebook.json"), built.json("diagrams.json"), words=words)

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

    @property
    def zone(self) -> str:
        """The name of the time zone whose wall clock the law goes by."""
        return self.book.zone

    # ---- days ----------------------------------------------------------------------------------

    def when(self, text: str | None) -> When:
        """Return the time meant by ``text``; ``None`` and ``today`` mean the day given to ``open``.

        Raises:
            DateError: not a date, or none was given and the caller set no today.
        """
        return parse_when(
            "today" if text is None else str(text),
            today=self._today(self.zone) if callable(self._today) else self._today,
            zone=self.book.zone,
            instruments=self.commencements,
        )

    @cached_property
    def commencements(self) -> dict[str, str]:
        """The day each instrument came into force, by its number."""
        return {
            name: entry["in_force"]
            for entry in self._tables["entities"]["instruments"]
            if entry.get("in_force")
            for name in (entry["id"], *entry["names"])
        }

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
        layers: bool = True,
    ) -> History:
        """Return the outcome over time, strict and ordinary, from the first day to the last, both included.

        Also by layer, unless ``layers`` is false. ``History.timeline`` is the picture.

        Raises:
            UsageError: the first day is after the last.
        """
        first = self.when(from_ or self.book.covers_from).first
        last = self.when(to).last
        if first > last:
            raise UsageError(f"--from {first} is after --to {last}", code="E_USAGE", hint="give the earlier day first")
        span = When(first, last + timedelta(days=1), None, f"{first} to {last}", "year")
        asked = self.question(facts, on=span, known_on=known_on, action=action, readings=readings)
        return history_of(asked, layers=layers)

    def why_not(self, answer: Answer, *, lang: str = "en") -> list[dict[str, Any]]:
        """Return what stands in the way, each with the exceptions that would lift it and what they lack.

        ``lang`` is the language of each ``label``, as in ``Answer.to_dict``.
        """
        from inforce.rules.explain import obstacles

        return [in_language(row, lang) for row in obstacles(answer, self.book)]

    def compare(self, one: Answer, other: Answer, *, lang: str = "en") -> dict[str, Any]:
        """Return what differs between two answers: outcomes, layers, and rules whose state or standing differs."""
        from inforce.rules.explain import differences

        return in_language(differences(one, other), lang)

    def tokens(self, fact: str) -> tuple[str, ...]:
        """Return the values a fact that is a choice can take, as they are typed.

        Raises:
            UnknownIdError: no such fact.
        """
        found = self.book.facts.get(fact)
        if found is None:
            raise UnknownIdError(f'unknown fact "{fact}"', code="E_UNKNOWN_ID", hint="all facts: inforce list facts")
        return found.values or tuple(sorted(set(self._names.get(found.scheme or "", {}).values())))

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
            question = self.asked(receipt["question"])
            ordinarily = bool(receipt["question"]["ordinarily"])
        except (KeyError, TypeError):
            raise InputError(
                "this JSON is not an answer of inforce check", code="E_CASE", hint="save one: inforce check … --json"
            ) from None
        answer = ask(question, ordinarily=ordinarily)
        now = json.loads(answer.to_json("fr" if receipt.get("lang") == "fr" else "en"))
        return answer, [key for key in now if now[key] != receipt.get(key)]

    def validate(self, paths: Iterable[str | Path]) -> list[Any]:
        """Return what is wrong with a user's own Turtle files: findings with file, line and what would be right.

        The packaged rules are what the files may refer to; nothing is stored.

        Raises:
            UsageError: no such file or folder.
        """
        from inforce.check import validate
        from inforce.resources import root

        return list(validate([Path(path) for path in paths], root()))

    def rule_findings(self, paths: Iterable[str | Path] = ()) -> list[Any]:
        """Return what rules say against each other: the packaged, or those of a user's files that ``validate`` passes.

        Each finding has an ``example`` where there is one: a case to ask ``check`` in which it shows.

        Raises:
            UsageError: no such file or folder.
        """
        from inforce.check import rule_findings
        from inforce.resources import root

        return list(rule_findings([Path(path) for path in paths], root()))

    # ---- the law's own text ------------------------------------------------------------------------

    @cached_property
    def held(self) -> HeldLaw | None:
        """What was imported of the law's own text, ``None`` where nothing was."""
        from inforce.held import held_law

        return held_law(self._law_home)

    @property
    def law_version(self) -> str | None:
        """The digest of the imported law, ``None`` where there is none; opens nothing."""
        return self.held.version if self.held is not None else None

    @cached_property
    def law(self) -> Any:
        """The imported law to read: ``inforce.text.LawText``.

        Raises:
            UsageError: nothing was imported.
        """
        from inforce.text import LawText

        if self.held is None:
            raise UsageError("no text of any law is held", code="E_NO_TEXT", hint="import it: inforce import PATH")
        return LawText(self._store, self)

    def prepare_text(self, progress: Any = None) -> None:
        """Make the store that queries over the imported law run on, so that the first of them does not wait for it."""
        if self.held is None:
            return
        if progress is not None:
            progress("indexing", 0, 1)
        self._asked  # noqa: B018 - making it is the purpose

    def law_health(self) -> Iterator[tuple[str, str, str]]:
        """Yield name, state and detail of each check of the imported law; every file of it is read.

        Raises:
            IntegrityError: something is not what was written.
        """
        from inforce.inspection import law_health

        return law_health(self.built, self._law_home)

    # ---- SPARQL ------------------------------------------------------------------------------------

    @cached_property
    def _packaged(self) -> Any:
        """The built graph alone, in memory."""
        from inforce.stores import open_graph

        self.built.read("graph.nq")
        return open_graph(self.built.path("graph.nq"))

    @cached_property
    def _asked(self) -> Any:
        """What a query goes to: the built graph, with the imported law where there is one; perhaps not open yet."""
        if self.held is None:
            return self._packaged
        from inforce.combined import asked

        return asked(self.built, self.held)

    def _anew(self) -> None:
        # What the engine cannot open is made again from the two graphs, if these are as their manifests say.
        from inforce.combined import asked

        if self.held is not None:
            self.__dict__["_asked"] = asked(self.built, self.held, again=True)

    @cached_property
    def _store(self) -> Any:
        """The graph that queries run on, open."""
        if not hasattr(self._asked, "open"):
            return self._asked
        try:
            return self._asked.open()
        except IntegrityError:
            self._anew()
        return self._asked.open() if hasattr(self._asked, "open") else self._asked

    @cached_property
    def graph_index(self) -> Any:
        """The triples as plain nested mappings, those of the imported law left out."""
        from inforce.stores import index

        return index(self._packaged)

    @cached_property
    def graph(self) -> Any:
        """The graph as an ``rdflib.Dataset``, the imported law left out: ``sparql`` and ``query`` see both."""
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
        path = self.built.path("graph.nq")
        try:
            return ask_store(self._asked, path, text, on=day, limit=limit, timeout_s=timeout_s)
        except IntegrityError:
            self._anew()
        return ask_store(self._asked, path, text, on=day, limit=limit, timeout_s=timeout_s)

    def query(self, name: str, parameters: Mapping[str, str] | None = None) -> Table:
        """Run a saved query with its parameters as text; see ``list("queries")``.

        Raises:
            UnknownIdError: no such query.
            UsageError: a parameter is missing, unknown or of the wrong type.
        """
        from inforce.queries import run_named

        return run_named(self._store, name, dict(parameters or {}), self)

    @staticmethod
    def cited(path: str, lang: str = "en") -> str:
        """Return the citation of a provision's path in a language; the path itself where it is of no form cited."""
        from inforce.text_units import cited

        return cited(path, lang)

    @staticmethod
    def has_view(text: str) -> bool:
        """Return whether the header of a query asks for a picture of its rows.

        Raises:
            InputError: it asks for one that there is not.
        """
        from inforce.views import read_view

        return read_view(text) is not None

    @staticmethod
    def picture(text: str, table: Table, *, title: str = "", lang: str = "en") -> str | None:
        """Return rows as the SVG that the header of their query asks for; ``None`` where it asks for none.

        Args:
            text: the query, with its header.
            table: its rows.
            title: what the picture is called.
            lang: ``en`` or ``fr``.

        Raises:
            InputError: a view that cannot be read, or that names a column which the rows have not.
        """
        from inforce.views import drawn, read_view

        view = read_view(text)
        return None if view is None else drawn(view, table, title=title, lang=lang)

    def unused_terms(self, query: str, parameters: Mapping[str, str] | None = None) -> list[tuple[str, list[str]]]:
        """Return the terms of a query that nothing here uses, each with the nearest that something does.

        Args:
            query: a query's text; with ``parameters`` a saved query's name, and only what they name is looked at.
        """
        from inforce.queries import unused_parameters
        from inforce.stores import unused_terms

        if parameters is None:
            return unused_terms(query, self._store)
        return unused_parameters(self._store, query, parameters, self)
