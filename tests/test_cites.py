"""A provision has many spellings and one path."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inforce.cites import LAWS, Citation, parse_citation, same
from inforce.errors import UnknownIdError
from inforce.vocab import BASE, PREFIXES, expand, shrink

SPELLINGS = {
    "irpr/198/2/a/ii": [
        "IRPR 198(2)(a)(ii)",
        "R198(2)(a)(ii)",
        "r 198(2)(a)(ii)",
        "irpr:198(2)(a)(ii)",
        "RIPR 198(2)a)(ii)",
        "IRPR s. 198(2)(a)(ii)",
        "IRPR, s. 198(2)(a)(ii)",
        "IRPR section 198(2)(a)(ii)",
        "IRPR subparagraph 198(2)(a)(ii)",
        "RIPR, art. 198(2)a)(ii)",
        "RIPR sous-alinéa 198(2)a)(ii)",
        "IRPR 198 (2) (a) (ii)",
        "irpr/198/2/a/ii",
        "<irpr/198/2/a/ii>",
        BASE + "irpr/198/2/a/ii",
    ],
    "irpa/11/1": ["IRPA 11(1)", "A11(1)", "L11(1)", "LIPR 11(1)", "irpa:11(1)"],
    "irpa/25.2/1": ["A25.2(1)", "IRPA 25.2(1)"],
    "irpr/7.01/1": ["R7.01(1)", "irpr:7.01(1)"],
    "irpr/198": ["IRPR 198", "R198", "IRPR s 198"],
    "irpr/2/port-of-entry/a": ["IRPR 2[port of entry](a)", "irpr:2[port of entry](a)", "RIPR 2[port of entry]a)"],
    "irpr/200/1/c/ii.1/B/I": ["IRPR 200(1)(c)(ii.1)(B)(I)", "RIPR 200(1)c)(ii.1)(B)(I)"],
    "irpr/schedule-1.1": ["IRPR Schedule 1.1", "RIPR annexe 1.1", "irpr schedule 1.1", "irpr/schedule-1.1"],
    "irpr/schedule-1.1/andorra": ["IRPR Schedule 1.1[Andorra]", "irpr/schedule-1.1/andorra"],
    "irpr/schedule-2/table-1/12": ["IRPR Schedule 2[table 1](12)"],
    "irpa/schedule": ["IRPA Schedule", "LIPR annexe"],
    "irpr/part-11/division-1": ["IRPR Part 11, Division 1", "IRPR part 11 division 1", "RIPR partie 11, section 1"],
    "irpr/part-10.1": ["IRPR Part 10.1", "RIPR partie 10.1"],
    "irpr/part-1/division-2/before-7.01": [
        "IRPR Part 1, Division 2, heading before 7.01",
        "RIPR partie 1, section 2, intertitre avant 7.01",
    ],
    "irpr/7.01/1/costa-rica": ["IRPR 7.01(1)[Costa Rica]", "RIPR 7.01(1)[costa rica]"],
    "irpa/204-and-205": ["irpa/204-and-205", "IRPA [204 and 205]"],
    "irpa/13/2-and-3": ["irpa/13/2-and-3", "IRPA 13[2 and 3]"],
    "irpa/227.1-to-232": ["irpa/227.1-to-232", "IRPA [227.1 to 232]"],
    "irpr/not-in-force/sor-2016-37-18/18/1": ["irpr/not-in-force/sor-2016-37-18/18/1"],
    "irpr": ["IRPR", "RIPR", "irpr:"],
}


@pytest.mark.parametrize(("path", "text"), [(path, text) for path, texts in SPELLINGS.items() for text in texts])
def test_each_spelling_is_read_as_the_same_provision(path: str, text: str) -> None:
    assert parse_citation(text).path == path


def test_a_provision_is_written_in_both_languages_and_as_a_test_name() -> None:
    cited = parse_citation("irpr/198/2/a/ii")
    assert str(cited) == cited.english == "IRPR 198(2)(a)(ii)"
    assert cited.french == "RIPR 198(2)a)(ii)"
    assert cited.key == "irpr:198(2)(a)(ii)"
    assert cited.test_name == "irpr_198_2_a_ii"
    assert cited.iri == BASE + "irpr/198/2/a/ii"
    assert cited.parent == parse_citation("IRPR 198(2)(a)")
    assert parse_citation("IRPR").parent is None


def test_parts_schedules_and_rows_are_written_in_both_languages() -> None:
    for path, english, french in (
        ("irpr/schedule-1.1/andorra", "IRPR Schedule 1.1[andorra]", "RIPR annexe 1.1[andorra]"),
        ("irpr/part-11/division-1", "IRPR Part 11, Division 1", "RIPR partie 11, section 1"),
        ("irpr/part-1/before-4", "IRPR Part 1, heading before 4", "RIPR partie 1, intertitre avant 4"),
        ("irpr/7.01/1/costa-rica", "IRPR 7.01(1)[costa rica]", "RIPR 7.01(1)[costa rica]"),
        ("irpa/204-and-205", "IRPA [204 and 205]", "LIPR [204 and 205]"),
    ):
        cited = parse_citation(path)
        assert (cited.english, cited.french) == (english, french)
        assert parse_citation(english) == parse_citation(french) == cited


def test_every_path_of_the_imported_law_is_a_citation(shared: Path) -> None:
    """Each path can be typed as a path, and as it is written, in both languages."""
    from law_files import content, files

    from inforce.law import parse_snapshot

    for folder, law in (("SOR-2002-227", "irpr"), ("I-2.5", "irpa")):
        for language in ("en", "fr"):
            path = files(shared / "laws" / folder, language)[-1]
            snapshot = parse_snapshot(content(path), source=path.name, day=date.fromisoformat(path.name[:10]))
            for unit in snapshot.units:
                cited = parse_citation(f"{law}/{unit.path}")
                assert cited.path == f"{law}/{unit.path}"
                assert parse_citation(cited.english) == cited, (unit.path, cited.english)
                assert parse_citation(cited.french) == cited, (unit.path, cited.french)


@pytest.mark.parametrize("text", ["irpr:198(2)(a)@2017-05-05", "irpr/198/2/a/2017-05-05", "IRPR 198(2)(a)@2017-05-05"])
def test_a_version_is_its_first_day(text: str) -> None:
    cited = parse_citation(text)
    assert (cited.version, cited.path) == ("2017-05-05", "irpr/198/2/a/2017-05-05")
    assert cited.english == "IRPR 198(2)(a)"


@pytest.mark.parametrize(
    "text",
    ["", "198(2)", "IRPR 198(2)(a", "IRPR 198(2))", "IRPR (2)", "XYZW 12", "SOR/2024-258", "R-WP-198-1",
     "IRPR 198(2)(a) x", "IRPR 198()", "irpr/", "irpr//198", "irpr/../198", "IRPR 198[]",
     "B12(1)", "IRPR 198\u200b(2)"],
)  # fmt: skip
def test_what_is_no_citation_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(UnknownIdError, match="IRPR 12"):
        parse_citation(text)


def test_names_are_the_same_only_if_they_mean_the_same() -> None:
    assert same("R198(2)(a)") & same("RIPR 198(2)a)")
    assert same("sor/2024-258") & same("SOR/2024-258")
    assert not same("R198(2)(a)") & same("R198(2)(b)")
    assert not same("IRPR 198(2)") & same("IRPA 198(2)")
    assert not same("IRPR") & same("IRPA")
    assert not same("irpr:198(2)(a)@2017-05-05") & same("irpr:198(2)(a)")


ROMAN = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xiv", "xix", "ii.1"]
LEVELS = st.tuples(
    st.from_regex(r"[1-9][0-9]{0,2}(\.[1-9]|\.0[1-9])?", fullmatch=True),
    st.from_regex(r"[1-9]{1,2}(\.[1-9])?", fullmatch=True),
    st.from_regex(r"[a-z](\.[1-9])?", fullmatch=True),
    st.sampled_from(ROMAN),
    st.from_regex(r"[A-Z](\.[1-9])?", fullmatch=True),
    st.sampled_from([one.upper() for one in ROMAN]),
)


@given(
    st.sampled_from(sorted(LAWS)),
    LEVELS,
    st.integers(1, 6),
    st.booleans(),
    st.none() | st.just("2017-05-05"),
)
def test_every_citation_is_read_back_from_each_of_its_forms(
    law: str, levels: tuple[str, ...], depth: int, subsections: bool, version: str | None
) -> None:
    labels = levels[:depth] if subsections else levels[:1] + levels[2 : depth + 1]
    cited = Citation(law, labels)
    for text in (cited.english, cited.french, cited.key, cited.path, cited.iri):
        assert parse_citation(text) == cited
    dated = Citation(law, labels, version)
    assert parse_citation(dated.path) == dated


@given(st.text(max_size=30) | st.text(st.sampled_from(list("IRPR irpa:/198(2)[]a.")), max_size=24))
def test_any_text_is_a_citation_or_a_refusal(text: str) -> None:
    same(text)
    try:
        cited = parse_citation(text)
    except UnknownIdError:
        return
    assert parse_citation(cited.path if cited.labels else cited.english).labels == cited.labels


def test_every_provision_of_the_source_tables_keeps_its_key_and_citation(shared: Path) -> None:
    with open(shared / "domain/facts/provisions.csv", encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) > 300
    for row in rows:
        cited = parse_citation(row["prov_id"])
        assert cited.key == row["prov_id"]
        assert cited.english == row["provision"]
        assert parse_citation(cited.french) == cited
        assert parse_citation(row["version_id"]).version == row["in_force_from"]


@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_a_prefixed_name_is_expanded_and_shrunk_back(prefix: str) -> None:
    assert shrink(expand(f"{prefix}:some-name")) == f"{prefix}:some-name"


def test_a_name_with_a_slash_is_written_as_a_path() -> None:
    assert shrink(BASE + "rule/R-WP-198-2A/2017-05-05") == "<rule/R-WP-198-2A/2017-05-05>"
    assert expand("<rule/R-WP-198-2A/2017-05-05>") == BASE + "rule/R-WP-198-2A/2017-05-05"
    assert shrink("http://example.org/x") == "<http://example.org/x>"
    assert expand("<http://example.org/x>") == "http://example.org/x"


def test_an_unknown_prefix_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownIdError, match="did you mean skos:"):
        expand("skoss:broader")
