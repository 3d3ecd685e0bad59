"""What a check of somebody's files found: faults one line each, and what rules say against each other as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from inforce_cli.render.text import safe_text
from inforce_cli.render.words import colon, paragraph

__all__ = ["example_words", "findings_text"]

Row = Mapping[str, Any]


def findings_text(found: Sequence[Row], checked: int, *, lang: str = "en", width: int = 80) -> str:
    r"""Return one line a fault, as compilers write them, then the notes by what they are about; or that all is well.

    >>> findings_text([], 2)
    '2 checked, nothing found\n'
    """
    if not found:
        # No file was named where the package's own rules were asked about.
        what = f"{checked} " if checked else ""
        return f"{what}{'vérifiés, rien à signaler' if lang == 'fr' else 'checked, nothing found'}\n"
    faults = [one for one in found if one["level"] == "error"]
    # What hardly anybody means stands before what is only a reading.
    notes = sorted((one for one in found if one["level"] != "error"), key=lambda one: one["severity"] != "warning")
    lines = [_line(one, lang) for one in faults]
    for (where, subject, _), group in groupby(notes, key=lambda one: (_where(one), one["subject"], one["severity"])):
        lines += _about(where, subject, list(group), width, lang)
    advice: dict[str, list[str]] = {}
    for one in notes:
        text = _parts(one, lang)[1]
        if text and text not in advice.setdefault(one["code"], []):
            advice[one["code"]].append(text)
    lines += [
        paragraph(f"{code}{colon(lang)} {safe_text(text)}", width=width)
        for code, texts in sorted(advice.items())
        for text in texts
    ]
    return "".join([*lines, _count(len(faults), len(notes), lang)])


def _count(faults: int, notes: int, lang: str) -> str:
    french = lang == "fr"
    parts = [f"{faults} {'à corriger' if french else 'found'}"] if faults else []
    parts += [f"{notes} {'à considérer' if french else 'to think about'}"] if notes else []
    return ", ".join(parts) + "\n"


def _where(one: Row) -> str:
    return ":".join(str(one[key]) for key in ("file", "line", "column") if one[key])


def _line(one: Row, lang: str) -> str:
    kind, said = ("erreur", one["message_fr"]) if lang == "fr" else ("error", one["message"])
    parts = [part for part in (f"{kind}[{one['code']}]", _where(one), one["subject"], said) if part]
    return safe_text(f"{colon(lang)} ".join(parts)).replace("\n", " ") + "\n"


def _parts(one: Row, lang: str) -> tuple[str, str]:
    # What was found, and what to think about.
    said = one["message_fr" if lang == "fr" else "message"]
    if one.get("accepted"):
        return said, ""  # why it is so is of this one alone
    found, _, advice = said.partition(": ")
    return found.rstrip(), advice


def _about(where: str, subject: str, notes: Sequence[Row], width: int, lang: str) -> list[str]:
    title, place = safe_text(_named(subject, lang)), safe_text(where)
    lines = [f"{title}{'  ' if len(title) + len(place) + 2 <= width else chr(10) + '  '}{place}\n"]
    for one in notes:
        what = _named(safe_text(_parts(one, lang)[0]), lang)
        lines.append(paragraph(f"{one['code']}{' : ' if lang == 'fr' else ': '}{what}", width=width, indent=2))
        if one["example"]:
            # A line that goes on ends with a backslash: it can be pasted into a shell.
            typed = paragraph(safe_text(example_words(one["example"])), width=width - 2, indent=4)
            lines.append(typed.rstrip("\n").replace("\n", " \\\n") + "\n")
    return [*lines, "\n"]


def _named(text: str, lang: str) -> str:
    # A version by its rule and first day, as people say it: <rule/ID/DAY> is how Turtle does.
    return " ".join(_version(part, lang) for part in text.split(" "))


def _version(part: str, lang: str) -> str:
    bare = part.rstrip(",")
    if not (bare.startswith("<rule/") and bare.endswith(">")):
        return part.removeprefix("rule:") if part.startswith("rule:") else part
    rule, _, day = bare.removeprefix("<rule/").removesuffix(">").rpartition("/")
    return f"{rule} {'du' if lang == 'fr' else 'of'} {day}" + part[len(bare) :]


def example_words(example: Row | None) -> str:
    """Return the command that asks about an example, as it is typed; nothing for no example.

    >>> example_words({"action": "fly", "on": "a day", "facts": {"has_wings": "yes"}, "readings": []})
    "inforce check has_wings=yes --action fly --on 'a day' --ordinarily"
    """
    import shlex

    if example is None:
        return ""
    words = ["inforce", "check", *(f"{name}={value}" for name, value in example["facts"].items())]
    words += ["--action", example["action"], "--on", example["on"], "--ordinarily"]
    words += [word for reading in example["readings"] for word in ("--reading", reading)]
    return shlex.join(words)
