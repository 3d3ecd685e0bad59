"""The one parser of the publisher's XML: no DOCTYPE, no entities, no network, no other encoding, bounded in size.

Raises:
    InputError: ``E_XML`` with file and line; a file is taken whole or refused.

Source:
    OWASP XML External Entity Prevention; the publisher's files have neither DOCTYPE nor entities, and are UTF-8.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from lxml import etree

from inforce.errors import InputError
from inforce.law.elements import ROOTS

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Element", "parse_xml", "refuse"]

Element: TypeAlias = etree._Element

MAX_BYTES = 64 * 2**20
MAX_DEPTH = 64

_BOM = b"\xef\xbb\xbf"
_DECLARED = re.compile(rb"\A<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)


def refuse(message: str, *, source: str, line: int | None = None, hint: str | None = None) -> InputError:
    """Return the error that a file is refused with; the line is one-based."""
    where = f"{source}:{line}" if line else source
    return InputError(message, code="E_XML", source=where, hint=hint)


def parse_xml(content: bytes, *, source: str) -> Element:
    """Return the root element of a law's file.

    Args:
        content: the plain bytes, with or without a byte order mark.
        source: the file, for errors.

    Raises:
        InputError: too big, not UTF-8, with a DOCTYPE, not well-formed, too deep, or another kind of document.

    >>> parse_xml(b"<Regulation/>", source="a.xml").tag
    'Regulation'
    """
    if len(content) > MAX_BYTES:
        raise refuse(
            f"{len(content) / 2**20:.0f} MiB of XML, where {MAX_BYTES / 2**20:.0f} is the most we read",
            source=source,
            hint="the longest act of the publisher has about 20",
        )
    _check_bytes(content, source)
    # One parser a call: nothing is shared between threads, and none remembers an earlier file.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise refuse(f"not well-formed XML: {error.msg}", source=source, line=error.lineno or None) from None
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise refuse("a DOCTYPE, which is never read", source=source, line=1)
    if root.tag not in ROOTS:
        raise refuse(
            f"the document is a <{root.tag}>, not a law",
            source=source,
            line=root.sourceline,
            hint="expected " + " or ".join(f"<{one}>" for one in ROOTS),
        )
    return root


def _check_bytes(content: bytes, source: str) -> None:
    bare = content.removeprefix(_BOM)
    if not bare.strip():
        raise refuse("an empty file", source=source, line=1)
    declared = _DECLARED.match(bare[:400])
    if declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        named = declared[1].decode("ascii", "replace")
        raise refuse(f"the encoding is {named}, only UTF-8 is read", source=source, line=1)
    try:
        bare.decode("utf-8")
    except UnicodeDecodeError as error:
        line = bare.count(b"\n", 0, error.start) + 1
        raise refuse("these bytes are not UTF-8, the only encoding that is read", source=source, line=line) from None
    if b"\0" in bare[:4096]:
        raise refuse("a NUL character: not UTF-8 text", source=source, line=1)
    # Hardly any file has a "<!" at all, and to look for those two bytes is fast.
    if b"<!" in bare and (found := _FORBIDDEN.search(bare)):
        line = bare.count(b"\n", 0, found.start()) + 1
        what = found[0].decode("ascii")
        raise refuse(
            f"{what}, which is never read: a law needs no document type and no entities", source=source, line=line
        )
