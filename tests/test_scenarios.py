"""The 39 scenarios that came with the tables: their expected verdicts, asked of the packaged rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

WORDS = {
    "YES": "may",
    "NO": "may-not",
    "UNKNOWN": "depends",
    "REQUIRED": "required",
    "NOT-REQUIRED": "not-required",
    "NOT-COVERED": "not-covered",
}
COUNT = 39


@pytest.fixture(scope="session")
def scenarios(shared: Path) -> list[dict[str, Any]]:
    """The scenarios of the tables."""
    found: list[dict[str, Any]] = yaml.safe_load((shared / "domain" / "check" / "scenarios.yaml").read_text())
    return found


def _when(scenario: dict[str, Any]) -> str:
    """The day, or the instant where the scenario gives seconds since midnight in Ottawa."""
    day = str(scenario["date"])
    if scenario.get("sec") is None:
        return day
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("America/Toronto"))
    return (midnight + timedelta(seconds=scenario["sec"])).isoformat()


def test_all_scenarios_are_here(scenarios: list[dict[str, Any]]) -> None:
    assert len(scenarios) == COUNT
    assert len({scenario["id"] for scenario in scenarios}) == COUNT


@pytest.mark.parametrize("number", range(COUNT))
def test_scenario_has_the_verdict_its_authors_expect(kb: Any, scenarios: list[dict[str, Any]], number: int) -> None:
    scenario = scenarios[number]
    answer = kb.check(scenario["case"], on=_when(scenario), action=scenario["action"], ordinarily=True)
    assert answer.ordinarily.outcome == WORDS[scenario["expect"]], scenario["id"]
    if "because" in scenario:
        holding = {name for g in answer.grounds if g.state == "holds" and g.stands for name in (g.rule, g.entry)}
        assert scenario["because"] in holding, scenario["id"]
