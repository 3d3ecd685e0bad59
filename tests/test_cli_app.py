"""The command line as a whole: help, shared options, where output goes, what the machine may do to it, how it ends."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import PACKAGE, PATH, SOURCES, Ran, schema

import inforce
from inforce.errors import InForceError
from inforce.held import exclusive
from inforce_cli.__main__ import _guarded, main
from inforce_cli.app import COMMANDS
from inforce_cli.render.errors import failure
from inforce_cli.render.table import write

DAY = "--on 2024-12-24"


@pytest.fixture
def bare(capsys: pytest.CaptureFixture[str]) -> Callable[[str], Ran]:
    """Run a command line as it stands."""

    def call(line: str) -> Ran:
        capsys.readouterr()
        code = main(shlex.split(line))
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def start(kb: Any, plain_environment: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Start the command as a process of its own, in an empty home."""

    def call(line: str, *, store: bool = True, environment: dict[str, str | None] | None = None, **more: Any) -> Any:
        kept = {"PATH": os.environ["PATH"], "HOME": str(plain_environment), "PYTHONPATH": PATH, "LANG": "C.UTF-8"}
        changed = {**kept, **(environment or {})}
        argv = [sys.executable, "-m", "inforce_cli", *shlex.split(line)]
        argv += ["--store", str(kb.built.folder)] if store else []
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        env = {key: value for key, value in changed.items() if value is not None}
        # A shell that runs the tests in the background lets its children ignore interrupts.
        more.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        return subprocess.Popen(argv, env=env, **{**pipes, **more})

    return call


def ended(process: subprocess.Popen[bytes]) -> Ran:
    out, err = process.communicate(timeout=120)
    return Ran(process.returncode, (out or b"").decode("utf-8", "replace"), (err or b"").decode("utf-8", "replace"))


# ---- help --------------------------------------------------------------------------------------------


def test_help_lists_every_command_by_section_and_the_exit_codes(bare: Callable[..., Ran]) -> None:
    ran = bare("--help")
    assert ran.code == 0 and ran.err == ""
    for name, (section, text) in COMMANDS.items():
        assert f"\n  {name} " in ran.out and f"\n{section}:\n" in ran.out and " ".join(text.split()[:4]) in ran.out
    assert "0 answered" in ran.out and "70 internal error" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert bare("").out == ran.out and bare("-h").out == ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_with_examples_that_can_be_read(bare: Callable[..., Ran], name: str) -> None:
    ran = bare(f"{name} --help")
    assert ran.code == 0 and f"Usage: inforce {name}" in ran.out and "Global options:" in ran.out
    examples = [line.strip() for line in ran.out.splitlines() if line.strip().startswith("inforce ")]
    assert examples and all(re.match(rf"inforce {name}\b|inforce check\b", line) for line in examples)
    assert "--json" in ran.out.split("Global options:")[1]
    # Each version of the parser has other brackets and types to add to what we say.
    assert "<str" not in ran.out and "[required]" not in ran.out and "[[" not in ran.out
    assert not re.search(r"Positional|^  \[?[A-Z|=-]+\]?(\.\.\.)?$", ran.out, re.MULTILINE)
    assert max(map(len, ran.out.splitlines())) <= 80


