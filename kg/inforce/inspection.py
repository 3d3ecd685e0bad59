"""Is the imported law as it was written? One row a check, the cheap ones first."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from inforce.combined import inspect
from inforce.errors import EnvironmentFault, IntegrityError
from inforce.held import HeldLaw, held_law, holder, law_home
from inforce.law_reading import verify
from inforce.resources import Built, cache_dir

__all__ = ["law_health"]

Row = tuple[str, str, str]
_LITTLE = 200 << 20  # bytes free that an import of the modelled laws can need, its store included


def law_health(built: Built, home: Path | None = None) -> Iterator[Row]:
    """Yield a name, a state (``good``, ``missing``, ``stale``) and a detail for each check, in order.

    Every file is read whole: what was read of each snapshot, the quads, and the store made of them in the cache.

    Raises:
        IntegrityError: something is not what was written; the rows before it stand.
        EnvironmentFault: a folder that cannot be read.
    """
    home = home or law_home()
    if home is None:
        yield "law", "missing", "neither XDG_DATA_HOME nor HOME is set: no text of any law can be held"
        return
    yield _disk(home)
    who = holder(home)
    yield "import lock", "busy" if who else "good", f"held {who}" if who else "free"
    if home.is_dir() and not os.access(home, os.W_OK):
        yield "law", "missing", f"{home} cannot be written: nothing can be imported"
    law = held_law(home)
    if law is None:
        yield "law", "missing", "no text of any law is held: inforce import PATH"
        return
    for row in law.table().to_dicts():
        days = f"{row['snapshots']} snapshots, {row['first']} to {row['last']}, current to {row['current_to']}"
        yield f"law {row['law']} {row['language']}", "good", f"{days}, {row['changes']} changes of text"
    counted = law.read().count(b"\n")
    if counted != law.quads:
        raise IntegrityError(
            f"the imported law has {counted} quads, not {law.quads}", source=str(law.path), hint="import it again"
        )
    yield "law.nq", "good", f"{counted} quads, {law.path.stat().st_size} bytes, as in the manifest"
    yield _kept(home, law)
    try:
        cache = cache_dir()
    except EnvironmentFault as fault:
        yield "text store", "missing", f"{fault.message}: questions over the text load it into memory"
        return
    folder, detail = inspect(built, law, cache)
    yield "text store", "good" if detail else "missing", detail or f"the first question makes it in {folder}"


def _kept(home: Path, law: HeldLaw) -> Row:
    # The next import reads these instead of the files; whoever still has the files loses nothing.
    lost = older = 0
    first = ""
    for record in law.snapshots:
        try:
            older += not verify(home / "parsed", record)
        except IntegrityError as error:
            lost += 1
            first = first or error.message
    if lost:
        raise IntegrityError(
            f"{lost} of {len(law.snapshots)} snapshots that were read cannot be used again, the first: {first}",
            source=str(home / "parsed"),
            hint="import their files again",
        )
    if older:
        detail = (
            f"{older} of {len(law.snapshots)} were read by another version of this program: import their files again"
        )
        return "snapshots", "stale", detail
    return "snapshots", "good", f"{len(law.snapshots)} kept, each as it was read"


def _disk(home: Path) -> Row:
    folder = home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return "free disk", "good" if free > _LITTLE else "little", f"{free >> 20} MiB at {folder}"
