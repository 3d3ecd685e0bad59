"""Golden cases: what the law says on a day, read from its source; the code answers to them, never they to it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parent / "cases"
OUTCOMES = {"may", "may-not", "required", "not-required", "depends", "not-covered"}
ASKED = {"id", "action", "day", "facts", "known_on", "reading"}
EXPECTED = {"expect", "strict", "because", "lifted", "by_layer", "segments", "cautions", "text"}
KEYS = ASKED | EXPECTED | {"source"}
# A rule or list that is already there on the first day of the regulations starts with them.
FIRST_DAY = "2002-06-28"


def _read() -> list[tuple[str, dict[str, Any]]]:
    return [(path.stem, case) for path in sorted(FOLDER.glob("*.yaml")) for case in yaml.safe_load(path.read_text())]


CASES = _read()


def _strings(value: Any) -> Iterable[Any]:
    """Every key and every code of a fact: what a careless YAML file turns into a truth value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield inner if not isinstance(inner, (dict, list)) else ""


# ---- the files -------------------------------------------------------------------------------


def test_there_are_enough_cases_and_each_has_its_own_id() -> None:
    assert len(CASES) >= 300
    ids = [case["id"] for _, case in CASES]
    assert sorted(ids) == sorted(set(ids))


def test_no_two_cases_ask_the_same_question_and_expect_different_answers() -> None:
    seen: dict[str, tuple[str, str]] = {}
    for _, case in CASES:
        asked = repr(
            [case["action"], case["day"], case.get("known_on"), case.get("reading"), sorted(case["facts"].items())]
        )
        earlier = seen.setdefault(asked, (case["id"], case["expect"]))
        assert earlier[1] == case["expect"], f"{earlier[0]} and {case['id']} disagree"


@pytest.mark.parametrize("theme", sorted({theme for theme, _ in CASES}))
def test_cases_are_written_as_cases_are(theme: str) -> None:
    for where, case in CASES:
        if where != theme:
            continue
        name = case.get("id")
        assert set(case) <= KEYS, f"{name}: {sorted(set(case) - KEYS)}"
        assert {"id", "action", "day", "facts", "expect", "source"} <= set(case), name
        assert case["expect"] in OUTCOMES, name
        assert case.get("strict", "may") in OUTCOMES, name
        assert isinstance(case["day"], str), f"{name}: quote the day"
        assert all(isinstance(word, str) for word in _strings(case["facts"])), f"{name}: quote NO, on, yes"
        assert len(case["source"]) >= 40, f"{name}: say what the source says"


def test_sources_named_by_cases_exist(shared: Path) -> None:
    facts = shared / "domain" / "facts"
    known = {source["id"] for source in yaml.safe_load((facts / "sources.yaml").read_text())["sources"]}
    for _, case in CASES:
        for word in case["source"].replace("(", " ").replace(")", " ").replace(",", " ").replace(";", " ").split():
            word = word.strip(".:")
            if word.startswith("S-"):
                assert word in known, f"{case['id']}: no source {word}"


# ---- the answers -----------------------------------------------------------------------------


def _differences(answer: Any, case: Mapping[str, Any]) -> list[str]:
    """What the answer says otherwise than the case expects."""
    found = []

    def compare(what: str, expected: Any, got: Any) -> None:
        if expected != got:
            found.append(f"{what}: expected {expected}, got {got}")

    compare("ordinarily", case["expect"], answer.ordinarily.outcome)
    if "strict" in case:
        compare("strictly", case["strict"], answer.outcome)
    standing = {name for g in answer.grounds if g.state == "holds" and g.stands for name in (g.rule, g.entry)}
    for rule in case.get("because", ()):
        if rule not in standing:
            found.append(f"because: {rule} does not stand; standing are {sorted(standing)}")
    lifted = {name for g in answer.grounds if g.state == "holds" and g.defeated_by for name in (g.rule, g.entry)}
    for rule in case.get("lifted", ()):
        if rule not in lifted:
            found.append(f"lifted: {rule} is not among {sorted(lifted)}")
    for layer, word in case.get("by_layer", {}).items():
        compare(f"layer {layer}", word, answer.by_layer.get(layer))
    if "segments" in case:
        compare("segments", case["segments"], [segment.outcome for segment in answer.segments])
    codes = {caution.code for caution in answer.cautions}
    for code in case.get("cautions", ()):
        if code not in codes:
            found.append(f"caution {code} is not among {sorted(codes)}")
    texts = {p["citation"]: p["in_force_from"] for g in answer.grounds for p in g.provisions}
    for citation, first_day in case.get("text", {}).items():
        compare(f"wording of {citation}", first_day, texts.get(citation, "not cited"))
    return found


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{theme}:{case['id']}") for theme, case in CASES])
def test_answer_is_what_the_source_says(kb: Any, case: dict[str, Any]) -> None:
    answer = kb.check(
        case["facts"],
        on=case["day"],
        known_on=case.get("known_on"),
        action=case["action"],
        readings=case.get("reading", ()),
        ordinarily=True,
    )
    differences = _differences(answer, case)
    assert not differences, "\n".join([*differences, f"source: {case['source']}", f"facts: {case['facts']}"])


