"""The worker processes: started, greeted, watched until they end, cleaned up after."""

import asyncio
import dataclasses
import hashlib
import re
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from pathlib import Path

import msgspec
import structlog
import zmq.asyncio

import popcam
from popcam.core.clock import Clock
from popcam.core.errors import ConfigError, PopcamError
from popcam.core.protocol import PROTOCOL_VERSION, Shutdown
from popcam.core.worker_settings import WorkerSettings
from popcam.fleet.endpoints import Endpoints, Transport, choose_endpoints, new_token, remove_socket_files
from popcam.fleet.fact_reader import FactListeners
from popcam.fleet.link import WorkerLink
from popcam.fleet.log_file import keep_small
from popcam.fleet.plan import Phase, WorkerView
from popcam.fleet.process import WorkerProcess, start_process
from popcam.fleet.spare import Spare
from popcam.fleet.state_file import WorkerRecord, remove_record, write_record
from popcam.fleet.timings import FleetTimings
from popcam.fleet.viewers import Audience

log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CrewRules:
    """What all workers of one fleet have in common. `settings` is a template: id and endpoints are each one's own."""

    command: tuple[str, ...]
    settings: WorkerSettings
    runtime_dir: Path
    transport: Transport
    stop_timeout_s: float
    timings: FleetTimings

    @property
    def digest(self) -> str:
        """Changes with anything that a running worker can't take over from another server."""
        template = dataclasses.replace(self.settings, server_pid=0)
        text = msgspec.json.encode((popcam.__version__, self.command, template))
        return hashlib.sha256(text).hexdigest()[:16]

    def log_path(self, slot: str) -> Path:
        return Path(self.settings.log_dir) / "workers" / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', slot)}.log"


