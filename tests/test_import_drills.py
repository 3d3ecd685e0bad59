"""Drills: killed, out of disk, refused by the system, several at once, damaged afterwards. The old law or the new one.

Each run is a forked process over the invented law, so that a hundred of them take seconds.
"""

from __future__ import annotations

import builtins
import errno
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from command_line import PATH

from inforce import import_law
from inforce.combined import asked, combined
from inforce.errors import ExitCode, InForceError, IntegrityError, LockedError
from inforce.held import exclusive, held_law, holder
from inforce.inspection import law_health
from inforce.resources import Built
from inforce.vocab import BASE

LAW = Path(__file__).parent / "law_fixtures" / "SOR-1901-7"
FILES = sorted(LAW.rglob("*.xml"))
NOT_HELD, SUCCESS = 99, 0


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A law of which half is held."""
    home = tmp_path_factory.mktemp("before")
    import_law(FILES[::2], home=home)
    return home


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What is held once all of it is."""
    return import_law([LAW], home=tmp_path_factory.mktemp("after")).law.read()


def held(home: Path) -> bytes:
    law = held_law(home)
    assert law is not None
    return law.read()


def start(work: Callable[[], object]) -> int:
    """Do ``work`` in a forked process that ends as the command would."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        work()
        code = SUCCESS
    except InForceError as error:
        code = int(error.exit_code)
    finally:
        os._exit(code)


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fresh(before: Path, tmp_path: Path) -> Path:
    home = tmp_path / "home"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(before, home, symlinks=True)
    return home


def whole(home: Path, old: bytes, new: bytes) -> bool:
    """The law held is the old or the new one, nobody holds the lock, and the next import ends well; was it new?"""
    found = held(home)
    assert found in (old, new)
    deadline = monotonic() + 10
    while holder(home):
        assert monotonic() < deadline, "a reader outlived the import and kept its lock"
        sleep(0.01)
    import_law([LAW], home=home)
    assert held(home) == new
    left = [path.name for path in [*home.iterdir(), *(home / "parsed").iterdir()] if path.name.startswith(".")]
    assert left == []
    return found == new


# ---- killed --------------------------------------------------------------------------------------


def killed_at_random(times: int, before: Path, after: bytes, tmp_path: Path) -> list[bool]:
    dice = random.Random(20)
    old = held(before)
    home = fresh(before, tmp_path)
    started = monotonic()
    assert ended(start(lambda: import_law([LAW], home=home))) == SUCCESS
    lasts = monotonic() - started
    outcomes = []
    for _ in range(times):
        home = fresh(before, tmp_path)
        child = start(lambda home=home: import_law([LAW], home=home))  # type: ignore[misc]
        sleep(dice.random() * lasts * 1.1)
        os.kill(child, signal.SIGKILL)
        ended(child)
        outcomes.append(whole(home, old, after))
    return outcomes


def test_killed_at_a_random_moment_the_law_is_the_old_or_the_new_one(
    before: Path, after: bytes, tmp_path: Path
) -> None:
    outcomes = killed_at_random(75, before, after, tmp_path)
    assert False in outcomes


@pytest.mark.slow
def test_killed_at_two_thousand_random_moments(before: Path, after: bytes, tmp_path: Path) -> None:
    assert set(killed_at_random(2000, before, after, tmp_path)) == {False, True}


class Fate:
    """Let the n-th call by which an import changes or opens something end in ``deed``."""

    CALLS = ("open", "fsync", "replace", "rename", "symlink", "mkdir", "ftruncate", "pwrite", "unlink")

    def __init__(self, number: int, deed: Callable[[], object]) -> None:
        self.left, self.deed, self.owner = number, deed, os.getpid()

    def wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            reads = real is builtins.open and not set("wax+") & set(str(more.get("mode", [*arguments, "r"][1])))
            if os.getpid() == self.owner and not reads:
                self.left -= 1
                if self.left == 0:
                    self.deed()
            return real(*arguments, **more)

        return call

    def rule(self) -> None:
        for name in self.CALLS:
            setattr(os, name, self.wrapped(getattr(os, name)))
        builtins.open = self.wrapped(builtins.open)


def fated(home: Path, number: int, deed: Callable[[], object]) -> tuple[int, bool]:
    """Import with the n-th call fated; return how it ended, and whether there was an n-th call."""
    reached = home.parent / "reached"
    reached.unlink(missing_ok=True)

    def work() -> None:
        fate = Fate(number, lambda: (os.mkfifo(reached), deed()))
        fate.rule()
        import_law([LAW], home=home)

    code = ended(start(work))
    return code, reached.exists()


def fail(number: int) -> Callable[[], object]:
    def deed() -> None:
        raise OSError(number, os.strerror(number))

    return deed


DEEDS: dict[str, Callable[[], object]] = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "EIO": fail(errno.EIO),
    "ENOSPC": fail(errno.ENOSPC),
    "EACCES": fail(errno.EACCES),
}


@pytest.mark.parametrize("name", DEEDS)
def test_at_each_call_that_writes(name: str, before: Path, after: bytes, tmp_path: Path) -> None:
    old = held(before)
    seen = []
    for number in range(1, 200):
        home = fresh(before, tmp_path)
        code, reached = fated(home, number, DEEDS[name])
        if not reached:
            assert code == SUCCESS
            break
        new = held(home) == after
        if name == "killed":
            assert code == -signal.SIGKILL
        else:
            # Once the new law is in its place, what cannot be swept away is no failure of the import.
            assert code == ExitCode.ENVIRONMENT or (code == SUCCESS and new), (number, code)
        seen.append(whole(home, old, after))
    assert len(seen) > 15 and False in seen and True in seen


# ---- no room -------------------------------------------------------------------------------------


def test_out_of_disk_the_old_law_stays(before: Path, after: bytes, tmp_path: Path) -> None:
    old = held(before)
    codes = []
    for size in (0, 1 << 10, 1 << 13, len(after) // 2, len(after) - 1, len(after) * 2):
        home = fresh(before, tmp_path)

        def work(home: Path = home, size: int = size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            import_law([LAW], home=home)

        codes.append(ended(start(work)))
        assert held(home) == (after if codes[-1] == SUCCESS else old)
        whole(home, old, after)
    assert codes == [ExitCode.ENVIRONMENT] * 5 + [SUCCESS]


def test_a_full_disk_says_what_is_needed_and_what_is_free(before: Path, after: bytes, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    used = sum(-(-path.stat().st_size // 4096) * 4 + 4 for path in before.rglob("*"))
    room = used + len(after) // 2048
    command = f"""
        mount -t tmpfs -o size={room}k none {disk} && cp -a {before}/. {disk}/
        {sys.executable} -c "import sys; from pathlib import Path; from inforce import import_law
