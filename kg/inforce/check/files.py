"""Read a user's Turtle files one by one, so that every fault is found, not only the first, and nothing is fetched.

Source: W3C, RDF 1.1 Turtle, section 6; the tests of bad Turtle in ``tests/test_check.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from inforce.check.finding import Finding
from inforce.check.lines import Scan, scan, shown
from inforce.errors import UsageError
from inforce.vocab import BASE

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Parsed", "plain", "read", "turtle_files"]

MAX_BYTES = 16 * 2**20  # All rules and lists of twenty years are 2 MB.
MAX_DEPTH = 100
MAX_FAULTS = 50
# How files of other kinds begin, by their first bytes.
_BEGINNINGS = (
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x89PNG", "a PNG image"),
    (b"%PDF", "PDF"),
    (b"<?xml", "XML"),
    (b"<rdf:RDF", "RDF/XML"),
    (b"<!DOCTYPE", "HTML or XML"),
    (b"<html", "HTML"),
    (b"{", "JSON"),
)


@dataclass(slots=True)
class Parsed:
    """One file: its triples where the text is good, its statements with their lines, and what is wrong with it."""

    file: str
    path: Path
    triples: list[ox.Triple] = field(default_factory=list)
    scan: Scan = field(default_factory=Scan)
    findings: list[Finding] = field(default_factory=list)

    def wrong(self, message: str, french: str, line: int = 0, column: int = 0, *, code: str = "E_RDF") -> Parsed:
        """Add a finding, said in English and in French, and return the file."""
        self.findings.append(Finding(code, message, "", self.file, line, column, message_fr=french))
        return self


def turtle_files(paths: Iterable[Path]) -> list[Path]:
    """Return the Turtle files of files and folders, sorted within each folder.

    Raises:
        UsageError: something is not there, or a folder holds no Turtle file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*.ttl") if p.is_file())
            if not inside:
                raise UsageError(
                    f"{path} holds no .ttl file", hint="put rules and facts in Turtle files", source=str(path)
                )
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise UsageError("no such file or folder", source=str(path), hint="name Turtle files or folders of them")
    return list(dict.fromkeys(found))


