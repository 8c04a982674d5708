"""How often somebody may ask for what costs much, or for what is guessed at. Counted in memory, by `limits`.

Each person and each token has a count of its own; who is not known is counted by address. What a login may try is in
`login_guard.py`.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from popcam.core.access import NOBODY, Principal
from popcam.core.errors import TooManyRequestsError

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import MovingWindowRateLimiter

Costly = Literal[
    "login", "setup", "password", "source.test", "discovery", "job.check", "upload", "export", "verify", "diagnostics"
]
RATES: Mapping[Costly, tuple[str, ...]] = {
    "login": ("20/minute", "200/hour"),
    "setup": ("10/minute", "60/hour"),
    "password": ("10/minute", "60/hour"),
    "source.test": ("40/minute",),
    "discovery": ("40/minute",),
    "job.check": ("120/minute",),
    "upload": ("1200/minute",),
    "export": ("12/minute",),
    "verify": ("12/minute",),
    "diagnostics": ("6/minute",),
}


@dataclass(slots=True)
class Rates:
    """The counts of one server."""

    rates: Mapping[Costly, tuple[str, ...]] = field(default_factory=lambda: RATES)
    _limiter: "MovingWindowRateLimiter | None" = None
    _items: "dict[Costly, tuple[RateLimitItem, ...]]" = field(default_factory=dict)

    def take(self, what: Costly, who: str) -> None:
        """Count one more.

        Raises:
            TooManyRequestsError: it was too much; it was not counted.
        """
        limiter = self._loaded()
        for item in self._items[what]:
            if not limiter.hit(item, what, who):
                reset_s = limiter.get_window_stats(item, what, who).reset_time
                raise TooManyRequestsError(f"{item}", f"{item}", retry_after_s=_from_now(reset_s))

    def _loaded(self) -> "MovingWindowRateLimiter":
        if self._limiter is None:
            # Not at the start of the server: it costs a tenth of a second, and most servers never count anything.
            from limits import parse
            from limits.storage import MemoryStorage
            from limits.strategies import MovingWindowRateLimiter

            self._items = {what: tuple(parse(rate) for rate in rates) for what, rates in self.rates.items()}
            self._limiter = MovingWindowRateLimiter(MemoryStorage())
        return self._limiter


@dataclass(frozen=True, slots=True)
class Rate:
    """A gate of a route: it may be asked so often."""

    what: Costly

    async def __call__(self, connection: HTTPConnection) -> None:
        """As a dependency."""
        self.check(connection)

    def check(self, connection: HTTPConnection) -> None:
        """Count, or say that it is too much.

        Raises:
            TooManyRequestsError.
        """
        who = cast(Principal, connection.scope.get("state", {}).get("principal", NOBODY))
        if who.via == "shell":
            return  # the server's own user could do worse than ask often
        cast(Rates, connection.app.state.services.rates).take(self.what, counted_as(who))


def rate(what: Costly) -> Any:
    """Limit how often a route is asked: `dependencies=[needs(...), rate("export")]`."""
    return Depends(Rate(what))


def counted_as(who: Principal) -> str:
    """Whose count it is."""
    return f"{who.via}:{who.credential_id or who.user_id}" if who.user_id else f"address:{who.address}"


def _from_now(unix_s: float) -> float:
    return max(1.0, math.ceil(unix_s - time.time()))