from inforce.held import held_law
try: import_law([sys.argv[1]], home=Path(sys.argv[2]))
except Exception as error: print(int(error.exit_code), error)
print(held_law(Path(sys.argv[2])).read() == held_law(Path(sys.argv[3])).read())" {LAW} {disk} {before}
    """
    environment = {**os.environ, "PYTHONPATH": PATH}
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command], capture_output=True, text=True, env=environment, check=False
    )
    if ran.returncode and not ran.stdout:
        pytest.skip("allowed: this system lets nobody mount a small disk")
    fault, same = ran.stdout.splitlines()
    assert (
        fault.startswith("6 ") and "no space left on device" in fault and "KiB needed" in fault and "KiB free" in fault
    )
    assert same == "True"


STRACE = [
    ("fsync:error=EIO:when=1", ExitCode.ENVIRONMENT),
    ("fsync:error=ENOSPC:when=2", ExitCode.ENVIRONMENT),
    ("rename:error=EIO:when=1", ExitCode.ENVIRONMENT),
    ("rename:error=EACCES:when=3", ExitCode.ENVIRONMENT),
    ("symlink:error=ENOSPC", ExitCode.ENVIRONMENT),
    ("symlink:signal=KILL", -signal.SIGKILL),
    ("flock:error=EIO", ExitCode.ENVIRONMENT),
]


@pytest.mark.parametrize(("fault", "code"), STRACE)
def test_faults_that_the_system_injects(fault: str, code: int, before: Path, after: bytes, tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("allowed: strace is not installed")
    old, home = held(before), fresh(before, tmp_path)
    script = (
        "import sys; from pathlib import Path; from inforce import import_law\n"
        "from inforce.errors import InForceError\n"
        "try: import_law([sys.argv[1]], home=Path(sys.argv[2]))\n"
        "except InForceError as error: sys.exit(int(error.exit_code))\n"
    )
    name = fault.partition(":")[0]
    strace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={name}", "-e", f"inject={fault}"]
    # One processor: one reader, which meets its own calls in order.
    python = [sys.executable, "-c", script, str(LAW), str(home)]
    ran = subprocess.run(
        [*strace, *python], env={**os.environ, "PYTHONPATH": PATH}, capture_output=True, text=True, check=False
    )
    if "ptrace" in ran.stderr.lower():
        pytest.skip("allowed: this system lets nobody trace")
    assert ran.returncode == code, ran.stderr
    assert held(home) == old
    whole(home, old, after)


# ---- several at once -----------------------------------------------------------------------------


def test_of_eight_importers_one_wins_and_seven_are_told(
    before: Path, after: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = fresh(before, tmp_path)
    gate_out, gate_in = os.pipe()
    real = import_law.__globals__["_publish"]
    # Whoever wins stays until the others have asked.
    monkeypatch.setitem(import_law.__globals__, "_publish", lambda *all: (sleep(2), real(*all))[1])

    def work() -> None:
        os.close(gate_in)
        os.read(gate_out, 1)
        import_law([LAW], home=home)

    children = [start(work) for _ in range(8)]
    os.close(gate_in)
    codes = sorted(ended(child) for child in children)
    os.close(gate_out)
    assert codes == [SUCCESS] + [ExitCode.LOCKED] * 7
    assert held(home) == after


def test_who_is_locked_out_is_told_by_whom_and_since_when(before: Path, tmp_path: Path) -> None:
    home = fresh(before, tmp_path)
    with exclusive(home):
        with pytest.raises(LockedError) as told:
            import_law([LAW], home=home)
        assert told.value.code == "E_LOCKED" and told.value.exit_code == ExitCode.LOCKED
        assert f"by pid {os.getpid()} on " in str(told.value) and " since 20" in str(told.value)
        assert f"pid {os.getpid()}" in str(holder(home))
    assert holder(home) is None
    import_law([LAW], home=home)


def test_the_lock_of_a_dead_process_is_taken_over(before: Path, after: bytes, tmp_path: Path) -> None:
    home = fresh(before, tmp_path)
    for content in ('{"pid": 999999999, "host": "elsewhere"}', "no JSON", ""):
        (home / "lock").write_text(content)
        assert holder(home) is None
        import_law([LAW], home=home)
    assert held(home) == after


# ---- damaged afterwards --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_graph(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A built graph of a few quads: the store made with it is small enough to be damaged often."""
    from inforce.build import write

    lines = [f'<{BASE}rule/R-{n}> <{BASE}ns#label> "rule {n}" <{BASE}graph/data> .' for n in range(50)]
    folder = tmp_path_factory.mktemp("built") / "graph"
    write(folder, {"graph.nq": "\n".join(lines) + "\n"}, {"version": "sha256:small", "counts": {"quads": 50}})
    return Built(folder)


