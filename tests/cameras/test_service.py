"""Use cases of cameras over a fake fleet."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.fake_fleet import FakeFleet

from popcam.cameras.model import CameraChanges
from popcam.cameras.service import CamerasService
from popcam.cameras.store import SettingsCameraStore
from popcam.core.clock import SystemClock
from popcam.core.errors import CameraNotFoundError
from popcam.core.facts import CameraState, CameraStatus, FaultReport, WorkerStatus
from popcam.core.spec import CameraSpec, SourceSpec

DOOR = CameraSpec(id="door", source=SourceSpec(url="demo:"))
YARD = CameraSpec(id="yard", source=SourceSpec(url="demo:"), auto_start=False)


class Bench:
    """A service and what it stands on."""

    def __init__(self, fleet: FakeFleet) -> None:
        self.fleet = fleet
        self.store = SettingsCameraStore({"door": DOOR, "yard": YARD})
        self.service = CamerasService(self.store, fleet, SystemClock(), Path("log"), settle_s=0.1)


@pytest.fixture
async def bench() -> Bench:
    bench = Bench(FakeFleet())
    await bench.service.begin()
    return bench


async def test_the_same_start_again_asks_the_fleet_for_nothing(bench: Bench) -> None:
    applied = len(bench.fleet.applied)
    await bench.service.start("door")
    assert len(bench.fleet.applied) == applied


async def test_a_reload_touches_only_what_differs(bench: Bench) -> None:
    await bench.service.start("yard")
    yard = bench.fleet.desired["yard"]
    other = SourceSpec(url="synthetic:")
    bench.store.replace({"door": replace(DOOR, source=other), "yard": YARD})
    difference = await bench.service.reload()
    assert difference == CameraChanges(changed=("door",))
    assert bench.fleet.desired["yard"] == yard
    assert bench.fleet.desired["door"].source == other


async def test_a_removed_camera_is_stopped_and_unknown(bench: Bench) -> None:
    bench.store.replace({"yard": YARD})
    await bench.service.reload()
    assert bench.fleet.desired == {}
    with pytest.raises(CameraNotFoundError):
        bench.service.view("door")


async def test_listeners_hear_of_changes_until_they_end(bench: Bench) -> None:
    heard: list[CameraChanges] = []
    end = bench.service.on_change(heard.append)
    await bench.service.start("yard")
    await bench.service.reload()
    end()
    await bench.service.stop("yard")
    assert heard == [CameraChanges(changed=("yard",))]


class LateFleet(FakeFleet):
    """Wants nothing started in time: no worker ever comes."""

    def worker_of(self, camera_id: str) -> WorkerStatus | None:
        return None


async def test_a_start_does_not_wait_for_ever() -> None:
    bench = Bench(LateFleet())
    result = await bench.service.start("yard")
    assert (result.ok, result.pid) == (True, None)


class BrokenFleet(FakeFleet):
    """Every camera fails at once."""

    def report(self, camera_id: str, state: CameraState, *faults: FaultReport, **fields: object) -> CameraStatus:
        return super().report(camera_id, CameraState.FAILED, FaultReport(code="source.not_video", detail="a page"))


async def test_a_start_that_fails_says_why() -> None:
    bench = Bench(BrokenFleet())
    result = await bench.service.start("yard")
    assert (result.ok, result.error) == (False, "The source is not a video: a page")
