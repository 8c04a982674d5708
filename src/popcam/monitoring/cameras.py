"""Figures of cameras, from what their pipelines report once a second. It opens no camera."""

import math
from collections.abc import Callable, Collection, Mapping

from popcam.core.clock import Clock
from popcam.core.facts import CameraState, CameraStatus, StageTime
from popcam.core.monitoring import Metric
from popcam.monitoring import catalogue as c
from popcam.monitoring.registry import Registry
from popcam.monitoring.usual import UsualRate

FRESH_S = 10.0
"""A report that is older says nothing of now. The fleet says sooner that a worker is gone."""
DELIVERING = frozenset({CameraState.RUNNING, CameraState.IDLE})
NAN = math.nan
QUANTILES = ("0.5", "0.95", "0.99")
Read = Callable[[CameraStatus], float | None]
GAUGES: tuple[tuple[Metric, Read], ...] = (
    (c.CAMERA_FPS, lambda status: status.fps),
    (c.CAMERA_SOURCE_FPS, lambda status: status.received_fps),
    (c.CAMERA_LATENCY, lambda status: None if status.latency_ms is None else status.latency_ms / 1000.0),
    (c.CAMERA_BITRATE, lambda status: status.bitrate_bps or None),
    (c.CAMERA_QUEUE, lambda status: status.queue_depth),
    (c.CAMERA_VIEWERS, lambda status: status.viewers),
    (c.CAMERA_TRACKS, lambda status: status.tracks),
    (c.CAMERA_LOAD, lambda status: status.load_level),
    (c.CAMERA_FROZEN, lambda status: status.frozen_s),
    (c.CAMERA_DARK, lambda status: status.dark),
    (c.CAMERA_CLOCK_SKEW, lambda status: status.clock_skew_s),
    (c.CAMERA_JITTER, lambda status: status.jitter_s),
    (c.CAMERA_RTT, lambda status: status.rtt_s),
)
"""What is told while the camera delivers; None for what is not known."""
COUNTERS: tuple[tuple[Metric, Callable[[CameraStatus], int]], ...] = (
    (c.CAMERA_FRAMES, lambda status: status.frames),
    (c.CAMERA_RECONNECTS, lambda status: status.reconnects),
    (c.CAMERA_RESTARTS, lambda status: status.restarts),
    (c.CAMERA_UNCOVERED, lambda status: status.uncovered_frames),
    (c.CAMERA_WHOLE_COVERS, lambda status: status.whole_covers),
    (c.CAMERA_LOST_PACKETS, lambda status: status.lost_packets),
)


