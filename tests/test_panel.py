"""The panel: every cell is what check and history answer, whatever the classes of nationalities it decides at once."""

from __future__ import annotations

import csv
import io
import json
import random
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran

from inforce.errors import FactsError, UnknownIdError, UsageError

GROUNDS = ("outcome", "ordinarily", "decisive_rule", "decisive_layer", "instrument", "version")


def answered(kb: Any, row: dict[str, Any], facts: dict[str, Any], *, on: str, **more: Any) -> dict[str, Any]:
    """Return what ``check`` says for one cell, under the panel's names."""
    case = {"citizenships": row["nationality"].split("+"), **facts}
    try:
        answer = kb.check(case, on=on, action=row["action"], **more)
    except FactsError:
        return dict.fromkeys(GROUNDS)
    first = answer.to_dict()["grounds"][:1]
    ground = first[0] if first and first[0]["decisive"] else dict.fromkeys(("rule", "layer", "instrument", "version"))
    return {
        "outcome": answer.outcome,
        "ordinarily": answer.ordinarily.outcome,
        "decisive_rule": ground["rule"],
        "decisive_layer": ground["layer"],
        "instrument": ground["instrument"],
        "version": ground["version"],
    }


def told(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in GROUNDS}


GRIDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({}, {"ordinarily": True}),
    ({"lmia_required": "no", "trip_only_us_or_spm": "yes", "arrival_mode": "air"}, {"ordinarily": True}),
    ({"program": "SAWP"}, {"ordinarily": True}),
    ({"arrival_mode": "unknown", "us_permanent_resident": "yes"}, {}),
    ({"arrival_weekday": "unknown"}, {"known_on": "2024-12-20"}),
]


@pytest.fixture(scope="module")
def days(kb: Any) -> list[str]:
    """Each day on which something changes, and the days around it."""
    from datetime import date, timedelta

    found = {date.fromisoformat(day) + timedelta(days=n) for day in kb.change_days() for n in (-1, 0, 1)}
    return [str(day) for day in sorted(found) if str(day) >= kb.book.covers_from]


@pytest.mark.parametrize("grid", range(len(GRIDS)))
def test_a_cell_of_a_day_is_what_check_answers(kb: Any, days: list[str], grid: int) -> None:
    facts, more = GRIDS[grid]
    chance = random.Random(grid)
    names = [row["id"] for row in kb.list("nationalities")]
    some = chance.sample(names, 30) + ["MEX", "USA", "FRA", "QAT"]
    rows = kb.panel(some, days=days, facts=facts, **more).to_dicts()
    assert len(rows) == len(set(some)) * len(kb.book.actions) * len(days)
    for row in chance.sample(rows, 120):
        assert told(row) == answered(kb, row, facts, on=row["day"], **more), row


@pytest.mark.slow
def test_each_cell_of_an_action_is_what_check_answers(kb: Any, days: list[str]) -> None:
    for row in kb.panel(days=days, actions="apply-work-permit-poe", ordinarily=True):
        assert told(row) == answered(kb, row, {}, on=row["day"], ordinarily=True), row


@pytest.mark.parametrize("action", ["apply-work-permit-poe", "eta-needed", "trv-needed"])
def test_stretches_are_those_of_history_cut_where_the_rule_behind_changes(kb: Any, action: str) -> None:
    names = ["MEX", "USA", "FRA", "IND", "QAT", "CZE", "ROU", "AFG", ["FRA", "IND"]]
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in kb.panel(names, actions=action, ordinarily=True):
        by_name.setdefault(row["nationality"], []).append(row)
    assert list(by_name) == ["MEX", "USA", "FRA", "IND", "QAT", "CZE", "ROU", "AFG", "FRA+IND"]
    for name, rows in by_name.items():
        assert [row["until"] for row in rows[:-1]] == [row["from"] for row in rows[1:]]
        assert all(told(one) != told(other) for one, other in zip(rows, rows[1:], strict=False))
        merged: list[list[Any]] = []
        for row in rows:
            state = [row["outcome"], row["ordinarily"]]
            if merged and merged[-1][2:] == state:
                merged[-1][1] = row["until"]
            else:
                merged.append([row["from"], row["until"], *state])
        found = kb.history({"citizenships": name.split("+")}, action=action, to=kb.book.verified_through)
        assert merged == [[r["from"], r["until"], r["outcome"], r["ordinarily"]] for r in found.table]
        begun = {row["from"]: (row["changed_by"], row["changed_by_instrument"]) for row in rows}
        assert [begun.pop(r["from"]) for r in found.table] == [(r["rule"], r["instrument"]) for r in found.table]
        # Where only the rule behind an outcome changes, nothing changed the outcome.
        assert set(begun.values()) <= {(None, None)}


def test_the_days_mexico_gained_and_lost_show(kb: Any) -> None:
    rows = kb.panel(["Mexico"], actions="trv-needed", days=["2016-11-30", "2016-12-01", "2024-02-28", "2024-03-01"])
    assert [row["ordinarily"] for row in rows] == ["required", "not-required", "not-required", "required"]


def test_values_of_a_fact_are_tried_one_by_one_and_what_cannot_be_is_left_open(kb: Any) -> None:
    facts = {"lmia_required": ["yes", "no"], "lmia_assessment_provided": "yes"}
    found = kb.panel(["USA", "IND"], actions="apply-work-permit-poe", days=["2025-06-02"], facts=facts)
    assert found.facts == ("lmia_required", "lmia_assessment_provided")
    cells = {(row["nationality"], row["lmia_required"]): row for row in found}
    assert set(cells) == {(name, word) for name in ("USA", "IND") for word in ("yes", "no")}
    for row in cells.values():
        case = {"lmia_required": row["lmia_required"], "lmia_assessment_provided": "yes"}
        assert told(row) == answered(kb, row, case, on="2025-06-02")


