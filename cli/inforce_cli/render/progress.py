"""A bar on standard error for what takes longer than a second, on a terminal only."""

from __future__ import annotations

import sys
from time import monotonic
from types import TracebackType
from typing import Any

__all__ = ["Bar"]

_PATIENCE_S = 1.0
_BETWEEN_S = 0.1


class Bar:
    """A bar that appears after a second of work and leaves nothing behind.

    >>> with Bar(shown=False) as bar:
    ...     bar("reading", 1, 3)
    """

    def __init__(self, *, shown: bool = True) -> None:
        """Start the clock; ``shown`` false is a bar that never appears."""
        self._on = shown and sys.stderr is not None and sys.stderr.isatty()
        self._started = self._drawn = monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Bar:
        """Return the bar itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away, however the work ended."""
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, step: str, number: int, of: int) -> None:
        """Say which step is at work and how much of it is done."""
        now = monotonic()
        if not self._on or now - self._started < _PATIENCE_S:
            return
        if self._bar is None:
            self._start(step, number, of)
        elif now - self._drawn < _BETWEEN_S and 0 < number < of:
            return
        self._drawn = now
        self._bar.update(self._task, description=step, completed=number, total=max(of, 1))
        self._bar.refresh()

    def _start(self, step: str, number: int, of: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        # Drawn by hand: a thread of its own would be copied, half alive, into the processes forked for the work.
        words = TextColumn("{task.description}", markup=False)
        self._bar = Progress(
            words,
            BarColumn(30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            auto_refresh=False,
        )
        self._task = self._bar.add_task(step, completed=number, total=max(of, 1))
        self._bar.start()
