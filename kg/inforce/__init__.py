"""inforce: who may do what on a given day, what changed when, and the proof of each answer.

>>> import inforce
>>> kb = inforce.open()
>>> kb.check({"citizenships": ["USA"]}, on="2025-05-01", ordinarily=True).verdict
'may'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inforce.errors import ExitCode, InForceError

if TYPE_CHECKING:
    from inforce.endpoint.handle import QueryProcess
    from inforce.held import HeldLaw
    from inforce.imports import ImportReport, import_law
    from inforce.interview import Asked, Interview
    from inforce.kb import History, KnowledgeBase, Provenance
    from inforce.panel import Panel
    from inforce.rules.answer import Answer
    from inforce.table import Table
    from inforce.text_timeline import Timeline

__all__ = [
    "Answer",
    "Asked",
    "ExitCode",
    "HeldLaw",
    "History",
    "ImportReport",
    "InForceError",
    "Interview",
    "KnowledgeBase",
    "Panel",
    "Provenance",
    "QueryProcess",
    "Table",
    "Timeline",
    "__version__",
    "import_law",
    "open",
]

__version__ = "0.1.0"

_HOMES = {
    "Answer": "inforce.rules.answer",
    "Asked": "inforce.interview",
    "HeldLaw": "inforce.held",
    "History": "inforce.kb",
    "ImportReport": "inforce.imports",
    "Interview": "inforce.interview",
    "KnowledgeBase": "inforce.kb",
    "Panel": "inforce.panel",
    "Provenance": "inforce.kb",
    "QueryProcess": "inforce.endpoint.handle",
    "Table": "inforce.table",
    "Timeline": "inforce.text_timeline",
    "import_law": "inforce.imports",
}


def open(data: Any = (), *, store: Any = None, today: Any = None, progress: Any = None) -> KnowledgeBase:
    """Open the packaged rules, with a user's own files of rules and dated facts if ``data`` names any.

    Args:
        data: a path, or several, of Turtle files or folders of them.
        store: a folder that holds a built graph, or where built graphs are kept.
        today: the day that ``"today"`` and a question without a day mean; the caller's clock decides, not ours.
            Also a function that gives it for the name of the law's time zone.
        progress: called with each build step's name, its number and how many there are.

    Raises:
        InForceError: the data are not good, or a store does not match its manifest.
    """
    from inforce.kb import open_kb

    return open_kb(data, store=store, today=today, progress=progress)


def __getattr__(name: str) -> Any:
    # Names are loaded when asked for: a plain answer imports no more than it needs.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'inforce' has no attribute {name!r}")
