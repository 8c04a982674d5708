"""The capture devices of this machine, and whether we may read them."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import av

from popcam.core.errors import SourceDeviceError
from popcam.core.protocol import FoundDevice
from popcam.media.sources.device import CAPTURE, name_of

SYSFS = Path("/sys/class/video4linux")
DEV = Path("/dev")


def find_devices() -> tuple[FoundDevice, ...]:
    """All capture devices, in the order of the system's numbers. Those that can't be read say why.

    Raises:
        SourceDeviceError: the system does not say which devices it has.
    """
    platform: str = sys.platform
    return tuple(v4l2_devices(SYSFS, DEV) if platform == "linux" else _named_devices(platform))


def v4l2_devices(sysfs: Path, dev: Path) -> Iterator[FoundDevice]:
    """The Video4Linux devices below the two folders.

    A device is named by its link in `v4l/by-id` where it has one: that stays the same when it is plugged in elsewhere.
    """
    lasting = _lasting_names(dev)
    for entry in sorted(sysfs.glob("video*"), key=_number):
        node = dev / entry.name
        found = _v4l2_device(node, _read(entry / "name"), lasting.get(node.name, node))
        # A camera has further nodes for metadata. One that we may not ask is known by its index.
        if found is not None and not (found.code and _read(entry / "index") not in {"", "0"}):
            yield found


def _v4l2_device(node: Path, name: str, address: Path) -> FoundDevice | None:
    from popcam.media.discovery import v4l2  # the module exists on Linux alone

    url = f"device:{address}"
    try:
        handle = v4l2.open_node(node)
    except OSError as error:
        failure = name_of(error, node)
        return FoundDevice(url=url, name=name or node.name, code=failure.code, detail=failure.detail)
    try:
        about = v4l2.capabilities(handle)
        if not about.buffer_type:
            return None
        modes = v4l2.modes(handle, about.buffer_type)
    except OSError as error:
        failure = name_of(error, node)
        return FoundDevice(url=url, name=name or node.name, code=failure.code, detail=failure.detail)
    finally:
        os.close(handle)
    return FoundDevice(url=url, name=about.card or name, bus=about.bus, modes=modes)


def _named_devices(platform: str) -> Iterator[FoundDevice]:
    """macOS and Windows: FFmpeg knows the names. Formats are seen when the device is tested."""
    try:
        devices = av.enumerate_input_devices(CAPTURE[platform].format)
    except (av.error.FFmpegError, OSError, ValueError, KeyError) as error:
        raise SourceDeviceError(f"the devices can't be listed: {error}") from error
    for device in devices:
        if "video" in device.media_types:
            yield FoundDevice(url=f"device:{device.name}", name=device.description or device.name)


def _lasting_names(dev: Path) -> dict[str, Path]:
    """By node name the link that names the device itself."""
    return {link.resolve().name: link for link in sorted((dev / "v4l" / "by-id").glob("*")) if link.exists()}


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""  # the device was unplugged meanwhile, or the kernel is older than this file


def _number(entry: Path) -> tuple[int, str]:
    digits = entry.name.removeprefix("video")
    return (int(digits) if digits.isdecimal() else 1_000_000, entry.name)
