"""/api/v1/alert-channels: ways to tell people of alerts."""

import time
from typing import Annotated

from fastapi import Body, Depends, Header, Path, Request, Response

from popcam.alerts.notify.channels import Channel
from popcam.core.access import Permission
from popcam.core.alerts import ID_PATTERN
from popcam.core.errors import (
    ChannelChangedError,
    ChannelExistsError,
    ChannelFixedError,
    ChannelInUseError,
    ChannelInvalidError,
    ChannelNotFoundError,
    DatabaseError,
    NotFoundError,
    NotificationFailedError,
    PopcamError,
    RequestInvalidError,
    SecretKeyError,
)
from popcam.core.language import Language
from popcam.server import examples, notify_examples, notify_schemas
from popcam.server.clean_text import check_text
from popcam.server.etags import etag, expected_version
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.secured import note
from popcam.server.services import Reader, Services, Use
from popcam.server.watched_over import Notifying, rules_with

router = Router(prefix="/api/v1/alert-channels", tags=["alerts"])

ChannelId = Annotated[str, Path(description="Id of the channel.", pattern=ID_PATTERN)]
KEEP_ERRORS = (ChannelInvalidError, RequestInvalidError, NotFoundError, DatabaseError, SecretKeyError)


async def _expected(
    if_match: Annotated[str | None, Header(description="The `ETag` that this change is based on.")] = None,
) -> int | None:
    version = expected_version(if_match)
    return None if version is None else int(version) if version.isdecimal() and len(version) < 10 else -1


Expected = Annotated[int | None, Depends(_expected)]


@router.get(
    "",
    dependencies=[needs(Permission.VIEW)],
    summary="All notification channels",
    responses={200: examples.of(notify_examples.CHANNELS), **responses(NotFoundError)},
)
async def list_channels(notifier: Notifying, services: Use, language: Reader) -> notify_schemas.ChannelList:
    """Channels of the settings file and those that were made in the console, by id. Their addresses are not shown."""
    channels = notifier.channels.all()
    return notify_schemas.ChannelList(items=[await _out(notifier, services, one, language) for one in channels])


@router.post(
    "",
    dependencies=[needs(Permission.MANAGE, action="alert_channel.create")],
    summary="Add a notification channel",
    status_code=201,
    responses={201: examples.of(notify_examples.CHANNEL), **responses(ChannelExistsError, *KEEP_ERRORS)},
)
async def create_channel(
    wanted: Annotated[notify_schemas.ChannelNewIn, Body(openapi_examples=notify_examples.CHANNEL_NEW_IN)],
    notifier: Notifying,
    services: Use,
    request: Request,
    response: Response,
    language: Reader,
) -> notify_schemas.ChannelOut:
    """Add a channel. Its address is kept encrypted. Send a test message next."""
    check_text(wanted.model_dump())
    note(request, f"alert_channel:{wanted.id}")
    channel = await notifier.channels.create(wanted.id, notify_schemas.spec_of(wanted, wanted.apprise_url))
    note(request, f"alert_channel:{wanted.id}", None, _facts(channel))
    response.headers["Location"] = f"/api/v1/alert-channels/{wanted.id}"
    return await _told(notifier, services, channel, language, response)


@router.put(
    "/{channel_id}",
    dependencies=[needs(Permission.MANAGE, action="alert_channel.update")],
    summary="Change a notification channel",
    responses={
        200: examples.of(notify_examples.CHANNEL),
        **responses(ChannelNotFoundError, ChannelFixedError, ChannelChangedError, *KEEP_ERRORS),
    },
)
async def change_channel(
    channel_id: ChannelId,
    wanted: Annotated[notify_schemas.ChannelChangeIn, Body(openapi_examples=notify_examples.CHANNEL_CHANGE_IN)],
    notifier: Notifying,
    services: Use,
    request: Request,
    response: Response,
    language: Reader,
    expected: Expected = None,
) -> notify_schemas.ChannelOut:
    """Put all of a channel anew; without an address the one that is saved stays."""
    check_text(wanted.model_dump())
    before = notifier.channels.get(channel_id)
    note(request, f"alert_channel:{channel_id}", _facts(before))
    spec = notify_schemas.spec_of(wanted, wanted.apprise_url or "")
    channel = await notifier.channels.change(channel_id, spec, expected)
    note(request, f"alert_channel:{channel_id}", _facts(before), _facts(channel))
    return await _told(notifier, services, channel, language, response)


@router.delete(
    "/{channel_id}",
    dependencies=[needs(Permission.MANAGE, action="alert_channel.delete")],
    summary="Delete a notification channel",
    status_code=204,
    responses=responses(
        ChannelNotFoundError,
        ChannelFixedError,
        ChannelInUseError,
        ChannelChangedError,
        RequestInvalidError,
        NotFoundError,
        DatabaseError,
    ),
)
async def delete_channel(
    channel_id: ChannelId, notifier: Notifying, services: Use, request: Request, expected: Expected = None
) -> None:
    """Delete a channel that no rule names. What still waits for it is given up, and stays to be seen."""
    note(request, f"alert_channel:{channel_id}", _facts(notifier.channels.get(channel_id)))
    if using := rules_with(services, channel_id):
        raise ChannelInUseError(", ".join(using))
    await notifier.channels.remove(channel_id, expected)


@router.post(
    "/{channel_id}/test",
    dependencies=[needs(Permission.MANAGE, action="alert_channel.test")],
    summary="Send a test message",
    responses={
        200: examples.of(notify_examples.TESTED),
        **responses(
            ChannelNotFoundError,
            ChannelInvalidError,
            NotificationFailedError,
            SecretKeyError,
            RequestInvalidError,
            NotFoundError,
        ),
    },
)
async def test_channel(channel_id: ChannelId, notifier: Notifying, request: Request) -> notify_schemas.ChannelTested:
    """Send a message now, and say why it did not arrive. It takes at most 20 s."""
    note(request, f"alert_channel:{channel_id}")
    began_s = time.monotonic()
    await notifier.test(channel_id)
    return notify_schemas.ChannelTested(took_s=round(time.monotonic() - began_s, 3))


async def _told(
    notifier: Notifying, services: Services, channel: Channel, language: Language, response: Response
) -> notify_schemas.ChannelOut:
    response.headers["ETag"] = etag(str(channel.version))
    return await _out(notifier, services, channel, language)


async def _out(
    notifier: Notifying, services: Services, channel: Channel, language: Language
) -> notify_schemas.ChannelOut:
    service, problem = None, channel.problem
    if problem is None:
        try:
            service = await notifier.channels.service(channel)
        except PopcamError as error:
            problem = error
    using = rules_with(services, channel.channel_id)
    return notify_schemas.channel_of(channel, service, problem, using, language)


def _facts(channel: Channel) -> dict[str, object]:
    """What the audit log keeps of a channel: all but its address."""
    spec = channel.spec
    return {} if spec is None else {name: getattr(spec, name) for name in notify_schemas.ChannelIn.model_fields}
