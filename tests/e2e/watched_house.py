"""A guarded house whose cameras report every half second and show pictures, for what watches over popcam."""

import asyncio
from pathlib import Path
from typing import Any, cast

from tests.e2e.guarded_house import COOKIE, GuardedHouse
from tests.e2e.picture_show import Reel, picture, reel
from tests.fakes.fake_fleet import FakeFleet

from popcam.core.facts import CameraState
from popcam.core.protocol import PREVIEW_KINDS

CAMERAS = ("door", "lobby", "yard")
REPORT_S = 0.5
SHOW_S = 0.1
PICTURES = 20
WELL: dict[str, Any] = {
    "fps": 25.0,
    "width_px": 1280,
    "height_px": 720,
    "codec": "h264",
    "latency_ms": 42.0,
    "frozen_s": 0.0,
    "dark": False,
}


class WatchedHouse(GuardedHouse):
    """The server. Its methods may be called from the test's thread."""

    def __init__(self, folder: Path, console_dir: Path) -> None:
        super().__init__(folder, console_dir)
        self._told: dict[str, tuple[CameraState, dict[str, Any]]] = {}
        self._reel: Reel = reel([picture(index) for index in range(PICTURES)])
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> "WatchedHouse":
        """Return when it answers and its cameras report."""
        super().start()
        for camera_id in CAMERAS:
            self.tell(camera_id)
        self.do(self._begin())
        return self

    def stop(self) -> None:
        """End all."""
        self.do(self._end())
        super().stop()

    @property
    def fleet(self) -> FakeFleet:
        assert self.services is not None
        return cast(FakeFleet, self.services.fleet)

    def tell(self, camera_id: str, state: CameraState = CameraState.RUNNING, **fields: Any) -> None:
        """What a camera reports from now on; all is well but for these."""
        self._told[camera_id] = (state, {**WELL, **fields})

    def enter(self, page: Any, name: str, path: str) -> None:
        """Open a page as somebody who has signed in; live pictures never end, so it never counts as loaded."""
        page.context.add_cookies([{"name": COOKIE, "value": self.session(name), "url": self.url}])
        page.goto(self.url + path, wait_until="commit")

    async def _begin(self) -> None:
        self._tasks = [asyncio.create_task(self._report()), asyncio.create_task(self._show())]

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _report(self) -> None:
        while True:
            for camera_id, (state, fields) in self._told.items():
                self.fleet.report(camera_id, state, **fields)
            await asyncio.sleep(REPORT_S)

    async def _show(self) -> None:
        seq = 0
        while True:
            for camera_id in CAMERAS:
                for kind in PREVIEW_KINDS:
                    packets = self._reel.h264 if "h264" in kind else self._reel.jpegs
                    keyframe = "h264" not in kind or seq % (len(packets) // 2) == 0
                    self.fleet.show(camera_id, kind, packets[seq % len(packets)], seq=seq, keyframe=keyframe)
            seq += 1
            await asyncio.sleep(SHOW_S)
