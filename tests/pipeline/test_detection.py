"""Running engines within a time limit, and when a picture needs it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.fakes.engines import ScriptedEngine, face_at
from tests.fakes.frames import grey_frame

from popcam.core.errors import InferenceError
from popcam.core.facts import Detection, Track
from popcam.core.frame import Frame
from popcam.pipeline.detection import DetectStage, LookNeed, look_reason


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def test_result_belongs_to_the_picture_that_was_asked_about(pool: ThreadPoolExecutor) -> None:
    stage = DetectStage([ScriptedEngine([face_at(0.5)])], pool)
    outcome = stage.look(grey_frame(3), wait_s=5, max_age_s=0)
    assert outcome.detections == (face_at(0.5),)
    assert outcome.pts_s == grey_frame(3).pts_s


def test_results_of_all_engines_are_joined(pool: ThreadPoolExecutor) -> None:
    stage = DetectStage([ScriptedEngine([face_at(0.2)]), ScriptedEngine([face_at(0.8)])], pool)
    assert stage.look(grey_frame(0), wait_s=5, max_age_s=0).detections == (face_at(0.2), face_at(0.8))


def test_failed_engine_is_an_error_and_never_an_empty_scene(pool: ThreadPoolExecutor) -> None:
    engine = ScriptedEngine()
    engine.fail()
    outcome = DetectStage([engine], pool).look(grey_frame(0), wait_s=5, max_age_s=0)
    assert outcome.detections is None
    assert isinstance(outcome.error, InferenceError)


def test_defect_of_an_engine_gets_our_name(pool: ThreadPoolExecutor) -> None:
    engine = ScriptedEngine()
    engine.error = ZeroDivisionError("oops")
    outcome = DetectStage([engine], pool).look(grey_frame(0), wait_s=5, max_age_s=0)
    assert isinstance(outcome.error, InferenceError)
    assert outcome.error.detail == "ZeroDivisionError: oops"


def blocked_stage(pool: ThreadPoolExecutor) -> tuple[DetectStage, ScriptedEngine, threading.Event]:
    engine = ScriptedEngine([face_at(0.5)])
    engine.blocked = release = threading.Event()
    return DetectStage([engine], pool), engine, release


def test_slow_engine_gets_one_picture_at_a_time(pool: ThreadPoolExecutor) -> None:
    stage, engine, release = blocked_stage(pool)
    assert [stage.look(grey_frame(seq), wait_s=0.01, max_age_s=0).late for seq in range(4)] == [True] * 4
    release.set()
    assert engine.calls == 1


def finish(pool: ThreadPoolExecutor, release: threading.Event) -> None:
    release.set()
    pool.submit(lambda: None).result(5)


def test_late_result_comes_with_the_time_of_its_picture(pool: ThreadPoolExecutor) -> None:
    stage, _, release = blocked_stage(pool)
    stage.look(grey_frame(0), wait_s=0.01, max_age_s=2)
    finish(pool, release)
    outcome = stage.look(grey_frame(9), wait_s=5, max_age_s=2)
    assert outcome.detections == (face_at(0.5),)
    assert outcome.pts_s == grey_frame(0).pts_s


def test_too_old_result_is_replaced_by_a_look_at_this_picture(pool: ThreadPoolExecutor) -> None:
    stage, _, release = blocked_stage(pool)
    stage.look(grey_frame(0), wait_s=0.01, max_age_s=0)
    finish(pool, release)
    assert stage.look(grey_frame(9), wait_s=5, max_age_s=0).pts_s == grey_frame(9).pts_s


def test_late_failure_is_reported(pool: ThreadPoolExecutor) -> None:
    stage, engine, release = blocked_stage(pool)
    engine.fail()
    stage.look(grey_frame(0), wait_s=0.01, max_age_s=2)
    finish(pool, release)
    assert isinstance(stage.look(grey_frame(1), wait_s=5, max_age_s=2).error, InferenceError)


def need(**more: object) -> LookNeed:
    values: dict[str, object] = {
        "hides": False,
        "shown": True,
        "moving": True,
        "since_result_s": 0.1,
        "max_interval_s": 0.2,
        "tracks": (),
    }
    return LookNeed(**(values | more))  # type: ignore[arg-type]


STEADY = Track(track_id=1, label="face", score=1, box=(0, 0, 1, 1))
NEW = Track(track_id=2, label="face", score=1, box=(0, 0, 1, 1), confirmed=False)
LOST = Track(track_id=3, label="face", score=1, box=(0, 0, 1, 1), unseen_s=0.1)


@pytest.mark.parametrize(
    ("why", "case"),
    [
        ("first", need(since_result_s=None, moving=False)),
        ("hides", need(hides=True, since_result_s=0.001)),
        (None, need(hides=True, shown=False)),
        ("moving", need(hides=True, shown=False, since_result_s=0.2)),
        ("recheck", need(hides=True, moving=False, since_result_s=0.5)),
        (None, need(hides=True, moving=False, since_result_s=0.4)),
        (None, need(tracks=(STEADY,))),
        ("moving", need(tracks=(STEADY,), since_result_s=0.2)),
        ("unsteady", need(tracks=(STEADY, NEW))),
        ("unsteady", need(tracks=(LOST,))),
        (None, need(tracks=(LOST,), shown=False)),
        (None, need(moving=False, shown=False, since_result_s=4.9)),
        ("recheck", need(moving=False, shown=False, since_result_s=30.0)),
        ("recheck", need(moving=False, since_result_s=1.0)),
    ],
)
def test_a_picture_is_looked_at_for_a_reason(why: str | None, case: LookNeed) -> None:
    assert look_reason(case) == why


class ThreadNotingEngine(ScriptedEngine):
    """Keeps in which thread each picture was looked at."""

    def __init__(self) -> None:
        super().__init__([face_at(0.5)])
        self.threads: list[threading.Thread] = []

    def infer(self, frame: Frame) -> tuple[Detection, ...]:
        self.threads.append(threading.current_thread())
        return super().infer(frame)


def test_fast_engine_runs_where_the_picture_is_in_the_cache(pool: ThreadPoolExecutor) -> None:
    engine = ThreadNotingEngine()
    stage = DetectStage([engine], pool)
    for seq in range(3):
        assert stage.look(grey_frame(seq), wait_s=5, max_age_s=0).detections == (face_at(0.5),)
    assert engine.threads[0] is not threading.current_thread()
    assert engine.threads[2] is threading.current_thread()


def test_engine_that_turns_slow_goes_to_the_pool(pool: ThreadPoolExecutor) -> None:
    engine = ThreadNotingEngine()
    stage = DetectStage([engine], pool)
    for seq in range(3):
        stage.look(grey_frame(seq), wait_s=0.2, max_age_s=0)
    engine.delay_s = 0.4
    late = stage.look(grey_frame(3), wait_s=0.2, max_age_s=0)
    assert late.pts_s == grey_frame(3).pts_s  # late, but with its own result
    assert stage.look(grey_frame(4), wait_s=0.2, max_age_s=0).late
    assert engine.threads[-1] is not threading.current_thread()


def test_failure_in_the_callers_thread_is_an_error_too(pool: ThreadPoolExecutor) -> None:
    engine = ScriptedEngine()
    stage = DetectStage([engine], pool)
    for seq in range(3):
        stage.look(grey_frame(seq), wait_s=5, max_age_s=0)
    engine.error = ZeroDivisionError("oops")
    outcome = stage.look(grey_frame(3), wait_s=5, max_age_s=0)
    assert isinstance(outcome.error, InferenceError)
    assert outcome.detections is None
