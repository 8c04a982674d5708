"""/api/performance: how popcam performs, what limits it, and where memory goes."""

from typing import Annotated

from fastapi import Body, Depends, Path, Query

from popcam.core.access import Permission
from popcam.core.errors import (
    CameraNotFoundError,
    DatabaseError,
    NotFoundError,
    RequestInvalidError,
    SnapshotBusyError,
    WorkerUnavailableError,
)
from popcam.core.protocol import RecordAllocations
from popcam.monitoring.performance import FIGURES, FigureName, Performance
from popcam.monitoring.points import at_most
from popcam.monitoring.workers import SERVER
from popcam.server import examples
from popcam.server import performance_examples as own_examples
from popcam.server import performance_forms as forms
from popcam.server import performance_schemas as schemas
from popcam.server.needs import Router, needs
from popcam.server.performance_now import camera_out, performance_out
from popcam.server.problems import responses
from popcam.server.routes.cache import Cache
from popcam.server.services import Reader, Services, Use
from popcam.server.watched_over import WatchedOver

router = Router(prefix="/api/performance", tags=["performance"])

DEFAULT_SPAN_S = 900.0


async def performance_of(operating: WatchedOver) -> Performance:
    """The part that knows.

    Raises:
        NotFoundError: this server has none.
    """
    if operating.performance is None:
        raise NotFoundError("this server does not measure itself", "此服务器未启用性能测量")
    return operating.performance


Measured = Annotated[Performance, Depends(performance_of)]
ASKED = (NotFoundError, RequestInvalidError, WorkerUnavailableError)
Process = Annotated[str, Query(description="`server`, or the id of a worker.", max_length=80)]
CameraId = Annotated[str, Path(description="Id of the camera.", max_length=64)]


@router.get(
    "",
    dependencies=[needs(Permission.VIEW)],
    summary="How popcam performs",
    responses={200: examples.of(own_examples.PERFORMANCE), **responses(NotFoundError)},
)
async def get_performance(services: Use, measured: Measured, cache: Cache, language: Reader) -> schemas.PerformanceOut:
    """Response times, throughput, database, cache, cameras, machine and processes, and what limits most."""
    return performance_out(measured, cache, services.clock.unix_s(), language)


@router.get(
    "/history",
    dependencies=[needs(Permission.VIEW)],
    summary="How figures went",
    responses={
        200: examples.of(own_examples.HISTORIES),
        **responses(NotFoundError, RequestInvalidError, DatabaseError),
    },
)
async def get_performance_history(
    services: Use,
    measured: Measured,
    figure: Annotated[list[FigureName] | None, Query(description="Which; may be repeated. All by default.")] = None,
    since_unix_s: Annotated[float | None, Query(ge=0, description="15 minutes before the end by default.")] = None,
    until_unix_s: Annotated[float | None, Query(ge=0, description="Now by default.")] = None,
    points: Annotated[int, Query(ge=10, le=10_000, description="Most points of each; longer steps beyond.")] = 1000,
) -> schemas.HistoriesOut:
    """Points of a second within the last hour, and of a minute before, in longer steps where there are too many."""
    until_s = services.clock.unix_s() if until_unix_s is None else until_unix_s
    since_s = until_s - DEFAULT_SPAN_S if since_unix_s is None else since_unix_s
    if since_s >= until_s:
        raise RequestInvalidError("since_unix_s: must lie before until_unix_s", "since_unix_s 必须早于 until_unix_s")
    items = []
    for name in figure or FIGURES:
        if FIGURES[name][0] in measured.registry.metrics():
            went = at_most(await measured.history(name, since_s, until_s), points)
            items.append(forms.history_of(name, measured.unit(name), went))
    return schemas.HistoriesOut(since_unix_s=since_s, until_unix_s=until_s, items=items)


@router.get(
    "/routes",
    dependencies=[needs(Permission.VIEW)],
    summary="How each route answers",
    responses={200: examples.of(own_examples.ROUTES), **responses(NotFoundError)},
)
async def list_performance_routes(measured: Measured) -> schemas.RoutesOut:
    """Requests, answers by code, and times over the last minute of each route that was asked for."""
    return schemas.RoutesOut(items=[forms.route_of(route) for route in measured.http.routes()])


