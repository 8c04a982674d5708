"""Watching for trouble: who fails to log in, who is refused, who looks for what is not there.

Addresses gather points (`watch_rules.py`), which are forgiven with time; with many an address is slowed, with more
shut out for a while, longer each time. Nobody can shut out others by it: this machine and trusted proxies are only ever
slowed, and a person or machine that is known is let in from a blocked address all the same (the caller asks `blocked`
and `delay_s` only for those whom it does not know). Memory is bounded: the addresses that were quiet longest are
forgotten first.

Everything happens in the server's one loop, except where it is said otherwise.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from popcam.core.access import Principal
from popcam.core.clock import Clock
from popcam.core.security import SecurityEvent, SecurityKind
from popcam.security import watch_rules as rules
from popcam.security.event_book import EventBook

MAX_ADDRESSES = 4096
MAX_BLOCKS = 1024
MAX_TOKENS = 4096
MAX_PLACES_PER_TOKEN = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An address or network that is shut out until a time, and after how many earlier blocks."""

    place: str
    since_unix_s: float
    until_unix_s: float
    strikes: int
    reason: SecurityKind


@dataclass(slots=True)
class _Standing:
    """Points of one address, as they were at a time; times of its refusals."""

    points: float = 0.0
    at_s: float = 0.0
    refusals: deque[float] = field(default_factory=lambda: deque(maxlen=rules.REFUSALS_ARE_MANY))

    def now(self, now_s: float) -> float:
        return max(0.0, self.points - (now_s - self.at_s) * rules.LEAK_PER_S)


