"""Is this graph right? Shapes, consistency queries and what only the files themselves can tell; each with its place.

``findings`` is what the build asks of a whole graph, ``validate`` what a person asks of their own files, and
``rule_findings`` what the rules say against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from inforce.check.consistency import findings, validate
from inforce.check.finding import Finding

__all__ = ["Finding", "findings", "rule_findings", "validate"]


def rule_findings(paths: Sequence[Path], root: Path) -> list[Finding]:
    """Return what the rules of ``paths`` (none: the package's own) say against each other, sorted by file and line.

    Raises:
        UsageError: a path is not there, or a folder holds no Turtle file.
    """
    # The diagrams are loaded only for this.
    from inforce.check.rules import rule_findings as found

    return found(paths, root)
