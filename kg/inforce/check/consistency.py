"""A whole graph judged: shapes, queries of ``queries/check``, dates; each finding with its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from inforce.check.files import plain, read, turtle_files
from inforce.check.finding import Finding, in_order
from inforce.check.lines import LineIndex
from inforce.check.references import broken_lists, dangling, redefined, single_valued, unknown_terms
from inforce.check.shapes import Violation, name, violations, written
from inforce.errors import InputError
from inforce.vocab import BASE, PREFIXES, shrink

__all__ = ["findings", "validate"]

XSD = PREFIXES["xsd"]
GENID = BASE + ".well-known/genid/"
USER = BASE + "graph/user-"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*\Z")
_HEADER = re.compile(r"#\s*(title|message(?:-fr)?|code|question|columns)\s*:\s*(.*)")
_DAY = re.compile(r"(?:1[89]|2[01])\d\d-\d\d-\d\d\Z", re.ASCII)
_INSTANT = re.compile(r"(?:1[89]|2[01])\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)\Z", re.ASCII)


def findings(root: Path, quads: Sequence[ox.Quad], paths: Sequence[Path]) -> list[Finding]:
    """Return all that is wrong with a graph, sorted by file and line.

    Args:
        root: the folder that holds ``ontology/shapes`` and ``queries/check``.
        quads: the graph before inference, blank nodes named by the build; a user's in graphs of their own.
        paths: the files to judge; what other files state is context and is not judged by shapes.
    """
    return judged(root, quads, LineIndex.of(paths, BASE, root))


def validate(paths: Sequence[Path], root: Path) -> list[Finding]:
    """Return all that is wrong with a user's Turtle files, beside the package's own graph, sorted by file and line.

    Nothing is fetched, built or stored. No finding means the files can be used with ``--data``.

    Args:
        paths: Turtle files, or folders of them.
        root: the folder that holds ``ontology``, ``data`` and ``queries``.

    Raises:
        UsageError: a path is not there, or a folder holds no Turtle file.
    """
    from inforce.build import parse, skolemised
    from inforce.inputs import inputs

    files = [read(path) for path in turtle_files(paths)]
    found = [finding for parsed in files for finding in parsed.findings]
    index = LineIndex()
    packaged = parse(inputs(root))
    stated = {(q.subject, q.predicate, q.object) for q in packaged}
    own: dict[ox.Quad, None] = {}
    for parsed in files:
        try:
            triples = skolemised(plain(parsed))
        except (InputError, RecursionError):
            line = next((block.line for block in parsed.scan.blocks if not block.subject), 1)
            message = "blank nodes refer to each other in a circle, or hang a thousand deep: give them names"
            french = "des nœuds anonymes se renvoient l'un à l'autre, ou s'emboîtent mille fois : donnez-leur des noms"
            found.append(Finding("E_CYCLE", message, "", parsed.file, line, message_fr=french))
            continue
        index.add(parsed.file, parsed.scan)
        for triple in triples:
            if (triple.subject, triple.predicate, triple.object) not in stated:
                own[ox.Quad(triple.subject, triple.predicate, triple.object, ox.NamedNode(USER + "1"))] = None
    return in_order([*found, *judged(root, [*packaged, *own], index)])


def judged(root: Path, quads: Sequence[ox.Quad], index: LineIndex) -> list[Finding]:
    """Return what is wrong with what the indexed files state, the other quads being context."""
    holders = Holders(quads, index)
    focus = holders.focus()
    own = [quad for quad in quads if name(quad.subject) in focus]
    subjects = {name(quad.subject) for quad in quads}
    lost = [*unknown_terms(own, subjects), *dangling(own, subjects)]
    changed = _changed(root, quads)
    # A name that nothing has, a wrong day, a second value for what the package says: said once, not again by a shape.
    misspelt = list(wrong_literals(own))
    known = {(one.subject, one.path, one.value) for one in (*lost, *misspelt)}
    known_paths = {(one.subject, one.path) for one in changed}
    shaped = (
        one
        for one in violations(root / "ontology" / "shapes", quads, focus)
        if (one.subject, one.path, one.value) not in known and (one.subject, one.path) not in known_paths
    )
    wrong = [
        *lost,
        *changed,
        *shaped,
        *broken_lists(quads, focus),
        *broken_queries(root / "queries" / "check", quads),
        *misspelt,
        *imports(own),
    ]
    return in_order([*twice_defined(index), *(one for violation in wrong for one in holders.placed(violation))])


def _changed(root: Path, quads: Sequence[ox.Quad]) -> list[Violation]:
    def is_own(quad: ox.Quad) -> bool:
        return isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value.startswith(USER)

    own = [quad for quad in quads if is_own(quad)]
    if not own:
        return []
    return list(redefined(own, (q for q in quads if not is_own(q)), single_valued(root / "ontology" / "shapes")))


def twice_defined(index: LineIndex) -> Iterator[Finding]:
    """Yield a finding for each further block that gives a subject its kind."""
    for subject, places in index.places.items():
        typed = [(file, line) for file, line, has_kind in places if has_kind]
        for file, line in typed[1:]:
            first = f"{typed[0][0]}:{typed[0][1]}"
            message = f"is defined already at {first}: keep one block, or give this another name"
            french = f"est déjà défini en {first} : gardez un seul bloc, ou donnez un autre nom à celui-ci"
            yield Finding("E_DUPLICATE", message, shrink(subject), file, line, message_fr=french)


def imports(quads: Iterable[ox.Quad]) -> Iterator[Violation]:
    """Yield a violation for each ontology that a file wants fetched."""
    for quad in quads:
        if quad.predicate.value == PREFIXES["owl"] + "imports":
            what = written(quad.object)
            message = f"owl:imports {what} is refused, nothing is fetched: name the file beside this one instead"
            french = f"owl:imports {what} est refusé, rien n'est téléchargé : nommez plutôt le fichier ici, à côté"
            yield Violation("E_REMOTE", message, name(quad.subject), message_fr=french)


class Holders:
    """Which named subjects hold each blank node that the build named."""

    def __init__(self, quads: Iterable[ox.Quad], index: LineIndex) -> None:
        """Take a graph and where its subjects stand."""
        self.index = index
        self.above: dict[str, list[str]] = {}
        for quad in quads:
            if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(GENID):
                self.above.setdefault(quad.object.value, []).append(name(quad.subject))

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
        stated = [h for h in holders if h in self.index]
        for holder in stated or holders:
            # A fault between two things, of which the files state the other: it is there that one can correct it.
            other = next((one for one in violation.others if not stated and one in self.index), holder)
            place = self.index.place(other)
            yield Finding(violation.code, violation.message, shrink(holder), *place, message_fr=violation.message_fr)
        if not holders:
            file, line = next(iter(sorted(self.index.blank.items())), ("", 0))
            yield Finding(violation.code, violation.message, "", file, line, message_fr=violation.message_fr)


# ---- queries -----------------------------------------------------------------------------------------


def broken_queries(folder: Path, quads: Iterable[ox.Quad]) -> list[Violation]:
    """Return a violation for each row of each ``*-violation.rq``; the columns fill the query's message."""
    store = ox.Store()
    store.bulk_extend(quads)
    found = []
    for path in sorted(folder.glob("*-violation.rq")):
        text = path.read_text(encoding="utf-8")
        header = {m[1]: m[2].strip() for m in _HEADER.finditer(text)}
        rows: Any = store.query(text, use_default_graph_as_union=True)
        for row in rows:
            found.append(_row(header, row))
    return found