def known_options(text: str) -> set[str]:
    """The options that a page of help lists."""
    return set(re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", text))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_use_options_that_it_has(bare: Callable[..., Ran], name: str) -> None:
    page = bare(f"{name} --help").out
    listed = known_options(page.split("Examples:")[0]) | known_options(
        page.split("Global options:")[1].split("Examples:")[0]
    )
    for line in page.split("Examples:")[1].splitlines():
        if line.strip().startswith(f"inforce {name}"):
            used = {word for word in shlex.split(line.split("|")[0]) if re.match(r"--?[a-z]", word)}
            assert used <= listed, line


def test_the_version_is_told_without_the_parser(start: Callable[..., Any]) -> None:
    ran = ended(start("--version", store=False))
    assert ran == Ran(0, f"inforce {inforce.__version__}\n", "")
    code = "import sys; from inforce_cli.__main__ import main; main(['--version']); print('typer' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=SOURCES)
    assert told.stdout.endswith("False\n")


# ---- words that are not there --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "error", "says"),
    [
        ("chek", "E_USAGE", ['unknown command "chek"', "did you mean check", "inforce --help"]),
        ("chnages", "E_USAGE", ["did you mean changes"]),
        ("replya x", "E_USAGE", ["did you mean replay"]),
        ("frobnicate", "E_USAGE", ['unknown command "frobnicate"; all commands']),
        ("--frmat json check", "E_USAGE", ["unknown option --frmat", "--format"]),
        ("check --limt 3", "E_USAGE", ["did you mean --limit"]),
        ("check --format", "E_USAGE", ["--format"]),
        ("check --lang de", "E_USAGE", ["en or fr"]),
        ("--lang eng check", "E_USAGE", ["did you mean en"]),
        ("list rules --limit 0", "E_USAGE", ["--limit 0", "from 1"]),
        ("list rules --limit many", "E_USAGE", ["--limit many"]),
        ("list rules --limit -3", "E_USAGE", ["--limit -3"]),
        ("list rules --limit 3.5", "E_USAGE", ["--limit 3.5"]),
        ("list rules --format xlsx", "E_USAGE", ["it writes: ", "csv"]),
        ("list rules --format jsn", "E_USAGE", ["did you mean json"]),
        ("build extra", "E_USAGE", ["inforce build --help"]),
        ("replay", "E_USAGE", ["inforce replay --help"]),
        ("replay nothing.json", "E_USAGE", ["no such file"]),
        ("sparql", "E_USAGE", ["no query", "-q TEXT"]),
        ("sparql nothing.rq", "E_USAGE", ["no such file"]),
        ("sparql a.rq -q 'ASK {}'", "E_USAGE", ["two queries"]),
        ("sparql 'ASK { ?a ?b ?c }'", "E_USAGE", ["-q"]),
        ("sparql -q 'ASK {}' --timeout soon", "E_USAGE", ["seconds"]),
        ("sparql -q 'ASK {}' --timeout 0", "E_USAGE", ["more than 0"]),
        ("sparql -q 'ASK {}' --on never", "E_DATE", ["never"]),
        ("query elegibility", "E_UNKNOWN_ID", ["did you mean eligibility"]),
        ("query elegibility --explain", "E_UNKNOWN_ID", ["did you mean eligibility"]),
        ("query members-of-list", "E_USAGE", ["needs list"]),
        ("query members-of-list list=visa-exempt on=never", "E_DATE", ["never"]),
        ("query members-of-list lst=visa-exempt on=2024-12-24", "E_USAGE", ["did you mean list"]),
        (
            "query members-of-list visa-exempt",
            "E_USAGE",
            ["is not KEY=VALUE", "inforce query members-of-list --explain"],
        ),
        ("validate nothing.ttl", "E_USAGE", ["no such file"]),
        ("check citizenships=Atlantis", "E_UNKNOWN_ID", ["did you mean", "values: inforce list nationalities"]),
        ("check citizenships=Frnace", "E_UNKNOWN_ID", ["did you mean FRA (france)"]),
        ("validate", "E_USAGE", ["inforce validate --help"]),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(
    run: Callable[..., Ran], bare: Callable[..., Ran], line: str, error: str, says: list[str]
) -> None:
    ran = bare(line) if "--format" in line.split()[-1:] else run(line)
    assert ran.code == 2 and ran.out == "" and ran.err.startswith(f"error[{error}]: "), ran
    assert all(word in ran.err for word in says), ran.err
    assert "Traceback" not in ran.err and ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        "--json chek",
        "check citizen=FRA --json",
        "check --format=json --on x",
        "replay a --json",
        "list rules --json --format csv",
    ],
)
def test_with_json_an_error_is_a_problem_document(run: Callable[..., Ran], line: str) -> None:
    ran = run(line)
    problem = json.loads(ran.err)
    schema("problem").validate(problem)
    assert ran.code == problem["exit_code"] == 2 and ran.out == "" and problem["status"] in (400, 404)
    assert problem["type"].endswith("/" + problem["code"])


