"""What two days, or two sets of rules, do to outcomes: who lost and who gained, exactly, and because of which rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from inforce.phrases import Told, Words
from inforce.rules.answer import Answer, ask
from inforce.rules.case import plain
from inforce.rules.explain import differences
from inforce.rules.groups import Group, differing
from inforce.rules.joint import Side
from inforce.rules.model import Interval

if TYPE_CHECKING:
    from inforce.kb import KnowledgeBase

__all__ = ["difference", "in_words"]

KINDS = ("lost", "gained", "unsettled")


def difference(
    before: KnowledgeBase,
    after: KnowledgeBase,
    days: tuple[str, str],
    *,
    actions: Iterable[str],
    where: Mapping[str, Any],
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Return the groups whose outcome differs, as ``inforce/difference/1``.

    Args:
        before: the rules of the earlier day.
        after: those of the later day: the same, or with a user's draft.
        days: the two days, each at its end.
        actions: those compared.
        where: facts that all cases have.
        progress: called with each action, its number and how many there are.

    Raises:
        UnknownIdError: no such fact, value or action.
        FactsError: facts that exclude each other.
    """
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    given: dict[str, Any] = {}
    named = list(actions)
    for number, action in enumerate(named, 1):
        if progress is not None:
            progress(action, number, len(named))
        sides = []
        for kb, day in zip((before, after), days, strict=True):
            # What only the other rules know of is not asked of these.
            known = {name: value for name, value in where.items() if kb is after or name in kb.book.facts}
            sides.append(Side.of(kb.question(known, on=day, action=action)))
            given |= sides[-1].question.facts
        for kind, groups in differing(sides[0], sides[1], _tokens(before, after)).items():
            found[kind] += [_told(before, after, days, action, group) for group in groups]
    return {
        "schema": "inforce/difference/1",
        "from": str(before.when(days[0]).last),
        "to": str(after.when(days[1]).last),
        "where": {name: plain(value) for name, value in given.items()},
        **found,
        "data": {"version": after.version, "verified_through": after.book.verified_through},
    }


def _tokens(before: KnowledgeBase, after: KnowledgeBase) -> Callable[[str], Iterable[str]]:
    books = list(dict.fromkeys((before, after)))
    return lambda name: dict.fromkeys(token for kb in books if name in kb.book.facts for token in kb.tokens(name))


def _known(facts: Mapping[str, Any], kb: KnowledgeBase) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name in kb.book.facts}


def _told(
    before: KnowledgeBase, after: KnowledgeBase, days: tuple[str, str], action: str, group: Group
) -> dict[str, Any]:
    one, other = (_asked(kb, group.example, day, action) for kb, day in zip((before, after), days, strict=True))
    return {
        "action": action,
        "conditions": [_shown(told) for told in group.conditions],
        "except": [[_shown(told) for told in exception] for exception in group.exceptions],
        "example": {name: plain(value) for name, value in group.example.items()},
        "before": one.outcome,
        "after": other.outcome,
        "because": _because(differences(one, other)),
    }


def _asked(kb: KnowledgeBase, example: Mapping[str, Any], day: str, action: str) -> Answer:
    # A group may be one of people who come on another day of the week than either day was.
    known = _known(example, kb)
    following = {fact.name: known[fact.name] for fact in kb.book.following_day if fact.name in known}
    asked = kb.question({n: v for n, v in known.items() if n not in following}, on=day, action=action)
    for moment in asked.moments:
        moment.facts.update(following)
    return ask(asked)


def _shown(told: tuple[str, str, Any]) -> list[Any]:
    name, operator, value = told
    return [name, operator, plain(value)]


def _because(apart: Mapping[str, Any]) -> list[str]:
    # The versions whose standing differs and that an outcome rests on; the later one where both days have one.
    for open_ in (False, True):
        rules = [rule for rule in apart["rules"] if _standing(rule["before"], open_) != _standing(rule["after"], open_)]
        if rules:
            break
    decisive = [rule for rule in rules if any(side and side["decisive"] for side in (rule["before"], rule["after"]))]
    return [(rule["after"] or rule["before"])["version"] for rule in decisive or rules]


def _standing(side: Mapping[str, Any] | None, open_: bool) -> Any:  # noqa: FBT001
    # Which version stands; with ``open_`` also one of which nobody can say.
    stands = ("holds", "unknown") if open_ else ("holds",)
    return (side["version"], side["stands"]) if side and side["stands"] in stands else None


# ---- in words ------------------------------------------------------------------------------------


