"""What was done before a start counts, also when the database tells of it late."""

from popcam.alerts.recovery_past import RecoveryPast
from popcam.core.alerts import AlertKey, RecoveryRun, RecoverySpec

SPEC = RecoverySpec(action="restart_camera", max_runs=2, window_s=3600.0, backoff_s=10.0)


def run_at(started_s: float) -> RecoveryRun:
    return RecoveryRun(
        run_id=f"{started_s}",
        key=AlertKey("camera-offline", "door"),
        action="restart_camera",
        subject="door",
        started_unix_s=started_s,
        ended_unix_s=started_s + 5.0,
        outcome="not_recovered",
    )


def test_runs_of_before_and_of_now_count_together() -> None:
    past = RecoveryPast()
    past.began(run_at(1000.0))
    past.ended(run_at(1000.0), chance=0.0)
    assert past.verdict(SPEC, "door", 1100.0) == "go"
    past.take_up([run_at(500.0)], chance=0.0)
    assert past.verdict(SPEC, "door", 1100.0) == "budget_spent"


def test_what_is_counted_already_is_not_counted_twice() -> None:
    past = RecoveryPast()
    past.began(run_at(1000.0))
    past.ended(run_at(1000.0), chance=0.0)
    past.take_up([run_at(1000.0)], chance=0.0)
    assert past.verdict(SPEC, "door", 1100.0) == "go"


def test_a_pause_that_began_before_the_start_goes_on() -> None:
    past = RecoveryPast()
    past.take_up([run_at(1000.0)], chance=0.0)
    assert past.verdict(SPEC, "door", 1010.0) == "wait"
    assert past.wait_s(SPEC, "door", 1010.0) == 5.0


def test_another_camera_has_a_past_of_its_own() -> None:
    past = RecoveryPast()
    past.take_up([run_at(500.0), run_at(600.0)], chance=0.0)
    assert past.verdict(SPEC, "yard", 700.0) == "go"
    assert past.wait_s(SPEC, "yard", 700.0) == 0.0
