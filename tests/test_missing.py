"""In which order open facts are asked for: what each tells, weighed by how likely its values are."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from math import log2, prod
from typing import Any

import pytest
from cases_at_random import cases

from inforce.errors import FactsError
from inforce.rules.decide import Question, World
from inforce.rules.era import ORDINARY

FLAGPOLER = {
    "citizenships": ["IND"],
    "trip_only_us_or_spm": "yes",
    "held_temporary_status_in_canada_on_departure": "yes",
    "held_permit_or_tr_authorization_before_trip": "yes",
    "returns_within_authorized_stay": "yes",
    "purpose_is_immigration_service": "yes",
}
OPEN = 6


def _values(question: Question, name: str) -> list[tuple[Any, float]]:
    """Every value of a fact with how likely it is."""
    fact = question.book.facts[name]
    values = [True, False] if fact.kind == "boolean" else list(fact.values or ())
    if not fact.has_ordinary:
        return [(value, 1 / len(values)) for value in values]
    rest = (1 - ORDINARY) / (len(values) - 1)
    return [(value, ORDINARY if value == fact.ordinarily else rest) for value in values]


def _entropy(weights: dict[str, float]) -> float:
    whole = sum(weights.values())
    return -sum(w * log2(w / whole) for w in weights.values() if w > 0)


def _gains(question: Question, names: list[str]) -> dict[str, float]:
    """What each fact tells, by trying every combination of values: the reference."""
    world = World(0, question.widest)
    outcomes: dict[str, float] = defaultdict(float)
    by_value: dict[tuple[str, Any], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for combination in product(*(_values(question, name) for name in names)):
        weight = prod(share for _, share in combination)
        facts = dict(zip(names, (value for value, _ in combination), strict=True))
        try:
            outcome = question.outcome(world, facts)
        except FactsError:
            continue  # facts that exclude each other weigh nothing
        outcomes[outcome] += weight
        for item in facts.items():
            by_value[item][outcome] += weight
    whole = sum(outcomes.values())
    after: dict[str, float] = defaultdict(float)
    for (name, _), weights in by_value.items():
        after[name] += _entropy(weights)
    return {name: (_entropy(outcomes) - after[name]) / whole for name in names}


@pytest.mark.parametrize("seed", [4000, 4001])
def test_what_a_fact_tells_is_what_trying_every_value_tells(kb: Any, seed: int) -> None:
    compared = choices = 0
    for case in cases(kb, seed, 400):
        try:
            question = kb.question(case.facts, on=case.day.isoformat(), action=case.action)
            names = [item.fact for item in question.missing()][:OPEN] if len(question.moments) == 1 else []
            known = {**question.ordinary_facts(())[0], **question.moments[-1].facts}
            facts = {name: value for name, value in known.items() if name not in names or name in case.facts}
            question = kb.question(facts, on=case.day.isoformat(), action=case.action)
        except FactsError:
            continue
        missing = {item.fact: item.gain for item in question.missing()}
        era = question.era(World(0, question.widest))
        names = [name for name in era.groups if name not in question.moments[0].facts]
        if not missing or len(question.moments) > 1 or len(names) > OPEN + 2 or era.open_listed(facts):
            continue
        if any(fact.kind != "boolean" and fact.values is None for fact in map(kb.book.facts.get, names)):
            continue
        expected = _gains(question, names)
        assert missing == pytest.approx({name: expected[name] for name in missing}, abs=1e-9), case
        gains = [round(gain, 12) for gain in missing.values()]
        assert gains == sorted(gains, reverse=True)
        compared += len(missing)
        choices += sum(kb.book.facts[name].kind == "choice" for name in missing)
    assert compared > 20
    assert choices


def test_what_nearly_everyone_answers_alike_is_asked_late(kb: Any) -> None:
    order = [item["fact"] for item in kb.check(FLAGPOLER, on="2024-12-24").missing]
    assert order.index("us_permanent_resident") < order.index("has_cbsa_appointment") < 4
    # Only with an exception that needs three facts more.
    assert order.index("international_truck_driver") > 15
    assert kb.check({}, on="2024-12-24").missing[0]["fact"] == "citizenships"


def test_facts_that_tell_as_much_as_each_other_keep_the_order_of_the_data(kb: Any) -> None:
    place = {name: number for number, name in enumerate(kb.book.facts)}
    ties = 0
    for facts in ({}, FLAGPOLER, {"citizenships": "FRA"}):
        missing = kb.question(facts, on="2024-12-24").missing()
        for one, following in zip(missing, missing[1:], strict=False):
            if round(one.gain, 12) == round(following.gain, 12):
                assert place[one.fact] < place[following.fact]
                ties += 1
    assert ties


def test_a_fact_is_tried_only_with_values_it_can_take(kb: Any) -> None:
    # Lists of visa policy hold countries and classes of documents; a document class is never a country.
    for action in kb.book.actions:
        asked = kb.question({}, on="2024-06-01", action=action)
        era = asked.era(World(0, asked.widest))
        for name, rows in era.combinations.items():
            found = {tuple(False for _ in era.groups[name])}
            for token in kb.tokens(name):
                found.add(tuple(era.truth(position, {name: (token,)}) is True for position in era.groups[name]))
            while kb.book.facts[name].multiple:
                wider = {tuple(a or b for a, b in zip(one, other, strict=True)) for one in found for other in found}
                if wider == found:
                    break
                found = wider
            assert {tuple(row.values()) for row in rows} == found, (action, name)
