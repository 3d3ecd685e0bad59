"""What every part of the server has at hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import inforce
from inforce.errors import InForceError
from inforce_cli.serve.settings import Settings

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from inforce import KnowledgeBase
    from inforce_cli.serve.workers import Workers

__all__ = ["Context", "context", "web_folder"]


@dataclass(slots=True)
class Context:
    """The graph, the limits, the workers and the templates of one server.

    ``kb`` and ``workers`` change together when another graph takes the place of this one: take them once a request.
    """

    kb: KnowledgeBase
    settings: Settings
    workers: Workers
    templates: Any = None
    """A jinja2 environment that escapes all that is put in; ``None`` without the folder ``web``."""
    sparql_page: Callable[[Request, dict[str, Any] | None], Awaitable[Response]] | None = None
    """What a browser gets at ``/sparql``: called with the question, ``None`` where there is none."""
    log: Callable[[dict[str, Any]], None] | None = None
    started: float = 0.0
    fault: InForceError | None = None
    """Why it could not start."""
    state: dict[str, Any] = field(default_factory=dict)
    """For what parts keep between requests, by the part's name."""

    @property
    def version(self) -> str:
        """The digest of all that is asked: the graph, and the imported law where there is one."""
        law = self.kb.law_version
        return self.kb.version if law is None else f"{self.kb.version}+{law}"

    @property
    def cutoff(self) -> str | None:
        """The day through which the law was checked; ``None`` for a graph without rules."""
        if self.state.get("dated") is not self.kb:
            self.state["dated"], self.state["cutoff"] = self.kb, None
            with suppress(InForceError):
                self.state["cutoff"] = self.kb.book.verified_through
        found: str | None = self.state["cutoff"]
        return found


def context(request: Request) -> Context:
    """Return the context of the server that a request came to."""
    found: Context = request.app.state.context
    return found


def web_folder() -> Path | None:
    """Return the folder with ``templates`` and ``static``: the checkout's, else the installed package's."""
    package = Path(inforce.__file__).resolve().parent
    for folder in (package.parent.parent / "web", package / "_data" / "web"):
        if (folder / "templates").is_dir():
            return folder
    return None
