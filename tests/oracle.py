"""A second reading of the rules, for tests: the graph translated to answer set programming and solved by clingo.

Shares no code with the engine it checks: it reads the built graph itself, decides itself what is in force and
known, and leaves every open fact to the solver. *Can hold* and *can fail* are the brave consequences of the
outcome and of its negation; ``needed`` compares two completions that differ in one fact only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import clingo
import pyoxigraph as ox

BASE = "https://w3id.org/inforce/"
INF = BASE + "ns#"
DCT = "http://purl.org/dc/terms/"
SH = "http://www.w3.org/ns/shacl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NEVER = datetime(9999, 1, 1, tzinfo=ZoneInfo("UTC"))


def q(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Oracle:
    """The rules of a built graph, ready to be asked; one clingo control for each action."""

    def __init__(self, graph: Path) -> None:
        self.spo: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for quad in ox.parse(path=str(graph), format=ox.RdfFormat.N_QUADS):
            self.spo[quad.subject.value][quad.predicate.value].append(quad.object)
        self.of_type: dict[str, list[str]] = defaultdict(list)
        for subject in sorted(self.spo):
            for kind in self.spo[subject][RDF + "type"]:
                self.of_type[kind.value.removeprefix(INF)].append(subject)
        zone = next(v[INF + "timeZone"][0].value for v in self.spo.values() if v[INF + "timeZone"])
        self.zone = ZoneInfo(zone)
        self.facts = {self.one(s, SKOS + "notation"): s for s in self.of_type["Fact"]}
        self.iri = {name: iri for name, iri in self.facts.items()}
        self.memberships: dict[tuple[str, str], list[str]] = defaultdict(list)
        for node in self.of_type["ListMembership"]:
            self.memberships[self.one(node, INF + "list"), self.one(node, INF + "entry")].append(node)
        self.disputed = self._disputed()
        self.programs: dict[str, _Program] = {}

    # ---- reading the graph

    def one(self, subject: str, predicate: str) -> str | None:
        found = self.spo[subject][predicate]
        return found[0].value if found else None

    def items(self, head: str) -> list[str]:
        found = []
        while head != RDF + "nil":
            found.append(self.one(head, RDF + "first"))
            head = self.one(head, RDF + "rest")
        return found

    def token(self, iri: str) -> str:
        """What a user types for a value: its notation; for a place the one of three letters."""
        plain = [n.value for n in self.spo[iri][SKOS + "notation"] if ":" not in n.value]
        three = [n for n in plain if len(n) == 3 and n.isupper()]
        return three[0] if iri.startswith(BASE + "place/") and three else (plain or [iri.rsplit("/", 1)[-1]])[0]

    def values(self, fact: str) -> dict[str, str]:
        """The values a fact can take: token -> IRI."""
        iri = self.facts[fact]
        allowed = [n.value for n in self.spo[iri][INF + "allowedValue"]]
        scheme = self.one(iri, INF + "valuesFrom")
        if not allowed and scheme:
            allowed = [s for s in sorted(self.spo) if scheme in {n.value for n in self.spo[s][SKOS + "inScheme"]}]
        return {self.token(value): value for value in allowed}

    def boolean(self, fact: str) -> bool:
        return self.one(self.facts[fact], SH + "datatype") == XSD + "boolean"

    def multiple(self, fact: str) -> bool:
        return self.one(self.facts[fact], INF + "multiple") == "true"

    def _disputed(self) -> dict[str, list[tuple[datetime, datetime]]]:
        found = defaultdict(list)
        for claim in self.of_type["Claim"]:
            term = self.one(claim, INF + "property")
            if term in (INF + "startsAt", INF + "endsAt"):
                for about in self.spo[claim][DCT + "subject"]:
                    ours, theirs = self.one(about.value, term), self.one(claim, INF + "claims")
                    if ours and theirs:
                        pair = sorted((datetime.fromisoformat(ours), datetime.fromisoformat(theirs)))
                        if pair[0] != pair[1]:
                            found[about.value].append(tuple(pair))
        return found

    def in_force(self, node: str, at: datetime, known_on: date | None, disputed: bool = False) -> bool | None:
        """Whether a dated node is in force; ``None`` where its start is not known or, at instants, disputed."""
        if disputed and any(low <= at < high for low, high in self.disputed.get(node, ())):
            return None
        start, end = self.one(node, INF + "startsAt"), self.one(node, INF + "endsAt")
        first = datetime.fromisoformat(start) if start else None
        last = datetime.fromisoformat(end) if end else NEVER
        start_known = self.one(node, INF + "startKnownFrom") or (self.one(node, INF + "from"))
        end_known = self.one(node, INF + "endKnownFrom") or self.one(node, INF + "until")
        if known_on is not None:
            if start_known and date.fromisoformat(start_known) > known_on:
                return False
            if end_known and date.fromisoformat(end_known) > known_on:
                last = NEVER
        if at >= last or (first is not None and at < first):
            return False
        if first is None and self.one(node, INF + "unknownStart") == "true":
            certain = datetime.combine(date.fromisoformat(start_known), datetime.min.time(), self.zone)
            return True if at >= certain else None
        return True

    # ---- asking

    def facts_at(
        self, action: str, given: Mapping[str, Any], day: date, at: datetime, known_on: date | None
    ) -> dict[str, Any] | None:
        """The facts given, those of the day, and those entailed; ``None`` if they contradict each other."""
        facts = dict(given)
        for name, iri in self.facts.items():
            if self.one(iri, INF + "followsDay") == "true":
                if facts.setdefault(name, DAYS[day.weekday()]) != DAYS[day.weekday()]:
                    return None
        named = [f"{BASE}action/{action}"]
        for name in given:
            # A fact that takes its values from a scheme names concepts; a closed choice only borrows their names.
            if self.one(self.facts[name], INF + "valuesFrom"):
                tokens = given[name] if isinstance(given[name], (list, tuple)) else [given[name]]
                named += [self.values(name)[token] for token in tokens]
        for start in named:
            above, pending = set(), [start]
            while pending:
                concept = pending.pop()
                if concept not in above:
                    above.add(concept)
                    if self.in_force(concept, at, known_on):
                        pending += [n.value for n in self.spo[concept][SKOS + "broader"]]
            for concept in sorted(above):
                for node in self.spo[concept][INF + "entails"]:
                    if self.in_force(node.value, at, known_on):
                        fact = self.token(self.one(node.value, INF + "fact"))
                        term = self.spo[node.value][RDF + "value"][0]
                        value = term.value == "true" if isinstance(term, ox.Literal) else self.token(term.value)
                        if facts.setdefault(fact, value) != value:
                            return None
        return facts

    def ask(
        self,
        action: str,
        given: Mapping[str, Any],
        day: date,
        at: datetime | None = None,
        *,
        known_on: date | None = None,
        readings: frozenset[str] = frozenset(),
        up_to_rank: int = 99,
        assume: Mapping[str, Any] | None = None,
    ) -> str:
        """The outcome at the end of ``day``, or at the instant ``at``."""
        program = self._program(action)
        moment = at or datetime.combine(day + timedelta(days=1), datetime.min.time(), self.zone) - timedelta(seconds=1)
        facts = self.facts_at(action, given, day, moment, known_on)
        if facts is None:
            return "contradiction"
        facts = {**(assume or {}), **facts}
        return program.outcome(facts, moment, known_on, readings, up_to_rank, at is not None)

    def needed(self, action: str, given: Mapping[str, Any], day: date) -> set[str] | None:
        """The open facts whose value can decide, all else equal."""
        program = self._program(action)
        moment = datetime.combine(day + timedelta(days=1), datetime.min.time(), self.zone) - timedelta(seconds=1)
        facts = self.facts_at(action, given, day, moment, None)
        return None if facts is None else program.needed(facts, moment)

    def _program(self, action: str) -> _Program:
        if action not in self.programs:
            self.programs[action] = _Program(self, action)
        return self.programs[action]


class _Program:
    """The rules of one action as a logic program over two copies of the open facts."""

    def __init__(self, oracle: Oracle, action: str) -> None:
        self.o = oracle
        iri = f"{BASE}action/{action}"
        self.rules = [
            v for v in oracle.of_type["RuleVersion"] if iri in {n.value for n in oracle.spo[v][INF + "action"]}
        ]
        self.required = (oracle.one(iri, INF + "answers") or "").endswith("Required")
        self.lines: list[str] = ["copy(1;2)."]
        self.seen: set[str] = set()
        self.tokens: dict[str, set[str]] = defaultdict(set)
        self.lists: set[str] = set()
        self.concepts: dict[str, set[str]] = defaultdict(set)
        self.conditions: set[str] = set()
        self._write()
        self.control = clingo.Control(["--warn=none"])
        self.control.add("base", [], "\n".join(self.lines))
        self.control.ground([("base", [])])

    def _write(self) -> None:
        o, lines = self.o, self.lines
        for version in self.rules:
            lines.append(f"#external force({q(version)}).")
            lines.append(f"#external maybe({q(version)}).")
            when = self.condition(o.one(version, INF + "when"))
            rule = o.one(version, INF + "versionOf")
            effect = o.one(version, INF + "effect").rsplit("#")[-1].lower()
            lines.append(f"{{unsettled({q(version)})}} :- maybe({q(version)}).")
            lines.append(f"on({q(version)}) :- force({q(version)}).")
            lines.append(f"on({q(version)}) :- unsettled({q(version)}).")
            body = f"copy(C), on({q(version)}), holds(C,{q(when)}), not beaten(C,{q(rule)})"
            lines.append(f"stands(C,{q(version)}) :- {body}.")
            lines.append(f"effect(C,{effect}) :- stands(C,{q(version)}).")
            for beaten in o.spo[version][INF + "defeats"]:
                lines.append(f"beaten(C,{q(beaten.value)}) :- stands(C,{q(version)}).")
        for node in o.of_type["Constraint"]:
            lines.append(f":- copy(C), holds(C,{q(self.condition(o.one(node, INF + 'excludes')))}).")
        if self.required:
            lines.append("positive(C) :- effect(C,require).")
        else:
            lines.append("positive(C) :- effect(C,permit), not effect(C,bar).")
        for name in o.facts:
            self._fact(name)
        lines.append(":- same(F), yes(1,F), not yes(2,F).")
        lines.append(":- same(F), yes(2,F), not yes(1,F).")
        lines.append(":- same(F), has(1,F,T), not has(2,F,T).")
        lines.append(":- same(F), has(2,F,T), not has(1,F,T).")
        lines.append("can :- positive(1).")
        lines.append("differ :- positive(1), not positive(2).")

    def _fact(self, name: str) -> None:
        o, lines = self.o, self.lines
        lines.append(f"#external same({q(name)}).")
        if o.boolean(name):
            lines.append(f"{{yes(C,{q(name)})}} :- copy(C).")
            return
        values = o.values(name)
        tokens = {*values, *self.tokens[name]}
        if not tokens:
            return
        for token in sorted(tokens):
            lines.append(f"value({q(name)},{q(token)}).")
        if o.multiple(name):
            lines.append(f"{{has(C,{q(name)},T) : value({q(name)},T)}} :- copy(C).")
        else:
            lines.append(f"1 {{has(C,{q(name)},T) : value({q(name)},T)}} 1 :- copy(C).")
        for concept in sorted(self.concepts[name]):
            for token, iri in values.items():
                above, pending = set(), [iri]
                while pending:
                    one = pending.pop()
                    if one not in above:
                        above.add(one)
                        pending += [n.value for n in o.spo[one][SKOS + "broader"]]
                if concept in above:
                    lines.append(f"within({q(name)},{q(token)},{q(concept)}).")

    def condition(self, node: str) -> str:
        """Write the rules for a condition's node, once; return its name."""
        o, lines = self.o, self.lines
        if node in self.seen:
            return node
        self.seen.add(node)
        head = f"holds(C,{q(node)})"
        guard = "copy(C)"
        if node in o.of_type["Condition"] and (o.one(node, INF + "from") or o.one(node, INF + "until")):
            lines.append(f"#external force({q(node)}).")
            guard += f", force({q(node)})"
            self.conditions.add(node)
        spo = o.spo[node]
        if spo[INF + "allOf"]:
            parts = [self.condition(m) for m in o.items(spo[INF + "allOf"][0].value)]
            lines.append(f"{head} :- {', '.join([guard, *(f'holds(C,{q(p)})' for p in parts)])}.")
        elif spo[INF + "anyOf"]:
            for member in o.items(spo[INF + "anyOf"][0].value):
                lines.append(f"{head} :- {guard}, holds(C,{q(self.condition(member))}).")
        elif spo[INF + "not"]:
            lines.append(f"{head} :- {guard}, not holds(C,{q(self.condition(spo[INF + 'not'][0].value))}).")
        else:
            self._leaf(node, head, guard)
        return node

    def _leaf(self, node: str, head: str, guard: str) -> None:
        o, lines = self.o, self.lines
        spo = o.spo[node]
        fact = o.token(spo[INF + "fact"][0].value)
        if spo[INF + "isTrue"]:
            sign = "" if spo[INF + "isTrue"][0].value == "true" else "not "
            lines.append(f"{head} :- {guard}, {sign}yes(C,{q(fact)}).")
        elif spo[INF + "inList"]:
            name = spo[INF + "inList"][0].value
            if (fact, name) not in self.lists:
                self.lists.add((fact, name))
                for (of, entry), _ in sorted(o.memberships.items()):
                    if of == name:
                        lines.append(f"#external member({q(name)},{q(o.token(entry))}).")
            lines.append(f"{head} :- {guard}, has(C,{q(fact)},T), member({q(name)},T).")
        elif spo[INF + "inScheme"]:
            concept = spo[INF + "inScheme"][0].value
            self.concepts[fact].add(concept)
            lines.append(f"{head} :- {guard}, has(C,{q(fact)},T), within({q(fact)},T,{q(concept)}).")
        else:
            targets = spo[INF + "is"] or [None]
            wanted = [targets[0].value] if targets[0] else o.items(spo[INF + "in"][0].value)
            for value in wanted:
                token = o.token(value)
                self.tokens[fact].add(token)
                lines.append(f"{head} :- {guard}, has(C,{q(fact)},{q(token)}).")

    # ---- solving

    def _settle(
        self, at: datetime, known_on: date | None, readings: frozenset[str], up_to_rank: int, disputed: bool = False
    ) -> bool:
        o, control, covered = self.o, self.control, False
        for version in self.rules:
            rule = o.one(version, INF + "versionOf").rsplit("/", 1)[-1]
            default = o.one(version, INF + "appliesByDefault") != "false"
            rank = int(o.one(o.one(version, INF + "layer"), INF + "rank"))
            state = o.in_force(version, at, known_on, disputed)
            if rank > up_to_rank or default is (rule in readings):
                state = False
            if state is not False and (self.required or not o.one(version, INF + "effect").endswith("Exempt")):
                covered = True
            control.assign_external(clingo.Function("force", [clingo.String(version)]), state is True)
            control.assign_external(clingo.Function("maybe", [clingo.String(version)]), state is None)
        for node in self.conditions:
            control.assign_external(
                clingo.Function("force", [clingo.String(node)]), o.in_force(node, at, known_on) is True
            )
        for _, name in self.lists:
            for (of, entry), nodes in o.memberships.items():
                if of == name:
                    on = any(o.in_force(node, at, known_on) for node in nodes)
                    symbol = clingo.Function("member", [clingo.String(name), clingo.String(o.token(entry))])
                    control.assign_external(symbol, on)
        return covered

    def _assumptions(self, facts: Mapping[str, Any], copy: int) -> list[tuple[clingo.Symbol, bool]]:
        found = []
        number = clingo.Number(copy)
        for name, value in facts.items():
            if isinstance(value, bool):
                found.append((clingo.Function("yes", [number, clingo.String(name)]), value))
            else:
                held = set(value) if isinstance(value, (list, tuple)) else {value}
                for token in {*self.o.values(name), *self.tokens[name]}:
                    symbol = clingo.Function("has", [number, clingo.String(name), clingo.String(token)])
                    found.append((symbol, token in held))
        return found

    def _same(self, names: set[str] | None) -> None:
        for name in self.o.facts:
            on = names is not None and name in names
            self.control.assign_external(clingo.Function("same", [clingo.String(name)]), on)

    def _satisfiable(self, assumptions: list[tuple[clingo.Symbol, bool]]) -> bool:
        return bool(self.control.solve(assumptions=assumptions).satisfiable)

    def outcome(
        self,
        facts: Mapping[str, Any],
        at: datetime,
        known_on: date | None,
        readings: frozenset[str],
        up_to_rank: int,
        disputed: bool,
    ) -> str:
        covered = self._settle(at, known_on, readings, up_to_rank, disputed)
        self._same(None)
        given = self._assumptions(facts, 1)
        can = clingo.Function("can")
        can_hold = self._satisfiable([*given, (can, True)])
        can_fail = self._satisfiable([*given, (can, False)])
        if not can_hold and not can_fail:
            return "contradiction"
        if not covered:
            return "not-covered"
        if can_hold and can_fail:
            return "depends"
        words = ("required", "not-required") if self.required else ("may", "may-not")
        return words[0] if can_hold else words[1]

    def needed(self, facts: Mapping[str, Any], at: datetime) -> set[str]:
        self._settle(at, None, frozenset(), 99)
        given = [*self._assumptions(facts, 1), *self._assumptions(facts, 2)]
        found = set()
        for name in self.o.facts:
            if name not in facts:
                self._same(set(self.o.facts) - {name})
                if self._satisfiable([*given, (clingo.Function("differ"), True)]):
                    found.add(name)
        return found
