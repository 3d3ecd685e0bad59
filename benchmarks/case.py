"""One case in process: the outcome, and the outcome with grounds and missing facts, beside clingo, OpenFisca, SPARQL.

First every engine must give the same answers; then their rounds take turns. Times are of the processor, medians
over the cases of the median over the rounds.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import inforce
from inforce.errors import FactsError
from inforce.rules.case import shown
from inforce.rules.conditions import leaf_variables, test
from inforce.rules.decide import Question, World
from inforce.rules.model import Condition

REPO = Path(__file__).resolve().parent.parent
ROUNDS = 9
DAY = date(2025, 1, 10)
OUTCOME_MS, ANSWER_MS = 0.05, 1.0
PREFERRED: tuple[Any, ...] = (False, (), True)
Case = tuple[dict[str, Any], str, str]


def cases(kb: Any) -> Iterator[Case]:
    """Facts, day or instant, and action: the founders' 39 scenarios, else the golden cases of the tests."""
    import yaml

    shared = REPO.parent / "shared" / "domain" / "check" / "scenarios.yaml"
    if shared.is_file():
        for item in yaml.safe_load(shared.read_text(encoding="utf-8")):
            yield item["case"], moment(item), item["action"]
        return
    for path in sorted((REPO / "tests" / "cases").glob("*.yaml")):
        for item in yaml.safe_load(path.read_text(encoding="utf-8")):
            if "day" in item and item["action"] in kb.book.actions:
                yield item["facts"], str(item["day"]), item["action"]


def moment(item: Mapping[str, Any]) -> str:
    day = str(item["date"])
    if item.get("sec") is None:
        return day
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("America/Toronto"))
    return (midnight + timedelta(seconds=item["sec"])).isoformat()


def outcome(question: Question) -> str:
    return question.outcome(World(len(question.moments) - 1, question.widest))


def completed(kb: Any, facts: Mapping[str, Any], action: str) -> dict[str, Any] | None:
    """The case on ``DAY`` with every fact known that a rule reads: as ordinarily, else the first value that can be."""
    try:
        question = kb.question(facts, on=DAY.isoformat(), action=action)
    except FactsError:
        return None
    known = {**question.ordinary_facts(())[0], **question.moments[-1].facts}
    for variable in question.diagram.variables:
        fact = kb.book.facts.get(variable[1])
        if fact is None or fact.name in known:
            continue
        values = (
            (False, True) if fact.kind == "boolean" else ((),) if fact.multiple else tuple(fact.values or ("OTHER",))
        )
        for value in values:
            try:
                outcome(kb.question({**known, fact.name: value}, on=DAY.isoformat(), action=action))
            except FactsError:
                continue
            known[fact.name] = value
            break
    return dict(kb.question(known, on=DAY.isoformat(), action=action).moments[-1].facts)


# ---- measuring ---------------------------------------------------------------------------------------


def measure(engines: Mapping[str, Callable[[int], Any]], count: int) -> dict[str, float]:
    """Milliseconds of the processor for one case, by engine; a round of one follows a round of the other."""
    taken: dict[str, list[list[float]]] = {name: [[] for _ in range(count)] for name in engines}
    for _ in range(ROUNDS):
        for name, ask in engines.items():
            for number in range(count):
                before = time.process_time_ns()
                ask(number)
                taken[name][number].append((time.process_time_ns() - before) / 1e6)
    return {name: statistics.median(map(statistics.median, rows)) for name, rows in taken.items()}


def report(name: str, count: int, times: Mapping[str, float], targets: Mapping[str, float]) -> bool:
    ours = next(iter(times.values()))
    met = True
    for engine, ms in times.items():
        line: dict[str, Any] = {"benchmark": "case", "set": name, "cases": count, "engine": engine}
        line |= {"median_ms": round(ms, 4), "times_the_first": round(ms / ours, 1)}
        if engine in targets:
            line |= {"target_ms": targets[engine], "met": ms <= targets[engine]}
            met = met and ms <= targets[engine]
        print(json.dumps({**line, "load": os.getloadavg()[0]}), flush=True)
    return met


def agree(found: Mapping[str, list[str]]) -> None:
    """Stop if two engines differ; SPARQL's three values may leave open what is exact elsewhere, never the opposite."""
    ours = next(iter(found.values()))
    for engine, theirs in found.items():
        open_ = "depends" if engine.startswith("SPARQL") else None
        bad = [n for n, (a, b) in enumerate(zip(ours, theirs, strict=True)) if b not in (a, open_)]
        if bad:
            sys.exit(f"{engine} differs from inforce on cases {bad}: {[(ours[n], theirs[n]) for n in bad]}")
        left = sum(a != b for a, b in zip(ours, theirs, strict=True))
        if left:
            print(json.dumps({"benchmark": "case", "engine": engine, "left_open": left, "of": len(ours)}))


# ---- the peers -------------------------------------------------------------------------------------------


