"""What workers find out and report: detections, tracks, events and states. Everything here crosses process borders."""

from enum import StrEnum
from typing import Literal

import msgspec

BoxNorm = tuple[float, float, float, float]
"""xyxy, each in 0..1 of the full picture's width and height."""
PointNorm = tuple[float, float]


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that an engine found in one frame.

    `landmarks` are points in 0..1: for faces (left eye, right eye, nose, left and right mouth corner) as they appear in
    the picture, so the left eye is the one further left on an upright face; empty for other things.
    """

    label: str
    score: float
    box: BoxNorm
    landmarks: tuple[PointNorm, ...] = ()


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One object followed over frames.

    `age_s` is the time since it was first seen, `unseen_s` since it was last really detected; its box is predicted in
    between. `confirmed` is False until it was seen often enough to count as real.
    """

    track_id: int
    label: str
    score: float
    box: BoxNorm
    landmarks: tuple[PointNorm, ...] = ()
    age_s: float = 0.0
    unseen_s: float = 0.0
    confirmed: bool = True


class FrameFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one frame: the pages draw it over the picture with the same `seq`."""

    camera_id: str
    seq: int
    pts_s: float
    captured_unix_s: float
    tracks: tuple[Track, ...] = ()
    motion: bool = False
    cover: Literal["none", "regions", "whole"] = "none"


EventKind = Literal[
    "face_appeared", "face_left", "motion_started", "motion_ended", "zone_entered", "zone_left", "line_crossed"
]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `ended_unix_s` is None while it lasts or for what has no length.

    The snapshot is a JPEG of the picture as outputs show it: where faces are hidden, they are hidden there too.
    """

    event_id: str
    camera_id: str
    kind: EventKind
    started_unix_s: float
    ended_unix_s: float | None = None
    label: str = ""
    track_id: int | None = None
    score: float = 0.0
    box: BoxNorm | None = None
    place: str = ""
    """Name of the zone or line."""
    direction: Literal["", "left", "right"] = ""
    snapshot_jpeg: bytes = b""


