"""The saved queries: one question a file, with a header that names its parameters; read, listed and run.

A file runs as it is on any SPARQL 1.1 store: each parameter is a ``VALUES`` block that holds an example.
Here the rows of that block are replaced by the terms asked about; nothing a user types becomes query text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from inforce.cites import parse_citation
from inforce.errors import InputError, UnknownIdError, UsageError, nearest
from inforce.sparql_guard import bind_values, names, tokens
from inforce.table import Table
from inforce.vocab import BASE, PREFIXES, expand

__all__ = [
    "Parameter",
    "Query",
    "catalogue",
    "filled",
    "find_query",
    "prepared",
    "read_query",
    "run_filled",
    "run_named",
    "saved",
    "unused_parameters",
]

TYPES = ("action", "country", "date", "facts", "int", "layer", "list", "provision", "text", "thing")
ANY = "*"
"""The default of a parameter that leaves nothing out where it is not given."""
FOLDERS = ("ask", "history", "provenance", "schema", "text")
ENGINES = ("oxigraph", "rdflib")
"""What a saved query runs on with the same rows, unless its header says which alone, and why."""
XSD = PREFIXES["xsd"]

_PARAM = re.compile(
    r"(?P<names>(?:\?\w+\s+)+)(?P<type>[a-z]+)\s+(?P<need>required|optional|default=\S+)\s+(?P<text>.+?)"
    r"(?:[;,] e\.g\. (?P<example>.+))?$"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing a saved query asks for: the variables it fills, its type, and what it is if left out."""

    name: str
    variables: tuple[str, ...]
    type: str
    required: bool
    default: str | None
    text: str
    example: str


@dataclass(frozen=True, slots=True)
class Query:
    """One saved query; ``text`` is the whole file, header included.

    ``engines`` are those that give its rows; where one of ``ENGINES`` is left out ``because`` says why.
    """

    name: str
    path: Path
    text: str
    title: str
    question: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]
    example: str
    engines: tuple[str, ...] = ENGINES
    because: str = ""

    @property
    def usage(self) -> str:
        """The parameters as one line of help: those in brackets may be left out."""
        words = []
        for one in self.parameters:
            word = "FACT=VALUE …" if one.type == "facts" else f"{one.name}={one.type.upper()}"
            words.append(word if one.required else f"[{word}]")
        return " ".join(words)


def read_query(path: Path) -> Query:
    """Return a saved query with what its header says.

    Raises:
        InputError: no title or question, a parameter that cannot be read, or an engine left out without a reason.
    """
    text = path.read_text(encoding="utf-8")
    fields = _header(text)
    for key in ("title", "question"):
        if len(fields.get(key, ())) != 1:
            raise InputError(f'the header needs one "# {key}:" line', code="E_QUERY", source=str(path))
    parameters = tuple(_parameter(line, path) for line in fields.get("param", ()))
    words = " ".join(fields.get("columns", ())).split()
    # The names come first; the sentence after them may mention one again.
    columns = tuple(dict.fromkeys(word[1:].rstrip(";,.") for word in words if word.startswith("?")))
    return Query(
        path.stem,
        path,
        text,
        fields["title"][0],
        fields["question"][0],
        parameters,
        columns,
        " ".join(fields.get("example", ())),
        *_engines(" ".join(fields.get("engines", ())), path),
    )


def _engines(line: str, path: Path) -> tuple[tuple[str, ...], str]:
    if not line:
        return ENGINES, ""
    names, _, because = line.partition("; because ")
    engines = tuple(names.split())
    if not engines or not set(engines) <= set(ENGINES) or not because.strip():
        raise InputError(
            f'cannot read the engines "{line}"',
            code="E_QUERY",
            source=str(path),
            hint="# engines: oxigraph; because …; engines: " + ", ".join(ENGINES),
        )
    return engines, because.strip()


def _header(text: str) -> dict[str, list[str]]:
    # "# key: value"; a comment line that is indented goes on with the line before.
    found: dict[str, list[str]] = {}
    last: list[str] | None = None
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        match = re.match(r"# ([a-z]+): (.*)", line)
        if match:
            last = found.setdefault(match[1], [])
            last.append(match[2].strip())
        elif line.startswith("#  ") and last:
            last[-1] += " " + line[1:].strip()
    return found


