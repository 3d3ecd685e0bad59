"""``inforce doctor``: is everything as it should be?

Examples:
  inforce doctor
  inforce doctor --store built --json
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import inforce
from inforce import Table
from inforce.errors import InForceError, IntegrityError
from inforce_cli.output import Run

Row = tuple[str, str, str]
LIBRARIES = ("pyoxigraph", "rdflib", "owlrl", "networkx", "typer", "rich", "pyshacl", "dd", "lxml")


def main(run: Run) -> int:
    """Check the store and the imported law byte for byte, the environment, and how far the law was checked.

    Ends with 5 if data do not match, with 6 if the machine is in the way.
    """
    rows: list[Row] = []
    failed: list[int] = []
    for check in (_python, _cache, _store, _data, _coverage, _law, _readings):
        try:
            for row in check(run):
                rows.append(row)
        except InForceError as error:
            rows.append((check.__name__.strip("_"), "fails", str(error)))
            failed.append(int(error.exit_code))
    return run.show(table=Table(("check", "state", "detail"), tuple(rows))) or min(failed, default=0)


def _python(run: Run) -> Iterator[Row]:
    yield "inforce", "good", inforce.__version__
    yield "python", "good", sys.version.split()[0]
    for name in LIBRARIES:
        try:
            yield name, "good", version(name)
        except PackageNotFoundError:
            yield name, "fails", "not installed: pip install inforce"
    yield (
        "output",
        "good",
        f"{getattr(sys.stdout, 'encoding', None) or 'closed'}, {'terminal' if run.on_terminal else 'pipe'}",
    )


def _cache(run: Run) -> Iterator[Row]:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", ""), ".cache")
    if not os.path.isabs(base):
        yield "cache", "missing", "neither XDG_CACHE_HOME nor HOME is set: --data needs --store DIR"
        return
    folder = Path(base)
    while not folder.exists():
        folder = folder.parent
    if os.access(folder, os.W_OK):
        yield "cache", "good", os.path.join(base, "inforce")
    else:
        yield "cache", "missing", f"{folder} cannot be written: --data needs --store DIR"


def _store(run: Run) -> Iterator[Row]:
    built = run.kb.built
    yield "store", "good", str(built.folder)
    for name in sorted(built.outputs):
        yield name, "good", f"{len(built.read(name))} bytes, as in the manifest"
    counted = built.read("graph.nq").count(b"\n")
    expected = built.manifest["counts"]["quads"]
    if counted != expected:
        raise IntegrityError(f"the graph holds {counted} quads, not {expected}", hint="build it again: inforce build")
    yield "quads", "good", str(counted)
    yield "version", "good", built.version


def _data(run: Run) -> Iterator[Row]:
    package = Path(inforce.__file__).resolve().parent
    installed = package / "_data"
    base = installed if installed.is_dir() else package.parent.parent
    files = run.kb.built.manifest.get("files", {})
    changed = [name for name, digest in files.items() if _digest(base / name) != digest]
    if changed and base == installed:
        raise IntegrityError(
            f"{len(changed)} files of the package differ from the manifest, the first {changed[0]}",
            hint="install inforce again",
        )
    if changed:
        yield "data", "stale", f"{len(changed)} of {len(files)} files changed since the build: inforce build"
    else:
        yield "data", "good", f"{len(files)} files, as in the manifest"


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _coverage(run: Run) -> Iterator[Row]:
    book = run.kb.book
    yield "rules", "good", f"from {book.covers_from}, {len(book.rules)} versions, {len(book.actions)} actions"
    late = run.today > book.verified_through
    yield "verified through", "behind" if late else "good", f"{book.verified_through}, today is {run.today}"


def _law(run: Run) -> Iterator[Row]:
    yield from run.kb.law_health()


def _readings(run: Run) -> Iterator[Row]:
    # Without text there is nothing to compare with, and the law is said to be missing above.
    if run.kb.law_version is None:
        return
    states = Counter(row["state"] for row in run.kb.readings())
    stale = run.kb.stale_readings()
    told = ", ".join(f"{state.replace('-', ' ')} {count}" for state, count in states.most_common())
    yield "readings", "stale" if stale.rows else "good", f"{sum(states.values())} provisions that rules cite: {told}"
    for row in stale:
        words = f": {row['words']}" if row["words"] else ""
        yield "reading", "stale", f"{row['rule']} of {row['version']}: {row['says']}{words}"
