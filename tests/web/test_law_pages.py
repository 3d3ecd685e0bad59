"""Pages of imported law: its words on a day, what made each, where they lead; invented law and the real one."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox
import pytest
from live_server import LiveServer

HTML = {"accept": "text/html"}
ELSEWHERE = ("/sparql", "/api", "/static", "/changes")
LAW = "/provision/sor-1901-7"


@pytest.fixture(scope="module")
def small(kb_small: Any) -> Iterator[LiveServer]:
    found = LiveServer(kb_small)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def real(kb_law: Any) -> Iterator[LiveServer]:
    found = LiveServer(kb_law)
    yield found
    found.stop()


def page(server: LiveServer, path: str) -> str:
    answer = server.client.get(path, headers=HTML)
    assert answer.status_code == 200, (path, answer.status_code)
    return str(answer.text)


def links(text: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'href="(/[^"]*)"', text)]


def plain(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def triples(body: bytes, form: ox.RdfFormat) -> set[str]:
    return {str(one.triple) for one in ox.parse(body, format=form, base_iri="https://w3id.org/inforce/")}


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_words_of_a_day_are_those_that_the_library_gives(small: LiveServer, kb_small: Any, lang: str) -> None:
    for day in ("2001-04-30", "2001-05-01", "2003-02-02"):
        shown = plain(page(small, f"{LAW}/2@{day}?lang={lang}"))
        for unit in kb_small.law.provision("SOR/1901-7 2", on=day, language=lang).to_dict()["units"]:
            assert " ".join((unit["text"] or "").split()) in shown


def test_a_change_shows_what_went_and_what_came(small: LiveServer) -> None:
    rail = page(small, f"{LAW}/2/1/b@2001-06-01")
    what = next(one for one in links(rail) if one.startswith("/diff/2001-04-30..2001-05-01"))
    changed = page(small, what)
    assert re.search(r"<ins>[^<]*at any hour[^<]*</ins>", changed)
    assert not re.search(r"<(?:ins|del)></", changed)


def test_the_rail_of_a_section_has_the_days_of_its_parts(small: LiveServer) -> None:
    rail = re.findall(r'<ol class="rail">.*?</ol>', page(small, f"{LAW}/2"), re.DOTALL)[0]
    days = re.findall(r">(\d{4}-\d\d-\d\d)</a>", rail)
    assert days == sorted(days, reverse=True) and {"2001-05-01", "2003-02-02"} <= set(days)


def test_renumbered_words_say_where_they_stood(small: LiveServer) -> None:
    text = page(small, f"{LAW}/3/1/a@2001-12-01")
    assert "before, as" in plain(text) and f"{LAW}/3/a@" in text
    changed = plain(page(small, "/diff/2001-11-30..2001-12-01?of=SOR/1901-7+3"))
    assert "SOR/1901-7 3(a) → SOR/1901-7 3(1)(a)" in changed


def test_an_instrument_that_only_the_notes_name_has_a_page(small: LiveServer) -> None:
    assert "/instrument/SOR/2001-50" in links(page(small, f"{LAW}/2/1/b@2001-06-01"))
    text = page(small, "/instrument/SOR/2001-50")
    for path in ("2/1/b@2001-05-01", "5@"):
        assert any(one.startswith(f"{LAW}/{path}") for one in links(text)), path
    told = small.client.get("/instrument/SOR/2001-50.json").json()
    assert (told["kind"], told["id"]) == ("instrument", "SOR/2001-50")
    assert small.client.get("/instrument/SOR/1950-1", headers=HTML).status_code == 404


def test_references_lead_both_ways(real: LiveServer) -> None:
    text = page(real, "/provision/irpr/198@2024-12-24")
    refers, referred = re.findall(r"<section><h2>(?:Its words|Words that).*?</section>", text, re.DOTALL)
    assert "/provision/irpr/203@2024-12-24" in links(refers)
    assert "/provision/irpr/26.1/1/e@2024-12-24" in links(referred)
    assert "Ses mots renvoient à" in page(real, "/provision/irpr/198@2024-12-24?lang=fr")


def test_a_law_has_its_contents_on_a_day(real: LiveServer) -> None:
    text = page(real, "/law/irpr?on=2024-12-24")
    shown = re.findall(r'<ul class="plain contents">.*?</ul>', text, re.DOTALL)[0]
    assert shown.count("<li") > 500
    assert "/provision/irpr/26.1@2024-12-24" in links(shown) and "Services at port of entry" in plain(shown)


def test_a_day_before_the_first_text_shows_the_version_known_without_it(real: LiveServer) -> None:
    text = page(real, "/provision/irpr/198/2/a@2005-01-01")
    assert "2004-07-22" in text and "SOR/2004-167" in text and 'class="law"' not in text
    # What is gone is gone all the same.
    assert real.client.get("/provision/irpr/26.1/a@2025-01-01", headers=HTML).status_code == 404


@pytest.mark.parametrize(
    "path", ["/provision/irpr/26.1/a", "/provision/irpr/4.1", "/provision/irpr/26.1/a/2020-03-21/en"]
)
def test_a_provision_and_its_wordings_as_triples(real: LiveServer, path: str) -> None:
    turtle = real.client.get(f"{path}.ttl")
    linked = real.client.get(f"{path}.jsonld")
    assert turtle.headers["content-type"].startswith("text/turtle")
    assert linked.headers["content-type"].startswith("application/ld+json")
    found = triples(turtle.content, ox.RdfFormat.TURTLE)
    assert found == triples(linked.content, ox.RdfFormat.JSON_LD)
    words = "ns#text>" if "4.1" not in path else "isVersionOf>"
    assert len(found) > 8 and any(words in one for one in found)
    assert not any("<https://w3id.org/inforce/irpr/26.1/1" in one.split(">")[0] for one in found)


def test_a_wording_leads_to_its_provision_on_its_first_day_in_its_language(real: LiveServer) -> None:
    for end, place in (("", "@2020-03-21?lang=fr"), (".json", "@2020-03-21.json?lang=fr")):
        answer = real.client.get(f"/provision/irpr/26.1/a/2020-03-21/fr{end}", headers=HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/provision/irpr/26.1/a{place}")
    told = real.client.get("/provision/irpr/26.1/a@2020-03-21.json?lang=fr").json()
    assert told["wording"]["language"] == "fr" and told["wording"]["units"][0]["path"] == "irpr/26.1/a"


def test_an_error_in_a_format_is_in_it(small: LiveServer) -> None:
    answer = small.client.get(f"{LAW}/99.json", headers=HTML)
    assert answer.status_code == 404 and answer.headers["content-type"].startswith("application/problem+json")


def crawled(server: LiveServer, starts: list[str]) -> list[tuple[str, int]]:
    found: dict[str, str] = {}
    for path in starts:
        for link in links(page(server, path)):
            if not link.startswith(ELSEWHERE):
                found.setdefault(re.sub(r"[?#].*", "", link), link)
    assert len(found) > 60
    wrong = []
    for link in found.values():
        answer = server.client.get(link, headers=HTML, follow_redirects=True)
        if answer.status_code != 200:
            wrong.append((link, answer.status_code))
    return wrong


def test_links_lead_to_pages_over_the_invented_law(small: LiveServer) -> None:
    starts = [f"{LAW}/{path}" for path in ("2@2001-06-01", "2", "3@2001-12-01", "4/1", "5@2001-01-01")]
    starts += ["/law/sor-1901-7", "/instrument/SOR/2001-50", "/instrument/SOR/2001-90", "/diff/2001-04-30..2001-05-01"]
    assert (
        crawled(small, [*starts, "/diff/2001-04-30..2001-05-01?of=SOR/1901-7+2", f"{LAW}/2@2003-02-02?lang=fr"]) == []
    )


def test_links_lead_to_pages_over_the_real_law(real: LiveServer) -> None:
    starts = ["/provision/irpr/198@2024-12-24", "/provision/irpr/26.1", "/instrument/SOR/2024-258"]
    assert crawled(real, [*starts, "/diff/2024-12-17..2024-12-18?of=IRPR+26.1", "/timeline?name=IRPR+26.1"]) == []