@router.get(
    "/cameras/{camera_id}",
    dependencies=[needs(Permission.VIEW, camera="camera_id")],
    summary="How a camera performs",
    responses={200: examples.of(own_examples.CAMERA), **responses(CameraNotFoundError, NotFoundError)},
)
async def get_camera_performance(
    camera_id: CameraId, services: Use, measured: Measured, language: Reader
) -> schemas.CameraPerformanceOut:
    """Its stages with their share of the time of a frame, what it loses and why, its network, and what limits it."""
    services.cameras.spec(camera_id)
    return camera_out(camera_id, measured.status(camera_id), language)


@router.get(
    "/bottlenecks",
    dependencies=[needs(Permission.VIEW)],
    summary="What limits",
    responses={200: examples.of(own_examples.BOTTLENECKS), **responses(NotFoundError)},
)
async def list_bottlenecks(measured: Measured, language: Reader) -> schemas.BottlenecksOut:
    """What limits popcam, what costs most first, each with its cause and what would help. Behind it, as `info`, the
    cameras that take the most while nothing is lost."""
    found = [forms.bottleneck_of(one, language) for one in measured.bottlenecks()]
    return schemas.BottlenecksOut(items=found)


@router.get(
    "/memory",
    dependencies=[needs(Permission.VIEW)],
    summary="Whether memory grows",
    responses={200: examples.of(own_examples.MEMORY), **responses(NotFoundError)},
)
async def get_memory(measured: Measured) -> schemas.MemoryOut:
    """Memory of each process over the last hour, its slope, and whether it grows without end."""
    items = [forms.growth_of(growth) for growth in measured.leaks.all()]
    return schemas.MemoryOut(items=items, recording=measured.allocations.running)


@router.get(
    "/memory/allocations",
    dependencies=[needs(Permission.ADMIN, action="memory.look")],
    summary="Where memory goes",
    responses={200: examples.of(own_examples.ALLOCATIONS), **responses(*ASKED)},
)
async def get_allocations(services: Use, measured: Measured, process: Process = SERVER) -> schemas.AllocationsOut:
    """Lines of code that hold more than when recording began; after it, what was found last."""
    if process != SERVER:
        return await _of_worker(services, process, RecordAllocations(what="look"))
    return forms.allocations_of(SERVER, await measured.allocations.look())


@router.post(
    "/memory/allocations",
    dependencies=[needs(Permission.ADMIN, action="memory.record")],
    summary="Record allocations",
    responses={
        200: examples.of(own_examples.ALLOCATIONS),
        **responses(*ASKED, SnapshotBusyError),
    },
)
async def record_allocations(
    services: Use,
    measured: Measured,
    process: Process = SERVER,
    wanted: Annotated[schemas.AllocationsIn | None, Body(openapi_examples=own_examples.ALLOCATIONS_IN)] = None,
) -> schemas.AllocationsOut:
    """Record where a process takes memory from now on. It makes it slower until it ends by itself."""
    for_s = schemas.AllocationsIn().for_s if wanted is None else wanted.for_s
    if process != SERVER:
        return await _of_worker(services, process, RecordAllocations(what="begin", for_s=for_s))
    return forms.allocations_of(SERVER, await measured.allocations.begin(for_s))


@router.delete(
    "/memory/allocations",
    dependencies=[needs(Permission.ADMIN, action="memory.record_end")],
    summary="End recording allocations",
    responses={200: examples.of(own_examples.ENDED), **responses(*ASKED)},
)
async def end_allocations(services: Use, measured: Measured, process: Process = SERVER) -> schemas.AllocationsOut:
    """Look once more, then record no longer."""
    if process != SERVER:
        return await _of_worker(services, process, RecordAllocations(what="end"))
    return forms.allocations_of(SERVER, await measured.allocations.end())


async def _of_worker(services: Services, worker_id: str, command: RecordAllocations) -> schemas.AllocationsOut:
    return forms.allocations_of(worker_id, await services.fleet.record_allocations(worker_id, command))
