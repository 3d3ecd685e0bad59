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
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyoxigraph as ox

from inforce.errors import EnvironmentFault, InputError
from inforce.reasoning import ENTAILMENT, Dated, Inference, Triple, clauses, close, closure, digest
from inforce.rules.compile import compile_action
from inforce.rules.load import Node, Triples, compiled, diagram_json, name_of, names_of, rulebook
from inforce.vocab import BASE, PREFIXES

__all__ = ["FORMAT", "Progress", "build", "build_packaged", "digest_inputs"]

FORMAT = 1
INF, RDF, RDFS, SKOS = PREFIXES["inf"], PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["skos"]
DCT, PROV, OWL, XSD, ELI = PREFIXES["dct"], PREFIXES["prov"], PREFIXES["owl"], PREFIXES["xsd"], PREFIXES["eli"]
TYPE = RDF + "type"
GENID = BASE + ".well-known/genid/"
INFERRED = BASE + "graph/inferred"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Input:
    """One file that goes into the graph: its path, the graph its triples go to, a stable name for the manifest."""

    path: Path
    graph: str
    name: str


def inputs(root: Path, data: Sequence[Path] = ()) -> list[Input]:
    """Return the files of the package's own ``ontology`` and ``data`` and of a user's folders, sorted.

    Raises:
        InputError: a user's folder holds no Turtle file.
    """
    found = [
        Input(path, f"{BASE}graph/{part}", f"{part}/{path.relative_to(root / part).as_posix()}")
        for part in ("ontology", "data")
        for path in sorted((root / part).rglob("*.ttl"))
        if "shapes" not in path.relative_to(root / part).parts
    ]
    for number, folder in enumerate(data, 1):
        paths = sorted(folder.rglob("*.ttl")) if folder.is_dir() else [folder]
        if not paths:
            raise InputError(f"{folder} holds no .ttl file", code="E_RDF", hint="put rules and facts in Turtle files")
        base = folder if folder.is_dir() else folder.parent
        found.extend(
            Input(p, f"{BASE}graph/user-{number}", f"user-{number}/{p.relative_to(base).as_posix()}") for p in paths
        )
    return found


def digest_inputs(root: Path, data: Sequence[Path] = ()) -> str:
    """Return one SHA-256 over the names and bytes of all inputs, queries and shapes included."""
    total = hashlib.sha256(f"inforce build {FORMAT}\n".encode())
    extra = [*sorted((root / "queries").rglob("*.rq")), *sorted((root / "ontology" / "shapes").rglob("*.ttl"))]
    for name, path in [(i.name, i.path) for i in inputs(root, data)] + [(str(p.relative_to(root)), p) for p in extra]:
        total.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


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
        for triple in skolemised([ox.Triple(q.subject, q.predicate, q.object) for q in triples]):
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


def nodes(store: Iterable[ox.Quad]) -> Triples:
    """Return the quads, whatever their graph, as plain nested mappings with sorted objects."""
    by_subject: dict[str, dict[str, list[Node]]] = {}
    for quad in store:
        found = by_subject.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value, [])
        found.append(to_node(quad.object))
    for terms in by_subject.values():
        for objects in terms.values():
            objects.sort()
    return Triples(by_subject)


def to_node(term: Any) -> Node:
    """Return an engine's term as a plain node."""
    if isinstance(term, ox.Literal):
        return Node(term.value, "literal", term.datatype.value, term.language or "")
    return Node(term.value)


def to_term(node: Node) -> ox.NamedNode | ox.Literal:
    """Return a plain node as the engine's term."""
    if node.kind == "iri":
        return ox.NamedNode(node.value)
    if node.lang:
        return ox.Literal(node.value, language=node.lang)
    return ox.Literal(node.value, datatype=ox.NamedNode(node.datatype or XSD + "string"))