class CameraFigures:
    """Puts the newest reports of all cameras into the registry.

    Args:
        registry: where they are put.
        statuses: the newest report of each camera.
        clock: reports carry its wall clock.
    """

    def __init__(self, registry: Registry, statuses: Callable[[], Mapping[str, CameraStatus]], clock: Clock) -> None:
        self.wanted: frozenset[str] = frozenset()
        """Cameras that shall run."""
        self._registry = registry
        self._statuses = statuses
        self._clock = clock
        self._up = registry.declare(c.CAMERA_UP, c.MAX_CAMERAS)
        self._ratio = registry.declare(c.CAMERA_FPS_RATIO, c.MAX_CAMERAS)
        self._dropped = registry.declare(c.CAMERA_DROPPED, c.MAX_CAMERAS * 4)
        self._gauges = [(registry.declare(metric, c.MAX_CAMERAS), read) for metric, read in GAUGES]
        self._counters = [(registry.declare(metric, c.MAX_CAMERAS), read) for metric, read in COUNTERS]
        self._stages = StageFigures(registry)
        self._seen: dict[str, float] = {}
        """When the newest report of each camera was made; 0 for one whose figures are blank."""
        self._usual: dict[str, UsualRate] = {}

    def set_cameras(self, camera_ids: Collection[str], wanted: Collection[str], changed: Collection[str] = ()) -> None:
        """These cameras exist, and these of them shall run. Figures of others are over.

        `changed`: their settings did, so what was usual need not be any more.
        """
        for camera_id in changed:
            self._usual.pop(camera_id, None)
        self.wanted = frozenset(wanted)
        for gone in [camera_id for camera_id in self._seen if camera_id not in camera_ids]:
            self._registry.forget_camera(gone)
            self._usual.pop(gone, None)
            del self._seen[gone]
        for camera_id in camera_ids:
            self._seen.setdefault(camera_id, 0.0)

    def take(self, status: CameraStatus) -> None:
        """Put a report as soon as it comes: that of all cameras at once would hold up everybody else."""
        if status.camera_id in self._seen and status.state in DELIVERING:
            self._tell(status.camera_id, status)

    def sample(self) -> None:
        """See who delivers; what was not heard of is taken, what is old is blanked."""
        statuses, now_s = self._statuses(), self._clock.unix_s()
        for camera_id, seen in self._seen.items():
            status = statuses.get(camera_id)
            delivers = status is not None and status.state in DELIVERING and abs(now_s - status.at_unix_s) <= FRESH_S
            self._up.set((camera_id,), self._up_value(camera_id, status, delivers=delivers))
            if status is not None and delivers:
                if status.at_unix_s != seen:
                    self._tell(camera_id, status)
            elif seen:
                self._blank(camera_id)

    def _up_value(self, camera_id: str, status: CameraStatus | None, *, delivers: bool) -> float:
        ended = status is not None and status.state is CameraState.ENDED  # a file that plays once has played
        if camera_id not in self.wanted or ended:
            return NAN
        return 1.0 if delivers else 0.0

    def _tell(self, camera_id: str, status: CameraStatus) -> None:
        labels = (camera_id,)
        for family, read in self._gauges:
            value = read(status)
            family.set(labels, NAN if value is None else value)
        for counter, count in self._counters:
            counter.set(labels, count(status))
        for reason, lost in status.drops.items():
            self._dropped.set((camera_id, reason), lost)
        self._stages.tell(camera_id, status.stages)
        self._ratio.set(labels, self._fps_ratio(camera_id, status) if status.every_frame else NAN)
        self._seen[camera_id] = status.at_unix_s

    def _fps_ratio(self, camera_id: str, status: CameraStatus) -> float:
        stream = (status.sub_stream, status.codec, status.width_px, status.height_px, round(status.source_fps))
        known = self._usual.get(camera_id)
        if known is None or known.stream != stream:
            known = self._usual[camera_id] = UsualRate(stream)
        return known.ratio(status.fps, status.at_unix_s)

    def _blank(self, camera_id: str) -> None:
        """Nothing is known while it does not deliver; counts stay where they were."""
        labels = (camera_id,)
        for family, _read in self._gauges:
            family.set(labels, NAN)
        self._ratio.set(labels, NAN)
        self._stages.blank(camera_id)
        self._seen[camera_id] = 0.0


class StageFigures:
    """Time per frame, and what went in and out of each stage."""

    def __init__(self, registry: Registry) -> None:
        series = c.MAX_CAMERAS * len(QUANTILES)
        self._seconds = registry.declare(c.STAGE_SECONDS, series * 8)
        self._in = registry.declare(c.STAGE_FRAMES, series * 3)
        self._out = registry.declare(c.STAGE_FRAMES_OUT, series * 3)
        self._queue = registry.declare(c.STAGE_QUEUE, series * 3)
        self._known: dict[str, frozenset[str]] = {}

    def tell(self, camera_id: str, stages: tuple[StageTime, ...]) -> None:
        """What the newest report says; stages that it does not name have no value."""
        names = frozenset(stage.stage for stage in stages)
        for gone in self._known.get(camera_id, frozenset()) - names:
            self._blank(camera_id, gone)
        self._known[camera_id] = names
        for stage in stages:
            worked = stage.p95_ms > 0.0
            for quantile, value_ms in zip(QUANTILES, (stage.p50_ms, stage.p95_ms, stage.p99_ms), strict=True):
                self._seconds.set((camera_id, stage.stage, quantile), value_ms / 1000.0 if worked else NAN)
            labels = (camera_id, stage.stage)
            self._in.set(labels, stage.frames_in)
            self._out.set(labels, stage.frames_out)
            self._queue.set(labels, stage.queue_depth)

    def blank(self, camera_id: str) -> None:
        """Nothing is known of a camera's stages."""
        for stage in self._known.pop(camera_id, frozenset()):
            self._blank(camera_id, stage)

    def _blank(self, camera_id: str, stage: str) -> None:
        for quantile in QUANTILES:
            self._seconds.set((camera_id, stage, quantile), NAN)
        self._queue.set((camera_id, stage), NAN)
