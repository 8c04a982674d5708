"""Times per stage."""

from types import SimpleNamespace

import pytest
from tests.fakes.hand_clock import HandClock

from popcam.pipeline import stage_times
from popcam.pipeline.stage_times import MAX_SAMPLES, PERCENTILES_S, StageTimes, bottleneck


def test_report_names_the_most_expensive_stage_first_and_starts_afresh() -> None:
    times = StageTimes()
    for _ in range(10):
        times.add("gate", 0.001)
        times.add("detect", 0.005)
    first, second = times.report()
    assert (first.stage, second.stage) == ("detect", "gate")
    assert first.mean_ms == pytest.approx(5)
    assert first.frames == 10
    assert [stage.frames for stage in times.report()] == [0, 0]


def test_summary_gives_the_slow_tail() -> None:
    times = StageTimes()
    for value in range(100):
        times.add("detect", value / 1000)
    (stage,) = times.report()
    assert (stage.p50_ms, stage.p95_ms, stage.p99_ms) == pytest.approx((50, 95, 99))
    assert stage.max_ms == pytest.approx(99)


def test_percentiles_cover_several_reports_and_forget_after_ten_seconds() -> None:
    clock = HandClock()
    times = StageTimes(clock.monotonic_s)
    times.add("detect", 0.001)
    times.report()
    clock.pass_s(1.0)
    times.add("detect", 0.003)
    assert times.report()[0].p50_ms == pytest.approx(3)
    clock.pass_s(PERCENTILES_S)
    assert times.report()[0].p95_ms == 0


def test_memory_is_bounded_without_reports() -> None:
    times = StageTimes()
    for _ in range(MAX_SAMPLES * 2):
        times.add("gate", 0.001)
    assert times.report()[0].frames == MAX_SAMPLES


def test_block_that_raises_is_measured_too() -> None:
    times = StageTimes()
    with pytest.raises(ValueError, match="x"), times.measure("detect"):
        raise ValueError("x")
    assert times.report()[0].frames == 1


def test_a_stage_within_another_is_not_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr(stage_times, "time", SimpleNamespace(perf_counter=lambda: now_s))
    times = StageTimes(lambda: now_s)
    with times.measure("encode"):
        now_s += 0.01
        for _ in range(2):
            with times.measure("publish"):
                now_s += 0.05
    found = {stage.stage: stage for stage in times.report()}
    assert found["publish"].mean_ms == pytest.approx(50)
    assert found["encode"].mean_ms == pytest.approx(10)


def test_flow_counts_what_came_and_what_went_on() -> None:
    times = StageTimes()
    flow = times.flow("gate")
    flow.passed()
    flow.passed(0)
    flow.deepest = 2
    (stage,) = times.report()
    assert (stage.frames_in, stage.frames_out, stage.queue_depth) == (2, 1, 2)
    assert times.report()[0].queue_depth == 0


def test_bottleneck_is_the_dearest_stage_of_the_busier_thread() -> None:
    times = StageTimes()
    times.add("decode", 0.006)
    for stage, seconds in (("gate", 0.001), ("detect", 0.004), ("encode", 0.003)):
        times.add(stage, seconds)
    assert bottleneck(times.report()) == "detect"


def test_without_frames_there_is_no_bottleneck() -> None:
    times = StageTimes()
    times.flow("decode")
    assert bottleneck(times.report()) == ""
