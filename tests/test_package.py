"""What is handed on: the source archive makes the wheel, which holds what the program reads and answers alone."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

# What the package reads at run time, and where a wheel has it.
PARTS = {
    "kg/inforce": "inforce",
    "cli/inforce_cli": "inforce_cli",
    "ontology": "inforce/_data/ontology",
    "data": "inforce/_data/data",
    "queries": "inforce/_data/queries",
    "web": "inforce/_data/web",
}


def hatchling(tree: Path, out: Path, kind: str, **environ: str) -> Path:
    """Build without a network and without pip: the libraries are those that run the tests."""
    pytest.importorskip("hatchling", reason="allowed: hatchling is not installed (inforce[test])")
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    ran = subprocess.run(command, cwd=tree, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    [made] = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return made


@pytest.fixture(scope="module")
def sources(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree that the source archive unpacks to."""
    archive = hatchling(repo, tmp_path_factory.mktemp("sdist"), "sdist")
    into = tmp_path_factory.mktemp("sources")
    with tarfile.open(archive) as opened:
        opened.extractall(into, filter="data")
    [tree] = into.iterdir()
    return tree


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hatchling(sources, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked, as an installer leaves it, where nothing can be written."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(site)
    for path in [site, *site.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return site


def files(tree: Path) -> set[str]:
    return {
        path.relative_to(tree).as_posix()
        for path in tree.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def test_the_source_archive_has_what_a_build_and_its_tests_need(repo: Path, sources: Path) -> None:
    for part in [*PARTS, "tests", "docs", "benchmarks"]:
        assert files(sources / part) == files(repo / part), part
    for name in (
        "pyproject.toml",
        "Makefile",
        "hatch_build.py",
        "vendor.py",
        "LICENSE",
        "LICENSE-DATA.md",
        "README.md",
    ):
        assert (sources / name).read_bytes() == (repo / name).read_bytes()


def test_the_wheel_has_what_the_program_reads_and_no_more(repo: Path, wheel: Path, kb: Any) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        wanted = {f"{to}/{name}" for part, to in PARTS.items() for name in files(repo / part)}
        graph = {f"inforce/_data/graph/{path.name}" for path in kb.built.folder.iterdir() if path.is_file()}
        [about] = {name.partition("/")[0] for name in names if ".dist-info/" in name}
        meta = {f"{about}/{n}" for n in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
        meta |= {f"{about}/licenses/{n}" for n in ("LICENSE", "LICENSE-DATA.md")}
        assert names == wanted | graph | meta
        for name in ("inforce/py.typed", "inforce_cli/py.typed", "inforce_cli/schemas/answer.json"):
            assert name in names
        assert {"inforce/_data/web/fr.json", "inforce/_data/web/static/inforce.css"} <= names
        editor = "inforce/_data/web/static/vendor/"
        assert (f"{editor}yasgui.min.js" in names) == (f"{editor}LICENSES.txt" in names)
        for part, to in PARTS.items():
            for name in files(repo / part):
                assert opened.read(f"{to}/{name}") == (repo / part / name).read_bytes()
        manifest = json.loads(opened.read("inforce/_data/graph/manifest.json"))
        assert manifest["version"] == kb.version
        assert "inforce = inforce_cli.__main__:run" in opened.read(f"{about}/entry_points.txt").decode()
        text = opened.read(f"{about}/METADATA").decode()
        for extra in ("all", "batch", "charts", "shell", "web"):
            assert f"Provides-Extra: {extra}\n" in text
        # Not when it was made, nor by whom.
        assert {(one.date_time, one.external_attr >> 16 & 0o777) for one in opened.infolist()} == {
            ((2020, 2, 2, 0, 0, 0), 0o644)
        }


@pytest.mark.slow
def test_the_same_sources_make_the_same_bytes(
    repo: Path, sources: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environ = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    again = hatchling(sources, tmp_path_factory.mktemp("again"), "wheel", **environ)
    one, two = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, again))
    assert one == two
    archives = [hatchling(repo, tmp_path_factory.mktemp(name), "sdist", **environ) for name in ("one", "two")]
    assert archives[0].read_bytes() == archives[1].read_bytes()


def alone(site: Path, folder: Path, *words: str, code: int = 0) -> str:
    """Run the installed command with no home, no locale and no checkout, and without what its site does not hold."""
    environ = {"PATH": os.defpath, "LC_ALL": "C", "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "inforce_cli", *words]
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False, timeout=120)
    assert ran.returncode == code, ran.stderr.decode(errors="replace")
    return ran.stdout.decode() if code == 0 else ran.stderr.decode()


def test_the_installed_wheel_answers(installed: Path, tmp_path: Path, kb: Any) -> None:
    where = "import inforce, inforce_cli; print(inforce.__file__, inforce_cli.__file__, inforce.open().built.folder)"
    environ = {"PATH": os.defpath, "PYTHONPATH": str(installed)}
    ran = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )
    assert all(one.startswith(str(installed)) for one in ran.stdout.split()), ran.stdout

    asked = ("check", "citizenships=MEX", "--on", "2024-03-01", "--action", "trv-needed", "--json")
    answer = kb.check({"citizenships": ["MEX"]}, on="2024-03-01", action="trv-needed")
    assert alone(installed, tmp_path, *asked) == answer.to_json()
    alone(installed, tmp_path, *asked, "-o", "answer.json")
    assert "same, byte for byte" in alone(installed, tmp_path, "replay", "answer.json")
    assert "MEX" in alone(installed, tmp_path, "diff", "2024-02-28", "2024-03-01", "--outcomes", "--json")
    assert "condition" in alone(installed, tmp_path, "query", "coverage")
    alone(installed, tmp_path, "doctor")
    alone(installed, tmp_path, "export", "--format", "nq", "-o", "out")
    assert (tmp_path / "out" / "graph.nq").read_bytes() == kb.built.read("graph.nq")
    refused = alone(installed, tmp_path, "import", str(tmp_path), code=6)
    assert "error[E_HOME]" in refused
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answer.json", "out"]


def test_the_installed_explorer_has_its_pages(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("starlette", reason="the extra web is not installed")
    environ = {"PATH": os.defpath, "LC_ALL": "C", "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "inforce_cli", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            [address] = re.findall(r"http://127\.0\.0\.1:\d+", server.stderr.readline())
            for path, kind, held in (
                ("/", "text/html", b"inforce.css"),
                ("/?lang=fr", "text/html", b'lang="fr"'),
                ("/static/inforce.css", "text/css", b"{"),
                ("/sparql", "text/html", b"<textarea"),
                ("/sparql?query=ASK%7B%3Fs%20a%20inf:Rule%7D", "application/sparql-results+json", b"true"),
                ("/api/list?kind=actions", "application/json", b"trv-needed"),
            ):
                accept = f"{kind}, */*;q=0.1"
                with urllib.request.urlopen(urllib.request.Request(address + path, headers={"Accept": accept})) as page:
                    assert page.headers["Content-Type"].startswith(kind), path
                    assert held in page.read(), path
        finally:
            server.terminate()
            server.wait(20)
