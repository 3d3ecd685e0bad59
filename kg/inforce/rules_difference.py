"""What differs between two days in the rules themselves: rules, shared conditions, lists, what concepts imply.

Of a rule that has another version, which parts of it differ; of each difference the day and the instrument.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from inforce.errors import UsageError
from inforce.rules.case import plain
from inforce.rules.model import ALWAYS, Condition, Interval, RuleVersion
from inforce.tables import CHANGE_COLUMNS
from inforce.vocab import BASE

if TYPE_CHECKING:
    from inforce.kb import KnowledgeBase
    from inforce.phrases import Words
    from inforce.rules.model import Rulebook

__all__ = ["RuleDifferences"]

ADDED, ENDED, CHANGED, PASSED, RESTATED = "added", "ended", "changed", "passed", "restated"


class RuleDifferences:
    """The part of a knowledge base that compares the rules of two days."""

    def diff_rules(
        self,
        before: str,
        after: str,
        *,
        known_on: str | None = None,
        against: KnowledgeBase | None = None,
    ) -> dict[str, Any]:
        """Return what was added, ended or changed after one day and up to another: ``inforce/rules-difference/1``.

        Both days are taken at their end: what began on the first is no difference, what began on the second is.
        ``rules``, ``conditions``, ``lists`` and ``entailments`` are lists of rows, by day; each has ``kind``
        (``added``, ``ended``, ``changed``; ``restated``: on a list as before, by another instrument; ``passed``: began
        and ended in between), ``day``, ``at`` (where an hour is known), ``instrument`` and labels. A changed rule has
        ``parts``: ``part``, ``before`` and ``after``, and for its condition what was ``added`` and ``removed``, in
        words, English and French.

        Args:
            before: the earlier day.
            after: the later day; with ``against`` it may be the same.
            known_on: with what the public could know on that day.
            against: other rules for the later day, say a draft: ``inforce.open(data=…)``.

        Raises:
            DateError: not a date.
            UsageError: the days are not in order.
        """
        kb = cast("KnowledgeBase", self)
        first, last = kb.when(before).last, kb.when(after).last
        if last < first or (against is None and last == first):
            raise UsageError(f"{before} is not before {after}", code="E_USAGE", hint="give the earlier day first")
        known = str(kb.when(known_on).last) if known_on is not None else None
        sides = (_Side(kb, str(first), known), _Side(against or kb, str(last), known))
        return {
            "schema": "inforce/rules-difference/1",
            "from": str(first),
            "to": str(last),
            "known_on": known,
            "rules": _by_day(_rules(*sides, ends=_enders(kb))),
            "conditions": _by_day(_conditions(*sides)),
            "lists": _by_day(_lists(*sides)),
            "entailments": _by_day(_entailments(*sides)),
            "data": {"version": sides[1].book.version, "verified_through": sides[1].book.verified_through},
        }


class _Side:
    """The rules as they stand at the end of a day."""

    def __init__(self, kb: KnowledgeBase, day: str, known_on: str | None) -> None:
        self.kb, self.book, self.day, self.known_on = kb, kb.book, day, known_on
        self.instant = f"{day}T23:59:59"
        self._words: dict[str, Words] = {}

    def holds(self, interval: Interval) -> bool:
        return interval.holds_at(self.instant, known_on=self.known_on)

    def knows(self, interval: Interval) -> bool:
        return self.known_on is None or interval.start_known <= self.known_on

    def words(self, lang: str) -> Words:
        if lang not in self._words:
            self._words[lang] = self.kb.words(lang)
        return self._words[lang]


Row = dict[str, Any]


def _by_day(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["day"], row["at"] or "", row["id"], row["kind"]))


def _when(kind: str, before: Interval | None, after: Interval | None) -> tuple[str, str | None]:
    # The day of a change, and its instant where it is not the first of the day.
    interval = before if kind == ENDED else after
    instant = ((interval.ends if kind == ENDED else interval.starts) if interval is not None else None) or ALWAYS
    return instant[:10], None if instant.endswith("T00:00:00") else instant


def _row(kind: str, name: str, label: Mapping[str, str], before: Interval | None, after: Interval | None) -> Row:
    day, at = _when(kind, before, after)
    english = label.get("en", name)
    return {"kind": kind, "id": name, "label": english, "label_fr": label.get("fr", english), "day": day, "at": at}


# ---- rules -------------------------------------------------------------------------------------------


def _enders(kb: KnowledgeBase) -> dict[tuple[str, str], str]:
    # By rule and day, the instrument that ended it, where the table of changes knows one.
    return {
        (row["thing"], row["date"]): row["instrument"]
        for row in (dict(zip(CHANGE_COLUMNS, values, strict=True)) for values in kb._tables["changes"])
        if row["kind"] == ENDED and row["instrument"]
    }


def _rules(one: _Side, other: _Side, ends: Mapping[tuple[str, str], str]) -> Iterator[Row]:
    versions: dict[str, tuple[list[RuleVersion], list[RuleVersion]]] = {}
    for number, side in enumerate((one, other)):
        for rule in side.book.rules:
            versions.setdefault(rule.rule, ([], []))[number].append(rule)
    for name, (old, new) in versions.items():
        before = [rule for rule in old if one.holds(rule.interval)]
        after = [rule for rule in new if other.holds(rule.interval)]
        between = [
            rule
            for rule in new
            if rule not in before + after
            and other.knows(rule.interval)
            and one.instant < rule.interval.starts <= other.instant
            and (rule.interval.ends or "~") <= other.instant
        ]
        a, b = (max(found, key=lambda rule: rule.interval.starts, default=None) for found in (before, after))
        if a == b and not (between and a is None):
            continue
        kind = PASSED if a is None and b is None else ADDED if a is None else ENDED if b is None else CHANGED
        shown = b or a or between[-1]
        parts = _parts(a, b, one, other) if a is not None and b is not None else []
        row = _row(kind, name, shown.label, a.interval if a else None, (b or shown).interval)
        by = ends.get((name, row["day"])) if kind == ENDED else shown.instrument
        yield {
            **row,
            "effect": shown.effect,
            "layer": shown.layer,
            "actions": list(shown.actions),
            "instrument": by,
            "before": a and BASE + a.id,
            "after": b and BASE + b.id,
            "until": shown.interval.until_day if kind == PASSED else None,
            "between": [BASE + rule.id for rule in between],
            "citations": [shown_ for shown_, _ in _cited(shown, other.book if b else one.book)],
            "condition": (other if b else one).words("en").people(shown.when),
            "condition_fr": (other if b else one).words("fr").people(shown.when),
            "parts": parts,
        }


def _cited(rule: RuleVersion, book: Rulebook) -> list[tuple[str, str]]:
    return sorted({(book.provisions[one.provision]["citation"], one.role) for one in rule.citations})


def _parts(a: RuleVersion, b: RuleVersion, one: _Side, other: _Side) -> list[Row]:
    found: list[Row] = []

    def part(name: str, before: Any, after: Any, **more: Any) -> None:
        if before != after:
            found.append({"part": name, "before": before, "after": after, **more})

    part("effect", a.effect, b.effect)
    part("actions", list(a.actions), list(b.actions))
    part("layer", a.layer, b.layer)
    if a.when != b.when or _inner(a.when, one.book) != _inner(b.when, other.book):
        removed, added = _apart(a.when, b.when)
        found.append(
            {
                "part": "condition",
                "before": one.words("en").people(a.when),
                "after": other.words("en").people(b.when),
                "removed": [one.words("en").condition(item) for item in removed],
                "added": [other.words("en").condition(item) for item in added],
                "before_fr": one.words("fr").people(a.when),
                "after_fr": other.words("fr").people(b.when),
                "removed_fr": [one.words("fr").condition(item) for item in removed],
                "added_fr": [other.words("fr").condition(item) for item in added],
            }
        )
    part("defeats", sorted(a.defeats), sorted(b.defeats))
    part("citations", *(sorted({text for text, _ in _cited(r, s.book)}) for r, s in ((a, one), (b, other))))
    part("reading", *("by default" if rule.by_default else "if switched on" for rule in (a, b)))
    part("instrument", a.instrument, b.instrument)
    part("label", a.label.get("en"), b.label.get("en"), before_fr=a.label.get("fr"), after_fr=b.label.get("fr"))
    return found


def _inner(expr: Condition, book: Rulebook) -> list[Any]:
    # The named conditions an expression refers to, each with what it says: a draft may give one another meaning.
    found: list[Any] = []
    for name in sorted(_referred(expr, book)):
        found.append((name, book.conditions[name].expr))
    return found


def _referred(expr: Condition, book: Rulebook) -> set[str]:
    if expr.op == "ref":
        return {str(expr.target), *_referred(book.conditions[expr.target].expr, book)}
    return {name for member in expr.members for name in _referred(member, book)}


def _apart(a: Condition, b: Condition) -> tuple[list[Condition], list[Condition]]:
    # What only the earlier condition says, and only the later; within what both share.
    if a == b:
        return [], []
    if a.op not in ("all", "any") or a.op != b.op:
        if {a.op, b.op} & {"all"} and "ref" not in {a.op, b.op}:
            return _apart(*(one if one.op == "all" else Condition("all", (one,)) for one in (a, b)))
        return [a], [b]
    removed = [member for member in a.members if member not in b.members]
    added = [member for member in b.members if member not in a.members]
    if len(removed) == len(added) == 1 and removed[0].op == added[0].op and removed[0].op in ("all", "any"):
        return _apart(removed[0], added[0])
    return removed, added


# ---- conditions, lists, what concepts imply --------------------------------------------------------------


def _conditions(one: _Side, other: _Side) -> Iterator[Row]:
    for name in sorted({**one.book.conditions, **other.book.conditions}):
        a, b = one.book.conditions.get(name), other.book.conditions.get(name)
        before, after = a is not None and one.holds(a.interval), b is not None and other.holds(b.interval)
        shown = (b if after else a) or b
        if shown is None or (before == after and (not after or a is None or b is None or a.expr == b.expr)):
            continue
        kind = CHANGED if before and after else ADDED if after else ENDED
        used = [r.rule for r in other.book.rules if other.holds(r.interval) and name in _referred(r.when, other.book)]
        side = other if after else one
        yield {
            **_row(kind, name, shown.label, shown.interval, shown.interval),
            "instrument": shown.interval.by,
            "rules": sorted(set(used)),
            "condition": side.words("en").people(shown.expr),
            "condition_fr": side.words("fr").people(shown.expr),
        }


def _lists(one: _Side, other: _Side) -> Iterator[Row]:
    for name in sorted({**one.book.lists, **other.book.lists}):
        old, new = one.book.lists.get(name, {}), other.book.lists.get(name, {})
        listed, entries = _names(other, name, {*old, *new})
        for entry in sorted({*old, *new}):
            a, b = _standing(old.get(entry, ()), one), _standing(new.get(entry, ()), other)
            if (a is None) == (b is None) and (a is None or b is None or a.by == b.by):
                continue
            kind = ADDED if a is None else ENDED if b is None else RESTATED
            yield {
                **_row(kind, f"{name}/{entry}", entries[entry], a, b),
                "list": name,
                "list_label": listed["en"],
                "list_label_fr": listed["fr"],
                "entry": entry,
                "instrument": b.by if b is not None else _joined(entry, other, a),
            }


def _standing(intervals: Iterable[Interval], side: _Side) -> Interval | None:
    return next((interval for interval in intervals if side.holds(interval)), None)


def _joined(entry: str, side: _Side, before: Interval | None) -> str | None:
    # An entry that leaves one list usually joins another at the same instant, by the same instrument.
    at = before.ends if before is not None else None
    found = (one.by for entries in side.book.lists.values() for one in entries.get(entry, ()) if one.starts == at)
    return next((by for by in found if by), None)


def _names(side: _Side, name: str, entries: set[str]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    # What a list and its entries are called in both languages; the entries are of the kind that has most of them.
    label = side.words("en").words["lists"].get(name, {})
    listed = {lang: (label.get(lang) or label.get("en") or name).split(":")[0].strip() for lang in ("en", "fr")}
    kinds = ({row["id"]: row for row in rows} for rows in side.kb._tables["entities"].values())
    known: dict[str, Any] = max(kinds, key=lambda found: len(entries & set(found)), default={})
    rows = {entry: known.get(entry, {"label": entry, "label_fr": entry}) for entry in entries}
    return listed, {entry: {"en": row["label"], "fr": row["label_fr"] or row["label"]} for entry, row in rows.items()}


def _entailments(one: _Side, other: _Side) -> Iterator[Row]:
    sides: list[dict[tuple[str, str, str], tuple[Any, Interval]]] = []
    for side in (one, other):
        sides.append(
            {
                (key, item.fact, repr(item.value)): (item, item.interval)
                for key, items in side.book.entailments.items()
                for item in items
                if side.holds(item.interval)
            }
        )
    before, after = sides
    for key in sorted({*before, *after}):
        if (key in before) == (key in after):
            continue
        item, interval = (after if key in after else before)[key]
        fact = other.book.facts[item.fact]
        row = _row(ADDED if key in after else ENDED, f"{key[0]} -> {item.fact}", fact.label, interval, interval)
        yield {**row, "of": key[0], "fact": item.fact, "value": plain(item.value), "instrument": interval.by}