def _parameter(line: str, path: Path) -> Parameter:
    match = _PARAM.match(line)
    if not match or match["type"] not in TYPES:
        raise InputError(
            f'cannot read the parameter "{line}"',
            code="E_QUERY",
            source=str(path),
            hint="# param: ?name type required|optional|default=X what it is, e.g. X; types: " + ", ".join(TYPES),
        )
    variables = tuple(word[1:] for word in match["names"].split())
    need = match["need"]
    return Parameter(
        "facts" if match["type"] == "facts" else variables[0],
        variables,
        match["type"],
        need == "required",
        need.removeprefix("default=") if need.startswith("default=") else None,
        match["text"].strip(),
        (match["example"] or "").strip(),
    )


@cache
def saved() -> dict[str, Query]:
    """Return the saved queries by name, those of the build and of checks left out."""
    from inforce.resources import root

    found: dict[str, Query] = {}
    for folder in FOLDERS:
        for path in sorted((root() / "queries" / folder).glob("*.rq")):
            query = read_query(path)
            found[query.name] = query
    return found


def catalogue() -> list[dict[str, Any]]:
    """Return one row a saved query: ``id``, ``label``, ``question``, ``parameters`` (one line of help), ``takes``.

    ``takes`` has one entry a parameter: its ``name``, ``type``, ``text``, whether it is ``required``, what it is
    if left out (``default``, ``None`` where it is nothing) and an ``example``.
    """
    return [
        {
            "id": query.name,
            "label": query.title,
            "question": query.question,
            "parameters": query.usage,
            "takes": [
                {
                    "name": one.name,
                    "type": one.type,
                    "required": one.required,
                    "default": None if one.default == ANY else one.default,
                    "text": one.text,
                    "example": one.example,
                }
                for one in query.parameters
            ],
        }
        for query in saved().values()
    ]


def find_query(name: str) -> Query:
    """Return a saved query by its name, with or without its folder and ending.

    Raises:
        UnknownIdError: no such query, with the nearest.
    """
    wanted = name.rsplit("/", 1)[-1].removesuffix(".rq").replace("_", "-")
    if wanted not in saved():
        near = nearest(wanted, saved())
        raise UnknownIdError(
            f'no saved query is called "{name}"',
            code="E_UNKNOWN_ID",
            hint=(f"did you mean {' or '.join(near)}? " if near else "") + "all queries: inforce list queries",
        )
    return saved()[wanted]


def run_named(store: ox.Store, name: str, parameters: Mapping[str, Any], kb: Any) -> Table:
    """Run a saved query and return its rows.

    Args:
        store: the whole graph.
        parameters: by name; whatever is no parameter of the query is a fact, where the query takes facts.
        kb: what names days, places, rules and facts: the knowledge base of the same graph.

    Raises:
        UnknownIdError: no such query, or a parameter that names nothing.
        UsageError: a parameter is missing, unknown or of the wrong type.
    """
    from inforce.stores import to_table

    query = find_query(name)
    found = store.query(
        prepared(store, query, parameters, kb), base_iri=BASE, prefixes=PREFIXES, use_default_graph_as_union=True
    )
    return to_table(found)


@cache
def _template(name: str) -> str:
    query = find_query(name)
    marks: dict[tuple[str, ...], Sequence[Sequence[str]]] = {
        one.variables: [[f"\x00{variable}\x00" for variable in one.variables]] for one in query.parameters
    }
    return bind_values(query.text, marks)


def filled(name: str, values: Mapping[str, str | date | None], *, constant: str = "") -> str:
    """Return the text of a saved query with every parameter filled in: the way of code, which knows its terms.

    Args:
        name: the query's name.
        values: by variable: words where the header says ``text``, else an IRI; a day; ``None`` for anything.
        constant: a variable to write as its term wherever it stands, not as a row: the engine reads a regular
            expression once if it is a constant, else once for each row.

    >>> "<https://w3id.org/inforce/irpr/1>" in filled("versions-of", {"thing": BASE + "irpr/1"})
    True
    """
    text = _template(name)
    if constant:
        mark = f"\x00{constant}\x00"
        text = re.sub(rf"VALUES \?{constant} {{ {mark} }}", "", text)
        text = re.sub(rf"\?{constant}\b", mark, text)
    kinds = {variable: one.type for one in find_query(name).parameters for variable in one.variables}
    terms = {variable: _filler(value, kinds[variable]) for variable, value in values.items()}
    # One pass: what a term holds is never read as a place for another.
    return re.sub("\x00(\\w+)\x00", lambda mark: terms[mark[1]], text)


