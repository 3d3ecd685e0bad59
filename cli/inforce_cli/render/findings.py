"""What a check of somebody's files found, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inforce_cli.render.text import safe_text

__all__ = ["findings_text"]


def findings_text(found: Sequence[Mapping[str, Any]], checked: int, *, lang: str = "en") -> str:
    r"""Return one line a finding, as compilers write them, or that nothing was found.

    >>> findings_text([], 2)
    '2 checked, nothing found\n'
    """
    if not found:
        return f"{checked} {'vérifiés, rien à signaler' if lang == 'fr' else 'checked, nothing found'}\n"
    lines = []
    for one in found:
        where = ":".join(str(one[key]) for key in ("file", "line", "column") if one[key])
        parts = [part for part in (f"error[{one['code']}]", where, one["subject"], one["message"]) if part]
        lines.append(safe_text(": ".join(parts)).replace("\n", " ") + "\n")
    count = f"{len(found)} {'à corriger' if lang == 'fr' else 'found'}\n"
    return "".join([*lines, count])
