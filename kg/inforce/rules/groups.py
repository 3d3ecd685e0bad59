"""Who gained and who lost between two days: exact groups, each a formula over facts with an example.

What differs between two days (``inforce.rules.joint``) is read off as what all of a group share and the exceptions
to it. Nothing is sampled; the formula and its example are of the same function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from inforce.rules.functions import NEVER
from inforce.rules.joint import Joint, Side
from inforce.rules.telling import GROUP, Part, Parts, Telling, Told, Way

__all__ = ["Group", "Told", "differing"]

# More groups than this are no easier to read than one with long exceptions.
KINDS = 15
# Nor is it worth more cubes than this to see how many groups there would be.
CUBES = 4 * KINDS
# One group that takes no more than this many tests needs no other way.
SHORT = 15


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
    telling = Telling(joint)
    return {kind: tuple(chain(*(_groups(telling, *pair) for pair in pairs))) for kind, pairs in joint.turned.items()}


def _groups(telling: Telling, was: int, now: int) -> Iterator[Group]:
    f, joint = telling.f, telling.joint
    on = f.both(was, now)
    if on == NEVER:
        return
    for shared, exceptions in _Cut(telling, on, was, now).shortest():
        apart = (f.negation(telling.function(parts)) for parts in exceptions)
        yield Group(
            telling.parts(shared),
            tuple(sorted((telling.parts(parts) for parts in exceptions), key=telling.place)),
            joint.example(f.both(on, telling.function(shared), *apart)),
        )


class _Cut:
    """One function, and the ways to cut it into groups.

    Whoever is not in the function ``on`` is one that was not or one that is not: two short formulas where one of both
    may be endless.
    """

    def __init__(self, telling: Telling, on: int, was: int, now: int) -> None:
        """Take what its cases were on the first day, and what they are on the second; ``on`` is both together."""
        self.telling, self.f, self.on, self.sides = telling, telling.f, on, (was, now)
        f, allowed = telling.f, telling.joint.allowed
        self.off = f.negation(on)
        self.shared = telling.shared(on, f.both(allowed, self.off))
        self.inside = f.both(allowed, telling.function(self.shared))
        # Who else is inside for what was so on the one day, and on the other.
        self.out = [f.both(self.inside, f.negation(side)) for side in self.sides]
        self.cubes = [telling.cubes(out, self.off, CUBES) for out in self.out]
        self._exceptions: dict[int, list[Parts]] = {}

    def shortest(self) -> Way:
        """Return the way that takes least to read."""
        best: tuple[int, int, Way] | None = None
        for least, place, ways in self._tries():
            # What takes longer anyway is not worked out.
            if best is not None and best[0] <= max(least, SHORT):
                break
            found = [(self.telling.length(way), place + number, way) for number, way in enumerate(ways())]
            best = min([best, *found] if best is not None else found, default=None)
        return best[2] if best is not None else self._long()

    def _tries(self) -> list[tuple[int, int, Callable[[], Iterable[Way]]]]:
        # Ways to be tried, what promises most first: about how long at least, the place among equals, the ways.
        sizes = [self.telling.expected(cubes) if cubes is not None else None for cubes in self.cubes]
        found: list[tuple[int, int, Callable[[], Iterable[Way]]]] = []
        # A group for each reason that one day has, with the exceptions of the other day.
        for place, (reason, other) in enumerate(((1, 0), (0, 1)), 1):
            size = sizes[other]
            if size is not None:
                found.append((2 * GROUP + size, 100 * place, partial(self._by_reason, reason, KINDS)))
        if None not in sizes:
            whole = GROUP + sum(size or 0 for size in sizes)
            found.append((whole if whole > SHORT else 0, 0, self._one_group))
        return sorted(found, key=lambda one: one[:2])

    def _long(self) -> Way:
        # By reasons however many there are, or else with exceptions without end.
        ways = [way for reason in (1, 0) for way in self._by_reason(reason, CUBES)]
        if ways:
            return min(ways, key=self.telling.length)
        least = self.f.both(self.inside, self.off)
        return [(self.shared, self.telling.cover(self.f.formula(least, self.off), least, self.off))]

    def _one_group(self) -> Iterator[Way]:
        f, telling = self.f, self.telling
        both = [parts for day in (0, 1) for parts in self._exceptions_of(day)]
        exceptions = telling.sparse(both, f.both(self.inside, self.off))
        way = [(self.shared, exceptions)]
        yield way
        if telling.length(way) <= SHORT:
            return
        # "None of these" is an exception hard to read; where several are much alike, a group for each of these.
        for alike in self._alike([parts for parts in exceptions if all(map(telling.negative, parts))]):
            others = [parts for parts in exceptions if parts not in alike]
            area = f.both(self.inside, *(f.negation(telling.function(parts)) for parts in others))
            yield from self._by_kind(f.either(self.on, f.negation(area)), partial(list, others), KINDS)

    def _by_reason(self, day: int, at_most: int) -> Iterator[Way]:
        if self.cubes[1 - day] is not None:
            most = self.f.either(self.sides[day], self.f.negation(self.inside))
            yield from self._by_kind(most, partial(self._exceptions_of, 1 - day), at_most)

    def _by_kind(self, most: int, exceptions: Callable[[], list[Parts]], at_most: int) -> Iterator[Way]:
        cubes = self.telling.cubes(self.on, most, 2 * at_most)
        kinds = self._merged(self.telling.cover(cubes, self.on, most)) if cubes is not None else []
        if 1 < len(kinds) <= at_most:
            rest = exceptions()
            way = [self._kind(kind, [*own, *rest]) for kind, own in kinds]
            # An exception that bears on several kinds is read once, of all: the other kinds have nobody it is of.
            often = Counter(parts for _, bearing in way for parts in bearing)
            common = [parts for parts in rest if often[parts] > 1]
            yield [(told, [*dict.fromkeys((*bearing, *common))]) for told, bearing in way]

    def _exceptions_of(self, day: int) -> list[Parts]:
        found = self._exceptions.get(day)
        if found is None:
            cubes = self.cubes[day] or ()
            found = self._exceptions[day] = self.telling.cover(cubes, self.out[day], self.off)
        return found

    def _merged(self, kinds: Sequence[Parts]) -> list[tuple[Parts, list[Parts]]]:
        # "C and not a" or "C and not b" is one kind: C, unless a and b.
        left = list(kinds)
        found: list[tuple[Parts, list[Parts]]] = []
        while True:
            by_core: dict[frozenset[Part], dict[Part, Parts]] = {}
            for parts in left:
                for part in parts:
                    if self.telling.negative(part) and (isinstance(part[1], frozenset) or len(part[1]) == 1):
                        by_core.setdefault(frozenset(parts) - {part}, {}).setdefault(part, parts)
            core, best = max(by_core.items(), key=lambda item: len(item[1]), default=(frozenset(), {}))
            if len(best) < 2:
                return [*found, *((parts, []) for parts in left)]
            found.append(
                (self.telling.in_order(tuple(core)), [self.telling.in_order(tuple(map(self._contrary, best)))])
            )
            left = [parts for parts in left if parts not in best.values()]

    def _contrary(self, part: Part) -> Part:
        name, said = part
        if isinstance(said, frozenset):
            return name, frozenset(self.telling.joint.cells[name]) - said
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

    def _kind(self, kind: Parts, short: Sequence[Parts]) -> tuple[Parts, list[Parts]]:
        # One kind: what all share, so that it is read once, what is its own as short as the rest allows, and the
        # exceptions that bear on it.
        f, telling, allowed = self.f, self.telling, self.telling.joint.allowed
        here = f.both(self.inside, telling.function(kind))
        bearing = [parts for parts in short if f.meets(here, telling.function(parts))]
        known = telling.forced(here)
        common = tuple(part for part in self.shared if part in known)
        off = f.both(allowed, f.negation(here), telling.function(common))
        own = telling.fewest([part for part in known if part not in common], off)
        return telling.in_order((*common, *own)), bearing
