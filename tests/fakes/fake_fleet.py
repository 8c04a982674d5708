"""A fleet without processes: a test says what its cameras report, show and do."""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec

from popcam.core.allocations import Recording
from popcam.core.errors import (
    CameraNoFrameError,
    CameraNotRunningError,
    NotFoundError,
    PopcamError,
    RecoveryRefusedError,
    WorkerUnavailableError,
)
from popcam.core.facts import CameraState, CameraStatus, Event, FaultReport, PreviewFrame, WorkerSlot, WorkerStatus
from popcam.core.interfaces import PreviewPicture
from popcam.core.protocol import PreviewKind, Question, RecordAllocations, Reply, SnapshotReply, raise_refusal
from popcam.core.spec import CameraSpec

QUEUE_PICTURES = 3


class FakeViewer:
    """One `watch`: keeps the newest pictures, as the real fleet does."""

    def __init__(self) -> None:
        self.pictures: deque[PreviewPicture] = deque(maxlen=QUEUE_PICTURES)
        self.wake = asyncio.Event()
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[PreviewPicture]:
        while True:
            while self.pictures:
                self.taken += 1
                yield self.pictures.popleft()
            self.wake.clear()
            await self.wake.wait()


class FakeFleet:
    """Carries out wishes at once: what is wanted runs. `stubborn` cameras stay in the state they were given."""

    def __init__(self) -> None:
        self.desired: dict[str, CameraSpec] = {}
        self.applied: list[dict[str, CameraSpec]] = []
        self.restarted: list[str] = []
        self.restarted_streams: list[str] = []
        self.moved: list[tuple[str, str]] = []
        self.restarted_workers: list[str] = []
        self.on_sub_stream: set[str] = set()
        self.slots: list[WorkerSlot] = []
        self.refuses: PopcamError | None = None
        self.started = False
        self.stopped = False
        self.snapshots: dict[str, bytes] = {}
        self.viewers: dict[tuple[str, PreviewKind], list[FakeViewer]] = {}
        self.worker_lives = True
        self.questions: list[tuple[Question, float]] = []
        self.recorded: list[tuple[str, RecordAllocations]] = []
        self.answers: list[Reply] = []
        self._statuses: dict[str, CameraStatus] = {}
        self._event_listeners: list[Callable[[Event], None]] = []
        self._status_listeners: list[Callable[[CameraStatus], None]] = []

    # --- the promise ---

    async def start(self) -> None:
        self.started = True

    async def stop(self) -> None:
        self.stopped = True

    async def apply(self, desired: Mapping[str, CameraSpec]) -> None:
        self.applied.append(dict(desired))
        gone = self.desired.keys() - desired.keys()
        new = desired.keys() - self.desired.keys()
        self.desired = dict(desired)
        for camera_id in gone:
            self.report(camera_id, CameraState.STOPPED)
        for camera_id in new:
            self.report(camera_id, CameraState.RUNNING)

    async def restart(self, camera_id: str) -> None:
        self._expect(camera_id)
        self.restarted.append(camera_id)

    async def restart_stream(self, camera_id: str) -> None:
        self._expect(camera_id)
        self.restarted_streams.append(camera_id)

    async def move(self, camera_id: str, worker_id: str = "") -> str:
        self._expect(camera_id)
        self.moved.append((camera_id, worker_id or "fake-2"))
        return worker_id or "fake-2"

    async def restart_worker(self, worker_id: str) -> None:
        if all(worker.worker_id != worker_id for worker in self.workers()):
            raise RecoveryRefusedError(f"there is no worker {worker_id}")
        self._refuse()
        self.restarted_workers.append(worker_id)

    async def use_sub_stream(self, camera_id: str, on: bool) -> None:
        self._expect(camera_id)
        if on and self.desired[camera_id].sub_source is None:
            raise RecoveryRefusedError(f"{camera_id} has no sub stream")
        (self.on_sub_stream.add if on else self.on_sub_stream.discard)(camera_id)

    def status(self, camera_id: str) -> CameraStatus | None:
        return self._statuses.get(camera_id)

    def statuses(self) -> Mapping[str, CameraStatus]:
        return self._statuses

    def workers(self) -> tuple[WorkerStatus, ...]:
        if not self.worker_lives or not self.desired:
            return ()
        return (
            WorkerStatus(
                worker_id="fake-1",
                pid=os.getpid(),
                at_unix_s=time.time(),
                uptime_s=1.0,
                cpu_percent=0.0,
                rss_bytes=1,
                threads=1,
                open_files=1,
                camera_ids=tuple(self.desired),
            ),
        )

    def worker_slots(self) -> tuple[WorkerSlot, ...]:
        """Those that the test named; else the one worker, while there is one."""
        living = (WorkerSlot(worker_id=one.worker_id, up=True, camera_ids=one.camera_ids) for one in self.workers())
        return tuple(self.slots) or tuple(living)

    def workers_lost(self) -> int:
        return sum(slot.restarts for slot in self.slots)

    def worker_of(self, camera_id: str) -> WorkerStatus | None:
        return next((worker for worker in self.workers() if camera_id in worker.camera_ids), None)

    async def snapshot(self, camera_id: str, max_width_px: int = 0) -> SnapshotReply:
        if camera_id not in self.desired:
            raise CameraNotRunningError(camera_id)
        if camera_id not in self.snapshots:
            raise CameraNoFrameError(camera_id)
        return SnapshotReply(jpeg=self.snapshots[camera_id], captured_unix_s=1_700_000_000.5, seq=7)

    async def ask(self, question: Question, timeout_s: float) -> Reply:
        self.questions.append((question, timeout_s))
        if not self.answers:
            raise WorkerUnavailableError("nobody told the fake fleet what to answer")
        reply = self.answers.pop(0)
        raise_refusal(reply)
        return reply

    async def record_allocations(self, worker_id: str, command: RecordAllocations) -> Recording:
        if worker_id not in {worker.worker_id for worker in self.workers()}:
            raise NotFoundError(f"there is no worker {worker_id}")
        self.recorded.append((worker_id, command))
        return Recording(running=command.what != "end")

    @asynccontextmanager
    async def watch(self, camera_id: str, kind: PreviewKind) -> AsyncIterator[AsyncIterator[PreviewPicture]]:
        viewer = FakeViewer()
        viewers = self.viewers.setdefault((camera_id, kind), [])
        viewers.append(viewer)
        try:
            yield aiter(viewer)
        finally:
            viewers.remove(viewer)

    def on_event(self, listener: Callable[[Event], None]) -> None:
        self._event_listeners.append(listener)

    def on_status(self, listener: Callable[[CameraStatus], None]) -> None:
        self._status_listeners.append(listener)

    def _expect(self, camera_id: str) -> None:
        if camera_id not in self.desired:
            raise CameraNotRunningError(camera_id)
        self._refuse()

    def _refuse(self) -> None:
        """Fail as the test said: `refuses` stays until it is taken back."""
        if self.refuses is not None:
            raise self.refuses

    # --- the script ---

    def report(self, camera_id: str, state: CameraState, *faults: FaultReport, **fields: object) -> CameraStatus:
        """Let a camera report."""
        status = CameraStatus(camera_id=camera_id, state=state, since_unix_s=1.0, at_unix_s=time.time(), faults=faults)
        status = msgspec.structs.replace(status, **fields)
        self._statuses[camera_id] = status
        for listener in self._status_listeners:
            listener(status)
        return status

    def happen(self, event: Event) -> None:
        """Let something happen before a camera."""
        for listener in self._event_listeners:
            listener(event)

    def watched(self, camera_id: str, kind: PreviewKind) -> int:
        """How many viewers there are."""
        return len(self.viewers.get((camera_id, kind), []))

    def show(self, camera_id: str, kind: PreviewKind, payload: bytes, *, seq: int = 0, keyframe: bool = True) -> None:
        """Show one picture to all viewers of this kind."""
        now = time.time()
        header = PreviewFrame(
            camera_id=camera_id,
            seq=seq,
            pts_s=seq / 25,
            captured_unix_s=now,
            published_unix_s=now,
            width_px=640,
            height_px=360,
            codec="h264" if "h264" in kind else "jpeg",
            keyframe=keyframe,
        )
        picture = PreviewPicture(header, payload)
        for viewer in self.viewers.get((camera_id, kind), []):
            viewer.pictures.append(picture)
            viewer.wake.set()