def _filler(value: str | date | None, kind: str) -> str:
    if value is None:
        return "UNDEF"
    if isinstance(value, date):
        return str(ox.Literal(str(value), datatype=ox.NamedNode(XSD + "date")))
    return str(ox.Literal(value) if kind == "text" else ox.NamedNode(value))


def run_filled(store: ox.Store, name: str, values: Mapping[str, str | date | None], *, constant: str = "") -> Table:
    """Run a saved query whose terms code knows, as ``filled`` takes them, and return its rows."""
    from inforce.stores import to_table

    return to_table(store.query(filled(name, values, constant=constant), use_default_graph_as_union=True))


def unused_parameters(
    store: ox.Store, name: str, parameters: Mapping[str, Any], kb: Any
) -> list[tuple[str, list[str]]]:
    """Return the terms that parameters put into a saved query and that no quad uses, each with the nearest."""
    from inforce.stores import unused_terms

    query = find_query(name)
    return unused_terms(prepared(store, query, parameters, kb), store, leave=names(tokens(query.text)))


def prepared(store: ox.Store, query: Query, parameters: Mapping[str, Any], kb: Any) -> str:
    """Return the text of a saved query with its parameters filled in as terms; any SPARQL 1.1 store runs it.

    Raises:
        UnknownIdError: a parameter that names nothing.
        UsageError: a parameter is missing, unknown or of the wrong type.
    """
    known = {one.name: one for one in query.parameters if one.type != "facts"}
    takes_facts = any(one.type == "facts" for one in query.parameters)
    given = {key.replace("-", "_"): value for key, value in parameters.items() if key.replace("-", "_") in known}
    facts = {key: value for key, value in parameters.items() if key.replace("-", "_") not in known}
    if facts and not takes_facts:
        wrong = next(iter(facts))
        near = nearest(wrong, known)
        raise UsageError(
            f'{query.name} takes no parameter "{wrong}"',
            code="E_USAGE",
            hint=(f"did you mean {near[0]}? " if near else "") + f"inforce query {query.name} {query.usage}",
        )
    rows: dict[tuple[str, ...], Sequence[Sequence[str]]] = {}
    for one in query.parameters:
        if one.type == "facts":
            rows[one.variables] = [[str(a), str(b)] for a, b in _facts(store, facts, given.get("on"), kb)]
            continue
        value = given.get(one.name, one.default)
        value = None if value == ANY else value
        if value is None and one.default == ANY:
            rows[one.variables] = [["UNDEF"]]
            continue
        if value is None and one.type == "action" and not one.required:
            value = kb.default_action
        if value is None and one.required:
            raise UsageError(
                f"{query.name} needs {one.name}: {one.text}",
                code="E_USAGE",
                hint=f"{one.name}={one.example}" if one.example else f"inforce query {query.name} {query.usage}",
            )
        rows[one.variables] = [["UNDEF" if value is None else str(_term(one, value, kb))]]
    return bind_values(query.text, rows)


def _term(one: Parameter, value: Any, kb: Any) -> ox.NamedNode | ox.Literal:
    text = str(value).strip()
    if one.type == "date":
        when = kb.when(text)
        if one.name not in ("from", "to") and not when.single_day:
            raise UsageError(f"{one.name}={text} is more than one day", code="E_USAGE", hint=f"{one.name}={when.first}")
        day = when.last if one.name == "to" else when.first
        return ox.Literal(str(day), datatype=ox.NamedNode(XSD + "date"))
    if one.type == "int":
        if not re.fullmatch(r"[+-]?\d{1,9}", text):
            raise UsageError(f'{one.name}="{text}" is not a whole number', code="E_USAGE", hint=f"{one.name}=10")
        return ox.Literal(int(text))
    if one.type == "text":
        return ox.Literal(text)
    if one.type == "action":
        return ox.NamedNode(f"{BASE}action/{kb.action(text)}")
    if one.type == "provision":
        # Text is imported, so the tables of the build need not know the provision; its citation says its IRI.
        return ox.NamedNode(text if text.startswith(BASE) else parse_citation(text).iri)
    return _thing(one, text, kb)


