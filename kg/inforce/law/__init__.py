"""The law's own text: from the publisher's XML to dated wordings, without a case or a rule in sight."""

from inforce.law.model import Anchor, NoteItem, Snapshot, Unit
from inforce.law.units import parse_snapshot
from inforce.law.writer import law_quads

__all__ = ["Anchor", "NoteItem", "Snapshot", "Unit", "law_quads", "parse_snapshot"]
