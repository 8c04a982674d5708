"""Plain frames for tests that need no source."""

import numpy as np

from popcam.core.frame import Frame, Planes


def grey_frame(seq: int, *, width_px: int = 64, height_px: int = 48, fps: float = 15.0, luma: int = 128) -> Frame:
    """A grey picture whose times follow from its number."""
    planes = Planes(
        np.full((height_px, width_px), luma, np.uint8),
        np.full(((height_px + 1) // 2, (width_px + 1) // 2), 128, np.uint8),
        np.full(((height_px + 1) // 2, (width_px + 1) // 2), 128, np.uint8),
    )
    time_s = seq / fps
    return Frame(
        planes=planes,
        seq=seq,
        pts_s=time_s,
        captured_monotonic_s=time_s,
        captured_unix_s=1_700_000_000 + time_s,
        interval_s=1 / fps,
    )
