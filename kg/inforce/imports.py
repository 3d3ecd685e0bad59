"""Import of the law's own text: files become one new version of the user's law, or nothing changes.

Every file is read once, in forked readers, and what was read is kept: an import that was stopped goes on where it
ended. The new version is written beside the one in use, synced, and the link to the one in use is swapped; killed at
any moment, the folder holds the old law or the new one.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from inforce.errors import EnvironmentFault, InputError, IntegrityError
from inforce.held import CURRENT, FORMAT, HeldLaw, digest_of, exclusive, held_law, law_home
from inforce.law_files import LawFile, find_law_files
from inforce.law_reading import cannot_write, load, parser_digest, read_all
from inforce.resources import built_graph
from inforce.vocab import BASE, PREFIXES

__all__ = ["ImportReport", "import_law"]

Progress = Callable[[str, int, int], None]
Key = tuple[str, str, str]  # law, language, day

ASIDE = ".new-"
# A change of text: its law and language stand in its name, its kind is what it says.
_KIND = re.compile(
    rf"<{re.escape(BASE)}change/([^/>]+)/(?:[^>]*/)?([a-z]{{2}})(?:-[0-9]+)?> "
    rf'<(?:{re.escape(PREFIXES["dct"])}type|{re.escape(PREFIXES["inf"])}kind)> "([^"]+)"'
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did; ``law`` is what is held after it."""

    law: HeldLaw
    read: int
    """Files read."""
    new: int
    """Snapshots that were not held before."""
    already: int
    """Files whose snapshot was held already."""
    skipped: Mapping[str, int]
    """Files left aside, by the reason."""
    notes: tuple[str, ...]
    changed: bool
    """Whether there is a new version of the law."""
    fresh: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """New snapshots by law and language."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form ``inforce/import/1``."""
        laws = [
            {
                "law": entry["law"],
                "language": entry["language"],
                "new": self.fresh.get((entry["law"], entry["language"]), 0),
                "days": [s["day"] for s in self.law.snapshots if _key(s)[:2] == (entry["law"], entry["language"])],
                "changes": entry["changes"],
            }
            for entry in self.law.manifest["laws"]
        ]
        return {
            "schema": "inforce/import/1",
            "version": self.law.version,
            "folder": str(self.law.folder),
            "quads": self.law.quads,
            "read": self.read,
            "new": self.new,
            "already_held": self.already,
            "skipped": dict(self.skipped),
            "notes": list(self.notes),
            "changed": self.changed,
            "laws": laws,
        }


