"""What differs between two days in rules, shared conditions, lists and what concepts imply, as a page of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from inforce_cli.render.text import safe_text
from inforce_cli.render.words import cited, instant, paint

__all__ = ["COLUMNS", "difference_rows", "rules_text"]

Row = Mapping[str, Any]

COLUMNS = ("what", "kind", "id", "date", "instrument", "label", "before", "after")
_SECTIONS = (("rules", "rule"), ("conditions", "condition"), ("lists", "list"), ("entailments", "entailment"))
_KINDS = ("added", "changed", "ended", "restated", "passed")
_WORDS = {
    "en": {
        "title": "Rules and lists on {to} against {from}",
        "draft": ", with {}",
        "nothing": "no rule, list or shared condition differs",
        "rules": "RULES",
        "conditions": "CONDITIONS THAT RULES SHARE",
        "lists": "LISTS",
        "entailments": "WHAT CONCEPTS IMPLY",
        "added": "added",
        "changed": "changed",
        "ended": "ended",
        "restated": "restated",
        "passed": "came and went",
        "by": "by {}",
        "effect": "effect",
        "actions": "actions",
        "layer": "layer",
        "condition": "condition",
        "defeats": "defeats",
        "citations": "cites",
        "reading": "reading",
        "instrument": "instrument",
        "label": "label",
        "until": "until {}",
        "used": "read by {}",
    },
    "fr": {
        "title": "Règles et listes du {to} comparées à celles du {from}",
        "draft": ", avec {}",
        "nothing": "aucune règle, liste ou condition commune ne diffère",
        "rules": "RÈGLES",
        "conditions": "CONDITIONS COMMUNES À DES RÈGLES",
        "lists": "LISTES",
        "entailments": "CE QUE LES NOTIONS IMPLIQUENT",
        "added": "ajout",
        "changed": "modification",
        "ended": "fin",
        "restated": "reprise",
        "passed": "passagère",
        "by": "par {}",
        "effect": "effet",
        "actions": "actions",
        "layer": "niveau",
        "condition": "condition",
        "defeats": "lève",
        "citations": "renvoie à",
        "reading": "lecture",
        "instrument": "texte",
        "label": "titre",
        "until": "jusqu'au {}",
        "used": "lue par {}",
    },
}
_COLORS = {"added": "32", "ended": "31", "changed": "33", "restated": "0", "passed": "0"}


def difference_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the difference as rows of one table: ``what``, ``kind``, ``id``, ``date``, ``after`` and more."""
    rows = []
    for section, what in _SECTIONS:
        for row in found[section]:
            before, after = row.get("before"), row.get("after")
            if section == "lists":
                before, after = (row["list"] if on else None for on in (row["kind"] != "added", row["kind"] != "ended"))
            rows.append(
                {
                    "what": what,
                    "kind": row["kind"],
                    "id": row["id"],
                    "date": row["at"] or row["day"],
                    "instrument": row["instrument"],
                    "label": row["label"],
                    "before": before,
                    "after": after,
                }
            )
    return rows


def rules_text(
    found: Mapping[str, Any], *, against: str | None = None, width: int = 80, lang: str = "en", color: bool = False
) -> str:
    """Return the page: by section what was added, changed and ended, each with its day and instrument.

    ``against`` names the folder of the user's own rules for the later day, if there is one.
    """
    words = _WORDS[lang]
    title = words["title"].format(**{"from": found["from"], "to": found["to"]})
    if against:
        title += words["draft"].format(against)
    lines = [paint(safe_text(title), "0", color=color)]
    if not any(found[section] for section, _ in _SECTIONS):
        return f"{lines[0]}\n\n  {words['nothing']}\n"
    for section, _ in _SECTIONS:
        rows = sorted(found[section], key=lambda row: _KINDS.index(row["kind"]))
        if rows:
            lines += ["", paint(words[section], "0", color=color)]
        for kind, group in groupby(rows, key=lambda row: row["kind"]):
            here = list(group)
            told = list(_listed(here, lang) if section == "lists" else _one_each(here, lang))
            for number, item in enumerate(told):
                head = words[kind] if not number else ""
                lines += _entry(head, item, kind, words, width=width, lang=lang, color=color)
    return "\n".join(lines) + "\n"


