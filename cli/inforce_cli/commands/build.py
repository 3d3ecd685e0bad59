"""``inforce build``: the graph from ontology, data and the user's files."""

from __future__ import annotations

from inforce_cli.output import Run

EXAMPLES = """\b
Examples:
  inforce build
  inforce build --data my-rules --store built"""


def main(run: Run) -> int:
    """Build the graph from ontology, data and your files; what is built already and has not changed is kept.

    The build is made aside and renamed when it is whole: an interrupted build leaves the one before as it was.
    """
    kb = run.kb
    counts = {name: entry.get("bytes") for name, entry in sorted(kb.built.outputs.items())}
    found = {"folder": str(kb.built.folder), "version": kb.version, "files": counts}
    return run.show(json=found, text=f"built {kb.version}\n  in {kb.built.folder}\n")
