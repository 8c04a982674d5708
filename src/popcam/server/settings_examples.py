"""Examples of the settings' routes in the OpenAPI document."""

from fastapi.openapi.models import Example

from popcam.server.examples import Json

FILE: Json = {
    "path": "/etc/popcam/popcam.yaml",
    "writable": True,
    "refused": False,
    "refused_unix_s": None,
    "problems": [],
    "loaded_unix_s": 1_795_300_000.0,
    "reloads": 1,
    "needs_restart": ["server.port"],
}
SETTINGS: Json = {
    "version": "5f2c8a90d41e7b36",
    "values": {"server": {"port": 9000}, "log": {"level": "info"}},
    "settings": [
        {
            "key": "server.port",
            "value": 9000,
            "default": 8080,
            "origin": "file",
            "where": "/etc/popcam/popcam.yaml:3",
            "fixed": False,
            "effect": "restart",
            "running": 8080,
            "waits": True,
        }
    ],
    "file": FILE,
}
SAVED: Json = {
    "applied": ["log.level"],
    "needs_restart": ["server.port"],
    "cameras": {"added": [], "removed": [], "changed": ["door"], "kept": []},
    "version": "5f2c8a90d41e7b36",
    "settings": SETTINGS,
}
TEXT: Json = {
    "text": "server:\n  port: 9000\ncameras:\n  door:\n    source: rtsp://***@192.0.2.7/main\n",
    "version": "5f2c8a90d41e7b36",
    "path": "/etc/popcam/popcam.yaml",
    "problems": [],
}
CHECKED: Json = {
    "valid": False,
    "problems": [
        {
            "key": "server.prot",
            "reason": "unknown key; did you mean `port`?",
            "origin": "/etc/popcam/popcam.yaml",
            "line": 2,
            "column": 3,
        }
    ],
}
PATCH_IN: dict[str, Example] = {
    "change": {"summary": "Other values", "value": {"log": {"level": "debug"}, "server": {"port": 9000}}},
    "reset": {"summary": "Back to the default", "value": {"server": {"port": None}}},
}
TEXT_IN: dict[str, Example] = {
    "file": {
        "summary": "A whole file",
        "value": {"text": "server:\n  port: 9000\ncameras:\n  door:\n    source: rtsp://***@192.0.2.7/main\n"},
    }
}
