"""What differs between two days in the rules, and then in the text: ``inforce diff A B``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inforce import Table
from inforce_cli.output import Run

__all__ = ["between"]


def between(run: Run, days: Sequence[str], *, known_on: str | None) -> tuple[bool, int]:
    """Show what differs in rules and lists, then which provisions; return whether anything does, and the exit code."""
    from inforce_cli.render.rules_difference import COLUMNS, difference_rows

    before, after = days
    found = run.kb.diff_rules(before, after, known_on=known_on)
    provisions = None
    if run.kb.law_version is not None:
        provisions = run.kb.law.changes(before, after, known_on=known_on).to_dicts()
    rows = [*difference_rows(found), *(_provision(row) for row in provisions or ())]

    def text() -> str:
        from inforce_cli.render.rules_difference import rules_text
        from inforce_cli.render.text_diff import change_list

        page = rules_text(found, width=run.width, lang=run.lang, color=run.color)
        if provisions:
            page += "\n" + change_list(provisions, width=run.width, lang=run.lang)
        return page

    if provisions is None:
        run.note("note: no text of the law is imported, so provisions are not compared: inforce import --help")
    whole = {**found, "provisions": provisions}
    return bool(rows), run.show(text=text, json=whole, table=Table.of(COLUMNS, rows))


def _provision(row: dict[str, Any]) -> dict[str, Any]:
    sides = {key: next(iter(row[key].values()), None) for key in ("before", "after")}
    told = {
        "what": "provision",
        "kind": row["kind"],
        "id": row["citation"],
        "date": row["date"],
        "label": row["citation"],
    }
    return {**told, "instrument": row["instrument"], **sides}
