"""A picture as PNG, drawn by a library that is installed only where it is wanted."""

from __future__ import annotations

from inforce.errors import EnvironmentFault

__all__ = ["png"]

SCALE = 2  # sharp on a dense screen, and in print at half the size


def png(svg: str) -> bytes:
    """Return an SVG picture as PNG.

    Raises:
        EnvironmentFault: the library is not installed.
    """
    try:
        import vl_convert
    except ImportError:
        raise EnvironmentFault(
            "PNG needs a library that is not installed",
            code="E_EXTRA",
            hint="pip install 'inforce[charts]' (in a checkout: make install), or write --format svg",
        ) from None
    found: bytes = vl_convert.svg_to_png(svg, scale=SCALE)
    return found
