"""What limits popcam now, ranked, each with its cause in plain words and what would help. Pure.

A bottleneck's `weight` says how much it costs: pictures that are lost count most, then what keeps people waiting, then
what is merely busy. Bounds are ours, named here, and said in the guide.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest
from typing import Final, Literal

from popcam.core.facts import CameraState, CameraStatus
from popcam.core.language import Text
from popcam.core.monitoring import Severity
from popcam.monitoring.stage_words import HELP, NAMES

Kind = Literal[
    "camera_stage", "camera_latency", "camera_network", "machine_cpu", "machine_memory", "gpu", "worker_cpu",
    "server_loop", "database", "route",
]  # fmt: skip

LOST_SHARE: Final = 0.1
"""A camera that loses more of its pictures than this is limited."""
CRITICAL_SHARE: Final = 0.5
SLOW_LATENCY_S: Final = 1.0
UNEVEN_S: Final = 0.1
FAR_S: Final = 0.15
MAX_MERELY_BUSY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """One thing that limits, or would limit next.

    Attributes:
        kind: stable name of what it is.
        subject: what it is about: camera, worker, route, graphics card; empty for the machine or the server.
        camera_id: of what concerns one camera, else empty.
        stage: of a camera's frames, else empty.
        severity: `info` is what takes the most while nothing is lost.
        weight: 0..1, how much it costs; the order of the list.
        share: 0..1, what `cause` names in percent; None where it names none.
        cause, remedy: for people.
    """

    kind: Kind
    subject: str = ""
    camera_id: str = ""
    stage: str = ""
    severity: Severity
    weight: float
    share: float | None = None
    cause: Text
    remedy: Text


def stage_shares(status: CameraStatus) -> dict[str, float]:
    """What part of a camera's processing time each stage took since the last report; empty while nothing did."""
    busy_ms = {stage.stage: stage.frames * stage.mean_ms for stage in status.stages}
    total_ms = sum(busy_ms.values())
    return {stage: took_ms / total_ms for stage, took_ms in busy_ms.items()} if total_ms > 0 else {}


def lost_share(status: CameraStatus) -> float:
    """Share of the camera's pictures that are not processed although every one is wanted."""
    received = status.received_fps or 0.0
    if not status.every_frame or received <= 0:
        return 0.0
    return max(0.0, min(1.0, 1.0 - status.fps / received))


def ranked(statuses: Iterable[CameraStatus], others: Iterable[Bottleneck]) -> list[Bottleneck]:
    """All that limits, what costs most first; then a few cameras of those that take the most while nothing is lost.

    Args:
        statuses: of all cameras.
        others: what was found about the machine and the server.
    """
    limited: list[CameraStatus] = []
    rest: list[CameraStatus] = []
    for status in statuses:
        (limited if is_limited(status) else rest).append(status)
    busiest = nlargest(MAX_MERELY_BUSY, rest, key=busy_s)
    found = [*others, *(one for status in (*limited, *busiest) for one in of_camera(status))]
    return sorted(found, key=lambda one: (one.severity == "info", -one.weight, one.kind, one.subject))


def is_limited(status: CameraStatus) -> bool:
    """Whether something keeps a camera from doing all that is wanted of it. Asked of all cameras: it costs little."""
    if status.state is not CameraState.RUNNING:
        return False
    lossy = status.load_level > 0 or lost_share(status) > LOST_SHARE
    return lossy or _is_late(status) or _is_far(status)


def busy_s(status: CameraStatus) -> float:
    """Processing time of a camera's stages since its last report."""
    return sum(stage.frames * stage.mean_ms for stage in status.stages) / 1000


def of_camera(status: CameraStatus) -> list[Bottleneck]:
    """What limits one camera: the stage of its frames that takes the most, its delay, its network."""
    if status.state is not CameraState.RUNNING:
        return []
    return [*_stage(status), *_latency(status), *_network(status)]


def _stage(status: CameraStatus) -> list[Bottleneck]:
    shares = stage_shares(status)
    if not shares:
        return []
    stage = status.bottleneck if status.bottleneck in shares else max(shares, key=lambda name: shares[name])
    share, lost = shares[stage], lost_share(status)
    limited = lost > LOST_SHARE or status.load_level > 0
    severity: Severity = "info"
    if limited:
        severity = "critical" if lost > CRITICAL_SHARE else "warning"
    name, percent = NAMES.get(stage, Text(stage, stage)), f"{share:.0%}"
    lost_en = f", and {lost:.0%} of the pictures are left out" if limited and lost > 0 else ""
    lost_zh = f"，{lost:.0%} 的画面被跳过" if limited and lost > 0 else ""
    cause = Text(
        f"{name.en} takes {percent} of the frame time of camera {status.camera_id}{lost_en}",
        f"摄像头 {status.camera_id} 的{name.zh}占每帧处理时间的 {percent}{lost_zh}",
    )
    return [
        Bottleneck(
            kind="camera_stage",
            subject=status.camera_id,
            camera_id=status.camera_id,
            stage=stage,
            severity=severity,
            weight=max(lost, 0.2) if limited else min(0.19, 0.19 * busy_s(status)),
            share=share,
            cause=cause,
            remedy=HELP.get(stage, HELP[""]),
        )
    ]


def _latency(status: CameraStatus) -> list[Bottleneck]:
    if not _is_late(status):
        return []
    late_s = (status.latency_ms or 0.0) / 1000
    return [
        Bottleneck(
            kind="camera_latency",
            subject=status.camera_id,
            camera_id=status.camera_id,
            severity="warning",
            weight=min(0.6, 0.2 + late_s / 20),
            cause=Text(
                f"Pictures of camera {status.camera_id} are shown {late_s:.1f} s after they came",
                f"摄像头 {status.camera_id} 的画面到达后 {late_s:.1f} 秒才显示",
            ),
            remedy=Text(
                "The processor is too busy for this camera: see its slowest stage, and use the sub stream.",
                "处理器负荷过高：请查看该摄像头最慢的阶段，并改用子码流。",
            ),
        )
    ]


def _network(status: CameraStatus) -> list[Bottleneck]:
    if not _is_far(status):
        return []
    uneven_s, far_s = status.jitter_s or 0.0, status.rtt_s or 0.0
    return [
        Bottleneck(
            kind="camera_network",
            subject=status.camera_id,
            camera_id=status.camera_id,
            severity="warning",
            weight=min(0.5, 0.15 + uneven_s + far_s / 4),
            cause=Text(
                f"Packets of camera {status.camera_id} come unevenly ({1000 * uneven_s:.0f} ms), "
                f"and a way there and back takes {1000 * far_s:.0f} ms",
                f"摄像头 {status.camera_id} 的数据包到达不均匀（{1000 * uneven_s:.0f} 毫秒），"
                f"往返耗时 {1000 * far_s:.0f} 毫秒",
            ),
            remedy=Text(
                "Look at the network on the way to the camera: a cable in the place of Wi-Fi, a lower bitrate, TCP.",
                "请检查到摄像头的网络：用网线代替 Wi-Fi、降低码率、使用 TCP。",
            ),
        )
    ]


def _is_late(status: CameraStatus) -> bool:
    return (status.latency_ms or 0.0) >= 1000 * SLOW_LATENCY_S


def _is_far(status: CameraStatus) -> bool:
    return (status.jitter_s or 0.0) >= UNEVEN_S or (status.rtt_s or 0.0) >= FAR_S
