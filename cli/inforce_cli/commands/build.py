"""``inforce build``: the graph from ontology, data and the user's files.

Examples:
  inforce build
  inforce build --store built
  inforce build --data my-rules --store built
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from inforce.errors import EnvironmentFault, UsageError
from inforce_cli.output import Run

if TYPE_CHECKING:
    from inforce import KnowledgeBase


def main(run: Run) -> int:
    """Build the graph from ontology, data and your files; what is built already and has not changed is kept.

    Without --data, --store DIR gets a copy of the graph. With --data, DIR holds one folder for each content of your
    files. A graph is made aside and renamed when it is whole: an interrupted build leaves the one before as it was.
    """
    target = run.options.store
    if target is not None and not run.options.data:
        run.options.store = None
        folder = _copied(run.kb, target)
    else:
        folder = run.kb.built.folder
    sizes = {name: entry["bytes"] for name, entry in sorted(run.kb.built.outputs.items())}
    found = {
        "folder": str(folder),
        "version": run.kb.version,
        "counts": run.kb.built.manifest["counts"],
        "files": sizes,
    }
    return run.show(json=found, text=f"built {run.kb.version}\n  in {folder}\n")


def _copied(kb: KnowledgeBase, target: Path) -> Path:
    if target.exists() and not (target / "manifest.json").is_file() and (target.is_file() or any(target.iterdir())):
        raise UsageError(
            f"--store {target} holds other things", hint="name an empty folder, or one that does not exist"
        )
    aside, old = (target.with_name(f".{target.name}.{os.getpid()}.{part}") for part in ("part", "old"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.mkdir()
        for name in (*kb.built.outputs, "manifest.json"):
            shutil.copyfile(kb.built.path(name), aside / name)
        if target.exists():
            target.replace(old)
        aside.replace(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.replace(target)
        raise EnvironmentFault(
            f"the graph cannot be written: {(error.strerror or str(error)).lower()}",
            code="E_DISK",
            source=str(target),
            hint="make the folder writable, or name another with --store",
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return target
