"""Strangers' text stays text: in a user's data, in every parameter, in results; and no path leads out of a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hostile_texts import ADDRESSES, HOSTILE, MARK, PATHS, REFUSED
from live_server import LiveServer

HTML = {"Accept": "text/html"}
CHROMIUM = Path("/usr/bin/chromium")
PREFIXES = """@base <https://w3id.org/inforce/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix inf: <https://w3id.org/inforce/ns#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
PAGES = ["/", "/check", "/changes", "/diff", "/matrix", "/conflicts", "/queries", "/sparql", "/timeline", "/trace"]
PAGES += ["/search", "/all", "/all/sources", "/rule/R-WP-198-2A", "/provision/irpr/198/2/a", "/queries/eligibility"]
PARAMETERS = ["lang", "on", "q", "name", "of", "from", "to", "about", "layer", "kind", "known_on", "reading", "action"]
PARAMETERS += ["citizenships", "query", "format", "ask", "page", "change", "before", "facts", "class"]
ELEMENTS = frozenset(
    "a article aside b body br button caption circle code col colgroup datalist dd del defs desc details div dl dt em "
    "fieldset figcaption figure footer form g h1 h2 h3 h4 head header hr html i input ins label legend li line link "
    "main mark marker meta nav ol optgroup option p path pattern polygon polyline pre q rect s script section select "
    "small span strong style sub summary sup svg table tbody td text textarea tfoot th thead time title tr tspan u ul "
    "use var".split()
)
ATTRIBUTES = re.compile(r"(?:aria|data)-[a-z-]+\Z")
RUNS = frozenset(
    {"href", "src", "action", "formaction", "xlink:href", "data", "poster", "srcset", "background", "ping"}
)


def _together() -> list[str]:
    """The hostile strings, some to a text: whatever one of them would do it does beside others too."""
    found, text = [], ""
    for one in HOSTILE:
        if text and len(text) + len(one) > 500:
            found.append(text)
            text = ""
        text = f"{text} {one}" if text else one
    return [*found, text]


TOGETHER = _together()


class Page(HTMLParser):
    """Reads a page and keeps what no page of ours has."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.shape: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.shape.append(f"{tag} {' '.join(sorted(names))}")
        if tag not in ELEMENTS:
            self.wrong.append(f"<{tag}>")
        if len(set(names)) < len(names):
            self.wrong.append(f"<{tag}> says {names} twice")
        for name, value in attrs:
            if name.startswith("on") or name in ("srcdoc", "style") or not re.fullmatch(r"[A-Za-z][\w:-]*", name):
                self.wrong.append(f"<{tag} {name}={value!r}>")
            if name in RUNS and not _ours(value or ""):
                self.wrong.append(f"<{tag} {name}={value!r}>")
        given = dict(attrs)
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.wrong.append(f"a script of its own: {attrs}")
        if tag == "a" and (given.get("href") or "").startswith("http") and "noopener" not in (given.get("rel") or ""):
            self.wrong.append(f"a link that opens: {given['href']}")
        if tag == "meta" and "http-equiv" in given:
            self.wrong.append(f"<meta {attrs}>")


def _ours(url: str) -> bool:
    if url.startswith(("http://", "https://")):
        return not re.search(r"[\s<>\"\x00-\x1f]", url)
    return url == "" or bool(re.match(r"(?:/(?![/\\])|#|\?)[^\x00-\x1f\\]*\Z", url))


def faults(text: str) -> list[str]:
    """What is wrong with a page: others' elements, attributes, addresses; signs that turn text around or hide it."""
    found = Page(text).wrong
    found += [
        f"U+{ord(one):04X}"
        for one in set(re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text))
    ]
    return found


