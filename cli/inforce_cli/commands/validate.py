r"""``inforce validate``: a user's own rules, facts and cases.

Examples:
  inforce validate my-rules/
  inforce validate my-rules/rule.ttl case.yaml
  inforce validate case.json --data my-rules --json
  inforce validate --rules
  inforce validate --rules --data my-rules
\b
A case is a file that inforce check --facts takes: JSON, name: value lines
(plain YAML) or name=value lines. Ends with 3 where something is to be
corrected (4: something is refused); notes, as --rules gives them, end with 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from inforce import Table
from inforce.errors import ExitCode, InForceError, UsageError
from inforce_cli.output import Run

COLUMNS = ("code", "file", "line", "column", "subject", "message", "level", "example")


def main(
    run: Run,
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Turtle files, folders of them, and cases (.yaml, .json, .txt, -).", metavar="[PATH]..."),
    ] = None,
    rules: Annotated[
        bool,
        typer.Option(
            "--rules",
            help="What rules say against each other, and which rest on changed text; the package's if no files.",
        ),
    ] = False,
) -> int:
    """Check your own rules, facts and cases; each finding names file and line. Nothing is built or changed."""
    from inforce_cli.render.findings import example_words, findings_text

    own, cases = _sorted(paths or [], run.options.data or [])
    if not (own or cases or rules):
        raise UsageError(
            "nothing to validate", hint="name files or folders, or --data DIR; see inforce validate --help"
        )
    found = _of_rules(run, own, between=rules)
    if cases and not _wrong(found):
        found += [row for path in cases for row in _of_case(run, path)]
    if run.lang == "fr":
        # As in an answer: what is read stands in the reader's language.
        found = [{**row, "message": row["message_fr"]} for row in found]
    table = Table.of(COLUMNS, [{**row, "example": example_words(row["example"])} for row in found])
    checked = len(own) + len(cases)
    code = run.show(
        json=found[: run.options.limit],
        table=table,
        text=lambda: findings_text(found[: run.options.limit], checked, lang=run.lang, width=run.width),
    )
    return max((row["exit_code"] for row in found), default=0) or code


def _sorted(paths: Sequence[str], data: Sequence[Path]) -> tuple[list[Path], list[str]]:
    for path in paths:
        if path != "-" and not Path(path).exists():
            raise UsageError(f"{path}: no such file or folder", hint="name Turtle files, folders of them, or cases")
    rules = [*data, *(Path(path) for path in paths if path.endswith(".ttl") or Path(path).is_dir())]
    return list(dict.fromkeys(rules)), [path for path in paths if Path(path) not in rules]


def _wrong(found: Sequence[dict[str, Any]]) -> bool:
    return any(row["exit_code"] for row in found)


def _of_rules(run: Run, own: Sequence[Path], *, between: bool) -> list[dict[str, Any]]:
    import inforce

    # What is asked about has no part in judging it, and may be what cannot be built.
    kb = inforce.open() if run.options.data else run.kb
    found = [_row(one) for one in kb.validate(own)] if own else []
    if between and not _wrong(found):
        found += [_row(one) for one in kb.rule_findings(own)]
        found += [_stale(row) for row in run.kb.stale_readings()]
    return found


def _stale(row: dict[str, Any]) -> dict[str, Any]:
    # What follows the first colon is advice; the words themselves may have one.
    words = f", {row['words']}".replace(": ", ":\u00a0") if row["words"] else ""
    subject = f"<rule/{row['rule']}/{row['version']}>"
    found = {"code": "W_STALE", "level": "note", "file": "", "line": None, "column": None, "subject": subject}
    english = f"{row['says']}{words}: read the rule again by the text as it is now"
    french = f"{row['says_fr']}{words} : relisez la règle d'après le texte actuel"
    return {
        **found,
        "message": english,
        "message_fr": french,
        "severity": "note",
        "example": None,
        "exit_code": int(ExitCode.ANSWERED),
    }


def _row(finding: Any) -> dict[str, Any]:
    example = finding.example
    return {
        "code": finding.code,
        "level": "note" if finding.exit_code == ExitCode.ANSWERED else "error",
        "file": finding.file,
        "line": finding.line or None,
        "column": finding.column or None,
        "subject": finding.subject,
        "message": finding.message,
        "message_fr": finding.message_fr or finding.message,
        "severity": finding.severity,
        "accepted": finding.accepted,
        "example": example
        and {
            "action": example.action,
            "on": example.on,
            "facts": dict(example.facts),
            "readings": list(example.readings),
        },
        "exit_code": int(finding.exit_code),
    }


# ---- cases -----------------------------------------------------------------------------------------


def _of_case(run: Run, path: str) -> list[dict[str, Any]]:
    """Return what is wrong with each fact of a case; if nothing is, which of them exclude each other."""
    from inforce_cli.case import read_case

    try:
        case = read_case(path)
    except InForceError as error:
        if error.exit_code != ExitCode.INPUT:
            raise
        return [_fault(error, path)]
    found = []
    for name, value in case.facts.items():
        if wrong := _refused(run, {name: value}):
            found.append(_fault(wrong, path, case.places.get(name)))
    if not found and (wrong := _refused(run, case.facts)):
        # Those without which the rest could be: the last of them is where one reads on.
        names = list(case.facts)
        bound = [n for n in names if not _refused(run, {m: v for m, v in case.facts.items() if m != n})]
        if bound:
            wrong.message += f": {', '.join(bound)}"
        found.append(_fault(wrong, path, case.places.get(bound[-1]) if bound else None))
    return found


def _refused(run: Run, facts: dict[str, Any]) -> UsageError | None:
    try:
        # Asked of a year, a case has no day of the week that could contradict its own.
        run.kb.question(facts, on=run.today[:4])
    except UsageError as error:
        return error
    return None


def _fault(error: InForceError, path: str, place: str | None = None) -> dict[str, Any]:
    numbers = (error.source or place or "").removeprefix("standard input").removeprefix(path).strip(":").split(":")
    line, column = [int(n) if n.isdigit() else None for n in [*numbers, "", ""][:2]]
    message = error.message + (f"; {error.hint}" if error.hint else "")
    found = {"code": error.code, "level": "error", "file": path, "line": line, "column": column, "subject": ""}
    more = {"message_fr": message, "severity": "error", "example": None}
    return {**found, "message": message, **more, "exit_code": int(ExitCode.INPUT)}
