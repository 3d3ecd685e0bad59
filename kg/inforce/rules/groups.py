"""Who gained and who lost between two days: exact groups, each a formula over facts with an example.

What differs between two days (``inforce.rules.joint``) is read off as what all of a group share and the exceptions
to it. Nothing is sampled; the formula and its example are of the same function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inforce.rules.functions import ALWAYS, NEVER, Cube, TooLong
from inforce.rules.joint import UNNAMED, Joint, Side

__all__ = ["Group", "Told", "differing"]

# A test of a fact as it is told: fact, operator (is, not, in, at-least, below), value or values.
Told = tuple[str, str, Any]
# What a conjunction says of one fact: the values of a choice it leaves, or truths of tests.
Part = tuple[str, frozenset[str] | Cube]
Parts = tuple[Part, ...]

Way = list[tuple[Parts, list[Parts]]]

# More groups than this are no easier to read than one with long exceptions.
KINDS = 15
# Nor is it worth more cubes than this to see how many groups there would be.
CUBES = 4 * KINDS
# One group that takes no more than this many tests needs no other way.
SHORT = 15
# What one more group weighs against one more test to read: a reader has to hold each apart.
GROUP = 3
# And more, if it is told only by what its people are not.
VAGUE = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Cases that differ alike: all ``conditions`` hold and none of the ``exceptions``, each a conjunction.

    ``example`` are facts that settle the outcome on both days.
    """

    conditions: tuple[Told, ...]
    exceptions: tuple[tuple[Told, ...], ...]
    example: Mapping[str, Any]


def differing(before: Side, after: Side, tokens: Callable[[str], Iterable[str]]) -> dict[str, tuple[Group, ...]]:
    """Return the groups ``lost`` (held, now fails), ``gained``, and ``unsettled`` (was settled, now is not).

    Args:
        before: one action on the earlier day.
        after: the same action on the later day, or by other rules.
        tokens: the values of a fact that is a choice, by name; an example may need one that no rule names.
    """
    joint = Joint(before, after, tokens)
    telling = _Telling(joint)
    return {kind: tuple(_groups(telling, was, now)) for kind, (was, now) in joint.turned.items()}


def _groups(telling: _Telling, was: int, now: int) -> Iterator[Group]:
    f, joint = telling.f, telling.joint
    on = f.both(was, now)
    if on == NEVER:
        return
    for shared, exceptions in min(telling.ways(on, was, now), key=telling.length):
        apart = (f.negation(telling.function(parts)) for parts in exceptions)
        yield Group(
            telling.parts(shared),
            tuple(sorted((telling.parts(parts) for parts in exceptions), key=telling.place)),
            joint.example(f.both(on, telling.function(shared), *apart)),
        )


