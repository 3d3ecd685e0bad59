"""One saved query: what it asks and how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inforce_cli.render.text import safe_text
from inforce_cli.render.words import paragraph

__all__ = ["described"]


def described(query: Mapping[str, Any], *, width: int = 80) -> str:
    r"""Return the query's title, its question and its parameters; those in brackets may be left out.

    >>> print(described({"id": "q", "label": "A title", "question": "What?", "parameters": "on=DATE"}), end="")
    q: A title
    <BLANKLINE>
      What?
    <BLANKLINE>
      inforce query q on=DATE
    """
    usage = f"inforce query {query['id']} {query['parameters']}".strip()
    parts = [f"{query['id']}: {safe_text(query['label'])}\n"]
    for text in (query["question"], usage):
        parts += ["\n", paragraph(safe_text(text), width=width, indent=2)]
    return "".join(parts)
