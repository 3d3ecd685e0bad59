"""Interviews: what is asked, in which order, how they end, and what is kept of them."""

from __future__ import annotations

import io
import json
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cases_at_random import cases, random_value
from command_line import Ran, schema

from inforce import Interview
from inforce.errors import DateError, FactsError, InForceError, InputError, UnknownIdError, UsageError
from inforce.rules.case import plain

DAY = "2025-06-01"


@pytest.fixture
def talk(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run a command line with lines typed into it, as through a pipe."""

    def call(line: str, *typed: str) -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{one}\n" for one in typed)))
        return run(line)

    return call


# ---- what is asked ------------------------------------------------------------------------------


def _value(rng: random.Random, kb: Any, interview: Interview) -> Any:
    asked = interview.next()
    assert asked is not None
    if rng.random() < 0.1:
        return "unknown"
    fact = asked.fact
    if fact.has_ordinary and rng.random() < 0.6:
        return plain(fact.ordinarily)
    return plain(random_value(rng, kb, fact.name))


@pytest.mark.parametrize("seed", range(7000, 7004))
def test_answered_at_random_it_ends_as_check_does_and_asks_nothing_that_cannot_decide(kb: Any, seed: int) -> None:
    rng = random.Random(seed)
    ended = asked_in_all = 0
    for case in cases(kb, seed, 15):
        few = {name: value for name, value in case.facts.items() if rng.random() < 0.1}
        try:
            interview = Interview(kb, few, on=case.day.isoformat(), action=case.action)
        except FactsError:
            continue
        bound = None
        while (asked := interview.next()) is not None:
            answer = interview.result()
            # What is asked is the best of what check says is missing, the unknown left out.
            left = [row["fact"] for row in answer.missing if row["fact"] not in answer.question["unknown"]]
            assert asked.fact.name == left[0] and asked.at_most == len(left)
            assert bound is None or asked.at_most <= bound - 1
            before = interview.facts
            try:
                interview.answer(_value(rng, kb, interview))
            except FactsError:
                assert interview.facts == before  # nothing is taken of an answer that cannot be
                interview.answer("unknown")
            bound = asked.at_most
            asked_in_all += 1
        answer = interview.result()
        assert answer.to_json() == kb.check(interview.facts, on=case.day.isoformat(), action=case.action).to_json()
        unknown = set(answer.question["unknown"])
        assert {row["fact"] for row in answer.missing} <= unknown
        assert answer.outcome != "depends" or unknown or len(answer.segments) > 1
        ended += 1
    assert ended >= 8 and asked_in_all > 10


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_answer_can_be_taken_back(kb: Any, lang: str) -> None:
    interview = Interview(kb, on=DAY)
    seen = []
    for _ in range(6):
        asked = interview.next()
        assert asked is not None and asked.fact.question[lang]
        seen.append(asked)
        interview.answer("unknown" if asked.values else "none")
    for asked in reversed(seen):
        assert interview.back()
        assert interview.next() == asked
    assert not interview.back() and interview.facts == {}


def test_how_many_are_left_if_all_is_as_usual_is_what_comes(kb: Any) -> None:
    interview = Interview(kb, {"citizenships": "IND"}, on=DAY)
    told = interview.usually()
    before = interview.to_dict()
    assert Interview(kb, on=DAY).usually() is None  # nobody has an ordinary citizenship
    came = 0
    while (asked := interview.next()) is not None:
        assert interview.usually() == told - came
        interview.answer(plain(asked.fact.ordinarily))
        came += 1
    assert came == told and before["steps"] == []


def test_whoever_never_knows_is_asked_as_many_questions_as_are_said_at_most(kb: Any) -> None:
    asked_of = 0
    for case in cases(kb, 7100, 40):
        few = dict(list(case.facts.items())[:2])
        try:
            interview = Interview(kb, few, on=case.day.isoformat(), action=case.action)
        except FactsError:
            continue
        first, came = interview.next(), 0
        while (asked := interview.next()) is not None:
            assert first is not None and asked.at_most == first.at_most - came
            interview.answer("unknown")
            came += 1
        asked_of += came > 3
    assert asked_of > 5


def _longest(interview: Interview, *, unknown: bool) -> int:
    """The most questions that any answers lead to, by giving every one there is."""
    asked = interview.next()
    if asked is None:
        return 0
    assert asked.values and not asked.multiple
    longest = 0
    for value in (*asked.values, *(("unknown",) if unknown else ())):
        try:
            interview.answer(value)
        except FactsError:
            continue
        longest = max(longest, 1 + _longest(interview, unknown=unknown))
        interview.back()
    return longest


@pytest.mark.parametrize(
    ("facts", "action", "most"),
    [
        ({"citizenships": "FRA", "arrival_mode": "air"}, "eta-needed", 6),
        ({"citizenships": "IND", "document_and_status_classes": "none", "arrival_mode": "air"}, "eta-needed", 6),
        ({"citizenships": "MEX", "document_and_status_classes": "none", "arrival_mode": "land"}, "trv-needed", 6),
    ],
)
def test_no_answers_lead_to_more_questions_than_said_and_some_to_as_many(
    kb: Any, facts: dict[str, str], action: str, most: int
) -> None:
    interview = Interview(kb, facts, on=DAY, action=action)
    asked = interview.next()
    assert asked is not None and asked.at_most == most
    # Here also of those who know all: returning after a trip takes three answers (IRPR 190(3)(f)).
    assert _longest(interview, unknown=True) == _longest(interview, unknown=False) == most


def test_what_follows_from_an_answer_is_not_asked(kb: Any) -> None:
    """IRPR 190(1): nationals of the United States need no visa; nothing else can change that."""
    interview = Interview(kb, on=DAY, action="trv-needed")
    interview.answer("USA")
    assert interview.next() is None and interview.result().outcome == "not-required"
    with pytest.raises(UsageError, match="nothing is left"):
        interview.answer("yes")


def test_a_question_says_which_rules_wait_for_it_and_where_its_values_lead(kb: Any) -> None:
    interview = Interview(kb, {"citizenships": "IND", "us_permanent_resident": "no"}, on=DAY)
    while (asked := interview.next()) is not None and asked.fact.name != "trip_only_us_or_spm":
        interview.answer("none" if asked.multiple else "no")
    assert asked is not None
    assert asked.leads == {"yes": "depends", "no": "may-not"}
    rules = {ground.rule for ground in interview.because()}
    assert "R-WP-198-1" in rules
    assert rules <= {ground.rule for ground in interview.result().grounds}


# ---- kept ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [DAY, "2024-12", "2024-12-24T00:01-05:00"])
def test_a_kept_interview_goes_on_where_it_was(kb: Any, on: str) -> None:
    interview = Interview(kb, {"citizenships": "Inde"}, on=on, action="apply-work-permit-poe", known_on="2026-01-01")
    for _ in range(3):
        asked = interview.next()
        assert asked is not None
        interview.answer("unknown" if asked.values else "none")
    kept = json.loads(json.dumps(interview.to_dict()))
    schema("interview").validate(kept)
    again = Interview.resume(kb, kept)
    assert again.to_dict() == kept
    assert again.next() == interview.next()
    assert again.result().to_json() == interview.result().to_json()
    while again.back():
        pass
    assert again.facts == {"citizenships": "IND"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"schema": "inforce/answer/1"}, InputError),
        ({"steps": None}, InputError),
        ({"steps": [{"fact": "citizenships"}]}, InputError),
        ({"steps": [{"fact": "citizenships", "value": "IND"}] * 2}, InputError),
        ({"steps": [{"fact": "citizen", "value": "IND"}]}, UnknownIdError),
        ({"steps": [{"fact": "citizenships", "value": "Atlantis"}]}, UnknownIdError),
        ({"steps": [{"fact": "lmia_required", "value": {"a": 1}}]}, FactsError),
        ({"facts": [1, 2]}, InForceError),
        ({"on": {"from": "2025-06-02", "until": "2025-06-01"}}, DateError),
        ({"on": {"from": "soon", "until": "later"}}, DateError),
        ({"on": None}, InputError),
        ({"action": "fly"}, UnknownIdError),
    ],
)
def test_what_is_no_kept_interview_is_refused(kb: Any, change: dict[str, Any], error: type[Exception]) -> None:
    kept = {**Interview(kb, on=DAY).to_dict(), **change}
    with pytest.raises(error):
        Interview.resume(kb, kept)


# ---- on the command line ------------------------------------------------------------------------

TALKS = {
    "interview": (
        f"interview --on {DAY} --ordinarily",
        ("why", "Inde, Mexique", "back", "IND", "don't know", "2", "none", "2", "no", "no", "no", "stop"),
    ),
    "interview-fr": (
        f"interview --on {DAY} --action trv-needed --lang fr",
        ("pourquoi", "aide", "Mexique", "ne sais pas", "peut-être", "non", "retour", "oui", "arrêter"),
    ),
    "interview-eta": (
        f"interview citizenships=FRA --on {DAY} --action eta-needed",
        ("back", "7", "1", "no", "no", "no", "2", "n", "n", "y", "n", "n", "n", "n"),
    ),
}


@pytest.mark.transcript
@pytest.mark.parametrize("name", TALKS)
def test_interviews_read_as_their_transcripts(talk: Callable[..., Ran], accept: bool, name: str) -> None:
    line, typed = TALKS[name]
    ran = talk(line, *typed)
    out = re.sub(r"(answer|réponse) [0-9a-f]{12}", r"\1 …", ran.out)
    shown = f"$ inforce {line}\n{ran.err}{out}exit {ran.code}\n"
    path = Path(__file__).parent / "transcripts" / f"{name}.txt"
    if accept:
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
    assert all(len(one) <= 80 for one in shown.splitlines()[1:] if not one.startswith(("inforce check", "> ")))


def test_the_command_it_ends_with_gives_the_same_answer(talk: Callable[..., Ran], run: Callable[..., Ran]) -> None:
    ran = talk("interview citizenships=FRA --on 2018-01 --action eta-needed", *["no"] * 30, "stop")
    command = next(line for line in ran.err.splitlines() if line.startswith("inforce check"))
    assert run(command.removeprefix("inforce ")).out == ran.out
    as_json = talk("interview citizenships=USA --on 2018-01-01 --action trv-needed --json")
    schema("answer").validate(json.loads(as_json.out))
    assert as_json.code == 0


def test_nobody_answering_ends_it_and_what_was_said_is_kept(talk: Callable[..., Ran], tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    ran = talk(f"interview --on {DAY} --save {file}", "IND", "no")
    assert (ran.code, ran.out) == (130, "")
    assert f"--resume {file}" in ran.err
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert [step["value"] for step in kept["steps"]] == [["IND"], "no"] and not kept["done"]
    again = talk(f"interview --resume {file}", "back", "unknown", "stop")
    assert again.code == 0 and "Question 3" in again.err
    assert [s["value"] for s in json.loads(file.read_text(encoding="utf-8"))["steps"]] == [["IND"], "unknown"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.json"]
    assert talk(f"interview --on {DAY}").code == 130


def test_the_keyboard_interrupt_leaves_what_was_said(
    talk: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(io.StringIO):
        def readline(self, *_: Any) -> str:
            raise KeyboardInterrupt

    file = tmp_path / "mine.json"
    assert talk(f"interview --on {DAY} --save {file}", "IND").code == 130
    before = file.read_bytes()
    real = io.StringIO
    monkeypatch.setattr(io, "StringIO", Interrupted)
    ran = talk(f"interview --resume {file}")
    monkeypatch.setattr(io, "StringIO", real)
    assert ran.code == 130 and file.read_bytes() == before


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("interview --resume nowhere.json", 2, "no such file"),
        ("interview --resume x.json --on 2025-06-01", 2, "--resume"),
        ("interview --on never", 2, "E_DATE"),
        ("interview citizen=IND", 2, "citizenships"),
        ("interview --action fly", 2, "unknown action"),
        ("interview --save /nowhere/mine.json", 2, "--save /nowhere/mine.json"),
        ("interview --save /", 2, "is a folder"),
    ],
)
def test_bad_input_is_refused_before_anything_is_asked(
    talk: Callable[..., Ran], line: str, code: int, said: str
) -> None:
    ran = talk(line, "IND")
    assert ran.code == code and said in ran.err and ran.out == ""
    assert "Question" not in ran.err


def test_a_file_that_is_no_interview_is_refused(talk: Callable[..., Ran], tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    for content in ("", "[]", "{}", '{"schema": "inforce/answer/1"}', "\udcff", "[" * 100_000):
        file.write_text(content, encoding="utf-8", errors="surrogateescape")
        ran = talk(f"interview --resume {file}")
        assert ran.code == 3 and "E_CASE" in ran.err, content[:9]
        assert file.read_text(encoding="utf-8", errors="surrogateescape") == content


def test_what_is_typed_cannot_move_the_cursor(talk: Callable[..., Ran]) -> None:
    ran = talk(f"interview --on {DAY}", "\x1b]0;owned\x07", "IND\u202e", "stop")
    assert "\x1b" not in ran.err and "\u202e" not in ran.err
    assert "Not understood" in ran.err
