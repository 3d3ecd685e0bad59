"""What a check found: a code, a sentence that says what would be right, and the place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inforce.errors import ExitCode

__all__ = ["Example", "Finding", "in_order"]


# What hardly anybody means: a rule, a part of its condition or a fact without any effect.
WARNINGS = frozenset({"W_DEAD", "W_IDLE", "W_REDUNDANT", "W_TWIN", "W_UNREAD"})


@dataclass(frozen=True, slots=True)
class Example:
    """A case in which a finding shows: ``action``, the day ``on``, ``facts`` as typed, ``readings`` to switch.

    Facts that are not given are as they ordinarily are.
    """

    action: str
    on: str
    facts: tuple[tuple[str, str], ...]
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not right.

    ``line`` is where the block of ``subject`` starts in ``file``, both from 1; for a fault of spelling it is the
    line of the fault, with its ``column``. ``file`` is empty where no file states the subject. A code that starts with
    ``W_`` is no fault, only something to think about. ``message_fr`` is empty where the sentence is English only.
    ``accepted``: the data say why it is so, and the sentence with them.

    >>> str(Finding("E_DATE", "2023-02-29 is not a day", "rule:R-1", "mine.ttl", 7))
    'error[E_DATE]: mine.ttl:7: rule:R-1: 2023-02-29 is not a day'
    """

    code: str
    message: str
    subject: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    example: Example | None = None
    message_fr: str = ""
    accepted: bool = False

    @property
    def severity(self) -> str:
        """How much it matters: ``error``, ``warning`` (most likely not meant) or ``note`` (to think about)."""
        if not self.code.startswith("W_"):
            return "error"
        return "warning" if self.code in WARNINGS and not self.accepted else "note"

    @property
    def exit_code(self) -> ExitCode:
        """How a command ends because of it: refused by policy, bad input, or well where it only gives to think."""
        if self.code.startswith("W_"):
            return ExitCode.ANSWERED
        return ExitCode.REFUSED if self.code == "E_REMOTE" else ExitCode.INPUT

    @property
    def where(self) -> str:
        """The place, as ``file:line:column``; only what is known of it."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)]) if self.file else ""

    def __str__(self) -> str:
        """Return the one line that a person reads."""
        kind = "note" if self.code.startswith("W_") else "error"
        parts = [part for part in (f"{kind}[{self.code}]", self.where, self.subject, self.message) if part]
        return ": ".join(parts)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings once each, by file, line and code."""
    return sorted(set(findings), key=lambda f: (f.file, f.line, f.column, f.code, f.subject, f.message))
