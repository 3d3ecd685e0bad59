"""The outcome over time: a window read at once, equal to the answers of its days, with what brought each change."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from cases_at_random import cases

from inforce.errors import FactsError

FIRST, LAST = "2002-06-28", "2026-06-12"
CASES = 150
FLAGPOLER = {
    "citizenships": ["IND"],
    "trip_only_us_or_spm": "yes",
    "held_temporary_status_in_canada_on_departure": "yes",
    "held_permit_or_tr_authorization_before_trip": "yes",
    "returns_within_authorized_stay": "yes",
    "purpose_is_immigration_service": "yes",
}


def _history(kb: Any, facts: Any, **asked: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = kb.history(facts, from_=FIRST, to=LAST, **asked).to_dict()["intervals"]
    return rows


def _days(row: dict[str, Any]) -> list[date]:
    """The first and the last day at whose end the row holds, and one between; none if it holds for hours only."""
    first, until = date.fromisoformat(row["from"][:10]), date.fromisoformat(row["until"][:10])
    return sorted({first, first + (until - first) // 2, until - timedelta(days=1)}) if first < until else []


def _random(kb: Any, seed: int) -> Any:
    for case in cases(kb, seed, CASES):
        known = None if case.known_on is None else case.known_on.isoformat()
        yield case, {"action": case.action, "known_on": known, "readings": sorted(case.readings)}


@pytest.mark.parametrize("seed", range(3000, 3004))
def test_each_stretch_has_the_outcome_of_its_days(kb: Any, seed: int) -> None:
    # A stretch has no day of the week: the day is asked without it too.
    any_day = {fact.name: "unknown" for fact in kb.book.following_day}
    compared = changes = 0
    for case, asked in _random(kb, seed):
        try:
            rows = _history(kb, case.facts, **asked)
        except FactsError:
            continue
        changes += len(rows) - 1
        for row in rows:
            for day in _days(row):
                answers = [
                    kb.check({**case.facts, **any_day}, on=day.isoformat(), ordinarily=ordinarily, **asked)
                    for ordinarily in (False, True)
                ]
                found = [answer.verdict for answer in answers]
                assert found == [row["outcome"], row["ordinarily"]], (case, day, row)
                compared += 1
    assert compared > 200
    assert changes > 10


def test_facts_that_exclude_each_other_on_some_day_have_no_history(kb: Any) -> None:
    refused = answered = 0
    for case, asked in _random(kb, 3100):
        try:
            kb.question(case.facts, on=FIRST, **asked)
        except FactsError:
            with pytest.raises(FactsError):
                _history(kb, case.facts, **asked)
            refused += 1
        else:
            answered += 1
    assert refused > 5
    assert answered > 50


@pytest.mark.parametrize("seed", [3200, 3201])
def test_stretches_cover_the_window_without_gaps_and_differ_from_their_neighbours(kb: Any, seed: int) -> None:
    seen = 0
    for case, asked in _random(kb, seed):
        try:
            rows = _history(kb, case.facts, **asked)
        except FactsError:
            continue
        assert rows[0]["from"] == FIRST
        assert rows[-1]["until"] == str(date.fromisoformat(LAST) + timedelta(days=1))
        for one, following in zip(rows, rows[1:], strict=False):
            assert one["until"] == following["from"], case
            assert following["starts_at"][:10] == following["from"][:10]
            assert (one["outcome"], one["ordinarily"]) != (following["outcome"], following["ordinarily"]), case
        assert rows[0]["rule"] is None
        assert all(row["rule"] for row in rows[1:]), case
        seen += 1
    assert seen > 50


def test_a_window_is_a_part_of_the_whole_history(kb: Any) -> None:
    whole = _history(kb, {"citizenships": "MEX"})
    part = kb.history({"citizenships": "MEX"}, from_="2010-01-01", to="2020-01-01").to_dict()["intervals"]
    assert [row["ordinarily"] for row in part] == ["may-not", "may"]
    assert part[1]["from"] == whole[2]["from"]
    assert part[1]["instrument"] == whole[2]["instrument"]


def test_nationals_of_mexico_by_hand(kb: Any) -> None:
    """Read from the instruments: visas from 2009-07-14 00:01, lifted on 2016-12-01, back from 2024-02-29 23:30."""
    rows = _history(kb, {"citizenships": "MEX"})
    found = [(row["from"], row["until"], row["ordinarily"], row["instrument"]) for row in rows]
    lifted = rows[2]["from"]
    assert lifted.startswith("2016-12-01")
    assert found == [
        (FIRST, "2009-07-14T00:01:00", "may", None),
        ("2009-07-14T00:01:00", lifted, "may-not", "SOR/2009-207"),
        (lifted, "2024-02-29T23:30:00", "may", "SOR/2016-293"),
        ("2024-02-29T23:30:00", "2026-06-13", "may-not", "SOR/2024-34"),
    ]
    assert {row["outcome"] for row in rows} == {"depends"}  # a citizenship alone settles nothing


def test_what_was_known_on_a_day_has_no_later_change(kb: Any) -> None:
    rows = _history(kb, {"citizenships": "MEX"}, known_on="2015-01-01")
    assert [row["ordinarily"] for row in rows] == ["may", "may-not"]


def test_before_the_first_certain_day_of_a_list_a_stretch_is_not_covered_as_an_answer_is(kb: Any) -> None:
    """A list of travel documents names one whose first day nobody knows: it was there by 2018-06-05."""
    alone = {"document_and_status_classes": "GBS-ROA"}
    with_passport = {**alone, "citizenships": "IND"}
    wanted = {
        ("apply-work-permit-poe", "IND"): ["not-covered", "may"],
        ("trv-needed", "IND"): ["not-covered", "not-required"],
        ("trv-needed", ""): ["depends", "not-required"],  # a citizenship could still decide
    }
    for (action, citizenship), outcomes in wanted.items():
        facts = with_passport if citizenship else alone
        rows = kb.history(facts, action=action, from_="2017-01-01", to="2018-12-31").to_dict()["intervals"]
        assert [row["ordinarily"] for row in rows] == outcomes and rows[1]["from"] == "2018-06-05"
        for row, day in zip(rows, ("2018-06-04", "2018-06-05"), strict=True):
            for when in (day, f"{day}T12:00-04:00"):
                answer = kb.check(facts, action=action, on=when)
                assert (answer.outcome, answer.ordinarily.outcome) == (row["outcome"], row["ordinarily"]), when


# ---- by layer, both clocks, and the picture ------------------------------------------------------------


@pytest.mark.parametrize("seed", [3300, 3301])
def test_by_layer_is_what_the_answers_of_the_days_say_of_that_layer(kb: Any, seed: int) -> None:
    any_day = {fact.name: "unknown" for fact in kb.book.following_day}
    compared = differ = 0
    for case, asked in list(_random(kb, seed))[:40]:
        try:
            found = kb.history(case.facts, from_=FIRST, to=LAST, **asked).to_dict()
        except FactsError:
            continue
        for layer, rows in found.get("by_layer", {}).items():
            differ += rows != found["intervals"]
            for row in rows[:: max(1, len(rows) // 3)]:
                for day in _days(row)[-1:]:
                    answer = kb.check({**case.facts, **any_day}, on=day.isoformat(), ordinarily=True, **asked)
                    if layer in answer.by_layer:
                        assert answer.by_layer[layer] == row["ordinarily"], (case, layer, day)
                        compared += 1
    assert compared > 20 and differ > 4


def test_a_change_names_the_day_it_could_first_be_known(kb: Any) -> None:
    """SOR/2016-293 was published on 2016-06-28 for 2016-12-01; the reversal of 2024 on its own day."""
    rows = _history(kb, {"citizenships": "MEX"})
    assert [(row["known_from"], row["moved"]) for row in rows] == [
        (None, None),
        ("2009-07-13", "begins"),
        ("2016-06-28", "begins"),
        ("2024-02-29", "begins"),
    ]
    ended = [row for row in _history(kb, FLAGPOLER) if row["moved"] == "ends"]
    assert [(row["rule"], row["from"]) for row in ended] == [("R-COVID-FLAG", "2020-10-07")]


def test_known_or_not_at_every_boundary(kb: Any) -> None:
    """A day before a change could be known nobody saw it coming; from that day on everybody could."""
    seen = 0
    for facts in ({"citizenships": "MEX"}, FLAGPOLER):
        rows = _history(kb, facts)
        for row in rows[1:]:
            known = date.fromisoformat(row["known_from"])
            when = {"on": row["from"][:10], "ordinarily": True}
            after = kb.check(facts, known_on=known.isoformat(), **when).verdict
            before = kb.check(facts, known_on=(known - timedelta(days=1)).isoformat(), **when).verdict
            assert after == row["ordinarily"] != before, row
            seen += 1
    assert seen == 6


@pytest.fixture(scope="module")
def scenarios(shared: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((shared / "domain" / "check" / "scenarios.yaml").read_text())
    return found


@pytest.mark.parametrize("number", range(39))
def test_the_history_of_every_scenario_is_its_answers_around_each_boundary(
    kb: Any, scenarios: list[dict[str, Any]], number: int
) -> None:
    scenario = scenarios[number]
    # Over all of history a case has no day of the week.
    case = {**scenario["case"], **{fact.name: "unknown" for fact in kb.book.following_day}}
    rows = kb.history(case, action=scenario["action"], from_=FIRST, to=LAST, layers=False).table.to_dicts()
    days = {date.fromisoformat(row["from"][:10]) + timedelta(days=step) for row in rows for step in (-1, 0, 1)}
    for day in sorted(day for day in days if FIRST <= str(day) <= LAST):
        answer = kb.check(case, on=str(day), action=scenario["action"])
        # The row that holds at the end of the day.
        row = [row for row in rows if row["from"] <= f"{day}T23:59:59"][-1]
        assert (answer.outcome, answer.ordinarily.outcome) == (row["outcome"], row["ordinarily"]), (scenario, day)


def test_the_picture_has_a_strip_for_each_layer_and_both_clocks(kb: Any) -> None:
    found = kb.history(FLAGPOLER, from_=FIRST, to=LAST)
    timeline = found.timeline()
    assert [strip.name for strip in timeline.strips][:2] == ["Strictly", "Ordinarily"]
    assert {strip.depth for strip in timeline.strips[2:]} == {1}
    told = [layer for strip in timeline.strips[2:] for layer in strip.name.split(", ")]
    assert len(told) == len(found.by_layer)
    by_mark = {one.mark: one.day for one in timeline.boundaries}
    # Only the first day was known before: the designation of 2024-12-24 was published the day before.
    assert [(by_mark[mark], known) for mark, known in timeline.known][-1] == ("2024-12-24", "2024-12-23")
    for lang, words in (("en", ("may not", "end of R-COVID-FLAG")), ("fr", ("ne peut pas", "fin de R-COVID-FLAG"))):
        svg = found.timeline(lang=lang).to_svg(lang=lang)
        root = ElementTree.fromstring(svg)
        texts = [node.text or "" for node in root.iter() if node.tag.endswith(("text", "title"))]
        assert all(any(word in text for text in texts) for word in words)
        assert "CBSA-DESIG-2024-12-23" in svg and 'role="img"' in svg and f'xml:lang="{lang}"' in svg
        width = float(root.attrib["width"])
        for node in root.iter():
            if node.tag.endswith("rect"):
                assert float(node.get("x", 0)) + float(node.attrib["width"]) <= width
        assert svg == found.timeline(lang=lang).to_svg(lang=lang)


def test_a_case_with_a_name_that_is_markup_does_not_leave_its_text(kb: Any) -> None:
    from inforce.history import History

    found = kb.history({"citizenships": "MEX"}, from_=FIRST, to=LAST)
    odd = History(found.action, {"<script>": '"&'}, found.table, {}, None)
    assert "<script>" not in odd.timeline().to_svg()
    ElementTree.fromstring(odd.timeline().to_svg())
