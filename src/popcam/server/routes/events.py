"""/api/v1/events: what happened before the cameras, newest first."""

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, Field

from popcam.core.access import Permission, Principal
from popcam.core.errors import DatabaseError, EventNotFoundError, RequestInvalidError
from popcam.core.facts import EventKind
from popcam.server import examples
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.services import Services, Use
from popcam.server.sight import limit_for, sees
from popcam.storage import EventFilter, EventRow

router = Router(prefix="/api/v1/events", tags=["events"])


class EventOut(BaseModel):
    """Something that happened."""

    id: str
    camera_id: str
    kind: EventKind
    started_unix_s: float
    ended_unix_s: float | None = Field(description="Null while it lasts, or when it has no length.")
    label: str
    track_id: int | None
    score: float
    box: tuple[float, float, float, float] | None = Field(description="xyxy in 0..1 of the picture.")
    place: str = Field(description="Name of the zone or line.")
    direction: str
    snapshot_url: str | None = Field(description="Where its picture is; null when it has none.")


class EventPageOut(BaseModel):
    """Events newest first. `next_cursor` leads to older ones; null at the end."""

    items: list[EventOut]
    next_cursor: str | None


def event_out(event: EventRow) -> EventOut:
    """The public face of an event."""
    return EventOut(
        id=event.event_id,
        camera_id=event.camera_id,
        kind=event.kind,
        started_unix_s=event.started_unix_s,
        ended_unix_s=event.ended_unix_s,
        label=event.label,
        track_id=event.track_id,
        score=event.score,
        box=event.box,
        place=event.place,
        direction=event.direction,
        snapshot_url=f"/api/v1/events/{event.event_id}/snapshot" if event.snapshot_bytes else None,
    )


@router.get(
    "",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="Events",
    responses={200: examples.of(examples.EVENTS), **responses(RequestInvalidError, DatabaseError)},
)
async def list_events(
    services: Use,
    who: Who,
    camera: Annotated[str | None, Query(description="Only of this camera.", max_length=64)] = None,
    kind: Annotated[EventKind | None, Query(description="Only of this kind.")] = None,
    since: Annotated[
        float | None, Query(allow_inf_nan=False, description="Begun at or after this time, seconds since 1970.")
    ] = None,
    until: Annotated[
        float | None, Query(allow_inf_nan=False, description="Begun before this time, seconds since 1970.")
    ] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Most on one page.")] = 50,
) -> EventPageOut:
    """Events newest first, page by page."""
    wanted = EventFilter(
        camera_id=camera, camera_ids=limit_for(services.cameras, who), kind=kind, since_unix_s=since, until_unix_s=until
    )
    page = await services.events.page(wanted, cursor, limit)
    return EventPageOut(items=[event_out(row) for row in page.rows], next_cursor=page.next_cursor)


@router.get(
    "/{event_id}",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="One event",
    responses={200: examples.of(examples.EVENTS["items"][0]), **responses(EventNotFoundError, DatabaseError)},
)
async def get_event(
    event_id: Annotated[str, Path(max_length=64, description="Id of the event.")], services: Use, who: Who
) -> EventOut:
    """One event. One that was told this moment may not be kept yet; it is a moment later."""
    return event_out(await _seen(services, who, event_id))


@router.get(
    "/{event_id}/snapshot",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="Picture of an event",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "A JPEG."},
        **responses(EventNotFoundError, DatabaseError),
    },
)
async def get_event_snapshot(
    event_id: Annotated[str, Path(max_length=64, description="Id of the event.")], services: Use, who: Who
) -> Response:
    """The picture as outputs showed it: where faces are hidden, they are hidden here too."""
    # Pages ask for the picture as soon as they are told of the event; the database gets it a moment later.
    told = services.hub.event(event_id)
    if told is None:
        if not who.scope.whole:
            await _seen(services, who, event_id)
        jpeg = await services.events.snapshot(event_id)
    elif sees(services.cameras, who, told.camera_id):
        jpeg = told.snapshot_jpeg
    else:
        raise EventNotFoundError(event_id)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


async def _seen(services: Services, who: Principal, event_id: str) -> EventRow:
    """The event, of a camera that they may know of.

    Raises:
        EventNotFoundError: there is none, or none for them.
    """
    row = await services.events.get(event_id)
    if not sees(services.cameras, who, row.camera_id):
        raise EventNotFoundError(event_id)
    return row
