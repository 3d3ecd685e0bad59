"""What imported text adds to a page: clauses with what wrote them, references, contents, what an instrument did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

import anyio

from inforce.errors import InForceError
from inforce_cli.serve.context import context
from inforce_cli.serve.pages.site import BASE
from inforce_cli.serve.protocol import answered

if TYPE_CHECKING:
    from starlette.responses import Response

    from inforce_cli.serve.pages.site import View

__all__ = ["clauses", "contents", "described", "instrument", "marked", "rail", "references", "whole", "wording"]

ASIDE = ("note", "footnote")
HEADS = ("part", "division", "subdivision", "heading", "section", "schedule")
_WORDING = re.compile(r"(?P<path>.+)/(?P<day>\d{4}-\d\d-\d\d)/(?P<language>en|fr)\Z")
# A name in a query: nothing that ends the IRI early.
_NAME = re.compile(r"[^\x00-\x20<>\"{}|^`\\]+\Z")


def wording(path: str) -> tuple[str, str, str] | None:
    """Return provision, first day and language of the path of one wording.

    >>> wording("irpr/26.1/a/2020-03-21/en")
    ('irpr/26.1/a', '2020-03-21', 'en')
    """
    found = _WORDING.match(path)
    return None if found is None else (found["path"], found["day"], found["language"])


def described(view: View, iri: str, form: str) -> Response | None:
    """Return what packaged data and imported law say of a provision and its wordings, or of one wording.

    ``None`` where no law is imported: the packaged graph alone says it then.
    """
    if view.kb.law_version is None or not _NAME.match(iri):
        return None
    text = f"""CONSTRUCT {{ ?s ?p ?o }} WHERE {{
      {{ VALUES ?s {{ <{iri}> }} ?s ?p ?o }}
      UNION {{ ?s dct:isVersionOf <{iri}> ; ?p ?o }}
      UNION {{ ?version dct:isVersionOf <{iri}> ; ?any ?s . ?s ?p ?o
        FILTER(STRSTARTS(STR(?s), "{BASE}.well-known/genid/")) }}
    }} ORDER BY ?s ?p ?o"""
    answer = anyio.from_thread.run(context(view.request).workers.ask, {"text": text, "results": None, "graph": form})
    return answered(answer)


def marked(view: View, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the units of a wording; what made one is said where it is another than of the unit it is in."""
    above: list[tuple[int, tuple[Any, ...]]] = []
    marked = []
    for unit in (found.get("wording") or {}).get("units", ()):
        made = (unit["since"], unit["note"] or unit["instrument"], unit["replaces"])
        while above and above[-1][0] >= unit["depth"]:
            above.pop()
        aside = unit["type"] in ASIDE
        told = None
        if not aside and (not above or above[-1][1] != made):
            told = _made(view, unit)
        if not aside:
            above.append((unit["depth"], made))
        marked.append({**unit, "note_only": aside, "made": told})
    return marked


def _made(view: View, unit: Mapping[str, Any]) -> dict[str, Any]:
    """The day and the last instrument of a unit's history; and where its words stood before."""
    note = str(unit["note"] or unit["instrument"] or "")
    last = note.split(";")[-1].strip()
    before = str(unit["replaces"] or "").removeprefix(BASE)
    place = wording(before)
    return {
        "since": unit["since"],
        "by": last,
        "url": view.named(unit["instrument"] or last.partition(", ")[0], on=None) if last else None,
        "whole": note if note != last else "",
        "was": view.clause(place[0]) if place else None,
        "was_url": view.thing(BASE + place[0], place[1]) if place else None,
    }


def rail(view: View, timeline: Any, place: str, on: str | None, packaged: Any = ()) -> list[dict[str, Any]]:
    """Return the days on which anything in a provision changed, the latest first.

    Args:
        view: the page.
        timeline: the stretches of the imported wordings.
        place: the provision's address.
        on: the day that is shown.
        packaged: versions known without the text; those before the first that is held come first.
    """
    days = [one for one in timeline.boundaries if one.begins or one.ends]
    found = list(_earlier(view, packaged, days[0].day if days else None, place, on))
    for number, one in enumerate(days):
        until = days[number + 1].day if number + 1 < len(days) else None
        notes = list(dict.fromkeys(part.split(";")[-1].strip() for part in one.made_by))
        names = [strip.called(view.lang) for strip in (*one.begins, *one.ends)]
        found.append(
            {
                "from": one.day,
                "until": until,
                "made_by": "; ".join(notes),
                "instrument": notes[0].partition(", ")[0] if len(notes) == 1 else None,
                "here": bool(on and one.day <= on[:10] and (until is None or on[:10] < until)),
                "url": view.url(f"{place}@{one.day}") if one.begins else None,
                # Before the first wording held there are no words to compare it with.
                "before": days[number - 1].day if number else None,
                "ends": not one.begins,
                "parts": len(names) if len(timeline.strips) > 1 else 0,
            }
        )
    return found[::-1]


def _earlier(view: View, packaged: Any, first: str | None, place: str, on: str | None) -> Iterable[dict[str, Any]]:
    versions = [one for one in packaged if one["from"] and (first is None or one["from"] < first)]
    for number, one in enumerate(versions):
        until = versions[number + 1]["from"] if number + 1 < len(versions) else first or one["until"]
        yield {
            "from": one["from"],
            "until": until,
            "made_by": one.get("instrument"),
            "instrument": one.get("instrument"),
            "here": bool(on and one["from"] <= on[:10] and (until is None or on[:10] < until)),
            "url": view.url(f"{place}@{one['from']}"),
            "before": None,
        }


