"""Is this graph right? Shapes, consistency queries and what only the files themselves can tell; each with its place.

``findings`` is what the build asks of a whole graph, ``validate`` what a person asks of their own files, and
``rule_findings`` what the rules say against each other.
"""

from __future__ import annotations

from inforce.check.consistency import findings
from inforce.check.finding import Finding

__all__ = ["Finding", "findings"]
