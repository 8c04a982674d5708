"""The server process: takes the port, starts the parts in order, and ends them in the opposite order.

Workers begin first. They take as long to start as the rest of the server, which is imported meanwhile: FastAPI and
SQLAlchemy are more than half of it.
"""

import asyncio
import contextlib
import importlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict
from functools import cache, partial
from types import FrameType
from typing import TYPE_CHECKING

import structlog

from popcam.cameras.choice import in_database, store_for
from popcam.cameras.past import past_ids
from popcam.cameras.service import CamerasService
from popcam.cameras.store import CameraStore
from popcam.config import Settings, SettingsDiff, SettingsFile, SettingsService, SettingsWatcher
from popcam.config.model import ServerSettings
from popcam.core.access import ITSELF, AuditNote
from popcam.core.addresses import allow_loopback
from popcam.core.clock import Clock, SystemClock
from popcam.core.collecting import quiet_start
from popcam.core.errors import PopcamError
from popcam.core.interfaces import Fleet
from popcam.core.language import Text, language_of
from popcam.core.running_server import RunningServer
from popcam.fleet.local import LocalFleet
from popcam.server import logs
from popcam.server.allocator import few_arenas
from popcam.server.exposure import make_private, refuse_exposed, warn_exposed
from popcam.server.late_storage import LateStorage, retention_of
from popcam.server.listen import addresses_of, listen
from popcam.server.options import ServerOptions
from popcam.server.tls import Tls, open_tls

if TYPE_CHECKING:
    from popcam.jobs import JobService
    from popcam.security.service import Security
    from popcam.server.operating import Operating
    from popcam.server.services import Services
    from popcam.storage import Database, EventWriter

log = structlog.get_logger(__name__)

FLEET_MARGIN_S = 5.0
"""Beyond the workers' own time to stop; then they are left to end by themselves, which they do without a server."""
SETTLED_S = 5.0
"""What begins behind the first answer, such as figures, has been loaded by then."""
LANGUAGE_VARIABLES = ("POPCAM_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
MakeFleet = Callable[[Settings, Clock], Fleet]
Welcome = Callable[["Security"], Awaitable[None]]


def local_fleet(settings: Settings, clock: Clock) -> Fleet:
    """The fleet of this machine."""
    return LocalFleet(
        settings.workers,
        settings.inference,
        settings.data_dir,
        settings.runtime_dir,
        settings.log_dir,
        clock,
        allow_loopback=settings.security.allow_loopback_sources,
    )


def serve(settings: Settings, make_fleet: MakeFleet = local_fleet, *, welcome: Welcome | None = None) -> None:
    """Run the server until Ctrl-C or SIGTERM; recordings are finished then. A second signal does not wait.

    Args:
        settings: all of them.
        make_fleet: makes what runs the workers.
        welcome: how somebody gets in for the first time, in the place of the set-up address.

    Raises:
        ExposureRefusedError, CertificateError, PortInUseError, AddressUnavailableError: before anything was started.
        FleetInUseError, ConfigError: the runtime folder can't be used.
    """
    few_arenas()
    logs.configure(settings.log)
    refuse_exposed(settings.server)
    allow_loopback(allowed=settings.security.allow_loopback_sources)
    sockets = listen(settings.server.host, settings.server.port)
    try:
        make_private(settings.data_dir, settings.log_dir)
        logs.server_log().keep_in(settings.log_dir, write=settings.log.file)
        tls = open_tls(settings.server, settings.data_dir)
        warn_exposed(settings)
        with quiet_start() as started, asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings, make_fleet, sockets, tls, welcome, started))
    finally:
        for taken in sockets:
            taken.close()
        logs.server_log().end()
        logs.server_log().keep_in(None)


