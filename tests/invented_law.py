"""An invented law in the shape of the publisher's XML: the Lighthouse Regulations, both languages, six snapshots.

``python tests/invented_law.py`` writes the files of ``tests/law_fixtures/``; a test compares them with what is written
here. Nobody ever enacted a word of it. What happens in it, in law order:

* 2001-05-01, seen 2001-06-15: SOR/2001-50 rewords 2(1)(b), adds a row to the table of 4(1), repeals 5.
* seen 2001-12-20: nothing changed, although SOR/2001-90 was already in force on 2001-12-01.
* 2001-12-01, seen 2002-01-10: SOR/2001-90 makes 3(a)-(c) into 3(1)(a)-(c) word for word, and adds 3(2).
* 2002-08-01, seen 2002-09-01: SOR/2002-60 takes Gull Island off Schedule 1, which leaves no mark but the note; and the
  English 2(2) is corrected with no date moving.
* 2003-02-02, seen 2003-03-03: SOR/2003-10 rewords the French 2(1)(a) only, defines "buoy", renumbers 2(3) as 2(4) and
  puts a new 2(3) in its place; an amendment not in force is announced.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

NUMBER = "SOR/1901-7"
DAYS = ("2001-02-01", "2001-06-15", "2001-12-20", "2002-01-10", "2002-09-01", "2003-03-03")
POINTS = ("2001-01-01", "2001-05-01", "2001-11-15", "2001-12-01", "2002-08-01", "2003-02-02")
BASE = "2000-01-01"
FOLDER = Path(__file__).parent / "law_fixtures"

_number = 0


def e(tag: str, *inside: str, start: str = "", last: str = "", **attributes: str) -> str:
    """One element; ``start`` and ``last`` are the publisher's dates, and bring ids along."""
    global _number
    marks = ""
    if start:
        _number += 1
        marks += f' lims:inforce-start-date="{start}"'
        marks += f' lims:lastAmendedDate="{last}"' if last else ""
        marks += f' lims:fid="{_number}" lims:id="{_number}"'
    marks += "".join(f' {key.replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return f"<{tag}{marks}>{''.join(inside)}</{tag}>"


def unit(tag: str, label: str, text: str, *inside: str, start: str = BASE, note: str = "") -> str:
    """A subsection, paragraph, ...: marginal note, label, text, then its parts."""
    marginal = e("MarginalNote", note, start=start) if note else ""
    return e(tag, marginal, e("Label", label), e("Text", text) if text else "", *inside, start=start)


def section(label: str, note: str, *inside: str, start: str = BASE, last: str = "", notes: str = "") -> str:
    """A section: its title, its label, what it holds, its historical note."""
    last = last or start
    title = e("MarginalNote", note, start=start)
    return e("Section", title, e("Label", label), *inside, notes, start=start, last=last)


def history(*items: tuple[str, str]) -> str:
    """A historical note: (date, instruments) an item."""
    return e("HistoricalNote", *(e("HistoricalNoteSubItem", text, start=start) for start, text in items))


def heading(level: int, title: str, label: str = "") -> str:
    """A heading of the body."""
    return e("Heading", e("Label", label) if label else "", e("TitleText", title), start=BASE, level=str(level))


def row(*cells: str, start: str = "") -> str:
    """A row of a table; most rows of the real files carry no date."""
    return e("row", *(e("entry", cell) for cell in cells), start=start)


def build(step: int, *, french: bool) -> str:
    """The whole file of one snapshot, ``step`` 0 to 5."""
    global _number
    _number = 500_000 if french else 100_000

    def say(english: str, other: str) -> str:
        return other if french else english

    def par(letter: str) -> str:
        return f"{letter})" if french else f"({letter})"

    def by(number: str, at: str, only: str = "") -> str:
        flag = {"E": "A"}.get(only, only) if french else only
        return say(f"SOR/{number}, s. {at}", f"DORS/{number}, art. {at}") + (f"({flag})" if only else "")

    def term(english: str, other: str, meaning: str, *inside: str, start: str = BASE) -> str:
        if french:
            text = f"<DefinedTermFr>{other}</DefinedTermFr>\u2002{meaning} (<DefinedTermEn>{english}</DefinedTermEn>)"
        else:
            text = f"<DefinedTermEn>{english}</DefinedTermEn> {meaning} (<DefinedTermFr>{other}</DefinedTermFr>)"
        return e("Definition", e("Text", text), *inside, start=start)

    first, move, drop, last = "2001-05-01", "2001-12-01", "2002-08-01", "2003-02-02"

    # Section 1: definitions; French ones stand in their own alphabet.
    keeper = term("keeper", "gardien", say("means whoever tends a lamp.", "Quiconque entretient une lampe."))
    lamp = term("lamp", "lampe", say("means a light that ships can see.", "Feu visible des navires."))
    tower = term(
        "tower",
        "tour",
        say("means", "Selon le cas :"),
        unit("Paragraph", par("a"), say("a building on a rock; or", "bâtiment sur un rocher;")),
        unit("Paragraph", par("b"), say("a mast.", "mât.")),
    )
    buoy = term("buoy", "bouée", say("means a float.", "Flotteur."), start=last) if step >= 5 else ""
    defined = [buoy, keeper, lamp, tower] if not french else [buoy, keeper, lamp, tower][::-1]
    one = section(
        "1",
        say("Definitions", "Définitions"),
        e("Text", say("The following definitions apply.", "Les définitions qui suivent s’appliquent.")),
        *defined,
        last=last if step >= 5 else BASE,
        notes=history((BASE, by("1999-3", "1")), *([(last, by("2003-10", "1"))] if step >= 5 else [])),
    )

    # Section 2: a reworded paragraph, a correction, a change of the French only, a renumbering in place.
    fog = say("in fog, at any hour.", "par brouillard, à toute heure.")
    b = (
        unit("Paragraph", par("b"), fog, start=first)
        if step
        else unit("Paragraph", par("b"), say("in fog.", "par brouillard."))
    )
    dusk = "à la brunante;" if step >= 5 else "au crépuscule;"
    a = unit("Paragraph", par("a"), say("at dusk; and", dusk), start=last if step >= 5 and french else BASE)
    corrected = "The Minister may excuse a keeper." if step >= 4 else "The Minster may excuse a keeper."
    bell = ("Bells", "Cloches", "A keeper rings the bell of the tower every hour.", "La cloche sonne à chaque heure.")
    rung = unit("Subsection", "(4)" if step >= 5 else "(3)", say(bell[2], bell[3]), note=say(bell[0], bell[1]))
    if step >= 5:
        rung = rung.replace(f'start-date="{BASE}"', f'start-date="{last}"')
        horn = unit("Subsection", "(3)", say("A horn may stand in.", "Une sirène peut suffire."), start=last)
        rung = horn + rung
    two = section(
        "2",
        say("Duties", "Fonctions"),
        unit("Subsection", "(1)", say("A keeper must light the lamp", "Le gardien allume la lampe :"), a, b),
        unit("Subsection", "(2)", say(corrected, "Le ministre peut dispenser le gardien.")),
        rung,
        last=last if step >= 5 else first if step else BASE,
        notes=history(
            (BASE, by("1999-3", "2")),
            *([(first, by("2001-50", "1"))] if step else []),
            *([(last, by("2003-10", "2", "F")), (last, by("2003-10", "3"))] if step >= 5 else []),
        ),
    )

    # Section 3: three paragraphs become those of a subsection.
    start = move if step >= 3 else BASE
    services = [
        unit("Paragraph", par(letter), say(english, other), start=start)
        for letter, english, other in (
            ("a", "the sounding of depths;", "le sondage des fonds;"),
            ("b", "the sale of oil; and", "la vente d’huile;"),
            ("c", "the care of stranded birds.", "le soin des oiseaux échoués."),
        )
    ]
    lead = say("The Minister may limit the following services:", "Le ministre peut restreindre les services suivants :")
    extra = unit(
        "Subsection",
        "(2)",
        say("The Minister may limit them to a class of ships.", "Il peut les limiter à une catégorie de navires."),
        note=say("Class of ships", "Catégorie de navires"),
        start=move,
    )
    whole = [e("Text", lead), *services]
    if step >= 3:
        whole = [unit("Subsection", "(1)", lead, *services, start=move), extra]
    three = section(
        "3",
        say("Services at a tower", "Services à la tour"),
        *whole,
        last=move if step >= 3 else BASE,
        notes=history((BASE, by("1999-3", "3")), *([(move, by("2001-90", "1"))] if step >= 3 else [])),
    )

    # Section 4: a table whose rows come with their own dates, a part that goes on below it.
    rows = [row(say("East Coast", "Côte Est"), "12")]
    rows += [row(say("North Coast", "Côte Nord"), "7", start=first)] if step else []
    rows += [row(say("West Coast", "Côte Ouest"), "9")]
    table = e(
        "TableGroup",
        e("Caption", say("TABLE", "TABLEAU"), start=BASE),
        e(
            "table",
            e(
                "tgroup",
                e("colspec", colname="1"),
                e("colspec", colname="2"),
                e("thead", row(say("Coast", "Côte"), say("Lamps", "Lampes")), start=BASE),
                e("tbody", *rows, start=BASE),
                start=BASE,
                cols="2",
            ),
            start=BASE,
            frame="topbot",
        ),
        start=BASE,
    )
    law = say("Harbour Act", "Loi sur les havres")
    four = section(
        "4",
        say("Lamps of a coast", "Lampes d’une côte"),
        unit(
            "Subsection",
            "(1)",
            say("Under ", "Selon la ")
            + f'<XRefExternal reference-type="act" link="H-1">{law}</XRefExternal>'
            + say(" and section <XRefInternal>2</XRefInternal>, a coast has", " et l’article 2, une côte a"),
            table,
        ),
        unit("Subsection", "(2)", say("Subsection (1) yields to section 3.", "Le paragraphe (1) cède à l’article 3.")),
        last=first if step else BASE,
        notes=history(
            (BASE, by("1999-3", "4") + "; " + by("1999-8", "2")), *([(first, by("2001-50", "2"))] if step else [])
        ),
    )

    # Section 5: repealed.
    gone = say("[Repealed, SOR/2001-50, s. 3]", "[Abrogé, DORS/2001-50, art. 3]")
    five = section(
        "5",
        say("Oil", "Huile"),
        e("Text", say("Oil is kept in a cellar.", "L’huile se garde à la cave.")),
        notes=history((BASE, by("1999-3", "5"))),
    )
    if step:
        repealed = e("Text", e("Repealed", gone))
        five = e("Section", e("Label", "5"), repealed, start=first, last=first)

    # The schedule: a list from which an island goes without a mark.
    islands = [("Auk Island", "Île Auk"), ("Gull Island", "Île Gull"), ("Puffin Island", "Île Puffin")]
    items = [
        e("Item", e("Text", say(english, other)), start=BASE)
        for english, other in islands
        if not (step >= 4 and english.startswith("Gull"))
    ]
    schedule = e(
        "Schedule",
        e(
            "ScheduleFormHeading",
            e("Label", say("SCHEDULE 1", "ANNEXE 1")),
            e("OriginatingRef", say("(Section 4)", "(article 4)")),
            e("TitleText", say("Islands", "Îles")),
            start=BASE,
        ),
        e("List", *items, start=BASE),
        history((BASE, by("1999-3", "9")), *([(drop, by("2002-60", "4"))] if step >= 4 else [])),
        start=BASE,
        last=drop if step >= 4 else BASE,
    )
    coming = e(
        "Schedule",
        e("ScheduleFormHeading", e("TitleText", say("AMENDMENTS NOT IN FORCE", "MODIFICATIONS NON EN VIGUEUR"))),
        e(
            "RegulationPiece",
            e(
                "RelatedOrNotInForce",
                e("Heading", e("TitleText", "— " + by("2003-11", "4")), level="5", style="nifrp"),
                e(
                    "Section",
                    e("Label", "4"),
                    e("Text", say("Section 2 is replaced by the following:", "L’article 2 est remplacé :")),
                    e(
                        "AmendedText",
                        e(
                            "Section",
                            e("Label", "2"),
                            e("Text", say("A keeper need not.", "Le gardien est dispensé.")),
                        ),
                    ),
                    type="amending",
                ),
            ),
        ),
        id="NifProvs",
    )
    day = DAYS[step].split("-")
    consolidated = e("Date", e("YYYY", day[0]), e("MM", str(int(day[1]))), e("DD", str(int(day[2]))))
    identification = e(
        "Identification",
        e("InstrumentNumber", say(NUMBER, NUMBER.replace("SOR", "DORS"))),
        e("ConsolidationDate", consolidated, start=BASE),
        e("LongTitle", say("Lighthouse Regulations", "Règlement sur les phares"), start=BASE),
        start=BASE,
    )
    body = e(
        "Body",
        heading(1, say("Interpretation", "Définitions et interprétation"), say("PART 1", "PARTIE 1")),
        one,
        heading(2, say("Lamps", "Lampes")),
        two,
        heading(1, say("Services", "Services"), say("PART 2", "PARTIE 2")),
        three,
        heading(2, say("Coasts", "Côtes"), say("DIVISION 1", "SECTION 1")),
        four,
        five,
        start=BASE,
    )
    inside = identification + body + schedule + (coming if step >= 5 else "")
    amended = (BASE, first, first, move, drop, last)[step]
    return (
        '\ufeff<?xml version="1.0" encoding="utf-8"?>'
        f'<Regulation lims:pit-date="{POINTS[step]}" hasPreviousVersion="true" lims:lastAmendedDate="{amended}" '
        f'lims:current-date="{POINTS[step][:8]}28" lims:inforce-start-date="{BASE}" lims:fid="1" lims:id="1" '
        f'regulation-type="SOR" xml:lang="{"fr" if french else "en"}" xmlns:lims="http://justice.gc.ca/lims">'
        f"{inside}</Regulation>"
    )


def files() -> dict[Path, str]:
    """Every file of the fixture and what stands in it."""
    return {
        FOLDER / "SOR-1901-7" / folder / f"{day}.xml": build(step, french=folder == "fra")
        for folder in ("eng", "fra")
        for step, day in enumerate(DAYS)
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
