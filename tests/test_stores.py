"""The graph in memory: opened whole, indexed, the same in rdflib; its values as Python values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from inforce import stores
from inforce.vocab import BASE

XSD = "http://www.w3.org/2001/XMLSchema#"
LINES = f"""<{BASE}rule/R-1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{BASE}ns#Rule> <{BASE}graph/ontology> .
<{BASE}rule/R-1> <{BASE}ns#from> "2024-12-24"^^<{XSD}date> <{BASE}graph/data> .
<{BASE}rule/R-1> <{BASE}ns#defeats> <{BASE}rule/R-2> <{BASE}graph/inferred> .
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "graph.nq"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_a_graph_is_opened_with_all_its_quads_in_their_graphs(file: Path) -> None:
    store = stores.open_graph(file)
    assert len(store) == 3
    assert sorted(g.value.removeprefix(BASE) for g in store.named_graphs() if isinstance(g, ox.NamedNode)) == [
        "graph/data",
        "graph/inferred",
        "graph/ontology",
    ]


def test_the_index_joins_the_graphs(file: Path) -> None:
    found = stores.index(stores.open_graph(file))
    assert found.instances("Rule") == [BASE + "rule/R-1"]
    assert found.value(BASE + "rule/R-1", BASE + "ns#from") == "2024-12-24"
    assert found.value(BASE + "rule/R-1", BASE + "ns#defeats") == BASE + "rule/R-2"


def test_rdflib_sees_the_same_quads_and_the_union(file: Path) -> None:
    dataset = stores.to_rdflib(file)
    assert sum(1 for _ in dataset.quads()) == 3
    rows = list(dataset.query("SELECT ?r { ?r a inf:Rule ; inf:from ?d ; inf:defeats ?o }"))
    assert [str(row[0]) for row in rows] == [BASE + "rule/R-1"]


CELLS: list[tuple[Any, Any]] = [
    (None, None),
    (ox.NamedNode("http://e/a"), "http://e/a"),
    (ox.BlankNode("b"), "_:b"),
    (ox.Literal("x"), "x"),
    (ox.Literal("le", language="fr"), "le"),
    (ox.Literal(3), 3),
    (ox.Literal("07", datatype=ox.NamedNode(XSD + "nonNegativeInteger")), 7),
    (ox.Literal("1.50", datatype=ox.NamedNode(XSD + "decimal")), Decimal("1.50")),
    (ox.Literal(1.5), 1.5),
    (ox.Literal(False), False),
    (ox.Literal("1", datatype=ox.NamedNode(XSD + "boolean")), True),
    (ox.Literal("2024-02-29", datatype=ox.NamedNode(XSD + "date")), date(2024, 2, 29)),
    # What its datatype does not allow stays what it is: nothing is repaired.
    (ox.Literal("2023-02-29", datatype=ox.NamedNode(XSD + "date")), "2023-02-29"),
    (ox.Literal("2024-02-29Z", datatype=ox.NamedNode(XSD + "date")), "2024-02-29Z"),
    (ox.Literal("many", datatype=ox.NamedNode(XSD + "integer")), "many"),
    (ox.Literal("perhaps", datatype=ox.NamedNode(XSD + "boolean")), "perhaps"),
]


@pytest.mark.parametrize(("term", "value"), CELLS)
def test_a_term_is_its_python_value(term: Any, value: Any) -> None:
    found = stores.cell(term)
    assert found == value and type(found) is type(value)


def test_the_packaged_graph_is_the_one_its_manifest_counts(kb: Any) -> None:
    store = stores.open_graph(kb.built.path("graph.nq"))
    assert len(store) == kb.built.manifest["counts"]["quads"] > 30_000
    # A triple lives in one graph only: the union would return it once for each.
    triples = {(str(q.subject), str(q.predicate), str(q.object)) for q in store}
    assert len(triples) == len(store)


def test_sparql_of_the_knowledge_base_binds_the_day(kb: Any) -> None:
    text = """SELECT ?rule {
      ?v inf:versionOf ?rule ; inf:action action:present-loi-poe ; inf:from ?from ; inf:effect inf:Bar
      OPTIONAL { ?v inf:until ?until } FILTER (?from <= ?on && (!BOUND(?until) || ?on < ?until)) }"""
    # Letters of introduction of flagpolers were refused from 2024-12-24 on (CONFLICTS C-06).
    rule = BASE + "rule/R-LOI-FLAG-2024"
    assert rule not in [row["rule"] for row in kb.sparql(text, on="2024-12-23")]
    assert rule in [row["rule"] for row in kb.sparql(text, on="2024-12-24")]
