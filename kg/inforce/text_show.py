"""A thing and, where it is a provision whose text is imported, the text beside it; the citation of a wording."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from inforce.errors import LawNotHeldError, UnknownIdError
from inforce.table import Table
from inforce.text_units import Reading, cited, path_of
from inforce.vocab import BASE

if TYPE_CHECKING:
    from inforce.kb import KnowledgeBase
    from inforce.text_timeline import Timeline

_DATED = re.compile(r"/\d{4}-\d\d-\d\d$")

__all__ = ["Readings", "citable", "cited_wording", "read_provision", "shown"]


def provision_path(name: str) -> str | None:
    """Return the path of a provision; ``None`` for a whole law, a dated version and what is no citation."""
    path = path_of(name)
    # A version of the package is asked for by its first day; it has no text.
    return None if path is None or "/" not in path or _DATED.search(path) else path


def read_provision(kb: KnowledgeBase, name: str, *, on: str | None, known_on: str | None, lang: str) -> Reading | None:
    """Return a provision's text on a day; ``None`` where none is imported, or it is no provision.

    Where no day is given, the text of today, or none if it is not in force today.

    Raises:
        LawNotHeldError: the text says that it did not exist on that day.
    """
    path = provision_path(name)
    if path is None or kb.law_version is None:
        return None
    try:
        found: Reading = kb.law.provision(path, on=on, language=lang, known_on=known_on)
    except LawNotHeldError:
        if on is None and known_on is None:
            return None
        raise
    except UnknownIdError:
        # The rules may name a provision that the text imported does not reach.
        return None
    return found


def shown(
    kb: KnowledgeBase, name: str, *, on: str | None = None, known_on: str | None = None, lang: str = "en"
) -> dict[str, Any]:
    """Return a thing as ``kb.show`` does; a provision has ``wording`` too, its text as ``inforce/text/1``.

    Where no text of a provision is held, ``wording`` is ``None`` and ``wording_note`` says why. A provision that only
    the imported text knows has its names and its text.

    Raises:
        UnknownIdError: nothing by that name.
        LawNotHeldError: a provision that did not exist on that day; the hint says when it did.
    """
    try:
        reading = read_provision(kb, name, on=on, known_on=known_on, lang=lang)
    except LawNotHeldError as error:
        return _untold(kb, name, on, known_on, error)
    try:
        thing = kb.show(name, on=on, known_on=known_on)
    except UnknownIdError as error:
        if reading is None:
            # The text knows the neighbours of a provision that it does not hold; the names of the package do not.
            if kb.law_version is not None and provision_path(name) is not None and error.code == "E_UNKNOWN_ID":
                kb.law.provision(name, on=on, language=lang, known_on=known_on)
            raise
        thing = _bare(kb, name, reading, held=error.code == "E_NOT_HELD")
    if reading is not None:
        return {**thing, "wording": reading.to_dict()}
    if thing["kind"] != "provision":
        return thing
    why = (
        "the text is not held; import it: inforce import PATH" if kb.law_version is None else "no text of today is held"
    )
    return {**thing, "wording": None, "wording_note": why}


def _untold(
    kb: KnowledgeBase, name: str, on: str | None, known_on: str | None, error: LawNotHeldError
) -> dict[str, Any]:
    """A provision on a day of which no text is held, as the package knows it: its versions reach further back."""
    try:
        thing = kb.show(name, on=on, known_on=known_on)
    except UnknownIdError:
        raise error from None
    if not thing.get("versions"):
        raise error
    return {**thing, "wording": None, "wording_note": "no text of that day is held"}


def _bare(kb: KnowledgeBase, name: str, reading: Reading, *, held: bool) -> dict[str, Any]:
    """A provision the package knows nothing of on that day: its names, and what rests on it on others."""
    if held:
        thing = {key: value for key, value in kb.show(name).items() if key != "versions"}
        return {**thing, "on": reading.on}
    return {
        "schema": "inforce/thing/1",
        "asked": name,
        "id": cited(reading.path, "en"),
        "iri": BASE + reading.path,
        "kind": "provision",
        "list": "provisions",
        "label": cited(reading.path, "en"),
        "label_fr": cited(reading.path, "fr"),
        "on": reading.on,
        "known_on": reading.known_on,
        "names": [],
    }


def cited_wording(kb: KnowledgeBase, thing: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """Return a shown provision with its wording, dates and instrument in place of the package's version.

    ``consolidation`` is the day of the one in which the wording was first seen.
    """
    own = next(one for one in reading.wordings if one.path == reading.path)
    version = {
        "id": f"{cited(reading.path, 'en')}@{own.since}",
        "iri": own.iri,
        "from": own.since,
        "until": own.until,
        "consolidation": own.known_from,
        "instrument": own.instrument,
        "amending_note": own.note,
        "title": own.title,
    }
    # A law that only the import knows goes by its number.
    number = cited(reading.path).partition(" ")[0]
    law = thing.get("law") or _law_of(kb, reading.path) or {"label": number, "number": number, "number_fr": number}
    return {**thing, "law": law, "versions": [version]}


def _law_of(kb: KnowledgeBase, path: str) -> Any:
    try:
        return kb.show(path.partition("/")[0]).get("law")
    except UnknownIdError:
        return None


def citable(kb: KnowledgeBase, name: str, *, on: str | None, lang: str) -> tuple[dict[str, Any], str]:
    """Return a thing to cite, of a provision the wording of that day where its text is held, and the data's version.

    Raises:
        UnknownIdError: nothing by that name, or nothing of it is held on that day.
    """
    reading = read_provision(kb, name, on=on, known_on=None, lang=lang)
    if reading is None:
        return kb.show(name, on=on), kb.version
    thing = shown(kb, name, on=on, lang=lang)
    return cited_wording(kb, thing, reading), str(kb.law_version)


class Readings:
    """What a knowledge base says with the imported text at hand, and without it."""

    def read(
        self, name: str, *, on: str | None = None, known_on: str | None = None, lang: str = "en"
    ) -> dict[str, Any]:
        """Return a thing as ``show`` does, with the text of a provision in ``wording`` where it is imported.

        Raises:
            UnknownIdError: nothing by that name.
            LawNotHeldError: a provision that did not exist on that day; the hint says when it did.
        """
        return shown(cast("KnowledgeBase", self), name, on=on, known_on=known_on, lang=lang)

    def timeline(self, name: str, *, lang: str = "en", known_on: str | None = None) -> Timeline:
        """Return a rule or a provision over time, of its text where that is imported.

        Raises:
            UnknownIdError: nothing by that name.
            UsageError: a thing that has no versions.
        """
        from inforce.text_timeline import timeline

        return timeline(cast("KnowledgeBase", self), name, lang=lang, known_on=known_on)

    def search_all(self, text: str) -> Table:
        """Return what ``search`` finds and, where text is imported, the wordings that hold all words.

        Of each provision and language the latest wording: ``kind`` is ``text``, ``label`` the words around a hit.
        """
        kb = cast("KnowledgeBase", self)
        found = kb.search(text)
        if kb.law_version is None:
            return found
        latest = {(hit["iri"], hit["language"]): hit for hit in kb.law.search(text)}
        hits = [
            {
                "kind": "text",
                "id": hit["citation_fr"] if hit["language"] == "fr" else hit["citation"],
                "label": hit["snippet"],
                "label_fr": hit["snippet"] if hit["language"] == "fr" else "",
                "language": hit["language"],
                "from": hit["from"],
                "until": hit["until"],
            }
            for hit in latest.values()
        ]
        return Table.of((*found.columns, "language", "from", "until"), [*found, *hits])
