"""Who could do what when, as one table: nationality x action x time, with the rule behind each cell.

Whoever compares countries over time, or runs a regression on the law, starts from this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Any, cast

from inforce.dates import When
from inforce.errors import FactsError, UsageError
from inforce.rules.case import KINDS, plain, read_facts, shown
from inforce.rules.cells import Cell, Cells
from inforce.rules.conditions import variables
from inforce.rules.decide import Question
from inforce.rules.timeline import timeline
from inforce.table import Table
from inforce.vocab import BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from inforce.kb import KnowledgeBase
    from inforce.rules.model import Fact, Rulebook

__all__ = ["Panel", "Panels"]

ALL = "all"
GROUNDS = ("outcome", "ordinarily", "decisive_rule", "decisive_layer", "instrument", "version")
CAUSES = ("changed_by", "changed_by_instrument")
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Panel(Table):
    """The table ``kb.panel`` returns; ``facts`` are the columns of facts, ``about`` says what it was made of."""

    facts: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)

    def limited(self, limit: int | None) -> Panel:
        """Return at most ``limit`` rows, marked if rows were left out."""
        if limit is None or len(self.rows) <= limit:
            return self
        return Panel(self.columns, self.rows[:limit], truncated=True, facts=self.facts, about=self.about)

    def wide(self, column: str = "outcome") -> Panel:
        """Return one row a nationality (and other facts) and stretch of time, with ``column`` of each action beside.

        Where actions change on different days a stretch is cut at all of them.
        """
        return _widened(self, column)

    def to_arrow(self) -> Any:
        """Return a ``pyarrow.Table``: words as dictionaries, a day as a date, from and until as wall-clock times.

        Raises:
            EnvironmentFault: pyarrow is not installed.
        """
        from inforce.panel_files import arrow

        return arrow(self)

    def to_bytes(self, form: str = "parquet") -> bytes:
        """Return the table as a file: ``parquet`` or ``arrow`` (the Arrow IPC file format, also called Feather 2).

        Raises:
            EnvironmentFault: pyarrow is not installed.
        """
        from inforce.panel_files import as_bytes

        return as_bytes(self, form)


class Panels:
    """The part of a knowledge base that makes tables of outcomes."""

    def panel(
        self,
        nationalities: str | Iterable[str | Sequence[str]] = ALL,
        *,
        days: Iterable[str] | None = None,
        actions: str | Iterable[str] = ALL,
        facts: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (),
        from_: str | None = None,
        to: str | None = None,
        known_on: str | None = None,
        readings: Iterable[str] = (),
        ordinarily: bool = False,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Panel:
        """Return the outcome for each nationality, action and stretch of time (or day), exactly, as one table.

        A row has ``nationality``, ``action``, the other facts given, ``from`` and ``until`` (excluded; an instant
        where an hour is known) or ``day``, ``outcome`` (strict), ``ordinarily``, and of the rule version the headline
        rests on first: ``decisive_rule``, ``decisive_layer``, ``instrument``, ``version``. A stretch whose outcome is
        another than before also has ``changed_by``, the rule, condition or entry of a list whose start or end brought
        it, and ``changed_by_instrument``.

        Args:
            nationalities: codes or names, a sequence of them for a person with several; ``"all"``.
            days: a row a day, as ``check`` answers that day; if ``None``, a row a stretch in which nothing of it
                changes, of no day of the week, as ``history`` has it.
            actions: ids of actions; ``"all"``.
            facts: what else all cases have; a sequence of such mappings gives rows for each. A list of values for a
                fact that takes one value is tried value by value.
            from_: the first day, if ``days`` is ``None``; if not given, the first day covered.
            to: the last day, included; if not given, the day up to which the law was checked.
            known_on: answer with what the public could know on that day.
            readings: contested rules whose reading is switched.
            ordinarily: name the rule behind the ordinary outcome, not the strict one.
            progress: called with an action, how many cases of how many are done.

        Raises:
            UnknownIdError: no such fact, value, action or reading.
            FactsError: facts that exclude each other in every row; in one row they leave the outcomes ``None``.
            DateError: not a date.
            UsageError: the first day is after the last, or ``days`` and ``from_`` or ``to`` are both given.
        """
        return _tabulated(
            cast("KnowledgeBase", self),
            nationalities,
            None if days is None else _several(days),
            actions,
            _grid(facts, cast("KnowledgeBase", self).book),
            _Asked(from_, to, known_on, tuple(readings), ordinarily),
            progress,
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all cells share."""

    from_: str | None
    to: str | None
    known_on: str | None
    readings: tuple[str, ...]
    ordinarily: bool


