"""How functions of facts are told: short formulas for them, cut down to what a reader needs, and their words.

What is said of one fact is a *part*; parts that hold together are a conjunction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from inforce.rules.functions import ALWAYS, NEVER, Cube, TooLong
from inforce.rules.joint import UNNAMED, Joint

__all__ = ["Part", "Parts", "Telling", "Told", "Way"]

# A test of a fact as it is told: fact, operator (is, not, in, at-least, below), value or values.
Told = tuple[str, str, Any]
# What a conjunction says of one fact: the values of a choice it leaves, or truths of tests.
Part = tuple[str, frozenset[str] | Cube]
Parts = tuple[Part, ...]
# Groups: what all of each share, and the exceptions.
Way = list[tuple[Parts, list[Parts]]]

# What one more group weighs against one more test to read: a reader has to hold each apart.
GROUP = 3
# And more, if it is told only by what its people are not.
VAGUE = 3


class Telling:
    """Formulas for functions of one joint pair of diagrams, and how they are told."""

    def __init__(self, joint: Joint) -> None:
        """Tell functions of ``joint``."""
        self.joint, self.f = joint, joint.functions
        self._always = self.f.forced(joint.allowed) if joint.allowed != NEVER else frozenset()
        self._implications: dict[tuple[int, bool], frozenset[tuple[int, bool]]] = {}
        self.order = {name: number for number, name in enumerate(joint.facts)}

    # ---- formulas ----------------------------------------------------------------------------

    def cubes(self, least: int, most: int, at_most: int) -> Sequence[Cube] | None:
        """Return cubes whose disjunction lies between two functions; ``None`` where it takes more than ``at_most``."""
        try:
            return self.f.formula(least, most, at_most=at_most)
        except TooLong:
            return None

    def expected(self, cubes: Sequence[Cube]) -> int:
        """Return how much there will be to read of cubes, nearly: those that differ in values of choices are one."""
        keys, cells = self.joint.keys, self.joint.cells
        kinds = set()
        for cube in cubes:
            named = ((keys[place][0][1], (place, truth)) for place, truth in cube)
            kinds.add(frozenset(name if name in cells else literal for name, literal in named))
        return sum(1 + len(kind) for kind in kinds)

    def cover(self, cubes: Sequence[Cube], least: int, most: int) -> list[Parts]:
        """Return what cubes between two functions say as conjunctions, with as many values of choices as fit."""
        f = self.f
        full = [{*cube}.union(*(self._implied(literal) for literal in cube)) for cube in cubes]
        often = Counter(literal for cube in full for literal in cube)
        found: list[Parts] = []
        said = NEVER
        for cube, implied in zip(cubes, full, strict=True):
            # Another value of a choice is often said already.
            if f.meets(least, f.both(f.cube(cube), f.negation(said))):
                found.append(self.widest(self.of_cube(self._alike(cube, implied, often, most)), most))
                said = f.either(said, self.function(found[-1]))
        return self.sparse(found, least)

    def _alike(
        self, cube: Cube, implied: Collection[tuple[int, bool]], often: Counter[tuple[int, bool]], most: int
    ) -> Cube:
        # One thing can follow from another: of what a cube says and implies it keeps what others say too.
        if len(implied) == len(cube):
            return cube
        off = self.f.negation(most)
        kept = sorted(implied, key=lambda literal: (-often[literal], literal))
        left = [*kept]
        for literal in reversed(kept):
            rest = [other for other in left if other != literal]
            if {*cube} <= {*rest} or not self.f.meets_cube(off, rest):
                left = rest
        return tuple(sorted(left))

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

        def needed(parts: Parts, free: int) -> list[Parts]:
            return [parts] if f.meets(least, f.both(free, self.function(parts))) else []

        longest = sorted(dict.fromkeys(conjunctions), key=lambda parts: -len(self.parts(parts)))
        kept = self._each(longest, ALWAYS, needed)
        # Only values can be spared; all else stays as it is, whatever becomes of the others.
        wide = [parts for parts in kept if any(isinstance(said, frozenset) and len(said) > 1 for _, said in parts)]
        rest = [parts for parts in kept if parts not in wide]
        rarest = sorted(wide, key=lambda parts: f.count(self.function(parts)))
        narrow = self._each(rarest, self._none_of(rest), lambda parts, free: [self._narrowest(parts, least, free)])
        return sorted(rest + narrow, key=self.shown)

    def _each(self, conjunctions: Sequence[Parts], free: int, told: Callable[[Parts, int], list[Parts]]) -> list[Parts]:
        # What each becomes by what all others leave free: those before as they became, those that come as they are.
        # By halves, so that most of the work is on small functions.
        if len(conjunctions) < 2:
            return [became for parts in conjunctions for became in told(parts, free)]
        first, second = conjunctions[: len(conjunctions) // 2], conjunctions[len(conjunctions) // 2 :]
        became = self._each(first, self.f.both(free, self._none_of(second)), told)
        return became + self._each(second, self.f.both(free, self._none_of(became)), told)

    def _none_of(self, conjunctions: Sequence[Parts]) -> int:
        if len(conjunctions) < 2:
            return self.f.both(*(self.f.negation(self.function(parts)) for parts in conjunctions))
        half = len(conjunctions) // 2
        return self.f.both(self._none_of(conjunctions[:half]), self._none_of(conjunctions[half:]))

    def _narrowest(self, parts: Parts, least: int, free: int) -> Parts:
        f = self.f
        found = list(parts)
        for place, (name, said) in enumerate(found):
            if isinstance(said, frozenset) and len(said) > 1:
                rest = f.both(free, self.function([*found[:place], *found[place + 1 :]]))
                cells = self.joint.cells[name]
                left = frozenset(cell for cell in said if f.meets(least, f.both(rest, cells[cell])))
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
        parts = sorted(parts, key=lambda part: not self.negative(part))
        after = [ALWAYS]
        for part in reversed(parts[1:]):
            after.append(f.both(self.function([part]), after[-1]))
        kept: list[Part] = []
        said = ALWAYS
        for part in parts:
            here = self.function([part])
            # Small functions first: only whether all meet is asked of the large one.
            if f.meets(off, f.both(said, after.pop(), f.negation(here))):
                kept.append(part)
                said = f.both(said, here)
        return tuple(kept)

    def in_order(self, parts: Parts) -> Parts:
        """Return parts in the order in which the facts are asked."""
        return tuple(sorted(parts, key=lambda part: self.order[part[0]]))

    def negative(self, part: Part) -> bool:
        """Tell whether a part says what is not so."""
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
        vague = sum(all(part in common or self.negative(part) for part in shared) for shared, _ in way)
        tests = len(self.parts(tuple(said))) + sum(1 + len(self.parts(parts)) for parts in excepted)
        return GROUP * len(way) + (VAGUE * vague if len(way) > 1 else 0) + tests
