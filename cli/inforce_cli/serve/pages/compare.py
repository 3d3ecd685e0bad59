"""Two days beside each other: who lost and who gained, what differs in rules and text; all nationalities at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from inforce.errors import UnknownIdError, UsageError
from inforce_cli.serve.pages.form import RESERVED, value_label
from inforce_cli.serve.pages.site import BASE, as_json, page

if TYPE_CHECKING:
    from starlette.responses import Response

    from inforce_cli.serve.pages.site import View

__all__ = ["routes"]

_DAYS = re.compile(r"(?P<first>[^/]{1,40}?)\.\.(?P<last>[^/]{1,40}?)(?:\.(?P<format>json))?\Z")
SECTIONS = (
    ("rules", "Rules"),
    ("conditions", "Shared conditions"),
    ("lists", "Lists"),
    ("entailments", "What follows"),
)


def choose(view: View) -> Response:
    """Show the form for two days, or lead to the comparison of those that the address names."""
    first, last = view.one("from"), view.one("to")
    if first and last:
        more = {name: view.one(name) for name in ("of", "action")}
        return view.go(f"/diff/{view.site.quoted(first)}..{view.site.quoted(last)}", **{"on": None, **more})
    days = view.kb.change_days()[::-1][:12]
    return view.page(
        "diff.html", first=first, last=last, days=[(view.day_before(day), day) for day in days], found=None
    )


def difference(view: View) -> Response:
    """Show what differs between two days: outcomes in words, rules and lists, and the text where it is held."""
    asked = _DAYS.match(view.request.path_params["days"])
    if asked is None:
        raise UsageError("two days are written FIRST..LAST", hint="/diff/YYYY-MM-DD..YYYY-MM-DD")
    first, last = (str(view.kb.when(asked[name]).last) for name in ("first", "last"))
    view.format = asked["format"] or view.format
    of, action = view.one("of"), view.one("action")
    if of:
        return _of_text(view, of, first, last)
    # The same two days are looked at in both languages, as a page and as JSON.
    key = ("differ", first, last, action)
    outcomes = view.site.kept.get(key)
    if outcomes is None:
        outcomes = view.kb.differ(first, last, action=action)
        view.site.keep(key, outcomes)
    if view.format is not None:
        return as_json(outcomes)
    rules = view.kb.diff_rules(first, last)
    return view.page(
        "diff.html",
        first=first,
        last=last,
        found=outcomes,
        sections=[_section(view, one, last) for one in view.kb.tell(outcomes, lang=view.lang)],
        rules=[(key, title, rules[key]) for key, title in SECTIONS if rules[key]],
        text=_texts(view, first, last),
        action=action,
        text_of=None,
        days=[],
    )


def _section(view: View, section: Mapping[str, Any], last: str) -> dict[str, Any]:
    needed = "required" in (section["after"], section["before"])
    names = {"lost": "No longer needed", "gained": "Now needed"} if needed else {"lost": "Lost", "gained": "Gained"}
    groups = []
    for group in section["groups"]:
        facts = group["check"]["facts"]
        example = {
            **{name: ",".join(value) or "none" if isinstance(value, list) else value for name, value in facts.items()},
            "ordinarily": "yes" if group["check"]["ordinarily"] else None,
            "action": section["action"],
            "on": last,
        }
        groups.append({**group, "example": view.url("/check", **example)})
    reasons = {one["label"]: one for group in section["groups"] for one in group["because"]}
    return {
        **section,
        "title": view.say(names.get(section["kind"], "Unsettled")),
        "groups": groups,
        "because": [{**one, "url": _because(view, one)} for one in reasons.values()],
    }


def _because(view: View, reason: Mapping[str, Any]) -> str | None:
    if reason.get("version"):
        version = str(reason["version"])
        return view.thing(version if "://" in version else BASE + version)
    return view.named(f"list/{reason['list']}") if reason.get("list") else None


def _texts(view: View, first: str, last: str) -> list[dict[str, Any]] | None:
    if view.kb.law_version is None:
        return None
    return [dict(row) for row in view.kb.law.changes(first, last)]


def _of_text(view: View, of: str, first: str, last: str) -> Response:
    held = view.kb.law_version is not None
    found = view.kb.law.difference(of, first, last, language=view.lang).to_dict() if held else None
    if view.format is not None:
        if found is None:
            raise UnknownIdError("no text of any law is held", hint="import it: inforce import PATH")
        return as_json(found)
    sides = []
    if found is None:
        for day in (first, last):
            try:
                sides.append((day, view.kb.read(of, on=day, lang=view.lang)))
            except UnknownIdError as error:
                if error.code == "E_UNKNOWN_ID":
                    raise
                sides.append((day, {"problem": error.message, "hint": error.hint}))
    return view.page(
        "diff.html", first=first, last=last, found={}, text_of=of, difference=found, sides=sides, days=[], action=None
    )


def matrix(view: View) -> Response:
    """Show the ordinary outcome of every action for every nationality on a day; what is other than on another day."""
    kb = view.kb
    day, against = view.on or view.today, view.one("against")
    days = list(dict.fromkeys([day, against] if against else [day]))
    facts = {name: ",".join(found) for name, found in view.query.items() if name not in {*RESERVED, "against", "show"}}
    panel = kb.panel("all", days=days, facts=facts, ordinarily=True)
    if view.format is not None:
        return as_json(panel.to_dicts())
    first, other = str(kb.when(day).first), str(kb.when(against).first) if against else None
    cells: dict[str, dict[str, dict[str, str]]] = {}
    for row in panel:
        cells.setdefault(row["nationality"], {}).setdefault(row["action"], {})[row["day"]] = row["ordinarily"]
    actions = [(name, view.label(action.label)) for name, action in kb.book.actions.items()]
    rows: list[dict[str, Any]] = []
    flips = 0
    for country, found in cells.items():
        here: list[dict[str, Any]] = []
        for name, _ in actions:
            now, before = found[name][first], found[name].get(other or first)
            flips += now != before
            here.append({"action": name, "now": now, "before": before if before != now else None})
        rows.append(
            {
                "country": country,
                "name": value_label(view, _citizenship(kb), country),
                "cells": here,
                "flipped": any(cell["before"] for cell in here),
            }
        )
    rows.sort(key=lambda row: str(row["name"]))
    if view.one("show") == "changed":
        rows = [row for row in rows if row["flipped"]]
    turns = kb.change_days()
    return view.page(
        "matrix.html",
        day=first,
        against=other,
        actions=actions,
        rows=rows,
        flips=flips,
        facts=facts,
        citizenship=_citizenship(kb),
        previous=max((one for one in turns if one < first), default=None),
        following=min((one for one in turns if one > first), default=None),
    )


def _citizenship(kb: Any) -> str:
    # The fact that rows differ in: the first set of places of the form.
    places = (fact.name for fact in kb.book.facts.values() if fact.multiple and (fact.scheme or "").startswith("place"))
    return str(next(places))


routes: list[Route] = [
    page("/diff", choose),
    page("/diff/{days:path}", difference),
    page("/matrix", matrix),
    page("/matrix.{format:str}", matrix),
]
