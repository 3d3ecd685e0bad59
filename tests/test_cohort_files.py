"""Parquet to Parquet: the source's own bytes are carried over as they are, whoever wrote them; columns are added."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cohorts_at_random import as_table, random_rows

from inforce.cohort import splice
from inforce.errors import EnvironmentFault

PEER = "allowed: polars is only a peer of the benchmarks"
ROWS = 700
ADDED = ["outcome", "ordinarily", "decisive_rule", "decisive_layer", "error"]
Write = Callable[[pa.Table, Path], Any]


@pytest.fixture(scope="module")
def people(kb: Any) -> pa.Table:
    """Facts, and columns of all kinds that are only carried along."""
    rng = random.Random(5)
    table = as_table(kb, random_rows(kb, 71, ROWS))
    own: dict[str, Any] = {
        "id": pa.array(range(ROWS), pa.int64()),
        "name": pa.array([None if n % 7 == 0 else f"Zoë {n}" for n in range(ROWS)]),
        "born": pa.array([date(1990, 1, 1 + n % 28) for n in range(ROWS)]),
        "seen": pa.array([datetime(2024, 1, 1, n % 24) for n in range(ROWS)], pa.timestamp("us", "UTC")),
        "tags": pa.array([["a", None, "b"][: n % 4] if n % 5 else None for n in range(ROWS)]),
        "place": pa.array([{"x": n, "y": [{"z": rng.random()}]} for n in range(ROWS)]),
        "blob": pa.array([bytes([n % 256]) * (n % 9) for n in range(ROWS)], pa.large_binary()),
        "sum": pa.array([n * 0.5 for n in range(ROWS)]),
    }
    # Facts and other columns by turns.
    names = [*table.column_names, *own]
    rng.shuffle(names)
    return pa.table({name: own.get(name, table[name] if name in table.column_names else None) for name in names})


def _polars(table: pa.Table, path: Path) -> None:
    polars = pytest.importorskip("polars", reason=PEER)
    polars.from_arrow(table).write_parquet(path, row_group_size=150, statistics="full")


def _duckdb(table: pa.Table, path: Path) -> None:
    import duckdb

    duckdb.connect().from_arrow(table).write_parquet(str(path), row_group_size=2048)


WRITERS: dict[str, Write] = {
    "as pyarrow does": pq.write_table,
    "small groups": lambda t, p: pq.write_table(t, p, row_group_size=64, compression="gzip"),
    "with an index of pages": lambda t, p: pq.write_table(t, p, write_page_index=True, row_group_size=300),
    "newer pages, no dictionaries": lambda t, p: pq.write_table(t, p, data_page_version="2.0", use_dictionary=False),
    "the oldest version": lambda t, p: pq.write_table(t, p, version="1.0", compression="none", store_schema=False),
    "measured not at all": lambda t, p: pq.write_table(t, p, write_statistics=False, compression="zstd"),
    "by polars": _polars,
    "by DuckDB": _duckdb,
}


def _columns(path: Path) -> dict[str, Any]:
    """By column and row group, where its data are and what is said of them."""
    found = pq.ParquetFile(path).metadata
    return {
        (group, found.row_group(group).column(n).path_in_schema): found.row_group(group).column(n).to_dict()
        for group in range(found.num_row_groups)
        for n in range(found.row_group(group).num_columns)
    }


@pytest.mark.parametrize("how", WRITERS)
def test_columns_are_added_to_whatever_was_there(kb: Any, people: pa.Table, tmp_path: Path, how: str) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    WRITERS[how](people, source)
    kb.batch_file(source, target, on="2024-12-24")
    own = pq.read_table(source)
    assert splice.spliceable(source) is not None
    found = pq.read_table(target)
    assert found.column_names == [*own.column_names, *ADDED]
    assert found.select(own.column_names).equals(own)
    assert found.schema.field("outcome").type == pa.string()
    expected = kb.batch(own, on="2024-12-24", plain=True)
    assert found.select(ADDED).to_pylist() == expected.select(ADDED).to_pylist()
    # The bytes of the source, where they were, with what is said of them.
    before, after = _columns(source), _columns(target)
    assert {key: after[key] for key in before} == before
    held = target.read_bytes()
    begin = splice.Footer(source.open("rb")).begin
    assert held[:begin] == source.read_bytes()[:begin]
    whole = pq.ParquetFile(target).metadata
    assert [whole.row_group(n).num_rows for n in range(whole.num_row_groups)] == [
        pq.ParquetFile(source).metadata.row_group(n).num_rows for n in range(whole.num_row_groups)
    ]


def test_other_readers_read_the_whole(kb: Any, people: pa.Table, tmp_path: Path) -> None:
    import duckdb

    polars = pytest.importorskip("polars", reason=PEER)
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(people, source, row_group_size=100, write_page_index=True)
    kb.batch_file(source, target, on="2024-12-24", tell=["outcome", "missing"])
    expected = pq.read_table(target).select(["id", "name", "outcome", "missing"]).to_pylist()
    assert polars.read_parquet(target)[["id", "name", "outcome", "missing"]].to_dicts() == expected
    asked = f"SELECT id, name, outcome, missing FROM read_parquet('{target}') ORDER BY id"
    rows = duckdb.connect().execute(asked).fetchall()
    assert [dict(zip(("id", "name", "outcome", "missing"), row, strict=True)) for row in rows] == expected
    # What is on no page of the index is not there: readers skip by it.
    some = duckdb.connect().execute(f"SELECT count(*) FROM read_parquet('{target}') WHERE id >= 650").fetchone()
    assert some == (50,)
    assert pq.read_table(target, filters=[("id", ">=", 650)]).num_rows == 50


def test_a_file_answered_twice_has_both_answers(kb: Any, people: pa.Table, tmp_path: Path) -> None:
    one, two, three = (tmp_path / f"{n}.parquet" for n in (1, 2, 3))
    pq.write_table(people, one, row_group_size=90)
    kb.batch_file(one, two, on="2024-12-23", tell=["outcome"], prefix="a_")
    kb.batch_file(two, three, on="2024-12-24", tell=["outcome"], prefix="b_")
    found = pq.read_table(three)
    assert found.column_names[-4:] == ["a_outcome", "a_error", "b_outcome", "b_error"]
    for day, name in (("2024-12-23", "a_outcome"), ("2024-12-24", "b_outcome")):
        assert found[name].to_pylist() == kb.batch(people, on=day, plain=True)["outcome"].to_pylist()


def test_going_on_gives_the_same_bytes(kb: Any, people: pa.Table, tmp_path: Path) -> None:
    source, whole, again = (tmp_path / f"{name}.parquet" for name in ("in", "whole", "again"))
    pq.write_table(people, source, row_group_size=90)
    kb.batch_file(source, whole, on="2024-12-24")
    kb.batch_file(source, again, on="2024-12-24", resume=True)
    assert pq.read_table(whole).equals(pq.read_table(again))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.parquet", "again.parquet.errors.csv"] + sorted(
        ["in.parquet", "whole.parquet", "whole.parquet.errors.csv"]
    )


def test_what_cannot_be_carried_over_is_written_anew(
    kb: Any, people: pa.Table, tmp_path: Path, monkeypatch: Any
) -> None:
    """A row group too long to be held: the same table, by other bytes."""
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(people, source)
    monkeypatch.setattr(splice, "LARGEST", ROWS - 1)
    assert splice.spliceable(source) is None
    kb.batch_file(source, target, on="2024-12-24")
    assert pq.read_table(target).select(people.column_names).equals(people)
    monkeypatch.undo()
    kb.batch_file(source, tmp_path / "other.parquet", on="2024-12-24")
    assert pq.read_table(tmp_path / "other.parquet").equals(pq.read_table(target))


def test_no_rows_and_no_column_of_facts(kb: Any, tmp_path: Path) -> None:
    for number, table in enumerate((pa.table({"id": [1, 2, 3]}), pa.table({"id": pa.array([], pa.int64())}))):
        source, target = tmp_path / f"{number}.parquet", tmp_path / f"{number}.out.parquet"
        pq.write_table(table, source)
        report = kb.batch_file(source, target, on="2024-12-24", facts={"citizenships": "IND"})
        assert report.rows == table.num_rows
        found = pq.read_table(target)
        assert found.num_rows == table.num_rows and found["id"].to_pylist() == table["id"].to_pylist()
        assert len(set(found["outcome"].to_pylist())) == min(1, table.num_rows)


def test_a_day_in_each_row_is_read_with_the_facts(kb: Any, people: pa.Table, tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    days = pa.array([date(2024, 1 + n % 12, 1 + n % 28) for n in range(ROWS)])
    table = people.append_column("arrived", days)
    pq.write_table(table, source, row_group_size=200)
    report = kb.batch_file(source, target, date_column="arrived")
    assert set(report.carried) == {"id", "name", "born", "seen", "tags", "place", "blob", "sum"}
    found = pq.read_table(target)
    assert found.select(table.column_names).equals(table)
    expected = kb.batch(table, date_column="arrived", plain=True)
    assert found.select(ADDED).to_pylist() == expected.select(ADDED).to_pylist()


def test_a_source_that_changes_meanwhile_is_told(kb: Any, people: pa.Table, tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(people, source)

    def change(step: str, number: int, of: int) -> None:
        pq.write_table(people.slice(1), source)

    with pytest.raises(EnvironmentFault):
        kb.batch_file(source, target, on="2024-12-24", progress=change)
    assert not target.exists() and [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_footers_cut_or_changed_at_random_are_refused_or_left_alone(people: pa.Table, tmp_path: Path) -> None:
    """No bytes after the data make the reader of footers do anything but answer or say no."""
    source = tmp_path / "in.parquet"
    pq.write_table(people, source)
    held, rng = source.read_bytes(), random.Random(9)
    begin = splice.Footer(source.open("rb")).begin
    for _ in range(300):
        changed = bytearray(held)
        for _ in range(rng.choice((1, 1, 3, 20))):
            changed[rng.randrange(begin, len(held))] = rng.randrange(256)
        source.write_bytes(changed[: rng.choice((len(held), rng.randrange(len(held))))])
        splice.spliceable(source)


def test_what_spark_wrote_of_its_columns_does_not_hide_the_new_ones(kb: Any, people: pa.Table, tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    own = {b"org.apache.spark.sql.parquet.row.metadata": b"{}", b"mine": b"stays"}
    pq.write_table(people.replace_schema_metadata(own), source)
    kb.batch_file(source, target, on="2024-12-24")
    said = pq.ParquetFile(target).metadata.metadata
    assert said[b"mine"] == b"stays" and b"org.apache.spark.sql.parquet.row.metadata" not in said
    assert "outcome" in pq.read_schema(target).names
