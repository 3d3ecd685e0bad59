"""What an import did, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inforce_cli.render.text import safe_text

__all__ = ["held_text", "report_text"]

_NAMES = {"en": "English", "fr": "French"}
_NOMS = {"en": "anglais", "fr": "français"}


def held_text(lang: str) -> str:
    """Return the sentence for a user who holds no law."""
    if lang == "fr":
        return "aucun texte de loi : inforce import CHEMIN\n"
    return "no text of any law is held: inforce import PATH\n"


def report_text(report: Mapping[str, Any], lang: str) -> str:
    """Return the report of an import, from its JSON form."""
    french = lang == "fr"
    say = _counted_fr if french else _counted
    lines = [say(report)]
    if report["skipped"]:
        parts = ", ".join(f"{count} {reason}" for reason, count in sorted(report["skipped"].items()))
        lines.append(("laissés de côté : " if french else "skipped: ") + parts)
    lines += [("note : " if french else "note: ") + note for note in report["notes"]]
    lines.append("")
    for law in report["laws"]:
        days = law["days"]
        kinds = ", ".join(f"{count} {kind}" for kind, count in law["changes"].items())
        total = sum(law["changes"].values())
        if french:
            head = f"{law['law']} en {_NOMS[law['language']]} : {len(days)} états, du {days[0]} au {days[-1]}"
            rest = f"{total} changements de texte" + (f" ({kinds})" if kinds else "")
        else:
            head = f"{law['law']} in {_NAMES[law['language']]}: {len(days)} snapshots, {days[0]} to {days[-1]}"
            rest = f"{total} changes of text" + (f" ({kinds})" if kinds else "")
        lines += [head, f"  {rest}"]
    lines += ["", f"{report['quads']} quads, {report['version'][:19]}, {report['folder']}"]
    return safe_text("\n".join(lines)).rstrip() + "\n"


def _counted(report: Mapping[str, Any]) -> str:
    files = "1 file" if report["read"] == 1 else f"{report['read']} files"
    state = "" if report["changed"] else "; nothing changed"
    return f"read {files}: {report['new']} new, {report['already_held']} held already{state}"


def _counted_fr(report: Mapping[str, Any]) -> str:
    files = "1 fichier lu" if report["read"] == 1 else f"{report['read']} fichiers lus"
    state = "" if report["changed"] else " ; rien n'a changé"
    return f"{files} : {report['new']} nouveaux, {report['already_held']} déjà détenus{state}"
