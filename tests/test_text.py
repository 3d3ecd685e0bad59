"""Nothing that data say can move a cursor, hide a word or turn a line around."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inforce_cli.render.text import safe_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("\x00\x7f\x85", "\\x00\\x7f\\x85"),
        ("over\rwritten", "over\\x0dwritten"),
        ("a\u202eb\u2066c\u200ed", "a<U+202E>b<U+2066>c<U+200E>d"),
        ("zero\u200bwidth", "zero<U+200B>width"),
        ("\ud800", "<U+D800>"),
        ("200(3)[/e] [b]Québec[/b]\n\tfin", "200(3)[/e] [b]Québec[/b]\n\tfin"),
    ],
)
def test_dangerous_characters_are_shown_not_sent(text: str, shown: str) -> None:
    assert safe_text(text) == shown


@given(st.text())
def test_what_is_shown_can_always_be_encoded_and_holds_no_control(text: str) -> None:
    shown = safe_text(text)
    shown.encode("utf-8")
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\t\n"]
    assert not [
        c
        for c in shown
        if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    ]
    assert safe_text(shown) == shown