def quoted(text: str) -> str:
    return '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\U{ord(c):08X}" for c in text) + '"'


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of the rules with a user's data beside them: sources that say all the hostile strings."""
    import inforce

    lines = [PREFIXES]
    for number, text in enumerate(TOGETHER):
        said = quoted(text)
        lines.append(
            f"<source/S-H{number}> a dct:BibliographicResource , prov:Entity ; rdfs:label {said}@en , {said}@fr ;"
            f' dct:title {said}@en ; skos:notation "S-H{number}" ; dct:publisher {said} ; dct:type {said} ;'
            f" inf:rank 6 ; dct:modified {said} ; skos:scopeNote {said} ; inf:howSeen {said}@en ;"
            f" skos:editorialNote {said}@en .\n"
        )
    path = tmp_path_factory.mktemp("hostile") / "mine.ttl"
    path.write_text("".join(lines), encoding="utf-8")
    found = LiveServer(inforce.open(data=[path], today="2026-06-12"))
    yield found
    found.stop()


# ---- in data -----------------------------------------------------------------------------------------------


def test_a_corpus_of_more_than_150() -> None:
    assert len(set(HOSTILE)) >= 150
    assert all(any(text in whole for whole in TOGETHER) for text in HOSTILE)
    assert len(set(PATHS)) >= 60


def test_text_in_data_is_text_on_every_page_that_shows_it(theirs: LiveServer) -> None:
    bad, shapes = [], set()
    for number, text in enumerate(TOGETHER):
        answer = theirs.client.get(f"/source/S-H{number}", headers=HTML)
        assert answer.status_code == 200, text
        bad += [(text[:60], fault) for fault in faults(answer.text)]
        shapes.add("\n".join(Page(answer.text).shape))
    assert not bad
    # The pages are all built alike, whatever they say.
    assert len(shapes) <= 3


@pytest.mark.parametrize("path", ["/all/sources", "/search?q=alert", "/search?q=inforcexss", "/all/sources?lang=fr"])
def test_text_in_data_is_text_in_lists(theirs: LiveServer, path: str) -> None:
    answer = theirs.client.get(path, headers=HTML)
    assert answer.status_code == 200
    assert MARK in answer.text
    assert not faults(answer.text)


def test_text_in_data_comes_back_whole_in_every_format(theirs: LiveServer) -> None:
    import pyoxigraph as ox

    for number, text in enumerate(TOGETHER):
        thing = f"/source/S-H{number}"
        assert theirs.client.get(f"{thing}.json").json()["label"] == text
        for ending, format_ in (("ttl", ox.RdfFormat.TURTLE), ("jsonld", ox.RdfFormat.JSON_LD)):
            answer = theirs.client.get(f"{thing}.{ending}")
            quads = list(ox.parse(answer.content, format=format_, base_iri="https://example.org/"))
            subjects = {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)}
            assert subjects == {f"https://w3id.org/inforce/source/S-H{number}"}, text
            assert text in {quad.object.value for quad in quads}, text


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_what_no_text_holds_is_refused_in_data(tmp_path: Path, text: str) -> None:
    import inforce
    from inforce.errors import InForceError

    path = tmp_path / "mine.ttl"
    path.write_text(PREFIXES + f"<source/S-X> rdfs:label {quoted(text)}@en .\n", encoding="utf-8")
    with pytest.raises(InForceError):
        inforce.open(data=[path], store=tmp_path / "out", today="2026-06-12")


# ---- in what is asked -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_text_in_parameters_is_text(server: LiveServer, page: str) -> None:
    bad = []
    for number, text in enumerate(TOGETHER, PAGES.index(page)):
        # All parameters at once would hide behind the first that is refused: each string takes three, in turn.
        names = [PARAMETERS[(3 * number + k) % len(PARAMETERS)] for k in range(3)]
        answer = server.inside("GET", f"{page}?{urlencode(dict.fromkeys(names, text))}", headers=HTML)
        if answer.status_code >= 500:
            bad.append((text[:60], names, answer.status_code))
        if "html" in answer.headers.get("content-type", ""):
            bad += [(text[:60], names, fault) for fault in faults(answer.text)]
        assert "\n" not in answer.headers.get("location", "")
        assert _ours(answer.headers.get("location", "/")), answer.headers["location"]
    assert not bad, bad[:5]


