"""The explorer's pages: one module a page, each of which makes a context from the library and renders a template."""

from __future__ import annotations

from starlette.routing import BaseRoute

from inforce_cli.serve.context import Context
from inforce_cli.serve.pages import change, check, compare, home, look, read
from inforce_cli.serve.pages.files import static

__all__ = ["install", "routes"]

routes: list[BaseRoute] = [
    static(),
    *home.routes,
    *check.routes,
    *change.routes,
    *compare.routes,
    *look.routes,
    *read.routes,
]


def install(here: Context) -> None:
    """Give the server what other parts of it ask of the pages."""
    look.install(here)
