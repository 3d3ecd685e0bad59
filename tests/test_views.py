"""The picture that the header of a query asks for: what it draws, and what it refuses."""

from __future__ import annotations

import re
import shlex
from typing import Any
from xml.etree import ElementTree

import pytest

from inforce import Table
from inforce.errors import InputError
from inforce.queries import saved
from inforce.views import MOST, drawn, read_view

SVG = "{http://www.w3.org/2000/svg}"
VIEWS = {name: view for name, query in saved().items() if (view := read_view(query.text))}


def picture(header: str, columns: tuple[str, ...], *rows: tuple[Any, ...], lang: str = "en") -> ElementTree.Element:
    view = read_view(header)
    assert view is not None
    found = drawn(view, Table(columns, rows), lang=lang)
    assert found is not None
    return ElementTree.fromstring(found)


def bars(root: ElementTree.Element) -> list[tuple[str, float, float, float]]:
    """Each bar: what it is called, where it begins and ends, and its line."""
    found = []
    for one in root.iter():
        title = one.find(f"{SVG}title")
        if one.get("class") != "bar" or title is None:
            continue
        if one.tag == f"{SVG}rect":
            x = float(one.get("x", ""))
            place = (x, x + float(one.get("width", "")), float(one.get("y", "")))
        else:
            numbers = re.match(r"M([\d.]+) ([\d.]+)H([\d.]+)", one.get("d", ""))
            assert numbers is not None
            place = (float(numbers[1]), float(numbers[3]), float(numbers[2]))
        found.append((title.text or "", *place))
    return found


SPAN = "# view: timeline row=?who from=?a until=?b by=?by"
COLUMNS = ("who", "a", "b", "by")


def test_a_stretch_twice_as_long_is_twice_as_wide() -> None:
    rows = (("x", "2001-01-01", "2001-01-11", None), ("y", "2001-01-11", "2001-01-31", None))
    (_, x, end, _), (_, y, last, _) = bars(picture(SPAN, COLUMNS, *rows))
    assert end == y and last - y == pytest.approx(2 * (end - x), abs=0.5)


def test_open_and_unknown_ends_go_past_the_days_that_are_known() -> None:
    rows = (
        ("x", None, "2005-01-01", None),
        ("x", "2005-01-01", None, "SOR/1"),
        ("y", "2004-01-01", "2006-01-01", None),
    )
    first, second, other = bars(picture(SPAN, COLUMNS, *rows))
    assert first[0] == "x, from an unknown day, up to 2005-01-01, itself left out"
    assert second[0] == "x, from 2005-01-01, no end, SOR/1"
    assert first[1] < other[1] and second[2] > other[2]


def test_what_overlaps_stands_on_lines_of_its_own() -> None:
    rows = (("x", "2001-01-01", "2003-01-01", None), ("x", "2002-01-01", "2004-01-01", None))
    one, other = bars(picture(SPAN, COLUMNS, *rows))
    assert one[3] < other[3]


def test_the_same_stretch_of_several_rows_is_drawn_once() -> None:
    rows = tuple(("x", "2001-01-01", None, by) for by in ("SOR/1", "SOR/2", "SOR/1", None))
    assert [one[0] for one in bars(picture(SPAN, COLUMNS, *rows))] == ["x, from 2001-01-01, no end, SOR/1, SOR/2"]


def test_ours_are_named_as_people_cite_them() -> None:
    base = "https://w3id.org/inforce/"
    rows = (
        (f"{base}irpr/198/2/a/2017-05-05", "2017-05-05", None, f"{base}instrument/SOR/2017-78"),
        (f"{base}list/visa-exempt", "2017-05-05", None, None),
    )
    english, french = (picture(SPAN, COLUMNS, *rows, lang=lang) for lang in ("en", "fr"))
    assert bars(english)[0][0] == "IRPR 198(2)(a), 2017-05-05, from 2017-05-05, no end, SOR/2017-78"
    assert bars(french)[0][0].startswith("RIPR 198(2)a), 2017-05-05, du 2017-05-05")
    assert bars(english)[1][0].startswith("visa-exempt, ")


