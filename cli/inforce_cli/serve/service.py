"""The service described in its own terms, and whether it is alive and well.

Source: W3C, SPARQL 1.1 Service Description.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from inforce import __version__
from inforce.errors import InForceError
from inforce_cli.serve.context import Context, context

__all__ = ["description", "routes"]

_FORMATS = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "JSON-LD",
    "RDF_XML",
    "N-Quads",
    "TriG",
)


def description(endpoint: str, here: Context) -> str:
    """Return the query that constructs the description: so it can be had in every format that triples can."""
    iri = _iri(endpoint)
    formats = ", ".join(f"<http://www.w3.org/ns/formats/{name}>" for name in _FORMATS)
    named = "".join(
        f" ; sd:namedGraph [ a sd:NamedGraph ; sd:name {_iri(name)} ; sd:graph [ a sd:Graph ] ]"
        for name in here.workers.graphs
    )
    return f"""PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
PREFIX void: <http://rdfs.org/ns/void#>
CONSTRUCT {{
  {iri} a sd:Service ;
    sd:endpoint {iri} ;
    sd:supportedLanguage sd:SPARQL11Query ;
    sd:resultFormat {formats} ;
    sd:feature sd:UnionDefaultGraph, sd:EmptyGraphs ;
    sd:defaultDataset [ a sd:Dataset ;
      sd:defaultGraph [ a sd:Graph ; void:triples {here.workers.quads} ]{named} ] .
}} WHERE {{}}"""


def _iri(text: str) -> str:
    return f"<{quote(text, safe=':/?#[]@!$&()*+,;=%~')}>"


async def live(_: Request) -> Response:
    """Say that the process is up; touches nothing."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def health(request: Request) -> Response:
    """Say whether a probe is answered in a second by a graph that has all its quads, with the limits in force."""
    here = context(request)
    workers = here.workers
    found: dict[str, Any] = {
        "inforce": __version__,
        "data": here.version,
        "verified_through": here.cutoff,
        "quads": workers.quads,
        "graphs": list(workers.graphs),
        "limits": here.settings.limits(),
        "workers": {
            "busy": workers.busy,
            "waiting": workers.waiting,
            "ended_badly": workers.ended_badly,
            "network": "none" if workers.no_network else "no descriptor",
        },
        "up_s": round(monotonic() - here.started),
    }
    try:
        begun = monotonic()
        async with asyncio.timeout(1):
            await workers.ask({"text": "ASK { ?s ?p ?o }", "results": "json", "graph": None})
        found |= {"status": "ok", "probe_ms": round((monotonic() - begun) * 1000, 1)}
        status = 200
    except (InForceError, TimeoutError) as error:
        found |= {"status": error.code if isinstance(error, InForceError) else "E_TIMEOUT"}
        status = 503
    return JSONResponse(found, status, {"Cache-Control": "no-store"} | ({"Retry-After": "5"} if status == 503 else {}))


routes: list[BaseRoute] = [Route("/live", live), Route("/health", health)]