def _tabulated(
    kb: KnowledgeBase,
    nationalities: Any,
    days: list[str] | None,
    actions: Any,
    grids: Iterable[Mapping[str, Any]],
    asked: _Asked,
    progress: Callable[[str, int, int], None] | None,
) -> Panel:
    fact = _nationality(kb.book)
    grid = [_read(kb, given, fact.name) for given in grids]
    names = _nationalities(kb, nationalities, fact)
    wanted = list(kb.book.actions) if actions == ALL else _several(actions)
    chosen = [kb.action(name) for name in dict.fromkeys(wanted)]
    if not chosen:
        raise UsageError("no action is given", code="E_USAGE", hint='name one, or "all"')
    spans = _spans(kb, days, asked)
    # A question checks that readings exist; the rest of it is not asked.
    switched = kb.question({}, on=str(spans[0].first), action=chosen[0], readings=asked.readings).readings
    known = str(kb.when(asked.known_on).last) if asked.known_on is not None else None
    told = tuple(name for name in kb.book.facts if any(name in given or name in unknown for given, unknown in grid))
    rows: dict[Any, list[Row]] = {}
    for number, action in enumerate(chosen):
        if progress is not None:
            progress(action, number * len(grid), len(chosen) * len(grid))
        cells = Cells(kb.book, action, fact.name, known_on=known, readings=switched, ordinarily=asked.ordinarily)
        causes = _Causes(kb.book, action, fact.name, spans[0], known, switched)
        for place, (given, unknown) in enumerate(grid):
            if progress is not None and place:
                progress(action, number * len(grid) + place, len(chosen) * len(grid))
            front = (action, *(_shown(name, given, unknown) for name in told))
            for label, value in names:
                case = {**given, fact.name: value}
                if days is None:
                    found = list(causes.added(_stretches(cells, case, unknown, spans[0]), case, unknown))
                else:
                    found = [(str(day.first), *_grounds(cells.on(case, unknown, day))) for day in spans]
                rows[label, place, action] = [(label, *front, *row) for row in found]
    if progress is not None:
        progress("", len(chosen) * len(grid), len(chosen) * len(grid))
    every = (rows[label, place, action] for (label, _), place in product(names, range(len(grid))) for action in chosen)
    ordered = tuple(row for found in every for row in found)
    when = ("day", *GROUNDS) if days is not None else ("from", "until", *GROUNDS, *CAUSES)
    columns = ("nationality", "action", *told, *when)
    outcome = columns.index("outcome")
    if ordered and all(row[outcome] is None for row in ordered):
        raise FactsError("these facts exclude each other for every nationality", code="E_FACTS", hint="leave one out")
    about = {
        "version": kb.book.version,
        "verified_through": kb.book.verified_through,
        "zone": kb.book.zone,
        "headline": "ordinarily" if asked.ordinarily else "strict",
    }
    return Panel(columns, ordered, facts=told, about=about)


def _read(kb: KnowledgeBase, given: Mapping[str, Any], fact: str) -> tuple[dict[str, Any], frozenset[str]]:
    found, unknown = read_facts(given, kb.book, lambda scheme: kb._names.get(scheme, {}))
    if fact in found or fact in unknown:
        raise UsageError(
            f"{fact} is what the rows of a panel differ in", code="E_USAGE", hint="name nationalities instead"
        )
    return found, unknown


def _nationalities(
    kb: KnowledgeBase, wanted: str | Iterable[str | Sequence[str]], fact: Fact
) -> list[tuple[str, tuple[str, ...]]]:
    if wanted == ALL:
        return [(row["id"], (row["id"],)) for row in kb.list(KINDS[_scheme(fact)])]
    found: dict[str, tuple[str, ...]] = {}
    for one in _several(wanted):
        read, unknown = read_facts({fact.name: one}, kb.book, lambda scheme: kb._names.get(scheme, {}))
        if unknown:
            raise UsageError("a row of a panel has a nationality", code="E_USAGE", hint="name it by its code")
        found.setdefault("+".join(read[fact.name]) or shown(()), read[fact.name])
    return list(found.items())


