"""The words of an element: plain, as the packaged digests take them, and with their inline elements."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from inforce.law.elements import INLINE, LIMS
from inforce.law.xml import Element

__all__ = ["collapse", "markup", "recipe", "strangers", "words"]

# The recipe of the packaged digests puts a space after these.
_SPACED = {"Label", "Text", "MarginalNote", "DefinedTermEn", "Paragraph", "Subparagraph", "Clause", "Item"}
# Units of their own, never part of the words around them.
SILENT = {"HistoricalNote", "Footnote"}
# Between cells and blocks stands a space, within a sentence none.
_BROKEN = {
    "entry",
    "row",
    "Text",
    "Label",
    "TitleText",
    "Provision",
    "Paragraph",
    "Item",
    "LineBreak",
    "YYYY",
    "MM",
    "DD",
}
_LAYOUT = {"colsep", "rowsep", "valign", "rowheader", "colname", "topdouble", "position", "frame", "height", "idref"}


def collapse(text: str) -> str:
    """Return words with one plain space between them.

    >>> collapse(" a\N{NO-BREAK SPACE} b ")
    'a b'
    """
    return " ".join(text.split())


def words(element: Element) -> str:
    """Return all words of an element but those of notes and footnotes; a space stands between cells and blocks."""
    found = [element.text or ""]
    for child in element:
        tag = child.tag
        if tag not in SILENT:
            inside = words(child) if len(child) else child.text or ""
            found.append(f" {inside} " if tag in _BROKEN else inside)
        if tail := child.tail:
            found.append(tail)
    return "".join(found)


def recipe(element: Element) -> str:
    """Return the words of an element as the packaged digests take them, spaces not yet collapsed."""
    if element.tag in SILENT:
        return ""
    found = [element.text or ""]
    for child in element:
        found += (recipe(child), child.tail or "")
    if element.tag in _SPACED:
        found.append(" ")
    return "".join(found)


def markup(element: Element, *, outer: bool) -> str:
    """Return an element's words with their inline elements, without ids, dates and the layout of cells."""
    inside = [escape(element.text or "")]
    for child in element:
        if child.tag not in SILENT:
            inside.append(markup(child, outer=True))
        inside.append(escape(child.tail or ""))
    if not outer:
        return "".join(inside)
    kept = "".join(
        f" {name.rpartition('}')[2]}={quoteattr(value)}"
        for name, value in element.attrib.items()
        if not name.startswith(LIMS) and name not in _LAYOUT
    )
    tag = element.tag
    return f"<{tag}{kept}>{''.join(inside)}</{tag}>" if any(inside) else f"<{tag}{kept}/>"


def strangers(element: Element) -> Iterator[Element]:
    """Yield what stands inside words and is not known to; words of a stranger are not looked into."""
    for child in element:
        tag = child.tag
        if tag not in INLINE and tag not in SILENT:
            yield child
        elif len(child) and tag != "HistoricalNote":
            yield from strangers(child)
