"""Where answers are kept: in memory, or in a Redis server.

In memory they are bounded by number and by bytes. Cache libraries that we looked at bound the number alone, take 0.7 s
and 26 MB to load, and by default unpickle what they find in Redis, so that whoever writes there could run code here.
Each server keeps its own answers: they are made of what it holds in its own memory, and end by what it alone has heard
of.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import structlog

from popcam.core.errors import CacheUnavailableError, PopcamError
from popcam.core.redact import redact
from popcam.server.kept_answers import Question

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger(__name__)

MAX_BYTES = 64_000_000
"""All answers in memory together."""
MAX_ANSWER_BYTES = 8_000_000
"""A thousand cameras with their states are 1 MB."""
REDIS_TIMEOUT_S = 0.25
"""An answer is made anew in less."""
MAX_WAIT_S = 0.6
CONNECTIONS = 10
RETRY_AFTER_S = 5.0
"""A Redis server that failed is left alone for so long, so that no request waits for it in vain."""


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """One answer as it was made.

    `stamp` is the state of everything that it was made of; `until_s` the end of its life, by this process's clock.
    `tagged`: `etag` is of its content. Else it is a version that the route gave it, which says nothing of the rest.
    """

    stamp: tuple[int, ...]
    until_s: float
    headers: tuple[tuple[bytes, bytes], ...]
    etag: str
    tagged: bool
    body: bytes


class AnswerStore(Protocol):
    """Keeps answers by what was asked."""

    @property
    def name(self) -> str:
        """Which it is: `memory` or `redis`."""
        ...

    async def get(self, question: Question) -> Answer | None:
        """What was kept, however old it is.

        Raises:
            CacheUnavailableError.
        """
        ...

    async def put(self, question: Question, answer: Answer) -> None:
        """Keep it, at least for its life.

        Raises:
            CacheUnavailableError.
        """
        ...

    async def clear(self) -> None:
        """Forget all.

        Raises:
            CacheUnavailableError.
        """
        ...

    async def check(self) -> None:
        """See that it works.

        Raises:
            CacheUnavailableError.
        """
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class MemoryAnswers:
    """The newest answers, in this process."""

    name = "memory"

    def __init__(self, max_entries: int, max_bytes: int = MAX_BYTES) -> None:
        self.max_entries = max_entries
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Question, Answer] = OrderedDict()
        self._bytes = 0

    async def get(self, question: Question) -> Answer | None:
        """What was kept."""
        return self._kept.get(question)

    async def put(self, question: Question, answer: Answer) -> None:
        """Keep it; the oldest go where there are too many."""
        self._drop(question)
        self._kept[question] = answer
        self._bytes += len(answer.body)
        while len(self._kept) > self.max_entries or self._bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    async def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self._bytes = 0

    async def check(self) -> None:
        """Memory is always there."""

    async def close(self) -> None:
        """Forget all."""
        await self.clear()

    def _drop(self, question: Question) -> None:
        old = self._kept.pop(question, None)
        if old is not None:
            self._bytes -= len(old.body)


class RedisAnswers:
    """Answers in a Redis server, each until its life ends. It is only asked while it answers.

    Args:
        url: of the server.
        prefix: of all keys; no other process has the same.
    """

    name = "redis"

    def __init__(self, url: str, prefix: str) -> None:
        self._url = url
        self._prefix = prefix
        self._redis: Redis | None = None
        self._opening = asyncio.Lock()
        self._down_until_s = 0.0
        self._why = ""
        self._decode = msgspec.msgpack.Decoder(Answer).decode
        self._encode = msgspec.msgpack.Encoder().encode

    async def get(self, question: Question) -> Answer | None:
        """What was kept.

        Raises:
            CacheUnavailableError.
        """
        key = self._key(question)
        packed = await self._ask(lambda redis: redis.get(key))
        try:
            return None if packed is None else self._decode(packed)
        except msgspec.DecodeError:  # somebody else wrote there
            return None

    async def put(self, question: Question, answer: Answer) -> None:
        """Keep it for its life.

        Raises:
            CacheUnavailableError.
        """
        left_ms = int(1000 * (answer.until_s - time.monotonic()))
        if left_ms > 0:
            key, packed = self._key(question), self._encode(answer)
            await self._ask(lambda redis: redis.set(key, packed, px=left_ms))

    async def clear(self) -> None:
        """Forget what this process kept.

        Raises:
            CacheUnavailableError.
        """

        async def clear(redis: "Redis") -> None:
            keys = [key async for key in redis.scan_iter(f"{self._prefix}*", count=500)]
            if keys:
                await redis.unlink(*keys)

        await self._ask(clear)

    async def check(self) -> None:
        """Ask it for a sign of life, also where it failed a moment ago.

        Raises:
            CacheUnavailableError.
        """
        self._down_until_s = 0.0
        await self._ask(lambda redis: redis.ping())

    async def close(self) -> None:
        """Close the connections; what is kept there ends by itself."""
        if self._redis is not None:
            redis, self._redis = self._redis, None
            await redis.aclose()

    async def _ask(self, ask: "Callable[[Redis], Awaitable[Any]]") -> Any:
        if time.monotonic() < self._down_until_s:
            raise CacheUnavailableError(self._why)
        try:
            redis = await self._opened()
            async with asyncio.timeout(MAX_WAIT_S):
                found = await ask(redis)
        except PopcamError:
            raise
        except Exception as error:  # whatever the client library raises: this is the edge to it
            self._went(error)
            raise CacheUnavailableError(self._why) from error
        if self._why:
            log.info("cache.available")
            self._why = ""
        return found

    def _went(self, error: Exception) -> None:
        was_there = not self._why
        self._why = redact(f"{type(error).__name__}: {error}")
        self._down_until_s = time.monotonic() + RETRY_AFTER_S
        if was_there:
            log.warning("cache.unavailable", code=CacheUnavailableError.code, detail=self._why)

    async def _opened(self) -> "Redis":
        async with self._opening:
            if self._redis is None:
                self._redis = await asyncio.to_thread(_client, self._url)
            return self._redis

    def _key(self, question: Question) -> str:
        return self._prefix + blake2b(repr(question).encode(), digest_size=16).hexdigest()


def _client(url: str) -> "Redis":
    """The client, whose library is imported by the first use. It connects later.

    Raises:
        CacheUnavailableError: it is not installed.
        ValueError: the address is none of Redis.
    """
    try:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise CacheUnavailableError(f"popcam[redis] is not installed: {error.name}") from error
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=REDIS_TIMEOUT_S,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),  # a connection that the server closed meanwhile
        client_name="popcam",
    )
    return Redis.from_pool(pool)
