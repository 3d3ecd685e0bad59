"""What would turn an outcome: every minimal set of facts that would, and of rules that would if they were not there.

Read off the decision diagram of the day (``inforce.rules.parts``). A set of changes turns the outcome if it is then
the opposite one whatever the open facts are, and the facts can be together. No subset of a minimal set does. Sets
that only differ in open facts being as they ordinarily are count as one: nobody has to bring these about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inforce.rules.conditions import Truth, Variable
from inforce.rules.decide import OUTCOMES, Question, World
from inforce.rules.diagram import Remainder
from inforce.rules.families import UNIT
from inforce.rules.functions import Functions
from inforce.rules.model import Diagram, RuleVersion
from inforce.rules.parts import Part, Space, Values, switch

__all__ = ["Change", "Turn", "Turns", "turning"]

# What weighs most when sets are put in order: facts nobody can change that would have to be otherwise than assumed,
# then the cost of changes, then how many there are. What is open and assumed nowhere only has to turn out so.
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

    @property
    def stated(self) -> bool:
        """Whether the fact is something else in the case, given or assumed; else it is open and may turn out so."""
        return not (self.given is None and self.assumed is None)


@dataclass(frozen=True, slots=True)
class Turn:
    """One minimal set of changes of facts; ``cost`` is the sum over those a person would have to bring about.

    These are what was given, or assumed, and can be changed.
    """

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
    facts, count = by_fact.turns(wanted=wanted, most=most)
    by_rule = _Rules(question, world, {**assumed, **known}, tokens)
    rules, rules_count = by_rule.turns(wanted=wanted, most=most)
    return Turns(outcome, OUTCOMES[answers, wanted], facts, count, rules, rules_count)


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
        self.values = Values(question, tokens)
        self.space = space = Space()
        diagram = question.era(world).diagram
        space.add(diagram.variables)
        # Also the constraints between facts: all that bear on what the rules of the action read are in its diagram.
        self.hold, self.fail = space.read(diagram)
        self.can_be = space.functions.either(self.hold, self.fail)
        space.parts += self.values.parts(space, {**assumed, **known}, self._cost)
        space.parts += (
            switch(variable[1], place, None)
            for place, variable in enumerate(space.variables)
            if variable[0] in ("rule", "condition")
        )

    def _cost(self, name: str) -> int | None:
        # What follows from the day or from what was given stays, and so does what nobody can change.
        fact = self.book.facts[name]
        if name in self.known:
            return COST * fact.cost + 1 if name in self.question.facts and fact.changeable else None
        if name not in self.assumed:
            return 1
        return (COST * fact.cost if fact.changeable else SUPPOSED) + 1

    def turns(self, *, wanted: bool, most: int | None) -> tuple[tuple[Turn, ...], int]:
        """Return the lightest minimal sets, and how many there are in all."""
        space = self.space
        against = self.fail if wanted else self.hold
        family = space.settle(space.functions.negation(against), self.can_be)
        if family == UNIT:
            return (), 0
        families = space.families
        usual = frozenset(number for number, item in enumerate(space.items) if self._usual(*item))
        weights = [
            1 if number in usual else space.parts[part].cost or 0 for number, (part, _) in enumerate(space.items)
        ]
        ways = families.dropped(family, usual)
        count = families.count(ways)
        found = families.lightest(ways, weights, count if most is None else most)
        # With what is as usual, the fewest of it.
        whole = (families.lightest(families.with_only(family, items, usual), weights, 1)[0] for _, items in found)
        return tuple(self._turn(items) for _, items in whole), count

    def _turn(self, items: Sequence[int]) -> Turn:
        changes = tuple(self._change(*self.space.items[item]) for item in items)
        return Turn(sum(change.cost for change in changes if change.changeable and change.stated), changes)

    def _usual(self, number: int, option: tuple[int, ...]) -> bool:
        part = self.space.parts[number]
        fact = self.book.facts[part.name]
        if fact.name in self.known or not fact.has_ordinary:
            return False
        variables = [self.space.variables[place] for place in part.variables]
        here = self.values.truths(variables, {fact.name: fact.ordinarily})
        return any([truth for _, truth in part.cells[cell].truths] == here for cell in option)

    def _change(self, number: int, option: tuple[int, ...]) -> Change:
        part = self.space.parts[number]
        fact = self.book.facts[part.name]
        usual = self._usual(number, option)
        examples = [part.cells[cell].example for cell in option]
        if fact.multiple:
            examples.sort(key=lambda tokens: (len(tokens), tokens))
        return Change(
            fact.name,
            self._told(part, option),
            fact.ordinarily if usual else examples[0],
            self.known.get(fact.name),
            self.assumed.get(fact.name),
            fact.changeable,
            usual,
            fact.cost,
        )

    def _told(self, part: Part, option: tuple[int, ...]) -> tuple[tuple[tuple[str, Any], ...], ...]:
        variables = [self.space.variables[place] for place in part.variables]
        if not self.book.facts[part.name].multiple and all(variable[0] == "is" for variable in variables):
            return ((self._choice(part, option, [variable[2] for variable in variables]),),)
        # The shortest way to say these cells, where what no value reaches may go either way.
        f = Functions()
        cubes = [f.cube(enumerate(truth for _, truth in cell.truths)) for cell in part.cells]
        inside = f.either(*(cubes[number] for number in option))
        reach = f.either(*cubes)
        return tuple(
            tuple(_test(variables[place], truth=truth) for place, truth in cube)
            for cube in f.formula(inside, f.either(inside, f.negation(reach)))
        )

    @staticmethod
    def _choice(part: Part, option: tuple[int, ...], tokens: Sequence[str]) -> tuple[str, Any]:
        rows = [[truth for _, truth in part.cells[number].truths] for number in option]
        named = tuple(tokens[row.index(True)] for row in rows if True in row)
        if len(named) == len(option):
            return ("is", named[0]) if len(named) == 1 else ("in", named)
        rest = tuple(token for token in tokens if token not in named)
        return "not", rest[0] if len(rest) == 1 else rest


def _test(variable: Variable, *, truth: bool) -> tuple[str, Any]:
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
        counted = question.era(world).counted
        self.rules = {rule.id: rule for rule, _ in counted}
        values = Values(question, tokens)
        truths: list[Truth] = []
        for variable in question.diagram.variables:
            if variable[0] == "rule":
                truths.append(None if variable[1] in self.rules else False)
            elif variable[0] == "condition":
                truths.append(question.truth(variable, world, {}))
            else:
                truths += values.truths([variable], facts)
        left = _left(question, truths)
        self.space = space = Space()
        space.add(left.variables)
        speaking = [("rule", rule.id) for rule, _ in counted if question.speaks(rule)]
        space.add(speaking)
        self.hold, self.fail = space.read(left)
        f = space.functions
        self.covered = f.either(*(f.variable(space.place[variable]) for variable in speaking))
        space.parts += values.parts(space, facts, lambda _: None)
        states = {rule.id: state for rule, state in counted}
        for place, variable in enumerate(space.variables):
            if variable[0] == "rule":
                space.parts.append(switch(variable[1], place, states[variable[1]], 1))
            elif variable[0] == "condition":
                space.parts.append(switch(variable[1], place, None))

    def turns(self, *, wanted: bool, most: int | None) -> tuple[tuple[tuple[RuleVersion, ...], ...], int]:
        """Return the smallest minimal sets, and how many there are in all."""
        space, f = self.space, self.space.functions
        against = self.fail if wanted else self.hold
        # Where no rule speaks any more the action is not covered, which is no outcome.
        family = space.settle(f.both(f.negation(against), self.covered), f.either(self.hold, self.fail))
        if family == UNIT:
            return (), 0
        count = space.families.count(family)
        found = space.families.lightest(family, [1] * len(space.items), count if most is None else most)
        named = [self.rules[space.parts[part].name] for part, _ in space.items]
        return tuple(tuple(named[item] for item in items) for _, items in found), count


def _left(question: Question, truths: Sequence[Truth]) -> Diagram:
    # What the truths leave of the diagram of all history.
    whole = question.diagram
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
