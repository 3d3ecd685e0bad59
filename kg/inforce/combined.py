"""The packaged graph and the imported law as one read-only store on disk, kept in the cache.

It is only a cache: its key is the content of both, it is made beside and renamed, and whatever is not as it was
written is made again from the two graphs, each of which is checked against its own manifest. Between two opens the
files are known to be the same by size, times and inode; where one of these moved, by their digests.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from inforce.errors import EnvironmentFault, IntegrityError
from inforce.held import HeldLaw
from inforce.resources import Built, cache_dir

__all__ = ["Combined", "asked", "combined", "in_memory", "inspect"]

FORMAT = 4
_KEPT = 3  # stores of other contents that stay in the cache
_PREFIX = "text-"


@dataclass(frozen=True)
class Combined:
    """A store on disk: where it is, how many quads and which graphs it has."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def path(self) -> Path:
        """The folder of the engine's own files."""
        return self.folder / "store"

    @property
    def quads(self) -> int:
        """How many quads it has."""
        return int(self.manifest["counts"]["quads"])

    @cached_property
    def graphs(self) -> list[str]:
        """The names of its graphs."""
        return [str(name) for name in self.manifest["graphs"]]


def combined(built: Built, law: HeldLaw, cache: Path, *, again: bool = False) -> Combined:
    """Return the store of a built graph and the imported law; makes it where it is not there or not as it was.

    Args:
        cache: the folder of built graphs.
        again: make it even if its files look right: the engine cannot open it.

    Raises:
        IntegrityError: one of the two graphs does not match its manifest.
        EnvironmentFault: the disk is full, or the cache cannot be written.
    """
    folder = cache / f"{_PREFIX}{_key(built, law)}"
    found = None if again else _usable(folder)
    if found is not None:
        return found
    with _one_at_a_time(cache):
        # Whoever held the lock before us has perhaps made it.
        found = None if again else _usable(folder)
        return found or _make(folder, built, law)


def asked(built: Built, law: HeldLaw, *, again: bool = False) -> Any:
    """Return what a question goes to: the store on disk, not opened; in memory, where there can be no cache."""
    from inforce.stores import OnDisk

    try:
        found = combined(built, law, cache_dir(), again=again)
    except EnvironmentFault:
        # Slower by a second or two, and as right.
        return in_memory(built, law)
    return OnDisk(found.path, found.quads, found.graphs)


def in_memory(built: Built, law: HeldLaw | None) -> Any:
    """Return a store in memory of a built graph and, where there is one, the imported law; both are checked.

    Raises:
        IntegrityError: one of the two graphs does not match its manifest.
    """
    from inforce.stores import open_graph

    if law is not None:
        return open_graph(built.path("graph.nq"), _both(built, law)[1])
    built.read("graph.nq")
    return open_graph(built.path("graph.nq"))


