"""What may vary in a question, as parts with cells: a fact with the values its tests tell apart, or a rule in force.

A *space* holds functions over the variables of its parts, and finds the minimal sets of changes under which one holds.

Source: O. Coudert, J. C. Madre, Implicit and Incremental Computation of Primes and Essential Primes of Boolean
Functions, DAC (1992): the recursion over cofactors that keeps sets no smaller set is contained in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

from inforce.rules.conditions import Truth, Variable, test
from inforce.rules.decide import Question
from inforce.rules.families import EMPTY, UNIT, Families
from inforce.rules.functions import ALWAYS, NEVER, Functions
from inforce.rules.model import Diagram, Fact

__all__ = ["Cell", "Part", "Space", "Values", "switch"]

Assignment = tuple[tuple[int, bool], ...]


@dataclass(slots=True)
class Cell:
    """A value as the tests tell it apart: the truths of a part's variables, with one value that has them."""

    truths: Assignment
    example: Any = None
    real: bool = True


@dataclass(slots=True)
class Part:
    """What may vary: its cells, those it may be in as things stand, and the sets of cells it may be changed to.

    ``cost`` is what a change weighs, ``None`` where there can be none.
    """

    name: str
    cells: list[Cell]
    base: list[int]
    cost: int | None = None
    options: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def variables(self) -> list[int]:
        """The places of the variables that tell its cells apart."""
        return [variable for variable, _ in self.cells[0].truths]


class Space:
    """Functions over the variables of parts, and the minimal sets of changes under which one holds."""

    def __init__(self) -> None:
        self.functions = Functions()
        self.families = Families()
        self.variables: list[Variable] = []
        self.place: dict[Variable, int] = {}
        self.parts: list[Part] = []
        self.owner: list[int] = []
        self.items: list[tuple[int, tuple[int, ...]]] = []
        self.first_item: list[int] = []
        self._support: dict[int, int] = {NEVER: 0, ALWAYS: 0}
        self._cofactors: dict[tuple[int, Assignment], int] = {}
        self._sets: dict[tuple[int, int], int] = {}

    def add(self, variables: Iterable[Variable]) -> None:
        """Add variables, after those that are there."""
        for variable in variables:
            if variable not in self.place:
                self.place[variable] = len(self.variables)
                self.variables.append(variable)

    def read(self, diagram: Diagram) -> tuple[int, int]:
        """Return where a diagram holds and where it fails; its variables were added in their order."""
        f = self.functions
        places = [self.place[variable] for variable in diagram.variables]
        hold, fail = [NEVER, ALWAYS, NEVER], [NEVER, NEVER, ALWAYS]
        for variable, high, low in diagram.nodes:
            hold.append(f.node(places[variable], hold[high], hold[low]))
            fail.append(f.node(places[variable], fail[high], fail[low]))
        return hold[diagram.root], fail[diagram.root]

    def cofactor(self, function: int, truths: Assignment) -> int:
        """Return a function with the truths of one cell put in."""
        if not self.support(function) >> self.owner[truths[0][0]] & 1:
            return function
        key = (function, truths)
        found = self._cofactors.get(key)
        if found is None:
            top, high, low = self.functions._nodes[function]
            if len(truths) == 1 and truths[0][0] == top:
                found = high if truths[0][1] else low
            else:
                found = self.functions.put_in(function, dict(truths))
            self._cofactors[key] = found
        return found

    def support(self, function: int) -> int:
        """Return the parts a function reads, a bit each."""
        found = self._support.get(function)
        if found is None:
            variable, high, low = self.functions._nodes[function]
            found = 1 << self.owner[variable] | self.support(high) | self.support(low)
            self._support[function] = found
        return found

    def settle(self, good: int, can_be: int) -> int:
        """Return the family of minimal sets under which ``good`` holds for sure and ``can_be`` for something.

        Items are numbers of ``items``. Both functions are put in order: what cannot be changed is quantified first.
        """
        self.owner = [0] * len(self.variables)
        for number, part in enumerate(self.parts):
            for variable in part.variables:
                self.owner[variable] = number
        good, can_be = self._settled(good, can_be)
        for number, part in enumerate(self.parts):
            self.first_item.append(len(self.items))
            if part.cost is not None:
                part.options = self._options(part, good, can_be)
            self.items += [(number, option) for option in part.options]
        return self._minimal(good, can_be)

    def _settled(self, good: int, can_be: int) -> tuple[int, int]:
        # The parts that cannot be changed: known ones put in, open ones quantified, each in one pass.
        f = self.functions
        fixed = [part for part in self.parts if part.cost is None]
        known = dict(truth for part in fixed if len(part.base) == 1 for truth in part.cells[part.base[0]].truths)
        good, can_be = f.put_in(good, known), f.put_in(can_be, known)
        open_ = [part for part in fixed if len(part.base) > 1]
        for part in open_:
            if len(part.base) < 1 << len(part.variables):
                reach = f.either(*(f.cube(part.cells[number].truths) for number in part.base))
                good, can_be = f.either(good, f.negation(reach)), f.both(can_be, reach)
        variables = {variable for part in open_ for variable in part.variables}
        return f.every(good, variables), f.negation(f.every(f.negation(can_be), variables))

    def _kept(self, part: Part, good: int, can_be: int) -> tuple[int, int]:
        f = self.functions
        cells = [part.cells[number].truths for number in part.base]
        if len(cells) == 1:
            return self.cofactor(good, cells[0]), self.cofactor(can_be, cells[0])
        return (
            f.both(*(self.cofactor(good, truths) for truths in cells)),
            f.either(*(self.cofactor(can_be, truths) for truths in cells)),
        )

    def _options(self, part: Part, good: int, can_be: int) -> list[tuple[int, ...]]:
        # Cells between which nothing can tell are one option; no option where the part is there already.
        if len(part.cells) == 2 and all(cell.real for cell in part.cells):
            return [(number,) for number in (0, 1) if part.base != [number]]
        keys = [(self.cofactor(good, cell.truths), self.cofactor(can_be, cell.truths)) for cell in part.cells]
        alike: dict[tuple[int, int], list[int]] = {}
        for number, cell in enumerate(part.cells):
            if cell.real:
                alike.setdefault(keys[number], []).append(number)
        there = {keys[number] for number in part.base}
        return [tuple(group) for key, group in alike.items() if there != {key}]

    def _minimal(self, good: int, can_be: int) -> int:
        if good == NEVER or can_be == NEVER:
            return EMPTY
        if good == ALWAYS and can_be == ALWAYS:
            return UNIT
        key = (good, can_be)
        found = self._sets.get(key)
        if found is None:
            support = self.support(good) | self.support(can_be)
            number = (support & -support).bit_length() - 1
            part = self.parts[number]
            kept = found = self._minimal(*self._kept(part, good, can_be))
            if kept != UNIT:
                for place, option in reversed(list(enumerate(part.options, self.first_item[number]))):
                    truths = part.cells[option[0]].truths
                    changed = self._minimal(self.cofactor(good, truths), self.cofactor(can_be, truths))
                    found = self.families.node(place, self.families.not_above(changed, kept), found)
            self._sets[key] = found
        return found


