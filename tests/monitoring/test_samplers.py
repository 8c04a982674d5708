"""Looks at their own pace, never twice at once, and none that can hold up the others."""

import threading
import time

from structlog.testing import capture_logs

from popcam.monitoring.samplers import LATE_AFTER_S, Sampler


def wait_until(condition: threading.Event) -> None:
    assert condition.wait(60.0)


def test_a_look_is_taken_when_it_is_due() -> None:
    looks: list[int] = []
    sampler = Sampler("look", lambda: looks.append(1), 10.0, in_thread=False)
    for now_s in (0.0, 1.0, 9.0, 9.95, 20.0):
        sampler.run_when_due(now_s)
    assert len(looks) == 3


def test_a_failure_is_told_once_and_again_after_it_went() -> None:
    failures = [ValueError("a"), ValueError("a"), None, ValueError("a")]

    def look() -> None:
        if (failure := failures.pop(0)) is not None:
            raise failure

    sampler = Sampler("look", look, 1.0, in_thread=False)
    with capture_logs() as logs:
        for now_s in range(4):
            sampler.run_when_due(now_s)
    assert [entry["event"] for entry in logs] == ["figures.sampler_failed"] * 2


def test_a_look_in_a_thread_is_not_waited_for_and_not_taken_twice() -> None:
    begun, go_on, looks = threading.Event(), threading.Event(), []

    def look() -> None:
        looks.append(threading.current_thread().name)
        begun.set()
        go_on.wait(5.0)

    sampler = Sampler("disk", look, 1.0, in_thread=True)
    sampler.run_when_due(0.0)
    wait_until(begun)
    sampler.run_when_due(5.0)
    assert looks == ["figures disk"]
    go_on.set()
    until_s = time.monotonic() + 60
    while len(looks) < 2 and time.monotonic() < until_s:
        sampler.run_when_due(10.0 + time.monotonic())
        time.sleep(0.01)
    assert len(looks) >= 2
    sampler.stop()


def test_a_look_that_hangs_is_told_once_and_does_not_hold_up_the_end() -> None:
    hang, forgotten = threading.Event(), threading.Event()
    sampler = Sampler("disk", lambda: (hang.wait(30.0), None)[1], 1.0, in_thread=True, forget=forgotten.set)
    sampler.run_when_due(0.0)
    with capture_logs() as logs:
        sampler.run_when_due(LATE_AFTER_S + 1)
        sampler.run_when_due(LATE_AFTER_S + 2)
    assert [entry["event"] for entry in logs] == ["figures.sampler_late"]
    assert forgotten.is_set()
    began_s = time.monotonic()
    sampler.stop()
    assert time.monotonic() - began_s < 15.0  # it hangs for 30 s
    hang.set()


def test_its_processor_time_is_known() -> None:
    done = threading.Event()

    def burn() -> None:
        until_s = time.thread_time() + 0.01
        while time.thread_time() < until_s:
            pass
        done.set()

    sampler = Sampler("burn", burn, 1.0, in_thread=True)
    sampler.run_when_due(0.0)
    wait_until(done)
    sampler.stop()
    assert sampler.spent_s >= 0.01
