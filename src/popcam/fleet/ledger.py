"""What the fleet knows of each wanted camera beyond its worker's reports: restarts, losses, and the state they make."""

from dataclasses import dataclass

from popcam.core.clock import Clock
from popcam.core.errors import CameraCrashesWorkerError, PopcamError, WorkerUnavailableError
from popcam.core.facts import CameraState, CameraStatus, FaultReport
from popcam.fleet.board import Known, StatusBoard
from popcam.fleet.judge import Judge
from popcam.fleet.placer import Placer
from popcam.fleet.plan import Standing
from popcam.fleet.wishes import Wishes


@dataclass(frozen=True, slots=True)
class CameraPlace:
    """Where a camera runs and how far it is trusted. `worker_id` is empty while no worker has it; `why` is what it is
    suspected of, or isolated for."""

    worker_id: str
    standing: Standing
    restarts: int
    why: str


class Ledger:
    """Keeps the board true while workers come and go."""

    def __init__(self, clock: Clock, board: StatusBoard, judge: Judge, placer: Placer, wishes: Wishes) -> None:
        self._clock = clock
        self._board = board
        self._judge = judge
        self._placer = placer
        self._wishes = wishes
        self._losses: dict[str, FaultReport] = {}
        self._guilt: dict[str, FaultReport] = {}
        self.restarts: dict[str, int] = {}

    def wanted(self, camera_id: str) -> None:
        """The camera shall run from now on."""
        self.restarts.setdefault(camera_id, 0)
        self._board.declare(camera_id, CameraState.STARTING)

    def unwanted(self, camera_id: str) -> None:
        """The camera has stopped as it should."""
        self.restarts.pop(camera_id, None)
        self._losses.pop(camera_id, None)
        self._guilt.pop(camera_id, None)
        self._board.declare(camera_id, CameraState.STOPPED)

    def reported(self, status: CameraStatus, slot: str) -> None:
        """A worker reports: the camera is back, if it was lost."""
        camera_id = status.camera_id
        self._losses.pop(camera_id, None)
        extra = [self._guilt_of(camera_id), self._placer.refusals.get(camera_id)]
        faults = tuple(fault for fault in extra if fault is not None)
        known = Known(
            restarts=self.restarts.get(camera_id, 0), worker_id=slot, sub_stream=camera_id in self._wishes.on_sub
        )
        self._board.report(status, known, extra_faults=faults)

    def lost(self, camera_id: str, slot: str, how: str, *, resting: bool) -> None:
        """The camera's worker is gone."""
        self.restarts[camera_id] = self.restarts.get(camera_id, 0) + 1
        self.unavailable(camera_id, slot, how, resting=resting)

    def unavailable(self, camera_id: str, slot: str, how: str, *, resting: bool) -> None:
        """The camera is not running and its worker can't run it now; `resting`: nor soon."""
        before = self._losses.get(camera_id)
        detail = f"worker {slot} {how}" + (", too often: it rests before the next attempt" if resting else "")
        loss = self._fault(WorkerUnavailableError, detail, before)
        self._losses[camera_id] = loss
        guilt = self._guilt_of(camera_id)
        if guilt is not None:
            self._declare(camera_id, CameraState.ISOLATED, (guilt, loss))
        else:
            self._declare(camera_id, CameraState.FAILED if resting else CameraState.RECONNECTING, (loss,))

    def restarting(self, camera_id: str) -> None:
        self._losses.pop(camera_id, None)
        self._declare(camera_id, CameraState.STARTING, ())

    def refused(self, camera_id: str) -> None:
        """A worker would not take it; it is asked again later."""
        refusal = self._placer.refusals.get(camera_id)
        self._declare(camera_id, CameraState.FAILED, (refusal,) if refusal is not None else ())

    def _declare(self, camera_id: str, state: CameraState, faults: tuple[FaultReport, ...]) -> None:
        known = Known(
            restarts=self.restarts.get(camera_id, 0),
            worker_id=self._placer.homes.get(camera_id, ""),
            sub_stream=camera_id in self._wishes.on_sub,
        )
        self._board.declare(camera_id, state, known, faults=faults)

    def _guilt_of(self, camera_id: str) -> FaultReport | None:
        if self._judge.standing(camera_id) is not Standing.ISOLATED:
            self._guilt.pop(camera_id, None)
            return None
        why = f"its worker {self._judge.why(camera_id)}"
        known = self._guilt.get(camera_id)
        if known is None or known.detail != why:
            self._guilt[camera_id] = self._fault(CameraCrashesWorkerError, why, known)
        return self._guilt[camera_id]

    def _fault(self, error: type[PopcamError], detail: str, before: FaultReport | None) -> FaultReport:
        count = before.count + 1 if before is not None else 1
        return FaultReport(code=error.code, detail=detail, at_unix_s=self._clock.unix_s(), count=count)
