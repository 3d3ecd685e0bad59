"""The SPARQL 1.1 Protocol, for queries: an update is refused.

Source: W3C, SPARQL 1.1 Protocol, section 2; SPARQL 1.1 Service Description.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Sequence
from html import escape
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from inforce.errors import RefusedError, UsageError
from inforce_cli.serve.context import Context, context
from inforce_cli.serve.kept import Kept
from inforce_cli.serve.negotiation import choose
from inforce_cli.serve.service import description
from inforce_cli.serve.workers import Answer

__all__ = ["GRAPHS", "RESULTS", "answered", "entity_tag", "question_of", "routes", "until_gone"]

RESULTS = {
    "json": ("application/sparql-results+json", "application/json"),
    "xml": ("application/sparql-results+xml", "application/xml", "text/xml"),
    "csv": ("text/csv",),
    "tsv": ("text/tab-separated-values",),
}
"""Formats of rows and truth values: what they are called, the first in the answer."""
GRAPHS = {
    "ttl": ("text/turtle", "application/x-turtle"),
    "nt": ("application/n-triples", "text/plain"),
    "jsonld": ("application/ld+json", "application/json"),
    "rdf": ("application/rdf+xml", "application/xml", "text/xml"),
    "nq": ("application/n-quads",),
    "trig": ("application/trig",),
}
"""Formats of triples."""
_HTML = {"html": ("text/html", "application/xhtml+xml")}
_CHARSET = ("csv", "tsv", "ttl", "trig", "nq", "nt")
_CHANGING = re.compile(r"\b(?:NOW|RAND|UUID|STRUUID|BNODE)\b", re.IGNORECASE)
_PUBLIC = {"Cache-Control": "no-cache", "Vary": "Accept"}

T = TypeVar("T")


async def sparql(request: Request) -> Response:
    """Answer a query; without one describe the service, or show a form to a browser."""
    given, text = await _given(request)
    here = context(request)
    question = question_of(given, text, request.headers.get("accept"), here.settings.query_bytes)
    offers = RESULTS | {f"{name}_": types for name, types in GRAPHS.items()} | _HTML
    _noted(request, here, question)
    in_browser = "format" not in dict(given) and choose(request.headers.get("accept"), offers) == "html"
    if question is None:
        if request.method == "POST":
            raise UsageError("there is no query", code="E_HTTP", hint="send query=… as a form, or the query itself")
        if in_browser:
            return await here.sparql_page(request, None) if here.sparql_page else _form()
        return await _described(request, here)
    if in_browser and here.sparql_page:
        return await here.sparql_page(request, question)
    tag = entity_tag(here, question)
    if tag is not None and request.method in ("GET", "HEAD") and _known(request, tag):
        return Response(None, 304, {"ETag": tag, **_PUBLIC})
    kept: Kept = here.state.setdefault("protocol", Kept(here.settings.kept_bytes))
    # Asked by POST it is worked out, whatever is kept.
    answer = kept.get(tag) if request.method != "POST" else None
    if answer is None:
        answer = await until_gone(request, here.workers.ask(question))
        kept.put(tag, answer)
    request.scope.get("inforce.log", {})["bytes"] = len(answer.body)
    return answered(answer, {"ETag": tag} if tag else {"Cache-Control": "no-store"}, _strangers(question, here))


def _noted(request: Request, here: Context, question: dict[str, Any] | None) -> None:
    """Put what was asked in the log: which query, and only where it is wanted its words."""
    if question is None:
        return
    text = question["text"]
    line = request.scope.get("inforce.log", {})
    line["query"] = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    if here.settings.log_queries:
        line["text"] = text


# ---- what was asked ----------------------------------------------------------------------------------


async def _given(request: Request) -> tuple[list[tuple[str, str]], str | None]:
    """Return the parameters of a request, and the query where it is the body itself."""
    given = _pairs(request.scope["query_string"])
    if request.method != "POST":
        return given, None
    media, charset = _media(request)
    if media not in ("application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"):
        raise UsageError(
            f"a query does not come as {media or 'a body without a type'}",
            code="E_MEDIA_TYPE",
            hint="application/sparql-query, or application/x-www-form-urlencoded",
        )
    if charset not in ("", "utf-8", "utf8"):
        raise UsageError(f"a query is UTF-8, not {charset}", code="E_MEDIA_TYPE", hint="leave out the charset")
    if media == "application/sparql-update":
        raise _read_only()
    body = await request.body()
    if media == "application/x-www-form-urlencoded":
        return given + _pairs(body), None
    try:
        return given, body.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("the query is not UTF-8 text", code="E_HTTP", hint="send it as UTF-8") from None


def _media(request: Request) -> tuple[str, str]:
    found = request.headers.getlist("content-type")
    media, _, rest = (found[0] if len(found) == 1 else "").partition(";")
    charset = re.search(r"charset\s*=\s*\"?([^\s\";]+)", rest, re.IGNORECASE)
    return media.strip().lower(), charset[1].lower() if charset else ""


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            encoded.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=200
        )
    except (UnicodeDecodeError, ValueError):
        raise UsageError("the parameters are not percent-encoded UTF-8", code="E_HTTP") from None


def _read_only() -> RefusedError:
    return RefusedError("an update would change the graph; it is read-only", code="E_READONLY")


def question_of(
    given: Sequence[tuple[str, str]], text: str | None, accept: str | None, longest: int = 64 << 10
) -> dict[str, Any] | None:
    """Return what is asked as a worker reads it, ``None`` where there is no query.

    Args:
        given: parameters as of the protocol; ``format`` names a format by its short name, ``cut=yes`` takes the
            first rows of too many.
        text: the query, where it is not among them.
        accept: the ``Accept`` header, which counts where no format is named.

    Raises:
        RefusedError: an update.
        UsageError: several queries, a format that there is not, or a query that is too long.
    """
    if any(name == "update" for name, _ in given):
        raise _read_only()
    texts = [value for name, value in given if name == "query"] + ([text] if text is not None else [])
    if len(texts) > 1:
        raise UsageError(f"there are {len(texts)} queries", code="E_HTTP", hint="send one")
    if not texts:
        return None
    size = len(texts[0].encode("utf-8", "replace"))
    if size > longest:
        raise UsageError(f"the query has {size} bytes; at most {longest} are read", code="E_QUERY_SIZE")
    formats = [value for name, value in given if name == "format" and value]
    if len(formats) > 1 or any(one not in (*RESULTS, *GRAPHS) for one in formats):
        raise UsageError(f"no such format: {formats[-1][:40]}", code="E_HTTP", hint=", ".join((*RESULTS, *GRAPHS)))
    default = [value for name, value in given if name == "default-graph-uri" and value]
    named = [value for name, value in given if name == "named-graph-uri" and value]
    found: dict[str, Any] = {
        "text": texts[0],
        "results": _wanted(formats, accept, RESULTS),
        "graph": _wanted(formats, accept, GRAPHS),
    }
    if default or named:
        found |= {"default": default, "named": named}
    if ("cut", "yes") in given:
        found["cut"] = True
    return found


def _wanted(formats: Sequence[str], accept: str | None, offers: dict[str, tuple[str, ...]]) -> str | None:
    if formats:
        return formats[0] if formats[0] in offers else next(iter(offers))
    return choose(accept, offers)


def entity_tag(here: Context, question: dict[str, Any]) -> str | None:
    """Return what the answer to a question is known by; ``None`` where it need not be the same twice."""
    if _CHANGING.search(question.get("text", "")):
        return None
    digest = hashlib.sha256(repr((here.version, sorted(question.items()))).encode("utf-8", "replace")).hexdigest()
    # Weak: the engine may give rows that a query does not order in another order.
    return f'W/"{digest[:32]}"'


def _known(request: Request, tag: str) -> bool:
    tags = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    return tag in tags or tags == ["*"]


# ---- the answer ----------------------------------------------------------------------------------------


async def until_gone(request: Request, work: Awaitable[T]) -> T:
    """Return what ``work`` gives; stop it where the client hangs up meanwhile."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
        return await task
    finally:
        gone.cancel()
        task.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def answered(answer: Answer, *headers: dict[str, str]) -> Response:
    """Return a worker's answer as a response; one that was cut, because the client said it may be, says so."""
    more = dict(_PUBLIC)
    for one in headers:
        more |= one
    if answer.truncated:
        more["X-Truncated"] = "rows"
    types = (GRAPHS if answer.kind == "graph" else RESULTS)[answer.format]
    media = types[0] + ("; charset=utf-8" if answer.format in _CHARSET else "")
    found = Response(answer.body, 200, more)
    # Not as the framework's own argument: it would give every text a charset twice.
    found.headers["Content-Type"] = media
    return found


