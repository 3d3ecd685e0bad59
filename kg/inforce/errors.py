"""One family of errors: what was found, what would be right, where, and how a command ends because of it."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import ClassVar

__all__ = [
    "DateError",
    "EnvironmentFault",
    "ExitCode",
    "FactsError",
    "InForceError",
    "InputError",
    "IntegrityError",
    "LawNotHeldError",
    "LimitError",
    "LockedError",
    "RefusedError",
    "UnknownIdError",
    "UsageError",
    "error_from",
    "nearest",
]


class ExitCode(IntEnum):
    """How a command ends; also listed in its help.

    >>> ExitCode.REFUSED.value
    4
    """

    ANSWERED = 0
    NOT_MAY = 1
    USAGE = 2
    INPUT = 3
    REFUSED = 4
    INTEGRITY = 5
    ENVIRONMENT = 6
    LOCKED = 7
    LIMIT = 8
    INTERNAL = 70
    INTERRUPTED = 130


# The HTTP status of a code; a code that is not here takes the status of its class.
_STATUS = {
    "E_DATE": 400,
    "E_UNKNOWN_ID": 404,
    "E_FACTS": 422,
    "E_CASE": 422,
    "E_RDF": 400,
    "E_QUERY": 400,
    "E_HTTP": 400,
    "E_QUERY_SIZE": 413,
    "E_METHOD": 405,
    "E_ACCEPT": 406,
    "E_SLOW": 408,
    "E_BODY_SIZE": 413,
    "E_MEDIA_TYPE": 415,
    "E_HOST": 421,
    # No 503: asked again, it is as much again.
    "E_TOO_MUCH": 422,
    "E_HEADER_SIZE": 431,
    "E_FENCE": 503,
}


class InForceError(Exception):
    """The root of the family; catch it to catch whatever goes wrong for a reason we know.

    >>> error = UnknownIdError('unknown fact "citizen"', hint='did you mean "citizenships"?', source="taro.yaml:7:3")
    >>> print(f"error[{error.code}]: {error}")
    error[E_UNKNOWN_ID]: taro.yaml:7:3: unknown fact "citizen"; did you mean "citizenships"?
    """

    default_code: ClassVar[str] = "E_INFORCE"
    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL
    title: ClassVar[str] = "Something went wrong"
    status: ClassVar[int] = 500

    def __init__(
        self, message: str, *, code: str | None = None, hint: str | None = None, source: str | None = None
    ) -> None:
        """Take what was found.

        Args:
            message: what was found and what was expected, one line.
            code: a name that scripts can rely on; the class has one of its own.
            hint: what would be right, or what to do.
            source: the place: ``file:line:column``, or an option.
        """
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint or None
        self.source = source or None

    def __str__(self) -> str:
        """Return the one line that a person reads: where, what was found, what would be right."""
        where = f"{self.source}: " if self.source else ""
        what = f"; {self.hint}" if self.hint else ""
        return f"{where}{self.message}{what}"

    def __reduce__(self) -> tuple[object, ...]:
        """Let the error cross a process boundary whole: the answer of a fenced worker."""
        return type(self)._again, (self.message, self.code, self.hint, self.source)

    @classmethod
    def _again(cls, message: str, code: str, hint: str | None, source: str | None) -> InForceError:
        return cls(message, code=code, hint=hint, source=source)

    def problem(self) -> dict[str, str | int]:
        """Return the error as a problem document, the same for ``--format json`` and HTTP.

        Source:
            RFC 9457, Problem Details for HTTP APIs, section 3.

        >>> DateError("2023-02-29 is not a day").problem()["status"]
        400
        """
        found: dict[str, str | int] = {
            "type": f"https://w3id.org/inforce/error/{self.code}",
            "title": self.title,
            "status": _STATUS.get(self.code, self.status),
            "detail": self.message,
            "code": self.code,
            "exit_code": int(self.exit_code),
        }
        if self.hint:
            found["hint"] = self.hint
        if self.source:
            found["source"] = self.source
        return found


class UsageError(InForceError, ValueError):
    """A question that cannot be asked like this: an option, a combination, a file that is not there."""

    default_code = "E_USAGE"
    exit_code = ExitCode.USAGE
    title = "The question cannot be asked like this"
    status = 400


class UnknownIdError(UsageError, LookupError):
    """A name that nothing has: a fact, a country, a provision, a rule."""

    default_code = "E_UNKNOWN_ID"
    title = "Nothing has this name"
    status = 404


class DateError(UsageError):
    """Text that is not one certain day, month, year or instant."""

    default_code = "E_DATE"
    title = "Not a certain date"


class FactsError(UsageError):
    """Facts that a case cannot have: given twice, of the wrong kind, or excluding each other."""

    default_code = "E_FACTS"
    title = "These facts cannot stand together"
    status = 422


class InputError(InForceError, ValueError):
    """A file or data that are not good; refused, never repaired."""

    default_code = "E_INPUT"
    exit_code = ExitCode.INPUT
    title = "The input is not good"
    status = 422


class RefusedError(InForceError):
    """What we never do: change the graph by a query, call another service, fetch a remote context."""

    default_code = "E_REFUSED"
    exit_code = ExitCode.REFUSED
    title = "Refused by policy"
    status = 403


class IntegrityError(InForceError):
    """A store or data that do not match their manifest."""

    default_code = "E_INTEGRITY"
    exit_code = ExitCode.INTEGRITY
    title = "The data do not match their manifest"


class EnvironmentFault(InForceError, OSError):
    """The machine: a full disk, a folder that cannot be written, no home."""

    default_code = "E_ENVIRONMENT"
    exit_code = ExitCode.ENVIRONMENT
    title = "The machine does not allow it"


class LockedError(InForceError):
    """Someone else is at work on the same store."""

    default_code = "E_LOCKED"
    exit_code = ExitCode.LOCKED
    title = "The store is locked"
    status = 503


class LimitError(InForceError):
    """A limit of time, memory or size stopped the work."""

    default_code = "E_TIMEOUT"
    exit_code = ExitCode.LIMIT
    title = "A limit was reached"
    status = 503


class LawNotHeldError(UsageError, LookupError):
    """A provision or rule that has no version on the day asked about."""

    default_code = "E_NOT_HELD"
    title = "Nothing of this is held on that day"
    status = 404


def error_from(found: Mapping[str, str | None]) -> InForceError:
    """Return the error another process tells of: ``class``, ``message``, ``code``, ``hint`` and ``source``."""
    kinds = [InForceError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    named = {kind.__name__: kind for kind in kinds}
    made = named.get(str(found["class"]), InForceError)
    return made(str(found["message"]), code=found["code"], hint=found["hint"], source=found["source"])


def nearest(word: str, choices: Iterable[str], n: int = 3) -> list[str]:
    """Return up to ``n`` of ``choices`` that look most like ``word``, best first; case, accents and dashes aside.

    >>> nearest("citizenship", ["citizenships", "arrival_mode"])
    ['citizenships']
    """
    spelled: dict[str, str] = {}
    for choice in choices:
        spelled.setdefault(_folded(choice), choice)
    wanted = _folded(word)
    close = difflib.get_close_matches(wanted, spelled, n=n, cutoff=0.6)
    # A word typed only in part is close too, though difflib measures it as far.
    inside = sorted(
        (c for c in spelled if len(wanted) > 2 and wanted in c and c not in close), key=lambda c: (len(c), c)
    )
    return [spelled[one] for one in [*close, *inside][:n]]


def _folded(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.casefold().replace("-", "_").replace(" ", "_")
