"""An answer as text: the outcome first, then why, despite what, unless what, since when, and on what data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inforce_cli.render.text import safe_text
from inforce_cli.render.words import (
    caution,
    cited,
    colon,
    instant,
    labelled,
    lower_first,
    one_day_before,
    outcome,
    paragraph,
    period,
    row,
    word,
)

if TYPE_CHECKING:
    from inforce import Answer, History

__all__ = ["Page", "answer_text", "footer", "headline", "rule_lines"]

NEEDS_SHOWN, RULES_SHOWN = 5, 3


@dataclass(frozen=True, slots=True)
class Page:
    """How to write: the names of actions, layers and facts (a rulebook), language, columns and colour.

    ``today`` says that the day was not asked for but is today; ``words`` says conditions (``KnowledgeBase.words``).
    """

    book: Any
    lang: str = "en"
    width: int = 80
    color: bool = False
    today: bool = False
    words: Any = None

    def word(self, text: str) -> str:
        """Return a word of ours in the reader's language."""
        return word(text, self.lang)

    def row(self, label: str, lines: Iterable[str]) -> str:
        """Return a labelled paragraph."""
        return row(self.word(label), lines, width=self.width, indent=17 if self.lang == "fr" else 12)


def answer_text(
    answer: Answer,
    page: Page,
    *,
    strict: Answer | None = None,
    history: History | None = None,
    ways: Sequence[dict[str, Any]] = (),
) -> str:
    """Return the page for one answer, outcome first.

    Args:
        strict: the same question with nothing assumed; which exceptions are open is read off it.
        history: the outcome over time, around the time asked about.
        ways: what stands in the way, with what would lift it, as ``KnowledgeBase.why_not`` gives it.
    """
    parts = [
        headline(answer, page),
        "\n",
        _split(answer, page),
        _because(answer, page),
        _although(answer, page),
        _unless(answer, page, ways, strict or answer),
        _other_reading(answer, page),
        _needs(answer, page),
        _sources(answer, page),
        _layers(answer, page),
        _around(answer, page, history),
        _carry(answer, page),
        *(page.row("note", [caution(item, page.lang)]) for item in answer.cautions),
        footer(answer, page),
    ]
    return "".join(parts)


def headline(answer: Answer, page: Page) -> str:
    """Return the outcome, the action and the time asked about, one line or two."""
    action = page.book.actions[answer.action]
    label = lower_first(labelled(action.label, page.lang))
    if action.answers == "required":
        # "REQUIRED: a visa", not "REQUIRED: a visa needed".
        label = label.removesuffix(" needed").removesuffix(" nécessaire")
    verdict = answer.verdict
    when = period(answer.on, page.lang)
    if page.today:
        when += f" ({page.word('today in Ottawa')})"
    if answer.known_on:
        when += f", {page.word('as known on')} {answer.known_on}"
    joined = f" {label} {when}" if verdict in ("may", "may-not") else f"{colon(page.lang)} {label}, {when}"
    prefix = page.word("ordinarily").upper() + " " if answer.headline == "ordinarily" else ""
    plain, shown = outcome(verdict, page.lang), outcome(verdict, page.lang, color=page.color)
    if _by_day(answer):
        plain = shown = page.word("depends on the day").upper()
    wrapped = paragraph(prefix + plain + joined, width=page.width)
    return prefix + shown + wrapped[len(prefix + plain) :]


def _by_day(answer: Answer) -> bool:
    """Whether the outcome is open only because it changes within the time asked about."""
    return answer.verdict == "depends" and "depends" not in {segment.outcome for segment in answer.segments}


def _split(answer: Answer, page: Page) -> str:
    if len(answer.segments) < 2:
        return ""
    starts = [f"{page.word('from')} {instant(segment.first, page.lang)}" for segment in answer.segments]
    wide = max(map(len, starts))
    words = [outcome(segment.outcome, page.lang) for segment in answer.segments]
    return page.row("split", [f"{start.ljust(wide)}  {text}" for start, text in zip(starts, words, strict=True)])


def rule_lines(ground: Any, page: Page) -> list[str]:
    """Return a rule as lines: what it says, of which authority and since when, and the provisions behind it."""
    layer = lower_first(labelled(page.book.layers[ground.layer].label, page.lang))
    since = f"{page.word('from')} {instant(ground.starts_at, page.lang)}"
    own = [p for p in ground.provisions if p["role"] == "expresses"]
    powers = [p for p in ground.provisions if p["role"] == "enabled-by"]
    named = ", ".join(_cited(p, page) for p in own) or cited(ground.instrument or "", page.lang)
    lines = [
        f"{labelled(ground.label, page.lang)} ({ground.rule})",
        f"{layer} {named}".strip() + f", {since}",
    ]
    if ground.in_force_until:
        lines[-1] += f" {page.word('until')} {one_day_before(ground.in_force_until)}"
    lines += _in_force(own, page, "")
    lines += _in_force(powers, page, page.word("made under") + " ")
    return lines


