"""What a Video4Linux device says about itself, by ioctl.

Source: linux/videodev2.h. Numbers and layouts are part of the kernel's stable interface.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from popcam.core.protocol import DeviceMode

QUERYCAP: Final = 0x80685600
ENUM_FMT: Final = 0xC0405602
ENUM_FRAMESIZES: Final = 0xC02C564A
ENUM_FRAMEINTERVALS: Final = 0xC034564B
CAPTURE: Final = 0x1
CAPTURE_MPLANE: Final = 0x1000
HAS_DEVICE_CAPS: Final = 0x80000000
DISCRETE: Final = 1
MOST: Final = 64
"""Entries of one list; a driver that never ends its list is left there."""


class Capabilities(NamedTuple):
    """Who a device is. `buffer_type` is 0 for a node that gives no pictures (metadata, outputs)."""

    card: str
    bus: str
    buffer_type: int


def capabilities(handle: int) -> Capabilities:
    """Ask a device who it is.

    Raises:
        OSError: it is no V4L2 device, or it is gone.
    """
    raw = bytearray(104)
    fcntl.ioctl(handle, QUERYCAP, raw)
    _, card, bus, _, whole, own, *_ = struct.unpack("16s32s32s6I", raw)
    caps = own if whole & HAS_DEVICE_CAPS else whole
    kind = 1 if caps & CAPTURE else 9 if caps & CAPTURE_MPLANE else 0
    return Capabilities(_text(card), _text(bus), kind)


def modes(handle: int, buffer_type: int) -> tuple[DeviceMode, ...]:
    """The formats of a device, each with its sizes and highest rates."""
    return tuple(_mode(handle, code, description) for code, description in _formats(handle, buffer_type))


def open_node(path: Path) -> int:
    """Open a node without starting anything.

    Raises:
        OSError: as the system says.
    """
    return os.open(path, os.O_RDWR | os.O_NONBLOCK)


def _mode(handle: int, code: int, description: str) -> DeviceMode:
    sizes = tuple(_sizes(handle, code))
    rates = tuple(_max_fps(handle, code, *size) for size in sizes)
    name = struct.pack("<I", code & 0x7FFFFFFF).decode("ascii", "replace").strip()
    return DeviceMode(pixel_format=name, description=description, sizes=sizes, max_fps=rates)


def _formats(handle: int, buffer_type: int) -> Iterator[tuple[int, str]]:
    for index in range(MOST):
        raw = bytearray(struct.pack("3I32s5I", index, buffer_type, 0, b"", 0, 0, 0, 0, 0))
        if not _more(handle, ENUM_FMT, raw):
            return
        _, _, _, description, code, *_ = struct.unpack("3I32s5I", raw)
        yield code, _text(description)


def _sizes(handle: int, code: int) -> Iterator[tuple[int, int]]:
    for index in range(MOST):
        raw = bytearray(struct.pack("11I", index, code, *[0] * 9))
        if not _more(handle, ENUM_FRAMESIZES, raw):
            return
        _, _, kind, first, second, _, _, max_height, *_ = struct.unpack("11I", raw)
        if kind == DISCRETE:
            yield first, second
            continue
        yield second, max_height  # a range: min_width, max_width, step, min_height, max_height, step
        return


def _max_fps(handle: int, code: int, width_px: int, height_px: int) -> float:
    best = 0.0
    for index in range(MOST):
        raw = bytearray(struct.pack("13I", index, code, width_px, height_px, *[0] * 9))
        if not _more(handle, ENUM_FRAMEINTERVALS, raw):
            break
        _, _, _, _, kind, numerator, denominator, *_ = struct.unpack("13I", raw)
        if numerator:
            best = max(best, denominator / numerator)
        if kind != DISCRETE:
            break  # a range begins with its shortest interval
    return round(best, 3)


def _more(handle: int, request: int, raw: bytearray) -> bool:
    """Whether the list goes on. A driver that can't tell (`ENOTTY`) has an empty one."""
    try:
        fcntl.ioctl(handle, request, raw)
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.ENOTTY}:
            return False
        raise
    return True


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")
