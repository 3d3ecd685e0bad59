"""What the documents show to type: every block says what it is, every command and option in one exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran

REPO = Path(__file__).resolve().parent.parent
PAGES = [
    REPO / "README.md",
    REPO / "CONTRIBUTING.md",
    REPO / "benchmarks" / "README.md",
    *sorted(REPO.glob("docs/**/*.md")),
]
# Blocks that tests run, by the pages where one does; those that are read here (sh), or are of other programs.
RUN = {
    "console": {"README.md", "docs/guide.md"},
    "python": {"README.md", "docs/guide.md", "docs/cohort.md"},
    "sparql": {"docs/sparql.md"},
    "turtle": {"docs/guide.md"},
}
OTHERS = {"sh", "text", "yaml", "mermaid", "nginx", "ini", "dockerfile"}


def fences(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the tag and the content of each block of a page."""
    tag: str | None = None
    held: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            if tag is not None:
                yield tag, "\n".join(held)
            tag, held = (line[3:].strip(), []) if tag is None else (None, [])
        elif tag is not None:
            held.append(line)
    assert tag is None, f"{path.name}: a block that does not end"


def commands() -> Iterator[tuple[str, list[str]]]:
    for path in PAGES:
        for tag, content in fences(path):
            if tag != "sh":
                continue
            for line in content.replace("\\\n", " ").splitlines():
                words = shlex.split(re.split(r"\s[|<>]\s", line)[0], comments=True)
                if words[:1] == ["inforce"] and len(words) > 1:
                    yield path.relative_to(REPO).as_posix(), words[1:]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(REPO).as_posix())
def test_every_block_says_what_it_is_and_is_run_or_read(path: Path) -> None:
    name = path.relative_to(REPO).as_posix()
    for tag, content in fences(path):
        assert tag in RUN or tag in OTHERS, f"{name}: ```{tag}\n{content[:80]}"
        assert name in RUN.get(tag, {name}), f"{name}: no test runs its blocks of {tag}"


def test_every_command_and_option_shown_exists(run: Callable[..., Ran]) -> None:
    told: dict[str, str] = {}
    shown = list(commands())
    assert len(shown) > 25 and {name for name, _ in shown} >= {"docs/guide.md", "docs/serve.md", "docs/cohort.md"}
    for name, (command, *words) in shown:
        if command not in told:
            ran = run(f"{command} --help")
            assert ran.code == 0, (name, command)
            told[command] = ran.out
        for word in words:
            if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", word):
                option = word.partition("=")[0]
                assert re.search(rf"(?<![\w-]){option}(?![\w-])", told[command]), (name, command, option)


def test_the_python_of_cohorts_runs(kb: Any) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="the extra batch is not installed")
    here, spark = [content for tag, content in fences(REPO / "docs" / "cohort.md") if tag == "python"]
    table = pyarrow.table({"citizenships": ["IND", "MEX"], "lmia_required": ["yes", "no"]})
    scope: dict[str, Any] = {"kb": kb, "table": table}
    exec(compile(here, "docs/cohort.md", "exec"), scope)  # the example itself
    [batch] = table.to_batches()
    wanted = kb.batch(table, on="2024-12-24").column("outcome").to_pylist()
    assert scope["function"](batch).column("outcome").to_pylist() == wanted
    # Without a cluster it is only read; what it calls is tested with one.
    compile(spark, "docs/cohort.md", "exec")


def test_the_rules_of_make_that_are_shown_exist() -> None:
    rules = set(re.findall(r"^([a-z]+):", (REPO / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for path in PAGES:
        for tag, content in fences(path):
            if tag == "sh":
                assert set(re.findall(r"^make (\w+)", content, re.MULTILINE)) <= rules, path.name


def test_the_extras_that_are_shown_exist() -> None:
    import tomllib

    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"])
    for path in [*PAGES, *REPO.glob("kg/**/*.py"), *REPO.glob("cli/**/*.py")]:
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"\binforce\[(\w+)\]", text)) <= extras, path.name
