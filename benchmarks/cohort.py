"""A cohort: millions of applicants on a day, in memory and from file to file, beside numpy, OpenFisca, DuckDB, polars.

All engines are first asked the same people, with every fact known, and must give the same outcomes: peers are
two-valued. Then ours is measured with unknowns too. Times are of the processor, the least of some rounds.

    python benchmarks/cohort.py [ROWS ...]          100,000 and 1,000,000 rows unless others are named
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import inforce

REPO = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPO / "tests"), str(REPO / "benchmarks")]
from cohort_peers import DAY, Codes, Columns, Kleene, Rules, Sql, fisca, small_peers  # noqa: E402

FEW, FEW_MORE = 300, 1_000_000
# Rows of a row group.
GROUP = 1 << 18
ROUNDS = 3
BASE = 4_000
PLANES_TARGET, NUMPY_TARGET, FISCA_TARGET, FLOOR_TARGET, DATES_TARGET, MEMORY_MB = 80e6, 8, 1.5, 1.5, 2.0, 400


def say(**line: Any) -> None:
    print(json.dumps({"benchmark": "cohort", **line, "load": round(os.getloadavg()[0], 1)}), flush=True)


def least(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Seconds of the processor, all threads, the least of some rounds."""
    found = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    return min(found)


# ---- the people ----------------------------------------------------------------------------------------


def people(kb: Any, *, known: bool) -> list[dict[str, Any]]:
    """Different people that exclude nothing; ``known``: with every fact that a rule of the action reads."""
    from cases_at_random import random_value
    from cohorts_at_random import as_table, random_rows

    rng = random.Random(1)
    rows = random_rows(kb, 1, BASE * 3)
    for row in rows:
        for name, fact in kb.book.facts.items():
            unknown = row.get(name) == "unknown" or fact.follows_day
            if unknown:
                row.pop(name, None)
            if known and name not in row and not fact.follows_day:
                if name in ("program", "permit_category", "exemption_code"):
                    row[name] = ()
                else:
                    row[name] = (
                        fact.ordinarily if fact.has_ordinary and rng.random() < 0.95 else random_value(rng, kb, name)
                    )
    errors = kb.batch(as_table(kb, rows), on=DAY.isoformat(), tell=["outcome"])["error"].to_pylist()
    return [row for row, error in zip(rows, errors, strict=True) if error is None][:BASE]


