"""Conditions as alternatives of tests, so that one SELECT finds the rules that hold or fail for a case."""

from __future__ import annotations

from inforce.reasoning.names import INF, TYPE, XSD, Triple, digest
from inforce.rules.triples import Node, Triples
from inforce.vocab import BASE

__all__ = ["clauses", "condition_clauses"]

Literal = tuple[tuple[str, ...], bool]
"""A test of a fact, or the dates of a condition, and whether it is negated."""


def clauses(triples: Triples, node: Node, *, negated: bool = False, top: bool = False) -> list[frozenset[Literal]]:
    """Return the condition (or its negation) as alternatives, each a set of literals that hold together.

    Distribution keeps strong Kleene truth: the condition holds iff all literals of some alternative do.
    """
    subject = node.value
    named = INF + "Condition" in {n.value for n in triples.all(subject, TYPE)}
    if named and not top:
        dated = triples.value(subject, INF + "from") or triples.value(subject, INF + "until")
        inside = clauses(triples, node, negated=negated, top=True)
        if not dated:
            return inside
        literal = frozenset({(("inForce", subject), negated)})
        return [literal, *inside] if negated else [literal | one for one in inside]
    for term, every in ((INF + "allOf", True), (INF + "anyOf", False)):
        heads = triples.all(subject, term)
        if heads:
            parts = [clauses(triples, member, negated=negated) for member in triples.items(heads[0].value)]
            return _product(parts) if every is not negated else [one for part in parts for one in part]
    inner = triples.all(subject, INF + "not")
    if inner:
        return clauses(triples, inner[0], negated=not negated)
    fact = triples.value(subject, INF + "fact") or ""
    truth = triples.value(subject, INF + "isTrue")
    if truth is not None:
        return [frozenset({(("isTrue", fact, "true"), (truth != "true") is not negated)})]
    within = triples.all(subject, INF + "in")
    if within:
        tests = [("is", fact, member.value) for member in triples.items(within[0].value)]
        if negated:
            return [frozenset((test, True) for test in tests)]
        return [frozenset({(test, False)}) for test in tests]
    for term in ("is", "inList", "inScheme", "atLeast", "below"):
        found = triples.value(subject, INF + term)
        if found is not None:
            return [frozenset({((term, fact, found), negated)})]
    raise KeyError(f"condition {subject} has no operator")


def _product(parts: list[list[frozenset[Literal]]]) -> list[frozenset[Literal]]:
    found: list[frozenset[Literal]] = [frozenset()]
    for part in parts:
        found = [one | other for one in found for other in part]
    return list(dict.fromkeys(found))


def condition_clauses(triples: Triples) -> list[Triple]:
    """Return for each rule version the alternatives in which its condition holds, and those in which it fails."""
    found: dict[Triple, None] = {}
    for version in triples.instances("RuleVersion"):
        for node in triples.all(version, INF + "when"):
            for term, negated in (("holdsWhen", False), ("failsWhen", True)):
                for clause in clauses(triples, node, negated=negated):
                    literals = sorted(clause)
                    name = f"{BASE}clause/{digest(*(repr(one) for one in literals))}"
                    found[version, INF + term, Node(name)] = None
                    found[name, TYPE, Node(INF + "Clause")] = None
                    found[name, INF + "literalCount", Node(str(len(literals)), "literal", XSD + "integer")] = None
                    for test, flag in literals:
                        for triple in _literal(name, test, flag):
                            found[triple] = None
    return list(found)


def _literal(clause: str, test: tuple[str, ...], negated: bool) -> list[Triple]:
    test_name = f"{BASE}test/{digest(*test)}"
    name = f"{BASE}literal/{digest(*test, str(negated))}"
    triples = [
        (clause, INF + "literal", Node(name)),
        (name, TYPE, Node(INF + "Literal")),
        (name, INF + "test", Node(test_name)),
        (name, INF + "negated", Node(str(negated).lower(), "literal", XSD + "boolean")),
        (test_name, TYPE, Node(INF + "Test")),
    ]
    if test[0] == "inForce":
        return [*triples, (test_name, INF + "inForce", Node(test[1]))]
    value = Node(test[2])
    if test[0] == "isTrue":
        value = Node(test[2], "literal", XSD + "boolean")
    elif test[0] in ("atLeast", "below"):
        value = Node(test[2], "literal", XSD + "decimal")
    return [*triples, (test_name, INF + "fact", Node(test[1])), (test_name, INF + test[0], value)]
