"""The language of server and workers: msgspec structs in MessagePack over two ZeroMQ sockets.

Commands (server DEALER to worker ROUTER): parts `[request id, command]`, answered by `[request id, reply]`.
Facts (worker XPUB to server SUB): parts `[topic, message]`, previews `[topic, header, payload]`.
A subscription to a preview topic is itself the signal that somebody watches.
"""

from typing import Literal

import msgspec

from popcam.core.allocations import Recording
from popcam.core.clean import clean
from popcam.core.errors import PopcamError, ProtocolMismatchError, error_of_code
from popcam.core.facts import CameraStatus
from popcam.core.spec import CameraSpec, DecodeSpec, SourceSpec

PROTOCOL_VERSION = 1

TopicKind = Literal[
    "status", "facts", "event", "preview.jpeg", "preview.h264", "preview.jpeg.full", "preview.h264.full"
]
PreviewKind = Literal["preview.jpeg", "preview.h264", "preview.jpeg.full", "preview.h264.full"]
PREVIEW_KINDS: tuple[PreviewKind, ...] = ("preview.jpeg", "preview.h264", "preview.jpeg.full", "preview.h264.full")
WORKER_TOPIC = b"@worker/status "
"""Topic of heartbeats."""


def topic(camera_id: str, kind: TopicKind) -> bytes:
    """Topic of one camera and kind. ZeroMQ matches prefixes, so a space closes it: no topic is a prefix of another."""
    return f"{camera_id}/{kind} ".encode()


def parse_topic(raw: bytes) -> tuple[str, str]:
    """Camera id and kind of a topic; ("", "") when it is none of ours."""
    camera_id, slash, kind = raw.decode("utf-8", "replace").rstrip(" ").rpartition("/")
    return (camera_id, kind) if slash else ("", "")


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """First command on a connection. The worker refuses all others until versions agree."""

    protocol_version: int
    server_id: str


class StartCamera(msgspec.Struct, frozen=True, kw_only=True, tag="start"):
    """Run this camera. The same spec and epoch again changes nothing; another spec updates it.

    `lively`: an earlier worker found that its picture changes; see `CameraStatus.lively`.
    """

    spec: CameraSpec
    epoch: int = 0
    lively: bool = False


