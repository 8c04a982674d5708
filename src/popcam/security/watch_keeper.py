"""Keeps over restarts what the watch knows, and looks at the clock now and then.

Events, blocks and the places of tokens are rows of `security_facts`. Not of the table `events`: those belong to
cameras, and a viewer of one camera may see them.
"""

import asyncio
import contextlib
from dataclasses import asdict
from typing import Any

import structlog
from sqlalchemy import Connection

from popcam.core.clock import Clock, until_beat_s
from popcam.core.errors import DatabaseError
from popcam.core.security import SecurityEvent, SecurityKind
from popcam.security.watch import Block, Watch
from popcam.storage import Database, security_facts

log = structlog.get_logger(__name__)

EVENT = "event:"
BLOCKS, PLACES, SEEN = "blocks", "token_places", "clock_seen"
EVERY_S = 2.0
CLOCK_JUMP_S = 5.0
"""The wall clock may move so far against the steady one between two looks; time servers correct in smaller steps."""
SEEN_EVERY_S = 600.0


class WatchKeeper:
    """Writes in the background; a database that fails loses nothing that memory still holds.

    Args:
        database: where to.
        watch: what is kept.
        clock: whose jumps are noticed.
        every_s: between two looks.
    """

    def __init__(self, database: Database, watch: Watch, clock: Clock, *, every_s: float = EVERY_S) -> None:
        self._database = database
        self._watch = watch
        self._clock = clock
        self._every_s = every_s
        self._written: set[int] = set()
        self._changed = False
        self._failing = False
        self._offset_s = clock.unix_s() - clock.monotonic_s()
        self._seen_due_s = 0.0
        self._task: asyncio.Task[None] | None = None
        watch.on_change(self._on_change)

    async def start(self) -> None:
        """Read what was kept, and go on keeping.

        Raises:
            DatabaseError: it can't be read.
        """
        self._watch.live_in(asyncio.get_running_loop())
        facts = await self._database.run(_read)
        events = [_event_of(value) for name, value in facts.items() if name.startswith(EVENT)]
        known = [event for event in events if event is not None]
        self._written = {event.event_id for event in known}
        self._watch.book.load(known)
        places = {token_id: tuple(found) for token_id, found in facts.get(PLACES, {}).items()}
        self._watch.load([_block_of(value) for value in facts.get(BLOCKS, ())], places)
        behind_s = float(facts.get(SEEN) or 0.0) - self._clock.unix_s()
        if behind_s > CLOCK_JUMP_S:
            self._watch.clock_jumped(-behind_s)
        self._task = asyncio.create_task(self._go_on(), name="security-watch")

    async def stop(self) -> None:
        """Write the rest."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._seen_due_s = 0.0
        await self.flush()

    async def flush(self) -> None:
        """Write what is new. A database that refuses is told in the log once, and asked again next time."""
        look_s = self._clock.monotonic_s()
        seen = look_s >= self._seen_due_s
        changed, changes = self._watch.book.take_changes(), self._changed
        gone = self._written - self._watch.book.ids()
        if not (changed or changes or gone or seen):
            return
        facts: dict[str, Any] = {_name(event.event_id): asdict(event) for event in changed}
        if changes:
            facts[BLOCKS] = [asdict(block) for block in self._watch.blocks()]
            facts[PLACES] = self._watch.places()
        if seen:
            facts[SEEN] = self._clock.unix_s()
        self._changed = False
        try:
            await self._database.run(lambda connection: _write(connection, facts, gone))
        except DatabaseError as error:
            self._watch.book.write_again(changed)
            self._changed = self._changed or changes
            self._note_failure(error)
            return
        self._written = (self._written - gone) | {event.event_id for event in changed}
        if seen:
            self._seen_due_s = look_s + SEEN_EVERY_S
        if self._failing:
            self._failing = False
            log.info("security.kept_again")

    def look_at_clock(self) -> None:
        """Tell when the wall clock went another way than the steady one since the last look."""
        offset_s = self._clock.unix_s() - self._clock.monotonic_s()
        jumped_s, self._offset_s = offset_s - self._offset_s, offset_s
        if abs(jumped_s) > CLOCK_JUMP_S:
            self._watch.clock_jumped(jumped_s)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(until_beat_s(self._clock.unix_s(), self._every_s))
            self.look_at_clock()
            await self.flush()

    def _on_change(self) -> None:
        self._changed = True

    def _note_failure(self, error: DatabaseError) -> None:
        if not self._failing:
            log.warning("security.not_kept", code=error.code, detail=error.detail)
        self._failing = True


def _read(connection: Connection) -> dict[str, Any]:
    facts = security_facts.begin_with(connection, EVENT)
    return facts | {name: security_facts.get(connection, name) or {} for name in (BLOCKS, PLACES, SEEN)}


def _write(connection: Connection, facts: dict[str, Any], gone: set[int]) -> None:
    security_facts.put(connection, facts)
    security_facts.remove(connection, map(_name, gone))


def _name(event_id: int) -> str:
    return f"{EVENT}{event_id:016d}"


def _event_of(value: dict[str, Any]) -> SecurityEvent | None:
    """An event as it was; None for a kind of a newer version."""
    if value.get("kind") not in set(SecurityKind):
        return None
    return SecurityEvent(**{**value, "kind": SecurityKind(value["kind"])})


def _block_of(value: dict[str, Any]) -> Block:
    return Block(**{**value, "reason": SecurityKind(value["reason"])})
