"""/api/v1/alerts: what stands, what was, and that somebody has seen it."""

from typing import Annotated

from fastapi import Path, Query, Request

from popcam.core.access import Permission
from popcam.core.alerts import ID_PATTERN, AlertKey, AlertState
from popcam.core.errors import AlertNotFoundError, DatabaseError, NotFoundError, RequestInvalidError
from popcam.server import alert_examples, alert_schemas, examples
from popcam.server.alerting import may_know
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.secured import note
from popcam.server.services import Reader, Use
from popcam.server.sight import limit_for
from popcam.server.watched_over import Alerts
from popcam.storage.alerts import ChangeFilter

router = Router(prefix="/api/v1/alerts", tags=["alerts"])

NO_SUBJECT = "-"
"""In addresses: the alert of a rule that is about nothing in particular."""
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.", pattern="^[0-9]{1,15}$")]
CameraId = Annotated[str | None, Query(description="Only about this camera.", max_length=64)]


@router.get(
    "",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="Alerts",
    responses={200: examples.of(alert_examples.ALERTS), **responses(NotFoundError, RequestInvalidError)},
)
async def list_alerts(
    alerts: Alerts,
    services: Use,
    who: Who,
    language: Reader,
    state: Annotated[list[AlertState] | None, Query(description="Only in this state; may be repeated.")] = None,
    camera_id: CameraId = None,
) -> alert_schemas.AlertList:
    """Alerts that are pending, fire, or can't be evaluated, the newest first; the history has those that are over."""
    return alert_schemas.AlertList(
        items=[
            alert_schemas.alert_of(alert, language)
            for alert in alerts.alerts()
            if (not state or alert.state in state)
            and (camera_id is None or alert.camera_id == camera_id)
            and may_know(services, who, alert.camera_id)
        ]
    )


@router.get(
    "/history",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="What alerts did",
    responses={
        200: examples.of(alert_examples.HISTORY),
        **responses(NotFoundError, RequestInvalidError, DatabaseError),
    },
)
async def list_alert_history(
    alerts: Alerts,
    services: Use,
    who: Who,
    language: Reader,
    rule_id: Annotated[str | None, Query(description="Only of this rule.", pattern=ID_PATTERN)] = None,
    subject: Annotated[str | None, Query(description="Only about this.", max_length=200)] = None,
    camera_id: CameraId = None,
    since: Annotated[float | None, Query(description="Only from this time on, seconds since 1970.", ge=0)] = None,
    until: Annotated[float | None, Query(description="Only before this time, seconds since 1970.", ge=0)] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Most on one page.")] = 50,
) -> alert_schemas.AlertHistoryPage:
    """Each change of state, and who has seen what, the newest first, page by page. Half a year is kept."""
    wanted = ChangeFilter(
        rule_id=rule_id,
        subject=subject,
        camera_id=camera_id,
        camera_ids=limit_for(services.cameras, who),
        since_unix_s=since,
        until_unix_s=until,
    )
    found = await alerts.store.changes(wanted, None if cursor is None else int(cursor), limit + 1)
    page = found[:limit]
    return alert_schemas.AlertHistoryPage(
        items=[alert_schemas.change_of(row, language) for row in page],
        next_cursor=str(page[-1].change_id) if len(found) > limit else None,
    )


@router.post(
    "/{rule_id}/{subject:path}/acknowledge",
    dependencies=[needs(Permission.OPERATE, filtered=True, action="alert.acknowledge")],
    summary="Acknowledge an alert",
    responses={
        200: examples.of(alert_examples.ACKNOWLEDGED),
        **responses(AlertNotFoundError, NotFoundError, RequestInvalidError, DatabaseError),
    },
)
async def acknowledge_alert(
    rule_id: Annotated[str, Path(description="Id of the rule.", pattern=ID_PATTERN)],
    subject: Annotated[
        str, Path(description="What it is about, percent-encoded; `-` for nothing in particular.", max_length=400)
    ],
    alerts: Alerts,
    services: Use,
    who: Who,
    request: Request,
    language: Reader,
) -> alert_schemas.AlertOut:
    """You have seen it: it is not told again until it is over. Whether it is over is told in any case."""
    key = AlertKey(rule_id, "" if subject == NO_SUBJECT else subject)
    note(request, f"alert:{rule_id}:{key.subject}")
    if not may_know(services, who, alerts.get(key).camera_id):
        raise AlertNotFoundError(f"{key.rule_id}:{key.subject}")
    return alert_schemas.alert_of(await alerts.acknowledge(key, who.name), language)