class CameraState(StrEnum):
    """Where a camera is in its life, as its worker or the fleet sees it."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    IDLE = "idle"
    RECONNECTING = "reconnecting"
    FAILED = "failed"
    ENDED = "ended"
    ISOLATED = "isolated"


class FaultReport(msgspec.Struct, frozen=True, kw_only=True):
    """A failure as it is reported: public code, masked detail, when, and how often in a row."""

    code: str
    detail: str = ""
    at_unix_s: float = 0.0
    count: int = 1


STAGES = ("decode", "scale", "gate", "detect", "track", "act", "encode", "publish")
"""The stages of a frame, in their order."""


class StageTime(msgspec.Struct, frozen=True, kw_only=True):
    """What one stage did: its time per frame in milliseconds, and what went in and came out.

    `frames`, `mean_ms` and `max_ms` are of the time since the last report, `p50_ms`, `p95_ms` and `p99_ms` of the last
    ten seconds. A stage's time is without that of stages inside it, so that they add up. A stage that had nothing to do
    for ten seconds is told of with zero times.

    `frames_in` and `frames_out` count since the pipeline started: packets and pictures (decode), pictures that were
    judged and those worth a look (gate), pictures that engines were asked about and answers (detect), answers (track),
    pictures (act), pictures offered and messages made of them (encode), messages (publish).
    """

    stage: str
    frames: int
    mean_ms: float
    p95_ms: float
    max_ms: float
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    frames_in: int = 0
    frames_out: int = 0
    queue_depth: int = 0
    """Most that waited for this stage at a time since the last report."""


class CameraStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a camera's pipeline reports once a second, and at each change of state."""

    camera_id: str
    state: CameraState
    since_unix_s: float
    at_unix_s: float
    epoch: int = 0
    fps: float = 0.0
    """Frames per second that went through the whole pipeline."""
    source_fps: float = 0.0
    latency_ms: float | None = None
    """Capture to published, mean over the window."""
    bottleneck: str = ""
    stages: tuple[StageTime, ...] = ()
    frames: int = 0
    drops: dict[str, int] = msgspec.field(default_factory=dict)
    """Lost frames by reason since the start."""
    reconnects: int = 0
    """How often the source was lost and opened again since the pipeline started."""
    restarts: int = 0
    """How often the fleet had to start the camera again since it is wanted to run; the fleet fills it in."""
    uncovered_frames: int = 0
    """Published frames of a privacy output in which a face was seen to have been bare afterwards. The target is 0."""
    whole_covers: int = 0
    """Frames that were covered as a whole, because a detection was late or failed."""
    load_level: int = 0
    """How much is left out because the machine can't keep up: nothing at 0; each further level halves the pictures that
    are processed, shown and looked at. What is not looked at is not shown where faces are hidden."""
    decoding: str = ""
    """`all`, `nonref`, `keyframes` or `nothing`."""
    codec: str = ""
    width_px: int = 0
    height_px: int = 0
    decoder: str = ""
    decoder_fallback: str = ""
    provider: str = ""
    provider_fallback: str = ""
    viewers: int = 0
    recording: bool = False
    motion: bool = False
    tracks: int = 0
    faults: tuple[FaultReport, ...] = ()
    """What is wrong now: the source's fault first, then those of outputs. Empty when all is well."""
    worker_id: str = ""
    """The worker that runs it, or shall run it while that one is away; the fleet fills it in."""
    sub_stream: bool = False
    """It runs on its sub stream for now, because somebody or a recovery said so; the fleet fills it in."""
    received_fps: float | None = None
    """Pictures per second that came from the source, decoded or not, over the last seconds; None while none come."""
    every_frame: bool = False
    """Somebody wanted every picture since the last report, so `fps` should be the camera's usual rate. False while it
    idles, and in the first seconds of a stream. Under load it stays True: what is left out is missing."""
    bitrate_bps: float = 0.0
    """Of the analysed stream as it comes, over the last seconds; 0 for sources without packets."""
    queue_depth: int = 0
    """Most pictures and packets that waited anywhere in the pipeline at a time since the last report."""
    frozen_s: float | None = None
    """How long the picture has been the very same although new ones come; 0 while it changes, None while that can't be
    told (no pictures, or a source of single pictures)."""
    lively: bool = False
    """Its picture is known to change, by sensor noise if nothing else. One that never did may be a test card: then it
    takes minutes until `frozen_s` counts."""
    dark: bool | None = None
    """The picture has been black, or of one brightness (a covered lens), for some seconds; None before the first."""
    clock_skew_s: float | None = None
    """The camera's clock minus ours, where it tells the time with its pictures (RTCP sender reports)."""
    jitter_s: float | None = None
    """How unevenly packets come (RFC 3550), for live sources; None before there were enough."""
    lost_packets: int = 0
    """Packets that did not come, or came damaged, since the pipeline began: gaps in the times, what could not
    be decoded, and what was dropped because nobody took it in time."""
    rtt_s: float | None = None
    """Time to connect to the camera's host, looked at once a minute at most; None where there is no host, or no
    answer."""


class WorkerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's heartbeat, once a second."""

    worker_id: str
    pid: int
    at_unix_s: float
    uptime_s: float
    cpu_percent: float
    """100 is one core."""
    rss_bytes: int
    threads: int
    open_files: int
    camera_ids: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    loading: str = ""
    """A model that is being loaded. Runtimes stop the whole process for seconds then, where the disk is cold or the
    processor busy: its silence means nothing yet."""


class WorkerSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A place for a worker that cameras need or have, whether a worker is there now or not."""

    worker_id: str
    up: bool
    """A worker is there, and answers."""
    restarts: int = 0
    """How often a worker had to be started again here since the server started."""
    camera_ids: tuple[str, ...] = ()
    """Cameras that run there, or belong there."""
    resting: bool = False
    """It failed too often, and is not started again for a while."""
    why: str = ""
    """How the last worker ended, when it should not have."""


class PreviewFrame(msgspec.Struct, frozen=True, kw_only=True):
    """Header of one encoded preview picture; the bytes follow it in a message part of their own.

    For H.264 the payload is an Annex B access unit, parameter sets before each keyframe, no B-frames.
    """

    camera_id: str
    seq: int
    pts_s: float
    captured_unix_s: float
    published_unix_s: float
    width_px: int
    height_px: int
    codec: Literal["jpeg", "h264"]
    keyframe: bool = True
    facts: FrameFacts | None = None
