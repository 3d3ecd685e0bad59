"""The question as a form: every fact as a typed field, in groups, with what the address already says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from inforce_cli.serve.pages.files import table

if TYPE_CHECKING:
    from inforce_cli.serve.pages.site import View

__all__ = ["RESERVED", "Form", "value_label"]

RESERVED = frozenset(("on", "lang", "action", "ordinarily", "known_on", "reading", "ask"))
"""What an address says besides facts; ``ask`` is the button of the form."""
# A choice of more values than this is typed, with suggestions.
_SHOWN = 14


class Form:
    """The fields of one page."""

    def __init__(self, view: View) -> None:
        """Read the facts off the address."""
        self.view, self.book = view, view.kb.book
        self.given = {name: ",".join(values) for name, values in view.query.items() if name not in RESERVED}

    @property
    def action(self) -> str:
        """The action that is asked about."""
        return self.view.one("action") or self.view.kb.default_action

    @property
    def actions(self) -> list[tuple[str, str]]:
        """All actions by label; the one that is asked about where none is named comes first."""
        found = [(name, self.view.label(action.label)) for name, action in self.book.actions.items()]
        return sorted(found, key=lambda one: (one[0] != self.view.kb.default_action, one[1]))

    @property
    def ordinarily(self) -> bool:
        """Whether open facts are taken as they usually are."""
        return self.view.one("ordinarily") in ("yes", "1", "true", "on")

    @property
    def question(self) -> dict[str, Any]:
        """What the address asks, as ``KnowledgeBase.check`` takes it."""
        view = self.view
        return {
            "on": view.on,
            "known_on": view.one("known_on"),
            "action": view.one("action"),
            "readings": view.query.get("reading", []),
        }

    def groups(self, first: Iterable[str] = ()) -> list[dict[str, Any]]:
        """Return the groups of fields; ``first`` (or the data's own choice) stand open, others under a fold."""
        names = list(first) or [name for name in table("questions")["first"] if name in self.book.facts]
        names += [name for name in self.given if name in self.book.facts and name not in names]
        found, placed = [], set(names)
        opening = [self.field(name) for name in names if name in self.book.facts]
        for group in table("questions")["groups"]:
            here = [name for name in group["facts"] if name in self.book.facts and name not in placed]
            placed |= set(here)
            found.append({"title": self.view.label(group["title"]), "fields": [self.field(name) for name in here]})
        rest = [self.field(name) for name in self.book.facts if name not in placed]
        found.append({"title": self.view.say("More"), "fields": rest})
        return [{"title": None, "fields": opening}, *(group for group in found if group["fields"])]

    def short(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Return one group: what is given, the first question of all, and what ``names`` asks besides."""
        first = [name for name in table("questions")["first"][:1] if name in self.book.facts]
        wanted = dict.fromkeys([*first, *(one.replace("-", "_") for one in self.given), *names])
        return [{"title": None, "fields": [self.field(name) for name in wanted if name in self.book.facts]}]

    def field(self, name: str) -> dict[str, Any]:
        """Return one field: ``name``, ``label``, ``question``, ``kind``, ``value``, ``choices`` (value and label)."""
        fact = self.book.facts[name]
        given = self.given.get(name, "")
        found: dict[str, Any] = {
            "name": name,
            "label": self.view.label(fact.label),
            "question": self.view.label(fact.question) or self.view.label(fact.label),
            "value": given,
            "choices": [],
            "list": None,
        }
        if fact.kind == "boolean":
            return found | {"kind": "truth", "value": {"true": "yes", "false": "no"}.get(given.lower(), given)}
        if fact.kind != "choice":
            return found | {"kind": {"number": "number", "date": "date"}.get(fact.kind, "text")}
        tokens = self.view.kb.tokens(name)
        if fact.multiple or len(tokens) > _SHOWN:
            return found | {"kind": "several" if fact.multiple else "text", "list": _list_id(fact.scheme or name)}
        choices = sorted((value_label(self.view, name, one), one) for one in tokens)
        return found | {"kind": "choice", "choices": [(one, label) for label, one in choices]}

    def lists(self, groups: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[str, str]]]:
        """Return the suggestions of typed fields: for each list what is typed, and what it means."""
        found: dict[str, list[tuple[str, str]]] = {}
        for group in groups:
            for field in group["fields"]:
                if field["list"] and field["list"] not in found:
                    tokens = self.view.kb.tokens(field["name"])
                    found[field["list"]] = [(one, value_label(self.view, field["name"], one)) for one in tokens]
        return found

    def chips(self) -> list[dict[str, Any]]:
        """Return what is given, in words, each with the address of the question without it."""
        found = []
        for name, value in self.given.items():
            fact = self.book.facts.get(name.replace("-", "_"))
            label = self.view.label(fact.label) if fact is not None else name
            said = ", ".join(value_label(self.view, name, one.strip()) for one in value.split(","))
            found.append({"label": label, "value": said, "without": self.view.here(**{name: None})})
        return found


def value_label(view: View, fact: str, token: Any) -> str:
    """Return the name of a value of a fact in the reader's language; the token itself where it has none."""
    from inforce_cli.serve.pages.site import BASE

    if isinstance(token, bool):
        token = "yes" if token else "no"
    if token in ("yes", "no", "none", "unknown"):
        return view.say({"unknown": "not known"}.get(token, token))
    known = view.kb.book.facts.get(fact.replace("-", "_"))
    index = view.kb.graph_index
    scheme = (known.scheme or "").partition("/")[0] if known is not None else ""
    for head in dict.fromkeys((scheme, "value", "place", "program", "list")):
        said = index.text(f"{BASE}{head}/{token}") if head else None
        if said:
            return view.label(said)
    return str(token)


def _list_id(scheme: str) -> str:
    return "values-" + scheme.partition("/")[0].replace("_", "-")
