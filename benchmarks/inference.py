"""Inference over time beside owlrl era by era on the same facts, and what each step of the whole build takes.

A made-up set of about 5,000 facts in the shape of our schemes: concepts below concepts, some of which entail something.
721 of the facts hold for a while only, between 60 days. ``owlrl`` closes a sample of the eras; its time for all of
them is that of the sample, scaled. First the derived facts of the sampled eras must be the same.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from inforce.build import build
from inforce.reasoning.dated import Dated, HornRule, close
from inforce.resources import root

CONCEPTS, ENTAILMENTS, DATED, DAYS = 3600, 1400, 721, 60
ERAS = DAYS + 1
SAMPLE = (0, 17, 42)
BUILD_S = 10.0
RULES = (
    HornRule("broader-transitive", ("broader", "?a", "?c"), (("broader", "?a", "?b"), ("broader", "?b", "?c"))),
    HornRule("entails-through-broader", ("entails", "?a", "?e"), (("broader", "?a", "?b"), ("entails", "?b", "?e"))),
)
Key = tuple[str, ...]


def facts() -> list[Dated]:
    """The made-up facts, the same each time; an era is a bit."""
    rng = random.Random(721)
    # Each concept hangs below an earlier one, so that the tree is some seven levels deep.
    keys: list[Key] = [
        ("broader", f"c{n}", f"c{rng.randrange(max(1, n // rng.choice((1, 2, 4))))}") for n in range(1, CONCEPTS)
    ]
    keys += [("entails", f"c{rng.randrange(CONCEPTS // 40, CONCEPTS)}", f"e{n}") for n in range(ENTAILMENTS)]
    always = (1 << ERAS) - 1
    dated = set(rng.sample(range(len(keys)), DATED))
    found = []
    for number, key in enumerate(keys):
        first, last = sorted(rng.sample(range(ERAS + 1), 2))
        found.append(Dated(key, (1 << last) - (1 << first) if number in dated else always))
    return found


def by_owlrl(given: list[Dated], era: int) -> tuple[set[Key], float]:
    """All facts of one era as owlrl derives them, and the processor seconds it took."""
    import owlrl
    import rdflib

    base = rdflib.Namespace("https://example.org/")
    graph = rdflib.Graph()
    for fact in given:
        if fact.eras >> era & 1:
            kind, one, other = fact.key
            graph.add((base[one], base[kind], base[other]))
    graph.add((base.broader, rdflib.RDF.type, rdflib.OWL.TransitiveProperty))
    chain = rdflib.BNode()
    rdflib.collection.Collection(graph, chain, [base.broader, base.entails])
    graph.add((base.entails, rdflib.OWL.propertyChainAxiom, chain))
    before = time.process_time()
    closure = owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False)
    closure.expand(graph)
    taken = time.process_time() - before
    kinds = {str(base[kind]): kind for kind in ("broader", "entails")}
    return {
        (kinds[str(p)], str(s).removeprefix(base), str(o).removeprefix(base))
        for s, p, o in graph
        if str(p) in kinds and str(o).startswith(base) and str(s).startswith(base)
    }, taken


def timed(given: list[Dated]) -> tuple[dict[Key, Dated], float]:
    before = time.process_time()
    known = close(given, RULES)
    return known, time.process_time() - before


def inference() -> None:
    given = facts()
    known, ours = timed(given)
    ours = min(ours, *(timed(given)[1] for _ in range(2)))
    an_era: list[float] = []
    theirs: list[float] = []
    for era in SAMPLE:
        held = {key for key, fact in known.items() if fact.eras >> era & 1}
        alone, seconds = timed([Dated(fact.key, 1) for fact in given if fact.eras >> era & 1])
        an_era.append(seconds)
        found, seconds = by_owlrl(given, era)
        theirs.append(seconds)
        if not held == set(alone) == found:
            sys.exit(f"era {era} differs: {len(held)} facts, {len(alone)} alone, {len(found)} by owlrl")
    derived = sum(bool(fact.premises) for fact in known.values())
    shape = {"facts": len(given), "dated": DATED, "eras": ERAS, "derived": derived}
    rows = {
        "inforce, one pass": ours,
        "inforce, era by era (scaled)": sum(an_era) / len(SAMPLE) * ERAS,
        "owlrl, era by era (scaled)": sum(theirs) / len(SAMPLE) * ERAS,
    }
    for engine, seconds in rows.items():
        line = {"benchmark": "inference", **shape, "engine": engine, "seconds": round(seconds, 3)}
        sampled = {"eras_run": len(SAMPLE)} if "scaled" in engine else {}
        ratio = {"times_the_first": round(seconds / ours, 1), "load": os.getloadavg()[0]}
        print(json.dumps({**line, **sampled, **ratio}), flush=True)


def whole_build() -> bool:
    marks: list[tuple[str, float]] = []

    def step(name: str, number: int, of: int) -> None:
        marks.append((name, time.process_time()))

    with tempfile.TemporaryDirectory() as folder:
        build(root(), Path(folder) / "graph", progress=step)
    ends = [at for _, at in marks[1:]] + [time.process_time()]
    steps = {name: round(end - at, 2) for (name, at), end in zip(marks, ends, strict=True)}
    total = round(ends[-1] - marks[0][1], 2)
    line = {"benchmark": "inference", "build_s": total, "steps_s": steps, "target_s": BUILD_S, "met": total <= BUILD_S}
    print(json.dumps({**line, "load": os.getloadavg()[0]}))
    return total <= BUILD_S


def main() -> int:
    inference()
    return 0 if whole_build() else 1


if __name__ == "__main__":
    sys.exit(main())
