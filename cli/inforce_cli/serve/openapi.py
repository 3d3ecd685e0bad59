"""The OpenAPI description of ``/api``: made from the commands' signatures and the JSON Schemas of what they answer.

Source: OpenAPI Specification 3.1.1; its schemas are JSON Schema 2020-12 as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inforce import __version__
from inforce_cli.serve.operations import OPERATIONS, Operation, Parameter, defaults, operation

if TYPE_CHECKING:
    from inforce import KnowledgeBase

__all__ = ["document"]

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
ROWS = {"title": "Rows of a table", "type": "array", "items": {"type": "object"}}
OBJECT = {"title": "One thing", "type": "object"}
CASE = {
    "title": "Facts about an applicant, by name: yes or no, a code or name, a number, a list",
    "type": "object",
    "additionalProperties": {"type": ["string", "boolean", "number", "null", "array"], "items": {"type": "string"}},
}
SAVED = {
    "title": "A saved answer, whole, as check gave it",
    "type": "object",
    "required": ["schema", "question"],
    "properties": {"schema": {"type": "string"}, "question": {"type": "object"}},
}
INDEX = {
    "title": "The commands offered here",
    "type": "object",
    "required": ["commands", "openapi", "data"],
    "properties": {
        "commands": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["command", "path", "summary"],
                "properties": {name: {"type": "string"} for name in ("command", "path", "summary")},
            },
        },
        "openapi": {"type": "string"},
        "data": {"type": "object"},
    },
}
PROBLEMS = {
    "400": "The question cannot be asked like this: a parameter, a date, a combination.",
    "404": "Nothing has this name, or nothing of it is held on that day.",
    "413": "The question or the body is too large.",
    "422": "Facts that cannot stand together, or a body that is not good.",
    "503": "Too many questions at once; Retry-After says when to ask again.",
    "default": "Anything else that went wrong.",
}
HEADERS = {
    "ETag": "What If-None-Match compares.",
    "X-Data-Version": "The digest of the data that answered.",
    "X-Data-Cutoff": "The day through which the law was checked.",
}


def document(kb: KnowledgeBase) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the API over a knowledge base: its facts are parameters of a question."""
    paths: dict[str, Any] = {"/api": {"get": _index()}}
    for name in OPERATIONS:
        paths[f"/api/{name}"] = _path(operation(name), kb)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "inforce",
            "version": __version__,
            "summary": "Who may do what on a given day, what changed when, and the proof of each answer.",
            "description": "Each path is a command; its parameters are the command's options, its answer the very "
            "bytes of the command's --json. Read-only. Not legal advice.",
            "license": {"name": "Apache-2.0 AND CC-BY-4.0", "identifier": "Apache-2.0 AND CC-BY-4.0"},
            "x-data": {"version": kb.version, "verified_through": kb.book.verified_through},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**_schemas(), "rows": ROWS, "object": OBJECT, "case": CASE, "saved": SAVED, "index": INDEX},
            "headers": {
                name: {"description": text, "required": True, "schema": {"type": "string"}}
                for name, text in HEADERS.items()
            }
            | {
                "X-Truncated": {
                    "description": 'There, and "rows", where a limit left rows out.',
                    "schema": {"const": "rows"},
                }
            },
            "responses": {
                f"problem-{status}": {
                    "description": text,
                    "content": {"application/problem+json": {"schema": _ref("problem")}},
                }
                for status, text in PROBLEMS.items()
            }
            | {"same": {"description": "The answer is the one whose ETag was sent."}},
        },
    }


def _ref(name: str, kind: str = "schemas") -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


@cache
def _schemas() -> dict[str, Any]:
    names = {form for name in OPERATIONS for form in operation(name).offer.forms} - {"rows", "object"}
    return {name: _schema(name) for name in sorted({*names, "problem"})}


def _schema(name: str) -> dict[str, Any]:
    text = (SCHEMAS / f"{name}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text.replace('"#/$defs/', f'"#/components/schemas/{name}/$defs/'))
    # Inside a document of another schema these would start a document of their own.
    return {key: value for key, value in found.items() if key not in ("$schema", "$id")}


def _responses(schema: Mapping[str, Any]) -> dict[str, Any]:
    headers = {name: _ref(name, "headers") for name in (*HEADERS, "X-Truncated")}
    whole = {
        "description": "The answer.",
        "headers": headers,
        "content": {"application/json": {"schema": schema}},
    }
    problems = {status: _ref(f"problem-{status}", "responses") for status in PROBLEMS}
    return {"200": whole, "304": _ref("same", "responses"), **problems}


def _index() -> dict[str, Any]:
    return {
        "operationId": "index",
        "summary": "The commands offered here.",
        "parameters": [],
        "responses": _responses(_ref("index")),
    }


def _path(command: Operation, kb: KnowledgeBase) -> dict[str, Any]:
    forms = [_ref(form) for form in command.offer.forms]
    keyword, what = command.offer.body
    shared = {
        "summary": command.summary,
        "description": command.text,
        "responses": _responses(forms[0] if len(forms) == 1 else {"anyOf": forms}),
    }
    facts = _facts(command, kb)
    found: dict[str, Any] = {}
    if keyword not in command.offer.left_out or keyword in defaults(command):
        parameters = [_parameter(one, kb) for one in command.parameters]
        found["get"] = {"operationId": command.name, "parameters": [*parameters, *facts], **shared}
    if keyword:
        parameters = [_parameter(one, kb) for one in command.parameters if one.keyword != keyword]
        found["post"] = {
            "operationId": f"{command.name}-{what}",
            "parameters": [*parameters, *facts],
            "requestBody": {
                "required": True,
                "description": "Facts about an applicant." if what == "facts" else "A saved answer: the JSON of check.",
                "content": {"application/json": {"schema": _ref("case" if what == "facts" else "saved")}},
            },
            **shared,
        }
    return found


TEXT = {"type": "string", "maxLength": 2000}


def _parameter(one: Parameter, kb: KnowledgeBase) -> dict[str, Any]:
    text = f"{one.text} {one.metavar}".strip() if one.kind != "flag" else one.text
    named: dict[str, dict[str, Any]] = {
        "lang": {"type": "string", "enum": ["en", "fr"], "default": "en"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
        "action": {"type": "string", "enum": list(kb.book.actions)},
        "layer": {"type": "string", "enum": list(kb.book.layers)},
    }
    schema: dict[str, Any] = named.get(one.name, TEXT)
    if one.kind == "flag":
        schema = {"type": "string", "enum": ["yes", "no"], "default": "no"}
    elif one.metavar in ("DAY", "DATE"):
        # A day, a month, a year, an instant, words: a day is what most ask for.
        schema = {"anyOf": [{"type": "string", "format": "date"}, TEXT]}
    if one.kind == "many":
        schema = {"type": "array", "items": schema, "maxItems": 100}
    return {
        "name": one.name,
        "in": "query",
        "description": text,
        "required": one.required,
        "schema": schema,
        **({"explode": True} if one.kind == "many" else {}),
    }


def _facts(command: Operation, kb: KnowledgeBase) -> list[dict[str, Any]]:
    # Facts may also be given by name; a command's own parameters go before.
    taken = {one.name.replace("-", "_") for one in command.parameters}
    if command.offer.pairs not in ("facts", "name"):
        return []
    return [
        {
            "name": fact.name,
            "in": "query",
            "description": fact.question.get("en", ""),
            "required": False,
            "schema": {"type": "string", "enum": ["yes", "no", "unknown"]} if fact.kind == "boolean" else TEXT,
        }
        for fact in kb.book.facts.values()
        if fact.name not in taken
    ]
