"""An outcome over time, as it is handed out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inforce.rules.case import plain
from inforce.table import Table

__all__ = ["History"]


@dataclass(frozen=True, slots=True)
class History:
    """An outcome over time: stretches of equal outcome, each with what began it."""

    action: str
    facts: Mapping[str, Any]
    table: Table

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form ``inforce/history/1``."""
        return {
            "schema": "inforce/history/1",
            "action": self.action,
            "facts": {name: plain(value) for name, value in self.facts.items()},
            "intervals": self.table.to_dicts(),
        }
