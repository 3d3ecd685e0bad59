"""A cohort between two queries of DuckDB: it reads and counts, inforce answers each Arrow batch in between.

    python docs/cohort_duckdb.py people.parquet 2024-12-24

Any engine that maps Arrow batches takes the function the same way: Spark (``inforce.cohort.spark``), Ray
(``dataset.map_batches(function, batch_format="pyarrow")``), Dask, DataFusion.
"""

from __future__ import annotations

import sys

import duckdb
import pyarrow as pa

import inforce


def main(path: str, day: str) -> None:
    """Print how many rows of the Parquet file have which outcome on the day."""
    function = inforce.open().batch_function(on=day, plain=True)
    # A connection gives one result at a time: one reads, the other counts.
    batches = duckdb.connect().read_parquet(path).to_arrow_reader(100_000)
    answered = pa.RecordBatchReader.from_batches(function.schema(batches.schema), map(function, batches))
    counted = duckdb.connect().from_arrow(answered).aggregate("outcome, count(*)", "outcome").fetchall()
    for outcome, count in sorted(counted, key=str):
        sys.stdout.write(f"{outcome}\t{count}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