class Sparql:
    """The saved query ``eligibility`` on pyoxigraph, its text bound beforehand."""

    def __init__(self, kb: Any, asked: list[Case]) -> None:
        from inforce.queries import find_query, prepared

        self.store = kb._store
        query = find_query("eligibility")
        self.texts = [
            prepared(self.store, query, {**{n: shown(v) for n, v in facts.items()}, "on": day, "action": action}, kb)
            for facts, day, action in asked
        ]

    def __call__(self, number: int) -> str:
        found = self.store.query(self.texts[number], use_default_graph_as_union=True)
        return str(next(iter(found))["outcome"].value)


class Clingo:
    """The logic program of ``tests/oracle.py``: what is in force is settled and grounded beforehand, solving is not."""

    def __init__(self, kb: Any, asked: list[Case], *, one_day: bool) -> None:
        sys.path.append(str(REPO / "tests"))
        from oracle import Oracle

        self.oracle, self.asked, self.one_day = Oracle(kb.built.path("graph.nq")), asked, one_day
        if one_day:
            self.program = self.oracle._program(asked[0][2])
            end = datetime.combine(DAY, datetime.max.time(), self.oracle.zone).replace(microsecond=0)
            self.program._settle(end, None, frozenset(), 99)
            self.program._same(None)

    def whole(self, number: int) -> str:
        facts, day, action = self.asked[number]
        at = datetime.fromisoformat(day) if "T" in day else None
        return self.oracle.ask(action, facts, date.fromisoformat(day[:10]), at)

    def __call__(self, number: int) -> str:
        import clingo

        given = self.program._assumptions(self.asked[number][0], 1)
        can = clingo.Function("can")
        holds, fails = (self.program._satisfiable([*given, (can, side)]) for side in (True, False))
        return "depends" if holds and fails else "may" if holds else "may-not"


