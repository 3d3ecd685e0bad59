"""What the shell offers after Tab: facts and their values, actions, ids, kinds and saved queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from inforce.errors import InForceError

__all__ = ["actions", "facts", "ids", "kinds", "queries", "readings"]

Offers = Iterable[tuple[str, str]]


def _offered(find: Callable[[str], Offers]) -> Callable[[str], list[tuple[str, str]]]:
    # The shell asks in the middle of a line: what goes wrong here is told when the line is run.
    def offer(incomplete: str) -> list[tuple[str, str]]:
        try:
            return [(word, help_) for word, help_ in find(incomplete) if word.startswith(incomplete)]
        except (InForceError, OSError):
            return []

    offer.__doc__ = find.__doc__
    return offer


@_offered
def facts(incomplete: str) -> Offers:
    """Offer names of facts, after ``=`` their values, after a comma one more."""
    import inforce

    kb = inforce.open()
    name, sign, value = incomplete.partition("=")
    if not sign:
        return [(f"{fact.name}=", fact.question.get("en", "")) for fact in kb.book.facts.values()]
    fact = kb.book.facts.get(name.replace("-", "_"))
    if fact is None:
        return []
    given, comma, _ = value.rpartition(",")
    lead = f"{name}={given}{comma}"
    if fact.kind == "boolean":
        return [(lead + word, "") for word in ("yes", "no", "unknown")]
    if fact.values is not None:
        return [(lead + word, "") for word in (*fact.values, "unknown")]
    return [(lead + word, label) for word, label in _members(fact.scheme)]


def _members(scheme: str | None) -> Iterator[tuple[str, str]]:
    import inforce

    kinds = {"place": "nationalities", "category": "categories", "class": "classes"}
    kind = (scheme or "").partition("/")[0]
    for row in inforce.open().list(kinds.get(kind, kind + "s")):
        yield row["id"], row["label"]


@_offered
def actions(incomplete: str) -> Offers:
    """Offer the actions."""
    import inforce

    return [(action.id, action.label.get("en", "")) for action in inforce.open().book.actions.values()]


@_offered
def readings(incomplete: str) -> Offers:
    """Offer the rules whose reading is contested."""
    import inforce

    return {rule.rule: rule.label.get("en", "") for rule in inforce.open().book.rules if rule.contested}.items()


@_offered
def ids(incomplete: str) -> Offers:
    """Offer ids of rules, provisions, instruments, programs and whatever else can be shown."""
    import inforce

    kb = inforce.open()
    kinds = ("rules", "instruments", "programs", "exemptions", "categories", "sources", "conflicts", "provisions")
    return [(row["id"], row["label"]) for kind in kinds for row in kb.list(kind) if " " not in row["id"]]


@_offered
def kinds(incomplete: str) -> Offers:
    """Offer what can be listed."""
    import inforce

    kb = inforce.open()
    try:
        kb.list("?")
    except InForceError as error:
        words = (error.hint or "").rpartition("kinds: ")[2]
        return [(word, "") for word in words.split(", ")]
    return []


@_offered
def queries(incomplete: str) -> Offers:
    """Offer the saved queries."""
    import inforce

    return [(row["id"], row["label"]) for row in inforce.open().list("queries")]
