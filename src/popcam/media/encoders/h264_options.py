"""Which H.264 encoder is tried, in which order, and how each is set up. Pure: opens nothing."""

import sys
from collections.abc import Collection
from typing import Literal, NamedTuple

HardwareEncode = Literal["none", "auto", "nvenc", "vaapi", "qsv", "videotoolbox", "amf"]
Purpose = Literal["preview", "record"]
SOFTWARE = "libx264"

_CODECS: dict[str, str] = {
    "nvenc": "h264_nvenc",
    "vaapi": "h264_vaapi",
    "qsv": "h264_qsv",
    "videotoolbox": "h264_videotoolbox",
    "amf": "h264_amf",
}
_ORDERS: dict[str, tuple[str, ...]] = {
    "linux": ("nvenc", "qsv", "vaapi", "amf"),
    "win32": ("nvenc", "qsv", "amf"),
    "darwin": ("videotoolbox",),
}
_SETTINGS: dict[str, dict[Purpose, dict[str, str]]] = {
    # Scene cuts would make keyframes at times of their own: previews and segments want them by the clock.
    SOFTWARE: {
        "preview": {
            "preset": "ultrafast",
            # What every browser decodes, WebRTC included.
            "profile": "baseline",
            "tune": "zerolatency",
            "sc_threshold": "0",
            "forced-idr": "1",
        },
        "record": {"preset": "veryfast", "tune": "zerolatency", "sc_threshold": "0", "forced-idr": "1"},
    },
    "h264_nvenc": {
        "preview": {"preset": "p1", "tune": "ull", "delay": "0", "zerolatency": "1", "forced-idr": "1"},
        "record": {"preset": "p4", "tune": "ll", "delay": "0", "forced-idr": "1"},
    },
    "h264_qsv": {
        "preview": {"preset": "veryfast", "async_depth": "1", "look_ahead": "0", "forced_idr": "1"},
        "record": {"preset": "faster", "async_depth": "1", "look_ahead": "0", "forced_idr": "1"},
    },
    "h264_vaapi": {
        "preview": {"async_depth": "1", "compression_level": "7"},
        "record": {"async_depth": "1"},
    },
    "h264_videotoolbox": {
        "preview": {"realtime": "1", "prio_speed": "1"},
        "record": {"realtime": "1"},
    },
    "h264_amf": {
        "preview": {"usage": "ultralowlatency", "quality": "speed", "forced_idr": "1"},
        "record": {"usage": "lowlatency", "quality": "balanced", "forced_idr": "1"},
    },
}


class Candidate(NamedTuple):
    """One encoder that may be opened: its FFmpeg name, the pixel format it takes, the device it needs."""

    codec: str
    pixel_format: Literal["yuv420p", "nv12"]
    device: str


class Choice(NamedTuple):
    """What to try, in order, and what could not even be tried."""

    candidates: tuple[Candidate, ...]
    missing: tuple[str, ...]


def choose_encoders(hardware: HardwareEncode, available: Collection[str], platform: str = sys.platform) -> Choice:
    """Encoders in order of preference; software is always the last.

    Args:
        hardware: the setting.
        available: names of the encoders that this FFmpeg build has.
        platform: `sys.platform` of the machine.
    """
    if hardware == "none":
        return Choice((_candidate(SOFTWARE),), ())
    wanted = _ORDERS.get(platform, ()) if hardware == "auto" else (hardware,)
    codecs = [_CODECS[name] for name in wanted]
    missing = () if hardware == "auto" else tuple(codec for codec in codecs if codec not in available)
    return Choice((*(_candidate(codec) for codec in codecs if codec in available), _candidate(SOFTWARE)), missing)


def encoder_options(codec: str, purpose: Purpose, bitrate_kbps: int) -> dict[str, str]:
    """FFmpeg's options: the purpose's preset, and peaks of at most one and a half of the bit rate over a second."""
    rate = {"maxrate": f"{bitrate_kbps * 1500}", "bufsize": f"{bitrate_kbps * 1000}"}
    return _SETTINGS[codec][purpose] | rate


def _candidate(codec: str) -> Candidate:
    device = "vaapi" if codec == "h264_vaapi" else ""
    return Candidate(codec, "nv12" if codec in {"h264_vaapi", "h264_qsv"} else "yuv420p", device)
