"""Incident mode: everybody out, tokens paused, chosen outputs quiet, recordings go on; until an administrator ends it.

It is a fact of the database, so that a restart ends nothing. Memory goes first: should the database fail, the server
is shut all the same, whoever asked is told what failed, and it is written as soon as the database works. The server
looks at the fact every now and then: `popcam lockdown` works on the database when the server itself does not answer.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import structlog
from sqlalchemy import Connection

from popcam.core.access import AuditNote, Principal
from popcam.core.clock import Clock, until_beat_s
from popcam.core.errors import DatabaseError, LockedDownError, PopcamError
from popcam.core.security import SecurityKind
from popcam.security.watch import Watch
from popcam.security.watch_rules import is_this_machine, plain
from popcam.storage import Database, access, security_facts

log = structlog.get_logger(__name__)

FACT = "lockdown"
MAX_REASON = 500
LOOK_EVERY_S = 3.0
WriteAudit = Callable[[AuditNote], Awaitable[object]]
Outputs = Callable[[frozenset[str]], Awaitable[object]]
"""Makes these outputs quiet, and all others work; the same again changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockdownState:
    """Whether incident mode is on, since when, by whom and why, and what it did.

    Attributes:
        sessions_ended: how many, when it began.
        tokens_paused: ids of those that it paused; they work again afterwards.
        outputs_stopped: of `security.lockdown_stops`.
    """

    on: bool = False
    since_unix_s: float = 0.0
    by: str = ""
    reason: str = ""
    sessions_ended: int = 0
    tokens_paused: tuple[str, ...] = ()
    outputs_stopped: tuple[str, ...] = ()


OFF = LockdownState()


def admits(principal: Principal) -> bool:
    """Who may come in during incident mode: administrators with a session, and the shell of the server's own user.

    Without logins everybody is administrator; then those at the machine itself may.
    """
    if principal.via == "open":
        return is_this_machine(principal.address)
    return principal.via == "shell" or (principal.via == "session" and principal.role == "admin")


