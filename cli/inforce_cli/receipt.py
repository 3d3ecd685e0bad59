"""A saved answer, read from a file or standard input where a command takes a name or a receipt."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from inforce.errors import EnvironmentFault, InputError, UsageError
from inforce_cli import given

__all__ = ["saved_answer"]


def saved_answer(name: str) -> dict[str, Any] | None:
    """Return the JSON of the file ``name`` (``-``: standard input); ``None`` where ``name`` is no file.

    Raises:
        UsageError: a name that ends in ``.json``, and no file is there.
        InputError: the file holds no JSON object.
        EnvironmentFault: the file cannot be read.
    """
    path = Path(name)
    if name != "-" and given.served():
        return None
    if name != "-" and not path.is_file():
        if name.endswith(".json"):
            raise UsageError(f"{name}: no such file", hint="save an answer: inforce check … --json -o FILE")
        return None
    content = given.body() if given.served() else None
    try:
        if content is not None:
            text = content.decode("utf-8")
        else:
            text = sys.stdin.read() if name == "-" else path.read_text(encoding="utf-8")
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"{name}:{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else name
        raise InputError(
            "this is not JSON", code="E_CASE", source=where, hint="save an answer: inforce check … --json -o FILE"
        ) from None
    except OSError as error:
        raise EnvironmentFault(f"cannot be read: {error.strerror}", source=name, hint="check its permissions") from None
    if not isinstance(found, dict):
        raise InputError(
            "this JSON is not an answer of inforce check",
            code="E_CASE",
            source=name,
            hint="save one: inforce check … --json -o FILE",
        )
    return found
