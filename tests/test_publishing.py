"""The graph as a whole: its schema, files to pass on with their checksums, and changes as a feed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from command_line import Ran, schema

from inforce import feed as feeds
from inforce.errors import UsageError

ATOM = "{http://www.w3.org/2005/Atom}"

# ---- schema ----------------------------------------------------------------------------------------


def test_the_schema_keeps_to_its_schema(run: Callable[..., Ran]) -> None:
    schema("graph-schema").validate(json.loads(run("schema --json").out))


def test_the_schema_counts_what_is_there(kb: Any) -> None:
    found = kb.schema()
    classes = {one["name"]: one for one in found["classes"]}
    assert classes["inf:Rule"]["things"] == len(kb.list("rules"))
    assert classes["inf:Fact"]["things"] == len(kb.list("facts"))
    properties = {one["name"]: one for one in found["properties"]}
    assert properties["inf:versionOf"]["subjects"] == classes["inf:RuleVersion"]["things"]
    # The same triple in two graphs is one.
    store, triples = kb._packaged, set()
    node = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    triples = {str(quad.triple) for quad in store.quads_for_pattern(None, node, None, None)}
    assert properties["rdfs:label"]["triples"] == len(triples)


def test_every_example_of_the_schema_is_in_the_graph(kb: Any) -> None:
    from inforce.vocab import expand

    for one in kb.schema()["classes"]:
        assert kb.sparql(f"ASK {{ <{expand(one['example'])}> a <{one['iri']}> }}"), one
    for one in kb.schema()["properties"][::10]:
        subject, _, value = one["example"]
        found = kb.sparql(f"SELECT (STR(?v) AS ?value) {{ <{expand(subject)}> <{one['iri']}> ?v }}")
        values = [row["value"] for row in found]
        assert value in values or expand(value) in values, one


def test_the_schema_is_text_tables_and_json(run: Callable[..., Ran]) -> None:
    text = run("schema").out
    assert re.search(r"^  inf:Rule +\d+  rule:", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 80
    rows = list(csv.DictReader(io.StringIO(run("schema prefixes --format csv").out)))
    assert {"prefix": "inf", "iri": "https://w3id.org/inforce/ns#"} in rows
    assert run("schema classes --limit 2").code == 8
    assert run("schema --limit 2").code == 8
    ran = run("schema clases")
    assert ran.code == 2 and "classes" in ran.err


# ---- export ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "form"), [("graph", "ttl"), ("graph", "nq"), ("graph", "jsonld"), ("tables", "csv"), ("tables", "parquet")]
)
def test_an_export_is_whole_checked_and_the_same_again(
    run: Callable[..., Ran], kb: Any, tmp_path: Path, what: str, form: str
) -> None:
    for name in ("one", "two"):
        ran = run(f"export --what {what} --format {form} -o {tmp_path / name}")
        assert ran.code == 0, ran.err
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums.keys() == files.keys() - {"SHA256SUMS"}
    assert all(hashlib.sha256(files[name]).hexdigest() == digest for name, digest in sums.items())
    card = files["README.md"].decode()
    assert kb.version in card and kb.book.verified_through in card and "CC-BY-4.0" in card
    assert all(f"`{name}`" in card for name in files.keys() - {"README.md", "SHA256SUMS"})


@pytest.mark.parametrize("form", ["ttl", "nq", "jsonld"])
def test_every_form_of_the_graph_has_the_same_triples(kb: Any, form: str) -> None:
    kinds = {"ttl": ox.RdfFormat.TURTLE, "nq": ox.RdfFormat.N_QUADS, "jsonld": ox.RdfFormat.JSON_LD}
    found = kb.export("graph", form)
    quads = set()
    for name, content in found.files.items():
        if name.endswith(form):
            graph = ox.NamedNode(f"https://w3id.org/inforce/graph/{name.removesuffix('.ttl')}")
            for quad in ox.parse(content, format=kinds[form]):
                quads.add(ox.Quad(quad.subject, quad.predicate, quad.object, graph) if form == "ttl" else quad)
    assert quads == set(ox.parse(kb.built.read("graph.nq"), format=ox.RdfFormat.N_QUADS))
    assert sum(found.rows.values()) == len(quads)


def test_both_forms_of_the_tables_have_the_same_rows(kb: Any) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    texts, columns = kb.export("tables", "csv"), kb.export("tables", "parquet")
    assert [name.rpartition(".")[0] for name in texts.rows] == [name.rpartition(".")[0] for name in columns.rows]
    for name, count in texts.rows.items():
        rows = list(csv.DictReader(io.StringIO(texts.files[name].decode())))
        table = parquet.read_table(io.BytesIO(columns.files[name.replace(".csv", ".parquet")]))
        assert (len(rows), table.num_rows) == (count, count)
        assert list(rows[0]) == table.column_names
    entries = parquet.read_table(io.BytesIO(columns.files["list-entries.parquet"])).to_pylist()
    mexico = [row for row in entries if row["entry"] == "place/MEX" and row["list"] == "list/visa-exempt"]
    assert date(2009, 7, 13) in [row["until"] for row in mexico] or mexico


@pytest.mark.parametrize("what", ["graph", "tables"])
def test_the_data_card_is_in_the_readers_language_and_the_data_are_the_same(kb: Any, what: str) -> None:
    form = {"graph": "nq", "tables": "csv"}[what]
    english, french = (kb.export(what, form, lang=lang) for lang in ("en", "fr"))
    cards = ("README.md", "SHA256SUMS")
    assert {n: c for n, c in english.files.items() if n not in cards} == {
        n: c for n, c in french.files.items() if n not in cards
    }
    card = french.files["README.md"].decode()
    for word in ("Version des données", "Sommes de contrôle", "Licence", "pas un avis juridique", "semi-ouverts"):
        assert word in card
    assert not re.search(r"\b(?:the|rows?|one|each|columns|what|when)\b", card.replace("--what", "")), card


def test_a_folder_is_not_overwritten(run: Callable[..., Ran], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    for line in (f"export -o {folder}", f"export -o {folder} --force"):
        ran = run(line)
        assert ran.code == 2 and "error[E_USAGE]" in ran.err
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]
    (folder / "thesis.txt").unlink()
    assert run(f"export -o {folder}").code == 2
    assert run(f"export -o {folder} --force").code == 0
    assert run(f"export --format nq -o {folder} --force").code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "SHA256SUMS", "graph.nq"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_export_needs_a_place(run: Callable[..., Ran], tmp_path: Path) -> None:
    assert run("export").code == 2
    assert run(f"export -o {tmp_path / 'no' / 'where'}").code == 2
    (tmp_path / "link").symlink_to(tmp_path)
    assert run(f"export -o {tmp_path / 'link'} --force").code == 2
    assert run(f"export --what all -o {tmp_path / 'x'}").code == 2
    assert run(f"export --what tables --format ttl -o {tmp_path / 'x'}").code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_an_export_that_cannot_be_written_leaves_nothing(
    run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    ran = run(f"export --format nq -o {tmp_path / 'out'}")
    assert ran.code == 6 and "no space left" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_one_file_can_be_written_alone(run: Callable[..., Ran], kb: Any, tmp_path: Path) -> None:
    assert run(f"export -o {tmp_path / 'graph.nq'}").code == 0
    assert (tmp_path / "graph.nq").read_bytes() == kb.export("graph", "nq").files["graph.nq"]


def test_imported_law_is_not_exported(kb: Any, kb_small: Any) -> None:
    for what, form in (("graph", "nq"), ("tables", "csv")):
        assert kb_small.export(what, form) == kb.export(what, form)


def test_the_sums_are_those_of_sha256sum(run: Callable[..., Ran], tmp_path: Path) -> None:
    run(f"export --what tables -o {tmp_path / 'out'}")
    command = ["sha256sum", "--quiet", "-c", "SHA256SUMS"]
    ran = subprocess.run(command, cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


# ---- feed ------------------------------------------------------------------------------------------

HOSTILE = [
    {
        "date": "2024-12-24",
        "time": "2024-12-24T00:01:00-05:00",
        "kind": "added",
        "layer": "act",
        "thing": "<script>alert(1)</script>",
        "citation": None,
        "instrument": "A;B,C\\D",
        "recorded": "2024-12-23",
        "label": 'a < b & "c" ]]> \x00\x1b[31m\ud800 fin',
        "label_fr": "é" * 100 + "\r\nBEGIN:VEVENT\r\nUID:x",
        "before": "line\nbreak",
        "after": None,
        "sources": ["S-1", "S-2"],
        "event": None,
    },
    {"date": "2024", "kind": "ended", "label": "a year", "thing": "X"},
]


@pytest.fixture(params=["packaged", "hostile"])
def rows(request: pytest.FixtureRequest, kb: Any) -> list[dict[str, Any]]:
    return HOSTILE if request.param == "hostile" else kb.changes().to_dicts()


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_an_atom_feed_has_what_the_standard_asks(rows: list[dict[str, Any]], lang: str) -> None:
    text = feeds.feed(rows, "atom", lang=lang, link=lambda row: f"http://h/{row['thing']}", address="http://h/a?b&c")
    feed = ElementTree.fromstring(text.encode())
    assert feed.tag == f"{ATOM}feed" and feed.findtext(f"{ATOM}id") and feed.findtext(f"{ATOM}title")
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == len(rows)
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", str(one)) for one in ids)
    moments = [entry.findtext(f"{ATOM}updated") for entry in entries]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(one)) for one in moments)
    assert moments == sorted(moments, key=str, reverse=True) and feed.findtext(f"{ATOM}updated") == moments[0]
    for entry in entries:
        assert entry.findtext(f"{ATOM}title") and entry.findtext(f"{ATOM}content")
        assert [child.tag for child in entry.find(f"{ATOM}content") or ()] == []


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_calendar_is_one(rows: list[dict[str, Any]], lang: str) -> None:
    icalendar = pytest.importorskip("icalendar")
    text = feeds.feed(rows, "ics", lang=lang, link=lambda row: f"http://h/{row['thing']}")
    lines = text.encode().split(b"\r\n")
    assert lines.pop() == b"" and all(len(line) <= 75 and b"\n" not in line for line in lines)
    calendar = icalendar.Calendar.from_ical(text)
    assert calendar["VERSION"] == "2.0" and calendar["PRODID"]
    events = calendar.walk("VEVENT")
    assert len(events) == len(rows) == len({str(event["UID"]) for event in events})
    days = sorted(event["DTSTART"].dt for event in events)
    assert days == sorted(date.fromisoformat((row["date"] + "-01-01")[:10]) for row in rows)
    assert all(event["DTSTAMP"].dt.tzinfo is not None and not event.errors for event in events)


def test_a_feed_says_in_the_readers_language_what_a_change_is_and_of_which_layer(kb: Any) -> None:
    kinds = {row["kind"] for row in kb.changes()}
    assert kinds <= set(feeds._KINDS_FR), "a kind without a French word"
    asked = {"since": "2024-12-18", "about": "R-WP-FLAG-2024"}
    english, french = (ElementTree.fromstring(kb.feed(**asked, lang=lang).encode()) for lang in ("en", "fr"))
    for feed, kind, layer in ((english, None, "Designation"), (french, "ajout", "Désignation")):
        entry = next(
            one for one in feed.findall(f"{ATOM}entry") if one.find(f"{ATOM}category[@term='designation']") is not None
        )
        labels = {one.get("term"): one.get("label") for one in entry.findall(f"{ATOM}category")}
        assert labels == {"added": kind, "designation": layer}
        assert str(entry.findtext(f"{ATOM}title")).endswith(f"({kind or 'added'})")
    text = kb.feed("ics", **asked, lang="fr")
    assert "CATEGORIES:ajout,Désignation" in text and "à partir du 2024-12-24 00:01 (UTC-05:00)" in text.replace(
        "\r\n ", ""
    )
    assert "par DORS/" in kb.feed(since="2024-12-18", about="SOR/2024-258", lang="fr")


def test_hostile_words_stay_words() -> None:
    icalendar = pytest.importorskip("icalendar")
    (newest, _) = icalendar.Calendar.from_ical(feeds.feed(HOSTILE, "ics")).walk("VEVENT")
    assert "A;B,C\\D" in str(newest["DESCRIPTION"]) and "<script>" in str(newest["SUMMARY"])
    french = icalendar.Calendar.from_ical(feeds.feed(HOSTILE, "ics", lang="fr")).walk("VEVENT")
    assert len(french) == 2 and "é" * 100 in str(french[0]["DESCRIPTION"])
    atom = feeds.feed(HOSTILE, "atom")
    assert "<script>" not in atom and "\x00" not in atom and "\x1b" not in atom
    title = ElementTree.fromstring(atom.encode()).findtext(f"{ATOM}entry/{ATOM}title")
    assert title is not None and title.startswith('<script>alert(1)</script>: a < b & "c" ]]>')


def test_the_id_of_a_change_stays_when_its_words_change(kb: Any) -> None:
    rows = kb.changes("2024-12-01", "2024-12-31").to_dicts()
    put_otherwise = [{**row, "label": "other words", "label_fr": "autres", "sources": []} for row in reversed(rows)]

    def ids(some: list[dict[str, Any]]) -> list[str]:
        return re.findall(r"<id>(urn:[^<]+)</id>", feeds.feed(some, "atom"))

    assert ids(rows) == ids(put_otherwise)
    assert len(set(ids(rows))) == len(rows)
    assert set(ids(rows)) <= set(ids(kb.changes().to_dicts()))


def test_a_feed_of_nothing_is_a_feed() -> None:
    feed = ElementTree.fromstring(feeds.feed([], "atom").encode())
    assert feed.findtext(f"{ATOM}updated") and feed.find(f"{ATOM}entry") is None
    assert feeds.feed([], "ics").startswith("BEGIN:VCALENDAR\r\n")


def test_the_feed_of_the_command(run: Callable[..., Ran], kb: Any, tmp_path: Path) -> None:
    ran = run("feed --since 2024-12-01 --about Mexico")
    assert ran.code == 0 and ran.out == kb.feed(since="2024-12-01", about="Mexico")
    path = tmp_path / "changes.ics"
    assert run(f"feed --affects outcomes -o {path}").code == 0
    assert path.read_bytes().decode() == kb.feed("ics", affects_outcomes=True)
    assert run("feed --lang fr --since 2026").out == kb.feed(since="2026", lang="fr")
    assert run("feed --format rss").code == 2
    assert run("feed --affects me").code == 2
    with pytest.raises(UsageError, match="rss"):
        kb.feed("rss")
