"""Where law files are and on which day each was published: single files, folders of snapshots, a git checkout.

Nothing here knows XML. A file is found with its day, and read whole, unpacked, within a limit of size.
"""

from __future__ import annotations

import errno
import lzma
import os
import re
import subprocess
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from inforce.errors import EnvironmentFault, InputError, UsageError

__all__ = ["LARGEST", "Found", "LawFile", "find_law_files"]

LARGEST = 64 << 20
"""How many bytes of plain XML one file may have; the largest federal act has less than half of that."""
_UNPACKER = 128 << 20  # bytes of memory the xz decoder may take
_DAY = re.compile(r"(?<![0-9])([0-9]{4}-[0-9]{2}-[0-9]{2})(?![0-9])")
_ENDINGS = (".xml", ".xml.xz")
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:")

# Fixed words only: nothing is fetched, nothing of the repository's own settings is run, no text is translated.
_GIT = ("git", "--no-pager", "--no-replace-objects", "-c", "protocol.allow=never", "-c", "core.fsmonitor=false")
_GIT_SETTINGS = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}


@dataclass(frozen=True, slots=True)
class LawFile:
    """One state of one file: the day it was published, and where its bytes are."""

    source: str
    """What names it in messages: a path, or ``repository@commit:path``."""
    day: date
    path: Path
    """The file, or the repository that holds the blob."""
    blob: str | None = None

    def read(self) -> bytes:
        """Return the plain XML.

        Raises:
            InputError: larger than ``LARGEST``, or not a whole xz file.
            EnvironmentFault: it cannot be read.
        """
        content = _plain_bytes(self.path, self.source) if self.blob is None else _blob(self)
        if self.source.endswith(".xz"):
            content = _unpacked(content, self.source)
        if not content:
            raise InputError("the file is empty", code="E_XML", source=f"{self.source}:1", hint="fetch it again")
        return content


@dataclass(slots=True)
class Found:
    """What was found: law files, oldest first in each repository, and how much else was there."""

    files: list[LawFile] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    """How many files were left aside, by the reason."""
    notes: list[str] = field(default_factory=list)
    """What a reader of the result has to know, one sentence each."""

    def skip(self, reason: str, count: int = 1) -> None:
        """Count files that were left aside."""
        if count:
            self.skipped[reason] = self.skipped.get(reason, 0) + count


def find_law_files(
    paths: Iterable[str | Path],
    *,
    published: date | None = None,
    wanted: Callable[[str], bool] | None = None,
    kept: Collection[str] = (),
) -> Found:
    """Return the law files that ``paths`` name, each with its day.

    A day is read off the file's name, else off the nearest folder's, else it is ``published``; in a git repository it
    is the day of the commit.

    Args:
        paths: files, folders, or working folders of git repositories.
        published: the day that files without one in their name were published.
        wanted: says of a file's name without its ending, or a folder's, whether it is the law asked for; for
            repositories, where every law of a country may lie side by side.
        kept: folders to leave aside: the store itself.

    Raises:
        UsageError: no such file or folder, a URL, a file with no day, a loop of links.
        InputError: a folder without law, or a day that no calendar has.
        EnvironmentFault: a folder that cannot be read, or git is missing or fails.
    """
    found = Found()
    for given in paths:
        text = str(given)
        if _REMOTE.match(text) and not os.path.lexists(text):
            raise UsageError(
                f"{text} is an address: nothing is ever fetched",
                hint="fetch it yourself and name the files: inforce import PATH",
            )
        if not text:
            raise UsageError("an empty PATH", hint="name XML files, a folder of them, or a git checkout")
        path = Path(given)
        before = len(found.files)
        if _is_folder(path, text):
            if (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir()):
                _walk_history(path, found, wanted)
            else:
                _walk_folder(path, found, published, {os.path.realpath(one) for one in kept})
            if len(found.files) == before:
                raise InputError(
                    "no law file is in it" + _and_why(found),
                    code="E_NO_LAW",
                    source=text,
                    hint="snapshots are .xml or .xml.xz files with the day in their name, or in their folder's",
                )
        else:
            found.files.append(_single(path, published))
    return found


