"""Text over time by the shipped queries, beside the same graph in rdflib and beside one graph for each snapshot.

A provision on a day, a regulation between two days, all versions of one provision. First the answers must be equal.
Prints one JSON line an engine. Needs the law files beside the checkout; without them it says so and ends well.
"""

from __future__ import annotations

import gc
import json
import lzma
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from inforce import queries
from inforce.vocab import BASE, PREFIXES

LAWS = Path(__file__).resolve().parent.parent.parent / "shared" / "laws"
LAW, LANGUAGE = "SOR-2002-227", "eng"
DAY, AFTER, TO = date(2025, 3, 1), date(2024, 11, 30), date(2025, 2, 28)
SECTION, PROVISION = "irpr/26.1", "irpr/26.1/1"
TARGETS_MS = {"provision on a day": 1.0, "difference of two days": 3.0, "all versions": 0.2}
ASKED: dict[str, tuple[str, dict[str, str | date]]] = {
    "provision on a day": ("provision-on", {"provision": BASE + SECTION, "on": DAY, "language": "en"}),
    "difference of two days": ("changes-in-text", {"after": AFTER, "to": TO}),
    "all versions": ("provision-versions", {"provision": BASE + PROVISION, "language": "en"}),
}
Rows = list[tuple[Any, ...]]

# One graph for each snapshot: the state of a day is a graph, a difference is two graphs compared.
SNAPSHOT_ON = """PREFIX inf: <{inf}>
SELECT ?unit ?order ?title ?text WHERE {{ GRAPH <{graph}> {{ ?unit <{order}> ?order .
  OPTIONAL {{ ?unit <{title}> ?title }} OPTIONAL {{ ?unit inf:text ?text }}
  FILTER(STRSTARTS(STR(?unit), "{section}")) }} }} ORDER BY ?order"""
SNAPSHOT_DIFFERENCE = """PREFIX inf: <{inf}>
SELECT ?unit WHERE {{ {{ GRAPH <{later}> {{ ?unit inf:text ?text }}
    FILTER NOT EXISTS {{ GRAPH <{graph}> {{ ?unit inf:text ?text }} }} }}
  UNION {{ GRAPH <{graph}> {{ ?unit inf:text ?text }}
    FILTER NOT EXISTS {{ GRAPH <{later}> {{ ?unit inf:text ?text }} }} }} }} ORDER BY ?unit"""
SNAPSHOT_VERSIONS = """PREFIX inf: <{inf}>
SELECT DISTINCT ?text WHERE {{ GRAPH ?graph {{ <{provision}> inf:text ?text }} }} ORDER BY ?text"""


def best_ms(run: Callable[[], object], times: int) -> float:
    """The least processor time of several runs, with no collection of garbage in between, as ``timeit`` does it."""
    found = float("inf")
    gc.disable()
    for _ in range(times):
        start = time.process_time()
        run()
        found = min(found, time.process_time() - start)
    gc.enable()
    return found * 1000


def read() -> tuple[list[Any], float]:
    """The snapshots of one language, and how long reading them took."""
    from inforce.law import parse_snapshot

    start = time.process_time()
    found = []
    for path in sorted((LAWS / LAW / LANGUAGE).glob("*.xml.xz")):
        day = date.fromisoformat(path.name[:10])
        found.append(parse_snapshot(lzma.open(path).read(), source=path.name, day=day))
    return found, time.process_time() - start


def on_disk(lines: Iterable[str], folder: str) -> ox.Store:
    """A store as the command has it: on disk, opened to be read."""
    store = ox.Store(folder)
    store.bulk_load(input="\n".join(lines).encode(), format=ox.RdfFormat.N_QUADS)
    store.optimize()
    store.flush()
    del store
    return ox.Store.read_only(folder)


def in_oxigraph(store: ox.Store, text: str) -> Rows:
    """Rows of a query as plain text."""
    found: Any = store.query(text, use_default_graph_as_union=True)
    return [tuple(None if term is None else term.value for term in row) for row in found]


def in_rdflib(graph: Any, text: str) -> Rows:
    """Rows of the same query by rdflib."""
    return [tuple(None if term is None else str(term) for term in row) for row in graph.query(text)]


def a_graph_a_snapshot(snapshots: Iterable[Any]) -> tuple[ox.Store, int]:
    """Every unit of every snapshot in a graph of its own."""
    text, title, order = (
        ox.NamedNode(PREFIXES["inf"] + "text"),
        ox.NamedNode(PREFIXES["dct"] + "title"),
        ox.NamedNode(PREFIXES["sh"] + "order"),
    )
    store, count = ox.Store(), 0
    for snapshot in snapshots:
        graph = ox.NamedNode(f"{BASE}snapshot/{snapshot.day}")
        quads = []
        for number, unit in enumerate(snapshot.units):
            node = ox.NamedNode(f"{BASE}{snapshot.law}/{unit.path}".rstrip("/"))
            quads.append(ox.Quad(node, order, ox.Literal(number), graph))
            quads += [ox.Quad(node, text, ox.Literal(unit.text), graph)] if unit.text else []
            quads += [ox.Quad(node, title, ox.Literal(unit.title), graph)] if unit.title else []
        store.bulk_extend(quads)
        count += len(quads)
    return store, count


