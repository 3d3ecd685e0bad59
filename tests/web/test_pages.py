"""Every page of the explorer: rendered in both languages, linked to what exists, never unescaped."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from pages_list import FLAGPOLING, PAGES
from starlette.applications import Starlette
from starlette.testclient import TestClient

from inforce_cli.serve.context import Context
from inforce_cli.serve.pages import routes
from inforce_cli.serve.problems import handlers
from inforce_cli.serve.settings import Settings

WEB = Path(__file__).resolve().parents[2] / "web"
ELSEWHERE = ("/sparql", "/api", "/openapi.json")
"""Answered by other parts of the server."""


def client_of(kb: Any) -> TestClient:
    """The pages alone, over a knowledge base."""
    app = Starlette(routes=routes, exception_handlers=handlers)
    workers: Any = None
    app.state.context = Context(kb, Settings(), workers)
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


@pytest.fixture(scope="module")
def site(kb: Any) -> TestClient:
    return client_of(kb)


class Page(HTMLParser):
    """The parts of a page that tests look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.words = ""
        self.lang = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        self.attributes.update(found.keys())
        if tag == "html":
            self.lang = found["lang"]
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in ("script", "img") or (tag == "link" and found.get("rel") != "alternate"):
            self.loaded.append(found.get("src") or found.get("href", ""))
        if "id" in found:
            self.ids.append(found["id"])

    def handle_data(self, data: str) -> None:
        self.words += data


def with_lang(path: str, lang: str) -> str:
    return path + ("&" if "?" in path else "?") + f"lang={lang}"


OURS = {name: path for name, path in PAGES.items() if not path.startswith(ELSEWHERE)}


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", OURS)
def test_every_page_is_rendered_in_both_languages(site: TestClient, name: str, lang: str) -> None:
    answer = site.get(with_lang(OURS[name], lang))
    assert answer.status_code == 200
    page = Page(answer.text)
    assert page.lang == lang and answer.headers["content-language"] == lang
    assert page.tags["h1"] == 1 and page.tags["main"] == 1
    unsaid = re.search(r"\bNone\b(?! of these)|Undefined", page.words)
    assert unsaid is None, page.words[unsaid.start() - 60 : unsaid.end() + 60]
    doubled = [one for one, count in Counter(page.ids).items() if count > 1]
    assert doubled == []


@pytest.mark.parametrize("name", OURS)
def test_a_page_runs_and_styles_nothing_inline_and_loads_only_from_here(site: TestClient, name: str) -> None:
    page = Page(site.get(OURS[name]).text)
    assert page.tags["style"] == 0 and "style" not in page.attributes
    assert [one for one in page.attributes if one.startswith("on")] == []
    assert page.tags["script"] == sum(one.endswith(".js") for one in page.loaded)
    assert all(one.startswith("/") and not one.startswith("//") for one in page.loaded)


