"""How answers and tables show themselves in a notebook: plain HTML, every word of data escaped, no script, no style."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inforce.history import History
    from inforce.rules.answer import Answer
    from inforce.table import Table

__all__ = ["answer_html", "history_html", "table_html"]

MOST_ROWS = 200
"""Rows that a notebook shows; the table has them all."""


def table_html(table: Table) -> str:
    """Return the first rows of a table, and how many there are where not all are shown."""
    shown = _rows(table.columns, table.rows[:MOST_ROWS])
    left = len(table) - MOST_ROWS
    notes = [f"{MOST_ROWS} of {len(table)} rows"] if left > 0 else []
    if table.truncated:
        notes.append("cut by a limit: there are more")
    return shown + (f"<p>{'; '.join(notes)}</p>" if notes else "")


def answer_html(answer: Answer) -> str:
    """Return an answer: the outcome, the rules it rests on, what is missing, and what it was asked of."""
    ordinarily = answer.headline == "ordinarily"
    head = f"{'ordinarily ' if ordinarily else ''}{answer.verdict}".upper().replace("-", " ")
    asked = f"{answer.action}, {_when(answer.on['from'], answer.on['until'])}"
    other = f"strictly {answer.outcome}" if ordinarily else f"ordinarily {answer.ordinarily.outcome}"
    other = other.replace("-", " ")
    parts = [f"<p><strong>{escape(head)}</strong> · {escape(asked)} · {escape(other)}</p>"]
    if answer.decisive:
        columns = ("rule", "effect", "state", "layer", "in force from", "instrument", "label")
        rows = [
            (g.rule, g.effect, g.state, g.layer, g.in_force_from, g.instrument, g.label.get("en", ""))
            for g in answer.decisive
        ]
        parts.append(_rows(columns, rows))
    if answer.missing:
        names = ", ".join(str(one["fact"]) for one in answer.missing)
        parts.append(f"<p>could still change it: {escape(names)}</p>")
    parts += [f"<p>caution: {escape(one.message)}</p>" for one in answer.cautions]
    through = answer.data["verified_through"]
    parts.append(f"<p>answer {escape(answer.id[:12])} · law checked to {escape(through)} · not legal advice</p>")
    return "<div>" + "".join(parts) + "</div>"


def history_html(history: History) -> str:
    """Return an outcome over time: its picture above its rows."""
    return f"<div>{history.timeline().to_svg()}{table_html(history.table)}</div>"


def _when(start: str, until: str) -> str:
    # A day is an interval to its end: for a reader it is the day.
    if len(start) == len(until) == 10:
        last = str(date.fromisoformat(until) - timedelta(days=1))
        return start if last == start else f"{start} to {last}"
    return start if start == until else f"{start} until {until}"


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_said, value))
    return "" if value is None else str(value)


def _rows(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(_said(value))}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
