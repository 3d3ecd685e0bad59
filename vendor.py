"""Fetch what the explorer's SPARQL editor is made of, with npm, into web/static/vendor: ``make vendor``.

web/vendor.json names packages, files and their digests; what differs from it is not taken. Git ignores the folder;
a wheel that is built where it exists carries it. Everything works without it, but for the button that opens the editor.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
INTO = ROOT / "web" / "static" / "vendor"


def listed() -> dict[str, dict[str, dict[str, str]]]:
    """Return the list: packages by name, and files by name."""
    found: dict[str, dict[str, dict[str, str]]] = json.loads((ROOT / "web" / "vendor.json").read_bytes())
    return found


def wrong(folder: Path) -> list[str]:
    """Return the names of the files of a folder that are missing or not what the list says."""
    files = listed()["files"]
    return [
        name for name, one in files.items() if not (folder / name).is_file() or digest(folder / name) != one["sha256"]
    ]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch() -> None:
    """Install the packages aside, without running anything of theirs, and keep the files of the list."""
    npm, found = shutil.which("npm"), listed()
    if npm is None:
        raise SystemExit("npm is not here: the explorer works without the editor")
    with tempfile.TemporaryDirectory() as aside:
        names = [f"{name}@{one['version']}" for name, one in found["packages"].items()]
        options = ["--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--silent", "--prefix", aside]
        subprocess.run([npm, "install", *options, *names], check=True, timeout=300)  # noqa: S603
        modules = Path(aside) / "node_modules"
        for name, one in found["files"].items():
            if digest(modules / one["from"]) != one["sha256"]:
                raise SystemExit(f"{name} is not what web/vendor.json says")
        INTO.mkdir(parents=True, exist_ok=True)
        for name, one in found["files"].items():
            shutil.copyfile(modules / one["from"], INTO / name)
        (INTO / "LICENSES.txt").write_text(licences(modules, found["packages"]), encoding="utf-8")


def licences(modules: Path, packages: dict[str, dict[str, str]]) -> str:
    """Return the licences of all packages, as they come with them."""
    parts = []
    for name, one in sorted(packages.items()):
        texts = [
            p for p in sorted((modules / name).iterdir()) if p.name.lower().startswith(("licen", "copying", "notice"))
        ]
        about = json.loads((modules / name / "package.json").read_bytes())
        said = "\n\n".join(p.read_text(encoding="utf-8", errors="replace").strip() for p in texts)
        parts.append(f"{name} {one['version']}: {one['licence']}\n{said or 'By ' + str(about.get('author', name))}\n")
    return ("\n" + "-" * 80 + "\n").join(parts)


if __name__ == "__main__":
    if wrong(INTO):
        fetch()
    sys.stdout.write("the editor's files are in web/static/vendor\n")