class Crew:
    """All living workers by slot.

    `on_gone(slot, link, how)` is called once for each end, when the process is gone and its files are removed; `link`
    is None when it could not even be started. `on_change()` is called when a worker became ready.
    """

    def __init__(
        self,
        rules: CrewRules,
        *,
        server_id: str,
        context: zmq.asyncio.Context,
        executor: Executor,
        clock: Clock,
        listeners_of: Callable[[str], FactListeners],
        audience: Audience,
        on_gone: Callable[[str, WorkerLink | None, str], None],
        on_change: Callable[[], None],
    ) -> None:
        self._rules = rules
        self._server_id = server_id
        self._context = context
        self._executor = executor
        self._clock = clock
        self._listeners_of = listeners_of
        self._audience = audience
        self._on_gone = on_gone
        self._on_change = on_change
        self._links: dict[str, WorkerLink] = {}
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._closing = False
        self._spare = Spare(rules.command, rules.log_path("spare"), executor)

    def __iter__(self) -> Iterator[WorkerLink]:
        return iter(list(self._links.values()))

    def link(self, slot: str) -> WorkerLink | None:
        return self._links.get(slot)

    def begun(self, slot: str) -> bool:
        """Whether the slot has a worker, one still being started or cleaned up after included."""
        return slot in self._lives

    def views(self, now_s: float) -> tuple[WorkerView, ...]:
        """How a plan sees the workers, those included whose process is just being started."""
        begun = [WorkerView(slot, Phase.STARTING) for slot in self._lives if slot not in self._links]
        return (*begun, *(link.view(now_s) for link in self._links.values()))

    def spawn(self, slot: str) -> None:
        """Start a worker for a slot that has none."""
        self._begin(slot, self._live(slot))

    def take_over(self, record: WorkerRecord, process: WorkerProcess) -> WorkerLink:
        """Go on with a worker that another server started."""
        link = self._link(record.slot, record.token, process, record.endpoints)
        self._begin(record.slot, self._serve(link))
        return link

    def replace(self, link: WorkerLink, reason: str, suspect: str = "") -> None:
        """End a worker that does not do its work; whatever needs it gets another one."""
        if link.phase is Phase.STOPPING:
            return
        link.phase = Phase.STOPPING
        link.reason = reason
        link.suspect = suspect
        log.warning("worker.replaced", worker_id=link.slot, pid=link.process.pid, reason=reason, camera_id=suspect)
        self._end(self._terminate(link, self._rules.timings.kill_grace_s))

    def retire(self, link: WorkerLink) -> None:
        """End a worker that nobody needs any more."""
        if link.phase is not Phase.STOPPING:
            self._end(self._shut_down(link))

    def restart(self, link: WorkerLink) -> None:
        """End a worker that is to be started anew: what needs it gets another one when it is gone."""
        if link.phase is not Phase.STOPPING:
            link.wanted_again = True
            self.retire(link)

    async def keep_spare(self) -> None:
        """See that a process waits for the next failure, once the workers have come to rest."""
        now_s = self._clock.monotonic_s()
        ran_s = [now_s - link.ready_s if link.ready_s is not None else 0.0 for link in self]
        if ran_s and min(ran_s) >= self._rules.timings.spare_after_s and len(self._lives) == len(self._links):
            await self._spare.keep()

    @property
    def spare_pid(self) -> int | None:
        """The process that waits for the next failure, None without one."""
        return self._spare.pid

    async def keep_logs_small(self) -> None:
        loop = asyncio.get_running_loop()
        for slot in list(self._links):
            await loop.run_in_executor(self._executor, keep_small, self._rules.log_path(slot))

    async def close(self) -> None:
        """End all workers, recordings finished; those still starting as well."""
        self._closing = True
        for link in self:
            self.retire(link)
        while self._lives or self._endings:
            await asyncio.wait([*self._lives.values(), *self._endings])
        await self._spare.close()

    def _begin(self, slot: str, life: Coroutine[None, None, None]) -> None:
        if slot in self._lives:
            life.close()
            raise RuntimeError(f"{slot} has a worker already")  # a defect: plan() asks for none that exists
        task = asyncio.get_running_loop().create_task(life, name=f"fleet {slot}")
        self._lives[slot] = task
        task.add_done_callback(lambda done: self._lived(slot, done))

    def _lived(self, slot: str, task: asyncio.Task[None]) -> None:
        del self._lives[slot]
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("worker.life_failed", worker_id=slot, exc_info=failure)
        self._on_change()

    def _end(self, ending: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(ending, name="fleet ending")
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _live(self, slot: str) -> None:
        rules = self._rules
        loop = asyncio.get_running_loop()
        token = new_token()
        try:
            endpoints = await loop.run_in_executor(
                self._executor, choose_endpoints, rules.runtime_dir, token, rules.transport
            )
            process = await self._start(slot, endpoints)
        except (OSError, ConfigError) as exc:
            self._on_gone(slot, None, f"could not be started: {exc}")
            return
        link = self._link(slot, token, process, endpoints)
        try:
            await loop.run_in_executor(self._executor, write_record, rules.runtime_dir, self._record(link))
        except OSError as exc:  # a full disk: it runs all the same, only no later server can find it
            log.warning("worker.not_recorded", worker_id=slot, reason=str(exc))
        await self._serve(link)

    async def _start(self, slot: str, endpoints: Endpoints) -> WorkerProcess:
        rules = self._rules
        settings = dataclasses.replace(
            rules.settings,
            worker_id=slot,
            commands_endpoint=endpoints.commands,
            facts_endpoint=endpoints.facts,
            curve_public_key=endpoints.curve_public_key,
            curve_secret_key=endpoints.curve_secret_key,
        )
        return await start_process(rules.command, settings, rules.log_path(slot), self._executor, self._spare.take())

    def _link(self, slot: str, token: str, process: WorkerProcess, endpoints: Endpoints) -> WorkerLink:
        link = WorkerLink(
            slot,
            token,
            process,
            endpoints,
            context=self._context,
            clock=self._clock,
            listeners=self._listeners_of(slot),
            audience=self._audience,
        )
        self._links[slot] = link
        return link

    async def _serve(self, link: WorkerLink) -> None:
        """Be with a worker from its start to its end."""
        greeting = asyncio.get_running_loop().create_task(self._greet(link), name=f"fleet greeting {link.slot}")
        try:
            if self._closing:
                self.retire(link)
            how = await asyncio.shield(link.process.exit)
        finally:
            link.phase = Phase.STOPPING  # nobody may use its sockets any more
            greeting.cancel()
            await asyncio.wait([greeting])
            await link.close()
        await asyncio.get_running_loop().run_in_executor(self._executor, self._remove_files, link)
        del self._links[link.slot]
        self._on_gone(link.slot, link, how)

    async def _greet(self, link: WorkerLink) -> None:
        try:
            welcome = await link.greet(self._server_id, self._rules.timings.start_timeout_s)
        except PopcamError as exc:
            if link.process.running:
                self.replace(link, f"{exc.code}: {exc.detail}")
            return
        log.info("worker.ready", worker_id=link.slot, pid=link.process.pid, version=welcome.popcam_version)
        self._on_change()

    async def _terminate(self, link: WorkerLink, grace_s: float) -> None:
        await link.process.end(grace_s)

    async def _shut_down(self, link: WorkerLink) -> None:
        """Ask it to finish, and end it when it takes too long. One that is not ready yet has nothing to finish."""
        ready = link.phase is Phase.READY
        link.phase = Phase.STOPPING
        link.retired = True
        if not ready:
            await link.process.end(self._rules.timings.kill_grace_s)
            return
        link.notify(Shutdown())
        await link.process.end_within(self._rules.stop_timeout_s)

    def _record(self, link: WorkerLink) -> WorkerRecord:
        return WorkerRecord(
            token=link.token,
            slot=link.slot,
            pid=link.process.pid,
            create_time_s=link.process.create_time_s,
            commands=link.endpoints.commands,
            facts=link.endpoints.facts,
            curve_public_key=link.endpoints.curve_public_key,
            protocol_version=PROTOCOL_VERSION,
            popcam_version=popcam.__version__,
            command=self._rules.command,
            settings_digest=self._rules.digest,
        )

    def _remove_files(self, link: WorkerLink) -> None:
        try:
            remove_record(self._rules.runtime_dir, link.token)
            remove_socket_files(link.endpoints)
        except OSError as exc:  # the next server cleans up
            log.warning("worker.files_left", worker_id=link.slot, reason=str(exc))
