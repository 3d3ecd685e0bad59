"""The part of YAML in which a case is written: one mapping of names to a scalar or a list of scalars.

Every scalar stays the text it is: ``no`` is no truth value and Norway's code stays a code. What has two meanings in
YAML (anchors, tags, blocks of text, mappings within mappings) is refused with its place, never guessed at.

Source: YAML 1.2.2, sections 7.3 (flow scalars), 7.4.1 (flow sequences) and 8.2 (block collections).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

__all__ = ["NotPlain", "Pair", "is_yaml", "pairs"]

Pair = tuple[str, Any, int, int]
"""A name, its value, and where the name stands: line and column, from 1."""

_KEY = re.compile(r"""(?P<quote>["']?)(?P<name>[^\W\d][\w-]*)(?P=quote)\s*:(?=\s|$)""")
_FLOW = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,\[\]{}"'\s][^,\[\]{}]*?)\s*(,|\])""")
_REFUSED = {
    "&": "an anchor",
    "*": "an alias",
    "!": "a tag",
    "|": "a block of text",
    ">": "a block of text",
    "{": "a mapping",
    "@": "a reserved sign",
    "`": "a reserved sign",
    "%": "a directive",
    "]": "the end of a list",
    "}": "the end of a mapping",
    "?": "a complex key",
}


class NotPlain(ValueError):
    """Something that a case does not need; with its line and column."""

    def __init__(self, message: str, line: int, column: int) -> None:
        """Take what was found and where."""
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


def is_yaml(text: str) -> bool:
    r"""Tell whether the first line that says something is a name with a colon.

    >>> is_yaml("# a case\ncitizenships: [IND]"), is_yaml("citizenships=IND")
    (True, False)
    """
    for line in text.splitlines():
        bare = line.strip()
        if bare and not bare.startswith("#"):
            return bare == "---" or _KEY.match(bare) is not None
    return False


def pairs(text: str) -> Iterator[Pair]:
    r"""Yield the names and values of the one mapping of ``text``; a mapping below ``facts:`` alone counts as it.

    Raises:
        NotPlain: another shape, or a sign that is refused.

    >>> list(pairs("facts:\n  citizenships: [IND, 'MEX']\n  lmia_required: no  # sure"))
    [('citizenships', ['IND', 'MEX'], 2, 3), ('lmia_required', 'no', 3, 3)]
    """
    lines = list(_lines(text))
    if lines and re.fullmatch(r"facts\s*:", lines[0][2]) and len(lines) > 1 and lines[1][1] > lines[0][1]:
        if outside := next((line for line in lines[1:] if line[1] <= lines[0][1]), None):
            _refuse("a case has nothing beside facts", outside[0], outside[1] + 1)
        lines = lines[1:]
    number = 0
    while number < len(lines):
        line, indent, bare = lines[number]
        number += 1
        found = _KEY.match(bare)
        if found is None or indent != lines[0][1]:
            _refuse(f'"{bare[:40]}" is not name: value', line, indent + 1)
        rest = bare[found.end() :].strip()
        at = indent + len(bare) - len(bare[found.end() :].lstrip()) + 1
        if rest:
            yield found["name"], _value(rest, line, at), line, indent + 1
            continue
        items = []
        while number < len(lines) and lines[number][2].startswith("- ") and lines[number][1] >= indent:
            below, deep, item = lines[number]
            items.append(_scalar(item[1:].strip(), below, deep + 3))
            number += 1
        if not items:
            _refuse(f"{found['name']} has no value", line, at)
        yield found["name"], items, line, indent + 1


def _lines(text: str) -> Iterator[tuple[int, int, str]]:
    # Number, indentation and content of each line that says something.
    begun = False
    for number, line in enumerate(text.splitlines(), 1):
        bare = _uncommented(line).rstrip()
        if not bare.strip() or (bare == "---" and not begun):
            continue
        if bare in ("---", "..."):
            _refuse("a file holds one case", number, 1)
        begun = True
        indent = len(bare) - len(bare.lstrip(" "))
        if bare[indent] == "\t":
            _refuse("YAML is indented with spaces", number, indent + 1)
        yield number, indent, bare[indent:]


def _uncommented(line: str) -> str:
    quote = ""
    for place, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'" and re.search(r"(?:^|[\s,:\[])$", line[:place]):
            quote = sign
        elif sign == "#" and (place == 0 or line[place - 1] in " \t"):
            return line[:place]
    return line


def _value(text: str, line: int, column: int) -> Any:
    if not text.startswith("["):
        return _scalar(text, line, column)
    items: list[Any] = []
    place = 1
    while text[place:].strip() != "]":
        found = _FLOW.match(text, place)
        if found is None:
            rest = text[place:].lstrip()
            _refuse(f'"{rest[:40]}" does not go on a list', line, column + len(text) - len(rest))
        items.append(_scalar(found[1], line, column + found.start(1)))
        place = found.end()
        if found[2] == "]":
            break
    else:
        place = len(text)
    if rest := text[place:].lstrip():
        _refuse(f'"{rest[:40]}" stands after the list', line, column + len(text) - len(rest))
    return items


def _scalar(text: str, line: int, column: int) -> Any:
    if text[:1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            _refuse("the quotes are not closed, or hold a sign that JSON would not", line, column)
    if text[:1] == "'":
        if not re.fullmatch(r"'(?:[^']|'')*'", text):
            _refuse("the quotes are not closed", line, column)
        return text[1:-1].replace("''", "'")
    if text[:1] in _REFUSED or text.startswith(("- ", "[")) or re.search(r":(\s|$)", text):
        what = _REFUSED.get(text[:1], "a collection within a value")
        _refuse(f"{what} has no place in a case", line, column)
    return None if text in ("~", "null", "") else text


def _refuse(message: str, line: int, column: int) -> NoReturn:
    raise NotPlain(message, line, column)
