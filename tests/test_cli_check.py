"""The command check: what it prints for real cases, in text and JSON, and how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import SOURCES, Ran, schema

from inforce.rules.model import Condition
from inforce_cli.__main__ import main
from inforce_cli.case import read_case
from inforce_cli.render.answer import Page
from inforce_cli.render.explain import condition_lines

# A person who holds status here drives to the United States and back to have a permit issued at the border.
FLAGPOLER = {
    "citizenships": ["IND"],
    "trip_only_us_or_spm": "yes",
    "held_temporary_status_in_canada_on_departure": "yes",
    "held_permit_or_tr_authorization_before_trip": "yes",
    "returns_within_authorized_stay": "yes",
    "purpose_is_immigration_service": "yes",
}
WORDS = " ".join(f"{name}={','.join(v) if isinstance(v, list) else v}" for name, v in FLAGPOLER.items())


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The flagpoler as a file."""
    path = tmp_path / "case.json"
    path.write_text(json.dumps(FLAGPOLER, indent=1), encoding="utf-8")
    return path


# ---- transcripts -------------------------------------------------------------------------------------

COMMANDS = {
    "flagpoler-ordinarily": f"check {WORDS} --on 2024-12-24 --ordinarily",
    "flagpoler-strict": f"check {WORDS} --on 2024-12-24",
    "flagpoler-day-before": f"check {WORDS} --on 2024-12-23 --ordinarily",
    "flagpoler-fr": f"check {WORDS} --on 2024-12-24 --ordinarily --lang fr",
    "flagpoler-month": f"check {WORDS} --on 2024-12 --ordinarily",
    "flagpoler-instant": f"check {WORDS} --on 2024-12-24T00:00-05:00 --ordinarily",
    "flagpoler-explain": f"check {WORDS} --on 2024-12-24 --ordinarily --explain",
    "flagpoler-why-not": f"check {WORDS} --on 2024-12-24 --why-not",
    "flagpoler-compare": f"check {WORDS} --on 2024-12-23 --compare 2024-12-24 --ordinarily",
    "flagpoler-what-if": f"check {WORDS} --on 2024-12-24 --what-if has_cbsa_appointment=yes --ordinarily",
    "flagpoler-history": f"check {WORDS} --history --to 2025-12-31 --format table",
    "visa-exempt": "check citizenships=FRA lmia_required=no --on 2018-01-01 --ordinarily",
    "visa-exempt-fr": "check citizenships=France lmia_required=no --on 2018-01-01 --ordinarily --lang fr",
    "lmia-not-assessed": "check citizenships=FRA lmia_required=yes lmia_assessment_provided=no --on 2018 --ordinarily",
    "mexico-eta": "check citizenships=Mexico arrival_mode=air --action eta-needed --on 2024-02-29 --ordinarily",
    "mexico-trv-history": "check citizenships=MEX --action trv-needed --history --from 2008 --to 2024 --format table",
    "before-the-rules": "check citizenships=FRA --on 2002-06-27",
    "unknown-fact": "check citizenship=FRA --on 2024-12-24",
    "two-readings-of-a-date": "check citizenships=FRA --on 03/04/2024",
}


@pytest.mark.transcript
@pytest.mark.parametrize("name", COMMANDS)
def test_a_check_prints_what_its_transcript_says(transcript: Callable[..., None], name: str) -> None:
    transcript(f"check-{name}", COMMANDS[name])


# ---- what the contract shows -------------------------------------------------------------------------


def test_the_example_of_the_contract_says_why_despite_what_unless_what_and_since_when(run: Callable[..., Ran]) -> None:
    ran = run(f"check {WORDS} --on 2024-12-24 --ordinarily")
    lines = ran.out.splitlines()
    assert ran.code == 0 and ran.err == ""
    assert lines[0] == "ORDINARILY MAY NOT apply for a work permit at a port of entry on 2024-12-24"
    labels = [line[2:12].strip() for line in lines if line.startswith("  ") and line[2] != " "]
    assert [one for one in labels if one in {"because", "although", "unless", "before", "note"}] == [
        "because", "although", "unless", "before", "note",
    ]  # fmt: skip
    assert "2024-12-24 00:01 ET" in ran.out and "made under IRPR 26.1" in ran.out and "SOR/2024-258" in ran.out
    assert "R-WP-198-1" in ran.out and "MAY until 2024-12-24 00:01 ET: this rule changed it" in ran.out
    assert lines[-1].strip().endswith("not legal advice") and "law checked to " in lines[-1]
    assert max(map(len, lines)) <= 80


def test_the_json_of_the_command_is_the_json_of_the_library_byte_for_byte(kb: Any, run: Callable[..., Ran]) -> None:
    for more, ordinarily in (("", False), (" --ordinarily", True)):
        ran = run(f"check {WORDS} --on 2024-12-24 --json{more}")
        assert ran.out == kb.check(FLAGPOLER, on="2024-12-24", ordinarily=ordinarily).to_json()
        schema("answer").validate(json.loads(ran.out))


