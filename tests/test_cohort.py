"""Cohorts against the one-case answer: random rows with unknowns for every action, every golden case, all forms."""

from __future__ import annotations

import pickle
import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from cohorts_at_random import DAYS, as_table, one_case, random_rows, told

from inforce.cohort.batch import BLOCK
from inforce.cohort.diagrams import Constraints
from inforce.cohort.plan import Plan
from inforce.cohort.planes import EMPTY, FULL, both, either, inverse, pack, rows, unpack
from inforce.errors import DateError, FactsError, IntegrityError, UnknownIdError, UsageError

ACTIONS = (
    "apply-pgwp-poe",
    "apply-study-permit-poe",
    "apply-work-permit-inland",
    "apply-work-permit-outside",
    "apply-work-permit-poe",
    "eta-needed",
    "issue-work-permit",
    "present-loi-poe",
    "trv-needed",
)
EVERY, MILLION = 20_000, 1_000_000
# Rows of a table that are compared at a time.
PIECE = 5_000
MAY = {"may", "may-not", "depends", "not-covered", "error"}
NEEDED = {"required", "not-required", "depends", "not-covered", "error"}


def compare(kb: Any, action: str, seed: int, count: int) -> tuple[Counter[str], int]:
    """Answer random cohorts of ``count`` rows in all on each of the days; compare each row with the one-case answer.

    Return how often each outcome was met, and how many of the rows are different from all others of their day: a row
    met again is compared with the same one-case answer, which is not asked for again.
    """
    seen: Counter[str] = Counter()
    different = 0
    for number, day in enumerate(DAYS):
        expected: dict[Any, Any] = {}
        share = (count + number) // len(DAYS)
        for start in range(0, share, PIECE):
            people = random_rows(kb, seed + number + start, min(PIECE, share - start))
            table = as_table(kb, people, columns=random.Random(seed))
            answered = kb.batch(table, on=day, action=action).to_pylist()
            for facts, row in zip(people, answered, strict=True):
                key = tuple(facts.items())
                if key not in expected:
                    expected[key] = one_case(kb, facts, on=day, action=action)
                assert told(row) == expected[key], (action, day, facts)
                seen[expected[key][0]] += 1
        different += len(expected)
    return seen, different


