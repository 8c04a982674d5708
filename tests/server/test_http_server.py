"""The server that speaks HTTP: it rests while nobody asks, and ends as soon as it is told to."""

import asyncio
import time
import urllib.request
from email.utils import parsedate_to_datetime

import pytest
from tests.server.conftest import until

from popcam.server.http_server import http_server
from popcam.server.listen import listen
from popcam.server.services import Services


def date_of(port: int) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as answer:
        return parsedate_to_datetime(answer.headers["date"]).timestamp()


async def test_answers_carry_the_date_of_the_second(port: int) -> None:
    first_unix_s = await asyncio.to_thread(date_of, port)
    async with asyncio.timeout(60):
        while (unix_s := await asyncio.to_thread(date_of, port)) < first_unix_s + 2:  # noqa: ASYNC110 - a server is asked
            await asyncio.sleep(0.1)
    assert abs(unix_s - time.time()) < 10


async def test_it_ends_at_once(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popcam.server.http_server.until_beat_s", lambda *_: 1e6)  # who waited for a beat would not end
    server = http_server(services)
    serving = asyncio.create_task(server.serve(listen("127.0.0.1", 0)))
    await until(lambda: server.started)
    assert not server.should_exit
    server.should_exit = True
    await asyncio.wait_for(serving, 60)


async def test_what_is_told_before_it_starts_counts(services: Services) -> None:
    server = http_server(services)
    server.should_exit = True
    async with asyncio.timeout(5):
        await server.serve(listen("127.0.0.1", 0))
