"""Errors as a person reads them, one line, and as programs do, a problem document."""

from __future__ import annotations

from inforce.errors import InForceError
from inforce_cli.render.text import encodable, safe_text

__all__ = ["failure"]


def failure(error: InForceError, *, as_json: bool = False, encoding: str | None = None) -> str:
    r"""Return what goes to standard error: ``error[CODE]: where: what was found; what would be right``.

    Source:
        RFC 9457, section 3, for the JSON form.

    >>> from inforce.errors import UsageError
    >>> failure(UsageError("unknown option --frmat", hint="did you mean --format?"))
    'error[E_USAGE]: unknown option --frmat; did you mean --format?\n'
    """
    if as_json:
        import json

        return json.dumps(error.problem(), ensure_ascii=True, indent=1) + "\n"
    line = " ".join(safe_text(str(error)).split("\n")) if "\n" not in error.message else safe_text(str(error))
    return encodable(f"error[{error.code}]: {line}\n", encoding)
