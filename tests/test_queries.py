"""The saved queries: complete headers, no slow or wrong forms, rows checked by hand, the same outcome as the engine."""

from __future__ import annotations

import random
import re
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inforce import queries, sparql_guard
from inforce.errors import DateError, FactsError, InputError, UnknownIdError, UsageError
from inforce.vocab import BASE, PREFIXES

REPO = Path(__file__).resolve().parent.parent
SAVED = sorted(path for folder in queries.FOLDERS for path in (REPO / "queries" / folder).glob("*.rq"))
OURS = sorted([*SAVED, *(REPO / "queries" / "build").glob("*.rq")])
# What asks the packaged rules alone; those of queries/text ask law that a user holds.
NAMES = [path.stem for path in SAVED if path.parent.name != "text"]


def short(rows: Any, *columns: str) -> list[tuple[Any, ...]]:
    """Rows as tuples of the columns named, IRIs without what they all share."""
    strip = re.compile(rf"^{re.escape(BASE)}(?:ns#)?")
    return [tuple(strip.sub("", v) if isinstance(v, str) else v for v in map(row.get, columns)) for row in rows]


# ---- headers and forms -----------------------------------------------------------------------


def test_there_are_queries() -> None:
    assert len(SAVED) >= 12 and len({path.stem for path in SAVED}) == len(SAVED)


@pytest.mark.parametrize("path", OURS, ids=lambda p: p.stem)
def test_the_header_is_complete(path: Path) -> None:
    query = queries.read_query(path)
    text = query.text
    assert query.title and query.question.endswith("?")
    assert re.search(r"^# columns: \S", text, re.M)
    assert max(map(len, text.splitlines())) <= 120 and text.endswith("}\n") or "ORDER BY" in text
    if path.parent.name == "build":
        assert "CONSTRUCT" in text and not query.parameters
        return
    assert query.example.startswith(f"inforce query {path.stem}")
    for one in query.parameters:
        assert one.text and one.example and one.type in queries.TYPES
        head = " ".join("?" + variable for variable in one.variables)
        block = f"VALUES ({head}) {{" if len(one.variables) > 1 else f"VALUES {head} {{"
        assert block in text, f"{one.name} has no block {block}"


@pytest.mark.parametrize("path", SAVED, ids=lambda p: p.stem)
def test_the_columns_are_those_of_the_header(path: Path) -> None:
    query = queries.read_query(path)
    found = ox.Store().query(query.text)
    assert isinstance(found, ox.QuerySolutions)
    assert tuple(variable.value for variable in found.variables) == query.columns


@pytest.mark.parametrize("path", OURS, ids=lambda p: p.stem)
def test_a_file_declares_its_own_prefixes_and_runs_anywhere(path: Path) -> None:
    # No prefix, base or parameter comes from outside: any SPARQL 1.1 store runs the file as it is.
    ox.Store().query(path.read_text(encoding="utf-8"))
    used = {t.text.split(":")[0] for t in sparql_guard.tokens(path.read_text(encoding="utf-8")) if t.kind == "pname"}
    for prefix, iri in re.findall(r"^PREFIX (\w+): <(\S+)>$", path.read_text(encoding="utf-8"), re.M):
        assert PREFIXES[prefix] == iri and prefix in used


def groups(tokens: list[Any], start: int) -> list[Any]:
    """The tokens of the group that opens at ``start``."""
    depth, found = 0, []
    for token in tokens[start:]:
        depth += {"{": 1, "}": -1}.get(token.text, 0) if token.kind == "punct" else 0
        found.append(token)
        if depth == 0:
            return found[1:-1]
    raise AssertionError("a group without end")


