"""Who has fallen silent, by a clock that the test turns: a real link to a process that never answers."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import zmq.asyncio

from popcam.core.facts import CameraState, WorkerStatus
from popcam.core.protocol import WORKER_TOPIC
from popcam.fleet.endpoints import choose_endpoints, new_token
from popcam.fleet.fact_reader import FactListeners
from popcam.fleet.link import Placement, WorkerLink
from popcam.fleet.plan import Phase
from popcam.fleet.process import WorkerProcess
from popcam.fleet.viewers import Audience
from popcam.fleet.watchdog import Watchdog


class HandClock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic_s(self) -> float:
        return self.now_s

    def unix_s(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
async def link(tmp_path: Path) -> AsyncIterator[WorkerLink]:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(60)")
    process = WorkerProcess(psutil.Process(child.pid), None)
    context = zmq.asyncio.Context()
    link = WorkerLink(
        "w1",
        "token",
        process,
        choose_endpoints(tmp_path, new_token()),
        context=context,
        clock=HandClock(),
        listeners=FactListeners(lambda _: None, lambda _: None, lambda _: None),
        audience=Audience(lambda _: None, lambda _: None, lambda _: None),
    )
    link.phase = Phase.READY
    yield link
    await link.close()
    process.forget()
    child.kill()
    await child.wait()
    context.term()


def look(link: WorkerLink, *times_s: float, watchdog: Watchdog | None = None) -> list[str]:
    """Look once a second up to each time; the reasons that came up."""
    watchdog = watchdog or Watchdog(timeout_s=5.0, tick_s=1.0, now_s=1000.0)
    return [silence.reason for now_s in times_s for silence in watchdog.look([link], now_s)]


async def test_a_worker_is_silent_after_the_time_out(link: WorkerLink) -> None:
    assert look(link, *(1000.0 + second for second in range(6))) == []
    assert look(link, *(1000.0 + second for second in range(7))) == ["no heartbeat for 6.0 s"]


async def test_a_worker_that_starts_is_not_expected_to_beat(link: WorkerLink) -> None:
    link.phase = Phase.STARTING
    assert look(link, *(1000.0 + second for second in range(60))) == []


async def test_a_beating_worker_that_answers_no_command_is_given_three_times_as_long(link: WorkerLink) -> None:
    watchdog = Watchdog(timeout_s=5.0, tick_s=1.0, now_s=1000.0)
    reasons = []
    for second in range(17):
        link.seen_s = 1000.0 + second
        reasons += look(link, 1000.0 + second, watchdog=watchdog)
    assert reasons == ["no answer to any command for 16.0 s"]


async def test_a_worker_that_loads_a_model_is_given_time(link: WorkerLink) -> None:
    link.status = WorkerStatus(
        worker_id="w1",
        pid=1,
        at_unix_s=0.0,
        uptime_s=1.0,
        cpu_percent=0.0,
        rss_bytes=1,
        threads=1,
        open_files=1,
        loading="yunet",
    )
    link.placements["a"] = Placement(epoch=1, seen_s=1000.0, confirmed=True)
    assert look(link, *(1000.0 + second for second in range(31))) == []
    assert look(link, *(1000.0 + second for second in range(32))) == ["no heartbeat for 31.0 s"]


async def test_a_silent_camera_is_named(link: WorkerLink) -> None:
    link.placements["a"] = Placement(epoch=1, seen_s=1000.0, confirmed=True)
    link.seen_s = 1006.0
    silences = Watchdog(timeout_s=5.0, tick_s=1.0, now_s=1005.0).look([link], 1006.0)
    assert [(one.camera_id, one.reason) for one in silences] == [("a", "no status of camera a for 6.0 s")]


@pytest.mark.parametrize(
    "placement",
    [
        Placement(epoch=1, seen_s=0.0, confirmed=False),
        Placement(epoch=1, seen_s=0.0, confirmed=True, busy=True),
        Placement(epoch=1, seen_s=0.0, confirmed=True, state=CameraState.ENDED),
        Placement(epoch=1, seen_s=0.0, confirmed=True, state=CameraState.FAILED),
    ],
    ids=["unconfirmed", "busy", "ended", "failed"],
)
async def test_a_camera_that_need_not_report_is_not_silent(link: WorkerLink, placement: Placement) -> None:
    link.placements["a"] = placement
    assert look(link, 1001.0) == []


async def test_a_pause_of_the_server_is_not_held_against_its_workers(link: WorkerLink) -> None:
    link.placements["a"] = Placement(epoch=1, seen_s=1000.0, confirmed=True)
    assert look(link, 1001.0, 1061.0, 1062.0) == []


async def test_what_the_server_had_no_time_to_read_is_not_held_against_its_workers(link: WorkerLink) -> None:
    with zmq.Context() as context, context.socket(zmq.XPUB) as facts:
        facts.linger = 0
        facts.bind(link.endpoints.facts)
        await asyncio.to_thread(facts.poll, 10_000)
        facts.recv()
        facts.send_multipart([WORKER_TOPIC, b"a sign of life"])
        time.sleep(0.3)  # noqa: ASYNC251 - the loop is busy with something else

        assert link.unread
        assert look(link, *(1000.0 + second for second in range(8))) == []

        await asyncio.sleep(0.05)
        assert look(link, *(1000.0 + second for second in range(7))) == ["no heartbeat for 6.0 s"]
