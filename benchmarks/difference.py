"""Who lost and who gained between two days: exact groups on the real rules, and beside trying every case.

On the real rules each example must have the outcomes its group claims; on small rule sets the groups must hold just
those cases whose outcome turns. Then times are taken, of the processor: any two days on which something changes, all
actions; and the small sets by both ways.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measured import line, taken

import inforce
from inforce.rules.decide import World
from inforce.rules.groups import Group, differing
from inforce.rules.joint import Side

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests"))
PAIRS, CHECKED, SETS = 60, 12, 12
TARGET_MS = 100.0


def pairs(kb: Any) -> dict[str, list[tuple[str, str]]]:
    """Days next to each other, and days any distance apart, on which something changes."""
    days = [day for day in kb.change_days() if day >= kb.book.covers_from]
    rng = random.Random(7)
    near = rng.sample(list(zip(days, days[1:], strict=False)), min(PAIRS, len(days) - 1))
    far = [(a, b) for a, b in (sorted(rng.sample(days, 2)) for _ in range(PAIRS))]
    return {"neighbouring change days": near, "any two change days": far}


def sides(kb: Any, pair: tuple[str, str], action: str) -> tuple[Side, Side]:
    one, other = (Side.of(kb.question({}, on=day, action=action)) for day in pair)
    return one, other


def checked(kb: Any, pair: tuple[str, str]) -> int:
    """The groups between two days; stops if an example has not the outcomes claimed."""
    found = kb.differ(*pair)
    groups = [group for kind in ("lost", "gained", "unsettled") for group in found[kind]]
    for group in groups:
        if group in found["unsettled"]:
            group["after"] = "depends"  # or "not-covered": nobody can say whether someone is on a list
        told = [outcome(kb, group["example"], day, group["action"]) for day in pair]
        if told != [group["before"], group["after"]]:
            sys.exit(f"difference: {pair}: an example of {group['action']} has {told}")
    return len(groups)


def outcome(kb: Any, example: dict[str, Any], day: str, action: str) -> str:
    """The outcome at the end of a day, on the day of the week the example says, if it says one."""
    following = {fact.name: example[fact.name] for fact in kb.book.following_day if fact.name in example}
    asked = kb.question({n: v for n, v in example.items() if n not in following}, on=day, action=action)
    last = len(asked.moments) - 1
    asked.moments[last].facts.update(following)
    return str(asked.outcome(World(last, asked.widest)))


# ---- every case --------------------------------------------------------------------------------------


def small_sets() -> Iterator[tuple[Any, Any, int]]:
    from small_rules import small

    for seed in range(SETS):
        before, after = small(seed), small(seed + 500)
        after.book.constraints[:] = before.book.constraints
        yield before, after, seed


def by_groups(before: Any, after: Any, day: str) -> dict[str, tuple[Group, ...]]:
    from inforce.dates import parse_when
    from inforce.rules.decide import Question

    when = parse_when(day, zone="UTC")
    one, other = (Side.of(Question(made.book, made.action, {}, when)) for made in (before, after))
    return differing(one, other, lambda name: before.book.facts[name].values or ())


def by_every_case(before: Any, after: Any) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"lost": [], "gained": []}
    for case in before.completions({}):
        outcomes = before.outcome(case), after.outcome(case)
        if outcomes == ("may", "may-not"):
            found["lost"].append(case)
        elif outcomes == ("may-not", "may"):
            found["gained"].append(case)
    return found


def compare_small() -> None:
    from small_rules import DAY, LISTED, compiled_again

    ours: list[float] = []
    theirs: list[float] = []
    for before, changed, seed in small_sets():
        after = compiled_again(changed)
        groups, every = by_groups(before, after, DAY), by_every_case(before, after)
        for kind, cases in every.items():
            for case in before.completions({}):
                if any(_inside(group, case, LISTED) for group in groups[kind]) is not (case in cases):
                    sys.exit(f"difference: set {seed}: {kind} disagrees on {case}")
        ours.append(taken(lambda b=before, a=after: by_groups(b, a, DAY)))
        theirs.append(taken(lambda b=before, a=after: by_every_case(b, a)))
    line("difference", "small rule sets, 576 cases", "inforce: groups", ours)
    line("difference", "small rule sets, 576 cases", "every case, one by one", theirs)


def _inside(group: Group, case: dict[str, Any], listed: tuple[str, ...]) -> bool:
    return all(_passes(t, case, listed) for t in group.conditions) and not any(
        all(_passes(t, case, listed) for t in part) for part in group.exceptions
    )


def _passes(told: tuple[str, str, Any], case: dict[str, Any], listed: tuple[str, ...]) -> bool:
    name, operator, value = told
    have = case[name]
    if operator in ("at-least", "below"):
        return bool((have >= float(value)) is (operator == "at-least"))
    if isinstance(have, bool):
        return have is value
    wanted = set(listed) if value == "listed" else {value} if isinstance(value, str) else {*value}
    return bool(wanted & {*(have if isinstance(have, tuple) else (have,))}) is (operator != "not")


def main() -> int:
    kb = inforce.open(today="2026-06-12")
    met = True
    for name, found in pairs(kb).items():
        groups = sum(checked(kb, pair) for pair in random.Random(3).sample(found, min(CHECKED, len(found))))
        times = []
        for pair in found:
            for action in kb.book.actions:
                sides(kb, pair, action)  # what is in force that day is kept with the rules
                times.append(taken(lambda p=pair, a=action: differing(*sides(kb, p, a), kb.tokens)))
        met = met and max(times) <= TARGET_MS
        line(
            "difference",
            name,
            "inforce: one action",
            times,
            target_ms=TARGET_MS,
            met=max(times) <= TARGET_MS,
            groups_checked=groups,
        )
    values = 1.0
    for fact in kb.book.facts.values():
        values *= 2 if fact.kind == "boolean" else len(kb.tokens(fact.name))
    print(
        json.dumps({"benchmark": "difference", "note": "complete cases of the real rules, one by one", "cases": values})
    )
    compare_small()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
