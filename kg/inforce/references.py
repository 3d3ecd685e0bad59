"""Which provisions the words of a provision refer to: "subsection 198(1)", "paragraphs (a) and (b)", "of the Act".

The publisher marks references to other laws, not those within a law; they are read from the English words here. What
names another law is left out; of a range what lies between is taken too, and what is not there is not referred to.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial

from inforce.vocab import BASE, PREFIXES

__all__ = ["reference_links", "references"]

_DCT, _INF, _ELI = PREFIXES["dct"], PREFIXES["inf"], PREFIXES["eli"]
# Beside the law in force: amendments that are not, and what went with one; their words speak of the law as amended.
_BESIDE = ("not-in-force", "related")
_ROMANS = [
    tens + ones for tens in ("", "x", "xx") for ones in ("", *"i ii iii iv v vi vii viii ix".split()) if tens + ones
]
# What the publisher wrote about the text.
_NOTES = ("footnote", "note")

# What a label is, from the section down; a defined term or a row stands where a subsection would.
_SECTION, _NUMBER, _LETTER, _ROMAN, _CAPITAL = range(5)
_UNITS = {
    "section": _SECTION,
    "subsection": _NUMBER,
    "paragraph": _LETTER,
    "subparagraph": _ROMAN,
    "clause": _CAPITAL,
}
_ONE = r"(?:\d+(?:\.\d+)*(?:\([0-9A-Za-z]{1,6}(?:\.\d+)*\))*|(?:\([0-9A-Za-z]{1,6}(?:\.\d+)*\))+)"
_CITED = re.compile(
    rf"\b(?P<unit>(?:sub)?section|(?:sub)?paragraph|clause)s?\s+(?P<list>{_ONE}"
    rf"(?:\s*(?:,\s*(?:and|or|to)?|and|or|to)\s+{_ONE})*)",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\b(?P<unit>Part|Schedule)\s+(?P<label>\d+(?:\.\d+)*)\b")
# Whose provision it is, told right after the labels.
_OF = re.compile(r"\s+of\s+(?P<whose>(?:the|this|that|these|those)\s+[A-Za-z][\w'’-]*|[A-Z])")
_TO = re.compile(r"\s+(?:of|to)\s+(?P<whose>(?:the|this|that|these|those)\s+[A-Za-z][\w'’-]*|[A-Z])")
# What numbers a paragraph or what is below it: a, g.1, iv, A; a word is a defined term, or a row.
_LETTERED = re.compile(r"(?:[a-zA-Z]{1,2}|[ivxl]+|[IVXL]+)(?:\.\d+)*\Z")
_PIECE = re.compile(r"\(([0-9A-Za-z]+(?:\.\d+)*)\)")


def references(
    text: str, at: str, known: Collection[str], acts: Mapping[str, str], titles: Mapping[str, str] | None = None
) -> list[str]:
    """Return the paths of the provisions that some English words refer to, each once, in the order of the words.

    Args:
        text: the words.
        at: the path of the provision they are part of, for references that name no section.
        known: the paths there are.
        acts: the path of the act that a regulation is made under, which it calls "the Act", by the regulation's path.
        titles: the paths of laws by their whole titles.

    >>> references("under subsection 7(1) or paragraph (b)", "x/5/2/a", {"x/7/1", "x/5/2/b"}, {})
    ['x/7/1', 'x/5/2/b']
    """
    law = at.partition("/")[0]
    whose = partial(_whose, law=law, acts=acts, titles=titles or {})
    found: dict[str, None] = {}
    for match in _CITED.finditer(text):
        other = whose(text[match.end() :])
        if other is None:
            continue
        for path in _paths(match["list"], _UNITS[match["unit"].lower()], at if other == law else other, other):
            if path in known and path != at:
                found[path] = None
    for match in _WHOLE.finditer(text):
        path = f"{law}/{match['unit'].lower()}-{match['label']}"
        if path in known and whose(text[match.end() :], told=_TO) == law:
            found[path] = None
    return list(found)


def _whose(
    after: str, *, law: str, acts: Mapping[str, str], titles: Mapping[str, str], told: re.Pattern[str] = _OF
) -> str | None:
    """The law whose provision was named, ``None`` if it is one that is not held, or a place told in other words."""
    match = told.match(after)
    if match is None:
        return law
    named = re.sub(r"\Athe\s+", "", after[match.start("whose") :])
    for title, path in titles.items():
        if named.startswith(title):
            return path
    words = match["whose"].split()
    if len(words) < 2 or words[0] in ("that", "those"):
        return None
    if words[1].lower() in ("section", "subsection") or words[0] in ("this", "these"):
        return law
    if words[1] == "Act" and law in acts:
        return acts[law]
    # "the Regulations" of an act are those made under it.
    if words[1] == "Regulations":
        return next((regulation for regulation, act in acts.items() if act == law), law)
    return None


def _paths(labels: str, unit: int, at: str, law: str) -> Iterator[str]:
    last: list[str] = []
    end = 0
    for match in re.finditer(_ONE, labels):
        one, joined, end, before = match[0], labels[end : match.start()], match.end(), last
        section = re.match(r"\d+(?:\.\d+)*", one)
        pieces = _PIECE.findall(one)
        if section:
            last = [section[0], *pieces]
        elif last:
            # "200(3)(a) or (b)": what a shorter label does not say is as in the one before it.
            last = [*last[: max(1, len(last) - len(pieces))], *pieces]
        elif at == law:
            continue
        else:
            last = [*_above(at.split("/")[1:], _first(pieces[0], unit, len(pieces))), *pieces]
        if joined.strip(" ,") == "to" and before[:-1] == last[:-1]:
            for label in _between(before[-1], last[-1]):
                yield "/".join([law, *last[:-1], label])
        yield "/".join([law, *last])


def _between(low: str, high: str) -> Iterator[str]:
    """The labels between two numbers or two letters."""
    if low.isdigit() and high.isdigit():
        yield from (str(number) for number in range(int(low) + 1, int(high)))
        return
    # "(i) to (v)" may be letters or numerals: what is not there is left out anyway.
    if len(low) == len(high) == 1 and low.isalpha() and high.isalpha():
        yield from (chr(code) for code in range(ord(low) + 1, ord(high)))
    if low in _ROMANS and high in _ROMANS:
        yield from _ROMANS[_ROMANS.index(low) + 1 : _ROMANS.index(high)]


def _first(label: str, unit: int, count: int) -> int:
    """What the first of some labels is: the last is what the unit says, unless it is plainly a subsection's number."""
    return _NUMBER if label[0].isdigit() else max(_LETTER, unit - count + 1)


