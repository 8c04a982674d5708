"""What a camera should do: the settings that people write and that workers run.

Plain frozen dataclasses. pydantic checks them at the edge (constraints ride in `Annotated`, the texts below the fields
become the descriptions in the schema and the reference page), msgspec carries them to workers as they are.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from popcam.core.redact import redact

STRICT: dict[str, Any] = {"extra": "forbid"}
"""pydantic's configuration of each settings class: a key that nobody knows is an error, never ignored. The texts below
their fields come into schemas by `core.field_docs`."""

Fraction01 = Annotated[float, Ge(0.0), Le(1.0)]
PointNorm = tuple[Fraction01, Fraction01]
PolygonNorm = Annotated[tuple[PointNorm, ...], MinLen(3), MaxLen(64)]
Seconds = Annotated[float, Gt(0.0), Le(86_400.0)]

GroupName = Annotated[str, MinLen(1), MaxLen(80)]

SourceKind = Literal["rtsp", "http", "file", "images", "device", "synthetic", "demo"]
HardwareDecode = Literal["auto", "none", "cuda", "vaapi", "qsv", "videotoolbox", "d3d11va"]
ActKind = Literal["boxes", "hide", "pass"]
HideStyle = Literal["blur", "pixelate", "solid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """Where a stream comes from."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    url: Annotated[str, MinLen(1), MaxLen(4096)]
    """Address or path: `rtsp://`, `rtsps://`, `http://`, `https://`, a file, a folder of pictures, `device:/dev/video0`
    (`device:0` elsewhere), `synthetic:` or `demo:`. Credentials may stand in the address or in the two fields below."""
    username: Annotated[str, MaxLen(256)] = ""
    """User name, when it does not stand in the address."""
    password: Annotated[str, MaxLen(256)] = ""
    """Password, when it does not stand in the address. Never shown again."""
    transport: Literal["auto", "tcp", "udp"] = "auto"
    """RTSP transport. `auto` is TCP: it loses nothing."""
    loop: bool = True
    """Files and folders: start again at the end."""
    realtime: bool = True
    """Files and folders: play at their own speed; `false` plays as fast as frames are taken and drops none."""
    width_px: Annotated[int, Ge(1), Le(8192)] | None = None
    """Capture devices and synthetic sources: the width to ask for."""
    height_px: Annotated[int, Ge(1), Le(8192)] | None = None
    """Capture devices and synthetic sources: the height to ask for."""
    fps: Annotated[float, Gt(0.0), Le(240.0)] | None = None
    """Capture devices, folders and synthetic sources: frames per second."""
    open_timeout_s: Seconds = 10.0
    """Longest wait for the source to open."""
    read_timeout_s: Seconds = 10.0
    """Longest wait for the next packet; then the source counts as lost and is opened again."""

    def __repr__(self) -> str:
        return f"SourceSpec(url={redact(self.url)!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeSpec:
    """How packets become pictures."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    hardware: HardwareDecode = "auto"
    """Hardware decoder. `auto` takes the first that works here and falls back to software; a fall-back is shown."""
    threads: Annotated[int, Ge(0), Le(16)] = 1
    """Decoder threads for one live stream, or file at its own speed; 0 lets the decoder choose. Files that play as fast
    as possible, and heavy ones, use as many as help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """When there is something to look at."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    enabled: bool = True
    """Detect only while something moves. `false`: every frame counts as moving."""
    sensitivity: Fraction01 = 0.5
    """How small a change counts as motion: 0 needs a third of the picture, 1 a few pixels."""
    cooldown_s: Annotated[float, Ge(0.0), Le(600.0)] = 5.0
    """Motion lasts this long after the last change."""
    masks: tuple[PolygonNorm, ...] = ()
    """Areas where motion does not count, as polygons of points in 0..1 of width and height."""
    idle_keyframes_only: bool = True
    """Decode only keyframes while nothing moves and nobody watches. Saves nearly all CPU of an idle camera."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectSpec:
    """What is looked for."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    faces: Literal["off", "yunet", "centerface"] = "yunet"
    """Face detector: `yunet` is fast, `centerface` finds more small and turned faces at several times the cost."""
    objects: Literal["off", "nanodet"] = "off"
    """Detector for persons and other things."""
    object_labels: tuple[str, ...] = ("person",)
    """Which things of the object detector are kept."""
    min_score: Fraction01 | None = None
    """Lowest score of a detection; unset takes the detector's own measured threshold."""
    input_width_px: Annotated[int, Ge(64), Le(1920)] = 640
    """Width of the small picture that detectors see. More finds smaller faces and costs in proportion to its area."""
    max_interval_s: Annotated[float, Ge(0.0), Le(10.0)] = 0.2
    """While tracks are steady, detection may skip frames up to this time; never while faces are hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackSpec:
    """How detections become followed objects."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    max_lost_s: Annotated[float, Ge(0.0), Le(30.0)] = 1.5
    """A track survives an occlusion this long."""
    min_hits: Annotated[int, Ge(1), Le(30)] = 2
    """Detections until a track counts as real and makes events. Hiding starts at the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActSpec:
    """What is done to the picture."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: ActKind = "boxes"
    """`boxes`: the page draws what was found, the picture stays as it is. `hide`: faces are covered in every output.
    `pass`: nothing is looked for, the picture passes through."""
    style: HideStyle = "blur"
    """How faces are covered."""
    margin: Annotated[float, Ge(0.1), Le(2.0)] = 0.25
    """The covered area grows by this share of the face's size on each side. Less than a tenth leaves enough of a face
    around the cover for a detector to find one."""
    hold_s: Annotated[float, Ge(0.0), Le(10.0)] = 1.0
    """A face that is no longer found stays covered this long."""
    max_stale_s: Annotated[float, Gt(0.0), Le(10.0)] = 0.5
    """When the newest detection result is older than this, the whole picture is covered."""
    burn_boxes: bool = False
    """Draw boxes into the picture of recordings and restreams, which can't draw them themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSpec:
    """An area that persons may enter."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: Annotated[str, MinLen(1), MaxLen(80)]
    """Name of the zone, unique within the camera."""
    points: PolygonNorm
    """Corners in 0..1 of width and height."""
    labels: tuple[str, ...] = ("person", "face")
    """What makes an event in this zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSpec:
    """A line that things may cross."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: Annotated[str, MinLen(1), MaxLen(80)]
    """Name of the line, unique within the camera."""
    start: PointNorm
    """First end in 0..1 of width and height."""
    end: PointNorm
    """Second end. Seen from start to end, crossing from left to right is direction `right`."""
    direction: Literal["both", "left", "right"] = "both"
    """Which crossings make an event."""
    labels: tuple[str, ...] = ("person", "face")
    """What makes an event on this line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewSpec:
    """The live picture of viewers."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    width_px: Annotated[int, Ge(64), Le(3840)] = 640
    """Width of the normal preview; height follows the picture. Never larger than the picture."""
    max_fps: Annotated[float, Gt(0.0), Le(120.0)] = 30.0
    """Highest picture rate."""
    jpeg_quality: Annotated[int, Ge(10), Le(100)] = 80
    """Quality of JPEG previews and snapshots."""
    bitrate_kbps: Annotated[int, Ge(50), Le(50_000)] = 1500
    """Bit rate of H.264 previews at the normal width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSpec:
    """What is kept on disk."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    mode: Literal["off", "continuous", "events"] = "off"
    """Record nothing, everything, or only around events."""
    segment_s: Annotated[float, Ge(1.0), Le(3600.0)] = 60.0
    """Length of one file; files end at keyframes."""
    pre_roll_s: Annotated[float, Ge(0.0), Le(60.0)] = 5.0
    """Events: how much before the event is kept."""
    post_roll_s: Annotated[float, Ge(0.0), Le(600.0)] = 10.0
    """Events: how much after the event is kept."""
    max_age_days: Annotated[float, Gt(0.0), Le(3650.0)] = 7.0
    """Older files are deleted."""
    max_size_gb: Annotated[float, Gt(0.0), Le(1_000_000.0)] = 20.0
    """The camera's oldest files are deleted beyond this total (1 GB = 10^9 bytes)."""
    bitrate_kbps: Annotated[int, Ge(50), Le(100_000)] = 4000
    """Bit rate when the picture was changed and has to be encoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestreamSpec:
    """A server that gets the stream."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    url: Annotated[str, MinLen(1), MaxLen(4096)]
    """`rtsp://`, `rtsps://`, `rtmp://` or `rtmps://` address to push to."""
    bitrate_kbps: Annotated[int, Ge(50), Le(100_000)] = 3000
    """Bit rate when the picture was changed and has to be encoded."""

    def __repr__(self) -> str:
        return f"RestreamSpec(url={redact(self.url)!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSpec:
    """One camera: its streams and what is done with them."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: Annotated[str, MinLen(1), MaxLen(64)]
    """Stable id: small letters, digits and `-`."""
    source: SourceSpec
    """The main stream."""
    name: Annotated[str, MaxLen(200)] = ""
    """What people call it; the id when empty."""
    groups: Annotated[tuple[GroupName, ...], MaxLen(32)] = ()
    """Groups that it belongs to, for example `entrance`. A group exists while a camera names it."""
    sub_source: SourceSpec | None = None
    """A smaller stream of the same camera. It is what detection and the normal preview use, unless faces are hidden:
    then every output comes from the main stream."""
    active: bool = True
    """Whether the camera is wanted at all."""
    auto_start: bool = True
    """Start it with the server."""
    decode: DecodeSpec = field(default_factory=DecodeSpec)
    gate: GateSpec = field(default_factory=GateSpec)
    detect: DetectSpec = field(default_factory=DetectSpec)
    track: TrackSpec = field(default_factory=TrackSpec)
    act: ActSpec = field(default_factory=ActSpec)
    zones: tuple[ZoneSpec, ...] = ()
    """Areas whose visitors make events."""
    lines: tuple[LineSpec, ...] = ()
    """Lines whose crossings make events."""
    preview: PreviewSpec = field(default_factory=PreviewSpec)
    record: RecordSpec = field(default_factory=RecordSpec)
    restream: tuple[RestreamSpec, ...] = ()
    """Servers that get the stream."""

    @property
    def display_name(self) -> str:
        return self.name or self.id

    @property
    def hides_faces(self) -> bool:
        return self.act.kind == "hide"


def source_kind(url: str) -> SourceKind:
    """Which kind of source an address means. A path is a file unless the source finds a folder there."""
    scheme = url.split(":", 1)[0].lower() if ":" in url else ""
    match scheme:
        case "rtsp" | "rtsps":
            return "rtsp"
        case "http" | "https":
            return "http"
        case "device":
            return "device"
        case "synthetic":
            return "synthetic"
        case "demo":
            return "demo"
        case "images":
            return "images"
        case _:
            return "file"