def _refuse_findings(root: Path, quads: list[ox.Quad], sources: Sequence[Input], *, only_user: bool) -> None:
    from inforce.check import findings

    found = findings(root, quads, [item.path for item in sources if not only_user or "/user-" in item.graph])
    if found:
        first = found[0]
        more = f" (and {len(found) - 1} more: inforce validate)" if len(found) > 1 else ""
        where = f"{first.file}:{first.line}" if first.file else first.subject
        raise InputError(first.message + more, code=first.code, source=where)


# ---- inferring -------------------------------------------------------------------------------------


def infer(store: ox.Store, queries: Path) -> None:
    """Add to the store's inferred graph all that follows: closure, instants, dated entailment, events, clauses."""
    graph = ox.NamedNode(INFERRED)

    def add(triples: Iterable[Triple]) -> None:
        for subject, predicate, node in triples:
            s, p, o = ox.NamedNode(subject), ox.NamedNode(predicate), to_term(node)
            if next(iter(store.quads_for_pattern(s, p, o)), None) is None:
                store.add(ox.Quad(s, p, o, graph))

    add(instants(nodes(store)))
    add(proofs(closure(_schema(store))))
    add(entailed(nodes(store)))
    for path in sorted(queries.glob("*.rq")):
        from inforce.queries import read_query

        rule = read_query(path)
        made = list(store.query(rule.text, use_default_graph_as_union=True, prefixes=PREFIXES))
        add((t.subject.value, t.predicate.value, to_node(t.object)) for t in made)
    add(condition_clauses(nodes(store)))


def _schema(store: ox.Store) -> list[Triple]:
    """What is closed: classes, properties and their axioms, the schemes' hierarchies, what is part of what."""
    wanted = {
        *(RDFS + n for n in ("subClassOf", "subPropertyOf", "domain", "range")),
        *(
            OWL + n
            for n in (
                "inverseOf",
                "propertyChainAxiom",
                "equivalentClass",
                "equivalentProperty",
                "onProperty",
                "hasValue",
                "someValuesFrom",
                "intersectionOf",
                "unionOf",
                "oneOf",
            )
        ),
        *(SKOS + n for n in ("broader", "narrower", "broaderTransitive", "narrowerTransitive")),
        RDF + "first",
        RDF + "rest",
        ELI + "is_part_of",
        ELI + "has_part",
    }
    kinds = {
        OWL + n
        for n in (
            "Class",
            "ObjectProperty",
            "DatatypeProperty",
            "TransitiveProperty",
            "SymmetricProperty",
            "FunctionalProperty",
            "Restriction",
        )
    }
    ontology = {q.subject for q in store if q.predicate.value == TYPE and q.object.value in kinds}
    found: list[Triple] = []
    for quad in store:
        predicate, node = quad.predicate.value, to_node(quad.object)
        lists = predicate in (RDF + "first", RDF + "rest")
        if predicate in wanted and (not lists or quad.subject in ontology or _in_axiom(store, quad.subject)):
            found.append((quad.subject.value, predicate, node))
        elif predicate == TYPE and node.value in kinds:
            found.append((quad.subject.value, predicate, node))
    return found


def _in_axiom(store: ox.Store, head: Any) -> bool:
    axioms = {OWL + n for n in ("propertyChainAxiom", "intersectionOf", "unionOf", "oneOf")}
    while True:
        above = next(iter(store.quads_for_pattern(None, None, head)), None)
        if above is None:
            return False
        if above.predicate.value in axioms:
            return True
        if above.predicate.value != RDF + "rest":
            return False
        head = above.subject


def proofs(inferences: Iterable[Inference]) -> list[Triple]:
    """Return inferred triples together with the nodes that say what each came from."""
    found: list[Triple] = []
    for item in inferences:
        subject, predicate, node = item.triple
        found.append(item.triple)
        name = f"{BASE}inference/{digest(subject, predicate, *node)}"
        found += [
            (name, TYPE, Node(INF + "Inference")),
            (name, RDF + "subject", Node(subject)),
            (name, RDF + "predicate", Node(predicate)),
            (name, RDF + "object", node),
            (name, INF + "derivedBy", Node(item.rule, "literal", XSD + "string")),
        ]
        for s, p, o in item.premises:
            text = f"<{s}> <{p}> <{o.value}>"
            found.append((name, INF + "premise", Node(text, "literal", XSD + "string")))
    return found


