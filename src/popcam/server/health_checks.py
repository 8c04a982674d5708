"""Which health checks a server has: of itself, its storage, machine, workers and cameras, as these come and go."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import structlog

from popcam.cameras.model import CameraChanges
from popcam.config import Settings
from popcam.core.clock import Clock, until_beat_s
from popcam.core.errors import MetricUnknownError, MqttUnavailableError
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckChange, CheckGroup, Labels, MetricsReader
from popcam.core.spec import CameraSpec
from popcam.monitoring.checks import cameras as camera_checks
from popcam.monitoring.checks import devices, disks, engines, machine, storage, workers
from popcam.monitoring.checks.cameras import CameraNow
from popcam.monitoring.checks.recordings import RecordingWatch
from popcam.monitoring.health import HealthService, camera_of
from popcam.monitoring.health_store import ChangeKeeper
from popcam.server import server_checks
from popcam.server.delivery_checks import delivery_checks
from popcam.server.health_schemas import news_json
from popcam.server.ports import assigned, ports_check

if TYPE_CHECKING:
    from popcam.server.broker import Broker
    from popcam.server.core_services import CoreServices
    from popcam.server.response_cache import ResponseCache
    from popcam.storage import Database

log = structlog.get_logger(__name__)

WORKERS_EVERY_S = 1.0
FPS_RATIO = "popcam_camera_fps_ratio"
FPS_WINDOW_S = 30.0


class _OfCamera(NamedTuple):
    """Checks of one camera, and what of its settings decides which they are."""

    records: bool
    device: Path | None
    checks: list[Check]


class HealthChecks:
    """Makes the checks of a server, and keeps those of cameras and workers in step with what exists.

    Args:
        services: what they look at.
        settings: those that the server was started with.
        database: the one that is checked, and keeps what changed.
        figures: what was measured.
    """

    def __init__(
        self, services: "CoreServices", settings: Settings, database: "Database", figures: MetricsReader
    ) -> None:
        self._services = services
        self._database = database
        self._figures = figures
        self.settings = settings
        """Those of the moment."""
        self.cache: ResponseCache | None = None
        """Answers that are kept; it is looked after when it is there before the start."""
        self.broker: Broker | None = None
        """Where an MQTT broker is named."""
        keeper = ChangeKeeper(database, services.clock, lambda: self.settings.monitoring.keep_days)
        self.health = HealthService(services.clock, keeper)
        self._wanted: frozenset[str] = frozenset()
        self._of_cameras: dict[str, _OfCamera] = {}
        statuses = services.fleet.statuses
        self._recordings = RecordingWatch(
            services.options.recordings_dir,
            services.clock,
            lambda: [camera_id for camera_id, status in list(statuses().items()) if status.recording],
        )
        self._slots: tuple[str, ...] | None = None
        self._following: asyncio.Task[None] | None = None

    def fill(self) -> None:
        """Have all checks, those of cameras as these come and go."""
        self.health.on_change(self._tell)
        for check in self._fixed():
            self.health.add(check)
        self._services.cameras.on_change(self._cameras_changed)
        self._cameras_changed()

    async def start(self) -> None:
        """Have all checks, and begin to look soon."""
        self.fill()
        await self.health.start()
        self._following = asyncio.create_task(self._follow_workers(), name="health of workers")

    async def stop(self) -> None:
        """End all looks, and write what waits."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self.health.stop()

    def _fixed(self) -> Iterator[Check]:
        services, clock = self._services, self._services.clock
        yield server_checks.loop_check(self._figures)
        yield storage.database_check(self._database, clock)
        yield workers.available_check(lambda: len(self._wanted), services.fleet.workers)
        if self.cache is not None:
            yield storage.cache_check(self.cache.check, shared=bool(self.settings.cache.url))
        yield self._recordings.check()
        yield engines.provider_check(lambda: services.fleet.statuses().values())
        yield from server_checks.settings_checks(services.settings.state, services.cameras.store_state)
        yield server_checks.certificate_check(lambda: self.settings)
        yield server_checks.exposure_check(lambda: self.settings, services.options.port)
        held = assigned(self.settings, http_port=services.options.port)
        yield ports_check(held, os.getpid(), lambda: assigned(self.settings))
        yield from delivery_checks(self._figures, lambda: self.settings.mqtt, self._broker)
        yield from surroundings(lambda: self.settings, clock)

    def _broker(self) -> tuple[bool, MqttUnavailableError | None] | None:
        link = self.broker.link if self.broker is not None else None
        return None if link is None else (link.connected, link.problem)

    def _cameras_changed(self, _changes: CameraChanges | None = None) -> None:
        views = self._services.cameras.views()
        self._wanted = frozenset(view.spec.id for view in views if view.wanted)
        before = self._of_cameras
        self._of_cameras = {view.spec.id: self._for_camera(view.spec, before.get(view.spec.id)) for view in views}
        self.health.set_subject_checks(
            "cameras", (check for made in self._of_cameras.values() for check in made.checks)
        )

    def _for_camera(self, spec: CameraSpec, before: "_OfCamera | None") -> "_OfCamera":
        """Checks of one camera; those that are there stay, with what they remember, unless others are needed."""
        records, device = spec.record.mode != "off", devices.device_of(spec)
        if before is not None and (before.records, before.device) == (records, device):
            return before
        now = partial(self._now, spec.id)
        checks = list(camera_checks.camera_checks(spec.id, now, lambda: self.settings.monitoring, self._services.clock))
        if records:
            checks.append(self._recordings.camera_check(spec.id, now))
        if device is not None:
            checks.append(devices.device_check(spec.id, device))
        return _OfCamera(records, device, checks)

    def _now(self, camera_id: str) -> CameraNow:
        status = self._services.fleet.status(camera_id)
        return CameraNow(camera_id in self._wanted, status, self._ratios().get((camera_id,)))

    def _ratios(self) -> Mapping[Labels, float]:
        try:
            return self._figures.over(FPS_RATIO, "mean", FPS_WINDOW_S)
        except MetricUnknownError:
            return {}

    async def _follow_workers(self) -> None:
        fleet = self._services.fleet
        while True:
            slots = tuple(slot.worker_id for slot in fleet.worker_slots())
            if slots != self._slots:
                self._slots = slots
                made = workers.heartbeat_checks(fleet.worker_slots, fleet.workers, self._services.clock)
                self.health.set_subject_checks("workers", made)
            await asyncio.sleep(until_beat_s(self._services.clock.unix_s(), WORKERS_EVERY_S))

    def _tell(self, change: CheckChange) -> None:
        result = self.health.results().get(change.check_id)
        if result is None or (change.before == "unknown" and change.now in {"ok", "absent"}):
            return  # at a start all of them say that; pages read all checks anyway
        if result.check.group is CheckGroup.SECURITY:  # what is exposed is told to administrators alone, who ask for it
            change = change._replace(detail=Text("", ""))
        self._services.hub.announce("health", news_json(result.check, change), camera_of(result.check))


def surroundings(settings: Callable[[], Settings], clock: Clock) -> Iterator[Check]:
    """Checks that need no server: those of the machine, its disks and model files. `popcam doctor` makes them, too."""
    yield from disks.disk_checks(folders_of(settings()), lambda: settings().monitoring)
    yield from engines.engine_checks(settings().inference)
    yield from machine.machine_checks(clock)


def folders_of(settings: Settings) -> Mapping[str, Path]:
    """Folders that popcam writes to, by what they are for."""
    folders = {"data_dir": settings.data_dir, "log_dir": settings.log_dir, "runtime_dir": settings.runtime_dir}
    return folders | {f"jobs.roots[{number}]": Path(root) for number, root in enumerate(settings.jobs.roots)}
