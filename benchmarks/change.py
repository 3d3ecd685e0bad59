"""What would change one case: all minimal sets of facts and rules, beside asking again with each fact, and each two.

First the answers: among yes-or-no facts and short lists of values, the sets of one and of two facts must be those that
asking again finds, and each example that is shown must turn the outcome. Then times are taken, of the processor: the
sets, what is missing with its gains, and the history by layer; random cases with facts open, headline as things
ordinarily are and strictly.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

from measured import line, taken

import inforce
from inforce.errors import FactsError
from inforce.rules.decide import Question, World
from inforce.rules.turning import Change, Turns, turning

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests"))
CASES, BESIDE = 300, 12
TARGET_MS = 20.0


def questions(kb: Any, seed: int, count: int) -> Iterator[Question]:
    """Random cases near change days with facts open, those whose facts can be together."""
    from cases_at_random import cases

    for case in cases(kb, seed, count):
        try:
            yield kb.question(case.facts, on=case.day.isoformat(), action=case.action)
        except FactsError:
            continue


def people(kb: Any, count: int) -> Iterator[Question]:
    """People of whom only a citizenship is known, each on a late change day; the action asked by default."""
    days = kb.change_days()[-count * 3 :: 3]
    tokens = [token for token in kb.tokens("citizenships") if token in {t for v in kb.book.lists.values() for t in v}]
    for day, token in zip(days, tokens[:: len(tokens) // count], strict=False):
        yield kb.question({"citizenships": token}, on=day)


def turns(kb: Any, question: Question, *, ordinarily: bool, most: int | None = 8) -> Turns:
    return turning(question, ordinarily=ordinarily, tokens=kb.tokens, most=most)


def by_asking_again(question: Question, base: dict[str, Any], into: str, values: dict[str, list[Any]]) -> set[Any]:
    """The minimal sets of one or two changed facts that turn the outcome, each tried by itself."""
    world = World(len(question.moments) - 1, question.widest)
    era = question.era(world)

    def turned(changes: dict[str, Any]) -> bool:
        can = era.possible({**base, **changes})
        return can != (False, False) and question._word(*can) == into

    others = {name: [value for value in found if base.get(name) != value] for name, found in values.items()}
    found = {frozenset([(name, value)]) for name, some in others.items() for value in some if turned({name: value})}
    for one, two in combinations(others, 2):
        for pair in product(others[one], others[two]):
            items = frozenset(zip((one, two), pair, strict=True))
            if not any(frozenset([item]) in found for item in items) and turned(dict(items)):
                found.add(items)
    return found


def compared(kb: Any, question: Question) -> tuple[float, float] | None:
    """The times of both ways on one case; stops if they differ. None where there is nothing to turn."""
    world = World(len(question.moments) - 1, question.widest)
    given = question.moments[-1].facts
    all_sets: list[Turns] = []
    ours = taken(lambda: all_sets.append(turns(kb, question, ordinarily=True, most=None)))
    into = all_sets[0].into
    if into is None:
        return None
    book = kb.book
    first = [item.fact for item in question.missing()]
    base = {**question.ordinary_facts(first)[0], **given}
    values: dict[str, list[Any]] = {}
    for name in question.era(world).groups:
        fact = book.facts[name]
        stays = name in given and (name not in question.facts or not fact.changeable)
        if not stays and not fact.multiple and (fact.kind == "boolean" or fact.values is not None):
            values[name] = [True, False] if fact.kind == "boolean" else list(fact.values or ())
    told = set()
    for turn in all_sets[0].facts:
        if len(turn.changes) <= 2 and all(change.fact in values for change in turn.changes):
            each = [[(c.fact, v) for v in values[c.fact] if _passes(c, v)] for c in turn.changes]
            told |= {frozenset(row) for row in product(*each)}
    tried: list[set[Any]] = []
    theirs = taken(lambda: tried.append(by_asking_again(question, base, into, values)))
    if tried[0] != told:
        sys.exit(f"change: {question.facts} on {question.when.text}: {sorted(map(str, tried[0] ^ told))}")
    return ours, theirs


def _passes(change: Change, value: Any) -> bool:
    def one(operator: str, wanted: Any) -> bool:
        if isinstance(wanted, bool):
            return value is wanted
        return (value in (wanted if isinstance(wanted, tuple) else (wanted,))) is (operator != "not")

    return any(all(one(operator, wanted) for operator, wanted in tests) for tests in change.tests)


def main() -> int:
    kb = inforce.open(today="2026-06-12")
    beside = [*questions(kb, 5, BESIDE), *people(kb, BESIDE)]
    pairs = [pair for pair in (compared(kb, question) for question in beside) if pair][-BESIDE:]
    line("change", "one citizenship known, ordinarily", "inforce: all of any size", [ours for ours, _ in pairs])
    line(
        "change",
        "one citizenship known, ordinarily",
        "asking again: one and two facts",
        [theirs for _, theirs in pairs],
    )
    met = True
    for ordinarily in (True, False):
        asked = list(questions(kb, 1, CASES))
        for question in asked:
            question.missing()  # what is in force that day is kept with the rules
        times = [taken(lambda q=question, o=ordinarily: turns(kb, q, ordinarily=o)) for question in asked]
        counts = [turns(kb, question, ordinarily=ordinarily).facts_count for question in asked[:: 1 + len(asked) // 40]]
        within = sorted(times)[int(0.95 * (len(times) - 1))] <= TARGET_MS
        met = met and within
        name = "sets of facts and of rules, " + ("ordinarily" if ordinarily else "strictly")
        line("change", name, "inforce", times, target_ms=TARGET_MS, met=within, most_sets=max(counts))
    missing = [taken(question.missing) for question in asked]
    within = sorted(missing)[int(0.95 * (len(missing) - 1))] <= TARGET_MS
    line("change", "missing facts with gains", "inforce", missing, target_ms=TARGET_MS, met=within)
    alone: list[dict[str, Any]] = [{"citizenships": token} for token in kb.tokens("citizenships")[:40]]
    line("change", "history by layer and both clocks", "inforce", [taken(lambda p=one: kb.history(p)) for one in alone])
    return 0 if met and within else 1


if __name__ == "__main__":
    sys.exit(main())