def snapshot_texts(snapshots: list[Any]) -> dict[str, str]:
    """The questions as they are asked of a graph for each snapshot."""
    days = [snapshot.day for snapshot in snapshots]
    names = {"inf": PREFIXES["inf"], "order": PREFIXES["sh"] + "order", "title": PREFIXES["dct"] + "title"}

    def graph(day: date) -> str:
        return f"{BASE}snapshot/{max(one for one in days if one <= day)}"

    one, other = graph(AFTER), f"{BASE}snapshot/{min(day for day in days if day > TO)}"
    return {
        "provision on a day": SNAPSHOT_ON.format(graph=graph(DAY), section=BASE + SECTION, **names),
        "difference of two days": SNAPSHOT_DIFFERENCE.format(graph=one, later=other, inf=names["inf"]),
        "all versions": SNAPSHOT_VERSIONS.format(provision=BASE + PROVISION, inf=names["inf"]),
    }


def tell(engine: str, **facts: Any) -> None:
    """One JSON line."""
    sys.stdout.write(json.dumps({"benchmark": "text", "engine": engine, **facts}) + "\n")


def main() -> int:
    """Measure and print; 1 if a target is not met."""
    if not LAWS.is_dir():
        sys.stdout.write(
            json.dumps({"benchmark": "text", "skipped": "the law files are not beside the checkout"}) + "\n"
        )
        return 0
    from inforce.law import law_quads

    snapshots, reading_s = read()
    start = time.process_time()
    lines = law_quads(snapshots)
    writing_s = time.process_time() - start
    texts = {what: queries.filled(name, {**values}) for what, (name, values) in ASKED.items()}
    with tempfile.TemporaryDirectory() as folder:
        store = on_disk(lines, folder)
        # Before the peers are there: what they keep in memory slows whoever shares the process.
        ours = {what: best_ms(partial(in_oxigraph, store, text), 30) for what, text in texts.items()}
        memory = ox.Store()
        memory.bulk_load(input="\n".join(lines).encode(), format=ox.RdfFormat.N_QUADS)
        graph = _rdflib(lines)
        peer, peer_quads = a_graph_a_snapshot(snapshots)
        asked_of_peer = snapshot_texts(snapshots)
        for what, text in texts.items():
            rows = in_oxigraph(store, text)
            if not rows or rows != in_rdflib(graph, text) or rows != in_oxigraph(memory, text):
                raise SystemExit(f"{what}: two engines disagree")
        _same_section(
            in_oxigraph(store, texts["provision on a day"]), in_oxigraph(peer, asked_of_peer["provision on a day"])
        )
        within = {what: best_ms(partial(in_oxigraph, memory, text), 30) for what, text in texts.items()}
        theirs = {what: best_ms(partial(in_rdflib, graph, text), 3) for what, text in texts.items()}
        apart = {what: best_ms(partial(in_oxigraph, peer, text), 5) for what, text in asked_of_peer.items()}
    sizes = {"snapshots": len(snapshots), "read_s": round(reading_s, 2), "write_s": round(writing_s, 2)}
    met = {what: ours[what] <= target for what, target in TARGETS_MS.items()}
    tell("inforce on disk", quads=len(lines), ms=_rounded(ours), targets_ms=TARGETS_MS, met=met, **sizes)
    tell("inforce in memory", quads=len(lines), ms=_rounded(within))
    tell("rdflib", quads=len(lines), ms=_rounded(theirs), times_ours=_times(theirs, ours))
    tell("a graph a snapshot", quads=peer_quads, ms=_rounded(apart), times_ours=_times(apart, ours))
    return int(not all(met.values()))


def _same_section(ours: Rows, theirs: Rows) -> None:
    mine = [(row[0], row[3] or "", row[4] or "") for row in ours]
    if mine != [(row[0], row[2] or "", row[3] or "") for row in theirs]:
        raise SystemExit("the section put together is not that of the snapshot")


def _rdflib(lines: Iterable[str]) -> Any:
    import rdflib

    graph = rdflib.Graph()
    triples = (" ".join(line.rsplit(" ", 2)[:1]) + " ." for line in lines)
    graph.parse(data="\n".join(triples), format="nt")
    return graph


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {what: round(ms, 3) for what, ms in found.items()}


def _times(found: dict[str, float], ours: dict[str, float]) -> dict[str, float]:
    return {what: round(ms / ours[what], 1) for what, ms in found.items()}


if __name__ == "__main__":
    sys.exit(main())
