"""What listeners are told of jobs, and when."""

import asyncio
import time

import msgspec
import pytest
from tests.server.conftest import until

from popcam.core.jobs import JobStatus
from popcam.server import job_news
from popcam.server.hub import LiveHub, Wish
from popcam.server.job_news import JobBook

JOBS = Wish(frozenset({"jobs"}))


def job(number: int = 1, **changes: object) -> JobStatus:
    status = JobStatus(
        job_id=f"j{number}", kind="hide_faces", name="", state="running", priority=5, created_unix_s=float(number)
    )
    return msgspec.structs.replace(status, **changes)


async def test_a_change_of_state_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popcam.server.hub.PROGRESS_EVERY_S", 3600.0)
    live = LiveHub()
    with live.listen(JOBS, live.head) as listener:
        live.job_changed(job(state="queued"))
        live.job_changed(job(state="running"))
        news = await asyncio.wait_for(listener.news(), 60)
    assert [(item.job_id, item.status and item.status.state) for item in news.jobs] == [("j1", "running")]


async def test_a_hundred_reports_of_progress_are_told_a_few_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popcam.server.hub.PROGRESS_EVERY_S", 0.05)
    live = LiveHub()
    live.job_changed(job())
    heard: list[int] = []

    async def listen() -> None:
        with live.listen(JOBS, live.head) as listener:
            while True:
                heard.extend(item.status.frames_done for item in (await listener.news()).jobs if item.status)

    listening = asyncio.create_task(listen())
    began_s = time.monotonic()
    for frames in range(100):
        live.job_changed(job(frames_done=frames))
        await asyncio.sleep(0.002)
    await until(lambda: heard[-1] == 99)
    listening.cancel()
    assert len(heard) <= 3 + (time.monotonic() - began_s) / 0.05


async def test_who_comes_back_hears_what_changed_meanwhile_and_what_was_deleted() -> None:
    live = LiveHub()
    live.job_changed(job(1))
    live.job_changed(job(2))
    last = live.head
    live.job_changed(job(2, state="succeeded"))
    live.job_gone("j1")
    with live.listen(JOBS, last) as listener:
        news = await asyncio.wait_for(listener.news(), 60)
    assert [(item.job_id, item.status is None) for item in news.jobs] == [("j2", False), ("j1", True)]
    assert not news.all_jobs


async def test_who_was_away_too_long_is_told_all_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_news, "MAX_KEPT_JOBS", 10)
    live = LiveHub()
    last = live.head
    for number in range(20):
        live.job_changed(job(number, state="succeeded"))
    with live.listen(JOBS, last) as listener:
        news = await asyncio.wait_for(listener.news(), 60)
    assert (news.all_jobs, news.jobs) == (True, ())


async def test_jobs_are_told_only_to_who_asks_for_them() -> None:
    live = LiveHub()
    with live.listen(None, live.head) as listener:
        live.job_changed(job())
        assert live.news_for(listener) is None


def test_jobs_that_run_are_never_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_news, "MAX_KEPT_JOBS", 5)
    book = JobBook.empty()
    book.take(job(0), 1)
    for number in range(1, 20):
        book.take(job(number, state="failed"), number + 1)
    assert next(news.job_id for news in book.since(0)) == "j0"
    assert len(book.since(0)) == 5
