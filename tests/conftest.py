"""What all tests share: the knowledge base, the law files, no network, and what a skip may say in CI."""

from __future__ import annotations

import os
import re
import shlex
import socket
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

REPO = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.", "::1", "localhost")
# Nothing can be held there, and nothing made: a test that needs imported law says where it is.
os.environ["XDG_DATA_HOME"] = os.path.join(os.devnull, "no-law")

settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "soak", max_examples=20_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite command transcripts with what the commands print")


@pytest.fixture(scope="session")
def repo() -> Path:
    """The folder that holds pyproject.toml."""
    return REPO


@pytest.fixture(scope="session")
def kb() -> Any:
    """The packaged rules; one for the whole run, it is immutable."""
    import inforce

    return inforce.open(today="2026-06-12")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the repository with law files and the tables the data were made from."""
    folder = REPO.parent / "shared"
    if not folder.is_dir():
        pytest.skip("allowed: ../shared is not here, the law files and source tables of the founders")
    return folder


def _import_once(paths: Path, name: str, factory: pytest.TempPathFactory) -> Path:
    """Import law into a data folder of its own, once for all workers of a run; return the folder."""
    import fcntl

    from inforce import import_law

    # Each worker has a folder below the one of the run; alone, there is only the run's.
    base = factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    home = shared / name
    with open(shared / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "inforce" / "law" / "current").exists():
            import_law([paths], home=home / "inforce" / "law")
    return home


@pytest.fixture(scope="session")
def imported_law(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder (``XDG_DATA_HOME``) that holds the real law, imported once; never written to."""
    return _import_once(shared / "laws", "real-law", tmp_path_factory)


@pytest.fixture(scope="session")
def small_law(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the invented law of ``tests/law_fixtures``; never written to."""
    return _import_once(Path(__file__).parent / "law_fixtures", "small-law", tmp_path_factory)


@pytest.fixture(scope="session")
def kb_law(kb: Any, imported_law: Path) -> Any:
    """The packaged rules with the real law's text."""
    from inforce import KnowledgeBase

    return KnowledgeBase(kb.built, today="2026-06-12", law=imported_law / "inforce" / "law")


@pytest.fixture(scope="session")
def kb_small(kb: Any, small_law: Path) -> Any:
    """The packaged rules with the invented law's text."""
    from inforce import KnowledgeBase

    return KnowledgeBase(kb.built, today="2026-06-12", law=small_law / "inforce" / "law")


@pytest.fixture(scope="session")
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are to be rewritten."""
    return bool(request.config.getoption("--accept"))


@pytest.fixture
def run(kb: Any, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run a command line, typed as in a shell, over the packaged rules or a store; returns code, out and err."""
    # The tests of this file itself run where there is no command.
    from command_line import Ran

    from inforce_cli.__main__ import main

    def call(line: str, store: Path | None = None) -> Ran:
        capsys.readouterr()
        code = main([*shlex.split(line), "--store", str(store or kb.built.folder)])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def transcript(run: Callable[..., Any], accept: bool) -> Callable[[str, str], None]:
    """Compare what a command line prints, and how it ends, with the transcript of a name; ``--accept`` rewrites it."""
    folder = Path(__file__).parent / "transcripts"

    def compare(name: str, line: str) -> None:
        ran = run(line)
        # The digest of the data moves with any comma of them, and with it the id of an answer.
        out = re.sub(r"(answer|réponse) [0-9a-f]{12}", r"\1 …", re.sub(r"sha256:[0-9a-f]+", "sha256:…", ran.out))
        shown = f"$ inforce {line}\n{out}{ran.err}exit {ran.code}\n"
        path = folder / f"{name}.txt"
        if accept:
            path.write_text(shown, encoding="utf-8")
        assert path.is_file(), "write it: make accept"
        assert shown == path.read_text(encoding="utf-8")

    return compare


# ---- no network ------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse sockets to anywhere but this machine: nothing here may fetch."""
    if request.node.get_closest_marker("network"):
        return

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def call(self: socket.socket, address: Any, *rest: Any) -> Any:
            host = str(address[0]) if isinstance(address, tuple) else ""
            if self.family != socket.AF_UNIX and not host.startswith(LOOPBACK):
                raise AssertionError(f"a test reached for the network: {name} {address!r}")
            return real(self, address, *rest)

        return call

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, guarded(name))


# ---- a skip in CI ----------------------------------------------------------------------------


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Under INFORCE_CI a skip for something merely missing is a failure: CI installs what tests need."""
    if not os.environ.get("INFORCE_CI") or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if not reason.startswith("allowed:"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be missing: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty home with its own cache and data folders, for tests that start the command."""
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path
