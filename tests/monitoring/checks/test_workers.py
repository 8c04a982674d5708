"""Checks of workers."""

import pytest
from tests.fakes.hand_clock import HandClock

from popcam.core.errors import WorkerUnavailableError
from popcam.core.facts import WorkerSlot, WorkerStatus
from popcam.core.monitoring import Check, Outcome
from popcam.monitoring.checks.workers import SILENCE_S, available_check, heartbeat_checks
from popcam.monitoring.health_runner import Glance

CLOCK = HandClock()


def status(age_s: float = 0.0, loading: str = "") -> WorkerStatus:
    return WorkerStatus(
        worker_id="w1",
        pid=1,
        at_unix_s=CLOCK.unix_s() - age_s,
        uptime_s=1.0,
        cpu_percent=0.0,
        rss_bytes=1,
        threads=1,
        open_files=1,
        loading=loading,
    )


def slot(up: bool = True, resting: bool = False, why: str = "") -> WorkerSlot:
    return WorkerSlot(worker_id="w1", up=up, resting=resting, why=why)


def finds(check: Check) -> Outcome:
    assert isinstance(check.look, Glance)
    return check.look.look()


@pytest.mark.parametrize(
    ("slots", "workers", "state", "said"),
    [
        ([slot()], [status()], "ok", ""),
        ([slot()], [status(SILENCE_S)], "failed", "not reported for 3 s"),
        ([slot()], [status(60.0, loading="yunet")], "ok", ""),
        ([slot()], [], "unknown", "not reported yet"),
        ([slot(up=False, why="killed by signal 9")], [], "failed", "killed by signal 9"),
        ([slot(resting=True)], [], "failed", "rests"),
    ],
)
def test_a_heartbeat(slots: list[WorkerSlot], workers: list[WorkerStatus], state: str, said: str) -> None:
    (check,) = heartbeat_checks(lambda: slots, lambda: workers, CLOCK)
    found = finds(check)
    assert (check.check_id, found.state) == ("worker.heartbeat:w1", state)
    assert said in found.detail.en


def test_a_place_that_went_away_is_no_failure() -> None:
    slots = [slot()]
    (check,) = heartbeat_checks(lambda: slots, list, CLOCK)
    slots.clear()
    assert finds(check).state == "absent"


@pytest.mark.parametrize(("wanted", "workers"), [(0, []), (3, [status()])])
def test_enough_workers(wanted: int, workers: list[WorkerStatus]) -> None:
    assert finds(available_check(lambda: wanted, lambda: workers)).state == "ok"


def test_cameras_without_any_worker_make_the_server_not_ready() -> None:
    check = available_check(lambda: 3, list)
    with pytest.raises(WorkerUnavailableError, match="3 cameras"):
        finds(check)
    assert check.ready
