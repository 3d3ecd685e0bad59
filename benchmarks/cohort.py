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
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import inforce
from inforce.rules.conditions import leaf_variables, test
from inforce.rules.decide import World
from inforce.rules.model import Condition

REPO = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPO / "tests"), str(REPO / "benchmarks")]
DAY = date(2025, 1, 10)
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


# ---- the peers: the same rules, conditions unfolded, two-valued --------------------------------------------


class Rules:
    """The rules in force as formulas over columns; a set of countries is handed over as truth values."""

    def __init__(self, kb: Any) -> None:
        self.kb = kb
        question = kb.question({}, on=DAY.isoformat())
        self.instant = question.moments[-1].instant
        self.rules = [rule for rule, _ in question.era(World(len(question.moments) - 1, question.widest)).counted]
        self.followed = {name: value for name, (value, _) in question.moments[-1].inferred.items()}
        self.leaves: dict[str, tuple[tuple[str, ...], bool]] = {}

    def column(self, variable: tuple[str, ...]) -> str:
        name = "_".join(variable)
        self.leaves[name] = (variable, True)
        return "c_" + "".join(c if c.isalnum() else "_" for c in name).lower()

    def columns(self, rows: list[dict[str, Any]]) -> dict[str, list[bool]]:
        """By column the truth of its test for each of the people."""
        book = self.kb.book
        return {
            self.column(variable): [bool(test(variable, {**row, **self.followed}, book, self.instant)) for row in rows]
            for variable, _ in list(self.leaves.values())
        }

    def fold(self, algebra: Any) -> Any:
        """The outcome by an algebra: ``leaf``, ``every``, ``any`` and ``no`` of whatever it works on."""
        holds = {rule.id: self.formula(rule.when, algebra) for rule in self.rules}
        stands: dict[str, Any] = {}

        def standing(rule: Any) -> Any:
            if rule.id not in stands:
                beaten = [standing(other) for other in self.rules if rule.rule in other.defeats]
                found = holds[rule.id]
                stands[rule.id] = algebra.every([found, algebra.no(algebra.any(beaten))]) if beaten else found
            return stands[rule.id]

        by_effect = {e: [standing(rule) for rule in self.rules if rule.effect == e] for e in ("permit", "bar")}
        return algebra.every([algebra.any(by_effect["permit"]), algebra.no(algebra.any(by_effect["bar"]))])

    def formula(self, expr: Condition, algebra: Any) -> Any:
        if expr.op == "ref":
            named = self.kb.book.conditions[expr.target]
            if named.dated and not named.interval.holds_at(self.instant):
                return algebra.any([])
            return self.formula(named.expr, algebra)
        if expr.fact:
            parts = [(algebra.leaf(self.column(v)), wanted) for v, wanted in leaf_variables(expr)]
            return algebra.any([part if wanted else algebra.no(part) for part, wanted in parts])
        parts = [self.formula(member, algebra) for member in expr.members]
        return algebra.no(parts[0]) if expr.op == "not" else (algebra.every if expr.op == "all" else algebra.any)(parts)


class Columns:
    """Plain numpy: a column of truth values, one a byte."""

    def __init__(self, columns: Mapping[str, Any], length: int) -> None:
        import numpy

        self.np, self.held, self.length = numpy, columns, length

    def leaf(self, name: str) -> Any:
        return self.held[name]

    def every(self, parts: list[Any]) -> Any:
        found = parts[0] if parts else self.np.ones(self.length, bool)
        for part in parts[1:]:
            found = found & part
        return found

    def any(self, parts: list[Any]) -> Any:
        found = parts[0] if parts else self.np.zeros(self.length, bool)
        for part in parts[1:]:
            found = found | part
        return found

    def no(self, part: Any) -> Any:
        return ~part


class Sql:
    """The same as an expression of SQL."""

    leaf = staticmethod(lambda name: name)
    every = staticmethod(lambda parts: "(" + " AND ".join(parts) + ")" if parts else "true")
    any = staticmethod(lambda parts: "(" + " OR ".join(parts) + ")" if parts else "false")
    no = staticmethod(lambda part: f"(NOT {part})")