def _in_force(provisions: Sequence[dict[str, Any]], page: Page, lead: str) -> list[str]:
    # Provisions that came into force together by one instrument share a line.
    together: dict[tuple[Any, Any], list[str]] = {}
    for one in provisions:
        if one["version"] is not None:
            together.setdefault((one["in_force_from"], one["instrument"]), []).append(_cited(one, page))
    lines = []
    for (since, instrument), names in together.items():
        what = lead + ", ".join(names) if lead or len(together) > 1 else ""
        text = f"{what}{', ' if what else ''}{page.word('in force from')} {since}"
        lines.append(text + (f" ({cited(instrument, page.lang)})" if instrument else ""))
    return lines


def _cited(provision: dict[str, Any], page: Page) -> str:
    return cited(provision["citation"], page.lang)


def _because(answer: Answer, page: Page) -> str:
    decisive = answer.decisive
    shown = decisive[:RULES_SHOWN]
    lines = [line for ground in shown for line in rule_lines(ground, page)]
    if len(decisive) > len(shown):
        lines.append(f"… {page.word('and more')} ({len(decisive) - len(shown)})   --explain")
    return page.row("because", lines) if lines else ""


def _sources(answer: Answer, page: Page) -> str:
    # The source of most weight for each decisive rule.
    lines = []
    for ground in answer.decisive[:RULES_SHOWN]:
        best = min(ground.sources, key=lambda source: source["rank"], default=None)
        if best is not None:
            lines.append(f"{safe_text(best['title'])}, {safe_text(best['locator'])} ({best['id']})")
    return page.row("source", dict.fromkeys(lines)) if lines else ""


def _although(answer: Answer, page: Page) -> str:
    against = {"may-not": ("permit",), "may": ("bar",), "not-required": ("require",)}.get(answer.verdict, ())
    lines = []
    for ground in answer.grounds:
        closing = page.book.layers[ground.layer].rank == 0  # what holds where no rule speaks
        if ground.effect in against and ground.state == "holds" and not ground.decisive and not closing:
            own = ", ".join(_cited(p, page) for p in ground.provisions if p["role"] == "expresses")
            lines.append(f"{labelled(ground.label, page.lang)} ({', '.join(x for x in (own, ground.rule) if x)})")
            if ground.defeated_by:
                lines.append(f"{page.word('lifted by')} {', '.join(ground.defeated_by)}")
    return page.row("although", lines) if lines else ""


def _unless(answer: Answer, page: Page, ways: Sequence[dict[str, Any]], strict: Answer) -> str:
    if answer.verdict not in ("may-not", "required"):
        return ""
    lifting = [way for item in ways for way in item["ways"] if item["rule"] in {g.rule for g in answer.decisive}]
    if not lifting:
        return ""
    open_rules = {ground.rule for ground in strict.grounds if ground.state == "unknown"}
    still = [way for way in lifting if way["rule"] in open_rules]
    given = set(answer.facts)
    facts = list(dict.fromkeys(lack["fact"] for way in still for lack in way["lacks"] if lack["fact"] not in given))
    count = f"{len(lifting)} {page.word('exceptions' if len(lifting) > 1 else 'exception')}"
    state = ""
    if still:
        named = ", ".join(facts[:3]) + (", …" if len(facts) > 3 else "")
        state = f", {len(still)} {page.word('open')}{colon(page.lang)} {named}"
    return page.row("unless", [f"{count}{state}   --why-not"])


def _assumed(answer: Answer, page: Page, limit: int = 4) -> str:
    items = [f"{name}={_value(value)}" for name, value in answer.ordinarily.assuming.items()]
    more = f", … ({len(items)})" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe_text(",".join(value) or "none" if isinstance(value, tuple) else str(value))


def _other_reading(answer: Answer, page: Page) -> str:
    if answer.headline == "ordinarily":
        if answer.outcome == answer.ordinarily.outcome:
            return ""
        text = f"{outcome(answer.outcome, page.lang)}{colon(page.lang)} {len(answer.missing)} {page.word('open facts')}"
        return page.row("strictly", [text])
    if answer.outcome != "depends" or _by_day(answer):
        return ""
    lines = [outcome(answer.ordinarily.outcome, page.lang)]
    if answer.ordinarily.assuming:
        lines[0] += f", {page.word('assuming')} {_assumed(answer, page)}   --ordinarily"
    return page.row("ordinary", lines)


