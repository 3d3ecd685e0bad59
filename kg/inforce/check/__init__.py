"""Is this graph right? Shapes, consistency queries and what only the files themselves can tell; each with its place.

``findings`` is what the build asks of a whole graph, ``validate`` what a person asks of
their own files.
"""

from __future__ import annotations

from inforce.check.consistency import findings, validate
from inforce.check.finding import Finding

__all__ = ["Finding", "findings", "validate"]
