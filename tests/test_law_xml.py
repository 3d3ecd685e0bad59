"""The one parser: what it refuses, with file and line, and that nothing is dropped."""

from __future__ import annotations

import re
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_law import build

from inforce.errors import ExitCode, InputError
from inforce.law import Snapshot, law_quads, parse_snapshot
from inforce.law.xml import MAX_BYTES, MAX_DEPTH, parse_xml

GOOD = build(0, french=False)
DAY = date(2001, 2, 1)


def read(text: str | bytes) -> Snapshot:
    return parse_snapshot(text if isinstance(text, bytes) else text.encode(), source="law.xml", day=DAY)


def refused(text: str | bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.code == "E_XML"
    assert caught.value.exit_code == ExitCode.INPUT
    assert (caught.value.source or "").startswith("law.xml")
    return caught.value


def inside(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def document(head: str) -> str:
    """The good file with something before its root."""
    return GOOD.replace("<Regulation ", f"{head}<Regulation ", 1)


BOMB = "<!DOCTYPE lolz [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
)


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE Regulation>",
        "<!DOCTYPE Regulation SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE Regulation [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE Regulation [<!ENTITY % p SYSTEM 'http://192.0.2.1/x.dtd'> %p;]>",
        "<!doctype Regulation>",
        BOMB + "]>",
    ],
    ids=["bare", "system", "external-entity", "parameter-entity", "lower-case", "billion-laughs"],
)
def test_a_document_type_is_refused_at_once(head: str) -> None:
    began = time.monotonic()
    error = refused(document("\n" + head))
    assert time.monotonic() - began < 1
    assert error.source == "law.xml:2" or "not well-formed" in error.message


def test_an_entity_without_a_document_type_is_refused() -> None:
    assert "not well-formed" in refused(inside("means a light", "means &xxe; light")).message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-32"])
def test_any_encoding_but_utf_8_is_refused(encoding: str) -> None:
    text = GOOD.removeprefix("\ufeff")
    refused(text.encode(encoding))
    refused(text.replace('encoding="utf-8"', f'encoding="{encoding}"').encode(encoding))


def test_a_declaration_of_another_encoding_is_refused_though_the_bytes_would_do() -> None:
    error = refused(GOOD.replace('encoding="utf-8"', 'encoding="UTF-7"'))
    assert "UTF-7" in error.message and error.source == "law.xml:1"


def test_bytes_that_are_not_utf_8_name_their_line() -> None:
    broken = GOOD.encode().replace(b"<Body", b"\n\n\xff<Body", 1)
    assert refused(broken).source == "law.xml:3"


def test_xinclude_is_an_unknown_element() -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    error = refused(inside("<Body ", f"{include}<Body "))
    assert "include" in error.message


def test_an_unknown_element_is_named_with_its_place_and_what_is_known() -> None:
    error = refused(inside("<Body ", "\n<Novelty/><Body "))
    assert error.message == "unknown element <Novelty> in <Regulation>"
    assert error.source == "law.xml:2"
    assert "never dropped" in (error.hint or "")
    assert "did you mean <Paragraph>" in (refused(inside("<Body ", "<Pragraph/><Body ")).hint or "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("means a light", "means <Novelty/> a light"),
        ("<entry>East Coast</entry>", "<entry><Novelty>East Coast</Novelty></entry>"),
        ("<TitleText>Lamps</TitleText>", "<TitleText>Lamps</TitleText><Novelty/>"),
        ("<colspec ", "<Novelty/><colspec "),
        ("</HistoricalNoteSubItem>", "</HistoricalNoteSubItem><Novelty/>"),
        ("<Label>(a)</Label>", "<Label>(a)</Label><Novelty/>"),
    ],
    ids=["text", "cell", "heading", "table", "note", "paragraph"],
)
def test_an_unknown_element_is_refused_wherever_it_stands(old: str, new: str) -> None:
    assert "unknown element <Novelty>" in refused(inside(old, new)).message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Label>(a)</Label>", "<Label>(a)</Label>stray"),
        ("<Body ", "stray<Body "),
        ("<entry>East Coast</entry>", "<entry>East Coast</entry>stray"),
        ("<colspec ", "stray<colspec "),
        ("</HistoricalNoteSubItem>", "</HistoricalNoteSubItem>stray"),
        ("<TitleText>Islands</TitleText>", "<TitleText>Islands</TitleText>stray"),
        ("</Item>", "</Item>stray"),
        ("<MarginalNote ", "stray<MarginalNote "),
    ],
    ids=["paragraph", "root", "row", "table", "note", "schedule", "list", "section"],
)
def test_words_between_elements_are_refused_not_dropped(old: str, new: str) -> None:
    assert "words where none" in refused(inside(old, new)).message


