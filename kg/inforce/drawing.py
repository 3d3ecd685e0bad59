"""A trace as text: a tree for people, DOT and Mermaid for pictures, Turtle in the terms of PROV-O for machines."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from inforce.errors import UnknownIdError
from inforce.vocab import BASE, PREFIXES, shrink
from inforce.wording import instrument_words

if TYPE_CHECKING:
    from inforce.catalogue import Provenance

__all__ = ["FORMS", "change_word", "drawn", "to_dot", "to_mermaid", "to_tree", "to_turtle", "word"]

_FRENCH = {
    "about": "porte sur",
    "affected-by": "touché par",
    "affects": "touche",
    "amends": "modifie",
    "bears-on": "porte sur",
    "claim": "affirmation",
    "conflict": "désaccord",
    "considered": "aussi en jeu",
    "defeated-by": "levé par",
    "depends on it": "en dépendent",
    "derived-from": "tiré de",
    "directly": "directement",
    "enabled-by": "habilité par",
    "enables": "habilite",
    "ended": "a mis fin à",
    "entailed-by": "entraîné par",
    "entails": "entraîne",
    "expressed-by": "exprimé par",
    "expresses": "exprime",
    "from": "depuis le",
    "in": "dans",
    "in-list": "sur la liste",
    "inferred-by": "déduit de",
    "made": "a fait",
    "made-by": "pris par",
    "member": "inscription",
    "moved": "changé",
    "moved-elsewhere": "déplacé",
    "moves": "change l'issue de",
    "not adopted": "non retenu",
    "not moved": "inchangé",
    "outcomes": "issues",
    "part-of": "partie de",
    "passage": "passage",
    "quoted-from": "cité de",
    "referred-to-by": "cité par",
    "refers-to": "renvoie à",
    "rests-on": "repose sur",
    "see above": "voir plus haut",
    "source": "source",
    "supports": "appuie",
    "tested-by": "testée par",
    "through": "par",
    "part": "comprend",
    "added": "ajouté",
    "amended": "modifié",
    "corrected": "corrigé",
    "language-only": "dans une langue",
    "renumbered": "renuméroté",
    "repealed": "abrogé",
    "until": "jusqu'au",
    "used-list-entry": "liste",
    "version": "version",
}
_SHAPES = {
    "answer": "doubleoctagon",
    "rule": "box",
    "rule-version": "box",
    "provision": "note",
    "provision-version": "note",
    "wording": "note",
    "action": "house",
    "instrument": "component",
    "passage": "plaintext",
    "source": "cylinder",
    "claim": "hexagon",
    "conflict": "octagon",
}
# How each relation is said in PROV-O: the property, and whether it runs against the direction of the trace.
_PROV = {
    "version": ("prov:specializationOf", True),
    "expresses": ("prov:wasDerivedFrom", False),
    "expressed-by": ("prov:wasDerivedFrom", True),
    "enabled-by": ("prov:wasInfluencedBy", False),
    "enables": ("prov:wasInfluencedBy", True),
    "refers-to": ("dct:references", False),
    "referred-to-by": ("dct:references", True),
    "derived-from": ("prov:wasDerivedFrom", False),
    "quoted-from": ("prov:wasQuotedFrom", False),
    "in": ("prov:wasQuotedFrom", False),
    "passage": ("prov:wasQuotedFrom", True),
    "source": ("prov:hadPrimarySource", False),
    "supports": ("prov:wasDerivedFrom", True),
    "claim": ("prov:wasInfluencedBy", False),
    "conflict": ("dct:isPartOf", False),
    "about": ("dct:subject", False),
    "affects": ("inf:affects", False),
    "affected-by": ("inf:affects", True),
    "amends": ("eli:amends", False),
    "entails": ("inf:entails", False),
    "entailed-by": ("inf:entails", True),
    "defeated-by": ("inf:defeats", True),
    "part": ("eli:is_part_of", True),
    "part-of": ("eli:is_part_of", False),
    "member": ("prov:hadMember", False),
    "rests-on": ("prov:wasDerivedFrom", False),
    "considered": ("prov:wasInfluencedBy", False),
    "inferred-by": ("prov:wasInfluencedBy", False),
    "used-list-entry": ("prov:wasInfluencedBy", False),
    "ended": ("prov:wasInfluencedBy", True),
    "moves": ("prov:wasInfluencedBy", True),
    "bears-on": ("inf:action", False),
    "in-list": ("inf:list", False),
    "tested-by": ("prov:wasInfluencedBy", True),
}


def drawn(trace: Provenance, form: str, *, lang: str = "en", width: int | None = None) -> str:
    """Return a trace in one of ``FORMS``.

    Raises:
        UnknownIdError: no such form.
    """
    if form == "tree":
        return to_tree(trace, lang=lang, width=width)
    if form == "svg":
        from inforce.picture import to_svg

        return to_svg(trace, lang=lang)
    if form not in FORMS:
        raise UnknownIdError(
            f'a trace has no form "{form}"', code="E_UNKNOWN_ID", hint="forms: " + ", ".join([*FORMS, "svg"])
        )
    return FORMS[form](trace)


def to_tree(trace: Provenance, *, lang: str = "en", width: int | None = None) -> str:
    """Return the trace as an indented tree; a node met again is named and not unfolded again.

    Args:
        lang: ``en`` or ``fr``.
        width: fold lines at so many columns; ``None`` folds nothing.
    """
    below: dict[str, list[tuple[str, str]]] = {}
    for source, relation, target in trace.edges:
        below.setdefault(source, []).append((relation, target))
    unfolded: set[str] = set()
    lines: list[str] = []

    def write(prefix: str, hang: str, text: str) -> None:
        room = max(24, (width or 10**6) - len(prefix))
        parts = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
        lines.append(prefix + parts[0])
        lines.extend(hang + "  " + part for part in parts[1:])

    # A stack, not recursion: a chain of any length is drawn.
    pending = [("", "", "", trace.root)]
    while pending:
        branch, rail, relation, node = pending.pop()
        again = node in unfolded
        text = _line(trace.nodes[node], lang, again=again)
        write(branch + (word(relation, lang) + "  " if relation else ""), rail, text)
        if again:
            continue
        unfolded.add(node)
        children = [(step, target) for step, target in below.get(node, []) if not _ending(trace, below, target)]
        ends = _endings(trace, below, node, lang)
        for number, line in enumerate(ends):
            more = bool(children) or number < len(ends) - 1
            write(rail + ("├─ " if more else "└─ "), rail + ("│  " if more else "   "), line)
        for number in range(len(children) - 1, -1, -1):
            last = number == len(children) - 1
            step, target = children[number]
            pending.append((rail + ("└─ " if last else "├─ "), rail + ("   " if last else "│  "), step, target))
    for line in (*_outcome_lines(trace, lang), *_impact_lines(trace, lang)):
        write("", "  ", line)
    return "\n".join(lines) + "\n"


def _ending(trace: Provenance, below: Mapping[str, Any], node: str) -> bool:
    return trace.nodes[node]["kind"] == "action" and node not in below


def _endings(trace: Provenance, below: Mapping[str, list[tuple[str, str]]], node: str, lang: str) -> list[str]:
    """The actions that end a branch, one line a relation: a tree that names them one by one is mostly repetition."""
    found: dict[str, list[str]] = {}
    for relation, target in below.get(node, []):
        if _ending(trace, below, target):
            found.setdefault(relation, []).append(trace.nodes[target]["id"])
    return [f"{word(relation, lang)}  {', '.join(names)}" for relation, names in found.items()]


def _outcome_lines(trace: Provenance, lang: str) -> Iterator[str]:
    """The outcomes that moved, each with the days and what moved it on each; then those that did not."""
    colon = " : " if lang == "fr" else ": "
    if trace.outcomes:
        yield ""
        yield word("outcomes", lang) + colon.rstrip()
    for row in trace.outcomes:
        days: dict[str, list[str]] = {}
        for one in row["by"]:
            days.setdefault(one["on"].replace("T", " ")[:16], []).append(one["name"])
        said = "; ".join(f"{day} ({', '.join(dict.fromkeys(names))})" for day, names in days.items())
        yield f"  {row['action']}{colon}" + (
            f"{word('moved', lang)} {said}" if row["moved"] else word("not moved", lang)
        )


def _impact_lines(trace: Provenance, lang: str) -> Iterator[str]:
    """The rules that depend on a provision: those on it first, then by what leads there."""
    colon = " : " if lang == "fr" else ": "
    if trace.impact:
        yield ""
        yield word("depends on it", lang) + colon.rstrip()
    for row in trace.impact:
        through = row["through_fr" if lang == "fr" else "through"]
        way = f"{word('through', lang)} {' → '.join(through)}" if through else word("directly", lang)
        actions = ", ".join(row["actions"])
        yield f"  {row['rule']}{colon}{way}; {actions}"


def word(relation: str, lang: str) -> str:
    """Return a relation, or a word of a trace, in a language."""
    return _FRENCH.get(relation, relation) if lang == "fr" else relation.replace("-", " ")


def change_word(kind: str, lang: str) -> str:
    """Return the kind of change of a clause in a language: one that moved is not an outcome that did."""
    return word("moved-elsewhere" if kind == "moved" else kind, lang)


def _line(node: Mapping[str, Any], lang: str, *, again: bool = False) -> str:
    label = (node["label_fr"] if lang == "fr" else "") or node["label"]
    name = (node.get("id_fr") if lang == "fr" else "") or instrument_words(node["id"], lang)
    if again:
        return f"{label if node['kind'] == 'passage' else name}  ({word('see above', lang)})"
    parts = [name if node["kind"] != "passage" else ""]
    if node.get("change"):
        parts.append(change_word(node["change"], lang))
    start = node.get("starts_at", node.get("from"))
    if start:
        parts.append(f"{word('from', lang)} {start.replace('T', ' ')[:16]}")
    end = node.get("ends_at", node.get("until"))
    if end:
        parts.append(f"{word('until', lang)} {end.replace('T', ' ')[:16]}")
    if node.get("adopted") is False:
        parts.append(f"({word('not adopted', lang)})")
    if label and label != name:
        parts.append(label)
    if node.get("url"):
        parts.append(f"<{node['url']}>")
    return "  ".join(part for part in parts if part)


def to_dot(trace: Provenance) -> str:
    """Return the trace as a Graphviz graph.

    Source:
        Graphviz, the DOT language: in a quoted string only the quote and the backslash are escaped.
    """
    names = {node: f"n{number}" for number, node in enumerate(trace.nodes)}
    lines = ["digraph provenance {", "  rankdir=LR;", '  node [fontname="sans-serif", fontsize=10];']
    for node, data in trace.nodes.items():
        shape = _SHAPES.get(data["kind"], "ellipse")
        label = _quoted(data["id"]) + (r"\n" + _quoted(_short(data["label"])) if data["label"] else "")
        lines.append(f'  {names[node]} [label="{label}", shape={shape}, URL="{_quoted(BASE + node)}"];')
    for source, relation, target in trace.edges:
        lines.append(f'  {names[source]} -> {names[target]} [label="{relation}"];')
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\r", " ")


def _short(text: str, room: int = 60) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def to_mermaid(trace: Provenance) -> str:
    """Return the trace as a Mermaid flowchart."""
    names = {node: f"n{number}" for number, node in enumerate(trace.nodes)}
    lines = ["flowchart LR"]
    for node, data in trace.nodes.items():
        text = _entities(data["id"]) + ("<br/>" + _entities(_short(data["label"])) if data["label"] else "")
        lines.append(f'  {names[node]}["{text}"]')
    for source, relation, target in trace.edges:
        lines.append(f"  {names[source]} -- {relation} --> {names[target]}")
    return "\n".join(lines) + "\n"


def _entities(text: str) -> str:
    # Inside a Mermaid label these open markup; its own entities begin with a number sign.
    bare = text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
    return bare.replace("`", "#96;").replace("\n", " ").replace("\r", " ")


def to_turtle(trace: Provenance) -> str:
    """Return the trace as Turtle in the terms of PROV-O.

    Source:
        W3C PROV-O, sections 3.1 and 3.3.
    """
    said: dict[str, list[str]] = {node: [] for node in trace.nodes}
    earlier: dict[str, str] = {}
    for source, relation, target in trace.edges:
        if relation == "version":
            # The versions of one thing come oldest first: each revises the one before it.
            if source in earlier:
                said[target].append(f"prov:wasRevisionOf {_iri(earlier[source])}")
            earlier[source] = target
        if relation in ("made-by", "made"):
            made, by = (source, target) if relation == "made-by" else (target, source)
            said[made].append(f"prov:wasGeneratedBy {_activity(trace.nodes[made], by)}")
            continue
        term, against = _PROV[relation]
        subject, other = (target, source) if against else (source, target)
        said[subject].append(f"{term} {_iri(other)}")
    wanted = ("dct", "eli", "inf", "prov", "rdfs", "xsd")
    head = [f"@base <{BASE}> .", *(f"@prefix {name}: <{PREFIXES[name]}> ." for name in wanted), ""]
    blocks = []
    for node, data in trace.nodes.items():
        parts = ["a prov:Entity", *_properties(data), *dict.fromkeys(said[node])]
        blocks.append(f"{_iri(node)} " + " ;\n    ".join(parts) + " .\n")
    return "\n".join([*head, *blocks])


def _activity(made: Mapping[str, Any], instrument: str) -> str:
    started = made.get("starts_at")
    time = f' ; prov:startedAtTime "{started}"^^xsd:dateTime' if started else ""
    return f"[ a prov:Activity ; prov:used {_iri(instrument)}{time} ]"


def _properties(data: Mapping[str, Any]) -> Iterator[str]:
    labels = [f'"{_turtle(data["label"])}"@en'] if data["label"] else []
    if data["label_fr"]:
        labels.append(f'"{_turtle(data["label_fr"])}"@fr')
    if labels:
        yield "rdfs:label " + " , ".join(labels)
    yield f'dct:identifier "{_turtle(data["id"])}"'
    for key in ("from", "until"):
        if data.get(key):
            yield f'inf:{key} "{data[key]}"^^xsd:date'
    if data.get("url"):
        yield f'rdfs:seeAlso "{_turtle(data["url"])}"^^xsd:anyURI'


def _iri(node: str) -> str:
    whole = node if ":" in node.split("/", 1)[0] else BASE + node
    short = shrink(whole)
    # Only the prefixes that the head declares; the rest against the base.
    if short.split(":", 1)[0] in ("dct", "eli", "inf", "prov", "rdfs", "xsd"):
        return short
    return f"<{whole.removeprefix(BASE)}>"


def _turtle(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


FORMS: Mapping[str, Callable[[Provenance], str]] = {
    "tree": to_tree,
    "dot": to_dot,
    "mermaid": to_mermaid,
    "turtle": to_turtle,
}
"""The forms in which a trace can be drawn; its JSON is ``Provenance.to_dict``."""
