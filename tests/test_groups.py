"""Who lost and who gained between two days: exact on small rule sets, and on the real rules against random cases."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from cases_at_random import RandomCase, cases, random_value
from hypothesis import given, settings
from hypothesis import strategies as st

from inforce.errors import FactsError
from inforce.rules.decide import World
from inforce.rules.functions import Functions

# Days on either side of a change, from the sources (CBSA 2024-12-23; SOR/2024-34; SOR/2017-78; SOR/2025-255 …).
PAIRS = (
    ("2024-12-23", "2024-12-24"),
    ("2024-02-28", "2024-03-01"),
    ("2025-11-24", "2025-11-26"),
    ("2017-05-04", "2017-05-05"),
    ("2016-03-14", "2016-03-15"),
    ("2004-07-21", "2004-07-22"),
    ("2010-01-01", "2026-06-01"),
    # Of one status nobody can say since when it is on the list: whoever has it has not gained or lost for sure.
    ("2016-12-01", "2025-01-01"),
)
OPPOSITE = {("may", "may-not"): "lost", ("may-not", "may"): "gained"}
OPPOSITE |= {("required", "not-required"): "lost", ("not-required", "required"): "gained"}


def holds(told: list[Any], facts: Mapping[str, Any], kb: Any, days: tuple[str, str]) -> bool:
    """Whether a complete case passes one test of a group, read as a person would."""
    name, operator, value = told
    have = facts[name]
    if operator in ("at-least", "below"):
        return (float(have) >= float(value)) is (operator == "at-least")
    if isinstance(have, bool):
        return have is (value == "yes")
    values = have if isinstance(have, tuple) else (have,)
    if isinstance(value, str) and value in kb.book.lists:
        # A list is named where the same values are on it on both days.
        wanted = set(listed(kb, value, days[0])) & set(listed(kb, value, days[1]))
    else:
        wanted = set(value) if isinstance(value, list) else {value}
    return bool(wanted & set(values)) is (operator != "not")


def listed(kb: Any, name: str, day: str) -> Iterator[str]:
    for token, intervals in kb.book.lists[name].items():
        at = f"{day}T23:59:59"
        if any(interval.holds_at(at) and not interval.uncertain_at(at) for interval in intervals):
            yield token


def in_group(group: Mapping[str, Any], facts: Mapping[str, Any], kb: Any, days: tuple[str, str]) -> bool:
    return all(holds(told, facts, kb, days) for told in group["conditions"]) and not any(
        all(holds(told, facts, kb, days) for told in exception) for exception in group["except"]
    )


@pytest.fixture(scope="module")
def found(kb: Any) -> dict[tuple[str, str], Any]:
    return {pair: kb.differ(*pair) for pair in PAIRS}


@pytest.mark.parametrize("pair", PAIRS, ids="..".join)
def test_every_example_replays_to_what_is_claimed(kb: Any, found: Any, pair: tuple[str, str]) -> None:
    told = [(kind, group) for kind in ("lost", "gained", "unsettled") for group in found[pair][kind]]
    assert told
    for kind, group in told:
        words = [kb.check(group["example"], on=day, action=group["action"]).outcome for day in pair]
        assert words == [group["before"], group["after"]]
        # Whether the status of some is on the list nobody can say: their outcome was settled and is not.
        open_ = words[0] in ("may", "may-not", "required", "not-required") and words[1] in ("depends", "not-covered")
        assert ("unsettled" if open_ else OPPOSITE.get((words[0], words[1]))) == kind
        assert group["because"], group


@pytest.mark.parametrize("pair", PAIRS, ids="..".join)
def test_random_cases_are_in_a_group_exactly_if_their_outcome_turns(kb: Any, found: Any, pair: tuple[str, str]) -> None:
    turned = 0
    for case in complete(kb, found[pair], seed=sum(map(ord, pair[0])), count=150):
        try:
            days = [outcome(kb, case, day) for day in pair]
        except FactsError:
            continue
        kind = OPPOSITE.get((days[0], days[1]))
        turned += kind is not None
        for name in ("lost", "gained"):
            inside = any(
                in_group(group, case.facts, kb, pair) for group in found[pair][name] if group["action"] == case.action
            )
            assert inside is (kind == name), (name, kind, case)
    assert turned > 5


def outcome(kb: Any, case: Any, day: str) -> str:
    """The outcome of a complete case at the end of a day, on the weekday the case says."""
    asked = kb.question({n: v for n, v in case.facts.items() if n not in following(kb)}, on=day, action=case.action)
    last = len(asked.moments) - 1
    asked.moments[last].facts.update({name: case.facts[name] for name in following(kb)})
    return str(asked.outcome(World(last, asked.widest)))


def following(kb: Any) -> list[str]:
    return [fact.name for fact in kb.book.following_day]


def complete(kb: Any, got: Any, seed: int, count: int) -> Iterator[RandomCase]:
    """Random cases in which every fact an action reads is given: near an example, or near to what is ordinary."""
    rng = random.Random(seed)
    near = [group for kind in ("lost", "gained") for group in got[kind]]
    for case in cases(kb, seed, count):
        start = rng.choice(near)
        action = start["action"] if rng.random() < 0.7 else case.action
        read = {v[1] for v in kb.book.diagrams[action].variables if v[0] not in ("rule", "condition")}
        facts: dict[str, Any] = {}
        for name in sorted(read):
            fact = kb.book.facts[name]
            if name in start["example"] and rng.random() < 0.95:
                value = start["example"][name]
                facts[name] = value == "yes" if fact.kind == "boolean" else tuple(value) if fact.multiple else value
            elif fact.has_ordinary and rng.random() < 0.8:
                facts[name] = fact.ordinarily
            else:
                facts[name] = case.facts.get(name, random_value(rng, kb, name))
        for fact in kb.book.following_day:
            facts[fact.name] = rng.choice(fact.values)
        yield RandomCase(action, case.day, facts)


def test_flagpolers_lost_their_permits_with_their_exceptions(found: Any) -> None:
    # The designation of 2024-12-23: five exceptions; service for a study permit ended with the same words.
    lost = found["2024-12-23", "2024-12-24"]["lost"]
    assert sorted(group["action"] for group in lost) == [
        "apply-study-permit-poe",
        "apply-work-permit-poe",
        "present-loi-poe",
    ]
    for group in lost:
        said = {name: (operator, value) for name, operator, value in group["conditions"]}
        for name in (
            "held_temporary_status_in_canada_on_departure",
            "trip_only_us_or_spm",
            "purpose_is_immigration_service",
        ):
            assert said[name] == ("is", "yes")
        assert said["us_permanent_resident"] == said["has_cbsa_appointment"] == ("is", "no")
        assert said["citizenships"] == ("not", "USA")
        truck = {"international_truck_driver", "departure_required_by_employment", "holds_work_permit"}
        assert any(truck < {name for name, _, _ in exception} for exception in group["except"])
        assert any("R-" in version and "FLAG-2024" in version for version in group["because"])


def test_nationals_of_mexico_lost_and_those_who_return_did_not(found: Any) -> None:
    # SOR/2024-34 took Mexico off the visa-exempt list; IRPR 190(3)(f) still covers who returns from the US.
    lost = [g for g in found["2024-02-28", "2024-03-01"]["lost"] if g["action"] == "apply-work-permit-poe"]
    assert lost
    assert all(["citizenships", "in", ["MEX"]] in group["conditions"] for group in lost)
    returning = {"trip_only_us_or_spm", "held_permit_or_tr_authorization_before_trip", "returns_within_authorized_stay"}
    assert any(returning == {name for name, _, _ in e} for group in lost for e in group["except"])
    assert all(["us_permanent_resident", "is", "no"] in group["conditions"] for group in lost)


def test_nationals_of_qatar_gained(found: Any) -> None:
    # SOR/2025-255 put Qatar on the visa-exempt list from 2025-11-25.
    gained = [g for g in found["2025-11-24", "2025-11-26"]["gained"] if g["action"] == "apply-work-permit-poe"]
    assert gained
    assert all(["citizenships", "in", ["QAT"]] in group["conditions"] for group in gained)


def test_facts_of_all_cases_narrow_the_groups(kb: Any) -> None:
    # A US national may be served at the port also after the designation.
    got = kb.differ("2024-12-23", "2024-12-24", action="apply-work-permit-poe", where={"citizenships": "USA"})
    assert got["lost"] == []
    assert got["gained"]
    assert all(group["example"]["citizenships"] == ["USA"] for group in got["gained"])


def test_the_same_day_twice_differs_in_nothing_by_rules_that_are_the_same(kb: Any) -> None:
    got = kb.differ("2025-06-01", "2025-06-01", against=kb)
    assert (got["lost"], got["gained"], got["unsettled"]) == ([], [], [])


# ---- functions ----------------------------------------------------------------------------------

TABLES = st.integers(min_value=0, max_value=2**32 - 1)
VARIABLES = 5


def of_table(f: Functions, table: int) -> int:
    rows = list(product((False, True), repeat=VARIABLES))
    return f.either(*(f.cube(enumerate(row)) for number, row in enumerate(rows) if table >> number & 1))


@settings(max_examples=150, deadline=None)
@given(least=TABLES, free=TABLES)
def test_a_formula_lies_between_its_bounds_and_none_of_it_is_to_spare(least: int, free: int) -> None:
    f = Functions()
    low, high = of_table(f, least & ~free), of_table(f, least | free)
    cubes = f.formula(low, high)
    whole = f.either(*(f.cube(cube) for cube in cubes))
    assert f.both(low, f.negation(whole)) == 0
    assert f.both(whole, f.negation(high)) == 0
    for cube in cubes:
        assert f.both(low, f.negation(f.either(*(f.cube(other) for other in cubes if other != cube)))) != 0
        for literal in cube:
            wider = f.cube(other for other in cube if other != literal)
            assert f.both(wider, f.negation(high)) != 0


@settings(max_examples=150, deadline=None)
@given(one=TABLES, other=TABLES, wanted=st.dictionaries(st.integers(0, VARIABLES - 1), st.booleans()))
def test_functions_agree_with_their_tables(one: int, other: int, wanted: dict[int, bool]) -> None:
    f = Functions()
    a, b = of_table(f, one), of_table(f, other)
    everything = 2**32 - 1
    assert f.both(a, b) == of_table(f, one & other)
    assert f.either(a, b) == of_table(f, one | other)
    assert f.negation(a) == of_table(f, ~one & everything)
    assert f.meets_cube(a, wanted.items()) is (f.both(a, f.cube(wanted.items())) != 0)
    literals = [(variable, truth) for variable in range(VARIABLES) for truth in (True, False)]
    if a:
        assert f.forced(a) == {one for one in literals if f.both(a, f.negation(f.variable(*one))) == 0}
    for variable in range(VARIABLES):
        assert f.some(a, [variable]) == f.either(*(f.put_in(a, {variable: truth}) for truth in (True, False)))
    if one:
        assert f.both(f.cube(f.path(a, wanted).items()), f.negation(a)) == 0
