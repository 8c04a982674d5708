"""/api/v1/monitoring/health: every check with its state, its history, what changed of all, and a way to look now."""

from typing import Annotated

from fastapi import Path, Query

from popcam.core.access import Permission, Principal
from popcam.core.errors import CheckUnknownError, DatabaseError, RequestInvalidError
from popcam.core.monitoring import CHECK_STATES, CheckChange, CheckGroup, CheckState
from popcam.monitoring.health import camera_of
from popcam.server import examples
from popcam.server import health_examples as own_examples
from popcam.server import health_schemas as schemas
from popcam.server.checks import health_of, may_see
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.services import Reader, Services, Use

router = Router(prefix="/api/v1/monitoring/health", tags=["monitoring"])

CheckId = Annotated[str, Path(description="Name and subject, such as `camera.frozen:door`.", max_length=400)]
GROUPS = tuple(CheckGroup)
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.", pattern="^[0-9]{1,15}$")]
TROUBLE: frozenset[CheckState] = frozenset({"warning", "failed"})


@router.get(
    "",
    dependencies=[needs(Permission.VIEW, filtered=True, action="health.look")],
    summary="Health",
    responses={200: examples.of(own_examples.HEALTH), **responses(RequestInvalidError)},
)
async def get_health(
    services: Use,
    who: Who,
    language: Reader,
    state: Annotated[list[CheckState] | None, Query(description="Only in this state; may be repeated.")] = None,
    group: Annotated[list[CheckGroup] | None, Query(description="Only of this group; may be repeated.")] = None,
    camera_id: Annotated[str | None, Query(description="Only about this camera.", max_length=64)] = None,
) -> schemas.HealthOut:
    """Every check: its state, since when, what was found and what to do about it. Who is limited to some cameras gets
    the checks of these alone."""
    found = [
        result
        for result in health_of(services).results().values()
        if (not state or result.outcome.state in state)
        and (not group or result.check.group in group)
        and (camera_id is None or camera_of(result.check) == camera_id)
        and may_see(services, who, result)
    ]
    found.sort(key=lambda result: (GROUPS.index(result.check.group), result.check.check_id))
    states = [result.outcome.state for result in found]
    worst = max(states, key=CHECK_STATES.index) if states else "ok"
    return schemas.HealthOut(state=worst, checks=[schemas.check_of(result, language) for result in found])


@router.get(
    "/changes",
    dependencies=[needs(Permission.VIEW, filtered=True, action="health.look")],
    summary="What changed",
    responses={200: examples.of(own_examples.HEALTH_CHANGES), **responses(DatabaseError, RequestInvalidError)},
)
async def list_health_changes(
    services: Use,
    who: Who,
    language: Reader,
    state: Annotated[list[CheckState] | None, Query(description="Only to this state; may be repeated.")] = None,
    camera_id: Annotated[str | None, Query(description="Only of checks about this camera.", max_length=64)] = None,
    since: Annotated[float, Query(ge=0.0, allow_inf_nan=False, description="Changes after this time.")] = 0.0,
    trivial: Annotated[bool, Query(description="True: also changes without trouble before or after them.")] = False,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Most changes of a page.")] = 50,
) -> schemas.HealthChanges:
    """When checks went from one state to another, newest first: what got bad, and what got well again. Of checks that
    are there now; who is limited to some cameras gets those about them."""
    checks = {
        check_id: result.check
        for check_id, result in health_of(services).results().items()
        if (camera_id is None or camera_of(result.check) == camera_id) and may_see(services, who, result)
    }

    def wanted(change: CheckChange) -> bool:
        told = trivial or bool({change.before, change.now} & TROUBLE)
        return told and change.check_id in checks and (not state or change.now in state)

    page = await health_of(services).page(since, None if cursor is None else int(cursor), limit, wanted)
    items = [
        schemas.health_change_of(change_id, checks[change.check_id], change, language)
        for change_id, change in page.changes
    ]
    return schemas.HealthChanges(items=items, next_cursor=None if page.older is None else str(page.older))


@router.get(
    "/{check_id:path}/changes",
    dependencies=[needs(Permission.VIEW, filtered=True, action="health.look")],
    summary="History of a check",
    responses={
        200: examples.of(own_examples.CHANGES),
        **responses(CheckUnknownError, DatabaseError, RequestInvalidError),
    },
)
async def get_check_changes(
    check_id: CheckId,
    services: Use,
    who: Who,
    language: Reader,
    since: Annotated[float, Query(ge=0.0, allow_inf_nan=False, description="Changes after this time.")] = 0.0,
    limit: Annotated[int, Query(ge=1, le=2000, description="Most changes; the newest are told.")] = 500,
) -> schemas.CheckChanges:
    """When a check went from one state to another, with the change before: for history bars."""
    _seen(services, who, check_id)
    changes = await health_of(services).changes(check_id, since, limit)
    return schemas.CheckChanges(items=[schemas.change_of(change, language) for change in changes])


@router.post(
    "/{check_id:path}/run",
    dependencies=[needs(Permission.OPERATE, filtered=True, action="health.run")],
    summary="Carry out a check now",
    responses={200: examples.of(own_examples.CHECK), **responses(CheckUnknownError, RequestInvalidError)},
)
async def run_check(check_id: CheckId, services: Use, who: Who, language: Reader) -> schemas.CheckOut:
    """Look now, whether it is due or not; one that is under way is waited for. A check that takes too long is
    `unknown`."""
    _seen(services, who, check_id)
    return schemas.check_of(await health_of(services).run_now(check_id), language)


def _seen(services: Services, who: Principal, check_id: str) -> None:
    """Raise what an unknown check is answered with, unless somebody may know of this one."""
    if not may_see(services, who, health_of(services).result(check_id)):
        raise CheckUnknownError(check_id)
