"""An interview: asks only what can still change the outcome, what tells most first, until nothing is left to ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inforce.dates import When, recorded
from inforce.errors import FactsError, InputError, UsageError
from inforce.rules.answer import Answer, ask
from inforce.rules.case import fold, plain, shown
from inforce.rules.decide import Missing, Question
from inforce.rules.grounds import Ground

if TYPE_CHECKING:
    from inforce.kb import KnowledgeBase
    from inforce.rules.model import Fact

__all__ = ["Asked", "Interview"]

SCHEMA = "inforce/interview/1"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: its fact, the values it may have, and where each leads.

    ``values`` is empty where any name of a list will do, or a number or a day; ``multiple``: several may be given.
    ``leads`` has the outcome by value as it would then stand. ``at_most`` is how many questions are still to come at
    worst, this one included: each answer settles its own and often others, none comes back, and whoever never knows
    is asked them all.
    """

    fact: Fact
    number: int
    values: tuple[str, ...]
    leads: Mapping[str, str]
    gain: float
    at_most: int

    @property
    def multiple(self) -> bool:
        """Whether several values may be given."""
        return self.fact.multiple


class Interview:
    """An interview about one action on one day; every answer can be taken back, and the whole be kept as JSON.

    >>> import inforce
    >>> interview = Interview(inforce.open(), on="2025-06-01", action="trv-needed")
    >>> interview.next().fact.name
    'citizenships'
    >>> interview.answer("USA")
    >>> interview.next() is None, interview.result().outcome
    (True, 'not-required')
    """

    def __init__(
        self,
        kb: KnowledgeBase,
        facts: Mapping[str, Any] | None = None,
        *,
        on: str | When | None = None,
        action: str | None = None,
        known_on: str | None = None,
        readings: Iterable[str] = (),
    ) -> None:
        """Begin with facts that need not be asked.

        Raises:
            UnknownIdError: no such fact, value, action or reading.
            FactsError: facts that exclude each other.
            DateError: not a date.
        """
        self.kb = kb
        self.readings = tuple(readings)
        first = kb.question(facts, on=on, action=action, known_on=known_on, readings=self.readings)
        self.when, self.action, self.known_on = first.when, first.action, first.known_on
        self.given: dict[str, Any] = {name: plain(value) for name, value in first.facts.items()}
        self.given |= dict.fromkeys(sorted(first.unknown), UNKNOWN)
        self.steps: list[tuple[str, Any]] = []
        self._question = first
        self._missing: list[Missing] | None = None

    # ---- asking ------------------------------------------------------------------------------

    @property
    def question(self) -> Question:
        """The question as far as it is answered."""
        return self._question

    def next(self) -> Asked | None:
        """Return what to ask next; ``None`` where no open fact that is not said to be unknown can change anything."""
        left = self._left()
        if not left:
            return None
        best = left[0]
        fact = self.kb.book.facts[best.fact]
        values = ("yes", "no") if fact.kind == "boolean" else fact.values or ()
        return Asked(fact, len(self.steps) + 1, values, dict(best.settles), best.gain, len(left))

    def _left(self) -> list[Missing]:
        if self._missing is None:
            self._missing = [one for one in self._question.missing() if one.fact not in self._question.unknown]
        return self._missing

    def usually(self) -> int | None:
        """Return how many questions are left, this one included, if each is answered as things ordinarily are.

        ``None`` where a question comes for which nothing is ordinary.
        """
        ahead = Interview.__new__(Interview)
        ahead.__dict__ |= self.__dict__
        count = 0
        while (asked := ahead.next()) is not None:
            if not asked.fact.has_ordinary:
                return None
            count += 1
            try:
                ahead.answer(plain(asked.fact.ordinarily))
            except FactsError:
                return None  # what is ordinary cannot be, after what was said
        return count

    def answer(self, value: Any) -> None:
        """Take the answer to what is asked next, as ``check`` takes a fact; ``unknown`` where it is not known.

        Raises:
            UsageError: nothing is asked any more.
            UnknownIdError: no such value.
            FactsError: not a value of this fact, or one that what was said before excludes.
        """
        asked = self.next()
        if asked is None:
            raise UsageError("nothing is left to ask", hint="take an answer back first")
        self._take([*self.steps, (asked.fact.name, value)])

    def back(self) -> bool:
        """Take the last answer back; return whether there was one."""
        if not self.steps:
            return False
        self._take(self.steps[:-1])
        return True

    def _take(self, steps: list[tuple[str, Any]]) -> None:
        question = self.kb.question(
            {**self.given, **dict(steps)},
            on=self.when,
            action=self.action,
            known_on=self.known_on,
            readings=self.readings,
        )
        self.steps = [(name, plain(question.facts[name]) if name in question.facts else UNKNOWN) for name, _ in steps]
        self._question, self._missing = question, None

    def because(self) -> tuple[Ground, ...]:
        """Return the rules for which what is asked next matters: in force, and open in a test of that fact."""
        asked = self.next()
        if asked is None:
            return ()
        return tuple(ground for ground in self.result().grounds if asked.fact.name in set(_open(ground.condition)))

    def meant(self, text: str) -> str:
        """Return the value meant by what a person typed: the number of a value, its name or code, or itself."""
        asked = self.next()
        words = [fold(word) for word in text.replace(";", ",").split(",")]
        if asked is None or not asked.values or not all(word.isdigit() for word in words):
            return text.strip()
        numbers = [int(word) for word in words]
        if not all(1 <= number <= len(asked.values) for number in numbers):
            return text.strip()
        return ",".join(asked.values[number - 1] for number in numbers)

    # ---- the end -----------------------------------------------------------------------------

    @property
    def facts(self) -> dict[str, str]:
        """All that was given or answered, as typed after ``inforce check``."""
        said = {**self.given, **dict(self.steps)}
        return {name: shown(tuple(value) if isinstance(value, list) else value) for name, value in said.items()}

    def result(self, *, ordinarily: bool = False) -> Answer:
        """Return the answer on what is known so far: what ``check`` says of the same facts."""
        return ask(self._question, ordinarily=ordinarily)

    # ---- kept --------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the interview as JSON form ``inforce/interview/1``, to be taken up again by ``resume``."""
        instant = self.when.instant
        on = {"from": str(self.when.first), "until": str(self.when.until)}
        if instant is not None:
            # As it was typed too, with its offset: what check reads.
            on = {"from": instant, "until": instant, "text": self.when.text}
        return {
            "schema": SCHEMA,
            "action": self.action,
            "on": on,
            "known_on": self.known_on,
            "readings": list(self.readings),
            "facts": dict(self.given),
            "steps": [{"fact": name, "value": value} for name, value in self.steps],
            "done": not self._left(),
            "data": {"version": self.kb.version},
        }

    @classmethod
    def resume(cls, kb: KnowledgeBase, kept: Mapping[str, Any]) -> Interview:
        """Take up an interview that was kept; what was answered is read by today's data.

        Raises:
            InputError: not a kept interview.
            UnknownIdError: a fact, value, action or reading that is not there any more.
            FactsError: facts that exclude each other.
        """
        try:
            if kept["schema"] != SCHEMA:
                raise InputError(f'this is "{kept["schema"]}", not a kept interview', code="E_CASE", hint=_SHAPE)
            on = kept["on"]
            when = kb.when(on["text"]) if "text" in on else recorded(on["from"], on["until"])
            steps = [(str(step["fact"]), step["value"]) for step in kept["steps"]]
            found = cls(
                kb,
                dict(kept["facts"]),
                on=when,
                action=kept["action"],
                known_on=kept["known_on"],
                readings=kept["readings"],
            )
        except (KeyError, TypeError, AttributeError):
            raise InputError("this JSON is not a kept interview", code="E_CASE", hint=_SHAPE) from None
        if len({name for name, _ in steps} | set(found.given)) != len(steps) + len(found.given):
            raise InputError("a fact stands twice in this interview", code="E_CASE", hint=_SHAPE)
        found._take(steps)
        return found


_SHAPE = "keep one: inforce interview --save FILE"


def _open(node: Mapping[str, Any]) -> Iterator[str]:
    # The facts whose tests a condition still waits for.
    if node["state"] == "unknown":
        if node["op"] == "fact":
            yield str(node["fact"])
        for member in node.get("members", ()):
            yield from _open(member)
