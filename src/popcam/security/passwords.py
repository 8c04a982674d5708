"""Passwords: which ones are taken, and how they are kept (argon2id, away from the event loop)."""

import asyncio
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from popcam.core.errors import PasswordRefusedError, TooManyRequestsError
from popcam.security.names import name_key

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Result = TypeVar("Result")

MIN_LETTERS = 12
MAX_LETTERS = 1000
"""Longer ones would only be work for the server."""
MIN_NAME_IN_PASSWORD = 4
"""A name of three letters stands in many a good password by chance."""
JUDGED_LETTERS = 64
"""zxcvbn's time grows with the square of the length; who took more letters than these is judged by the first."""
MIN_SCORE = 2
"""Of zxcvbn's 0 to 4; below it a password falls to less than a million guesses."""
THREADS = 2
"""Each hash takes 64 MiB while it is made."""
MAX_WAITING = 32
RETRY_AFTER_S = 2.0


def check_password(password: str, name: str) -> None:
    """Refuse a new password that is easy to guess. It takes a while at the first call: lists are read.

    Raises:
        PasswordRefusedError: too short, too long, like the name, or common.
    """
    text = normalised(password)
    if len(text) < MIN_LETTERS:
        raise PasswordRefusedError(f"shorter than {MIN_LETTERS} characters", f"少于 {MIN_LETTERS} 个字符")
    if len(text) > MAX_LETTERS:
        raise PasswordRefusedError(f"longer than {MAX_LETTERS} characters", f"超过 {MAX_LETTERS} 个字符")
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
        raise PasswordRefusedError("it has control characters", "包含控制字符")
    if _like_name(text, name):
        raise PasswordRefusedError("it holds the user's name", "包含用户名")
    if _common(text, name):
        raise PasswordRefusedError("it is a common password, or easy to guess", "属于常见密码或容易猜到")


def normalised(password: str) -> str:
    """The same password from every keyboard (NIST SP 800-63B, 3.1.1.2: NFKC or NFKD before hashing)."""
    return unicodedata.normalize("NFKC", password)


def _like_name(password: str, name: str) -> bool:
    own, text = name_key(name), name_key(password)
    return text == own or (len(own) >= MIN_NAME_IN_PASSWORD and own in text)


def _common(password: str, name: str) -> bool:
    from zxcvbn import zxcvbn  # type: ignore[import-untyped] # it carries no types
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

    if password.lower() in FREQUENCY_LISTS["passwords"]:
        return True
    judged = zxcvbn(password[:JUDGED_LETTERS], user_inputs=[name, "popcam"], max_length=JUDGED_LETTERS)
    return bool(judged["score"] < MIN_SCORE)


class Hashing:
    """Makes and checks hashes in a few threads of its own, so that logins neither stop the server nor fill the memory.

    Args:
        time_cost, memory_kib, parallelism: argon2id's cost. The default is the second recommended choice of RFC 9106,
            section 4. Tests take less.
    """

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536, parallelism: int = 4) -> None:
        self._cost = (time_cost, memory_kib, parallelism)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._waiting = 0
        self._made: PasswordHasher | None = None
        self._nobody = ""
        self._making = threading.Lock()

    async def check_new(self, password: str, name: str) -> None:
        """As `check_password`, in a thread.

        Raises:
            PasswordRefusedError, TooManyRequestsError: as `check_password` and `hash`.
        """
        await self._run(lambda: check_password(password, name))

    async def hash(self, password: str) -> str:
        """The hash to keep, with its own salt and costs.

        Raises:
            TooManyRequestsError: many logins wait already.
        """
        return await self._run(lambda: self._hasher().hash(normalised(password)))

    async def verify(self, password_hash: str, password: str) -> bool:
        """Whether it is the password. An empty hash, of nobody or of one without a password, takes as long as any.

        Raises:
            TooManyRequestsError: many logins wait already.
        """
        return await self._run(lambda: self._verify(password_hash, password))

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made at another cost than is used now."""
        return self._hasher().check_needs_rehash(password_hash)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password_hash: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        hasher = self._hasher()
        text = normalised(password[:MAX_LETTERS])
        try:
            hasher.verify(password_hash or self._nobody, text)
        except (VerificationError, InvalidHashError):
            return False
        return bool(password_hash)

    def _hasher(self) -> "PasswordHasher":
        with self._making:
            if self._made is None:
                from argon2 import PasswordHasher

                time_cost, memory_kib, parallelism = self._cost
                self._made = PasswordHasher(time_cost, memory_kib, parallelism)
                self._nobody = self._made.hash("of nobody")
            return self._made

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MAX_WAITING:
            raise TooManyRequestsError("many logins at once", "同时登录过多", retry_after_s=RETRY_AFTER_S)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
