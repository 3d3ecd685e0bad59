"""A query asked of a SPARQL store elsewhere, which the user names; what comes back is data of a stranger.

One POST, no redirect followed, no proxy, no name or password, nothing decompressed; a deadline for the whole and a
limit for its size. Rows are read strictly: what is not exactly a result is refused, never repaired.

Source: W3C, SPARQL 1.1 Protocol, section 2.1.2; SPARQL 1.1 Query Results JSON Format, section 3.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
from threading import Timer
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlencode, urlsplit

from inforce.errors import EnvironmentFault, InputError, LimitError, RefusedError, UsageError
from inforce.sparql_guard import bind, declared, graphs, guard, tokens
from inforce.table import Table
from inforce.vocab import BASE, PREFIXES

__all__ = ["LARGEST", "ask_endpoint", "read_results", "whole_query"]

LARGEST = 64 << 20
"""The most bytes of an answer that are taken."""
_ROWS, _TRIPLES = "application/sparql-results+json", "application/n-triples"
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_MOST_COLUMNS = 1000
# What a terminal would act on, in words of a stranger.
_ODD = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]+")


def whole_query(text: str, *, on: str | None = None) -> str:
    """Return a query that any store understands: guarded, its prefixes declared, ``on`` in the place of ``?on``.

    Raises:
        InputError: a syntax error that can be seen without an engine.
        RefusedError: an update, SERVICE, or too long or too deep.

    >>> whole_query("ASK { ?s a inf:Rule }")
    'BASE <https://w3id.org/inforce/> PREFIX inf: <https://w3id.org/inforce/ns#> ASK { ?s a inf:Rule }'
    """
    # Its graphs are known there, not here.
    found = guard(text, [iri for _, iri in graphs(tokens(text)) if iri])
    if on is not None:
        text = bind(text, {"on": f'"{on}"^^<{PREFIXES["xsd"]}date>'})
    used = {token.text.partition(":")[0] for token in found if token.kind == "pname"}
    own = {b.text[:-1] for a, b in zip(found, found[1:], strict=False) if a.word == "PREFIX" and b.text.endswith(":")}
    prefixes = declared(found)[1]
    lines = [f"PREFIX {name}: <{prefixes[name]}>" for name in sorted(used - own) if name in prefixes]
    # On the query's first line: the places in messages about lower lines stay.
    return " ".join([f"BASE <{BASE}>", *lines, text])


def ask_endpoint(
    endpoint: str, text: str, *, limit: int | None = None, timeout_s: float = 60, largest: int = LARGEST
) -> Any:
    """Return what an endpoint answers: a ``Table``, a truth value, or an ``rdflib.Graph``.

    Args:
        text: a query as ``whole_query`` makes it.
        limit: the most rows to return; a table that was cut says so.
        timeout_s: seconds for the whole conversation.
        largest: bytes of the answer that are taken.

    Raises:
        UsageError: not the address of an endpoint.
        InputError: the endpoint refuses the query, or what came back is no result.
        RefusedError: the endpoint sends us elsewhere.
        LimitError: too slow, or too much.
        EnvironmentFault: the endpoint cannot be reached, or has a fault.
    """
    where = _address(endpoint)
    form = next(token.word for token in tokens(text) if token.word in _FORMS)
    kind = _ROWS if form in ("SELECT", "ASK") else _TRIPLES
    content = _post(where, endpoint, text, kind, timeout_s, largest)
    if kind == _TRIPLES:
        from inforce.stores import read_triples

        try:
            return read_triples(content, limit)
        except ValueError as error:
            _no_result(endpoint, f"no N-Triples: {_plain(error)}")
    return read_results(content, form, endpoint, limit=limit)


def _address(endpoint: str) -> SplitResult:
    def wrong(what: str) -> NoReturn:
        raise UsageError(f"--endpoint {_plain(endpoint)}: {what}", hint="for example http://127.0.0.1:7878/query")

    if not endpoint.isascii() or re.search(r"[\x00-\x20\x7f]", endpoint):
        wrong("an address has no spaces and only plain letters")
    try:
        found = urlsplit(endpoint)
        port = found.port
    except ValueError:
        wrong("not an address")
    if found.scheme not in ("http", "https") or not found.hostname or port == 0:
        wrong("only http and https are spoken")
    if found.username is not None or found.password is not None or found.fragment:
        wrong("an address with a name, a password or a # is not asked")
    return found


def _post(where: SplitResult, endpoint: str, text: str, kind: str, timeout_s: float, largest: int) -> bytes:
    host, port = str(where.hostname), where.port
    if where.scheme == "https":
        context = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=timeout_s, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    late: list[bool] = []

    def stop() -> None:
        # A server that sends a byte now and then never meets the time limit of a single read.
        late.append(True)
        if connection.sock is not None:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    timer = Timer(timeout_s, stop)
    timer.daemon = True
    timer.start()
    try:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": kind,
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": "inforce",
        }
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        connection.request("POST", path, urlencode({"query": text}).encode(), headers)
        # The answer keeps the socket when the connection lets go of it.
        held = connection.sock
        answer = connection.getresponse()
        connection.sock = connection.sock or held
        content = _read(answer, endpoint, largest)
        if late:
            _too_late(timeout_s)
        _accepted(answer, content, endpoint, kind)
        return content
    except TimeoutError:
        _too_late(timeout_s)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, (InputError, UsageError, EnvironmentFault)):
            raise
        if late:
            _too_late(timeout_s)
        told = _plain(getattr(error, "strerror", None) or error or type(error).__name__)
        raise EnvironmentFault(
            f"the endpoint does not answer: {told or type(error).__name__}",
            code="E_ENDPOINT",
            source=endpoint,
            hint="is it running, and is this its address?",
        ) from None
    finally:
        timer.cancel()
        connection.close()


def _too_late(timeout_s: float) -> NoReturn:
    raise LimitError(
        f"the endpoint did not answer within {timeout_s:g} s", code="E_TIMEOUT", hint="ask for less, or raise --timeout"
    ) from None


def _read(answer: http.client.HTTPResponse, endpoint: str, largest: int) -> bytes:
    parts, size = [], 0
    while part := answer.read1(1 << 16):
        parts.append(part)
        size += len(part)
        if size > largest:
            raise LimitError(
                f"the endpoint sends more than {largest} bytes", code="E_TOO_MUCH", hint="put LIMIT in the query"
            )
    if answer.length:
        raise EnvironmentFault("the endpoint's answer ends early", code="E_ENDPOINT", source=endpoint, hint="try again")
    return b"".join(parts)


def _accepted(answer: http.client.HTTPResponse, content: bytes, endpoint: str, kind: str) -> None:
    status = answer.status
    if 300 <= status < 400:
        told = _plain(answer.getheader("Location") or "elsewhere")
        raise RefusedError(
            f"the endpoint sends us to {told}: no redirect is followed",
            code="E_REDIRECT",
            source=endpoint,
            hint="if you trust that address, give it to --endpoint",
        )
    if status != 200:
        told = _plain(content[:2000].decode("utf-8", "replace"))
        message = f"the endpoint says {status}" + (f": {told}" if told else "")
        if 400 <= status < 500:
            raise InputError(message, code="E_ENDPOINT", source=endpoint, hint="check the query and the address")
        raise EnvironmentFault(message, code="E_ENDPOINT", source=endpoint, hint="try again later")
    if (answer.getheader("Content-Encoding") or "identity").lower() != "identity":
        _no_result(endpoint, "compressed, which was not asked for")
    media = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    if media != kind and not (kind == _ROWS and media == "application/json"):
        _no_result(endpoint, f'"{_plain(media)}", not {kind}')


def _plain(text: Any) -> str:
    return _ODD.sub(" ", str(text)).strip()[:300]


def _no_result(endpoint: str, what: str) -> NoReturn:
    raise InputError(
        f"what the endpoint sent is no result: {what}",
        code="E_ENDPOINT",
        source=endpoint,
        hint="is this the address of a SPARQL 1.1 endpoint?",
    ) from None


def read_results(content: bytes, form: str, endpoint: str, *, limit: int | None = None) -> Any:
    """Return the rows or the truth value of a result in JSON.

    Raises:
        InputError: it is not exactly that.
    """

    def refuse(word: str) -> NoReturn:
        raise ValueError(word)

    try:
        found = json.loads(content.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        _no_result(endpoint, "no JSON")
    if not isinstance(found, dict) or not isinstance(found.get("head"), dict):
        _no_result(endpoint, "no head")
    if form == "ASK":
        if not isinstance(found.get("boolean"), bool):
            _no_result(endpoint, "no boolean")
        return found["boolean"]
    columns, results = found["head"].get("vars"), found.get("results")
    if not isinstance(columns, list) or len(columns) > _MOST_COLUMNS:
        _no_result(endpoint, "no variables")
    if not all(isinstance(one, str) and re.fullmatch(r"\w{1,200}", one) for one in columns):
        _no_result(endpoint, "a variable with a strange name")
    if len(set(columns)) != len(columns):
        _no_result(endpoint, "a variable twice")
    if not isinstance(results, dict) or not isinstance(results.get("bindings"), list):
        _no_result(endpoint, "no bindings")
    rows = []
    for number, row in enumerate(results["bindings"]):
        if not isinstance(row, dict) or not row.keys() <= set(columns):
            _no_result(endpoint, f"row {number + 1} is none of these variables'")
        rows.append(tuple(_term(row.get(one), endpoint, number) for one in columns))
    return Table(tuple(columns), tuple(rows)).limited(limit)


def _term(term: Any, endpoint: str, number: int) -> Any:
    from inforce.stores import plain

    if term is None:
        return None
    if not isinstance(term, dict) or not isinstance(term.get("value"), str):
        _no_result(endpoint, f"row {number + 1} has no terms")
    kind, value = term.get("type"), term["value"]
    if kind == "uri":
        return value
    if kind == "bnode":
        return f"_:{value}"
    datatype = term.get("datatype", PREFIXES["xsd"] + "string")
    if kind not in ("literal", "typed-literal") or not isinstance(datatype, str):
        _no_result(endpoint, f'row {number + 1} has a term of kind "{_plain(kind)}"')
    return plain(value, datatype)
