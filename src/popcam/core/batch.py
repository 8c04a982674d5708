"""What batch workers are told to do and what they answer: one task is one piece of one file.

A task is pure in its inputs: doing it twice, or in another process, gives the same files. That is what makes chunks
safe to repeat after a crash and free to run anywhere. Results are files beside one another in the job's work folder,
each named with its SHA-256 in the answer.
"""

from typing import Literal

import msgspec

from popcam.core.jobs import EncodeSpec, FindSpec, HideSpec, Problem
from popcam.core.worker_settings import InferenceSpec

MediaKind = Literal["video", "photo"]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One chunk of a video: frames from a keyframe on, up to the next chunk's keyframe.

    `start_pts` is the keyframe's presentation time in the stream's own time base; `end_pts` that of the next chunk's,
    None for the last. `frames` is the number of packets that it holds; `first_frame` counts from the file's start.
    """

    index: int
    start_pts: int
    end_pts: int | None
    first_frame: int
    frames: int
    closed: bool = False
    """No picture needs one from beyond the borders, so the packets can be copied as they are."""


class MediaFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a file turned out to be. Photos have one frame and no spans."""

    kind: MediaKind
    container: str
    codec: str
    width_px: int
    height_px: int
    """As coded; `rotation_deg` (0, 90, 180, 270 clockwise) says how it is shown."""
    rotation_deg: int = 0
    frames: int = 1
    duration_s: float = 0.0
    time_base_s: float = 0.0
    fps: float = 0.0
    has_audio: bool = False
    bytes: int = 0
    spans: tuple[Span, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What is damaged but does not stop the rest."""
    time_base: tuple[int, int] = (0, 1)
    """The stream's time base exactly, numerator and denominator: the unit of all `pts`."""
    pixel_format: str = ""
    """FFmpeg's name of the source's pixel format; planes are always 8-bit 4:2:0."""
    sample_aspect: tuple[int, int] = (0, 1)
    """Width to height of one pixel; 0:1 when the file does not say."""
    colour: tuple[int, int, int, int] = (2, 2, 2, 0)
    """Primaries, transfer, matrix (ITU-T H.273, 2 is unknown) and range (FFmpeg: 0 unknown, 1 limited, 2 full)."""
    display_matrix: tuple[int, ...] = ()
    """Nine numbers as in MP4 when the picture is turned or mirrored for showing; empty otherwise."""
    interlaced: bool = False
    profile: str = ""
    parameter_set_id: int = -1
    """A number that none of the source's H.264 parameter sets has, for encoded parts between copied ones; -1: none."""
    reorder: int = 0
    """How many pictures decoding is ahead of showing."""
    seekable: bool = True
    """False where times jump: spans are then found by reading from the start."""
    timed: bool = True
    """False where packets say when they are decoded but not when they are shown (AVI, for example)."""


class FileRef(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a task wrote."""

    path: str
    sha256: str
    bytes: int


class Inspect(msgspec.Struct, frozen=True, kw_only=True, tag="inspect"):
    """Look at a file: what is it, how long, where may it be cut. Reads all packets, decodes next to nothing."""

    path: str
    span_frames: int = 300
    """Chunks of about this many frames."""
    least_frames: int = 0
    """Chunks shrink to this towards the end; 0 lets none shrink."""


class Inspected(msgspec.Struct, frozen=True, kw_only=True, tag="inspected"):
    """What `Inspect` found."""

    facts: MediaFacts


class Find(msgspec.Struct, frozen=True, kw_only=True, tag="find"):
    """Find faces in one chunk and write what was found to `output` (MessagePack, `pipeline/batch`)."""

    path: str
    span: Span
    find: FindSpec
    output: str
    facts: MediaFacts | None = None
    """What `Inspect` found, with the first of its spans alone; without it the container's head is read again."""


class Found(msgspec.Struct, frozen=True, kw_only=True, tag="found"):
    """What `Find` wrote and how much it had to look at."""

    file: FileRef
    frames_decoded: int
    frames_looked_at: int
    problems: tuple[Problem, ...] = ()


class Follow(msgspec.Struct, frozen=True, kw_only=True, tag="follow"):
    """Make tracks over the whole file from all chunks' findings, and where to cover what on each frame."""

    path: str
    facts: MediaFacts
    findings: tuple[str, ...]
    """One file per span of `facts`, in order. Empty where a span could not be looked at: its frames are covered
    wholly."""
    hide: HideSpec
    output: str
    """What `Write` needs."""
    facts_output: str = ""
    """What people get as `.facts.jsonl`; empty for none."""
    index_output: str = ""
    """What people get as `.index.json`; empty for none."""


class Followed(msgspec.Struct, frozen=True, kw_only=True, tag="followed"):
    """What `Follow` wrote."""

    file: FileRef
    faces: int
    untouched: tuple[int, ...]
    """Indices of the spans in which nothing is to be changed."""
    facts_file: FileRef | None = None
    index_file: FileRef | None = None


class Write(msgspec.Struct, frozen=True, kw_only=True, tag="write"):
    """Write one chunk of the output: decode, cover, encode; or copy its packets where nothing changes."""

    path: str
    facts: MediaFacts
    """With the first of its spans alone: a day of video has thousands, which would be sent with each task."""
    span: Span
    regions: str
    """Result of `Follow`; empty for a plain transcode."""
    hide: HideSpec
    encode: EncodeSpec
    output: str


class Written(msgspec.Struct, frozen=True, kw_only=True, tag="written"):
    """What `Write` wrote, and what encoded it."""

    file: FileRef
    frames: int
    frames_copied: int
    encoder: str
    fallback: str = ""
    """Why it is not the hardware encoder that was asked for."""
    problems: tuple[Problem, ...] = ()


class Join(msgspec.Struct, frozen=True, kw_only=True, tag="join"):
    """Join written chunks to the whole: video from them, sound, subtitles and all metadata from the source. The result
    is read again and must have the same frames, times and length."""

    path: str
    facts: MediaFacts
    chunks: tuple[FileRef, ...]
    encode: EncodeSpec
    output: str
    """A name in the work folder; the server renames it to the final one."""


class Joined(msgspec.Struct, frozen=True, kw_only=True, tag="joined"):
    """The whole, read again and found complete."""

    file: FileRef
    frames: int
    duration_s: float
    problems: tuple[Problem, ...] = ()


class PhotoTask(msgspec.Struct, frozen=True, kw_only=True, tag="photo"):
    """All that is to be done with one photo: find, cover, write; `output` empty writes none."""

    path: str
    find: FindSpec
    hide: HideSpec
    encode: EncodeSpec
    output: str = ""
    facts_output: str = ""
    index_output: str = ""


class PhotoDone(msgspec.Struct, frozen=True, kw_only=True, tag="photo_done"):
    """What was done with one photo."""

    facts: MediaFacts
    faces: int
    file: FileRef | None = None
    facts_file: FileRef | None = None
    index_file: FileRef | None = None
    unchanged: bool = False
    """No face was found: the output is the input's bytes."""
    problems: tuple[Problem, ...] = ()


class Photos(msgspec.Struct, frozen=True, kw_only=True, tag="photos"):
    """Many photos in one task, so that handing them out costs nothing."""

    photos: tuple[PhotoTask, ...]


class PhotoFailed(msgspec.Struct, frozen=True, kw_only=True, tag="photo_failed"):
    """Why nothing came of one photo."""

    problem: Problem


class PhotosDone(msgspec.Struct, frozen=True, kw_only=True, tag="photos_done"):
    """One answer per photo, in order: what was done, or why not."""

    results: tuple[PhotoDone | PhotoFailed, ...]


Task = Inspect | Find | Follow | Write | Join | Photos
TaskResult = Inspected | Found | Followed | Written | Joined | PhotosDone


class BatchSettings(msgspec.Struct, frozen=True, kw_only=True, tag="settings"):
    """First message to a batch worker."""

    worker_id: str
    inference: InferenceSpec = msgspec.field(default_factory=InferenceSpec)
    nice: int = 10
    """How much it gives way to other processes, 0..19; ignored where the system has no such thing."""
    preview_interval_s: float = 1.0
    output_path: str = ""
    """File at whose end it writes its log, for a worker that was started before this was known."""


class RunTask(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """Do this now. A worker does one task at a time."""

    task_id: int
    task: Task


class Pause(msgspec.Struct, frozen=True, kw_only=True, tag="pause"):
    """Stop between two frames until `Resume`: live cameras need the processor."""


class Resume(msgspec.Struct, frozen=True, kw_only=True, tag="resume"):
    """Go on."""


class CancelTask(msgspec.Struct, frozen=True, kw_only=True, tag="cancel"):
    """Stop the task between two frames; the answer is a failure with the code `job.cancelled`."""

    task_id: int


ToBatchWorker = BatchSettings | RunTask | Pause | Resume | CancelTask


class BatchReady(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The worker has started and can be given tasks."""

    worker_id: str
    pid: int


class TaskProgress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """Sent at least every second while a task runs: it is also the sign of life. `preview_jpeg` is a picture of the
    processed video, at most one per `preview_interval_s`, empty otherwise."""

    task_id: int
    frames_done: int
    preview_jpeg: bytes = b""


class TaskDone(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The task succeeded."""

    task_id: int
    result: TaskResult
    seconds: float
    stages_s: dict[str, float] = msgspec.field(default_factory=dict)
    """Seconds that each stage took: `decode`, `scale`, `detect`, `follow`, `cover`, `encode`, `mux`, ..."""


class TaskFailed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The named error that the task led to; `retryable` as the error says."""

    task_id: int
    code: str
    detail: str = ""
    retryable: bool = False


FromBatchWorker = BatchReady | TaskProgress | TaskDone | TaskFailed
"""Both directions are MessagePack, each message after its length as 4 bytes, big-endian, over the worker's standard
input and output. The worker keeps the real standard output for this and gives libraries the standard error instead."""
