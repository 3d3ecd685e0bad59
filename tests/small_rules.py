"""Small sets of rules made at random, with an evaluation of their own: what the exact analyses are held against."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from inforce.dates import parse_when
from inforce.rules.compile import compile_action, compile_constraints
from inforce.rules.decide import Question
from inforce.rules.model import (
    CONSTRAINTS,
    Action,
    Condition,
    Constraint,
    Fact,
    Interval,
    Layer,
    Rulebook,
    RuleVersion,
)

ALWAYS = Interval("2000-01-01T00:00:00", None, "2000-01-01", None)
DAY = "2010-05-01"
TOKENS = ("A", "B", "C")
LISTED = ("A", "C")
ACTIONS = {"may": "act", "required": "need"}


@dataclass(frozen=True)
class Small:
    """A rulebook of one action with every value of every fact."""

    book: Rulebook
    action: str
    values: dict[str, list[Any]]

    def question(self, facts: Mapping[str, Any], unknown: frozenset[str] = frozenset()) -> Question:
        return Question(self.book, self.action, dict(facts), parse_when(DAY, zone="UTC"), unknown=unknown)

    def completions(self, facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Every complete case that has these facts and in which no facts exclude each other."""
        open_ = [name for name in self.values if name not in facts]
        for row in product(*(self.values[name] for name in open_)):
            case = {**facts, **dict(zip(open_, row, strict=True))}
            if not any(holds(item.expr, case) for item in self.book.constraints):
                yield case

    def outcome(self, case: Mapping[str, Any], without: frozenset[str] = frozenset()) -> str:
        """The outcome of a complete case, read from the rules one by one; without some of them."""
        rules = [rule for rule in self.book.rules if rule.id not in without]
        answers = self.book.actions[self.action].answers
        if not any(rule.effect != "exempt" or answers == "required" for rule in rules):
            return "not-covered"
        stands: dict[str, bool] = {}
        # A rule is defeated only by later ones.
        for rule in reversed(rules):
            beaten = any(stands.get(other.rule) for other in rules if rule.rule in other.defeats)
            stands[rule.rule] = holds(rule.when, case) and not beaten
        standing = {rule.effect for rule in rules if stands[rule.rule]}
        if answers == "required":
            return "required" if "require" in standing else "not-required"
        return "may" if "permit" in standing and "bar" not in standing else "may-not"


def holds(expr: Condition, case: Mapping[str, Any]) -> bool:
    """Whether a condition holds for a complete case."""
    if expr.op in ("all", "any"):
        return (all if expr.op == "all" else any)(holds(member, case) for member in expr.members)
    if expr.op == "not":
        return not holds(expr.members[0], case)
    value = case[expr.fact]
    tokens = value if isinstance(value, tuple) else (value,)
    return {
        "true": lambda: value is True,
        "false": lambda: value is False,
        "is": lambda: expr.target in tokens,
        "in": lambda: any(token in expr.target for token in tokens),
        "list": lambda: any(token in LISTED for token in tokens),
        "at-least": lambda: value >= float(expr.target),
        "below": lambda: value < float(expr.target),
    }[expr.op]()


def small(seed: int, *, answers: str = "may", rules: int = 5) -> Small:
    """Return random rules over six facts: truths, a choice, a set that a list tests, a number."""
    rng = random.Random(seed)
    values: dict[str, list[Any]] = {
        "p": [True, False],
        "q": [True, False],
        "r": [True, False],
        "choice": list(TOKENS),
        "set": [tuple(t for t, kept in zip(TOKENS, row, strict=True) if kept) for row in product((0, 1), repeat=3)],
        "number": [0.0, 3.0, 7.0],
    }
    facts = {name: _fact(rng, name, values[name]) for name in values}
    effects = ("permit", "bar", "permit", "exempt") if answers == "may" else ("require", "exempt", "require")
    versions = [
        RuleVersion(
            id=f"rule/R{n}/2000-01-01",
            rule=f"R{n}",
            entry=f"R{n}",
            label={"en": f"Rule {n}"},
            effect=effects[n % len(effects)] if n < 2 else rng.choice(effects),
            actions=(ACTIONS[answers],),
            layer="law",
            interval=ALWAYS,
            when=_condition(rng, 2),
            defeats=tuple(f"R{m}" for m in range(n) if rng.random() < 0.3),
            citations=(),
            passages=(),
        )
        for n in range(rules)
    ]
    constraints = [Constraint(f"c{n}", {"en": f"c{n}"}, _excluding(rng)) for n in range(rng.choice((0, 1, 2)))]
    book = Rulebook(
        version=f"small-{seed}",
        default_action=ACTIONS[answers],
        zone="UTC",
        verified_through="2020-01-01",
        covers_from="2000-01-01",
        facts=facts,
        actions={
            ACTIONS[answers]: Action(
                ACTIONS[answers], {"en": "act"}, answers, "may-not" if answers == "may" else "not-required"
            )
        },
        layers={"law": Layer("law", {"en": "law"}, 1)},
        conditions={},
        rules=versions,
        lists={"listed": {token: (ALWAYS,) for token in LISTED}},
        constraints=constraints,
        entailments={},
        ancestors={},
        provisions={},
        sources={},
        evidence={},
        claims={},
    )
    book.diagrams[ACTIONS[answers]] = compile_action(book, ACTIONS[answers])
    book.diagrams[CONSTRAINTS] = compile_constraints(book)
    return Small(book, ACTIONS[answers], values)


def compiled_again(made: Small) -> Small:
    """Return the rules anew, with what was changed in them compiled."""
    book = replace(made.book, cache={}, diagrams={}, by_action={}, constraints_of={})
    book.diagrams[made.action] = compile_action(book, made.action)
    book.diagrams[CONSTRAINTS] = compile_constraints(book)
    return Small(book, made.action, made.values)


def _fact(rng: random.Random, name: str, values: list[Any]) -> Fact:
    kind = {"p": "boolean", "q": "boolean", "r": "boolean", "number": "number"}.get(name, "choice")
    usual = rng.random() < 0.7
    return Fact(
        name=name,
        kind=kind,
        multiple=name == "set",
        values=TOKENS if kind == "choice" else None,
        scheme=None,
        question={"en": f"{name}?"},
        label={"en": name},
        ordinarily=rng.choice(values) if usual else None,
        has_ordinary=usual,
        changeable=rng.random() < 0.7,
        cost=rng.randrange(1, 9),
    )


def _condition(rng: random.Random, depth: int) -> Condition:
    if depth and rng.random() < 0.75:
        op = rng.choice(("all", "any", "all", "any", "not"))
        count = 1 if op == "not" else rng.choice((2, 2, 3))
        return Condition(op, tuple(_condition(rng, depth - 1) for _ in range(count)))
    return _leaf(rng, rng.choice(("p", "q", "r", "choice", "set", "number")))


def _leaf(rng: random.Random, name: str) -> Condition:
    if name in ("p", "q", "r"):
        return Condition(rng.choice(("true", "false")), fact=name)
    if name == "number":
        return Condition(rng.choice(("at-least", "below")), fact=name, target=rng.choice(("2", "5")))
    if name == "set" and rng.random() < 0.5:
        return Condition("list", fact=name, target="listed")
    if rng.random() < 0.3:
        return Condition("in", fact=name, target=tuple(rng.sample(TOKENS, 2)))
    return Condition("is", fact=name, target=rng.choice(TOKENS))


def _excluding(rng: random.Random) -> Condition:
    names = rng.sample(("p", "q", "r", "choice", "number"), 2)
    return Condition("all", tuple(_leaf(rng, name) for name in names))
