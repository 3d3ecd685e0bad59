"""What the checks find, where they say it is, and what they say would be right: files wrong in one place each."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyoxigraph as ox
import pytest
from bad_graphs import CASES, LATE, QUERIES, Bad
from bad_texts import HEAD, TEXTS, Text
from hypothesis import given, settings
from hypothesis import strategies as st

from inforce.build import build, inputs, parse
from inforce.check import Finding, findings, rule_findings, validate
from inforce.check.files import read
from inforce.check.lines import scan
from inforce.errors import ExitCode, InputError, UsageError
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
    start = (
        text.find("\n" + named(case.at, name)) + 1
        if case.at
        else text.index(named(case.new or "\0", name))
        if case.new
        else -1
    )
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
    assert all(f.message_fr and f.message_fr != f.message and not re.search(r"\{\w+\}", f.message_fr) for f in got)


# ---- nothing goes untested --------------------------------------------------------------------------


def test_each_shape_has_a_case_for_each_of_its_messages(found: dict[str, list[Finding]]) -> None:
    said = {text for finds in found.values() for finding in finds for text in (finding.message, finding.message_fr)}
    silent = []
    for path in sorted((REPO / "ontology" / "shapes").glob("*.ttl")):
        message = "http://www.w3.org/ns/shacl#message"
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=BASE):
            if quad.predicate.value == message and isinstance(quad.object, ox.Literal):
                if not any(one.startswith(quad.object.value) for one in said):
                    silent.append(f"{path.name}: {quad.object.value}")
    assert silent == []


def test_each_query_has_a_case_that_finds_something() -> None:
    names = {path.name.removesuffix("-violation.rq") for path in (REPO / "queries" / "check").glob("*-violation.rq")}
    assert names == {case.name.split()[0] for case in QUERIES}


def test_each_query_says_what_it_asks_and_orders_its_rows() -> None:
    for path in (REPO / "queries" / "check").glob("*.rq"):
        text = path.read_text(encoding="utf-8")
        for key in ("title", "message", "message-fr", "question", "code", "columns"):
            assert re.search(rf"^# {key}: \S", text, re.MULTILINE), f"{path.name} has no {key}"
        columns = set(re.findall(r"\?(\w+)", re.search(r"^# columns: (.*)", text, re.MULTILINE)[1]))  # type: ignore[index]
        wanted = set(re.findall(r"\{(\w+)\}", re.search(r"^# message: (.*)", text, re.MULTILINE)[1]))  # type: ignore[index]
        assert "subject" in columns and wanted <= columns, path.name
        assert "ORDER BY" in text and "SELECT *" not in text and "NOT EXISTS" not in text, path.name


# ---- files that are no Turtle -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    folder = tmp_path_factory.mktemp("texts")
    for number, one in enumerate(TEXTS):
        (folder / f"t{number:02}.ttl").write_bytes(one.content)
    by_file: dict[str, list[Finding]] = {}
    for finding in validate([folder], REPO):
        by_file.setdefault(Path(finding.file).stem, []).append(finding)
    return by_file


@pytest.mark.parametrize(("number", "text"), list(enumerate(TEXTS)), ids=[one.name for one in TEXTS])
def test_a_file_that_is_no_turtle_is_named_with_line_and_column(
    number: int, text: Text, told: dict[str, list[Finding]]
) -> None:
    got = told[f"t{number:02}"]
    first = got[0]
    assert (first.code, first.line) == (text.code, text.line), [str(f) for f in got]
    assert first.column == text.column or not text.column, str(first)
    assert text.says in first.message, str(first)
    assert first.message_fr and first.message_fr != first.message
    assert first.exit_code is ExitCode.INPUT
    assert "Traceback" not in first.message and "\n" not in first.message


def test_every_syntax_error_of_a_file_is_found_not_only_the_first(tmp_path: Path) -> None:
    path = tmp_path / "three.ttl"
    bad = "note:a note:b yes .\n\n# fine\nnote:c note:d 1 .\n\nnote:e duck:f 1 .\n\nnote:g note:h ( 1 .\n"
    path.write_text(HEAD + bad, encoding="utf-8")
    assert [(f.line, f.column) for f in validate([path], REPO)] == [(5, 15), (10, 8), (12, 19)]


def test_a_file_with_bad_text_in_one_place_is_still_judged_in_the_others(tmp_path: Path) -> None:
    path = tmp_path / "two.ttl"
    path.write_text(HEAD + "note:a note:b yes .\n\nrule:R-1 a inf:Rule ; note:b 1 .\n", encoding="utf-8")
    got = validate([path], REPO)
    assert {f.code for f in got} >= {"E_RDF", "E_PARITY"}
    assert {f.line for f in got if f.code == "E_PARITY"} == {7}


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.ttl"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    [finding] = validate([path], REPO)
    assert finding.code == "E_RDF" and "is 100 MB" in finding.message and "split it" in finding.message


def test_a_long_text_is_read_in_no_time(tmp_path: Path) -> None:
    path = tmp_path / "long.ttl"
    path.write_text(
        HEAD + 'note:a note:b """' + 'duck " \\" ' * 300_000 + '""" .\n' + "note:c note:d yes .", encoding="utf-8"
    )
    assert [(f.code, f.line) for f in validate([path], REPO)] == [("E_RDF", 6)]


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    folder = tmp_path / "folder.ttl"
    folder.mkdir()
    (folder / "inner.ttl").symlink_to(tmp_path / "nowhere")
    (tmp_path / "good.ttl").write_text(named(GOOD, "good1"), encoding="utf-8")
    assert validate([tmp_path], REPO) == []
    with pytest.raises(UsageError, match="no such file"):
        validate([tmp_path / "nowhere"], REPO)
    with pytest.raises(UsageError, match=r"holds no \.ttl file"):
        validate([folder], REPO)


def test_nothing_is_printed_logged_or_stored(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for number, case in enumerate(CASES[::20]):
        (tmp_path / f"c{number}.ttl").write_text(changed(case, f"c{number}")[0], encoding="utf-8")
    day = next(case for case in CASES if case.code == "E_DATE")
    (tmp_path / "day.ttl").write_text(changed(day, "day0")[0], encoding="utf-8")
    before = digest(tmp_path), digest(REPO / "ontology"), digest(REPO / "data"), digest(REPO / "queries")
    assert validate([tmp_path], REPO)
    assert (digest(tmp_path), digest(REPO / "ontology"), digest(REPO / "data"), digest(REPO / "queries")) == before
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(str(path).encode() + path.read_bytes())
    return total.hexdigest()


def test_validating_twice_says_the_same_in_the_same_order(tmp_path: Path) -> None:
    for number, case in enumerate(CASES[::40]):
        (tmp_path / f"c{number}.ttl").write_text(changed(case, f"c{number}")[0], encoding="utf-8")
    once = validate([tmp_path], REPO)
    assert once == validate(sorted(tmp_path.glob("*.ttl"), reverse=True), REPO)
    assert once == sorted(once, key=lambda f: (f.file, f.line, f.column, f.code, f.subject, f.message))


# ---- files against each other and against the package -----------------------------------------------


def test_two_files_that_define_one_thing_are_told_of_each_other(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.ttl").write_text(named(GOOD, "same0"), encoding="utf-8")
    got = validate([tmp_path], REPO)
    assert got and {f.code for f in got} == {"E_DUPLICATE"}
    assert {Path(f.file).name for f in got} == {"two.ttl"}
    assert all("one.ttl:" in f.message and "keep one block" in f.message for f in got)


def test_versions_in_two_files_that_overlap_are_found(tmp_path: Path) -> None:
    (tmp_path / "one.ttl").write_text(named(GOOD, "pair0"), encoding="utf-8")
    start = GOOD.index("<rule/LIFT-NAME/2021-01-01>")
    version = GOOD[start : GOOD.index("\n\n", start)].replace("2021-01-01", "2023-01-01")
    head = GOOD[: GOOD.index("source:S-NAME")]
    (tmp_path / "two.ttl").write_text(named(head + version + "\n", "pair0"), encoding="utf-8")
    got = validate([tmp_path], REPO)
    assert [f.code for f in got] == ["E_OVERLAP"]
    assert "<rule/LIFT-pair0/2023-01-01>" in got[0].message


def test_a_version_of_a_packaged_rule_that_overlaps_it_is_found_in_the_users_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.ttl"
    start = GOOD.index("<rule/LIFT-NAME/2021-01-01>")
    version = GOOD[start : GOOD.index("\n\n", start)].replace("rule:LIFT-NAME", "rule:R-WP-197")
    path.write_text(named(GOOD + "\n" + version.replace("LIFT-NAME/2021", "MORE-NAME/2021"), "over0"), encoding="utf-8")
    got = [f for f in validate([path], REPO) if f.code == "E_OVERLAP"]
    assert got and {f.file for f in got} == {str(path)} and all(f.line > 200 for f in got)


def test_stating_again_what_the_package_states_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "again.ttl"
    path.write_bytes((REPO / "ontology" / "rules" / "irpr-198.ttl").read_bytes())
    assert validate([path], REPO) == []


def test_the_packages_own_files_can_be_validated_by_themselves() -> None:
    assert validate([REPO / "ontology" / "rules", REPO / "data" / "lists"], REPO) == []


def test_a_circle_of_five_rules_is_found_at_each_of_them(tmp_path: Path) -> None:
    start = GOOD.index("rule:LIFT-NAME a inf:Rule")
    pair = GOOD[start : GOOD.index("change:NAME")]
    text = named(GOOD, "ring0")
    for number in range(5):
        own = pair.replace("LIFT-NAME", f"RING{number}").replace("rule:BAR-NAME", f"rule:RING{(number + 1) % 5}")
        text += "\n" + named(own, "ring0")
    (tmp_path / "ring.ttl").write_text(text, encoding="utf-8")
    got = validate([tmp_path], REPO)
    assert [f.code for f in got] == ["E_CYCLE"] * 5


# ---- the scanner of lines ---------------------------------------------------------------------------


def test_the_scanner_finds_each_subject_of_each_shipped_file_where_it_stands() -> None:
    for item in inputs(REPO):
        text = item.path.read_text(encoding="utf-8")
        lines = text.splitlines()
        blocks = scan(text, BASE).blocks
        triples = list(ox.parse(path=str(item.path), format=ox.RdfFormat.TURTLE, base_iri=BASE))
        subjects = {q.subject.value for q in triples if isinstance(q.subject, ox.NamedNode)}
        assert {block.subject for block in blocks if block.subject} == subjects, item.name
        for block in blocks:
            assert re.match(r"[a-z]+:\S|<[^>]+>|\[", lines[block.line - 1]), f"{item.name}:{block.line}"
            alone = (
                " ".join(d for d, _ in scan(text, BASE).directives) + text[block.start : block.end]
                if len(blocks) < 5
                else ""
            )
            assert not alone or list(ox.parse(input=alone, format=ox.RdfFormat.TURTLE, base_iri=BASE))


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ('# e:no e:b 1 .\ne:a e:b "# . ; e:c" .', ["a"]),
        ("e:a e:b '''x\n. e:no e:b 1 .\n''' .\ne:c e:d 1.5 .", ["a", "c"]),
        ('e:a e:b """say "no" . \n""" ; e:c [ e:d ( 1 2 ) ; e:e "x"@en-CA ] .\ne:f e:g true.', ["a", "f"]),
        ("<a.b> e:c <d#e;f,g.h> .\n<../z> e:c 1 .", ["a.b", "../z"]),
        ("e:a.b e:c e:d.\ne:x.y e:c 1 .e:z e:c 2.", ["a.b", "x.y", "z"]),
        ("e:a\\,b e:c 1 . e:%41 e:c 2 .", ["a,b", "%41"]),
        ("[ e:a 1 ] e:b 2 . ( 1 2 ) e:c 3 . _:x e:d 4 .", ["", "", ""]),
        ("PREFIX f: <http://f/>\nBASE <http://g/>\ne:a f:b <c> . <d> e:e 1 .", ["a", "http://g/d"]),
        ("e:a e:b 1e3 , -2.5E-1 , .5 .", ["a"]),
        ("e:été e:b 1 . e:\u1d00b e:c 2 .", ["été", "\u1d00b"]),
        ("<\\u0061> e:b 1 .", ["a"]),
    ],
)
def test_the_scanner_knows_strings_comments_numbers_and_names(text: str, subjects: list[str]) -> None:
    head = "@prefix e: <http://e/> .\n@base <http://e/x/> .\n"
    found = [block.subject for block in scan(head + text).blocks]
    expected = {
        q.subject.value
        for q in ox.parse(input=head + text, format=ox.RdfFormat.TURTLE)
        if isinstance(q.subject, ox.NamedNode)
    }
    assert {one for one in found if one} == expected
    assert len(found) == len(subjects)


BITS = [
    "e:a",
    "<b>",
    "[",
    "]",
    "(",
    ")",
    ";",
    ",",
    ".",
    '"x"',
    '"""',
    "'",
    "# c\n",
    "\n",
    "@prefix",
    "@en",
    "1.5",
    "_:b",
    "^^",
    "\\",
    "<",
    " ",
]


