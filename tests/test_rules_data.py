"""The rules kept as Turtle in ontology/rules/: whole, consistent, and entry by entry equal to the rule table."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
BASE = "https://w3id.org/inforce/"
INF = BASE + "ns#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
ELI = "http://data.europa.eu/eli/ontology#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCT = "http://purl.org/dc/terms/"
PROV = "http://www.w3.org/ns/prov#"
OA = "http://www.w3.org/ns/oa#"
NIL = RDF + "nil"

# Entries of the table that are versions of one rule here, and the rule's name.
MERGED = {
    "R-WP-198-2A-2002": "R-WP-198-2A",
    "R-WP-198-2A-2004": "R-WP-198-2A",
    "X-198-2A-I-2004": "X-198-2A-I",
    "R-WP-MI52": "R-WP-MI-CG",
    "R-WP-MI-CG-2024": "R-WP-MI-CG",
    "R-WP-CUAET-1": "R-WP-CUAET",
    "R-WP-CUAET-2": "R-WP-CUAET",
}
EFFECTS = {"permits": "Permit", "prohibits": "Bar", "exempts": "Exempt", "requires": "Require"}
LAYERS = {"cbsa_notice": "notice"}
CITES = (INF + "expresses", INF + "enabledBy", DCT + "references")

# Rules that rest on reports alone: the notice or order itself was not seen, so there is nothing else to cite.
REPORTED_ONLY = {"R-HOURS-NIAGARA", "R-HOURS-QUEBEC", "R-HOURS-2024", "R-APPT-QC-2024", "R-COVID-FLAG"}

# A normal form of conditions: nested tuples with sets, so that order and nesting of the same operator do not count.
Form = tuple[Any, ...]


class Graph:
    """All Turtle of the repository, by subject; literals and IRIs as their text."""

    def __init__(self) -> None:
        self.terms: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self.files: dict[str, set[str]] = defaultdict(set)
        self.named: set[str] = set()
        for path in sorted([*(ROOT / "ontology").rglob("*.ttl"), *(ROOT / "data").rglob("*.ttl")]):
            if "shapes" in path.parts:
                continue
            # Blank nodes of one file must not be taken for those of another.
            prefix = f"{path.name}#"
            for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
                subject = key(quad.subject, prefix)
                self.terms[subject][quad.predicate.value].append(
                    quad.object if isinstance(quad.object, ox.Literal) else key(quad.object, prefix)
                )
                if isinstance(quad.subject, ox.NamedNode):
                    self.named.add(subject)
                    self.files[subject].add(path.relative_to(ROOT).as_posix())

    def all(self, subject: str, term: str) -> list[str]:
        """The objects of a property as text, sorted."""
        found = self.terms[subject].get(term, []) if subject in self.terms else []
        return sorted(getattr(one, "value", one) for one in found)

    def one(self, subject: str, term: str) -> str | None:
        """The only object, or None."""
        found = self.all(subject, term)
        assert len(found) <= 1, (subject, term, found)
        return found[0] if found else None

    def texts(self, subject: str, term: str) -> dict[str, str]:
        """Texts by language; a language may be given once."""
        found = [one for one in self.terms[subject].get(term, []) if isinstance(one, ox.Literal) and one.language]
        texts = {one.language: one.value for one in found}
        assert len(texts) == len(found), (subject, term, "a language is given twice")
        return texts

    def kind(self, name: str) -> list[str]:
        """The subjects of one of our classes."""
        return sorted(s for s in self.terms if INF + name in self.all(s, RDF + "type"))

    def members(self, head: str) -> list[str]:
        """The members of an RDF list."""
        found = []
        while head != NIL:
            first, rest = self.one(head, RDF + "first"), self.one(head, RDF + "rest")
            assert first and rest, f"{head} is not a list"
            found.append(first)
            head = rest
        return found

    def day(self, subject: str, term: str) -> date | None:
        """A day, or None."""
        found = self.one(subject, term if ":" in term else INF + term)
        return date.fromisoformat(found) if found else None


def key(node: Any, prefix: str) -> str:
    return prefix + node.value if isinstance(node, ox.BlankNode) else str(node.value)


@pytest.fixture(scope="module")
def graph() -> Graph:
    """The repository's Turtle."""
    return Graph()


