"""What the page makes of devices and cameras that a search finds, over a fleet that finds what a test says."""

import json
from typing import Any

import pytest
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader
from tests.e2e.picture_show import PictureShow

from popcam.core.protocol import DeviceMode, DevicesFound, FoundDevice, OnvifCamera, OnvifFound, OnvifStream

pytestmark = pytest.mark.browser

WEBCAM = FoundDevice(
    url="device:/dev/video0",
    name="HD Pro Webcam C920",
    bus="usb-0000:00:14.0-3",
    modes=(
        DeviceMode(pixel_format="YUYV", description="YUYV 4:2:2", sizes=((640, 480),), max_fps=(30.0,)),
        DeviceMode(
            pixel_format="MJPG", description="Motion-JPEG", sizes=((1920, 1080), (640, 480)), max_fps=(30.0, 60.0)
        ),
    ),
)
LOCKED = FoundDevice(
    url="device:/dev/video2",
    name="Conference camera",
    bus="usb-0000:00:14.0-4",
    code="source.permission",
    detail="EACCES",
)
MAIN = OnvifStream(
    profile="p1", name="Main", url="rtsp://10.0.0.9/main", codec="H265", width_px=2560, height_px=1440, fps=25.0
)
SUB = OnvifStream(
    profile="p2", name="Sub", url="rtsp://10.0.0.9/sub", codec="H264", width_px=640, height_px=360, fps=15.0
)
GATE = OnvifCamera(
    address="http://10.0.0.9/onvif/device_service", host="10.0.0.9", name="Gate", hardware="IPC-T2", streams=(SUB, MAIN)
)
SHUT = OnvifCamera(
    address="http://10.0.0.10/onvif/device_service", host="10.0.0.10", name="Yard", code="source.unauthorized"
)


@pytest.fixture
def adding(show: PictureShow, someone: Reader) -> Reader:
    """A reader in front of the page that adds a camera."""
    show.fleet.answers.clear()
    someone.open(f"{show.url}/cameras/new")
    someone.page.wait_for_selector("[data-test=url]")
    return someone


def sent(adding: Reader) -> dict[str, Any]:
    """What the page asks the server to add; it is not added."""
    with adding.page.expect_request(lambda request: request.method == "POST") as asked:
        adding.page.route("**/api/v1/cameras", lambda route: route.abort())
        adding.page.click("[data-test=save]")
    body: dict[str, Any] = json.loads(asked.value.post_data or "null")
    return body


def choose(adding: Reader, kind: str) -> None:
    adding.page.locator(f"label:has([data-test=kind-{kind}])").click()


def test_the_only_device_that_can_be_read_is_chosen(show: PictureShow, adding: Reader) -> None:
    show.fleet.answers.append(DevicesFound(devices=(WEBCAM, LOCKED)))
    choose(adding, "device")
    adding.page.wait_for_selector(f"[data-test='device-{WEBCAM.url}']:checked", state="attached")
    adding.page.select_option("[data-test=device-size]", "1920×1080")
    camera = sent(adding)
    assert camera["name"] == "HD Pro Webcam C920"
    assert camera["source"] == {"url": "device:/dev/video0", "width_px": 1920, "height_px": 1080}


def test_a_device_that_cant_be_read_says_why(show: PictureShow, adding: Reader) -> None:
    show.fleet.answers.append(DevicesFound(devices=(WEBCAM, LOCKED)))
    choose(adding, "device")
    fault = adding.page.wait_for_selector(".fault[data-code='source.permission']")
    assert fault is not None
    assert "EACCES" in fault.inner_text()
    assert adding.page.locator(f"[data-test='device-{LOCKED.url}']").is_disabled()
    assert access_faults(adding.page) == []


def test_a_device_that_is_plugged_in_later_is_found_by_searching_again(show: PictureShow, adding: Reader) -> None:
    show.fleet.answers.extend([DevicesFound(devices=()), DevicesFound(devices=(WEBCAM,))])
    choose(adding, "device")
    adding.page.wait_for_selector("main .none")
    adding.page.click("[data-test=search-devices]")
    adding.page.wait_for_selector(f"[data-test='device-{WEBCAM.url}']:checked", state="attached")


def test_the_sharpest_stream_of_the_only_camera_is_chosen(show: PictureShow, adding: Reader) -> None:
    show.fleet.answers.append(OnvifFound(cameras=(GATE,)))
    choose(adding, "onvif")
    adding.page.fill("[data-test=username]", "admin")
    adding.page.fill("[data-test=password]", "a b/c")
    adding.page.keyboard.press("Enter")
    adding.page.wait_for_selector(f"[data-test='stream-{MAIN.url}']:checked", state="attached")
    adding.page.check("[data-test=sub-stream]")
    camera = sent(adding)
    login = {"username": "admin", "password": "a b/c"}
    assert (camera["name"], camera["source"]) == ("Gate", {"url": MAIN.url, **login})
    assert camera["sub_source"] == {"url": SUB.url, **login}


def test_a_camera_that_wants_a_login_says_so_beside_the_others(show: PictureShow, adding: Reader) -> None:
    show.fleet.answers.append(OnvifFound(cameras=(SHUT, GATE)))
    choose(adding, "onvif")
    adding.page.click("[data-test=search-onvif]")
    adding.page.wait_for_selector("[data-host='10.0.0.10'] .fault[data-code='source.unauthorized']")
    # Nothing is chosen for the reader among several cameras, and going on without a choice says what is missing.
    adding.page.click("[data-test=save]")
    assert adding.page.inner_text("[data-test=choose-stream]")
    assert access_faults(adding.page) == []


def test_a_search_that_fails_says_why_and_can_be_tried_again(show: PictureShow, adding: Reader) -> None:
    choose(adding, "onvif")
    adding.page.click("[data-test=search-onvif]")  # nobody told the fleet what to answer
    adding.page.wait_for_selector(".source .fault[data-code='worker.unavailable']")
    show.fleet.answers.append(OnvifFound(cameras=(GATE,)))
    adding.page.click("[data-test=search-onvif]")
    adding.page.wait_for_selector("[data-host='10.0.0.9']")
