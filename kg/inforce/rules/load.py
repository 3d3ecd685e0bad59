"""Read the compiled rulebook and its diagrams back from JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from inforce.rules.model import (
    Action,
    Citation,
    Condition,
    ConditionDef,
    Constraint,
    Diagram,
    Entailment,
    Fact,
    Interval,
    Layer,
    Rulebook,
    RuleVersion,
)

__all__ = ["diagram_json", "rulebook"]


def rulebook(
    data: Mapping[str, Any],
    diagrams: Mapping[str, Mapping[str, Any]],
    *,
    words: Callable[[], Mapping[str, Any]] = dict,
) -> Rulebook:
    """Return the rulebook of the compiled form ``data`` with its ``diagrams`` by action.

    Args:
        data: what the build wrote of the rules.
        diagrams: a diagram for each action.
        words: gives what ``inforce.phrases.phrases`` gathered; asked only where something is said.
    """
    return Rulebook(
        version=data["version"],
        default_action=data["default_action"],
        zone=data["zone"],
        verified_through=data["verified_through"],
        covers_from=data["covers_from"],
        facts={
            item["name"]: Fact(
                **{
                    **item,
                    "values": None if item["values"] is None else tuple(item["values"]),
                    "ordinarily": tuple(item["ordinarily"])
                    if isinstance(item["ordinarily"], list)
                    else item["ordinarily"],
                }
            )
            for item in data["facts"]
        },
        actions={item["id"]: Action(**item) for item in data["actions"]},
        layers={item["id"]: Layer(**item) for item in data["layers"]},
        conditions={
            item["id"]: ConditionDef(
                item["id"], item["label"], _expr(item["expr"]), _interval(item["interval"]), item["dated"]
            )
            for item in data["conditions"]
        },
        rules=[_rule(item) for item in data["rules"]],
        lists={
            name: {entry: tuple(map(_interval, intervals)) for entry, intervals in entries.items()}
            for name, entries in data["lists"].items()
        },
        listed={scheme: frozenset(tokens) for scheme, tokens in data["listed"].items()},
        constraints=[Constraint(item["id"], item["label"], _expr(item["expr"])) for item in data["constraints"]],
        entailments={
            key: tuple(Entailment(fact, value, _interval(when), name) for fact, value, when, name in items)
            for key, items in data["entailments"].items()
        },
        ancestors={token: frozenset(above) for token, above in data["ancestors"].items()},
        provisions={
            path: {
                "citation": item["citation"],
                "versions": [{**v, "interval": _interval(v["interval"])} for v in item["versions"]],
            }
            for path, item in data["provisions"].items()
        },
        sources=data["sources"],
        evidence={fact: tuple(items) for fact, items in data["evidence"].items()},
        claims=data["claims"],
        diagrams={
            action: Diagram(
                tuple(map(tuple, item["variables"])),
                tuple(map(tuple, item["nodes"])),
                item["root"],
                frozenset(item["constrained"]),
            )
            for action, item in diagrams.items()
        },
        words=words,
    )


def _interval(item: list[Any]) -> Interval:
    starts, ends, start_known, end_known, disputed, certain, by = item
    windows = tuple((low, high, tuple(claims)) for low, high, claims in disputed) if disputed else ()
    return Interval(starts, ends, start_known, end_known, windows, certain, by)


def _expr(item: list[Any]) -> Condition:
    op = item[0]
    if op in ("all", "any", "not"):
        return Condition(op, tuple(map(_expr, item[1:])))
    if op == "ref":
        return Condition(op, target=item[1])
    if op in ("true", "false"):
        return Condition(op, fact=item[1])
    return Condition(op, fact=item[1], target=tuple(item[2]) if isinstance(item[2], list) else item[2])


def _rule(item: Mapping[str, Any]) -> RuleVersion:
    return RuleVersion(
        **{
            **item,
            "actions": tuple(item["actions"]),
            "interval": _interval(item["interval"]),
            "when": _expr(item["when"]),
            "defeats": tuple(item["defeats"]),
            "citations": tuple(Citation(*pair) for pair in item["citations"]),
            "passages": tuple(map(tuple, item["passages"])),
            "conflicts": tuple(item["conflicts"]),
        }
    )


def diagram_json(diagram: Diagram) -> dict[str, Any]:
    """Return a diagram as plain JSON."""
    return {
        "variables": [list(variable) for variable in diagram.variables],
        "nodes": [list(node) for node in diagram.nodes],
        "root": diagram.root,
        "constrained": sorted(diagram.constrained),
    }
