"""What would turn an outcome: every minimal set of facts that would, and of rules that would if they were not there.

Read off the decision diagram of the day: what is left to vary are *parts*, each a fact with the values its tests tell
apart, or a rule that is in force or not. A set of changes turns the outcome if the outcome is then the opposite one
whatever the open facts are, and the facts can be together. No subset of a minimal set does.

Source: O. Coudert, J. C. Madre, Implicit and Incremental Computation of Primes and Essential Primes of Boolean
Functions, DAC (1992): the recursion over cofactors that keeps sets no smaller set is contained in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from inforce.rules.conditions import Truth, Variable, test
from inforce.rules.decide import OUTCOMES, Question, World
from inforce.rules.diagram import Remainder
from inforce.rules.families import EMPTY, UNIT, Families
from inforce.rules.functions import ALWAYS, NEVER, Functions
from inforce.rules.model import CONSTRAINTS, Diagram, Fact, RuleVersion

__all__ = ["Change", "Turn", "Turns", "turning"]

# What weighs most when sets are put in order: facts nobody can change, then the cost, then how many there are.
SUPPOSED, COST = 1_000_000, 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that would have to be otherwise.

    ``tests`` says how, in alternatives of tests ``(operator, value)`` that hold together; ``example`` is such a value.
    ``given`` is the value it has in the case, ``None`` where it is open; ``assumed`` its ordinary value where that is
    what it was taken to be. A fact nobody can change is only in a set if it is open: it may turn out to be so.
    ``usual`` says that it is open and would only have to be as it ordinarily is, which costs nothing.
    """

    fact: str
    tests: tuple[tuple[tuple[str, Any], ...], ...]
    example: Any
    given: Any
    assumed: Any
    changeable: bool
    usual: bool
    cost: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One minimal set of changes of facts; ``cost`` is the sum over those a person would have to bring about."""

    cost: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Turns:
    """What would turn an outcome ``into`` the opposite one: sets of facts, sets of rule versions, and how many of each.

    ``into`` is ``None`` where no rule speaks: then nothing here would.
    """

    outcome: str
    into: str | None
    facts: tuple[Turn, ...]
    facts_count: int
    rules: tuple[tuple[RuleVersion, ...], ...]
    rules_count: int


Assignment = tuple[tuple[int, bool], ...]


@dataclass(slots=True)
class _Cell:
    """A value as the tests tell it apart: the truths of a part's variables, with one value that has them."""

    truths: Assignment
    example: Any = None
    real: bool = True


@dataclass(slots=True)
class _Part:
    """What may vary: its cells, those it may be in as things stand, and the sets of cells it may be changed to."""

    name: str
    cells: list[_Cell]
    base: list[int]
    cost: int | None
    options: list[tuple[int, ...]]


def turning(
    question: Question, *, ordinarily: bool, tokens: Callable[[str], Iterable[str]], most: int | None = None
) -> Turns:
    """Return what would turn the outcome at the last moment of a question, the least first.

    Args:
        question: what was asked.
        ordinarily: turn the ordinary outcome: open facts are as they ordinarily are unless changed.
        tokens: the values of a fact that is a choice, by name; an example may need one that no rule names.
        most: how many sets of each kind to return; all are counted.
    """
    world = World(len(question.moments) - 1, question.widest)
    known = dict(question.moments[-1].facts)
    assumed: dict[str, Any] = {}
    if ordinarily:
        first = [item.fact for item in question.missing()]
        assumed = {n: v for n, v in question.ordinary_facts(first)[0].items() if n not in known}
    outcome = question.outcome(world, assumed)
    answers = question.book.actions[question.action].answers
    favourable = answers == "may"
    if not question.era(world).covered:
        return Turns(outcome, None, (), 0, (), 0)
    # An outcome that depends is turned into the one the person hopes for.
    wanted = not favourable if outcome == OUTCOMES[answers, favourable] else favourable
    by_fact = _Facts(question, world, known, assumed, tokens)
    facts, count = by_fact.turns(wanted, most)
    by_rule = _Rules(question, world, {**assumed, **known}, tokens)
    rules, rules_count = by_rule.turns(wanted, most)
    return Turns(outcome, OUTCOMES[answers, wanted], facts, count, rules, rules_count)


