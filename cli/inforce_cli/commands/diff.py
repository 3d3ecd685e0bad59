"""What differs between two days: ``inforce diff``.

Examples:
  inforce diff 2024-12-23 2024-12-24
  inforce diff "IRPR 7.01" 2023-01-01 2026-06-12
  inforce diff "IRPR 26.1" 2024-12-17 2024-12-18 --format unified
  inforce diff 2024-11-30 2025-02-28 --about IRPR
  inforce diff 2024-12-23 2024-12-24 --outcomes
  inforce diff 2024-02-28 2024-03-01 --outcomes --where lmia_required=no
  inforce diff 2024-02-28 2024-03-01 --outcomes --format md
  inforce diff 2026-06-12 --outcomes --against my-reform/
"""

from __future__ import annotations

from typing import Annotated

import typer

from inforce.errors import UsageError
from inforce_cli.options import Actions, KnownOn
from inforce_cli.output import Run

__all__ = ["main"]


def main(
    run: Run,
    words: Annotated[
        list[str],
        typer.Argument(help="A provision, or none for rules, lists and all text, and two days.", metavar="[NAME] A B"),
    ],
    about: Annotated[
        str | None, typer.Option("--about", help="Of all law only this law, part or provision.", metavar="NAME")
    ] = None,
    known_on: KnownOn = None,
    outcomes: Annotated[
        bool, typer.Option("--outcomes", help="Who lost and who gained: exact groups, with their exceptions.")
    ] = False,
    action: Actions = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="Only people of whom this is so; may be repeated.", metavar="FACT=VALUE"),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", help="On day B, the rules with this folder of yours, say a draft.", metavar="DIR"),
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with code 1 where something differs.")] = False,
) -> int:
    """Show what differs between two days: rules, lists and provisions; or one provision, word by word.

    What began on A is no difference, what began on B is. With --outcomes: who lost and who gained by it, as text, md,
    html or json, or a row a group as csv or another table.
    """
    if outcomes:
        from inforce_cli.commands._outcomes import outcomes_between

        if about is not None or known_on is not None:
            raise UsageError("--outcomes goes without --about and --known-on", hint="narrow it: --where FACT=VALUE")
        differs, code = outcomes_between(run, words, actions=action or [], where=where or [], against=against)
        return code or int(exit_code and differs)
    if action or where:
        raise UsageError("--action and --where compare outcomes", hint="add --outcomes")
    if against and (len(words) not in (1, 2) or about is not None):
        raise UsageError("diff --against takes one day or two", hint=f"inforce diff A B --against {against}")
    if not against and len(words) not in (2, 3) or (len(words) == 3 and about is not None):
        raise UsageError(
            "diff takes two days, or a provision and two days", hint='inforce diff "IRPR 26.1" A B, or A B --about IRPR'
        )
    if len(words) == 3:
        differs, code = _one(run, *words, known_on=known_on)
    elif about is not None:
        differs, code = _all(run, *words, about=about, known_on=known_on)
    else:
        from inforce_cli.commands._rules import between

        differs, code = between(run, words, known_on=known_on, against=against)
    return code or int(exit_code and differs)


def _one(run: Run, name: str, after: str, to: str, *, known_on: str | None) -> tuple[bool, int]:
    from inforce_cli.render.text_diff import difference_html, difference_text

    found = run.kb.law.difference(name, after, to, language=run.lang, known_on=known_on)
    told = found.to_dict()
    forms = {"unified": found.unified, "html": lambda: difference_html(told, lang=run.lang)}
    text = difference_text(told, width=run.columns, lang=run.lang, color=run.color)
    return bool(found), run.show(text=text, json=told, others=forms)


def _all(run: Run, after: str, to: str, *, about: str | None, known_on: str | None) -> tuple[bool, int]:
    from inforce_cli.render.text_diff import change_list

    found = run.kb.law.changes(after, to, about=about, known_on=known_on)
    rows = found.limited(run.options.limit).to_dicts()
    if not rows:
        run.note("note: no text changed that fits")
    people = {"table": lambda: change_list(rows, width=run.width, lang=run.lang)}
    return bool(rows), run.show(table=found, others=people)
