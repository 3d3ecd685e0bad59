"""Dated inference: facts that carry the eras in which they hold, closed under Horn rules in one semi-naive pass.

Source: A. Zimmermann et al., A general framework for representing, reasoning and querying with annotated
Semantic Web data, Journal of Web Semantics 11 (2012): temporal annotations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from inforce.reasoning.names import INF, RDF, SKOS, TYPE, XSD, Triple, digest
from inforce.rules.triples import Node, Triples
from inforce.vocab import BASE

__all__ = ["ENTAILMENT", "Dated", "HornRule", "close", "entailed"]


@dataclass(frozen=True, slots=True)
class Dated:
    """A fact that holds in the eras whose bits are set in ``eras``, and the facts it was first made from."""

    key: tuple[str, ...]
    eras: int
    premises: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class HornRule:
    """``head`` follows from ``body``; terms that start with ``?`` are variables."""

    name: str
    head: tuple[str, ...]
    body: tuple[tuple[str, ...], ...]


def close(facts: Iterable[Dated], rules: Iterable[HornRule]) -> dict[tuple[str, ...], Dated]:
    """Return all facts that follow, each with the eras in which it does; semi-naive, AND over premises, OR over ways.

    >>> rule = HornRule("trans", ("p", "?x", "?z"), (("p", "?x", "?y"), ("p", "?y", "?z")))
    >>> facts = [Dated(("p", "a", "b"), 0b110), Dated(("p", "b", "c"), 0b011)]
    >>> close(facts, [rule])[("p", "a", "c")].eras
    2
    """
    known: dict[tuple[str, ...], Dated] = {}
    index: dict[tuple[str, int, str], dict[tuple[str, ...], None]] = {}
    fresh: dict[tuple[str, ...], int] = {}

    def add(key: tuple[str, ...], eras: int, premises: tuple[tuple[str, ...], ...]) -> None:
        old = known.get(key)
        new = eras & ~(old.eras if old else 0)
        if not new:
            return
        known[key] = Dated(key, (old.eras if old else 0) | new, old.premises if old else premises)
        for place, term in enumerate(key):
            index.setdefault((key[0], place, term), {})[key] = None
        fresh[key] = fresh.get(key, 0) | new

    for fact in facts:
        add(fact.key, fact.eras, fact.premises)
    rules = list(rules)
    while fresh:
        batch, fresh = fresh, {}
        for rule in rules:
            for position in range(len(rule.body)):
                for key, eras in batch.items():
                    binding = _match(rule.body[position], key, {})
                    if binding is not None:
                        rest = rule.body[:position] + rule.body[position + 1 :]
                        for found, mask, used in list(_join(rest, binding, eras, (key,), known, index)):
                            add(tuple(found.get(t, t) for t in rule.head), mask, used)
    return known


def _match(pattern: tuple[str, ...], key: tuple[str, ...], binding: Mapping[str, str]) -> dict[str, str] | None:
    if len(pattern) != len(key):
        return None
    found = dict(binding)
    for term, value in zip(pattern, key, strict=True):
        if term.startswith("?"):
            if found.setdefault(term, value) != value:
                return None
        elif term != value:
            return None
    return found


def _join(
    body: tuple[tuple[str, ...], ...],
    binding: dict[str, str],
    eras: int,
    used: tuple[tuple[str, ...], ...],
    known: Mapping[tuple[str, ...], Dated],
    index: Mapping[tuple[str, int, str], Mapping[tuple[str, ...], None]],
) -> Iterator[tuple[dict[str, str], int, tuple[tuple[str, ...], ...]]]:
    if not body:
        yield binding, eras, used
        return
    pattern = tuple(binding.get(term, term) for term in body[0])
    bound = [(pattern[0], place, term) for place, term in enumerate(pattern) if not term.startswith("?")]
    pools: list[Mapping[tuple[str, ...], None]] = [index.get(key, {}) for key in bound]
    smallest: Mapping[tuple[str, ...], None] = sorted(pools, key=len)[0]
    for key in list(smallest):
        found = _match(pattern, key, binding)
        mask = eras & known[key].eras
        if found is not None and mask:
            yield from _join(body[1:], found, mask, (*used, key), known, index)


ENTAILMENT = (
    HornRule("broader-transitive", ("broader", "?a", "?c"), (("broader", "?a", "?b"), ("broader", "?b", "?c"))),
    HornRule(
        "entails-through-broader",
        ("entails", "?a", "?fact", "?value"),
        (("broader", "?a", "?b"), ("entails", "?b", "?fact", "?value")),
    ),
)
"""What a concept entails, all concepts narrower than it entail while both hold."""


def entailed(triples: Triples) -> list[Triple]:
    """Return dated entailments that concepts inherit through what is broader, with their premises."""
    stated: list[tuple[str, str]] = [
        (concept, node.value)
        for concept in sorted(triples.by_subject)
        for node in triples.all(concept, INF + "entails")
    ]
    ends = ["0000-01-01", "9999-12-31"]
    spans: dict[str, tuple[str, str]] = {}
    concepts = {c for c, _ in stated} | {s for s in triples.by_subject if triples.all(s, SKOS + "broader")}
    for thing in sorted(concepts | {e for _, e in stated}):
        spans[thing] = (triples.value(thing, INF + "from") or ends[0], triples.value(thing, INF + "until") or ends[1])
    days = sorted({day for span in spans.values() for day in span} | set(ends))
    position = {day: number for number, day in enumerate(days)}

    def mask(thing: str) -> int:
        low, high = spans.get(thing, (ends[0], ends[1]))
        return (1 << position[high]) - (1 << position[low])

    facts = [
        Dated(
            ("entails", concept, triples.value(e, INF + "fact") or "", repr(tuple(triples.all(e, RDF + "value")[0]))),
            mask(e),
        )
        for concept, e in stated
    ]
    sources = {
        (concept, triples.value(e, INF + "fact") or "", repr(tuple(triples.all(e, RDF + "value")[0]))): e
        for concept, e in stated
    }
    for concept in sorted(triples.by_subject):
        for above in triples.all(concept, SKOS + "broader"):
            if concept in concepts:
                facts.append(Dated(("broader", concept, above.value), mask(concept)))
    known = close(facts, ENTAILMENT)
    found: list[Triple] = []
    for key, fact in sorted(known.items()):
        if key[0] != "entails" or not fact.premises:
            continue
        _, concept, name, value = key
        origin = _origin(key, known, sources)
        for low, high in _runs(fact.eras, days):
            node = f"{BASE}entailment/{digest(concept, name, value, low)}"
            found += [
                (concept, INF + "inherits", Node(node)),
                (node, TYPE, Node(INF + "Entailment")),
                (node, INF + "fact", Node(name)),
                (node, RDF + "value", Node(*_parse_tuple(value))),
                (node, INF + "derivedBy", Node("entails-through-broader", "literal", XSD + "string")),
                (node, INF + "premise", Node(origin)),
            ]
            for day, open_end, term, known_term in (
                (low, ends[0], "from", "startKnownFrom"),
                (high, ends[1], "until", "endKnownFrom"),
            ):
                if day != open_end:
                    found.append((node, INF + term, Node(day, "literal", XSD + "date")))
                    # Known when the statement that bounds it was: what is entailed, or the concept itself.
                    bounding = [t for t in (origin, concept) if triples.value(t, INF + term) == day]
                    read = [triples.value(t, INF + known_term) for t in bounding]
                    found += [(node, INF + known_term, Node(k, "literal", XSD + "date")) for k in read[:1] if k]
    return found


def _parse_tuple(text: str) -> tuple[str, ...]:
    import ast

    return tuple(ast.literal_eval(text))


def _origin(
    key: tuple[str, ...], known: Mapping[tuple[str, ...], Dated], sources: Mapping[tuple[str, str, str], str]
) -> str:
    while known[key].premises:
        key = next(p for p in known[key].premises if p[0] == "entails")
    return sources[key[1], key[2], key[3]]


def _runs(eras: int, days: Sequence[str]) -> list[tuple[str, str]]:
    found, start = [], None
    for number in range(len(days)):
        on = bool(eras >> number & 1)
        if on and start is None:
            start = number
        if not on and start is not None:
            found.append((days[start], days[number]))
            start = None
    return found
