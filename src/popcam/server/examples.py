"""Examples in the OpenAPI document: what a client sends and gets, true to what the server really answers."""

from typing import Any

from fastapi.openapi.models import Example

Json = dict[str, Any]

LOG = "/var/log/popcam/cameras/door.log"
STATUS: Json = {
    "running": True,
    "pid": 4711,
    "log": LOG,
    "state": "running",
    "fps": 14.98,
    "latency_ms": 38.2,
    "bottleneck": "",
    "drops": {},
    "restarts": 0,
    "last_error": None,
}
START_RESULT: Json = {"ok": True, "pid": 4711, "log": LOG, "error": ""}
BATCH: Json = {"door": STATUS, "nobody": {"error": "There is no such camera", "code": "camera.not_found"}}
ACTIVATED: Json = {"ok": True, "camera_id": "door", "active": True}
DEACTIVATED: Json = {"ok": True, "camera_id": "door", "active": False, "stopped": True}
AUTO_START: Json = {"ok": True, "camera_id": "door", "auto_start": False}
LOGS: Json = {
    "camera_id": "door",
    "log_file": LOG,
    "total_lines": 1,
    "lines": ['{"event": "camera.started", "level": "info", "timestamp": "2026-11-22T08:00:00Z"}'],
}
REFRESHED: Json = {
    "status": "ok",
    "message": "added: door",
    "timestamp": "2026-11-22T08:00:00+00:00",
}
SETTINGS: Json = {
    "id": "door",
    "name": "Front door",
    "groups": ["entrance"],
    "source": {"url": "rtsp://192.0.2.7/main", "username": "***", "password": "***"},
    "act": {"kind": "hide", "style": "blur"},
    "zones": [{"name": "step", "points": [[0.1, 0.6], [0.9, 0.6], [0.9, 1.0]]}],
}
CAMERA: Json = {
    "id": "door",
    "name": "Front door",
    "groups": ["entrance"],
    "source": {"kind": "rtsp", "url": "rtsp://192.0.2.7/main"},
    "sub_source": None,
    "active": True,
    "auto_start": True,
    "wanted": True,
    "act": "hide",
    "hides_faces": True,
    "record": "off",
    "restreams": 0,
    "zones": [],
    "lines": [],
    "status": STATUS,
    "pipeline": None,
}
CAMERA_DETAIL: Json = {**CAMERA, "version": "5f2c8a90", "settings": SETTINGS}
CAMERAS: Json = {"items": [CAMERA], "next_cursor": None}
GROUP: Json = {"name": "entrance", "camera_ids": ["door"]}
STORE: Json = {"kind": "file", "place": "/etc/popcam/popcam.yaml", "error": None}
SOURCE_TESTED: Json = {
    "codec": "h264",
    "width_px": 1280,
    "height_px": 720,
    "fps": 15.0,
    "pixel_format": "yuv420p",
    "container": "rtsp",
    "decoder": "software",
    "decoder_fallback": "",
    "live": True,
    "duration_s": None,
    "open_ms": 212.4,
    "first_picture_ms": 388.1,
    "snapshot": "data:image/jpeg;base64,/9j/4AAQSkZJRg==",
}
DEVICES: Json = {
    "items": [
        {
            "url": "device:/dev/video0",
            "name": "USB camera",
            "bus": "usb-0000:00:14.0-1",
            "readable": True,
            "error": None,
            "modes": [
                {
                    "pixel_format": "MJPG",
                    "description": "Motion-JPEG",
                    "sizes": [{"width_px": 1280, "height_px": 720, "max_fps": 30.0}],
                }
            ],
            "camera_ids": [],
        }
    ]
}
ONVIF: Json = {
    "items": [
        {
            "address": "http://192.0.2.7/onvif/device_service",
            "host": "192.0.2.7",
            "endpoint": "urn:uuid:6a1d7c4e-0000-4000-8000-000000000007",
            "name": "Yard",
            "hardware": "X1",
            "streams": [
                {
                    "profile": "main",
                    "name": "Main",
                    "url": "rtsp://192.0.2.7/main",
                    "codec": "h264",
                    "width_px": 1920,
                    "height_px": 1080,
                    "fps": 25.0,
                }
            ],
            "error": None,
            "camera_ids": [],
        }
    ]
}
HEALTH: Json = {"status": "ok", "version": "0.1.0"}
CHECK: Json = {
    "name": "database.write",
    "ok": True,
    "code": "",
    "detail": "written and read back in 0.9 ms",
    "check_id": "database.write",
    "title": "Database",
    "state": "ok",
}
READY: Json = {"ready": True, "checks": [CHECK]}
SERVER: Json = {
    "version": "0.1.0",
    "uptime_s": 86_400.5,
    "cameras": {"total": 1, "wanted": 1, "running": 1, "by_state": {"running": 1}},
    "workers": [
        {
            "worker_id": "w1",
            "pid": 4711,
            "uptime_s": 86_399.1,
            "cpu_percent": 12.5,
            "rss_bytes": 142_000_000,
            "threads": 9,
            "open_files": 31,
            "camera_ids": ["door"],
            "models": ["yunet"],
        }
    ],
    "viewers": 1,
    "ports": {"host": "127.0.0.1", "http": 8080},
    "settings": {"loaded_unix_s": 1_795_300_000.0, "reloads": 0, "error": "", "needs_restart": []},
    "checks": [CHECK],
}
ERROR: Json = {
    "code": "source.unreachable",
    "title": "The source can't be reached",
    "hint": "Check that the camera is on, and that address and port are right.",
    "http_status": 400,
    "exit_code": 4,
    "retryable": True,
}
EVENTS: Json = {
    "items": [
        {
            "id": "01k0000000000000000000door",
            "camera_id": "door",
            "kind": "face_appeared",
            "started_unix_s": 1_795_300_000.25,
            "ended_unix_s": 1_795_300_004.5,
            "label": "face",
            "track_id": 7,
            "score": 0.93,
            "box": [0.41, 0.22, 0.48, 0.36],
            "place": "",
            "direction": "",
            "snapshot_url": "/api/v1/events/01k0000000000000000000door/snapshot",
        }
    ],
    "next_cursor": None,
}
RECORDINGS: Json = {
    "items": [
        {
            "camera_id": "door",
            "name": "20261122T080000.000Z_60.000s.mp4",
            "started_unix_s": 1_795_334_400.0,
            "duration_s": 60.0,
            "size_bytes": 4_200_000,
            "finished": True,
            "url": "/api/v1/recordings/door/20261122T080000.000Z_60.000s.mp4",
        }
    ],
    "next_cursor": None,
}
RECORDING_DAYS: Json = {
    "items": [{"day": "2026-11-22", "count": 1440, "duration_s": 86_400.0, "size_bytes": 6_048_000_000}],
}
SOURCES: dict[str, Example] = {
    "rtsp": {
        "summary": "A camera in the network",
        "value": {"url": "rtsp://192.0.2.7/main", "username": "viewer", "password": "..."},
    },
    "file": {"summary": "A file", "value": {"url": "/srv/video/yard.mp4"}},
    "device": {"summary": "A USB camera", "value": {"url": "device:/dev/video0"}},
}
ONVIF_IN: dict[str, Example] = {
    "networks": {"summary": "All local networks", "value": {"username": "viewer", "password": "..."}},
    "one": {"summary": "One camera", "value": {"addresses": ["192.0.2.7"], "probe": False}},
}
CAMERA_IN: dict[str, Example] = {
    "short": {"summary": "Name and address", "value": {"name": "Front door", "source": "rtsp://192.0.2.7/main"}},
    "whole": {"summary": "With password, hidden faces and a zone", "value": SETTINGS},
}
BATCH_STATUS_IN: dict[str, Example] = {
    "some": {"summary": "Some cameras", "value": {"camera_ids": ["door", "nobody"]}},
    "all": {"summary": "All cameras", "value": {}},
}
CAMERAS_IN: dict[str, Example] = {
    "two": {
        "summary": "Two cameras",
        "value": {"cameras": [{"source": "rtsp://192.0.2.7/main"}, {"id": "yard", "source": "demo:"}]},
    }
}
GROUP_IN: dict[str, Example] = {"rename": {"summary": "Another name", "value": {"name": "entrance"}}}
PATCH_IN: dict[str, Example] = {
    "rename": {"summary": "Another name", "value": {"name": "Back door"}},
    "reset": {"summary": "Back to the default", "value": {"act": None}},
}


def of(value: Json, description: str = "Done.") -> Json:
    """The example of a success, for a route's `responses`."""
    return {"description": description, "content": {"application/json": {"example": value}}}
