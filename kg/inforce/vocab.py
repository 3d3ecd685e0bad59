"""The names of the graph: one base, its prefixes, and the way between a short name and an IRI."""

from __future__ import annotations

import re

from inforce.errors import UnknownIdError, nearest

__all__ = ["BASE", "PREFIXES", "expand", "shrink"]

BASE = "https://w3id.org/inforce/"

# Our own kinds of thing, each a folder under the base.
_FOLDERS = (
    "action",
    "category",
    "change",
    "claim",
    "class",
    "conflict",
    "constraint",
    "evidence",
    "exemption",
    "fact",
    "instrument",
    "layer",
    "list",
    "place",
    "port",
    "program",
    "rule",
    "source",
    "value",
)

PREFIXES: dict[str, str] = {
    "inf": BASE + "ns#",
    **{folder: f"{BASE}{folder}/" for folder in _FOLDERS},
    "cond": BASE + "condition/",
    "cv": "http://data.europa.eu/m8g/",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "oa": "http://www.w3.org/ns/oa#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "time": "http://www.w3.org/2006/time#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

# A local name that Turtle and SPARQL can hold without escapes.
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?\Z")
_LONGEST_FIRST = sorted(PREFIXES.items(), key=lambda item: -len(item[1]))


def expand(name: str) -> str:
    """Return the IRI of a prefixed name, of ``<path>`` against the base, or of an IRI in angle brackets.

    Raises:
        UnknownIdError: a prefix that is not ours.

    >>> expand("inf:from")
    'https://w3id.org/inforce/ns#from'
    >>> expand("<irpr/198/2/a>")
    'https://w3id.org/inforce/irpr/198/2/a'
    """
    if name.startswith("<") and name.endswith(">"):
        inside = name[1:-1]
        return inside if ":" in inside.split("/", 1)[0] else BASE + inside
    prefix, colon, local = name.partition(":")
    if colon and prefix in PREFIXES:
        return PREFIXES[prefix] + local
    near = nearest(prefix, PREFIXES)
    raise UnknownIdError(
        f'unknown prefix "{prefix}:"' if colon else f'"{name}" is not a prefixed name',
        hint=(f"did you mean {' or '.join(one + ':' for one in near)}? " if near else "")
        + "all prefixes: inforce schema",
    )


def shrink(iri: str) -> str:
    """Return the shortest way to write an IRI: a prefixed name, ``<path>`` against the base, or ``<iri>``.

    >>> shrink("https://w3id.org/inforce/rule/R-WP-198-1")
    'rule:R-WP-198-1'
    >>> shrink("https://w3id.org/inforce/irpr/198/2/a")
    '<irpr/198/2/a>'
    """
    for prefix, start in _LONGEST_FIRST:
        if iri.startswith(start) and _LOCAL.match(iri, len(start)):
            return f"{prefix}:{iri[len(start) :]}"
    return f"<{iri[len(BASE) :]}>" if iri.startswith(BASE) else f"<{iri}>"
