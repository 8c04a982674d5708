"""/api/v1/logs: the logs of all processes as one, page by page and as they are written."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import Depends, Query, WebSocket, WebSocketDisconnect

from popcam.core.access import Permission
from popcam.core.errors import LoginNeededError, RequestInvalidError
from popcam.core.log_record import LogFilter, LogLevel
from popcam.server import examples, log_examples, log_schemas
from popcam.server.log_follower import LogFollower, LogListener
from popcam.server.log_reader import logs_in, read_page
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.services import Services, Use
from popcam.server.sight import limit_for
from popcam.server.standing import until_changed
from popcam.server.tasks import first_of

router = Router(prefix="/api/v1/logs", tags=["logs"])

MAX_BACKLOG = 1000
"""Lines before the newest that one who goes on from a time may get at once."""
GATHERED_S = 0.1


class Ping(msgspec.Struct, tag="ping", tag_field="type"):
    """A client looks whether the connection lives."""

    id: int = 0


async def wanted_lines(
    services: Use,
    who: Who,
    level: Annotated[LogLevel, Query(description="This level or a worse one.")] = "debug",
    camera_id: Annotated[
        str, Query(max_length=64, pattern="^[A-Za-z0-9_-]*$", description="Only of this camera.")
    ] = "",
    request_id: Annotated[str, Query(max_length=64, description="Only of this request.")] = "",
    process: Annotated[str, Query(max_length=64, description="Only of this process.")] = "",
    text: Annotated[str, Query(max_length=200, description="Only with this text, in any case.")] = "",
) -> LogFilter:
    """The filter in an address. Who is limited to some cameras gets the lines about these alone."""
    return LogFilter(
        level=level,
        camera_id=camera_id,
        request_id=request_id,
        process=process,
        text=text,
        cameras=limit_for(services.cameras, who),
    )


Wanted = Annotated[LogFilter, Depends(wanted_lines)]


@router.get(
    "",
    dependencies=[needs(Permission.OPERATE, filtered=True, action="logs.look")],
    summary="Logs",
    responses={200: examples.of(log_examples.LOGS), **responses(RequestInvalidError)},
)
async def list_log_lines(
    services: Use,
    wanted: Wanted,
    before: Annotated[
        float | None, Query(allow_inf_nan=False, description="Written before this time, seconds since 1970.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=2000, description="Most on one page.")] = 200,
) -> log_schemas.LogPageOut:
    """Lines of the server, its workers and batch workers, newest first, page by page. Files that were put away are
    looked through, too. A camera's own log reaches furthest back."""
    folder = services.options.log_dir
    page = await asyncio.to_thread(read_page, folder, wanted, before, limit)
    known = [] if wanted.cameras is not None else [log.process for log in logs_in(folder)]
    return log_schemas.LogPageOut(
        items=[log_schemas.line_of(record) for record in page.records], next_before=page.before, processes=known
    )


@router.websocket("/live", dependencies=[needs(Permission.OPERATE, filtered=True, action="logs.look")])
async def follow_logs(
    websocket: WebSocket,
    services: Use,
    wanted: Wanted,
    since: Annotated[float | None, Query(allow_inf_nan=False)] = None,
) -> None:
    """New lines of all processes, as `{"type": "logs", "items": [...], "missed": 0}`, oldest first, for the same filter
    as the list. `since` (seconds since 1970) begins with what was written after that time.

    A slow reader loses the oldest lines; their number is told. `{"type": "ping", "id": 1}` is answered by
    `{"type": "pong", "id": 1}`. Close codes: 1007 a message that is none of these, 1012 the server closes, 4401 the
    login ended or changed.
    """
    await websocket.accept()
    async with follower_of(services).listen(wanted) as listener:
        done = await first_of(
            _tell(websocket, services, listener, since),
            _answer(websocket),
            services.closing.wait(),
            until_changed(websocket),
        )
    if done == 2:
        await websocket.close(1012, "server closes")
    elif done == 3:
        await websocket.close(4401, LoginNeededError.code)


def follower_of(services: Services) -> LogFollower:
    """The one that reads for all who watch."""
    if services.follower is None:
        services.follower = LogFollower(services.options.log_dir)
    return services.follower


async def _tell(websocket: WebSocket, services: Services, listener: LogListener, since: float | None) -> None:
    """Tell what is new, until the client leaves. While a send waits, the oldest lines go."""
    told: list[tuple[float, str, str]] = []
    if since is not None:
        page = await asyncio.to_thread(read_page, services.options.log_dir, listener.wanted, None, MAX_BACKLOG)
        records = [record for record in reversed(page.records) if record.unix_s > since]
        told = [(record.unix_s, record.process, record.event) for record in records]
        if not await _sent(websocket, log_schemas.LogsMessage(items=[log_schemas.line_of(one) for one in records])):
            return
    while True:
        news, missed = await listener.news()
        items = [
            log_schemas.line_of(one) for one in news if not told or (one.unix_s, one.process, one.event) not in told
        ]
        told = []
        if (items or missed) and not await _sent(websocket, log_schemas.LogsMessage(items=items, missed=missed)):
            return
        await asyncio.sleep(GATHERED_S)


async def _sent(websocket: WebSocket, message: log_schemas.LogsMessage) -> bool:
    """Send it; False once the client has left."""
    if not message.items and not message.missed:
        return True
    try:
        await websocket.send_text(message.model_dump_json())
    except (WebSocketDisconnect, RuntimeError):
        return False
    return True


async def _answer(websocket: WebSocket) -> None:
    """Answer pings, until the client leaves or says anything else."""
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        try:
            ping = msgspec.json.decode(message.get("text") or b"", type=Ping)
        except msgspec.DecodeError:
            await websocket.close(1007, "request.invalid")
            return
        await websocket.send_text(f'{{"type":"pong","id":{ping.id}}}')
