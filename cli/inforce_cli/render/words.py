"""The command's own words in English and French: outcomes, states, days and the sentences of cautions."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from inforce_cli.render.text import safe_text

__all__ = [
    "caution",
    "cited",
    "colon",
    "instant",
    "labelled",
    "lower_first",
    "one_day_before",
    "outcome",
    "paint",
    "paragraph",
    "period",
    "row",
    "word",
]

_OUTCOMES = {
    "may": ("MAY", "PEUT"),
    "may-not": ("MAY NOT", "NE PEUT PAS"),
    "required": ("REQUIRED", "REQUIS"),
    "not-required": ("NOT REQUIRED", "NON REQUIS"),
    "depends": ("DEPENDS", "CELA DÉPEND"),
    "not-covered": ("NOT COVERED", "NON COUVERT"),
}
# Green, red, yellow: never the only sign, the word stands beside it.
_COLORS = {"may": "32", "not-required": "32", "may-not": "31", "required": "31", "depends": "33", "not-covered": "33"}

_FRENCH = {
    "ordinarily": "ordinairement",
    "because": "parce que",
    "although": "bien que",
    "unless": "sauf si",
    "before": "avant",
    "layers": "niveaux",
    "split": "divisé",
    "strictly": "au sens strict",
    "ordinary": "d'ordinaire",
    "needs": "à savoir",
    "carry": "à présenter",
    "inferred": "déduit",
    "note": "note",
    "from": "depuis le",
    "until": "jusqu'au",
    "in force from": "en vigueur depuis le",
    "made under": "pris en vertu de",
    "refers to": "renvoie à",
    "source": "source",
    "condition": "condition",
    "lifted by": "levé par",
    "holds": "vrai",
    "fails": "faux",
    "unknown": "inconnu",
    "stands": "tient",
    "does not stand": "ne tient pas",
    "may stand": "peut tenir",
    "permit": "permet",
    "bar": "interdit",
    "exempt": "dispense",
    "require": "exige",
    "all of these": "toutes ces conditions",
    "at least one of these": "au moins une de ces conditions",
    "anyone": "tout le monde",
    "other than": "autre que",
    "one of": "parmi",
    "none of": "hors de",
    "on the list": "sur la liste",
    "not on the list": "hors de la liste",
    "within": "relevant de",
    "not within": "ne relevant pas de",
    "at least": "au moins",
    "below": "moins de",
    "not": "non",
    "yes": "oui",
    "no": "non",
    "none": "aucun",
    "after": "après",
    "this rule changed it": "par cette règle",
    "changed by": "par",
    "and more": "et d'autres",
    "answer": "réponse",
    "law checked to": "droit vérifié au",
    "not legal advice": "pas un avis juridique",
    "today in Ottawa": "aujourd'hui à Ottawa",
    "as known on": "tel que connu le",
    "exceptions": "exceptions",
    "exception": "exception",
    "open": "ouvertes",
    "assuming": "si",
    "open facts": "faits ouverts",
    "depends on the day": "cela dépend du jour",
    "contested": "contesté",
    "decisive": "décisif",
    "text not held": "texte non détenu",
    "rank": "rang",
    "rule": "règle",
    "nothing stands in the way": "rien ne s'y oppose",
    "nothing permits it": "rien ne le permet",
    "it would take": "il faudrait",
    "would be lifted by": "serait levé par",
    "falls away for": "tombe pour",
    "and": "et",
    "or": "ou",
    "what if": "et si",
    "what if they": "et s'il s'agit de personnes qui",
    "what if it is not known whether they": "et si l'on ne sait pas s'il s'agit de personnes qui",
    "and it is not known whether they": "et si l'on ne sait pas s'il s'agit de personnes qui",
    "as it was": "comme avant",
    "people who": "les personnes qui",
    "for": "pour",
    "no rule changes its state": "aucune règle ne change d'état",
    "same": "identique",
    "not in force": "pas en vigueur",
    "in force": "en vigueur",
}


def word(text: str, lang: str) -> str:
    """Return one of the command's words in the reader's language; a word it does not know stays as it is."""
    return _FRENCH.get(text, text) if lang == "fr" else text


def colon(lang: str) -> str:
    """Return a colon as a language sets it."""
    return " :" if lang == "fr" else ":"


def outcome(name: str, lang: str, *, color: bool = False) -> str:
    """Return an outcome as a headline writes it.

    >>> outcome("may-not", "en"), outcome("may-not", "fr")
    ('MAY NOT', 'NE PEUT PAS')
    """
    shown = _OUTCOMES.get(name, (name.upper(), name.upper()))[lang == "fr"]
    return paint(shown, _COLORS.get(name, "0"), color=color)


def paint(text: str, code: str, *, color: bool) -> str:
    """Return ``text`` in bold and the colour ``code`` if ``color``."""
    return f"\x1b[1;{code}m{text}\x1b[0m" if color else text


def labelled(label: Mapping[str, str], lang: str) -> str:
    """Return the label in the reader's language, else in any, safe to show."""
    return safe_text(label.get(lang) or label.get("en") or next(iter(label.values()), ""))


