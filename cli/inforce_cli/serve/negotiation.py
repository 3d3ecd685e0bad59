"""Which format a client gets, of those there are.

Source: RFC 9110, HTTP Semantics, section 12.5.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["accepted", "choose"]


def choose(accept: str | None, offers: Mapping[str, Sequence[str]]) -> str | None:
    """Return the name of the offer that a client likes best, ``None`` if none will do; ours first where it has no wish.

    Args:
        accept: the ``Accept`` header.
        offers: by name the media types an offer goes by, the best first.

    >>> choose("text/html, application/json;q=0.9", {"json": ["application/json"], "html": ["text/html"]})
    'html'
    >>> choose("text/*;q=0.5, text/csv;q=0", {"csv": ["text/csv"], "xml": ["text/xml"]})
    'xml'
    """
    if not offers:
        return None
    if accept is None or not accept.strip():
        return next(iter(offers))
    ranges = accepted(accept)
    best, found = 0.0, None
    for name, types in offers.items():
        # A further name counts where it is spelled out: "text/*" does not mean what is sent as application/….
        further = [weight for one in types[1:] for media, weight in ranges if media == one]
        quality = max([_quality(types[0], ranges), *further])
        if quality > best:
            best, found = quality, name
    return found


def accepted(accept: str) -> list[tuple[str, float]]:
    """Return the media ranges of a header with their weights; what is no range is left out.

    >>> accepted('text/turtle; charset="utf-8"; q=0.5, */*')
    [('text/turtle', 0.5), ('*/*', 1.0)]
    """
    found = []
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    weight = min(max(float(value), 0.0), 1.0)
                except ValueError:
                    weight = 0.0
                # What follows the weight belongs to the weight.
                break
        if media.count("/") == 1:
            found.append((media.lower(), weight))
    return found


def _quality(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    kind = media.split("/")[0]
    for wanted in (media, f"{kind}/*", "*/*"):
        weights = [weight for name, weight in ranges if name == wanted]
        if weights:
            return max(weights)
    return 0.0
