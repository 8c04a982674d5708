"""The first account: whoever reads the server's console gets an address that makes it, once and for half an hour."""

import hashlib
import hmac
import secrets

from popcam.core.clock import Clock
from popcam.core.errors import SetupClosedError
from popcam.security.accounts import User
from popcam.security.users import Users

VALID_S = 1800.0


class Setup:
    """Makes the first administrator. The token is kept in memory alone, by hash: a restart makes another one."""

    def __init__(self, users: Users, clock: Clock) -> None:
        self._users = users
        self._clock = clock
        self._hash = b""
        self._until_s = 0.0
        self._done = False

    async def needed(self) -> bool:
        """Whether there is no account yet. Once there is one, no reading is needed: the last can't be deleted."""
        if not self._done:
            self._done = await self._users.any()
        return not self._done

    def make(self) -> str:
        """A new token; those before it no longer count."""
        token = secrets.token_urlsafe(32)
        self._hash = _hash(token)
        self._until_s = self._clock.monotonic_s() + VALID_S
        return token

    async def claim(self, token: str, name: str, password: str) -> User:
        """Make the first administrator, and close this door.

        Raises:
            SetupClosedError: the token is wrong, too old or used, or there is an account already.
            PasswordRefusedError, RequestInvalidError: the token still counts.
        """
        self._check(token)
        if not await self.needed():
            raise SetupClosedError("there is an account already", "已存在帐户")
        user = await self._users.create(name, password, "admin", first=True)
        self._hash, self._done = b"", True
        await self._users.note_login(user.user_id)  # whoever makes it is signed in at once
        return user

    def _check(self, token: str) -> None:
        right = hmac.compare_digest(_hash(token), self._hash)
        if not self._hash or not right or self._clock.monotonic_s() > self._until_s:
            raise SetupClosedError


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
