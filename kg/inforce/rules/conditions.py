"""The algebra of conditions: the variables a condition tests, and its three-valued truth for a case.

A *variable* is a tuple: ``("rule", version)`` and ``("condition", id)`` for what is in force, and for facts
``("true", fact)``, ``("is", fact, token)``, ``("list", fact, list)``, ``("scheme", fact, concept)`` and
``("at-least", fact, bound)``. Truth is ``True``, ``False`` or ``None`` (not known): strong Kleene.

Source: S. C. Kleene, Introduction to Metamathematics (1952), section 64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

from inforce.rules.model import Condition, Rulebook

__all__ = ["Variable", "conjunction", "disjunction", "kleene", "reachable", "test", "variables"]

Variable = tuple[str, ...]
Truth = bool | None


def conjunction(truths: list[Truth]) -> Truth:
    """Return the strong Kleene conjunction.

    >>> conjunction([True, None]), conjunction([False, None])
    (None, False)
    """
    if False in truths:
        return False
    return None if None in truths else True


def disjunction(truths: list[Truth]) -> Truth:
    """Return the strong Kleene disjunction.

    >>> disjunction([False, None]), disjunction([True, None])
    (None, True)
    """
    if True in truths:
        return True
    return None if None in truths else False


def leaf_variables(leaf: Condition) -> list[tuple[Variable, bool]]:
    """Return the variables of a test of one fact, any of which makes it hold; the flag is the wanted truth."""
    if leaf.op in ("true", "false"):
        return [(("true", leaf.fact), leaf.op == "true")]
    if leaf.op == "in":
        return [(("is", leaf.fact, token), True) for token in leaf.target]
    if leaf.op == "below":
        return [(("at-least", leaf.fact, str(leaf.target)), False)]
    return [((leaf.op, leaf.fact, str(leaf.target)), True)]


def variables(expr: Condition, book: Rulebook) -> Iterator[Variable]:
    """Yield the variables ``expr`` depends on, in the order in which it reads them; with repetitions."""
    if expr.op == "ref":
        named = book.conditions[expr.target]
        if named.dated:
            yield ("condition", named.id)
        yield from variables(named.expr, book)
    elif expr.fact:
        for variable, _ in leaf_variables(expr):
            yield variable
    else:
        for member in expr.members:
            yield from variables(member, book)


def kleene(expr: Condition, truth: Callable[[Variable], Truth], book: Rulebook) -> Truth:
    """Return the strong Kleene truth of ``expr`` given the truth of each variable."""
    if expr.op == "all":
        return conjunction([kleene(member, truth, book) for member in expr.members])
    if expr.op == "any":
        return disjunction([kleene(member, truth, book) for member in expr.members])
    if expr.op == "not":
        inner = kleene(expr.members[0], truth, book)
        return None if inner is None else not inner
    if expr.op == "ref":
        named = book.conditions[expr.target]
        inside = kleene(named.expr, truth, book)
        return conjunction([truth(("condition", named.id)), inside]) if named.dated else inside
    found: list[Truth] = []
    for variable, wanted in leaf_variables(expr):
        value = truth(variable)
        found.append(value if value is None or wanted else not value)
    return disjunction(found)


def test(
    variable: Variable,
    facts: Mapping[str, Any],
    book: Rulebook,
    instant: str,
    *,
    known_on: str | None = None,
) -> Truth:
    """Return the truth of a fact's variable at ``instant``; a fact that is not in ``facts`` is unknown.

    A set that is given is complete. A list entry whose start is not known leaves the test unknown before
    the first day it is certain.
    """
    op, name = variable[0], variable[1]
    if name not in facts:
        return None
    value = facts[name]
    if op == "true":
        return bool(value)
    if op == "at-least":
        return bool(value >= type(value)(variable[2]))
    tokens = value if isinstance(value, tuple) else (value,)
    if op == "is":
        return variable[2] in tokens
    if op == "scheme":
        return any(variable[2] == token or variable[2] in book.ancestors.get(token, ()) for token in tokens)
    return disjunction([listed(token, variable[2], book, instant, known_on=known_on) for token in tokens])


def listed(token: str, name: str, book: Rulebook, instant: str, *, known_on: str | None = None) -> Truth:
    """Return whether ``token`` is on the dated list ``name`` at ``instant``."""
    for interval in book.lists.get(name, {}).get(token, ()):
        if interval.holds_at(instant, known_on=known_on):
            return None if interval.uncertain_at(instant) else True
    return False


def reachable(
    name: str, tests: list[Variable], book: Rulebook, instant: str, *, known_on: str | None = None
) -> list[dict[Variable, bool]]:
    """Return every combination of truths the ``tests`` of one fact can take together at ``instant``.

    For a set-valued fact the combinations are closed under union: whoever has two values passes
    the tests of both. A value that no test mentions passes none.
    """
    signatures = {0}
    for token in book.named(book.facts[name], tests):
        certain = possible = 0
        for position, variable in enumerate(tests):
            truth = test(variable, {name: (token,)}, book, instant, known_on=known_on)
            certain |= (truth is True) << position
            possible |= (truth is not False) << position
        signatures |= {certain, possible}
    if book.facts[name].multiple:
        size = 0
        while size != len(signatures):
            size = len(signatures)
            signatures |= {one | other for one, other in combinations(signatures, 2)}
    return [
        {variable: bool(signature >> position & 1) for position, variable in enumerate(tests)}
        for signature in sorted(signatures)
    ]