class _Space:
    """Functions over the variables of parts, and the minimal sets of changes under which one holds."""

    def __init__(self) -> None:
        self.functions = Functions()
        self.families = Families()
        self.variables: list[Variable] = []
        self.place: dict[Variable, int] = {}
        self.parts: list[_Part] = []
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
        """Return where a diagram holds and where it fails."""
        f = self.functions
        places = [self.place[variable] for variable in diagram.variables]
        if places != sorted(places):
            return f.of_diagram(diagram, [f.variable(place) for place in places])
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
            for variable, _ in part.cells[0].truths:
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
            if len(part.base) < 1 << len(part.cells[0].truths):
                reach = f.either(*(f.cube(part.cells[number].truths) for number in part.base))
                good, can_be = f.either(good, f.negation(reach)), f.both(can_be, reach)
        variables = {variable for part in open_ for variable, _ in part.cells[0].truths}
        return f.every(good, variables), f.negation(f.every(f.negation(can_be), variables))

    def _kept(self, part: _Part, good: int, can_be: int) -> tuple[int, int]:
        f = self.functions
        cells = [part.cells[number].truths for number in part.base]
        if len(cells) == 1:
            return self.cofactor(good, cells[0]), self.cofactor(can_be, cells[0])
        return (
            f.both(*(self.cofactor(good, truths) for truths in cells)),
            f.either(*(self.cofactor(can_be, truths) for truths in cells)),
        )

    def _options(self, part: _Part, good: int, can_be: int) -> list[tuple[int, ...]]:
        # Cells between which nothing can tell are one option; no option where the part is there already.
        if len(part.cells) == 2 and all(cell.real for cell in part.cells):
            return [(number,) for number in (0, 1) if part.base != [number]]
        alike: dict[tuple[int, int], list[int]] = {}
        for number, cell in enumerate(part.cells):
            if cell.real:
                key = self.cofactor(good, cell.truths), self.cofactor(can_be, cell.truths)
                alike.setdefault(key, []).append(number)
        there = [alike[key] for key in alike if part.base == [n for n in alike[key] if n in part.base]]
        return [tuple(group) for group in alike.values() if len(alike) > 1 and group not in there]

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


class _Cells:
    """The values of facts as the variables of a space tell them apart, at the last moment of a question."""

    def __init__(self, question: Question, tokens: Callable[[str], Iterable[str]]) -> None:
        self.question, self.tokens = question, tokens
        self.book = question.book
        self.instant = question.moments[-1].instant

    def truths(self, variables: Sequence[Variable], facts: Mapping[str, Any]) -> list[Truth]:
        """Return the truth of each variable for a case."""
        known_on = self.question.known_on
        return [test(variable, facts, self.book, self.instant, known_on=known_on) for variable in variables]

    def of(self, fact: Fact, variables: Sequence[Variable], places: Sequence[int]) -> list[_Cell]:
        """Return the cells of one fact, in the order of its values."""
        found: dict[tuple[bool, ...], _Cell] = {}
        signatures: dict[tuple[bool, ...], tuple[str, ...] | None] = {}
        for value in self._values(fact, variables):
            truths = self.truths(variables, {fact.name: value})
            certain = None not in truths
            for row in product(*((truth,) if truth is not None else (False, True) for truth in truths)):
                if row not in found or (certain and not found[row].real):
                    found[row] = _Cell(tuple(zip(places, row, strict=True)), value if certain else None, certain)
                    if fact.multiple:
                        signatures[row] = value if certain else None
        if fact.multiple:
            self._joined(found, signatures, places)
        return list(found.values())

    @staticmethod
    def _joined(
        found: dict[tuple[bool, ...], _Cell],
        signatures: dict[tuple[bool, ...], tuple[str, ...] | None],
        places: Sequence[int],
    ) -> None:
        # Whoever has two values passes the tests of both.
        size = 0
        while size != len(signatures):
            size = len(signatures)
            for (one, first), (other, second) in combinations(list(signatures.items()), 2):
                row = tuple(a or b for a, b in zip(one, other, strict=True))
                together = None if first is None or second is None else tuple(sorted({*first, *second}))
                if row not in signatures or (signatures[row] is None and together is not None):
                    signatures[row] = together
                    found[row] = _Cell(tuple(zip(places, row, strict=True)), together, together is not None)

    def _values(self, fact: Fact, variables: Sequence[Variable]) -> Iterable[Any]:
        if fact.kind == "boolean":
            return (True, False)
        if fact.kind != "choice":
            bounds = sorted({variable[2] for variable in variables}, key=float if fact.kind == "number" else str)
            least = float(bounds[0]) - 1 if fact.kind == "number" else "0001-01-01"
            return (least, *(float(bound) if fact.kind == "number" else bound for bound in bounds))
        if fact.values is not None:
            return [(token,) for token in fact.values] + [()] if fact.multiple else fact.values
        named: dict[str, None] = {}
        for variable in variables:
            if variable[0] == "is":
                named[variable[2]] = None
            elif variable[0] == "list":
                named.update(dict.fromkeys(self.book.lists.get(variable[2], {})))
            else:
                narrower = (token for token, above in self.book.ancestors.items() if variable[2] in above)
                named.update(dict.fromkeys((variable[2], *narrower)))
        if fact.multiple:
            return [(), *((token,) for token in named)]
        other = next((token for token in self.tokens(fact.name) if token not in named), None)
        return [*named] if other is None else [*named, other]