class StopCamera(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """Stop this camera and finish its recordings. An unknown id is already stopped."""

    camera_id: str


class RestartStream(msgspec.Struct, frozen=True, kw_only=True, tag="restart_stream"):
    """Close the camera's streams and open them again at once. The pipeline, its tracks and its outputs stay."""

    camera_id: str


class GetStatus(msgspec.Struct, frozen=True, kw_only=True, tag="status"):
    """Status of all cameras of the worker, now."""


class GetSnapshot(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot"):
    """One JPEG of the newest processed frame; width 0 is the picture's own."""

    camera_id: str
    max_width_px: int = 0


class RequestKeyframe(msgspec.Struct, frozen=True, kw_only=True, tag="keyframe"):
    """A viewer joined: the next H.264 preview picture shall be a keyframe."""

    camera_id: str
    kind: PreviewKind


class Ping(msgspec.Struct, frozen=True, kw_only=True, tag="ping"):
    """The server lives. A worker that hears none for a while knows that its server is gone."""


class Shutdown(msgspec.Struct, frozen=True, kw_only=True, tag="shutdown"):
    """Stop all cameras, finish recordings, end the process."""


class TestSource(msgspec.Struct, frozen=True, kw_only=True, tag="test_source"):
    """Open a source once, look at its first picture, and close it. No camera is needed or touched.

    `max_width_px` bounds the picture, 0 asks for none. The whole takes `timeout_s` at most.
    """

    source: SourceSpec
    decode: DecodeSpec = DecodeSpec()
    timeout_s: float = 15.0
    max_width_px: int = 640


class FindDevices(msgspec.Struct, frozen=True, kw_only=True, tag="find_devices"):
    """Look for capture devices at the worker's machine."""


class FindOnvif(msgspec.Struct, frozen=True, kw_only=True, tag="find_onvif"):
    """Look for ONVIF cameras in the worker's networks, and ask each for its streams.

    `addresses` are device services to ask besides those that answer the multicast probe; the probe is left out with
    `probe=False`. Answers are gathered for `timeout_s`; asking for streams takes `ask_timeout_s` more at most.
    """

    timeout_s: float = 3.0
    ask_timeout_s: float = 5.0
    username: str = ""
    password: str = ""
    addresses: tuple[str, ...] = ()
    probe: bool = True


class RebootOnvif(msgspec.Struct, frozen=True, kw_only=True, tag="reboot_onvif"):
    """Ask an ONVIF camera to start itself anew; answered by Done when it said that it will.

    `address` is its device service (`http://host/onvif/device_service`), or just its host, or the address of one of its
    streams: the usual place of the service is asked then.
    """

    address: str
    username: str = ""
    password: str = ""
    timeout_s: float = 10.0


class CutClip(msgspec.Struct, frozen=True, kw_only=True, tag="cut_clip"):
    """A short MP4 clip out of the recordings in a camera's folder, around a moment; packets are copied.

    It begins at a keyframe, so earlier than asked as a rule, and is shortened to `max_bytes`.
    """

    folder: str
    at_unix_s: float
    before_s: float = 5.0
    after_s: float = 5.0
    max_bytes: int = 8_000_000


class ProfileCamera(msgspec.Struct, frozen=True, kw_only=True, tag="profile"):
    """Run a camera for a while, apart from everything else, and say where the time goes.

    Recordings are made in a folder that goes away with the answer, and restreams are left out. `watch` are the previews
    that somebody seems to watch. Measuring begins when frames come and the engines are loaded; the camera runs then
    for `seconds`. The whole takes `timeout_s` at most. The trace holds at most `max_spans` spans.
    """

    spec: CameraSpec
    seconds: float = 20.0
    watch: tuple[PreviewKind, ...] = ("preview.jpeg",)
    timeout_s: float = 60.0
    max_spans: int = 200_000


class RecordAllocations(msgspec.Struct, frozen=True, kw_only=True, tag="record_allocations"):
    """Where the memory of this worker goes: begin to record (for `for_s` seconds at most), look, or end."""

    what: Literal["begin", "look", "end"] = "look"
    for_s: float = 600.0


Question = TestSource | FindDevices | FindOnvif | RebootOnvif | CutClip | ProfileCamera
"""Commands that concern no camera. The fleet puts them to a worker of their own: what they open may crash it."""
Command = (
    Hello
    | StartCamera
    | StopCamera
    | RestartStream
    | GetStatus
    | GetSnapshot
    | RequestKeyframe
    | Ping
    | Shutdown
    | RecordAllocations
    | Question
)


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The command was carried out."""


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag="welcome"):
    """Answer to Hello."""

    protocol_version: int
    popcam_version: str
    worker_id: str
    pid: int


class StatusReply(msgspec.Struct, frozen=True, kw_only=True, tag="statuses"):
    """Answer to GetStatus."""

    cameras: tuple[CameraStatus, ...]


class SnapshotReply(msgspec.Struct, frozen=True, kw_only=True, tag="jpeg"):
    """Answer to GetSnapshot."""

    jpeg: bytes
    captured_unix_s: float
    seq: int


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The command failed: public code and masked detail."""

    code: str
    detail: str = ""


class SourceTested(msgspec.Struct, frozen=True, kw_only=True, tag="source_tested"):
    """Answer to TestSource: what the source turned out to be. `jpeg` is empty when none was asked for."""

    codec: str
    width_px: int
    height_px: int
    fps: float
    pixel_format: str = ""
    container: str = ""
    decoder: str = ""
    decoder_fallback: str = ""
    live: bool = True
    duration_s: float | None = None
    open_ms: float = 0.0
    first_picture_ms: float = 0.0
    jpeg: bytes = b""


class DeviceMode(msgspec.Struct, frozen=True, kw_only=True):
    """One way a capture device can deliver: its pixel format, sizes as (width, height), and highest rate of each."""

    pixel_format: str
    description: str = ""
    sizes: tuple[tuple[int, int], ...] = ()
    max_fps: tuple[float, ...] = ()


class FoundDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One capture device. `code` and `detail` say why it can't be read, as a public error; empty: it can."""

    url: str
    name: str
    bus: str = ""
    modes: tuple[DeviceMode, ...] = ()
    code: str = ""
    detail: str = ""


class DevicesFound(msgspec.Struct, frozen=True, kw_only=True, tag="devices"):
    """Answer to FindDevices."""

    devices: tuple[FoundDevice, ...]


class OnvifStream(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of an ONVIF camera. `url` is an address without credentials."""

    profile: str
    name: str
    url: str
    codec: str = ""
    width_px: int = 0
    height_px: int = 0
    fps: float = 0.0


class OnvifCamera(msgspec.Struct, frozen=True, kw_only=True):
    """One ONVIF camera. `code` and `detail` say why its streams are unknown, as a public error; empty: known."""

    address: str
    host: str
    endpoint: str = ""
    name: str = ""
    hardware: str = ""
    streams: tuple[OnvifStream, ...] = ()
    code: str = ""
    detail: str = ""


class OnvifFound(msgspec.Struct, frozen=True, kw_only=True, tag="onvif"):
    """Answer to FindOnvif."""

    cameras: tuple[OnvifCamera, ...]


class ClipCut(msgspec.Struct, frozen=True, kw_only=True, tag="clip"):
    """Answer to CutClip. `mp4` is empty where there is none; `reason` says why."""

    mp4: bytes = b""
    started_unix_s: float = 0.0
    duration_s: float = 0.0
    reason: str = ""


class ProfiledStage(msgspec.Struct, frozen=True, kw_only=True):
    """What one stage did in all: without the stages inside it, so that they add up.

    `wall_s` is from begin to end, `cpu_s` what its thread computed meanwhile; the rest it waited, for a lock, another
    thread or the processor. `copies` and `copied_bytes` are planes of pictures that it wrote anew.
    """

    stage: str
    thread: str
    calls: int
    wall_s: float
    cpu_s: float
    copies: int = 0
    copied_bytes: int = 0


class ProfiledThread(msgspec.Struct, frozen=True, kw_only=True):
    """One thread of the pipeline: `busy_s` of the measured time it worked, `idle_s` it waited for something to do."""

    thread: str
    busy_s: float
    idle_s: float


class Profiled(msgspec.Struct, frozen=True, kw_only=True, tag="profiled"):
    """Answer to ProfileCamera.

    `cpu_s` is of the whole process; what no stage accounts for is in it too. `bottleneck` is the stage that bounds the
    rate, `limit_fps` the rate at which its thread would be busy all the time. `trace` is JSON in Chrome's trace event
    format, which Perfetto opens.
    """

    codec: str
    width_px: int
    height_px: int
    source_fps: float
    decoder: str
    provider: str
    seconds: float
    frames: int
    dropped: int
    cpu_s: float
    stages: tuple[ProfiledStage, ...]
    threads: tuple[ProfiledThread, ...]
    bottleneck: str
    limit_fps: float
    decoding: str = ""
    trace: bytes = b""
    spans_left_out: int = 0


class AllocationsRecorded(msgspec.Struct, frozen=True, kw_only=True, tag="allocations_recorded"):
    """Answer to RecordAllocations."""

    recording: Recording


Reply = (
    Done
    | Welcome
    | StatusReply
    | SnapshotReply
    | Refused
    | SourceTested
    | DevicesFound
    | OnvifFound
    | ClipCut
    | Profiled
    | AllocationsRecorded
)

encode = msgspec.msgpack.Encoder().encode
decode_command = msgspec.msgpack.Decoder(Command).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode


def raise_refusal(reply: Reply) -> None:
    """Raise the named error that a refusal carries; return when the reply is none.

    Raises:
        PopcamError: the class of the refusal's code.
    """
    if isinstance(reply, Refused):
        raise error_of_code(reply.code)(reply.detail)


def check_version(version: int) -> None:
    """Refuse another version of the protocol.

    Raises:
        ProtocolMismatchError: the versions differ.
    """
    if version != PROTOCOL_VERSION:
        raise ProtocolMismatchError(f"protocol {version} here {PROTOCOL_VERSION}")


def refusal(error: PopcamError) -> Refused:
    """The reply that carries an error."""
    return Refused(code=error.code, detail=clean(error.detail))
