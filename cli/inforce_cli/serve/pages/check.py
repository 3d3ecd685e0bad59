"""The answer to a question: the outcome, why, what would change it, and the same over time."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from inforce.errors import InForceError
from inforce_cli.render.words import caution, period
from inforce_cli.serve.pages.form import Form, value_label
from inforce_cli.serve.pages.site import as_json, page
from inforce_cli.serve.pages.strip import Strip

if TYPE_CHECKING:
    from starlette.responses import Response

    from inforce import Answer
    from inforce_cli.serve.pages.site import View

__all__ = ["Grounds", "routes"]

ASKED = 6
"""Facts that are missing: so many are asked for beside the answer and in its form; the first page has them all."""
AGAINST = {"may-not": ("permit",), "may": ("bar",), "not-required": ("require",), "required": ("exempt",)}


def check(view: View) -> Response:
    """Show the answer to what the address asks; an address with empty fields leads to the same without them."""
    raw = view.request.query_params.multi_items()
    if "ask" in view.query or any(not value.strip() for _, value in raw):
        kept = [(name, value.strip()) for name, value in raw if value.strip() and name not in ("ask", "lang")]
        return view.go(view.path, **{"on": None, **_gathered(kept)})
    form = Form(view)
    answer = view.kb.check(form.given, ordinarily=form.ordinarily, **form.question)
    if view.format is not None:
        return as_json(answer.to_json(view.lang))
    strict = view.kb.check(form.given, **form.question) if form.ordinarily else answer
    told = answer.to_dict(view.lang)
    missing = [item["fact"] for item in answer.missing]
    groups = form.short(missing[:ASKED])
    grounds = Grounds(view, answer, strict)
    strip = _strip(view, form, answer)
    return view.page(
        "check.html",
        form=form,
        groups=groups,
        lists=form.lists(groups),
        whole=view.url("/", **{"on": None, **{name: values for name, values in view.query.items() if name != "lang"}}),
        answer=answer,
        told=told,
        verdict=answer.verdict,
        by_day=_by_day(answer),
        headline=_headline(view, answer),
        when=period(answer.on, view.lang),
        grounds=grounds,
        asked=[_question(view, form, item) for item in answer.missing[:ASKED]],
        more_missing=max(0, len(missing) - ASKED),
        assumed=[_assumption(view, name, value) for name, value in answer.ordinarily.assuming.items()],
        cautions=[caution(item, view.lang) for item in answer.cautions],
        cautioned=[[(one, view.named(one)) for one in item.refs] for item in answer.cautions],
        layers=_layers(view, answer),
        strip=strip,
        copies=_copies(view, form, answer),
        citation=view.kb.cite(told, lang=view.lang),
        bibtex=view.kb.cite(told, style="bibtex", lang=view.lang),
    )


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _by_day(answer: Answer) -> bool:
    """Whether the outcome is open only because it changes within the time asked about."""
    return answer.verdict == "depends" and "depends" not in {segment.outcome for segment in answer.segments}


def _headline(view: View, answer: Answer) -> str:
    label = view.lower(view.label(view.kb.book.actions[answer.action].label))
    if view.kb.book.actions[answer.action].answers == "required":
        label = label.removesuffix(" needed").removesuffix(" nécessaire")
    return label


def _question(view: View, form: Form, item: Mapping[str, Any]) -> dict[str, Any]:
    """A fact that is missing: its question, and for each value the address of the question with it."""
    field = form.field(item["fact"])
    answers = []
    if field["kind"] in ("truth", "choice"):
        for one in item["values"]:
            answers.append(
                {
                    "label": value_label(view, item["fact"], one),
                    "url": view.here(**{item["fact"]: one}),
                    "gives": item.get("by_value", {}).get(one),
                }
            )
    keep = [(name, value) for name, values in view.query.items() for value in values if name != item["fact"]]
    question = view.label({"label": item["question"], "label_fr": item["question_fr"]})
    return {"fact": item["fact"], "question": question, "answers": answers, "field": field, "keep": keep}


def _assumption(view: View, name: str, value: Any) -> tuple[str, str]:
    fact = view.kb.book.facts[name]
    values = value if isinstance(value, tuple | list) else [value]
    return view.label(fact.label), ", ".join(value_label(view, name, one) for one in values) or view.say("none")


def _layers(view: View, answer: Answer) -> list[tuple[str, str]]:
    """By rank the outcome of that layer with those above it, where it is another than before: label and outcome."""
    layers, found = view.kb.book.layers, []  # type: Any, list[tuple[str, str]]
    ranks: dict[int, tuple[list[str], str]] = {}
    for name, result in sorted(answer.by_layer.items(), key=lambda item: (layers[item[0]].rank, item[0])):
        ranks.setdefault(layers[name].rank, ([], result))[0].append(name)
    decisive = {ground.layer for ground in answer.decisive}
    last = None
    for rank, (names, result) in sorted(ranks.items()):
        if rank and result != last:
            shown = [name for name in names if name in decisive] or names
            found.append((" / ".join(view.label(layers[name].label) for name in shown), result))
            last = result
    return found


def _strip(view: View, form: Form, answer: Answer) -> Strip | None:
    asked = {key: value for key, value in form.question.items() if key != "on"}
    try:
        history = view.kb.history(form.given, layers=False, to=_last(view, answer), **asked)
    except InForceError:
        return None
    return Strip(view, history, answer.headline, answer.on["from"])


def _last(view: View, answer: Answer) -> str:
    until = answer.on["until"][:10]
    return max(view.day_before(until) if "T" not in answer.on["from"] else until, view.kb.book.verified_through)


def _copies(view: View, form: Form, answer: Answer) -> list[tuple[str, str]]:
    """The same question for a shell, for curl and for Python."""
    day = view.on or view.today
    named = {"action": answer.action, "known_on": view.one("known_on")}
    command = ["inforce", "check", *(shlex.quote(f"{name}={value}") for name, value in form.given.items())]
    command += [f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in named.items() if value]
    command += [f"--reading {shlex.quote(one)}" for one in view.query.get("reading", ())]
    command += [f"--on {shlex.quote(day)}", *(["--ordinarily"] if form.ordinarily else [])]
    pairs = [(name, value) for name, values in view.query.items() for value in values if name not in ("on", "lang")]
    address = str(view.request.base_url).rstrip("/") + "/check.json?" + urlencode([*pairs, ("on", day)])
    options = {**{name: value for name, value in named.items() if value}, "on": day}
    lines = [f"    {name}={value!r}," for name, value in options.items()]
    lines += ["    ordinarily=True,"] if form.ordinarily else []
    facts = "".join(f"        {name!r}: {value!r},\n" for name, value in form.given.items())
    given = "    {\n" + facts + "    },\n" if facts else "    {},\n"
    python = (
        "import inforce\n\nanswer = inforce.open().check(\n" + given + "\n".join(lines) + "\n)\nprint(answer.verdict)"
    )
    return [
        ("Command", " \\\n    ".join(_folded(command))),
        ("curl", f"curl {shlex.quote(address)}"),
        ("Python", python),
    ]


def _folded(words: list[str], width: int = 68) -> list[str]:
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


@dataclass(frozen=True)
class Grounds:
    """Why an answer is what it is, as its page shows it."""

    view: View
    answer: Answer
    strict: Answer

    @property
    def decisive(self) -> list[dict[str, Any]]:
        """The rules that decide."""
        return [self._rule(ground) for ground in self.answer.decisive]

    @property
    def although(self) -> list[dict[str, Any]]:
        """The rules that say otherwise and hold, and do not decide."""
        against = AGAINST.get(self.answer.verdict, ())
        layers = self.view.kb.book.layers
        return [
            self._rule(ground)
            for ground in self.answer.grounds
            if ground.effect in against
            and ground.state == "holds"
            and not ground.decisive
            and layers[ground.layer].rank
        ]

    @property
    def unless(self) -> list[dict[str, Any]]:
        """What would lift the rules that decide: each exception, whether it is still open, and what it lacks."""
        if self.answer.verdict not in ("may-not", "required"):
            return []
        decisive = {ground.rule for ground in self.answer.decisive}
        open_rules = {ground.rule for ground in self.strict.grounds if ground.state == "unknown"}
        obstacles = self.view.kb.why_not(self.answer, lang=self.view.lang)
        return [
            {
                "rule": way["rule"],
                "label": self.view.label(way),
                "url": self.view.named(way["rule"]),
                "open": way["rule"] in open_rules,
                "lacks": self._lacks(way["would_hold_with"]),
            }
            for item in obstacles
            for way in item["ways"]
            if item["rule"] in decisive
        ]

    def _lacks(self, tree: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if tree is None:
            return None
        if tree["op"] != "fact":
            members = [part for one in tree["members"] if (part := self._lacks(one)) is not None]
            return members[0] if len(members) == 1 else {"op": tree["op"], "members": members}
        view, name = self.view, tree["fact"]
        found: dict[str, Any] = {"op": "fact", "said": self._said(tree), "add": None}
        if tree["test"] in ("true", "false"):
            found["add"] = view.here(**{name: "no" if (tree["test"] == "true") == tree["negated"] else "yes"})
        elif tree["test"] == "is" and not tree["negated"] and not view.kb.book.facts[name].multiple:
            found["add"] = view.here(**{name: str(tree["target"])})
        return found

    def _said(self, node: Mapping[str, Any]) -> str:
        """A test of a fact, or a named condition, as it follows "people who"."""
        said: str = self.view.kb.words(self.view.lang).node(node)
        return said

    @property
    def groups(self) -> list[dict[str, Any]]:
        """All other rules in force, by what they do here: those that hold, those that may, those that do not."""
        titles = {
            "holds": "Holds, and does not decide",
            "unknown": "Open: facts are missing",
            "fails": "Does not apply",
        }
        found = []
        for state, title in titles.items():
            here = [self._rule(g) for g in self.answer.grounds if g.state == state and not g.decisive]
            if here:
                found.append({"title": self.view.say(title), "state": state, "rules": here})
        return found

    def _rule(self, ground: Any) -> dict[str, Any]:
        view = self.view
        layer = view.kb.book.layers[ground.layer]
        sources: dict[str, dict[str, Any]] = {}
        for one in sorted(ground.sources, key=lambda source: source["rank"]):
            entry = sources.setdefault(one["id"], {**one, "locators": [], "page": view.named(one["id"])})
            entry["locators"] += [one["locator"]] if one["locator"] else []
        return {
            "ground": ground,
            "id": ground.rule,
            "label": view.label(ground.label),
            "url": view.thing(f"https://w3id.org/inforce/{ground.version}"),
            "layer": view.label(layer.label),
            "layer_url": view.named(f"layer/{layer.id}"),
            "since": view.instant(ground.starts_at),
            "until": ground.in_force_until and view.day_before(ground.in_force_until),
            "instrument": ground.instrument,
            "instrument_url": view.named(ground.instrument),
            "provisions": [self._provision(one) for one in ground.provisions],
            "sources": list(sources.values()),
            "defeated_by": [(one, view.named(one)) for one in ground.defeated_by],
            "conflicts": [(one, view.named(one)) for one in ground.conflicts],
            "condition": self._node(ground.condition),
        }

    def _provision(self, one: Mapping[str, Any]) -> dict[str, Any]:
        version = one["version"]
        iri = version if version is None or "://" in version else f"https://w3id.org/inforce/{version}"
        return {
            **one,
            "cited": self.view.cite(one["citation"]),
            "url": self.view.thing(iri) if iri else self.view.named(one["citation"]),
            "instrument_url": self.view.named(one["instrument"]),
        }

    def _node(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """A condition with the state of each part, in words."""
        view = self.view
        found: dict[str, Any] = {"state": node["state"], "members": [], "lists": [], "url": None, "given": None}
        if node["op"] == "fact":
            found["said"] = self._said(node)
            value = node["value"]
            values = value if isinstance(value, list | tuple) else [value]
            given = [value_label(view, node["fact"], one) for one in values if one is not None]
            found["given"] = ", ".join(given) or (view.say("not known") if value is None else view.say("none"))
            for one in node.get("members_on", ()):
                found["lists"].append(
                    {
                        "entry": value_label(view, node["fact"], one["entry"]),
                        "url": view.named(f"{self._scheme(node['fact'])}/{one['entry']}"),
                        "list": one["list"],
                        "list_url": view.named(f"list/{one['list']}"),
                        "from": one["in_force_from"],
                        "until": one["in_force_until"] and view.day_before(one["in_force_until"]),
                    }
                )
            return found
        if node["op"] == "named":
            found["said"] = self._said(node)
            found["url"] = view.named(f"condition/{node['id']}")
        else:
            words = {"all": "All of these", "any": "At least one of these", "not": "None of these"}
            found["said"] = view.say(words.get(node["op"], node["op"]))
        # What has no parts always holds, and says nothing.
        members = [self._node(one) for one in node.get("members", ()) if one["op"] == "fact" or one.get("members")]
        if node["op"] == "named" and len(members) == 1 and not members[0]["url"] and members[0]["members"]:
            members = members[0]["members"]
        found["members"] = members
        return found

    def _scheme(self, fact: str) -> str:
        known = self.view.kb.book.facts[fact]
        return (known.scheme or "value").partition("/")[0]


routes = [page("/check", check), page("/check.{format:str}", check)]
