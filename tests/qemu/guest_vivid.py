"""The kernel's test camera, vivid: its knobs for faults, and the plug. Runs inside the machine."""

import struct
from pathlib import Path

DEVICE = Path("/dev/video0")
PARAMETERS = "node_types=1"
"""One camera and nothing else: no radio, no outputs."""
COLOUR_FORMATS = ("yuv420p", "yuyv422", "uyvy422", "nv12", "yuv422p", "rgb24", "bgr24")
"""What it offers, by FFmpeg's names."""
DROPPED_PERCENT = "Percentage of Dropped Buffers"
TEXT, NO_TEXT = "OSD Text Mode", 2
"""vivid writes a clock and its settings over the picture."""
FATAL_ERROR = "Inject Fatal Streaming Error"
_DRIVER = Path("/sys/bus/platform/drivers/vivid")

# linux/videodev2.h: VIDIOC_QUERYCTRL takes struct v4l2_queryctrl, VIDIOC_S_CTRL struct v4l2_control.
_QUERY, _QUERY_BYTES, _NEXT = 0xC0445624, 68, 0x80000000
_SET = 0xC008561C


def make_new() -> None:
    """Plug the camera in again: it knows nothing of what was set before."""
    if DEVICE.exists():
        plug(present=False)
    plug(present=True)


def plug(*, present: bool) -> None:
    """Pull the camera out or put it in again, as the system sees it: the device node goes and comes."""
    (_DRIVER / ("bind" if present else "unbind")).write_text("vivid.0")


def turn(control: str, value: int = 1) -> None:
    """Set one of vivid's controls by the name it shows. A button takes any value."""
    with DEVICE.open("r+b", buffering=0) as device:
        _ioctl(device.fileno(), _SET, bytearray(struct.pack("Ii", _controls(device.fileno())[control], value)))


def _controls(device: int) -> dict[str, int]:
    """Name to number of all controls: newer kernels number them anew."""
    found: dict[str, int] = {}
    number = 0
    while True:
        query = bytearray(_QUERY_BYTES)
        struct.pack_into("I", query, 0, number | _NEXT)
        try:
            _ioctl(device, _QUERY, query)
        except OSError:  # there is no next one
            return found
        (number,) = struct.unpack_from("I", query)
        found[bytes(query[8:40]).split(b"\0")[0].decode()] = number


def _ioctl(device: int, request: int, argument: bytearray) -> None:
    import fcntl  # the machine is Linux; who only reads the names above need not be

    fcntl.ioctl(device, request, argument)
