"""The fleet of one machine: worker processes of this server, kept as they should be."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
import zmq.asyncio

from popcam.core.allocations import Recording
from popcam.core.clock import Clock
from popcam.core.errors import CameraNotRunningError, NotFoundError, WorkerUnavailableError
from popcam.core.facts import CameraStatus, Event, WorkerSlot, WorkerStatus
from popcam.core.interfaces import PreviewPicture
from popcam.core.protocol import (
    AllocationsRecorded,
    GetSnapshot,
    PreviewKind,
    Question,
    RecordAllocations,
    Reply,
    RequestKeyframe,
    RestartStream,
    SnapshotReply,
)
from popcam.core.spec import CameraSpec
from popcam.core.worker_settings import InferenceSpec, WorkerSettings, WorkersSpec
from popcam.fleet.crew import Crew, CrewRules
from popcam.fleet.desk import DESK, QuestionDesk
from popcam.fleet.endpoints import Transport, make_private
from popcam.fleet.ledger import CameraPlace
from popcam.fleet.link import WorkerLink
from popcam.fleet.lock import RuntimeLock
from popcam.fleet.plan import Phase
from popcam.fleet.process import WORKER_COMMAND
from popcam.fleet.reconciler import Reconciler
from popcam.fleet.takeover import Takeover
from popcam.fleet.timings import FleetTimings
from popcam.fleet.viewers import Audience, Stream

ALLOCATIONS_TIMEOUT_S = 30.0
"""A worker that compares its allocations stands still meanwhile."""

log = structlog.get_logger(__name__)


class LocalFleet:
    """Runs cameras on child processes; see `popcam.core.interfaces.Fleet`.

    Args:
        workers, inference: settings.
        data_dir: recordings go below it.
        runtime_dir: sockets and records of running workers; private to this user, one server at a time.
        log_dir: output of workers goes to `workers/` below it.
        clock: the machine's.
        worker_command: what is started, without further arguments.
        timings: patience and rates that are no settings.
        transport: `ipc`, `tcp` with encryption, or the right one for this system.
        allow_loopback: cameras and restreams may be on this machine itself.
    """

    def __init__(
        self,
        workers: WorkersSpec,
        inference: InferenceSpec,
        data_dir: Path,
        runtime_dir: Path,
        log_dir: Path,
        clock: Clock,
        *,
        worker_command: tuple[str, ...] = WORKER_COMMAND,
        timings: FleetTimings | None = None,
        transport: Transport = "auto",
        allow_loopback: bool = True,
    ) -> None:
        self._workers_spec = workers
        self._clock = clock
        self._timings = timings or FleetTimings()
        self._runtime_dir = runtime_dir
        self._lock = RuntimeLock(runtime_dir)
        template = WorkerSettings(
            worker_id="",
            commands_endpoint="",
            facts_endpoint="",
            data_dir=str(data_dir),
            log_dir=str(log_dir),
            server_pid=os.getpid(),
            on_server_loss=workers.on_server_loss,
            server_loss_s=workers.server_loss_s,
            inference=inference,
            allow_loopback=allow_loopback,
        )
        self._rules = CrewRules(
            command=worker_command,
            settings=template,
            runtime_dir=runtime_dir,
            transport=transport,
            stop_timeout_s=workers.stop_timeout_s,
            timings=self._timings,
        )
        self._audience = Audience(self._first_viewer, self._last_viewer, self._request_keyframe)
        self._desk = QuestionDesk(
            lambda: self._crew,
            clock,
            start_timeout_s=self._timings.start_timeout_s,
            linger_s=self._timings.idle_linger_s,
        )
        self._reconciler = Reconciler(workers, self._timings, clock, self._audience, self._kept)
        self._executor: ThreadPoolExecutor | None = None
        self._context: zmq.asyncio.Context | None = None
        self._crew: Crew | None = None
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin. Nothing runs before the first `apply`; workers of an earlier server are looked after meanwhile.

        Raises:
            FleetInUseError: another server uses the runtime folder.
            ConfigError: the runtime folder belongs to somebody else.
        """
        if self._running is not None:
            return
        make_private(self._runtime_dir)
        self._lock.acquire()
        self._audience.open()
        self._executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="fleet")
        self._context = zmq.asyncio.Context()
        self._crew = Crew(
            self._rules,
            server_id=uuid.uuid4().hex,
            context=self._context,
            executor=self._executor,
            clock=self._clock,
            listeners_of=self._reconciler.listeners_of,
            audience=self._audience,
            on_gone=self._worker_gone,
            on_change=self._reconciler.wake,
        )
        takeover = Takeover(self._crew, self._rules, self._executor)
        self._running = asyncio.get_running_loop().create_task(
            self._reconciler.run(self._crew, takeover), name="fleet reconciler"
        )

    async def stop(self) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        self._audience.close()
        running.cancel()
        await asyncio.wait([running])
        crew, executor, context = self._crew, self._executor, self._context
        if crew is None or executor is None or context is None:
            return
        await crew.close()
        await self._reconciler.close()
        await asyncio.get_running_loop().run_in_executor(executor, context.term)
        executor.shutdown()
        self._lock.release()

    async def apply(self, desired: Mapping[str, CameraSpec]) -> None:
        self._reconciler.apply(desired)

    async def restart(self, camera_id: str) -> None:
        self._reconciler.restart(camera_id)

    async def restart_stream(self, camera_id: str) -> None:
        await self._running_at(camera_id).request(RestartStream(camera_id=camera_id), self._timings.command_timeout_s)

    async def move(self, camera_id: str, worker_id: str = "") -> str:
        return self._reconciler.move(camera_id, worker_id)

    async def restart_worker(self, worker_id: str) -> None:
        self._reconciler.restart_worker(worker_id)

    async def use_sub_stream(self, camera_id: str, on: bool) -> None:
        self._reconciler.use_sub_stream(camera_id, on=on)

    def status(self, camera_id: str) -> CameraStatus | None:
        return self._reconciler.board.statuses.get(camera_id)

    def statuses(self) -> Mapping[str, CameraStatus]:
        return self._reconciler.board.statuses

    def workers(self) -> tuple[WorkerStatus, ...]:
        links = self._crew or ()
        return tuple(link.status for link in links if link.status is not None)

    def worker_slots(self) -> tuple[WorkerSlot, ...]:
        return self._reconciler.slots()

    def workers_lost(self) -> int:
        return self._reconciler.workers_lost

    def worker_of(self, camera_id: str) -> WorkerStatus | None:
        link = self._reconciler.owner(camera_id)
        return link.status if link is not None else None

    @property
    def spare_waits(self) -> bool:
        """Whether a process was started in advance, for the next worker that fails."""
        return self._crew is not None and self._crew.spare_pid is not None

    def restarts(self, camera_id: str) -> int:
        """How often the camera had to be started again since it is wanted to run."""
        place = self._reconciler.place(camera_id)
        return place.restarts if place is not None else 0

    def place(self, camera_id: str) -> CameraPlace | None:
        """Where the camera runs and how far it is trusted; None when it is not wanted to run."""
        return self._reconciler.place(camera_id)

    async def snapshot(self, camera_id: str, max_width_px: int = 0) -> SnapshotReply:
        link = self._running_at(camera_id)
        command = GetSnapshot(camera_id=camera_id, max_width_px=max_width_px)
        reply = await link.request(command, self._timings.command_timeout_s)
        if not isinstance(reply, SnapshotReply):
            raise WorkerUnavailableError(f"unexpected answer to GetSnapshot: {type(reply).__name__}")
        return reply

    async def ask(self, question: Question, timeout_s: float) -> Reply:
        return await self._desk.ask(question, timeout_s)

    async def record_allocations(self, worker_id: str, command: RecordAllocations) -> Recording:
        link = self._crew.link(worker_id) if self._crew is not None else None
        if link is None and worker_id not in {slot.worker_id for slot in self.worker_slots()}:
            raise NotFoundError(f"there is no worker {worker_id}", f"没有名为 {worker_id} 的工作进程")
        if link is None or link.phase is not Phase.READY:
            raise WorkerUnavailableError(f"{worker_id} is not there at this moment")
        reply = await link.request(command, ALLOCATIONS_TIMEOUT_S)
        if not isinstance(reply, AllocationsRecorded):
            raise WorkerUnavailableError(f"unexpected answer to RecordAllocations: {type(reply).__name__}")
        return reply.recording

    @asynccontextmanager
    async def watch(self, camera_id: str, kind: PreviewKind) -> AsyncIterator[AsyncIterator[PreviewPicture]]:
        viewer = self._audience.join((camera_id, kind))
        try:
            yield viewer
        finally:
            self._audience.leave((camera_id, kind), viewer)

    def on_event(self, listener: Callable[[Event], None]) -> None:
        self._reconciler.board.on_event(listener)

    def on_status(self, listener: Callable[[CameraStatus], None]) -> None:
        self._reconciler.board.on_status(listener)

    def _running_at(self, camera_id: str) -> WorkerLink:
        """The worker that runs the camera.

        Raises:
            CameraNotRunningError, WorkerUnavailableError.
        """
        if not self._reconciler.wants(camera_id):
            raise CameraNotRunningError(camera_id)
        link = self._reconciler.owner(camera_id)
        if link is None:
            raise WorkerUnavailableError(f"{camera_id} has no worker at this moment")
        return link

    def _kept(self) -> frozenset[str]:
        return frozenset({DESK}) if self._desk.needed else frozenset()

    def _worker_gone(self, slot: str, link: WorkerLink | None, how: str) -> None:
        if slot != DESK:
            self._reconciler.worker_gone(slot, link, how)
            return
        # It runs no camera, so nothing has to be judged or started again: whoever asked is told.
        log.info("worker.ended", worker_id=slot, how=how)
        self._reconciler.wake()

    def _first_viewer(self, stream: Stream) -> None:
        if (link := self._reconciler.owner(stream[0])) is not None:
            link.watch(stream)

    def _last_viewer(self, stream: Stream) -> None:
        if (link := self._reconciler.owner(stream[0])) is not None:
            link.unwatch(stream)

    def _request_keyframe(self, stream: Stream) -> None:
        if (link := self._reconciler.owner(stream[0])) is not None:
            link.notify(RequestKeyframe(camera_id=stream[0], kind=stream[1]))
