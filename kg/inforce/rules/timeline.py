"""An outcome over time: stretches of equal outcome, each with what brought it and by which instrument.

The diagram of all history is read once, with a bit for each *era*: a stretch in which nothing that bears on the
action starts or ends. Open sets, and open facts that lists test, add a bit for each combination of truths they reach.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import groupby, product
from operator import or_
from typing import Any

from inforce.rules.conditions import Truth, Variable, reachable, test
from inforce.rules.decide import DEPENDS, NOT_COVERED, Question, boundaries
from inforce.rules.diagram import possible
from inforce.rules.model import Diagram, Interval, Rulebook, RuleVersion

__all__ = ["timeline"]

Facts = Mapping[str, Any]
Plane = tuple[int, int]
"""May be true, may be false: a bit for each era."""


def timeline(question: Question) -> list[dict[str, Any]]:
    """Return the outcomes over the question's window, oldest first.

    Each row has ``from`` and ``until`` (days, or instants where an hour is known; ``until`` is excluded),
    the strict ``outcome``, the outcome ``ordinarily``, and the ``rule`` (or ``list/entry``, or condition) whose
    start or end brought it (``moved``: ``begins`` or ``ends``), with its ``instrument`` and the day the public could
    first know of it (``known_from``); these are ``None`` for the first row. Only layers up to the rank that the
    question has as its ``widest`` count.

    Raises:
        FactsError: facts that exclude each other at some moment of the window.
    """
    given = [moment.facts for moment in question.moments]
    assumed = [question.ordinary_facts((), number)[0] for number in range(len(given))]
    ordinary = [{**more, **facts} for more, facts in zip(assumed, given, strict=True)]
    words = _outcomes(question, (given, ordinary))
    told = [_told(question, history, one) for history, one in zip((given, ordinary), words, strict=True)]
    states = list(zip(*told, strict=True))
    low, high = question.window
    starts = [low, *(moment.instant for moment in question.moments[1:])]
    rows: list[dict[str, Any]] = []
    for number, (instant, state) in enumerate(zip(starts, states, strict=True)):
        if rows and state == states[number - 1]:
            continue
        cause: dict[str, Any] = {"rule": None, "instrument": None, "known_from": None, "moved": None}
        if rows:
            rows[-1]["until"] = _day(instant)
            history = ordinary if state[1] != states[number - 1][1] else given
            cause = _cause(question, history, number, {**assumed[number], **given[-1]})
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


# ---- all eras at once --------------------------------------------------------------------------------


class _Eras:
    """What is in force in each era of an action, as planes; made when first needed, kept with the rulebook."""

    def __init__(self, book: Rulebook, diagram: Diagram, ticks: Sequence[str], known_on: str | None) -> None:
        self.book, self.diagram, self.ticks, self.known_on = book, diagram, ticks, known_on
        # Every era by its first instant; the first of all has none.
        self.instants = ["", *ticks]
        self.count = len(self.instants)
        self.all = (1 << self.count) - 1
        self.fixed = {p: self._fixed(v) for p, v in enumerate(diagram.variables) if v[0] in ("rule", "condition")}
        self.tests: dict[str, list[int]] = {}
        for position, variable in enumerate(diagram.variables):
            if position not in self.fixed:
                self.tests.setdefault(variable[1], []).append(position)
        several = {"list", "scheme"}
        self.listed = {
            name
            for name, positions in self.tests.items()
            if book.facts[name].multiple or several & {diagram.variables[p][0] for p in positions}
        }
        self._entries: dict[tuple[str, str], Plane] = {}
        self._combinations: dict[str, list[list[int]]] = {}
        self._open: dict[tuple[str, ...], tuple[int, dict[int, int]]] = {}

    def _fixed(self, variable: Variable) -> Plane:
        known = variable[0] == "rule"
        return self.holding(
            self.book.rule(variable[1]).interval if known else self.book.conditions[variable[1]].interval
        )

    def holding(self, interval: Interval) -> Plane:
        """Return the eras in which an interval may hold, and may not."""
        true = false = 0
        for era, instant in enumerate(self.instants):
            holds = interval.holds_at(instant, known_on=self.known_on)
            true |= holds << era
            false |= (not holds or interval.uncertain_at(instant)) << era
        return true, false

    def entry(self, name: str, token: str) -> Plane:
        """Return the eras in which ``token`` may be on a list, and may not."""
        found = self._entries.get((name, token))
        if found is None:
            true, false = 0, self.all
            for interval in self.book.lists.get(name, {}).get(token, ()):
                holds, fails = self.holding(interval)
                true, false = true | holds, false & fails
            found = self._entries[name, token] = true, false
        return found

    def plane(self, position: int, facts: Facts) -> Plane:
        """Return the eras in which a test of ``facts`` may be true, and may be false."""
        variable = self.diagram.variables[position]
        if variable[1] not in facts:
            return self.all, self.all
        if variable[0] != "list":
            return (self.all, 0) if test(variable, facts, self.book, "") else (0, self.all)
        value = facts[variable[1]]
        true, false = 0, self.all
        for token in value if isinstance(value, tuple) else (value,):
            holds, fails = self.entry(variable[2], token)
            true, false = true | holds, false & fails
        return true, false

    def open(self, names: tuple[str, ...]) -> tuple[int, dict[int, int]]:
        """Return how many joint combinations some open listed facts reach, and by test the planes of each, in a row."""
        found = self._open.get(names)
        if found is None:
            eras = [list(product(*parts)) for parts in zip(*map(self.combinations, names), strict=True)]
            rounds = max(map(len, eras), default=1)
            planes: dict[int, int] = {}
            for place, name in enumerate(names):
                for bit, position in enumerate(self.tests[name]):
                    planes[position] = sum(
                        # An era with fewer combinations than others repeats its last.
                        (rows[min(number, len(rows) - 1)][place] >> bit & 1) << number * self.count + era
                        for era, rows in enumerate(eras)
                        for number in range(rounds)
                    )
            found = self._open[names] = rounds, planes
        return found

    def combinations(self, name: str) -> list[list[int]]:
        """Return for each era the combinations of truths of the tests of one fact, a bit a test."""
        found = self._combinations.get(name)
        if found is None:
            tests = [self.diagram.variables[position] for position in self.tests[name]]
            entries = [e for v in tests if v[0] == "list" for e in self.book.lists.get(v[2], {}).values()]
            changes = {instant for intervals in entries for interval in intervals for instant in interval.instants()}
            found = []
            for instant in self.instants:
                if found and instant not in changes:
                    found.append(found[-1])
                    continue
                rows = reachable(name, tests, self.book, instant, known_on=self.known_on)
                found.append([sum(truth << bit for bit, truth in enumerate(row.values())) for row in rows])
            self._combinations[name] = found
        return found


def _eras(question: Question) -> _Eras:
    key = ("eras", question.action, question.known_on)
    found: _Eras | None = question.book.cache.get(key)
    if found is None:
        ticks = boundaries(question.book, question.action)
        found = question.book.cache[key] = _Eras(question.book, question.diagram, ticks, question.known_on)
    return found


def _counted(question: Question, eras: _Eras) -> tuple[dict[int, Plane], int]:
    # The planes of rules and conditions under the question's readings, and the eras in which some rule speaks.
    found, covered = dict(eras.fixed), 0
    for position in eras.fixed:
        variable = question.diagram.variables[position]
        if variable[0] == "rule" and not _counts(question, question.book.rule(variable[1])):
            found[position] = 0, eras.all
    for rule in question._rules:
        if question.speaks(rule) and _counts(question, rule):
            covered |= eras.holding(rule.interval)[0]
    return found, covered


def _counts(question: Question, rule: RuleVersion) -> bool:
    within = question.book.layers[rule.layer].rank <= question.widest
    return within and rule.by_default != (rule.rule in question.readings)


def _outcomes(question: Question, histories: Sequence[Sequence[Facts]]) -> list[list[str]]:
    """Return for each history, which has facts for each moment, the outcome at each moment; in one pass."""
    eras = _eras(question)
    fixed, covered = _counted(question, eras)
    first = bisect_right(eras.ticks, question.moments[0].instant)
    true, false = [0] * len(question.diagram.variables), [0] * len(question.diagram.variables)
    everywhere = offset = 0
    lanes: list[tuple[int, int, int, int]] = []
    for number, history in enumerate(histories):
        for facts, within in _alike(history, first):
            names = tuple(name for name in eras.tests if name in eras.listed and name not in facts)
            rounds, combined = eras.open(names)
            # Side by side, the eras once a combination.
            repeated = sum(1 << offset + turn * eras.count for turn in range(rounds))
            mask = within * repeated
            for position in range(len(true)):
                if position in combined:
                    true[position] |= combined[position] << offset & mask
                    false[position] |= ~(combined[position] << offset) & mask
                else:
                    may_be_true, may_be_false = fixed.get(position) or eras.plane(position, facts)
                    true[position] |= (may_be_true & within) * repeated
                    false[position] |= (may_be_false & within) * repeated
            everywhere |= mask
            lanes.append((number, within, offset, rounds))
            offset += rounds * eras.count
    hold, fail = possible(question.diagram, true, false, everywhere)
    can_hold, can_fail = [0] * len(histories), [0] * len(histories)
    for number, within, start, rounds in lanes:
        for turn in range(rounds):
            can_hold[number] |= hold >> start + turn * eras.count & within
            can_fail[number] |= fail >> start + turn * eras.count & within
    window = range(first, first + len(question.moments))
    return [
        [question._word(bool(h >> e & 1), bool(f >> e & 1)) if covered >> e & 1 else NOT_COVERED for e in window]
        for h, f in zip(can_hold, can_fail, strict=True)
    ]


def _told(question: Question, history: Sequence[Facts], words: Sequence[str]) -> list[str]:
    # Where no open fact decides, a start that nobody knows does: such a moment is not covered, as an answer says.
    eras = _eras(question)
    fixed, _ = _counted(question, eras)
    first = bisect_right(eras.ticks, question.moments[0].instant)
    doubtful = 0
    for facts, within in _alike(history, first):
        planes = [
            fixed.get(position) or eras.plane(position, facts)
            for position, variable in enumerate(question.diagram.variables)
            if position in fixed or (variable[0] == "list" and variable[1] in facts)
        ]
        doubtful |= within & _union(may_be_true & may_be_false for may_be_true, may_be_false in planes)
    found = list(words)
    for number, word in enumerate(words):
        if word == DEPENDS and doubtful >> first + number & 1:
            moment = replace(question, moments=[question.moments[number]], _force={}, _ordinary={})
            moment.widest = question.widest
            found[number] = word if moment.missing(history[number]) else NOT_COVERED
    return found


def _union(planes: Iterable[int]) -> int:
    return reduce(or_, planes, 0)


def _alike(history: Sequence[Facts], first: int) -> Iterator[tuple[Facts, int]]:
    # Facts that hold over several eras, and the bits of these.
    era = first
    for facts, stretch in groupby(history):
        length = len(list(stretch))
        yield facts, ((1 << length) - 1) << era
        era += length


# ---- what brought it -----------------------------------------------------------------------------------


def _cause(question: Question, history: Sequence[Facts], number: int, known: Facts) -> dict[str, Any]:
    # What changed at this instant and, put back alone, would give another outcome; the first such in the
    # order of the diagram, else all that changed.
    eras = _eras(question)
    fixed, _ = _counted(question, eras)
    variables = question.diagram.variables
    era = bisect_right(eras.ticks, question.moments[number].instant)
    truths = [
        [_at(fixed.get(p) or eras.plane(p, history[n]), e) for p in range(len(variables))]
        for n, e in ((number - 1, era - 1), (number, era))
    ]
    before, after = truths
    changed = [position for position, pair in enumerate(zip(before, after, strict=True)) if pair[0] is not pair[1]]
    trials = [after, *([*after[:p], before[p], *after[p + 1 :]] for p in changed)]
    now, *others = _results(question, trials)
    decisive = [position for position, result in zip(changed, others, strict=True) if result != now] or changed
    instant = question.moments[number].instant
    named = [_named(question, variables[position], instant, known) for position in decisive]
    named = [item for item in named if item["rule"]]
    begun = [item for item in named if item["moved"] == "begins"]
    return next(iter(begun or named), _nothing())


def _at(plane: Plane, era: int) -> Truth:
    true, false = plane[0] >> era & 1, plane[1] >> era & 1
    return None if true and false else bool(true)


def _results(question: Question, trials: list[list[Truth]]) -> list[tuple[bool, bool]]:
    true, false = [], []
    for column in zip(*trials, strict=True):
        true.append(sum(1 << row for row, truth in enumerate(column) if truth is not False))
        false.append(sum(1 << row for row, truth in enumerate(column) if truth is not True))
    hold, fail = possible(question.diagram, true, false, (1 << len(trials)) - 1)
    return [(bool(hold >> row & 1), bool(fail >> row & 1)) for row in range(len(trials))]


def _named(question: Question, variable: Variable, instant: str, known: Facts) -> dict[str, Any]:
    book = question.book
    if variable[0] == "rule":
        rule = book.rule(variable[1])
        return _moved(rule.rule, rule.instrument, rule.interval, instant)
    if variable[0] == "condition":
        interval = book.conditions[variable[1]].interval
        return _moved(variable[1], interval.by, interval, instant)
    value = known.get(variable[1])
    tokens = value if isinstance(value, tuple) else (value,)
    if variable[0] == "list":
        # A list that is joined or left; leaving one usually means joining another, which names the instrument.
        found = [
            _moved(f"{name}/{token}", interval.by, interval, instant)
            for name, entries in book.lists.items()
            for token in tokens
            for interval in entries.get(str(token), ())
            if instant == interval.ends or _begins(interval, instant)
        ]
        found.sort(key=lambda item: (item["moved"] != "begins", item["instrument"] is None, item["rule"]))
        return found[0] if found else _nothing()
    for entailments in book.entailments.values():
        for entailment in entailments:
            found_here = _moved(entailment.id, entailment.interval.by, entailment.interval, instant)
            if entailment.fact == variable[1] and (
                found_here["moved"] == "begins" or instant == entailment.interval.ends
            ):
                return found_here
    return _nothing()


def _nothing() -> dict[str, Any]:
    return {"rule": None, "instrument": None, "known_from": None, "moved": None}


def _moved(name: str, by: str | None, interval: Interval, instant: str) -> dict[str, Any]:
    begins = _begins(interval, instant)
    known = interval.start_known if begins else interval.end_known or instant[:10]
    return {"rule": name, "instrument": by, "known_from": known, "moved": "begins" if begins else "ends"}


def _begins(interval: Interval, instant: str) -> bool:
    # Where nobody knows since when, the first day it is certain counts as its beginning.
    return instant in (interval.starts, interval.certain_from)
