"""From the XML of a law to its units: flat, in document order, each with its path, own words, dates and notes.

Source:
    The publisher's XML of consolidated acts and regulations; nothing in it is dropped but what
    `inforce.law.elements.METADATA` lists.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from xml.sax.saxutils import escape

from inforce.cites import NUMBERS
from inforce.errors import InputError, nearest
from inforce.law.elements import BLOCKS, CONTAINERS, INLINE, KINDS, LIMS, METADATA, known
from inforce.law.model import Anchor, NoteItem, Snapshot, Unit
from inforce.law.paths import heading_step, label_step, related_step, slug, word_step
from inforce.law.words import collapse, markup, recipe, strangers, words
from inforce.law.xml import MAX_DEPTH, Element, parse_xml, refuse

__all__ = ["parse_snapshot"]

_START = LIMS + "inforce-start-date"
_LAST = LIMS + "lastAmendedDate"
_ID = LIMS + "id"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# Folded into the digest of the unit they stand in, by the recipe of the packaged digests.
_DIGESTED = {"Text", "FormulaGroup", "Repealed", "TableGroup", "FormGroup", "List", "ScheduleFormHeading"}
_FOLDED = {"TableGroup", "List"} | {tag for tag, kind in KINDS.items() if kind == "continued"}
_UNFOLDED = {"row", "item", "table", "note", "front", "heading"}
_LEAVES = {"LongTitle", "ShortTitle", "RunningHead", "EnablingAuthority", "RegulationMakerOrder"}
_TITLES = {"MarginalNote", "TitleText"}
_OWN = frozenset(BLOCKS | _TITLES | {"Label", "ScheduleFormHeading"})
_TABLE = frozenset(INLINE | {"Caption", "title", "table", "tgroup", "colspec", "thead", "tbody", "row", "entry"})
_SERIES = {"DORS/": "SOR/", "TR/": "SI/"}


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
            recent=self.recent(root),
        )

    def recent(self, root: Element) -> tuple[NoteItem, ...]:
        return tuple(
            NoteItem(self.day(one, one.findtext("AmendmentDate", "")), collapse(one.findtext("AmendmentCitation", "")))
            for one in root.iterfind("RecentAmendments/Amendment")
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
        for child in element:
            tag = child.tag
            if whole and tag in _OWN:
                pass  # Words of the unit itself, which has read them.
            elif tag == "Heading":
                self.heading(child, parent)
            elif tag == "TableGroup":
                alone = len(element.findall("TableGroup")) == 1
                self.table(child, parent, anchor, alone=alone)
            elif tag in KINDS:
                counts[tag] = counts.get(tag, 0) + 1
                self.unit(child, parent, anchor, depth + 1, counts[tag])
            elif tag in CONTAINERS:
                self.container(child, parent, anchor, depth + 1)
            elif tag not in METADATA:
                raise self.stranger(child)
            if child.tail and not whole:
                self.no_words(child.tail, child)
        if element.text and not whole:
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
        self.only_elements(element)
        first = True
        for child in element:
            if child.tag == "Heading" and first:
                self.emit(child, path, parent, path, "heading")
                first = False
            elif child.tag == "Section":
                self.unit(child, path, path, depth + 1, 1)
            else:
                raise self.stranger(child)

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
        deeper = self.emit(element, path, parent, anchor, KINDS[tag], alias=alias)
        if deeper and tag not in _LEAVES:
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
        for child in element:
            if child.tag == "HistoricalNote":
                self.note(child, self.unique(_join(path, "note")), path, path)
            elif child.tag not in _OWN:
                raise self.stranger(child)

    def next_section(self, heading: Element) -> str:
        """An unlabelled heading is known by the section it stands before."""
        for following in heading.itersiblings():
            if following.tag == "Section":
                label = following.find("Label")
                return label_step("".join(label.itertext())) if label is not None else "section"
        return "end"

    def table(self, element: Element, parent: str, anchor: str, *, alone: bool) -> None:
        """A table: a unit for its caption and heads, then its rows; rows of the only table hang on the parent."""
        path = self.unique(_join(parent, "table"), numbered=not alone)
        for one in element.iterdescendants():
            if one.tag not in _TABLE:
                raise self.stranger(one)
        for frame in element.iter("TableGroup", "table", "tgroup", "tbody"):
            self.only_elements(frame)
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
                raise self.stranger(child)
            if child.tail:
                self.no_words(child.tail, child)
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
            return word_step(words(element)) or f"item-{count}", ""
        if tag == "Schedule":
            return self.schedule(element, count), ""
        if tag == "Footnote":
            label = element.find("Label")
            return f"footnote-{label_step(''.join(label.itertext())) if label is not None else ''}".rstrip("-"), ""
        if KINDS[tag] == "front":
            return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", tag).lower(), ""
        if tag == "AmendedText":
            return "amended", ""
        if KINDS[tag] == "continued":
            return "continued" if count == 1 else f"continued-{count}", ""
        if tag == "GroupHeading":
            return "heading", ""
        label = next((child for child in element if child.tag == "Label"), None)
        if label is None:
            return f"{KINDS[tag]}-{count}", ""
        return label_step("".join(label.itertext()) if len(label) else label.text or "") or f"{KINDS[tag]}-{count}", ""

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

    def emit(self, element: Element, path: str, parent: str, anchor: str, kind: str, *, alias: str = "") -> bool:
        """Add one unit: its label, title, words, dates; and the notes on its title. Tell whether it has other parts."""
        own = self.own(element, kind)
        pieces = own.pieces
        text = collapse(" ".join([words(piece) if len(piece) else piece.text or "" for piece in pieces]))
        folded = inline = ""
        if own.rich or own.folds or len(pieces) > 1:
            if kind not in _UNFOLDED:
                parts = [recipe(child) for child in element if child.tag in _DIGESTED or child.tag in _FOLDED]
                folded = collapse(" ".join(parts))
            cells = kind in ("table", "row") or (kind == "front" and pieces != [element])
            inline = collapse(" ".join([markup(piece, outer=cells) for piece in pieces]))
        start = self.day(element, element.get(_START))
        own.dates.add(start)
        own.dates.discard("")
        self.units.append(
            Unit(
                path,
                parent,
                kind,
                own.label,
                own.title,
                text,
                folded if folded != text else "",
                inline if own.rich or (inline and inline != escape(text)) else "",
                tuple(sorted(own.dates)),
                start,
                element.get(_ID) or "",
                anchor,
                any(one.tag == "Repealed" or (len(one) and one.find("Repealed") is not None) for one in pieces),
                alias,
            )
        )
        for note in own.notes:
            self.note(note, self.unique(_join(path, "note")), path, anchor)
        return own.deeper

    def own(self, element: Element, kind: str) -> _Own:
        """Read what an element says itself, and refuse what is not known in it."""
        own = _Own()
        leaf = element.tag in _LEAVES
        for child in _parts(element, kind):
            tag = child.tag
            if tag in BLOCKS:
                own.pieces.append(child)
            elif tag == "Label":
                own.label = collapse(words(child) if len(child) else child.text or "")
                self.plain(child)
            elif tag in _TITLES:
                own.title = collapse(f"{own.title} {words(child)}")
                own.dates.add(self.day(child, child.get(_START)))
                self.plain(child)
                own.notes += child.findall("HistoricalNote") if len(child) else []
            elif tag in _FOLDED:
                own.folds = own.deeper = True
                own.dates.update(self.started(child))
            elif tag == "ScheduleFormHeading":
                self.only_elements(child)
                own.dates.add(self.day(child, child.get(_START)))
            else:
                own.deeper = True
            if child.tail and not leaf and kind != "table":
                self.no_words(child.tail, child)
        if leaf and not own.pieces:
            own.pieces = [element]
        elif element.text and not leaf:
            self.no_words(element.text, element)
        for piece in own.pieces:
            if len(piece):
                own.rich = True
                self.plain(piece)
                own.dates.update(self.started(piece))
            else:
                own.dates.add(self.day(piece, piece.get(_START)))
        return own

    def started(self, element: Element) -> set[str]:
        """In-force attributes of an element and of all within it."""
        return {self.day(one, start) for one in element.iter() if (start := one.get(_START))}

    def plain(self, element: Element) -> None:
        """Refuse what is not known inside words."""
        if len(element):
            for one in strangers(element):
                raise self.stranger(one)

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

    def stranger(self, element: Element) -> InputError:
        above = element.getparent()
        where = f" in <{above.tag}>" if above is not None else ""
        near = [f"<{one}>" for one in nearest(str(element.tag), known())]
        hint = (f"did you mean {' or '.join(near)}? " if near else "") + "what is not known is never dropped: report it"
        return self.refusal(element, f"unknown element <{element.tag}>{where}", hint)

    def only_elements(self, element: Element) -> None:
        """Refuse words beside the children of an element that has none of its own."""
        for text in (element.text, *(child.tail for child in element)):
            if text:
                self.no_words(text, element)

    def no_words(self, text: str, element: Element) -> None:
        if not text.isspace():
            raise self.refusal(element, f'words where none are expected: "{collapse(text)[:40]}"', None)

    def unique(self, path: str, *, numbered: bool = False) -> str:
        """The path, with a number where another unit has it already."""
        count = self.taken[path] = self.taken.get(path, 0) + 1
        if count == 1 and not numbered:
            return path
        return self.unique(f"{path}-{count}")

    def refusal(self, element: Element, message: str, hint: str | None) -> InputError:
        return refuse(message, source=self.source, line=element.sourceline, hint=hint)


class _Own:
    """What an element says itself: label, title, the elements that hold its words, dates, notes on its title."""

    __slots__ = ("dates", "deeper", "folds", "label", "notes", "pieces", "rich", "title")

    def __init__(self) -> None:
        self.label = self.title = ""
        self.pieces: list[Element] = []
        self.dates: set[str] = set()
        self.notes: list[Element] = []
        self.rich = False  # Some of its words stand in elements of their own.
        self.folds = False  # A table, a list or a continuation counts to its digest.
        self.deeper = False  # It has parts that are units.


def _parts(element: Element, kind: str) -> list[Element]:
    """What an element reads itself: of a schedule also its heading's, of a table what stands over its rows."""
    if kind == "table":
        return list(element.iter("Caption", "title", "thead"))
    if kind == "schedule" and (heading := element.find("ScheduleFormHeading")) is not None:
        return [*heading, *element]
    return list(element)


def _join(parent: str, step: str) -> str:
    return f"{parent}/{step}" if parent else step
