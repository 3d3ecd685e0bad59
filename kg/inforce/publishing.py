"""What goes out of the knowledge base whole: its schema, files to pass on, a feed of changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from inforce.table import Table

if TYPE_CHECKING:
    from inforce.export import Export

__all__ = ["Publishing"]


class Publishing:
    """The questions about the whole; mixed into the knowledge base."""

    if TYPE_CHECKING:

        def changes(self, from_: str | None = None, to: str | None = None, **more: Any) -> Table:
            """Return what changed when."""

    def schema(self) -> dict[str, Any]:
        """Return prefixes, classes and properties with counts and an example of each; see ``inforce.graph_schema``."""
        from inforce.graph_schema import graph_schema

        return graph_schema(self)

    def export(self, what: str = "graph", form: str = "ttl") -> Export:
        """Return the graph or its tables as files, with checksums and a data card; nothing is written.

        Raises:
            UsageError: not something that is exported, or not in this form.
            EnvironmentFault: Parquet without the library that writes it.
        """
        from inforce.export import export

        return export(self, what, form)

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
            link: gives the address of a change's page.
            address: where the feed itself is.
            which: what else ``changes`` takes.

        Raises:
            UsageError: no such form.
            DateError: not a date.
        """
        from inforce.feed import feed

        return feed(self.changes(since, **which), form, lang=lang, link=link, address=address)
