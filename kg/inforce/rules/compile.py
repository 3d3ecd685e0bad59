"""Compile each action's fold into one decision diagram over all of history; at build time only.

The outcome is a Boolean function of what is in force and of the facts. ``dd`` builds and sifts it, with the
constraints between facts; the result is stored flat with three terminals (``inforce.rules.model.Diagram``).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from dd import bdd as _bdd

from inforce.rules.conditions import Variable, leaf_variables, variables
from inforce.rules.model import Condition, Diagram, Rulebook, RuleVersion

__all__ = ["Builder", "compile_action", "compile_constraints"]

# Starting orders tried for each action; the smallest diagram is kept. More of them gain little.
STARTS = 12
ROUNDS = 60


def compile_action(book: Rulebook, action: str) -> Diagram:
    """Return the diagram of ``action``: a path gives the outcome, or that its facts exclude each other.

    Source: the fold of the model: a rule stands if its condition holds and no standing rule that defeats it stands;
    a standing Bar prevails over standing Permits; no standing Permit: the action's default.
    """
    rules = list(book.rules_of(action))
    bearing = _bearing(book, rules)
    tried = (_compiled(book, action, rules, bearing, order) for order in _orders(book, rules, bearing))
    return min(tried, key=lambda diagram: len(diagram.nodes))


def compile_constraints(book: Rulebook) -> Diagram:
    """Return the diagram of all constraints between facts: it holds unless facts exclude each other."""
    constraints = [item.expr for item in book.constraints]
    tried = (_compiled(book, None, [], constraints, order) for order in _orders(book, [], constraints))
    return min(tried, key=lambda diagram: len(diagram.nodes))


def _compiled(
    book: Rulebook, action: str | None, rules: list[RuleVersion], constraints: list[Condition], order: list[Variable]
) -> Diagram:
    manager: Any = _bdd.BDD()  # type: ignore[abstract]  # its own base class leaves == open
    for position in range(len(order)):
        manager.add_var(_name(position), position)
    number = {variable: position for position, variable in enumerate(order)}
    builder = Builder(book, manager, number)
    positive = manager.true if action is None else builder.outcome(rules, book.actions[action].answers)
    allowed = builder.allowed(constraints)
    can_hold = manager.apply("and", positive, allowed)
    can_fail = manager.apply("and", manager.apply("not", positive), allowed)
    manager.incref(can_hold)
    manager.incref(can_fail)
    constrained = {variable for expr in constraints for variable in variables(expr, book)}
    try:
        return _flatten(manager, can_hold, can_fail, order, constrained)
    finally:
        manager.decref(can_hold)
        manager.decref(can_fail)


def _bearing(book: Rulebook, rules: list[RuleVersion]) -> list[Condition]:
    """The constraints that read a fact the rules read, or one that such a constraint reads."""
    used = {v[1] for rule in rules for v in variables(rule.when, book) if v[0] != "condition"}
    pending = [item.expr for item in book.constraints]
    found: list[Condition] = []
    while new := [expr for expr in pending if used & {v[1] for v in variables(expr, book)}]:
        pending = [expr for expr in pending if expr not in new]
        found += new
        used |= {v[1] for expr in new for v in variables(expr, book)}
    return found


def _orders(book: Rulebook, rules: list[RuleVersion], constraints: list[Condition]) -> Iterator[list[Variable]]:
    """Orders worth trying: what is read together stands together, and the variables of one fact stay side by side.

    Source: F. A. Aloul, I. L. Markov, K. A. Sakallah, FORCE: a fast and easy-to-implement variable-ordering
    heuristic, GLSVLSI 2003. Sifting the result gained little for a hundred times the time.
    """
    by_fact: dict[str, dict[Variable, None]] = {}

    def block(variable: Variable) -> Variable:
        if variable[0] in ("rule", "condition"):
            return variable
        by_fact.setdefault(variable[1], {})[variable] = None
        return ("fact", variable[1])

    reads = {rule.id: {block(v): None for v in (("rule", rule.id), *variables(rule.when, book))} for rule in rules}
    tied = [{block(v): None for v in variables(expr, book)} for expr in constraints]
    beats = [{**reads[one.id], **reads[other.id]} for one in rules for other in rules if one.rule in other.defeats]
    blocks = list(dict.fromkeys(b for edge in (*reads.values(), *tied) for b in edge))
    for start in range(STARTS):
        edges = [list(edge) for edge in (*reads.values(), *tied, *(beats if start % 2 == 0 else ()))]
        begun = list(blocks)
        if start > 1:
            random.Random(start).shuffle(begun)  # noqa: S311  # a place to start from, not a secret
        order = _force(begun, [edge for edge in edges if len(edge) > 1])
        yield [v for b in order for v in (by_fact[b[1]] if b[0] == "fact" else (b,))]


def _force(blocks: list[Variable], edges: list[list[Variable]]) -> list[Variable]:
    def span(place: dict[Variable, int]) -> int:
        return sum(max(place[b] for b in edge) - min(place[b] for b in edge) for edge in edges)

    place = {b: number for number, b in enumerate(blocks)}
    best, least = blocks, span(place)
    for _ in range(ROUNDS):
        pulls: dict[Variable, list[float]] = {b: [] for b in place}
        for edge in edges:
            centre = sum(place[b] for b in edge) / len(edge)
            for b in edge:
                pulls[b].append(centre)
        middle = {b: sum(found) / len(found) if found else place[b] for b, found in pulls.items()}
        order = sorted(place, key=lambda b: (middle[b], place[b]))
        place = {b: number for number, b in enumerate(order)}
        now = span(place)
        if now >= least:
            break
        best, least = order, now
    return best


def _groups(order: list[Variable]) -> dict[str, list[Variable]]:
    found: dict[str, list[Variable]] = {}
    for variable in order:
        if variable[0] not in ("rule", "condition"):
            found.setdefault(variable[1], []).append(variable)
    return found


def _name(position: int) -> str:
    return f"v{position}"


class Builder:
    """Builds Boolean functions of conditions and rules in one ``dd`` manager."""

    def __init__(self, book: Rulebook, manager: Any, number: dict[Variable, int]) -> None:
        self.book, self.manager, self.number = book, manager, number
        self.named: dict[str, int] = {}

    def variable(self, variable: Variable) -> int:
        """Return the function that is true where the variable is."""
        return int(self.manager.var(_name(self.number[variable])))

    def condition(self, expr: Condition) -> int:
        """Return the function that is true where the condition holds."""
        manager = self.manager
        if expr.op in ("all", "any"):
            result = manager.true if expr.op == "all" else manager.false
            for member in expr.members:
                result = manager.apply("and" if expr.op == "all" else "or", result, self.condition(member))
            return int(result)
        if expr.op == "not":
            return int(manager.apply("not", self.condition(expr.members[0])))
        if expr.op == "ref":
            if expr.target not in self.named:
                named = self.book.conditions[expr.target]
                inside = self.condition(named.expr)
                if named.dated:
                    inside = manager.apply("and", self.variable(("condition", named.id)), inside)
                self.named[expr.target] = int(inside)
            return self.named[expr.target]
        result = manager.false
        for variable, wanted in leaf_variables(expr):
            one = self.variable(variable)
            result = manager.apply("or", result, one if wanted else manager.apply("not", one))
        return int(result)

    def outcome(self, rules: list[RuleVersion], answers: str) -> int:
        """The fold: standing rules, then Bars over Permits (``may``) or any Require (``required``)."""
        manager, memo = self.manager, {}  # type: Any, dict[str, int]

        def stands(rule: RuleVersion) -> int:
            if rule.id not in memo:
                result = manager.apply("and", self.variable(("rule", rule.id)), self.condition(rule.when))
                for other in rules:
                    if rule.rule in other.defeats:
                        result = manager.apply("and", result, manager.apply("not", stands(other)))
                memo[rule.id] = int(result)
            return memo[rule.id]

        some = {effect: manager.false for effect in ("permit", "bar", "exempt", "require")}
        for rule in rules:
            some[rule.effect] = manager.apply("or", some[rule.effect], stands(rule))
        if answers == "required":
            return int(some["require"])
        return int(manager.apply("and", some["permit"], manager.apply("not", some["bar"])))

    def allowed(self, constraints: list[Condition]) -> int:
        """All constraints between facts, and those the kinds of facts bring: exclusive values, ordered bounds."""
        manager = self.manager
        result = manager.true
        for expr in constraints:
            result = manager.apply("and", result, manager.apply("not", self.condition(expr)))
        for name, group in _groups(list(self.number)).items():
            # The few variables of one fact among themselves first: joining each pair to all the rest took far longer.
            own = manager.true
            tokens = [variable for variable in group if variable[0] == "is"]
            if not self.book.facts[name].multiple:
                for place, one in enumerate(tokens):
                    for other in tokens[place + 1 :]:
                        both = manager.apply("and", self.variable(one), self.variable(other))
                        own = manager.apply("and", own, manager.apply("not", both))
                if tokens and {variable[2] for variable in tokens} == set(self.book.facts[name].values or ()):
                    some = manager.false
                    for one in tokens:
                        some = manager.apply("or", some, self.variable(one))
                    own = manager.apply("and", own, some)
            bounds = sorted((v for v in group if v[0] == "at-least"), key=lambda v: _bound(v[2]))
            for lower, higher in zip(bounds, bounds[1:], strict=False):
                gap = manager.apply("and", self.variable(higher), manager.apply("not", self.variable(lower)))
                own = manager.apply("and", own, manager.apply("not", gap))
            result = manager.apply("and", result, own)
        return int(result)


def _bound(text: str) -> tuple[int, float, str]:
    try:
        return (0, float(text), "")
    except ValueError:
        return (1, 0.0, text)


def _flatten(
    manager: Any,
    can_hold: int,
    can_fail: int,
    order: list[Variable],
    constrained: set[Variable],
) -> Diagram:
    # Both functions as one diagram with three terminals: 0 impossible, 1 hold, 2 fail. The variables are
    # renumbered by level, so that a node's variable is smaller than its children's.
    levels = sorted(range(len(order)), key=lambda position: manager.level_of_var(_name(position)))
    variables_ = [order[position] for position in levels]
    memo: dict[tuple[int, int], int] = {}
    unique: dict[tuple[int, int, int], int] = {}
    nodes: list[tuple[int, int, int]] = []
    true, false = int(manager.true), int(manager.false)

    def cofactors(node: int, level: int) -> tuple[int, int]:
        at, low, high = manager.succ(abs(node))
        if at != level:
            return node, node
        return (high, low) if node > 0 else (-high, -low)

    def visit(hold: int, fail: int) -> int:
        key = (hold, fail)
        if key in memo:
            return memo[key]
        if hold == true:
            found = 1
        elif fail == true:
            found = 2
        elif hold == false and fail == false:
            found = 0
        else:
            level = min(manager.succ(abs(node))[0] for node in key)
            high_h, low_h = cofactors(hold, level)
            high_f, low_f = cofactors(fail, level)
            high, low = visit(high_h, high_f), visit(low_h, low_f)
            if high == low:
                found = high
            else:
                triple = (level, high, low)
                if triple not in unique:
                    nodes.append(triple)
                    unique[triple] = len(nodes) + 2
                found = unique[triple]
        memo[key] = found
        return found

    root = visit(can_hold, can_fail)
    used = sorted({node[0] for node in nodes})
    renumbered = {level: position for position, level in enumerate(used)}
    kept = tuple(variables_[level] for level in used)
    exclusive = {v for group in _groups(order).values() if len(group) > 1 for v in group}
    return Diagram(
        variables=kept,
        nodes=tuple((renumbered[level], high, low) for level, high, low in nodes),
        root=root,
        constrained=frozenset(i for i, v in enumerate(kept) if v in constrained or v in exclusive),
    )
