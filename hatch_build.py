"""Build hook: the wheel carries the built graph, so that the first question on a fresh machine builds nothing.

Runs for wheels and editable installs. The graph lands in ``build/graph``, which git ignores; an editable install
reads it there, a wheel gets a copy under ``inforce/_data/graph``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GraphBuildHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        out = root / "build" / "graph"
        sys.path.insert(0, str(root / "kg"))
        try:
            from inforce.build import build_packaged

            build_packaged(root, out)
        finally:
            sys.path.remove(str(root / "kg"))
        if version != "editable":
            build_data["force_include"][str(out)] = "inforce/_data/graph"
