"""Checks of cameras: what each makes of what a worker reports."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.fakes.hand_clock import HandClock

from popcam.config.model import MonitoringSettings
from popcam.core.facts import CameraState, CameraStatus, FaultReport
from popcam.core.monitoring import CheckGroup, Outcome
from popcam.monitoring.checks.camera_words import WORDS
from popcam.monitoring.checks.cameras import SILENCE_S, START_S, CameraNow, camera_checks
from popcam.monitoring.health_runner import Glance


@dataclass
class Camera:
    """A camera, and what its checks find."""

    clock: HandClock = field(default_factory=HandClock)
    wanted: bool = True
    fps_ratio: float | None = None
    status: CameraStatus | None = None
    limits: MonitoringSettings = field(default_factory=MonitoringSettings)

    def __post_init__(self) -> None:
        now = lambda: CameraNow(self.wanted, self.status, self.fps_ratio)  # noqa: E731
        self.checks = {check.name: check for check in camera_checks("door", now, lambda: self.limits, self.clock)}

    def report(self, state: CameraState = CameraState.RUNNING, *faults: FaultReport, **fields: Any) -> "Camera":
        """Its worker reports now."""
        now_unix_s = self.clock.unix_s()
        self.status = CameraStatus(
            camera_id="door", state=state, since_unix_s=now_unix_s, at_unix_s=now_unix_s, faults=faults, **fields
        )
        return self

    def finds(self, name: str) -> Outcome:
        look = self.checks[name].look
        assert isinstance(look, Glance)
        return look.look()


@pytest.fixture
def camera() -> Camera:
    return Camera()


def test_each_check_is_about_the_camera_and_says_what_to_do(camera: Camera) -> None:
    for check in camera.checks.values():
        assert (check.group, check.subject) == (CheckGroup.CAMERAS, "door")
        assert check.remedy == WORDS[check.name].remedy


def test_a_camera_that_is_not_to_run_has_nothing_to_look_at(camera: Camera) -> None:
    camera.wanted = False
    camera.report(CameraState.STOPPED)
    assert {camera.finds(name).state for name in camera.checks} == {"absent"}


@pytest.mark.parametrize("state", [CameraState.RUNNING, CameraState.IDLE])
def test_pictures_come(camera: Camera, state: CameraState) -> None:
    assert camera.report(state, received_fps=14.5).finds("camera.frames") == Outcome("ok", figure=14.5)


def test_a_camera_may_take_a_while_to_start(camera: Camera) -> None:
    assert camera.finds("camera.frames").state == "unknown"
    camera.clock.pass_s(START_S + 1.0)
    assert camera.report(CameraState.STARTING).finds("camera.frames").state == "failed"


def test_a_lost_camera_fails_at_once_with_the_reason_and_what_to_do(camera: Camera) -> None:
    camera.report().finds("camera.frames")
    fault = FaultReport(code="source.unreachable", detail="10.0.0.5 port 554")
    found = camera.report(CameraState.RECONNECTING, fault).finds("camera.frames")
    assert (found.state, found.code) == ("failed", "source.unreachable")
    assert "10.0.0.5 port 554" in found.detail.en
    assert found.remedy.en


def test_a_restart_does_not_hide_that_a_camera_is_lost(camera: Camera) -> None:
    camera.report(CameraState.RECONNECTING).finds("camera.frames")
    assert camera.report(CameraState.STARTING).finds("camera.frames").state == "failed"
    assert camera.report(CameraState.RUNNING).finds("camera.frames").state == "ok"
    assert camera.report(CameraState.STARTING).finds("camera.frames").state == "unknown"


def test_a_worker_that_says_nothing_is_noticed(camera: Camera) -> None:
    camera.report()
    camera.clock.pass_s(SILENCE_S)
    found = camera.finds("camera.frames")
    assert (found.state, found.code) == ("failed", "worker.unavailable")


def test_a_file_that_has_ended_is_no_failure(camera: Camera) -> None:
    assert camera.report(CameraState.ENDED).finds("camera.frames").state == "absent"


@pytest.mark.parametrize(("frozen_s", "state"), [(None, "absent"), (0.0, "ok"), (5.9, "ok"), (6.0, "failed")])
def test_a_picture_that_stays_the_very_same_is_frozen(camera: Camera, frozen_s: float | None, state: str) -> None:
    assert camera.report(frozen_s=frozen_s).finds("camera.frozen").state == state


def test_the_settings_say_how_long_a_frozen_picture_lasts(camera: Camera) -> None:
    camera.limits = MonitoringSettings(frozen_s=60.0)
    assert camera.report(frozen_s=30.0).finds("camera.frozen").state == "ok"


@pytest.mark.parametrize(("dark", "state"), [(None, "unknown"), (False, "ok"), (True, "failed")])
def test_a_covered_lens_is_told(camera: Camera, dark: bool | None, state: str) -> None:
    assert camera.report(dark=dark).finds("camera.dark").state == state


@pytest.mark.parametrize(("ratio", "state"), [(None, "ok"), (0.9, "ok"), (0.5, "ok"), (0.49, "failed")])
def test_a_slow_camera_is_told_by_its_usual_rate(camera: Camera, ratio: float | None, state: str) -> None:
    camera.fps_ratio = ratio
    assert camera.report().finds("camera.fps").state == state


@pytest.mark.parametrize(
    ("skew_s", "state"), [(None, "absent"), (1.9, "ok"), (-2.1, "warning"), (31.0, "failed"), (-3600.0, "failed")]
)
def test_a_wrong_clock_is_told(camera: Camera, skew_s: float | None, state: str) -> None:
    assert camera.report(clock_skew_s=skew_s).finds("camera.clock").state == state


def test_a_failing_output_is_told_while_pictures_come(camera: Camera) -> None:
    assert camera.report().finds("camera.outputs").state == "ok"
    faults = (FaultReport(code="restream.failed", detail="refused"), FaultReport(code="storage.full"))
    found = camera.report(CameraState.RUNNING, *faults).finds("camera.outputs")
    assert (found.state, found.code, found.figure) == ("failed", "restream.failed", 2.0)
    assert "and 1 more" in found.detail.en


@pytest.mark.parametrize("name", ["camera.frozen", "camera.dark", "camera.fps", "camera.clock", "camera.outputs"])
def test_nothing_is_said_of_pictures_that_do_not_come(camera: Camera, name: str) -> None:
    assert camera.report(CameraState.RECONNECTING, frozen_s=99.0, dark=True).finds(name).state == "unknown"