def test_an_error_of_hostile_text_moves_no_cursor(run: Callable[..., Ran]) -> None:
    ran = run("check 'citizenships=\x1b]0;owned\x07\u202eX'")
    assert ran.code == 2 and "\x1b" not in ran.err and "\x07" not in ran.err and "\u202e" not in ran.err
    assert failure(InForceError("a\nb\x1b[2J"), encoding="ascii").isprintable() is False
    assert "\x1b" not in failure(InForceError("a\nb\x1b[2J"))


# ---- shared options --------------------------------------------------------------------------------------


def test_shared_options_stand_before_or_after_the_command(run: Callable[..., Ran]) -> None:
    after = run(f"check citizenships=FRA {DAY} --json")
    assert run(f"--json check citizenships=FRA {DAY}") == after and json.loads(after.out)
    assert run(f"--format text check citizenships=FRA {DAY} --format json") == after, "the later one counts"
    french = run(f"--lang fr check citizenships=FRA {DAY}")
    assert french == run(f"check citizenships=FRA {DAY} --lang fr") and "réponse" in french.out


def test_every_format_of_a_table_tells_the_same(run: Callable[..., Ran]) -> None:
    rows = json.loads(run("list rules --format json").out)
    assert [json.loads(line) for line in run("list rules --format jsonl").out.splitlines()] == rows
    table = list(csv.DictReader(io.StringIO(run("list rules --format csv").out)))
    assert [row["id"] for row in table] == [row["id"] for row in rows]
    tabs = [line.split("\t") for line in run("list rules").out.splitlines()]
    assert [line[0] for line in tabs] == ["id", *(row["id"] for row in rows)] and len({len(line) for line in tabs}) == 1


def test_a_table_of_hostile_values_stays_a_table() -> None:
    values = ("=HYPERLINK(1)", "a\tb\nc", "\x1b[2J\x07", "\u202eX", "[/e] [link=x]", "+1", None, True, ("a", "b"))
    table = inforce.Table(tuple(f"c{n}" for n in range(len(values))), (values,))
    for on_terminal in (False, True):
        text = write(table, "table", {}, on_terminal=on_terminal)
        assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
        assert on_terminal or ("[/e] [link=x]" in text and len(text.splitlines()) == 2)
    lines = write(table, "tsv", {}).splitlines()
    assert len(lines) == 2 and lines[1].count("\t") == len(values) - 1 and r"a\tb\nc" in lines[1]
    (plain,) = csv.DictReader(io.StringIO(write(table, "csv", {})))
    assert plain["c0"] == "=HYPERLINK(1)" and plain["c1"] == "a\tb\nc" and plain["c6"] == "" and plain["c7"] == "yes"
    (guarded,) = csv.DictReader(io.StringIO(write(table, "csv-excel", {})))
    assert guarded["c0"] == "'=HYPERLINK(1)" and guarded["c5"] == "'+1" and guarded["c8"] == "a, b"


def test_notes_can_be_silenced_and_never_mix_with_data(run: Callable[..., Ran]) -> None:
    loud, quiet = run("list rules --limit 2"), run("list rules --limit 2 --quiet")
    assert loud.out == quiet.out and "cut to 2 rows" in loud.err and quiet.err == "" and loud.code == quiet.code == 8
    assert inforce.__version__ in run("doctor").out and "data sha256:" in run("list layers -v").err


# ---- where output goes -------------------------------------------------------------------------------------