def test_all_actions_are_compared(kb: Any) -> None:
    assert set(ACTIONS) == set(kb.book.actions)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_cohort_is_answered_as_each_of_its_rows(kb: Any, action: str) -> None:
    """20,000 rows with unknowns over all actions: outcome, ordinary outcome, decisive rule and layer, errors."""
    seen, _ = compare(kb, action, 100, EVERY // len(ACTIONS) + len(DAYS))
    assert seen["error"] > 100
    if action not in ("apply-work-permit-inland", "apply-work-permit-outside"):
        assert set(seen) == (MAY if kb.book.actions[action].answers == "may" else NEEDED)


@pytest.mark.slow
@pytest.mark.parametrize("action", ACTIONS)
def test_a_million_rows_are_answered_as_each_of_them(kb: Any, action: str, record_property: Any) -> None:
    """A million over all actions, nearly all of them different; in make soak, half an hour of one core."""
    count = MILLION // len(ACTIONS) + 1
    seen, different = compare(kb, action, 1_000_000, count)
    record_property("compared", count)
    record_property("different", different)
    assert sum(seen.values()) == count
    assert different > 0.95 * count


# ---- golden cases --------------------------------------------------------------------------------

FOLDER = Path(__file__).resolve().parent / "cases"


def _golden() -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    asked: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            key = (case["action"], case["day"], case.get("known_on"), tuple(case.get("reading", ())))
            asked.setdefault(key, []).append(case)
    return asked


def _given(kb: Any, facts: dict[str, Any], day: str) -> dict[str, Any]:
    """The facts as the engine names them, those said to be unknown too."""
    question = kb.question(facts, on=day)
    return {**question.facts, **dict.fromkeys(question.unknown, "unknown")}


def test_golden_cases_come_out_of_cohorts(kb: Any) -> None:
    count = 0
    for (action, day, known_on, readings), cases in _golden().items():
        if not kb.when(day).single_day:
            continue  # a month or a year is no day of a row
        people = [_given(kb, case["facts"], day) for case in cases]
        asked = {"on": day, "action": action, "known_on": known_on, "readings": readings}
        answered = kb.batch(as_table(kb, people), **asked).to_pylist()
        for case, facts, row in zip(cases, people, answered, strict=True):
            assert row["ordinarily"] == case["expect"], case["id"]
            assert row["outcome"] == case.get("strict", row["outcome"]), case["id"]
            assert told(row) == one_case(kb, facts, **asked), case["id"]
            count += 1
    assert count >= 300


def test_the_scenarios_of_one_action_come_out_of_a_date_column(kb: Any) -> None:
    """All golden cases of an action in one table, each on its own day."""
    for action in ("apply-work-permit-poe", "trv-needed"):
        cases = [
            case
            for (of, day, known_on, readings), some in _golden().items()
            for case in some
            if of == action and kb.when(day).kind == "day" and not known_on and not readings
        ]
        people = [_given(kb, case["facts"], case["day"]) for case in cases]
        days = pa.array([kb.when(case["day"]).first for case in cases])
        table = as_table(kb, people).append_column("arrived", days)
        answered = kb.batch(table, date_column="arrived", action=action).to_pylist()
        for case, facts, row in zip(cases, people, answered, strict=True):
            assert row["ordinarily"] == case["expect"], case["id"]
            assert told(row) == one_case(kb, facts, on=case["day"], action=action), case["id"]
        assert len(cases) > 40


# ---- days ------------------------------------------------------------------------------------------


def test_each_row_on_its_own_day_is_as_if_asked_alone(kb: Any) -> None:
    rng = random.Random(3)
    changes = kb.change_days("apply-work-permit-poe")
    people = random_rows(kb, 7, 600)
    days = [date.fromisoformat(rng.choice(changes)) + timedelta(days=rng.choice((-1, 0, 1, 30))) for _ in people]
    table = as_table(kb, people).append_column("day", pa.array([str(day) for day in days]))
    for row, facts, day in zip(kb.batch(table, date_column="day").to_pylist(), people, days, strict=True):
        assert told(row) == one_case(kb, facts, on=str(day)), (day, facts)


def test_two_days_give_both_answers_and_what_flips(kb: Any) -> None:
    one, other = "2024-12-23", "2024-12-24"
    people = random_rows(kb, 11, 500)
    seen = set()
    for row, facts in zip(kb.batch(as_table(kb, people), on=one, against=other).to_pylist(), people, strict=True):
        before, after = one_case(kb, facts, on=one), one_case(kb, facts, on=other)
        if "error" in (before[0], after[0]):
            assert row["error"] == "E_FACTS" and row["flip"] is None
            continue
        assert (told(row), told(row, "_against")) == (before, after)
        for name, place in (("flip", 0), ("flip_ordinarily", 1)):
            pair = (before[place], after[place])
            expected = {
                ("may", "may-not"): "lost",
                ("may-not", "may"): "gained",
                ("depends", "may"): "settled",
                ("depends", "may-not"): "settled",
                ("may", "depends"): "unsettled",
                ("may-not", "depends"): "unsettled",
            }.get(pair, "same" if pair[0] == pair[1] else "?")
            assert row[name] == expected
            seen.add(row[name])
    assert "same" in seen


def test_the_day_flagpoling_ended_flips_a_flagpoler(kb: Any) -> None:
    people = pa.table(
        {
            "citizenships": ["IND", "IND"],
            "trip_only_us_or_spm": [True, True],
            "held_temporary_status_in_canada_on_departure": [True, True],
            "held_permit_or_tr_authorization_before_trip": [True, True],
            "returns_within_authorized_stay": [True, True],
            "purpose_is_immigration_service": [True, False],
        }
    )
    found = kb.batch(people, on="2024-12-23", against="2024-12-24").to_pylist()
    assert [row["flip_ordinarily"] for row in found] == ["lost", "same"]
    assert found[0]["ordinarily"] == "may" and found[0]["ordinarily_against"] == "may-not"


def test_an_instant_is_asked_as_one_case_is(kb: Any) -> None:
    people = random_rows(kb, 13, 150)
    for at in ("2024-12-23T23:59:30-05:00", "2024-12-24T00:02-05:00", "2024-02-29T23:45-05:00"):
        for row, facts in zip(kb.batch(as_table(kb, people), on=at).to_pylist(), people, strict=True):
            assert told(row) == one_case(kb, facts, on=at), (at, facts)


def test_what_was_known_and_readings_reach_every_row(kb: Any) -> None:
    people = random_rows(kb, 17, 200)
    contested = sorted({rule.rule for rule in kb.book.rules if rule.contested})
    for asked in (
        {"on": "2024-12-30", "known_on": "2024-12-01"},
        {"on": "2018-06-01", "readings": contested},
        {"on": "2019-06-01", "known_on": "2019-06-01", "readings": contested[:1]},
    ):
        for row, facts in zip(kb.batch(as_table(kb, people), **asked).to_pylist(), people, strict=True):
            assert told(row) == one_case(kb, facts, **asked), (asked, facts)


# ---- the table -----------------------------------------------------------------------------------------


def test_columns_and_order_of_the_input_stay(kb: Any) -> None:
    table = pa.table({"id": [3, 1, 2], "citizenships": ["FRA", None, "IND"], "note": ["a", None, "=b"]})
    answered = kb.batch(table, on="2010-05-01")
    assert answered.select(table.column_names).equals(table)
    added = ["outcome", "ordinarily", "decisive_rule", "decisive_layer", "error"]
    assert answered.column_names == [*table.column_names, *added]
    short = kb.batch(table, on="2010-05-01", tell=["outcome"], prefix="x_")
    assert short.column_names == [*table.column_names, "x_outcome", "x_error"]


def test_missing_is_that_of_the_one_case_answer(kb: Any) -> None:
    people = random_rows(kb, 19, 60)
    answered = kb.batch(as_table(kb, people), on="2024-12-24", tell=["outcome", "missing"]).to_pylist()
    for row, facts in zip(answered, people, strict=True):
        if row["error"] is None:
            expected = [item["fact"] for item in kb.check(facts, on="2024-12-24").missing]
            assert row["missing"] == expected
        else:
            assert row["missing"] is None
    assert any(row["missing"] for row in answered)


def test_missing_is_asked_once_for_rows_that_are_alike(kb: Any, monkeypatch: Any) -> None:
    """Thirty rows, a hundred times over, on one day and on two: each is put to the one-case answer once."""
    people = random_rows(kb, 37, 30)
    table = pa.concat_tables([as_table(kb, people)] * 100)
    asked, one = [], Plan.one
    monkeypatch.setattr(Plan, "one", lambda plan, facts, when: asked.append(when) or one(plan, facts, when))
    kb.batch(table, on="2024-12-24", tell=["outcome", "missing"])
    first = len(asked)
    assert 0 < first <= 30
    asked.clear()
    days = pa.array((["2024-12-24"] * 30 + ["2024-12-23"] * 30) * 50)
    found = kb.batch(table.append_column("day", days), date_column="day", tell=["outcome", "missing"])
    assert first < len(asked) <= 60
    assert found.slice(60, 60).select(["missing", "error"]).equals(found.slice(0, 60).select(["missing", "error"]))


def test_an_empty_cell_is_not_given_and_unknown_is_never_ordinary(kb: Any) -> None:
    table = pa.table({"citizenships": ["FRA"] * 3, "lmia_required": [None, "", "unknown"]})
    one, two, three = kb.batch(table, on="2018-05-01").to_pylist()
    assert one["ordinarily"] == two["ordinarily"] == "may"
    assert (
        three["ordinarily"]
        == kb.check({"citizenships": "FRA", "lmia_required": "unknown"}, on="2018-05-01").ordinarily.outcome
    )
    assert three["ordinarily"] == "depends"


def test_names_lists_sets_and_own_words_mean_what_they_mean_in_one_case(kb: Any) -> None:
    expected = kb.check({"citizenships": ["IND", "MEX"]}, on="2024-02-01").ordinarily.outcome
    forms = [
        pa.array(["IND,MEX"]),
        pa.array(["Inde, Mexique"]),
        pa.array([["India", "MEX"]]),
        pa.array([["IND", "MEX"]], pa.large_list(pa.large_string())),
        pa.array(["IND,MEX"]).dictionary_encode(),
        pa.array(["IND,MEX"], pa.large_string()),
        pa.array(["IND,MEX"], pa.string_view()),
        pa.array([["IND", "MEX"]], pa.list_(pa.string(), 2)),
    ]
    for form in forms:
        found = kb.batch(pa.table({"citizenships": form}), on="2024-02-01").to_pylist()[0]
        assert (found["ordinarily"], found["error"]) == (expected, None), form.type
    table = pa.table({"Pass": ["I/M"], "Needs LMIA": [0]})
    own = kb.batch(
        table,
        on="2024-02-01",
        columns={"Pass": "citizenships", "Needs LMIA": "lmia_required"},
        values={"Pass": {"I/M": "IND,MEX"}, "Needs LMIA": {"0": "no", "1": "yes"}},
    ).to_pylist()[0]
    same = kb.check({"citizenships": ["IND", "MEX"], "lmia_required": "no"}, on="2024-02-01")
    assert (own["outcome"], own["ordinarily"]) == (same.outcome, same.ordinarily.outcome)


def test_none_is_an_empty_set(kb: Any) -> None:
    table = pa.table({"citizenships": ["none", None], "document_and_status_classes": [[], None]})
    row = kb.batch(table, on="2010-05-01").to_pylist()[0]
    alone = kb.check({"citizenships": [], "document_and_status_classes": []}, on="2010-05-01")
    assert (row["outcome"], row["ordinarily"]) == (alone.outcome, alone.ordinarily.outcome)


def test_what_all_rows_share_counts_as_a_column(kb: Any) -> None:
    people = random_rows(kb, 23, 80)
    for row in people:
        row.pop("arrival_mode", None)
    table = as_table(kb, people).drop_columns(["arrival_mode"])
    answered = kb.batch(table, on="2021-01-05", facts={"arrival_mode": "air"}).to_pylist()
    for row, facts in zip(answered, people, strict=True):
        assert told(row) == one_case(kb, {**facts, "arrival_mode": "air"}, on="2021-01-05")


def test_no_rows_and_only_errors_are_tables_too(kb: Any) -> None:
    empty = kb.batch(pa.table({"citizenships": pa.array([], pa.string())}), on="2020-01-01")
    assert empty.num_rows == 0 and "outcome" in empty.column_names
    wrong = kb.batch(pa.table({"citizenships": ["Narnia", "?!"]}), on="2020-01-01").to_pylist()
    assert [row["error"] for row in wrong] == ["E_UNKNOWN_ID"] * 2


def test_blocks_and_slices_do_not_show(kb: Any) -> None:
    """Rows across the borders of blocks and words, and batches cut out of larger ones."""
    people = random_rows(kb, 29, 130)
    table = as_table(kb, people)
    whole = kb.batch(table, on="2024-12-24").to_pylist()
    function = kb.batch_function(on="2024-12-24")
    batch = table.to_batches()[0]
    for start, length in ((0, 1), (1, 63), (3, 64), (7, 65), (64, 66), (129, 1)):
        assert function(batch.slice(start, length)).to_pylist() == whole[start : start + length]
    many = pa.concat_tables([table] * (BLOCK // 130 + 2)).combine_chunks()
    answered = kb.batch(many, on="2024-12-24", tell=["outcome", "decisive"])
    assert answered.num_rows > BLOCK
    again = pa.concat_tables([kb.batch(table, on="2024-12-24", tell=["outcome", "decisive"])] * (BLOCK // 130 + 2))
    assert (
        answered.select(["outcome", "decisive_rule", "error"]).to_pylist()
        == again.select(["outcome", "decisive_rule", "error"]).to_pylist()
    )


# ---- elsewhere -----------------------------------------------------------------------------------------


def test_a_function_sent_to_another_process_answers_alike(kb: Any) -> None:
    function = kb.batch_function(on="2024-12-24", against="2024-12-23", plain=True)
    batch = as_table(kb, random_rows(kb, 31, 40)).to_batches()[0]
    sent = pickle.loads(pickle.dumps(function))
    assert sent(batch).equals(function(batch))
    assert len(pickle.dumps(function)) < 2_000  # the question travels, the data do not


def test_a_worker_with_other_data_refuses(kb: Any) -> None:
    state = kb.batch_function(on="2024-12-24").__getstate__()
    from inforce.cohort.batch import Batch

    other = object.__new__(Batch)
    with pytest.raises(IntegrityError, match="the data here are"):
        other.__setstate__({**state, "version": "sha256:0"})


# ---- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "asked", "error", "words"),
    [
        ({"x": [1]}, {}, UsageError, "no column is a fact"),
        ({"citizenship": ["IND"]}, {}, UsageError, "did you mean citizenships"),
        ({"citizenships": ["IND"], "outcome": ["x"]}, {}, UsageError, "already"),
        ({"citizenships": ["IND"]}, {"columns": {"Land": "citizenships"}}, UsageError, 'no column "Land"'),
        ({"citizenships": ["IND"]}, {"facts": {"citizenships": "IND"}}, UsageError, "given twice"),
        ({"citizenships": [b"IND"]}, {}, UsageError, "has the type binary"),
        ({"citizenships": [{"a": 1}]}, {}, UsageError, "has the type struct"),
        ({"citizenships": [[1, 2]]}, {}, UsageError, "list of int64"),
        ({"citizenships": ["IND"]}, {"on": None}, UsageError, "one of them"),
        ({"citizenships": ["IND"]}, {"on": "2024"}, DateError, "more than one day"),
        ({"citizenships": ["IND"]}, {"on": None, "against": "2024-12-24"}, UsageError, "--on"),
        ({"citizenships": ["IND"]}, {"action": "fly"}, UnknownIdError, "unknown action"),
        ({"citizenships": ["IND"]}, {"facts": {"flies": "yes"}}, UnknownIdError, "unknown fact"),
        ({"citizenships": ["IND"], "d": [1.5]}, {"on": None, "date_column": "d"}, UsageError, "not days"),
    ],
)
def test_a_table_that_is_not_right_is_refused(
    kb: Any, columns: dict[str, list[Any]], asked: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        kb.batch(pa.table(columns), **{"on": "2024-12-24", **asked})


def test_wrong_cells_are_told_row_by_row_and_column_by_column(kb: Any) -> None:
    table = pa.table(
        {
            "citizenships": ["IND", "Narnia", "IND", "IND", "USA", "x" * 5_000],
            "lmia_required": [None, None, "perhaps", None, None, None],
            "us_permanent_resident": [None, None, None, None, True, None],
            "arrived": ["2024-12-24", "2024-12-24", "2024-12-24", "24/12/2024", "2024-12-24", "2024-12-24"],
        }
    )
    found = kb.batch_function(date_column="arrived").answered(table.to_batches()[0])
    assert [(e.row, e.column, e.error.code) for e in found.errors] == [
        (1, "citizenships", "E_UNKNOWN_ID"),
        (2, "lmia_required", "E_FACTS"),
        (3, "arrived", "E_DATE"),
        (4, "", "E_FACTS"),
        (5, "citizenships", "E_FACTS"),
    ]
    assert "did you mean" in str(found.errors[0].error)
    assert "permanent resident" in str(found.errors[3].error)
    assert "5000 characters" in str(found.errors[4].error)
    assert [row["outcome"] is None for row in found.batch.to_pylist()] == [False, True, True, True, True, True]


def test_ten_thousand_different_wrong_words_take_no_minutes(kb: Any) -> None:
    table = pa.table({"citizenships": [f"Narnia {n}" for n in range(10_000)]})
    assert set(kb.batch(table, on="2024-12-24")["error"].to_pylist()) == {"E_UNKNOWN_ID"}


def test_facts_that_exclude_each_other_for_all_rows_are_refused_as_a_question_is(kb: Any) -> None:
    facts = {"citizenships": "USA", "us_permanent_resident": "yes"}
    with pytest.raises(FactsError):
        kb.question(facts, on="2024-12-24")
    rows_ = kb.batch(pa.table({"arrival_mode": ["air"]}), on="2024-12-24", facts=facts).to_pylist()
    assert rows_[0]["error"] == "E_FACTS"


# ---- planes ------------------------------------------------------------------------------------------------


def test_planes_are_what_they_say() -> None:
    rng = np.random.default_rng(1)
    for length in (1, 63, 64, 65, 1000):
        one, other = rng.random(length) < 0.5, rng.random(length) < 0.5
        a, b = pack(one), pack(other)
        assert (unpack(both(a, b), length) == (one & other)).all()
        assert (unpack(either([a, b]), length) == (one | other)).all()
        assert (unpack(inverse(a), length) == ~one).all()
        assert (rows(a, length) == np.flatnonzero(one)).all()
        assert both(a, EMPTY) is EMPTY and either([a, FULL]) is FULL
        assert both(a, FULL) is a and either([a, EMPTY]) is a
        assert (unpack(FULL, length) == 1).all()


def test_constraints_fall_into_parts_that_share_no_fact(kb: Any) -> None:
    constraints = Constraints(kb.book)
    names = [name for part in constraints.parts for name in part.facts]
    assert len(names) == len(set(names))
    assert sum(len(part.facts) > 1 for part in constraints.parts) > 3
