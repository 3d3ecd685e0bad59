"""The whole of an answer: every rule in force with its condition, provisions and sources; what bars; what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inforce_cli.render.answer import Page, footer, headline, rule_lines
from inforce_cli.render.text import safe_text
from inforce_cli.render.words import caution, cited, colon, labelled, one_day_before, outcome, paint, paragraph

if TYPE_CHECKING:
    from inforce import Answer

__all__ = ["comparison", "condition_lines", "explanation", "obstacles", "queried", "unmet"]

# What joins the parts of a condition, and of its contrary, whose parts are told as contraries too.
_OPERATORS = {
    ("all", True): "all of these",
    ("any", True): "at least one of these",
    ("all", False): "at least one of these",
    ("any", False): "all of these",
}
# How a test of a fact, and its contrary, stands between the fact and what it is compared with.
_TESTS = {
    ("is", True): "other than",
    ("in", False): "one of",
    ("in", True): "none of",
    ("list", False): "on the list",
    ("list", True): "not on the list",
    ("scheme", False): "within",
    ("scheme", True): "not within",
    ("at-least", False): "at least",
    ("at-least", True): "below",
    ("below", False): "below",
    ("below", True): "at least",
}
_STANDING = {True: "stands", False: "does not stand", None: "may stand"}


def explanation(answer: Answer, page: Page) -> str:
    """Return every rule in force with its state, its whole condition, its provisions and its sources."""
    parts = [headline(answer, page), "\n"]
    for ground in answer.grounds:
        parts += [_rule(ground, page), "\n"]
    if answer.inferred:
        shown = [f"{_given(i['fact'], i['value'], page)}, {i['from']}" for i in answer.inferred]
        parts.append(page.row("inferred", map(safe_text, shown)))
    layers = [
        f"{labelled(page.book.layers[n].label, page.lang)}{colon(page.lang)} {outcome(w, page.lang)}"
        for n, w in _ranked(answer, page)
    ]
    if layers:
        parts.append(page.row("layers", layers))
    if answer.ordinarily.assuming:
        text = f"{outcome(answer.ordinarily.outcome, page.lang)} {page.word('for')} {page.word('people who')}"
        assumed = [f"· {_given(name, value, page)}" for name, value in answer.ordinarily.assuming.items()]
        parts.append(page.row("ordinary", [text, *map(safe_text, assumed)]))
    parts += [page.row("note", [caution(item, page.lang)]) for item in answer.cautions]
    return "".join([*parts, footer(answer, page)])


def _given(name: str, value: Any, page: Page) -> str:
    """The value of a fact in words, and as it is typed."""
    return f"{page.words.given(name, value)} ({name}={_typed(value)})"


def _ranked(answer: Answer, page: Page) -> list[tuple[str, str]]:
    return sorted(answer.by_layer.items(), key=lambda item: (page.book.layers[item[0]].rank, item[0]))


def _rule(ground: Any, page: Page) -> str:
    states = [page.word(ground.effect), page.word(_STANDING[ground.stands])]
    states += [page.word("decisive")] if ground.decisive else []
    states += [page.word("contested")] if ground.contested else []
    if ground.defeated_by:
        states.append(f"{page.word('lifted by')} {', '.join(ground.defeated_by)}")
    head = paragraph(f"{ground.rule}  {', '.join(states)}", width=page.width)
    lines = [paint(ground.rule, "1", color=page.color) + head.removeprefix(ground.rule)]
    lines.append(paragraph(labelled(ground.label, page.lang), width=page.width, indent=4))
    lines.append(f"    {page.word('for')} {page.word('anyone' if _always(ground.condition) else 'people who')}\n")
    lines += [f"{line}\n" for line in condition_lines(ground.condition, page, indent=4)]
    for text in rule_lines(ground, page)[1:]:
        lines.append(paragraph(text, width=page.width, indent=4))
    for one in ground.provisions:
        if one["version"] is None:
            lines.append(f"    {cited(one['citation'], page.lang)}{colon(page.lang)} {page.word('text not held')}\n")
        elif one["role"] == "refers-to":
            text = f"{page.word('refers to')} {cited(one['citation'], page.lang)}, "
            text += f"{page.word('in force from')} {one['in_force_from']}"
            lines.append(paragraph(text, width=page.width, indent=4))
    for one in {source["id"]: source for source in ground.sources}.values():
        located = "; ".join(safe_text(s["locator"]) for s in ground.sources if s["id"] == one["id"])
        named = f"{page.word('source')} {one['id']} ({page.word('rank')} {one['rank']}){colon(page.lang)}"
        text = f"{named} {safe_text(one['title'])}, {located}"
        lines.append(paragraph(text, width=page.width, indent=4))
        lines.append(f"      {safe_text(one['url'] or '')}\n" if one["url"] else "")
    return "".join(lines)


def _always(node: Mapping[str, Any]) -> bool:
    """Whether a condition has no parts: it holds of anyone."""
    members = node.get("members", ())
    return node["op"] == "all" and not members or node["op"] == "named" and _always(members[0])


def condition_lines(node: Mapping[str, Any], page: Page, *, indent: int = 0, wanted: bool = True) -> list[str]:
    """Return a condition as indented lines, each with its state: holds, fails or unknown.

    Every part says in words what it asks of people; what it is called, and what was given, stands in brackets.

    Args:
        indent: columns before the first line.
        wanted: whether the condition is to hold; else its contrary is told, with the state of that.
    """
    members: Sequence[Mapping[str, Any]] = node.get("members", ())
    if node["op"] == "not":
        return condition_lines(members[0], page, indent=indent, wanted=not wanted)
    if _always(node):
        return []
    state = node["state"] if wanted else {"holds": "fails", "fails": "holds"}.get(node["state"], "unknown")
    mark = f"[{page.word(state)}] "
    joined = [one for one in members if node["op"] == "named" and one["op"] in ("all", "any")]
    if node["op"] == "fact":
        text = f"{safe_text(page.words.node(node, truth=wanted))} ({_fact(node)})"
    elif node["op"] == "named":
        text = f"{safe_text(page.words.node(node, truth=wanted))} ({node['id']}{_while(node, page)})"
    else:
        text = page.word(_OPERATORS[node["op"], wanted])
    if joined:
        # What a name stands for is read with it.
        members = joined[0]["members"]
        text += f"{colon(page.lang)} {page.word(_OPERATORS[joined[0]['op'], wanted])}"
    lines = paragraph(mark + text, width=page.width, indent=indent, hanging=len(mark)).splitlines()
    lines += [" " * (indent + len(mark)) + line for line in _memberships(node, page)]
    return [*lines, *(line for one in members for line in condition_lines(one, page, indent=indent + 2, wanted=wanted))]


def _while(node: Mapping[str, Any], page: Page) -> str:
    if not node.get("in_force_from"):
        return ""
    text = f", {page.word('in force from')} {node['in_force_from']}"
    return text + (f" {page.word('until')} {one_day_before(node['in_force_until'])}" if node["in_force_until"] else "")


def _fact(node: Mapping[str, Any]) -> str:
    """What to cite: the list or group of values that is asked about, the fact, and its value or a question mark."""
    named = f"{node['target']}; " if node["test"] in ("list", "scheme") else ""
    return f"{named}{node['fact']}={'?' if node['value'] is None else safe_text(_typed(node['value']))}"


def _memberships(node: Mapping[str, Any], page: Page) -> list[str]:
    found = []
    for one in node.get("members_on", ()):
        until = f" {page.word('until')} {one_day_before(one['in_force_until'])}" if one["in_force_until"] else ""
        found.append(
            f"{one['entry']}{colon(page.lang)} {one['list']}, {page.word('from')} {one['in_force_from']}{until}"
        )
    return found


def _typed(value: Any) -> str:
    # As a fact is typed.
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (",".join(map(str, value)) or "none") if isinstance(value, list | tuple) else str(value)


def _list(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(map(str, value)) or "none") if isinstance(value, list | tuple) else str(value)


# ---- why not -------------------------------------------------------------------------------------


def obstacles(answer: Answer, found: Sequence[dict[str, Any]], page: Page, *, turns: str = "") -> str:
    """Return what stands in the way, each with what would lift it and the facts that this lacks.

    Args:
        turns: what would turn the answer, in words; it comes last.
    """
    parts = [headline(answer, page), "\n"]
    if not found:
        parts.append(f"  {page.word('nothing stands in the way')}\n")
    for item in found:
        if item["rule"] is None:
            parts.append(f"  {page.word('nothing permits it')}; {page.word('it would take')}\n")
        else:
            provisions = "".join(", " + cited(one, page.lang) for one in item["citations"])
            text = f"{item['rule']}{colon(page.lang)} {_label(item, page)} [{page.word(item['state'])}]{provisions}"
            parts.append(paragraph(text, width=page.width, indent=2))
            if item["state"] == "unknown":
                parts += _wished("falls away for", item["falls_away_with"], page, indent=4)
            if item["ways"]:
                parts.append(f"    {page.word('would be lifted by')}\n")
        for way in item["ways"]:
            text = f"{way['rule']}{colon(page.lang)} {_label(way, page)} [{page.word(way['state'])}]"
            parts.append(paragraph(text, width=page.width, indent=6))
            parts += _wished("for", way["would_hold_with"], page, indent=8)
    return "".join([*parts, "\n" if turns else "", turns.rstrip("\n"), "\n" if turns else "", footer(answer, page)])


def _wished(lead: str, tree: Mapping[str, Any] | None, page: Page, *, indent: int) -> list[str]:
    # For whom it would be so in words, and under it the facts as they are typed.
    if tree is None:
        return []
    told = safe_text(page.words.for_whom(tree))
    return [
        paragraph(f"{page.word(lead)} {told}", width=page.width, indent=indent),
        paragraph(unmet(tree, page), width=page.width, indent=indent + 2),
    ]


def unmet(tree: Mapping[str, Any] | None, page: Page, *, within: str = "") -> str:
    """Return what a condition lacks to hold (or to fail) in words with "and" and "or"; nothing if it lacks nothing."""
    if tree is None:
        return ""
    if tree["op"] == "fact":
        return _wish(tree, page)
    joint = {"all": "and", "any": "or"}[tree["op"]]
    parts = dict.fromkeys(unmet(one, page, within=joint) for one in tree["members"])
    text = f" {page.word(joint)} ".join(parts)
    return f"({text})" if within not in ("", joint) and len(parts) > 1 else text


def _wish(leaf: Mapping[str, Any], page: Page) -> str:
    test, name = leaf["test"], leaf["fact"]
    if test in ("true", "false"):
        return f"{name}={'no' if (test == 'true') == leaf['negated'] else 'yes'}"
    target = leaf["target"]
    shown = safe_text(", ".join(map(str, target)) if isinstance(target, list | tuple) else str(target))
    if test == "is" and not leaf["negated"]:
        return f"{name}={shown}"
    wanted = _TESTS[test, leaf["negated"]]
    return f"{name} {page.word(wanted)} {shown}"


def _label(item: Mapping[str, Any], page: Page) -> str:
    return labelled({"en": item["label"] or "", "fr": item["label_fr"] or item["label"] or ""}, page.lang)


# ---- two answers -----------------------------------------------------------------------------------


def comparison(one: Answer, other: Answer, found: Mapping[str, Any], page: Page) -> str:
    """Return two outcomes under each other, then the layers and rules that set them apart."""
    if found.get("what_if"):
        between = paragraph(_supposed(found, page) + colon(page.lang), width=page.width)
    else:
        between = ""
    # Today is the day of both where only facts are supposed.
    later = page if one.on == other.on else replace(page, today=False)
    parts = [headline(one, page), between, headline(other, later), "\n"]
    if not found["rules"]:
        parts.append(f"  {page.word('no rule changes its state')}\n")
    for item in found["rules"]:
        sides = " → ".join(_side(item[key], page) for key in ("before", "after"))
        parts.append(paragraph(f"{item['rule']}{colon(page.lang)} {_label(item, page)}", width=page.width, indent=2))
        parts.append(paragraph(sides, width=page.width, indent=4))
    layers = [
        f"{labelled(page.book.layers[name].label, page.lang)}{colon(page.lang)} "
        + " → ".join(outcome(pair[key], page.lang) if pair[key] else "–" for key in ("before", "after"))
        for name, pair in found["by_layer"].items()
    ]
    if layers:
        parts.append(page.row("layers", layers))
    return "".join([*parts, footer(other, page)])


def _supposed(found: Mapping[str, Any], page: Page) -> str:
    """What is supposed the second time, in words and as it is typed."""
    told: dict[str, list[str]] = {"what if they": [], "what if it is not known whether they": []}
    known, unknown = told.values()
    for one in found["facts"]:
        value = "unknown" if one["after"] is None else _typed(one["after"])
        said = f"{page.words.given(one['fact'], one['after'])} ({one['fact']}={value})"
        (unknown if one["after"] is None else known).append(safe_text(said))
    if known and unknown:
        told = {"what if they": known, "and it is not known whether they": unknown}
    if not found["facts"]:
        same = ", ".join(f"{name}={safe_text(value)}" for name, value in found["what_if"].items())
        return f"{page.word('what if')} {same}, {page.word('as it was')}"
    return ", ".join(f"{page.word(lead)} {page.words.joined(parts, 'and')}" for lead, parts in told.items() if parts)


def _side(side: Mapping[str, Any] | None, page: Page) -> str:
    if side is None:
        return page.word("not in force")
    standing = {"holds": "stands", "fails": "does not stand", "unknown": "may stand"}[side["stands"]]
    return page.word(standing) + (f", {page.word('decisive')}" if side["decisive"] else "")


# ---- the saved query -------------------------------------------------------------------------------


def queried(answer: Answer, found: Mapping[str, Any], page: Page) -> str:
    """Return the outcome that the saved query gives, beside the exact one, and the state of each rule."""
    same = "=" if found["outcome"] == found["exact"] else ("≤" if found["agrees"] else "≠")
    parts = [headline(answer, page), "\n"]
    parts.append(f"  SPARQL {outcome(found['outcome'], page.lang)} {same} {outcome(found['exact'], page.lang)}\n\n")
    for one in found["rules"]:
        name = safe_text(str(one["rule"])).rsplit("/", 1)[-1]
        effect = str(one["effect"]).rsplit("#", 1)[-1].lower()
        standing = {"holds": "stands", "fails": "does not stand", "unknown": "may stand"}[one["stands"]]
        states = f"{page.word(effect)}, [{page.word(one['state'])}], {page.word(standing)}"
        parts.append(f"  {name}  {states}\n")
    return "".join([*parts, footer(answer, page)])
