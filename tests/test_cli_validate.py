"""The command validate: cases with their places, rules against each other with examples, and how it ends."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import PREFIXES, Ran, schema

from inforce.errors import InputError
from inforce_cli.case import read_case
from inforce_cli.plain_yaml import NotPlain, pairs

# A permit and a bar that nothing sets apart, and an exemption that lifts nothing.
RULES = f"""
{PREFIXES}
rule:OWN-BAR a inf:Rule ;
    rdfs:label "Own bar"@en , "Propre interdiction"@fr ; skos:notation "OWN-BAR" .
<rule/OWN-BAR/2024-01-01> a inf:RuleVersion ;
    inf:versionOf rule:OWN-BAR ; dct:identifier "OWN-BAR" ;
    rdfs:label "Own bar"@en , "Propre interdiction"@fr ;
    inf:effect inf:Bar ;
    inf:action action:apply-work-permit-poe ;
    inf:layer layer:notice ;
    inf:when [ inf:allOf ( [ inf:fact fact:lmia_required ; inf:isTrue true ]
                           [ inf:fact fact:lmia_assessment_provided ; inf:isTrue WANTED ] ) ] ;
    inf:from "2024-01-01"^^xsd:date ; inf:startKnownFrom "2024-01-01"^^xsd:date ;
    prov:wasDerivedFrom <source/S-R198-2017/198-2> ;
    inf:confidence "low" ; inf:contested false .
