"""Examples of recovery in the OpenAPI document, true to what the server really answers."""

from fastapi.openapi.models import Example

from popcam.server.examples import Json

RUN: Json = {
    "run_id": "0b6f6a5d8c0b4cf0a7f4c2a3f5d6e7f8",
    "rule_id": "camera-frozen",
    "about": "door",
    "action": "restart_stream",
    "subject": "door",
    "active_unix_s": 1_795_334_394.0,
    "started_unix_s": 1_795_334_400.2,
    "ended_unix_s": 1_795_334_402.9,
    "outcome": "recovered",
    "attempt": 1,
    "code": "",
    "detail": "stream opened again",
}
RUNS: Json = {"items": [RUN], "next_cursor": None, "mean_recovery_s": {"door": 8.9}}
STARTED: Json = {
    **RUN,
    "rule_id": "manual",
    "action": "restart_camera",
    "active_unix_s": None,
    "ended_unix_s": None,
    "outcome": "running",
    "detail": "asked for by anna",
}
RECOVERY_IN: dict[str, Example] = {
    "camera": {"summary": "Restart a camera", "value": {"action": "restart_camera", "camera_id": "door"}},
    "worker": {"summary": "Restart a worker", "value": {"action": "restart_worker", "worker_id": "w1"}},
    "main": {
        "summary": "Back to the main stream",
        "value": {"action": "use_sub_stream", "camera_id": "door", "target": "main"},
    },
}
