"""Where things lie: the package's own ontology, data and queries, the built graph, the user's folders."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inforce.errors import EnvironmentFault, IntegrityError, UsageError
from inforce.inputs import digest_inputs

__all__ = ["Built", "built_graph", "cache_dir", "data_dir", "root"]

PARTS = ("ontology", "data", "queries")


def root() -> Path:
    """Return the folder that holds ``ontology``, ``data`` and ``queries``: the checkout, else the installed package."""
    here = Path(__file__).resolve().parent
    checkout = here.parent.parent
    for folder in (checkout, here / "_data"):
        if all((folder / part).is_dir() for part in PARTS):
            return folder
    raise IntegrityError(
        "the package's data are missing", code="E_INTEGRITY", source=str(here / "_data"), hint="install inforce again"
    )


def cache_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Return the user's cache folder for built graphs, made with mode 0700.

    Raises:
        EnvironmentFault: no home folder, or it cannot be made.
    """
    env = os.environ if environ is None else environ
    base = env.get("XDG_CACHE_HOME") or (str(Path(env["HOME"]) / ".cache") if env.get("HOME") else None)
    if not base:
        raise EnvironmentFault(
            "there is no folder for built graphs: neither XDG_CACHE_HOME nor HOME is set",
            code="E_HOME",
            hint="set one of them, or name a folder with --store",
        )
    folder = Path(base) / "inforce"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EnvironmentFault(
            f"the cache folder cannot be made: {error.strerror}",
            code="E_DISK",
            source=str(folder),
            hint="make it writable, or name another with --store",
        ) from None
    return folder


def data_dir(environ: Mapping[str, str] | None = None) -> Path | None:
    """Return the user's folder for what was imported, made or not; ``None`` where there is no home."""
    env = os.environ if environ is None else environ
    base = env.get("XDG_DATA_HOME") or (os.path.join(env["HOME"], ".local", "share") if env.get("HOME") else "")
    # A relative folder would be another one wherever the command is called.
    return Path(base) / "inforce" if os.path.isabs(base) else None


class Built:
    """A built graph on disk; each file is checked against the manifest when it is read."""

    def __init__(self, folder: Path) -> None:
        """Take the folder of a built graph.

        Raises:
            IntegrityError: no manifest, one that cannot be read, or one of another format.
        """
        self.folder = folder
        try:
            self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
            wrong = self.manifest["format"] != 1
            self.outputs: dict[str, Any] = self.manifest["outputs"]
            self.version: str = self.manifest["version"]
        except FileNotFoundError:
            raise IntegrityError(
                "not a built graph: it has no manifest.json",
                code="E_INTEGRITY",
                source=str(folder),
                hint="build it: inforce build",
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                f"the manifest cannot be read: {error}",
                code="E_INTEGRITY",
                source=str(folder / "manifest.json"),
                hint="build it again: inforce build",
            ) from None
        if wrong:
            raise IntegrityError(
                f"format {self.manifest['format']} is not one this version reads",
                code="E_VERSION",
                source=str(folder / "manifest.json"),
                hint="build it again: inforce build",
            )

    def path(self, name: str) -> Path:
        """Return the path of one file."""
        return self.folder / name

    def read(self, name: str) -> bytes:
        """Return the bytes of one file.

        Raises:
            IntegrityError: the file is missing, or is not the one the manifest names.
        """
        try:
            found = self.path(name).read_bytes()
        except OSError as error:
            raise IntegrityError(
                f"cannot be read: {error.strerror}",
                code="E_INTEGRITY",
                source=str(self.path(name)),
                hint="build it again: inforce build",
            ) from None
        listed = self.outputs.get(name, {})
        if hashlib.sha256(found).hexdigest() != listed.get("sha256"):
            raise IntegrityError(
                f"{name} does not match its manifest",
                code="E_INTEGRITY",
                source=str(self.path(name)),
                hint="build it again: inforce build",
            )
        return found

    def json(self, name: str) -> Any:
        """Return one file's JSON, checked."""
        return json.loads(self.read(name))


def built_graph(data: Sequence[Path] = (), store: Path | None = None, *, progress: Any = None) -> Built:
    """Return the built graph of the package with a user's ``data``; builds it only if it is not there yet.

    The packaged graph is used where its inputs have not changed; otherwise the cache, by content.

    Raises:
        InputError: a user's file is not good.
        IntegrityError: a folder named by ``store`` is not a built graph.
    """
    if store is not None and not data:
        if not store.exists():
            raise UsageError(
                f"there is no store at {store}", code="E_USAGE", hint="build one: inforce build --store DIR"
            )
        return Built(store)
    base = root()
    for path in data:
        if not path.exists():
            raise UsageError(
                f"--data {path}: no such file or folder", code="E_USAGE", hint="name a folder of Turtle files"
            )
    packaged = base / "graph" if base.name == "_data" else base / "build" / "graph"
    if not data and packaged.is_dir():
        found = Built(packaged)
        if base.name == "_data" or _unchanged(found, base):
            return found
    digest = digest_inputs(base, data)
    folder = (store or cache_dir()) / digest[:24]
    if (folder / "manifest.json").is_file():
        return Built(folder)
    # Only a graph that is not there yet needs what builds it.
    from inforce import build as builder

    builder.build(base, folder, data=data, progress=progress)
    return Built(folder)


def _unchanged(found: Built, base: Path) -> bool:
    # A checkout whose files are all older than the graph needs no digest of them; the clock of the files
    # is only a shortcut: any doubt and the digests are compared.
    built = found.path("manifest.json").stat().st_mtime_ns
    newest = 0
    for part in PARTS:
        for folder, _, names in os.walk(base / part):
            newest = max(
                newest, os.stat(folder).st_mtime_ns, *(os.stat(os.path.join(folder, n)).st_mtime_ns for n in names)
            )
    for folder, _, names in os.walk(Path(__file__).resolve().parent):
        sources = (os.path.join(folder, name) for name in names if name.endswith(".py"))
        newest = max((newest, *(os.stat(source).st_mtime_ns for source in sources)))
    if newest < built:
        return True
    return bool(found.manifest.get("inputs") == digest_inputs(base))
