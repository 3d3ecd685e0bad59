"""What goes out of the knowledge base: its schema, files to pass on, a feed of changes, questions to other stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from inforce.table import Table

if TYPE_CHECKING:
    from inforce.export import Export

__all__ = ["Publishing"]


class Publishing:
    """The questions about the whole, and to stores elsewhere; mixed into the knowledge base."""

    def schema(self) -> dict[str, Any]:
        """Return prefixes, classes and properties with counts and an example of each; see ``inforce.graph_schema``."""
        from inforce.graph_schema import graph_schema

        return graph_schema(self)

    def export(self, what: str = "graph", form: str = "ttl", *, lang: str = "en") -> Export:
        """Return the graph or its tables as files, with checksums and a data card; nothing is written.

        ``lang`` is the language of the card, ``en`` or ``fr``.

        Raises:
            UsageError: not something that is exported, or not in this form.
            EnvironmentFault: Parquet without the library that writes it.
        """
        from inforce.export import export

        return export(self, what, form, lang=lang)

    def feed(
        self,
        form: str = "atom",
        *,
        since: str | None = None,
        lang: str = "en",
        link: Callable[[Mapping[str, Any]], str | None] | None = None,
        address: str = "",
        **which: Any,
    ) -> str:
        """Return changes as an Atom feed or an iCalendar, the newest first; each has an id that stays.

        Args:
            form: ``atom`` or ``ics``.
            since: the first day.
            lang: the language of words, ``en`` or ``fr``.
            link: gives the address of a change's page.
            address: where the feed itself is.
            which: what else ``changes`` takes.

        Raises:
            UsageError: no such form.
            DateError: not a date.
        """
        from inforce.feed import feed

        kb: Any = self
        layers = {name: layer.label.get(lang) or name for name, layer in kb.book.layers.items()}
        return feed(kb.changes(since, **which), form, lang=lang, link=link, address=address, layers=layers)

    def sparql_at(
        self, endpoint: str, text: str, *, on: str | None = None, limit: int | None = None, timeout_s: float = 60
    ) -> Any:
        """Run a read-only query at a SPARQL endpoint, an ``http`` or ``https`` address; as ``sparql`` otherwise.

        Raises:
            UsageError: not the address of an endpoint.
            InputError: a syntax error, or what came back is no result.
            RefusedError: an update, SERVICE, or an endpoint that sends us elsewhere.
            LimitError: too slow, or too much.
            EnvironmentFault: the endpoint cannot be reached, or has a fault.
        """
        from inforce.remote import ask_endpoint, whole_query

        kb: Any = self
        day = str(kb.when(on).first) if on is not None else None
        return ask_endpoint(endpoint, whole_query(text, on=day), limit=limit, timeout_s=timeout_s)

    def query_at(self, endpoint: str, name: str, parameters: Mapping[str, str] | None = None) -> Table:
        """Run a saved query at a SPARQL endpoint; as ``query`` and ``sparql_at`` otherwise."""
        from inforce.queries import find_query, prepared
        from inforce.remote import ask_endpoint, whole_query

        kb: Any = self
        text = prepared(kb._store, find_query(name), dict(parameters or {}), kb)
        found: Table = ask_endpoint(endpoint, whole_query(text))
        return found
