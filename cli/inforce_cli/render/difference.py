"""Who lost and who gained between two days, as a page of text."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inforce_cli.render.text import safe_text
from inforce_cli.render.words import cited, lower_first, outcome, paint

__all__ = ["difference_text"]

Section = Mapping[str, Any]

_WORDS = {
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
        "also": "and who, in one of {} ways,",
        "unless": "unless they",
        "example": "example",
        "because": "because",
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
        "also": "et qui, de l'une de {} manières,",
        "unless": "sauf si elles",
        "example": "exemple",
        "because": "parce que",
        "foot": "exact : tous les cas sont comptés, aucun échantillon · droit vérifié au {} · pas un avis juridique",
    },
}
_NEEDS = ("required", "not-required")


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
    words = _WORDS[lang]
    title = words["title"].format(**{"from": found["from"], "to": found["to"]})
    if data:
        title += words["draft"].format(", ".join(data))
    lines = [paint(safe_text(title), "0", color=color)]
    if where:
        lines += _wrapped(f"{words['where']} {'; '.join(where)}", width, "")
    for kind in ("lost", "gained", "unsettled"):
        here = [section for section in sections if section["kind"] == kind]
        if not here and kind != "unsettled":
            lines += ["", f"{words[kind]}  {words['nobody']}"]
        for section in here:
            lines += ["", *_section(section, found, words, data=data, width=width, lang=lang, color=color)]
    lines += ["", *_wrapped(words["foot"].format(found["data"]["verified_through"]), width, "  ")]
    return "\n".join(lines) + "\n"


def _section(
    section: Section,
    found: Mapping[str, Any],
    words: Mapping[str, str],
    *,
    data: Sequence[str],
    width: int,
    lang: str,
    color: bool,
) -> Iterator[str]:
    kind, needed = section["kind"], section["after"] in _NEEDS or section["before"] in _NEEDS
    head = words[f"need-{kind}" if needed and kind != "unsettled" else kind]
    change = f"{outcome(section['before'], lang)} → {outcome(section['after'], lang)}"
    red = (kind == "gained") if needed else (kind == "lost")
    code = {"unsettled": "33"}.get(kind, "31" if red else "32")
    yield from _wrapped(f"{head}  {section['label']}: {change}", width, "", paint_head=(head, code) if color else None)
    groups = section["groups"]
    if section["people"]:
        yield "  " + words["people"]
        yield from _bullets(section["people"], width, "  · ")
    elif len(groups) == 1 or not any(group["people"] for group in groups):
        yield "  " + words["everyone"]
    if len(groups) > 1:
        yield "  " + (
            words["also"] if section["people"] else words["also"].removeprefix("and ").removeprefix("et ")
        ).format(len(groups))
        for number, group in enumerate(groups, 1):
            yield from _group(number, group, words, width)
    if section["unless"]:
        yield "  " + words["unless"]
        yield from _bullets(section["unless"], width, "  · ")
    for number, group in enumerate(groups, 1):
        lead = f" {number}" if len(groups) > 1 else ""
        yield from _typed(group, section, found, words["example"] + lead, data=data, width=width)
    for reason in {reason["version"]: reason for group in groups for reason in group["because"]}.values():
        yield from _reason(reason, words, width, lang)


def _group(number: int, group: Mapping[str, Any], words: Mapping[str, str], width: int) -> Iterator[str]:
    own = group["people"] or [words["everyone"]]
    lead = f"  {number}. "
    yield from _bullets([own[0]], width, lead)
    yield from _bullets(own[1:], width, " " * len(lead))
    if group["unless"]:
        yield " " * len(lead) + words["unless"]
        yield from _bullets(group["unless"], width, " " * len(lead) + "· ")


def _typed(
    group: Mapping[str, Any], section: Section, found: Mapping[str, Any], lead: str, *, data: Sequence[str], width: int
) -> Iterator[str]:
    # What can be pasted: a line for the shell, folded with backslashes.
    check = group["check"]
    words = ["inforce", "check"]
    words += [
        shlex.quote(f"{name}={','.join(value) or 'none' if isinstance(value, list) else value}")
        for name, value in check["facts"].items()
    ]
    words += ["--action", section["action"], "--on", found["to"]]
    words += ["--ordinarily"] if check["ordinarily"] else []
    words += [part for folder in data for part in ("--data", shlex.quote(folder))]
    yield f"  {lead}"
    line = "   "
    for word in words:
        if len(line) + len(word) + 3 > width and line.strip():
            yield line + " \\"
            line = "     "
        line += " " + safe_text(word)
    yield line


def _reason(reason: Mapping[str, Any], words: Mapping[str, str], width: int, lang: str) -> Iterator[str]:
    days = f"{reason['from']}–{reason['until'] or ''}" if not reason["from"].startswith("0000") else ""
    by = " · ".join(part for part in (days, cited(reason["instrument"] or "", lang)) if part)
    text = f"{words['because']} {reason['rule']} {lower_first(reason['label'])}{f' ({by})' if by else ''}"
    yield from _wrapped(text, width, "  ")


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
