"""This server's link to an MQTT broker: what it hears of cameras and alerts, and other settings while it runs."""

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from popcam import __version__
from popcam.config.model import MqttSettings
from popcam.core.alerts import Alert
from popcam.core.facts import CameraStatus, Event
from popcam.core.language import Language, Text, language_of
from popcam.core.monitoring import Metric

if TYPE_CHECKING:
    from popcam.alerts.notify.mqtt import MqttLink
    from popcam.alerts.notify.mqtt_news import MqttNews
    from popcam.alerts.service import AlertsService
    from popcam.cameras.model import CameraChanges
    from popcam.monitoring.figures import Figures
    from popcam.server.core_services import CoreServices

CONNECTED = Metric(
    name="popcam_mqtt_connected",
    kind="gauge",
    unit="1",
    help=Text("Whether the MQTT broker is connected: 1 or 0", "MQTT 代理是否已连接：1 或 0"),
)
LOST = Metric(
    name="popcam_mqtt_events_lost_total",
    kind="counter",
    unit="events",
    help=Text(
        "Events that no MQTT broker got, because it was away for too long", "因 MQTT 代理长时间不可用而丢失的事件数"
    ),
)


class Broker:
    """The link of the moment; none while no broker is named.

    Args:
        services: cameras and fleet.
        settings: the section `mqtt`.
        figures: where its figures go.
        alerts: the alerts; None for none.
        env: its locale decides the language of names in Home Assistant.
    """

    def __init__(
        self,
        services: "CoreServices",
        settings: MqttSettings,
        figures: "Figures",
        alerts: "AlertsService | None",
        env: Mapping[str, str] = os.environ,
    ) -> None:
        self.settings = settings
        self.link: MqttLink | None = None
        self._services = services
        self._figures = figures
        self._alerts = alerts
        self._connected = figures.registry.declare(CONNECTED)
        self._lost = figures.registry.declare(LOST)
        self._language = _language(env)
        self._news: MqttNews | None = None
        self._ends: list[Callable[[], None]] = []
        self._lost_before = 0
        self._lost_of_link: Callable[[], int] = lambda: 0
        self._changing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to hear of cameras and alerts, and to connect."""
        services = self._services
        services.fleet.on_event(self._on_event)
        services.fleet.on_status(self._on_status)
        self._ends.append(services.cameras.on_change(self._on_cameras))
        if self._alerts is not None:
            self._ends.append(self._alerts.on_change(self._on_alert))
        self._figures.sample_with("mqtt", self._each_second)
        self._open()

    async def stop(self) -> None:
        """Say `offline`, and end."""
        if self._changing is not None:
            await asyncio.gather(self._changing, return_exceptions=True)
        for end in self._ends:
            end()
        self._ends.clear()
        await self._close()

    def settings_changed(self, settings: MqttSettings) -> None:
        """Go to another broker, or to none; or name things otherwise."""
        if settings != self.settings:
            self.settings = settings
            before = self._changing
            self._changing = asyncio.create_task(self._change(before), name="mqtt settings")

    async def _change(self, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        await self._close()
        self._open()

    def _open(self) -> None:
        if not self.settings.host:
            return
        from popcam.alerts.notify.mqtt import Heard, MqttLink
        from popcam.alerts.notify.mqtt_feed import Feed
        from popcam.alerts.notify.mqtt_news import MqttNews

        feed = Feed()
        news = self._news = MqttNews(feed, self.settings, __version__, self._language)
        news.cameras({view.spec.id: view.spec for view in self._services.cameras.views()})
        for status in self._services.fleet.statuses().values():
            news.status(status)
        news.firing([] if self._alerts is None else self._alerts.alerts())
        birth = news.home.birth if news.home is not None else ""
        heard = Heard(birth, (news.topics.all_states, news.topics.all_firing), news.belonging)
        self.link = MqttLink(self.settings, feed, news.topics, heard)
        self._lost_of_link = lambda: feed.lost
        self.link.start()

    async def _close(self) -> None:
        link, self.link, self._news = self.link, None, None
        if link is not None:
            self._lost_before += self._lost_of_link()
            self._lost_of_link = lambda: 0
            await link.stop()

    def _each_second(self) -> None:
        """Its figures, and alerts that nobody told of: those that fired before the start."""
        if self._news is None:
            self._connected.remove(())
            return
        self._connected.set((), float(self.link is not None and self.link.connected))
        self._lost.set((), float(self._lost_before + self._lost_of_link()))
        if self._alerts is not None:
            self._news.firing(self._alerts.alerts())

    def _on_event(self, event: Event) -> None:
        if self._news is not None:
            self._news.event(event)

    def _on_status(self, status: CameraStatus) -> None:
        if self._news is not None:
            self._news.status(status)

    def _on_cameras(self, _changes: "CameraChanges") -> None:
        if self._news is not None:
            self._news.cameras({view.spec.id: view.spec for view in self._services.cameras.views()})

    def _on_alert(self, alert: Alert) -> None:
        if self._news is not None:
            self._news.alert(alert)


def _language(env: Mapping[str, str]) -> Language:
    names = ("POPCAM_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return next((language_of(env[name]) for name in names if env.get(name)), "en")
