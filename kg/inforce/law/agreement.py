"""What the packaged provision versions say of a wording, beside the wording itself: where they differ, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Disagreement", "Held", "Version", "disagreements"]


class Version(NamedTuple):
    """A packaged version of a provision: identifiers, days and a digest, no words."""

    iri: str
    provision: str
    start: str
    """ISO, or empty where it is not known."""
    until: str
    digest: str
    """Empty where the package has none: no words of its own, or words nobody here has seen."""


class Held(NamedTuple):
    """An imported English wording of a provision."""

    iri: str
    provision: str
    start: str
    until: str
    digest: str
    title: str


class Disagreement(NamedTuple):
    """One difference; ``explained`` says that both are right, each in its way."""

    version: str
    what: str
    """``digest``, ``start``, ``end``, ``not-held`` or ``no-digest``."""
    packaged: str
    imported: str
    reason: str
    explained: bool


def disagreements(versions: Iterable[Version], wordings: Iterable[Held]) -> list[Disagreement]:
    """Return where packaged versions and imported wordings differ, sorted by version.

    Args:
        versions: packaged, any order.
        wordings: English ones of the same laws, empty ones (ended on their first day) included; any order.
    """
    by_provision: dict[str, list[Held]] = {}
    for one in sorted(wordings, key=lambda held: (held.provision, held.start, held.until or "~")):
        by_provision.setdefault(one.provision, []).append(one)
    found: list[Disagreement] = []
    for version in sorted(versions):
        found += _compare(version, by_provision.get(version.provision, []))
    return found


def _compare(version: Version, held: list[Held]) -> list[Disagreement]:
    def differ(what: str, packaged: str, imported: str, reason: str, *, explained: bool = True) -> Disagreement:
        return Disagreement(version.iri, what, packaged, imported, reason, explained)

    if not held:
        return [differ("not-held", version.start, "", "no imported snapshot shows the provision", explained=False)]
    meeting = [one for one in held if one.start < (version.until or "~") and (one.until or "~") > (version.start or "")]
    if not version.digest:
        if not meeting:
            return [differ("not-held", version.start, held[0].start, "it ended before the oldest wording held began")]
        if any(one.digest for one in meeting):
            shown = next(one for one in meeting if one.digest)
            return [
                differ(
                    "no-digest", "", shown.digest, "the package has no digest of words that are held", explained=False
                )
            ]
        return []
    same = [one for one in held if one.digest == version.digest]
    if not same:
        if not meeting:
            return [differ("not-held", version.start, held[0].start, "it ended before the oldest wording held began")]
        return [
            differ("digest", version.digest, meeting[0].digest, "other words are held of these days", explained=False)
        ]
    run = _run(same, version)
    first, last = run[0], run[-1]
    found = []
    if first.start != version.start:
        found.append(differ("start", version.start, first.start, "the same words, another first day", explained=False))
    if last.until != version.until:
        found.append(differ("end", version.until, last.until, "the same words, another last day", explained=False))
    if len(run) > 1:
        titles = " / ".join(dict.fromkeys(one.title for one in run))
        found.append(differ("end", version.until, first.until, f"only what is around the words changed: {titles}"))
    return found


def _run(same: list[Held], version: Version) -> list[Held]:
    """Wordings with the same words, one after the other without a gap: the title or a label changed between them."""
    at = next((place for place, one in enumerate(same) if one.start == version.start), 0)
    run = [same[at]]
    for one in same[at + 1 :]:
        if one.start == run[-1].until:
            run.append(one)
    return run
