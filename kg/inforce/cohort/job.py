"""A cohort file answered into another: streamed, written aside, renamed when whole; with a journal it can go on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from inforce.cohort.reading import Piece, Source, open_source
from inforce.cohort.splice import Footer, Spliced, spliceable
from inforce.cohort.writing import WRITERS, ErrorLines, Writer, plain_schema
from inforce.errors import EnvironmentFault, InForceError, UsageError

if TYPE_CHECKING:
    from inforce.cohort.batch import Batch

__all__ = ["FORMS", "Report", "answer_file", "form_of"]

FORMS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
# Pieces of the input after which the journal is written.
PIECES = 16

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Report:
    """What became of a file: rows written, how many of them without an answer, and lines that were no rows.

    ``facts`` are the columns that were read as facts, ``carried`` those that were only carried along.
    """

    rows: int = 0
    unanswered: int = 0
    unreadable: int = 0
    errors: Path | None = None
    outcomes: dict[str, int] | None = None
    facts: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return {**asdict(self), "errors": None if self.errors is None else str(self.errors)}


def form_of(path: Path, given: str | None, option: str, forms: Any) -> str:
    """Return the format of a file: the one given, else by its ending.

    Raises:
        UsageError: neither says it, or there is no such format.
    """
    found = given or FORMS.get(path.suffix.lower())
    if found is None:
        raise UsageError(f'{path}: the ending "{path.suffix}" says no format', hint=f"{option} {'|'.join(forms)}")
    if found not in forms:
        raise UsageError(f'{option} "{found}" is not a format of cohorts', hint="it is one of " + ", ".join(forms))
    return found


def answer_file(
    function: Batch,
    source: Path,
    target: Path,
    *,
    form_in: str,
    form_out: str,
    force: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Answer each row of ``source`` into ``target``, which appears when it is whole.

    Rows that cannot be answered stay in place, with a code; they and lines that are no rows are told in
    ``TARGET.errors.csv``. With ``resume``, what was done before an interruption is not done again.

    Raises:
        UsageError: the target is there already; the columns are not as they should be.
        InputError: the source is not a whole file of its format.
        EnvironmentFault: something cannot be written.
    """
    errors = target.with_name(target.name + ".errors.csv")
    _refuse(source, target, errors, force=force)
    # From Parquet to Parquet only what is asked of is read; the rest is carried over as it is.
    footer = spliceable(source) if form_in == form_out == "parquet" else None
    opened = open_source(source, form_in, function.needed, alone=footer is not None)
    job = _Job(function, opened, _Places(target, errors, form_out), footer)
    with _told(target):
        report = job.resumed(progress) if resume else job.straight(progress)
    report.facts = tuple(function.bind(opened.schema))
    own = (name for name in opened.original.names if not name.startswith("\0"))
    report.carried = tuple(n for n in own if n not in report.facts and n != function.spec.date_column)
    return report


def _refuse(source: Path, target: Path, errors: Path, *, force: bool) -> None:
    if target.is_dir():
        raise UsageError(f"-o {target} is a folder", hint="name a file in it")
    if not target.parent.is_dir():
        raise UsageError(f"-o {target}: there is no folder {target.parent}", hint="make the folder first")
    if source.exists() and target.exists() and source.samefile(target):
        raise UsageError(f"-o {target} is the file that is read", hint="name another file")
    if target.exists() and not target.is_file():
        raise UsageError(f"-o {target} is not a file", hint="name a file")
    for path in (target, errors):
        if path.exists() and not force:
            raise UsageError(f"{path} is there already", code="E_EXISTS", hint="name another file, or --force")


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except InForceError:
        raise
    except OSError as error:
        raise EnvironmentFault(
            f"the output cannot be written: {(error.strerror or str(error)).lower()}",
            code="E_DISK",
            source=str(target),
            hint="make room, or name another file with -o",
        ) from None


@dataclass(frozen=True, slots=True)
class _Places:
    target: Path
    errors: Path
    form: str

    def aside(self, path: Path) -> Path:
        return path.with_name(f".{path.name}.{os.getpid()}.part")

    @property
    def excel(self) -> bool:
        return self.form == "csv-excel"

    @property
    def folder(self) -> Path:
        """Where an interrupted job keeps what is done."""
        return self.target.with_name(self.target.name + ".parts")


