"""What the checks find, where they say it is, and what they say would be right; on files that are wrong in one place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from bad_graphs import CASES, LATE, QUERIES, Bad

from inforce.build import inputs, parse
from inforce.check import Finding, findings, validate
from inforce.check.lines import scan
from inforce.errors import ExitCode
from inforce.vocab import BASE

REPO = Path(__file__).resolve().parent.parent
GOOD = (REPO / "tests" / "bad" / "good.ttl").read_text(encoding="utf-8")


# ---- what we ship -----------------------------------------------------------------------------------


def test_the_shipped_data_have_no_finding() -> None:
    sources = inputs(REPO)
    assert findings(REPO, parse(sources), [item.path for item in sources]) == []


# ---- one fault a file -------------------------------------------------------------------------------


def named(text: str, name: str) -> str:
    return text.replace('_name"', f'_{name}"').replace("NAME", name)


def changed(case: Bad, name: str) -> tuple[str, int]:
    """Return the text with its fault, and the line where the block that is at fault starts."""
    assert GOOD.count(case.old) == 1, f"{case.name}: {GOOD.count(case.old)} places"
    text = GOOD.replace(case.old, case.new) + (LATE if "LATE" in case.new else "")
    text = named(text, name)
    start = text.find("\n" + named(case.at, name)) + 1 if case.at else text.index(named(case.new or "\0", name)) if case.new else -1
    if not case.at:
        at = GOOD.index(case.old)
        start = named(GOOD[: GOOD.rfind("\n\n", 0, at) + 2], name).count("\n")
        return text, start + 1
    return text, text.count("\n", 0, start) + 1


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """The findings of each case, all validated in one go."""
    folder = tmp_path_factory.mktemp("bad")
    for number, case in enumerate(CASES):
        (folder / f"c{number:03}.ttl").write_text(changed(case, f"c{number:03}")[0], encoding="utf-8")
    (folder / "good.ttl").write_text(named(GOOD, "good0"), encoding="utf-8")
    by_file: dict[str, list[Finding]] = {}
    for finding in validate([folder], REPO):
        by_file.setdefault(Path(finding.file).stem, []).append(finding)
    return by_file


def test_a_good_file_among_bad_ones_has_no_finding(found: dict[str, list[Finding]]) -> None:
    assert found.get("good", []) == []


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[case.name for case in CASES])
def test_a_fault_is_found_where_it_is_and_the_message_says_what_would_be_right(
    number: int, case: Bad, found: dict[str, list[Finding]]
) -> None:
    _, line = changed(case, f"c{number:03}")
    got = found.get(f"c{number:03}", [])
    expected = [f for f in got if f.code == case.code and case.says in f.message]
    assert expected, f"wanted {case.code} {case.says!r} at {line}, got {[str(f) for f in got]}"
    assert line in {f.line for f in expected}, f"wanted line {line}, got {[str(f) for f in got]}"
    others = {f.code for f in got} - {case.code, *(one.partition("@")[0] for one in case.also)}
    assert others == set(), [str(f) for f in got]
    assert all(f.exit_code == (ExitCode.REFUSED if f.code == "E_REMOTE" else ExitCode.INPUT) for f in got)
