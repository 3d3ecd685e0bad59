"""Decision diagrams made ready for blocks: of an action on some days, and of the constraints between facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inforce.cohort.planes import Program
from inforce.rules.conditions import Truth, Variable, variables
from inforce.rules.diagram import ENDS, HOLDS, Remainder
from inforce.rules.era import Era
from inforce.rules.model import ALWAYS, CONSTRAINTS, Diagram, Rulebook

__all__ = ["Constraints", "Joint", "Part", "Ready"]

Combinations = Mapping[str, Sequence[Mapping[int, bool]]]


class Ready:
    """A diagram as a program, with its variables."""

    def __init__(self, rest: Remainder, root: int, variables: Sequence[Variable]) -> None:
        """Take the nodes below ``root``."""
        self.program = Program(rest.nodes, [root])
        self.variables = tuple(variables)
        self.root = root


def _ready(era: Era) -> Ready:
    # What its listed facts cannot be together is left out.
    rest = Remainder(era.diagram)
    root = rest.root
    for rows in era.combinations.values():
        root = _reachable(rest, root, rows)
    return Ready(rest, root, era.diagram.variables)


class Joint:
    """The diagrams of an action on several days in one program."""

    def __init__(self, whole: Diagram) -> None:
        """Take the diagram of all history, of which those of the days are what is left."""
        self.variables = whole.variables
        self._place = {variable: place for place, variable in enumerate(whole.variables)}
        self._rest = Remainder(whole)
        self._program: Program | None = None
        self.roots: list[int] = []

    def add(self, era: Era) -> None:
        """Add the diagram of one more stretch of time, with what its listed facts cannot be together left out."""
        rest, place = self._rest, [self._place[variable] for variable in era.diagram.variables]
        numbers = [0, 1, 2]
        for variable, high, low in era.diagram.nodes:
            numbers.append(_node(rest, place[variable], numbers[high], numbers[low]))
        root = numbers[era.diagram.root]
        for rows in era.combinations.values():
            root = _reachable(rest, root, [{place[p]: truth for p, truth in row.items()} for row in rows])
        self.roots.append(root)
        self._program = None

    @property
    def program(self) -> Program:
        """The steps through all of them."""
        if self._program is None:
            self._program = Program(self._rest.nodes, self.roots)
        return self._program


def _reachable(rest: Remainder, root: int, rows: Sequence[Mapping[int, bool]]) -> int:
    # Down each path only those combinations of one fact's tests are followed that some value reaches.
    positions = tuple(rows[0]) if rows else ()
    if len(rows) == 1 << len(positions):
        return root
    true = {p: sum(1 << number for number, row in enumerate(rows) if row[p]) for p in positions}
    touched = sum(1 << position for position in positions)
    memo: dict[tuple[int, int], int] = {}

    def follow(node: int, live: int) -> int:
        if not rest.support[node] & touched:
            return node
        key = (node, live)
        found = memo.get(key)
        if found is None:
            variable, high, low = rest.nodes[node]
            up, down = live, live
            if variable in true:
                up, down = live & true[variable], live & ~true[variable]
            high, low = (follow(high, up) if up else 0), (follow(low, down) if down else 0)
            found = memo[key] = _node(rest, variable, high, low)
        return found

    return follow(root, (1 << len(rows)) - 1)


def _node(rest: Remainder, variable: int, high: int, low: int) -> int:
    if high == low:
        return high
    key = (variable, high, low)
    found = rest.numbers.get(key)
    if found is None:
        found = rest.numbers[key] = len(rest.nodes)
        rest.nodes.append(key)
        rest.support.append(rest.support[high] | rest.support[low] | 1 << variable)
        rest.ends.append(rest.ends[high] | rest.ends[low])
    return found


class Part:
    """Constraints that share facts: a program of their own, and one for each fact with its ordinary value put in."""

    def __init__(self, whole: Ready, ordinary: Mapping[str, Ready], facts: frozenset[str]) -> None:
        """Take the programs."""
        self.whole, self.ordinary, self.facts = whole, ordinary, facts


class Constraints:
    """Which facts exclude each other, whole and by parts that have no fact in common."""

    def __init__(self, book: Rulebook) -> None:
        """Read the compiled constraints of ``book``."""
        diagram = book.diagrams[CONSTRAINTS]
        open_: list[Truth] = [None] * len(diagram.variables)
        era = Era(book, diagram, open_, counted=(), covered=True, instant=ALWAYS, known_on=None)
        self.whole = _ready(era)
        self.parts = [self._part(book, era, facts) for facts in _together(book, era)]

    @staticmethod
    def _part(book: Rulebook, era: Era, facts: frozenset[str]) -> Part:
        rest = Remainder(era.diagram)
        root = rest.root
        for rows in era.combinations.values():
            root = _reachable(rest, root, rows)
        # What lies outside is put in such that nothing there excludes anything.
        outside = _way(rest, root)
        truths: list[Truth] = [
            outside.get(p) if v[1] not in facts else None for p, v in enumerate(era.diagram.variables)
        ]
        root = rest.put_in(truths, root)
        ordinary = {}
        for name in sorted(facts):
            fact = book.facts[name]
            if fact.has_ordinary:
                usual: dict[str, Any] = {name: fact.ordinarily}
                settled = [era.truth(p, usual) if v[1] == name else None for p, v in enumerate(era.diagram.variables)]
                ordinary[name] = Ready(rest, rest.put_in(settled, root), era.diagram.variables)
        return Part(Ready(rest, root, era.diagram.variables), ordinary, facts)


def _way(rest: Remainder, root: int) -> dict[int, bool]:
    # The tests on one path to where the constraints hold.
    found: dict[int, bool] = {}
    node = root
    while node > HOLDS:
        variable, high, low = rest.nodes[node]
        found[variable] = bool(rest.ends[high] & ENDS[HOLDS])
        node = high if found[variable] else low
    return found


def _together(book: Rulebook, era: Era) -> list[frozenset[str]]:
    groups: list[set[str]] = [{name} for name in era.groups]
    for item in book.constraints:
        names = {variable[1] for variable in variables(item.expr, book)}
        joined = [group for group in groups if group & names]
        if joined:
            groups = [group for group in groups if not group & names] + [set().union(*joined)]
    return [frozenset(group) for group in groups]
