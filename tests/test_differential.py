"""The fold against clingo: two engines, two translations of the rules, the same answers on random cases."""

from __future__ import annotations

from typing import Any

import pytest
from cases_at_random import cases
from oracle import Oracle

from inforce.errors import FactsError
from inforce.rules.decide import Question, World

CHUNKS, CASES = 10, 520


@pytest.fixture(scope="module")
def oracle(kb: Any) -> Oracle:
    return Oracle(kb.built.path("graph.nq"))


def _asked(kb: Any, case: Any) -> Question:
    known = None if case.known_on is None else case.known_on.isoformat()
    return kb.question(
        case.facts, on=case.day.isoformat(), action=case.action, known_on=known, readings=sorted(case.readings)
    )


def _engine(kb: Any, case: Any, assume: dict[str, Any] | None = None, rank: int | None = None) -> str:
    try:
        question = _asked(kb, case)
        last = len(question.moments) - 1
        world = World(last, question.widest if rank is None else rank)
        return question.outcomes([world], assume or {})[0]
    except FactsError:
        return "contradiction"


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_outcomes_equal_clingo(kb: Any, oracle: Oracle, chunk: int) -> None:
    """More than 5,000 cases with unknowns: the exact outcome, strict and ordinary, and up to each layer."""
    seen = set()
    for case in cases(kb, 1000 + chunk, CASES):
        ours = _engine(kb, case)
        theirs = oracle.ask(case.action, case.facts, case.day, known_on=case.known_on, readings=case.readings)
        assert ours == theirs, case
        seen.add(ours)
        if ours != "contradiction" and case.day.toordinal() % 5 == 0:
            question = _asked(kb, case)
            assumed, _ = question.ordinary_facts(())
            given = dict(case.facts)
            ordinary = oracle.ask(
                case.action, given, case.day, known_on=case.known_on, readings=case.readings, assume=assumed
            )
            assert _engine(kb, case, assumed) == ordinary, case
            for rank in sorted({layer.rank for layer in kb.book.layers.values()}):
                up_to = oracle.ask(
                    case.action, given, case.day, known_on=case.known_on, readings=case.readings, up_to_rank=rank
                )
                assert _engine(kb, case, rank=rank) == up_to, (case, rank)
    assert {"may", "may-not", "depends", "not-covered"} <= seen


@pytest.mark.parametrize("chunk", range(2))
def test_missing_is_exactly_what_can_still_decide(kb: Any, oracle: Oracle, chunk: int) -> None:
    """A fact is asked for if and only if two completions that differ in it alone have different outcomes."""
    compared = 0
    for case in cases(kb, 2000 + chunk, 150):
        if case.known_on or case.readings or _engine(kb, case) != "depends":
            continue
        question = _asked(kb, case)
        if question.disputed() or len(question.moments) > 1:
            continue
        assert {item.fact for item in question.missing()} == oracle.needed(case.action, case.facts, case.day), case
        compared += 1
    assert compared > 10
