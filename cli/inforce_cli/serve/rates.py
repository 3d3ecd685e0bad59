"""How often one client may ask: a bucket for each address that fills by the second, and is empty after a burst."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from math import ceil

from inforce.errors import LimitError

__all__ = ["RateError", "Rates"]

_BURST_S = 3
"""A page is a handful of requests at once: so many seconds' worth may come together."""
_REMEMBERED = 10_000
"""Addresses that are remembered; of more, those that asked longest ago count as new."""


class RateError(LimitError):
    """One client asks more often than it may."""

    default_code = "E_RATE"
    title = "Too many requests"
    status = 429

    wait_s: int = 1
    """When it may ask again."""


class Rates:
    """Counts the requests of each client; for one event loop."""

    def __init__(self, per_s: int) -> None:
        """Take how many requests a second a client may make on the whole."""
        self.per_s = per_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def count(self, address: str, now: float) -> None:
        """Count a request.

        Args:
            address: the client's; addresses of one IPv6 network of 64 bits are one client.
            now: seconds on any clock that does not go back.

        Raises:
            RateError: it has asked too often.

        >>> rates = Rates(1)
        >>> for _ in range(3):
        ...     rates.count("192.0.2.1", 0.0)
        >>> rates.count("192.0.2.1", 0.5)
        Traceback (most recent call last):
        inforce_cli.serve.rates.RateError: more than 1 requests a second; ask again in 1 s
        >>> rates.count("192.0.2.1", 1.0)
        """
        client = _network(address)
        most = float(self.per_s * _BURST_S)
        left, then = self._left.pop(client, (most, now))
        left = min(most, left + (now - then) * self.per_s)
        self._left[client] = (max(left - 1, 0.0) if left >= 1 else left, now)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        if left < 1:
            error = RateError(
                f"more than {self.per_s} requests a second", hint=f"ask again in {ceil((1 - left) / self.per_s)} s"
            )
            error.wait_s = ceil((1 - left) / self.per_s)
            raise error


def _network(address: str) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.packed[:8]) if isinstance(found, IPv6Address) and found.ipv4_mapped is None else str(found)
