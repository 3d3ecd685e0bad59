r"""``inforce interview``: questions, the best first, until nothing left to ask can change the outcome.

Examples:
  inforce interview --on 2025-06-01
  inforce interview citizenships=IND --action trv-needed
  inforce interview --save mine.json
  inforce interview --resume mine.json
  inforce interview --lang fr --plain
  printf 'IND\nno\n' | inforce interview --on 2025-06-01 --save mine.json
\b
Questions go to standard error, the answer at the end to standard output.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inforce.errors import FactsError, UnknownIdError, UsageError
from inforce_cli import completion
from inforce_cli.options import Action, KnownOn, On
from inforce_cli.output import Run, write_aside
from inforce_cli.render.text import encodable, safe_text

if TYPE_CHECKING:
    from inforce import Asked, Interview


def main(
    run: Run,
    facts: Annotated[
        list[str] | None,
        typer.Argument(
            help="Facts that need not be asked.", metavar="[FACT=VALUE]...", autocompletion=completion.facts
        ),
    ] = None,
    on: On = None,
    known_on: KnownOn = None,
    action: Action = None,
    ordinarily: Annotated[bool, typer.Option("--ordinarily", help="End with the ordinary answer.")] = False,
    save: Annotated[
        str | None, typer.Option("--save", help="Keep the interview after each answer.", metavar="FILE")
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", help="Take up a kept interview; it is kept there.", metavar="FILE")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="No colour: for screen readers and logs.")] = False,
) -> int:
    """Ask only what can still change the outcome, what tells most first; then give the answer as check does.

    Any question may be answered "don't know". "why" says which rules wait for it, "back" takes the last answer back,
    "stop" ends with what is known so far. The interview is kept after every answer where a file is named.
    """
    if resume is not None and (facts or on is not None or known_on is not None or action is not None):
        raise UsageError("--resume goes on with the facts, day and action it was begun with", hint="leave them out")
    talk = _Talk(run, _interview(run, facts or [], on, known_on, action, resume), plain=plain, keep=save or resume)
    talk.note_of(resume)
    talk.lead()
    return talk.end(ordinarily=ordinarily, today=on in (None, "today") and resume is None)


def _interview(
    run: Run, facts: list[str], on: str | None, known_on: str | None, action: str | None, resume: str | None
) -> Interview:
    from inforce import Interview
    from inforce_cli.case import assignments

    if resume is None:
        return Interview(run.kb, assignments(facts), on=on, known_on=known_on, action=action)
    if not Path(resume).is_file():
        raise UsageError(f"--resume {resume}: no such file", hint="keep an interview: inforce interview --save FILE")
    from inforce_cli.receipt import saved_answer

    return Interview.resume(run.kb, saved_answer(resume) or {})


class _Talk:
    """The talk with a person or a pipe: questions out on standard error, answers in."""

    def __init__(self, run: Run, interview: Interview, *, plain: bool, keep: str | None) -> None:
        from inforce_cli.render.answer import Page

        self.run, self.interview, self.keep = run, interview, keep
        self.by_hand = sys.stdin is not None and sys.stdin.isatty()
        self.page = Page(run.kb.book, lang=run.lang, width=run.width, color=run.color and not plain)

    def tell(self, text: str) -> None:
        """Write to whoever answers; these are no notes, ``--quiet`` does not silence them."""
        if sys.stderr is not None:
            sys.stderr.write(encodable(safe_text(text) if not self.page.color else text, sys.stderr.encoding))
            sys.stderr.flush()

    def note_of(self, resume: str | None) -> None:
        """Say so where a kept interview was begun with other data."""
        from inforce_cli.receipt import saved_answer
        from inforce_cli.render.interview import say

        kept = (saved_answer(resume) or {}) if resume is not None else {}
        if resume is not None and (kept.get("data") or {}).get("version") != self.run.kb.version:
            self.run.note(say("The data have changed since: answers are read by those of today.", self.run.lang))

    def lead(self) -> None:
        """Ask until nothing is left to ask, or the person stops; what is answered is kept at once.

        Raises:
            KeyboardInterrupt: nobody answers any more.
        """
        from inforce_cli.render.interview import asking, opening
        from inforce_cli.render.words import labelled, period

        self._store()
        action = self.page.book.actions[self.interview.action]
        on = self.interview.to_dict()["on"]
        self.tell(opening(f"{labelled(action.label, self.page.lang)}, {period(on, self.page.lang)}", self.page))
        told: str | None = None
        while (asked := self.interview.next()) is not None:
            text = asking(asked, self.page, self._names(asked), usually=self.interview.usually())
            if text != told:
                self.tell("\n" + text)
                told = text
            if not self._hear(asked):
                return

    def _names(self, asked: Asked) -> dict[str, str]:
        if asked.fact.kind == "boolean":
            return {}
        words = self.run.kb.words(self.page.lang)
        return {value: words.value(asked.fact, value).strip("“”«» \xa0") for value in asked.values}

    def _hear(self, asked: Asked) -> bool:
        # One line of answer; whether to go on.
        from inforce_cli.render.interview import misunderstood, reasons, reply, say

        typed = self._line()
        word = reply(typed)
        if word == "stop":
            return False
        if word == "why":
            self.tell(reasons(asked, self.interview.because(), self.page))
        elif word == "help":
            self.tell(say("Say what you answer, or: why, don't know, back, stop.", self.page.lang) + "\n")
        elif word == "back":
            if not self.interview.back():
                self.tell(say("This is the first question.", self.page.lang) + "\n")
        else:
            try:
                self.interview.answer("unknown" if word == "unknown" else self.interview.meant(typed))
            except (FactsError, UnknownIdError, UsageError) as error:
                self.tell(misunderstood(typed, asked, error, self.page))
        self._store()
        return True

    def _line(self) -> str:
        self.tell("> ")
        try:
            line = sys.stdin.readline() if sys.stdin is not None else ""
        except UnicodeDecodeError:
            raise UsageError("what was typed is not text in the terminal's encoding", hint="use UTF-8") from None
        except KeyboardInterrupt:
            self._left()
            raise
        if not line:
            self._left()
            raise KeyboardInterrupt
        if not self.by_hand:
            self.tell(line.rstrip("\r\n") + "\n")
        return line.strip()

    def _left(self) -> None:
        from inforce_cli.render.interview import say

        self.tell("\n")
        if self.keep is not None:
            text = say("Kept in {}; go on with: inforce interview --resume {}", self.page.lang)
            self.tell(safe_text(text.format(self.keep, shlex.quote(self.keep))) + "\n")

    def _store(self) -> None:
        if self.keep is not None:
            from inforce_cli.render.table import as_json

            write_aside(Path(self.keep), as_json(self.interview.to_dict()).encode(), option="--save")

    def end(self, *, ordinarily: bool, today: bool) -> int:
        """Show the answer on what is known, and the command that gives it again."""
        from inforce_cli.case import Case
        from inforce_cli.commands.check import Asking
        from inforce_cli.render.interview import say

        kept = self.interview.to_dict()
        day = kept["on"].get("text") or self._day(kept["on"])
        facts = self.interview.facts
        words = [f"{name}={value}" for name, value in facts.items()]
        words += ["--on", day, "--action", kept["action"]]
        words += ["--known-on", kept["known_on"]] if kept["known_on"] else []
        words += ["--ordinarily"] if ordinarily else []
        self.tell(f"\n{say('The same without questions:', self.page.lang)}\ninforce check {shlex.join(words)}\n\n")
        asking = Asking(
            self.run, Case(facts), "today" if today else day, kept["known_on"], kept["action"], (), ordinarily
        )
        code, _ = asking.answer(explain=False, why_not=False)
        return code

    def _day(self, on: dict[str, Any]) -> str:
        low, high = on["from"], on["until"]
        for text in (low, low[:7], low[:4]):
            when = self.run.kb.when(text)
            if (str(when.first), str(when.until)) == (low, high):
                return str(text)
        return str(low)