def read(path: Path, root: Path | None = None) -> Parsed:
    """Return one file read, with all that is wrong with its text; it never raises for what the file holds."""
    parsed = Parsed(shown(path, root), path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            large, most = f"{size / 2**20:.0f}", MAX_BYTES >> 20
            return parsed.wrong(
                f"is {large} MB; a file of rules has at most {most} MB: split it",
                f"fait {large} Mo ; un fichier de règles a au plus {most} Mo : divisez-le",
            )
        content = path.read_bytes()
    except OSError as error:
        return parsed.wrong(
            f"cannot be read: {error.strerror}: make it a file that can be read",
            f"ne se lit pas : {error.strerror} : faites-en un fichier que l'on peut lire",
            code="E_INPUT",
        )
    text = _text(content, parsed)
    if text is None:
        return parsed
    parsed.scan = scan(text)
    if parsed.scan.depth > MAX_DEPTH:
        where = parsed.scan.deepest_line
        return parsed.wrong(
            f"brackets nest {parsed.scan.depth} deep, at most {MAX_DEPTH}: name the inner parts",
            f"{parsed.scan.depth} crochets emboîtés, au plus {MAX_DEPTH} : nommez les parties intérieures",
            where,
        )
    for token, line in parsed.scan.relative[:MAX_FAULTS]:
        parsed.wrong(
            f"{token} is relative but no @base stands before it: add @base <{BASE}> . at the top",
            f"{token} est relatif, mais aucun @base ne le précède : ajoutez @base <{BASE}> . en tête",
            line,
        )
    _parse(text, parsed)
    if not parsed.triples and not parsed.findings:
        parsed.wrong(
            "states nothing: a rule, fact or list is expected, or leave the file out",
            "n'énonce rien : on attend une règle, un fait ou une liste, ou omettez le fichier",
            1,
        )
    _odd_terms(parsed)
    return parsed


def _text(content: bytes, parsed: Parsed) -> str | None:
    """Return the text of a file, ``None`` where there is none to judge."""
    if content.startswith(b"\xef\xbb\xbf"):
        parsed.wrong(
            "starts with a byte order mark: save it as UTF-8 without one",
            "commence par une marque d'ordre des octets : enregistrez-le en UTF-8 sans elle",
            1,
            1,
        )
        return None
    for beginning, kind in _BEGINNINGS:
        if content.lstrip().startswith(beginning):
            _not_turtle(kind, parsed)
            return None
    if b"\x00" in content[:2]:  # Every other byte is zero where plain letters take two.
        _not_turtle("UTF-16", parsed)
        return None
    if b"\x00" in content:
        at = content.index(b"\x00")
        english, french = "holds a NUL byte: take it out, Turtle is text", "contient un octet nul : retirez-le"
        parsed.wrong(english, french, *_position(content, at))
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = f"0x{content[error.start]:02X}"
        parsed.wrong(
            f"byte {byte} is not UTF-8: save the file as UTF-8",
            f"l'octet {byte} n'est pas de l'UTF-8 : enregistrez le fichier en UTF-8",
            *_position(content, error.start),
        )
        return None


def _not_turtle(kind: str, parsed: Parsed) -> None:
    french = (
        kind.replace("a zip archive", "une archive zip").replace("a PNG image", "une image PNG").replace(" or ", " ou ")
    )
    parsed.wrong(
        f"looks like {kind}, not Turtle: save it as Turtle in UTF-8",
        f"ressemble à {french}, non à du Turtle : enregistrez-le en Turtle, en UTF-8",
        1,
        1,
    )


def _position(content: bytes, at: int) -> tuple[int, int]:
    start = content.rfind(b"\n", 0, at) + 1
    return content.count(b"\n", 0, at) + 1, len(content[start:at].decode("utf-8", errors="replace")) + 1


def _parse(text: str, parsed: Parsed) -> None:
    """Fill in the triples; on bad Turtle judge each statement alone, so that each fault is found."""
    try:
        parsed.triples = _triples(text)
        return
    except SyntaxError as error:
        first = error
    before = len(parsed.findings)
    good: list[str] = []
    bad_directive = False
    for directive, line in parsed.scan.directives:
        try:
            _triples(" ".join([*good, directive]))
            good.append(" ".join(directive.split()))
        except SyntaxError as error:
            bad_directive = True
            parsed.wrong(*_says(error), line, error.offset or 1)
            good.append("")
    for block in parsed.scan.blocks:
        head = " ".join(one for one in good[: block.directives] if one)
        try:
            # A line above holds the prefixes, so that columns are those of the file.
            column = block.start - (text.rfind("\n", 0, block.start) + 1)
            parsed.triples += _triples(f"{head}\n{' ' * column}{text[block.start : block.end]}")
        except SyntaxError as error:
            if bad_directive and "has not been declared" in str(error.msg):
                continue
            relative = any(block.line + (error.lineno or 2) - 2 == line for _, line in parsed.scan.relative)
            if not (relative and "No scheme" in str(error.msg)):
                parsed.wrong(*_says(error), block.line + (error.lineno or 2) - 2, error.offset or 1)
        if len(parsed.findings) > MAX_FAULTS:
            parsed.wrong(
                "more faults follow: correct these first",
                "d'autres erreurs suivent : corrigez d'abord celles-ci",
                block.line,
            )
            return
    if len(parsed.findings) == before and not parsed.scan.relative:
        parsed.wrong(*_says(first), first.lineno or 1, first.offset or 1)


def _triples(text: str) -> list[ox.Triple]:
    quads = ox.parse(input=text.encode(), format=ox.RdfFormat.TURTLE)
    return [ox.Triple(quad.subject, quad.predicate, quad.object) for quad in quads]


def _says(error: SyntaxError) -> tuple[str, str]:
    # The engine says where before it says what, in English; the place is ours to give.
    what = str(error.msg).rpartition("olumn")[2].partition(": ")[2] or str(error.msg)
    english, french = _right(what)
    return f"not good Turtle: {what}: {english}", f"n'est pas du bon Turtle : {what} : {french}"


def _right(what: str) -> tuple[str, str]:
    """Return what would be right for what the engine says, in English and in French."""
    for words, english, french in (
        ("has not been declared", "declare it with @prefix at the top", "déclarez-le par @prefix en tête"),
        (
            "Unexpected end",
            "close the string, list or bracket, and end the statement with a full stop",
            "fermez le texte, la liste ou le crochet, et terminez l'énoncé par un point",
        ),
        ("Invalid IRI", "an IRI has no spaces, quotes or braces", "un IRI n'a ni espace, ni guillemet, ni accolade"),
        ("No scheme", f"write the whole IRI, or give @base <{BASE}> .", f"écrivez l'IRI entier, ou @base <{BASE}> ."),
        ("Line jumps", 'put a long text between """ and """', 'mettez un long texte entre """ et """'),
        ("language", "a language tag is en or fr", "une étiquette de langue est en ou fr"),
        (
            "not a valid RDF object",
            "a value is <iri>, prefix:name, a text in quotes, a number, true or false",
            "une valeur est <iri>, préfixe:nom, un texte entre guillemets, un nombre, true ou false",
        ),
        (
            "not a valid subject",
            "end the statement before with a full stop; a subject is <iri> or prefix:name",
            "terminez l'énoncé précédent par un point ; un sujet est <iri> ou préfixe:nom",
        ),
        (
            "not a valid predicate",
            "a property is <iri>, prefix:name or a",
            "une propriété est <iri>, préfixe:nom ou a",
        ),
        (
            "datatype",
            "after ^^ stands a datatype such as xsd:date",
            "après ^^ vient un type de données tel que xsd:date",
        ),
        ("should end with", "close the bracket", "fermez le crochet"),
        ("escape", "write the character itself", "écrivez le caractère lui-même"),
    ):
        if words in what:
            return english, french
    return "correct the text at that place", "corrigez le texte à cet endroit"


def _odd_terms(parsed: Parsed) -> None:
    # The first block of each subject; nodes without a name share the first block that starts with none.
    lines = {block.subject: block.line for block in reversed(parsed.scan.blocks)}
    for triple in parsed.triples:
        line = lines.get(triple.subject.value if isinstance(triple.subject, ox.NamedNode) else "", 1)
        if isinstance(triple.subject, ox.Triple) or isinstance(triple.object, ox.Triple):
            parsed.wrong(
                "holds a triple in << >>: state a node of its own instead",
                "contient un triplet entre << >> : énoncez plutôt un nœud à part",
                line,
            )
        elif isinstance(triple.object, ox.Literal) and "\x00" in triple.object.value:
            parsed.wrong(
                "a text holds a NUL character (\\u0000): take it out",
                "un texte contient un caractère nul (\\u0000) : retirez-le",
                line,
            )


def plain(parsed: Parsed) -> list[ox.Triple]:
    """Return the triples that a graph of ours can hold: none about triples."""
    return [t for t in parsed.triples if not isinstance(t.subject, ox.Triple) and not isinstance(t.object, ox.Triple)]
