"""What goes into a graph: the files of the package and of a user, and one digest of all that makes it what it is.

Apart from the build, so that whoever only asks whether a graph is still of these files does not load what builds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inforce.errors import InputError
from inforce.vocab import BASE

__all__ = ["FORMAT", "Input", "digest_inputs", "inputs"]

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Input:
    """One file that goes into the graph: its path, the graph its triples go to, a stable name for the manifest."""

    path: Path
    graph: str
    name: str


def inputs(root: Path, data: Sequence[Path] = ()) -> list[Input]:
    """Return the files of the package's own ``ontology`` and ``data`` and of a user's folders, sorted.

    Raises:
        InputError: a user's folder holds no Turtle file.
    """
    found = [
        Input(path, f"{BASE}graph/{part}", f"{part}/{path.relative_to(root / part).as_posix()}")
        for part in ("ontology", "data")
        for path in sorted((root / part).rglob("*.ttl"))
        if "shapes" not in path.relative_to(root / part).parts
    ]
    for number, folder in enumerate(data, 1):
        paths = sorted(folder.rglob("*.ttl")) if folder.is_dir() else [folder]
        if not paths:
            raise InputError(f"{folder} holds no .ttl file", code="E_RDF", hint="put rules and facts in Turtle files")
        base = folder if folder.is_dir() else folder.parent
        found.extend(
            Input(p, f"{BASE}graph/user-{number}", f"user-{number}/{p.relative_to(base).as_posix()}") for p in paths
        )
    return found


def digest_inputs(root: Path, data: Sequence[Path] = ()) -> str:
    """Return one SHA-256 over the names and bytes of all inputs: data, queries, shapes, and the code that builds."""
    total = hashlib.sha256(f"inforce build {FORMAT}\n".encode())
    extra = [*sorted((root / "queries").rglob("*.rq")), *sorted((root / "ontology" / "shapes").rglob("*.ttl"))]
    named = [(i.name, i.path) for i in inputs(root, data)] + [(str(p.relative_to(root)), p) for p in extra]
    code = Path(__file__).resolve().parent
    named += [(str(p.relative_to(code)), p) for p in sorted(code.rglob("*.py")) if "_data" not in p.parts]
    for name, path in named:
        total.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
