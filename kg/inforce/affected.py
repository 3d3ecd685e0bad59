"""Who is affected: the questions a knowledge base answers about groups of people instead of one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from inforce.errors import UsageError

if TYPE_CHECKING:
    from inforce.dates import When
    from inforce.kb import KnowledgeBase
    from inforce.phrases import Words
    from inforce.resources import Built
    from inforce.rules.model import Rulebook

__all__ = ["Affected"]


class Affected:
    """Differences between two days or two sets of rules, and the words to tell them in."""

    if TYPE_CHECKING:
        built: Built

        @property
        def book(self) -> Rulebook:
            """The compiled rules."""

        def when(self, text: str | None) -> When:
            """Return the time meant by ``text``."""

        def action(self, name: str | None) -> str:
            """Return the action meant."""

    def differ(
        self,
        before: str,
        after: str,
        *,
        action: str | Iterable[str] | None = None,
        where: Mapping[str, Any] | None = None,
        against: KnowledgeBase | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> dict[str, Any]:
        """Return who lost and who gained between two days, exactly: the JSON form ``inforce/difference/1``.

        Each group has ``conditions`` all of it share, exceptions (``except``), an ``example`` and the rule versions
        it is so ``because`` of. Both days are taken at their end; the day of the week is the same on both. A list
        named in a condition stands for what is on it on both days.

        Args:
            before: the earlier day.
            after: the later day; with ``against`` it may be the same.
            action: one, or several; else all.
            where: facts that all cases have.
            against: other rules for the later day, say a draft: ``inforce.open(data=…)``.
            progress: called with each action, its number and how many there are.

        Raises:
            UnknownIdError: no such fact, value or action.
            FactsError: facts that exclude each other.
            UsageError: the days are not in order.
        """
        from inforce.outcomes import difference

        first, last = self.when(before).last, self.when(after).last
        if last < first or (against is None and last == first):
            raise UsageError(f"{before} is not before {after}", code="E_USAGE", hint="give the earlier day first")
        named = [action] if isinstance(action, str) else list(action or ())
        actions = dict.fromkeys(self.action(name) for name in named) or self.book.actions
        whole = cast("KnowledgeBase", self)
        return difference(
            whole, against or whole, (before, after), actions=actions, where=where or {}, progress=progress
        )

    def words(self, lang: str = "en", *, moved: Collection[str] = ()) -> Words:
        """Return what says tests and conditions in a language, ``en`` or ``fr``; see ``Words`` for ``moved``."""
        from inforce.phrases import words_of

        return words_of(self.book, lang, moved=moved)

    def tell(
        self,
        difference: Mapping[str, Any],
        *,
        against: KnowledgeBase | None = None,
        lang: str = "en",
    ) -> list[dict[str, Any]]:
        """Return a difference in words: for each kind and action what its groups share, and what each has of its own.

        A section has ``kind``, ``action``, ``label``, ``before``, ``after``, ``people`` and ``unless`` (verb phrases,
        for all groups), and ``groups``, each with ``people``, ``unless``, ``check`` (``facts`` of an example, and
        whether to ask for the ordinary outcome) and ``because`` (``version``, ``label``, ``instrument``, ``from`` …).

        Args:
            difference: what ``differ`` returned.
            against: the rules it was called with.
            lang: ``en`` or ``fr``.
        """
        from inforce.outcomes import in_words

        whole = cast("KnowledgeBase", self)
        return in_words(difference, whole, against or whole, lang=lang)
