"""The explorer in a browser: the headline question from asking to its instrument, with and without JavaScript."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages_list import FAILING, FLAGPOLING, PAGES

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="allowed: no Chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="allowed: playwright is not installed")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


class Watched:
    """A page whose requests, dialogs and complaints are kept."""

    def __init__(self, browser: Any, base: str, **options: Any) -> None:
        self.base = base
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        self.page = self.context.new_page()
        self.outside: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda one: self._asked(one.url))
        self.page.on("dialog", lambda one: (self.complaints.append(one.message), one.dismiss()))
        self.page.on("pageerror", lambda one: self.complaints.append(str(one)))
        self.page.on("console", lambda one: self.complaints.append(one.text) if one.type == "error" else None)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.base, "data:")):
            self.outside.append(url)

    def go(self, path: str) -> Any:
        return self.page.goto(self.base + path)

    def outcome(self) -> str:
        return str(self.page.locator(".outcome h1 strong").inner_text())


@pytest.fixture(params=[True, False], ids=["javascript", "no-javascript"])
def watched(request: pytest.FixtureRequest, browser: Any, server: Any) -> Iterator[Watched]:
    found = Watched(browser, server.url, java_script_enabled=request.param)
    yield found
    found.context.close()
    assert found.outside == [] and found.complaints == []


def test_the_headline_question_from_the_form_to_the_instrument(watched: Watched) -> None:
    page = watched.page
    watched.go("/")
    page.fill("#on", "2024-12-23")
    page.fill("input[name=citizenships]", "IND")
    for name in (
        "held_temporary_status_in_canada_on_departure",
        "trip_only_us_or_spm",
        "purpose_is_immigration_service",
    ):
        page.locator(f"input[name={name}][value=yes]").check(force=True)
    page.locator("details", has_text="The trip and the arrival").locator("summary").first.click()
    for name in ("held_permit_or_tr_authorization_before_trip", "returns_within_authorized_stay"):
        page.locator(f"input[name={name}][value=yes]").check(force=True)
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/check?*")
    assert watched.outcome() == "May"
    assert "=&" not in page.url and not page.url.endswith("=")

    page.locator("a[rel=next]").click()
    page.wait_for_url(re.compile("on=2024-12-24"))
    assert watched.outcome() == "May not"

    page.locator("a", has_text="IRPR 26.1(2)").first.click()
    page.wait_for_url(re.compile("/provision/irpr/26.1/2@2024-12-18"))
    assert page.locator("h1").inner_text() == "IRPR 26.1(2)"
    page.locator("a", has_text="SOR/2024-258").first.click()
    page.wait_for_url(re.compile("/instrument/SOR/2024-258"))
    assert "2024-12-18" in page.locator(".rows").inner_text()


def test_from_an_answer_to_the_words_of_the_law_and_what_made_them(browser: Any, kb_law: Any) -> None:
    """The ground of an answer, its clause as it read then, its instrument, and what that changed word by word."""
    from live_server import LiveServer

    server = LiveServer(kb_law)
    watched = Watched(browser, server.url)
    page = watched.page
    try:
        watched.go(f"/check?on=2024-12-24&{FLAGPOLING}")
        page.locator("a", has_text="IRPR 26.1(2)").first.click()
        page.wait_for_url(re.compile("/provision/irpr/26.1/2@2024-12-18"))
        held = kb_law.law.provision("IRPR 26.1(2)", on="2024-12-18").to_dict()["units"][0]["text"]
        assert held in page.locator(".law").inner_text().replace("\n", " ")
        page.locator(".law .since a").first.click()
        page.wait_for_url(re.compile("/instrument/SOR/2024-258"))
        done = page.locator("section", has=page.locator("#clauses")).locator("li")
        assert done.count() > 9
        done.filter(has_text="IRPR 26.1(1)(a)").get_by_role("link", name="what changed").click()
        page.wait_for_url(re.compile(r"/diff/2024-12-17\.\.2024-12-18\?of="))
        assert page.locator("h2", has_text="IRPR 26.1(a) → IRPR 26.1(1)(a)").count() == 1
        watched.go("/diff/2024-12-17..2024-12-18?of=IRPR+26.1&lang=fr")
        # 26.1(1) has the words that 26.1 had; 26.1(2) is new, with its marginal note.
        assert page.locator("del").count() == 1 and page.locator("ins").count() == 3
        assert page.locator(".law").first.get_attribute("lang") == "fr"
    finally:
        watched.context.close()
        server.stop()
    assert watched.outside == [] and watched.complaints == []


def test_a_saved_query_and_french(watched: Watched) -> None:
    page = watched.page
    watched.go("/queries")
    page.locator("a[href*='/queries/list-history']").click()
    page.fill("#p-entry", "MEX")
    page.get_by_role("button", name="Run").click()
    page.wait_for_url(re.compile("entry=MEX"))
    assert page.locator("tbody tr").count() == 5
    watched.go(f"/check?on=2024-12-24&{FLAGPOLING}")
    page.get_by_role("link", name="Français").click()
    page.wait_for_url(re.compile("lang=fr"))
    assert page.locator("html").get_attribute("lang") == "fr"
    assert watched.outcome() == "Ne peut pas"
    assert "on=2024-12-24" in page.url


def test_a_query_of_ones_own(watched: Watched) -> None:
    page = watched.page
    watched.go("/sparql")
    page.fill("#query", "SELECT ?l { place:MEX rdfs:label ?l } ORDER BY ?l")
    page.locator("form.sparql button").first.click()
    page.wait_for_url(re.compile(r"query="))
    assert page.locator("tbody td").all_inner_texts() == ["Mexico", "Mexique"]


def test_arrow_keys_move_the_day_over_the_change(browser: Any, server: Any) -> None:
    from playwright.sync_api import expect

    watched = Watched(browser, server.url)
    page = watched.page
    watched.go(f"/check?on=2024-12-23&{FLAGPOLING}")
    assert watched.outcome() == "May"
    page.focus("#slider")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("on=2024-12-24"))
    expect(page.locator(".outcome h1 strong")).to_have_text("May not")
    assert page.evaluate("document.activeElement.id") == "slider"
    assert page.locator("#slider").get_attribute("aria-valuetext") == "2024-12-24"
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".outcome h1 strong")).to_have_text("May")
    assert watched.outside == [] and watched.complaints == []
    watched.context.close()


SEEN = """() => {
  const one = document.activeElement, next = one.nextElementSibling;
  const rect = one.querySelector && one.querySelector('rect');
  return getComputedStyle(one).outlineStyle !== 'none' || (next && getComputedStyle(next).outlineStyle !== 'none')
    || (rect && parseFloat(getComputedStyle(rect).strokeWidth) > 2); }"""


def tabbed(page: Any, until: str, most: int = 80) -> None:
    """Press the tab key until a condition on the element that has the focus (``one``) is true; each can be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if page.evaluate(f"(one => {until})(document.activeElement)"):
            return
    raise AssertionError(f"no way by the tab key to what is {until}")