@given(st.lists(st.sampled_from(BITS), max_size=40).map(" ".join))
def test_the_scanner_never_fails_and_never_goes_back(text: str) -> None:
    blocks = scan(text).blocks
    assert all(a.end <= b.start for a, b in pairwise(blocks))
    assert all(block.line == text.count("\n", 0, block.start) + 1 for block in blocks)


@settings(max_examples=25)
@given(st.lists(st.sampled_from(BITS), max_size=12).map(" ".join), st.integers(0, 300))
def test_no_text_makes_reading_fail(text: str, cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.ttl"
        path.write_text(HEAD + text + "\n" + GOOD[cut * 20 : cut * 20 + 400], encoding="utf-8")
        read(path)


def test_findings_are_in_the_order_of_file_and_line_and_say_where() -> None:
    one = Finding("E_DATE", "no day", "rule:R-1", "b.ttl", 3)
    assert str(one) == "error[E_DATE]: b.ttl:3: rule:R-1: no day"
    assert Finding("E_RDF", "no", "", "b.ttl", 3, 4).where == "b.ttl:3:4"


def texts() -> Iterator[str]:
    yield from (case.name for case in CASES)


def test_there_are_as_many_bad_files_as_the_plan_asks_for() -> None:
    assert len(set(texts())) == len(CASES)
    assert len([case for case in CASES if case.code == "E_DATE"]) >= 40
    graph = {"E_INTERVAL", "E_OVERLAP", "E_GAP", "E_CYCLE", "E_CONFLICT", "E_SOURCE", "E_PARITY"}
    assert len([case for case in CASES if case.code in graph]) >= 60
    assert len(TEXTS) >= 60


# ---- what rules say against each other --------------------------------------------------------------


LIFTED = "    inf:defeats rule:BAR-NAME ;\n"
BAR_WHEN = "inf:when [ inf:fact fact:has_duck_NAME ; inf:isTrue true ] ;"


def said(tmp_path: Path, *changes: tuple[str, str]) -> list[tuple[str, str, str]]:
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / "rules.ttl"
    path.write_text(named(text, "say0"), encoding="utf-8")
    found = rule_findings([path], REPO)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(f.exit_code is ExitCode.ANSWERED and lines[f.line - 1].startswith(f.subject) for f in found)
    return [(f.code, f.subject, f.message) for f in found]


def test_a_bar_that_is_always_defeated_where_it_holds_is_named(tmp_path: Path) -> None:
    [(_, subject, message)] = [one for one in said(tmp_path) if one[0] == "W_DEAD"]
    assert subject == "<rule/BAR-say0/2022-01-01>"
    assert "always defeated by rule:LIFT-say0" in message


def test_a_bar_and_a_permit_that_can_both_stand_are_named_unless_one_defeats_the_other(tmp_path: Path) -> None:
    conflicts = [one for one in said(tmp_path, (LIFTED, "")) if one[0] == "W_CONFLICT"]
    # Two rules are told of once, with the first versions that meet and the day from which both are in force.
    assert [one[1] for one in conflicts] == ["<rule/BAR-say0/2020-01-04>"]
    assert "<rule/LIFT-say0/2021-01-01>, a Permit, from 2021-01-01 on" in conflicts[0][2]


def test_a_bar_and_a_permit_whose_facts_exclude_each_other_are_not_named(tmp_path: Path) -> None:
    # No duck, no kind of duck: a constraint keeps the Bar and the Permit apart.
    found = said(tmp_path, (LIFTED, ""), (BAR_WHEN, BAR_WHEN.replace("true", "false")))
    assert ("W_CONFLICT", "<rule/BAR-say0/2020-01-04>") not in {one[:2] for one in found}


@pytest.mark.parametrize(
    "when",
    [
        "inf:when [ inf:allOf ( [ inf:fact fact:has_duck_NAME ; inf:isTrue true ] "
        "[ inf:fact fact:has_duck_NAME ; inf:isTrue false ] ) ] ;",
        "inf:when [ inf:allOf ( [ inf:fact fact:has_duck_NAME ; inf:isTrue false ] "
        "[ inf:fact fact:duck_kind_NAME ; inf:is value:eider-NAME ] ) ] ;",
        "inf:when [ inf:allOf ( [ inf:fact fact:duck_kind_NAME ; inf:is value:none ] "
        "[ inf:fact fact:duck_kind_NAME ; inf:is value:eider-NAME ] ) ] ;",
        "inf:when [ inf:not [ inf:fact fact:duck_kind_NAME ; inf:in ( value:none value:eider-NAME ) ] ] ;",
    ],
    ids=["a fact and its opposite", "against a constraint", "two values of one choice", "no value of a choice"],
)
def test_a_rule_whose_condition_can_never_hold_is_named(tmp_path: Path, when: str) -> None:
    found = said(tmp_path, (BAR_WHEN, when))
    dead = [one for one in found if one[1] == "<rule/BAR-say0/2020-01-04>"]
    assert [one[0] for one in dead] == ["W_DEAD"] and "can never hold" in dead[0][2]


def test_a_gap_between_versions_and_an_exemption_from_nothing_are_named(tmp_path: Path) -> None:
    until = 'inf:until "2022-01-01"^^xsd:date ;\n    inf:expresses'
    effect = "inf:effect inf:Permit ;\n    inf:action action:enter-NAME ;\n    inf:layer layer:regulation ;"
    found = said(
        tmp_path, (until, until.replace("2022", "2021")), (effect, effect.replace("Permit", "Exempt")), (LIFTED, "")
    )
    assert ("W_GAP", "<rule/BAR-say0/2020-01-04>") in {one[:2] for one in found}
    assert any("on 2021-01-01 and the next version of rule:BAR-say0 starts on 2022-01-01" in one[2] for one in found)
    assert ("W_DEAD", "<rule/LIFT-say0/2021-01-01>") in {one[:2] for one in found}


def test_no_shipped_rule_is_dead_and_each_bar_against_a_permit_is_listed_once() -> None:
    found = rule_findings([], REPO)
    assert not [str(f) for f in found if f.code == "W_DEAD"]
    pairs = [(f.subject, f.message) for f in found if f.code == "W_CONFLICT"]
    assert len(pairs) == len(set(pairs)) and pairs
    assert any("R-WP-198-2A/2002-06-28" in s and "R-WP-198-1/" in m for s, m in pairs)
    assert not any("R-WP-DEFAULT" in s for s, _ in pairs)


# ---- the build ----------------------------------------------------------------------------------------


def test_the_build_finds_in_a_users_file_what_validate_finds(tmp_path: Path) -> None:
    for number, name in enumerate(("version without effect", "rule-overlap", "unknown fact", "end before the start")):
        case = next(one for one in CASES if one.name == name)
        (tmp_path / f"c{number}.ttl").write_text(changed(case, f"c{number}")[0], encoding="utf-8")
    sources = inputs(REPO, [tmp_path])
    own = [item.path for item in sources if "/user-" in item.graph]
    found = findings(REPO, parse(sources), own)
    assert found == validate([tmp_path], REPO) and len({f.file for f in found}) == 4


def test_the_build_refuses_a_users_file_with_a_fault_and_leaves_nothing(tmp_path: Path) -> None:
    case = next(one for one in CASES if one.name == "version without effect")
    text, line = changed(case, "c0")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "c0.ttl").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="inf:Permit, inf:Bar, inf:Exempt or inf:Require") as raised:
        build(REPO, tmp_path / "out", data=[tmp_path / "mine"])
    assert raised.value.source == f"{tmp_path}/mine/c0.ttl:{line}" and raised.value.exit_code is ExitCode.INPUT
    assert not (tmp_path / "out").exists()
