"""Examples of logs in the OpenAPI document, true to what the server really answers."""

from popcam.server.examples import Json

LINE: Json = {
    "time": "2026-11-22T09:20:00.250000Z",
    "time_unix_s": 1_795_339_200.25,
    "level": "warning",
    "process": "w1",
    "camera_id": "door",
    "request_id": "",
    "event": "source.lost",
    "fields": {"code": "source.timeout", "worker": "w1", "repeated": 12, "over_s": 55.0, "repeats_ended": True},
}
LOGS: Json = {"items": [LINE], "next_before": 1_795_339_200.25, "processes": ["server", "w1"]}
