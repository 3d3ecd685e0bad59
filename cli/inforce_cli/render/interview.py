"""An interview in words: a question with its values, why it is asked, how to answer; no frames, one line a thing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from inforce.errors import InForceError
from inforce_cli.render.answer import Page
from inforce_cli.render.text import safe_text
from inforce_cli.render.words import cited, labelled, outcome, paint, paragraph

if TYPE_CHECKING:
    from inforce import Asked

__all__ = ["asking", "misunderstood", "opening", "reasons", "reply", "say"]

_FRENCH = {
    "Answer with the number or in words. Also: why, don't know, back, stop.": "Répondez par le numéro ou en mots. "
    "Aussi : pourquoi, ne sais pas, retour, arrêter.",
    "Question {}, at most {} left": "Question {}, {} au plus à venir",
    "Question {}, at most {} left, {} if all is as usual": "Question {}, {} au plus à venir, {} si tout est comme à "
    "l'habitude",
    "Question {}, the last": "Question {}, la dernière",
    "names or codes, with commas between several; or: none": "noms ou codes, séparés par des virgules ; ou : aucun",
    "a name or a code": "un nom ou un code",
    "a number": "un nombre",
    "a day, as in YYYY-MM-DD": "un jour, comme AAAA-MM-JJ",
    "several with commas between; or: none": "plusieurs, séparés par des virgules ; ou : aucun",
    "don't know": "ne sais pas",
    "yes": "oui",
    "no": "non",
    "Because it can still decide, by": "Parce que cela peut encore décider, selon",
    "Because it can still decide together with other facts.": "Parce que cela peut encore décider, avec d'autres "
    "faits.",
    "{}: then {}": "{} : alors {}",
    "still open": "encore ouvert",
    "Not understood: {}": "Pas compris : {}",
    "did you mean {}?": "vouliez-vous dire {} ?",
    "This does not go with what was said before: {}": "Cela ne va pas avec ce qui a été dit : {}",
    "Answer yes, no or don't know.": "Répondez oui, non ou ne sais pas.",
    "This is the first question.": "C'est la première question.",
    "Say what you answer, or: why, don't know, back, stop.": "Donnez votre réponse, ou : pourquoi, ne sais pas, "
    "retour, arrêter.",
    "Kept in {}; go on with: inforce interview --resume {}": "Gardé dans {} ; reprendre : inforce interview "
    "--resume {}",
    "The same without questions:": "La même chose sans questions :",
    "The data have changed since: answers are read by those of today.": "Les données ont changé depuis : les réponses "
    "sont lues selon celles d'aujourd'hui.",
}
_WORDS = {
    "why": ("why", "pourquoi", "?"),
    "unknown": ("don't know", "dont know", "don t know", "unknown", "ne sais pas", "je ne sais pas", "inconnu"),
    "back": ("back", "retour"),
    "stop": ("stop", "quit", "exit", "arreter", "fin"),
    "help": ("help", "aide", ""),
}
NEAR = 3
SHORT = 40


def say(text: str, lang: str) -> str:
    """Return one of the interview's sentences in the reader's language."""
    return _FRENCH.get(text, text) if lang == "fr" else text


def reply(typed: str) -> str | None:
    """Return which of the words of an interview was typed, in either language; ``None`` for an answer.

    >>> reply("Ne sais pas"), reply("arrêter"), reply("france")
    ('unknown', 'stop', None)
    """
    bare = unicodedata.normalize("NFD", typed.replace("\u2019", "'"))
    folded = " ".join("".join(c for c in bare if not unicodedata.combining(c)).casefold().split())
    return next((name for name, words in _WORDS.items() if folded in words), None)


def opening(title: str, page: Page) -> str:
    """Return what stands first: what is asked about, and how to answer."""
    how = say("Answer with the number or in words. Also: why, don't know, back, stop.", page.lang)
    return paragraph(title, width=page.width) + paragraph(how, width=page.width)


def asking(asked: Asked, page: Page, names: Mapping[str, str], *, usually: int | None = None) -> str:
    """Return a question: how many may be left, the question, and the values numbered or what may be typed.

    Args:
        names: of values, in the reader's language.
        usually: how many questions are left if all is as usual.
    """
    left = asked.at_most
    words = "Question {}, at most {} left" if left > 1 else "Question {}, the last"
    if left > 1 and usually is not None and usually < left:
        words += ", {} if all is as usual"
    text = labelled(asked.fact.question, page.lang) or labelled(asked.fact.label, page.lang)
    # A sign that a space goes before stays on its line.
    held = re.sub(r" (?=[?!:;»])", "\xa0", text)
    wrapped = paragraph(held, width=page.width).rstrip("\n").replace("\xa0", " ")
    lines = [say(words, page.lang).format(asked.number, left, usually) + "\n"]
    lines += [paint(line, "1", color=page.color) + "\n" for line in wrapped.split("\n")]
    for number, value in enumerate(asked.values, 1):
        named = say(value, page.lang) if asked.fact.kind == "boolean" else names.get(value, value)
        code = f" ({safe_text(value)})" if asked.fact.kind != "boolean" and named.casefold() != value.casefold() else ""
        lines.append(f"  {number}  {safe_text(named)}{code}\n")
    hint = _hint(asked)
    return "".join(lines) + (f"  {say(hint, page.lang)}\n" if hint else "")


def _hint(asked: Asked) -> str:
    if asked.values:
        return "several with commas between; or: none" if asked.multiple else ""
    if asked.multiple:
        return "names or codes, with commas between several; or: none"
    return {"number": "a number", "date": "a day, as in YYYY-MM-DD"}.get(asked.fact.kind, "a name or a code")


def misunderstood(typed: str, asked: Asked, error: InForceError, page: Page) -> str:
    """Return why an answer was not taken, and what would be."""
    if re.search("exclude each other|contradicts", error.message):
        return _line(say("This does not go with what was said before: {}", page.lang).format(error.hint), page)
    shown = typed if len(typed) <= SHORT else typed[:SHORT] + "…"
    text = say("Not understood: {}", page.lang).format(f'"{shown}"')
    near = re.search(r"did you mean (.+?)\?", error.hint or "")
    if near:
        text += "; " + say("did you mean {}?", page.lang).format(near[1])
    if asked.fact.kind == "boolean":
        text += ". " + say("Answer yes, no or don't know.", page.lang)
    return _line(text, page)


def _line(text: str, page: Page) -> str:
    return paragraph(safe_text(text), width=page.width)


def reasons(asked: Asked, grounds: Sequence[Any], page: Page) -> str:
    """Return why a question is asked: the rules that wait for it, and where each value leads."""
    if grounds:
        parts = [say("Because it can still decide, by", page.lang) + "\n"]
        for ground in grounds:
            law = "".join(", " + cited(one["citation"], page.lang) for one in ground.provisions[:NEAR])
            text = f"{ground.rule}: {labelled(ground.label, page.lang)}{law}"
            parts.append(paragraph(text, width=page.width, indent=2))
    else:
        said = say("Because it can still decide together with other facts.", page.lang)
        parts = [paragraph(said, width=page.width)]
    for value, word in asked.leads.items():
        then = say("still open", page.lang) if word == "depends" else outcome(word, page.lang)
        parts.append("  " + say("{}: then {}", page.lang).format(say(value, page.lang), then) + "\n")
    return "".join(parts)