def test_a_file_is_written_aside_and_renamed(run: Callable[..., Ran], tmp_path: Path) -> None:
    target = tmp_path / "rules.csv"
    target.write_text("what was here before", encoding="utf-8")
    assert run(f"list rulez --format csv -o {target}").code == 2
    assert target.read_text(encoding="utf-8") == "what was here before"
    assert run(f"list rules --format csv -o {target}") == Ran(0, "", "")
    assert target.read_text(encoding="utf-8") == run("list rules --format csv").out
    assert [path.name for path in tmp_path.iterdir()] == ["rules.csv"]
    assert run("list rules -o -").out == run("list rules").out


def test_a_place_that_cannot_be_written_is_told(run: Callable[..., Ran], tmp_path: Path) -> None:
    ran = run(f"list layers -o {tmp_path}")
    assert ran.code == 2 and "is a folder" in ran.err
    ran = run(f"list layers -o {tmp_path}/no/such/x.csv")
    assert ran.code == 2 and "there is no folder" in ran.err
    ran = run("list layers -o /proc/x.csv")
    assert ran.code == 6 and ran.err.startswith("error[E_DISK]: /proc/x.csv: ")
    ran = run("list layers -o /dev/full")
    assert ran.code == 6 and ran.err.startswith("error[E_DISK]: ") and Path("/dev/full").is_char_device()
    assert run("list layers -o /dev/null") == Ran(0, "", "") and Path("/dev/null").is_char_device()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="allowed: root may write anywhere")
def test_a_folder_without_permission_is_the_machines_fault(run: Callable[..., Ran], tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    ran = run(f"list layers -o {tmp_path / 'x.csv'}")
    assert ran.code == 6 and "permission denied" in ran.err


def test_a_full_disk_and_a_closed_output_are_told_with_six(start: Callable[..., Any]) -> None:
    with open("/dev/full", "wb") as full:
        ran = ended(start(f"check citizenships=FRA {DAY}", stdout=full))
    assert ran.code == 6 and ran.err.startswith("error[E_DISK]: ") and "Traceback" not in ran.err
    process = start(f"check citizenships=FRA {DAY}", stdout=None, preexec_fn=lambda: os.close(1))
    ran = ended(process)
    assert ran.code == 6 and "standard output is closed" in ran.err and "Traceback" not in ran.err


def test_a_reader_that_leaves_early_ends_the_command_quietly(start: Callable[..., Any]) -> None:
    for line in ("list provisions --json", "--help", "check --help", "list provisions"):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            process = start(line, store=line != "--help", stdout=writing)
        finally:
            os.close(writing)
        assert ended(process)[::2] == (0, ""), line


def test_an_interrupt_ends_with_130_and_no_traceback(start: Callable[..., Any]) -> None:
    process = start("check --facts - --json", stdin=subprocess.PIPE)
    assert process.stdin is not None
    # More than a pipe holds: when it is written, the command has begun to read.
    process.stdin.write(b" " * 200_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    ran = ended(process)
    assert ran.code == 130 and "Traceback" not in ran.err and ran.out == ""


@pytest.mark.parametrize("argv", [[], ["--json"]])
def test_a_lock_that_somebody_else_holds_ends_with_seven(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    # Asking needs no lock; what changes the imported law does.
    def change() -> int:
        with exclusive(tmp_path):
            return 0

    with exclusive(tmp_path):
        assert _guarded(argv, change) == 7
    err = capsys.readouterr().err
    if argv:
        problem = json.loads(err)
        schema("problem").validate(problem)
        assert (problem["code"], problem["exit_code"], problem["status"]) == ("E_LOCKED", 7, 503)
    else:
        assert err.startswith(f"error[E_LOCKED]: {tmp_path / 'lock'}: ") and "wait" in err and err.count("\n") == 1
    assert _guarded(argv, change) == 0


# ---- the environment -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
)
def test_a_narrow_terminal_alphabet_spells_and_json_stays_utf8(
    start: Callable[..., Any], environment: dict[str, str]
) -> None:
    line = f"check citizenships=CIV {DAY} --lang fr"
    ran = ended(start(line, environment=environment))
    assert ran.code == 0 and ran.err == "" and "permis de travail" in ran.out
    narrow, wide = (ended(start(line + " --json", environment=env)) for env in (environment, None))
    assert narrow.out == wide.out and "é" in wide.out
    error = ended(start("check citizenships=Côte", environment=environment))
    assert error.code == 2 and error.err.startswith("error[E_UNKNOWN_ID]: ") and "Traceback" not in error.err


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Asia/Tokyo"}, {"TZ": "America/St_Johns"}, {"TZ": "nowhere"}, {"COLUMNS": "20"}, {"TERM": "dumb"},
        {"NO_COLOR": "1"}, {"PYTHONHASHSEED": "7"}, {"HOME": None}, {"HOME": "/nonexistent"}, {"PATH": "/none"},
    ],
)  # fmt: skip
def test_the_answer_does_not_depend_on_the_machine(
    kb: Any, start: Callable[..., Any], environment: dict[str, str | None]
) -> None:
    ran = ended(start(f"check citizenships=FRA {DAY} --json", environment=environment))
    assert ran == Ran(0, kb.check({"citizenships": "FRA"}, on="2024-12-24").to_json(), "")


