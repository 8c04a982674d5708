"""CenterFace's four outputs."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from popcam.core.frame import FloatArray
from popcam.vision.detectors.found import Found, best, check_outputs, keep_distinct

STRIDE: Final = 4
_MOST_OVERLAP: Final = 0.3
_MOST_LOG_SIZE: Final = 10.0


def decode_centerface(outputs: Sequence[FloatArray], input_wh: tuple[int, int], min_score: float) -> Found:
    """Faces of one picture.

    Args:
        outputs: heat map (1, 1, h, w), log height and width (1, 2, h, w), offset y and x (1, 2, h, w), and five
            landmarks, y before x, in shares of the box (1, 10, h, w); h and w are a quarter of the small picture's.
        input_wh: size of the small picture, multiples of 32.
        min_score: lowest score.

    Raises:
        EngineOutputError: the outputs are not CenterFace's.

    Source: Xu et al.: CenterFace, Joint Face Detection and Alignment Using Face as Point (2019), equations 2 to 6.
    """
    grid = (input_wh[1] // STRIDE, input_wh[0] // STRIDE)
    check_outputs(outputs, [(1, channels, *grid) for channels in (1, 2, 2, 10)])
    heat, log_sizes, offsets, points = (output[0].reshape(output.shape[1], -1) for output in outputs)
    chosen = best(heat[0], np.flatnonzero(heat[0] >= min_score))
    cell = np.stack(np.divmod(chosen, grid[1]), axis=1).astype(np.float32)  # row, column
    centre_yx = (cell + offsets[:, chosen].T + 0.5) * STRIDE
    size_yx = np.exp(np.minimum(log_sizes[:, chosen].T, _MOST_LOG_SIZE)) * STRIDE
    upper_left_yx = centre_yx - size_yx / 2
    boxes = np.concatenate([upper_left_yx[:, ::-1], (upper_left_yx + size_yx)[:, ::-1]], axis=1)
    landmarks_yx = points[:, chosen].T.reshape(-1, 5, 2) * size_yx[:, None] + upper_left_yx[:, None]
    scores = np.clip(heat[0, chosen], 0, 1)
    found = Found(boxes, scores, landmarks_yx[:, :, ::-1], np.zeros(len(chosen), np.intp))
    return keep_distinct(found, _MOST_OVERLAP)
