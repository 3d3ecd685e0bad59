"""A function from an Arrow batch to an Arrow batch: the same columns, and what is told of each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from inforce.cohort.columns import UNKNOWN, Given, Reader, Tokens, Values
from inforce.cohort.days import NO_DAY, Days, read_days
from inforce.cohort.plan import Asked, Plan, Words
from inforce.cohort.planes import EMPTY, FULL, Plane, either, pack, rows
from inforce.cohort.sides import RowError, Side, worded
from inforce.dates import When
from inforce.errors import DateError, InForceError, IntegrityError, UsageError, nearest
from inforce.rules.case import read_facts

if TYPE_CHECKING:
    from inforce.kb import KnowledgeBase

__all__ = ["FLIPS", "Answered", "Batch", "RowError", "Spec"]

# Rows worked on at a time: planes of a block stay in the processor's cache.
BLOCK = 1 << 18
FLIPS = ("same", "lost", "gained", "unsettled", "settled", "covered", "uncovered")
# By outcome before and after (it holds, it fails, depends, not covered), which of FLIPS.
_FLIP = np.array([[0, 1, 3, 6], [2, 0, 3, 6], [4, 4, 0, 6], [5, 5, 5, 0]], np.int8)


@dataclass(frozen=True, slots=True)
class Spec:
    """What a cohort is asked; plain values, so that it can be sent to another process.

    Attributes:
        action: what the rows ask about.
        on: the day or instant of all rows; ``None`` with a ``date_column``.
        against: a second day, on which every row is asked again.
        date_column: the column with each row's own day.
        known_on: answer with what the public could know on that day.
        readings: contested rules whose reading is switched.
        columns: by column the fact it holds, ``None`` for a column that is only carried along.
        values: by column its own texts and what they stand for; ``None``: nothing is given.
        facts: what all rows have in common.
        asked: what is told of each row.
        prefix: before the names of the columns added.
        plain: text instead of dictionaries of texts, for engines that know none.
    """

    action: str
    on: str | None
    against: str | None = None
    date_column: str | None = None
    known_on: str | None = None
    readings: tuple[str, ...] = ()
    columns: Mapping[str, str | None] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    asked: Asked = Asked()
    prefix: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A batch with its answers; a row with an error has no outcome and the error's code."""

    batch: pa.RecordBatch
    errors: tuple[RowError, ...]


