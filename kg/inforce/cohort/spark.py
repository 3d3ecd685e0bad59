"""Cohorts on a cluster: the batch function under Spark's ``mapInArrow``; needs the extra ``spark`` and Java.

As a job to submit::

    spark-submit --master MASTER -m inforce.cohort.spark IN OUT --on DAY

(or ``python -m inforce.cohort.spark IN OUT --on DAY --master local[2]``). Every worker needs the same version of
inforce; each opens the data by their digest and refuses others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from inforce.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from inforce.cohort.batch import Batch

__all__ = ["answer_frame", "main"]

OPTIONS = ("--on", "--against", "--date-column", "--action", "--master", "--format")


class _Mapped:
    """What Spark's workers call: batches in, batches out."""

    def __init__(self, function: Batch) -> None:
        self.function = function

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield each batch with its answers."""
        return map(self.function, batches)


def answer_frame(frame: Any, function: Batch) -> Any:
    """Return a Spark data frame with an answer for each row; the order of rows is Spark's own.

    Args:
        frame: columns as in ``kb.batch``.
        function: ``kb.batch_function(..., plain=True)``: Spark knows no dictionaries.

    Raises:
        UsageError: the function was not made plain, or the columns are not as they should be.
    """
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    if not function.spec.plain:
        raise UsageError("Spark knows no dictionaries", hint="kb.batch_function(..., plain=True)")
    schema = function.schema(to_arrow_schema(frame.schema))
    return frame.mapInArrow(_Mapped(function), from_arrow_schema(schema))


def main(words: Sequence[str]) -> int:
    """Read a table with Spark, answer it, and write it: ``IN OUT --on DAY`` and the options of ``inforce batch``.

    Raises:
        UsageError: an option that is not known, or no tables.
    """
    from pyspark.sql import SparkSession

    import inforce

    given, options = _parsed(words)
    builder = SparkSession.builder.appName("inforce batch")
    if "--master" in options:
        builder = builder.master(options["--master"])
        if options["--master"].startswith("local"):
            # Workers on this machine run the Python that has inforce.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = builder.getOrCreate()
    try:
        form = options.get("--format", "parquet")
        frame = session.read.format(form).option("header", "true").load(given[0])
        function = inforce.open().batch_function(
            on=options.get("--on"),
            against=options.get("--against"),
            date_column=options.get("--date-column"),
            action=options.get("--action"),
            plain=True,
        )
        answer_frame(frame, function).write.format(form).option("header", "true").save(given[1])
    finally:
        session.stop()
    return 0


def _parsed(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    given: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word in OPTIONS:
            options[word] = next(rest, "")
        elif word.startswith("-"):
            raise UsageError(f"unknown option {word}", hint="options: " + ", ".join(OPTIONS))
        else:
            given.append(word)
    if len(given) != 2:
        raise UsageError("name the table to read and the one to write", hint="IN OUT --on DAY")
    return given, options


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