def _key(built: Built, law: HeldLaw) -> str:
    from inforce.stores import ENGINE

    return hashlib.sha256(f"{FORMAT}\n{ENGINE}\n{built.version}\n{law.version}\n".encode()).hexdigest()[:24]


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:
        # Two that make the same store waste time, no more: the second rename takes the place of the first.
        yield
        return
    try:
        descriptor = os.open(cache / "text.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _cannot_write(error, cache) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(folder: Path, built: Built, law: HeldLaw) -> Combined:
    from inforce.stores import fill

    packaged, text = _both(built, law)
    aside: Path | None = None
    try:
        _sweep(folder.parent, spare=folder.name)
        aside = Path(tempfile.mkdtemp(prefix=".text-", dir=folder.parent))
        quads = aside / "all.nq"
        with open(quads, "wb") as handle:
            handle.write(packaged)
            handle.write(text)
        count, graphs = fill(aside / "store", quads)
        quads.unlink()
        manifest = {
            "format": FORMAT,
            "graph": built.version,
            "law": law.version,
            "counts": {"quads": count},
            "graphs": graphs,
            "files": {name: _sha256(aside / "store" / name) for name, _ in _stamps(aside)},
        }
        manifest["digest"] = _digest(manifest)
        _write(aside / "manifest.json", manifest)
        _write(aside / "stamps.json", {"digest": manifest["digest"], "stamps": dict(_stamps(aside))})
        if folder.exists():
            os.replace(folder, Path(tempfile.mkdtemp(prefix=".text-", dir=folder.parent)) / "was")
        os.replace(aside, folder)
    except OSError as error:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
        raise _cannot_write(error, folder.parent) from None
    return Combined(folder, manifest)


def _cannot_write(error: OSError, cache: Path) -> EnvironmentFault:
    return EnvironmentFault(
        f"the graph with the imported law cannot be written: {(error.strerror or str(error)).lower()}",
        code="E_DISK",
        source=str(cache),
        hint="free some space, or name another folder with XDG_CACHE_HOME",
    )


def _both(built: Built, law: HeldLaw) -> tuple[bytes, bytes]:
    """Return the quads of both; a triple sits in one graph only, or their union would give it twice.

    The second are those of the law, which wording of it realizes which version that we record, and what each refers to.
    """
    from inforce.references import reference_links
    from inforce.stale import links

    packaged, text = built.read("graph.nq"), law.read().splitlines()
    ours = packaged.splitlines()
    known = {_triple(line) for line in ours}
    kept = [line for line in text if _triple(line) not in known]
    derived = (*links(ours, text), *reference_links(ours, text))
    return packaged, b"".join(line + b"\n" for line in (*kept, *derived))


def _triple(line: bytes) -> bytes:
    # "subject predicate object <graph> ." without its graph: no IRI has a space.
    return line[: line.rindex(b" <")]


def _write(path: Path, manifest: dict[str, Any]) -> None:
    with open(path, "w", encoding="utf-8") as handle:
        json.dump(manifest, handle, indent=1, sort_keys=True)
        handle.flush()
        os.fsync(handle.fileno())


def _sweep(cache: Path, *, spare: str) -> None:
    """Take away what interrupted runs left, and stores of contents that have not been made for long."""
    for path in cache.glob(".text-*"):
        shutil.rmtree(path, ignore_errors=True)
    others = [path for path in cache.glob(f"{_PREFIX}*") if path.is_dir() and path.name != spare]
    for path in sorted(others, key=lambda one: one.stat().st_mtime_ns, reverse=True)[_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


# ---- is it as it was? ----------------------------------------------------------------------------


def _stamps(folder: Path) -> Iterator[tuple[str, list[int]]]:
    with os.scandir(folder / "store") as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            status = entry.stat(follow_symlinks=False)
            yield entry.name, [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _sha256(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _digest(manifest: dict[str, Any]) -> str:
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _read(folder: Path) -> Combined | None:
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        good = manifest["format"] == FORMAT and manifest["digest"] == _digest(manifest)
        return Combined(folder, manifest) if good else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _usable(folder: Path) -> Combined | None:
    found = _read(folder)
    if found is None:
        return None
    try:
        now = dict(_stamps(folder))
        if _seen(found) == now:
            return found
        # Copied, restored or touched: the content decides, and is then known by its new stamps.
        if wrong(found):
            return None
        aside = folder / f".stamps.{os.getpid()}"
        _write(aside, {"digest": found.manifest["digest"], "stamps": now})
        os.replace(aside, folder / "stamps.json")
    except OSError:
        return None
    return found


def _seen(found: Combined) -> Any:
    try:
        known = json.loads((found.folder / "stamps.json").read_bytes())
        return known["stamps"] if known["digest"] == found.manifest["digest"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def wrong(found: Combined) -> list[str]:
    """Return the names of the engine's files that are not what was written; each is read whole."""
    bad = []
    for name, digest in found.manifest["files"].items():
        try:
            good = _sha256(found.path / name) == digest
        except OSError:
            good = False
        if not good:
            bad.append(name)
    there = {entry.name for entry in os.scandir(found.path)} if found.path.is_dir() else set()
    return sorted([*bad, *(there - found.manifest["files"].keys())])


def inspect(built: Built, law: HeldLaw, cache: Path) -> tuple[Path, str | None]:
    """Return where the store of these two graphs is and how many bytes it has, checked byte for byte.

    Raises:
        IntegrityError: a file of it, or its manifest, is not what was written.
    """
    folder = cache / f"{_PREFIX}{_key(built, law)}"
    if not folder.exists():
        return folder, None
    found = _read(folder)
    bad = ["manifest.json"] if found is None else wrong(found)
    if found is None or bad:
        raise IntegrityError(
            f"{bad[0]} of the store with the imported law is not what was written",
            source=str(folder),
            hint="nothing is lost: the next question over the text makes it again",
        )
    from inforce.stores import open_on_disk

    open_on_disk(found.path, found.quads)
    size = sum(stamp[0] for _, stamp in _stamps(folder))
    return folder, f"{found.quads} quads, {size} bytes, as in the manifest"