def test_every_template_is_among_the_pages(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from inforce_cli.serve.pages.site import View

    seen = {"sparql.html", "error.html"}  # one needs the workers, the other is no page that answers 200
    real = View.page

    def noted(self: View, template: str, **more: Any) -> Any:
        seen.add(template)
        return real(self, template, **more)

    monkeypatch.setattr(View, "page", noted)
    for path in OURS.values():
        site.get(path)
    parts = {"base.html", "parts.html", "problem.html", "editor.html"}
    assert {path.name for path in (WEB / "templates").glob("*.html")} - parts == seen


def test_links_lead_to_pages(site: TestClient) -> None:
    """Of every page the links, one for each place without its parameters; those with a day and a language too."""
    found: dict[str, str] = {}
    for path in OURS.values():
        for link in Page(site.get(path).text).links:
            if link.startswith("/") and not link.startswith(ELSEWHERE):
                found.setdefault(re.sub(r"[?#].*", "", link), link)
    assert len(found) > 300
    wrong = []
    for link in found.values():
        answer = site.get(link)
        if answer.status_code == 303:
            answer = site.get(answer.headers["location"])
        if answer.status_code != 200:
            wrong.append((link, answer.status_code))
    assert wrong == []


def test_every_phrase_has_its_french() -> None:
    french = json.loads((WEB / "fr.json").read_text(encoding="utf-8"))
    said = set()
    for path in (WEB / "templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        said |= set(re.findall(r'\b_\("([^"]*)"\)', text)) | set(re.findall(r"\b_\('([^']*)'\)", text))
    from inforce_cli.serve.pages import read

    said |= {title for _, title in (*read.ROWS, *read.LINKS)} | set(read.ROLES.values())
    assert sorted(said - set(french)) == []


# ---- what pages say ----------------------------------------------------------------------------------------


def test_the_answer_of_a_page_is_the_answer_of_the_command(site: TestClient, run: Any) -> None:
    facts = [one for one in FLAGPOLING.split("&") if not one.startswith(("ordinarily", "action"))]
    command = run(f"check {' '.join(facts)} --on 2024-12-24 --ordinarily --action apply-work-permit-poe --json")
    assert site.get(f"/check.json?on=2024-12-24&{FLAGPOLING}").text == command.out
    by_header = site.get(PAGES["check"], headers={"accept": "application/json"})
    assert by_header.text == command.out and by_header.headers["content-type"] == "application/json"


@pytest.mark.parametrize("name", ["R-WP-198-2A", "IRPR 198(2)(a)", "SOR/2024-258", "C-01", "S-OB686"])
def test_a_thing_as_json_is_what_show_writes(site: TestClient, run: Any, kb: Any, name: str) -> None:
    iri = kb.read(name)["iri"]
    path = site.get("/search.json", params={"q": name})
    assert path.status_code == 200
    from inforce_cli.serve.pages.site import Site

    address = Site(kb).address(iri)
    told, shown = site.get(f"{address}.json").json(), json.loads(run(f'show "{name}" --json').out)
    assert {**told, "asked": None} == {**shown, "asked": None}


@pytest.mark.parametrize(
    "path", ["/rule/R-WP-198-2A", "/provision/irpr/198/2/a", "/instrument/SOR/2024-258", "/nationality/MEX"]
)
def test_turtle_and_json_ld_say_what_the_graph_says(site: TestClient, kb: Any, path: str) -> None:
    import pyoxigraph as ox

    turtle = list(ox.parse(site.get(f"{path}.ttl").content, format=ox.RdfFormat.TURTLE))
    linked = list(ox.parse(site.get(f"{path}.jsonld").content, format=ox.RdfFormat.JSON_LD))
    assert {str(one.triple) for one in turtle} == {str(one.triple) for one in linked}
    graph = ox.Store()
    graph.bulk_load(path=str(kb.built.path("graph.nq")), format=ox.RdfFormat.N_QUADS)
    held = {str(quad.triple) for quad in graph}
    assert len(turtle) > 5 and {str(one.triple) for one in turtle} <= held


def test_the_outcome_flips_from_one_day_to_the_next(site: TestClient) -> None:
    before = site.get(f"/check?on=2024-12-23&{FLAGPOLING}").text
    after = site.get(f"/check?on=2024-12-24&{FLAGPOLING}").text
    assert "<strong>May</strong>" in before and "<strong>May not</strong>" in after
    assert re.search(r'rel="next" href="[^"]*on=2024-12-24', before)
    assert re.search(r'rel="prev" href="[^"]*on=2024-12-23', after)


def test_an_address_with_empty_fields_leads_to_the_bare_question(site: TestClient) -> None:
    answer = site.get("/check?action=&citizenships=FRA&lmia_required=&on=2024-12-24&ask=1&lang=fr")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/check?on=2024-12-24&lang=fr&citizenships=FRA"


def test_every_example_of_the_first_page_is_answered(site: TestClient) -> None:
    examples = json.loads((WEB / "questions.json").read_text(encoding="utf-8"))["examples"]
    assert len(examples) == 6
    for one in examples:
        assert site.get("/check", params=one["asks"]).status_code == 200


def test_the_form_asks_for_every_fact_once(site: TestClient, kb: Any) -> None:
    text = site.get("/").text
    for name in kb.book.facts:
        kinds = set(re.findall(rf'<(input|select)[^>]* name="{name}"', text))
        assert len(kinds) == 1, name


def test_the_matrix_outlines_what_is_other_than_on_the_other_day(site: TestClient) -> None:
    text = site.get("/matrix?on=2024-03-01&against=2024-02-28").text
    flips = re.findall(r'<td class="[^"]* flip">', text)
    assert text.count('<th scope="row">') > 200 and 0 < len(flips) < 20
    assert re.search(r'id="MEX"', text)


def test_the_day_and_the_language_stay_in_links(site: TestClient) -> None:
    page = Page(site.get("/rule/R-WP-FLAG-2024@2024-12-24?lang=fr").text)
    inner = [one for one in page.links if one.startswith("/") and "lang=" in one]
    assert len(inner) > 10
    page = Page(site.get("/instrument/SOR/2024-258?on=2024-12-24").text)
    assert sum("on=2024-12-24" in one for one in page.links) > 5


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rule/NOPE", 404),
        ("/rule/R-WP-198-2", 404),
        ("/rule/R-WP-FLAG-2024@2010-01-01", 404),
        ("/rule/R-WP-198-2A@yesterday", 400),
        ("/check?citizen=FRA", 404),
        ("/check?citizenships=Atlantis", 404),
        ("/check?on=2023-02-29", 400),
        ("/check?citizenships=FRA&action=fly", 404),
        ("/changes?layer=nope", 404),
        ("/changes.exe", 404),
        ("/diff/foo", 400),
        ("/diff/2024-12-24..2024-12-23", 400),
        ("/matrix?on=soon", 400),
        ("/timeline", 400),
        ("/trace?name=NOPE", 404),
        ("/queries/nope", 404),
        ("/all/nope", 404),
    ],
)
def test_errors_are_pages_too(site: TestClient, path: str, status: int) -> None:
    answer = site.get(path)
    assert answer.status_code == status
    page = Page(answer.text)
    assert page.tags["h1"] == 1 and "Traceback" not in answer.text and ".py" not in answer.text
    problem = site.get(path, headers={"accept": "application/json"})
    assert problem.status_code == status
    assert problem.headers["content-type"].startswith("application/problem+json")
    assert problem.json()["status"] == status


def test_an_unknown_name_shows_the_nearest(site: TestClient) -> None:
    text = site.get("/rule/R-WP-198-2").text
    assert 'href="/rule/R-WP-198-2A"' in text or 'href="/rule/R-WP-198-1"' in text


def test_another_name_leads_to_the_thing(site: TestClient) -> None:
    for path, place in [
        ("/nationality/Mexico", "/nationality/MEX"),
        ("/provision/IRPR 198(2)(a)@2024-12-24", "/provision/irpr/198/2/a@2024-12-24"),
        ("/rule/r-wp-198-2a", "/rule/R-WP-198-2A"),
    ]:
        answer = site.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, place)


def test_the_first_page_is_small(site: TestClient) -> None:
    size = len(site.get("/").content)
    size += sum(len(site.get(f"/static/{name}").content) for name in ("inforce.css", "inforce.js", "icon.svg"))
    assert size < 100_000


# ---- the law's text, where it is imported ------------------------------------------------------------------


def test_a_provision_shows_its_words_and_its_history(kb_small: Any) -> None:
    site = client_of(kb_small)
    held = kb_small.law.provision("SOR/1901-7 2(1)(b)", on="2001-06-01").to_dict()
    text = site.get("/provision/sor-1901-7/2/1/b@2001-06-01").text
    page = Page(text)
    assert page.tags["h1"] == 1 and 'class="law" lang="en"' in text
    for unit in held["units"]:
        assert (unit["text"] or "") in page.words
    rail = re.findall(r'<ol class="rail">.*?</ol>', text, re.DOTALL)[0]
    assert rail.count("<li") >= 2 and 'class="here"' in rail
    what = re.search(r'href="(/diff/[^"]*)"', rail)
    assert what is not None
    changed = site.get(what[1].replace("&amp;", "&")).text
    assert "<ins>" in changed or "<del>" in changed


# ---- hostile strings ---------------------------------------------------------------------------------------

SEEDS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus=alert(1) x="',
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</code></pre><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "{{1013*7}}",
    "{% include 'base.html' %}",
    "{{ v.site.kb }}",
    "${1013*7}",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "\u202e<b>gnp.exe</b>",
    "\u2066<i>\u2069",
    "\ufeff<u>x</u>",
    "<a href=javascript:alert(1)>x</a>",
    "<iframe src=//evil.example></iframe>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example>",
    "<form action=//evil.example><input>",
    "<math><mtext></p><img src=x onerror=alert(1)>",
    "\x00<script>alert(1)</script>",
    "\x1b]0;owned\x07<b>",
]
FRAMES = ["{}", "IRPR {}", "R-WP-198-2A{}", "{}\n{}", "2024-12-24{}"]
PAYLOADS = [frame.replace("{}", seed) for seed in SEEDS for frame in FRAMES]
PLACES = [
    "/check?citizenships={}",
    "/check?{}=yes",
    "/check?on={}",
    "/check?action={}",
    "/check?citizenships=FRA&reading={}",
    "/check?citizenships=FRA&on=2024-12-24&known_on={}",
    "/search?q={}",
    "/changes?about={}",
    "/changes?layer={}",
    "/changes?from={}",
    "/matrix?on={}",
    "/matrix?on=2024-12-24&{}=x",
    "/diff?from={}",
    "/diff/2024-12-23..2024-12-24?of={}",
    "/diff/{}",
    "/rule/{}",
    "/rule/R-WP-198-2A@{}",
    "/provision/{}",
    "/nationality/{}",
    "/timeline?name={}",
    "/trace?name={}",
    "/queries/{}",
    "/queries/list-history?entry={}",
    "/all/{}",
    "/?lang={}",
    "/?on={}",
]
WHOLE = ("/search?q={}", "/check?{}=yes", "/rule/{}")
DANGEROUS = re.compile(
    r"<(script(?! src=\"/static/)|img(?! src=\"/)|iframe|base|meta (?!charset|name)|style|math|object|b>gnp)", re.I
)