# ---- nothing is left out: the rules and lists of the tables --------------------------------------


def _rows(shared: Path) -> list[dict[str, str]]:
    with (shared / "domain" / "facts" / "nationality_status.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _day_after(day: str) -> str:
    return str(date.fromisoformat(day) + timedelta(days=1))


def _day_before(day: str) -> str:
    return str(date.fromisoformat(day) - timedelta(days=1))


def _days(actions: Iterable[str], subject: str | None = None) -> set[str]:
    """The single days asked about for any of the actions, as the case writes them; instants are their day."""
    wanted = set(actions)
    return {
        case["day"][:10]
        for _, case in CASES
        if case["action"] in wanted and not case.get("known_on") and (subject is None or subject in _subjects(case))
    }


def _subjects(case: Mapping[str, Any]) -> set[str]:
    facts = case["facts"]
    return {*facts.get("citizenships", ()), *facts.get("document_and_status_classes", ())}


def test_every_rule_is_named_by_a_case_that_rests_on_it(shared: Path) -> None:
    rules = yaml.safe_load((shared / "domain" / "facts" / "rules.yaml").read_text())["rules"]
    named = {name for _, case in CASES for key in ("because", "lifted", "reading") for name in case.get(key, ())}
    assert {rule["id"] for rule in rules} <= named


def test_every_change_day_of_every_rule_has_a_case_on_both_sides(shared: Path) -> None:
    rules = yaml.safe_load((shared / "domain" / "facts" / "rules.yaml").read_text())["rules"]
    missing = []
    for rule in rules:
        days = _days(rule["actions"])
        changes = [rule["valid_from"], _day_after(rule["valid_to"]) if rule["valid_to"] else None]
        for change in filter(None, changes):
            missing += [f"{rule['id']} {day}" for day in (_day_before(change), change) if day not in days]
    assert missing == []


def test_every_change_of_a_list_has_a_case_on_both_sides(shared: Path) -> None:
    rows = [row for row in _rows(shared) if row["entity_class"] in ("citizenship", "travel_document", "status")]
    # US-LPR-ETA and SPM-FR-DIRECT restate rules of the electronic authorization, which have their own cases.
    rows = [row for row in rows if row["status"] not in ("eta-required", "eta-exempt") and row["valid_from"]]
    histories: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        histories.setdefault(row["entity_id"], []).append(row)
    missing, changes = [], 0
    for entity, history in histories.items():
        days = _days({case["action"] for _, case in CASES}, entity.split(":", 1)[1])
        for before, row in zip([None, *history], history, strict=False):
            if row["valid_from"] == FIRST_DAY or (before and before["status"] == row["status"]):
                continue
            if before is None and row["status"] == "visa-required":
                continue  # a state that is new to the table and needs a visa, as every state not in it
            changes += 1
            both = (_day_before(row["valid_from"]), row["valid_from"])
            missing += [f"{entity} {day}" for day in both if day not in days]
    assert missing == []
    assert changes >= 50


def test_every_hour_that_is_known_has_a_case_that_names_an_instant(shared: Path) -> None:
    rules = yaml.safe_load((shared / "domain" / "facts" / "rules.yaml").read_text())["rules"]
    known = {rule["valid_from"] for rule in rules if rule["valid_from_time"]}
    known |= {row["valid_from"] for row in _rows(shared) if row["valid_from_time"]}
    assert known <= {case["day"][:10] for _, case in CASES if "T" in case["day"]}