def _above(labels: list[str], kind: int) -> list[str]:
    """The labels of a place that stand above one of a kind."""
    found = labels[:1]
    rank = _SECTION
    for label in labels[1:]:
        if not _LETTERED.match(label):
            rank = _NUMBER
        else:
            rank = _LETTER if rank < _LETTER else rank + 1
        if rank >= kind:
            break
        found.append(label)
    return found


def reference_links(packaged: Iterable[bytes], text: Iterable[bytes]) -> list[bytes]:
    """Return sorted N-Quads that say which provisions each English wording refers to (``dct:references``).

    Args:
        packaged: the lines of the built graph; it says which act a regulation is based on.
        text: the lines of the imported law.
    """
    ours, based = list(packaged), f" <{_ELI}based_on> ".encode()
    acts = {
        _path(subject): _path(other.split(b" ")[0])
        for subject, found, other in (line.partition(based) for line in ours)
        if found
    }
    label = f" <{PREFIXES['rdfs']}label> ".encode()
    titles = {
        other[1 : other.index(b'"@en')].decode(): _path(subject)
        for subject, found, other in (line.partition(label) for line in ours)
        # A law is what has no step below it.
        if found and b'"@en ' in other and "/" not in _path(subject) and ":" not in _path(subject)
    }
    terms = {f"<{_DCT}isVersionOf>": "of", f"<{_DCT}language>": "language", f"<{_INF}text>": "text"}
    told: dict[bytes, dict[str, str]] = {}
    for line in text:
        subject, predicate, value = line.split(b" ", 2)
        term = terms.get(predicate.decode())
        if term == "of":
            told.setdefault(subject, {})[term] = _path(value.split(b" ")[0])
        elif term:
            told.setdefault(subject, {})[term] = value[1 : value.rindex(b'"')].decode()
    known = {wording["of"] for wording in told.values() if "of" in wording}
    found = []
    for subject, wording in told.items():
        at = wording.get("of", "")
        beside = at.partition("/")[2].startswith(_BESIDE) or at.rpartition("/")[2].startswith(_NOTES)
        if wording.get("language") != "en" or "text" not in wording or beside:
            continue
        for path in references(wording["text"], at, known, acts, titles):
            quad = f" <{_DCT}references> <{BASE}{path}> <{BASE}graph/inferred> ."
            found.append(subject + quad.encode())
    return sorted(found)


def _path(iri: bytes) -> str:
    return iri.strip(b"<>").decode().removeprefix(BASE)
