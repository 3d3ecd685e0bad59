"""The JSON API for tests: the application alone, and an answer held against the description."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jsonschema
from starlette.applications import Starlette

from inforce_cli.serve import api
from inforce_cli.serve.settings import Settings


def application(kb: Any, **settings: Any) -> Starlette:
    """Return the API without the server around it."""
    app = Starlette(routes=api.routes)
    app.state.context = SimpleNamespace(kb=kb, settings=Settings(**settings), state={}, templates=None)
    return app


def keeps_to(described: dict[str, Any], command: str, method: str, got: Any) -> None:
    """Hold a response against the schema that the description has for it."""
    responses = described["paths"][f"/api/{command}"][method]["responses"]
    said = responses.get(str(got.status_code), responses["default"])
    while "$ref" in said:
        said = described["components"]["responses"][said["$ref"].rsplit("/", 1)[1]]
    kind = got.headers["content-type"].partition(";")[0]
    schema = {**said["content"][kind]["schema"], "components": described["components"]}
    jsonschema.Draft202012Validator(schema).validate(got.json())
