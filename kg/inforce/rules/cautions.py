"""What the reader of an answer should know besides: disputes, wordings not held, days not verified, other readings."""

from __future__ import annotations

from dataclasses import dataclass

from inforce.rules.decide import NOT_COVERED, Question, Segment, World
from inforce.rules.grounds import Ground

__all__ = ["Caution", "cautions_of"]


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the reader should know: a stable ``code``, a sentence, and what it refers to."""

    code: str
    message: str
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
        found.append(Caution("changes-within", f"the outcome changes within the time asked about: {days}"))
    disputed = _disputed(question)
    if disputed:
        found.append(
            Caution(
                "sources-disagree",
                "sources disagree about when this took effect: " + "; ".join(book.claims[c]["label"] for c in disputed),
                tuple(disputed),
            )
        )
    unheld = sorted(
        {
            f"{p['citation']} (held from {p['text_held_from']})" if p.get("text_held_from") else p["citation"]
            for ground in grounds
            if ground.decisive or ground.stands
            for p in ground.provisions
            if p["version"] is None
        }
    )
    if unheld:
        found.append(
            Caution("text-not-held", "the wording of that day is not held: " + ", ".join(unheld), tuple(unheld))
        )
    if str(question.when.last) > book.verified_through:
        found.append(
            Caution("beyond-verified", f"the law was checked to {book.verified_through}; later changes are not known")
        )
    for world, word in zip(readings, words[len(words) - len(readings) :], strict=True):
        if word != words[last]:
            found.append(
                Caution(
                    "reading-would-change",
                    f"a contested reading decides: {_switch(question, world)} --reading {world.switched}"
                    f" the outcome is {word}",
                    (world.switched,),
                )
            )
    if words[last] == NOT_COVERED:
        found.append(_not_covered(question))
    return tuple(found)


def _switch(question: Question, world: World) -> str:
    """Return how a reading is switched from what was asked: ``with`` or ``without``."""
    return "without" if world.switched in question.readings else "with"


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
        return Caution("no-rule", "no rule modelled here speaks to this action")
    if str(question.when.first) < firsts[0]:
        return Caution("before-first-rule", f"the first rule that speaks to this action starts on {firsts[0]}")
    return Caution("no-rule", "no rule that speaks to this action is in force at that time")
