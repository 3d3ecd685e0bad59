"""An outcome over time: stretches of equal outcome, each with what brought it and by which instrument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inforce.rules.conditions import Truth, Variable
from inforce.rules.decide import Question, World
from inforce.rules.diagram import possible

__all__ = ["timeline"]

State = tuple[str, str]


def timeline(question: Question) -> list[dict[str, Any]]:
    """Return the outcomes over the question's window, oldest first.

    Each row has ``from`` and ``until`` (days, or instants where an hour is known; ``until`` is excluded),
    the strict ``outcome``, the outcome ``ordinarily``, and the ``rule`` (or ``list/entry``, or condition) whose
    start or end brought it, with its ``instrument``; these are ``None`` for the first row.

    Raises:
        FactsError: facts that exclude each other at some moment of the window.
    """
    worlds = [World(moment, question.widest) for moment in range(len(question.moments))]
    assumed = [question.ordinary_facts((), world.moment)[0] for world in worlds]
    states = list(zip(question.outcomes(worlds), question.outcomes(worlds, assumed), strict=True))
    low, high = question.window
    starts = [low, *(moment.instant for moment in question.moments[1:])]
    rows: list[dict[str, Any]] = []
    for moment, (instant, state) in enumerate(zip(starts, states, strict=True)):
        if rows and state == states[moment - 1]:
            continue
        cause: dict[str, Any] = {"rule": None, "instrument": None}
        if rows:
            rows[-1]["until"] = _day(instant)
            cause = _cause(question, worlds, assumed, moment, ordinary=state[1] != states[moment - 1][1])
        rows.append(
            {
                "from": _day(instant),
                "until": _day(high),
                "outcome": state[0],
                "ordinarily": state[1],
                **cause,
                "starts_at": instant if rows else None,
            }
        )
    return rows


def _day(instant: str) -> str:
    return instant[:10] if instant.endswith("T00:00:00") else instant


def _cause(
    question: Question, worlds: list[World], assumed: list[dict[str, Any]], moment: int, *, ordinary: bool
) -> dict[str, Any]:
    # What changed at this instant and, put back alone, would give another outcome; the first such in the
    # order of the diagram, else all that changed.
    variables = question.diagram.variables
    before, after = (
        [question.truth(v, worlds[m], _facts(question, m, assumed[m] if ordinary else {})) for v in variables]
        for m in (moment - 1, moment)
    )
    changed = [position for position, pair in enumerate(zip(before, after, strict=True)) if pair[0] is not pair[1]]
    trials = [after, *([*after[:p], before[p], *after[p + 1 :]] for p in changed)]
    now, *others = _results(question, trials)
    decisive = [position for position, result in zip(changed, others, strict=True) if result != now] or changed
    named = [
        _named(question, variables[position], question.moments[moment].instant, assumed[moment])
        for position in decisive
    ]
    named = [item for item in named if item["rule"]]
    begun = [item for item in named if item.pop("begins", True)]
    return next(iter(begun or named), {"rule": None, "instrument": None})


def _facts(question: Question, moment: int, extra: Mapping[str, Any]) -> dict[str, Any]:
    return {**extra, **question.moments[moment].facts}


def _results(question: Question, trials: list[list[Truth]]) -> list[tuple[bool, bool]]:
    true, false = [], []
    for column in zip(*trials, strict=True):
        true.append(sum(1 << row for row, truth in enumerate(column) if truth is not False))
        false.append(sum(1 << row for row, truth in enumerate(column) if truth is not True))
    hold, fail = possible(question.diagram, true, false, (1 << len(trials)) - 1)
    return [(bool(hold >> row & 1), bool(fail >> row & 1)) for row in range(len(trials))]


def _named(question: Question, variable: Variable, instant: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    book = question.book
    if variable[0] == "rule":
        rule = book.rule(variable[1])
        return {"rule": rule.rule, "instrument": rule.instrument, "begins": rule.interval.starts == instant}
    if variable[0] == "condition":
        interval = book.conditions[variable[1]].interval
        return {"rule": variable[1], "instrument": interval.by, "begins": interval.starts == instant}
    value = _facts(question, -1, extra).get(variable[1])
    tokens = value if isinstance(value, tuple) else (value,)
    if variable[0] == "list":
        # A list that is joined or left; leaving one usually means joining another, which names the instrument.
        found = [
            {"rule": f"{name}/{token}", "instrument": interval.by, "begins": interval.starts == instant}
            for name, entries in book.lists.items()
            for token in tokens
            for interval in entries.get(str(token), ())
            if instant in (interval.starts, interval.ends)
        ]
        found.sort(key=lambda item: (not item["begins"], item["instrument"] is None, item["rule"]))
        return found[0] if found else {"rule": None, "instrument": None}
    for entailments in book.entailments.values():
        for entailment in entailments:
            if entailment.fact == variable[1] and instant in (entailment.interval.starts, entailment.interval.ends):
                begins = entailment.interval.starts == instant
                return {"rule": entailment.id, "instrument": entailment.interval.by, "begins": begins}
    return {"rule": None, "instrument": None}
