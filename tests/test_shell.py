"""The SPARQL shell: where a statement ends, lines with a dot, errors that end nothing, history of one owner."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import SOURCES, Ran

from inforce_cli import shell as shells
from inforce_cli.options import Globals
from inforce_cli.output import Run


@pytest.fixture
def typed(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    def call(text: str, options: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return run(f"shell {options}")

    return call


@pytest.fixture
def shell(kb: Any) -> shells.Shell:
    run = Run(Globals())
    run.__dict__["kb"] = kb
    return shells.Shell(run)


def test_queries_are_answered_one_after_the_other(typed: Callable[..., Ran], run: Callable[..., Ran]) -> None:
    one = "SELECT ?r { ?r a inf:Rule }\nORDER BY ?r LIMIT 2"
    ran = typed(f"{one};\n\nASK {{ ?s a inf:Rule }}\n\n")
    assert ran.code == 0 and ran.err == ""
    assert ran.out == run(f"sparql -q '{one}'").out + "yes\n"


def test_a_semicolon_within_braces_does_not_end_a_query(typed: Callable[..., Ran]) -> None:
    ran = typed("SELECT ?l {\n rule:R-WP-198-2A a inf:Rule ;\n rdfs:label ?l .\n FILTER (LANG(?l) = 'en') };")
    assert ran.code == 0 and len(ran.out.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("ASK {}", False),
        ("ASK {};", True),
        ("ASK { ?s ?p ';}' ;", False),
        ("ASK { ?s ?p '{' };", True),
        ("ASK { ?s <http://a/{> ?o };", True),
        ("ASK {} # done;", False),
        ("ASK { ?s ?p ?o } # {\n;", True),
        ('SELECT ("""a;\n;', False),
        ("SELECT ('''{;''' AS ?a) {};", True),
    ],
)
def test_where_a_statement_ends(text: str, whole: bool) -> None:
    assert shells.ended(text) is whole


def test_an_error_ends_only_its_own_query(typed: Callable[..., Ran]) -> None:
    ran = typed("SELECT ?x { ?x ?y };\nDROP ALL;\n.nonsense\nASK { ?s a inf:Rule };\n.quit\nASK {};\n")
    assert ran.out == "yes\n" and ran.code == 0
    assert ran.err.count("error[") == 3 and "E_QUERY" in ran.err and ".help" in ran.err


def test_the_code_is_that_of_the_last(typed: Callable[..., Ran]) -> None:
    assert typed("ASK {};\nINSERT DATA { <a> <b> <c> };\n").code == 4


def test_lines_with_a_dot(typed: Callable[..., Ran]) -> None:
    ran = typed(".help\n.prefixes\n.queries\n.run members-of-list list=visa-exempt on=2024-12-24\n")
    assert ran.code == 0, ran.err
    assert ".quit" in ran.out and "https://w3id.org/inforce/ns#" in ran.out and "rule-states" in ran.out
    assert "place/FRA" in ran.out
    assert typed(".run\n").code == 2


def test_on_stands_for_a_day(typed: Callable[..., Ran]) -> None:
    ran = typed("SELECT (STR(?on) AS ?day) {};\n", "--on 2024-12-24")
    assert ran.out.splitlines() == ["day", "2024-12-24"]


class Bytes:
    """Standard input that holds these bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)

    def isatty(self) -> bool:
        return False


def test_what_a_pipe_sends_is_text_of_a_length_that_can_be_a_query(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Bytes("\ufeffASK { ?s a inf:Rule };\r\nSELECT ('é' AS ?e) {};\r\n".encode()))
    assert run("shell") == Ran(0, "yes\ne\né\n", "")
    monkeypatch.setattr("sys.stdin", Bytes(b"ASK { ?s a inf:Rule };\nASK { ?s ?p '\xff' };\n"))
    ran = run("shell")
    assert ran.code == 3 and "line 2 is not UTF-8" in ran.err
    for endless in (b"x" * 300_000, b"ASK {\n" * 50_000):
        monkeypatch.setattr("sys.stdin", Bytes(endless))
        ran = run("shell")
        assert ran.code == 3 and "more than 100000 bytes" in ran.err


def test_a_shell_writes_no_file(typed: Callable[..., Ran], tmp_path: Path) -> None:
    assert typed("", f"-o {tmp_path / 'x'}").code == 2


def test_completion_offers_terms_keywords_and_queries(shell: shells.Shell) -> None:
    assert "inf:versionOf" in shell.offers("SELECT * { ?v inf:version")
    assert "SELECT" in shell.offers("sel") and "skos:" in shell.offers("?x sko")
    assert "members-of-list" in shell.offers(".run members") and ".quit" in shell.offers(".q")
    assert shell.offers("SELECT ") == []


def test_history_is_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = shells.history_file()
    assert path is not None and path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o644)
    assert shells.history_file() == path and path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    (tmp_path / "mine").write_text("precious")
    path.symlink_to(tmp_path / "mine")
    assert shells.history_file() is None and (tmp_path / "mine").read_text() == "precious"
    monkeypatch.setenv("XDG_DATA_HOME", "/dev/null/x")
    assert shells.history_file() is None


# ---- at a terminal ---------------------------------------------------------------------------------

EDITORS = {"prompt_toolkit": (), "readline": ("prompt_toolkit",), "none": ("prompt_toolkit", "readline")}
"""The line editor that is used, and the modules that are then missing."""


class Terminal:
    """A shell at a terminal of 100 columns: what is typed goes in, what it shows is waited for."""

    def __init__(self, words: list[str], environ: dict[str, str]) -> None:
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [sys.executable, "-m", "inforce_cli", "shell", *words], environ)
        termios.tcsetwinsize(self.screen, (40, 100))
        self.seen = ""

    def until(self, wanted: str, *, seconds: float = 20) -> str:
        """Return what is shown up to the first match of a pattern, which is taken away."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(wanted, self.seen)):
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.screen], [], [], left)[0], (wanted, self.seen)
            try:
                more = os.read(self.screen, 1 << 16)
            except OSError:  # the other end is closed
                more = b""
            assert more, (wanted, self.seen)
            # What colours and moves the cursor is not what is said.
            self.seen = re.sub(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>])|\r", "", self.seen + more.decode(errors="replace"))
        shown, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return shown

    def type(self, text: str) -> None:
        os.write(self.screen, text.encode())

    def ended(self) -> int:
        """Return the code with which it ended."""
        deadline = time.monotonic() + 20
        while select.select([self.screen], [], [], max(0, deadline - time.monotonic()))[0]:
            try:
                if not os.read(self.screen, 1 << 16):
                    break
            except OSError:
                break
        else:
            raise AssertionError("it goes on")
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        return code

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self.screen)