def fisca(rules: Rules, columns: Mapping[str, Any], length: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """OpenFisca: all-in (a simulation made, columns put in, calculated), and the calculation alone."""
    from openfisca_core import entities, periods, simulations, taxbenefitsystems, variables

    person = entities.build_entity(key="person", plural="persons", label="a person", is_person=True)
    system = taxbenefitsystems.TaxBenefitSystem([person])

    def declare(name: str, formula: Any = None) -> None:
        body = {"value_type": bool, "entity": person, "definition_period": periods.DateUnit.DAY, "label": name}
        system.add_variable(type(name, (variables.Variable,), body | ({"formula": formula} if formula else {})))

    class Formulas(Columns):
        """Each part is a function of a person and a period."""

        def leaf(self, name: str) -> Any:
            return lambda p, t: p(name, t)

        def every(self, parts: list[Any]) -> Any:
            return lambda p, t: Columns.every(Columns({}, length), [part(p, t) for part in parts])

        def any(self, parts: list[Any]) -> Any:
            return lambda p, t: Columns.any(Columns({}, length), [part(p, t) for part in parts])

        def no(self, part: Any) -> Any:
            return lambda p, t: ~part(p, t)

    for name in columns:
        declare(name)
    outcome = rules.fold(Formulas({}, length))

    def formula(person: Any, period: Any) -> Any:
        return outcome(person, period)

    declare("may", formula)
    day = DAY.isoformat()

    def filled() -> Any:
        simulation = simulations.SimulationBuilder().build_default_simulation(system, length)
        for name, values in columns.items():
            simulation.set_input(name, day, values)
        return simulation

    ready: list[Any] = [filled()]

    def calculate() -> Any:
        ready[0].delete_arrays("may")
        return ready[0].calculate("may", day)

    return lambda: filled().calculate("may", day), calculate


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
    ours = np.array(function(batch)["outcome"].to_pylist()) == "may"
    assert set(function(batch)["outcome"].to_pylist()) == {"may", "may-not"}
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
    """The diagram over planes that are in memory already, block by block: what numpy columns are compared with."""
    from inforce.cohort.batch import BLOCK
    from inforce.cohort.known import Known

    plan = next(iter(function._plans.values()))
    ask = plan._diagram if diagram else plan._possible
    blocks = []
    for start in range(0, batch.num_rows, BLOCK):
        part = batch.slice(start, BLOCK)
        given = {f: function._reader.column(f, n, part.column(n))[0] for n, f in function.bind(batch.schema).items()}
        known = Known(plan.moments[-1], given, plan._of_days(None))
        blocks.append((known, -(-part.num_rows // 64)))
        ask(*blocks[-1])
    return lambda: [ask(known, words) for known, words in blocks]


def with_unknowns(kb: Any, rows: int) -> bool:
    """Facts open: outcome, ordinary outcome and reason, from Arrow to Arrow; and with a day of its own in each row."""
    import numpy as np
    import pyarrow as pa

    whole, _ = many(table(kb, people(kb, known=False)), rows)
    batch = whole.to_batches()[0]
    for tell in (["outcome"], ["outcome", "decisive"], ["outcome", "ordinarily", "decisive"]):
        function = kb.batch_function(on=DAY.isoformat(), tell=tell)
        seconds = least(lambda function=function: function(batch))
        say(set="facts open, in memory", rows=rows, engine="inforce", tells=tell, m_per_s=millions(rows, seconds))
    start = np.datetime64(DAY - timedelta(days=730))
    days = start + np.random.default_rng(3).integers(0, 730, rows)
    dated = pa.RecordBatch.from_arrays([*batch.columns, pa.array(days)], [*batch.schema.names, "day"])
    by_row = kb.batch_function(date_column="day", tell=tell)
    several = least(lambda: by_row(dated))
    say(
        set="a day a row, two years, in memory",
        rows=rows,
        engine="inforce",
        tells=tell,
        m_per_s=millions(rows, several),
        times_one_day=round(several / seconds, 2),
    )
    return True


def from_file_to_file(kb: Any, rows: int) -> bool:
    """Parquet to Parquet: ours with outcome, rule and layer; polars reading and writing the same; DuckDB's SQL."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    some = people(kb, known=True)
    rules = Rules(kb)
    expression = rules.fold(Sql)
    held = pa.table({name: pa.array(values) for name, values in rules.columns(some).items()})
    with tempfile.TemporaryDirectory() as folder:
        source, tests, target = (Path(folder) / name for name in ("in.parquet", "tests.parquet", "out.parquet"))
        whole, chosen = many(table(kb, some), rows)
        plain = pa.table(
            {
                n: c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c
                for n, c in zip(whole.column_names, whole.columns, strict=True)
            }
        )
        pq.write_table(plain, source, row_group_size=1 << 18)
        pq.write_table(held.take(pa.array(chosen)), tests, row_group_size=1 << 18)
        del plain, whole
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
        ours = pq.read_table(target, columns=["outcome"])["outcome"].to_numpy(zero_copy_only=False) == "may"
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
import sys, inforce
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
        from_file_to_file(kb, rows)
    say(set="whole run", peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main())
