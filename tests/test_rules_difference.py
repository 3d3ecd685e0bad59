"""What differs between the rules of two days: against the saved queries, and read as a person reads it."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import PREFIXES, Ran, schema

from inforce.errors import DateError, UsageError

# A notice of one's own that bars what nobody had barred, for some months.
OWN = f"""
{PREFIXES}
rule:OWN-BAR a inf:Rule ;
    rdfs:label "Own bar"@en , "Propre interdiction"@fr ; skos:notation "OWN-BAR" .
"""
VERSION = """
<rule/OWN-BAR/FROM> a inf:RuleVersion ;
    inf:versionOf rule:OWN-BAR ; dct:identifier "OWN-BAR-FROM" ;
    rdfs:label "Own bar"@en , "Propre interdiction"@fr ;
    inf:effect inf:Bar ; inf:action action:apply-work-permit-poe ; inf:layer layer:LAYER ;
    inf:when [ inf:allOf ( [ inf:fact fact:lmia_required ; inf:isTrue true ]
                           TEST ) ] ;
    inf:from "FROM"^^xsd:date ; inf:startKnownFrom "FROM"^^xsd:date ;
    inf:until "UNTIL"^^xsd:date ; inf:endKnownFrom "FROM"^^xsd:date ;
    prov:wasDerivedFrom <source/S-R198-2017/198-2> ;
    inf:confidence "low" ; inf:contested false .