class _Job:
    def __init__(self, function: Batch, source: Source, places: _Places, footer: Footer | None) -> None:
        self.function, self.source, self.places, self.footer = function, source, places, footer
        self.report = Report(outcomes={})
        whole = function.schema(source.schema)
        added = pa.schema([whole.field(name) for name in function.added])
        # What is written of each batch.
        self.schema = whole if footer is None else added
        self.told = pa.schema([*source.original, *plain_schema(added)], source.original.metadata)

    # ---- in one go -----------------------------------------------------------------------------

    def straight(self, progress: Progress | None) -> Report:
        def batches(errors: ErrorLines) -> Iterator[pa.RecordBatch]:
            for piece in self.source.pieces():
                yield self._answered(piece, errors)
                self._tell(progress)

        self._write(batches)
        return self.report

    def _tell(self, progress: Progress | None) -> None:
        if progress is not None:
            progress("answering", self.source.place(), max(self.source.total, self.source.place()))

    def _write(self, batches: Callable[[ErrorLines], Iterator[pa.RecordBatch]]) -> None:
        places = self.places
        target, side = places.aside(places.target), places.aside(places.errors)
        errors = ErrorLines(side, excel=places.excel)
        writer: Writer | None = None
        try:
            writer = self._writer(target)
            for batch in batches(errors):
                writer.write(batch)
            writer.close()
            some = errors.close()
            _lasting(target)
            places.errors.unlink(missing_ok=True)
            if some:
                _lasting(side)
                side.replace(places.errors)
                self.report.errors = places.errors
            target.replace(places.target)
        finally:
            errors.close()
            target.unlink(missing_ok=True)
            side.unlink(missing_ok=True)

    def _writer(self, target: Path) -> Writer:
        if self.footer is not None:
            return Spliced(target, self.schema, self.told, self.source.path, self.footer)
        return WRITERS[self.places.form](target, self.schema, self.told)

    def _answered(self, piece: Piece, errors: ErrorLines | _Kept) -> pa.RecordBatch:
        found = self.function.answered(piece.batch)
        report = self.report
        lines: list[tuple[int, int | None, str, str, str]] = [
            (u.line, None, "", u.code, u.message) for u in piece.unreadable
        ]
        for wrong in found.errors:
            number, row = int(piece.lines[wrong.row]), report.rows + wrong.row + 1
            lines.append((number, row, wrong.column, wrong.error.code, _message(wrong.error)))
        for line in sorted(lines, key=lambda item: item[0]):
            errors.write(*line)
        report.rows += piece.batch.num_rows
        report.unanswered += len(found.errors)
        report.unreadable += len(piece.unreadable)
        self._count(found.batch)
        return found.batch if self.footer is None else found.batch.select(self.schema.names)

    def _count(self, batch: pa.RecordBatch) -> None:
        name = self.function.spec.prefix + "outcome"
        if name in batch.schema.names and self.report.outcomes is not None:
            for item in batch.column(name).value_counts().to_pylist():
                word = item["values"] or "no answer"
                self.report.outcomes[word] = self.report.outcomes.get(word, 0) + item["counts"]

    # ---- in parts that are kept ------------------------------------------------------------------

    def resumed(self, progress: Progress | None) -> Report:
        folder = self.places.folder
        journal = self._journal(folder)
        # Parts are whole once the journal names them.
        for number, pieces in enumerate(_grouped(self.source.pieces(), PIECES)):
            if number < len(journal["parts"]):
                self._tell(progress)
                continue
            name = f"{number:06d}.arrows"
            lines = _Kept()
            aside = folder / (name + ".part")
            with pa.OSFile(str(aside), "wb") as file, pa.ipc.new_stream(file, plain_schema(self.schema)) as out:
                for piece in pieces:
                    out.write_batch(self._answered(piece, lines).cast(plain_schema(self.schema)))
            _lasting(aside)
            aside.replace(folder / name)
            journal["parts"].append({"name": name, "errors": lines.lines, "counts": asdict(self.report)})
            _write_json(folder / "journal.json", journal)
            self._tell(progress)

        def batches(errors: ErrorLines) -> Iterator[pa.RecordBatch]:
            for part in journal["parts"]:
                for line in part["errors"]:
                    errors.write(*line)
                with pa.memory_map(str(folder / part["name"])) as file, pa.ipc.open_stream(file) as stream:
                    yield from stream

        if journal["parts"]:
            counts = journal["parts"][-1]["counts"]
            self.report = Report(counts["rows"], counts["unanswered"], counts["unreadable"], None, counts["outcomes"])
        self.schema = plain_schema(self.schema)
        self._write(batches)
        shutil.rmtree(folder)
        return self.report

    def _journal(self, folder: Path) -> dict[str, Any]:
        stamp = self._stamp()
        folder.mkdir(exist_ok=True)
        path = folder / "journal.json"
        if path.is_file():
            try:
                found: dict[str, Any] = json.loads(path.read_bytes())
                same = found["stamp"] == stamp
            except (ValueError, KeyError, TypeError):
                same = False
            if not same:
                raise UsageError(
                    f"{folder} belongs to another file, another question or other data",
                    code="E_EXISTS",
                    hint="remove the folder, or name another output",
                )
            if found["parts"]:
                counts = found["parts"][-1]["counts"]
                self.report = Report(
                    counts["rows"], counts["unanswered"], counts["unreadable"], None, dict(counts["outcomes"])
                )
            return found
        journal = {"stamp": stamp, "parts": []}
        _write_json(path, journal)
        return journal

    def _stamp(self) -> dict[str, Any]:
        stat = self.source.path.stat()
        spec = json.dumps(asdict(self.function.spec), sort_keys=True, default=str)
        return {
            "format": 1,
            "size": stat.st_size,
            "modified": stat.st_mtime_ns,
            "question": hashlib.sha256(spec.encode()).hexdigest(),
            "data": self.function.kb.version,
            "into": self.places.form,
        }


class _Kept:
    """Error lines kept for the journal."""

    def __init__(self) -> None:
        self.lines: list[list[Any]] = []

    def write(self, *line: Any) -> None:
        self.lines.append(list(line))


def _grouped(pieces: Iterator[Piece], size: int) -> Iterator[list[Piece]]:
    group: list[Piece] = []
    for piece in pieces:
        group.append(piece)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _message(error: InForceError) -> str:
    return error.message + (f"; {error.hint}" if error.hint else "")


def _lasting(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _write_json(path: Path, content: dict[str, Any]) -> None:
    aside = path.with_name(path.name + ".part")
    aside.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    _lasting(aside)
    aside.replace(path)
