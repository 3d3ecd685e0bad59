"""Facts as people hand them over: ``name=value`` words or lines of them, a JSON object, plain YAML, a saved answer."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from inforce.errors import EnvironmentFault, FactsError, InForceError, InputError, UsageError
from inforce_cli import given
from inforce_cli.plain_yaml import NotPlain, is_yaml, pairs

__all__ = ["Case", "assignments", "read_case"]

LARGEST = 1_000_000  # bytes; a case has some sixty facts
SHAPE = 'a case is one JSON object of facts, {"name": "value"}, a saved answer, or lines of name=value or name: value'


class Case:
    """Facts by name with the place each was read from, so that an error can name it."""

    def __init__(self, facts: Mapping[str, Any], places: Mapping[str, str] | None = None, source: str = "") -> None:
        """Take the facts; ``places`` says ``file:line:column`` for each."""
        self.facts = dict(facts)
        self.places = dict(places or {})
        self.source = source

    def with_words(self, words: Iterable[str]) -> Case:
        """Return the case with facts of the command line added.

        Raises:
            FactsError: a fact stands in the file and on the command line.
        """
        added = assignments(words)
        known = {name.replace("-", "_") for name in self.facts}
        for name in added:
            if name.replace("-", "_") in known:
                raise FactsError(
                    f"{name} stands in {self.source} and on the command line",
                    hint=f"leave one out, or ask: --what-if {name}={added[name]}",
                )
        return Case({**self.facts, **added}, self.places, self.source)

    def placed(self, error: InForceError) -> InForceError:
        """Return ``error`` with the place of the fact it speaks of, where it came from a file."""
        if error.source is None:
            for name, place in self.places.items():
                if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", error.message.replace("-", "_") + error.message):
                    return type(error)(error.message, code=error.code, hint=error.hint, source=place)
        return error


def assignments(words: Iterable[str], *, of: str = "FACT", known: str = "inforce list facts") -> dict[str, str]:
    """Return the facts that ``name=value`` words give.

    Args:
        of: what the words name, for a message.
        known: the command that lists what there is.

    Raises:
        UsageError: a word without ``=``.
        FactsError: one fact twice.

    >>> assignments(["citizenships=IND,MEX", "lmia-required=no"])
    {'citizenships': 'IND,MEX', 'lmia-required': 'no'}
    """
    found: dict[str, str] = {}
    for item in words:
        name, sign, value = item.partition("=")
        if not sign or not name.strip():
            hint = f"read the file: --facts {item}" if item.endswith(".json") else f"for example {item.strip('=')}=yes"
            raise UsageError(f'"{item}" is not {of}=VALUE', hint=f"{hint}; what there is: {known}")
        name = name.strip()
        if name.replace("-", "_") in {one.replace("-", "_") for one in found}:
            raise FactsError(f"{name} is given twice", hint="give it once; values of a set as A,B")
        found[name] = value.strip()
    return found


def read_case(name: str) -> Case:
    """Return the facts of the file ``name``; ``-`` is standard input.

    Raises:
        UsageError: there is no such file.
        InputError: not a case: its bytes, its JSON or its shape.
        EnvironmentFault: it cannot be read.
    """
    source = "standard input" if name == "-" else name
    text = _text(_bytes(name), source)
    if text.lstrip()[:1] in ("{", "["):
        return _from_json(text, source)
    return _from_yaml(text, source) if is_yaml(text) else _from_lines(text, source)


def _bytes(name: str) -> bytes:
    if given.served():
        return given.body()
    if name == "-":
        if sys.stdin is None:
            raise EnvironmentFault("standard input is closed", hint="name a file: --facts FILE")
        return sys.stdin.buffer.read(LARGEST + 1)
    path = Path(name)
    if path.is_dir():
        raise UsageError(f"--facts {name} is a folder", hint="name one file in it")
    if not path.exists():
        raise UsageError(f"--facts {name}: no such file", hint="name a JSON file of facts, or - for standard input")
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot be read: {(error.strerror or str(error)).lower()}", source=name, hint="check its permissions"
        ) from None


def _text(content: bytes, source: str) -> str:
    if len(content) > LARGEST:
        _refuse(f"more than {LARGEST} bytes", source)
    if not content.strip():
        _refuse("the case is empty", source)
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        _refuse("it starts with a byte order mark", source, hint="save it as UTF-8 without BOM")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        _refuse("this is not UTF-8 text", f"{source}:{line}", hint="save it as UTF-8")
    odd = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", text)
    if odd:
        _refuse(f"this is not text: it holds the byte {ord(odd[0])}", f"{source}:{_place(text, odd.start())}")
    return text


def _refuse(message: str, source: str, *, hint: str = SHAPE) -> NoReturn:
    raise InputError(message, code="E_CASE", source=source, hint=hint)


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    return f"{line}:{position - text.rfind(chr(10), 0, position)}"


def _from_json(text: str, source: str) -> Case:
    places: dict[str, str] = {}

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in items:
            if key in seen:
                second = [m.start() for m in re.finditer(re.escape(json.dumps(key)) + r"\s*:", text)][1:2]
                where = f"{source}:{_place(text, second[0])}" if second else source
                _refuse(f'"{key}" is given twice', where, hint="keep one of them")
            seen[key] = value
        return seen

    def constant(word: str) -> NoReturn:
        _refuse(
            f"{word} is not JSON", f"{source}:{_place(text, text.find(word))}", hint="give a number, or leave it out"
        )

    try:
        found = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except json.JSONDecodeError as error:
        _refuse(f"this is not JSON: {error.msg.lower()}", f"{source}:{error.lineno}:{error.colno}")
    except InputError:
        raise
    except RecursionError:
        _refuse("nested too deeply", source)
    except ValueError:  # an integer of thousands of digits
        _refuse("a number is too long", source)
    if not isinstance(found, dict):
        _refuse(f"this is {_kind(found)}, not an object of facts", source)
    if "schema" in found:
        found = _of_answer(found, source)
    for key, value in found.items():
        where = re.search(re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:", text)
        places[key] = f"{source}:{_place(text, where.start())}" if where else source
        found[key] = _plain(key, value, places[key])
    return Case(found, places, source)


def _of_answer(receipt: dict[str, Any], source: str) -> dict[str, Any]:
    question = receipt.get("question")
    if not isinstance(question, dict):
        question = {}
    facts, unknown = question.get("facts"), question.get("unknown", [])
    if receipt["schema"] != "inforce/answer/1" or not isinstance(facts, dict) or not isinstance(unknown, list):
        _refuse(f'"schema": {json.dumps(receipt["schema"])[:40]} is not a saved answer', source)
    return {**facts, **dict.fromkeys(map(str, unknown), "unknown")}


def _kind(value: Any) -> str:
    kinds = {list: "a list", str: "a text", bool: "a truth value", dict: "an object", type(None): "null"}
    return kinds.get(type(value), "a number")


def _plain(key: str, value: Any, where: str) -> Any:
    if isinstance(value, list):
        for part in value:
            if not isinstance(part, str):
                _refuse(f"{key}: a list of facts holds names or codes, not {_kind(part)}", where, hint='["A", "B"]')
        return value
    if isinstance(value, dict):
        _refuse(f"{key}: a fact is one value, not an object", where)
    if isinstance(value, float) and not math.isfinite(value):
        _refuse(f"{key}: the number is too large", where, hint="give a number of ordinary size")
    return value


def _from_yaml(text: str, source: str) -> Case:
    facts: dict[str, Any] = {}
    places: dict[str, str] = {}
    try:
        for name, value, line, column in pairs(text):
            places[name] = f"{source}:{line}:{column}"
            _once(name, facts, places[name])
            facts[name] = _plain(name, value, places[name])
    except NotPlain as error:
        _refuse(error.message, f"{source}:{error.line}:{error.column}")
    return Case(facts, places, source)


def _once(name: str, facts: Iterable[str], where: str) -> None:
    if name.replace("-", "_") in {known.replace("-", "_") for known in facts}:
        _refuse(f'"{name}" is given twice', where, hint="keep one of them")


def _from_lines(text: str, source: str) -> Case:
    facts: dict[str, Any] = {}
    places: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        name, sign, value = bare.partition("=")
        name = name.strip()
        where = f"{source}:{number}:{line.find(bare) + 1}"
        if not sign or not re.fullmatch(r"[^\W\d][\w-]*", name):
            shown = bare if len(bare) <= 40 else bare[:40] + "…"
            _refuse(f'"{shown}" is not name=value', where)
        _once(name, facts, where)
        facts[name], places[name] = value.strip(), where
    return Case(facts, places, source)
