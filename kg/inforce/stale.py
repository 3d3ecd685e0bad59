"""Whether the wordings our rules were read from still stand in the imported text, and the links between the two.

The package records of each provision version its days and the digest of its English words, not the words. Where the
text is imported both meet: a wording with that digest in those days *realizes* the version; one with another digest,
or one that came later, is something no rule was read from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inforce.rules.triples import local, name_of
from inforce.table import Table
from inforce.text_units import cited
from inforce.vocab import BASE, PREFIXES
from inforce.wording import instrument_words

__all__ = ["COLUMNS", "STALE", "links", "readings"]

COLUMNS = (
    "rule",
    "version",
    "role",
    "citation",
    "citation_fr",
    "state",
    "read",
    "since",
    "known_from",
    "instrument",
    "words",
    "wording",
    "says",
    "says_fr",
)
STALE = ("changed", "changed-below", "differs", "repealed")
"""The states of a reading that somebody has to look at again."""

Rows = Callable[..., Iterable[Mapping[str, Any]]]
_ALWAYS, _NEVER = "", "~"  # Before and after every day, as text.
_INSTRUMENT = PREFIXES["instrument"]


@dataclass(frozen=True, slots=True)
class _Span:
    """A wording or a version: its days as text, open ends before and after all days, and what it reads."""

    iri: str
    first: str
    until: str
    digest: str | None
    known: str = ""
    instrument: str | None = None
    text: str | None = None

    def meets(self, other: _Span) -> bool:
        """Tell whether both are in force on some day."""
        return max(self.first, other.first) < min(self.until, other.until)


def readings(rows: Rows, *, rule: str | None = None) -> Table:
    """Return for each rule version and each provision it cites whether the wording it was read from stands.

    The states: ``stands``; ``changed`` (the text was later found to read otherwise from a day on), ``changed-below``
    (so it was of a part of the provision that is not recorded by itself), ``repealed``, ``differs`` (another wording
    than recorded, of a time when it could be read), ``unread`` (no wording of those days is recorded) and ``not-held``
    (no text of those days is imported). Where a wording departs, ``since`` is its first day, ``words`` what changed.

    Args:
        rows: runs a saved query by its name and variables.
        rule: only this rule, by IRI.
    """
    ours = [dict(row) for row in rows("readings", rule=rule)]
    text: dict[str, list[_Span]] = {}
    for row in rows("wordings-cited", language="en"):
        text.setdefault(row["provision"], []).append(_wording(row))
    grouped: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in ours:
        grouped.setdefault((row["version"], row["role"], row["provision"]), []).append(row)
    below = _Below(rows, ours)
    found = []
    for (version, role, provision), group in grouped.items():
        life = _Span(version, _day(group[0]["since"], _ALWAYS), _day(group[0]["until"], _NEVER), None)
        reads = [
            _Span(row["read"], _day(row["readFrom"], _ALWAYS), _day(row["readUntil"], _NEVER), row["digest"])
            for row in group
            if row["read"]
        ]
        told = {
            "rule": name_of(version.rpartition("/")[0]),
            "version": name_of(version),
            "role": role,
            "citation": cited(local(provision)),
            "citation_fr": cited(local(provision), "fr"),
        }
        departures = list(_departures(life, reads, text.get(provision, []), below.baseline(provision)))
        departures += below.departures(life, provision)
        for one in departures or [{"state": "stands"}]:
            last = max((r for r in reads if r.meets(life)), key=lambda r: r.first, default=None)
            row = {**told, "read": name_of(last.iri) if last else None, **one}
            found.append({**row, "says": _sentence(row, "en"), "says_fr": _sentence(row, "fr")})
    return Table.of(COLUMNS, found)


_SAID = {
    "en": {
        "stands": "{citation} reads as recorded",
        "changed": "{citation} was amended {on}{by}{known}",
        "changed-below": "a part of {citation} was amended {on}{by}{known}",
        "repealed": "{citation} was repealed {on}",
        "differs": "{citation} reads otherwise than recorded {since}",
        "unread": "of {citation} no wording is recorded {since}",
        "not-held": "of {citation} no text of those days is held",
        "by": " by {}",
        "known": ", first readable on {}",
        "on": "on {}",
        "since": "from {}",
        "on some day": "on an unknown day",
        "since some day": "from an unknown day",
    },
    "fr": {
        "stands": "{citation} se lit comme il a été consigné",
        "changed": "{citation} a été modifié {on}{by}{known}",
        "changed-below": "une partie de {citation} a été modifiée {on}{by}{known}",
        "repealed": "{citation} a été abrogé {on}",
        "differs": "{citation} se lit autrement que consigné {since}",
        "unread": "de {citation} aucun libellé n'est consigné {since}",
        "not-held": "de {citation} aucun texte de ces jours n'est détenu",
        "by": " par {}",
        "known": ", lisible dès le {}",
        "on": "le {}",
        "since": "depuis le {}",
        "on some day": "un jour inconnu",
        "since some day": "depuis un jour inconnu",
    },
}


def _sentence(row: Mapping[str, Any], lang: str) -> str:
    """What a reading comes to, as one line."""
    said, day = _SAID[lang], row.get("since")
    by = said["by"].format(instrument_words(row["instrument"], lang)) if row.get("instrument") else ""
    return said[row["state"]].format(
        citation=row["citation_fr" if lang == "fr" else "citation"],
        by=by,
        known=said["known"].format(row["known_from"]) if row.get("known_from") else "",
        on=said["on"].format(day) if day else said["on some day"],
        since=said["since"].format(day) if day else said["since some day"],
    )


def _day(value: Any, absent: str) -> str:
    return absent if value is None else str(value)


def _wording(row: Mapping[str, Any]) -> _Span:
    return _Span(
        row["wording"],
        _day(row["from"], _ALWAYS),
        _day(row["until"], _NEVER),
        row["digest"],
        _day(row["knownFrom"], ""),
        row["instrument"],
        row["text"],
    )


def _departures(
    life: _Span, reads: Sequence[_Span], wordings: Sequence[_Span], baseline: str
) -> Iterator[dict[str, Any]]:
    """Yield how the text in a rule version's days departs from what was read; nothing where it does not."""
    standing = [one for one in wordings if one.meets(life)]
    if not standing:
        yield {"state": "not-held"}
        return
    for one in standing:
        recorded = [read for read in reads if read.meets(one)]
        if one.digest is None or any(read.digest == one.digest for read in recorded):
            continue
        if one.known > baseline:
            yield _departure("changed", one, _before(one, wordings))
        elif all(read.digest is None for read in recorded):
            yield _departure("unread", one, None)
        else:
            yield _departure("differs", one, None)
    last = max(wordings, key=lambda one: one.until)
    if last.until < life.until and any(read.until > last.until for read in reads):
        yield {
            "state": "repealed",
            "since": last.until,
            "words": _changed_words(last.text, ""),
            "wording": local(last.iri),
        }


