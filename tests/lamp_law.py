"""A few invented provisions as the graph holds imported text: units, wordings and changes, as quads made by hand.

Lamps on boats: no law anywhere. Their shape is that of a section that was split, a table that grew, a text corrected
without a day, an amendment in one language only and a paragraph that left without a mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from inforce.cites import parse_citation
from inforce.vocab import BASE, PREFIXES

__all__ = ["UNITS", "WORDINGS", "W", "quads"]

GRAPH = ox.NamedNode(BASE + "graph/law")
FIRST = "2021-02-26"


@dataclass(frozen=True)
class W:
    """One wording; ``kind`` says how it came about."""

    path: str
    language: str
    start: str
    until: str | None
    text: str | None
    kind: str = "added"
    decided: str = "exact"
    title: str | None = None
    by: str | None = None
    known: str = FIRST
    end_known: str | None = None
    replaces: str | None = None
    number: str = ""

    @property
    def iri(self) -> str:
        """Where the wording is."""
        return f"{BASE}{self.path}/{self.start}/{self.language}{self.number}"


# Path, type, what it is part of, order in the law.
UNITS = (
    ("irpr/part-90", "part", "irpr", 10),
    ("irpr/901", "section", "irpr/part-90", 20),
    ("irpr/901/1", "subsection", "irpr/901", 21),
    ("irpr/901/a", "paragraph", "irpr/901", 22),
    ("irpr/901/1/a", "paragraph", "irpr/901/1", 23),
    ("irpr/901/b", "paragraph", "irpr/901", 24),
    ("irpr/901/1/b", "paragraph", "irpr/901/1", 25),
    ("irpr/901/c", "paragraph", "irpr/901", 26),
    ("irpr/901/2", "subsection", "irpr/901", 27),
    ("irpr/902", "section", "irpr/part-90", 30),
    ("irpr/902/1", "subsection", "irpr/902", 31),
    ("irpr/902/1/amber", "row", "irpr/902/1", 32),
    ("irpr/902/1/green", "row", "irpr/902/1", 33),
    ("irpr/902/1/ambre", "row", "irpr/902/1", 32),
    ("irpr/902/1/vert", "row", "irpr/902/1", 33),
    ("irpr/902/1/continued-1", "continued", "irpr/902/1", 34),
    ("irpr/903", "section", "irpr/part-90", 40),
)
A, B, C = "SOR/2020-901", "SOR/2024-902", "SOR/2025-903"
SPLIT, SEEN, PUT_RIGHT = "2024-12-18", "2025-02-06", "2025-05-15"


def _both(path: str, en: str | None, fr: str | None, **more: str | None) -> list[W]:
    shared = {"start": "2020-03-21", "until": None, "by": A, **more}
    titles = {"en": shared.pop("title", None), "fr": shared.pop("title_fr", None)}
    replaces = shared.pop("replaces", None)
    return [
        W(
            path=path,
            language=language,
            text=text,
            title=titles[language],
            replaces=replaces and f"{replaces}/{language}",
            **shared,  # type: ignore[arg-type]
        )
        for language, text in (("en", en), ("fr", fr))
    ]


ENDED = {"until": SPLIT, "end_known": SEEN}
SPLIT_IN = {"start": SPLIT, "by": B, "known": SEEN}
MOVED = {**SPLIT_IN, "kind": "renumbered", "decided": "renumbered"}
LEAD_EN = "The keeper may name the lamps that a boat carries, among them"
LEAD_FR = "Le gardien peut désigner les lampes qu’un bateau porte, dont :"
NAMED = {"title": "Lamps on boats", "title_fr": "Lampes à bord"}
FROM_THE_START: dict[str, str | None] = {"by": None, "decided": "first-held"}
WORDINGS: tuple[W, ...] = (
    *_both("irpr/part-90", None, None, title="Lamps", title_fr="Lampes", **FROM_THE_START),
    *_both("irpr/901", LEAD_EN, LEAD_FR, **NAMED, **ENDED),
    *_both("irpr/901", None, None, **NAMED, **SPLIT_IN, kind="amended"),
    *_both("irpr/901/1", LEAD_EN, LEAD_FR, **SPLIT_IN),
    *_both("irpr/901/a", "a lantern at the bow;", "une lanterne à la proue;", **ENDED),
    *_both(
        "irpr/901/1/a", "a lantern at the bow;", "une lanterne à la proue;", **MOVED, replaces="irpr/901/a/2020-03-21"
    ),
    *_both("irpr/901/b", "a lantern at the stern; and", "une lanterne à la poupe;", **ENDED),
    *_both("irpr/901/1/b", "a red lantern at the stern.", "une lanterne rouge à la poupe.", **SPLIT_IN),
    *_both("irpr/901/c", "a torch.", "une torche.", **ENDED),
    *_both(
        "irpr/901/2",
        "The keeper may name a class of boats that carry no lamp.",
        "Le gardien peut désigner une catégorie de bateaux sans lampe.",
        title="Class of boats",
        title_fr="Catégorie de bateaux",
        **SPLIT_IN,
    ),
    *_both("irpr/902", None, None, title="Colours", title_fr="Couleurs", **FROM_THE_START),
    *_both(
        "irpr/902/1",
        "A boat on a river of the table carries a lamp of its colour.",
        "Le bateau sur une rivière du tableau porte une lampe de sa couleur.",
        **FROM_THE_START,
    ),
    W("irpr/902/1/amber", "en", "2020-03-21", SPLIT, "Amber", by=A, end_known=SEEN),
    W("irpr/902/1/green", "en", SPLIT, None, "Green", by=B, known=SEEN),
    W("irpr/902/1/ambre", "fr", "2020-03-21", SPLIT, "Ambre", by=A, end_known=SEEN),
    W("irpr/902/1/vert", "fr", SPLIT, None, "Vert", by=B, known=SEEN),
    *_both("irpr/902/1/continued-1", "by day and by night.", "de jour et de nuit.", **FROM_THE_START),
    # Put right later, on no day of its own: what it replaced is in force on no day.
    W("irpr/903", "en", "2020-03-21", "2020-03-21", "A lamp burns oill.", by=A, end_known=PUT_RIGHT, title="Oil"),
    W(
        path="irpr/903",
        language="en",
        start="2020-03-21",
        until=None,
        text="A lamp burns oil.",
        kind="corrected",
        decided="correction",
        by=A,
        known=PUT_RIGHT,
        title="Oil",
        number="-2",
    ),
    # Amended in French only.
    W("irpr/903", "fr", "2020-03-21", "2025-06-01", "La lampe brûle de l’œillette.", by=A, end_known="2025-06-10"),
    W(
        path="irpr/903",
        language="fr",
        start="2025-06-01",
        until=None,
        text="La lampe brûle l’huile d’œillette.",
        kind="language-only",
        decided="language-only",
        by=C,
        known="2025-06-10",
        title="Huile",
    ),
)


def _term(name: str) -> ox.NamedNode:
    prefix, local = name.split(":")
    return ox.NamedNode(PREFIXES[prefix] + local)


def _day(text: str | None) -> ox.Literal | None:
    return None if text is None else ox.Literal(text, datatype=ox.NamedNode(PREFIXES["xsd"] + "date"))


def _by(one: W) -> ox.NamedNode | None:
    return None if one.by is None else ox.NamedNode(f"{BASE}instrument/{one.by}")


def quads(units: Iterable[tuple[str, str, str, int]] = UNITS, wordings: Iterable[W] = WORDINGS) -> list[ox.Quad]:
    """The law as quads of the graph of imported text."""
    found: list[ox.Quad] = []
    wordings = list(wordings)

    def say(subject: str, predicate: str, value: ox.NamedNode | ox.Literal | str | None) -> None:
        if value is not None:
            node = ox.NamedNode(subject if subject.startswith(BASE) else BASE + subject)
            term = ox.Literal(value) if isinstance(value, str) else value
            found.append(ox.Quad(node, _term(predicate), term, GRAPH))

    orders: dict[str, int] = {}
    for path, kind, above, order in units:
        orders[path] = order
        say(path, "rdf:type", _term("eli:LegalResourceSubdivision"))
        say(path, "eli:is_part_of", ox.NamedNode(BASE + above))
        say(path, "dct:type", kind)
        if path[5].isdigit():
            say(path, "skos:notation", parse_citation(path).english)
    for one in wordings:
        say(one.iri, "rdf:type", _term("inf:Wording"))
        say(one.iri, "dct:isVersionOf", ox.NamedNode(BASE + one.path))
        say(one.iri, "dct:language", one.language)
        say(one.iri, "inf:from", _day(one.start))
        say(one.iri, "inf:until", _day(one.until))
        say(one.iri, "inf:startKnownFrom", _day(one.known))
        say(one.iri, "inf:endKnownFrom", _day(one.end_known))
        say(one.iri, "inf:startDecidedBy", one.decided)
        say(one.iri, "inf:text", one.text)
        say(one.iri, "dct:title", one.title)
        say(one.iri, "sh:order", ox.Literal(orders[one.path]))
        say(one.iri, "inf:instrument", _by(one))
        say(one.iri, "skos:historyNote", one.by and f"{one.by}, s. 1")
        say(one.iri, "dct:replaces", one.replaces and ox.NamedNode(BASE + one.replaces))
    _changes(say, wordings)
    return found


def _changes(say: Callable[[str, str, ox.NamedNode | ox.Literal | str | None], None], wordings: list[W]) -> None:
    ended: Mapping[tuple[str, str, str], W] = {(w.path, w.language, w.until): w for w in wordings if w.until}
    begun = {(w.path, w.language, w.start) for w in wordings}
    for one in wordings:
        before = ended.get((one.path, one.language, one.start))
        if one.decided == "first-held" or before is one:
            continue
        event = f"change/{one.path}/{one.start}/{one.language}"
        say(event, "rdf:type", _term("inf:ChangeEvent"))
        say(event, "dct:date", _day(one.start))
        say(event, "dct:type", one.kind)
        say(event, "inf:starts", ox.NamedNode(one.iri))
        say(event, "inf:ends", None if before is None else ox.NamedNode(before.iri))
        say(event, "inf:instrument", _by(one))
    for (path, language, day), one in ended.items():
        if (path, language, day) not in begun:
            event = f"change/{path}/{day}/{language}"
            say(event, "rdf:type", _term("inf:ChangeEvent"))
            say(event, "dct:date", _day(day))
            say(event, "dct:type", "repealed")
            say(event, "inf:ends", ox.NamedNode(one.iri))
            say(event, "inf:instrument", ox.NamedNode(f"{BASE}instrument/{B}"))