def test_several_fact_grids_give_rows_for_each(kb: Any) -> None:
    grids = [{"pgwp_application": "yes"}, {"cuaet_beneficiary": "yes"}]
    found = kb.panel("Ukraine", actions="apply-pgwp-poe", days=["2024-07-01"], facts=grids)
    assert [(row["pgwp_application"], row["cuaet_beneficiary"]) for row in found] == [("yes", None), (None, "yes")]


def test_wide_has_a_column_an_action_and_loses_nothing(kb: Any) -> None:
    long = kb.panel(["MEX", "IND"], ordinarily=True)
    wide = long.wide("ordinarily")
    assert wide.columns == ("nationality", "from", "until", *kb.book.actions)
    for row in long:
        within = [w for w in wide if w["nationality"] == row["nationality"] and row["from"] <= w["from"] < row["until"]]
        assert {w[row["action"]] for w in within} <= {row["ordinarily"]}
    for one, other in zip(wide, wide.to_dicts()[1:], strict=False):
        if one["nationality"] == other["nationality"]:
            assert one["until"] == other["from"]
            assert any(one[action] != other[action] for action in kb.book.actions)
    assert kb.panel(["MEX"], days=["2024-03-01"]).wide().columns == ("nationality", "day", *kb.book.actions)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"nationalities": ["Atlantis"]}, UnknownIdError),
        ({"nationalities": ["unknown"]}, UsageError),
        ({"actions": "fly"}, UnknownIdError),
        ({"facts": {"has_wings": True}}, UnknownIdError),
        ({"facts": {"citizenships": "IND"}}, UsageError),
        ({"days": ["2024"]}, UsageError),
        ({"days": []}, UsageError),
        ({"days": ["2024-01-01"], "to": "2024-12-31"}, UsageError),
        ({"from_": "2025-01-01", "to": "2024-12-31"}, UsageError),
        ({"readings": ["R-NONE"]}, UnknownIdError),
    ],
)
def test_what_cannot_be_tabulated_is_refused(kb: Any, arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        kb.panel(**arguments)


# ---- the command -----------------------------------------------------------------------------------------


def test_the_command_writes_what_the_library_returns(kb: Any, run: Callable[..., Ran], tmp_path: Path) -> None:
    wanted = kb.panel(["MEX", ["FRA", "IND"]], actions="eta-needed", facts={"arrival_mode": ["air", "land"]})
    ran = run("panel --nationality MEX,FRA+IND --action eta-needed --fact arrival_mode=air,land --format csv")
    assert ran.code == 0
    rows = list(csv.reader(io.StringIO(ran.out)))
    assert rows[0] == list(wanted.columns)
    assert [tuple(cell or None for cell in row) for row in rows[1:]] == list(wanted.rows)
    path = tmp_path / "panel.jsonl"
    assert run(f"panel --nationality MEX --days changes --from 2024-01-01 -o {shlex.quote(str(path))}").code == 0
    days = [day for day in kb.change_days() if day > "2024-01-01" and day <= kb.book.verified_through]
    assert len(path.read_text().splitlines()) == (len(days) + 1) * len(kb.book.actions)


def test_a_person_without_a_nationality_is_a_row_too(kb: Any, run: Callable[..., Ran]) -> None:
    ran = run("panel --nationality none,FRA --action trv-needed --days 2024-03-01 --format jsonl")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["nationality"] for row in rows] == ["none", "FRA"]
    for row in rows:
        case = {"citizenships": "none"} if row["nationality"] == "none" else {"citizenships": "FRA"}
        assert row["outcome"] == kb.check(case, on="2024-03-01", action="trv-needed").outcome


def test_a_parquet_file_says_what_it_was_made_of(kb: Any, run: Callable[..., Ran], tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="allowed: the extra batch is not installed")
    parquet = pytest.importorskip("pyarrow.parquet", reason="allowed: the extra batch is not installed")
    path = tmp_path / "panel.parquet"
    assert run(f"panel --action eta-needed -o {path}") == Ran(0, "", "")
    table = parquet.read_table(path)
    long = kb.panel(actions="eta-needed")
    assert table.column_names == list(long.columns) and table.num_rows == len(long)
    assert table.column("outcome").to_pylist() == [row["outcome"] for row in long]
    assert pyarrow.types.is_timestamp(table.schema.field("from").type)
    assert table.schema.metadata[b"version"].decode() == kb.version
    cut = tmp_path / "cut.arrow"
    ran = run(f"panel --days 2024-03-01 --limit 7 -o {cut}")
    assert ran.code == 8 and "cut to 7 rows" in ran.err
    day = pyarrow.ipc.open_file(cut).read_all()
    assert day.num_rows == 7 and day.schema.field("day").type == pyarrow.date32()


def test_without_the_library_a_parquet_file_is_refused_and_none_is_left(
    run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    whole = importlib.import_module

    def none(name: str, *more: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return whole(name, *more)

    monkeypatch.setattr(importlib, "import_module", none)
    # It is told before anything is worked out: no nationality is looked up.
    ran = run(f"panel --nationality Atlantis -o {tmp_path / 'panel.parquet'}")
    assert ran.code == 6 and "inforce[batch]" in ran.err and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("panel --days 2024", "2024 is not one day"),
        ("panel --days 2024-01-01 --to 2024-02-01", "--from and --to go with stretches of time"),
        ("panel --nationality Atlantis", "unknown value"),
        ("panel --fact arrival_mode", "is not FACT=VALUE"),
    ],
)
def test_the_command_refuses_with_what_would_be_right(run: Callable[..., Ran], line: str, said: str) -> None:
    ran = run(line)
    assert ran.code == 2 and said in ran.err and not ran.out