def lower_first(text: str) -> str:
    """Return ``text`` as it stands inside a sentence: an acronym keeps its capitals.

    >>> lower_first("Apply for"), lower_first("CBSA appointment"), lower_first("Études")
    ('apply for', 'CBSA appointment', 'études')
    """
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def instant(text: str, lang: str, *, always: bool = False) -> str:
    """Return a day, with its hour where it has one; a midnight is the day alone unless ``always``.

    >>> instant("2024-12-24T00:01:00", "en")
    '2024-12-24 00:01 ET'
    """
    if "T" not in text or (text.endswith("T00:00:00") and not always):
        return text[:10]
    clock = text[11:19]
    return f"{text[:10]} {clock[:5] if clock.endswith(':00') else clock} {'HE' if lang == 'fr' else 'ET'}"


def cited(text: str, lang: str) -> str:
    """Return a citation or the number of an instrument as the reader's language writes it, safe to show.

    >>> cited("IRPR 198(2)(a)(ii)", "fr"), cited("SOR/2024-258, s. 2", "fr"), cited("2012, c. 17", "fr")
    ('RIPR 198(2)a)(ii)', 'DORS/2024-258, art. 2', '2012, ch. 17')
    """
    if lang == "fr":
        text = re.sub(r"\bSOR/(?=\d)", "DORS/", re.sub(r"\bSI/(?=\d)", "TR/", text))
        text = re.sub(r"(?<=, )(?:ss?|c)\.(?= )", lambda part: "ch." if part[0] == "c." else "art.", text)
        for english, french in (("IRPR ", "RIPR "), ("IRPA ", "LIPR ")):
            if text.startswith(english):
                # Of the lettered levels only the first goes without its opening bracket.
                text = french + re.sub(r"\(([a-z][^()]*\))", r"\1", text.removeprefix(english), count=1)
    return safe_text(text)


def one_day_before(text: str) -> str:
    """Return the day before: the last day of a stretch whose end is excluded."""
    from datetime import date, timedelta

    return (date.fromisoformat(text[:10]) - timedelta(days=1)).isoformat()


def period(on: Mapping[str, str], lang: str) -> str:
    """Return the time asked about as a phrase: a day, an instant, a month, a year, or first to last day.

    >>> period({"from": "2024-12-01", "until": "2025-01-01"}, "en")
    'in 2024-12'
    """
    low, high = on["from"], on["until"]
    if "T" in low:
        return ("le " if lang == "fr" else "at ") + instant(low, lang, always=True)
    last = one_day_before(high)
    if low == last:
        return ("le " if lang == "fr" else "on ") + low
    if low[4:] == "-01-01" and last == low[:4] + "-12-31":
        return "en " + low[:4] if lang == "fr" else "in " + low[:4]
    if low[:7] == last[:7] and low.endswith("-01") and high.endswith("-01"):
        return "en " + low[:7] if lang == "fr" else "in " + low[:7]
    return f"du {low} au {last}" if lang == "fr" else f"from {low} to {last}"


def caution(item: Any, lang: str) -> str:
    """Return the sentence of a caution in the reader's language."""
    return safe_text(item.message_fr if lang == "fr" else item.message)


def paragraph(text: str, *, width: int, indent: int = 0, hanging: int = 0) -> str:
    r"""Return ``text`` wrapped to ``width``, all lines indented, those after the first by ``hanging`` more.

    >>> paragraph("one two", width=6, indent=2)
    '  one\n  two\n'
    """
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + "\n"


def row(label: str, lines: Iterable[str], *, width: int, indent: int = 12) -> str:
    r"""Return a labelled paragraph: the label, then lines wrapped to ``width`` under each other; a dot hangs.

    >>> row("note", ["one two"], width=40)
    '  note      one two\n'
    """
    out: list[str] = []
    for line in lines:
        hanging = "  " if line.startswith("· ") else ""
        out += textwrap.wrap(
            line, width - indent, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
        ) or [""]
    head = f"  {label}".ljust(indent - 1) + " "
    pad = " " * indent
    return "".join(f"{head if number == 0 else pad}{line}".rstrip() + "\n" for number, line in enumerate(out))