def _strangers(question: dict[str, Any], here: Context) -> dict[str, str]:
    """A graph that is named and not here is an empty one; that is said, or no rows would look like an answer."""
    named = [*question.get("default", ()), *question.get("named", ())]
    unknown = [quote(name[:200], safe=":/#?&=%") for name in named if name not in here.workers.graphs]
    return {"X-Unknown-Graph": " ".join(unknown[:10])} if unknown else {}


async def _described(request: Request, here: Context) -> Response:
    name = choose(request.headers.get("accept"), GRAPHS)
    await here.workers.loaded()
    text = description(str(request.url.replace(query="")).rstrip("/"), here)
    question = {"text": text, "results": None, "graph": name, "rows": 1000}
    return answered(await here.workers.ask(question))


def _form() -> Response:
    formats = "".join(f'<option value="{name}">{escape(types[0])}</option>' for name, types in RESULTS.items())
    return Response(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>SPARQL</title></head><body><main>'
        '<h1>SPARQL</h1><form action="/sparql" method="get"><p><label for="query">Query</label></p>'
        '<p><textarea id="query" name="query" rows="16" cols="80" spellcheck="false" required>'
        "SELECT ?rule WHERE { ?rule a inf:Rule } ORDER BY ?rule LIMIT 20</textarea></p>"
        f'<p><label for="format">Format</label> <select id="format" name="format">{formats}</select> '
        "<button>Run</button></p></form></main></body></html>\n",
        media_type="text/html",
        headers={"Vary": "Accept"},
    )


async def options(_: Request) -> Response:
    """Say which methods there are."""
    return Response(None, 204, {"Allow": "GET, HEAD, OPTIONS, POST"})


routes: list[BaseRoute] = [
    route
    for path in ("/sparql", "/sparql/")
    for route in (
        Route(path, sparql, methods=["GET", "POST"]),
        Route(path, options, methods=["OPTIONS"]),
    )
]
