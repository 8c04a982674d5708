"""/health, /ready and /status: is the process alive, can it work, and what runs here."""

from typing import Literal

from fastapi import Response
from pydantic import BaseModel, Field

from popcam import __version__
from popcam.core.access import Permission, Principal
from popcam.core.facts import WorkerStatus
from popcam.core.language import Language
from popcam.server import examples
from popcam.server.checks import Check, readiness, standing
from popcam.server.needs import Router, Who, needs
from popcam.server.services import Reader, Services, Use
from popcam.server.sight import sees, views_for

router = Router(tags=["server"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str = Field(description="Empty for who is not signed in.")


class Readiness(BaseModel):
    """Whether the server can do its work now."""

    ready: bool
    checks: list[Check]


class CameraCounts(BaseModel):
    """Cameras by what they do."""

    total: int
    wanted: int
    running: int
    by_state: dict[str, int]


class WorkerOut(BaseModel):
    """A process that runs cameras."""

    worker_id: str
    pid: int
    uptime_s: float
    cpu_percent: float = Field(description="100 is one core.")
    rss_bytes: int
    threads: int
    open_files: int
    camera_ids: list[str]
    models: list[str]


def worker_of(worker: WorkerStatus) -> WorkerOut:
    """The public face of one worker."""
    return WorkerOut(
        worker_id=worker.worker_id,
        pid=worker.pid,
        uptime_s=worker.uptime_s,
        cpu_percent=worker.cpu_percent,
        rss_bytes=worker.rss_bytes,
        threads=worker.threads,
        open_files=worker.open_files,
        camera_ids=list(worker.camera_ids),
        models=list(worker.models),
    )


class Ports(BaseModel):
    """Where the server listens."""

    host: str
    http: int


class SettingsState(BaseModel):
    """How reloading of the settings file stands."""

    loaded_unix_s: float
    reloads: int
    error: str = Field(description="Why the file as it is now was refused, in the reader's language, or empty.")
    needs_restart: list[str] = Field(description="What was changed but takes effect at the next start.")


class ServerStatus(BaseModel):
    """What runs here."""

    version: str
    uptime_s: float
    cameras: CameraCounts
    workers: list[WorkerOut]
    viewers: int
    ports: Ports
    settings: SettingsState
    checks: list[Check]


@router.head("/health", dependencies=[needs(Permission.PUBLIC)], include_in_schema=False)
@router.get(
    "/health",
    dependencies=[needs(Permission.PUBLIC)],
    summary="Liveness",
    responses={200: examples.of(examples.HEALTH)},
)
@router.get(
    "/api/health",
    dependencies=[needs(Permission.PUBLIC)],
    summary="Liveness",
    operation_id="api_health",
    responses={200: examples.of(examples.HEALTH)},
)
async def health(who: Who) -> Health:
    """Is the process able to answer? Looks at nothing else, needs no login."""
    return _health(who)


@router.head("/ready", dependencies=[needs(Permission.PUBLIC)], include_in_schema=False)
@router.get(
    "/ready",
    dependencies=[needs(Permission.PUBLIC)],
    summary="Readiness",
    responses={
        200: examples.of(examples.READY),
        503: {"model": Readiness, "description": "Not ready; the failing checks say why."},
    },
)
async def ready(services: Use, who: Who, language: Reader, response: Response) -> Readiness:
    """Can the server do its work: database, workers? Who is not signed in gets the answer without the checks."""
    checks = await readiness(services, language)
    good = all(check.ok for check in checks)
    response.status_code = 200 if good else 503
    return Readiness(ready=good, checks=checks if who.known else [])


@router.head("/status", dependencies=[needs(Permission.PUBLIC)], include_in_schema=False)
@router.get(
    "/status",
    dependencies=[needs(Permission.PUBLIC)],
    summary="What runs here",
    responses={200: examples.of(examples.SERVER)},
)
@router.get(
    "/api/status",
    dependencies=[needs(Permission.PUBLIC)],
    summary="What runs here",
    operation_id="api_status",
    responses={200: examples.of(examples.SERVER)},
)
async def status(services: Use, who: Who, language: Reader) -> ServerStatus | Health:
    """Version, uptime, cameras, workers, ports and checks. Who is not signed in gets `/health`; who is limited to some
    cameras hears of these alone.
    """
    if not who.may(Permission.VIEW):
        return _health(who)
    views = views_for(services.cameras, who)
    by_state: dict[str, int] = {}
    for view in views:
        by_state[view.state] = by_state.get(view.state, 0) + 1
    return ServerStatus(
        version=__version__,
        uptime_s=round(services.clock.monotonic_s() - services.started_monotonic_s, 3),
        cameras=CameraCounts(
            total=len(views),
            wanted=sum(view.wanted for view in views),
            running=sum(view.running for view in views),
            by_state=by_state,
        ),
        workers=[_worker_for(services, who, worker) for worker in services.fleet.workers()],
        viewers=services.viewers,
        ports=Ports(host=services.options.host, http=services.options.port),
        settings=_settings_state(services, who, language),
        checks=standing(services, who, language),
    )


def _health(who: Principal) -> Health:
    return Health(version=__version__ if who.known else "")


def _worker_for(services: Services, who: Principal, worker: WorkerStatus) -> WorkerOut:
    out = worker_of(worker)
    out.camera_ids = [camera_id for camera_id in out.camera_ids if sees(services.cameras, who, camera_id)]
    return out


def _settings_state(services: Services, who: Principal, language: Language) -> SettingsState:
    state = services.settings.state()
    error = ""
    if state.error is not None:  # the details may name any camera, and what stands in the file
        error = state.error.message(language) if who.scope.whole else state.error.title.in_language(language)
    return SettingsState(
        loaded_unix_s=state.loaded_unix_s,
        reloads=state.reloads,
        error=error,
        needs_restart=list(state.needs_restart),
    )
