"""The whole of an answer: every rule in force with its condition, provisions and sources; what bars; what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from inforce_cli.render.answer import Page, footer, headline, rule_lines
from inforce_cli.render.text import safe_text
from inforce_cli.render.words import caution, cited, labelled, one_day_before, outcome, paint, paragraph

if TYPE_CHECKING:
    from inforce import Answer

__all__ = ["comparison", "condition_lines", "explanation", "obstacles", "queried", "unmet"]

_OPERATORS = {"all": "all of", "any": "any of", "not": "none of"}
_TESTS = {"is": "is", "in": "one of", "list": "in", "scheme": "in", "at-least": "at least", "below": "below"}
_STANDING = {True: "stands", False: "does not stand", None: "may stand"}


def explanation(answer: Answer, page: Page) -> str:
    """Return every rule in force with its state, its whole condition, its provisions and its sources."""
    parts = [headline(answer, page), "\n"]
    for ground in answer.grounds:
        parts += [_rule(ground, page), "\n"]
    if answer.inferred:
        shown = [f"{i['fact']} = {safe_text(_list(i['value']))} ({safe_text(str(i['from']))})" for i in answer.inferred]
        parts.append(page.row("inferred", shown))
    layers = [
        f"{labelled(page.book.layers[n].label, page.lang)}: {outcome(w, page.lang)}" for n, w in _ranked(answer, page)
    ]
    if layers:
        parts.append(page.row("layers", layers))
    if answer.ordinarily.assuming:
        assumed = [f"{name}={safe_text(_list(value))}" for name, value in answer.ordinarily.assuming.items()]
        text = f"{outcome(answer.ordinarily.outcome, page.lang)}, {page.word('assuming')} {', '.join(assumed)}"
        parts.append(page.row("ordinary", [text]))
    parts += [page.row("note", [caution(item, page.lang)]) for item in answer.cautions]
    return "".join([*parts, footer(answer, page)])


def _ranked(answer: Answer, page: Page) -> list[tuple[str, str]]:
    return sorted(answer.by_layer.items(), key=lambda item: (page.book.layers[item[0]].rank, item[0]))


def _rule(ground: Any, page: Page) -> str:
    states = [page.word(ground.effect), page.word(_STANDING[ground.stands])]
    states += [page.word("decisive")] if ground.decisive else []
    states += [page.word("contested")] if ground.contested else []
    if ground.defeated_by:
        states.append(f"{page.word('lifted by')} {', '.join(ground.defeated_by)}")
    lines = [paint(ground.rule, "1", color=page.color) + "  " + ", ".join(states) + "\n"]
    lines.append(paragraph(labelled(ground.label, page.lang), width=page.width, indent=4))
    for text in rule_lines(ground, page)[1:]:
        lines.append(paragraph(text, width=page.width, indent=4))
    for one in ground.provisions:
        if one["version"] is None:
            lines.append(f"    {cited(one['citation'], page.lang)}: {page.word('text not held')}\n")
        elif one["role"] == "refers-to":
            text = f"{page.word('refers to')} {cited(one['citation'], page.lang)}, "
            text += f"{page.word('in force from')} {one['in_force_from']}"
            lines.append(paragraph(text, width=page.width, indent=4))
    for one in {source["id"]: source for source in ground.sources}.values():
        located = "; ".join(safe_text(s["locator"]) for s in ground.sources if s["id"] == one["id"])
        text = f"{page.word('source')} {one['id']} ({page.word('rank')} {one['rank']}): {safe_text(one['title'])}"
        lines.append(paragraph(f"{text}, {located}", width=page.width, indent=4))
        lines.append(f"      {safe_text(one['url'] or '')}\n" if one["url"] else "")
    lines += [f"    {line}\n" for line in condition_lines(ground.condition, page)]
    return "".join(lines)


def condition_lines(node: Mapping[str, Any], page: Page, depth: int = 0) -> list[str]:
    """Return a condition as indented lines, each with its state: holds, fails or unknown."""
    pad = "  " * depth
    mark = f"[{page.word(node['state'])}] "
    if node["op"] == "fact":
        return [pad + mark + _test(node, page), *(f"{pad}    {line}" for line in _memberships(node, page))]
    if node["op"] == "named":
        text = f"{safe_text(node['label'])} ({node['id']})"
        if node.get("in_force_from"):
            text += f", {page.word('in force from')} {node['in_force_from']}"
            if node.get("in_force_until"):
                text += f" {page.word('until')} {one_day_before(node['in_force_until'])}"
    else:
        text = page.word(_OPERATORS.get(node["op"], node["op"]))
    members = [line for member in node.get("members", ()) for line in condition_lines(member, page, depth + 1)]
    return [pad + mark + text, *members]


def _test(node: Mapping[str, Any], page: Page) -> str:
    fact = node["fact"]
    if node["test"] in ("true", "false"):
        wanted = f"= {'yes' if node['test'] == 'true' else 'no'}"
    else:
        wanted = f"{page.word(_TESTS.get(node['test'], node['test']))} {safe_text(_list(node['target']))}"
    given = "?" if node["value"] is None else safe_text(_list(node["value"]))
    return f"{fact} {wanted}   ({given})"


def _memberships(node: Mapping[str, Any], page: Page) -> list[str]:
    found = []
    for one in node.get("members_on", ()):
        until = f" {page.word('until')} {one_day_before(one['in_force_until'])}" if one["in_force_until"] else ""
        found.append(f"{one['entry']}: {one['list']}, {page.word('from')} {one['in_force_from']}{until}")
    return found


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
            text = f"{item['rule']}: {_label(item, page)} [{page.word(item['state'])}]{provisions}"
            parts.append(paragraph(text, width=page.width, indent=2))
            if item["state"] == "unknown" and (away := unmet(item["falls_away_with"], page)):
                parts.append(paragraph(f"{page.word('falls away with')} {away}", width=page.width, indent=4))
            if item["ways"]:
                parts.append(f"    {page.word('would be lifted by')}\n")
        for way in item["ways"]:
            text = f"{way['rule']}: {_label(way, page)} [{page.word(way['state'])}]"
            parts.append(paragraph(text, width=page.width, indent=6))
            if lacks := unmet(way["would_hold_with"], page):
                parts.append(paragraph(f"{page.word('lacks')} {lacks}", width=page.width, indent=8))
    return "".join([*parts, "\n" if turns else "", turns.rstrip("\n"), "\n" if turns else "", footer(answer, page)])


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
    no = f"{page.word('not')} " if leaf["negated"] else ""
    return f"{name} {no}{page.word(_TESTS.get(test, test))} {safe_text(_list(leaf['target']))}"


def _label(item: Mapping[str, Any], page: Page) -> str:
    return labelled({"en": item["label"] or "", "fr": item["label_fr"] or item["label"] or ""}, page.lang)


# ---- two answers -----------------------------------------------------------------------------------


def comparison(one: Answer, other: Answer, found: Mapping[str, Any], page: Page) -> str:
    """Return two outcomes under each other, then the layers and rules that set them apart."""
    if found.get("what_if"):
        changed = ", ".join(f"{name}={safe_text(value)}" for name, value in found["what_if"].items())
        between = f"{page.word('what if')} {changed}:\n"
    else:
        between = ""
    parts = [headline(one, page), between, headline(other, page), "\n"]
    if not found["rules"]:
        parts.append(f"  {page.word('no rule changes its state')}\n")
    for item in found["rules"]:
        sides = " → ".join(_side(item[key], page) for key in ("before", "after"))
        parts.append(paragraph(f"{item['rule']}: {_label(item, page)}", width=page.width, indent=2))
        parts.append(paragraph(sides, width=page.width, indent=4))
    layers = [
        f"{labelled(page.book.layers[name].label, page.lang)}: "
        + " → ".join(outcome(pair[key], page.lang) if pair[key] else "–" for key in ("before", "after"))
        for name, pair in found["by_layer"].items()
    ]
    if layers:
        parts.append(page.row("layers", layers))
    return "".join([*parts, footer(other, page)])


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