def executes(text: str) -> Iterator[str]:
    """What a browser would run or load of a page, besides our own."""
    yield from (found[0] for found in DANGEROUS.finditer(text))
    page = Page(text)
    yield from (one for one in page.attributes if one.startswith("on"))
    yield from (one for one in page.links if re.match(r"\s*(javascript|data|vbscript):", one, re.I))
    yield from (one for one in page.loaded if not one.startswith("/") or one.startswith("//"))


def test_there_are_150_hostile_strings() -> None:
    assert len(PAYLOADS) == len(set(PAYLOADS)) == 150


@pytest.mark.parametrize("place", PLACES)
def test_nothing_hostile_in_an_address_comes_back_unescaped(site: TestClient, place: str) -> None:
    # Each place gets every fifth string, from another start: all of them go through several places.
    for payload in PAYLOADS if place in WHOLE else PAYLOADS[PLACES.index(place) % 5 :: 5]:
        answer = site.get(place.replace("{}", quote(payload, safe="")))
        assert answer.status_code < 500, payload
        if answer.status_code == 303:
            location = answer.headers["location"]
            assert location.startswith("/") and not location.startswith("//") and "<" not in location
            continue
        assert list(executes(answer.text)) == [], payload
        assert "\u202e" not in answer.text and "\x1b" not in answer.text
        assert "7091" not in answer.text
        assert "Traceback" not in answer.text


