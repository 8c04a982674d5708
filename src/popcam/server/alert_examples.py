"""Examples of alerts in the OpenAPI document, true to what the server really answers."""

from fastapi.openapi.models import Example

from popcam.alerts.rules import document_of
from popcam.core.alerts import AlertRuleSpec, ConditionSpec, RecoverySpec
from popcam.server.examples import Json

SPEC: Json = document_of(
    AlertRuleSpec(
        name="Camera slow",
        condition=ConditionSpec(metric="popcam_camera_fps", compare="<", threshold=5.0, clear_threshold=8.0),
        for_s=30.0,
        cameras=("door",),
        channels=("phone",),
        recovery=(RecoverySpec(action="restart_stream", after_s=60.0),),
    )
)
RULE: Json = {
    "id": "door-slow",
    "name": "Camera slow",
    "origin": "console",
    "builtin": False,
    "version": "1",
    "changed_unix_s": 1_795_334_400.0,
    "changed_by": "anna",
    "condition_text": "the mean of popcam_camera_fps over 30 s is < 5",
    "problems": [],
    "pending": 0,
    "firing": 1,
    "spec": SPEC,
}
RULES: Json = {"items": [RULE]}
TRIED: Json = {
    "since_unix_s": 1_795_248_000.0,
    "until_unix_s": 1_795_334_400.0,
    "fired": 1,
    "subjects": 1,
    "complete": True,
    "summary": "would have fired once in 1 day",
    "episodes": [
        {
            "subject": "door",
            "camera_id": "door",
            "active_unix_s": 1_795_300_000.0,
            "fired_unix_s": 1_795_300_030.0,
            "ended_unix_s": 1_795_300_180.0,
            "value": 1.25,
        }
    ],
}
ALERT: Json = {
    "rule_id": "camera-offline",
    "subject": "door",
    "name": "Camera offline",
    "severity": "critical",
    "state": "firing",
    "since_unix_s": 1_795_334_400.0,
    "active_unix_s": 1_795_334_395.0,
    "fired_unix_s": 1_795_334_400.0,
    "camera_id": "door",
    "worker_id": "",
    "value": 0.0,
    "detail": "popcam_camera_up is 0 (< 0.5)",
    "acknowledged_by": "",
    "acknowledged_unix_s": None,
    "silenced_by": "",
    "inhibited_by": "",
    "labels": {"severity": "critical", "camera": "door"},
}
ALERTS: Json = {"items": [ALERT]}
ACKNOWLEDGED: Json = {**ALERT, "acknowledged_by": "anna", "acknowledged_unix_s": 1_795_334_460.0}
HISTORY: Json = {
    "items": [
        {
            "change_id": 7,
            "rule_id": "camera-offline",
            "subject": "door",
            "name": "Camera offline",
            "camera_id": "door",
            "severity": "critical",
            "at_unix_s": 1_795_334_400.0,
            "before": "pending",
            "now": "firing",
            "value": 0.0,
            "detail": "popcam_camera_up is 0 (< 0.5)",
            "acknowledged_by": "",
        }
    ],
    "next_cursor": None,
}
SILENCE: Json = {
    "id": "5f2c8a90d3b14e77",
    "matchers": [{"label": "camera", "value": "door", "negate": False}],
    "author": "anna",
    "reason": "it is being painted",
    "begins_unix_s": 1_795_334_400.0,
    "ends_unix_s": 1_795_341_600.0,
    "state": "in_force",
}
SILENCES: Json = {"items": [SILENCE]}
SPEC_IN = {"slow": Example(summary="A camera that gets slow", value=SPEC)}
RULE_IN = {
    "slow": Example(summary="A camera that gets slow", value={"id": "door-slow", "spec": SPEC}),
    "person": Example(
        summary="Persons in a zone, at night",
        value={
            "spec": {
                "name": "Somebody in the yard",
                "condition": {
                    "kind": "event",
                    "event": "zone_entered",
                    "label": "person",
                    "place": "yard",
                    "window_s": 60,
                },
                "schedule": {"begin": "22:00", "end": "06:00"},
                "channels": ["*"],
            }
        },
    ),
}
TRY_IN = {"slow": Example(summary="Over the last day", value={"spec": SPEC})}
SILENCE_IN = {
    "one": Example(
        summary="One camera for two hours",
        value={
            "matchers": [{"label": "camera", "value": "door"}],
            "reason": "it is being painted",
            "ends_unix_s": 1_795_341_600.0,
        },
    )
}
