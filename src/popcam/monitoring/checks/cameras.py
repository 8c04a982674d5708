"""Checks of one camera. They read what its worker reported a second ago, and open nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from popcam.config.model import MonitoringSettings
from popcam.core.clock import Clock
from popcam.core.errors import error_of_code
from popcam.core.facts import CameraState, CameraStatus, FaultReport
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, Outcome, Severity
from popcam.monitoring.checks.camera_words import WORDS
from popcam.monitoring.health_runner import Glance

START_S = 15.0
"""A camera that has begun to start may take so long until its first picture."""
SILENCE_S = 5.0
"""Status reports come once a second; without any for so long nobody works for the camera."""
CLOCK_WARNING_S = 2.0
CLOCK_FAILED_S = 30.0
"""Recordings and events carry our own time; a camera's clock matters for what it writes into the picture."""
PICTURES_COME = frozenset({CameraState.RUNNING, CameraState.IDLE})
BROKEN = frozenset({CameraState.RECONNECTING, CameraState.FAILED, CameraState.ISOLATED})

NOT_WANTED = Outcome("absent", Text("the camera is not meant to run", "摄像头未启用运行"))
NO_PICTURES = Outcome("unknown", Text("no pictures come", "没有画面"))
STARTING = Outcome("unknown", Text("it is starting", "正在启动"))


class CameraNow(NamedTuple):
    """What is known of a camera at this moment.

    Attributes:
        wanted: it shall run.
        status: what its worker reported last; None for nothing yet.
        fps_ratio: its rate as a share of the usual one, mean of the last half minute; None while not every picture is
            wanted, or nothing is known.
    """

    wanted: bool
    status: CameraStatus | None
    fps_ratio: float | None = None


Now = Callable[[], CameraNow]
Limits = Callable[[], MonitoringSettings]


def camera_checks(camera_id: str, now: Now, limits: Limits, clock: Clock) -> Iterator[Check]:
    """All checks of a camera that look at what its worker reports.

    Args:
        camera_id: the camera.
        now: what is known of it.
        limits: the settings of the moment.
        clock: the time.
    """
    frames = Frames(now, clock)
    yield _check("camera.frames", camera_id, frames.look, every_s=1.0, severity="critical")
    yield _check("camera.frozen", camera_id, lambda: frozen(now(), limits().frozen_s), every_s=1.0, severity="critical")
    yield _check("camera.dark", camera_id, lambda: dark(now()), every_s=2.0, severity="warning")
    yield _check("camera.fps", camera_id, lambda: slow(now(), limits().min_fps_share), every_s=5.0, severity="warning")
    yield _check("camera.clock", camera_id, lambda: clock_wrong(now()), every_s=10.0, severity="info")
    yield _check("camera.outputs", camera_id, lambda: outputs(now()), every_s=2.0, severity="warning")


def _check(name: str, camera_id: str, look: Callable[[], Outcome], *, every_s: float, severity: Severity) -> Check:
    words = WORDS[name]
    return Check(
        name=name,
        subject=camera_id,
        group=CheckGroup.CAMERAS,
        title=words.title,
        about=words.about,
        remedy=words.remedy,
        look=Glance(look),
        every_s=every_s,
        severity=severity,
    )


@dataclass(slots=True)
class Frames:
    """Whether pictures come. A camera that starts has some time for it; a lost one stays failed until they do."""

    now: Now
    clock: Clock
    _since_s: float | None = None
    """Since when it is wanted and has no pictures."""
    _failed: bool = False

    def look(self) -> Outcome:
        """One look."""
        wanted, status, _ = self.now()
        if not wanted:
            self._since_s, self._failed = None, False
            return NOT_WANTED
        if status is not None and status.state is CameraState.ENDED:
            self._since_s, self._failed = None, False
            return Outcome("absent", Text("its file has ended", "文件已播放完毕"))
        age_s = None if status is None else self.clock.unix_s() - status.at_unix_s
        if status is not None and age_s is not None and age_s < SILENCE_S and status.state in PICTURES_COME:
            self._since_s, self._failed = None, False
            return Outcome("ok", figure=status.received_fps if status.received_fps is not None else status.fps)
        return self._without(status, age_s)

    def _without(self, status: CameraStatus | None, age_s: float | None) -> Outcome:
        now_s = self.clock.monotonic_s()
        if self._since_s is None:
            self._since_s = now_s
        away_s = now_s - self._since_s
        if status is not None and age_s is not None and age_s >= SILENCE_S:
            self._failed = True
            return Outcome(
                "failed",
                Text(f"its worker has not reported for {age_s:.0f} s", f"工作进程已 {age_s:.0f} 秒没有报告"),
                code="worker.unavailable",
                figure=age_s,
            )
        if status is not None and status.state in BROKEN:
            self._failed = True
        if not self._failed and away_s < START_S:
            return STARTING
        self._failed = True
        return no_pictures(status, away_s)


