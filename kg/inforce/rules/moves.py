"""Whether a boundary moves an outcome: for anyone at all, not for one case.

The diagram of an action is cut down to what is in force at an instant, once as it is and once with the things asked
about put back to what they were just before. Both share their nodes, so they are equal exactly where they are one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from inforce.rules.conditions import Truth, Variable, test
from inforce.rules.decide import boundaries
from inforce.rules.diagram import Remainder
from inforce.rules.model import Interval, Rulebook, RuleVersion

__all__ = ["moves"]

Entry = tuple[str, str]


def moves(
    book: Rulebook,
    action: str,
    instant: str,
    *,
    rules: Collection[str] = (),
    entries: Collection[Entry] = (),
) -> bool:
    """Tell whether some applicant's outcome at ``instant`` would be another had these things not changed then.

    Exact for rules; of a list entry it asks about an applicant who has that value alone.

    Args:
        book: the rules.
        action: whose outcome.
        instant: a boundary: the first instant of what begins, the end of what ends.
        rules: versions that begin or end then, by id.
        entries: list entries that begin or end then, as ``(list, token)``.
    """
    diagram = book.diagrams[action]
    ticks = boundaries(book, action)
    place = bisect_left(ticks, instant)
    before = ticks[place - 1] if place else ""

    def truth(variable: Variable, at: str) -> Truth:
        if variable[0] == "rule":
            rule = book.rule(variable[1])
            return rule.by_default and _holds(rule.interval, at)
        if variable[0] == "condition":
            return _holds(book.conditions[variable[1]].interval, at)
        return None

    now = [truth(variable, instant) for variable in diagram.variables]
    back = [
        truth(variable, before) if variable[0] == "rule" and variable[1] in rules else now[position]
        for position, variable in enumerate(diagram.variables)
    ]
    if now != back:
        if _covered(book, action, instant, before, ()) != _covered(book, action, instant, before, rules):
            return True
        remainder = Remainder(diagram)
        if remainder.put_in(now) != remainder.put_in(back):
            return True
    return any(_differ(book, action, now, one, before, instant) for one in entries)


def _holds(interval: Interval, instant: str) -> Truth:
    if not interval.holds_at(instant):
        return False
    return None if interval.uncertain_at(instant) else True


def _covered(book: Rulebook, action: str, instant: str, before: str, back: Collection[str]) -> bool:
    answers = book.actions[action].answers
    return any(
        rule.by_default and rule.interval.holds_at(before if rule.id in back else instant)
        for rule in book.rules_of(action)
        if _speaks(rule, answers)
    )


def _speaks(rule: RuleVersion, answers: str) -> bool:
    # As in the fold: an exemption alone does not cover an action that asks who may.
    return rule.effect != "exempt" or answers == "required"


def _differ(book: Rulebook, action: str, now: Sequence[Truth], entry: Entry, before: str, instant: str) -> bool:
    """Tell whether leaving or joining a list makes a difference to an applicant who has that value alone."""
    diagram = book.diagrams[action]
    for name in sorted({v[1] for v in diagram.variables if v[0] == "list" and v[2] == entry[0]}):
        facts: dict[str, Any] = {name: (entry[1],) if book.facts[name].multiple else entry[1]}
        remainder = Remainder(diagram)
        roots = {
            remainder.put_in(truths) for truths in _worlds(book, diagram.variables, now, facts, entry, before, instant)
        }
        if len(roots) > 1:
            return True
    return False


def _worlds(
    book: Rulebook,
    variables: Sequence[Variable],
    now: Sequence[Truth],
    facts: dict[str, Any],
    entry: Entry,
    before: str,
    instant: str,
) -> Iterator[list[Truth]]:
    (name,) = facts
    known = [
        test(v, facts, book, instant) if now[p] is None and v[1] == name else now[p] for p, v in enumerate(variables)
    ]
    yield known
    yield [
        test(v, facts, book, before) if v[0] == "list" and v[1] == name and v[2] == entry[0] else known[position]
        for position, v in enumerate(variables)
    ]
