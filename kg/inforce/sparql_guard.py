"""What a SPARQL text says before anything runs it: its tokens, what we refuse, and terms put in for variables.

No engine and no parser of our own: a scanner that never mistakes a string, a comment or an IRI for a keyword,
so that a refusal is certain and a term can take a variable's place without touching any other character.

Source: W3C, SPARQL 1.1 Query Language, section 19 (grammar, terminals and code point escapes).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urljoin

from inforce.errors import InputError, RefusedError, nearest
from inforce.vocab import BASE, PREFIXES, shrink

__all__ = [
    "LONGEST",
    "Token",
    "bind",
    "bind_values",
    "declared",
    "guard",
    "graphs",
    "names",
    "place",
    "position",
    "tokens",
]

LONGEST = 64 * 1024
"""The most bytes a query from outside may have."""
DEEPEST = 32
"""How deep brackets of all kinds may nest, and how many prefix operators may follow each other."""
MOST_PARTS = 500
"""How many groups, alternatives and filters a query from outside may have: each is a level of the engine's plan."""
MOST_OPERATORS = 2000
"""How many operators: long chains are deep trees."""

_ESCAPE = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<comment>\#[^\n\r]*)
    | (?P<iri><(?:[^<>"{{}}|^`\\\x00-\x20]|{_ESCAPE})*>)
    | (?P<string>\"\"\"(?:(?:\"|\"\")?(?:[^"\\]|\\.))*\"\"\"|'''(?:(?:'|'')?(?:[^'\\]|\\.))*'''
        |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
    | (?P<var>[?$]\w+)
    | (?P<blank>_:\w(?:[\w.·-]*[\w·-])?)
    | (?P<lang>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<pname>(?:[^\W\d_](?:[\w.·-]*[\w·-])?)?:(?:(?:[\w:%·]|\\[_~.\-!$&'()*+,;=/?\#@%])
        (?:[\w.:%·-]|\\[_~.\-!$&'()*+,;=/?\#@%])*)?)
    | (?P<word>(?:[A-Za-z_]|{_ESCAPE})(?:\w|{_ESCAPE})*)
    | (?P<punct>\^\^|&&|\|\||!=|<=|>=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_UPDATES = frozenset(
    ["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH", "USING", "INTO"]
)
_PARTS = frozenset(["UNION", "OPTIONAL", "MINUS", "GRAPH", "FILTER", "BIND", "VALUES", "EXISTS", "SELECT"])
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_QUERY_FORMS = frozenset(["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"])


class Token(NamedTuple):
    """One token: its kind, its text as written, and where it starts."""

    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        """The keyword this is, in capitals and with code point escapes resolved; empty for any other token."""
        if self.kind != "word":
            return ""
        return re.sub(_ESCAPE, lambda m: chr(min(int(m[0][2:], 16), 0x10FFFF)), self.text).upper()

    @property
    def end(self) -> int:
        """Where the token ends."""
        return self.start + len(self.text)


def tokens(text: str, *, all_: bool = False) -> list[Token]:
    """Return the tokens of a query, without spaces and comments unless ``all_``; together they are the whole text.

    >>> [t.text for t in tokens('ASK { ?s ?p "SERVICE" } # SERVICE')]
    ['ASK', '{', '?s', '?p', '"SERVICE"', '}']
    """
    found = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "punct"
        piece = match[0]
        if kind == "pname":
            # A dot that ends a name ends the triple.
            while piece.endswith(".") and not piece.endswith("\\."):
                piece = piece[:-1]
            if piece != match[0]:
                found.append(Token(kind, piece, match.start()))
                found.extend(Token("punct", ".", at) for at in range(match.start() + len(piece), match.end()))
                continue
        if kind == "number" and piece.endswith("."):
            found.append(Token(kind, piece[:-1], match.start()))
            found.append(Token("punct", ".", match.end() - 1))
            continue
        if all_ or kind not in ("space", "comment"):
            found.append(Token(kind, piece, match.start()))
    return found


def place(text: str, line: int, column: int) -> str:
    r"""Return the line of ``text`` with a caret below the column, both counted from 1; long lines are cut.

    >>> print(place("SELECT ?s\nWHERE }", 2, 7))
    WHERE }
          ^
    """
    lines = text.splitlines() or [""]
    shown = lines[min(max(line, 1), len(lines)) - 1].replace("\t", " ")
    start = max(0, column - 60)
    return shown[start : start + 100] + "\n" + " " * (min(column, len(shown) + 1) - 1 - start) + "^"


def position(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of a place in ``text``."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


# ---- what we refuse ----------------------------------------------------------------------------------


def guard(text: str, graph_names: Collection[str] = ()) -> list[Token]:
    """Return the tokens of a query that may run: one that only reads, and only what is here.

    Args:
        graph_names: the IRIs of the graphs that are here; ``FROM`` may name only these.

    Raises:
        RefusedError: an update, a call to another service, a graph that is not here, or a query that is
            too long or too deep.
        InputError: a string or bracket that does not end, or not a query at all.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LONGEST:
        raise RefusedError(
            f"the query has {size} bytes; at most {LONGEST} are read",
            code="E_QUERY_SIZE",
            hint="ask in several queries",
        )
    if "\x00" in text or any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise InputError("the query holds a character that is not text", code="E_QUERY", hint="save it as UTF-8")
    found = tokens(text)
    _refuse_writes(text, found)
    _refuse_depth(text, found)
    known = set(graph_names)
    for token, iri in graphs(found):
        if iri not in known:
            here = ", ".join(sorted(shrink(name) for name in known))
            raise RefusedError(
                f"FROM {token.text}: no such graph here, and none is fetched",
                code="E_REMOTE",
                hint=f"graphs: {here}" if here else None,
                source=_where(text, token),
            )
    if not any(token.word in _QUERY_FORMS for token in found):
        words = [token for token in found if token.word and token.word not in ("PREFIX", "BASE")]
        near = nearest(words[0].word, _QUERY_FORMS) if words else []
        hint = f"did you mean {near[0]}?" if near else "a short one: SELECT * { ?s a inf:Rule } LIMIT 5"
        first = words[0] if words else Token("punct", "", 0)
        raise _wrong(text, first, "this is not a query: it has none of SELECT, ASK, CONSTRUCT, DESCRIBE", hint)
    _refuse_strangers(text, found)
    return found


def _where(text: str, token: Token) -> str:
    line, column = position(text, token.start)
    return f"query:{line}:{column}"


def _refuse_writes(text: str, found: Sequence[Token]) -> None:
    for token in found:
        if token.word == "SERVICE":
            raise RefusedError(
                "SERVICE would call another server; queries here stay here",
                code="E_SERVICE",
                hint="export the graph and query both where you are: inforce export",
                source=_where(text, token),
            )
        if token.word in _UPDATES:
            raise RefusedError(
                f"{token.word} would change the graph; it is read-only",
                code="E_READONLY",
                hint="your own rules and facts come in with --data DIR",
                source=_where(text, token),
            )


def _refuse_depth(text: str, found: Sequence[Token]) -> None:
    depth, run, parts, operators = 0, 0, 0, 0
    for token in found:
        what = ""
        if token.text in _OPEN and token.kind == "punct":
            depth += 1
        elif token.text in _CLOSE and token.kind == "punct":
            depth -= 1
        run = run + 1 if token.kind == "punct" and token.text in ("!", "+", "-", "^", "^^") else 0
        parts += token.word in _PARTS or (token.kind == "punct" and token.text == "{")
        operators += token.kind == "punct" and token.text in (
            "!",
            "+",
            "-",
            "*",
            "/",
            "|",
            "||",
            "&&",
            "^",
            "=",
            "<",
            ">",
        )
        if depth > DEEPEST:
            what = f"brackets nest deeper than {DEEPEST} levels"
        elif run > DEEPEST:
            what = f"more than {DEEPEST} operators stand before one value"
        elif parts > MOST_PARTS:
            what = f"it has more than {MOST_PARTS} groups and clauses"
        elif operators > MOST_OPERATORS:
            what = f"it has more than {MOST_OPERATORS} operators"
        if what:
            raise RefusedError(
                f"the query is too deep: {what}",
                code="E_QUERY_SIZE",
                hint="ask in several queries",
                source=_where(text, token),
            )


def _refuse_strangers(text: str, found: Sequence[Token]) -> None:
    """Refuse a bracket without its other half and a prefix nobody declared: here the place is exact."""
    halves = {")": "(", "]": "[", "}": "{"}
    waiting: list[Token] = []
    for token in found:
        if token.kind != "punct":
            continue
        if token.text in _OPEN:
            waiting.append(token)
        elif token.text in _CLOSE and (not waiting or waiting.pop().text != halves[token.text]):
            raise _wrong(text, token, f'"{token.text}" closes nothing that is open here')
    if waiting:
        raise _wrong(text, waiting[-1], f'this "{waiting[-1].text}" is never closed')
    prefixes = declared(found)[1]
    for before, token in zip(found, found[1:], strict=False):
        if token.kind == "pname" and before.word != "PREFIX":
            prefix = token.text.split(":", 1)[0]
            if prefix not in prefixes:
                near = nearest(prefix, prefixes) if prefix else []
                hint = f"did you mean {near[0]}:?" if near else f"declare it: PREFIX {prefix}: <…>"
                raise _wrong(text, token, f'nobody declared the prefix "{prefix}:"', hint)


def _wrong(text: str, token: Token, message: str, hint: str | None = None) -> InputError:
    line, column = position(text, token.start)
    more = f"; {hint}" if hint else ""
    return InputError(f"{message}{more}\n{place(text, line, column)}", code="E_QUERY", source=f"query:{line}:{column}")


def declared(found: Sequence[Token]) -> tuple[str, dict[str, str]]:
    """Return the base and the prefixes that hold in a query: ours, and over them those it declares."""
    base, prefixes = BASE, dict(PREFIXES)
    for token, one, two in zip(found, [*found[1:], *found[:1]], [*found[2:], *found[:2]], strict=False):
        if token.word == "BASE" and one.kind == "iri":
            base = urljoin(base, one.text[1:-1])
        elif token.word == "PREFIX" and one.kind == "pname" and two.kind == "iri":
            prefixes[one.text.split(":", 1)[0]] = urljoin(base, two.text[1:-1])
        elif token.word in _QUERY_FORMS:
            break
    return base, prefixes


def resolved(token: Token, base: str, prefixes: Mapping[str, str]) -> str | None:
    """Return the IRI a token stands for, ``None`` where it has none."""
    if token.kind == "iri":
        inside = re.sub(_ESCAPE, lambda m: chr(min(int(m[0][2:], 16), 0x10FFFF)), token.text[1:-1])
        return inside if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", inside) else urljoin(base, inside)
    if token.kind == "pname":
        prefix, _, local = token.text.partition(":")
        if prefix in prefixes:
            return prefixes[prefix] + re.sub(r"\\(.)", r"\1", local)
    return None


def graphs(found: Sequence[Token]) -> Iterator[tuple[Token, str | None]]:
    """Yield the graphs that ``FROM`` and ``FROM NAMED`` name."""
    base, prefixes = declared(found)
    for number, token in enumerate(found):
        if token.word == "FROM":
            rest = [t for t in found[number + 1 : number + 3] if t.word != "NAMED"]
            if rest:
                yield rest[0], resolved(rest[0], base, prefixes)


def names(found: Sequence[Token]) -> list[str]:
    """Return the IRIs that stand in the patterns of a query, in order, without datatypes, functions and graphs."""
    base, prefixes = declared(found)
    seen: dict[str, None] = {}
    for number, token in enumerate(found):
        before = found[number - 1] if number else token
        after = found[number + 1] if number + 1 < len(found) else token
        if before.word in ("PREFIX", "BASE", "FROM", "NAMED") or before.text == "^^" or after.text == "(":
            continue
        if number > 1 and found[number - 2].word == "PREFIX":
            continue
        iri = resolved(token, base, prefixes)
        if iri is not None:
            seen.setdefault(iri)
    return list(seen)


# ---- terms in the place of variables -----------------------------------------------------------------


def bind(text: str, values: Mapping[str, str]) -> str:
    """Return a query in which terms stand for variables everywhere, in every branch and subquery.

    The engine's own substitution reaches only variables that a query selects, and neither UNION branches nor
    CONSTRUCT; hence this one, on tokens: a string, comment or IRI that looks like a variable is left alone.

    Args:
        values: terms as SPARQL writes them, by the name of the variable.

    Raises:
        InputError: the query gives the variable a value of its own.

    >>> bind("SELECT ?s ?on { ?s inf:from ?on }", {"on": "1"})
    'SELECT ?s (1 AS ?on) { ?s inf:from 1 }'
    """
    found = tokens(text)
    pieces: list[str] = []
    done = 0
    selecting, listing, depth, level = False, False, 0, 0
    for number, token in enumerate(found):
        before = found[number - 1] if number else token
        if token.word == "SELECT":
            selecting, listing, depth = True, False, 0
        elif token.word in ("GROUP", "ORDER"):
            listing, depth = True, 0
        elif token.word in ("HAVING", "LIMIT", "OFFSET", "VALUES") or token.text in ("{", "}"):
            selecting, listing = False, False
        elif token.word in ("WHERE", "FROM"):
            selecting = False
        if token.kind == "punct" and token.text in "()":
            depth += 1 if token.text == "(" else -1
        if token.kind == "punct" and token.text in "{}":
            level += 1 if token.text == "{" else -1
        name = token.text[1:] if token.kind == "var" else None
        if name not in values:
            continue
        if before.word == "AS" or before.word == "VALUES" or _in_values_head(found, number):
            line, column = position(text, token.start)
            raise InputError(
                f"the query gives {token.text} a value of its own",
                code="E_QUERY",
                source=f"query:{line}:{column}",
                hint="leave out the option that binds it, or rename the variable",
            )
        term = values[str(name)]
        if selecting and depth == 0:
            # A subquery need not hand on what stands everywhere anyway; twice the same name is not allowed.
            term = (
                f"({term} AS ?{name})" if not level else "" if _chosen(found, number) > 1 else f"({term} AS ?{name}_)"
            )
        elif listing and depth == 0:
            term = f"({term})"
        pieces += [text[done : token.start], term]
        done = token.end
    return "".join([*pieces, text[done:]])


def _chosen(found: Sequence[Token], number: int) -> int:
    """Return how many columns the SELECT has in whose list a token stands."""
    first = max(i for i in range(number) if found[i].word == "SELECT")
    chosen, depth = 0, 0
    for token in found[first + 1 :]:
        if token.kind == "punct" and token.text == "{" or token.word in ("WHERE", "FROM"):
            break
        chosen += depth == 0 and (token.kind == "var" or token.text == "(")
        if token.kind == "punct" and token.text in "()":
            depth += 1 if token.text == "(" else -1
    return chosen


def _in_values_head(found: Sequence[Token], number: int) -> bool:
    while number and found[number].kind == "var":
        number -= 1
    return found[number].text == "(" and number > 0 and found[number - 1].word == "VALUES"


def bind_values(text: str, rows: Mapping[tuple[str, ...], Sequence[Sequence[str]]]) -> str:
    """Return a query whose ``VALUES`` blocks over the variables in ``rows`` hold these rows and no others.

    Args:
        rows: by the variables' names in the block's order, rows of terms as SPARQL writes them (``UNDEF`` for none).

    >>> bind_values("ASK { VALUES ?on { 1 2 } ?s ?p ?on }", {("on",): [["3"]]})
    'ASK { VALUES ?on { 3 } ?s ?p ?on }'
    """
    found = tokens(text)
    pieces: list[str] = []
    done = 0
    for number, token in enumerate(found):
        if token.word != "VALUES":
            continue
        at = number + 1
        wide = found[at].text == "("
        at += wide
        head: list[str] = []
        while found[at].kind == "var":
            head.append(found[at].text[1:])
            at += 1
        at += wide
        wanted = rows.get(tuple(head))
        if wanted is None or found[at].text != "{":
            continue
        close = next(i for i in range(at, len(found)) if found[i].text == "}" and found[i].kind == "punct")
        lines = [f"({' '.join(row)})" if wide else row[0] for row in wanted]
        pieces += [text[done : found[at].end], " ", *(line + " " for line in lines)]
        done = found[close].start
    return "".join([*pieces, text[done:]])
