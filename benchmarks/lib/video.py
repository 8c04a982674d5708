"""Looking at videos that programs wrote."""

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]


def lumas(path: Path, size_wh: tuple[int, int] | None = None) -> Iterator[Luma]:
    """Brightness of each frame, 16 to 235 as it is stored; scaled to `size_wh` when the file has another size."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            plane = frame.planes[0]
            luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
                : frame.height, : frame.width
            ]
            if frame.color_range == 2:  # full range: to compare, as the other
                luma = np.asarray(cv2.convertScaleAbs(luma, alpha=219 / 255, beta=16), np.uint8)
            if size_wh is not None and (frame.width, frame.height) != size_wh:
                luma = np.asarray(cv2.resize(luma, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
            yield luma


def frame_count(path: Path) -> int:
    """Frames by its packets."""
    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


def pairs(before: Path, after: Path, size_wh: tuple[int, int]) -> Iterator[tuple[Luma, Luma]]:
    """Frame by frame, to the end of the shorter one."""
    yield from zip(lumas(before, size_wh), lumas(after, size_wh), strict=False)
