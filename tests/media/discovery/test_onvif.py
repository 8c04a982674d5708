"""ONVIF discovery against a real responder on loopback: multicast UDP, HTTP, and logins that are really checked."""

import time

import pytest
from tests.fakes.onvif_camera import OnvifDevice

from popcam.core.errors import SourceAddressError
from popcam.core.protocol import FindOnvif, OnvifCamera
from popcam.media.discovery.onvif import checked_address, find_onvif
from popcam.media.discovery.wsdiscovery import read_answer

LOGIN = {"username": "admin", "password": "s3cret<&>"}


def guarded(*, http_digest: bool = False, clock_offset_s: float = 0.0) -> OnvifDevice:
    return OnvifDevice("admin", "s3cret<&>", http_digest=http_digest, clock_offset_s=clock_offset_s)


def ask(device: OnvifDevice, **more: object) -> OnvifCamera:
    """What is found out about one device that is named by its address."""
    (camera,) = find_onvif(FindOnvif(addresses=(device.address,), probe=False, **more))  # type: ignore[arg-type]
    return camera


def test_the_probe_finds_a_camera_with_name_and_streams() -> None:
    streams = {"main": "rtsp://127.0.0.1:554/main", "sub": "rtsp://127.0.0.1:554/sub"}
    with OnvifDevice(streams=streams, answers_probes=True) as device:
        found = find_onvif(FindOnvif(timeout_s=2.0))
    camera = next(one for one in found if one.address == device.address)
    assert (camera.name, camera.hardware, camera.code) == ("Yard 院子", "X1", "")
    assert [(one.profile, one.url, one.codec, one.width_px, one.fps) for one in camera.streams] == [
        ("main", "rtsp://127.0.0.1:554/main", "h264", 1280, 25.0),
        ("sub", "rtsp://127.0.0.1:554/sub", "h264", 640, 25.0),
    ]


@pytest.mark.alone
def test_the_probe_ends_in_time_when_nobody_answers() -> None:
    began_s = time.monotonic()
    find_onvif(FindOnvif(timeout_s=0.3, ask_timeout_s=0.3))
    assert time.monotonic() - began_s < 2.9  # what is not given lasts 3 s and more


def test_addresses_of_other_hosts_in_an_answer_are_not_followed() -> None:
    with OnvifDevice(elsewhere=("http://192.0.2.1/onvif",), answers_probes=True) as device:
        found = find_onvif(FindOnvif(timeout_s=0.7))
    assert [camera.address for camera in found if camera.endpoint == device.endpoint] == [device.address]


@pytest.mark.parametrize("http_digest", [False, True])
def test_streams_are_told_to_whoever_knows_the_password(http_digest: bool) -> None:
    with guarded(http_digest=http_digest) as device:
        assert [stream.profile for stream in ask(device, **LOGIN).streams] == ["main"]


def test_the_password_is_never_sent() -> None:
    with guarded() as device:
        ask(device, **LOGIN)
    assert len(device.bodies) > 3
    assert not any("s3cret" in body for body in device.bodies)


@pytest.mark.parametrize("http_digest", [False, True])
@pytest.mark.parametrize("login", [{}, {"username": "admin", "password": "wrong"}])
def test_a_wrong_password_has_its_name(http_digest: bool, login: dict[str, str]) -> None:
    with guarded(http_digest=http_digest) as device:
        camera = ask(device, **login)
    assert (camera.code, camera.streams) == ("source.unauthorized", ())


def test_a_camera_whose_clock_is_wrong_accepts_the_login() -> None:
    with guarded(clock_offset_s=-90_000.0) as device:
        assert ask(device, **LOGIN).code == ""


def test_a_media_service_on_another_host_is_asked_on_the_camera_itself() -> None:
    with OnvifDevice(media_host="192.0.2.1") as device:
        assert len(ask(device).streams) == 1


def test_credentials_in_a_stream_address_are_taken_out() -> None:
    with OnvifDevice(streams={"main": "rtsp://admin:s3cret@127.0.0.1/main"}) as device:
        assert [stream.url for stream in ask(device).streams] == ["rtsp://127.0.0.1/main"]


def test_a_stream_address_that_no_source_opens_is_left_out() -> None:
    with OnvifDevice(streams={"odd": "file:///etc/passwd", "main": "rtsp://127.0.0.1/main"}) as device:
        assert [stream.profile for stream in ask(device).streams] == ["main"]


@pytest.mark.parametrize(
    "answer",
    [
        b"<html><body>Welcome</body>",
        b"<html></html>",
        b'<!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>',
        b"<a>" * 100,
        b"\x00\xff garbage",
        b"<a>" + b"x" * 1_100_000 + b"</a>",
    ],
)
def test_what_is_no_onvif_device_is_named(answer: bytes) -> None:
    with OnvifDevice(answer=answer) as device:
        assert ask(device).code == "source.not_video"


def test_a_host_that_is_not_there_is_named() -> None:
    (camera,) = find_onvif(FindOnvif(addresses=("127.0.0.1:9",), probe=False))
    assert camera.code == "source.unreachable"


def test_a_slow_camera_holds_nobody() -> None:
    began_s = time.monotonic()
    with OnvifDevice(slow_s=20.0) as device:
        camera = ask(device, ask_timeout_s=0.4)
        assert time.monotonic() - began_s < 15.0
    assert camera.code == "source.timeout"


@pytest.mark.parametrize("address", ["ftp://cam", "http://", "http://u:p@cam/", "http://cam:99999/", "a b", "摄像头"])
def test_impossible_addresses_are_refused(address: str) -> None:
    with pytest.raises(SourceAddressError) as refused:
        find_onvif(FindOnvif(addresses=(address,), probe=False))
    assert "u:p" not in refused.value.detail


def test_a_bare_host_stands_for_its_usual_service() -> None:
    assert checked_address("cam.lan:8000") == "http://cam.lan:8000/onvif/device_service"


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"<a/>", b"<!DOCTYPE a><a/>"])
def test_datagrams_of_strangers_are_no_answers(raw: bytes) -> None:
    assert list(read_answer(raw, "127.0.0.1")) == []
