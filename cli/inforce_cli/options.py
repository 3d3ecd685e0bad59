"""The options that every command has, before or after the command's name, and how a command gets them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from inforce.errors import UsageError, nearest
from inforce_cli import completion
from inforce_cli.output import Run

__all__ = [
    "GLOBAL",
    "LANGUAGES",
    "Action",
    "Actions",
    "From",
    "Globals",
    "KnownOn",
    "Name",
    "On",
    "QueryDay",
    "Reading",
    "To",
    "count",
    "shared",
    "shared_globals",
]

GLOBAL = "Global options"
LANGUAGES = ("en", "fr")
ELSEWHERE = ("query", "shell", "sparql")
"""The commands that a store elsewhere can answer."""
Name = Annotated[
    str,
    typer.Argument(
        help="A rule, provision, instrument, country, source … or a file with a saved answer.",
        autocompletion=completion.ids,
        metavar="NAME",
    ),
]
"""What a command that reads is asked about."""
On = Annotated[str | None, typer.Option("--on", help="The day; today in Ottawa if left out.", metavar="DAY")]
KnownOn = Annotated[
    str | None, typer.Option("--known-on", help="With what the public could know that day.", metavar="DAY")
]
From = Annotated[str | None, typer.Option("--from", help="First day.", metavar="DAY")]
To = Annotated[str | None, typer.Option("--to", help="Last day, included.", metavar="DAY")]
QueryDay = Annotated[str | None, typer.Option("--on", help="A day that stands for ?on.", metavar="DAY")]
Action = Annotated[
    str | None,
    typer.Option("--action", help="What is asked about.", metavar="NAME", autocompletion=completion.actions),
]
Actions = Annotated[
    list[str] | None,
    typer.Option(
        "--action", help="Of all actions only this; repeatable.", metavar="NAME", autocompletion=completion.actions
    ),
]
Reading = Annotated[
    list[str] | None,
    typer.Option(
        "--reading", help="Switch a contested rule; repeatable.", metavar="RULE", autocompletion=completion.readings
    ),
]
"""What several commands ask for in the same words."""
T = TypeVar("T")


@dataclass(slots=True)
class Globals:
    """What the shared options say; ``None`` where an option was not given."""

    format: str | None = None
    json: bool | None = None
    output: Path | None = None
    lang: str | None = None
    limit: int | None = None
    data: list[Path] | None = None
    store: Path | None = None
    endpoint: str | None = None
    quiet: bool | None = None
    verbose: bool | None = None
    no_color: bool | None = None
    debug: bool | None = None

    def over(self, earlier: Globals | None) -> Globals:
        """Return these options; where one was not given, what ``earlier`` says."""
        if earlier is None:
            return self
        return Globals(
            **{
                f.name: getattr(self, f.name) if getattr(self, f.name) not in (None, []) else getattr(earlier, f.name)
                for f in fields(self)
            }
        )


def _option(*names: str, text: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=GLOBAL, show_default=False, **more)


_SHARED: dict[str, Any] = {
    "format": Annotated[str | None, _option("--format", text="text, table, tsv, csv, json, jsonl, …", metavar="NAME")],
    "json": Annotated[bool | None, _option("--json", text="Short for --format json.")],
    "output": Annotated[
        Path | None,
        _option("-o", "--output", text="Write to FILE: aside first, then renamed.", metavar="FILE"),
    ],
    "lang": Annotated[str | None, _option("--lang", text="Language of what is shown: en or fr.", metavar="en|fr")],
    "limit": Annotated[str | None, _option("--limit", text="At most N rows; a cut ends with code 8.", metavar="N")],
    "data": Annotated[
        list[Path] | None,
        _option("--data", text="Your own rules and facts as Turtle; repeatable.", metavar="DIR"),
    ],
    "store": Annotated[Path | None, _option("--store", text="The folder of a built graph.", metavar="DIR")],
    "endpoint": Annotated[
        str | None, _option("--endpoint", text="Ask this SPARQL store: sparql and query.", metavar="URL")
    ],
    "quiet": Annotated[bool | None, _option("--quiet", text="No notes and no progress on standard error.")],
    "verbose": Annotated[bool | None, _option("-v", "--verbose", text="Say which data answer.")],
    "no_color": Annotated[bool | None, _option("--no-color", text="No colour; NO_COLOR says the same.")],
    "debug": Annotated[bool | None, _option("--debug", text="A traceback with an internal error.")],
}


def shared(function: Callable[..., int | None]) -> Callable[..., int]:
    """Return ``function`` with the shared options added to its own; it gets them as its first argument, a ``Run``.

    What the run was asked to show is written once the function has returned.
    """

    def command(ctx: typer.Context, **given: Any) -> int:
        options = _globals(given).over(ctx.find_root().obj)
        run = Run(options, command=ctx.command_path)
        if options.endpoint is not None and function.__module__.rpartition(".")[2] not in ELSEWHERE:
            raise UsageError("--endpoint is for sparql and query", hint="leave it out: rules are read here")
        code = function(run, **given)
        return run.finish(code)

    hints = get_type_hints(function, include_extras=True)
    own = [p.replace(annotation=hints[p.name]) for p in list(inspect.signature(function).parameters.values())[1:]]
    return _signed(command, own, function)


def shared_globals(function: Callable[[typer.Context, Globals], None]) -> Callable[..., None]:
    """Return ``function`` with the shared options as its signature; it gets them as one object."""

    def callback(ctx: typer.Context, **given: Any) -> None:
        given.pop("version", None)
        function(ctx, _globals(given))

    return _signed(callback, [], function)


def _globals(given: dict[str, Any]) -> Globals:
    found = {name: given.pop(name) for name in _SHARED}
    if found["limit"] is not None:
        found["limit"] = count(found["limit"])
    options = Globals(**found)
    if options.lang is not None and options.lang not in LANGUAGES:
        near = nearest(options.lang, LANGUAGES)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f'--lang "{options.lang}" is not a language we speak', hint=hint + "en or fr")
    if options.json and options.format not in (None, "json"):
        raise UsageError(f"--json and --format {options.format} exclude each other", hint="give one of them")
    return options


def count(text: str) -> int:
    """Return the number of rows that ``--limit`` says.

    Raises:
        UsageError: not a whole number from 1.
    """
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) and len(text) < 10):
        raise UsageError(f"--limit {text}: not a number of rows", hint="give a whole number from 1")
    return int(text)


def _signed(wrapper: Callable[..., T], own: list[inspect.Parameter], of: Callable[..., Any]) -> Callable[..., T]:
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _SHARED.items()
    ]
    parameters = [context, *keyword, *more]
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    wrapper.__doc__, wrapper.__name__, wrapper.__module__ = of.__doc__, of.__name__, of.__module__
    return wrapper
