"""Who lost and who gained, against every case of small random rules; drafts with facts of their own; the command."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import small_rules
from command_line import Ran, schema
from small_rules import LISTED, TOKENS, Small, compiled_again, small

import inforce
from inforce.dates import parse_when
from inforce.rules.decide import Question
from inforce.rules.groups import Group, differing
from inforce.rules.joint import Side
from inforce.rules.model import Condition, Fact, Interval

DAYS = ("2010-05-01", "2012-05-01")
CHANGE = "2011-01-01"
FIRST = Interval("2000-01-01T00:00:00", f"{CHANGE}T00:00:00", "2000-01-01", CHANGE)
SECOND = Interval(f"{CHANGE}T00:00:00", None, CHANGE, None)
DRAFTS = Path(__file__).parent / "drafts"
FOUND = {("may", "may-not"): "lost", ("may-not", "may"): "gained"}
FOUND |= {("required", "not-required"): "lost", ("not-required", "required"): "gained"}


def dated(made: Small, seed: int) -> tuple[Small, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Rules of which some begin and some end between the two days, and who is on the list on either."""
    rng, book = Random(seed), made.book
    book.rules[:] = [
        replace(rule, interval=rng.choice((rule.interval, rule.interval, FIRST, SECOND))) for rule in book.rules
    ]
    listed = (LISTED, tuple(rng.sample(TOKENS, rng.choice((1, 2)))))
    for token in TOKENS:
        spans = {(True, True): (rule_always(),), (True, False): (FIRST,), (False, True): (SECOND,)}
        here = spans.get((token in listed[0], token in listed[1]))
        book.lists["listed"].pop(token, None)
        if here:
            book.lists["listed"][token] = here
    return compiled_again(made), listed


def rule_always() -> Interval:
    return small_rules.ALWAYS


def side(made: Small, day: str, facts: Mapping[str, Any] | None = None) -> Side:
    return Side.of(Question(made.book, made.action, dict(facts or {}), parse_when(day, zone="UTC")))


def outcome(made: Small, case: Mapping[str, Any], day: str) -> str:
    away = {rule.id for rule in made.book.rules if not rule.interval.holds_at(f"{day}T23:59:59")}
    return made.outcome(case, frozenset(away))


def says(told: tuple[str, str, Any], case: Mapping[str, Any], listed: tuple[str, ...]) -> bool:
    """Whether a case passes one test of a group."""
    name, operator, value = told
    have = case[name]
    if operator in ("at-least", "below"):
        return (have >= float(value)) is (operator == "at-least")
    if isinstance(have, bool):
        return have is value
    wanted = set(listed) if value == "listed" else {value} if isinstance(value, str) else {*value}
    return bool(wanted & {*(have if isinstance(have, tuple) else (have,))}) is (operator != "not")


def inside(group: Group, case: Mapping[str, Any], listed: tuple[str, ...]) -> bool:
    return all(says(told, case, listed) for told in group.conditions) and not any(
        all(says(told, case, listed) for told in exception) for exception in group.exceptions
    )


def hold_against_all(
    before: Small, after: Small, listed: tuple[tuple[str, ...], ...], monkeypatch: pytest.MonkeyPatch
) -> int:
    """Compare the groups with the outcome of every case on both days; return how many cases turned."""
    groups = differing(side(before, DAYS[0]), side(after, DAYS[1]), lambda name: TOKENS)
    allowed = {json.dumps(case, sort_keys=True): case for case in before.completions({})}
    # A list stands for what is on it on both days.
    both = tuple(token for token in listed[0] if token in listed[1])
    turned = 0
    for case in after.completions({}):
        if json.dumps({n: v for n, v in case.items() if n in before.values}, sort_keys=True) not in allowed:
            continue
        told = []
        for made, day, members in zip((before, after), DAYS, listed, strict=True):
            monkeypatch.setattr(small_rules, "LISTED", members)
            told.append(outcome(made, case, day))
        kind = FOUND.get((told[0], told[1]))
        if kind is None and told[1] == "not-covered" != told[0]:
            kind = "unsettled"
        turned += kind is not None
        for name, found in groups.items():
            assert any(inside(group, case, both) for group in found) is (name == kind), (name, kind, case)
    for name, found in groups.items():
        for group in found:
            for made, day, members in zip((before, after), DAYS, listed, strict=True):
                monkeypatch.setattr(small_rules, "LISTED", members)
                known = {n: v for n, v in group.example.items() if n in made.values}
                # The example settles the outcome whatever else is the case.
                assert len({outcome(made, case, day) for case in made.completions(known)}) == 1, (name, group)
    return turned


