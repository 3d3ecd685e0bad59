"""Import as a whole: what is found, what is held after it, one version at a time, one importer at a time."""

from __future__ import annotations

import json
import lzma
import os
import pty
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from command_line import schema

from inforce import import_law
from inforce.errors import InputError, UsageError
from inforce.held import exclusive, held_law
from inforce.law_files import find_law_files
from inforce.vocab import BASE
from inforce_cli.render.progress import Bar

LAW = Path(__file__).parent / "law_fixtures"
ENGLISH = sorted((LAW / "SOR-1901-7" / "eng").glob("*.xml"))


def content(home: Path) -> bytes:
    held = held_law(home)
    assert held is not None
    return held.read()


def test_a_folder_of_snapshots_is_held_with_both_languages(tmp_path: Path) -> None:
    report = import_law([LAW], home=tmp_path)
    assert (report.read, report.new, report.already, report.changed) == (12, 12, 0, True)
    rows = {(row["language"], row["snapshots"], row["first"], row["last"]) for row in report.law.table().to_dicts()}
    assert rows == {("en", 6, "2001-02-01", "2003-03-03"), ("fr", 6, "2001-02-01", "2003-03-03")}
    assert all(row["changes"] for row in report.law.table().to_dicts())
    assert content(tmp_path).count(b"\n") == report.law.quads > 100


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    first = import_law([LAW], home=tmp_path)
    again = import_law([LAW, ENGLISH[0]], home=tmp_path)
    assert (again.read, again.new, again.already, again.changed) == (13, 0, 13, False)
    assert again.law.folder == first.law.folder


def test_in_any_order_and_in_two_runs_the_law_is_the_same_bytes(tmp_path: Path) -> None:
    import_law([LAW], home=tmp_path / "whole")
    files = [*LAW.rglob("*.xml")]
    import_law(files[::-2], home=tmp_path / "two")
    report = import_law(files[::-1], home=tmp_path / "two")
    assert report.new == 6 and report.already == 6
    assert content(tmp_path / "two") == content(tmp_path / "whole")
    assert os.readlink(tmp_path / "two" / "current") == os.readlink(tmp_path / "whole" / "current")