def _spans(kb: KnowledgeBase, days: list[str] | None, asked: _Asked) -> list[When]:
    if days is not None:
        if asked.from_ is not None or asked.to is not None:
            raise UsageError("days are given, and a first or last day too", code="E_USAGE", hint="give either")
        found = {when.first: when for when in map(kb.when, days)}
        for when in found.values():
            if not when.single_day or when.instant is not None:
                raise UsageError(f"{when.text} is not one day", code="E_USAGE", hint="write it YYYY-MM-DD")
        if not found:
            raise UsageError("no day is given", code="E_USAGE", hint="name one, or leave days out for all of time")
        return [found[day] for day in sorted(found)]
    first = kb.when(asked.from_ or kb.book.covers_from).first
    last = kb.when(asked.to or kb.book.verified_through).last
    if first > last:
        raise UsageError(f"--from {first} is after --to {last}", code="E_USAGE", hint="give the earlier day first")
    return [When(first, last + timedelta(days=1), None, f"{first} to {last}", "year")]


def _several(wanted: Any) -> list[Any]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _scheme(fact: Fact) -> str:
    return (fact.scheme or "").partition("/")[0]


def _nationality(book: Rulebook) -> Fact:
    # The fact that holds the countries a person is a citizen of: of the sets of places the one that rules read most.
    read = Counter(v[1] for diagram in book.diagrams.values() for v in diagram.variables)
    sets = [fact for fact in book.facts.values() if fact.multiple and KINDS.get(_scheme(fact)) == "nationalities"]
    if not sets:
        raise UsageError("no fact of these rules holds nationalities", code="E_USAGE", hint="see inforce list facts")
    return max(sets, key=lambda fact: read[fact.name])


def _grid(facts: Mapping[str, Any] | Sequence[Mapping[str, Any]], book: Rulebook) -> Iterator[dict[str, Any]]:
    for given in [facts] if isinstance(facts, Mapping) else list(facts) or [{}]:
        ways: list[list[Any]] = []
        for name, value in given.items():
            fact = book.facts.get(name.replace("-", "_"))
            listed = isinstance(value, (list, tuple))
            # For a fact that takes a set a list is one value; several sets are a list of lists.
            nested = listed and any(isinstance(one, (list, tuple)) for one in value)
            ways.append(list(value) if listed and (nested or fact is None or not fact.multiple) else [value])
        yield from (dict(zip(given, values, strict=True)) for values in product(*ways))


def _shown(name: str, given: Mapping[str, Any], unknown: frozenset[str]) -> Any:
    if name in unknown:
        return "unknown"
    value = plain(given.get(name))
    return "+".join(value) or shown(()) if isinstance(value, list) else value


def _stretches(cells: Cells, case: Mapping[str, Any], unknown: frozenset[str], span: When) -> Iterator[Row]:
    high = f"{span.until}T00:00:00"
    starts = cells.instants(f"{span.first}T00:00:00", high)
    found = cells.over(case, unknown, span)
    begun = [place for place in range(len(found)) if not place or found[place] != found[place - 1]]
    for place, after in zip(begun, [*begun[1:], None], strict=True):
        until = high if after is None else starts[after]
        yield (_day(starts[place]), _day(until), *_grounds(found[place]))


