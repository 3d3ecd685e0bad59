"""The SPARQL shell: statements from a terminal or standard input, each on its own; an error ends none but itself."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

from inforce.errors import ExitCode, InForceError, UsageError, nearest
from inforce_cli.output import Run
from inforce_cli.render.errors import failure

__all__ = ["Shell", "ended", "history_file", "lines"]

HELP = """.help       this
.prefixes   the prefixes that are declared already
.queries    the saved queries
.run NAME KEY=VALUE …   one of them
.quit       the end; so does Ctrl-D
A query ends with ; at the end of a line outside all braces, or with an empty line.
"""
KEYWORDS = (
    "SELECT DISTINCT WHERE ASK CONSTRUCT DESCRIBE OPTIONAL UNION MINUS FILTER BIND VALUES GRAPH FROM NAMED ORDER BY "
    "GROUP HAVING LIMIT OFFSET EXISTS NOT COUNT SAMPLE MIN MAX SUM AVG STR LANG DATATYPE BOUND COALESCE REGEX CONTAINS"
).split()
WORD = re.compile(r"[\w.:/-]+$")
MARKS = re.compile(r"""\"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|<[^<>\s]*>|#[^\n]*|[{}]""")


class Shell:
    """What a statement does; where lines come from is not its business."""

    def __init__(self, run: Run, *, on: str | None = None, timeout: str = "60") -> None:
        """Take the run of the command; each statement has one of its own with the same graph."""
        self.run, self.on, self.timeout = run, on, timeout
        self.code = int(ExitCode.ANSWERED)

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
        waiting: list[str] = []
        for line in given:
            if not waiting and line.strip().startswith("."):
                if not self._safely(lambda line=line: self.command(line.strip())):  # type: ignore[misc]
                    return self.code
                continue
            if line.strip():
                waiting.append(line)
            if waiting and (not line.strip() or ended("\n".join(waiting))):
                text = "\n".join(waiting)
                waiting = []
                self._safely(lambda text=text: self.ask(text))  # type: ignore[misc]
        if waiting:
            self._safely(lambda: self.ask("\n".join(waiting)))
        return self.code

    def _safely(self, act: Callable[[], bool]) -> bool:
        try:
            self.code = int(ExitCode.ANSWERED)
            return act()
        except InForceError as error:
            self.code = int(error.exit_code)
            sys.stderr.write(failure(error, as_json=self.run.format == "json", encoding=sys.stderr.encoding))
        except KeyboardInterrupt:
            self.code = int(ExitCode.INTERRUPTED)
            sys.stderr.write("stopped\n")
        return True

    def _one(self) -> Run:
        one = Run(self.run.options, command="inforce shell")
        one.__dict__["kb"] = self.run.kb
        return one

    def ask(self, text: str) -> bool:
        """Run one query and write what it answers."""
        from inforce_cli.commands import sparql

        one = self._one()
        query = re.sub(r";\s*\Z", "", text)
        self.code = one.finish(sparql.main(one, None, query, on=self.on, timeout=self.timeout))
        return True

    def command(self, line: str) -> bool:
        """Do what a line with a dot before it says; return whether the shell goes on."""
        word, *rest = line.split()
        if word in (".quit", ".exit"):
            return False
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
        return True


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
    # A comment's semicolon ends nothing.
    return depth <= 0 and text.rstrip().endswith(";") and not (last[:1] == "#" and text.endswith(last))


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
    """Yield the lines of a terminal, with completion and history, or of standard input."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        for line in sys.stdin:
            yield line.rstrip("\n")
        return
    shell.run.note("inforce shell: .help says what there is")
    prompt = _prompt(shell)
    while True:
        try:
            yield prompt("sparql> ")
        except EOFError:
            return
        except KeyboardInterrupt:
            # What was typed is let go; an empty line ends what waits.
            yield ""


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

    class Words(Completer):
        """Offers the shell's words."""

        def get_completions(self, document, complete_event):  # type: ignore[no-untyped-def]
            """Yield what could stand at the cursor."""
            found = WORD.search(document.text_before_cursor)
            for word in shell.offers(document.text_before_cursor):
                yield Completion(word, start_position=-len(found[0]) if found else 0)

    history = InMemoryHistory() if path is None else FileHistory(str(path))
    session: PromptSession[str] = PromptSession(
        history=history, completer=Words(), complete_while_typing=False, complete_in_thread=True
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
    readline.parse_and_bind("tab: complete")
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
