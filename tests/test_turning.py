"""What would turn an answer: all minimal sets of facts and of rules, held against trying every set there is."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations, product
from typing import Any

import pytest
from cases_at_random import cases
from command_line import schema
from small_rules import LISTED, TOKENS, Small, small

from inforce.errors import FactsError
from inforce.rules.case import plain
from inforce.rules.families import EMPTY, UNIT, Families
from inforce.rules.turning import Change, Turns, turning

OPPOSITE = {"may": "may-not", "may-not": "may", "required": "not-required", "not-required": "required"}
FAVOURABLE = {"act": "may", "need": "not-required"}
Set = frozenset[tuple[str, Any]]


def passes(change: Change, value: Any) -> bool:
    """Whether a value is what a change says, read as a person would."""
    tokens = value if isinstance(value, tuple) else (value,)

    def one(operator: str, wanted: Any) -> bool:
        if operator in ("at-least", "below"):
            return (float(value) >= float(wanted)) is (operator == "at-least")
        if isinstance(wanted, bool):
            return value is wanted
        named = set(LISTED) if wanted == "listed" else set(wanted) if isinstance(wanted, tuple) else {wanted}
        return bool(named & set(tokens)) is (operator != "not")

    return any(all(one(operator, wanted) for operator, wanted in tests) for tests in change.tests)


def minimal(sets: Iterable[Set]) -> set[Set]:
    found = sorted(sets, key=len)
    return {one for one in found if not any(other < one for other in found)}


def turned_by(
    rules: Small, start: Mapping[str, Any], into: str, may_change: Callable[[str], bool], base: Mapping[str, Any]
) -> set[Set]:
    """Every minimal set of values under which all that is possible has the outcome; by trying all of them."""
    free = [name for name in rules.values if may_change(name)]
    found = set()
    for count in range(len(free) + 1):
        for names in combinations(free, count):
            for row in product(*(rules.values[name] for name in names)):
                changes = dict(zip(names, row, strict=True))
                if any(base.get(name, "open") == value for name, value in changes.items()):
                    continue
                outcomes = {rules.outcome(case) for case in rules.completions({**start, **changes})}
                if outcomes == {into}:
                    found.add(frozenset(changes.items()))
    return minimal(found)


def expanded(turns: Turns, rules: Small, base: Mapping[str, Any]) -> set[Set]:
    """The sets of values that the sets of changes stand for."""
    found = []
    for turn in turns.facts:
        each = [
            [(change.fact, value) for value in rules.values[change.fact] if passes(change, value)]
            for change in turn.changes
        ]
        for change in turn.changes:
            assert passes(change, change.example), change
            assert base.get(change.fact, "open") != change.example
        assert all(each), turn
        found += [frozenset(row) for row in product(*each)]
    assert len(found) == len(set(found)), "a set of values is told twice"
    return set(found)


def unusual(rules: Small, sets: Iterable[Set]) -> set[Set]:
    """The least of what sets have beyond facts that are as they ordinarily are."""
    facts = rules.book.facts
    return minimal(
        frozenset(
            (name, value) for name, value in one if not (facts[name].has_ordinary and facts[name].ordinarily == value)
        )
        for one in sets
    )


def some_facts(rules: Small, rng: random.Random, share: float) -> dict[str, Any]:
    return {name: rng.choice(values) for name, values in rules.values.items() if rng.random() < share}


@pytest.mark.parametrize("answers", ["may", "required"])
@pytest.mark.parametrize("ordinarily", [False, True], ids=["strict", "ordinarily"])
def test_all_minimal_sets_of_facts_are_found_and_no_others(answers: str, *, ordinarily: bool) -> None:
    compared = sets = depends = 0
    for seed in range(40):
        rng = random.Random(seed)
        rules = small(seed, answers=answers)
        facts = some_facts(rules, rng, rng.choice((0.3, 0.6, 1.0)))
        try:
            question = rules.question(facts)
        except FactsError:
            continue
        found = turning(question, ordinarily=ordinarily, tokens=lambda _: TOKENS)
        assumed, _ = question.ordinary_facts([m.fact for m in question.missing()]) if ordinarily else ({}, [])
        base = {**assumed, **facts}
        outcomes = {rules.outcome(case) for case in rules.completions(base)}
        outcome = outcomes.pop() if len(outcomes) == 1 else "depends"
        assert found.outcome == outcome
        into = FAVOURABLE[rules.action] if outcome == "depends" else OPPOSITE[outcome]
        assert found.into == into
        changeable = {name for name in rules.values if name not in facts or rules.book.facts[name].changeable}
        told, tried = expanded(found, rules, base), turned_by(rules, base, into, changeable.__contains__, base)
        if ordinarily:
            assert told == tried, seed
        assert told <= tried, seed
        assert unusual(rules, told) == unusual(rules, tried), seed
        assert found.facts_count == len(found.facts)
        compared += 1
        sets += len(found.facts)
        depends += outcome == "depends"
    assert compared > 25 and sets > 25
    assert depends > 5 or ordinarily


@pytest.mark.parametrize("answers", ["may", "required"])
@pytest.mark.parametrize("ordinarily", [False, True], ids=["strict", "ordinarily"])
def test_all_minimal_sets_of_rules_are_found_and_no_others(answers: str, *, ordinarily: bool) -> None:
    compared = sets = several = 0
    for seed in range(100, 160):
        rng = random.Random(seed)
        rules = small(seed, answers=answers, rules=6)
        facts = some_facts(rules, rng, rng.choice((0.6, 1.0)))
        try:
            question = rules.question(facts)
        except FactsError:
            continue
        found = turning(question, ordinarily=ordinarily, tokens=lambda _: TOKENS)
        assumed, _ = question.ordinary_facts([m.fact for m in question.missing()]) if ordinarily else ({}, [])
        possible = list(rules.completions({**assumed, **facts}))
        names = [rule.id for rule in rules.book.rules]
        turned = {
            frozenset((name, False) for name in away)
            for count in range(len(names) + 1)
            for away in combinations(names, count)
            if {rules.outcome(case, frozenset(away)) for case in possible} == {found.into}
        }
        got = {frozenset((rule.id, False) for rule in one) for one in found.rules}
        assert got == minimal(turned), seed
        assert found.rules_count == len(found.rules)
        compared += 1
        sets += len(got)
        several += any(len(one) > 1 for one in got)
    assert compared > 35 and sets > 20 and several > 2


def test_sets_come_by_what_they_cost_and_facts_nobody_can_change_last(kb: Any) -> None:
    seen = 0
    for case in cases(kb, 6100, 150):
        try:
            answer = kb.check(case.facts, on=case.day.isoformat(), action=case.action, ordinarily=True)
        except FactsError:
            continue
        found = kb.would_turn(answer, most=None)
        keys = []
        for one in found["facts"]["sets"]:
            stated = [c for c in one["changes"] if c["given"] is not None or c["assumed"] is not None]
            assert one["cost"] == sum(kb.book.facts[c["fact"]].cost for c in stated if c["changeable"])
            supposed = sum(not c["changeable"] for c in stated)
            keys.append((supposed, one["cost"], sum(not c["usual"] for c in one["changes"])))
            for change in one["changes"]:
                assert change["changeable"] or change["given"] is None
        assert keys == sorted(keys)
        few = kb.would_turn(answer, most=2)
        assert few["facts"]["sets"] == found["facts"]["sets"][:2]
        assert few["facts"]["count"] == found["facts"]["count"] == len(keys)
        seen += bool(keys)
    assert seen > 30


@pytest.mark.parametrize("ordinarily", [False, True], ids=["strict", "ordinarily"])
def test_on_the_real_rules_every_example_replays_and_no_part_of_it_is_to_spare(kb: Any, *, ordinarily: bool) -> None:
    replayed = spare = 0
    for case in cases(kb, 6200, 120):
        asked = {"on": case.day.isoformat(), "action": case.action, "ordinarily": ordinarily}
        asked |= {"known_on": case.known_on and case.known_on.isoformat(), "readings": sorted(case.readings)}
        try:
            answer = kb.check(case.facts, **asked)
        except FactsError:
            continue
        if answer.verdict == "depends" and len(answer.segments) > 1:
            continue
        given = {name: plain(value) for name, value in answer.facts.items()}
        found = kb.would_turn(answer, most=5)
        for one in found["facts"]["sets"]:
            changes = {change["fact"]: change["example"] for change in one["changes"]}
            assert kb.check({**given, **changes}, **asked).verdict == found["into"], (case, one)
            replayed += 1
            for name in changes:
                less = {key: value for key, value in changes.items() if key != name}
                try:
                    assert kb.check({**given, **less}, **asked).verdict != found["into"], (case, one, name)
                except FactsError:
                    pass  # without it the others cannot be
                spare += 1
    assert replayed > 60 and spare > 60


def test_what_a_flagpoler_could_have_done(kb: Any) -> None:
    """CBSA, 2024-12-23: an appointment made before excepts; so do some free trade agreements and US residence."""
    case = {
        "citizenships": "IND",
        "trip_only_us_or_spm": "yes",
        "held_temporary_status_in_canada_on_departure": "yes",
        "held_permit_or_tr_authorization_before_trip": "yes",
        "returns_within_authorized_stay": "yes",
        "purpose_is_immigration_service": "yes",
    }
    found = kb.would_turn(kb.check(case, on="2024-12-24", ordinarily=True), most=None)
    assert found["into"] == "may"
    sets = [{change["fact"] for change in one["changes"]} for one in found["facts"]["sets"]]
    assert sets[0] == {"has_cbsa_appointment"}
    assert {"us_permanent_resident"} in sets and {"fta_professional_under"} in sets
    assert [[rule["rule"] for rule in rules] for rules in found["rules"]["sets"]] == [["R-WP-FLAG-2024"]]
    # A citizenship is nobody's to change.
    assert not any("citizenships" in one for one in sets)


def test_before_the_first_rule_nothing_would_turn_it(kb: Any) -> None:
    found = kb.would_turn(kb.check({"citizenships": "IND"}, on="1990-01-01"))
    assert found == {"into": None, "facts": {"count": 0, "sets": []}, "rules": {"count": 0, "sets": []}}


def test_families_agree_with_sets() -> None:
    rng = random.Random(5)

    def family(f: Families, sets: Iterable[tuple[int, ...]], item: int = 0) -> int:
        sets = set(sets)
        if not sets - {()}:
            return UNIT if sets else EMPTY
        inside = family(f, {one[1:] for one in sets if one[:1] == (item,)}, item + 1)
        return f.node(item, inside, family(f, {one for one in sets if one[:1] != (item,)}, item + 1))

    for _ in range(200):
        f = Families()
        one, other = (
            {tuple(sorted(rng.sample(range(6), rng.randrange(5)))) for _ in range(rng.randrange(9))} for _ in range(2)
        )
        a, b = family(f, one), family(f, other)
        assert set(f.sets(a)) == one and f.count(a) == len(one)
        wanted = {x for x in one if not any(set(y) <= set(x) for y in other)}
        assert f.not_above(a, b) == family(f, wanted)
        weights = [rng.randrange(4) for _ in range(6)]
        lightest = f.lightest(a, weights, 3)
        every = sorted((sum(weights[item] for item in x), x) for x in one)
        assert [weight for weight, _ in lightest] == [weight for weight, _ in every[:3]]
        assert all(sum(weights[item] for item in x) == weight and x in one for weight, x in lightest)


def test_an_answer_about_an_instant_is_asked_again_at_that_instant(kb: Any) -> None:
    """CBSA, 2024-12-23: sources disagree about the minutes around midnight; the clock is that of the law's zone."""
    answer = kb.check({"citizenships": "IND"}, on="2024-12-24T00:05-05:00", ordinarily=True)
    assert kb.asked(answer.question).when.instant == "2024-12-24T00:05:00"
    assert kb.replay(json.loads(answer.to_json()))[1] == []
    assert kb.would_turn(answer)["into"] == "may"