class OpenFisca:
    """A tax-benefit system without a country: a variable for each rule and condition in force on the day.

    Two-valued. What a set of values makes true (a list of countries) is handed over as truth values.
    """

    def __init__(self, kb: Any, asked: list[Case], *, trace: bool = False) -> None:
        from openfisca_core import entities, periods, simulations, taxbenefitsystems, variables

        self.kb, self.trace, self.period = kb, trace, DAY.isoformat()
        self.builder = simulations.SimulationBuilder
        person = entities.build_entity(key="person", plural="persons", label="a person", is_person=True)
        self.system = taxbenefitsystems.TaxBenefitSystem([person])

        def declare(name: str, kind: Any, formula: Any = None) -> None:
            body = {"value_type": kind, "entity": person, "definition_period": periods.DateUnit.DAY, "label": name}
            if kind is str:
                body["max_length"] = 60
            self.system.add_variable(
                type(name, (variables.Variable,), body | ({"formula": formula} if formula else {}))
            )

        self.kinds: dict[str, Any] = {}
        self.sets: dict[str, tuple[str, ...]] = {}
        question = kb.question(asked[0][0], on=DAY.isoformat(), action=asked[0][2])
        self.instant = question.moments[-1].instant
        counted = question.era(World(len(question.moments) - 1, question.widest)).counted
        rules = [rule for rule, _ in counted]
        formulas: dict[str, Any] = {}
        for rule in rules:
            formulas["holds_" + slug(rule.id)] = self.formula(rule.when, formulas)
        for rule in rules:
            beaten = ["stands_" + slug(o.id) for o in rules if rule.rule in o.defeats]
            formulas["stands_" + slug(rule.id)] = _standing("holds_" + slug(rule.id), beaten)
        by_effect = {e: ["stands_" + slug(r.id) for r in rules if r.effect == e] for e in ("permit", "bar")}
        formulas["may"] = lambda p, t: _any(p, t, by_effect["permit"]) & ~_any(p, t, by_effect["bar"])
        for name, kind in self.kinds.items():
            declare(name, kind)
        for name, formula in formulas.items():
            # OpenFisca asks a formula for its parameters' names.
            declare(name, bool, _method(formula))
        self.inputs = [self.input(facts) for facts, _, _ in asked]

    def formula(self, expr: Condition, formulas: dict[str, Any]) -> Any:
        if expr.op == "ref":
            named = self.kb.book.conditions[expr.target]
            if named.dated and not named.interval.holds_at(self.instant):
                return lambda person, period: person.filled_array(False)
            name = "condition_" + slug(named.id)
            if name not in formulas:
                formulas[name] = None
                formulas[name] = self.formula(named.expr, formulas)
            return lambda person, period: person(name, period)
        if expr.fact:
            parts = [self.leaf(variable, wanted) for variable, wanted in leaf_variables(expr)]
            return _combined(parts, every=False)
        parts = [self.formula(member, formulas) for member in expr.members]
        if expr.op == "not":
            return lambda person, period: ~parts[0](person, period)
        return _combined(parts, every=expr.op == "all")

    def leaf(self, variable: tuple[str, ...], wanted: bool) -> Any:
        op, name = variable[:2]
        fact = self.kb.book.facts[name]
        if fact.multiple or op in ("list", "scheme"):
            asked = "set_" + slug("_".join(variable))
            self.sets[asked], self.kinds[asked] = variable, bool
            return lambda person, period: person(asked, period) == wanted
        self.kinds["fact_" + name] = bool if op == "true" else float if fact.kind == "number" else str
        name = "fact_" + name
        if op == "true":
            return lambda person, period: person(name, period) == wanted
        if op == "is":
            token = variable[2].encode()  # OpenFisca keeps text as bytes
            return lambda person, period: (person(name, period) == token) == wanted
        bound = float(variable[2]) if fact.kind == "number" else variable[2].encode()
        return lambda person, period: (person(name, period) >= bound) == wanted

    def input(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        import numpy

        given = {name: facts[name.removeprefix("fact_")] for name in self.kinds if name.startswith("fact_")}
        given |= {n: bool(test(v, facts, self.kb.book, self.instant)) for n, v in self.sets.items()}
        return {name: numpy.array([value]) for name, value in given.items()}

    def __call__(self, number: int) -> str:
        simulation = self.builder().build_default_simulation(self.system, 1)
        simulation.trace = self.trace
        for name, value in self.inputs[number].items():
            simulation.set_input(name, self.period, value)
        return "may" if simulation.calculate("may", self.period)[0] else "may-not"


def slug(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text).lower()


def _combined(parts: list[Any], *, every: bool) -> Any:
    def formula(person: Any, period: Any) -> Any:
        result = person.filled_array(every)
        for part in parts:
            result = result & part(person, period) if every else result | part(person, period)
        return result

    return formula


def _standing(holds: str, beaten: list[str]) -> Any:
    return lambda person, period: person(holds, period) & ~_any(person, period, beaten)


def _any(person: Any, period: Any, names: list[str]) -> Any:
    result = person.filled_array(False)
    for name in names:
        result = result | person(name, period)
    return result


def _method(formula: Any) -> Any:
    def formula_(person: Any, period: Any) -> Any:
        return formula(person, period)

    return formula_


# ---- the two sets ----------------------------------------------------------------------------------------


def scenarios(kb: Any) -> bool:
    """Every scenario on its own day, facts open: outcome, grounds and missing."""
    asked = list(cases(kb))
    questions = [kb.question(facts, on=day, action=action) for facts, day, action in asked]
    engines: dict[str, Callable[[int], Any]] = {
        "inforce: outcome alone": lambda n: outcome(questions[n]),
        "inforce: facts read, outcome": lambda n: outcome(kb.question(asked[n][0], on=asked[n][1], action=asked[n][2])),
        "inforce: outcome, cited grounds, exact missing": lambda n: kb.check(
            asked[n][0], on=asked[n][1], action=asked[n][2]
        ),
    }
    found = {"inforce": [outcome(question) for question in questions]}
    try:
        clingo = Clingo(kb, asked, one_day=False)
        found["clingo"] = [clingo.whole(n) for n in range(len(asked))]
    except ImportError as error:
        missing(error)
    agree(found)
    targets = {"inforce: outcome alone": OUTCOME_MS, "inforce: outcome, cited grounds, exact missing": ANSWER_MS}
    return report("scenarios, facts open", len(asked), measure(engines, len(asked)), targets)


def complete(kb: Any) -> bool:
    """The same people asking one thing on one day with all facts known: every engine can answer that."""
    action = kb.default_action
    every = (completed(kb, facts, action) for facts, _, of in cases(kb) if of == action)
    asked = [(facts, DAY.isoformat(), action) for facts in every if facts is not None]
    engines: dict[str, Callable[[int], Any]] = {
        "inforce: facts read, outcome": lambda n: outcome(kb.question(asked[n][0], on=asked[n][1], action=action)),
        "inforce: outcome, cited grounds, exact missing": lambda n: kb.check(
            asked[n][0], on=asked[n][1], action=action
        ),
    }
    peers: dict[str, Callable[[], Any]] = {
        "clingo, solving": lambda: Clingo(kb, asked, one_day=True),
        "OpenFisca": lambda: OpenFisca(kb, asked),
        "OpenFisca, traced": lambda: OpenFisca(kb, asked, trace=True),
        "SPARQL on pyoxigraph": lambda: Sparql(kb, asked),
    }
    found = {"inforce": [outcome(kb.question(facts, on=day, action=action)) for facts, day, _ in asked]}
    for name, make in peers.items():
        try:
            engines[name] = make()
        except ImportError as error:
            missing(error)
            continue
        found[name] = [engines[name](n) for n in range(len(asked))]
    agree(found)
    times = measure(engines, len(asked))
    met = report("one day, all facts known", len(asked), times, {})
    answer, traced = times["inforce: outcome, cited grounds, exact missing"], times.get("OpenFisca, traced")
    return met and (traced is None or answer <= traced)


def missing(error: ImportError) -> None:
    line = {"benchmark": "case", "skipped": error.name, "install": 'pip install "inforce[bench]"'}
    print(json.dumps(line), file=sys.stderr)


def main() -> int:
    try:
        import yaml  # noqa: F401  # the cases of both sets
    except ImportError as error:
        missing(error)
        return 0
    kb = inforce.open(today="2026-06-12")
    return 0 if all([scenarios(kb), complete(kb)]) else 1


if __name__ == "__main__":
    sys.exit(main())
