"""What would turn an answer, in words: sets of changes, the easiest first, and rules that would have to be away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inforce_cli.render.answer import Page
from inforce_cli.render.text import safe_text
from inforce_cli.render.words import cited, colon, labelled, outcome, paragraph

__all__ = ["changed", "turns_text"]

_FRENCH = {
    "what would make it {}": "ce qui donnerait {}",
    "nothing that can change would make it {}": "rien qui puisse changer ne donnerait {}",
    "{} of {} ways, more with --limit": "{} façons sur {}, davantage par --limit",
    "at the end of that time": "à la fin de cette période",
    "1 way": "1 façon",
    "{} ways": "{} façons",
    "if it turned out that": "s'il s'avérait que",
    "with the usual": "avec l'habituel",
    "with the usual, as in {}": "avec l'habituel, comme en {}",
    "if all is as usual": "si tout est comme à l'habitude",
    "not {}": "pas {}",
    "one of {}": "parmi {}",
    "on the list {}": "sur la liste {}",
    "at least {}": "au moins {}",
    "below {}": "moins de {}",
    " or ": " ou ",
    " and ": " et ",
    "rules that, if not in force, would make it {}": "règles qui, hors vigueur, donneraient {}",
    "no rules, taken away, would make it {}": "aucun retrait de règles ne donnerait {}",
}


def turns_text(found: Mapping[str, Any], page: Page, *, several: bool = False) -> str:
    """Return the sets of changes and of rules that ``KnowledgeBase.would_turn`` gives; nothing where no rule speaks.

    Args:
        several: there are several outcomes in the time asked about; it is the last that would turn.
    """
    if found["into"] is None:
        return ""
    into, facts, rules = outcome(found["into"], page.lang), found["facts"], found["rules"]
    if several:
        into += " " + _say("at the end of that time", page)
    if facts["sets"]:
        title = _say("what would make it {}", page).format(into)
        parts = [
            paragraph(f"{title} ({_counted(len(facts['sets']), facts['count'], page)})", width=page.width, indent=2)
        ]
        told: dict[str, int] = {}
        for number, one in enumerate(facts["sets"], 1):
            parts += _set(number, one, page, told)
    else:
        parts = [
            paragraph(_say("nothing that can change would make it {}", page).format(into), width=page.width, indent=2)
        ]
    parts.append("\n")
    if rules["sets"]:
        title = _say("rules that, if not in force, would make it {}", page).format(into)
        parts.append(
            paragraph(f"{title} ({_counted(len(rules['sets']), rules['count'], page)})", width=page.width, indent=2)
        )
        for number, versions in enumerate(rules["sets"], 1):
            for place, rule in enumerate(versions):
                label = labelled({"en": rule["label"], "fr": rule["label_fr"] or rule["label"]}, page.lang)
                head = f"{number if place == 0 else '':>5}  "
                parts.append(_hanging(head, f"{rule['rule']}{colon(page.lang)} {label}", page))
    else:
        said = _say("no rules, taken away, would make it {}", page).format(into)
        parts.append(paragraph(said, width=page.width, indent=2))
    return "".join([*parts, "\n"])


def _say(text: str, page: Page) -> str:
    return _FRENCH.get(text, text) if page.lang == "fr" else text


def _counted(shown: int, of: int, page: Page) -> str:
    if shown < of:
        return _say("{} of {} ways, more with --limit", page).format(shown, of)
    return _say("1 way" if of == 1 else "{} ways", page).format(of)


def _set(number: int, one: Mapping[str, Any], page: Page, told: dict[str, int]) -> list[str]:
    changes: Sequence[Mapping[str, Any]] = one["changes"]
    ones = {
        kind: ", ".join(changed(change, page) for change in changes if _kind(change) == kind)
        for kind in ("change", "turns out", "usual")
    }
    lines = [safe_text(one["words"])] if one["words"] else []
    lines += [ones["change"]] if ones["change"] else []
    if ones["turns out"]:
        lines.append(f"{_say('if it turned out that', page)} {ones['turns out']}")
    if ones["usual"]:
        # The same is read once.
        first = told.setdefault(ones["usual"], number)
        if first < number:
            lines.append(_say("with the usual, as in {}", page).format(first))
        else:
            words = "with the usual" if lines else "if all is as usual"
            lines.append(f"{_say(words, page)}{colon(page.lang)} {ones['usual']}")
    return [_hanging(f"{number if place == 0 else '':>5}  ", line, page) for place, line in enumerate(lines)]


def _kind(change: Mapping[str, Any]) -> str:
    if change["usual"]:
        return "usual"
    # What is open and not assumed nobody brings about: it turns out so, or not.
    stated = not (change["given"] is None and change["assumed"] is None)
    return "change" if stated and change["changeable"] else "turns out"


def _hanging(head: str, text: str, page: Page) -> str:
    return head + paragraph(text, width=page.width, indent=len(head))[len(head) :]


def changed(change: Mapping[str, Any], page: Page) -> str:
    """Return one change as a person would type it, or as near to that as one fact with several values lets it be."""
    alternatives = [
        _say(" and ", page).join(_test(operator, value, page) for operator, value in tests) for tests in change["tests"]
    ]
    said = _say(" or ", page).join(alternatives)
    return f"{change['fact']}{'' if said.startswith('=') else ' '}{said}"


def _test(operator: str, value: Any, page: Page) -> str:
    values = [safe_text(str(one)) for one in value] if isinstance(value, list) else [safe_text(str(value))]
    joined = ", ".join(cited(one, page.lang) for one in values)
    if operator == "is":
        return f"={joined}"
    if operator == "in":
        return _say("one of {}" if isinstance(value, list) else "on the list {}", page).format(joined)
    return _say({"not": "not {}", "at-least": "at least {}", "below": "below {}"}[operator], page).format(joined)
