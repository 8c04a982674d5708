"""A camera is run apart and says where its time goes."""

import json
from pathlib import Path

import pytest

from popcam.core.errors import PopcamError, SourceNotFoundError
from popcam.core.protocol import ProfileCamera, Profiled, ProfiledStage, ProfiledThread
from popcam.core.spec import ActSpec, CameraSpec, RecordSpec, RestreamSpec, SourceSpec
from popcam.core.worker_settings import InferenceSpec
from popcam.pipeline.profiling import bottleneck, profile

SMALL = SourceSpec(url="demo:?width=320&height=180&fps=25")


def profiled(**more: object) -> Profiled:
    values: dict[str, object] = {"id": "cam", "source": SMALL, "act": ActSpec(kind="hide")}
    spec = CameraSpec(**(values | more))  # type: ignore[arg-type]
    return profile(ProfileCamera(spec=spec, seconds=1.0, timeout_s=30.0), InferenceSpec())


def one(stage: str, thread: str, wall_s: float) -> ProfiledStage:
    return ProfiledStage(stage=stage, thread=thread, calls=1, wall_s=wall_s, cpu_s=wall_s)


@pytest.fixture(scope="module")
def hidden() -> Profiled:
    return profiled()


def test_every_stage_of_a_hidden_watched_camera_is_told(hidden: Profiled) -> None:
    stages = {stage.stage for stage in hidden.stages}
    assert stages >= {"decode", "gate", "infer", "track", "act", "encode", "frame"}


def test_stages_add_up_to_no_more_than_the_process_computed(hidden: Profiled) -> None:
    assert 0 < sum(stage.cpu_s for stage in hidden.stages) <= 1.05 * hidden.cpu_s + 0.02


def test_bottleneck_is_a_stage_of_the_busiest_thread(hidden: Profiled) -> None:
    busiest = hidden.threads[0].thread
    assert (hidden.bottleneck, busiest) in {(stage.stage, stage.thread) for stage in hidden.stages}
    assert hidden.limit_fps > 0


def test_trace_opens_as_json(hidden: Profiled) -> None:
    names = {event["name"] for event in json.loads(hidden.trace)["traceEvents"]}
    assert {"infer", "encode", "wait"} <= names


def test_recordings_are_thrown_away_and_restreams_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = profiled(
        act=ActSpec(kind="pass"),
        record=RecordSpec(mode="continuous"),
        restream=(RestreamSpec(url="rtmp://127.0.0.1:1/live"),),
    )
    assert found.frames > 0
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError):
        profiled(source=SourceSpec(url=str(tmp_path / "none.mp4")))


def test_an_engine_that_does_not_load_is_told_by_its_name() -> None:
    spec = CameraSpec(id="cam", source=SMALL, act=ActSpec(kind="hide"))
    with pytest.raises(PopcamError) as caught:
        profile(ProfileCamera(spec=spec, seconds=0.5, timeout_s=20.0), InferenceSpec(providers=("rocm",)))
    assert caught.value.code == "inference.provider_unavailable"


def test_bottleneck_ignores_threads_that_have_time_left() -> None:
    stages = (one("decode", "read", 5.0), one("infer", "process", 4.0), one("encode", "process", 3.0))
    threads = (
        ProfiledThread(thread="process", busy_s=7.0, idle_s=3.0),
        ProfiledThread(thread="read", busy_s=5.0, idle_s=5.0),
    )
    assert bottleneck(stages, threads) == "infer"


def test_without_frames_there_is_no_bottleneck() -> None:
    assert bottleneck((), ()) == ""
