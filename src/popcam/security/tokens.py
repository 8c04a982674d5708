"""API tokens of machines: shown once, kept by hash, limited to a role and to cameras, ended by time or by hand."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from popcam.core.access import EVERYTHING, ROLES, Role, Scope
from popcam.core.clock import Clock
from popcam.core.errors import AccessRefusedError, RequestInvalidError, TokenNotFoundError, UserNotFoundError
from popcam.security.accounts import ApiToken, TokenUse, scope_columns, token_of, user_of
from popcam.security.names import clean_name
from popcam.security.short_memory import ShortMemory
from popcam.security.user_changes import check_scope
from popcam.storage import Database, access
from popcam.storage.access import TokenRow

PREFIX = "popcam_"
TOKEN_TEXT = re.compile(r"popcam_[A-Za-z0-9_-]{43}")
"""Easy to find in a file that should not hold one."""
MAX_PER_USER = 100


class ApiTokens:
    """The tokens of the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._memory: ShortMemory[TokenUse] = ShortMemory(clock.monotonic_s)
        self._used: dict[str, tuple[float, str]] = {}

    async def create(
        self,
        user_id: str,
        name: str,
        role: Role,
        scope: Scope = EVERYTHING,
        expires_unix_s: float | None = None,
    ) -> tuple[str, ApiToken]:
        """Make one; its text, which nobody can learn later, and the token.

        Raises:
            AccessRefusedError: its owner may not do that much.
            UserNotFoundError, RequestInvalidError: nothing was made.
        """
        text = PREFIX + secrets.token_urlsafe(32)
        row = TokenRow(
            token_id=secrets.token_hex(8),
            user_id=user_id,
            name=clean_name(name),
            token_hash=_hash(text),
            role=role,
            created_unix_s=self._clock.unix_s(),
            expires_unix_s=expires_unix_s,
            **scope_columns(scope),
        )
        await self._database.run(lambda connection: _create(connection, row))
        return text, token_of(row)

    async def find(self, text: str, address: str = "") -> TokenUse | None:
        """The token of a text with its owner; None when it ended, is paused, or never was. It counts as used now."""
        if TOKEN_TEXT.fullmatch(text) is None:
            return None
        hashed = _hash(text)
        found = self._memory.get(hashed)
        if found is None:
            age = self._memory.age
            found = await self._database.run(lambda connection: _find(connection, hashed))
            if found is None:
                return None
            self._memory.put(hashed, found, age)
        token, now = found.token, self._clock.unix_s()
        if found.owner.disabled or token.paused or _ended(token, now):
            return None
        self._used[token.token_id] = (now, address)
        return found

    async def list(self, user_id: str | None = None) -> Sequence[ApiToken]:
        """Tokens of one account or of all, also those that ended by time; the newest first."""
        await self.flush()
        rows = await self._database.run(lambda connection: access.all_tokens(connection, user_id))
        return [token_of(row) for row in rows]

    async def get(self, token_id: str) -> ApiToken:
        """The token of this id.

        Raises:
            TokenNotFoundError: there is none.
        """
        row = await self._database.run(lambda connection: access.token_by_id(connection, token_id))
        if row is None:
            raise TokenNotFoundError(token_id)
        return token_of(row)

    async def change(self, token_id: str, *, name: str | None = None, paused: bool | None = None) -> ApiToken:
        """Give another name, pause it, or let it work again.

        Raises:
            TokenNotFoundError, RequestInvalidError: nothing was changed.
        """
        values = {} if name is None else {"name": clean_name(name)}
        columns = {**values, **({} if paused is None else {"paused": paused})}
        if columns:
            await self._database.run(lambda connection: access.change_token(connection, token_id, columns))
        self.forget()
        return await self.get(token_id)

    async def pause(self, token_ids: Iterable[str] | None = None, paused: bool = True) -> Sequence[str]:
        """Pause tokens or let them work again; None for all. Gives those that were not so before."""
        wanted = None if token_ids is None else list(token_ids)
        changed = await self._database.run(lambda connection: access.pause_tokens(connection, wanted, paused))
        self.forget()
        return changed

    async def revoke(self, token_id: str) -> None:
        """End one for good.

        Raises:
            TokenNotFoundError: there is none.
        """
        if not await self._database.run(lambda connection: access.delete_token(connection, token_id)):
            raise TokenNotFoundError(token_id)
        self.forget()

    def forget(self, _why: object = None) -> None:
        """Ask the database anew: something about tokens or accounts changed."""
        self._memory.clear()

    async def flush(self) -> None:
        """Write which tokens were used since the last time, and from where."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._database.run(lambda connection: _write_used(connection, used))
        except BaseException:
            self._used = {**used, **self._used}
            raise


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _ended(token: ApiToken, now: float) -> bool:
    return token.expires_unix_s is not None and now >= token.expires_unix_s


def _create(connection: Connection, row: TokenRow) -> None:
    access.take_write_lock(connection)
    found = access.user_by_id(connection, row.user_id)
    if found is None:
        raise UserNotFoundError(row.user_id)
    owner, token = user_of(found), token_of(row)
    if ROLES.index(token.role) > ROLES.index(owner.role) or not token.scope.within(owner.scope):
        raise AccessRefusedError(
            "a token can't do more than the user who owns it", "令牌的权限不能超过其所属用户的权限"
        )
    check_scope(token.role, token.scope)
    if len(access.all_tokens(connection, row.user_id)) >= MAX_PER_USER:
        raise RequestInvalidError(
            f"{MAX_PER_USER} tokens are the most for one user", f"每位用户最多 {MAX_PER_USER} 个令牌"
        )
    access.add_token(connection, row)


def _find(connection: Connection, hashed: str) -> TokenUse | None:
    row = access.token_by_hash(connection, hashed)
    if row is None:
        return None
    owner = access.user_by_id(connection, row.user_id)
    return None if owner is None else TokenUse(token_of(row), user_of(owner))


def _write_used(connection: Connection, used: dict[str, tuple[float, str]]) -> None:
    for token_id, (unix_s, address) in used.items():
        access.change_token(connection, token_id, {"used_unix_s": unix_s, "used_address": address})
