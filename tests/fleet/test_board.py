"""The newest state of each camera."""

from popcam.core.clock import SystemClock
from popcam.core.facts import CameraState, CameraStatus, FaultReport
from popcam.fleet.board import Known, StatusBoard

FAULT = FaultReport(code="worker.unavailable", detail="gone")


def running(frames: int = 7, *faults: FaultReport) -> CameraStatus:
    return CameraStatus(
        camera_id="a",
        state=CameraState.RUNNING,
        since_unix_s=1.0,
        at_unix_s=2.0,
        frames=frames,
        fps=25.0,
        faults=faults,
    )


def test_a_report_is_completed_with_what_the_fleet_knows() -> None:
    board = StatusBoard(SystemClock())
    board.report(running(), Known(restarts=3), extra_faults=(FAULT,))
    assert board.statuses["a"].restarts == 3
    assert board.statuses["a"].faults == (FAULT,)


def test_a_fault_that_the_worker_reports_itself_is_not_doubled() -> None:
    board = StatusBoard(SystemClock())
    board.report(running(7, FAULT), Known(restarts=0), extra_faults=(FAULT,))
    assert board.statuses["a"].faults == (FAULT,)


def test_a_camera_without_a_worker_keeps_its_counters_but_has_no_rate() -> None:
    board = StatusBoard(SystemClock())
    board.report(running(), Known(restarts=0))
    board.declare("a", CameraState.RECONNECTING, faults=(FAULT,))
    assert (board.statuses["a"].frames, board.statuses["a"].fps) == (7, 0.0)


def test_listeners_hear_a_declaration_once() -> None:
    board = StatusBoard(SystemClock())
    heard: list[CameraState] = []
    board.on_status(lambda status: heard.append(status.state))
    board.declare("a", CameraState.STARTING)
    board.declare("a", CameraState.STARTING)
    assert heard == [CameraState.STARTING]


def test_a_state_keeps_its_since_while_its_faults_change() -> None:
    board = StatusBoard(SystemClock())
    board.declare("a", CameraState.FAILED)
    since_s = board.statuses["a"].since_unix_s
    board.declare("a", CameraState.FAILED, faults=(FAULT,))
    assert board.statuses["a"].since_unix_s == since_s


def test_stopped_cameras_are_not_remembered_without_end() -> None:
    board = StatusBoard(SystemClock())
    for number in range(1100):
        board.declare(str(number), CameraState.STOPPED)
    assert len(board.statuses) == 1000
    assert "1099" in board.statuses
