"""Who lost and who gained between two days as Markdown, as a page of HTML, and as rows of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from inforce_cli.render.difference import WORDS, check_words, head, reason_said, sentence, titled
from inforce_cli.render.text import safe_text
from inforce_cli.render.text_page import page
from inforce_cli.render.words import colon, outcome

__all__ = ["COLUMNS", "difference_blocks", "difference_html", "difference_markdown", "difference_rows"]

COLUMNS = ("kind", "action", "before", "after", "people", "unless", "example", "because")

# What stands on the page: a kind of block, and its text or items; an item may have a heading and items of its own.
Item = tuple[str, str, Sequence[str]]
Block = tuple[str, Sequence[Item]]


def difference_rows(sections: Sequence[Mapping[str, Any]], *, data: Sequence[str], lang: str) -> list[dict[str, Any]]:
    """Return a row a group: who they are, unless what, an example as a command, and the rules behind it."""
    return [
        {
            "kind": section["kind"],
            "action": section["action"],
            "before": section["before"],
            "after": section["after"],
            "people": "; ".join([*section["people"], *group["people"]]),
            "unless": "; ".join([*section["unless"], *group["unless"]]),
            "example": " ".join(check_words(group["check"], section["action"], data)),
            "because": "; ".join(reason_said(reason, lang) for reason in group["because"]),
        }
        for section in sections
        for group in section["groups"]
    ]


def difference_markdown(blocks: Iterable[Block]) -> str:
    """Return the page as Markdown."""
    marks = {"h1": "# ", "h2": "## ", "ul": "- ", "ol": "1. ", "pre": "    "}
    out = []
    for kind, items in blocks:
        for text, leads, own in items:
            out.append(marks.get(kind, "") + (text if kind == "pre" else _escaped(text)))
            out += ["", f"   {_escaped(leads)}", ""] if leads else []
            out += [f"   - {_escaped(one)}" for one in own]
        out.append("")
    return "\n".join(out)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text)


def difference_html(blocks: Sequence[Block], *, lang: str) -> str:
    """Return the page as HTML that needs nothing else; its title is what its first block says."""
    out = []
    for kind, items in blocks:
        if kind in ("ul", "ol"):
            rows = []
            for text, leads, own in items:
                inner = "".join(f"<li>{escape(one)}</li>" for one in own)
                rows.append(
                    f"<li>{escape(text)}" + (f"<p>{escape(leads)}</p><ul>{inner}</ul>" if own else "") + "</li>"
                )
            out.append(f"<{kind}>\n" + "\n".join(rows) + f"\n</{kind}>")
        else:
            out += [f"<{kind}>{escape(text)}</{kind}>" for text, _, _ in items]
    return page(blocks[0][1][0][0], "\n".join(out), lang=lang)


def difference_blocks(
    found: Mapping[str, Any],
    sections: Sequence[Mapping[str, Any]],
    *,
    where: Sequence[str],
    data: Sequence[str],
    lang: str,
) -> Iterator[Block]:
    """Yield what stands on the page, the title first; the arguments are those of ``difference_text``."""
    words = WORDS[lang]
    yield _block("h1", titled(found, data, lang))
    if where:
        yield _block("p", f"{words['where']} {'; '.join(where)}")
    for kind in ("lost", "gained", "unsettled"):
        here = [section for section in sections if section["kind"] == kind]
        if not here and kind != "unsettled":
            yield _block("h2", f"{words[kind]}{colon(lang)} {words['nobody']}")
        for section in here:
            yield from _section(section, data=data, lang=lang)
    yield _block("p", words["foot"].format(found["data"]["verified_through"]))


def _section(section: Mapping[str, Any], *, data: Sequence[str], lang: str) -> Iterator[Block]:
    words, groups = WORDS[lang], section["groups"]
    change = f"{outcome(section['before'], lang)} → {outcome(section['after'], lang)}"
    yield _block("h2", f"{head(section, lang)} — {section['label']}{colon(lang)} {change}")
    if section["people"]:
        yield _block("p", words["people"])
        yield _block("ul", *section["people"])
    elif len(groups) == 1 or not any(group["people"] for group in groups):
        yield _block("p", words["everyone"])
    if len(groups) > 1:
        yield _block("p", words["also"] if section["people"] else words["either"])
        yield (
            "ol",
            [
                (
                    safe_text(sentence(group["people"], lang) or words["everyone"]),
                    words["unless"] if group["unless"] else "",
                    [safe_text(one) for one in group["unless"]],
                )
                for group in groups
            ],
        )
    if section["unless"]:
        yield _block("p", words["unless"])
        yield _block("ul", *section["unless"])
    yield _block("p", words["example"])
    yield _block("pre", *(" ".join(check_words(group["check"], section["action"], data)) for group in groups))
    reasons = {reason["label"]: reason for group in groups for reason in group["because"]}
    yield _block("ul", *(reason_said(reason, lang) for reason in reasons.values()))


def _block(kind: str, *texts: str) -> Block:
    return kind, [(safe_text(text), "", ()) for text in texts]