def no_pictures(status: CameraStatus | None, away_s: float) -> Outcome:
    """The failure, with the reason that the worker gives."""
    told = Text(f"no pictures for {away_s:.0f} s", f"已 {away_s:.0f} 秒没有画面")
    fault = status.faults[0] if status is not None and status.faults else None
    return Outcome("failed", told, figure=away_s) if fault is None else _with(told, fault, away_s)


def _with(told: Text, fault: FaultReport, figure: float) -> Outcome:
    error = error_of_code(fault.code)(fault.detail)
    detail = Text(f"{told.en}: {error.message('en')}", f"{told.zh}：{error.message('zh')}")
    return Outcome("failed", detail, code=fault.code, remedy=error.hint, figure=figure)


def frozen(now: CameraNow, limit_s: float) -> Outcome:
    """Whether the picture changes at all."""
    if (without := _no_look(now)) is not None:
        return without
    frozen_s = now.status.frozen_s if now.status is not None else None
    if frozen_s is None:
        return Outcome("absent", Text("not known yet whether this picture ever changes", "尚不确定该画面是否会变化"))
    if frozen_s < limit_s:
        return Outcome("ok", figure=frozen_s)
    detail = Text(f"the very same picture for {frozen_s:.0f} s", f"画面已 {frozen_s:.0f} 秒完全不变")
    return Outcome("failed", detail, figure=frozen_s)


def dark(now: CameraNow) -> Outcome:
    """Whether something can be seen in the picture."""
    if (without := _no_look(now)) is not None:
        return without
    is_dark = now.status.dark if now.status is not None else None
    if is_dark is None:
        return NO_PICTURES
    if not is_dark:
        return Outcome("ok")
    return Outcome(
        "failed", Text("the picture is black, or of one brightness all over", "画面全黑，或整幅亮度一致"), figure=1.0
    )


def slow(now: CameraNow, min_share: float) -> Outcome:
    """Whether the camera delivers its usual rate; it can only be told while somebody wants every picture."""
    if (without := _no_look(now)) is not None:
        return without
    ratio = now.fps_ratio
    if ratio is None:
        return Outcome("ok", Text("not every picture is wanted now", "目前不需要每一帧"))
    told = Text(f"{ratio:.0%} of its usual frames per second", f"为平常帧率的 {ratio:.0%}")
    return Outcome("ok" if ratio >= min_share else "failed", told, figure=ratio)


def clock_wrong(now: CameraNow) -> Outcome:
    """Whether the camera's clock agrees with ours."""
    if (without := _no_look(now)) is not None:
        return without
    skew_s = now.status.clock_skew_s if now.status is not None else None
    if skew_s is None:
        return Outcome("absent", Text("the camera does not tell its time", "摄像头未提供时间"))
    told = Text(
        f"its clock is {abs(skew_s):.1f} s {'ahead' if skew_s > 0 else 'behind'}",
        f"时钟{'快' if skew_s > 0 else '慢'} {abs(skew_s):.1f} 秒",
    )
    off_s = abs(skew_s)
    state = "ok" if off_s < CLOCK_WARNING_S else "warning" if off_s < CLOCK_FAILED_S else "failed"
    return Outcome(state, told, figure=skew_s)  # type: ignore[arg-type]


def outputs(now: CameraNow) -> Outcome:
    """Whether restreams, recordings and engines of a camera with pictures work."""
    if (without := _no_look(now)) is not None:
        return without
    faults = now.status.faults if now.status is not None else ()
    if not faults:
        return Outcome("ok")
    first = faults[0]
    error = error_of_code(first.code)(first.detail)
    more = len(faults) - 1
    told = Text(
        error.message("en") + (f"; and {more} more" if more else ""),
        error.message("zh") + (f"；另有 {more} 项" if more else ""),
    )
    return Outcome("failed", told, code=first.code, remedy=error.hint, figure=float(len(faults)))


def _no_look(now: CameraNow) -> Outcome | None:
    """What is found where no pictures come that could be looked at."""
    if not now.wanted:
        return NOT_WANTED
    if now.status is None or now.status.state not in PICTURES_COME:
        return NO_PICTURES
    return None
