"""Who lost and who gained between two days: ``inforce diff A B --outcomes``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from inforce.errors import UsageError
from inforce_cli.case import assignments
from inforce_cli.output import TABLES, Run

if TYPE_CHECKING:
    from inforce import KnowledgeBase, Table

__all__ = ["drafted", "outcomes_between"]


def outcomes_between(
    run: Run, days: Sequence[str], *, actions: Sequence[str], where: Sequence[str], against: str | None
) -> tuple[bool, int]:
    """Show the groups whose outcome differs; return whether there are any, and the exit code.

    Raises:
        UsageError: not two days, or not one or two with ``against``.
    """
    if len(days) != 2 and not (against and len(days) == 1):
        raise UsageError(
            "diff --outcomes takes two days" + (", or one with --against" if against else ""),
            hint="inforce diff A B --outcomes",
        )
    kb, facts = run.kb, assignments(where)
    draft = drafted(run, against) if against else None
    found = kb.differ(days[0], days[-1], action=actions, where=facts, against=draft, progress=_after_a_second(run))

    @cache
    def said() -> dict[str, Any]:
        # What every form of it for people is made of; JSON needs none of this.
        words = (draft or kb).words(run.lang)
        return {
            "sections": kb.tell(found, against=draft, lang=run.lang),
            "where": [words.told((name, "is", value)) for name, value in found["where"].items()],
            "data": [*map(str, run.options.data or ()), *([against] if against else [])],
            "lang": run.lang,
        }

    def text() -> str:
        from inforce_cli.render.difference import difference_text

        return difference_text(found, **said(), width=run.width, color=run.color)

    def markdown() -> str:
        from inforce_cli.render.difference_page import difference_blocks, difference_markdown

        return difference_markdown(difference_blocks(found, **said()))

    def html() -> str:
        from inforce_cli.render.difference_page import difference_blocks, difference_html

        return difference_html([*difference_blocks(found, **said())], lang=run.lang)

    # A row a group, which a limit cuts; what is read, and JSON, stays whole.
    rows = _rows(**said()) if run.format in TABLES else None
    differs = any(found[kind] for kind in ("lost", "gained", "unsettled"))
    return differs, run.show(json=found, text=text, table=rows, others={"md": markdown, "html": html})


def _rows(*, sections: Sequence[Mapping[str, Any]], data: Sequence[str], lang: str, **_: Any) -> Table:
    from inforce import Table
    from inforce_cli.render.difference_page import COLUMNS, difference_rows

    return Table.of(COLUMNS, difference_rows(sections, data=data, lang=lang))


def drafted(run: Run, folder: str) -> KnowledgeBase:
    """Return the rules with those of a folder of the user's own beside them."""
    import inforce

    return inforce.open([*(run.options.data or ()), folder], progress=run.progress)


def _after_a_second(run: Run) -> Callable[[str, int, int], None]:
    begun = time.monotonic()

    def tell(step: str, number: int, of: int) -> None:
        if time.monotonic() - begun > 1:
            run.progress(step, number, of)

    return tell
