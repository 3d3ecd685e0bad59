"""What would turn an answer, as it is handed out: minimal sets of facts, and of rules that would have to be away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from inforce.dates import recorded
from inforce.rules.answer import Answer, in_language
from inforce.rules.case import plain
from inforce.vocab import BASE

if TYPE_CHECKING:
    from inforce.kb import KnowledgeBase
    from inforce.phrases import Words
    from inforce.rules.decide import Question
    from inforce.rules.model import Rulebook, RuleVersion
    from inforce.rules.turning import Change, Turns

__all__ = ["Turning"]

# What a reader can take in; all are counted.
SHOWN = 8


class Turning:
    """What a knowledge base says of answers that might be otherwise."""

    def asked(self, question: Mapping[str, Any]) -> Question:
        """Return the question that an answer's ``question`` records, put again.

        Raises:
            UnknownIdError: a fact, value, action or reading that is not there any more.
            DateError: not a time that an answer records.
            FactsError: facts that exclude each other.
        """
        facts = {**question["facts"], **dict.fromkeys(question["unknown"], "unknown")}
        kb = cast("KnowledgeBase", self)
        return kb.question(
            facts,
            on=recorded(question["on"]["from"], question["on"]["until"]),
            action=question["action"],
            readings=question["readings"],
            known_on=question["known_on"],
        )

    def would_turn(self, answer: Answer, *, most: int | None = SHOWN, lang: str = "en") -> dict[str, Any]:
        """Return all minimal sets of facts, and of rule versions, that would turn an answer's headline; exactly these.

        ``into`` is the outcome they would bring: the opposite of the headline; the favourable one where it depends;
        ``None`` where no rule speaks. ``facts`` has ``count``, and ``sets`` of ``changes`` with their ``cost``, that of
        what a person would have to bring about: the cheapest first, and last those that need facts nobody can change
        to be otherwise than assumed. What is open and not assumed only has to turn out so and costs nothing. Sets that
        differ only in ``usual`` facts, open ones as they ordinarily are, are told and counted as one, with the fewest
        of these. ``words`` says for whom a set is so. What was given and cannot change, and what follows from it or
        from the day, stays. A change lists ``tests``, alternatives of tests that
        hold together, as in ``differ``. ``rules`` has ``count`` and ``sets`` of rule versions in force: were those of
        one set not, it would be ``into``. Where there are several outcomes in the time asked about, the last turns.

        Args:
            most: how many sets of each kind to return; ``None`` for all.
            lang: the language of each ``label``, as in ``Answer.to_dict``.

        >>> import inforce
        >>> kb = inforce.open()
        >>> answer = kb.check({"citizenships": "MEX"}, on="2010-05-01", action="trv-needed", ordinarily=True)
        >>> kb.would_turn(answer)["into"]
        'not-required'
        """
        from inforce.rules.turning import turning

        kb, asked = cast("KnowledgeBase", self), self.asked(answer.question)
        found = turning(asked, ordinarily=answer.headline == "ordinarily", tokens=kb.tokens, most=most)
        told = _told(found, kb.book)
        for tongue, field in (("en", "words"), ("fr", "words_fr")):
            words = kb.words(tongue)
            for one in told["facts"]["sets"]:
                one[field] = _in_words(one["changes"], words)
        return in_language(told, lang)


def _told(found: Turns, book: Rulebook) -> dict[str, Any]:
    return {
        "into": found.into,
        "facts": {
            "count": found.facts_count,
            "sets": [
                {"cost": turn.cost, "changes": [_change(change, book) for change in turn.changes]}
                for turn in found.facts
            ],
        },
        "rules": {
            "count": found.rules_count,
            "sets": [[_rule(rule) for rule in rules] for rules in found.rules],
        },
    }


def _in_words(changes: Sequence[Mapping[str, Any]], words: Words) -> str:
    # What is as usual needs no telling.
    said = [
        words.joined([words.all_of((change["fact"], *test) for test in tests) for tests in change["tests"]], "or")
        for change in changes
        if not change["usual"]
    ]
    return f"{words.grammar['people']} {words.joined(said, 'and')}" if said else ""


def _change(change: Change, book: Rulebook) -> dict[str, Any]:
    fact = book.facts[change.fact]
    return {
        "fact": change.fact,
        "label": fact.label.get("en", ""),
        "label_fr": fact.label.get("fr", ""),
        "tests": [[[operator, plain(value)] for operator, value in tests] for tests in change.tests],
        "example": plain(change.example),
        "given": plain(change.given),
        "assumed": plain(change.assumed),
        "changeable": change.changeable,
        "usual": change.usual,
    }


def _rule(rule: RuleVersion) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "version": BASE + rule.id,
        "label": rule.label.get("en", ""),
        "label_fr": rule.label.get("fr", ""),
    }
