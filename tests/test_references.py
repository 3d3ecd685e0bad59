"""References within a law, read from its words; the words here are invented, the forms are those of the real ones."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from inforce.references import reference_links, references
from inforce.vocab import BASE, PREFIXES

KNOWN = {
    *("r/5", "r/5/1", "r/5/2", "r/5/2/a", "r/5/2/a/i", "r/5/2/a/ii", "r/5/2/b", "r/5/2/b/i", "r/5/2/c"),
    *("r/6", "r/7", "r/7.01", "r/7.01/1", "r/8", "r/9", "r/9/a", "r/9/b", "r/9/b/i", "r/9/c", "r/9/d"),
    *("r/2/lamp", "r/2/lamp/a", "r/2/lamp/b", "r/schedule-1.1", "r/part-9", "act/11/1", "act/12"),
}
ACTS = {"r": "act"}
TITLES = {"Lamps and Harbours Act": "act"}


@pytest.mark.parametrize(
    ("words", "at", "told"),
    [
        ("under section 6 a lamp", "r/5/1", ["r/6"]),
        ("under sections 6 and 7.01, or both", "r/5/1", ["r/6", "r/7.01"]),
        ("under sections 6 to 8", "r/5/1", ["r/7", "r/6", "r/8"]),
        ("under subsection 7.01(1) or 5(2)", "r/9", ["r/7.01/1", "r/5/2"]),
        ("paragraphs 5(2)(a) or (b)", "r/9", ["r/5/2/a", "r/5/2/b"]),
        ("paragraphs 9(a) to (d)", "r/5", ["r/9/a", "r/9/b", "r/9/c", "r/9/d"]),
        # What names no section is of the same section, or of what stands above in it.
        ("Despite subsection (1), a lamp", "r/5/2", ["r/5/1"]),
        ("a lamp of paragraph (b)", "r/5/2/a", ["r/5/2/b"]),
        ("a lamp of paragraph (b)", "r/9/a", ["r/9/b"]),
        ("a lamp of paragraph (b)", "r/2/lamp/a", ["r/2/lamp/b"]),
        ("a lamp of paragraph (2)(c)", "r/5/1", ["r/5/2/c"]),
        ("a lamp of subparagraph (ii)", "r/5/2/a/i", ["r/5/2/a/ii"]),
        ("a lamp of subparagraph (b)(i)", "r/5/2/a", ["r/5/2/b/i"]),
        ("Subparagraph (b)(i) and section 6", "r/9/a", ["r/9/b/i", "r/6"]),
        # Another law: the act that the regulation is made under is held, others are not.
        ("under subsection 11(1) of the Act", "r/5/1", ["act/11/1"]),
        ("under section 6 of the Harbour Act", "r/5/1", []),
        ("under section 6 of that Act", "r/5/1", []),
        ("under section 6 of the former Act", "r/5/1", []),
        ("paragraph (b) of the definition lamp in section 2", "r/9/a", []),
        ("a lamp of Schedule 1.1 to the former Regulations", "r/5/1", []),
        ("submits under section 6 to the Minister", "r/5/1", ["r/6"]),
        ("under section 6 of this section or of section 7", "r/5/1", ["r/6", "r/7"]),
        ("under section 6 of these Regulations", "r/5/1", ["r/6"]),
        ("under section 6 of the Regulations", "act/12", ["r/6"]),
        ("the list of Schedule 1.1 and Part 9", "r/5/1", ["r/schedule-1.1", "r/part-9"]),
        ("subparagraphs 5(2)(a)(i) to (iii)", "r/9", ["r/5/2/a/i", "r/5/2/a/ii"]),
        ("section 12 of the Lamps and Harbours Act", "r/9", ["act/12"]),
        # Nothing that is not there, nothing twice, and no reference to itself.
        ("section 99 and section 6 and section 6", "r/5/1", ["r/6"]),
        ("this section 5", "r/5", []),
        ("a section of lamps, paragraph by paragraph, 6 of them", "r/5/1", []),
        ("", "r/5", []),
    ],
)
def test_words_refer_to(words: str, at: str, told: list[str]) -> None:
    assert sorted(references(words, at, KNOWN, ACTS, TITLES)) == sorted(told)


def test_a_regulation_without_an_act_refers_to_none() -> None:
    assert references("under subsection 11(1) of the Act", "r/5/1", KNOWN, {}) == []


def lines(*told: tuple[str, str, str]) -> list[bytes]:
    """Wordings of (path, language, words) as quads."""
    graph, found = ox.NamedNode(BASE + "graph/law"), []
    for path, language, words in told:
        node = ox.NamedNode(f"{BASE}{path}/2001-01-01/{language}")
        for term, value in (
            (PREFIXES["dct"] + "isVersionOf", ox.NamedNode(BASE + path)),
            (PREFIXES["dct"] + "language", ox.Literal(language)),
            (PREFIXES["inf"] + "text", ox.Literal(words)),
        ):
            found.append(f"{ox.Quad(node, ox.NamedNode(term), value, graph)} .".encode())
    return found


def test_links_are_of_english_wordings_of_the_law_in_force() -> None:
    text = lines(
        ("r/5", "en", 'a "lamp" of section 6, under section 12 of the Act'),
        ("r/5", "fr", "une lampe visée à l’article 6"),
        ("r/6", "en", "a torch"),
        ("r/7", "en", "a torch of section 12 of the Lamps Act"),
        ("act/12", "en", "a lamp"),
        ("r/related/x/1", "en", "section 6 is repealed"),
        ("r/5/footnote", "en", "[Note: section 6 in force then]"),
    )
    packaged = [
        f"<{BASE}r> <{PREFIXES['eli']}based_on> <{BASE}act> <{BASE}graph/data> .".encode(),
        f'<{BASE}act> <{PREFIXES["rdfs"]}label> "Lamps Act"@en <{BASE}graph/data> .'.encode(),
    ]
    found = reference_links(packaged, text)
    assert found == reference_links(packaged, text[::-1])
    store = ox.Store()
    store.bulk_load(input=b"\n".join(found), format=ox.RdfFormat.N_QUADS)
    told = {(q.subject.value, q.object.value) for q in store}
    wording = f"{BASE}r/5/2001-01-01/en"
    torch = f"{BASE}r/7/2001-01-01/en"
    assert told == {(wording, f"{BASE}r/6"), (wording, f"{BASE}act/12"), (torch, f"{BASE}act/12")}