def _before(one: _Span, wordings: Iterable[_Span]) -> _Span | None:
    return max((w for w in wordings if w.first < one.first and w.text), key=lambda w: w.first, default=None)


def _departure(state: str, one: _Span, before: _Span | None) -> dict[str, Any]:
    return {
        "state": state,
        "since": one.first or None,
        "known_from": one.known or None,
        "instrument": one.instrument.removeprefix(_INSTRUMENT) if one.instrument else None,
        "words": _changed_words(before.text, one.text) if before is not None else None,
        "wording": local(one.iri),
    }


class _Below:
    """What came into the text below the provisions that rules cite, after the last text that was read."""

    def __init__(self, rows: Rows, cited: Sequence[Mapping[str, Any]]) -> None:
        # By law, the last consolidation that a recorded version was compared with.
        self.seen: dict[str, str] = {}
        for row in cited:
            if row["lastSeen"]:
                law = _law(row["provision"])
                self.seen[law] = max(self.seen.get(law, _ALWAYS), name_of(row["lastSeen"]))
        self.recorded = {row["provision"] for row in cited}
        self.events: list[tuple[str, _Span]] = []
        if self.seen:
            first = _as_date(min(self.seen.values()))
            for row in rows("wordings-since", known=first, language="en"):
                known = str(row["knownFrom"])
                if row["change"] == "started" and known > self.baseline(row["provision"]):
                    span = _Span(row["wording"], str(row["day"]), _NEVER, None, known, row["instrument"], row["text"])
                    self.events.append((row["provision"], span))

    def baseline(self, provision: str) -> str:
        """Return the last day on which the text of a provision's law was compared; none: nothing came after."""
        return self.seen.get(_law(provision), _NEVER)

    def departures(self, life: _Span, provision: str) -> Iterator[dict[str, Any]]:
        """Yield what began below a provision in a rule version's days: parts with rows of their own left out."""
        for unit, one in self.events:
            if unit.startswith(provision + "/") and unit not in self.recorded and one.meets(life):
                yield _departure("changed-below", one, None) | {"words": _changed_words("", one.text)}


