"""The explorer's own files: templates, texts and what a browser loads; found in a checkout and in the wheel."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from inforce.errors import IntegrityError
from inforce_cli.serve.context import web_folder

__all__ = ["folder", "has_static", "static", "table"]

# What a browser may have, by name: nothing else is ever read for it.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@cache
def folder() -> Path:
    """Return the folder that holds ``templates`` and ``static``.

    Raises:
        IntegrityError: it is not there.
    """
    found = web_folder()
    if found is None:
        raise IntegrityError("the explorer's files are missing", code="E_INTEGRITY", hint="install inforce again")
    return found


@cache
def table(name: str) -> Any:
    """Return a JSON file of the folder: what is asked and said, by name."""
    return json.loads((folder() / f"{name}.json").read_bytes())


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    found = {}
    for path in sorted((folder() / "static").rglob("*")):
        if path.is_file() and path.suffix in _TYPES:
            found[path.relative_to(folder() / "static").as_posix()] = (path.read_bytes(), _TYPES[path.suffix])
    return found


def has_static(name: str) -> bool:
    """Return whether there is a file of this name: what is vendored may not be here."""
    return name in _files()


def static() -> Route:
    """Return the route of the files that a browser loads: a fixed table, so that no path reaches the disk."""

    def file(request: Any) -> Response:
        found = _files().get(request.path_params["path"])
        if found is None:
            return Response(status_code=404)
        return Response(found[0], media_type=found[1], headers={"Cache-Control": "no-cache"})

    return Route("/static/{path:path}", file, name="static")
