"""Capture devices: what is asked of FFmpeg, and what a missing or unusable one gets.

Real devices run in the QEMU stage.
"""

import errno
import os
import sys
from pathlib import Path

import pytest
from tests.media.sources.reading import open_

from popcam.core.errors import (
    SourceAddressError,
    SourceBusyError,
    SourceDeviceError,
    SourceError,
    SourcePermissionError,
)
from popcam.core.spec import SourceSpec
from popcam.media.sources.device import CAPTURE, check_node, device_name, name_of, options_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="V4L2 is of Linux")


@linux
@pytest.mark.parametrize("url", ["device:/dev/video99", "device:99", "device:/etc/hostname"])
def test_missing_device_has_its_name(url: str) -> None:
    with pytest.raises(SourceDeviceError):
        open_(url)


@linux
def test_a_device_that_captures_nothing_has_its_name() -> None:
    with pytest.raises(SourceDeviceError):
        open_("device:/dev/null")


@linux
def test_no_device_named() -> None:
    with pytest.raises(SourceAddressError):
        open_("device:")


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.EBUSY, SourceBusyError),
        (errno.EACCES, SourcePermissionError),
        (errno.EPERM, SourcePermissionError),
        (errno.ENODEV, SourceDeviceError),
        (errno.ENXIO, SourceDeviceError),
    ],
)
def test_what_the_system_says_has_a_name(number: int, error: type[SourceError]) -> None:
    assert isinstance(name_of(OSError(number, os.strerror(number)), Path("/dev/video0")), error)


@linux
@pytest.mark.skipif(not Path("/dev/tty").exists(), reason="no /dev/tty")
def test_a_node_that_refuses_to_open_has_a_name() -> None:
    if os.isatty(0):
        pytest.skip("this process has a terminal, so /dev/tty opens")
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        with pytest.raises(SourceError):
            check_node(Path("/dev/tty"))


@pytest.mark.parametrize(
    ("platform", "url", "name"),
    [
        ("linux", "device:2", "/dev/video2"),
        ("linux", "device:/dev/video0", "/dev/video0"),
        ("linux", "device:/dev/v4l/by-id/usb-Cam:1", "/dev/v4l/by-id/usb-Cam:1"),
        ("darwin", "device:0", "0"),
        ("win32", "device:Integrated Camera", "Integrated Camera"),
    ],
)
def test_devices_are_named_as_the_platform_does(platform: str, url: str, name: str) -> None:
    assert device_name(url, platform) == name


def test_each_platform_has_its_library() -> None:
    assert {name: capture.format for name, capture in CAPTURE.items()} == {
        "linux": "video4linux2",
        "darwin": "avfoundation",
        "win32": "dshow",
    }


def test_unknown_platform_is_refused() -> None:
    with pytest.raises(SourceAddressError):
        device_name("device:0", "plan9")


def test_size_and_rate_are_asked_for() -> None:
    options = options_of(SourceSpec(url="device:0", width_px=1280, height_px=720, fps=30))
    assert (options["video_size"], options["framerate"]) == ("1280x720", "30")
    assert "video_size" not in options_of(SourceSpec(url="device:0"))
