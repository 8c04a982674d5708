"""How popcam performs now, as the API answers it: put together from figures and parts."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from popcam.core.facts import STAGES, CameraState, CameraStatus, StageTime
from popcam.core.language import Language
from popcam.core.monitoring import Aggregate, Labels
from popcam.monitoring.bottlenecks import is_limited, lost_share, of_camera, stage_shares
from popcam.monitoring.http_figures import WINDOW_S
from popcam.monitoring.performance import FPS, LATENCY, Performance
from popcam.server import performance_forms as forms
from popcam.server import performance_schemas as schemas
from popcam.server.cache_schemas import stats_of

if TYPE_CHECKING:
    from popcam.server.response_cache import ResponseCache

RATE_S = 10.0
LOOPBACK = frozenset({"lo", "lo0"})


def performance_out(
    performance: Performance, cache: "ResponseCache", at_unix_s: float, language: Language
) -> schemas.PerformanceOut:
    """The summary."""
    http = performance.http
    worst = next((one for one in performance.bottlenecks() if one.severity != "info"), None)
    everything = http.all()
    return schemas.PerformanceOut(
        at_unix_s=at_unix_s,
        window_s=WINDOW_S,
        responses=schemas.ResponsesOut(
            total=http.requests(),
            per_s=round(sum(route.per_s for route in http.routes()), 4),
            errors_ratio=round(http.errors_ratio(), 4),
            in_flight=http.in_flight,
            times=forms.times_of(everything),
        ),
        loop=forms.times_of(performance.loop.summary()),
        database=forms.database_of(performance.database.state()),
        cache=stats_of(cache),
        cameras=_cameras(performance),
        machine=machine_out(performance),
        processes=[forms.process_of(process) for process in performance.processes()],
        bottleneck=None if worst is None else forms.bottleneck_of(worst, language),
    )


def machine_out(performance: Performance) -> schemas.MachineOut:
    """The machine."""
    told = _Told(performance)
    disks = {labels[0] for labels in told.latest("popcam_disk_free_bytes")}
    gpus = {labels[0] for labels in told.latest("popcam_gpu_use_ratio")}
    read, written = told.rate("popcam_disk_read_bytes_total"), told.rate("popcam_disk_written_bytes_total")
    return schemas.MachineOut(
        cores=performance.machine().cores,
        cpu_ratio=told.one("popcam_host_cpu_ratio"),
        load1=told.one("popcam_host_load1"),
        memory_available_bytes=told.one("popcam_host_memory_available_bytes"),
        memory_available_ratio=told.one("popcam_host_memory_available_ratio"),
        received_bytes_per_s=_outside(told.rate("popcam_network_received_bytes_total")),
        sent_bytes_per_s=_outside(told.rate("popcam_network_sent_bytes_total")),
        disks=[
            schemas.DiskOut(
                disk=disk,
                free_bytes=told.one("popcam_disk_free_bytes", disk),
                free_ratio=told.one("popcam_disk_free_ratio", disk),
                read_bytes_per_s=forms.known(read.get((disk,))),
                written_bytes_per_s=forms.known(written.get((disk,))),
            )
            for disk in sorted(disks)
        ],
        gpus=[
            schemas.GpuOut(
                gpu=gpu,
                use_ratio=told.one("popcam_gpu_use_ratio", gpu),
                memory_ratio=told.one("popcam_gpu_memory_ratio", gpu),
                encoder_ratio=told.one("popcam_gpu_encoder_ratio", gpu),
                temperature_celsius=told.one("popcam_gpu_temperature_celsius", gpu),
            )
            for gpu in sorted(gpus)
        ],
        temperatures_celsius={labels[0]: value for labels, value in told.latest("popcam_temperature_celsius").items()},
    )


def camera_out(camera_id: str, status: CameraStatus | None, language: Language) -> schemas.CameraPerformanceOut:
    """One camera. One that never reported did nothing."""
    at_unix_s = None if status is None else status.at_unix_s
    if status is None:
        status = CameraStatus(camera_id=camera_id, state=CameraState.STOPPED, since_unix_s=0.0, at_unix_s=0.0)
    shares = stage_shares(status)
    return schemas.CameraPerformanceOut(
        camera_id=camera_id,
        at_unix_s=at_unix_s,
        fps=round(status.fps, 3),
        source_fps=round(status.source_fps, 3),
        received_fps=status.received_fps,
        lost_share=round(lost_share(status), 4),
        load_level=status.load_level,
        latency_ms=status.latency_ms,
        bitrate_bps=status.bitrate_bps,
        queue_depth=status.queue_depth,
        drops=status.drops,
        reconnects=status.reconnects,
        restarts=status.restarts,
        uncovered_frames=status.uncovered_frames,
        jitter_ms=_ms(status.jitter_s),
        rtt_ms=_ms(status.rtt_s),
        lost_packets=status.lost_packets,
        stages=[
            schemas.StageOut(
                stage=stage.stage,
                share=round(shares[stage.stage], 4) if stage.stage in shares else None,
                mean_ms=round(stage.mean_ms, 3),
                p50_ms=round(stage.p50_ms, 3),
                p95_ms=round(stage.p95_ms, 3),
                p99_ms=round(stage.p99_ms, 3),
                frames_in=stage.frames_in,
                frames_out=stage.frames_out,
                queue_depth=stage.queue_depth,
            )
            for stage in sorted(status.stages, key=_place)
        ],
        bottlenecks=[forms.bottleneck_of(found, language) for found in of_camera(status)],
    )


class _Told:
    """Newest figures by name, as JSON has them: null where there is none."""

    def __init__(self, performance: Performance) -> None:
        self._figures = performance.figures
        self._names = performance.registry.metrics()

    def latest(self, name: str) -> Mapping[Labels, float]:
        return self._figures.latest(name) if name in self._names else {}

    def one(self, name: str, *labels: str) -> float | None:
        return forms.known(self.latest(name).get(labels))

    def rate(self, name: str) -> Mapping[Labels, float]:
        how: Aggregate = "rate"
        return self._figures.over(name, how, RATE_S) if name in self._names else {}


def _cameras(performance: Performance) -> schemas.CamerasTogetherOut:
    told, statuses = _Told(performance), performance.statuses()
    late_s = told.one(LATENCY.name)
    return schemas.CamerasTogetherOut(
        total=len(statuses),
        running=sum(status.state is CameraState.RUNNING for status in statuses.values()),
        limited=sum(is_limited(status) for status in statuses.values()),
        fps=round(told.one(FPS.name) or 0.0, 3),
        latency_ms=_ms(late_s),
    )


def _outside(rates: Mapping[Labels, float]) -> float | None:
    """Of all interfaces but those that lead back to this machine."""
    told = [rate for labels, rate in rates.items() if labels[0] not in LOOPBACK and not math.isnan(rate)]
    return sum(told) if told else None


def _place(stage: StageTime) -> int:
    """In the order of a frame's way."""
    return STAGES.index(stage.stage) if stage.stage in STAGES else len(STAGES)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else forms.ms(seconds)