class Lockdown:
    """Begins, ends and remembers incident mode.

    Args:
        database: where it is kept.
        clock: time.
        stops: outputs that it makes quiet.
        write_audit: takes what was done.
        watch: is told, for events.
        look_every_s: how often it looks whether a command changed it in the database.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        stops: Iterable[str] = (),
        write_audit: WriteAudit | None = None,
        watch: Watch | None = None,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self.state = OFF
        self._look_every_s = look_every_s
        self._unkept: str | None = None  # the session that stays, while the database refuses to hear of it
        self._looking: asyncio.Task[None] | None = None
        self._database = database
        self._clock = clock
        self._stops = tuple(stops)
        self._write_audit = write_audit
        self._watch = watch
        self._outputs: Outputs | None = None
        self._listeners: list[Callable[[LockdownState], None]] = []
        self._turn = asyncio.Lock()

    def on_change(self, listener: Callable[[LockdownState], None]) -> None:
        """Hear when it begins and ends, at once after the database knows: to drop what is remembered of sessions and
        tokens, and to end what they opened."""
        self._listeners.append(listener)

    async def wire_outputs(self, outputs: Outputs) -> None:
        """Name who makes outputs quiet; what should be quiet now is told at once."""
        self._outputs = outputs
        if self.state.on:
            await outputs(frozenset(self.state.outputs_stopped))

    def check(self, principal: Principal) -> None:
        """Let somebody pass.

        Raises:
            LockedDownError: incident mode is on, and they are none of those that it admits.
        """
        if self.state.on and not admits(principal):
            raise LockedDownError(self.state.reason)

    async def start(self) -> None:
        """Take up what was on before a restart.

        Raises:
            DatabaseError: it can't be read.
        """
        await self.look()
        self._looking = asyncio.create_task(self._go_on(), name="lockdown")

    async def stop(self) -> None:
        """Look no more. What is on stays on."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None

    async def look(self) -> None:
        """Take over what the database says, or tell it what it refused to hear.

        Raises:
            DatabaseError: it can't be read.
        """
        async with self._turn:
            if self._unkept is not None:
                await self._keep(self._unkept)
                return
            kept = _state_of(await self._database.run(lambda connection: security_facts.get(connection, FACT)))
            if kept == self.state:
                return
            self.state = kept
            self._tell()
            log.warning("lockdown.found_on" if kept.on else "lockdown.found_off", by=kept.by)
            await self._quiet(frozenset(kept.outputs_stopped))

    async def begin(self, principal: Principal, reason: str) -> LockdownState:
        """Shut everybody out but administrators; once more while it is on ends the sessions that came since.

        Args:
            principal: who wants it; their own session stays.
            reason: is shown to those who are shut out.

        Raises:
            DatabaseError: it is on, and not written yet; a restart now would end it.
            PopcamError: it is on, and an output would not stop.
        """
        async with self._turn:
            before = self.state
            self.state = LockdownState(
                on=True,
                since_unix_s=before.since_unix_s if before.on else self._clock.unix_s(),
                by=before.by if before.on else principal.name,
                reason=plain(reason, MAX_REASON) or before.reason,
                tokens_paused=before.tokens_paused,
                outputs_stopped=self._stops,
            )
            own = principal.credential_id if principal.via == "session" else ""
            failure: PopcamError | None = None
            try:
                await self._keep(own)
            except DatabaseError as error:
                failure = error
            self._tell()
            log.warning("lockdown.on", by=principal.name, address=principal.address, kept=failure is None)
            if self._watch is not None:
                self._watch.told(SecurityKind.LOCKDOWN, principal, self.state.reason)
            failure = await self._quiet(frozenset(self._stops)) or failure
            await self._audit("security.lockdown", principal, before, failure)
            if failure is not None:
                raise failure
            return self.state

    async def end(self, principal: Principal) -> LockdownState:
        """Back to normal: paused tokens and outputs work again; people log in anew.

        Raises:
            DatabaseError: it is still on.
            PopcamError: it is off, and an output did not begin again.
        """
        async with self._turn:
            before = self.state
            await self._database.run(lambda connection: _end(connection, before))
            self.state, self._unkept = OFF, None
            self._tell()
            if before.on:
                log.warning("lockdown.off", by=principal.name, address=principal.address)
                if self._watch is not None:
                    self._watch.told(SecurityKind.UNLOCKED, principal)
            failure = await self._quiet(frozenset())
            await self._audit("security.unlock", principal, before, failure)
            if failure is not None:
                raise failure
            return self.state

    async def _keep(self, own_session: str) -> None:
        self._unkept, state = own_session, self.state
        self.state = await self._database.run(lambda connection: _begin(connection, state, own_session))
        self._unkept = None

    async def _go_on(self) -> None:
        failing = ""
        while True:
            await asyncio.sleep(until_beat_s(self._clock.unix_s(), self._look_every_s))
            try:
                await self.look()
                failing = ""
            except DatabaseError as error:
                if failing != error.code:
                    log.warning("lockdown.not_read", code=error.code, detail=error.detail)
                failing = error.code

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener(self.state)

    async def _quiet(self, outputs: frozenset[str]) -> PopcamError | None:
        """Give why it failed: what else has to be done is done first."""
        try:
            if self._outputs is not None:
                await self._outputs(outputs)
        except PopcamError as error:
            log.warning("lockdown.outputs_failed", outputs=sorted(outputs), code=error.code, detail=error.detail)
            return error
        return None

    async def _audit(
        self, action: str, principal: Principal, before: LockdownState, failure: PopcamError | None
    ) -> None:
        if self._write_audit is None:
            return
        await self._write_audit(
            AuditNote(
                action,
                "ok" if failure is None else "failed",
                principal,
                on="server",
                detail=self.state.reason if failure is None else failure.code,
                before=_document(before),
                after=_document(self.state),
            )
        )


def _begin(connection: Connection, state: LockdownState, own_session: str) -> LockdownState:
    """One transaction: all of it is kept, or nothing."""
    ended = access.delete_sessions(connection, but=own_session)
    paused = access.pause_tokens(connection, None, paused=True)
    done = replace(state, sessions_ended=ended, tokens_paused=(*state.tokens_paused, *paused))
    security_facts.put(connection, {FACT: asdict(done)})
    return done


def _end(connection: Connection, state: LockdownState) -> None:
    access.pause_tokens(connection, state.tokens_paused, paused=False)
    security_facts.remove(connection, [FACT])


def _state_of(kept: Any) -> LockdownState:
    if kept is None:
        return OFF
    lists = {name: tuple(kept.get(name, ())) for name in ("tokens_paused", "outputs_stopped")}
    return replace(LockdownState(**{**kept, **lists}), on=True)


def _document(state: LockdownState) -> dict[str, object]:
    """As the audit log keeps it."""
    return {"on": state.on, "reason": state.reason, "tokens_paused": len(state.tokens_paused)}
