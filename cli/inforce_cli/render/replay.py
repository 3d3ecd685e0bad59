"""A saved answer beside the one the data give now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from inforce_cli.render.text import safe_text
from inforce_cli.render.words import colon, outcome, paragraph

__all__ = ["replayed"]


def replayed(
    receipt: Mapping[str, Any], now: Mapping[str, Any], differs: Sequence[str], *, lang: str = "en", width: int = 80
) -> str:
    """Return whether the saved answer is what the data give ``now``, and if not, each field with both values."""
    name = safe_text(str(receipt.get("id", "")))[:12]
    if not differs:
        verdict = (now["ordinarily"] if now["headline"] == "ordinarily" else now)["outcome"]
        same = "identique, octet pour octet" if lang == "fr" else "same, byte for byte"
        return f"{name}{colon(lang)} {same}{colon(lang)} {outcome(verdict, lang)}\n"
    head = "diffère" if lang == "fr" else "differs"
    parts = [f"{name}{colon(lang)} {head}\n"]
    for key in differs:
        sides = [_short(receipt.get(key), width), _short(now[key], width)]
        if sides[0] == sides[1]:
            sides = [part for part in ("…", "…")]
        parts.append(paragraph(f"{key}{colon(lang)} {sides[0]} → {sides[1]}", width=width, indent=2))
    return "".join(parts)


def _short(value: Any, width: int) -> str:
    text = safe_text(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= width else text[: width - 1] + "…"