@pytest.fixture(params=EDITORS)
def terminal(request: pytest.FixtureRequest, kb: Any, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    missing = EDITORS[request.param]
    if request.param == "prompt_toolkit":
        pytest.importorskip("prompt_toolkit", reason="the extra shell is not installed")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    for name in missing:
        (hidden / f"{name}.py").write_text("raise ImportError(__name__)\n")
    environ = {
        **SOURCES,
        "PYTHONPATH": os.pathsep.join([str(hidden), SOURCES["PYTHONPATH"]]),
        "TERM": "xterm",
        "PROMPT_TOOLKIT_NO_CPR": "1",
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "INPUTRC": os.devnull,
    }
    opened: list[Terminal] = []

    def start(*words: str) -> Terminal:
        opened.append(Terminal(["--store", str(kb.built.folder), *words], environ))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_a_query_of_several_lines_an_error_with_its_place_and_the_help(terminal: Callable[..., Terminal]) -> None:
    at = terminal()
    at.until(r".help says.*\n")
    at.until("sparql>")
    at.type("SELECT (2 + 3 AS ?five)\r")
    at.until(r"\.\.\.>")
    at.type("{};\r")
    assert "five" in at.until(r"(?m)^5\b").casefold()
    at.until("sparql>")
    at.type("SELECT ?x\r")
    at.until(r"\.\.\.>")
    at.type("{ ?x ?y };\r")
    said = at.until(r"\^")
    assert "error[E_QUERY]" in said and ":2:9" in said and "{ ?x ?y }" in said
    at.until("sparql>")
    at.type(".help\r")
    assert ".run NAME" in at.until("Ctrl-C")
    at.until("sparql>")
    at.type("\x04")
    assert at.ended() == 0


def test_ctrl_c_lets_go_of_all_that_was_typed_and_ends_no_shell(terminal: Callable[..., Terminal]) -> None:
    at = terminal()
    at.until("sparql>")
    at.type("SELECT ?never {\r")
    at.until(r"\.\.\.>")
    time.sleep(0.3)  # between its prompt and its reading an editor sees no signal
    at.type("\x03")
    at.until("sparql>")
    at.type("ASK { ?s a inf:Rule };\r")
    assert "error" not in at.until(r"(?m)^yes")
    at.until("sparql>")
    at.type(".quit\r")
    assert at.ended() == 0


def test_a_query_that_runs_is_stopped_by_ctrl_c(terminal: Callable[..., Terminal]) -> None:
    at = terminal()
    at.until("sparql>")
    at.type("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i };\r")
    at.until(r"\?i };")
    time.sleep(2)
    at.type("\x03")
    at.until("stopped", seconds=20)
    at.until("sparql>")
    at.type("ASK { ?s a inf:Rule };\r")
    at.until(r"(?m)^yes")
    at.until("sparql>")
    at.type("\x04")
    assert at.ended() == 0


@pytest.mark.parametrize("terminal", ["prompt_toolkit", "readline"], indirect=True)
def test_tab_completes_and_history_is_kept_for_the_next_time(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    at = terminal()
    at.until("sparql>")
    at.type("ASK { ?s a inf:RuleVersio\t")
    at.until(r"inf:RuleVersio[\s\x08]*n")
    at.type(" };\r")
    at.until(r"(?m)^yes")
    at.until("sparql>")
    at.type("\x04")
    assert at.ended() == 0
    history = tmp_path / "data" / "inforce" / "shell-history"
    assert "ASK { ?s a inf:RuleVersion };" in history.read_text() and history.stat().st_mode & 0o777 == 0o600
    again = terminal()
    again.until("sparql>")
    again.type("\x1b[A")
    again.until(r"ASK \{ \?s a inf:RuleVersion \};")
    again.type("\r")
    again.until(r"(?m)^yes")