@pytest.mark.parametrize(
    "text",
    ["", "   \n", "just words", "<html><body/></html>", "\0\0\0\0", "{}", GOOD[: len(GOOD) // 2], GOOD[:-3], "\ufeff"],
    ids=["empty", "blank", "text", "html", "nul", "json", "half", "cut", "mark-only"],
)
def test_what_is_not_a_law_is_refused(text: str) -> None:
    refused(text)


def test_another_kind_of_document_is_named() -> None:
    error = refused("<rss/>")
    assert "<rss>" in error.message and "<Statute>" in (error.hint or "")


def test_depth_is_bounded() -> None:
    deep = "<Paragraph>" * (MAX_DEPTH + 2) + "</Paragraph>" * (MAX_DEPTH + 2)
    assert "deep" in refused(inside("</Body>", f"<Section><Label>9</Label>{deep}</Section></Body>")).message
    very = "<Paragraph>" * 5000 + "</Paragraph>" * 5000
    refused(inside("</Body>", f"<Section>{very}</Section></Body>"))


def test_words_are_not_nested_without_bound() -> None:
    very = "<Emphasis>" * 5000 + "</Emphasis>" * 5000
    refused(inside("means a light", f"means {very}"))


def test_size_is_bounded() -> None:
    with pytest.raises(InputError, match="MiB"):
        parse_xml(b" " * (MAX_BYTES + 1), source="law.xml")


def test_a_date_that_is_no_day_is_refused() -> None:
    for wrong in ("2001-02-30", "2001-2-3", "20010203", "tomorrow"):
        text = inside('lims:pit-date="2001-01-01"', f'lims:pit-date="{wrong}"')
        assert wrong in refused(text).message


def test_a_law_without_a_number_is_refused() -> None:
    assert "number" in refused(inside("<InstrumentNumber>SOR/1901-7</InstrumentNumber>", "")).message


def test_comments_and_processing_instructions_do_not_split_words() -> None:
    text = inside("means a light", "means <!-- not law --> a <?x y?>light")
    lamp = next(unit for unit in read(text).units if unit.path == "1/lamp")
    assert lamp.text == "lamp means a light that ships can see. (lampe)"


def test_a_byte_order_mark_may_be_there_or_not() -> None:
    assert read(GOOD).units == read(GOOD.removeprefix("\ufeff")).units


def test_a_snapshot_survives_json() -> None:
    snapshot = read(GOOD)
    again = Snapshot.from_json(snapshot.to_json())
    assert again == snapshot
    assert again.to_json() == snapshot.to_json()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"form":0}', b"\xff"])
def test_json_of_another_form_is_refused(content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        Snapshot.from_json(content)
    assert caught.value.code == "E_FORM"


PLAIN = GOOD.encode()
SPLICES = [
    b"<",
    b">",
    b"&",
    b'"',
    b"</Section>",
    b"<Section>",
    b"<Label/>",
    b"\xff",
    b"\0",
    b"]]>",
    b"<![CDATA[x]]>",
    b"<?p?>",
]


@given(
    st.integers(0, len(PLAIN)),
    st.integers(0, 40),
    st.one_of(st.sampled_from(SPLICES), st.binary(max_size=8)),
)
def test_any_damage_is_refused_or_read_and_nothing_else(at: int, cut: int, new: bytes) -> None:
    try:
        snapshot = read(PLAIN[:at] + new + PLAIN[at + cut :])
    except InputError as error:
        assert error.code == "E_XML" and error.source
        return
    assert Snapshot.from_json(snapshot.to_json()) == snapshot
    assert law_quads([snapshot])


@given(st.permutations(range(6)), st.integers(0, 5))
def test_elements_in_another_order_are_read_or_refused(order: list[int], step: int) -> None:
    """Body, schedules and identification in any order, twice, or missing: never an error of another kind."""
    parts = re.split(r"(?=<(?:Identification|Body|Schedule|Section|List|Heading)\b)", build(step, french=False))
    shuffled = [parts[0], *(parts[1 + one % (len(parts) - 1)] for one in order), *parts[1:]]
    try:
        read("".join(shuffled))
    except InputError as error:
        assert error.code == "E_XML"


def test_only_the_one_parser_reads_xml(repo: Path) -> None:
    """No other module makes a parser of its own, or reads XML with one that is not hardened."""
    wanted = re.compile(r"^\s*(?:from|import)\s+(?:lxml|xml\.(?!sax\.saxutils)|defusedxml|html5lib|bs4)", re.MULTILINE)
    found = sorted(
        str(path.relative_to(repo))
        for folder in ("kg", "cli")
        for path in (repo / folder).rglob("*.py")
        if wanted.search(path.read_text(encoding="utf-8"))
    )
    assert found == ["kg/inforce/law/xml.py"]
