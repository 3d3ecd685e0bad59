"""What the modules of inference share: a triple, one inference with its premises, terms, stable names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from inforce.rules.triples import Node
from inforce.vocab import PREFIXES

__all__ = ["Inference", "Triple", "digest"]

INF, RDF, RDFS = PREFIXES["inf"], PREFIXES["rdf"], PREFIXES["rdfs"]
OWL, SKOS, XSD = PREFIXES["owl"], PREFIXES["skos"], PREFIXES["xsd"]
DCT, ELI = PREFIXES["dct"], PREFIXES["eli"]
TYPE = RDF + "type"

Triple = tuple[str, str, Node]


@dataclass(frozen=True, slots=True)
class Inference:
    """One inferred triple, the name of the rule that made it and the triples it was made from."""

    triple: Triple
    rule: str
    premises: tuple[Triple, ...] = ()


def digest(*parts: str) -> str:
    """Return a short, stable name for what ``parts`` say together."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