def in_words(
    found: Mapping[str, Any], before: KnowledgeBase, after: KnowledgeBase, *, lang: str = "en"
) -> list[dict[str, Any]]:
    """Return a difference as verb phrases, see ``KnowledgeBase.tell``."""
    moves = _moves((before, found["from"]), (after, found["to"]))
    words = after.words(lang, moved={name for name, *_ in moves})
    sections = []
    for kind in KINDS:
        alike: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
        for group in found[kind]:
            alike.setdefault((group["action"], group["before"], group["after"]), []).append(group)
        for (action, was, now), groups in alike.items():
            common, rest = _common(groups)
            people, unless = _people(*common, words)
            label = after.book.actions[action].label
            section: dict[str, Any] = {
                "kind": kind,
                "action": action,
                "label": label.get(lang) or label["en"],
                "before": was,
                "after": now,
                "people": people,
                "unless": unless,
                "groups": [],
            }
            for group, own in zip(groups, rest, strict=True):
                people, unless = _people(*own, words)
                because = [_reason(version, before, after, lang) for version in group["because"]]
                because += [_membership(*move, words) for move in moves if _about(move, group, after)]
                check = _question(group, before, after, found)
                section["groups"].append({"people": people, "unless": unless, "check": check, "because": because})
            sections.append(section)
    return sections


# A value that is on a list on one day only: the list, the value, when it joined or left, and by what.
Move = tuple[str, str, bool, Interval]


def _moves(*sides: tuple[KnowledgeBase, str]) -> list[Move]:
    on = [
        {
            (name, token): interval
            for name, entries in kb.book.lists.items()
            for token, intervals in entries.items()
            for interval in intervals
            if interval.holds_at(f"{day}T23:59:59") and not interval.uncertain_at(f"{day}T23:59:59")
        }
        for kb, day in sides
    ]
    found = [(*key, False, interval) for key, interval in on[0].items() if key not in on[1]]
    return found + [(*key, True, interval) for key, interval in on[1].items() if key not in on[0]]


def _about(move: Move, group: Mapping[str, Any], kb: KnowledgeBase) -> bool:
    # Whether a group is one of people with the value that joined or left, and its action reads the list.
    if not any(
        variable[0] == "list" and variable[2] == move[0] for variable in kb.book.diagrams[group["action"]].variables
    ):
        return False
    values = [value for _, operator, value in group["conditions"] if operator in ("is", "in")]
    return any(move[1] == value or (isinstance(value, list) and move[1] in value) for value in values)


def _membership(name: str, token: str, joined: bool, interval: Interval, words: Words) -> dict[str, Any]:
    fact = next(fact for fact in words.book.facts.values() if token in words.tokens(fact))
    day = interval.first_day if joined else interval.until_day or ""
    label = words.grammar["joined" if joined else "left"].format(words.value(fact, token), words.list_name(name), day)
    return {
        "list": name,
        "value": token,
        "label": label,
        "instrument": interval.by if joined else None,
        "from": day,
        "until": None,
    }


Said = tuple[list[Told], list[list[Told]]]


def _common(groups: Sequence[Mapping[str, Any]]) -> tuple[Said, list[Said]]:
    # What is so of all groups, and what each has of its own. An exception that cannot arise in a group is so of it.
    read = [
        ([_test(item) for item in one["conditions"]], [[_test(item) for item in part] for part in one["except"]])
        for one in groups
    ]
    tests = [test for test in read[0][0] if all(test in conditions for conditions, _ in read)]
    parts: list[list[Told]] = []
    for _, exceptions in read:
        for part in exceptions:
            if part not in parts and all(part in others or _apart(part, conditions) for conditions, others in read):
                parts.append(part)
    own = [
        ([test for test in conditions if test not in tests], [part for part in exceptions if part not in parts])
        for conditions, exceptions in read
    ]
    return (tests, parts), own


def _test(item: Sequence[Any]) -> Told:
    name, operator, value = item
    return name, operator, tuple(value) if isinstance(value, list) else value


def _apart(part: Sequence[Told], conditions: Sequence[Told]) -> bool:
    # Whether an exception says the contrary of a condition.
    contrary = {"not": "is", "is": "not", "yes": "no", "no": "yes"}
    return any(
        (name, operator, contrary.get(value)) in conditions
        if value in ("yes", "no")
        else (name, contrary.get(operator), value) in conditions
        for name, operator, value in part
    )


def _people(
    conditions: Sequence[Told], exceptions: Sequence[Sequence[Told]], words: Words
) -> tuple[list[str], list[str]]:
    # What people do, and what they must not do. "Is not" is an exception; "unless they are neither" says that they
    # are one of the two.
    people = [words.told(test) for test in conditions if not _negative(test)]
    unless = [words.told(test, truth=False) for test in conditions if _negative(test)]
    for alternatives in _alternatives([tests for tests in exceptions if all(map(_negative, tests))]):
        said = [words.joined([words.told(test, truth=False) for test in tests], "and") for tests in alternatives]
        said = [f"({part})" if len(tests) > 1 else part for part, tests in zip(said, alternatives, strict=True)]
        people.append(words.joined(said, "or"))
    mixed = [sorted(tests, key=_negative) for tests in exceptions if not all(map(_negative, tests))]
    for core, ends in _without_all(mixed):
        told = words.all_of(core)
        if ends:
            told = words.grammar["not-all"].format(told, words.all_of([_contrary(test) for test in ends]))
        unless.append(told)
    return people, unless


