"""A file that says which column holds which fact and what its own words stand for: JSON, or the same as plain YAML."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from inforce.errors import EnvironmentFault, InputError, UsageError

__all__ = ["ColumnMap", "read_map"]

LARGEST = 1_000_000
SHAPE = "a line is COLUMN: FACT, or COLUMN: with fact: and values: below it"
_LINE = re.compile(
    r"""(?P<indent>[ ]*)(?:(?P<quote>["'])(?P<quoted>.*?)(?P=quote)|(?P<bare>[^\s:#"'][^:#]*?))\s*"""
    r""":(?:\s+(?P<rest>.*))?\s*$"""
)


class ColumnMap:
    """By column the fact it holds, ``None`` for none; by column its own words and what they stand for."""

    def __init__(self, found: dict[str, Any], source: str) -> None:
        """Take what a file says.

        Raises:
            InputError: not of the shape of a map.
        """
        self.columns: dict[str, str | None] = {}
        self.values: dict[str, dict[str, Any]] = {}
        for column, told in found.items():
            if isinstance(told, dict):
                if strange := set(told) - {"fact", "values"}:
                    _refuse(f'{column}: "{min(strange)}" is neither fact nor values', source)
                values = told.get("values") or {}
                if not isinstance(values, dict) or any(isinstance(v, dict | list) for v in values.values()):
                    _refuse(f"{column}: values are words and what they stand for", source)
                self.values[column] = {str(word): _word(meant) for word, meant in values.items()}
                told = told.get("fact", column.replace("-", "_"))
            if told is not None and not isinstance(told, str):
                _refuse(f"{column}: a fact is a name", source)
            self.columns[column] = told.replace("-", "_") if told else None


def read_map(name: str) -> ColumnMap:
    """Return the map of the file ``name``.

    Raises:
        UsageError: there is no such file.
        InputError: it is not a map.
        EnvironmentFault: it cannot be read.
    """
    path = Path(name)
    if path.is_dir() or not path.exists():
        raise UsageError(f"--map {name}: {'a folder' if path.is_dir() else 'no such file'}", hint="name one file")
    try:
        content = path.read_bytes()[: LARGEST + 1]
    except OSError as error:
        raise EnvironmentFault(
            f"cannot be read: {(error.strerror or str(error)).lower()}", source=name, hint="check its permissions"
        ) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        _refuse("this is not UTF-8 text", name)
    if len(content) > LARGEST or not text.strip():
        _refuse("the map is empty" if not text.strip() else "the map is too large", name)
    return ColumnMap(_json(text, name) if text.lstrip().startswith("{") else _yaml(text, name), name)


def _word(meant: Any) -> Any:
    # What YAML leaves a word, JSON may write as truth.
    return ("yes" if meant else "no") if isinstance(meant, bool) else None if meant is None else str(meant)


def _json(text: str, source: str) -> dict[str, Any]:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            _refuse("a name is given twice", source)
        return found

    try:
        found: dict[str, Any] = json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        _refuse(f"this is not JSON: {str(error)[:80]}", source)
    return found


def _yaml(text: str, source: str) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    # The mappings that are open, each with the indentation of its names; None until the first name is read.
    open_: list[tuple[int | None, dict[str, Any]]] = [(0, whole)]
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#") or line.strip() == "---":
            continue
        where = f"{source}:{number}"
        found = _LINE.match(line)
        if found is None or "\t" in found["indent"]:
            _refuse(f'"{line.strip()[:40]}" is not NAME: VALUE', where)
        indent = len(found["indent"])
        if open_[-1][0] is None:
            above = open_[-2][0] or 0
            if indent > above:
                open_[-1] = (indent, open_[-1][1])
            else:
                open_.pop()
        while len(open_) > 1 and indent < (open_[-1][0] or 0):
            open_.pop()
        if indent != open_[-1][0]:
            _refuse("the indentation fits nothing above", where)
        name = found["quoted"] if found["quote"] else found["bare"]
        if name in open_[-1][1]:
            _refuse(f'"{name}" is given twice', where)
        value = _scalar(found["rest"] or "", where)
        if value == "":
            if len(open_) > 2:
                _refuse(f"{name} has no value", where)
            value = {}
            open_.append((None, value))
        open_[-1 if not isinstance(value, dict) else -2][1][name] = value
    return whole


def _scalar(text: str, where: str) -> Any:
    bare = text.strip()
    if bare[:1] in ("'", '"'):
        closed = re.fullmatch(r"""(["'])(.*?)\1\s*(?:#.*)?""", bare)
        if closed is None:
            _refuse("the quotes are not closed", where)
        return closed[2]
    bare = re.sub(r"(^|\s)#.*$", "", bare).strip()
    if bare[:1] in tuple("&*!|>{[@`%"):
        _refuse(f'"{bare[:1]}" has no place in a map', where)
    return None if bare in ("~", "null") else bare


def _refuse(message: str, source: str) -> NoReturn:
    raise InputError(message, code="E_MAP", source=source, hint=SHAPE)
