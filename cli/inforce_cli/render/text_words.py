"""Changed words on lines of a width: what went between [-…-], what came between {+…+}, in colour where there is one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inforce_cli.render.text import safe_text

__all__ = ["Runs", "inline", "lines", "painted", "side"]

Runs = list[tuple[str, str]]
"""Pieces of text, each with what happened to it: ``equal``, ``gone`` or ``new``."""

_COLORS = {"gone": "31", "new": "32"}
_MARKS = {"gone": ("[-", "-]"), "new": ("{+", "+}"), "equal": ("", "")}


def inline(edits: Iterable[Mapping[str, Any]]) -> Runs:
    """Return edits as runs in one text, what went before what came."""
    found: Runs = []
    for edit in edits:
        if edit["op"] == "equal":
            found.append((edit["after"], "equal"))
            continue
        found += [(edit["before"], "gone"), (edit["after"], "new")]
    return _marked(found)


def side(edits: Iterable[Mapping[str, Any]], which: str) -> Runs:
    """Return one side of edits as runs: ``before`` or ``after``."""
    changed = "gone" if which == "before" else "new"
    return _marked([(edit[which], "equal" if edit["op"] == "equal" else changed) for edit in edits])


def _marked(runs: Runs) -> Runs:
    """Runs with their marks, which stand close to the words; spaces at the rims stay outside."""
    found: Runs = []
    for text, kind in runs:
        if not text.strip():
            if text and kind != "gone":
                found.append((text, "equal"))
            continue
        first, last = _MARKS[kind]
        lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        shown = f"{lead}{first}{safe_text(text.strip())}{last}{trail}"
        if found and kind != "equal" and found[-1][1] != "equal" and not found[-1][0].endswith(" "):
            found.append((" ", "equal"))
        found.append((shown, kind))
    return found


def lines(runs: Runs, width: int) -> list[Runs]:
    """Return runs folded to lines of at most ``width`` columns; a longer word stands alone."""
    found: list[Runs] = [[]]
    used = 0
    for word in _words(runs):
        size = sum(len(piece) for piece, _ in word)
        if used and used + 1 + size > width:
            found.append([])
            used = 0
        if used:
            found[-1].append((" ", "equal" if word[0][1] != found[-1][-1][1] else word[0][1]))
            used += 1
        found[-1] += word
        used += size
    return [line for line in found if line]


def _words(runs: Runs) -> list[Runs]:
    found: list[Runs] = []
    joined = False
    for text, kind in runs:
        for piece in re.findall(r"\s+|\S+", text):
            if piece.isspace():
                joined = False
            elif joined:
                found[-1].append((piece, kind))
            else:
                found.append([(piece, kind)])
                joined = True
    return found


def painted(line: Sequence[tuple[str, str]], *, color: bool, width: int = 0) -> str:
    """Return one line, padded to ``width`` columns, in colour if ``color``."""
    out, last = [], "equal"
    for piece, kind in line:
        if color and kind != last:
            out.append(f"\x1b[{_COLORS[kind]}m" if kind in _COLORS else "\x1b[0m")
            last = kind
        out.append(piece)
    if color and last != "equal":
        out.append("\x1b[0m")
    return "".join(out) + " " * max(0, width - sum(len(piece) for piece, _ in line))
