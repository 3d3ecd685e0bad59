"""Units of the law's text: one provision's wording and its days, and a provision as it read on a day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from inforce.cites import LAWS, parse_citation
from inforce.errors import UnknownIdError
from inforce.vocab import BASE, PREFIXES

__all__ = ["Reading", "Wording", "cited", "in_tree", "instrument_number", "natural", "one_each", "path_of", "wordings"]

_LABELLED = ("subsection", "paragraph", "subparagraph", "clause", "subclause", "subsubclause")


@dataclass(frozen=True, slots=True)
class Wording:
    """One provision's own text in one language and the days it is in force, ``since`` in, ``until`` out.

    ``depth`` and ``label`` place it in the provision that was read; ``text`` is ``None`` where a provision only holds
    others.
    """

    iri: str
    path: str
    type: str
    depth: int
    label: str
    order: int
    title: str | None
    text: str | None
    markup: str | None
    since: str
    until: str | None
    known_from: str
    end_known_from: str | None
    decided_by: str | None
    instrument: str | None
    note: str | None
    replaces: str | None

    @property
    def content(self) -> tuple[int, str, str]:
        """What the law says here and where: two wordings with the same content read the same."""
        return self.order, self.title or "", self.text or ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A provision as it read on a day, with all that is below it, in the order of the law."""

    path: str
    language: str
    on: str
    known_on: str | None
    wordings: tuple[Wording, ...]

    @property
    def citation(self) -> str:
        """The provision in the reading's language."""
        return cited(self.path, self.language)

    @property
    def instruments(self) -> tuple[str, ...]:
        """The historical notes of the wordings, each once, oldest first."""
        dated = sorted((one.since, one.note or one.instrument or "") for one in self.wordings)
        return tuple(dict.fromkeys(note for _, note in dated if note))

    def lines(self) -> list[str]:
        """Return the text, one line a unit: its marginal note, label and words, indented by two spaces a level."""
        found = []
        for one in self.wordings:
            if one.title:
                found.append("  " * one.depth + one.title)
            said = " ".join(part for part in (one.label, one.text) if part)
            if said:
                found.append("  " * one.depth + said)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form ``inforce/text/1``."""
        return {
            "schema": "inforce/text/1",
            "citation": cited(self.path, "en"),
            "citation_fr": cited(self.path, "fr"),
            "iri": BASE + self.path,
            "language": self.language,
            "on": self.on,
            "known_on": self.known_on,
            "units": [
                {"citation": cited(one.path, "en"), "citation_fr": cited(one.path, "fr")} | asdict(one)
                for one in self.wordings
            ],
        }


def cited(path: str, language: str = "en") -> str:
    """Return the citation of a path in one language; the path itself where it is of no form that is cited.

    >>> cited("irpr/198/2/a", "fr")
    'RIPR 198(2)a)'
    >>> cited("sor-1901-7/3/1/a")
    'SOR/1901-7 3(1)(a)'
    """
    law, _, rest = path.partition("/")
    other = law not in LAWS
    try:
        citation = parse_citation(f"{next(iter(LAWS))}/{rest}" if other and rest else path)
    except UnknownIdError:
        return path
    found = citation.french if language == "fr" else citation.english
    # A law without a short name of its own is cited by its number.
    return f"{law.upper().replace('-', '/', 1)} {found.partition(' ')[2]}" if other and rest else found


def path_of(name: str) -> str | None:
    """Return the path of a provision or a law by its citation, path or IRI; ``None`` where a name is none of these.

    >>> path_of("SOR/1901-7 3(1)(a)"), path_of("RIPR 198(2)a)"), path_of("a lamp")
    ('sor-1901-7/3/1/a', 'irpr/198/2/a', None)
    """
    bare = name.strip().removeprefix("<").removesuffix(">").removeprefix(BASE)
    numbered = re.fullmatch(r"([A-Z]+)/([0-9]{4}-[0-9]+)(?: (.+))?", bare)
    try:
        if numbered:
            law = f"{numbered[1]}-{numbered[2]}".lower()
            labels = parse_citation(f"{next(iter(LAWS))} {numbered[3]}").path.partition("/")[2] if numbered[3] else ""
            return f"{law}/{labels}" if labels else law
        return parse_citation(bare).path
    except UnknownIdError:
        return bare if re.fullmatch(r"[a-z]+-[0-9]{4}-[0-9]+|[a-z][a-z0-9.-]*(?:/[0-9A-Za-z.'’-]+)+", bare) else None


def instrument_number(iri: str | None) -> str | None:
    """Return the number of an instrument's IRI, as people write it."""
    return None if iri is None else iri.removeprefix(PREFIXES["instrument"])


def wordings(rows: Iterable[Mapping[str, Any]], language: str, *, known: date = date.max) -> Iterable[Wording]:
    """Return the rows of ``provision-known-on`` as wordings, each with its depth below the units it stands in.

    An end that was not yet known on the day ``known`` is left open.
    """
    depths: dict[str, int] = {}
    for row in one_each(rows):
        path = row["unit"].removeprefix(BASE)
        above = path.rpartition("/")[0]
        while above and above not in depths:
            above = above.rpartition("/")[0]
        depths[path] = depths[above] + 1 if above else 0
        open_then = row["endKnown"] is None or row["endKnown"] > known
        yield Wording(
            iri=row["wording"],
            path=path,
            type=row["ownType"] or row["type"] or "provision",
            depth=depths[path],
            label=row["label"] or _label(path, row["ownType"] or row["type"], language),
            order=row["order"],
            title=row["title"],
            text=row["text"],
            markup=row["markup"],
            since=str(row["from"]),
            until=None if row["until"] is None or open_then else str(row["until"]),
            known_from=str(row["knownFrom"]),
            end_known_from=None if open_then else str(row["endKnown"]),
            decided_by=row["decidedBy"],
            instrument=row["instrument"],
            note=row["note"],
            replaces=row["replaces"],
        )


def one_each(rows: Iterable[Mapping[str, Any]], key: str = "wording") -> list[dict[str, Any]]:
    """Return one row for each ``key``: a wording that several instruments made has their numbers in one text."""
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        number = instrument_number(row["instrument"])
        one = found.setdefault(row[key], {**row, "instrument": number})
        if number and number not in (one["instrument"] or "").split("; "):
            one["instrument"] = f"{one['instrument']}; {number}"
    return list(found.values())


def _label(path: str, kind: str | None, language: str) -> str:
    """What stands before a unit's words in print: ``198``, ``(2)``, ``(a)``, in French ``a)``; often nothing."""
    last = path.rpartition("/")[2]
    if kind == "section":
        return last
    if kind not in _LABELLED:
        return ""
    return f"{last})" if language == "fr" and kind == "paragraph" else f"({last})"


def in_tree(orders: Mapping[str, int]) -> list[str]:
    """Return paths by their order in the law, what is below a path right after it.

    Units of different days share one numbering: a paragraph and what took its place would else stand mixed.

    >>> in_tree({"irpr/3": 1, "irpr/3/1": 2, "irpr/3/a": 3, "irpr/3/1/a": 4})
    ['irpr/3', 'irpr/3/1', 'irpr/3/1/a', 'irpr/3/a']
    """

    def key(path: str) -> list[tuple[int, str]]:
        above: list[tuple[int, str]] = []
        while path:
            if path in orders:
                above.append((orders[path], path))
            path = path.rpartition("/")[0]
        return above[::-1]

    return sorted(orders, key=key)


def natural(text: str) -> tuple[Any, ...]:
    """Return what sorts paths as people count: 2 before 10, 7.01 before 7.1."""
    return tuple((0, int(part), part) if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text) if part)
