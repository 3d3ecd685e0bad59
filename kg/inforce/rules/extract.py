"""From the graph to the compiled rulebook: plain JSON, which ``check`` reads so that no graph is opened for an answer.

Knows the graph's terms and no engine: triples come as ``inforce.rules.triples.Triples``, made by ``inforce.build``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from inforce.rules.case import fold
from inforce.rules.model import ALWAYS, NEVER
from inforce.rules.triples import Node, Triples, local, name_of
from inforce.vocab import PREFIXES

__all__ = ["compiled", "names_of"]

INF = PREFIXES["inf"]
RDF, RDFS, SKOS = PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["skos"]
DCT, PROV, OA, CV = PREFIXES["dct"], PREFIXES["prov"], PREFIXES["oa"], PREFIXES["cv"]
SH = PREFIXES["sh"]
TYPE, NIL = RDF + "type", RDF + "nil"


def compiled(triples: Triples, *, version: str) -> dict[str, Any]:
    """Return the rulebook as plain JSON; ``version`` identifies the data it was made from.

    Raises:
        KeyError: a term the rules need is missing; the shapes refuse such data before.
    """
    dataset = next(s for s in triples.by_subject if triples.value(s, INF + "verifiedThrough"))
    reader = _Reader(triples, triples.value(dataset, INF + "timeZone") or "UTC")
    return {
        "format": 1,
        "version": version,
        "zone": triples.value(dataset, INF + "timeZone"),
        "verified_through": triples.value(dataset, INF + "verifiedThrough"),
        "covers_from": triples.value(dataset, INF + "coversFrom"),
        "text_held_from": triples.value(dataset, INF + "textHeldFrom"),
        "default_action": name_of(triples.value(dataset, INF + "defaultAction") or ""),
        "facts": [reader.fact(s) for s in reader.facts()],
        "actions": [reader.action(s) for s in triples.instances("Action")],
        "layers": [reader.layer(s) for s in triples.instances("Layer")],
        "conditions": [reader.condition(s) for s in triples.instances("Condition")],
        "rules": [reader.rule(s) for s in triples.instances("RuleVersion")],
        "lists": reader.lists(),
        "listed": reader.listed(),
        "constraints": [reader.constraint(s) for s in triples.instances("Constraint")],
        "entailments": reader.entailments(),
        "ancestors": reader.ancestors(),
        "provisions": reader.provisions(),
        "sources": {name_of(s): reader.source(s) for s in triples.instances(DCT + "BibliographicResource")},
        "evidence": reader.evidence(),
        "claims": reader.claims(),
    }


class _Reader:
    """Reads one kind of node after the other."""

    def __init__(self, triples: Triples, zone: str) -> None:
        self.t = triples
        self.zone = ZoneInfo(zone)
        self.disputes = self._disputes()
        self.conflicts = self._conflicts()
        self.cited: set[str] = set()

    def wall(self, instant: str) -> str:
        """Return an instant with its offset as the wall clock of the jurisdiction shows it."""
        return datetime.fromisoformat(instant).astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S")

    def _disputes(self) -> dict[str, list[list[Any]]]:
        # A claim about a start or end that differs from what we adopted opens a window of disagreement.
        found: dict[str, list[list[Any]]] = {}
        for claim in self.t.instances("Claim"):
            term = self.t.value(claim, INF + "property")
            if term not in (INF + "startsAt", INF + "endsAt"):
                continue
            said = self.t.value(claim, INF + "claims")
            for about in self.t.all(claim, DCT + "subject"):
                adopted = self.t.value(about.value, term)
                if adopted and said and self.wall(said) != self.wall(adopted):
                    low, high = sorted((self.wall(adopted), self.wall(said)))
                    claims = sorted(
                        name_of(c)
                        for c in self.t.instances("Claim")
                        if self.t.value(c, INF + "property") == term
                        and about.value in {n.value for n in self.t.all(c, DCT + "subject")}
                    )
                    found.setdefault(about.value, []).append([low, high, claims])
        return found

    def _conflicts(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = {}
        for claim in self.t.instances("Claim"):
            conflict = self.t.value(claim, DCT + "isPartOf")
            if conflict:
                for about in self.t.all(claim, DCT + "subject"):
                    found.setdefault(about.value, set()).add(name_of(conflict))
        return {about: sorted(names) for about, names in found.items()}

    def interval(self, subject: str) -> list[Any]:
        t = self.t
        uncertain = t.value(subject, INF + "unknownStart") == "true"
        # A start that is not known: in force at the latest when the public could first read of it.
        held = t.value(subject, INF + "startKnownFrom") or NEVER[:10]
        by = t.value(subject, INF + "instrument")
        start = t.value(subject, INF + "from")
        instant, end = t.value(subject, INF + "startsAt"), t.value(subject, INF + "endsAt")
        starts = self.wall(instant) if instant else (f"{start}T00:00:00" if start else ALWAYS)
        until = t.value(subject, INF + "until")
        return [
            starts,
            self.wall(end) if end else (f"{until}T00:00:00" if until else None),
            t.value(subject, INF + "startKnownFrom") or starts[:10],
            t.value(subject, INF + "endKnownFrom"),
            self.disputes.get(subject, []),
            f"{held}T00:00:00" if uncertain else None,
            t.token(by) if by else None,
        ]

    def facts(self) -> list[str]:
        return sorted(self.t.instances("Fact"), key=lambda s: (int(self.t.value(s, SH + "order") or 0), s))

    def fact(self, subject: str) -> dict[str, Any]:
        t = self.t
        datatype = (t.value(subject, SH + "datatype") or "choice").rsplit("#", 1)[-1]
        kind = datatype if datatype in ("boolean", "choice", "date") else "number"
        multiple = t.value(subject, INF + "multiple") == "true"
        ordinary = t.all(subject, INF + "ordinarily")
        allowed = [t.token(n.value) for n in t.all(subject, INF + "allowedValue")]
        return {
            "name": t.token(subject),
            "kind": kind,
            "multiple": multiple,
            "values": self._in_order(allowed, subject) if allowed else None,
            "scheme": local(t.value(subject, INF + "valuesFrom") or "") or None,
            "question": t.text(subject, INF + "question"),
            "label": t.text(subject),
            "has_ordinary": bool(ordinary),
            "ordinarily": self._ordinary(ordinary[0], kind, multiple) if ordinary else None,
            "changeable": t.value(subject, INF + "changeable") != "false",
            "cost": int(t.value(subject, INF + "cost") or 1),
            "follows_day": t.value(subject, INF + "followsDay") == "true",
        }

    def _in_order(self, tokens: list[str], subject: str) -> list[str]:
        order = {self.t.token(n.value): n.value for n in self.t.all(subject, INF + "allowedValue")}
        return sorted(tokens, key=lambda token: (int(self.t.value(order[token], SH + "order") or 999), token))

    def _ordinary(self, node: Node, kind: str, multiple: bool) -> Any:
        if kind == "boolean":
            return node.value == "true"
        if node.kind != "literal" and node.value == NIL:
            return []
        value = node.value if node.kind == "literal" else self.t.token(node.value)
        return [value] if multiple else value

    def action(self, subject: str) -> dict[str, Any]:
        answers = name_of(self.t.value(subject, INF + "answers") or "").rsplit("#", 1)[-1]
        default = name_of(self.t.value(subject, INF + "default") or "").rsplit("#", 1)[-1]
        words = {"May": "may", "Required": "required", "MayNot": "may-not", "NotRequired": "not-required"}
        return {
            "id": name_of(subject),
            "label": self.t.text(subject),
            "answers": words[answers],
            "default": words[default],
        }

    def layer(self, subject: str) -> dict[str, Any]:
        rank = int(self.t.value(subject, INF + "rank") or 0)
        return {"id": name_of(subject), "label": self.t.text(subject), "rank": rank}

    def condition(self, subject: str) -> dict[str, Any]:
        return {
            "id": name_of(subject),
            "label": self.t.text(subject),
            "expr": self.expr(Node(subject), top=True),
            "interval": self.interval(subject),
            "dated": bool(self.t.value(subject, INF + "from") or self.t.value(subject, INF + "until")),
        }

    def constraint(self, subject: str) -> dict[str, Any]:
        node = self.t.all(subject, INF + "excludes")[0]
        return {"id": name_of(subject), "label": self.t.text(subject), "expr": self.expr(node)}

    def expr(self, node: Node, *, top: bool = False) -> list[Any]:
        """Return a condition as nested lists: [op, ...]."""
        t, subject = self.t, node.value
        if not top and INF + "Condition" in {n.value for n in t.all(subject, TYPE)}:
            return ["ref", name_of(subject)]
        for op, term in (("all", "allOf"), ("any", "anyOf")):
            heads = t.all(subject, INF + term)
            if heads:
                return [op, *(self.expr(member) for member in t.items(heads[0].value))]
        inner = t.all(subject, INF + "not")
        if inner:
            return ["not", self.expr(inner[0])]
        if top and INF + "fact" not in t.by_subject.get(subject, {}):
            raise KeyError(f"condition {subject} has no operator")
        fact = t.token(t.all(subject, INF + "fact")[0].value)
        truth = t.value(subject, INF + "isTrue")
        if truth is not None:
            return ["true" if truth == "true" else "false", fact]
        for op, term in (("is", "is"), ("list", "inList"), ("scheme", "inScheme")):
            found = t.all(subject, INF + term)
            if found:
                return [op, fact, name_of(found[0].value) if op == "list" else self._value(found[0])]
        within = t.all(subject, INF + "in")
        if within:
            return ["in", fact, [self._value(n) for n in t.items(within[0].value)]]
        for op, term in (("at-least", "atLeast"), ("below", "below")):
            found = t.all(subject, INF + term)
            if found:
                return [op, fact, found[0].value]
        raise KeyError(f"condition {subject} has no test")

    def _value(self, node: Node) -> str:
        return node.value if node.kind == "literal" else self.t.token(node.value)

    def rule(self, subject: str) -> dict[str, Any]:
        t = self.t
        citations = []
        for role, term in (
            ("expresses", INF + "expresses"),
            ("enabled-by", INF + "enabledBy"),
            ("refers-to", DCT + "references"),
        ):
            for node in t.all(subject, term):
                citations.append([local(node.value), role])
                self.cited.add(node.value)
        passages = []
        for node in t.all(subject, PROV + "wasDerivedFrom"):
            source = t.value(node.value, OA + "hasSource")
            selector = t.value(node.value, OA + "hasSelector")
            locator = t.value(selector, RDF + "value") if selector else None
            if source:
                passages.append([name_of(source), locator or ""])
        rank = {name_of(s): int(t.value(s, INF + "rank") or 9) for s in t.instances(DCT + "BibliographicResource")}
        instrument = t.value(subject, INF + "instrument")
        rule = t.value(subject, INF + "versionOf") or ""
        return {
            "id": local(subject),
            "rule": name_of(rule),
            "entry": t.value(subject, DCT + "identifier") or name_of(rule),
            "label": t.text(subject) or t.text(rule),
            "effect": (t.value(subject, INF + "effect") or "").rsplit("#", 1)[-1].lower(),
            "actions": sorted(name_of(n.value) for n in t.all(subject, INF + "action")),
            "layer": name_of(t.value(subject, INF + "layer") or ""),
            "interval": self.interval(subject),
            "when": self.expr(t.all(subject, INF + "when")[0]),
            "defeats": sorted(name_of(n.value) for n in t.all(subject, INF + "defeats")),
            "citations": citations,
            "passages": sorted(passages, key=lambda p: (rank.get(p[0], 9), p)),
            "instrument": (t.token(instrument) if instrument else None),
            "confidence": t.value(subject, INF + "confidence") or "",
            "contested": t.value(subject, INF + "contested") == "true",
            "by_default": t.value(subject, INF + "appliesByDefault") != "false",
            "note": " ".join(n.value for n in t.all(subject, SKOS + "editorialNote") if n.lang in ("en", "")),
            "conflicts": sorted({*self.conflicts.get(subject, []), *self.conflicts.get(rule, [])}),
        }

    def lists(self) -> dict[str, dict[str, list[Any]]]:
        found: dict[str, dict[str, list[Any]]] = {}
        for subject in self.t.instances("ListMembership"):
            name = name_of(self.t.value(subject, INF + "list") or "")
            entry = self.t.token(self.t.value(subject, INF + "entry") or "")
            found.setdefault(name, {}).setdefault(entry, []).append(self.interval(subject))
        for entries in found.values():
            for intervals in entries.values():
                intervals.sort(key=lambda interval: str(interval[0]))
        return found

    def listed(self) -> dict[str, list[str]]:
        """By scheme from which some fact takes its values: those of them that are on a list."""
        t = self.t
        wanted = {t.value(fact, INF + "valuesFrom") for fact in self.facts()} - {None}
        found: dict[str, set[str]] = {local(scheme or ""): set() for scheme in wanted}
        for subject in t.instances("ListMembership"):
            entry = t.value(subject, INF + "entry") or ""
            for scheme in t.all(entry, SKOS + "inScheme"):
                if scheme.value in wanted:
                    found[local(scheme.value)].add(t.token(entry))
        return {scheme: sorted(tokens) for scheme, tokens in sorted(found.items())}

    def entailments(self) -> dict[str, list[list[Any]]]:
        """Entailments by ``fact=token``, and by ``action=id``: what each says itself and what it inherits."""
        t = self.t
        schemes: dict[str, list[str]] = {}
        for fact in self.facts():
            schemes.setdefault(t.value(fact, INF + "valuesFrom") or "", []).append(t.token(fact))
        names = {action: [f"action={name_of(action)}"] for action in t.instances("Action")}
        for concept in sorted(t.by_subject):
            for fact_name in schemes.get(t.value(concept, SKOS + "inScheme") or "", ()):
                names.setdefault(concept, []).append(f"{fact_name}={t.token(concept)}")
        found: dict[str, list[list[Any]]] = {}
        for thing, keys in names.items():
            for node in (*t.all(thing, INF + "entails"), *t.all(thing, INF + "inherits")):
                origin = t.value(node.value, INF + "premise") or node.value
                value = t.all(node.value, RDF + "value")[0]
                plain: Any = value.value == "true" if value.datatype.endswith("boolean") else self._value(value)
                fact = t.token(t.value(node.value, INF + "fact") or "")
                for key in keys:
                    found.setdefault(key, []).append([fact, plain, self.interval(node.value), local(origin)])
        return {key: sorted(rows, key=lambda row: (row[0], row[2][0], row[3])) for key, rows in found.items()}

    def _above(self, concept: str) -> list[str]:
        seen: list[str] = []
        pending = [n.value for n in self.t.all(concept, SKOS + "broader")]
        while pending:
            one = pending.pop(0)
            if one not in seen:
                seen.append(one)
                pending.extend(n.value for n in self.t.all(one, SKOS + "broader"))
        return seen

    def ancestors(self) -> dict[str, list[str]]:
        """Broader concepts by token, of concepts that have any."""
        found = {}
        for concept in sorted(self.t.by_subject):
            above = self._above(concept)
            if above:
                found[self.t.token(concept)] = sorted(self.t.token(one) for one in above)
        return found

    def provisions(self) -> dict[str, Any]:
        t, versions = self.t, {}  # type: Triples, dict[str, list[dict[str, Any]]]
        for subject in t.instances("ProvisionVersion"):
            of = t.value(subject, DCT + "isVersionOf") or ""
            if of in self.cited:
                instrument = t.value(subject, INF + "instrument")
                versions.setdefault(of, []).append(
                    {
                        "id": local(subject),
                        "interval": self.interval(subject),
                        "instrument": t.token(instrument) if instrument else None,
                    }
                )
        return {
            local(of): {
                "citation": t.value(of, SKOS + "notation") or local(of),
                "versions": sorted(versions.get(of, []), key=lambda v: str(v["interval"][0])),
            }
            for of in sorted(self.cited)
        }

    def source(self, subject: str) -> dict[str, Any]:
        return {
            "title": self.t.value(subject, DCT + "title") or "",
            "url": self.t.value(subject, RDFS + "seeAlso"),
            "rank": int(self.t.value(subject, INF + "rank") or 9),
        }

    def evidence(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for subject, terms in sorted(self.t.by_subject.items()):
            for node in terms.get(CV + "supportsConcept", ()):
                entry = {"id": name_of(subject), "label": self.t.text(subject)}
                found.setdefault(self.t.token(node.value), []).append(entry)
        return found

    def claims(self) -> dict[str, Any]:
        wanted = {name for windows in self.disputes.values() for window in windows for name in window[2]}
        return {name_of(s): {"label": self.t.text(s)} for s in self.t.instances("Claim") if name_of(s) in wanted}


def names_of(triples: Triples, schemes: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return for each scheme the folded names of its values and the token each stands for."""
    wanted = set(schemes)
    found: dict[str, dict[str, str]] = {name: {} for name in sorted(wanted)}
    weak: list[tuple[str, str, str]] = []
    for subject in sorted(triples.by_subject):
        for scheme in triples.all(subject, SKOS + "inScheme"):
            name = local(scheme.value)
            if name in wanted:
                token = triples.token(subject)
                for node in triples.all(subject, SKOS + "notation"):
                    found[name][fold(node.value)] = token
                for term in (RDFS + "label", SKOS + "altLabel"):
                    weak.extend((name, fold(n.value), token) for n in triples.all(subject, term))
    for name, word, token in weak:
        found[name].setdefault(word, token)
    return found