class Values:
    """The values of facts as the variables of a space tell them apart, at the last moment of a question."""

    def __init__(self, question: Question, tokens: Callable[[str], Iterable[str]]) -> None:
        self.question, self.tokens = question, tokens
        self.book = question.book
        self.instant = question.moments[-1].instant

    def truths(self, variables: Sequence[Variable], facts: Mapping[str, Any]) -> list[Truth]:
        """Return the truth of each variable for a case."""
        known_on = self.question.known_on
        return [test(variable, facts, self.book, self.instant, known_on=known_on) for variable in variables]

    def of(self, fact: Fact, variables: Sequence[Variable], places: Sequence[int]) -> list[Cell]:
        """Return the cells of one fact, in the order of its values."""
        found: dict[tuple[bool, ...], Cell] = {}
        signatures: dict[tuple[bool, ...], tuple[str, ...] | None] = {}
        for value in self._values(fact, variables):
            truths = self.truths(variables, {fact.name: value})
            certain = None not in truths
            for row in product(*((truth,) if truth is not None else (False, True) for truth in truths)):
                if row not in found or (certain and not found[row].real):
                    found[row] = Cell(tuple(zip(places, row, strict=True)), value if certain else None, certain)
                    if fact.multiple:
                        signatures[row] = value if certain else None
        if fact.multiple:
            self._joined(found, signatures, places)
        return list(found.values())

    @staticmethod
    def _joined(
        found: dict[tuple[bool, ...], Cell],
        signatures: dict[tuple[bool, ...], tuple[str, ...] | None],
        places: Sequence[int],
    ) -> None:
        # Whoever has two values passes the tests of both.
        joined = True
        while joined:
            joined = False
            for (one, first), (other, second) in combinations(list(signatures.items()), 2):
                row = tuple(a or b for a, b in zip(one, other, strict=True))
                together = None if first is None or second is None else tuple(sorted({*first, *second}))
                if row not in signatures or (signatures[row] is None and together is not None):
                    joined = True
                    signatures[row] = together
                    found[row] = Cell(tuple(zip(places, row, strict=True)), together, together is not None)

    def _values(self, fact: Fact, variables: Sequence[Variable]) -> Iterable[Any]:
        if fact.kind == "boolean":
            return (True, False)
        if fact.kind != "choice":
            bounds = sorted({variable[2] for variable in variables}, key=float if fact.kind == "number" else str)
            least = float(bounds[0]) - 1 if fact.kind == "number" else "0001-01-01"
            return (least, *(float(bound) if fact.kind == "number" else bound for bound in bounds))
        if fact.values is not None:
            return [(token,) for token in fact.values] + [()] if fact.multiple else fact.values
        named = self.book.named(fact, variables)
        if fact.multiple:
            return [(), *((token,) for token in named)]
        other = next((token for token in self.tokens(fact.name) if token not in named), None)
        return [*named] if other is None else [*named, other]

    def parts(self, space: Space, facts: Mapping[str, Any], costs: Callable[[str], int | None]) -> Iterator[Part]:
        """Yield the parts that the facts of a space are, as ``facts`` leave them.

        What facts do not settle, rules and conditions, is left out.

        Args:
            costs: what it weighs to change a fact, ``None`` where it stays.
        """
        by_fact: dict[str, list[Variable]] = {}
        for variable in space.variables:
            if variable[0] not in ("rule", "condition"):
                by_fact.setdefault(variable[1], []).append(variable)
        for name, variables in by_fact.items():
            cells = self.of(self.book.facts[name], variables, [space.place[variable] for variable in variables])
            here = self.truths(variables, facts)
            base = [
                number
                for number, cell in enumerate(cells)
                if all(truth in (None, is_) for truth, (_, is_) in zip(here, cell.truths, strict=True))
            ]
            yield Part(name, cells, base, costs(name))


def switch(name: str, place: int, truth: Truth, cost: int | None = None) -> Part:
    """Return the part that a rule or a condition is: in force, not in force, or disputed; it can only be taken away."""
    base = [0, 1] if truth is None else [0 if truth else 1]
    return Part(name, [Cell(((place, True),), real=False), Cell(((place, False),))], base, cost)
