"""What a batch media job should do and how it stands: the words of `popcam job`, the jobs API and the job store."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from popcam.core.spec import STRICT, Fraction01, HideStyle

JobKind = Literal["hide_faces", "find_faces", "transcode", "index"]
JobState = Literal["queued", "running", "succeeded", "partial", "failed", "cancelled"]
"""`partial`: everything that could be done is done and there, and something could not: some file failed, or a damaged
file gave only a part of what it should hold."""
FINISHED_STATES: frozenset[JobState] = frozenset({"succeeded", "partial", "failed", "cancelled"})
ItemState = Literal["queued", "running", "succeeded", "partial", "failed", "skipped", "cancelled"]
Conflict = Literal["number", "skip", "replace", "fail"]
FaceDetector = Literal["yunet", "centerface"]
VideoCodec = Literal["h264", "hevc"]
EncodePreset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"]
HardwareEncode = Literal["none", "auto", "nvenc", "vaapi", "qsv", "videotoolbox", "amf"]

Path = Annotated[str, MinLen(1), MaxLen(4096)]
Pattern = Annotated[str, MinLen(1), MaxLen(256)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindSpec:
    """How faces are looked for."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    detector: FaceDetector = "yunet"
    """`yunet` is fast, `centerface` finds more small and turned faces at several times the cost."""
    min_score: Fraction01 | None = None
    """Lowest score of a detection; unset takes the detector's own measured threshold."""
    smallest_face: Annotated[float, Gt(0.0), Le(1.0)] = 0.03
    """Height of the smallest face that must be found, as a share of the picture's height. The size of the picture that
    the detector sees follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HideSpec:
    """How faces are hidden."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    style: HideStyle = "blur"
    """How faces are covered."""
    margin: Annotated[float, Ge(0.1), Le(2.0)] = 0.25
    """The covered area grows by this share of the face's size on each side."""
    lead_s: Annotated[float, Ge(0.0), Le(10.0)] = 0.5
    """A face is covered this long before it was first found."""
    hold_s: Annotated[float, Ge(0.0), Le(10.0)] = 0.5
    """A face is covered this long after it was last found."""
    gap_s: Annotated[float, Ge(0.0), Le(30.0)] = 2.0
    """A face that is lost and found again within this time is covered all the while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeSpec:
    """How changed video is encoded."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    codec: VideoCodec = "h264"
    """`h264` plays everywhere."""
    quality: Annotated[int, Ge(1), Le(51)] = 20
    """Constant rate factor: lower is better and larger. 18 looks like the original, 28 is small."""
    preset: EncodePreset = "veryfast"
    """Effort of the software encoder: slower presets make smaller files."""
    hardware: HardwareEncode = "none"
    """Hardware encoder; `auto` takes the first that works here and falls back to software. Pictures of software
    encoders are better at the same size."""
    copy_untouched: bool = True
    """Groups of pictures in which nothing is changed are copied bit for bit where the codec allows it."""
    photo_quality: Annotated[int, Ge(10), Le(100)] = 95
    """Quality of changed JPEG and WebP photos."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One batch job, as people write it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: JobKind
    """`hide_faces` writes media without faces, `find_faces` writes what was found as `.facts.jsonl`, `transcode` only
    encodes anew, `index` writes what is in a file and who appears when as `.index.json` with pictures of the faces."""
    inputs: Annotated[tuple[Path, ...], MinLen(1), MaxLen(10_000)]
    """Files and folders of the server, or `upload:<id>` of uploaded files."""
    output_dir: Annotated[str, MaxLen(4096)] = ""
    """Folder of the results; a folder of the job's own in popcam's data when empty. The tree below an input folder is
    mirrored there."""
    name: Annotated[str, MaxLen(200)] = ""
    """What people call the job."""
    include: Annotated[tuple[Pattern, ...], MaxLen(100)] = ()
    """Only files of folders that match one of these patterns, for example `*.mp4` or `2026/**/*.jpg`; all media files
    when empty."""
    exclude: Annotated[tuple[Pattern, ...], MaxLen(100)] = ()
    """Files and folders that are left out."""
    recursive: bool = True
    """Take folders within folders."""
    on_conflict: Conflict = "number"
    """When the output exists: write beside it under a new number, skip the file, replace it, or fail the file."""
    priority: Annotated[int, Ge(0), Le(9)] = 5
    """Higher runs first."""
    find: FindSpec = field(default_factory=FindSpec)
    """How faces are looked for."""
    hide: HideSpec = field(default_factory=HideSpec)
    """How faces are hidden."""
    encode: EncodeSpec = field(default_factory=EncodeSpec)
    """How changed media are encoded."""

    @property
    def display_name(self) -> str:
        return self.name or self.kind.replace("_", " ")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be done: the error's code, what exactly, and where in the medium."""

    code: str
    detail: str = ""
    start_s: float | None = None
    end_s: float | None = None


class ItemCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Files of a job by their state."""

    queued: int = 0
    running: int = 0
    succeeded: int = 0
    partial: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        return sum(getattr(self, name) for name in self.__struct_fields__)


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a job stands. Times are Unix seconds; `speed_fps` is frames (a photo is one) per second over the last
    seconds; `left_s` is None while unknown. `fraction` is 0..1 of the work."""

    job_id: str
    kind: JobKind
    name: str
    state: JobState
    priority: int
    created_unix_s: float
    started_unix_s: float | None = None
    ended_unix_s: float | None = None
    fraction: float = 0.0
    frames_done: int = 0
    frames_total: int = 0
    frames_copied: int = 0
    speed_fps: float = 0.0
    left_s: float | None = None
    stage: Literal["", "waiting", "inspecting", "finding", "writing", "joining", "yielding"] = ""
    """What is being done; `yielding`: live cameras need the processor, the job waits."""
    items: ItemCounts = ItemCounts()
    problem: Problem | None = None


class JobItem(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a job."""

    item_id: int
    job_id: str
    source: str
    output: str = ""
    state: ItemState = "queued"
    fraction: float = 0.0
    frames: int = 0
    frames_copied: int = 0
    faces: int = 0
    """Different faces (tracks) found."""
    bytes_in: int = 0
    bytes_out: int = 0
    problems: tuple[Problem, ...] = ()