@pytest.mark.parametrize(
    "line",
    [
        "citizenships=IND --on 1990-01-01",
        "citizenships=IND --on 2025-06-01 --limit 2",
        "citizenships=IND --on 2025-06-01 --ordinarily --lang fr",
        "citizenships=MEX --on 2024-02 --action trv-needed --ordinarily",
        "citizenships=IND --on 2024-12-24T00:01-05:00",
        "--on 2025-06-01 --action apply-work-permit-inland",
        "citizenships=USA --on 2025-06-01 --action trv-needed",
        "document_and_status_classes=GBS-ROA --on 2018-01-01",
    ],
)
def test_the_command_shows_them_in_eighty_columns_and_by_its_schema(run: Any, line: str) -> None:
    ran = run(f"check {line} --why-not --json")
    found = json.loads(ran.out)
    schema("why-not").validate(found)
    cut = any(len(found[kind]["sets"]) < found[kind]["count"] for kind in ("facts", "rules"))
    assert ran.code == (8 if "--limit" in line and cut else 0), ran.err
    shown = run(f"check {line} --why-not")
    assert shown.code == ran.code
    assert max(map(len, shown.out.splitlines())) <= 80
    for one in found["facts"]["sets"]:
        for change in one["changes"]:
            assert change["fact"] in shown.out
    for rules in found["rules"]["sets"]:
        assert all(rule["rule"] in shown.out for rule in rules)


def test_a_set_is_told_in_both_languages(kb: Any) -> None:
    answer = kb.check({"citizenships": "FRA"}, on="2025-06-01", ordinarily=True)
    one, autre = (kb.would_turn(answer, lang=lang)["facts"]["sets"][0] for lang in ("en", "fr"))
    assert one["words"].startswith("people who ") and autre["words"].startswith("les personnes qui ")
    assert one["words_fr"] == autre["words"] == autre["words_fr"]
    assert one["changes"][0]["tests"] == autre["changes"][0]["tests"]
