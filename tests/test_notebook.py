"""What a notebook shows of answers, tables and histories: what they say, with every word of data escaped."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from inforce import Table

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&```\n# x"


class Seen(HTMLParser):
    """The tags and the words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words += data + " "


def seen(html: str) -> Seen:
    found = Seen()
    found.feed(html)
    return found


def test_an_answer_shows_its_outcome_and_its_rules(kb: Any) -> None:
    answer = kb.check({"citizenships": ["FRA"], "lmia_required": "no"}, on="2018-01-01", ordinarily=True)
    page = seen(answer._repr_html_())
    assert "ORDINARILY MAY" in page.words and "R-WP-198-1" in page.words and "strictly depends" in page.words
    assert kb.book.verified_through in page.words and "not legal advice" in page.words
    assert ", 2018-01-01 ·" in page.words and "2018-01-02" not in page.words
    year = seen(kb.check({"citizenships": ["IND"]}, on="2018", action="trv-needed", ordinarily=True)._repr_html_())
    assert ", 2018-01-01 to 2018-12-31 ·" in year.words
    no = seen(kb.check({"citizenships": ["IND"]}, on="2018-01-01", ordinarily=True)._repr_html_())
    assert "ORDINARILY MAY NOT" in no.words
    strict = seen(kb.check({}, on="2018-01-01")._repr_html_())
    assert "DEPENDS" in strict.words and "could still change it" in strict.words


def test_hostile_words_of_an_answer_stay_words(kb: Any) -> None:
    answer = kb.check({"citizenships": ["FRA"]}, on="2018-01-01", ordinarily=True)
    grounds = tuple(replace(g, label={"en": HOSTILE, "fr": HOSTILE}, instrument=HOSTILE) for g in answer.grounds)
    bad = replace(answer, grounds=grounds, missing=({"fact": HOSTILE, "question": {"en": HOSTILE}},))
    page = seen(bad._repr_html_())
    assert "script" not in page.tags and "img" not in page.tags and "<script>alert(1)" in page.words
    assert bad._repr_markdown_().count("```") == 2


def test_a_table_shows_its_rows_and_says_what_it_leaves_out() -> None:
    page = seen(Table((HOSTILE, "n"), tuple((HOSTILE, number) for number in range(500)))._repr_html_())
    assert page.tags.count("tr") == 201 and "200 of 500 rows" in page.words
    assert "script" not in page.tags and "img" not in page.tags
    assert "there are more" in seen(Table(("a",), ((1,),), truncated=True)._repr_html_()).words
    assert "None" not in seen(Table(("a",), ((None,),))._repr_html_()).words


def test_a_cell_with_several_things_names_them() -> None:
    page = seen(Table(("sources",), ((["S-1", "<b>"],), ((),)))._repr_html_())
    assert "S-1, <b>" in page.words and "b" not in page.tags and "[" not in page.words


def test_a_history_shows_its_picture_and_its_rows(kb: Any) -> None:
    page = seen(kb.history({"citizenships": ["MEX"]}, action="trv-needed")._repr_html_())
    assert "svg" in page.tags and "table" in page.tags and "script" not in page.tags
