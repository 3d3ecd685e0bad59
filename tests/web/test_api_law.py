"""The JSON API over imported law: each command that reads the text answers the bytes of the command line."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from json_api import application, keeps_to  # noqa: E402

from inforce_cli.output import _day_in  # noqa: E402
from inforce_cli.serve.openapi import document  # noqa: E402
from inforce_cli.serve.operations import operation  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

WORDS = {"diff": "words", "search": "words", "list": "kind", "check": "facts", "query": "parameters"}
"""What a command's bare words are called in a request; ``name`` where nothing is said."""

INVENTED = [
    'show "SOR/1901-7 3" --on 2002-01-01',
    'show "SOR/1901-7 2" --on 2003-03-03 --lang fr',
    'show "SOR/1901-7 3" --on 2002-01-01 --known-on 2002-01-01',
    'diff "SOR/1901-7 3" 2001-11-30 2001-12-01',
    'diff "SOR/1901-7 2" 2001-01-01 2003-03-03 --lang fr',
    "diff 2001-01-01 2003-12-31 --about SOR/1901-7",
    'blame "SOR/1901-7 3" --on 2002-01-01',
    'blame "SOR/1901-7 2" --on 2003-03-03 --lang fr',
    'timeline "SOR/1901-7 3"',
    'trace "SOR/1901-7 3(2)"',
    "search tend lamp",
    "list laws",
    "list provisions --limit 5",
    'cite "SOR/1901-7 3(2)" --on 2002-01-01',
]
REAL = [
    "check citizenships=IND trip_only_us_or_spm=yes --on 2024-12-24 --explain",
    "check citizenships=FRA lmia_required=no --on 2018-01-01 --why-not",
    "changes --about irpr/198",
    "changes --from 2024 --layer regulation",
    'diff "IRPR 198" 2004-01-01 2024-01-01',
    'diff "IRPR 30" 2021-01-01 2026-01-01 --lang fr',
    "diff 2024-12-23 2024-12-24 --outcomes",
    "diff 2024-01-01 2024-12-31 --about IRPR",
    'show "IRPR 198(2)(a)" --on 2018-01-01',
    'show "IRPA 11" --on 2024-12-24 --lang fr',
    "show R-WP-198-2A --on 2018-01-01",
    'trace "IRPR 198(2)"',
    "trace R-WP-FLAG-2024",
    'blame "IRPR 198"',
    'blame "IRPR 52" --on 2024-01-01 --lang fr',
    'timeline "IRPR 198(2)"',
    "timeline R-WP-198-2A",
    'cite "IRPR 198(2)(a)" --on 2018-01-01',
    'cite "IRPA 30(1)" --on 2024-12-24 --lang fr',
    "list provisions --limit 40",
    "list instruments",
    'search "work permit"',
    "search permis travail --lang fr --limit 20",
    'query provision-on "provision=IRPR 198(2)" on=2018-01-01',
    "conflicts",
    "panel --nationality MEX --action eta-needed",
]


def request(line: str) -> tuple[str, list[tuple[str, str]]]:
    """Return a command line as a command and the parameters of a request."""
    command, *rest = shlex.split(line)
    flags = {one.name for one in operation(command).parameters if one.kind == "flag"}
    pairs, words = [], iter(rest)
    for word in words:
        name = word.removeprefix("--")
        if name == word and command in ("check", "query") and "=" in word:
            name, _, value = word.partition("=")
            pairs.append((name, value))
        elif name == word:
            pairs.append(("name" if command == "query" else WORDS.get(command, "name"), word))
        else:
            pairs.append((name, "yes" if name in flags else next(words)))
    return command, pairs


def same(client: Any, run: Callable[..., Ran], described: dict[str, Any], line: str) -> None:
    ran = run(line + " --json")
    assert ran.code in (0, 8), ran.err
    command, pairs = request(line)
    got = client.get(f"/api/{command}", params=pairs)
    assert got.status_code == 200, got.text
    assert got.content == ran.out.encode()
    assert len(got.content) > 20
    assert got.headers.get("X-Truncated") == ("rows" if ran.code == 8 else None)
    keeps_to(described, command, "get", got)


def _client(kb: Any, home: Path) -> Any:
    from starlette.testclient import TestClient

    from inforce import KnowledgeBase

    return TestClient(application(KnowledgeBase(kb.built, today=_day_in, law=home / "inforce" / "law")))


@pytest.fixture(scope="module")
def described(kb: Any) -> dict[str, Any]:
    return document(kb)


@pytest.fixture(scope="module")
def invented(kb: Any, small_law: Path) -> Any:
    return _client(kb, small_law)


@pytest.fixture(scope="module")
def real(kb: Any, imported_law: Path) -> Any:
    return _client(kb, imported_law)


@pytest.mark.parametrize("line", INVENTED)
def test_over_an_invented_law(
    invented: Any, run: Callable[..., Ran], described: dict[str, Any], small_law: Path, line: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_DATA_HOME", str(small_law))
    same(invented, run, described, line)


@pytest.mark.parametrize("line", REAL)
def test_over_the_real_law(
    real: Any, run: Callable[..., Ran], described: dict[str, Any], imported_law: Path, line: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_DATA_HOME", str(imported_law))
    same(real, run, described, line)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ('show "SOR/1901-7 3(2)" --on 2001-01-01', 404),
        ('show "SOR/1901-7 3(9)" --on 2002-01-01', 404),
        ('diff "SOR/1901-7 9" 2001-01-01 2002-01-01', 404),
        ('blame "SOR/1901-7 3" --on 1999-01-01', 404),
    ],
)
def test_what_the_text_does_not_have_is_told_as_on_the_command_line(
    invented: Any, run: Callable[..., Ran], small_law: Path, line: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    monkeypatch.setenv("XDG_DATA_HOME", str(small_law))
    told = json.loads(run(line + " --json").err)
    command, pairs = request(line)
    got = invented.get(f"/api/{command}", params=pairs)
    assert (got.status_code, got.json()["code"], got.json()["detail"]) == (status, told["code"], told["detail"])
