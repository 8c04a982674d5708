"""/api/v1/recovery: what popcam did about trouble, and doing it by hand."""

import re
from typing import Annotated

from fastapi import Body, Query, Request

from popcam.alerts.recovery import RecoveryService
from popcam.core.access import Permission
from popcam.core.errors import (
    CameraNotFoundError,
    DatabaseError,
    NotFoundError,
    RecoveryRefusedError,
    RequestInvalidError,
)
from popcam.server import examples
from popcam.server import recovery_examples as own_examples
from popcam.server import recovery_schemas as schemas
from popcam.server.needs import Router, Who, needs
from popcam.server.operating import Operating
from popcam.server.problems import responses
from popcam.server.services import Use
from popcam.server.sight import limit_for
from popcam.server.watched_over import WatchedOver

router = Router(prefix="/api/v1/recovery", tags=["recovery"])

_CURSOR = re.compile(r"([0-9]{1,12}\.[0-9]{1,9})_([0-9a-f]{32})")
Since = Annotated[float | None, Query(allow_inf_nan=False, description="Begun at or after this, seconds since 1970.")]


def recovery_of(operating: Operating) -> RecoveryService:
    """The part that mends.

    Raises:
        NotFoundError: this server was made without.
    """
    if operating.recovery is None:
        raise NotFoundError("this server mends nothing", "此服务器未启用恢复功能")
    return operating.recovery.service


@router.get(
    "",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="Recovery history",
    responses={
        200: examples.of(own_examples.RUNS),
        **responses(NotFoundError, RequestInvalidError, DatabaseError),
    },
)
async def list_recovery_runs(
    services: Use,
    operating: WatchedOver,
    who: Who,
    camera_id: Annotated[str | None, Query(description="Only about this camera.", max_length=64)] = None,
    worker_id: Annotated[str | None, Query(description="Only about this worker.", max_length=64)] = None,
    since: Since = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Most on one page.")] = 50,
) -> schemas.RecoveryPage:
    """What was done about trouble, and how it ended, newest first, page by page. Thirty days are kept."""
    recovery, known = recovery_of(operating), limit_for(services.cameras, who)
    found = await recovery.runs(
        subject=camera_id or worker_id or "",
        within=known,
        since_unix_s=since,
        before=None if cursor is None else _place(cursor),
        limit=limit + 1,
    )
    page, times = found[:limit], recovery.mean_times_s()
    wanted = {name for name in times if known is None or name in known} & ({camera_id} if camera_id else set(times))
    return schemas.RecoveryPage(
        items=[schemas.run_of(run) for run in page],
        next_cursor=f"{page[-1].started_unix_s!r}_{page[-1].run_id}" if len(found) > limit else None,
        mean_recovery_s={name: round(times[name], 3) for name in sorted(wanted)},
    )


@router.post(
    "",
    dependencies=[needs(Permission.OPERATE, action="recovery.ask")],
    status_code=202,
    summary="Mend something",
    responses={
        202: examples.of(own_examples.STARTED, "Begun."),
        **responses(NotFoundError, CameraNotFoundError, RequestInvalidError, RecoveryRefusedError),
    },
)
async def begin_recovery(
    services: Use,
    operating: WatchedOver,
    who: Who,
    request: Request,
    wanted: Annotated[schemas.RecoveryIn, Body(openapi_examples=own_examples.RECOVERY_IN)],
) -> schemas.RecoveryRunOut:
    """Begin an action now, within the limits that rules have. How it ends stands in the history."""
    request.state.audit = {"on": f"camera:{wanted.camera_id}" if wanted.camera_id else f"worker:{wanted.worker_id}"}
    if wanted.camera_id:
        services.cameras.spec(wanted.camera_id)
    elif wanted.action != "restart_worker" or not wanted.worker_id:
        raise RequestInvalidError("name the camera or worker that it is for", "请指明摄像头或工作进程")
    run = await recovery_of(operating).run_now(
        wanted.action, camera_id=wanted.camera_id, worker_id=wanted.worker_id, target=wanted.target, by=who.name
    )
    return schemas.run_of(run)


def _place(cursor: str) -> tuple[float, str]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise RequestInvalidError("the cursor is none of ours", "游标无效")
    return float(found[1]), found[2]
