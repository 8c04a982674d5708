"""Spans of a profile."""

import json
import threading
import time

import numpy as np
import pytest
from tests.fakes.frames import grey_frame

from popcam.core.frame import Chunk, DecodeMode, Planes, StreamInfo
from popcam.core.protocol import ProfiledStage
from popcam.pipeline.recorded_times import RecordedTimes, trace_json


def recording(most_spans: int = 100) -> RecordedTimes:
    times = RecordedTimes(most_spans)
    times.begin()
    return times


def stage(times: RecordedTimes, name: str) -> ProfiledStage:
    (found,) = [stage for stage in times.stages() if stage.stage == name]
    return found


@pytest.mark.alone
def test_a_stage_within_another_takes_its_time_off_the_outer_one() -> None:
    times = recording()
    with times.measure("outer"):
        with times.measure("inner"):
            time.sleep(0.5)
        time.sleep(0.01)
    assert stage(times, "inner").wall_s >= 0.5
    assert 0.01 <= stage(times, "outer").wall_s < 0.5


@pytest.mark.alone
def test_waiting_is_what_no_processor_time_accounts_for() -> None:
    times = recording()
    with times.measure("asleep"):
        time.sleep(0.2)
    asleep = stage(times, "asleep")
    assert asleep.cpu_s < 0.1 < 0.2 <= asleep.wall_s


def test_copied_planes_are_put_down_to_their_stage() -> None:
    times = recording()
    planes = Planes(np.zeros((8, 8), np.uint8), np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8))
    with times.measure("copying"):
        planes.copy()
    assert (stage(times, "copying").copies, stage(times, "copying").copied_bytes) == (3, 96)


def test_copies_of_another_thread_are_its_own() -> None:
    times = recording()
    with times.measure("idle"):
        other = threading.Thread(target=lambda: grey_frame(0).planes.copy())
        other.start()
        other.join()
    assert stage(times, "idle").copies == 0


def test_reading_is_split_into_waiting_and_decoding() -> None:
    times = recording()

    class Slow:
        info = StreamInfo(codec="none", width_px=64, height_px=48, fps=15.0)

        def read(self, mode: DecodeMode, *, linger_s: float = 0.0) -> Chunk:
            time.sleep(0.05)
            return Chunk(None, (grey_frame(0),), decode_s=0.01)

        def close(self) -> None:
            """Nothing is open."""

    times.reading(Slow(), DecodeMode.ALL, 0.0)
    assert stage(times, "decode").wall_s == pytest.approx(0.01)
    (thread,) = times.threads(1.0)
    assert thread.busy_s == pytest.approx(0.01)
    assert [span.stage for span in times.spans] == ["wait", "decode"]


def test_what_began_before_the_measuring_is_left_out() -> None:
    times = RecordedTimes(10)
    with times.measure("early"):
        times.begin()
    assert times.stages() == ()


def test_spans_are_bounded_and_sums_are_not() -> None:
    times = recording(most_spans=2)
    for _ in range(5):
        with times.measure("gate"):
            pass
    assert (len(times.spans), times.left_out, stage(times, "gate").calls) == (2, 3, 5)


def test_live_figures_are_kept_beside_the_recording() -> None:
    times = recording()
    with times.measure("gate"):
        pass
    assert [figure.stage for figure in times.report()] == ["gate"]


def test_trace_has_complete_events_on_named_threads() -> None:
    times = recording()
    with times.around("frame"), times.measure("gate"):
        time.sleep(0.001)
    events = json.loads(trace_json(times.spans))["traceEvents"]
    spans = {event["name"]: event for event in events if event["ph"] == "X"}
    frame, gate = spans["frame"], spans["gate"]
    assert frame["ts"] <= gate["ts"]
    assert gate["ts"] + gate["dur"] <= frame["ts"] + frame["dur"] + 1
    assert [event["args"]["name"] for event in events if event["name"] == "thread_name"] == ["MainThread"]
