"""Who lost and who gained between two days, as a page of text."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inforce_cli.render.text import safe_text
from inforce_cli.render.words import cited, colon, lower_first, one_day_before, outcome, paint

__all__ = ["WORDS", "check_words", "difference_text", "head", "reason_said", "sentence", "titled"]

Section = Mapping[str, Any]

WORDS = {
    "en": {
        "lost": "LOST",
        "gained": "GAINED",
        "unsettled": "UNSETTLED",
        "need-lost": "NO LONGER NEEDED",
        "need-gained": "NOW NEEDED",
        "nobody": "nobody",
        "title": "Outcomes on {to} against {from}",
        "draft": ", under the rules of {}",
        "where": "of people who",
        "people": "people who",
        "everyone": "everyone",
        "also": "and who do one of these:",
        "either": "people who do one of these:",
        "unless": "unless they",
        "example": "for example",
        "examples": "one for each of the {}: --json",
        "because": "because",
        "from": "in force from {}",
        "to": "in force from {} to {}",
        "foot": "exact: every case is counted, none sampled · law checked to {} · not legal advice",
    },
    "fr": {
        "lost": "PERDENT",
        "gained": "GAGNENT",
        "unsettled": "INCERTAIN",
        "need-lost": "N'EST PLUS EXIGÉ",
        "need-gained": "DÉSORMAIS EXIGÉ",
        "nobody": "personne",
        "title": "Les résultats du {to} comparés à ceux du {from}",
        "draft": ", selon les règles de {}",
        "where": "pour les personnes qui",
        "people": "les personnes qui",
        "everyone": "tout le monde",
        "also": "et qui remplissent l'une de ces conditions :",
        "either": "les personnes qui remplissent l'une de ces conditions :",
        "unless": "sauf si elles",
        "example": "par exemple",
        "examples": "un pour chacun des {} : --json",
        "because": "à cause de",
        "from": "en vigueur depuis le {}",
        "to": "en vigueur du {} au {}",
        "foot": "exact : tous les cas sont comptés, aucun échantillon · droit vérifié au {} · pas un avis juridique",
    },
}
NEEDS = ("required", "not-required")


def difference_text(
    found: Mapping[str, Any],
    sections: Sequence[Section],
    *,
    where: Sequence[str] = (),
    data: Sequence[str] = (),
    width: int = 80,
    lang: str = "en",
    color: bool = False,
) -> str:
    """Return the page: for each kind and action what is common to all groups once, then each group.

    Args:
        found: the difference, as JSON says it.
        sections: the same in words.
        where: phrases of the facts all cases have.
        data: the folder of the user's own rules for the later day, if any, to be typed with an example.
    """
    words = WORDS[lang]
    lines = [paint(safe_text(titled(found, data, lang)), "0", color=color)]
    if where:
        lines += _wrapped(f"{words['where']} {'; '.join(where)}", width, "")
    for kind in ("lost", "gained", "unsettled"):
        here = [section for section in sections if section["kind"] == kind]
        if not here and kind != "unsettled":
            lines += ["", f"{words[kind]}  {words['nobody']}"]
        for section in here:
            lines += ["", *_section(section, words, data=data, width=width, lang=lang, color=color)]
    lines += ["", *_wrapped(words["foot"].format(found["data"]["verified_through"]), width, "  ")]
    return "\n".join(lines) + "\n"


def titled(found: Mapping[str, Any], data: Sequence[str], lang: str) -> str:
    """Return what a difference is of: the two days, and whose rules."""
    words = WORDS[lang]
    title = words["title"].format(**{"from": found["from"], "to": found["to"]})
    return title + words["draft"].format(", ".join(data)) if data else title


def head(section: Section, lang: str) -> str:
    """Return how it is called that these lost or gained: what is needed now is no gain."""
    kind, needed = section["kind"], section["after"] in NEEDS or section["before"] in NEEDS
    return WORDS[lang][f"need-{kind}" if needed and kind != "unsettled" else kind]


def _section(
    section: Section,
    words: Mapping[str, str],
    *,
    data: Sequence[str],
    width: int,
    lang: str,
    color: bool,
) -> Iterator[str]:
    kind, needed = section["kind"], section["after"] in NEEDS or section["before"] in NEEDS
    lead = head(section, lang)
    change = f"{outcome(section['before'], lang)} → {outcome(section['after'], lang)}"
    red = (kind == "gained") if needed else (kind == "lost")
    code = {"unsettled": "33"}.get(kind, "31" if red else "32")
    yield from _wrapped(
        f"{lead}  {section['label']}{colon(lang)} {change}", width, "", paint_head=(lead, code) if color else None
    )
    groups = section["groups"]
    if section["people"]:
        yield "  " + words["people"]
        yield from _bullets(section["people"], width, "  · ")
    elif len(groups) == 1 or not any(group["people"] for group in groups):
        yield "  " + words["everyone"]
    if len(groups) > 1:
        yield "  " + (words["also"] if section["people"] else words["either"])
        for number, group in enumerate(groups, 1):
            yield from _group(number, group, words, width, lang)
    if section["unless"]:
        yield "  " + words["unless"]
        yield from _bullets(section["unless"], width, "  · ")
    more = f" ({words['examples'].format(len(groups))})" if len(groups) > 1 else ""
    yield "  " + words["example"] + more
    yield from _typed(groups[0]["check"], section, data=data, width=width)
    for reason in {reason["label"]: reason for group in groups for reason in group["because"]}.values():
        yield from _wrapped(reason_said(reason, lang), width, "  ")


def _group(number: int, group: Mapping[str, Any], words: Mapping[str, str], width: int, lang: str) -> Iterator[str]:
    lead = f"  {number}. "
    yield from _bullets([sentence(group["people"], lang) or words["everyone"]], width, lead)
    if group["unless"]:
        yield " " * len(lead) + words["unless"]
        yield from _bullets(group["unless"], width, " " * len(lead) + "· ")


def sentence(parts: Sequence[str], lang: str) -> str:
    """Return several phrases as one."""
    if len(parts) < 2:
        return "".join(parts)
    comma = ";" if any("," in part for part in parts) else ","
    last = f"{comma if comma == ';' else ''} {'et' if lang == 'fr' else 'and'} "
    return f"{comma} ".join(parts[:-1]) + last + parts[-1]


def check_words(check: Mapping[str, Any], action: str, data: Sequence[str]) -> list[str]:
    """Return the command that asks about an example, quoted for a shell."""
    words = ["inforce", "check"]
    words += [
        shlex.quote(f"{name}={','.join(value) or 'none' if isinstance(value, list) else value}")
        for name, value in check["facts"].items()
    ]
    words += [f"--action {action}", f"--on {check['on']}"]
    words += ["--ordinarily"] if check["ordinarily"] else []
    return words + [f"--data {shlex.quote(folder)}" for folder in data]


def _typed(check: Mapping[str, Any], section: Section, *, data: Sequence[str], width: int) -> Iterator[str]:
    # What can be pasted: a line for the shell, folded with backslashes.
    line = "   "
    for word in check_words(check, section["action"], data):
        if len(line) + len(word) + 3 > width and line.strip():
            yield line + " \\"
            line = "     "
        line += " " + safe_text(word)
    yield line


def reason_said(reason: Mapping[str, Any], lang: str) -> str:
    """Return why outcomes differ: a rule with its days and instrument, or who joined or left a list."""
    words = WORDS[lang]
    if "list" in reason:
        made = f" ({cited(reason['instrument'], lang)})" if reason["instrument"] else ""
        return f"{words['because']} {reason['label']}{made}"
    ended = reason["until"]
    days = words["to"].format(reason["from"], one_day_before(ended)) if ended else words["from"].format(reason["from"])
    by = " · ".join(part for part in (days, cited(reason["instrument"] or "", lang)) if part)
    return f"{words['because']} {reason['rule']} {lower_first(reason['label'])}{f' ({by})' if by else ''}"


def _bullets(items: Sequence[str], width: int, lead: str) -> Iterator[str]:
    for item in items:
        yield from textwrap.wrap(
            safe_text(item),
            width,
            initial_indent=lead,
            subsequent_indent=" " * len(lead),
            break_on_hyphens=False,
        )


def _wrapped(text: str, width: int, lead: str, *, paint_head: tuple[str, str] | None = None) -> list[str]:
    found = textwrap.wrap(
        safe_text(text), width, initial_indent=lead, subsequent_indent=lead + "  ", break_on_hyphens=False
    )
    if paint_head is not None:
        head, code = paint_head
        found[0] = found[0].replace(head, paint(head, code, color=True), 1)
    return found
