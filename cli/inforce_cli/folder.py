"""A folder of files, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from inforce.errors import EnvironmentFault, UsageError

__all__ = ["write_folder"]

SUMS = "SHA256SUMS"


def write_folder(target: Path, files: Mapping[str, bytes], *, force: bool = False) -> None:
    """Write ``files`` into the folder ``target``: beside its place first, then renamed.

    A folder that is there is replaced only with ``force``, and only if it is empty or was written by this.

    Raises:
        UsageError: no folder can be there, or one is there already.
        EnvironmentFault: it cannot be written; nothing is left behind.
    """
    _may_be_written(target, force=force)
    # Without what a user typed last, a slash or a dot, which a name beside it cannot have.
    target = target.absolute()
    aside = old = None
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
        for name, content in files.items():
            with (aside / name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        aside.chmod(0o777 & ~_umask())
        if target.is_dir():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent)) / "was"
            target.rename(old)
        try:
            aside.rename(target)
        except OSError:
            if old is not None:
                old.rename(target)
            raise
    except OSError as error:
        raise EnvironmentFault(
            f"the export cannot be written: {(error.strerror or str(error)).lower()}",
            code="E_DISK",
            source=str(target),
            hint="make the folder writable, or name another with -o",
        ) from None
    finally:
        for left in (aside, old.parent if old is not None else None):
            if left is not None and left.exists():
                shutil.rmtree(left, ignore_errors=True)


def _may_be_written(target: Path, *, force: bool) -> None:
    if not target.absolute().parent.is_dir():
        raise UsageError(f"-o {target}: there is no folder {target.parent}", hint="make the folder first")
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise UsageError(f"-o {target} is not a folder", hint="name one that is not there yet")
    if not target.exists():
        return
    if not force:
        raise UsageError(f"-o {target} is there already", hint="name another, or replace it: --force")
    there = [path.name for path in target.iterdir()]
    listed = {SUMS}
    if SUMS in there:
        text = (target / SUMS).read_text(encoding="utf-8", errors="replace")
        listed |= {line.partition("  ")[2] for line in text.splitlines()}
    strange = sorted(name for name in there if name not in listed)
    if strange:
        raise UsageError(f"-o {target} holds {strange[0]}, which no export wrote", hint="name another folder")


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
