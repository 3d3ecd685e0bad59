"""From the XML of a law to its units: flat, in document order, each with its path, own words, dates and notes.

Source:
    The publisher's XML of consolidated acts and regulations; nothing in it is dropped but what
    `inforce.law.elements.METADATA` lists.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from inforce.cites import NUMBERS
from inforce.law.elements import BLOCKS, CONTAINERS, INLINE, KINDS, LIMS, METADATA, ROOTS, known
from inforce.law.model import Anchor, NoteItem, Snapshot, Unit
from inforce.law.paths import heading_step, label_step, related_step, slug, word_step
from inforce.law.xml import MAX_DEPTH, parse_xml, refuse

__all__ = ["parse_snapshot"]

_START = LIMS + "inforce-start-date"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ANCHORS = {"Section", "Schedule", "Heading"}
# The recipe of the packaged digests: no notes, and a space after these.
_SPACED = {"Label", "Text", "MarginalNote", "DefinedTermEn", "Paragraph", "Subparagraph", "Clause", "Item"}
_SILENT = {"HistoricalNote", "Footnote"}
_DIGESTED = {"Text", "FormulaGroup", "Repealed", "TableGroup", "FormGroup", "List", "ScheduleFormHeading"}
_FOLDED = {"TableGroup", "List"}

Element = etree._Element


def parse_snapshot(content: bytes, *, source: str, day: date) -> Snapshot:
    """Return what one file of a law says.

    Args:
        content: the XML, unpacked.
        source: the file, for errors.
        day: when it was published.

    Raises:
        InputError: ``E_XML`` with file and line: not a law, not well-formed, or with an element that is not known.
    """
    root = parse_xml(content, source=source)
    return _Reader(source).read(root, day, hashlib.sha256(content).hexdigest())


def collapse(text: str) -> str:
    """Return words with one plain space between them."""
    return " ".join(text.split())


class _Reader:
    """Walks one file; keeps what has been found so far."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.units: list[Unit] = []
        self.anchors: dict[str, Anchor] = {}
        self.taken: dict[str, int] = {}
        self.headings: list[tuple[int, str]] = []
        self.language = "en"
        self.days: set[str] = set()

    # ---- the file ----------------------------------------------------------------------------

    def read(self, root: Element, day: date, digest: str) -> Snapshot:
        self.language = root.get(_LANGUAGE, "en")[:2]
        if self.language not in ("en", "fr"):
            raise self.refusal(root, f'the language is "{self.language}"', "en or fr")
        number = self.number(root)
        self.walk(root, "", "", 1)
        pit = self.day(root, root.get(LIMS + "pit-date") or root.get(LIMS + "lastAmendedDate"))
        titles = {step: unit.text for unit in self.units if unit.kind == "front" for step in [unit.path]}
        return Snapshot(
            law=NUMBERS.get(slug(number), slug(number)),
            language=self.language,
            day=day,
            point_in_time=date.fromisoformat(pit),
            current_to=date.fromisoformat(self.day(root, root.get(LIMS + "current-date") or pit)),
            last_amended=date.fromisoformat(self.day(root, root.get(LIMS + "lastAmendedDate") or pit)),
            number=number,
            title=titles.get("short-title") or titles.get("long-title") or number,
            digest=digest,
            units=tuple(self.units),
            anchors=tuple(self.anchors.values()),
        )

    def number(self, root: Element) -> str:
        for name in ("InstrumentNumber", "ConsolidatedNumber"):
            for found in root.iterfind(f"Identification//{name}"):
                text = collapse("".join(found.itertext()))
                # French files spell the two series their own way.
                return re.sub(r"\A(?:DORS|TR)/", lambda at: _SERIES[at[0]], text)
        raise self.refusal(root, "no number of a law", "expected Identification/InstrumentNumber or ConsolidatedNumber")

    # ---- walking -----------------------------------------------------------------------------

    def walk(self, element: Element, parent: str, anchor: str, depth: int, *, whole: bool = False) -> None:
        """Visit the children of a container, or of a ``whole`` unit that has read its own words."""
        if depth > MAX_DEPTH:
            raise self.refusal(element, f"nested more than {MAX_DEPTH} deep", None)
        counts: dict[str, int] = {}
        tables = sum(child.tag == "TableGroup" for child in element)
        for child in element:
            tag = child.tag
            if tag in KINDS:
                if tag == "Heading":
                    self.heading(child, parent)
                elif tag == "TableGroup":
                    self.table(child, parent, anchor, depth + 1, alone=tables == 1)
                else:
                    counts[tag] = counts.get(tag, 0) + 1
                    self.unit(child, parent, anchor, depth + 1, counts[tag])
            elif tag in CONTAINERS:
                self.container(child, parent, anchor, depth + 1)
            elif tag in METADATA or (whole and (tag in BLOCKS or tag in _OWN)):
                continue  # Words of the unit itself, which has read them; or not the law's.
            else:
                raise self.refusal(child, f"unknown element <{tag}> in <{element.tag}>", _hint())
            self.no_words(child.tail, child)
        self.no_words(element.text, element)

    def container(self, element: Element, parent: str, anchor: str, depth: int) -> None:
        if element.tag == "RelatedOrNotInForce":
            self.related(element, parent, depth)
            return
        if element.tag == "Body":
            self.headings = []
        self.walk(element, parent, anchor, depth)

    def related(self, element: Element, parent: str, depth: int) -> None:
        """An amendment not in force or a related provision: its heading names it, its sections hang below."""
        title = element.find("Heading/TitleText")
        named = related_step("".join(title.itertext())) if title is not None else ""
        path = self.unique(_join(parent, named or "provision"))
        first = True
        for child in element:
            if child.tag == "Heading" and first:
                self.emit(child, path, parent, path, "heading")
                first = False
            elif child.tag == "Section":
                self.unit(child, path, path, depth + 1, 1)
            else:
                raise self.refusal(child, f"unknown element <{child.tag}> in <{element.tag}>", _hint())

    # ---- units -------------------------------------------------------------------------------

    def unit(self, element: Element, parent: str, anchor: str, depth: int, count: int) -> None:
        tag = element.tag
        step, alias = self.step(element, count)
        path = self.unique(_join(parent, step))
        if tag == "Schedule" or (tag == "Section" and element.get(_START)):
            anchor = path
            self.anchors[path] = Anchor(path, self.day(element, element.get(LIMS + "lastAmendedDate") or ""), ())
        if tag == "HistoricalNote":
            self.note(element, path, parent, anchor)
            return
        self.emit(element, path, parent, anchor, KINDS[tag], alias=alias)
        for note in element.iterfind("MarginalNote/HistoricalNote"):
            self.note(note, self.unique(_join(path, "note")), path, anchor)
        if tag not in _LEAVES:
            self.walk(element, path, anchor, depth, whole=True)

    def heading(self, element: Element, parent: str) -> None:
        level = int(element.get("level", "1")) if element.get("level", "1").isdigit() else 1
        label = element.find("Label")
        step = heading_step(collapse("".join(label.itertext()))) if label is not None else ""
        unnamed = not step
        step = step or "before-" + self.next_section(element)
        self.headings = [one for one in self.headings if one[0] < level]
        above = self.headings[-1][1] if self.headings and not parent else parent
        path = self.unique(_join(above, step))
        if not parent:
            self.headings.append((level, path))
        self.anchors[path] = Anchor(path, "", ())
        self.emit(element, path, above, path, "heading", alias=step if unnamed else "")
        for note in element.iterfind("HistoricalNote"):
            self.note(note, self.unique(_join(path, "note")), path, path)

    def next_section(self, heading: Element) -> str:
        """An unlabelled heading is known by the section it stands before."""
        for following in heading.itersiblings():
            if following.tag == "Section":
                label = following.find("Label")
                return label_step("".join(label.itertext())) if label is not None else "section"
        return "end"

    def table(self, element: Element, parent: str, anchor: str, depth: int, *, alone: bool) -> None:
        """A table: a unit for its caption and heads, then its rows; rows of the only table hang on the parent."""
        path = self.unique(_join(parent, "table"), numbered=not alone)
        self.emit(element, path, parent, anchor, "table")
        count = 0
        above = parent if alone else path
        for child in element.iter("row"):
            body = child.getparent()
            if body is None or body.tag != "tbody":
                continue
            count += 1
            first = next((word for cell in child if (word := word_step("".join(cell.itertext())))), f"row-{count}")
            self.emit(child, self.unique(_join(above, first)), above, anchor, "row")

    def note(self, element: Element, path: str, parent: str, anchor: str) -> None:
        """A historical note: a unit, and what dates its anchor."""
        items = []
        for child in element:
            if child.tag != "HistoricalNoteSubItem":
                raise self.refusal(child, f"unknown element <{child.tag}> in <{element.tag}>", _hint())
            start = self.day(child, child.get(_START) or "")
            items.append(NoteItem(start, collapse("".join(child.itertext()))))
        if direct := collapse(element.text or ""):
            items.insert(0, NoteItem("", direct))
        held = self.anchors.get(anchor) or Anchor(anchor, "", ())
        self.anchors[anchor] = held._replace(notes=held.notes + tuple(items))
        dates = tuple(sorted({item.date for item in items} - {""}))
        text = "; ".join(item.text for item in items)
        self.units.append(
            Unit(path, parent, "note", "", "", text, "", "", dates, "", "", anchor, repealed=False, alias="")
        )

    def step(self, element: Element, count: int) -> tuple[str, str]:
        """The step of a unit, and for a definition its term in the file's language."""
        tag = element.tag
        if tag == "Definition":
            return self.term(element, count)
        if tag == "HistoricalNote":
            return "note", ""
        if tag == "Item":
            return word_step(self.words(element)) or f"item-{count}", ""
        if tag == "Schedule":
            return self.schedule(element, count), ""
        if tag == "Footnote":
            label = element.find("Label")
            return "footnote-" + (label_step("".join(label.itertext())) if label is not None else str(count)), ""
        if KINDS[tag] == "front":
            return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", tag).lower(), ""
        if tag == "AmendedText":
            return "amended", ""
        if KINDS[tag] == "continued":
            return "continued" if count == 1 else f"continued-{count}", ""
        if tag == "GroupHeading":
            return "heading", ""
        label = element.find("Label")
        step = label_step("".join(label.itertext())) if label is not None else ""
        return step or f"{KINDS[tag]}-{count}", ""

    def schedule(self, element: Element, count: int) -> str:
        given = {"RelatedProvs": "related", "NifProvs": "not-in-force"}.get(element.get("id", ""))
        if given:
            return given
        label = element.find("ScheduleFormHeading/Label")
        step = heading_step(collapse("".join(label.itertext()))) if label is not None else ""
        return step or f"schedule-no-{count}"

    def term(self, element: Element, count: int) -> tuple[str, str]:
        """A definition goes by its English term, which the French text gives in brackets, at its end."""
        own = "DefinedTermFr" if self.language == "fr" else "DefinedTermEn"
        text = element.find("Text")
        local = next((slug("".join(one.itertext())) for one in element.iter(own)), "")
        if self.language == "en":
            return local or f"definition-{count}", local
        terms = list(text.iter("DefinedTermEn")) if text is not None else []
        terms = terms or list(element.iter("DefinedTermEn"))[-1:]
        english = next((step for one in terms if (step := slug("".join(one.itertext())))), "")
        return english or local or f"definition-{count}", "" if english and not local else local

    def emit(self, element: Element, path: str, parent: str, anchor: str, kind: str, *, alias: str = "") -> None:
        """Add one unit: its label, title, words, dates."""
        label = title = ""
        pieces: list[Element] = []
        heading = element.find("ScheduleFormHeading") if element.tag == "Schedule" else None
        for child in element if heading is None else [*heading, *element]:
            tag = child.tag
            if tag == "Label":
                label = collapse("".join(child.itertext()))
            elif tag in ("MarginalNote", "TitleText"):
                title = collapse(title + " " + self.words(child))
            elif tag in BLOCKS:
                pieces.append(child)
        if kind == "table":
            pieces = [one for one in element.iter("Caption", "title", "thead")]
        elif element.tag in _LEAVES and not len(pieces):
            pieces = [element]
        for piece in pieces:
            self.check_inline(piece)
        text = collapse(" ".join(self.words(piece) for piece in pieces))
        folded = self.folded(element, kind, text, pieces)
        rich = kind in ("table",) or len(pieces) > 1 or any(len(piece) for piece in pieces)
        markup = ""
        if rich and pieces:
            wrap = kind in ("table", "row") or (kind == "front" and pieces[0] is not element)
            markup = collapse(" ".join(_markup(piece, outer=wrap) for piece in pieces))
            markup = "" if markup == escape(text) else markup
        own = self.day(element, element.get(_START) or "")
        dates = {own} | set(self.dates(element, pieces)) - {""}
        repealed = any(one.tag == "Repealed" or one.find("Repealed") is not None for one in pieces)
        self.units.append(
            Unit(
                path,
                parent,
                kind,
                label,
                title,
                text,
                folded if folded != text else "",
                markup,
                tuple(sorted(dates - {""})),
                own,
                element.get(LIMS + "id", ""),
                anchor,
                repealed,
                alias,
            )
        )

    # ---- words and dates ---------------------------------------------------------------------

    def words(self, element: Element) -> str:
        """All words of an element but those of notes and footnotes; a space stands between cells and blocks."""
        if not len(element):
            return element.text or ""
        found = [element.text or ""]
        for child in element:
            if child.tag not in _SILENT:
                space = " " if child.tag in _BROKEN else ""
                found += (space, self.words(child), space)
            found.append(child.tail or "")
        return "".join(found)

    def folded(self, element: Element, kind: str, text: str, pieces: list[Element]) -> str:
        """The words a digest is of: the packaged recipe, which folds rows, lists and continuations in."""
        if kind in ("row", "item", "table", "note", "front", "heading"):
            return text
        if len(pieces) == 1 and not len(pieces[0]) and not any(one.tag in _FOLDED for one in element):
            if not any(one.tag.startswith("Continued") for one in element):
                return text
        parts = [_recipe(child) for child in element if child.tag in _DIGESTED or child.tag.startswith("Continued")]
        return collapse(" ".join(parts))

    def dates(self, element: Element, pieces: list[Element]) -> Iterator[str]:
        """In-force attributes of what is folded into a unit: inner texts, titles, tables, rows, lists."""
        yield from self.started(pieces)
        for child in element:
            if child.tag in ("MarginalNote", "ScheduleFormHeading") or child.tag.startswith("Continued"):
                yield self.day(child, child.get(_START) or "")
                if child.tag == "ScheduleFormHeading":
                    yield from self.started(list(child))
            elif child.tag in _FOLDED and element.tag != "TableGroup":
                yield from self.started([child])

    def started(self, elements: list[Element]) -> Iterator[str]:
        for element in elements:
            for one in element.iter() if len(element) else (element,):
                start = one.get(_START)
                if start:
                    yield self.day(one, start)

    def day(self, element: Element, text: str | None) -> str:
        """An attribute that is a day, checked."""
        if not text or text in self.days:
            return text or ""
        try:
            if not _DAY.match(text):
                raise ValueError
            date.fromisoformat(text)
        except ValueError:
            raise self.refusal(element, f'"{text}" is not a day', "expected YYYY-MM-DD") from None
        self.days.add(text)
        return text

    # ---- refusing ----------------------------------------------------------------------------

    def check_inline(self, element: Element) -> None:
        for child in element:
            if child.tag not in INLINE and child.tag not in _SILENT and child.tag != "HistoricalNoteSubItem":
                raise self.refusal(child, f"unknown element <{child.tag}> in <{element.tag}>", _hint())
            if len(child):
                self.check_inline(child)

    def no_words(self, text: str | None, element: Element) -> None:
        if text and not text.isspace():
            raise self.refusal(element, f'words where none are expected: "{collapse(text)[:40]}"', None)

    def unique(self, path: str, *, numbered: bool = False) -> str:
        """The path, with a number where another unit has it already."""
        count = self.taken[path] = self.taken.get(path, 0) + 1
        if count == 1 and not numbered:
            return path
        return self.unique(f"{path}-{count}")

    def refusal(self, element: Element, message: str, hint: str | None) -> Exception:
        return refuse(message, source=self.source, line=element.sourceline, hint=hint)


_LEAVES = {"LongTitle", "ShortTitle", "RunningHead", "EnablingAuthority", "RegulationMakerOrder"}
_OWN = {"Label", "MarginalNote", "TitleText", "ScheduleFormHeading", "table"}
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


def _join(parent: str, step: str) -> str:
    return f"{parent}/{step}" if parent else step


def _hint() -> str:
    return "known: " + ", ".join(known())


def _recipe(element: Element) -> str:
    """The words of an element as the packaged digests take them."""
    if element.tag in _SILENT:
        return ""
    found = [element.text or ""]
    for child in element:
        found += (_recipe(child), child.tail or "")
    if element.tag in _SPACED:
        found.append(" ")
    return "".join(found)


def _markup(element: Element, *, outer: bool) -> str:
    """An element's words with their inline elements, without ids, dates and layout of cells."""
    inside = [escape(element.text or "")]
    for child in element:
        if child.tag not in _SILENT:
            inside.append(_markup(child, outer=True))
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


_SERIES = {"DORS/": "SOR/", "TR/": "SI/"}
_LAYOUT = {"colsep", "rowsep", "valign", "rowheader", "colname", "topdouble", "position", "frame", "height", "idref"}

# Every root is walked as a container of its parts.
_OWN |= set(ROOTS)
