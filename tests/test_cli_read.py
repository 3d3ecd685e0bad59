"""The commands that read: changes, trace, conflicts, show, list, search, cite; what they print and how they end."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran, schema

from inforce_cli.render.reading import change_table, listing, thing_text


@pytest.fixture
def receipt(kb: Any, tmp_path: Path) -> Path:
    """A saved answer: an Indian national on the day of the designation."""
    answer = kb.check({"citizenships": ["IND"], "lmia_required": "no"}, on="2024-12-24", ordinarily=True)
    path = tmp_path / "answer.json"
    path.write_text(answer.to_json(), encoding="utf-8")
    return path


# ---- transcripts -----------------------------------------------------------------------------------

COMMANDS = [
    "changes --from 2024-12-18 --to 2024-12-24 --format table",
    "changes --about Mexique --from 2016 --to 2024 --format table --lang fr",
    "changes --from 2024-12-24 --to 2024-12-24 --layer designation --affects outcomes",
    "changes --about DORS/2024-258 --json",
    'show "IRPR 198(2)(a)(i)" --on 2010-01-01',
    'show "R198(2)(a)"',
    "show R-WP-FLAG-2024",
    "show R-WP-198-2A --known-on 2017-05-16",
    "show R-WP-FLAG-2024 --known-on 2024-12-01",
    "show Mexico",
    "show Mexique --on 2024-12-24 --lang fr",
    "show DORS/2024-258",
    "show SAWP --lang fr",
    "show lmia_required",
    "show C-01",
    'show "IRPR 26.1(2)" --on 2020-01-01',
    "show R-WP-FLAG-2025",
    "trace R-WP-FLAG-2024",
    "trace R-WP-198-2A --on 2010-01-01 --lang fr",
    "trace X-198-2A-I --on 2024-12-24 --format mermaid",
    "conflicts C-01",
    "conflicts C-01 --lang fr",
    "list layers",
    "list actions --lang fr --format table",
    "list rulez",
    "search class foreign nationals",
    "search camionneur",
    'cite "IRPR 198(2)(a)" --on 2010-01-01',
    'cite "IRPR 198(2)(a)" --on 2010-01-01 --lang fr',
    "cite R-WP-FLAG-2024 --style bibtex",
    "cite SOR/2024-258 --format csl-json",
]


@pytest.mark.transcript
@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_prints_what_its_transcript_says(transcript: Callable[..., None], line: str) -> None:
    transcript(f"read-{re.sub(r'[^a-z0-9]+', '-', line.lower()).strip('-')}", line)


def test_a_rule_is_cited_in_french_as_french_writes_it(run: Callable[..., Any]) -> None:
    out = run("cite R-WP-198-1 --lang fr").out
    assert "RIPR 198(1)" in out and "IRPR" not in out.replace("RIPR", "")


# ---- forms -----------------------------------------------------------------------------------------


def test_changes_as_json_have_the_fields_of_the_contract(run: Callable[..., Ran]) -> None:
    ran = run("changes --from 2024-06-01 --to 2025-03-01 --json")
    rows = json.loads(ran.out)
    wanted = set("date time kind layer thing citation instrument recorded label before after sources".split())
    wanted.add("affects_outcomes")
    assert ran.code == 0 and rows and all(wanted <= set(row) for row in rows)
    (ban,) = [row for row in rows if row["thing"] == "R-WP-FLAG-2024"]
    assert ban["time"].startswith("2024-12-24T00:01") and "S-OB686" in ban["sources"]
    assert {row["citation"] for row in rows if row["instrument"] == "SOR/2024-258"} == {"IRPR 26.1(1)", "IRPR 26.1(2)"}


def test_a_pipe_gets_tabs_with_a_header_and_csv_says_the_same(run: Callable[..., Ran]) -> None:
    lines = run("changes --from 2024-12-01 --to 2024-12-31").out.splitlines()
    assert lines[0].split("\t")[:4] == ["date", "time", "kind", "layer"]
    assert {line.count("\t") for line in lines} == {lines[0].count("\t")}
    table = list(csv.reader(io.StringIO(run("changes --from 2024-12-01 --to 2024-12-31 --format csv").out)))
    assert [row[:4] for row in table] == [line.split("\t")[:4] for line in lines]


def test_a_table_for_people_fits_eighty_columns(kb: Any) -> None:
    for lang in ("en", "fr"):
        lines = change_table(list(kb.changes()), width=80, lang=lang).splitlines()
        assert max(map(len, lines)) <= 80 and len(lines) == len(kb.changes()) + 1
        for kind in ("rules", "nationalities", "actions", "policy-changes", "conflicts"):
            found = kb.list(kind)
            assert max(map(len, listing(found.columns, found.rows, width=80, lang=lang).splitlines())) <= 80, kind


def test_a_thing_in_words_keeps_to_its_width(kb: Any) -> None:
    for name in ("IRPR 198(2)(a)", "R-WP-FLAG-2024", "Mexico", "SAWP", "C-01", "citizenships", "apply-work-permit-poe"):
        for lang in ("en", "fr"):
            text = thing_text(kb.show(name), width=80, lang=lang)
            # An address is never broken.
            assert all(len(line) <= 80 or "://" in line for line in text.splitlines()), name
            assert "None" not in text and "_fr" not in text


def test_a_limit_cuts_and_says_so(run: Callable[..., Ran]) -> None:
    for line in (
        "changes --limit 3",
        "list rules --limit 3",
        "search visa --limit 3",
        "conflicts --limit 3 --format tsv",
    ):
        ran = run(line)
        assert ran.code == 8 and len(ran.out.splitlines()) == 4 and "--limit" in ran.err, line
    assert len(json.loads(run("conflicts --limit 3 --json").out)) == 3


def test_a_trace_is_drawn_in_each_form(run: Callable[..., Ran]) -> None:
    starts = {"tree": "R-WP-198-1  ", "dot": "digraph ", "mermaid": "flowchart ", "turtle": "@base <", "json": "{"}
    for form, start in starts.items():
        ran = run(f"trace R-WP-198-1 --format {form}")
        assert ran.code == 0 and ran.out.startswith(start), form
    found = json.loads(run("trace R-WP-198-1 --json").out)
    assert found["schema"] == "inforce/trace/1" and found["root"] == "rule/R-WP-198-1"
    ids = {node["id"] for node in found["nodes"]}
    assert all(edge["from"] in ids and edge["to"] in ids for edge in found["edges"])


def test_a_picture_needs_no_other_program(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ran = run("trace C-01 --format svg")
    assert ran.code == 0 and ran.out.startswith("<svg ") and ran.out.endswith("</svg>\n")
    assert "depuis le" in run("trace R-WP-FLAG-2024 --format svg --lang fr").out


def test_a_file_is_written_whole_or_not_at_all(run: Callable[..., Ran], tmp_path: Path) -> None:
    target = tmp_path / "trace.dot"
    assert run(f"trace C-01 --format dot -o {target}").code == 0
    assert target.read_text(encoding="utf-8").startswith("digraph")
    assert run(f"trace C-99 --format dot -o {tmp_path / 'other.dot'}").code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trace.dot"]


def test_notes_go_to_standard_error_and_can_be_silenced(run: Callable[..., Ran]) -> None:
    ran = run("search flagpolling")
    assert ran.code == 0 and len(ran.out.splitlines()) == 1 and "flagpoling" in ran.err
    assert run("search flagpolling --quiet").err == ""
    assert "nothing changed" in run("changes --from 2003-01-05 --to 2003-01-06").err


def test_what_was_known_on_a_day_has_no_later_version_and_no_later_end(kb: Any, run: Callable[..., Ran]) -> None:
    """SOR/2017-78 came into force on 2017-05-05 and was published on 2017-05-17."""
    days = {
        day: json.loads(run(f"show R-WP-198-2A --known-on {day} --json").out) for day in ("2017-05-16", "2017-05-17")
    }
    before, after = days.values()
    assert (before["known_on"], before["on"]) == ("2017-05-16", None)
    assert [one["from"] for one in before["versions"]] == ["2002-06-28", "2004-07-22"]
    assert [one["from"] for one in after["versions"]] == ["2002-06-28", "2004-07-22", "2017-05-05"]
    assert before["versions"][1]["until"] is None and after["versions"][1]["until"] == "2017-05-05"
    # In force then, as known then, is the version that check answers with.
    for known, start in (("2017-05-16", "2004-07-22"), ("2017-05-17", "2017-05-05")):
        (held,) = json.loads(run(f"show R-WP-198-2A --on 2017-05-10 --known-on {known} --json").out)["versions"]
        answer = kb.check({"citizenships": "FRA"}, on="2017-05-10", known_on=known)
        (ground,) = [ground for ground in answer.grounds if ground.rule == "R-WP-198-2A"]
        assert held["from"] == ground.in_force_from == start
    assert json.loads(run("show R-WP-198-2A --json").out)["known_on"] is None


def test_what_people_could_not_know_is_on_no_list(run: Callable[..., Ran]) -> None:
    whole, early = (json.loads(run(f"show Mexico --json{more}").out) for more in ("", " --known-on 2015"))
    held = {one["iri"] for one in early["memberships"]}
    assert held < {one["iri"] for one in whole["memberships"]}
    assert all((one.get("known_from") or one["from"] or "") <= "2015-12-31" for one in early["memberships"])
    assert all((one["until"] or "") <= "2016" for one in early["memberships"])
    ran = run("show R-WP-FLAG-2024 --known-on 2024-12-01")
    assert ran.code == 2 and ran.err.startswith("error[E_NOT_HELD]: ") and "it was from 2024-12-23" in ran.err
    cited = json.loads(run("show R-WP-198-2A --known-on 2016 --json").out)["cited_by"]
    assert cited and not any("2017" in one["id"] for one in cited)


# ---- receipts --------------------------------------------------------------------------------------


def test_a_saved_answer_can_be_traced_cited_and_shown(run: Callable[..., Ran], receipt: Path) -> None:
    answer = json.loads(receipt.read_text(encoding="utf-8"))
    traced = json.loads(run(f"trace {receipt} --json").out)
    assert traced["root"] == f"answer/{answer['id']}"
    decisive = {f"rule/{g['rule']}" for g in answer["grounds"] if g["decisive"]}
    rests = {e["to"].rsplit("/", 1)[0] for e in traced["edges"] if e["relation"] == "rests-on"}
    assert decisive and rests == decisive
    assert answer["id"][:12] in run(f"cite {receipt}").out
    assert json.loads(run(f"show {receipt} --json").out) == answer
    shown = run(f"show {receipt}").out
    assert shown.startswith("may-not: apply-work-permit-poe") and answer["id"] in shown


def test_a_saved_answer_can_come_from_a_pipe(
    run: Callable[..., Ran], receipt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(receipt.read_text(encoding="utf-8")))
    assert run("cite - --style bibtex").out.startswith("@misc{answer-")


@pytest.mark.parametrize("command", ["trace", "cite", "show"])
@pytest.mark.parametrize(
    ("content", "code"), [("{", 3), ("[]", 3), ("{}", 3), ('{"schema": "inforce/answer/1"}', 3), ("\x00", 3)]
)
def test_a_file_that_is_no_answer_is_refused(
    run: Callable[..., Ran], tmp_path: Path, command: str, content: str, code: int
) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content, encoding="utf-8")
    ran = run(f"{command} {path}")
    assert ran.code == code and ran.out == "" and "error[E_CASE]" in ran.err and "Traceback" not in ran.err


# ---- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "name", "said"),
    [
        ("show", 2, "E_USAGE", "NAME"),
        ("show R-WP-FLAG-2025", 2, "E_UNKNOWN_ID", "did you mean R-WP-FLAG-2024"),
        ("show Indai", 2, "E_UNKNOWN_ID", "India"),
        ('show ""', 2, "E_UNKNOWN_ID", "nothing is called"),
        ("show missing.json", 2, "E_USAGE", "no such file"),
        ('show "IRPR 26.1(2)" --on 2024-12-17', 2, "E_NOT_HELD", "2024-12-18"),
        ("show MEX --on 03/04/2024", 2, "E_DATE", "two ways"),
        ("show MEX --format pdf", 2, "E_USAGE", "text"),
        ("trace nothing-at-all", 2, "E_UNKNOWN_ID", "search"),
        ("trace R-WP-FLAG-2024 --on 2020-01-01", 2, "E_NOT_HELD", "2024-12-24"),
        ("trace R-WP-FLAG-2024 --format png", 2, "E_USAGE", "mermaid"),
        ("list", 2, "E_USAGE", "KIND"),
        ("list ruls", 2, "E_UNKNOWN_ID", "did you mean rules"),
        ("search", 2, "E_USAGE", "WORD"),
        ('search " "', 2, "E_USAGE", "nothing to search for"),
        ("cite MEX", 2, "E_UNKNOWN_ID", "not cited"),
        ("cite R-WP-FLAG-2024 --style bibtx", 2, "E_UNKNOWN_ID", "did you mean bibtex"),
        ("cite R-WP-FLAG-2024 --style bibtex --format turtle", 2, "E_USAGE", "exclude"),
        ("changes --from 2024-13-01", 2, "E_DATE", "month"),
        ("changes --from 2025 --to 2024", 2, "E_USAGE", "earlier"),
        ("changes --layer regulations", 2, "E_UNKNOWN_ID", "did you mean regulation"),
        ("changes --kind add", 2, "E_UNKNOWN_ID", "did you mean added"),
        ("changes --affects people", 2, "E_UNKNOWN_ID", "--affects outcomes"),
        ("changes --about Mexcio", 2, "E_UNKNOWN_ID", "Mexico"),
        ("changes --form 2024-01-01", 2, "E_USAGE", "--from"),
        ("conflicts C-99", 2, "E_UNKNOWN_ID", "nothing is called"),
        ("changes --lang de", 2, "E_USAGE", "en or fr"),
    ],
)
def test_bad_input_is_named_with_what_would_be_right(
    run: Callable[..., Ran], line: str, code: int, name: str, said: str
) -> None:
    ran = run(line)
    assert ran.code == code and ran.out == "", ran
    assert ran.err.startswith(f"error[{name}]: ") and said in ran.err and ran.err.count("\n") == 1, ran.err


def test_an_error_as_json_is_a_problem_document(run: Callable[..., Ran]) -> None:
    ran = run("show R-WP-FLAG-2025 --json")
    problem = json.loads(ran.err)
    assert ran.code == 2 and ran.out == "" and problem["code"] == "E_UNKNOWN_ID" and problem["status"] == 404


@pytest.mark.parametrize("command", ["changes", "trace", "conflicts", "show", "list", "search", "cite"])
def test_help_ends_with_examples_that_work(
    run: Callable[..., Ran], command: str, receipt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # an example may write a file
    text = run(f"{command} --help").out
    examples = [line.strip().removeprefix("inforce ") for line in text.splitlines() if line.startswith("    inforce ")]
    assert len(examples) >= 2
    for line in examples:
        assert run(line.replace("answer.json", str(receipt))).code == 0, line


def test_what_data_say_cannot_move_the_cursor(kb: Any) -> None:
    from inforce_cli.render.text import safe_text

    thing = {**kb.show("C-01"), "label": "\x1b[2J owned"}
    assert "\x1b" not in safe_text(thing_text(thing))


# ---- the JSON forms --------------------------------------------------------------------------------


def test_every_thing_and_trace_keeps_to_its_schema(kb: Any) -> None:
    things, traces = schema("thing"), schema("trace")
    for entries in kb._tables["entities"].values():
        # Every eighth of a kind: they are all alike, and there are many provisions.
        for entry in entries[::8]:
            things.validate(json.loads(json.dumps(kb.show(entry["iri"]))))
            traces.validate(json.loads(json.dumps(kb.trace(entry["iri"]).to_dict())))


def test_changes_and_conflicts_keep_to_their_schemas(run: Callable[..., Ran]) -> None:
    schema("changes").validate(json.loads(run("changes --json").out))
    schema("conflicts").validate(json.loads(run("conflicts --json").out))


@pytest.mark.parametrize(
    "name", ["list/visa-exempt/MEX/2002-06-28", "entailment/SAWP/sawp_application", "source/S-OB686/details"]
)
def test_what_a_trace_names_can_be_shown_and_traced(run: Callable[..., Ran], name: str) -> None:
    assert run(f"show {name}").code == run(f"trace {name}").code == 0
