"""Starting an ONVIF camera anew, by a small real one on loopback."""

import pytest
from tests.fakes.onvif_camera import OnvifDevice
from tests.fakes.ports import free_port

from popcam.core.errors import SourceAddressError, SourceUnauthorizedError, SourceUnreachableError
from popcam.core.protocol import Done, RebootOnvif
from popcam.core.worker_settings import InferenceSpec
from popcam.media.discovery.reboot import device_of, reboot_onvif
from popcam.pipeline import inquiry


def test_the_camera_is_told_to_start_anew() -> None:
    with OnvifDevice(username="admin", password="s3cret", clock_offset_s=-7200.0, answers_probes=False) as camera:
        question = RebootOnvif(address=camera.address, username="admin", password="s3cret")
        assert inquiry.answer(question, InferenceSpec()) == Done()
        assert camera.asked == ["GetSystemDateAndTime", "SystemReboot"]


def test_a_wrong_password_is_named() -> None:
    with (
        OnvifDevice(username="admin", password="s3cret", answers_probes=False) as camera,
        pytest.raises(SourceUnauthorizedError),
    ):
        reboot_onvif(RebootOnvif(address=camera.address, username="admin", password="wrong"))


def test_a_camera_that_is_away_is_named() -> None:
    with pytest.raises(SourceUnreachableError):
        reboot_onvif(RebootOnvif(address=f"http://127.0.0.1:{free_port()}/onvif/device_service"))


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("rtsp://10.0.0.9:554/Streaming/101", "http://10.0.0.9/onvif/device_service"),
        ("rtsps://cam.lan/live", "http://cam.lan/onvif/device_service"),
        ("rtsp://[fd00::9]/live", "http://[fd00::9]/onvif/device_service"),
        ("10.0.0.9:8080", "http://10.0.0.9:8080/onvif/device_service"),
        ("http://10.0.0.9/x", "http://10.0.0.9/x"),
    ],
)
def test_the_service_of_a_stream_is_at_its_usual_place(address: str, service: str) -> None:
    assert device_of(RebootOnvif(address=address), 0.0).address == service


def test_the_login_of_the_stream_is_taken_where_none_is_given() -> None:
    stream = "rtsp://view%40er:p%3Aw@10.0.0.9/live"
    device = device_of(RebootOnvif(address=stream), 0.0)
    assert (device.username, device.password) == ("view@er", "p:w")
    device = device_of(RebootOnvif(address=stream, username="admin", password="x"), 0.0)
    assert (device.username, device.password) == ("admin", "x")


@pytest.mark.parametrize("address", ["", "rtsp://", "rtsp://[bad/live", "ftp://10.0.0.9/", "http://a:b@10.0.0.9/"])
def test_an_address_without_a_host_is_refused(address: str) -> None:
    with pytest.raises(SourceAddressError):
        reboot_onvif(RebootOnvif(address=address))
