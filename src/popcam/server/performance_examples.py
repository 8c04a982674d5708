"""Examples of performance in the OpenAPI document, true to what the server really answers."""

from fastapi.openapi.models import Example

from popcam.server.examples import Json

AT_UNIX_S = 1_795_334_400.0


def _times(count: int, p50_ms: float, p95_ms: float, p99_ms: float) -> Json:
    return {
        "count": count,
        "mean_ms": p50_ms,
        "p50_ms": p50_ms,
        "p95_ms": p95_ms,
        "p99_ms": p99_ms,
        "highest_ms": p99_ms,
    }


CACHE: Json = {
    "hits": 940,
    "not_modified": 12,
    "misses": 48,
    "spared_ratio": 0.952,
    "enabled": True,
    "store": "memory",
    "working": True,
    "failures": 0,
    "entries": 3,
    "size_bytes": 21_384,
    "routes": [{"route": "/api/v1/cameras", "hits": 940, "not_modified": 12, "misses": 48, "spared_ratio": 0.952}],
}
CACHE_ENTRIES: Json = {
    "items": [
        {
            "path": "/api/v1/cameras",
            "query": "group=entrance",
            "language": "en",
            "role": "viewer",
            "limited": False,
            "size_bytes": 7128,
            "hits": 17,
            "made_unix_s": AT_UNIX_S,
            "life_s": 1.0,
        }
    ]
}
BOTTLENECK: Json = {
    "kind": "camera_stage",
    "subject": "door",
    "camera_id": "door",
    "stage": "detect",
    "severity": "warning",
    "weight": 0.4,
    "share": 0.62,
    "cause": "Detection takes 62% of the frame time of camera door, and 40% of the pictures are left out",
    "remedy": (
        "Use the sub stream or a smaller input of the engine, look at fewer pictures per second, or draw a zone."
    ),
}
BOTTLENECKS: Json = {"items": [BOTTLENECK]}
PROCESS: Json = {
    "process": "server",
    "cpu_ratio": 0.04,
    "rss_bytes": 128_000_000,
    "rss_slope_bytes_per_hour": 40_000,
    "open_files": 41,
    "threads": 12,
    "uptime_s": 86_400,
}
PERFORMANCE: Json = {
    "at_unix_s": AT_UNIX_S,
    "window_s": 60,
    "responses": {
        "total": 4711,
        "per_s": 16.2,
        "errors_ratio": 0,
        "in_flight": 1,
        "times": _times(972, 1.2, 3.4, 8.1),
    },
    "loop": _times(600, 0.4, 1.1, 2.3),
    "database": {
        "in_use": 0,
        "waiting": 0,
        "wait": _times(40, 0.1, 0.2, 0.3),
        "statements": _times(85, 0.1, 0.4, 0.9),
        "slowest": [
            {
                "text": "SELECT events.event_id FROM events WHERE events.camera_id = ? LIMIT ? OFFSET ?",
                "count": 60,
                "mean_ms": 0.9,
                "highest_ms": 4.1,
                "total_ms": 54,
            }
        ],
    },
    "cache": CACHE,
    "cameras": {"total": 8, "running": 8, "limited": 1, "fps": 118.2, "latency_ms": 41.5},
    "machine": {
        "cores": 8,
        "cpu_ratio": 0.41,
        "load1": 3.2,
        "memory_available_bytes": 11_200_000_000,
        "memory_available_ratio": 0.68,
        "received_bytes_per_s": 4_100_000,
        "sent_bytes_per_s": 310_000,
        "disks": [
            {
                "disk": "/var/lib/popcam",
                "free_bytes": 412_000_000_000,
                "free_ratio": 0.81,
                "read_bytes_per_s": 0,
                "written_bytes_per_s": 3_900_000,
            }
        ],
        "gpus": [],
        "temperatures_celsius": {"coretemp": 54},
    },
    "processes": [PROCESS],
    "bottleneck": BOTTLENECK,
}
HISTORIES: Json = {
    "since_unix_s": AT_UNIX_S,
    "until_unix_s": AT_UNIX_S + 3,
    "items": [
        {
            "figure": "response_p95",
            "unit": "seconds",
            "step_s": 1,
            "unix_s": [AT_UNIX_S, AT_UNIX_S + 1],
            "mean": [0.0034, 0.0031],
            "low": [0.0034, 0.0031],
            "high": [0.0034, 0.0031],
        }
    ],
}
ROUTES: Json = {
    "items": [
        {
            "route": "/api/v1/cameras",
            "requests": 4100,
            "per_s": 12.1,
            "errors_ratio": 0,
            "times": _times(726, 1.1, 3.2, 7.9),
            "codes": [{"method": "GET", "code": 200, "count": 4088}, {"method": "GET", "code": 304, "count": 12}],
        }
    ]
}
CAMERA: Json = {
    "camera_id": "door",
    "at_unix_s": AT_UNIX_S,
    "fps": 9.1,
    "source_fps": 15.1,
    "received_fps": 15.1,
    "lost_share": 0.4,
    "load_level": 0,
    "latency_ms": 48.3,
    "bitrate_bps": 2_100_000,
    "queue_depth": 2,
    "drops": {"late": 214},
    "reconnects": 1,
    "restarts": 0,
    "uncovered_frames": 0,
    "jitter_ms": 3.1,
    "rtt_ms": 0.8,
    "lost_packets": 4,
    "stages": [
        {
            "stage": "detect",
            "share": 0.62,
            "mean_ms": 40.1,
            "p50_ms": 39.2,
            "p95_ms": 47,
            "p99_ms": 61.3,
            "frames_in": 8122,
            "frames_out": 8122,
            "queue_depth": 1,
        }
    ],
    "bottlenecks": [BOTTLENECK],
}
MEMORY: Json = {
    "items": [
        {
            "process": "server",
            "rss_bytes": 128_000_000,
            "lowest_bytes": 124_000_000,
            "highest_bytes": 129_000_000,
            "span_s": 3300,
            "slope_bytes_per_hour": 40_000,
            "verdict": "steady",
        }
    ],
    "recording": False,
}
ALLOCATIONS: Json = {
    "process": "server",
    "recording": True,
    "began_unix_s": AT_UNIX_S,
    "until_unix_s": AT_UNIX_S + 600,
    "took_s": 120,
    "traced_bytes": 2_410_000,
    "overhead_bytes": 3_120_000,
    "lines": [
        {
            "file": "popcam/server/told.py",
            "line": 61,
            "code": "text = message.model_dump_json()",
            "size_bytes": 180_400,
            "count": 90,
            "grown_bytes": 120_300,
            "grown_count": 60,
        }
    ],
}
ENDED: Json = {**ALLOCATIONS, "recording": False, "began_unix_s": None, "until_unix_s": None}
ALLOCATIONS_IN = {"ten_minutes": Example(summary="For ten minutes", value={"for_s": 600.0})}
