"""What differs between two days in the rules, and then in the text: ``inforce diff A B``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inforce import Table
from inforce_cli.commands._outcomes import drafted
from inforce_cli.output import Run

__all__ = ["between"]

PARTS = ("rules", "conditions", "lists", "entailments", "provisions")


def between(run: Run, days: Sequence[str], *, known_on: str | None, against: str | None) -> tuple[bool, int]:
    """Show what differs in rules and lists, then which provisions; return whether anything does, and the exit code."""
    from inforce_cli.render.rules_difference import COLUMNS, difference_rows

    draft = drafted(run, against) if against else None
    whole = run.kb.diff_rules(days[0], days[-1], known_on=known_on, against=draft)
    whole["provisions"] = None
    if run.kb.law_version is not None and draft is None:
        whole["provisions"] = run.kb.law.changes(days[0], days[-1], known_on=known_on).to_dicts()
    elif draft is None:
        run.note("note: no text of the law is imported, so provisions are not compared: inforce import --help")
    found = _cut(whole, run.options.limit)
    rows = [*difference_rows(found), *(_provision(row) for row in found["provisions"] or ())]
    if any(len(found[name] or ()) < len(whole[name] or ()) for name in PARTS):
        run.cut()

    def text() -> str:
        from inforce_cli.render.rules_difference import rules_text
        from inforce_cli.render.text_diff import change_list

        page = rules_text(found, against=against, width=run.width, lang=run.lang, color=run.color)
        if found["provisions"]:
            page += "\n" + change_list(found["provisions"], width=run.width, lang=run.lang)
        return page

    return any(whole[name] for name in PARTS), run.show(text=text, json=found, table=Table.of(COLUMNS, rows))


def _cut(whole: Mapping[str, Any], limit: int | None) -> dict[str, Any]:
    # At most so many rows in all, the first ones.
    found, left = dict(whole), limit
    for name in PARTS:
        if left is not None and whole[name] is not None:
            found[name] = whole[name][:left]
            left -= len(found[name])
    return found


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