# What is said in words: it follows the reader's language, and nothing else does.
WORDING = {"lang", "label", "phrase", "question", "message"}


def _paired(one: Any, other: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(one, dict):
        assert list(one) == list(other), path
        for key in one:
            yield from _paired(one[key], other[key], (*path, key))
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for left, right in zip(one, other, strict=True):
            yield from _paired(left, right, path)
    else:
        yield path, one, other


def test_the_language_of_the_reader_changes_the_wording_of_the_json_alone(
    run: Callable[..., Ran], tmp_path: Path
) -> None:
    asked = f"check {WORDS} --on 2024-12-23 --known-on 2024-12-24 --ordinarily --json"
    english, french = (json.loads(run(f"{asked} --lang {lang}").out) for lang in ("en", "fr"))
    schema("answer").validate(french)
    told = set()
    for path, one, other in _paired(english, french):
        if one != other:
            assert path[-1] in WORDING, path
            told.add(path[0] + "." + path[-1])
    assert told >= {"lang.lang", "grounds.label", "missing.question", "cautions.message", "obligations.label"}
    conditions = [c for ground in french["grounds"] for c in _named(ground["condition"])]
    assert conditions and all(c["label"] == c["label_fr"] for c in conditions)
    for answer in (english, french):
        tests = [c for ground in answer["grounds"] for c in _named(ground["condition"], "fact")] + answer["inferred"]
        assert tests and all(c["phrase"] and c["phrase_fr"] for c in tests)
    saved = tmp_path / "french.json"
    saved.write_text(run(f"{asked} --lang fr").out, encoding="utf-8")
    for lang in ("en", "fr"):
        ran = run(f"replay {saved} --json --lang {lang}")
        assert (ran.code, json.loads(ran.out)["same"]) == (0, True)


def _named(node: dict[str, Any], op: str = "named") -> Iterator[dict[str, Any]]:
    if node["op"] == op:
        yield node
    for member in node.get("members", ()):
        yield from _named(member, op)


@pytest.mark.parametrize("action", [None, "apply-pgwp-poe", "apply-study-permit-poe", "present-loi-poe", "eta-needed"])
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_page_fits_eighty_columns_whatever_is_asked(run: Callable[..., Ran], action: str | None, lang: str) -> None:
    asked = f" --action {action}" if action else ""
    for facts in ("", "citizenships=IND,MEX arrival_mode=air", WORDS):
        for when in ("2016-04-01", "2024-12", "2025"):
            for view in ("", " --ordinarily", " --why-not"):
                ran = run(f"check {facts} --on {when}{asked} --lang {lang}{view}")
                assert ran.code == 0, ran.err
                assert max(map(len, ran.out.splitlines())) <= 80, ran.out
                assert "None" not in ran.out and "{" not in ran.out


def test_french_pages_hold_none_of_our_english_words(run: Callable[..., Ran]) -> None:
    for view in ("", " --ordinarily", " --explain", " --why-not", " --what-if citizenships=USA"):
        out = run(f"check {WORDS} --on 2024-12-24 --lang fr{view}").out
        for word in ("because", "although", "unless", "before", "lifted by", "law checked", "stands", "[holds]"):
            assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", out), (view, word)


def test_the_day_that_was_not_given_is_named(run: Callable[..., Ran]) -> None:
    assert "(today in Ottawa)" in " ".join(run("check citizenships=FRA").out.split())
    assert "(aujourd'hui à Ottawa)" in " ".join(run("check citizenships=FRA --on today --lang fr").out.split())
    assert "today in Ottawa" not in run("check citizenships=FRA --on 2024-12-24").out


def test_a_month_in_which_the_outcome_changes_is_split_at_the_hour(run: Callable[..., Ran]) -> None:
    out = run(f"check {WORDS} --on 2024-12 --ordinarily").out
    assert "DEPENDS ON THE DAY" in out
    assert re.search(r"from 2024-12-01 +MAY\n +from 2024-12-24 00:01 ET +MAY NOT\n", out)
    assert "split" not in run(f"check {WORDS} --on 2024-11 --ordinarily").out


def test_by_layer_the_regulations_allow_what_the_designation_bars(run: Callable[..., Ran]) -> None:
    assert "regulation MAY · designation MAY NOT" in run(f"check {WORDS} --on 2024-12-24 --ordinarily").out


# ---- views ---------------------------------------------------------------------------------------------


def test_the_explanation_names_every_rule_provision_and_source(kb: Any, run: Callable[..., Ran]) -> None:
    answer = kb.check(FLAGPOLER, on="2024-12-24")
    out = re.sub(r"\s+", " ", run(f"check {WORDS} --on 2024-12-24 --explain").out)
    assert len(answer.grounds) > 10
    for ground in answer.grounds:
        assert ground.rule in out
        for one in (*ground.provisions, *ground.sources):
            assert re.sub(r"\s+", " ", one.get("citation") or one["url"] or one["id"]) in out
    assert "[holds]" in out and "[fails]" in out and "[unknown]" in out


def test_why_not_names_each_exception_and_the_facts_it_lacks(run: Callable[..., Ran]) -> None:
    found = json.loads(run(f"check {WORDS} --on 2024-12-24 --why-not --ordinarily --json").out)
    schema("why-not").validate(found)
    (bar,) = [item for item in found["obstacles"] if item["rule"] == "R-WP-FLAG-2024"]
    lacks = {way["rule"]: {lack["fact"] for lack in way["lacks"]} for way in bar["ways"]}
    assert lacks["X-FP-APPT"] == {"has_cbsa_appointment"} and "X-FP-TRUCK" in lacks
    out = run(f"check {WORDS} --on 2024-12-24 --why-not --ordinarily").out
    said = "for people who have an existing CBSA appointment\n          has_cbsa_appointment=yes\n"
    assert "X-FP-APPT" in out and said in out


def test_what_is_lacking_says_and_and_or(run: Callable[..., Ran]) -> None:
    out = " ".join(run("check citizenships=FRA --on 2018-01-01 --why-not").out.split())
    assert "falls away for people who have no job offer that needs a Labour Market Impact Assessment" in out
    assert "lmia_required=no would be lifted by X-198-2A-I" in out
    assert "for their job offer and do not come for seasonal agricultural work lmia_assessment_provided=yes and" in out
    out = " ".join(run("check citizenships=IND --on 2018-01-01 --why-not --ordinarily").out.split())
    assert "us_permanent_resident=yes or (trip_only_us_or_spm=yes and held_permit_or_tr_" in out
    out = " ".join(run("check citizenships=IND --on 2018-01-01 --why-not --lang fr").out.split())
    assert "ou (trip_only" in out and "tombe pour les personnes qui ne demandent pas de permis" in out


def said(tree: Any, within: str = "") -> str:
    """What is lacking as words, of the tests of truth alone; the other tests by their fact."""
    if tree["op"] == "fact":
        if tree["test"] not in ("true", "false"):
            return str(tree["fact"])
        return f"{tree['fact']}={'yes' if (tree['test'] == 'true') != tree['negated'] else 'no'}"
    joint = {"all": "and", "any": "or"}[tree["op"]]
    text = f" {joint} ".join(said(one, joint) for one in tree["members"])
    return f"({text})" if within not in ("", joint) else text


def test_the_json_of_why_not_says_and_and_or_as_the_text_does(run: Callable[..., Ran]) -> None:
    def asked(line: str) -> tuple[dict[str, Any], str]:
        found = json.loads(run(f"check {line} --on 2018-01-01 --why-not --json").out)
        schema("why-not").validate(found)
        text = " ".join(run(f"check {line} --on 2018-01-01 --why-not").out.split())
        return {item["rule"]: item for item in found["obstacles"]}, text

    items, text = asked("citizenships=FRA")
    bar = items["R-WP-198-2A"]
    assert said(bar["falls_away_with"]) == "lmia_required=no"
    for way in bar["ways"]:
        if all(lack["test"] in ("true", "false") for lack in way["lacks"]):
            assert f" {said(way['would_hold_with'])} " in text, way["rule"]
        assert all(lack["phrase"] and lack["phrase_fr"] for lack in way["lacks"])
        assert {lack["fact"] for lack in way["lacks"]} >= set(re.findall(r"[a-z_]{4,}", said(way["would_hold_with"])))
    (way,) = [way for way in bar["ways"] if way["rule"] == "X-198-2A-I"]
    assert way["would_hold_with"]["op"] == "all"
    items, text = asked("citizenships=IND --ordinarily")
    (way,) = items["R-WP-DEFAULT"]["ways"]
    words = said(way["would_hold_with"])
    assert (
        way["would_hold_with"]["op"] == "any" and "us_permanent_resident=yes or (trip_only_us_or_spm=yes and " in words
    )


def test_another_value_turns_the_outcome_and_the_rules_that_changed_are_named(run: Callable[..., Ran]) -> None:
    line = f"check {WORDS} --on 2024-12-24 --ordinarily --what-if has-cbsa-appointment=yes"
    found = json.loads(run(line + " --json").out)
    schema("comparison").validate(found)
    assert (found["before"]["ordinarily"], found["after"]["ordinarily"]) == ("may-not", "may")
    assert {rule["rule"] for rule in found["rules"]} == {"R-WP-FLAG-2024", "X-FP-APPT"}
    assert [(one["fact"], one["before"], one["after"]) for one in found["facts"]] == [
        ("has_cbsa_appointment", None, "yes")
    ]
    out = run(line).out
    supposed = "what if they have an existing CBSA appointment (has_cbsa_appointment=yes):"
    assert out.index("MAY NOT") < out.index(supposed) < out.index("ORDINARILY MAY apply")
    assert "et s'il s'agit de personnes qui ont déjà un rendez-vous avec l'ASFC" in run(f"{line} --lang fr").out


def test_a_what_if_of_several_facts_says_what_is_no_longer_known(run: Callable[..., Ran]) -> None:
    line = f"check {WORDS} --on 2024-12-24 --what-if citizenships=USA,MEX --what-if trip_only_us_or_spm=unknown"
    out = " ".join(run(line).out.split())
    assert "what if they are citizens of Mexico and the United States (citizenships=MEX,USA), and it is not" in out
    assert "(trip_only_us_or_spm=unknown): DEPENDS" in out
    same = run(f"check {WORDS} --on 2024-12-24 --what-if citizenships=IND")
    assert "what if citizenships=IND, as it was:" in same.out and "no rule changes its state" in same.out


def test_conditions_are_told_in_the_words_of_diff_with_their_ids_beside_them(kb: Any, run: Callable[..., Ran]) -> None:
    answer = kb.check(FLAGPOLER, on="2024-12-24")
    for lang in ("en", "fr"):
        shown = " ".join(run(f"check {WORDS} --on 2024-12-24 --explain --lang {lang}").out.split())
        told = kb.words(lang)
        for ground in answer.to_dict(lang)["grounds"]:
            for node in _named(ground["condition"], "fact"):
                if not any(one["op"] == "not" for one in _above(ground["condition"], node)):
                    assert " ".join(node["phrase"].split()) in shown and f"{node['fact']}=" in shown
            for node in _named(ground["condition"]):
                said = told.condition(Condition("ref", target=node["id"]))
                assert said == node["phrase"]
                assert f"{' '.join(said.split())} ({node['id']}" in shown or node["id"] == "always"


def _above(tree: dict[str, Any], node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for member in tree.get("members", ()):
        if member is node or any(one is node for one in _named(member, node["op"])):
            yield tree
            yield from _above(member, node)


def test_the_contrary_of_a_condition_is_told_with_the_state_of_the_contrary(kb: Any) -> None:
    def leaf(fact: str, state: str) -> dict[str, Any]:
        return {"op": "fact", "fact": fact, "test": "true", "state": state, "value": None}

    both = {
        "op": "all",
        "state": "fails",
        "members": [leaf("lmia_required", "fails"), leaf("holds_work_permit", "unknown")],
    }
    lines = condition_lines({"op": "not", "state": "holds", "members": [both]}, Page(kb.book, words=kb.words()))
    assert lines[0] == "[holds] at least one of these"
    assert lines[1].startswith("  [holds] have no job offer") and lines[3].startswith("  [unknown] hold no work permit")


def test_a_what_if_replaces_a_fact_that_was_given(run: Callable[..., Ran]) -> None:
    found = json.loads(run(f"check {WORDS} --on 2024-12-24 --what-if citizenships=USA --ordinarily --json").out)
    assert found["after"]["ordinarily"] == "may"


def test_two_days_differ_by_the_rules_that_began_between_them(run: Callable[..., Ran]) -> None:
    found = json.loads(run(f"check {WORDS} --on 2024-12-23 --compare 2024-12-24 --ordinarily --json").out)
    schema("comparison").validate(found)
    began = {rule["rule"] for rule in found["rules"] if rule["before"] is None}
    assert "R-WP-FLAG-2024" in began and found["after"]["ordinarily"] == "may-not"
    same = run(f"check {WORDS} --on 2024-12-24 --compare 2024-12-25")
    assert "no rule changes its state" in same.out


def test_the_history_is_one_stretch_after_the_other_and_the_same_as_the_library_gives(
    kb: Any, run: Callable[..., Ran]
) -> None:
    ran = run(f"check {WORDS} --history --from 2002-06-28 --to 2025-12-31 --json")
    found = json.loads(ran.out)
    schema("history").validate(found)
    stretches = found["intervals"]
    assert found == json.loads(json.dumps(kb.history(FLAGPOLER, from_="2002-06-28", to="2025-12-31").to_dict()))
    assert stretches[0]["from"] == "2002-06-28" and stretches[-1]["until"] == "2026-01-01"
    assert all(a["until"] == b["from"] for a, b in zip(stretches, stretches[1:], strict=False))
    for one in stretches:
        first = one["from"]
        day = first[:10]
        at = f"{first}-05:00" if "T" in first else day
        answer = kb.check(FLAGPOLER, on=at if "T" in first else day)
        assert answer.outcome == one["outcome"], one
        if "T" not in first:
            assert answer.ordinarily.outcome == one["ordinarily"], one


def test_a_piped_history_is_tabs_with_a_header(run: Callable[..., Ran]) -> None:
    lines = run(f"check {WORDS} --history --to 2025-12-31").out.splitlines()
    assert lines[0].split("\t")[:4] == ["from", "until", "outcome", "ordinarily"]
    assert any("R-WP-FLAG-2024" in line for line in lines)


def test_the_saved_query_gives_the_same_outcome_as_the_engine(run: Callable[..., Ran]) -> None:
    for facts in (WORDS, "citizenships=FRA lmia_required=no", "citizenships=USA"):
        found = json.loads(run(f"check {facts} --on 2024-12-24 --ordinarily --sparql --json").out)
        schema("queried").validate(found)
        assert found["agrees"] is True
    out = run(f"check {WORDS} --on 2024-12-24 --ordinarily --sparql").out
    assert "SPARQL MAY NOT = MAY NOT" in out and "R-WP-FLAG-2024  bar, [holds], stands" in out


def test_what_was_not_yet_public_is_not_counted(kb: Any, run: Callable[..., Ran]) -> None:
    rule = next(r for r in kb.book.rules if r.rule == "R-WP-FLAG-2024")
    day = date.fromisoformat(rule.interval.start_known) - timedelta(days=1)
    ran = run(f"check {WORDS} --on 2024-12-24 --known-on {day} --ordinarily")
    assert ran.out.startswith("ORDINARILY MAY apply") and f"as known on {day}" in " ".join(ran.out.split())


def test_a_reading_that_is_contested_can_be_switched(run: Callable[..., Ran]) -> None:
    plain = json.loads(run(f"check {WORDS} --on 2024-12-24 --json").out)
    switched = json.loads(run(f"check {WORDS} --on 2024-12-24 --reading R-WP-OB686-BROAD --json").out)
    assert plain["id"] != switched["id"] and switched["question"]["readings"] == ["R-WP-OB686-BROAD"]
    ran = run(f"check {WORDS} --on 2024-12-24 --reading R-WP-198-1")
    assert ran.code == 2 and "contested readings: " in ran.err and "R-WP-OB686-BROAD" in ran.err


IN_CANADA = {"held_temporary_status_in_canada_on_departure": "yes"}


def test_cautions_say_outcomes_and_citations_in_the_readers_language(kb: Any) -> None:
    messages = [
        one.message_fr
        for day in ("2002-07-01", "2013-06-01", "2025-12-24")
        for action in kb.book.actions
        for one in kb.check({"citizenships": "FRA", **IN_CANADA}, on=day, action=action, ordinarily=True).cautions
    ]
    assert any("le résultat est « " in one for one in messages)
    assert not any(re.search(r"\\bmay\\b|IRPR|IRPA|required|covered", one) for one in messages), messages


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"{WORDS} --on 2024-12-24 --ordinarily", 1),
        (f"{WORDS} --on 2024-12-24", 1),
        (f"{WORDS} --on 2024-12-23 --ordinarily", 0),
        ("citizenships=USA --action eta-needed --on 2024-12-24 --ordinarily", 0),
        ("citizenships=FRA arrival_mode=air --action eta-needed --on 2024-12-24 --ordinarily", 1),
        ("citizenships=FRA --on 1999-01-01", 1),
        (f"{WORDS} --on 2024-12-23 --compare 2024-12-24", 1),
        (f"{WORDS} --on 2024-12-24 --compare 2024-12-25", 0),
        (f"{WORDS} --on 2024-12-24 --what-if port_of_entry=unknown", 0),
        (f"{WORDS} --history --from 2024-12 --to 2024-12-31", 1),
    ],
)
def test_the_exit_code_says_whether_the_outcome_is_favourable_only_if_asked(
    run: Callable[..., Ran], line: str, code: int
) -> None:
    assert run(f"check {line} --exit-code").code == code
    assert run(f"check {line}").code == 0


