"""The answer to a question: its outcome, the grounds for it with their sources, and what is still missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from inforce.phrases import said, words_of
from inforce.rules.case import plain
from inforce.rules.cautions import Caution, cautions_of
from inforce.rules.decide import DEPENDS, NOT_COVERED, Missing, Ordinary, Question, Segment, World
from inforce.rules.grounds import STATES, Ground, Obligation, grounds_of, obligations_of
from inforce.rules.model import Rulebook, RuleVersion
from inforce.vocab import BASE

__all__ = ["Answer", "Caution", "Ground", "Obligation", "ask", "in_language"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be cited and replayed; ``to_json`` is its receipt.

    ``outcome`` is always strict; ``headline`` says which reading the states, layers and segments follow,
    and ``verdict`` is the outcome of that reading. ``book`` are the rules it was answered by.
    """

    id: str
    action: str
    question: Mapping[str, Any]
    on: Mapping[str, str]
    known_on: str | None
    facts: Mapping[str, Any]
    outcome: str
    ordinarily: Ordinary
    segments: tuple[Segment, ...]
    by_layer: Mapping[str, str]
    grounds: tuple[Ground, ...]
    missing: tuple[dict[str, Any], ...]
    inferred: tuple[dict[str, Any], ...]
    obligations: tuple[Obligation, ...]
    cautions: tuple[Caution, ...]
    data: Mapping[str, str]
    headline: str = "strict"
    book: Rulebook | None = field(default=None, repr=False, compare=False)

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the answer as the JSON form ``inforce/answer/1``.

        ``lang`` is the language of ``label``, ``phrase``, ``question`` and ``message``: ``en`` or ``fr``; nothing
        else, and not the ``id``, depends on it. What ends in ``_fr`` is French in either. A ``phrase`` is a verb
        phrase, as it follows "people who".
        """
        return in_language(self._dict(lang), lang)

    def _dict(self, lang: str) -> dict[str, Any]:
        return {
            "schema": "inforce/answer/1",
            "id": self.id,
            "lang": lang,
            "action": self.action,
            "on": dict(self.on),
            "known_on": self.known_on,
            "facts": {name: plain(value) for name, value in self.facts.items()},
            "question": dict(self.question),
            "headline": self.headline,
            "outcome": self.outcome,
            "exact": True,
            "ordinarily": {
                "outcome": self.ordinarily.outcome,
                "assuming": {name: plain(value) for name, value in self.ordinarily.assuming.items()},
                "skipped": list(self.ordinarily.skipped),
            },
            "segments": [{"from": s.first, "until": s.until, "outcome": s.outcome} for s in self.segments],
            "by_layer": dict(self.by_layer),
            "grounds": [self._ground(ground) for ground in self.grounds],
            "missing": list(self.missing),
            "inferred": [{**item, **self.given(item["fact"], item["value"])} for item in self.inferred],
            "obligations": [
                {
                    "label": o.label.get("en", ""),
                    "label_fr": o.label.get("fr", ""),
                    "evidence": o.evidence,
                    "fact": o.fact,
                    "rule": o.rule,
                    "provisions": list(o.provisions),
                }
                for o in self.obligations
            ],
            "cautions": [
                {"code": c.code, "message": c.message, "message_fr": c.message_fr, "refs": list(c.refs)}
                for c in self.cautions
            ],
            "data": dict(self.data),
        }

    def given(self, name: str, value: Any) -> dict[str, str]:
        """Return the value of a fact as a verb phrase, ``phrase`` and ``phrase_fr``; see ``Words.given``."""
        if self.book is None:
            return {}
        return {
            f"phrase{end}": words_of(self.book, lang).given(name, value) for end, lang in (("", "en"), ("_fr", "fr"))
        }

    def told(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """Return a condition of a ground, each test and each named condition with its phrase in both languages."""
        members = [self.told(one) for one in node.get("members", ())]
        phrases = said(node, self.book) if self.book is not None and node["op"] in ("fact", "named") else {}
        return {**node, **phrases, **({"members": members} if "members" in node else {})}

    def _ground(self, ground: Ground) -> dict[str, Any]:
        return {
            "rule": ground.rule,
            "version": BASE + ground.version,
            "entry": ground.entry,
            "label": ground.label.get("en", ""),
            "label_fr": ground.label.get("fr", ""),
            "layer": ground.layer,
            "effect": ground.effect,
            "state": ground.state,
            "stands": STATES[ground.stands],
            "decisive": ground.decisive,
            "defeated_by": list(ground.defeated_by),
            "contested": ground.contested,
            "confidence": ground.confidence,
            "in_force_from": ground.in_force_from,
            "in_force_until": ground.in_force_until,
            "starts_at": ground.starts_at,
            "instrument": ground.instrument,
            "provisions": [{**p, "version": BASE + p["version"] if p["version"] else None} for p in ground.provisions],
            "sources": list(ground.sources),
            "conflicts": list(ground.conflicts),
            "note": ground.note,
            "condition": self.told(ground.condition),
        }

    def to_json(self, lang: str = "en") -> str:
        """Return the receipt: JSON text, the same bytes for the same question, language and data."""
        return json.dumps(self.to_dict(lang), ensure_ascii=False, indent=1) + "\n"

    def explain(self, *, lang: str = "en") -> str:
        """Return every rule in force with the state of each condition, as text in a language, ``en`` or ``fr``."""
        from inforce.rules.explain import explained

        return explained(self, lang=lang)

    def cite(self, style: str = "text", *, lang: str = "en") -> str:
        """Return the citation of this answer: ``text``, ``bibtex``, ``csl-json`` or ``turtle``.

        Raises:
            UnknownIdError: no such style.
        """
        from inforce.citing import answer_citation

        return answer_citation(self.to_dict(), style, lang=lang)

    def _repr_markdown_(self) -> str:
        # What a notebook shows that knows no HTML. A fence in a label must not end ours.
        text = self.explain().replace("```", "` ` `")
        return f"```text\n{text}```\n\n{self.cite()}"

    def _repr_html_(self) -> str:
        from inforce.notebook import answer_html

        return answer_html(self)

    @property
    def verdict(self) -> str:
        """The outcome of the headline: the ordinary one where the question was put so."""
        return self.ordinarily.outcome if self.headline == "ordinarily" else self.outcome

    @property
    def decisive(self) -> tuple[Ground, ...]:
        """The grounds the outcome rests on."""
        return tuple(ground for ground in self.grounds if ground.decisive)


NONE: Mapping[str, Any] = MappingProxyType({})


def in_language(found: dict[str, Any], lang: str) -> dict[str, Any]:
    """Return plain data with each ``x`` that has an ``x_fr`` beside it in the reader's language.

    >>> in_language({"found": [{"label": "Mexico", "label_fr": "Mexique"}]}, "fr")
    {'found': [{'label': 'Mexique', 'label_fr': 'Mexique'}]}
    """

    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: value.get(f"{key}_{lang}") or told(item) for key, item in value.items()}
        return [told(item) for item in value] if isinstance(value, (list, tuple)) else value

    there: dict[str, Any] = found if lang == "en" else told(found)
    return there


def ask(question: Question, *, ordinarily: bool = False) -> Answer:
    """Return the answer to ``question``; with ``ordinarily`` its states, layers and segments take the ordinary case.

    Raises:
        FactsError: facts that exclude each other.
    """
    book = question.book
    last = len(question.moments) - 1
    final = World(last, question.widest)
    ranks = _ranks(question, last)
    readings = [World(last, question.widest, switched=rule.rule) for rule in _contested(question, last)]
    plan = [World(moment, question.widest) for moment in range(last + 1)]
    # The layers and the other readings are told of the headline only; all layers together are the headline.
    more = [*(World(last, rank) for rank in ranks[:-1]), *readings]
    strict = question.outcomes(plan if ordinarily else [*plan, *more])
    strict_segments = _segments(question, strict[: last + 1])
    missing = question.missing() if any(word == DEPENDS for word in strict[: last + 1]) else []
    first = [item.fact for item in missing]
    assumed, skipped = question.ordinary_facts(first)
    worlds = [*plan, *more] if ordinarily else plan
    ordinary_case = [question.ordinary_facts(first, moment)[0] for moment in range(last)] + [assumed]
    ordinary = question.outcomes(worlds, [ordinary_case[world.moment] for world in worlds])
    ordinary_segments = _segments(question, ordinary[: last + 1])
    strict_word = _headline(question, strict_segments, strict[last], bool(missing))
    ordinary_word = _headline(question, ordinary_segments, ordinary[last], None, assumed)
    used = ordinary if ordinarily else strict
    facts = {**question.moments[last].facts, **assumed} if ordinarily else question.moments[last].facts
    grounds = grounds_of(question, final, facts, used[last])
    by_layer = {
        layer.id: word
        for layer, word in zip(_layers(question, last), _by_layer(question, last, ranks, used), strict=True)
    }
    relevant = {item.fact for item in missing}
    assuming = {name: value for name, value in assumed.items() if name in relevant}
    segments = ordinary_segments if ordinarily else strict_segments
    cautions = cautions_of(question, grounds, used, last, segments, readings)
    low, high = question.window
    on = {"from": str(question.when.first), "until": str(question.when.until)}
    if question.when.instant is not None:
        on = {"from": low, "until": high}
    asked = {
        "action": question.action,
        "facts": {name: plain(value) for name, value in question.facts.items()},
        "unknown": sorted(question.unknown),
        "on": on,
        "known_on": question.known_on,
        "readings": sorted(question.readings),
        "ordinarily": ordinarily,
    }
    canonical = json.dumps([asked, book.version], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Answer(
        id=hashlib.sha256(canonical.encode()).hexdigest(),
        action=question.action,
        question=asked,
        on=on,
        known_on=question.known_on,
        facts=question.facts,
        outcome=strict_word,
        ordinarily=Ordinary(ordinary_word, assuming, tuple(skipped)),
        segments=segments,
        by_layer=by_layer,
        grounds=grounds,
        missing=tuple(_asked(question, item) for item in missing),
        inferred=tuple(
            {"fact": name, "value": plain(value), "from": why}
            for name, (value, why) in question.moments[last].inferred.items()
        ),
        obligations=obligations_of(question, grounds, facts),
        cautions=cautions,
        data={"version": book.version, "verified_through": book.verified_through},
        headline="ordinarily" if ordinarily else "strict",
        book=book,
    )


def _ranks(question: Question, moment: int) -> list[int]:
    return sorted({layer.rank for layer in _layers(question, moment)})


def _layers(question: Question, moment: int) -> list[Any]:
    found = {rule.layer for rule, _ in question.era(World(moment, question.widest)).counted}
    return sorted((question.book.layers[name] for name in found), key=lambda layer: (layer.rank, layer.id))


def _by_layer(question: Question, last: int, ranks: list[int], words: list[str]) -> list[str]:
    by_rank = {**dict(zip(ranks[:-1], words[last + 1 :], strict=False)), **dict.fromkeys(ranks[-1:], words[last])}
    return [by_rank[layer.rank] for layer in _layers(question, last)]


def _contested(question: Question, moment: int) -> list[RuleVersion]:
    return [rule for rule in question._rules if rule.contested and question.in_force(rule, moment) is not False]


def _segments(question: Question, words: list[str]) -> tuple[Segment, ...]:
    low, high = question.window
    ends = [*(moment.instant for moment in question.moments[1:]), high]
    merged: list[Segment] = []
    for moment, until, word in zip(question.moments, ends, words, strict=True):
        if merged and merged[-1].outcome == word:
            merged[-1] = Segment(merged[-1].first, until, word)
        else:
            merged.append(Segment(moment.instant, until, word))
    return tuple(Segment(_day(s.first), _day(s.until), s.outcome) for s in merged)


def _day(instant: str) -> str:
    return instant[:10] if instant.endswith("T00:00:00") else instant


def _headline(
    question: Question, segments: tuple[Segment, ...], last: str, open_: bool | None, assumed: Mapping[str, Any] = NONE
) -> str:
    # A day's headline is its state at the end; a month or year that is not constant depends on the day.
    if not question.when.single_day and len(segments) > 1:
        return DEPENDS
    if last == DEPENDS and not question.disputed():
        if open_ is None:
            open_ = bool(question.missing(assumed))
        if not open_:
            return NOT_COVERED  # no fact is open that decides: a start that nobody knows does
    return last


def _asked(question: Question, item: Missing) -> dict[str, Any]:
    fact = question.book.facts[item.fact]
    values = ["yes", "no"] if fact.kind == "boolean" else list(fact.values or ())
    settled = dict.fromkeys(word for _, word in item.settles if word != DEPENDS)
    return {
        "fact": item.fact,
        "question": fact.question.get("en", ""),
        "question_fr": fact.question.get("fr", ""),
        "values": values,
        "settles": " | ".join(settled),
        "by_value": dict(item.settles),
        "gain": float(f"{item.gain:.3g}"),
    }