def table(kb: Any, rows: list[dict[str, Any]]) -> Any:
    """The people as columns: truth values, and texts as dictionaries."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from cohorts_at_random import as_table

    columns = {}
    for name, column in zip(*(lambda t: (t.column_names, t.columns))(as_table(kb, rows)), strict=True):
        array = column.combine_chunks()
        if pa.types.is_list(array.type):
            joined = pc.binary_join(array, ",")
            array = pc.if_else(pc.equal(joined, ""), "none", joined)
        columns[name] = array.dictionary_encode() if pa.types.is_string(array.type) else array
    return pa.table(columns)


def many(some: Any, rows: int) -> Any:
    """So many rows, each one of ``some``."""
    import numpy as np
    import pyarrow as pa

    chosen = np.random.default_rng(2).integers(0, some.num_rows, rows)
    return some.take(pa.array(chosen)).combine_chunks(), chosen


# ---- measuring -------------------------------------------------------------------------------------------------


def in_memory(kb: Any, rows: int) -> bool:
    """Every fact known: ours from planes and from Arrow, plain numpy columns, OpenFisca; the same outcomes first."""
    import numpy as np

    some = people(kb, known=True)
    rules = Rules(kb)
    rules.fold(Sql)
    small = {name: np.array(values) for name, values in rules.columns(some).items()}
    whole, chosen = many(table(kb, some), rows)
    columns = {name: values.take(chosen) for name, values in small.items()}
    batch = whole.to_batches()[0]
    function = kb.batch_function(on=DAY.isoformat(), tell=["outcome"])
    outcome = function(batch)["outcome"]
    assert set(outcome.unique().to_pylist()) == {"may", "may-not"}
    ours = np.asarray(outcome.cast("string")) == "may"
    engines: dict[str, Callable[[], Any]] = {
        "inforce, planes in memory": planes(function, batch),
        "inforce, the diagram that open facts need": planes(function, batch, diagram=True),
        "inforce, Arrow to Arrow": lambda: function(batch),
        "numpy columns": lambda: rules.fold(Columns(columns, rows)),
    }
    agree("numpy columns", engines["numpy columns"](), ours)
    try:
        engines["OpenFisca, all-in"], engines["OpenFisca, calculation alone"] = fisca(rules, columns, rows)
        agree("OpenFisca", engines["OpenFisca, all-in"](), ours)
    except ImportError as error:
        say(skipped=error.name)
    times = {name: least(work) for name, work in engines.items()}
    first = times["inforce, planes in memory"]
    for name, seconds in times.items():
        say(
            set="all facts known, in memory",
            rows=rows,
            engine=name,
            m_per_s=millions(rows, seconds),
            of_ours=round(seconds / first, 2),
        )
    if "OpenFisca, all-in" in times:
        ratio = times["OpenFisca, all-in"] / times["inforce, Arrow to Arrow"]
        say(
            set="targets, OpenFisca all-in against Arrow to Arrow",
            rows=rows,
            times_openfisca=round(ratio, 2),
            wanted_times=FISCA_TARGET,
            met=ratio >= FISCA_TARGET,
        )
    met = rows / first >= PLANES_TARGET and times["numpy columns"] / first >= NUMPY_TARGET
    say(
        set="targets, in memory",
        rows=rows,
        m_per_s=millions(rows, first),
        wanted=PLANES_TARGET / 1e6,
        times_numpy=round(times["numpy columns"] / first, 1),
        wanted_times=NUMPY_TARGET,
        met=met,
    )
    return met


def millions(rows: int, seconds: float) -> float:
    return round(rows / seconds / 1e6, 1)


def agree(name: str, theirs: Any, ours: Any) -> None:
    if not (theirs == ours).all():
        sys.exit(f"{name} gives other outcomes for {int((theirs != ours).sum())} of {len(ours)}")


def planes(function: Any, batch: Any, *, diagram: bool = False) -> Callable[[], Any]:
    """The answer over planes that are in memory already, block by block: what numpy columns are compared with."""
    from inforce.cohort.batch import BLOCK
    from inforce.cohort.known import Known
    from inforce.cohort.plan import _Block
    from inforce.cohort.planes import FULL

    plan, when = function._plan, function._days[0]
    blocks = []
    for start in range(0, batch.num_rows, BLOCK):
        part = batch.slice(start, BLOCK)
        given = {f: function._reader.column(f, n, part.column(n))[0] for n, f in function.bind(batch.schema).items()}
        block = _Block(plan, {plan.stretch(when): FULL}, -(-part.num_rows // 64))
        blocks.append(
            (block.by_diagram if diagram else block.possible, Known(block.moments(), given, plan._of_days(when)))
        )
    for ask, known in blocks:
        ask(known)
    return lambda: [ask(known) for ask, known in blocks]


def with_unknowns(kb: Any, rows: int) -> bool:
    """Facts open, in memory: ours beside numpy columns that are three-valued; the same outcomes where theirs is one."""
    import numpy as np

    some = people(kb, known=False)
    rules = Rules(kb)
    rules.fold(Sql)
    # With what follows from the day and from concepts: numpy would have to work that out too.
    facts = [dict(kb.question(row, on=DAY.isoformat()).moments[-1].facts) for row in some]
    codes = Codes(rules, facts)
    whole, chosen = many(table(kb, some), rows)
    columns = codes.taken(chosen)
    del chosen
    batch = whole.to_batches()[0]
    alone, function = (kb.batch_function(on=DAY.isoformat(), tell=t) for t in (["outcome"], ["outcome", "decisive"]))
    answered = function(batch)["outcome"].to_numpy(zero_copy_only=False)
    leaf = codes.looked_up(columns)
    ready = {name: leaf(name) for name in codes.truths}
    true, false = rules.fold(Kleene(ready.__getitem__, rows))
    # Kleene leaves more open than there is: a fact in two places is taken for two.
    settled = true != false
    agree("numpy columns, three-valued", np.where(true, "may", "may-not")[settled], answered[settled])
    more = int(((answered != "depends") & ~settled).sum())
    del true, false, settled, answered
    engines: dict[str, Callable[[], Any]] = {
        "inforce, planes in memory, exact": planes(alone, batch, diagram=True),
        "numpy, three-valued, tests worked out beforehand": lambda: rules.fold(Kleene(ready.__getitem__, rows)),
    }
    times = {name: least(work) for name, work in engines.items()}
    ready.clear()
    engines = {
        "inforce, Arrow to Arrow, outcome": lambda: alone(batch),
        "inforce, Arrow to Arrow, outcome, rule and layer": lambda: function(batch),
        "numpy, three-valued, from columns of codes": lambda: rules.fold(Kleene(codes.looked_up(columns), rows)),
    }
    times |= {name: least(work) for name, work in engines.items()}
    first = times["inforce, planes in memory, exact"]
    for name, seconds in times.items():
        say(
            set="facts open, in memory",
            rows=rows,
            engine=name,
            m_per_s=millions(rows, seconds),
            of_ours=round(seconds / first, 2),
            left_open_more=more if "numpy" in name else 0,
        )
    # Like with like: the tests worked out beforehand in both, or in neither.
    beforehand = times["numpy, three-valued, tests worked out beforehand"] / first
    whole_way = times["numpy, three-valued, from columns of codes"] / times["inforce, Arrow to Arrow, outcome"]
    met = rows / first >= PLANES_TARGET and beforehand >= NUMPY_TARGET
    say(
        set="targets, facts open, in memory",
        rows=rows,
        m_per_s=millions(rows, first),
        wanted=PLANES_TARGET / 1e6,
        times_numpy_beforehand=round(beforehand, 1),
        times_numpy_from_columns=round(whole_way, 1),
        wanted_times=NUMPY_TARGET,
        met=met,
    )
    return met


def with_days(kb: Any, rows: int) -> bool:
    """A day of its own in each row, beside one day for all."""
    import numpy as np
    import pyarrow as pa

    whole, _ = many(table(kb, people(kb, known=False)), rows)
    batch = whole.to_batches()[0]
    met = True
    for tell in (["outcome"], ["outcome", "ordinarily", "decisive"]):
        function = kb.batch_function(on=DAY.isoformat(), tell=tell)
        one = least(lambda function=function: function(batch))
        say(set="one day, facts open, in memory", rows=rows, tells=tell, m_per_s=millions(rows, one))
        for back in (1, 31, 730, 8_000):
            start = np.datetime64(DAY - timedelta(days=back))
            days = pa.array(start + np.random.default_rng(3).integers(0, back, rows))
            dated = pa.RecordBatch.from_arrays([*batch.columns, days], [*batch.schema.names, "day"])
            by_row = kb.batch_function(date_column="day", tell=tell)
            several = least(lambda by_row=by_row, dated=dated: by_row(dated))
            ratio = several / one
            met = met and (back > 730 or ratio <= DATES_TARGET)
            say(
                set="a day a row, at random, in memory",
                rows=rows,
                days=back,
                stretches=len(by_row._plan.stretches),
                tells=tell,
                m_per_s=millions(rows, several),
                times_one_day=round(ratio, 2),
                wanted=DATES_TARGET,
                met=ratio <= DATES_TARGET,
            )
    return met


def with_other_rules(kb: Any, rows: int) -> None:
    """Each action: how many rules count on the day, how long its diagram is, and what a row costs."""
    whole, _ = many(table(kb, people(kb, known=False)), rows)
    batch = whole.to_batches()[0]
    for action in sorted(kb.book.actions):
        function = kb.batch_function(on=DAY.isoformat(), action=action, tell=["outcome", "decisive"])
        seconds = least(lambda function=function: function(batch))
        plan = function._plan
        say(
            set="each action, facts open, in memory",
            rows=rows,
            action=action,
            rules=len(plan.reasons.rules),
            steps=len(plan.joint.program.steps),
            m_per_s=millions(rows, seconds),
        )


def one_by_one(kb: Any) -> None:
    """Engines that answer a row at a time, on a few people, every fact known."""
    some = people(kb, known=True)[:FEW]
    function = kb.batch_function(on=DAY.isoformat(), tell=["outcome"])
    large, _ = many(table(kb, some), 1_000_000)
    batch = large.to_batches()[0]
    expected = function(table(kb, some).to_batches()[0])["outcome"].to_pylist()
    ours = least(lambda: function(batch)) / batch.num_rows
    say(
        set="row by row, all facts known",
        engine="inforce, Arrow to Arrow",
        rows=batch.num_rows,
        rows_per_s=round(1 / ours),
    )
    for name, ask in small_peers(kb, some).items():
        found = [ask(number) for number in range(FEW)]
        wrong = [n for n in range(FEW) if found[n] not in (expected[n], "depends" if "SPARQL" in name else None)]
        seconds = least(lambda ask=ask: [ask(number) for number in range(FEW)]) / FEW
        say(
            set="row by row, all facts known",
            engine=name,
            rows=FEW,
            rows_per_s=round(1 / seconds),
            of_ours=round(seconds / ours),
            left_open=found.count("depends"),
            differ=[str(some[n]["citizenships"]) for n in wrong],
        )


def from_file_to_file(kb: Any, rows: int) -> bool:
    """Parquet to Parquet: ours with outcome, rule and layer; polars reading and writing the same; DuckDB's SQL."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    some = people(kb, known=True)
    rules = Rules(kb)
    expression = rules.fold(Sql)
    held = pa.table({name: pa.array(values) for name, values in rules.columns(some).items()})
    with tempfile.TemporaryDirectory() as folder:
        source, tests, target = (Path(folder) / name for name in ("in.parquet", "tests.parquet", "out.parquet"))
        small = table(kb, some)
        plain = pa.table(
            {
                n: c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c
                for n, c in zip(small.column_names, small.columns, strict=True)
            }
        )
        chosen = np.random.default_rng(2)
        with pq.ParquetWriter(source, plain.schema) as one, pq.ParquetWriter(tests, held.schema) as other:
            for start in range(0, rows, GROUP):
                these = pa.array(chosen.integers(0, len(some), min(GROUP, rows - start)))
                one.write_table(plain.take(these))
                other.write_table(held.take(these))
        times: dict[str, float] = {}
        found = child(OURS, kb.built.folder, source, target)
        times["inforce"] = found["seconds"]
        say(
            set="Parquet to Parquet",
            rows=rows,
            engine="inforce",
            m_per_s=millions(rows, found["seconds"]),
            wall_s=found["wall"],
            peak_mb=found["peak_mb"],
        )
        ours = pc.equal(pq.read_table(target, columns=["outcome"])["outcome"], "may").to_numpy()
        for name, code, one in (
            ("polars, reads and writes", POLARS, source),
            ("DuckDB SQL, outcome alone", DUCKDB, tests),
        ):
            try:
                other = child(code, expression, one, target)
            except subprocess.CalledProcessError as error:
                say(skipped=name, why=error.stderr.splitlines()[-1] if error.stderr else "")
                continue
            times[name] = other["seconds"]
            if "DuckDB" in name:
                agree(name, pq.read_table(target)["may"].to_numpy(zero_copy_only=False), np.asarray(ours))
            say(
                set="Parquet to Parquet",
                rows=rows,
                engine=name,
                m_per_s=millions(rows, other["seconds"]),
                wall_s=other["wall"],
                peak_mb=other["peak_mb"],
            )
        floor = times.get("polars, reads and writes")
        ratio = round(times["inforce"] / floor, 2) if floor else None
        met = found["peak_mb"] <= MEMORY_MB and (ratio is None or ratio <= FLOOR_TARGET)
        say(
            set="targets, Parquet to Parquet",
            rows=rows,
            times_polars=ratio,
            wanted=FLOOR_TARGET,
            peak_mb=found["peak_mb"],
            wanted_mb=MEMORY_MB,
            met=met,
        )
    return met


