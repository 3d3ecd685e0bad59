"""What depends on a provision: the rules on it and on what refers to it, and the actions they speak to.

The words of the law refer to each other; a change of one provision may change what another means. The references of
one day make a directed graph, from what is referred to to what refers to it, walked with networkx.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from inforce.amendments import Amendments, Edge
from inforce.clauses import cited
from inforce.rules.triples import Triples, local, name_of
from inforce.versions import stands
from inforce.vocab import BASE

__all__ = ["REACH", "Impact"]

REACH = 2
"""How many references lead from a provision to what is still said to depend on it."""

Row = Mapping[str, Any]


@dataclass(slots=True)
class Impact:
    """Finds what depends on a provision on a day.

    ``references`` are rows with ``unit`` and ``target``; ``rows`` is, once walked, one entry for each rule version:
    ``rule``, ``version``, labels, ``role``, ``citation`` of what it cites, ``through`` (the provisions that lead there,
    none where it is direct) and ``actions``.
    """

    t: Triples
    amendments: Amendments
    references: Iterable[Row]
    instant: str | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)

    def of(self, provision: str, *, reach: int = REACH) -> Iterator[Edge]:
        """Yield the edges from a provision to the rules that depend on it, nearest first.

        What refers to it is there if some rule rests on it, or leads to something on which one does.
        """
        import networkx

        graph: Any = networkx.DiGraph()
        start = local(provision)
        graph.add_node(start)
        self._walk(graph, start, reach)
        ways: Mapping[str, list[str]] = networkx.single_source_shortest_path(graph, start)
        seen: set[str] = set()
        for path in sorted(ways, key=lambda path: (len(ways[path]), path)):
            found = [(version, role, of) for version, role, of in self._rules(path) if version not in seen]
            if not found:
                continue
            for one, other in zip(ways[path], ways[path][1:], strict=False):
                yield BASE + one, "referred-to-by", BASE + other
            for version, role, of in found:
                again = version in seen
                seen.add(version)
                if of != path:
                    yield BASE + path, "part-of" if path.startswith(of + "/") else "part", BASE + of
                yield BASE + of, role, version
                actions = list(self.amendments.of_rule(version))
                yield from actions
                if not again:
                    self._note(version, role, of, ways[path][1:], [name_of(action) for _, _, action in actions])

    def _walk(self, graph: Any, start: str, reach: int) -> None:
        # By what they refer to: a reference to a section is one to all of it, a reference into it concerns it.
        exactly: dict[str, set[str]] = {}
        inside: dict[str, set[str]] = {}
        for row in self.references:
            unit, target = local(row["unit"]), local(row["target"])
            exactly.setdefault(target, set()).add(unit)
            for above in _above(target):
                inside.setdefault(above, set()).add(unit)
        frontier = [start]
        for _ in range(reach):
            beyond: list[str] = []
            for path in frontier:
                near = exactly.get(path, set()) | inside.get(path, set())
                near = near.union(*(exactly.get(above, set()) for above in _above(path)))
                for unit in sorted(near - {path}):
                    if unit not in graph:
                        beyond.append(unit)
                    graph.add_edge(path, unit)
            frontier = beyond

    def _rules(self, path: str) -> Iterator[tuple[str, str, str]]:
        """The rule versions that cite a provision, a part of it, or what it is part of."""
        near = [path, *_above(path)]
        parts = [one for one in self._cited if one.startswith(path + "/")]
        for of in dict.fromkeys([*near, *parts]):
            for role, version in self.amendments.resting(BASE + of):
                # Without a day, what is in force and stays so.
                if stands(self.t, version, self.instant or "9999-12-31T00:00:00"):
                    yield version, role, of

    @property
    def _cited(self) -> list[str]:
        return sorted({local(c.provision) for rule in self.amendments.book.rules for c in rule.citations})

    def _note(self, version: str, role: str, of: str, through: list[str], actions: list[str]) -> None:
        label = self.t.text(version)
        self.rows.append(
            {
                "rule": name_of(version.rpartition("/")[0]),
                "version": local(version),
                "label": label.get("en", ""),
                "label_fr": label.get("fr", ""),
                "role": role,
                "citation": cited(of),
                "citation_fr": cited(of, french=True),
                "through": [cited(path) for path in through],
                "through_fr": [cited(path, french=True) for path in through],
                "actions": actions,
            }
        )


def _above(path: str) -> list[str]:
    """What a provision is part of, nearest first, up to its section."""
    labels = path.split("/")
    return ["/".join(labels[:number]) for number in range(len(labels) - 1, 1, -1)]
