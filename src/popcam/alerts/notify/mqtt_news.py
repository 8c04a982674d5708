"""Turns what happens in popcam into what is published over MQTT. Used in the server's loop."""

from collections.abc import Iterable, Mapping

from popcam.alerts.notify.home_assistant import HomeAssistant
from popcam.alerts.notify.mqtt_feed import Feed
from popcam.alerts.notify.mqtt_topics import (
    Topics,
    alert_payload,
    camera_payload,
    event_payload,
    summary_payload,
    urgent,
)
from popcam.config.model import MqttSettings
from popcam.core.alerts import Alert, AlertKey
from popcam.core.facts import CameraStatus, Event
from popcam.core.language import Language
from popcam.core.spec import CameraSpec

FIGURES_EVERY_S = 10.0
"""Frames per second and the like are published this often; states at once."""


class MqttNews:
    """Knows what the broker should know.

    Args:
        feed: where it goes.
        settings: prefixes of topics.
        version: popcam's.
        language: of names in Home Assistant.
    """

    def __init__(self, feed: Feed, settings: MqttSettings, version: str, language: Language) -> None:
        self.topics = Topics(settings.prefix)
        self.home = (
            HomeAssistant(self.topics, settings.discovery_prefix, version, language)
            if settings.discovery_prefix.strip("/")
            else None
        )
        self._feed = feed
        self._told_s: dict[str, tuple[tuple[object, ...], float]] = {}
        self._cameras: dict[str, CameraSpec] = {}
        self._firing: dict[AlertKey, Alert] = {}
        if self.home is not None:
            feed.state(self.home.server_topic(), self.home.server())

    def cameras(self, specs: Mapping[str, CameraSpec]) -> None:
        """All cameras there are."""
        for camera_id in self._cameras.keys() - specs.keys():
            self._gone(camera_id)
        self._cameras = dict(specs)
        if self.home is not None:
            for camera_id, spec in specs.items():
                self._feed.state(self.home.camera_topic(camera_id), self.home.camera(spec))

    def status(self, status: CameraStatus) -> None:
        """A camera reported."""
        camera_id = status.camera_id
        if camera_id not in self._cameras:
            return
        now, known = urgent(status), self._told_s.get(camera_id)
        if known is not None and known[0] == now and 0 <= status.at_unix_s - known[1] < FIGURES_EVERY_S:
            return
        self._told_s[camera_id] = (now, status.at_unix_s)
        self._feed.state(self.topics.state(camera_id), camera_payload(status), qos=1 if _changed(known, now) else 0)

    def event(self, event: Event) -> None:
        """Something happened before a camera."""
        if event.snapshot_jpeg:
            self._feed.passing(self.topics.picture(event.camera_id), event.snapshot_jpeg)
        self._feed.event(self.topics.event(event.camera_id), event_payload(event))

    def alert(self, alert: Alert) -> None:
        """An alert changed."""
        self._feed.event(self.topics.alert, alert_payload(alert))
        if alert.state == "firing":
            self._firing[alert.key] = alert
            self._feed.state(self.topics.firing(alert), alert_payload(alert))
        elif self._firing.pop(alert.key, None) is not None:
            self._feed.clear(self.topics.firing(alert))
        self._feed.state(self.topics.summary, summary_payload(self._firing.values()))

    def firing(self, alerts: Iterable[Alert]) -> None:
        """All alerts that fire, as they stand; nothing happened."""
        now = {alert.key: alert for alert in alerts if alert.state == "firing"}
        if now == self._firing and self._feed.knows(self.topics.summary):
            return
        for key in self._firing.keys() - now.keys():
            self._feed.clear(self.topics.firing(self._firing[key]))
        for alert in now.values():
            self._feed.state(self.topics.firing(alert), alert_payload(alert))
        self._firing = now
        self._feed.state(self.topics.summary, summary_payload(now.values()))

    def belonging(self, topic: str) -> list[str]:
        """What goes together with a state that nobody knows any more: all of its camera."""
        camera_id = self.topics.camera_of(topic)
        return self._all_of(camera_id) if camera_id else [topic]

    def _gone(self, camera_id: str) -> None:
        self._told_s.pop(camera_id, None)
        for topic in self._all_of(camera_id):
            self._feed.clear(topic)

    def _all_of(self, camera_id: str) -> list[str]:
        described = [] if self.home is None else [self.home.camera_topic(camera_id)]
        return [*described, self.topics.state(camera_id), self.topics.picture(camera_id)]


def _changed(known: tuple[tuple[object, ...], float] | None, now: tuple[object, ...]) -> bool:
    return known is None or known[0] != now