# ---- receipts --------------------------------------------------------------------------------------------


def test_a_saved_answer_is_a_case_and_is_replayed_to_the_byte(run: Callable[..., Ran], tmp_path: Path) -> None:
    saved = tmp_path / "answer.json"
    assert run(f"check {WORDS} --on 2024-12-24 --ordinarily --json -o {saved}").out == ""
    assert run(f"check --facts {saved} --on 2024-12-24 --ordinarily --json").out == saved.read_text(encoding="utf-8")
    ran = run(f"replay {saved} --json")
    found = json.loads(ran.out)
    schema("replay").validate(found)
    assert ran.code == 0 and found["same"] and found["answer"] == json.loads(saved.read_text(encoding="utf-8"))
    assert "same, byte for byte" in run(f"replay {saved}").out


def test_a_forged_answer_is_found_out(run: Callable[..., Ran], tmp_path: Path) -> None:
    saved = tmp_path / "answer.json"
    run(f"check {WORDS} --on 2024-12-24 --ordinarily --json -o {saved}")
    forged = json.loads(saved.read_text(encoding="utf-8"))
    forged["ordinarily"]["outcome"] = "may"
    saved.write_text(json.dumps(forged), encoding="utf-8")
    ran = run(f"replay {saved}")
    assert ran.code == 1 and "ordinarily: " in ran.out and '"may-not"' in " ".join(ran.out.split())
    assert list(json.loads(run(f"replay {saved} --json").out)["differs"]) == ["ordinarily"]