def import_law(
    paths: Iterable[str | Path],
    *,
    home: Path | None = None,
    published: date | None = None,
    laws: Iterable[str] | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Read law files into the user's law; what was held before stays, unless ``replace`` is given.

    Args:
        paths: XML files, plain or xz, folders of dated snapshots, or git checkouts of a repository of laws.
        home: the folder of the imported law; the user's own where it is not given.
        published: the day that files without one in their name were published.
        laws: of a git checkout only these laws: numbers, as files are called, or names such as ``irpr``; ``all`` for
            all. The laws that are modelled where it is not given.
        replace: hold only what these paths give.
        progress: called with a step's name, how much of it is done and how much there is.

    Raises:
        UsageError: no such file, a URL, a file whose day is not known.
        InputError: a file that is not good law; a snapshot that contradicts one already held.
        LockedError: another import is at work.
        EnvironmentFault: the disk is full, or something cannot be read or written.
    """
    home = home or _own_home()
    found = find_law_files(paths, published=published, wanted=_wanted(laws), kept=[str(home)])
    tell = progress or (lambda step, number, of: None)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(exist_ok=True, mode=0o700)
        (home / "parsed").mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise cannot_write(error, home) from None
    with exclusive(home) as lock:
        _sweep(home)
        notes = list(found.notes)
        held = _held_before(home, notes)
        read = read_all(found.files, home / "parsed", tell, keep_out=lock)
        before = {} if held is None else {_key(s): s for s in held.snapshots}
        after = _together(found.files, read, {} if replace else before)
        same = held is not None and held.manifest["parser"] == parser_digest() and after == before
        law = held if held is not None and same else _publish(home, after, tell)
    fresh = {_key(one) for one in read} - before.keys()
    return ImportReport(
        law,
        read=len(read),
        new=len(fresh),
        already=len(read) - len(fresh),
        skipped=dict(found.skipped),
        notes=tuple(notes),
        changed=law is not held,
        fresh=dict(Counter((key[0], key[1]) for key in fresh)),
    )


def _own_home() -> Path:
    home = law_home()
    if home is None:
        raise EnvironmentFault(
            "there is no folder for imported law: neither XDG_DATA_HOME nor HOME is set",
            code="E_HOME",
            hint="set one of them",
        )
    return home


def _held_before(home: Path, notes: list[str]) -> HeldLaw | None:
    # A version that cannot be used is no reason to refuse the files that replace it, but what it held must be said.
    try:
        held = held_law(home)
        if held is not None:
            held.read()
        return held
    except IntegrityError as error:
        notes.append(f"what was held cannot be used and is left out: {error.message}")
        return None


def _key(record: Mapping[str, Any]) -> Key:
    return str(record["law"]), str(record["language"]), str(record["day"])


def _together(
    files: Sequence[LawFile], read: Sequence[dict[str, Any]], before: Mapping[Key, dict[str, Any]]
) -> dict[Key, dict[str, Any]]:
    """Return the records of what was held and what was read, by law, language and day.

    Raises:
        InputError: two texts for one law, language and day.
    """
    after = dict(before)
    for file, record in zip(files, read, strict=True):
        key = _key(record)
        other = after.get(key)
        if other is not None and other["sha256"] != record["sha256"]:
            raise InputError(
                f"another text of {key[0]} ({key[1]}) was published on {key[2]} already, with digest "
                f"{other['sha256'][:12]}; this one has {record['sha256'][:12]}",
                code="E_CONFLICT",
                source=file.source,
                hint="a day has one text: give the right one, with --replace to drop what is held",
            )
        after[key] = record
    return after


# ---- writing ---------------------------------------------------------------------------------------


def _publish(home: Path, records: Mapping[Key, dict[str, Any]], tell: Progress) -> HeldLaw:
    """Write a new version beside the one in use, put it in its place, and sweep what nobody needs any more."""
    lines = _lines(home / "parsed", records, tell)
    content = ("\n".join(lines) + "\n").encode()
    tell("writing", 0, 1)
    digest = hashlib.sha256(content).hexdigest()
    changes = _changes(lines)
    manifest = {
        "format": FORMAT,
        "version": f"sha256:{digest}",
        "parser": parser_digest(),
        "counts": {"quads": len(lines)},
        "outputs": {"law.nq": {"sha256": digest, "bytes": len(content)}},
        "laws": [
            {"law": law, "language": language, "changes": dict(sorted(changes.get((law, language), {}).items()))}
            for law, language in sorted({key[:2] for key in records})
        ],
        "snapshots": [records[key] for key in sorted(records)],
    }
    folder = home / f"v-{digest_of(manifest)[:24]}"
    aside: Path | None = None
    try:
        aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=home))
        _write(aside / "law.nq", content)
        _write(aside / "manifest.json", json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n")
        _sync(aside)
        if folder.exists():
            # The same law was written before and is no longer as it was: or it would be the one in use.
            os.replace(folder, Path(tempfile.mkdtemp(prefix=ASIDE, dir=home)) / "was")
        os.replace(aside, folder)
        _sync(home)
        link = home / f"{ASIDE}{os.getpid()}"
        link.unlink(missing_ok=True)
        before = os.path.realpath(home / CURRENT)
        link.symlink_to(folder.name)
        os.replace(link, home / CURRENT)
        _sync(home)
    except OSError as error:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
        raise cannot_write(error, home, needed=len(content)) from None
    _sweep(home, keep={folder.name, os.path.basename(before)})
    tell("writing", 1, 1)
    return HeldLaw(folder, manifest)


def _lines(parsed: Path, records: Mapping[Key, dict[str, Any]], tell: Progress) -> list[str]:
    from inforce.law import law_quads

    lines: set[str] = set()
    names = sorted({key[0] for key in records})
    with _no_collector():
        for number, name in enumerate(names):
            tell(f"comparing the texts of {name}", number, len(names))
            lines.update(law_quads(load(parsed, records[key]) for key in sorted(records) if key[0] == name))
    tell("comparing the texts", len(names), max(len(names), 1))
    return sorted(lines)


@contextmanager
def _no_collector() -> Iterator[None]:
    # Millions of tuples of text and no circle among them: looking for circles takes as long as reading them.
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _changes(lines: Iterable[str]) -> dict[tuple[str, str], dict[str, int]]:
    """Return how many changes of text there are, by law and language and by kind."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for line in lines:
        if match := _KIND.match(line):
            found.setdefault((match[1], match[2]), Counter())[match[3]] += 1
    return {key: dict(count) for key, count in found.items()}


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _sync(folder: Path) -> None:
    # Renamed is not kept: the folder that lists the names has to reach the disk as well.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(home: Path, keep: Collection[str] | None = None) -> None:
    """Take away what interrupted imports left; with ``keep`` also other versions, and what was read for those only.

    What cannot be taken away stays for the next time: it is in nobody's way.
    """
    for path in home.glob(f"{ASIDE}*"):
        _drop(path)
    for path in (home / "parsed").glob(".*.part"):
        _drop(path)
    if keep is None:
        return
    needed: set[str] = set()
    for folder in home.glob("v-*"):
        if folder.name not in keep:
            _drop(folder)
            continue
        try:
            manifest = json.loads((folder / "manifest.json").read_bytes())
            needed |= {str(one["kept"]) for one in manifest["snapshots"]}
        except (OSError, ValueError, KeyError, TypeError):
            return  # What it needs is not known: nothing is taken away.
    for path in (home / "parsed").iterdir():
        if path.name not in needed:
            _drop(path)


def _drop(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


# ---- which laws of a repository --------------------------------------------------------------------


# What the publisher calls a series in English and in French.
_SERIES = {"sor": "dors", "si": "tr"}


def _wanted(laws: Iterable[str] | None) -> Callable[[str], bool] | None:
    """Return the test of a file's name; ``None`` where every law is wanted. The laws are looked up at its first use."""
    asked = None if laws is None else [law for law in laws if law]
    if asked and any(law.lower() == "all" for law in asked):
        return None
    names: set[str] = set()

    def test(name: str) -> bool:
        if not names:
            names.update(_file_names(asked))
        return _folded(name) in names

    return test


def _file_names(asked: Iterable[str] | None) -> set[str]:
    """Return what files of these laws may be called, folded; of all laws that are modelled where none is named."""
    modelled = {entry["id"]: [entry["id"], *entry["names"]] for entry in _modelled()}
    chosen = list(modelled) if not asked else asked
    words: set[str] = set()
    for law in chosen:
        same = [names for names in modelled.values() if _folded(law) in map(_folded, names)]
        words |= {_folded(word) for names in (same or [[law]]) for word in names}
    for word in list(words):
        series, dash, number = word.partition("-")
        if dash and series in _SERIES:
            words.add(f"{_SERIES[series]}-{number}")
    return words


def _modelled() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = built_graph().json("tables.json")["entities"]["laws"]
    return found


def _folded(name: str) -> str:
    return re.sub(r"[/\s]+", "-", name.strip()).casefold()
