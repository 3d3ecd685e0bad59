"""An outcome over time on the command line: strips, pictures, pages and rows, from check and from timeline."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from command_line import Ran, schema

MEX = "citizenships=MEX --action trv-needed"
SPAN = "--from 2008-01-01 --to 2024-12-31"


def test_timeline_of_facts_is_the_history_of_check(run: Callable[..., Ran]) -> None:
    for form in ("json", "svg", "html", "tsv", "csv", "jsonl"):
        one = run(f"check {MEX} --history {SPAN} --format {form}")
        other = run(f"timeline {MEX} {SPAN} --format {form}")
        assert (one.code, one.out) == (other.code, other.out) and one.out, form
    assert run(f"timeline {MEX} {SPAN}").out == run(f"check {MEX} --history {SPAN} --format table").out
    schema("history").validate(json.loads(run(f"timeline {MEX} {SPAN} --json").out))


def test_strips_fit_the_page_and_have_a_sign_for_each_outcome(run: Callable[..., Ran]) -> None:
    for lang, words in (("en", ("= NOT REQUIRED", "x REQUIRED")), ("fr", ("= NON REQUIS", "x REQUIS"))):
        lines = run(f"timeline {MEX} {SPAN} --lang {lang}").out.splitlines()
        assert all(len(line) <= 80 for line in lines)
        assert all(any(word in line for line in lines) for word in words)
        strips = [line for line in lines if line.endswith(">")]
        marks = next(line for line in lines if line.strip().startswith("a"))
        for mark in "abcd":
            assert all(line[marks.index(mark)] == mark for line in strips[:2])


def test_rows_name_rule_instrument_and_both_clocks(run: Callable[..., Ran]) -> None:
    rows = list(csv.DictReader(io.StringIO(run(f"check {MEX} --history {SPAN} --format csv").out)))
    assert [(row["instrument"], row["known_from"], row["moved"]) for row in rows[1:]] == [
        ("SOR/2009-207", "2009-07-13", "begins"),
        ("SOR/2016-293", "2016-06-28", "begins"),
        ("SOR/2024-34", "2024-02-29", "begins"),
    ]


def test_a_picture_is_written_whole_and_stands_alone(run: Callable[..., Ran], tmp_path: Path) -> None:
    file = tmp_path / "mex.svg"
    assert run(f"check {MEX} --history {SPAN} --format svg -o {file}").code == 0
    root = ElementTree.fromstring(file.read_text(encoding="utf-8"))
    assert root.tag.endswith("svg")
    text = file.read_text(encoding="utf-8")
    assert "href" not in text and "<script" not in text and "@import" not in text
    assert "SOR/2016-293" in text


def test_a_page_says_the_same_in_a_table(run: Callable[..., Ran]) -> None:
    class Cells(HTMLParser):
        cells: list[str] = []

        def handle_data(self, data: str) -> None:
            self.cells.append(data)

    page = run(f"check {MEX} --history {SPAN} --format html --lang fr").out
    assert page.startswith('<!doctype html>\n<html lang="fr">')
    Cells().feed(page)
    for said in ("NON REQUIS", "REQUIS", "visa-exempt/MEX · DORS/2016-293", "2016-06-28"):
        assert said in Cells.cells


def test_png_says_which_extra_it_needs(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    for line in (f"check {MEX} --history", f"timeline {MEX}", "timeline R-WP-198-1"):
        ran = run(f"{line} --format png")
        assert ran.code == 6 and "E_EXTRA" in ran.err and "inforce[charts]" in ran.err and not ran.out


def test_png_is_drawn_where_the_library_is(run: Callable[..., Ran], tmp_path: Path) -> None:
    pytest.importorskip("vl_convert", reason="allowed: vl-convert-python is not installed (inforce[charts])")
    file = tmp_path / "mex.png"
    assert run(f"timeline {MEX} {SPAN} --format png -o {file}").code == 0
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG") and int.from_bytes(content[16:20], "big") == 1920


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("timeline IRPR 26.1", '"IRPR 26.1"'),
        ("timeline R-WP-198-1 --from 2020", "inforce timeline FACT=VALUE"),
        ("timeline citizenships=MEX IRPR", "is not FACT=VALUE"),
        ("timeline citizen=MEX", "citizenships"),
        ("timeline citizenships=MEX --from 2025 --to 2024", "is after"),
        ("check citizenships=MEX --history --format dot", "it writes"),
    ],
)
def test_what_cannot_be_drawn_is_refused(run: Callable[..., Any], line: str, said: str) -> None:
    ran = run(line)
    assert ran.code == 2 and said in ran.err and not ran.out
