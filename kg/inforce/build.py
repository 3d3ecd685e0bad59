"""The build: ontology, data and a user's own files become one verified, canonical graph and what answers read.

Same inputs, same bytes: quads are sorted, blank nodes named by their content, nothing depends on the clock.

Layout of a built graph: ``graph.nq`` (sorted N-Quads), ``rulebook.json`` and ``diagrams.json`` (what ``check``
reads), ``names.json`` (values by name), ``tables.json`` (rows of the lists people read), ``manifest.json``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from inforce.check.finding import Finding
from inforce.errors import EnvironmentFault, ExitCode, InputError, RefusedError
from inforce.inputs import FORMAT, Input, digest_inputs, inputs
from inforce.reasoning.derive import infer
from inforce.reasoning.terms import nodes
from inforce.rules.extract import compiled, names_of
from inforce.rules.load import diagram_json, rulebook
from inforce.rules.model import CONSTRAINTS
from inforce.rules.triples import Triples
from inforce.vocab import BASE, PREFIXES

__all__ = ["Progress", "build", "build_packaged"]

INF, RDF, RDFS, SKOS = PREFIXES["inf"], PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["skos"]
DCT, PROV, OWL, XSD, ELI = PREFIXES["dct"], PREFIXES["prov"], PREFIXES["owl"], PREFIXES["xsd"], PREFIXES["eli"]
TYPE = RDF + "type"
GENID = BASE + ".well-known/genid/"

Progress = Callable[[str, int, int], None]


def build_packaged(root: Path, out: Path) -> Path:
    """Build the graph of the package's own data into ``out``; what the wheel ships."""
    return build(root, out)


def build(
    root: Path, out: Path, *, data: Sequence[Path] = (), progress: Progress | None = None, check: bool = True
) -> Path:
    """Build into the folder ``out``, replacing it only once everything is written and verified.

    Args:
        root: the folder that holds ``ontology``, ``data`` and ``queries``.
        data: a user's own files or folders of Turtle.
        progress: called with the name of each step, its number and how many there are.

    Raises:
        InputError: a file that is not good Turtle, or data that break a shape or a consistency query.
        EnvironmentFault: the folder cannot be written.
    """
    steps = ["parse", "check", "infer", "compile", "write"]

    def tell(step: str) -> None:
        if progress is not None:
            progress(step, steps.index(step) + 1, len(steps))

    tell("parse")
    if data:
        _refuse_files(data)
    sources = inputs(root, data)
    quads = parse(sources)
    if check:
        tell("check")
        _refuse_findings(root, quads, sources, only_user=bool(data))
    tell("infer")
    store = ox.Store()
    store.bulk_extend(quads)
    infer(store, root / "queries" / "build")
    tell("compile")
    lines = sorted({str(quad) + " ." for quad in store})
    text = "\n".join(lines) + "\n"
    version = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    files = {"graph.nq": text, **_compile(store, version)}
    tell("write")
    counts = {"quads": len(lines)}
    used = {item.name: hashlib.sha256(item.path.read_bytes()).hexdigest() for item in sources}
    return write(out, files, {"version": version, "inputs": digest_inputs(root, data), "files": used, "counts": counts})


# ---- reading ---------------------------------------------------------------------------------------


def parse(sources: Iterable[Input]) -> list[ox.Quad]:
    """Return the quads of all files, blank nodes named by their content, each triple in the first graph that has it.

    Raises:
        InputError: with file, line and column.
    """
    seen: dict[tuple[Any, Any, Any], ox.Quad] = {}
    for item in sources:
        try:
            triples = list(ox.parse(path=str(item.path), format=ox.RdfFormat.TURTLE, base_iri=BASE))
        except SyntaxError as error:
            where = f"{item.path}:{error.lineno or 1}:{error.offset or 1}"
            raise InputError(
                f"not good Turtle: {error.msg}", code="E_RDF", source=where, hint="correct the file at that place"
            ) from None
        except (OSError, ValueError) as error:
            raise InputError(f"cannot be read: {error}", code="E_RDF", source=str(item.path)) from None
        try:
            named = skolemised([ox.Triple(q.subject, q.predicate, q.object) for q in triples])
        except InputError as error:
            raise InputError(str(error), code=error.code, source=str(item.path), hint="give them names") from None
        for triple in named:
            key = (triple.subject, triple.predicate, triple.object)
            if key not in seen:
                seen[key] = ox.Quad(*key, ox.NamedNode(item.graph))
    return list(seen.values())