KINDS = ["rule", "provision", "source", "nationality", "queries", "all", "diff", "static"]


@pytest.mark.parametrize("kind", KINDS)
def test_text_in_paths_is_text(server: LiveServer, kind: str) -> None:
    for text in [*TOGETHER, *HOSTILE[KINDS.index(kind) % 16 :: 16]]:
        answer = server.inside("GET", f"/{kind}/{quote(text, safe='')}", headers=HTML)
        assert answer.status_code < 500, (kind, text)
        assert _ours(answer.headers.get("location", "/")), answer.headers["location"]
        if "html" in answer.headers.get("content-type", ""):
            assert not faults(answer.text), (kind, text)


def test_text_in_parameters_of_the_interface_for_programs_is_never_html(server: LiveServer) -> None:
    for number, text in enumerate(HOSTILE):
        command = ("check", "changes", "diff", "show", "trace", "list", "search")[number % 7]
        name = PARAMETERS[number % len(PARAMETERS)]
        answer = server.inside(
            "GET", f"/api/{command}?{urlencode({name: text, 'name': text})}", headers={"Accept": "*/*"}
        )
        assert answer.status_code < 500, (command, text, answer.text[:200])
        assert "html" not in answer.headers["content-type"]
        json.loads(answer.content)


@pytest.mark.parametrize("number", range(0, len(HOSTILE), 16))
def test_text_in_results_is_text(server: LiveServer, number: int) -> None:
    texts = HOSTILE[number : number + 16]
    values = " ".join(quoted(text) for text in texts if len(text) < 1000)
    query = f"SELECT ?x (?x AS ?onload) WHERE {{ VALUES ?x {{ {values} }} }}"
    answer = server.client.get("/sparql", params={"query": query}, headers=HTML)
    assert answer.status_code == 200, answer.text
    assert not faults(answer.text)


def test_names_of_variables_and_iris_in_results_are_text_and_link_only_to_the_web(server: LiveServer) -> None:
    iris = [
        iri for iri in ADDRESSES if not re.search(r"[\s<>\"{}|^`\\\x00-\x20]", iri) and "[" not in iri and iri[0] != "/"
    ]
    assert len(iris) > 12
    query = (
        "SELECT ?onerror ?__proto__ ?\u00e9 WHERE { VALUES ?onerror { " + " ".join(f"<{iri}>" for iri in iris) + " } }"
    )
    answer = server.client.get("/sparql", params={"query": query}, headers=HTML)
    assert answer.status_code == 200, answer.text
    assert not faults(answer.text)


# ---- out of a folder ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["/static/", "/rule/", "/provision/", "/queries/", "/graphs/", "/"])
def test_no_path_leads_out_of_a_folder(server: LiveServer, start: str) -> None:
    import socket

    for path in PATHS if start == "/static/" else PATHS[::3]:
        target = (start + path).encode("utf-8", "surrogateescape").replace(b" ", b"%20")
        # By hand: a client would tidy the path up before it sends it.
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
            line.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            received = b"".join(iter(lambda: line.recv(65536), b""))
        status = int(received.split(b" ", 2)[1])
        assert status in (200, 303, 307, 400, 404, 421), (path, status)
        assert start != "/static/" or status >= 400, path
        for secret in (b"root:x:", b"[project]", b"{% block", b"HOME=", b"[core]"):
            assert secret not in received, path


def test_a_link_that_comes_into_the_folder_is_no_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from inforce_cli.serve.pages import files

    (tmp_path / "secret.js").write_text("secret")
    (tmp_path / "web" / "static").mkdir(parents=True)
    (tmp_path / "web" / "static" / "own.js").write_text("own")
    monkeypatch.setattr(files, "folder", lambda: tmp_path / "web")
    files._files.cache_clear()
    try:
        assert files.has_static("own.js")
        (tmp_path / "web" / "static" / "out.js").symlink_to(tmp_path / "secret.js")
        assert not files.has_static("out.js")
    finally:
        files._files.cache_clear()