def _without_all(exceptions: Sequence[list[Told]]) -> list[tuple[list[Told], list[Told]]]:
    # "C and not a", "C and not b": C without both a and b.
    found: list[tuple[list[Told], list[Told]]] = []
    left = list(exceptions)
    while left:
        tests = left.pop(0)
        best: tuple[list[Told], list[tuple[Told, list[Told]]]] = (tests, [])
        for test in filter(_negative, tests):
            core = [other for other in tests if other != test]
            like = [(end, others) for others in left if (end := _end(core, others)) is not None]
            if len(like) > len(best[1]):
                best = core, [(test, tests), *like]
        core, like = best
        found.append((core, [end for end, _ in like]))
        left = [others for others in left if not any(others is one for _, one in like)]
    return found


def _end(core: Sequence[Told], tests: Sequence[Told]) -> Told | None:
    # The one test that some have beside a core, if it is a negation.
    ends = [test for test in tests if test not in core]
    return ends[0] if len(ends) == 1 and len(tests) == len(core) + 1 and _negative(ends[0]) else None


def _contrary(test: Told) -> Told:
    name, operator, value = test
    if value in ("yes", "no"):
        return name, operator, "no" if value == "yes" else "yes"
    return name, {"not": "in", "in": "not", "is": "not"}[operator], value


def _alternatives(none_of: Sequence[Sequence[Told]]) -> list[list[list[Told]]]:
    # Whoever is none of a, b, c nor any of a, b, d is out: who is in is a, or b, or both c and d.
    found: list[list[list[Told]]] = []
    left = [list(tests) for tests in none_of]
    while left:
        cores: dict[tuple[Told, ...], list[Told]] = {}
        for tests in left:
            for test in tests:
                cores.setdefault(tuple(other for other in tests if other != test), []).append(test)
        core, ends = max(cores.items(), key=lambda item: len(item[1]))
        if len(ends) < 2 or not core:
            return found + [[[test] for test in tests] for tests in left]
        found.append([*([test] for test in core), ends])
        left = [tests for tests in left if not any(tests == _with(core, end, tests) for end in ends)]
    return found


def _with(core: Sequence[Told], end: Told, like: Sequence[Told]) -> list[Told]:
    return [test for test in like if test in core or test == end] if len(core) + 1 == len(like) else []


def _negative(test: Told) -> bool:
    return test[1] == "not" or test[2] in (False, "no") or (test[1] == "is" and test[2] == "none")


def _question(
    group: Mapping[str, Any], before: KnowledgeBase, after: KnowledgeBase, found: Mapping[str, Any]
) -> dict[str, Any]:
    # What to type: without what is ordinary, where the ordinary outcome is then the group's on both days.
    book = after.book
    facts = {
        name: value
        for name, value in group["example"].items()
        if not book.facts[name].has_ordinary or value != plain(book.facts[name].ordinarily)
    }
    days = [_day_of(group["example"], kb, found[key]) for kb, key in ((before, "from"), (after, "to"))]
    short = all(
        _verdict(kb, facts, day, group["action"]) == outcome
        for kb, day, outcome in zip((before, after), days, (group["before"], group["after"]), strict=True)
    )
    return {"facts": facts if short else group["example"], "ordinarily": short, "on": days[1]}


def _verdict(kb: KnowledgeBase, facts: Mapping[str, Any], day: str, action: str) -> str:
    return kb.check(_known(facts, kb), on=day, action=action, ordinarily=True).verdict


def _day_of(example: Mapping[str, Any], kb: KnowledgeBase, day: str) -> str:
    # The day, or the nearest one that is of the day of the week the example says.
    following = {fact.name: example[fact.name] for fact in kb.book.following_day if fact.name in example}
    near = [date.fromisoformat(day) + timedelta(days=number) for number in sorted(range(-6, 7), key=abs)]
    for one in near if following else ():
        implied = kb.question({}, on=str(one)).moments[-1].facts
        if all(implied.get(name) == value for name, value in following.items()):
            return str(one)
    return day


def _reason(version: str, before: KnowledgeBase, after: KnowledgeBase, lang: str) -> dict[str, Any]:
    book = after.book if any(rule.id == version for rule in after.book.rules) else before.book
    rule = book.rule(version)
    return {
        "version": version,
        "rule": rule.rule,
        "label": rule.label.get(lang) or rule.label.get("en") or rule.rule,
        "layer": rule.layer,
        "instrument": rule.instrument,
        "from": rule.interval.starts[:10],
        "until": rule.interval.until_day,
    }
