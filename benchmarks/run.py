"""Run every benchmark of this folder (or those named), one after the other; each prints JSON lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    here = Path(__file__).resolve().parent
    wanted = set(sys.argv[1:])
    found = [
        path for path in sorted(here.glob("*.py")) if path.name not in ("run.py", "measured.py", "cohort_peers.py")
    ]
    scripts = [path for path in found if not wanted or path.stem in wanted]
    return max((subprocess.run([sys.executable, str(script)], check=False).returncode for script in scripts), default=0)


if __name__ == "__main__":
    sys.exit(main())
