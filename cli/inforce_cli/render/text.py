"""Text that is safe to show: what data say can never move a cursor, hide a word or turn a line around."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["encodable", "safe_text"]

# C0 (tab and newline apart), DEL and C1; characters that change the direction of text; the two Unicode line
# separators; lone surrogates, which no stream can encode.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DIRECTION = re.compile(r"[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")


def safe_text(text: str) -> str:
    r"""Return ``text`` with control characters as ``\x1b`` and direction marks as ``<U+202E>``, both visible.

    A tab and a newline stay.

    Source:
        CVE-2021-25743; Unicode Technical Report 36, 2.9 (bidirectional text spoofing).

    >>> safe_text("\x1b]0;owned\x07 IRPR\u202e198")
    '\\x1b]0;owned\\x07 IRPR<U+202E>198'
    """
    shown = _CONTROL.sub(lambda c: f"\\x{ord(c[0]):02x}", text)
    return _DIRECTION.sub(lambda c: f"<U+{ord(c[0]):04X}>", shown)


# What stands for a sign that a terminal of a narrow alphabet cannot show.
_PLAIN = str.maketrans({"·": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "→": "->"})


def encodable(text: str, encoding: str | None) -> str:
    r"""Return ``text`` as a stream of ``encoding`` can take it: accents dropped, other signs spelled, only if need be.

    >>> encodable("décembre · 2024…", "ascii")
    'decembre - 2024...'
    >>> encodable("décembre", "utf-8")
    'décembre'
    """
    codec = encoding or "utf-8"
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
        bare = "".join(c for c in plain if not unicodedata.combining(c))
        return bare.encode(codec, "backslashreplace").decode(codec)
    return text