def _and_why(found: Found) -> str:
    return f" ({', '.join(f'{n} {reason}' for reason, n in sorted(found.skipped.items()))})" if found.skipped else ""


def _is_folder(path: Path, text: str) -> bool:
    try:
        return os.path.isdir(path) if os.stat(path) else False
    except FileNotFoundError:
        what = "a link to nothing" if path.is_symlink() else "no such file or folder"
        raise UsageError(f"{text}: {what}", hint="name XML files, a folder of them, or a git checkout") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UsageError(f"{text}: a link that leads back to itself", hint="name the file itself") from None
        if error.errno in (errno.ENAMETOOLONG, errno.ENOTDIR):
            raise UsageError(f"{text[:80]}: no such file or folder", hint="name XML files or a folder") from None
        raise _unreadable(error, text) from None
    except ValueError:
        raise UsageError("a path cannot hold a null character", hint="name XML files or a folder") from None


def _unreadable(error: OSError, source: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"cannot be read: {(error.strerror or str(error)).lower()}",
        code="E_DISK",
        source=source,
        hint="check the disk and the permissions",
    )


# ---- files and folders ---------------------------------------------------------------------------


def _single(path: Path, published: date | None) -> LawFile:
    day = _day_in_name(path.name, str(path)) or published
    # A device or a pipe never ends.
    if not path.is_file():
        raise UsageError(f"{path} is neither a file nor a folder", hint="name XML files, or a folder of them")
    if day is None:
        raise UsageError(
            f"{path}: its name does not say on which day it was published",
            hint="say it with --published DAY, or name the file DAY.xml",
        )
    return LawFile(str(path), day, path)


def _walk_folder(top: Path, found: Found, published: date | None, kept: set[str]) -> None:
    def failed(error: OSError) -> None:
        raise _unreadable(error, str(error.filename or top)) from None

    for folder, names, files in os.walk(top, onerror=failed, followlinks=False):
        linked = [name for name in names if os.path.islink(os.path.join(folder, name))]
        found.skip("behind a link to a folder", len(linked))
        names[:] = sorted(
            name
            for name in names
            if not name.startswith(".") and os.path.realpath(os.path.join(folder, name)) not in kept
        )
        for name in sorted(files):
            _take(Path(folder) / name, top, found, published)


def _take(path: Path, top: Path, found: Found, published: date | None) -> None:
    if not path.name.endswith(_ENDINGS) or path.name.startswith("."):
        found.skip("not XML")
        return
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UsageError(f"{path}: a link that leads back to itself", hint="take it away") from None
        raise _unreadable(error, str(path)) from None
    if not path.is_file():
        found.skip("neither file nor folder")
        return
    day = _day_in_name(path.name, str(path)) or _day_above(path, top) or published
    if day is None:
        found.skip("without a day in name or folder")
        return
    found.files.append(LawFile(str(path), day, path))


def _day_above(path: Path, top: Path) -> date | None:
    for folder in path.parents:
        if day := _day_in_name(folder.name, str(folder)):
            return day
        if folder == top:
            break
    return None


def _day_in_name(name: str, source: str) -> date | None:
    match = _DAY.search(name)
    if match is None:
        return None
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        raise InputError(
            f"{match[1]} in its name is no day of the calendar", code="E_DATE", source=source, hint="rename it"
        ) from None


def _plain_bytes(path: Path, source: str) -> bytes:
    try:
        with open(path, "rb") as handle:
            content = handle.read(LARGEST + 1)
    except OSError as error:
        raise _unreadable(error, source) from None
    if len(content) > LARGEST:
        raise _too_large(source)
    return content


def _too_large(source: str) -> InputError:
    return InputError(
        f"more than {LARGEST >> 20} MiB of XML: no law is that long",
        code="E_XML",
        source=f"{source}:1",
        hint="is it one snapshot of one law?",
    )