def test_by_keyboard_alone(browser: Any, server: Any) -> None:
    """The skip link, a question typed and chosen, an answer read, its day moved: no mouse."""
    from playwright.sync_api import expect

    watched = Watched(browser, server.url)
    page = watched.page
    watched.go("/?citizenships=IND&trip_only_us_or_spm=yes&held_permit_or_tr_authorization_before_trip=yes")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    expect(page.locator(".skip")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    tabbed(page, "one.id === 'on'")
    page.keyboard.type("12232024")
    for name in (
        "held_temporary_status_in_canada_on_departure",
        "purpose_is_immigration_service",
        "returns_within_authorized_stay",
    ):
        if name.startswith("returns"):
            tabbed(page, "one.tagName === 'SUMMARY' && one.textContent.startsWith('The trip')")
            page.keyboard.press("Enter")
        tabbed(page, f"one.name === '{name}'")
        # A group of choices is one stop; arrow keys go to the one wanted.
        for _ in range(3):
            if page.evaluate("document.activeElement.value") == "yes" and page.evaluate(
                "document.activeElement.checked"
            ):
                break
            page.keyboard.press("ArrowRight")
    tabbed(page, "one.name === 'ordinarily'")
    if not page.evaluate("document.activeElement.checked"):
        page.keyboard.press("Space")
    tabbed(page, "one.name === 'ask'")
    page.keyboard.press("Enter")
    page.wait_for_url("**/check?*")
    assert "on=2024-12-23" in page.url and watched.outcome() == "May"

    tabbed(page, "one.id === 'slider'")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("on=2024-12-24"))
    expect(page.locator(".outcome h1 strong")).to_have_text("May not")
    tabbed(page, "one.tagName === 'SUMMARY' && one.closest('.unless')")
    page.keyboard.press("Enter")
    tabbed(page, "one.className === 'add'")
    before = page.url.count("&")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.count("&") > before)
    assert watched.outside == [] and watched.complaints == []
    watched.context.close()


