"""What became of a cohort file, in a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inforce_cli.render.text import safe_text

__all__ = ["report_text"]


def report_text(report: Mapping[str, Any], target: str) -> str:
    r"""Return how many rows went where.

    >>> report_text({"rows": 3, "unanswered": 1, "unreadable": 0, "errors": "o.csv.errors.csv",
    ...     "outcomes": {"may": 2, "no answer": 1}}, "o.csv")
    '3 rows in o.csv: may 2, no answer 1\n1 row without an answer: o.csv.errors.csv\n'
    """
    outcomes = sorted((report["outcomes"] or {}).items(), key=lambda item: (-item[1], item[0]))
    counts = ", ".join(f"{word} {count:,}" for word, count in outcomes)
    lines = [f"{_rows(report['rows'])} in {target}" + (f": {counts}" if counts else "")]
    bad = [
        f"{_rows(report[key])} {what}"
        for key, what in (("unanswered", "without an answer"), ("unreadable", "left out that could not be read"))
        if report[key]
    ]
    if bad:
        lines.append(f"{', '.join(bad)}: {report['errors']}")
    return "".join(safe_text(line) + "\n" for line in lines)


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"
