"""What a knowledge base offers for many applicants at once; the Arrow libraries are loaded when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from inforce.errors import EnvironmentFault

if TYPE_CHECKING:
    from inforce.cohort.batch import Batch
    from inforce.cohort.job import Report
    from inforce.kb import KnowledgeBase

__all__ = ["Cohorts"]


class Cohorts:
    """Answers to tables of applicants: a part of the knowledge base."""

    def names_of_scheme(self, scheme: str) -> Mapping[str, str]:
        """Return the folded names of a scheme's values and the token each stands for."""
        found: Mapping[str, str] = cast("Any", self)._names.get(scheme, {})
        return found

    def batch_function(
        self,
        *,
        on: str | None = None,
        action: str | None = None,
        against: str | None = None,
        date_column: str | None = None,
        known_on: str | None = None,
        readings: Iterable[str] = (),
        columns: Mapping[str, str | None] | None = None,
        values: Mapping[str, Mapping[str, Any]] | None = None,
        facts: Mapping[str, Any] | None = None,
        tell: Iterable[str] = ("outcome", "ordinarily", "decisive"),
        prefix: str = "",
        plain: bool = False,
    ) -> Batch:
        """Return a function from an Arrow record batch to the same batch with answers, ready to be sent to workers.

        Args:
            on: the day of all rows.
            action: what the rows ask about; the first of the data where none is named.
            against: a second day; every row is asked again and ``flip`` says what became of it.
            date_column: the column with each row's own day, instead of ``on``.
            known_on: answer with what the public could know on that day.
            readings: contested rules whose reading is switched.
            columns: by column the fact it holds, ``None``: it is only carried along. Others go by their names.
            values: by column its own texts and what they stand for; ``None``: nothing is given.
            facts: what all rows have in common.
            tell: which of ``outcome``, ``ordinarily``, ``decisive`` and ``missing``; the last takes long.
            prefix: before the names of the columns added.
            plain: plain text columns instead of dictionaries, for engines that know none.

        Raises:
            UnknownIdError: no such action, reading or fact.
            DateError: not a day.
            EnvironmentFault: the libraries for Arrow are not installed.
        """
        try:
            from inforce.cohort.batch import Batch, Spec
            from inforce.cohort.plan import Asked
        except ImportError as error:
            raise EnvironmentFault(
                f"cohorts need {error.name}, which is not here",
                code="E_EXTRA",
                hint="install it: pip install 'inforce[batch]' (in a checkout: make install)",
            ) from None
        kb = cast("KnowledgeBase", self)
        wanted = set(tell)
        spec = Spec(
            action=kb.action(action),
            on=on if on is None else _day(kb, on),
            against=against if against is None else _day(kb, against),
            date_column=date_column,
            known_on=known_on if known_on is None else _day(kb, known_on),
            readings=tuple(readings),
            columns=dict(columns or {}),
            values={name: dict(own) for name, own in (values or {}).items()},
            facts=dict(facts or {}),
            asked=Asked("outcome" in wanted, "ordinarily" in wanted, "decisive" in wanted, "missing" in wanted),
            prefix=prefix,
            plain=plain,
        )
        return Batch(kb, spec)

    def batch(self, table: Any, *, on: str | None = None, **asked: Any) -> Any:
        """Return an Arrow table with an answer for each of its rows.

        ``table`` is anything that hands over Arrow data: a table of pyarrow, polars, pandas or DuckDB. The rest is as
        in ``batch_function``. A row that cannot be answered has no outcome, and a code in ``error``.

        Raises:
            UsageError: no column is a fact, or one is not what it should be.

        >>> import inforce, pyarrow
        >>> people = pyarrow.table({"citizenships": ["FRA", "IND"], "arrival_mode": ["air", "air"]})
        >>> inforce.open().batch(people, on="2010-05-01")["ordinarily"].to_pylist()
        ['may', 'may-not']
        """
        function = self.batch_function(on=on, **asked)
        import pyarrow as pa

        whole = pa.table(table)
        batches = [function(batch) for batch in whole.to_batches()]
        return pa.Table.from_batches(batches, schema=function.schema(whole.schema))

    def batch_file(
        self,
        source: str | Path,
        target: str | Path,
        *,
        from_format: str | None = None,
        to_format: str | None = None,
        force: bool = False,
        resume: bool = False,
        progress: Callable[[str, int, int], None] | None = None,
        **asked: Any,
    ) -> Report:
        """Answer each row of a file into another: the same columns and the answer's.

        The rest is as in ``batch_function``. The target appears when it is whole. Rows that cannot be answered stay in
        their place with a code in ``error``; what is wrong with them, and with lines that are no rows at all, is told
        in ``TARGET.errors.csv``. Memory does not grow with the number of rows.

        Args:
            source: CSV, JSON Lines, Parquet or Arrow.
            target: the file to write; the ending says the format.
            from_format: ``csv``, ``jsonl``, ``parquet`` or ``arrow``, where the ending does not say it.
            to_format: the same, or ``csv-excel``: cells that a spreadsheet would take for formulas are guarded.
            force: replace what is there.
            resume: keep what is done in ``TARGET.parts`` until all is; go on from there if it was interrupted.
            progress: called with what is done, how much, and of how much.

        Raises:
            UsageError: no such file, the target is there already, or the columns are not as they should be.
            InputError: not a whole file of its format.
            EnvironmentFault: something cannot be read or written.
        """
        function = self.batch_function(**asked)
        from inforce.cohort.job import answer_file, form_of
        from inforce.cohort.reading import READERS
        from inforce.cohort.writing import WRITERS

        one, other = Path(source), Path(target)
        return answer_file(
            function,
            one,
            other,
            form_in=form_of(one, from_format, "--from-format", READERS),
            form_out=form_of(other, to_format, "--to-format", WRITERS),
            force=force,
            resume=resume,
            progress=progress,
        )


def _day(kb: KnowledgeBase, text: str) -> str:
    # The same day wherever it is asked: "today" and an instrument's number mean something here.
    when = kb.when(text)
    return when.text if when.instant is not None or not when.single_day else str(when.first)