# ---- in a browser -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("allowed: there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


class Watched:
    """A page, and what it did that it should not."""

    def __init__(self, browser: Any, url: str) -> None:
        self.did: list[str] = []
        self.page = browser.new_page()
        self.page.on("dialog", lambda one: (self.did.append(f"dialog {one.message}"), one.dismiss()))
        self.page.on("pageerror", lambda one: self.did.append(f"error {one}"))
        self.page.on("console", lambda one: "Content Security" in one.text and self.did.append(one.text))
        self.page.on("request", lambda one: one.url.startswith((url, "data:", "blob:")) or self.did.append(one.url))


def test_nothing_runs_in_a_browser(theirs: LiveServer, browser: Any) -> None:
    watched = Watched(browser, theirs.url)
    for path in ["/all/sources", "/search?q=alert", *(f"/source/S-H{n}" for n in range(len(TOGETHER)))]:
        watched.page.goto(theirs.url + path)
    for text in HOSTILE[::12]:
        watched.page.goto(f"{theirs.url}/search?{urlencode({'q': text})}")
    few = [text for text in HOSTILE if len(text) < 200][::3]
    query = "SELECT ?x WHERE { VALUES ?x { " + " ".join(map(quoted, few)) + " } }"
    watched.page.goto(f"{theirs.url}/sparql?{urlencode({'query': query})}")
    assert watched.page.locator("main table tbody tr").count() == len(few) > 40
    assert watched.page.locator("main img, main iframe, main script:not([src])").count() == 0
    assert not watched.did


def test_nothing_runs_in_the_editor_and_it_asks_nobody_else(theirs: LiveServer, browser: Any, repo: Path) -> None:
    if not (repo / "web" / "static" / "vendor" / "yasgui.min.js").exists():
        pytest.skip("allowed: the editor is not here (make vendor)")
    watched = Watched(browser, theirs.url)
    page = watched.page
    texts = [text for text in HOSTILE if len(text) < 200]
    values = [quoted(text) for text in texts] + [
        f"<javascript:alert('{MARK}')>",
        "<https://w3id.org/inforce/rule/R-WP-198-2A>",
    ]
    # A server that is not ours could name a variable so: YASGUI's own table would make an element of it.
    evil = f"<img src=x onerror=alert('{MARK}')>"
    page.goto(f"{theirs.url}/sparql")
    page.fill("#query", "SELECT ?x WHERE { VALUES ?x { " + " ".join(values) + " } }")
    page.click("#editor-open")
    page.wait_for_selector(".yasqe_queryButton")
    page.click(".yasqe_queryButton")
    page.wait_for_selector("#editor tbody tr")
    assert page.locator("#editor tbody tr").count() == len(values)
    links = page.eval_on_selector_all("#editor tbody a", "all => all.map(one => one.getAttribute('href'))")
    assert links == ["/rule/R-WP-198-2A"]
    page.click("#editor .CodeMirror")
    page.keyboard.press("Control+a")
    page.keyboard.type("SELECT * WHERE { ?x foaf:name")
    page.locator("#editor .CodeMirror-line", has_text="PREFIX foaf:").first.wait_for()
    answer = {"head": {"vars": [evil]}, "results": {"bindings": [{evil: {"type": "literal", "value": evil}}]}}
    page.route(
        "**/sparql",
        lambda route: route.fulfill(content_type="application/sparql-results+json", body=json.dumps(answer)),
    )
    page.click(".yasqe_queryButton")
    page.locator("#editor th button", has_text="<img").wait_for()
    assert page.locator("#editor img").count() == 0
    assert page.evaluate("localStorage.length") == 0
    assert not watched.did
