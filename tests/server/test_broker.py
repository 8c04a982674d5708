"""The server's link to an MQTT broker: cameras, events and alerts of a server, and other settings while it runs."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.guarded_app import CAMERAS, GuardedApp, guarded_app
from tests.fakes.mqtt_broker import MqttBroker, needs_broker
from tests.fakes.told_alerts import alert

from popcam.config.model import MqttSettings
from popcam.core.alerts import Alert
from popcam.core.facts import CameraState, Event
from popcam.server.broker import Broker

pytestmark = needs_broker


class Alerts:
    """As much of the alerts' service as the link uses."""

    def __init__(self) -> None:
        self.standing: list[Alert] = []
        self.listeners: list[Callable[[Alert], None]] = []

    def alerts(self) -> list[Alert]:
        return self.standing

    def on_change(self, listener: Callable[[Alert], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)


@dataclass
class Site:
    app: GuardedApp
    alerts: Alerts
    broker: Broker
    settings: MqttSettings

    def each_second(self) -> None:
        self.broker._each_second()

    def figure(self, name: str) -> dict[tuple[str, ...], float]:
        operating = self.app.services.operating
        assert operating is not None
        return dict(operating.registry.family(name).latest())


@pytest.fixture
def mqtt(tmp_path: Path) -> Iterator[MqttBroker]:
    with MqttBroker(tmp_path) as broker:
        yield broker


@pytest.fixture
async def site(tmp_path: Path, mqtt: MqttBroker) -> AsyncIterator[Site]:
    async with guarded_app(tmp_path) as app:
        operating, alerts = app.services.operating, Alerts()
        assert operating is not None
        settings = MqttSettings(host="127.0.0.1", port=mqtt.port)
        faked: Any = alerts
        broker = Broker(app.services, settings, operating.figures, faked, {"LANG": "zh_CN.UTF-8"})
        await broker.start()
        yield Site(app, alerts, broker, settings)
        await broker.stop()


async def test_all_cameras_are_described_in_the_machines_language(site: Site, mqtt: MqttBroker) -> None:
    async with mqtt.listener("homeassistant/#") as heard:
        door = json.loads(await heard.until("homeassistant/device/popcam_door/config"))
        await heard.until("homeassistant/device/popcam_yard/config")
    assert (door["device"]["name"], door["components"]["fps"]["name"]) == ("Front door", "每秒帧数")


async def test_events_and_states_of_the_fleet_are_published(site: Site, mqtt: MqttBroker) -> None:
    async with mqtt.listener("popcam/#") as heard:
        await heard.until("popcam/status", b"online")
        site.app.fleet.report("door", CameraState.RECONNECTING)
        await heard.until("popcam/cameras/door/state")
        site.app.fleet.happen(Event(event_id="e1", camera_id="door", kind="motion_started", started_unix_s=1.0))
        assert json.loads(await heard.until("popcam/cameras/door/event"))["event_type"] == "motion_started"


async def test_alerts_are_published_those_before_the_start_too(site: Site, mqtt: MqttBroker) -> None:
    site.alerts.standing = [alert("door")]
    async with mqtt.listener("popcam/#") as heard:
        site.each_second()
        await heard.until("popcam/alerts/camera-offline/door")
        for listener in site.alerts.listeners:
            listener(alert("door", "resolved"))
        await heard.until("popcam/alerts/camera-offline/door", b"")


async def test_a_camera_that_is_deleted_disappears(site: Site, mqtt: MqttBroker) -> None:
    topic = "homeassistant/device/popcam_yard/config"
    async with mqtt.listener("homeassistant/#") as heard:
        await heard.until(topic)
        site.app.store.offer({"door": CAMERAS["door"]})
        await site.app.services.cameras.refresh()
        await heard.until(topic, b"")


async def test_other_settings_count_while_it_runs(site: Site, mqtt: MqttBroker) -> None:
    async with mqtt.listener("#") as heard:
        await heard.until("popcam/status", b"online")
        site.broker.settings_changed(replace(site.settings, prefix="house"))
        site.broker.settings_changed(replace(site.settings, prefix="home"))
        await heard.until("popcam/status", b"offline")
        await heard.until("home/status", b"online")
        site.broker.settings_changed(MqttSettings())
        await heard.until("home/status", b"offline")
    assert site.broker.link is None


async def test_whether_it_is_connected_is_a_figure_where_a_broker_is_named(site: Site, mqtt: MqttBroker) -> None:
    async with mqtt.listener("popcam/status") as heard:
        await heard.until("popcam/status", b"online")
    site.each_second()
    assert site.figure("popcam_mqtt_connected") == {(): 1.0}
    assert site.figure("popcam_mqtt_events_lost_total") == {(): 0.0}
    site.broker.settings_changed(MqttSettings())
    async with asyncio.timeout(60):
        while site.broker.link is not None:  # noqa: ASYNC110 - it ends in a thread
            await asyncio.sleep(0.01)
    site.each_second()
    assert site.figure("popcam_mqtt_connected") == {}
