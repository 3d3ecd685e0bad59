"""Where things come from: from a rule, a provision or an answer outward to the passages and sources it rests on.

A trace is a directed graph, made with networkx. Each node is expanded once, so that data which refer to each
other in a circle cannot hang it; nodes and edges come in the order in which they are met, which is always the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from inforce.dates import When
from inforce.errors import InputError
from inforce.rules.triples import Triples, local
from inforce.versions import brief, incoming, kind_of, moment, require_standing, stands, versions
from inforce.vocab import BASE, PREFIXES

if TYPE_CHECKING:
    from inforce.amendments import Amendments, Edge
    from inforce.catalogue import Provenance

__all__ = ["trace", "trace_answer"]

INF, RDF, RDFS, DCT = PREFIXES["inf"], PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["dct"]
PROV, OA, ELI, SKOS = PREFIXES["prov"], PREFIXES["oa"], PREFIXES["eli"], PREFIXES["skos"]

Step = tuple[str, str]

# What leads from a node towards what it comes from: relation, predicate, whether the version of that day is meant.
_OUTWARD = (
    ("expresses", INF + "expresses", True),
    ("enabled-by", INF + "enabledBy", True),
    ("refers-to", DCT + "references", True),
    ("made-by", INF + "instrument", False),
    ("derived-from", PROV + "wasDerivedFrom", False),
    ("quoted-from", PROV + "wasQuotedFrom", False),
    ("in", OA + "hasSource", False),
    ("source", DCT + "source", False),
)
# What rests on the thing asked about: predicate that points at it, relation as seen from it.
_RESTING = {
    INF + "expresses": "expressed-by",
    INF + "enabledBy": "enables",
    DCT + "references": "referred-to-by",
    INF + "instrument": "made",
    INF + "affects": "affected-by",
    INF + "defeats": "defeated-by",
    PROV + "wasDerivedFrom": "supports",
    PROV + "wasQuotedFrom": "supports",
    DCT + "source": "supports",
    INF + "entails": "entailed-by",
    DCT + "isPartOf": "claim",
}
# Nodes of these kinds are the last of their branch: what they affect or are part of is another question.


def trace(
    index: Triples,
    kind: str,
    entry: Mapping[str, Any],
    when: When | None = None,
    *,
    further: Iterable[Edge] = (),
    amendments: Amendments | None = None,
    upward: bool = True,
) -> Provenance:
    """Return where one thing comes from, and what rests on it: one step, of an instrument all the way to outcomes.

    Args:
        index: the graph.
        kind: the kind of thing, as ``KnowledgeBase.find`` returns it.
        entry: its entry in the tables; ``iri`` is what is used of it.
        when: only versions in force then; all of them where it is ``None``, each with the law of its first day.
        further: more edges that lead outward from it: what an instrument made, what a provision refers to.
        amendments: made these edges; says what there is to say of their nodes, and which outcomes moved.
        upward: also where it comes from, and what rests on it; without this only ``further``.

    Raises:
        UnknownIdError: the thing has versions, and none is in force then.

    Source:
        W3C PROV-O: derivation, generation, usage, quotation, revision.
    """
    root = BASE + str(entry["iri"])
    # Before what is to be said of their nodes can be known, the edges have to be made.
    edges = list(further)
    tracer = _Tracer(index, when, told=amendments.told if amendments is not None else {})
    if when is not None:
        held = versions(index, root)
        if held:
            require_standing(index, str(entry["id"]), held, when)
    tracer.add(root)
    if upward:
        tracer.spread([root])
    tracer.follow(edges)
    if upward:
        tracer.rest(root, whole=kind != "rules")
    return tracer.result(root, amendments.outcomes if amendments is not None and kind == "instruments" else ())


def trace_answer(index: Triples, answer: Mapping[str, Any]) -> Provenance:
    """Return the provenance of a saved answer: the rules it rests on, on its day, and the list entries they used.

    Args:
        index: the graph.
        answer: the JSON form ``inforce/answer/1``.

    Raises:
        InputError: not an answer, or it names rule versions that these data do not have.
    """
    try:
        if answer["schema"] != "inforce/answer/1":
            raise InputError(
                f'this is "{answer["schema"]}", not an answer', code="E_CASE", hint="save one: inforce check … --json"
            )
        root, day = f"{BASE}answer/{answer['id']}", str(answer["on"]["from"])[:10]
        tracer = _Tracer(index, None, day=f"{day}T23:59:59")
        ordinary = answer["headline"] == "ordinarily"
        outcome = answer["ordinarily"]["outcome"] if ordinary else answer["outcome"]
        words = f"{outcome}: {answer['action']}, {day}"
        node = {
            "id": f"answer/{str(answer['id'])[:12]}",
            "iri": root,
            "kind": "answer",
            "label": words,
            "label_fr": words,
        }
        tracer.graph.add_node(root, **node, outcome=outcome, action=answer["action"])
        rules = [(ground, BASE + str(ground["version"]).removeprefix(BASE)) for ground in answer["grounds"]]
        used = [(ground, iri) for ground, iri in rules if ground["decisive"] or ground["stands"] == "holds"]
        inferred = list(answer.get("inferred", ()))
    except (KeyError, TypeError, AttributeError):
        raise InputError(
            "this JSON is not an answer of inforce check", code="E_CASE", hint="save one: inforce check … --json"
        ) from None
    missing = [str(ground["rule"]) for ground, iri in used if iri not in index.by_subject]
    if missing:
        raise InputError(
            "the answer rests on rules that these data do not have: " + ", ".join(missing),
            code="E_CASE",
            hint="open the data it was made with, or ask again: inforce replay",
        )
    for relation, wanted in (("rests-on", True), ("considered", False)):
        for ground, iri in used:
            if bool(ground["decisive"]) is wanted:
                tracer.join(root, relation, iri)
                for membership in tracer.memberships(ground["condition"]):
                    tracer.join(iri, "used-list-entry", membership)
    for item in inferred:
        for entailment in _entailments(index, item):
            tracer.join(root, "inferred-by", entailment)
    tracer.spread(list(tracer.graph)[1:])
    return tracer.result(root)


def _entailments(t: Triples, item: Mapping[str, Any]) -> Iterator[str]:
    """The entailments that an inferred fact of an answer names, as text anywhere in its reason."""
    reason = item.get("from")
    named = reason if isinstance(reason, list | tuple) else [reason]
    for word in named:
        iri = BASE + str(word).removeprefix(BASE)
        if kind_of(t, iri) == "entailment":
            yield iri


class _Tracer:
    """Grows the graph of one trace."""

    def __init__(
        self,
        t: Triples,
        when: When | None,
        *,
        day: str | None = None,
        told: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        import networkx

        self.t, self.asked, self.told = t, day or moment(when), told or {}
        self.graph: Any = networkx.DiGraph()

    def add(self, subject: str) -> None:
        """Add a node with what there is to say about it in a few words."""
        if subject not in self.graph:
            known = self._told(subject) if subject in self.t.by_subject or subject not in self.told else {}
            self.graph.add_node(subject, **{**known, **self.told.get(subject, {})})

    def join(self, subject: str, relation: str, target: str) -> None:
        """Add an edge; the first relation between two nodes is the strongest and stays."""
        self.add(target)
        if subject != target and not self.graph.has_edge(subject, target):
            self.graph.add_edge(subject, target, relation=relation)

    def spread(self, starts: list[str]) -> None:
        """Expand every node that can be reached, each once, nearest first."""
        pending, seen = deque((node, self._instant(node)) for node in starts), set(starts)
        while pending:
            node, instant = pending.popleft()
            for relation, target in self.steps(node, instant):
                self.join(node, relation, target)
                if target not in seen:
                    seen.add(target)
                    pending.append((target, self.asked or self._instant(target) or instant))

    def _instant(self, node: str) -> str | None:
        first = self.t.value(node, INF + "from") or self.t.value(node, DCT + "date")
        return self.asked or (f"{first}T23:59:59" if first else None)

    def steps(self, node: str, instant: str | None) -> Iterator[Step]:
        """Yield the relations that lead from a node to what it comes from."""
        t, kind = self.t, kind_of(self.t, node)
        for version in versions(t, node):
            if self.asked is None or stands(t, version, self.asked):
                yield "version", version
        for relation, predicate, dated in _OUTWARD:
            for target in t.all(node, predicate):
                if target.kind == "iri":
                    yield relation, self._version_of(target.value, instant) if dated else target.value
        for entailment in t.all(node, INF + "entails"):
            yield "entails", entailment.value
        if kind in ("rule", "rule-version"):
            for predicate, claim in incoming(t).get(node, ()):
                if predicate == DCT + "subject":
                    yield "claim", claim
        if kind == "claim":
            for conflict in t.all(node, DCT + "isPartOf"):
                yield "conflict", conflict.value
        if kind == "provision" and not versions(t, node):
            # No wording of its own: what it is part of has one.
            for above in sorted(n.value for n in t.all(node, ELI + "is_part_of")):
                if kind_of(t, above) == "provision" and versions(t, above):
                    yield "part-of", self._version_of(above, instant)

    def _version_of(self, thing: str, instant: str | None) -> str:
        """The version in force at an instant; the thing itself where the law of that day is not held."""
        held = versions(self.t, thing)
        if instant is not None:
            held = [version for version in held if stands(self.t, version, instant)]
        return held[-1] if held else thing

    def rest(self, root: str, *, whole: bool) -> None:
        """Add what rests on the root: one step, not expanded."""
        t = self.t
        roots = [root, *(s for p, s in incoming(t).get(root, ()) if p == OA + "hasSource")]
        for node in roots:
            if node != root:
                self.join(root, "passage", node)
            for predicate, subject in incoming(t).get(node, ()):
                relation = _RESTING.get(predicate)
                if relation and whole and subject not in self.graph and self._relevant(subject):
                    self.join(node, relation, subject)
        for predicate, member in incoming(t).get(root, ()):
            if predicate in (INF + "entry", INF + "list") and self._relevant(member):
                self.join(root, "member", member)
                for relation, target in self.steps(member, self._instant(member)):
                    self.join(member, relation, target)
        if kind_of(t, root) == "conflict":
            self.spread([node for node in self.graph.successors(root) if kind_of(t, node) == "claim"])
        for term, relation in ((INF + "affects", "affects"), (DCT + "subject", "about"), (ELI + "amends", "amends")):
            for other in t.all(root, term):
                self.join(root, relation, other.value)

    def follow(self, edges: Iterable[Edge]) -> None:
        """Add edges that lead outward from nodes already here; a node that is not in force then ends its branch."""
        for node, relation, target in edges:
            if node in self.graph and (target in self.graph or self._relevant(target)):
                self.join(node, relation, target)
                if relation == "moves":
                    self.graph.edges[node, target]["relation"] = relation

    def _relevant(self, subject: str) -> bool:
        if subject not in self.t.by_subject and subject in self.told:
            first, until = self.told[subject].get("from", ""), self.told[subject].get("until", "~")
            return self.asked is None or first <= self.asked[:10] < until
        if kind_of(self.t, subject) in ("snapshot", "thing"):
            return False
        return self.asked is None or stands(self.t, subject, self.asked)

    def memberships(self, condition: Mapping[str, Any]) -> Iterator[str]:
        """Yield the list entries that a ground's condition was decided by."""
        for item in condition.get("members_on", ()):
            for subject in self.t.instances("ListMembership"):
                named = self.t.token(self.t.value(subject, INF + "list") or "")
                entry = self.t.token(self.t.value(subject, INF + "entry") or "")
                first = self.t.value(subject, INF + "from")
                if (named, entry, first) == (item["list"], item["entry"], item["in_force_from"]):
                    yield subject
        for member in condition.get("members", ()):
            yield from self.memberships(member)

    def _told(self, subject: str) -> dict[str, Any]:
        t, found = self.t, brief(self.t, subject)
        for key, term in (("effect", INF + "effect"), ("layer", INF + "layer")):
            value = t.value(subject, term)
            if value:
                found[key] = value.rsplit("#", 1)[-1].rsplit("/", 1)[-1].lower()
        url, rank = t.value(subject, RDFS + "seeAlso"), t.value(subject, INF + "rank")
        if url:
            found["url"] = url
        if rank is not None and found["kind"] == "source":
            found["rank"] = int(rank)
        note = t.value(subject, SKOS + "historyNote")
        if note:
            found["amending_note"] = note
        if found["kind"] == "claim":
            found["adopted"] = t.value(subject, INF + "adopted") == "true"
        return found

    def result(self, root: str, outcomes: tuple[Mapping[str, Any], ...] = ()) -> Provenance:
        """Return the graph as plain values, relative to our base."""
        from inforce.catalogue import Provenance

        nodes = {local(node): dict(data) for node, data in self.graph.nodes(data=True)}
        edges = tuple((local(a), data["relation"], local(b)) for a, b, data in self.graph.edges(data=True))
        # What is not in force at the time asked about is not drawn, and moves nothing then.
        reached = [{**row, "by": [one for one in row["by"] if one["id"] in nodes]} for row in outcomes]
        kept = tuple({**row, "moved": bool(row["by"])} for row in reached if f"action/{row['action']}" in nodes)
        return Provenance(local(root), nodes, edges, kept)