class _Causes:
    """What changed the outcome of one action, as ``history`` says it; countries that moved alike are asked once."""

    def __init__(
        self, book: Rulebook, action: str, fact: str, span: When, known_on: str | None, readings: frozenset[str]
    ) -> None:
        self.book, self.action, self.fact, self.span = book, action, fact, span
        self.known_on, self.readings = known_on, readings
        self._found: dict[Any, dict[str, tuple[str | None, str | None]]] = {}
        rules = [rule.when for rule in book.rules_of(action)] + [item.expr for item in book.constraints]
        self._named = {v[2] for expr in rules for v in variables(expr, book) if v[0] != "list" and v[1] == fact}

    def added(self, rows: Iterable[Row], case: Mapping[str, Any], unknown: frozenset[str]) -> Iterator[Row]:
        """Yield the rows of one case, each with what changed its outcome and the instrument of that."""
        before: Row | None = None
        for row in rows:
            none: tuple[str | None, str | None] = (None, None)
            changed = before is not None and before[2:4] != row[2:4]
            yield (*row, *(self._of(case, unknown).get(row[0], none) if changed else none))
            before = row

    def _of(self, case: Mapping[str, Any], unknown: frozenset[str]) -> dict[str, tuple[str | None, str | None]]:
        value = case[self.fact]
        others = tuple(item for item in case.items() if item[0] != self.fact)
        # Alike is who was on every list at the same times by the same instruments, and is not named by itself.
        [token, *more] = value or ("",)
        moves = tuple((name, entries.get(token, ())) for name, entries in self.book.lists.items())
        named = self._named & {token, *self.book.ancestors.get(token, ())}
        single = not (more or named) and token and f"{self.fact}={token}" not in self.book.entailments
        key = (others, unknown, moves if single else value)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = dict(self._asked(case, unknown))
        if not single:
            return found
        return {start: (_mine(by, token), made) for start, (by, made) in found.items()}

    def _asked(
        self, case: Mapping[str, Any], unknown: frozenset[str]
    ) -> Iterator[tuple[str, tuple[str | None, str | None]]]:
        facts = {name: case[name] for name in self.book.facts if name in case}
        try:
            asked = Question(
                self.book,
                self.action,
                facts,
                self.span,
                known_on=self.known_on,
                readings=self.readings,
                unknown=unknown,
            )
            for row in timeline(asked):
                yield row["from"], (row["rule"], row["instrument"])
        except FactsError:
            return  # at some time they exclude each other: nothing is said of the others


def _mine(by: str | None, token: str) -> str | None:
    # An entry of a list is named list/entry: that of a country that moved alike becomes one's own.
    name, slash, _ = (by or "").rpartition("/")
    return f"{name}/{token}" if slash else by


def _grounds(cell: Cell) -> Row:
    rule = cell.rule
    told = (rule.rule, rule.layer, rule.instrument, BASE + rule.id) if rule is not None else (None,) * 4
    return (cell.outcome, cell.ordinarily, *told)


def _day(instant: str) -> str:
    return instant[:10] if instant.endswith("T00:00:00") else instant


# ---- one column an action ----------------------------------------------------------------------------


def _widened(panel: Panel, column: str) -> Panel:
    at = {name: place for place, name in enumerate(panel.columns)}
    dated = "day" in at
    actions = tuple(dict.fromkeys(row[at["action"]] for row in panel.rows))
    grouped: dict[Row, dict[str, list[Row]]] = {}
    for row in panel.rows:
        key = (row[at["nationality"]], *(row[at[name]] for name in panel.facts))
        grouped.setdefault(key, {}).setdefault(row[at["action"]], []).append(row)
    rows: list[Row] = []
    start = at["day"] if dated else at["from"]
    for key, by_action in grouped.items():
        cuts = sorted({row[start] for found in by_action.values() for row in found})
        values = []
        for action in actions:
            found = {row[start]: row[at[column]] for row in by_action.get(action, ())}
            values.append(list(_carried(found, cuts)) if not dated else [found.get(cut) for cut in cuts])
        ends = (
            [] if dated else [*cuts[1:], max((row[at["until"]] for f in by_action.values() for row in f), default="")]
        )
        stretch: Row | None = None
        for place, cut in enumerate(cuts):
            told = tuple(column_[place] for column_ in values)
            if dated:
                rows.append((*key, cut, *told))
            elif stretch is not None and stretch[len(key) + 2 :] == told:
                stretch = rows[-1] = (*key, stretch[len(key)], ends[place], *told)
            else:
                stretch = (*key, cut, ends[place], *told)
                rows.append(stretch)
    columns = ("nationality", *panel.facts, *(("day",) if dated else ("from", "until")), *actions)
    return Panel(columns, tuple(rows), truncated=panel.truncated, facts=panel.facts, about=panel.about)


def _carried(found: Mapping[str, Any], cuts: Sequence[str]) -> Iterator[Any]:
    value = None
    for cut in cuts:
        value = found.get(cut, value)
        yield value
