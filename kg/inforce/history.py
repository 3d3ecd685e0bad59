"""An outcome over time, as it is handed out: stretches, what began each, the same by layer, and the picture of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from inforce.rules.case import plain, shown
from inforce.rules.decide import Question
from inforce.rules.model import Layer, Rulebook
from inforce.table import Table

if TYPE_CHECKING:
    from inforce.text_timeline import Strip, Timeline

__all__ = ["History", "history_of"]

COLUMNS = ("from", "until", "outcome", "ordinarily", "rule", "instrument", "starts_at", "known_from", "moved")
_END = {"en": "end of {}", "fr": "fin de {}"}
_NAMES = {"strict": ("Strictly", "Au sens strict"), "ordinarily": ("Ordinarily", "D'ordinaire")}


@dataclass(frozen=True, slots=True)
class History:
    """An outcome over time: stretches of equal outcome, each with what began it.

    ``by_layer`` has the same with the rules of a layer and of those above it only; empty where it was not asked for.
    """

    action: str
    facts: Mapping[str, Any]
    table: Table
    by_layer: Mapping[str, Table] = field(default_factory=dict)
    book: Rulebook | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form ``inforce/history/1``."""
        found = {
            "schema": "inforce/history/1",
            "action": self.action,
            "facts": {name: plain(value) for name, value in self.facts.items()},
            "intervals": self.table.to_dicts(),
        }
        if self.by_layer:
            found["by_layer"] = {layer: table.to_dicts() for layer, table in self.by_layer.items()}
        return found

    def timeline(self, *, lang: str = "en") -> Timeline:
        """Return the picture: a strip for the strict outcome, one for the ordinary one, and one for each layer.

        What holds for hours of one day only is in the rows, not in the picture.
        """
        from inforce.text_timeline import Timeline

        book = self.book
        label = dict(book.actions[self.action].label) if book is not None else {"en": self.action}
        said = ", ".join(f"{name}={shown(value)}" for name, value in self.facts.items())
        return Timeline(
            name=label.get("en", self.action),
            name_fr=label.get("fr") or label.get("en", self.action),
            label=said,
            label_fr=said,
            language=lang,
            from_text=False,
            strips=tuple(self._strips(book, lang)),
            of_outcomes=True,
        )

    def _strips(self, book: Rulebook | None, lang: str) -> Iterator[Strip]:
        from inforce.text_timeline import Strip

        for key, (name, name_fr) in _NAMES.items():
            column = "outcome" if key == "strict" else key
            yield Strip(name, name_fr, key, 0, tuple(_stretches(self.table, column, lang)))
        # Layers of one rank weigh the same, and have one strip.
        for _, group in groupby(self.by_layer.items(), key=lambda item: id(item[1])):
            same = list(group)
            labels = [book.layers[layer].label if book is not None else {"en": layer} for layer, _ in same]
            names = [[label.get(tongue) or label.get("en", "") for label in labels] for tongue in ("en", "fr")]
            name, name_fr = (", ".join([found[0], *map(_lower, found[1:])]) for found in names)
            yield Strip(name, name_fr, same[0][0], 1, tuple(_stretches(same[0][1], "ordinarily", lang)))

    def _repr_svg_(self) -> str:
        return self.timeline().to_svg()

    def _repr_html_(self) -> str:
        from inforce.notebook import history_html

        return history_html(self)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _stretches(table: Iterable[Mapping[str, Any]], column: str, lang: str) -> Iterator[Any]:
    from inforce.text_timeline import Stretch

    merged = [next(iter(group)) for _, group in groupby(table, key=lambda row: row[column])]
    ends = [row["from"] for row in merged[1:]]
    for row, until in zip(merged, [*ends, None], strict=True):
        first, last = row["from"][:10], None if until is None else until[:10]
        if first == last:
            continue
        hour = row["starts_at"][11:] if row["starts_at"] and "T" in row["from"] else ""
        made = " · ".join(part for part in (row["rule"], row["instrument"]) if part)
        if row["moved"] == "ends":
            made = _END[lang].format(made)
        yield Stretch(
            version=row[column],
            start=first,
            until=last,
            kind=row[column],
            instrument=row["instrument"],
            note=f"{made} ({hour.removesuffix(':00')})" if hour and made else made or None,
            known_from=row["known_from"],
        )


def history_of(asked: Question, *, layers: bool = False) -> History:
    """Return the outcome of a question over its window, with ``layers`` also by layer.

    Raises:
        FactsError: facts that exclude each other at some moment of the window.
    """
    from inforce.rules.timeline import timeline

    by_layer: dict[str, Table] = {}
    if layers:
        ranks: dict[int, Table] = {}
        for layer in _layers(asked):
            if layer.rank not in ranks:
                lower = replace(asked)
                lower.widest = layer.rank
                ranks[layer.rank] = Table.of(COLUMNS, timeline(lower))
            by_layer[layer.id] = ranks[layer.rank]
    return History(asked.action, asked.facts, Table.of(COLUMNS, timeline(asked)), by_layer, asked.book)


def _layers(asked: Question) -> list[Layer]:
    # Those with a rule in force at some time of the window, the weightiest first.
    low, high = asked.window
    found = {
        rule.layer
        for rule in asked._rules
        if rule.interval.starts < high and (rule.interval.ends is None or rule.interval.ends > low)
    }
    return sorted((asked.book.layers[name] for name in found), key=lambda layer: (layer.rank, layer.id))