@pytest.mark.parametrize("home", [None, "/proc"])
def test_without_a_place_for_built_graphs_own_rules_need_a_store(
    start: Callable[..., Any], home: str | None, tmp_path: Path
) -> None:
    own = tmp_path / "own.ttl"
    own.write_text("<https://example.org/a> <https://example.org/b> <https://example.org/c> .\n", encoding="utf-8")
    ran = ended(start(f"list rules --data {own}", store=False, environment={"HOME": home}))
    assert ran.code in (3, 6) and "Traceback" not in ran.err and ran.err.startswith("error[E_")
    assert ran.code == 3 or "--store" in ran.err


# ---- the store -------------------------------------------------------------------------------------------------


@pytest.fixture
def store(kb: Any, tmp_path: Path) -> Path:
    """A copy of the built graph that may be damaged."""
    copy = tmp_path / "store"
    shutil.copytree(kb.built.folder, copy)
    return copy


def test_a_store_that_is_not_there_or_is_none_is_told(run: Callable[..., Ran], tmp_path: Path) -> None:
    ran = run(f"check citizenships=FRA {DAY}", tmp_path / "nowhere")
    assert ran.code == 2 and "there is no store at" in ran.err and "inforce build" in ran.err
    ran = run(f"check citizenships=FRA {DAY}", tmp_path)
    assert ran.code == 5 and ran.err.startswith("error[E_INTEGRITY]: ") and "inforce build" in ran.err