def test_packed_files_are_the_same_law(tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    for path in LAW.rglob("*.xml"):
        target = packed / path.relative_to(LAW).with_suffix(".xml.xz")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(lzma.compress(path.read_bytes()))
    import_law([packed], home=tmp_path / "a")
    import_law([LAW], home=tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_what_was_held_stays_when_more_is_imported_unless_replaced(tmp_path: Path) -> None:
    import_law([ENGLISH[0]], home=tmp_path)
    more = import_law([ENGLISH[1]], home=tmp_path)
    assert [one["day"] for one in more.law.snapshots] == ["2001-02-01", "2001-06-15"]
    only = import_law([ENGLISH[2]], home=tmp_path, replace=True)
    assert [one["day"] for one in only.law.snapshots] == ["2001-12-20"]


def test_a_day_has_one_text(tmp_path: Path) -> None:
    import_law([ENGLISH[0]], home=tmp_path)
    other = tmp_path / ENGLISH[0].name
    shutil.copyfile(ENGLISH[1], other)
    before = content(tmp_path)
    with pytest.raises(InputError, match="another text of sor-1901-7 .en. was published on 2001-02-01") as told:
        import_law([other], home=tmp_path)
    assert told.value.code == "E_CONFLICT" and told.value.source == str(other)
    assert content(tmp_path) == before


def test_versions_that_nobody_uses_are_swept_but_for_the_one_before(tmp_path: Path) -> None:
    for path in ENGLISH[:4]:
        import_law([path], home=tmp_path)
    assert len(list(tmp_path.glob("v-*"))) == 2
    assert len(list((tmp_path / "parsed").iterdir())) == 4
    assert not list(tmp_path.glob(".*"))


def test_an_import_that_was_stopped_reads_only_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tmp_path / "laws" / "2009-01-01.xml"
    shutil.copytree(LAW, bad.parent)
    bad.write_text("<Regulation>")
    with pytest.raises(InputError, match="2009-01-01.xml"):
        import_law([bad.parent], home=tmp_path / "home")
    kept = len(list((tmp_path / "home" / "parsed").iterdir()))
    assert kept > 0 and held_law(tmp_path / "home") is None
    bad.unlink()
    parsed: list[str] = []
    monkeypatch.setattr("inforce.law_reading._keep", lambda path, *rest: parsed.append(path.name))
    monkeypatch.delattr("os.fork")
    with pytest.raises(Exception, match="cannot be used"):
        import_law([bad.parent], home=tmp_path / "home")
    assert len(parsed) == 12 - kept


# ---- which day -------------------------------------------------------------------------------------


def test_the_day_is_in_the_name_or_the_nearest_folder_or_given(tmp_path: Path) -> None:
    for name in ("2001-02-03/eng/law.xml", "2001-02-03/law-2004-05-06.xml.xz", "law.xml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"<x/>")
    found = find_law_files([tmp_path])
    assert [one.day for one in found.files] == [date(2004, 5, 6), date(2001, 2, 3)]
    assert found.skipped == {"without a day in name or folder": 1}
    assert len(find_law_files([tmp_path], published=date(2010, 1, 1)).files) == 3
    with pytest.raises(UsageError, match="--published DAY"):
        find_law_files([tmp_path / "law.xml"])
    assert find_law_files([tmp_path / "law.xml"], published=date(2010, 1, 1)).files[0].day == date(2010, 1, 1)


def test_other_files_of_a_folder_are_counted(tmp_path: Path) -> None:
    shutil.copytree(LAW, tmp_path / "laws")
    (tmp_path / "laws" / "README.md").write_text("not a law")
    (tmp_path / "laws" / ".git-notes").write_text("hidden")
    (tmp_path / "laws" / "again").symlink_to(tmp_path / "laws")
    report = import_law([tmp_path / "laws"], home=tmp_path / "home")
    assert report.read == 12
    assert report.skipped == {"behind a link to a folder": 1, "not XML": 2}


# ---- a git checkout --------------------------------------------------------------------------------


def git(repo: Path, *words: str, day: str = "2001-01-01") -> None:
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(repo)}
    settings |= {f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    settings |= {"GIT_COMMITTER_DATE": f"{day}T12:00:00Z", "GIT_AUTHOR_DATE": "1999-09-09T12:00:00Z"}
    subprocess.run(["git", *words], cwd=repo, env={**os.environ, **settings}, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The invented law as a repository of laws: a commit a snapshot, with other laws and files beside it."""
    if not shutil.which("git"):
        pytest.skip("allowed: git is not installed")
    repo = tmp_path / "checkout"
    (repo / "eng" / "regulations").mkdir(parents=True)
    (repo / "fra" / "reglements").mkdir(parents=True)
    git(repo, "init", "-q")
    (repo / "README.md").write_text("laws")
    (repo / "eng" / "regulations" / "SOR-1999-1.xml").write_text("<Regulation>another, cut</Regulation>")
    for number, path in enumerate(ENGLISH):
        shutil.copyfile(path, repo / "eng" / "regulations" / "SOR-1901-7.xml")
        shutil.copyfile(LAW / "SOR-1901-7" / "fra" / path.name, repo / "fra" / "reglements" / "DORS-1901-7.xml")
        (repo / "README.md").write_text(f"laws {number}")
        git(repo, "add", ".")
        git(repo, "commit", "-q", "-m", f"snapshot\n\n{number}", day=path.stem)
    git(repo, "rm", "-q", "eng/regulations/SOR-1901-7.xml")
    git(repo, "commit", "-q", "-m", "gone", day="2005-01-01")
    return repo


def test_the_history_of_a_checkout_is_the_same_law_as_its_snapshots(checkout: Path, tmp_path: Path) -> None:
    report = import_law([checkout], home=tmp_path / "a", laws=["SOR/1901-7"])
    assert report.read == 12 and report.skipped == {"other files of the repository": 2}
    import_law([LAW], home=tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_of_a_checkout_only_the_laws_that_are_modelled_are_read(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no law file is in it \(4 other files of the repository\)"):
        import_law([checkout], home=tmp_path / "home")
    source = checkout / "eng" / "regulations"
    shutil.copyfile(ENGLISH[0], source / "I-2.5.xml")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "an act", day="2006-01-01")
    found = import_law([checkout], home=tmp_path / "home")
    assert found.read == 1 and found.law.snapshots[0]["day"] == "2006-01-01"


def test_the_last_commit_of_a_day_is_its_publication(checkout: Path, tmp_path: Path) -> None:
    path = checkout / "eng" / "regulations" / "SOR-1901-7.xml"
    for source in (ENGLISH[4], ENGLISH[5]):
        shutil.copyfile(source, path)
        git(checkout, "add", ".")
        git(checkout, "commit", "-q", "-m", "twice", day="2007-01-01")
    found = find_law_files([checkout], wanted=lambda name: name == "SOR-1901-7")
    last = [one for one in found.files if one.day == date(2007, 1, 1)]
    assert len(last) == 1 and last[0].read() == ENGLISH[5].read_bytes()
    assert found.skipped["replaced on the same day"] == 1


def test_a_repository_cannot_make_us_run_what_it_says(checkout: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {mark}\n")
    script.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "gpg.program"):
        git(checkout, "config", name, str(script))
    git(checkout, "config", "log.showSignature", "true")
    import_law([checkout], home=tmp_path / "home", laws=["SOR-1901-7"])
    assert not mark.exists()


# ---- what questions see ----------------------------------------------------------------------------

COUNT = "SELECT (COUNT(*) AS ?n) { ?wording a inf:Wording }"


def test_queries_see_the_packaged_graph_and_the_text_each_triple_once(kb: Any, kb_small: Any) -> None:
    assert kb.sparql(COUNT).rows == ((0,),)
    (wordings,) = kb_small.sparql(COUNT).rows[0]
    assert wordings > 20
    assert kb_small.sparql("ASK { ?rule a inf:Rule }") is True
    twice = "SELECT (COUNT(*) AS ?n) { GRAPH ?a { ?s ?p ?o } GRAPH ?b { ?s ?p ?o } FILTER(STR(?a) < STR(?b)) }"
    assert kb_small.sparql(twice).rows == ((0,),)
    everything = {line.rsplit(b" <", 1)[0] for line in kb.built.read("graph.nq").splitlines()}
    everything |= {line.rsplit(b" <", 1)[0] for line in kb_small.held.read().splitlines()}
    there = [str(quad).rsplit(" <", 1) for quad in kb_small._store]
    added = [graph for triple, graph in there if triple.encode() not in everything]
    assert len(there) == len(everything) + len(added)
    # What joins the two is inferred, and said to be.
    assert set(added) <= {f"{BASE}graph/inferred>"}


def test_the_quads_are_written_as_the_engine_writes_them(kb_small: Any) -> None:
    # Comparing them as text with the packaged graph rests on it.
    for line in kb_small.held.read().decode().splitlines():
        (quad,) = ox.parse(line, format=ox.RdfFormat.N_QUADS)
        assert str(quad) + " ." == line


def test_saved_queries_and_answers_are_the_same_with_and_without_text(kb: Any, kb_small: Any) -> None:
    facts = {"citizenships": ["IND"], "trip_only_us_or_spm": True}
    assert kb_small.check(facts, on="2024-12-24").to_json() == kb.check(facts, on="2024-12-24").to_json()
    for name, parameters in (
        ("rules-in-force", {"on": "2024-12-24"}),
        ("members-of-list", {"list": "visa-exempt", "on": "2024-12-24"}),
        ("changes-between", {"from": "2024-11-01", "to": "2025-02-28"}),
    ):
        there = kb.query(name, parameters)
        assert there.rows and kb_small.query(name, parameters) == there


def test_the_law_held_has_a_digest_and_answers_without_it_open_nothing(kb: Any, kb_small: Any) -> None:
    assert kb.held is None and kb.law_version is None
    assert kb_small.law_version == kb_small.held.version
    with pytest.raises(UsageError) as told:
        kb.law  # noqa: B018
    assert told.value.code == "E_NO_TEXT" and "inforce import PATH" in str(told.value)


def test_a_damaged_store_answers_right_all_the_same(kb: Any, small_law: Path, tmp_path: Path) -> None:
    from inforce import KnowledgeBase
    from inforce.combined import combined
    from inforce.resources import cache_dir

    home = small_law / "inforce" / "law"
    right = KnowledgeBase(kb.built, law=home).sparql(COUNT)
    law = held_law(home)
    assert law is not None
    store = combined(kb.built, law, cache_dir())
    [manifest] = store.path.glob("MANIFEST-*")
    for damage in (manifest.read_bytes()[:-40], b""):
        # Cut like this, it opens and answers that there is nothing.
        manifest.write_bytes(damage)
        assert KnowledgeBase(kb.built, law=home).sparql(COUNT) == right
        [manifest] = store.path.glob("MANIFEST-*")


def test_check_never_looks_at_the_text(kb: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A law that is damaged beyond reading does not stop an answer that needs none of it.
    from inforce import KnowledgeBase

    home = tmp_path / "law"
    home.mkdir()
    (home / "current").symlink_to("v-nothing")
    asked = KnowledgeBase(kb.built, today="2026-06-12", law=home)
    assert asked.check({"citizenships": ["FRA"]}, on="2025-01-01").outcome in {"may", "may-not", "depends"}


# ---- the command -----------------------------------------------------------------------------------


@pytest.fixture
def own(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Run a command with a data folder of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return run


def test_the_command_says_what_was_read_and_what_is_held(own: Callable[..., Any]) -> None:
    ran = own(f"import {LAW}")
    assert ran.code == 0 and ran.err == ""
    assert "read 12 files: 12 new, 0 held already" in ran.out
    assert "sor-1901-7 in English: 6 snapshots, 2001-02-01 to 2003-03-03" in ran.out
    assert "changes of text" in ran.out
    assert "12 held already; nothing changed" in own(f"import {LAW}").out
    assert "12 fichiers lus : 0 nouveaux" in own(f"import {LAW} --lang fr").out
    listed = own("import --list --format csv")
    assert listed.out.splitlines()[1].startswith("sor-1901-7,en,6,2001-02-01,2003-03-03,")
    assert own("doctor").out.count("sor-1901-7") == 2


def test_the_command_without_anything_to_read(own: Callable[..., Any]) -> None:
    assert own("import --list").out == "no text of any law is held: inforce import PATH\n"
    assert own("import").code == 2
    assert own(f"import --list {LAW}").code == 2
    assert own("import --published 2024-01 x.xml").code == 2


def test_the_command_takes_the_day_of_a_file_without_one(own: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "law.xml"
    shutil.copyfile(ENGLISH[0], path)
    assert own(f"import {path}").code == 2
    ran = own(f"import {path} --published 2001-02-01 --json")
    assert ran.code == 0 and json.loads(ran.out)["laws"][0]["days"] == ["2001-02-01"]
    schema("import").validate(json.loads(ran.out))


def test_without_a_home_or_a_folder_that_can_be_made_nothing_is_imported(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run(f"import {LAW}")  # the data folder of tests can never be made
    assert ran.code == 6 and "error[E_DISK]: " in ran.err
    for name in ("XDG_DATA_HOME", "HOME"):
        monkeypatch.delenv(name)
    ran = run(f"import {LAW}")
    assert ran.code == 6 and "neither XDG_DATA_HOME nor HOME is set" in ran.err
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert run(f"import {LAW}").code == 6 and not Path("relative").exists()


def test_what_is_held_is_the_users_alone(own: Callable[..., Any], tmp_path: Path) -> None:
    assert own(f"import {LAW}").code == 0
    home = tmp_path / "data" / "inforce" / "law"
    for folder in (home, home / "parsed", (home / "current").resolve()):
        assert folder.stat().st_mode & 0o077 == 0, folder


def test_someone_else_at_work_ends_with_seven(own: Callable[..., Any], tmp_path: Path) -> None:
    assert own(f"import {ENGLISH[0]}").code == 0
    with exclusive(tmp_path / "data" / "inforce" / "law"):
        ran = own(f"import {ENGLISH[1]}")
        assert ran.code == 7 and ran.err.startswith("error[E_LOCKED]: ") and f"by pid {os.getpid()} on " in ran.err
        assert f"held by pid {os.getpid()}" in own("doctor").out


def test_a_damaged_law_ends_with_five_until_it_is_imported_again(own: Callable[..., Any], tmp_path: Path) -> None:
    assert own(f"import {LAW}").code == 0
    law = (tmp_path / "data" / "inforce" / "law" / "current" / "law.nq").resolve()
    law.write_bytes(law.read_bytes()[:-100])
    for line in ("doctor", "import --list", f"sparql -q '{COUNT}'"):
        assert own(line).code == 5, line
    assert own("check citizenships=FRA --on 2025-01-01").code == 0
    ran = own(f"import {LAW}")
    assert ran.code == 0 and "note: what was held cannot be used and is left out: law.nq has " in ran.out
    assert own("doctor").code == 0 and own(f"sparql -q '{COUNT}'").code == 0


def test_the_bar_shows_after_a_second_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*, terminal: bool, patience: float) -> bytes:
        outer, inner = pty.openpty() if terminal else os.pipe()
        monkeypatch.setattr("inforce_cli.render.progress._PATIENCE_S", patience)
        with os.fdopen(inner, "w") as stream, monkeypatch.context() as patch:
            patch.setenv("TERM", "xterm")
            patch.setattr("sys.stderr", stream)
            with Bar() as bar:
                bar("reading [/b]", 1, 3)
                bar("reading [/b]", 3, 3)
            stream.write("end")
            stream.flush()
            seen = b""
            while not seen.endswith(b"end"):
                seen += os.read(outer, 1 << 16)
        os.close(outer)
        return seen

    assert b"reading [/b]" in drawn(terminal=True, patience=0) and b"3/3" in drawn(terminal=True, patience=0)
    assert drawn(terminal=True, patience=60) == b"end"
    assert drawn(terminal=False, patience=0) == b"end"


# ---- the real law ----------------------------------------------------------------------------------


def test_the_real_snapshots_are_all_held(kb_law: Any) -> None:
    rows = {(row["law"], row["language"]): row for row in kb_law.held.table().to_dicts()}
    assert {key: row["snapshots"] for key, row in rows.items()} == {
        ("irpa", "en"): 16,
        ("irpa", "fr"): 16,
        ("irpr", "en"): 47,
        ("irpr", "fr"): 47,
    }
    assert rows["irpr", "en"]["first"] == "2021-02-26" and rows["irpr", "en"]["last"] == "2026-07-23"
    lines = kb_law.held.read().decode().splitlines()
    of = {tongue: sum(f"/{tongue}> <" in line for line in lines if "/irpr/" in line) for tongue in ("en", "fr")}
    assert all(50_000 < count <= 100_000 for count in of.values()), of


@pytest.mark.slow
def test_the_real_law_as_the_history_of_a_checkout_is_the_same(
    shared: Path, imported_law: Path, tmp_path: Path
) -> None:
    repo = tmp_path / "laws"
    repo.mkdir()
    git(repo, "init", "-q")
    names = {
        ("SOR-2002-227", "eng"): "eng/regulations/SOR-2002-227.xml",
        ("SOR-2002-227", "fra"): "fra/reglements/DORS-2002-227.xml",
        ("I-2.5", "eng"): "eng/acts/I-2.5.xml",
        ("I-2.5", "fra"): "fra/lois/I-2.5.xml",
    }
    for path in sorted((shared / "laws").rglob("*.xml.xz"), key=lambda one: one.name):
        target = repo / names[path.parts[-3], path.parts[-2]]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(lzma.decompress(path.read_bytes()))
        git(repo, "add", ".")
        git(repo, "commit", "-q", "--allow-empty", "-m", path.name, day=path.name[:10])
    report = import_law([repo], home=tmp_path / "home")
    assert content(tmp_path / "home") == content(imported_law / "inforce" / "law") and report.skipped == {}
