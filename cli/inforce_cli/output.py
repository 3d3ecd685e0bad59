"""What a command has at hand while it runs: the knowledge base, the reader's language, and a way to show a result."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inforce.errors import EnvironmentFault, ExitCode, UsageError, nearest
from inforce_cli.render.text import encodable, safe_text

if TYPE_CHECKING:
    from inforce import KnowledgeBase, Table
    from inforce_cli.options import Globals

__all__ = ["Run", "write_aside"]

TABLES = ("table", "tsv", "csv", "csv-excel", "jsonl")
# Formats for programs: UTF-8 whatever the terminal speaks, and nothing in them replaced.
FOR_PEOPLE = ("text", "table")


def _day_in(zone: str) -> str:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return datetime.now(ZoneInfo(zone)).date().isoformat()


class Run:
    """One run of one command: its shared options, what it opens, and what it shows.

    Nothing is written before the command has ended well: a command that fails leaves no half of an output.
    """

    def __init__(self, options: Globals, *, command: str = "inforce") -> None:
        """Take the shared options."""
        self.options = options
        self.command = command
        self._shown: list[tuple[str, str | bytes]] = []
        self._truncated = False

    # ---- what is at hand -------------------------------------------------------------------------

    @cached_property
    def kb(self) -> KnowledgeBase:
        """The knowledge base that ``--data`` and ``--store`` name; its today is the day in the capital."""
        import inforce

        kb = inforce.open(self.options.data or (), store=self.options.store, today=_day_in, progress=self.progress)
        if self.options.verbose:
            self.note(f"data {kb.version} in {kb.built.folder}")
        return kb

    @cached_property
    def today(self) -> str:
        """The day it is now where the law is made; a command names it wherever it stands for a day not given."""
        return _day_in(self.kb.zone)

    @property
    def lang(self) -> str:
        """``en`` or ``fr``."""
        return self.options.lang or "en"

    @property
    def format(self) -> str | None:
        """The format asked for, ``None`` where the command may choose."""
        return "json" if self.options.json else self.options.format

    @property
    def on_terminal(self) -> bool:
        """Whether a person at a terminal reads standard output."""
        return self.options.output is None and sys.stdout is not None and sys.stdout.isatty()

    @property
    def color(self) -> bool:
        """Whether to use colour: on a terminal, unless asked not to."""
        plain = self.options.no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return self.on_terminal and not plain

    @property
    def width(self) -> int:
        """Columns to fill with running text: those of the terminal between 40 and 100, else 80."""
        import shutil

        return max(40, min(100, shutil.get_terminal_size().columns)) if self.on_terminal else 80

    @property
    def columns(self) -> int:
        """All columns of the terminal, for what stands side by side; 80 off a terminal."""
        import shutil

        return max(40, shutil.get_terminal_size().columns) if self.on_terminal else 80

    def note(self, text: str) -> None:
        """Say something beside the result, on standard error, unless ``--quiet``."""
        if not self.options.quiet and sys.stderr is not None:
            sys.stderr.write(encodable(safe_text(text) + "\n", sys.stderr.encoding))

    def progress(self, step: str, number: int, of: int) -> None:
        """Draw one step of something long on standard error, only on a terminal."""
        if self.options.quiet or sys.stderr is None or not sys.stderr.isatty():
            return
        filled = 20 * number // max(of, 1)
        bar = "#" * filled + "." * (20 - filled)
        end = "\r\x1b[K" if number >= of else ""
        sys.stderr.write(f"\r\x1b[K[{bar}] {number}/{of} {safe_text(step)}{end}")
        sys.stderr.flush()

    # ---- showing ---------------------------------------------------------------------------------

    def show(
        self,
        *,
        json: Any = None,
        text: str | Callable[[], str] | None = None,
        table: Table | None = None,
        others: Mapping[str, Callable[[], str | bytes]] | None = None,
        titles: Mapping[str, str] | None = None,
        form: str | None = None,
    ) -> int:
        """Keep a result to be written when the command has ended; return the exit code it calls for.

        Args:
            json: what ``--format json`` writes: text as it is, anything else as JSON; the table's rows if ``None``.
            text: what a person reads; the default format where given.
            table: rows; a table on a terminal, otherwise TSV. ``--limit`` cuts it, and the code is then 8.
            others: more formats of this command: a name, and what writes it.
            titles: headings of the table for people, by column; for programs the columns' own names stay.
            form: the format where none is asked for; if ``None`` the first of text, table and the rest.

        Raises:
            UsageError: the format asked for is none of these.
        """
        from inforce_cli.render import table as tables

        writers: dict[str, Callable[[], str | bytes]] = {}
        if text is not None:
            writers["text"] = text if callable(text) else lambda: str(text)
        if table is not None:
            cut = table.limited(self.options.limit)
            self._truncated = self._truncated or cut.truncated
            for name in TABLES:
                writers[name] = partial(
                    tables.write, cut, name, titles or {}, on_terminal=self.on_terminal, color=self.color
                )
            writers["json"] = lambda: tables.as_json(cut.to_dicts() if json is None else json)
        elif json is not None:
            writers["json"] = lambda: json if isinstance(json, str) else tables.as_json(json)
        writers |= others or {}
        name = self._choose(writers, form)
        self._shown.append((name, writers[name]()))
        return int(ExitCode.LIMIT if self._truncated else ExitCode.ANSWERED)

    def _choose(self, writers: Mapping[str, Any], form: str | None) -> str:
        wanted = self.format or form
        if wanted is None:
            if "text" in writers:
                return "text"
            if "table" in writers:
                return "table" if self.on_terminal else "tsv"
            return next(iter(writers))
        if wanted not in writers:
            near = nearest(wanted, writers)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(
                f'--format "{wanted}" is not one that {self.command} writes',
                hint=f"{hint}it writes: {', '.join(writers)}",
            )
        return wanted

    def cut(self) -> None:
        """Say that ``--limit`` left something out of what is shown."""
        self._truncated = True

    # ---- the end ---------------------------------------------------------------------------------

    def finish(self, code: int | None) -> int:
        """Write what was shown and return the exit code.

        Raises:
            UsageError: ``--output`` names no place where a file can be.
            EnvironmentFault: it cannot be written; nothing is left behind.
        """
        if self._truncated:
            most = self.options.limit
            french = f"note : coupé à {most} lignes par --limit ; il y en a d'autres"
            self.note(french if self.lang == "fr" else f"note: cut to {most} rows by --limit; there are more")
        target = self.options.output
        if target is None or str(target) == "-":
            self._write_out()
        elif self._shown:
            write_aside(target, b"".join(_utf8(shown) for _, shown in self._shown))
        return int(code or 0) or (int(ExitCode.LIMIT) if self._truncated else 0)

    def _write_out(self) -> None:
        if not self._shown:
            return
        if sys.stdout is None:
            raise EnvironmentFault("standard output is closed", code="E_DISK", hint="write to a file with -o FILE")
        for name, shown in self._shown:
            buffer = getattr(sys.stdout, "buffer", None)
            if isinstance(shown, str) and (name in FOR_PEOPLE or buffer is None):
                sys.stdout.write(encodable(shown, sys.stdout.encoding))
                continue
            if isinstance(shown, str) and sys.stdout.isatty():
                shown = _visible(shown, name)
            sys.stdout.flush()
            if buffer is not None:
                buffer.write(_utf8(shown))
        sys.stdout.flush()


def _utf8(shown: str | bytes) -> bytes:
    return shown if isinstance(shown, bytes) else shown.encode("utf-8", "surrogatepass")


def _visible(text: str, name: str) -> str:
    # On a terminal nothing may move the cursor; JSON has an escape of its own for that.
    if name in ("json", "jsonl"):
        return "".join(c if c == "\n" or safe_text(c) == c else f"\\u{ord(c):04x}" for c in text)
    return safe_text(text)


def write_aside(target: Path, content: bytes, *, option: str = "-o") -> None:
    """Write a file whole or not at all: beside its place first, then renamed; ``option`` is what named it.

    Raises:
        UsageError: no file can be there.
        EnvironmentFault: it cannot be written; nothing is left behind.
    """
    if target.is_dir():
        raise UsageError(f"{option} {target} is a folder", hint="name a file in it")
    if not target.parent.is_dir():
        raise UsageError(f"{option} {target}: there is no folder {target.parent}", hint="make the folder first")
    if target.exists() and not target.is_file():
        # A device or a pipe is written to, never replaced.
        target.write_bytes(content)
        return
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            with aside.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"the output cannot be written: {(error.strerror or str(error)).lower()}",
            code="E_DISK",
            source=str(target),
            hint=f"make the folder writable, or name another file with {option}",
        ) from None
