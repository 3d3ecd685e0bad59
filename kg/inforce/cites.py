"""Citations: between how people write a provision, in English or French, and its path in the graph.

The laws are named here because a citation is how their names are spelled; what they say is data.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from inforce.errors import UnknownIdError
from inforce.vocab import BASE

__all__ = ["Citation", "label_of", "parse_citation", "same"]

# Path of a law -> how it is cited in English, in French, and by one letter (English, French).
LAWS = {
    "irpr": ("IRPR", "RIPR", "R", "R"),
    "irpa": ("IRPA", "LIPR", "A", "L"),
}
# Number of a law, as a slug -> its path; any other law goes by the slug of its number.
NUMBERS = {"sor-2002-227": "irpr", "i-2.5": "irpa"}
_SPELLED = {word.lower(): law for law, words in LAWS.items() for word in words[:2]}
_LETTERS = {letter: law for law, words in LAWS.items() for letter in words[2:]}

_ROMAN = r"(?=[ivxl])x{0,3}(?:ix|iv|l?x{0,3}v?i{0,3})"
# What numbers or letters a provision: 198, 7.01, a, g.1, ii.1, A, IV; any other label is a defined term.
_PLAIN = re.compile(
    rf"(?:[0-9]+(?:\.[0-9]+)*[A-Z]?|(?:[a-z]{{1,2}}|[A-Z]{{1,2}}|{_ROMAN}|{_ROMAN.upper()})(?:\.[0-9]+)*)\Z"
)
_START = re.compile(
    r"(?:(?P<word>[A-Za-z]{4})(?:\s*:\s*|,?\s+|(?=[0-9])|$)|(?P<letter>[RAL])(?=\s?[0-9]))\s*"
    r"(?:(?:sub)?(?:section|paragraph|clause)s?\s+|(?:sous-)?(?:article|paragraphe|alinéa|division)s?\s+"
    r"|(?:ss?|paras?|arts?|par|al)\.\s*|s\s+)?",
    re.IGNORECASE,
)
_SECTION = re.compile(r"[0-9]+(?:\.[0-9]+)*[A-Z]?")
_STEP = re.compile(r"\s*(?:\(([0-9A-Za-z.]+)\)|([a-z]{1,2}(?:\.[0-9]+)*)\)|\[([^\[\]]+)\])")
_VERSION = re.compile(r"(.*?)(?:@|/)([0-9]{4}-[0-9]{2}-[0-9]{2})\Z")
# Parts of a law that have a name before their number, and what stands beside its sections: label -> (English, French).
_NAMES = {
    "part": ("Part", "partie"),
    "division": ("Division", "section"),
    "subdivision": ("Subdivision", "sous-section"),
    "schedule": ("Schedule", "annexe"),
    "chapter": ("Chapter", "chapitre"),
    "title": ("Title", "titre"),
    "appendix": ("Appendix", "appendice"),
    "before": ("heading before", "intertitre avant"),
}
_NUMBER = r"[0-9]+(?:\.[0-9]+)*[A-Z]?|[IVXL]+(?:\.[0-9]+)*"
_NAMED = re.compile(rf"({'|'.join(_NAMES)})(?:[ -](end|(?:{_NUMBER})(?:-[0-9A-Za-z.-]+)?))?\Z")
_SPOKEN = re.compile(
    rf"\s*,?\s*(?:(?P<before>heading\s+before|intertitre\s+avant)|(?P<word>part(?:ie)?|division|subdivision|sous-section"
    rf"|schedule|annexe|chap(?:ter|itre)|tit(?:le|re)|appendi(?:x|ce)|(?<!\A)section))(?![a-z])"
    rf"(?:\s+(?P<number>end|(?:{_NUMBER})(?:-[0-9A-Za-z.-]+)?)(?![0-9A-Za-z]))?",
    re.IGNORECASE,
)
_WORDS = {french: english for english, (_, french) in _NAMES.items()} | {one: one for one in _NAMES}
# A run of units repealed together: 204 and 205, d to g.
_RUN = re.compile(r"[0-9A-Za-z.]+(?:[ -](?:and|to|or)[ -][0-9A-Za-z.]+)+\Z")
_BESIDE = re.compile(
    r"related|not-in-force|order|enacts|preamble|(?:long|short)-title|running-head|enabling-authority"
    r"|regulation-maker-order|schedule-no-[0-9]+\Z"
)
_PATH_PART = re.compile(r"[0-9A-Za-z][0-9A-Za-z.'’-]*\Z")


@dataclass(frozen=True, slots=True)
class Citation:
    """A provision, or the whole law if ``labels`` is empty; with the first day of one version, if one is meant.

    >>> parse_citation("R198(2)(a)(ii)").path
    'irpr/198/2/a/ii'
    >>> str(parse_citation("irpr/198/2/a/ii"))
    'IRPR 198(2)(a)(ii)'
    >>> parse_citation("IRPR 198(2)(a)(ii)").french
    'RIPR 198(2)a)(ii)'
    """

    law: str
    labels: tuple[str, ...] = ()
    version: str | None = None

    @property
    def path(self) -> str:
        """The path under the base, ``irpr/198/2/a/ii``; a version adds its first day."""
        return "/".join([self.law, *map(_slug, self.labels), *([self.version] if self.version else [])])

    @property
    def iri(self) -> str:
        """The IRI."""
        return BASE + self.path

    @property
    def english(self) -> str:
        """How the provision is cited in English: ``IRPR 198(2)(a)(ii)``."""
        return (LAWS[self.law][0] + " " + self._numbered(french=False)).strip()

    @property
    def french(self) -> str:
        """How the provision is cited in French: ``RIPR 198(2)a)(ii)``."""
        return (LAWS[self.law][1] + " " + self._numbered(french=True)).strip()

    @property
    def key(self) -> str:
        """The key of the source tables: ``irpr:198(2)(a)(ii)``."""
        return self.law + ":" + self._numbered(french=False)

    @property
    def test_name(self) -> str:
        """The name in Python tests: ``irpr_198_2_a_ii``."""
        return re.sub(r"[^0-9A-Za-z]+", "_", "/".join([self.law, *map(_slug, self.labels)])).strip("_")

    @property
    def parent(self) -> Citation | None:
        """The provision this one is part of; ``None`` for a law."""
        return Citation(self.law, self.labels[:-1]) if self.labels else None

    def _numbered(self, *, french: bool) -> str:
        parts: list[str] = []
        lettered = named = False
        for position, label in enumerate(self.labels):
            if (spoken := _NAMED.match(label)) and (position == 0 or named):
                name = _NAMES[spoken[1]][french] + (f" {spoken[2]}" if spoken[2] else "")
                parts.append(f", {name}" if parts else name)
                named = True
                continue
            named = False
            if not _PLAIN.match(label):
                parts.append(f"[{label}]")
            elif position == 0:
                parts.append(label)
            elif french and not lettered and label[0].islower():
                # In French only the paragraph, the first lettered level, goes without its opening bracket.
                parts.append(f"{label})")
                lettered = True
            else:
                parts.append(f"({label})")
        return "".join(parts)

    def __str__(self) -> str:
        """Return the English citation."""
        return self.english


def parse_citation(text: str) -> Citation:
    """Return the provision that ``text`` cites: English, French, one-letter, table key, path or IRI.

    Args:
        text: for example ``IRPR 198(2)(a)``, ``RIPR 198(2)a)``, ``R198(2)(a)``, ``irpr:198(2)(a)``, ``IRPR s. 198(2)``,
            ``IRPR 2[port of entry](a)``, ``irpr/198/2/a``; ``@YYYY-MM-DD`` after it means that version.

    Raises:
        UnknownIdError: not a citation of a law that is held.

    Source:
        Canadian Guide to Uniform Legal Citation, 2.4; Guide fédéral de jurilinguistique législative française.
    """
    found = _read(text)
    if found is None:
        laws = ", ".join(f"{words[0]} 12(3)(a)" for words in LAWS.values())
        raise UnknownIdError(f'"{text}" is not a citation we read', hint=f"write it as {laws}")
    return found


def same(text: str) -> frozenset[str]:
    """Return the spellings by which one thing is recognised: two names mean the same if these share one.

    >>> bool(same("R198(2)(a)") & same("https://w3id.org/inforce/irpr/198/2/a"))
    True
    """
    bare = unicodedata.normalize("NFKC", text).strip().removeprefix("<").removesuffix(">").removeprefix(BASE)
    found = {bare.casefold()}
    citation = _read(bare)
    if citation is not None and citation.labels:
        found.add(citation.path)
    return frozenset(found)


def _read(text: str) -> Citation | None:
    text = text.strip().removeprefix("<").removesuffix(">").removeprefix(BASE)
    version: str | None = None
    if dated := _VERSION.match(text):
        text, version = dated[1], dated[2]
    if "/" in text:
        return _from_path(text, version)
    start = _START.match(text)
    if start is None:
        return None
    law = _SPELLED.get((start["word"] or "").lower()) or _LETTERS.get((start["letter"] or "").upper())
    if law is None:
        return None
    place = start.end()
    if place == len(text):
        return Citation(law, (), version)
    labels, place = _opening(text, place)
    if not labels and text[place : place + 1] != "[":
        return None
    while place < len(text):
        step = _STEP.match(text, place)
        if step is None:
            return None
        label = step[1] or step[2] or _slug(step[3].strip()).replace("-", " ")
        if step[3] is None and not _PLAIN.match(label):
            return None
        labels.append(label)
        place = step.end()
    return Citation(law, tuple(labels), version)


def _opening(text: str, place: int) -> tuple[list[str], int]:
    """The section a citation begins with, or the parts that are named before any number, and where they end."""
    if section := _SECTION.match(text, place):
        return [section[0]], section.end()
    labels: list[str] = []
    while spoken := _SPOKEN.match(text, place):
        word = "before" if spoken["before"] else _WORDS[spoken["word"].lower()]
        number = spoken["number"]
        labels.append(f"{word} {number}" if number else word)
        place = spoken.end()
    return labels, place


def _from_path(text: str, version: str | None) -> Citation | None:
    law, *labels = text.split("/")
    if law not in LAWS or not labels or not all(_PATH_PART.match(label) for label in labels):
        return None
    first = labels[0]
    if not (_SECTION.fullmatch(first) or _NAMED.match(first) or _RUN.match(first) or _BESIDE.match(first)):
        return None
    return Citation(law, tuple(map(label_of, labels)), version)


def label_of(step: str) -> str:
    """Return a step of a path as a label: words apart, but for the number of a part or heading.

    >>> label_of("schedule-1.1"), label_of("port-of-entry"), label_of("ii.1")
    ('schedule 1.1', 'port of entry', 'ii.1')
    """
    if _PLAIN.match(step):
        return step
    if named := _NAMED.match(step):
        return f"{named[1]} {named[2]}" if named[2] else step
    return step.replace("-", " ")


def _slug(label: str) -> str:
    """A label as one step of a path: a number or letter stays as it is, words are joined."""
    if _PLAIN.match(label):
        return label
    if _NAMED.match(label) or _RUN.match(label):
        return label.replace(" ", "-")
    bare = "".join(c for c in unicodedata.normalize("NFKD", label) if not unicodedata.combining(c))
    # A point stays within a number.
    return re.sub(r"(?:[^0-9A-Za-z.]|\.(?![0-9])|(?<![0-9])\.)+", "-", bare).strip("-").lower()
