"""Figures of cameras, from their reports: what is known is told, what is not known is absent."""

import msgspec
import pytest
from tests.fakes.hand_clock import HandClock

from popcam.core.facts import CameraState, CameraStatus, StageTime
from popcam.monitoring.cameras import FRESH_S, CameraFigures
from popcam.monitoring.registry import Registry
from popcam.monitoring.usual import LEARN_S


class Site:
    """Two cameras that shall run."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.registry = Registry()
        self.statuses: dict[str, CameraStatus] = {}
        self.cameras = CameraFigures(self.registry, lambda: self.statuses, self.clock)
        self.cameras.set_cameras(["gate", "yard"], ["gate", "yard"])

    def report(
        self, camera_id: str = "gate", state: CameraState = CameraState.RUNNING, **fields: object
    ) -> CameraStatus:
        now_s = self.clock.unix_s()
        status = CameraStatus(camera_id=camera_id, state=state, since_unix_s=now_s, at_unix_s=now_s)
        self.statuses[camera_id] = msgspec.structs.replace(status, **fields)
        return self.statuses[camera_id]

    def value(self, name: str, *labels: str) -> float | None:
        return self.registry.family(f"popcam_{name}").value(labels or ("gate",))


@pytest.fixture
def site() -> Site:
    return Site()


STAGE = StageTime(
    stage="detect", frames=25, mean_ms=4.0, p50_ms=3.5, p95_ms=6.0, p99_ms=8.0, max_ms=9.0, frames_in=100, frames_out=99
)


def test_what_a_camera_reports_is_told_in_base_units(site: Site) -> None:
    site.report(fps=24.5, latency_ms=35.0, bitrate_bps=4e6, viewers=2, frames=1000, frozen_s=0.0, dark=False)
    site.cameras.sample()
    assert site.value("camera_fps") == 24.5
    assert site.value("camera_latency_seconds") == 0.035
    assert site.value("camera_bitrate_bits_per_second") == 4e6
    assert site.value("camera_viewers") == 2
    assert site.value("camera_frames_total") == 1000
    assert site.value("camera_frozen_seconds") == 0
    assert site.value("camera_dark") == 0


def test_what_is_not_known_is_absent(site: Site) -> None:
    site.report(latency_ms=None, frozen_s=None, dark=None, rtt_s=None, clock_skew_s=None)
    site.cameras.sample()
    for name in ("latency_seconds", "frozen_seconds", "dark", "rtt_seconds", "clock_skew_seconds", "jitter_seconds"):
        assert site.value(f"camera_{name}") is None


@pytest.mark.parametrize(
    ("state", "up"),
    [
        (CameraState.RUNNING, 1.0),
        (CameraState.IDLE, 1.0),
        (CameraState.STARTING, 0.0),
        (CameraState.RECONNECTING, 0.0),
        (CameraState.FAILED, 0.0),
        (CameraState.ISOLATED, 0.0),
        (CameraState.ENDED, None),
    ],
)
def test_a_camera_is_up_while_it_delivers(site: Site, state: CameraState, up: float | None) -> None:
    site.report(state=state)
    site.cameras.sample()
    assert site.value("camera_up") == up


def test_a_wanted_camera_that_never_reported_is_down(site: Site) -> None:
    site.cameras.sample()
    assert site.value("camera_up") == 0.0


def test_a_camera_that_shall_not_run_is_neither_up_nor_down(site: Site) -> None:
    site.report(state=CameraState.STOPPED)
    site.cameras.set_cameras(["gate", "yard"], ["yard"])
    site.cameras.sample()
    assert site.value("camera_up") is None


def test_a_report_that_is_old_says_nothing_of_now(site: Site) -> None:
    site.report(fps=25.0)
    site.cameras.sample()
    site.clock.pass_s(FRESH_S + 1)
    site.cameras.sample()
    assert (site.value("camera_up"), site.value("camera_fps")) == (0.0, None)


def test_figures_are_blank_while_nothing_is_delivered_and_counts_stay(site: Site) -> None:
    site.report(fps=25.0, frames=500, stages=(STAGE,))
    site.cameras.sample()
    site.report(state=CameraState.RECONNECTING, frames=500)
    site.cameras.sample()
    assert site.value("camera_fps") is None
    assert site.value("stage_seconds", "gate", "detect", "0.95") is None
    assert site.value("camera_frames_total") == 500


def test_a_report_is_put_as_soon_as_it_comes(site: Site) -> None:
    site.cameras.take(site.report(fps=12.0))
    assert site.value("camera_fps") == 12.0


def test_reports_of_unknown_cameras_are_not_put(site: Site) -> None:
    site.cameras.take(site.report("attic", fps=12.0))
    assert site.value("camera_fps", "attic") is None


def test_lost_frames_are_told_by_reason(site: Site) -> None:
    site.report(drops={"late": 3, "queue_full": 4})
    site.cameras.sample()
    assert site.value("camera_dropped_frames_total", "gate", "late") == 3
    assert site.value("camera_dropped_frames_total", "gate", "queue_full") == 4


def test_stages_have_their_times_and_what_went_in_and_out(site: Site) -> None:
    site.report(stages=(STAGE,))
    site.cameras.sample()
    assert site.value("stage_seconds", "gate", "detect", "0.5") == 0.0035
    assert site.value("stage_seconds", "gate", "detect", "0.99") == 0.008
    assert site.value("stage_frames_total", "gate", "detect") == 100
    assert site.value("stage_frames_out_total", "gate", "detect") == 99


def test_a_stage_that_had_nothing_to_do_has_no_time(site: Site) -> None:
    site.report(stages=(msgspec.structs.replace(STAGE, p50_ms=0.0, p95_ms=0.0, p99_ms=0.0),))
    site.cameras.sample()
    assert site.value("stage_seconds", "gate", "detect", "0.95") is None


def test_a_stage_that_is_not_told_any_more_has_no_time(site: Site) -> None:
    site.report(stages=(STAGE,))
    site.cameras.sample()
    site.clock.pass_s(1)
    site.report()
    site.cameras.sample()
    assert site.value("stage_seconds", "gate", "detect", "0.95") is None


def run_usual(site: Site, fps: float) -> None:
    for _ in range(int(LEARN_S) + 2):
        site.clock.pass_s(1)
        site.cameras.take(site.report(fps=fps, every_frame=True, source_fps=25.0))


def test_a_collapse_of_the_rate_is_told_against_what_is_usual(site: Site) -> None:
    run_usual(site, 25.0)
    assert site.value("camera_fps_ratio") == pytest.approx(1.0)
    site.clock.pass_s(1)
    site.cameras.take(site.report(fps=5.0, every_frame=True, source_fps=25.0))
    assert site.value("camera_fps_ratio") == pytest.approx(0.2, rel=0.01)


def test_while_not_every_frame_is_wanted_no_rate_is_too_low(site: Site) -> None:
    run_usual(site, 25.0)
    site.clock.pass_s(1)
    site.cameras.take(site.report(fps=1.0, every_frame=False, source_fps=25.0))
    assert site.value("camera_fps_ratio") is None


@pytest.mark.parametrize("how", ["settings", "stream"])
def test_after_a_change_something_else_is_usual(site: Site, how: str) -> None:
    run_usual(site, 25.0)
    site.clock.pass_s(1)
    if how == "settings":
        site.cameras.set_cameras(["gate", "yard"], ["gate", "yard"], changed=["gate"])
    site.cameras.take(site.report(fps=5.0, every_frame=True, source_fps=25.0, sub_stream=how == "stream"))
    assert site.value("camera_fps_ratio") is None


def test_a_camera_that_is_gone_leaves_nothing(site: Site) -> None:
    site.report(fps=25.0, stages=(STAGE,), drops={"late": 1})
    site.cameras.sample()
    site.cameras.set_cameras(["yard"], ["yard"])
    site.cameras.sample()
    left = [labels for family in site.registry.families() for labels in family.rows() if "gate" in labels]
    assert left == []
