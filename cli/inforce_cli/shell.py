"""The SPARQL shell: statements from a terminal or standard input, each on its own; an error ends none but itself."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from inforce.errors import ExitCode, InForceError, InputError, UsageError, nearest
from inforce_cli.output import Run
from inforce_cli.render.errors import failure

__all__ = ["Shell", "ended", "history_file", "lines"]

HELP = """.help       this
.prefixes   the prefixes that are declared already
.queries    the saved queries
.run NAME KEY=VALUE …   one of them
.quit       the end; so does Ctrl-D
A query ends with ; at the end of a line outside all braces, or with an empty line.
Ctrl-C lets go of what was typed, or stops a query that runs.
"""
ENDS = (".quit", ".exit")
PROMPT, GOES_ON = "sparql> ", "   ...> "
LONGEST = 100_000  # bytes of one query; the library refuses fewer
KEYWORDS = (
    "SELECT DISTINCT WHERE ASK CONSTRUCT DESCRIBE OPTIONAL UNION MINUS FILTER BIND VALUES GRAPH FROM NAMED ORDER BY "
    "GROUP HAVING LIMIT OFFSET EXISTS NOT COUNT SAMPLE MIN MAX SUM AVG STR LANG DATATYPE BOUND COALESCE REGEX CONTAINS"
).split()
WORD = re.compile(r"[\w.:/-]+$")
MARKS = re.compile(
    r"""\"{3}(?s:.*?)(?:\"{3}|\Z)|'{3}(?s:.*?)(?:'{3}|\Z)|\"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|<[^<>\s]*>|#[^\n]*|[{}]"""
)


class Shell:
    """What a statement does; where lines come from is not its business."""

    def __init__(self, run: Run, *, on: str | None = None, timeout: str = "60") -> None:
        """Take the run of the command; each statement has one of its own with the same graph."""
        self.run, self.on, self.timeout = run, on, timeout
        self.code = int(ExitCode.ANSWERED)
        self.waiting: list[str] = []

    @cached_property
    def words(self) -> list[str]:
        """What completion offers: keywords, prefixes, classes, properties, saved queries and our own commands."""
        found = self.run.kb.schema()
        names = [one["name"] for part in ("classes", "properties") for one in found[part]]
        queries = [row["id"] for row in self.run.kb.list("queries")]
        own = [".help", ".prefixes", ".queries", ".quit", ".run"]
        return [*own, *KEYWORDS, *(f"{prefix}:" for prefix in found["prefixes"]), *names, *queries]

    def offers(self, before: str) -> list[str]:
        """Return what could stand where the text before the cursor ends in a part of a word."""
        found = WORD.search(before)
        part = found[0].casefold() if found else ""
        return [word for word in self.words if part and word.casefold().startswith(part)]

    def read(self, given: Iterator[str]) -> int:
        """Run statement after statement; return how the last of them ended."""
        for line in given:
            if not self.waiting and line.strip().startswith("."):
                if line.strip() in ENDS:
                    return self.code
                self._safely(partial(self.command, line.strip()))
                continue
            if line.strip():
                self.waiting.append(line)
            over = not line.strip() or (line.rstrip().endswith(";") and ended("\n".join(self.waiting)))
            if self.waiting and over:
                self._ask_waiting()
        if self.waiting:
            self._ask_waiting()
        return self.code

    def _ask_waiting(self) -> None:
        text = "\n".join(self.waiting)
        self.waiting.clear()
        self._safely(partial(self.ask, text))

    def _safely(self, act: Callable[[], None]) -> None:
        try:
            self.code = int(ExitCode.ANSWERED)
            act()
        except InForceError as error:
            self.code = int(error.exit_code)
            sys.stderr.write(failure(error, as_json=self.run.format == "json", encoding=sys.stderr.encoding))
        except KeyboardInterrupt:
            self.code = int(ExitCode.INTERRUPTED)
            sys.stderr.write("stopped\n")

    def _one(self) -> Run:
        one = Run(self.run.options, command="inforce shell")
        one.__dict__["kb"] = self.run.kb
        return one

    def ask(self, text: str) -> None:
        """Run one query and write what it answers."""
        from inforce_cli.commands import sparql

        one = self._one()
        query = re.sub(r";\s*\Z", "", text)
        self.code = one.finish(sparql.main(one, None, query, on=self.on, timeout=self.timeout))

    def command(self, line: str) -> None:
        """Do what a line with a dot before it says."""
        word, *rest = line.split()
        one = self._one()
        if word == ".help":
            code = one.show(others={"text": lambda: HELP}) if one.format is None else one.show(json={"help": HELP})
        elif word in (".prefixes", ".queries", ".run"):
            from importlib import import_module

            name = "schema" if word == ".prefixes" else "query"
            main = import_module(f"inforce_cli.commands.{name}").main
            if word == ".run":
                if not rest:
                    raise UsageError(".run names no query", hint=".run NAME KEY=VALUE …; all: .queries")
                code = main(one, rest[0], rest[1:])
            else:
                code = main(one, "prefixes") if word == ".prefixes" else main(one)
        else:
            near = nearest(word, (".help", ".prefixes", ".queries", ".quit", ".run"))
            raise UsageError(f'no command "{word}"', hint=(f"did you mean {near[0]}? " if near else "") + "all: .help")
        self.code = one.finish(code)