def _grouped(variables: Iterable[Variable]) -> dict[str, list[Variable]]:
    found: dict[str, list[Variable]] = {}
    for variable in variables:
        name = " ".join(variable) if variable[0] in ("rule", "condition") else variable[1]
        found.setdefault(name, []).append(variable)
    return found


class _Facts:
    """The sets of facts that would turn an outcome."""

    def __init__(
        self,
        question: Question,
        world: World,
        known: Mapping[str, Any],
        assumed: Mapping[str, Any],
        tokens: Callable[[str], Iterable[str]],
    ) -> None:
        self.question, self.book = question, question.book
        self.known, self.assumed = known, assumed
        self.space = space = _Space()
        self.cells = cells = _Cells(question, tokens)
        diagram = question.era(world).diagram
        constraints = self.book.diagrams[CONSTRAINTS]
        space.add(diagram.variables)
        space.add(constraints.variables)
        self.hold, self.fail = space.read(diagram)
        f = space.functions
        possible = f.either(*space.read(constraints))
        self.can_be = f.both(possible, f.either(self.hold, self.fail))
        for name, variables in _grouped(space.variables).items():
            places = [space.place[variable] for variable in variables]
            if variables[0][0] in ("rule", "condition"):
                both = [_Cell(((places[0], truth),)) for truth in (True, False)]
                space.parts.append(_Part(name, both, [0, 1], None, []))
                continue
            fact = self.book.facts[name]
            found = cells.of(fact, variables, places)
            space.parts.append(_Part(name, found, self._base(cells, variables, found), self._cost(fact), []))

    def _base(self, cells: _Cells, variables: Sequence[Variable], found: Sequence[_Cell]) -> list[int]:
        truths = cells.truths(variables, {**self.assumed, **self.known})
        return [
            number
            for number, cell in enumerate(found)
            if all(truth is None or truth is is_ for truth, (_, is_) in zip(truths, cell.truths, strict=True))
        ]

    def _cost(self, fact: Fact) -> int | None:
        # What follows from the day or from what was given stays, and so does what nobody can change.
        if fact.name in self.known:
            given = fact.name in self.question.facts
            return COST * fact.cost + 1 if given and fact.changeable else None
        return (COST * fact.cost if fact.changeable else SUPPOSED) + 1

    def turns(self, wanted: bool, most: int | None) -> tuple[tuple[Turn, ...], int]:  # noqa: FBT001
        """Return the lightest minimal sets, and how many there are in all."""
        space = self.space
        against = self.fail if wanted else self.hold
        family = space.settle(space.functions.negation(against), self.can_be)
        count = space.families.count(family)
        weights = [1 if self._usual(*item) else space.parts[item[0]].cost or 0 for item in space.items]
        found = space.families.lightest(family, weights, count if most is None else most)
        return tuple(self._turn(items) for _, items in found if items), count - (family == UNIT)

    def _turn(self, items: Sequence[int]) -> Turn:
        changes = tuple(self._change(*self.space.items[item]) for item in items)
        return Turn(sum(change.cost for change in changes if change.changeable and not change.usual), changes)

    def _usual(self, number: int, option: tuple[int, ...]) -> bool:
        part = self.space.parts[number]
        fact = self.book.facts[part.name]
        if fact.name in self.known or not fact.has_ordinary:
            return False
        variables = [self.space.variables[place] for place, _ in part.cells[0].truths]
        here = self.cells.truths(variables, {fact.name: fact.ordinarily})
        return any([truth for _, truth in part.cells[cell].truths] == here for cell in option)

    def _change(self, number: int, option: tuple[int, ...]) -> Change:
        part = self.space.parts[number]
        fact = self.book.facts[part.name]
        examples = [part.cells[cell].example for cell in option]
        if self._usual(number, option):
            examples = [fact.ordinarily]
        elif fact.multiple:
            examples.sort(key=lambda tokens: (len(tokens), tokens))
        return Change(
            fact.name,
            self._told(part, option),
            examples[0],
            self.known.get(fact.name),
            self.assumed.get(fact.name),
            fact.changeable,
            self._usual(number, option),
            fact.cost,
        )

    def _told(self, part: _Part, option: tuple[int, ...]) -> tuple[tuple[tuple[str, Any], ...], ...]:
        # The shortest way to say these cells, where what no value reaches may go either way.
        f = Functions()
        places = [variable for variable, _ in part.cells[0].truths]
        variables = [self.space.variables[place] for place in places]
        cubes = [f.cube((number, truth) for number, (_, truth) in enumerate(cell.truths)) for cell in part.cells]
        inside = f.either(*(cubes[number] for number in option))
        reach = f.either(*cubes)
        if all(variable[0] == "is" for variable in variables) and not self.book.facts[part.name].multiple:
            named = [
                variables[[truth for _, truth in part.cells[number].truths].index(True)][2]
                for number in option
                if any(truth for _, truth in part.cells[number].truths)
            ]
            if len(named) == len(option):
                return ((("is", named[0]),),) if len(named) == 1 else ((("in", tuple(named)),),)
            rest = tuple(variable[2] for variable in variables if variable[2] not in named)
            return ((("not", rest[0] if len(rest) == 1 else rest),),)
        return tuple(
            tuple(_test(variables[place], truth) for place, truth in cube)
            for cube in f.formula(inside, f.either(inside, f.negation(reach)))
        )


