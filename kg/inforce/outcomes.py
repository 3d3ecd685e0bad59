"""What two days, or two sets of rules, do to outcomes: who lost and who gained, exactly, and because of which rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from inforce.rules.case import plain
from inforce.rules.explain import differences
from inforce.rules.groups import Group, differing
from inforce.rules.joint import Side

if TYPE_CHECKING:
    from inforce.kb import KnowledgeBase

__all__ = ["difference"]

KINDS = ("lost", "gained", "unsettled")


def difference(
    before: KnowledgeBase,
    after: KnowledgeBase,
    days: tuple[str, str],
    *,
    actions: Iterable[str],
    where: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the groups whose outcome differs, as ``inforce/difference/1``.

    Args:
        before: the rules of the earlier day.
        after: those of the later day: the same, or with a user's draft.
        days: the two days, each at its end.
        actions: those compared.
        where: facts that all cases have.

    Raises:
        UnknownIdError: no such fact, value or action.
        FactsError: facts that exclude each other.
    """
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for action in actions:
        one, other = (
            Side.of(kb.question(where, on=day, action=action)) for kb, day in zip((before, after), days, strict=True)
        )
        for kind, groups in differing(one, other, before.tokens).items():
            found[kind] += [_told(before, after, days, action, group) for group in groups]
    return {
        "schema": "inforce/difference/1",
        "from": str(before.when(days[0]).last),
        "to": str(after.when(days[1]).last),
        "where": {name: plain(value) for name, value in where.items()},
        **found,
        "data": {"version": after.version, "verified_through": after.book.verified_through},
    }


def _told(
    before: KnowledgeBase, after: KnowledgeBase, days: tuple[str, str], action: str, group: Group
) -> dict[str, Any]:
    one = before.check(group.example, on=days[0], action=action)
    other = after.check(group.example, on=days[1], action=action)
    return {
        "action": action,
        "conditions": [_shown(told) for told in group.conditions],
        "except": [[_shown(told) for told in exception] for exception in group.exceptions],
        "example": {name: plain(value) for name, value in group.example.items()},
        "before": one.outcome,
        "after": other.outcome,
        "because": _because(differences(one, other)),
    }


def _shown(told: tuple[str, str, Any]) -> list[Any]:
    name, operator, value = told
    return [name, operator, plain(value)]


def _because(apart: Mapping[str, Any]) -> list[str]:
    # The versions whose standing differs and that an outcome rests on; the later one where both days have one.
    rules = [rule for rule in apart["rules"] if _standing(rule["before"]) != _standing(rule["after"])]
    decisive = [rule for rule in rules if any(side and side["decisive"] for side in (rule["before"], rule["after"]))]
    return [(rule["after"] or rule["before"])["version"] for rule in decisive or rules]


def _standing(side: Mapping[str, Any] | None) -> Any:
    return (side["version"], side["stands"]) if side and side["stands"] == "holds" else None