class Batch:
    """Answers Arrow batches; can be sent to other processes, which open the same data by their digest."""

    def __init__(self, kb: KnowledgeBase, spec: Spec) -> None:
        """Take the rules and what is asked.

        Raises:
            UnknownIdError: no such action, reading or fact.
            DateError: not a day or an instant.
            FactsError: the facts that all rows share exclude each other.
        """
        self.kb, self.spec = kb, spec
        self.words = Words.of(kb.book, kb.action(spec.action))
        self._plan = Plan(kb, spec.action, known_on=spec.known_on, readings=spec.readings)
        self._stretches: dict[int, int] = {}
        self._reader = Reader(self._interpret, spec.values)
        self._bound: dict[tuple[str, ...], dict[str, str]] = {}
        self._constant = self._constants()
        self._days = [None if day is None else self._day(day) for day in (spec.on, spec.against)]
        if spec.against is not None and spec.on is None:
            raise UsageError("--against goes with --on", hint="--on DAY --against DAY")
        if (spec.on is None) == (spec.date_column is None):
            raise UsageError("give the day of all rows or the column with their days, one of them", hint="--on DAY")
        for when in self._days:
            if when is not None:
                self._plan.stretch(when)

    # ---- to another process ------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        return {"spec": self.spec, "folder": str(self.kb.built.folder), "version": self.kb.version}

    def __setstate__(self, state: dict[str, Any]) -> None:
        import inforce

        folder = Path(state["folder"])
        kb = inforce.open(store=folder) if (folder / "manifest.json").is_file() else inforce.open()
        if kb.version != state["version"]:
            raise IntegrityError(
                f"the data here are {kb.version}, the question is put to {state['version']}",
                code="E_VERSION",
                hint="install the same version of inforce and its data everywhere",
            )
        self.__init__(kb, state["spec"])  # type: ignore[misc]

    # ---- what is asked -------------------------------------------------------------------------------

    def _interpret(self, fact: str, value: Any, hinted: bool) -> Any:
        names = self.kb.names_of_scheme
        if hinted:
            read, unknown = read_facts({fact: value}, self.kb.book, names)
            return UNKNOWN if unknown else read[fact]
        try:
            read, unknown = read_facts({fact: value}, self.kb.book, lambda scheme: _Known(names(scheme)))
        except InForceError as error:
            raise type(error)(error.message, code=error.code) from None
        return UNKNOWN if unknown else read[fact]

    def _constants(self) -> dict[str, Given]:
        read, unknown = read_facts(self.spec.facts, self.kb.book, self.kb.names_of_scheme)
        found = {**read, **dict.fromkeys(unknown, UNKNOWN)}
        return {name: Tokens(np.zeros(1, np.uint8), Values([value])) for name, value in found.items()}

    def _day(self, text: str) -> When:
        when = self.kb.when(text)
        if not when.single_day:
            raise DateError(f"{text} is more than one day", hint="give the day, or a column with each row's own")
        return when

    def bind(self, schema: pa.Schema) -> dict[str, str]:
        """Return the fact that each column of a table holds; those that hold none are carried along.

        Raises:
            UsageError: no column holds a fact, a column is missing, or two hold the same fact; a name that looks
                like a fact's but is none.
        """
        names = tuple(schema.names)
        found = self._bound.get(names)
        if found is None:
            found = self._bound[names] = self._binding(names)
        return found

    def _binding(self, names: tuple[str, ...]) -> dict[str, str]:
        spec, facts = self.spec, self.kb.book.facts
        for name in [*spec.columns, *([spec.date_column] if spec.date_column is not None else [])]:
            if name not in names:
                near = nearest(name, names)
                hint = (f"did you mean {near[0]}? " if near else "") + "columns: " + ", ".join(names)
                raise UsageError(f'there is no column "{name}"', code="E_COLUMN", hint=hint)
        double = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if double:
            raise UsageError(f'two columns are called "{double[0]}"', code="E_COLUMN", hint="rename one of them")
        taken = [name for name in self.added if name in names]
        if taken:
            raise UsageError(
                f'the table has a column "{taken[0]}" already',
                code="E_COLUMN",
                hint="rename it, or put something before the new names: --prefix new_",
            )
        found: dict[str, str] = {}
        for name in names:
            if name.startswith("\0"):
                continue  # our own: the line a row was read from
            fact = spec.columns.get(name, name.replace("-", "_")) if name != spec.date_column else None
            if fact is None:
                continue
            if fact in facts:
                if fact in found.values() or fact in self._constant:
                    raise UsageError(f"{fact} is given twice", code="E_COLUMN", hint="leave one of them out")
                found[name] = fact
            elif near := (nearest(fact, list(facts), 1) if name not in spec.columns and len(name) > 4 else []):
                raise UsageError(
                    f'column "{name}" is no fact; did you mean {near[0]}?',
                    code="E_COLUMN",
                    hint="rename it, or say in a file for --map what it holds, or that it is no fact",
                )
        if not found and not self._constant:
            raise UsageError(
                "no column is a fact: " + (", ".join(names[:12]) or "the table has none"),
                code="E_COLUMN",
                hint="name columns as facts (inforce list facts), or say which holds which: --map FILE",
            )
        return found

    def needed(self, schema: pa.Schema) -> tuple[str, ...]:
        """Return the columns of a table that are read; one that has only these is answered as the whole is.

        Raises:
            UsageError: as ``bind``.
        """
        bound = self.bind(schema)
        found = tuple(name for name in schema.names if name in bound or name == self.spec.date_column)
        self._bound.setdefault(found, bound)
        return found

    @property
    def added(self) -> tuple[str, ...]:
        """The names of the columns that are added."""
        return tuple(name for name, _ in self._types())

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema of the answered table."""
        self.bind(schema)
        for name, kind in self._types():
            schema = schema.append(pa.field(name, kind))
        return schema

    def _types(self) -> Iterator[tuple[str, pa.DataType]]:
        asked, prefix = self.spec.asked, self.spec.prefix
        text = pa.string() if self.spec.plain else pa.dictionary(pa.int8(), pa.string())
        for ending in ("", "_against") if self.spec.against is not None else ("",):
            wanted = {
                "outcome": asked.outcome,
                "ordinarily": asked.ordinarily,
                "decisive_rule": asked.decisive,
                "decisive_layer": asked.decisive,
            }
            for name in [name for name, wish in wanted.items() if wish]:
                small = name != "decisive_rule" or self.spec.plain
                yield prefix + name + ending, text if small else pa.dictionary(pa.int16(), pa.string())
            if asked.missing:
                yield prefix + "missing" + ending, pa.list_(pa.string())
        if self.spec.against is not None:
            yield from ((prefix + name, text) for name in self._flips())
        yield prefix + "error", pa.string()

    def _flips(self) -> list[str]:
        asked = self.spec.asked
        wanted = {"flip": asked.outcome, "flip_ordinarily": asked.ordinarily} if self.spec.against is not None else {}
        return [name for name, wish in wanted.items() if wish]

    # ---- answering -------------------------------------------------------------------------------------

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch with its answers."""
        return self.answered(batch).batch

    def answered(self, batch: pa.RecordBatch) -> Answered:
        """Return the batch with its answers, and what is wrong with which rows.

        Raises:
            UsageError: as ``bind``; a column of a type in which no fact is written.
        """
        bound = self.bind(batch.schema)
        length = batch.num_rows
        sides = [Side(length, self.spec.asked) for _ in range(1 if self.spec.against is None else 2)]
        errors: dict[int, RowError] = {}
        for start in range(0, length, BLOCK):
            self._block(batch.slice(start, BLOCK), bound, start, sides, errors)
        return Answered(self._built(batch, sides, errors), tuple(errors[row] for row in sorted(errors)))

    def _block(
        self,
        block: pa.RecordBatch,
        bound: Mapping[str, str],
        start: int,
        sides: list[Side],
        errors: dict[int, RowError],
    ) -> None:
        given, length = dict(self._constant), block.num_rows
        skipped: Plane = EMPTY
        for name, fact in bound.items():
            column, wrong = self._reader.column(fact, name, block.column(name))
            given[fact] = column
            if isinstance(column, Tokens) and column.bad is not EMPTY:
                skipped = either([skipped, column.bad])
                for row in rows(column.bad, length).tolist():
                    error = wrong(row) or UsageError(f"{fact}: not a value", code="E_FACTS")
                    errors.setdefault(start + row, RowError(start + row, name, error))
        asked, plan = self.spec.asked, self._plan
        if self.spec.date_column is not None:
            days = self._row_days(block, start, errors)
            at, none = self._during(days)
            out = either([skipped, none])
            if not at:
                return
            sides[0].put(start, plan.results(given, length, asked, at=at, days=days, skipped=out), errors)
            return
        for side, when in zip(sides, [day for day in self._days if day is not None], strict=True):
            at = {plan.stretch(when): FULL}
            side.put(start, plan.results(given, length, asked, at=at, days=when, skipped=skipped), errors)

    def _row_days(self, block: pa.RecordBatch, start: int, errors: dict[int, RowError]) -> Days:
        name = str(self.spec.date_column)
        days, wrong = read_days(name, block.column(name))
        for row in np.flatnonzero(days.numbers == NO_DAY).tolist():
            errors.setdefault(start + row, RowError(start + row, name, wrong(row)))
        return days

    def _during(self, days: Days) -> tuple[dict[int, Plane], Plane]:
        """Return by stretch of time its rows, and the rows without a day."""
        numbers = days.numbers
        none = numbers == NO_DAY
        if none.all():
            return {}, FULL
        some = bool(none.any())
        first = int(numbers[~none].min() if some else numbers.min())
        # The place after the last day is for none.
        places = np.where(none, int(numbers.max()) - first + 1, numbers - first) if some else numbers - first
        stretches = np.full(int(places.max()) + 1, -1, np.int16)
        for place in np.flatnonzero(np.bincount(places)).tolist():
            if not (some and place == len(stretches) - 1):
                stretches[place] = self._stretch(first + place)
        codes = stretches.take(places)
        found = np.unique(stretches[stretches >= 0]).tolist()
        planes = {n: FULL if len(found) == 1 and not some else pack(codes == n) for n in found}
        return planes, pack(none) if some else EMPTY

    def _stretch(self, day: int) -> int:
        found = self._stretches.get(day)
        if found is None:
            found = self._stretches[day] = self._plan.stretch(Days.day(day))
        return found

    def _built(self, batch: pa.RecordBatch, sides: Sequence[Side], errors: Mapping[int, RowError]) -> pa.RecordBatch:
        arrays = list(batch.columns)
        made = [array for side in sides for array in side.arrays(self.words, plain=self.spec.plain)]
        for name in self._flips():
            one, other = (side.ordinarily if "ordinarily" in name else side.outcome for side in sides)
            flips = np.where((one < 0) | (other < 0), -1, _FLIP[one, other])
            made.append(worded(flips.astype(np.int8), FLIPS, plain=self.spec.plain))
        made.append(_error_codes(batch.num_rows, errors))
        schema = self.schema(batch.schema)
        return pa.RecordBatch.from_arrays([*arrays, *made], schema=schema)


def _error_codes(length: int, errors: Mapping[int, RowError]) -> pa.Array:
    if not errors:
        return pa.nulls(length, pa.string())
    words = sorted({error.error.code for error in errors.values()})
    numbers = {word: number for number, word in enumerate(words)}
    codes = np.full(length, -1, np.int8)
    codes[list(errors)] = [numbers[error.error.code] for error in errors.values()]
    return worded(codes, words, plain=True)


class _Known(dict[str, str]):
    """Names that are looked up and never suggested: suggesting one of them takes longer than reading a thousand."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self.names = names

    def get(self, key: str, default: Any = None) -> Any:
        """Return the token of a folded name."""
        return self.names.get(key, default)
