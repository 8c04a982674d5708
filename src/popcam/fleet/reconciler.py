"""Compares what is wanted with what is, and acts: the loop that keeps cameras running."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import assert_never

import structlog

from popcam.core.clock import Clock
from popcam.core.errors import CameraNotRunningError, RecoveryRefusedError
from popcam.core.facts import CameraState, CameraStatus, WorkerSlot, WorkerStatus
from popcam.core.spec import CameraSpec
from popcam.core.worker_settings import WorkersSpec
from popcam.fleet.backoff import TokenBucket
from popcam.fleet.board import StatusBoard
from popcam.fleet.crew import Crew
from popcam.fleet.fact_reader import FactListeners
from popcam.fleet.judge import Failure, Judge
from popcam.fleet.ledger import CameraPlace, Ledger
from popcam.fleet.link import Placement, WorkerLink
from popcam.fleet.placer import Placer
from popcam.fleet.plan import (
    SOLO,
    Action,
    FleetView,
    Phase,
    Retire,
    Spawn,
    Standing,
    Start,
    Stop,
    move_target,
    place,
    plan,
)
from popcam.fleet.slots import SlotBook
from popcam.fleet.takeover import Takeover
from popcam.fleet.timings import FleetTimings
from popcam.fleet.upkeep import Upkeep, log_verdict
from popcam.fleet.viewers import Audience
from popcam.fleet.watchdog import Watchdog
from popcam.fleet.wishes import Wishes

log = structlog.get_logger(__name__)


class Reconciler:
    """Level-triggered: `run` compares and acts whenever `wake` says that something changed, and once a tick."""

    def __init__(
        self,
        workers: WorkersSpec,
        timings: FleetTimings,
        clock: Clock,
        audience: Audience,
        kept: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._kept = kept
        self._timings = timings
        self._clock = clock
        self._audience = audience
        self._shared_limit = workers.count or os.cpu_count() or 1
        self._judge = Judge(workers, timings)
        self._placer = Placer(clock, command_timeout_s=timings.command_timeout_s, stop_timeout_s=workers.stop_timeout_s)
        self.board = StatusBoard(clock)
        self._wishes = Wishes()
        self._slots = SlotBook(self._judge)
        self._ledger = Ledger(clock, self.board, self._judge, self._placer, self._wishes)
        now_s = clock.monotonic_s()
        self._tick_s = min(timings.tick_s, workers.server_loss_s / 4.0, workers.heartbeat_timeout_s / 2.0)
        self._watchdog = Watchdog(workers.heartbeat_timeout_s, self._tick_s, now_s)
        self._bucket = TokenBucket(max(timings.spawn_burst, self._shared_limit), timings.spawns_per_s, now_s)
        self._applied = False
        self._awake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._crew: Crew | None = None

    # --- what the fleet's users say and ask ---

    def apply(self, desired: Mapping[str, CameraSpec]) -> None:
        """Set what is wanted. A changed camera gets a new chance."""
        for camera_id in set(self._wishes.desired) - set(desired):
            self._judge.forget(camera_id)
            self._placer.forget(camera_id)
            if self.owner(camera_id) is None:
                self._ledger.unwanted(camera_id)
        for camera_id, spec in desired.items():
            known = self._wishes.applied(camera_id)
            if known is None:
                self._ledger.wanted(camera_id)
            elif known != spec:
                self._judge.forgive(camera_id)
        self._wishes.apply(desired)
        self._applied = True
        self.wake()

    def restart(self, camera_id: str) -> None:
        """See `Fleet.restart`."""
        self._expect(camera_id)
        self._judge.forgive(camera_id, self._placer.homes.get(camera_id, ""))
        self._start_again(camera_id)

    def move(self, camera_id: str, worker_id: str) -> str:
        """See `Fleet.move`."""
        self._expect(camera_id)
        if self._judge.standing(camera_id) is not Standing.SHARED:
            raise RecoveryRefusedError(f"{camera_id} has to run in a worker of its own: {self._judge.why(camera_id)}")
        homes = self._placer.homes
        waits = self._judge.slot_waits(self._clock.monotonic_s())
        target = move_target(camera_id, homes, self._shared_limit, waits, worker_id)
        if target is None:
            raise RecoveryRefusedError(f"there is no worker {worker_id}" if worker_id else "there is no other worker")
        if target != homes.get(camera_id):
            homes[camera_id] = target
            self._start_again(camera_id)
        return target

    def restart_worker(self, worker_id: str) -> None:
        """See `Fleet.restart_worker`."""
        link = self._crew.link(worker_id) if self._crew is not None else None
        if self._crew is None or (link is None and worker_id not in self._placer.homes.values()):
            raise RecoveryRefusedError(f"there is no worker {worker_id}")
        self._judge.forgive_slot(worker_id)
        if link is not None:
            self._crew.restart(link)
        self.wake()

    def use_sub_stream(self, camera_id: str, *, on: bool) -> None:
        """See `Fleet.use_sub_stream`."""
        self._wishes.use_sub_stream(camera_id, on=on)
        self.wake()

    def slots(self) -> tuple[WorkerSlot, ...]:
        """See `Fleet.worker_slots`."""
        return self._slots.slots(self._placer.homes, self._crew or (), self._clock.monotonic_s())

    @property
    def workers_lost(self) -> int:
        """See `Fleet.workers_lost`."""
        return self._slots.lost

    def wants(self, camera_id: str) -> bool:
        return camera_id in self._wishes.desired

    def owner(self, camera_id: str) -> WorkerLink | None:
        """The worker that was told to run the camera."""
        links = self._crew or ()
        return next((link for link in links if camera_id in link.placements), None)

    def place(self, camera_id: str) -> CameraPlace | None:
        """See `LocalFleet.place`."""
        if camera_id not in self._wishes.desired:
            return None
        link = self.owner(camera_id)
        return CameraPlace(
            worker_id=link.slot if link is not None else "",
            standing=self._judge.standing(camera_id),
            restarts=self._ledger.restarts.get(camera_id, 0),
            why=self._judge.why(camera_id),
        )

    # --- what happens to workers ---

    def wake(self) -> None:
        """Something changed: compare again."""
        self._awake.set()

    def listeners_of(self, slot: str) -> FactListeners:
        """Who hears the facts of the worker in a slot."""
        return FactListeners(
            worker=lambda status: self._heartbeat(slot, status),
            status=lambda status: self._camera_status(slot, status),
            event=self.board.event,
        )

    def worker_gone(self, slot: str, link: WorkerLink | None, how: str) -> None:
        """A worker's process has ended, or could not be started."""
        now_s = self._clock.monotonic_s()
        cameras = list(link.placements) if link is not None else []
        if link is not None and link.retired:
            log.info("worker.ended", worker_id=slot, how=how)
            for camera_id in cameras:
                (self._ledger.restarting if link.wanted_again else self._ledger.unwanted)(camera_id)
        else:
            how = link.reason if link is not None and link.reason else how
            ran_s = now_s - link.ready_s if link is not None and link.ready_s is not None else 0.0
            log.warning("worker.lost", worker_id=slot, how=how, ran_s=round(ran_s, 1), cameras=cameras)
            self._slots.failed(slot, how)
            failure = Failure(slot, how, ran_s, cameras, link.suspect if link is not None else "")
            for verdict in self._judge.worker_failed(failure, now_s):
                log_verdict(verdict)
            self._declare_lost(slot, cameras, how, now_s)
        self.wake()

    async def run(self, crew: Crew, takeover: Takeover) -> None:
        """Keep cameras running until cancelled."""
        self._crew = crew
        upkeep = Upkeep(crew, self._watchdog, self._judge, self._clock, self._tick_s, self.wake)
        ticking = asyncio.get_running_loop().create_task(upkeep.run(), name="fleet tick")
        try:
            for link, cameras in await takeover.run():
                for status in cameras:
                    self._adopted(link, status)
            while True:
                self._awake.clear()
                if self._applied:
                    await self._reconcile_safely(crew)
                await self._rest()
        finally:
            ticking.cancel()
            await asyncio.wait([ticking])

    async def close(self) -> None:
        """Wait for what is under way; call it when all workers are gone."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        for camera_id in self._wishes.desired:
            self._ledger.unwanted(camera_id)
        self._wishes.clear()
        self._applied = False
        self._crew = None

    # --- the loop ---

    async def _reconcile_safely(self, crew: Crew) -> None:
        try:
            self._reconcile(crew)
        except Exception:
            # The edge of the supervisor: a defect here must not leave cameras unsupervised. The next round starts
            # from what is, so nothing is lost by it.
            log.exception("fleet.reconcile_failed")
            await asyncio.sleep(self._tick_s)

    def _reconcile(self, crew: Crew) -> None:
        now_s = self._clock.monotonic_s()
        view = FleetView(
            desired=self._wishes.desired,
            workers=crew.views(now_s),
            homes=self._placer.homes,
            standings=self._judge.standings,
            slot_waits=self._judge.slot_waits(now_s),
            camera_waits=self._judge.camera_waits(now_s),
            shared_limit=self._shared_limit,
            spawns=self._bucket.available(now_s),
            idle_linger_s=self._timings.idle_linger_s,
            kept=self._kept(),
        )
        homes = place(view)
        self._placer.homes.update(homes)
        self._declare_resting(homes, view, now_s)
        for action in plan(view):
            self._carry_out(crew, action)

    def _declare_resting(self, homes: Mapping[str, str], view: FleetView, now_s: float) -> None:
        """A camera that comes new to a slot with an open breaker is not starting: say so."""
        resting = {slot for slot in view.slot_waits if self._judge.rests(slot, now_s)}
        for camera_id, slot in homes.items():
            if slot in resting and self.board.statuses[camera_id].state is CameraState.STARTING:
                self._ledger.unavailable(camera_id, slot, "failed", resting=True)

    def _carry_out(self, crew: Crew, action: Action) -> None:
        link = crew.link(action.slot)
        match action:
            case Spawn():
                self._bucket.take()
                crew.spawn(action.slot)
            case Retire():
                if link is not None:
                    crew.retire(link)
            case Start():
                if link is not None:
                    placement = self._placer.begin_start(link, action.camera_id, update=action.update)
                    if not action.update:
                        self._audience.restart(action.camera_id)
                    self._spawn_task(self._start(link, self._wishes.desired[action.camera_id], placement))
            case Stop():
                if link is not None:
                    self._placer.begin_stop(link, action.camera_id)
                    self._spawn_task(self._stop(crew, link, action.camera_id))
            case _:
                assert_never(action)

    async def _rest(self) -> None:
        now_s = self._clock.monotonic_s()
        wait_s = self._judge.next_s(now_s)
        if self._bucket.available(now_s) < 1:
            wait_s = min(wait_s or self._bucket.next_s(), self._bucket.next_s())
        try:
            async with asyncio.timeout(wait_s):
                await self._awake.wait()
        except TimeoutError:
            return

    async def _start(self, link: WorkerLink, spec: CameraSpec, placement: Placement) -> None:
        known = self.board.statuses.get(spec.id)
        if await self._placer.start(link, spec, placement, lively=known is not None and known.lively):
            self._judge.start_accepted(spec.id)
        else:
            self._judge.start_refused(spec.id, self._clock.monotonic_s())
            if spec.id not in link.placements and self.wants(spec.id):
                self._ledger.refused(spec.id)
        self.wake()

    async def _stop(self, crew: Crew, link: WorkerLink, camera_id: str) -> None:
        def stuck(reason: str) -> None:
            if link.process.running:
                crew.replace(link, reason, camera_id)

        stopped = await self._placer.stop(link, camera_id, stuck)
        if stopped and not self.wants(camera_id):
            self._ledger.unwanted(camera_id)
        self.wake()

    def _spawn_task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name="fleet command")
        self._tasks.add(task)
        task.add_done_callback(self._commanded)

    def _commanded(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("fleet.command_failed", exc_info=failure)
            self.wake()

    # --- facts ---

    def _heartbeat(self, slot: str, status: WorkerStatus) -> None:
        link = self._crew.link(slot) if self._crew is not None else None
        if link is not None:
            link.status = status
            link.seen_s = self._clock.monotonic_s()

    def _camera_status(self, slot: str, status: CameraStatus) -> None:
        link = self._crew.link(slot) if self._crew is not None else None
        placement = link.placements.get(status.camera_id) if link is not None else None
        if placement is None or status.epoch != placement.epoch:
            return  # the last words of a placement that is over
        placement.seen_s = self._clock.monotonic_s()
        placement.state = status.state
        if not placement.restarting:
            self._ledger.reported(status, slot)

    def _adopted(self, link: WorkerLink, status: CameraStatus) -> None:
        self._placer.adopt(link, status.camera_id, status.epoch)
        if link.slot.startswith(SOLO):
            self._judge.put_apart(status.camera_id)
        self._ledger.restarts.setdefault(status.camera_id, 0)
        self._ledger.reported(status, link.slot)

    def _expect(self, camera_id: str) -> None:
        if not self.wants(camera_id):
            raise CameraNotRunningError(camera_id)

    def _start_again(self, camera_id: str) -> None:
        """Stop the camera where it runs; the next plan starts it where it belongs."""
        link = self.owner(camera_id)
        if link is not None and link.phase is Phase.READY:
            link.placements[camera_id].restarting = True
        self._ledger.restarting(camera_id)
        self.wake()

    def _declare_lost(self, slot: str, cameras: list[str], how: str, now_s: float) -> None:
        resting = self._judge.rests(slot, now_s)
        for camera_id in cameras:
            if self.wants(camera_id):
                self._ledger.lost(camera_id, slot, how, resting=resting)
            else:
                self._ledger.unwanted(camera_id)
        for camera_id, home in self._placer.homes.items():
            if home == slot and camera_id not in cameras and self.wants(camera_id):
                self._ledger.unavailable(camera_id, slot, how, resting=resting)
