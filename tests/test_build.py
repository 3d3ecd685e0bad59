"""The build: same inputs, same bytes; what it infers says from what; what it refuses leaves no trace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from inforce.build import build
from inforce.errors import InputError, IntegrityError
from inforce.inputs import digest_inputs
from inforce.kb import KnowledgeBase
from inforce.resources import Built

BASE = "https://w3id.org/inforce/"
INF = BASE + "ns#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
INFERRED = ox.NamedNode(BASE + "graph/inferred")
BUILD = (
    "import sys; from pathlib import Path; from inforce.build import build;"
    "build(Path(sys.argv[1]), Path(sys.argv[2]), check=False)"
)


@pytest.fixture(scope="module")
def store(kb: Any) -> ox.Store:
    found = ox.Store()
    found.bulk_load(path=str(kb.built.path("graph.nq")), format=ox.RdfFormat.N_QUADS)
    return found


def _select(store: ox.Store, text: str) -> list[Any]:
    rows: Any = store.query(f"PREFIX inf: <{INF}> PREFIX rdf: <{RDF}> {text}", use_default_graph_as_union=True)
    return list(rows)


def test_same_bytes_whatever_the_hash_seed(repo: Path, tmp_path: Path) -> None:
    for seed in ("1", "271828"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(repo / "kg")}
        subprocess.run([sys.executable, "-c", BUILD, str(repo), str(tmp_path / seed)], env=env, check=True)
    names = sorted(path.name for path in (tmp_path / "1").iterdir())
    assert names == [
        "diagrams.json", "graph.nq", "manifest.json", "names.json", "rulebook.json", "tables.json", "words.json",
    ]  # fmt: skip
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "271828" / name).read_bytes(), name


def test_the_manifest_names_every_input_and_output(kb: Any, repo: Path) -> None:
    manifest = kb.built.manifest
    files = {
        path.relative_to(repo).as_posix() for part in ("ontology", "data") for path in (repo / part).rglob("*.ttl")
    }
    assert set(manifest["files"]) == {name for name in files if "/shapes/" not in name}
    assert manifest["inputs"] == digest_inputs(repo)
    assert manifest["counts"]["quads"] == len(kb.built.read("graph.nq").splitlines())


def test_the_graph_is_sorted_and_each_triple_is_in_one_graph(kb: Any) -> None:
    lines = kb.built.read("graph.nq").decode().splitlines()
    assert lines == sorted(lines)
    triples = [line.rsplit(" <", 1)[0] for line in lines]
    assert len(triples) == len(set(triples))


def test_what_owl_infers_says_from_what(store: ox.Store) -> None:
    rows = _select(
        store, "SELECT ?i (COUNT(?p) AS ?n) { ?i a rdf:Statement OPTIONAL { ?i inf:premise ?p } } GROUP BY ?i"
    )
    assert len(rows) > 20
    without = [row["i"].value for row in rows if int(row["n"].value) == 0]
    assert without == []


def test_a_rule_rests_on_all_that_holds_its_provision(store: ox.Store) -> None:
    # IRPR 198(2)(a) is part of 198(2), and that of 198: what changes above bears on the rule (a property chain).
    rows = _select(
        store, f"SELECT ?p {{ <{BASE}rule/R-WP-198-2A/2017-05-05> inf:restsOn ?p FILTER(?p != <{BASE}irpr>) }}"
    )
    assert {BASE + "irpr/198/2", BASE + "irpr/198"} <= {row["p"].value for row in rows}


def test_a_program_inherits_what_the_broader_one_entails(store: ox.Store) -> None:
    # SAWP is under the TFWP, which always needs an LMIA (programs.yaml); nothing says so of SAWP itself.
    rows = _select(
        store,
        f"SELECT ?value ?origin {{ <{BASE}program/SAWP> inf:inherits ?e ."
        f" ?e inf:fact <{BASE}fact/lmia_required> ; rdf:value ?value ; inf:premise ?origin }}",
    )
    assert [(row["value"].value, row["origin"].value) for row in rows] == [
        ("true", BASE + "entailment/TFWP/lmia_required")
    ]


def test_every_version_has_instants_and_events(store: ox.Store) -> None:
    assert not _select(store, "SELECT ?v { ?v a inf:RuleVersion ; inf:from ?d MINUS { ?v inf:startsAt ?i } }")
    assert not _select(store, "SELECT ?v { ?v a inf:RuleVersion MINUS { ?e a inf:ChangeEvent ; inf:starts ?v } }")
    rows = _select(
        store,
        f"SELECT ?power {{ <{BASE}rule/R-WP-FLAG-2024/2024-12-24> inf:enabledByVersion ?power }}",
    )
    assert BASE + "irpr/26.1/2/2024-12-18" in {row["power"].value for row in rows}


def test_a_changed_file_of_the_store_is_refused(kb: Any, tmp_path: Path) -> None:
    shutil.copytree(kb.built.folder, tmp_path / "graph")
    rules = tmp_path / "graph" / "rulebook.json"
    rules.write_text(rules.read_text(encoding="utf-8").replace("may", "May", 1), encoding="utf-8")
    with pytest.raises(IntegrityError) as caught:
        _ = KnowledgeBase(Built(tmp_path / "graph"), today="2025-01-01").book
    assert "rulebook.json" in str(caught.value)
    assert caught.value.exit_code == 5


def test_bad_data_of_a_user_leave_what_is_there(repo: Path, tmp_path: Path) -> None:
    out, mine = tmp_path / "graph", tmp_path / "mine"
    mine.mkdir()
    out.mkdir()
    (out / "manifest.json").write_text("{}")
    prefixes = f"@base <{BASE}> .\n@prefix inf: <{INF}> .\n\n"
    (mine / "rule.ttl").write_text(prefixes + "<rule/x> a inf:Rule\n<rule/y> a inf:Rule .\n")
    with pytest.raises(InputError) as caught:
        build(repo, out, data=[mine])
    assert "rule.ttl:5" in str(caught.value)
    assert [path.name for path in out.iterdir()] == ["manifest.json"]
    assert json.loads((out / "manifest.json").read_text()) == {}
