"""The commands that HTTP offers, and what a request may say to each: read off the commands' own signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import typer

from inforce.errors import UsageError, nearest
from inforce_cli.app import COMMANDS

if TYPE_CHECKING:
    from inforce import KnowledgeBase

__all__ = ["OPERATIONS", "SHARED", "Operation", "Parameter", "arguments", "defaults", "operation"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing a request may say: its name in the query, and the keyword of the command it becomes.

    ``kind`` is ``flag``, ``one`` or ``many``.
    """

    name: str
    keyword: str
    kind: str
    required: bool
    text: str
    metavar: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is said here of a command: the JSON it answers, and what of it stays on the command line.

    Attributes:
        forms: its JSON Schemas, by the names of their files; ``rows`` is a list of objects.
        left_out: parameters that read a file, or that mean nothing without an exit code.
        pairs: the parameter that ``name=value`` words go to; a parameter no one knows is such a word.
        body: the keyword that takes ``-``, the request's body, and what the body is.
        size: about how many rows these keywords ask for, where that can be too many.
    """

    forms: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    pairs: str = ""
    body: tuple[str, str] = ("", "")
    size: Callable[[KnowledgeBase, Mapping[str, Any]], int] | None = None


def _cells(kb: KnowledgeBase, said: Mapping[str, Any]) -> int:
    """Return how many cells a panel has: nationalities, other facts, actions and days."""
    nationalities = sum(map(_words, said.get("nationality") or ())) or len(kb.list("nationalities").rows)
    named = [day.strip() for word in said.get("days") or () for day in word.split(",")]
    days = sum(len(kb.change_days()) if day == "changes" else 1 for day in named) or 1
    actions = len(said.get("action") or kb.book.actions)
    return nationalities * days * actions * prod(map(_words, said.get("fact") or ()))


def _words(text: str) -> int:
    return text.count(",") + 1


OFFERS: dict[str, Offer] = {
    "check": Offer(
        ("answer", "why-not", "comparison", "history", "queried"),
        left_out=("facts_file", "exit_code"),
        pairs="facts",
        body=("facts_file", "facts"),
    ),
    "panel": Offer(("rows",), size=_cells),
    "replay": Offer(("replay",), left_out=("file",), body=("file", "answer")),
    "changes": Offer(("changes",)),
    "diff": Offer(
        ("rules-difference", "text-difference", "text-changes", "difference"), left_out=("against", "exit_code")
    ),
    "blame": Offer(("blame",)),
    "timeline": Offer(("timeline", "history"), pairs="name"),
    "trace": Offer(("trace",), body=("name", "answer")),
    "conflicts": Offer(("conflicts",)),
    "show": Offer(("thing", "answer"), body=("name", "answer")),
    "list": Offer(("rows",)),
    "search": Offer(("rows",)),
    "cite": Offer(("rows",), left_out=("style",), body=("name", "answer")),
    "query": Offer(("rows", "object"), pairs="parameters"),
}
"""The commands that only read, and read only the graph."""

SHARED = (
    Parameter("lang", "lang", "one", False, "Language of what is shown: en or fr.", "en|fr"),
    Parameter("limit", "limit", "one", False, "At most N rows; a cut answer says so in X-Truncated.", "N"),
)
"""What every command takes."""

# They are about the caller's own machine: its files, its terminal, its exit codes.
LOCAL = frozenset(
    "output o data store endpoint format json quiet verbose v no-color debug "
    "against exit-code facts-file style file".split()
)
YES, NO = ("yes", "true", "1", "on", ""), ("no", "false", "0", "off")


@dataclass(frozen=True, slots=True)
class Operation:
    """One command as HTTP offers it."""

    name: str
    offer: Offer
    parameters: tuple[Parameter, ...]
    summary: str
    text: str

    @property
    def main(self) -> Any:
        """The command's own function."""
        return import_module(f"inforce_cli.commands.{self.name}").main


