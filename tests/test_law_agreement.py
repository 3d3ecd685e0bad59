"""The packaged provision versions beside the imported words: digests and days agree, or the difference is explained."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyoxigraph
import pytest
from law_files import Graph, snapshots

from inforce.law import law_quads
from inforce.law.agreement import Held, Version, disagreements
from inforce.vocab import BASE

FOLDERS = {"irpr": "SOR-2002-227", "irpa": "I-2.5"}


def packaged(repo: Path) -> list[Version]:
    data: dict[str, dict[str, str]] = {}
    for path in sorted((repo / "data" / "provisions").glob("*.ttl")):
        for triple in pyoxigraph.parse(path=str(path), format=pyoxigraph.RdfFormat.TURTLE, base_iri=BASE):
            name = triple.predicate.value.replace("#", "/").rpartition("/")[2]
            subject = getattr(triple.subject, "value", "").removeprefix(BASE)
            data.setdefault(subject, {})[name] = getattr(triple.object, "value", "").removeprefix(BASE)
    return [
        Version(
            iri,
            values["isVersionOf"],
            values.get("from", ""),
            values.get("until", ""),
            values.get("textDigest", ""),
        )
        for iri, values in data.items()
        if values.get("type") == "ns#ProvisionVersion"
    ]


def held(folder: Path) -> list[Held]:
    graph = Graph(law_quads(snapshots(folder, "en")))
    return [
        Held(
            row.iri,
            row.values["isVersionOf"][0],
            row.one("from"),
            row.one("until"),
            row.one("textDigest"),
            row.one("title"),
        )
        for row in graph.wordings
    ]


@pytest.mark.slow
def test_what_the_package_says_of_wordings_is_what_they_say(shared: Path, repo: Path) -> None:
    versions = packaged(repo)
    assert len(versions) > 500
    wordings = [one for folder in FOLDERS.values() for one in held(shared / "laws" / folder)]
    found = disagreements(versions, wordings)
    assert [one for one in found if not one.explained] == []
    # A marginal note that alone changed; and wordings older than the oldest snapshot.
    assert Counter(one.what for one in found)["end"] == 1
    assert {one.version for one in found if one.what == "end"} == {"irpr/204/2018-02-27"}


WORDS = Held("w1", "x/1", "2000-01-01", "2001-01-01", "a" * 64, "Title")
LATER = Held("w2", "x/1", "2001-01-01", "", "b" * 64, "Title")


@pytest.mark.parametrize(
    ("version", "what", "explained"),
    [
        (Version("v", "x/1", "2000-01-01", "2001-01-01", "a" * 64), [], True),
        (Version("v", "x/1", "2000-02-01", "2001-01-01", "a" * 64), ["start"], False),
        (Version("v", "x/1", "2000-01-01", "", "a" * 64), ["end"], False),
        (Version("v", "x/1", "2000-01-01", "2001-01-01", "c" * 64), ["digest"], False),
        (Version("v", "x/1", "1990-01-01", "2000-01-01", "c" * 64), ["not-held"], True),
        (Version("v", "x/1", "1990-01-01", "2000-01-01", ""), ["not-held"], True),
        (Version("v", "x/1", "2000-01-01", "2001-01-01", ""), ["no-digest"], False),
        (Version("v", "x/2", "2000-01-01", "", "a" * 64), ["not-held"], False),
    ],
    ids=["agrees", "start", "end", "words", "older", "older-without-digest", "no-digest", "unknown"],
)
def test_each_difference_has_a_name_and_a_reason(version: Version, what: list[str], explained: bool) -> None:
    found = disagreements([version], [WORDS, LATER])
    assert [one.what for one in found] == what
    assert all(one.explained == explained and one.reason for one in found)


def test_words_that_go_on_under_another_title_are_the_same_words() -> None:
    again = WORDS._replace(iri="w2", start="2001-01-01", until="", title="Another title")
    (one,) = disagreements([Version("v", "x/1", "2000-01-01", "", "a" * 64)], [WORDS, again])
    assert one.explained and "Another title" in one.reason
