"""Who guesses passwords waits longer and longer; whose password is guessed at does not.

After some failures a pair of account and address has to wait, twice as long each time, a quarter of an hour at most.
Another address is not concerned: nobody can shut somebody else out of their account. An account that is guessed at from
many addresses is answered slowly. What an address does in all is counted by `rates` and judged by the watch.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from popcam.core.clock import Clock
from popcam.core.errors import TooManyRequestsError

Key = TypeVar("Key")

FREE_FAILURES = 5
"""People mistype."""
FIRST_WAIT_S = 2.0
MAX_WAIT_S = 900.0
FORGIVEN_AFTER_S = 3600.0
"""Without another failure."""
MANY_FAILURES = 50
SLOW_S = 1.0
MAX_PAIRS = 10_000
"""Those that were quiet longest are forgotten first."""


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float
    until_s: float = 0.0


class LoginGuard:
    """The failures of one server, in memory. Accounts are names as they are compared, known or not."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pairs: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._accounts: OrderedDict[str, _Failures] = OrderedDict()

    def check(self, account: str, address: str) -> float:
        """Let them try; gives how many seconds the answer should take longer.

        Raises:
            TooManyRequestsError: this address has to wait before it tries this account again.
        """
        now_s = self._clock.monotonic_s()
        pair = self._pairs.get((account, address))
        if pair is not None and pair.until_s > now_s:
            raise TooManyRequestsError(
                "too many failed logins", "登录失败次数过多", retry_after_s=round(pair.until_s - now_s + 0.5)
            )
        known = self._accounts.get(account)
        fresh = known is not None and now_s - known.last_s < FORGIVEN_AFTER_S
        return SLOW_S if fresh and known is not None and known.count >= MANY_FAILURES else 0.0

    def failed(self, account: str, address: str) -> None:
        """It was wrong."""
        pair = _count(self._pairs, (account, address), self._clock.monotonic_s())
        over = pair.count - FREE_FAILURES
        if over > 0:
            # The exponent is bounded, too: it grows with each failure, and a float does not for ever.
            pair.until_s = pair.last_s + min(FIRST_WAIT_S * 2.0 ** min(over - 1, 16), MAX_WAIT_S)
        _count(self._accounts, account, pair.last_s)

    def succeeded(self, account: str, address: str) -> None:
        """It was right: this address is forgiven."""
        self._pairs.pop((account, address), None)


def _count(held: OrderedDict[Key, _Failures], key: Key, now_s: float) -> _Failures:
    found = held.get(key)
    if found is None or now_s - found.last_s > FORGIVEN_AFTER_S:
        found = held[key] = _Failures(0, now_s)
    found.count += 1
    found.last_s = now_s
    held.move_to_end(key)
    if len(held) > MAX_PAIRS:
        held.popitem(last=False)
    return found
