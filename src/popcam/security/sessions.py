"""Sessions of browsers: opaque, kept by hash, ended by time, by their owner or by an administrator."""

import hashlib
import re
import secrets
from collections.abc import Sequence

from sqlalchemy import Connection

from popcam.config.model import SecuritySettings
from popcam.core.clock import Clock
from popcam.core.errors import SessionNotFoundError
from popcam.security.accounts import Session, SignedIn, User, session_of, user_of
from popcam.security.short_memory import ShortMemory
from popcam.storage import Database, access
from popcam.storage.access import SessionRow

COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
MAX_PER_USER = 50
"""The oldest end when somebody signs in on more browsers."""
MAX_AGENT_LETTERS = 300
HOUR_S = 3600.0
DAY_S = 86_400.0


class Sessions:
    """The sessions of the database.

    Args:
        database: where they are.
        settings: how long they last.
        clock: the time.
    """

    def __init__(self, database: Database, settings: SecuritySettings, clock: Clock) -> None:
        self._database = database
        self._idle_s = settings.session_idle_h * HOUR_S
        self._max_s = settings.session_max_days * DAY_S
        self._clock = clock
        self._memory: ShortMemory[SignedIn] = ShortMemory(clock.monotonic_s)
        self._seen: dict[str, float] = {}

    async def open(self, user: User, address: str = "", agent: str = "") -> tuple[str, Session]:
        """Sign a browser in; what it is to hold, and the session."""
        value = secrets.token_urlsafe(32)
        now = self._clock.unix_s()
        row = SessionRow(
            session_id=secrets.token_hex(8),
            user_id=user.user_id,
            token_hash=_hash(value),
            created_unix_s=now,
            seen_unix_s=now,
            expires_unix_s=now + self._max_s,
            address=address,
            agent=" ".join(agent.split())[:MAX_AGENT_LETTERS],
        )
        await self._database.run(lambda connection: _open(connection, row))
        return value, session_of(row)

    async def find(self, value: str) -> SignedIn | None:
        """Whose session a browser holds; None when it ended, or never was. It counts as used now."""
        if COOKIE_VALUE.fullmatch(value) is None:
            return None
        hashed = _hash(value)
        found = self._memory.get(hashed)
        if found is None:
            age = self._memory.age
            found = await self._database.run(lambda connection: _find(connection, hashed))
            if found is None:
                return None
            self._memory.put(hashed, found, age)
        return found if self._use(found) else None

    async def list(self, user_id: str | None = None) -> Sequence[Session]:
        """Sessions of one account, or of all, that have not ended; the newest first."""
        await self.flush()
        now = self._clock.unix_s()
        rows = await self._database.run(lambda connection: access.all_sessions(connection, user_id))
        return [session_of(row) for row in rows if self._lasts(row.seen_unix_s, row.expires_unix_s, now)]

    async def revoke(self, session_id: str, user_id: str | None = None) -> None:
        """End one; with `user_id` only when it is theirs.

        Raises:
            SessionNotFoundError: there is none.
        """
        if not await self._database.run(lambda connection: access.delete_session(connection, session_id, user_id)):
            raise SessionNotFoundError(session_id)
        self.forget()

    async def revoke_all(self, user_id: str | None = None, but: str = "") -> int:
        """End those of one account, or of all, but one. Gives how many."""
        count = await self._database.run(lambda connection: access.delete_sessions(connection, user_id, but))
        self.forget()
        return count

    def forget(self, _why: object = None) -> None:
        """Ask the database anew: something about sessions or accounts changed."""
        self._memory.clear()

    async def flush(self) -> None:
        """Write which sessions were used since the last time."""
        seen, self._seen = self._seen, {}
        if not seen:
            return
        try:
            await self._database.run(lambda connection: access.touch_sessions(connection, seen))
        except BaseException:
            self._seen = {**seen, **self._seen}
            raise

    async def prune(self) -> int:
        """Delete those that ended by time."""
        await self.flush()
        now = self._clock.unix_s()
        return await self._database.run(lambda connection: access.prune_sessions(connection, now, now - self._idle_s))

    def _use(self, found: SignedIn) -> bool:
        session, now = found.session, self._clock.unix_s()
        seen = max(session.seen_unix_s, self._seen.get(session.session_id, 0.0))
        if found.user.disabled or not self._lasts(seen, session.expires_unix_s, now):
            return False
        self._seen[session.session_id] = now
        return True

    def _lasts(self, seen_unix_s: float, expires_unix_s: float, now: float) -> bool:
        return now < expires_unix_s and now - seen_unix_s < self._idle_s


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _open(connection: Connection, row: SessionRow) -> None:
    access.add_session(connection, row)
    for old in access.all_sessions(connection, row.user_id)[MAX_PER_USER:]:
        access.delete_session(connection, old.session_id)


def _find(connection: Connection, hashed: str) -> SignedIn | None:
    row = access.session_by_hash(connection, hashed)
    if row is None:
        return None
    user = access.user_by_id(connection, row.user_id)
    return None if user is None else SignedIn(session_of(row), user_of(user))
