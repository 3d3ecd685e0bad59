"""Things in the graph and their versions: what a node is and is called, which versions it has, which stand when."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from inforce.dates import When
from inforce.errors import UnknownIdError
from inforce.rules.triples import Triples, local, name_of
from inforce.vocab import PREFIXES

__all__ = [
    "brief",
    "hours",
    "incoming",
    "kind_of",
    "moment",
    "require_standing",
    "span",
    "stands",
    "token_of",
    "versions",
]

INF, RDF, RDFS, SKOS = PREFIXES["inf"], PREFIXES["rdf"], PREFIXES["rdfs"], PREFIXES["skos"]
DCT, CV, ELI, OA = PREFIXES["dct"], PREFIXES["cv"], PREFIXES["eli"], PREFIXES["oa"]

# The most telling class first: an instrument is a legal resource too.
_CLASSES = {
    INF + "RuleVersion": "rule-version",
    INF + "Rule": "rule",
    INF + "ProvisionVersion": "provision-version",
    INF + "Wording": "wording",
    INF + "Instrument": "instrument",
    INF + "ListMembership": "membership",
    INF + "DatedList": "list",
    INF + "Entailment": "entailment",
    INF + "PolicyChange": "policy-change",
    INF + "Claim": "claim",
    INF + "Conflict": "conflict",
    DCT + "BibliographicResource": "source",
    INF + "Fact": "fact",
    INF + "Action": "action",
    INF + "Layer": "layer",
    INF + "Condition": "condition",
    INF + "Constraint": "constraint",
    ELI + "LegalExpression": "snapshot",
    CV + "EvidenceType": "evidence",
    OA + "SpecificResource": "passage",
    ELI + "LegalResourceSubdivision": "provision",
    ELI + "LegalResource": "law",
}
_SCHEMES = {
    "place/scheme": "nationality",
    "class/scheme": "class",
    "program/scheme": "program",
    "category/scheme": "category",
    "exemption/scheme": "exemption",
    "port/scheme": "port",
}


@lru_cache(maxsize=4)
def incoming(t: Triples) -> Mapping[str, list[tuple[str, str]]]:
    """Return by object what points at it: ``(predicate, subject)``, sorted. Kept, for the same graph is asked again."""
    found: dict[str, list[tuple[str, str]]] = {}
    for subject in sorted(t.by_subject):
        for predicate, objects in t.by_subject[subject].items():
            for node in objects:
                if node.kind == "iri":
                    found.setdefault(node.value, []).append((predicate, subject))
    for pairs in found.values():
        pairs.sort()
    return found


def kind_of(t: Triples, subject: str) -> str:
    """Return what a node is, in one word; ``thing`` where its classes and schemes say nothing."""
    types = {node.value for node in t.all(subject, RDF + "type")}
    for name, kind in _CLASSES.items():
        if name in types:
            return kind
    for node in t.all(subject, SKOS + "inScheme"):
        if local(node.value) in _SCHEMES:
            return _SCHEMES[local(node.value)]
    return "thing"


def token_of(t: Triples, subject: str) -> str:
    """Return the id that a person types for a node, as the tables have it."""
    kind = kind_of(t, subject)
    if kind in ("rule-version", "provision-version"):
        of = t.value(subject, INF + "versionOf") or t.value(subject, DCT + "isVersionOf") or subject
        return f"{token_of(t, of)}@{name_of(subject)}"
    if kind in ("membership", "passage", "entailment"):
        return local(subject)
    return name_of(subject) if kind == "rule" else t.token(subject)


def versions(t: Triples, thing: str) -> list[str]:
    """Return the versions of a rule or provision, oldest first; none for anything else."""
    found = [
        subject
        for predicate, subject in incoming(t).get(thing, ())
        if predicate in (INF + "versionOf", DCT + "isVersionOf") and kind_of(t, subject).endswith("-version")
    ]
    return sorted(dict.fromkeys(found), key=lambda v: (t.value(v, INF + "from") or "", v))


def moment(when: When | None) -> str | None:
    """Return the instant at which a thing is looked at: the one asked about, else the end of the last day."""
    return None if when is None else when.instant or f"{when.last}T23:59:59"


def stands(t: Triples, subject: str, instant: str) -> bool:
    """Tell whether a dated node is in force at an instant (wall clock); one whose start is unknown counts as begun.

    Source:
        Half-open intervals: the first day belongs to it, ``inf:until`` does not.
    """
    start, end = span(t, subject)
    return (start is None or start <= instant) and (end is None or instant < end)


def span(t: Triples, subject: str) -> tuple[str | None, str | None]:
    """Return first and last instant as the wall clock shows them; ``None`` is open or not known."""

    def wall(hour: str, day: str) -> str | None:
        # The data write instants with the offset of the jurisdiction, so their clock part is the wall clock.
        instant, first = t.value(subject, INF + hour), t.value(subject, INF + day)
        return instant[:19] if instant else f"{first}T00:00:00" if first else None

    return wall("startsAt", "from"), wall("endsAt", "until")


def hours(t: Triples, subject: str) -> dict[str, Any]:
    """Return the days of a dated node, its hours where they are not midnight, and when each became known."""
    found: dict[str, Any] = {"from": t.value(subject, INF + "from"), "until": t.value(subject, INF + "until")}
    for key, term in (("starts_at", "startsAt"), ("ends_at", "endsAt")):
        instant = t.value(subject, INF + term)
        if instant and "T00:00:00" not in instant:
            found[key] = instant
    for key, term in (("known_from", "startKnownFrom"), ("end_known_from", "endKnownFrom")):
        day = t.value(subject, INF + term)
        if day:
            found[key] = day
    if t.value(subject, INF + "unknownStart") == "true":
        found["unknown_start"] = True
    return found


def brief(t: Triples, subject: str) -> dict[str, Any]:
    """Return a node in a few words: id, iri, kind, labels, days."""
    kind = kind_of(t, subject)
    label = t.text(subject) or t.text(subject, DCT + "title")
    if kind == "provision-version":
        label = t.text(subject, DCT + "description") or t.text(subject, DCT + "title")
    elif kind == "rule-version" and not label:
        label = t.text(t.value(subject, INF + "versionOf") or "")
    elif kind == "membership":
        label = _membership_label(t, subject)
    elif kind == "passage":
        selector = t.value(subject, OA + "hasSelector") or ""
        locator = t.value(selector, RDF + "value") or ""
        label = {"en": locator, "fr": locator}
    plain = t.value(subject, RDFS + "label") or t.value(subject, DCT + "title") or ""
    found: dict[str, Any] = {
        "id": token_of(t, subject),
        "iri": subject,
        "kind": kind,
        "label": label.get("en", next(iter(label.values()), plain)),
        "label_fr": label.get("fr", ""),
    }
    if kind in ("provision", "provision-version"):
        of = subject if kind == "provision" else t.value(subject, DCT + "isVersionOf") or subject
        found["id_fr"] = t.text(of).get("fr", found["id"]) + ("" if kind == "provision" else f"@{name_of(subject)}")
    return found | {key: value for key, value in hours(t, subject).items() if value is not None}


def _membership_label(t: Triples, subject: str) -> dict[str, str]:
    entry, named = t.value(subject, INF + "entry") or "", t.value(subject, INF + "list") or ""
    one, other = t.text(entry), t.text(named)
    joined = {lang: f"{one.get(lang, t.token(entry))} : {other.get(lang, name_of(named))}" for lang in ("en", "fr")}
    return {"en": joined["en"].replace(" : ", ": "), "fr": joined["fr"]}


def require_standing(t: Triples, name: str, nodes: list[str], when: When) -> list[str]:
    """Return those of ``nodes``, versions of one thing, that stand at ``when``.

    Raises:
        UnknownIdError: none does; the hint says when one did.
    """
    instant = moment(when) or ""
    found = [node for node in nodes if stands(t, node, instant)]
    if not found:
        raise UnknownIdError(
            f"{name} has no version in force on {when.text}",
            code="E_NOT_HELD",
            hint="it is held " + _stretches(t, nodes),
        )
    return found


def _stretches(t: Triples, nodes: list[str]) -> str:
    """The days on which versions of one thing stand, joined where one follows the other."""
    joined: list[list[str | None]] = []
    for node in nodes:
        first, until = t.value(node, INF + "from"), t.value(node, INF + "until")
        if joined and joined[-1][1] is not None and first is not None and first <= joined[-1][1]:
            joined[-1][1] = until
        else:
            joined.append([first, until])
    words = [
        (f"from {first}" if first else "from an unknown day") + (f" until {until}" if until else "")
        for first, until in joined
    ]
    return ", ".join(words)