@pytest.mark.parametrize("name", ["rulebook.json", "diagrams.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "delete", "empty", "swap"])
def test_a_damaged_store_never_answers(run: Callable[..., Ran], store: Path, name: str, damage: str) -> None:
    path = store / name
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "cut":
        path.write_bytes(content[: len(content) * 9 // 10])
    elif damage == "delete":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.write_bytes((store / "names.json").read_bytes())
    ran = run(f"check citizenships=FRA {DAY}", store)
    assert ran.code == 5 and ran.out == "" and ran.err.startswith("error[E_INTEGRITY]: ") and name in ran.err
    ran = run("doctor", store)
    assert ran.code == 5 and "fails" in ran.out


@pytest.mark.parametrize("name", ["graph.nq", "tables.json", "names.json"])
def test_a_damaged_file_is_found_by_the_command_that_reads_it_and_by_the_doctor(
    run: Callable[..., Ran], store: Path, name: str
) -> None:
    with (store / name).open("ab") as file:
        file.write(b" ")
    line = {"graph.nq": "sparql -q 'ASK { ?a ?b ?c }'", "tables.json": "list rules"}.get(name, "check citizenships=FR")
    for asked in (line, "doctor"):
        ran = run(asked, store)
        assert ran.code == 5 and name in (ran.err if asked != "doctor" else ran.out), asked


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        (b"", "E_INTEGRITY"),
        (b"{", "E_INTEGRITY"),
        (b"[]", "E_INTEGRITY"),
        (b'{"format": 99}', "E_"),
        (b"\xff", "E_INTEGRITY"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_told(
    run: Callable[..., Ran], store: Path, manifest: bytes, code: str
) -> None:
    (store / "manifest.json").write_bytes(manifest)
    ran = run(f"check citizenships=FRA {DAY}", store)
    assert ran.code == 5 and ran.err.startswith(f"error[{code}") and "Traceback" not in ran.err


def test_a_store_of_another_format_is_told_apart_from_a_damaged_one(run: Callable[..., Ran], store: Path) -> None:
    manifest = json.loads((store / "manifest.json").read_text(encoding="utf-8"))
    (store / "manifest.json").write_text(json.dumps({**manifest, "format": 99}), encoding="utf-8")
    ran = run(f"check citizenships=FRA {DAY}", store)
    assert ran.code == 5 and ran.err.startswith("error[E_VERSION]: ")


def test_only_an_internal_error_has_a_traceback_and_only_if_asked(run: Callable[..., Ran], store: Path) -> None:
    # A store whose manifest agrees with a rulebook that is none: what no check of ours foresees.
    (store / "rulebook.json").write_bytes(b"{}")
    manifest = json.loads((store / "manifest.json").read_text(encoding="utf-8"))
    manifest["outputs"]["rulebook.json"] = {"bytes": 2, "sha256": hashlib.sha256(b"{}").hexdigest()}
    (store / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    ran = run(f"check citizenships=FRA {DAY}", store)
    assert ran.code == 70 and ran.err.startswith("error[E_INTERNAL]: ") and "Traceback" not in ran.err
    assert "Traceback" in run(f"check citizenships=FRA {DAY} --debug", store).err
    assert "Traceback" not in run("check citizen=FRA --debug").err


def test_the_doctor_finds_a_good_store_good(run: Callable[..., Ran]) -> None:
    ran = run("doctor --json")
    rows = {row["check"]: row for row in json.loads(ran.out)}
    assert ran.code == 0 and {"store", "quads", "graph.nq", "rules", "verified through"} <= set(rows)
    assert all(row["state"] != "fails" for row in rows.values())


def test_a_build_puts_a_whole_graph_where_it_is_told(kb: Any, bare: Callable[..., Ran], tmp_path: Path) -> None:
    target = tmp_path / "new" / "store"
    for _ in range(2):  # the second time it replaces the first
        found = json.loads(bare(f"build --store {target} --json").out)
        assert found["folder"] == str(target) and found["version"] == kb.version
        assert sorted(path.name for path in target.parent.iterdir()) == ["store"]
    asked = f"check citizenships=FRA {DAY} --json --store {target}"
    assert bare(asked).out == kb.check({"citizenships": "FRA"}, on="2024-12-24").to_json()
    other = tmp_path / "mine"
    other.mkdir()
    (other / "letter.txt").write_text("mine", encoding="utf-8")
    ran = bare(f"build --store {other}")
    assert ran.code == 2 and "holds other things" in ran.err and (other / "letter.txt").read_text() == "mine"
    assert bare("build --store /proc/x/store").code == 6


# ---- SPARQL and saved queries -----------------------------------------------------------------------------------

RULES = "SELECT ?rule WHERE { ?rule a inf:Rule } ORDER BY ?rule"


def test_a_query_is_read_from_the_line_a_file_and_standard_input(
    run: Callable[..., Ran], start: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "rules.rq"
    path.write_text(RULES, encoding="utf-8")
    typed = run(f"sparql -q '{RULES}'")
    assert typed.code == 0 and run(f"sparql {path}").out == typed.out
    with path.open("rb") as file:
        assert ended(start("sparql -", stdin=file)).out == typed.out
    assert len(typed.out.splitlines()) == len(json.loads(run("list rules --json").out)) + 1


def test_each_kind_of_query_has_its_formats(run: Callable[..., Ran]) -> None:
    assert run("sparql -q 'ASK { ?rule a inf:Rule }'").out == "yes\n"
    assert json.loads(run("sparql -q 'ASK { ?rule a inf:Nothing }' --json").out) == {"boolean": False}
    construct = "CONSTRUCT { ?rule a inf:Rule } WHERE { ?rule a inf:Rule }"
    turtle = run(f"sparql -q '{construct}'").out
    assert "@prefix inf: " in turtle and "rule:R-WP-FLAG-2024 a inf:Rule" in turtle
    triples = run(f"sparql -q '{construct}' --format nt").out.splitlines()
    assert triples == sorted(triples) and all(line.endswith(" .") for line in triples)
    cut = run(f"sparql -q '{construct}' --format nt --limit 3")
    assert cut.code == 8 and len(cut.out.splitlines()) == 3 and "cut to 3" in cut.err
    whole = run(f"sparql -q '{construct}' --format nt --limit {len(triples)}")
    assert whole.code == 0 and len(whole.out.splitlines()) == len(triples)
    assert run("sparql -q 'ASK {}' --format turtle").code == 2


@pytest.mark.parametrize(
    ("query", "code", "error"),
    [
        ("SELEC ?a WHERE { ?a ?b ?c }", 3, "E_QUERY"),
        ("SELECT ?a WHERE { ?a ?b }", 3, "E_QUERY"),
        ("SELECT ?a WHERE { ?a nope:b ?c }", 3, "E_QUERY"),
        ("INSERT DATA { <a:a> <a:b> <a:c> }", 4, "E_READONLY"),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?a ?b ?c } }", 4, "E_SERVICE"),
        ("", 3, "E_QUERY"),
    ],
)
def test_a_query_that_is_wrong_or_refused_says_so(run: Callable[..., Ran], query: str, code: int, error: str) -> None:
    ran = run(f"sparql -q '{query}'")
    assert ran.code == code and ran.out == "" and ran.err.startswith(f"error[{error}]: "), ran
    assert "Traceback" not in ran.err


def test_a_runaway_query_is_stopped(run: Callable[..., Ran]) -> None:
    began = time.monotonic()
    ran = run("sparql --timeout 1 -q 'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }'")
    assert ran.code == 8 and ran.err.startswith("error[E_TIMEOUT]: ") and time.monotonic() - began < 20


def test_a_saved_query_tells_what_it_asks_and_runs(run: Callable[..., Ran]) -> None:
    assert "eligibility" in run("query").out
    page = run("query members-of-list --explain").out
    assert page.startswith("members-of-list: ") and "inforce query members-of-list " in page and "on=" in page
    rows = json.loads(run("query eligibility citizenships=FRA lmia_required=no on=2018-01-01 --json").out)
    assert len(rows) == 1 and rows[0]["outcome"] in ("may", "depends")
    hostile = run("query members-of-list 'list=visa-exempt> } DROP ALL #' on=2024-12-24")
    assert hostile.code == 2 and hostile.out == ""


# ---- own files ----------------------------------------------------------------------------------------------------


def test_validate_names_file_and_line_of_each_fault(run: Callable[..., Ran], tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"citizenships": ["FRA"]}', encoding="utf-8")
    bad.write_text('{"lmia_required": "no",\n "citizen": "FRA"}', encoding="utf-8")
    assert run(f"validate {good}") == Ran(0, "1 checked, nothing found\n", "")
    ran = run(f"validate {good} {bad}")
    assert ran.code == 3 and f"error[E_UNKNOWN_ID]: {bad}:2:2: " in ran.out and "did you mean citizenships" in ran.out
    (found,) = json.loads(run(f"validate {bad} --json").out)
    assert (found["line"], found["column"], found["code"]) == (2, 2, "E_UNKNOWN_ID")
    rules = tmp_path / "own.ttl"
    rules.write_text("@prefix a: <https://example.org/> .\na:b a:c a:d .\na:e a:f\n", encoding="utf-8")
    ran = run(f"validate {rules}")
    assert ran.code == 3 and str(rules) in ran.out and "Traceback" not in ran.err


# ---- completion -----------------------------------------------------------------------------------------------------


def completed(start: Callable[..., Any], words: str) -> list[str]:
    count = str(len(words.split(" ")) - 1)
    environment = {"_INFORCE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": count}
    ran = ended(start("", store=False, environment=environment))
    assert ran.code == 0 and ran.err == "", ran.err
    return ran.out.split()


def test_the_shell_is_offered_commands_and_options(start: Callable[..., Any]) -> None:
    assert set(completed(start, "inforce c")) == {name for name in COMMANDS if name.startswith("c")}
    assert set(completed(start, "inforce check --wh")) == {"--why-not", "--what-if"}


def test_values_are_offered_for_what_was_typed(kb: Any) -> None:
    from inforce_cli import completion

    assert ("lmia_required=", kb.book.facts["lmia_required"].question["en"]) in completion.facts("lmia_r")
    assert [word for word, _ in completion.facts("lmia_required=")] == [
        "lmia_required=yes", "lmia_required=no", "lmia_required=unknown",
    ]  # fmt: skip
    assert "citizenships=IND,FRA" in [word for word, _ in completion.facts("citizenships=IND,F")]
    assert completion.facts("nothing=") == []
    assert [word for word, _ in completion.actions("eta")] == ["eta-needed"]
    assert "R-WP-FLAG-2024" in [word for word, _ in completion.ids("R-WP-F")]
    assert "rules" in [word for word, _ in completion.kinds("r")] and completion.queries("elig")[0][0] == "eligibility"
    assert "R-WP-OB686-BROAD" in [word for word, _ in completion.readings("R-WP")]


# ---- a terminal -----------------------------------------------------------------------------------------------------


def on_terminal(start: Callable[..., Any], line: str, **environment: str) -> str:
    """What a person at a terminal of 80 columns is shown."""
    outer, inner = pty.openpty()
    process = start(line, stdout=inner, stderr=inner, environment={"TERM": "xterm", "COLUMNS": "80", **environment})
    os.close(inner)
    shown = b""
    try:
        while piece := os.read(outer, 65536):
            shown += piece
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(outer)
    assert process.wait(timeout=60) == 0
    return shown.decode().replace("\r\n", "\n")


def test_a_person_gets_a_table_and_colour_unless_not_wanted(start: Callable[..., Any]) -> None:
    shown = on_terminal(start, "list layers --format table")
    assert "\t" not in shown and "regulation" in shown
    assert "\x1b[1;31mMAY NOT\x1b[0m" in on_terminal(start, f"check citizenships=IND {DAY} --ordinarily")
    for environment, option in (({"NO_COLOR": "1"}, ""), ({"TERM": "dumb"}, ""), ({}, " --no-color")):
        assert "\x1b" not in on_terminal(start, f"check citizenships=IND {DAY} --ordinarily{option}", **environment)
        assert "\x1b" not in on_terminal(start, f"list layers{option}", **environment)


# ---- forms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((PACKAGE / "schemas").glob("*.json")), ids=lambda path: path.stem)
def test_each_schema_is_one_and_names_itself(path: Path) -> None:
    form: Any = schema(path.stem).schema
    assert form["$id"].endswith(f"/{path.stem}/1") and form["title"]