@pytest.fixture
def place(
    small_graph: Built, before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Built, Path, list[Path]]:
    """A graph, a law, and all files of the law and of the store made of both."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    home = fresh(before, tmp_path)
    law = held_law(home)
    assert law is not None
    store = combined(small_graph, law, _cache())
    files = [law.folder / "law.nq", law.folder / "manifest.json", *(home / "parsed").iterdir()]
    return small_graph, home, [*files, store.folder / "manifest.json", *store.path.iterdir()]


def _cache() -> Path:
    from inforce.resources import cache_dir

    return cache_dir()


def healthy(built: Built, home: Path) -> bool:
    try:
        rows = list(law_health(built, home))
    except IntegrityError as error:
        assert error.exit_code == ExitCode.INTEGRITY and error.hint
        return False
    return all(state == "good" for _, state, _ in rows)


def damages(files: list[Path], dice: random.Random) -> Iterator[Callable[[], None]]:
    """Damage one file at a time, and put it right again."""
    while True:
        path, other = dice.sample(files, 2)
        content = path.read_bytes()
        kind = dice.choice(("flip", "cut", "delete", "swap", "empty", "more"))
        if kind in ("flip", "cut", "empty") and not content:
            continue
        changed: bytes | None = content
        if kind == "flip":
            place = dice.randrange(len(content))
            changed = content[:place] + bytes([content[place] ^ (1 << dice.randrange(8))]) + content[place + 1 :]
        elif kind == "swap":
            changed = other.read_bytes()
        else:
            cut = content[: dice.randrange(len(content))] if kind == "cut" else b""
            changed = {"cut": cut, "delete": None, "empty": b"", "more": content + b"\0"}[kind]
        if changed == content:
            continue
        if changed is None:
            path.unlink()
        else:
            path.write_bytes(changed)
        yield lambda path=path, content=content: path.write_bytes(content)  # type: ignore[misc]


def test_two_hundred_random_damages_are_all_detected(place: tuple[Built, Path, list[Path]]) -> None:
    built, home, files = place
    assert healthy(built, home)
    missed = 0
    for _, repair in zip(range(200), damages(files, random.Random(7)), strict=False):
        missed += healthy(built, home)
        repair()
    assert missed == 0
    assert healthy(built, home)


def test_a_damaged_store_is_made_again_before_it_answers(place: tuple[Built, Path, list[Path]]) -> None:
    built, home, files = place
    law = held_law(home)
    assert law is not None
    store = combined(built, law, _cache())
    inside = [path for path in files if store.folder in path.parents]
    for _, _ in zip(range(25), damages(inside, random.Random(3)), strict=False):
        opened = asked(built, law).open()
        assert len(opened) == store.quads
        del opened
        # No repair: it was made again.
        assert healthy(built, home)
        inside = [path for path in inside if path.exists()]


def test_the_store_is_not_made_of_a_damaged_law(place: tuple[Built, Path, list[Path]], tmp_path: Path) -> None:
    built, home, _ = place
    law = held_law(home)
    assert law is not None
    content = law.path.read_bytes()
    law.path.write_bytes(content.replace(b"2001", b"2002", 1))
    shutil.rmtree(combined(built, law, _cache()).folder)
    with pytest.raises(IntegrityError, match="law.nq does not match its manifest"):
        combined(built, law, _cache())
    # Importing the same files again puts it right.
    report = import_law([LAW], home=home)
    assert any("cannot be used" in note for note in report.notes)
    found = held_law(home)
    assert found is not None and len(asked(built, found).open()) > 50


def test_a_store_that_was_copied_or_touched_is_still_good(place: tuple[Built, Path, list[Path]]) -> None:
    built, home, files = place
    law = held_law(home)
    assert law is not None
    store = combined(built, law, _cache())
    made = (store.folder / "manifest.json").stat().st_mtime_ns
    for path in store.path.iterdir():
        os.utime(path)
    (store.folder / "stamps.json").write_text("nothing")
    assert combined(built, law, _cache()).quads == store.quads
    assert (store.folder / "manifest.json").stat().st_mtime_ns == made
    assert json.loads((store.folder / "stamps.json").read_bytes())["digest"] == store.manifest["digest"]


def test_two_that_ask_at_once_make_one_store(place: tuple[Built, Path, list[Path]]) -> None:
    built, home, _ = place
    law = held_law(home)
    assert law is not None
    store = combined(built, law, _cache())
    shutil.rmtree(store.folder)
    # Processes of their own: an engine that has threads does not outlive a fork.
    script = (
        "import sys; from pathlib import Path\n"
        "from inforce.combined import combined; from inforce.held import held_law\n"
        "from inforce.resources import Built, cache_dir\n"
        "combined(Built(Path(sys.argv[1])), held_law(Path(sys.argv[2])), cache_dir())"
    )
    argv = [sys.executable, "-c", script, str(built.folder), str(home)]
    environment = {**os.environ, "PYTHONPATH": PATH}
    children = [subprocess.Popen(argv, env=environment) for _ in range(6)]
    assert [child.wait(timeout=60) for child in children] == [SUCCESS] * 6
    assert len(asked(built, law).open()) == store.quads
    assert not list(_cache().glob(".text-*"))
