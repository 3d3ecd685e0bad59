"""The SPARQL shell: where a statement ends, lines with a dot, errors that end nothing, history of one owner."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran

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
