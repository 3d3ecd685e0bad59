"""What rules say against each other and against themselves, as sentences with their places.

Bars and permits that can both stand, exceptions that lift nothing, conditions that decide nothing, rules that never
hold, days and cases of which no rule speaks; ``inforce.check.analysis`` finds them, exactly. These are readings to
think about, not faults: a Bar prevails over a Permit, and a rule may say what others say already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyoxigraph as ox

from inforce.check.analysis import Note, notes
from inforce.check.files import plain, read, turtle_files
from inforce.check.finding import WARNINGS, Finding, in_order
from inforce.check.lines import LineIndex
from inforce.phrases import Words, phrases
from inforce.rules.model import Rulebook
from inforce.rules.triples import SKOS, Triples
from inforce.vocab import BASE, shrink

__all__ = ["SAID", "rule_findings"]

# By kind of note its code and its sentence, English and French: what was found, a colon, what to think about.
# {0}, {1} … are what the note names, {rest} all names from the second on, {part} the part of a condition in words.
SAID: dict[str, tuple[str, str, str]] = {
    "never-holds": (
        "W_DEAD",
        "can never hold for {0}: correct inf:when, or leave the version out",
        "ne peut jamais valoir pour {0} : corrigez inf:when, ou retirez la version",
    ),
    "never-stands": (
        "W_DEAD",
        "never stands for {0}, always defeated by {rest}: narrow what defeats it",
        "ne tient jamais pour {0}, toujours levée par {rest} : restreignez ce qui la lève",
    ),
    "exempts-nothing": (
        "W_DEAD",
        "exempts from nothing: name the rule it lifts with inf:defeats",
        "ne dispense de rien : nommez la règle qu'elle lève par inf:defeats",
    ),
    "never-meets": (
        "W_IDLE",
        "lifts {0} in no case, for the two never hold of the same person: leave that inf:defeats out, or correct "
        "inf:when",
        "ne lève {0} dans aucun cas, car les deux ne valent jamais pour la même personne : retirez ce inf:defeats, "
        "ou corrigez inf:when",
    ),
    "never-together": (
        "W_IDLE",
        "lifts {0}, which is never in force with it for the same action: leave that inf:defeats out, or correct the "
        "days",
        "lève {0}, qui n'est jamais en vigueur avec elle pour la même action : retirez ce inf:defeats, ou corrigez les "
        "jours",
    ),
    "lifted-anyway": (
        "W_IDLE",
        "lifts {0} only where {rest} lifts it as well: is it needed?",
        "ne lève {0} que là où {rest} la lève aussi : est-elle nécessaire ?",
    ),
    "both-stand": (
        "W_CONFLICT",
        "can stand together with {0}, a {1}, from {2} on: the Bar prevails; if the Permit should, let it name the "
        "Bar's rule with inf:defeats",
        "peut tenir en même temps que {0}, {1}, depuis le {2} : l'interdiction l'emporte ; si la permission le doit, "
        "qu'elle nomme la règle d'interdiction par inf:defeats",
    ),
    "says-the-same": (
        "W_TWIN",
        "says the same as {0} whenever both are in force: one of the two is enough",
        "dit la même chose que {0} dès que les deux sont en vigueur : l'une des deux suffit",
    ),
    "follows": (
        "W_REDUNDANT",
        "its part “{part}” follows from the rest of the condition: it can be left out",
        "sa partie « {part} » découle du reste de la condition : on peut l'omettre",
    ),
    "decides-nothing": (
        "W_REDUNDANT",
        "its part “{part}” changes no outcome of any action: it can be left out of the condition",
        "sa partie « {part} » ne change le résultat d'aucune action : on peut l'omettre de la condition",
    ),
    "between-versions": (
        "W_GAP",
        "ends on {0} and the next version of {1} starts on {2}: give the version between, if there was one",
        "prend fin le {0} et la version suivante de {1} commence le {2} : donnez la version intermédiaire, "
        "s'il y en a eu une",
    ),
    "nobody-speaks": (
        "W_SILENT",
        "no rule speaks of it from {1} to {2}, so answers are not-covered: add the rules of these days, if there were "
        "any",
        "aucune règle n'en parle du {1} au {2}, la réponse est donc « non couvert » : ajoutez les règles de ces jours, "
        "s'il y en a eu",
    ),
    "only-default": (
        "W_DEFAULT",
        "in some cases no rule with a condition stands, and the default answers, {1}: is that what is meant?",
        "dans certains cas aucune règle à condition ne tient, et la réponse par défaut est donnée, {1} : "
        "est-ce voulu ?",
    ),
    "fact-unread": (
        "W_UNREAD",
        "is read by no rule, constraint or entailment: no answer depends on it",
        "n'est lu par aucune règle, contrainte ou implication : aucune réponse n'en dépend",
    ),
    "condition-unread": (
        "W_UNREAD",
        "no rule refers to it: no answer depends on it",
        "aucune règle n'y renvoie : aucune réponse n'en dépend",
    ),
}
# By language what stands before the advice, and what stands there where the data say why it is so.
KEPT = (("en", ": ", "; known, and kept: "), ("fr", " : ", " ; connu, et gardé : "))
_EFFECTS = {"permit": ("Permit", "une permission"), "bar": ("Bar", "une interdiction")}


def rule_findings(paths: Sequence[Path], root: Path) -> list[Finding]:
    """Return what the rules of ``paths`` say against each other and against the package's, sorted by file and line.

    Args:
        paths: Turtle files or folders that ``validate`` finds no fault with; none: the package's own rules.
        root: the folder that holds ``ontology``, ``data`` and ``queries``.

    Raises:
        UsageError: a path is not there, or a folder holds no Turtle file.
    """
    from inforce.build import parse, skolemised
    from inforce.inputs import inputs
    from inforce.reasoning.terms import nodes
    from inforce.rules.extract import compiled
    from inforce.rules.load import rulebook

    sources = inputs(root)
    quads = parse(sources)
    if paths:
        index = LineIndex()
        for path in turtle_files(paths):
            parsed = read(path)
            index.add(parsed.file, parsed.scan)
            quads += [ox.Quad(t.subject, t.predicate, t.object) for t in skolemised(plain(parsed))]
    else:
        index = LineIndex.of([item.path for item in sources], BASE, root)
    triples = nodes(set(quads))
    book = rulebook(compiled(triples, version=""), {})
    words = phrases(triples, book)
    english, french = (Words(words, book, lang) for lang in ("en", "fr"))
    judged = frozenset(name for name in _subjects(book) if BASE + name in index)
    return in_order(_finding(note, index, triples, (english, french)) for note in notes(book, judged))


def _finding(note: Note, index: LineIndex, triples: Triples, words: Sequence[Words]) -> Finding:
    said = [_sentence(note, one, place) for place, one in enumerate(words)]
    code = SAID[note.kind][0]
    # What a version says of its own reading is the answer to such a question.
    reason = triples.text(BASE + note.subject, SKOS + "scopeNote") if code in WARNINGS else {}
    if reason:
        said = [
            one.partition(colon)[0] + kept + reason.get(lang, reason.get("en", ""))
            for one, (lang, colon, kept) in zip(said, KEPT, strict=True)
        ]
    return Finding(
        code,
        said[0],
        shrink(BASE + note.subject),
        *index.place(BASE + note.subject),
        example=note.example,
        message_fr=said[1],
        accepted=bool(reason),
    )


def _subjects(book: Rulebook) -> Iterable[str]:
    yield from (rule.id for rule in book.rules)
    for kind, names in (("action", book.actions), ("fact", book.facts), ("condition", book.conditions)):
        yield from (f"{kind}/{name}" for name in names)


def _sentence(note: Note, words: Words, lang: int) -> str:
    names = [_named(name, lang) for name in note.names]
    if note.kind in ("never-stands", "never-meets", "never-together", "lifted-anyway"):
        # All but the actions are rules.
        names = [f"rule:{n}" if note.kind != "never-stands" or place else n for place, n in enumerate(names)]
    elif note.kind == "between-versions":
        names[1] = f"rule:{names[1]}"
    part = words.condition(note.part) if note.part is not None else ""
    return SAID[note.kind][1 + lang].format(*names, rest=", ".join(names[1:]), part=part)


def _named(name: str, lang: int) -> str:
    return _EFFECTS[name][lang] if name in _EFFECTS else shrink(BASE + name) if name.startswith("rule/") else name
