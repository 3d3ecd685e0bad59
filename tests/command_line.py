"""The command as tests run it: a line typed as in a shell, what it printed, and the schemas of its JSON forms."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

import jsonschema

import inforce
import inforce_cli

PACKAGE = Path(inforce_cli.__file__).parent
PATH = os.pathsep.join(str(Path(module.__file__ or "").parent.parent) for module in (inforce, inforce_cli))
SOURCES = {**os.environ, "PYTHONPATH": PATH}


class Ran(NamedTuple):
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


def schema(name: str) -> jsonschema.Draft202012Validator:
    """Return the schema that the package ships for one JSON form."""
    found = json.loads((PACKAGE / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)
