"""Which encoder is tried for a span, in which order, and how each is told the quality. Pure: opens nothing."""

import sys
from collections.abc import Collection
from typing import Final, NamedTuple

from popcam.core.jobs import EncodeSpec, VideoCodec

_ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "linux": ("nvenc", "qsv", "vaapi", "amf"),
    "win32": ("nvenc", "qsv", "amf"),
    "darwin": ("videotoolbox",),
}
_SOFTWARE: Final[dict[VideoCodec, str]] = {"h264": "libx264", "hevc": "libx265"}
_NVENC_PRESETS: Final = {
    "ultrafast": "p1", "superfast": "p2", "veryfast": "p3", "faster": "p4", "fast": "p5", "medium": "p6", "slow": "p7",
}  # fmt: skip


class SpanEncoder(NamedTuple):
    """One encoder that may be opened: FFmpeg's name, the pixel format it takes, the device it needs, its options.

    `quality`: FFmpeg's own field for constant quality, for encoders that take it from there; 0 leaves it alone.
    """

    name: str
    pixel_format: str
    device: str
    options: dict[str, str]
    quality: int = 0

    @property
    def software(self) -> bool:
        return self.name in _SOFTWARE.values()


class Encoders(NamedTuple):
    """What to try, in order, and what could not even be tried."""

    candidates: tuple[SpanEncoder, ...]
    missing: tuple[str, ...]


def choose_span_encoders(
    encode: EncodeSpec,
    available: Collection[str],
    *,
    set_id: int = -1,
    interlaced: bool = False,
    threads: int = 1,
    platform: str = sys.platform,
) -> Encoders:
    """Encoders in order of preference; software is always the last.

    Args:
        available: names of the encoders that this FFmpeg build has.
        set_id: number of the H.264 parameter sets; -1 leaves it to the encoder.
        interlaced: keep the two half pictures apart (software H.264 alone can).
    """
    software = _software(encode, set_id=set_id, interlaced=interlaced, threads=threads)
    if encode.hardware == "none":
        return Encoders((software,), ())
    wanted = _ORDERS.get(platform, ()) if encode.hardware == "auto" else (encode.hardware,)
    names = [f"{encode.codec}_{kind}" for kind in wanted]
    missing = () if encode.hardware == "auto" else tuple(name for name in names if name not in available)
    hardware = [_hardware(name, kind, encode) for name, kind in zip(names, wanted, strict=True) if name in available]
    return Encoders((*hardware, software), missing)


def _software(encode: EncodeSpec, *, set_id: int, interlaced: bool, threads: int) -> SpanEncoder:
    options = {"preset": encode.preset, "crf": str(encode.quality)}
    if encode.codec == "hevc":
        # One pool of one thread; the library would else start one per core for each span that runs.
        pools = f"pools={threads}:frame-threads=1" if threads > 1 else "pools=none:frame-threads=1"
        options["x265-params"] = f"log-level=error:open-gop=0:{pools}"
    else:
        params = ["open-gop=0"]
        if set_id >= 0:
            params.append(f"sps-id={set_id}")
        if interlaced:
            options["flags"] = "+ildct+ilme"
        options["x264-params"] = ":".join(params)
    return SpanEncoder(_SOFTWARE[encode.codec], "yuv420p", "", options)


def _hardware(name: str, kind: str, encode: EncodeSpec) -> SpanEncoder:
    quality = str(encode.quality)
    match kind:
        case "nvenc":
            options = {"preset": _NVENC_PRESETS[encode.preset], "rc": "vbr", "cq": quality, "b": "0"}
            return SpanEncoder(name, "yuv420p", "", options)
        case "qsv":
            preset = "veryfast" if encode.preset.endswith("fast") and encode.preset != "fast" else encode.preset
            return SpanEncoder(name, "nv12", "", {"preset": preset}, encode.quality)
        case "vaapi":
            return SpanEncoder(name, "nv12", "vaapi", {"rc_mode": "CQP", "qp": quality}, encode.quality)
        case "amf":
            return SpanEncoder(name, "nv12", "", {"rc": "cqp", "qp_i": quality, "qp_p": quality, "qp_b": quality})
        case _:
            # VideoToolbox counts quality up from 1 to 100; 118 is FFmpeg's factor between its fields (FF_QP2LAMBDA).
            return SpanEncoder(name, "nv12", "", {}, 118 * max(1, round(100 - encode.quality * 100 / 52)))
