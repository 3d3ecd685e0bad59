"""Changes clause by clause, from imported text, merged with what the package records; the law here is invented."""

from __future__ import annotations

from typing import Any

import pytest
from command_line import schema
from in_memory import holding, lighthouse

from inforce.clauses import Resting, merged
from inforce.errors import UnknownIdError, UsageError
from inforce.kb import KnowledgeBase
from inforce.tables import CHANGE_COLUMNS
from inforce.text_units import path_of


@pytest.fixture(scope="module")
def lights(kb: Any) -> KnowledgeBase:
    """The packaged rules and the Lighthouse Regulations."""
    return holding(kb, lighthouse())


def rows(kb: KnowledgeBase, *days: str, **more: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """The changes by thing and kind, without the law's path."""
    told = [(path_of(row["thing"]) or row["thing"], row) for row in kb.changes(*days, **more)]
    law = "sor-1901-7/"
    return {(path.removeprefix(law), row["kind"]): row for path, row in told if path.startswith(law)}


def test_a_section_split_in_two_is_renumbered_and_not_reworded(lights: KnowledgeBase) -> None:
    # SOR/2001-90, in force 2001-12-01, first readable 2002-01-10: 3(a)-(c) become 3(1)(a)-(c) word for word.
    found = rows(lights, "2001-12-01", "2001-12-01")
    for letter in "abc":
        row = found[f"3/1/{letter}", "renumbered"]
        assert (row["instrument"], row["recorded"], row["layer"]) == ("SOR/2001-90", "2002-01-10", "regulation")
        assert row["languages"] == ["en", "fr"] and row["label"].startswith(f"formerly SOR/1901-7 3({letter}): ")
        assert (f"3/{letter}", "renumbered") not in found and (f"3/{letter}", "repealed") not in found
    assert found["3/2", "added"]["after"] and found["3/2", "added"]["before"] is None
    assert not [thing for thing, kind in found if kind == "amended" and thing.startswith("3/1/")]


def test_kinds_of_change_are_told_apart(lights: KnowledgeBase) -> None:
    found = rows(lights, "2001-01-02", "2003-12-31")
    assert found["2/1/b", "amended"]["date"] == "2001-05-01"
    assert found["5", "repealed"]["date"] == "2001-05-01"
    row = found["2/2", "corrected"]
    assert row["before"] != row["after"] and row["languages"] == ["en"]
    # Reworded in French only; the English label falls back on the only words there are.
    row = found["2/1/a", "language-only"]
    assert (row["date"], row["languages"]) == ("2003-02-02", ["fr"]) and row["label"]
    # Rows of a table are named by their words, which each language has of its own.
    gone = [row for (thing, kind), row in found.items() if "gull" in thing and kind == "repealed"]
    assert [(row["date"], row["languages"]) for row in gone] == [("2002-08-01", ["en"]), ("2002-08-01", ["fr"])]


def test_kinds_that_only_clauses_have_need_the_text(kb: Any) -> None:
    with pytest.raises(UsageError, match="renumbered"):
        kb.changes(kind="renumbered")


def test_what_is_printed_beside_the_law_is_no_change_of_it(lights: KnowledgeBase) -> None:
    assert not [thing for thing, _ in rows(lights) if "not-in-force" in thing or "related" in thing]


def test_filters_work_on_clauses(lights: KnowledgeBase) -> None:
    every = rows(lights, about="SOR/1901-7 3")
    assert every == rows(lights, about="sor-1901-7/3")
    assert len(rows(lights, about="SOR/1901-7")) == len(rows(lights))
    assert every and all(thing.split("/")[0] == "3" for thing, _ in every)
    assert {kind for _, kind in rows(lights, kind="renumbered")} == {"renumbered"}
    by = rows(lights, about="SOR/2001-90")
    assert {row["instrument"] for row in by.values()} == {"SOR/2001-90"}
    assert ("3/2", "added") not in rows(lights, known_on="2002-01-09")
    assert ("3/2", "added") in rows(lights, known_on="2002-01-10")
    assert not rows(lights, layer="designation") and not rows(lights, affects_outcomes=True)
    with pytest.raises(UnknownIdError, match="did you mean renumbered"):
        lights.changes(kind="renumberd")


def test_with_text_nothing_that_was_there_is_lost_and_the_form_is_kept(kb: Any, lights: KnowledgeBase) -> None:
    before, after = kb.changes(), lights.changes()
    assert before.columns == CHANGE_COLUMNS and after.columns == (*CHANGE_COLUMNS, "languages")
    ours = [row for row in after if not row["thing"].startswith(("SOR/1901-7", "sor-1901-7"))]
    keys = ("date", "thing", "kind", "instrument", "recorded", "label")
    assert {tuple(row[key] for key in keys) for row in ours} == {tuple(row[key] for key in keys) for row in before}
    days = [row["date"] for row in after]
    assert days == sorted(days)
    schema("changes").validate([dict(row) for row in after])


# ---- one row where both speak --------------------------------------------------------------------------


def packaged(**more: Any) -> dict[str, Any]:
    row = dict.fromkeys(CHANGE_COLUMNS)
    told = {"thing": "IRPR 198(2)(a)", "citation": "IRPR 198(2)(a)", "date": "2017-05-05", "kind": "changed"}
    return row | told | {"affects": [], "sources": ["S-X"], "affects_outcomes": False, "label": "ours"} | more


def clause(**more: Any) -> dict[str, Any]:
    told = {"kind": "amended", "instrument": "SOR/2017-78", "recorded": "2017-05-17", "sources": ["snapshot/x"]}
    return packaged(label="theirs", languages=["en"], iri="irpr/198/2/a") | told | more


NOTHING = Resting({})


def test_a_provision_and_day_of_which_both_speak_are_one_row() -> None:
    (row,) = merged([packaged()], [clause()], NOTHING)
    assert (row["kind"], row["recorded"], row["instrument"]) == ("amended", "2017-05-17", "SOR/2017-78")
    assert (row["label"], row["sources"]) == ("ours", ["S-X", "snapshot/x"])
    assert len(merged([packaged()], [clause(date="2017-05-06")], NOTHING)) == 2
    assert len(merged([packaged()], [clause(), clause(citation="IRPR 198(2)(b)")], NOTHING)) == 2


def test_words_that_were_taken_over_whole_are_renumbered() -> None:
    (row,) = merged([packaged(kind="restated")], [clause(kind="added")], NOTHING)
    assert row["kind"] == "renumbered"


def test_a_rule_that_cites_a_provision_stays_a_row_of_its_own() -> None:
    found = merged([packaged(thing="R-WP-198-2A")], [clause()], NOTHING)
    assert [row["label"] for row in found] == ["ours", "theirs"]


def test_an_outcome_is_affected_where_a_rule_on_the_provision_starts_that_day() -> None:
    resting = Resting({"irpr/198/2/a": frozenset({"2017-05-05"})})
    assert merged([packaged()], [], resting)[0]["affects_outcomes"]
    assert merged([packaged()], [clause()], resting)[0]["affects_outcomes"]
    assert not merged([packaged(date="2017-05-06")], [], resting)[0]["affects_outcomes"]
    # A part of what the rule cites counts, what it is itself a part of does not.
    assert resting.moved("irpr/198/2/a/ii", "2017-05-05") and not resting.moved("irpr/198/2", "2017-05-05")
    assert merged([packaged(citation="IRPR 198(2)", thing="IRPR 198(2)", affects=["IRPR 198(2)(a)"])], [], resting)[0][
        "affects_outcomes"
    ]


def test_the_days_of_rules_are_those_of_the_rulebook(kb: Any) -> None:
    resting = Resting.of(kb.book)
    assert resting.moved("irpr/26.1/2", "2024-12-24") and not resting.moved("irpr/26.1/2", "2024-12-18")
    assert resting.moved("irpr/198/2/a", "2004-07-22")
