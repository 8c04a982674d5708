"""Topics and payloads of MQTT. Public names: other programs read them. Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

from popcam.core.alerts import Alert
from popcam.core.facts import CameraState, CameraStatus, Event
from popcam.core.monitoring import SEVERITIES

ONLINE, OFFLINE = b"online", b"offline"
UP = frozenset({CameraState.RUNNING, CameraState.IDLE})


class Topics:
    """Where things are published, below the prefix of the settings."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix.strip("/")
        self.status = f"{self.prefix}/status"
        """`online` or `offline`; the broker itself says the latter when popcam is gone."""
        self.summary = f"{self.prefix}/summary"
        """How many alerts fire."""
        self.alert = f"{self.prefix}/alert"
        """Each change of an alert."""

    def camera(self, camera_id: str) -> str:
        """All of one camera lies below."""
        return f"{self.prefix}/cameras/{word(camera_id)}"

    def state(self, camera_id: str) -> str:
        """How a camera is."""
        return f"{self.camera(camera_id)}/state"

    def event(self, camera_id: str) -> str:
        """Its events."""
        return f"{self.camera(camera_id)}/event"

    def picture(self, camera_id: str) -> str:
        """The picture of its newest event, JPEG."""
        return f"{self.camera(camera_id)}/picture"

    def camera_of(self, topic: str) -> str:
        """The camera whose state a topic is; empty for another topic."""
        head, tail = f"{self.prefix}/cameras/", "/state"
        return unquote(topic[len(head) : -len(tail)]) if topic.startswith(head) and topic.endswith(tail) else ""

    def firing(self, alert: Alert) -> str:
        """An alert while it fires."""
        return f"{self.prefix}/alerts/{word(alert.key.rule_id)}/{word(alert.key.subject or 'popcam')}"

    @property
    def all_firing(self) -> str:
        """What `firing` topics match."""
        return f"{self.prefix}/alerts/+/+"

    @property
    def all_states(self) -> str:
        """What `state` topics match."""
        return f"{self.prefix}/cameras/+/state"


def word(text: str) -> str:
    """A text as one level of a topic: `/`, `+` and `#` have a meaning there."""
    return quote(text, safe="-_.~ ")


def camera_payload(status: CameraStatus) -> bytes:
    """How a camera is. Figures are rounded: what hardly changes is not published again."""
    fault = status.faults[0] if status.faults else None
    return _json(
        {
            "state": status.state.value,
            "online": status.state in UP,
            "fps": round(status.fps, 1),
            "motion": status.motion,
            "objects": status.tracks,
            "recording": status.recording,
            "viewers": status.viewers,
            "fault": fault.code if fault else "",
        }
    )


def urgent(status: CameraStatus) -> tuple[object, ...]:
    """What is published at once when it changes; figures wait for their turn."""
    fault = status.faults[0].code if status.faults else ""
    return status.state, status.motion, status.recording, fault


def event_payload(event: Event) -> bytes:
    """An event without its picture. `event_type` is Home Assistant's name for the kind."""
    values = {
        "event_type": event.kind,
        "event_id": event.event_id,
        "camera_id": event.camera_id,
        "started_unix_s": event.started_unix_s,
        "ended_unix_s": event.ended_unix_s,
        "label": event.label,
        "score": round(event.score, 3),
        "track_id": event.track_id,
        "box": event.box,
        "place": event.place,
        "direction": event.direction,
    }
    return _json({name: value for name, value in values.items() if value not in (None, "")})


def alert_payload(alert: Alert) -> bytes:
    """An alert as it stands."""
    return _json(
        {
            "rule_id": alert.key.rule_id,
            "subject": alert.key.subject,
            "name": alert.name,
            "severity": alert.severity,
            "state": alert.state,
            "camera_id": alert.camera_id,
            "worker_id": alert.worker_id,
            "since_unix_s": alert.since_unix_s,
            "fired_unix_s": alert.fired_unix_s,
            "value": alert.value,
            "detail": alert.detail,
            "detail_zh": alert.detail_zh,
            "acknowledged": alert.acknowledged_unix_s is not None,
            "silenced": bool(alert.silenced_by),
            "inhibited": bool(alert.inhibited_by),
            "labels": dict(alert.labels),
        }
    )


def summary_payload(firing: Iterable[Alert]) -> bytes:
    """How many alerts fire, by severity."""
    counts: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
    for alert in firing:
        counts[alert.severity] += 1
    return _json({"firing": sum(counts.values()), **counts})


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
