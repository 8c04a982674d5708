"""A worker process that waits for the next failure."""

import dataclasses
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from tests.fleet.bench import FAKE_WORKER, QUICK, Bench, alive, cameras, fresh, until, until_running

from popcam.fleet import spare as spare_module
from popcam.fleet.local import LocalFleet
from popcam.fleet.spare import Spare


def waiting_pid(fleet: LocalFleet) -> int | None:
    return fleet._crew.spare_pid if fleet._crew is not None else None


@pytest.fixture
def eager(bench: Bench) -> Bench:
    bench.timings = dataclasses.replace(QUICK, spare_after_s=0.2)
    return bench


async def test_a_killed_worker_is_replaced_by_the_one_that_waits(eager: Bench) -> None:
    async with eager.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        await until(lambda: waiting_pid(fleet))
        waited = waiting_pid(fleet)
        os.kill(eager.started_pids()[0], signal.SIGKILL)
        await until(lambda: len(eager.started_pids()) == 2)
        assert eager.started_pids()[1] == waited
        await until(lambda: fresh(fleet, "a") and fleet.restarts("a") == 1)
        await until(lambda: waiting_pid(fleet) not in (None, waited))


async def test_nobody_waits_before_the_workers_have_come_to_rest(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        assert waiting_pid(fleet) is None


async def test_it_ends_with_the_fleet(eager: Bench) -> None:
    async with eager.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        await until(lambda: waiting_pid(fleet))
        pid = waiting_pid(fleet)
    assert pid is not None
    assert not alive(pid)


async def test_one_that_died_is_not_handed_out(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        spare = Spare(FAKE_WORKER, tmp_path / "spare.log", threads)
        await spare.keep()
        assert spare.pid is not None
        os.kill(spare.pid, signal.SIGKILL)
        await until(lambda: spare.pid is None)
        assert spare.take() is None
        await spare.keep()
        assert spare.pid is not None
        await spare.close()
        await spare.keep()
        assert spare.pid is None


async def test_a_program_that_is_not_there_is_told_and_forgiven(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        spare = Spare((str(tmp_path / "nothing"),), tmp_path / "spare.log", threads)
        await spare.keep()
        assert spare.take() is None
        await spare.close()


async def test_a_machine_without_memory_to_spare_does_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spare_module, "LEAST_AVAILABLE_BYTES", psutil.virtual_memory().total * 2)
    with ThreadPoolExecutor(1) as threads:
        spare = Spare(FAKE_WORKER, tmp_path / "spare.log", threads)
        await spare.keep()
        assert spare.pid is None
        await spare.close()