"""


@pytest.fixture
def case(tmp_path: Path) -> Callable[[str], Path]:
    """Write a case."""

    def write(text: str, name: str = "case.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


# ---- cases in plain YAML -----------------------------------------------------------------------------

GOOD = [
    "citizenships: [IND, MEX]\nlmia_required: no\n",
    "---\n# a person\ncitizenships:\n- IND\n- MEX\nlmia_required: no # for sure\n",
    "facts:\n  citizenships:\n    - 'IND'\n    - \"MEX\"\n  lmia_required: 'no'\n",
    '"citizenships": [\'IND\', "MEX",]\nlmia-required: no\n',
]


@pytest.mark.parametrize("text", GOOD)
def test_a_case_in_yaml_is_the_same_case_as_in_words(kb: Any, run: Callable[..., Ran], case: Any, text: str) -> None:
    path = case(text)
    wanted = kb.check({"citizenships": ["IND", "MEX"], "lmia_required": "no"}, on="2024-12-24").to_json()
    assert run(f"check --facts {path} --on 2024-12-24 --json").out == wanted
    assert run(f"validate {path}") == Ran(0, "1 checked, nothing found\n", "")


@pytest.mark.parametrize(
    "text",
    [
        "a: b\nc: [x, 'y, z', \"q\"]\nd:\n- e\n- 'f # g'  # h\ne: it's # no\n",
        "---\na: []\n'b': [x,]\nx-y: 12\nz: 'NO'\nw: a:b\nno: NO\nday: 2024-12-24\n",
        "facts:\n  a: 'it''s'\n  c:\n    - \"d\\u00e9\"\n    - e\n",
    ],
)
def test_what_is_read_is_what_yaml_says_with_every_scalar_as_text(text: str) -> None:
    whole = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # the loader that makes nothing but text
    assert {name: value for name, value, _, _ in pairs(text)} == whole.get("facts", whole)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: &x b", 1, 4), ("a: *x", 1, 4), ("a: !!python/object:os.system b", 1, 4), ("a: {b: c}", 1, 4),
        ("a: |\n  b", 1, 4), ("a: b\nc:\nd: e", 2, 3), ("a: b\n  c", 2, 3), ("\ta: b", 1, 1), ("a:\n  b: c", 1, 3),
        ("a: [b", 1, 5), ("a: [b]]", 1, 7), ("a: [b, [c]]", 1, 8), ("a: 'b", 1, 4), ('a: "b', 1, 4), ("a: b: c", 1, 4),
        ("a: b\n---\na: c", 2, 1), ("facts:\n  a: b\nname: x", 3, 1), ("- a: b", 1, 1), ("a: [b] c", 1, 8),
    ],
)  # fmt: skip
def test_yaml_beyond_what_a_case_needs_is_refused_with_its_place(case: Any, text: str, line: int, column: int) -> None:
    with pytest.raises(NotPlain) as raised:
        list(pairs(text))
    assert (raised.value.line, raised.value.column) == (line, column)
    if text[0] in 'a"f':
        path = case(text)
        with pytest.raises(InputError) as refused:
            read_case(str(path))
        assert refused.value.source == f"{path}:{line}:{column}"


def test_every_fact_that_is_wrong_is_told_with_its_line_and_column(run: Callable[..., Ran], case: Any) -> None:
    path = case("# one\nfacts:\n  citizenships: [JPN, Atlantis]\n  lmia_required: maybe\n  citizen: FRA\n")
    ran = run(f"validate {path} --json")
    found = json.loads(ran.out)
    schema("findings").validate(found)
    assert ran.code == 3 and [(one["code"], one["line"], one["column"]) for one in found] == [
        ("E_UNKNOWN_ID", 3, 3), ("E_FACTS", 4, 3), ("E_UNKNOWN_ID", 5, 3),
    ]  # fmt: skip
    assert {one["file"] for one in found} == {str(path)} and {one["level"] for one in found} == {"error"}
    lines = run(f"validate {path}").out.splitlines()
    assert lines[0].startswith(f"error[E_UNKNOWN_ID]: {path}:3:3: ") and lines[-1] == "3 found"


@pytest.mark.parametrize("name", ["case.yaml", "case.json", "case.txt"])
def test_facts_that_exclude_each_other_are_named_at_the_last_of_them(
    run: Callable[..., Ran], case: Any, name: str
) -> None:
    facts = {"citizenships": "IND", "arrival_mode": "land", "lmia_required": "no", "arriving_from": "FRA"}
    form = {"case.yaml": ": ", "case.txt": "="}.get(name)
    text = json.dumps(facts, indent=0) if form is None else "".join(f"{k}{form}{v}\n" for k, v in facts.items())
    (found,) = json.loads(run(f"validate {case(text, name)} --json").out)
    assert found["code"] == "E_FACTS" and found["line"] == (5 if form is None else 4)
    assert "arrival_mode, arriving_from" in found["message"] and "lmia_required" not in found["message"]


def test_a_weekday_is_no_contradiction_whatever_day_it_is(run: Callable[..., Ran], case: Any) -> None:
    for day in ("Mon", "Tue"):
        assert run(f"validate {case(f'arrival_weekday: {day}')}").code == 0


def test_a_case_on_standard_input_is_validated(
    run: Callable[..., Ran], case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with case("citizen: FRA\n").open(encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        ran = run("validate -")
    assert ran.code == 3 and ran.out.startswith("error[E_UNKNOWN_ID]: -:1:1: ")


def test_nothing_to_validate_is_a_wrong_question(run: Callable[..., Ran]) -> None:
    ran = run("validate")
    assert ran.code == 2 and "nothing to validate" in ran.err and "--data" in ran.err


# ---- rules against each other ------------------------------------------------------------------------


def test_each_example_of_the_packaged_rules_shows_that_both_stand(kb: Any, run: Callable[..., Ran]) -> None:
    ran = run("validate --rules --json")
    found = json.loads(ran.out)
    schema("findings").validate(found)
    assert ran.code == 0 and {one["level"] for one in found} == {"note"}
    conflicts = [one for one in found if one["code"] == "W_CONFLICT"]
    assert len(conflicts) > 40 and all(one["example"] for one in conflicts)
    for one in conflicts[::3]:
        case = one["example"]
        answer = kb.check(
            case["facts"], on=case["on"], action=case["action"], readings=case["readings"], ordinarily=True
        )
        standing = {ground.version for ground in answer.grounds if ground.stands}
        both = {one["subject"].strip("<>"), one["message"].split("<")[1].split(">")[0]}
        assert both <= standing, one


def test_what_rules_say_against_each_other_is_a_page_whose_examples_can_be_run(run: Callable[..., Ran]) -> None:
    out = run("validate --rules").out
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80 and lines[-1].endswith(" to think about")
    assert "W_CONFLICT: can stand together with R-WP-198-1 of 2002-06-28, a Permit" in out
    typed = " ".join(line.strip().removesuffix("\\") for line in lines if line.startswith("    "))
    commands = ["check " + one.strip() for one in typed.split("inforce check ") if one.strip()]
    assert len(commands) > 40
    ran = run(commands[0])
    assert ran.code == 0 and ran.out.startswith("ORDINARILY MAY NOT ")
    cells = run("validate --rules --format csv --limit 1 --quiet")
    assert cells.code == 8 and shlex.split(cells.out.splitlines()[1].split(",")[-1])[:2] == ["inforce", "check"]


@pytest.mark.parametrize("how", ["--data {0}", "{0}"])
def test_own_rules_are_judged_beside_the_packages(run: Callable[..., Ran], tmp_path: Path, how: str) -> None:
    path = tmp_path / "own.ttl"
    path.write_text(RULES.replace("WANTED", "false"), encoding="utf-8")
    asked = how.format(path)
    line = RULES.splitlines().index("<rule/OWN-BAR/2024-01-01> a inf:RuleVersion ;") + 1
    assert json.loads(run(f"validate {asked} --json").out) == []
    found = json.loads(run(f"validate --rules {asked} --json").out)
    assert found and {(one["code"], one["file"], one["line"]) for one in found} == {("W_CONFLICT", str(path), line)}
    assert found[0]["example"]["facts"]["lmia_required"] == "yes"
    text = run(f"validate --rules {asked}").out
    assert text.startswith(f"OWN-BAR of 2024-01-01  {path}:{line}\n") or text.startswith("OWN-BAR of 2024-01-01\n")


def test_a_rule_that_can_never_hold_is_named_but_a_fault_is_told_first(run: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "own.ttl"
    dead = RULES.replace("fact:lmia_assessment_provided", "fact:lmia_required").replace("WANTED", "false")
    path.write_text(dead, encoding="utf-8")
    ran = run(f"validate --rules {path}")
    assert ran.code == 0 and "W_DEAD: can never hold for apply-work-permit-poe" in ran.out
    assert "W_DEAD: correct inf:when" in " ".join(ran.out.split())
    path.write_text(dead.replace("inf:effect inf:Bar", "inf:effect inf:Baar"), encoding="utf-8")
    ran = run(f"validate --rules {path}")
    assert ran.code == 3 and "error[" in ran.out and "W_DEAD" not in ran.out
