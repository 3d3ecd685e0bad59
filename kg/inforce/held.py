"""The law a user holds: the version in use, its manifest, who is changing it, and whether it is as it was written.

Layout of the folder: ``current`` (a link to the version in use), ``v-…`` (one version: ``law.nq``, sorted N-Quads,
and ``manifest.json``), ``parsed`` (each file read, so that nothing is read twice), ``lock``. A version is never
edited: a new one is written beside it and the link is swapped.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import Any

from inforce.errors import EnvironmentFault, IntegrityError, LockedError
from inforce.resources import data_dir
from inforce.table import Table

__all__ = ["CURRENT", "FORMAT", "HeldLaw", "exclusive", "held_law", "holder", "law_home"]

FORMAT = 1
CURRENT = "current"
_AGAIN = "import the law again: inforce import PATH"
_COLUMNS = ("law", "language", "snapshots", "first", "last", "current_to", "units", "changes")


def law_home(environ: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder of the imported law, made or not; ``None`` where there is no home."""
    base = data_dir(environ)
    return base / "law" if base is not None else None


@dataclass(frozen=True, slots=True)
class HeldLaw:
    """One version of the imported law. Immutable; what it names stays while it is in use."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def version(self) -> str:
        """The digest of its quads."""
        return str(self.manifest["version"])

    @property
    def quads(self) -> int:
        """How many quads it has."""
        return int(self.manifest["counts"]["quads"])

    @property
    def path(self) -> Path:
        """The file of its quads."""
        return self.folder / "law.nq"

    @property
    def snapshots(self) -> list[dict[str, Any]]:
        """The snapshots it was made of: law, language, day, digest; sorted."""
        return list(self.manifest["snapshots"])

    def read(self) -> bytes:
        """Return its quads, checked.

        Raises:
            IntegrityError: the file is missing, or is not the one the manifest names.
        """
        try:
            found = self.path.read_bytes()
        except OSError as error:
            raise _damaged(self.path, f"cannot be read: {(error.strerror or str(error)).lower()}") from None
        if hashlib.sha256(found).hexdigest() != self.manifest["outputs"]["law.nq"]["sha256"]:
            raise _damaged(self.path, "law.nq does not match its manifest")
        return found

    def table(self) -> Table:
        """Return one row a law and language: how many snapshots, from which day to which, changes of text."""
        rows = []
        for entry in self.manifest["laws"]:
            days = [s for s in self.snapshots if (s["law"], s["language"]) == (entry["law"], entry["language"])]
            last = days[-1]
            rows.append(
                {
                    **entry,
                    "snapshots": len(days),
                    "first": days[0]["day"],
                    "last": last["day"],
                    "current_to": last["current_to"],
                    "units": last["units"],
                    "changes": sum(entry["changes"].values()),
                }
            )
        return Table.of(_COLUMNS, rows)


def _damaged(path: Path, what: str, code: str = "E_INTEGRITY") -> IntegrityError:
    return IntegrityError(what, code=code, source=str(path), hint=_AGAIN)


def held_law(home: Path | None = None) -> HeldLaw | None:
    """Return the version of the imported law that is in use, ``None`` where nothing was imported.

    Args:
        home: the folder of the imported law; the user's own where it is not given.

    Raises:
        IntegrityError: its manifest is missing or cannot be read, its quads are missing or cut, or it was written by
            a newer version of this program.
    """
    home = home or law_home()
    if home is None or not os.path.lexists(home / CURRENT):
        return None
    # Resolved once: a version that takes its place meanwhile is not seen by half.
    folder = Path(os.path.realpath(home / CURRENT))
    manifest = folder / "manifest.json"
    try:
        content = manifest.read_bytes()
        found: dict[str, Any] = json.loads(content)
        if found["format"] != FORMAT:
            raise _damaged(manifest, f"format {found['format']} is not one this version reads", "E_VERSION")
        size = int(found["outputs"]["law.nq"]["bytes"])
        named = folder.name == "v-" + digest_of(found)[:24]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(manifest, f"the manifest of the imported law cannot be read: {error}") from None
    if not named:
        raise _damaged(manifest, "the manifest of the imported law is not the one that was written")
    law = HeldLaw(folder, found)
    try:
        there = law.path.stat().st_size
    except OSError as error:
        raise _damaged(law.path, f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    if there != size:
        raise _damaged(law.path, f"law.nq has {there} bytes, not {size}")
    return law


def digest_of(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a manifest in its canonical form; the name of a version is its beginning."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# ---- the lock ------------------------------------------------------------------------------------


@contextmanager
def exclusive(home: Path) -> Iterator[int]:
    """Hold the folder for the one process that changes it; yield the descriptor of the lock.

    The system frees the lock when its holder ends, however it ends: a lock left by a dead process is no hindrance.

    Raises:
        LockedError: another process holds it; says which and since when.
        EnvironmentFault: the folder cannot be written, or this system has no such lock.
    """
    try:
        import fcntl
    except ImportError:
        raise EnvironmentFault("this system has no file locks to keep imports apart", code="E_LOCK") from None
    path = home / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(error, path) from None
    try:
        if not _taken(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB):
            who = _named(path) or "by another process"
            raise LockedError(
                f"the imported law is locked {who}", source=str(path), hint="wait until that import has ended"
            )
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "host": _host()}).encode() + b"\n", 0)
        except OSError as error:
            raise _unwritable(error, path) from None
        yield descriptor
        # Who reads the file after us is not to take us for the holder; the work is done all the same.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _taken(descriptor: int, how: int) -> bool:
    import fcntl

    # Who only asks for the holder has the lock for an instant: that is no reason to give up.
    for pause in (0.02, 0.1, 0.0):
        try:
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            sleep(pause)
        except OSError as error:
            raise EnvironmentFault(
                f"the folder of imported law cannot be locked: {(error.strerror or str(error)).lower()}", code="E_LOCK"
            ) from None
        else:
            return True
    return False


def holder(home: Path) -> str | None:
    """Return who holds the lock, as words for a message, or ``None`` if it is free."""
    try:
        import fcntl

        descriptor = os.open(home / "lock", os.O_RDWR | os.O_CLOEXEC)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _named(home / "lock") or "by another process"
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else ""


def _named(path: Path) -> str | None:
    try:
        who = json.loads(path.read_bytes())
        since = datetime.fromtimestamp(int(path.stat().st_mtime), tz=UTC)
        return f"by pid {int(who['pid'])} on {who['host']} since {since:%Y-%m-%d %H:%M:%S} UTC"
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _unwritable(error: OSError, path: Path) -> EnvironmentFault:
    return EnvironmentFault(
        f"the imported law cannot be written: {(error.strerror or str(error)).lower()}",
        code="E_DISK",
        source=str(path),
        hint="free some space, or make the folder writable",
    )
