"""Who is blamed for a worker's end."""

from popcam.core.worker_settings import WorkersSpec
from popcam.fleet.judge import Failure, Judge, Verdict
from popcam.fleet.plan import Standing
from popcam.fleet.timings import FleetTimings

SPEC = WorkersSpec(restart_budget=3, restart_window_s=600.0)


def make_judge() -> Judge:
    return Judge(SPEC, FleetTimings(probation_s=60.0), jitter=lambda: 0.5)


def crash(judge: Judge, slot: str, *cameras: str, at_s: float = 0.0, suspect: str = "") -> list[Verdict]:
    return judge.worker_failed(Failure(slot, "ended by SIGSEGV", 1.0, cameras, suspect), at_s)


def test_the_first_crash_accuses_nobody() -> None:
    assert crash(make_judge(), "w1", "a", "b") == []


def test_the_second_crash_within_the_window_puts_all_on_probation() -> None:
    judge = make_judge()
    crash(judge, "w1", "a", "b")
    verdicts = crash(judge, "w1", "a", "b", at_s=599.0)
    assert [(one.camera_id, one.standing) for one in verdicts] == [("a", Standing.PROBATION), ("b", Standing.PROBATION)]


def test_crashes_further_apart_than_the_window_accuse_nobody() -> None:
    judge = make_judge()
    crash(judge, "w1", "a")
    assert crash(judge, "w1", "a", at_s=600.0) == []


def test_a_worker_that_dies_without_cameras_accuses_nobody() -> None:
    judge = make_judge()
    assert [crash(judge, "w1"), crash(judge, "w1"), crash(judge, "w1")] == [[], [], []]


def test_a_known_suspect_goes_on_probation_at_once_and_alone() -> None:
    verdicts = crash(make_judge(), "w1", "a", "b", suspect="b")
    assert [(one.camera_id, one.standing) for one in verdicts] == [("b", Standing.PROBATION)]


def test_a_crash_on_probation_isolates() -> None:
    judge = make_judge()
    judge.put_apart("a")
    assert crash(judge, "solo-a", "a") == [Verdict("a", Standing.ISOLATED, "ended by SIGSEGV")]


def test_an_isolated_camera_stays_isolated_however_long_it_runs() -> None:
    judge = make_judge()
    judge.put_apart("a")
    crash(judge, "solo-a", "a")
    assert judge.ran_alone("a", 1e9) is None
    assert judge.standing("a") is Standing.ISOLATED


def test_a_good_probation_ends_it() -> None:
    judge = make_judge()
    judge.put_apart("a")
    assert judge.ran_alone("a", 59.9) is None
    assert judge.ran_alone("a", 60.0) == Verdict("a", Standing.SHARED)


def test_each_further_probation_is_twice_as_long() -> None:
    judge = make_judge()
    for probation_s in (60.0, 120.0, 240.0):
        crash(judge, "w1", "a", suspect="a")
        assert judge.probation_s("a") == probation_s
        judge.ran_alone("a", probation_s)


def test_a_probation_is_never_longer_than_the_window() -> None:
    judge = make_judge()
    for _ in range(20):
        crash(judge, "w1", "a", suspect="a")
        judge.ran_alone("a", 1e9)
    assert judge.probation_s("a") == SPEC.restart_window_s


def test_a_forgiven_camera_must_still_prove_itself() -> None:
    judge = make_judge()
    judge.put_apart("a")
    crash(judge, "solo-a", "a")
    judge.forgive("a")
    assert judge.standing("a") is Standing.PROBATION
    assert judge.slot_waits(0.0) == frozenset()
    assert judge.why("a") == ""


def test_a_forgotten_camera_starts_as_if_new() -> None:
    judge = make_judge()
    judge.put_apart("a")
    judge.forget("a")
    assert judge.standing("a") is Standing.SHARED


def test_too_many_failures_let_the_slot_rest() -> None:
    judge = make_judge()
    for _ in range(4):
        crash(judge, "w1")
    assert judge.rests("w1", 1.0)
    assert judge.slot_waits(599.0) == {"w1"}
    assert judge.slot_waits(600.0) == frozenset()


def test_a_refused_camera_waits_until_it_is_accepted() -> None:
    judge = make_judge()
    judge.start_refused("a", 0.0)
    assert judge.camera_waits(0.1) == {"a"}
    assert judge.next_s(0.0) == 0.25
    judge.start_accepted("a")
    assert judge.camera_waits(0.1) == frozenset()
    assert judge.next_s(0.0) is None
