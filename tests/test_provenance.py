"""Every rule leads to the passage of a source, by the law of its day; no circle can hold a trace up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import rdflib
import yaml

from inforce.dates import parse_when
from inforce.errors import InputError, UnknownIdError
from inforce.provenance import trace
from inforce.rules.triples import Node, Triples
from inforce.vocab import BASE, PREFIXES

PROV = rdflib.Namespace(PREFIXES["prov"])
INF = PREFIXES["inf"]


def rules(kb: Any) -> list[str]:
    return [row["id"] for row in kb.list("rules")]


def reached(found: Any, start: str, *, without: str = "claim") -> set[str]:
    """The nodes that edges lead to; ``without`` leaves one relation out."""
    below: dict[str, list[str]] = {}
    for a, relation, b in found.edges:
        if relation != without:
            below.setdefault(a, []).append(b)
    seen, pending = {start}, [start]
    while pending:
        for target in below.get(pending.pop(), ()):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return seen


def relations(found: Any, node: str) -> set[tuple[str, str]]:
    return {(relation, b) for a, relation, b in found.edges if a == node}


def test_every_rule_version_ends_in_a_passage_of_a_source(kb: Any) -> None:
    names = rules(kb)
    assert len(names) > 40
    for name in names:
        found = kb.trace(name)
        versions = [
            b for _, relation, b in found.edges if relation == "version" and found.nodes[b]["kind"] == "rule-version"
        ]
        assert versions, name
        for version in versions:
            passages = {b for relation, b in relations(found, version) if relation == "derived-from"}
            assert passages, version
            for passage in passages:
                assert found.nodes[passage]["kind"] == "passage" and found.nodes[passage]["label"], passage
                (source,) = {b for relation, b in relations(found, passage) if relation == "in"}
                assert found.nodes[source]["kind"] == "source" and found.nodes[source]["rank"] in range(1, 6)


def test_passages_are_those_of_the_rule_table(kb: Any, shared: Path) -> None:
    table = yaml.safe_load((shared / "domain" / "facts" / "rules.yaml").read_text(encoding="utf-8"))
    compared = 0
    for entry in table["rules"]:
        if "effect" not in entry or not entry.get("provenance"):
            continue
        found = kb.trace(entry["id"])
        sources = {n.removeprefix("source/") for n in reached(found, found.root) if re.fullmatch(r"source/[^/]+", n)}
        assert {one["source"] for one in entry["provenance"]["passages"]} <= sources, entry["id"]
        compared += 1
    assert compared > 40


def test_the_designation_leads_to_the_power_and_to_the_regulation_that_gave_it(kb: Any) -> None:
    # Rule table: R-WP-FLAG-2024 rests on 26.1(2), which SOR/2024-258 added on 2024-12-18; C-01 is about its start.
    found = kb.trace("R-WP-FLAG-2024")
    version, power = "rule/R-WP-FLAG-2024/2024-12-24", "irpr/26.1/2/2024-12-18"
    assert ("enabled-by", power) in relations(found, version)
    assert ("made-by", "instrument/CBSA-DESIG-2024-12-23") in relations(found, version)
    assert ("made-by", "instrument/SOR/2024-258") in relations(found, power)
    claims = {b for relation, b in relations(found, version) if relation == "claim"}
    assert {found.nodes[c]["adopted"] for c in claims} == {True, False}
    assert "conflict/C-01" in found.nodes and "source/S-OB686" in found.nodes


def test_each_version_rests_on_the_law_of_its_own_first_day(kb: Any) -> None:
    # 198(2)(a) was reworded on 2004-07-22 and 2017-05-05; the rule has a version for each wording.
    found = kb.trace("R-WP-198-2A")
    for day in ("2002-06-28", "2004-07-22", "2017-05-05"):
        assert ("expresses", f"irpr/198/2/a/{day}") in relations(found, f"rule/R-WP-198-2A/{day}")


def test_on_a_day_only_what_was_in_force_is_traced(kb: Any) -> None:
    found = kb.trace("R-WP-198-2A", on="2010-01-01")
    assert {b for a, relation, b in found.edges if relation == "version"} == {"rule/R-WP-198-2A/2004-07-22"}
    # 198(1) got its present version in 2017: a rule that began in 2002 rests on that one today.
    today = kb.trace("R-WP-198-1", on="2024-12-24")
    assert ("expresses", "irpr/198/1/2017-05-05") in relations(today, "rule/R-WP-198-1/2002-06-28")
    with pytest.raises(UnknownIdError, match="2024-12-24"):
        kb.trace("R-WP-FLAG-2024", on="2024-12-23")


def test_a_provision_says_what_rests_on_it(kb: Any) -> None:
    found = kb.trace("IRPR 26.1(2)")
    assert ("enables", "rule/R-WP-FLAG-2024/2024-12-24") in relations(found, "irpr/26.1/2")
    made = kb.trace("DORS/2024-258")
    assert ("made", "irpr/26.1/2/2024-12-18") in relations(made, "instrument/SOR/2024-258")
    said = kb.trace("S-OB686")
    assert "rule/R-WP-FLAG-2024/2024-12-24" in reached(said, "source/S-OB686")


def test_everything_that_is_listed_can_be_traced_and_drawn(kb: Any) -> None:
    traced = 0
    for entries in kb._tables["entities"].values():
        for entry in entries:
            found = kb.trace(entry["iri"])
            assert found.root in found.nodes
            assert all(a in found.nodes and b in found.nodes for a, _, b in found.edges)
            for form in ("tree", "dot", "mermaid", "turtle"):
                assert found.render(form), entry["id"]
            traced += 1
    assert traced > 1400


def test_a_trace_is_the_same_every_time(kb: Any) -> None:
    one, other = kb.trace("R-WP-FLAG-2024"), kb.trace("R-WP-FLAG-2024")
    assert json.dumps(one.to_dict()) == json.dumps(other.to_dict())
    assert [one.render(form) for form in ("tree", "dot", "mermaid", "turtle")] == [
        other.render(form) for form in ("tree", "dot", "mermaid", "turtle")
    ]


# ---- answers ---------------------------------------------------------------------------------------


def answer(kb: Any, **more: Any) -> dict[str, Any]:
    facts = {"citizenships": ["FRA"], "program": "SAWP"}
    found: dict[str, Any] = json.loads(kb.check(facts, on="2024-12-24", ordinarily=True, **more).to_json())
    return found


def test_an_answer_leads_to_its_rules_lists_and_inferences(kb: Any) -> None:
    # SAWP entails an LMIA and seasonal farm work, so 198(2)(a) bars and its exception (i) fails (CONFLICTS.md C-16).
    found = kb.trace_answer(answer(kb))
    told = {(relation, b) for a, relation, b in found.edges if a == found.root}
    assert ("rests-on", "rule/R-WP-198-2A/2017-05-05") in told
    assert {b for relation, b in told if relation == "inferred-by"} == {
        "entailment/TFWP/lmia_required",
        "entailment/SAWP/sawp_application",
        "entailment/SAWP/seasonal_agricultural_employment",
    }
    # France is visa-exempt by an entry of the list: 198(1) considered it.
    entries = {b for _, relation, b in found.edges if relation == "used-list-entry"}
    assert any(b.startswith("list/visa-exempt/FRA/") for b in entries)
    assert ("expresses", "irpr/198/2/a/2017-05-05") in relations(found, "rule/R-WP-198-2A/2017-05-05")


@pytest.mark.parametrize("broken", [{}, {"schema": "inforce/history/1"}, {"schema": "inforce/answer/1"}])
def test_what_is_not_an_answer_is_refused(kb: Any, broken: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        kb.trace_answer(broken)
    assert caught.value.exit_code == 3


def test_an_answer_of_other_data_is_refused(kb: Any) -> None:
    receipt = answer(kb)
    receipt["grounds"][0]["version"] = "rule/R-NOT-HERE/2024-01-01"
    with pytest.raises(InputError, match="do not have"):
        kb.trace_answer(receipt)


# ---- forms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["R-WP-FLAG-2024", "IRPR 198(2)(a)", "C-01", "Mexico", "S-OB686", "SAWP"])
def test_the_turtle_is_good_and_says_the_edges_in_prov(kb: Any, name: str) -> None:
    found = kb.trace(name)
    graph = rdflib.Graph().parse(data=found.render("turtle"), format="turtle")
    for node in found.nodes:
        assert (rdflib.URIRef(BASE + node), rdflib.RDF.type, PROV.Entity) in graph
    for a, relation, b in found.edges:
        one, other = rdflib.URIRef(BASE + a), rdflib.URIRef(BASE + b)
        if relation in ("made-by", "made"):
            made, by = (one, other) if relation == "made-by" else (other, one)
            assert any((act, PROV.used, by) in graph for act in graph.objects(made, PROV.wasGeneratedBy)), (a, b)
        else:
            assert list(graph.predicates(one, other)) or list(graph.predicates(other, one)), (a, relation, b)


def test_the_turtle_says_which_wording_revised_which(kb: Any) -> None:
    graph = rdflib.Graph().parse(data=kb.trace("IRPR 198(2)(a)(i)").render("turtle"), format="turtle")
    later, earlier = (rdflib.URIRef(f"{BASE}irpr/198/2/a/i/{day}") for day in ("2017-05-05", "2004-07-22"))
    assert (later, PROV.wasRevisionOf, earlier) in graph


def test_every_relation_has_a_property_and_french_words(kb: Any) -> None:
    from inforce.drawing import _FRENCH, _PROV

    used = {
        relation
        for entries in kb._tables["entities"].values()
        for entry in entries
        for _, relation, _ in kb.trace(entry["iri"]).edges
    } | {relation for _, relation, _ in kb.trace_answer(answer(kb)).edges}
    assert used - {"made", "made-by"} <= set(_PROV)
    assert used <= set(_FRENCH)


def test_text_of_data_cannot_break_out_of_a_picture() -> None:
    from inforce.catalogue import Provenance

    nasty = 'a "quote" \\ back\nline <b> #1 `x` ]-->'
    node = {"id": nasty, "kind": "rule", "label": nasty, "label_fr": nasty}
    found = Provenance("rule/x", {"rule/x": node}, ())
    dot, mermaid = found.render("dot"), found.render("mermaid")
    assert dot.count("\n") == 5 and re.search(r'label="(?:[^"\\]|\\.)*", shape', dot)
    assert mermaid.count("\n") == 2 and mermaid.count('"') == 2
    graph = rdflib.Graph().parse(data=found.render("turtle"), format="turtle")
    assert nasty in {str(o) for o in graph.objects(None, rdflib.RDFS.label)}


def test_a_circle_in_the_data_ends() -> None:
    iri = [f"{BASE}rule/R-{n}" for n in range(3)]
    version = [f"{one}/2020-01-01" for one in iri]
    kind, text = PREFIXES["rdf"] + "type", "literal"
    data: dict[str, dict[str, list[Node]]] = {}
    for n in range(3):
        data[iri[n]] = {kind: [Node(INF + "Rule")]}
        data[version[n]] = {
            kind: [Node(INF + "RuleVersion")],
            INF + "versionOf": [Node(iri[n])],
            INF + "from": [Node("2020-01-01", text)],
            PREFIXES["dct"] + "references": [Node(iri[(n + 1) % 3])],
        }
    when = parse_when("2021-01-01")
    found = trace(Triples(data), "rules", {"iri": "rule/R-0", "id": "R-0"}, when)
    assert len(found.nodes) == 4 and len(found.edges) == 4
    assert "see above" in found.render("tree")


def test_a_long_chain_is_drawn_without_recursion() -> None:
    from inforce.catalogue import Provenance

    nodes = {f"rule/{n}": {"id": f"r{n}", "kind": "rule", "label": "", "label_fr": ""} for n in range(5000)}
    edges = tuple((f"rule/{n}", "version", f"rule/{n + 1}") for n in range(4999))
    assert Provenance("rule/0", nodes, edges).render("tree").count("\n") == 5000


def test_an_unknown_form_is_refused(kb: Any) -> None:
    with pytest.raises(UnknownIdError, match="turtle"):
        kb.trace("C-01").render("pdf")
