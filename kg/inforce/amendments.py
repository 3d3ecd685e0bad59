"""The graph of amendments: from an instrument to the wordings it made and ended, the rules on them, the outcomes.

Every edge is read off the graph; whether an outcome moves is asked of the compiled rules. ``inforce.provenance``
joins the edges to a trace. What the imported text of the law adds comes as rows of a saved query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from inforce.clauses import cited
from inforce.rules.model import Rulebook, RuleVersion
from inforce.rules.moves import moves
from inforce.rules.triples import Triples, local, name_of
from inforce.versions import incoming, kind_of, versions
from inforce.vocab import BASE, PREFIXES
from inforce.wording import mentions

__all__ = ["Amendments"]

INF, DCT, ELI = PREFIXES["inf"], PREFIXES["dct"], PREFIXES["eli"]

Edge = tuple[str, str, str]

_ROLES = {INF + "expresses": "expressed-by", INF + "enabledBy": "enables", DCT + "references": "referred-to-by"}
_AFFECTED = ("program", "category", "exemption", "list", "action")


@dataclass(slots=True)
class Amendments:
    """Finds, step by step, what an instrument or a provision leads to; remembers which outcomes moved, and when.

    ``outcomes`` has an entry for each action reached: ``action``, ``label``, ``label_fr``, ``moved`` and ``by``, the
    rule versions and list entries that moved it, each with the instant.
    """

    t: Triples
    book: Rulebook
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What there is to say of a node that only the imported text has, and of others besides what the graph says."""
    _moved: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    _testing: dict[str, list[RuleVersion]] = field(default_factory=dict)

    def of_instrument(self, instrument: str) -> Iterator[Edge]:
        """Yield the edges from an instrument: ``made`` and ``ended``, and what rests on what it made and ended.

        Order: wordings by provision, then rules, then list entries, then announced changes.
        """
        t = self.t
        made = [s for p, s in incoming(t).get(instrument, ()) if p == INF + "instrument"]
        wordings = [s for s in made if kind_of(t, s) == "provision-version"]
        for wording in wordings:
            yield instrument, "made", wording
            yield from self.of_wording(wording)
            for before in self._before(wording):
                yield instrument, "ended", before
                yield from self._ended_with(before)
        for version in (s for s in made if kind_of(t, s) == "rule-version"):
            yield instrument, "made", version
            yield from self.of_rule(version, begun=True)
        for entry in (s for s in made if kind_of(t, s) == "membership"):
            yield instrument, "made", entry
            yield from self._of_entry(entry)
            for before in self._left(entry):
                yield instrument, "ended", before
                yield before, "in-list", t.value(before, INF + "list") or ""
        for change in (s for s in made if kind_of(t, s) == "policy-change"):
            yield instrument, "made", change
            for node in t.all(change, INF + "affects"):
                if kind_of(t, node.value) in _AFFECTED:
                    yield change, "affects", node.value

    def of_clauses(
        self, instrument: str, rows: Iterable[Mapping[str, Any]], french: Iterable[Mapping[str, Any]] = ()
    ) -> Iterator[Edge]:
        """Yield the edges to the wordings of the imported text that no recorded version stands for.

        What began or ended whole is one node, with its parts counted. Recorded versions learn their kind of change.

        Args:
            rows: of the saved query ``instrument-clauses``.
            french: of the same, for the words in French.
        """
        other = {(row["side"], row["unit"]): row for row in french}
        sides: dict[str, dict[str, Mapping[str, Any]]] = {"after": {}, "before": {}}
        for row in rows:
            sides[row["side"]].setdefault(row["unit"], row)
        for side, relation in (("after", "made"), ("before", "ended")):
            units, parts = sides[side], {}  # type: dict[str, Mapping[str, Any]], dict[str, int]
            shown: list[str] = []
            for unit in sorted(units, key=lambda one: (one.count("/"), one)):
                wholes = [above for above in _above(unit) if above in units and _is_whole(units[above])]
                whole = wholes[-1] if wholes else None
                if whole is None:
                    shown.append(unit)
                else:
                    parts[whole] = parts.get(whole, 0) + 1
            for unit in sorted(units):
                row = units[unit]
                ours = self._recorded(unit, str(row["day"]), side)
                if ours is not None:
                    self.told[ours] = {"change": row["kind"]}
                elif unit in shown:
                    self.told[row["wording"]] = _told_of(row, other.get((side, unit)), parts.get(unit, 0))
                    yield instrument, relation, row["wording"]
                    if side == "after":
                        yield from self._rules_on(row["wording"], unit, str(row["from"]), _text(row["until"]))

    def _recorded(self, unit: str, day: str, side: str) -> str | None:
        """The recorded version of a provision that begins, or ends, on a day."""
        term = INF + ("from" if side == "after" else "until")
        return next((one for one in versions(self.t, unit) if self.t.value(one, term) == day), None)

    # ---- wordings -> rules --------------------------------------------------------------------------

    def of_wording(self, wording: str) -> Iterator[Edge]:
        """Yield the rule versions that rest on a wording while it stands, and what each leads to."""
        t = self.t
        provision = t.value(wording, DCT + "isVersionOf") or ""
        first, until = t.value(wording, INF + "from") or "", t.value(wording, INF + "until")
        yield from self._rules_on(wording, provision, first, until)

    def _rules_on(self, wording: str, provision: str, first: str, until: str | None) -> Iterator[Edge]:
        t = self.t
        for role, version in self.resting(provision):
            begins, ends = t.value(version, INF + "from") or "", t.value(version, INF + "until")
            if (until is not None and begins >= until) or (ends is not None and ends <= first):
                continue
            yield wording, role, version
            # A power moves what is later done under it; a rule that words express begins with them.
            yield from self.of_rule(version, begun=begins == first or (role == "enables" and begins >= first))

    def resting(self, provision: str) -> list[tuple[str, str]]:
        """Return the rule versions that cite a provision, each with the role seen from it, in the order of roles."""
        found = [
            (_ROLES[predicate], subject)
            for predicate, subject in incoming(self.t).get(provision, ())
            if predicate in _ROLES and kind_of(self.t, subject) == "rule-version"
        ]
        order = list(_ROLES.values())
        return sorted(found, key=lambda pair: (order.index(pair[0]), pair[1]))

    def _before(self, wording: str) -> list[str]:
        # What ended where this begins; what was only above it and was split up has a new version of its own.
        t, first = self.t, self.t.value(wording, INF + "from")
        provision = t.value(wording, DCT + "isVersionOf") or ""
        return [v for v in versions(t, provision) if first is not None and t.value(v, INF + "until") == first]

    def _ended_with(self, wording: str) -> Iterator[Edge]:
        t, until = self.t, self.t.value(wording, INF + "until")
        for role, version in self.resting(t.value(wording, DCT + "isVersionOf") or ""):
            if t.value(version, INF + "until") == until:
                yield wording, role, version
                yield from self.of_rule(version, ended=True)

    # ---- rules and lists -> actions --------------------------------------------------------------------

    def of_rule(self, version: str, *, begun: bool = False, ended: bool = False) -> Iterator[Edge]:
        """Yield the actions a rule version speaks to: ``moves`` where its start or end moves an outcome."""
        try:
            rule = self.book.rule(local(version))
        except KeyError:
            return
        interval = rule.interval
        for action in rule.actions:
            iri = f"{BASE}action/{action}"
            instant = interval.starts if begun else interval.ends if ended else None
            together = {
                one.id
                for one in self.book.rules
                if one.rule == rule.rule and instant in (one.interval.starts, one.interval.ends)
            }
            moved = instant is not None and moves(self.book, action, instant, rules=together)
            self._note(action, version, instant if moved else None)
            yield version, "moves" if moved else "bears-on", iri

    def _of_entry(self, entry: str) -> Iterator[Edge]:
        t = self.t
        named, value = t.value(entry, INF + "list") or "", t.value(entry, INF + "entry") or ""
        yield entry, "in-list", named
        key = (t.token(named), t.token(value))
        intervals = [i for i in self.book.lists.get(key[0], {}).get(key[1], ()) if self._is(i, entry)]
        for action in self.book.actions:
            for interval in intervals:
                if moves(self.book, action, interval.starts, entries=self._changing(key[1], interval.starts)):
                    self._note(action, entry, interval.starts)
                    yield entry, "moves", f"{BASE}action/{action}"
        for rule in self._tests(key[0]):
            if any(rule.interval.holds_at(interval.starts) for interval in intervals):
                yield named, "tested-by", BASE + rule.id
                yield from self.of_rule(BASE + rule.id)

    def _left(self, entry: str) -> list[str]:
        """The list entries of the same thing that end where this one begins."""
        t = self.t
        of, first = t.value(entry, INF + "entry") or "", t.value(entry, INF + "from")
        others = [s for p, s in incoming(t).get(of, ()) if p == INF + "entry"]
        return [one for one in others if first is not None and one != entry and t.value(one, INF + "until") == first]

    def _is(self, interval: Any, entry: str) -> bool:
        first = self.t.value(entry, INF + "from")
        return first is None or interval.starts[:10] == first

    def _changing(self, token: str, instant: str) -> list[tuple[str, str]]:
        """The list entries of one value that begin or end at an instant: leaving one list is joining another."""
        return [
            (name, token)
            for name, entries in self.book.lists.items()
            for interval in entries.get(token, ())
            if instant in (interval.starts, interval.ends)
        ]

    def _tests(self, name: str) -> list[RuleVersion]:
        if not self._testing:
            for rule in self.book.rules:
                for listed in sorted({what for kind, what in mentions(rule.when, self.book) if kind == "list"}):
                    self._testing.setdefault(listed, []).append(rule)
        return self._testing.get(name, [])

    def _note(self, action: str, by: str, instant: str | None) -> None:
        found = self._moved.setdefault(action, {})
        if instant is not None:
            day = {"on": instant.replace("T00:00:00", "")}
            found[by] = {"id": local(by), "name": self._name(by), **day}

    def _name(self, iri: str) -> str:
        of = self.t.value(iri, INF + "versionOf")
        return name_of(of) if of else local(iri)

    @property
    def outcomes(self) -> tuple[Mapping[str, Any], ...]:
        """The actions reached, those whose outcome moved first."""
        rows = []
        for action, by in self._moved.items():
            label = self.book.actions[action].label
            rows.append(
                {
                    "action": action,
                    "label": label.get("en", ""),
                    "label_fr": label.get("fr", ""),
                    "moved": bool(by),
                    "by": sorted(by.values(), key=lambda one: (one["on"], one["id"])),
                }
            )
        return tuple(sorted(rows, key=lambda row: (not row["moved"], row["action"])))