@pytest.mark.parametrize("path", OURS, ids=lambda p: p.stem)
def test_no_form_that_is_known_to_be_slow_or_wrong(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = sparql_guard.tokens(text)
    words = {token.word for token in tokens}
    assert not words & {"SERVICE", "NOW", "GRAPH"}, "a query of ours stays here and has no clock"
    for number, token in enumerate(tokens):
        if token.word == "EXISTS":
            inside = groups(tokens, number + 1)
            # Two patterns in NOT EXISTS are quadratic in the engine.
            assert not any(one.text in (";", ".", ",") for one in inside if one.kind == "punct"), path
        if token.word == "SELECT":
            assert tokens[number + 1].text != "*", "columns are named"
    if path.parent.name != "build" and path.stem != "eligibility":
        assert "ORDER BY" in words or {"ORDER", "BY"} <= words, "rows come in a stable order"
    # Parameters are seen only in the group that holds their block: never across a UNION.
    for query_parameter in queries.read_query(path).parameters:
        for variable in query_parameter.variables:
            assert f"?{variable}" in text


DATES = {"from", "until", "on", "to", "day", "end", "since", "last"}
INSTANTS = {"starts", "ends", "otherStarts", "otherEnds", "startsAt", "endsAt"}


@pytest.mark.parametrize("path", OURS, ids=lambda p: p.stem)
def test_days_are_compared_with_days_and_instants_with_instants(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for one, other in re.findall(r"\?(\w+)\s*(?:<=|>=|<|>)\s*\?(\w+)", text):
        kinds = {name in INSTANTS for name in (one, other) if name in DATES | INSTANTS}
        assert len(kinds) <= 1, f"?{one} with ?{other}"
    assert not re.search(r"xsd:(date|dateTime|duration)\s*\(", text), "no casts: engines differ"


def test_the_longest_chain_of_defeat_is_one_that_the_outcome_query_follows(kb: Any) -> None:
    chains = kb.sparql("SELECT ?a ?b ?c { ?a inf:defeats ?b . ?v inf:versionOf ?b ; inf:defeats ?c }")
    assert short(chains, "a", "b", "c") == []


def test_a_header_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.rq"
    path.write_text("# title: Odd\nSELECT ?s { ?s ?p ?o }\n")
    with pytest.raises(InputError, match="question"):
        queries.read_query(path)
    path.write_text("# title: Odd\n# question: What?\n# param: ?x colour required its colour\nASK {}\n")
    with pytest.raises(InputError, match="cannot read the parameter"):
        queries.read_query(path)


# ---- parameters ------------------------------------------------------------------------------


def test_every_example_in_a_header_runs(kb: Any) -> None:
    for name in NAMES:
        words = queries.find_query(name).example.split()[3:]
        rows = kb.query(name, dict(word.split("=", 1) for word in words))
        assert len(rows) > 0, name


def test_a_query_is_found_by_its_path_and_a_misspelt_one_by_its_neighbour(kb: Any) -> None:
    assert queries.find_query("ask/eligibility.rq").name == queries.find_query("eligibility").name == "eligibility"
    with pytest.raises(UnknownIdError) as caught:
        kb.query("eligibilty", {})
    assert "did you mean eligibility" in str(caught.value) and caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "parameters", "kind", "words"),
    [
        ("members-of-list", {"list": "us-national"}, UsageError, "needs on"),
        ("members-of-list", {"list": "us-national", "on": "2024-12"}, UsageError, "more than one day"),
        ("members-of-list", {"list": "us-national", "on": "2023-02-29"}, DateError, "2023-02-29"),
        ("members-of-list", {"lst": "us-national", "on": "2024-12-24"}, UsageError, "did you mean list"),
        ("eligibility", {"citizenship": "IND", "on": "2024-12-24"}, UnknownIdError, "citizenships"),
        ("eligibility", {"citizenships": "XYZZY", "on": "2024-12-24"}, UnknownIdError, "XYZZY"),
        ("eligibility", {"action": "apply", "on": "2024-12-24"}, UnknownIdError, "unknown action"),
        ("versions-of", {"thing": "R-WP-198-9Z"}, UnknownIdError, "R-WP-198-9Z"),
    ],
)
def test_a_wrong_parameter_is_named(
    kb: Any, name: str, parameters: dict[str, str], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        kb.query(name, parameters)


@given(st.text(max_size=60))
def test_nothing_a_user_types_becomes_query_text(typed: str) -> None:
    term = str(ox.Literal(typed))
    text = 'SELECT ?x { VALUES ?x { "example" } }'
    bound = sparql_guard.bind_values(text, {("x",): [[term]]})
    assert [row[0].value for row in ox.Store().query(bound)] == [typed]  # type: ignore[union-attr]
    bound = sparql_guard.bind("SELECT ?x {}", {"x": term})
    assert [row[0].value for row in ox.Store().query(bound)] == [typed]  # type: ignore[union-attr]


HOSTILE = [
    '"} DROP ALL #',
    "> } SERVICE <http://x> {",
    "\\",
    "'''",
    "<a> <b> <c>",
    "R-WP-198-1> ?y <",
    "\u202e",
    "a\nb",
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_parameters_find_nothing_and_change_nothing(kb: Any, typed: str) -> None:
    with pytest.raises(UsageError):
        kb.query("versions-of", {"thing": typed})
    try:
        assert len(kb.query("members-of-list", {"list": typed, "on": "2024-12-24"})) == 0
    except UsageError:
        pass


# ---- rows checked by hand --------------------------------------------------------------------


def test_mexico_has_moved_between_lists(kb: Any) -> None:
    # Rows ns0110 to ns0114 of the status table: SOR/2009-207, SOR/2016-293, SOR/2017-246, SOR/2024-34.
    assert short(kb.query("list-history", {"entry": "MEX"}), "list", "from", "until", "startsAt") == [
        ("list/visa-exempt", date(2002, 6, 28), date(2009, 7, 14), "2002-06-28T00:00:00-04:00"),
        ("list/visa-required", date(2009, 7, 14), date(2016, 12, 1), "2009-07-14T00:01:00-04:00"),
        ("list/visa-exempt", date(2016, 12, 1), date(2017, 12, 1), "2016-12-01T00:00:01-05:00"),
        ("list/visa-exempt", date(2017, 12, 1), date(2024, 2, 29), "2017-12-01T09:00:00-05:00"),
        ("list/eta-conditional", date(2024, 2, 29), None, "2024-02-29T23:30:00-05:00"),
    ]


def test_mexico_left_the_exempt_list_at_the_end_of_february_2024(kb: Any) -> None:
    def on_it(day: str) -> bool:
        return ("place/MEX",) in short(kb.query("members-of-list", {"list": "visa-exempt", "on": day}), "entry")

    assert [on_it(day) for day in ("2009-07-13", "2009-07-14", "2016-11-30", "2016-12-01")] == [
        True,
        False,
        False,
        True,
    ]
    # 23:30 on 2024-02-29: at the end of that day no longer.
    assert [on_it(day) for day in ("2024-02-28", "2024-02-29", "2024-03-01")] == [True, False, False]
    left = kb.query("list-changes-between", {"list": "visa-exempt", "from": "2024-01-01", "to": "2024-12-31"})
    assert short(left, "day", "change", "entry") == [(date(2024, 2, 29), "left", "place/MEX")]


def test_the_united_states_is_alone_on_its_list(kb: Any) -> None:
    # Row ns0181.
    rows = kb.query("members-of-list", {"list": "us-national", "on": "2024-12-24", "lang": "fr"})
    assert short(rows, "entry", "label", "from", "until", "instrument") == [
        ("place/USA", "États-Unis", date(2002, 6, 28), None, "instrument/SOR/2002-227")
    ]


def test_the_lmia_bar_has_three_versions(kb: Any) -> None:
    # Entries R-WP-198-2A-2002, R-WP-198-2A-2004 and R-WP-198-2A of the rule table.
    rows = kb.query("versions-of", {"thing": "R-WP-198-2A"})
    assert short(rows, "from", "until", "instrument") == [
        (date(2002, 6, 28), date(2004, 7, 22), "instrument/SOR/2002-227"),
        (date(2004, 7, 22), date(2017, 5, 5), "instrument/SOR/2004-167"),
        (date(2017, 5, 5), None, "instrument/SOR/2017-78"),
    ]
    assert kb.query("first-and-last-day", {"thing": "R-WP-198-2A"}).rows == ((date(2002, 6, 28), None, 3),)


def test_a_provision_is_found_by_its_citation(kb: Any) -> None:
    # SOR/2020-55 and SOR/2024-258, the latter first seen in the consolidation of 2025-02-06.
    rows = kb.query("versions-of", {"thing": "IRPR 26.1"})
    assert short(rows, "version", "until", "startKnownFrom") == [
        ("irpr/26.1/2020-03-21", date(2024, 12, 18), date(2020, 4, 15)),
        ("irpr/26.1/2024-12-18", None, date(2025, 2, 6)),
    ]


def test_the_appointment_rule_ended_with_the_designation(kb: Any) -> None:
    # R-APPT-QC-2024: 2024-07-04 to 2024-12-23, both included.
    assert kb.query("first-and-last-day", {"thing": "R-APPT-QC-2024"}).rows == (
        (date(2024, 7, 4), date(2024, 12, 24), 1),
    )


def test_the_day_of_the_designation(kb: Any) -> None:
    rows = kb.query("changes-between", {"from": "2024-12-24", "to": "2024-12-24", "kind": "rule"})
    ended = {one for change, one in short(rows, "change", "thing") if change == "ended"}
    started = {one for change, one in short(rows, "change", "thing") if change == "started"}
    assert ended == {"rule/R-HOURS-2024", "rule/R-APPT-QC-2024"}
    assert {"rule/R-WP-FLAG-2024", "rule/R-SP-FLAG-2024", "rule/R-LOI-FLAG-2024", "rule/X-FP-US"} <= started
    assert len(kb.query("changes-between", {"from": "2024-12-19", "to": "2024-12-23", "kind": "rule"})) == 0


def test_what_sor_2024_258_changed(kb: Any) -> None:
    # Nine units of 26.1 end on 2024-12-18; eleven begin: the heading, (1), (1)(a) to (h), (2).
    rows = kb.query("changes-between", {"from": "SOR/2024-258", "to": "SOR/2024-258", "kind": "provision"})
    assert len([1 for row in rows if row["change"] == "ended"]) == 9
    assert len([1 for row in rows if row["change"] == "started"]) == 11
    resting = kb.query("rests-on-instrument", {"instrument": "SOR/2024-258"})
    through = {
        (version, wording) for kind, version, wording in short(resting, "kind", "version", "through") if kind == "rule"
    }
    assert ("rule/R-WP-FLAG-2024/2024-12-24", "irpr/26.1/2/2024-12-18") in through
    assert ("rule/R-WP-FLAG-2024/2024-12-24", "irpr/26.1/1/e/2024-12-18") in through


def test_nothing_is_in_force_before_the_regulations(kb: Any) -> None:
    assert len(kb.query("rules-in-force", {"on": "2002-06-27"})) == 0
    assert ("rule/R-WP-198-1",) in short(kb.query("rules-in-force", {"on": "2002-06-28"}), "rule")


def test_rules_on_the_eta_on_a_day(kb: Any) -> None:
    rows = kb.query("rules-in-force", {"on": "2024-12-24", "action": "eta-needed"})
    assert [rule for (rule,) in short(rows, "rule")] == [
        "rule/R-ETA-701",
        "rule/R-ETA-71-2015",
        "rule/X-ETA-LPR",
        "rule/X-ETA-REENTRY",
        "rule/X-ETA-SPM",
        "rule/X-ETA-US",
    ]
    # US permanent residents needed one until 2022-04-25 (X-ETA-LPR).
    before = kb.query("rules-in-force", {"on": "2022-04-25", "action": "eta-needed"})
    assert ("rule/X-ETA-LPR",) not in short(before, "rule")
    assert len(kb.query("rules-of-action", {"action": "eta-needed"})) > len(before)


def test_facts_that_bear_on_the_visa(kb: Any) -> None:
    rows = kb.query("facts-of-action", {"action": "trv-needed", "on": "2024-12-24", "lang": "fr"})
    facts = {fact for (fact,) in short(rows, "fact")}
    assert {"fact/citizenships", "fact/holds_trp", "fact/us_permanent_resident"} <= facts
    assert "fact/lmia_required" not in facts
    assert all(row["question"].rstrip().endswith("?") for row in rows)


def test_where_the_designation_comes_from(kb: Any) -> None:
    rows = kb.query("rule-over-time", {"rule": "R-WP-FLAG-2024"})
    assert {(role, by) for role, by in short(rows, "role", "amendedBy")} == {("enabled-by", "instrument/SOR/2024-258")}
    assert {wording for (wording,) in short(rows, "wording")} == {
        "irpr/26.1/1/e/2024-12-18", "irpr/26.1/1/f/2024-12-18", "irpr/26.1/2/2024-12-18",
    }  # fmt: skip
    assert {"source/S-OB686", "source/S-CBSA-NR"} <= {source for (source,) in short(rows, "source")}


def test_the_two_starts_of_the_ban(kb: Any) -> None:
    # CONFLICTS C-01.
    rows = kb.query("conflicts", {"conflict": "C-01"})
    said = {(claim, adopted, value) for claim, adopted, value in short(rows, "claim", "adopted", "value")}
    assert ("claim/C-01-OB686", True, "2024-12-24T00:01:00-05:00") in said
    assert ("claim/C-01-CBSA-NR", False, "2024-12-23T23:59:00-05:00") in said
    assert len({c for (c,) in short(kb.query("conflicts", {}), "conflict")}) >= 13
    claims = kb.query("claims-of-source", {"source": "S-CBSA-NR"})
    assert ("claim/C-01-CBSA-NR", "conflict/C-01", False) in short(claims, "claim", "conflict", "adopted")


def test_what_rests_on_the_bulletin(kb: Any) -> None:
    rows = short(kb.query("rests-on-source", {"source": "S-OB686"}), "thing", "class")
    assert ("claim/C-01-OB686", "Claim") in rows
    assert ("rule/R-WP-FLAG-2024/2024-12-24", "RuleVersion") in rows


def test_coverage_begins_with_the_regulations(kb: Any) -> None:
    rows = {kind: first for kind, first in short(kb.query("coverage", {}), "kind", "first")}
    assert rows["rule"] == rows["list"] == date(2002, 6, 28)


def test_why_seasonal_workers_need_an_lmia(kb: Any) -> None:
    rows = short(kb.query("why-inferred", {"thing": "SAWP"}), "predicate", "rule", "premise")
    assert ("inherits", "entails-through-broader", "entailment/TFWP/lmia_required") in rows


# ---- the outcome -----------------------------------------------------------------------------

REENTRANT = {
    "held_temporary_status_in_canada_on_departure": "yes",
    "trip_only_us_or_spm": "yes",
    "purpose_is_immigration_service": "yes",
    "held_permit_or_tr_authorization_before_trip": "yes",
    "returns_within_authorized_stay": "yes",
}
RESIDENT = {"us_permanent_resident": "yes", "arrival_mode": "air"}
# Scenarios of the domain's own check, with the day before and after where the rule changed.
CASES: list[tuple[str, str, dict[str, str], str]] = [
    ("apply-work-permit-poe", "2002-06-27", {"citizenships": "FRA"}, "not-covered"),
    ("apply-work-permit-poe", "2010-05-01", {"citizenships": "FRA"}, "may"),
    ("apply-work-permit-poe", "2016-11-30", {"citizenships": "MEX"}, "may-not"),
    ("apply-work-permit-poe", "2016-12-01", {"citizenships": "MEX"}, "may"),
    ("apply-work-permit-poe", "2025-05-01", {"citizenships": "IND"}, "may-not"),
    ("apply-work-permit-poe", "2025-05-01", {"citizenships": "IND", "us_permanent_resident": "yes"}, "may"),
    ("apply-work-permit-poe", "2024-12-23", {"citizenships": "IND", **REENTRANT}, "may"),
    ("apply-work-permit-poe", "2024-12-24", {"citizenships": "IND", **REENTRANT}, "may-not"),
    ("apply-pgwp-poe", "2024-06-20", {"citizenships": "FRA", "pgwp_application": "yes"}, "may"),
    ("apply-pgwp-poe", "2024-06-21", {"citizenships": "FRA", "pgwp_application": "yes"}, "may-not"),
    ("eta-needed", "2019-06-21", {"citizenships": "FRA", "arrival_mode": "air"}, "required"),
    ("eta-needed", "2015-07-31", {"citizenships": "FRA", "arrival_mode": "air"}, "not-covered"),
    ("eta-needed", "2022-04-25", {"citizenships": "IND", **RESIDENT}, "required"),
    ("eta-needed", "2023-06-21", {"citizenships": "IND", **RESIDENT}, "not-required"),
]


def completed(kb: Any, action: str, day: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The case with every open fact as it ordinarily is."""
    answer = kb.check(facts, on=day, action=action)
    return {**answer.ordinarily.assuming, **facts}


@pytest.mark.parametrize(("action", "day", "facts", "outcome"), CASES, ids=lambda x: str(x)[:40])
def test_the_outcome_of_an_ordinary_case(kb: Any, action: str, day: str, facts: dict[str, str], outcome: str) -> None:
    case = completed(kb, action, day, facts)
    (row,) = kb.query("eligibility", {**case, "on": day, "action": action})
    assert row["outcome"] == outcome == kb.check(facts, on=day, action=action).ordinarily.outcome


def test_with_nothing_known_it_depends(kb: Any) -> None:
    (row,) = kb.query("eligibility", {"on": "2024-12-24"})
    assert row == {"positive": 1, "negative": 1, "outcome": "depends"}
    states = kb.query("rule-states", {"on": "2024-12-24"})
    holding = {rule for rule, state in short(states, "rule", "state") if state == "holds"}
    # Only what holds of everybody; whether it stands is open.
    assert holding == {"rule/R-WP-DEFAULT"}


def test_a_program_entails_what_the_rules_ask(kb: Any) -> None:
    def lmia_bar(day: str, **facts: str) -> str:
        rows = kb.query("rule-states", {**facts, "on": day})
        return str(next(row["state"] for row in rows if row["rule"].endswith("/R-WP-198-2A")))

    # SAWP is narrower than TFWP, which entails an LMIA.
    assert lmia_bar("2010-05-01", program="SAWP") == lmia_bar("2010-05-01", lmia_required="yes")
    assert lmia_bar("2010-05-01", lmia_required="no") == "fails"


def test_an_empty_set_is_known(kb: Any) -> None:
    def rows(**facts: str) -> int:
        text = queries.prepared(kb._store, queries.find_query("rule-states"), {**facts, "on": "2010-05-01"}, kb)
        return text.count(f"<{PREFIXES['fact']}citizenships> <{PREFIXES['rdf']}nil>")

    assert rows(citizenships="none") >= 1 and rows() == 0
    # Nobody of no country is a national of the United States: the exemption for them fails, as far as it asks this.
    facts = {"citizenships": "none", "us_permanent_resident": "no", "country_of_residence": "OTHER"}
    for case, state in ((facts, "fails"), ({**facts, "citizenships": "unknown"}, "unknown")):
        states = kb.query("rule-states", {**case, "on": "2010-05-01"})
        assert [row["state"] for row in states if row["rule"].endswith("/X-198-2A-II")] == [state]


def random_case(kb: Any, rng: random.Random) -> dict[str, Any]:
    share = rng.choice((0.1, 0.4, 0.8, 1.0))
    case: dict[str, Any] = {}
    for fact in kb.book.facts.values():
        if rng.random() > share or fact.follows_day:
            continue
        if fact.kind == "boolean":
            case[fact.name] = rng.random() < 0.5
            continue
        if fact.values is not None:
            tokens = sorted(fact.values)
        elif fact.scheme == "place/scheme":
            tokens = ["BRA", "CHN", "FRA", "HKG", "IND", "KOR", "MEX", "ROU", "TWN", "USA"]
        else:
            tokens = sorted(set(kb._names[fact.scheme].values()))
        case[fact.name] = rng.sample(tokens, rng.choice((0, 1, 1, 2))) if fact.multiple else rng.choice(tokens)
    return case


@pytest.mark.parametrize("chunk", range(4))
def test_sparql_never_contradicts_the_engine(kb: Any, chunk: int) -> None:
    rng = random.Random(100 + chunk)
    days = kb.change_days()
    asked = decided = 0
    while asked < 50:
        action, day, case = rng.choice(sorted(kb.book.actions)), rng.choice(days), random_case(kb, rng)
        try:
            answer = kb.check(case, on=day, action=action)
        except FactsError:
            continue  # Facts that exclude each other are no case.
        asked += 1
        (row,) = kb.query("eligibility", {**case, "on": day, "action": action})
        # A day with an hour in it is split; the query speaks of its end.
        exact = answer.segments[-1].outcome if answer.segments else answer.outcome
        assert row["outcome"] in (exact, "depends"), (action, day, case)
        decided += row["outcome"] != "depends"
        states = {
            row["version"]: row["state"] for row in kb.query("rule-states", {**case, "on": day, "action": action})
        }
        for ground in answer.grounds:
            version = ground.version if ground.version.startswith(BASE) else BASE + ground.version
            if version in states:
                assert states[version] == ground.state, (version, action, day, case)
        full = answer.facts | answer.ordinarily.assuming if not answer.ordinarily.skipped else None
        if full is not None and set(full) == set(kb.book.facts):
            (row,) = kb.query("eligibility", {**full, "on": day, "action": action})
            assert row["outcome"] == answer.ordinarily.outcome, (action, day, full)
    assert decided >= 5


def test_each_rule_in_force_has_a_state(kb: Any) -> None:
    for day in ("2010-05-01", "2024-12-24"):
        states = short(kb.query("rule-states", {"citizenships": "IND", "on": day}), "version")
        force = short(kb.query("rules-in-force", {"on": day, "action": "apply-work-permit-poe"}), "version")
        contested = {("rule/R-WP-OB686-BROAD/2024-12-24",)}  # off unless its reading is asked for
        assert set(states) == set(force) - contested


# ---- the same rows on another engine ---------------------------------------------------------

CHECKS = sorted((REPO / "queries" / "check").glob("*.rq"))
ACTION_BLOCK, DAY_BLOCK = ("action",), ("on",)


def as_rdflib(term: Any) -> Any:
    import rdflib

    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    plain = term.datatype.value == PREFIXES["xsd"] + "string"
    return rdflib.Literal(term.value, datatype=None if plain else rdflib.URIRef(term.datatype.value))


def as_graph(quads: Any) -> Any:
    """The quads as one rdflib graph: a triple sits in one of ours only, so it is the union."""
    import rdflib

    graph = rdflib.Graph()
    for quad in quads:
        graph.add((as_rdflib(quad.subject), as_rdflib(quad.predicate), as_rdflib(quad.object)))
    return graph


def on_both(store: ox.Store, graph: Any, text: str) -> tuple[list[Any], list[Any]]:
    """The rows of pyoxigraph and of rdflib, as text, in the order they come."""
    ours = [
        tuple(None if term is None else term.value for term in row)  # type: ignore[union-attr]
        for row in store.query(text, use_default_graph_as_union=True)  # type: ignore[union-attr]
    ]
    return ours, [tuple(None if term is None else str(term) for term in row) for row in graph.query(text)]


@pytest.fixture(scope="session")
def in_rdflib(kb: Any) -> Any:
    """The whole graph in rdflib, once for the run: some three seconds."""
    return as_graph(kb._store)


BOTH = [path for path in SAVED if "rdflib" in queries.read_query(path).engines and path.parent.name != "text"]


def test_only_the_queries_of_three_valued_states_leave_an_engine_out() -> None:
    every = [queries.read_query(path) for path in SAVED if path.parent.name != "text"]
    assert {query.name for query in every if query.engines != queries.ENGINES} == {"eligibility", "rule-states"}
    assert all(query.because for query in every if query.engines != queries.ENGINES)


@pytest.mark.parametrize("path", BOTH, ids=lambda p: p.stem)
def test_a_query_has_the_same_rows_on_both_engines(kb: Any, in_rdflib: Any, path: Path) -> None:
    ours, theirs = on_both(kb._store, in_rdflib, path.read_text(encoding="utf-8"))
    assert len(ours) > 0 and ours == theirs


@pytest.fixture(scope="module")
def faulty() -> tuple[ox.Store, Any]:
    """Our vocabulary, and the small law of the bad cases with each fault that a check query finds."""
    from bad_graphs import LATE
    from bad_graphs import QUERIES as FAULTS

    good = (REPO / "tests" / "bad" / "good.ttl").read_text(encoding="utf-8")
    store = ox.Store()
    folders = [REPO / "ontology", REPO / "ontology" / "schemes"]
    needed = [REPO / "data" / "dataset.ttl", REPO / "data" / "places.ttl"]
    needed.append(REPO / "ontology" / "rules" / "cbsa-designation-2024-12-23.ttl")
    for path in (*needed, *(path for folder in folders for path in sorted(folder.glob("*.ttl")))):
        store.load(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=BASE)
    for number, fault in enumerate(FAULTS):
        text = good.replace(fault.old, fault.new) + (LATE if "LATE" in fault.new else "")
        text = text.replace('_name"', f'_c{number}"').replace("NAME", f"c{number}")
        store.load(text.encode(), format=ox.RdfFormat.TURTLE, base_iri=BASE)
    return store, as_graph(store)


@pytest.mark.parametrize("path", CHECKS, ids=lambda p: p.stem)
def test_a_check_finds_the_same_faults_on_both_engines(faulty: tuple[ox.Store, Any], path: Path) -> None:
    ours, theirs = on_both(*faulty, path.read_text(encoding="utf-8"))
    # Nodes without a name are numbered by each engine for itself: none of them is shown, or they are the same.
    assert len(ours) > 0 and ours == theirs


def test_an_engine_is_left_out_with_a_reason_only(tmp_path: Path) -> None:
    path = tmp_path / "one.rq"
    head = "# title: One\n# question: Which?\n"
    path.write_text(head + "# engines: oxigraph; because the other one\n#   is wrong\nSELECT ?s { ?s ?p ?o }\n")
    query = queries.read_query(path)
    assert (query.engines, query.because) == (("oxigraph",), "the other one is wrong")
    path.write_text(head + "SELECT ?s { ?s ?p ?o }\n")
    assert queries.read_query(path).engines == queries.ENGINES
    for line in ("oxigraph", "oxigraph; because ", "sesame; because it is old", "; because of this"):
        path.write_text(head + f"# engines: {line}\nSELECT ?s {{ ?s ?p ?o }}\n")
        with pytest.raises(InputError, match="cannot read the engines"):
            queries.read_query(path)


# ---- rules that defeat in a chain ------------------------------------------------------------

CHAIN = """@base <https://w3id.org/inforce/> .
@prefix inf: <https://w3id.org/inforce/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<action/swim> inf:answers inf:May .
<clause/none> inf:literalCount 0 .
<test/duck> a inf:Test ; inf:fact <fact/duck> ; inf:isTrue true .
<literal/duck> inf:test <test/duck> ; inf:negated false .
<literal/no-duck> inf:test <test/duck> ; inf:negated true .
<clause/duck> inf:literal <literal/duck> ; inf:literalCount 1 .
<clause/no-duck> inf:literal <literal/no-duck> ; inf:literalCount 1 .
<rule/P/1> inf:versionOf <rule/P> ; inf:effect inf:Permit ; inf:holdsWhen <clause/none> .
<rule/A/1> inf:versionOf <rule/A> ; inf:effect inf:Bar ; inf:holdsWhen <clause/none> .
<rule/B/1> inf:versionOf <rule/B> ; inf:effect inf:Exempt ; inf:holdsWhen <clause/none> ;
    inf:defeatsVersion <rule/A/1> .
<rule/C/1> inf:versionOf <rule/C> ; inf:effect inf:Require ; inf:defeatsVersion <rule/B/1> ;
    inf:holdsWhen <clause/duck> ; inf:failsWhen <clause/no-duck> .
"""


@pytest.mark.parametrize("duck", ["true", "false", None])
def test_in_a_chain_of_defeat_the_outcome_is_never_the_opposite_of_the_exact_one(duck: str | None) -> None:
    # C lifts B, which lifts the bar A: with a duck A stands and one may not, without one may. One level of the chain
    # says may for both.
    store = ox.Store()
    both = "".join(
        f'<rule/{name}/1> inf:action <action/swim> ; inf:from "2020-01-01"^^xsd:date ; inf:layer <layer/act> .\n'
        for name in "PABC"
    )
    store.load((CHAIN + both).encode(), format=ox.RdfFormat.TURTLE)
    case = [] if duck is None else [[f"<{BASE}fact/duck>", duck]]
    rows = {("fact", "value"): case, ACTION_BLOCK: [[f"<{BASE}action/swim>"]]}
    rows[DAY_BLOCK] = [['"2020-06-01"^^<http://www.w3.org/2001/XMLSchema#date>']]
    found = {}
    for name in ("eligibility", "rule-states"):
        text = sparql_guard.bind_values(queries.find_query(name).text, rows)
        found[name] = list(store.query(text))  # type: ignore[arg-type]
    exact = {"true": "may-not", "false": "may", None: "depends"}[duck]
    (outcome,) = (row["outcome"].value for row in found["eligibility"])
    assert outcome in (exact, "depends")
    stands = {row["rule"].value.removeprefix(BASE): row["stands"].value for row in found["rule-states"]}
    assert stands["rule/A"] == "unknown" and stands["rule/P"] == "holds"
    # What nothing defeats is exact: with the duck C stands, and B does not; without it B does.
    assert stands["rule/B"] == {"true": "fails", "false": "holds", None: "unknown"}[duck]


# ---- no rows, and what a parameter is --------------------------------------------------------


def test_terms_that_nothing_uses_are_named_with_the_nearest(kb: Any) -> None:
    text = "SELECT ?s { ?s inf:form ?x ; inf:action action:apply-work-permit-poe }"
    ((term, near),) = kb.unused_terms(text)
    assert term == "inf:form" and near[0] == "inf:from"
    ((term, near),) = kb.unused_terms("members-of-list", {"list": "visa-exmpt", "on": "2024-12-24"})
    assert term == "list:visa-exmpt" and near[0] == "list:visa-exempt"
    # Only what was asked about: not what the saved query itself could use and no rule of ours does.
    assert kb.unused_terms("members-of-list", {"list": "visa-exempt", "on": "1990-01-01"}) == []
    assert kb.unused_terms("eligibility", {"on": "2024-12-24"}) == []


def test_the_list_of_queries_says_what_each_parameter_is(kb: Any) -> None:
    rows = {row["id"]: row for row in kb.list("queries")}
    assert set(rows) == set(queries.saved())
    assert [(one["name"], one["type"], one["required"]) for one in rows["members-of-list"]["takes"]] == [
        ("list", "list", True),
        ("on", "date", True),
        ("lang", "text", False),
    ]
    assert all(one["text"] and one["example"] for row in rows.values() for one in row["takes"])
