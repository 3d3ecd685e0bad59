"""``inforce validate``: a user's own rules, facts and cases.

Examples:
  inforce validate my-rules/
  inforce validate my-rules/rule.ttl case.json
  inforce validate my-rules --json
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from inforce import Table
from inforce.errors import ExitCode, InForceError, UsageError
from inforce_cli.output import Run

COLUMNS = ("code", "file", "line", "column", "subject", "message")


def main(
    run: Run,
    paths: Annotated[
        list[str], typer.Argument(help="Turtle files, folders of them, and cases (.json, .txt).", metavar="PATH...")
    ],
) -> int:
    """Check your own rules, facts and cases; each finding names file and line. Nothing is built or changed."""
    from inforce_cli.render.findings import findings_text

    for path in paths:
        if not Path(path).exists():
            raise UsageError(f"{path}: no such file or folder", hint="name Turtle files, folders of them, or cases")
    rules = [Path(path) for path in paths if Path(path).is_dir() or path.endswith(".ttl")]
    cases = [path for path in paths if Path(path) not in rules]
    found = [_row(one) for one in run.kb.validate(rules)] if rules else []
    found += [row for path in cases for row in _case(run, path)]
    table = Table.of(COLUMNS, found)
    code = run.show(table=table, json=found, text=lambda: findings_text(found, len(paths), lang=run.lang))
    refused = any(row["exit_code"] == ExitCode.REFUSED for row in found)
    return int(ExitCode.REFUSED if refused else ExitCode.INPUT) if found else code


def _row(finding: Any) -> dict[str, Any]:
    return {
        "code": finding.code,
        "file": finding.file,
        "line": finding.line or None,
        "column": finding.column or None,
        "subject": finding.subject,
        "message": finding.message,
        "exit_code": int(finding.exit_code),
    }


def _case(run: Run, path: str) -> list[dict[str, Any]]:
    from inforce_cli.case import Case, read_case

    case = Case({})
    try:
        case = read_case(path)
        run.kb.question(case.facts)
    except UsageError as error:
        return [_fault(case.placed(error), path)]
    except InForceError as error:
        if error.exit_code != ExitCode.INPUT:
            raise
        return [_fault(error, path)]
    return []


def _fault(error: InForceError, path: str) -> dict[str, Any]:
    numbers = (error.source or "").removeprefix(path).strip(":").split(":")
    line, column = [int(n) if n.isdigit() else None for n in [*numbers, "", ""][:2]]
    message = error.message + (f"; {error.hint}" if error.hint else "")
    found = {"code": error.code, "file": path, "line": line, "column": column, "subject": "", "message": message}
    return {**found, "exit_code": int(ExitCode.INPUT)}
