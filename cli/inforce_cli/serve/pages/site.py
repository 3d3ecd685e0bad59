"""What all pages share: templates, the reader's language and day, addresses of things, errors as pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, Undefined
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from inforce.errors import InForceError, UnknownIdError
from inforce_cli.render.text import safe_text
from inforce_cli.render.words import cited, instant, lower_first, one_day_before, outcome
from inforce_cli.serve.context import context
from inforce_cli.serve.pages.files import folder, has_static, table
from inforce_cli.serve.problems import document

if TYPE_CHECKING:
    from starlette.requests import Request

    from inforce import KnowledgeBase

__all__ = ["BASE", "KINDS", "LANGUAGES", "Site", "View", "as_json", "page", "site_of", "told"]

BASE = "https://w3id.org/inforce/"
LANGUAGES = ("en", "fr")
FORMATS = ("json", "ttl", "jsonld", "csv", "atom", "ics", "svg")
KEPT = ("on", "lang")
"""What every link keeps of the address."""
KEPT_MOST = 64
# A version ends in its first day, a wording in its language too.
_DATED = re.compile(r"(.+)/(\d{4}-\d\d-\d\d)(?:/(?:en|fr))?\Z")
_NUMBER = re.compile(r"(?:SOR|SI)/\d{4}-\d{1,5}")
_WAITING = re.compile(
    r"not[- ]in[- ]force[/\]\[]+(?P<kind>sor|si)[- ](?P<year>\d{4})[- ](?P<number>\d+)[- ](?P<section>[\w.-]+)"
)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_VERSIONED = ("rule", "condition")
_NUMBERED = re.compile(r"[a-z]+-\d{4}-\d+\Z")
_NAMED = {"place": "nationality"}
KINDS = frozenset(
    "rule condition fact action layer list class program category exemption port value source claim conflict change "
    "evidence constraint instrument nationality scheme entailment snapshot".split()
)
# What an address may link to; anything else is shown as text.
_WEB = re.compile(r"https?://[^\s<>\"]+\Z")
Words = Mapping[str, str]


def page(path: str, answer: Callable[[View], Response], formats: Sequence[str] = ("json",)) -> Route:
    """Return a route whose page is made in a thread; what goes wrong for a reason we know is a page too.

    Args:
        path: the path, perhaps with a ``{format}``.
        answer: makes the page.
        formats: what it can also be written as; another format in the path is unknown, in the header without effect.
    """

    def made(request: Request) -> Response:
        site = site_of(request)
        view = View(site, request)
        try:
            if view.format not in (None, *formats):
                if "format" in request.path_params:
                    raise UnknownIdError(
                        f'this page is not written as "{view.format}"', hint="it is as: " + ", ".join(formats)
                    )
                view.format = None
            return answer(view)
        except InForceError as error:
            return site.failed(request, error, view.format)

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(made, request)

    return Route(path, endpoint, methods=["GET"])


def site_of(request: Request) -> Site:
    """Return the explorer over the graph that the server answers from now."""
    here = context(request)
    found: Site | None = here.state.get("pages")
    if found is None or found.kb is not here.kb:
        found = Site(here.kb, lang=here.settings.lang)
        here.state["pages"] = found
    return found


class Site:
    """The explorer over one knowledge base: the templates, and what they can ask."""

    def __init__(self, kb: KnowledgeBase, *, lang: str = "en") -> None:
        """Take the knowledge base, and the language of a page whose address says none."""
        self.kb = kb
        self.lang = lang
        self.kept: dict[Any, Any] = {}

    def keep(self, key: Any, found: Any) -> None:
        """Keep what took long to find; what was found first goes where there is much."""
        while len(self.kept) >= KEPT_MOST:
            self.kept.pop(next(iter(self.kept)), None)
        self.kept[key] = found

    @cached_property
    def templates(self) -> Environment:
        """The templates; every value is escaped, what a thing does not say is empty."""
        found = Environment(
            loader=FileSystemLoader(folder() / "templates"),
            autoescape=True,
            undefined=Undefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_shown,
        )
        found.globals["french"] = table("fr")
        found.globals["has_static"] = has_static
        found.tests["instant"] = lambda text: bool(_INSTANT.match(str(text)))
        found.tests["match_day"] = lambda text: bool(_DAY.match(str(text)))
        return found

    def failed(self, request: Request, error: InForceError, form: str | None = None) -> Response:
        """Return an error as a page with the nearest names, or as a problem document where no page was asked for.

        Args:
            request: what was asked.
            error: why it cannot be answered.
            form: the format that the end of the address names, where that is not a part of its own.
        """
        view, problem = View(self, request), document(error)
        status = int(problem["status"])
        if (form or view.format) in FORMATS or _wanted(request.headers.get("accept", "")):
            body = json.dumps(problem, ensure_ascii=False) + "\n"
            return Response(body, status_code=status, media_type="application/problem+json")
        path = request.url.path.strip("/")
        # Where the address names one thing there may be others like it; a parameter's are in the hint.
        near = self._near(path.partition("/")[2]) if status == 404 and "/" in path else []
        hint, kind = told(str(problem.get("hint") or ""))
        return view.page("error.html", status=status, problem=problem, near=near, hint=hint, kind=kind)

    def _near(self, name: str) -> list[tuple[str, str]]:
        bare = re.sub(r"(?:@[^/]*)?(?:\.(?:json|ttl|jsonld))?\Z", "", name)[:200]
        try:
            found = list(self.kb.nearest(bare))
        except InForceError:
            return []
        return [(one, link) for one in found if (link := self.address_of(one)) is not None]

    @cached_property
    def address_of(self) -> Callable[[str], str | None]:
        """Return the page of a thing by any of its names, ``None`` where it has none."""

        @lru_cache(maxsize=4096)
        def found(name: str) -> str | None:
            known = self.kb.known(name)
            return None if known is None else self.address(BASE + str(known[1]["iri"]))

        return found

    @cached_property
    def instruments_held(self) -> frozenset[str]:
        """The numbers of all instruments that the imported law knows to have made or ended a clause."""
        if self.kb.law_version is None:
            return frozenset()
        return frozenset(str(row["instrument"]) for row in self.kb.changes() if row["instrument"])

    @cached_property
    def _laws(self) -> frozenset[str]:
        return frozenset(str(row["id"]).lower() for row in self.kb.list("laws"))

    def address(self, iri: str | None, day: str | None = None) -> str | None:
        """Return the page of what an IRI names, a version as its thing on its first day; ``None`` for others' IRIs."""
        if not iri or not iri.startswith(BASE):
            return None
        path = iri.removeprefix(BASE)
        head = path.partition("/")[0]
        if head in _NAMED:
            path = f"{_NAMED[head]}/{path.partition('/')[2]}"
        elif head not in KINDS:
            if head not in self._laws and not _NUMBERED.match(head):
                return None
            path = f"provision/{path}" if "/" in path else f"law/{path}"
        dated = _DATED.match(path) if head not in KINDS or head in _VERSIONED else None
        if dated:
            path, day = dated[1], day or dated[2]
        return self.quoted("/" + path) + (f"@{day}" if day else "")

    @staticmethod
    def quoted(path: str) -> str:
        """Return a path as an address has it."""
        return quote(path, safe="/:.'")


