"""Bad input to the import: each refused with its place and its code, and what is held stays as it is, to the byte.

The files are made by code: nothing here is worth keeping, and some are large.
"""

from __future__ import annotations

import lzma
import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from inforce import import_law
from inforce.errors import ExitCode, InForceError
from inforce.held import held_law

LAW = Path(__file__).parent / "law_fixtures"
GOOD = (LAW / "SOR-1901-7" / "eng" / "2001-02-01.xml").read_bytes()
DAY = "2010-01-01.xml"


def tree(home: Path) -> dict[str, bytes | str]:
    """Every file of the version in use, and what the link to it says."""
    found: dict[str, bytes | str] = {"current": os.readlink(home / "current")}
    return found | {p.name: p.read_bytes() for p in (home / "current").resolve().iterdir()}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A law that is held before anything bad comes."""
    folder = tmp_path_factory.mktemp("held")
    import_law([LAW], home=folder)
    return folder


@pytest.fixture
def refused(home: Path) -> Iterator[Callable[[Any], InForceError]]:
    """Import something bad: it has to be refused in good time, and nothing may have changed."""
    before = tree(home)

    def call(*paths: Any) -> InForceError:
        started = monotonic()
        with pytest.raises(InForceError) as told:
            import_law(paths, home=home)
        assert monotonic() - started < 20
        return told.value

    yield call
    assert tree(home) == before
    assert not [p.name for p in home.iterdir() if p.name.startswith(".")]


def xml(head: bytes = b"", inside: bytes = b"") -> bytes:
    """The good file with something before its root element and inside its body."""
    start = GOOD.index(b"<Regulation")
    body = GOOD.index(b"<Body>") + len(b"<Body>") if b"<Body>" in GOOD else GOOD.index(b">", start) + 1
    return GOOD[:start] + head + GOOD[start:body] + inside + GOOD[body:]


def doctype(inside: str) -> bytes:
    return f"<!DOCTYPE Regulation [{inside}]>\n".encode()


def laughs() -> bytes:
    lines = ['<!ENTITY l0 "ha">'] + [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)]
    return doctype("\n".join(lines))


INCLUDE = b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
DEEP = 100_000

BAD_XML: dict[str, Callable[[], bytes]] = {
    "a DOCTYPE": lambda: xml(b"<!DOCTYPE Regulation>"),
    "a DOCTYPE with an external DTD": lambda: xml(b'<!DOCTYPE Regulation SYSTEM "http://127.0.0.1:9/law.dtd">'),
    "an external entity, file": lambda: xml(doctype('<!ENTITY x SYSTEM "file:///etc/passwd">'), b"<Text>&x;</Text>"),
    "an external entity, http": lambda: xml(doctype('<!ENTITY x SYSTEM "http://127.0.0.1:9/">'), b"<Text>&x;</Text>"),
    "a parameter entity": lambda: xml(doctype('<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;')),
    "an internal entity": lambda: xml(doctype('<!ENTITY x "y">'), b"<Text>&x;</Text>"),
    "a billion laughs": lambda: xml(laughs(), b"<Text>&l9;</Text>"),
    "a quadratic blow-up": lambda: xml(
        doctype(f'<!ENTITY x "{"y" * 50_000}">'), b"<Text>" + b"&x;" * 50_000 + b"</Text>"
    ),
    "an entity nobody declared": lambda: xml(b"", b"<Text>&nbsp;</Text>"),
    "XInclude": lambda: xml(b"", INCLUDE),
    "an unknown element": lambda: xml(b"", b"<Invented>what is this?</Invented>"),
    "cut in the middle": lambda: GOOD[: len(GOOD) // 2],
    "cut at the last byte": lambda: GOOD.rstrip()[:-1],
    "UTF-16": lambda: GOOD.decode("utf-8-sig").replace("utf-8", "utf-16").encode("utf-16"),
    "UTF-16 without a mark": lambda: GOOD.decode("utf-8-sig").encode("utf-16-le"),
    "UTF-7": lambda: b'<?xml version="1.0" encoding="UTF-7"?><Regulation>+ADw-</Regulation>',
    "UTF-32": lambda: GOOD.decode("utf-8-sig").encode("utf-32"),
    "Latin-1 that says UTF-8": lambda: xml(b"", "<Text>été</Text>".encode("latin-1")),
    "a wrong root": lambda: b"<?xml version='1.0'?>\n<html><body/></html>",
    "a root of another namespace": lambda: b'<Regulation xmlns="http://example.org/"/>',
    "an empty law": lambda: b"<Regulation/>",
    "two roots": lambda: GOOD + b"<Regulation/>",
    "100,000 levels": lambda: xml(b"", b"<Text>" * DEEP + b"</Text>" * DEEP),
    "a text of 11 MB": lambda: xml(b"", b"<Text>" + b"x" * 11_000_000 + b"</Text>"),
    "100 MB": lambda: xml(b"", b"<Text>x</Text>" * (100_000_000 // 14)),
    "JSON": lambda: b'{"law": "none"}',
    "random bytes": lambda: bytes(range(256)) * 40,
    "a PDF": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "a NUL inside": lambda: xml(b"", b"<Text>a\0b</Text>"),
    "an xz file that is not": lambda: GOOD,
    "nothing": lambda: b"",
    "only blanks": lambda: b"  \n \n",
}


@pytest.mark.parametrize("name", BAD_XML)
def test_a_bad_file_is_refused_with_its_place(
    name: str, refused: Callable[..., InForceError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / (DAY + (".xz" if name.startswith("an xz") else ""))
    path.write_bytes(BAD_XML[name]())
    error = refused(path)
    assert error.exit_code == ExitCode.INPUT and error.code == "E_XML", str(error)
    file, _, line = (error.source or "").rpartition(":")
    assert file == str(path) and int(line) >= 1, str(error)
    assert "root:" not in str(error) and len(str(error)) < 500


def test_the_line_is_the_one_where_it_went_wrong(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    path = tmp_path / DAY
    lines = GOOD.replace(b"><", b">\n<").splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:40], b"<Invented>x</Invented>\n", *lines[40:]]))
    assert (refused(path).source or "").endswith(":41")


def test_what_is_packed_badly_is_refused(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    packed = lzma.compress(GOOD)
    path = tmp_path / (DAY + ".xz")
    for content in (
        packed[: len(packed) // 2],
        packed[:-1],
        packed[:20] + b"\xff" + packed[21:],
        packed + b"more",
        b"",
    ):
        path.write_bytes(content)
        error = refused(path)
        assert (error.code, error.exit_code) == ("E_XML", ExitCode.INPUT), str(error)
        assert (error.source or "").startswith(f"{path}:")
    path.write_bytes(lzma.compress(GOOD, format=lzma.FORMAT_ALONE))
    assert refused(path).code == "E_XML"


def test_a_bomb_is_refused_before_it_is_unpacked(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    path = tmp_path / (DAY + ".xz")
    packer = lzma.LZMACompressor()
    path.write_bytes(b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(300)), packer.flush()]))
    assert path.stat().st_size < 100_000
    # A forked reader counts what this process has as its own.
    before = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
    error = refused(path)
    assert error.code == "E_XML" and "MiB" in error.message
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < before + (200 << 10)


def test_nothing_is_fetched_and_nobody_is_asked(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        heard: list[Any] = []

        def listen() -> None:
            try:
                heard.append(server.accept())
            except OSError:
                pass

        threading.Thread(target=listen, daemon=True).start()
        path = tmp_path / DAY
        for text in (f'"http://127.0.0.1:{port}/x"', f'"ftp://127.0.0.1:{port}/x"'):
            path.write_bytes(xml(doctype(f"<!ENTITY % x SYSTEM {text}> %x;")))
            refused(path)
            path.write_bytes(xml(b"", INCLUDE.replace(b'"file:///etc/passwd"', text.encode())))
            refused(path)
        for url in (
            f"http://127.0.0.1:{port}/law.xml",
            f"https://127.0.0.1:{port}/",
            f"ssh://git@127.0.0.1:{port}/laws",
        ):
            assert refused(url).exit_code == ExitCode.USAGE
        assert heard == []


@pytest.mark.parametrize(
    "path",
    ["https://example.org/laws", "git@example.org:laws.git", "file:///etc/passwd", "", "no/such/file.xml", "a\0b"],
)
def test_what_is_no_path_is_a_usage_error(path: str, refused: Callable[..., InForceError]) -> None:
    assert refused(path).exit_code == ExitCode.USAGE


def test_folders_without_law(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    assert refused(tmp_path).code == "E_NO_LAW"
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "law.xml").write_bytes(GOOD)
    error = refused(tmp_path)
    assert error.exit_code == ExitCode.INPUT
    assert "1 not XML, 1 without a day in name or folder" in error.message


def test_a_day_that_no_calendar_has(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    path = tmp_path / "2023-02-29.xml"
    path.write_bytes(GOOD)
    error = refused(path)
    assert (error.code, error.exit_code, error.source) == ("E_DATE", ExitCode.INPUT, str(path))


def test_loops_of_links(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    one, two = tmp_path / "one.xml", tmp_path / DAY
    one.symlink_to(two)
    two.symlink_to(one)
    assert refused(one).exit_code == ExitCode.USAGE
    assert refused(tmp_path).exit_code == ExitCode.USAGE
    loop = tmp_path / "folder"
    (loop / "inside").mkdir(parents=True)
    (loop / "inside" / "again").symlink_to(loop)
    assert refused(loop).code == "E_NO_LAW"
    (tmp_path / "nowhere.xml").symlink_to("gone")
    assert "link to nothing" in refused(tmp_path / "nowhere.xml").message


def test_pipes_and_devices_are_no_files(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    pipe = tmp_path / DAY
    os.mkfifo(pipe)
    assert refused(pipe).exit_code == ExitCode.USAGE
    assert refused("/dev/zero").exit_code == ExitCode.USAGE
    error = refused(tmp_path)
    assert error.code == "E_NO_LAW" and "neither file nor folder" in error.message


@pytest.mark.skipif(os.geteuid() == 0, reason="allowed: root may read everything")
def test_what_may_not_be_read(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    path = tmp_path / DAY
    path.write_bytes(GOOD)
    path.chmod(0)
    assert refused(path).exit_code == ExitCode.ENVIRONMENT


def test_one_bad_file_among_many_is_the_one_that_is_named(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    for year in range(1990, 2006):
        (tmp_path / f"{year}-01-01.xml").write_bytes(GOOD)
    for name in ("1997-05-05.xml", "2003-01-01.xml"):
        (tmp_path / name).write_bytes(b"<Regulation>")
    # Whichever reader met it, and whichever came first in time.
    assert {refused(tmp_path).source for _ in range(5)} == {f"{tmp_path / '1997-05-05.xml'}:1"}


def test_a_repository_that_git_cannot_read(refused: Callable[..., InForceError], tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    error = refused(tmp_path)
    assert error.code == "E_GIT" and error.exit_code == ExitCode.ENVIRONMENT
    (tmp_path / ".git").rmdir()
    (tmp_path / ".git").write_text("gitdir: /nowhere")
    assert refused(tmp_path).code == "E_GIT"


def test_the_command_refuses_with_one_line_and_the_code(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = tmp_path / DAY
    path.write_bytes(BAD_XML["a billion laughs"]())
    ran = run(f"import {path}")
    assert (ran.code, ran.out) == (3, "") and ran.err.startswith(f"error[E_XML]: {path}:") and ran.err.count("\n") == 1
    assert held_law(tmp_path / "data" / "inforce" / "law") is None
    assert run("import https://example.org/law.xml").code == 2