"""


def version(from_: str, until: str, layer: str, fact: str) -> str:
    text = VERSION.replace("TEST", f"[ inf:fact fact:{fact} ; inf:isTrue true ]")
    return text.replace("FROM", from_).replace("UNTIL", until).replace("LAYER", layer)


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "own.ttl"
    path.write_text(
        OWN
        + version("2030-01-01", "2030-02-01", "notice", "lmia_assessment_provided")
        + version("2030-02-01", "2030-03-01", "designation", "us_permanent_resident"),
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def own(draft: Path) -> Any:
    import inforce

    return inforce.open(draft, today="2026-06-12")


def ids(rows: list[dict[str, Any]], *kinds: str) -> set[str]:
    return {row["id"] for row in rows if row["kind"] in kinds}


def in_force(kb: Any, day: str) -> dict[str, str]:
    return {str(row["rule"]).rsplit("/", 1)[-1]: str(row["version"]) for row in kb.query("rules-in-force", {"on": day})}


def test_rules_are_those_that_the_saved_query_finds_on_one_day_only(kb: Any) -> None:
    days = [day for day in kb.change_days() if day >= kb.book.covers_from]
    chance = random.Random(5)
    for _ in range(12):
        first, last = sorted(chance.sample(days, 2))
        found = kb.diff_rules(first, last)
        before, after = in_force(kb, first), in_force(kb, last)
        assert ids(found["rules"], "added") == set(after) - set(before)
        assert ids(found["rules"], "ended") == set(before) - set(after)
        both = {name for name in set(before) & set(after) if before[name] != after[name]}
        assert ids(found["rules"], "changed") == both
        for row in found["rules"]:
            assert (row["before"], row["after"]) == (before.get(row["id"]), after.get(row["id"]))
            assert first < row["day"] <= last


def test_lists_are_those_that_the_saved_query_finds_on_one_day_only(kb: Any) -> None:
    def members(name: str, day: str) -> set[str]:
        found = kb.query("members-of-list", {"list": name, "on": day})
        return {str(row["entry"]).rsplit("/", 1)[-1] for row in found}

    for first, last in (("2016-11-30", "2017-12-02"), ("2024-02-28", "2024-03-01"), ("2002-07-01", "2026-06-12")):
        rows = kb.diff_rules(first, last)["lists"]
        for name in kb.book.lists:
            here = [row for row in rows if row["list"] == name]
            before, after = members(name, first), members(name, last)
            assert {row["entry"] for row in here if row["kind"] == "added"} == after - before, name
            assert {row["entry"] for row in here if row["kind"] == "ended"} == before - after, name
            assert {row["entry"] for row in here if row["kind"] == "restated"} <= before & after


def test_day_by_day_differences_add_up_to_the_whole(kb: Any) -> None:
    standing = set(in_force(kb, "2023-12-31"))
    days = [day for day in kb.change_days() if "2023-12-31" < day <= "2026-06-12"]
    for day in days:
        found = kb.diff_rules(str(date.fromisoformat(day) - timedelta(days=1)), day)["rules"]
        assert not ids(found, "ended", "changed") - standing and not ids(found, "added") & standing
        standing = (standing | ids(found, "added")) - ids(found, "ended")
    assert standing == set(in_force(kb, "2026-06-12"))


def test_the_flagpoling_day(kb: Any) -> None:
    found = kb.diff_rules("2024-12-23", "2024-12-24")
    assert ids(found["rules"], "ended") == {"R-APPT-QC-2024", "R-HOURS-2024"}
    by = {row["id"]: row["instrument"] for row in found["rules"]}
    assert by["R-WP-FLAG-2024"] == by["R-HOURS-2024"] == "CBSA-DESIG-2024-12-23"
    assert ids(found["conditions"], "added") == {"D-FLAGPOLING-2024"}
    assert "R-WP-FLAG-2024" in found["conditions"][0]["rules"] and not found["lists"]


def test_a_changed_rule_says_which_of_its_parts_differ(kb: Any) -> None:
    [bar, way] = kb.diff_rules("2017-05-04", "2017-05-05")["rules"]
    assert (bar["id"], way["id"]) == ("R-WP-198-2A", "X-198-2A-I")
    assert {part["part"] for part in bar["parts"]} == {"instrument", "label"}
    parts = {part["part"]: part for part in way["parts"]}
    assert parts["condition"]["removed"] == ["do not come to work as live-in caregivers"]
    assert parts["condition"]["added"] == [] and parts["condition"]["removed_fr"]
    assert set(parts["citations"]["after"]) - set(parts["citations"]["before"]) == {
        "IRPR 203(2)(a)",
        "IRPR 203(2.01)(a)",
    }


def test_a_rule_of_ones_own_changes_passes_and_is_compared_with_the_law(kb: Any, own: Any) -> None:
    [changed] = own.diff_rules("2030-01-15", "2030-02-01")["rules"]
    parts = {part["part"]: part for part in changed["parts"]}
    assert parts["layer"] == {"part": "layer", "before": "notice", "after": "designation"}
    assert len(parts["condition"]["removed"]) == len(parts["condition"]["added"]) == 1
    [passed] = own.diff_rules("2029-12-31", "2030-03-01")["rules"]
    assert (passed["kind"], passed["day"], passed["until"]) == ("passed", "2030-02-01", "2030-03-01")
    assert len(passed["between"]) == 2 and passed["before"] is passed["after"] is None
    [added] = kb.diff_rules("2030-01-15", "2030-01-15", against=own)["rules"]
    assert (added["kind"], added["id"]) == ("added", "OWN-BAR")
    assert own.diff_rules("2030-01-15", "2030-01-15", against=kb)["rules"][0]["kind"] == "ended"
    # As known before it was published, it is not there.
    assert own.diff_rules("2029-12-31", "2030-01-15", known_on="2029-12-31")["rules"] == []


def test_days_out_of_order_or_no_days_are_refused(kb: Any) -> None:
    for first, last in (("2024-12-24", "2024-12-23"), ("2024-12-24", "2024-12-24")):
        with pytest.raises(UsageError, match="is not before"):
            kb.diff_rules(first, last)
    with pytest.raises(DateError):
        kb.diff_rules("2024-13-01", "2024-12-24")


# ---- the command -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_page_and_the_json_say_the_same(kb: Any, run: Callable[..., Ran], lang: str) -> None:
    ran = run(f"diff 2016-11-30 2017-12-02 --lang {lang}")
    found = json.loads(run("diff 2016-11-30 2017-12-02 --json").out)
    schema("rules-difference").validate(found)
    assert found == {**kb.diff_rules("2016-11-30", "2017-12-02"), "provisions": None}
    page = " ".join(ran.out.split())
    for row in (*found["rules"], *found["conditions"]):
        assert row["id"] in page and " ".join(row["label_fr" if lang == "fr" else "label"].split()) in page
    assert ("Mexique" if lang == "fr" else "Mexico") in page
    assert ("Règles et listes" if lang == "fr" else "Rules and lists") in page
    assert max(map(len, ran.out.splitlines())) <= 80


def test_as_a_table_it_has_a_row_a_difference(kb: Any, run: Callable[..., Ran]) -> None:
    found = kb.diff_rules("2024-02-28", "2024-12-24")
    rows = list(csv.DictReader(io.StringIO(run("diff 2024-02-28 2024-12-24 --format csv").out)))
    wanted = [row["id"] for name in ("rules", "conditions", "lists", "entailments") for row in found[name]]
    assert [row["id"] for row in rows] == wanted
    [gone] = [row for row in rows if row["id"] == "visa-exempt/MEX"]
    assert (gone["before"], gone["after"], gone["instrument"]) == ("visa-exempt", "", "SOR/2024-34")


def test_where_text_is_imported_provisions_follow(
    run: Callable[..., Ran], small_law: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(small_law))
    found = json.loads(run("diff 2001-02-01 2002-09-01 --json").out)
    schema("rules-difference").validate(found)
    assert found["provisions"] and found["rules"]
    page = run("diff 2001-02-01 2002-09-01").out
    cited = found["provisions"][0]["citation"]
    assert page.index("RULES") < page.index("PROVISION") < page.index(cited)
    rows = list(csv.DictReader(io.StringIO(run("diff 2001-02-01 2002-09-01 --format csv").out)))
    assert [row["id"] for row in rows if row["what"] == "provision"] == [one["citation"] for one in found["provisions"]]


def test_it_ends_with_1_where_something_differs_if_asked(run: Callable[..., Ran]) -> None:
    assert run("diff 2024-12-23 2024-12-24 --exit-code").code == 1
    quiet = run("diff 2024-02-26 2024-02-27 --exit-code")
    assert quiet.code == 0 and "no rule, list or shared condition differs" in quiet.out
    assert run("diff 2024-12-24 2024-12-23").code == 2


def test_a_limit_cuts_the_first_rows_in_every_form(run: Callable[..., Ran]) -> None:
    whole = json.loads(run("diff 2024-02-28 2024-12-24 --json").out)
    ran = run("diff 2024-02-28 2024-12-24 --json --limit 15")
    cut = json.loads(ran.out)
    schema("rules-difference").validate(cut)
    names = ("rules", "conditions", "lists", "entailments")
    assert ran.code == 8 and sum(len(cut[name]) for name in names) == 15
    assert all(cut[name] == whole[name][: len(cut[name])] for name in names)
    assert run("diff 2024-02-28 2024-12-24 --limit 15 --format csv").out.count("\n") == 16


def test_a_draft_of_ones_own_is_compared_with_the_rules(own: Any, run: Callable[..., Ran], draft: Path) -> None:
    ran = run(f"diff 2030-01-15 --against {draft}")
    assert ran.code == 0 and "OWN-BAR" in ran.out and str(draft.name) in " ".join(ran.out.split())
    found = json.loads(run(f"diff 2030-01-15 --against {draft} --json").out)
    assert [row["id"] for row in found["rules"]] == ["OWN-BAR"] and found["provisions"] is None
    refused = run(f'diff "IRPR 26.1" 2024-12-17 2024-12-18 --against {draft}')
    assert refused.code == 2 and "one day or two" in refused.err
