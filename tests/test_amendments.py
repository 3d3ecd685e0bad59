"""From an instrument to the wordings it made, the rules on them and the outcomes that moved; and its picture."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from inforce.catalogue import Provenance
from inforce.rules.moves import moves

SVG = "{http://www.w3.org/2000/svg}"


def edges(found: Any, relation: str) -> set[tuple[str, str]]:
    return {(a, b) for a, told, b in found.edges if told == relation}


def outcomes(found: Any) -> dict[str, Any]:
    return {row["action"]: row for row in found.outcomes}


# ---- what moved --------------------------------------------------------------------------------------


def test_the_power_of_2024_moved_work_permits_by_the_designation_made_under_it(kb: Any) -> None:
    # SOR/2024-258 came into force on 2024-12-18 and bars nobody; what was done under its 26.1(2) does, six days later.
    found = kb.trace("SOR/2024-258")
    made = {b for _, b in edges(found, "made")}
    assert {"irpr/26.1/1/2024-12-18", "irpr/26.1/2/2024-12-18"} <= made
    assert ("irpr/26.1/2/2024-12-18", "rule/R-WP-FLAG-2024/2024-12-24") in edges(found, "enables")
    assert ("rule/R-WP-FLAG-2024/2024-12-24", "action/apply-work-permit-poe") in edges(found, "moves")
    assert edges(found, "ended") == {("instrument/SOR/2024-258", "irpr/26.1/2020-03-21")}
    row = outcomes(found)["apply-work-permit-poe"]
    assert row["moved"] and "R-WP-FLAG-2024" in {one["name"] for one in row["by"]}
    assert {one["on"] for one in row["by"]} == {"2024-12-24T00:01:00"}


def test_before_the_designation_the_power_had_moved_nothing(kb: Any) -> None:
    found = kb.trace("SOR/2024-258", on="2024-12-20")
    assert "irpr/26.1/2/2024-12-18" in found.nodes and not edges(found, "moves")
    assert not any(row["moved"] for row in found.outcomes)


def test_mexico_left_one_list_for_another_and_four_outcomes_moved(kb: Any) -> None:
    # SOR/2024-34, in force 2024-02-29 at 23:30 ET: visa-exempt no more, eligible for an eTA on conditions.
    found = kb.trace("SOR/2024-34")
    joined = ("list/eta-conditional/MEX/2024-02-29", "list/eta-conditional")
    assert joined in edges(found, "in-list")
    assert any(b.startswith("list/visa-exempt/MEX/") for _, b in edges(found, "ended"))
    moved = {row["action"]: row["by"][0]["on"] for row in found.outcomes if row["moved"]}
    assert moved == dict.fromkeys(
        ("apply-pgwp-poe", "apply-work-permit-poe", "eta-needed", "trv-needed"), "2024-02-29T23:30:00"
    )


def test_a_rule_that_a_new_wording_leaves_alone_is_borne_on_and_not_moved(kb: Any) -> None:
    # 7.01(1) was restated with another table; the rules it expresses began in 2017 and go on.
    found = kb.trace("SOR/2024-34")
    assert ("irpr/7.01/1/2024-02-29", "rule/X-TRV-701/2017-05-01") in edges(found, "expressed-by")
    assert ("rule/X-TRV-701/2017-05-01", "action/trv-needed") in edges(found, "bears-on")


def test_what_the_diagrams_call_moved_is_what_single_cases_show(kb: Any) -> None:
    # An independent way to the same: somebody's outcome differs across the boundary, or nobody's of these does.
    people = [
        {"citizenships": "IND", "trip_only_us_or_spm": True, "returns_within_authorized_stay": True,
         "held_temporary_status_in_canada_on_departure": True, "purpose_is_immigration_service": True,
         "held_permit_or_tr_authorization_before_trip": True},
        {"citizenships": "MEX"}, {"citizenships": "FRA"}, {"citizenships": "USA"},
    ]  # fmt: skip

    def differs(action: str, before: str, after: str) -> bool:
        told = [
            [kb.check(facts, on=day, action=action, ordinarily=True).verdict for day in (before, after)]
            for facts in people
        ]
        return any(one != other for one, other in told)

    flagpoling = ["rule/R-WP-FLAG-2024/2024-12-24"]
    assert differs("apply-work-permit-poe", "2024-12-23", "2024-12-24")
    assert moves(kb.book, "apply-work-permit-poe", "2024-12-24T00:01:00", rules=flagpoling)
    assert not differs("trv-needed", "2024-12-23", "2024-12-24")
    assert not moves(kb.book, "trv-needed", "2024-12-24T00:01:00", rules=flagpoling)
    mexico = [("visa-exempt", "MEX"), ("eta-conditional", "MEX")]
    assert differs("trv-needed", "2024-02-28", "2024-03-01")
    assert moves(kb.book, "trv-needed", "2024-02-29T23:30:00", entries=mexico)
    assert not moves(kb.book, "trv-needed", "2024-02-29T23:30:00", entries=[("visa-exempt", "FRA")])


def test_a_rule_that_is_off_unless_asked_for_moves_nothing(kb: Any) -> None:
    broad = next(rule for rule in kb.book.rules if rule.rule == "R-WP-OB686-BROAD")
    assert not broad.by_default
    assert not any(moves(kb.book, action, broad.interval.starts, rules=[broad.id]) for action in broad.actions)


def test_every_instrument_is_followed_to_actions_that_are_there(kb: Any) -> None:
    reached = 0
    for row in kb.list("instruments"):
        found = kb.trace(row["id"])
        assert all(a in found.nodes and b in found.nodes for a, _, b in found.edges)
        by = {b for _, b in edges(found, "moves")}
        assert {f"action/{one['action']}" for one in found.outcomes if one["moved"]} == by, row["id"]
        reached += bool(by)
    assert reached > 20


def test_the_tree_ends_with_the_outcomes(kb: Any) -> None:
    tree = kb.trace("SOR/2024-258").render("tree")
    assert "└─ moves  apply-pgwp-poe, apply-work-permit-poe\n" in tree
    said = re.sub(r"\s+", " ", tree.split("\noutcomes:\n")[1])
    assert "apply-work-permit-poe: moved 2024-12-24 00:01 (R-WP-FLAG-2024," in said
    assert "\nissues :\n" in kb.trace("SOR/2024-258").render("tree", lang="fr")
    assert json.loads(json.dumps(kb.trace("SOR/2024-258").to_dict()))["outcomes"][0]["moved"] is True


# ---- the picture -------------------------------------------------------------------------------------


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    root = ET.fromstring(svg)  # noqa: S314  # our own output
    rects = [r for link in root.iter(f"{SVG}a") for r in link.iter(f"{SVG}rect")]
    return [tuple(float(r.get(key) or 0) for key in ("x", "y", "width", "height")) for r in rects]  # type: ignore[misc]


@pytest.mark.parametrize("name", ["SOR/2024-258", "SOR/2024-34", "R-WP-198-1", "IRPR 26.1(2)", "C-01", "Mexico"])
def test_in_a_picture_no_box_lies_on_another_and_every_text_is_in_its_box(kb: Any, name: str) -> None:
    found = kb.trace(name)
    svg = found.render("svg")
    assert svg == kb.trace(name).render("svg")
    root = ET.fromstring(svg)  # noqa: S314  # our own output
    rects = boxes(svg)
    assert len(rects) == len(found.nodes)
    width, height = float(root.get("width") or 0), float(root.get("height") or 0)
    for number, (x, y, w, h) in enumerate(rects):
        assert 0 <= x and x + w <= width and 0 <= y and y + h <= height
        for x2, y2, w2, h2 in rects[:number]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
    for link, (x, y, _, h) in zip(root.iter(f"{SVG}a"), rects, strict=True):
        for text in link.iter(f"{SVG}text"):
            assert x < float(text.get("x") or 0) and y < float(text.get("y") or 0) < y + h


def test_text_of_data_cannot_break_out_of_the_picture() -> None:
    nasty = '<script>alert("1")</script> & ]]> ' + "x" * 400
    node = {"id": nasty, "kind": "rule", "label": nasty, "label_fr": ""}
    svg = Provenance('rule/"><script>', {'rule/"><script>': node}, ()).render("svg")
    root = ET.fromstring(svg)  # noqa: S314  # our own output
    assert not list(root.iter(f"{SVG}script")) and len(boxes(svg)) == 1


def test_a_circle_and_a_long_chain_are_drawn() -> None:
    def node(n: int) -> dict[str, str]:
        return {"id": f"r{n}", "kind": "rule", "label": "", "label_fr": ""}

    nodes = {f"rule/{n}": node(n) for n in range(3)}
    circle = tuple((f"rule/{n}", "refers-to", f"rule/{(n + 1) % 3}") for n in range(3))
    assert len(boxes(Provenance("rule/0", nodes, circle).render("svg"))) == 3
    long = {f"rule/{n}": node(n) for n in range(3000)}
    chain = tuple((f"rule/{n}", "version", f"rule/{n + 1}") for n in range(2999))
    assert len(boxes(Provenance("rule/0", long, chain).render("svg"))) == 3000
