"""What the SPARQL editor knows: prefixes, properties and classes of the graph, saved queries with their text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inforce_cli.serve.context import context
from inforce_cli.serve.pages.site import BASE, KINDS, as_json, page

if TYPE_CHECKING:
    from starlette.responses import Response

    from inforce_cli.serve.pages.site import View

__all__ = ["routes"]

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def editor(view: View) -> Response:
    """Return all that the editor completes and offers, as JSON."""
    state = context(view.request).state
    found = state.get("editor")
    if found is None or found["kb"] is not view.kb:
        found = state["editor"] = {"kb": view.kb, "terms": _terms(view.kb.graph_index)}
    queries = [
        {
            "name": one["id"],
            "title": one["label"],
            "text": view.kb.query_text(one["id"]),
        }
        for one in view.kb.list("queries")
    ]
    return as_json(
        {
            "base": BASE,
            "pages": sorted(KINDS | {"place"}),
            "prefixes": view.kb.prefixes,
            **found["terms"],
            "queries": queries,
        }
    )


def _terms(index: Any) -> dict[str, list[str]]:
    properties: set[str] = set()
    classes: set[str] = set()
    for said in index.by_subject.values():
        properties.update(said)
        classes.update(node.value for node in said.get(_TYPE, ()) if node.kind != "literal")
    return {"properties": sorted(properties), "classes": sorted(one for one in classes if "://" in one)}


routes = [page("/editor.json", editor)]
