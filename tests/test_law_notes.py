"""Historical notes and paths: read alike in both languages."""

from __future__ import annotations

import pytest

from inforce.law.notes import Reference, read_note
from inforce.law.paths import heading_step, label_step, related_step, slug, word_step

PAIRS = [
    ("SOR/2004-217, s. 1", "DORS/2004-217, art. 1", "SOR/2004-217", "1", "", ""),
    ("SOR/2014-140, s. 1(F)", "DORS/2014-140, art. 1(F)", "SOR/2014-140", "1", "fr", "fr"),
    ("SOR/2009-163, s. 1(E)", "DORS/2009-163, art. 1(A)", "SOR/2009-163", "1", "en", "en"),
    ("SOR/2014-269, ss. 1, 6", "DORS/2014-269, art. 1 et 6", "SOR/2014-269", "1, 6", "", ""),
    ("SOR/2004-167, ss. 27, 80(F)", "DORS/2004-167, art. 27 et 80(F)", "SOR/2004-167", "27, 80", "", ""),
    ("2013, c. 40, s. 237", "2013, ch. 40, art. 237", "SC/2013/c40", "237", "", ""),
    ("2015, c. 3, s. 108(E)", "2015, ch. 3, art. 108(A)", "SC/2015/c3", "108", "en", "en"),
    ("SOR/2015-147, s.1", "DORS/2015-147, art.1", "SOR/2015-147", "1", "", ""),
    ("SI/2019-7, s. 2", "TR/2019-7, art. 2", "SI/2019-7", "2", "", ""),
]


@pytest.mark.parametrize(("english", "french", "instrument", "sections", "only", "seulement"), PAIRS)
def test_a_note_names_the_same_instrument_in_both_languages(
    english: str, french: str, instrument: str, sections: str, only: str, seulement: str
) -> None:
    assert read_note(english) == (Reference(instrument, sections, only),)
    assert read_note(french) == (Reference(instrument, sections, seulement),)


def test_a_year_is_said_once_for_the_chapters_that_follow() -> None:
    found = read_note("2012, c. 17, s. 9, c. 31, ss. 309, 313; 2014, 20, s. 306")
    assert [(one.instrument, one.sections) for one in found] == [
        ("SC/2012/c17", "9"),
        ("SC/2012/c31", "309, 313"),
        ("SC/2014/c20", "306"),
    ]


def test_words_that_name_no_instrument_name_none() -> None:
    assert read_note("[Repealed before it came in force]") == ()
    assert read_note("") == ()


def test_labels_give_one_step_in_both_languages() -> None:
    for english, french in (
        ("(a)", "a)"),
        ("204 and 205", "204 et 205"),
        ("(d) to (g)", "d) à g)"),
        ("1 or 2", "1 ou 2"),
    ):
        assert label_step(english) == label_step(french) != ""
    assert heading_step("PART 10.1") == heading_step("PARTIE 10.1") == "part-10.1"
    assert heading_step("DIVISION 2") == heading_step("SECTION 2") == "division-2"
    assert heading_step("SCHEDULE 1.1") == heading_step("ANNEXE 1.1") == "schedule-1.1"


def test_what_enacts_a_related_provision_names_it() -> None:
    assert related_step("— SOR/2016-37, s. 18") == related_step("— DORS/2016-37, art. 18") == "sor-2016-37-18"
    assert related_step("— 2012, c. 17, s. 81") == related_step("— 2012, ch. 17, art. 81")
    assert related_step("— 2019, c. 29, s. 296(1) to (3)") == related_step("— 2019, ch. 29, par. 296(1) à (3)")
    assert related_step("— something else") == ""


def test_first_words_of_a_row_make_its_step() -> None:
    assert word_step("St. Kitts and Nevis") == "st-kitts-and-nevis"
    assert word_step("12.1") == "12.1"
    assert len(slug("word " * 40)) <= 60
