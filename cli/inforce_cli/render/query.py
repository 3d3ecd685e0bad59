"""One saved query: what it asks and how it is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from inforce.errors import UsageError
from inforce_cli.render.text import safe_text
from inforce_cli.render.words import paragraph

if TYPE_CHECKING:
    from inforce import KnowledgeBase, Table

__all__ = ["described", "no_rows", "pictures"]


def described(query: Mapping[str, Any], *, width: int = 80) -> str:
    r"""Return the query's title, its question and its parameters; those in brackets may be left out.

    ``takes``, where the query has it, adds what each parameter is, with an example.

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
    for number, one in enumerate(query.get("takes", ())):
        example = f"; e.g. {one['example']}" if one["example"] else ""
        text = f"{one['name']}: {one['text']}{example}"
        parts += ["" if number else "\n", paragraph(safe_text(text), width=width, indent=2)]
    return "".join(parts)


def no_rows(unused: Iterable[tuple[str, Sequence[str]]], *, lang: str = "en") -> str:
    """Return the note under an answer without rows: the terms asked about that nothing uses, and what is like them.

    >>> print(no_rows([("inf:form", ["inf:from"]), ("rule:R-9", [])]))
    note: no rows
    note: nothing here uses inf:form; did you mean inf:from?
    note: nothing here uses rule:R-9
    """
    french = lang == "fr"
    lines = ["note : aucune ligne" if french else "note: no rows"]
    for term, near in unused:
        if french:
            meant = f" ; vouliez-vous dire {' ou '.join(near)} ?" if near else ""
            lines.append(f"note : rien ici n'emploie {term}{meant}")
        else:
            meant = f"; did you mean {' or '.join(near)}?" if near else ""
            lines.append(f"note: nothing here uses {term}{meant}")
    return "\n".join(lines)


def pictures(
    kb: KnowledgeBase, query: Mapping[str, Any], table: Table, *, lang: str = "en"
) -> dict[str, Callable[[], str | bytes]]:
    """Return the formats that draw the rows of a saved query: none where its header asks for no view."""
    text = kb.query_text(query["id"])
    if not kb.has_view(text):
        return {}

    def drawn() -> str:
        found = kb.picture(text, table, title=query["label"], lang=lang)
        if found is None:
            raise UsageError("there is no row that can be drawn", hint="--format table shows the rows")
        return found

    def paged() -> str:
        from html import escape

        from inforce_cli.render.table import cell
        from inforce_cli.render.text_page import page

        def line(cells: Iterable[Any], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(safe_text(cell(one)))}</{tag}>" for one in cells) + "</tr>\n"

        rows = "".join(line(row, "td") for row in table.rows)
        head = f"<h1>{escape(query['label'])}</h1>\n<p>{escape(query['question'])}</p>\n"
        return page(query["label"], f"{head}{drawn()}<table>{line(table.columns, 'th')}{rows}</table>", lang=lang)

    def png_of() -> bytes:
        from inforce_cli.render.picture import png

        return png(drawn())

    return {"svg": drawn, "html": paged, "png": png_of}
