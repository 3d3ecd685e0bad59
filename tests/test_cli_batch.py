"""``inforce batch``: every format to every other, own columns, side files, going on where it stopped, bad files."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from cohorts_at_random import as_table, one_case, random_rows, told
from command_line import SOURCES, schema

from inforce.cohort import job, reading
from inforce.errors import EnvironmentFault

HEADER = "id,citizenships,arrival_mode,remark\n"
ROWS = "1,IND,land,=1+1\n2,France,air,\n3,MEX,air,ok\n"
Run = Callable[..., Any]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(HEADER + ROWS)
    return path


def _read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".arrow":
        with pa.memory_map(str(path)) as file:
            return pyarrow.ipc.open_file(file).read_all().to_pylist()
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in file]
        return list(csv.DictReader(file))


def _write(table: pa.Table, path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=50)
    elif path.suffix == ".arrow":
        with pyarrow.ipc.new_file(str(path), table.schema) as out:
            out.write_table(table, max_chunksize=70)
    elif path.suffix == ".jsonl":
        rows = ({k: v for k, v in row.items() if v is not None} for row in table.to_pylist())
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        with path.open("w", newline="") as file:
            out_csv = csv.writer(file)
            out_csv.writerow(table.column_names)
            for row in table.to_pylist():
                out_csv.writerow([_cell(value) for value in row.values()])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value) or "none"
    return "" if value is None else {True: "yes", False: "no"}.get(value, value)


# ---- what it does ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "arrow"])
@pytest.mark.parametrize("other", ["csv", "jsonl", "parquet", "arrow"])
def test_every_format_into_every_other(kb: Any, run: Run, tmp_path: Path, ending: str, other: str) -> None:
    people = random_rows(kb, 41, 120)
    # Lines of JSON have the columns of their first rows.
    source, target = tmp_path / f"in.{ending}", tmp_path / f"out.{other}"
    _write(as_table(kb, people), source)
    ran = run(f"batch {source} --on 2024-12-24 -o {target}")
    assert ran.code == 3 and "120 rows in" in ran.out, ran.err
    for row, facts in zip(_read(target), people, strict=True):
        plain = {name: row[name] or None for name in row}
        assert told(plain) == one_case(kb, facts, on="2024-12-24")
    lines = list(csv.DictReader(Path(f"{target}.errors.csv").open()))
    wrong = [n for n, facts in enumerate(people, 1) if one_case(kb, facts, on="2024-12-24") == ("error",)]
    assert [int(line["row"]) for line in lines] == wrong
    first = 2 if ending == "csv" else 1
    assert [int(line["line"]) - first + 1 for line in lines] == wrong
    assert {line["code"] for line in lines} == {"E_FACTS"}


def test_columns_keep_their_types_in_parquet(run: Run, tmp_path: Path) -> None:
    table = pa.table(
        {
            "citizenships": pa.array(["IND", "FRA"]),
            "born": pa.array([1, 2], pa.date32()),
            "when": pa.array([1, 2], pa.timestamp("us", "UTC")),
            "tags": pa.array([["a"], None]),
            "big": pa.array(["x", "y"], pa.large_string()),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    assert run(f"batch {tmp_path}/in.parquet --on 2024-12-24 -o {tmp_path}/out.parquet").code == 0
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.select(table.column_names).equals(table)
    assert found.schema.field("outcome").type == pa.string()


def test_two_days_and_what_all_rows_share(run: Run, small: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    ran = run(f"batch {small} lmia_required=no --on 2024-02-28 --against 2024-03-01 -o {target}")
    assert ran.code == 0, ran.err
    assert "only carried along: id, remark" in ran.err
    rows = _read(target)
    assert [row["flip_ordinarily"] for row in rows] == ["same", "same", "lost"]
    assert rows[0]["remark"] == "=1+1"


def test_json_says_what_became_of_the_file(run: Run, small: Path, tmp_path: Path) -> None:
    ran = run(f"batch {small} --on 2010-05-01 -o {tmp_path}/out.jsonl --json --quiet")
    found = json.loads(ran.out)
    assert (found["rows"], found["unanswered"], found["unreadable"], found["errors"]) == (3, 0, 0, None)
    assert found["facts"] == ["citizenships", "arrival_mode"] and found["carried"] == ["id", "remark"]
    assert sum(found["outcomes"].values()) == 3
    schema("batch").validate(found)


def test_the_report_keeps_to_its_schema_whatever_became_of_the_file(run: Run, tmp_path: Path) -> None:
    form = schema("batch")
    source = tmp_path / "in.csv"
    source.write_text("citizenships,day\nIND,2024-12-24\nNarnia,2024-12-24\nIND,never\nIND\nIND,1990-01-01\n")
    for words in ("--on 2024-12-24", "--date-column day", "--on 2024-12-24 --tell decisive"):
        for action in ("apply-work-permit-poe", "trv-needed"):
            target = f"{tmp_path}/out.csv --force --action {action}"
            ran = run(f"batch {source} {words} -o {target} --json --quiet")
            found = json.loads(ran.out)
            form.validate(found)
            assert ran.code == 3 and found["rows"] == 4 and found["unreadable"] == 1
            assert found["unanswered"] == (2 if "column" in words else 1)
    for key in ("rows", "errors"):
        assert not form.is_valid({k: v for k, v in found.items() if k != key})
    assert not form.is_valid({**found, "rows": -1}) and not form.is_valid({**found, "outcomes": {"perhaps": 1}})


def test_what_is_not_given_in_json_lines_is_said_in_four_ways(kb: Any, run: Run, tmp_path: Path) -> None:
    """No name, null and an empty text are not given; unknown is never ordinary; none and [] are an empty set."""
    lines: list[dict[str, Any]] = [
        {"citizenships": "FRA"},
        {"citizenships": "FRA", "lmia_required": None},
        {"citizenships": "FRA", "lmia_required": ""},
        {"citizenships": "FRA", "lmia_required": "unknown"},
        {"citizenships": "none"},
        {"citizenships": []},
        {"citizenships": ["FRA"], "lmia_required": False},
        {"citizenships": ["FRA", None]},
        {"citizenships": {"a": 1}},
    ]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run(f"batch {source} --on 2018-05-01 -o {target}").code == 3
    found = _read(target)
    # The lines go out as they came in.
    assert [{name: row[name] for name in line} for row, line in zip(found, lines, strict=True)] == lines
    assert [row["ordinarily"] for row in found[:4]] == ["may", "may", "may", "depends"]
    empty = kb.check({"citizenships": []}, on="2018-05-01")
    assert {(row["outcome"], row["ordinarily"]) for row in found[4:6]} == {(empty.outcome, empty.ordinarily.outcome)}
    given = kb.check({"citizenships": "FRA", "lmia_required": "no"}, on="2018-05-01")
    assert (found[6]["outcome"], found[6]["ordinarily"]) == (given.outcome, given.ordinarily.outcome)
    assert [row["error"] is None for row in found] == [True] * 7 + [False] * 2


def test_a_map_names_columns_and_words(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("Nr;Land des Passes;LMIA?\n1;Indien;1\n2;FRA;0\n3;FRA;\n")
    for name, text in {
        "m.yaml": "# ours\nLand des Passes:\n  fact: citizenships\n  values:\n    Indien: IND\n"
        "'LMIA?':\n  fact: lmia-required\n  values: \n    '1': yes\n    0: no\nNr: ~\n",
        "m.json": json.dumps(
            {
                "Land des Passes": {"fact": "citizenships", "values": {"Indien": "IND"}},
                "LMIA?": {"fact": "lmia_required", "values": {"1": True, "0": "no"}},
                "Nr": None,
            }
        ),
    }.items():
        (tmp_path / name).write_text(text)
        ran = run(f"batch {tmp_path}/in.csv --map {tmp_path}/{name} --on 2018-05-01 -o {tmp_path}/{name}.csv")
        assert (ran.code, ran.err) == (0, ""), ran.err
        assert [row["ordinarily"] for row in _read(tmp_path / f"{name}.csv")] == ["may-not", "may", "may"]


def test_spreadsheet_output_guards_formulas_and_plain_csv_does_not(run: Run, small: Path, tmp_path: Path) -> None:
    run(f"batch {small} --on 2010-05-01 -o {tmp_path}/a.csv")
    run(f"batch {small} --on 2010-05-01 -o {tmp_path}/b.csv --to-format csv-excel")
    assert _read(tmp_path / "a.csv")[0]["remark"] == "=1+1"
    assert _read(tmp_path / "b.csv")[0]["remark"] == "'=1+1"


def test_the_same_bytes_each_time(run: Run, small: Path, tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet", "a.csv", "b.csv", "a.arrow", "b.arrow"):
        assert run(f"batch {small} --on 2010-05-01 -o {tmp_path}/{name}").code == 0
    for ending in ("parquet", "csv", "arrow"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


# ---- bad rows ------------------------------------------------------------------------------------------


def test_bad_rows_are_told_with_their_lines_and_none_is_dropped_silently(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(
        HEADER.encode()
        + b'1,IND,land,"two\nlines"\n'
        + b"2,Narnia,land,x\n"
        + b"3,IND,land\n"
        + b"4,IND,land,\xe9t\xe9\n"
        + b"\n"
        + b"5,IND,land,"
        + b"z" * 110_000
        + b"\n"
        + b"6,IND,by foot,x\n"
        + b"7,IND,land,x\n"
        + b'8,IND,land,"open\n9,IND,land,x\n'
    )
    target = tmp_path / "out.csv"
    ran = run(f"batch {source} --on 2024-12-24 -o {target}")
    assert ran.code == 3 and "left out that could not be read" in ran.out
    lines = list(csv.DictReader((tmp_path / "out.csv.errors.csv").open()))
    assert [(line["line"], line["row"], line["column"], line["code"]) for line in lines] == [
        ("4", "2", "citizenships", "E_UNKNOWN_ID"),
        ("5", "", "", "E_ROW"),
        ("6", "", "", "E_ENCODING"),
        ("8", "", "", "E_ROW"),
        ("9", "3", "arrival_mode", "E_UNKNOWN_ID"),
        ("11", "", "", "E_ROW"),
    ]
    assert "up to line 12" in lines[-1]["message"]
    assert [row["id"] for row in _read(target)] == ["1", "2", "6", "7"]
    assert [bool(row["outcome"]) for row in _read(target)] == [True, False, False, True]


def test_lines_of_json_that_are_no_rows_are_told(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    good = '{"citizenships": ["IND"], "n": 1}\n'
    bad = '{"citizenships": [1]}\n[1]\n{"citizenships": \n{"citizenships": {"a": 1}}\n' + "[" * 100_000 + "\n"
    source.write_bytes(good.encode() + bad.encode() + b'{"citizenships": "\xff"}\n\n' + good.encode())
    ran = run(f"batch {source} --on 2024-12-24 -o {tmp_path}/out.jsonl")
    assert ran.code == 3
    lines = list(csv.DictReader((tmp_path / "out.jsonl.errors.csv").open()))
    codes = {line["line"]: line["code"] for line in lines}
    assert codes == {
        "2": "E_UNKNOWN_ID",
        "3": "E_ROW",
        "4": "E_ROW",
        "5": "E_UNKNOWN_ID",
        "6": "E_ROW",
        "7": "E_ENCODING",
    }
    rows = _read(tmp_path / "out.jsonl")
    assert [row["error"] for row in rows] == [None, "E_UNKNOWN_ID", "E_UNKNOWN_ID", None]
    assert rows[0]["n"] == 1 and rows[0]["citizenships"] == ["IND"]


# ---- bad files -------------------------------------------------------------------------------------------


def _truncated(path: Path) -> None:
    pq.write_table(pa.table({"citizenships": ["IND"] * 1000}), path)
    path.write_bytes(path.read_bytes()[:-100])


def _scrambled(path: Path) -> None:
    pq.write_table(pa.table({"citizenships": [f"IND,{n}" for n in range(5000)]}), path, compression="snappy")
    content = bytearray(path.read_bytes())
    content[200:4000] = bytes(3800)
    path.write_bytes(content)


BAD: dict[str, tuple[str, Any, int, str]] = {
    "empty": ("in.csv", b"", 3, "is empty"),
    "only an end of line": ("in.csv", b"\n", 3, "no header"),
    "no fact": ("in.csv", b"a,b\n1,2\n", 2, "no column is a fact"),
    "nearly a fact": ("in.csv", b"citizenship\nIND\n", 2, "did you mean citizenships"),
    "two of a name": ("in.csv", b"citizenships,citizenships\nIND,IND\n", 2, 'two columns are called "citizenships"'),
    "taken name": ("in.csv", b"citizenships,outcome\nIND,x\n", 2, "--prefix"),
    "UTF-16": ("in.csv", "citizenships\nIND\n".encode("utf-16"), 3, "UTF-16"),
    "header of bytes": ("in.csv", b"citizenships,\xe9\nIND,x\n", 3, "header is not UTF-8"),
    "no line ends": ("in.csv", b"citizenships\n" + b"x" * 9_000_000, 3, "a line of more than"),
    "not Parquet": ("in.parquet", b"citizenships\nIND\n", 3, "not a whole parquet file"),
    "half a Parquet": ("in.parquet", _truncated, 3, "not a whole parquet file"),
    "scrambled Parquet": ("in.parquet", _scrambled, 3, "not a whole"),
    "not Arrow": ("in.arrow", b"\0" * 50, 3, "not a whole arrow file"),
    "not JSON": ("in.jsonl", b"citizenships=IND\n", 3, "no line is a JSON object"),
    "unknown ending": ("in.xlsx", b"PK", 2, "says no format"),
    "no file": ("in.csv", None, 2, "no such file"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_whole(run: Run, tmp_path: Path, name: str) -> None:
    ending, content, code, words = BAD[name]
    source = tmp_path / ending
    if callable(content):
        content(source)
    elif content is not None:
        source.write_bytes(content)
    ran = run(f"batch {source} --on 2024-12-24 -o {tmp_path}/out.parquet")
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert words in ran.err and "Traceback" not in ran.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ([ending] if source.exists() else [])


def test_a_byte_order_mark_before_utf_8_is_no_mistake(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"\xef\xbb\xbfcitizenships\nC\xc3\xb4te d'Ivoire\n")
    assert run(f"batch {tmp_path}/in.csv --on 2024-12-24 -o {tmp_path}/out.csv").code == 0


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("batch {in} --on 2024-12-24", 2, "batch writes a file"),
        ("batch {in} --on 2024-12-24 -o {in}", 2, "is the file that is read"),
        ("batch {in} --on 2024-12-24 -o {dir} --to-format csv", 2, "is a folder"),
        ("batch {in} --on 2024-12-24 -o {dir}/no/out.csv", 2, "there is no folder"),
        ("batch {dir} --on 2024-12-24 -o {dir}/out.csv", 2, "the ending"),
        ("batch {in} --on 2024-12 -o {dir}/out.csv", 2, "more than one day"),
        ("batch {in} --on 2024-12-24 --date-column id -o {dir}/out.csv", 2, "one of them"),
        ("batch {in} --date-column nope -o {dir}/out.csv", 2, 'no column "nope"'),
        ("batch {in} --on 2024-12-24 --tell all -o {dir}/out.csv", 2, "nothing that batch tells"),
        ("batch {in} --on 2024-12-24 --to-format xml -o {dir}/out.csv", 2, "not a format"),
        ("batch {in} --on 2024-12-24 --map {dir}/no.yaml -o {dir}/out.csv", 2, "no such file"),
        ("batch {in} flies=yes --on 2024-12-24 -o {dir}/out.csv", 2, "unknown fact"),
        ("batch {in} --action fly --on 2024-12-24 -o {dir}/out.csv", 2, "unknown action"),
    ],
)
def test_what_cannot_be_asked_is_refused(run: Run, small: Path, line: str, code: int, words: str) -> None:
    before = small.read_bytes()
    ran = run(line.replace("{in}", str(small)).replace("{dir}", str(small.parent)))
    assert ran.code == code and words in ran.err, ran.err
    assert small.read_bytes() == before and [p.name for p in small.parent.iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("citizenships", "is not NAME"),
        ("a:\n  kind: b\n", "neither fact nor values"),
        ("a: b\na: c\n", "given twice"),
        ("a: &x b\n", "has no place"),
        ("a:\n  fact: b\n    values: c\n", "indentation"),
        ('{"a": 1}', "a fact is a name"),
        ('{"a": ', "not JSON"),
        ("\udce9: b", "UTF-8"),
    ],
)
def test_a_bad_map_is_refused(run: Run, small: Path, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "m.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    ran = run(f"batch {small} --map {tmp_path}/m.yaml --on 2024-12-24 -o {tmp_path}/out.csv")
    assert ran.code == 3 and words in ran.err, ran.err


def test_an_output_that_is_there_stays_unless_forced(run: Run, small: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("mine")
    ran = run(f"batch {small} --on 2024-12-24 -o {target}")
    assert ran.code == 2 and "--force" in ran.err and target.read_text() == "mine"
    (tmp_path / "out.csv.errors.csv").write_text("old")
    assert run(f"batch {small} --on 2024-12-24 -o {target} --force").code == 0
    assert len(_read(target)) == 3 and not (tmp_path / "out.csv.errors.csv").exists()


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/dev/full").exists(), reason="allowed: a superuser writes anywhere")
def test_a_full_disk_leaves_nothing_behind(kb: Any, small: Path, tmp_path: Path, monkeypatch: Any) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(job, "_lasting", full)
    with pytest.raises(EnvironmentFault, match="no space left"):
        kb.batch_file(small, tmp_path / "out.csv", on="2024-12-24")
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]


# ---- interrupted half way ----------------------------------------------------------------------------------


class _Interrupted(Exception):
    pass


def test_an_interrupted_job_leaves_nothing_or_goes_on(kb: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(reading, "TEXT_ROWS", 50)
    monkeypatch.setattr(job, "PIECES", 1)
    people = random_rows(kb, 43, 230)
    source = tmp_path / "in.csv"
    _write(as_table(kb, people), source)
    for name in ("out.csv", "out.parquet", "out.jsonl", "out.arrow"):
        whole, target = tmp_path / f"whole-{name}", tmp_path / name
        expected = kb.batch_file(source, whole, on="2024-12-24").to_dict()
        calls = 0

        def stop(step: str, number: int, of: int) -> None:
            nonlocal calls
            calls += 1
            if calls == 3:
                raise _Interrupted

        with pytest.raises(_Interrupted):
            kb.batch_file(source, target, on="2024-12-24", progress=stop)
        assert not list(tmp_path.glob(f"*{name}.*part*")) and not target.exists()
        calls = 0
        with pytest.raises(_Interrupted):
            kb.batch_file(source, target, on="2024-12-24", progress=stop, resume=True)
        assert not target.exists()
        answered = 0
        function = job._Job._answered

        def counting(self: Any, piece: Any, errors: Any, function: Any = function) -> Any:
            nonlocal answered
            answered += 1
            return function(self, piece, errors)

        with monkeypatch.context() as patch:
            patch.setattr(job._Job, "_answered", counting)
            report = kb.batch_file(source, target, on="2024-12-24", resume=True).to_dict()
        assert answered == 2, "three of five pieces were done before"
        assert {**report, "errors": None} == {**expected, "errors": None}
        assert _read(target) == _read(whole)
        assert Path(report["errors"]).read_bytes() == Path(expected["errors"]).read_bytes()
        assert not (tmp_path / f"{name}.parts").exists()


def test_what_is_kept_of_another_question_is_not_gone_on_with(kb: Any, run: Run, small: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    (tmp_path / "out.csv.parts").mkdir()
    (tmp_path / "out.csv.parts" / "journal.json").write_text('{"stamp": 1, "parts": []}')
    ran = run(f"batch {small} --on 2024-12-24 -o {target} --resume")
    assert ran.code == 2 and "another file, another question" in ran.err
    assert not target.exists()


def test_a_killed_job_leaves_no_output(kb: Any, tmp_path: Path) -> None:
    """The process is killed while it writes; then the same command with --resume ends well."""
    people = random_rows(kb, 47, 400)
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    _write(as_table(kb, people * 20), source)
    code = (
        "import os, signal, sys, inforce\n"
        "from inforce.cohort import job, reading\n"
        "reading.TEXT_ROWS, job.PIECES = 500, 2\n"
        "def stop(step, number, of):\n"
        "    if number > of / 2 and sys.argv[3] == 'kill': os.kill(os.getpid(), signal.SIGKILL)\n"
        f"kb = inforce.open(store={str(kb.built.folder)!r})\n"
        "kb.batch_file(sys.argv[1], sys.argv[2], on='2024-12-24', resume=True, progress=stop)\n"
    )
    for what, expected in (("kill", -9), ("go on", 0)):
        ran = subprocess.run(
            [sys.executable, "-c", code, str(source), str(target), what], env=SOURCES, capture_output=True, check=False
        )
        assert ran.returncode == expected, ran.stderr
        assert target.exists() == (expected == 0)
    assert len(_read(target)) == 8_000


# ---- what a plain answer does not pay for -------------------------------------------------------------------


def test_a_plain_answer_loads_neither_numpy_nor_arrow(kb: Any) -> None:
    code = (
        "import sys; from inforce_cli.__main__ import main\n"
        f"main(['check', 'citizenships=IND', '--on', '2024-12-24', '--store', {str(kb.built.folder)!r}])\n"
        "loaded = {'numpy', 'pyarrow', 'pyspark', 'polars'} & set(sys.modules)\n"
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], env=SOURCES, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_memory_does_not_grow_with_the_rows(kb: Any, tmp_path: Path) -> None:
    """Two millions of rows take little more than two hundred thousand: what is read is let go."""
    base = as_table(kb, [row for row in random_rows(kb, 53, 2_000) if "unknown" not in row.values()])
    code = (
        "import re, sys, inforce\n"
        f"kb = inforce.open(store={str(kb.built.folder)!r})\n"
        "kb.batch_file(sys.argv[1], sys.argv[2], on='2024-12-24', tell=['outcome'])\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024)"
    )
    peaks = []
    for times in (100, 1000):
        source = tmp_path / f"{times}.parquet"
        with pq.ParquetWriter(source, base.schema) as out:
            for _ in range(times // 50):
                out.write_table(pa.concat_tables([base.slice(0, 1_000)] * 40))
        ran = subprocess.run(
            [sys.executable, "-c", code, str(source), f"{source}.out.parquet"],
            env=SOURCES,
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(ran.stdout))
    assert peaks[1] <= 400
    assert peaks[1] < peaks[0] * 1.5