@pytest.mark.parametrize("answers", ["may", "required"])
def test_groups_are_those_whose_outcome_turns_of_all_cases(answers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    turned = 0
    for seed in range(25):
        made, listed = dated(small(seed, answers=answers), seed)
        turned += hold_against_all(made, made, listed, monkeypatch) > 0
        monkeypatch.undo()
    assert turned > 12


def test_whoever_had_another_outcome_is_in_another_group(monkeypatch: pytest.MonkeyPatch) -> None:
    # All rules end: whoever might is in one group, whoever might not in another, each with an example of its own.
    made, listed = dated(small(1233, rules=6), 1233)
    assert hold_against_all(made, made, listed, monkeypatch)
    monkeypatch.undo()
    groups = differing(side(made, DAYS[0]), side(made, DAYS[1]), lambda name: TOKENS)["unsettled"]
    monkeypatch.setattr(small_rules, "LISTED", listed[0])
    assert {outcome(made, case, DAYS[0]) for g in groups for case in made.completions(g.example)} == {"may", "may-not"}


def test_groups_of_two_sets_of_rules_with_facts_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = 0
    for seed in range(20):
        before, after = small(seed), small(seed + 500)
        book = after.book
        book.constraints[:] = before.book.constraints
        book.facts["extra"] = Fact("extra", "boolean", False, None, None, {}, {"en": "extra"}, False, True)  # noqa: FBT003
        book.rules[-1] = replace(
            book.rules[-1], when=Condition("all", (book.rules[-1].when, Condition("true", fact="extra")))
        )
        # Its rules are others: so are their names, as a diagram has them.
        book.rules[:] = [replace(rule, id=f"{rule.id}/draft") for rule in book.rules]
        draft = compiled_again(Small(book, after.action, {**after.values, "extra": [True, False]}))
        turned += hold_against_all(before, draft, (LISTED, LISTED), monkeypatch) > 0
        monkeypatch.undo()
    assert turned > 10


def test_the_same_rules_on_both_days_turn_nothing() -> None:
    for seed in range(10):
        made = small(seed)
        assert not any(differing(side(made, DAYS[0]), side(made, DAYS[1]), lambda name: TOKENS).values())


# ---- a draft --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The packaged rules with the made-up reform: no designation, and nurses may apply on entry."""
    return inforce.open([DRAFTS], store=tmp_path_factory.mktemp("draft"), today="2026-06-12")


def test_a_draft_turns_outcomes_of_whom_it_speaks_of(kb: Any, draft: Any) -> None:
    day = "2026-07-01"
    got = kb.differ(day, day, against=draft)
    schema("difference").validate(got)
    assert got["lost"] == got["unsettled"] == []
    assert {group["action"] for group in got["gained"]} == {"apply-work-permit-poe"}
    because = {version for group in got["gained"] for version in group["because"]}
    assert {"rule/R-NURSE/2026-07-01", "rule/R-WP-FLAG-2024/2024-12-24"} <= because
    assert any(["trained_in", "in", ["IND", "PHL"]] in part for g in got["gained"] for part in said(g))
    for group in got["gained"]:
        old = {name: value for name, value in group["example"].items() if name in kb.book.facts}
        assert kb.check(old, on=day).outcome == "may-not"
        assert draft.check(group["example"], on=day).outcome == "may"


def said(group: Mapping[str, Any]) -> list[list[Any]]:
    return [group["conditions"], *([[n, {"not": "in"}.get(o, o), v] for n, o, v in part] for part in group["except"])]


def test_what_only_the_draft_knows_of_may_be_asked_about(kb: Any, draft: Any) -> None:
    got = kb.differ(
        "2026-07-01",
        "2026-07-01",
        against=draft,
        action="apply-work-permit-poe",
        where={"is_nurse": True, "trained_in": "PHL", "held_temporary_status_in_canada_on_departure": "no"},
    )
    assert got["where"]["is_nurse"] == "yes" and got["where"]["trained_in"] == "PHL"
    assert got["gained"] and all(group["because"][0] == "rule/R-NURSE/2026-07-01" for group in got["gained"])
    assert kb.differ("2026-07-01", "2026-07-01", against=draft, where={"is_nurse": False})["gained"]


def test_a_draft_may_take_back_what_the_package_permits(kb: Any, draft: Any) -> None:
    # The other way round: from the draft to the rules as they are.
    got = draft.differ("2026-07-01", "2026-07-01", against=kb, action="apply-work-permit-poe")
    assert got["lost"] and got["gained"] == []


# ---- the command ------------------------------------------------------------------------------------

COMMANDS = {
    "flagpoling": "diff 2024-12-23 2024-12-24 --outcomes",
    "flagpoling-fr": "diff 2024-12-23 2024-12-24 --outcomes --lang fr",
    "mexico": "diff 2024-02-28 2024-03-01 --outcomes",
    "mexico-fr": "diff 2024-02-28 2024-03-01 --outcomes --lang fr",
    "qatar": "diff 2025-11-24 2025-11-26 --outcomes",
    "qatar-fr": "diff 2025-11-24 2025-11-26 --outcomes --lang fr",
    "md": "diff 2024-12-23 2024-12-24 --outcomes --action present-loi-poe --action apply-work-permit-poe --format md",
    "html-fr": "diff 2024-02-28 2024-03-01 --outcomes --action trv-needed --format html --lang fr",
    "csv": "diff 2024-02-28 2024-03-01 --outcomes --action trv-needed --action eta-needed --format csv",
    "where": "diff 2024-12-23 2024-12-24 --outcomes --action apply-work-permit-poe --where citizenships=USA",
}


@pytest.mark.transcript
@pytest.mark.parametrize("name", COMMANDS)
def test_a_difference_reads_as_its_transcript(transcript: Callable[..., None], name: str) -> None:
    transcript(f"difference-{name}", COMMANDS[name])


def test_the_json_is_the_librarys_and_of_its_schema(kb: Any, run: Callable[..., Ran]) -> None:
    ran = run("diff 2024-02-28 2024-03-01 --outcomes --json --action trv-needed --action eta-needed")
    got = json.loads(ran.out)
    schema("difference").validate(got)
    assert (ran.code, ran.err) == (0, "")
    assert got == kb.differ("2024-02-28", "2024-03-01", action=["trv-needed", "eta-needed"])
    assert {group["action"] for group in got["gained"]} == {"trv-needed", "eta-needed"}


def test_the_example_shown_can_be_pasted(run: Callable[..., Ran]) -> None:
    text = run("diff 2024-12-23 2024-12-24 --outcomes --action apply-work-permit-poe").out
    typed = text.split("for example\n")[1].split("\n  because")[0].replace("\\\n", " ")
    line = " ".join(typed.split())
    assert line.startswith("inforce check ")
    assert run(line.removeprefix("inforce ")).out.startswith("ORDINARILY MAY NOT apply for a work permit")
    assert run(line.removeprefix("inforce ").replace("2024-12-24", "2024-12-23")).out.startswith("ORDINARILY MAY apply")


def test_every_form_says_the_same_of_the_same_groups(kb: Any, run: Callable[..., Ran]) -> None:
    asked = "diff 2024-02-28 2024-03-01 --outcomes --action eta-needed --action trv-needed"
    found = kb.differ("2024-02-28", "2024-03-01", action=["eta-needed", "trv-needed"])
    groups = [group for kind in ("lost", "gained", "unsettled") for group in found[kind]]
    rows = [json.loads(line) for line in run(f"{asked} --format jsonl").out.splitlines()]
    assert [(row["action"], row["before"], row["after"]) for row in rows] == [
        (group["action"], group["before"], group["after"]) for group in groups
    ]
    markdown, html = (run(f"{asked} --format {form}").out for form in ("md", "html"))
    for row in rows:
        assert run(row["example"].removeprefix("inforce ")).code == 0
        assert f"    {row['example']}\n" in markdown and f"<pre>{row['example']}</pre>" in html
        for phrase in row["people"].split("; "):
            assert phrase in markdown and phrase in html
    cut = run(f"{asked} --format jsonl --limit 1")
    assert (cut.code, len(cut.out.splitlines())) == (8, 1)
    assert run(f"{asked} --format md --limit 1").out == markdown


def test_lines_fit_eighty_columns(run: Callable[..., Ran]) -> None:
    for name in ("flagpoling", "mexico-fr"):
        assert max(map(len, run(COMMANDS[name]).out.splitlines())) <= 80


def test_the_exit_code_says_whether_any_outcome_differs(run: Callable[..., Ran]) -> None:
    assert run("diff 2024-12-23 2024-12-24 --outcomes --exit-code --action present-loi-poe").code == 1
    ran = run("diff 2024-12-21 2024-12-22 --outcomes --exit-code --action present-loi-poe")
    assert ran.code == 0
    assert "LOST  nobody" in ran.out and "GAINED  nobody" in ran.out


def test_a_draft_is_compared_on_one_day(run: Callable[..., Ran], tmp_path: Path) -> None:
    asked = f"diff 2026-07-01 --outcomes --against {DRAFTS} --action apply-work-permit-poe"
    ran = run(f"{asked} --where is_nurse=yes")
    assert ran.code == 0, ran.err
    assert "of people who are nurses" in ran.out and "LOST  nobody" in ran.out
    assert "R-NURSE nurses may apply on entry" in ran.out and f"--data {DRAFTS}" in ran.out.replace("\\\n", "")
    for form in ("md", "html", "tsv"):
        shown = run(f"{asked} --where is_nurse=yes --format {form}")
        assert (shown.code, shown.err) == (0, "") and "R-NURSE nurses may apply on entry" in shown.out
        assert f"--data {DRAFTS}" in shown.out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("diff 2024-12-24 2024-12-23 --outcomes", "is not before"),
        ("diff 2024-12-24 --outcomes", "takes two days"),
        ("diff 2024-12-24 2024-12-24 --outcomes", "is not before"),
        ("diff 2024-12-23 2024-12-24 --outcomes --action fly", "unknown action"),
        ("diff 2024-12-23 2024-12-24 --outcomes --where citizenship=FRA", "citizenship"),
        ("diff 2024-12-23 2024-12-24 --outcomes --where citizenships", "is not FACT=VALUE"),
        ("diff 2024-12-23 2024-12-24 --outcomes --about IRPR", "--about"),
        ("diff 2024-12-23 2024-12-24 --where citizenships=FRA", "--outcomes"),
        ("diff 2024-12-24 --outcomes --against no/such/folder", "no such file"),
    ],
)
def test_what_cannot_be_compared_is_refused(run: Callable[..., Ran], line: str, words: str) -> None:
    ran = run(line)
    assert ran.code == 2 and ran.out == ""
    assert words in ran.err