def test_nothing_hostile_in_data_comes_back_unescaped(kb: Any) -> None:
    """Every label, note, title and address of the graph is a hostile string in its turn, whatever let it in."""
    from inforce.rules.triples import Node

    hostile = iter(PAYLOADS * 10_000)
    real = kb.graph_index
    taken: list[tuple[dict[str, Any], str, Any]] = []
    texts = ("label", "description", "title", "editorialNote", "seeAlso", "resolution", "historyNote", "definition")
    subjects = [
        one for one in real.by_subject if any(f"/{kind}/" in one for kind in ("rule", "irpr", "source", "claim"))
    ]
    site = client_of(kb)
    try:
        for subject in subjects:
            said = real.by_subject[subject]
            for predicate in list(said):
                if predicate.rsplit("/", 1)[-1].rsplit("#", 1)[-1] in texts:
                    taken.append((said, predicate, said[predicate]))
                    said[predicate] = [Node(next(hostile), n.kind, n.datatype, n.lang) for n in said[predicate]]
        assert len(taken) > 1000
        seen = ""
        for path in OURS.values():
            for lang in ("en", "fr"):
                answer = site.get(with_lang(path, lang))
                assert answer.status_code < 500, path
                assert list(executes(answer.text)) == [], path
                assert "\u202e" not in answer.text and "7091" not in answer.text
                seen += answer.text
        # It did come through, escaped: the test would see it otherwise.
        assert "&lt;script&gt;alert(1)" in seen and "javascript:alert(1)" in seen
    finally:
        for said, predicate, nodes in taken:
            said[predicate] = nodes


