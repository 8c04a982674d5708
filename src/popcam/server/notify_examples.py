"""Examples of notification channels and notifications in the OpenAPI document."""

from fastapi.openapi.models import Example

from popcam.server.examples import Json

CHANNEL: Json = {
    "id": "phone",
    "name": "Anna's phone",
    "origin": "console",
    "enabled": True,
    "language": "en",
    "min_severity": "warning",
    "picture": True,
    "clip": True,
    "clip_max_mb": 8.0,
    "resolved": True,
    "scheme": "ntfy",
    "service": "ntfy",
    "takes_pictures": True,
    "takes_clips": True,
    "used_by": ["somebody-at-the-door"],
    "problem": None,
    "version": "1",
    "changed_unix_s": 1_795_300_000.0,
}
CHANNELS: Json = {"items": [CHANNEL]}
CHANNEL_NEW_IN: dict[str, Example] = {
    "ntfy": {
        "summary": "A phone, by ntfy",
        "value": {"id": "phone", "name": "Anna's phone", "apprise_url": "ntfy://my-topic", "min_severity": "warning"},
    },
    "mail": {
        "summary": "Mail",
        "value": {"id": "mail", "apprise_url": "mailtos://anna:password@mail.example.org?to=anna@example.org"},
    },
    "clips": {
        "summary": "Mail with a clip of the recording",
        "value": {
            "id": "guard",
            "apprise_url": "mailtos://anna:password@mail.example.org?to=guard@example.org",
            "clip": True,
            "clip_max_mb": 5,
        },
    },
    "webhook": {"summary": "A webhook", "value": {"id": "hook", "apprise_url": "jsons://hooks.example.org/popcam"}},
}
CHANNEL_CHANGE_IN: dict[str, Example] = {
    "off": {"summary": "Switch it off, keep its address", "value": {"name": "Anna's phone", "enabled": False}},
    "moved": {"summary": "Another address", "value": {"name": "Anna's phone", "apprise_url": "ntfy://other-topic"}},
}
TESTED: Json = {"ok": True, "took_s": 0.213}
NOTIFICATION: Json = {
    "id": 4711,
    "channel_id": "phone",
    "state": "dead",
    "title": "Critical: Camera offline - Front door",
    "made_unix_s": 1_795_300_000.0,
    "due_unix_s": 1_795_305_400.0,
    "ended_unix_s": 1_795_305_412.7,
    "attempts": 10,
    "maybe_repeated": False,
    "problem": {
        "code": "alert.notification_failed",
        "title": "The notification could not be sent",
        "detail": "Failed to send ntfy notification: Internal Server Error, error=500.",
        "hint": "Check the channel's address and that its service can be reached; the test button says more.",
    },
    "alerts": [
        {
            "rule_id": "camera-offline",
            "subject": "door",
            "name": "Camera offline",
            "severity": "critical",
            "state": "firing",
            "camera_id": "door",
        }
    ],
    "alert_count": 1,
    "clip": False,
}
NOTIFICATIONS: Json = {
    "items": [NOTIFICATION],
    "counts": {"waiting": 0, "sending": 0, "sent": 312, "dead": 1},
    "next_cursor": None,
}
WAITING: Json = {
    **NOTIFICATION,
    "state": "waiting",
    "due_unix_s": 1_795_306_000.0,
    "ended_unix_s": None,
    "attempts": 0,
}
