"""The elements of the publisher's XML: which are parts of a law, which are words within a part, which are neither.

Names of a file format, learnt from the files; an element that is in none of these sets is refused, never dropped.
"""

from __future__ import annotations

__all__ = ["BLOCKS", "CONTAINERS", "INLINE", "KINDS", "LIMS", "METADATA", "ROOTS", "known"]

LIMS = "{http://justice.gc.ca/lims}"

ROOTS = {"Regulation": "regulation", "Statute": "act"}

# Element -> the kind of unit it is. Each has words of its own and a place in the law.
KINDS = {
    "Section": "section",
    "Subsection": "subsection",
    "Paragraph": "paragraph",
    "Subparagraph": "subparagraph",
    "Clause": "clause",
    "Subclause": "subclause",
    "Subsubclause": "subsubclause",
    "Definition": "definition",
    "Provision": "provision",
    "Item": "item",
    "Heading": "heading",
    "GroupHeading": "heading",
    "Schedule": "schedule",
    "TableGroup": "table",
    "row": "row",
    "Order": "front",
    "Enacts": "front",
    "Preamble": "front",
    "Group": "group",
    "AmendedText": "amended",
    "Footnote": "footnote",
    "HistoricalNote": "note",
    "LongTitle": "front",
    "ShortTitle": "front",
    "RunningHead": "front",
    "EnablingAuthority": "front",
    "RegulationMakerOrder": "front",
    "ContinuedSectionSubsection": "continued",
    "ContinuedParagraph": "continued",
    "ContinuedSubparagraph": "continued",
    "ContinuedClause": "continued",
    "ContinuedSubclause": "continued",
    "ContinuedDefinition": "continued",
    "ContinuedFormulaParagraph": "continued",
}

# Hold units, and have neither words nor a place of their own.
CONTAINERS = {
    "Identification",
    "Body",
    "Introduction",
    "DocumentInternal",
    "RegulationPiece",
    "BillPiece",
    "RelatedOrNotInForce",
    "SectionPiece",
    "List",
}

# Words of the unit they stand in, in their order, beside its label and title.
BLOCKS = {
    "Text",
    "Repealed",
    "OriginatingRef",
    "FormulaGroup",
    "FormGroup",
    "ImageGroup",
    "BilingualGroup",
    "QuotedText",
    "ReadAsText",
    "CenteredText",
    "Oath",
    "SignatureBlock",
    "Note",
    # Of tables.
    "Caption",
    "title",
    "thead",
    "entry",
    # Of the front matter.
    "RegulationMaker",
    "OrderNumber",
    "Date",
}

# Inside words.
INLINE = {
    "XRefExternal",
    "XRefInternal",
    "DefinedTermEn",
    "DefinedTermFr",
    "DefinitionRef",
    "DefinitionEnOnly",
    "DefinitionFrOnly",
    "Emphasis",
    "Language",
    "Sup",
    "Sub",
    "LineBreak",
    "PageBreak",
    "Separator",
    "Leader",
    "LeaderRightJustified",
    "FootnoteRef",
    "Repealed",
    "Ins",
    "Del",
    "Fraction",
    "Numerator",
    "Denominator",
    "Formula",
    "FormulaText",
    "FormulaTerm",
    "FormulaConnector",
    "FormulaDefinition",
    "FormulaParagraph",
    "FormBlank",
    "FormHeading",
    "Image",
    "AlternateText",
    "BilingualItemEn",
    "BilingualItemFr",
    "SignatureLine",
    "SignatureName",
    "SignatureTitle",
    "Text",
    "Label",
    "TitleText",
    "Provision",
    "Paragraph",
    "Item",
    "List",
    "row",
    "entry",
    "YYYY",
    "MM",
    "DD",
}

# Says things about the file, not the law: dates of the consolidation, the bill's way, what amended it lately.
METADATA = {
    "InstrumentNumber",
    "RegistrationDate",
    "ConsolidationDate",
    "LastAmendedDate",
    "BillHistory",
    "Chapter",
    "RecentAmendments",
    "colspec",
}


def known() -> list[str]:
    """Return every element that is read, sorted: what an error about another one names."""
    own = {"Label", "MarginalNote", "TitleText", "ScheduleFormHeading", "table", "tgroup", "tbody"}
    own |= {"HistoricalNoteSubItem"}
    return sorted(own | set(ROOTS) | set(KINDS) | CONTAINERS | BLOCKS | INLINE | METADATA)
