"""The documents: commands print what is shown, queries have rows, the picture and the links are right."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import inforce
from inforce_cli.__main__ import main

REPO = Path(__file__).resolve().parent.parent
DOCUMENTS = [REPO / "README.md", REPO / "CONTRIBUTING.md", REPO / "CHANGELOG.md", *sorted(REPO.glob("docs/**/*.md"))]
CONSOLE = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
COMMAND = re.compile(r"^\$ inforce ((?:[^\n]*\\\n)*[^\n]*)\n", re.MULTILINE)
ENDS = re.compile(r"# ends with (\d+)$")
HEAD = re.compile(r" \| head -(\d+)$")


def blocks(path: Path, kind: str) -> list[str]:
    """The fenced blocks of one kind in a page."""
    return re.findall(rf"```{kind}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


def steady(text: str) -> str:
    """``text`` without what moves with any comma of the data: digests, and the ids of answers made from them."""
    text = re.sub(r"sha256:[0-9a-f]+", "sha256:…", text)
    return re.sub(r"\b(answer|same answer:?) [0-9a-f]{12}\b", r"\1 …", text)


def example(folder: Path) -> Path:
    """The rule of the guide as a file."""
    [turtle] = blocks(REPO / "docs" / "guide.md", "turtle")
    path = folder / "my-rule.ttl"
    path.write_text(turtle, encoding="utf-8")
    return path


@pytest.mark.transcript
@pytest.mark.parametrize("name", ["README.md", "docs/guide.md"])
def test_every_command_shown_prints_and_ends_as_shown(
    name: str,
    kb: Any,
    accept: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    example(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def ran(typed: str) -> str:
        line = typed.replace("\\\n", " ")
        ends, head = ENDS.search(line), HEAD.search(ENDS.sub("", line).rstrip())
        words = shlex.split(HEAD.sub("", ENDS.sub("", line).rstrip()))
        capsys.readouterr()
        # Its own data make another graph; all other commands share the one that the tests have built.
        code = main(words if "--data" in words else [*words, "--store", str(kb.built.folder)])
        out, err = capsys.readouterr()
        assert code == (int(ends[1]) if ends else 0), (line, err)
        shown = (out + err).splitlines(keepends=True)[: int(head[1]) if head else None]
        return f"$ inforce {typed}\n{''.join(shown)}"

    def block(found: re.Match[str]) -> str:
        return "\n".join(ran(typed).rstrip("\n") for typed in COMMAND.findall(found[0])) + "\n"

    path = REPO / name
    page = path.read_text(encoding="utf-8")
    made = CONSOLE.sub(block, page)
    if accept:
        path.write_text(made, encoding="utf-8")
        page = made
    assert len(COMMAND.findall(page)) >= 3
    assert steady(made) == steady(page), "make accept, and read the diff"


@pytest.mark.parametrize("number", range(1, 11))
def test_each_query_of_the_cookbook_has_rows(kb: Any, number: int) -> None:
    queries = blocks(REPO / "docs" / "sparql.md", "sparql")
    assert len(queries) == 10
    rows = kb.sparql(queries[number - 1]).to_dicts()
    assert rows
    assert rows == kb.sparql(queries[number - 1]).to_dicts()


@pytest.mark.parametrize("name", ["README.md", "docs/guide.md"])
def test_the_python_shown_runs(name: str, monkeypatch: pytest.MonkeyPatch, kb: Any) -> None:
    monkeypatch.setattr(inforce, "open", lambda: kb, raising=False)
    scope: dict[str, Any] = {}
    for code in blocks(REPO / name, "python"):
        exec(compile(code, name, "exec"), scope)  # the example itself
    assert scope["answer"].verdict in {"may-not", "required"}
    # The regression of the guide finds again what its arrivals were made with.
    assert round(scope.get("effect", -0.5), 9) == -0.5


def test_the_picture_of_the_model_is_drawn_from_the_ontology() -> None:
    path = REPO / "docs" / "draw_model.py"
    spec = importlib.util.spec_from_file_location("draw_model", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = module.MODEL.read_text(encoding="utf-8")
    assert module.drawn(page) == page, "python docs/draw_model.py"
    assert "RuleVersion --> Rule : defeats" in page


def test_the_rule_of_the_guide_is_valid_and_changes_an_answer(
    kb: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = example(tmp_path)
    assert main(["validate", str(path)]) == 0, capsys.readouterr().err
    theirs = inforce.open(data=[path], today="2026-06-12")
    facts = {"citizenships": ["FRA"], "lmia_required": "no"}
    verdicts = [one.check(facts, on="2025-03-02", ordinarily=True).verdict for one in (kb, theirs)]
    assert verdicts == ["may", "may-not"]
    # It starts on 1 March: the day before is as it was.
    assert theirs.check(facts, on="2025-02-28", ordinarily=True).verdict == "may"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(REPO).as_posix())
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (path.parent / target).exists(), target


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = REPO / "docs" / "decisions"
    listed = re.findall(r"\((\d{4}-[a-z-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in folder.glob("0*.md"))
    for name in listed:
        text = (folder / name).read_text(encoding="utf-8")
        for part in ("**Context.**", "**Choice.**", "**What we gave up.**", "**How we would notice it is wrong.**"):
            assert part in text, (name, part)