def _law(provision: str) -> str:
    return local(provision).partition("/")[0]


def _as_date(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)


def _changed_words(before: str | None, after: str | None) -> str:
    """What changed, as one line: ``[-gone-]``, ``{+new+}``, and a few words around."""
    from inforce.text_diff import word_edits

    parts = []
    edits = word_edits(before or "", after or "")
    for number, edit in enumerate(edits):
        if edit.op == "equal":
            parts.append(_around(edit.before, first=number == 0, last=number == len(edits) - 1))
            continue
        parts += [f"[-{edit.before}-]"] if edit.before else []
        parts += [f"{{+{edit.after}+}}"] if edit.after else []
    return "".join(parts)


def _around(words: str, *, first: bool, last: bool) -> str:
    if len(words) <= 40:
        return words
    head = "" if first else words[: words.index(" ", 15) + 1 if " " in words[15:40] else 20]
    tail = "" if last else words[words.rindex(" ", 0, -15) if " " in words[-40:-15] else -20 :]
    return f"{head}…{tail}"


# ---- links ------------------------------------------------------------------------------------------


def links(packaged: Iterable[bytes], text: Iterable[bytes]) -> list[bytes]:
    """Return sorted N-Quads that say which imported wording realizes which recorded version.

    An English wording does if it is in force on some day of the version and has its digest (or neither has words);
    a French one if its days meet those of the version, for no digest of it is recorded.

    Args:
        packaged: the lines of the built graph.
        text: the lines of the imported law.
    """
    recorded = _spans(packaged, PREFIXES["inf"] + "ProvisionVersion")
    held = _spans(text, PREFIXES["inf"] + "Wording")
    by_provision: dict[str, list[tuple[str, _Span]]] = {}
    for provision, language, one in held:
        by_provision.setdefault(provision, []).append((language, one))
    found = []
    for provision, _, version in recorded:
        for language, one in by_provision.get(provision, ()):
            if one.meets(version) and (language == "fr" or one.digest == version.digest):
                triple = f"<{version.iri}> <{PREFIXES['eli']}is_realized_by> <{one.iri}>"
                found.append(f"{triple} <{BASE}graph/inferred> .".encode())
    return sorted(found)


def _spans(lines: Iterable[bytes], kind: str) -> list[tuple[str, str, _Span]]:
    """The provision, language and days of each thing of a kind; read off the lines, which hold one quad each."""
    terms = {
        f"<{PREFIXES[prefix]}{name}>".encode(): name
        for prefix, name in (
            ("dct", "isVersionOf"),
            ("dct", "language"),
            ("inf", "from"),
            ("inf", "until"),
            ("inf", "textDigest"),
        )
    }
    is_kind = f"<{PREFIXES['rdf']}type> <{kind}> ".encode()
    told: dict[bytes, dict[str, str]] = {}
    wanted: set[bytes] = set()
    for line in lines:
        subject, _, rest = line.partition(b" ")
        if rest.startswith(is_kind):
            wanted.add(subject)
            continue
        predicate, _, value = rest.partition(b" ")
        if predicate in terms:
            told.setdefault(subject, {})[terms[predicate]] = value[
                1 : value.index(b">" if value[:1] == b"<" else b'"', 1)
            ].decode()
    found = []
    for subject in sorted(wanted):
        data = told.get(subject, {})
        span = _Span(
            subject[1:-1].decode(), data.get("from", _ALWAYS), data.get("until", _NEVER), data.get("textDigest")
        )
        found.append((data.get("isVersionOf", ""), data.get("language", ""), span))
    return found
