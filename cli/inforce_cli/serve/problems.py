"""Errors as answers: a problem document for programs, a plain page for a browser; never a path or a stack.

Source: RFC 9457, Problem Details for HTTP APIs.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from inforce.errors import InForceError, UsageError
from inforce_cli.render.text import safe_text
from inforce_cli.serve.negotiation import choose

__all__ = ["document", "failed", "handlers", "problem"]

_PLACE = re.compile(r"query:(\d+):(\d+)")
_CODES = {404: "E_NOT_FOUND", 405: "E_METHOD", 406: "E_ACCEPT", 413: "E_BODY_SIZE", 415: "E_MEDIA_TYPE"}
_OFFERS = {"problem": ("application/problem+json", "application/json"), "html": ("text/html", "application/xhtml+xml")}


def document(error: InForceError) -> dict[str, Any]:
    """Return an error as a problem document; one in a query also says the line and the column."""
    found: dict[str, Any] = dict(error.problem())
    place = _PLACE.fullmatch(error.source or "")
    if place:
        found |= {"line": int(place[1]), "column": int(place[2])}
    elif error.source and "/" in error.source:
        # A place on the server's disk is nobody's business.
        del found["source"]
    return found


def problem(
    error: InForceError,
    request: Request | None = None,
    headers: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response:
    """Return an error as a response, as a page where a browser asks; ``status`` if not that of the error."""
    found = document(error)
    found["status"] = status = status or int(found["status"])
    more = dict(headers or {})
    if request is not None:
        request.scope.get("inforce.log", {})["code"] = error.code
    if status == 503:
        more.setdefault("Retry-After", "5")
    if request is not None and choose(request.headers.get("accept"), _OFFERS) == "html":
        return Response(_page(request, found), status, more, "text/html; charset=utf-8")
    return Response(json.dumps(found, ensure_ascii=False) + "\n", status, more, "application/problem+json")


def _page(request: Request, found: dict[str, Any]) -> str:
    # Signs that turn text around or steer a terminal are shown, and do nothing.
    found = {name: safe_text(value) if isinstance(value, str) else value for name, value in found.items()}
    templates = request.app.state.context.templates
    if templates is not None and "problem.html" in templates.list_templates():
        return str(templates.get_template("problem.html").render(problem=found, request=request))
    title, detail = escape(str(found["title"])), escape(str(found["detail"]))
    hint = f"<p>{escape(str(found['hint']))}</p>" if found.get("hint") else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><main><h1>{title}</h1><pre>{detail}</pre>{hint}<p>{found['code']}</p>"
        '<p><a href="/">Start page</a></p></main></body></html>\n'
    )


async def failed(request: Request, error: Exception) -> Response:
    """Return the response to an error that a route raised."""
    if isinstance(error, InForceError):
        return problem(error, request)
    if isinstance(error, HTTPException):
        known = UsageError(error.detail, code=_CODES.get(error.status_code, "E_HTTP"))
        return problem(known, request, error.headers, error.status_code)
    log = request.app.state.context.log
    if log is not None:
        number = request.scope.get("inforce.log", {}).get("id")
        log({"id": number, "error": type(error).__name__, "stack": traceback.format_exception(error)})
    return problem(InForceError(f"internal error: {type(error).__name__}", code="E_INTERNAL"), request)


handlers: dict[Any, Any] = {InForceError: failed, HTTPException: failed, Exception: failed}