class View:
    """One request: the language and the day of its page, and what its template calls."""

    base = BASE

    def __init__(self, site: Site, request: Request) -> None:
        """Read language, day and format off the address."""
        self.site, self.kb, self.request = site, site.kb, request
        self.query: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            if value.strip():
                self.query.setdefault(name, []).append(value.strip())
        asked = self.one("lang")
        self.lang = asked if asked in LANGUAGES else site.lang
        self.on = self.one("on")
        self.path = request.url.path
        self.bare_path = self._own(re.sub(r"@[^/]*\Z", "", self.path))
        self.format = request.path_params.get("format") or _wanted(request.headers.get("accept", ""))

    def one(self, name: str, default: str | None = None) -> str | None:
        """Return the last value that the address gives for ``name``."""
        found = self.query.get(name)
        return found[-1] if found else default

    # ---- answers -----------------------------------------------------------------------------------

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Return a rendered template."""
        text = self.site.templates.get_template(template).render(
            v=self, _=self.say, verdict_word=self.verdict, kb=self.kb, **context
        )
        return HTMLResponse(text, status_code=status, headers={"Vary": "Accept", "Content-Language": self.lang})

    def go(self, path: str, **parameters: Any) -> Response:
        """Return a redirect to another page."""
        return RedirectResponse(self.url(path, **parameters), status_code=303)

    # ---- addresses ---------------------------------------------------------------------------------

    def url(self, path: str, **parameters: Any) -> str:
        """Return an address that keeps language and day; a parameter that is ``None`` is left out."""
        kept: dict[str, Any] = {"on": self.on, "lang": self.lang if self.lang != self.site.lang else None}
        if "@" in path.rpartition("/")[2]:
            kept["on"] = None
        wanted = [(name, value) for name, value in {**kept, **parameters}.items() if value not in (None, "", [])]
        return path + ("?" + urlencode(wanted, doseq=True, safe="/:,@") if wanted else "")

    @staticmethod
    def _own(path: str) -> str:
        # What a stranger wrote in the address comes back encoded, and never as another site's name.
        return quote("/" + path.lstrip("/"), safe="/:.'@,()")

    def here(self, **parameters: Any) -> str:
        """Return this page's address with other parameters; ``None`` takes one away."""
        kept = {name: values for name, values in self.query.items() if name not in ("lang", *parameters)}
        return self.url(self._own(self.path), **{"on": None, **kept, **parameters})

    def rest(self) -> dict[str, Any]:
        """Return what the address says besides language and day."""
        return {name: values for name, values in self.query.items() if name not in KEPT}

    def plain(self, text: Any) -> str:
        """Return a token of the data as words, in the reader's language where we have them."""
        shown = str(text).replace("-", " ").replace("_", " ")
        return self.say(str(text)) if self.say(str(text)) != str(text) else self.say(shown)

    def as_format(self, name: str) -> str:
        """Return this page's address in another format."""
        base = self._own(re.sub(r"\.(?:json|ttl|jsonld)\Z", "", self.path))
        kept = {key: values for key, values in self.query.items() if key != "lang"}
        return self.url(f"{base}.{name}" if base != "/" else f"/index.{name}", **{"on": None, **kept})

    def thing(self, thing: Any, day: str | None = None) -> str | None:
        """Return the address of a thing (its JSON form, or its IRI); ``None`` where it has no page."""
        iri = thing if isinstance(thing, str) or thing is None else thing.get("iri")
        found = self.site.address(iri, day)
        return None if found is None else self.url(found)

    def named(self, name: str | None, **parameters: Any) -> str | None:
        """Return the address of a thing by any of its names."""
        found = self.site.address_of(name) if name else None
        if found is None and name and _NUMBER.fullmatch(name) and name in self.site.instruments_held:
            # An instrument that only the imported law knows.
            found = f"/instrument/{name}"
        return None if found is None else self.url(found, **parameters)

    @staticmethod
    def web(text: Any) -> str | None:
        """Return an address outside, if it is one that may be linked to."""
        return text if isinstance(text, str) and _WEB.match(text) else None

    # ---- words -------------------------------------------------------------------------------------

    def say(self, text: str) -> str:
        """Return one of the explorer's own phrases in the reader's language."""
        return str(table("fr").get(text, text)) if self.lang == "fr" else text

    def label(self, thing: Any, key: str = "label") -> str:
        """Return a label in the reader's language, of a JSON form or a mapping by language."""
        if isinstance(thing, Mapping):
            if key in thing or f"{key}_fr" in thing:
                found = (thing.get(f"{key}_fr") if self.lang == "fr" else None) or thing.get(key)
                return safe_text(str(found or thing.get(f"{key}_fr") or thing.get("id") or ""))
            return safe_text(thing.get(self.lang) or thing.get("en") or next(iter(thing.values()), ""))
        return safe_text(str(thing))

    def cite(self, text: Any) -> str:
        """Return a citation or the number of an instrument as the reader's language writes it."""
        return cited(str(text or ""), self.lang)

    @staticmethod
    def waits(name: Any) -> bool:
        """Return whether a clause is an amendment that waits for its day: it has no page of its own."""
        return _WAITING.search(str(name)) is not None

    def clause(self, name: Any) -> str:
        """Return a path or a citation of a clause of the law as people cite it.

        An amendment that waits for its day stands under the number of the instrument that holds it.
        """
        waiting = _WAITING.search(str(name))
        if waiting:
            number = f"{waiting['kind'].upper()}/{waiting['year']}-{waiting['number']}"
            return (
                f"{self.say('not in force yet')}{self.colon} {self.cite(number)}, {self.say('s.')} {waiting['section']}"
            )
        return self.kb.cited(str(name), self.lang)

    def instant(self, text: str) -> str:
        """Return a day, with its hour where it has one."""
        return instant(text, self.lang)

    @staticmethod
    def day_before(text: str) -> str:
        """Return the day before: the last day of a stretch whose end is excluded."""
        return one_day_before(text)

    @staticmethod
    def lower(text: str) -> str:
        """Return a label as it stands inside a sentence."""
        return lower_first(text)

    def verdict(self, name: str) -> str:
        """Return an outcome as a word: "May not"."""
        return outcome(name, self.lang).capitalize()

    @property
    def colon(self) -> str:
        """A colon, after what the language puts before it."""
        return "\u00a0:" if self.lang == "fr" else ":"

    @cached_property
    def today(self) -> str:
        """The day it is where the law is made."""
        return str(self.kb.when("today").first)


