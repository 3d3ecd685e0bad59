"""``inforce replay``: a saved answer again.

Examples:
  inforce check citizenships=FRA --on 2024-12-24 --json -o answer.json
  inforce replay answer.json
  inforce check citizenships=FRA --json | inforce replay -
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce.errors import ExitCode, InForceError, UsageError
from inforce_cli.output import Run


def main(
    run: Run,
    file: Annotated[str, typer.Argument(help="A saved answer: the JSON of inforce check.", metavar="FILE|-")],
) -> int:
    """Run a saved answer again with the data of today: the same bytes, or what differs (ends with 1)."""
    from inforce_cli.receipt import saved_answer
    from inforce_cli.render.replay import replayed

    receipt = saved_answer(file)
    if receipt is None:
        raise UsageError(f"{file}: no such file", hint="save an answer: inforce check … --json -o FILE")
    try:
        answer, differs = run.kb.replay(receipt)
    except InForceError as error:
        error.source = error.source or ("standard input" if file == "-" else file)
        raise
    # In the language of the saved answer, whatever the reader's: it is compared byte for byte.
    now = answer.to_dict("fr" if receipt.get("lang") == "fr" else "en")
    found = {
        "schema": "inforce/replay/1",
        "same": not differs,
        "differs": {key: {"saved": receipt.get(key), "now": now[key]} for key in differs},
        "answer": now,
    }
    code = run.show(json=found, text=lambda: replayed(receipt, now, differs, lang=run.lang, width=run.width))
    return code or (int(ExitCode.NOT_MAY) if differs else 0)
