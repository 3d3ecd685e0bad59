"""What rules say against each other and against themselves, exactly: every day, every case, both readings.

Each kind of note is a generator over the worlds of an action; what it says is ``inforce.check.rules``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations

from inforce.check.finding import Example
from inforce.check.worlds import Space, World
from inforce.rules.conditions import variables
from inforce.rules.functions import NEVER
from inforce.rules.model import Condition, Rulebook, RuleVersion, facts_in

__all__ = ["Note", "notes", "without"]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing found: its kind, what it is about, what its sentence names, and a case that shows it."""

    kind: str
    subject: str
    names: tuple[str, ...] = ()
    example: Example | None = None
    part: Condition | None = None


Path = tuple[int, ...]


def notes(book: Rulebook, judged: frozenset[str]) -> Iterator[Note]:
    """Yield what is to be said of the subjects ``judged``.

    They are ids of versions, ``action/NAME``, ``fact/NAME`` and ``condition/NAME``.
    """
    yield from _unread(book, judged)
    yield from _gaps(book, judged)
    spaces = []
    for action in book.actions:
        space = Space(book, action)
        concerned = f"action/{action}" in judged or any(rule.id in judged for rule in space.rules)
        if concerned and space.rules:
            spaces.append((space, list(space.worlds())))
        if f"action/{action}" in judged:
            yield from _silent(space)
    yield from _dead(spaces, judged)
    yield from _idle(spaces, judged)
    yield from _conflicts(spaces, judged)
    yield from _twins(spaces, judged)
    yield from _redundant(spaces, judged)
    for space, _ in spaces:
        if f"action/{space.action}" in judged:
            yield from _by_default(space)


Spaces = list[tuple[Space, list[World]]]


# ---- what never holds, stands or lifts ---------------------------------------------------------------


def _dead(spaces: Spaces, judged: frozenset[str]) -> Iterator[Note]:
    for rule in _judged(spaces, judged):
        never_holds: list[str] = []
        never_stands: list[str] = []
        by: set[str] = set()
        shown: Example | None = None
        for space, worlds in spaces:
            here = [world for world in worlds if rule in world.rules]
            if not here:
                continue
            held = next((world for world in here if world.together(world.holds(rule)) != NEVER), None)
            if held is None:
                never_holds.append(space.action)
            elif all(world.together(world.stands[rule.id]) == NEVER for world in here):
                never_stands.append(space.action)
                by |= {other.rule for world in here for other in world.defeating(rule)}
                shown = shown or held.example(held.together(held.holds(rule)))
        if never_holds:
            yield Note("never-holds", rule.id, (", ".join(never_holds),))
        if never_stands:
            yield Note("never-stands", rule.id, (", ".join(never_stands), *sorted(by)), shown)
        if rule.effect == "exempt" and not rule.defeats:
            yield Note("exempts-nothing", rule.id)


def _judged(spaces: Spaces, judged: frozenset[str]) -> Iterator[RuleVersion]:
    found = {rule.id: rule for space, _ in spaces for rule in space.rules if rule.id in judged}
    yield from found.values()


def _idle(spaces: Spaces, judged: frozenset[str]) -> Iterator[Note]:
    # Of an exception and a rule it names: is there a case that it lifts? One version that lifts is enough for a rule.
    named = dict.fromkeys(
        (rule.rule, name) for rule in _judged(spaces, judged) for name in rule.defeats if _holds_somewhere(spaces, rule)
    )
    for name, target in named:
        together = lifts = False
        meets: tuple[World, int] | None = None
        others: set[str] = set()
        last = ""
        for space, worlds in spaces:
            last = max([last, *(r.id for r in space.rules if r.rule == name and r.id in judged)])
            for world in worlds:
                for rule in (r for r in world.rules if r.rule == name and target in r.defeats):
                    for beaten in (r for r in world.rules if r.rule == target):
                        together = True
                        met = world.together(world.stands[rule.id], world.holds(beaten))
                        rivals = [r for r in world.defeating(beaten) if r.rule != name]
                        f = space.functions
                        alone = f.both(met, *(f.negation(world.stands[r.id]) for r in rivals))
                        lifts = lifts or alone != NEVER
                        if met != NEVER:
                            meets = meets or (world, met)
                            others |= {r.rule for r in rivals if f.both(met, world.stands[r.id]) != NEVER}
        if lifts:
            continue
        if meets is not None:
            yield Note("lifted-anyway", last, (target, *sorted(others)), meets[0].example(meets[1]))
        else:
            yield Note("never-meets" if together else "never-together", last, (target,))