def _unpacked(content: bytes, source: str) -> bytes:
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_UNPACKER)
    try:
        plain = unpacker.decompress(content, max_length=LARGEST + 1)
    except lzma.LZMAError as error:
        raise InputError(
            f"not a good xz file: {str(error).lower()}", code="E_XML", source=f"{source}:1", hint="fetch it again"
        ) from None
    if len(plain) > LARGEST:
        raise _too_large(source)
    if not unpacker.eof or unpacker.unused_data.strip(b"\0"):
        raise InputError(
            "half an xz file" if not unpacker.eof else "an xz file with something behind it",
            code="E_XML",
            source=f"{source}:{plain.count(10) + 1}",
            hint="fetch it again",
        )
    return plain


# ---- a git repository --------------------------------------------------------------------------


def _walk_history(repo: Path, found: Found, wanted: Callable[[str], bool] | None) -> None:
    """Find every state that a law file had at a commit of the branch checked out, oldest first.

    Several commits of one day that touch a file count as the last of them: a day has one publication.
    """
    if _git(repo, "rev-parse", "--is-shallow-repository").strip() == b"true":
        found.notes.append(f"{repo} is a shallow clone: law before its first commit is not in it")
    kept: dict[tuple[str, date], LawFile] = {}
    others: set[str] = set()
    replaced = 0
    for commit, day, blob, path in _history(repo):
        source = f"{repo}@{commit[:8]}:{path}"
        parts = path.removesuffix(".xz").removesuffix(".xml").split("/")
        if not path.endswith(_ENDINGS) or (wanted is not None and not any(map(wanted, parts))):
            others.add(path)
            continue
        # A repository of dated snapshots says the day itself; the one that is committed once says it by its name.
        published = _day_in_name(parts[-1], source) or date.fromisoformat(day)
        replaced += (path, published) in kept
        kept[path, published] = LawFile(source, published, repo, blob)
    found.files.extend(sorted(kept.values(), key=lambda one: (one.day, one.source)))
    found.skip("other files of the repository", len(others))
    found.skip("replaced on the same day", replaced)


def _history(repo: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield commit, its day, blob and path of each file that a commit added or changed, oldest commit first."""
    shape = "--format=%x01%H %cs"
    log = _git(
        repo, "log", "--reverse", "--first-parent", "--diff-merges=first-parent", "--root", "--raw", "--no-abbrev",
        "--no-renames", "--diff-filter=AMT", "--no-show-signature", "-z", shape, "HEAD", "--",
    )  # fmt: skip
    for entry in log.split(b"\x01")[1:]:
        head, _, rest = entry.partition(b"\0")
        # A commit's line ends with a line feed where files follow it.
        commit, day = head.decode("ascii").split()[:2]
        if b":" in head:
            # Older versions of git put the first file on the commit's own line.
            rest = head[head.index(b":") :] + b"\0" + rest
        parts = rest.lstrip(b"\n").split(b"\0")
        for change, path in zip(parts[::2], parts[1::2], strict=False):
            words = change.strip().decode("ascii", "replace").split()
            if len(words) == 5 and words[1].startswith("100"):
                yield commit, day, words[3], os.fsdecode(path)


def _blob(file: LawFile) -> bytes:
    name = str(file.blob)
    size = int(_git(file.path, "cat-file", "-s", name))
    if size > LARGEST:
        raise _too_large(file.source)
    return _git(file.path, "cat-file", "blob", name)


def _git(repo: Path, *arguments: str) -> bytes:
    # Never a shell; what varies is the folder and names of objects that git itself gave us.
    command: Sequence[str] = (*_GIT, "-C", os.path.abspath(repo), *arguments)
    try:
        ran = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, env={**os.environ, **_GIT_SETTINGS}
        )
    except FileNotFoundError:
        raise EnvironmentFault(
            "a git repository is read with git, which is not installed",
            code="E_GIT",
            source=str(repo),
            hint="install git, or import the files",
        ) from None
    except OSError as error:
        raise _unreadable(error, str(repo)) from None
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines() or ["it did not say why"]
        raise EnvironmentFault(
            f"git cannot read it: {said[0].removeprefix('fatal: ')}",
            code="E_GIT",
            source=str(repo),
            hint="try it there: git log",
        )
    return ran.stdout