async def _serve(
    settings: Settings,
    make_fleet: MakeFleet,
    sockets: list[socket.socket],
    tls: Tls | None,
    welcome: Welcome | None,
    started: Callable[[], None],
) -> None:
    port: int = sockets[0].getsockname()[1]
    stop = asyncio.Event()
    with _signals(stop), contextlib.suppress(asyncio.CancelledError):
        async with running(settings, make_fleet, port) as services:
            from popcam.server.http_server import http_server

            server = http_server(services, tls)
            serving = asyncio.create_task(server.serve(sockets))
            watching = asyncio.create_task(tls.watch(), name="tls") if tls else None
            _announce(settings.server, port)
            asyncio.get_running_loop().call_later(SETTLED_S, started)
            if welcome is not None and services.security is not None:
                await welcome(services.security)
            else:
                await _announce_setup(settings, services, port)
            running_server = _left_for_commands(settings, port)
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            log.info("server.closing")
            stopping.cancel()
            services.closing.set()
            await services.webrtc.close_all()
            server.should_exit = True
            await serving
            running_server.remove(settings.runtime_dir)
            if watching is not None:
                await _cancel(watching)
    log.info("server.closed")


@asynccontextmanager
async def running(settings: Settings, make_fleet: MakeFleet, port: int) -> "AsyncIterator[Services]":
    """All parts behind the routes, started; ended at the end of the block, whatever happened inside."""
    clock = SystemClock()
    started_s = clock.monotonic_s()
    # Parts of the outer stack end last: what the fleet says while it stops is still written.
    async with AsyncExitStack() as last, AsyncExitStack() as stack:
        storage = LateStorage(settings, clock)
        last.push_async_callback(storage.close)
        file = SettingsFile(settings)
        if in_database(settings, file):
            await asyncio.to_thread(storage.open)
        fleet = make_fleet(settings, clock)
        await fleet.start()
        stack.push_async_callback(_stop_fleet, fleet, settings.workers.stop_timeout_s + FLEET_MARGIN_S)
        fleet.on_event(storage.offer)
        security_of = cache(partial(_security, settings, storage, clock))
        store = store_for(settings, file, lambda: storage.parts.database, clock.unix_s, lambda: security_of().vault)
        past = past_ids(settings.data_dir, storage.camera_ids)
        cameras = CamerasService(store, fleet, clock, settings.log_dir, past_ids=past)
        stack.push_async_callback(cameras.close)
        await cameras.begin()
        await asyncio.to_thread(storage.open)
        parts = storage.parts
        security = await asyncio.to_thread(security_of)
        last.push_async_callback(security.stop)
        await security.start()
        jobs = _jobs(settings, parts.database, fleet, clock)
        stack.push_async_callback(jobs.stop)
        await jobs.start()
        watched: list[Operating] = []  # it comes last
        applier = _applier(store, cameras, parts.writer, security, watched)
        watcher = SettingsWatcher(settings, applier, clock=clock, file=file)
        watching = asyncio.create_task(watcher.run(), name="settings watcher")
        stack.push_async_callback(_cancel, watching)
        await asyncio.to_thread(importlib.import_module, "popcam.server.http_server")
        from popcam.server.operating import open_operating
        from popcam.server.outputs import Outputs
        from popcam.server.services import Services

        services = Services(
            options=options_of(settings, port),
            clock=clock,
            fleet=fleet,
            cameras=cameras,
            jobs=jobs,
            events=parts.events,
            started_monotonic_s=started_s,
            settings=SettingsService(file, watcher),
            security=security,
        )
        await security.lockdown.wire_outputs(Outputs(services))
        operating = services.operating = await open_operating(services, settings, parts.database)
        stack.push_async_callback(operating.stop)
        watched.append(operating)
        yield services


def _security(settings: Settings, storage: LateStorage, clock: Clock) -> "Security":
    """Who may come in, what was done, and what seals the cameras' passwords in the database."""
    from popcam.security.service import open_security

    return open_security(settings, storage.parts.database, settings.data_dir, clock)


def _jobs(settings: Settings, database: "Database", fleet: Fleet, clock: Clock) -> "JobService":
    """Batch jobs, which give way to the cameras of the fleet."""
    from popcam.jobs import JobService

    return JobService(
        settings.jobs,
        settings.inference,
        database,
        settings.data_dir,
        settings.log_dir,
        clock,
        cameras=fleet.statuses,
    )


