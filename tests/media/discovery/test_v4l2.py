"""What is read from a driver's answers; tests/qemu asks a real driver."""

import errno
import struct
from pathlib import Path

import pytest

from popcam.media.discovery import v4l2

YUYV = int.from_bytes(b"YUYV", "little")


def driver(_handle: int, request: int, raw: bytearray) -> int:
    """A camera with one format, one fixed size and two rates."""
    index = struct.unpack_from("I", raw)[0]
    limit = {v4l2.QUERYCAP: None, v4l2.ENUM_FMT: 1, v4l2.ENUM_FRAMESIZES: 1, v4l2.ENUM_FRAMEINTERVALS: 2}[request]
    if limit is not None and index >= limit:
        raise OSError(errno.EINVAL, "end")
    if request == v4l2.QUERYCAP:
        raw[:] = struct.pack("16s32s32s6I", b"uvc", b"Cam\0x", b"usb-1", 0, v4l2.HAS_DEVICE_CAPS, v4l2.CAPTURE, 0, 0, 0)
    elif request == v4l2.ENUM_FMT:
        raw[:] = struct.pack("3I32s5I", index, 1, 0, b"YUYV 4:2:2", YUYV, 0, 0, 0, 0)
    elif request == v4l2.ENUM_FRAMESIZES:
        raw[:] = struct.pack("11I", index, YUYV, v4l2.DISCRETE, 640, 480, *[0] * 6)
    else:
        raw[:] = struct.pack("13I", index, YUYV, 640, 480, v4l2.DISCRETE, 1, (15, 30)[index], *[0] * 6)
    return 0


def test_a_camera_says_who_it_is_and_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcntl.ioctl", driver)
    assert v4l2.capabilities(0) == v4l2.Capabilities("Cam", "usb-1", 1)
    (mode,) = v4l2.modes(0, 1)
    assert (mode.pixel_format, mode.description) == ("YUYV", "YUYV 4:2:2")
    assert (mode.sizes, mode.max_fps) == (((640, 480),), (30.0,))


def test_a_device_that_is_gone_is_an_error_and_no_empty_list(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> int:
        raise OSError(errno.ENODEV, "gone")

    monkeypatch.setattr("fcntl.ioctl", gone)
    with pytest.raises(OSError, match="gone"):
        v4l2.modes(0, 1)


def test_a_missing_node_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        v4l2.open_node(tmp_path / "video0")
