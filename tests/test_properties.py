"""What holds of every answer, whatever the case: on cases drawn by hypothesis from the facts that rules read."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, event, given, note, settings
from hypothesis import strategies as st

from inforce.errors import FactsError
from inforce.rules.answer import Answer
from inforce.rules.decide import World

FIRST, LAST = date(2001, 6, 1), date(2026, 12, 31)
FAR = "2199-12-31"
VISA_EXEMPT_PERMIT = "R-WP-198-1"
COUNTRIES = (
    ("FR", "FRA", "France", "France"),
    ("DE", "DEU", "Germany", "Allemagne"),
    ("IN", "IND", "India", "Inde"),
    ("MX", "MEX", "Mexico", "Mexique"),
    ("CZ", "CZE", "Czechia", "Tchéquie"),
    ("RO", "ROU", "Romania", "Roumanie"),
    ("HU", "HUN", "Hungary", "Hongrie"),
    ("CI", "CIV", "Côte d'Ivoire", "Côte d’Ivoire"),
    ("KR", "KOR", "South Korea", "Corée du Sud"),
    ("GB", "GBR", "United Kingdom", "Royaume-Uni"),
    ("US", "USA", "United States", "États-Unis"),
    ("UA", "UKR", "Ukraine", "Ukraine"),
    ("BR", "BRA", "Brazil", "Brésil"),
    ("PH", "PHL", "Philippines", "Philippines"),
    ("LC", "LCA", "Saint Lucia", "Sainte-Lucie"),
    ("TH", "THA", "Thailand", "Thaïlande"),
    ("IL", "ISR", "Israel", "Israël"),
    ("GR", "GRC", "Greece", "Grèce"),
    ("VA", "VAT", "Vatican City", "Vatican"),
    ("AG", "ATG", "Antigua and Barbuda", "Antigua-et-Barbuda"),
)


@dataclass(frozen=True)
class Case:
    """One question as ``kb.check`` takes it."""

    action: str
    on: str
    facts: dict[str, Any]
    known_on: str | None = None
    readings: tuple[str, ...] = ()

    def having(self, name: str, value: Any) -> Case:
        """The same case with one fact more."""
        return replace(self, facts={**self.facts, name: value})


def ask(kb: Any, case: Case, *, ordinarily: bool = False) -> Answer:
    answer: Answer = kb.check(
        case.facts,
        on=case.on,
        action=case.action,
        known_on=case.known_on,
        readings=case.readings,
        ordinarily=ordinarily,
    )
    event(f"asked: {answer.outcome}, ordinarily {answer.ordinarily.outcome}")
    return answer


def possible(kb: Any, case: Case) -> bool:
    """Whether the facts of a case can hold together."""
    try:
        asked = kb.question(case.facts, on=case.on, action=case.action, known_on=case.known_on, readings=case.readings)
        asked.outcomes([World(moment, asked.widest) for moment in range(len(asked.moments))])
    except FactsError:
        return False
    return True


def grown(kb: Any, case: Case, more: dict[str, Any]) -> Case:
    """The case with each fact of ``more`` that does not contradict it and those before."""
    whole = replace(case, facts={**case.facts, **more})
    if possible(kb, whole):
        return whole
    for name, value in more.items():
        trial = case.having(name, value)
        if possible(kb, trial):
            case = trial
    return case


# ---- drawing cases -------------------------------------------------------------------------------


@cache
def read_by(kb: Any, action: str) -> list[str]:
    """The facts that bear on an action: tested by its rules, or naming a concept that entails such facts."""
    book = kb.book
    tested = {v[1] for v in book.diagrams[action].variables if v[0] not in ("rule", "condition")}
    entailing = {key.split("=")[0] for key in book.entailments}
    return [name for name, fact in book.facts.items() if name in tested | entailing and not fact.follows_day]


@cache
def values(kb: Any, name: str) -> st.SearchStrategy[Any]:
    """The values of a fact; of countries and concepts those that some list or entailment tells apart."""
    fact = kb.book.facts[name]
    if fact.kind == "boolean":
        return st.booleans()
    pool = list(fact.values or sorted(set(kb.built.json("names.json")[fact.scheme].values())))
    if not fact.multiple:
        return st.sampled_from(pool)
    told = {entry for entries in kb.book.lists.values() for entry in entries}
    told |= {key.partition("=")[2] for key in kb.book.entailments}
    kept = [token for token in pool if token in told]
    return st.lists(st.sampled_from(kept or pool), max_size=2, unique=True).map(lambda v: tuple(sorted(v)))


@cache
def days(kb: Any) -> st.SearchStrategy[date]:
    """Days beside a change and days anywhere; the newest first, where most rules are in force."""
    near = st.tuples(st.sampled_from(kb.change_days()[::-1]), st.sampled_from((0, -1, 1)))
    beside = near.map(lambda pair: date.fromisoformat(pair[0]) + timedelta(days=pair[1]))
    return beside | st.integers(0, (LAST - FIRST).days).map(lambda back: LAST - timedelta(days=back))


def actions(kb: Any) -> st.SearchStrategy[str]:
    """All actions, the one that most rules speak to more often."""
    return st.just(kb.default_action) | st.sampled_from(sorted(kb.book.actions, reverse=True))


def draw_case(data: st.DataObject, kb: Any, *, span: str = "day", ordinary: bool | None = None) -> Case:
    """Draw a possible case: some facts at random, and often the rest of them as they ordinarily are."""
    action = data.draw(actions(kb), "action")
    day = data.draw(days(kb), "day")
    on = {"day": day.isoformat(), "month": f"{day:%Y-%m}", "year": f"{day:%Y}"}[span]
    names = data.draw(st.lists(st.sampled_from(read_by(kb, action)), unique=True, max_size=30), "names")
    facts = {name: data.draw(values(kb, name), name) for name in names}
    if data.draw(st.booleans(), "with a citizenship"):
        facts["citizenships"] = data.draw(values(kb, "citizenships"), "citizenships")
    case = grown(kb, Case(action, on, {}), facts)
    fill = data.draw(st.booleans(), "the rest ordinary") if ordinary is None else ordinary
    if fill:
        rest = {
            name: kb.book.facts[name].ordinarily
            for name in read_by(kb, action)
            if name not in case.facts and kb.book.facts[name].has_ordinary
        }
        case = grown(kb, case, rest)
    note(repr(case))
    event(f"rest ordinary: {fill}")
    return case


def open_facts(kb: Any, case: Case, answer: Answer) -> list[str]:
    settled = {*answer.facts, *(item["fact"] for item in answer.inferred)}
    return [name for name in read_by(kb, case.action) if name not in settled]


def draw_fact(data: st.DataObject, kb: Any, case: Case, names: list[str]) -> tuple[str, Case]:
    """The case with one fact more, which it does not exclude."""
    assume(names)
    name = data.draw(st.sampled_from(names), "fact to add")
    more = case.having(name, data.draw(values(kb, name), "its value"))
    assume(possible(kb, more))
    return name, more


# ---- knowing more --------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.data())
def test_a_settled_answer_stays_when_facts_are_added(kb: Any, data: st.DataObject) -> None:
    case = draw_case(data, kb)
    before = ask(kb, case)
    assume({before.outcome, *before.by_layer.values()} - {"depends"})
    _, more = draw_fact(data, kb, case, open_facts(kb, case, before))
    after = ask(kb, more)
    if before.outcome != "depends":
        assert after.outcome == before.outcome
        assert after.missing == ()
    for layer, word in before.by_layer.items():
        assert word in ("depends", after.by_layer[layer]), layer


@settings(max_examples=60)
@given(st.data())
def test_each_settled_ground_stays_when_facts_are_added(kb: Any, data: st.DataObject) -> None:
    case = draw_case(data, kb)
    before = ask(kb, case)
    _, more = draw_fact(data, kb, case, open_facts(kb, case, before))
    after = {ground.version: ground for ground in ask(kb, more).grounds}
    assert set(after) == {ground.version for ground in before.grounds}
    for ground in before.grounds:
        assert ground.state in ("unknown", after[ground.version].state), ground.version
        assert ground.stands in (None, after[ground.version].stands), ground.version
        assert set(ground.defeated_by) <= set(after[ground.version].defeated_by), ground.version


@settings(max_examples=100)
@given(st.data())
def test_settling_what_is_missing_settles_the_outcome(kb: Any, data: st.DataObject) -> None:
    case = draw_case(data, kb)
    answer = ask(kb, case)
    assert bool(answer.missing) == (answer.outcome == "depends")
    assume(answer.missing)
    for item in answer.missing:
        value = data.draw(values(kb, item["fact"]), item["fact"])
        trial = case.having(item["fact"], value)
        if not possible(kb, trial):
            pool = [True, False] if isinstance(value, bool) else list(kb.book.facts[item["fact"]].values or ())
            found = [case.having(item["fact"], other) for other in pool]
            found = [other for other in found if possible(kb, other)]
            assume(found or item["fact"] in {i["fact"] for i in ask(kb, case).inferred})
            trial = found[0] if found else case
        case = trial
    settled = ask(kb, case)
    assert settled.outcome != "depends"
    assert settled.missing == ()


@settings(max_examples=150)
@given(st.data())
def test_a_fact_that_is_not_missing_changes_nothing(kb: Any, data: st.DataObject) -> None:
    case = draw_case(data, kb, ordinary=False)
    before = ask(kb, case)
    missing = {item["fact"] for item in before.missing}
    # A fact that binds others, by a constraint or an entailment, may say something about those that are missing.
    binding = {*kb.book.constraints_of, *kb.book.entailing} if missing else set()
    free = [name for name in open_facts(kb, case, before) if name not in missing and name not in binding]
    _, more = draw_fact(data, kb, case, free)
    after = ask(kb, more)
    assert after.outcome == before.outcome
    assert {item["fact"] for item in after.missing} == missing
    assert [item["by_value"] for item in sorted(after.missing, key=lambda i: i["fact"])] == [
        item["by_value"] for item in sorted(before.missing, key=lambda i: i["fact"])
    ]


@settings(max_examples=60)
@given(st.data())
def test_what_a_value_would_settle_is_what_it_gives(kb: Any, data: st.DataObject) -> None:
    case = draw_case(data, kb)
    answer = ask(kb, case)
    told = [(item["fact"], value, word) for item in answer.missing for value, word in item["by_value"].items()]
    # A value that entails other facts is tried without what it entails.
    told = [row for row in told if row[0] not in kb.book.entailing]
    assume(told)
    name, value, word = data.draw(st.sampled_from(told), "what is told")
    assert ask(kb, case.having(name, value)).outcome == word


# ---- the ordinary case ---------------------------------------------------------------------------


@settings(max_examples=100)
@given(st.data())
def test_ordinarily_is_the_strict_outcome_with_what_is_assumed(kb: Any, data: st.DataObject) -> None:
    case = draw_case(data, kb, ordinary=False)
    answer = ask(kb, case)
    assert not set(answer.ordinarily.assuming) & set(answer.facts)
    spelled = ask(kb, replace(case, facts={**case.facts, **answer.ordinarily.assuming}))
    assert spelled.outcome == answer.ordinarily.outcome
    assert spelled.ordinarily.outcome == answer.ordinarily.outcome


@settings(max_examples=60)
@given(st.data())
def test_the_headline_chooses_the_reading_and_changes_neither_outcome(kb: Any, data: st.DataObject) -> None:
    case = draw_case(data, kb, ordinary=False)
    strict, ordinary = ask(kb, case), ask(kb, case, ordinarily=True)
    assert (strict.outcome, strict.ordinarily) == (ordinary.outcome, ordinary.ordinarily)
    assert strict.missing == ordinary.missing
    assert (strict.verdict, ordinary.verdict) == (strict.outcome, strict.ordinarily.outcome)
    if strict.outcome != "depends":
        assert strict.ordinarily.outcome == strict.outcome


@settings(max_examples=80)
@given(st.data())
def test_what_is_said_to_be_unknown_is_never_assumed(kb: Any, data: st.DataObject) -> None:
    case = draw_case(data, kb, ordinary=False)
    plain = ask(kb, case)
    names = [*open_facts(kb, case, plain), *(item["fact"] for item in plain.inferred)]
    assume(names)
    name = data.draw(st.sampled_from(names), "said to be unknown")
    answer = ask(kb, case.having(name, data.draw(st.sampled_from(("unknown", "?", None)), "as")), ordinarily=True)
    assert name not in answer.facts
    assert name not in answer.ordinarily.assuming
    assert name not in {item["fact"] for item in answer.inferred}
    if answer.outcome != "depends":
        assert plain.outcome == answer.outcome
    if answer.verdict not in ("depends", "not-covered"):
        more = grown(kb, case, {name: data.draw(values(kb, name), "in truth")})
        full = grown(kb, more, dict(answer.ordinarily.assuming))
        assert ask(kb, full).outcome == answer.verdict or set(answer.ordinarily.assuming) - set(full.facts)


# ---- the same question ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def another(kb: Any) -> Any:
    """The same data opened a second time: nothing is shared with the first."""
    import inforce

    return inforce.open(today="2026-06-12")


@settings(max_examples=60)
@given(st.data(), st.booleans(), st.sampled_from(("day", "day", "month", "year")))
def test_same_question_same_bytes_and_a_receipt_replays(
    kb: Any, another: Any, data: st.DataObject, ordinarily: bool, span: str
) -> None:
    case = draw_case(data, kb, span=span)
    if data.draw(st.booleans(), "as known then"):
        case = replace(case, known_on=data.draw(days(kb), "known on").isoformat())
    contested = sorted({rule.rule for rule in kb.book.rules if rule.contested})
    case = replace(case, readings=tuple(data.draw(st.lists(st.sampled_from(contested), unique=True, max_size=2))))
    assume(possible(kb, case))
    text = ask(kb, case, ordinarily=ordinarily).to_json()
    assert ask(kb, case, ordinarily=ordinarily).to_json() == text
    assert ask(another, case, ordinarily=ordinarily).to_json() == text
    again, differences = another.replay(json.loads(text))
    assert differences == []
    assert again.to_json() == text


@settings(max_examples=40)
@given(st.data())
def test_the_order_of_facts_and_citizenships_does_not_matter(kb: Any, data: st.DataObject) -> None:
    case = draw_case(data, kb)
    people = data.draw(st.lists(values(kb, "citizenships"), min_size=2, max_size=3), "citizenships")
    tokens = [token for some in people for token in some]
    case = case.having("citizenships", tokens)
    assume(possible(kb, case))
    shuffled = data.draw(st.permutations(list(case.facts.items())), "order")
    facts = {**dict(shuffled), "citizenships": data.draw(st.permutations(tokens), "order of citizenships")}
    assert ask(kb, replace(case, facts=facts)).to_json() == ask(kb, case).to_json()


@settings(max_examples=40)
@given(st.data(), st.sampled_from(COUNTRIES))
def test_a_country_by_any_of_its_names_gives_the_same_answer(
    kb: Any, data: st.DataObject, names: tuple[str, ...]
) -> None:
    case = draw_case(data, kb)
    cased = data.draw(st.sampled_from((str, str.lower, str.upper)), "case")
    assume(possible(kb, case.having("citizenships", names[1])))
    found = {ask(kb, case.having("citizenships", cased(name))).to_json() for name in names}
    assert len(found) == 1
    assert json.loads(found.pop())["facts"]["citizenships"] == [names[1]]


@settings(max_examples=80)
@given(st.data())
def test_known_in_the_far_future_is_all_that_is_known(kb: Any, data: st.DataObject) -> None:
    case = draw_case(data, kb)
    now, later = (json.loads(ask(kb, c).to_json()) for c in (case, replace(case, known_on=FAR)))
    for receipt in (now, later):
        for key in ("id", "known_on", "question"):
            receipt.pop(key)
    assert now == later


# ---- time ----------------------------------------------------------------------------------------


def _start(text: str) -> datetime:
    return datetime.fromisoformat(text if "T" in text else text + "T00:00:00")


def _word_at(answer: Answer, moment: datetime) -> str:
    found = [s.outcome for s in answer.segments if _start(s.first) <= moment < _start(s.until)]
    assert len(found) == 1
    return found[0]


def _undated(kb: Any, case: Case) -> Case:
    # A stretch of time has no day of the week: the days in it are asked without theirs.
    return replace(case, facts={**case.facts, **{fact.name: "unknown" for fact in kb.book.following_day}})


@settings(max_examples=60)
@given(st.data(), st.sampled_from(("day", "month", "year")), st.booleans())
def test_segments_cover_the_time_asked_and_agree_with_instants(
    kb: Any, data: st.DataObject, span: str, ordinarily: bool
) -> None:
    case = _undated(kb, draw_case(data, kb, span=span))
    answer = ask(kb, case, ordinarily=ordinarily)
    assert answer.segments[0].first == answer.on["from"]
    assert answer.segments[-1].until == answer.on["until"]
    for one, other in zip(answer.segments, answer.segments[1:], strict=False):
        assert one.until == other.first
        assert one.outcome != other.outcome
    low, high = (date.fromisoformat(answer.on[key]) for key in ("from", "until"))
    borders = [_start(segment.first) for segment in answer.segments]
    anywhere = st.builds(datetime.combine, st.dates(low, high - timedelta(days=1)), st.times(time(4), time(22)))
    moment = data.draw(st.sampled_from(borders) | anywhere, "instant").replace(microsecond=0)
    written = moment.replace(tzinfo=ZoneInfo(kb.book.zone)).isoformat()
    at = replace(case, on=written)
    asked = kb.question(at.facts, on=at.on, action=at.action)
    found = ask(kb, at, ordinarily=ordinarily).segments[0].outcome
    assert found == _word_at(answer, moment) or (asked.disputed() and found == "depends")


@settings(max_examples=60)
@given(st.data(), st.sampled_from(("month", "year")), st.booleans())
def test_a_month_or_year_has_the_outcome_of_its_days_or_depends(
    kb: Any, data: st.DataObject, span: str, ordinarily: bool
) -> None:
    case = _undated(kb, draw_case(data, kb, span=span))
    whole = ask(kb, case, ordinarily=ordinarily)
    low, high = (date.fromisoformat(whole.on[key]) for key in ("from", "until"))
    inside = data.draw(st.lists(st.dates(low, high - timedelta(days=1)), min_size=1, max_size=3), "days")
    ends = [date.fromisoformat(segment.until[:10]) for segment in whole.segments]
    inside += [end - timedelta(days=1) for end in ends if end > low]
    answers = {day: ask(kb, replace(case, on=day.isoformat()), ordinarily=ordinarily) for day in inside}
    for day, answer in answers.items():
        assert answer.segments[-1].outcome == _word_at(whole, datetime.combine(day, time(23, 59, 59))), day
    codes = {caution.code for caution in whole.cautions}
    assert ("changes-within" in codes) == (len(whole.segments) > 1)
    if len(whole.segments) > 1:
        assert whole.verdict == "depends"
    else:
        assert {answer.verdict for answer in answers.values()} == {whole.verdict}


# ---- what an answer rests on ---------------------------------------------------------------------


@settings(max_examples=100)
@given(st.data(), st.booleans())
def test_all_that_is_cited_is_in_force_on_the_day(kb: Any, data: st.DataObject, ordinarily: bool) -> None:
    case = draw_case(data, kb)
    answer = ask(kb, case, ordinarily=ordinarily)
    for ground in answer.grounds:
        assert ground.in_force_from <= case.on, ground.version
        assert ground.in_force_until is None or case.on < ground.in_force_until, ground.version
        for provision in ground.provisions:
            if provision["version"] is not None:
                assert provision["in_force_from"] <= case.on, provision
                assert provision["in_force_until"] is None or case.on < provision["in_force_until"], provision


@settings(max_examples=100)
@given(st.data(), st.booleans())
def test_defeats_layers_and_decisive_grounds_fit_the_outcome(kb: Any, data: st.DataObject, ordinarily: bool) -> None:
    answer = ask(kb, draw_case(data, kb), ordinarily=ordinarily)
    if answer.by_layer:
        assert list(answer.by_layer.values())[-1] == answer.verdict
    else:
        assert answer.verdict == "not-covered"
    ranks = [kb.book.layers[layer].rank for layer in answer.by_layer]
    assert ranks == sorted(ranks)
    standing = {ground.rule for ground in answer.grounds if ground.stands is True}
    for ground in answer.grounds:
        assert set(ground.defeated_by) <= standing, ground.version
        if ground.defeated_by:
            assert ground.stands is False, ground.version
        if ground.stands is True:
            assert ground.state == "holds", ground.version
    assert bool(answer.decisive) == (answer.verdict != "not-covered")


@settings(max_examples=60)
@given(st.data())
def test_a_second_citizenship_never_takes_the_permit_of_the_visa_exempt_away(kb: Any, data: st.DataObject) -> None:
    day = max(data.draw(days(kb), "day"), date.fromisoformat(kb.book.covers_from))
    noon = f"{day.isoformat()}T12:00:00"
    countries = set(kb.built.json("names.json")["place/scheme"].values())
    exempt = sorted(
        token
        for token, intervals in kb.book.lists["visa-exempt"].items()
        if token in countries and any(interval.holds_at(noon) for interval in intervals)
    )
    first = data.draw(st.sampled_from(exempt), "visa-exempt")
    case = Case("apply-work-permit-poe", day.isoformat(), {})
    names = [name for name in read_by(kb, case.action) if name != "citizenships"]
    drawn = {
        name: data.draw(values(kb, name), name) for name in data.draw(st.lists(st.sampled_from(names), max_size=8))
    }
    case = grown(kb, case.having("citizenships", [first]), drawn)
    before = _permit(ask(kb, case, ordinarily=True))
    assume(before is not None and before.stands is True)
    second = data.draw(values(kb, "citizenships"), "more")
    more = case.having("citizenships", [first, *second])
    assume(possible(kb, more))
    after = _permit(ask(kb, more, ordinarily=True))
    assert after is not None
    assert (after.state, after.stands) == ("holds", True)


def _permit(answer: Answer) -> Any:
    return next((ground for ground in answer.grounds if ground.rule == VISA_EXEMPT_PERMIT), None)
