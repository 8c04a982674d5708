"""Live pictures through the fleet: who watches, what the worker sees of it, and what survives."""

import asyncio
import os
import signal
import sys

import pytest
from tests.fleet.bench import Bench, cameras, until, until_restarted, until_running

from popcam.core.interfaces import PreviewPicture
from popcam.fleet.local import LocalFleet


def subscriptions(bench: Bench) -> list[tuple[str, str]]:
    entries = bench.journal("subscribe", "unsubscribe")
    return [(entry["what"], entry["topic"].strip()) for entry in entries if "/preview." in entry["topic"]]


async def first(fleet: LocalFleet, camera_id: str) -> PreviewPicture:
    async with fleet.watch(camera_id, "preview.jpeg") as pictures:
        return await asyncio.wait_for(anext(pictures), 60)


async def test_a_viewer_gets_pictures(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        picture = await first(fleet, "a")
        assert (picture.header.camera_id, picture.payload) == ("a", b"picture")


async def test_the_worker_sees_one_subscription_however_many_watch(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        async with fleet.watch("a", "preview.jpeg") as one, fleet.watch("a", "preview.jpeg") as two:
            await asyncio.wait_for(anext(one), 60)
            async with fleet.watch("a", "preview.jpeg") as three:
                await asyncio.wait_for(anext(three), 60)
            await asyncio.wait_for(anext(two), 60)
            assert subscriptions(bench) == [("subscribe", "a/preview.jpeg")]
        await until(lambda: len(subscriptions(bench)) == 2)
        assert subscriptions(bench)[-1] == ("unsubscribe", "a/preview.jpeg")


async def test_nobody_watches_so_nothing_is_subscribed(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        assert subscriptions(bench) == []


async def test_each_viewer_that_joins_h264_asks_for_a_keyframe_and_begins_with_one(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        async with fleet.watch("a", "preview.h264") as one:
            await asyncio.wait_for(anext(one), 60)
            async with fleet.watch("a", "preview.h264") as two:
                assert (await asyncio.wait_for(anext(two), 60)).header.keyframe
        assert len(bench.journal("keyframe")) == 2


async def test_a_slow_viewer_gets_the_newest_picture(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        async with fleet.watch("a", "preview.jpeg") as slow, fleet.watch("a", "preview.jpeg") as quick:
            await anext(slow)
            newest = 0
            for _ in range(20):
                newest = (await asyncio.wait_for(anext(quick), 60)).header.seq
            assert (await anext(slow)).header.seq >= newest - 1


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
async def test_a_viewer_survives_the_death_of_the_worker(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        async with fleet.watch("a", "preview.jpeg") as pictures:
            await asyncio.wait_for(anext(pictures), 60)
            os.kill(bench.started_pids()[-1], signal.SIGKILL)
            await until(lambda: fleet.restarts("a") == 1)
            for _ in range(5):
                await asyncio.wait_for(anext(pictures), 60)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
async def test_a_viewer_follows_a_camera_that_moves_to_another_worker(bench: Bench) -> None:
    async with bench.running(cameras(a="ok", b="ok")) as fleet, fleet.watch("a", "preview.h264") as pictures:
        for restarts in (1, 2):
            await until_running(fleet, "a")
            os.kill(bench.started_pids()[-1], signal.SIGKILL)
            await until_restarted(fleet, "a", restarts)
        await until(lambda: (worker := fleet.worker_of("a")) and worker.worker_id == "solo-a")

        def subscribed() -> set[str]:
            return {entry["worker"] for entry in bench.journal("subscribe") if "/preview." in entry["topic"]}

        await until(lambda: subscribed() >= {"w1", "solo-a"})
        for _ in range(40):  # more than the queue of the viewer holds
            await asyncio.wait_for(anext(pictures), 60)


async def test_a_viewer_may_come_before_the_camera(bench: Bench) -> None:
    async with bench.running({}) as fleet, fleet.watch("a", "preview.jpeg") as pictures:
        await fleet.apply(cameras(a="ok"))
        await asyncio.wait_for(anext(pictures), 60)


async def test_a_viewer_s_iterator_ends_with_the_fleet(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        async with fleet.watch("a", "preview.jpeg") as pictures:
            await anext(pictures)
            await fleet.stop()
            rest = [picture async for picture in pictures]
            assert len(rest) <= 2
