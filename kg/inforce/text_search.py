"""Words looked for in text: what is alike to a reader is alike here, whatever its accents and marks."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["folded_pattern", "snippet"]

# One letter and all that a reader takes for it; the text is searched as it stands, the pattern is what folds.
_ALIKE = {
    "a": "aàâäá",
    "c": "cç",
    "e": "eéèêë",
    "i": "iîïí",
    "o": "oôöó",
    "u": "uùûüú",
    "n": "nñ",
    "y": "yÿ",
    "'": "'’‘ʼ",
    '"': '"“”«»',
    "-": "-‐‑‒–—",
}
_FOLD = {alike: one for one, all_alike in _ALIKE.items() for alike in all_alike}


def folded_pattern(word: str) -> str:
    """Return a regular expression, the same in SPARQL and Python, for a word whatever its accents and marks.

    >>> import re
    >>> bool(re.search(folded_pattern("d'entree"), "un point d’entrée"))
    True
    """
    pieces = []
    for capital in word.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").replace("Æ", "ae"):
        # A letter whose small form is two signs is looked for as it stands.
        letter = capital.lower() if len(capital.lower()) == 1 else capital
        plain = _FOLD.get(letter, letter)
        if plain in _ALIKE:
            # A dash stands last in a class, where it means itself.
            pieces.append(f"[{_ALIKE[plain][1:]}{plain}]")
        else:
            pieces.append(letter if letter.isalnum() or ord(letter) > 127 else "\\" + letter)
    return "".join(pieces).replace("[ôöóo][éèêëe]", "(œ|[ôöóo][éèêëe])").replace("[àâäáa][éèêëe]", "(æ|[àâäáa][éèêëe])")


def snippet(text: str, spans: Sequence[tuple[int, int]], around: int = 40) -> str:
    """Return the first hit with some words on either side; the hit stands between « » of its own kind, ‹ and ›."""
    start, end = min(spans)
    low = text.rfind(" ", 0, max(0, start - around)) + 1 if start > around else 0
    high = text.find(" ", end + around)
    high = len(text) if high < 0 else high
    head, tail = "…" if low > 0 else "", "…" if high < len(text) else ""
    return f"{head}{text[low:start]}‹{text[start:end]}›{text[end:high]}{tail}".strip()
