"""The outermost line: runs a command, writes what it shows, and turns whatever goes wrong into one line and a code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from inforce import __version__
from inforce.errors import EnvironmentFault, ExitCode, InForceError, UsageError

__all__ = ["main", "run"]


def run() -> None:
    """Run the command line of this process and end the process with the command's exit code."""
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush() if sys.stdout else None
    except OSError:
        _silence()
    sys.exit(code)


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; nothing is raised, whatever happens.

    >>> main(["--version"])
    inforce 0.1.0
    0
    """
    if list(argv) == ["--version"]:
        # Answered before the parser is imported: a tenth of the time.
        return _guarded(list(argv), lambda: print(f"inforce {__version__}"))
    return _guarded(list(argv), lambda: _command(list(argv)))


def _command(argv: list[str]) -> int:
    from inforce_cli.app import run_command

    return run_command(argv or ["--help"])


def _guarded(argv: list[str], action: object) -> int:
    try:
        return int(action() or 0)  # type: ignore[operator]
    except InForceError as error:
        return _failed(error, argv)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has enough of it.
        _silence()
        return int(ExitCode.ANSWERED)
    except OSError as error:
        where = str(error.filename) if error.filename else None
        fault = EnvironmentFault(
            (error.strerror or str(error)).lower(),
            code="E_DISK",
            source=where,
            hint="check the disk and its permissions",
        )
        return _failed(fault, argv)
    except RecursionError:
        return _failed(UsageError("the input is nested too deeply", hint="give it in fewer levels"), argv)
    except Exception as error:  # noqa: BLE001 - the outermost line
        if "--debug" in argv:
            import traceback

            traceback.print_exc()
        internal = InForceError(
            f"internal error: {type(error).__name__}", code="E_INTERNAL", hint="run it again with --debug and report it"
        )
        return _failed(internal, argv)


def _failed(error: InForceError, argv: list[str]) -> int:
    from inforce_cli.render.errors import failure

    wants_json = (
        "--json" in argv or "--format=json" in argv or ("--format", "json") in zip(argv, argv[1:], strict=False)
    )
    try:
        sys.stderr.write(failure(error, as_json=wants_json, encoding=sys.stderr.encoding))
        sys.stderr.flush()
    except (OSError, AttributeError):  # AttributeError: no stderr at all
        pass
    return int(error.exit_code)


def _silence() -> None:
    # The interpreter flushes standard output once more when it ends: let that go nowhere.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


if __name__ == "__main__":
    run()
