"""What names something that is not there, or states what another file states: terms, references, lists, blocks.

These checks give the nearest name that exists, which no query can.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox

from inforce.check.shapes import Violation, name, written
from inforce.errors import nearest
from inforce.vocab import BASE, PREFIXES, shrink

__all__ = ["broken_lists", "dangling", "redefined", "single_valued", "unknown_terms"]

INF, RDF, RDFS, SH = PREFIXES["inf"], PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["sh"]
DCT, PROV, OA = PREFIXES["dct"], PREFIXES["prov"], PREFIXES["oa"]
TYPE, FIRST, REST, NIL = RDF + "type", RDF + "first", RDF + "rest", RDF + "nil"
GENID = BASE + ".well-known/genid/"
_LISTS = {INF + name for name in ("allOf", "anyOf", "in")}
# What a statement of law rests on or acts upon: without it the law cannot be traced.
_GROUNDS = {
    *(INF + n for n in ("expresses", "enabledBy", "instrument", "defeats", "conflict")),
    *(DCT + n for n in ("source", "references", "isVersionOf")),
    *(PROV + n for n in ("wasDerivedFrom", "wasQuotedFrom")),
    OA + "hasSource",
}
# Kinds whose statements are law as the package reads it: a user adds versions of their own beside them.
_LAW = {
    INF + n
    for n in (
        "RuleVersion",
        "Condition",
        "ListMembership",
        "ProvisionVersion",
        "Entailment",
        "Constraint",
        "PolicyChange",
    )
}


def unknown_terms(quads: Iterable[ox.Quad], declared: Collection[str]) -> Iterator[Violation]:
    """Yield a violation for each term of our vocabulary that the ontology does not declare."""
    names = [term.removeprefix(INF) for term in declared if term.startswith(INF)]
    for quad in quads:
        for term in (quad.predicate, quad.object):
            if isinstance(term, ox.NamedNode) and term.value.startswith(INF) and term.value not in declared:
                near = [f"inf:{one}" for one in nearest(term.value.removeprefix(INF), names)]
                hint = f"did you mean {' or '.join(near)}?" if near else "all terms: inforce schema"
                message = f'unknown term "{shrink(term.value)}": {hint}'
                hint = f"vouliez-vous dire {' ou '.join(near)} ?" if near else "tous les termes : inforce schema"
                french = f"terme inconnu « {shrink(term.value)} » : {hint}"
                subject, path = name(quad.subject), quad.predicate.value
                yield Violation("E_UNKNOWN_ID", message, subject, path, term.value, message_fr=french)


def dangling(quads: Iterable[ox.Quad], stated: Collection[str]) -> Iterator[Violation]:
    """Yield a violation for each reference to a thing of ours that no file states."""
    by_folder: dict[str, list[str]] = {}
    for subject in stated:
        folder, local = _split(subject)
        by_folder.setdefault(folder, []).append(local)
    for quad in quads:
        target = quad.object
        if not isinstance(target, ox.NamedNode) or target.value in stated or target.value == BASE:
            continue
        if not target.value.startswith(BASE) or target.value.startswith((INF, GENID)):
            continue
        folder, local = _split(target.value)
        # A source is like a source, not like one of its passages: as many parts as the name has.
        alike = [one for one in by_folder.get(folder, ()) if one.count("/") == local.count("/")]
        near = [shrink(f"{BASE}{folder}/{one}") for one in nearest(local, alike)]
        hint = f"did you mean {' or '.join(near)}?" if near else "state it, or name one that exists"
        code = "E_SOURCE" if quad.predicate.value in _GROUNDS else "E_UNKNOWN_ID"
        term, missing = shrink(quad.predicate.value), shrink(target.value)
        message = f"{term} names {missing}, which nothing states: {hint}"
        hint = f"vouliez-vous dire {' ou '.join(near)} ?" if near else "énoncez-le, ou désignez ce qui existe"
        french = f"{term} désigne {missing}, que rien n'énonce : {hint}"
        subject, path = name(quad.subject), quad.predicate.value
        yield Violation(code, message, subject, path, target.value, message_fr=french)


def _split(iri: str) -> tuple[str, str]:
    folder, _, name = iri.removeprefix(BASE).partition("/")
    return folder, name


def broken_lists(quads: Iterable[ox.Quad], focus: Collection[str]) -> Iterator[Violation]:
    """Yield a violation for each list of a condition that does not go from member to member until rdf:nil."""
    firsts: dict[str, int] = {}
    rests: dict[str, list[str]] = {}
    heads: list[tuple[str, str, str]] = []
    for quad in quads:
        subject, predicate = name(quad.subject), quad.predicate.value
        if predicate == FIRST:
            firsts[subject] = firsts.get(subject, 0) + 1
        elif predicate == REST:
            rests.setdefault(subject, []).append(getattr(quad.object, "value", ""))
        elif predicate in _LISTS and subject in focus and isinstance(quad.object, ox.NamedNode):
            heads.append((subject, predicate, quad.object.value))
    for subject, predicate, head in heads:
        fault = _fault(head, firsts, rests)
        if fault:
            message = f"the list of {shrink(predicate)} {fault}: write it in round brackets, ( a b c )"
            french = f"la liste de {shrink(predicate)} {_FAULTS_FR[fault]} : écrivez-la entre parenthèses, ( a b c )"
            yield Violation("E_RDF", message, subject, predicate, head, message_fr=french)


_FAULTS_FR = {
    "runs in a circle": "tourne en rond",
    "has a place without a member": "a une place sans membre",
    "has two members in one place": "a deux membres à une place",
    "does not end": "ne finit pas",
    "goes on in two ways": "se poursuit de deux façons",
    "goes on after its end": "se poursuit après sa fin",
}


def _fault(head: str, firsts: Mapping[str, int], rests: Mapping[str, list[str]]) -> str:
    seen: set[str] = set()
    while head != NIL:
        if head in seen:
            return "runs in a circle"
        seen.add(head)
        if firsts.get(head, 0) != 1:
            return "has a place without a member" if not firsts.get(head) else "has two members in one place"
        following = rests.get(head, [])
        if len(following) != 1:
            return "does not end" if not following else "goes on in two ways"
        head = following[0]
    return "goes on after its end" if NIL in firsts or NIL in rests else ""


# ---- the package's own things ------------------------------------------------------------------------


def single_valued(shapes: Path) -> set[str]:
    """Return the properties that the shapes allow one value of."""
    store = ox.Store()
    for path in sorted(shapes.glob("*.ttl")):
        store.bulk_extend(ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=BASE))
    one_value = {q.subject for q in store.quads_for_pattern(None, ox.NamedNode(SH + "maxCount"), None)}
    paths = store.quads_for_pattern(None, ox.NamedNode(SH + "path"), None)
    return {q.object.value for q in paths if q.subject in one_value and isinstance(q.object, ox.NamedNode)}


def redefined(own: Iterable[ox.Quad], packaged: Iterable[ox.Quad], single: Collection[str]) -> Iterator[Violation]:
    """Yield a violation for each statement by which a user's file would change a thing of the package."""
    known: dict[str, dict[str, list[object]]] = {}
    for quad in packaged:
        known.setdefault(name(quad.subject), {}).setdefault(quad.predicate.value, []).append(quad.object)
    right = "give a thing of your own another name"
    right_fr = "donnez un autre nom à ce qui est à vous"
    for quad in own:
        subject, predicate = name(quad.subject), quad.predicate.value
        if subject.startswith(INF):
            message = f"{shrink(subject)} is in the package's vocabulary: use a namespace of your own for new terms"
            french = f"{shrink(subject)} est du vocabulaire du paquet : mettez vos termes dans un espace de noms à vous"
            yield Violation("E_REDEFINED", message, subject, predicate, message_fr=french)
            continue
        terms = known.get(subject)
        if terms is None or subject.startswith(GENID):
            continue
        old = terms.get(predicate, [])
        if predicate == RDFS + "label":
            old = [one for one in old if getattr(one, "language", "") == getattr(quad.object, "language", "")]
        kinds = {getattr(one, "value", "") for one in terms.get(TYPE, [])}
        if old and (predicate in single or predicate == RDFS + "label"):
            has = written(old[0])
            here = f"{has}, here it is {written(quad.object)}"
            message = f"the package says {shrink(subject)} {shrink(predicate)} {here}: {right}"
            here = f"{has}, ici c'est {written(quad.object)}"
            french = f"le paquet dit {shrink(subject)} {shrink(predicate)} {here} : {right_fr}"
        elif kinds & _LAW and predicate.startswith(INF):
            message = f"{shrink(subject)} is law as the package reads it, {shrink(predicate)} would change it: {right}"
            read = f"{shrink(subject)} est le droit tel que le paquet le lit"
            french = f"{read}, {shrink(predicate)} le changerait : {right_fr}"
        else:
            continue
        yield Violation("E_REDEFINED", message, subject, predicate, message_fr=french)