# ---- files of facts --------------------------------------------------------------------------------------


def test_the_same_case_in_each_form_gives_the_same_answer(
    kb: Any, run: Callable[..., Ran], case: Path, tmp_path: Path
) -> None:
    lines = tmp_path / "case.txt"
    lines.write_text("# a flagpoler\n\n" + "\n".join(WORDS.split()) + "\n", encoding="utf-8")
    wanted = kb.check(FLAGPOLER, on="2024-12-24").to_json()
    assert run(f"check --facts {case} --on 2024-12-24 --json").out == wanted
    assert run(f"check --facts {lines} --on 2024-12-24 --json").out == wanted
    kebab = WORDS.replace("_", "-")
    assert run(f"check {kebab} --on 2024-12-24 --json").out == wanted
    piped = subprocess.run(
        [sys.executable, "-m", "inforce_cli", "check", "--facts", "-", "--on", "2024-12-24", "--json"]
        + ["--store", str(kb.built.folder)],
        input=case.read_bytes(),
        capture_output=True,
        check=True,
        env=SOURCES,
    )
    assert piped.stdout.decode() == wanted


def test_facts_of_a_file_and_of_the_command_line_are_one_case_but_never_the_same_fact(
    run: Callable[..., Ran], case: Path
) -> None:
    together = json.loads(run(f"check --facts {case} lmia_required=no --on 2024-12-24 --json").out)
    assert together["facts"]["lmia_required"] == "no" and together["facts"]["trip_only_us_or_spm"] == "yes"
    ran = run(f"check --facts {case} citizenships=USA --on 2024-12-24")
    assert ran.code == 2 and ran.err.startswith("error[E_FACTS]: citizenships stands in ")
    assert "--what-if citizenships=USA" in ran.err