def options_of(settings: Settings, port: int) -> ServerOptions:
    """What the routes want to know of the settings."""
    return ServerOptions(
        data_dir=settings.data_dir,
        log_dir=settings.log_dir,
        host=settings.server.host,
        port=port,
        allowed_hosts=settings.server.allowed_hosts,
        allowed_origins=settings.server.allowed_origins,
        max_viewers=settings.server.max_viewers,
        max_webrtc_sessions=settings.server.max_webrtc_sessions,
        login=settings.security.login,
        trusted_proxies=settings.server.trusted_proxies,
        hsts=settings.server.hsts,
        slow_request_s=settings.server.slow_request_s,
    )


def _applier(
    store: CameraStore,
    cameras: CamerasService,
    writer: "EventWriter",
    security: "Security",
    watched: Sequence["Operating"],
) -> Callable[[Settings, SettingsDiff], Awaitable[None]]:
    async def apply(settings: Settings, diff: SettingsDiff) -> None:
        store.offer(settings.cameras)
        await cameras.refresh()
        if kept := [camera_id for camera_id in diff.cameras_removed if camera_id in cameras.ids()]:
            log.warning("cameras.kept", cameras=kept, reason="they left the file, but are kept in the database")
        changed = {name: list(value) for name, value in asdict(diff).items() if value}
        security.audit.note(AuditNote("settings.reload", "ok", ITSELF, "settings", after=changed))
        if "events" in diff.sections_changed:
            writer.retention = retention_of(settings.events)
        if "log" in diff.sections_changed:
            logs.configure(settings.log)
        for operating in watched:
            operating.settings_changed(settings)

    return apply


async def _stop_fleet(fleet: Fleet, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await fleet.stop()
    except TimeoutError:
        log.warning("fleet.stop_timeout", after_s=timeout_s)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    results = await asyncio.gather(task, return_exceptions=True)
    if isinstance(results[0], Exception):
        log.error("watcher.broke", watcher=task.get_name(), error=repr(results[0]))


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM asks to stop, the second one cancels the waiting."""
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if main is not None and stop.is_set():
            loop.call_soon_threadsafe(main.cancel)
        loop.call_soon_threadsafe(stop.set)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        numbers.append(signal.SIGBREAK)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _announce(server: ServerSettings, port: int) -> None:
    addresses = addresses_of(server.host, port, tls=server.tls != "off")
    _say(Text("popcam is at {} (Ctrl-C ends it)", "popcam 已启动：{}（按 Ctrl-C 结束）"), "  ".join(addresses))


async def _announce_setup(settings: Settings, services: "Services", port: int) -> None:
    """Say where the first account is made: to who started popcam, never to the log."""
    security = services.security
    if security is None or not settings.security.login:
        return
    try:
        needed = await security.setup.needed()
    except PopcamError as error:
        log.warning("setup.unknown", code=error.code, detail=error.detail)
        return
    if needed:
        address = addresses_of(settings.server.host, port, tls=settings.server.tls != "off")[0]
        _say(
            Text(
                "There is no user yet. Make the first administrator within 30 minutes at {}",
                "尚无用户。请在 30 分钟内打开以下地址创建第一位管理员：{}",
            ),
            f"{address}/setup#token={security.setup.make()}",  # what is behind the `#` no server or log gets to see
        )


def _left_for_commands(settings: Settings, port: int) -> RunningServer:
    """Tell commands of this user where the server is."""
    server = settings.server
    certificate = {"off": "", "auto": str(settings.data_dir / "tls" / "ca.pem"), "files": server.tls_cert}[server.tls]
    left = RunningServer(addresses_of(server.host, port, tls=server.tls != "off")[0], port, certificate)
    try:
        left.write(settings.runtime_dir)
    except OSError as error:
        log.warning("server.not_told", path=str(error.filename), reason=error.strerror)
    return left


def _say(text: Text, value: str) -> None:
    tongue = language_of(next((os.environ[key] for key in LANGUAGE_VARIABLES if os.environ.get(key)), None))
    sys.stdout.write(text.in_language(tongue).format(value) + "\n")
    sys.stdout.flush()
