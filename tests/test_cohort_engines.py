"""The batch function elsewhere: under Spark on two local workers, and between two queries of DuckDB."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cohorts_at_random import as_table, random_rows
from command_line import PATH, SOURCES

REPO = Path(__file__).resolve().parent.parent
ROWS = 3_000


@pytest.fixture(scope="module")
def people(kb: Any) -> pa.Table:
    table = as_table(kb, random_rows(kb, 61, ROWS))
    return table.append_column("id", pa.array(range(ROWS), pa.int64()))


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A Spark of two workers in processes of their own; they find inforce where this process does."""
    if shutil.which("java") is None:
        pytest.skip("allowed: there is no Java here; .ci/run installs it where it can")
    from pyspark.sql import SparkSession

    os.environ["PYTHONPATH"] = os.pathsep.join([PATH, os.environ.get("PYTHONPATH", "")])
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]")
        .appName("test")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "700")
        .getOrCreate()
    )
    yield session
    session.stop()


def _rows(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: row["id"])


def test_spark_answers_as_here(kb: Any, spark: Any, people: pa.Table, tmp_path: Path) -> None:
    """Rows with unknowns, errors and lists through two workers: the same columns with the same values."""
    from inforce.cohort.spark import answer_frame

    pq.write_table(people, tmp_path / "people.parquet")
    frame = spark.read.parquet(str(tmp_path / "people.parquet")).repartition(4)
    function = kb.batch_function(on="2024-12-23", against="2024-12-24", plain=True)
    answered = answer_frame(frame, function)
    found = [row.asDict() for row in answered.collect()]
    assert _rows(found) == kb.batch(people, on="2024-12-23", against="2024-12-24", plain=True).to_pylist()
    assert {row["outcome"] for row in found} >= {"may", "may-not", "depends", None}


def test_the_job_that_is_submitted_reads_and_writes_tables(
    kb: Any, spark: Any, people: pa.Table, tmp_path: Path
) -> None:
    from inforce.cohort.spark import main
    from inforce.errors import UsageError

    pq.write_table(people, tmp_path / "people.parquet")
    spark.stop()
    line = [str(tmp_path / "people.parquet"), str(tmp_path / "out"), "--on", "2024-12-24", "--master", "local[2]"]
    code = "import sys; from inforce.cohort.spark import main; sys.exit(main(sys.argv[1:]))"
    ran = subprocess.run([sys.executable, "-c", code, *line], env=SOURCES, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = pq.read_table(tmp_path / "out").to_pylist()
    assert _rows(found) == kb.batch(people, on="2024-12-24", plain=True).to_pylist()
    with pytest.raises(UsageError, match="unknown option"):
        main(["a", "b", "--fly"])


def test_another_engine_maps_the_same_function(kb: Any, people: pa.Table, tmp_path: Path) -> None:
    """The shipped example: DuckDB reads, the function answers batch by batch, DuckDB counts."""
    pq.write_table(people, tmp_path / "people.parquet")
    example = REPO / "docs" / "cohort_duckdb.py"
    ran = subprocess.run(
        [sys.executable, str(example), str(tmp_path / "people.parquet"), "2024-12-24"],
        env=SOURCES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    counted = dict(line.split("\t") for line in ran.stdout.splitlines())
    here = kb.batch(people, on="2024-12-24", plain=True)["outcome"].to_pylist()
    assert counted == {str(word): str(here.count(word)) for word in set(here)}
