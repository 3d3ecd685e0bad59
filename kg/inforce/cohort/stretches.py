"""What is in force on some days between two changes, or at an instant: one of those a cohort's rows fall into."""

from __future__ import annotations

from collections.abc import Sequence

from inforce.cohort.known import Entailed, Moment
from inforce.rules.conditions import Truth, Variable, variables
from inforce.rules.decide import Question, World
from inforce.rules.model import Interval, RuleVersion

__all__ = ["Stretch"]


class Stretch:
    """A question without facts, taken apart: the rules that count, and what follows from what.

    Attributes:
        counted: by the rules that count, whether each is in force (``None``: disputed).
        moments: of a day on which something changes, more than one; the last decides.
        unsettled: sources disagree about what is in force.
        lists: tests of lists that may be open though their fact is known: nobody knows since when an entry is on them.
        read: the facts that the rules read.
    """

    def __init__(self, question: Question) -> None:
        """Take the question."""
        self.question, self.book = question, question.book
        self.world = World(len(question.moments) - 1, question.widest)
        self.era = question.era(self.world)
        self.counted: dict[str, Truth] = {rule.id: truth for rule, truth in self.era.counted}
        self.moments = [
            Moment(self.book, moment.instant, question.known_on, self._entailed(moment.instant))
            for moment in question.moments
        ]
        self.unsettled = any(v[0] in ("rule", "condition") for v in self.era.diagram.variables)
        read = [v for rule, _ in self.era.counted for v in variables(rule.when, self.book) if v[0] != "condition"]
        self.read = tuple(dict.fromkeys(variable[1] for variable in read))
        self.lists = self._lists(read)

    @property
    def rules(self) -> list[RuleVersion]:
        """The rules that count."""
        return [rule for rule, _ in self.era.counted]

    @property
    def other_moments(self) -> list[Moment]:
        """The earlier moments at which something else follows from something than at the last."""
        # Most moments of a day differ in rules only.
        return [moment for moment in self.moments[:-1] if moment.entailed != self.moments[-1].entailed]

    def settled(self, variable: Variable) -> Truth:
        """Return the truth of what no fact decides."""
        return self.question.truth(variable, self.world, {})

    def _entailed(self, instant: str) -> list[Entailed]:
        found: list[Entailed] = []
        for key, entailments in self.book.entailments.items():
            name, _, token = key.partition("=")
            if name == "action" and token != self.question.action:
                continue
            for entailment in entailments:
                if entailment.interval.holds_at(instant, known_on=self.question.known_on):
                    origin = None if name == "action" else name
                    found.append((origin, token, entailment.fact, entailment.value))
        return found

    def _lists(self, read: Sequence[Variable]) -> list[Variable]:
        listed = dict.fromkeys(v for v in (*self.era.diagram.variables, *read) if v[0] == "list")
        instant = self.question.moments[-1].instant
        return [v for v in listed if any(_uncertain(i, instant) for i in self.book.lists.get(v[2], {}).values())]


def _uncertain(intervals: Sequence[Interval], instant: str) -> bool:
    return any(interval.uncertain_at(instant) for interval in intervals)