def skolemised(triples: Sequence[ox.Triple]) -> list[ox.Triple]:
    """Return triples whose blank nodes are named by a digest of what hangs below them.

    Raises:
        InputError: blank nodes that refer to each other in a circle.
    """
    below: dict[ox.BlankNode, list[ox.Triple]] = {}
    for triple in triples:
        if isinstance(triple.subject, ox.BlankNode):
            below.setdefault(triple.subject, []).append(triple)
    names: dict[ox.BlankNode, ox.NamedNode] = {}

    def name(node: ox.BlankNode, path: tuple[ox.BlankNode, ...]) -> ox.NamedNode:
        if node in path:
            raise InputError("blank nodes refer to each other in a circle", code="E_RDF")
        if node not in names:
            parts = sorted(
                f"{t.predicate} {name(t.object, (*path, node)) if isinstance(t.object, ox.BlankNode) else t.object}"
                for t in below.get(node, ())
            )
            names[node] = ox.NamedNode(GENID + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20])
        return names[node]

    # Long lists nest one node a member: name them from the tail, so that recursion stays shallow.
    for node in reversed(list(below)):
        name(node, ())
    return [
        ox.Triple(
            names[t.subject] if isinstance(t.subject, ox.BlankNode) else t.subject,
            t.predicate,
            (names.get(t.object) or name(t.object, ())) if isinstance(t.object, ox.BlankNode) else t.object,
        )
        for t in triples
    ]


def _refuse_files(data: Sequence[Path]) -> None:
    # What is no good Turtle, or nests deeper than anything written by hand, is told before it is parsed as a graph.
    from inforce.check.files import read, turtle_files

    _refuse([finding for path in turtle_files(data) for finding in read(path).findings])


def _refuse_findings(root: Path, quads: list[ox.Quad], sources: Sequence[Input], *, only_user: bool) -> None:
    from inforce.check import findings

    _refuse(findings(root, quads, [item.path for item in sources if not only_user or "/user-" in item.graph]))


def _refuse(found: Sequence[Finding]) -> None:
    faults = [finding for finding in found if finding.exit_code]
    if faults:
        first = faults[0]
        more = f" (and {len(faults) - 1} more: inforce validate)" if len(faults) > 1 else ""
        kind = RefusedError if first.exit_code == ExitCode.REFUSED else InputError
        raise kind(first.message + more, code=first.code, source=first.where or first.subject)


# ---- compiling and writing ---------------------------------------------------------------------------


def _compile(store: ox.Store, version: str) -> dict[str, str]:
    # Loaded here: who only asks whether a graph is up to date needs no compiler.
    from inforce.rules.compile import compile_action, compile_constraints

    triples = nodes(store)
    data = compiled(triples, version=version)
    book = rulebook(data, {})
    diagrams = {action: diagram_json(compile_action(book, action)) for action in book.actions}
    diagrams[CONSTRAINTS] = diagram_json(compile_constraints(book))
    schemes = sorted({fact.scheme or fact.name for fact in book.facts.values() if fact.kind == "choice"})
    from inforce.phrases import phrases
    from inforce.tables import tables

    names = names_of(triples, schemes)
    for fact in book.facts.values():
        if fact.kind == "choice" and fact.scheme is None:
            names[fact.name] = _choices(triples, fact.name)
    return {
        "rulebook.json": _json(data),
        "diagrams.json": _json(diagrams),
        "names.json": _json(names),
        "tables.json": _json(tables(triples, book)),
        "words.json": _json(phrases(triples, book)),
    }


def _choices(triples: Triples, name: str) -> dict[str, str]:
    from inforce.rules.case import fold

    fact = next(s for s in triples.instances("Fact") if triples.token(s) == name)
    found: dict[str, str] = {}
    for node in triples.all(fact, INF + "allowedValue"):
        token = triples.token(node.value)
        words = [
            *triples.all(node.value, SKOS + "notation"),
            *triples.all(node.value, RDFS + "label"),
            *triples.all(node.value, SKOS + "altLabel"),
        ]
        for word in words:
            found.setdefault(fold(word.value), token)
        found[fold(token)] = token
    return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def write(out: Path, files: Mapping[str, str], manifest: Mapping[str, Any]) -> Path:
    """Write ``files`` and their manifest beside ``out``, sync them, and put them in its place.

    Raises:
        EnvironmentFault: the disk is full or the folder cannot be written; what was there stays.
    """
    listed = {
        name: {"sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text.encode())}
        for name, text in sorted(files.items())
    }
    manifest = {"format": FORMAT, **manifest, "outputs": listed}
    aside: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".build-", dir=out.parent))
        for name, text in {**files, "manifest.json": json.dumps(manifest, indent=1, sort_keys=True) + "\n"}.items():
            with open(aside / name, "wb") as handle:
                handle.write(text.encode())
                handle.flush()
                os.fsync(handle.fileno())
        aside.chmod(0o755)
        if out.exists():
            old = Path(tempfile.mkdtemp(prefix=".old-", dir=out.parent))
            os.replace(out, old / "was")
            os.replace(aside, out)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(aside, out)
    except OSError as error:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
        raise EnvironmentFault(
            f"cannot write the graph: {error.strerror or error}",
            code="E_DISK",
            source=str(out),
            hint="free some space or choose another folder with --store",
        ) from None
    return out
