"""Boolean functions as reduced ordered decision diagrams, and a short formula for one.

Small and plain: what ``inforce.rules.groups`` needs to join the diagrams of two days. Functions are numbers;
0 is never, 1 is always, and equal functions are equal numbers.

Source: R. E. Bryant, Graph-Based Algorithms for Boolean Function Manipulation, IEEE Trans. Computers C-35 (1986);
S. Minato, Fast generation of irredundant sum-of-products forms from binary decision diagrams, SASIMI (1992).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from inforce.rules.model import Diagram

__all__ = ["ALWAYS", "NEVER", "Cube", "Functions", "TooLong"]

NEVER, ALWAYS = 0, 1
END = 1 << 30
# Two functions as one number: quicker to look up than a pair.
WIDE = 32

# Literals that hold together: variable (its place in the order), wanted truth.
Cube = tuple[tuple[int, bool], ...]


class TooLong(Exception):
    """A formula takes more cubes than were allowed."""


class Functions:
    """Functions over variables ``0 … n-1``, in that order."""

    def __init__(self) -> None:
        self._nodes: list[tuple[int, int, int]] = [(END, 0, 0), (END, 1, 1)]
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._memo: dict[tuple[int, int, int], int] = {}
        self._pairs: dict[int, int] = {}
        self._meetings: dict[int, bool] = {}
        self._opposite: dict[int, int] = {}
        self._shares: dict[int, float] = {NEVER: 0.0, ALWAYS: 1.0}
        self._forms: dict[tuple[int, int], tuple[int, tuple[Cube, ...]]] = {}

    def node(self, variable: int, high: int, low: int) -> int:
        """Return the function that is ``high`` where ``variable`` is true, else ``low``; both read later variables."""
        if high == low:
            return high
        key = (variable, high, low)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._nodes)
            self._nodes.append(key)
        return found

    def variable(self, variable: int, truth: bool = True) -> int:  # noqa: FBT001, FBT002
        """Return the function that says the variable has this truth."""
        return self.node(variable, ALWAYS, NEVER) if truth else self.node(variable, NEVER, ALWAYS)

    def choose(self, test: int, yes: int, no: int) -> int:
        """Return the function that is ``yes`` where ``test`` holds, else ``no``."""
        if test == ALWAYS or yes == no:
            return yes
        if test == NEVER:
            return no
        if yes == ALWAYS and no == NEVER:
            return test
        key = (test, yes, no)
        found = self._memo.get(key)
        if found is None:
            nodes = self._nodes
            top = min(nodes[test][0], nodes[yes][0], nodes[no][0])
            ups, downs = zip(*(self._halves(function, top) for function in key), strict=True)
            found = self._memo[key] = self.node(top, self.choose(*ups), self.choose(*downs))
        return found

    def _halves(self, function: int, variable: int) -> tuple[int, int]:
        at, high, low = self._nodes[function]
        return (high, low) if at == variable else (function, function)

    def both(self, *functions: int) -> int:
        """Return the conjunction."""
        found = ALWAYS
        for function in functions:
            found = self._both(found, function)
        return found

    def _both(self, one: int, other: int) -> int:
        # By far the most frequent choice, hence by itself, with ``node`` written out.
        if one > other:
            one, other = other, one
        if one <= ALWAYS:
            return other if one else NEVER
        if one == other:
            return one
        pair = one << WIDE | other
        found = self._pairs.get(pair)
        if found is None:
            nodes = self._nodes
            at, high, low = nodes[one]
            top, up, down = nodes[other]
            if at < top:
                top, up, down = at, other, other
            elif at > top:
                high = low = one
            high, low = self._both(high, up), self._both(low, down)
            if high == low:
                found = high
            else:
                key = (top, high, low)
                found = self._numbers.get(key)
                if found is None:
                    found = self._numbers[key] = len(nodes)
                    nodes.append(key)
            self._pairs[pair] = found
        return found

    def meets(self, one: int, other: int) -> bool:
        """Tell whether two functions hold together somewhere; makes no function of it."""
        if one > other:
            one, other = other, one
        if one <= ALWAYS:
            return one == ALWAYS and other != NEVER
        if one == other:
            return True
        if self._opposite.get(one) == other:
            return False
        key = one << WIDE | other
        found = self._meetings.get(key)
        if found is None:
            at, high, low = self._nodes[one]
            top, up, down = self._nodes[other]
            if at < top:
                found = self.meets(high, other) or self.meets(low, other)
            elif at > top:
                found = self.meets(one, up) or self.meets(one, down)
            else:
                found = self.meets(high, up) or self.meets(low, down)
            self._meetings[key] = found
        return found

    def meets_cube(self, function: int, literals: Collection[tuple[int, bool]]) -> bool:
        """Tell whether a function holds somewhere where all of some literals do."""
        nodes, truths = self._nodes, dict(literals)
        last = max(truths, default=-1)
        seen: set[int] = set()
        pending = [function]
        while pending:
            at = pending.pop()
            if at in seen or at == NEVER:
                continue
            variable, high, low = nodes[at]
            if variable > last:
                return True  # below any node but never itself there is a way to always
            seen.add(at)
            truth = truths.get(variable)
            if truth is not False:
                pending.append(high)
            if not truth:
                pending.append(low)
        return False

    def either(self, *functions: int) -> int:
        """Return the disjunction."""
        return self.negation(self.both(*(self.negation(function) for function in functions)))

    def negation(self, function: int) -> int:
        """Return the negation."""
        if function <= ALWAYS:
            return 1 - function
        found = self._opposite.get(function)
        if found is None:
            variable, high, low = self._nodes[function]
            found = self.node(variable, self.negation(high), self.negation(low))
            self._opposite[function], self._opposite[found] = found, function
        return found

    def cube(self, literals: Iterable[tuple[int, bool]]) -> int:
        """Return the conjunction of literals."""
        found, last = ALWAYS, END
        for variable, truth in sorted({*literals}, reverse=True):
            if variable == last:
                return NEVER  # a literal and its contrary
            found = self.node(variable, found, NEVER) if truth else self.node(variable, NEVER, found)
            last = variable
        return found

    def forced(self, function: int) -> frozenset[tuple[int, bool]]:
        """Return the literals that hold wherever the function does; it must hold somewhere."""
        nodes = self._nodes
        # A bit for each literal: those of a variable that is true, then false.
        memo: dict[int, int] = {ALWAYS: 0}

        def of(at: int) -> int:
            found = memo.get(at)
            if found is None:
                variable, high, low = nodes[at]
                if high == NEVER:
                    found = of(low) | 2 << 2 * variable
                elif low == NEVER:
                    found = of(high) | 1 << 2 * variable
                else:
                    found = of(high) & of(low)
                memo[at] = found
            return found

        bits = of(function)
        return frozenset((place // 2, place % 2 == 0) for place in range(bits.bit_length()) if bits >> place & 1)

    def some(self, function: int, variables: Collection[int]) -> int:
        """Return where the function holds for some truths of ``variables``, in one pass."""
        return self.negation(self.every(self.negation(function), variables)) if variables else function

    def put_in(self, function: int, truths: Mapping[int, bool]) -> int:
        """Return the function with the truths of several variables put in, in one pass."""
        memo: dict[int, int] = {NEVER: NEVER, ALWAYS: ALWAYS}
        last = max(truths, default=-1)

        def left(at: int) -> int:
            found = memo.get(at)
            if found is None:
                variable, high, low = self._nodes[at]
                truth = truths.get(variable)
                if variable > last:
                    found = at
                elif truth is None:
                    found = self.node(variable, left(high), left(low))
                else:
                    found = left(high if truth else low)
                memo[at] = found
            return found

        return left(function)

    def every(self, function: int, variables: Collection[int]) -> int:
        """Return where the function holds for all truths of ``variables``, in one pass."""
        memo: dict[int, int] = {NEVER: NEVER, ALWAYS: ALWAYS}

        def left(at: int) -> int:
            found = memo.get(at)
            if found is None:
                variable, high, low = self._nodes[at]
                up, down = left(high), left(low)
                found = self._both(up, down) if variable in variables else self.node(variable, up, down)
                memo[at] = found
            return found

        return left(function)

    def of_diagram(self, diagram: Diagram, tests: Sequence[int]) -> tuple[int, int]:
        """Return where a diagram's outcome holds and where it fails.

        Args:
            diagram: with its three terminals: impossible, holds, fails.
            tests: for each of its variables the function here that it is.
        """
        hold, fail = [NEVER, ALWAYS, NEVER], [NEVER, NEVER, ALWAYS]
        for variable, high, low in diagram.nodes:
            test = tests[variable]
            hold.append(self.choose(test, hold[high], hold[low]))
            fail.append(self.choose(test, fail[high], fail[low]))
        return hold[diagram.root], fail[diagram.root]

    def formula(self, least: int, most: int, *, at_most: int | None = None) -> tuple[Cube, ...]:
        """Return cubes whose disjunction lies between two functions, none of them and no literal to spare.

        ``least`` must imply ``most``; what lies between them may go either way.

        Raises:
            TooLong: it takes more than ``at_most`` cubes.
        """
        return self._formula(least, most, at_most or END)[1]

    def _formula(self, least: int, most: int, at_most: int) -> tuple[int, tuple[Cube, ...]]:
        if least == NEVER:
            return NEVER, ()
        if most == ALWAYS:
            return ALWAYS, ((),)
        found = self._forms.get((least, most))
        if found is None:
            variable = min(self._nodes[least][0], self._nodes[most][0])
            least_up, least_down = self._halves(least, variable)
            most_up, most_down = self._halves(most, variable)
            up, ups = self._formula(self.both(least_up, self.negation(most_down)), most_up, at_most)
            # The cubes of a part are all cubes of the whole.
            spare = at_most - len(ups)
            down, downs = self._formula(self.both(least_down, self.negation(most_up)), most_down, spare)
            left = self.either(self.both(least_up, self.negation(up)), self.both(least_down, self.negation(down)))
            rest, rests = self._formula(left, self.both(most_up, most_down), spare - len(downs))
            whole = self.either(self.node(variable, up, down), rest)
            cubes = (
                *(((variable, True), *cube) for cube in ups),
                *(((variable, False), *cube) for cube in downs),
                *rests,
            )
            found = self._forms[least, most] = whole, cubes
        if len(found[1]) > at_most:
            raise TooLong
        return found

    def count(self, function: int) -> float:
        """Return the share of all truths of the variables under which the function holds."""
        found = self._shares.get(function)
        if found is None:
            _, high, low = self._nodes[function]
            found = self._shares[function] = (self.count(high) + self.count(low)) / 2
        return found

    def path(self, function: int, wanted: Mapping[int, bool]) -> dict[int, bool]:
        """Return truths of variables under which the function holds, with as few as can be against ``wanted``.

        A variable left out may have either truth. ``function`` must not be ``NEVER``.
        """
        costs: dict[int, float] = {NEVER: float("inf"), ALWAYS: 0.0}

        def sides(at: int) -> tuple[float, float]:
            variable, high, low = self._nodes[at]
            return cost(high) + (wanted.get(variable) is not True), cost(low) + (wanted.get(variable) is not False)

        def cost(at: int) -> float:
            if at not in costs:
                costs[at] = min(sides(at))
            return costs[at]

        found: dict[int, bool] = {}
        while function > ALWAYS:
            variable, high, low = self._nodes[function]
            up, down = sides(function)
            found[variable] = up < down
            function = high if up < down else low
        return found