def _holds_somewhere(spaces: Spaces, rule: RuleVersion) -> bool:
    # What never holds is told as that.
    return any(rule in w.rules and w.together(w.holds(rule)) != NEVER for _, worlds in spaces for w in worlds)


# ---- two rules ---------------------------------------------------------------------------------------


def _conflicts(spaces: Spaces, judged: frozenset[str]) -> Iterator[Note]:
    met: set[tuple[str, str]] = set()
    for _, worlds in spaces:
        for world in worlds:
            permits = [rule for rule in world.rules if rule.effect == "permit"]
            for bar in (rule for rule in world.rules if rule.effect == "bar"):
                for permit in permits:
                    pair = (bar.rule, permit.rule)
                    if pair in met or not judged & {bar.id, permit.id}:
                        continue
                    cases = world.together(world.stands[bar.id], world.stands[permit.id])
                    if cases != NEVER:
                        met.add(pair)
                        one, other = (bar, permit) if bar.id in judged else (permit, bar)
                        yield Note("both-stand", one.id, (other.id, other.effect, world.day), world.example(cases))


def _twins(spaces: Spaces, judged: frozenset[str]) -> Iterator[Note]:
    for one, other in combinations({rule.id: rule for space, _ in spaces for rule in space.rules}.values(), 2):
        if one.rule == other.rule or not judged & {one.id, other.id} or not _alike(one, other, spaces):
            continue
        shown: tuple[World, int] | None = None
        same = True
        for space, worlds in spaces:
            f = space.functions
            for world in worlds:
                if one in world.rules and other in world.rules:
                    first, second = (world.together(world.holds(rule)) for rule in (one, other))
                    same = same and first == second
                    if first != NEVER and f.both(first, second) != NEVER:
                        shown = shown or (world, first)
        if same and shown is not None:
            subject, named = (other, one) if other.id in judged else (one, other)
            yield Note("says-the-same", subject.id, (named.id,), shown[0].example(shown[1]))


def _alike(one: RuleVersion, other: RuleVersion, spaces: Spaces) -> bool:
    # The same effect on the same actions, lifting and lifted by the same rules.
    if (one.effect, set(one.actions), set(one.defeats)) != (other.effect, set(other.actions), set(other.defeats)):
        return False
    rules = [rule for space, _ in spaces for rule in space.rules]
    return all((one.rule in rule.defeats) == (other.rule in rule.defeats) for rule in rules)


# ---- what could be left out of a condition -------------------------------------------------------------


def _redundant(spaces: Spaces, judged: frozenset[str]) -> Iterator[Note]:
    for rule in _judged(spaces, judged):
        # The latest first: what matters, matters mostly there.
        here = [world for _, worlds in spaces for world in reversed(worlds) if rule in world.rules]
        if not any(world.together(world.holds(rule)) != NEVER for world in here):
            continue
        for path in _conjuncts(rule.when):
            shorter = without(rule.when, path)
            if all(world.differs(world.fold({rule.id: shorter})) == NEVER for world in here):
                wider = ((w, w.together(w.holds(replace(rule, when=shorter)), _no(w, rule))) for w in here)
                shown = next(((world, cases) for world, cases in wider if cases != NEVER), None)
                example = shown[0].example(shown[1]) if shown is not None else None
                kind = "decides-nothing" if shown is not None else "follows"
                yield Note(kind, rule.id, (), example, _at(rule.when, path))