EVERY = {**PAGES, **FAILING}
VENDORED = Path(__file__).resolve().parents[2] / "web" / "static" / "vendor" / "yasgui.min.js"


def edited(page: Any) -> None:
    """Open the editor in place of the form, and run what is in it."""
    if not VENDORED.exists():
        pytest.skip("allowed: the editor is not vendored here (make vendor)")
    page.click("#editor-open")
    page.wait_for_selector(".yasqe .CodeMirror", timeout=30_000)
    page.click(".yasqe_queryButton")
    page.wait_for_selector(".yasr table tbody tr", timeout=30_000)


def violations(page: Any) -> list[tuple[str, str]]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="allowed: axe is not installed").Axe()
    return [(one["id"], one["nodes"][0]["html"][:160]) for one in axe.run(page).response["violations"]]


@pytest.mark.parametrize(
    ("scheme", "width", "lang"), [("light", 1280, "en"), ("dark", 390, "fr"), ("dark", 1280, "en")]
)
def test_no_page_has_an_accessibility_violation(browser: Any, server: Any, scheme: str, width: int, lang: str) -> None:
    context = browser.new_context(color_scheme=scheme, bypass_csp=True, viewport={"width": width, "height": 844})
    page = context.new_page()
    wrong = {}
    for name, path in EVERY.items():
        page.goto(server.url + path + ("&" if "?" in path else "?") + f"lang={lang}")
        found = violations(page)
        if found:
            wrong[name] = found
    context.close()
    assert wrong == {}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_editor_has_no_accessibility_violation(browser: Any, server: Any, scheme: str, width: int) -> None:
    context = browser.new_context(color_scheme=scheme, bypass_csp=True, viewport={"width": width, "height": 844})
    page = context.new_page()
    page.goto(server.url + "/sparql")
    try:
        edited(page)
        assert violations(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    finally:
        context.close()


def test_no_page_asks_another_site_or_breaks_its_policy(browser: Any, server: Any) -> None:
    watched = Watched(browser, server.url)
    for path in EVERY.values():
        watched.go(path)
    # A browser says of each page that it was answered 404 or so; a policy that is broken reads otherwise.
    broken = [one for one in watched.complaints if not one.startswith("Failed to load resource: the server responded")]
    watched.context.close()
    assert watched.outside == [] and broken == []


def test_the_editor_asks_no_other_site_and_draws_what_a_query_asks_for(browser: Any, server: Any) -> None:
    from playwright.sync_api import expect

    watched = Watched(browser, server.url)
    page = watched.page
    try:
        watched.go(EVERY["sparql-rows"])
        edited(page)
        page.wait_for_selector("#editor .view svg[role=img]", timeout=30_000)
        assert page.locator("#editor .view svg .bar").count() == page.locator(".yasr table tbody tr").count()
        page.select_option("#editor-saved", "coverage")
        page.click(".yasqe_queryButton")
        expect(page.locator("#editor .view svg .bar")).to_have_count(4, timeout=30_000)
    finally:
        watched.context.close()
    assert watched.outside == [] and watched.complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(browser: Any, server: Any, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    wide = []
    for name, path in EVERY.items():
        page.goto(server.url + path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(name)
        folder = os.environ.get("INFORCE_SHOTS")
        if folder:
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    context.close()
    assert wide == []
