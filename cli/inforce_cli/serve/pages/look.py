"""To look around: pictures of time and of origin, search, lists of everything, saved queries and a SPARQL form."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inforce import Table
from inforce.errors import InForceError, UnknownIdError, UsageError
from inforce_cli.serve.context import Context, context
from inforce_cli.serve.pages.site import BASE, View, as_json, page, site_of, told

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["install", "routes"]

LISTS = (
    "rules provisions instruments policy-changes conflicts sources claims nationalities lists programs categories "
    "exemptions classes ports facts actions conditions constraints layers evidence laws"
).split()
STARTER = """SELECT ?rule ?label ?from ?until WHERE {
  ?version a inf:RuleVersion ; inf:versionOf ?rule ; inf:from ?from .
  ?rule rdfs:label ?label .
  OPTIONAL { ?version inf:until ?until }
  FILTER(lang(?label) = "en")
} ORDER BY ?from LIMIT 20"""


def _svg(body: str) -> Response:
    return Response(body, media_type="image/svg+xml")


def _named(view: View) -> str:
    name = view.one("name")
    if name is None:
        raise UsageError("nothing is named", hint="?name=, the id or citation of a thing")
    return name


def timeline(view: View) -> Response:
    """Show a rule or a provision over time, as a picture and as rows."""
    name = _named(view)
    found = view.kb.timeline(name, lang=view.lang, known_on=view.one("known_on"))
    if view.format == "svg":
        return _svg(found.to_svg(lang=view.lang))
    if view.format is not None:
        return as_json(found.to_dict())
    rows = [{**row, "url": view.thing(row["iri"], row["from"] or None)} for row in found.table()]
    picture = _inline(found.to_svg(lang=view.lang))
    return view.page("timeline.html", name=name, found=found, rows=rows, picture=picture)


def trace(view: View) -> Response:
    """Show where a thing comes from, as a picture and as a list by kind."""
    name = _named(view)
    found = view.kb.trace(name, on=view.on)
    picture = _linked(view, found.render("svg", lang=view.lang)) if view.format in (None, "svg") else ""
    if view.format == "svg":
        return _svg(picture)
    if view.format == "ttl":
        return Response(found.render("turtle"), media_type="text/turtle")
    steps_of = found.to_dict()
    if view.format is not None:
        return as_json(steps_of)
    nodes = {node["id"]: node for node in steps_of["nodes"]}
    steps = sorted(steps_of["edges"], key=lambda edge: edge["from"] != steps_of["root"])
    edges = [(nodes.get(e["from"]), e["relation"], nodes.get(e["to"])) for e in steps]
    groups = [
        (start, [(relation, end) for _, relation, end in group if end])
        for start, group in groupby(edges, key=lambda edge: edge[0])
        if start
    ]
    root = nodes.get(steps_of["root"])
    # What holds links is no single image.
    picture = picture.replace('role="img"', 'role="group"', 1)
    return view.page("trace.html", name=name, root=root, groups=groups, picture=_inline(picture))


def _linked(view: View, picture: str) -> str:
    """A picture whose boxes lead to the pages here; the keyboard has the list below it."""

    def link(match: re.Match[str]) -> str:
        place = view.thing(html.unescape(match[1]))
        return f'<a href="{html.escape(place)}" tabindex="-1">' if place else "<a>"

    return re.sub(r'<a href="([^"]*)">', link, picture)


def search(view: View) -> Response:
    """Show what has all the words of a search; what is meant exactly comes first."""
    text = view.one("q")
    rows = list(view.kb.search_all(text)) if text else []
    if view.format is not None:
        return as_json(rows)
    exact = view.named(text) if text else None
    groups = [
        (kind, [{**row, "url": view.named(f"{_head(kind)}{row['id']}") or view.named(row["id"])} for row in group])
        for kind, group in groupby(sorted(rows, key=lambda row: row["kind"] == "text"), key=lambda row: row["kind"])
    ]
    near = [] if rows or exact or not text else [(one, view.named(one)) for one in view.kb.nearest(text)]
    return view.page("search.html", text=text, count=len(rows), exact=exact, groups=_merged(groups), near=near)


def _head(kind: str) -> str:
    return {"programs": "program/", "categories": "category/", "exemptions": "exemption/"}.get(kind, "")


def _merged(groups: Iterable[tuple[str, list[Any]]]) -> list[tuple[str, list[Any]]]:
    found: dict[str, list[Any]] = {}
    for kind, rows in groups:
        found.setdefault(kind, []).extend(rows)
    return list(found.items())


def everything(view: View) -> Response:
    """Show all kinds of things there are, or all things of one kind."""
    kind = view.request.path_params.get("kind")
    if kind is None:
        return view.page("all.html", kind=None, kinds=[(one, len(view.kb.list(one).rows)) for one in LISTS], rows=[])
    if kind not in LISTS:
        raise UnknownIdError(f'"{kind}" is no kind of thing here', hint="kinds: " + ", ".join(LISTS))
    table = view.kb.list(kind)
    if view.format is not None:
        return as_json(table.to_dicts())
    columns = [name for name in table.columns if name not in ("id", "label", "label_fr")]
    rows = [{**row, "url": view.named(f"{_head(kind)}{row['id']}") or view.named(row["id"])} for row in table]
    return view.page("all.html", kind=kind, kinds=[], rows=rows, columns=columns)


# ---- queries ---------------------------------------------------------------------------------------------


def queries(view: View) -> Response:
    """Show the saved queries, or one with its parameters and, once they are given, its rows."""
    saved = list(view.kb.list("queries"))
    name = view.request.path_params.get("name")
    if name is None:
        if view.format is not None:
            return as_json(saved)
        saved = [{**one, "asks": _asks(view, one)} for one in saved]
        return view.page("queries.html", saved=saved, query=None, starter=STARTER, result=None, failure=None)
    query = next((one for one in saved if one["id"] == name), None)
    if query is None:
        raise UnknownIdError(f'no saved query is called "{name}"', hint="all: /queries")
    given = {key: ",".join(values) for key, values in view.query.items() if key not in ("lang", "ask", "facts")}
    taken = {one["name"] for one in query["takes"]}
    # A case is written as in a shell: NAME=VALUE, with spaces between.
    for word in (view.one("facts") or "").split():
        fact, _, value = word.partition("=")
        given[fact] = value
    if "lang" in taken and view.lang != "en":
        given["lang"] = view.lang
    result, failure = None, None
    if view.one("ask") or given or not any(one["required"] for one in query["takes"]):
        try:
            result = view.kb.query(name, given)
        except InForceError as error:
            if view.format is not None:
                raise
            failure = error
    if view.format is not None and view.format != "svg" and result is not None:
        return as_json(result.to_dicts())
    text = view.kb.query_text(name)
    picture = None if result is None else view.kb.picture(text, result, title=_title(view, query), lang=view.lang)
    if view.format == "svg":
        if picture is None:
            raise UnknownIdError("nothing of this can be drawn", hint="give the parameters; not every query has a view")
        return _svg(picture)
    rows = [] if result is None else [[_cell(view, value) for value in row] for row in result.rows[:1000]]
    return view.page(
        "queries.html",
        saved=saved,
        query=query,
        given=given,
        result=result,
        rows=rows,
        failure=failure,
        facts=" ".join(f"{key}={value}" for key, value in given.items() if key not in taken),
        hint=told(failure.hint or "")[0] if failure else "",
        text=text,
        picture=_inline(picture),
        asks=_asks(view, query),
    )


def _asks(view: View, query: Mapping[str, Any]) -> list[str]:
    """The question of a query, its variables at every second place."""
    return re.split(r"\?(\w+)", view.say(str(query["question"])))


def _title(view: View, query: Mapping[str, Any]) -> str:
    return view.say(str(query["label"]))


def _inline(picture: str | None) -> Markup | None:
    # Every text in it is escaped where it is drawn.
    return None if picture is None else Markup(picture)  # noqa: S704


def _cell(view: View, value: Any) -> tuple[str, str | None]:
    """A value of a row: what is shown, and the page of what it names."""
    if isinstance(value, bool):
        return view.say("yes" if value else "no"), None
    text = "" if value is None else str(value)
    for name, start in view.kb.prefixes.items():
        # Terms by their prefix; things by their path, which is what an address here has.
        if text.startswith(start) and start.endswith("#") and start != text:
            return f"{name}:{text.removeprefix(start)}", view.thing(text) or view.web(text)
    if text.startswith(BASE):
        return text.removeprefix(BASE), view.thing(text)
    return text, view.web(text)


async def sparql(request: Request, question: dict[str, Any] | None) -> Response:
    """Return the SPARQL form, with the rows of the question where there is one."""
    view = View(site_of(request), request)
    text = str(question["text"]) if question else ""
    shown: dict[str, Any] = {"text": text, "columns": [], "rows": [], "graph": None, "truth": None, "failure": None}
    shown |= {"picture": None, "unread": None}
    status = 200
    if question is not None:
        try:
            answer = await context(request).workers.ask({**question, "results": "json", "graph": "ttl", "cut": True})
            shown |= await run_in_threadpool(_told, view, answer, text)
        except InForceError as error:
            shown["failure"], status = error.problem(), int(error.problem()["status"])
    return view.page("sparql.html", status=status, starter=STARTER, saved=list(view.kb.list("queries")), **shown)


def _told(view: View, answer: Any, text: str) -> dict[str, Any]:
    """An answer of a worker as the page shows it."""
    if answer.kind == "graph":
        return {"graph": answer.body.decode("utf-8", "replace"), "truncated": answer.truncated}
    found = json.loads(answer.body)
    if "boolean" in found:
        return {"truth": bool(found["boolean"])}
    columns = found["head"]["vars"]
    bindings = found["results"]["bindings"]
    rows = [[_term(view, row.get(name)) for name in columns] for row in bindings]
    values = tuple(tuple(row[name]["value"] if name in row else None for name in columns) for row in bindings)
    picture, unread = None, None
    try:
        picture = view.kb.picture(text, Table(tuple(columns), values), lang=view.lang)
    except InForceError as error:
        # The rows are right whatever the header asks for.
        unread = error
    drawn = {"picture": _inline(picture), "unread": unread}
    return {"columns": columns, "rows": rows, "truncated": answer.truncated, **drawn}


def _term(view: View, term: Mapping[str, Any] | None) -> tuple[str, str | None]:
    return (
        ("", None) if term is None else _cell(view, term["value"]) if term["type"] == "uri" else (term["value"], None)
    )


def install(here: Context) -> None:
    """Let a browser find the form at ``/sparql``."""
    if here.sparql_page is None:
        here.sparql_page = sparql


routes: list[Route] = [
    page("/timeline", timeline),
    page("/timeline.{format:str}", timeline, ("json", "svg")),
    page("/trace", trace, ("json", "ttl")),
    page("/trace.{format:str}", trace, ("json", "svg", "ttl")),
    page("/search", search),
    page("/search.{format:str}", search),
    page("/all", everything),
    page("/all/{kind:str}", everything),
    page("/queries", queries),
    page("/queries/{name:str}.{format:str}", queries, ("json", "svg")),
    page("/queries/{name:str}", queries),
]