@cache
def operation(name: str) -> Operation:
    """Return the command of a name that is in ``OFFERS``."""
    offer = OFFERS[name]
    module = import_module(f"inforce_cli.commands.{name}")
    hints = get_type_hints(module.main, include_extras=True)
    found = [
        _parameter(one, hints[one.name])
        for one in list(inspect.signature(module.main).parameters.values())[1:]
        if one.name not in offer.left_out
    ]
    text = inspect.cleandoc(module.main.__doc__ or "")
    return Operation(name, offer, (*found, *SHARED), COMMANDS[name][1], text)


OPERATIONS = tuple(OFFERS)
"""The names of the commands that HTTP offers."""


def _parameter(one: inspect.Parameter, hint: Any) -> Parameter:
    kind_, info = get_args(hint)[:2]
    option = isinstance(info, type(typer.Option()))
    # In an annotation the first name stands where a default would.
    words = [word for word in (info.default, *(info.param_decls or ())) if isinstance(word, str)]
    long = next((word for word in words if word.startswith("--")), "")
    kind = "flag" if kind_ is bool else "many" if "list[" in str(kind_) else "one"
    return Parameter(
        name=long.removeprefix("--") if option else one.name,
        keyword=one.name,
        kind=kind,
        required=one.default is inspect.Parameter.empty,
        text=str(info.help or ""),
        metavar=str(info.metavar or ""),
    )


def arguments(command: Operation, given: Iterable[tuple[str, str]], *, body: bool = False) -> dict[str, Any]:
    """Return the keywords of a command that a request's parameters give; those it does not give have their defaults.

    Args:
        given: names and values as the request has them; a name may occur more than once.
        body: whether the request has a body that stands for an argument.

    Raises:
        UsageError: a parameter is unknown, missing, given twice, or only for the command line.
    """
    known = {one.name: one for one in command.parameters}
    values: dict[str, list[str]] = {}
    pairs: list[str] = []
    for key, value in given:
        name = key.replace("_", "-")
        if name in known:
            values.setdefault(name, []).append(value)
        elif name in LOCAL:
            raise UsageError(
                f'"{key}" is only for the command line', hint=f"leave it out: /api/{command.name} answers JSON"
            )
        elif command.offer.pairs and key.strip():
            pairs.append(f"{key}={value}")
        else:
            near = nearest(name, known)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise UsageError(
                f'unknown parameter "{key}"', hint=f"{hint}{command.name} takes: {', '.join(known) or 'none'}"
            )
    found = {known[name].keyword: _value(known[name], many) for name, many in values.items()}
    if pairs:
        # After those that are given whole, as on the command line.
        found[command.offer.pairs] = [*found.get(command.offer.pairs, []), *pairs]
    keyword, _ = command.offer.body
    if body:
        if found.get(keyword, "-") != "-":
            raise UsageError(f'"{keyword}" and a body are two answers', hint="give one of them")
        found[keyword] = "-"
    elif keyword in command.offer.left_out and keyword not in defaults(command):
        raise UsageError(f"{command.name} needs a saved answer", hint="send its JSON as the body of a POST")
    missing = [one.name for one in command.parameters if one.required and one.keyword not in found]
    if missing:
        raise UsageError(
            f'{command.name} needs "{missing[0]}": {known[missing[0]].text}', hint=f"/api/{command.name}?{missing[0]}=…"
        )
    return found


def _value(one: Parameter, many: list[str]) -> Any:
    if one.kind == "many":
        return many
    if len(many) > 1:
        raise UsageError(f'"{one.name}" is given {len(many)} times', hint="give it once")
    if one.kind == "flag":
        word = many[0].lower()
        if word not in (*YES, *NO):
            raise UsageError(f'"{one.name}" is "{many[0]}", neither yes nor no', hint=f"{one.name}=yes")
        return word in YES
    return many[0]


def defaults(command: Operation) -> Mapping[str, Any]:
    """Return the keywords of a command that a request need not give, with their values."""
    return {
        one.name: one.default
        for one in list(inspect.signature(command.main).parameters.values())[1:]
        if one.default is not inspect.Parameter.empty
    }