def instants(triples: Triples) -> list[Triple]:
    """Return ``startsAt`` and ``endsAt`` of every version that has none: midnight, or where its successor starts."""
    dataset = next((s for s in triples.by_subject if triples.value(s, INF + "timeZone")), None)
    zone = ZoneInfo(triples.value(dataset, INF + "timeZone") or "UTC") if dataset else ZoneInfo("UTC")
    starts: dict[tuple[str, str], str] = {}
    dated = [s for s in sorted(triples.by_subject) if triples.value(s, INF + "from") or triples.value(s, INF + "until")]
    for subject in dated:
        start, hour = triples.value(subject, INF + "from"), triples.value(subject, INF + "startsAt")
        if start and hour:
            starts[_line(triples, subject), start] = hour
    found: list[Triple] = []
    for subject in dated:
        start, until = triples.value(subject, INF + "from"), triples.value(subject, INF + "until")
        if start and not triples.value(subject, INF + "startsAt"):
            found.append((subject, INF + "startsAt", _midnight(start, zone)))
        if until and not triples.value(subject, INF + "endsAt"):
            hour = starts.get((_line(triples, subject), until))
            node = Node(hour, "literal", XSD + "dateTime") if hour else _midnight(until, zone)
            found.append((subject, INF + "endsAt", node))
    return found


def _line(triples: Triples, subject: str) -> str:
    """What the versions of one thing share: their rule, provision, or list entry."""
    entry = triples.value(subject, INF + "entry")
    of = triples.value(subject, INF + "versionOf") or triples.value(subject, DCT + "isVersionOf")
    # An entry moves between lists: leaving one and joining another happens at one instant.
    return of or entry or subject


def _midnight(day: str, zone: ZoneInfo) -> Node:
    moment = datetime.combine(date.fromisoformat(day), datetime.min.time(), zone)
    return Node(moment.isoformat(), "literal", XSD + "dateTime")


def entailed(triples: Triples) -> list[Triple]:
    """Return dated entailments that concepts inherit through what is broader, with their premises."""
    stated: list[tuple[str, str]] = [
        (concept, node.value)
        for concept in sorted(triples.by_subject)
        for node in triples.all(concept, INF + "entails")
    ]
    ends = ["0000-01-01", "9999-12-31"]
    spans: dict[str, tuple[str, str]] = {}
    concepts = {c for c, _ in stated} | {s for s in triples.by_subject if triples.all(s, SKOS + "broader")}
    for thing in sorted(concepts | {e for _, e in stated}):
        spans[thing] = (triples.value(thing, INF + "from") or ends[0], triples.value(thing, INF + "until") or ends[1])
    days = sorted({day for span in spans.values() for day in span} | set(ends))
    position = {day: number for number, day in enumerate(days)}

    def mask(thing: str) -> int:
        low, high = spans.get(thing, (ends[0], ends[1]))
        return (1 << position[high]) - (1 << position[low])

    facts = [
        Dated(
            ("entails", concept, triples.value(e, INF + "fact") or "", repr(tuple(triples.all(e, INF + "value")[0]))),
            mask(e),
        )
        for concept, e in stated
    ]
    sources = {
        (concept, triples.value(e, INF + "fact") or "", repr(tuple(triples.all(e, INF + "value")[0]))): e
        for concept, e in stated
    }
    for concept in sorted(triples.by_subject):
        for above in triples.all(concept, SKOS + "broader"):
            if concept in concepts:
                facts.append(Dated(("broader", concept, above.value), mask(concept)))
    known = close(facts, ENTAILMENT)
    found: list[Triple] = []
    for key, fact in sorted(known.items()):
        if key[0] != "entails" or not fact.premises:
            continue
        _, concept, name, value = key
        origin = _origin(key, known, sources)
        for low, high in _runs(fact.eras, days):
            node = f"{BASE}entailment/{digest(concept, name, value, low)}"
            found += [
                (concept, INF + "inherits", Node(node)),
                (node, TYPE, Node(INF + "Entailment")),
                (node, INF + "fact", Node(name)),
                (node, INF + "value", Node(*_parse_tuple(value))),
                (node, INF + "derivedBy", Node("entails-through-broader", "literal", XSD + "string")),
                (node, INF + "premise", Node(origin)),
            ]
            if low != ends[0]:
                found.append((node, INF + "from", Node(low, "literal", XSD + "date")))
            if high != ends[1]:
                found.append((node, INF + "until", Node(high, "literal", XSD + "date")))
    return found


