"""What watches over popcam, as routes ask for it. A server without a part answers 404."""

from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from popcam.alerts.notify.service import Notifier
from popcam.alerts.service import AlertsService
from popcam.core.errors import NotFoundError
from popcam.server.operating import Operating
from popcam.server.services import Services


async def operating_of(connection: HTTPConnection) -> Operating:
    """What watches over the app that serves this request.

    Raises:
        NotFoundError: nothing does.
    """
    operating = cast(Services, connection.app.state.services).operating
    if operating is None:
        raise NotFoundError("this server is not watched over")
    return operating


async def alerts_of(connection: HTTPConnection) -> AlertsService:
    """The alerts of the app that serves this request.

    Raises:
        NotFoundError: it has none.
    """
    alerting = (await operating_of(connection)).alerts
    if alerting is None:
        raise NotFoundError("this server watches over nothing", "此服务器未启用告警功能")
    return alerting.service


Alerts = Annotated[AlertsService, Depends(alerts_of)]


async def notifier_here(connection: HTTPConnection) -> Notifier:
    """What tells people, of the app that serves this request.

    Raises:
        NotFoundError: it has nothing of the kind.
    """
    notifier = (await operating_of(connection)).notifier
    if notifier is None:
        raise NotFoundError("this server tells nobody of alerts", "此服务器未启用通知功能")
    return notifier


Notifying = Annotated[Notifier, Depends(notifier_here)]


def rules_with(services: Services, channel_id: str) -> list[str]:
    """Ids of the alert rules that name a channel."""
    alerting = services.operating.alerts if services.operating is not None else None
    if alerting is None:
        return []
    return [rule.rule_id for rule in alerting.service.rules.all() if channel_id in rule.spec.channels]


WatchedOver = Annotated[Operating, Depends(operating_of)]
"""What watches over popcam, for routes; 404 where nothing does."""
