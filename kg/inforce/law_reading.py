"""Law files read in forked readers, each once: what was read is kept, checked, and read no more.

A reader has its own limit of memory and ends with its parent; a file that brings one down ends an import with an
error, not the process that asked for it. Results cross between processes as JSON.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import json
import os
import signal
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inforce import errors
from inforce.errors import EnvironmentFault, InForceError, InputError, IntegrityError
from inforce.law_files import LawFile

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

    from inforce.law import Snapshot

__all__ = ["cannot_write", "load", "parser_digest", "read_all", "read_one", "verify"]

MEMORY = 3 << 30
"""How many bytes a reader may use beyond what this process has."""
_FEW = 4  # files for which one more reader costs more than it saves
_PR_SET_PDEATHSIG = 1

Record = dict[str, Any]
Progress = Callable[[str, int, int], None]


@cache
def parser_digest() -> str:
    """Return the digest of the code that reads law: what other code has read is read again where it can be."""
    here = Path(__file__).resolve().parent
    total = hashlib.sha256()
    for path in [*sorted((here / "law").rglob("*.py")), here / "cites.py"]:
        total.update(f"{path.relative_to(here).as_posix()}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:24]


def read_all(
    files: Sequence[LawFile], folder: Path, tell: Progress, *, keep_out: int | None = None, readers: int | None = None
) -> list[Record]:
    """Read each file, or find it read already in ``folder``, and return one record a file, in the order of ``files``.

    A record says law, language, day, digest, three dates of the text, how many units it has, and the name under
    which it is kept.

    Args:
        tell: called with a step's name, how many files are done and how many there are.
        keep_out: a descriptor that readers must not keep open: the lock.
        readers: how many processes; as many as there are processors, but one for a few files, where not given.

    Raises:
        InForceError: that of the first file that is not good, whichever reader met it.
    """
    if not files:
        return []
    count = readers or max(1, min(_processors(), len(files) // _FEW, 8))
    records: dict[int, Record] = {}
    faults: dict[int, InForceError] = {}
    if hasattr(os, "fork"):
        _in_readers(files, folder, tell, keep_out, count, records, faults)
    else:
        for index, file in enumerate(files):
            records[index] = read_one(file, folder)
            tell("reading", len(records), len(files))
    if faults:
        raise faults[min(faults)]
    return [records[index] for index in range(len(files))]


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_readers(
    files: Sequence[LawFile],
    folder: Path,
    tell: Progress,
    keep_out: int | None,
    count: int,
    records: dict[int, Record],
    faults: dict[int, InForceError],
) -> None:
    from multiprocessing import get_context

    context = get_context("fork")
    ends: dict[Connection, tuple[ForkProcess, list[int]]] = {}
    try:
        for first in range(count):
            share = list(range(first, len(files), count))
            here, there = context.Pipe(duplex=False)
            process = context.Process(
                target=_reader,
                args=([(i, files[i]) for i in share], folder, there, [here, *ends], keep_out, os.getpid()),
                daemon=True,
            )
            process.start()
            there.close()
            ends[here] = (process, share)
        while ends:
            ready = wait(list(ends))
            for end in [one for one in ends if one in ready]:
                process, share = ends[end]
                try:
                    message = json.loads(end.recv_bytes())
                except EOFError:
                    _end(end, process)
                    del ends[end]
                    left = [i for i in share if i not in records]
                    if left and not any(i in faults for i in share):
                        faults[left[0]] = _died(files[left[0]], process.exitcode)
                    continue
                if "error" in message:
                    faults[message["index"]] = _again(message["error"])
                else:
                    records[message["index"]] = message["record"]
                    tell("reading", len(records), len(files))
    finally:
        for end, (process, _) in ends.items():
            process.kill()
            _end(end, process)


def _end(end: Connection, process: ForkProcess) -> None:
    end.close()
    process.join()


def _died(file: LawFile, code: int | None) -> InForceError:
    how = f"by signal {-code}" if code and code < 0 else f"with {code}"
    return InputError(
        f"the reader of this file ended {how}", code="E_XML", source=f"{file.source}:1", hint="is it a law file?"
    )


def _again(told: list[Any]) -> InForceError:
    kind = getattr(errors, str(told[0]))
    found: InForceError = kind(told[1], code=told[2], hint=told[3], source=told[4])
    return found


def _reader(
    share: list[tuple[int, LawFile]],
    folder: Path,
    pipe: Connection,
    others: Iterable[Connection],
    keep_out: int | None,
    parent: int,
) -> None:
    """Read a share of the files in order, tell each, and stop at the first that is not good."""
    # A descriptor kept here would keep the lock after the parent has gone, or other pipes from ending.
    if keep_out is not None:
        os.close(keep_out)
    for end in others:
        end.close()
    _limit()
    # A reader is short-lived and makes no circles: looking for them in what it inherits is time lost.
    gc.disable()
    if os.getppid() != parent:
        return
    for index, file in share:
        try:
            told: dict[str, Any] = {"index": index, "record": read_one(file, folder)}
        except InForceError as error:
            what = [type(error).__name__, error.message, error.code, error.hint, error.source]
            told = {"index": index, "error": what}
        except (MemoryError, RecursionError) as error:
            what = [
                "InputError",
                "nested too deeply" if isinstance(error, RecursionError) else "it needs more memory than a law may",
                "E_XML",
                "is it a law file?",
                f"{file.source}:1",
            ]
            told = {"index": index, "error": what}
        except OSError as error:
            what = ["EnvironmentFault", (error.strerror or str(error)).lower(), "E_DISK", None, str(folder)]
            told = {"index": index, "error": what}
        try:
            pipe.send_bytes(json.dumps(told).encode())
        except OSError:
            return  # Nobody is there any more.
        if "error" in told:
            return


def _limit() -> None:
    from inforce.fence import limit_memory

    # The terminal tells everyone of an interrupt: the parent is the one that ends the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory(MEMORY)
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        except (OSError, AttributeError):
            pass  # It then ends when it finds nobody to tell.


# ---- one file --------------------------------------------------------------------------------------


def read_one(file: LawFile, folder: Path) -> Record:
    """Read one file, keep what was read, and return its record.

    Raises:
        InputError: not good law.
        EnvironmentFault: it cannot be read, or nothing can be kept.
    """
    content = file.read()
    digest = hashlib.sha256(content).hexdigest()
    name = f"{digest}-{file.day.isoformat()}.json.z"
    try:
        head, _ = _opened(folder / name)
        if head["parser"] == parser_digest():
            record: Record = head["record"]
            return record
    except (OSError, IntegrityError):
        pass  # Not read yet, or not whole: it is read now.
    # Loaded here: who asks for nothing new parses nothing.
    from inforce.law import parse_snapshot

    snapshot = parse_snapshot(content, source=file.source, day=file.day)
    record = {
        "law": snapshot.law,
        "language": snapshot.language,
        "day": snapshot.day.isoformat(),
        "sha256": digest,
        "point_in_time": _iso(snapshot.point_in_time),
        "current_to": _iso(snapshot.current_to),
        "last_amended": _iso(snapshot.last_amended),
        "units": len(snapshot.units),
        "kept": name,
    }
    _keep(folder / name, snapshot.to_json(), record)
    return record


def _iso(day: date | str | None) -> str | None:
    return None if day is None else str(day)


def _keep(path: Path, body: bytes, record: Record) -> None:
    head = {"format": 1, "parser": parser_digest(), "record": record, "sha256": hashlib.sha256(body).hexdigest()}
    content = zlib.compress(json.dumps(head, sort_keys=True).encode() + b"\n" + body, 1)
    aside = ""
    try:
        handle, aside = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError as error:
        if aside:
            Path(aside).unlink(missing_ok=True)
        raise cannot_write(error, path.parent, needed=len(content)) from None


def cannot_write(error: OSError, path: Path, *, needed: int = 0) -> EnvironmentFault:
    """Return the fault that a write met, with what it needs and what is free."""
    import shutil

    free = ""
    try:
        free = f" ({needed >> 10} KiB needed, {shutil.disk_usage(path).free >> 10} KiB free)" if needed else ""
    except OSError:
        pass
    return EnvironmentFault(
        f"the imported law cannot be written: {(error.strerror or str(error)).lower()}{free}",
        code="E_DISK",
        source=str(path),
        hint="free some space, or make the folder writable; the law held before is as it was",
    )


def verify(folder: Path, record: Record) -> bool:
    """Check what was kept of a snapshot, to the byte; return whether this version of the program read it.

    Raises:
        IntegrityError: it is missing or damaged.
    """
    path = folder / str(record["kept"])
    try:
        return bool(_opened(path)[0]["parser"] == parser_digest())
    except OSError as error:
        raise _unusable(path, record, (error.strerror or str(error)).lower()) from None


def load(folder: Path, record: Record) -> Snapshot:
    """Return a snapshot that was read before.

    Raises:
        IntegrityError: it is missing, damaged, or of another version of this program.
    """
    from inforce.law import Snapshot

    path = folder / str(record["kept"])
    try:
        head, body = _opened(path)
    except OSError as error:
        raise _unusable(path, record, (error.strerror or str(error)).lower()) from None
    if head["parser"] == parser_digest() and head["record"] == record:
        return Snapshot.from_json(body)
    try:
        # Read by other code and not at hand to be read again: good enough if it is still understood.
        return Snapshot.from_json(body)
    except (ValueError, KeyError, TypeError) as error:
        raise _unusable(path, record, str(error)) from None


def _opened(path: Path) -> tuple[dict[str, Any], bytes]:
    try:
        unpacker = zlib.decompressobj()
        head, _, body = unpacker.decompress(path.read_bytes()).partition(b"\n")
        found: dict[str, Any] = json.loads(head)
        good = unpacker.eof and not unpacker.unused_data and found["format"] == 1
        good = good and hashlib.sha256(body).hexdigest() == found["sha256"] and found["record"]["kept"] == path.name
    except OSError:
        raise
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"cannot be used: {error}", source=str(path), hint=_AGAIN) from None
    if not good:
        raise IntegrityError("is not what was written", source=str(path), hint=_AGAIN)
    return found, body


_AGAIN = "import this snapshot's file again: inforce import PATH"


def _unusable(path: Path, record: Record, why: str) -> IntegrityError:
    what = f"what was read of {record['law']} ({record['language']}) of {record['day']} cannot be used: {why}"
    return IntegrityError(what, source=str(path), hint=_AGAIN)
