"""What rules say against themselves: each kind of note, a rule set that has it, one that has not, and brute force.

The brute force knows nothing of diagrams: it tries every day on which something changes and every complete case.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from command_line import Ran, schema
from small_rules import Small, holds, small

from inforce.check.analysis import Note, notes, without
from inforce.check.rules import SAID
from inforce.rules.model import Condition, Entailment, Interval, Rulebook, RuleVersion

Case = dict[str, Any]
SEEDS = [*range(12), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 80))]


def day(year: int) -> str:
    return f"{year}-01-01T00:00:00"


def dated(seed: int, *, answers: str = "may", rules: int = 5) -> Small:
    """Random rules, each in force for some of the years 2001 to 2004, one or two of them versions of one rule."""
    chance = random.Random(seed)
    made = small(seed, answers=answers, rules=rules)
    for number, rule in enumerate(made.book.rules):
        first = chance.randrange(2001, 2004)
        until = chance.choice([None, *(day(year) for year in range(first + 1, 2005))])
        interval = Interval(day(first), until, day(first)[:10], until and until[:10])
        made.book.rules[number] = replace(rule, interval=interval)
    made.book.__post_init__()
    return made


def every(book: Rulebook) -> frozenset[str]:
    names = [("action", book.actions), ("fact", book.facts), ("condition", book.conditions)]
    return frozenset([rule.id for rule in book.rules] + [f"{kind}/{name}" for kind, found in names for name in found])


def said(made: Small) -> list[Note]:
    return list(notes(made.book, every(made.book)))


# ---- brute force --------------------------------------------------------------------------------------


class Tried:
    """A small rule set, every year and every complete case of it."""

    def __init__(self, made: Small) -> None:
        self.made, self.book = made, made.book
        self.cases = list(made.completions({}))
        self.years = [day(year) for year in range(2000, 2006)]
        self.rules = {at: [rule for rule in made.book.rules if rule.interval.holds_at(at)] for at in self.years}

    def stands(self, rules: list[RuleVersion], case: Case) -> dict[str, bool]:
        found: dict[str, bool] = {}
        for rule in reversed(rules):  # a rule is defeated only by later ones
            beaten = any(found[other.id] for other in rules if rule.rule in other.defeats and other.id in found)
            found[rule.id] = holds(rule.when, case) and not beaten
        return found

    def states(self) -> Iterator[tuple[list[RuleVersion], Case, dict[str, bool]]]:
        for rules in self.rules.values():
            for case in self.cases:
                yield rules, case, self.stands(rules, case)

    def outcome(self, rules: list[RuleVersion], case: Case) -> bool:
        stands = self.stands(rules, case)
        standing = {rule.effect for rule in rules if stands[rule.id]}
        if self.book.actions[self.made.action].answers == "required":
            return "require" in standing
        return "permit" in standing and "bar" not in standing

    def holding(self, rule: RuleVersion) -> bool:
        return any(holds(rule.when, case) for case in self.cases)

    def dead(self) -> dict[str, set[str]]:
        stood = {name for _, _, stands in self.states() for name, truth in stands.items() if truth}
        never = {rule.id for rule in self.book.rules if not self.holding(rule)}
        return {"never-holds": never, "never-stands": {rule.id for rule in self.book.rules} - stood - never}

    def conflicts(self) -> set[frozenset[str]]:
        return {
            frozenset((one.rule, other.rule))
            for rules, _, stands in self.states()
            for one in rules
            for other in rules
            if one.effect == "bar" and other.effect == "permit" and stands[one.id] and stands[other.id]
        }

    def idle(self) -> set[tuple[str, str]]:
        lifting = set()
        for rules, case, stands in self.states():
            for beaten in rules:
                if holds(beaten.when, case):
                    by = {rule.rule for rule in rules if beaten.rule in rule.defeats and stands[rule.id]}
                    if len(by) == 1:
                        lifting.add((by.pop(), beaten.rule))
        named = {(rule.rule, name) for rule in self.book.rules if self.holding(rule) for name in rule.defeats}
        return named - lifting

    def redundant(self) -> set[tuple[str, Condition]]:
        found = set()
        for rule in self.book.rules:
            if not self.holding(rule):
                continue
            for path, part in _narrowing(rule.when):
                shorter = replace(rule, when=without(rule.when, path))
                if all(
                    self.outcome(rules, case) == self.outcome([shorter if r == rule else r for r in rules], case)
                    for rules in self.rules.values()
                    if rule in rules
                    for case in self.cases
                ):
                    found.add((rule.id, part))
        return found

    def default_only(self) -> bool:
        now = self.rules[self.years[-1]]
        return bool(now) and any(
            not any(stands for rule, stands in zip(now, self.stands(now, case).values(), strict=True))
            for case in self.cases
        )

    def silent_years(self) -> set[str]:
        required = self.book.actions[self.made.action].answers == "required"
        return {at[:10] for at, rules in self.rules.items() if not any(r.effect != "exempt" or required for r in rules)}


def _narrowing(expr: Condition, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Condition]]:
    for place, member in enumerate(expr.members):
        if expr.op == "all":
            yield (*path, place), member
        if expr.op in ("all", "any"):
            yield from _narrowing(member, (*path, place))


@pytest.mark.parametrize("answers", ["may", "required"])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_said_is_what_trying_every_day_and_case_finds(seed: int, answers: str) -> None:
    made = dated(seed, answers=answers, rules=4 + seed % 3)
    tried, found = Tried(made), said(made)
    for kind, names in tried.dead().items():
        assert {note.subject for note in found if note.kind == kind} == names, kind
    rule_of = {rule.id: rule.rule for rule in made.book.rules}
    pairs = [frozenset((rule_of[n.subject], rule_of[n.names[0]])) for n in found if n.kind == "both-stand"]
    assert set(pairs) == tried.conflicts() and len(pairs) == len(set(pairs))
    lifts = ("never-meets", "never-together", "lifted-anyway")
    idle = [(rule_of[note.subject], note.names[0]) for note in found if note.kind in lifts]
    known = {rule.rule for rule in made.book.rules}
    assert set(idle) == {pair for pair in tried.idle() if pair[1] in known}
    parts = {(note.subject, note.part) for note in found if note.kind in ("decides-nothing", "follows")}
    assert parts == tried.redundant()
    assert any(note.kind == "only-default" for note in found) == tried.default_only()
    silent = [note.names[1:] for note in found if note.kind == "nobody-speaks"]
    years = {at[:10] for at in tried.years}
    assert {year for year in years if any(low <= year <= high for low, high in silent)} == tried.silent_years()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_example_is_a_case_in_which_it_shows(seed: int) -> None:
    made = dated(seed, rules=5)
    tried = Tried(made)
    rules = {rule.id: rule for rule in made.book.rules}
    for note in said(made):
        if note.example is None or note.kind not in ("both-stand", "never-stands", "lifted-anyway", "says-the-same"):
            continue
        from inforce.rules.case import read_facts

        given, _ = read_facts(dict(note.example.facts), made.book, lambda scheme: {})
        usual = {f.name: f.ordinarily for f in made.book.facts.values() if f.has_ordinary}
        at = f"{note.example.on}T00:00:00"
        here = [rule for rule in made.book.rules if rule.interval.holds_at(at)]
        # Facts that no rule reads may have any value.
        case = {**{name: values[0] for name, values in made.values.items()}, **usual, **given}
        stands = tried.stands(here, case)
        if note.kind == "both-stand":
            assert stands[note.subject] and stands[note.names[0]], note
        elif note.kind == "never-stands":
            assert holds(rules[note.subject].when, case) and not stands[note.subject]


# ---- each kind, where it is and where it is not ------------------------------------------------------------

P, Q, R = (Condition("true", fact=name) for name in "pqr")
NOT_P = Condition("false", fact="p")


def both(*members: Condition) -> Condition:
    return Condition("all", members)


def rules_of(*rules: tuple[str, Condition, tuple[str, ...]], answers: str = "may") -> Small:
    """Rules by effect, condition and what they defeat: R0, R1 … in force from 2002 on."""
    made = small(1, answers=answers, rules=1)
    [model] = made.book.rules
    interval = Interval("2002-01-01T00:00:00", None, "2002-01-01", None)
    made.book.rules[:] = [
        replace(model, id=f"rule/R{n}/2002", rule=f"R{n}", effect=effect, when=when, defeats=defeats, interval=interval)
        for n, (effect, when, defeats) in enumerate(rules)
    ]
    made.book.constraints.clear()
    made.book.constraints_of.clear()
    made.book.__post_init__()
    return made


ALL = Condition("all")
KINDS: list[tuple[str, Small, Small]] = [
    ("never-holds", rules_of(("permit", both(P, NOT_P), ())), rules_of(("permit", both(P, Q), ()))),
    (
        "never-stands",
        rules_of(("bar", both(P, Q), ()), ("permit", P, ("R0",))),
        rules_of(("bar", P, ()), ("permit", both(P, Q), ("R0",))),
    ),
    ("exempts-nothing", rules_of(("exempt", P, ())), rules_of(("bar", Q, ()), ("exempt", P, ("R0",)))),
    (
        "never-meets",
        rules_of(("bar", P, ()), ("exempt", NOT_P, ("R0",))),
        rules_of(("bar", P, ()), ("exempt", Q, ("R0",))),
    ),
    (
        "lifted-anyway",
        rules_of(("bar", P, ()), ("exempt", Q, ("R0",)), ("exempt", both(Q, R), ("R0",))),
        rules_of(("bar", P, ()), ("exempt", Q, ("R0",)), ("exempt", R, ("R0",))),
    ),
    (
        "both-stand",
        rules_of(("bar", P, ()), ("permit", Q, ())),
        rules_of(("bar", P, ()), ("permit", both(Q, NOT_P), ())),
    ),
    (
        "says-the-same",
        rules_of(("permit", both(P, Q), ()), ("permit", both(Q, P), ())),
        rules_of(("permit", both(P, Q), ()), ("permit", both(Q, R), ())),
    ),
    ("follows", rules_of(("permit", both(P, both(P, Q)), ())), rules_of(("permit", both(R, both(P, Q)), ()))),
    (
        "decides-nothing",
        rules_of(("permit", P, ()), ("bar", both(P, Q), ())),
        rules_of(("permit", Condition("any", (P, R)), ()), ("bar", both(P, Q), ())),
    ),
    ("only-default", rules_of(("permit", P, ())), rules_of(("permit", P, ()), ("bar", NOT_P, ()))),
]


@pytest.mark.parametrize(("kind", "having", "lacking"), KINDS, ids=[kind for kind, _, _ in KINDS])
def test_each_kind_is_found_where_it_is_and_only_there(kind: str, having: Small, lacking: Small) -> None:
    assert [note for note in said(having) if note.kind == kind]
    assert not [note for note in said(lacking) if note.kind == kind]


def test_an_exception_in_force_only_when_its_rule_is_not_is_named() -> None:
    made = rules_of(("bar", P, ()), ("exempt", Q, ("R0",)))
    early = Interval("2000-01-01T00:00:00", "2001-01-01T00:00:00", "2000-01-01", None)
    made.book.rules[1] = replace(made.book.rules[1], interval=early)
    made.book.__post_init__()
    [note] = [note for note in said(made) if note.kind == "never-together"]
    assert note.subject == "rule/R1/2002" and note.names == ("R0",)


def test_an_end_between_two_starts_is_a_world_of_its_own() -> None:
    # The permit lifts the bar only while an exception that ends keeps another exception away.
    made = rules_of(("bar", P, ()), ("permit", P, ()), ("exempt", P, ("R0",)))
    ending = Interval("2001-01-01T00:00:00", "2003-05-01T00:00:00", "2001-01-01", None)
    made.book.rules[2] = replace(made.book.rules[2], interval=ending)
    made.book.__post_init__()
    [note] = [note for note in said(made) if note.kind == "both-stand"]
    assert note.names == ("rule/R1/2002", "permit", "2003-05-01")


def test_versions_with_days_between_them_and_days_of_which_no_rule_speaks() -> None:
    made = rules_of(("permit", P, ()), ("permit", Q, ()))
    first, second = made.book.rules
    early = Interval("2001-01-01T00:00:00", "2002-03-01T00:00:00", "2001-01-01", None)
    late = Interval("2004-01-01T00:00:00", "2019-01-01T00:00:00", "2004-01-01", None)
    made.book.rules[:] = [replace(first, interval=early), replace(second, rule="R0", interval=late)]
    made.book.__post_init__()
    found = said(made)
    [gap] = [note for note in found if note.kind == "between-versions"]
    assert gap.names == ("2002-03-01", "R0", "2004-01-01")
    silent = [note.names[1:] for note in found if note.kind == "nobody-speaks"]
    assert silent == [("2000-01-01", "2000-12-31"), ("2002-03-01", "2003-12-31"), ("2019-01-01", "2020-01-01")]


def test_a_fact_that_nothing_reads_is_named_and_one_that_implies_another_is_not() -> None:
    made = rules_of(("permit", P, ()))
    assert {n.names[0] for n in said(made) if n.kind == "fact-unread"} == {"q", "r", "choice", "set", "number"}
    made.book.entailments["choice=A"] = (Entailment("p", True, made.book.rules[0].interval, "e"),)
    assert {n.names[0] for n in said(made) if n.kind == "fact-unread"} == {"q", "r", "set", "number"}


def test_what_the_action_itself_implies_is_no_case_to_tell_of() -> None:
    made = rules_of(("bar", NOT_P, ()), ("permit", Q, ()))
    assert [n for n in said(made) if n.kind == "both-stand"]
    made.book.entailments[f"action={made.action}"] = (Entailment("p", True, made.book.rules[0].interval, "e"),)
    assert [n.kind for n in said(made) if n.kind in ("both-stand", "never-holds")] == ["never-holds"]


def test_a_contested_reading_is_told_of_either_way() -> None:
    made = rules_of(("permit", P, ()), ("bar", both(P, Q), ()))
    assert [n for n in said(made) if n.kind == "decides-nothing"]
    # Where the bar may be read away its parts are still to no effect, but a permit within it is not.
    made.book.rules[1] = replace(made.book.rules[1], contested=True, by_default=False)
    made.book.__post_init__()
    [both_] = [n for n in said(made) if n.kind == "both-stand"]
    assert both_.example is not None and both_.example.readings == ("R1",)


# ---- the packaged rules --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packaged(kb: Any) -> list[Any]:
    return list(kb.rule_findings())


def test_every_example_of_the_packaged_rules_replays(kb: Any, packaged: list[Any]) -> None:
    with_example = [one for one in packaged if one.example is not None]
    assert len(with_example) > 40
    for one in with_example:
        case = one.example
        answer = kb.check(dict(case.facts), on=case.on, action=case.action, readings=case.readings, ordinarily=True)
        standing = {ground.version for ground in answer.grounds if ground.stands}
        if one.code == "W_CONFLICT":
            other = one.message.split("<")[1].split(">")[0]
            assert {one.subject.strip("<>"), other} <= standing, one
        elif one.code == "W_DEFAULT":
            assert answer.verdict == kb.book.actions[case.action].default, one


def test_what_can_be_left_out_changes_no_answer_at_random(kb: Any, packaged: list[Any]) -> None:
    # Each redundant part of the packaged rules, left out: the same outcomes for random cases on its first day.
    from inforce.rules.compile import compile_action
    from inforce.rules.decide import Question, World

    found = [note for note in notes(kb.book, every(kb.book)) if note.part is not None]
    assert found
    chance = random.Random(4)
    for note in found:
        rule = kb.book.rule(note.subject)
        [path] = [path for path, part in _narrowing(rule.when) if part == note.part]
        shorter = [replace(r, when=without(r.when, path)) if r == rule else r for r in kb.book.rules]
        for action in rule.actions:
            book = replace(kb.book, rules=shorter, diagrams=dict(kb.book.diagrams), cache={}, _by_id={})
            book.diagrams[action] = compile_action(book, action)
            for _ in range(150):
                facts = _random_case(chance, kb.book)
                words = []
                for one in (kb.book, book):
                    try:
                        asked = Question(one, action, facts, kb.when(rule.interval.first_day))
                        words.append(asked.outcome(World(len(asked.moments) - 1, asked.widest)))
                    except ValueError:
                        words.append("excluded")
                assert words[0] == words[1], (note, facts)


def _random_case(chance: random.Random, book: Rulebook) -> Case:
    found: Case = {}
    for fact in book.facts.values():
        if fact.follows_day or chance.random() < 0.3:
            continue
        if fact.kind == "boolean":
            found[fact.name] = chance.random() < 0.5
        elif fact.kind == "choice" and fact.values and not fact.multiple:
            found[fact.name] = chance.choice(fact.values)
    return found


def test_the_whole_takes_seconds_and_says_little(packaged: list[Any]) -> None:
    codes = [one.code for one in packaged]
    assert codes.count("W_CONFLICT") < 50 and len(codes) - codes.count("W_CONFLICT") < 15
    assert all(one.message_fr and one.message_fr != one.message for one in packaged)
    assert all("{" not in one.message + one.message_fr for one in packaged)


def test_it_is_told_in_both_languages_and_by_schema(run: Callable[..., Ran]) -> None:
    found = json.loads(run("validate --rules --json").out)
    schema("findings").validate(found)
    # What the package's own rules say more than they need is known, and why is said: nothing is left to warn of.
    kept = [one for one in found if one["code"] in ("W_REDUNDANT", "W_IDLE")]
    assert {one["severity"] for one in found} == {"note"}
    assert [one["subject"] for one in kept] == [
        "<rule/R-LOI-FLAG-2024/2024-12-24>",
        "<rule/R-ETA-71-VESSEL/2026-06-05>",
        "<rule/X-ETA-VESSEL/2026-06-05>",
    ]
    assert all("; known, and kept: " in one["message"] and " ; connu, et gardé : " in one["message_fr"] for one in kept)
    french = json.loads(run("validate --rules --lang fr --json").out)
    assert [one["message"] for one in french] == [one["message_fr"] for one in found]
    page = run("validate --rules --lang fr").out
    assert "peut tenir en même temps que R-WP-198-1 du 2002-06-28, une permission" in " ".join(page.split())
    assert "connu, et gardé : Qui n'a pas de lettre d'introduction" in " ".join(page.split())
    assert page.endswith("à considérer\n")


def test_each_kind_has_a_sentence_in_both_languages() -> None:
    for _, english, french in SAID.values():
        assert ": " in english and " : " in french
        assert {part.split("}")[0] for part in english.split("{")[1:]} == {
            part.split("}")[0] for part in french.split("{")[1:]
        }
