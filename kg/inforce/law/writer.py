"""Wordings, changes, snapshots as N-Quads: plain lines, sorted, the same for the same snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inforce.cites import LAWS, Citation, label_of
from inforce.law.languages import mark_single_language
from inforce.law.model import Snapshot
from inforce.law.versions import Change, History, Wording, fold
from inforce.vocab import BASE, PREFIXES

__all__ = ["GRAPH", "law_quads"]

GRAPH = BASE + "graph/law"

_INF, _DCT, _ELI, _SKOS = PREFIXES["inf"], PREFIXES["dct"], PREFIXES["eli"], PREFIXES["skos"]
_TYPE = f"<{PREFIXES['rdf']}type>"
_DATE, _INTEGER = f"<{PREFIXES['xsd']}date>", f"<{PREFIXES['xsd']}integer>"
_LANGUAGES = ("en", "fr")


def law_quads(snapshots: Iterable[Snapshot]) -> list[str]:
    """Return what the snapshots of one law say, as sorted lines of N-Quads in the graph of imported law.

    Args:
        snapshots: all of one law, both languages, in any order.

    Raises:
        ValueError: snapshots of more than one law.
    """
    held = list(snapshots)
    laws = {one.law for one in held}
    if len(laws) > 1:
        raise ValueError(f"snapshots of several laws: {', '.join(sorted(laws))}")
    histories = {
        language: fold([one for one in held if one.language == language])
        for language in _LANGUAGES
        if any(one.language == language for one in held)
    }
    mark_single_language(histories)
    lines: set[str] = set()
    for law in laws:
        lines.update(_law(law, histories))
        kinds: dict[str, str] = {}
        lines.update(_provisions(law, histories, kinds))
        for history in histories.values():
            lines.update(_history(law, history, kinds))
    return sorted(lines)


def _iri(path: str) -> str:
    return f"<{BASE}{path}>"


def _quad(subject: str, predicate: str, value: str) -> str:
    return f"{subject} <{predicate}> {value} <{GRAPH}> ."


def _a(subject: str, kind: str) -> str:
    return f"{subject} {_TYPE} <{kind}> <{GRAPH}> ."


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def _text(value: str) -> str:
    return f'"{value.translate(_ESCAPES)}"'


def _day(value: str) -> str:
    return f'"{value}"^^{_DATE}'


def _law(law: str, histories: dict[str, History]) -> Iterator[str]:
    subject = _iri(law)
    yield _a(subject, _ELI + "LegalResource")
    for language, history in histories.items():
        last = history.snapshots[-1]
        if law not in LAWS:
            yield _quad(subject, _DCT + "identifier", _text(last.number))
            yield _quad(subject, PREFIXES["rdfs"] + "label", f"{_text(last.title)}@{language}")
        for one in history.snapshots:
            snapshot = _iri(f"snapshot/{law}/{language}/{one.day}")
            yield _a(snapshot, _ELI + "LegalExpression")
            yield _quad(snapshot, _DCT + "isVersionOf", subject)
            yield _quad(snapshot, _DCT + "language", _text(language))
            yield _quad(snapshot, _DCT + "issued", _day(one.day.isoformat()))
            yield _quad(snapshot, _ELI + "version_date", _day(one.point_in_time.isoformat()))
            yield _quad(snapshot, _DCT + "valid", _day(one.current_to.isoformat()))
            yield _quad(snapshot, _DCT + "modified", _day(one.last_amended.isoformat()))


def _provisions(law: str, histories: dict[str, History], kinds: dict[str, str]) -> Iterator[str]:
    """One node a path, for both languages; ``kinds`` takes what each is."""
    number = next((one.snapshots[-1].number for one in histories.values()), law)
    for history in histories.values():
        for wording in history.wordings:
            unit = wording.unit
            if wording.path in kinds:
                continue
            kinds[wording.path] = unit.kind
            subject = _iri(f"{law}/{wording.path}")
            yield _a(subject, _ELI + "LegalResourceSubdivision")
            yield _quad(subject, _ELI + "is_part_of", _iri(f"{law}/{unit.parent}" if unit.parent else law))
            yield _quad(subject, _DCT + "type", _text(unit.kind))
            yield _quad(subject, _SKOS + "notation", _text(_notation(law, number, wording.path)))


def _notation(law: str, number: str, path: str) -> str:
    """The citation; of a law that has no short name, by its number."""
    known = law if law in LAWS else next(iter(LAWS))
    labels = tuple(map(label_of, path.split("/")))
    cited = Citation(known, labels).english
    return cited if law in LAWS else number + cited.removeprefix(LAWS[known][0])


def _wording_iri(law: str, language: str, wording: Wording) -> str:
    suffix = f"-{wording.number}" if wording.number > 1 else ""
    return _iri(f"{law}/{wording.path}/{wording.start}{suffix}/{language}")


def _history(law: str, history: History, kinds: dict[str, str]) -> Iterator[str]:
    language = history.language
    for wording in history.wordings:
        yield from _wording(law, language, wording, kinds[wording.path])
    taken: dict[str, int] = {}
    for change in history.changes:
        yield from _change(law, language, change, taken)


def _wording(law: str, language: str, wording: Wording, kind: str) -> Iterator[str]:
    unit = wording.unit
    subject = _wording_iri(law, language, wording)
    yield _a(subject, _INF + "Wording")
    yield _quad(subject, _DCT + "isVersionOf", _iri(f"{law}/{wording.path}"))
    yield _quad(subject, _DCT + "language", _text(language))
    yield _quad(subject, _INF + "from", _day(wording.start))
    yield _quad(subject, _INF + "startKnownFrom", _day(wording.known))
    yield _quad(subject, _INF + "startDecidedBy", _text(wording.how))
    yield _quad(subject, PREFIXES["sh"] + "order", f'"{wording.order}"^^{_INTEGER}')
    if wording.until:
        yield _quad(subject, _INF + "until", _day(wording.until))
        yield _quad(subject, _INF + "endKnownFrom", _day(wording.end_known))
    if wording.end_how:
        yield _quad(subject, _INF + "endDecidedBy", _text(wording.end_how))
    if unit.text:
        yield _quad(subject, _INF + "text", _text(unit.text))
    if digest := wording.digest:
        yield _quad(subject, _INF + "textDigest", _text(digest))
    if unit.markup:
        yield _quad(subject, _INF + "markup", _text(unit.markup))
    if unit.title:
        yield _quad(subject, _DCT + "title", _text(unit.title))
    if unit.label and unit.label != printed_label(unit.kind, wording.path, language):
        yield _quad(subject, PREFIXES["rdfs"] + "label", _text(unit.label))
    if unit.kind != kind:
        # The languages, or the years, do not always call one place by one name.
        yield _quad(subject, _DCT + "type", _text(unit.kind))
    if unit.lims_id:
        yield _quad(subject, _ELI + "id_local", _text(unit.lims_id))
    if wording.note and unit.kind != "note":
        yield _quad(subject, _SKOS + "historyNote", _text(wording.note))
    for instrument in wording.instruments if unit.kind != "note" else ():
        yield _quad(subject, _INF + "instrument", _iri(f"instrument/{instrument}"))
    if wording.replaces is not None:
        yield _quad(subject, _DCT + "replaces", _wording_iri(law, language, wording.replaces))
    if wording.corrects is not None:
        yield _quad(subject, PREFIXES["prov"] + "wasRevisionOf", _wording_iri(law, language, wording.corrects))


def printed_label(kind: str, path: str, language: str) -> str:
    """Return the label as it is printed for a unit of a kind; a wording says its own only where it differs.

    >>> printed_label("paragraph", "26.1/1/a", "en"), printed_label("paragraph", "26.1/1/a", "fr")
    ('(a)', 'a)')
    """
    step = path.rpartition("/")[2]
    if kind == "section":
        return step
    if kind == "paragraph" and language == "fr":
        return f"{step})"
    if kind in ("subsection", "paragraph", "subparagraph", "clause", "subclause", "subsubclause"):
        return f"({step})"
    return ""


def _change(law: str, language: str, change: Change, taken: dict[str, int]) -> Iterator[str]:
    path = f"change/{law}/{change.path}/{change.day}"
    taken[path] = taken.get(path, 0) + 1
    subject = _iri(f"{path}-{taken[path]}/{language}" if taken[path] > 1 else f"{path}/{language}")
    yield _a(subject, _INF + "ChangeEvent")
    yield _quad(subject, _DCT + "date", _day(change.day))
    yield _quad(subject, _DCT + "type", _text(change.kind))
    if change.starts is not None:
        yield _quad(subject, _INF + "starts", _wording_iri(law, language, change.starts))
    if change.ends is not None:
        yield _quad(subject, _INF + "ends", _wording_iri(law, language, change.ends))
    for instrument in change.instruments:
        yield _quad(subject, _INF + "instrument", _iri(f"instrument/{instrument}"))
