"""/api/v1/notifications: what was told to people, what waits, and what did not arrive."""

from typing import Annotated

from fastapi import Path, Query, Request

from popcam.core.access import Permission
from popcam.core.alerts import ID_PATTERN
from popcam.core.errors import DatabaseError, NotFoundError, NotificationNotFoundError, RequestInvalidError
from popcam.server import examples, notify_examples, notify_schemas
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.secured import note
from popcam.server.services import Reader, Use
from popcam.server.watched_over import Notifying
from popcam.storage.notifications import NotificationState

router = Router(prefix="/api/v1/notifications", tags=["alerts"])

MAX_ID = 2**53
NotificationId = Annotated[int, Path(description="Id of the notification.", ge=1, le=MAX_ID)]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.", pattern="^[0-9]{1,15}$")]


@router.get(
    "",
    dependencies=[needs(Permission.VIEW)],
    summary="Notifications",
    responses={
        200: examples.of(notify_examples.NOTIFICATIONS),
        **responses(RequestInvalidError, NotFoundError, DatabaseError),
    },
)
async def list_notifications(
    notifier: Notifying,
    services: Use,
    language: Reader,
    state: Annotated[
        list[NotificationState] | None, Query(description="Only in this state; may be repeated. `dead`: undelivered.")
    ] = None,
    channel_id: Annotated[str | None, Query(description="Only to this channel.", pattern=ID_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Most on one page.")] = 50,
) -> notify_schemas.NotificationPage:
    """Notifications, the newest first, page by page. The newest 20,000 of 40 days are kept."""
    before_id = None if cursor is None else int(cursor)
    found, counts = await notifier.outbox.page(
        states=state or (), channel_id=channel_id, before_id=before_id, limit=limit + 1
    )
    page, now = found[:limit], services.clock.unix_s()
    return notify_schemas.NotificationPage(
        items=[notify_schemas.notification_of(row, language, notifier.name_of, now) for row in page],
        counts=notify_schemas.NotificationCounts.model_validate(counts),
        next_cursor=str(page[-1].notification_id) if len(found) > limit else None,
    )


@router.post(
    "/{notification_id}/retry",
    dependencies=[needs(Permission.OPERATE, action="notification.retry")],
    summary="Send a notification again",
    responses={
        200: examples.of(notify_examples.WAITING),
        **responses(NotificationNotFoundError, RequestInvalidError, NotFoundError, DatabaseError),
    },
)
async def retry_notification(
    notification_id: NotificationId, notifier: Notifying, services: Use, request: Request, language: Reader
) -> notify_schemas.NotificationOut:
    """Try one at once that was given up, or that waits for its next try. One that was sent is not sent again."""
    note(request, f"notification:{notification_id}")
    row = await notifier.outbox.retry(notification_id)
    return notify_schemas.notification_of(row, language, notifier.name_of, services.clock.unix_s())