def test_bars_are_as_long_as_their_rows_or_sums() -> None:
    counted = picture("# view: chart of=?x by=?k", ("x", "k"), ("a", "p"), ("a", "q"), ("a", "q"), ("b", "p"))
    wide = {name: end - x for name, x, end, _ in bars(counted)}
    assert wide["a, q: 2"] == pytest.approx(2 * wide["a, p: 1"], abs=0.2) == pytest.approx(2 * wide["b, p: 1"], abs=0.2)
    summed = picture("# view: chart of=?x value=?n", ("x", "n"), ("a", 3), ("a", "4"), ("b", "no number"), ("c", 7))
    assert [name for name, *_ in bars(summed)] == ["a: 7", "c: 7"]


def test_more_days_than_can_be_drawn_are_months() -> None:
    days = [(f"2024-{month:02}-{day:02}",) for month in range(1, 13) for day in range(1, 6)]
    assert len(days) > MOST
    names = [name for name, *_ in bars(picture("# view: chart of=?d", ("d",), *days))]
    assert names == [f"2024-{month:02}: 5" for month in range(1, 13)]


def test_more_lines_than_can_be_drawn_are_counted() -> None:
    rows = tuple((f"x{number}", "2001-01-01", "2002-01-01", None) for number in range(MOST + 7))
    root = picture(SPAN, COLUMNS, *rows)
    assert len(bars(root)) == MOST
    assert f"The first {MOST} of {MOST + 7} are drawn; the rows have them all." in "".join(root.itertext())


@pytest.mark.parametrize(
    "header",
    [
        "# view: pie of=?x",
        "# view: timeline",
        "# view: timeline until=?b",
        "# view: timeline from=?a colour=?b",
        "# view: chart of=x",
        "# view: chart of=?x and more",
        "# view:",
    ],
)
def test_a_view_that_cannot_be_read_is_refused(header: str) -> None:
    with pytest.raises(InputError) as caught:
        read_view(header)
    assert caught.value.hint and "# view: timeline" in caught.value.hint


def test_a_column_that_is_not_there_is_refused_and_no_view_is_none() -> None:
    view = read_view("PREFIX x: <y:>\n  # view: chart of=?gone")
    assert view is not None and read_view("SELECT ?view { ?view ?p ?o }") is None
    with pytest.raises(InputError, match=r"\?gone"):
        drawn(view, Table(("x",), ()))
    assert drawn(view, Table(("gone",), ())) is None


def test_hostile_values_stay_text() -> None:
    evil = '"><script>alert(1)</script>\x00\x1b]0;\ud800 '
    days = ("2001-01-01", "9999-99-99", "0000-00-00", evil)
    rows = tuple((evil + str(number), day, None, evil) for number, day in enumerate(days))
    for header in (SPAN, "# view: chart of=?who by=?by", "# view: chart of=?a value=?b"):
        view = read_view(header)
        assert view is not None
        found = drawn(
            view, Table(COLUMNS, rows), title=evil.replace("\x00", "").replace("\x1b", "").replace("\ud800", "")
        )
        assert found is None or {one.tag for one in ElementTree.fromstring(found).iter()} <= {
            SVG + tag for tag in ("svg", "title", "rect", "path", "text")
        }


@pytest.mark.parametrize("name", VIEWS)
def test_the_view_of_a_saved_query_names_its_columns_and_draws_its_example(kb: Any, name: str) -> None:
    query = saved()[name]
    assert set(VIEWS[name].columns.values()) <= set(query.columns)
    given = dict(word.split("=", 1) for word in shlex.split(query.example)[3:])
    table = kb.query(name, given)
    for lang in ("en", "fr"):
        found = kb.picture(query.text, table, title=query.title, lang=lang)
        # Without imported law the queries over its text have no rows.
        assert (found is None) == (not table.rows)
        if found is not None:
            assert len(bars(ElementTree.fromstring(found))) > 0


def test_the_views_that_readers_were_promised_are_there() -> None:
    promised = {"changes-between", "list-history", "versions-of", "rule-over-time", "provision-versions", "coverage"}
    assert promised <= set(VIEWS)


def test_the_command_writes_the_picture(run: Any) -> None:
    found = run("query list-history entry=MEX --format svg")
    assert found.code == 0 and len(bars(ElementTree.fromstring(found.out))) == 5
    page = run("query list-history entry=MEX --format html")
    assert found.out in page.out and page.out.count("<tr>") == 6
    assert run("query conflicts --format svg").code == 2
    nothing = run("query list-history entry=C10 --format svg")
    assert nothing.code == 2 and "no row that can be drawn" in nothing.err