@pytest.fixture(scope="module")
def table(shared: Path) -> dict[str, Any]:
    """The rule table the data were made from."""
    found: dict[str, Any] = yaml.safe_load((shared / "domain/facts/rules.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def versions(graph: Graph) -> dict[str, str]:
    """Rule versions by the entry each came from."""
    found = {graph.one(v, DCT + "identifier") or "": v for v in graph.kind("RuleVersion") if in_rules(graph, v)}
    assert len(found) == len([v for v in graph.kind("RuleVersion") if in_rules(graph, v)])
    return found


def in_rules(graph: Graph, subject: str) -> bool:
    return any(name.startswith("ontology/rules/") for name in graph.files[subject])


def name(iri: str) -> str:
    return iri.rsplit("/", 1)[-1].rsplit("#", 1)[-1]


def rule(iri: str) -> str:
    return iri.removeprefix(BASE + "rule/")


def provision(text: str) -> str:
    law, rest = text.split(":", 1)
    return BASE + "/".join([law, *(label.strip("()") for label in re.findall(r"^[\d.]+|\([^)]*\)", rest))])


def interval(graph: Graph, subject: str) -> tuple[date, date | None]:
    start = graph.day(subject, "from")
    assert start, subject
    return start, graph.day(subject, "until")


# ---- conditions in one normal form -----------------------------------------------------------------


def joined(op: str, members: list[Form]) -> Form:
    flat: set[Form] = set()
    for member in members:
        flat |= member[1] if member[0] == op else {member}
    return next(iter(flat)) if len(flat) == 1 else (op, frozenset(flat))


def from_table(condition: dict[str, Any]) -> Form:
    if "always" in condition:
        return ("all", frozenset())
    if "ref" in condition:
        return ("ref", condition["ref"])
    if "not" in condition:
        return ("not", from_table(condition["not"]))
    for op in ("all", "any"):
        if op in condition:
            return joined(op, [from_table(member) for member in condition[op]])
    if "lookup" in condition:
        asked = condition["lookup"]
        assert asked["table"] == "nationality_status"
        return joined("any", [("list", k, status) for k in asked["keys"] for status in asked["status"]])
    fact, op = condition["attr"], condition["op"]
    if op in ("is_true", "is_false"):
        return ("true", fact, op == "is_true")
    if op in ("eq", "contains"):
        value = condition["value"]
        return ("true", fact, value) if isinstance(value, bool) else ("in", fact, frozenset([value]))
    assert op == "in", op
    return ("in", fact, frozenset(condition["value"]))


def from_graph(graph: Graph, node: str, *, top: bool = False) -> Form:
    terms = graph.terms[node]
    if not top and INF + "Condition" in graph.all(node, RDF + "type"):
        return ("all", frozenset()) if name(node) == "always" else ("ref", name(node))
    operators = [t for t in terms if t in {INF + "allOf", INF + "anyOf", INF + "not", INF + "fact"}]
    assert len(operators) == 1, (node, operators)
    operand = graph.one(node, operators[0]) or ""
    if operators[0] == INF + "not":
        return ("not", from_graph(graph, operand))
    if operators[0] != INF + "fact":
        op = "all" if operators[0] == INF + "allOf" else "any"
        return joined(op, [from_graph(graph, member) for member in graph.members(operand)])
    fact = name(operand)
    tests = [t for t in terms if t != INF + "fact"]
    assert len(tests) == 1, (node, tests)
    value = graph.one(node, tests[0]) or ""
    match name(tests[0]):
        case "isTrue":
            assert value in ("true", "false")
            return ("true", fact, value == "true")
        case "is":
            return ("in", fact, frozenset([name(value)]))
        case "in":
            return ("in", fact, frozenset(map(name, graph.members(value))))
        case "inList":
            return ("list", fact, name(value))
    raise AssertionError((node, tests))


def leaves(graph: Graph) -> list[str]:
    """The leaf tests of all rules and conditions."""
    return [s for s, terms in graph.terms.items() if INF + "fact" in terms and f"{BASE}" not in s]


# ---- entry by entry --------------------------------------------------------------------------------


def test_as_many_rules_versions_and_conditions_as_the_table_has(
    graph: Graph, table: dict[str, Any], versions: dict[str, str]
) -> None:
    assert sorted(versions) == sorted(entry["id"] for entry in table["rules"])
    assert len(versions) == 53
    ours = [s for s in graph.kind("Rule") if in_rules(graph, s)]
    assert sorted(map(rule, ours)) == sorted({MERGED.get(e["id"], e["id"]) for e in table["rules"]})
    assert len(ours) == 48
    conditions = [name(s) for s in graph.kind("Condition") if in_rules(graph, s)]
    assert sorted(conditions) == sorted([*(d["id"] for d in table["definitions"]), "always"])


def test_each_entry_is_one_version_with_the_same_meaning(
    graph: Graph, table: dict[str, Any], versions: dict[str, str]
) -> None:
    for entry in table["rules"]:
        version, entry_id = versions[entry["id"]], entry["id"]
        of = MERGED.get(entry_id, entry_id)
        assert version == f"{BASE}rule/{of}/{entry['valid_from']}"
        assert graph.one(version, INF + "versionOf") == f"{BASE}rule/{of}"
        assert name(graph.one(version, INF + "effect") or "") == EFFECTS[entry["effect"]], entry_id
        assert sorted(map(name, graph.all(version, INF + "action"))) == sorted(entry["actions"]), entry_id
        layer = LAYERS.get(entry["layer"], entry["layer"].replace("_", "-"))
        assert name(graph.one(version, INF + "layer") or "") == layer, entry_id
        assert graph.one(version, INF + "confidence") == entry["confidence"], entry_id
        assert graph.one(version, INF + "contested") == str(entry["contested"]).lower(), entry_id
        by_default = graph.one(version, INF + "appliesByDefault") != "false"
        assert by_default == entry["apply_by_default"], entry_id
        defeats = {rule(one) for one in graph.all(version, INF + "defeats")}
        assert defeats == {MERGED.get(one, one) for one in entry["defeats"]}, entry_id
        cited = sorted(one for term in CITES for one in graph.all(version, term))
        assert cited == sorted(map(provision, entry["provenance"]["provisions"])), entry_id
        assert sorted(passages(graph, version)) == sorted(
            (p["source"], p["anchor"]) for p in entry["provenance"]["passages"]
        ), entry_id
        assert from_graph(graph, graph.one(version, INF + "when") or "") == from_table(entry["conditions"]), entry_id


def passages(graph: Graph, version: str) -> list[tuple[str, str]]:
    found = []
    for passage in graph.all(version, PROV + "wasDerivedFrom"):
        selector = graph.one(passage, OA + "hasSelector") or ""
        found.append((name(graph.one(passage, OA + "hasSource") or ""), graph.one(selector, RDF + "value") or ""))
    return found


def test_intervals_are_those_of_the_table_half_open(
    graph: Graph, table: dict[str, Any], versions: dict[str, str]
) -> None:
    for entry in [*table["rules"], *table["definitions"]]:
        subject = versions.get(entry["id"], f"{BASE}condition/{entry['id']}")
        last = date.fromisoformat(entry["valid_to"]) if entry["valid_to"] else None
        expected = (date.fromisoformat(entry["valid_from"]), last and last + timedelta(days=1))
        assert interval(graph, subject) == expected, entry["id"]
        hour = entry.get("valid_from_time")
        stated = f"{entry['valid_from']}T{hour}" if hour else None
        assert graph.one(subject, INF + "startsAt") == stated, entry["id"]
        assert not entry.get("valid_to_time") and not graph.one(subject, INF + "endsAt"), entry["id"]


def test_shared_conditions_mean_what_the_definitions_mean(graph: Graph, table: dict[str, Any]) -> None:
    for definition in table["definitions"]:
        condition = f"{BASE}condition/{definition['id']}"
        assert from_graph(graph, condition, top=True) == from_table(definition["conditions"]), definition["id"]
        told = definition["provenance"]
        assert graph.all(condition, DCT + "references") == sorted(map(provision, told["provisions"]))
        assert [name(one) for one in graph.all(condition, DCT + "source")] == sorted(told["sources"])


def test_the_table_gives_the_instrument_or_it_began_that_day(
    graph: Graph, table: dict[str, Any], versions: dict[str, str]
) -> None:
    for entry in table["rules"]:
        version = versions[entry["id"]]
        instrument = graph.one(version, INF + "instrument")
        if entry["instrument"]:
            assert instrument == f"{BASE}instrument/{entry['instrument']}", entry["id"]
        elif instrument and entry["id"] != "R-ETA-71-2015":  # created 2015-08-01, required from 2016-03-15
            assert graph.one(instrument, ELI + "first_date_entry_in_force") == entry["valid_from"], entry["id"]


def test_every_caveat_of_the_table_is_a_note_and_keeps_its_conflicts(
    graph: Graph, table: dict[str, Any], versions: dict[str, str]
) -> None:
    for entry in table["rules"]:
        notes = graph.texts(versions[entry["id"]], SKOS + "editorialNote")
        assert bool(notes) >= bool(entry["ambiguity"]), entry["id"]
        for conflict in re.findall(r"C-\d\d", entry["ambiguity"]):
            assert all(conflict in text for text in notes.values()), (entry["id"], conflict)


# ---- consistency by itself -------------------------------------------------------------------------


def test_rules_conditions_and_notes_speak_both_languages(graph: Graph) -> None:
    for kind in ("Rule", "RuleVersion", "Condition"):
        for subject in graph.kind(kind):
            if not in_rules(graph, subject):
                continue
            label = graph.texts(subject, RDFS + "label")
            assert set(label) == {"en", "fr"} and all(label.values()), subject
            assert label["en"] != label["fr"], subject
            note = graph.texts(subject, SKOS + "editorialNote")
            assert not note or set(note) == {"en", "fr"}, subject


def test_a_rule_is_named_by_its_notation_and_the_names_its_entries_had(graph: Graph, versions: dict[str, str]) -> None:
    entries = defaultdict(set)
    for entry, version in versions.items():
        entries[graph.one(version, INF + "versionOf") or ""].add(entry)
    for subject, names in entries.items():
        assert graph.one(subject, SKOS + "notation") == rule(subject)
        assert {rule(subject), *graph.all(subject, SKOS + "altLabel")} == {rule(subject), *names}
    alternatives = [one for subject in entries for one in graph.all(subject, SKOS + "altLabel")]
    assert len(set(alternatives)) == len(alternatives)
    assert not {rule(subject) for subject in entries} & set(alternatives)


def test_versions_of_one_rule_do_not_overlap(graph: Graph, versions: dict[str, str]) -> None:
    several = 0
    by_rule = defaultdict(list)
    for version in versions.values():
        by_rule[graph.one(version, INF + "versionOf")].append(interval(graph, version))
    for subject, spans in by_rule.items():
        spans.sort(key=lambda span: span[0])
        for (start, until), (following, _) in zip(spans, spans[1:], strict=False):
            assert until is not None and start < until <= following, subject
            several += 1
    assert several == 5
    for start, until in (span for spans in by_rule.values() for span in spans):
        assert until is None or start < until


def test_the_public_could_read_a_successor_when_it_could_read_the_end_before_it(
    graph: Graph, versions: dict[str, str]
) -> None:
    for version in [*versions.values(), *(s for s in graph.kind("Condition") if graph.one(s, INF + "from"))]:
        assert graph.day(version, "startKnownFrom"), version
        assert bool(graph.day(version, "endKnownFrom")) == bool(graph.day(version, "until")), version
    for before, after in (
        ("R-WP-198-2A-2002", "R-WP-198-2A-2004"),
        ("R-WP-198-2A-2004", "R-WP-198-2A"),
        ("X-198-2A-I-2004", "X-198-2A-I"),
        ("R-WP-MI52", "R-WP-MI-CG-2024"),
        ("R-HOURS-NIAGARA", "R-HOURS-2024"),
        ("R-HOURS-2024", "R-WP-FLAG-2024"),
    ):
        ended, began = versions[before], versions[after]
        assert graph.day(ended, "until") == graph.day(began, "from"), (before, after)
        assert graph.day(ended, "endKnownFrom") == graph.day(began, "startKnownFrom"), (before, after)


def test_no_rule_was_known_before_its_instrument_was_made(graph: Graph, versions: dict[str, str]) -> None:
    checked = 0
    for entry, version in versions.items():
        instrument = graph.one(version, INF + "instrument") or ""
        made = graph.day(instrument, ELI + "date_publication") or graph.day(instrument, ELI + "date_document")
        known = graph.day(version, "startKnownFrom")
        # The notice of this instruction was announced the day before its number of the Gazette.
        if made and known and entry != "R-PG-MI-2024":
            assert made <= known, entry
            checked += 1
    assert checked > 20


def test_a_rule_that_ended_says_what_ended_it(graph: Graph, versions: dict[str, str]) -> None:
    ended = [version for version in versions.values() if graph.one(version, INF + "until")]
    assert len(ended) == 12
    for version in ended:
        note = graph.texts(version, SKOS + "editorialNote")["en"]
        assert re.search(r"\b(ended|replaced|resumed)\b", note), version


def test_every_thing_a_rule_names_is_declared(graph: Graph, versions: dict[str, str]) -> None:
    wanted = (INF + "versionOf", INF + "defeats", INF + "instrument", PROV + "wasDerivedFrom", DCT + "source", *CITES)
    conditions = [s for s in graph.kind("Condition") if in_rules(graph, s)]
    named = {o for s in [*versions.values(), *conditions] for term in wanted for o in graph.all(s, term)}
    for leaf in leaves(graph):
        for term in ("is", "inList"):
            named |= set(graph.all(leaf, INF + term))
        for head in graph.all(leaf, INF + "in"):
            named |= set(graph.members(head))
        named |= set(graph.all(leaf, INF + "fact"))
    missing = sorted(one for one in named if one.startswith(BASE) and one not in graph.named)
    assert not missing


def test_actions_and_layers_are_declared(graph: Graph, versions: dict[str, str]) -> None:
    for term in ("action", "layer"):
        named = {o for version in versions.values() for o in graph.all(version, INF + term)}
        assert sorted(one for one in named if one not in graph.named) == []


def test_each_test_asks_a_value_its_fact_can_have(graph: Graph) -> None:
    asked = 0
    for leaf in leaves(graph):
        fact = graph.one(leaf, INF + "fact") or ""
        kind = graph.one(fact, "http://www.w3.org/ns/shacl#datatype") or ""
        assert kind.endswith("#boolean") == bool(graph.one(leaf, INF + "isTrue")), (leaf, fact)
        values = {*graph.all(leaf, INF + "is"), *(v for h in graph.all(leaf, INF + "in") for v in graph.members(h))}
        closed, scheme = set(graph.all(fact, INF + "allowedValue")), graph.one(fact, INF + "valuesFrom")
        for value in values:
            assert value in closed or scheme in graph.all(value, SKOS + "inScheme"), (fact, value)
            asked += 1
    assert asked > 30


def test_no_passage_is_defined_twice(graph: Graph) -> None:
    defined = [s for s in graph.named if OA + "SpecificResource" in graph.all(s, RDF + "type")]
    assert len(defined) > 100
    for passage in defined:
        assert len(graph.files[passage]) == 1, (passage, graph.files[passage])
        assert graph.one(passage, OA + "hasSource") and graph.one(passage, OA + "hasSelector"), passage
        assert passage.startswith(graph.one(passage, OA + "hasSource") or "?"), passage
    places = Counter(
        (graph.one(p, OA + "hasSource"), graph.one(graph.one(p, OA + "hasSelector") or "", RDF + "value"))
        for p in defined
    )
    assert [place for place, times in places.items() if times > 1] == []


def test_each_version_rests_on_a_wording_in_force_on_its_first_day_or_on_an_instrument(
    graph: Graph, versions: dict[str, str]
) -> None:
    wordings: dict[str, list[tuple[date, date | None]]] = defaultdict(list)
    for wording in graph.kind("ProvisionVersion"):
        if graph.day(wording, "from"):
            wordings[graph.one(wording, DCT + "isVersionOf") or ""].append(interval(graph, wording))
    bare = set()
    for entry, version in versions.items():
        first = graph.day(version, "from")
        assert first
        cited = [one for term in CITES for one in graph.all(version, term)]
        for one in cited:
            spans = wordings[one]
            # Either held on that day, or our earliest wording of it is younger than the rule (its text is not held).
            held = any(start <= first and (until is None or first < until) for start, until in spans)
            assert spans and (held or min(span[0] for span in spans) > first), (entry, one)
        if not cited and not graph.one(version, INF + "instrument"):
            bare.add(entry)
    assert bare == REPORTED_ONLY
    for entry in bare:
        note = graph.texts(versions[entry], SKOS + "editorialNote")["en"]
        assert passages(graph, versions[entry]) and "only reports" in note, entry


def test_only_rules_of_a_text_express_it_and_powers_only_enable(graph: Graph, versions: dict[str, str]) -> None:
    power = re.compile(r"(irpr/26\.1|irpa/87\.3|irpa/25\.2)(/|\Z)")
    for entry, version in versions.items():
        layer = name(graph.one(version, INF + "layer") or "")
        expressed = graph.all(version, INF + "expresses")
        assert bool(expressed) == (layer in {"act", "default", "regulation"}), entry
        assert not any(power.match(one.removeprefix(BASE)) for one in expressed), entry
        assert all(power.match(one.removeprefix(BASE)) for one in graph.all(version, INF + "enabledBy")), entry


def test_defeats_have_no_circle_and_name_rules_of_the_same_action(graph: Graph, versions: dict[str, str]) -> None:
    below: dict[str, set[str]] = defaultdict(set)
    actions: dict[str, set[str]] = defaultdict(set)
    for version in versions.values():
        of = graph.one(version, INF + "versionOf") or ""
        below[of] |= set(graph.all(version, INF + "defeats"))
        actions[of] |= set(graph.all(version, INF + "action"))
    assert list(TopologicalSorter(below).static_order())
    for of, defeated in below.items():
        for one in defeated:
            assert actions[of] & actions[one], (of, one)


def test_conditions_refer_to_each_other_without_a_circle(graph: Graph) -> None:
    def refs(form: Form) -> set[str]:
        if form[0] == "ref":
            return {form[1]}
        members = form[1] if form[0] in ("all", "any") else [form[1]] if form[0] == "not" else []
        return {one for member in members for one in refs(member)}

    below = {name(s): refs(from_graph(graph, s, top=True)) for s in graph.kind("Condition")}
    assert set(TopologicalSorter(below).static_order()) >= {"D-VISA-EXEMPT", "D-REENTRY-US-SPM"}


def test_a_dated_condition_is_in_force_as_long_as_the_rules_that_use_it(graph: Graph, versions: dict[str, str]) -> None:
    def refs(form: Form) -> set[str]:
        if form[0] == "ref":
            return {form[1]}
        members = form[1] if form[0] in ("all", "any") else [form[1]] if form[0] == "not" else []
        return {one for member in members for one in refs(member)}

    used = 0
    for entry, version in versions.items():
        start, until = interval(graph, version)
        for condition in refs(from_graph(graph, graph.one(version, INF + "when") or "")):
            began, ended = interval(graph, f"{BASE}condition/{condition}")
            assert began <= start and (ended is None or (until is not None and until <= ended)), (entry, condition)
            used += 1
    assert used > 15


# ---- known traps -----------------------------------------------------------------------------------


def test_flagpoling_exceptions_lift_the_designation_alone(graph: Graph, versions: dict[str, str]) -> None:
    lifted = {"R-WP-FLAG-2024", "R-SP-FLAG-2024", "R-LOI-FLAG-2024"}
    exceptions = [entry for entry in versions if entry.startswith("X-FP-")]
    assert len(exceptions) == 5
    for entry in exceptions:
        assert {rule(one) for one in graph.all(versions[entry], INF + "defeats")} == lifted, entry


def test_spouses_escape_the_ban_under_three_agreements_only(graph: Graph, versions: dict[str, str]) -> None:
    form = from_graph(graph, graph.one(versions["X-FP-SPOUSE"], INF + "when") or "")
    assert form == ("in", "spouse_of_fta_professional_under", frozenset({"PANAMA", "COLOMBIA", "KOREA"}))


def test_the_ban_starts_at_the_adopted_minute(graph: Graph, versions: dict[str, str]) -> None:
    for entry in ("R-WP-FLAG-2024", "R-SP-FLAG-2024"):
        assert graph.one(versions[entry], INF + "startsAt") == "2024-12-24T00:01:00-05:00"


def test_the_broad_reading_of_the_bulletin_is_off_unless_asked_for(graph: Graph, versions: dict[str, str]) -> None:
    off = [e for e, v in versions.items() if graph.one(v, INF + "appliesByDefault") == "false"]
    assert off == ["R-WP-OB686-BROAD"]
    assert graph.one(versions[off[0]], INF + "contested") == "true"


def test_residence_not_citizenship_counts_for_greenland_and_st_pierre(graph: Graph) -> None:
    form = from_graph(graph, f"{BASE}condition/D-R198-SPECIAL", top=True)
    assert form[0] == "any" and ("in", "country_of_residence", frozenset({"GRL", "SPM"})) in form[1]


def test_the_live_in_caregiver_exclusion_lasts_from_2004_to_2017(graph: Graph, versions: dict[str, str]) -> None:
    excluded = ("true", "live_in_caregiver_employment", False)
    forms = [(v, from_graph(graph, graph.one(v, INF + "when") or "")) for v in versions.values()]
    spans = [interval(graph, v) for v, form in forms if form[0] == "all" and excluded in form[1]]
    assert spans == [(date(2004, 7, 22), date(2017, 5, 5))]


def test_turtle_files_are_headed_and_short(graph: Graph) -> None:
    for path in [*sorted((ROOT / "ontology/rules").glob("*.ttl")), ROOT / "data/passages.ttl"]:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert [line[:2] for line in lines[:3]] == ["# "] * 3 and not lines[3].startswith("#"), path.name
        assert lines[1].startswith("# Reads:") and lines[2].startswith("# Not here:"), path.name
        assert lines[3] == f"@base <{BASE}> .", path.name
        prefixes = [line for line in lines if line.startswith("@prefix")]
        assert prefixes == sorted(prefixes), path.name
        assert path.parent.name != "rules" or len(lines) <= 300, path.name