def _above(iri: str) -> Iterator[str]:
    """What a provision is part of, nearest first, up to its section."""
    path = local(iri)
    while path.count("/") > 1:
        path = path.rpartition("/")[0]
        yield BASE + path


def _is_whole(row: Mapping[str, Any]) -> bool:
    # What is only reworded has parts with changes of their own.
    return row["kind"] in ("added", "renumbered", "moved", "repealed")


def _text(day: Any) -> str | None:
    return None if day is None else str(day)


def _told_of(row: Mapping[str, Any], french: Mapping[str, Any] | None, parts: int) -> dict[str, Any]:
    path, more = local(row["unit"]), f" (+{parts})" if parts else ""
    return {
        "id": f"{cited(path)}@{row['from']}",
        "id_fr": f"{cited(path, french=True)}@{row['from']}",
        "iri": row["wording"],
        "kind": "wording",
        "label": (_in_short(row["text"]) + more).strip(),
        "label_fr": (_in_short(french["text"]) + more).strip() if french is not None else "",
        "from": str(row["from"]),
        **({"until": str(row["until"])} if row["until"] is not None else {}),
        "change": row["kind"],
    }


def _in_short(text: Any) -> str:
    words = " ".join(str(text or "").split())
    return words if len(words) <= 80 else words[: words.rfind(" ", 0, 80)] + "…"
