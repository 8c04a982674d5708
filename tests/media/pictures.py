"""Test pictures as planes, and the ways FFmpeg itself sees them."""

import av
import numpy as np

from popcam.core.facts import FrameFacts
from popcam.core.frame import ColourMatrix, Frame, Planes, UInt8Array


def colour_planes(width_px: int, height_px: int, yuv: tuple[int, int, int], *, padding_px: int = 0) -> Planes:
    """One colour; `padding_px` makes rows that are not contiguous."""

    def plane(width: int, height: int, value: int) -> UInt8Array:
        return np.full((height, width + padding_px), value, np.uint8)[:, :width]

    chroma_wh = ((width_px + 1) // 2, (height_px + 1) // 2)
    return Planes(plane(width_px, height_px, yuv[0]), plane(*chroma_wh, yuv[1]), plane(*chroma_wh, yuv[2]))


def gradient_planes(width_px: int, height_px: int, shift: int = 0) -> Planes:
    """A moving picture without hard edges, so that encoders barely change it."""
    across, down = np.arange(width_px), np.arange(height_px)
    y = 60 + 120 * (0.5 + 0.5 * np.sin((across[None, :] + shift) / 40.0 + down[:, None] / 60.0))
    chroma_wh = ((width_px + 1) // 2, (height_px + 1) // 2)
    ramp = np.linspace(90, 160, chroma_wh[0])[None, :].repeat(chroma_wh[1], axis=0)
    return Planes(y.astype(np.uint8), ramp.astype(np.uint8), ramp[:, ::-1].astype(np.uint8).copy())


def make_frame(
    planes: Planes,
    seq: int = 0,
    pts_s: float | None = None,
    *,
    full_range: bool = False,
    matrix: ColourMatrix = "bt601",
    interval_s: float = 0.04,
) -> Frame:
    """A frame of a 25 fps camera."""
    at_s = seq * interval_s if pts_s is None else pts_s
    return Frame(
        planes=planes,
        seq=seq,
        pts_s=at_s,
        captured_monotonic_s=1000.0 + at_s,
        captured_unix_s=1_700_000_000.0 + at_s,
        full_range=full_range,
        matrix=matrix,
        interval_s=interval_s,
    )


def facts_of(frame: Frame, camera_id: str = "front") -> FrameFacts:
    """Facts of just this frame."""
    return FrameFacts(camera_id=camera_id, seq=frame.seq, pts_s=frame.pts_s, captured_unix_s=frame.captured_unix_s)


def as_video_frame(planes: Planes) -> av.VideoFrame:
    """The same planes in a picture of FFmpeg."""
    picture = av.VideoFrame(planes.width_px, planes.height_px, "yuv420p")
    for plane, values in zip(picture.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[: values.shape[0], : values.shape[1]] = values
    return picture


def ffmpeg_rgb(planes: Planes, *, full_range: bool = False, matrix: ColourMatrix = "bt601") -> UInt8Array:
    """What FFmpeg's own conversion makes of the planes: (height, width, 3)."""
    picture = as_video_frame(planes)
    colours = {"bt601": "ITU601", "bt709": "ITU709"}[matrix]
    rgb = picture.reformat(
        format="rgb24",
        src_colorspace=colours,
        src_color_range="JPEG" if full_range else "MPEG",
        dst_color_range="JPEG",
    )
    return np.asarray(rgb.to_ndarray(), dtype=np.uint8)
