"""What changed: the list with its facets, as a page, as CSV and as feeds; and where sources disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from inforce.errors import InForceError
from inforce_cli.serve.pages.site import BASE, as_json, page

if TYPE_CHECKING:
    from inforce_cli.serve.pages.site import View

__all__ = ["routes"]

SHOWN = 150
FACETS = ("layer", "kind")
FEEDS = {"atom": "application/atom+xml", "ics": "text/calendar"}


def changes(view: View) -> Response:
    """Show what changed, the latest first, by day; narrowed by what the address says."""
    asked: dict[str, Any] = {
        "from_": view.one("from"),
        "to": view.one("to"),
        "about": view.one("about"),
        "affects_outcomes": view.one("affects") == "outcomes",
    }
    chosen: dict[str, Any] = {name: view.one(name) for name in FACETS}
    found = view.kb.changes(**asked, **chosen)
    if view.format == "json":
        return as_json(found.to_dicts())
    if view.format == "csv":
        from inforce_cli.render.table import write

        # A spreadsheet opens what a browser downloads: nothing in it may be taken for a formula.
        return _file(write(found, "csv-excel", {}), "text/csv", "changes.csv")
    if view.format in FEEDS:
        return _feed(view, {**asked, **chosen})
    rows = list(found)[::-1]
    every = list(view.kb.changes(**asked)) if any(chosen.values()) else rows
    most = SHOWN if view.one("all") is None else len(rows)
    return view.page(
        "changes.html",
        days=[
            (day, [_row(view, row) for row in group]) for day, group in groupby(rows[:most], key=lambda r: r["date"])
        ],
        count=len(rows),
        hidden=max(0, len(rows) - most),
        facets=[(name, _counts(view, every, chosen, name)) for name in FACETS],
        chosen=chosen,
    )


def _counts(
    view: View, rows: Iterable[Mapping[str, Any]], chosen: Mapping[str, Any], name: str
) -> list[tuple[str, str, int]]:
    """Of one facet its values with how many rows each would leave, the other facet as it is: value, label, count."""
    others = {key: value for key, value in chosen.items() if key != name and value}
    left = (row for row in rows if all(row[key] == value for key, value in others.items()))
    counted = Counter(row[name] for row in left if row[name])
    layers = view.kb.book.layers
    return [
        (value, view.label(layers[value].label) if name == "layer" and value in layers else view.plain(value), number)
        for value, number in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]


ENDING = ("ended", "repealed", "withdrawn")
"""The kinds of change after which a clause is no more."""


def _held(view: View, row: Mapping[str, Any]) -> str | None:
    """The page of a clause that only the imported law knows, on the day, or on its last."""
    if view.kb.law_version is None or not row["citation"] or view.waits(row["citation"]):
        return None
    try:
        path = view.kb.law.path(row["citation"])
    except InForceError:
        return None
    return view.thing(BASE + path, view.day_before(row["date"]) if row["kind"] in ENDING else row["date"])


def _row(view: View, row: Mapping[str, Any]) -> dict[str, Any]:
    iri = row.get("iri")
    packaged = view.thing(BASE + iri, row["date"]) if iri else view.named(row["thing"], on=row["date"])
    return {
        **row,
        "url": packaged or _held(view, row),
        "event_url": view.named(row["id"], on=None) if row["id"] else None,
        "instrument_url": view.named(row["instrument"], on=None),
        "acts": [
            (view.label(view.kb.book.actions[one].label), view.named(f"action/{one}", on=None))
            for one in row["affects"]
            if one in view.kb.book.actions
        ],
    }


def _file(body: str | bytes, media: str, name: str) -> Response:
    return Response(
        body, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept"}
    )


def _feed(view: View, asked: Mapping[str, Any]) -> Response:
    home = str(view.request.base_url).rstrip("/")

    def link(row: Mapping[str, Any]) -> str | None:
        place = view.named(row["id"] or row["thing"], on=None)
        return None if place is None else home + place

    which = {name: value for name, value in asked.items() if name != "from_"}
    form = str(view.format)
    body = view.kb.feed(form, since=asked["from_"], lang=view.lang, link=link, address=str(view.request.url), **which)
    return Response(body, media_type=FEEDS[form], headers={"Vary": "Accept"})


def conflicts(view: View) -> Response:
    """Show where sources disagree: each conflict with its claims and how it is resolved."""
    found = view.kb.conflicts()
    if view.format is not None:
        return as_json(list(found))
    # The rows have it in English; the things themselves in both languages.
    resolutions = {row["conflict"]: view.kb.read(row["conflict"]) for row in found} if view.lang != "en" else {}
    return view.page("conflicts.html", conflicts=found, resolutions=resolutions)


routes: list[Route] = [
    page("/changes", changes),
    page("/changes.{format:str}", changes, ("json", "csv", "atom", "ics")),
    page("/conflicts", conflicts),
    page("/conflicts.{format:str}", conflicts),
]
