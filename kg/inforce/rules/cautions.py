"""What the reader of an answer should know besides: disputes, wordings not held, days not verified, other readings."""

from __future__ import annotations

from dataclasses import dataclass

from inforce.rules.decide import NOT_COVERED, Question, Segment, World
from inforce.rules.grounds import Ground
from inforce.rules.model import Rulebook
from inforce.wording import provision_words

__all__ = ["Caution", "cautions_of"]


_OUTCOMES_FR = {
    "may": "peut",
    "may-not": "ne peut pas",
    "required": "requis",
    "not-required": "non requis",
    "depends": "cela dépend",
    "not-covered": "non couvert",
}


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the reader should know: a stable ``code``, a sentence in both languages, and what it refers to."""

    code: str
    message: str
    message_fr: str
    refs: tuple[str, ...] = ()


def cautions_of(
    question: Question,
    grounds: tuple[Ground, ...],
    words: list[str],
    last: int,
    segments: tuple[Segment, ...],
    readings: list[World],
) -> tuple[Caution, ...]:
    """Return the cautions of an answer: ``words`` are the outcomes of the worlds asked, the readings last."""
    book, found = question.book, []
    if not question.when.single_day and len(segments) > 1:
        days = ", ".join(segment.first for segment in segments[1:])
        found.append(
            Caution(
                "changes-within",
                f"the outcome changes within the time asked about: {days}",
                f"le résultat change au cours de la période demandée : {days}",
            )
        )
    disputed = _disputed(question)
    if disputed:
        found.append(
            Caution(
                "sources-disagree",
                "sources disagree about when this took effect: " + _claimed(book, disputed, "en"),
                "les sources ne s'accordent pas sur la prise d'effet : " + _claimed(book, disputed, "fr"),
                tuple(disputed),
            )
        )
    unheld = sorted(
        {
            (p["citation"], p.get("text_held_from") or "")
            for ground in grounds
            if ground.decisive or ground.stands
            for p in ground.provisions
            if p["version"] is None
        }
    )
    if unheld:
        english = [f"{citation} (held from {first})" if first else citation for citation, first in unheld]
        cited = [(provision_words(citation, "fr"), first) for citation, first in unheld]
        french = [f"{citation} (détenu depuis le {first})" if first else citation for citation, first in cited]
        found.append(
            Caution(
                "text-not-held",
                "the wording of that day is not held: " + ", ".join(english),
                "le libellé de ce jour n'est pas détenu : " + ", ".join(french),
                tuple(english),
            )
        )
    if str(question.when.last) > book.verified_through:
        day = book.verified_through
        found.append(
            Caution(
                "beyond-verified",
                f"the law was checked to {day}; later changes are not known",
                f"le droit a été vérifié jusqu'au {day} ; les changements ultérieurs ne sont pas connus",
            )
        )
    for world, word in zip(readings, words[len(words) - len(readings) :], strict=True):
        if word != words[last]:
            found.append(
                Caution(
                    "reading-would-change",
                    f"a contested reading decides: {_switch(question, world, 'en')} --reading {world.switched}"
                    f" the outcome is {word}",
                    f"une lecture contestée est décisive : {_switch(question, world, 'fr')} --reading {world.switched}"
                    f" le résultat est « {_OUTCOMES_FR[word]} »",
                    (world.switched,),
                )
            )
    if words[last] == NOT_COVERED:
        found.append(_not_covered(question))
    return tuple(found)


def _claimed(book: Rulebook, claims: list[str], lang: str) -> str:
    """Return what the claims say, in one of the two languages where it is said in it."""
    labels = (book.claims[name]["label"] for name in claims)
    return (" ; " if lang == "fr" else "; ").join(label.get(lang) or label.get("en", "") for label in labels)


def _switch(question: Question, world: World, lang: str) -> str:
    """Return how a reading is switched from what was asked: ``with`` or ``without``."""
    given = world.switched in question.readings
    return {"en": ("with", "without"), "fr": ("avec", "sans")}[lang][given]


def _disputed(question: Question) -> list[str]:
    # Windows that touch the time asked about, of rules and conditions that bear on the action.
    low, high = question.window
    found: dict[str, None] = {}
    for rule in question._rules:
        for start, end, claims in rule.interval.disputed:
            if start < high and low < end or low == high and start <= low < end:
                found.update(dict.fromkeys(claims))
            elif end[:10] == str(question.when.first) and low != high:
                found.update(dict.fromkeys(claims))
    return list(found)


def _not_covered(question: Question) -> Caution:
    firsts = sorted(rule.interval.first_day for rule in question._rules if question.speaks(rule))
    if not firsts:
        return Caution(
            "no-rule",
            "no rule modelled here speaks to this action",
            "aucune règle modélisée ici ne parle de cette démarche",
        )
    if str(question.when.first) < firsts[0]:
        return Caution(
            "before-first-rule",
            f"the first rule that speaks to this action starts on {firsts[0]}",
            f"la première règle qui parle de cette démarche commence le {firsts[0]}",
        )
    return Caution(
        "no-rule",
        "no rule that speaks to this action is in force at that time",
        "aucune règle qui parle de cette démarche n'est en vigueur à ce moment",
    )