def _test(variable: Variable, truth: bool) -> tuple[str, Any]:  # noqa: FBT001
    op = variable[0]
    if op == "true":
        return "is", truth
    if op == "at-least":
        return ("at-least" if truth else "below"), variable[2]
    return ("is" if op == "is" else "in") if truth else "not", variable[2]


class _Rules:
    """The sets of rule versions in force that, if they were not, would turn an outcome."""

    def __init__(
        self, question: Question, world: World, facts: Mapping[str, Any], tokens: Callable[[str], Iterable[str]]
    ) -> None:
        self.book = question.book
        counted = {rule.id: (rule, state) for rule, state in question.era(world).counted}
        self.rules = counted
        cells = _Cells(question, tokens)
        whole = question.diagram
        truths: list[Truth] = []
        for variable in whole.variables:
            if variable[0] == "rule":
                truths.append(None if variable[1] in counted else False)
            elif variable[0] == "condition":
                truths.append(question.truth(variable, world, {}))
            else:
                truths.append(cells.truths([variable], facts)[0])
        left = _left(question, whole, truths)
        self.space = space = _Space()
        space.add(left.variables)
        speaking = [rule for rule, _ in counted.values() if question.speaks(rule)]
        space.add(("rule", rule.id) for rule in speaking)
        self.hold, self.fail = space.read(left)
        f = space.functions
        self.covered = f.either(*(f.variable(space.place["rule", rule.id]) for rule in speaking))
        for name, variables in _grouped(space.variables).items():
            places = [space.place[variable] for variable in variables]
            if variables[0][0] == "rule":
                state = counted[variables[0][1]][1]
                both = [_Cell(((places[0], truth),)) for truth in (True, False)]
                space.parts.append(_Part(variables[0][1], both, [0, 1] if state is None else [0], 1, []))
            elif variables[0][0] == "condition":
                both = [_Cell(((places[0], truth),)) for truth in (True, False)]
                space.parts.append(_Part(name, both, [0, 1], None, []))
            else:
                open_ = cells.of(self.book.facts[name], variables, places)
                here = cells.truths(variables, facts)
                base = [
                    number
                    for number, cell in enumerate(open_)
                    if all(t is None or t is is_ for t, (_, is_) in zip(here, cell.truths, strict=True))
                ]
                space.parts.append(_Part(name, open_, base, None, []))

    def turns(self, wanted: bool, most: int | None) -> tuple[tuple[tuple[RuleVersion, ...], ...], int]:  # noqa: FBT001
        """Return the smallest minimal sets, and how many there are in all."""
        space, f = self.space, self.space.functions
        against = self.fail if wanted else self.hold
        possible = f.either(self.hold, self.fail)
        # Where no rule speaks any more the action is not covered, which is no outcome.
        family = space.settle(f.both(f.negation(against), self.covered), possible)
        count = space.families.count(family)
        found = space.families.lightest(family, [1] * len(space.items), count if most is None else most)
        named = [self.rules[space.parts[part].name][0] for part, _ in space.items]
        return tuple(tuple(named[item] for item in items) for _, items in found if items), count - (family == UNIT)


def _left(question: Question, whole: Diagram, truths: Sequence[Truth]) -> Diagram:
    # What the truths leave of the diagram of all history.
    cached: Remainder | None = question.book.cache.get(id(whole))
    rest = (cached or Remainder(whole)).copy()
    root = rest.put_in(truths)
    kept = rest.below([root])
    used = sorted({rest.nodes[node][0] for node in kept})
    renumbered = {old: new for new, old in enumerate(used)}
    place = {node: number for number, node in enumerate((0, 1, 2, *kept))}
    return Diagram(
        variables=tuple(whole.variables[position] for position in used),
        nodes=tuple((renumbered[v], place[high], place[low]) for v, high, low in (rest.nodes[n] for n in kept)),
        root=place[root],
    )
