"""Who lost and who gained between two days: ``inforce diff A B --outcomes``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from inforce.errors import UsageError
from inforce_cli.case import assignments
from inforce_cli.output import Run

if TYPE_CHECKING:
    from inforce import KnowledgeBase

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

    def text() -> str:
        from inforce_cli.render.difference import difference_text

        words = (draft or kb).words(run.lang)
        return difference_text(
            found,
            kb.tell(found, against=draft, lang=run.lang),
            where=[words.told((name, "is", value)) for name, value in found["where"].items()],
            data=[*map(str, run.options.data or ()), *([against] if against else [])],
            width=run.width,
            lang=run.lang,
            color=run.color,
        )

    differs = any(found[kind] for kind in ("lost", "gained", "unsettled"))
    return differs, run.show(json=found, text=text)


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
