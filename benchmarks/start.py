"""What a fresh process costs: processor time of a question on the command line, beside bare Python and bare typer."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

FACTS = ["citizenships=IND", "trip_only_us_or_spm=yes", "--on", "2024-12-24", "--ordinarily", "--json"]
TYPER = """
import typer
app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
@app.command()
def hello() -> None:
    typer.echo("hello")
app()
"""


def processor_ms(command: list[str], runs: int = 9) -> float:
    """The least processor time of several fresh processes, user and system."""
    found = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return round(min(found) * 1000, 1)


def main() -> int:
    inforce = [sys.executable, "-m", "inforce_cli"]
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "app.py"
        app.write_text(TYPER)
        rows = {
            "bare python": processor_ms([sys.executable, "-c", "pass"]),
            "bare typer": processor_ms([sys.executable, str(app)]),
            "inforce --version": processor_ms([*inforce, "--version"]),
            "inforce check": processor_ms([*inforce, "check", *FACTS]),
        }
    above = round(rows["inforce check"] - rows["bare typer"], 1)
    target = 60.0
    report = {"benchmark": "start", "cpu_ms": rows, "check_above_typer_ms": above, "target_ms": target}
    print(json.dumps({**report, "met": above <= target, "load": os.getloadavg()[0]}))
    return 0 if above <= target else 1


if __name__ == "__main__":
    sys.exit(main())
