"""A whole graph judged: shapes, queries of ``queries/check``, dates; each finding with its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import pyoxigraph as ox

from inforce.check.finding import Finding, in_order
from inforce.check.lines import LineIndex
from inforce.check.shapes import Violation, violations
from inforce.vocab import BASE, PREFIXES, shrink

__all__ = ["findings"]

XSD = PREFIXES["xsd"]
GENID = BASE + ".well-known/genid/"
_HEADER = re.compile(r"#\s*(title|message|code|question|columns)\s*:\s*(.*)")
_DAY = re.compile(r"(?:1[89]|2[01])\d\d-\d\d-\d\d\Z", re.ASCII)
_INSTANT = re.compile(r"(?:1[89]|2[01])\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)\Z", re.ASCII)


def findings(root: Path, quads: Sequence[ox.Quad], paths: Sequence[Path]) -> list[Finding]:
    """Return all that is wrong with a graph, sorted by file and line.

    Args:
        root: the folder that holds ``ontology/shapes`` and ``queries/check``.
        quads: the graph before inference, blank nodes named by the build.
        paths: the files to judge; what other files state is context and is not judged by shapes.
    """
    index = LineIndex.of(paths, BASE, root)
    holders = Holders(quads, index)
    focus = holders.focus()
    wrong = [
        *violations(root / "ontology" / "shapes", quads, focus),
        *broken_queries(root / "queries" / "check", quads),
        *wrong_dates(q for q in quads if q.subject.value in focus),
    ]
    return in_order(one for violation in wrong for one in holders.placed(violation))


class Holders:
    """Which named subjects hold each blank node that the build named."""

    def __init__(self, quads: Iterable[ox.Quad], index: LineIndex) -> None:
        """Take a graph and where its subjects stand."""
        self.index = index
        self.above: dict[str, list[str]] = {}
        for quad in quads:
            if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(GENID):
                self.above.setdefault(quad.object.value, []).append(quad.subject.value)

    def of(self, node: str) -> list[str]:
        """Return the named subjects that hold a node, sorted; the node itself if it has a name."""
        found: set[str] = set()
        seen: set[str] = set()
        pending = [node]
        while pending:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            if one.startswith(GENID):
                pending.extend(self.above.get(one, ()))
            else:
                found.add(one)
        return sorted(found)

    def focus(self) -> set[str]:
        """Return the subjects that the files state, with the blank nodes they hold."""
        stated = set(self.index.places)
        # From each blank node upwards, remembering what was decided: long lists hang one node below another.
        within: dict[str, bool] = {}
        for node in self.above:
            path = [node]
            while True:
                last = path[-1]
                if last in within:
                    verdict = within[last]
                    break
                if not last.startswith(GENID):
                    verdict = last in stated
                    break
                parents = self.above.get(last, [])
                if len(parents) > 1:
                    verdict = any(holder in stated for holder in self.of(last))
                    break
                if not parents or parents[0] in path:
                    verdict = bool(self.index.blank)
                    break
                path.append(parents[0])
            within.update((one, verdict) for one in path if one.startswith(GENID))
        return stated | {node for node, verdict in within.items() if verdict}

    def placed(self, violation: Violation) -> Iterator[Finding]:
        """Return a violation as findings, one for each block that holds its node."""
        holders = self.of(violation.subject)
        stated = [h for h in holders if h in self.index] or holders
        for holder in stated:
            file, line = self.index.place(holder)
            yield Finding(violation.code, violation.message, shrink(holder), file, line)
        if not holders:
            file, line = next(iter(sorted(self.index.blank.items())), ("", 0))
            yield Finding(violation.code, violation.message, "", file, line)


# ---- queries -----------------------------------------------------------------------------------------


def broken_queries(folder: Path, quads: Iterable[ox.Quad]) -> list[Violation]:
    """Return a violation for each row of each ``*-violation.rq``; the columns fill the query's message."""
    store = ox.Store()
    store.bulk_extend(quads)
    found = []
    for path in sorted(folder.glob("*-violation.rq")):
        text = path.read_text(encoding="utf-8")
        header = {m[1]: m[2].strip() for m in _HEADER.finditer(text)}
        for row in store.query(text, prefixes=PREFIXES, use_default_graph_as_union=True):
            found.append(_row(header, row))
    return found


def _row(header: dict[str, str], row: ox.QuerySolution) -> Violation:
    def filled(match: re.Match[str]) -> str:
        try:
            term = row[match[1]]
        except KeyError:
            return match[0]
        if term is None:
            return "nothing"
        return shrink(term.value) if isinstance(term, ox.NamedNode) else str(term.value)

    message = re.sub(r"\{(\w+)\}", filled, header.get("message") or header.get("title", "breaks a consistency query"))
    subject = row["subject"]
    return Violation(header.get("code", "E_CONSISTENCY"), message, subject.value if subject is not None else "")


# ---- literals ----------------------------------------------------------------------------------------


def wrong_dates(quads: Iterable[ox.Quad]) -> Iterator[Violation]:
    """Yield a violation for each day or instant that is not one certain day or instant, spelled our one way."""
    for quad in quads:
        term = quad.object
        if not isinstance(term, ox.Literal) or term.datatype.value not in (XSD + "date", XSD + "dateTime"):
            continue
        day = term.datatype.value == XSD + "date"
        if not _real(term.value, day=day):
            right = "a real calendar day YYYY-MM-DD, without a zone" if day else "YYYY-MM-DDThh:mm:ss and an offset such as -05:00"
            yield Violation("E_DATE", f'{shrink(quad.predicate.value)}: "{term.value}" is not {right}', quad.subject.value)


def _real(text: str, *, day: bool) -> bool:
    if not (_DAY if day else _INSTANT).match(text):
        return False
    try:
        date.fromisoformat(text) if day else datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