def references(view: View, path: str, day: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return which provisions the words refer to on a day and whose words refer to it, each by title."""
    if view.kb.law_version is None:
        return []
    asked = ("references", path, day, view.lang, view.on, view.kb.law_version)
    if asked in view.site.kept:
        kept: list[tuple[str, list[dict[str, Any]]]] = view.site.kept[asked]
        return kept
    own, found = BASE + path, []
    for title, key, other in (
        ("Its words refer to", "target", "unit"),
        ("Words that refer to it", "unit", "target"),
    ):
        rows = [row for row in _references(view, day[:10]) if _within(row[other], own)]
        outside = [row for row in rows if not _within(row[key], own)]
        grouped = groupby(sorted(outside, key=lambda row: natural(row[key])), key=lambda row: str(row[key]))
        items = [
            {
                "name": view.clause(iri.removeprefix(BASE)),
                "url": view.thing(iri, day),
                "through": [
                    view.clause(one.removeprefix(BASE))
                    for one in sorted({str(row[other]) for row in group}, key=natural)
                    if one != own
                ],
            }
            for iri, group in grouped
        ]
        if items:
            found.append((title, items))
    view.site.keep(asked, found)
    return found


def _references(view: View, day: str) -> Iterable[Mapping[str, str]]:
    # All of the law at once and then by the day: the law is asked once, not for every page.
    asked = ("references", view.kb.law_version)
    if asked not in view.site.kept:
        rows = view.kb.query("references").to_dicts()
        view.site.keep(asked, [{name: str(value or "") for name, value in row.items()} for row in rows])
    for row in view.site.kept[asked]:
        if row["from"] <= day and (not row["until"] or day < row["until"]):
            yield row


def _within(iri: str, provision: str) -> bool:
    return iri == provision or iri.startswith(provision + "/")


def natural(text: Any) -> list[tuple[int, float, str]]:
    """Return a key that has numbers in names as numbers: 2 before 110, 26 before 26.1."""
    words = re.findall(r"\d+(?:\.\d+)?|\D+", str(text))
    return [(0, float(word), "") if word[0].isdigit() else (1, 0.0, word) for word in words]


def contents(view: View, path: str, day: str | None) -> list[dict[str, Any]]:
    """Return the headings and sections of a law as it stood on a day, in its order."""
    if view.kb.law_version is None:
        return []
    kept = view.site.kept
    key = ("contents", path, day or view.today, view.lang, view.kb.law_version)
    if key not in kept:
        try:
            units = view.kb.law.provision(path, on=day, language=view.lang).to_dict()["units"]
        except InForceError:
            return []
        found = [
            {name: one[name] for name in ("depth", "label", "title", "path", "type")}
            for one in units
            if one["type"] in HEADS and (one["type"] != "section" or one["depth"] == 0)
        ]
        view.site.keep(key, found)
    else:
        found = kept[key]
    return [{**one, "url": view.thing(BASE + one["path"], day)} for one in found]


def instrument(view: View, number: str) -> dict[str, Any] | None:
    """Return an instrument that only the imported text names; ``None`` where it names none of that number."""
    iri = f"{BASE}instrument/{number}"
    if not _NAME.match(number) or not clauses(view, iri):
        return None
    head = {"schema": "inforce/thing/1", "asked": number, "id": number, "iri": iri, "kind": "instrument"}
    return {**head, "label": number, "label_fr": view.cite(number), "list": "instruments", "names": []}


def whole(view: View, name: str) -> dict[str, Any] | None:
    """Return a law that only the import knows; ``None`` where nothing of that path is held."""
    if not contents(view, name, view.on):
        return None
    number = name.upper().replace("-", "/", 1)
    head = {"schema": "inforce/thing/1", "asked": name, "id": number, "iri": BASE + name, "kind": "law"}
    return {**head, "label": number, "label_fr": view.cite(number), "list": "laws", "names": []}


def clauses(view: View, instrument: str) -> list[dict[str, Any]]:
    """Return what an instrument did to the text: day, clause, kind of change, and addresses of both."""
    if view.kb.law_version is None:
        return []
    # What was put right in one language only is said in that one.
    for language in (view.lang, "fr" if view.lang == "en" else "en"):
        try:
            rows = list(view.kb.query("instrument-clauses", {"instrument": instrument, "language": language}))
        except InForceError:
            return []
        if rows:
            return [{**one, "language": language} for one in _changes(view, rows)]
    return []


def _changes(view: View, rows: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    for (day, unit), group in groupby(rows, key=lambda row: (str(row["day"]), str(row["unit"]))):
        sides = {row["side"]: row for row in group}
        shown = sides.get("after") or sides["before"]
        if shown["kind"] == "renumbered" and "after" not in sides:
            continue  # said where it stands now
        path = unit.removeprefix(BASE)
        text, waits = shown["text"] or "", view.waits(path)
        # Where a clause stood before is seen in its section, not in itself.
        of = "/".join(path.split("/")[:2]) if shown["kind"] == "renumbered" else path
        yield {
            "day": day,
            "name": view.clause(path),
            "kind": shown["kind"],
            "url": None if waits else view.thing(unit, day if "after" in sides else str(shown["from"])),
            "difference": None if waits else view.url(f"/diff/{view.day_before(day)}..{day}", of=of, on=None),
            "text": text if len(text) < 160 else text[:159].rsplit(" ", 1)[0] + " …",
        }
