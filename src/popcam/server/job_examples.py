"""Examples of batch jobs in the OpenAPI document, true to what the server really answers."""

from fastapi.openapi.models import Example

from popcam.server.examples import Json

JOB_ID = "7608d4acdd72"
URL = f"/api/v1/jobs/{JOB_ID}"
COUNTS: Json = {
    "queued": 0,
    "running": 1,
    "succeeded": 11,
    "partial": 0,
    "failed": 0,
    "skipped": 0,
    "cancelled": 0,
}
JOB: Json = {
    "job_id": JOB_ID,
    "kind": "hide_faces",
    "name": "Summer party",
    "state": "running",
    "priority": 5,
    "created_unix_s": 1_795_334_400.0,
    "started_unix_s": 1_795_334_400.5,
    "ended_unix_s": None,
    "fraction": 0.42,
    "frames_done": 1008,
    "frames_total": 2400,
    "frames_copied": 300,
    "speed_fps": 148.2,
    "left_s": 9.4,
    "stage": "writing",
    "items": COUNTS,
    "problem": None,
    "url": URL,
    "items_url": f"{URL}/items",
    "preview_url": f"{URL}/preview",
}
QUEUED: Json = {
    **JOB,
    "state": "queued",
    "started_unix_s": None,
    "fraction": 0.0,
    "frames_done": 0,
    "frames_total": 0,
    "frames_copied": 0,
    "speed_fps": 0.0,
    "left_s": None,
    "stage": "waiting",
    "items": {**COUNTS, "queued": 12, "running": 0, "succeeded": 0},
    "preview_url": None,
}
CANCELLED: Json = {
    **JOB,
    "state": "cancelled",
    "ended_unix_s": 1_795_334_408.0,
    "speed_fps": 0.0,
    "left_s": None,
    "stage": "",
    "items": {**COUNTS, "running": 0, "cancelled": 1},
    "preview_url": None,
}
SPEC: Json = {
    "kind": "hide_faces",
    "inputs": ["/srv/video/party"],
    "output_dir": "/srv/video/party-hidden",
    "name": "Summer party",
    "include": ["*.mp4"],
    "exclude": [],
    "recursive": True,
    "on_conflict": "number",
    "priority": 5,
    "find": {"detector": "yunet", "min_score": None, "smallest_face": 0.03},
    "hide": {"style": "blur", "margin": 0.25, "lead_s": 0.5, "hold_s": 0.5, "gap_s": 2.0},
    "encode": {
        "codec": "h264",
        "quality": 20,
        "preset": "veryfast",
        "hardware": "none",
        "copy_untouched": True,
        "photo_quality": 95,
    },
}
JOB_DETAIL: Json = {**JOB, "spec": SPEC, "output_dir": "/srv/video/party-hidden"}
JOBS: Json = {"items": [JOB], "next_cursor": None}
ITEM: Json = {
    "item_id": 1,
    "job_id": JOB_ID,
    "source": "/srv/video/party/cake.mp4",
    "output": "/srv/video/party-hidden/cake.mp4",
    "state": "partial",
    "fraction": 1.0,
    "frames": 2400,
    "frames_copied": 300,
    "faces": 7,
    "bytes_in": 48_000_000,
    "bytes_out": 31_000_000,
    "problems": [
        {
            "code": "source.corrupt",
            "title": "The stream is damaged",
            "detail": "12 frames could not be decoded",
            "hint": "Damaged parts are skipped. If it lasts, check the network and the camera.",
            "retryable": True,
            "start_s": 81.2,
            "end_s": 81.7,
        }
    ],
    "source_url": f"{URL}/items/1/source",
    "output_url": f"{URL}/items/1/output",
}
ITEMS: Json = {"items": [ITEM], "next_cursor": None}
CHECK: Json = {
    "files": 12,
    "videos": 4,
    "photos": 8,
    "bytes_in": 912_000_000,
    "frames_estimated": 21_600,
    "disk_need_bytes": 2_100_000_000,
    "disk_free_bytes": 88_000_000_000,
    "fits": True,
    "output_dir": "/srv/video/party-hidden",
    "examples": [{"source": "/srv/video/party/cake.mp4", "output": "/srv/video/party-hidden/cake.mp4"}],
    "problems": [],
}
UPLOAD: Json = {
    "upload_id": "d5b1afcd2f5ea0381b4fe77e",
    "input": "upload:d5b1afcd2f5ea0381b4fe77e",
    "name": "cake.mp4",
    "size_bytes": 48_000_000,
    "media_kind": "video",
}
BROWSE: Json = {
    "path": "/srv/video",
    "parent": "",
    "items": [
        {
            "name": "party",
            "path": "/srv/video/party",
            "kind": "folder",
            "size_bytes": None,
            "modified_unix_s": 1_795_300_000.0,
        },
        {
            "name": "yard.mp4",
            "path": "/srv/video/yard.mp4",
            "kind": "video",
            "size_bytes": 48_000_000,
            "modified_unix_s": 1_795_300_000.0,
        },
    ],
    "truncated": False,
}
JOB_IN: dict[str, Example] = {
    "upload": {
        "summary": "Hide the faces of an uploaded film",
        "value": {"kind": "hide_faces", "inputs": [UPLOAD["input"]]},
    },
    "folder": {
        "summary": "Hide the faces of all films of a folder",
        "value": {
            "kind": "hide_faces",
            "inputs": ["/srv/video/party"],
            "output_dir": "/srv/video/party-hidden",
            "include": ["*.mp4"],
            "hide": {"style": "pixelate", "margin": 0.4},
        },
    },
    "find": {
        "summary": "Write down who is to be seen when",
        "value": {"kind": "index", "inputs": ["/srv/video/yard.mp4"], "find": {"detector": "centerface"}},
    },
}
PATCH_IN: dict[str, Example] = {
    "first": {"summary": "Before all others", "value": {"priority": 9}},
    "rename": {"summary": "Another name", "value": {"name": "Summer party"}},
}
