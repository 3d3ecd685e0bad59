"""The Graph Store Protocol for reading: whole graphs, by name or by where they are.

Source: W3C, SPARQL 1.1 Graph Store HTTP Protocol, sections 4 and 5.2.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from inforce.errors import UnknownIdError, UsageError
from inforce_cli.serve.context import Context, context
from inforce_cli.serve.negotiation import choose
from inforce_cli.serve.protocol import GRAPHS, _known, _pairs, answered, entity_tag, until_gone

__all__ = ["routes"]

_ALLOW = {"Allow": "GET, HEAD, OPTIONS"}


async def read(request: Request) -> Response:
    """Answer with one graph, or with all of them together: the default graph of a query that names none."""
    here = context(request)
    await here.workers.loaded()
    name = _named(request, here)
    if name is not None and name not in here.workers.graphs:
        raise UnknownIdError(
            f"no graph is called {name[:200]}", code="E_NOT_FOUND", hint="graphs: " + ", ".join(here.workers.graphs)
        )
    formats = [value for key, value in _pairs(request.scope["query_string"]) if key == "format"]
    if formats and formats[0] not in GRAPHS:
        raise UsageError(f"no such format: {formats[0][:40]}", code="E_HTTP", hint=", ".join(GRAPHS))
    chosen = formats[0] if formats else choose(request.headers.get("accept"), GRAPHS)
    question: dict[str, Any] = {"of": name, "graph": chosen}
    if chosen is None:
        raise UsageError("a graph cannot be had in that format", code="E_ACCEPT", hint=", ".join(GRAPHS))
    tag = entity_tag(here, question)
    if tag is not None and _known(request, tag):
        return Response(None, 304, {"ETag": tag, "Vary": "Accept"})
    answer = await until_gone(request, here.workers.ask(question))
    return answered(answer, {"ETag": tag} if tag else {})


def _named(request: Request, here: Context) -> str | None:
    """Return the IRI of the graph that is asked for, ``None`` for the default graph."""
    below = request.path_params.get("path", "")
    given = [(name, value) for name, value in _pairs(request.scope["query_string"]) if name in ("default", "graph")]
    if below:
        if given:
            raise UsageError("the graph is named twice", code="E_HTTP", hint="leave out default and graph")
        # As it was written: the framework has taken the percent codes out of the path.
        iri = f"{request.url.scheme}://{request.url.netloc}{request.scope['raw_path'].decode('ascii')}"
        # Our own graphs are called after another place than the one they are served from.
        ours = [name for name in here.workers.graphs if name.endswith(f"/graph/{below}")]
        return iri if iri in here.workers.graphs or not ours else ours[0]
    if len(given) != 1:
        raise UsageError(
            "name one graph",
            code="E_HTTP",
            hint="?default for all of them together, or ?graph=IRI: " + ", ".join(here.workers.graphs),
        )
    kind, value = given[0]
    if kind == "default":
        return None
    if not value:
        raise UsageError("the graph has no name", code="E_HTTP", hint="?graph=IRI")
    return value


async def write(_: Request) -> Response:
    """Refuse to change a graph."""
    error = UsageError("graphs here are only read", code="E_METHOD", hint="your own rules come in with --data DIR")
    from inforce_cli.serve.problems import problem

    return problem(error, None, _ALLOW)


async def options(_: Request) -> Response:
    """Say which methods there are."""
    return Response(None, 204, _ALLOW)


routes: list[BaseRoute] = [
    route
    for path in ("/graphs", "/graphs/{path:path}")
    for route in (
        Route(path, read, methods=["GET"]),
        Route(path, options, methods=["OPTIONS"]),
        Route(path, write, methods=["PUT", "POST", "DELETE", "PATCH"]),
    )
]
