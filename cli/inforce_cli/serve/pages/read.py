"""One thing as a page: a rule, a provision with its text and history, an instrument, a country, a source and more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from inforce.errors import InForceError, UnknownIdError
from inforce_cli.serve.pages import law
from inforce_cli.serve.pages.graph import described
from inforce_cli.serve.pages.site import BASE, KINDS, as_json, page

if TYPE_CHECKING:
    from starlette.responses import Response

    from inforce_cli.serve.pages.site import View

__all__ = ["LINKS", "ROWS", "routes", "taken"]

_DAY = re.compile(r"@([^/@]{1,40})\Z")
_FORMAT = re.compile(r"\.(json|ttl|jsonld)\Z")
# The kinds whose address does not begin as their IRI does.
_HEADS = {"nationality": "place/", "provision": "", "law": ""}
PICTURED = ("rule", "provision", "instrument", "source", "conflict")
TIMED = ("rule", "provision")
IN_TEXT = ("provision", "law", "instrument")
"""The kinds that imported law speaks of."""

ROWS = (
    ("type", "Type"),
    ("change_kind", "Kind"),
    ("authority", "Authority"),
    ("date", "Date"),
    ("registered", "Registered"),
    ("in_force", "In force from"),
    ("published", "Published"),
    ("issued", "Issued"),
    ("modified", "Modified"),
    ("ceased", "Ceased"),
    ("from", "From"),
    ("until", "Until"),
    ("publisher", "Publisher"),
    ("sections_named", "Sections named"),
    ("property", "Property"),
    ("claims", "Claims"),
    ("locator", "Place in the source"),
    ("paragraph", "Paragraph"),
    ("value_type", "Type of value"),
    ("answers", "Answers"),
    ("default", "Where no rule speaks"),
    ("rank", "Rank"),
    ("confidence", "Confidence"),
    ("how_seen", "How it was seen"),
    ("derived_by", "Derived by"),
)
"""What is said of a thing in a word or a date: the key of the JSON form, and its title."""
LINKS = (
    ("law", "Law"),
    ("part_of", "Part of"),
    ("instruments", "Instruments"),
    ("amends", "Amends"),
    ("affects", "Affects"),
    ("supersedes", "Replaces"),
    ("about", "About"),
    ("conflict", "Conflict"),
    ("quoted_from", "Quoted from"),
    ("derived_from", "Derived from"),
    ("refers_to", "Refers to"),
    ("broader", "Broader"),
    ("narrower", "Narrower"),
    ("place", "Country"),
    ("documents", "Passports and statuses"),
    ("related", "Related"),
    ("list", "List"),
    ("entry", "Entry"),
    ("evidence_for", "Evidence for"),
    ("parts", "Parts"),
    ("rules", "Rules that speak to it"),
    ("tested_by", "Rules that test it"),
    ("passages", "Passages"),
)
"""What a thing is linked to: the key of the JSON form, and its title."""
ROLES = {
    "expressed-by": "Rules that say what it says",
    "enables": "Rules made under it",
    "made": "What it made",
    "affected-by": "Changes that affected it",
    "defeated-by": "Rules that lift it",
    "addressed-by": "Rules that address it",
    "layer-of": "Rules of this layer",
    "superseded-by": "Replaced by",
    "supports": "What rests on it",
    "quoted-by": "Claims that quote it",
    "referred-to-by": "Referred to by",
    "related-to": "Related to",
    "amended-by": "Amended by",
    "evidenced-by": "Evidence",
}


def taken(raw: str) -> tuple[str, str | None, str | None]:
    """Return a name, its day and its format off the end of an address.

    >>> taken("irpr/7.01@2024-12-24.json")
    ('irpr/7.01', '2024-12-24', 'json')
    """
    form = _FORMAT.search(raw)
    raw = raw[: form.start()] if form else raw
    day = _DAY.search(raw)
    return (raw[: day.start()] if day else raw), (day[1] if day else None), (form[1] if form else None)


def thing(view: View) -> Response:
    """Show one thing as it stood on a day, with all its versions where no day is said."""
    kind = view.path.split("/", 2)[1]
    name, day, form = taken(view.request.path_params["name"])
    view.format = form or view.format
    head = _HEADS.get(kind, f"{kind}/")
    one = law.wording(name) if kind == "provision" else None
    if one is not None:
        return _wording(view, name, one)
    notice = None
    try:
        found = view.kb.read(head + name, on=day or view.on, lang=view.lang)
    except UnknownIdError as error:
        if error.code == "E_UNKNOWN_ID":
            only_held = {"instrument": law.instrument, "law": law.whole}.get(kind)
            bare = only_held(view, name) if only_held is not None else None
            if bare is not None:
                return _shown(view, bare, kind, name, None, None)
            return _by_another_name(view, kind, name, day, error)
        if day or not view.on:
            raise
        # The day is that of the page before: the thing is shown with all its days instead.
        notice, found = error, view.kb.read(head + name, lang=view.lang)
    return _shown(view, found, kind, name, day, notice)


def _shown(view: View, found: dict[str, Any], kind: str, name: str, day: str | None, notice: Any) -> Response:
    """The page of a thing, or what it is in another format."""
    place = view.site.address(found["iri"])
    if place and place != f"/{kind}/{name}" and view.site.quoted(f"/{kind}/{name}") != place and view.format is None:
        return view.go(f"{place}@{day}" if day else place, **view.rest())
    if view.format == "json":
        return as_json(found)
    if view.format is not None:
        asked = law.described(view, found["iri"], view.format) if found["kind"] in IN_TEXT else None
        return asked or described(view.kb.graph_index, found["iri"], view.format)
    if found["kind"] == "law":
        found = {**found, "parts": sorted(found.get("parts", ()), key=lambda part: law.natural(part["id"]))}
    path = found["iri"].removeprefix(BASE)
    view.bare_path = place or view.path
    return view.page(
        "thing.html",
        thing=found,
        notice=notice,
        day=day or (view.on if notice is None else None),
        rows=ROWS,
        links=LINKS,
        cited_by=_cited_by(found),
        rail=_rail(view, found),
        units=law.marked(view, found),
        references=law.references(view, path, found.get("on") or view.today) if found["kind"] == "provision" else [],
        contents=law.contents(view, path, day or view.on) if found["kind"] == "law" else [],
        clauses=law.clauses(view, found["iri"]) if found["kind"] == "instrument" else [],
        words=view.plain,
        pictured=found["kind"] in PICTURED and view.site.address_of(found["id"]) is not None,
        timed=found["kind"] in TIMED,
        citation=_citation(view, found, day),
    )


def _wording(view: View, name: str, one: tuple[str, str, str]) -> Response:
    """One wording: its statements, or the page of its provision on its first day in its language."""
    path, day, language = one
    if view.format in ("ttl", "jsonld"):
        found = law.described(view, BASE + name, view.format)
        if found is not None:
            return found
    suffix = f".{view.format}" if view.format else ""
    return view.go(f"{view.site.quoted(f'/provision/{path}')}@{day}{suffix}", lang=language)


def _by_another_name(view: View, kind: str, name: str, day: str | None, error: UnknownIdError) -> Response:
    """Lead to the thing that has this name as another of its names, if it is of this kind."""
    place = view.site.address_of(name)
    if place is None or not place.startswith(f"/{kind}/"):
        raise error
    return view.go(f"{place}@{day}" if day else place, **view.rest())


def _cited_by(found: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    rows = sorted(found.get("cited_by", ()), key=lambda one: list(ROLES).index(one["role"]))
    return [(ROLES[role], list(group)) for role, group in groupby(rows, key=lambda one: one["role"])]


def _rail(view: View, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The stretches of a rule or provision, the latest first: days, what made each, and whether it is the one shown."""
    if found["kind"] not in TIMED:
        return []
    try:
        timeline = view.kb.timeline(found["iri"], lang=view.lang)
    except InForceError:
        return []
    if timeline.from_text:
        packaged: Any = ()
        with suppress(InForceError):  # what is not in force today has no such versions
            packaged = view.kb.read(found["iri"]).get("versions", ())
        return law.rail(view, timeline, view.site.address(found["iri"]) or view.path, found.get("on"), packaged)
    strips = timeline.strips
    own = next((strip for strip in strips if strip.iri in (found["iri"], found["iri"].removeprefix(BASE))), None)
    own = own or next(iter(strips), None)
    if own is None:
        return []
    place = view.site.address(found["iri"])
    on, rail = found.get("on"), []
    for number, one in enumerate(own.stretches):
        before = own.stretches[number - 1] if number else None
        rail.append(
            {
                "from": one.start,
                "until": one.until,
                "made_by": one.made_by,
                "instrument": one.instrument,
                "kind": one.kind,
                "here": bool(on and one.start <= on[:10] and (one.until is None or on[:10] < one.until)),
                "url": view.url(f"{place}@{one.start}") if one.start else None,
                "before": before.start if before is not None else None,
            }
        )
    return rail[::-1]


def _citation(view: View, found: Mapping[str, Any], day: str | None) -> str | None:
    if found["kind"] not in ("rule", "provision", "instrument", "source"):
        return None
    try:
        return view.kb.cite(found["iri"], on=day or found.get("on"), lang=view.lang)
    except InForceError:
        return None


routes: list[Route] = [
    page(f"/{kind}/{{name:path}}", thing, ("json", "ttl", "jsonld")) for kind in sorted(KINDS | set(_HEADS))
]
