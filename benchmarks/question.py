"""A question in a fresh process: ``inforce check`` beside a bare typer app, and beside rdflib with owlrl.

The peer does at question time what the build did before: it parses the graph with rdflib, closes the ontology with
owlrl, and evaluates the rules in force on what results. Both must give each rule the same state and standing. Times
are of the processor.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import inforce

RUNS = 9
FACTS = {"citizenships": "FRA", "lmia_required": "yes", "lmia_assessment_provided": "yes"}
DAY = "2003-05-01"
ABOVE_MS, TIMES = 60.0, 8.0

TYPER = """
import typer
app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
@app.command()
def hello() -> None:
    typer.echo("hello")
app()
"""
PEER = """
import json, sys, owlrl, rdflib
from rdflib import RDF, SKOS
graph, asked = sys.argv[1], json.loads(sys.argv[2])
data = rdflib.Dataset(default_union=True)
data.parse(graph, format="nquads")
base = "https://w3id.org/inforce/"
INF = rdflib.Namespace(base + "ns#")
g = rdflib.Graph()
for triple in data.graph(rdflib.URIRef(base + "graph/ontology")):
    g.add(triple)
owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(g)
for triple in data.graph(rdflib.URIRef(base + "graph/data")):
    g.add(triple)
day = rdflib.Literal(asked["day"], datatype=rdflib.XSD.date)
case = {}
for fact, values in asked["facts"].items():
    case[rdflib.URIRef(base + fact)] = [
        rdflib.Literal(v) if isinstance(v, bool) else rdflib.URIRef(base + v) for v in values
    ]

def in_force(node):
    start, end = g.value(node, INF["from"]), g.value(node, INF.until)
    return (start is None or start <= day) and (end is None or day < end)

def both(truths):
    return False if False in truths else None if None in truths else True

def negated(truth):
    return None if truth is None else not truth

def holds(node):
    if (node, RDF.type, INF.Condition) in g and not in_force(node):
        return False
    for members, wanted in ((g.value(node, INF.allOf), True), (g.value(node, INF.anyOf), False)):
        if members is not None:
            truths = [holds(member) for member in g.items(members)]
            return both(truths) if wanted else negated(both([negated(truth) for truth in truths]))
    inner = g.value(node, INF["not"])
    if inner is not None:
        return negated(holds(inner))
    values = case.get(g.value(node, INF.fact))
    if values is None:
        return None
    wanted = g.value(node, INF.isTrue)
    if wanted is not None:
        return wanted in values
    name = g.value(node, INF.inList)
    if name is not None:
        listed = {g.value(m, INF.entry) for m in g.subjects(INF["list"], name) if in_force(m)}
        return any(value in listed for value in values)
    concept = g.value(node, INF.inScheme)
    if concept is not None:
        return any(concept in g.transitive_objects(value, SKOS.broader) for value in values)
    one = g.value(node, INF["is"])
    wanted = [one] if one is not None else list(g.items(g.value(node, INF["in"])))
    return any(value in wanted for value in values)

off = rdflib.Literal(False)
rules = [
    version
    for version in g.subjects(INF.action, rdflib.URIRef(base + asked["action"]))
    if (version, RDF.type, INF.RuleVersion) in g and in_force(version)
    and (version, INF.appliesByDefault, off) not in g
]
state = {rule: holds(g.value(rule, INF.when)) for rule in rules}

def stands(rule):
    named = g.value(rule, INF.versionOf)
    beaten = [negated(stands(other)) for other in rules if (other, INF.defeats, named) in g]
    return both([state[rule], *beaten])

standing = {rule: stands(rule) for rule in rules}
print(json.dumps({str(rule): [state[rule], standing[rule]] for rule in rules}))
"""
STATES = {"holds": True, "fails": False, "unknown": None}


def run(command: list[str]) -> tuple[str, float]:
    """What a fresh process printed, and the milliseconds of processor it took."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output)
        # wait4 gives the usage of this process alone.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(command)} ended with {process.returncode}")
        output.seek(0)
        return output.read().decode(), (usage.ru_utime + usage.ru_stime) * 1000


def measured(commands: dict[str, list[str]]) -> dict[str, float]:
    """The median of several runs of each, taking turns."""
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            found[name].append(run(command)[1])
    return {name: statistics.median(times) for name, times in found.items()}


def described(kb: Any) -> str:
    """The case as the peer reads it, IRIs without their base."""
    values = {"yes": True, "no": False}
    facts = {f"fact/{n}": [values[v] if v in values else f"place/{v}"] for n, v in FACTS.items()}
    return json.dumps({"day": DAY, "action": f"action/{kb.default_action}", "facts": facts})


def main() -> int:
    kb = inforce.open(today=DAY)
    found = [sys.executable, "-m", "inforce_cli", "check", *(f"{n}={v}" for n, v in FACTS.items()), "--on", DAY]
    # As installed, where the graph is part of the package; a checkout whose files are newer compares digests first.
    check = [*found, "--store", str(kb.built.folder)]
    with tempfile.TemporaryDirectory() as folder:
        app, peer = (Path(folder) / name for name in ("app.py", "peer.py"))
        app.write_text(TYPER, encoding="utf-8")
        peer.write_text(PEER, encoding="utf-8")
        asked = [sys.executable, str(peer), str(kb.built.path("graph.nq")), described(kb)]
        grounds = json.loads(run([*check, "--json"])[0])["grounds"]
        ours = {ground["version"]: [STATES[ground["state"]], STATES[ground["stands"]]] for ground in grounds}
        theirs, peer_ms = run(asked)
        if ours != json.loads(theirs):
            sys.exit(f"inforce says {ours}, rdflib with owlrl {theirs}")
        times = measured(
            {
                "bare Python": [sys.executable, "-c", "pass"],
                "bare typer": [sys.executable, str(app)],
                "inforce check": check,
                "inforce check --json": [*check, "--json"],
                "inforce check, graph found as from here": found,
            }
        )
        times["rdflib + owlrl"] = statistics.median([peer_ms, *(run(asked)[1] for _ in range(2))])
    whole = times["inforce check"]
    above = whole - times["bare typer"]
    for name, ms in times.items():
        line = {"benchmark": "question", "engine": name, "cpu_ms": round(ms, 1), "times_check": round(ms / whole, 2)}
        print(json.dumps({**line, "load": os.getloadavg()[0]}))
    ratio = times["rdflib + owlrl"] / whole
    met = above <= ABOVE_MS and ratio >= TIMES
    share = (times["bare typer"] - times["bare Python"]) / whole
    summary = {
        "benchmark": "question",
        "rules": len(ours),
        "typer": version("typer"),
        "above_typer_ms": round(above, 1),
    }
    summary |= {"target_ms": ABOVE_MS, "framework_share": round(share, 2), "peer_times": round(ratio, 1)}
    print(json.dumps({**summary, "target_times": TIMES, "met": met}))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