class Watch:
    """Judges addresses by what they do. Nothing of it waits.

    Args:
        clock: time.
        trusted: addresses and networks of proxies; they are slowed and never blocked.
        max_addresses: most addresses that are remembered.
    """

    def __init__(self, clock: Clock, *, trusted: Iterable[str] = (), max_addresses: int = MAX_ADDRESSES) -> None:
        self.book = EventBook(clock)
        self._clock = clock
        self._trusted = rules.networks_of(trusted)
        self._max_addresses = max_addresses
        self._standings: OrderedDict[str, _Standing] = OrderedDict()
        self._blocks: dict[str, tuple[float, Block]] = {}  # until when, in monotonic time
        self._strikes: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._uses: OrderedDict[str, tuple[str, ...]] = OrderedDict()  # places by token
        self._last_use: dict[str, str] = {}  # address by token: the short way
        self._on_change: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def on_event(self, listener: Callable[[SecurityEvent], None]) -> None:
        """Hear each new event, and again when its count doubles."""
        self.book.on_event(listener)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Hear that blocks or the places of tokens changed, and should be written."""
        self._on_change.append(listener)

    # What happens ---------------------------------------------------------------------------------------------

    def failed_login(self, address: str, account: str, *, exists: bool = True) -> None:
        """A login went wrong. The account itself is never shut out here.

        Args:
            address: where from.
            account: the name that was given.
            exists: whether there is one; else the name is not kept, as people type passwords there by mistake.
        """
        place = rules.place_of(address)
        shown = account if exists else ""
        self.book.tell(
            SecurityKind.LOGIN_FAILED, address=place, account=shown, detail="" if exists else "unknown account"
        )
        self._add(place, rules.FAILED_LOGIN_POINTS, SecurityKind.LOGIN_FAILED)

    def refused(self, principal: Principal, path: str) -> None:
        """Somebody asked for what they may not have, or nobody known asked for what needs a login."""
        place = rules.place_of(principal.address)
        key = f"user:{principal.user_id}" if principal.known else place
        standing = self._standing(key)
        now_s = self._clock.monotonic_s()
        standing.refusals.append(now_s)
        many = len(standing.refusals) == rules.REFUSALS_ARE_MANY
        if many and now_s - standing.refusals[0] <= rules.BURST_S:
            self.book.tell(SecurityKind.REFUSALS, address=place, account=principal.name, path=path)
        if not principal.known:
            self._add(place, rules.REFUSED_POINTS, SecurityKind.REFUSALS, ceiling=rules.REFUSED_CEILING)

    def not_found(self, address: str, path: str, *, known: bool = False, cross_site: bool = False) -> None:
        """Somebody asked for what is not there.

        Args:
            address, path: where from, and for what.
            known: by somebody who is logged in: told when it smells, and never held against the address.
            cross_site: a page of another site made a browser ask (`Sec-Fetch-Site: cross-site`): it doesn't count, or
                such a page could shut out whoever looks at it.
        """
        points = 0.0 if cross_site else rules.missing_points(path)
        if not points:
            return
        place = rules.place_of(address)
        if known:
            if rules.is_trap(path):
                self.book.tell(SecurityKind.PROBING, address=place, path=path)
            return
        self._add(place, points, SecurityKind.PROBING)
        if self._standing(place).now(self._clock.monotonic_s()) >= rules.SLOW_AT:
            self.book.tell(SecurityKind.PROBING, address=place, path=path)

    def token_used(self, token_id: str, address: str, name: str = "") -> None:
        """An API token came from an address. The first place of a token is taken as its home."""
        if self._last_use.get(token_id) == address:
            return
        if len(self._last_use) >= MAX_TOKENS:
            self._last_use.clear()
        self._last_use[token_id] = address
        place = rules.neighbourhood_of(address)
        places = self._uses.get(token_id, ())
        if place in places:
            return
        self._uses[token_id] = (*places, place)[-MAX_PLACES_PER_TOKEN:]
        self._uses.move_to_end(token_id)
        if len(self._uses) > MAX_TOKENS:
            self._uses.popitem(last=False)
        if places:
            self.book.tell(
                SecurityKind.TOKEN_NEW_PLACE,
                address=rules.place_of(address),
                account=name or token_id,
                detail=f"token {token_id}",
            )
        self._changed()

    def token_gone(self, token_id: str) -> None:
        """A token was revoked: its places are forgotten."""
        self._last_use.pop(token_id, None)
        if self._uses.pop(token_id, None) is not None:
            self._changed()

    def audit_broken(self, detail: str) -> None:
        """The chain of the audit log does not hold. From any thread: the log's own writer finds it out."""
        self._in_loop(lambda: self.book.tell(SecurityKind.AUDIT_BROKEN, detail=detail))

    def clock_jumped(self, seconds: float) -> None:
        """The wall clock went forward (positive) or back by more than it should."""
        self.book.tell(SecurityKind.CLOCK_JUMP, detail=f"{seconds:+.1f} s")

    def told(self, kind: SecurityKind, principal: Principal, detail: str = "") -> None:
        """Somebody did what everybody should hear of."""
        self.book.tell(kind, address=principal.address, account=principal.name, detail=detail)

    # What follows ---------------------------------------------------------------------------------------------

    def blocked(self, address: str) -> float:
        """Seconds for which an address is still shut out; 0 when it is not. Ask it only for who is not known."""
        if not self._blocks:
            return 0.0
        place = rules.place_of(address)
        found = self._blocks.get(place)
        if found is None:
            return 0.0
        left_s = found[0] - self._clock.monotonic_s()
        if left_s <= 0:
            del self._blocks[place]
            self._changed()
            return 0.0
        return left_s

    def delay_s(self, address: str) -> float:
        """Seconds to wait before an answer to an address. Ask it only for who is not known."""
        if not self._standings:
            return 0.0
        standing = self._standings.get(rules.place_of(address))
        return 0.0 if standing is None else rules.delay_of(standing.now(self._clock.monotonic_s()))

    def blocks(self) -> list[Block]:
        """Who is shut out now, the newest first."""
        now_s = self._clock.monotonic_s()
        held = [block for until_s, block in self._blocks.values() if until_s > now_s]
        return sorted(held, key=lambda block: -block.since_unix_s)

    def unblock(self, address: str) -> bool:
        """Let an address in again, and forgive it. False: it was not blocked."""
        place = rules.place_of(address) if "/" not in address else address
        if self._blocks.pop(place, None) is None:
            return False
        self._standings.pop(place, None)
        self._strikes.pop(place, None)
        self.book.tell(SecurityKind.UNBLOCKED, address=place)
        self._changed()
        return True

    def live_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop in which everything of this happens."""
        self._loop = loop

    # Over restarts --------------------------------------------------------------------------------------------

    def load(self, blocks: Iterable[Block], places: dict[str, tuple[str, ...]]) -> None:
        """Take over what was written before a restart."""
        now_s, unix_s = self._clock.monotonic_s(), self._clock.unix_s()
        for block in blocks:
            # A wall clock that was set back must not make a block longer than any can be.
            left_s = min(block.until_unix_s - unix_s, rules.MAX_BLOCK_S)
            if left_s > 0:
                self._blocks[block.place] = (now_s + left_s, block)
                self._strikes[block.place] = (block.strikes + 1, now_s)
        self._uses.update(places)

    def places(self) -> dict[str, tuple[str, ...]]:
        """Networks that each token was used from."""
        return dict(self._uses)

    # ----------------------------------------------------------------------------------------------------------

    def _standing(self, key: str) -> _Standing:
        standing = self._standings.get(key)
        if standing is None:
            standing = self._standings[key] = _Standing(at_s=self._clock.monotonic_s())
            if len(self._standings) > self._max_addresses:
                self._standings.popitem(last=False)
        else:
            self._standings.move_to_end(key)
        return standing

    def _add(self, place: str, points: float, reason: SecurityKind, *, ceiling: float = float("inf")) -> None:
        now_s = self._clock.monotonic_s()
        standing = self._standing(place)
        before = standing.now(now_s)
        standing.points, standing.at_s = max(before, min(before + points, ceiling)), now_s
        if standing.points < rules.BLOCK_AT:
            return
        standing.points = rules.BLOCK_AT
        if place not in self._blocks or self._blocks[place][0] <= now_s:
            self._block(place, reason, now_s)

    def _block(self, place: str, reason: SecurityKind, now_s: float) -> None:
        if not rules.may_block(place, self._trusted):
            return
        strikes, last_s = self._strikes.get(place, (0, now_s))
        if now_s - last_s > rules.STRIKES_KEPT_S:
            strikes = 0
        lasts_s, unix_s = rules.block_s(strikes), self._clock.unix_s()
        block = Block(place=place, since_unix_s=unix_s, until_unix_s=unix_s + lasts_s, strikes=strikes, reason=reason)
        if len(self._blocks) >= MAX_BLOCKS:
            del self._blocks[min(self._blocks, key=lambda key: self._blocks[key][0])]
        self._blocks[place] = (now_s + lasts_s, block)
        self._strikes[place] = (strikes + 1, now_s + lasts_s)
        self._strikes.move_to_end(place)
        if len(self._strikes) > self._max_addresses:
            self._strikes.popitem(last=False)
        # It starts over when the block ends, near the next one.
        self._standings[place].points = rules.SLOW_AT
        self.book.tell(SecurityKind.BLOCKED, address=place, detail=f"{lasts_s:.0f} s, {reason}")
        self._changed()

    def _in_loop(self, call: Callable[[], object]) -> None:
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if self._loop is None or here is self._loop:
            call()
            return
        with contextlib.suppress(RuntimeError):  # it is closed: the server has ended
            self._loop.call_soon_threadsafe(call)

    def _changed(self) -> None:
        for listener in self._on_change:
            listener()
