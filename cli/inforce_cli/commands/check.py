r"""``inforce check``: the outcome for one applicant on a day.

Examples:
  inforce check citizenships=FRA lmia_required=no --ordinarily
  inforce check citizenships=Mexico --action eta-needed --on 2024-03-01
  inforce check --facts case.json --on 2024-12 --explain
  inforce check citizenships=IND trip_only_us_or_spm=yes --why-not
  inforce check --facts case.json --what-if has_cbsa_appointment=yes
  inforce check --facts case.json --on 2024-12-23 --compare 2024-12-24
  inforce check --facts case.json --history --from 2016-01-01
  inforce check citizenships=MEX --history --format svg -o mex.svg
  inforce check --facts case.json --json -o answer.json
\b
Facts: inforce list facts. A value is yes, no, unknown, a code or name, or
A,B for several; none for an empty set. A fact not given is unknown.
Dates: 2024-12-24, 2024-12, 2024, 24 December 2024, an instant with its
offset, or the number of an instrument (its coming into force).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inforce.errors import ExitCode, InForceError, UsageError
from inforce_cli import completion
from inforce_cli.options import Action, KnownOn, On, Reading
from inforce_cli.output import Run

if TYPE_CHECKING:
    from inforce import Answer, History

FAVOURABLE = ("may", "not-required")
# Ways to another outcome that a reader takes in; --limit asks for more.
SETS = 5


def main(
    run: Run,
    facts: Annotated[
        list[str] | None,
        typer.Argument(help="Facts about the applicant.", metavar="[FACT=VALUE]...", autocompletion=completion.facts),
    ] = None,
    facts_file: Annotated[
        str | None, typer.Option("--facts", help="A JSON object, a saved answer or name=value lines.", metavar="FILE|-")
    ] = None,
    on: On = None,
    known_on: KnownOn = None,
    action: Action = None,
    ordinarily: Annotated[bool, typer.Option("--ordinarily", help="Take every open fact as it usually is.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="The whole tree, with sources.")] = False,
    why_not: Annotated[bool, typer.Option("--why-not", help="What stands in the way, and what would lift it.")] = False,
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            help="Compare with another value; repeatable.",
            metavar="FACT=VALUE",
            autocompletion=completion.facts,
        ),
    ] = None,
    compare: Annotated[str | None, typer.Option("--compare", help="Compare with another day.", metavar="DAY")] = None,
    history: Annotated[bool, typer.Option("--history", help="The outcome over time.")] = False,
    from_: Annotated[str | None, typer.Option("--from", help="First day of --history.", metavar="DAY")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last day of --history, included.", metavar="DAY")] = None,
    reading: Reading = None,
    sparql: Annotated[bool, typer.Option("--sparql", help="Answer by the saved query, run live.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 1 unless may (or not-required); with 1 on a difference.")
    ] = False,
) -> int:
    """Say whether an applicant may do something, or needs something, on a day; and why.

    The outcome is may, may-not, depends (facts are missing) or not-covered; of what may be needed, required or
    not-required instead of the first two. Nothing is guessed: a fact that is not given is unknown, and the answer
    names the facts that can still change it.
    """
    _one_view(
        explain=explain, why_not=why_not, what_if=bool(what_if), compare=bool(compare), history=history, sparql=sparql
    )
    _times(history=history, on=on, from_=from_, to=to)
    asked = Asking(run, _case(facts or [], facts_file), on, known_on, action, tuple(reading or ()), ordinarily)
    try:
        if history:
            code, differs = asked.history(from_, to)
        elif sparql:
            code, differs = asked.by_query()
        elif what_if or compare:
            code, differs = asked.comparison(what_if or [], compare)
        else:
            code, differs = asked.answer(explain=explain, why_not=why_not)
    except InForceError as error:
        raise asked.case.placed(error) from None
    return code or (int(ExitCode.NOT_MAY) if exit_code and differs else 0)


def _case(words: list[str], file: str | None) -> Any:
    from inforce_cli.case import Case, read_case

    return (Case({}) if file is None else read_case(file)).with_words(words)


def _one_view(**asked: bool) -> None:
    given = ["--" + name.replace("_", "-") for name, wanted in asked.items() if wanted]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} are different views of the answer", hint="ask for one at a time")


def _times(*, history: bool, on: str | None, from_: str | None, to: str | None) -> None:
    if history and on is not None:
        raise UsageError("--history has no --on", hint="give --from DAY and --to DAY")
    if not history and (from_ is not None or to is not None):
        raise UsageError("--from and --to go with --history", hint="add --history, or give --on DAY")


def pictures(found: History, page: Any) -> dict[str, Callable[[], str | bytes]]:
    """Return what writes an outcome over time for people: strips and rows, a picture, a page."""
    from inforce_cli.render.history import history_html, history_text
    from inforce_cli.render.picture import png

    return {
        "table": lambda: history_text(found, page),
        "svg": lambda: found.timeline(lang=page.lang).to_svg(lang=page.lang),
        "html": lambda: history_html(found, page),
        "png": lambda: png(found.timeline(lang=page.lang).to_svg(lang=page.lang)),
    }


class Asking:
    """The question, and the views of its answer; each shows itself and says whether it is not the favourable one."""

    def __init__(
        self,
        run: Run,
        case: Any,
        on: str | None,
        known_on: str | None,
        action: str | None,
        reading: tuple[str, ...],
        ordinarily: bool,
    ) -> None:
        self.run, self.case, self.on = run, case, on
        self.more: dict[str, Any] = {
            "known_on": known_on,
            "action": action,
            "readings": reading,
            "ordinarily": ordinarily,
        }

    def _check(self, *, on: str | None = None, facts: dict[str, Any] | None = None, strict: bool = False) -> Answer:
        more = {**self.more, "ordinarily": False} if strict else self.more
        return self.run.kb.check(self.case.facts if facts is None else facts, on=on or self.on, **more)

    def _page(self) -> Any:
        from inforce_cli.render.answer import Page

        run = self.run
        return Page(
            run.kb.book,
            lang=run.lang,
            width=run.width,
            color=run.color,
            today=self.on in (None, "today"),
            words=run.kb.words(run.lang),
        )

    def answer(self, *, explain: bool, why_not: bool) -> tuple[int, bool]:
        """Show the answer: as a page, its whole tree, or what stands in its way and would turn it."""
        from inforce_cli.render.answer import answer_text
        from inforce_cli.render.explain import explanation, obstacles
        from inforce_cli.render.turns import turns_text

        run, answer = self.run, self._check()
        unfavourable = answer.verdict not in FAVOURABLE
        if why_not:
            ways = run.kb.why_not(answer, lang=run.lang)
            turns = run.kb.would_turn(answer, most=run.options.limit or SETS, lang=run.lang)
            if run.options.limit and any(
                len(turns[kind]["sets"]) < turns[kind]["count"] for kind in ("facts", "rules")
            ):
                run.cut()
            found = {"schema": "inforce/why-not/1", "answer": answer.id, "outcome": answer.verdict, "obstacles": ways}
            page = self._page()
            several = len(answer.segments) > 1

            def shown() -> str:
                return obstacles(answer, ways, page, turns=turns_text(turns, page, several=several))

            return run.show(json={**found, **turns}, text=shown), unfavourable
        if explain:
            return run.show(json=answer.to_json(run.lang), text=lambda: explanation(answer, self._page())), unfavourable

        def text() -> str:
            strict = answer if answer.headline == "strict" else self._check(strict=True)
            ways = run.kb.why_not(answer)
            return answer_text(answer, self._page(), strict=strict, history=self._around(answer), ways=ways)

        return run.show(json=answer.to_json(run.lang), text=text), unfavourable

    def _around(self, answer: Answer) -> History | None:
        """The outcome over time, from the first rule to the day asked about or the last day verified."""
        from inforce_cli.render.words import one_day_before

        book = self.run.kb.book
        low, high = answer.on["from"], answer.on["until"]
        last = low[:10] if "T" in low else one_day_before(high)
        if low[:10] < book.covers_from:
            return None
        return self.run.kb.history(
            self.case.facts, to=max(last, book.verified_through), layers=False, **self._timeless()
        )

    def _timeless(self) -> dict[str, Any]:
        return {key: value for key, value in self.more.items() if key != "ordinarily"}

    def comparison(self, what_if: list[str], day: str | None) -> tuple[int, bool]:
        """Show what differs with other values of facts, or on another day."""
        from inforce_cli.case import assignments
        from inforce_cli.render.explain import comparison

        run, one = self.run, self._check()
        changed = assignments(what_if)
        given = {name.replace("-", "_"): value for name, value in self.case.facts.items()}
        changed = {name.replace("-", "_"): value for name, value in changed.items()}
        other = self._check(on=day, facts={**given, **changed})
        found = run.kb.compare(one, other, lang=run.lang)
        if changed:
            found = {**found, "what_if": changed}
        differs = (one.outcome, one.ordinarily.outcome) != (other.outcome, other.ordinarily.outcome)
        return run.show(json=found, text=lambda: comparison(one, other, found, self._page())), differs

    def history(self, from_: str | None, to: str | None) -> tuple[int, bool]:
        """Show the outcome over time."""
        run = self.run
        found = run.kb.history(self.case.facts, from_=from_, to=to, **self._timeless())
        others = pictures(found, self._page())
        code = run.show(json=found.to_dict(), table=found.table, others=others)
        return code, len(found.table) > 1

    def by_query(self) -> tuple[int, bool]:
        """Show what the saved query answers, beside the exact outcome."""
        from inforce_cli.render.explain import queried

        run, more = self.run, self.more
        if more["known_on"] or more["readings"]:
            raise UsageError("the saved query knows no --known-on and no --reading", hint="leave --sparql out")
        answer = self._check()
        assumed = answer.ordinarily.assuming if more["ordinarily"] else {}
        parameters = {**assumed, **self.case.facts, "on": self.on or run.today, "action": answer.action}
        (found,), states = run.kb.query("eligibility", parameters), run.kb.query("rule-states", parameters)
        result = {
            "schema": "inforce/queried/1",
            "outcome": found["outcome"],
            "exact": answer.verdict,
            "agrees": found["outcome"] in (answer.verdict, "depends"),
            "rules": states.to_dicts(),
        }
        code = run.show(json=result, text=lambda: queried(answer, result, self._page()))
        return code, found["outcome"] not in FAVOURABLE