def told(hint: str) -> tuple[str, str | None]:
    """Return a hint without what only a shell can do, and the kind of thing that the shell would have listed.

    >>> told("did you mean citizenships? all facts: inforce list facts")
    ('did you mean citizenships?', 'facts')
    """
    listed = re.search(r"inforce list ([a-z]+)", hint)
    said = re.sub(r"(?:^|(?<=[;?.,] )|(?<=[;?.,]))[^;?.,]*: inforce [^;]*", "", hint)
    return said.strip().rstrip(";,"), listed[1] if listed else None


def _shown(value: Any) -> Any:
    # Escaping is the templates' own; what turns text around or hides in it is made visible before.
    if type(value) is str:
        return safe_text(value)
    if isinstance(value, Markup):
        shown = safe_text(str(value))
        return value if shown == value else Markup(re.sub(r"<(U\+[0-9A-F]{4})>", r"&lt;\1&gt;", shown))  # noqa: S704
    return value


def _wanted(accept: str) -> str | None:
    # A browser takes HTML; a program that asks for one of the others by name gets it.
    order = [part.partition(";")[0].strip() for part in accept.split(",")]
    kinds = {"application/json": "json", "text/turtle": "ttl", "application/ld+json": "jsonld", "text/html": None}
    for kind in order:
        if kind in kinds:
            return kinds[kind]
    return None


def as_json(found: Any) -> Response:
    """Return a result as the command's ``--json`` writes it, byte for byte."""
    from inforce_cli.render import table as tables

    body = found if isinstance(found, str) else tables.as_json(found)
    return Response(body.encode("utf-8", "surrogatepass"), media_type="application/json", headers={"Vary": "Accept"})
