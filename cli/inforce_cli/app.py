"""The commands by name: a module is imported only when its command runs or asks for help."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from inforce.errors import UsageError, nearest
from inforce_cli.options import GLOBAL, Globals, shared, shared_globals

__all__ = ["COMMANDS", "Command", "Commands", "load", "run_command"]

COMMANDS: dict[str, tuple[str, str]] = {
    "check": ("Ask", "Outcome for one applicant on a day, with its grounds."),
    "panel": ("Ask", "Outcomes by nationality, action and day, as one table."),
    "interview": ("Ask", "Questions, the best first, only while they can change the outcome."),
    "batch": ("Ask", "Many applicants from a file: outcome and reason for each row."),
    "replay": ("Ask", "Run a saved answer again: same bytes, or what differs."),
    "changes": ("Change", "What changed when."),
    "diff": ("Change", "Text of a provision on two days, word by word; or all that changed."),
    "blame": ("Change", "Every clause with the instrument that last wrote it."),
    "timeline": ("Change", "A provision or a rule over time, as text or a picture."),
    "trace": ("Change", "Where a rule, provision or answer comes from."),
    "conflicts": ("Change", "Where sources disagree, with dates and ranks."),
    "show": ("Read", "Anything by its id or citation, as it stood on a day."),
    "list": ("Read", "Rules, provisions, instruments, facts, sources, queries and more."),
    "search": ("Read", "Find words in labels and paraphrases, English and French."),
    "cite": ("Read", "Citation of a provision, a rule or an answer."),
    "sparql": ("SPARQL", "Run a SPARQL query over the graph."),
    "serve": ("Serve", "The explorer and a SPARQL endpoint, on this machine."),
    "export": ("Serve", "The graph or its tables as files, with checksums and a data card."),
    "feed": ("Serve", "Changes as Atom or iCalendar."),
    "query": ("SPARQL", "Run a saved query with named parameters."),
    "shell": ("SPARQL", "Queries one after the other, with completion and history."),
    "schema": ("SPARQL", "Classes, properties and prefixes, with counts and examples."),
    "import": ("Data", "Read the law's own text from XML files or a git checkout."),
    "validate": ("Data", "Check your own rules, facts and cases, with file and line."),
    "build": ("Data", "Build the graph from ontology, data and your files."),
    "doctor": ("Data", "Check the store, the environment and the coverage."),
}
"""Each command: the section it stands in and its line of help. Its module is ``commands.NAME``."""

HELP_NAMES = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EPILOG = """\b
Exit codes: 0 answered, 1 --exit-code and the outcome is not "may" (or
differences were found), 2 usage, 3 bad input, 4 refused, 5 integrity,
6 environment, 7 locked, 8 a limit cut the output, 70 internal error.
\b
Start with: inforce check --help"""


class Command(TyperCommand):
    """A command whose help keeps the options that all commands share apart from its own."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, the command's own options, then those that every command has."""
        _write_options(self.get_params(ctx), ctx, formatter)

    def format_arguments(self, ctx: Any, formatter: Any) -> None:
        """Write nothing: newer parsers give arguments a section of their own, which is part of ours."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what stands behind the command's name in its usage: arguments in their own brackets, none added."""
        arguments = [str(p.metavar) for p in self.get_params(ctx) if p.param_type_name == "argument"]
        return ["[OPTIONS]", *arguments]


def _write_options(parameters: Sequence[Any], ctx: Any, formatter: Any) -> None:
    sections: dict[str, list[Any]] = {"Arguments": [], "Options": [], GLOBAL: []}
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            # Typer's own record adds brackets and a type, each version others.
            sections["Arguments"].append((parameter.metavar, parameter.help))
        elif (record := parameter.get_help_record(ctx)) is not None:
            panel = getattr(parameter, "rich_help_panel", None)
            sections[GLOBAL if panel == GLOBAL else "Options"].append(record)
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


class Commands(TyperGroup):
    """The group of all commands, each loaded when it is named."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command ``cmd_name``, importing its module, or ``None``."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command named by the first argument, or refuse it with the nearest.

        Raises:
            UsageError: no command has this name.
        """
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = nearest(args[0], COMMANDS)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise UsageError(f'unknown command "{args[0]}"', hint=hint + "all commands: inforce --help")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by section, without importing any."""
        for title in dict.fromkeys(section for section, _ in COMMANDS.values()):
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (section, text) in COMMANDS.items() if section == title])

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        _write_options(self.get_params(ctx), ctx, formatter)


def load(name: str) -> Any:
    """Return the command ``name``: the ``main`` of its module with the shared options added."""
    module = import_module(f"inforce_cli.commands.{name}")
    one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    main = shared(module.main)
    one.command(name, cls=Command, epilog=_examples(module), context_settings=dict(HELP_NAMES))(main)
    command: Any = get_command(one)
    for parameter in command.params:
        if not parameter.help:
            # Typer before 0.26 loses the help of an argument beside a parser from 8.5 on.
            parameter.help = get_args(main.__annotations__[parameter.name])[1].help
    return command


def _examples(module: ModuleType) -> str | None:
    # What may be named in an example is told in the module's docstring: dates and rules are data everywhere else.
    _, found, lines = (module.__doc__ or "").partition("Examples:")
    return f"\b\n{found}{lines.rstrip()}".replace("\\b", "\b") if found else None


def run_command(argv: Sequence[str]) -> int:
    """Run the command line ``argv`` and write what the command shows; return the exit code.

    Raises:
        InForceError: anything that went wrong for a reason we know.
    """
    command = get_command(_app())
    # The parser's own errors, wherever typer keeps the parser: its bad parameter derives from them.
    errors: tuple[type[Exception], ...] = typer.BadParameter.__mro__[1:3]
    try:
        code = command.main(
            args=list(argv), prog_name="inforce", complete_var="_INFORCE_COMPLETE", standalone_mode=False
        )
    except typer.Abort:
        raise KeyboardInterrupt from None
    except errors as error:
        raise _usage(error) from None
    except SystemExit as end:
        # The parser ends the process itself for shell completion, and where nobody reads its output.
        return 0 if end.code == 1 else int(end.code or 0)
    return int(code or 0)


def _app() -> typer.Typer:
    app = typer.Typer(
        cls=Commands,
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=dict(HELP_NAMES),
        epilog=EPILOG,
        subcommand_metavar="COMMAND …",
    )
    app.callback(
        help="Who may do what under Canadian immigration law on a given day, what changed when, and the proof of it."
    )(shared_globals(_every))
    return app


def _every(ctx: typer.Context, options: Globals) -> None:
    """Keep options that stand before the command for it."""
    ctx.obj = options


def _usage(error: Any) -> UsageError:
    """The parser's error in our form, with what exists beside what was typed."""
    context = getattr(error, "ctx", None)
    path = (context.command_path if context is not None else "inforce") + " --help"
    name = getattr(error, "option_name", None)
    if name and hasattr(error, "possibilities"):
        known = [o for p in context.command.get_params(context) for o in p.opts] if context is not None else []
        near = nearest(name, [option for option in known if option.startswith("--")])
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        return UsageError(f"unknown option {name}", hint=f"{hint}all options: {path}")
    message = str(error.format_message()).strip().rstrip(".")
    return UsageError(message[:1].lower() + message[1:], hint=f"see {path}")
