"""One page of HTML that needs nothing from elsewhere: no script, no font, no picture."""

from __future__ import annotations

from html import escape

__all__ = ["page"]

_STYLE = """
body { font: 16px/1.5 serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff }
h1 { font-size: 1.4rem } h2 { font: bold 1rem sans-serif; margin: 1.6rem 0 .3rem }
table { border-collapse: collapse; width: 100% }
td, th { vertical-align: top; text-align: left; padding: .2rem .8rem .2rem 0 }
section table td { width: 50%; border-left: 3px solid #ddd; padding-left: .6rem }
del { background: #fbdcdc; color: #7a0d0d } ins { background: #d8f2d8; color: #0d4d12; text-decoration: none;
  border-bottom: 2px solid #0d4d12 }
.unit { margin: .4rem 0 } .note { font-weight: bold; font-size: .9rem; margin: 1rem 0 0 }
.by { color: #555; font: .8rem sans-serif } p { margin: .3rem 0 } svg { max-width: 100%; height: auto }
"""


def page(title: str, body: str, *, lang: str = "en") -> str:
    """Return a whole page; ``body`` is HTML already, ``title`` is text."""
    return (
        f'<!doctype html>\n<html lang="{escape(lang)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
