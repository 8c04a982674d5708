"""Examples of health checks in the OpenAPI document, true to what the server really answers."""

from popcam.server.examples import Json

CHECK: Json = {
    "check_id": "camera.frozen:door",
    "name": "camera.frozen",
    "subject": "door",
    "group": "cameras",
    "title": "Frozen picture",
    "about": "Whether the camera's picture changes at all. Even a still scene has noise.",
    "severity": "critical",
    "state": "failed",
    "detail": "the very same picture for 14 s",
    "code": "",
    "remedy": "Restart the camera's stream; if it freezes again, restart the camera itself, or update its firmware.",
    "figure": 14.0,
    "since_unix_s": 1_795_334_400.0,
    "checked_unix_s": 1_795_334_408.0,
    "took_s": 0.00001,
    "every_s": 1.0,
    "ready": False,
}
HEALTH: Json = {"state": "failed", "checks": [CHECK]}
CHANGES: Json = {
    "items": [
        {
            "at_unix_s": 1_795_334_400.0,
            "before": "ok",
            "now": "failed",
            "code": "",
            "detail": "the very same picture for 6 s",
        }
    ]
}
HEALTH_CHANGES: Json = {
    "items": [
        {
            "at_unix_s": 1_795_334_400.0,
            "before": "ok",
            "now": "failed",
            "code": "",
            "detail": "the very same picture for 6 s",
            "change_id": 4711,
            "check_id": "camera.frozen:door",
            "name": "camera.frozen",
            "subject": "door",
            "group": "cameras",
            "camera_id": "door",
            "severity": "critical",
            "title": "Frozen picture",
        }
    ],
    "next_cursor": "4711",
}
