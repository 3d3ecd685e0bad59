"""The tables people read, made once at build: what there is, what changed when, where sources disagree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from inforce.rules.model import Rulebook
from inforce.rules.triples import Triples, local, name_of
from inforce.vocab import PREFIXES
from inforce.wording import mentions

__all__ = ["CHANGE_COLUMNS", "KINDS", "tables"]

INF, RDFS, SKOS, DCT = PREFIXES["inf"], PREFIXES["rdfs"], PREFIXES["skos"], PREFIXES["dct"]
RDF, PROV, CV, ELI = PREFIXES["rdf"], PREFIXES["prov"], PREFIXES["cv"], PREFIXES["eli"]
OA = PREFIXES["oa"]

CHANGE_COLUMNS = (
    "date", "time", "kind", "layer", "thing", "citation", "instrument", "recorded", "label", "label_fr",
    "before", "after", "sources", "affects_outcomes", "affects", "id", "event", "event_fr", "citation_fr",
)  # fmt: skip

_ENTITY_DAYS = {
    "from": INF + "from",
    "until": INF + "until",
    "in_force": ELI + "first_date_entry_in_force",
    "registered": ELI + "date_document",
    "published": ELI + "date_publication",
    "date": DCT + "date",
}
_ENTITY_WORDS = (
    RDFS + "label",
    DCT + "title",
    DCT + "description",
    SKOS + "definition",
    SKOS + "scopeNote",
    INF + "question",
    INF + "resolution",
)

KINDS = {
    "rules": ("Rule",),
    "provisions": ("eli:LegalResourceSubdivision",),
    "laws": ("eli:LegalResource",),
    "instruments": ("Instrument",),
    "programs": ("scheme:program/scheme",),
    "categories": ("scheme:category/scheme",),
    "exemptions": ("scheme:exemption/scheme",),
    "ports": ("scheme:port/scheme",),
    "nationalities": ("scheme:place/scheme",),
    "classes": ("scheme:class/scheme",),
    "lists": ("DatedList",),
    "facts": ("Fact",),
    "actions": ("Action",),
    "layers": ("Layer",),
    "conditions": ("Condition",),
    "constraints": ("Constraint",),
    "evidence": ("cv:EvidenceType",),
    "sources": ("dct:BibliographicResource",),
    "claims": ("Claim",),
    "conflicts": ("Conflict",),
    "policy-changes": ("PolicyChange",),
}
"""What ``list`` can list, and the classes or schemes it is."""


def tables(triples: Triples, book: Rulebook) -> dict[str, Any]:
    """Return the rows of all tables as plain JSON."""
    maker = _Maker(triples, book)
    return {
        "entities": maker.entities(),
        "changes": maker.changes(),
        "conflicts": maker.conflicts(),
    }


def _first(found: list[str]) -> str | None:
    return found[0] if found else None


class _Maker:
    """Makes one table after the other from the same triples."""

    def __init__(self, triples: Triples, book: Rulebook) -> None:
        self.t, self.book = triples, book
        self.types: dict[str, list[str]] = {}
        self.schemes: dict[str, list[str]] = {}
        for subject in sorted(triples.by_subject):
            for node in triples.all(subject, RDF + "type"):
                self.types.setdefault(node.value, []).append(subject)
            for node in triples.all(subject, SKOS + "inScheme"):
                self.schemes.setdefault(local(node.value), []).append(subject)
        self.bearing: dict[str, set[str]] = {}
        for rule in book.rules:
            for what, name in mentions(rule.when, book):
                if what == "list":
                    self.bearing.setdefault(name, set()).update(rule.actions)
        self.versions: dict[str, list[str]] = {}
        for name, term in (("RuleVersion", INF + "versionOf"), ("ProvisionVersion", DCT + "isVersionOf")):
            for subject in sorted(triples.instances(name), key=lambda v: (triples.value(v, INF + "from") or "", v)):
                self.versions.setdefault(triples.value(subject, term) or "", []).append(subject)

    def subjects(self, keys: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        for key in keys:
            if key.startswith("scheme:"):
                members = self.schemes.get(key.removeprefix("scheme:"), [])
            elif ":" in key:
                prefix, name = key.split(":")
                members = self.types.get(PREFIXES[prefix] + name, [])
            else:
                members = self.types.get(INF + key, [])
            found.update(dict.fromkeys(members))
        return list(found)

    def entities(self) -> dict[str, list[dict[str, Any]]]:
        """By kind: id, notations, labels, dates."""
        found = {kind: [self.entity(s) for s in self.subjects(keys)] for kind, keys in KINDS.items()}
        # Instruments and, by inference, provisions are legal resources too: a law is what is neither.
        others = {entry["iri"] for kind in ("provisions", "instruments") for entry in found[kind]}
        found["laws"] = [entry for entry in found["laws"] if entry["iri"] not in others]
        return found

    def entity(self, subject: str) -> dict[str, Any]:
        """One thing: id, names, labels, days, and the words that search looks through."""
        t = self.t
        label = t.text(subject) or {"en": t.value(subject, DCT + "title") or ""}
        terms = (SKOS + "notation", DCT + "identifier", SKOS + "altLabel")
        names = {node.value for term in terms for node in t.all(subject, term)}
        found: dict[str, Any] = {"id": t.token(subject), "iri": local(subject)}
        held = self.versions.get(subject, [])
        words = [subject, *held]
        if INF + "Rule" in {n.value for n in t.all(subject, RDF + "type")}:
            found["id"] = name_of(subject)
            names |= {t.value(v, DCT + "identifier") or found["id"] for v in held}
            if held:
                found["layer"] = name_of(t.value(held[-1], INF + "layer") or "")
                found["effect"] = (t.value(held[-1], INF + "effect") or "").rsplit("#", 1)[-1].lower()
        if held:
            starts = [t.value(v, INF + "from") for v in held]
            untils = [t.value(v, INF + "until") for v in held]
            found["from"] = min((day for day in starts if day), default=None)
            found["until"] = None if None in untils else max(day for day in untils if day)
            found["versions"] = len(held)
        for key, term in _ENTITY_DAYS.items():
            value = t.value(subject, term)
            if value and key not in found:
                found[key] = value
        if INF + "PolicyChange" in {n.value for n in t.all(subject, RDF + "type")}:
            found["kind"] = t.value(subject, DCT + "type")
        conflict, answers = t.value(subject, DCT + "isPartOf"), t.value(subject, INF + "answers")
        if conflict:
            found["conflict"] = name_of(conflict)
        if answers:
            found["answers"] = answers.rsplit("#", 1)[-1].lower()
        adopted, rank = t.value(subject, INF + "adopted"), t.value(subject, INF + "rank")
        if adopted is not None:
            found["adopted"] = adopted == "true"
        if rank is not None:
            found["rank"] = int(rank)
        found["names"] = sorted(names - {found["id"]})
        found["label"], found["label_fr"] = label.get("en", next(iter(label.values()), "")), label.get("fr", "")
        said = (n.value for one in words for term in _ENTITY_WORDS for n in t.all(one, term))
        found["words"] = " ".join(dict.fromkeys(said))
        return {key: value for key, value in found.items() if key != "words" or value}

    # ---- what changed when ---------------------------------------------------------------------

    def changes(self) -> list[list[Any]]:
        """Rows in the order of CHANGE_COLUMNS, oldest first."""
        t = self.t
        curated = [(s, t.value(s, DCT + "date") or "") for s in t.instances("PolicyChange")]
        rows: list[dict[str, Any]] = []
        matched: set[str] = set()
        provisions: list[tuple[str, str, str | None, str | None]] = []
        for event in t.instances("ChangeEvent"):
            day = t.value(event, DCT + "date") or ""
            # One event tells all that begins and ends on a day: what belongs to one thing is one row.
            begun = self._by_thing(event, INF + "starts")
            ended = self._by_thing(event, INF + "ends")
            for thing, term in sorted({**ended, **begun}):
                new, old = begun.get((thing, term), []), ended.get((thing, term), [])
                if term == INF + "versionOf":
                    rows.append(self._rule_row(day, _first(new), _first(old), curated, matched))
                elif term == INF + "entry":
                    rows.append(self._list_row(day, thing, new, old, curated, matched))
                else:
                    provisions.append((day, thing, _first(new), _first(old)))
        rows.extend(self._provision_rows(provisions, curated, matched))
        for change, day in curated:
            if change not in matched:
                rows.append(self._curated_row(change, day))
        french = {
            self.t.value(s, SKOS + "notation"): self.t.text(s).get("fr") for s in self.subjects(KINDS["provisions"])
        }
        for row in rows:
            row["citation_fr"] = french.get(row["citation"], row["citation"])
        rows.sort(key=lambda r: (r["date"], r["time"] or "", self._rank(r["layer"]), r["thing"], r["kind"]))
        return [[row.get(column) for column in CHANGE_COLUMNS] for row in rows]

    def _by_thing(self, event: str, predicate: str) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for node in self.t.all(event, predicate):
            for term in (INF + "versionOf", INF + "entry", DCT + "isVersionOf"):
                thing = self.t.value(node.value, term)
                if thing:
                    found.setdefault((thing, term), []).append(node.value)
                    break
        return found

    def _rank(self, layer: str | None) -> int:
        return self.book.layers[layer].rank if layer in self.book.layers else 9

    def _match(
        self, day: str, things: set[str], instruments: set[str], curated: list[tuple[str, str]], matched: set[str]
    ) -> list[str]:
        t, found = self.t, []
        for change, when in curated:
            if when == day:
                affected = {n.value for n in t.all(change, INF + "affects")}
                if affected & things:
                    found.append(change)
        if not found:
            for change, when in curated:
                if when == day and instruments & {n.value for n in t.all(change, INF + "instrument")}:
                    found.append(change)
        matched.update(found)
        return found

    def _told(self, changes: list[str], own: dict[str, str]) -> dict[str, Any]:
        """What a row says for itself, and the announced event it belongs to, if there is one."""
        t = self.t
        event = t.text(changes[0]) if changes else {}
        label = own or event
        return {
            "label": label.get("en", ""),
            "label_fr": label.get("fr", ""),
            "sources": [name_of(n.value) for c in changes for n in t.all(c, DCT + "source")],
            "id": name_of(changes[0]) if changes else None,
            "instrument": next((t.token(i) for i in self._instruments(*changes)), None),
            "event": event.get("en"),
            "event_fr": event.get("fr"),
        }

    def _sources(self, told: dict[str, Any], *subjects: str | None) -> list[str]:
        """The sources of a row: of its event, of its versions, else of the instrument that made them."""
        t = self.t
        found = {name_of(n.value) for s in subjects if s for n in t.all(s, DCT + "source")}
        if not found:
            made = self._instruments(*subjects)
            found = {name_of(n.value) for one in made for n in t.all(one, DCT + "source")}
        return sorted({*told["sources"], *found})

    def _time(self, subject: str | None, term: str) -> str | None:
        instant = self.t.value(subject, INF + term) if subject else None
        return instant if instant and "T00:00:00" not in instant else None

    def _instruments(self, *subjects: str | None) -> list[str]:
        return [n.value for s in subjects if s for n in self.t.all(s, INF + "instrument")]

    def _rule_row(
        self, day: str, new: str | None, old: str | None, curated: list[tuple[str, str]], matched: set[str]
    ) -> dict[str, Any]:
        t = self.t
        version = new or old or ""
        rule = t.value(version, INF + "versionOf") or ""
        things = {rule, version, *([old] if old else [])}
        used = self._instruments(new)
        told = self._told(self._match(day, things, set(used), curated, matched), t.text(version) or t.text(rule))
        cited = [
            t.value(n.value, SKOS + "notation")
            for term in (INF + "expresses", INF + "enabledBy")
            for n in t.all(version, term)
        ]
        passages = [t.value(n.value, OA + "hasSource") for n in t.all(version, PROV + "wasDerivedFrom")]
        return {
            **told,
            "date": day,
            "time": self._time(new, "startsAt") if new else self._time(old, "endsAt"),
            "kind": "changed" if new and old else "added" if new else "ended",
            "layer": name_of(t.value(version, INF + "layer") or ""),
            "thing": name_of(rule),
            "citation": min((c for c in cited if c), key=lambda c: (len(c), c), default=None),
            "instrument": t.token(used[0]) if used else told["instrument"],
            "recorded": t.value(new, INF + "startKnownFrom") if new else t.value(version, INF + "endKnownFrom"),
            "before": t.text(old).get("en") if old else None,
            "after": t.text(new).get("en") if new else None,
            "sources": sorted({*told["sources"], *(name_of(p) for p in passages if p)}),
            "affects_outcomes": t.value(version, INF + "appliesByDefault") != "false",
            "affects": sorted(name_of(n.value) for n in t.all(version, INF + "action")),
        }

    def _list_row(
        self,
        day: str,
        entry: str,
        new: list[str],
        old: list[str],
        curated: list[tuple[str, str]],
        matched: set[str],
    ) -> dict[str, Any]:
        t = self.t
        after = sorted({name_of(t.value(n, INF + "list") or "") for n in new})
        before = sorted({name_of(t.value(o, INF + "list") or "") for o in old})
        used = self._instruments(*new)
        lists = {t.value(v, INF + "list") or "" for v in (*new, *old)}
        name, moved = t.text(entry), " → ".join([", ".join(before) or "…", ", ".join(after) or "…"])
        own = {lang: f"{name.get(lang, t.token(entry))}{colon}{moved}" for lang, colon in (("en", ": "), ("fr", " : "))}
        told = self._told(self._match(day, {entry, *new, *old}, set(used), curated, matched), own)
        moved_between = set(after) ^ set(before)
        bearing = {action for name in moved_between for action in self.bearing.get(name, ())}
        first = (new or old)[0]
        return {
            **told,
            "date": day,
            "time": next((x for x in (self._time(n, "startsAt") for n in new) if x), None)
            or next((x for x in (self._time(o, "endsAt") for o in old) if x), None),
            "kind": "restated" if before == after else "changed" if before and after else "added" if after else "ended",
            "layer": "regulation",
            "thing": t.token(entry),
            "citation": t.value(t.value(first, INF + "expresses") or "", SKOS + "notation")
            or t.value(first, DCT + "bibliographicCitation"),
            "instrument": t.token(used[0]) if used else told["instrument"],
            "recorded": t.value(new[0], INF + "startKnownFrom") if new else t.value(old[0], INF + "endKnownFrom"),
            "before": ", ".join(before) or None,
            "after": ", ".join(after) or None,
            "sources": sorted(
                {*told["sources"], *(name_of(n.value) for v in (*new, *old) for n in t.all(v, DCT + "source"))}
            ),
            "affects_outcomes": bool(bearing) and before != after,
            "affects": sorted(bearing) or sorted(name_of(one) for one in lists),
        }

    def _provision_rows(
        self,
        events: list[tuple[str, str, str | None, str | None]],
        curated: list[tuple[str, str]],
        matched: set[str],
    ) -> list[dict[str, Any]]:
        # One row for the highest provision with words of its own that changed on a day; those below are in it.
        changed = {(day, provision): (new, old) for day, provision, new, old in events}
        rows = []
        # Words that end in one place and begin in another on the same day were only given another number.
        taken: dict[str, set[str]] = {}
        for (day, _), (new, _) in changed.items():
            if new:
                taken.setdefault(day, set()).update(self._words(new))
        for (day, provision), (new, old) in sorted(changed.items()):
            # A new version that is only the frame of its parts says nothing itself: its parts have the rows.
            if new and self._is_frame(new) and self._below(day, provision, changed):
                continue
            if new is None and old and self._words(old) & taken.get(day, set()):
                continue
            framed = [one for one in self._above(provision) if (day, one) in changed]
            if any(not self._is_frame(changed[day, one][0]) for one in framed):
                continue
            rows.append(
                self._provision_row(
                    day,
                    provision,
                    new,
                    self._before(old, new, day, framed, changed),
                    curated,
                    matched,
                    self._below(day, provision, changed),
                )
            )
        return rows

    def _words(self, version: str) -> set[str]:
        """What tells that two versions read the same: the digest of the text, or our paraphrase of it."""
        said = (self.t.value(version, INF + "textDigest"), self.t.text(version, DCT + "description").get("en"))
        return {one for one in said if one}

    def _is_frame(self, version: str | None) -> bool:
        return version is not None and self.t.value(version, INF + "textDigest") is None

    def _below(self, day: str, provision: str, changed: Mapping[tuple[str, str], Any]) -> list[str]:
        return [p for d, p in changed if d == day and provision in self._above(p)]

    def _before(
        self, old: str | None, new: str | None, day: str, framed: list[str], changed: Mapping[tuple[str, str], Any]
    ) -> str | None:
        """The version that a new one follows: its own, or the one above it whose very words it takes over."""
        if old or not new:
            return old
        digest = self.t.value(new, INF + "textDigest")
        ended = [changed[day, one][1] for one in framed]
        return next((o for o in ended if o and digest and self.t.value(o, INF + "textDigest") == digest), None)

    def _provision_row(
        self,
        day: str,
        provision: str,
        new: str | None,
        old: str | None,
        curated: list[tuple[str, str]],
        matched: set[str],
        below: list[str],
    ) -> dict[str, Any]:
        t = self.t
        digests = {t.value(one, INF + "textDigest") for one in (new, old) if one}
        moved = bool(new and old and len(digests) == 1 and None not in digests)
        used = self._instruments(new)
        things = {provision, *below, *self._above(provision)}
        told = self._told(self._match(day, things, set(used), curated, matched), self._paraphrase(new or old or ""))
        return {
            **told,
            "date": day,
            "time": self._time(new, "startsAt") if new else self._time(old, "endsAt"),
            "kind": "restated" if moved else "changed" if new and old else "added" if new else "ended",
            "layer": "act" if local(provision).startswith("irpa") else "regulation",
            "thing": t.value(provision, SKOS + "notation") or local(provision),
            "citation": t.value(provision, SKOS + "notation"),
            "instrument": t.token(used[0]) if used else told["instrument"],
            "recorded": t.value(new, INF + "startKnownFrom") if new else t.value(old or "", INF + "endKnownFrom"),
            "before": self._paraphrase(old).get("en") if old else None,
            "after": self._paraphrase(new).get("en") if new else None,
            "sources": self._sources(told, new or old),
            "affects_outcomes": False,
            "affects": sorted(t.value(p, SKOS + "notation") or local(p) for p in below),
        }

    def _paraphrase(self, version: str) -> dict[str, str]:
        return self.t.text(version, DCT + "description") or self.t.text(version, DCT + "title")

    def _above(self, provision: str) -> list[str]:
        return [n.value for n in self.t.all(provision, ELI + "is_part_of")]

    def _curated_row(self, change: str, day: str) -> dict[str, Any]:
        t = self.t
        used = self._instruments(change)
        known = [t.value(change, term) for term in (INF + "startKnownFrom", DCT + "issued", DCT + "modified")]
        cited = [t.value(n.value, SKOS + "notation") for n in t.all(change, INF + "affects")]
        return {
            **self._told([change], {}),
            "date": day,
            "time": self._time(change, "startsAt"),
            "kind": t.value(change, DCT + "type"),
            "layer": name_of(t.value(change, INF + "layer") or ""),
            "thing": name_of(change),
            "citation": next((c for c in cited if c and " " in c), None),
            "instrument": t.token(used[0]) if used else None,
            "recorded": min((k for k in known if k), default=day),
            "before": None,
            "after": None,
            "affects_outcomes": False,
            "affects": sorted(t.token(n.value) for n in t.all(change, INF + "affects")),
        }

    # ---- where sources disagree ------------------------------------------------------------------

    def conflicts(self) -> list[dict[str, Any]]:
        """Each conflict with its claims, the adopted first, then by rank of their source."""
        t, found = self.t, []
        for conflict in t.instances("Conflict"):
            claims = [self._claim(c) for c in t.instances("Claim") if t.value(c, DCT + "isPartOf") == conflict]
            claims.sort(key=lambda c: (not c["adopted"], c["rank"], c["claim"]))
            found.append(
                {
                    "conflict": name_of(conflict),
                    "label": t.text(conflict).get("en", ""),
                    "label_fr": t.text(conflict).get("fr", ""),
                    "resolution": t.text(conflict, INF + "resolution").get(
                        "en", t.value(conflict, INF + "resolution") or ""
                    ),
                    "resolution_fr": t.text(conflict, INF + "resolution").get("fr", ""),
                    "claims": claims,
                }
            )
        return found

    def _claim(self, claim: str) -> dict[str, Any]:
        t = self.t
        passage = t.value(claim, PROV + "wasQuotedFrom") or ""
        source = t.value(passage, OA + "hasSource") or ""
        selector = t.value(passage, OA + "hasSelector") or ""
        return {
            "claim": name_of(claim),
            "about": sorted(local(n.value) for n in t.all(claim, DCT + "subject")),
            "property": (t.value(claim, INF + "property") or "").rsplit("#", 1)[-1].rsplit("/", 1)[-1] or None,
            "value": t.value(claim, INF + "claims"),
            "label": t.text(claim).get("en", ""),
            "label_fr": t.text(claim).get("fr", ""),
            "adopted": t.value(claim, INF + "adopted") == "true",
            "from": t.value(claim, INF + "from"),
            "until": t.value(claim, INF + "until"),
            "source": name_of(source),
            "locator": t.value(selector, RDF + "value"),
            "rank": int(t.value(source, INF + "rank") or 9),
            "published": t.value(source, DCT + "issued"),
        }