BAD_FILES = {
    "empty": (b"", 3, "E_CASE", "empty"),
    "blank": (b" \n\n", 3, "E_CASE", "empty"),
    "byte order mark": (b'\xef\xbb\xbf{"lmia_required": "no"}', 3, "E_CASE", "byte order mark"),
    "utf-16": ('{"lmia_required": "no"}'.encode("utf-16"), 3, "E_CASE", "byte order mark"),
    "latin-1": (b'{"port_of_entry": "Qu\xe9bec"}', 3, "E_CASE", "not UTF-8"),
    "binary": (b"\x00\x01\x02\x03{}", 3, "E_CASE", "not text"),
    "image": (b"\x89PNG\r\n\x1a\n\x00\x00", 3, "E_CASE", "not UTF-8"),
    "cut short": (b'{"lmia_required": "no"', 3, "E_CASE", ":1:23: this is not JSON"),
    "comma too many": (b'{"lmia_required": "no",}', 3, "E_CASE", "not JSON"),
    "single quotes": (b"{'lmia_required': 'no'}", 3, "E_CASE", "not JSON"),
    "two objects": (b'{"lmia_required": "no"}\n{"lmia_required": "no"}', 3, "E_CASE", ":2:1: this is not JSON"),
    "a list": (b'[{"lmia_required": "no"}]', 3, "E_CASE", "a list, not an object"),
    "given twice": (
        b'{"lmia_required": "no",\n "lmia_required": "yes"}',
        3,
        "E_CASE",
        ':2:2: "lmia_required" is given',
    ),
    "NaN": (b'{"lmia_required": NaN}', 3, "E_CASE", ":1:19: NaN is not JSON"),
    "infinite": (b'{"lmia_required": 1e999}', 3, "E_CASE", "too large"),
    "thousands of digits": (b'{"lmia_required": ' + b"9" * 5000 + b"}", 3, "E_CASE", "too long"),
    "nested": (b'{"lmia_required": {"value": "no"}}', 3, "E_CASE", ":1:2: lmia_required: a fact is one value"),
    "deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 3, "E_CASE", "nested too deeply"),
    "list of numbers": (b'{"citizenships": [1, 2]}', 3, "E_CASE", "holds names or codes, not a number"),
    "list of null": (b'{"citizenships": [null]}', 3, "E_CASE", "not null"),
    "huge": (b'{"lmia_required": "' + b"n" * 1_000_001 + b'"}', 3, "E_CASE", "more than 1000000 bytes"),
    "another schema": (b'{"schema": "other/1", "facts": {}}', 3, "E_CASE", "not a saved answer"),
    "answer without question": (b'{"schema": "inforce/answer/1"}', 3, "E_CASE", "not a saved answer"),
    "answer with facts as list": (
        b'{"schema": "inforce/answer/1", "question": {"facts": []}}',
        3,
        "E_CASE",
        "saved answer",
    ),
    "yaml of another shape": (b"citizenships:\n  FRA: yes\n", 3, "E_CASE", ":1:14: citizenships has no value"),
    "yaml tag": (b"!!python/object:os.system\n", 3, "E_CASE", "is not name=value"),
    "csv": (b"citizenships,lmia_required\nFRA,no\n", 3, "E_CASE", "is not name=value"),
    "line given twice": (b"lmia_required=no\nlmia-required=yes\n", 3, "E_CASE", ":2:1: "),
    "unknown fact": (
        b'{\n "citizen": "FRA"}',
        2,
        "E_UNKNOWN_ID",
        ':2:2: unknown fact "citizen"; did you mean citizenships',
    ),
    "unknown country": (
        b'{\n "citizenships": ["Atlantis"]}',
        2,
        "E_UNKNOWN_ID",
        ':2:2: citizenships: unknown value "Atlantis"',
    ),
    "wrong kind": (b'{"lmia_required": 7}', 2, "E_FACTS", "yes-or-no"),
    "list for one": (b'{"lmia_required": ["no"]}', 2, "E_FACTS", "yes-or-no"),
    "truth for a country": (b'{"citizenships": true}', 2, "E_FACTS", "not a name or code"),
    "unknown fact in a line": (b"lmia_required=no\ncitizen=FRA\n", 2, "E_UNKNOWN_ID", ":2:1: unknown fact"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_of_facts_is_refused_with_its_place_and_what_would_be_right(
    run: Callable[..., Ran], tmp_path: Path, name: str
) -> None:
    content, code, error, says = BAD_FILES[name]
    path = tmp_path / "case.json"
    path.write_bytes(content)
    ran = run(f"check --facts {path} --on 2024-12-24")
    assert ran.code == code and ran.out == "", ran.err[:300]
    assert ran.err.startswith(f"error[{error}]: {path}") and says in ran.err, ran.err[:300]
    assert "Traceback" not in ran.err and ";" in ran.err and len(ran.err) < 1200


def test_a_file_that_is_not_there_or_is_a_folder_is_a_wrong_option(run: Callable[..., Ran], tmp_path: Path) -> None:
    for path, says in ((tmp_path / "no.json", "no such file"), (tmp_path, "is a folder")):
        ran = run(f"check --facts {path}")
        assert ran.code == 2 and ran.err.startswith("error[E_USAGE]: --facts ") and says in ran.err


def test_truth_values_numbers_and_null_in_json_mean_what_they_say(kb: Any, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text('{"lmia_required": false, "trip_only_us_or_spm": null, "citizenships": []}', encoding="utf-8")
    asked = kb.question(read_case(str(path)).facts, on="2024-12-24")
    assert asked.facts == {"citizenships": (), "lmia_required": False} and asked.unknown == {"trip_only_us_or_spm"}


# ---- what a person may get wrong -------------------------------------------------------------------------

BAD_LINES = [
    ("citizenships", 2, "E_USAGE", ["is not FACT=VALUE", "citizenships=yes"]),
    ("case.json", 2, "E_USAGE", ["--facts case.json"]),
    ("=FRA", 2, "E_USAGE", ["is not FACT=VALUE"]),
    ("citizenship=FRA", 2, "E_UNKNOWN_ID", ['unknown fact "citizenship"', "did you mean citizenships"]),
    ("lmia=yes", 2, "E_UNKNOWN_ID", ["lmia_required"]),
    ("citizenships=FRA citizenships=USA", 2, "E_FACTS", ["given twice", "A,B"]),
    ("lmia_required=no lmia-required=yes", 2, "E_FACTS", ["given twice"]),
    ("citizenships=Frnace", 2, "E_UNKNOWN_ID", ["Frnace", "FRA"]),
    ("citizenships=XX", 2, "E_UNKNOWN_ID", ['unknown value "XX"']),
    ("'citizenships=F\u200bRA'", 2, "E_UNKNOWN_ID", ["invisible character U+200B"]),
    ("lmia_required=maybe", 2, "E_FACTS", ["lmia_required=yes, lmia_required=no or lmia_required=unknown"]),
    ("arrival_mode=rocket", 2, "E_UNKNOWN_ID", ["arrival_mode takes"]),
    ("arrival_mode=air,land", 2, "E_", ["arrival_mode"]),
    ("--on 2024-02-30", 2, "E_DATE", ["not a real day", "2024-02-29"]),
    ("--on 03/04/2024", 2, "E_DATE", ["two ways", "2024-04-03", "2024-03-04"]),
    ("--on 20241224", 2, "E_DATE", ["did you mean 2024-12-24"]),
    ("--on 2024-W52-2", 2, "E_DATE", ["YYYY-MM-DD"]),
    ("--on 2024-12-24T00:01", 2, "E_DATE", ["offset"]),
    ("--on 0000-01-01", 2, "E_DATE", ["year"]),
    ("--on SOR/2024-999", 2, "E_DATE", ["SOR/2024-"]),
    ("--on ''", 2, "E_DATE", ["empty"]),
    ("--known-on tomorrow", 2, "E_DATE", ["tomorrow"]),
    ("--action fly", 2, "E_UNKNOWN_ID", ["actions: "]),
    ("--action eta-neded", 2, "E_UNKNOWN_ID", ["did you mean eta-needed"]),
    ("--explain --why-not", 2, "E_USAGE", ["--explain and --why-not"]),
    ("--history --compare 2024", 2, "E_USAGE", ["--compare and --history"]),
    ("--history --on 2024", 2, "E_USAGE", ["--from DAY and --to DAY"]),
    ("--history --from 2025 --to 2024", 2, "E_USAGE", ["--from 2025-01-01 is after --to 2024-12-31"]),
    ("--from 2024", 2, "E_USAGE", ["--history"]),
    ("--what-if citizenships", 2, "E_USAGE", ["is not FACT=VALUE"]),
    ("--what-if citizen=FRA", 2, "E_UNKNOWN_ID", ["did you mean citizenships"]),
    ("--compare never", 2, "E_DATE", ["never"]),
    ("--sparql --known-on 2024", 2, "E_USAGE", ["--sparql"]),
    ("--sparql --on 2024", 2, "E_USAGE", ["more than one day"]),
    ("--format xml", 2, "E_USAGE", ["it writes: text, json"]),
    ("--nonsense", 2, "E_USAGE", ["unknown option --nonsense", "inforce check --help"]),
    ("--ordinarly", 2, "E_USAGE", ["did you mean --ordinarily "]),
    ("--on", 2, "E_USAGE", ["--on"]),
]


@pytest.mark.parametrize(("line", "code", "error", "says"), BAD_LINES)
def test_a_wrong_word_is_refused_with_what_would_be_right(
    run: Callable[..., Ran], line: str, code: int, error: str, says: list[str]
) -> None:
    ran = run(f"check {line}") if line != "--on" else Ran(main(["check", "--on"]), "", "")
    assert ran.code == code
    if line == "--on":
        return
    assert ran.out == "" and ran.err.startswith(f"error[{error}"), ran.err
    assert all(word in ran.err for word in says), ran.err
    assert ran.err.count("\n") == 1 and "Traceback" not in ran.err
    problem = run(f"check {line} --json") if "--format" not in line else run(f"check {line.replace('xml', 'jsonl')}")
    if "--format" not in line:
        schema("problem").validate(json.loads(problem.err))
        assert json.loads(problem.err)["exit_code"] == code and problem.out == ""


def test_facts_that_exclude_each_other_name_the_constraint(run: Callable[..., Ran]) -> None:
    ran = run(
        "check arrival_mode=land vessel_100_plus_berths=yes lmia_required=no seasonal_agricultural_employment=yes"
    )
    other = run("check absent_under_24_hours=yes trip_only_us_or_spm=no citizenships=USA held_trv=yes")
    assert {ran.code, other.code} <= {0, 2}
    assert all("Traceback" not in one.err for one in (ran, other))


# ---- what it costs -----------------------------------------------------------------------------------------

IMPORTS = """
import sys
from inforce_cli.__main__ import main
code = main({argv!r})
heavy = {{"rdflib", "owlrl", "networkx", "pyshacl", "dd", "rich", "pyoxigraph", "pandas", "polars", "starlette"}}
found = sorted(heavy & {{name.split(".")[0] for name in sys.modules}})
others = sorted(m for m in sys.modules if m.startswith("inforce_cli.commands.") and not m.endswith(".check"))
print(code, found, others, file=sys.stderr)
"""


@pytest.mark.parametrize("more", [[], ["--json"], ["--explain"], ["--why-not"], ["--history"], ["--lang", "fr"]])
def test_a_check_imports_neither_an_rdf_engine_nor_rich_nor_another_command(kb: Any, more: list[str]) -> None:
    day = [] if "--history" in more else ["--on", "2024-12-24"]
    argv = ["check", *WORDS.split(), *day, *more, "--store", str(kb.built.folder)]
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTS.format(argv=argv)], capture_output=True, text=True, check=True, env=SOURCES
    )
    assert ran.stderr == "0 [] []\n"
