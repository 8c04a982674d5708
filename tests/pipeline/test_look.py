"""When a camera looks, and what it knows then."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import structlog
from tests.fakes.engines import ScriptedEngine, face_at
from tests.fakes.frames import grey_frame
from tests.fakes.pipeline_host import FakeHost

from popcam.core.errors import ModelCorruptError
from popcam.core.facts import Detection
from popcam.core.frame import Frame
from popcam.core.spec import ActSpec, CameraSpec, DetectSpec, GateSpec, SourceSpec
from popcam.pipeline.look import Looker, Sight
from popcam.pipeline.stage_times import StageTimes

HIDE = ActSpec(kind="hide")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FakeHost]:
    with ThreadPoolExecutor(1) as threads:
        yield FakeHost(tmp_path, threads, ScriptedEngine([face_at(0.5)]))


def looker(host: FakeHost, **more: object) -> Looker:
    spec = CameraSpec(id="cam", source=SourceSpec(url="synthetic:"), **more)  # type: ignore[arg-type]
    return Looker(spec, host, StageTimes(), structlog.get_logger())


def still(seq: int) -> Frame:
    return grey_frame(seq, width_px=320, height_px=180)


def moving(seq: int) -> Frame:
    frame = still(seq)
    x = (seq * 24) % 280
    frame.planes.y[40:120, x : x + 40] = 255
    return frame


def look_at(eye: Looker, frames: list[Frame], *, shown: bool = True) -> list[Sight]:
    return [eye.look(frame, shown=shown) for frame in frames]


def test_hidden_and_moving_every_shown_frame_has_its_own_result(host: FakeHost) -> None:
    sights = look_at(looker(host, act=HIDE), [moving(seq) for seq in range(20)])
    assert all(sight.looked and sight.result_age_s == 0 for sight in sights)
    assert host.scripted.calls == 20


def test_still_scene_rests_on_its_result_and_is_checked_twice_a_second(host: FakeHost) -> None:
    eye = looker(host, act=HIDE)
    look_at(eye, [still(seq) for seq in range(60)])
    before = host.scripted.calls
    sights = look_at(eye, [still(seq) for seq in range(60, 90)])  # two seconds
    assert all(sight.still or sight.looked for sight in sights)
    assert all(len(sight.tracks) == 1 for sight in sights)
    assert 3 <= host.scripted.calls - before <= 5


def test_masked_or_insensitive_gate_never_makes_a_hidden_face_look_still(host: FakeHost) -> None:
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    eye = looker(host, act=HIDE, gate=GateSpec(sensitivity=0.0, masks=(whole,), cooldown_s=0.0))
    look_at(eye, [still(seq) for seq in range(60)])
    sights = look_at(eye, [moving(seq) for seq in range(60, 80)])
    assert not any(sight.moving for sight in sights)
    assert all(sight.looked for sight in sights)


def test_boxes_are_looked_for_at_the_interval_of_the_setting(host: FakeHost) -> None:
    eye = looker(host, detect=DetectSpec(max_interval_s=0.2))
    look_at(eye, [moving(seq) for seq in range(60)])  # four seconds
    assert 15 <= host.scripted.calls <= 24


def test_nobody_is_lost_by_standing_still_unwatched(host: FakeHost) -> None:
    eye = looker(host)
    first = look_at(eye, [still(seq) for seq in range(15)], shown=False)[-1]
    keyframes = [still(seq) for seq in range(30, 900, 30)]  # one in two seconds, for a minute
    last = look_at(eye, keyframes, shown=False)[-1]
    assert [track.track_id for track in last.tracks] == [track.track_id for track in first.tracks]


def test_engine_failure_is_a_fault_and_no_result(host: FakeHost) -> None:
    eye = looker(host, act=HIDE)
    host.scripted.fail("gpu lost")
    sight = look_at(eye, [moving(0)])[0]
    assert not sight.looked
    assert sight.result_age_s is None
    assert eye.fault is not None
    assert (eye.fault.code, eye.fault.detail) == ("inference.failed", "gpu lost")


def test_fault_goes_when_the_engine_works_again(host: FakeHost) -> None:
    eye = looker(host, act=HIDE)
    host.scripted.fail()
    look_at(eye, [moving(0), moving(1)])
    assert eye.fault is not None
    assert eye.fault.count == 2
    host.scripted.error = None
    look_at(eye, [moving(2)])
    assert eye.fault is None


def test_engine_that_cannot_be_loaded_is_a_fault_and_tried_again_later(host: FakeHost) -> None:
    host.load_error = ModelCorruptError("yunet")
    eye = looker(host, act=HIDE)
    look_at(eye, [moving(0), moving(1)])
    assert eye.fault is not None
    assert eye.fault.code == "model.corrupt"
    assert not eye.ready
    assert host.loads == 1


def test_passing_through_loads_no_engine(host: FakeHost) -> None:
    eye = looker(host, act=ActSpec(kind="pass"))
    assert look_at(eye, [moving(0)])[0].tracks == ()
    assert host.loads == 0
    assert eye.ready


def test_weak_detection_continues_a_track_but_begins_none(host: FakeHost) -> None:
    eye = looker(host)
    host.scripted.found = (face_at(0.5, score=0.35),)
    assert look_at(eye, [moving(0)])[0].tracks == ()
    host.scripted.found = (face_at(0.5, score=0.9),)
    look_at(eye, [moving(3)])
    host.scripted.found = (face_at(0.5, score=0.35),)
    assert look_at(eye, [moving(6)])[0].tracks[0].unseen_s == 0


def test_unwanted_objects_are_left_out(host: FakeHost) -> None:
    host.scripted.found = (replace_label("car"), replace_label("person"))
    eye = looker(host, detect=DetectSpec(faces="off", objects="nanodet", object_labels=("person",)))
    assert [track.label for track in look_at(eye, [moving(0)])[0].tracks] == ["person"]


def replace_label(label: str) -> Detection:
    return msgspec.structs.replace(face_at(0.3), label=label)


def test_gate_off_means_always_moving(host: FakeHost) -> None:
    eye = looker(host, gate=GateSpec(enabled=False))
    assert all(sight.moving for sight in look_at(eye, [still(seq) for seq in range(5)]))


def test_looking_leaves_the_frame_as_it_was(host: FakeHost) -> None:
    frame = moving(0)
    before = frame.planes.copy()
    looker(host, act=HIDE).look(replace(frame), shown=True)
    assert all(np.array_equal(now, then) for now, then in zip(frame.planes, before, strict=True))
