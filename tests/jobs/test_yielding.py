"""Live cameras first."""

from itertools import pairwise

from popcam.core.facts import CameraState, CameraStatus
from popcam.jobs.yielding import BLAMELESS_S, FALL_EVERY_S, FIRST_CALM_S, MAX_CALM_S, YieldPolicy


def status(frames: int, lost: int = 0, **more: object) -> dict[str, CameraStatus]:
    facts: dict[str, object] = {"state": CameraState.RUNNING, "drops": {"processing_slow": lost}} | more
    return {"front": CameraStatus(camera_id="front", since_unix_s=0.0, at_unix_s=0.0, frames=frames, **facts)}  # type: ignore[arg-type]


class Machine:
    """Cameras that suffer while more than so many workers work."""

    def __init__(self, bears: int, workers: int = 4) -> None:
        self.policy = YieldPolicy(workers)
        self.bears = bears
        self.now_s = self.frames = self.lost = 0

    def seconds(self, count: int) -> list[int]:
        allowed = []
        for _ in range(count):
            self.now_s += 1
            self.frames += 15
            self.lost += 5 if self.policy.allowed > self.bears else 0
            allowed.append(self.policy.step(status(self.frames, self.lost), float(self.now_s)))
        return allowed


def test_calm_cameras_leave_all_workers_to_jobs() -> None:
    assert set(Machine(bears=4).seconds(60)) == {4}
    assert YieldPolicy(3).step({}, 1.0) == 3


def test_lost_frames_halve_the_workers_down_to_none() -> None:
    machine = Machine(bears=-1)
    allowed = machine.seconds(20)
    assert allowed[-1] == 0
    assert sorted(allowed, reverse=True) == allowed
    assert set(allowed) == {4, 2, 1, 0}
    assert "front" in machine.policy.reason
    assert FALL_EVERY_S == 3.0


def test_workers_come_back_one_by_one_when_cameras_have_been_calm() -> None:
    machine = Machine(bears=-1)
    machine.seconds(20)
    machine.bears = 4
    allowed = machine.seconds(200)
    assert allowed[: int(FIRST_CALM_S) - 2] == [0] * (int(FIRST_CALM_S) - 2)
    assert allowed[-1] == 4
    assert all(after - before in {0, 1} for before, after in pairwise(allowed))


def test_a_machine_that_bears_two_is_tried_ever_more_rarely() -> None:
    machine = Machine(bears=2)
    first, later = machine.seconds(300), machine.seconds(600)
    falls = [sum(b < a for a, b in pairwise(run)) for run in (first, later)]
    assert falls[1] / 600 < falls[0] / 300
    assert falls[1] <= 600 / MAX_CALM_S + 2
    assert set(later) == {2, 3}


def test_pictures_that_a_camera_leaves_out_count_as_lost() -> None:
    policy = YieldPolicy(2)
    policy.step(status(100), 1.0)
    assert policy.step(status(107, drops={"load": 8}), 2.0) == 1


def test_cameras_that_suffer_without_jobs_do_not_stop_them_for_ever() -> None:
    machine = Machine(bears=-1)
    machine.seconds(20)
    assert machine.policy.allowed == 0
    waited = machine.seconds(round(BLAMELESS_S) - 15)
    assert set(waited) == {0}
    assert set(machine.seconds(300)[20:]) == {1}  # no more than that while they suffer
    machine.bears = 4
    assert machine.seconds(600)[-1] == 4
    machine.bears = 0
    assert machine.seconds(30)[-1] == 0  # since they were well, jobs are to blame again


def test_one_late_second_is_forgiven_and_two_are_not() -> None:
    policy = YieldPolicy(2)
    assert policy.step(status(15, latency_ms=100.0), 1.0) == 2
    assert policy.step(status(30, latency_ms=3000.0), 2.0) == 2
    assert policy.step(status(45, latency_ms=100.0), 3.0) == 2
    assert policy.step(status(60, latency_ms=3000.0), 4.0) == 2
    assert policy.step(status(75, latency_ms=3000.0), 5.0) == 1


def test_what_is_no_fault_of_the_processor_does_not_count() -> None:
    for change in (
        {"drops": {"recorder.queue": 400}},
        {"lost": 400, "epoch": 2},  # a new pipeline counts anew
        {"lost": 400, "state": CameraState.RECONNECTING},
        {"lost": 1},
    ):
        policy = YieldPolicy(2)
        policy.step(status(100), 1.0)
        assert policy.step(status(115, **change), 2.0) == 2


def test_frames_that_were_covered_wholly_count_as_lost() -> None:
    policy = YieldPolicy(2)
    policy.step(status(100), 1.0)
    assert policy.step(status(115, whole_covers=6), 2.0) == 1
