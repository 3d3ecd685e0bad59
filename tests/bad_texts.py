"""Files that are no Turtle, or Turtle that cannot be: bytes, where the fault is, and what would be right.

Used by ``test_check.py``. ``HEAD`` is four lines, so a fault in the line after it is on line 5.
"""

# ruff: noqa: E501  # A table: what is replaced is easier to read unbroken.
from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """Bytes of a file; ``line`` and ``column`` of the first fault, 0 where it has none."""

    name: str
    content: bytes
    line: int
    column: int
    says: str
    code: str = "E_RDF"


HEAD = (
    "@base <https://w3id.org/inforce/> .\n"
    "@prefix inf: <https://w3id.org/inforce/ns#> .\n"
    "@prefix rule: <https://w3id.org/inforce/rule/> .\n"
    "@prefix note: <https://ducks.example/> .\n"
)
GOOD = "note:a note:b 1 .\n"


def after(text: str) -> bytes:
    return (HEAD + text).encode()


WHOLE = (HEAD + GOOD).encode()
TEXTS = [
    # not Turtle at all
    Text("empty", b"", 1, 0, "states nothing"),
    Text("blank lines", b"\n\n\n", 1, 0, "states nothing"),
    Text("only comments", b"# nothing\n# here\n", 1, 0, "states nothing"),
    Text("only prefixes", HEAD.encode(), 1, 0, "states nothing"),
    Text("byte order mark", b"\xef\xbb\xbf" + WHOLE, 1, 1, "without one"),
    Text("UTF-16 with a mark", WHOLE.decode().encode("utf-16"), 1, 1, "save it as Turtle in UTF-8"),
    Text("UTF-16 little end first", WHOLE.decode().encode("utf-16-le"), 1, 1, "save it as Turtle in UTF-8"),
    Text("UTF-16 big end first", WHOLE.decode().encode("utf-16-be"), 1, 1, "save it as Turtle in UTF-8"),
    Text("UTF-32", WHOLE.decode().encode("utf-32"), 1, 1, "save it as Turtle in UTF-8"),
    Text("Latin-1", after('note:a note:b "d\u00e9cret" .').decode().encode("latin-1"), 5, 17, "byte 0xE9 is not UTF-8"),
    Text("UTF-8 cut within a letter", after('note:a note:b "d\u00e9')[:-1], 5, 17, "byte 0xC3 is not UTF-8"),
    Text("overlong UTF-8", after('note:a note:b "') + b'\xc0\xaf" .', 5, 16, "byte 0xC0"),
    Text("surrogate in UTF-8", after('note:a note:b "') + b'\xed\xa0\x80" .', 5, 16, "byte 0xED"),
    Text("NUL byte", after('note:a note:b "x\0y" .'), 5, 17, "Turtle is text"),
    Text("NUL bytes only", b"\0" * 64, 1, 1, "UTF-8"),
    Text("PNG image", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", 1, 1, "a PNG image"),
    Text("PDF", b"%PDF-1.7\n%\xe2\xe3", 1, 1, "PDF"),
    Text("gzip", b"\x1f\x8b\x08\x00\x00\x00", 1, 1, "gzip"),
    Text("zip archive", b"PK\x03\x04\x14\x00", 1, 1, "a zip archive"),
    Text("random bytes", bytes(range(128, 256)), 1, 1, "not UTF-8"),
    Text("JSON-LD", b'{"@context": "https://ducks.example/c.jsonld"}', 1, 1, "JSON"),
    Text("JSON-LD in a list", b'[{"@context": "https://ducks.example/c.jsonld"}]', 1, 2, "not good Turtle"),
    Text("RDF/XML", b'<?xml version="1.0"?>\n<rdf:RDF/>', 1, 1, "XML"),
    Text("RDF/XML with entities", b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>', 1, 1, "XML"),
    Text("HTML", b"<html><body>Not found</body></html>", 1, 1, "HTML"),
    Text("YAML", b"rule: R-1\neffect: bar\n", 1, 1, "declare it with @prefix"),
    Text("CSV", b"rule,effect\nR-1,bar\n", 1, 1, "not good Turtle"),
    Text("prose", b"Ducks may not enter.\n", 1, 1, "not good Turtle"),
    Text("SPARQL update", b"INSERT DATA { <https://a.example/> <https://a.example/> 1 }", 1, 1, "not good Turtle"),
    Text("TriG", after("note:g { note:a note:b 1 . }"), 5, 8, "not good Turtle"),
    # bad Turtle
    Text("cut within a text", after('note:a note:b "No du'), 5, 15, "close the string"),
    Text("cut within a long text", after('note:a note:b """No\nducks'), 5, 15, "close the string"),
    Text("cut within an IRI", after("note:a note:b <rule/R"), 5, 15, "close the string"),
    Text("cut after a statement's subject", after("note:a"), 5, 7, "full stop"),
    Text("cut before the full stop", after("note:a note:b 1"), 5, 16, "full stop"),
    Text("cut within brackets", after("note:a note:b [ note:c 1"), 5, 25, "full stop"),
    Text("cut within a list", after("note:a note:b ( 1 2"), 5, 20, "full stop"),
    Text("no full stop between two", after("note:a note:b 1\n\nnote:c note:d 2 ."), 7, 1, "not good Turtle"),
    Text("list that is not closed", after("note:a note:b ( 1 2 ."), 5, 21, "a value is"),
    Text("bracket that is not closed", after("note:a note:b [ note:c 1 ."), 5, 26, "close the bracket"),
    Text("bracket that was not opened", after("note:a note:b 1 ] ."), 5, 17, "not good Turtle"),
    Text("two brackets in one place", after("note:a note:b [[ note:c 1 ]] ."), 5, 16, "a property is"),
    Text("unknown prefix", after("note:a duck:b 1 ."), 5, 8, "declare it with @prefix"),
    Text("prefix without a colon", b"@prefix inf <https://w3id.org/inforce/ns#> .\n", 1, 9, "not good Turtle"),
    Text("prefix without an IRI", b"@prefix inf: inforce .\n", 1, 14, "not good Turtle"),
    Text("prefix in capitals", b"@PREFIX inf: <https://w3id.org/inforce/ns#> .\n", 1, 1, "not good Turtle"),
    Text("space in an IRI", after("note:a note:b <rule/R 1> ."), 5, 15, "no spaces"),
    Text("quote in an IRI", after('note:a note:b <rule/"R"> .'), 5, 15, "not good Turtle"),
    Text("brace in an IRI", after("note:a note:b <rule/{R}> ."), 5, 15, "not good Turtle"),
    Text("surrogate escape", after('note:a note:b "\\uD800" .'), 5, 16, "write the character itself"),
    Text("escape beyond Unicode", after('note:a note:b "\\U00110000" .'), 5, 16, "write the character itself"),
    Text("NUL escape", after('note:a note:b "\\u0000" .'), 5, 0, "take it out"),
    Text("unknown escape", after('note:a note:b "\\d" .'), 5, 16, "not good Turtle"),
    Text("language with an underscore", after('note:a note:b "duck"@en_CA .'), 5, 24, "not good Turtle"),
    Text("language without letters", after('note:a note:b "duck"@ .'), 5, 22, "a language tag is en or fr"),
    Text("datatype left out", after('note:a note:b "1"^^ .'), 5, 21, "xsd:date"),
    Text("text over two lines", after('note:a note:b "No\nducks" .'), 5, 18, '"""'),
    Text("day without quotes", after("note:a note:b 2024-12-24 ."), 5, 19, "not good Turtle"),
    Text("yes for true", after("note:a note:b yes ."), 5, 15, "true or false"),
    Text("curly quotes", after("note:a note:b \u201cduck\u201d ."), 5, 15, "not good Turtle"),
    Text("text as subject", after('"duck" note:b 1 .'), 5, 1, "a subject is"),
    Text("text as property", after('note:a "duck" 1 .'), 5, 8, "a property is"),
    Text("number as property", after("note:a 7 1 ."), 5, 8, "a property is"),
    Text("two commas", after("note:a note:b 1 , , 2 ."), 5, 19, "a value is"),
    Text("comma at the end", after("note:a note:b 1 , ."), 5, 19, "a value is"),
    Text("triple about a triple", after("<< note:a note:b note:c >> note:d 1 ."), 5, 0, "a node of its own"),
    Text("graph", after("GRAPH note:g { note:a note:b note:c }"), 5, 1, "not good Turtle"),
    Text("import in SPARQL's words", after("LOAD <https://ducks.example/more.ttl> ."), 5, 1, "not good Turtle"),
    # Turtle that cannot be
    Text("relative IRI", b"<a> <https://a.example/b> 1 .\n", 1, 0, "add @base"),
    Text("relative IRI in a prefix", b"@prefix a: <a#> .\na:b a:c 1 .\n", 1, 12, "give @base"),
    Text(
        "nested as deep as a well",
        after("note:a note:b " + "[ note:b " * 5000 + "1" + "] " * 5000 + "."),
        5,
        0,
        "name the inner parts",
    ),
    Text(
        "lists within lists",
        after("note:a note:b " + "( " * 100_000 + ") " * 100_000 + "."),
        5,
        0,
        "100000 deep, at most 100",
    ),
    Text("blank nodes in a circle", after("_:a note:b _:c .\n_:c note:b _:a .\n"), 5, 0, "give them names", "E_CYCLE"),
    Text(
        "blank nodes in a long chain",
        after("".join(f"_:n{i + 1} note:b _:n{i} .\n" for i in range(3000))),
        5,
        0,
        "give them names",
        "E_CYCLE",
    ),
]
