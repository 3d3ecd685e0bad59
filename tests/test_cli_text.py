"""The commands over the law's text: show, diff, blame, timeline, search, cite; what they print and how they end."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran, schema

from inforce_cli.render.text_diff import difference_text
from inforce_cli.render.text_reading import reading_markdown, reading_text
from inforce_cli.render.text_timeline import timeline_text
from inforce_cli.render.text_words import inline, lines, painted


@pytest.fixture
def _small(
    small_law: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The commands see the invented law as imported."""
    monkeypatch.setenv("XDG_DATA_HOME", str(small_law))
    monkeypatch.setenv("XDG_CACHE_HOME", str(small_law / "cache"))
    yield


@pytest.fixture
def _nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The commands see no imported law."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "empty"))
    yield


# ---- transcripts -----------------------------------------------------------------------------------

COMMANDS = [
    'show "SOR/1901-7 3" --on 2002-01-01',
    'show "SOR/1901-7 2" --on 2003-03-03 --lang fr',
    'show "SOR/1901-7 3" --on 2002-01-01 --known-on 2002-01-01',
    'show "SOR/1901-7 4(1)" --on 2002-01-01 --format md',
    'show "SOR/1901-7 3(2)" --on 2001-01-01',
    'show "SOR/1901-7 3(9)" --on 2002-01-01',
    'diff "SOR/1901-7 3" 2001-11-30 2001-12-01',
    'diff "SOR/1901-7 2" 2001-01-01 2003-03-03',
    'diff "SOR/1901-7 2" 2001-01-01 2003-03-03 --lang fr',
    'diff "SOR/1901-7 3" 2001-11-30 2001-12-01 --format unified',
    'diff "SOR/1901-7 3" 2002-01-01 2003-01-01',
    "diff 2001-01-01 2003-12-31 --about SOR/1901-7 --format table",
    "diff 2001-01-01 2003-12-31 --about sor-1901-7/2 --format table --lang fr",
    "diff 2001-01-01",
    'blame "SOR/1901-7 3" --on 2002-01-01 --format table',
    'blame "SOR/1901-7 2" --on 2003-03-03 --format table --lang fr',
    'timeline "SOR/1901-7 3"',
    'timeline "SOR/1901-7 2" --lang fr',
    "search tend lamp --format table",
    'cite "SOR/1901-7 3(2)" --on 2002-01-01',
    'cite "SOR/1901-7 3(2)" --on 2002-01-01 --style bibtex --lang fr',
]


@pytest.mark.transcript
@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_prints_what_its_transcript_says(transcript: Callable[..., None], line: str) -> None:
    transcript(f"text-{re.sub(r'[^a-z0-9]+', '-', line.lower()).strip('-')}", line)


@pytest.mark.transcript
@pytest.mark.usefixtures("_nothing")
@pytest.mark.parametrize(
    "line", ["timeline R-WP-198-2A", 'blame "IRPR 26.1"', 'diff "IRPR 26.1" 2024-01-01 2025-01-01']
)
def test_without_any_import_rules_have_timelines_and_text_says_how_to_get_it(
    transcript: Callable[..., None], line: str
) -> None:
    transcript(f"text-nothing-{re.sub(r'[^a-z0-9]+', '-', line.lower()).strip('-')}", line)


# ---- forms -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("text-difference", 'diff "SOR/1901-7 2" 2001-01-01 2003-03-03'),
        ("text-changes", "diff 2001-01-01 2003-12-31 --about SOR/1901-7"),
        ("blame", 'blame "SOR/1901-7 3" --on 2002-01-01'),
        ("timeline", 'timeline "SOR/1901-7 3"'),
        ("timeline", "timeline R-WP-198-1 --lang fr"),
    ],
)
def test_every_json_form_is_as_its_schema_says(run: Callable[..., Ran], name: str, line: str) -> None:
    ran = run(f"{line} --json")
    assert ran.code == 0, ran.err
    schema(name).validate(json.loads(ran.out))


@pytest.mark.usefixtures("_small")
def test_show_has_the_text_in_its_json(run: Callable[..., Ran]) -> None:
    thing = json.loads(run('show "SOR/1901-7 3" --on 2002-01-01 --json').out)
    schema("thing").validate(thing)
    schema("text").validate(thing["wording"])
    assert [one["path"] for one in thing["wording"]["units"]][:3] == [
        "sor-1901-7/3",
        "sor-1901-7/3/1",
        "sor-1901-7/3/1/a",
    ]