def _no(world: World, rule: RuleVersion) -> int:
    return world.space.functions.negation(world.holds(rule))


def _conjuncts(expr: Condition) -> Iterator[Path]:
    # Where in a condition there is something that only narrows it.
    for place, member in enumerate(expr.members):
        if expr.op == "all":
            yield (place,)
        if expr.op in ("all", "any"):
            yield from ((place, *path) for path in _conjuncts(member))


def _at(expr: Condition, path: Path) -> Condition:
    return _at(expr.members[path[0]], path[1:]) if path else expr


def without(expr: Condition, path: Path) -> Condition:
    """Return a condition without the member at a path of places."""
    place, *rest = path
    members = expr.members
    inner = () if not rest else (without(members[place], tuple(rest)),)
    return replace(expr, members=(*members[:place], *inner, *members[place + 1 :]))


# ---- days and cases of which nothing is said -------------------------------------------------------------


def _gaps(book: Rulebook, judged: frozenset[str]) -> Iterator[Note]:
    for rule in book.rules:
        end = rule.interval.ends
        later = [r.interval.starts for r in book.rules if r.rule == rule.rule and end and r.interval.starts >= end]
        if rule.id in judged and end and later and min(later) > end:
            yield Note("between-versions", rule.id, (end[:10], rule.rule, min(later)[:10]))


def _silent(space: Space) -> Iterator[Note]:
    # Stretches of the days covered in which no rule speaks to the action.
    book, action = space.book, space.action
    required = book.actions[action].answers == "required"
    day, last = book.covers_from, book.verified_through
    speaking = [r.interval for r in space.rules if r.effect != "exempt" or required]
    for interval in sorted(speaking, key=lambda one: one.starts):
        first, until = interval.first_day, interval.until_day
        if first > day:
            yield Note("nobody-speaks", f"action/{action}", (action, day, _before(min(first, _after(last)))))
        day = max(day, until or "9999-12-31")
        if day > last:
            return
    if day <= last:
        yield Note("nobody-speaks", f"action/{action}", (action, day, last))


def _before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _by_default(space: Space) -> Iterator[Note]:
    # Cases in which no rule that has a condition stands: said of the rules as they are now.
    world = space.at(f"{space.book.verified_through}T23:59:59")
    if not world.rules:
        return
    f = space.functions
    standing = (world.stands[rule.id] for rule in world.rules if rule.when != ANYBODY)
    cases = world.together(*(f.negation(one) for one in standing))
    if cases != NEVER:
        default = space.book.actions[space.action].default
        yield Note("only-default", f"action/{space.action}", (space.action, default), world.example(cases))


ANYBODY = Condition("all")


# ---- what nothing reads ------------------------------------------------------------------------------


def _unread(book: Rulebook, judged: frozenset[str]) -> Iterator[Note]:
    expressions = [rule.when for rule in book.rules] + [item.expr for item in book.constraints]
    read = {v[1] for expr in expressions for v in variables(expr, book) if v[0] != "condition"}
    read |= {key.split("=")[0] for key in book.entailments}
    for name in book.facts:
        if name not in read and f"fact/{name}" in judged:
            yield Note("fact-unread", f"fact/{name}", (name,))
    used = {name for expr in expressions for name in _referred(expr, book)}
    for name, condition in book.conditions.items():
        if name not in used and f"condition/{name}" in judged:
            yield Note("condition-unread", f"condition/{name}", (name, ", ".join(sorted(facts_in(condition.expr)))))


def _referred(expr: Condition, book: Rulebook) -> Iterable[str]:
    if expr.op == "ref":
        yield str(expr.target)
        yield from _referred(book.conditions[expr.target].expr, book)
    for member in expr.members:
        yield from _referred(member, book)