class _Telling:
    """Formulas for functions of one joint pair of diagrams, and how they are told."""

    def __init__(self, joint: Joint) -> None:
        self.joint, self.f = joint, joint.functions
        self._always = self.f.forced(joint.allowed) if joint.allowed != NEVER else frozenset()
        self._implications: dict[tuple[int, bool], frozenset[tuple[int, bool]]] = {}
        self.order = {name: number for number, name in enumerate(joint.facts)}

    # ---- formulas ----------------------------------------------------------------------------

    def ways(self, on: int, was: int, now: int) -> Iterator[Way]:
        """Yield ways to cut a function into groups: shared parts and exceptions.

        Args:
            on: the function, ``was`` and ``now`` together.
            was: what its cases were on the first day, ``now`` what they are on the second. Whoever is not in the
                function is one that was not or one that is not: two short formulas where one of both may be endless.
        """
        f, allowed = self.f, self.joint.allowed
        off = f.negation(on)
        shared = self.shared(on, f.both(allowed, off))
        inside = f.both(allowed, self.function(shared))
        least = f.both(inside, off)
        sides = [self._bounded(f.both(inside, f.negation(side)), off, CUBES) for side in (was, now)]
        exceptions: list[Parts] = []
        found = None not in sides
        if found:
            exceptions = self.sparse([parts for side in sides for parts in side or ()], least)
            one_group = [(shared, exceptions)]
            yield one_group
            if self.length(one_group) <= SHORT:
                return
        # A group for each reason that one day has, with the exceptions of the other day.
        outside = f.negation(inside)
        for side, rest in ((now, sides[0]), (was, sides[1])):
            for way in self._by_kind(on, f.either(side, outside), shared, rest) if rest is not None else ():
                found = True
                yield way
        if not found:
            yield [(shared, self.cover(least, off))]
        # "None of these" is an exception hard to read; where several are much alike, a group for each of these.
        negative = [parts for parts in exceptions if all(map(self._negative, parts))]
        for alike in self._alike(negative):
            others = [parts for parts in exceptions if parts not in alike]
            area = f.both(inside, *(f.negation(self.function(parts)) for parts in others))
            yield from self._by_kind(on, f.either(on, f.negation(area)), shared, others)

    def _bounded(self, least: int, most: int, at_most: int) -> list[Parts] | None:
        try:
            return self.cover(least, most, at_most=at_most)
        except TooLong:
            return None

    def _by_kind(self, on: int, most: int, shared: Parts, exceptions: list[Parts]) -> Iterator[Way]:
        kinds = self._merged(self._bounded(on, most, 2 * KINDS) or [])
        if 1 < len(kinds) <= KINDS:
            way = [self._kind(shared, kind, [*own, *exceptions]) for kind, own in kinds]
            # An exception that bears on several kinds is read once, of all: the other kinds have nobody it is of.
            often = Counter(parts for _, bearing in way for parts in bearing)
            common = [parts for parts in exceptions if often[parts] > 1]
            yield [(told, [*dict.fromkeys((*bearing, *common))]) for told, bearing in way]

    def _merged(self, kinds: Sequence[Parts]) -> list[tuple[Parts, list[Parts]]]:
        # "C and not a" or "C and not b" is one kind: C, unless a and b.
        left = list(kinds)
        found: list[tuple[Parts, list[Parts]]] = []
        while True:
            by_core: dict[frozenset[Part], dict[Part, Parts]] = {}
            for parts in left:
                for part in parts:
                    if self._negative(part) and (isinstance(part[1], frozenset) or len(part[1]) == 1):
                        by_core.setdefault(frozenset(parts) - {part}, {}).setdefault(part, parts)
            core, best = max(by_core.items(), key=lambda item: len(item[1]), default=(frozenset(), {}))
            if len(best) < 2:
                return [*found, *((parts, []) for parts in left)]
            found.append((self.in_order(tuple(core)), [self.in_order(tuple(map(self._contrary, best)))]))
            left = [parts for parts in left if parts not in best.values()]

    def _contrary(self, part: Part) -> Part:
        name, said = part
        if isinstance(said, frozenset):
            return name, frozenset(self.joint.cells[name]) - said
        ((place, truth),) = said
        return name, ((place, not truth),)

    def _alike(self, exceptions: Sequence[Parts]) -> list[list[Parts]]:
        # Exceptions that have most of their parts in common.
        found: list[list[Parts]] = []
        for parts in exceptions:
            for others in found:
                common = {*parts} & {*others[0]}
                if 2 * len(common) > max(len(parts), len(others[0])):
                    others.append(parts)
                    break
            else:
                found.append([parts])
        return [alike for alike in found if len(alike) > 1]

    def _kind(self, shared: Parts, kind: Parts, short: list[Parts]) -> tuple[Parts, list[Parts]]:
        # One kind: what all share, so that it is read once, what is its own as short as the rest allows, and the
        # exceptions that bear on it.
        f, allowed = self.f, self.joint.allowed
        here = f.both(allowed, self.function(shared), self.function(kind))
        bearing = [parts for parts in short if f.meets(here, self.function(parts))]
        known = self.forced(here)
        common = tuple(part for part in shared if part in known)
        off = f.both(allowed, f.negation(here), self.function(common))
        own = self.fewest([part for part in known if part not in common], off)
        return self.in_order((*common, *own)), bearing

    def cover(self, least: int, most: int, *, at_most: int | None = None) -> list[Parts]:
        """Return conjunctions whose disjunction lies between two functions, with as many values of choices as fit.

        Raises:
            TooLong: a formula for it takes more than ``at_most`` conjunctions.
        """
        cubes = self._alike_cubes(self.f.formula(least, most, at_most=at_most), most)
        found = list(dict.fromkeys(self.widest(self.of_cube(cube), most) for cube in cubes))
        return self.sparse(found, least)

    def _alike_cubes(self, cubes: Sequence[Cube], most: int) -> list[Cube]:
        # One thing can follow from another: of what a cube says and implies it keeps what others say too.
        f, off = self.f, self.f.negation(most)
        full = [{*cube}.union(*(self._implied(literal) for literal in cube)) for cube in cubes]
        often = Counter(literal for cube in full for literal in cube)
        found: list[Cube] = []
        for said, cube in zip(cubes, full, strict=True):
            if len(cube) == len(said):
                found.append(said)
                continue
            kept = sorted(cube, key=lambda literal: (-often[literal], literal))
            left = [*kept]
            for literal in reversed(kept):
                rest = [other for other in left if other != literal]
                if not f.meets(off, f.cube(rest)):
                    left = rest
            found.append(tuple(sorted(left)))
        return found

    def _implied(self, literal: tuple[int, bool]) -> frozenset[tuple[int, bool]]:
        found = self._implications.get(literal)
        if found is None:
            here = self.f.both(self.joint.allowed, self.f.variable(*literal))
            found = self.f.forced(here) - self._always if here != NEVER else frozenset()
            self._implications[literal] = found
        return found

    def widest(self, parts: Parts, most: int) -> Parts:
        """Return a conjunction with every value of a choice that still keeps it within a function."""
        f, off = self.f, self.f.negation(most)
        kept = list(parts)
        for part in parts:
            name, said = part
            if isinstance(said, frozenset):
                place = kept.index(part)
                rest = f.both(off, self.function([other for other in kept if other != part]))
                cells = self.joint.cells[name]
                wide = frozenset(cell for cell, here in cells.items() if cell in said or not f.meets(rest, here))
                kept[place : place + 1] = [] if len(wide) == len(cells) else [(name, wide)]
        return tuple(kept)

    def sparse(self, conjunctions: Sequence[Parts], least: int) -> list[Parts]:
        """Return conjunctions that still cover a function: none the others make needless, no value to spare.

        Values that some rule names together stay together.
        """
        f = self.f
        kept: list[Parts] = []
        for parts, others in self._each(sorted(dict.fromkeys(conjunctions), key=lambda p: -len(self.parts(p))), kept):
            if f.meets(f.both(least, self.function(parts)), f.negation(others)):
                kept.append(parts)
        narrow: list[Parts] = []
        for parts, others in self._each(sorted(kept, key=lambda parts: f.count(self.function(parts))), narrow):
            narrow.append(self._narrowest(parts, f.both(least, f.negation(others))))
        return sorted(narrow, key=self.shown)

    def _each(self, conjunctions: Sequence[Parts], done: list[Parts]) -> Iterator[tuple[Parts, int]]:
        # Each with the disjunction of the others: of those done as they are now, and of those that come.
        f = self.f
        coming = [NEVER]
        for parts in reversed(conjunctions):
            coming.append(f.either(self.function(parts), coming[-1]))
        before, count = NEVER, 0
        for number, parts in enumerate(conjunctions, 1):
            for parts_done in done[count:]:
                before = f.either(before, self.function(parts_done))
            count = len(done)
            yield parts, f.either(before, coming[len(conjunctions) - number])

    def _narrowest(self, parts: Parts, least: int) -> Parts:
        f = self.f
        found = list(parts)
        for place, (name, said) in enumerate(found):
            if isinstance(said, frozenset):
                rest = f.both(least, self.function([*found[:place], *found[place + 1 :]]))
                cells = self.joint.cells[name]
                left = frozenset(cell for cell in said if f.meets(rest, cells[cell]))
                if said not in self.joint.named or left in self.joint.named:
                    found[place] = (name, left)
        return tuple(found)

    def shared(self, on: int, off: int) -> Parts:
        """Return what all cases of a function share, as short as keeps out what it keeps out of ``off``."""
        return self.in_order(self.fewest(self.forced(on), off))

    def forced(self, on: int) -> list[Part]:
        """Return all that all cases of a function share."""
        f = self.f
        forced = f.forced(on)
        found: list[Part] = []
        for name, places in self.joint.of_fact.items():
            if name in self.joint.cells:
                cells = self.joint.cells[name]
                left = frozenset(cell for cell, here in cells.items() if f.meets(on, here))
                if len(left) < len(cells):
                    found.append((name, left))
            else:
                literals = [(place, truth) for place in places for truth in (True, False)]
                found += [(name, (literal,)) for literal in literals if literal in forced]
        return found

    def fewest(self, parts: Sequence[Part], off: int) -> Parts:
        """Return parts without those that only repeat what the others keep out of ``off``, negations first."""
        f = self.f
        parts = sorted(parts, key=lambda part: not self._negative(part))
        after = [off]
        for part in reversed(parts[1:]):
            after.append(f.both(after[-1], self.function([part])))
        kept: list[Part] = []
        said = ALWAYS
        for part in parts:
            here = self.function([part])
            if f.meets(f.both(said, after.pop()), f.negation(here)):
                kept.append(part)
                said = f.both(said, here)
        return tuple(kept)

    def in_order(self, parts: Parts) -> Parts:
        """Return parts in the order in which the facts are asked."""
        return tuple(sorted(parts, key=lambda part: self.order[part[0]]))

    def _negative(self, part: Part) -> bool:
        ((_, operator, value), *_) = self.told(part)
        return operator == "not" or value is False

    # ---- parts -------------------------------------------------------------------------------

    def of_cube(self, cube: Cube) -> Parts:
        """Return a conjunction of literals by fact."""
        found: list[Part] = []
        for name in sorted({self.joint.keys[place][0][1] for place, _ in cube}, key=self.order.__getitem__):
            places = self.joint.of_fact[name]
            literals = tuple((place, truth) for place, truth in cube if place in places)
            if literals and name in self.joint.cells:
                here = self.f.cube(literals)
                cells = self.joint.cells[name].items()
                found.append((name, frozenset(cell for cell, there in cells if self.f.meets(here, there))))
            elif literals:
                found.append((name, literals))
        return tuple(found)

    def function(self, parts: Iterable[Part]) -> int:
        """Return the function of a conjunction."""
        f = self.f
        return f.both(
            *(
                f.either(*(self.joint.cells[name][cell] for cell in sorted(said)))
                if isinstance(said, frozenset)
                else f.cube(said)
                for name, said in parts
            )
        )

    def parts(self, parts: Parts) -> tuple[Told, ...]:
        """Return a conjunction as it is told."""
        return tuple(told for part in parts for told in self.told(part))

    def shown(self, parts: Parts) -> tuple[Any, ...]:
        """Return where a conjunction stands among others, see ``place``."""
        return self.place(self.parts(parts))

    def place(self, said: Sequence[Told]) -> tuple[Any, ...]:
        """Return where an exception stands among others: short ones first, in the order in which facts are asked."""
        return len(said), [self.order[name] for name, _, _ in said], str(said)

    def told(self, part: Part) -> list[Told]:
        """Return what is said of one fact."""
        name, said = part
        if isinstance(said, frozenset):
            return [self._choice(name, said)]
        without = frozenset(token for place, truth in said if not truth for token in self.joint.passing(place))
        found: list[Told] = []
        for place, truth in said:
            variable, passing = self.joint.keys[place]
            if variable[0] == "true":
                found.append((name, "is", truth))
            elif variable[0] == "at-least":
                found.append((name, "at-least" if truth else "below", variable[2]))
            elif truth and (without & passing or place in self.joint.moved):
                found.append((name, "in", sorted(passing - without)))
            elif place in self.joint.moved:
                found.append((name, "not", sorted(passing)))
            else:
                found.append((name, ("is" if variable[0] == "is" else "in") if truth else "not", variable[2]))
        return found

    def _choice(self, name: str, left: frozenset[str]) -> Told:
        gone = [cell for cell in self.joint.cells[name] if cell not in left]
        if UNNAMED in left:
            return (name, "not", gone[0] if len(gone) == 1 else sorted(gone))
        return (name, "is", next(iter(left))) if len(left) == 1 else (name, "in", sorted(left))

    def length(self, way: Way) -> int:
        """Return how much there is to read: what groups share is read once; "everyone but …" is no kind of people."""
        said = {part for shared, _ in way for part in shared}
        excepted = {parts for _, exceptions in way for parts in exceptions}
        common = set(way[0][0]).intersection(*(shared for shared, _ in way))
        vague = sum(all(part in common or self._negative(part) for part in shared) for shared, _ in way)
        tests = len(self.parts(tuple(said))) + sum(1 + len(self.parts(parts)) for parts in excepted)
        return GROUP * len(way) + (VAGUE * vague if len(way) > 1 else 0) + tests
