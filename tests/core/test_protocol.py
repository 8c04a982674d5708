"""What is sent arrives as it was, and what is not ours is refused."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.core.errors import CameraNotFoundError, PopcamError, ProtocolMismatchError
from popcam.core.facts import CameraState, CameraStatus, FaultReport, StageTime
from popcam.core.protocol import (
    PREVIEW_KINDS,
    PROTOCOL_VERSION,
    Command,
    Done,
    GetSnapshot,
    GetStatus,
    Hello,
    Ping,
    Refused,
    Reply,
    RequestKeyframe,
    Shutdown,
    SnapshotReply,
    StartCamera,
    StatusReply,
    StopCamera,
    Welcome,
    check_version,
    decode_command,
    decode_reply,
    encode,
    parse_topic,
    raise_refusal,
    refusal,
    topic,
)
from popcam.core.spec import ActSpec, CameraSpec, LineSpec, RestreamSpec, SourceSpec, ZoneSpec

FULL_CAMERA = CameraSpec(
    id="front",
    source=SourceSpec(url="rtsp://u:p@h/x", transport="udp"),
    sub_source=SourceSpec(url="rtsp://h/sub"),
    act=ActSpec(kind="hide", style="solid"),
    zones=(ZoneSpec(name="door", points=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),),
    lines=(LineSpec(name="gate", start=(0.0, 0.5), end=(1.0, 0.5), direction="left"),),
    restream=(RestreamSpec(url="rtmp://h/live"),),
)
STATUS = CameraStatus(
    camera_id="front",
    state=CameraState.RUNNING,
    since_unix_s=1.0,
    at_unix_s=2.0,
    stages=(StageTime(stage="decode", frames=3, mean_ms=1.0, p95_ms=2.0, max_ms=3.0),),
    drops={"queue_full": 2},
    faults=(FaultReport(code="source.timeout", detail="x", count=2),),
)
COMMANDS: list[Command] = [
    Hello(protocol_version=PROTOCOL_VERSION, server_id="s"),
    StartCamera(spec=FULL_CAMERA, epoch=7),
    StopCamera(camera_id="front"),
    GetStatus(),
    GetSnapshot(camera_id="front", max_width_px=320),
    RequestKeyframe(camera_id="front", kind="preview.h264"),
    Ping(),
    Shutdown(),
]
REPLIES: list[Reply] = [
    Done(),
    Welcome(protocol_version=1, popcam_version="0.1", worker_id="w", pid=3),
    StatusReply(cameras=(STATUS,)),
    SnapshotReply(jpeg=b"\xff\xd8", captured_unix_s=1.5, seq=9),
    Refused(code="camera.not_found", detail="front"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_command_arrives_as_it_was(command: Command) -> None:
    assert decode_command(encode(command)) == command


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: type(reply).__name__)
def test_reply_arrives_as_it_was(reply: Reply) -> None:
    assert decode_reply(encode(reply)) == reply


@given(junk=st.binary(max_size=64))
def test_junk_is_refused_and_never_a_command_by_chance(junk: bytes) -> None:
    try:
        decoded: Any = decode_command(junk)
    except msgspec.DecodeError:  # ValidationError is one of these
        return
    assert decode_command(encode(decoded)) == decoded


def test_unknown_command_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_command(msgspec.msgpack.encode({"type": "explode"}))


@given(camera_id=st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=64))
@pytest.mark.parametrize("kind", PREVIEW_KINDS)
def test_topic_tells_camera_and_kind(kind: Any, camera_id: str) -> None:
    assert parse_topic(topic(camera_id, kind)) == (camera_id, kind)


def test_no_topic_is_a_prefix_of_another() -> None:
    topics = [topic(camera, kind) for camera in ("a", "a-b") for kind in PREVIEW_KINDS]
    assert not [(one, two) for one in topics for two in topics if one != two and two.startswith(one)]


def test_foreign_topic_belongs_to_no_camera() -> None:
    assert parse_topic(b"\xff nonsense") == ("", "")


def test_same_version_is_taken() -> None:
    check_version(PROTOCOL_VERSION)


def test_other_version_is_refused() -> None:
    with pytest.raises(ProtocolMismatchError):
        check_version(PROTOCOL_VERSION + 1)


def test_refusal_becomes_the_error_that_it_carries() -> None:
    with pytest.raises(CameraNotFoundError, match="front"):
        raise_refusal(refusal(CameraNotFoundError("front")))


def test_refusal_of_an_unknown_code_becomes_the_base_error() -> None:
    with pytest.raises(PopcamError):
        raise_refusal(Refused(code="new.code"))


def test_other_replies_raise_nothing() -> None:
    raise_refusal(Done())
