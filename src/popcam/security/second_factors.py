"""Second factors of accounts: begun, confirmed by a code, checked at each login, taken away."""

import asyncio
from typing import Any, NamedTuple

from sqlalchemy import Connection

from popcam.core.clock import Clock
from popcam.core.errors import CodeWrongError
from popcam.security.sealing import Sealer, totp_purpose
from popcam.security.second_factor import (
    Enrolment,
    enrol,
    hash_recovery_code,
    is_app_code,
    new_recovery_codes,
    step_of_code,
)
from popcam.storage import Database, access
from popcam.storage.access import UserRow

CONFIRM_WITHIN_S = 900.0


class _Begun(NamedTuple):
    secret: str
    until_s: float


class SecondFactors:
    """Those of the database. A secret that was begun and not confirmed is kept in memory alone."""

    def __init__(self, database: Database, vault: Sealer, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._begun: dict[str, _Begun] = {}

    def begin(self, row: UserRow) -> Enrolment:
        """A new secret; one that was begun before no longer counts."""
        made = enrol(row.name)
        self._begun[row.user_id] = _Begun(made.secret, self._clock.monotonic_s() + CONFIRM_WITHIN_S)
        return made

    async def confirm(self, user_id: str, code: str) -> list[str]:
        """Keep the secret if the app shows its code; gives the recovery codes.

        Raises:
            CodeWrongError: it does not, or it was begun too long ago.
        """
        begun = self._begun.get(user_id)
        if begun is None or self._clock.monotonic_s() > begun.until_s:
            self._begun.pop(user_id, None)
            raise CodeWrongError("begin again: the picture is too old", "请重新开始：二维码已过期")
        step = step_of_code(begun.secret, code, self._clock.unix_s())
        if step is None:
            raise CodeWrongError
        codes = new_recovery_codes()
        sealed = await asyncio.to_thread(self._vault.seal, begun.secret, totp_purpose(user_id))
        values = {
            "totp_secret": sealed.encode(),
            "totp_last_step": step,
            "recovery_hashes": [hash_recovery_code(one) for one in codes],
        }
        await self._write(user_id, values)
        self._begun.pop(user_id, None)
        return codes

    async def check(self, row: UserRow, code: str) -> bool:
        """Whether the code is right, and was not used before. A recovery code is used up by it.

        Raises:
            SecretKeyError: the secret can't be opened; recovery codes still work then.
        """
        if not is_app_code(code):
            hashed = hash_recovery_code(code)
            return await self._database.run(lambda connection: _use_recovery_code(connection, row.user_id, hashed))
        sealed = (row.totp_secret or b"").decode()
        secret = await asyncio.to_thread(self._vault.open, sealed, totp_purpose(row.user_id))
        step = step_of_code(secret, code, self._clock.unix_s())
        if step is None:
            return False
        return await self._database.run(lambda connection: access.use_totp_step(connection, row.user_id, step))

    async def remove(self, user_id: str) -> bool:
        """Take it away. False: there is no such account."""
        self._begun.pop(user_id, None)
        return await self._write(user_id, {"totp_secret": None, "totp_last_step": 0, "recovery_hashes": []})

    async def _write(self, user_id: str, values: dict[str, Any]) -> bool:
        return await self._database.run(lambda connection: access.change_user(connection, user_id, values))


def _use_recovery_code(connection: Connection, user_id: str, hashed: str) -> bool:
    access.take_write_lock(connection)
    row = access.user_by_id(connection, user_id)
    if row is None or hashed not in row.recovery_hashes:
        return False
    left = [one for one in row.recovery_hashes if one != hashed]
    return access.change_user(connection, user_id, {"recovery_hashes": left})
