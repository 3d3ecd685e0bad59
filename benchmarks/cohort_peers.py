"""The peers of the cohort benchmark: the same rules, conditions unfolded, as numpy columns, SQL and OpenFisca.

Two-valued where the engine knows no other, three-valued (Kleene) as a researcher would write it in numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from inforce.rules.conditions import leaf_variables, test
from inforce.rules.decide import World
from inforce.rules.model import Condition

DAY = date(2025, 1, 10)


class Rules:
    """The rules in force as formulas over columns; a set of countries is handed over as truth values."""

    def __init__(self, kb: Any) -> None:
        self.kb = kb
        question = kb.question({}, on=DAY.isoformat())
        self.instant = question.moments[-1].instant
        self.rules = [rule for rule, _ in question.era(World(len(question.moments) - 1, question.widest)).counted]
        self.followed = {name: value for name, (value, _) in question.moments[-1].inferred.items()}
        self.leaves: dict[str, tuple[tuple[str, ...], bool]] = {}

    def column(self, variable: tuple[str, ...]) -> str:
        name = "_".join(variable)
        self.leaves[name] = (variable, True)
        return "c_" + "".join(c if c.isalnum() else "_" for c in name).lower()

    def columns(self, rows: list[dict[str, Any]]) -> dict[str, list[bool]]:
        """By column the truth of its test for each of the people."""
        book = self.kb.book
        return {
            self.column(variable): [bool(test(variable, {**row, **self.followed}, book, self.instant)) for row in rows]
            for variable, _ in list(self.leaves.values())
        }

    def fold(self, algebra: Any) -> Any:
        """The outcome by an algebra: ``leaf``, ``every``, ``any`` and ``no`` of whatever it works on."""
        holds = {rule.id: self.formula(rule.when, algebra) for rule in self.rules}
        stands: dict[str, Any] = {}

        def standing(rule: Any) -> Any:
            if rule.id not in stands:
                beaten = [standing(other) for other in self.rules if rule.rule in other.defeats]
                found = holds[rule.id]
                stands[rule.id] = algebra.every([found, algebra.no(algebra.any(beaten))]) if beaten else found
            return stands[rule.id]

        by_effect = {e: [standing(rule) for rule in self.rules if rule.effect == e] for e in ("permit", "bar")}
        return algebra.every([algebra.any(by_effect["permit"]), algebra.no(algebra.any(by_effect["bar"]))])

    def formula(self, expr: Condition, algebra: Any) -> Any:
        if expr.op == "ref":
            named = self.kb.book.conditions[expr.target]
            if named.dated and not named.interval.holds_at(self.instant):
                return algebra.any([])
            return self.formula(named.expr, algebra)
        if expr.fact:
            parts = [(algebra.leaf(self.column(v)), wanted) for v, wanted in leaf_variables(expr)]
            return algebra.any([part if wanted else algebra.no(part) for part, wanted in parts])
        parts = [self.formula(member, algebra) for member in expr.members]
        return algebra.no(parts[0]) if expr.op == "not" else (algebra.every if expr.op == "all" else algebra.any)(parts)


class Columns:
    """Plain numpy: a column of truth values, one a byte."""

    def __init__(self, columns: Mapping[str, Any], length: int) -> None:
        import numpy

        self.np, self.held, self.length = numpy, columns, length

    def leaf(self, name: str) -> Any:
        return self.held[name]

    def every(self, parts: list[Any]) -> Any:
        found = parts[0] if parts else self.np.ones(self.length, bool)
        for part in parts[1:]:
            found = found & part
        return found

    def any(self, parts: list[Any]) -> Any:
        found = parts[0] if parts else self.np.zeros(self.length, bool)
        for part in parts[1:]:
            found = found | part
        return found

    def no(self, part: Any) -> Any:
        return ~part


class Sql:
    """The same as an expression of SQL."""

    leaf = staticmethod(lambda name: name)
    every = staticmethod(lambda parts: "(" + " AND ".join(parts) + ")" if parts else "true")
    any = staticmethod(lambda parts: "(" + " OR ".join(parts) + ")" if parts else "false")
    no = staticmethod(lambda part: f"(NOT {part})")


def fisca(rules: Rules, columns: Mapping[str, Any], length: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """OpenFisca: all-in (a simulation made, columns put in, calculated), and the calculation alone."""
    from openfisca_core import entities, periods, simulations, taxbenefitsystems, variables

    person = entities.build_entity(key="person", plural="persons", label="a person", is_person=True)
    system = taxbenefitsystems.TaxBenefitSystem([person])

    def declare(name: str, formula: Any = None) -> None:
        body = {"value_type": bool, "entity": person, "definition_period": periods.DateUnit.DAY, "label": name}
        system.add_variable(type(name, (variables.Variable,), body | ({"formula": formula} if formula else {})))

    class Formulas(Columns):
        """Each part is a function of a person and a period."""

        def leaf(self, name: str) -> Any:
            return lambda p, t: p(name, t)

        def every(self, parts: list[Any]) -> Any:
            return lambda p, t: Columns.every(Columns({}, length), [part(p, t) for part in parts])

        def any(self, parts: list[Any]) -> Any:
            return lambda p, t: Columns.any(Columns({}, length), [part(p, t) for part in parts])

        def no(self, part: Any) -> Any:
            return lambda p, t: ~part(p, t)

    for name in columns:
        declare(name)
    outcome = rules.fold(Formulas({}, length))

    def formula(person: Any, period: Any) -> Any:
        return outcome(person, period)

    declare("may", formula)
    day = DAY.isoformat()

    def filled() -> Any:
        simulation = simulations.SimulationBuilder().build_default_simulation(system, length)
        for name, values in columns.items():
            simulation.set_input(name, day, values)
        return simulation

    ready: list[Any] = [filled()]

    def calculate() -> Any:
        ready[0].delete_arrays("may")
        return ready[0].calculate("may", day)

    return lambda: filled().calculate("may", day), calculate


class Kleene:
    """Plain numpy, three-valued: where each may be true and where it may be false, a byte each."""

    def __init__(self, leaf: Callable[[str], tuple[Any, Any]], length: int) -> None:
        import numpy

        self.np, self.leaf, self.length = numpy, leaf, length

    def _constant(self, truth: bool) -> tuple[Any, Any]:
        return self.np.full(self.length, truth), self.np.full(self.length, not truth)

    def every(self, parts: list[Any]) -> Any:
        if not parts:
            return self._constant(True)
        true, false = parts[0]
        for one, other in parts[1:]:
            true, false = true & one, false | other
        return true, false

    def any(self, parts: list[Any]) -> Any:
        if not parts:
            return self._constant(False)
        true, false = parts[0]
        for one, other in parts[1:]:
            true, false = true | one, false & other
        return true, false

    def no(self, part: Any) -> Any:
        return part[::-1]


class Codes:
    """codes as the facts of people were given, a byte each where that is enough; a test looks its truth up."""

    def __init__(self, rules: Rules, facts: list[dict[str, Any]]) -> None:
        import numpy as np

        self.np, self.codes, self.truths = np, {}, {}
        values: dict[str, dict[Any, int]] = {}
        for fact in dict.fromkeys(variable[1] for variable, _ in rules.leaves.values()):
            known = values.setdefault(fact, {})
            codes = [known.setdefault(row.get(fact), len(known)) for row in facts]
            self.codes[fact] = np.array(codes, np.uint8 if len(known) <= 256 else np.uint16)
        for variable, _ in list(rules.leaves.values()):
            found = [
                None if v is None else test(variable, {variable[1]: v}, rules.kb.book, rules.instant)
                for v in values[variable[1]]
            ]
            pair = np.array([t is not False for t in found]), np.array([t is not True for t in found])
            self.truths[rules.column(variable)] = (variable[1], pair)

    def taken(self, chosen: Any) -> dict[str, Any]:
        """The columns of so many rows."""
        return {fact: codes.take(chosen) for fact, codes in self.codes.items()}

    def looked_up(self, columns: Mapping[str, Any]) -> Callable[[str], tuple[Any, Any]]:
        """What looks a test up in the columns, once each."""
        found: dict[str, tuple[Any, Any]] = {}

        def leaf(name: str) -> tuple[Any, Any]:
            if name not in found:
                fact, (true, false) = self.truths[name]
                found[name] = true.take(columns[fact]), false.take(columns[fact])
            return found[name]

        return leaf


def small_peers(kb: Any, rows: list[dict[str, Any]]) -> dict[str, Callable[[int], str]]:
    """Engines that are asked row by row: clingo, and the saved query on pyoxigraph."""
    from case import Clingo, Sparql

    asked = [(row, DAY.isoformat(), kb.default_action) for row in rows]
    found: dict[str, Callable[[int], str]] = {"SPARQL on pyoxigraph": Sparql(kb, asked)}
    try:
        found["clingo, solving"] = Clingo(kb, asked, one_day=True)
    except ImportError:
        pass
    return found
