"""The law files for tests: read, rebuilt from the quads alone, and extracted a second way."""

from __future__ import annotations

import lzma
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyoxigraph
from lxml import etree

from inforce.law import Snapshot, law_quads, parse_snapshot
from inforce.law.writer import printed_label
from inforce.vocab import BASE, PREFIXES

INF, DCT = PREFIXES["inf"], PREFIXES["dct"]
FIXTURES = Path(__file__).parent / "law_fixtures"
FOLDERS = {"en": "eng", "fr": "fra"}


def content(path: Path) -> bytes:
    """The plain bytes of a file, packed or not."""
    return lzma.open(path).read() if path.suffix == ".xz" else path.read_bytes()


def files(folder: Path, language: str) -> list[Path]:
    """The files of one language, oldest first."""
    return sorted((folder / FOLDERS[language]).glob("*.xml*"))


@cache
def snapshots(folder: Path, language: str) -> tuple[Snapshot, ...]:
    """Every snapshot of a law in one language; kept, for tests ask often."""
    return tuple(
        parse_snapshot(content(path), source=path.name, day=date.fromisoformat(path.name[:10]))
        for path in files(folder, language)
    )


@cache
def quads(folder: Path) -> tuple[str, ...]:
    """The quads of a law, both languages."""
    return tuple(law_quads([*snapshots(folder, "en"), *snapshots(folder, "fr")]))


class Part(NamedTuple):
    """What a unit reads: what a rebuilt snapshot is compared by."""

    kind: str
    label: str
    title: str
    text: str


class Row(NamedTuple):
    """One wording as the graph has it."""

    iri: str
    path: str
    kind: str
    values: dict[str, list[str]]

    def one(self, name: str) -> str:
        """The value of a property, or nothing."""
        return next(iter(self.values.get(name, [])), "")


class Graph:
    """The lines of a law, read back; knows nothing of how they were made."""

    def __init__(self, lines: Iterable[str]) -> None:
        data: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for quad in pyoxigraph.parse("\n".join(lines).encode(), format=pyoxigraph.RdfFormat.N_QUADS):
            subject = getattr(quad.subject, "value", "").removeprefix(BASE)
            name = quad.predicate.value
            short = name.removeprefix(INF).removeprefix(DCT).rpartition("#")[2].rpartition("/")[2]
            data[subject][short].append(getattr(quad.object, "value", "").removeprefix(BASE))
        self.data = data
        self.wordings: list[Row] = []
        for iri, values in data.items():
            if "ns#Wording" in values["type"]:
                path = values["isVersionOf"][0]
                called = [one for one in (*values["type"], *data[path]["type"]) if "#" not in one]
                kind = called[0]
                self.wordings.append(Row(iri, path.partition("/")[2], kind, values))
        self.wordings.sort(key=lambda row: int(row.one("order")))
        self.changes = {iri: values for iri, values in data.items() if "ns#ChangeEvent" in values["type"]}

    def known(self, language: str, day: str) -> list[Row]:
        """The wordings that were known and open on a day, in the order of the document."""
        return [
            row
            for row in self.wordings
            if row.one("language") == language
            and row.one("startKnownFrom") <= day
            and not ("until" in row.values and row.one("endKnownFrom") <= day)
        ]

    def rebuilt(self, language: str, day: str) -> list[Part]:
        """What was published on a day: every part in its order."""
        return [
            Part(
                row.kind,
                row.one("label") or printed_label(row.kind, row.path, language),
                row.one("title"),
                row.one("text"),
            )
            for row in self.known(language, day)
        ]

    def in_force(self, path: str, language: str, day: str, known_on: str = "9999-12-31") -> list[Row]:
        """The wordings of a path in force on a day, as known on another."""
        return [
            row
            for row in self.wordings
            if row.path == path
            and row.one("language") == language
            and row.one("startKnownFrom") <= known_on
            and row.one("from") <= day
            and not (row.one("until") and row.one("endKnownFrom") <= known_on and row.one("until") <= day)
        ]


# ---- a second extraction, which shares nothing with the first --------------------------------

UNITS = {
    "Section": "section", "Subsection": "subsection", "Paragraph": "paragraph", "Subparagraph": "subparagraph",
    "Clause": "clause", "Subclause": "subclause", "Definition": "definition", "Provision": "provision",
    "Item": "item", "Heading": "heading", "GroupHeading": "heading", "Schedule": "schedule", "TableGroup": "table",
    "row": "row", "Footnote": "footnote", "HistoricalNote": "note", "Order": "front", "Enacts": "front",
    "Preamble": "front", "LongTitle": "front", "ShortTitle": "front", "RunningHead": "front",
    "EnablingAuthority": "front", "RegulationMakerOrder": "front", "Group": "group", "AmendedText": "amended",
    "ContinuedSectionSubsection": "continued", "ContinuedDefinition": "continued",
}  # fmt: skip
NOT_LAW = {
    "RecentAmendments", "LastAmendedDate", "ConsolidationDate", "RegistrationDate", "InstrumentNumber", "BillHistory",
    "Chapter",
}  # fmt: skip
GAPS = {
    "entry", "Text", "TitleText", "Caption", "title", "thead", "row", "Label", "Provision", "LineBreak", "Date", "YYYY",
    "MM", "DD", "OriginatingRef", "MarginalNote", "HistoricalNoteSubItem", "RegulationMaker", "OrderNumber",
}  # fmt: skip
TITLES = {"MarginalNote", "TitleText"}
LABEL, TITLE, TEXT = 1, 2, 3


def extracted(plain: bytes) -> list[Part]:
    """Kind, title and own words of every unit of a file, straight from the tree."""
    found: list[list[list[str]]] = []

    nowhere: list[str] = []

    def words(at: int, into: int) -> list[str]:
        return nowhere if at < 0 else found[at][into]

    def visit(element: etree._Element, at: int, into: int) -> None:
        tag = element.tag
        if tag in NOT_LAW:
            return
        unit = tag in UNITS and not inside_cell(element) and not (tag == "row" and in_head(element))
        if unit:
            found.append([[UNITS[tag]], [], [], []])
            at, into = len(found) - 1, TEXT
        elif tag in TITLES:
            into = TITLE
        elif tag == "Label" and not inside_cell(element):
            into = LABEL
        if element.text:
            words(at, into).append(element.text)
        for child in element:
            gap = child.tag in GAPS
            words(at, into).append(" " if gap else "")
            visit(child, at, into)
            words(at, into).extend((" " if gap else "", child.tail or ""))

    visit(etree.fromstring(plain), -1, TEXT)
    assert not squeeze(nowhere), "words outside every unit"
    return [Part(*(squeeze(one) for one in parts)) for parts in found]


def squeeze(parts: list[str]) -> str:
    """Words with one space between them."""
    return " ".join("".join(parts).split())


def inside_cell(element: etree._Element) -> bool:
    """Whether an element stands inside a cell of a table."""
    return any(one.tag == "entry" for one in element.iterancestors())


def in_head(element: etree._Element) -> bool:
    """Whether a row is of the head of a table."""
    return any(one.tag == "thead" for one in element.iterancestors())


def days(folder: Path, language: str) -> Iterator[str]:
    """The publication days of a law."""
    return (path.name[:10] for path in files(folder, language))
