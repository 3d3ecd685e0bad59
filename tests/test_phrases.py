"""Conditions and tests in plain words, English and French: the phrases are there, and what they make reads well."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_rules import small

from inforce.phrases import Words
from inforce.rules.model import Condition

GOLDEN = Path(__file__).parent / "golden"
LANGS = ("en", "fr")


def told(words: Words) -> str:
    """Every condition, constraint and rule of the package, a line each."""
    book = words.book
    lines = [f"{named.id}: {words.people(named.expr)}" for named in book.conditions.values()]
    lines += [f"not {named.id}: {words.condition(named.expr, truth=False)}" for named in book.conditions.values()]
    lines += [f"{item.id}: {words.people(item.expr)}" for item in book.constraints]
    lines += [f"{rule.id.removeprefix('rule/')} {rule.effect}: {words.people(rule.when)}" for rule in book.rules]
    return "\n".join(lines) + "\n"


@pytest.mark.transcript
@pytest.mark.parametrize("lang", LANGS)
def test_the_conditions_of_all_rules_read_as_they_were_read_and_approved(kb: Any, lang: str, accept: bool) -> None:
    path, shown = GOLDEN / f"conditions-{lang}.txt", told(kb.words(lang))
    if accept:
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", LANGS)
def test_every_fact_and_condition_of_the_package_has_a_phrase_and_its_contrary(kb: Any, lang: str) -> None:
    gathered = kb.words(lang).words
    for kind in ("facts", "conditions"):
        for name, entry in gathered[kind].items():
            if name == "always":
                continue
            phrases = [entry[truth].get(lang, "") for truth in ("is", "not")]
            assert all(phrases) and phrases[0] != phrases[1], name
            for phrase in phrases:
                assert phrase[0].islower() and not phrase.endswith((".", " ")), phrase
                slots = re.findall(r"\{[^{}]+\}", phrase)
                choice = kind == "facts" and kb.book.facts[name].kind == "choice"
                assert len(slots) == choice and phrase.count("{") == phrase.count("}") == len(slots), phrase


SAID = [
    (("international_truck_driver", "is", "no"), "are not international truck drivers"),
    (("international_truck_driver", "is", True), "are international truck drivers"),
    (("citizenships", "not", ["USA", "MEX"]), "are not citizens of the United States or Mexico"),
    (("citizenships", "in", "eta-conditional"), "are citizens of a country on the list “Conditional eTA”"),
    (("fta_professional_under", "is", "none"), "are not professionals or technicians under any free trade agreement"),
    (("fta_professional_under", "not", "none"), "are professionals or technicians under a free trade agreement"),
    (
        ("fta_professional_under", "in", ["none", "CUSMA"]),
        "are not professionals or technicians under any free trade agreement or are professionals or technicians "
        "under CUSMA",
    ),
    (("arrival_weekday", "in", ["Sun", "Fri"]), "arrive on a Friday or Sunday"),
    (
        ("port_of_entry", "in", ["POE-PEACE", "POE-RAINBOW", "POE-QUEENSTON", "POE-DOUGLAS"]),
        "arrive at one of the three Niagara bridges or Douglas",
    ),
    (("permit_category", "is", "STUDY-PERMIT"), "apply for “Study permit”"),
]
DIT = [
    (("citizenships", "in", ["QAT", "USA"]), "ont pour pays de citoyenneté le Qatar ou les États-Unis"),
    (("citizenships", "not", "MEX"), "n'ont pas pour pays de citoyenneté le Mexique"),
    (("arrival_weekday", "not", ["Mon"]), "n'arrivent pas un lundi"),
    (("fta_professional_under", "is", "CUSMA"), "sont des professionnels ou techniciens que vise l'ACEUM"),
    (
        ("document_and_status_classes", "not", "eta-conditional"),
        "n'ont pas un passeport ou statut particulier de la liste «\u00a0AVE conditionnelle\u00a0»",
    ),
]


@pytest.mark.parametrize(("test", "said"), SAID, ids=lambda value: str(value)[:40])
def test_a_test_is_a_verb_phrase(kb: Any, test: Any, said: str) -> None:
    assert kb.words().told(test) == said


@pytest.mark.parametrize(("test", "said"), DIT, ids=lambda value: str(value)[:40])
def test_a_test_is_a_verb_phrase_in_french(kb: Any, test: Any, said: str) -> None:
    assert kb.words("fr").told(test) == said


def test_the_contrary_of_the_contrary_is_the_same(kb: Any) -> None:
    words = kb.words()
    for test, said in SAID:
        if test[2] != ["none", "CUSMA"]:
            contrary = {"is": "not", "in": "not", "not": "in"}[test[1]]
            value = test[2]
            if isinstance(value, (bool, str)) and value in (True, "yes", "no"):
                continue
            assert words.told((test[0], contrary, value), truth=False) == said


def test_facts_of_a_user_that_have_no_phrase_are_told_by_their_labels() -> None:
    made = small(3)
    words = Words({"facts": {}, "conditions": {}, "values": {}, "groups": {}, "lists": {}}, made.book)
    assert words.told(("p", "is", True)) == "meet “p”"
    assert words.told(("p", "is", False)) == "do not meet “p”"
    assert words.told(("choice", "not", ["A", "B"])) == "do not have “choice”: A or B"
    assert words.told(("number", "at-least", "5")) == "have “number”: 5 or more"
    assert words.told(("number", "below", "5")) == "have “number”: less than 5"
    assert words.told(("number", "at-least", "5"), truth=False) == "have “number”: less than 5"
    french = Words(words.words, made.book, "fr")
    assert french.told(("p", "is", False)) == "ne répondent pas à «\u00a0p\u00a0»"


def test_parts_are_joined_so_that_what_belongs_together_is_seen() -> None:
    made = small(3)
    words = Words({"facts": {}, "conditions": {}, "values": {}, "groups": {}, "lists": {}}, made.book)
    p, q, r = (Condition("true", fact=name) for name in "pqr")
    both = Condition("all", (p, Condition("any", (q, Condition("not", (r,))))))
    assert words.condition(both) == "meet “p” and (meet “q” or do not meet “r”)"
    assert words.condition(both, truth=False) == "do not meet “p” or (do not meet “q” and meet “r”)"
    assert words.people(Condition("all")) == "anyone" and words.people(Condition("any")) == "no one"
    assert words.joined(["a", "b, or c", "d"], "and") == "a; b, or c; and d"


def test_a_thing_shown_says_for_whom_it_is(run: Callable[..., Any]) -> None:
    shown = run("show R-WP-198-2B").out
    assert "for " in shown and "people who must have a medical examination and hold no valid" in " ".join(shown.split())
    assert "les personnes qui doivent subir une visite" in " ".join(run("show R-WP-198-2B --lang fr").out.split())