@pytest.mark.usefixtures("_nothing")
def test_without_an_import_show_says_what_it_said_and_how_to_get_the_text(run: Callable[..., Ran]) -> None:
    ran = run('show "IRPR 26.1(2)" --on 2025-01-01')
    assert ran.code == 0 and "SOR/2024-258" in ran.out and "inforce import" in ran.err
    thing = json.loads(run('show "IRPR 26.1(2)" --on 2025-01-01 --json').out)
    assert thing["wording"] is None and thing["versions"]
    assert "wording" not in json.loads(run("show R-WP-FLAG-2024 --json").out)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "path", "line", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path", "line", "rect"):
            assert self.open.pop() == tag


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    "line",
    [
        'show "SOR/1901-7 3" --on 2002-01-01',
        'diff "SOR/1901-7 2" 2001-01-01 2003-03-03',
        'timeline "SOR/1901-7 3"',
    ],
)
def test_a_page_is_whole_and_needs_nothing_from_elsewhere(run: Callable[..., Ran], line: str) -> None:
    ran = run(f"{line} --format html")
    tags = _Tags()
    tags.feed(ran.out)
    assert ran.code == 0 and tags.open == []
    names = {tag for tag, _ in tags.seen}
    assert {"html", "title", "h1"} <= names and not names & {"script", "img", "link", "iframe"}
    assert not [at for _, at in tags.seen if "src" in at or "href" in at]
    assert 'lang="en"' in ran.out


@pytest.mark.usefixtures("_small")
def test_a_picture_is_written_to_a_file(run: Callable[..., Ran], tmp_path: Path) -> None:
    target = tmp_path / "t.svg"
    assert run(f'timeline "SOR/1901-7 3" --format svg -o {target}').code == 0
    assert ET.fromstring(target.read_text(encoding="utf-8")).tag.endswith("svg")  # noqa: S314 - our own


@pytest.mark.usefixtures("_small")
def test_tables_say_the_same_as_json(run: Callable[..., Ran]) -> None:
    for line in ('timeline "SOR/1901-7 3"', 'blame "SOR/1901-7 3" --on 2002-01-01'):
        table = list(csv.DictReader(io.StringIO(run(f"{line} --format csv").out)))
        told = json.loads(run(f"{line} --json").out)
        rows = told if isinstance(told, list) else told["stretches"]
        assert [{k: v or "" for k, v in row.items()} for row in rows] == table


@pytest.mark.usefixtures("_small")
def test_a_difference_can_be_the_exit_code(run: Callable[..., Ran]) -> None:
    assert run('diff "SOR/1901-7 3" 2001-11-30 2001-12-01 --exit-code').code == 1
    assert run('diff "SOR/1901-7 3" 2002-01-01 2003-01-01 --exit-code').code == 0
    assert run("diff 2001-01-01 2003-12-31 --about SOR/1901-7 --exit-code").code == 1
    cut = run("diff 2001-01-01 2003-12-31 --about SOR/1901-7 --limit 2")
    assert cut.code == 8 and len(cut.out.splitlines()) == 3


# ---- on a screen -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_is_wider_than_the_screen(kb_small: Any, width: int) -> None:
    law = kb_small.law
    for section in ("2", "3", "4"):
        name = f"sor-1901-7/{section}"
        for lang in ("en", "fr"):
            reading = law.provision(name, on="2002-01-01", language=lang).to_dict()
            difference = law.difference(name, "2001-02-01", "2003-03-03", language=lang).to_dict()
            strips = timeline_text(law.timeline(name, language=lang), width=width, lang=lang)
            for text in (
                reading_text(reading, width=width, lang=lang),
                difference_text(difference, width=width, lang=lang),
                strips,
            ):
                assert max(map(len, text.splitlines())) <= width, text


def test_what_data_say_never_moves_the_cursor(kb_small: Any) -> None:
    reading = kb_small.law.provision("sor-1901-7/3", on="2002-01-01").to_dict()
    reading["units"][1]["text"] = "\x1b[2J <b>*bold*</b> \u202e"
    assert "\x1b" not in reading_text(reading) and "\u202e" not in reading_text(reading)
    assert "\\*bold\\*" in reading_markdown(reading) and "\\<b\\>" in reading_markdown(reading)


def test_colour_adds_to_the_marks_and_takes_nothing_away() -> None:
    edits = [
        {"op": "equal", "before": "carries ", "after": "carries "},
        {"op": "replace", "before": "a lantern", "after": "two lamps"},
        {"op": "equal", "before": ".", "after": "."},
    ]
    plain = [painted(line, color=False) for line in lines(inline(edits), 80)]
    assert plain == ["carries [-a lantern-] {+two lamps+}."]
    coloured = [painted(line, color=True) for line in lines(inline(edits), 80)]
    assert [re.sub(r"\x1b\[\d*m", "", line) for line in coloured] == plain and "\x1b[31m" in coloured[0]