@pytest.mark.parametrize(
    "path",
    [
        "../kg/inforce/kb.py",
        "..%2f..%2fpyproject.toml",
        "%2e%2e/%2e%2e/README.md",
        "/etc/passwd",
        "inforce.css%00.js",
    ],
)
def test_no_path_reaches_the_disk(site: TestClient, path: str) -> None:
    assert site.get(f"/static/{path}").status_code == 404


def test_changes_are_feeds_too(site: TestClient) -> None:
    from xml.etree import ElementTree

    atom = site.get("/changes.atom?about=Mexico&lang=fr")
    assert atom.headers["content-type"].startswith("application/atom+xml")
    links = [e.get("href") for e in ElementTree.fromstring(atom.text).iter("{http://www.w3.org/2005/Atom}link")]
    assert "http://localhost/change/E2024-02-29-mexico?lang=fr" in links
    calendar = site.get("/changes.ics?about=Mexico")
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert calendar.text.startswith("BEGIN:VCALENDAR")


def test_what_a_spreadsheet_opens_has_no_formula(site: TestClient) -> None:
    answer = site.get("/changes.csv?" + urlencode({"about": "Mexico"}))
    assert answer.headers["content-disposition"].startswith("attachment")
    cells = [cell for line in answer.text.splitlines() for cell in line.split(",")]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@"))] == []


def test_every_saved_query_is_told_in_french(kb: Any) -> None:
    french = json.loads((WEB / "fr.json").read_text(encoding="utf-8"))
    said = set()
    for one in kb.list("queries"):
        said |= {one["label"], one["question"], *(parameter["text"] for parameter in one["takes"])}
    assert sorted(said - set(french)) == [], "web/fr.json has the French of titles, questions and parameters"
    for text in said:
        assert set(re.findall(r"\?\w+", text)) == set(re.findall(r"\?\w+", french[text])), text


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_answer_of_a_question_is_small(site: TestClient, lang: str) -> None:
    sizes = {
        name: len(site.get(with_lang(path, lang)).content) for name, path in OURS.items() if path.startswith("/check")
    }
    assert len(sizes) > 5 and max(sizes.values()) < 90_000, sizes


def test_the_form_beside_an_answer_has_what_is_given_and_still_open(site: TestClient, kb: Any) -> None:
    answer = kb.check({"citizenships": "FRA", "arrival_mode": "air"}, on="2025-05-01")
    text = site.get("/check?citizenships=FRA&arrival_mode=air&on=2025-05-01&lang=fr").text
    asked = set(re.findall(r'<(?:input|select) [^>]*name="([a-z_]+)"', text.partition('<form class="question"')[2]))
    assert {"citizenships", "arrival_mode", *(item["fact"] for item in answer.missing[:6])} <= asked
    whole = re.search(r'<p class="ask">.*?href="([^"]*)"', text, re.DOTALL)
    assert whole is not None
    first = site.get(whole[1].replace("&amp;", "&")).text
    assert 'value="FRA"' in first and re.search(r'<option value="air" selected', first) and 'lang="fr"' in first
    assert not re.search(r'name="ordinarily" value="yes" checked', first)


def test_a_saved_query_shows_its_rows_as_a_picture(site: TestClient) -> None:
    path = "/queries/list-history?entry=MEX"
    text = site.get(path).text
    picture = re.search(r'<div class="view[^>]*>(<svg .*?</svg>)', text, re.DOTALL)
    assert picture is not None and picture[1].count('class="bar"') == text.count("<tr>") - 1 == 5
    alone = site.get(path.replace("?", ".svg?"))
    assert alone.headers["content-type"] == "image/svg+xml" and alone.text.strip() == picture[1].strip()
    assert site.get("/queries/conflicts.svg").status_code == 404
    assert "Listes où un pays" in site.get(f"{path}&lang=fr").text


def test_a_case_is_a_field_of_the_queries_that_take_one(site: TestClient) -> None:
    text = site.get("/queries/eligibility?facts=citizenships%3DIND+lmia_required%3Dyes&on=2024-12-24").text
    assert 'value="citizenships=IND lmia_required=yes"' in text and "<td" in text
    assert "may-not" in text


def test_the_boxes_of_a_trace_lead_to_pages_here(site: TestClient) -> None:
    text = site.get("/trace?name=R-WP-FLAG-2024&lang=fr").text
    boxes = re.findall(r'<a href="([^"]*)" tabindex="-1">', text)
    assert len(boxes) > 10 and all(one.startswith("/") and "lang=fr" in one for one in boxes)
