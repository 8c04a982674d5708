"""/api/v1/silences: keep alerts quiet for a while, with a reason."""

from typing import Annotated

from fastapi import Body, Path, Request

from popcam.alerts.silences import Matcher, camera_of
from popcam.core.access import Permission, Principal
from popcam.core.errors import (
    AccessRefusedError,
    DatabaseError,
    NotFoundError,
    RequestInvalidError,
    SilenceNotFoundError,
)
from popcam.server import alert_examples, alert_schemas, examples
from popcam.server.clean_text import check_text
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.secured import note
from popcam.server.services import Services, Use
from popcam.server.sight import sees
from popcam.server.watched_over import Alerts

router = Router(prefix="/api/v1/silences", tags=["alerts"])

LONGEST_S = 366 * 86_400.0
"""A silence that lasts longer is better a rule that is switched off, where everybody sees it."""


@router.get(
    "",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="Silences",
    responses={200: examples.of(alert_examples.SILENCES), **responses(NotFoundError)},
)
async def list_silences(alerts: Alerts, services: Use, who: Who) -> alert_schemas.SilenceList:
    """All silences; people who are limited to cameras see those of their cameras."""
    now_s = services.clock.unix_s()
    return alert_schemas.SilenceList(
        items=[
            alert_schemas.silence_of(silence, now_s)
            for silence in alerts.silences.newest()
            if _within(services, who, silence.matchers)
        ]
    )


@router.post(
    "",
    dependencies=[needs(Permission.OPERATE, filtered=True, action="silence.create")],
    summary="Add a silence",
    status_code=201,
    responses={
        201: examples.of(alert_examples.SILENCE),
        **responses(AccessRefusedError, RequestInvalidError, NotFoundError, DatabaseError),
    },
)
async def create_silence(
    wanted: Annotated[alert_schemas.SilenceIn, Body(openapi_examples=alert_examples.SILENCE_IN)],
    alerts: Alerts,
    services: Use,
    who: Who,
    request: Request,
) -> alert_schemas.SilenceOut:
    """Alerts that all matchers choose are not told from the beginning to the end. They show in the console as ever."""
    check_text(wanted.reason, "body.reason")
    check_text([[matcher.label, matcher.value] for matcher in wanted.matchers], "body.matchers")
    if not _within(services, who, wanted.matchers):
        raise AccessRefusedError("name one of your cameras in a matcher", "请在匹配条件中指明您的某个摄像头")
    now_s = services.clock.unix_s()
    begins_s = now_s if wanted.begins_unix_s is None else wanted.begins_unix_s
    if not now_s < wanted.ends_unix_s or not begins_s < wanted.ends_unix_s:
        raise RequestInvalidError("body.ends_unix_s: it would be over already", "body.ends_unix_s：静默已经结束")
    if wanted.ends_unix_s - max(now_s, begins_s) > LONGEST_S:
        raise RequestInvalidError("body.ends_unix_s: a year at most", "body.ends_unix_s：最长一年")
    silence = await alerts.silences.add(wanted.matchers, who.name, wanted.reason, begins_s, wanted.ends_unix_s)
    told = alert_schemas.silence_of(silence, now_s)
    note(request, f"silence:{silence.silence_id}", None, told.model_dump(mode="json"))
    return told


@router.delete(
    "/{silence_id}",
    dependencies=[needs(Permission.OPERATE, filtered=True, action="silence.end")],
    summary="End a silence",
    status_code=204,
    responses=responses(SilenceNotFoundError, NotFoundError, DatabaseError),
)
async def end_silence(
    silence_id: Annotated[str, Path(description="Id of the silence.", max_length=32)],
    alerts: Alerts,
    services: Use,
    who: Who,
    request: Request,
) -> None:
    """End it now; what still fires is told. It is kept in the list for 30 days."""
    note(request, f"silence:{silence_id}")
    if not _within(services, who, alerts.silences.get(silence_id).matchers):
        raise SilenceNotFoundError(silence_id)
    await alerts.silences.end(silence_id)


def _within(services: Services, who: Principal, matchers: list[Matcher] | tuple[Matcher, ...]) -> bool:
    """Whether a silence concerns nothing but what somebody may know of."""
    if who.scope.whole:
        return True
    camera_id = camera_of(matchers)
    return camera_id is not None and sees(services.cameras, who, camera_id)