def ended(text: str) -> bool:
    """Return whether a statement is whole: a ``;`` at its end, outside all braces.

    >>> ended("SELECT * { ?s a ?c ;"), ended("SELECT * { ?s a ?c };")
    (False, True)
    """
    depth = 0
    last = ""
    for mark in MARKS.finditer(text):
        last = mark[0]
        depth += {"{": 1, "}": -1}.get(last, 0)
    # The semicolon of a comment, or of a text of several lines that goes on, ends nothing.
    within = last[:1] == "#" or last[:3] in ('"""', "'''")
    return depth <= 0 and text.rstrip().endswith(";") and not (within and text.endswith(last))


def history_file() -> Path | None:
    """Return the file of past queries, made for its owner alone; ``None`` where there can be none."""
    base = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    folder = Path(base) / "inforce"
    if not folder.is_absolute():
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "shell-history"
        # Whoever put a link there would have us write elsewhere.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return path


def lines(shell: Shell) -> Iterator[str]:
    """Yield the lines of a terminal, with completion and history, or of standard input.

    Raises:
        InputError: standard input is not text, or a line of it is too long for a query.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield from _piped(getattr(sys.stdin, "buffer", sys.stdin))
        return
    shell.run.note("inforce shell: .help says what there is")
    prompt = _prompt(shell)
    while True:
        try:
            typed = prompt(GOES_ON if shell.waiting else PROMPT)
        except EOFError:
            sys.stdout.write("\n")
            return
        except KeyboardInterrupt:
            # All that was typed of a query is let go, also the lines before.
            shell.waiting.clear()
            continue
        yield from typed.split("\n")


def _piped(given: Any) -> Iterator[str]:
    number = size = 0
    while line := given.readline(LONGEST + 1):
        number += 1
        size = size + len(line) if line.strip() else 0
        if size > LONGEST:
            raise InputError(
                f"line {number}: a query of more than {LONGEST} bytes",
                code="E_QUERY",
                hint="end each with ; or a blank line",
            )
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8") if isinstance(line, bytes) else line
        except UnicodeDecodeError:
            raise InputError(f"line {number} is not UTF-8 text", code="E_QUERY", hint="save it as UTF-8") from None
        yield text.rstrip("\r\n")


def _prompt(shell: Shell) -> Callable[[str], str]:
    path = history_file()
    try:
        return _rich_prompt(shell, path)
    except ImportError:
        return _plain_prompt(shell, path)


def _rich_prompt(shell: Shell, path: Path | None) -> Callable[[str], str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.history import FileHistory, InMemoryHistory
    from prompt_toolkit.key_binding import KeyBindings

    class Words(Completer):
        """Offers the shell's words."""

        def get_completions(self, document, complete_event):  # type: ignore[no-untyped-def]
            """Yield what could stand at the cursor."""
            found = WORD.search(document.text_before_cursor)
            for word in shell.offers(document.text_before_cursor):
                yield Completion(word, start_position=-len(found[0]) if found else 0)

    keys = KeyBindings()

    @keys.add("enter")
    def _(event: Any) -> None:
        # A query stays one piece, to be edited and found again as it was asked.
        text = event.current_buffer.text
        if text.lstrip().startswith(".") or ended(text) or not text.rpartition("\n")[2].strip():
            event.current_buffer.validate_and_handle()
        else:
            event.current_buffer.insert_text("\n")

    history = InMemoryHistory() if path is None else FileHistory(str(path))
    session: PromptSession[str] = PromptSession(
        history=history,
        completer=Words(),
        complete_while_typing=False,
        complete_in_thread=True,
        multiline=True,
        prompt_continuation=GOES_ON,
        key_bindings=keys,
    )
    return session.prompt


def _plain_prompt(shell: Shell, path: Path | None) -> Callable[[str], str]:
    try:
        import atexit
        import readline
    except ImportError:
        return input
    readline.set_completer_delims(" \t\n{}()[];,")
    readline.set_completer(lambda part, at: [*shell.offers(part), None][at])
    # On macOS another library stands behind the same name.
    edits = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if edits else "tab: complete")
    if path is not None:
        try:
            readline.read_history_file(path)
        except OSError:
            pass

        def keep() -> None:
            try:
                readline.set_history_length(1000)
                readline.write_history_file(path)
                path.chmod(0o600)
            except OSError:
                pass

        atexit.register(keep)
    return input
