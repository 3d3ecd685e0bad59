"""Tests of facts and conditions as people say them, English and French: verbs that follow "people who".

The words are data: ``inf:phrase`` and ``inf:phraseNot`` of facts and conditions, ``inf:phrase`` of values. The build
gathers them in ``words.json``, so that a sentence needs no graph. What a user's own facts leave out falls back on
their labels.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from inforce.rules.model import Condition, Fact, Rulebook
from inforce.rules.triples import Triples, local
from inforce.vocab import PREFIXES

__all__ = ["Told", "Words", "phrases", "read", "said", "words_of"]

SKOS, INF = PREFIXES["skos"], PREFIXES["inf"]
NONE = "none"

# A test of one fact: fact, operator (is, not, in, at-least, below), value or values.
Told = tuple[str, str, Any]
Texts = dict[str, str]

_NOTHING: Mapping[str, Any] = {"facts": {}, "conditions": {}, "values": {}, "groups": {}, "lists": {}}
_SLOT = re.compile(r"\{([^{}]*)\}")
_GRAMMAR = {
    "en": {
        "and": "and",
        "or": "or",
        "semicolon": "; ",
        "people": "people who",
        "anyone": "anyone",
        "no-one": "no one",
        "not-all": "{} (save those who {})",
        "joined": "{} has been on the list “{}” since {}",
        "left": "{} has not been on the list “{}” since {}",
        "quoted": "“{}”",
        "list": "{} on the list “{}”",
        "list-both": "{} on the list “{}” on both days",
        "scheme": "{} or what comes under it",
        "at-least": "{} or more",
        "below": "less than {}",
        "since": "{} or later",
        "before": "a day before {}",
        "fits": "meet “{}”",
        "fits-not": "do not meet “{}”",
        "has": "have “{}”: {{any value}}",
        "has-not": "do not have “{}”: {{any value}}",
    },
    "fr": {
        "and": "et",
        "or": "ou",
        "semicolon": "\u00a0; ",
        "people": "les personnes qui",
        "anyone": "tout le monde",
        "no-one": "personne",
        "not-all": "{} (sauf celles qui {})",
        "joined": "{} figure sur la liste «\u00a0{}\u00a0» depuis le {}",
        "left": "{} ne figure plus sur la liste «\u00a0{}\u00a0» depuis le {}",
        "quoted": "«\u00a0{}\u00a0»",
        "list": "{} de la liste «\u00a0{}\u00a0»",
        "list-both": "{} inscrit les deux jours sur la liste «\u00a0{}\u00a0»",
        "scheme": "{} ou ce qui en relève",
        "at-least": "{} ou plus",
        "below": "moins de {}",
        "since": "le {} ou après",
        "before": "un jour avant le {}",
        "fits": "répondent à «\u00a0{}\u00a0»",
        "fits-not": "ne répondent pas à «\u00a0{}\u00a0»",
        "has": "ont «\u00a0{}\u00a0» : {{une valeur}}",
        "has-not": "n'ont pas «\u00a0{}\u00a0» : {{une valeur}}",
    },
}


def phrases(t: Triples, book: Rulebook) -> dict[str, Any]:
    """Return the words of facts, conditions, values, lists and groups of values: what ``words.json`` holds."""
    facts = {t.token(s): _both(t, s) for s in t.instances("Fact")}
    values: dict[str, dict[str, Texts]] = {}
    groups: dict[str, list[list[Any]]] = {}
    schemes = {fact.scheme for fact in book.facts.values() if fact.kind == "choice"}
    for subject in sorted(t.by_subject):
        for scheme in t.all(subject, SKOS + "inScheme"):
            if local(scheme.value) in schemes:
                values.setdefault(local(scheme.value), {})[t.token(subject)] = _said(t, subject)
    for subject in t.instances("Fact"):
        for node in t.all(subject, INF + "allowedValue"):
            values.setdefault(t.token(subject), {})[t.token(node.value)] = _said(t, node.value)
    for subject in t.instances(SKOS + "Collection"):
        members = [node.value for node in t.all(subject, SKOS + "member")]
        within = {local(node.value) for member in members for node in t.all(member, SKOS + "inScheme")}
        for name in sorted(within & schemes):
            groups.setdefault(str(name), []).append([_said(t, subject), sorted(t.token(member) for member in members)])
    return {
        "facts": facts,
        "conditions": {name: _both(t, f"{PREFIXES['cond']}{name}") for name in sorted(book.conditions)},
        "values": values,
        "groups": {name: sorted(found, key=lambda item: (-len(item[1]), item[1])) for name, found in groups.items()},
        "lists": {t.token(s): t.text(s) for s in t.instances("DatedList")},
    }


def _both(t: Triples, subject: str) -> dict[str, Texts]:
    return {"is": t.text(subject, INF + "phrase"), "not": t.text(subject, INF + "phraseNot")}


def _said(t: Triples, subject: str) -> Texts:
    return {**t.text(subject), **t.text(subject, INF + "phrase")}


def words_of(book: Rulebook, lang: str = "en", *, moved: Collection[str] = ()) -> Words:
    """Return what says the tests and conditions of a rulebook in a language; for ``moved`` see ``Words``."""
    return Words(book.words(), book, lang, moved=moved)


def read(node: Mapping[str, Any]) -> Condition:
    """Return the condition that a node of a tree of plain mappings stands for; what its ``negated`` says counts."""
    if node["op"] == "named":
        return Condition("ref", target=node["id"])
    if node["op"] != "fact":
        return Condition(node["op"], tuple(map(read, node["members"])))
    target = node.get("target")
    leaf = Condition(node["test"], fact=node["fact"], target=tuple(target) if isinstance(target, list) else target)
    return Condition("not", (leaf,)) if node.get("negated") else leaf


def said(node: Mapping[str, Any], book: Rulebook) -> dict[str, str]:
    """Return a node of such a tree as a verb phrase in both languages, ``phrase`` and ``phrase_fr``."""
    condition = read(node)
    return {f"phrase{end}": words_of(book, lang).condition(condition) for end, lang in (("", "en"), ("_fr", "fr"))}


class Words:
    """Says tests and conditions in one language."""

    def __init__(
        self, words: Mapping[str, Any], book: Rulebook, lang: str = "en", *, moved: Collection[str] = ()
    ) -> None:
        """Take what ``phrases`` gathered, the rules it was gathered from, and the language, ``en`` or ``fr``.

        Of what was not gathered the labels are told.

        ``moved`` are lists that differ between two days spoken of: to be on such a list is to be on it on both.
        """
        self.words = {**_NOTHING, **words}
        self.book, self.lang, self.moved = book, lang, moved
        self.grammar = _GRAMMAR[lang]

    # ---- tests -------------------------------------------------------------------------------

    def told(self, test: Told, *, truth: bool = True) -> str:
        """Return a test as a verb phrase, "hold a work permit"; its contrary where ``truth`` is false.

        A truth may be a boolean or ``"yes"`` and ``"no"``.
        """
        name, operator, value = test
        fact = self.book.facts[name]
        if operator in ("not", "below"):
            truth = not truth
        if fact.kind == "boolean":
            return self._phrase(fact, truth=truth is (value in (True, "yes")), value=None)
        if operator in ("at-least", "below"):
            key = {"number": ("at-least", "below"), "date": ("since", "before")}[fact.kind][not truth]
            return self._phrase(fact, value=self.grammar[key].format(value))
        if isinstance(value, str) and operator != "is" and self._many(fact, value):
            return self._phrase(fact, truth=truth, value=value, many=True)
        tokens = [value] if isinstance(value, str) else list(value)
        said = []
        if NONE in tokens and NONE in (fact.values or ()):
            tokens.remove(NONE)
            said.append(self._phrase(fact, truth=not truth, value=None))
        if tokens:
            said.append(self._phrase(fact, truth=truth, value=self.values(fact, tokens)))
        return self.joined(said, "or" if truth else "and")

    def given(self, name: str, value: Any) -> str:
        """Return what a fact of a person is, as a verb phrase; for ``None`` what it would be to have it at all."""
        fact = self.book.facts[name]
        if value is None:
            return self.told((name, "is", True)) if fact.kind == "boolean" else self._phrase(fact, value=None)
        if isinstance(value, list | tuple):
            # Who has two citizenships has both.
            each = [self.value(fact, str(token)) for token in value]
            return self._phrase(fact, truth=bool(each), value=self.joined(each, "and") or None)
        return self.told((name, "is", value if isinstance(value, bool) else str(value)))

    def _many(self, fact: Fact, value: str) -> bool:
        return value in self.book.lists or any(value in above for above in self.book.ancestors.values())

    def _phrase(self, fact: Fact, *, truth: bool = True, value: str | None, many: bool = False) -> str:
        entry = self.words["facts"].get(fact.name, {})
        found = self._in(entry.get("is" if truth else "not", {}))
        if not found:
            label = self._in(fact.label) or fact.name
            kind = "fits" if fact.kind == "boolean" else "has"
            found = self.grammar[kind + ("" if truth else "-not")].format(label)

        def put(slot: re.Match[str]) -> str:
            noun = slot[1].rstrip(" “")
            if value is None:
                return noun
            if many and value in self.book.lists:
                return self.grammar["list-both" if value in self.moved else "list"].format(noun, self.list_name(value))
            if many:
                return self.grammar["scheme"].format(self.value(fact, value))
            return value

        return _SLOT.sub(put, found)

    def list_name(self, name: str) -> str:
        """Return the name of a list, up to a colon."""
        return (self._in(self.words["lists"].get(name, {})) or name).split(":")[0].strip()

    def _in(self, texts: Mapping[str, str]) -> str:
        return texts.get(self.lang) or texts.get("en") or ""

    def tokens(self, fact: Fact) -> Collection[str]:
        """Return the values of a fact that have words."""
        found: Mapping[str, Any] = self.words["values"].get(fact.scheme or fact.name, {})
        return found

    def value(self, fact: Fact, token: str) -> str:
        """Return one value as it stands in a sentence."""
        known = self.words["values"].get(fact.scheme or fact.name, {})
        said = self._in(known.get(token, {})) or token
        entry = self._in(self.words["facts"].get(fact.name, {}).get("is", {}))
        return self.grammar["quoted"].format(said) if "“}" in entry else said

    def values(self, fact: Fact, tokens: Sequence[str]) -> str:
        """Return several values joined by "or"; a known group of three or more of them by its name."""
        left, said = list(tokens), []
        for name, members in self.words["groups"].get(fact.scheme or fact.name, ()):
            if len(members) > 2 and set(members) <= set(left):
                said.append(self._in(name))
                left = [token for token in left if token not in members]
        order = {token: number for number, token in enumerate(fact.values or ())}
        left.sort(key=lambda token: order.get(token, 0))
        return self.joined([*said, *(self.value(fact, token) for token in left)], "or")

    def joined(self, parts: Sequence[str], word: str) -> str:
        """Return ``a, b and c``; with semicolons where a part has a comma or the other conjunction in it."""
        if len(parts) < 2:
            return "".join(parts)
        conjunction = self.grammar[word]
        clear = not any("," in part for part in parts[:-1]) or len(parts) < 3
        comma = ", " if clear else self.grammar["semicolon"]
        return f"{comma.join(parts[:-1])}{'' if clear else comma.rstrip()} {conjunction} {parts[-1]}"

    def all_of(self, tests: Iterable[Told]) -> str:
        """Return tests that hold together, joined by "and"."""
        return self.joined([self.told(test) for test in tests], "and")

    # ---- conditions --------------------------------------------------------------------------

    def people(self, condition: Condition) -> str:
        """Return for whom a condition holds: "people who …", or anyone."""
        if condition.op in ("all", "any") and not condition.members:
            return self.grammar["anyone" if condition.op == "all" else "no-one"]
        if condition.op == "ref" and not self._in(self.words["conditions"].get(condition.target, {}).get("is", {})):
            inner = self.book.conditions[condition.target].expr
            if inner.op in ("all", "any") and not inner.members:
                return self.people(inner)
        return f"{self.grammar['people']} {self.condition(condition)}"

    def node(self, node: Mapping[str, Any], *, truth: bool = True) -> str:
        """Return a part of an answer's condition, as its JSON has it, as a verb phrase; see ``condition``."""
        return self.condition(read(node), truth=truth)

    def for_whom(self, node: Mapping[str, Any]) -> str:
        """Return for whom such a part holds; see ``people``."""
        return self.people(read(node))

    def condition(self, condition: Condition, *, truth: bool = True) -> str:
        """Return a condition, or its contrary, as a verb phrase; brackets show what belongs together."""
        if condition.op == "not":
            return self.condition(condition.members[0], truth=not truth)
        if condition.op in ("all", "any"):
            both = (condition.op == "all") is truth
            if not condition.members:
                return self.grammar["anyone" if both else "no-one"]
            members = list(_level(condition, both=both, truth=truth))
            parts = [self.condition(member, truth=wanted) for member, wanted in members]
            marked = [
                f"({part})" if _branches(member) and len(members) > 1 else part
                for part, (member, _) in zip(parts, members, strict=True)
            ]
            return self.joined(list(dict.fromkeys(marked)), "and" if both else "or")
        if condition.op == "ref":
            entry = self.words["conditions"].get(condition.target, {})
            label = self.book.conditions[condition.target].label
            fallback = self.grammar["fits" if truth else "fits-not"].format(self._in(label) or condition.target)
            return self._in(entry.get("is" if truth else "not", {})) or fallback
        if condition.op in ("true", "false"):
            return self.told((condition.fact, "is", condition.op == "true"), truth=truth)
        operator = {"list": "in", "scheme": "in"}.get(condition.op, condition.op)
        value = list(condition.target) if isinstance(condition.target, tuple) else condition.target
        return self.told((condition.fact, operator, value), truth=truth)


def _level(condition: Condition, *, both: bool, truth: bool) -> Iterator[tuple[Condition, bool]]:
    """Yield what one conjunction joins, each with the truth it is to have: parts of parts that it joins too."""
    for member in condition.members:
        wanted = truth
        while member.op == "not":
            member, wanted = member.members[0], not wanted  # noqa: PLW2901 - the same condition, read off its contrary
        if member.members and member.op in ("all", "any") and ((member.op == "all") is wanted) is both:
            yield from _level(member, both=both, truth=wanted)
        else:
            yield member, wanted


def _branches(condition: Condition) -> bool:
    while condition.op == "not":
        condition = condition.members[0]
    return condition.op in ("all", "any") and len(condition.members) > 1
