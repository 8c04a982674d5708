"""Tells workers which cameras to run, and keeps account of what they answered."""

from collections.abc import Callable

import structlog

from popcam.core.clock import Clock
from popcam.core.errors import PopcamError, WorkerUnavailableError
from popcam.core.facts import FaultReport
from popcam.core.protocol import StartCamera, StopCamera
from popcam.core.spec import CameraSpec
from popcam.fleet.link import Placement, WorkerLink

log = structlog.get_logger(__name__)


class Placer:
    """Starts, updates and stops cameras on workers.

    `homes` says where each camera was placed last. `refusals` holds why a worker would not take a camera as it is.
    """

    def __init__(self, clock: Clock, *, command_timeout_s: float, stop_timeout_s: float) -> None:
        self._clock = clock
        self._command_timeout_s = command_timeout_s
        # The worker needs its own time to say that it gave up.
        self._stop_timeout_s = stop_timeout_s + command_timeout_s
        self._epochs: dict[str, int] = {}
        self.homes: dict[str, str] = {}
        self.refusals: dict[str, FaultReport] = {}

    def adopt(self, link: WorkerLink, camera_id: str, epoch: int) -> None:
        """The worker runs the camera already; what it was told is unknown, so it will be told again."""
        self._epochs[camera_id] = max(epoch, self._epochs.get(camera_id, 0))
        link.placements[camera_id] = Placement(epoch, self._clock.monotonic_s(), confirmed=True)
        link.follow(camera_id)
        self.homes[camera_id] = link.slot

    def begin_start(self, link: WorkerLink, camera_id: str, *, update: bool) -> Placement:
        """Note that a start is under way, before anything is sent: from now on the worker may be running it."""
        if update:
            placement = link.placements[camera_id]
        else:
            placement = Placement(self._next_epoch(camera_id), self._clock.monotonic_s())
            link.placements[camera_id] = placement
            link.follow(camera_id)
            self.homes[camera_id] = link.slot
        placement.busy = True
        return placement

    async def start(self, link: WorkerLink, spec: CameraSpec, placement: Placement, *, lively: bool) -> bool:
        """Send the camera to the worker; False when it refused. `lively`: see `StartCamera`."""
        fresh = placement.spec is None and not placement.confirmed
        try:
            await link.request(StartCamera(spec=spec, epoch=placement.epoch, lively=lively), self._command_timeout_s)
        except WorkerUnavailableError:
            placement.confirmed = False  # it may or may not run: the next plan asks again
            return True
        except PopcamError as exc:
            self._refused(spec.id, exc)
            if fresh:
                link.forget_camera(spec.id)
            return False
        finally:
            placement.busy = False
        placement.spec = spec
        placement.confirmed = True
        placement.seen_s = max(placement.seen_s, self._clock.monotonic_s())
        self.refusals.pop(spec.id, None)
        return True

    def begin_stop(self, link: WorkerLink, camera_id: str) -> None:
        """Note that a stop is under way."""
        link.placements[camera_id].busy = True

    async def stop(self, link: WorkerLink, camera_id: str, on_stuck: Callable[[str], None]) -> bool:
        """Stop the camera on the worker; False, after `on_stuck(reason)`, when it would not stop."""
        placement = link.placements[camera_id]
        try:
            await link.request(StopCamera(camera_id=camera_id), self._stop_timeout_s)
        except PopcamError as exc:
            on_stuck(f"the camera does not stop: {exc.detail or exc.code}")
            return False
        finally:
            placement.busy = False
        link.forget_camera(camera_id)
        return True

    def forget(self, camera_id: str) -> None:
        """The camera is not wanted any more. Its epochs go on growing should it come back."""
        self.homes.pop(camera_id, None)
        self.refusals.pop(camera_id, None)

    def _refused(self, camera_id: str, error: PopcamError) -> None:
        before = self.refusals.get(camera_id)
        count = before.count + 1 if before is not None and before.code == error.code else 1
        if count == 1:
            log.warning("camera.refused", camera_id=camera_id, code=error.code, detail=error.detail)
        self.refusals[camera_id] = FaultReport(
            code=error.code, detail=error.detail, at_unix_s=self._clock.unix_s(), count=count
        )

    def _next_epoch(self, camera_id: str) -> int:
        # Milliseconds of the wall clock, so that epochs grow over restarts of the server too.
        epoch = max(self._epochs.get(camera_id, 0) + 1, int(self._clock.unix_s() * 1000.0))
        self._epochs[camera_id] = epoch
        return epoch
