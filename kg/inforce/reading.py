"""One thing, read whole: its labels, its versions as they stood, its members, what touches it and what cites it.

The JSON form is ``inforce/thing/1``: ``id``, ``iri``, ``kind``, ``label``, ``label_fr`` always; the rest by kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from inforce.clocks import Clocks
from inforce.dates import When
from inforce.rules.model import Condition, Rulebook
from inforce.rules.triples import Node, Triples, local, name_of
from inforce.versions import brief, incoming, kind_of, token_of, versions
from inforce.vocab import BASE, PREFIXES
from inforce.wording import condition_tree, in_words, mentions

__all__ = ["shown_thing"]

INF, RDF, RDFS, SKOS = PREFIXES["inf"], PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["skos"]
DCT, PROV, OA, ELI, CV = PREFIXES["dct"], PREFIXES["prov"], PREFIXES["oa"], PREFIXES["eli"], PREFIXES["cv"]

# What points at a thing, by predicate, and how that is called from the thing's side.
_ROLES = {
    INF + "expresses": "expressed-by",
    INF + "enabledBy": "enables",
    INF + "instrument": "made",
    INF + "affects": "affected-by",
    INF + "defeats": "defeated-by",
    INF + "action": "addressed-by",
    INF + "layer": "layer-of",
    DCT + "replaces": "superseded-by",
    PROV + "wasDerivedFrom": "supports",
    PROV + "wasQuotedFrom": "quoted-by",
    DCT + "source": "supports",
    DCT + "references": "referred-to-by",
    SKOS + "related": "related-to",
    ELI + "amends": "amended-by",
    CV + "supportsConcept": "evidenced-by",
}
# What a node says about itself in plain words or dates: key, predicate.
_PLAIN = (
    ("type", DCT + "type"),
    ("date", DCT + "date"),
    ("registered", ELI + "date_document"),
    ("in_force", ELI + "first_date_entry_in_force"),
    ("published", ELI + "date_publication"),
    ("issued", DCT + "issued"),
    ("modified", DCT + "modified"),
    ("publisher", DCT + "publisher"),
    ("url", RDFS + "seeAlso"),
    ("how_seen", INF + "howSeen"),
    ("sections_named", SKOS + "historyNote"),
    ("property", INF + "property"),
    ("claims", INF + "claims"),
    ("locator", OA + "hasSelector"),
    ("confidence", INF + "confidence"),
    ("paragraph", DCT + "bibliographicCitation"),
    ("derived_by", INF + "derivedBy"),
)
_TEXTS = (
    ("definition", SKOS + "definition"),
    ("paraphrase", DCT + "description"),
    ("scope", SKOS + "scopeNote"),
    ("question", INF + "question"),
    ("resolution", INF + "resolution"),
    ("audience", DCT + "audience"),
    ("note", SKOS + "editorialNote"),
)
_LINKS = (
    ("instruments", INF + "instrument"),
    ("affects", INF + "affects"),
    ("supersedes", DCT + "replaces"),
    ("amends", ELI + "amends"),
    ("about", DCT + "subject"),
    ("conflict", DCT + "isPartOf"),
    ("quoted_from", PROV + "wasQuotedFrom"),
    ("derived_from", PROV + "wasDerivedFrom"),
    ("refers_to", DCT + "references"),
    ("broader", SKOS + "broader"),
    ("part_of", ELI + "is_part_of"),
    ("place", DCT + "spatial"),
    ("related", SKOS + "related"),
    ("list", INF + "list"),
    ("entry", INF + "entry"),
    ("evidence_for", CV + "supportsConcept"),
)


def shown_thing(
    index: Triples,
    book: Rulebook,
    kind: str,
    entry: Mapping[str, Any],
    when: When | None,
    asked: str,
    known_on: str | None = None,
) -> dict[str, Any]:
    """Return one thing as plain JSON, as it stood at ``when``; with all its versions where that is ``None``.

    Args:
        index: the graph.
        book: the compiled rules.
        kind: the kind of thing, as ``KnowledgeBase.find`` returns it.
        entry: its entry in the tables.
        when: a day or an instant.
        asked: the name that was typed.
        known_on: leave out what the public could not know on that day: versions that had not been made public, and
            ends (``until`` is then ``None``).

    Raises:
        UnknownIdError: it has versions, and none is in force then, or was known then; the hint says when it is.
    """
    reader = _Reader(index, book, when, known_on)
    return {
        "schema": "inforce/thing/1",
        "asked": asked,
        **reader.thing(BASE + str(entry["iri"]), str(entry["id"]), kind),
        **({"same_name": entry["same_name"]} if entry.get("same_name") else {}),
    }


class _Reader:
    """Reads one thing after its kind."""

    def __init__(self, t: Triples, book: Rulebook, when: When | None, known_on: str | None) -> None:
        self.t, self.book, self.clocks = t, book, Clocks(t, when, known_on)
        self.by_id = {rule.id: rule for rule in book.rules}

    def thing(self, subject: str, name: str, kind: str) -> dict[str, Any]:
        """Return everything about one node."""
        t, word = self.t, kind_of(self.t, subject)
        found: dict[str, Any] = {**brief(t, subject), "id": name, "list": kind}
        found |= {key: None for key in ("from", "until") if key in found} | self.clocks.hours(subject)
        found["on"] = None if self.clocks.when is None else self.clocks.when.text
        found["known_on"] = self.clocks.known_on
        found["names"] = self._names(subject, name)
        held = versions(t, subject)
        if held:
            held = self.clocks.standing(name, held)
        elif word != "policy-change" and (t.value(subject, INF + "from") or t.value(subject, INF + "until")):
            self.clocks.standing(name, [subject])
        found |= self._plain(subject)
        if held:
            found["versions"] = [self.version(one) for one in held]
        own: dict[str, Callable[[str], dict[str, Any]]] = {
            "provision": self._provision,
            "law": self._law,
            "nationality": self._place,
            "class": self._place,
            "list": self._list,
            "fact": self._fact,
            "action": self._action,
            "condition": self._condition,
            "constraint": self._constraint,
            "conflict": self._conflict,
            "source": self._source,
            "instrument": self._made,
        }
        if word in own:
            found |= own[word](subject)
        if t.all(subject, SKOS + "inScheme"):
            found |= self._concept(subject)
        found["conflicts"] = self._conflicts([subject, *held])
        found["cited_by"] = self._cited_by([subject, *self._passages(subject)])
        always = ("on", "known_on", "label_fr")
        return {key: value for key, value in found.items() if value not in (None, "", [], {}) or key in always}

    def _names(self, subject: str, name: str) -> list[str]:
        terms = (SKOS + "notation", SKOS + "altLabel", DCT + "identifier")
        own = {n.value for term in terms for n in self.t.all(subject, term)}
        for version in versions(self.t, subject):
            if kind_of(self.t, version) == "rule-version":
                own |= {n.value for n in self.t.all(version, DCT + "identifier")}
        return sorted(own - {name})

    def _plain(self, subject: str) -> dict[str, Any]:
        t, found = self.t, {}  # type: Triples, dict[str, Any]
        for key, term in _PLAIN:
            found[key] = t.value(subject, term)
        if kind_of(t, subject) == "policy-change":
            found["change_kind"] = found.pop("type")
            found["authority"] = name_of(t.value(subject, INF + "layer") or "")
            found["ceased"] = t.value(subject, DCT + "valid")
        found["type"] = name_of(found.get("type") or "") or None
        if found["locator"]:
            found["locator"] = t.value(found["locator"], RDF + "value")
        if found["property"]:
            found["property"] = found["property"].rsplit("#", 1)[-1].rsplit("/", 1)[-1]
        for key, term in _TEXTS:
            said = t.text(subject, term)
            found[key] = said.get("en") or (None if said else t.value(subject, term))
            found[key + "_fr"] = said.get("fr")
        for key, term in _LINKS:
            found[key] = [self.link(node) for node in t.all(subject, term) if node.kind == "iri"]
        adopted, rank = t.value(subject, INF + "adopted"), t.value(subject, INF + "rank")
        found["adopted"] = None if adopted is None else adopted == "true"
        found["rank"] = None if rank is None else int(rank)
        found["sources"] = self.sources([n.value for n in t.all(subject, DCT + "source")])
        return {key: value for key, value in found.items() if value not in (None, [])}

    def link(self, node: Node | str) -> dict[str, Any]:
        """Return another node in a few words."""
        subject = node.value if isinstance(node, Node) else node
        said = brief(self.t, subject)
        keys = ["id", "id_fr", "iri", "kind", "label", "label_fr", "from"]
        keys += ["until"] if self.clocks.end_known(subject) else []
        return {key: said[key] for key in keys if key in said}

    def sources(self, iris: Iterable[str]) -> list[dict[str, Any]]:
        """Return sources, or the sources of passages, with their locators; the weightiest first."""
        t, found = self.t, []
        for iri in iris:
            source = t.value(iri, OA + "hasSource") or iri
            selector = t.value(iri, OA + "hasSelector")
            found.append(
                {
                    "id": token_of(t, source),
                    "title": t.value(source, DCT + "title") or "",
                    "url": t.value(source, RDFS + "seeAlso"),
                    "locator": t.value(selector, RDF + "value") if selector else None,
                    "rank": int(t.value(source, INF + "rank") or 9),
                }
            )
        return sorted(found, key=lambda one: (one["rank"], one["id"], one["locator"] or ""))

    # ---- versions ----------------------------------------------------------------------------------

    def version(self, subject: str) -> dict[str, Any]:
        """Return one version of a rule or provision."""
        t = self.t
        shared = {"id": token_of(t, subject), "iri": subject, **self.clocks.hours(subject)}
        instrument = t.value(subject, INF + "instrument")
        shared["instrument"] = None if instrument is None else t.token(instrument)
        shared["confidence"] = t.value(subject, INF + "confidence")
        rule = self.by_id.get(local(subject))
        return shared | (self._wording(subject) if rule is None else self._norm(subject))

    def _wording(self, subject: str) -> dict[str, Any]:
        t, said, title = self.t, self.t.text(subject, DCT + "description"), self.t.text(subject, DCT + "title")
        found = {
            "title": title.get("en"),
            "title_fr": title.get("fr"),
            "paraphrase": said.get("en"),
            "paraphrase_fr": said.get("fr"),
            "amending_note": t.value(subject, SKOS + "historyNote"),
            "start_decided_by": t.value(subject, INF + "startDecidedBy"),
            "text_digest": t.value(subject, INF + "textDigest"),
            "note": t.value(subject, SKOS + "editorialNote"),
            "sources": self.sources(n.value for n in t.all(subject, DCT + "source")),
        }
        return {key: value for key, value in found.items() if value not in (None, [])}

    def _norm(self, subject: str) -> dict[str, Any]:
        t, rule = self.t, self.by_id[local(subject)]
        label = rule.label
        found = {
            "entry": rule.entry,
            "label": label.get("en", ""),
            "label_fr": label.get("fr", ""),
            "effect": rule.effect,
            "actions": list(rule.actions),
            "layer": rule.layer,
            **self._worded(rule.when),
            "defeats": list(rule.defeats),
            "provisions": [self._provision_of(subject, c.provision, c.role) for c in rule.citations],
            "sources": self.sources(n.value for n in t.all(subject, PROV + "wasDerivedFrom")),
            "contested": rule.contested,
            "applies_by_default": rule.by_default,
            "note": t.text(subject, SKOS + "editorialNote").get("en") or t.value(subject, SKOS + "editorialNote"),
            "note_fr": t.text(subject, SKOS + "editorialNote").get("fr"),
        }
        return {key: value for key, value in found.items() if value not in (None, [])}

    def _provision_of(self, version: str, path: str, role: str) -> dict[str, Any]:
        """A provision that a rule version rests on, in the wording of the day asked about, else of its first day."""
        t, iri = self.t, BASE + path
        first = t.value(version, INF + "from")
        instant = self.clocks.instant or (f"{first}T23:59:59" if first else None)
        held = [one for one in versions(t, iri) if self.clocks.counts(one, instant)]
        found = {"citation": token_of(t, iri), "role": role, "version": None, "in_force_from": None}
        found |= {"in_force_until": None, "instrument": None}
        if held:
            instrument = t.value(held[-1], INF + "instrument")
            found |= {
                "version": held[-1],
                "in_force_from": t.value(held[-1], INF + "from"),
                "in_force_until": self.clocks.hours(held[-1])["until"],
                "instrument": None if instrument is None else t.token(instrument),
            }
        return found

    # ---- by kind -----------------------------------------------------------------------------------

    def _parts(self, subject: str) -> list[str]:
        # The closure adds what is part of a part; a thing's own parts are one step further down its path.
        below = [s for p, s in incoming(self.t).get(subject, ()) if p == ELI + "is_part_of"]
        return [s for s in dict.fromkeys(below) if s.rsplit("/", 1)[0] == subject]

    def _provision(self, subject: str) -> dict[str, Any]:
        parts = []
        for part in self._parts(subject):
            held = versions(self.t, part)
            if not held or any(self.clocks.counts(version) for version in held):
                parts.append(self.link(part))
        law = BASE + local(subject).split("/", 1)[0]
        return {"parts": parts, "part_of": self._above(subject), "law": self._law_of(law)}

    def _above(self, subject: str) -> list[dict[str, Any]]:
        above, found = subject.rsplit("/", 1)[0], []
        while above.startswith(BASE) and above != BASE.rstrip("/"):
            if above in self.t.by_subject:
                found.append(self.link(above))
            above = above.rsplit("/", 1)[0]
        return found

    def _law_of(self, law: str) -> dict[str, Any]:
        t, label = self.t, self.t.text(law)
        number = t.value(law, DCT + "identifier") or ""
        instrument = next((s for s in t.instances("Instrument") if t.token(s) == number), None)
        french = t.text(instrument, SKOS + "altLabel").get("fr") if instrument else None
        return {
            "id": t.token(law),
            "iri": law,
            "label": label.get("en", ""),
            "label_fr": label.get("fr", ""),
            "number": number,
            "number_fr": french or number,
            "url": t.value(law, RDFS + "seeAlso"),
        }

    def _law(self, subject: str) -> dict[str, Any]:
        return {"law": self._law_of(subject), "parts": [self.link(part) for part in self._parts(subject)]}

    def _memberships(self, subject: str, predicate: str) -> list[dict[str, Any]]:
        t, found = self.t, []
        for term, member in incoming(t).get(subject, ()):
            if term != predicate or kind_of(t, member) != "membership":
                continue
            if not self.clocks.counts(member):
                continue
            instrument = t.value(member, INF + "instrument")
            provision = t.value(member, INF + "expresses")
            found.append(
                {
                    "iri": member,
                    "list": token_of(t, t.value(member, INF + "list") or ""),
                    "entry": token_of(t, t.value(member, INF + "entry") or ""),
                    "label": brief(t, t.value(member, INF + "entry") or "")["label"],
                    "label_fr": brief(t, t.value(member, INF + "entry") or "")["label_fr"],
                    **self.clocks.hours(member),
                    "instrument": None if instrument is None else t.token(instrument),
                    "provision": None if provision is None else token_of(t, provision),
                    "paragraph": t.value(member, DCT + "bibliographicCitation"),
                    "confidence": t.value(member, INF + "confidence"),
                    "note": t.value(member, SKOS + "editorialNote"),
                    "sources": self.sources(n.value for n in t.all(member, DCT + "source")),
                }
            )
        return found

    def _place(self, subject: str) -> dict[str, Any]:
        found = self._memberships(subject, INF + "entry")
        found.sort(key=lambda one: (one["from"] or "", one["list"]))
        classes = [s for p, s in incoming(self.t).get(subject, ()) if p == DCT + "spatial"]
        return {"memberships": found, "documents": [self.link(s) for s in classes]}

    def _list(self, subject: str) -> dict[str, Any]:
        found = self._memberships(subject, INF + "list")
        found.sort(key=lambda one: (one["entry"], one["from"] or ""))
        return {"members": found, "tested_by": self._rules_that_mention("list", token_of(self.t, subject))}

    def _concept(self, subject: str) -> dict[str, Any]:
        t = self.t
        narrower = [s for p, s in incoming(t).get(subject, ()) if p == SKOS + "broader"]
        entailments = []
        for term in ("entails", "inherits"):
            for node in t.all(subject, INF + term):
                if not self.clocks.counts(node.value):
                    continue
                value = t.all(node.value, RDF + "value")
                entailments.append(
                    {
                        "iri": node.value,
                        "fact": t.token(t.value(node.value, INF + "fact") or ""),
                        "value": self._said(value[0]) if value else None,
                        "inherited": term == "inherits",
                        "label": t.text(node.value).get("en", ""),
                        "label_fr": t.text(node.value).get("fr", ""),
                        **self.clocks.hours(node.value),
                    }
                )
        token = t.token(subject)
        tested = [
            rule
            for fact in self.book.facts.values()
            for rule in self._rules_that_mention("value", f"{fact.name}={token}")
            if fact.scheme in {local(n.value) for n in t.all(subject, SKOS + "inScheme")}
        ]
        unique = {rule["iri"]: rule for rule in tested}
        return {
            "narrower": [self.link(s) for s in dict.fromkeys(narrower)],
            "entails": entailments,
            "tested_by": list(unique.values()),
        }

    def _said(self, node: Node) -> Any:
        if node.kind != "literal":
            return self.t.token(node.value)
        return {"true": "yes", "false": "no"}.get(node.value, node.value)

    def _fact(self, subject: str) -> dict[str, Any]:
        fact = self.book.facts[self.t.token(subject)]
        ordinary = fact.ordinarily
        if isinstance(ordinary, bool):
            ordinary = "yes" if ordinary else "no"
        return {
            "value_type": fact.kind,
            "multiple": fact.multiple,
            "values": list(fact.values) if fact.values is not None else None,
            "values_from": fact.scheme,
            "ordinarily": list(ordinary) if isinstance(ordinary, tuple) and ordinary else ordinary or None,
            "ordinarily_none": fact.has_ordinary and not ordinary or None,
            "changeable": fact.changeable,
            "tested_by": self._rules_that_mention("fact", fact.name),
        }

    def _action(self, subject: str) -> dict[str, Any]:
        action = self.book.actions[name_of(subject)]
        rules = [r for r in self.book.rules_of(action.id) if self.clocks.counts(BASE + r.id)]
        return {"answers": action.answers, "default": action.default, "rules": [self.link(BASE + r.id) for r in rules]}

    def _rules_that_mention(self, what: str, name: str) -> list[dict[str, Any]]:
        found = [r for r in self.book.rules if (what, name) in set(mentions(r.when, self.book))]
        return [self.link(BASE + rule.id) for rule in found if self.clocks.counts(BASE + rule.id)]

    def _worded(self, expression: Condition) -> dict[str, Any]:
        return {
            "condition": condition_tree(expression, self.book),
            "condition_in_words": in_words(expression, self.book),
            "condition_in_words_fr": in_words(expression, self.book, lang="fr"),
        }

    def _condition(self, subject: str) -> dict[str, Any]:
        named = self.book.conditions[name_of(subject)]
        return self._worded(named.expr) | {"tested_by": self._rules_that_mention("condition", named.id)}

    def _constraint(self, subject: str) -> dict[str, Any]:
        return self._worded(next(c.expr for c in self.book.constraints if c.id == name_of(subject)))

    def _conflict(self, subject: str) -> dict[str, Any]:
        t, found = self.t, []
        for predicate, claim in incoming(t).get(subject, ()):
            if predicate == DCT + "isPartOf":
                quoted = [n.value for n in t.all(claim, PROV + "wasQuotedFrom")]
                adopted = t.value(claim, INF + "adopted") == "true"
                said = {"value": t.value(claim, INF + "claims"), "adopted": adopted, "sources": self.sources(quoted)}
                found.append({**self.link(claim), **said})
        return {"claims": sorted(found, key=lambda one: (not one["adopted"], one["id"]))}

    def _passages(self, subject: str) -> list[str]:
        return [s for p, s in incoming(self.t).get(subject, ()) if p == OA + "hasSource"]

    def _source(self, subject: str) -> dict[str, Any]:
        return {"passages": [self.link(s) for s in self._passages(subject)]}

    def _made(self, subject: str) -> dict[str, Any]:
        t = self.t
        made = [s for p, s in incoming(t).get(subject, ()) if p == INF + "instrument" and kind_of(t, s) == "membership"]
        return {"memberships": [self.link(s) for s in made]}

    # ---- what touches it ---------------------------------------------------------------------------

    def _conflicts(self, subjects: Iterable[str]) -> list[dict[str, Any]]:
        t = self.t
        found: dict[str, dict[str, Any]] = {}
        for subject in subjects:
            for predicate, one in incoming(t).get(subject, ()):
                if predicate == DCT + "subject" and kind_of(t, one) == "claim":
                    for conflict in t.all(one, DCT + "isPartOf"):
                        entry = found.setdefault(conflict.value, {**self.link(conflict), "claims": []})
                        entry["claims"].append({**self.link(one), "adopted": t.value(one, INF + "adopted") == "true"})
                elif predicate in (DCT + "references", INF + "affects") and kind_of(t, one) == "conflict":
                    found.setdefault(one, {**self.link(one), "claims": []})
        return [found[key] for key in sorted(found)]

    def _cited_by(self, subjects: Iterable[str]) -> list[dict[str, Any]]:
        t = self.t
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for subject in subjects:
            for predicate, one in incoming(t).get(subject, ()):
                kind = kind_of(t, one)
                if predicate not in _ROLES or kind in ("thing", "conflict", "membership", "snapshot"):
                    continue
                if kind.endswith("-version") and not self.clocks.counts(one) or not self.clocks.public(one):
                    continue
                found.setdefault((_ROLES[predicate], one), {"role": _ROLES[predicate], **self.link(one)})
        order = list(dict.fromkeys(_ROLES.values()))
        return [found[key] for key in sorted(found, key=lambda key: (order.index(key[0]), key[1]))]