Item = tuple[str, str, Row]
"""When, what, and the row it is of."""


def _one_each(rows: Sequence[Row], lang: str) -> Iterator[Item]:
    for row in rows:
        what = f"{row['id']}  {_in(row, 'label', lang)}"
        if row.get("of"):
            value = ", ".join(row["value"]) if isinstance(row["value"], list) else row["value"]
            what = f"{row['of']} → {row['fact']}={value}"
        yield instant(row["at"] or row["day"], lang), what, row


def _listed(rows: Sequence[Row], lang: str) -> Iterator[Item]:
    # Whom one instrument puts on a list the same day, in one line.
    def together(row: Row) -> tuple[str, str, str]:
        return row["at"] or row["day"], row["list"], row["instrument"] or ""

    for (when, _, _), group in groupby(sorted(rows, key=together), key=together):
        found = list(group)
        names = ", ".join(sorted(_in(row, "label", lang) for row in found))
        yield (
            instant(when, lang),
            f"{_in(found[0], 'list_label', lang)}{' : ' if lang == 'fr' else ': '}{names}",
            found[0],
        )


def _in(row: Row, key: str, lang: str) -> str:
    return str(row.get(f"{key}_{lang}") or row[key])


def _entry(
    head: str, item: Item, kind: str, words: Mapping[str, str], *, width: int, lang: str, color: bool
) -> Iterator[str]:
    when, what, row = item
    lead = f"  {head}".ljust(17)
    text = f"{when}  {what}"
    first, *rest = _wrapped(text, width, 17)
    yield (
        paint(lead.rstrip(), _COLORS[kind], color=color and bool(head)) + " " * (len(lead) - len(lead.rstrip())) + first
    )
    yield from (" " * 17 + line for line in rest)
    said = [words["by"].format(cited(row["instrument"], lang))] if row["instrument"] else []
    if row.get("until"):
        said.append(words["until"].format(row["until"]))
    if row.get("layer"):
        said.append(row["layer"])
    if row.get("rules"):
        said.append(words["used"].format(", ".join(row["rules"])))
    if said:
        yield from (" " * 19 + line for line in _wrapped(" · ".join(said), width, 19))
    for part in row.get("parts", ()):
        yield from _part(part, words, width=width, lang=lang)


def _part(part: Row, words: Mapping[str, str], *, width: int, lang: str) -> Iterator[str]:
    lead = f"{words[part['part']]}: "
    pairs = _sides(part, lang)
    for sign, text in pairs:
        first, *rest = _wrapped(f"{lead}{sign} {text}", width, 19)
        yield " " * 19 + first
        yield from (" " * (21 + len(lead)) + line for line in _again(rest, width, 21 + len(lead)))
        lead = " " * len(lead)


def _again(lines: Sequence[str], width: int, indent: int) -> list[str]:
    return _wrapped(" ".join(line.strip() for line in lines), width, indent) if lines else []


def _sides(part: Row, lang: str) -> list[tuple[str, str]]:
    if part["part"] == "condition" and (part["removed"] or part["added"]):
        removed, added = (part.get(f"{key}_{lang}") or part[key] for key in ("removed", "added"))
        return [("−", text) for text in removed] + [("+", text) for text in added]
    before, after = (part.get(f"{key}_{lang}") or part[key] for key in ("before", "after"))
    if isinstance(before, list):
        gone, new = [one for one in before if one not in after], [one for one in after if one not in before]
        shown = [("−", ", ".join(cited(one, lang) for one in gone)), ("+", ", ".join(cited(one, lang) for one in new))]
        return [(sign, text) for sign, text in shown if text]
    shown_ = (cited(str(one), lang) if one is not None else "–" for one in (before, after))
    return list(zip(("−", "+"), shown_, strict=True))


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    return textwrap.wrap(
        safe_text(text), max(30, width - indent), break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    ) or [""]
