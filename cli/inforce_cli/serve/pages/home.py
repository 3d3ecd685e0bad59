"""The first page: the question, a few examples, and what changed last."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from inforce_cli.serve.pages.files import table
from inforce_cli.serve.pages.form import Form
from inforce_cli.serve.pages.site import as_json, page

if TYPE_CHECKING:
    from starlette.responses import Response

    from inforce_cli.serve.pages.site import View

__all__ = ["routes"]

YEARS = 2
LATEST = 6


def home(view: View) -> Response:
    """Show the question form, examples and the latest changes."""
    latest = _latest(view)
    if view.format is not None:
        return as_json({"actions": list(view.kb.book.actions), "facts": list(view.kb.book.facts), "changes": latest})
    form = Form(view)
    groups = form.groups()
    examples = [
        {**one, "url": view.url("/check", **{"on": None, **one["asks"]}), "typed": urlencode(one["asks"])}
        for one in table("questions")["examples"]
    ]
    return view.page("home.html", form=form, groups=groups, lists=form.lists(groups), examples=examples, latest=latest)


def _latest(view: View) -> list[dict[str, Any]]:
    """The last days on which something that an outcome rests on changed: day, what, by which instruments."""
    through = view.kb.book.verified_through
    # The last years hold enough of them; all clauses of an imported text would take seconds.
    since = str(int(through[:4]) - YEARS)
    rows = [row for row in view.kb.changes(since, through, affects_outcomes=True) if row["date"] <= through]
    found = []
    for day, group in groupby(reversed(list(rows)), key=lambda row: row["date"]):
        here = list(group)
        events = {row["id"] or row["thing"]: row for row in here}
        for row in events.values():
            found.append(
                {
                    "date": day,
                    "id": row["id"] or row["thing"],
                    "label": row["event"] or row["label"],
                    "label_fr": row["event_fr"] or row["label_fr"],
                    "layer": row["layer"],
                    "instrument": row["instrument"],
                }
            )
        if len(found) >= LATEST:
            break
    return found[:LATEST]


routes = [page("/", home), page("/index.{format:str}", home)]
