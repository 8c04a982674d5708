"""Cameras at this machine: V4L2 on Linux, AVFoundation on macOS, DirectShow on Windows."""

import errno
import os
import struct
import sys
from pathlib import Path
from typing import Final, NamedTuple

from popcam.core.errors import (
    SourceAddressError,
    SourceBusyError,
    SourceDeviceError,
    SourceError,
    SourcePermissionError,
)
from popcam.core.interfaces import Source
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.sources.container import Recipe
from popcam.media.sources.continuity import Continuity
from popcam.media.sources.stream import AvSource

if sys.platform == "linux":
    import fcntl

_GET_FORMAT: Final = 0xC0D05604  # VIDIOC_G_FMT
_VIDEO_CAPTURE: Final = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE


class Capture(NamedTuple):
    """FFmpeg's input format for the devices of a platform, and how it names one."""

    format: str
    prefix: str


CAPTURE: Final = {
    "linux": Capture("video4linux2", ""),
    "darwin": Capture("avfoundation", ""),
    "win32": Capture("dshow", "video="),
}


def open_device(spec: SourceSpec, decode: DecodeSpec, continuity: Continuity) -> Source:
    """Open `device:/dev/video0`, or `device:0`, or `device:Name of the camera` where names are used.

    Raises:
        SourceAddressError: no device is named, or this platform has none.
        SourceDeviceError, SourcePermissionError, SourceBusyError: by what the system says.
    """
    name = device_name(spec.url, sys.platform)
    capture = CAPTURE[sys.platform]
    if sys.platform == "linux":
        check_node(Path(name))
    recipe = Recipe(
        kind="device",
        url=f"{capture.prefix}{name}",
        options=options_of(spec),
        format=capture.format,
        live=True,
        size_in_use=lambda: size_in_use(Path(name)),
    )
    return AvSource(recipe, spec, decode, continuity)


def device_name(url: str, platform: str) -> str:
    """The device as the platform's library wants to hear it.

    Raises:
        SourceAddressError: no device is named, or the platform has none.
    """
    name = url.partition(":")[2].strip()
    if platform not in CAPTURE:
        raise SourceAddressError(f"capture devices are not supported on {platform}")
    if not name:
        raise SourceAddressError("name a device, for example device:/dev/video0")
    return f"/dev/video{name}" if platform == "linux" and name.isdigit() else name


def options_of(spec: SourceSpec) -> dict[str, str]:
    """Size and rate to ask the device for; what is not set is the device's own choice."""
    options: dict[str, str] = {"fflags": "nobuffer", "probesize": "32"}
    if spec.width_px and spec.height_px:
        options["video_size"] = f"{spec.width_px}x{spec.height_px}"
    if spec.fps:
        options["framerate"] = f"{spec.fps:g}"
    return options


def check_node(path: Path) -> None:
    """Open and close the node once: the system's own answer is clearer than what FFmpeg makes of it.

    Raises:
        SourceDeviceError, SourcePermissionError, SourceBusyError.
    """
    try:
        if not path.is_char_device():
            raise SourceDeviceError(f"{path} is no device" if path.exists() else f"{path} does not exist")
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        raise name_of(error, path) from error


def size_in_use(node: Path) -> tuple[int, int] | None:
    """Width and height that a V4L2 device is set to; None elsewhere, and where it does not say."""
    if sys.platform != "linux":
        return None
    # linux/videodev2.h: struct v4l2_format, a capture device's; its picture begins after the type, aligned.
    asked = bytearray(struct.pack("=I204x", _VIDEO_CAPTURE))
    try:
        with node.open("rb", buffering=0) as device:
            fcntl.ioctl(device, _GET_FORMAT, asked)
    except OSError:
        return None
    width_px, height_px = struct.unpack_from("=II", asked, 8)
    return width_px, height_px


def name_of(error: OSError, path: Path) -> SourceError:
    """Our name for what the system says about a device node."""
    detail = f"{path}: {error.strerror}"
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return SourcePermissionError(detail)
        case errno.EBUSY:
            return SourceBusyError(detail)
        case _:
            return SourceDeviceError(detail)
