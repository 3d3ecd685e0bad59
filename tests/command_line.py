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
PREFIXES = """\
@base <https://w3id.org/inforce/> .
@prefix action: <https://w3id.org/inforce/action/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix fact: <https://w3id.org/inforce/fact/> .
@prefix inf: <https://w3id.org/inforce/ns#> .
@prefix layer: <https://w3id.org/inforce/layer/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rule: <https://w3id.org/inforce/rule/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
"""What stands at the head of a user's own Turtle."""


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
