"""What a command may read besides the graph: files a user names, standard input; in a server one request's body.

Whoever reads a file or standard input because its name was typed asks here first. A server says ``only(body)`` around
a command: then no name is a file's, and ``-`` is the body of the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from inforce.errors import UsageError

__all__ = ["body", "only", "served"]

_SERVED: ContextVar[bool] = ContextVar("served", default=False)
_BODY: ContextVar[bytes | None] = ContextVar("body", default=None)


@contextmanager
def only(content: bytes | None) -> Iterator[None]:
    """Let whatever runs inside read nothing but ``content``, where a name is ``-``; ``None``: nothing at all."""
    served_before, body_before = _SERVED.set(True), _BODY.set(content)
    try:
        yield
    finally:
        _SERVED.reset(served_before)
        _BODY.reset(body_before)


def served() -> bool:
    """Return whether a server runs the command: then no file is read.

    >>> served()
    False
    """
    return _SERVED.get()


def body() -> bytes:
    """Return the body of the request.

    Raises:
        UsageError: it has none.
    """
    content = _BODY.get()
    if content is None:
        raise UsageError("the request has no body", hint="send the JSON with POST")
    return content
