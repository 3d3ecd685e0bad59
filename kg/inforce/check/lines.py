"""Where each subject stands in a Turtle file: a scanner of its words, for engines tell no positions.

It knows strings, long strings, comments, IRIs with ``@base`` and prefixes; it does not judge Turtle: the parser
does. On bad Turtle it still finds the statements it can, so that each can be judged alone.

Source: W3C, RDF 1.1 Turtle, section 6.5 (grammar).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

__all__ = ["Block", "LineIndex", "Scan", "scan"]

_TOKEN = re.compile(
    # Possessive, so that an endless string cannot send the search back and forth.
    r'''(?P<string>"""(?:[^"\\]++|\\.|"(?!""))*+"""|\'\'\'(?:[^'\\]++|\\.|'(?!\'\'))*+\'\'\'|"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+')'''
    r"""|(?P<iri><[^\x00-\x20<>"{}|^`]*>)"""
    r"""|(?P<comment>\#[^\n]*)"""
    r"""|(?P<at>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)"""
    r"""|(?P<number>[+-]?(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?(?![\w:-]))"""
    r"""|(?P<name>(?:[^\W\d_](?:[\w.-]*[\w-])?|_)?:(?:(?:[\w:-]|%[0-9A-Fa-f]{2}|\\.)(?:(?:[\w:.-]|%[0-9A-Fa-f]{2}|\\.)*(?:[\w:-]|%[0-9A-Fa-f]{2}|\\.))?)?)"""
    r"""|(?P<open>[\[(])|(?P<close>[\])])|(?P<stop>\.)|(?P<word>[A-Za-z]+)|(?P<other>\S)""",
    re.DOTALL,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


@dataclass(frozen=True, slots=True)
class Block:
    """One statement of a file: its subject's IRI ('' for a blank node), where it stands, whether it gives it a kind.

    ``line`` counts from 1; ``start`` and ``end`` are offsets in the text; ``directives`` is how many stand before.
    """

    subject: str
    line: int
    start: int
    end: int
    typed: bool
    directives: int


@dataclass(slots=True)
class Scan:
    """What a scan found: statements, directives with their lines, how deep brackets nest, IRIs without a base."""

    blocks: list[Block] = field(default_factory=list)
    directives: list[tuple[str, int]] = field(default_factory=list)
    depth: int = 0
    deepest_line: int = 0
    relative: list[tuple[str, int]] = field(default_factory=list)
    open_end: int = 0


def scan(text: str, base: str = "") -> Scan:
    r"""Return the statements of Turtle text; ``base`` resolves relative IRIs until the text gives its own.

    >>> [(b.subject, b.line) for b in scan('@prefix e: <http://e/> .\n\ne:a e:b "x. y" .\n').blocks]
    [('http://e/a', 3)]
    """
    return _Scanner(text, base).run()


class _Scanner:
    def __init__(self, text: str, base: str) -> None:
        self.text, self.base, self.own_base = text, base, False
        self.prefixes: dict[str, str] = {}
        self.found = Scan()
        self.line, self.counted = 1, 0

    def at(self, offset: int) -> int:
        """Count lines up to an offset; offsets only grow."""
        self.line += self.text.count("\n", self.counted, offset)
        self.counted = offset
        return self.line

    def run(self) -> Scan:
        start, depth, first, typed, directive = -1, 0, "", False, ""
        place = 0  # 0 subject, 1 a predicate is due, 2 within objects
        words: list[str] = []
        last = 0
        for match in _TOKEN.finditer(self.text):
            kind, piece = match.lastgroup, match.group()
            if kind == "comment":
                continue
            last = match.end()
            if start < 0:
                start, first, typed, place, depth = match.start(), "", False, 0, 0
                self.at(start)
                directive = piece.lower() if kind == "at" or piece.lower() in ("prefix", "base") else ""
                words = []
            if directive:
                words.append(piece)
                sparql = not directive.startswith("@")
                if (kind == "stop" and not sparql) or (sparql and kind == "iri"):
                    self.directive(words, self.text[start : match.end()])
                    start = -1
                continue
            if kind == "iri" and "://" not in piece:
                self.relative(piece, match.start())
            if kind == "open":
                depth += 1
                if depth > self.found.depth:
                    self.found.depth, self.found.deepest_line = depth, self.line
                if place == 0 and depth == 1:
                    first = ""
            elif kind == "close":
                depth = max(0, depth - 1)
                if place == 0 and depth == 0:
                    place = 1
            elif kind == "stop" and depth == 0:
                self.block(first, start, match.end(), typed)
                start = -1
            elif depth == 0 and place == 0:
                first, place = self.iri(piece, kind or ""), 1
            elif depth == 0 and piece == ";":
                place = 1
            elif depth == 0 and place == 1:
                typed = typed or piece == "a" or self.iri(piece, kind or "").endswith("rdf-syntax-ns#type")
                place = 2
        if start >= 0 and not directive:
            self.block(first, start, len(self.text), typed)
            self.found.open_end = last
        return self.found

    def block(self, subject: str, start: int, end: int, typed: bool) -> None:
        self.found.blocks.append(Block(subject, self.line, start, end, typed, len(self.found.directives)))

    def relative(self, piece: str, offset: int) -> None:
        inside = piece[1:-1]
        if not self.own_base and not _SCHEME.match(inside):
            self.found.relative.append((piece, self.line + self.text.count("\n", self.counted, offset)))

    def directive(self, words: list[str], text: str) -> None:
        iri = next((w for w in words if w.startswith("<")), "")
        target = self.resolved(_plain(iri[1:-1])) if iri else ""
        if words[0].lower().endswith("base"):
            self.base, self.own_base = target, True
        elif len(words) > 1 and words[1].endswith(":"):
            self.prefixes[words[1][:-1]] = target
        self.found.directives.append((text, self.line))

    def resolved(self, iri: str) -> str:
        """Resolve an IRI; a whole one stays as it is, for joining would take an empty fragment away."""
        if _SCHEME.match(iri):
            return iri
        return urljoin(self.base, iri) if iri else self.base

    def iri(self, piece: str, kind: str) -> str:
        if kind == "iri":
            return self.resolved(_plain(piece[1:-1]))
        prefix, colon, local = piece.partition(":")
        if kind == "name" and colon and prefix in self.prefixes:
            return self.prefixes[prefix] + re.sub(r"\\(.)", r"\1", local)
        return ""


def _plain(iri: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)), iri) if "\\" in iri else iri


class LineIndex:
    """The files and lines that state each subject."""

    def __init__(self) -> None:
        """Start with no file."""
        self.places: dict[str, list[tuple[str, int, bool]]] = {}
        self.blank: dict[str, int] = {}

    @classmethod
    def of(cls, paths: Iterable[Path], base: str, root: Path | None = None) -> LineIndex:
        """Return the index of files; those under ``root`` are named from there, the others as given."""
        index = cls()
        for path in paths:
            text = path.read_bytes().decode("utf-8", errors="replace")
            index.add(shown(path, root), scan(text, base))
        return index

    def add(self, file: str, found: Scan) -> None:
        """Take in the scan of one file."""
        for block in found.blocks:
            if block.subject:
                self.places.setdefault(block.subject, []).append((file, block.line, block.typed))
            else:
                self.blank.setdefault(file, block.line)

    def place(self, subject: str) -> tuple[str, int]:
        """Return file and line of the block that gives a subject its kind, else of its first; ('', 0) for none."""
        places = self.places.get(subject, [])
        best = next((p for p in places if p[2]), places[0] if places else ("", 0, False))
        return best[0], best[1]

    def __contains__(self, subject: str) -> bool:
        """Whether a file states the subject."""
        return subject in self.places


def shown(path: Path, root: Path | None) -> str:
    """Return how a path is written in a finding: from ``root`` where it lies below it."""
    if root is not None and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return str(path)