OURS = """
import sys, inforce, inforce.cohort.job
kb = inforce.open(store=sys.argv[1])
kb.batch_function(on="2025-01-10")
def work(): kb.batch_file(sys.argv[2], sys.argv[3], on="2025-01-10", tell=["outcome", "decisive"], force=True)
"""
POLARS = """
import sys, polars
def work(): polars.scan_parquet(sys.argv[2]).sink_parquet(sys.argv[3], compression="zstd", compression_level=1)
"""
DUCKDB = """
import sys, duckdb
asked = f"SELECT {sys.argv[1]} AS may FROM read_parquet('{sys.argv[2]}')"
def work(): duckdb.sql(f"COPY ({asked}) TO '{sys.argv[3]}' (FORMAT parquet)")
"""
MEASURED = """
import json, re, time
cpu, wall = time.process_time(), time.perf_counter()
work()
# Not that of getrusage, which a process inherits.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
print(json.dumps({"seconds": time.process_time() - cpu, "wall": round(time.perf_counter() - wall, 2), "peak_mb": peak}))
"""


def child(code: str, *words: Any) -> dict[str, Any]:
    """Run in a process of its own, whose memory is its own."""
    command = [sys.executable, "-c", code + MEASURED, *map(str, words)]
    path = os.pathsep.join([str(REPO / "kg"), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path})
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def sizes() -> Iterator[int]:
    yield from (int(float(word)) for word in sys.argv[1:] or ("1e5", "1e6"))


def main() -> int:
    try:
        import numpy  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as error:
        say(skipped=error.name, install='pip install "inforce[bench]"')
        return 0
    kb = inforce.open(today=DAY.isoformat())
    for rows in sizes():
        in_memory(kb, rows)
        with_unknowns(kb, rows)
        with_days(kb, rows)
        from_file_to_file(kb, rows)
    with_other_rules(kb, FEW_MORE)
    one_by_one(kb)
    say(set="whole run", peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main())