def _parse_tuple(text: str) -> tuple[str, ...]:
    import ast

    return tuple(ast.literal_eval(text))


def _origin(
    key: tuple[str, ...], known: Mapping[tuple[str, ...], Dated], sources: Mapping[tuple[str, str, str], str]
) -> str:
    while known[key].premises:
        key = next(p for p in known[key].premises if p[0] == "entails")
    return sources[key[1], key[2], key[3]]


def _runs(eras: int, days: Sequence[str]) -> list[tuple[str, str]]:
    found, start = [], None
    for number in range(len(days)):
        on = bool(eras >> number & 1)
        if on and start is None:
            start = number
        if not on and start is not None:
            found.append((days[start], days[number]))
            start = None
    return found


def condition_clauses(triples: Triples) -> list[Triple]:
    """Return for each rule version the alternatives in which its condition holds, and those in which it fails."""
    found: dict[Triple, None] = {}
    for version in triples.instances("RuleVersion"):
        for node in triples.all(version, INF + "when"):
            for term, negated in (("holdsWhen", False), ("failsWhen", True)):
                for clause in clauses(triples, node, negated=negated):
                    literals = sorted(clause)
                    name = f"{BASE}clause/{digest(*(repr(one) for one in literals))}"
                    found[version, INF + term, Node(name)] = None
                    found[name, TYPE, Node(INF + "Clause")] = None
                    found[name, INF + "literalCount", Node(str(len(literals)), "literal", XSD + "integer")] = None
                    for test, flag in literals:
                        for triple in _literal(name, test, flag):
                            found[triple] = None
    return list(found)


def _literal(clause: str, test: tuple[str, ...], negated: bool) -> list[Triple]:
    test_name = f"{BASE}test/{digest(*test)}"
    name = f"{BASE}literal/{digest(*test, str(negated))}"
    triples = [
        (clause, INF + "literal", Node(name)),
        (name, TYPE, Node(INF + "Literal")),
        (name, INF + "test", Node(test_name)),
        (name, INF + "negated", Node(str(negated).lower(), "literal", XSD + "boolean")),
        (test_name, TYPE, Node(INF + "Test")),
    ]
    if test[0] == "inForce":
        return [*triples, (test_name, INF + "inForce", Node(test[1]))]
    value = Node(test[2])
    if test[0] == "isTrue":
        value = Node(test[2], "literal", XSD + "boolean")
    elif test[0] in ("atLeast", "below"):
        value = Node(test[2], "literal", XSD + "decimal")
    return [*triples, (test_name, INF + "fact", Node(test[1])), (test_name, INF + test[0], value)]


# ---- compiling and writing ---------------------------------------------------------------------------


def _compile(store: ox.Store, version: str) -> dict[str, str]:
    triples = nodes(store)
    data = compiled(triples, version=version)
    book = rulebook(data, {})
    diagrams = {action: diagram_json(compile_action(book, action)) for action in book.actions}
    schemes = sorted({fact.scheme or fact.name for fact in book.facts.values() if fact.kind == "choice"})
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


def iri_name(iri: str) -> str:
    """Return the last part of an IRI."""
    return name_of(iri)
