"""Who gained and who lost between two days: exact groups, each a formula over facts with an example.

What differs between two days (``inforce.rules.joint``) is read off as what all of a group share and the exceptions
to it. Nothing is sampled; the formula and its example are of the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inforce.rules.functions import ALWAYS, NEVER, Cube
from inforce.rules.joint import UNNAMED, Joint, Side

__all__ = ["Group", "Told", "differing"]

# A test of a fact as it is told: fact, operator (is, not, in, at-least, below), value or values.
Told = tuple[str, str, Any]
# What a conjunction says of one fact: the values of a choice it leaves, or truths of tests.
Part = tuple[str, frozenset[str] | Cube]
Parts = tuple[Part, ...]

# More groups than this are no easier to read than one with long exceptions.
KINDS = 12
# What one more group weighs against one more test to read: a reader has to hold each apart.
GROUP = 3


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
    return {
        kind: tuple(_groups(joint, function))
        for kind, function in (("lost", joint.lost), ("gained", joint.gained), ("unsettled", joint.unsettled))
    }


def _groups(joint: Joint, on: int) -> Iterator[Group]:
    if on == NEVER:
        return
    telling = _Telling(joint)
    f = joint.functions
    for shared, exceptions in min(telling.ways(on), key=telling.length):
        apart = (f.negation(telling.function(parts)) for parts in exceptions)
        yield Group(
            telling.parts(shared),
            tuple(sorted((telling.parts(parts) for parts in exceptions), key=lambda item: (len(item), str(item)))),
            joint.example(f.both(on, telling.function(shared), *apart)),
        )


class _Telling:
    """Formulas for functions of one joint pair of diagrams, and how they are told."""

    def __init__(self, joint: Joint) -> None:
        self.joint, self.f = joint, joint.functions

    # ---- formulas ----------------------------------------------------------------------------

    def ways(self, on: int) -> Iterator[list[tuple[Parts, list[Parts]]]]:
        """Yield ways to cut a function into groups: shared parts and exceptions.

        One group with all exceptions; or, where exceptions are long because only some kinds of cases are in it at
        all, a group for each kind with the short exceptions.
        """
        f, allowed = self.f, self.joint.allowed
        shared = self.shared(on, f.both(allowed, f.negation(on)))
        inside = f.both(allowed, self.function(shared))
        exceptions = self.cover(f.both(inside, f.negation(on)), f.negation(on))
        yield [(shared, exceptions)]
        lengths = sorted({len(self.parts(parts)) for parts in exceptions}, reverse=True)
        for longest in lengths[1:]:
            short = [parts for parts in exceptions if len(self.parts(parts)) <= longest]
            area = f.both(inside, *(f.negation(self.function(parts)) for parts in short))
            kinds = self.cover(on, f.either(on, f.negation(area)), at_most=KINDS)
            if kinds:
                yield [self._kind(shared, kind, short) for kind in kinds]

    def _kind(self, shared: Parts, kind: Parts, short: list[Parts]) -> tuple[Parts, list[Parts]]:
        # One kind with what is shared, as short as the rest allows, and the exceptions that bear on it.
        f, allowed = self.f, self.joint.allowed
        here = f.both(allowed, self.function(shared), self.function(kind))
        bearing = [parts for parts in short if f.both(here, self.function(parts)) != NEVER]
        return self.shared(here, f.both(allowed, f.negation(here))), bearing

    def cover(self, least: int, most: int, *, at_most: int | None = None) -> list[Parts]:
        """Return conjunctions whose disjunction lies between two functions; those that differ in one value joined.

        None at all where it takes more than ``at_most``.
        """
        found: list[Parts] = []
        for cube in self.f.formula(least, most):
            if at_most is not None and len(found) > at_most:
                return []
            parts = self.of_cube(cube)
            for number, other in enumerate(found):
                joined = _joined(other, parts)
                if joined is not None:
                    found[number] = joined
                    break
            else:
                found.append(parts)
        return found if at_most is None or len(found) <= at_most else []

    def shared(self, on: int, off: int) -> Parts:
        """Return what all cases of a function share, as short as keeps out what it keeps out of ``off``."""
        f = self.f
        forced = f.forced(on)
        found: list[Part] = []
        for name, places in self.joint.of_fact.items():
            if name in self.joint.cells:
                cells = self.joint.cells[name]
                left = frozenset(cell for cell, here in cells.items() if f.both(on, here) != NEVER)
                if len(left) < len(cells):
                    found.append((name, left))
            else:
                literals = [(place, truth) for place in places for truth in (True, False)]
                found += [(name, (literal,)) for literal in literals if literal in forced]
        return self.fewest(found, off)

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
            if f.both(said, after.pop(), f.negation(here)) != NEVER:
                kept.append(part)
                said = f.both(said, here)
        order = list(self.joint.of_fact)
        return tuple(sorted(kept, key=lambda part: order.index(part[0])))

    def _negative(self, part: Part) -> bool:
        ((_, operator, value), *_) = self.told(part)
        return operator == "not" or value is False

    # ---- parts -------------------------------------------------------------------------------

    def of_cube(self, cube: Cube) -> Parts:
        """Return a conjunction of literals by fact."""
        found: list[Part] = []
        for name, places in self.joint.of_fact.items():
            literals = tuple((place, truth) for place, truth in cube if place in places)
            if literals and name in self.joint.cells:
                here = self.f.cube(literals)
                cells = self.joint.cells[name].items()
                found.append((name, frozenset(cell for cell, there in cells if self.f.both(here, there) != NEVER)))
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

    def length(self, way: Sequence[tuple[Parts, list[Parts]]]) -> int:
        """Return how much there is to read: what groups share is read once."""
        said = {part for shared, _ in way for part in shared}
        excepted = {parts for _, exceptions in way for parts in exceptions}
        return GROUP * len(way) + len(self.parts(tuple(said))) + sum(1 + len(self.parts(parts)) for parts in excepted)


def _joined(one: Parts, other: Parts) -> Parts | None:
    # Two conjunctions that differ only in the values of one choice are one.
    if [name for name, _ in one] != [name for name, _ in other]:
        return None
    differ = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(differ) != 1:
        return None
    (name, said), (_, also) = one[differ[0]], other[differ[0]]
    if not isinstance(said, frozenset) or not isinstance(also, frozenset):
        return None
    return (*one[: differ[0]], (name, said | also), *one[differ[0] + 1 :])