def _needs(answer: Answer, page: Page) -> str:
    if answer.verdict != "depends" or not answer.missing or _by_day(answer):
        return ""
    lines = []
    for item in answer.missing[:NEEDS_SHOWN]:
        question = item["question_fr"] if page.lang == "fr" and item.get("question_fr") else item["question"]
        lines.append(f"{item['fact']}{colon(page.lang)} {safe_text(question)}")
    if len(answer.missing) > NEEDS_SHOWN:
        lines.append(f"… {page.word('and more')} ({len(answer.missing) - NEEDS_SHOWN})")
    return page.row("needs", lines)


def _layers(answer: Answer, page: Page) -> str:
    # Cumulative, in the order of authority; a line only where a layer changes the outcome that stood above it.
    ordered = sorted(answer.by_layer.items(), key=lambda item: (page.book.layers[item[0]].rank, item[0]))
    ranks: dict[int, tuple[list[str], str]] = {}
    for name, result in ordered:
        names, _ = ranks.setdefault(page.book.layers[name].rank, ([], result))
        names.append(lower_first(labelled(page.book.layers[name].label, page.lang)))
    told: list[str] = []
    last = None
    decisive = {ground.layer for ground in answer.decisive}
    for rank, (names, result) in ranks.items():
        if result == last or rank == 0:
            continue
        own = [n for n in decisive if page.book.layers[n].rank == rank]
        label = lower_first(labelled(page.book.layers[own[0]].label, page.lang)) if own else " / ".join(names)
        told.append(f"{label} {outcome(result, page.lang)}")
        last = result
    return page.row("layers", [" · ".join(told)]) if len(told) > 1 else ""


def _around(answer: Answer, page: Page, history: History | None) -> str:
    """The outcome before the last change and after the next one, each with what changed it."""
    if history is None or answer.verdict == "not-covered":
        return ""
    key = "ordinarily" if answer.headline == "ordinarily" else "outcome"
    stretches: list[dict[str, Any]] = []
    for one in history.table:  # stretches that differ in the other reading alone are one
        if stretches and stretches[-1][key] == one[key]:
            stretches[-1] = {**stretches[-1], "until": one["until"]}
        else:
            stretches.append(one)
    low, high = answer.on["from"], answer.on["until"]
    began = [n for n, one in enumerate(stretches) if one["from"] < (high if high > low else low + "~")]
    if not began or stretches[began[-1]][key] != answer.segments[-1].outcome:
        return ""  # an instant that sources dispute stands apart from the days around it
    parts = []
    if began[-1] > 0:
        last = stretches[began[-1]]
        when = f"{outcome(stretches[began[-1] - 1][key], page.lang)} {page.word('until')} {_end(last['from'], page)}"
        parts.append(page.row("before", [f"{when}{_by(last, answer, page)}"]))
    if began[-1] + 1 < len(stretches):
        following = stretches[began[-1] + 1]
        when = f"{outcome(following[key], page.lang)} {page.word('from')} {instant(following['from'], page.lang)}"
        parts.append(page.row("after", [f"{when}{_by(following, answer, page)}"]))
    return "".join(parts)


def _end(start: str, page: Page) -> str:
    return instant(start, page.lang) if "T" in start else one_day_before(start)


def _by(stretch: dict[str, Any], answer: Answer, page: Page) -> str:
    if stretch["rule"] in {ground.rule for ground in answer.decisive}:
        return f"{colon(page.lang)} {page.word('this rule changed it')}"
    named = [safe_text(stretch["rule"] or "")] + [cited(stretch["instrument"] or "", page.lang)]
    by = ", ".join(part for part in named if part)
    return f"{colon(page.lang)} {page.word('changed by')} {by}" if by else ""


def _carry(answer: Answer, page: Page) -> str:
    if answer.verdict not in ("may", "not-required"):
        return ""
    lines = list(dict.fromkeys(labelled(item.label, page.lang) for item in answer.obligations))
    return page.row("carry", ["; ".join(lines)]) if lines else ""


def footer(answer: Answer, page: Page) -> str:
    """Return the last line: which answer this is, how far the law was checked, and what this is not."""
    checked = f"{page.word('law checked to')} {answer.data['verified_through']}"
    text = f"{page.word('answer')} {answer.id[:12]} · {checked} · {page.word('not legal advice')}"
    return "\n" + paragraph(text, width=page.width, indent=2)
