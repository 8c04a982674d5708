"""Accounts: who there is, what they may do, and whether it is them."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog

from popcam.core.access import EVERYTHING, Role, Scope
from popcam.core.clock import Clock
from popcam.core.errors import (
    LoginFailedError,
    PasswordWrongError,
    RequestInvalidError,
    SecondFactorNeededError,
    UserNotFoundError,
)
from popcam.security import user_changes
from popcam.security.accounts import User, scope_columns, user_of
from popcam.security.names import clean_name, name_key
from popcam.security.passwords import Hashing
from popcam.security.sealing import Sealer
from popcam.security.second_factor import Enrolment
from popcam.security.second_factors import SecondFactors
from popcam.storage import Database, access
from popcam.storage.access import UserRow

log = structlog.get_logger(__name__)


class Users:
    """The accounts of the database.

    Args:
        database: where they are.
        vault: seals their second factors.
        clock: the time.
        hashing: of passwords; tests take a cheaper one.
    """

    def __init__(self, database: Database, vault: Sealer, clock: Clock, hashing: Hashing | None = None) -> None:
        self._database = database
        self._clock = clock
        self.hashing = hashing or Hashing()
        self.second_factors = SecondFactors(database, vault, clock)
        self._listeners: list[Callable[[str], None]] = []

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Be told the id of an account whose rights, password or existence changed here."""
        self._listeners.append(listener)

    async def any(self) -> bool:
        """Whether there is an account at all."""
        return await self._database.run(access.any_user)

    async def list(self) -> Sequence[User]:
        """All accounts, by name."""
        return [user_of(row) for row in await self._database.run(access.all_users)]

    async def get(self, user_id: str) -> User:
        """The account of this id.

        Raises:
            UserNotFoundError: there is none.
        """
        return user_of(await self._row(user_id))

    async def by_name(self, name: str) -> User | None:
        """The account of this name, however it is written."""
        row = await self._database.run(lambda connection: access.user_by_name(connection, name_key(name)))
        return None if row is None else user_of(row)

    async def create(
        self,
        name: str,
        password: str | None,
        role: Role,
        scope: Scope = EVERYTHING,
        *,
        subject: str = "",
        first: bool = False,
    ) -> User:
        """Make an account.

        Args:
            name: of a person; unique without regard to capital letters and ways of writing.
            password: None for one that signs in at an identity provider alone.
            role, scope: what it may do; administrators have no limit.
            subject: issuer and subject at the identity provider.
            first: only while there is no account yet.

        Raises:
            UserExistsError, PasswordRefusedError, RequestInvalidError: nothing was made.
            SetupClosedError: `first`, and there is one already.
        """
        shown = clean_name(name)
        user_changes.check_scope(role, scope)
        hashed = "" if password is None else await self._new_hash(password, shown)
        now = self._clock.unix_s()
        row = UserRow(
            user_id=secrets.token_hex(8),
            name=shown,
            name_key=name_key(shown),
            role=role,
            password_hash=hashed,
            subject=subject or None,
            created_unix_s=now,
            password_unix_s=now,
            **scope_columns(scope),
        )
        await self._database.run(lambda connection: user_changes.add(connection, row, first=first))
        self._changed(row.user_id)
        return user_of(row)

    async def change(
        self,
        user_id: str,
        *,
        name: str | None = None,
        role: Role | None = None,
        scope: Scope | None = None,
        disabled: bool | None = None,
    ) -> tuple[User, User]:
        """Change what is given; the account before and after.

        A disabled one is signed out. Who becomes administrator loses the limit to some cameras.

        Raises:
            UserNotFoundError, UserExistsError, RequestInvalidError: nothing was changed.
            LastAdminError: nobody would be left to manage accounts.
        """
        shown = None if name is None else clean_name(name)
        before, after = await self._database.run(
            lambda connection: user_changes.change(connection, user_id, shown, role, scope, disabled)
        )
        self._changed(user_id)
        return user_of(before), user_of(after)

    async def set_role(self, user_id: str, role: Role) -> User:
        """Give another role; see `change`."""
        return (await self.change(user_id, role=role))[1]

    async def set_scope(self, user_id: str, scope: Scope) -> User:
        """Limit it to cameras, or lift the limit; see `change`."""
        return (await self.change(user_id, scope=scope))[1]

    async def disable(self, user_id: str, disabled: bool = True) -> User:
        """Shut it out and sign it out, or let it in again; see `change`."""
        return (await self.change(user_id, disabled=disabled))[1]

    async def delete(self, user_id: str) -> User:
        """Delete it with its sessions and tokens.

        Raises:
            UserNotFoundError: there is none.
            LastAdminError: nobody would be left to manage accounts.
        """
        row = await self._database.run(lambda connection: user_changes.delete(connection, user_id))
        self._changed(user_id)
        return user_of(row)

    async def set_password(self, user_id: str, password: str, *, keep_session: str = "") -> None:
        """Give a new password; all sessions of the account end, but one.

        Raises:
            UserNotFoundError, PasswordRefusedError: nothing was changed.
        """
        row = await self._row(user_id)
        values = {"password_hash": await self._new_hash(password, row.name), "password_unix_s": self._clock.unix_s()}
        await self._database.run(
            lambda connection: user_changes.set_password(connection, user_id, values, keep_session)
        )
        self._changed(user_id)

    async def change_password(self, user_id: str, old: str, new: str, *, keep_session: str = "") -> None:
        """As `set_password`, by the account's own person.

        Raises:
            PasswordWrongError: the old one is wrong.
            UserNotFoundError, PasswordRefusedError: nothing was changed.
        """
        await self.confirm(user_id, old)
        await self.set_password(user_id, new, keep_session=keep_session)

    async def confirm(self, user_id: str, password: str) -> None:
        """Make sure that it is the person, and not who found their browser open.

        Raises:
            PasswordWrongError: it is not the account's password.
            UserNotFoundError: there is no such account.
        """
        row = await self._row(user_id)
        if not await self.hashing.verify(row.password_hash, password):
            raise PasswordWrongError

    async def verify(self, name: str, password: str, code: str = "", address: str = "") -> User:
        """Whose name, password and second factor these are. It takes as long for names that nobody has.

        Raises:
            LoginFailedError: one of them is wrong, or the account is disabled; it never says which.
            SecondFactorNeededError: the account wants a code, and there was none.
        """
        row = await self._database.run(lambda connection: access.user_by_name(connection, name_key(name)))
        right = await self.hashing.verify("" if row is None else row.password_hash, password)
        if row is None or not right or row.disabled:
            log.warning("login.failed", address=address, reason="password" if row and not right else "account")
            raise LoginFailedError
        if row.totp_secret is not None:
            if not code.strip():
                raise SecondFactorNeededError
            if not await self.second_factors.check(row, code):
                log.warning("login.failed", address=address, reason="code")
                raise LoginFailedError
        return await self._signed_in(row, password)

    async def note_login(self, user_id: str) -> None:
        """Remember that somebody signed in now."""
        now = self._clock.unix_s()
        await self._database.run(lambda connection: access.change_user(connection, user_id, {"last_login_unix_s": now}))

    async def begin_totp(self, user_id: str) -> Enrolment:
        """A new secret for the authenticator app; it counts after `confirm_totp`.

        Raises:
            UserNotFoundError: there is no such account.
            RequestInvalidError: it signs in at an identity provider, which has to ask for codes itself.
        """
        row = await self._row(user_id)
        if not row.password_hash:
            raise RequestInvalidError(
                "your identity provider asks for the second factor", "第二验证因素由身份提供方负责"
            )
        return self.second_factors.begin(row)

    async def confirm_totp(self, user_id: str, code: str) -> Sequence[str]:
        """From now on ask for codes; gives the recovery codes, which are shown once.

        Raises:
            CodeWrongError: the app shows another one, or `begin_totp` was too long ago.
        """
        codes = await self.second_factors.confirm(user_id, code)
        self._changed(user_id)
        return codes

    async def remove_totp(self, user_id: str) -> None:
        """Ask for codes no longer.

        Raises:
            UserNotFoundError: there is no such account.
        """
        if not await self.second_factors.remove(user_id):
            raise UserNotFoundError(user_id)
        self._changed(user_id)

    async def by_subject(self, subject: str) -> User | None:
        """The account that an identity provider knows by issuer and subject."""
        row = await self._database.run(lambda connection: access.user_by_subject(connection, subject))
        return None if row is None else user_of(row)

    def close(self) -> None:
        """Let the threads go."""
        self.hashing.close()

    async def _signed_in(self, row: UserRow, password: str) -> User:
        values: dict[str, Any] = {"last_login_unix_s": self._clock.unix_s()}
        if self.hashing.outdated(row.password_hash):
            values["password_hash"] = await self.hashing.hash(password)
        await self._database.run(lambda connection: access.change_user(connection, row.user_id, values))
        return user_of(replace(row, **values))

    async def _new_hash(self, password: str, name: str) -> str:
        await self.hashing.check_new(password, name)
        return await self.hashing.hash(password)

    async def _row(self, user_id: str) -> UserRow:
        return await self._database.run(lambda connection: user_changes.known(connection, user_id))

    def _changed(self, user_id: str) -> None:
        for listener in self._listeners:
            listener(user_id)