def _thing(one: Parameter, text: str, kb: Any) -> ox.NamedNode:
    iri = text
    if text.startswith("<") or text.partition(":")[0] in PREFIXES:
        iri = expand(text)
    elif not text.startswith(BASE):
        if one.type in ("layer", "list"):
            iri = f"{BASE}{one.type}/{text.removeprefix(one.type + '/')}"
        else:
            iri = kb.find(text)[1]["iri"]
            iri = iri if ":" in iri else BASE + iri
    try:
        return ox.NamedNode(iri)
    except ValueError:
        raise UnknownIdError(f'{one.name}: "{text}" cannot be a name', code="E_UNKNOWN_ID") from None


# ---- a case as rows ----------------------------------------------------------------------------------


def _facts(store: ox.Store, facts: Mapping[str, Any], on: Any, kb: Any) -> list[tuple[ox.NamedNode, Any]]:
    """Return one row a value of a fact; an empty set is the row whose value is ``rdf:nil``.

    What follows from the day itself, a weekday, is added; what a program or code entails the query finds.
    """
    asked = kb.question(facts, on=None if on is None else str(on))
    read = dict(asked.facts)
    for name in asked.moments[-1].inferred:
        if kb.book.facts[name].follows_day:
            read[name] = asked.moments[-1].facts[name]
    rows: list[tuple[ox.NamedNode, Any]] = []
    for name, value in read.items():
        fact = _named(store, PREFIXES["fact"] + name, name)
        values = value if isinstance(value, tuple) else (value,)
        for one in values or (None,):
            rows.append((fact, ox.NamedNode(PREFIXES["rdf"] + "nil") if one is None else _value(store, fact, one)))
    return rows


def _named(store: ox.Store, iri: str, name: str) -> ox.NamedNode:
    notation = ox.NamedNode(PREFIXES["skos"] + "notation")
    is_fact = ox.NamedNode(PREFIXES["rdf"] + "type"), ox.NamedNode(PREFIXES["inf"] + "Fact")
    for quad in store.quads_for_pattern(None, notation, ox.Literal(name)):
        node = quad.subject
        if isinstance(node, ox.NamedNode) and next(iter(store.quads_for_pattern(node, *is_fact)), None):
            return node
    return ox.NamedNode(iri)


def _value(store: ox.Store, fact: ox.NamedNode, value: Any) -> ox.NamedNode | ox.Literal:
    """Return the term of one value: a literal, or the concept that the value is the token of."""
    if isinstance(value, bool):
        return ox.Literal(value)
    if isinstance(value, (int, float)):
        return ox.Literal(str(value), datatype=ox.NamedNode(XSD + "decimal"))
    inf, skos = PREFIXES["inf"], PREFIXES["skos"]
    allowed = [q.object for q in store.quads_for_pattern(fact, ox.NamedNode(inf + "allowedValue"), None)]
    for scheme in store.quads_for_pattern(fact, ox.NamedNode(inf + "valuesFrom"), None):
        allowed += [q.subject for q in store.quads_for_pattern(None, ox.NamedNode(skos + "inScheme"), scheme.object)]
    for node in allowed:
        if isinstance(node, ox.NamedNode) and _token(store, node) == value:
            return node
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return ox.Literal(value, datatype=ox.NamedNode(XSD + "date"))
    return ox.Literal(value)


def _token(store: ox.Store, term: ox.NamedNode) -> str:
    """Return what a user types for a value; the same choice as ``Triples.token``."""
    found = [q.object for q in store.quads_for_pattern(term, ox.NamedNode(PREFIXES["skos"] + "notation"), None)]
    words = [node.value for node in found if isinstance(node, ox.Literal) and ":" not in node.value]
    return min(words, key=lambda word: (len(word) == 2, word), default=term.value.rsplit("/", 1)[-1])
