"""The tables people read, made once at build: what there is, what changed when, where sources disagree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from inforce.rules.model import Rulebook
from inforce.rules.triples import Triples, local, name_of
from inforce.vocab import PREFIXES

__all__ = ["CHANGE_COLUMNS", "KINDS", "tables"]

INF, RDFS, SKOS, DCT = PREFIXES["inf"], PREFIXES["rdfs"], PREFIXES["skos"], PREFIXES["dct"]
RDF, PROV, CV, ELI = PREFIXES["rdf"], PREFIXES["prov"], PREFIXES["cv"], PREFIXES["eli"]
OA = PREFIXES["oa"]

CHANGE_COLUMNS = (
    "date", "time", "kind", "layer", "thing", "citation", "instrument", "recorded", "label", "label_fr",
    "before", "after", "sources", "affects_outcomes", "affects", "id",
)  # fmt: skip

KINDS = {
    "rules": ("Rule",),
    "provisions": ("eli:LegalResourceSubdivision",),
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
    "sources": ("Source",),
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
        return {kind: [self.entity(s) for s in self.subjects(keys)] for kind, keys in KINDS.items()}

    def entity(self, subject: str) -> dict[str, Any]:
        t = self.t
        label = t.text(subject) or {"en": t.value(subject, DCT + "title") or ""}
        names = sorted(
            {n.value for n in t.all(subject, SKOS + "notation")} | {n.value for n in t.all(subject, DCT + "identifier")}
        )
        found: dict[str, Any] = {"id": t.token(subject) if names else name_of(subject), "iri": local(subject)}
        if INF + "Rule" in {n.value for n in t.all(subject, RDF + "type")}:
            found["id"] = name_of(subject)
            versions = [v for v in t.instances("RuleVersion") if t.value(v, INF + "versionOf") == subject]
            names = sorted({t.value(v, DCT + "identifier") or "" for v in versions} - {name_of(subject), ""})
            found["from"] = min((t.value(v, INF + "from") or "" for v in versions), default=None)
            untils = [t.value(v, INF + "until") for v in versions]
            found["until"] = None if None in untils else max((u for u in untils if u), default=None)
            found["layer"] = name_of(t.value(versions[-1], INF + "layer") or "") if versions else None
            found["effect"] = (
                (t.value(versions[-1], INF + "effect") or "").rsplit("#", 1)[-1].lower() if versions else None
            )
            found["versions"] = len(versions)
        else:
            for key, term in (("from", "from"), ("until", "until")):
                value = t.value(subject, INF + term)
                if value:
                    found[key] = value
        found["names"] = [n for n in names if n != found["id"]]
        found["label"], found["label_fr"] = label.get("en", next(iter(label.values()), "")), label.get("fr", "")
        description = " ".join(n.value for n in t.all(subject, DCT + "description"))
        alternatives = " ".join(n.value for n in t.all(subject, SKOS + "altLabel"))
        words = " ".join(part for part in (description, alternatives) if part)
        if words:
            found["words"] = words
        rank = t.value(subject, INF + "rank")
        if rank is not None:
            found["rank"] = int(rank)
        return found

    # ---- what changed when ---------------------------------------------------------------------

    def changes(self) -> list[list[Any]]:
        """Rows in the order of CHANGE_COLUMNS, oldest first."""
        t = self.t
        curated = [(s, t.value(s, INF + "date") or "") for s in t.instances("PolicyChange")]
        rows: list[dict[str, Any]] = []
        matched: set[str] = set()
        moves: dict[tuple[str, str], list[tuple[str | None, str | None]]] = {}
        provisions: list[tuple[str, str, str | None, str | None]] = []
        for event in t.instances("ChangeEvent"):
            day = t.value(event, INF + "date") or ""
            new, old = t.value(event, INF + "starts"), t.value(event, INF + "ends")
            version = new or old or ""
            if t.value(version, INF + "versionOf"):
                rows.append(self._rule_row(event, day, new, old, curated, matched))
            elif t.value(version, INF + "entry"):
                moves.setdefault((day, t.value(version, INF + "entry") or ""), []).append((new, old))
            elif t.value(version, DCT + "isVersionOf"):
                provisions.append((day, t.value(version, DCT + "isVersionOf") or "", new, old))
        for (day, entry), pairs in sorted(moves.items()):
            rows.append(self._list_row(day, entry, pairs, curated, matched))
        rows.extend(self._provision_rows(provisions, curated, matched))
        for change, day in curated:
            if change not in matched:
                rows.append(self._curated_row(change, day))
        rows.sort(key=lambda r: (r["date"], r["time"] or "", self._rank(r["layer"]), r["thing"], r["kind"]))
        return [[row.get(column) for column in CHANGE_COLUMNS] for row in rows]

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

    def _told(self, changes: list[str], fallback: dict[str, str]) -> dict[str, Any]:
        t = self.t
        label = t.text(changes[0]) if changes else fallback
        sources = [name_of(n.value) for c in changes for n in t.all(c, DCT + "source")]
        return {
            "label": label.get("en", ""),
            "label_fr": label.get("fr", ""),
            "sources": sources,
            "id": name_of(changes[0]) if changes else None,
        }

    def _time(self, subject: str | None, term: str) -> str | None:
        instant = self.t.value(subject, INF + term) if subject else None
        return instant if instant and "T00:00:00" not in instant else None

    def _instruments(self, *subjects: str | None) -> list[str]:
        return [n.value for s in subjects if s for n in self.t.all(s, INF + "instrument")]

    def _rule_row(
        self, event: str, day: str, new: str | None, old: str | None, curated: list[tuple[str, str]], matched: set[str]
    ) -> dict[str, Any]:
        t = self.t
        version = new or old or ""
        rule = t.value(version, INF + "versionOf") or ""
        things = {rule, version, *([old] if old else [])}
        used = self._instruments(new) or (self._instruments(event) if not new else [])
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
            "citation": next((c for c in cited if c), None),
            "instrument": t.token(used[0]) if used else None,
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
        pairs: list[tuple[str | None, str | None]],
        curated: list[tuple[str, str]],
        matched: set[str],
    ) -> dict[str, Any]:
        t = self.t
        new = [n for n, _ in pairs if n]
        old = [o for _, o in pairs if o]
        after = sorted({name_of(t.value(n, INF + "list") or "") for n in new})
        before = sorted({name_of(t.value(o, INF + "list") or "") for o in old})
        used = self._instruments(*new) or self._instruments(*old)
        lists = {t.value(v, INF + "list") or "" for v in (*new, *old)}
        told = self._told(self._match(day, {entry, *new, *old}, set(used), curated, matched), t.text(entry))
        bearing = [
            action
            for action, diagram in self.book.diagrams.items()
            if any(v[0] == "list" and v[2] in set(after) ^ set(before) for v in diagram.variables)
        ]
        first = (new or old)[0]
        return {
            **told,
            "date": day,
            "time": next((x for x in (self._time(n, "startsAt") for n in new) if x), None)
            or next((x for x in (self._time(o, "endsAt") for o in old) if x), None),
            "kind": "restated" if before == after else "changed" if before and after else "added" if after else "ended",
            "layer": "regulation",
            "thing": t.token(entry),
            "citation": t.value(first, INF + "paragraph"),
            "instrument": t.token(used[0]) if used else None,
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
        # One row for the highest provision that changed by one instrument on a day; those below are in it.
        t = self.t
        changed = {(day, provision): (new, old) for day, provision, new, old in events}
        rows = []
        for (day, provision), (new, old) in sorted(changed.items()):
            above = self._above(provision)
            if any((day, one) in changed for one in above):
                continue
            below = [p for d, p in changed if d == day and provision in self._above(p)]
            used = self._instruments(new) or self._instruments(old)
            things = {provision, *below, *above}
            told = self._told(self._match(day, things, set(used), curated, matched), self._paraphrase(new or old or ""))
            rows.append(
                {
                    **told,
                    "date": day,
                    "time": None,
                    "kind": "changed" if new and old else "added" if new else "ended",
                    "layer": "act" if local(provision).startswith("irpa") else "regulation",
                    "thing": t.value(provision, SKOS + "notation") or local(provision),
                    "citation": t.value(provision, SKOS + "notation"),
                    "instrument": t.token(used[0]) if used else None,
                    "recorded": t.value(new, INF + "startKnownFrom")
                    if new
                    else t.value(old or "", INF + "endKnownFrom"),
                    "before": self._paraphrase(old).get("en") if old else None,
                    "after": self._paraphrase(new).get("en") if new else None,
                    "affects_outcomes": False,
                    "affects": sorted(t.value(p, SKOS + "notation") or local(p) for p in below),
                }
            )
        return rows

    def _paraphrase(self, version: str) -> dict[str, str]:
        return self.t.text(version, DCT + "description") or self.t.text(version, DCT + "title")

    def _above(self, provision: str) -> list[str]:
        return [n.value for n in self.t.all(provision, ELI + "is_part_of")]

    def _curated_row(self, change: str, day: str) -> dict[str, Any]:
        t = self.t
        used = self._instruments(change)
        known = [t.value(change, INF + term) for term in ("announced", "published", "pageModified")]
        cited = [t.value(n.value, SKOS + "notation") for n in t.all(change, INF + "affects")]
        layer = self._authority(t.value(change, INF + "authority") or "")
        return {
            **self._told([change], {}),
            "date": day,
            "time": self._time(change, "startsAt"),
            "kind": t.value(change, INF + "kind"),
            "layer": layer,
            "thing": name_of(change),
            "citation": next((c for c in cited if c and " " in c), None),
            "instrument": t.token(used[0]) if used else None,
            "recorded": min((k for k in known if k), default=day),
            "before": None,
            "after": None,
            "affects_outcomes": False,
            "affects": sorted(t.token(n.value) for n in t.all(change, INF + "affects")),
        }

    def _authority(self, word: str) -> str:
        kebab = word.replace("_", "-").replace(" ", "-").lower()
        return kebab if kebab in self.book.layers else {"statute": "act"}.get(kebab, kebab)

    # ---- where sources disagree ------------------------------------------------------------------

    def conflicts(self) -> list[dict[str, Any]]:
        """Each conflict with its claims, the adopted first, then by rank of their source."""
        t, found = self.t, []
        for conflict in t.instances("Conflict"):
            claims = [self._claim(c) for c in t.instances("Claim") if t.value(c, INF + "conflict") == conflict]
            claims.sort(key=lambda c: (not c["adopted"], c["rank"], c["claim"]))
            found.append(
                {
                    "conflict": name_of(conflict),
                    "label": t.text(conflict).get("en", ""),
                    "label_fr": t.text(conflict).get("fr", ""),
                    "resolution": t.text(conflict, INF + "resolution").get(
                        "en", t.value(conflict, INF + "resolution") or ""
                    ),
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
            "about": sorted(local(n.value) for n in t.all(claim, INF + "about")),
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