def _row(header: dict[str, str], row: ox.QuerySolution) -> Violation:
    def filled(text: str, nothing: str) -> str:
        def value(match: re.Match[str]) -> str:
            try:
                term = row[match[1]]
            except KeyError:
                return match[0]
            if term is None:
                return nothing
            return shrink(term.value) if isinstance(term, ox.NamedNode) else str(term.value)

        return re.sub(r"\{(\w+)\}", value, text)

    message = filled(header.get("message") or header.get("title", "breaks a consistency query"), "nothing")
    french = filled(header["message-fr"], "rien") if "message-fr" in header else ""
    subject = row["subject"]
    others = tuple(term.value for term in row if isinstance(term, ox.NamedNode) and term != subject)
    code = header.get("code", "E_CONSISTENCY")
    return Violation(code, message, subject.value if subject is not None else "", others=others, message_fr=french)


# ---- literals ----------------------------------------------------------------------------------------


def wrong_literals(quads: Iterable[ox.Quad]) -> Iterator[Violation]:
    """Yield a violation for each day or instant not spelled our one way, and each language tag that is none."""
    for quad in quads:
        term = quad.object
        if not isinstance(term, ox.Literal):
            continue
        term_name, kind = shrink(quad.predicate.value), term.datatype.value
        message = french = ""
        code = "E_DATE"
        if kind == XSD + "date" and not _real(term.value, day=True):
            message = f'{term_name}: "{term.value}" is not a real calendar day YYYY-MM-DD, without a zone'
            french = f"{term_name} : « {term.value} » n'est pas un jour réel du calendrier AAAA-MM-JJ, sans fuseau"
        elif kind == XSD + "dateTime" and not _real(term.value, day=False):
            message = (
                f'{term_name}: "{term.value}" is not a real instant YYYY-MM-DDThh:mm:ss with an offset such as -05:00'
            )
            french = (
                f"{term_name} : « {term.value} » n'est pas un instant réel AAAA-MM-JJThh:mm:ss avec un décalage tel "
                "que -05:00"
            )
        elif term.language and not _LANGUAGE.match(term.language):
            code = "E_PARITY"
            message = (
                f'{term_name}: "{term.language}" is no language: write @en or @fr, or the letters of another (ISO 639)'
            )
            french = (
                f"{term_name} : « {term.language} » n'est pas une langue : écrivez @en ou @fr, ou les lettres d'une "
                "autre (ISO 639)"
            )
        if message:
            subject, term_path = name(quad.subject), quad.predicate.value
            yield Violation(code, message, subject, term_path, term.value, message_fr=french)


def _real(text: str, *, day: bool) -> bool:
    if not (_DAY if day else _INSTANT).match(text):
        return False
    try:
        date.fromisoformat(text) if day else datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
