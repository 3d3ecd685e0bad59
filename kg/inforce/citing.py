"""Citations of what is held here, in the words of each style: text, BibTeX, CSL-JSON, Turtle.

No day of access is given: the library has no clock. What is cited is fixed by its day and the version of the data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inforce.errors import InputError, UnknownIdError, nearest
from inforce.vocab import BASE, PREFIXES
from inforce.wording import instrument_words, provision_words

__all__ = ["STYLES", "answer_citation", "citation"]

STYLES = ("text", "bibtex", "csl-json", "turtle")
_KINDS = ("provision", "rule", "instrument", "source", "law")
_WORDS = {
    "en": {
        "section": "s.",
        "from": "in force from {}",
        "unknown": "in force from a day not known",
        "until": "until {}",
        "rule": "rule {}",
        "data": "inforce, data {}",
        "answer": "answer {}: {} to {} on {}",
        "made": "as made by {}",
        "registered": "registered {}",
        "inforce": "in force {}",
        "checked": "law checked to {}",
        "consolidation": "first in the consolidation of {}",
    },
    "fr": {
        "section": "art.",
        "from": "en vigueur depuis le {}",
        "unknown": "en vigueur depuis un jour inconnu",
        "until": "jusqu'au {}",
        "rule": "règle {}",
        "data": "inforce, données {}",
        "made": "selon {}",
        "answer": "réponse {} : {} pour {}, le {}",
        "registered": "enregistré le {}",
        "inforce": "en vigueur le {}",
        "checked": "droit vérifié au {}",
        "consolidation": "d'abord dans la codification du {}",
    },
}


@dataclass(frozen=True, slots=True)
class _Cited:
    """What every style needs to know."""

    key: str
    iri: str
    type: str
    title: str
    parts: tuple[str, ...]
    author: str | None
    date: str | None
    url: str | None
    lang: str


def citation(shown: Mapping[str, Any], style: str, version: str, *, lang: str = "en") -> str:
    """Return the citation of a thing as ``show`` returns it: its newest version of those shown.

    Args:
        style: one of ``STYLES``.
        version: the version of the data.
        lang: ``en`` or ``fr``.

    Raises:
        UnknownIdError: no such style, or a kind of thing that is not cited.
    """
    _known(style)
    kind = shown["kind"]
    if kind not in _KINDS:
        raise UnknownIdError(
            f"{shown['id']} is a {kind}, which is not cited by itself",
            code="E_UNKNOWN_ID",
            hint="cite a provision, rule, instrument, source or a saved answer",
        )
    making = {"provision": _provision, "rule": _rule, "instrument": _instrument, "source": _source, "law": _law}
    return _STYLE[style](making[kind](shown, _short(version), lang))


def answer_citation(answer: Mapping[str, Any], style: str, *, lang: str = "en") -> str:
    """Return the citation of a saved answer: its id, its question and the data it was made with.

    Raises:
        UnknownIdError: no such style.
        InputError: not an answer.
    """
    _known(style)
    words = _WORDS[lang]
    try:
        if answer["schema"] != "inforce/answer/1":
            raise InputError(f'this is "{answer["schema"]}", not an answer', code="E_CASE")
        span = answer["on"]
        day, data = str(span["from"]), answer["data"]
        asked = {**answer["facts"], **dict.fromkeys(answer["question"]["unknown"], "unknown")}
        facts = " ".join(f"{n}={','.join(v) or 'none' if isinstance(v, list) else v}" for n, v in asked.items())
        outcome = answer["ordinarily"]["outcome"] if answer["headline"] == "ordinarily" else answer["outcome"]
        title = words["answer"].format(str(answer["id"])[:12], outcome, answer["action"], day)
        parts = (
            facts,
            words["data"].format(_short(data["version"])),
            words["checked"].format(data["verified_through"]),
        )
        cited = _Cited(
            key=f"answer-{str(answer['id'])[:12]}",
            iri=f"{BASE}answer/{answer['id']}",
            type="dataset",
            title=title,
            parts=tuple(part for part in parts if part),
            author="inforce",
            date=day[:10],
            url=None,
            lang=lang,
        )
    except (KeyError, TypeError, AttributeError):
        raise InputError(
            "this JSON is not an answer of inforce check", code="E_CASE", hint="save one: inforce check … --json"
        ) from None
    return _STYLE[style](cited)


def _known(style: str) -> None:
    if style not in STYLES:
        near = nearest(style, STYLES)
        raise UnknownIdError(
            f'unknown style "{style}"',
            code="E_UNKNOWN_ID",
            hint=(f"did you mean {near[0]}? " if near else "") + "styles: " + ", ".join(STYLES),
        )


def _short(version: str) -> str:
    return version[:19]


def _said(item: Mapping[str, Any], key: str, lang: str) -> str:
    return (item.get(f"{key}_fr") if lang == "fr" else "") or item.get(key) or ""


def _span(version: Mapping[str, Any], lang: str) -> list[str]:
    words = _WORDS[lang]
    start = version.get("starts_at") or version.get("from")
    found = [words["from"].format(start) if start else words["unknown"]]
    end = version.get("ends_at") or version.get("until")
    return [found[0] + (" " + words["until"].format(end) if end else "")]


def _provision(shown: Mapping[str, Any], data: str, lang: str) -> _Cited:
    words, law = _WORDS[lang], shown["law"]
    version = (shown.get("versions") or [{}])[-1]
    named = shown["id"] if lang == "en" else shown["label_fr"] or shown["id"]
    number = named.split(" ", 1)[-1]
    parts = [law["number_fr" if lang == "fr" else "number"], f"{words['section']} {number}"]
    if version:
        parts += _span(version, lang)
    if version.get("amending_note") and version.get("instrument"):
        # The notes of the data are in English.
        parts.append(f"({instrument_words(str(version['amending_note']), lang)})")
    if version.get("consolidation"):
        parts.append(words["consolidation"].format(version["consolidation"]))
    parts.append(words["data"].format(data))
    return _Cited(
        key=version.get("id", shown["id"]),
        iri=version.get("iri", shown["iri"]),
        type="legislation",
        title=_said(law, "label", lang),
        parts=tuple(parts),
        author=None,
        date=version.get("from"),
        url=law.get("url"),
        lang=lang,
    )


def _rule(shown: Mapping[str, Any], data: str, lang: str) -> _Cited:
    words, version = _WORDS[lang], shown["versions"][-1]
    parts = [words["rule"].format(shown["id"]), *_span(version, lang)]
    rests = [one["citation"] for one in version.get("provisions", ()) if one["role"] in ("expresses", "enabled-by")]
    parts += [provision_words(one, lang) for one in rests]
    if version.get("instrument"):
        parts.append(words["made"].format(instrument_words(version["instrument"], lang)))
    parts.append(words["data"].format(data))
    title = _said(version, "label", lang) or _said(shown, "label", lang)
    return _Cited(version["id"], version["iri"], "dataset", title, tuple(parts), "inforce", version["from"], None, lang)


def _instrument(shown: Mapping[str, Any], data: str, lang: str) -> _Cited:
    words = _WORDS[lang]
    french = next((n for n in shown.get("names", ()) if lang == "fr" and re.match(r"[A-Z]+/\d", n)), None)
    parts = [french or shown["id"]]
    parts += [
        words[key].format(shown[name])
        for key, name in (("registered", "registered"), ("inforce", "in_force"))
        if shown.get(name)
    ]
    day = shown.get("published") or shown.get("registered") or shown.get("in_force")
    title = _said(shown, "label", lang)
    return _Cited(shown["id"], shown["iri"], "legislation", title, tuple(parts), None, day, shown.get("url"), lang)


def _source(shown: Mapping[str, Any], data: str, lang: str) -> _Cited:
    day = next((str(shown[key]) for key in ("issued", "modified") if shown.get(key)), None)
    parts = tuple(part for part in (day, shown["id"]) if part)
    author, title = shown.get("publisher"), _said(shown, "label", lang)
    return _Cited(shown["id"], shown["iri"], "webpage", title, parts, author, day, shown.get("url"), lang)


def _law(shown: Mapping[str, Any], data: str, lang: str) -> _Cited:
    law = shown["law"]
    number = law["number_fr" if lang == "fr" else "number"]
    return _Cited(
        shown["id"], shown["iri"], "legislation", _said(law, "label", lang), (number,), None, None, law["url"], lang
    )


# ---- styles ----------------------------------------------------------------------------------------


def _joined(*parts: str) -> str:
    return ", ".join(parts).replace(", (", " (")


def _text(cited: _Cited) -> str:
    head = f"{cited.author}. {cited.title}" if cited.author and cited.author != "inforce" else cited.title
    words = _joined(head, *cited.parts)
    return words + (f". <{cited.url}>" if cited.url else ".") + "\n"


def _bibtex(cited: _Cited) -> str:
    fields = {"title": cited.title, "author": cited.author, "note": _joined(*cited.parts), "url": cited.url}
    if cited.date and re.match(r"\d{4}", cited.date):
        fields["year"] = cited.date[:4]
        if re.match(r"\d{4}-\d{2}-\d{2}", cited.date):
            fields["date"] = cited.date[:10]
    fields["langid"] = {"en": "english", "fr": "french"}[cited.lang]
    key = re.sub(r"[^0-9A-Za-z.:-]+", "-", cited.key).strip("-")
    # A whole name in braces of its own is never taken apart into first and last names.
    shown = {n: ("{" + v + "}" if n in ("author", "title") else v) for n, v in fields.items() if v}
    lines = [f"  {name} = {{{value if name == 'url' else _latex(value)}}}," for name, value in shown.items()]
    return "\n".join([f"@misc{{{key},", *lines, "}"]) + "\n"


def _latex(text: str) -> str:
    text = text.replace("\\", "/")
    return re.sub(r"([&%$#_])", r"\\\1", text)


def _csl(cited: _Cited) -> str:
    item: dict[str, Any] = {"id": cited.iri, "type": cited.type, "title": cited.title}
    if cited.author:
        item["author"] = [{"literal": cited.author}]
    if cited.date and (found := re.match(r"(\d{4})-(\d{2})-(\d{2})", cited.date)):
        item["issued"] = {"date-parts": [[int(part) for part in found.groups()]]}
    item["note"] = _joined(*cited.parts)
    if cited.url:
        item["URL"] = cited.url
    item["language"] = cited.lang
    return json.dumps([item], ensure_ascii=False, indent=1) + "\n"


def _turtle(cited: _Cited) -> str:
    words = _text(cited).strip().replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        f"@prefix dct: <{PREFIXES['dct']}> .",
        "",
        f'<{cited.iri}> dct:bibliographicCitation "{words}"@{cited.lang} .',
    ]
    return "\n".join(lines) + "\n"


_STYLE = {"text": _text, "bibtex": _bibtex, "csl-json": _csl, "turtle": _turtle}
